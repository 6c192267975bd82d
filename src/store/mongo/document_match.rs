//! Whether a document still is as it was read, as a server can be asked. It compares values: 5 is 5.0 to it, and of fields
//! with the same key it looks at the first. So it is also asked for the size of all of it, and for the types of the
//! numbers that are about to be changed; and the bytes were compared a moment before.

use mongodb::bson::{RawArrayBuf, RawBson, RawDocument, RawDocumentBuf, rawdoc, spec::ElementType};

use crate::{
    document::{Path, RawValue, Step, What, difference},
    store::{Result, StoreError},
};

/// Of so many numbers the type is asked for.
const TYPES_MOST: usize = 100;

/// An expression that is true of the document that this is, before it becomes that one or is deleted.
pub(super) fn is_exactly(
    before: &RawDocument,
    after: Option<&RawDocument>,
) -> Result<RawDocumentBuf> {
    let size = i64::try_from(before.as_bytes().len()).unwrap_or(i64::MAX);
    let mut all = RawArrayBuf::new();
    all.push(rawdoc! { "$eq": ["$$ROOT", { "$literal": before.to_owned() }] });
    all.push(rawdoc! { "$eq": [{ "$bsonSize": "$$ROOT" }, size] });
    if let Some(after) = after {
        let changes = difference(before, after);
        let changes = changes.map_err(|problem| StoreError::Other(problem.to_string()))?;
        let types = changes.iter().filter_map(|change| match change.what {
            What::Removed { value } | What::Changed { before: value, .. } => {
                is_of_type(&change.path, value)
            }
            What::Added { .. } | What::Reordered { .. } => None,
        });
        types.take(TYPES_MOST).for_each(|of_type| all.push(of_type));
    }
    Ok(rawdoc! { "$and": all })
}

/// An expression that is true where this number still has its type; none of what is no number, or cannot be named.
fn is_of_type(path: &Path, value: RawValue) -> Option<RawDocumentBuf> {
    let name = match value.kind() {
        ElementType::Double => "double",
        ElementType::Int32 => "int",
        ElementType::Int64 => "long",
        ElementType::Decimal128 => "decimal",
        ElementType::String
        | ElementType::EmbeddedDocument
        | ElementType::Array
        | ElementType::Binary
        | ElementType::Undefined
        | ElementType::ObjectId
        | ElementType::Boolean
        | ElementType::DateTime
        | ElementType::Null
        | ElementType::RegularExpression
        | ElementType::DbPointer
        | ElementType::JavaScriptCode
        | ElementType::Symbol
        | ElementType::JavaScriptCodeWithScope
        | ElementType::Timestamp
        | ElementType::MaxKey
        | ElementType::MinKey => return None,
    };
    let mut at = RawBson::from("$$ROOT");
    for step in path.steps() {
        at = RawBson::Document(match step {
            Step::Key { key, occurrence: 0 } => {
                let key = str::from_utf8(key).ok()?;
                rawdoc! { "$getField": { "field": { "$literal": key }, "input": at } }
            }
            Step::Key { .. } => return None,
            Step::Index { before, .. } => {
                let number = i64::try_from(*before).ok()?;
                rawdoc! { "$arrayElemAt": [at, number] }
            }
        });
    }
    Some(rawdoc! { "$eq": [{ "$type": at }, name] })
}

#[cfg(test)]
mod tests {
    use mongodb::bson::Document;

    use super::*;
    use crate::document::parse;

    #[test]
    fn the_types_of_the_numbers_that_change_are_asked_for() {
        let before =
            parse("{ _id: 1, a: { \"b.c\": [ 1, Long(\"2\") ] }, t: \"x\", d: 1.5 }").unwrap();
        let after = parse("{ _id: 1, a: { \"b.c\": [ 1, 3 ] }, t: \"y\" }").unwrap();
        let asked = is_exactly(&before, Some(&after)).unwrap();
        let asked = Document::try_from(&*asked).unwrap().to_string();
        for wanted in [
            r#"{ "$type": { "$arrayElemAt": [{ "$getField": { "field": { "$literal": "b.c" }"#,
            r#""long""#,
            r#""double""#,
        ] {
            assert!(asked.contains(wanted), "{wanted}: {asked}");
        }
        assert_eq!(asked.matches("$type").count(), 2, "{asked}");
    }
}
