//! The deeds: each takes an open transaction and either finishes or fails, and then nothing stays.

use mongodb::bson::{Document, oid::ObjectId};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::{
    DATABASE, admins,
    document::Row,
    error::{Attempt, Fault},
    file, read,
};
use crate::org::{Claim, ClaimKind, Org, email_key, name_key};
use crate::store::{Change, NewOrg, StoreError, first_document};

/// One change, whole or not at all, and never interrupted.
pub(super) fn whole<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction) -> Attempt<T>,
) -> Attempt<T> {
    connection.progress_handler(0, None::<fn() -> bool>)?;
    #[cfg(feature = "failpoints")]
    connection.progress_handler(
        1,
        Some(|| {
            crate::failpoint::step();
            false
        }),
    )?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&tx)?;
    file::is_in_place(&tx)?;
    tx.commit()?;
    #[cfg(feature = "failpoints")]
    crate::failpoint::reached(crate::failpoint::SQLITE_COMMITTED);
    Ok(done)
}

pub(super) fn create(tx: &Connection, new: &NewOrg) -> Attempt<Org> {
    let claims = new.claims();
    let name = new.name.as_str();
    let collection = new.collection.as_str();
    let email = new.email.as_str();
    let created_at = new.created_at.timestamp_millis();
    none_taken(tx, &claims, None)?;
    tx.prepare_cached(
        "INSERT INTO admins (id, email, email_key, password, created_at, organization) \
         VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute((
        new.admin_id.bytes(),
        email,
        email_key(email),
        new.password.as_str(),
        created_at,
        new.id.bytes(),
    ))?;
    tx.prepare_cached(
        "INSERT INTO organizations (id, name, name_key, collection, admin_id, admin_email, \
         email_key, created_at, database, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
    )?
    .execute((
        new.id.bytes(),
        name,
        name_key(name),
        collection,
        new.admin_id.bytes(),
        email,
        email_key(email),
        created_at,
        DATABASE,
    ))?;
    hold(tx, &claims, tx.last_insert_rowid())?;
    insert_documents(tx, collection, vec![first_document(new.created_at)])?;
    made(tx, new.id.bytes())
}

pub(super) fn update(tx: &Connection, org: &Org, change: &Change) -> Attempt<Org> {
    let row = unchanged(tx, org, "trashed_at IS NULL")?;
    change_to(tx, org, row, change)?;
    made(tx, org.id.bytes())
}

pub(super) fn trash(tx: &Connection, org: &Org, days: u32, now: i64) -> Attempt<Org> {
    let row = unchanged(tx, org, "trashed_at IS NULL")?;
    tx.prepare_cached(
        "UPDATE organizations SET trashed_at = ?, trash_days = ?, revision = revision + 1, \
         login_epoch = login_epoch + 1 \
         WHERE row = ?",
    )?
    .execute((now, days, row))?;
    made(tx, org.id.bytes())
}

pub(super) fn restore(tx: &Connection, org: &Org, change: &Change) -> Attempt<Org> {
    let row = unchanged(tx, org, "trashed_at IS NOT NULL")?;
    tx.prepare_cached(
        "UPDATE organizations SET trashed_at = NULL, trash_days = NULL WHERE row = ?",
    )?
    .execute([row])?;
    let (name, collection) = (change.name.clone(), change.collection.clone());
    change_to(tx, org, row, &Change { name, collection, ..Change::default() })?;
    made(tx, org.id.bytes())
}

pub(super) fn suspend(tx: &Connection, org: &Org, suspended: bool) -> Attempt<Org> {
    let row = unchanged(tx, org, "trashed_at IS NULL")?;
    tx.prepare_cached(
        "UPDATE organizations SET suspended = ?1, revision = revision + (suspended <> ?1), \
         login_epoch = login_epoch + (suspended < ?1) \
         WHERE row = ?2",
    )?
    .execute((suspended, row))?;
    made(tx, org.id.bytes())
}

fn change_to(tx: &Connection, org: &Org, row: i64, change: &Change) -> Attempt<()> {
    let claims = change.claims_of(org);
    // What it looked like already, or gets back, is in nobody's way.
    let had = Claim::looks_of(org.name.raw());
    let may_clash =
        |claim: &&Claim| claim.kind() != ClaimKind::Look || !(change.undoes || had.contains(claim));
    let asked: Vec<Claim> = claims.iter().filter(may_clash).cloned().collect();
    none_taken(tx, &asked, Some(org))?;
    if let (Some(email), Ok(first)) = (&change.email, ObjectId::parse_str(org.admin_id.raw())) {
        admins::email_is_free(tx, org, first, email)?;
    }
    // What its other admins have stays theirs.
    tx.prepare_cached(
        "DELETE FROM claims WHERE org = ?1 AND claim NOT IN (SELECT 'email:' || a.email_key \
         FROM organizations AS o JOIN admins AS a ON a.organization = o.id AND a.id <> admin_id \
         WHERE row = ?1)",
    )?
    .execute([row])?;
    tx.prepare_cached("DELETE FROM looks WHERE org = ?")?.execute([row])?;
    hold(tx, &claims, row)?;
    if let Some(name) = &change.name {
        tx.prepare_cached("UPDATE organizations SET name = ?, name_key = ? WHERE row = ?")?
            .execute((name.as_str(), name_key(name.as_str()), row))?;
    }
    if let Some(collection) = &change.collection {
        let (old, new) = (org.collection.raw(), collection.as_str());
        tx.prepare_cached("UPDATE collections SET name = ? WHERE name = ?")?.execute((new, old))?;
        tx.prepare_cached("UPDATE organizations SET collection = ? WHERE row = ?")?
            .execute((new, row))?;
    }
    if let Some(email) = &change.email {
        let (email, key) = (email.as_str(), email_key(email.as_str()));
        tx.prepare_cached("UPDATE organizations SET admin_email = ?, email_key = ? WHERE row = ?")?
            .execute((email, &key, row))?;
        tx.prepare_cached(
            "UPDATE admins SET email = ?, email_key = ? \
             WHERE id = (SELECT admin_id FROM organizations WHERE row = ?)",
        )?
        .execute((email, &key, row))?;
    }
    if let Some(password) = &change.password {
        tx.prepare_cached(
            "UPDATE admins SET password = ?, reset_code = NULL, reset_until = NULL \
             WHERE id = (SELECT admin_id FROM organizations WHERE row = ?)",
        )?
        .execute((password.as_str(), row))?;
    }
    tx.prepare_cached("UPDATE organizations SET revision = revision + 1 WHERE row = ?")?
        .execute([row])?;
    Ok(())
}

