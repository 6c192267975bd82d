//! Whether a terminal is dark or light, as it tells itself: asked with OSC 11, answered among the keys.
//!
//! The answer is read where keys are read, and not by a program part of its own that waits for it: no
//! frame waits for a terminal that does not answer, no key that is pressed meanwhile is lost, and an
//! answer that comes late over a slow line is not taken for the commands that its letters are.

use std::time::{Duration, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::palette::{Rgb, luminance};

/// What asks.
pub const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";
/// How long an answer may take. What looks like one later is keys.
const PATIENCE: Duration = Duration::from_secs(5);
/// No answer is longer: `11;rgba:ffff/ffff/ffff/ffff`.
const LONGEST: usize = 40;

/// What is behind the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Something darker than text on it would be.
    Dark,
    /// Something lighter.
    Light,
}

impl Background {
    /// Of a colour: dark where white text is easier to read on it than black text.
    pub(super) fn of(color: Rgb) -> Self {
        // Where the contrasts with black and with white are the same, after WCAG 2.
        if luminance(color) < 0.179 { Self::Dark } else { Self::Light }
    }
}

/// What an event was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A key.
    Key,
    /// A part of the answer, or the end of one that tells nothing.
    Part,
    /// The end of the answer.
    Background(Background),
}

/// Reads the answer among the keys.
#[derive(Debug, Default)]
pub struct Reading {
    /// Until when there may be one.
    until: Option<SystemTime>,
    /// What came of it.
    text: Option<String>,
    /// The last event was an esc, which begins and ends the answer.
    escaped: bool,
}

impl Reading {
    /// The question was asked.
    pub fn begin(&mut self, now: SystemTime) {
        self.until = Some(now + PATIENCE);
    }

    /// Looks at an event. An answer comes as alt-], its characters, and alt-\ or ^g; where a read ends
    /// after an esc, that one is a key of its own.
    pub fn look(&mut self, event: &KeyEvent, now: SystemTime) -> Told {
        if self.until.is_none_or(|until| now > until) || event.kind == KeyEventKind::Release {
            return Told::Key;
        }
        let escaped = std::mem::take(&mut self.escaped);
        let alt = escaped || event.modifiers.contains(KeyModifiers::ALT);
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        match (&mut self.text, event.code) {
            (None, KeyCode::Esc) => {
                self.escaped = true;
                Told::Key
            }
            (None, KeyCode::Char(']')) if alt => {
                self.text = Some(String::new());
                Told::Part
            }
            (None, _) => Told::Key,
            (Some(_), KeyCode::Esc) => {
                self.escaped = true;
                Told::Part
            }
            (Some(text), KeyCode::Char('\\')) if alt => {
                let told = background(text);
                self.end(told)
            }
            (Some(text), KeyCode::Char('g')) if control => {
                let told = background(text);
                self.end(told)
            }
            (Some(text), KeyCode::Char(character))
                if !alt
                    && !control
                    && text.len() < LONGEST
                    && (character.is_ascii_hexdigit() || "rgba:;/".contains(character)) =>
            {
                text.push(character);
                Told::Part
            }
            // It was none, or is cut off: what is not of it is a key again.
            (Some(_), _) => {
                self.text = None;
                Told::Key
            }
        }
    }

    fn end(&mut self, told: Option<Background>) -> Told {
        *self = Self::default();
        told.map_or(Told::Part, Told::Background)
    }
}

/// The colour in `11;rgb:RRRR/GGGG/BBBB`, each of one to four digits, as `XParseColor` has it.
fn background(answer: &str) -> Option<Background> {
    let color = answer.strip_prefix("11;")?;
    let color = color.strip_prefix("rgb:").or_else(|| color.strip_prefix("rgba:"))?;
    let mut channels = color.split('/').map(|digits| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)? - 1;
        let value = u32::from_str_radix(digits, 16).ok()?;
        u8::try_from(value * 255 / most.max(1)).ok().filter(|_| (1..=4).contains(&digits.len()))
    });
    let mut next = || channels.next().flatten();
    Some(Background::of((next()?, next()?, next()?)))
}
