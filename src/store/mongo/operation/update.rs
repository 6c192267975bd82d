//! Changing an organization: its name, its collection and its first admin together; and what a change of
//! one of its admins ([`super::admin`]) has in common with that. The documents move with the collection.

use async_trait::async_trait;
use mongodb::bson::{Binary, Document, doc, oid::ObjectId, serialize_to_document};
use serde::{Deserialize, Serialize};

use super::{
    accounts::WRITTEN,
    fields::Fields,
    lease::{Lease, StepError, StepResult},
    reserve::{claims_after, fields_after, strings},
    steps::{OnCollection, Running, Steps, Writes},
    trash::FORMER,
};
use crate::{
    org::{Claim, Email, Org, StoredText, email_key},
    store::{
        Change, Entry, JournalKind, Result, StoreError, admit,
        mongo::{
            Inner,
            journal::{Pending, set_claims, set_or_unset},
            listing,
            password::with_password,
            record::{self, id_of},
        },
    },
};

/// The fields of ours in a record that a change may write.
pub(super) const WRITTEN_TO_RECORD: [&str; 12] = [
    "pending",
    "claims",
    "revision",
    "former",
    "other_emails",
    "other_admins",
    "seen",
    "name_key",
    "look",
    "look_as_typed",
    "email_key",
    "listing",
];

/// What is different afterwards.
#[derive(Serialize, Deserialize)]
pub(super) struct Edit {
    /// The collection before.
    pub(super) from: String,
    /// The collection afterwards; the same when it stays.
    pub(super) to: String,
    /// Which collection that is, whatever its name; none when there was none.
    pub(super) uuid: Option<Binary>,
    /// The record's fields afterwards.
    pub(super) set: Document,
    /// The claims to go back to.
    pub(super) claims_before: Vec<String>,
    /// The claims to end with.
    pub(super) claims_after: Vec<String>,
    /// Which admin is added, removed or changed.
    pub(super) admin: Option<ObjectId>,
    /// The admin's fields afterwards.
    pub(super) admin_set: Document,
    /// The admin's fields before, of those that change; a change is made only while they are so. None in
    /// a journal of an older program, and where the admin is new.
    #[serde(default)]
    pub(super) admin_before: Option<Document>,
    /// The admin's fields that are gone afterwards.
    #[serde(default)]
    pub(super) admin_unset: Vec<String>,
    /// What becomes of the admin.
    #[serde(default, rename = "fate")]
    pub(super) admin_operation: AdminOperation,
    /// Whether the admin is added only as long as the organization has no owner.
    #[serde(default)]
    pub(super) appoints: bool,
    /// The e-mails of the admins beside the first afterwards; none where they stay.
    #[serde(default)]
    pub(super) other_emails: Option<Vec<String>>,
    /// Those admins themselves; none where they stay.
    #[serde(default)]
    pub(super) other_admins: Option<Vec<ObjectId>>,
}

/// What becomes of the admin that an edit is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AdminOperation {
    /// It is there before and afterwards.
    #[default]
    #[serde(rename = "Stays")]
    Update,
    /// It is there afterwards only.
    #[serde(rename = "Comes")]
    Insert,
    /// It was there before only.
    #[serde(rename = "Goes")]
    Delete,
}

impl Edit {
    /// What is different about the admin.
    pub(super) fn fields(&self) -> Fields<'_> {
        let (set, unset, before) = (&self.admin_set, &self.admin_unset, &self.admin_before);
        Fields { set, unset, before: before.as_ref() }
    }
}

impl Inner {
    pub(super) async fn update(
        &self,
        org: &Org,
        change: &Change,
        entry: &Entry,
    ) -> Result<Option<Org>> {
        let record = self.as_kept(org, entry.operator.raw()).await?;
        let before = record::stored_claims(&record);
        let others = record::other_emails(&record);
        // No two of its own admins have the same e-mail either.
        if let Some(email) = &change.email {
            admit::no_own_email(org, others.iter().map(String::as_str), email.as_str())?;
        }
        let mut after = claims_after(org, change, &before, &others);
        if change.undoes {
            self.without_looks_of_others(&mut after, org.id).await?;
        }
        let fresh: Vec<Claim> =
            after.iter().filter(|claim| !before.contains(&claim.to_string())).cloned().collect();
        let from = org.collection.raw().to_owned();
        let to = change.collection.as_ref().map_or(from.clone(), ToString::to_string);
        let uuid = if from == to { None } else { self.uuid_if_ours(&from).await? };
        let mut edit = Edit {
            set: fields_after(change, self.db.name()),
            admin_set: admin_after(&record, change),
            admin_before: None,
            admin_unset: change.password.iter().map(|_| "reset".to_owned()).collect(),
            admin: None,
            admin_operation: AdminOperation::Update,
            appoints: false,
            other_emails: None,
            other_admins: None,
            claims_before: before.clone(),
            claims_after: strings(&after),
            from,
            to,
            uuid,
        };
        set_listing(&mut edit, org, &others);
        let mut admins = Vec::new();
        if !edit.admin_set.is_empty() {
            let first = self.first_admin(org).await?.ok_or(StoreError::Changed)?;
            let there = self.find_one(&self.admins, doc! { "_id": first }).await?;
            let there = there.ok_or(StoreError::Changed)?;
            (edit.admin, edit.admin_before) = (Some(first), Some(edit.fields().values_in(&there)));
            admins.push(there);
        }
        let running = Running::new(org.id, edit, entry, admins);
        let mut both = before;
        both.extend(strings(&fresh));
        self.carry_out(&running, &record, &both, &fresh).await
    }

