//! Everything that is known of each operation, wherever it is asked: its code in the audit log, the words for
//! it in front of people, who may do it, and what it does. Each answer names every operation, so that a new one
//! is nowhere forgotten.

use std::{borrow::Cow, fmt};

use super::{ListScope, StoredText, escaped};

/// What was done, or was to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationKind {
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
    /// Transfer it to another owner.
    Transfer,
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
    /// Add an operator.
    AddOperator,
    /// Change an operator's role or password, or disable or enable them.
    ChangeOperator,
    /// Remove an operator.
    RemoveOperator,
    /// Say for what an operator's account is required.
    RequireOperators,
    /// Make a manager where none can log in any more.
    RecoverOperators,
    /// Create an API key of an operator.
    CreateKey,
    /// Revoke one.
    RevokeKey,
    /// Insert a document into its collection.
    InsertDocument,
    /// Change one of its documents.
    ChangeDocument,
    /// Delete one of them.
    DeleteDocument,
    /// Write it to an archive.
    Export,
    /// Make it from an archive.
    Import,
    /// What no program of ours does, or only a newer one.
    Foreign(StoredText),
}

impl OperationKind {
    /// All that are known.
    pub const KNOWN: [Self; 31] = [
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
        Self::Transfer,
        Self::IssueCode,
        Self::RedeemCode,
        Self::LogIn,
        Self::Authorize,
        Self::Repair,
        Self::Upgrade,
        Self::AddOperator,
        Self::ChangeOperator,
        Self::RemoveOperator,
        Self::RequireOperators,
        Self::RecoverOperators,
        Self::CreateKey,
        Self::RevokeKey,
        Self::InsertDocument,
        Self::ChangeDocument,
        Self::DeleteDocument,
        Self::Export,
        Self::Import,
    ];

    /// What it is stored as, and called in commands. Never changes: what is stored is hashed.
    #[must_use]
    pub fn code(&self) -> &str {
        self.words().0
    }

