//! How much of a request's body is read: little of a client of whom nothing is known, and as much as a document has of
//! one with a valid session or API key, where the call takes a document.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::MatchedPath,
    http::{StatusCode, header, request::Parts},
    response::Response,
};
use serde_json::json;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{Service, answer, v1};
use crate::{store::Required, tenancy};

/// The most bytes of a body. It is kept in memory before anything is known of its client.
pub(super) const MOST_BYTES: usize = 64 * 1024;
/// The most bytes of a body that is a document: the largest, and a little for what it is written with.
const DOCUMENT_MOST_BYTES: usize = 17 * 1024 * 1024;
/// How many bodies of documents of more than [`MOST_BYTES`] are in memory at once: each of them several times.
pub(super) const DOCUMENTS_AT_ONCE: usize = 4;
/// How long a client may take to send a request's body.
const BODY: Duration = Duration::from_secs(20);
/// The same of a large one.
const LARGE_BODY: Duration = Duration::from_mins(1);

/// How much of a body is read, and for how long.
pub(super) struct Room {
    /// The most bytes.
    pub(super) most: usize,
    /// How long it may take.
    pub(super) time: Duration,
    /// Kept until the request is answered.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// The room of every request.
    const USUAL: Self = Self { most: MOST_BYTES, time: BODY, place: None };
}

impl Service {
    /// How much of the body of a request is read.
    ///
    /// # Errors
    /// The answer that refuses a large body of somebody whose session or key is not valid, or for whose there is no
    /// room.
    pub(super) async fn room(self: &Arc<Self>, parts: &Parts) -> Result<Room, Box<Response>> {
        let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        let length = parts.headers.get(header::CONTENT_LENGTH);
        let length: Option<usize> = length.and_then(|text| text.to_str().ok()?.parse().ok());
        let Some(length) = length.filter(|length| *length > MOST_BYTES) else {
            return Ok(Room::USUAL);
        };
        if !path.is_some_and(v1::takes_document) || !v1::has_bearer(parts) {
            return Err(Box::new(too_large(MOST_BYTES)));
        }
        let (service, known) = (Arc::clone(self), parts.clone());
        // On its own, as everything that asks the database: see `server::whole`.
        let asked = tokio::spawn(async move {
            service.tenancy_of(&known, Required::Everything).await.map(drop)
        });
        match asked.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Box::new(v1::refused(error))),
            Err(error) => {
                return Err(Box::new(v1::refused(tenancy::Error::Machine(error.to_string()))));
            }
        }
        if length > DOCUMENT_MOST_BYTES {
            return Err(Box::new(too_large(DOCUMENT_MOST_BYTES)));
        }
        let waits = Arc::clone(&self.documents).acquire_owned();
        match timeout(BODY, waits).await {
            Ok(Ok(place)) => {
                let most = DOCUMENT_MOST_BYTES;
                Ok(Room { most, time: LARGE_BODY, place: Some(place) })
            }
            Ok(Err(_)) | Err(_) => Err(Box::new(v1::refused(tenancy::Error::Overloaded))),
        }
    }
}

/// The answer to a body of more than so many bytes.
pub(super) fn too_large(most: usize) -> Response {
    let most = if most == MOST_BYTES { "64 KiB" } else { "17 MB" };
    let detail = format!("the body is too large: send at most {most}");
    answer::json(StatusCode::PAYLOAD_TOO_LARGE, &json!({ "detail": detail }))
}
