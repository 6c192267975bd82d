//! Who runs an organization: its admins, found and changed.

use bson::{Bson, DateTime, Document, oid::ObjectId};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::{
    claims,
    error::{Attempt, Fault},
    listed,
    read::{ORG, object_id, org},
    row,
};
use crate::{
    org::{Admin, Claim, Email, Org, PasswordHash, ResetCode, Role, SecondFactor, email_key},
    store::{AdminChange, AdminEdit, NewAdmin, StoreError, Transfer, admit},
};

/// What [`admin`] reads, in its order. A file of an older format may be only read, and has no second factors.
fn columns(connection: &Connection) -> Attempt<String> {
    let there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'second_factors'";
    let factor = if connection.prepare_cached(there)?.exists([])? {
        "(SELECT bson FROM second_factors WHERE admin = admins.id)"
    } else {
        "NULL"
    };
    Ok(format!(
        "id, email, password, created_at, owner, organization, reset_code, reset_until, {factor}"
    ))
}

/// The admin who meets a condition at most one can meet, unless the organization is in the trash.
pub(super) fn admin_where(
    connection: &Connection,
    condition: &str,
    value: impl ToSql,
) -> Attempt<Option<Admin>> {
    let admins = columns(connection)?;
    let sql = format!(
        "SELECT {admins} FROM admins WHERE {condition} AND NOT EXISTS \
         (SELECT 1 FROM organizations AS o WHERE o.id = organization AND trashed_at IS NOT NULL)"
    );
    Ok(connection.prepare_cached(&sql)?.query_row([value], admin).optional()?)
}

/// The admin with this e-mail of an organization in the trash.
pub(super) fn admin_in_trash(
    connection: &Connection,
    org: ObjectId,
    email: &str,
) -> Attempt<Option<Admin>> {
    let admins = columns(connection)?;
    let sql = format!(
        "SELECT {admins} FROM admins WHERE email_key = ? AND organization = \
         (SELECT id FROM organizations WHERE id = ? AND trashed_at IS NOT NULL)"
    );
    Ok(connection
        .prepare_cached(&sql)?
        .query_row((email_key(email), org.bytes()), admin)
        .optional()?)
}

/// An organization's admins: the one its record names, then the others as they were added.
pub(super) fn admins(connection: &Connection, org: ObjectId) -> Attempt<Vec<Admin>> {
    let admins = columns(connection)?;
    let sql = format!(
        "SELECT {admins} FROM admins WHERE organization = ?1 ORDER BY \
         id = (SELECT admin_id FROM organizations WHERE id = ?1) DESC, created_at, id"
    );
    Ok(connection
        .prepare_cached(&sql)?
        .query_map([org.bytes()], admin)?
        .collect::<Result<_, _>>()?)
}

/// The organization an admin belongs to, unless it is in the trash.
pub(super) fn org_of_admin(connection: &Connection, admin: ObjectId) -> Attempt<Option<Org>> {
    let sql = format!(
        "SELECT {ORG} FROM organizations WHERE trashed_at IS NULL AND id = \
         (SELECT organization FROM admins WHERE id = ?)"
    );
    Ok(connection.prepare_cached(&sql)?.query_row([admin.bytes()], org).optional()?)
}

