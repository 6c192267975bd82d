//! The row of an organization that is about to be changed, and that was.

use std::borrow::Cow;

use rusqlite::Connection;

use super::{
    error::{Attempt, Fault},
    read,
};
use crate::org::Org;
use crate::store::admit;

/// The row of an organization that is still as it was when `org` was read.
pub(super) fn unchanged(tx: &Connection, org: &Org) -> Attempt<i64> {
    let now = read::org_where(tx, "id = ?", org.id.bytes())?;
    admit::as_read(org, now.as_ref())?;
    let sql = "SELECT row FROM organizations WHERE id = ?";
    Ok(tx.prepare_cached(sql)?.query_row([org.id.bytes()], |row| row.get(0))?)
}

/// The collection that has an organization's documents.
pub(super) fn held_in(org: &Org) -> Cow<'_, str> {
    match org.in_trash() {
        Some(trash) if trash.released => released_collection(org).into(),
        Some(_) | None => org.collection.raw().into(),
    }
}

/// What the collection of an organization is called that has given up its claims: by a name that no organization
/// can have.
pub(super) fn released_collection(org: &Org) -> String {
    format!("trash_{}", org.id)
}

pub(super) fn made(tx: &Connection, id: [u8; 12]) -> Attempt<Org> {
    read::org_where(tx, "id = ?", id)?.ok_or(Fault::Garbage)
}