    /// Its code as it is typed in a filter: without spaces.
    #[must_use]
    pub fn typed(&self) -> String {
        self.code().replace(' ', "-")
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

    /// Who may do it.
    #[must_use]
    pub fn authority(&self) -> Authority {
        match self {
            // What is not known needs the most.
            Self::Trash
            | Self::Delete
            | Self::AddAdmin
            | Self::RemoveAdmin
            | Self::Transfer
            | Self::Authorize
            | Self::Foreign(_) => Authority::Owner,
            Self::ChangeAdmin => Authority::Admin,
            Self::AddOperator
            | Self::ChangeOperator
            | Self::RemoveOperator
            | Self::RequireOperators => Authority::Manager,
            Self::CreateKey | Self::RevokeKey => Authority::Account,
            Self::Purge | Self::LogIn => Authority::Password,
            Self::RedeemCode => Authority::Code,
            // The name; an e-mail or a password needs an owner.
            Self::Update
            | Self::Create
            | Self::Restore
            | Self::Suspend
            | Self::Reactivate
            | Self::AppointOwner
            | Self::IssueCode
            | Self::Repair
            | Self::Upgrade
            | Self::RecoverOperators
            | Self::InsertDocument
            | Self::ChangeDocument
            | Self::DeleteDocument
            | Self::Export
            | Self::Import => Authority::Operator,
        }
    }

    /// Whether it writes anything, and so is refused where nothing may be written.
    #[must_use]
    pub fn writes(&self) -> bool {
        match self {
            Self::Authorize => false,
            // A login counts its attempt, and an export is in the audit log.
            Self::LogIn
            | Self::Export
            | Self::Import
            | Self::Create
            | Self::Update
            | Self::Trash
            | Self::Restore
            | Self::Purge
            | Self::Delete
            | Self::Suspend
            | Self::Reactivate
            | Self::AddAdmin
            | Self::AppointOwner
            | Self::RemoveAdmin
            | Self::ChangeAdmin
            | Self::Transfer
            | Self::IssueCode
            | Self::RedeemCode
            | Self::Repair
            | Self::Upgrade
            | Self::AddOperator
            | Self::ChangeOperator
            | Self::RemoveOperator
            | Self::RequireOperators
            | Self::RecoverOperators
            | Self::CreateKey
            | Self::RevokeKey
            | Self::InsertDocument
            | Self::ChangeDocument
            | Self::DeleteDocument
            | Self::Foreign(_) => true,
        }
    }

    /// On which list the organizations are that it can be done to; none where it is done to none of a list.
    #[must_use]
    pub fn scope(&self) -> Option<ListScope> {
        match self {
            Self::Restore | Self::Purge => Some(ListScope::Trash),
            Self::Update
            | Self::Trash
            | Self::Delete
            | Self::Suspend
            | Self::Reactivate
            | Self::AddAdmin
            | Self::AppointOwner
            | Self::RemoveAdmin
            | Self::ChangeAdmin
            | Self::Transfer
            | Self::IssueCode
            | Self::RedeemCode
            | Self::InsertDocument
            | Self::ChangeDocument
            | Self::DeleteDocument
            | Self::Authorize => Some(ListScope::Live),
            // One can be exported from either.
            Self::Export
            | Self::Import
            | Self::Create
            | Self::LogIn
            | Self::Repair
            | Self::Upgrade
            | Self::AddOperator
            | Self::ChangeOperator
            | Self::RemoveOperator
            | Self::RequireOperators
            | Self::RecoverOperators
            | Self::CreateKey
            | Self::RevokeKey
            | Self::Foreign(_) => None,
        }
    }

    /// What undoes it; none where nothing does.
    #[must_use]
    pub fn undone_by(&self) -> Option<Self> {
        match self {
            Self::Trash => Some(Self::Restore),
            Self::Suspend => Some(Self::Reactivate),
            Self::Reactivate => Some(Self::Suspend),
            // Back to the name from before.
            Self::Update => Some(Self::Update),
            Self::InsertDocument => Some(Self::DeleteDocument),
            Self::ChangeDocument => Some(Self::ChangeDocument),
            Self::DeleteDocument => Some(Self::InsertDocument),
            Self::Export
            | Self::Import
            | Self::Create
            | Self::Restore
            | Self::Purge
            | Self::Delete
            | Self::AddAdmin
            | Self::AppointOwner
            | Self::RemoveAdmin
            | Self::ChangeAdmin
            | Self::Transfer
            | Self::IssueCode
            | Self::RedeemCode
            | Self::LogIn
            | Self::Authorize
            | Self::Repair
            | Self::Upgrade
            | Self::AddOperator
            | Self::ChangeOperator
            | Self::RemoveOperator
            | Self::RequireOperators
            | Self::RecoverOperators
            | Self::CreateKey
            | Self::RevokeKey
            | Self::Foreign(_) => None,
        }
    }

    /// Whether it takes the organization away with everything it holds, for good or not.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        match self {
            Self::Trash | Self::Purge | Self::Delete => true,
            Self::Create
            | Self::Update
            | Self::Restore
            | Self::Suspend
            | Self::Reactivate
            | Self::AddAdmin
            | Self::AppointOwner
            | Self::RemoveAdmin
            | Self::ChangeAdmin
            | Self::Transfer
            | Self::IssueCode
            | Self::RedeemCode
            | Self::LogIn
            | Self::Authorize
            | Self::Repair
            | Self::Upgrade
            | Self::AddOperator
            | Self::ChangeOperator
            | Self::RemoveOperator
            | Self::RequireOperators
            | Self::RecoverOperators
            | Self::CreateKey
            | Self::RevokeKey
            | Self::InsertDocument
            | Self::ChangeDocument
            | Self::DeleteDocument
            | Self::Export
            | Self::Import
            | Self::Foreign(_) => false,
        }
    }

    /// Whether it takes anything away: an organization, an admin or the ownership of one, a document, or an operator.
    #[must_use]
    pub fn is_dangerous(&self) -> bool {
        self.takes_away()
            || matches!(
                self,
                Self::RemoveAdmin | Self::Transfer | Self::DeleteDocument | Self::RemoveOperator
            )
    }

    /// Code, done, noun.
    fn words(&self) -> (&str, &str, &str) {
        match self {
            Self::Create => ("create", "created", "creation"),
            Self::Update => ("update", "changed", "change"),
            Self::Trash => ("trash", "moved to the trash", "move to the trash"),
            Self::Restore => ("restore", "restored from the trash", "restoration"),
            Self::Purge => ("purge", "purged from the trash", "purge"),
            Self::Delete => ("delete", "purged, skipping the trash", "purge"),
            Self::Suspend => ("suspend", "suspended", "suspension"),
            Self::Reactivate => ("reactivate", "reactivated", "reactivation"),
            Self::AddAdmin => ("add admin", "added admin", "adding an admin"),
            Self::AppointOwner => ("appoint owner", "appointed owner", "appointing an owner"),
            Self::RemoveAdmin => ("remove admin", "removed admin", "removing an admin"),
            Self::ChangeAdmin => ("change admin", "changed admin", "changing an admin"),
            Self::Transfer => ("transfer", "transferred", "transfer"),
            Self::IssueCode => ("issue code", "issued one-time code for", "one-time code"),
            Self::RedeemCode => ("use code", "redeemed one-time code", "redeeming a one-time code"),
            Self::LogIn => ("log in", "logged in", "login"),
            Self::Authorize => ("authorize", "checked permission", "permission"),
            Self::Repair => ("repair", "repaired", "repair"),
            Self::Upgrade => ("upgrade", "upgraded", "upgrade"),
            Self::AddOperator => ("add operator", "added operator", "adding an operator"),
            Self::ChangeOperator => ("change operator", "changed operator", "changing an operator"),
            Self::RemoveOperator => ("remove operator", "removed operator", "removing an operator"),
            Self::RequireOperators => {
                ("require login", "changed what a login needs", "requiring a login")
            }
            Self::RecoverOperators => {
                ("recover operator", "recovered operator", "recovering an operator")
            }
            Self::CreateKey => ("create key", "created API key", "creating an API key"),
            Self::RevokeKey => ("revoke key", "revoked API key", "revoking an API key"),
            Self::InsertDocument => {
                ("insert document", "inserted document", "inserting a document")
            }
            Self::ChangeDocument => ("change document", "changed document", "changing a document"),
            Self::DeleteDocument => ("delete document", "deleted document", "deleting a document"),
            Self::Export => ("export", "exported", "export"),
            Self::Import => ("import", "imported", "import"),
            Self::Foreign(code) => (code.raw(), code.raw(), code.raw()),
        }
    }
}

