//! Every way an operation can end other than well: what happened, and what to do about it.

use std::time::Duration;

use super::{API_KEYS_MOST, Refusal};
use crate::{
    archive::ReadError,
    mail::MailError,
    org::{ClaimKind, Field, Invalid, StoredText, UnderWay},
    store::{Entry, StoreError},
};

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation was not done. `Display` says what happened, [`Error::help`] what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// An input cannot be what it should be.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// Somebody has it already.
    #[error("{}", taken(*what, wanted, by.as_ref(), *in_trash))]
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
    /// An operator has that e-mail already.
    #[error("e-mail {0} belongs to an operator")]
    OperatorsEmail(StoredText),
    /// No such operator.
    #[error("no operator has the e-mail {0}")]
    NoSuchOperator(StoredText),
    /// There is nobody to log in.
    #[error("there are no operators yet")]
    NoOperators,
    /// The first operator has to be able to add the others.
    #[error("the first operator must be a manager")]
    FirstIsManager,
    /// Nobody would be left to manage the operators.
    #[error("cannot demote, disable or remove {0}, the last manager who can log in")]
    LastManager(StoredText),
    /// Another manager, or a login, has changed the operators since they were read.
    #[error("the operators were changed by someone else")]
    OperatorsChanged,
    /// A password of somebody else.
    #[error("only {0} can change this operator's password")]
    OperatorsOwnPassword(StoredText),
    /// The operator has a key that is called so.
    #[error("you already have an API key “{0}”")]
    KeyNameTaken(StoredText),
    /// As many as an operator may have.
    #[error("you have {API_KEYS_MOST} API keys, which is the most")]
    TooManyKeys,
    /// No such key that the caller may know of.
    #[error("no API key is called “{0}”")]
    NoSuchKey(StoredText),
    /// Several operators have a key that is called so.
    #[error("several operators have an API key “{0}”")]
    AmbiguousKey(StoredText),
    /// No such organization.
    #[error("organization “{name}” not found{}", did_you_mean(nearest.as_ref()))]
    NotFound {
        /// What it was called.
        name: StoredText,
        /// The name that comes nearest, where one does.
        nearest: Option<StoredText>,
    },
    /// A text is the name of one organization and the id of another.
    #[error("“{name}” is the name of one organization and the id of another, “{other}”")]
    Ambiguous {
        /// The name.
        name: StoredText,
        /// The name of the other one.
        other: StoredText,
    },
    /// The organization is in the trash, where only restoring and purging find it.
    #[error("“{0}” is in the trash")]
    InTrash(StoredText),
    /// No such organization in the trash.
    #[error("organization “{0}” is not in the trash")]
    NotInTrash(StoredText),
    /// E-mail or password is wrong; which one is not said.
    #[error("wrong e-mail or password")]
    WrongLogin,
    /// Too many wrong passwords: the next one is not looked at before so long.
    #[error("too many attempts: try again in {}", in_words(*.0))]
    Waiting(Duration),
    /// The code is wrong, was used, or is too old; or there is no such admin.
    #[error("wrong e-mail, or invalid or expired code")]
    WrongCode,
    /// Their own second factor is what a manager resets of others.
    #[error("cannot reset your own second factor")]
    OwnSecondFactor,
    /// The organization has no document with this `_id`.
    #[error("“{0}” has no such document")]
    NoSuchDocument(StoredText),
    /// Documents cannot be sorted by a field: which, and why, in a sentence.
    #[error("{0}")]
    CannotSort(String),
    /// The document is no longer as it was when it was read.
    #[error("the document of “{0}” was changed by someone else")]
    DocumentChanged(StoredText),
    /// There is a document with that `_id` already.
    #[error("“{0}” has a document with this _id already")]
    DocumentExists(StoredText),
    /// No database could keep such a document: why, in a sentence.
    #[error("{0}")]
    InvalidDocument(String),
    /// An archive cannot be written.
    #[error("{problem}")]
    Unwritten {
        /// Why, in a sentence.
        problem: String,
        /// What to do.
        help: &'static str,
    },
    /// Nothing says how mail is sent.
    #[error("mail is not set up")]
    NoMail,
    /// A one-time code was not mailed; it is good all the same.
    #[error("the code for {to} was issued, but not mailed: {why}")]
    Unmailed {
        /// Whose code it is.
        to: StoredText,
        /// Why not.
        why: MailError,
    },
    /// An archive cannot be imported: why, in a sentence, and what to do.
    #[error("{problem}")]
    NotImported {
        /// Why.
        problem: String,
        /// What to do.
        help: &'static str,
    },
    /// There is none to remove or to reset.
    #[error("{0} has no second factor")]
    NoSecondFactor(StoredText),
    /// The password is right, and the account has a second factor.
    #[error("this account needs an authentication code")]
    CodeRequired,
    /// The code of the app is wrong, or too old, or was accepted before; or the recovery code was.
    #[error("wrong or used code")]
    WrongAuthenticationCode,
    /// The code that is to prove that the app has a new secret is wrong.
    #[error("wrong code")]
    WrongFirstCode,
    /// The secret of a second factor is encrypted with another key.
    #[error("the second factor of {0} is encrypted with another SECRET_KEY")]
    FactorUnreadable(StoredText),
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
    #[error("cannot remove or demote {email}, the last owner of “{organization}”")]
    LastOwner {
        /// Who it is.
        email: StoredText,
        /// Of which organization.
        organization: StoredText,
    },
    /// There is nothing to transfer.
    #[error("{email} is the only owner of “{organization}” already")]
    OnlyOwner {
        /// Who it is.
        email: StoredText,
        /// Of which organization.
        organization: StoredText,
    },
    /// The first admin's role and e-mail cannot change together.
    #[error("cannot change the first admin's role and e-mail together")]
    OneAtATime,
    /// The operation needs a login it does not have.
    #[error("{0}")]
    NotAllowed(Refusal),
    /// What takes an organization away, or gives it to another owner, has to say why here.
    #[error("this profile requires a reason for this")]
    ReasonRequired,
    /// What was typed to confirm is not the name.
    #[error("the name does not match")]
    NotConfirmed,
    /// Nothing may be written; the reason is a whole sentence.
    #[error("{0}")]
    ReadOnly(String),
    /// The record was changed since it was read.
    #[error("“{0}” was changed by someone else")]
    Changed(StoredText),
    /// The record is gone since it was read.
    #[error("“{0}” was deleted by someone else")]
    Gone(StoredText),
    /// Something else is under way with it.
    #[error("“{name}” is {what} by {by}")]
    Busy {
        /// The organization.
        name: StoredText,
        /// What it is.
        what: UnderWay,
        /// Who is at it.
        by: StoredText,
    },
    /// So many passwords wait to be looked at that this one was turned away. No attempt was counted.
    #[error("too many passwords are being checked at once")]
    Overloaded,
    /// The operating system gave no random bytes, or a worker thread broke.
    #[error("system error: {0}")]
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

