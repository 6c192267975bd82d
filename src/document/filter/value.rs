//! The values of a document where they lie, as types and bytes. Unlike the driver's own reader this one does not
//! check for UTF-8, since the server compares bytes.

use bson::spec::ElementType;

/// Bytes that are no BSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the document is damaged: its bytes are no BSON")]
pub struct Malformed;

/// A value: its type, and its bytes without the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) kind: ElementType,
    pub(super) bytes: &'a [u8],
}

/// The fields of a document or an array, in their order, the same key as often as it is there.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Those of these bytes, which begin with their length and end with a zero.
    pub(super) fn of(document: &'a [u8]) -> Result<Self, Malformed> {
        let (length, rest) = split_length(document)?;
        let inside = rest.strip_suffix(&[0]).ok_or(Malformed)?;
        if length == document.len() { Ok(Self { rest: inside }) } else { Err(Malformed) }
    }

    /// The first value with this key.
    pub(super) fn get(self, key: &str) -> Result<Option<Value<'a>>, Malformed> {
        for field in self {
            let (found, value) = field?;
            if found == key.as_bytes() {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn split(&mut self) -> Result<(&'a [u8], Value<'a>), Malformed> {
        let (&tag, rest) = self.rest.split_first().ok_or(Malformed)?;
        let kind = ElementType::from(tag).ok_or(Malformed)?;
        let (key, rest) = split_text(rest)?;
        let (bytes, rest) = rest.split_at_checked(size(kind, rest)?).ok_or(Malformed)?;
        self.rest = rest;
        Ok((key, Value { kind, bytes }))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(&'a [u8], Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.split();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Value<'a> {
    /// The fields inside, where it is a document or an array.
    pub(super) fn fields(self) -> Result<Fields<'a>, Malformed> {
        Fields::of(self.bytes)
    }

    /// The bytes of a text, without its length and its final zero.
    pub(super) fn text(self) -> Result<&'a [u8], Malformed> {
        let (_, text) = split_length(self.bytes)?;
        text.strip_suffix(&[0]).ok_or(Malformed)
    }

    /// The two texts of a regular expression.
    pub(super) fn regex(self) -> Result<(&'a [u8], &'a [u8]), Malformed> {
        let (pattern, rest) = split_text(self.bytes)?;
        Ok((pattern, split_text(rest)?.0))
    }

    /// The text of code, and the document of its scope.
    pub(super) fn scoped_code(self) -> Result<(&'a [u8], &'a [u8]), Malformed> {
        let (_, rest) = split_length(self.bytes)?;
        let (length, text) = split_length(rest)?;
        let (text, scope) = text.split_at_checked(length).ok_or(Malformed)?;
        Ok((text.strip_suffix(&[0]).ok_or(Malformed)?, scope))
    }

    /// Its bytes, where it has as many as its type needs.
    pub(super) fn array<const N: usize>(self) -> Result<[u8; N], Malformed> {
        self.bytes.try_into().map_err(|_| Malformed)
    }
}

/// A length of four bytes, and what follows it.
fn split_length(bytes: &[u8]) -> Result<(usize, &[u8]), Malformed> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(Malformed)?;
    let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_| Malformed)?;
    Ok((length, rest))
}

/// A text up to its final zero, and what follows that.
fn split_text(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let end = bytes.iter().position(|byte| *byte == 0).ok_or(Malformed)?;
    Ok((&bytes[..end], &bytes[end + 1..]))
}

/// How many bytes the first value of these has.
fn size(kind: ElementType, bytes: &[u8]) -> Result<usize, Malformed> {
    let length = || split_length(bytes).map(|(length, _)| length);
    Ok(match kind {
        ElementType::Undefined | ElementType::Null | ElementType::MinKey | ElementType::MaxKey => 0,
        ElementType::Boolean => 1,
        ElementType::Int32 => 4,
        ElementType::Double
        | ElementType::DateTime
        | ElementType::Timestamp
        | ElementType::Int64 => 8,
        ElementType::ObjectId => 12,
        ElementType::Decimal128 => 16,
        ElementType::String | ElementType::JavaScriptCode | ElementType::Symbol => length()? + 4,
        ElementType::Binary => length()? + 5,
        ElementType::DbPointer => length()? + 16,
        ElementType::EmbeddedDocument
        | ElementType::Array
        | ElementType::JavaScriptCodeWithScope => length()?,
        ElementType::RegularExpression => {
            let (_, rest) = split_text(bytes)?;
            let (_, rest) = split_text(rest)?;
            bytes.len() - rest.len()
        }
    })
}
