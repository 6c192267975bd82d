//! What the service says: a line for each request on standard error, with no secret and no text that a client chose.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use bson::oid::ObjectId;
use tracing::{Level, info, warn};
use tracing_subscriber::{Layer, filter, layer::SubscriberExt, util::SubscriberInitExt};

use super::Service;
use crate::{
    config::LogForm,
    org::escaped,
    store::{Place, PlaceKind},
    tenancy::DemoAdmin,
};

/// Lines of this program only: what others log may have anything in it.
const TARGET: &str = "tenantry";

/// From now on events are written.
pub(super) fn start(form: LogForm) {
    let own = filter::Targets::new().with_target(TARGET, Level::INFO);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let registry = tracing_subscriber::registry();
    // There is one already in a test.
    let _ = match form {
        LogForm::Json => {
            registry.with(lines.json().flatten_event(true).with_filter(own)).try_init()
        }
        LogForm::Text => registry.with(lines.with_ansi(false).with_filter(own)).try_init(),
    };
}

/// Where it listens, and on which database.
pub(super) fn listening(at: SocketAddr, tls: bool, place: &Place) {
    let scheme = if tls { "https" } else { "http" };
    let kind = match place.kind {
        PlaceKind::Mongo => "mongodb",
        PlaceKind::Embedded => "embedded",
        PlaceKind::Demo => "demo",
    };
    info!(
        target: TARGET, url = %format_args!("{scheme}://{at}"), kind, address = %escaped(&place.address),
        database = %escaped(&place.database), "listening"
    );
}

/// Whose login the sample organizations have: a temporary database has nothing to protect.
pub(super) fn demo(admin: &DemoAdmin) {
    info!(
        target: TARGET,
        organization = %admin.organization, email = %admin.email, password = %admin.password,
        "sample organizations"
    );
}

/// The certificate was read again, or could not be.
pub(super) fn reloaded(result: &std::io::Result<()>) {
    match result {
        Ok(()) => info!(target: TARGET, "certificate reloaded"),
        Err(error) => {
            warn!(target: TARGET, %error, "cannot reload the certificate; the last one stays");
        }
    }
}

/// No new request is taken.
pub(super) fn draining() {
    info!(target: TARGET, "draining");
}

/// All is over.
pub(super) fn ended() {
    info!(target: TARGET, "ended");
}

/// The path of requests that no call answers.
const UNMATCHED: &str = "-";

/// Says and counts what became of a request, and gives it an id.
pub(super) async fn request(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let (began, _under_way) = (Instant::now(), service.metrics.begun());
    let id = ObjectId::new().to_hex();
    let method = match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        // What else was sent is the client's text.
        _ => UNMATCHED,
    };
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let client = service.address(request.headers(), request.extensions());
    let mut response = next.run(request).await;
    let (route, status) = (path.as_deref().unwrap_or(UNMATCHED), response.status().as_u16());
    service.metrics.answered(method, route, status, began.elapsed());
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    info!(
        target: TARGET,
        request = id, method, path = route, status, millis,
        client = client.map(tracing::field::display), "request"
    );
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
