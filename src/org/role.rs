//! What an admin of an organization may do in it.

use std::fmt;

/// What an admin may do in their organization.
///
/// There is no default: what is not known is never the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Everything, deleting the organization and deciding who else is an admin among it. There is
    /// always at least one; who was an admin before there were roles is one.
    Owner,
    /// Everything that needs a login, but what only an owner may: changes their own e-mail and
    /// password.
    Admin,
}

impl Role {
    /// The word for it, stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
        }
    }

    /// Reads [`Role::word`]; `None` for anything else.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Owner, Self::Admin].into_iter().find(|role| role.word() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
