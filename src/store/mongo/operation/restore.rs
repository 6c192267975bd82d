//! Bringing an organization back from the trash with everything it had; under another name where that is
//! asked for.

use async_trait::async_trait;
use mongodb::bson::{Binary, Document, doc, oid::ObjectId, serialize_to_document};
use serde::{Deserialize, Serialize};

use super::{
    accounts::{WRITTEN, email_of_nobody},
    lease::{Lease, StepError, StepResult},
    reserve::{claims_after, fields_after, strings},
    steps::{OnCollection, Running, Steps, Writes},
    trash::{SHELVED, one_more},
};
use crate::{
    org::{Claim, CollectionName, Org},
    store::{
        Change, Entry, JournalKind, Result, StoreError, admit,
        mongo::{
            Inner,
            journal::Pending,
            record::{self, id_of},
            shape,
        },
    },
};

/// What comes out of the trash.
#[derive(Serialize, Deserialize)]
pub(super) struct Restoration {
    /// The collection in the trash.
    pub(super) from: String,
    /// The collection afterwards.
    pub(super) to: String,
    /// Which collection that is, whatever its name; none when there is none to move.
    pub(super) uuid: Option<Binary>,
    /// The admin.
    pub(super) admin: Option<ObjectId>,
    /// The record's fields that are not as they were, and ours.
    pub(super) set: Document,
    /// The claims to go back to.
    pub(super) claims_before: Vec<String>,
    /// The claims to end with.
    pub(super) claims_after: Vec<String>,
}

impl Inner {
    pub(super) async fn restore(
        &self,
        org: &Org,
        change: &Change,
        entry: &Entry,
    ) -> Result<Option<Org>> {
        let record = self.as_kept(org, entry.operator.raw()).await?;
        let Some(shelved) = shape::trash(&record) else { return Err(StoreError::Changed) };
        let change = admit::restored(change);
        let before = record::stored_claims(&record);
        // What it looks like it claims again only where it did: an older one may look the same.
        let others = record::other_emails(&record);
        let after = if before.is_empty() {
            // It gave all of them up: what it looks like as well.
            let mut after = change.claims_of(org);
            after.extend(others.into_iter().map(Claim::Email));
            self.without_looks_of_others(&mut after, org.id).await?;
            after
        } else {
            claims_after(org, &change, &before, &others)
        };
        let fresh: Vec<Claim> =
            after.iter().filter(|claim| !before.contains(&claim.to_string())).cloned().collect();
        let from = record::held_in(org);
        let to = change.collection.as_ref().map_or(org.collection.raw(), CollectionName::as_str);
        let mut restored = shelved.clone();
        restored.insert("_id", org.id);
        restored.insert("created_at", org.created_at);
        let mut set: Document = fields_after(&change, self.db.name())
            .into_iter()
            .filter(|(field, _)| !field.starts_with("seen."))
            .collect();
        restored.insert("other_emails", record::other_emails(&record));
        restored.extend(set.clone());
        set.extend(record::derived(&restored));
        let first = self.first_admin(org).await?;
        let admins = self.listed_of(&record, first).await?;
        let restoration = Restoration {
            uuid: self.uuid_if_any(from.as_deref()).await?,
            from: from.unwrap_or_default(),
            to: to.to_owned(),
            admin: first,
            set,
            claims_before: before.clone(),
            claims_after: strings(&after),
        };
        let running = Running::new(org.id, restoration, entry, admins);
        let mut both = before;
        both.extend(strings(&fresh));
        self.carry_out(&running, &record, &both, &fresh).await
    }
}

#[async_trait]
impl Steps for Restoration {
    fn kind(&self) -> JournalKind {
        JournalKind::Restore
    }

    fn content(&self) -> mongodb::bson::error::Result<Document> {
        serialize_to_document(self)
    }

    fn writes(&self) -> Writes {
        Writes {
            record: &["pending", "trash", "claims", "revision", "seen", "former"],
            admins: &WRITTEN,
        }
    }

    fn loses_place(&self) -> bool {
        self.set.contains_key("connection_details")
    }

    fn on_collection(&self) -> OnCollection<'_> {
        OnCollection::Moves { from: &self.from, to: &self.to, uuid: self.uuid.as_ref() }
    }

    async fn admins(&self, store: &Inner, org: ObjectId) -> Result<Vec<ObjectId>> {
        let record = store.find_one(&store.orgs, doc! { "_id": org }).await?;
        let own = store.listed_of(&record.unwrap_or_default(), self.admin).await?;
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
        // The admins first: that can be taken back where the collection cannot move.
        store.still_ours(pending, lease).await?;
        if !store.show_admins(pending).await? {
            // The service may have given an e-mail away, under an index of its own.
            return Err(StepError::Refused(email_of_nobody()));
        }
        store.move_collection(pending, (&self.from, &self.to), self.uuid.as_ref(), lease).await?;
        store.still_ours(pending, lease).await?;
        let mut set = Document::new();
        for field in SHELVED {
            set.insert(field, format!("$trash.{field}"));
        }
        let mut ours = Document::new();
        for (field, value) in &self.set {
            ours.insert(field, doc! { "$literal": value });
        }
        ours.insert("revision", one_more("revision"));
        if !self.claims_after.is_empty() {
            ours.insert("claims", doc! { "$literal": &self.claims_after });
        }
        let mut unset = vec!["trash", "pending"];
        if self.claims_after.is_empty() {
            unset.push("claims");
        }
        let update = vec![
            doc! { "$set": set },
            doc! { "$set": ours },
            doc! { "$set": { "seen": record::seen_now(&record::SEEN) } },
            doc! { "$unset": unset },
        ];
        store.settle(pending, update).await
    }

    async fn undo(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.put_back_moved(pending, &self.from, self.uuid.as_ref()).await?;
        Ok(store.hide_again(pending).await? && self.release(store, pending).await?)
    }

    async fn release(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.unreserve(pending, Some(&self.claims_before)).await
    }
}
