//! Every way a deed can end other than well: what happened, and what to do about it.

use std::time::Duration;

use crate::{
    org::{ClaimKind, Field, Invalid, StoredText, UnderWay},
    store::{Entry, StoreError},
};

/// The result of a deed.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a deed was not done. `Display` says what happened, [`Error::help`] what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// An input cannot be what it should be.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// Somebody has it already.
    #[error("{}{}", taken(*what, wanted, by.as_ref()), if *in_trash { ", which is in the trash" } else { "" })]
    Taken {
        /// What is taken.
        what: ClaimKind,
        /// What was wanted.
        wanted: StoredText,
        /// Which organization has it; none when it belongs to none.
        by: Option<StoredText>,
        /// Whether that organization is in the trash.
        in_trash: bool,
    },
    /// No such organization.
    #[error("there is no organization “{0}”")]
    NotFound(StoredText),
    /// The organization is in the trash, where only restoring and purging find it.
    #[error("“{0}” is in the trash")]
    InTrash(StoredText),
    /// No such organization in the trash.
    #[error("there is no organization “{0}” in the trash")]
    NotInTrash(StoredText),
    /// E-mail or password is wrong; which one is not said.
    #[error("the e-mail or the password is wrong")]
    WrongLogin,
    /// Too many wrong passwords: the next one is not looked at before so long.
    #[error("after too many wrong passwords this e-mail has to wait {}", in_words(*.0))]
    Waiting(Duration),
    /// The code is wrong, was used, or is too old; or there is no such admin.
    #[error("the e-mail or the code is wrong, or the code was used or is over")]
    WrongCode,
    /// The organization has no such admin.
    #[error("“{organization}” has no admin {email}")]
    NoSuchAdmin {
        /// Who was meant.
        email: StoredText,
        /// Of which organization.
        organization: StoredText,
    },
    /// Nobody can do what only an owner may: there is none.
    #[error("“{0}” has no owner")]
    NoOwner(StoredText),
    /// Nobody would be left to decide who else is an admin.
    #[error("{email} is the last owner of “{organization}”")]
    LastOwner {
        /// Who it is.
        email: StoredText,
        /// Of which organization.
        organization: StoredText,
    },
    /// The first admin's role and e-mail cannot change together.
    #[error("the role and the e-mail of the first admin cannot change together")]
    OneAtATime,
    /// The deed needs a login it does not have.
    #[error("{0}")]
    NotAllowed(Refusal),
    /// What was typed to confirm is not the name.
    #[error("that is not the name of the organization")]
    NotConfirmed,
    /// Nothing may be written; the reason is a whole sentence.
    #[error("{0}")]
    ReadOnly(String),
    /// The record was changed since it was read.
    #[error("“{0}” was changed by someone else in the meantime")]
    Changed(StoredText),
    /// The record is gone since it was read.
    #[error("“{0}” was deleted by someone else in the meantime")]
    Gone(StoredText),
    /// Something else is under way with it.
    #[error("“{name}” is {what} by {by} right now")]
    Busy {
        /// The organization.
        name: StoredText,
        /// What it is.
        what: UnderWay,
        /// Who is at it.
        by: StoredText,
    },
    /// The operating system gave no random bytes, or a worker thread broke.
    #[error("this machine failed: {0}")]
    Machine(String),
    /// It may or may not have been done: the database did not say, and [`super::Tenancy::outcome`] finds
    /// out once it answers again.
    #[error("{}; the change may have been made", why)]
    OutcomeUnknown {
        /// What was recorded of the operation.
        entry: Box<Entry>,
        /// Why nobody knows.
        why: StoreError,
    },
    /// This console was too slow, and another one took the operation over and finished it.
    #[error("{}", StoreError::DoneByAnother)]
    DoneByAnother {
        /// What was recorded of the operation.
        entry: Box<Entry>,
    },
    /// The database.
    #[error(transparent)]
    Store(StoreError),
}

/// Why a session does not allow a deed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody is logged in.
    #[error("this needs a login as an admin of “{0}”")]
    NoSession(StoredText),
    /// The session's time is over.
    #[error("the login has expired")]
    Expired,
    /// A token this console did not issue, or a changed one.
    #[error("the login is not valid here")]
    Foreign,
    /// The session was logged out.
    #[error("this login was ended")]
    LoggedOut,
    /// The admin was removed or has another password since.
    #[error("the admin's password changed, or the admin was removed, since the login")]
    AdminChanged,
    /// The organization is suspended.
    #[error("“{0}” is suspended: its admins cannot log in")]
    Suspended(StoredText),
    /// The organization was moved to the trash.
    #[error("“{0}” was moved to the trash, which ended the login")]
    Trashed(StoredText),
    /// An admin, but not an owner.
    #[error("only an owner of “{0}” may do this")]
    OwnersOnly(StoredText),
    /// Nobody chooses a password for somebody else.
    #[error("only {0} can choose that password")]
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

