//! Suspending for the service before this one as well. It knows of no suspension and checks an admin's
//! `password` as it is. So while an organization is suspended, `password` holds a hash that nobody knows
//! the password of, and the admin's own waits in `suspended_password`. The e-mail stays, so that the
//! service gives it to nobody else.
//!
//! Any other hash in `password` is the admin's own and newer than what waits: an older version suspended
//! without moving it, and the service may write one meanwhile (its update asks for no login). It is moved
//! by the next change of the organization, and by whoever brings records up to date.

use mongodb::bson::{Bson, DateTime, Document, doc};

use super::{
    Inner,
    act::{Halt, Stepped},
    admins::AdminWrite,
    journal::{Pending, Step, Suspension},
    record::{self, text},
    shape,
};
use crate::{
    org::{Org, OrgState, PasswordHash},
    store::{Result, StoreError},
};

/// The hash of an admin's own password, wherever it is.
pub(super) fn own_password(admin: &Document) -> Option<&Bson> {
    match shape::suspended_password(admin) {
        Some(waiting) if is_locked(admin) => Some(waiting),
        _ => admin.get("password"),
    }
}

/// Whether no password opens the account for another program.
pub(super) fn is_locked(admin: &Document) -> bool {
    text(admin, "password").trim() == PasswordHash::nobodys().as_str()
}

/// The fields of an admin with a new password. What another program calls suspended locks nobody out of
/// it, so nothing waits either.
pub(super) fn with_password(record: &Document, password: &PasswordHash) -> Document {
    if shape::is_suspended_by_us(record) {
        return doc! {
            "password": PasswordHash::nobodys().as_str(),
            "suspended_password": { "at": DateTime::now(), "hash": password.as_str() },
        };
    }
    doc! { "password": password.as_str() }
}

impl Inner {
    /// Puts the passwords of the operation's admins where they belong.
    pub(super) async fn lock_admins(&self, pending: &Pending, suspended: bool) -> Stepped<()> {
        for admin in &pending.admins {
            let lock = |admin: &Document| Ok::<_, Halt>(moving(admin, suspended, pending));
            // There is nothing to lock of one that another program removed meanwhile.
            self.write_admin(pending, admin, lock).await?;
        }
        Ok(())
    }

    /// Puts them back where that is taken back; false where somebody else has taken that over.
    pub(super) async fn unlock_again(
        &self,
        pending: &Pending,
        Suspension { suspended, renewed, .. }: &Suspension,
    ) -> Result<bool> {
        if *renewed {
            return Ok(true);
        }
        self.write_again(pending, |admin| moving(admin, !suspended, pending)).await
    }

    /// The record as in `org`, with its admins' passwords where a suspension wants them.
    pub(super) async fn as_kept(&self, org: &Org) -> Result<Document> {
        let record = self.as_read(org).await?;
        let suspended = shape::is_suspended_by_us(&record);
        if suspended && self.renew_suspension(&record).await? {
            return self.as_read(org).await;
        }
        Ok(record)
    }

    /// Puts the passwords of a record's admins where they belong, as an operation that changes nothing
    /// else; false where all of them are there.
    async fn renew_suspension(&self, record: &Document) -> Result<bool> {
        let Some(org) = record::org(record).filter(|org| org.under_way.is_none()) else {
            return Ok(false);
        };
        let suspended = shape::is_suspended_by_us(record);
        let first = self.first_admin(&org).await?;
        let admins = self.listed_of(record, first).await?;
        if !admins.iter().any(|admin| is_misplaced(admin, suspended)) {
            return Ok(false);
        }
        let step = Step::Suspend(Suspension { suspended, renewed: true, admin: first });
        let pending = Pending::unrecorded(org.id, step, admins);
        let claims = record::stored_claims(record);
        self.carry_out(&pending, record, &claims, &[]).await?;
        Ok(true)
    }

    /// The same for all records. Returns how many that was needed for; one that somebody is at, or that
    /// cannot be written, keeps no other from it.
    pub(super) async fn renew_suspensions(&self) -> Result<u64> {
        let mut found = Vec::new();
        let suspended = doc! { "suspended.at": { "$type": "date" } };
        self.each(&self.orgs, suspended, |record| found.push(record)).await?;
        // An older version reactivates without moving anything.
        let mut waiting = Vec::new();
        let waits = doc! { "suspended_password.at": { "$type": "date" } };
        self.each(&self.admins, waits, |admin| waiting.extend(record::any_admin(&admin))).await?;
        for admin in waiting {
            let org = self.org_of_admin(&admin).await?;
            let org = org.filter(|org| org.state == OrgState::Active);
            if let Some(org) = org {
                found.extend(self.find_one(&self.orgs, doc! { "_id": org.id }).await?);
            }
        }
        let mut renewed = 0;
        for record in found {
            match self.renew_suspension(&record).await {
                Ok(done) => renewed += u64::from(done),
                Err(gone @ StoreError::Unreachable { .. }) => return Err(gone),
                Err(_) => {}
            }
        }
        Ok(renewed)
    }
}

/// Whether an admin's password is not where it belongs.
pub(super) fn is_misplaced(admin: &Document, suspended: bool) -> bool {
    if suspended { !is_locked(admin) } else { shape::suspended_password(admin).is_some() }
}

/// Moves an admin's password; none where it is there already. By the server, so that nothing is lost of
/// what another program has just written.
fn moving(admin: &Document, suspended: bool, pending: &Pending) -> Option<AdminWrite> {
    if !is_misplaced(admin, suspended) {
        return None;
    }
    // As it stands, a hash would be taken for the path of a field.
    let nobodys = doc! { "$literal": PasswordHash::nobodys().as_str() };
    let update = if suspended {
        vec![
            doc! { "$unset": "suspended_password" },
            doc! { "$set": { "suspended_password": { "at": "$$NOW", "hash": "$password" } } },
            doc! { "$set": { "password": nobodys, "operation": pending.id } },
        ]
    } else {
        let is_locked = doc! { "$eq": ["$password", &nobodys] };
        let own = doc! { "$cond": [is_locked, "$suspended_password.hash", "$password"] };
        vec![
            doc! { "$set": { "password": own, "operation": pending.id } },
            doc! { "$unset": "suspended_password" },
        ]
    };
    Some(AdminWrite { only_if: Document::new(), update: update.into() })
}
