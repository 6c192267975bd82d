//! Taking an operation back, as long as nothing is lost by it, and finding out what became of one that
//! somebody else has taken over.

use std::time::{Duration, Instant};

use mongodb::bson::{Binary, Document, doc, oid::ObjectId};

use super::{
    Inner,
    act::unsettled,
    collection::{Listed, Renamed},
    fence::{as_marked, lease_collection},
    journal::{Creation, Deletion, Edit, Fate, Pending, Return, Shelving, Step, set_claims},
};
use crate::{
    org::{Claim, Org},
    store::{Outcome, Result, Settled, StoreError},
};

/// How long another console that has taken an operation over is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it is between two looks at what it has done.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// What comes of taking an operation back.
pub(super) enum Back {
    /// Nothing is different.
    Done,
    /// Somebody else has taken it over.
    Lost,
    /// It is too late for that: it only goes on.
    GoesOn,
}

impl Inner {
    /// Takes back a reservation that nothing but itself was made for, and answers why; or, where somebody
    /// else has taken it over and finished it meanwhile, what came of it. The record has nothing of it.
    pub(super) async fn give_up(&self, pending: &Pending, why: StoreError) -> Result<Option<Org>> {
        let given_up = match &pending.step {
            Step::Create(_) => self.remove_record(pending).await?,
            Step::Update(Edit { claims_before, .. })
            | Step::Restore(Return { claims_before, .. }) => {
                self.unreserve(pending, Some(claims_before)).await?
            }
            Step::Delete(_) | Step::Trash(_) | Step::Suspend(_) => {
                self.unreserve(pending, None).await?
            }
        };
        if given_up { Err(why) } else { self.lost(pending).await }
    }

    /// Takes an operation back, and says in the record that it was begun and why it was taken back.
    pub(super) async fn take_back(&self, pending: &Pending, why: &StoreError) -> Result<Back> {
        if pending.taken_back.is_none() && self.only_goes_on(pending).await? {
            return Ok(if self.renewed(pending).await? { Back::GoesOn } else { Back::Lost });
        }
        if let Some(entry) = &pending.entry {
            let ended = if let Some(ended) = &pending.taken_back {
                ended.clone()
            } else {
                let ended = entry.followed(Outcome::TakenBack, &why.to_string());
                let note = doc! {
                    "$set": { "pending.taken_back": ended.to_document() },
                    "$currentDate": { "pending.at": true },
                };
                let noted = self.orgs.update_one(pending.filter(), note).await;
                if noted.map_err(|error| self.words.of(&error))?.matched_count == 0 {
                    return Ok(Back::Lost);
                }
                ended
            };
            // Of an operation that had not even begun there is none yet.
            self.append(entry).await?;
            self.append(&ended).await?;
        }
        Ok(if self.undo(pending).await? { Back::Done } else { Back::Lost })
    }

    /// What came of an operation that somebody else has taken over: never that this console did it.
    pub(super) async fn lost(&self, pending: &Pending) -> Result<Option<Org>> {
        self.came_of(pending).await.and(Err(StoreError::DoneByAnother))
    }

    /// What came of an operation that is no longer under way for this console.
    pub(super) async fn came_of(&self, pending: &Pending) -> Result<Option<Org>> {
        let Some(entry) = &pending.entry else { return Err(StoreError::Changed) };
        let asked = Instant::now();
        loop {
            match self.settled(pending.org, entry.id).await.map_err(unsettled)? {
                Settled::Done => return self.org(pending.org).await.map_err(unsettled),
                Settled::TakenBack(why) => return Err(StoreError::TakenBack(why)),
                Settled::NotBegun => return Err(StoreError::Changed),
                // The other console is about to be through.
                Settled::UnderWay if asked.elapsed() < PATIENCE => {
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                }
                Settled::UnderWay => return Err(StoreError::unknown(StoreError::TakenOver)),
            }
        }
    }

    /// What came of the operation that this entry tells of.
    pub(super) async fn settled(&self, org: ObjectId, entry: ObjectId) -> Result<Settled> {
        // First the record: what is under way there may be taken back meanwhile.
        let record = self.find_one(&self.orgs, doc! { "_id": org }).await?;
        let under_way = record.as_ref().and_then(Pending::of).and_then(|pending| pending.entry);
        if under_way.is_some_and(|under_way| under_way.id == entry) {
            return Ok(Settled::UnderWay);
        }
        Ok(match self.last_about(entry).await? {
            None => Settled::NotBegun,
            Some(last) if last.outcome == Outcome::TakenBack => Settled::TakenBack(last.reason),
            Some(_) => Settled::Done,
        })
    }

