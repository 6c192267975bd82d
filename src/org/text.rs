//! Text that somebody else stored, and the one place where it is made safe to show.
//!
//! Names, e-mails and documents may come from another program or an attacker. On every way out that
//! a person reads (screen, table, error, log) they pass [`escaped`]; only JSON carries them raw,
//! because JSON has its own escapes.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whether a character may change what a terminal does or what a reader sees without being seen:
/// control, format (bidi among them), separators, private use, unassigned, and the letters and marks
/// that Unicode calls default ignorable.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    matches!(
        character.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    ) || matches!(
        character,
        // Default_Ignorable_Code_Point outside the categories above (DerivedCoreProperties.txt).
        '\u{34F}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FFA0}'
            | '\u{E0100}'..='\u{E01EF}'
    )
}

/// The text with every hidden character written as `\u{…}`; borrowed when there is none.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// [`escaped`], cut after `most` characters with an ellipsis: what a line on a screen can need, even
/// when the stored string has megabytes.
#[must_use]
pub fn escaped_short(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.pop();
        short.push('…');
    }
    escaped(&short).into_owned()
}

/// A number with its thousands apart: `1,204`.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size in powers of a thousand: `812 B`, `3.1 MB`.
#[must_use]
pub fn byte_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // In tenths of the unit, so that 999,999 is 1.0 MB and not 1000.0 kB.
    let mut tenths = (bytes / 10).saturating_add(5) / 10;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths = (tenths + 500) / 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A number with its noun: `1 document`, `2 documents`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// A string as it lies in the database, which may hold anything.
///
/// `Display` escapes, so formatting one into a message is always safe; [`StoredText::raw`] is for
/// queries and for JSON.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredText(String);

impl StoredText {
    /// Exactly what is stored: for queries and JSON, never for a terminal.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for StoredText {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for StoredText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&escaped_short(&self.0, 512))
    }
}

impl fmt::Debug for StoredText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!(byte_size(0), "0 B");
        assert_eq!(byte_size(999), "999 B");
        assert_eq!(byte_size(1000), "1.0 kB");
        assert_eq!(byte_size(3_149_000), "3.1 MB");
        assert_eq!(byte_size(999_999), "1.0 MB");
        assert_eq!(byte_size(u64::MAX), "18.4 EB");
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_204), "1,204");
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn ordinary_text_of_any_script_is_left_alone() {
        for text in ["acme_corp", "Ünïcode GmbH", "日本語", "हिन्दी", "עברית", "a\\b"]
        {
            assert!(matches!(escaped(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn whatever_could_move_the_cursor_or_the_eye_is_written_out() {
        assert_eq!(escaped("a\x1b]52;c;x\x07b"), "a\\u{1b}]52;c;x\\u{7}b");
        assert_eq!(escaped("\u{202e}txt\u{7f}\0"), "\\u{202e}txt\\u{7f}\\u{0}");
        assert_eq!(escaped("\u{9b}31m\u{feff}\u{e000}"), "\\u{9b}31m\\u{feff}\\u{e000}");
        assert_eq!(escaped("a\u{3164}b\u{2028}"), "a\\u{3164}b\\u{2028}");
    }

    #[test]
    fn a_stored_string_of_megabytes_is_shown_short() {
        let text = StoredText::from("x".repeat(10_000_000));
        assert_eq!(text.to_string().chars().count(), 512);
        assert!(text.to_string().ends_with('…'));
    }
}
