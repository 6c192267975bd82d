//! Sessions: what a login hands out ([`account`]), and what every protected operation asks of it. The token is in
//! [`tokens`], the count of attempts in [`attempts`].

mod account;
mod attempts;
mod clock;
mod key;
mod me;
mod once;
mod refresh_token;
mod shared;
mod tokens;

use bson::{DateTime, oid::ObjectId};

use super::{
    Error, Refusal, Result, Tenancy,
    admins::admin_with_email,
    audit::typed_email,
    rights::{least_role, may_as, with_key},
};
use crate::{
    org::{
        Admin, Authority, FactorKey, OperationKind, Operator, Org, OrgState, PasswordHash, Role,
        SecondFactor, Secret, StoredText, UnderWay, Unreadable,
    },
    store::{Directory, Entry, Required},
};

pub use account::{Account, Session};
pub(super) use key::{KeyOwner, logged_in_operator};
pub use me::{FactorState, LoggedIn};
pub use once::{Attempt, Once};
pub use shared::RefreshableSession;
pub use tokens::SECRET_KEY_LEAST_BYTES;
pub(super) use tokens::{Sessions, TokenOf, ValidToken};

impl Tenancy {
    /// Opens a session for an admin. Takes as long, and says the same, whether the e-mail is known or
    /// not. The attempt is counted before anything is looked at; after a few that were wrong, the next
    /// ones have to wait.
    ///
    /// # Errors
    /// [`Error::WrongLogin`], [`Error::Waiting`], [`Error::NotAllowed`] where nobody can log in,
    /// [`Error::ReadOnly`] where attempts cannot be counted, or the database's.
    pub async fn login(&self, email: &str, password: &Secret) -> Result<Session> {
        self.login_with_code(email, password, None).await
    }

