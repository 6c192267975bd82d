//! To the trash, out of it, and what cannot be undone: purging.

use super::{
    Confirmation, Error, Refusal, Result, Tenancy,
    audit::{NAME, typed_email},
    confirms,
    rights::may_as,
    session::{Actor, ensure_login_allowed},
};
use crate::{
    org::{ClaimKind, OperationKind, Org, OrgName, Role, Secret},
    store::{Change, Entry, Operation, Purge, TrashTerms},
};

impl Tenancy {
    /// Moves the organization to the trash, where it keeps everything it has for as long as the rules
    /// say, and its name and e-mails as well. Needs the session of an owner, which
    /// ends with it.
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Changed`], [`Error::ReadOnly`], or the database's.
    pub async fn trash(&self, org: &Org) -> Result<Org> {
        self.move_to_trash(org, false).await
    }

    /// The same, but others can use its name and its e-mails at once. Restoring it needs those that no other
    /// organization has by then.
    ///
    /// # Errors
    /// As [`Tenancy::trash`].
    pub async fn trash_and_release(&self, org: &Org) -> Result<Org> {
        self.move_to_trash(org, true).await
    }

    async fn move_to_trash(&self, org: &Org, releases: bool) -> Result<Org> {
        let mut entry = self.entry(OperationKind::Trash, Some(org)).await;
        let done = async {
            self.writing(&entry.action, Some(org)).await?;
            self.say_why(&mut entry)?;
            entry.admin = self.permitted(&entry.action, org).await?.admin_email();
            let terms = TrashTerms { days: self.shared.rules.trash_days, releases };
            let operation = Operation::Trash(Box::new(org.clone()), terms);
            let trashed = self.perform(operation, &entry).await;
            trashed.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Refuses to trash or purge the organization if that would be refused after the login and the confirmation
    /// anyway.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] where nobody can log in, [`Error::NoOwner`], [`Error::ReadOnly`], or the
    /// database's, which also refuses what it cannot move.
    pub async fn ensure_deletable(&self, org: &Org) -> Result<()> {
        self.writable()?;
        // An operator can, whoever owns it.
        if self.store.directory().await?.operators.is_empty() {
            if org.in_trash().is_none() {
                ensure_login_allowed(org)?;
            }
            if !self.has_owner(org).await? {
                return Err(Error::NoOwner(org.name.clone()));
            }
        }
        Ok(self.store.ensure_movable(org).await?)
    }

    /// Brings the organization back from the trash with everything it had; under another `name` where
    /// one is given. Needs no login, since nobody can log in to it there.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::NotInTrash`], [`Error::Changed`],
    /// [`Error::ReadOnly`], or the database's. Nothing was changed.
    pub async fn restore(&self, org: &Org, name: Option<&str>) -> Result<Org> {
        let mut entry = self.entry(OperationKind::Restore, Some(org)).await;
        let done = self.bring_back(org, name, &mut entry).await;
        self.recorded(&entry, done).await
    }

    async fn bring_back(&self, org: &Org, name: Option<&str>, entry: &mut Entry) -> Result<Org> {
        // Not what empties the trash of what is overdue: this may be just that.
        self.writable()?;
        self.ensure_may(&entry.action, Some(org)).await?;
        in_trash(org)?;
        let change = match name.filter(|name| *name != org.name.raw()) {
            None => Change::default(),
            Some(name) => {
                self.check_name(name, Some(org)).await?;
                let name = OrgName::parse(name)?;
                *entry = entry.clone().with(NAME, org.name.raw(), name.as_str());
                let collection = self.collection_for(&name, Some(org)).await?;
                Change { name: Some(name), collection, ..Change::default() }
            }
        };
        let operation = Operation::Restore(Box::new(org.clone()), change.clone());
        self.perform(operation, entry).await.map_err(|error| {
            Error::of_store(error, &org.name, |what| match (what, &change.name) {
                (ClaimKind::Email, _) => org.admin_email.clone(),
                (_, Some(name)) => name.as_str().into(),
                (_, None) => org.name.clone(),
            })
        })
    }

    /// Removes an organization that is in the trash with everything it has. In the session of an operator who may;
    /// otherwise an owner gives e-mail and password, and a code if they have a second factor: its admins cannot log in.
    ///
    /// # Errors
    /// [`Error::NotConfirmed`], [`Error::WrongLogin`], [`Error::CodeRequired`], [`Error::WrongAuthenticationCode`], [`Error::NotInTrash`], [`Error::Changed`],
    /// [`Error::ReadOnly`], or the database's.
    pub async fn purge(
        &self,
        org: &Org,
        confirmation: &Confirmation,
        email: &str,
        password: &Secret,
        code: Option<&Secret>,
    ) -> Result<()> {
        let mut entry = self.entry(OperationKind::Purge, Some(org)).await;
        entry = entry.of_admin(typed_email(email));
        let done = async {
            self.writable()?;
            in_trash(org)?;
            self.say_why(&mut entry)?;
            confirms(confirmation, &org.name)?;
            let actor = if self.is_in_operators_session().await {
                self.permitted(&entry.action, org).await?
            } else {
                // Its code need not be used up: the account is gone with the organization.
                let place = self.shared.hashing.enter()?;
                self.verified(place, email, Some(org), password, code).await?.0
            };
            match actor {
                Actor::Admin(admin) if admin.role == Role::Owner => {}
                Actor::Admin(_) => return Err(Refusal::OwnersOnly(org.name.clone()).into()),
                Actor::Operator(operator) => {
                    entry = entry.clone().of_admin("").of_operator(operator.email.raw());
                    if operator.disabled {
                        return Err(Refusal::Disabled.into());
                    }
                    may_as(operator.role, &entry.action)?;
                }
            }
            let purged =
                self.store.perform(&Operation::Delete(Box::new(org.clone())), &entry).await;
            purged.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))?;
            Ok(())
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Purges what has been in the trash for longer than it was to be kept, as the first write of each console does
    /// by itself. What the clock, or something else, keeps there is among the findings.
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::ReadOnly`], or the database's.
    pub async fn purge_expired(&self) -> Result<Purge> {
        self.writable()?;
        self.store.prepare(&self.caller.operator).await?;
        self.ensure_no_key()?;
        self.ensure_may(&OperationKind::Repair, None).await?;
        let mut now = self.store.purge_expired(&self.caller.operator, false).await?;
        // A login may have done it a moment ago.
        now.purged += self.shared.purged.get().map_or(0, |before| before.purged);
        Ok(now)
    }
}

fn in_trash(org: &Org) -> Result<()> {
    org.in_trash().map(|_| ()).ok_or_else(|| Error::NotInTrash(org.name.clone()))
}
