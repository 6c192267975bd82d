//! Documents as lines a person can read, in MongoDB's shell syntax: as [`crate::document`] writes them, as far as they
//! fit.

use std::{fmt, mem};

use bson::{Document, RawDocumentBuf};

use crate::{
    document,
    org::{byte_size, escaped},
    store::bytes_if_too_large,
};

/// The most characters of a line, and the most lines of one document.
const LINE_MOST: usize = 400;
const DOCUMENT_MOST: usize = 200;

/// The most characters of the `_id` of a document that is not shown.
const ID_MOST: usize = 60;

/// The lines of some documents, an empty line between them. When there are `most`, that was all that
/// was asked for, and a last line says so.
#[must_use]
pub fn lines(documents: &[Document], most: u32) -> Vec<String> {
    let mut lines = Vec::new();
    for document in documents {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.append(&mut shown(document));
    }
    if usize::try_from(most).is_ok_and(|most| documents.len() >= most) {
        lines.push(String::new());
        lines.push(format!("Showing the first {most} documents."));
    }
    lines
}

fn shown(document: &Document) -> Vec<String> {
    let mut kept = Kept::default();
    let raw = RawDocumentBuf::try_from(document).map_err(|problem| problem.to_string());
    let large = raw.as_ref().ok().and_then(|raw| Some((raw, bytes_if_too_large(raw)?)));
    if let Some((raw, bytes)) = large {
        let id = document::brief_id(raw, ID_MOST);
        return vec![format!("document {id} ({}: too large to show here)", byte_size(bytes))];
    }
    let written = raw
        .and_then(|raw| document::pretty(&raw, &mut kept).map_err(|problem| problem.to_string()));
    kept.end_line();
    let Kept { mut lines, more, .. } = kept;
    if more > 0 {
        let noun = if more == 1 { "line" } else { "lines" };
        lines.push(format!("… {more} more {noun}"));
    }
    if let Err(problem) = written {
        lines.push(format!("… {}", escaped(&problem)));
    }
    lines
}

/// The beginning of a text: as many lines as are kept, each as far as it fits, and how many more there are.
#[derive(Default)]
struct Kept {
    lines: Vec<String>,
    more: usize,
    line: String,
    /// The characters of `line`.
    length: usize,
}

impl Kept {
    fn end_line(&mut self) {
        let line = mem::take(&mut self.line);
        self.length = 0;
        if self.lines.len() < DOCUMENT_MOST {
            self.lines.push(line);
        } else {
            self.more += 1;
        }
    }

    fn push(&mut self, text: &str) {
        if self.length > LINE_MOST {
            return;
        }
        for character in text.chars() {
            self.length += 1;
            if self.length > LINE_MOST {
                self.line.pop();
                self.line.push('…');
                return;
            }
            self.line.push(character);
        }
    }
}

impl fmt::Write for Kept {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (number, part) in text.split('\n').enumerate() {
            if number > 0 {
                self.end_line();
            }
            self.push(part);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bson::{Bson, DateTime, doc, oid::ObjectId, spec::BinarySubtype};

    use super::*;

    #[test]
    fn documents_are_indented_and_apart() {
        let one = doc! { "_id": ObjectId::from_bytes([1; 12]), "paid": true, "sum": 12.5 };
        let expected = [
            "{",
            "  _id: ObjectId(\"010101010101010101010101\"),",
            "  paid: true,",
            "  sum: 12.5,",
            "}",
        ];
        let lines = lines(&[one.clone(), one], 3);
        assert_eq!(lines[..5], expected);
        assert_eq!(lines[5], "");
        assert_eq!(lines[6..], expected);
    }

