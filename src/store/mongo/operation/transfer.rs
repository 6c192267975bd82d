//! Transferring an organization: one admin becomes its only owner, and the record names that one. Those before are
//! demoted or removed, once nothing else can refuse it: a removal cannot be taken back.

use async_trait::async_trait;
use mongodb::bson::{Document, doc, oid::ObjectId, serialize_to_document};
use serde::{Deserialize, Serialize};

use super::{
    accounts::WRITTEN,
    admin::{added, naming},
    fields::Fields,
    lease::{Lease, StepError, StepResult},
    steps::{OnCollection, Running, Steps, Writes},
};
use crate::{
    org::{Admin, Claim, Org, Role, email_key},
    store::{
        Entry, JournalKind, Result, StoreError, Transfer, admit,
        mongo::{
            Inner,
            journal::{Pending, set_claims, set_or_unset},
            listing,
            record::{self, id_of},
        },
    },
};

/// The fields of ours in a record that it writes.
const WRITTEN_TO_RECORD: [&str; 8] = [
    "pending",
    "claims",
    "revision",
    "other_emails",
    "other_admins",
    "seen",
    "email_key",
    "listing",
];

/// What is different afterwards.
#[derive(Serialize, Deserialize)]
pub(super) struct OwnerTransfer {
    /// Who becomes the owner.
    to: ObjectId,
    /// Their fields, where they are no admin yet.
    new: Option<Document>,
    /// The admins that are changed.
    changed: Vec<Changed>,
    /// The owners that are removed.
    removed: Vec<ObjectId>,
    /// The record's fields afterwards.
    set: Document,
    /// The claims to go back to.
    claims_before: Vec<String>,
    /// The claims to end with.
    claims_after: Vec<String>,
    /// The e-mails of the admins beside the owner afterwards.
    other_emails: Vec<String>,
    /// Those admins themselves.
    other_admins: Vec<ObjectId>,
}

/// An admin with another role.
#[derive(Serialize, Deserialize)]
struct Changed {
    admin: ObjectId,
    set: Document,
    before: Document,
}

impl Changed {
    fn new(there: &Document, set: Document) -> Option<Self> {
        let fields = Fields { set: &set, unset: &[], before: None };
        let before = fields.values_in(there);
        Some(Self { admin: id_of(there)?, before, set })
    }

    fn fields(&self) -> Fields<'_> {
        Fields { set: &self.set, unset: &[], before: Some(&self.before) }
    }
}

/// The admin of a transfer, as it is stored.
fn read(pending: &Pending, admin: ObjectId) -> Option<&Document> {
    pending.admins.iter().find(|there| id_of(there) == Some(admin))
}

