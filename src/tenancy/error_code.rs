//! A word for each kind of error, for programs: the same in `--output json` and over HTTP.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, Refusal};
use crate::store::StoreError;

/// What kind of error it is. Exit codes and HTTP statuses follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// An input is not as it must be.
    Invalid,
    /// What was typed to confirm is something else.
    NotConfirmed,
    /// It could be either of two.
    Ambiguous,
    /// There is no such thing, or not any more.
    NotFound,
    /// The organization is in the trash.
    InTrash,
    /// Another one has it already.
    Taken,
    /// Someone else changed it since it was read.
    Changed,
    /// Something else is under way with it, or in its way.
    Busy,
    /// It would leave no owner or no manager, or exceed a limit.
    NotPossible,
    /// E-mail or password is wrong.
    WrongLogin,
    /// The login needs an authentication code as well.
    CodeRequired,
    /// A one-time code, an authentication code or a recovery code is wrong, used or too old.
    WrongCode,
    /// Too many wrong passwords or codes.
    TooManyAttempts,
    /// A login is needed, with an account that may do it.
    LoginRequired,
    /// The login was too long ago for this.
    RecentLoginRequired,
    /// The session is over, or was none.
    SessionEnded,
    /// The API key has expired, or is none.
    KeyNotValid,
    /// This account may not do it.
    NotAllowed,
    /// The account may do nothing before it has a second factor.
    SecondFactorRequired,
    /// The secret of the second factor was encrypted with another key.
    SecondFactorUnreadable,
    /// The account, or its organization, is turned off.
    Disabled,
    /// Nothing may be written.
    ReadOnly,
    /// There is too much to do at this moment.
    Overloaded,
    /// Mail is not set up.
    NoMail,
    /// The code was issued, and not mailed.
    NotMailed,
    /// It may have been done.
    OutcomeUnknown,
    /// The database cannot be reached.
    Unreachable,
    /// The database does not let the program do it.
    DatabaseRefused,
    /// The database's address or file is invalid.
    Misconfigured,
    /// The database has to be upgraded first.
    NeedsUpgrade,
    /// The machine, the disk or the database failed.
    Failed,
}

impl Error {
    /// What kind of error it is.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_)
            | Self::InvalidDocument(_)
            | Self::NotImported { .. }
            | Self::CannotSort(_)
            | Self::ReasonRequired
            | Self::OneAtATime => ErrorCode::Invalid,
            Self::NotConfirmed => ErrorCode::NotConfirmed,
            Self::Ambiguous { .. } | Self::AmbiguousKey(_) => ErrorCode::Ambiguous,
            Self::NotFound { .. }
            | Self::Gone(_)
            | Self::NotInTrash(_)
            | Self::NoSuchAdmin { .. }
            | Self::NoSuchOperator(_)
            | Self::NoSuchKey(_)
            | Self::NoSecondFactor(_)
            | Self::NoSuchDocument(_) => ErrorCode::NotFound,
            Self::InTrash(_) => ErrorCode::InTrash,
            Self::Taken { .. }
            | Self::OperatorsEmail(_)
            | Self::DocumentExists(_)
            | Self::KeyNameTaken(_) => ErrorCode::Taken,
            Self::Changed(_)
            | Self::DocumentChanged(_)
            | Self::OperatorsChanged
            | Self::DoneByAnother { .. } => ErrorCode::Changed,
            Self::Busy { .. } => ErrorCode::Busy,
            Self::LastOwner { .. }
            | Self::OnlyOwner { .. }
            | Self::LastManager(_)
            | Self::FirstIsManager
            | Self::NoOperators
            | Self::TooManyKeys => ErrorCode::NotPossible,
            Self::WrongLogin => ErrorCode::WrongLogin,
            Self::CodeRequired => ErrorCode::CodeRequired,
            Self::WrongCode | Self::WrongAuthenticationCode | Self::WrongFirstCode => {
                ErrorCode::WrongCode
            }
            Self::Waiting(_) => ErrorCode::TooManyAttempts,
            Self::NotAllowed(refusal) => refusal.code(),
            Self::NoOwner(_) | Self::OwnSecondFactor | Self::OperatorsOwnPassword(_) => {
                ErrorCode::NotAllowed
            }
            Self::FactorUnreadable(_) => ErrorCode::SecondFactorUnreadable,
            Self::ReadOnly(_) => ErrorCode::ReadOnly,
            Self::Overloaded => ErrorCode::Overloaded,
            Self::NoMail => ErrorCode::NoMail,
            Self::Unmailed { .. } => ErrorCode::NotMailed,
            Self::OutcomeUnknown { .. } => ErrorCode::OutcomeUnknown,
            Self::Machine(_) | Self::Unwritten { .. } => ErrorCode::Failed,
            Self::Store(error) => error.code(),
        }
    }
}

impl Refusal {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoSession(_) | Self::NoLogin(_) | Self::OperatorsRequired => {
                ErrorCode::LoginRequired
            }
            Self::NotRecent => ErrorCode::RecentLoginRequired,
            Self::OperatorChanged
            | Self::AdminChanged
            | Self::Expired
            | Self::Foreign
            | Self::LoggedOut
            | Self::UsedAgain => ErrorCode::SessionEnded,
            Self::KeyNotValid | Self::KeyExpired(_) => ErrorCode::KeyNotValid,
            Self::ManagersOnly
            | Self::OperatorsOnly
            | Self::NotWithKey
            | Self::Role { .. }
            | Self::Trashed(_)
            | Self::OwnersOnly(_)
            | Self::OwnPassword(_)
            | Self::OtherOrganization { .. } => ErrorCode::NotAllowed,
            Self::SecondFactorRequired => ErrorCode::SecondFactorRequired,
            Self::Disabled | Self::Suspended(_) => ErrorCode::Disabled,
        }
    }
}

impl StoreError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Taken { .. } | Self::OperatorsEmail | Self::DocumentExists => ErrorCode::Taken,
            Self::Changed | Self::DocumentChanged | Self::DoneByAnother => ErrorCode::Changed,
            Self::Gone | Self::DocumentGone => ErrorCode::NotFound,
            Self::Busy { .. }
            | Self::TakenBack(_)
            | Self::TakenOver
            | Self::HeldBack(_)
            | Self::InTheWay { .. } => ErrorCode::Busy,
            Self::OutcomeUnknown(_) => ErrorCode::OutcomeUnknown,
            Self::Unreachable { .. } => ErrorCode::Unreachable,
            Self::NeedsUpgrade => ErrorCode::NeedsUpgrade,
            Self::Refused { .. } => ErrorCode::DatabaseRefused,
            Self::Misconfigured { .. } => ErrorCode::Misconfigured,
            Self::Damaged { .. } | Self::Disk { .. } | Self::Other(_) => ErrorCode::Failed,
        }
    }
}
