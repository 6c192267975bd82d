//! Writing one document of an organization: in one transaction with its entry in the audit log.

use bson::{RawDocument, oid::ObjectId};
use rusqlite::{Connection, OptionalExtension};

use super::{
    document::key,
    error::{Attempt, Fault},
    read,
    row::held_in,
};
use crate::store::{DocumentWrite, StoreError};

/// Writes the document, where it is as it was read.
pub(super) fn write(tx: &Connection, org: ObjectId, write: &DocumentWrite) -> Attempt<()> {
    let org = read::org_where(tx, "id = ?", org.bytes())?.ok_or(StoreError::Gone)?;
    if org.in_trash().is_some() {
        return Err(StoreError::Changed.into());
    }
    let collection: i64 = tx
        .prepare_cached("SELECT row FROM collections WHERE name = ?")?
        .query_row([&*held_in(&org)], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::InTheWay {
            problem: "the organization has no collection".into(),
            help: "run `tenantry doctor --fix`, which creates it",
        })?;
    let key = key(&write.id()?)?;
    let now: Option<Vec<u8>> = tx
        .prepare_cached("SELECT bson FROM documents WHERE collection = ? AND key = ?")?
        .query_row((collection, &key), |row| row.get(0))
        .optional()?;
    match (&now, write.before()) {
        (None, None) => {}
        (Some(_), None) => return Err(StoreError::DocumentExists.into()),
        (None, Some(_)) => return Err(StoreError::DocumentGone.into()),
        (Some(now), Some(before)) if now == before.as_bytes() => {}
        (Some(_), Some(_)) => return Err(StoreError::DocumentChanged.into()),
    }
    match (now.is_some(), write.after()) {
        (false, Some(after)) => {
            let sql = "INSERT INTO documents (collection, key, bson) VALUES (?, ?, ?)";
            tx.prepare_cached(sql)?.execute((collection, key, after.as_bytes()))?;
        }
        (true, Some(after)) => {
            let sql = "UPDATE documents SET bson = ? WHERE collection = ? AND key = ?";
            tx.prepare_cached(sql)?.execute((after.as_bytes(), collection, key))?;
        }
        (_, None) => {
            let sql = "DELETE FROM documents WHERE collection = ? AND key = ?";
            tx.prepare_cached(sql)?.execute((collection, key))?;
        }
    }
    let count = |document: bool| i64::from(document);
    let bytes = |document: Option<&RawDocument>| {
        i64::try_from(document.map_or(0, |document| document.as_bytes().len()))
            .map_err(|_| Fault::Garbage)
    };
    let documents = count(write.after().is_some()) - count(write.before().is_some());
    let bytes = bytes(write.after().map(|after| &**after))?
        - bytes(write.before().map(|before| &**before))?;
    tx.prepare_cached(
        "UPDATE collections SET documents = documents + ?, bytes = bytes + ? WHERE row = ?",
    )?
    .execute((documents, bytes, collection))?;
    Ok(())
}
