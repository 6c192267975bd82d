//! What an entry of the audit log is about: its code there, and the words for it in front of people.

use std::{borrow::Cow, fmt};

use super::audit::short;
use crate::org::{StoredText, escaped};

/// What was done, or was to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Create an organization.
    Create,
    /// Change its name, or its first admin's e-mail or password.
    Update,
    /// Move it to the trash.
    Trash,
    /// Bring it back from there.
    Restore,
    /// Delete it permanently, from the trash.
    Purge,
    /// Delete it permanently, past the trash.
    Delete,
    /// Keep its admins from logging in.
    Suspend,
    /// Let them log in again.
    Reactivate,
    /// Give it one more admin.
    AddAdmin,
    /// Give it an owner where it has none.
    AppointOwner,
    /// Take an admin from it.
    RemoveAdmin,
    /// Change an admin's role, e-mail or password.
    ChangeAdmin,
    /// Issue a one-time code to an admin.
    IssueCode,
    /// Choose a password with a one-time code.
    RedeemCode,
    /// Log in.
    LogIn,
    /// Ask whether a session allows something.
    Authorize,
    /// Repair what the doctor found.
    Repair,
    /// Bring the database up to date.
    Upgrade,
    /// What no program of ours does, or only a newer one.
    Foreign(StoredText),
}

impl Action {
    const KNOWN: [Self; 18] = [
        Self::Create,
        Self::Update,
        Self::Trash,
        Self::Restore,
        Self::Purge,
        Self::Delete,
        Self::Suspend,
        Self::Reactivate,
        Self::AddAdmin,
        Self::AppointOwner,
        Self::RemoveAdmin,
        Self::ChangeAdmin,
        Self::IssueCode,
        Self::RedeemCode,
        Self::LogIn,
        Self::Authorize,
        Self::Repair,
        Self::Upgrade,
    ];

    /// What it is stored as, and called in commands. Never changes: what is stored is hashed.
    #[must_use]
    pub fn code(&self) -> &str {
        self.words().0
    }

    /// Says that it was done, without its object: “added admin”. Safe to show.
    #[must_use]
    pub fn done(&self) -> Cow<'_, str> {
        escaped(self.words().1)
    }

    /// Names it where it was not done: “adding an admin”. Safe to show.
    #[must_use]
    pub fn noun(&self) -> Cow<'_, str> {
        escaped(self.words().2)
    }

    /// Code, done, noun.
    fn words(&self) -> (&str, &str, &str) {
        match self {
            Self::Create => ("create", "created", "creation"),
            Self::Update => ("update", "changed", "change"),
            Self::Trash => ("trash", "moved to the trash", "move to the trash"),
            Self::Restore => ("restore", "restored from the trash", "restoration"),
            Self::Purge => ("purge", "purged from the trash", "purge"),
            Self::Delete => ("delete", "deleted for good", "deletion"),
            Self::Suspend => ("suspend", "suspended", "suspension"),
            Self::Reactivate => ("reactivate", "reactivated", "reactivation"),
            Self::AddAdmin => ("add admin", "added admin", "adding an admin"),
            Self::AppointOwner => ("appoint owner", "appointed owner", "appointing an owner"),
            Self::RemoveAdmin => ("remove admin", "removed admin", "removing an admin"),
            Self::ChangeAdmin => ("change admin", "changed admin", "changing an admin"),
            Self::IssueCode => ("issue code", "one-time code for", "one-time code"),
            Self::RedeemCode => ("use code", "one-time code used", "use of a one-time code"),
            Self::LogIn => ("log in", "logged in", "login"),
            Self::Authorize => ("authorize", "permission asked for", "permission"),
            Self::Repair => ("repair", "repaired", "repair"),
            Self::Upgrade => ("upgrade", "upgraded", "upgrade"),
            Self::Foreign(code) => (code.raw(), code.raw(), code.raw()),
        }
    }
}

/// Reads a code.
impl From<&str> for Action {
    fn from(code: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|known| known.code() == code);
        known.unwrap_or_else(|| Self::Foreign(short(code)))
    }
}

/// The code, safe to show.
impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&escaped(self.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_as_what_it_was_written_for() {
        for action in Action::KNOWN {
            assert_eq!(Action::from(action.code()), action);
        }
        let foreign = Action::from("promote\u{1b}[2J");
        assert_eq!(foreign, Action::Foreign("promote\u{1b}[2J".into()));
        assert!(!foreign.to_string().contains('\u{1b}'));
    }
}
