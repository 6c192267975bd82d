//! Operators with an account: who they are, and what their role is.

use std::fmt;

use bson::{DateTime, oid::ObjectId};

use super::{ApiKey, PasswordHash, SecondFactor, StoredText};

/// What an operator may do; which operations that is, is a table of `tenancy`. The least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperatorRole {
    /// Looks.
    Viewer,
    /// Creates, edits, suspends, trashes and restores organizations, and issues one-time codes.
    Operator,
    /// Everything: also purges, decides who an organization's admins are, and manages operators.
    Manager,
}

impl OperatorRole {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Manager];

    /// The word for it, stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Manager => "manager",
        }
    }

    /// Reads [`OperatorRole::word`]; `None` for anything else.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

impl fmt::Display for OperatorRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

/// An operator's account, as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// Identity.
    pub id: ObjectId,
    /// E-mail: no admin has the same one.
    pub email: StoredText,
    /// bcrypt hash.
    pub password: PasswordHash,
    /// What they may do.
    pub role: OperatorRole,
    /// Whether they cannot log in.
    pub disabled: bool,
    /// When the account was added.
    pub created_at: DateTime,
    /// When they last logged in; none where they never did.
    pub last_login: Option<DateTime>,
    /// The second factor of their logins, where they have set one up.
    pub second_factor: Option<SecondFactor>,
    /// The keys that programs act for them with, in the order in which they were created.
    pub keys: Vec<ApiKey>,
}

impl Operator {
    /// Whether they may log in, and manage the others.
    #[must_use]
    pub fn is_enabled_manager(&self) -> bool {
        !self.disabled && self.role == OperatorRole::Manager
    }
}
