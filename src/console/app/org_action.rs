//! What can be done to one organization as it is, or to one of its admins, and what is said of it.

use bson::oid::ObjectId;

use super::Notice;
use crate::{
    keymap::{Command, Keymap},
    org::{Authority, Field, ListScope, OperationKind, Org, Secret, StoredText, day},
    tenancy::confirmation_of,
};

/// Something that is done to one organization as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrgAction {
    /// Into the trash.
    Trash,
    /// Gone for good, past the trash.
    Delete,
    /// Gone for good, from the trash.
    Purge,
    /// Back from the trash.
    Restore,
    /// Called what it was called before.
    Rename,
    /// Nobody can log in to it.
    Suspend,
    /// They can again.
    Reactivate,
    /// One of its admins is none any more.
    RemoveAdmin(ObjectId),
    /// One of its admins is given a one-time code.
    IssueCode(ObjectId),
    /// It is written to an archive, from where it is.
    Export(ListScope),
}

impl OrgAction {
    /// Which operation it is.
    #[must_use]
    pub fn kind(self) -> OperationKind {
        match self {
            Self::Trash => OperationKind::Trash,
            Self::Delete => OperationKind::Delete,
            Self::Purge => OperationKind::Purge,
            Self::Restore => OperationKind::Restore,
            Self::Rename => OperationKind::Update,
            Self::Suspend => OperationKind::Suspend,
            Self::Reactivate => OperationKind::Reactivate,
            Self::RemoveAdmin(_) => OperationKind::RemoveAdmin,
            Self::IssueCode(_) => OperationKind::IssueCode,
            Self::Export(_) => OperationKind::Export,
        }
    }

    /// What has to be typed for it, in this order.
    #[must_use]
    pub fn asks_for(self) -> &'static [Field] {
        match self {
            Self::Restore => &[Field::Name],
            // What has to be typed comes last: the reason is passed over where it is optional.
            Self::Trash => &[Field::Reason],
            Self::Delete => &[Field::Reason, Field::Name],
            Self::Purge => &[Field::Reason, Field::Email, Field::Password, Field::Name],
            Self::Rename
            | Self::Suspend
            | Self::Reactivate
            | Self::RemoveAdmin(_)
            | Self::IssueCode(_)
            | Self::Export(_) => &[],
        }
    }

    /// Whether whoever is asked sees what the organization holds.
    #[must_use]
    pub fn counts(self) -> bool {
        self.kind().takes_away()
    }

    /// Whether the organization is no longer in the list that it was in.
    pub(super) fn moves(self) -> bool {
        match self {
            Self::Trash | Self::Delete | Self::Purge | Self::Restore => true,
            Self::Rename
            | Self::Suspend
            | Self::Reactivate
            | Self::RemoveAdmin(_)
            | Self::IssueCode(_)
            | Self::Export(_) => false,
        }
    }

    /// Whether all logins to the organization end with it.
    pub(super) fn ends_logins(self) -> bool {
        match self {
            Self::Trash | Self::Delete | Self::Purge | Self::Suspend => true,
            Self::Restore
            | Self::Rename
            | Self::Reactivate
            | Self::RemoveAdmin(_)
            | Self::IssueCode(_)
            | Self::Export(_) => false,
        }
    }

    /// Whether a session is needed for it. A purge asks for a login of its own.
    #[must_use]
    pub fn wants_session(self) -> bool {
        match self.kind().authority() {
            Authority::Owner | Authority::Admin | Authority::Manager | Authority::Account => true,
            Authority::Operator | Authority::Password | Authority::Code => false,
        }
    }

    /// Whether it is seen to before the question is answered that it will not be refused.
    pub(super) fn is_checked_first(self) -> bool {
        self.wants_session() || self == Self::Purge
    }

    /// Where the organizations are that it can be done to.
    #[must_use]
    pub fn scope(self) -> ListScope {
        match self {
            Self::Export(scope) => scope,
            Self::Trash
            | Self::Delete
            | Self::Purge
            | Self::Restore
            | Self::Rename
            | Self::Suspend
            | Self::Reactivate
            | Self::RemoveAdmin(_)
            | Self::IssueCode(_) => self.kind().scope().unwrap_or(ListScope::Live),
        }
    }

    /// Whether whatever else is asked about the organization is settled by it.
    pub(super) fn settles_all(self) -> bool {
        match self {
            Self::Trash | Self::Delete | Self::Purge | Self::Restore | Self::Reactivate => true,
            Self::Suspend
            | Self::Rename
            | Self::RemoveAdmin(_)
            | Self::IssueCode(_)
            | Self::Export(_) => false,
        }
    }

    /// To which admin it is done; none where to all of the organization.
    #[must_use]
    pub fn admin(self) -> Option<ObjectId> {
        match self {
            Self::RemoveAdmin(admin) | Self::IssueCode(admin) => Some(admin),
            Self::Trash
            | Self::Delete
            | Self::Purge
            | Self::Restore
            | Self::Rename
            | Self::Suspend
            | Self::Reactivate
            | Self::Export(_) => None,
        }
    }
}

