//! Taking an operation back, as long as nothing is lost by it, and finding out what became of one that
//! somebody else has taken over.

use mongodb::bson::{Binary, Document, doc};

use super::{
    Inner,
    journal::{Edit, Fate, Pending, Return, Shelving, Step, set_claims},
};
use crate::{
    org::{Claim, Org},
    store::{Outcome, Result, StoreError},
};

impl Inner {
    /// Takes back a reservation that nothing but itself was made for, and answers why; or, where somebody
    /// else has taken it over and finished it meanwhile, what came of it. The record has nothing of it.
    pub(super) async fn give_up(&self, pending: &Pending, why: StoreError) -> Result<Option<Org>> {
        let given_up = match &pending.step {
            Step::Create(_) => {
                let gone = self.orgs.delete_one(pending.filter()).await;
                gone.map_err(|error| self.words.of(&error))?.deleted_count > 0
            }
            Step::Update(Edit { claims_before, .. })
            | Step::Restore(Return { claims_before, .. }) => {
                self.unreserve(pending, Some(claims_before)).await?
            }
            Step::Delete(_) | Step::Trash(_) | Step::Suspend(_) => {
                self.unreserve(pending, None).await?
            }
        };
        if given_up { Err(why) } else { self.of_another(pending).await }
    }

    /// Takes an operation back that is in the record, says so there, and answers why; otherwise as
    /// [`Inner::give_up`].
    pub(super) async fn take_back(
        &self,
        pending: &Pending,
        why: StoreError,
    ) -> Result<Option<Org>> {
        if pending.taken_back.is_none() && self.has_moved(pending).await? {
            // It only goes on: where it cannot, the next recovery tries again.
            let ours = self.renewed(pending).await?;
            return if ours { Err(why) } else { self.of_another(pending).await };
        }
        if let Some(entry) = &pending.entry {
            let ended = if let Some(ended) = &pending.taken_back {
                ended.clone()
            } else {
                let ended = entry.ended(Outcome::TakenBack, &why.to_string());
                let note = doc! {
                    "$set": { "pending.taken_back": ended.to_document() },
                    "$currentDate": { "pending.at": true },
                };
                let noted = self.orgs.update_one(pending.filter(), note).await;
                if noted.map_err(|error| self.words.of(&error))?.matched_count == 0 {
                    return self.of_another(pending).await;
                }
                ended
            };
            self.append(&ended).await?;
        }
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

    /// Takes back what a reservation, and what followed it, did; never what somebody else has taken
    /// over: then the answer is false.
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
                if let (Some(admin), Fate::Comes) = (edit.admin, edit.fate) {
                    if !self.renewed(pending).await? {
                        return Ok(false);
                    }
                    self.admins.delete_one(doc! { "_id": admin }).await.map_err(say)?;
                }
                self.move_back(pending).await?;
                self.unreserve(pending, Some(&edit.claims_before)).await
            }
            Step::Restore(back) => {
                self.move_back(pending).await?;
                self.unreserve(pending, Some(&back.claims_before)).await
            }
            Step::Trash(_) => {
                self.move_back(pending).await?;
                self.unreserve(pending, None).await
            }
            Step::Delete(_) | Step::Suspend(_) => self.unreserve(pending, None).await,
        }
    }

    /// Whether the collection is where it was to go.
    async fn has_moved(&self, pending: &Pending) -> Result<bool> {
        let Some((from, to, uuid)) = moves(&pending.step) else { return Ok(false) };
        Ok(uuid.is_some() && from != to && self.uuid_of(to).await?.as_ref() == uuid)
    }

    /// Moves a collection back that a console which was only slow moved after all.
    async fn move_back(&self, pending: &Pending) -> Result<()> {
        match moves(&pending.step) {
            Some((from, to, uuid)) if self.has_moved(pending).await? => {
                self.move_collection(to, from, uuid).await
            }
            _ => Ok(()),
        }
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

/// From where to where a step moves which collection.
fn moves(step: &Step) -> Option<(&str, &str, Option<&Binary>)> {
    match step {
        Step::Update(Edit { from, to, uuid, .. })
        | Step::Trash(Shelving { from, to, uuid, .. })
        | Step::Restore(Return { from, to, uuid, .. }) => Some((from, to, uuid.as_ref())),
        Step::Create(_) | Step::Delete(_) | Step::Suspend(_) => None,
    }
}
