//! The elements of one document or array by their number, for what goes through them more than once: eight bytes
//! for each, however large they are.

use bson::spec::ElementType;

use super::{
    element::{Elements, Malformed, Value},
    raw_value::RawValue,
};

/// See the top of this file.
pub(super) struct Fields<'a> {
    elements: Elements<'a>,
    bytes: &'a [u8],
    /// Where each begins, and where the last one ends.
    starts: Vec<usize>,
}

impl<'a> Fields<'a> {
    /// Those that are still to come, in the document that is all of these bytes.
    pub fn new(bytes: &'a [u8], elements: Elements<'a>) -> Result<Self, Malformed> {
        let mut starts = vec![elements.at()];
        let mut left = elements.clone();
        while let Some(element) = left.next() {
            element?;
            starts.push(left.at());
        }
        Ok(Self { elements, bytes, starts })
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The bytes of one: its type, its key and its value.
    pub fn bytes(&self, number: usize) -> &'a [u8] {
        match self.starts.get(number..number + 2) {
            Some(&[start, end]) => self.bytes.get(start..end).unwrap_or_default(),
            Some(_) | None => &[],
        }
    }

    pub fn key(&self, number: usize) -> &'a [u8] {
        key_of(self.bytes(number))
    }

    pub fn raw(&self, number: usize) -> RawValue<'a> {
        let bytes = self.bytes(number);
        let kind = bytes.first().and_then(|kind| ElementType::from(*kind));
        let value = bytes.get(key_of(bytes).len() + 2..).unwrap_or_default();
        // All of them were read once, so each has a type.
        RawValue::new(kind.unwrap_or(ElementType::Null), value)
    }

    /// The value of one, whose own elements know their place in the whole document.
    pub fn value(&self, number: usize) -> Result<Value<'a>, Malformed> {
        let start = self.starts.get(number).copied().unwrap_or(self.elements.end());
        let mut from = Elements::resumed(self.bytes, start, self.elements.end());
        match from.next() {
            Some(element) => Ok(element?.value),
            None => Err(Malformed { at: start, what: "more announced than there is" }),
        }
    }
}

/// The key in the bytes of an element.
fn key_of(element: &[u8]) -> &[u8] {
    let behind = element.get(1..).unwrap_or_default();
    behind.split(|byte| *byte == 0).next().unwrap_or_default()
}
