//! Documents through text and back.

pub(crate) mod arbitrary;
mod check;
mod difference;
mod edits;
mod merge;
mod parse;
mod properties;
mod replace;
mod sizes;
mod tree;
mod update;
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
