//! Text as columns of a screen: cut, wrapped and scrolled by what is seen, never in the middle of a
//! character.

use std::{borrow::Cow, collections::VecDeque};

use ratatui::{style::Style, text::Span};

use crate::org::{characters, escaped};
pub use crate::org::{fit, width};

/// The words as a sentence on the screen: errors begin with a small letter, so that they can follow a
/// colon. Where they begin with something stored (an e-mail, a host) that keeps its case.
#[must_use]
pub fn sentence(words: &str) -> Cow<'_, str> {
    let first = words.split([' ', ':', ',', ';']).next().unwrap_or_default();
    let plain = first.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '\'');
    match words.chars().next().filter(|_| plain) {
        Some(initial) => {
            Cow::Owned(format!("{}{}", initial.to_ascii_uppercase(), &words[initial.len_utf8()..]))
        }
        None => Cow::Borrowed(words),
    }
}

/// The text, cut in front with an ellipsis: for paths, whose end says most.
#[must_use]
pub fn fit_end(text: &str, most: usize) -> Cow<'_, str> {
    let over = width(text).saturating_sub(most);
    if over == 0 {
        return Cow::Borrowed(text);
    }
    let mut skipped = 0;
    let kept = characters(text).skip_while(|(_, columns)| {
        // One column more, for the ellipsis.
        let skip = skipped <= over;
        skipped += columns;
        skip
    });
    let end: String = kept.map(|(character, _)| character).collect();
    Cow::Owned(if most == 0 { String::new() } else { format!("…{end}") })
}

/// The text in exactly `columns` columns: cut, or filled with spaces behind.
#[must_use]
pub fn filled(text: &str, columns: usize) -> String {
    let mut out = fit(text, columns).into_owned();
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&out))));
    out
}

/// What a word that is longer than a line is rather broken after.
const PARTING: [char; 5] = ['@', '.', '-', '_', '/'];

/// The text in lines of at most `most` columns, broken between words, and within one that is longer
/// than a line: after a sign that parts it, where that leaves no line half empty.
#[must_use]
pub fn wrap(text: &str, most: usize) -> Vec<String> {
    let most = most.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let columns = width(word);
        if used > 0 && used + 1 + columns > most {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for (character, columns) in characters(word).filter(|(_, c)| *c <= most) {
            // What is left of a line that was broken may still be too much beside a wide character.
            while used + columns > most {
                // A word this long has the line for itself.
                let part = line.rfind(PARTING).map(|at| at + 1);
                let part = part.filter(|at| width(&line[..*at]) * 2 >= most);
                let rest = part.map(|at| line.split_off(at)).unwrap_or_default();
                lines.push(std::mem::replace(&mut line, rest));
                used = width(&line);
            }
            line.push_str(character);
            used += columns;
        }
    }
    if used > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// A line in as many as it needs at `most` columns, those after the first further in than it is: for text
/// whose spaces mean something.
#[must_use]
pub fn folded(line: &str, most: usize) -> Vec<String> {
    if line.is_ascii() && line.len() <= most {
        return vec![line.to_owned()];
    }
    let most = most.max(2);
    let further = " ".repeat((line.len() - line.trim_start_matches(' ').len() + 2).min(most / 2));
    let mut lines = vec![String::new()];
    let mut used = 0;
    for (character, columns) in characters(line).filter(|(_, c)| *c <= most) {
        if used + columns > most {
            let indent = if further.len() + columns > most { "" } else { &further };
            used = indent.len();
            lines.push(indent.to_owned());
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(character);
        }
        used += columns;
    }
    lines
}

/// Text of several styles in lines of at most `most` columns, broken as [`wrap`] does.
#[must_use]
pub fn wrap_styled(parts: &[(String, Style)], most: usize) -> Vec<Vec<Span<'static>>> {
    let text: String = parts.iter().map(|(part, _)| part.as_str()).collect();
    // Breaking lines leaves nothing out but spaces: what stands between tells where each part ends.
    let told = |text: &str| text.chars().filter(|c| *c != ' ').count();
    let mut parts = parts.iter().map(|(part, style)| (told(part), *style)).collect::<VecDeque<_>>();
    let lines = wrap(&text, most).into_iter().map(|line| {
        let mut spans: Vec<Span<'static>> = Vec::new();
        let mut rest = line.as_str();
        while let Some((left, style)) = parts.front_mut().filter(|_| !rest.is_empty()) {
            let end = rest.char_indices().filter(|(_, c)| *c != ' ').nth(*left);
            let (here, behind) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
            *left -= told(here);
            if !here.is_empty() {
                spans.push(Span::styled(here.to_owned(), *style));
            }
            rest = behind;
            if !rest.is_empty() {
                parts.pop_front();
            }
        }
        spans
    });
    lines.collect()
}

