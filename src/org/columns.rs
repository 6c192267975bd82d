//! Text as columns of a terminal: measured, and cut never in the middle of a character.
//!
//! A character is a grapheme cluster, as wide as terminals draw it.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The characters of a text with their columns. Control characters have none.
pub fn characters(text: &str) -> impl Iterator<Item = (&str, usize)> {
    // Terminals give a halfwidth sound mark a column of its own, Unicode gives it none.
    let marks = |part: &str| part.chars().filter(|c| matches!(c, '\u{ff9e}' | '\u{ff9f}')).count();
    text.graphemes(true)
        .filter(|part| !part.contains(char::is_control))
        .map(move |part| (part, part.width() + marks(part)))
}

/// The columns a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    characters(text).map(|(_, width)| width).sum()
}

/// The text, cut with an ellipsis when it needs more than `most` columns.
#[must_use]
pub fn fit(text: &str, most: usize) -> Cow<'_, str> {
    if width(text) <= most {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut left = most;
    for (character, columns) in characters(text) {
        // One column stays for the ellipsis.
        if columns + 1 > left {
            break;
        }
        left -= columns;
        out.push_str(character);
    }
    if left > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_measured_by_what_is_seen() {
        assert_eq!(width("acme"), 4);
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("🇩🇪"), 2);
        assert_eq!(width("👍🏽"), 2);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(fit("acme_corp", 9), "acme_corp");
        assert_eq!(fit("acme_corp", 5), "acme…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("cafe\u{301}s", 5), "cafe\u{301}s");
        assert_eq!(fit("cafe\u{301}s", 4), "caf…");
        assert_eq!(fit("acme", 1), "…");
        assert_eq!(fit("acme", 0), "");
    }
}
