//! The `_id` of a document: every stored one has it, as its first field.

use bson::{RawDocument, RawDocumentBuf, oid::ObjectId, spec::ElementType};

use super::{
    element::{Elements, Malformed},
    fields::Fields,
    raw_value::RawValue,
};

const KEY: &[u8] = b"_id";

/// The `_id`s of a document: a stored one has exactly one.
///
/// # Errors
/// When its bytes are not a BSON document.
pub fn ids(document: &RawDocument) -> Result<Vec<RawValue<'_>>, Malformed> {
    let fields = Fields::new(document.as_bytes(), Elements::root(document)?)?;
    Ok(places(&fields).into_iter().map(|place| fields.raw(place)).collect())
}

/// The `_id` of a document in so many characters at most: of an `ObjectId` its digits, of any other value what
/// [`RawValue::brief`] shows. Empty where it has none.
#[must_use]
pub fn brief_id(document: &RawDocument, most: usize) -> String {
    let Some(id) = ids(document).ok().and_then(|ids| ids.first().copied()) else {
        return String::new();
    };
    match (id.kind(), <[u8; 12]>::try_from(id.bytes())) {
        (ElementType::ObjectId, Ok(bytes)) => ObjectId::from_bytes(bytes).to_hex(),
        (_, _) => id.brief(most),
    }
}

/// A copy of the document with its `_id` in front; where it has none, with this one, or else a new one.
///
/// # Errors
/// When its bytes are not a BSON document, or it becomes too large to be one.
pub fn with_id_first(
    document: &RawDocument,
    otherwise: Option<RawValue>,
) -> Result<RawDocumentBuf, Malformed> {
    let fields = Fields::new(document.as_bytes(), Elements::root(document)?)?;
    let place = places(&fields).first().copied();
    let new = ObjectId::new().bytes();
    let first = match (place, otherwise) {
        (Some(place), _) => fields.bytes(place).to_vec(),
        (None, Some(id)) => element(id.kind(), id.bytes()),
        (None, None) => element(ElementType::ObjectId, &new),
    };
    let others = (0..fields.len()).filter(|other| Some(*other) != place);
    let others: Vec<&[u8]> = others.map(|other| fields.bytes(other)).collect();
    let elements = [first, others.concat()].concat();
    let malformed = Malformed { at: 0, what: "an impossible length" };
    let size = i32::try_from(elements.len() + 5).map_err(|_| malformed.clone())?;
    let bytes = [&size.to_le_bytes(), elements.as_slice(), &[0]].concat();
    RawDocumentBuf::from_bytes(bytes).map_err(|_| malformed)
}

fn places(fields: &Fields) -> Vec<usize> {
    (0..fields.len()).filter(|place| fields.key(*place) == KEY).collect()
}

fn element(kind: ElementType, value: &[u8]) -> Vec<u8> {
    [&[kind as u8], KEY, b"\0", value].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{one_line, parse};

    fn first(text: &str, otherwise: Option<&str>) -> String {
        let otherwise = otherwise.map(|text| parse(text).unwrap());
        let otherwise = otherwise.as_ref().map(|other| ids(other).unwrap()[0]);
        let mut out = String::new();
        one_line(&with_id_first(&parse(text).unwrap(), otherwise).unwrap(), &mut out).unwrap();
        out
    }

    #[test]
    fn the_id_comes_first_and_is_made_where_there_is_none() {
        assert_eq!(first("{ a: 1, _id: 7, b: 2 }", None), "{ _id: 7, a: 1, b: 2 }");
        assert_eq!(first("{ _id: 7, a: 1 }", Some("{ _id: 8 }")), "{ _id: 7, a: 1 }");
        assert_eq!(first("{ a: 1 }", Some("{ _id: \"x\" }")), "{ _id: \"x\", a: 1 }");
        let made = first("{ a: 1 }", None);
        assert!(made.starts_with("{ _id: ObjectId(\"") && made.ends_with("\"), a: 1 }"), "{made}");
    }

    #[test]
    fn all_ids_are_found() {
        let document = parse("{ _id: 1, a: { _id: 2 }, _id: 3 }").unwrap();
        assert_eq!(ids(&document).unwrap().len(), 2);
    }
}