/// Who may do something, where the database does not require operators to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Whoever reaches the database.
    Operator,
    /// An owner of the organization, or an operator whose role allows it, in a session of this console.
    Owner,
    /// An admin of the organization, in a session of this console: for themselves, or an owner.
    Admin,
    /// A manager among the operators, in a session; anybody while there is no operator.
    Manager,
    /// An operator, in their own session.
    Account,
    /// Whoever gives an admin's e-mail and password with it.
    Password,
    /// Whoever gives an admin's e-mail and one-time code with it.
    Code,
}

/// Reads a code.
impl From<&str> for OperationKind {
    fn from(code: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|known| known.code() == code);
        known.unwrap_or_else(|| Self::Foreign(code.into()))
    }
}

/// The code, safe to show.
impl fmt::Display for OperationKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&escaped(self.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_undoes_an_operation_is_done_where_that_one_leaves_the_organization() {
        for operation in OperationKind::KNOWN {
            let Some(back) = operation.undone_by() else { continue };
            assert!(operation.writes() && back.writes(), "{operation}");
            // Undone without a login, whatever it needed: the undo is offered to whoever did it.
            assert_eq!(back.authority(), Authority::Operator, "{operation}");
            let moved = operation.takes_away();
            assert_eq!(back.scope() == Some(ListScope::Trash), moved, "{operation}");
        }
    }

    #[test]
    fn nothing_is_taken_away_without_a_login() {
        for operation in OperationKind::KNOWN.into_iter().filter(OperationKind::takes_away) {
            assert_ne!(operation.authority(), Authority::Operator, "{operation}");
            assert!(operation.writes(), "{operation}");
            assert!(operation.scope().is_some(), "{operation}");
        }
    }

    #[test]
    fn of_what_is_not_known_the_most_is_asked() {
        let foreign = OperationKind::from("promote");
        assert_eq!(foreign.authority(), Authority::Owner);
        assert!(foreign.writes());
        assert_eq!((foreign.scope(), foreign.undone_by()), (None, None));
    }

    #[test]
    fn every_code_is_read_as_what_it_was_written_for() {
        for action in OperationKind::KNOWN {
            assert_eq!(OperationKind::from(action.code()), action);
        }
        let foreign = OperationKind::from("promote\u{1b}[2J");
        assert_eq!(foreign, OperationKind::Foreign("promote\u{1b}[2J".into()));
        assert!(!foreign.to_string().contains('\u{1b}'));
    }
}
