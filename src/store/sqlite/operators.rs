//! The operators' accounts: one document in one row.

use bson::{DateTime, oid::ObjectId};
use rusqlite::Transaction;

use super::{
    audit,
    error::{Attempt, Fault},
    read::{directory, holder},
};
use crate::{
    org::Claim,
    store::{Directory, Entry, StoreError, admit},
};

pub(super) fn write(tx: &Transaction, new: &Directory, entry: &Entry) -> Attempt<()> {
    let before = directory(tx)?;
    if before.revision != new.revision {
        return Err(StoreError::Changed.into());
    }
    for email in new.new_emails(&before) {
        let claim = Claim::Email(email);
        admit::unclaimed(&claim, holder(tx, &claim)?, None)?;
    }
    put(tx, &new.next()?)?;
    audit::append(tx, entry)
}

pub(super) fn note_key_use(tx: &Transaction, key: ObjectId, at: DateTime) -> Attempt<()> {
    let mut all = directory(tx)?;
    let keys = all.operators.iter_mut().flat_map(|operator| &mut operator.keys);
    let Some(used) = keys.into_iter().find(|own| own.id == key) else { return Ok(()) };
    used.last_used = Some(at);
    put(tx, &all)
}

fn put(tx: &Transaction, directory: &Directory) -> Attempt<()> {
    let bytes = directory.to_document().to_vec().map_err(|_| Fault::Garbage)?;
    tx.prepare_cached("INSERT OR REPLACE INTO operators (one, bson) VALUES (1, ?)")?
        .execute([bytes])?;
    Ok(())
}
