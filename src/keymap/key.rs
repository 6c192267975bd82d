//! Keys: as events, as people write them, and as they lie on the keyboard whatever letters it has.

use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers. A letter's shift is in its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    control: bool,
    alt: bool,
    /// Only of a key that types nothing.
    shift: bool,
}

pub(super) const fn key(code: KeyCode) -> Key {
    Key { code, control: false, alt: false, shift: false }
}

pub(super) const fn letter(character: char) -> Key {
    key(KeyCode::Char(character))
}

pub(super) const fn control(character: char) -> Key {
    Key { control: true, ..letter(character) }
}

pub(super) const fn shifted(code: KeyCode) -> Key {
    Key { shift: true, ..key(code) }
}

/// The names of keys that are no characters, as they are read and written.
const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("shift-tab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
    // As they are shown, for whoever writes down what the help says.
    ("↑", KeyCode::Up),
    ("↓", KeyCode::Down),
    ("←", KeyCode::Left),
    ("→", KeyCode::Right),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
];

impl Key {
    /// Whether it is one with shift, which comes before the same without.
    pub(super) fn is_shifted(self) -> bool {
        self.shift
    }

    /// Whether an event is this key. Shift counts only where the key has it.
    pub(super) fn is(self, event: &KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::META);
        // Esc and ^c in one read arrive as one key with Alt; ^c ends the console all the same.
        let alt = alt == self.alt || control && alt && !self.alt;
        let shift = !self.shift || event.modifiers.contains(KeyModifiers::SHIFT);
        event.code == self.code && control == self.control && alt && shift
    }

    /// Whether it is one that types a character.
    pub(super) fn types(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.control && !self.alt
    }

    /// How people write it: `^d`, `enter`, `↓`.
    #[must_use]
    pub fn words(self) -> String {
        match self.code {
            KeyCode::Up => self.with_modifiers("↑"),
            KeyCode::Down => self.with_modifiers("↓"),
            KeyCode::Left => self.with_modifiers("←"),
            KeyCode::Right => self.with_modifiers("→"),
            KeyCode::PageUp => self.with_modifiers("PgUp"),
            KeyCode::PageDown => self.with_modifiers("PgDn"),
            _ => self.spelled(),
        }
    }

    /// The same in letters alone: `down`.
    #[must_use]
    pub fn spelled(self) -> String {
        match (NAMES.iter().find(|(_, named)| *named == self.code), self.code) {
            (Some((name, _)), _) => self.with_modifiers(name),
            (None, KeyCode::Char(character)) => self.with_modifiers(&character.to_string()),
            (None, code) => self.with_modifiers(&code.to_string()),
        }
    }

    fn with_modifiers(self, name: &str) -> String {
        let mut out = String::new();
        if self.control {
            out.push('^');
        }
        if self.alt {
            out.push_str("alt-");
        }
        if self.shift {
            out.push_str("shift-");
        }
        out.push_str(name);
        out
    }
}

/// What was written is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown key")]
pub struct NoKey;

impl NoKey {
    /// What the person can do about it.
    #[must_use]
    pub fn help(self) -> &'static str {
        "use a character, enter, esc, tab, space, up, page-down, f1 … f12, or ^x, alt-x, shift-up"
    }
}

impl FromStr for Key {
    type Err = NoKey;

    /// A character as it is typed (`d` and `D` are two keys), or a name in any case; `^` or `ctrl-`
    /// and `alt-` in front.
    fn from_str(text: &str) -> Result<Self, NoKey> {
        let lower = text.to_ascii_lowercase();
        if let Some((_, code)) = NAMES.iter().find(|(name, _)| *name == lower) {
            return Ok(key(*code));
        }
        let one = |text: &str| {
            let mut characters = text.chars();
            characters.next().filter(|c| characters.next().is_none() && !c.is_control())
        };
        if let Some(character) = one(text).filter(|character| *character != ' ') {
            return Ok(letter(character));
        }
        let number = lower.strip_prefix('f').and_then(|number| number.parse().ok());
        if let Some(number) = number.filter(|number| (1..=12).contains(number)) {
            return Ok(key(KeyCode::F(number)));
        }
        if let Some(rest) = lower.strip_prefix("shift-") {
            let key: Self = rest.parse()?;
            let types = matches!(key.code, KeyCode::Char(_) | KeyCode::BackTab | KeyCode::Tab);
            let plain = !types && !key.shift && !key.control && !key.alt;
            return if plain { Ok(Self { shift: true, ..key }) } else { Err(NoKey) };
        }
        for (prefix, control) in [("^", true), ("ctrl-", true), ("alt-", false)] {
            if !lower.starts_with(prefix) {
                continue;
            }
            let rest: Self = text[prefix.len()..].parse()?;
            if control && rest.control || !control && rest.alt {
                return Err(NoKey);
            }
            let mut key =
                Self { control: rest.control || control, alt: rest.alt || !control, ..rest };
            // A terminal has no other way to say ^D than ^d.
            if let (true, KeyCode::Char(character)) = (key.control, key.code) {
                key.code = KeyCode::Char(character.to_ascii_lowercase());
            }
            return Ok(key);
        }
        Err(NoKey)
    }
}

/// The characters of the keys in these places on other keyboards, in this order.
const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,./QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?";
const OTHERS: &[&str] = &[
    // Russian, Ukrainian, Greek, Hebrew, Arabic, Korean
    "йцукенгшщзхъфывапролджэячсмитьбю.ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,",
    "йцукенгшщзхїфівапролджєячсмитьбю.ЙЦУКЕНГШЩЗХЇФІВАПРОЛДЖЄЯЧСМИТЬБЮ,",
    ";ςερτυθιοπ[]ασδφγηξκλ΄'ζχψωβνμ,./:΅ΕΡΤΥΘΙΟΠ{}ΑΣΔΦΓΗΞΚΛ¨\"ΖΧΨΩΒΝΜ<>?",
    "/'קראטוןםפ][שדגכעיחלךף,זסבהנמצתץ.",
    "ضصثقفغعهخحجدشسيبلاتنمكطئءؤرﻻىةوزظ",
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ[]ㅁㄴㅇㄹㅎㅗㅓㅏㅣ;'ㅋㅌㅊㅍㅠㅜㅡ,./ㅃㅉㄸㄲㅆㅛㅕㅑㅒㅖ{}ㅁㄴㅇㄹㅎㅗㅓㅏㅣ:\"ㅋㅌㅊㅍㅠㅜㅡ<>?",
];

/// The same key on a Latin keyboard, where the character is one that a Latin keyboard does not have.
///
/// The kitty keyboard protocol can report the key itself beside its character, but crossterm does not
/// read that (its issue 968), and most terminals do not tell at all.
pub(super) fn on_latin(event: &KeyEvent) -> Option<KeyEvent> {
    let KeyCode::Char(character) = event.code else { return None };
    if character.is_ascii() {
        return None;
    }
    let found = OTHERS.iter().find_map(|other| other.chars().position(|c| c == character))?;
    let latin = LATIN.chars().nth(found)?;
    Some(KeyEvent { code: KeyCode::Char(latin), ..*event })
}
