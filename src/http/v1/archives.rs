//! Organizations as archives, streamed: neither an export nor an import is ever in memory.
//!
//! The archive is written and read on a thread, as in a command; a channel of few pieces joins that thread to the
//! connection, so that each waits for the other. A client that stops in the middle ends both.

use std::{
    io::{self, BufWriter, ErrorKind, Read, Write},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::head,
};
use futures_util::{StreamExt, future, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, mpsc},
    time::timeout,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answered, Called, Refused, Service, answer,
    input::{OrgId, Parameters},
    not_allowed,
};
use crate::{
    org::{OrgFields, rfc3339},
    tenancy::{Error, ExportTarget, Import, ImportWish},
};

const EXPORT: &str = "/v1/organizations/{id}/export";
const IMPORT: &str = "/v1/organizations/import";

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(export))
        // Who only asks for the head would have everything read for it, and recorded.
        .route(EXPORT, head(not_allowed))
        .routes(routes!(import))
}

/// Whether the answer of a call with this path is as long as an organization.
pub(in crate::http) fn sends_archive(path: &str) -> bool {
    path == EXPORT
}

/// Whether the body of a call with this path is.
pub(in crate::http) fn takes_archive(path: &str) -> bool {
    path == IMPORT
}

/// How many bytes are sent at once.
const PIECE: usize = 64 * 1024;
/// How many pieces wait to be sent, or to be read.
const PIECES: usize = 4;
/// How long a client may send or take nothing.
const IDLE: Duration = Duration::from_secs(30);

/// How long what is sent is still read, and not used, after an import was refused.
const LINGER: Duration = Duration::from_secs(10);

type Piece = io::Result<Bytes>;

impl Service {
    /// A place for an archive: each has a thread, and an export has a temporary file.
    ///
    /// # Errors
    /// The refusal, where there is none.
    fn archive_place(&self) -> Result<OwnedSemaphorePermit, Refused> {
        let place = Arc::clone(&self.archives).try_acquire_owned();
        place.map_err(|_| Refused::busy("too many exports and imports are under way"))
    }
}

/// What is sent to a client, written on a thread.
struct Sender {
    pieces: mpsc::Sender<Piece>,
    runtime: Handle,
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        match self.runtime.block_on(timeout(IDLE, self.pieces.send(Ok(piece)))) {
            Ok(Ok(())) => Ok(bytes.len()),
            Ok(Err(_)) => Err(io::Error::new(ErrorKind::BrokenPipe, "the client has gone")),
            Err(_) => Err(io::Error::new(ErrorKind::TimedOut, "the client takes nothing")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What comes from a client, read on a thread.
struct Receiver {
    pieces: mpsc::Receiver<Piece>,
    piece: Bytes,
}

impl Receiver {
    /// Of this body, which is read as fast as it is taken.
    fn of(body: Body) -> Self {
        let (sent, pieces) = mpsc::channel(PIECES);
        tokio::spawn(async move {
            let mut body = body.into_data_stream();
            loop {
                let piece = match timeout(IDLE, body.next()).await {
                    Ok(None) => return,
                    Ok(Some(piece)) => piece.map_err(io::Error::other),
                    Err(_) => Err(io::Error::new(ErrorKind::TimedOut, "the client sends nothing")),
                };
                if piece.is_err() {
                    let _ = sent.send(piece).await;
                    return;
                }
                if sent.send(piece).await.is_err() {
                    // Who still sends would not read why it was refused.
                    let rest = body.for_each(|_| future::ready(()));
                    let _ = timeout(LINGER, rest).await;
                    return;
                }
            }
        });
        Self { pieces, piece: Bytes::new() }
    }
}

impl Read for Receiver {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let taken = self.piece.split_to(into.len().min(self.piece.len()));
        into[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}

/// How an organization is exported.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportParameters {
    /// Whether the admins are left out, whose password hashes are in it otherwise.
    #[serde(default)]
    without_admins: bool,
}

/// Exports an organization as an archive. A connection that ends early has sent less than all of it.
#[utoipa::path(
    get,
    path = "/v1/organizations/{id}/export",
    tag = "Archives",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), ExportParameters),
    responses((status = 200, body = Vec<u8>, content_type = "application/zstd", description = "The archive"))
)]
async fn export(
    State(service): State<Arc<Service>>,
    called: Called,
    id: OrgId,
    Parameters(wanted): Parameters<ExportParameters>,
) -> Answered {
    let org = called.tenancy.org(id.0).await?.ok_or_else(Refused::not_found)?;
    let place = service.archive_place()?;
    let name = format!("attachment; filename=\"{}.tenantry.tar.zst\"", org.id);
    let (pieces, mut sent) = mpsc::channel::<Piece>(PIECES);
    let sender = Sender { pieces: pieces.clone(), runtime: Handle::current() };
    let target = ExportTarget::Stream(Box::new(BufWriter::with_capacity(PIECE, sender)));
    // On its own: it outlives this call.
    let exporting = tokio::spawn(async move {
        let watch = Arc::new(|_| {});
        let done = called.tenancy.export(&org, target, !wanted.without_admins, watch).await;
        if done.is_err() {
            let _ = pieces.send(Err(io::Error::other("the export failed"))).await;
        }
        drop(place);
        done
    });
    // Nothing is sent before all was read: until then a refusal is an answer.
    let Some(Ok(first)) = sent.recv().await else {
        let done = exporting.await.map_err(|error| Error::Machine(error.to_string()))?;
        return Err(done.err().unwrap_or_else(|| Error::Machine("no archive".into())).into());
    };
    let rest = stream::unfold(sent, async |mut sent| Some((sent.recv().await?, sent)));
    let all = stream::once(future::ready(Ok(first))).chain(rest);
    let mut response = Response::new(Body::from_stream(all));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zstd"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response.into_response())
}

