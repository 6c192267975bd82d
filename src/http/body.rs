//! How much of a request's body is read: 64 KiB from an unknown client, and a whole document from one with a valid session
//! or API key if the call takes a document. A call that takes an archive reads it itself.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::MatchedPath,
    http::{StatusCode, header, request::Parts},
    response::Response,
};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{Service, answer, v1};
use crate::{store::Required, tenancy};

/// The most bytes of a body. It is kept in memory before anything is known of its client.
pub(super) const MOST_BYTES: usize = 64 * 1024;
/// The most bytes of a body that is a document: the largest, and a little for what it is written with.
const DOCUMENT_MOST_BYTES: usize = 17 * 1024 * 1024;
/// How many bodies of documents of more than [`MOST_BYTES`] are in memory at once: each of them several times.
pub(super) const DOCUMENTS_AT_ONCE: usize = 2;
/// How many archives are sent and read at once.
pub(super) const ARCHIVES_AT_ONCE: usize = 4;
/// How long a request may take once it is there.
const WORK: Duration = Duration::from_mins(1);
/// How long a client may take to send a request's body.
const BODY: Duration = Duration::from_secs(20);
/// The same of a large one.
const LARGE_BODY: Duration = Duration::from_mins(1);

/// How a request is read and answered.
pub(super) struct Room {
    /// The most bytes of its body, and how long that may take to come; none where the call reads it piece by piece.
    pub(super) whole: Option<(usize, Duration)>,
    /// How long it may take once it is there; none where that is as long as an organization takes.
    pub(super) work: Option<Duration>,
    /// Kept until the request is answered.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// The room of every request.
    const USUAL: Self = Self { whole: Some((MOST_BYTES, BODY)), work: Some(WORK), place: None };
}

impl Service {
    /// How a request is read and answered.
    ///
    /// # Errors
    /// The answer that refuses a large body: because the session or key is not valid, or because there is no room.
    pub(super) async fn room(self: &Arc<Self>, parts: &Parts) -> Result<Room, Box<Response>> {
        let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        let length = parts.headers.get(header::CONTENT_LENGTH);
        let length: Option<usize> = length.and_then(|text| text.to_str().ok()?.parse().ok());
        let (is_archive, is_document) =
            (path.is_some_and(v1::takes_archive), path.is_some_and(v1::takes_document));
        if path.is_some_and(v1::sends_archive) {
            return Ok(Room { work: None, ..Room::USUAL });
        }
        if is_archive && v1::has_bearer(parts) {
            self.known(parts).await?;
            return Ok(Room { whole: None, work: None, place: None });
        }
        let Some(length) = length.filter(|length| *length > MOST_BYTES) else {
            return Ok(Room::USUAL);
        };
        if !is_document || !v1::has_bearer(parts) {
            return Err(Box::new(too_large(MOST_BYTES)));
        }
        self.known(parts).await?;
        if length > DOCUMENT_MOST_BYTES {
            return Err(Box::new(too_large(DOCUMENT_MOST_BYTES)));
        }
        let waits = Arc::clone(&self.documents).acquire_owned();
        match timeout(BODY, waits).await {
            Ok(Ok(place)) => {
                let whole = Some((DOCUMENT_MOST_BYTES, LARGE_BODY));
                Ok(Room { whole, place: Some(place), ..Room::USUAL })
            }
            Ok(Err(_)) | Err(_) => Err(Box::new(v1::busy())),
        }
    }

    /// Refuses a client without a valid session or key before its body is read.
    async fn known(self: &Arc<Self>, parts: &Parts) -> Result<(), Box<Response>> {
        let overloaded = |_| Box::new(v1::busy());
        let _place = self.places.try_acquire().map_err(overloaded)?;
        let (service, parts) = (Arc::clone(self), parts.clone());
        // On its own, as everything that asks the database: see `server::whole`.
        let asked = tokio::spawn(async move {
            service.tenancy_of(&parts, Required::Everything).await.map(drop)
        });
        let asked = asked.await.map_err(|error| tenancy::Error::Machine(error.to_string()));
        asked.and_then(|known| known).map_err(|error| Box::new(v1::refused(error)))
    }
}

/// The answer to a body of more than so many bytes.
pub(super) fn too_large(most: usize) -> Response {
    let most = if most == MOST_BYTES { "64 KiB" } else { "17 MB" };
    let detail = format!("the body is too large: send at most {most}");
    answer::refused(StatusCode::PAYLOAD_TOO_LARGE, &detail)
}
