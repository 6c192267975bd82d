//! What those who run the service ask it.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use serde_json::json;

use super::{Service, answer};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// Whether the process answers.
async fn alive() -> Response {
    answer::json(StatusCode::OK, &json!({ "status": "ok" }))
}

/// Whether everything can be done: the database is reachable, upgraded and not read-only, and open calls are not
/// refused by it.
async fn ready(State(service): State<Arc<Service>>) -> Response {
    let problems = service.problems().await;
    if problems.is_empty() {
        return answer::json(StatusCode::OK, &json!({ "status": "ready" }));
    }
    let body = json!({ "status": "not ready", "problems": problems });
    answer::json(StatusCode::SERVICE_UNAVAILABLE, &body)
}

/// What was counted, for Prometheus.
async fn metrics(State(service): State<Arc<Service>>) -> Response {
    service.metrics.text(service.tenancy.hash_queue())
}

impl Service {
    /// Why not everything can be done.
    async fn problems(&self) -> Vec<String> {
        let tenancy = &self.tenancy;
        let mut problems = Vec::new();
        if let Some(because) = tenancy.read_only() {
            problems.push(because.to_owned());
        }
        match tenancy.required().await {
            Err(error) => return vec![format!("{error}; {}", error.help())],
            Ok((required, _)) => {
                let closed = required > crate::store::Required::Nothing && self.key.is_none();
                if closed && !self.settings.open.is_empty() {
                    problems.push(
                        "this database requires operators to log in, so calls without a login are refused; set \
                         key_file below [serve], or open = []"
                            .to_owned(),
                    );
                }
            }
        }
        if let Err(error) = tenancy.ensure_upgraded().await {
            problems.push(format!("{error}; {}", error.help()));
        }
        problems
    }
}
