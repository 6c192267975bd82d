//! Operators, and what the database requires of them.

use std::sync::Arc;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::IntoResponse,
};
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answered, Called, ESCAPED, Refused, Service, answer, input::Input};
use crate::{
    org::{OperatorRole, Secret},
    store::Required,
    tenancy::{Error, OperatorChanges, OperatorFields, OperatorsFields},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(require))
        .routes(routes!(require_second_factor))
        .routes(routes!(show, change, remove))
}

/// A role, as it is sent.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Role)]
pub(super) enum RoleInput {
    /// Looks.
    Viewer,
    /// Creates, renames, suspends, trashes and restores as well.
    Operator,
    /// Does everything.
    Manager,
}

impl From<RoleInput> for OperatorRole {
    fn from(role: RoleInput) -> Self {
        match role {
            RoleInput::Viewer => Self::Viewer,
            RoleInput::Operator => Self::Operator,
            RoleInput::Manager => Self::Manager,
        }
    }
}

/// Lists the operators, and what the database requires of them.
#[utoipa::path(
    get,
    path = "/v1/operators",
    tag = "Operators",
    responses((status = 200, body = OperatorsFields, description = "All of them"))
)]
async fn list(called: Called) -> Answered {
    let directory = called.tenancy.operators().await?;
    Ok(answer::json(StatusCode::OK, &OperatorsFields::from_directory(&directory)))
}

/// Gets an operator.
#[utoipa::path(
    get,
    path = "/v1/operators/{email}",
    tag = "Operators",
    params(("email" = String, Path, description = "The e-mail address of the operator")),
    responses((status = 200, body = OperatorFields, description = "The operator"))
)]
async fn show(called: Called, Path(email): Path<String>) -> Answered {
    let operator = called.tenancy.operator(&email).await?;
    Ok(answer::json(StatusCode::OK, &OperatorFields::from_operator(&operator)))
}

/// An operator to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOperator)]
struct NewOperatorInput {
    /// The e-mail, which no other account has.
    email: String,
    /// `viewer`, `operator` (if nothing is said) or `manager`.
    role: Option<RoleInput>,
    /// The first password, which they change.
    password: Secret,
}

/// Adds an operator.
#[utoipa::path(
    post,
    path = "/v1/operators",
    tag = "Operators",
    request_body = NewOperatorInput,
    responses((status = 201, body = OperatorFields, description = "The new operator"))
)]
async fn add(called: Called, Input(new): Input<NewOperatorInput>) -> Answered {
    let role = new.role.map(OperatorRole::from);
    let added = called.tenancy.add_operator(&new.email, role, &new.password).await?;
    let fields = OperatorFields::from_operator(&added);
    let response = answer::json(StatusCode::CREATED, &fields);
    let place = format!("/v1/operators/{}", utf8_percent_encode(added.email.raw(), ESCAPED));
    Ok(answer::with_header(response, header::LOCATION, &place))
}

/// What is to change about an operator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperatorChange)]
struct OperatorInput {
    /// The new role.
    role: Option<RoleInput>,
    /// Whether they cannot log in.
    disabled: Option<bool>,
    /// Whether a lost second factor is removed.
    #[serde(default)]
    reset_second_factor: bool,
}

/// Changes an operator.
#[utoipa::path(
    patch,
    path = "/v1/operators/{email}",
    tag = "Operators",
    params(("email" = String, Path, description = "The e-mail address of the operator")),
    request_body = OperatorInput,
    responses((status = 200, body = OperatorFields, description = "As they are now"))
)]
async fn change(
    called: Called,
    Path(email): Path<String>,
    Input(input): Input<OperatorInput>,
) -> Answered {
    let OperatorInput { role, disabled, reset_second_factor } = input;
    if role.is_none() && disabled.is_none() && !reset_second_factor {
        let help = "send role, disabled or reset_second_factor";
        return Err(Refused::unclear("nothing to change", help));
    }
    let changes = OperatorChanges {
        role: role.map(OperatorRole::from),
        disabled,
        password: None,
        resets_second_factor: reset_second_factor,
    };
    let operator = called.tenancy.update_operator(&email, &changes).await?;
    Ok(answer::json(StatusCode::OK, &OperatorFields::from_operator(&operator)))
}

/// Removes an operator.
#[utoipa::path(
    delete,
    path = "/v1/operators/{email}",
    tag = "Operators",
    params(("email" = String, Path, description = "The e-mail address of the operator")),
    responses((status = 204, description = "They are removed"))
)]
async fn remove(called: Called, Path(email): Path<String>) -> Answered {
    called.tenancy.remove_operator(&email).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// For what operators have to log in on this database.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoginRequirement)]
struct RequiredInput {
    /// For what.
    required: RequiredWord,
}

/// The words for it.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Requirement)]
enum RequiredWord {
    /// Nothing: anyone who can reach the database can make changes.
    Off,
    /// Changes.
    On,
    /// Everything.
    All,
}

/// Sets what needs the login of an operator.
#[utoipa::path(
    put,
    path = "/v1/operators/required",
    tag = "Operators",
    request_body = RequiredInput,
    responses((status = 200, body = OperatorsFields, description = "What is required now"))
)]
async fn require(called: Called, Input(input): Input<RequiredInput>) -> Answered {
    let required = match input.required {
        RequiredWord::Off => Required::Nothing,
        RequiredWord::On => Required::Writes,
        RequiredWord::All => Required::Everything,
    };
    called.tenancy.require_operators(required).await?;
    list(called).await
}

/// From which role on operators have to have a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecondFactorRequirement)]
struct FactorInput {
    /// The least role that has to; null where none has to.
    #[serde(deserialize_with = "Option::deserialize")]
    from: Option<RoleInput>,
}

/// Sets from which role on operators must have a second factor.
#[utoipa::path(
    put,
    path = "/v1/operators/second-factor",
    tag = "Operators",
    request_body = FactorInput,
    responses(
        (status = 200, body = OperatorsFields, description = "What is required now"),
        (status = 204, description = "It is set, and you have to set up a second factor yourself")
    )
)]
async fn require_second_factor(called: Called, Input(input): Input<FactorInput>) -> Answered {
    called.tenancy.require_second_factor(input.from.map(OperatorRole::from)).await?;
    match called.tenancy.operators().await {
        // A manager without a second factor has to set one up before seeing more.
        Err(Error::NotAllowed(_)) => Ok(StatusCode::NO_CONTENT.into_response()),
        directory => {
            Ok(answer::json(StatusCode::OK, &OperatorsFields::from_directory(&directory?)))
        }
    }
}