impl Error {
    /// The input it is about, when it is about one.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Invalid(invalid) => Some(invalid.field()),
            Self::Taken { what: ClaimKind::Email, .. } => Some(Field::Email),
            Self::Taken { .. } => Some(Field::Name),
            Self::NotFound(_)
            | Self::InTrash(_)
            | Self::NotInTrash(_)
            | Self::WrongLogin
            | Self::Waiting(_)
            | Self::WrongCode
            | Self::NoSuchAdmin { .. }
            | Self::NoOwner(_)
            | Self::LastOwner { .. }
            | Self::OneAtATime
            | Self::NotAllowed(_)
            | Self::NotConfirmed
            | Self::ReadOnly(_)
            | Self::Changed(_)
            | Self::Gone(_)
            | Self::Busy { .. }
            | Self::Machine(_)
            | Self::OutcomeUnknown { .. }
            | Self::DoneByAnother { .. }
            | Self::Store(_) => None,
        }
    }

    /// What was recorded of the operation of which it has to be found out what came of it.
    #[must_use]
    pub fn to_find_out(&self) -> Option<&Entry> {
        match self {
            Self::OutcomeUnknown { entry, .. } | Self::DoneByAnother { entry } => Some(entry),
            Self::Invalid(_)
            | Self::Taken { .. }
            | Self::NotFound(_)
            | Self::InTrash(_)
            | Self::NotInTrash(_)
            | Self::WrongLogin
            | Self::Waiting(_)
            | Self::WrongCode
            | Self::NoSuchAdmin { .. }
            | Self::NoOwner(_)
            | Self::LastOwner { .. }
            | Self::OneAtATime
            | Self::NotAllowed(_)
            | Self::NotConfirmed
            | Self::ReadOnly(_)
            | Self::Changed(_)
            | Self::Gone(_)
            | Self::Busy { .. }
            | Self::Machine(_)
            | Self::Store(_) => None,
        }
    }

    /// What the person can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Invalid(invalid) => invalid.help(),
            Self::Taken { in_trash: true, .. } => {
                "restore or purge the one in the trash, or take another"
            }
            Self::Taken { what: ClaimKind::Email, .. } => "take another e-mail",
            Self::Taken { .. } => "take another name",
            Self::NotFound(_) => "look at the list for its name",
            Self::InTrash(_) | Self::NotAllowed(Refusal::Trashed(_)) => "restore it first",
            Self::NotInTrash(_) => "look at the trash for its name",
            Self::WrongLogin => "check both and try again",
            Self::Waiting(_) => "wait; or let the operator issue a one-time code",
            Self::WrongCode => "check both, or let the operator issue a new code",
            Self::NoSuchAdmin { .. } => "look at its admins for the e-mail",
            Self::LastOwner { .. } => "make another admin an owner first",
            Self::NoOwner(_) => {
                "add an owner among its admins: without one, no login is needed for that"
            }
            Self::OneAtATime => "change one after the other",
            Self::NotAllowed(Refusal::OwnersOnly(_)) => "log in as an owner of it",
            Self::NotAllowed(Refusal::OwnPassword(_)) => {
                "log in as that admin, or issue a one-time code for them"
            }
            Self::NotAllowed(Refusal::Suspended(_)) => "reactivate it first",
            Self::NotAllowed(_) => "log in as an admin of that organization",
            Self::NotConfirmed => "type the name exactly as it is shown",
            Self::ReadOnly(_) => "look, search and list still work",
            Self::Changed(_) => "load it again and repeat what is still wanted",
            Self::Gone(_) => "nothing is left to do; look at the list for what there is",
            Self::Busy { .. } => "try again in a moment",
            Self::Machine(_) => "try again; if it stays, restart",
            Self::OutcomeUnknown { .. } => {
                "before you repeat it, look at it again once the database answers: its activity \
                 (`tenantry audit list --org NAME`) says what came of it"
            }
            Self::DoneByAnother { .. } => StoreError::DoneByAnother.help(),
            Self::Store(error) => error.help(),
        }
    }

    /// Wraps a store's error, with the words for what was wanted where somebody has it already.
    pub(super) fn of_store(
        error: StoreError,
        name: &StoredText,
        wanted: impl FnOnce(ClaimKind) -> StoredText,
    ) -> Self {
        match error {
            StoreError::Taken { what, by, in_trash } => {
                Self::Taken { what, wanted: wanted(what), by, in_trash }
            }
            StoreError::Changed => Self::Changed(name.clone()),
            StoreError::Gone => Self::Gone(name.clone()),
            StoreError::Busy { what, by } => Self::Busy { name: name.clone(), what, by },
            other => Self::Store(other),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::NotAllowed(refusal)
    }
}

/// As many whole seconds or minutes as cover it.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let (number, noun) = match seconds {
        0..=90 => (seconds.max(1), "second"),
        _ => (seconds.div_ceil(60), "minute"),
    };
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn taken(what: ClaimKind, wanted: &StoredText, by: Option<&StoredText>) -> String {
    let Some(by) = by else {
        return match what {
            ClaimKind::Email => {
                format!("the e-mail {wanted} is taken by an admin that belongs to no organization")
            }
            ClaimKind::Name | ClaimKind::Look | ClaimKind::Collection => format!(
                "the collection for “{wanted}” exists already and belongs to no organization"
            ),
        };
    };
    match what {
        ClaimKind::Name => format!("the name “{wanted}” is taken by “{by}”"),
        ClaimKind::Look => format!("“{wanted}” looks the same as “{by}”, which exists already"),
        ClaimKind::Collection => {
            format!("“{wanted}” would share its collection with “{by}”, which has it already")
        }
        ClaimKind::Email => format!("the e-mail {wanted} is taken: an admin of “{by}” has it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_it_is_named_also_where_that_is_nobody() {
        let said = |what, by: Option<&str>| {
            Error::Taken {
                what,
                wanted: "new".into(),
                by: by.map(StoredText::from),
                in_trash: false,
            }
            .to_string()
        };
        assert_eq!(said(ClaimKind::Name, Some("old")), "the name “new” is taken by “old”");
        assert_eq!(
            said(ClaimKind::Email, Some("old")),
            "the e-mail new is taken: an admin of “old” has it"
        );
        assert_eq!(
            said(ClaimKind::Email, None),
            "the e-mail new is taken by an admin that belongs to no organization"
        );
        assert_eq!(
            said(ClaimKind::Collection, None),
            "the collection for “new” exists already and belongs to no organization"
        );
    }
}
