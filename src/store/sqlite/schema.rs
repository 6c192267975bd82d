//! The tables, and how a file comes to have them: made by the first write, refused when not ours.

use std::path::Path;
use std::time::Duration;

use rusqlite::{
    Connection, Transaction,
    backup::{Backup, StepResult},
    ffi,
};

use super::{claims::insert_claims, error::Attempt, listed, place::shown, transaction::whole};
use crate::{org::Claim, store::StoreError};

/// Marks a file as ours ("Tnty"), in its header.
const APPLICATION_ID: i32 = 0x546e_7479;

/// The version of the tables below.
pub(super) const VERSION: i32 = 11;

/// Files of this version and later can be read as they are: all that is missing is an index, and tables that are empty
/// where they are missing.
pub(super) const READABLE: i32 = 6;

/// How long a console waits for another one's transaction.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How large the write-ahead log stays on the disk after a big change.
const LOG_MOST: u32 = 4 * 1024 * 1024;

/// Once `claims` holds a claim, no other organization can have it; no other rule makes names,
/// collections and e-mails unique. Looks are in a table of their own, since not every one is unique. A collection's documents know it by number: a rename is one row.
/// An organization names one of its owners; all of its admins name it.
const TABLES: &str = "
CREATE TABLE organizations (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    collection TEXT NOT NULL,
    admin_id BLOB NOT NULL UNIQUE REFERENCES admins (id),
    admin_email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    database TEXT NOT NULL,
    revision INTEGER NOT NULL,
    suspended INTEGER NOT NULL DEFAULT 0,
    login_epoch INTEGER NOT NULL DEFAULT 0,
    trashed_at INTEGER, -- milliseconds since 1970; null when it is not in the trash
    trash_days INTEGER
) STRICT;

