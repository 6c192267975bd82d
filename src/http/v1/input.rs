//! What a client sends: JSON with the fields of the call, and nothing else. What is wrong with it is said by its place;
//! nothing that was sent is repeated.

use std::sync::Arc;

use axum::{
    body::{Bytes, HttpBody as _},
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, header, request::Parts},
};
use bson::{RawDocumentBuf, oid::ObjectId};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use tokio::task::spawn_blocking;

use super::Refused;
use crate::{document, http::Service, org::escaped_short, tenancy::Error};

/// A body.
pub(super) struct Input<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Service>> for Input<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Refused> {
        let is_empty = request.body().is_end_stream();
        let bytes = if is_empty && !request.headers().contains_key(header::CONTENT_TYPE) {
            // As if nothing was said.
            Bytes::from_static(b"{}")
        } else {
            json_of(request, service).await?
        };
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            match error.classify() {
                Category::Data => {
                    // The words for other faults repeat values.
                    let said = error.to_string();
                    let named = ["missing field", "unknown field", "duplicate field"];
                    let what = match said.split_once(" at line ") {
                        Some((fault, _)) if named.iter().any(|name| fault.starts_with(name)) => {
                            let fault = fault.split(", expected").next().unwrap_or(fault);
                            format!("the body has a fault: {} ({place})", escaped_short(fault, 100))
                        }
                        _ => format!("a value in the body is not of the right kind ({place})"),
                    };
                    let help = "check the fields of this call: see /docs";
                    Refused::unclear(&what, help)
                }
                Category::Syntax | Category::Eof | Category::Io => {
                    let what = format!("the body is not JSON ({place})");
                    Refused::new(StatusCode::BAD_REQUEST, &what, "correct it, and send UTF-8")
                }
            }
        })
    }
}

/// The body of a request that says that it is JSON.
async fn json_of(request: Request, service: &Arc<Service>) -> Result<Bytes, Refused> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let help = "send JSON, with Content-Type: application/json";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refused::new(status, "the body is not called JSON", help));
    }
    Bytes::from_request(request, service).await.map_err(|refused| {
        let help = "send at most 64 KiB, and all of it";
        Refused::new(refused.status(), "the body cannot be read", help)
    })
}

/// A body that is one document: in Extended JSON, or in shell syntax.
pub(super) struct DocumentInput(pub(super) RawDocumentBuf);

impl FromRequest<Arc<Service>> for DocumentInput {
    type Rejection = Refused;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Refused> {
        let bytes = json_of(request, service).await?;
        // Large ones take long.
        let parsed = spawn_blocking(move || {
            let text = str::from_utf8(&bytes).map_err(|_| "it is not UTF-8".to_owned())?;
            document::parse(text).map_err(|fault| fault.to_string())
        });
        let parsed = parsed.await.map_err(|error| Error::Machine(error.to_string()))?;
        Ok(Self(parsed.map_err(Error::InvalidDocument)?))
    }
}

/// The parameters of an address.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Service>> for Parameters<T> {
    type Rejection = Refused;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Refused> {
        let query = Query::<T>::from_request_parts(parts, service).await;
        query.map(|query| Self(query.0)).map_err(|refused| {
            let help = "check the parameters of this call: see /docs";
            let said = refused.body_text();
            let fault = said.split_once("query string: ").map_or(&*said, |(_, fault)| fault);
            let what = format!("the parameters have a fault: {}", escaped_short(fault, 200));
            Refused::unclear(&what, help)
        })
    }
}

/// The organization that an address names.
pub(super) struct OrgId(pub(super) ObjectId);

impl FromRequestParts<Arc<Service>> for OrgId {
    type Rejection = Refused;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Refused> {
        let path = Path::<Vec<(String, String)>>::from_request_parts(parts, service).await;
        let path = path.map_err(|_| Refused::not_found())?;
        let id = path.iter().find(|(name, _)| name == "id").map(|(_, id)| id.as_str());
        let id = id.and_then(|id| ObjectId::parse_str(id).ok());
        id.map(Self).ok_or_else(Refused::not_found)
    }
}