/// The part of a text being typed that shows in `most` columns, and the column its cursor is in.
/// `cursor` counts `char`s, as the input does; hidden ones are written out; with `dots`, every one is
/// a dot. The cursor is always in sight, with a column of its own.
#[must_use]
pub fn window(text: &str, cursor: usize, most: usize, dots: bool) -> (String, usize) {
    let shown = |part: String| {
        if dots { "•".repeat(part.chars().count()) } else { escaped(&part).into_owned() }
    };
    let before = shown(text.chars().take(cursor).collect());
    let after = shown(text.chars().skip(cursor).collect());
    let at = width(&before);
    let mut out = String::new();
    let mut column = 0;
    let mut skipped = 0;
    // What is left of the cursor goes first when not everything fits.
    let excess = (at + 1).saturating_sub(most);
    for (character, columns) in characters(&format!("{before}{after}")) {
        if skipped < excess {
            skipped += columns;
            continue;
        }
        if column + columns > most {
            break;
        }
        column += columns;
        out.push_str(character);
    }
    (out, at.saturating_sub(skipped).min(most.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::CellWidth;

    use super::*;

    /// What is measured here is what lands in the cells.
    fn is_as_wide_as_it_is_drawn(text: &str) {
        let span = Span::raw(text);
        let drawn = span.styled_graphemes(Style::default());
        let drawn: usize = drawn.map(|drawn| usize::from(drawn.symbol.cell_width())).sum();
        assert_eq!(width(text), drawn, "{text:?}");
    }

    #[test]
    fn a_text_is_as_wide_as_it_is_drawn() {
        for text in ["acme", "日本", "e\u{301}", "🇩🇪", "👍🏽", "ｶﾞ", "\u{ff9e}"] {
            is_as_wide_as_it_is_drawn(text);
        }
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(fit_end("/home/ada/t.db", 14), "/home/ada/t.db");
        assert_eq!(fit_end("/home/ada/t.db", 7), "…a/t.db");
        assert_eq!(fit_end("日本語", 4), "…語");
        assert_eq!(fit_end("acme", 0), "");
        assert_eq!(filled("日本語", 4), "日… ");
        assert_eq!(filled("a", 3), "a  ");
    }

    #[test]
    fn lines_break_between_words_or_inside_long_ones() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("日本語", 5), ["日本", "語"]);
        assert_eq!(wrap("ada@long.example", 12), ["ada@long.", "example"]);
        assert_eq!(wrap("ada@example", 10), ["ada@exampl", "e"], "not half a line for nothing");
        assert_eq!(wrap("org_acme_corp_of_east", 8), ["org_", "acme_", "corp_of_", "east"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn a_folded_line_goes_on_further_in() {
        assert_eq!(folded("  note: \"as much as fits\"", 40), ["  note: \"as much as fits\""]);
        assert_eq!(folded("  n: \"abcdef\"", 10), ["  n: \"abcd", "    ef\""]);
        assert_eq!(folded("日本語", 4), ["日本", "  語"]);
        assert_eq!(folded("", 4), [""]);
    }

    #[test]
    fn each_word_keeps_its_style_where_lines_are_broken() {
        let (plain, bold) = (Style::new(), Style::new().bold());
        let parts = [("a change".to_owned(), plain), (" refused: no".to_owned(), bold)];
        let lines = |most| {
            wrap_styled(&parts, most)
                .into_iter()
                .map(|line| line.into_iter().map(|s| (s.content.into_owned(), s.style)).collect())
                .collect::<Vec<Vec<_>>>()
        };
        let words = |words: &str, style| (words.to_owned(), style);
        assert_eq!(lines(40), [[words("a change ", plain), words("refused: no", bold)]]);
        let each = [("a change", plain), ("refused:", bold), ("no", bold)];
        assert_eq!(lines(9), each.map(|(text, style)| vec![words(text, style)]));
    }

    #[test]
    fn the_cursor_of_a_long_text_stays_in_sight() {
        assert_eq!(window("acme", 4, 10, false), ("acme".into(), 4));
        assert_eq!(window("acme", 1, 10, false), ("acme".into(), 1));
        assert_eq!(window("0123456789", 10, 5, false), ("6789".into(), 4));
        assert_eq!(window("0123456789", 0, 5, false), ("01234".into(), 0));
        assert_eq!(window("日本語", 3, 5, false), ("本語".into(), 4));
        assert_eq!(window("a\u{202e}b", 2, 20, false), ("a\\u{202e}b".into(), 9));
        assert_eq!(window("sécret", 3, 20, true), ("••••••".into(), 3));
    }

    #[test]
    fn a_wide_character_after_a_sign_that_parts_gets_a_line_of_its_own() {
        for line in wrap("A®_𐧒!𑌂𐀍", 2) {
            assert!(width(&line) <= 2, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_ever_wider_than_its_place(text in "\\PC{0,40}|.{0,20}", most in 0_usize..30, cursor in 0_usize..50) {
            let text = escaped(&text);
            is_as_wide_as_it_is_drawn(&text);
            prop_assert!(width(&fit(&text, most)) <= most);
            prop_assert!(width(&fit_end(&text, most)) <= most);
            prop_assert_eq!(width(&filled(&text, most)), most);
            for line in wrap(&text, most.max(2)) {
                prop_assert!(width(&line) <= most.max(2), "{line:?}");
            }
            for line in folded(&text, most) {
                prop_assert!(width(&line) <= most.max(2), "{line:?}");
            }
            let cursor = cursor.min(text.chars().count());
            let (shown, at) = window(&text, cursor, most + 1, false);
            prop_assert!(width(&shown) <= most + 1);
            prop_assert!(at <= most);
        }
    }
}
