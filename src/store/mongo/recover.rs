//! Finishing what a killed or cut-off program began, once its lease has run out, and what else is to
//! be done when a console connects.

use mongodb::{
    bson::{Document, doc, oid::ObjectId},
    options::ReturnDocument,
};

use super::{
    Inner,
    act::Hold,
    journal::{Creation, Pending, Step, expired},
    record, shape,
};
use crate::{
    org::{Claim, ClaimKind},
    store::{Entry, Result, StoreError, untold},
};

impl Inner {
    /// Settles every operation whose lease has run out and gives records without our fields theirs.
    /// Tries all before it reports the first that failed.
    pub(super) async fn recover(&self) -> Result<u64> {
        if self.only_readable_because().is_some() {
            return Ok(0);
        }
        let (settled, failed) = self.settle_all().await?;
        self.adopt(&untold).await?;
        if self.only_readable_because().is_some() {
            return Ok(settled);
        }
        let purged = self.purge_expired().await?;
        failed.map_or(Ok(settled + purged), Err)
    }

    /// Gives records that another program changed since our fields as they should be now.
    pub(super) async fn catch_up(&self) -> Result<u64> {
        if self.only_readable_because().is_some() {
            return Ok(0);
        }
        let stale = self.forget_stale().await?;
        if stale > 0 {
            self.adopt(&untold).await?;
        }
        Ok(stale)
    }

    /// Removes what has been in the trash for longer than it was to be kept, by the server's clock.
    async fn purge_expired(&self) -> Result<u64> {
        let kept = doc! { "$multiply": ["$trash.days", record::DAY] };
        let filter = doc! {
            "pending": { "$exists": false },
            "$expr": { "$lte": [{ "$add": ["$trash.at", kept] }, "$$NOW"] },
        };
        // Never because of what another program keeps in a field of the same name.
        let mut filter = filter;
        filter.extend(shape::is_in_trash());
        let found = self.orgs.find(filter).max_time(super::READ).await;
        let expired = self.orgs_in(found.map_err(|error| self.words.of(&error))?).await?;
        let mut purged = 0;
        for org in &expired {
            let mut entry = Entry::about(&self.operator, "purge", org);
            entry.reason = "its time in the trash was over".into();
            match self.delete(org, &entry).await {
                Ok(()) => purged += 1,
                // Another console was quicker, or somebody has just restored it.
                Err(StoreError::Changed | StoreError::Gone | StoreError::Busy { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(purged)
    }

    /// As [`Inner::recover`], but one that cannot be settled does not keep others from working.
    pub(super) async fn settle_expired(&self) -> Result<()> {
        match self.settle_all().await?.1 {
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
        let hold = Hold::now();
        let mut filter = pending.filter();
        filter.extend(expired(self.lease));
        // From now on it has another name: whoever began it and was only slow (a suspended console)
        // finds it gone, and neither goes on with it nor takes anything back.
        let take = doc! {
            "$set": { "pending.id": ObjectId::new() },
            "$currentDate": { "pending.at": true },
        };
        let taken = self
            .orgs
            .find_one_and_update(filter, take)
            .return_document(ReturnDocument::After)
            .await
            .map_err(|error| self.words.of(&error))?;
        let Some(pending) = taken.as_ref().and_then(|taken| Pending::of(taken)) else {
            return Ok(false);
        };
        self.append_its_own(&pending).await?;
        let settled = match &pending.step {
            _ if pending.taken_back.is_some() => self.take_back(&pending, StoreError::Gone).await,
            Step::Create(creation) if self.is_in_the_way_of(&pending, creation).await? => {
                let what = ClaimKind::Name;
                let taken = StoreError::Taken { what, by: None, in_trash: false };
                self.take_back(&pending, taken).await
            }
            _ => self.forward(&pending, hold).await,
        };
        match settled {
            // Something foreign was in the way, and it was taken back.
            Ok(_) | Err(StoreError::Taken { .. } | StoreError::Gone) => Ok(true),
            Err(error) => Err(error),
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
        Ok(!self.holds_only_ours(creation).await?)
    }
}
