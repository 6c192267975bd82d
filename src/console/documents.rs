//! Documents as lines a person can read, in the words of MongoDB's shell: one value on one line where
//! it fits, its type in sight, indented, escaped.

use std::fmt::Write as _;

use bson::{Bson, Document, spec::BinarySubtype};

use crate::org::escaped_short;

/// The most characters of a line, and the most lines of one document.
const LINE_MOST: usize = 400;
const DOCUMENT_MOST: usize = 200;
/// The years 1 to 9999, in milliseconds since 1970: for other dates the driver writes the nearest of these.
const YEARS_OF_FOUR_DIGITS: std::ops::RangeInclusive<i64> =
    -62_135_596_800_000..=253_402_300_799_999;
/// How long an array or a document inside another may be to stand on one line.
const INLINE_MOST: usize = 64;

/// The lines of some documents, an empty line between them. When there are `most`, that was all that
/// was asked for, and a last line says so.
#[must_use]
pub fn lines(documents: &[Document], most: u32) -> Vec<String> {
    let mut lines = Vec::new();
    for document in documents {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let mut writer = Writer::default();
        writer.line("{");
        writer.fields(document);
        writer.line("}");
        lines.append(&mut writer.lines);
        if writer.more > 0 {
            let noun = if writer.more == 1 { "line" } else { "lines" };
            lines.push(format!("… {} more {noun}", writer.more));
        }
    }
    if usize::try_from(most).is_ok_and(|most| documents.len() >= most) {
        lines.push(String::new());
        lines.push(format!("Showing the first {most} documents."));
    }
    lines
}

/// The lines of one document as far as they are kept, and how many are not.
#[derive(Default)]
struct Writer {
    lines: Vec<String>,
    more: usize,
    depth: usize,
}

impl Writer {
    fn line(&mut self, text: &str) {
        if self.lines.len() < DOCUMENT_MOST {
            let indent = "  ".repeat(self.depth);
            self.lines.push(escaped_short(&(indent + text), LINE_MOST));
        } else {
            self.more += 1;
        }
    }

    fn fields(&mut self, document: &Document) {
        self.depth += 1;
        for (key, value) in document {
            self.value(&format!("{}: ", key_text(key)), value);
        }
        self.depth -= 1;
    }

    fn value(&mut self, before: &str, value: &Bson) {
        let (open, close) = match value {
            Bson::Document(_) => ('{', '}'),
            Bson::Array(_) => ('[', ']'),
            _ => return self.line(&format!("{before}{},", scalar(value))),
        };
        if let Some(text) = inline(value) {
            return self.line(&format!("{before}{text},"));
        }
        self.line(&format!("{before}{open}"));
        match value {
            Bson::Document(document) => self.fields(document),
            Bson::Array(values) => {
                self.depth += 1;
                for value in values {
                    self.value("", value);
                }
                self.depth -= 1;
            }
            _ => {}
        }
        self.line(&format!("{close},"));
    }
}

/// An array or a document of a few plain values, on one line if it is short.
fn inline(value: &Bson) -> Option<String> {
    // None longer fits, and a huge one is not to be written out to learn that.
    let few = INLINE_MOST / 3;
    let plain = |value: &Bson| !matches!(value, Bson::Document(_) | Bson::Array(_));
    let text = match value {
        Bson::Array(values) if values.is_empty() => "[]".to_owned(),
        Bson::Document(document) if document.is_empty() => "{}".to_owned(),
        Bson::Array(values) if values.len() <= few && values.iter().all(plain) => {
            format!("[{}]", values.iter().map(scalar).collect::<Vec<_>>().join(", "))
        }
        Bson::Document(document)
            if document.len() <= few && document.iter().all(|(_, value)| plain(value)) =>
        {
            let fields =
                document.iter().map(|(key, v)| format!("{}: {}", key_text(key), scalar(v)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        _ => return None,
    };
    (text.chars().count() <= INLINE_MOST).then_some(text)
}

/// A key, in quotes unless it is one plain word.
fn key_text(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let word =
        !key.is_empty() && key.chars().all(plain) && !key.starts_with(|c: char| c.is_ascii_digit());
    if word { key.to_owned() } else { quoted(key) }
}

/// A value that holds no others.
fn scalar(value: &Bson) -> String {
    match value {
        Bson::String(text) => quoted(text),
        Bson::Int64(number) => format!("Long(\"{number}\")"),
        // With its point: 12.0 is no integer.
        Bson::Double(number) => format!("{number:?}"),
        Bson::Decimal128(number) => format!("Decimal128(\"{number}\")"),
        Bson::ObjectId(id) => format!("ObjectId(\"{}\")", id.to_hex()),
        Bson::DateTime(time) => {
            let milliseconds = time.timestamp_millis();
            match time.try_to_rfc3339_string() {
                Ok(text) if YEARS_OF_FOUR_DIGITS.contains(&milliseconds) => {
                    format!("ISODate(\"{text}\")")
                }
                _ => format!("new Date({milliseconds})"),
            }
        }
        Bson::Timestamp(stamp) => format!("Timestamp({}, {})", stamp.time, stamp.increment),
        Bson::Binary(binary) => {
            if binary.subtype == BinarySubtype::Uuid
                && let Ok(uuid) = binary.to_uuid()
            {
                return format!("UUID(\"{uuid}\")");
            }
            let mut hex = String::new();
            for byte in binary.bytes.iter().take(LINE_MOST) {
                // Writing into a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
            }
            let bytes = binary.bytes.len();
            format!("BinData({}, {bytes} bytes, {hex})", u8::from(binary.subtype))
        }
        Bson::RegularExpression(regex) => {
            format!(
                "RegExp({}, {})",
                quoted(regex.pattern.as_str()),
                quoted(regex.options.as_str())
            )
        }
        Bson::JavaScriptCode(code) => format!("Code({})", quoted(code)),
        Bson::Symbol(text) => format!("Symbol({})", quoted(text)),
        Bson::MinKey => "MinKey()".to_owned(),
        Bson::MaxKey => "MaxKey()".to_owned(),
        Bson::Null => "null".to_owned(),
        Bson::Undefined => "undefined".to_owned(),
        // What is left is a number, true or false, or so rare that its own JSON will do.
        other => other.clone().into_relaxed_extjson().to_string(),
    }
}

/// Text in quotes, with JSON's escapes. No more of it than a line can show.
fn quoted(text: &str) -> String {
    let end = text.char_indices().nth(LINE_MOST).map_or(text.len(), |(at, _)| at);
    serde_json::Value::from(&text[..end]).to_string()
}

#[cfg(test)]
mod tests {
    use bson::{DateTime, doc, oid::ObjectId};

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
            "  never: new Date(9223372036854775807),",
            "  none: null,",
            "  no: false,",
            "  uuid: UUID(\"11111111-1111-1111-1111-111111111111\"),",
            "  bytes: BinData(0, 2 bytes, 00ff),",
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
