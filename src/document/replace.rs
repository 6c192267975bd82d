//! One value of a document changed in place: no other byte is read as anything but what it is.

use bson::{RawDocument, RawDocumentBuf, spec::ElementType};

use super::{
    DEPTH_MOST, SIZE_MOST,
    element::{Element, Elements, Malformed, Value},
    path::{Path, Step},
    raw_value::RawValue,
};

/// Why a value is not replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceError {
    /// The document's bytes are not BSON.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// There is no such value in the document.
    #[error("the document has no {0}")]
    NoSuchValue(Path),
    /// With the new value the document has too many levels.
    #[error("too many levels: a document has at most {DEPTH_MOST}")]
    TooDeep,
    /// With the new value the document has too many bytes.
    #[error("too large: a document has at most 16 MB (16,777,216 bytes) of BSON")]
    TooLarge,
}

/// A copy of the document that has another value at a path, of whatever type. All other bytes are the same but the
/// lengths of what the value is in. Where the path has two numbers for an element, the first one counts.
///
/// # Errors
/// When nothing is there, the path is the document's own, or the result is more than a server stores.
pub fn replace_value(
    document: &RawDocument,
    path: &Path,
    value: RawValue,
) -> Result<RawDocumentBuf, ReplaceError> {
    let missing = || ReplaceError::NoSuchValue(path.clone());
    let found = find(document, path)?.ok_or_else(missing)?;
    if found.around.len() + levels(value)? > DEPTH_MOST {
        return Err(ReplaceError::TooDeep);
    }
    found.splice(document.as_bytes(), value)
}

/// The value at a path. Where the path has two numbers for an element, the first one counts.
///
/// # Errors
/// When the bytes on the way to it are not BSON.
pub fn value_at<'a>(
    document: &'a RawDocument,
    path: &Path,
) -> Result<Option<RawValue<'a>>, Malformed> {
    let bytes = document.as_bytes();
    if path.steps().is_empty() {
        return Ok(Some(RawValue::new(ElementType::EmbeddedDocument, bytes)));
    }
    let Some(found) = find(document, path)? else { return Ok(None) };
    let value = bytes.get(found.value..found.end).unwrap_or_default();
    Ok(Some(RawValue::new(found.kind, value)))
}

/// Where an element is.
pub(super) struct Found {
    kind: ElementType,
    pub start: usize,
    /// Where its value begins.
    value: usize,
    pub end: usize,
    /// Where the documents and arrays that it is in begin, from the whole one on.
    around: Vec<usize>,
}

impl Found {
    fn splice(&self, document: &[u8], value: RawValue) -> Result<RawDocumentBuf, ReplaceError> {
        let part = |range: std::ops::Range<usize>| document.get(range).unwrap_or_default();
        let kind = [value.kind() as u8];
        let key = part(self.start + 1..self.value);
        let parts = [part(0..self.start), &kind, key, value.bytes()];
        let mut bytes = [&parts.concat(), part(self.end..document.len())].concat();
        if bytes.len() > SIZE_MOST.max(document.len()) {
            return Err(ReplaceError::TooLarge);
        }
        for start in &self.around {
            let length = document.get(*start..).and_then(<[u8]>::first_chunk::<4>);
            let length =
                length.and_then(|length| usize::try_from(i32::from_le_bytes(*length)).ok());
            let length = length.and_then(|length| {
                i32::try_from(length + value.bytes().len() - (self.end - self.value)).ok()
            });
            let length = length.ok_or(ReplaceError::TooLarge)?;
            if let Some(place) = bytes.get_mut(*start..start + 4) {
                place.copy_from_slice(&length.to_le_bytes());
            }
        }
        let malformed = |_| Malformed { at: 0, what: "an impossible length" };
        Ok(RawDocumentBuf::from_bytes(bytes).map_err(malformed)?)
    }
}

/// The element at a path.
pub(super) fn find(document: &RawDocument, path: &Path) -> Result<Option<Found>, Malformed> {
    let mut inside = Elements::root(document)?;
    let mut numbered = false;
    let mut around = Vec::new();
    let mut found = None;
    for step in path.steps() {
        if let Some((_, value)) = found.take() {
            numbered = matches!(&value, Value::Array(elements) if elements.are_numbered());
            let Some(elements) = value.children() else { return Ok(None) };
            inside = elements;
        }
        around.push(inside.at() - 4);
        let (wanted, number) = match step {
            Step::Key { key, occurrence } if !numbered => (Some(&**key), *occurrence),
            Step::Index { before, .. } if numbered => (None, *before),
            Step::Key { .. } | Step::Index { .. } => return Ok(None),
        };
        let mut left = number;
        loop {
            let start = inside.at();
            let Some(element) = inside.next() else { return Ok(None) };
            let Element { key, value, .. } = element?;
            if wanted.is_some_and(|wanted| wanted != key) {
                continue;
            }
            if left == 0 {
                found = Some(((start, key.len(), inside.at()), value));
                break;
            }
            left -= 1;
        }
    }
    let Some(((start, key, end), _)) = found else { return Ok(None) };
    let kind = document.as_bytes().get(start).and_then(|kind| ElementType::from(*kind));
    Ok(kind.map(|kind| Found { kind, start, value: start + key + 2, end, around }))
}

/// How many levels a value has of its own.
fn levels(value: RawValue) -> Result<usize, Malformed> {
    let mut open: Vec<Elements> = Vec::new();
    open.extend(value.read()?.inside());
    let mut most = open.len();
    while let Some(top) = open.last_mut() {
        match top.next() {
            None => {
                open.pop();
            }
            Some(element) => open.extend(element?.value.inside()),
        }
        most = most.max(open.len());
    }
    Ok(most)
}
