//! What is counted, for Prometheus.

use std::{sync::atomic::AtomicU64, time::Duration};

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::tenancy::{Error, HashQueue};

/// What a request is counted by: nothing that a client chose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoginResult {
    result: &'static str,
}

/// All that is counted.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Call, Counter>,
    durations: Family<Route, Histogram>,
    logins: Family<LoginResult, Counter>,
    under_way: Gauge,
    hashing: Gauge<u64, AtomicU64>,
    waiting: Gauge<u64, AtomicU64>,
}

/// A request that is under way, also where its client goes before it is answered.
pub(super) struct UnderWay(Gauge);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Seconds: from what a read takes to what a login waits for.
const BUCKETS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

impl Metrics {
    pub(super) fn new() -> Self {
        let requests = Family::default();
        let durations =
            Family::<Route, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
        let (logins, under_way) = (Family::default(), Gauge::default());
        let (hashing, waiting) = (Gauge::default(), Gauge::default());
        let mut registry = Registry::with_prefix("tenantry");
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "How long requests took",
            durations.clone(),
        );
        registry.register("http_requests_in_flight", "Requests under way", under_way.clone());
        registry.register("logins", "Logins by result", logins.clone());
        registry.register("passwords_hashing", "Passwords being hashed", hashing.clone());
        registry.register("passwords_waiting", "Passwords waiting to be hashed", waiting.clone());
        Self { registry, requests, durations, logins, under_way, hashing, waiting }
    }

    /// A request has come; it is under way until what this gives is dropped.
    pub(super) fn begun(&self) -> UnderWay {
        self.under_way.inc();
        UnderWay(self.under_way.clone())
    }

    /// A request was answered.
    pub(super) fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let route = route.to_owned();
        self.durations.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Call { method, route, status }).inc();
    }

    /// A login ended.
    pub(super) fn login_ended(&self, ended: Result<(), &Error>) {
        let result = match ended {
            Ok(()) => "ok",
            Err(Error::Waiting(_)) => "throttled",
            Err(Error::Overloaded) => "overloaded",
            Err(error) if error.is_wrong_login() => "wrong",
            Err(_) => "failed",
        };
        self.logins.get_or_create(&LoginResult { result }).inc();
    }

    /// All of it, in the text format of `OpenMetrics`.
    pub(super) fn text(&self, queue: HashQueue) -> Response {
        self.hashing.set(queue.running);
        self.waiting.set(queue.waiting);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        ([(header::CONTENT_TYPE, kind)], text).into_response()
    }
}
