//! Extended JSON v2, canonical and relaxed, as other programs read it.
//!
//! It has no words for everything: text that is not UTF-8 comes with replacement characters, a NaN without its
//! payload, a decimal in its usual encoding, an array without keys that are no numbers, any boolean that is not
//! false as true. All drivers write those so. An object with a key such as `$oid` is taken for a wrapper by whatever
//! reads it. Where nothing may be lost, take the shell syntax.

use std::fmt;

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use bson::{DateTime, Decimal128, oid::ObjectId};

use super::{
    element::{Value, binary_content},
    text::quoted,
    walk::{Inside, Syntax},
};
use crate::org::rfc3339;

/// The years 1970 to 9999, in milliseconds since 1970: the dates that relaxed JSON writes as text.
const DATES_AS_TEXT: std::ops::RangeInclusive<i64> = 0..=253_402_300_799_999;

/// How numbers and dates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// With their types.
    Canonical,
    /// For people and for programs that do not ask for types.
    Relaxed,
}

impl Syntax for Json {
    fn scalar(&self, value: &Value, out: &mut dyn fmt::Write) -> fmt::Result {
        match value {
            Value::Double(number) => self.double(*number, out),
            Value::String(text) => string(text, out),
            Value::Binary { subtype, bytes } => {
                let content = binary_content(*subtype, bytes).unwrap_or(bytes);
                let content = Base64Display::new(content, &STANDARD);
                write!(out, r#"{{"$binary":{{"base64":"{content}","subType":"{subtype:02x}"}}}}"#)
            }
            Value::Undefined => out.write_str(r#"{"$undefined":true}"#),
            Value::ObjectId(id) => object_id(*id, out),
            Value::Boolean(byte) => write!(out, "{}", *byte != 0),
            Value::DateTime(millis) => self.date(*millis, out),
            Value::Null => out.write_str("null"),
            Value::Regex { pattern, options } => {
                out.write_str(r#"{"$regularExpression":{"pattern":"#)?;
                string(pattern, out)?;
                out.write_str(r#","options":"#)?;
                string(options, out)?;
                out.write_str("}}")
            }
            Value::DbPointer { namespace, id } => {
                out.write_str(r#"{"$dbPointer":{"$ref":"#)?;
                string(namespace, out)?;
                out.write_str(r#","$id":"#)?;
                object_id(*id, out)?;
                out.write_str("}}")
            }
            Value::Code(code) => wrapped("$code", code, out),
            Value::Symbol(text) => wrapped("$symbol", text, out),
            Value::Int32(number) => self.integer("$numberInt", i64::from(*number), out),
            Value::Timestamp { time, increment } => {
                write!(out, r#"{{"$timestamp":{{"t":{time},"i":{increment}}}}}"#)
            }
            Value::Int64(number) => self.integer("$numberLong", *number, out),
            Value::Decimal128(bytes) => {
                write!(out, r#"{{"$numberDecimal":"{}"}}"#, Decimal128::from_bytes(*bytes))
            }
            Value::MinKey => out.write_str(r#"{"$minKey":1}"#),
            Value::MaxKey => out.write_str(r#"{"$maxKey":1}"#),
            Value::Document(_) | Value::Array(_) | Value::CodeWithScope { .. } => Ok(()),
        }
    }

    fn key(&self, key: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
        string(key, out)
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
            Value::Array(elements) => {
                out.write_char('[')?;
                (elements, false, "]")
            }
            Value::CodeWithScope { code, scope } => {
                out.write_str(r#"{"$code":"#)?;
                string(code, out)?;
                out.write_str(r#","$scope":{"#)?;
                (scope, true, "}}")
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

impl Json {
    fn integer(self, wrapper: &str, number: i64, out: &mut dyn fmt::Write) -> fmt::Result {
        match self {
            Self::Canonical => write!(out, r#"{{"{wrapper}":"{number}"}}"#),
            Self::Relaxed => write!(out, "{number}"),
        }
    }

    fn double(self, number: f64, out: &mut dyn fmt::Write) -> fmt::Result {
        let text = match number {
            f64::INFINITY => "Infinity".to_owned(),
            f64::NEG_INFINITY => "-Infinity".to_owned(),
            number => format!("{number:?}"),
        };
        match self {
            Self::Relaxed if number.is_finite() => out.write_str(&text),
            Self::Canonical | Self::Relaxed => write!(out, r#"{{"$numberDouble":"{text}"}}"#),
        }
    }

    fn date(self, millis: i64, out: &mut dyn fmt::Write) -> fmt::Result {
        match (self, rfc3339(DateTime::from_millis(millis))) {
            (Self::Relaxed, Some(text)) if DATES_AS_TEXT.contains(&millis) => {
                // Milliseconds stand there only where there are any.
                let whole = text.strip_suffix(".000Z");
                match whole {
                    Some(whole) => write!(out, r#"{{"$date":"{whole}Z"}}"#),
                    None => write!(out, r#"{{"$date":"{text}"}}"#),
                }
            }
            (Self::Canonical | Self::Relaxed, _) => {
                write!(out, r#"{{"$date":{{"$numberLong":"{millis}"}}}}"#)
            }
        }
    }
}

fn string(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    quoted(&String::from_utf8_lossy(bytes), out)
}

fn wrapped(wrapper: &str, text: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    write!(out, r#"{{"{wrapper}":"#)?;
    string(text, out)?;
    out.write_char('}')
}

fn object_id(id: [u8; 12], out: &mut dyn fmt::Write) -> fmt::Result {
    write!(out, r#"{{"$oid":"{}"}}"#, ObjectId::from_bytes(id))
}
