//! What [`Tenancy`](crate::tenancy::Tenancy) refuses, as a status with words: what happened, and what to do.

use std::time::Duration;

use axum::http::StatusCode;

use crate::{
    org::Field,
    store::StoreError,
    tenancy::{Error, Refusal},
};

/// Why a call was not done.
#[derive(Debug)]
pub(super) struct Problem {
    /// The status it is answered with.
    pub(super) status: StatusCode,
    /// What happened.
    pub(super) what: String,
    /// What to do; empty where there is nothing to say.
    pub(super) help: &'static str,
    /// The input it is about, where it is about one that is not as it must be.
    pub(super) invalid: Option<Field>,
    /// When it may be tried again.
    pub(super) retry_after: Option<Duration>,
    /// Whether another login, or any, would do.
    pub(super) asks_for_login: bool,
}

/// How long a client waits where the service has too much to do.
pub(super) const SOON: Duration = Duration::from_secs(2);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = status(&error);
        let invalid = error.field().filter(|_| status == StatusCode::UNPROCESSABLE_ENTITY);
        let retry_after = if let Error::Waiting(left) = error {
            Some(left)
        } else {
            (status == StatusCode::SERVICE_UNAVAILABLE).then_some(SOON)
        };
        let asks_for_login =
            status == StatusCode::UNAUTHORIZED && matches!(error, Error::NotAllowed(_));
        Self {
            status,
            what: error.to_string(),
            help: error.help(),
            invalid,
            retry_after,
            asks_for_login,
        }
    }
}

/// The status of an error.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::Invalid(_)
        | Error::InvalidDocument(_)
        | Error::NotImported { .. }
        | Error::CannotSort(_)
        | Error::NotConfirmed
        | Error::ReasonRequired
        | Error::OneAtATime => StatusCode::UNPROCESSABLE_ENTITY,
        Error::NotFound { .. }
        | Error::Gone(_)
        | Error::InTrash(_)
        | Error::NotInTrash(_)
        | Error::NoSuchAdmin { .. }
        | Error::NoSuchOperator(_)
        | Error::NoSuchKey(_)
        | Error::NoSecondFactor(_)
        | Error::NoSuchDocument(_) => StatusCode::NOT_FOUND,
        Error::Taken { .. }
        | Error::OperatorsEmail(_)
        | Error::DocumentExists(_)
        | Error::DocumentChanged(_)
        | Error::Changed(_)
        | Error::OperatorsChanged
        | Error::KeyNameTaken(_)
        | Error::TooManyKeys
        | Error::AmbiguousKey(_)
        | Error::Ambiguous { .. }
        | Error::FirstIsManager
        | Error::NoOperators
        | Error::LastManager(_)
        | Error::LastOwner { .. }
        | Error::OnlyOwner { .. }
        | Error::Busy { .. }
        | Error::DoneByAnother { .. } => StatusCode::CONFLICT,
        Error::WrongLogin
        | Error::WrongCode
        | Error::CodeRequired
        | Error::WrongAuthenticationCode
        | Error::WrongFirstCode => StatusCode::UNAUTHORIZED,
        Error::Waiting(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::Overloaded | Error::ReadOnly(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::NotAllowed(refusal) => refused(refusal),
        Error::NoOwner(_)
        | Error::OwnSecondFactor
        | Error::OperatorsOwnPassword(_)
        | Error::FactorUnreadable(_) => StatusCode::FORBIDDEN,
        Error::Machine(_) | Error::Unwritten { .. } | Error::Unmailed { .. } => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        Error::NoMail => StatusCode::NOT_IMPLEMENTED,
        // Whether it was done is not known: repeating it is no harmless thing.
        Error::OutcomeUnknown { .. } => StatusCode::GATEWAY_TIMEOUT,
        Error::Store(error) => of_store(error),
    }
}

fn refused(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NoSession(_)
        | Refusal::NoLogin(_)
        | Refusal::OperatorsRequired
        | Refusal::OperatorChanged
        | Refusal::NotRecent
        | Refusal::Expired
        | Refusal::Foreign
        | Refusal::LoggedOut
        | Refusal::UsedAgain
        | Refusal::KeyNotValid
        | Refusal::KeyExpired(_)
        | Refusal::AdminChanged => StatusCode::UNAUTHORIZED,
        Refusal::ManagersOnly
        | Refusal::OperatorsOnly
        | Refusal::NotWithKey
        | Refusal::Role { .. }
        | Refusal::SecondFactorRequired
        | Refusal::Disabled
        | Refusal::Suspended(_)
        | Refusal::Trashed(_)
        | Refusal::OwnersOnly(_)
        | Refusal::OwnPassword(_)
        | Refusal::OtherOrganization { .. } => StatusCode::FORBIDDEN,
    }
}

fn of_store(error: &StoreError) -> StatusCode {
    match error {
        StoreError::Taken { .. }
        | StoreError::OperatorsEmail
        | StoreError::Changed
        | StoreError::DocumentChanged
        | StoreError::DocumentExists
        | StoreError::Busy { .. }
        | StoreError::TakenBack(_)
        | StoreError::TakenOver
        | StoreError::DoneByAnother
        | StoreError::HeldBack(_)
        | StoreError::InTheWay { .. } => StatusCode::CONFLICT,
        StoreError::Gone | StoreError::DocumentGone => StatusCode::NOT_FOUND,
        StoreError::OutcomeUnknown(_) => StatusCode::GATEWAY_TIMEOUT,
        StoreError::Unreachable { .. }
        | StoreError::NeedsUpgrade
        | StoreError::Refused { .. }
        | StoreError::Misconfigured { .. } => StatusCode::SERVICE_UNAVAILABLE,
        StoreError::Damaged { .. } | StoreError::Disk { .. } | StoreError::Other(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}
