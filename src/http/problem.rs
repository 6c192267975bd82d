//! What [`Tenancy`](crate::tenancy::Tenancy) refuses, as a status with words: what happened, and what to do.

use std::time::Duration;

use axum::http::StatusCode;

use crate::{
    org::Field,
    tenancy::{Error, ErrorCode},
};

/// Why a call was not done.
#[derive(Debug)]
pub(super) struct Problem {
    /// The status it is answered with.
    pub(super) status: StatusCode,
    /// What kind of error it is.
    pub(super) code: ErrorCode,
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
        let code = error.code();
        let status = status(code);
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
            code,
            what: error.to_string(),
            help: error.help(),
            invalid,
            retry_after,
            asks_for_login,
        }
    }
}

/// The status of an error of this kind.
fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Invalid | ErrorCode::NotConfirmed => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::NotFound | ErrorCode::InTrash => StatusCode::NOT_FOUND,
        ErrorCode::Taken
        | ErrorCode::Changed
        | ErrorCode::Ambiguous
        | ErrorCode::Busy
        | ErrorCode::NotPossible => StatusCode::CONFLICT,
        ErrorCode::WrongLogin
        | ErrorCode::CodeRequired
        | ErrorCode::WrongCode
        | ErrorCode::LoginRequired
        | ErrorCode::RecentLoginRequired
        | ErrorCode::SessionEnded
        | ErrorCode::KeyNotValid => StatusCode::UNAUTHORIZED,
        ErrorCode::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::NotAllowed
        | ErrorCode::SecondFactorRequired
        | ErrorCode::SecondFactorUnreadable
        | ErrorCode::Disabled => StatusCode::FORBIDDEN,
        ErrorCode::ReadOnly
        | ErrorCode::Overloaded
        | ErrorCode::Unreachable
        | ErrorCode::DatabaseRefused
        | ErrorCode::Misconfigured
        | ErrorCode::NeedsUpgrade => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::NoMail => StatusCode::NOT_IMPLEMENTED,
        // Whether it was done is not known: repeating it is no harmless thing.
        ErrorCode::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::NotMailed | ErrorCode::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The kind of error of a refusal of HTTP's own, which has a status and nothing else.
pub(super) fn code(status: StatusCode) -> ErrorCode {
    match status {
        StatusCode::UNAUTHORIZED => ErrorCode::LoginRequired,
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::CONFLICT => ErrorCode::Busy,
        StatusCode::PRECONDITION_FAILED => ErrorCode::Changed,
        StatusCode::TOO_MANY_REQUESTS => ErrorCode::TooManyAttempts,
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::Overloaded,
        StatusCode::GATEWAY_TIMEOUT => ErrorCode::OutcomeUnknown,
        other if other.is_client_error() => ErrorCode::Invalid,
        _ => ErrorCode::Failed,
    }
}
