//! Shell syntax in colours: what is a key, a text, a number, and what stands for nothing.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::Theme;

/// A line of a document as the program writes it.
pub(super) fn line(text: &str, theme: &Theme) -> Line<'static> {
    let mut spans = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (length, style) = token(rest, theme);
        spans.push(Span::styled(rest[..length].to_owned(), style));
        rest = &rest[length..];
    }
    Line::from(spans)
}

/// How long what a text begins with is, in bytes, and how it looks.
fn token(text: &str, theme: &Theme) -> (usize, Style) {
    let is_word = |c: char| c.is_alphanumeric() || "_$".contains(c);
    let is_key = |length: usize| text[length..].starts_with(':');
    let first = text.chars().next().unwrap_or(' ');
    if first == '"' {
        let length = quoted(text);
        return (length, if is_key(length) { theme.accent } else { Style::new() });
    }
    if first.is_ascii_digit() || first == '-' {
        let number = |c: char| c.is_alphanumeric() || "+-.".contains(c);
        return (text.find(|c| !number(c)).unwrap_or(text.len()), theme.strong);
    }
    if is_word(first) {
        let length = text.find(|c| !is_word(c)).unwrap_or(text.len());
        let style = match &text[..length] {
            _ if is_key(length) => theme.accent,
            "true" | "false" | "NaN" | "Infinity" => theme.strong,
            // What a value is made with, and what is none.
            _ => theme.faint,
        };
        return (length, style);
    }
    let ends = |c: char| c == '"' || c == '-' || is_word(c);
    (text.find(ends).unwrap_or(text.len()).max(first.len_utf8()), theme.faint)
}

/// How long a text in quotes is; one that was cut off has no second one.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_whole_and_its_parts_are_told_apart() {
        let theme = Theme::sixteen();
        let text = r#"{ _id: ObjectId("6b"), "a b": "x \" y", n: -1.5e3, ok: true, no: null, é: [/a"/i] }"#;
        let line = line(text, &theme);
        let whole: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
        assert_eq!(whole, text);
        let styled = |style: Style| -> Vec<&str> {
            let such = line.spans.iter().filter(|span| span.style == style);
            such.map(|span| span.content.as_ref()).collect()
        };
        assert_eq!(styled(theme.accent), ["_id", "\"a b\"", "n", "ok", "no", "é"]);
        assert_eq!(styled(theme.strong), ["-1.5e3", "true"]);
        assert!(styled(Style::new()).contains(&r#""x \" y""#));
        assert!(styled(theme.faint).contains(&"null"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_of_any_text(text in "\\PC{0,60}") {
            let line = line(&text, &Theme::sixteen());
            let whole: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
            proptest::prop_assert_eq!(whole, text);
        }
    }
}
