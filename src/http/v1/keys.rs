//! The API keys of operators.

use std::sync::Arc;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use bson::DateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answered, Called, Refused, Service, answer, input::Input, operators::RoleInput};
use crate::{
    org::{Secret, StoredText, rfc3339},
    tenancy::OwnedApiKey,
};

const DAY: i64 = 24 * 60 * 60 * 1000;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
struct KeyFields<'a> {
    /// The key itself: only where it was just created. It is not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// Its id.
    key_id: String,
    /// Its name.
    name: &'a StoredText,
    /// The e-mail of the operator it acts for.
    operator: &'a StoredText,
    /// What it may do at most.
    role: &'static str,
    /// When it was created, in RFC 3339.
    created_at: Option<String>,
    /// When it expires, in RFC 3339; null where it never does.
    expires_at: Option<String>,
    /// When it was last used, to the hour, in RFC 3339; null where it never was.
    last_used: Option<String>,
}

impl<'a> KeyFields<'a> {
    fn new(owned: &'a OwnedApiKey, secret: Option<&'a Secret>) -> Self {
        let OwnedApiKey { operator, key } = owned;
        Self {
            key: secret.map(Secret::reveal),
            key_id: key.id.to_hex(),
            name: &key.name,
            operator,
            role: key.role.word(),
            created_at: rfc3339(key.created_at),
            expires_at: key.expires_at.and_then(rfc3339),
            last_used: key.last_used.and_then(rfc3339),
        }
    }
}

/// API keys.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeys)]
struct KeysFields<'a> {
    /// One's own first; a manager's are all.
    keys: Vec<KeyFields<'a>>,
}

/// Lists your API keys; as a manager, everyone's.
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "API keys",
    responses((status = 200, body = KeysFields, description = "The keys, without their secrets"))
)]
async fn list(called: Called) -> Answered {
    let keys = called.tenancy.keys().await?;
    let keys = keys.iter().map(|key| KeyFields::new(key, None)).collect();
    Ok(answer::json(StatusCode::OK, &KeysFields { keys }))
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
    responses((status = 201, body = KeyFields, description = "The key, which is shown once"))
)]
async fn create(called: Called, Input(new): Input<NewKeyInput>) -> Answered {
    let unclear = |what: &str, help| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, what, help);
    let expires_at = match (new.days, new.no_expiry) {
        (Some(_), true) => {
            return Err(unclear("days and no_expiry exclude each other", "send one of them"));
        }
        (None, true) => None,
        (days, false) => {
            let days = days.unwrap_or(90);
            if !(1..=3650).contains(&days) {
                return Err(unclear("days is not a number from 1 to 3650", "correct it"));
            }
            let now = DateTime::now().timestamp_millis();
            Some(DateTime::from_millis(now.saturating_add(i64::from(days) * DAY)))
        }
    };
    let (key, secret) = called.tenancy.create_key(&new.name, new.role.into(), expires_at).await?;
    Ok(answer::json(StatusCode::CREATED, &KeyFields::new(&key, Some(&secret))))
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
