//! From a reservation to the end of an operation: its steps ([`super::steps`]), the lease that is renewed
//! on the way, and what is to be said when somebody else has it by now or the server does not answer.

use std::time::{Duration, Instant, SystemTime};

use mongodb::{
    bson::doc,
    options::{ReturnDocument, UpdateModifications},
};

use super::{
    Inner,
    error::{code, code_of},
    journal::{Pending, Step},
    record,
    undo::Back,
};
use crate::{
    org::Org,
    store::{Result, StoreError},
};

/// How long a person waits for an answer when the server is gone: less than five seconds, with what is recorded of
/// it behind that.
const ANSWERED_WITHIN: Duration = Duration::from_millis(4_500);

/// How long it is tried at least to find out what came of a write whose answer was lost.
const FINDING_OUT: Duration = Duration::from_millis(1_500);

/// Since when an operation is ours for certain.
pub(super) struct Hold {
    since: Instant,
    /// A computer that sleeps stops the other clock.
    on_the_wall: SystemTime,
}

impl Hold {
    /// Taken before the write that starts the lease, so it never seems longer than it is.
    pub(super) fn now() -> Self {
        Self { since: Instant::now(), on_the_wall: SystemTime::now() }
    }

    /// How long that is ago, by whichever clock says more; for ever where one was put back.
    fn age(&self) -> Duration {
        let on_the_wall = SystemTime::now().duration_since(self.on_the_wall);
        self.since.elapsed().max(on_the_wall.unwrap_or(Duration::MAX))
    }
}

/// Why an operation does not go on.
pub(super) enum Halt {
    /// Somebody else has taken it over.
    Lost,
    /// It cannot be done, and nothing is lost by taking it back.
    Refused(StoreError),
    /// It is left as it is, for the next recovery.
    Failed(StoreError),
}

