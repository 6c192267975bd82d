//! Documents through text and back.

mod arbitrary;
mod parse;
mod properties;
mod sizes;
mod write;

use bson::{RawDocument, RawDocumentBuf};

use super::WriteError;

/// The text of a document.
fn written(
    document: &RawDocumentBuf,
    write: impl FnOnce(&RawDocument, &mut String) -> Result<(), WriteError>,
) -> String {
    let mut text = String::new();
    write(document, &mut text).unwrap();
    text
}
