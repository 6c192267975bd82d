//! The lease under which an operation is carried out: renewed on the way, and lost to whoever takes the
//! operation over.

use std::time::{Duration, Instant, SystemTime};

use mongodb::bson::doc;

use crate::store::{
    Result, StoreError,
    mongo::{Inner, journal::Pending},
};

/// Since when an operation is ours for certain.
pub(super) struct Lease {
    since: Instant,
    /// A computer that sleeps stops the other clock.
    on_the_wall: SystemTime,
}

impl Lease {
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
pub(super) enum StepError {
    /// Somebody else has taken it over.
    Lost,
    /// It cannot be done, and nothing is lost by taking it back.
    Refused(StoreError),
    /// It is left as it is, for the next recovery.
    Failed(StoreError),
}

impl StepError {
    /// What the server did not do is taken back; what it did not answer is found out first.
    pub(super) fn refused(error: StoreError) -> Self {
        match error {
            gone @ StoreError::Unreachable { .. } => Self::Failed(gone),
            why => Self::Refused(why),
        }
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// What comes of a step.
pub(super) type StepResult<T> = std::result::Result<T, StepError>;

impl Inner {
    /// Renews the lease when half of it is gone; an error when somebody else has taken it.
    pub(super) async fn still_ours(&self, pending: &Pending, lease: &mut Lease) -> StepResult<()> {
        if lease.age() < self.lease / 2 {
            return Ok(());
        }
        let now = Lease::now();
        if !self.renewed(pending).await? {
            return Err(StepError::Lost);
        }
        *lease = now;
        Ok(())
    }

    /// Renews the lease; false when somebody else has taken the operation over or settled it.
    pub(super) async fn renewed(&self, pending: &Pending) -> Result<bool> {
        let renewal = doc! { "$currentDate": { "pending.at": true } };
        let renewed = self.orgs.update_one(pending.filter(), renewal).await;
        Ok(renewed.map_err(|error| self.errors.translate(&error))?.matched_count > 0)
    }
}
