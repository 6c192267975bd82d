//! Transferring an organization to another owner, who is an admin of it already or becomes one with a one-time
//! code. The previous owners become admins, or are removed; all of that at once or nothing.

use bson::{DateTime, oid::ObjectId};

use super::{
    Error, IssuedCode, Result, Tenancy,
    admins::{is_first, new_code, not_in_trash},
    audit::typed_email,
};
use crate::{
    org::{Admin, Claim, Email, OperationKind, Org, PasswordHash, Role, email_forms, email_key},
    store::{Entry, NewAdmin, Operation, Transfer},
};

/// Who is to own it, and who owns it now.
struct Parties {
    to: Recipient,
    /// The owners but for that one.
    owners: Vec<Admin>,
}

enum Recipient {
    Admin(Admin),
    New(Email),
}

impl Tenancy {
    /// Makes the admin with this e-mail the organization's only owner. One who is an admin of it already keeps their
    /// password; a new one chooses a password with the code that is answered. The previous owners become admins; with
    /// `removes` they are removed, and their sessions end. Needs the session of an owner or a manager; where the
    /// organization has no owner, none, as [`Tenancy::add_admin`].
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::OperatorsEmail`], [`Error::OnlyOwner`], [`Error::NotAllowed`],
    /// [`Error::InTrash`], [`Error::Changed`], [`Error::ReadOnly`], or the database's. Nothing was changed.
    pub async fn transfer(
        &self,
        org: &Org,
        email: &str,
        removes: bool,
    ) -> Result<(Org, Option<IssuedCode>)> {
        let mut entry = self.entry(OperationKind::Transfer, Some(org)).await.with(
            "owner",
            "",
            typed_email(email),
        );
        let done = self.transfer_to(org, email, removes, &mut entry).await;
        self.recorded(&entry, done).await
    }

    async fn transfer_to(
        &self,
        org: &Org,
        email: &str,
        removes: bool,
        entry: &mut Entry,
    ) -> Result<(Org, Option<IssuedCode>)> {
        self.may_change(&entry.action, org).await?;
        self.say_why(entry)?;
        if self.has_owner(org).await? {
            entry.admin = self.permitted(&entry.action, org).await?.admin_email();
        } else {
            self.ensure_may(&OperationKind::AppointOwner, Some(org)).await?;
        }
        let Parties { to, owners } = self.parties(org, email).await?;
        let (to, new, email, issued) = match to {
            Recipient::Admin(admin) => (admin.id, None, admin.email.raw().to_owned(), None),
            Recipient::New(email) => {
                let (issued, reset) = new_code(email.as_str())?;
                let (password, created_at) = (PasswordHash::nobodys(), DateTime::now());
                let role = Role::Owner;
                let new = NewAdmin { email: email.clone(), role, password, reset, created_at };
                (ObjectId::new(), Some(new), email.to_string(), Some(issued))
            }
        };
        entry.changes.clear();
        *entry = entry.clone().with("owner", "", &email);
        for owner in &owners {
            let now = if removes { "" } else { Role::Admin.word() };
            *entry = entry.clone().with("former owner", owner.email.raw(), now);
        }
        let owners = owners.iter().map(|owner| owner.id).collect();
        let transfer = Transfer { to, new, owners, removes };
        let operation = Operation::Transfer(Box::new(org.clone()), Box::new(transfer));
        let done = self.perform(operation, entry).await;
        let org =
            done.map_err(|error| Error::of_store(error, &org.name, |_| email.as_str().into()))?;
        Ok((org, issued))
    }

    /// Refuses a transfer that would be refused after the login anyway. Recorded as the refusal that it is.
    ///
    /// # Errors
    /// As [`Tenancy::transfer`], but for what only a login shows. [`Ok`] has the owners so far.
    pub async fn ensure_transferable(&self, org: &Org, email: &str) -> Result<Vec<Admin>> {
        let entry = self.entry(OperationKind::Transfer, Some(org)).await.with(
            "owner",
            "",
            typed_email(email),
        );
        let done = async {
            self.writable()?;
            not_in_trash(org)?;
            Ok(self.parties(org, email).await?.owners)
        }
        .await;
        self.recorded(&entry, done).await
    }

    async fn parties(&self, org: &Org, email: &str) -> Result<Parties> {
        let admins = self.store.admins(org).await?;
        let keys: Vec<_> = email_forms(email).iter().map(|form| email_key(form)).collect();
        let (named, others): (Vec<Admin>, Vec<Admin>) =
            admins.into_iter().partition(|admin| keys.contains(&email_key(admin.email.raw())));
        let owners: Vec<Admin> =
            others.into_iter().filter(|admin| admin.role == Role::Owner).collect();
        let to = match named.into_iter().next() {
            Some(admin)
                if admin.role == Role::Owner && owners.is_empty() && is_first(&admin, org) =>
            {
                let (email, organization) = (admin.email, org.name.clone());
                return Err(Error::OnlyOwner { email, organization });
            }
            Some(admin) => Recipient::Admin(admin),
            None => {
                let email = Email::parse(email)?;
                let claims = Claim::of_spellings(&email);
                // The e-mail of an owner who is gone is the organization's still.
                self.ensure_unclaimed(&claims, Some(org.id), email.as_str()).await?;
                Recipient::New(email)
            }
        };
        Ok(Parties { to, owners })
    }
}
