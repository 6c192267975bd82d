//! The operations on an organization: one driver, and one file for each of them.
//!
//! Two documents and a collection cannot change in one transaction (`renameCollection` and `drop` are
//! not allowed in one, and a standalone server has none), so every operation is written into the
//! organization's own document first ([`super::journal`]), in one compare-and-set that also takes the
//! claims, which a unique index keeps apart. Then it is put into the audit log, carried out, and settled.
//! From its reservation on it can be finished, or undone while nothing is lost by it, by anyone. The same
//! way for a standalone server, a replica set and a sharded cluster.
//!
//! - `create.rs`, `import.rs`, `update.rs`, `delete.rs`, `trash.rs`, `restore.rs`, `suspend.rs`, `admin.rs`, `transfer.rs`: each with
//!   what its journal keeps, what reserves it, its steps forward and its way back ([`steps::Steps`])
//! - here what all have in common, with `reserve.rs` the reservation and `back.rs` the way back
//! - `lease.rs` under which they are carried out, `takeover.rs` another one for whoever takes one over,
//!   `recover.rs` finishing what somebody else began
//! - `moving.rs` a collection on its way, `accounts.rs` writes to admins, `fields.rs` their fields before and after

mod accounts;
mod admin;
mod back;
mod create;
mod delete;
mod fields;
mod import;
mod lease;
mod moving;
mod recover;
mod reserve;
mod restore;
mod steps;
mod suspend;
mod takeover;
mod transfer;
mod trash;
mod update;

use std::time::{Duration, Instant};

use mongodb::{
    bson::{Document, deserialize_from_document},
    options::{ReturnDocument, UpdateModifications},
};
use serde::de::DeserializeOwned;

use self::{
    back::{Back, unsettled},
    lease::{Lease, StepError, StepResult},
    steps::{Running, Steps},
};
use super::{
    Inner,
    error::{code, code_of},
    journal::Pending,
    record, shape,
};
use crate::{
    org::{Claim, Org},
    store::{Entry, JournalKind, Operation, Result, StoreError, admit},
};

/// How long a person waits for an answer when the server is gone: less than five seconds, with what is recorded of
/// it behind that.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_millis(4_500);

/// How long it is tried at least to find out what came of a write whose answer was lost.
pub(super) const FINDING_OUT: Duration = Duration::from_millis(1_500);

/// The operation that the journal of a record tells of; none where there is none, or where a newer program
/// wrote it.
fn running(record: &Document) -> Option<Running> {
    fn read<T: Steps + DeserializeOwned + 'static>(content: Document) -> Option<Box<dyn Steps>> {
        let steps: T = deserialize_from_document(content).ok()?;
        Some(Box::new(steps))
    }
    let (pending, content) = (Pending::from_record(record)?, shape::pending(record)?.clone());
    let steps = match shape::kind(&content)? {
        // To an older program both are a creation: it hides what is only being made, and leaves an import to others.
        JournalKind::Create => read::<create::Creation>(content.clone())
            .or_else(|| read::<import::Importation>(content)),
        JournalKind::Update | JournalKind::Admin => read::<update::Edit>(content),
        JournalKind::Transfer => read::<transfer::OwnerTransfer>(content),
        JournalKind::Delete => read::<delete::Deletion>(content),
        JournalKind::Trash => read::<trash::MoveToTrash>(content),
        JournalKind::Restore => read::<restore::Restoration>(content),
        JournalKind::Suspend => read::<suspend::Suspension>(content),
    };
    Some(Running { pending, steps: steps? })
}

/// Whether this version can finish what is under way with a record.
pub(super) fn can_finish(record: &Document) -> bool {
    running(record).is_some()
}

impl Inner {
    /// Does an operation, and puts its entry into the audit log.
    pub(super) async fn perform(&self, operation: Operation, entry: &Entry) -> Result<Option<Org>> {
        admit::on_its_list(&operation)?;
        match operation {
            Operation::Create(new) => there(self.create(*new, entry).await?),
            Operation::Import(new) => there(self.import(*new, entry).await?),
            Operation::Update(org, change) => there(self.update(&org, &change, entry).await?),
            Operation::Delete(org) => self.delete(&org, entry).await,
            Operation::Trash(org, terms) => there(self.trash(&org, terms, entry).await?),
            Operation::Restore(org, change) => there(self.restore(&org, &change, entry).await?),
            Operation::Suspend(org, suspended) => {
                there(self.suspend(&org, suspended, entry).await?)
            }
            Operation::Admin(org, change) => there(self.change_admin(&org, *change, entry).await?),
            Operation::Transfer(org, transfer) => {
                there(self.transfer(&org, *transfer, entry).await?)
            }
        }
    }

