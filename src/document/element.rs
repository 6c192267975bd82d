//! The elements of a document as its bytes have them. Text is bytes here: a document may hold text that is
//! not UTF-8, a boolean that is neither 0 nor 1, an array with other keys than 0, 1, 2…, and all of that
//! has to reach the text and come back.

use bson::{RawDocument, spec::ElementType};

/// The bytes are not a BSON document: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a BSON document: {what} at byte {at}")]
pub struct Malformed {
    /// Counted from the beginning of the document.
    pub at: usize,
    /// In a few words.
    pub what: &'static str,
}

/// The elements of a document or an array that are still to come.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    /// The whole document that this one is in.
    bytes: &'a [u8],
    at: usize,
    /// Where its closing zero is.
    end: usize,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Element<'a> {
    pub key: &'a [u8],
    pub value: Value<'a>,
}

/// A value of any type.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Double(f64),
    String(&'a [u8]),
    Document(Elements<'a>),
    Array(Elements<'a>),
    /// All bytes behind the subtype.
    Binary {
        subtype: u8,
        bytes: &'a [u8],
    },
    Undefined,
    ObjectId([u8; 12]),
    Boolean(u8),
    DateTime(i64),
    Null,
    Regex {
        pattern: &'a [u8],
        options: &'a [u8],
    },
    DbPointer {
        namespace: &'a [u8],
        id: [u8; 12],
    },
    Code(&'a [u8]),
    Symbol(&'a [u8]),
    CodeWithScope {
        code: &'a [u8],
        scope: Elements<'a>,
    },
    Int32(i32),
    Timestamp {
        time: u32,
        increment: u32,
    },
    Int64(i64),
    Decimal128([u8; 16]),
    MinKey,
    MaxKey,
}

type Read<T> = Result<T, Malformed>;

impl<'a> Elements<'a> {
    /// Those of a whole document.
    pub fn root(document: &'a RawDocument) -> Read<Self> {
        Self::from_bytes(document.as_bytes())
    }

    /// Those of the document that these bytes are.
    pub fn from_bytes(bytes: &'a [u8]) -> Read<Self> {
        let mut around = Self { bytes, at: 0, end: bytes.len() };
        let root = around.nested()?;
        if around.at == bytes.len() { Ok(root) } else { around.malformed("something behind it") }
    }

    /// The whole document or array that they are of, as long as none of them was taken.
    pub fn document(&self) -> &'a [u8] {
        self.bytes.get(self.at.saturating_sub(4)..=self.end).unwrap_or_default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.at == self.end
    }

    /// Whether their keys are 0, 1, 2…, as those of an array have to be.
    pub fn are_numbered(&self) -> bool {
        let mut number = Number::default();
        self.clone().all(|element| element.is_ok_and(|element| element.key == number.next()))
    }

    fn malformed<T>(&self, what: &'static str) -> Read<T> {
        Err(Malformed { at: self.at, what })
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.end);
        let Some(taken) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            return self.malformed("more announced than there is");
        };
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let taken = self.take(N)?;
        taken.try_into().or_else(|_| self.malformed("more announced than there is"))
    }

    fn length(&mut self, least: usize) -> Read<usize> {
        let at = self.at;
        let length = i32::from_le_bytes(self.array()?);
        match usize::try_from(length) {
            Ok(length) if length >= least => Ok(length),
            _ => Err(Malformed { at, what: "an impossible length" }),
        }
    }

    fn string(&mut self) -> Read<&'a [u8]> {
        let length = self.length(1)?;
        match self.take(length)? {
            [text @ .., 0] => Ok(text),
            _ => self.malformed("text without its closing zero"),
        }
    }

    fn c_string(&mut self) -> Read<&'a [u8]> {
        let left = self.bytes.get(self.at..self.end).unwrap_or_default();
        let Some(length) = left.iter().position(|byte| *byte == 0) else {
            return self.malformed("text without its closing zero");
        };
        let text = self.take(length)?;
        self.at += 1;
        Ok(text)
    }

    fn nested(&mut self) -> Read<Self> {
        let start = self.at;
        let length = self.length(5)?;
        let [.., 0] = self.take(length - 4)? else {
            return self.malformed("a document without its closing zero");
        };
        Ok(Self { bytes: self.bytes, at: start + 4, end: start + length - 1 })
    }

    fn element(&mut self) -> Read<Element<'a>> {
        let at = self.at;
        let [kind] = self.array()?;
        let Some(kind) = ElementType::from(kind) else {
            return Err(Malformed { at, what: "an unknown type" });
        };
        Ok(Element { key: self.c_string()?, value: self.value(kind)? })
    }

    fn value(&mut self, kind: ElementType) -> Read<Value<'a>> {
        Ok(match kind {
            ElementType::Double => Value::Double(f64::from_le_bytes(self.array()?)),
            ElementType::String => Value::String(self.string()?),
            ElementType::EmbeddedDocument => Value::Document(self.nested()?),
            ElementType::Array => Value::Array(self.nested()?),
            ElementType::Binary => {
                let length = self.length(0)?;
                let [subtype] = self.array()?;
                Value::Binary { subtype, bytes: self.take(length)? }
            }
            ElementType::Undefined => Value::Undefined,
            ElementType::ObjectId => Value::ObjectId(self.array()?),
            ElementType::Boolean => {
                let [byte] = self.array()?;
                Value::Boolean(byte)
            }
            ElementType::DateTime => Value::DateTime(i64::from_le_bytes(self.array()?)),
            ElementType::Null => Value::Null,
            ElementType::RegularExpression => {
                Value::Regex { pattern: self.c_string()?, options: self.c_string()? }
            }
            ElementType::DbPointer => {
                Value::DbPointer { namespace: self.string()?, id: self.array()? }
            }
            ElementType::JavaScriptCode => Value::Code(self.string()?),
            ElementType::Symbol => Value::Symbol(self.string()?),
            ElementType::JavaScriptCodeWithScope => {
                let start = self.at;
                let length = self.length(14)?;
                let (code, scope) = (self.string()?, self.nested()?);
                if self.at != start + length {
                    return self.malformed("code and scope of another length than announced");
                }
                Value::CodeWithScope { code, scope }
            }
            ElementType::Int32 => Value::Int32(i32::from_le_bytes(self.array()?)),
            ElementType::Timestamp => {
                let increment = u32::from_le_bytes(self.array()?);
                Value::Timestamp { time: u32::from_le_bytes(self.array()?), increment }
            }
            ElementType::Int64 => Value::Int64(i64::from_le_bytes(self.array()?)),
            ElementType::Decimal128 => Value::Decimal128(self.array()?),
            ElementType::MaxKey => Value::MaxKey,
            ElementType::MinKey => Value::MinKey,
        })
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Read<Element<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_empty() {
            return None;
        }
        let element = self.element();
        if element.is_err() {
            self.at = self.end;
        }
        Some(element)
    }
}

/// What binary data holds, which for the old subtype 2 stands behind its own length; none where that length is
/// wrong.
pub(super) fn binary_content(subtype: u8, bytes: &[u8]) -> Option<&[u8]> {
    if subtype != 2 {
        return Some(bytes);
    }
    let (length, content) = bytes.split_first_chunk()?;
    let length = usize::try_from(i32::from_le_bytes(*length)).ok()?;
    (length == content.len()).then_some(content)
}

/// The keys of an array, one after the other, without an allocation for each.
#[derive(Default)]
pub(super) struct Number {
    next: usize,
    text: String,
}

impl Number {
    /// The next one.
    pub fn next(&mut self) -> &[u8] {
        use std::fmt::Write as _;

        self.text.clear();
        // Writing into a string cannot fail.
        let _ = write!(self.text, "{}", self.next);
        self.next += 1;
        self.text.as_bytes()
    }
}
