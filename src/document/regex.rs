//! Which regular expressions can stand between slashes.

use crate::org::is_hidden;

/// Whether a pattern can stand between slashes as it is: nothing in it ends it or has to be escaped, and every
/// JavaScript engine reads it. A pattern that is refused here may still be good for the server, which reads
/// another dialect; so this takes the plain ones, and all others are written as text between quotes.
pub(super) fn stands_between_slashes(pattern: &str) -> bool {
    let mut rest = pattern.chars().peekable();
    let mut groups = 0_u32;
    // What stands right before: something that can be repeated, something that was, or neither.
    let mut before = Before::Nothing;
    if pattern.is_empty() {
        return false;
    }
    while let Some(character) = rest.next() {
        before = match character {
            '(' => {
                groups += 1;
                if rest.next_if_eq(&'?').is_some() && rest.next_if_eq(&':').is_none() {
                    return false;
                }
                Before::Nothing
            }
            ')' if groups > 0 => {
                groups -= 1;
                Before::Atom
            }
            '[' => {
                if !class(&mut rest) {
                    return false;
                }
                Before::Atom
            }
            '*' | '+' | '?' if before == Before::Atom => Before::Repeated,
            '?' if before == Before::Repeated => Before::Nothing,
            '{' if before == Before::Atom => {
                if !count(&mut rest) {
                    return false;
                }
                Before::Repeated
            }
            '^' | '$' | '|' => Before::Nothing,
            '\\' => match rest.next() {
                Some('b' | 'B') => Before::Nothing,
                Some('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 'r' | 't') => Before::Atom,
                Some(escaped) if escaped.is_ascii_punctuation() => Before::Atom,
                Some(_) | None => return false,
            },
            '/' | ')' | ']' | '*' | '+' | '?' | '{' | '}' => return false,
            other if is_hidden(other) => return false,
            _ => Before::Atom,
        };
    }
    groups == 0
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Atom,
    Repeated,
}

/// A class up to its `]`: plain characters, escaped ones, and ranges of letters or digits.
fn class(rest: &mut std::iter::Peekable<std::str::Chars>) -> bool {
    rest.next_if_eq(&'^');
    let mut from = None;
    while let Some(character) = rest.next() {
        let plain = match character {
            ']' => return true,
            '\\' => match rest.next() {
                Some('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 'r' | 't') => None,
                Some(escaped) if escaped.is_ascii_punctuation() => None,
                Some(_) | None => return false,
            },
            '-' => match (from, rest.peek().copied()) {
                (_, Some(']')) => None,
                (Some(from), Some(to)) if to.is_ascii_alphanumeric() && from <= to => {
                    rest.next();
                    None
                }
                _ => return false,
            },
            '[' | '/' | '^' => return false,
            other if is_hidden(other) => return false,
            other => other.is_ascii_alphanumeric().then_some(other),
        };
        from = plain;
    }
    false
}

/// A count of repetitions up to its `}`.
fn count(rest: &mut std::iter::Peekable<std::str::Chars>) -> bool {
    let mut text = String::new();
    while let Some(character) = rest.next_if(|next| next.is_ascii_digit() || *next == ',') {
        text.push(character);
    }
    let number = |text: &str| text.parse::<u16>().ok();
    let right = match text.split_once(',') {
        None => number(&text).is_some(),
        Some((least, "")) => number(least).is_some(),
        Some((least, most)) => {
            number(least).zip(number(most)).is_some_and(|(least, most)| least <= most)
        }
    };
    right && rest.next_if_eq(&'}').is_some()
}
