//! What can go wrong where organizations are kept, in words for a person.

use crate::org::{ClaimKind, StoredText, UnderWay, escaped};

/// The result of a store's method.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a store did not do what was asked. Nothing was changed, except where a variant says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody has it already.
    #[error("already taken")]
    Taken {
        /// What is taken.
        what: ClaimKind,
        /// Which organization has it, as stored; none when it belongs to none (a collection or an
        /// admin that something else left behind).
        by: Option<StoredText>,
        /// Whether that organization is in the trash.
        in_trash: bool,
    },
    /// An e-mail is an operator's.
    #[error("that is an operator's e-mail")]
    OperatorsEmail,
    /// The record is no longer as it was when it was read.
    #[error("it was changed by someone else")]
    Changed,
    /// The record is not there any more.
    #[error("it was deleted by someone else")]
    Gone,
    /// A document is no longer as it was when it was read.
    #[error("the document was changed by someone else")]
    DocumentChanged,
    /// A document is not there any more.
    #[error("the document was deleted by someone else")]
    DocumentGone,
    /// There is a document with that `_id` already.
    #[error("a document with this _id exists already")]
    DocumentExists,
    /// Something else is under way with the same organization.
    #[error("it is {what} by {by}")]
    Busy {
        /// What it is.
        what: UnderWay,
        /// Who is at it.
        by: StoredText,
    },
    /// Another console took the operation over, since this one was too slow, and took it back; or it was
    /// cut off before it had begun. Why, in a sentence.
    #[error("the change was undone: {0}")]
    TakenBack(StoredText),
    /// Another console has taken the operation over, since this one was too slow, and is still at it.
    #[error("another console took over and has not finished")]
    TakenOver,
    /// Another console has taken the operation over, since this one was too slow, and finished it.
    #[error("another console took over and finished it")]
    DoneByAnother,
    /// It may or may not have been done, for this reason: it is settled by whoever connects next, and
    /// [`super::Organizations::outcome`] says what came of it.
    #[error("it may have completed: {0}")]
    OutcomeUnknown(Box<StoreError>),
    /// The server did not answer. What was asked was not done.
    #[error("cannot reach {address}: {problem}")]
    Unreachable {
        /// Where.
        address: String,
        /// What was tried and what came back.
        problem: String,
    },
    /// Another program wrote it, and nobody has agreed yet to add to it what every write needs.
    #[error("another program wrote this database, and it has not been upgraded")]
    NeedsUpgrade,
    /// It has what another organization has too, so that neither can be told from the other: which, and
    /// what they have in common, in a sentence.
    #[error("{0}")]
    HeldBack(String),
    /// The server refused the console's own user.
    #[error("the database refused: {problem}")]
    Refused {
        /// What happened.
        problem: String,
        /// What to do.
        help: &'static str,
    },
    /// The address, file name or connection string makes no sense.
    #[error("{problem}")]
    Misconfigured {
        /// What happened.
        problem: String,
        /// What to do.
        help: &'static str,
    },
    /// What another program or an administrator put into the database is in the way of the operation.
    #[error("{problem}")]
    InTheWay {
        /// What happened.
        problem: String,
        /// What to do.
        help: &'static str,
    },
    /// The file is no database of ours, or a damaged one.
    #[error("{problem}")]
    Damaged {
        /// What happened.
        problem: String,
        /// What to do.
        help: &'static str,
    },
    /// The disk does not take or give what is asked of it, or the file on it is not where it was.
    #[error("{problem}")]
    Disk {
        /// What happened.
        problem: String,
        /// What to do.
        help: &'static str,
    },
    /// Anything else, in the database's own words.
    #[error("database error: {0}")]
    Other(String),
}

impl StoreError {
    /// Whether it is about the database, so that whatever is tried next fails in the same way; otherwise it is about the
    /// organization that something was to be done to.
    #[must_use]
    pub fn is_of_database(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::NeedsUpgrade
            | Self::Refused { .. }
            | Self::Misconfigured { .. }
            | Self::Damaged { .. }
            | Self::Disk { .. } => true,
            Self::OutcomeUnknown(why) => why.is_of_database(),
            Self::Taken { .. }
            | Self::OperatorsEmail
            | Self::Changed
            | Self::Gone
            | Self::DocumentChanged
            | Self::DocumentGone
            | Self::DocumentExists
            | Self::Busy { .. }
            | Self::TakenBack(_)
            | Self::TakenOver
            | Self::DoneByAnother
            | Self::HeldBack(_)
            | Self::InTheWay { .. }
            | Self::Other(_) => false,
        }
    }

    /// What may have been done although this is what came of it.
    pub(super) fn unknown(why: Self) -> Self {
        match why {
            unknown @ Self::OutcomeUnknown(_) => unknown,
            why => Self::OutcomeUnknown(Box::new(why)),
        }
    }

    /// A change, where nothing may be written.
    pub(super) fn only_readable(because: &str) -> Self {
        Self::Refused { problem: because.to_owned(), help: "you can still list, search and open" }
    }

    /// A name that was given for the quarantine.
    pub(super) fn nothing_to_quarantine(name: &str) -> Self {
        Self::Misconfigured {
            problem: format!("“{}” is not an orphaned collection or admin", escaped(name)),
            help: "run `tenantry doctor` to see what can be moved to quarantine",
        }
    }

    /// What the person can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Refused { help, .. }
            | Self::Misconfigured { help, .. }
            | Self::InTheWay { help, .. }
            | Self::Damaged { help, .. }
            | Self::Disk { help, .. } => help,
            Self::Unreachable { .. } => {
                "check that the database is running and the address is correct, then try again"
            }
            Self::Taken { .. } | Self::OperatorsEmail => "choose another",
            Self::Changed | Self::Busy { .. } => "try again in a moment",
            Self::Gone | Self::DocumentGone => "no further action is needed",
            Self::DocumentChanged => "read it again, then repeat your change",
            Self::DocumentExists => "choose another _id, or change the document that has it",
            Self::TakenBack(_) => "nothing was changed; try again",
            Self::TakenOver => "check again in a moment",
            Self::DoneByAnother => "no further action is needed; refresh to see the current state",
            Self::OutcomeUnknown(_) => {
                "once the database answers, check its activity before you repeat the operation"
            }
            Self::HeldBack(_) => {
                "rename one of them with the program that created it, or delete one, then try again"
            }
            Self::NeedsUpgrade => {
                "run `tenantry upgrade` once: it only adds fields and indexes, and the other program \
                 keeps working; until then you can only read"
            }
            Self::Other(_) => "try again; if the error persists, check the database's log",
        }
    }
}
