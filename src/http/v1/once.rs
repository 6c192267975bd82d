//! `Idempotency-Key`: a request that a client repeats since its answer was lost is done once, and answered again. What came
//! of it is kept in the database, without what was sent or answered: an organization is answered as it is now, and
//! one-time codes and API keys are shown once and never again.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bson::{Document, doc, oid::ObjectId};

use super::{Refused, Service, organizations};
use crate::{
    http::client::bearer,
    store::Required,
    tenancy::{Once, Tenancy},
};

/// The header a client gives such a request a name with.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The most bytes of a key.
const KEY_MOST_BYTES: usize = 255;
/// After how many seconds it is worth asking again what became of a request that is under way.
const UNDER_WAY: u32 = 2;

const STATUS: &str = "status";
const ORGANIZATION: &str = "organization";
const LOCATION: &str = "location";

/// What a call creates gets this id.
#[derive(Clone, Copy)]
pub(super) struct NewId {
    pub(super) id: ObjectId,
    /// Whether somebody may have created it already.
    pub(super) again: bool,
}

/// Of which organization an answer is.
#[derive(Clone, Copy)]
pub(super) struct Answers(pub(super) ObjectId);

/// Does a request with a key once.
pub(super) async fn once(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let changes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let is_known = bearer(request.headers()).is_some();
    if !request.headers().contains_key(KEY) || !changes.contains(request.method()) || !is_known {
        return next.run(request).await;
    }
    match do_once(&service, request, next).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn do_once(service: &Service, request: Request, next: Next) -> Result<Response, Refused> {
    let key = key(request.headers())?;
    let (mut parts, body) = request.into_parts();
    // It is in memory already, and no larger than it may be.
    let bytes = to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|_| {
        Refused::new(StatusCode::BAD_REQUEST, "the body cannot be read", "send all of it")
    })?;
    let tenancy = service.tenancy_of(&parts, Required::Everything).await?;
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let if_match = parts.headers.get(header::IF_MATCH).map_or(&b""[..], HeaderValue::as_bytes);
    let what = [parts.method.as_str().as_bytes(), target.as_bytes(), if_match, &bytes];
    let attempt = match tenancy.once(&key, &what).await? {
        Once::Do(attempt) => attempt,
        Once::Done(outcome) => return replay(&tenancy, &outcome).await,
        Once::UnderWay => {
            let what = "the same request is under way";
            let help = "send it again in a few seconds; where its instance was killed, in a minute";
            let mut response = Refused::new(StatusCode::CONFLICT, what, help).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, UNDER_WAY.into());
            return Ok(response);
        }
        Once::Differs => {
            let what = "this Idempotency-Key was used for another request";
            let help = "use a new key for each change, and the same one only to repeat it";
            return Err(Refused::unclear(what, help));
        }
    };
    parts.extensions.insert(NewId { id: attempt.id, again: attempt.again });
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    // What a server's error leaves behind is not known.
    let nothing_done = response.status().is_client_error();
    // If this cannot be written, the next request finds out.
    let _ = match outcome(&response) {
        Some(outcome) => tenancy.done(&attempt, outcome).await,
        None => tenancy.not_done(&attempt, nothing_done).await,
    };
    Ok(response)
}

/// The key, as it was given.
fn key(headers: &HeaderMap) -> Result<String, Refused> {
    let mut given = headers.get_all(KEY).iter();
    let key = given.next().and_then(|key| key.to_str().ok()).map(str::trim);
    match key {
        Some(key) if (1..=KEY_MOST_BYTES).contains(&key.len()) && given.next().is_none() => {
            Ok(key.to_owned())
        }
        Some(_) | None => {
            let what = "the Idempotency-Key cannot be used";
            let help = "send one, of 1 to 255 characters of ASCII: a random UUID, for example";
            Err(Refused::new(StatusCode::BAD_REQUEST, what, help))
        }
    }
}

/// What is kept of an answer: nothing where nothing was done, or may have been.
fn outcome(response: &Response) -> Option<Document> {
    let status = response.status();
    if !status.is_success() {
        return None;
    }
    let mut outcome = doc! { STATUS: i32::from(status.as_u16()) };
    if let Some(Answers(id)) = response.extensions().get() {
        outcome.insert(ORGANIZATION, *id);
    }
    let location = response.headers().get(header::LOCATION);
    if let Some(location) = location.and_then(|location| location.to_str().ok()) {
        outcome.insert(LOCATION, location);
    }
    Some(outcome)
}

/// Answers what was answered before.
async fn replay(tenancy: &Tenancy, outcome: &Document) -> Result<Response, Refused> {
    let status = outcome.get_i32(STATUS).ok().and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::OK);
    let org = match outcome.get_object_id(ORGANIZATION) {
        Ok(id) => tenancy.org(id).await?,
        Err(_) => None,
    };
    let mut response =
        org.map_or_else(|| status.into_response(), |org| organizations::answered(status, &org));
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    let location = outcome.get_str(LOCATION).ok();
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(location).ok()) {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}