/// How an archive is imported.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportParameters {
    /// Another name than the archive's.
    organization_name: Option<String>,
    /// Another e-mail for its owner; without its admins, that of the only one.
    email: Option<String>,
    /// Whether its admins are left out: then the one with the e-mail gets a one-time code.
    #[serde(default)]
    without_admins: bool,
    /// Whether the options and indexes of its collection are left out.
    #[serde(default)]
    documents_only: bool,
}

/// An organization that was imported.
#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
struct ImportFields<'a> {
    /// The organization.
    #[serde(flatten)]
    organization: OrgFields<'a>,
    /// Whether it has the id that it had.
    kept_id: bool,
    /// How many admins it has.
    admins: u64,
    /// How many of them got another id.
    new_admin_ids: u64,
    /// How many documents it has.
    documents: u64,
    /// What of its collection was left out.
    left_out: &'a [String],
    /// The one-time code of its only admin, shown once; null where its admins came with it.
    code: Option<&'a str>,
    /// When the code stops working.
    valid_until: Option<String>,
}

/// Imports an organization: as a whole, or not at all.
#[utoipa::path(
    post,
    path = "/v1/organizations/import",
    tag = "Archives",
    params(ImportParameters),
    request_body(content = Vec<u8>, content_type = "application/zstd", description = "The archive"),
    responses((status = 201, body = ImportFields, description = "The organization"))
)]
async fn import(
    State(service): State<Arc<Service>>,
    called: Called,
    Parameters(wanted): Parameters<ImportParameters>,
    body: Body,
) -> Answered {
    let _place = service.archive_place()?;
    let ImportParameters { organization_name: name, email, without_admins, documents_only } =
        wanted;
    let wish = ImportWish { name, email, without_admins, documents_only, suspended: None };
    let watch = Arc::new(|_| {});
    let Import { org, summary, kept_id, new_admin_ids, admins, left_out, code, .. } =
        called.tenancy.import(Receiver::of(body), &wish, watch).await?;
    let fields = ImportFields {
        organization: OrgFields::from_org(&org),
        kept_id,
        admins,
        new_admin_ids,
        documents: summary.contents.documents.count,
        left_out: &left_out,
        code: code.as_ref().map(|issued| issued.code.reveal()),
        valid_until: code.as_ref().and_then(|issued| rfc3339(issued.until)),
    };
    let place = format!("/v1/organizations/{}", org.id);
    let response = answer::json(StatusCode::CREATED, &fields);
    Ok(answer::with_header(response, header::LOCATION, &place))
}
