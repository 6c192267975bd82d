//! Whether a document is one to its leaves. No recursion, so that no document is too deep.

use bson::RawDocument;

use super::{
    DEPTH_MOST,
    element::{Elements, Malformed},
};

/// Reads every element of a document, at every level.
///
/// # Errors
/// When the bytes are not a BSON document, or it has more levels than [`DEPTH_MOST`].
pub fn check(document: &RawDocument) -> Result<(), Malformed> {
    let mut open = vec![Elements::root(document)?];
    while let Some(elements) = open.last_mut() {
        let Some(element) = elements.next() else {
            open.pop();
            continue;
        };
        let Some(inside) = element?.value.inside() else { continue };
        if open.len() == DEPTH_MOST {
            return Err(inside.too_deep());
        }
        open.push(inside);
    }
    Ok(())
}
