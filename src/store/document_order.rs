//! The orders in which documents can be read: by their `_id`s, or by a field that leads an index.

use std::fmt;

use bson::{Bson, Document, RawBsonRef, RawDocument};

use super::{Result, StoreError, bytes_if_too_large};

/// The field of a document that is too large to show with what documents are sorted by in it, alone in an array. Missing
/// where that is too large itself.
pub(super) const SORTED_BY: &str = "↑";

/// The order of documents. Those with equal values, and of a missing field and `null`, are in the order of their `_id`s.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentOrder {
    /// What they are sorted by first; none for the `_id` alone.
    field: Option<String>,
    /// Whether the greatest comes first, of the values and of the `_id`s.
    pub descending: bool,
}

impl DocumentOrder {
    /// By `_id`.
    #[must_use]
    pub fn by_id(descending: bool) -> Self {
        Self { field: None, descending }
    }

    /// The field that it is about before the `_id`.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// What it is about, in words.
    #[must_use]
    pub fn word(&self) -> &str {
        self.field().unwrap_or("_id")
    }

    /// Where a document is in it.
    ///
    /// # Errors
    /// [`StoreError::Other`] where the document cannot be read, or has an array or far too large a value in the field.
    pub fn place(&self, document: &RawDocument) -> Result<DocumentPlace> {
        let failed = |why: &str| StoreError::Other(why.to_owned());
        let unreadable = || failed("the document has no _id that can be read");
        let id = document.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
        let id = id.ok_or_else(unreadable)?;
        let Some(field) = self.field() else { return Ok(id.into()) };
        let unsorted = |what: &str| failed(&format!("cannot sort by {field}: {what}"));
        let malformed = || unsorted("a value of it cannot be read");
        if bytes_if_too_large(document).is_some() {
            let alone = document.get_array(SORTED_BY);
            let alone = alone.map_err(|_| unsorted("a value of it is too large"))?;
            let value = alone.get(0).map_err(|_| malformed())?.unwrap_or(RawBsonRef::Null);
            return Ok(DocumentPlace { value: value.try_into().map_err(|_| malformed())?, id });
        }
        let mut at = Some(RawBsonRef::Document(document));
        for key in field.split('.') {
            at = match at {
                Some(RawBsonRef::Document(inside)) => inside.get(key).map_err(|_| malformed())?,
                Some(RawBsonRef::Array(_)) => return Err(unsorted(HOLDS_ARRAYS)),
                // In what is no document there is no field.
                Some(_) | None => None,
            };
        }
        match at {
            None => Ok(id.into()),
            Some(RawBsonRef::Array(_)) => Err(unsorted(HOLDS_ARRAYS)),
            Some(value) => {
                Ok(DocumentPlace { value: value.try_into().map_err(|_| malformed())?, id })
            }
        }
    }
}

const HOLDS_ARRAYS: &str = "it holds arrays, which are at several places of its index";

/// A place between documents, whether one is there or not.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentPlace {
    /// The value of the field that they are sorted by; `null` where it is missing, and where that is the `_id`.
    pub value: Bson,
    /// The `_id`.
    pub id: Bson,
}

impl From<Bson> for DocumentPlace {
    fn from(id: Bson) -> Self {
        Self { value: Bson::Null, id }
    }
}

/// A field that leads an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortField {
    /// Its path.
    pub field: String,
    /// Why documents cannot be sorted by it all the same.
    pub refused: Option<SortRefusal>,
}

impl SortField {
    /// The order by this field, where there is one.
    #[must_use]
    pub fn order(&self, descending: bool) -> Option<DocumentOrder> {
        let field = Some(self.field.clone());
        self.refused.is_none().then_some(DocumentOrder { field, descending })
    }
}

/// Why documents cannot be sorted by a field that leads an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortRefusal {
    /// A document is in the index once for each element, so that no place in it is the document's.
    Arrays,
    /// Not all documents are in it.
    Partial,
    /// It is not in the order of values.
    Unordered,
    /// It is in the order of a language.
    Collation,
    /// Its path has a part that is the number of an element or the name of a field.
    Numbered,
}

impl fmt::Display for SortRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Arrays => HOLDS_ARRAYS,
            Self::Partial => {
                "its index is sparse or partial, so that documents are missing from it"
            }
            Self::Unordered => "its index is not in the order of its values",
            Self::Collation => "its index has a collation",
            Self::Numbered => "a part of its path is a number",
        })
    }
}

