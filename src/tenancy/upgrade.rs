//! Bringing a database of the service before this program up to date: never without somebody who agreed.

use super::{Result, Tenancy};
use crate::org::OperationKind;
use crate::store::{Progress, StoreError, UpgradePlan};

impl Tenancy {
    /// Refuses where somebody has yet to agree to an upgrade: before a person is asked for a password, or
    /// for anything else that would only be refused.
    ///
    /// # Errors
    /// That, or the database's.
    pub async fn ensure_upgraded(&self) -> Result<()> {
        match self.read_only() {
            None if self.store.needs_upgrade().await? => Err(StoreError::NeedsUpgrade.into()),
            Some(_) | None => Ok(()),
        }
    }

    /// What somebody has yet to agree to before anything can be written; none where nothing has to be, or
    /// where nothing may be written anyhow.
    ///
    /// # Errors
    /// The database's.
    pub async fn awaited_upgrade(&self) -> Result<Option<UpgradePlan>> {
        if self.read_only().is_some() || !self.store.needs_upgrade().await? {
            return Ok(None);
        }
        Ok(Some(self.store.upgrade_plan().await?).filter(|plan| plan.asks))
    }

    /// An upgrade that is not required, but would add something: an earlier version of ours wrote the database.
    ///
    /// # Errors
    /// The database's.
    pub async fn offered_upgrade(&self) -> Result<Option<UpgradePlan>> {
        if self.read_only().is_some() {
            return Ok(None);
        }
        let worth = |plan: &UpgradePlan| !plan.asks && plan.records() > 0;
        Ok(Some(self.store.upgrade_plan().await?).filter(worth))
    }

    /// What an upgrade would add, also where somebody agreed before.
    ///
    /// # Errors
    /// The database's.
    pub async fn upgrade_plan(&self) -> Result<UpgradePlan> {
        Ok(self.store.upgrade_plan().await?)
    }

    /// Brings the database up to date, since a person has agreed to it. Whoever stops waiting stops it, and
    /// loses nothing. Answers what is still to be done: what clashes is left as it is. Writes
    /// nothing to a database in which there is nothing.
    ///
    /// # Errors
    /// [`super::Error::ReadOnly`], or the database's.
    pub async fn upgrade(&self, told: &Progress) -> Result<UpgradePlan> {
        let entry = self.entry(OperationKind::Upgrade, None).await;
        let done = async {
            self.writable()?;
            self.ensure_may(&entry.action, None).await?;
            let before = self.store.upgrade_plan().await?;
            if before.empty {
                return Ok(before);
            }
            self.store.upgrade(&self.caller.operator, told).await?;
            let after = self.store.upgrade_plan().await?;
            let brought = before.records().saturating_sub(after.records());
            if before.asks || brought > 0 {
                let entry = entry.clone().with("upgraded", "", &brought.to_string());
                self.store.append(&entry).await?;
            }
            Ok(after)
        }
        .await;
        self.recorded(&entry, done).await
    }
}
