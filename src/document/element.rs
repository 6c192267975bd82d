//! The elements of a document as its bytes have them. Text is bytes here: a document may hold text that is
//! not UTF-8, a boolean that is neither 0 nor 1, an array with other keys than 0, 1, 2…, and all of that
//! has to reach the text and come back.

use bson::{RawDocument, spec::ElementType};

use super::raw_value::RawValue;

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
    /// The same value as its bytes.
    pub raw: RawValue<'a>,
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

    /// A value that is all of these bytes.
    pub fn value_of(kind: ElementType, bytes: &'a [u8]) -> Read<Value<'a>> {
        let mut around = Self { bytes, at: 0, end: bytes.len() };
        let value = around.value(kind)?;
        if around.is_empty() { Ok(value) } else { around.malformed("something behind it") }
    }

    /// Those from one place on to where the closing zero is, in the document that is all of these bytes.
    pub fn resumed(bytes: &'a [u8], at: usize, end: usize) -> Self {
        Self { bytes, at, end }
    }

    /// Where the next one begins, in the whole document.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Where their closing zero is, in the whole document.
    pub fn end(&self) -> usize {
        self.end
    }

    /// The whole document or array that they are of, as long as none of them was taken.
    pub fn document(&self) -> &'a [u8] {
        self.bytes.get(self.at.saturating_sub(4)..=self.end).unwrap_or_default()
    }

    /// That they are deeper than a document goes.
    pub fn too_deep(&self) -> Malformed {
        Malformed { at: self.at.saturating_sub(4), what: "more levels than a server stores" }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.at == self.end
    }

    /// Whether their keys are 0, 1, 2…, as those of an array have to be.
    pub fn are_numbered(&self) -> bool {
        self.first_are_numbered(usize::MAX)
    }

    /// Whether so many of them are, from the first on.
    pub fn first_are_numbered(&self, count: usize) -> bool {
        let mut first = self.clone().take(count).enumerate();
        first.all(|(at, element)| element.is_ok_and(|element| is_number(element.key, at)))
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
        let key = self.c_string()?;
        let start = self.at;
        let value = self.value(kind)?;
        let raw = RawValue::new(kind, self.bytes.get(start..self.at).unwrap_or_default());
        Ok(Element { key, value, raw })
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

impl<'a> Value<'a> {
    /// What a document or an array holds.
    pub fn children(&self) -> Option<Elements<'a>> {
        match self {
            Self::Document(elements) | Self::Array(elements) => Some(elements.clone()),
            Self::CodeWithScope { .. }
            | Self::Double(_)
            | Self::String(_)
            | Self::Binary { .. }
            | Self::Undefined
            | Self::ObjectId(_)
            | Self::Boolean(_)
            | Self::DateTime(_)
            | Self::Null
            | Self::Regex { .. }
            | Self::DbPointer { .. }
            | Self::Code(_)
            | Self::Symbol(_)
            | Self::Int32(_)
            | Self::Timestamp { .. }
            | Self::Int64(_)
            | Self::Decimal128(_)
            | Self::MinKey
            | Self::MaxKey => None,
        }
    }

    /// The level below: what a document, an array or the scope of code holds.
    pub fn inside(&self) -> Option<Elements<'a>> {
        match self {
            Self::CodeWithScope { scope, .. } => Some(scope.clone()),
            other => other.children(),
        }
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

/// Whether a key is what an array has at this place.
pub(super) fn is_number(key: &[u8], place: usize) -> bool {
    let digit = |number: Option<usize>, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| usize::from(byte - b'0'))?;
        number?.checked_mul(10)?.checked_add(digit)
    };
    let plain = matches!(key, [b'0'] | [b'1'..=b'9', ..]);
    plain && key.iter().fold(Some(0), digit) == Some(place)
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
