//! The deeds that can be taken back, to the trash and out of it, suspension, and the last deed that
//! cannot: purging.

use futures_util::future::BoxFuture;

use super::{
    Confirmation, Error, Refusal, Result, Tenancy, confirms, may_be_in, record::NAME, typed_email,
};
use crate::{
    org::{ClaimKind, Org, OrgName, Role, Secret, StoredText},
    store::{
        Action, Change, Deed, Difference, Entry, Examination, Finding, Repair, Trouble,
        kept_by_the_clock,
    },
};

/// How many of each kind that was repaired the audit log names.
const NAMED: usize = 3;

/// Shows a person why the clock is doubted, and answers whether it is right.
pub type Believe = dyn Fn(&Trouble) -> BoxFuture<'static, bool> + Send + Sync;

impl Tenancy {
    /// Moves the organization to the trash, where it keeps everything it has for as long as the rules
    /// say, and its name and e-mails as well. Needs the `token` of one of its admins, whose session
    /// ends with it.
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Changed`], [`Error::ReadOnly`], or the database's.
    pub async fn trash(&self, org: &Org, token: Option<&str>) -> Result<Org> {
        let mut entry = self.entry(Action::Trash, Some(org));
        let done = async {
            self.writing().await?;
            entry.admin = self.allowed(org, token, Role::Owner).await?.email;
            let deed = Deed::Trash(Box::new(org.clone()), self.rules.trash_days);
            let trashed = self.perform(deed, &entry).await;
            trashed.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Refuses to move the organization to the trash, to delete or to purge it where looking shows that it
    /// would be refused in the end: nobody is to log in and confirm for that.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] where nobody can log in, [`Error::NoOwner`], [`Error::ReadOnly`], or the
    /// database's, which also refuses what it cannot move.
    pub async fn ensure_deletable(&self, org: &Org) -> Result<()> {
        self.writable()?;
        if org.in_trash().is_none() {
            may_be_in(org)?;
        }
        if !self.has_owner(org).await? {
            return Err(Error::NoOwner(org.name.clone()));
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
        let mut entry = self.entry(Action::Restore, Some(org));
        let done = self.bring_back(org, name, &mut entry).await;
        self.recorded(&entry, done).await
    }

    async fn bring_back(&self, org: &Org, name: Option<&str>, entry: &mut Entry) -> Result<Org> {
        // Not what empties the trash of what is overdue: this may be just that.
        self.writable()?;
        in_trash(org)?;
        let change = match name.filter(|name| *name != org.name.raw()) {
            None => Change::default(),
            Some(name) => {
                self.check_name(name, Some(org)).await?;
                let name = OrgName::parse(name)?;
                *entry = entry.clone().with(NAME, org.name.raw(), name.as_str());
                let collection = super::change::collection_for(&name, Some(org));
                Change { name: Some(name), collection, ..Change::default() }
            }
        };
        let deed = Deed::Restore(Box::new(org.clone()), change.clone());
        self.perform(deed, entry).await.map_err(|error| {
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
        let mut entry = self.entry(Action::Purge, Some(org));
        entry = entry.of_admin(typed_email(email));
        let done = async {
            self.writable()?;
            in_trash(org)?;
            confirms(confirmation, &org.name)?;
            let (admin, _) = self.verified(email, Some(org), password).await?;
            if admin.role != Role::Owner {
                return Err(Refusal::OwnersOnly(org.name.clone()).into());
            }
            let purged = self.store.perform(&Deed::Delete(Box::new(org.clone())), &entry).await;
            purged.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))?;
            Ok(())
        }
        .await;
        self.recorded(&entry, done).await
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
        let action = if suspended { Action::Suspend } else { Action::Reactivate };
        let entry = self.entry(action, Some(org));
        let done = async {
            self.writing().await?;
            if org.in_trash().is_some() {
                return Err(Error::InTrash(org.name.clone()));
            }
            let done = self.perform(Deed::Suspend(Box::new(org.clone()), suspended), &entry).await;
            done.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Goes through the whole database and says what does not belong together; where that is wanted,
    /// repairs what can be repaired without deleting any document. Where the clock keeps something in the
    /// trash that is overdue, `believe` is shown both times, and says whether it is purged all the same.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] for a repair, or the database's.
    pub async fn examine(
        &self,
        wanted: &Examination<'_>,
        believe: &Believe,
    ) -> Result<Vec<Finding>> {
        if !wanted.fix {
            return Ok(self.store.go_through(wanted).await?);
        }
        let mut entry = self.entry(Action::Repair, None);
        let done = async {
            self.writable()?;
            let mut found = self.store.go_through(wanted).await?;
            let doubted = kept_by_the_clock(&found).cloned();
            if let Some(doubted) = doubted
                && believe(&doubted).await
            {
                let purge = self.store.purge_expired(true).await?;
                let how = format!("the clock was confirmed; {} purged", purge.purged);
                for one in &mut found {
                    if matches!(one.trouble, Trouble::Clock { .. }) {
                        one.repair = Repair::Done(how.clone());
                    }
                }
                found.extend(purge.findings);
            }
            let mended: Vec<&Finding> = found.iter().filter(|one| one.repair.is_done()).collect();
            if !mended.is_empty() {
                entry.changes = repaired(&mended);
                self.store.record(&entry).await?;
            }
            Ok(found)
        }
        .await;
        self.recorded(&entry, done).await
    }
}

/// What was repaired, kind by kind: how many, and the first of them.
fn repaired(mended: &[&Finding]) -> Vec<Difference> {
    let mut kinds: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for one in mended {
        match kinds.iter_mut().find(|(code, _)| *code == one.trouble.code()) {
            Some((_, all)) => all.push(one),
            None => kinds.push((one.trouble.code(), vec![one])),
        }
    }
    let said = |(code, all): (&str, Vec<&Finding>)| {
        let first = all.iter().take(NAMED).map(|one| one.trouble.to_string());
        let first = first.collect::<Vec<_>>().join("; ");
        let more = match all.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let to = format!("{}: {first}{more}", all.len()).into();
        Difference { field: code.into(), from: StoredText::default(), to }
    };
    kinds.into_iter().map(said).collect()
}

fn in_trash(org: &Org) -> Result<()> {
    org.in_trash().map(|_| ()).ok_or_else(|| Error::NotInTrash(org.name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_log_says_what_was_repaired_also_where_that_is_much() {
        let stale = |number| Finding {
            trouble: Trouble::Stale { org: format!("org {number}").into() },
            repair: Repair::Done("it was brought up to date".to_owned()),
        };
        let all: Vec<Finding> = (0..5).map(stale).collect();
        let said = repaired(&all.iter().collect::<Vec<_>>());
        let [change] = &said[..] else { panic!("{said:?}") };
        assert_eq!(change.field.raw(), all[0].trouble.code());
        let to = change.to.raw();
        assert!(to.starts_with("5: ") && to.ends_with("; and 2 more"), "{to}");
        assert!(to.contains("org 0") && to.contains("org 2") && !to.contains("org 3"), "{to}");
    }
}
