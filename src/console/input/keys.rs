//! Which key a sequence is, of those that xterm, rxvt, the Linux console and the kitty protocol have.

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::Input;

/// The esc key.
pub(super) fn escape() -> KeyEvent {
    KeyCode::Esc.into()
}

/// A key with Alt.
pub(super) fn alt(key: KeyEvent) -> KeyEvent {
    KeyEvent { modifiers: key.modifiers | KeyModifiers::ALT, ..key }
}

/// What types a character.
pub(super) fn character(character: char) -> KeyEvent {
    let shift = if character.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    KeyEvent::new(KeyCode::Char(character), shift)
}

/// A key that sends one byte of ASCII.
pub(super) fn from_byte(byte: u8) -> KeyEvent {
    let control = |byte: u8| KeyEvent::new(KeyCode::Char(byte.into()), KeyModifiers::CONTROL);
    match byte {
        b'\r' => KeyCode::Enter.into(),
        b'\t' => KeyCode::Tab.into(),
        0x7f => KeyCode::Backspace.into(),
        0x1b => escape(),
        0 => control(b' '),
        0x01..=0x1a => control(byte - 1 + b'a'),
        0x1c..=0x1f => control(byte - 0x1c + b'4'),
        _ => character(byte.into()),
    }
}

/// `ESC O`, for some a number, and a letter.
pub(super) fn single_shift(number: &[u8], name: u8) -> Option<KeyEvent> {
    let modifiers = Numbers::from_parameters(number).first();
    Some(KeyEvent::new(named(name)?, modifiers_of(modifiers.unwrap_or(1))))
}

/// `ESC [ [` and a letter.
pub(super) fn linux_function(name: u8) -> Option<KeyEvent> {
    (b'A'..=b'E').contains(&name).then(|| KeyCode::F(name - b'A' + 1).into())
}

/// `ESC [`, parameters, and the byte that names it. None for reports, whatever they say.
pub(super) fn control_sequence(parameters: &[u8], name: u8) -> Option<Input> {
    if let Some(numbers) = parameters.strip_prefix(b"<") {
        let numbers = Numbers::from_parameters(numbers);
        let [button, column, row] = [0, 1, 2].map(|at| numbers.get(at, 0));
        let released = match name {
            b'M' => false,
            b'm' => true,
            _ => return None,
        };
        return mouse(button?, column?, row?, released).map(Input::Mouse);
    }
    let digits = |byte: &u8| byte.is_ascii_digit() || b";:".contains(byte);
    if !parameters.iter().all(digits) {
        return None;
    }
    key(&Numbers::from_parameters(parameters), name).map(Input::Key)
}

fn key(numbers: &Numbers, name: u8) -> Option<KeyEvent> {
    let first = numbers.first().unwrap_or(1);
    let mut modifiers = modifiers_of(numbers.get(1, 0).unwrap_or(1));
    let kind = match numbers.get(1, 1) {
        Some(2) => KeyEventKind::Repeat,
        Some(3) => KeyEventKind::Release,
        _ => KeyEventKind::Press,
    };
    let code = match name {
        b'u' => return unicode(first, numbers.get(0, 1), modifiers, kind),
        b'Z' => {
            modifiers |= KeyModifiers::SHIFT;
            KeyCode::BackTab
        }
        // rxvt has its own for some keys with shift or control.
        b'a'..=b'd' => {
            modifiers |= KeyModifiers::SHIFT;
            named(name.to_ascii_uppercase())?
        }
        b'^' => {
            modifiers |= KeyModifiers::CONTROL;
            numbered(first)?
        }
        b'@' => {
            modifiers |= KeyModifiers::CONTROL | KeyModifiers::SHIFT;
            numbered(first)?
        }
        // xterm, where it was told to write keys out.
        b'~' if first == 27 => return unicode(numbers.get(2, 0)?, None, modifiers, kind),
        b'~' => numbered(first)?,
        // With another number it is where the cursor is, which was not asked for.
        b'R' if first != 1 => return None,
        _ => {
            // An older way to write modifiers.
            if numbers.0.len() == 1 && first > 1 {
                modifiers = modifiers_of(first);
            }
            named(name)?
        }
    };
    Some(KeyEvent::new_with_kind(code, modifiers, kind))
}

/// A key by the letter that ends its sequence.
fn named(name: u8) -> Option<KeyCode> {
    Some(match name {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'E' => KeyCode::KeypadBegin,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(name - b'P' + 1),
        _ => return None,
    })
}

/// A key by the number in its sequence.
fn numbered(number: u32) -> Option<KeyCode> {
    let function = |before: u32| u8::try_from(number - before).ok().map(KeyCode::F);
    match number {
        1 | 7 => Some(KeyCode::Home),
        2 => Some(KeyCode::Insert),
        3 => Some(KeyCode::Delete),
        4 | 8 => Some(KeyCode::End),
        5 => Some(KeyCode::PageUp),
        6 => Some(KeyCode::PageDown),
        11..=15 => function(10),
        17..=21 => function(11),
        23..=26 => function(12),
        28..=29 => function(15),
        31..=34 => function(17),
        _ => None,
    }
}