    /// The step of an edit that is about its admin.
    async fn edit_admin(&self, pending: &Pending, admin: ObjectId, edit: &Edit) -> StepResult<()> {
        let there = pending.admins.iter().find(|there| id_of(there) == Some(admin));
        match (edit.admin_operation, there) {
            // From here on there is no way back.
            (AdminOperation::Delete, Some(there)) => self.remove_as_read(pending, there).await,
            (AdminOperation::Delete, None) => Ok(()),
            (AdminOperation::Insert, _) => {
                self.add_hidden_admin(pending, admin, &edit.admin_set).await
            }
            (AdminOperation::Update, _)
                if edit.admin_set.is_empty() && edit.admin_unset.is_empty() =>
            {
                Ok(())
            }
            // There was one when the change was allowed.
            (AdminOperation::Update, None) => Err(StepError::Refused(StoreError::Changed)),
            (AdminOperation::Update, Some(there)) => {
                self.change_fields(pending, there, edit.fields()).await
            }
        }
    }
}

#[async_trait]
impl Steps for Edit {
    fn kind(&self) -> JournalKind {
        match self.admin_operation {
            AdminOperation::Update => JournalKind::Update,
            AdminOperation::Insert | AdminOperation::Delete => JournalKind::Admin,
        }
    }

    fn content(&self) -> mongodb::bson::error::Result<Document> {
        serialize_to_document(self)
    }

    fn writes(&self) -> Writes {
        Writes { record: &WRITTEN_TO_RECORD, admins: &WRITTEN }
    }

    fn loses_place(&self) -> bool {
        self.set.contains_key("connection_details")
    }

    fn on_collection(&self) -> OnCollection<'_> {
        OnCollection::Moves { from: &self.from, to: &self.to, uuid: self.uuid.as_ref() }
    }

    async fn admins(&self, _: &Inner, _: ObjectId) -> Result<Vec<ObjectId>> {
        Ok(self.admin.into_iter().collect())
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
        // The admin first: that can be taken back where the collection cannot move.
        if let Some(admin) = self.admin {
            store.still_ours(pending, lease).await?;
            // Decided here, where nobody else changes who its admins are.
            if self.appoints {
                let admins = store.admins_of(pending.org).await?;
                admit::no_owner(&admins).map_err(StepError::Refused)?;
            }
            store.edit_admin(pending, admin, self).await?;
        }
        store.move_collection(pending, (&self.from, &self.to), self.uuid.as_ref(), lease).await?;
        store.still_ours(pending, lease).await?;
        let mut update = doc! { "$unset": { "pending": "" }, "$inc": { "revision": 1_i64 } };
        if !self.set.is_empty() {
            update.insert("$set", self.set.clone());
        }
        set_claims(&mut update, &self.claims_after);
        if let Some(emails) = &self.other_emails {
            set_or_unset(&mut update, "other_emails", emails);
        }
        if let Some(admins) = &self.other_admins {
            set_or_unset(&mut update, "other_admins", admins);
        }
        if self.from != self.to && self.uuid.is_some() {
            update.insert("$push", doc! { "former": { "$each": [&self.from], "$slice": FORMER } });
        }
        let org = store.settle(pending, update).await?;
        if let (Some(admin), AdminOperation::Insert) = (self.admin, self.admin_operation) {
            store.show_new_admin(pending, admin).await;
        }
        Ok(org)
    }

    async fn undo(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.put_back_moved(pending, &self.from, self.uuid.as_ref()).await?;
        let ours = match (self.admin, self.admin_operation) {
            (Some(admin), AdminOperation::Insert) => store.remove_new_admin(pending, admin).await?,
            (Some(admin), AdminOperation::Update) => {
                store.undo_fields(pending, admin, self.fields()).await?
            }
            (Some(_), AdminOperation::Delete) | (None, _) => true,
        };
        Ok(ours && self.release(store, pending).await?)
    }

    async fn release(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.unreserve(pending, Some(&self.claims_before)).await
    }
}

/// What the list keeps of the organization afterwards.
pub(super) fn set_listing(edit: &mut Edit, org: &Org, others: &[String]) {
    let after =
        |field: &str, now: &StoredText| edit.set.get_str(field).unwrap_or(now.raw()).to_owned();
    let name = after("organization_name", &org.name);
    let first = after("admin_email", &org.admin_email);
    let emails = [&first].into_iter().chain(edit.other_emails.as_deref().unwrap_or(others));
    let listing = listing::listing(&name, &edit.to, emails.map(String::as_str));
    edit.set.insert("listing", listing);
}

fn admin_after(record: &Document, change: &Change) -> Document {
    let mut set = Document::new();
    if let Some(email) = change.email.as_ref().map(Email::as_str) {
        set.insert("email", email);
        set.insert("seen.email", email);
        set.insert("email_key", email_key(email));
    }
    if let Some(password) = &change.password {
        set.extend(with_password(record, password));
    }
    set
}
