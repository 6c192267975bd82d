//! The operations: each takes an open transaction and either finishes or fails, and then nothing stays.

use bson::{Document, oid::ObjectId};
use rusqlite::Connection;

use super::{
    DATABASE, admins,
    claims::{insert_claims, none_taken},
    document::Row,
    error::Attempt,
    import, listed,
    row::{held_in, made, released_collection, unchanged},
};
use crate::org::{Claim, CollectionName, Org, email_key, name_key};
use crate::store::{Change, NewOrg, Operation, TrashTerms, admit, first_document};

/// Does an operation. The organization afterwards; none when it is gone.
pub(super) fn perform(tx: &Connection, operation: &Operation, now: i64) -> Attempt<Option<Org>> {
    admit::on_its_list(operation)?;
    match operation {
        Operation::Create(new) => create(tx, new).map(Some),
        Operation::Import(new) => import::import(tx, new).map(Some),
        Operation::Update(org, change) => update(tx, org, change).map(Some),
        Operation::Delete(org) => delete(tx, org).map(|()| None),
        Operation::Trash(org, terms) => trash(tx, org, *terms, now).map(Some),
        Operation::Restore(org, change) => restore(tx, org, change).map(Some),
        Operation::Suspend(org, suspended) => suspend(tx, org, *suspended).map(Some),
        Operation::Admin(org, change) => admins::change(tx, org, change).map(Some),
        Operation::Transfer(org, transfer) => admins::transfer(tx, org, transfer).map(Some),
    }
}

fn create(tx: &Connection, new: &NewOrg) -> Attempt<Org> {
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
    let row = tx.last_insert_rowid();
    insert_claims(tx, &claims, row)?;
    listed::update(tx, row)?;
    insert_documents(tx, collection, vec![first_document(new.created_at)])?;
    made(tx, new.id.bytes())
}

fn update(tx: &Connection, org: &Org, change: &Change) -> Attempt<Org> {
    let row = unchanged(tx, org)?;
    change_to(tx, org, row, change)?;
    made(tx, org.id.bytes())
}

fn trash(tx: &Connection, org: &Org, terms: TrashTerms, now: i64) -> Attempt<Org> {
    let row = unchanged(tx, org)?;
    tx.prepare_cached(
        "UPDATE organizations SET trashed_at = ?, trash_days = ?, revision = revision + 1, \
         login_epoch = login_epoch + 1 \
         WHERE row = ?",
    )?
    .execute((now, terms.days, row))?;
    if terms.releases {
        tx.prepare_cached("DELETE FROM claims WHERE org = ?")?.execute([row])?;
        tx.prepare_cached("DELETE FROM looks WHERE org = ?")?.execute([row])?;
        tx.prepare_cached("UPDATE collections SET name = ? WHERE name = ?")?
            .execute((released_collection(org), org.collection.raw()))?;
    }
    made(tx, org.id.bytes())
}

fn restore(tx: &Connection, org: &Org, change: &Change) -> Attempt<Org> {
    let row = unchanged(tx, org)?;
    tx.prepare_cached(
        "UPDATE organizations SET trashed_at = NULL, trash_days = NULL WHERE row = ?",
    )?
    .execute([row])?;
    change_to(tx, org, row, &admit::restored(change))?;
    made(tx, org.id.bytes())
}

fn suspend(tx: &Connection, org: &Org, suspended: bool) -> Attempt<Org> {
    let row = unchanged(tx, org)?;
    tx.prepare_cached(
        "UPDATE organizations SET suspended = ?1, revision = revision + (suspended <> ?1), \
         login_epoch = login_epoch + (suspended < ?1) \
         WHERE row = ?2",
    )?
    .execute((suspended, row))?;
    made(tx, org.id.bytes())
}

fn change_to(tx: &Connection, org: &Org, row: i64, change: &Change) -> Attempt<()> {
    let mut claims = change.claims_of(org);
    if org.in_trash().is_some_and(|trash| trash.released) {
        // Its other admins gave up theirs as well.
        claims.extend(org.other_emails.iter().map(|email| Claim::of_email(email.raw())));
    }
    let asked = claims.iter().filter(|claim| admit::is_exclusive(org, change, claim));
    none_taken(tx, asked, Some(org))?;
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
    insert_claims(tx, &claims, row)?;
    if let Some(name) = &change.name {
        tx.prepare_cached("UPDATE organizations SET name = ?, name_key = ? WHERE row = ?")?
            .execute((name.as_str(), name_key(name.as_str()), row))?;
    }
    let collection = change.collection.as_ref();
    let (old, new) =
        (held_in(org), collection.map_or(org.collection.raw(), CollectionName::as_str));
    if old != new {
        tx.prepare_cached("UPDATE collections SET name = ? WHERE name = ?")?
            .execute((new, &*old))?;
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
    listed::update(tx, row)
}

/// Takes longer the more documents the collection has: every row goes.
pub(super) fn delete(tx: &Connection, org: &Org) -> Attempt<()> {
    let row = unchanged(tx, org)?;
    let admin: [u8; 12] = tx
        .prepare_cached("DELETE FROM organizations WHERE row = ? RETURNING admin_id")?
        .query_row([row], |row| row.get(0))?;
    tx.prepare_cached("DELETE FROM admins WHERE organization = ? OR id = ?")?
        .execute((org.id.bytes(), admin))?;
    let collection = &*held_in(org);
    tx.prepare_cached(
        "DELETE FROM documents WHERE collection = (SELECT row FROM collections WHERE name = ?)",
    )?
    .execute([collection])?;
    tx.prepare_cached("DELETE FROM collections WHERE name = ?")?.execute([collection])?;
    Ok(())
}

/// Writes many documents at once. Whoever writes documents counts them: this, [`super::document_write`] and
/// [`super::import`].
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
        let Row { key, bson } = Row::from_document(document)?;
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