/// Takes longer the more documents the collection has: every row goes.
pub(super) fn delete(tx: &Connection, org: &Org) -> Attempt<()> {
    let row = unchanged(tx, org, "TRUE")?;
    let admin: [u8; 12] = tx
        .prepare_cached("DELETE FROM organizations WHERE row = ? RETURNING admin_id")?
        .query_row([row], |row| row.get(0))?;
    tx.prepare_cached("DELETE FROM admins WHERE organization = ? OR id = ?")?
        .execute((org.id.bytes(), admin))?;
    let collection = org.collection.raw();
    tx.prepare_cached(
        "DELETE FROM documents WHERE collection = (SELECT row FROM collections WHERE name = ?)",
    )?
    .execute([collection])?;
    tx.prepare_cached("DELETE FROM collections WHERE name = ?")?.execute([collection])?;
    Ok(())
}

/// The only place that writes documents, and so the only one that counts them.
pub(super) fn insert_documents(
    tx: &Connection,
    collection: &str,
    documents: Vec<Document>,
) -> Attempt<()> {
    tx.prepare_cached(
        "INSERT INTO collections (name, documents, bytes) VALUES (?, 0, 0) ON CONFLICT DO NOTHING",
    )?
    .execute([collection])?;
    let row: i64 = tx
        .prepare_cached("SELECT row FROM collections WHERE name = ?")?
        .query_row([collection], |row| row.get(0))?;
    let mut insert =
        tx.prepare_cached("INSERT INTO documents (collection, key, bson) VALUES (?, ?, ?)")?;
    let (mut count, mut bytes) = (0_u64, 0_u64);
    for document in documents {
        let Row { key, bson } = Row::of(document)?;
        insert.execute((row, key, &bson))?;
        count += 1;
        bytes += bson.len() as u64;
    }
    tx.prepare_cached(
        "UPDATE collections SET documents = documents + ?, bytes = bytes + ? WHERE row = ?",
    )?
    .execute((count, bytes, row))?;
    Ok(())
}

/// The first of the claims that somebody other than `own` holds is the error.
pub(super) fn none_taken(tx: &Connection, claims: &[Claim], own: Option<&Org>) -> Attempt<()> {
    for claim in claims {
        if let Some(holder) = read::holder(tx, claim)?
            && (holder.org.is_none() || holder.org != own.map(|org| org.id))
        {
            return Err(StoreError::Taken {
                what: claim.kind(),
                by: holder.name,
                in_trash: holder.in_trash,
            }
            .into());
        }
    }
    Ok(())
}

pub(super) fn hold(tx: &Connection, claims: &[Claim], row: i64) -> Attempt<()> {
    let mut insert = tx.prepare_cached("INSERT INTO claims (claim, org) VALUES (?, ?)")?;
    let mut look = tx.prepare_cached("INSERT INTO looks (look, org) VALUES (?, ?)")?;
    for claim in claims {
        match claim {
            Claim::Look(seen) => look.execute((seen, row))?,
            Claim::Name(_) | Claim::Collection(_) | Claim::Email(_) => {
                insert.execute((claim.to_string(), row))?
            }
        };
    }
    Ok(())
}

/// The row of an organization that is still as it was when `org` was read, and meets a condition.
pub(super) fn unchanged(tx: &Connection, org: &Org, condition: &str) -> Attempt<i64> {
    let sql =
        format!("SELECT row FROM organizations WHERE id = ? AND revision = ? AND {condition}");
    tx.prepare_cached(&sql)?
        .query_row((org.id.bytes(), org.revision), |row| row.get(0))
        .optional()?
        .map_or_else(|| Err(changed(tx, org)?.into()), Ok)
}

/// How it is different from what was read.
fn changed(tx: &Connection, org: &Org) -> Attempt<StoreError> {
    let there = read::org_where(tx, "id = ?", org.id.bytes())?.is_some();
    Ok(if there { StoreError::Changed } else { StoreError::Gone })
}

pub(super) fn made(tx: &Connection, id: [u8; 12]) -> Attempt<Org> {
    read::org_where(tx, "id = ?", id)?.ok_or(Fault::Garbage)
}
