//! What tells one state of something from another, and calls that are for one state only.

use axum::http::{HeaderMap, StatusCode, header};
use bson::RawDocument;
use sha2::{Digest, Sha256};

use super::Refused;

/// What tells one state of a document from another: it is over its bytes.
pub(super) fn of_document(document: &RawDocument) -> String {
    format!("\"{}\"", hex::encode(Sha256::digest(document.as_bytes())))
}

/// Refuses a change if `If-Match` names another state than the one now.
pub(super) fn ensure_match(headers: &HeaderMap, now: &str, what: &str) -> Result<(), Refused> {
    let mut wanted = headers.get_all(header::IF_MATCH).iter().peekable();
    if wanted.peek().is_none() {
        return Ok(());
    }
    let texts = wanted.filter_map(|text| text.to_str().ok());
    let mut tags = texts.flat_map(|text| text.split(',')).map(str::trim);
    if tags.any(|tag| tag == "*" || tag == now) {
        return Ok(());
    }
    let help = "read it again, then repeat your change if you still want it";
    Err(Refused::new(StatusCode::PRECONDITION_FAILED, what, help))
}
