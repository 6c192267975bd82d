//! Sessions: what a login hands out, and what every protected operation asks of it. The token is in
//! [`tokens`], the count of attempts in [`attempts`].

mod attempts;
mod clock;
mod tokens;

use std::{fmt, time::SystemTime};

use bson::{DateTime, oid::ObjectId};
use zeroize::Zeroizing;

use super::{Error, Refusal, Result, Tenancy, admins::admin_with_email, audit::typed_email};
use crate::{
    org::{
        Admin, Authority, OperationKind, Org, OrgState, PasswordHash, Role, Secret, StoredText,
        UnderWay,
    },
    store::Entry,
};

pub use tokens::SECRET_KEY_LEAST_BYTES;
pub(super) use tokens::Sessions;

/// A successful login. The token prints only through [`Session::token`].
#[derive(Clone)]
pub struct Session {
    token: Zeroizing<String>,
    /// Who is logged in.
    pub admin_id: ObjectId,
    /// Their e-mail.
    pub admin_email: StoredText,
    /// Whose admin that is.
    pub organization_id: ObjectId,
    /// What it is called, as far as this console knows.
    pub organization_name: StoredText,
    /// When the session ends by itself.
    pub expires_at: SystemTime,
    /// How many logins with that e-mail failed since the last that did not: somebody may have guessed.
    pub failures: u64,
}

impl Session {
    /// What a login hands out. It opens nothing by being made: each protected operation asks the token.
    #[must_use]
    pub fn new(token: String, admin: &Admin, org: &Org, expires_at: SystemTime) -> Self {
        Self {
            failures: 0,
            token: Zeroizing::new(token),
            admin_id: admin.id,
            admin_email: admin.email.clone(),
            organization_id: org.id,
            organization_name: org.name.clone(),
            expires_at,
        }
    }

    /// The same session, with the organization's name and admin as they are called now.
    #[must_use]
    pub fn now_of(self, org: &Org) -> Self {
        let first = self.admin_id.to_hex() == org.admin_id.raw().to_lowercase();
        let admin_email = if first { org.admin_email.clone() } else { self.admin_email };
        Self { admin_email, organization_name: org.name.clone(), ..self }
    }

    /// The token itself: only for whoever asked for it.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Session({})", self.admin_email)
    }
}

impl Tenancy {
    /// Opens a session for an admin. Takes as long, and says the same, whether the e-mail is known or
    /// not. The attempt is counted before anything is looked at; after a few that were wrong, the next
    /// ones have to wait.
    ///
    /// # Errors
    /// [`Error::WrongLogin`], [`Error::Waiting`], [`Error::NotAllowed`] where nobody can log in,
    /// [`Error::ReadOnly`] where attempts cannot be counted, or the database's.
    pub async fn login(&self, email: &str, password: &Secret) -> Result<Session> {
        let mut entry = self.entry(OperationKind::LogIn, None).of_admin(typed_email(email));
        let done = self.log_in(email, password, &mut entry).await;
        if matches!(done, Err(Error::WrongLogin | Error::Waiting(_))) {
            self.note_whose(email, &mut entry).await;
        }
        self.recorded(&entry, done).await
    }

    /// Notes whose account was tried, for the activity of that organization. Asks the same questions for an unknown
    /// e-mail: the time must not tell.
    pub(super) async fn note_whose(&self, email: &str, entry: &mut Entry) {
        let unknown = || Admin {
            id: ObjectId::new(),
            email: StoredText::default(),
            password: PasswordHash::nobodys(),
            created_at: DateTime::now(),
            role: Role::Admin,
            organization: None,
            reset: None,
        };
        let admin = admin_with_email(&*self.store, email).await.ok().flatten();
        let admin = admin.unwrap_or_else(unknown);
        if let Ok(Some(org)) = self.store.org_of_admin(&admin).await {
            *entry = entry.clone().called(org.name.raw());
            entry.organization = Some(org.id);
        }
    }

    async fn log_in(&self, email: &str, password: &Secret, entry: &mut Entry) -> Result<Session> {
        self.writing().await?;
        let (admin, failures) = self.verified(email, None, password).await?;
        let Some(org) = self.store.org_of_admin(&admin).await? else {
            return Err(Error::WrongLogin);
        };
        *entry = entry.clone().of_admin(admin.email.raw()).called(org.name.raw());
        entry.organization = Some(org.id);
        // Whoever knows the password may know this.
        ensure_login_allowed(&org)?;
        let session = self.shared.sessions.issue(&admin, &org, failures)?;
        self.store.append(entry).await?;
        Ok(session)
    }

    /// Ends a session at once: its token is refused from now on.
    pub fn logout(&self, session: &Session) {
        self.shared.sessions.end(session.token());
    }

