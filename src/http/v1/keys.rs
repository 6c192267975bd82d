//! The API keys of operators.

use std::sync::Arc;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use bson::DateTime;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answered, Called, Refused, Service, answer, input::Input, operators::RoleInput};
use crate::tenancy::{ApiKeyFields, ApiKeysFields};

const DAY: i64 = 24 * 60 * 60 * 1000;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// Lists your API keys; as a manager, everyone's.
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "API keys",
    responses((status = 200, body = ApiKeysFields, description = "The keys, without their secrets"))
)]
async fn list(called: Called) -> Answered {
    let keys = called.tenancy.keys().await?;
    Ok(answer::json(StatusCode::OK, &ApiKeysFields::new(&keys)))
}

/// A key to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApiKey)]
struct NewKeyInput {
    /// 1 to 40 letters, digits and `_ - .`
    name: String,
    /// What it may do at most: `viewer`, `operator` or `manager`.
    role: RoleInput,
    /// After how many days it expires, 1 to 3650; 90 if nothing is said.
    days: Option<u32>,
    /// Whether it never expires.
    #[serde(default)]
    no_expiry: bool,
}

/// Creates an API key of your own. Needs a login within the last five minutes.
#[utoipa::path(
    post,
    path = "/v1/keys",
    tag = "API keys",
    request_body = NewKeyInput,
    responses((status = 201, body = ApiKeyFields, description = "The key, which is shown once"))
)]
async fn create(called: Called, Input(new): Input<NewKeyInput>) -> Answered {
    let expires_at = match (new.days, new.no_expiry) {
        (Some(_), true) => {
            return Err(Refused::unclear(
                "days and no_expiry exclude each other",
                "send one of them",
            ));
        }
        (None, true) => None,
        (days, false) => {
            let days = days.unwrap_or(90);
            if !(1..=3650).contains(&days) {
                return Err(Refused::unclear("days is not a number from 1 to 3650", "correct it"));
            }
            let now = DateTime::now().timestamp_millis();
            Some(DateTime::from_millis(now.saturating_add(i64::from(days) * DAY)))
        }
    };
    let (key, secret) = called.tenancy.create_key(&new.name, new.role.into(), expires_at).await?;
    Ok(answer::json(StatusCode::CREATED, &ApiKeyFields::new(&key, Some(&secret))))
}

/// Revokes an API key of your own; as a manager, anyone's.
#[utoipa::path(
    delete,
    path = "/v1/keys/{key}",
    tag = "API keys",
    params(("key" = String, Path, description = "Its name or its id")),
    responses((status = 204, description = "It is refused from now on"))
)]
async fn revoke(called: Called, Path(key): Path<String>) -> Answered {
    called.tenancy.revoke_key(&key).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
