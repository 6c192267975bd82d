//! Why a session, or its absence, does not allow an operation.

use crate::org::{OperatorRole, StoredText};

/// Why a session does not allow an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no session.
    #[error("this requires logging in to “{0}”")]
    NoSession(StoredText),
    /// There is no session; an operator's would do as well.
    #[error("this requires a login as an operator, or as an owner of “{0}”")]
    NoLogin(StoredText),
    /// The operators are managed by managers.
    #[error("this requires a login as a manager")]
    ManagersOnly,
    /// Whoever asks is no operator, or is not logged in as one.
    #[error("this requires a login as an operator")]
    OperatorsOnly,
    /// This database requires an operator's account to change anything, or even to look.
    #[error("this database requires operators to log in")]
    OperatorsRequired,
    /// An operator whose role is too low.
    #[error("this requires {}, and you are {}", a_role(*least), a_role(*role))]
    Role {
        /// What they are.
        role: OperatorRole,
        /// What is needed at least.
        least: OperatorRole,
    },
    /// The operator was disabled or removed, or has another password since.
    #[error("the operator was disabled or removed, or changed how they log in, after this login")]
    OperatorChanged,
    /// Their role has to have a second factor.
    #[error("your role requires a second factor")]
    SecondFactorRequired,
    /// What changes how an account logs in needs a login that is not long ago.
    #[error("this requires a login within the last 5 minutes")]
    NotRecent,
    /// A right password of an account that is disabled.
    #[error("this operator is disabled")]
    Disabled,
    /// An API key that there is not, or not any more, or one that was mistyped.
    #[error("the API key is not valid")]
    KeyNotValid,
    /// The API key's time is over.
    #[error("the API key “{0}” has expired")]
    KeyExpired(StoredText),
    /// Some things need a person, whatever the key's role.
    #[error("an API key cannot do this")]
    NotWithKey,
    /// The session's time is over.
    #[error("the session has expired")]
    Expired,
    /// A token this console did not issue, or a changed one.
    #[error("the session is not valid here")]
    Foreign,
    /// A refresh token that was good earlier: its login has ended with all that came of it.
    #[error("this refresh token was used before; all sessions of its login have ended")]
    UsedAgain,
    /// The session was logged out.
    #[error("the session has ended")]
    LoggedOut,
    /// The admin was removed, or has another password or second factor since.
    #[error("the admin was removed, or changed how they log in, after this login")]
    AdminChanged,
    /// The organization is suspended.
    #[error("“{0}” is suspended: its admins cannot log in")]
    Suspended(StoredText),
    /// The organization was moved to the trash.
    #[error("“{0}” was moved to the trash, which ended the session")]
    Trashed(StoredText),
    /// An admin, but not an owner.
    #[error("only an owner of “{0}” can do this")]
    OwnersOnly(StoredText),
    /// Admins set only their own passwords.
    #[error("only {0} can change this password")]
    OwnPassword(StoredText),
    /// An admin, but of another organization.
    #[error("{admin} is an admin of “{of}”, not of “{wanted}”")]
    OtherOrganization {
        /// Who is logged in.
        admin: StoredText,
        /// Whose admin that is.
        of: StoredText,
        /// Whose admin is needed.
        wanted: StoredText,
    },
}

impl Refusal {
    /// Whether it is for an operator rather than an admin to log in, or again.
    #[must_use]
    pub fn is_an_operators(&self) -> bool {
        match self {
            Self::NoLogin(_)
            | Self::ManagersOnly
            | Self::OperatorsOnly
            | Self::OperatorsRequired
            | Self::KeyNotValid
            | Self::KeyExpired(_)
            | Self::NotWithKey
            | Self::Role { .. }
            | Self::OperatorChanged
            | Self::SecondFactorRequired
            | Self::NotRecent
            | Self::Disabled => true,
            Self::NoSession(_)
            | Self::Expired
            | Self::Foreign
            | Self::LoggedOut
            | Self::UsedAgain
            | Self::AdminChanged
            | Self::Suspended(_)
            | Self::Trashed(_)
            | Self::OwnersOnly(_)
            | Self::OwnPassword(_)
            | Self::OtherOrganization { .. } => false,
        }
    }
}

/// With its article.
fn a_role(role: OperatorRole) -> &'static str {
    match role {
        OperatorRole::Viewer => "a viewer",
        OperatorRole::Operator => "an operator",
        OperatorRole::Manager => "a manager",
    }
}
