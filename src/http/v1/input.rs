//! What a client sends: JSON with the fields of the call, and nothing else. What is wrong with it is said by its place;
//! nothing that was sent is repeated.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, header, request::Parts},
};
use bson::oid::ObjectId;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::Refused;
use crate::http::Service;

/// A body.
pub(super) struct Input<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Service>> for Input<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Refused> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let help = "send JSON, with Content-Type: application/json";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Refused::new(status, "the body is not called JSON", help));
        }
        let bytes = Bytes::from_request(request, service).await.map_err(|refused| {
            let help = "send at most 64 KiB, and all of it";
            Refused::new(refused.status(), "the body cannot be read", help)
        })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            match error.classify() {
                Category::Data => {
                    let what = format!("the body has not the fields of this call ({place})");
                    let help = "check their names and types: see the manual";
                    Refused::new(StatusCode::UNPROCESSABLE_ENTITY, &what, help)
                }
                Category::Syntax | Category::Eof | Category::Io => {
                    let what = format!("the body is not JSON ({place})");
                    Refused::new(StatusCode::BAD_REQUEST, &what, "correct it, and send UTF-8")
                }
            }
        })
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
        query.map(|query| Self(query.0)).map_err(|_| {
            let help = "check their names and values: see the manual";
            let what = "the parameters are not those of this call";
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, what, help)
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