/// Adds, removes or changes one.
pub(super) fn change(tx: &Connection, org: &Org, change: &AdminChange) -> Attempt<Org> {
    let row = row::unchanged(tx, org)?;
    let admins = admins(tx, org.id)?;
    let one = |id| admins.iter().find(|admin| admin.id == id).ok_or(StoreError::Changed);
    let was = match change.what {
        AdminEdit::Add(_) | AdminEdit::Appoint(_) => None,
        AdminEdit::Remove | AdminEdit::Set { .. } | AdminEdit::SecondFactor(_) => {
            Some(email_key(one(change.admin)?.email.raw()))
        }
    };
    let first = ObjectId::parse_str(org.admin_id.raw()).ok();
    admit::stays_named(first, change, was.as_deref())?;
    if let Some(successor) = admit::successor(first, change) {
        one(successor.id)?;
        tx.prepare_cached("UPDATE organizations SET admin_id = ? WHERE row = ?")?
            .execute((successor.id.bytes(), row))?;
    }
    match &change.what {
        AdminEdit::Add(new) => add(tx, org, row, change.admin, new)?,
        AdminEdit::Appoint(new) => appoint(tx, org, row, change.admin, new)?,
        AdminEdit::Remove => {
            remove(tx, row, change.admin)?;
        }
        AdminEdit::Set { role, email, password, reset } => {
            let id = change.admin.bytes();
            if let Some(email) = email {
                email_is_free(tx, org, change.admin, email)?;
                release(tx, row, change.admin)?;
                claims::insert_claims(tx, &[Claim::of_email(email.as_str())], row)?;
                tx.prepare_cached("UPDATE admins SET email = ?, email_key = ? WHERE id = ?")?
                    .execute((email.as_str(), email_key(email.as_str()), id))?;
            }
            if let Some(role) = role {
                set_role(tx, change.admin, *role)?;
            }
            if let Some(password) = password {
                tx.prepare_cached(
                    "UPDATE admins SET password = ?, reset_code = NULL, reset_until = NULL \
                     WHERE id = ?",
                )?
                .execute((password.as_str(), id))?;
            }
            if let Some(ResetCode { hash, until }) = reset {
                tx.prepare_cached(
                    "UPDATE admins SET reset_code = ?, reset_until = ? WHERE id = ?",
                )?
                .execute((hash, until.timestamp_millis(), id))?;
            }
        }
        AdminEdit::SecondFactor(factor) => set_second_factor(tx, change.admin, factor.as_ref())?,
    }
    changed(tx, org, row)
}

/// Makes an admin the only owner.
pub(super) fn transfer(tx: &Connection, org: &Org, transfer: &Transfer) -> Attempt<Org> {
    let row = row::unchanged(tx, org)?;
    let admins = admins(tx, org.id)?;
    admit::same_owners(&admins, transfer)?;
    free_email_of_gone(tx, org, row)?;
    let there = admins.iter().any(|admin| admin.id == transfer.to);
    match (&transfer.new, there) {
        (Some(new), false) => add(tx, org, row, transfer.to, new)?,
        (None, true) => set_role(tx, transfer.to, Role::Owner)?,
        (Some(_), true) | (None, false) => return Err(StoreError::Changed.into()),
    }
    tx.prepare_cached("UPDATE organizations SET admin_id = ? WHERE row = ?")?
        .execute((transfer.to.bytes(), row))?;
    for owner in &transfer.owners {
        if transfer.removes {
            remove(tx, row, *owner)?;
        } else {
            set_role(tx, *owner, Role::Admin)?;
        }
    }
    changed(tx, org, row)
}

/// The organization, once its admins are what they are to be.
fn changed(tx: &Connection, org: &Org, row: i64) -> Attempt<Org> {
    // The record says the same of its admin as that one does itself.
    tx.prepare_cached(
        "UPDATE organizations SET revision = revision + 1, (admin_email, email_key) = \
         (SELECT email, email_key FROM admins WHERE id = admin_id) WHERE row = ?",
    )?
    .execute([row])?;
    listed::update(tx, row)?;
    row::made(tx, org.id.bytes())
}

fn set_role(tx: &Connection, admin: ObjectId, role: Role) -> Attempt<()> {
    tx.prepare_cached("UPDATE admins SET owner = ? WHERE id = ?")?
        .execute((role == Role::Owner, admin.bytes()))?;
    Ok(())
}

fn remove(tx: &Connection, row: i64, admin: ObjectId) -> Attempt<()> {
    release(tx, row, admin)?;
    tx.prepare_cached("DELETE FROM admins WHERE id = ?")?.execute([admin.bytes()])?;
    Ok(())
}

/// Adds an owner where there is none, in the place of the one whom the record names where that one is gone.
fn appoint(tx: &Connection, org: &Org, row: i64, id: ObjectId, new: &NewAdmin) -> Attempt<()> {
    admit::no_owner(&admins(tx, org.id)?)?;
    let gone = free_email_of_gone(tx, org, row)?;
    add(tx, org, row, id, new)?;
    if gone {
        tx.prepare_cached("UPDATE organizations SET admin_id = ? WHERE row = ?")?
            .execute((id.bytes(), row))?;
    }
    Ok(())
}