    /// Takes back what a reservation, and what followed it, did; never what somebody else has taken
    /// over: then the answer is false.
    async fn undo(&self, pending: &Pending) -> Result<bool> {
        match &pending.step {
            Step::Create(creation) => {
                if !self.remove_new_admin(pending, creation.admin_id).await? {
                    return Ok(false);
                }
                self.unmake_collection(pending, creation).await?;
                self.remove_record(pending).await
            }
            Step::Update(edit) => {
                self.put_back_moved(pending).await?;
                let ours = match (edit.admin, edit.fate) {
                    (Some(admin), Fate::Comes) => self.remove_new_admin(pending, admin).await?,
                    (Some(admin), Fate::Stays) => self.undo_admin(pending, admin, edit).await?,
                    (Some(_), Fate::Goes) | (None, _) => true,
                };
                Ok(ours && self.unreserve(pending, Some(&edit.claims_before)).await?)
            }
            Step::Restore(back) => {
                self.put_back_moved(pending).await?;
                Ok(self.hide_again(pending).await?
                    && self.unreserve(pending, Some(&back.claims_before)).await?)
            }
            Step::Trash(_) => {
                self.put_back_moved(pending).await?;
                self.unreserve(pending, None).await
            }
            Step::Suspend(suspension) => Ok(self.unlock_again(pending, suspension).await?
                && self.unreserve(pending, None).await?),
            Step::Delete(_) => self.unreserve(pending, None).await,
        }
    }

    /// Removes the collection of a creation that is taken back; where another program has put documents
    /// into it, only the first one.
    async fn unmake_collection(&self, pending: &Pending, creation: &Creation) -> Result<()> {
        let (own, name) = (lease_collection(pending.id), creation.collection_name.as_str());
        let claim = Claim::Collection(name.to_owned());
        let there = self.listed(&[&own, name]).await?;
        // There may be both, where a slow console made one more.
        if let Some(made) = there.get(&own).and_then(Listed::uuid) {
            self.drop_collection(&own, made).await?;
        }
        let Some(made) = there.get(name).and_then(Listed::uuid) else { return Ok(()) };
        if !self.holds_ours(name, creation).await? {
            return Ok(());
        }
        let nobodys = self.unadopted_holder(&claim, &pending.org.into()).await?.is_none();
        if nobodys
            && self.holds_only_ours(name, creation).await?
            && matches!(self.rename_collection(name, &own, made).await?, Renamed::Done)
        {
            // From here on nobody puts anything into it.
            if self.holds_only_ours(&own, creation).await? {
                return self.drop_collection(&own, made).await;
            }
            self.put_back(pending, name, made).await?;
        }
        let first = doc! { "_id": creation.first_document_id };
        let gone = self.db.collection::<Document>(name).delete_one(first).await;
        gone.map(|_| ()).map_err(|error| self.words.of(&error))
    }

    /// Removes an admin whom an operation that is taken back has added; false where that is somebody
    /// else's by now.
    async fn remove_new_admin(&self, pending: &Pending, admin: ObjectId) -> Result<bool> {
        let there = self.find_one(&self.admins, doc! { "_id": admin }).await?;
        // In this order: what was read counts only while the operation still was ours after it. What was
        // taken over may be an organization that somebody works with by now.
        if !self.renewed(pending).await? {
            return Ok(false);
        }
        if let Some(there) = there {
            self.remove_admin(&there).await?;
        }
        Ok(true)
    }

    /// Gives an admin back what an edit that is taken back has changed; false where that is somebody
    /// else's by now.
    async fn undo_admin(&self, pending: &Pending, admin: ObjectId, edit: &Edit) -> Result<bool> {
        let there = self.find_one(&self.admins, doc! { "_id": admin }).await?;
        if !self.renewed(pending).await? {
            return Ok(false);
        }
        let (Some(before), Some(there)) = (&edit.admin_before, there) else { return Ok(true) };
        let mut filter = as_marked(&there);
        for (field, value) in &edit.admin_set {
            filter.insert(field, doc! { "$eq": value.clone() });
        }
        let (mut set, mut unset) = (doc! { "operation": pending.id }, Document::new());
        for field in edit.admin_set.keys().chain(&edit.admin_unset) {
            match before.get(field) {
                Some(value) => set.insert(field, value.clone()),
                None => unset.insert(field, ""),
            };
        }
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        let undone = self.admins.update_one(filter, update).await;
        undone.map(|_| true).map_err(|error| self.words.of(&error))
    }

    /// Whether an operation can no longer be taken back: the collection is where it was to go, or about
    /// to be dropped.
    async fn only_goes_on(&self, pending: &Pending) -> Result<bool> {
        if let Step::Delete(Deletion { uuid: Some(uuid), .. }) = &pending.step {
            return self.is_at(&lease_collection(pending.id), uuid).await;
        }
        match moves(&pending.step) {
            Some((from, to, Some(uuid))) if from != to => self.is_at(to, uuid).await,
            _ => Ok(false),
        }
    }

    async fn is_at(&self, name: &str, uuid: &Binary) -> Result<bool> {
        Ok(self.uuid_of(name).await?.as_ref() == Some(uuid))
    }

    /// Moves a collection back that is on its way.
    async fn put_back_moved(&self, pending: &Pending) -> Result<()> {
        match moves(&pending.step) {
            Some((from, _, Some(uuid)))
                if self.is_at(&lease_collection(pending.id), uuid).await? =>
            {
                self.put_back(pending, from, uuid).await
            }
            _ => Ok(()),
        }
    }

    async fn remove_record(&self, pending: &Pending) -> Result<bool> {
        let gone = self.orgs.delete_one(pending.filter()).await;
        Ok(gone.map_err(|error| self.words.of(&error))?.deleted_count > 0)
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
