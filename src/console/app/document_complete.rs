//! Names of fields, completed while a filter of documents is typed: those of the documents that were read.

use super::{App, Documents, Effect, Notice, Severity};
use crate::org::escaped_short;

/// A name that is being completed.
#[derive(Debug)]
pub struct Completion {
    /// The filter before the name and after it.
    around: (String, String),
    /// What it can be, as it is typed.
    names: Vec<String>,
    /// Which of them it is.
    at: usize,
    /// The filter with it.
    text: String,
}

impl Completion {
    /// What the name can be, from the one that stands there on.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let (before, from) = self.names.split_at(self.at);
        from.iter().chain(before).map(String::as_str)
    }
}

/// The beginning of a name in a filter.
#[derive(Debug, PartialEq, Eq)]
struct Stem<'t> {
    /// Where it begins, in bytes.
    start: usize,
    text: &'t str,
    /// The quote before it.
    quote: Option<char>,
    /// Whether it is in a query, and not in a line of terms.
    in_query: bool,
}

impl Stem<'_> {
    /// A name as it is typed in the place of the stem.
    fn written(&self, name: &str) -> String {
        let is_plain = if self.in_query {
            !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        } else {
            !name.chars().any(|c| c.is_whitespace() || "\"'\\:=!<>*{".contains(c))
        };
        let (open, close) = match self.quote {
            Some(quote) => (String::new(), quote),
            None if is_plain => return name.to_owned(),
            None => ("\"".to_owned(), '"'),
        };
        let mut written = open;
        for character in name.chars() {
            if character == close || character == '\\' {
                written.push('\\');
            }
            written.push(character);
        }
        written.push(close);
        written
    }
}

/// The beginning of the name at the end of what is typed; none where a value stands there.
fn stem(typed: &str) -> Option<Stem<'_>> {
    let in_query = typed.trim_start().starts_with('{');
    let (mut start, mut quote, mut escaped) = (0, None, false);
    // Whether what begins now is a name, and not a value.
    let mut named = true;
    // Whether a quote was closed just before, behind which no name begins.
    let mut closed = false;
    for (at, character) in typed.char_indices() {
        let next = at + character.len_utf8();
        if let Some(open) = quote {
            if character == open && !escaped {
                quote = None;
                (start, closed) = (next, true);
            }
            escaped = character == '\\' && !escaped;
            continue;
        }
        match character {
            '"' | '\'' if start == at => (quote, start) = (Some(character), next),
            '{' | '[' | ',' if in_query => (start, named, closed) = (next, true, false),
            ':' => (start, named, closed) = (next, false, false),
            '=' | '!' | '<' | '>' if !in_query => (start, named, closed) = (next, false, false),
            _ if character.is_whitespace() => {
                // A space ends the value of a term.
                if !in_query && (start < at || closed) {
                    (named, closed) = (true, false);
                }
                start = next;
            }
            _ => {}
        }
    }
    let text = typed.get(start..)?;
    let is_name = named && (!closed || quote.is_some());
    is_name.then_some(Stem { start, text, quote, in_query })
}

impl Documents {
    /// The name that is being completed, as long as nothing else was typed.
    #[must_use]
    pub fn completion(&self) -> Option<&Completion> {
        let done = self.completing.as_ref();
        done.filter(|done| self.typing && done.text == self.filter.text() && done.names.len() > 1)
    }

    /// Completes the name before the cursor, or puts the next one in its place; says where there is none.
    fn complete(&mut self, forward: bool) -> Result<(), String> {
        let last = self.completing.take().filter(|last| last.text == self.filter.text());
        let mut completion = match last {
            Some(last) => {
                let (all, step) =
                    (last.names.len(), if forward { 1 } else { last.names.len() - 1 });
                Completion { at: (last.at + step) % all, ..last }
            }
            None => self.begin_completion()?,
        };
        let (before, after) = &completion.around;
        let name = completion.names.get(completion.at).map_or("", String::as_str);
        let cursor = before.chars().count() + name.chars().count();
        completion.text = format!("{before}{name}{after}");
        self.filter.set(&completion.text);
        self.filter.go_to(cursor);
        self.completing = Some(completion);
        Ok(())
    }

    fn begin_completion(&self) -> Result<Completion, String> {
        let text = self.filter.text();
        let cursor = text.char_indices().nth(self.filter.input.cursor());
        let (typed, after) = text.split_at(cursor.map_or(text.len(), |(at, _)| at));
        let stem = stem(typed).ok_or("only names of fields are completed")?;
        let wanted = stem.text.to_lowercase();
        let names = self.paths.iter().filter(|path| path.to_lowercase().starts_with(&wanted));
        let names: Vec<String> = names.map(|name| stem.written(name)).collect();
        if names.is_empty() {
            let what = escaped_short(stem.text, 40);
            return Err(format!("none of the documents that were read has a field “{what}…”"));
        }
        // A quote that is closed already is not closed twice.
        let after = stem.quote.and_then(|quote| after.strip_prefix(quote)).unwrap_or(after);
        let around = (typed.get(..stem.start).unwrap_or_default().to_owned(), after.to_owned());
        Ok(Completion { around, names, at: 0, text: String::new() })
    }
}

impl App {
    /// Completes the name of a field in the filter.
    pub(super) fn complete_field(&mut self, forward: bool) -> Vec<Effect> {
        let Some(documents) = self.browsed() else { return Vec::new() };
        if let Err(what) = documents.complete(forward) {
            self.say(Severity::Warning, Notice::plain(what));
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_a_value() {
        for (typed, text) in [
            ("", Some("")),
            ("tot", Some("tot")),
            ("paid:true tot", Some("tot")),
            ("address.ci", Some("address.ci")),
            ("paid:tr", None),
            ("total>", None),
            ("total> 5", None),
            ("total> 5 pa", Some("pa")),
            ("\"a b", Some("a b")),
            ("\"a b\"", None),
            ("\"a b\":\"x y", None),
            ("\"a b\":\"x y\" c", Some("c")),
            ("{ tot", Some("tot")),
            ("{ \"address.ci", Some("address.ci")),
            ("{ total: ", None),
            ("{ total: { $gt: 5 }, pa", Some("pa")),
            ("{ total: 5, $or: [ { a", Some("a")),
        ] {
            assert_eq!(stem(typed).map(|stem| stem.text), text, "{typed}");
        }
    }

    #[test]
    fn a_name_is_quoted_where_it_has_to_be() {
        let written = |typed: &str, name: &str| stem(typed).unwrap().written(name);
        assert_eq!(written("a", "a.b"), "a.b");
        assert_eq!(written("a", "a b"), "\"a b\"");
        assert_eq!(written("{ a", "a.b"), "\"a.b\"");
        assert_eq!(written("{ a", "a_1"), "a_1");
        assert_eq!(written("{ 'a", "a'b"), "a\\'b'");
    }
}
