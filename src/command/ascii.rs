//! Tables where the locale is not UTF-8: what a terminal could not show is written in ASCII.

use std::env;

use crate::theme::Surroundings;

/// The text as it is, or in ASCII where the locale is not UTF-8.
pub(super) fn for_locale(text: String) -> String {
    if Surroundings::new(|name| env::var_os(name)).unicode() { text } else { ascii(&text) }
}

/// Our own marks have a likeness; stored text keeps its code points.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '“' | '”' => out.push('"'),
            '‘' | '’' => out.push('\''),
            '…' => out.push('~'),
            '→' => out.push_str("->"),
            '–' | '—' => out.push('-'),
            '×' => out.push('x'),
            '·' => out.push('|'),
            _ if character.is_ascii() => out.push(character),
            _ => out.extend(character.escape_unicode()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_ascii_is_left() {
        assert_eq!(ascii("moved “北” → trash…"), "moved \"\\u{5317}\" -> trash~");
    }
}