impl Error {
    /// Whether the next operation fails in the same way, whatever it is done to.
    #[must_use]
    pub fn is_of_database(&self) -> bool {
        let Self::Store(error) = self else { return matches!(self, Self::ReadOnly(_)) };
        error.is_of_database()
    }

    /// Whether somebody did not prove who they are.
    #[must_use]
    pub fn is_wrong_login(&self) -> bool {
        matches!(
            self,
            Self::WrongLogin | Self::WrongCode | Self::CodeRequired | Self::WrongAuthenticationCode
        )
    }

    /// The input it is about, when it is about one.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Invalid(invalid) => Some(invalid.field()),
            Self::Taken { what: ClaimKind::Email, .. } | Self::OperatorsEmail(_) => {
                Some(Field::Email)
            }
            Self::Taken { .. } | Self::KeyNameTaken(_) => Some(Field::Name),
            Self::ReasonRequired => Some(Field::Reason),
            Self::NotFound { .. }
            | Self::NoSuchOperator(_)
            | Self::NoOperators
            | Self::FirstIsManager
            | Self::LastManager(_)
            | Self::OperatorsChanged
            | Self::OperatorsOwnPassword(_)
            | Self::TooManyKeys
            | Self::NoSuchKey(_)
            | Self::AmbiguousKey(_)
            | Self::InTrash(_)
            | Self::Ambiguous { .. }
            | Self::NotInTrash(_)
            | Self::WrongLogin
            | Self::Waiting(_)
            | Self::WrongCode
            | Self::OwnSecondFactor
            | Self::NoSecondFactor(_)
            | Self::NoSuchDocument(_)
            | Self::CannotSort(_)
            | Self::DocumentChanged(_)
            | Self::DocumentExists(_)
            | Self::InvalidDocument(_)
            | Self::Unwritten { .. }
            | Self::NotImported { .. }
            | Self::NoMail
            | Self::Unmailed { .. }
            | Self::CodeRequired
            | Self::WrongAuthenticationCode
            | Self::WrongFirstCode
            | Self::FactorUnreadable(_)
            | Self::NoSuchAdmin { .. }
            | Self::NoOwner(_)
            | Self::LastOwner { .. }
            | Self::OnlyOwner { .. }
            | Self::OneAtATime
            | Self::NotAllowed(_)
            | Self::NotConfirmed
            | Self::ReadOnly(_)
            | Self::Changed(_)
            | Self::Gone(_)
            | Self::Busy { .. }
            | Self::Overloaded
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
            | Self::OperatorsEmail(_)
            | Self::NoSuchOperator(_)
            | Self::NoOperators
            | Self::FirstIsManager
            | Self::LastManager(_)
            | Self::OperatorsChanged
            | Self::OperatorsOwnPassword(_)
            | Self::KeyNameTaken(_)
            | Self::TooManyKeys
            | Self::NoSuchKey(_)
            | Self::AmbiguousKey(_)
            | Self::NotFound { .. }
            | Self::InTrash(_)
            | Self::Ambiguous { .. }
            | Self::NotInTrash(_)
            | Self::WrongLogin
            | Self::Waiting(_)
            | Self::WrongCode
            | Self::OwnSecondFactor
            | Self::NoSecondFactor(_)
            | Self::NoSuchDocument(_)
            | Self::CannotSort(_)
            | Self::DocumentChanged(_)
            | Self::DocumentExists(_)
            | Self::InvalidDocument(_)
            | Self::Unwritten { .. }
            | Self::NotImported { .. }
            | Self::NoMail
            | Self::Unmailed { .. }
            | Self::CodeRequired
            | Self::WrongAuthenticationCode
            | Self::WrongFirstCode
            | Self::FactorUnreadable(_)
            | Self::NoSuchAdmin { .. }
            | Self::NoOwner(_)
            | Self::LastOwner { .. }
            | Self::OnlyOwner { .. }
            | Self::OneAtATime
            | Self::NotAllowed(_)
            | Self::ReasonRequired
            | Self::NotConfirmed
            | Self::ReadOnly(_)
            | Self::Changed(_)
            | Self::Gone(_)
            | Self::Busy { .. }
            | Self::Overloaded
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
                "restore or purge the one in the trash, or choose another"
            }
            Self::Taken { what: ClaimKind::Email, .. } | Self::OperatorsEmail(_) => {
                "choose another e-mail"
            }
            Self::NoSuchOperator(_) => "check the e-mail in the list of operators",
            Self::NoOperators => "add one with `tenantry operator add`",
            Self::FirstIsManager => "add a manager first; the others can have any role",
            Self::LastManager(_) => "make another operator a manager first",
            Self::OperatorsChanged => "try again",
            Self::OperatorsOwnPassword(_) => "log in as that operator",
            Self::KeyNameTaken(_) => "choose another name, or revoke that key first",
            Self::TooManyKeys => "revoke one you no longer use with `tenantry key revoke`",
            Self::NoSuchKey(_) => "check its name with `tenantry key list`",
            Self::AmbiguousKey(_) => "name it by its id, which `tenantry key list` shows",
            Self::Taken { .. } => "choose another name",
            Self::NotFound { .. } | Self::Gone(_) => "check the name in the list",
            Self::InTrash(_) | Self::NotAllowed(Refusal::Trashed(_)) => "restore it first",
            Self::Ambiguous { .. } => "rename one of them, or name the other one by its name",
            Self::NotInTrash(_) => "check the name in the trash",
            Self::WrongLogin => "check both and try again",
            Self::Waiting(_) => "wait, or ask an operator for a one-time code",
            Self::WrongCode => "check both, or ask for a new code",
            Self::OwnSecondFactor => {
                "replace or remove it with `tenantry operator totp` or `tenantry admin totp`"
            }
            Self::NoSuchDocument(_) => "check its _id with `tenantry doc list`",
            Self::CannotSort(_) => "sort by _id, or by a field that an index begins with",
            Self::DocumentChanged(_) => "read it again, then repeat your change",
            Self::DocumentExists(_) => "choose another _id, or change the document that has it",
            Self::InvalidDocument(_) => "correct it, then try again",
            Self::Unwritten { help, .. } | Self::NotImported { help, .. } => help,
            Self::NoMail => "add [mail] to the file that `tenantry config path` prints",
            Self::Unmailed { .. } => "hand the code over yourself, and check [mail] in config.toml",
            Self::NoSecondFactor(_) => {
                "check who has one with `tenantry operator list` or `tenantry admin list`"
            }
            Self::CodeRequired => "enter the code that your authenticator app shows",
            Self::WrongAuthenticationCode => {
                "enter the next code that your app shows, or a recovery code"
            }
            Self::WrongFirstCode => {
                "enter the six digits that the app shows now; if they are refused again, check the clocks of both \
                 devices"
            }
            Self::FactorUnreadable(_) => {
                "set the SECRET_KEY it was set up with, or use a recovery code"
            }
            Self::NoSuchAdmin { .. } => "check the e-mail in its list of admins",
            Self::LastOwner { .. } => "make another admin an owner first",
            Self::OnlyOwner { .. } => "name another admin, or a new one",
            Self::NoOwner(_) => {
                "add an owner to its admins: until it has one, no login is needed for that"
            }
            Self::OneAtATime => "change one, then the other",
            Self::NotAllowed(Refusal::OwnersOnly(_)) => "log in as an owner of it",
            Self::NotAllowed(Refusal::OwnPassword(_)) => {
                "log in as that admin, or issue a one-time code for them"
            }
            Self::NotAllowed(Refusal::Suspended(_)) => "reactivate it first",
            Self::NotAllowed(Refusal::NoLogin(_)) => "log in as one of them",
            Self::NotAllowed(Refusal::UsedAgain) => "log in again",
            Self::NotAllowed(Refusal::KeyNotValid) => {
                "check that all of it was copied; if it was revoked, create another one"
            }
            Self::NotAllowed(Refusal::KeyExpired(_)) => {
                "create another one with `tenantry key create`"
            }
            Self::NotAllowed(
                Refusal::OperatorsRequired
                | Refusal::OperatorsOnly
                | Refusal::OperatorChanged
                | Refusal::NotWithKey,
            ) => "log in with the account of an operator",
            Self::NotAllowed(Refusal::SecondFactorRequired) => {
                "set it up with `tenantry operator totp`, or :second-factor in the console"
            }
            Self::NotAllowed(Refusal::NotRecent) => "log out, log in again and repeat it",
            Self::NotAllowed(Refusal::Disabled) => "ask a manager to enable it",
            Self::NotAllowed(Refusal::ManagersOnly) => "log in with the account of a manager",
            Self::NotAllowed(Refusal::Role { .. }) => "ask a manager to do it, or for another role",
            Self::NotAllowed(_) => "log in as an admin of that organization",
            Self::ReasonRequired => "say why: in the reason field, or with --reason TEXT",
            Self::NotConfirmed => "type the name exactly as shown",
            Self::ReadOnly(_) => "you can still list, search and open",
            Self::Changed(_) => "refresh, then repeat your change if you still want it",
            Self::Busy { .. } => "try again in a moment",
            Self::Overloaded => "try again in a few seconds",
            Self::Machine(_) => "try again; if the error persists, restart",
            Self::OutcomeUnknown { .. } => {
                "once the database answers, check its activity (`tenantry audit list --org NAME`) before \
                 you repeat the operation"
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
            StoreError::OperatorsEmail => Self::OperatorsEmail(wanted(ClaimKind::Email)),
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

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::NotImported { help: error.help(), problem: error.to_string() }
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
    let (number, unit) = match seconds {
        0..=90 => (seconds.max(1), "s"),
        _ => (seconds.div_ceil(60), "min"),
    };
    format!("{number} {unit}")
}

