//! Where one key, report or answer ends and the next begins, by the grammar of ECMA-48: what is whole is
//! taken whole, also where it means nothing here.

use std::time::Duration;

use super::{Input, keys};
use crate::theme::background;

/// How long the rest of a key's sequence may take. An esc that nothing follows is the key.
const KEY_PATIENCE: Duration = Duration::from_millis(50);
/// How long the rest of a report may take, which no key begins like.
const REPORT_PATIENCE: Duration = Duration::from_secs(5);
/// How long the rest of a paste may take. One whose end was lost would keep the keyboard for ever.
const PASTE_PATIENCE: Duration = Duration::from_secs(5);
/// How much of a paste is kept, in bytes: far more than any field takes.
const PASTE_MOST: usize = 1024 * 1024;
/// No report or answer that is read here is longer.
const LONGEST: usize = 256;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const PASTE: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Takes bytes as they come, in whatever parts.
#[derive(Debug, Default)]
pub(super) struct Parser {
    /// The beginning of something that is not whole yet.
    held: Vec<u8>,
    /// How many bytes of a paste are known not to end it.
    searched: usize,
    /// The last thing was an esc that nothing had followed in time.
    escaped: bool,
}

/// What the bytes begin with.
enum Step {
    /// Something that is not whole yet.
    Part,
    /// So many bytes, and what they mean, if anything.
    Whole(usize, Option<Input>),
}

impl Parser {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8], inputs: &mut Vec<Input>) {
        // On a slow line the rest of a sequence can come after its esc was taken for the key.
        if std::mem::take(&mut self.escaped) && goes_on(bytes) {
            self.held.push(ESC);
        }
        self.held.extend_from_slice(bytes);
        while !self.held.is_empty() {
            let step = if self.held.starts_with(PASTE) { self.paste() } else { next(&self.held) };
            let Step::Whole(length, input) = step else { break };
            self.held.drain(..length);
            inputs.extend(input);
        }
        // Nothing this long is read here: only its end is still of interest.
        if self.held.len() > LONGEST && !self.held.starts_with(PASTE) {
            let last = self.held.pop_if(|byte| *byte == ESC);
            self.held.truncate(3);
            self.held.extend(last);
        }
    }

    /// How long to wait for the rest of what has begun; none where nothing has.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.held.len() {
            0 => None,
            _ if self.held.starts_with(PASTE) => Some(PASTE_PATIENCE),
            1 | 2 => Some(KEY_PATIENCE),
            _ => Some(REPORT_PATIENCE),
        }
    }

    /// Nothing came for so long: what has begun is all there is.
    pub(super) fn lapse(&mut self, inputs: &mut Vec<Input>) {
        match self.held[..] {
            [ESC] => {
                inputs.push(Input::Key(keys::escape()));
                self.escaped = true;
            }
            [..] if self.held.starts_with(PASTE) => {
                let text = String::from_utf8_lossy(&self.held[PASTE.len()..]).into_owned();
                inputs.push(Input::Paste(text));
                self.searched = 0;
            }
            [ESC, byte] if byte.is_ascii() => {
                inputs.push(Input::Key(keys::alt(keys::from_byte(byte))));
            }
            _ => {}
        }
        self.held.clear();
    }

    /// How many bytes are kept.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    fn paste(&mut self) -> Step {
        let from = self.searched.max(PASTE.len());
        let end = self.held[from..].windows(PASTE_END.len()).position(|part| part == PASTE_END);
        let Some(end) = end.map(|end| from + end) else {
            // What may be the beginning of its end stays.
            let last = self.held.len().saturating_sub(PASTE_END.len() - 1);
            if last > PASTE_MOST {
                self.held.drain(PASTE_MOST..last);
            }
            self.searched = last.min(PASTE_MOST);
            return Step::Part;
        };
        self.searched = 0;
        let text = String::from_utf8_lossy(&self.held[PASTE.len()..end]).into_owned();
        Step::Whole(end + PASTE_END.len(), Some(Input::Paste(text)))
    }
}

/// Whether a read that begins like this goes on with a sequence whose esc came before. Nobody types that
/// in one go.
fn goes_on(bytes: &[u8]) -> bool {
    match bytes {
        [b'[', next, ..] => b"0123456789?<>ABCDHF".contains(next),
        [b']', next, ..] => next.is_ascii_digit(),
        _ => false,
    }
}

