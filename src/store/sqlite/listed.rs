//! The derived columns of an organization: the sort key of its name, and its searchable text. Updated by every
//! change of the name, the collection or an e-mail.

use rusqlite::Connection;

use super::{error::Attempt, read};
use crate::org::{Org, name_order};

/// Updates those of one organization.
pub(super) fn update(tx: &Connection, row: i64) -> Attempt<()> {
    if let Some(org) = read::org_where(tx, "row = ?", row)? {
        write(tx, row, &org)?;
    }
    Ok(())
}

/// Whether they are out of date.
pub(super) fn is_stale(tx: &Connection, row: i64, org: &Org) -> Attempt<bool> {
    let kept: (String, String) = tx
        .prepare_cached("SELECT name_order, searchable FROM organizations WHERE row = ?")?
        .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(kept != (name_order(org.name.raw()), org.searchable()))
}

/// Fills those of all organizations.
pub(super) fn fill(tx: &Connection) -> Attempt<()> {
    let rows: Vec<i64> = tx
        .prepare("SELECT row FROM organizations")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    rows.into_iter().try_for_each(|row| update(tx, row))
}

fn write(tx: &Connection, row: i64, org: &Org) -> Attempt<()> {
    tx.prepare_cached("UPDATE organizations SET name_order = ?, searchable = ? WHERE row = ?")?
        .execute((name_order(org.name.raw()), org.searchable(), row))?;
    Ok(())
}
