//! Finishing what a killed or cut-off program began, once its lease has run out, and what else is to
//! be done when a console connects.

use mongodb::bson::{Document, doc};

use super::{
    Inner,
    journal::{Creation, Pending, Step, expired},
    undo::Back,
};
use crate::{
    org::{Claim, ClaimKind},
    store::{Result, StoreError, untold},
};

impl Inner {
    /// Settles every operation whose lease has run out and gives records without our fields theirs.
    /// Tries all before it reports the first that failed.
    pub(super) async fn recover(&self) -> Result<u64> {
        if self.only_readable_because().is_some() {
            return Ok(0);
        }
        self.ready().await?;
        let (settled, mut failed) = self.settle_all().await?;
        // What cannot be done keeps nothing else from being done.
        for done in [
            self.complete_joining().await,
            self.settle_unknown().await,
            self.bring_along(&untold).await,
        ] {
            failed = failed.or(done.err());
        }
        failed.map_or(Ok(settled), Err)
    }

    /// Gives records that another program changed since our fields as they should be now.
    pub(super) async fn catch_up(&self) -> Result<u64> {
        if self.only_readable_because().is_some() {
            return Ok(0);
        }
        self.ready().await?;
        let stale = self.forget_stale().await?;
        if stale > 0 {
            self.bring_along(&untold).await?;
        }
        Ok(stale + self.renew_suspensions().await?)
    }

    /// As [`Inner::recover`], but one that cannot be settled does not keep others from working.
    pub(super) async fn settle_expired(&self) -> Result<()> {
        let (settled, joined) =
            futures_util::future::join(self.settle_all(), self.complete_joining()).await;
        match settled?.1.or(joined.err()) {
            Some(gone @ StoreError::Unreachable { .. }) => Err(gone),
            _ => Ok(()),
        }
    }

    async fn settle_all(&self) -> Result<(u64, Option<StoreError>)> {
        let say = |error| self.words.of(&error);
        // The sparse index on `pending.at` answers this without looking at any other record.
        let mut filter = doc! { "pending.at": { "$type": "date" } };
        filter.extend(expired(self.lease));
        let mut found = self.orgs.find(filter).max_time(super::READ).await.map_err(say)?;
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
        let Some(pending) = Pending::of(read) else { return Ok(false) };
        // From now on it has another lease: whoever began it and was only slow (a suspended console)
        // finds it gone, and neither goes on with it nor takes anything back.
        let Some((pending, hold)) = self.take_over(&pending, true).await? else {
            return Ok(false);
        };
        let why = match &pending.step {
            _ if pending.taken_back.is_some() => None,
            _ if !self.has_begun(&pending).await? => Some(StoreError::TakenBack(
                "the console that began it stopped before anything was done".into(),
            )),
            Step::Create(creation) if self.is_in_the_way_of(&pending, creation).await? => {
                Some(StoreError::Taken { what: ClaimKind::Name, by: None, in_trash: false })
            }
            Step::Create(_)
            | Step::Update(_)
            | Step::Delete(_)
            | Step::Trash(_)
            | Step::Restore(_)
            | Step::Suspend(_) => None,
        };
        if let Some(why) = why {
            return Ok(!matches!(self.take_back(&pending, &why).await?, Back::Lost));
        }
        match self.resume(&pending, hold).await {
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

    /// Whether, while it lay there, the old service made the same organization or somebody put
    /// documents into its collection.
    async fn is_in_the_way_of(&self, pending: &Pending, creation: &Creation) -> Result<bool> {
        let names = Claim::of_name(&creation.organization_name, &creation.collection_name);
        for claim in names.into_iter().chain([Claim::of_email(&creation.admin_email)]) {
            if self.unadopted_holder(&claim, &pending.org.into()).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(!self.holds_only_ours(&creation.collection_name, creation).await?)
    }
}