fn next(bytes: &[u8]) -> Step {
    match bytes {
        [ESC, rest @ ..] => escaped(bytes, rest),
        [byte, ..] if byte.is_ascii() => Step::Whole(1, Some(Input::Key(keys::from_byte(*byte)))),
        _ => character(bytes),
    }
}

fn escaped(bytes: &[u8], rest: &[u8]) -> Step {
    match rest {
        [] | [b']' | b'P' | b'_'] => Step::Part,
        // The esc key, and what else follows.
        [ESC, ..] => Step::Whole(1, Some(Input::Key(keys::escape()))),
        [b'[', ..] => control_sequence(bytes),
        [b'O', rest @ ..] => {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit());
            match end.map(|end| (end, keys::single_shift(&rest[..end], rest[end]))) {
                None => Step::Part,
                Some((end, Some(key))) => Step::Whole(end + 3, Some(Input::Key(key))),
                Some((_, None)) => {
                    Step::Whole(2, Some(Input::Key(keys::alt(keys::from_byte(b'O')))))
                }
            }
        }
        [b']', b'0'..=b'9' | b'l' | b'L', ..]
        | [b'P', b'0'..=b'9' | b'>' | b'!' | b'+' | b'$', ..]
        | [b'_', b'G', ..] => string(bytes),
        _ => match next(rest) {
            Step::Whole(length, Some(Input::Key(key))) => {
                Step::Whole(length + 1, Some(Input::Key(keys::alt(key))))
            }
            Step::Whole(length, input) => Step::Whole(length + 1, input),
            Step::Part => Step::Part,
        },
    }
}

/// `ESC [`, parameters, intermediates, and the byte that ends and names it.
fn control_sequence(bytes: &[u8]) -> Step {
    match &bytes[2..] {
        // F1 to F5 on the Linux console.
        [b'[', name, ..] => {
            let key = keys::linux_function(*name);
            return Step::Whole(if key.is_some() { 4 } else { 3 }, key.map(Input::Key));
        }
        [b'['] => return Step::Part,
        // The mouse, from a terminal that knows no better way to report it.
        [b'M', rest @ ..] => {
            if rest.iter().take(3).any(|byte| *byte < 32) {
                return Step::Whole(3, None);
            }
            let Some([button, column, row]) = rest.first_chunk() else { return Step::Part };
            let place = |byte: &u8| u32::from(byte.saturating_sub(32));
            let mouse = keys::mouse(place(button), place(column), place(row), false);
            return Step::Whole(6, mouse.map(Input::Mouse));
        }
        _ => {}
    }
    let body = &bytes[2..];
    let parameters = body.iter().take_while(|byte| (0x30..=0x3f).contains(*byte)).count();
    let between = body[parameters..].iter().take_while(|byte| (0x20..=0x2f).contains(*byte));
    let length = parameters + between.count();
    match body.get(length) {
        None => Step::Part,
        Some(name @ 0x40..=0x7e) => {
            let plain = length == parameters;
            let input = if plain { keys::control_sequence(&body[..length], *name) } else { None };
            Step::Whole(length + 3, input)
        }
        // It was cut off; this is something else.
        Some(_) => Step::Whole(length + 2, None),
    }
}

/// `ESC ]` and the like, text, and `ESC \` or a bell.
fn string(bytes: &[u8]) -> Step {
    for (at, byte) in bytes.iter().enumerate().skip(2) {
        match *byte {
            BEL => return Step::Whole(at + 1, answer(&bytes[1..at])),
            ESC => {
                return match bytes.get(at + 1) {
                    None => Step::Part,
                    Some(b'\\') => Step::Whole(at + 2, answer(&bytes[1..at])),
                    Some(_) => Step::Whole(at, None),
                };
            }
            // It was cut off; this is a key.
            0..0x20 | 0x7f => return Step::Whole(at, None),
            _ => {}
        }
    }
    Step::Part
}

fn answer(text: &[u8]) -> Option<Input> {
    let text = std::str::from_utf8(text.strip_prefix(b"]")?).ok()?;
    background(text).map(Input::Background)
}

fn character(bytes: &[u8]) -> Step {
    let four = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(four) {
        Ok(_) => four.len(),
        Err(error) => match (error.valid_up_to(), error.error_len()) {
            (0, Some(wrong)) => return Step::Whole(wrong, None),
            (0, None) => return Step::Part,
            (valid, _) => valid,
        },
    };
    let text = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
    match text.chars().next() {
        Some(character) => {
            Step::Whole(character.len_utf8(), Some(Input::Key(keys::character(character))))
        }
        None => Step::Part,
    }
}