/// A key by its character, as the kitty protocol writes those that could be taken for something else.
fn unicode(
    number: u32,
    shifted: Option<u32>,
    mut modifiers: KeyModifiers,
    kind: KeyEventKind,
) -> Option<KeyEvent> {
    const KEYPAD: &[u8; 18] = b"0123456789./*-+\r=,";
    let code = match number {
        0x1b => KeyCode::Esc,
        0x0d => KeyCode::Enter,
        0x09 if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        0x09 => KeyCode::Tab,
        0x7f => KeyCode::Backspace,
        57_376..=57_398 => KeyCode::F(u8::try_from(number - 57_376 + 13).ok()?),
        57_399..=57_416 => match KEYPAD[usize::try_from(number - 57_399).ok()?] {
            b'\r' => KeyCode::Enter,
            byte => KeyCode::Char(byte.into()),
        },
        57_417 => KeyCode::Left,
        57_418 => KeyCode::Right,
        57_419 => KeyCode::Up,
        57_420 => KeyCode::Down,
        57_421 => KeyCode::PageUp,
        57_422 => KeyCode::PageDown,
        57_423 => KeyCode::Home,
        57_424 => KeyCode::End,
        57_425 => KeyCode::Insert,
        57_426 => KeyCode::Delete,
        57_427 => KeyCode::KeypadBegin,
        // Keys that only say that they are held, and those for music.
        57_344..=63_743 => return None,
        _ => {
            let character = char::from_u32(number).filter(|character| !character.is_control())?;
            let control = modifiers.contains(KeyModifiers::CONTROL);
            let character = match shifted.and_then(char::from_u32) {
                Some(shifted) => shifted,
                // As the same key is written the older way.
                None if modifiers.contains(KeyModifiers::SHIFT) && !control => {
                    let mut upper = character.to_uppercase();
                    upper.next().filter(|_| upper.next().is_none()).unwrap_or(character)
                }
                None => character,
            };
            if !control {
                modifiers.set(KeyModifiers::SHIFT, character.is_uppercase());
            }
            KeyCode::Char(character)
        }
    };
    Some(KeyEvent::new_with_kind(code, modifiers, kind))
}

fn modifiers_of(number: u32) -> KeyModifiers {
    const BITS: [(u32, KeyModifiers); 6] = [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (16, KeyModifiers::HYPER),
        (32, KeyModifiers::META),
    ];
    let bits = number.saturating_sub(1);
    BITS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, modifier)| *modifier).collect()
}

/// The mouse: a button with its modifiers, and a column and a row from 1.
pub(super) fn mouse(button: u32, column: u32, row: u32, released: bool) -> Option<MouseEvent> {
    let number = button & 0b11 | (button & 0b1100_0000) >> 4;
    let moves = button & 0b10_0000 != 0;
    let which = match number {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let kind = match (number, moves) {
        (0..=2, _) if released => MouseEventKind::Up(which),
        (0..=2, false) => MouseEventKind::Down(which),
        (0..=2, true) => MouseEventKind::Drag(which),
        (3, false) => MouseEventKind::Up(MouseButton::Left),
        (3..=5, true) => MouseEventKind::Moved,
        (4, false) => MouseEventKind::ScrollUp,
        (5, false) => MouseEventKind::ScrollDown,
        (6, false) => MouseEventKind::ScrollLeft,
        (7, false) => MouseEventKind::ScrollRight,
        _ => return None,
    };
    let held = [
        (0b100, KeyModifiers::SHIFT),
        (0b1000, KeyModifiers::ALT),
        (0b1_0000, KeyModifiers::CONTROL),
    ];
    let modifiers = held.iter().filter(|(bit, _)| button & bit != 0).map(|(_, held)| *held);
    let place = |number: u32| u16::try_from(number.checked_sub(1)?).ok();
    Some(MouseEvent {
        kind,
        column: place(column)?,
        row: place(row)?,
        modifiers: modifiers.collect(),
    })
}

/// The numbers of a sequence: parts between semicolons, of parts between colons.
struct Numbers(Vec<Vec<Option<u32>>>);

impl Numbers {
    fn from_parameters(parameters: &[u8]) -> Self {
        let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
        let part = |part: &[u8]| part.split(|byte| *byte == b':').map(number).collect();
        Self(parameters.split(|byte| *byte == b';').map(part).collect())
    }

    fn get(&self, part: usize, at: usize) -> Option<u32> {
        *self.0.get(part)?.get(at)?
    }

    fn first(&self) -> Option<u32> {
        self.get(0, 0)
    }
}