    /// The same for an account with a second factor: with a code of its app, or a recovery code. A code is accepted
    /// once.
    ///
    /// # Errors
    /// As [`Tenancy::login`], and once the password is right: [`Error::CodeRequired`] without a code,
    /// [`Error::WrongAuthenticationCode`], or [`Error::FactorUnreadable`].
    pub async fn login_with_code(
        &self,
        email: &str,
        password: &Secret,
        code: Option<&Secret>,
    ) -> Result<Session> {
        let mut entry = self.entry(OperationKind::LogIn, None).await.of_admin(typed_email(email));
        let done = self.log_in(email, password, code, &mut entry).await;
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
            second_factor: None,
        };
        let admin = admin_with_email(&*self.store, email).await.ok().flatten();
        let admin = admin.unwrap_or_else(unknown);
        if let Ok(Some(org)) = self.store.org_of_admin(&admin).await {
            *entry = entry.clone().called(org.name.raw());
            entry.organization = Some(org.id);
        }
    }

    async fn log_in(
        &self,
        email: &str,
        password: &Secret,
        code: Option<&Secret>,
        entry: &mut Entry,
    ) -> Result<Session> {
        // First of all: a crowd that is turned away asks the database nothing.
        let place = self.shared.hashing.enter()?;
        self.writing(&entry.action, None).await?;
        let (proven, failures) = self.verified(place, email, None, password, code).await?;
        let admin = match proven {
            Actor::Admin(admin) => admin,
            Actor::Operator(operator) => {
                return self.operator_logs_in(&operator, code, failures, entry).await;
            }
        };
        let Some(org) = self.store.org_of_admin(&admin).await? else {
            return Err(Error::WrongLogin);
        };
        *entry = entry.clone().of_admin(admin.email.raw()).called(org.name.raw());
        entry.organization = Some(org.id);
        // Whoever knows the password may know this.
        ensure_login_allowed(&org)?;
        let admin = self.spend_code(&admin, code).await?;
        let session = self.shared.sessions.issue(&admin, &org, failures)?;
        self.store.append(entry).await?;
        Ok(session)
    }

    /// Ends a session at once: its token is refused from now on, by this program. [`Tenancy::end_session`] ends it for all.
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
        let entry = self.entry(OperationKind::Authorize, Some(org)).await;
        self.recorded(&entry, done).await
    }

    /// Refuses the caller's session or API key where it has ended: with its time, or since whoever opened it was disabled,
    /// suspended or removed, or logs in otherwise now. Records nothing.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] with the reason, or the database's.
    pub async fn ensure_session(&self) -> Result<()> {
        let Some(verified) = self.session().await? else { return Ok(()) };
        match verified.whose {
            TokenOf::Operator { operator, .. } => {
                whose(&self.store.directory().await?, operator, &verified)?;
                Ok(())
            }
            TokenOf::Admin { admin, organization, epoch } => {
                let own = self.store.org(organization).await?.ok_or(Refusal::AdminChanged)?;
                let session = (admin, organization, epoch);
                self.admin_allowed(&verified, session, &own, Role::Admin).await.map(drop)
            }
        }
    }

    /// Whose session the caller has, who may do this in `org`: what is known of the operation is the rule.
    pub(super) async fn permitted(&self, operation: &OperationKind, org: &Org) -> Result<Actor> {
        let Some(verified) = self.session().await? else {
            return Err(self.no_session(org).await?);
        };
        match verified.whose {
            TokenOf::Operator { operator, .. } => {
                let directory = self.store.directory().await?;
                let operator = may(&directory, operator, &verified, operation)?;
                Ok(Actor::Operator(operator))
            }
            TokenOf::Admin { admin, organization, epoch } => {
                let least = match operation.authority() {
                    Authority::Admin => Role::Admin,
                    // Those behind the first need no session; one that is asked for all the same is an owner's.
                    Authority::Owner
                    | Authority::Operator
                    | Authority::Manager
                    | Authority::Account
                    | Authority::Password
                    | Authority::Code => Role::Owner,
                };
                let session = (admin, organization, epoch);
                Ok(Actor::Admin(self.admin_allowed(&verified, session, org, least).await?))
            }
        }
    }

    /// Whether the caller has a session or an API key of an operator, which may have ended since.
    pub(super) async fn is_in_operators_session(&self) -> bool {
        let session = self.session().await.ok().flatten();
        session.is_some_and(|session| matches!(session.whose, TokenOf::Operator { .. }))
    }

    /// Why nobody without a session may. A login that nobody can have is not asked for.
    async fn no_session(&self, org: &Org) -> Result<Error> {
        if !self.store.directory().await?.operators.is_empty() {
            return Ok(Refusal::NoLogin(org.name.clone()).into());
        }
        ensure_login_allowed(org)?;
        Ok(if self.has_owner(org).await? {
            Refusal::NoSession(org.name.clone()).into()
        } else {
            Error::NoOwner(org.name.clone())
        })
    }

    /// The admin of a session, who may do what one with this role may in `org`.
    pub(super) async fn admin_allowed(
        &self,
        verified: &ValidToken,
        (admin, organization, epoch): (ObjectId, ObjectId, i64),
        org: &Org,
        least: Role,
    ) -> Result<Admin> {
        let admin = self.store.admin(admin).await?;
        let same =
            |own: &Admin| verified.same_credentials(&own.password, own.second_factor.as_ref());
        let Some(admin) = admin.filter(same) else {
            return Err(self.ended(organization).await?);
        };
        let own = self.store.org_of_admin(&admin).await?;
        let Some(own) = own.filter(|own| own.id == organization) else {
            return Err(self.ended(organization).await?);
        };
        ensure_login_allowed(&own)?;
        // It was suspended or in the trash meanwhile, and is no longer.
        if epoch != own.login_epoch {
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

    /// Refuses what whoever reaches the database may do otherwise: where operators are required to log in, and nobody
    /// has who may; and to an operator whose role does not allow it.
    ///
    /// # Errors
    /// [`Error::NotAllowed`], or the database's.
    pub async fn ensure_may(&self, operation: &OperationKind, org: Option<&Org>) -> Result<()> {
        // Whatever it is, and whatever the database requires.
        self.ensure_key_may(operation).await?;
        if operation.authority() != Authority::Operator || least_role(operation).is_none() {
            // Asked where it is done.
            return Ok(());
        }
        let directory = self.store.directory().await?;
        let session = self.session().await;
        if let Ok(Some(verified)) = &session
            && let TokenOf::Operator { operator, .. } = verified.whose
        {
            return Ok(may(&directory, operator, verified, operation).map(drop)?);
        }
        match (directory.required.max(self.caller.required()), session, org) {
            (Required::Nothing, ..) => Ok(()),
            (Required::Writes | Required::Everything, Ok(Some(_)) | Err(_), Some(org)) => {
                self.permitted(operation, org).await.map(drop)
            }
            (Required::Writes | Required::Everything, Ok(Some(_)), None) => {
                Err(Refusal::OperatorsOnly.into())
            }
            (Required::Writes | Required::Everything, ..) => Err(Refusal::OperatorsRequired.into()),
        }
    }

    /// Refuses what the caller may not do in `org`, as doing it would be refused, and records nothing: to look ahead.
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::NoOwner`], or the database's.
    pub async fn ensure_allowed(&self, operation: &OperationKind, org: &Org) -> Result<()> {
        match operation.authority() {
            Authority::Owner | Authority::Admin => self.permitted(operation, org).await.map(drop),
            Authority::Password if self.is_in_operators_session().await => {
                self.permitted(operation, org).await.map(drop)
            }
            Authority::Operator
            | Authority::Manager
            | Authority::Account
            | Authority::Password
            | Authority::Code => self.ensure_may(operation, Some(org)).await,
        }
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

/// Who has proved who they are: in a session, or with a password.
pub(super) enum Actor {
    Admin(Admin),
    Operator(Operator),
}

impl Actor {
    /// The admin's e-mail for the audit log, which has an operator's elsewhere.
    pub(super) fn admin_email(&self) -> StoredText {
        match self {
            Self::Admin(admin) => admin.email.clone(),
            Self::Operator(_) => StoredText::default(),
        }
    }

    /// Whether it is this admin.
    pub(super) fn is_admin(&self, other: ObjectId) -> bool {
        match self {
            Self::Admin(admin) => admin.id == other,
            Self::Operator(_) => false,
        }
    }

    /// The second factor with the code used up, where the account has one.
    pub(super) fn spend(
        &self,
        code: Option<&Secret>,
        key: Option<&FactorKey>,
    ) -> Result<Option<SecondFactor>> {
        match self {
            Self::Admin(admin) => {
                spend(admin.second_factor.as_ref(), (admin.id, &admin.email), code, key)
            }
            Self::Operator(own) => {
                spend(own.second_factor.as_ref(), (own.id, &own.email), code, key)
            }
        }
    }

    /// Whether they may change others than themselves.
    pub(super) fn decides(&self) -> bool {
        match self {
            Self::Admin(admin) => admin.role == Role::Owner,
            Self::Operator(_) => true,
        }
    }

    pub(super) fn password(&self) -> &PasswordHash {
        match self {
            Self::Admin(admin) => &admin.password,
            Self::Operator(operator) => &operator.password,
        }
    }
}

/// The second factor of this account with the code used up, where there is one.
pub(super) fn spend(
    factor: Option<&SecondFactor>,
    (id, email): (ObjectId, &StoredText),
    code: Option<&Secret>,
    key: Option<&FactorKey>,
) -> Result<Option<SecondFactor>> {
    let Some(factor) = factor else { return Ok(None) };
    let code = code.filter(|code| !code.is_empty()).ok_or(Error::CodeRequired)?;
    match factor.spend(code, DateTime::now(), id, key) {
        Ok(Some(spent)) => Ok(Some(spent)),
        Ok(None) => Err(Error::WrongAuthenticationCode),
        Err(Unreadable) => Err(Error::FactorUnreadable(email.clone())),
    }
}

/// The operator of a session or an API key, who may do this; with the role of the key, where that is the lower one.
pub(super) fn may(
    directory: &Directory,
    operator: ObjectId,
    session: &ValidToken,
    operation: &OperationKind,
) -> std::result::Result<Operator, Refusal> {
    let mut operator = whose(directory, operator, session)?.clone();
    if directory.lacks_second_factor(&operator) {
        return Err(Refusal::SecondFactorRequired);
    }
    if let Some(given) = session.key() {
        let role = key::usable(directory, &operator, given)?.role;
        operator.role = operator.role.min(role);
        if !with_key(operation) {
            return Err(Refusal::NotWithKey);
        }
    }
    may_as(operator.role, operation)?;
    Ok(operator)
}

/// The operator of a session or an API key, whatever they may.
pub(super) fn whose<'a>(
    directory: &'a Directory,
    operator: ObjectId,
    session: &ValidToken,
) -> std::result::Result<&'a Operator, Refusal> {
    let operator = directory.operators.iter().find(|own| own.id == operator);
    if let Some(given) = session.key() {
        let operator = operator.ok_or(Refusal::KeyNotValid)?;
        key::usable(directory, operator, given)?;
        return Ok(operator);
    }
    let same =
        |own: &&Operator| session.same_credentials(&own.password, own.second_factor.as_ref());
    operator.filter(|own| !own.disabled).filter(same).ok_or(Refusal::OperatorChanged)
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
