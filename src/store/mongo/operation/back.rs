//! Taking an operation back, as long as nothing is lost by it, and finding out what became of one that
//! somebody else has taken over.

use std::time::{Duration, Instant};

use mongodb::bson::{doc, oid::ObjectId};

use super::steps::Running;
use crate::{
    org::Org,
    store::{
        Outcome, Result, Settled, StoreError,
        mongo::{
            Inner,
            journal::{Pending, set_claims},
        },
    },
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
    /// else has taken it over and finished it meanwhile, what came of it. The audit log has nothing of it.
    pub(super) async fn give_up(&self, running: &Running, why: StoreError) -> Result<Option<Org>> {
        let Running { pending, steps } = running;
        if steps.release(self, pending).await? { Err(why) } else { self.lost(pending).await }
    }

    /// Takes an operation back, and says in the audit log that it was begun and why it was taken back.
    pub(super) async fn take_back(&self, running: &Running, why: &StoreError) -> Result<Back> {
        let Running { pending, steps } = running;
        if pending.taken_back.is_none() && self.only_goes_on(running).await? {
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
                if noted.map_err(|error| self.errors.translate(&error))?.matched_count == 0 {
                    return Ok(Back::Lost);
                }
                ended
            };
            // Of an operation that had not even begun there is none yet.
            self.append(entry).await?;
            self.append(&ended).await?;
        }
        Ok(if steps.undo(self, pending).await? { Back::Done } else { Back::Lost })
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
    pub(in crate::store::mongo) async fn settled(
        &self,
        org: ObjectId,
        entry: ObjectId,
    ) -> Result<Settled> {
        // First the record: what is under way there may be taken back meanwhile.
        let record = self.find_one(&self.orgs, doc! { "_id": org }).await?;
        let under_way =
            record.as_ref().and_then(Pending::from_record).and_then(|pending| pending.entry);
        if under_way.is_some_and(|under_way| under_way.id == entry) || self.is_noted(entry).await? {
            return Ok(Settled::UnderWay);
        }
        Ok(match self.last_about(entry).await? {
            None => Settled::NotBegun,
            Some(last) if last.outcome == Outcome::TakenBack => Settled::TakenBack(last.reason),
            Some(_) => Settled::Done,
        })
    }

    /// Gives a new organization up, with all that it claims.
    pub(super) async fn remove_record(&self, pending: &Pending) -> Result<bool> {
        let gone = self.orgs.delete_one(pending.filter()).await;
        Ok(gone.map_err(|error| self.errors.translate(&error))?.deleted_count > 0)
    }

    /// Ends an operation; with claims to go back to, where it had others.
    pub(super) async fn unreserve(
        &self,
        pending: &Pending,
        claims: Option<&[String]>,
    ) -> Result<bool> {
        let mut update = doc! { "$unset": { "pending": "" } };
        if let Some(claims) = claims {
            set_claims(&mut update, claims);
        }
        let done = self.orgs.update_one(pending.filter(), update).await;
        done.map(|done| done.matched_count > 0).map_err(|error| self.errors.translate(&error))
    }
}

/// What may be done or taken back by whoever finds it. Where the server did not answer, it is found out
/// first.
pub(super) fn unsettled(why: StoreError) -> StoreError {
    match why {
        gone @ StoreError::Unreachable { .. } => gone,
        why => StoreError::unknown(why),
    }
}