CREATE TABLE admins (
    id BLOB PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    organization BLOB,
    owner INTEGER NOT NULL DEFAULT 1,
    reset_code TEXT, -- SHA-256 in hex; null when none was handed out
    reset_until INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX admins_by_email ON admins (email_key);

CREATE TABLE claims (
    claim TEXT PRIMARY KEY,
    org INTEGER NOT NULL REFERENCES organizations (row) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_by_org ON claims (org);

CREATE TABLE collections (
    row INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    documents INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE documents (
    collection INTEGER NOT NULL REFERENCES collections (row),
    key BLOB NOT NULL, -- sorts as _id does
    bson BLOB NOT NULL,
    UNIQUE (collection, key)
) STRICT;
";

/// What there is since version 3. The columns of `audit_log` are what it is searched by; what counts is
/// the document. An attempt's account is a hash, since people type passwords where e-mails belong.
const SINCE_3: &str = "
CREATE INDEX admins_by_organization ON admins (organization, created_at);

CREATE TABLE audit_log (
    number INTEGER PRIMARY KEY,
    entry BLOB NOT NULL UNIQUE,
    organization BLOB,
    name TEXT,
    at INTEGER,
    bson BLOB NOT NULL
) STRICT;
CREATE INDEX audit_log_by_organization ON audit_log (organization, number);

CREATE TABLE login_attempts (
    account BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,
    looked_at INTEGER NOT NULL,
    until INTEGER NOT NULL, -- milliseconds since 1970
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_attempts_by_at ON login_attempts (at);
";

/// What there is since version 4. An account's places are those of the attempts whose answer is not known
/// yet: identity and end of each. `clock` is up to where in the audit log the clock was right, and what it
/// said there; older files have nothing better than when something was last done.
const SINCE_4: &str = "
ALTER TABLE login_attempts ADD COLUMN places BLOB NOT NULL DEFAULT x'';

CREATE TABLE clock (
    number INTEGER NOT NULL,
    at INTEGER -- milliseconds since 1970
) STRICT;
INSERT INTO clock SELECT ifnull(max(number), 0), ifnull(
    (SELECT at FROM audit_log ORDER BY number DESC LIMIT 1),
    (SELECT max(max(created_at), ifnull(max(trashed_at), 0)) FROM organizations)
) FROM audit_log;
";

/// What there is since version 5: what names look like, which two may share that have it from before that
/// was a rule. [`fill_looks`] fills it.
const SINCE_5: &str = "
CREATE TABLE looks (
    look TEXT NOT NULL,
    org INTEGER NOT NULL REFERENCES organizations (row) ON DELETE CASCADE,
    PRIMARY KEY (look, org)
) STRICT, WITHOUT ROWID;
CREATE INDEX looks_by_org ON looks (org);
DELETE FROM claims WHERE claim LIKE 'look:%';
";

/// New in version 6: the sort key of names and the searchable text ([`listed`] fills both). The index by name ends
/// with the searchable text, so that a search reads only that index.
const SINCE_6: &str = "
ALTER TABLE organizations ADD COLUMN name_order TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN searchable TEXT NOT NULL DEFAULT '';
DROP INDEX IF EXISTS organizations_by_name;
DROP INDEX IF EXISTS organizations_by_created;
DROP INDEX IF EXISTS organizations_by_email;
DROP INDEX IF EXISTS trash_by_name;
DROP INDEX IF EXISTS trash_by_created;
DROP INDEX IF EXISTS trash_by_email;
CREATE INDEX organizations_by_key ON organizations (name_key);
CREATE INDEX organizations_suspended ON organizations (id) WHERE suspended = 1;
CREATE INDEX organizations_by_name ON organizations (name_order, id, searchable)
    WHERE trashed_at IS NULL;
CREATE INDEX organizations_by_created ON organizations (created_at, id) WHERE trashed_at IS NULL;
CREATE INDEX organizations_by_email ON organizations (email_key, id) WHERE trashed_at IS NULL;
CREATE INDEX trash_by_name ON organizations (name_order, id, searchable)
    WHERE trashed_at IS NOT NULL;
CREATE INDEX trash_by_created ON organizations (trashed_at, id) WHERE trashed_at IS NOT NULL;
CREATE INDEX trash_by_email ON organizations (email_key, id) WHERE trashed_at IS NOT NULL;
";

/// New in version 7: an index of the trigrams of the searchable text. What is deleted from it is gone at once.
/// `organizations_grams` lists what is in it. The text gets one more character, so that each of its own begins a
/// trigram.
const SINCE_7: &str = "
CREATE VIEW organizations_searched (row, text) AS
    SELECT row, searchable || char(10) FROM organizations;
CREATE VIRTUAL TABLE organizations_search USING fts5 (
    text, content = 'organizations_searched', content_rowid = 'row',
    tokenize = 'trigram case_sensitive 1', detail = none, columnsize = 0
);
INSERT INTO organizations_search (organizations_search, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE organizations_grams USING fts5vocab (organizations_search, instance);
CREATE TRIGGER organizations_search_insert AFTER INSERT ON organizations BEGIN
    INSERT INTO organizations_search (rowid, text) VALUES (new.row, new.searchable || char(10));
END;
CREATE TRIGGER organizations_search_delete AFTER DELETE ON organizations BEGIN
    INSERT INTO organizations_search (organizations_search, rowid, text)
        VALUES ('delete', old.row, old.searchable || char(10));
END;
CREATE TRIGGER organizations_search_update AFTER UPDATE OF searchable ON organizations
WHEN old.searchable IS NOT new.searchable BEGIN
    INSERT INTO organizations_search (organizations_search, rowid, text)
        VALUES ('delete', old.row, old.searchable || char(10));
    INSERT INTO organizations_search (rowid, text) VALUES (new.row, new.searchable || char(10));
END;
INSERT INTO organizations_search (organizations_search) VALUES ('rebuild');
";

/// New in version 8: the operators, as one document.
const SINCE_8: &str = "
CREATE TABLE operators (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    bson BLOB NOT NULL
) STRICT;
";

/// New in version 9: the second factors of admins, a document each, gone with their admins.
const SINCE_9: &str = "
CREATE TABLE second_factors (
    admin BLOB PRIMARY KEY REFERENCES admins (id) ON DELETE CASCADE,
    bson BLOB NOT NULL
) STRICT, WITHOUT ROWID;
";

/// New in version 10: the collections that imports are filling, which no organization has yet.
const SINCE_10: &str = "
CREATE TABLE imports (
    collection INTEGER PRIMARY KEY REFERENCES collections (row),
    at INTEGER NOT NULL -- when it was last written to, in milliseconds since 1970
) STRICT;
";

/// New in version 11: records that end by themselves. Operators may have API keys, which an older version would write
/// over.
const SINCE_11: &str = "
CREATE TABLE short_lived (
    key TEXT PRIMARY KEY,
    bson BLOB NOT NULL,
    expires_at INTEGER NOT NULL -- milliseconds since 1970
) STRICT, WITHOUT ROWID;
CREATE INDEX short_lived_by_end ON short_lived (expires_at);
";

/// From version 1, which had neither suspension nor trash.
const FROM_1: &str = "
ALTER TABLE organizations ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN login_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN trashed_at INTEGER;
ALTER TABLE organizations ADD COLUMN trash_days INTEGER;
DROP INDEX organizations_by_name;
DROP INDEX organizations_by_created;
DROP INDEX organizations_by_email;
";

/// From version 2, in which an organization had one admin.
const FROM_2: &str = "
ALTER TABLE admins ADD COLUMN organization BLOB;
ALTER TABLE admins ADD COLUMN owner INTEGER NOT NULL DEFAULT 1;
ALTER TABLE admins ADD COLUMN reset_code TEXT;
ALTER TABLE admins ADD COLUMN reset_until INTEGER;
UPDATE admins SET organization = (SELECT id FROM organizations WHERE admin_id = admins.id);
";

/// A new database that is gone with its connection.
pub(super) fn in_memory() -> Attempt<Connection> {
    completed(Connection::open_in_memory()?, make_tables)
}

/// A copy of an older file, so far up to date that it can be read. SQLite keeps what has no room in memory in a file of its own
/// that nobody sees; it is gone with the connection.
pub(super) fn copy_up_to_date(older: &Connection) -> Attempt<Connection> {
    let mut copy = Connection::open("")?;
    match Backup::new(older, &mut copy)?.step(-1)? {
        StepResult::Done => {}
        _ => {
            return Err(
                rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None).into()
            );
        }
    }
    completed(copy, make_readable)
}

fn completed(
    mut connection: Connection,
    make: fn(&Transaction) -> Attempt<()>,
) -> Attempt<Connection> {
    configure(&connection)?;
    let tx = connection.transaction()?;
    make(&tx)?;
    tx.commit()?;
    Ok(connection)
}

/// What the file is, found out before anything in it is changed.
pub(super) enum Found {
    Ours,
    /// Of an older format.
    Older(i32),
    Empty,
}

/// Makes `connection` ready to be used; `to_write`, with all tables as they are to be.
pub(super) fn prepare(connection: &mut Connection, path: &Path, to_write: bool) -> Attempt<Found> {
    configure(connection)?;
    // In one transaction: another console may be making it right now.
    let found = look(&*connection.transaction()?, path)?;
    if !to_write {
        return Ok(found);
    }
    match found {
        Found::Ours => {}
        Found::Older(_) | Found::Empty => whole(connection, make_tables)?,
    }
    if pragma::<String>(connection, "journal_mode")? != "wal" {
        connection.pragma_update(None, "journal_mode", "wal")?;
    }
    Ok(Found::Ours)
}

fn configure(connection: &Connection) -> Attempt<()> {
    connection.busy_timeout(PATIENCE)?;
    // FULL: what was acknowledged survives a power cut as well.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted for good is overwritten, and not only forgotten.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_MOST)?;
    // The file may come from anywhere: nothing in it is run, and its pages are checked as read.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // Two megabytes: the whole program has twenty.
    connection.pragma_update(None, "cache_size", -2048)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

fn look(connection: &Connection, path: &Path) -> Attempt<Found> {
    let application: i32 = pragma(connection, "application_id")?;
    let version: i32 = pragma(connection, "user_version")?;
    if application == APPLICATION_ID && version == VERSION {
        return Ok(Found::Ours);
    }
    if application == APPLICATION_ID && (1..VERSION).contains(&version) {
        return Ok(Found::Older(version));
    }
    if application == APPLICATION_ID && version > VERSION {
        return Err(StoreError::Damaged {
            problem: format!(
                "{} was written by a newer Tenantry (format {version}; this one knows {VERSION}) \
                 and was left as it is",
                shown(path)
            ),
            help: "update this one, or start with another file (--file PATH)",
        }
        .into());
    }
    let things: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    // SQLite also takes a file of one byte for an empty one, and would write over it.
    let one_byte = path.metadata().is_ok_and(|file| file.len() == 1);
    if application == 0 && version == 0 && things == 0 && !one_byte {
        return Ok(Found::Empty);
    }
    Err(StoreError::Damaged {
        problem: format!("{} belongs to another program and was left unchanged", shown(path)),
        help: "name another file with --file",
    }
    .into())
}

/// Makes the tables, or brings those of an older version up to date. All in one transaction, so that
/// a file is either as it was or whole, whoever is killed when.
fn make_tables(tx: &Transaction) -> Attempt<()> {
    // Another console may have done it just now.
    if pragma::<i32>(tx, "user_version")? >= VERSION {
        return Ok(());
    }
    let before = pragma::<i32>(tx, "user_version")?;
    make_readable(tx)?;
    if before < 7 {
        tx.execute_batch(SINCE_7)?;
    }
    if before < 8 {
        tx.execute_batch(SINCE_8)?;
    }
    if before < 9 {
        tx.execute_batch(SINCE_9)?;
    }
    if before < 10 {
        tx.execute_batch(SINCE_10)?;
    }
    tx.execute_batch(SINCE_11)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

/// Makes the tables of version [`READABLE`], or brings those of an older one up to it.
fn make_readable(tx: &Transaction) -> Attempt<()> {
    let steps: &[&str] = match pragma::<i32>(tx, "user_version")? {
        0 => &[TABLES, SINCE_3, SINCE_4, SINCE_5],
        1 => &[FROM_1, FROM_2, SINCE_3, SINCE_4, SINCE_5],
        2 => &[FROM_2, SINCE_3, SINCE_4, SINCE_5],
        3 => &[SINCE_4, SINCE_5],
        4 => &[SINCE_5],
        5 => &[],
        _ => return Ok(()),
    };
    for step in steps {
        tx.execute_batch(step)?;
    }
    if !steps.is_empty() {
        fill_looks(tx)?;
    }
    tx.execute_batch(SINCE_6)?;
    listed::fill(tx)
}

/// Notes what every organization that is there looks like.
fn fill_looks(tx: &Connection) -> Attempt<()> {
    let mut orgs = tx.prepare("SELECT row, name FROM organizations")?;
    let mut orgs = orgs.query([])?;
    while let Some(org) = orgs.next()? {
        insert_claims(tx, &Claim::looks_of(&org.get::<_, String>(1)?), org.get(0)?)?;
    }
    Ok(())
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> Attempt<T> {
    Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
}
