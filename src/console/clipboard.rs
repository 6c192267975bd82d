//! The clipboard of the terminal one sits at, by OSC 52: the one way that also works over SSH.
//!
//! Nothing is answered to that sequence, so that what is known to refuse it is told from what is around
//! the program, and tmux is asked.

use std::{env, fmt::Write as _, process::Command};

use crossterm::{Command as _, clipboard::CopyToClipboard};

use super::app::Arrived;

/// The most bytes of text: more than this is more than xterm and others take (100,000 of base64).
const MOST: usize = 74_994;

/// The most bytes that GNU screen passes on at once: its buffer has 256 in the oldest versions.
const SCREEN_MOST: usize = 200;

/// What the sequence passes on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Tmux,
    Screen,
}

/// The bytes that bring a text to the clipboard, and whether that will be known to have worked; or why it
/// cannot be. Asks tmux, and so may wait.
pub(super) fn sequence(text: &str) -> Result<(Vec<u8>, Arrived), String> {
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    if env::var_os("TMUX").is_some_and(|value| !value.is_empty()) {
        let arrived = tmux_takes_it()?;
        return Ok((wrapped(text, Way::Tmux)?, arrived));
    }
    if is("TERM", "linux") {
        return Err("the Linux console has no clipboard".to_owned());
    }
    if is("TERM_PROGRAM", "Apple_Terminal") {
        return Err("this terminal does not let programs copy".to_owned());
    }
    let screen = env::var_os("STY").is_some_and(|value| !value.is_empty());
    let way = if screen { Way::Screen } else { Way::Plain };
    Ok((wrapped(text, way)?, Arrived::Unknown))
}

/// tmux drops the sequence unless it was told not to: then it would be lost without a word.
fn tmux_takes_it() -> Result<Arrived, String> {
    let option = |arguments: &[&str]| {
        let answer = Command::new("tmux").arg("show-options").args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        answer.status.success().then_some(text)
    };
    let takes = option(&["-sv", "set-clipboard"]);
    let passes = option(&["-Apv", "allow-passthrough"]);
    let yes = |value: &Option<String>| value.as_deref().is_none_or(|v| v == "on" || v == "all");
    // Where it does not answer, it may be on another machine: then it is tried.
    if takes.is_some() && yes(&takes) {
        // Its own buffer has it, and its paste key pastes it.
        Ok(Arrived::Known)
    } else if takes.is_none() || passes.is_some() && yes(&passes) {
        Ok(Arrived::Unknown)
    } else {
        Err("tmux blocks it; `tmux set -s set-clipboard on` allows it".to_owned())
    }
}

fn wrapped(text: &str, way: Way) -> Result<Vec<u8>, String> {
    if text.len() > MOST {
        return Err(format!("too large: {} bytes, and terminals accept {MOST}", text.len()));
    }
    let mut plain = String::new();
    // Writing to a string cannot fail.
    let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut plain);
    Ok(match way {
        Way::Plain => plain,
        // In pieces it takes, each passed on as it is; an ESC \ inside would end its own.
        Way::Screen => {
            let whole = format!("{}\x07", plain.trim_end_matches("\x1b\\"));
            let mut out = String::new();
            for piece in whole.as_bytes().chunks(SCREEN_MOST) {
                let _ = write!(out, "\x1bP{}\x1b\\", String::from_utf8_lossy(piece));
            }
            out
        }
        // As it is for a tmux that takes it itself, and wrapped for one that passes it on.
        Way::Tmux => {
            let doubled = plain.replace('\x1b', "\x1b\x1b");
            format!("{plain}\x1bPtmux;{doubled}\x1b\\")
        }
    }
    .into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_wrapped_for_what_it_passes() {
        let text = |way| String::from_utf8(wrapped("acme", way).unwrap()).unwrap();
        assert_eq!(text(Way::Plain), "\x1b]52;c;YWNtZQ==\x1b\\");
        assert_eq!(text(Way::Screen), "\x1bP\x1b]52;c;YWNtZQ==\x07\x1b\\");
        assert_eq!(
            text(Way::Tmux),
            "\x1b]52;c;YWNtZQ==\x1b\\\x1bPtmux;\x1b\x1b]52;c;YWNtZQ==\x1b\x1b\\\x1b\\"
        );
    }

    #[test]
    fn screen_gets_it_in_pieces_that_it_takes() {
        let sent = String::from_utf8(wrapped(&"x".repeat(1000), Way::Screen).unwrap()).unwrap();
        let pieces = sent.split_terminator("\x1b\\").map(|piece| {
            assert!(piece.len() <= 250, "{}", piece.len());
            piece.strip_prefix("\x1bP").unwrap()
        });
        let whole: String = pieces.collect();
        let plain = String::from_utf8(wrapped(&"x".repeat(1000), Way::Plain).unwrap()).unwrap();
        assert_eq!(whole, format!("{}\x07", plain.trim_end_matches("\x1b\\")));
    }

    #[test]
    fn what_no_terminal_takes_is_refused_and_not_cut() {
        assert!(wrapped(&"x".repeat(MOST), Way::Plain).is_ok());
        let refused = wrapped(&"x".repeat(MOST + 1), Way::Plain).unwrap_err();
        assert!(refused.contains("74995"), "{refused}");
    }
}
