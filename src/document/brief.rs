//! The beginning of a value on one line. What is not shown is not looked at either, be it 16 MB of text or a million
//! elements.

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
};

use bson::RawDocument;

use super::{
    element::{Elements, Malformed, Value},
    raw_value::RawValue,
    shell::Shell,
    walk::{Inside, Layout, Syntax, WriteError, write_value},
};

/// A value in so many characters at most, with an ellipsis where it was cut.
pub(super) fn brief(value: RawValue, most: usize) -> String {
    let mut short = Short::new(most);
    // It ends in an error where it is cut, and where its bytes are no BSON: both are shown as an ellipsis.
    let written =
        value.read().map(|value| write_value(&value, &Brief { most }, Layout::OneLine, &mut short));
    short.ended(matches!(written, Ok(Ok(()))))
}

/// A key as the writers show it, cut like a value.
pub(super) fn brief_key(key: &[u8], most: usize) -> String {
    let mut short = Short::new(most);
    let written = Brief { most }.key(key, &mut short);
    short.ended(written.is_ok())
}

/// The keys of a document as the writers show them, one after the other, without so many at the beginning.
pub(super) fn brief_keys(value: RawValue, skip: usize, most: usize) -> String {
    let mut short = Short::new(most);
    let mut write = || -> Result<(), WriteError> {
        let mut separator = if skip > 0 { "…, " } else { "" };
        for element in value.read()?.children().into_iter().flatten().skip(skip) {
            short.write_str(separator)?;
            Brief { most }.key(element?.key, &mut short)?;
            separator = ", ";
        }
        Ok(())
    };
    let written = write();
    short.ended(written.is_ok())
}

/// The fields of a document other than its `_id`, at most so many: each key and value as the writers show them, cut. What
/// is safe to show.
///
/// # Errors
/// If its bytes are not a BSON document.
pub fn brief_fields(
    document: &RawDocument,
    fields: usize,
    most: usize,
) -> Result<Vec<(String, String)>, Malformed> {
    let mut all = Vec::new();
    for element in Elements::root(document)?.take(fields) {
        let element = element?;
        if element.key != b"_id" {
            all.push((brief_key(element.key, most), brief(element.raw, most)));
        }
    }
    Ok(all)
}

/// Adds the paths of the fields of a document, as a filter names them: through documents and through what is in arrays.
/// Those that cannot be named so are left out.
///
/// # Errors
/// If its bytes are not a BSON document.
pub fn add_paths(document: &RawDocument, paths: &mut BTreeSet<String>) -> Result<(), Malformed> {
    add_paths_in(Elements::root(document)?, "", 0, paths)
}

/// So many paths are collected, so deep, and through so many elements of an array.
const PATHS_MOST: usize = 500;
const PATHS_DEEPEST: usize = 6;
const ELEMENTS_MOST: usize = 20;

fn add_paths_in(
    elements: Elements,
    before: &str,
    depth: usize,
    paths: &mut BTreeSet<String>,
) -> Result<(), Malformed> {
    for element in elements {
        let element = element?;
        let Ok(key) = str::from_utf8(element.key) else { continue };
        if key.is_empty() || key.contains('.') || key.starts_with('$') {
            continue;
        }
        let path = format!("{before}{key}");
        let inside = match element.value {
            Value::Document(inside) => Some(vec![inside]),
            Value::Array(elements) => {
                let mut all = Vec::new();
                for element in elements.take(ELEMENTS_MOST) {
                    if let Value::Document(inside) = element?.value {
                        all.push(inside);
                    }
                }
                Some(all)
            }
            Value::Double(_)
            | Value::String(_)
            | Value::Binary { .. }
            | Value::Undefined
            | Value::ObjectId(_)
            | Value::Boolean(_)
            | Value::DateTime(_)
            | Value::Null
            | Value::Regex { .. }
            | Value::DbPointer { .. }
            | Value::Code(_)
            | Value::Symbol(_)
            | Value::CodeWithScope { .. }
            | Value::Int32(_)
            | Value::Timestamp { .. }
            | Value::Int64(_)
            | Value::Decimal128(_)
            | Value::MinKey
            | Value::MaxKey => None,
        };
        if depth < PATHS_DEEPEST {
            for inside in inside.into_iter().flatten() {
                add_paths_in(inside, &format!("{path}."), depth + 1, paths)?;
            }
        }
        if paths.len() >= PATHS_MOST {
            return Ok(());
        }
        paths.insert(path);
    }
    Ok(())
}

/// The shell's syntax, for so many characters.
struct Brief {
    most: usize,
}

