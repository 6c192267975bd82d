//! The terminal's own sixteen colours, called as every terminal knows them.
//!
//! crossterm calls them by their numbers among 256 (`38;5;4`). A terminal that has sixteen takes the
//! parts of that for something else: a 5 for blinking, a 4 for a line below.

/// Appends a frame to `out`, the sixteen colours in it by their own codes.
pub(super) fn with_own_colours(frame: &[u8], out: &mut Vec<u8>) {
    let mut rest = frame;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"\x1b[") {
        let (before, sequence) = rest.split_at(at + 2);
        out.extend_from_slice(before);
        let end = sequence.iter().position(|byte| (0x40..=0x7e).contains(byte));
        let (parameters, behind) = sequence.split_at(end.unwrap_or(sequence.len()));
        match std::str::from_utf8(parameters) {
            Ok(parameters) if behind.first() == Some(&b'm') => {
                out.extend_from_slice(renamed(parameters).as_bytes());
            }
            _ => out.extend_from_slice(parameters),
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
}

fn renamed(parameters: &str) -> String {
    let words: Vec<&str> = parameters.split(';').collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let own = match words.get(at + 1..at + 3) {
            Some(["5", index]) => own(word, index),
            _ => None,
        };
        // What belongs to a colour is none of its own.
        let taken = match (*word, words.get(at + 1)) {
            ("38" | "48" | "58", Some(&"5")) => 3,
            ("38" | "48" | "58", Some(&"2")) => 5,
            _ => 1,
        };
        match own {
            Some(code) => out.push(code.to_string()),
            None => out.extend(words.iter().skip(at).take(taken).map(|word| (*word).to_owned())),
        }
        at += taken;
    }
    out.join(";")
}

/// The code of one of the sixteen, in front of or behind text.
fn own(ground: &str, index: &str) -> Option<u8> {
    let index = index.parse::<u8>().ok().filter(|index| *index < 16)?;
    let (dim, bright) = match ground {
        "38" => (30, 90),
        "48" => (40, 100),
        _ => return None,
    };
    Some(if index < 8 { dim + index } else { bright + index - 8 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(frame: &str) -> String {
        let mut out = Vec::new();
        with_own_colours(frame.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_sixteen_have_codes_of_their_own() {
        assert_eq!(out("\x1b[38;5;4mx"), "\x1b[34mx");
        assert_eq!(out("\x1b[38;5;14;48;5;1m"), "\x1b[96;41m");
        assert_eq!(out("\x1b[1;38;5;6;49mx\x1b[0m"), "\x1b[1;36;49mx\x1b[0m");
        assert_eq!(out("\x1b[48;5;15m"), "\x1b[107m");
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for frame in [
            "",
            "\x1b",
            "\x1b[",
            "\x1b[38;5",
            "\x1b[38;5;",
            "text 38;5;4m text",
            "\x1b[38;5;200;49m",
            "\x1b[38;2;38;5;4m",
            "\x1b[38;2;1;5;4;49m",
            "\x1b[58;5;4m",
            "\x1b[38;5;4H",
            "\x1b[?2026h\x1b[4;5H\x1b]11;?\x07é日",
            "\x1b[39;49m\x1b[0m",
        ] {
            assert_eq!(out(frame), frame, "{frame:?}");
        }
    }
}
