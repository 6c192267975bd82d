//! Connections: listening, TLS, how long a client may take, and an end that finishes what is under way.

use std::{fs, io, net::SocketAddr, os::unix::fs::MetadataExt, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use axum_server::{Address, Handle, Server, tls_rustls::RustlsConfig};
use hyper_util::rt::TokioTimer;
use sd_notify::NotifyState;
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{SignalKind, signal},
    time::{interval, timeout},
};

use super::{Error, Service, answer, body, limits::SWEEP, log};
use crate::config::{self, ServeSettings, Settings, TlsFiles};

/// How long a client may take to send a request's header, and to send the next request.
const HEADER: Duration = Duration::from_secs(10);
/// How many requests are worked on at once. More are turned away: the database would only answer each of them later.
pub(super) const AT_ONCE: usize = 256;
/// The most bytes of a request's header.
const HEADER_MOST_BYTES: usize = 16 * 1024;
/// The most fields of a request's header.
const HEADER_MOST_FIELDS: usize = 64;
/// How many connections may wait to be accepted, where the system allows as many. Of those that are too many, the client
/// asks again after a second.
const WAITING: u32 = 4096;
/// How long requests that are under way at the end may take.
const DRAIN: Duration = Duration::from_secs(25);

/// Opens the database and serves until a signal ends it.
pub(super) async fn serve(settings: &Settings, serving: &ServeSettings) -> Result<(), Error> {
    let mut database = settings.database.clone();
    // What one instance has ended, the others refuse.
    database.rules.shared_sessions = true;
    let opened = database.open().await?.0;
    let tenancy = opened.tenancy;
    if let Some(demo) = opened.demo {
        log::demo(&demo);
    }
    let key = serving.key()?;
    let read_only = settings.database.caller.read_only;
    let service = Arc::new(Service::new(tenancy.clone(), serving.clone(), read_only, key));
    let router = service.router().into_make_service_with_connect_info::<SocketAddr>();
    let listener = listen(serving.listen)?;
    let at = listener.local_addr()?;
    let handle = Handle::new();
    tokio::spawn(end(handle.clone())?);
    tokio::spawn(sweep(service));
    log::listening(at, serving.tls.is_some(), tenancy.place());
    // Where nothing waits for it, nothing is told.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    let done = if let Some(files) = &serving.tls {
        let config = tls(files).await?;
        tokio::spawn(reload(config.clone(), files.clone()));
        let server = axum_server::from_tcp_rustls(listener, config)?;
        bounded(server).handle(handle).serve(router).await
    } else {
        bounded(axum_server::from_tcp(listener)?).handle(handle).serve(router).await
    };
    tenancy.cleaned_up().await;
    log::ended();
    Ok(done?)
}

fn listen(at: SocketAddr) -> Result<std::net::TcpListener, Error> {
    let failed = |why| Error::Listen { at, why };
    let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(failed)?;
    // A restart finds the port free.
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.bind(at).map_err(failed)?;
    socket.listen(WAITING).and_then(TcpListener::into_std).map_err(failed)
}

/// A slow client does not keep a connection.
fn bounded<A: Address, Acceptor>(server: Server<A, Acceptor>) -> Server<A, Acceptor> {
    let mut server = server.http1_only().first_request_timeout(HEADER);
    let mut http = server.http_builder().http1();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER)
        .max_buf_size(HEADER_MOST_BYTES)
        .max_headers(HEADER_MOST_FIELDS);
    server
}