impl Halt {
    /// What the server did not do is taken back; what it did not answer is found out first.
    pub(super) fn refused(error: StoreError) -> Self {
        match error {
            gone @ StoreError::Unreachable { .. } => Self::Failed(gone),
            why => Self::Refused(why),
        }
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// What comes of a step.
pub(super) type Stepped<T> = std::result::Result<T, Halt>;

impl Inner {
    /// Begins what is reserved: with its entry in the record, which whoever settles it finds or adds.
    /// Where that cannot be, nothing is done.
    pub(super) async fn begin(&self, pending: &Pending, hold: Hold) -> Result<Option<Org>> {
        let began = Instant::now();
        let done = match self.append_its_own(pending).await {
            Ok(()) => self.forward(pending, hold).await,
            Err(gone @ StoreError::Unreachable { .. }) => Err(gone),
            Err(why) => return self.not_recorded(pending, why).await,
        };
        match done {
            Err(gone @ StoreError::Unreachable { .. }) => self.find_out(pending, began, gone).await,
            done => done,
        }
    }

    /// Takes an operation back whose entry could not be put into the record; there as well, where the server
    /// has written the entry and says all the same that it failed.
    async fn not_recorded(&self, pending: &Pending, why: StoreError) -> Result<Option<Org>> {
        let entry = pending.entry.as_ref().map(|entry| entry.id);
        let written = match entry {
            Some(entry) => self.last_about(entry).await,
            None => Ok(None),
        };
        match written {
            // Who may not read the record has not written to it either.
            Ok(None) | Err(StoreError::Refused { .. }) => {
                self.give_up(pending, unrecorded(why)).await
            }
            Ok(Some(_)) => self.back_out(pending, unrecorded(why)).await,
            // Whoever settles it looks again.
            Err(why) => Err(unsettled(why)),
        }
    }

    /// What came of an operation in the middle of which the server did not answer. Goes on with it under
    /// another lease: what was sent under this one may still arrive.
    async fn find_out(
        &self,
        pending: &Pending,
        began: Instant,
        gone: StoreError,
    ) -> Result<Option<Org>> {
        let left = ANSWERED_WITHIN.saturating_sub(began.elapsed()).max(FINDING_OUT);
        let taken = tokio::time::timeout(left, self.take_over(pending, false)).await;
        let done = match taken {
            Ok(Ok(Some((pending, hold)))) => match self.append_its_own(&pending).await {
                Ok(()) => self.resume(&pending, hold).await,
                Err(why) => Err(unsettled(why)),
            },
            // It may well have been this console's own last write that was not answered.
            Ok(Ok(None)) => self.came_of(pending).await,
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
    pub(super) async fn reserved_after_all(
        &self,
        pending: &Pending,
        error: &mongodb::error::Error,
    ) -> Result<(Pending, Hold)> {
        let gone = self.words.of(error);
        // Where no server was found, nothing was sent.
        let sent = !matches!(*error.kind, mongodb::error::ErrorKind::ServerSelection { .. });
        if !sent || !matches!(gone, StoreError::Unreachable { .. }) {
            return Err(gone);
        }
        let taken = tokio::time::timeout(FINDING_OUT, self.take_over(pending, false)).await;
        match taken {
            Ok(Ok(Some(reserved))) => Ok(reserved),
            _ => Err(gone),
        }
    }

    /// Takes an operation that was taken over to its end, or back where that was begun.
    pub(super) async fn resume(&self, pending: &Pending, hold: Hold) -> Result<Option<Org>> {
        let Some(taken_back) = &pending.taken_back else {
            return self.forward(pending, hold).await;
        };
        let why = StoreError::TakenBack(taken_back.reason.clone());
        self.back_out(pending, why).await
    }

    /// Takes an operation that is in the record to its end, or back to where it began. The organization
    /// afterwards; none when it is gone.
    pub(super) async fn forward(&self, pending: &Pending, mut hold: Hold) -> Result<Option<Org>> {
        let done = match &pending.step {
            Step::Create(creation) => self.make(pending, creation, &mut hold).await,
            Step::Update(edit) => self.change(pending, edit, &mut hold).await,
            Step::Delete(deletion) => self.remove(pending, deletion, &mut hold).await,
            Step::Trash(shelving) => self.shelve(pending, shelving, &mut hold).await,
            Step::Restore(back) => self.unshelve(pending, back, &mut hold).await,
            Step::Suspend(suspension) => self.hold_back(pending, suspension, &mut hold).await,
        };
        match done {
            Ok(org) => Ok(org),
            Err(Halt::Lost) => self.lost(pending).await,
            Err(Halt::Refused(why)) => self.back_out(pending, why).await,
            Err(Halt::Failed(why)) => Err(unsettled(why)),
        }
    }

    /// Takes an operation back, and answers why; where it only goes on by now, the next recovery tries
    /// again.
    async fn back_out(&self, pending: &Pending, why: StoreError) -> Result<Option<Org>> {
        match self.take_back(pending, &why).await {
            Ok(Back::Done) => Err(why),
            Ok(Back::Lost) => self.lost(pending).await,
            Ok(Back::GoesOn) => Err(StoreError::unknown(why)),
            // It stays as it is, and whoever finds it goes on with it one way or the other.
            Err(why) => Err(unsettled(why)),
        }
    }

    /// The last write.
    pub(super) async fn settle(
        &self,
        pending: &Pending,
        update: impl Into<UpdateModifications>,
    ) -> Stepped<Option<Org>> {
        let settled = self
            .orgs
            .find_one_and_update(pending.filter(), update)
            .return_document(ReturnDocument::After)
            .await;
        let settled = match settled {
            // Again and again it would be refused the same.
            Err(error) if code_of(&error) == Some(code::DOCUMENT_REFUSED) => {
                return Err(Halt::Refused(self.words.of(&error)));
            }
            settled => settled.map_err(|error| self.words.of(&error))?,
        };
        settled.map(|record| record::org(&record)).ok_or(Halt::Lost)
    }

    /// Renews the lease when half of it is gone; an error when somebody else has taken it.
    pub(super) async fn still_ours(&self, pending: &Pending, hold: &mut Hold) -> Stepped<()> {
        if hold.age() < self.lease / 2 {
            return Ok(());
        }
        let now = Hold::now();
        if !self.renewed(pending).await? {
            return Err(Halt::Lost);
        }
        *hold = now;
        Ok(())
    }

    /// Renews the lease; false when somebody else has taken the operation over or settled it.
    pub(super) async fn renewed(&self, pending: &Pending) -> Result<bool> {
        let renewal = doc! { "$currentDate": { "pending.at": true } };
        let renewed = self.orgs.update_one(pending.filter(), renewal).await;
        Ok(renewed.map_err(|error| self.words.of(&error))?.matched_count > 0)
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

/// Why nothing was done.
fn unrecorded(why: StoreError) -> StoreError {
    let said = |problem| format!("it was not done, since it could not be recorded: {problem}");
    match why {
        StoreError::Refused { problem, help } => {
            StoreError::Refused { problem: said(problem), help }
        }
        StoreError::Other(problem) => StoreError::Other(said(problem)),
        why => StoreError::Other(said(why.to_string())),
    }
}
