//! Taking an operation back, as long as nothing is lost by it, and finding out what became of one that
//! somebody else has taken over.

use mongodb::bson::{Binary, Document, doc};

use super::{
    Inner,
    journal::{Edit, Pending, Return, Shelving, Step, set_claims},
};
use crate::{
    org::{Claim, Org},
    store::{Result, StoreError},
};

impl Inner {
    /// Takes an operation back, and answers why; or, where somebody else has taken it over and finished
    /// it meanwhile, what came of it.
    pub(super) async fn give_up(&self, pending: &Pending, why: StoreError) -> Result<Option<Org>> {
        if self.undo(pending).await? { Err(why) } else { self.of_another(pending).await }
    }

    /// What came of an operation that somebody else has taken over.
    pub(super) async fn of_another(&self, pending: &Pending) -> Result<Option<Org>> {
        match (self.org(pending.org).await?, &pending.step) {
            (Some(org), step) if step.is_done(&org) => Ok(Some(org)),
            (Some(_), _) => Err(StoreError::Changed),
            (None, Step::Delete(_)) => Ok(None),
            (None, _) => Err(StoreError::Gone),
        }
    }

    /// Takes back what a reservation, and what followed it, did. Only while nothing is lost by it:
    /// before a collection moved, never for a deletion whose collection is gone; and never what
    /// somebody else has taken over: then the answer is false.
    async fn undo(&self, pending: &Pending) -> Result<bool> {
        let say = |error| self.words.of(&error);
        match &pending.step {
            Step::Create(creation) => {
                // What was taken over may be an organization that somebody works with by now.
                if !self.renewed(pending).await? {
                    return Ok(false);
                }
                self.admins.delete_one(doc! { "_id": creation.admin_id }).await.map_err(say)?;
                let claim = Claim::Collection(creation.collection_name.clone());
                let nobodys = self.unadopted_holder(&claim, &pending.org.into()).await?.is_none();
                if nobodys && self.holds_only_ours(creation).await? {
                    self.drop_collection(&creation.collection_name).await?;
                } else {
                    let collection = self.db.collection::<Document>(&creation.collection_name);
                    let first = doc! { "_id": creation.first_document_id };
                    collection.delete_one(first).await.map_err(say)?;
                }
                let gone = self.orgs.delete_one(pending.filter()).await.map_err(say)?;
                Ok(gone.deleted_count > 0)
            }
            Step::Update(edit) => {
                let Edit { from, to, uuid, claims_before, .. } = edit;
                self.unreserve_unmoved(pending, (from, to, uuid.as_ref()), Some(claims_before))
                    .await
            }
            Step::Delete(_) => self.unreserve(pending, None).await,
            Step::Trash(shelving) => {
                let Shelving { from, to, uuid, .. } = shelving;
                self.unreserve_unmoved(pending, (from, to, uuid.as_ref()), None).await
            }
            Step::Restore(back) => {
                let Return { from, to, uuid, claims_before, .. } = back;
                self.unreserve_unmoved(pending, (from, to, uuid.as_ref()), Some(claims_before))
                    .await
            }
        }
    }

    async fn unreserve_unmoved(
        &self,
        pending: &Pending,
        (from, to, uuid): (&str, &str, Option<&Binary>),
        claims: Option<&[String]>,
    ) -> Result<bool> {
        if self.has_moved(from, to, uuid).await? {
            return self.renewed(pending).await;
        }
        self.unreserve(pending, claims).await
    }

    /// Whether the collection is where it was to go. Then the operation only goes on: where it cannot,
    /// the next recovery tries again.
    async fn has_moved(&self, from: &str, to: &str, uuid: Option<&Binary>) -> Result<bool> {
        Ok(uuid.is_some() && from != to && self.uuid_of(to).await?.as_ref() == uuid)
    }

    async fn unreserve(&self, pending: &Pending, claims: Option<&[String]>) -> Result<bool> {
        let mut update = doc! { "$unset": { "pending": "" } };
        if let Some(claims) = claims {
            set_claims(&mut update, claims);
        }
        let done = self.orgs.update_one(pending.filter(), update).await;
        done.map(|done| done.matched_count > 0).map_err(|error| self.words.of(&error))
    }
}