/// Reads a request completely, unless that is as large as an organization, then handles it to its end, even if its
/// client disconnects. A cancelled query would stay
/// in the driver's wait queue and hold up every later one: mongodb 3.9.1 takes one request from that queue for each
/// event (`ConnectionPoolWorker::execute`).
pub(super) async fn whole(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let room = match service.room(&parts).await {
        Ok(room) => room,
        Err(answer) => return *answer,
    };
    let line = parts.extensions.get::<Arc<log::Line>>().cloned();
    let mut request = Request::from_parts(parts, body);
    if let Some((most, time)) = room.whole {
        DefaultBodyLimit::max(most).apply(&mut request);
        let (parts, body) = request.into_parts();
        let mut sent = Request::new(body);
        // How much is read is among them.
        *sent.extensions_mut() = parts.extensions.clone();
        let body = match timeout(time, Bytes::from_request(sent, &())).await {
            Ok(Ok(body)) => Body::from(body),
            Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                return body::too_large(most);
            }
            Ok(Err(_)) => {
                return answer::refused(
                    StatusCode::BAD_REQUEST,
                    "There was an error parsing the body",
                );
            }
            Err(_) => {
                return answer::refused(StatusCode::REQUEST_TIMEOUT, "the body came too slowly");
            }
        };
        request = Request::from_parts(parts, body);
    }
    let Ok(place) = Arc::clone(&service.places).try_acquire_owned() else {
        let detail = "too many requests at once: try again in a few seconds";
        let mut response = answer::refused(StatusCode::SERVICE_UNAVAILABLE, detail);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        return response;
    };
    let working = tokio::spawn(async move {
        if let Some(line) = &line {
            line.begun();
        }
        let response = next.run(request).await;
        drop((place, room.place));
        if let Some(line) = &line {
            line.done(response.status());
        }
        response
    });
    let worked = match room.work {
        Some(time) => timeout(time, working).await,
        None => Ok(working.await),
    };
    match worked {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => answer::refused(StatusCode::INTERNAL_SERVER_ERROR, "the service failed"),
        Err(_) => {
            let detail = "the request took too long; it may have been done";
            answer::refused(StatusCode::GATEWAY_TIMEOUT, detail)
        }
    }
}

/// Waits for a signal that ends programs; then no new request is taken.
fn end(handle: Handle<SocketAddr>) -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        log::draining();
        let _ = sd_notify::notify(&[NotifyState::Stopping]);
        handle.graceful_shutdown(Some(DRAIN));
    })
}

pub(super) async fn tls(files: &TlsFiles) -> Result<RustlsConfig, config::Error> {
    // The driver's provider is the program's.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = RustlsConfig::from_pem_file(&files.cert, &files.key).await;
    config.map_err(|why| unusable(files, &why))
}

/// Why the files of a certificate cannot be used.
pub(super) fn unusable(files: &TlsFiles, why: &io::Error) -> config::Error {
    let (what, path) = ("cannot use the certificate in", files.cert.clone());
    config::Error::Unusable { what, path, why: why.to_string() }
}

/// Forgets addresses, for as long as the service runs.
async fn sweep(service: Arc<Service>) {
    let mut again = interval(SWEEP);
    loop {
        again.tick().await;
        service.limits.sweep();
    }
}

/// How often it is looked whether the certificate has changed.
const LOOK: Duration = Duration::from_secs(5);

/// Reads the certificate again whenever it has changed, for as long as the service runs.
async fn reload(config: RustlsConfig, files: TlsFiles) {
    let mut known = version(&files);
    let mut again = interval(LOOK);
    loop {
        again.tick().await;
        let now = version(&files);
        if now != known {
            known = now;
            log::reloaded(&config.reload_from_pem_file(&files.cert, &files.key).await);
        }
    }
}

/// What changes with the files of a certificate.
fn version(files: &TlsFiles) -> [Option<(u64, i64, i64)>; 2] {
    [&files.cert, &files.key].map(|path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.ino(), metadata.mtime(), metadata.mtime_nsec()))
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_crowd_may_wait_to_be_accepted() {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let at = listener.local_addr().unwrap();
        let connect = |_| TcpStream::connect_timeout(&at, Duration::from_millis(900)).unwrap();
        let crowd: Vec<_> = (0..1_000).map(connect).collect();
        assert_eq!(crowd.len(), 1_000);
    }
}