/// What an index, as `listIndexes` describes it, is led by; none where that is the `_id`. Whether it holds arrays is not
/// known from that.
pub(super) fn leader(index: &Document) -> Option<SortField> {
    let (field, direction) = index.get_document("key").ok()?.iter().next()?;
    let is_ordered = match direction {
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) => true,
        // `"text"`, `"hashed"`, `"2d"` and the like.
        _ => false,
    };
    let wildcard = field.split('.').any(|part| part == "$**");
    let numbered = |part: &str| {
        part.is_empty() || part.bytes().all(|c| c.is_ascii_digit()) || part.starts_with('$')
    };
    let is_set = |option: &str| index.get_bool(option).unwrap_or(false);
    let refused = if !is_ordered || wildcard || index.contains_key("bucketSize") {
        Some(SortRefusal::Unordered)
    } else if index.contains_key("collation") {
        Some(SortRefusal::Collation)
    } else if is_set("sparse") || is_set("hidden") || index.contains_key("partialFilterExpression")
    {
        Some(SortRefusal::Partial)
    } else if field.split('.').any(numbered) {
        Some(SortRefusal::Numbered)
    } else {
        None
    };
    // The words of a text index are not a field of the documents.
    let named = field != "_id" && field != "_fts" && !wildcard;
    named.then(|| SortField { field: field.clone(), refused })
}

#[cfg(test)]
mod tests {
    use bson::{RawDocumentBuf, doc};

    use super::*;

    fn place(field: &str, document: &Document) -> Result<DocumentPlace> {
        let by = SortField { field: field.to_owned(), refused: None };
        by.order(false).unwrap().place(&RawDocumentBuf::try_from(document).unwrap())
    }

    #[test]
    fn a_place_is_the_value_and_the_id() {
        let found = |field: &str, document: Document| place(field, &document).unwrap().value;
        assert_eq!(found("a", doc! { "_id": 1, "a": 2 }), 2.into());
        assert_eq!(found("a.b", doc! { "_id": 1, "a": { "b": "x" } }), "x".into());
        for missing in [doc! { "_id": 1 }, doc! { "_id": 1, "a": 5 }, doc! { "_id": 1, "a": {} }] {
            assert_eq!(found("a.b", missing), Bson::Null);
        }
        assert_eq!(
            found("a", doc! { "_id": 1, "…": "9 bytes: too large to show", "↑": [7] }),
            7.into()
        );
        for refused in [
            doc! { "_id": 1, "a": [1] },
            doc! { "_id": 1, "…": "9 bytes: too large to show" },
            doc! { "a": 1 },
        ] {
            assert!(place("a", &refused).is_err(), "{refused}");
        }
        assert!(place("a.b", &doc! { "_id": 1, "a": [{ "b": 1 }] }).is_err());
    }

    #[test]
    fn an_index_that_is_led_by_a_field_sorts_by_it_unless_it_leaves_something_out() {
        let led = |index: Document| leader(&index).map(|led| (led.field, led.refused));
        let by = |refused| Some(("a".to_owned(), refused));
        assert_eq!(led(doc! { "key": { "_id": 1 } }), None);
        assert_eq!(led(doc! { "key": { "_fts": "text", "_ftsx": 1 } }), None);
        assert_eq!(led(doc! { "key": { "$**": 1 } }), None);
        for key in [doc! { "a": 1 }, doc! { "a": -1.0 }, doc! { "a": 1_i64, "b": 1 }] {
            assert_eq!(led(doc! { "key": key, "unique": true }), by(None));
        }
        for (option, refused) in [
            (doc! { "sparse": true }, SortRefusal::Partial),
            (doc! { "partialFilterExpression": { "b": 1 } }, SortRefusal::Partial),
            (doc! { "collation": { "locale": "fr" } }, SortRefusal::Collation),
        ] {
            let mut index = doc! { "key": { "a": 1 } };
            index.extend(option);
            assert_eq!(led(index), by(Some(refused)));
        }
        assert_eq!(led(doc! { "key": { "a": "hashed" } }), by(Some(SortRefusal::Unordered)));
        let numbered = led(doc! { "key": { "a.0": 1 } });
        assert_eq!(numbered, Some(("a.0".to_owned(), Some(SortRefusal::Numbered))));
    }
}
