//! The command that writes a document where it is as it was read, and keeps every byte.
//!
//! An ordinary insert or replacement gives fields with an empty timestamp the current time, and a replacement refuses
//! keys that begin with a dollar sign. A pipeline does neither, but a server that computes what it changes in a document
//! with repeated keys aborts (6.0.5). What neither can do, or does not fit into one command, is done with `$set` and
//! `$unset`, where those come to the same.

use mongodb::bson::{
    Binary, Bson, RawBson, RawDocument, RawDocumentBuf, cstr, doc, rawbson, rawdoc,
};

use super::document_match::is_exactly;
use crate::{
    document::{has_dollar_key, has_empty_timestamp, operators, repeats_keys},
    store::{DocumentWrite, Result, StoreError},
};

/// How many bytes a command may have: a document, and what a server allows beside it. What the driver adds has room.
const COMMAND_MOST: usize = 16 * 1024 * 1024 + 15 * 1024;

/// What is in a command beside the documents.
const BESIDES: usize = 14 * 1024;

/// The command for a document with this `_id` in the collection of this name and identity.
pub(super) fn command(
    (name, uuid): (&str, &Binary),
    id: &Bson,
    write: &DocumentWrite,
) -> Result<RawDocumentBuf> {
    let simple = || rawdoc! { "locale": "simple" };
    let id = RawDocumentBuf::try_from(&doc! { "$eq": id }).map_err(unencodable)?;
    let mut query = rawdoc! { "_id": id };
    let mut command = match write {
        DocumentWrite::Insert(document) if is_touched(document)? => {
            if repeats_keys(document).map_err(unencodable)? {
                return Err(impossible());
            }
            // No document is so: what has this `_id` is not replaced, and stops the new one.
            query.append(cstr!("$nor"), rawbson!([{}]));
            let one = rawdoc! {
                "q": query, "u": pipeline(document), "upsert": true, "collation": simple(),
            };
            rawdoc! { "update": name, "updates": [one] }
        }
        DocumentWrite::Insert(document) => {
            rawdoc! { "insert": name, "documents": [document.clone()] }
        }
        DocumentWrite::Replace { before, after } => {
            query.append(cstr!("$expr"), is_exactly(before, Some(after))?);
            let one = rawdoc! { "q": query, "u": update(before, after)?, "collation": simple() };
            rawdoc! { "update": name, "updates": [one] }
        }
        DocumentWrite::Delete(before) => {
            query.append(cstr!("$expr"), is_exactly(before, None)?);
            let one = rawdoc! { "q": query, "limit": 1, "collation": simple() };
            rawdoc! { "delete": name, "deletes": [one] }
        }
    };
    command.append(cstr!("collectionUUID"), uuid.clone());
    if command.as_bytes().len() > COMMAND_MOST { Err(too_large()) } else { Ok(command) }
}

/// What makes the one of the other.
fn update(before: &RawDocument, after: &RawDocument) -> Result<RawBson> {
    let fits = before.as_bytes().len() + after.as_bytes().len() + BESIDES < COMMAND_MOST;
    let special = has_dollar_key(after).map_err(unencodable)? || is_touched(after)?;
    if fits && !special {
        return Ok(RawBson::Document(after.to_owned()));
    }
    let repeats = |document| repeats_keys(document).map_err(unencodable);
    if fits && !repeats(before)? && !repeats(after)? {
        return Ok(pipeline(after));
    }
    match operators(before, after).map_err(unencodable)? {
        Some(operators) => Ok(RawBson::Document(operators.to_document().map_err(unencodable)?)),
        None if fits => Err(impossible()),
        None => Err(too_large()),
    }
}

fn pipeline(document: &RawDocument) -> RawBson {
    rawbson!([{ "$replaceWith": { "$literal": document.to_owned() } }])
}

/// Whether the server would put the current time into a field.
fn is_touched(document: &RawDocument) -> Result<bool> {
    has_empty_timestamp(document).map_err(unencodable)
}

fn impossible() -> StoreError {
    StoreError::InTheWay {
        problem:
            "MongoDB cannot write this document as it is: it has a repeated key and also an empty \
                  timestamp or a key that begins with $"
                .into(),
        help: "remove one of them, or change only single fields of it",
    }
}

fn too_large() -> StoreError {
    StoreError::InTheWay {
        problem:
            "MongoDB takes 16 MB in one write, and this document as it was and as it is to be have \
                  more together"
                .into(),
        help: "change only single fields of it, without adding or removing elements of arrays",
    }
}

fn unencodable(problem: impl std::fmt::Display) -> StoreError {
    StoreError::Other(problem.to_string())
}