impl Brief {
    /// As much of a text as can be shown of it, and not half a character at its end.
    fn cut<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        // No character has more than four bytes, and one more than fits makes it end in an ellipsis.
        let mut end = self.most.saturating_add(1).saturating_mul(4);
        if end >= text.len() {
            return text;
        }
        while end > 0 && text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
            end -= 1;
        }
        text.get(..end).unwrap_or_default()
    }
}

impl Syntax for Brief {
    fn scalar(&self, value: &Value, out: &mut dyn fmt::Write) -> fmt::Result {
        let cut = match value {
            Value::String(text) => Value::String(self.cut(text)),
            Value::Regex { pattern, options } => {
                Value::Regex { pattern: self.cut(pattern), options: self.cut(options) }
            }
            Value::DbPointer { namespace, id } => {
                Value::DbPointer { namespace: self.cut(namespace), id: *id }
            }
            Value::Code(code) => Value::Code(self.cut(code)),
            Value::Symbol(text) => Value::Symbol(self.cut(text)),
            // Base64 is written piece by piece, until no more fits.
            Value::Binary { .. }
            | Value::Double(_)
            | Value::Undefined
            | Value::ObjectId(_)
            | Value::Boolean(_)
            | Value::DateTime(_)
            | Value::Null
            | Value::Int32(_)
            | Value::Timestamp { .. }
            | Value::Int64(_)
            | Value::Decimal128(_)
            | Value::MinKey
            | Value::MaxKey
            | Value::Document(_)
            | Value::Array(_)
            | Value::CodeWithScope { .. } => return Shell.scalar(value, out),
        };
        Shell.scalar(&cut, out)
    }

    fn key(&self, key: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
        Shell.key(self.cut(key), out)
    }

    fn open<'a>(
        &self,
        value: &Value<'a>,
        out: &mut dyn fmt::Write,
    ) -> Result<Option<Inside<'a>>, fmt::Error> {
        match value {
            // More elements than characters are not shown, so it does not matter what their keys are.
            Value::Array(elements) if elements.first_are_numbered(self.most) => {
                out.write_char('[')?;
                Ok(Some(Inside { elements: elements.clone(), keyed: false, close: "]" }))
            }
            Value::CodeWithScope { code, scope } => {
                let cut = Value::CodeWithScope { code: self.cut(code), scope: scope.clone() };
                Shell.open(&cut, out)
            }
            Value::Array(_)
            | Value::Document(_)
            | Value::Double(_)
            | Value::String(_)
            | Value::Binary { .. }
            | Value::Undefined
            | Value::ObjectId(_)
            | Value::Boolean(_)
            | Value::DateTime(_)
            | Value::Null
            | Value::Regex { .. }
            | Value::DbPointer { .. }
            | Value::Code(_)
            | Value::Symbol(_)
            | Value::Int32(_)
            | Value::Timestamp { .. }
            | Value::Int64(_)
            | Value::Decimal128(_)
            | Value::MinKey
            | Value::MaxKey => Shell.open(value, out),
        }
    }
}

/// Takes so many characters, and keeps what fits of the one that does not.
struct Short {
    text: String,
    most: usize,
    left: usize,
}

impl Short {
    fn new(most: usize) -> Self {
        Self { text: String::new(), most, left: most }
    }

    /// The text, whether it is whole or was cut.
    fn ended(mut self, whole: bool) -> String {
        if !whole && self.most > 0 {
            if self.left == 0 {
                self.text.pop();
            }
            self.text.push('…');
        }
        self.text
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(character);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse;

    #[test]
    fn the_fields_of_a_document_are_cut_and_safe_to_show() {
        let text =
            "{ _id: 1, a: Long(\"5\"), \"b c\": { d: [ 1, 2 ] }, \"\\u202ee\": \"\\u001b[31m\" }";
        let fields = brief_fields(&parse(text).unwrap(), 10, 12).unwrap();
        let pairs: Vec<(&str, &str)> =
            fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs[..2], [("a", "Long(\"5\")"), ("\"b c\"", "{ d: [1, 2]…")]);
        assert!(
            !pairs[2].0.chars().chain(pairs[2].1.chars()).any(crate::org::is_hidden),
            "{pairs:?}"
        );
        let few = brief_fields(&parse(text).unwrap(), 2, 12).unwrap();
        assert_eq!(few.len(), 1);
    }

    #[test]
    fn paths_lead_through_documents_and_arrays() {
        let text = "{ _id: 1, at: { city: 1, $x: 1 }, lines: [ { sku: 1 }, 5, { no: 1 } ], 'a.b': 1, '': 1 }";
        let mut paths = BTreeSet::new();
        add_paths(&parse(text).unwrap(), &mut paths).unwrap();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        assert_eq!(paths, ["_id", "at", "at.city", "lines", "lines.no", "lines.sku"]);
    }
}