/// What was typed for an operation.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The name: to confirm with, or the new one; none where it comes back as it was called.
    pub name: Option<String>,
    /// An admin's e-mail: who does it, or to whom it is done.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// The code of their second factor, once it was asked for.
    pub code: Option<Secret>,
    /// The organization as it was, where its rename is undone.
    pub before: Option<Box<Org>>,
    /// Why it is done; empty where that was not said.
    pub reason: String,
}

impl Given {
    /// What is given for one of several: the question asked for their number, and not for each name.
    pub(super) fn of_bulk(action: OrgAction, org: &Org, reason: &str) -> Self {
        let typed = matches!(action, OrgAction::Purge | OrgAction::Delete);
        let name = typed.then(|| confirmation_of(&org.name));
        Self { name, reason: reason.to_owned(), ..Self::default() }
    }
}

/// What is said when an operation is done.
pub(super) fn notice_of(
    action: OrgAction,
    before: &Org,
    now: Option<&Org>,
    admin: Option<&StoredText>,
    keymap: &Keymap,
) -> Notice {
    let how = |command| keymap.how(command);
    let name = &before.name;
    let admin = || admin.map_or_else(|| "an admin".to_owned(), StoredText::to_string);
    let (what, help) = match action {
        OrgAction::Trash => {
            let until = now.and_then(Org::in_trash).map(|kept| day(kept.until));
            let until = until.map(|day| format!(" until {day}")).unwrap_or_default();
            let what = format!("moved “{name}” to the trash{until}");
            let (undo, scope) = (how(Command::Undo), how(Command::ToggleTrash));
            let restore = how(Command::Restore);
            let help = format!(
                "press {undo} to undo; {scope} shows the trash, where {restore} restores it"
            );
            (what, help)
        }
        OrgAction::Delete | OrgAction::Purge => (format!("purged “{name}”"), String::new()),
        OrgAction::Restore => match now.filter(|org| org.name != *name) {
            Some(org) => (format!("restored “{name}” as “{}”", org.name), String::new()),
            None => (format!("restored “{name}”"), String::new()),
        },
        OrgAction::Rename => {
            let now = now.map_or(name, |org| &org.name);
            (format!("renamed “{name}” back to “{now}”"), String::new())
        }
        OrgAction::Suspend => (
            format!("suspended “{name}”"),
            format!("press {} to reactivate it", how(Command::Suspend)),
        ),
        OrgAction::Reactivate => (format!("reactivated “{name}”"), String::new()),
        OrgAction::RemoveAdmin(_) => (format!("removed {} from “{name}”", admin()), String::new()),
        OrgAction::IssueCode(_) => {
            (format!("issued a one-time code for {}", admin()), String::new())
        }
        OrgAction::Export(_) => (format!("exported “{name}”"), String::new()),
    };
    Notice { what, help }
}
