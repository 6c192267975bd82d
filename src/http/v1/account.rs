//! One's own account: who is logged in, the password, and the second factor.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, middleware, response::IntoResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};
use zeroize::Zeroizing;

use super::{Answered, Called, Refused, Service, answer, input::Input, sessions::seconds_until};
use crate::{
    http::limits::{Limited, counted},
    org::{NewSecondFactor, Role, Secret, StoredText, rfc3339},
    tenancy::{Account, FactorState, LoggedIn, Refusal, Tenancy},
};

pub(super) fn routes(service: &Arc<Service>) -> OpenApiRouter<Arc<Service>> {
    let limited = || middleware::from_fn_with_state((Arc::clone(service), Limited::Login), counted);
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(password).layer(limited()))
        .routes(routes!(factor))
        .routes(routes!(begin, remove).layer(limited()))
        .routes(routes!(confirm).layer(limited()))
}

/// Who is logged in.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
struct MeFields<'a> {
    /// Whose account it is.
    #[serde(flatten)]
    account: AccountFields<'a>,
    /// The e-mail.
    email: &'a StoredText,
    /// What the account may do: `owner` or `admin`; or `viewer`, `operator` or `manager`, of a key the lower one.
    role: &'static str,
    /// The name of the API key, where it is none of a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a StoredText>,
    /// When the session or the key ends by itself, in RFC 3339; null for a key that does not.
    expires_at: Option<String>,
    /// The account's second factor.
    second_factor: FactorFields,
}

/// Whose account it is.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[schema(as = MyAccount)]
enum AccountFields<'a> {
    /// An admin of an organization.
    Admin {
        /// The admin's id.
        admin_id: String,
        /// The organization's id.
        organization_id: String,
        /// The organization's name.
        organization_name: &'a StoredText,
    },
    /// An operator.
    Operator {
        /// The operator's id.
        operator_id: String,
    },
}

/// A second factor, as far as its owner may see it.
#[derive(Serialize, ToSchema)]
#[schema(as = SecondFactor)]
struct FactorFields {
    /// Whether there is one.
    is_set_up: bool,
    /// Since when, in RFC 3339; null without one.
    since: Option<String>,
    /// How many recovery codes are left.
    recovery_codes: usize,
    /// Whether one has to be set up before anything else.
    is_missing: bool,
}

impl FactorFields {
    fn of(me: &LoggedIn) -> Self {
        let state: Option<&FactorState> = me.second_factor.as_ref();
        Self {
            is_set_up: state.is_some(),
            since: state.and_then(|state| rfc3339(state.since)),
            recovery_codes: state.map_or(0, |state| state.recovery_codes),
            is_missing: me.lacks_second_factor,
        }
    }
}

/// Says who is logged in.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "Your own account",
    responses((status = 200, body = MeFields, description = "Who, with which role, and until when"))
)]
async fn me(called: Called) -> Answered {
    let me = called.tenancy.logged_in().await?;
    let (account, role) = match &me.account {
        Account::Admin { id, organization, organization_name, .. } => {
            let account = AccountFields::Admin {
                admin_id: id.to_hex(),
                organization_id: organization.to_hex(),
                organization_name,
            };
            (account, me.role.map_or("", Role::word))
        }
        Account::Operator { id, role, .. } => {
            (AccountFields::Operator { operator_id: id.to_hex() }, role.word())
        }
    };
    let fields = MeFields {
        account,
        email: me.account.email(),
        role,
        key: me.key.as_ref(),
        expires_at: me.until.and_then(rfc3339),
        second_factor: FactorFields::of(&me),
    };
    Ok(answer::json(StatusCode::OK, &fields))
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange)]
struct PasswordInput {
    /// The password until now.
    password: Secret,
    /// A code of the second factor, where the account has one.
    code: Option<Secret>,
    /// The password from now on.
    new_password: Secret,
}

