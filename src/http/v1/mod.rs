//! The API of our own, below `/v1`. Everything needs a login or an API key, but logging in and one-time codes.
//!
//! Errors follow RFC 9457: `detail` says what happened, `help` what to do.

mod account;
mod admins;
mod archives;
mod audit;
mod documents;
mod etag;
mod figures;
mod input;
mod keys;
mod once;
mod operators;
mod organizations;
mod sessions;

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    body::{Body, HttpBody as _, to_bytes},
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use bson::oid::ObjectId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde::Serialize;
use utoipa::{ToSchema, openapi::OpenApi};
use utoipa_axum::router::OpenApiRouter;

use self::once::NewId;
use super::{
    Service, answer,
    client::bearer,
    openapi,
    problem::{self, Problem, SOON},
};
use crate::{
    org::{Field, Org},
    store::Required,
    tenancy::{Error, ErrorCode, Tenancy},
};

/// What is not written as it is in the path of an address.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What RFC 9457 calls its content.
pub(super) const PROBLEM: &str = "application/problem+json";

pub(super) use archives::{sends_archive, takes_archive};
pub(super) use documents::takes_document;

/// The calls, and their part of the OpenAPI document.
pub(super) fn routes(service: &Arc<Service>) -> (Router<Arc<Service>>, OpenApi) {
    let done_once = middleware::from_fn_with_state(Arc::clone(service), once::once);
    let changing = OpenApiRouter::new()
        .merge(organizations::routes(service))
        .merge(admins::routes())
        .merge(documents::routes())
        .merge(operators::routes())
        .merge(keys::routes())
        .layer(done_once);
    let (router, document) = OpenApiRouter::new()
        .merge(sessions::routes(service))
        .merge(account::routes(service))
        .merge(changing)
        .merge(audit::routes())
        .merge(figures::routes())
        .merge(archives::routes())
        .split_for_parts();
    let bodiless = Arc::new(openapi::bodiless(&document));
    let router = router
        .method_not_allowed_fallback(not_allowed)
        .route_layer(middleware::from_fn_with_state(bodiless, without_body))
        .route_layer(middleware::from_fn(as_problem));
    (router, document)
}

/// Answers a call with another method than it has; which ones it has is in `Allow`.
async fn not_allowed() -> Refused {
    let help = "use one of the methods in Allow";
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, "this call has other methods", help)
}

/// Refuses a body where the call takes none, unless it says nothing: what is in it would not be done.
async fn without_body(
    State(bodiless): State<Arc<BTreeSet<(Method, String)>>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let call = (request.method().clone(), path.unwrap_or_default());
    if !bodiless.contains(&call) || request.body().is_end_stream() {
        return next.run(request).await;
    }
    // It is in memory already.
    let (parts, body) = request.into_parts();
    let sent = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if sent.trim_ascii() != b"{}" {
        let help = "send its parameters in the address, and nothing else";
        return Refused::unclear("this call takes no body", help).into_response();
    }
    next.run(Request::from_parts(parts, Body::empty())).await
}

/// What is no call below /v1.
pub(super) fn no_call() -> Response {
    let help = "see /docs for all calls";
    Refused::new(StatusCode::NOT_FOUND, "there is no such call", help).into_response()
}

/// Calls a problem one, for clients that know the word: others read the same body as plain JSON.
async fn as_problem(request: Request, next: Next) -> Response {
    let accepted = request.headers().get_all(header::ACCEPT).iter();
    let knows = accepted.filter_map(|text| text.to_str().ok()).any(|text| text.contains(PROBLEM));
    let mut response = next.run(request).await;
    let is_problem = response.status().is_client_error() || response.status().is_server_error();
    if knows && is_problem {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    }
    response
}

/// Why a call was not done.
struct Refused(Box<Problem>);

impl Refused {
    /// For a reason of HTTP's own.
    fn new(status: StatusCode, what: &str, help: &'static str) -> Self {
        Self(Box::new(Problem {
            status,
            code: problem::code(status),
            what: what.to_owned(),
            help,
            invalid: None,
            retry_after: None,
            asks_for_login: status == StatusCode::UNAUTHORIZED,
        }))
    }

    /// The request is invalid.
    fn unclear(what: &str, help: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, what, help)
    }

    /// As many of these are under way as there may be.
    fn busy(what: &str) -> Self {
        let help = "try again in a few seconds";
        let mut refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, what, help);
        refused.0.retry_after = Some(SOON);
        refused
    }

    /// No such organization is there for this caller.
    fn not_found() -> Self {
        let help = "check the id in the list of organizations";
        Self::new(StatusCode::NOT_FOUND, "no organization has this id", help)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(Box::new(error.into()))
    }
}

/// Why a call was not done, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemFields<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    /// What kind of error it is.
    code: ErrorCode,
    /// What happened.
    detail: &'a str,
    /// What to do.
    #[serde(skip_serializing_if = "str::is_empty")]
    help: &'a str,
    /// The field of the body that is not as it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Problem { status, code, what, help, invalid, retry_after, asks_for_login } = *self.0;
        let field = invalid.map(|field| match field {
            Field::Name => "organization_name",
            Field::Email => "email",
            Field::Password => "password",
            Field::Code => "code",
            Field::Reason => "reason",
        });
        let title = status.canonical_reason().unwrap_or_default();
        let fields = ProblemFields {
            r#type: "about:blank",
            title,
            status: status.as_u16(),
            code,
            detail: &what,
            help,
            field,
        };
        let mut response = answer::json(status, &fields);
        let headers = response.headers_mut();
        if let Some(left) = retry_after {
            let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if asks_for_login {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

type Answered = Result<Response, Refused>;

/// The operations on behalf of the session or the API key of a request.
struct Called {
    tenancy: Tenancy,
    headers: HeaderMap,
    /// The id of what it creates, where that may have been created by an earlier call with the same `Idempotency-Key`.
    interrupted: Option<ObjectId>,
}

impl FromRequestParts<Arc<Service>> for Called {
    type Rejection = Refused;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Refused> {
        if bearer(&parts.headers).is_none() {
            let what = "this requires a login or an API key";
            let help = "send the token of POST /v1/login, or a key, as Authorization: Bearer …";
            return Err(Refused::new(StatusCode::UNAUTHORIZED, what, help));
        }
        let mut tenancy = service.tenancy_of(parts, Required::Everything).await?;
        let new = parts.extensions.get::<NewId>();
        if let Some(new) = new {
            tenancy = tenancy.creating(new.id);
        }
        let interrupted = new.filter(|new| new.again).map(|new| new.id);
        Ok(Self { tenancy, headers: parts.headers.clone(), interrupted })
    }
}

/// What tells one state of an organization from another.
fn etag(org: &Org) -> String {
    format!("\"{}\"", org.revision)
}

/// Refuses a change if `If-Match` names another state of the organization.
fn ensure_unchanged(headers: &HeaderMap, org: &Org) -> Result<(), Refused> {
    etag::ensure_match(headers, &etag(org), "the organization was changed since it was read")
}

/// Whether a request has a token or a key, valid or not.
pub(super) fn has_bearer(parts: &Parts) -> bool {
    bearer(&parts.headers).is_some()
}

/// The answer to a request for which there is no room.
pub(super) fn busy() -> Response {
    Refused::busy("too many requests at once").into_response()
}

/// The answer to a request that is refused before its call is reached.
pub(super) fn refused(error: Error) -> Response {
    Refused::from(error).into_response()
}
