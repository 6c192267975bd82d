//! Records that end by themselves. A write removes some of those that have ended.

use bson::{DateTime, Document};
use rusqlite::{Connection, OptionalExtension};

use super::error::{Attempt, Fault};

/// How many of those that have ended a write removes: more than it can add, and no more than it does at once.
const REMOVED: u32 = 100;

pub(super) fn claim(
    tx: &Connection,
    key: &str,
    value: &Document,
    expires_at: DateTime,
    now: i64,
) -> Attempt<Option<Document>> {
    if let Some(kept) = kept(tx, key, now)? {
        return Ok(Some(kept));
    }
    tx.prepare_cached(
        "DELETE FROM short_lived WHERE key IN \
         (SELECT key FROM short_lived WHERE expires_at <= ? LIMIT ?)",
    )?
    .execute((now, REMOVED))?;
    // One that has ended may be left.
    tx.prepare_cached(
        "INSERT OR REPLACE INTO short_lived (key, bson, expires_at) VALUES (?, ?, ?)",
    )?
    .execute((key, bytes(value)?, expires_at.timestamp_millis()))?;
    Ok(None)
}

pub(super) fn kept(connection: &Connection, key: &str, now: i64) -> Attempt<Option<Document>> {
    // A file of an older format may be only read.
    let there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'short_lived'";
    if !connection.prepare_cached(there)?.exists([])? {
        return Ok(None);
    }
    let stored: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bson FROM short_lived WHERE key = ? AND expires_at > ?")?
        .query_row((key, now), |row| row.get(0))
        .optional()?;
    let read = |stored: Vec<u8>| Document::from_reader(stored.as_slice());
    stored.map(read).transpose().map_err(|_| Fault::Garbage)
}

pub(super) fn replace(
    tx: &Connection,
    key: &str,
    (before, after): (&Document, &Document),
    expires_at: DateTime,
    now: i64,
) -> Attempt<bool> {
    let (before, after) = (bytes(before)?, bytes(after)?);
    let sql = "UPDATE short_lived SET bson = ?, expires_at = ? \
               WHERE key = ? AND bson = ? AND expires_at > ?";
    let end = expires_at.timestamp_millis();
    Ok(tx.prepare_cached(sql)?.execute((after, end, key, before, now))? == 1)
}

pub(super) fn forget(tx: &Connection, key: &str) -> Attempt<()> {
    tx.prepare_cached("DELETE FROM short_lived WHERE key = ?")?.execute([key])?;
    Ok(())
}

fn bytes(value: &Document) -> Attempt<Vec<u8>> {
    value.to_vec().map_err(|_| Fault::Garbage)
}
