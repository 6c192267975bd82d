//! What a login hands out: whose it is, and until when.

use std::{fmt, time::SystemTime};

use bson::oid::ObjectId;
use zeroize::Zeroizing;

use crate::org::{Admin, Operator, OperatorRole, Org, StoredText};

/// A successful login. The token prints only through [`Session::token`].
#[derive(Clone)]
pub struct Session {
    pub(super) token: Zeroizing<String>,
    /// Who is logged in.
    pub account: Account,
    /// When the session ends by itself.
    pub expires_at: SystemTime,
    /// Failed logins with that e-mail since the last successful one.
    pub failures: u64,
    /// Whether the account had a second factor at the login.
    pub has_second_factor: bool,
}

/// Who is logged in.
#[derive(Clone, Debug, PartialEq)]
pub enum Account {
    /// An admin of an organization.
    Admin {
        /// Which admin.
        id: ObjectId,
        /// Their e-mail.
        email: StoredText,
        /// Whose admin that is.
        organization: ObjectId,
        /// What it is called, as far as this console knows.
        organization_name: StoredText,
    },
    /// An operator.
    Operator {
        /// Which operator.
        id: ObjectId,
        /// Their e-mail.
        email: StoredText,
        /// Their role at the login.
        role: OperatorRole,
    },
}

impl Account {
    /// The e-mail.
    #[must_use]
    pub fn email(&self) -> &StoredText {
        match self {
            Self::Admin { email, .. } | Self::Operator { email, .. } => email,
        }
    }

    /// Whether it is this admin.
    #[must_use]
    pub fn is_admin(&self, admin: ObjectId) -> bool {
        match self {
            Self::Admin { id, .. } => *id == admin,
            Self::Operator { .. } => false,
        }
    }

    /// Whether it is an admin of this organization.
    #[must_use]
    pub fn is_admin_of(&self, org: ObjectId) -> bool {
        match self {
            Self::Admin { organization, .. } => *organization == org,
            Self::Operator { .. } => false,
        }
    }

    /// Whether it may be asked for anything in this organization: as an admin of it, or as an operator.
    #[must_use]
    pub fn is_for(&self, org: ObjectId) -> bool {
        matches!(self, Self::Operator { .. }) || self.is_admin_of(org)
    }
}

impl Session {
    /// What the login of an admin hands out. It opens nothing by being made: each protected operation asks the token.
    #[must_use]
    pub fn new(token: String, admin: &Admin, org: &Org, expires_at: SystemTime) -> Self {
        Self {
            failures: 0,
            token: Zeroizing::new(token),
            account: Account::Admin {
                id: admin.id,
                email: admin.email.clone(),
                organization: org.id,
                organization_name: org.name.clone(),
            },
            expires_at,
            has_second_factor: admin.second_factor.is_some(),
        }
    }

    /// What the login of an operator hands out.
    #[must_use]
    pub fn of_operator(token: String, operator: &Operator, expires_at: SystemTime) -> Self {
        let (id, email, role) = (operator.id, operator.email.clone(), operator.role);
        let account = Account::Operator { id, email, role };
        let has_second_factor = operator.second_factor.is_some();
        Self { failures: 0, token: Zeroizing::new(token), account, expires_at, has_second_factor }
    }

    /// The same session, with the organization's name and admin as they are called now.
    #[must_use]
    pub fn now_of(mut self, org: &Org) -> Self {
        if let Account::Admin { id, email, organization_name, .. } = &mut self.account {
            if id.to_hex() == org.admin_id.raw().to_lowercase() {
                *email = org.admin_email.clone();
            }
            *organization_name = org.name.clone();
        }
        self
    }

    /// The token itself: a secret.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Session({})", self.account.email())
    }
}
