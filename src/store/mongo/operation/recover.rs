//! Finishing what a killed or cut-off program began, once its lease has run out, and what else is to
//! be done when a console connects.

use mongodb::bson::{Document, doc};

use super::{back::Back, steps::Running};
use crate::{
    org::ClaimKind,
    store::{
        Result, StoreError,
        mongo::{
            Inner, READ,
            journal::{Pending, expired},
        },
        no_progress,
    },
};

impl Inner {
    /// Settles every operation whose lease has run out and gives records without our fields theirs.
    /// Tries all before it reports the first that failed.
    pub(in crate::store::mongo) async fn recover(&self, operator: &str) -> Result<u64> {
        if self.only_readable_because().is_some() {
            return Ok(0);
        }
        self.ready(operator).await?;
        let (mut settled, mut failed) = self.settle_all().await?;
        // Journals first: what one has is not staged any more.
        for done in [self.settle_writes().await, self.settle_imports().await] {
            match done {
                Ok(done) => settled += done,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        // What cannot be done keeps nothing else from being done.
        for done in [
            self.complete_joining().await,
            self.settle_unknown().await,
            self.settle_directory().await.map(drop),
            self.bring_along(&no_progress).await,
        ] {
            failed = failed.or(done.err());
        }
        failed.map_or(Ok(settled), Err)
    }

    /// Gives records that another program changed since our fields as they should be now.
    pub(in crate::store::mongo) async fn catch_up(&self, operator: &str) -> Result<u64> {
        if self.only_readable_because().is_some() {
            return Ok(0);
        }
        self.ready(operator).await?;
        let stale = self.forget_stale().await?;
        if stale > 0 {
            self.bring_along(&no_progress).await?;
        }
        Ok(stale + self.renew_suspensions(operator).await?)
    }

    /// As [`Inner::recover`], but one that cannot be settled does not keep others from working.
    pub(in crate::store::mongo) async fn settle_expired(&self) -> Result<()> {
        let (settled, joined) =
            futures_util::future::join(self.settle_all(), self.complete_joining()).await;
        match settled?.1.or(joined.err()) {
            Some(gone @ StoreError::Unreachable { .. }) => Err(gone),
            _ => Ok(()),
        }
    }

    async fn settle_all(&self) -> Result<(u64, Option<StoreError>)> {
        let say = |error| self.errors.translate(&error);
        // The sparse index on `pending.at` answers this without looking at any other record.
        let mut filter = doc! { "pending.at": { "$type": "date" } };
        filter.extend(expired(self.lease));
        let mut found = self.orgs.find(filter).max_time(READ).await.map_err(say)?;
        let (mut settled, mut failed) = (0, None);
        while found.advance().await.map_err(say)? {
            let Ok(record) = found.deserialize_current() else { continue };
            match self.settle_one(&record).await {
                Ok(true) => settled += 1,
                Ok(false) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Ok((settled, failed))
    }

    /// Whether it was ours to settle.
    async fn settle_one(&self, read: &Document) -> Result<bool> {
        let Some(running) = super::running(read) else { return Ok(false) };
        // From now on it has another lease: whoever began it and was only slow (a suspended console)
        // finds it gone, and neither goes on with it nor takes anything back.
        let Some((running, lease)) = self.take_over(&running, true).await? else {
            return Ok(false);
        };
        let Running { pending, steps } = &running;
        let why = if pending.taken_back.is_some() {
            None
        } else if !self.has_begun(pending).await? {
            Some(StoreError::TakenBack(
                "the console that began it stopped before anything was done".into(),
            ))
        } else if steps.is_overtaken(self, pending.org).await? {
            Some(StoreError::Taken { what: ClaimKind::Name, by: None, in_trash: false })
        } else {
            None
        };
        if let Some(why) = why {
            return Ok(!matches!(self.take_back(&running, &why).await?, Back::Lost));
        }
        match self.resume(&running, lease).await {
            // Something foreign was in the way, and it was taken back.
            Ok(_) | Err(StoreError::Taken { .. } | StoreError::TakenBack(_)) => Ok(true),
            Err(StoreError::DoneByAnother) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether an operation went on from its reservation. One whose entry is not in the audit log did not,
    /// and nobody was told that it would.
    async fn has_begun(&self, pending: &Pending) -> Result<bool> {
        match &pending.entry {
            // An older program began it.
            None => Ok(true),
            Some(entry) => Ok(self.last_about(entry.id).await?.is_some()),
        }
    }
}