/// Frees the e-mail of the admin whom the record names, where that one is gone and no other has it. Whether it is.
fn free_email_of_gone(tx: &Connection, org: &Org, row: i64) -> Attempt<bool> {
    let gone = !tx
        .prepare_cached(
            "SELECT 1 FROM admins JOIN organizations ON admin_id = admins.id WHERE row = ?",
        )?
        .exists([row])?;
    if gone {
        tx.prepare_cached(
            "DELETE FROM claims WHERE org = ?1 AND claim = \
             'email:' || (SELECT email_key FROM organizations WHERE row = ?1) AND claim NOT IN \
             (SELECT 'email:' || email_key FROM admins WHERE organization = ?2)",
        )?
        .execute((row, org.id.bytes()))?;
    }
    Ok(gone)
}

fn add(tx: &Connection, org: &Org, row: i64, id: ObjectId, new: &NewAdmin) -> Attempt<()> {
    let claims = [Claim::of_email(new.email.as_str())];
    claims::none_taken(tx, &claims, None)?;
    tx.prepare_cached(
        "INSERT INTO admins (id, email, email_key, password, created_at, organization, owner, \
         reset_code, reset_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute((
        id.bytes(),
        new.email.as_str(),
        email_key(new.email.as_str()),
        new.password.as_str(),
        new.created_at.timestamp_millis(),
        org.id.bytes(),
        new.role == Role::Owner,
        &new.reset.hash,
        new.reset.until.timestamp_millis(),
    ))?;
    claims::insert_claims(tx, &claims, row)
}

/// Refuses an e-mail that anybody but this admin has, also another one of the same organization.
pub(super) fn email_is_free(
    tx: &Connection,
    org: &Org,
    admin: ObjectId,
    email: &Email,
) -> Attempt<()> {
    let others = admins(tx, org.id)?.into_iter().filter(|other| other.id != admin);
    let others: Vec<String> = others.map(|other| email_key(other.email.raw())).collect();
    admit::no_own_email(org, others.iter().map(String::as_str), email.as_str())?;
    claims::none_taken(tx, &[Claim::of_email(email.as_str())], Some(org))
}

/// Frees an admin's e-mail.
fn release(tx: &Connection, row: i64, admin: ObjectId) -> Attempt<()> {
    tx.prepare_cached(
        "DELETE FROM claims WHERE org = ? AND claim = \
         'email:' || (SELECT email_key FROM admins WHERE id = ?)",
    )?
    .execute((row, admin.bytes()))?;
    Ok(())
}

fn admin(row: &Row) -> rusqlite::Result<Admin> {
    // Anything but the one mark of an owner, which only another program writes, is the least.
    let role = if row.get::<_, i64>(4)? == 1 { Role::Owner } else { Role::Admin };
    let code: (Option<String>, Option<i64>) = (row.get(6)?, row.get(7)?);
    let reset = match code {
        (Some(hash), Some(until)) => Some(ResetCode { hash, until: DateTime::from_millis(until) }),
        _ => None,
    };
    Ok(Admin {
        id: object_id(row, 0)?,
        email: row.get::<_, String>(1)?.into(),
        password: PasswordHash::stored(row.get(2)?),
        created_at: DateTime::from_millis(row.get(3)?),
        role,
        organization: row.get::<_, Option<_>>(5)?.map(ObjectId::from_bytes),
        reset,
        second_factor: row.get::<_, Option<Vec<u8>>>(8)?.as_deref().and_then(second_factor),
    })
}

/// What cannot be read is a factor that no code fits.
fn second_factor(stored: &[u8]) -> Option<SecondFactor> {
    let document = Document::from_reader(stored).unwrap_or_default();
    SecondFactor::from_field(Some(&Bson::Document(document)))
}

fn set_second_factor(
    tx: &Connection,
    admin: ObjectId,
    factor: Option<&SecondFactor>,
) -> Attempt<()> {
    tx.prepare_cached("DELETE FROM second_factors WHERE admin = ?")?.execute([admin.bytes()])?;
    if let Some(factor) = factor {
        let bson = factor.to_document().to_vec().map_err(|_| Fault::Garbage)?;
        tx.prepare_cached("INSERT INTO second_factors (admin, bson) VALUES (?, ?)")?
            .execute((admin.bytes(), bson))?;
    }
    Ok(())
}

/// Replaces the factor that was read, unless it is another one by now.
pub(super) fn spend_second_factor(
    tx: &Connection,
    admin: &Admin,
    spent: &SecondFactor,
) -> Attempt<bool> {
    let now = admin_where(tx, "id = ?", admin.id.bytes())?;
    if now.is_none_or(|now| now.second_factor != admin.second_factor) {
        return Ok(false);
    }
    set_second_factor(tx, admin.id, Some(spent))?;
    Ok(true)
}
