//! What can be done to one organization as it is, or to one of its admins, and what is said of it.

use mongodb::bson::oid::ObjectId;

use super::Said;
use crate::{
    keymap::{Command, Keymap},
    org::{Field, Org, Secret, StoredText, day},
    store::Shelf,
};

/// Something that is done to one organization as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
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
}

impl Deed {
    /// What has to be typed for it, in this order.
    #[must_use]
    pub fn asks_for(self) -> &'static [Field] {
        match self {
            Self::Delete | Self::Restore => &[Field::Name],
            Self::Purge => &[Field::Email, Field::Password, Field::Name],
            Self::Trash
            | Self::Rename
            | Self::Suspend
            | Self::Reactivate
            | Self::RemoveAdmin(_)
            | Self::IssueCode(_) => &[],
        }
    }

    /// Whether whoever is asked sees what the organization holds.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Trash | Self::Delete | Self::Purge)
    }

    /// Whether a session is needed for it.
    #[must_use]
    pub fn wants_session(self) -> bool {
        matches!(self, Self::Trash | Self::Delete | Self::RemoveAdmin(_))
    }

    /// Whether it is seen to before the question is answered that it will not be refused.
    pub(super) fn is_checked_first(self) -> bool {
        self.wants_session() || self == Self::Purge
    }

    /// Where the organizations are that it can be done to.
    pub(super) fn shelf(self) -> Shelf {
        match self {
            Self::Purge | Self::Restore => Shelf::Trash,
            Self::Trash
            | Self::Delete
            | Self::Rename
            | Self::Suspend
            | Self::Reactivate
            | Self::RemoveAdmin(_)
            | Self::IssueCode(_) => Shelf::Live,
        }
    }

    /// Whether whatever else is asked about the organization is settled by it.
    pub(super) fn settles_all(self) -> bool {
        self.admin().is_none() && !matches!(self, Self::Suspend | Self::Rename)
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
            | Self::Reactivate => None,
        }
    }
}

/// What was typed for a deed.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The name: to confirm with, or the new one; none where it comes back as it was called.
    pub name: Option<String>,
    /// An admin's e-mail: who does it, or to whom it is done.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// The organization as it was, where its rename is undone.
    pub before: Option<Box<Org>>,
}

/// What is said when a deed is done.
pub(super) fn said_of(
    deed: Deed,
    before: &Org,
    now: Option<&Org>,
    admin: Option<&StoredText>,
    keymap: &Keymap,
) -> Said {
    let how = |command| keymap.how(command);
    let name = &before.name;
    let admin = || admin.map_or_else(|| "an admin".to_owned(), StoredText::to_string);
    let (what, help) = match deed {
        Deed::Trash => {
            let until = now.and_then(Org::in_trash).map(|kept| day(kept.until));
            let until = until.map(|day| format!(" until {day}")).unwrap_or_default();
            let what = format!("“{name}” is in the trash{until}");
            let (undo, shelf) = (how(Command::Undo), how(Command::Shelf));
            let restore = how(Command::Restore);
            let help = format!(
                "{undo} takes it back; {shelf} shows the trash, and {restore} brings it back from there"
            );
            (what, help)
        }
        Deed::Delete | Deed::Purge => (format!("“{name}” was deleted for good"), String::new()),
        Deed::Restore => match now.filter(|org| org.name != *name) {
            Some(org) => (format!("“{name}” is back, as “{}”", org.name), String::new()),
            None => (format!("“{name}” is back with everything it had"), String::new()),
        },
        Deed::Rename => {
            let now = now.map_or(name, |org| &org.name);
            (format!("“{name}” is called “{now}” again"), String::new())
        }
        Deed::Suspend => {
            (format!("“{name}” is suspended"), format!("{} reactivates it", how(Command::Suspend)))
        }
        Deed::Reactivate => (format!("“{name}” is active again"), String::new()),
        Deed::RemoveAdmin(_) => {
            (format!("{} is no admin of “{name}” any more", admin()), String::new())
        }
        Deed::IssueCode(_) => (format!("a one-time code was made for {}", admin()), String::new()),
    };
    Said { what, help }
}
