//! What the service says: a line for each request on standard error, with no secret and no text that a client chose.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode},
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

/// Says and counts what became of a request, and gives it an id. What goes on without its client is said at its end.
pub(super) async fn request(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
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
    let path = request.extensions().get::<MatchedPath>();
    let route = path.map_or(UNMATCHED, |path| path.as_str()).to_owned();
    let client = service.address(request.headers(), request.extensions());
    let under_way = service.metrics.begun();
    let state = Mutex::new(Progress::Waiting);
    let line = Arc::new(Line { id, method, route, client, began, service, state });
    request.extensions_mut().insert(Arc::clone(&line));
    // Dropped before the answer is there, where the client is gone.
    let waits = Waits(Arc::clone(&line));
    let mut response = next.run(request).await;
    line.answered(response.status());
    drop((waits, under_way));
    if let Ok(id) = HeaderValue::from_str(&line.id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// What the log says of a request whose client was gone before anything was done.
const CLIENT_GONE: u16 = 499;

/// A request, and whether its line is written.
pub(super) struct Line {
    id: String,
    method: &'static str,
    route: String,
    client: Option<IpAddr>,
    began: Instant,
    service: Arc<Service>,
    state: Mutex<Progress>,
}

/// How far a request is.
#[derive(Clone, Copy)]
enum Progress {
    /// Its client waits, and nothing is done yet.
    Waiting,
    /// Its client waits while it is worked on.
    UnderWay,
    /// Its client is gone, and it is worked on to its end.
    Gone,
    /// It came to this, and its client waits for the answer.
    Done(u16),
    /// The line is written.
    Written,
}

impl Line {
    fn change(&self, next: impl FnOnce(Progress) -> (Progress, Option<(u16, bool)>)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (after, said) = next(*state);
        *state = after;
        if let Some((status, gone)) = said {
            self.write(status, gone);
        }
    }

    /// It is worked on from now on, also if its client goes.
    pub(super) fn begun(&self) {
        self.change(|state| match state {
            Progress::Waiting => (Progress::UnderWay, None),
            state @ (Progress::UnderWay
            | Progress::Gone
            | Progress::Done(_)
            | Progress::Written) => (state, None),
        });
    }

    /// The work is finished, with this status. It is logged here if the client is gone.
    pub(super) fn done(&self, status: StatusCode) {
        let status = status.as_u16();
        self.change(|state| match state {
            Progress::Gone => (Progress::Written, Some((status, true))),
            Progress::Waiting | Progress::UnderWay | Progress::Done(_) => {
                (Progress::Done(status), None)
            }
            Progress::Written => (Progress::Written, None),
        });
    }

    /// The client is answered with this.
    fn answered(&self, status: StatusCode) {
        self.change(|_| (Progress::Written, Some((status.as_u16(), false))));
    }

    /// The client is gone, unless it was answered.
    fn left(&self) {
        self.change(|state| match state {
            Progress::Waiting => (Progress::Written, Some((CLIENT_GONE, true))),
            Progress::UnderWay => (Progress::Gone, None),
            Progress::Done(status) => (Progress::Written, Some((status, true))),
            state @ (Progress::Gone | Progress::Written) => (state, None),
        });
    }

    fn write(&self, status: u16, gone: bool) {
        let Self { id, method, route, client, began, service, .. } = self;
        service.metrics.answered(method, route, status, began.elapsed());
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        info!(
            target: TARGET,
            request = id, method, path = route, status, millis,
            client = client.map(tracing::field::display), gone = gone.then_some(true), "request"
        );
    }
}

/// Notes that the client is gone, if it is dropped before the answer.
struct Waits(Arc<Line>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.left();
    }
}
