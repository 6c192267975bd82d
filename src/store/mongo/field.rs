//! Reading one field of a document leniently, since another program may have written anything.

use mongodb::bson::{Bson, Document};

use crate::org::StoredText;

/// A string, or the empty one when there is none.
pub(super) fn text<'a>(record: &'a Document, field: &str) -> &'a str {
    record.get_str(field).unwrap_or_default()
}

pub(super) fn stored(record: &Document, field: &str) -> StoredText {
    StoredText::from(text(record, field))
}

/// A field by its path, as in an update.
pub(super) fn field_at<'a>(document: &'a Document, path: &str) -> Option<&'a Bson> {
    match path.split_once('.') {
        None => document.get(path),
        Some((field, rest)) => field_at(document.get_document(field).ok()?, rest),
    }
}

/// A number of ours; zero when there is none yet.
pub(super) fn number(record: &Document, field: &str) -> i64 {
    match record.get(field) {
        Some(Bson::Int64(number)) => *number,
        Some(Bson::Int32(number)) => i64::from(*number),
        _ => 0,
    }
}

/// The texts of a list; what else is in it is left out.
pub(super) fn strings(record: &Document, field: &str) -> Vec<String> {
    let values = record.get_array(field).map(Vec::as_slice).unwrap_or_default();
    values.iter().filter_map(Bson::as_str).map(str::to_owned).collect()
}
