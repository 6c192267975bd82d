//! Deleting an organization, with its collection and its admins, from the trash or past it.

use async_trait::async_trait;
use mongodb::bson::{Binary, Document, oid::ObjectId, serialize_to_document};
use serde::{Deserialize, Serialize};

use super::{
    lease::{Lease, StepError, StepResult},
    steps::{OnCollection, Running, Steps, Writes},
};
use crate::{
    org::Org,
    store::{
        Entry, JournalKind, Result,
        mongo::{
            Inner,
            journal::Pending,
            record::{self, id_of},
        },
    },
};

/// What goes.
#[derive(Serialize, Deserialize)]
pub(super) struct Deletion {
    /// The collection.
    pub(super) collection: String,
    /// Which collection that is: one made later under its name is not ours to drop.
    pub(super) uuid: Option<Binary>,
    /// The admin.
    pub(super) admin: Option<ObjectId>,
}

impl Inner {
    pub(super) async fn delete(&self, org: &Org, entry: &Entry) -> Result<Option<Org>> {
        let record = self.as_read(org).await?;
        let collection = record::held_in(org);
        let first = self.first_admin(org).await?;
        let admins = self.own_admins(org.id, first).await?;
        let deletion = Deletion {
            uuid: self.uuid_if_any(collection.as_deref()).await?,
            collection: collection.unwrap_or_default(),
            admin: first,
        };
        let running = Running::new(org.id, deletion, entry, admins);
        let claims = record::stored_claims(&record);
        self.carry_out(&running, &record, &claims, &[]).await
    }
}

#[async_trait]
impl Steps for Deletion {
    fn kind(&self) -> JournalKind {
        JournalKind::Delete
    }

    fn content(&self) -> mongodb::bson::error::Result<Document> {
        serialize_to_document(self)
    }

    fn writes(&self) -> Writes {
        Writes { record: &["pending", "claims"], admins: &[] }
    }

    fn loses_place(&self) -> bool {
        true
    }

    fn on_collection(&self) -> OnCollection<'_> {
        OnCollection::Drops(self.uuid.as_ref())
    }

    async fn admins(&self, store: &Inner, org: ObjectId) -> Result<Vec<ObjectId>> {
        let own = store.own_admins(org, self.admin).await?;
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
        if let Some(uuid) = &self.uuid {
            store.remove_collection(pending, &self.collection, uuid, lease).await?;
        }
        store.still_ours(pending, lease).await?;
        store.remove_admins(pending).await?;
        let gone = store.orgs.delete_one(pending.filter()).await;
        match gone.map_err(|error| store.errors.translate(&error))?.deleted_count {
            0 => Err(StepError::Lost),
            _ => Ok(None),
        }
    }

    async fn undo(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        self.release(store, pending).await
    }

    async fn release(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.unreserve(pending, None).await
    }
}
