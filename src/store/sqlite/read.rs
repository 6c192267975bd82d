//! The queries that only look.

use bson::{DateTime, Document, oid::ObjectId};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::error::{Attempt, Fault};
use crate::org::{Claim, Connection as Details, InTrash, Org, OrgState, StoredText, name_key};
use crate::store::{Directory, Holder, ListScope, Statistics};

/// What [`org`] reads of a row of `organizations`, in its order. No e-mail has more than one line.
pub(super) const ORG: &str = "id, name, collection, admin_id, admin_email, created_at, database, revision, \
     suspended, trashed_at, trash_days, login_epoch, \
     (SELECT group_concat(a.email_key, char(10)) FROM admins AS a \
      WHERE a.organization = organizations.id AND a.id <> organizations.admin_id), \
     trashed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM claims WHERE org = organizations.row)";

/// The organization that meets a condition at most one can meet.
pub(super) fn org_where(
    connection: &Connection,
    condition: &str,
    value: impl ToSql,
) -> Attempt<Option<Org>> {
    let sql = format!("SELECT {ORG} FROM organizations WHERE {condition}");
    Ok(connection.prepare_cached(&sql)?.query_row([value], org).optional()?)
}

/// The organization with this name on a shelf. No two have the same key here, so the one with exactly
/// this name is the one.
pub(super) fn org_named(
    connection: &Connection,
    name: &str,
    scope: ListScope,
) -> Attempt<Option<Org>> {
    org_where(connection, &format!("name_key = ? AND {}", on(scope)), name_key(name))
}

/// What is true of the organizations on a list.
pub(super) fn on(scope: ListScope) -> &'static str {
    match scope {
        ListScope::Live => "trashed_at IS NULL",
        ListScope::Trash => "trashed_at IS NOT NULL",
    }
}

/// Those of these that are on a list.
pub(super) fn present(
    connection: &Connection,
    ids: &[ObjectId],
    scope: ListScope,
) -> Attempt<Vec<ObjectId>> {
    let sql = format!("SELECT 1 FROM organizations WHERE id = ? AND {}", on(scope));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut present = Vec::with_capacity(ids.len());
    for id in ids {
        if statement.exists([id.bytes()])? {
            present.push(*id);
        }
    }
    Ok(present)
}

/// Those whose time in the trash is over at `now`, in milliseconds since 1970.
pub(super) fn expired(connection: &Connection, now: i64) -> Attempt<Vec<Org>> {
    let sql = format!(
        "SELECT {ORG} FROM organizations INDEXED BY trash_by_created \
         WHERE trashed_at IS NOT NULL AND trash_days >= 0 AND trashed_at + trash_days * {DAY} <= ?"
    );
    Ok(connection.prepare(&sql)?.query_map([now], org)?.collect::<Result<_, _>>()?)
}

/// A day in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Who holds a claim; a collection is held as soon as it exists.
pub(super) fn holder(connection: &Connection, claim: &Claim) -> Attempt<Option<Holder>> {
    let (sql, value) = match claim {
        // The older one, where two have the same look.
        Claim::Look(look) => (
            "SELECT id, name, trashed_at IS NOT NULL FROM looks JOIN organizations ON row = org \
             WHERE look = ? ORDER BY row LIMIT 1",
            look.clone(),
        ),
        Claim::Name(_) | Claim::Collection(_) | Claim::Email(_) => (
            "SELECT id, name, trashed_at IS NOT NULL FROM claims JOIN organizations ON row = org \
             WHERE claim = ?",
            claim.to_string(),
        ),
    };
    let held = connection
        .prepare_cached(sql)?
        .query_row([value], |row| {
            Ok(Holder {
                org: Some(object_id(row, 0)?),
                name: Some(row.get::<_, String>(1)?.into()),
                in_trash: row.get(2)?,
                operator: false,
            })
        })
        .optional()?;
    match claim {
        Claim::Collection(name) if held.is_none() => {
            let mut ownerless =
                connection.prepare_cached("SELECT 1 FROM collections WHERE name = ?")?;
            Ok(ownerless.exists([name])?.then_some(Holder::NOBODY))
        }
        Claim::Email(email) if held.is_none() => {
            let operator = directory(connection)?.with_email(email).is_some();
            Ok(operator.then_some(Holder::OPERATOR))
        }
        Claim::Name(_) | Claim::Look(_) | Claim::Collection(_) | Claim::Email(_) => Ok(held),
    }
}

/// The operators.
pub(super) fn directory(connection: &Connection) -> Attempt<Directory> {
    // A file of an older format may be only read.
    let there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'operators'";
    if !connection.prepare_cached(there)?.exists([])? {
        return Ok(Directory::default());
    }
    let stored: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bson FROM operators")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(stored) = stored else { return Ok(Directory::default()) };
    let document = Document::from_reader(stored.as_slice()).map_err(|_| Fault::Garbage)?;
    Ok(Directory::from_document(&document))
}

/// How much is in a collection.
pub(super) fn statistics(connection: &Connection, collection: &str) -> Attempt<Statistics> {
    Ok(connection
        .prepare_cached("SELECT documents, bytes FROM collections WHERE name = ?")?
        .query_row([collection], |row| {
            Ok(Statistics {
                documents: row.get(0)?,
                bytes: row.get(1)?,
                // The one on `_id`, as every collection has.
                indexes: 1,
            })
        })
        .optional()?
        .unwrap_or_default())
}

/// The organization in a row of [`ORG`].
pub(super) fn org(row: &Row) -> rusqlite::Result<Org> {
    let collection: String = row.get(2)?;
    let state = match (row.get::<_, Option<i64>>(9)?, row.get::<_, bool>(8)?) {
        (Some(since), _) => {
            // How long is not known where another program wrote it: nothing goes for good then.
            let days = row.get::<_, Option<i64>>(10)?.filter(|days| *days >= 0);
            let until = since.saturating_add(days.unwrap_or(i64::MAX).saturating_mul(DAY));
            OrgState::InTrash(InTrash {
                since: DateTime::from_millis(since),
                until: DateTime::from_millis(until),
                released: row.get(13)?,
            })
        }
        (None, true) => OrgState::Suspended,
        (None, false) => OrgState::Active,
    };
    Ok(Org {
        id: object_id(row, 0)?,
        name: row.get::<_, String>(1)?.into(),
        collection: collection.clone().into(),
        admin_id: object_id(row, 3)?.to_hex().into(),
        admin_email: row.get::<_, String>(4)?.into(),
        created_at: DateTime::from_millis(row.get(5)?),
        connection: Details {
            database: row.get::<_, String>(6)?.into(),
            collection: collection.into(),
        },
        state,
        // A change is one transaction: nobody ever sees one under way.
        under_way: None,
        revision: row.get(7)?,
        admin_gone: false,
        login_epoch: row.get(11)?,
        other_emails: other_emails(row.get::<_, Option<String>>(12)?.as_deref()),
    })
}

fn other_emails(lines: Option<&str>) -> Vec<StoredText> {
    lines.into_iter().flat_map(str::lines).map(StoredText::from).collect()
}

pub(super) fn object_id(row: &Row, column: usize) -> rusqlite::Result<ObjectId> {
    Ok(ObjectId::from_bytes(row.get(column)?))
}