impl Inner {
    pub(super) async fn transfer(
        &self,
        org: &Org,
        transfer: Transfer,
        entry: &Entry,
    ) -> Result<Option<Org>> {
        let record = self.as_kept(org, entry.operator.raw()).await?;
        let first = self.first_admin(org).await?;
        let admins = self.admins(org).await?;
        admit::same_owners(&admins, &transfer)?;
        let owner = |admin: &Admin| transfer.owners.contains(&admin.id);
        let goes = |admin: &Admin| transfer.removes && owner(admin);
        let email = match (&transfer.new, admins.iter().find(|admin| admin.id == transfer.to)) {
            (Some(new), None) => new.email.as_str().to_owned(),
            (None, Some(admin)) => admin.email.raw().to_owned(),
            (Some(_), Some(_)) | (None, None) => return Err(StoreError::Changed),
        };

        let (mut others, mut ids) =
            (record::other_emails(&record), self.other_admins(&record, org).await?);
        others.retain(|other| *other != email_key(&email));
        ids.retain(|other| *other != transfer.to);
        let mut freed = Vec::new();
        if !admins.iter().any(|admin| first == Some(admin.id)) {
            freed.push(email_key(org.admin_email.raw()));
        }
        for admin in &admins {
            let key = email_key(admin.email.raw());
            if goes(admin) {
                others.retain(|other| *other != key);
                ids.retain(|other| *other != admin.id);
                freed.push(key);
            } else if first == Some(admin.id) && admin.id != transfer.to {
                others.push(key);
                ids.push(admin.id);
            }
        }

        let before = record::stored_claims(&record);
        let claim = |email: &String| Claim::Email(email.clone()).to_string();
        let freed: Vec<String> =
            freed.iter().filter(|email| !others.contains(email)).map(claim).collect();
        let mut after = before.clone();
        after.retain(|claim| !freed.contains(claim));
        if transfer.new.is_some() {
            self.is_nobodys_here(org, transfer.to, &email_key(&email), &after).await?;
        }
        let mut fresh = Vec::new();
        for email in others.iter().chain([&email_key(&email)]) {
            if !after.contains(&claim(email)) {
                after.push(claim(email));
            }
            if !before.contains(&claim(email)) {
                fresh.push(Claim::Email(email.clone()));
            } else if freed.contains(&claim(email))
                && let Some(taken) = self.in_the_way(&[Claim::Email(email.clone())], org.id).await?
            {
                // It goes from the one who is gone to the new one, unless a third has it.
                return Err(taken);
            }
        }

        let (mut changed, mut removed, mut read) = (Vec::new(), Vec::new(), Vec::new());
        for admin in &admins {
            let mut set = Document::new();
            if admin.id == transfer.to && admin.role != Role::Owner {
                set.insert("role", Role::Owner.word());
            } else if owner(admin) {
                set.insert("role", Role::Admin.word());
            }
            if first == Some(admin.id) && admin.id != transfer.to {
                set.insert("organization_id", org.id);
            }
            if !goes(admin) && set.is_empty() {
                continue;
            }
            let there = self.find_one(&self.admins, doc! { "_id": admin.id }).await?;
            let there = there.ok_or(StoreError::Changed)?;
            if goes(admin) {
                removed.push(admin.id);
            } else {
                changed.extend(Changed::new(&there, set));
            }
            read.push(there);
        }

        let mut set = naming(transfer.to, &email);
        let emails = [&email].into_iter().chain(&others).map(String::as_str);
        set.insert("listing", listing::listing(org.name.raw(), org.collection.raw(), emails));
        let own = record.get("_id").cloned();
        let steps = OwnerTransfer {
            to: transfer.to,
            new: transfer.new.map(|new| added(new, own)),
            changed,
            removed,
            set,
            claims_before: before.clone(),
            claims_after: after,
            other_emails: others,
            other_admins: ids,
        };
        let running = Running::new(org.id, steps, entry, read);
        let mut both = before;
        both.extend(fresh.iter().map(Claim::to_string));
        self.carry_out(&running, &record, &both, &fresh).await
    }
}

#[async_trait]
impl Steps for OwnerTransfer {
    fn kind(&self) -> JournalKind {
        JournalKind::Transfer
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

    async fn admins(&self, _: &Inner, _: ObjectId) -> Result<Vec<ObjectId>> {
        let changed = self.changed.iter().map(|changed| changed.admin);
        Ok(changed.chain(self.removed.iter().copied()).chain([self.to]).collect())
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
        if let Some(new) = &self.new {
            store.add_hidden_admin(pending, self.to, new).await?;
        }
        for changed in &self.changed {
            let there = read(pending, changed.admin);
            let there = there.ok_or(StepError::Refused(StoreError::Changed))?;
            store.change_fields(pending, there, changed.fields()).await?;
        }
        // From here on there is no way back.
        for removed in self.removed.iter().filter_map(|removed| read(pending, *removed)) {
            store.remove_as_read(pending, removed).await?;
        }
        store.still_ours(pending, lease).await?;
        let mut update = doc! {
            "$unset": { "pending": "" },
            "$inc": { "revision": 1_i64 },
            "$set": self.set.clone(),
        };
        set_claims(&mut update, &self.claims_after);
        set_or_unset(&mut update, "other_emails", &self.other_emails);
        set_or_unset(&mut update, "other_admins", &self.other_admins);
        let org = match store.settle(pending, update).await {
            Err(StepError::Refused(why)) if !self.removed.is_empty() => {
                return Err(StepError::Failed(why));
            }
            settled => settled?,
        };
        if self.new.is_some() {
            store.show_new_admin(pending, self.to).await;
        }
        Ok(org)
    }

    async fn undo(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        if self.new.is_some() && !store.remove_new_admin(pending, self.to).await? {
            return Ok(false);
        }
        for changed in &self.changed {
            if !store.undo_fields(pending, changed.admin, changed.fields()).await? {
                return Ok(false);
            }
        }
        self.release(store, pending).await
    }

    async fn release(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.unreserve(pending, Some(&self.claims_before)).await
    }
}
