//! Whether a terminal is dark or light, as it tells itself: asked with OSC 11, answered among the keys.
//! No frame waits for a terminal that does not answer.

use super::palette::{Rgb, luminance};

/// What asks.
pub const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";

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
    pub(super) fn from_color(color: Rgb) -> Self {
        // Where the contrasts with black and with white are the same, after WCAG 2.
        if luminance(color) < 0.179 { Self::Dark } else { Self::Light }
    }
}

/// What the answer tells: a colour in `11;rgb:RRRR/GGGG/BBBB`, each of one to four digits, as `XParseColor` has it.
pub(crate) fn background(answer: &str) -> Option<Background> {
    let color = answer.strip_prefix("11;")?;
    let color = color.strip_prefix("rgb:").or_else(|| color.strip_prefix("rgba:"))?;
    let mut channels = color.split('/').map(|digits| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)? - 1;
        let value = u32::from_str_radix(digits, 16).ok()?;
        u8::try_from(value * 255 / most.max(1)).ok().filter(|_| (1..=4).contains(&digits.len()))
    });
    let mut next = || channels.next().flatten();
    Some(Background::from_color((next()?, next()?, next()?)))
}
