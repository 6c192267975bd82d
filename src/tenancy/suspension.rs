//! Suspending an organization, and reactivating it.

use super::{Error, Result, Tenancy};
use crate::{
    org::{OperationKind, Org},
    store::Operation,
};

impl Tenancy {
    /// Suspends the organization: its admins cannot log in, and their sessions end.
    ///
    /// # Errors
    /// [`Error::InTrash`], [`Error::Changed`], [`Error::ReadOnly`], or the database's.
    pub async fn suspend(&self, org: &Org) -> Result<Org> {
        self.set_suspended(org, true).await
    }

    /// Lets a suspended organization's admins log in again.
    ///
    /// # Errors
    /// As [`Tenancy::suspend`].
    pub async fn reactivate(&self, org: &Org) -> Result<Org> {
        self.set_suspended(org, false).await
    }

    async fn set_suspended(&self, org: &Org, suspended: bool) -> Result<Org> {
        let action = if suspended { OperationKind::Suspend } else { OperationKind::Reactivate };
        let entry = self.entry(action, Some(org)).await;
        let done = async {
            self.writing(&entry.action, Some(org)).await?;
            if org.in_trash().is_some() {
                return Err(Error::InTrash(org.name.clone()));
            }
            let done =
                self.perform(Operation::Suspend(Box::new(org.clone()), suspended), &entry).await;
            done.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))
        }
        .await;
        self.recorded(&entry, done).await
    }
}