    /// Reserves, and takes the operation to its end, or back where something is in its way.
    async fn carry_out(
        &self,
        running: &Running,
        read: &Document,
        claims: &[String],
        fresh: &[Claim],
    ) -> Result<Option<Org>> {
        // Deleting one of two that clash is a way out.
        if running.steps.kind() != JournalKind::Delete && shape::trash(read).is_none() {
            self.is_held_back(read).await?;
        }
        let (lease, again) = (Lease::now(), self.reserve(running, read, claims, fresh).await?);
        let reserved;
        let (running, lease) = match again {
            None => (running, lease),
            Some((again, lease)) => {
                reserved = again;
                (&reserved, lease)
            }
        };
        match self.in_the_way(fresh, running.pending.org).await? {
            Some(taken) => self.give_up(running, taken).await,
            None => self.begin(running, lease).await,
        }
    }

    /// Begins what is reserved: with its entry in the audit log, which whoever settles it finds or adds.
    /// Where that cannot be, nothing is done.
    async fn begin(&self, running: &Running, lease: Lease) -> Result<Option<Org>> {
        let began = Instant::now();
        let done = match self.append_its_own(&running.pending).await {
            Ok(()) => self.forward(running, lease).await,
            Err(gone @ StoreError::Unreachable { .. }) => Err(gone),
            Err(why) => return self.not_logged(running, why).await,
        };
        match done {
            Err(gone @ StoreError::Unreachable { .. }) => self.find_out(running, began, gone).await,
            done => done,
        }
    }

    /// Puts an operation's entry into the audit log, unless it is there already or an older program began the
    /// operation.
    async fn append_its_own(&self, pending: &Pending) -> Result<()> {
        match &pending.entry {
            Some(entry) => self.append(entry).await,
            None => Ok(()),
        }
    }

    /// Takes an operation back whose entry could not be put into the audit log; there as well, where the server
    /// has written the entry and says all the same that it failed.
    async fn not_logged(&self, running: &Running, why: StoreError) -> Result<Option<Org>> {
        let entry = running.pending.entry.as_ref().map(|entry| entry.id);
        let written = match entry {
            Some(entry) => self.last_about(entry).await,
            None => Ok(None),
        };
        match written {
            // Who may not read the log has not written to it either.
            Ok(None) | Err(StoreError::Refused { .. }) => {
                self.give_up(running, unlogged(why)).await
            }
            Ok(Some(_)) => self.back_out(running, unlogged(why)).await,
            // Whoever settles it looks again.
            Err(why) => Err(unsettled(why)),
        }
    }

    /// What came of an operation in the middle of which the server did not answer. Goes on with it under
    /// another lease: what was sent under this one may still arrive.
    async fn find_out(
        &self,
        running: &Running,
        began: Instant,
        gone: StoreError,
    ) -> Result<Option<Org>> {
        let left = ANSWERED_WITHIN.saturating_sub(began.elapsed()).max(FINDING_OUT);
        let taken = tokio::time::timeout(left, self.take_over(running, false)).await;
        let done = match taken {
            Ok(Ok(Some((running, lease)))) => match self.append_its_own(&running.pending).await {
                Ok(()) => self.resume(&running, lease).await,
                Err(why) => Err(unsettled(why)),
            },
            // It may well have been this console's own last write that was not answered.
            Ok(Ok(None)) => self.came_of(&running.pending).await,
            Ok(Err(_)) | Err(_) => Err(gone),
        };
        match done {
            Err(gone @ StoreError::Unreachable { .. }) => Err(StoreError::unknown(gone)),
            done => done,
        }
    }

    /// The operation under another lease, where its reservation was not answered and is there after all;
    /// otherwise the error. One that arrives later is not carried out: whoever finds it sees that it was
    /// never begun.
    async fn reserved_after_all(
        &self,
        running: &Running,
        error: &mongodb::error::Error,
    ) -> Result<(Running, Lease)> {
        let gone = self.errors.translate(error);
        // Where no server was found, nothing was sent.
        let sent = !matches!(*error.kind, mongodb::error::ErrorKind::ServerSelection { .. });
        if !sent || !matches!(gone, StoreError::Unreachable { .. }) {
            return Err(gone);
        }
        let taken = tokio::time::timeout(FINDING_OUT, self.take_over(running, false)).await;
        match taken {
            Ok(Ok(Some(reserved))) => Ok(reserved),
            _ => Err(gone),
        }
    }

