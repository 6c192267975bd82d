//! Operators, and what the database requires of them.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
    routing::{get, put},
};
use percent_encoding::utf8_percent_encode;
use serde::{Deserialize, Serialize};

use super::{Answered, Called, ESCAPED, Refused, Service, answer, input::Input};
use crate::{
    org::{Operator, OperatorRole, SecondFactor, Secret, StoredText, rfc3339},
    store::{Directory, Required},
    tenancy::{Error, OperatorChanges},
};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/operators", get(list).post(add))
        .route("/v1/operators/required", put(require))
        .route("/v1/operators/second-factor", put(require_second_factor))
        .route("/v1/operators/{email}", get(show).patch(change).delete(remove))
}

/// A role, as it is sent.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
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

/// An operator.
#[derive(Serialize)]
struct OperatorFields<'a> {
    /// The operator's id.
    operator_id: String,
    /// The e-mail.
    email: &'a StoredText,
    /// `viewer`, `operator` or `manager`.
    role: &'static str,
    /// Whether they cannot log in.
    disabled: bool,
    /// Whether they have set up a second factor.
    has_second_factor: bool,
    /// How many recovery codes are left.
    recovery_codes: usize,
    /// When the account was added, in RFC 3339.
    created_at: Option<String>,
    /// When they last logged in, in RFC 3339; null where they never did.
    last_login: Option<String>,
}

impl<'a> OperatorFields<'a> {
    fn from_operator(operator: &'a Operator) -> Self {
        let factor = operator.second_factor.as_ref();
        Self {
            operator_id: operator.id.to_hex(),
            email: &operator.email,
            role: operator.role.word(),
            disabled: operator.disabled,
            has_second_factor: factor.is_some(),
            recovery_codes: factor.map_or(0, SecondFactor::recovery_codes),
            created_at: rfc3339(operator.created_at),
            last_login: operator.last_login.and_then(rfc3339),
        }
    }
}

/// All operators, and what the database requires of them.
#[derive(Serialize)]
struct OperatorsFields<'a> {
    /// For what they have to log in on this database: `off`, `on` (for changes) or `all`.
    required: &'static str,
    /// The least role that has to have a second factor; null where no role has to.
    second_factor_from: Option<&'static str>,
    /// The operators, in the order in which they were added.
    operators: Vec<OperatorFields<'a>>,
}

impl<'a> OperatorsFields<'a> {
    fn from_directory(directory: &'a Directory) -> Self {
        Self {
            required: directory.required.word(),
            second_factor_from: directory.second_factor_from.map(OperatorRole::word),
            operators: directory.operators.iter().map(OperatorFields::from_operator).collect(),
        }
    }
}

/// `GET /v1/operators`.
async fn list(called: Called) -> Answered {
    let directory = called.tenancy.operators().await?;
    Ok(answer::json(StatusCode::OK, &OperatorsFields::from_directory(&directory)))
}

/// `GET /v1/operators/{email}`.
async fn show(called: Called, Path(email): Path<String>) -> Answered {
    let operator = called.tenancy.operator(&email).await?;
    Ok(answer::json(StatusCode::OK, &OperatorFields::from_operator(&operator)))
}

/// An operator to add.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOperatorInput {
    /// The e-mail, which no other account has.
    email: String,
    /// `viewer`, `operator` (if nothing is said) or `manager`.
    role: Option<RoleInput>,
    /// The first password, which they change.
    password: Secret,
}

/// `POST /v1/operators`.
async fn add(called: Called, Input(new): Input<NewOperatorInput>) -> Answered {
    let role = new.role.map(OperatorRole::from);
    let added = called.tenancy.add_operator(&new.email, role, &new.password).await?;
    let fields = OperatorFields::from_operator(&added);
    let mut response = answer::json(StatusCode::CREATED, &fields);
    let place = utf8_percent_encode(added.email.raw(), ESCAPED);
    if let Ok(place) = HeaderValue::from_str(&format!("/v1/operators/{place}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// What is to change about an operator.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperatorInput {
    /// The new role.
    role: Option<RoleInput>,
    /// Whether they cannot log in.
    disabled: Option<bool>,
    /// Whether a lost second factor is removed.
    #[serde(default)]
    reset_second_factor: bool,
}

/// `PATCH /v1/operators/{email}`.
async fn change(
    called: Called,
    Path(email): Path<String>,
    Input(input): Input<OperatorInput>,
) -> Answered {
    let OperatorInput { role, disabled, reset_second_factor } = input;
    if role.is_none() && disabled.is_none() && !reset_second_factor {
        let help = "send role, disabled or reset_second_factor";
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "nothing to change", help));
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

/// `DELETE /v1/operators/{email}`.
async fn remove(called: Called, Path(email): Path<String>) -> Answered {
    called.tenancy.remove_operator(&email).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// For what operators have to log in on this database.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequiredInput {
    /// For what.
    required: RequiredWord,
}

/// The words for it.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RequiredWord {
    /// For nothing: whoever reaches the database operates.
    Off,
    /// For changes.
    On,
    /// Also for looking.
    All,
}

/// `PUT /v1/operators/required`.
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
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactorInput {
    /// The least role that has to; null where none has to.
    #[serde(deserialize_with = "Option::deserialize")]
    from: Option<RoleInput>,
}

/// `PUT /v1/operators/second-factor`.
async fn require_second_factor(called: Called, Input(input): Input<FactorInput>) -> Answered {
    called.tenancy.require_second_factor(input.from.map(OperatorRole::from)).await?;
    match called.tenancy.operators().await {
        // Whoever has none of their own has to set that up before they see more.
        Err(Error::NotAllowed(_)) => Ok(StatusCode::NO_CONTENT.into_response()),
        directory => {
            Ok(answer::json(StatusCode::OK, &OperatorsFields::from_directory(&directory?)))
        }
    }
}