    /// Whether the caller's session allows what only an owner of `org` may: asked of the token and
    /// of the database, each time. Whoever would need another login is told when nobody can have it.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] with the reason, or the database's.
    pub async fn authorize(&self, org: &Org) -> Result<()> {
        let done = self.permitted(&OperationKind::Authorize, org).await.map(|_| ());
        if self.caller.token().is_none() {
            // Nobody has tried anything yet.
            return done;
        }
        self.recorded(&self.entry(OperationKind::Authorize, Some(org)), done).await
    }

    /// The admin whose session the caller has, who may do this in `org`: what is known of the operation is the
    /// rule.
    pub(super) async fn permitted(&self, operation: &OperationKind, org: &Org) -> Result<Admin> {
        let least = match operation.authority() {
            Authority::Admin => Role::Admin,
            // Those behind the first need no session; one that is asked for all the same is an owner's.
            Authority::Owner | Authority::Operator | Authority::Password | Authority::Code => {
                Role::Owner
            }
        };
        self.allowed(org, least).await
    }

    /// The admin whose session the caller has, who may do what one with this role may in `org`.
    pub(super) async fn allowed(&self, org: &Org, least: Role) -> Result<Admin> {
        let Some(token) = self.caller.token() else {
            ensure_login_allowed(org)?;
            // A login that nobody can have is not asked for.
            return Err(if self.has_owner(org).await? {
                Refusal::NoSession(org.name.clone()).into()
            } else {
                Error::NoOwner(org.name.clone())
            });
        };
        let verified = self.shared.sessions.verify(token)?;
        let admin = self.store.admin(verified.admin).await?;
        let Some(admin) = admin.filter(|admin| verified.same_password(admin)) else {
            return Err(self.ended(verified.organization).await?);
        };
        let own = self.store.org_of_admin(&admin).await?;
        let Some(own) = own.filter(|own| own.id == verified.organization) else {
            return Err(self.ended(verified.organization).await?);
        };
        ensure_login_allowed(&own)?;
        // It was suspended or in the trash meanwhile, and is no longer.
        if !verified.same_epoch(&own) {
            return Err(Refusal::LoggedOut.into());
        }
        if own.id != org.id {
            ensure_login_allowed(org)?;
            let (admin, of, wanted) = (admin.email, own.name, org.name.clone());
            return Err(Refusal::OtherOrganization { admin, of, wanted }.into());
        }
        if admin.role > least {
            if !self.has_owner(org).await? {
                return Err(Error::NoOwner(org.name.clone()));
            }
            return Err(Refusal::OwnersOnly(org.name.clone()).into());
        }
        Ok(admin)
    }

    /// Why a session's admin is no longer who they were. Looked at last: the trash hides them too, at any time.
    async fn ended(&self, organization: ObjectId) -> Result<Error> {
        Ok(match self.store.org(organization).await? {
            Some(own) if own.in_trash().is_some() || own.under_way == Some(UnderWay::Trashing) => {
                Refusal::Trashed(own.name).into()
            }
            Some(_) | None => Refusal::AdminChanged.into(),
        })
    }
}

/// Whether anybody may be logged in to an organization now.
pub(super) fn ensure_login_allowed(org: &Org) -> Result<()> {
    match org.state {
        OrgState::Active => Ok(()),
        OrgState::Suspended => Err(Refusal::Suspended(org.name.clone()).into()),
        OrgState::InTrash(_) => Err(Refusal::Trashed(org.name.clone()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::Target,
        tenancy::{Caller, Opened, Rules, open},
    };

    #[tokio::test]
    async fn a_login_nobody_can_have_is_not_asked_for() {
        let Opened { tenancy, demo } =
            open(&Target::Demo, &Caller::new("ada@here"), Rules::default()).await.unwrap();
        let demo = demo.unwrap();
        let session = tenancy.login(&demo.email, &Secret::from(demo.password)).await.unwrap();
        let zephyr = tenancy.named("Zephyr").await.unwrap();
        let refused = async |org: &Org, token| match tenancy.in_session(token).authorize(org).await
        {
            Err(Error::NotAllowed(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        let token = Some(session.token());
        assert!(matches!(refused(&zephyr, None).await, Refusal::NoSession(_)));
        assert!(matches!(refused(&zephyr, token).await, Refusal::OtherOrganization { .. }));
        let zephyr = tenancy.suspend(&zephyr).await.unwrap();
        for token in [None, token] {
            assert_eq!(refused(&zephyr, token).await, Refusal::Suspended("Zephyr".into()));
        }
        let own = tenancy.named(&demo.organization).await.unwrap();
        assert_eq!(tenancy.in_session(token).authorize(&own).await, Ok(()));
    }
}