    /// Takes an operation that was taken over to its end, or back where that was begun.
    async fn resume(&self, running: &Running, lease: Lease) -> Result<Option<Org>> {
        let Some(taken_back) = &running.pending.taken_back else {
            return self.forward(running, lease).await;
        };
        let why = StoreError::TakenBack(taken_back.reason.clone());
        self.back_out(running, why).await
    }

    /// Takes an operation that is in the audit log to its end, or back to where it began. The organization
    /// afterwards; none when it is gone.
    async fn forward(&self, running: &Running, mut lease: Lease) -> Result<Option<Org>> {
        let Running { pending, steps } = running;
        match steps.forward(self, pending, &mut lease).await {
            Ok(org) => Ok(org),
            Err(StepError::Lost) => self.lost(pending).await,
            Err(StepError::Refused(why)) => self.back_out(running, why).await,
            Err(StepError::Failed(why)) => Err(unsettled(why)),
        }
    }

    /// Takes an operation back, and answers why; where it only goes on by now, the next recovery tries
    /// again.
    async fn back_out(&self, running: &Running, why: StoreError) -> Result<Option<Org>> {
        match self.take_back(running, &why).await {
            Ok(Back::Done) => Err(why),
            Ok(Back::Lost) => self.lost(&running.pending).await,
            Ok(Back::GoesOn) => Err(StoreError::unknown(why)),
            // It stays as it is, and whoever finds it goes on with it one way or the other.
            Err(why) => Err(unsettled(why)),
        }
    }

    /// The last write.
    async fn settle(
        &self,
        pending: &Pending,
        update: impl Into<UpdateModifications>,
    ) -> StepResult<Option<Org>> {
        let settled = self
            .orgs
            .find_one_and_update(pending.filter(), update)
            .return_document(ReturnDocument::After)
            .await;
        let settled = match settled {
            // Again and again it would be refused the same.
            Err(error) if code_of(&error) == Some(code::DOCUMENT_REFUSED) => {
                return Err(StepError::Refused(self.errors.translate(&error)));
            }
            settled => settled.map_err(|error| self.errors.translate(&error))?,
        };
        settled.map(|record| record::org(&record)).ok_or(StepError::Lost)
    }
}

/// An organization that an operation leaves: it is gone where somebody has deleted it since.
fn there(org: Option<Org>) -> Result<Option<Org>> {
    org.map(Some).ok_or(StoreError::Gone)
}

/// Why nothing was done.
fn unlogged(why: StoreError) -> StoreError {
    let said = |problem| format!("it was not done, since it could not be recorded: {problem}");
    match why {
        StoreError::Refused { problem, help } => {
            StoreError::Refused { problem: said(problem), help }
        }
        StoreError::Other(problem) => StoreError::Other(said(problem)),
        why => StoreError::Other(said(why.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mongodb::bson::{DateTime, doc, oid::ObjectId};

    use super::*;

    fn written(journal: Document) -> &'static [&'static str] {
        let mut pending = doc! { "id": ObjectId::new(), "at": DateTime::now() };
        pending.extend(journal);
        let record = doc! { "_id": ObjectId::new(), "organization_name": "x", "pending": pending };
        running(&record).unwrap().steps.writes().record
    }

    fn trash() -> Document {
        doc! { "kind": "trash", "from": "", "to": "", "uuid": null, "admin": null, "days": 3_i64 }
    }

    #[test]
    fn an_operation_is_stopped_by_what_it_would_write_and_by_nothing_else() {
        let suspend = written(doc! { "kind": "suspend", "suspended": true });
        let delete =
            written(doc! { "kind": "delete", "collection": "", "uuid": null, "admin": null });
        let suspended = doc! { "suspended": false };
        let stopped = |record: &Document, written| shape::writable(record, written).err();
        assert_eq!(stopped(&suspended, &update::WRITTEN_TO_RECORD), None);
        assert_eq!(stopped(&suspended, written(trash())), None);
        assert_eq!(stopped(&suspended, suspend).map(|field| field.0), Some("suspended"));
        let revision = doc! { "revision": "v3" };
        let field = stopped(&revision, &update::WRITTEN_TO_RECORD);
        assert_eq!(field.map(|field| field.0), Some("revision"));
        assert_eq!(stopped(&doc! { "former": "Old" }, delete), None);
    }

    #[test]
    fn the_trash_writes_every_field_of_ours_but_the_suspension() {
        let written: BTreeSet<_> = written(trash()).iter().collect();
        let all = shape::FIELDS.iter().filter(|field| **field != "suspended");
        assert_eq!(written, all.collect());
    }
}
