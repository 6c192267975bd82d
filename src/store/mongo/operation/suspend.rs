//! Suspending and reactivating an organization, for the service before this one as well. It knows of no suspension and checks an admin's
//! `password` as it is. So while an organization is suspended, `password` holds a hash that nobody knows
//! the password of, and the admin's own waits in `suspended_password`. The e-mail stays, so that the
//! service gives it to nobody else.
//!
//! Any other hash in `password` is the admin's own and newer than what waits: an older version suspended
//! without moving it, and the service may write one meanwhile (its update asks for no login). It is moved
//! by the next change of the organization, and by whoever brings records up to date.

use async_trait::async_trait;
use mongodb::bson::{Document, doc, oid::ObjectId, serialize_to_document};
use serde::{Deserialize, Serialize};

use super::{
    accounts::{AdminWrite, WRITTEN},
    lease::{Lease, StepError, StepResult},
    steps::{OnCollection, Running, Steps, Writes},
    trash::one_more,
};
use crate::{
    org::{Org, OrgState, PasswordHash},
    store::{
        Entry, JournalKind, Result, StoreError,
        mongo::{
            Inner,
            journal::Pending,
            password::is_misplaced,
            record::{self, id_of},
            shape,
        },
    },
};

/// The fields of ours in a record that it writes.
const WRITTEN_TO_RECORD: [&str; 5] = ["pending", "claims", "revision", "login_epoch", "suspended"];

/// Whether an organization is suspended afterwards.
#[derive(Serialize, Deserialize)]
pub(super) struct Suspension {
    pub(super) suspended: bool,
    /// Whether it is so already, and only its admins' passwords are not where they belong.
    #[serde(default)]
    pub(super) renewed: bool,
    /// The admin whom the record names.
    #[serde(default)]
    pub(super) admin: Option<ObjectId>,
}

impl Inner {
    pub(super) async fn suspend(
        &self,
        org: &Org,
        suspended: bool,
        entry: &Entry,
    ) -> Result<Option<Org>> {
        let record = self.as_read(org).await?;
        // What another program calls suspended is not done yet.
        shape::writable(&record, &WRITTEN_TO_RECORD)?;
        if suspended == (org.state == OrgState::Suspended) {
            self.append(entry).await?;
            return Ok(Some(org.clone()));
        }
        let first = self.first_admin(org).await?;
        let admins = self.listed_of(&record, first).await?;
        let suspension = Suspension { suspended, renewed: false, admin: first };
        let running = Running::new(org.id, suspension, entry, admins);
        let claims = record::stored_claims(&record);
        self.carry_out(&running, &record, &claims, &[]).await
    }

    /// Puts the passwords of the operation's admins where they belong.
    async fn lock_admins(&self, pending: &Pending, suspended: bool) -> StepResult<()> {
        for admin in &pending.admins {
            let lock = |admin: &Document| Ok::<_, StepError>(moving(admin, suspended, pending));
            // There is nothing to lock of one that another program removed meanwhile.
            self.write_admin(pending, admin, lock).await?;
        }
        Ok(())
    }

    /// Puts them back where that is taken back; false where somebody else has taken that over.
    async fn unlock_again(
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
    pub(super) async fn as_kept(&self, org: &Org, operator: &str) -> Result<Document> {
        let record = self.as_read(org).await?;
        let suspended = shape::is_suspended_by_us(&record);
        if suspended && self.renew_suspension(&record, operator).await? {
            return self.as_read(org).await;
        }
        Ok(record)
    }

    /// Puts the passwords of a record's admins where they belong, as an operation that changes nothing
    /// else; false where all of them are there.
    async fn renew_suspension(&self, record: &Document, operator: &str) -> Result<bool> {
        let Some(org) = record::org(record).filter(|org| org.under_way.is_none()) else {
            return Ok(false);
        };
        let suspended = shape::is_suspended_by_us(record);
        let first = self.first_admin(&org).await?;
        let admins = self.listed_of(record, first).await?;
        if !admins.iter().any(|admin| is_misplaced(admin, suspended)) {
            return Ok(false);
        }
        let suspension = Suspension { suspended, renewed: true, admin: first };
        let pending = Pending::without_entry(org.id, operator.to_owned(), admins);
        let running = Running { pending, steps: Box::new(suspension) };
        let claims = record::stored_claims(record);
        self.carry_out(&running, record, &claims, &[]).await?;
        Ok(true)
    }

    /// The same for all records. Returns how many that was needed for; one that somebody is at, or that
    /// cannot be written, keeps no other from it.
    pub(in crate::store::mongo) async fn renew_suspensions(&self, operator: &str) -> Result<u64> {
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
            match self.renew_suspension(&record, operator).await {
                Ok(done) => renewed += u64::from(done),
                Err(gone @ StoreError::Unreachable { .. }) => return Err(gone),
                Err(_) => {}
            }
        }
        Ok(renewed)
    }
}

#[async_trait]
impl Steps for Suspension {
    fn kind(&self) -> JournalKind {
        JournalKind::Suspend
    }

    fn content(&self) -> mongodb::bson::error::Result<Document> {
        serialize_to_document(self)
    }

    fn writes(&self) -> Writes {
        Writes { record: &WRITTEN_TO_RECORD, admins: &WRITTEN }
    }

    fn loses_place(&self) -> bool {
        false
    }

    fn on_collection(&self) -> OnCollection<'_> {
        OnCollection::Nothing
    }

    async fn admins(&self, store: &Inner, org: ObjectId) -> Result<Vec<ObjectId>> {
        let record = store.find_one(&store.orgs, doc! { "_id": org }).await?.unwrap_or_default();
        let first = self.admin.or_else(|| record::first_admin(&record));
        let own = store.listed_of(&record, first).await?;
        Ok(own.iter().filter_map(id_of).collect())
    }

    async fn is_overtaken(&self, _: &Inner, _: ObjectId) -> Result<bool> {
        Ok(false)
    }

    async fn forward(
        &self,
        store: &Inner,
        pending: &Pending,
        lease: &mut Lease,
    ) -> StepResult<Option<Org>> {
        store.still_ours(pending, lease).await?;
        store.lock_admins(pending, self.suspended).await?;
        store.still_ours(pending, lease).await?;
        if self.renewed {
            return store.settle(pending, doc! { "$unset": { "pending": "" } }).await;
        }
        let mut set = doc! { "revision": one_more("revision") };
        let mut gone = vec!["pending"];
        if self.suspended {
            set.insert("login_epoch", one_more("login_epoch"));
            set.insert("suspended", doc! { "at": "$$NOW", "by": "$pending.by" });
        } else {
            gone.push("suspended");
        }
        store.settle(pending, vec![doc! { "$set": set }, doc! { "$unset": gone }]).await
    }

    async fn undo(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        Ok(store.unlock_again(pending, self).await? && self.release(store, pending).await?)
    }

    async fn release(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.unreserve(pending, None).await
    }
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