fn taken(what: ClaimKind, wanted: &StoredText, by: Option<&StoredText>, in_trash: bool) -> String {
    let Some(by) = by else {
        return match what {
            ClaimKind::Email => {
                format!("e-mail {wanted} is taken by an orphaned admin")
            }
            ClaimKind::Name | ClaimKind::Look | ClaimKind::Collection => {
                format!("“{wanted}” would use an orphaned collection")
            }
        };
    };
    let whose = match what {
        ClaimKind::Name if wanted == by && in_trash => {
            format!("name “{wanted}” is taken by an organization")
        }
        ClaimKind::Name if wanted == by => format!("name “{wanted}” is taken"),
        ClaimKind::Name => format!("name “{wanted}” is taken by “{by}”"),
        ClaimKind::Look => format!("“{wanted}” looks the same as the existing “{by}”"),
        ClaimKind::Collection => {
            format!("“{wanted}” would use the same collection as “{by}”")
        }
        ClaimKind::Email => format!("e-mail {wanted} is taken by an admin of “{by}”"),
    };
    if in_trash { format!("{whose} in the trash") } else { whose }
}

/// Asks after the nearest name.
fn did_you_mean(nearest: Option<&StoredText>) -> String {
    nearest.map(|name| format!("; did you mean “{name}”?")).unwrap_or_default()
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
        assert_eq!(said(ClaimKind::Name, Some("old")), "name “new” is taken by “old”");
        assert_eq!(said(ClaimKind::Email, Some("old")), "e-mail new is taken by an admin of “old”");
        assert_eq!(said(ClaimKind::Email, None), "e-mail new is taken by an orphaned admin");
        assert_eq!(said(ClaimKind::Collection, None), "“new” would use an orphaned collection");
    }
}
