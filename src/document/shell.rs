//! MongoDB's shell syntax: what is written here can be pasted into mongosh, wherever mongosh has a form for it.
//!
//! It has none for some of what BSON can hold, and would take others for something else. Those are written in
//! forms of our own, which mongosh refuses and [`super::parse()`] reads back: see the table in [`super`].

use std::fmt;

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use bson::{DateTime, Decimal128, oid::ObjectId};

use super::{
    element::{Value, binary_content},
    regex::stands_between_slashes,
    text::{quoted, quoted_bytes},
    walk::{Inside, Syntax},
    wrapper::is_wrapper,
};
use crate::org::rfc3339;

/// The years 1 to 9999, in milliseconds since 1970.
const YEARS_OF_FOUR_DIGITS: std::ops::RangeInclusive<i64> =
    -62_135_596_800_000..=253_402_300_799_999;
/// How far from 1970 JavaScript's dates reach. Beyond, mongosh would store another date.
const DATE_MOST: u64 = 8_640_000_000_000_000;
const UUID: u8 = 4;

/// See the top of this file.
pub(super) struct Shell;

impl Syntax for Shell {
    fn scalar(&self, value: &Value, out: &mut dyn fmt::Write) -> fmt::Result {
        match value {
            Value::Double(number) => double(*number, out),
            Value::String(text) => string(text, out),
            Value::Binary { subtype, bytes } => binary(*subtype, bytes, out),
            Value::Undefined => out.write_str("undefined"),
            Value::ObjectId(id) => object_id(*id, out),
            Value::Boolean(0) => out.write_str("false"),
            Value::Boolean(1) => out.write_str("true"),
            Value::Boolean(byte) => write!(out, "BooleanByte({byte})"),
            Value::DateTime(millis) => date(*millis, out),
            Value::Null => out.write_str("null"),
            Value::Regex { pattern, options } => regex(pattern, options, out),
            Value::DbPointer { namespace, id } => {
                out.write_str("DBPointer(")?;
                string(namespace, out)?;
                out.write_str(", ")?;
                object_id(*id, out)?;
                out.write_char(')')
            }
            Value::Code(code) => call("Code", code, out),
            // JavaScript's own Symbol is something else.
            Value::Symbol(text) => call("BSONSymbol", text, out),
            Value::Int32(number) => write!(out, "{number}"),
            Value::Timestamp { time, increment } => write!(out, "Timestamp({time}, {increment})"),
            Value::Int64(number) => write!(out, "Long(\"{number}\")"),
            Value::Decimal128(bytes) => decimal(*bytes, out),
            Value::MinKey => out.write_str("MinKey()"),
            Value::MaxKey => out.write_str("MaxKey()"),
            Value::Document(_) | Value::Array(_) | Value::CodeWithScope { .. } => Ok(()),
        }
    }

    fn key(&self, key: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
        let computed = match str::from_utf8(key) {
            // In brackets JavaScript takes it for a key like any other, and so does the parser.
            Ok(text) => is_wrapper(key) || text == "__proto__",
            Err(_) => true,
        };
        if computed {
            out.write_char('[')?;
            string(key, out)?;
            return out.write_char(']');
        }
        match str::from_utf8(key) {
            Ok(text) if is_identifier(text) => out.write_str(text),
            Ok(_) | Err(_) => string(key, out),
        }
    }

    fn open<'a>(
        &self,
        value: &Value<'a>,
        out: &mut dyn fmt::Write,
    ) -> Result<Option<Inside<'a>>, fmt::Error> {
        let (elements, keyed, close) = match value {
            Value::Document(elements) => {
                out.write_char('{')?;
                (elements, true, "}")
            }
            Value::Array(elements) if elements.are_numbered() => {
                out.write_char('[')?;
                (elements, false, "]")
            }
            Value::Array(elements) => {
                out.write_str("ArrayWithKeys({")?;
                (elements, true, "})")
            }
            Value::CodeWithScope { code, scope } => {
                out.write_str("Code(")?;
                string(code, out)?;
                out.write_str(", {")?;
                (scope, true, "})")
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
            | Value::Int32(_)
            | Value::Timestamp { .. }
            | Value::Int64(_)
            | Value::Decimal128(_)
            | Value::MinKey
            | Value::MaxKey => return Ok(None),
        };
        Ok(Some(Inside { elements: elements.clone(), keyed, close }))
    }
}

/// Whether a key needs no quotes: a plain ASCII word.
pub(super) fn is_identifier(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    key.bytes().all(plain) && key.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn string(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    if let Ok(text) = str::from_utf8(bytes) {
        return quoted(text, out);
    }
    out.write_str("InvalidUtf8(")?;
    quoted_bytes(bytes, out)?;
    out.write_char(')')
}

fn call(name: &str, text: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    out.write_str(name)?;
    out.write_char('(')?;
    string(text, out)?;
    out.write_char(')')
}

fn object_id(id: [u8; 12], out: &mut dyn fmt::Write) -> fmt::Result {
    write!(out, "ObjectId(\"{}\")", ObjectId::from_bytes(id))
}

fn double(number: f64, out: &mut dyn fmt::Write) -> fmt::Result {
    if number.is_nan() && number.to_bits() != f64::NAN.to_bits() {
        return write!(out, "DoubleBits(\"{:016x}\")", number.to_bits());
    }
    match number {
        f64::INFINITY => out.write_str("Infinity"),
        f64::NEG_INFINITY => out.write_str("-Infinity"),
        // With its point: 12.0 is no integer.
        number => write!(out, "{number:?}"),
    }
}

fn decimal(bytes: [u8; 16], out: &mut dyn fmt::Write) -> fmt::Result {
    let number = Decimal128::from_bytes(bytes);
    let text = number.to_string();
    if text.parse().is_ok_and(|read: Decimal128| read == number) {
        write!(out, "Decimal128(\"{text}\")")
    } else {
        write!(out, "Decimal128Bits(\"{:032x}\")", u128::from_le_bytes(bytes))
    }
}

fn date(millis: i64, out: &mut dyn fmt::Write) -> fmt::Result {
    match rfc3339(DateTime::from_millis(millis)) {
        Some(text) if YEARS_OF_FOUR_DIGITS.contains(&millis) => write!(out, "ISODate(\"{text}\")"),
        _ if millis.unsigned_abs() <= DATE_MOST => write!(out, "new Date({millis})"),
        _ => write!(out, "DateMillis(\"{millis}\")"),
    }
}

fn binary(subtype: u8, bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    if subtype == UUID
        && let Ok(bytes) = bytes.try_into()
    {
        return write!(out, "UUID(\"{}\")", bson::Uuid::from_bytes(bytes));
    }
    let (name, content) = match binary_content(subtype, bytes) {
        Some(content) => ("BinData", content),
        None => ("BinDataRaw", bytes),
    };
    write!(out, "{name}({subtype}, \"{}\")", Base64Display::new(content, &STANDARD))
}

fn regex(pattern: &[u8], options: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    // Others mean something else between slashes, or nothing.
    let usual = matches!(options, b"" | b"i" | b"m" | b"im");
    if let (Ok(pattern), Ok(options), true) =
        (str::from_utf8(pattern), str::from_utf8(options), usual)
        && stands_between_slashes(pattern)
    {
        return write!(out, "/{pattern}/{options}");
    }
    out.write_str("BSONRegExp(")?;
    string(pattern, out)?;
    out.write_str(", ")?;
    string(options, out)?;
    out.write_char(')')
}
