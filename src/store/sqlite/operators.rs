//! The operators' accounts: one document in one row.

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
    let next = new.next()?;
    let bytes = next.to_document().to_vec().map_err(|_| Fault::Garbage)?;
    tx.prepare_cached("INSERT OR REPLACE INTO operators (one, bson) VALUES (1, ?)")?
        .execute([bytes])?;
    audit::append(tx, entry)
}
