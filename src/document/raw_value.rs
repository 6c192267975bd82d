//! One value of any type as its bytes: what a change, a merge and a single edit are made of. Bytes, since values that
//! compare equal may be stored differently: 5 and 5.0, 0.0 and -0.0, one NaN and another.

use std::fmt;

use bson::{Bson, RawDocumentBuf, oid::ObjectId, spec::ElementType};

use super::{
    brief::brief,
    element::{Elements, Malformed, Value},
    shell::Shell,
    walk::{self, Layout, WriteError},
};

/// A value in a document, without its key. Two are equal when their types and bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawValue<'a> {
    kind: ElementType,
    bytes: &'a [u8],
}

impl<'a> RawValue<'a> {
    pub(super) const fn new(kind: ElementType, bytes: &'a [u8]) -> Self {
        Self { kind, bytes }
    }

    /// Its type.
    #[must_use]
    pub fn kind(self) -> ElementType {
        self.kind
    }

    /// Its bytes as BSON has them, without type and key.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// A copy of its own.
    #[must_use]
    pub fn to_buf(self) -> RawValueBuf {
        RawValueBuf { kind: self.kind, bytes: self.bytes.to_vec() }
    }

    /// Writes it in shell syntax, on one line; [`super::parse_value`] reads it back byte for byte.
    ///
    /// # Errors
    /// When its bytes are not BSON, or `out` takes no more.
    pub fn one_line(self, out: &mut impl fmt::Write) -> Result<(), WriteError> {
        walk::write_value(&self.read()?, &Shell, Layout::OneLine, out)
    }

    /// In shell syntax on one line of at most so many characters, the last of them an ellipsis where it was cut. The
    /// time it takes depends on how much is shown, not on how large the value is.
    #[must_use]
    pub fn brief(self, most: usize) -> String {
        brief(self, most)
    }

    pub(super) fn read(self) -> Result<Value<'a>, Malformed> {
        Elements::value_of(self.kind, self.bytes)
    }
}

/// A value of its own, without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawValueBuf {
    pub(super) kind: ElementType,
    pub(super) bytes: Vec<u8>,
}

impl RawValueBuf {
    pub(super) fn new(kind: ElementType, bytes: impl Into<Vec<u8>>) -> Self {
        Self { kind, bytes: bytes.into() }
    }

    /// An id.
    #[must_use]
    pub fn from_object_id(id: ObjectId) -> Self {
        Self::new(ElementType::ObjectId, id.bytes())
    }

    /// A text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::text(ElementType::String, text.as_bytes())
    }

    /// The same, borrowed.
    #[must_use]
    pub fn as_raw(&self) -> RawValue<'_> {
        RawValue { kind: self.kind, bytes: &self.bytes }
    }

    /// As the driver's own type. None where that cannot hold it: text that is not UTF-8, say.
    #[must_use]
    pub fn to_bson(&self) -> Option<Bson> {
        let mut bytes = i32::try_from(self.bytes.len() + 7).ok()?.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[self.kind as u8, 0]);
        bytes.extend_from_slice(&self.bytes);
        bytes.push(0);
        let alone = RawDocumentBuf::from_bytes(bytes).ok()?;
        Bson::try_from(alone.get("").ok()??).ok()
    }

    /// A value of a type that is a string in BSON.
    pub(super) fn text(kind: ElementType, text: &[u8]) -> Option<Self> {
        let mut bytes = i32::try_from(text.len() + 1).ok()?.to_le_bytes().to_vec();
        bytes.extend_from_slice(text);
        bytes.push(0);
        Some(Self { kind, bytes })
    }

    /// Binary data; the old subtype 2 gets its second length.
    pub(super) fn binary(subtype: u8, content: &[u8]) -> Option<Self> {
        if subtype != 2 {
            return Self::binary_raw(subtype, content);
        }
        let mut bytes = i32::try_from(content.len()).ok()?.to_le_bytes().to_vec();
        bytes.extend_from_slice(content);
        Self::binary_raw(subtype, &bytes)
    }

    /// Binary data, whatever it is.
    pub(super) fn binary_raw(subtype: u8, content: &[u8]) -> Option<Self> {
        let mut bytes = i32::try_from(content.len()).ok()?.to_le_bytes().to_vec();
        bytes.push(subtype);
        bytes.extend_from_slice(content);
        Some(Self { kind: ElementType::Binary, bytes })
    }

    /// A regular expression; none where one of the two has a zero in it, which BSON cannot hold.
    pub(super) fn regex(pattern: &[u8], options: &[u8]) -> Option<Self> {
        if pattern.contains(&0) || options.contains(&0) {
            return None;
        }
        Some(Self::new(ElementType::RegularExpression, [pattern, b"\0", options, b"\0"].concat()))
    }

    /// Code with its scope, which is the BSON of a document.
    pub(super) fn code_with_scope(code: &[u8], scope: &[u8]) -> Option<Self> {
        let code = Self::text(ElementType::JavaScriptCode, code)?.bytes;
        let length = i32::try_from(4 + code.len() + scope.len()).ok()?;
        let bytes = [&length.to_le_bytes(), code.as_slice(), scope].concat();
        Some(Self::new(ElementType::JavaScriptCodeWithScope, bytes))
    }

    pub(super) fn db_pointer(namespace: &[u8], id: [u8; 12]) -> Option<Self> {
        let mut bytes = Self::text(ElementType::DbPointer, namespace)?.bytes;
        bytes.extend_from_slice(&id);
        Some(Self::new(ElementType::DbPointer, bytes))
    }

    pub(super) fn timestamp(time: u32, increment: u32) -> Self {
        let bytes = [increment.to_le_bytes(), time.to_le_bytes()].concat();
        Self::new(ElementType::Timestamp, bytes)
    }

    pub(super) fn date(millis: i64) -> Self {
        Self::new(ElementType::DateTime, millis.to_le_bytes())
    }
}