/// Changes your own password. All sessions of the account end.
#[utoipa::path(
    post,
    path = "/v1/password",
    tag = "Your own account",
    request_body = PasswordInput,
    responses((status = 204, description = "It is changed"))
)]
async fn password(
    State(service): State<Arc<Service>>,
    called: Called,
    Input(input): Input<PasswordInput>,
) -> Answered {
    let PasswordInput { password, code, new_password } = input;
    let changed = called.tenancy.change_own_password(&password, code.as_ref(), &new_password).await;
    service.metrics.login_ended(changed.as_ref().map(drop));
    changed?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl Called {
    /// Who is logged in, as a person: no key acts for them here.
    async fn person(&self) -> Result<LoggedIn, Refused> {
        let me = self.tenancy.logged_in().await?;
        if me.key.is_some() {
            return Err(crate::tenancy::Error::from(Refusal::NotWithKey).into());
        }
        Ok(me)
    }
}

/// Says whether you have a second factor.
#[utoipa::path(
    get,
    path = "/v1/totp",
    tag = "Your own account",
    responses((status = 200, body = FactorFields, description = "Your second factor"))
)]
async fn factor(called: Called) -> Answered {
    let me = called.tenancy.logged_in().await?;
    Ok(answer::json(StatusCode::OK, &FactorFields::of(&me)))
}

/// A second factor that is not set up before its first code is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = NewSecondFactor)]
struct NewFactorFields<'a> {
    /// The secret in base32: to type into an app, and to send back with its first code.
    secret: &'a str,
    /// The same for a QR code, as `otpauth://…`.
    uri: &'a str,
}

/// Generates a secret for an authenticator app. Nothing is stored.
#[utoipa::path(
    post,
    path = "/v1/totp",
    tag = "Your own account",
    responses((status = 200, body = NewFactorFields, description = "The secret"))
)]
async fn begin(called: Called) -> Answered {
    let me = called.person().await?;
    let new = Tenancy::new_second_factor()?;
    // Decoders take no spaces.
    let secret = Zeroizing::new(new.base32().reveal().replace(' ', ""));
    let (secret, uri) = (secret, new.url(me.account.email().raw()));
    let fields = NewFactorFields { secret: &secret, uri: uri.reveal() };
    Ok(answer::json(StatusCode::OK, &fields))
}

/// What confirms a new second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecondFactorConfirmation)]
struct ConfirmInput {
    /// The secret of `POST /v1/totp`.
    secret: Secret,
    /// The code that the app shows for it.
    code: Secret,
}

/// A second factor that was set up, and the session that goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = ConfirmedSecondFactor)]
struct ConfirmedFields<'a> {
    /// Each is good for one login without the app: shown once.
    recovery_codes: Vec<&'a str>,
    /// The token of a new session: those before have ended.
    access_token: &'a str,
    /// Always `bearer`.
    token_type: &'static str,
    /// In how many seconds it ends.
    expires_in: u64,
}

/// Sets up the second factor with the app's first code. Needs a login within the last five minutes.
#[utoipa::path(
    post,
    path = "/v1/totp/confirm",
    tag = "Your own account",
    request_body = ConfirmInput,
    responses((status = 200, body = ConfirmedFields, description = "The recovery codes, which are shown once, and a new session"))
)]
async fn confirm(called: Called, Input(input): Input<ConfirmInput>) -> Answered {
    called.person().await?;
    let Some(new) = NewSecondFactor::from_base32(&input.secret) else {
        let help = "send the secret of POST /v1/totp";
        let what = "this is no secret of a second factor";
        return Err(Refused::unclear(what, help));
    };
    let (session, codes) = called.tenancy.set_up_second_factor(&new, &input.code).await?;
    let fields = ConfirmedFields {
        recovery_codes: codes.iter().map(Secret::reveal).collect(),
        access_token: session.token(),
        token_type: "bearer",
        expires_in: seconds_until(session.expires_at),
    };
    Ok(answer::json(StatusCode::OK, &fields))
}

/// Removes your second factor. Needs a login within the last five minutes.
#[utoipa::path(
    delete,
    path = "/v1/totp",
    tag = "Your own account",
    responses((status = 204, description = "It is removed, and all sessions of the account end"))
)]
async fn remove(called: Called) -> Answered {
    called.person().await?;
    called.tenancy.remove_second_factor().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
