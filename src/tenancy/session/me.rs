//! Who calls, as the database has them now; and how they change their own password in a session that may have been
//! open for long.

use bson::DateTime;

use super::{Account, TokenOf, key, whose};
use crate::{
    org::{Role, SecondFactor, Secret, StoredText},
    tenancy::{AdminChanges, Error, OperatorChanges, Refusal, Result, Tenancy},
};

/// Who is logged in.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// Which account; an operator's with the role that counts, which of a key may be a lower one.
    pub account: Account,
    /// An admin's role in the organization.
    pub role: Option<Role>,
    /// What the API key is called, where it is none of a login.
    pub key: Option<StoredText>,
    /// When the session or the key ends by itself; none for a key that does not.
    pub until: Option<DateTime>,
    /// The account's second factor.
    pub second_factor: Option<FactorState>,
    /// Whether the account has to set one up before anything else.
    pub lacks_second_factor: bool,
}

/// What is known of a second factor to whom it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorState {
    /// When it was set up.
    pub since: DateTime,
    /// How many recovery codes are left.
    pub recovery_codes: usize,
}

impl FactorState {
    fn of(factor: Option<&SecondFactor>) -> Option<Self> {
        factor.map(|own| Self { since: own.since, recovery_codes: own.recovery_codes() })
    }
}

impl Tenancy {
    /// Who the caller is.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] where nobody is logged in, or no longer; or the database's.
    pub async fn logged_in(&self) -> Result<LoggedIn> {
        let verified = self.session().await?.ok_or(Refusal::OperatorsRequired)?;
        match verified.whose {
            TokenOf::Operator { operator, .. } => {
                let directory = self.store.directory().await?;
                let own = whose(&directory, operator, &verified)?;
                let (mut role, mut until) = (own.role, verified.expires_at());
                if let Some(given) = verified.key() {
                    let key = key::usable(&directory, own, given)?;
                    (role, until) = (role.min(key.role), key.expires_at);
                }
                Ok(LoggedIn {
                    account: Account::Operator { id: own.id, email: own.email.clone(), role },
                    role: None,
                    key: verified.key_name().map(Into::into),
                    until,
                    second_factor: FactorState::of(own.second_factor.as_ref()),
                    lacks_second_factor: directory.lacks_second_factor(own),
                })
            }
            TokenOf::Admin { admin, organization, epoch } => {
                let org = self.store.org(organization).await?.ok_or(Refusal::AdminChanged)?;
                let session = (admin, organization, epoch);
                let own = self.admin_allowed(&verified, session, &org, Role::Admin).await?;
                Ok(LoggedIn {
                    account: Account::Admin {
                        id: own.id,
                        email: own.email,
                        organization: org.id,
                        organization_name: org.name,
                    },
                    role: Some(own.role),
                    key: None,
                    until: verified.expires_at(),
                    second_factor: FactorState::of(own.second_factor.as_ref()),
                    lacks_second_factor: false,
                })
            }
        }
    }

    /// Changes the caller's own password. The current password is checked as in a login: counted, and recorded. All
    /// sessions of the account end.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the new one; as [`Tenancy::login_with_code`]; [`Error::NotAllowed`] with a key, or where
    /// nobody is logged in; [`Error::ReadOnly`], or the database's.
    pub async fn change_own_password(
        &self,
        password: &Secret,
        code: Option<&Secret>,
        new: &Secret,
    ) -> Result<()> {
        self.ensure_no_key()?;
        let account = self.logged_in().await?.account;
        let name = match &account {
            Account::Operator { .. } => "",
            Account::Admin { organization_name, .. } => organization_name.raw(),
        };
        let email = account.email().raw();
        // Before the code is used up.
        self.check_password(new, name, email).await?;
        let login = self.in_session(None).login_with_code(email, password, code).await?;
        let own = self.in_session(Some(login.token()));
        match (&account, &login.account) {
            (Account::Operator { id, .. }, Account::Operator { id: proven, .. })
                if id == proven =>
            {
                let password = Some(new.clone());
                let changes = OperatorChanges { password, ..OperatorChanges::default() };
                own.update_operator(email, &changes).await.map(drop)
            }
            (Account::Admin { id, organization, .. }, Account::Admin { id: proven, .. })
                if id == proven =>
            {
                let org = self.store.org(*organization).await?.ok_or(Refusal::AdminChanged)?;
                let password = Some(new.clone());
                let changes = AdminChanges { password, ..AdminChanges::default() };
                own.update_admin(&org, email, &changes).await.map(drop)
            }
            // The e-mail is another account's by now.
            (Account::Operator { .. } | Account::Admin { .. }, _) => Err(Error::WrongLogin),
        }
    }
}
