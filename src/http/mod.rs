//! The operations for programs, over HTTP.
//!
//! A request passes `server` (connections, TLS, limits of size and time), then the router, which finds its call: those
//! of the FastAPI service are in `fastapi`, our own in `v1`. A call reads its input, identifies the client as a
//! [`crate::tenancy::Caller`] (`client`), and calls [`Tenancy`]: no rule is here. `problem` maps its errors to
//! statuses, `openapi` describes the calls.

mod answer;
mod body;
mod client;
mod fastapi;
mod health;
mod limits;
mod log;
mod metrics;
mod openapi;
mod problem;
mod redeem;
mod server;
mod v1;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
};
use tokio::sync::Semaphore;
use tower_http::cors::{AllowOrigin, CorsLayer};

use self::{limits::AddressLimits, metrics::Metrics};

use crate::{
    config::{self, ServeSettings, Settings},
    org::Secret,
    store::Target,
    tenancy::{self, Tenancy},
};

/// Why the service did not run, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Sessions would end with each restart, and other instances would refuse them.
    #[error("SECRET_KEY is not set")]
    NoSecretKey,
    /// The database cannot be opened.
    #[error(transparent)]
    Tenancy(#[from] tenancy::Error),
    /// A file that was named cannot be used.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {at}: {why}")]
    Listen {
        /// The address.
        at: SocketAddr,
        /// Why not.
        why: io::Error,
    },
    /// The machine refused.
    #[error("the service failed: {0}")]
    Machine(#[from] io::Error),
}

impl Error {
    /// What the person can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoSecretKey => {
                "generate one with `openssl rand -hex 32`, and keep it in the environment"
            }
            Self::Tenancy(error) => error.help(),
            Self::Config(error) => error.help(),
            Self::Listen { .. } => {
                "choose another address with --listen, or stop what uses this one"
            }
            Self::Machine(_) => "start it again",
        }
    }

    /// The code the process ends with: 2 for what was set wrong, 7 where the database is unreachable, otherwise 1.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::NoSecretKey | Self::Config(_) => 2,
            Self::Tenancy(tenancy::Error::Store(crate::store::StoreError::Unreachable {
                ..
            })) => 7,
            Self::Tenancy(_) | Self::Listen { .. } | Self::Machine(_) => 1,
        }
    }
}

/// What all calls share.
pub struct Service {
    tenancy: Tenancy,
    settings: ServeSettings,
    read_only: bool,
    /// The key that open calls are made with where the database requires operators.
    key: Option<Secret>,
    limits: AddressLimits,
    metrics: Metrics,
    /// Those of the requests that are worked on.
    places: Arc<Semaphore>,
    /// Those of them that have a large document.
    documents: Arc<Semaphore>,
    /// Those of them that are about an archive.
    archives: Arc<Semaphore>,
    /// That of the one that goes through the whole database.
    whole: Semaphore,
}

impl Service {
    /// A service over what was opened.
    #[must_use]
    pub fn new(
        tenancy: Tenancy,
        settings: ServeSettings,
        read_only: bool,
        key: Option<Secret>,
    ) -> Self {
        let limits = AddressLimits::new(settings.limits);
        let (metrics, places) = (Metrics::new(), Arc::new(Semaphore::new(server::AT_ONCE)));
        let documents = Arc::new(Semaphore::new(body::DOCUMENTS_AT_ONCE));
        let archives = Arc::new(Semaphore::new(body::ARCHIVES_AT_ONCE));
        let whole = Semaphore::new(1);
        Self {
            tenancy,
            settings,
            read_only,
            key,
            limits,
            metrics,
            places,
            documents,
            archives,
            whole,
        }
    }

    /// All calls.
    pub fn router(self: &Arc<Self>) -> Router {
        let (v1, described) = v1::routes(self);
        let router = fastapi::routes(self)
            .merge(health::routes())
            .merge(redeem::routes())
            .merge(v1)
            .merge(openapi::routes(described))
            .fallback(fastapi::not_found)
            .layer(middleware::from_fn_with_state(Arc::clone(self), server::whole))
            .layer(middleware::from_fn_with_state(Arc::clone(self), log::request))
            .with_state(Arc::clone(self));
        // Outermost: without its headers, a page cannot read why a request was refused.
        match cors(&self.settings.cors) {
            Some(cors) => router.layer(cors),
            None => router,
        }
    }
}

/// What pages of these origins may do; none without any.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<_> = origins.iter().flat_map(|origin| HeaderValue::from_str(origin)).collect();
    if origins.is_empty() {
        return None;
    }
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let told = ["ratelimit", "ratelimit-policy", "x-request-id"].map(HeaderName::from_static);
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods(methods)
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH])
        .expose_headers(
            told.into_iter()
                .chain([header::ETAG, header::LOCATION, header::RETRY_AFTER])
                .collect::<Vec<_>>(),
        )
        .max_age(Duration::from_hours(1));
    Some(cors)
}

/// Refuses the files that the service would refuse to start with.
///
/// # Errors
/// What is wrong with one.
pub fn check(serving: &ServeSettings) -> Result<(), config::Error> {
    serving.key()?;
    let Some(files) = &serving.tls else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|why| server::unusable(files, &why))?;
    runtime.block_on(server::tls(files)).map(drop)
}

/// Serves until a signal ends it; what is under way then is finished first.
///
/// # Errors
/// Where it cannot start, or the machine fails.
pub fn run(settings: &Settings, serving: &ServeSettings) -> Result<(), Error> {
    let demo = matches!(settings.database.source, crate::config::Source::Known(Target::Demo));
    if settings.database.rules.secret_key.is_none() && !demo {
        return Err(Error::NoSecretKey);
    }
    log::start(serving.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(server::serve(settings, serving));
    runtime.shutdown_background();
    done
}