    #[test]
    fn every_type_shows_what_it_is() {
        let uuid = bson::Uuid::from_bytes([0x11; 16]);
        let document = doc! {
            "int": 3, "long": 3_i64, "double": 3.0, "odd": f64::NAN, "text": "a \"b\"\\",
            "decimal": "1.50".parse::<bson::Decimal128>().unwrap(),
            "when": DateTime::from_millis(1_700_000_000_123), "never": DateTime::MAX,
            "none": Bson::Null, "no": false, "uuid": uuid,
            "bytes": bson::Binary { subtype: BinarySubtype::Generic, bytes: vec![0, 255] },
            "stamp": Bson::Timestamp(bson::Timestamp { time: 7, increment: 2 }),
            "least": Bson::MinKey, "js": Bson::JavaScriptCode("f()".into()),
            "two words": "x", "9": "x", "": "x",
        };
        let expected = [
            "{",
            "  int: 3,",
            "  long: Long(\"3\"),",
            "  double: 3.0,",
            "  odd: NaN,",
            "  text: \"a \\\"b\\\"\\\\\",",
            "  decimal: Decimal128(\"1.50\"),",
            "  when: ISODate(\"2023-11-14T22:13:20.123Z\"),",
            "  never: DateMillis(\"9223372036854775807\"),",
            "  none: null,",
            "  no: false,",
            "  uuid: UUID(\"11111111-1111-1111-1111-111111111111\"),",
            "  bytes: BinData(0, \"AP8=\"),",
            "  stamp: Timestamp(7, 2),",
            "  least: MinKey(),",
            "  js: Code(\"f()\"),",
            "  \"two words\": \"x\",",
            "  \"9\": \"x\",",
            "  \"\": \"x\",",
            "}",
        ];
        assert_eq!(lines(&[document], 3), expected);
    }

    #[test]
    fn what_is_short_stands_on_one_line_and_what_is_not_is_indented() {
        let document = doc! {
            "tags": ["a", "b"], "at": { "x": 1, "y": 2 }, "none": [], "nothing": {},
            "deep": { "list": [{ "a": 1 }] },
            "long": ["x".repeat(30), "y".repeat(30)],
        };
        let (x, y) = ("x".repeat(30), "y".repeat(30));
        let expected = format!(
            "{{\n  tags: [\"a\", \"b\"],\n  at: {{ x: 1, y: 2 }},\n  none: [],\n  nothing: {{}},\n  \
             deep: {{\n    list: [\n      {{ a: 1 }},\n    ],\n  }},\n  long: [\n    \"{x}\",\n    \
             \"{y}\",\n  ],\n}}"
        );
        assert_eq!(lines(&[document], 3).join("\n"), expected);
    }

    #[test]
    fn nothing_in_a_document_reaches_the_terminal_as_it_is() {
        let evil = doc! { "\u{202e}a": "\u{9b}31m\u{1b}]0;x\u{7}\n\u{2028}" };
        for line in lines(&[evil], 3) {
            assert!(!line.chars().any(crate::org::is_hidden), "{line:?}");
        }
    }

    #[test]
    fn what_is_too_large_does_not_look_like_a_field() {
        let large = doc! { "_id": 7, "…": "3000000 bytes: too large to show" };
        assert_eq!(lines(&[large], 3), ["document 7 (3.0 MB: too large to show here)"]);
    }

    #[test]
    fn when_there_may_be_more_that_is_said() {
        let last = |most| lines(&[doc! {}, doc! {}], most).pop();
        assert_eq!(last(3).as_deref(), Some("}"));
        assert_eq!(last(2).as_deref(), Some("Showing the first 2 documents."));
    }

    #[test]
    fn a_huge_document_is_cut() {
        let long = doc! { "text": "x".repeat(10_000_000) };
        assert!(lines(&[long], 3).iter().all(|line| line.chars().count() <= LINE_MOST));
        let many: Document = (0..1000).map(|n| (n.to_string(), Bson::Int32(n))).collect();
        let lines = lines(&[many], 3);
        assert_eq!(lines.len(), DOCUMENT_MOST + 1);
        assert_eq!(lines.last().map(String::as_str), Some("… 802 more lines"));
    }
}
