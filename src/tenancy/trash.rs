//! The deeds that can be taken back, to the trash and out of it, suspension, and the last deed that
//! cannot: purging.

use super::{Confirmation, Error, Result, Tenancy, confirms, verified};
use crate::{
    org::{ClaimKind, Org, OrgName, Secret},
    store::{Change, Finding},
};

impl Tenancy {
    /// Moves the organization to the trash, where it keeps everything it has for as long as the rules
    /// say, and its name and e-mails as well. Needs the `token` of one of its admins, whose session
    /// ends with it.
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Changed`], [`Error::ReadOnly`], or the database's.
    pub async fn trash(&self, org: &Org, token: Option<&str>) -> Result<Org> {
        self.writable()?;
        self.authorize(org, token).await?;
        let trashed = self.store.trash(org, self.rules.trash_days).await;
        trashed.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))
    }

    /// Brings the organization back from the trash with everything it had; under another `name` where
    /// one is given. Needs no login, since nobody can log in to it there.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::NotInTrash`], [`Error::Changed`],
    /// [`Error::ReadOnly`], or the database's. Nothing was changed.
    pub async fn restore(&self, org: &Org, name: Option<&str>) -> Result<Org> {
        self.writable()?;
        in_trash(org)?;
        let change = match name.filter(|name| *name != org.name.raw()) {
            None => Change::default(),
            Some(name) => {
                self.check_name(name, Some(org)).await?;
                let name = OrgName::parse(name)?;
                let collection = super::change::collection_for(&name, Some(org));
                Change { name: Some(name), collection, ..Change::default() }
            }
        };
        self.store.restore(org, &change).await.map_err(|error| {
            Error::of_store(error, &org.name, |what| match (what, &change.name) {
                (ClaimKind::Email, _) => org.admin_email.clone(),
                (_, Some(name)) => name.as_str().into(),
                (_, None) => org.name.clone(),
            })
        })
    }

    /// Removes an organization that is in the trash with everything it has. Since nobody can log in
    /// to it, an admin of it proves who they are here: with e-mail and password.
    ///
    /// # Errors
    /// [`Error::NotConfirmed`], [`Error::WrongLogin`], [`Error::NotInTrash`], [`Error::Changed`],
    /// [`Error::ReadOnly`], or the database's.
    pub async fn purge(
        &self,
        org: &Org,
        confirmation: &Confirmation,
        email: &str,
        password: &Secret,
    ) -> Result<()> {
        self.writable()?;
        in_trash(org)?;
        confirms(confirmation, &org.name)?;
        // Counting the attempt belongs here too (issue “Nobody in”).
        verified(self.store.admin_in_trash(org, email).await?, password).await?;
        let purged = self.store.delete(org).await;
        purged.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))
    }

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
        self.writable()?;
        if org.in_trash().is_some() {
            return Err(Error::InTrash(org.name.clone()));
        }
        let done = self.store.suspend(org, suspended).await;
        done.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))
    }

    /// Goes through the whole database and says what does not belong together; with `fix` repairs
    /// what can be repaired without deleting any document.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] with `fix`, or the database's.
    pub async fn examine(&self, fix: bool) -> Result<Vec<Finding>> {
        if fix {
            self.writable()?;
        }
        Ok(self.store.examine(fix).await?)
    }
}

fn in_trash(org: &Org) -> Result<()> {
    org.in_trash().map(|_| ()).ok_or_else(|| Error::NotInTrash(org.name.clone()))
}
