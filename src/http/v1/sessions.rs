//! Logging in, going on, and logging out; and setting a password with a one-time code.

use std::{sync::Arc, time::SystemTime};

use axum::{
    extract::State,
    http::{StatusCode, request::Parts},
    middleware,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

use super::{Answered, Called, Service, answer, input::Input};
use crate::{
    http::limits::{Limited, counted},
    org::{OrgFields, Secret, StoredText},
    store::Required,
    tenancy::{Account, RefreshableSession},
};

pub(super) fn routes(service: &Arc<Service>) -> OpenApiRouter<Arc<Service>> {
    let limited = |what| middleware::from_fn_with_state((Arc::clone(service), what), counted);
    OpenApiRouter::new()
        .routes(routes!(login).layer(limited(Limited::Login)))
        .routes(routes!(refresh).layer(limited(Limited::Login)))
        .routes(routes!(logout))
        .routes(routes!(redeem).layer(limited(Limited::Redeem)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login)]
struct LoginInput {
    email: String,
    password: Secret,
    /// Of the second factor, where the account has one.
    code: Option<Secret>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh)]
struct RefreshInput {
    refresh_token: Secret,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Redemption)]
struct RedeemInput {
    email: String,
    code: Secret,
    password: Secret,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionFields<'a> {
    access_token: &'a str,
    token_type: &'static str,
    /// In seconds.
    expires_in: u64,
    refresh_token: &'a str,
    refresh_expires_in: u64,
    account: AccountFields<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[schema(as = Account)]
enum AccountFields<'a> {
    Admin {
        admin_id: String,
        email: &'a StoredText,
        organization_id: String,
        organization_name: &'a StoredText,
    },
    Operator {
        operator_id: String,
        email: &'a StoredText,
        role: &'static str,
    },
}

pub(super) fn seconds_until(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::now()).map_or(0, |left| left.as_secs())
}

fn handed_out(login: &RefreshableSession) -> Response {
    let account = match &login.session.account {
        Account::Admin { id, email, organization, organization_name } => AccountFields::Admin {
            admin_id: id.to_hex(),
            email,
            organization_id: organization.to_hex(),
            organization_name,
        },
        Account::Operator { id, email, role } => {
            AccountFields::Operator { operator_id: id.to_hex(), email, role: role.word() }
        }
    };
    let fields = SessionFields {
        access_token: login.session.token(),
        token_type: "bearer",
        expires_in: seconds_until(login.session.expires_at),
        refresh_token: login.refresh_token.reveal(),
        refresh_expires_in: seconds_until(login.refresh_until),
        account,
    };
    answer::json(StatusCode::OK, &fields)
}

/// Logs in as an admin or an operator.
#[utoipa::path(
    post,
    path = "/v1/login",
    tag = "Sessions",
    request_body = LoginInput,
    responses((status = 200, body = SessionFields, description = "The session")),
    security(())
)]
async fn login(
    State(service): State<Arc<Service>>,
    parts: Parts,
    Input(input): Input<LoginInput>,
) -> Answered {
    let tenancy = service.anonymous(&parts, Required::Nothing).in_session(None);
    let LoginInput { email, password, code } = input;
    let login = tenancy.login_for_refresh(&email, &password, code.as_ref()).await;
    service.metrics.login_ended(login.as_ref().map(drop));
    Ok(handed_out(&login?))
}

/// Continues a login with its refresh token, which can be used once.
#[utoipa::path(
    post,
    path = "/v1/refresh",
    tag = "Sessions",
    request_body = RefreshInput,
    responses((status = 200, body = SessionFields, description = "The next session, and the next refresh token")),
    security(())
)]
async fn refresh(
    State(service): State<Arc<Service>>,
    parts: Parts,
    Input(input): Input<RefreshInput>,
) -> Answered {
    let tenancy = service.anonymous(&parts, Required::Nothing).in_session(None);
    Ok(handed_out(&tenancy.refresh(&input.refresh_token).await?))
}

/// Logs out: ends the session of the request, and its refresh token.
#[utoipa::path(
    post,
    path = "/v1/logout",
    tag = "Sessions",
    responses((status = 204, description = "The session has ended, and its refresh token"))
)]
async fn logout(called: Called) -> Answered {
    called.tenancy.end_session().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Sets a password with a one-time code.
#[utoipa::path(
    post,
    path = "/v1/redeem",
    tag = "Sessions",
    request_body = RedeemInput,
    responses((status = 200, body = OrgFields, description = "The organization of the admin")),
    security(())
)]
async fn redeem(
    State(service): State<Arc<Service>>,
    parts: Parts,
    Input(input): Input<RedeemInput>,
) -> Answered {
    let tenancy = service.anonymous(&parts, Required::Nothing).in_session(None);
    let org = tenancy.redeem(&input.email, &input.code, &input.password).await?;
    Ok(answer::json(StatusCode::OK, &OrgFields::from_org(&org)))
}
