//! The calls of the FastAPI service whose place this one takes: the same paths, bodies, statuses and shapes of errors.
//!
//! What differs is on purpose, and listed in the manual: names, passwords and logins follow our rules, and no answer
//! repeats what was sent.

mod body;
mod fields;
mod inputs;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::any,
};
use serde::Serialize;
use serde_json::json;
use utoipa::{OpenApi, ToSchema};

use self::{
    body::{Body, Fault, Faults},
    fields::{CreatedFields, LoginFields, ShownFields},
    inputs::{AdminLogin, CreateOrg, DeleteOrg, Done, UpdateOrg},
};
use super::{
    Service, answer,
    client::bearer,
    limits::{Limited, counted},
    problem::Problem,
    v1,
};
use crate::{
    config::{Deletion, OpenCall},
    org::{Field, Secret},
    store::Required,
    tenancy::{Edit, Error, NewOrganization},
};

/// The paths, each with its one method.
const PATHS: [(&str, Method); 5] = [
    (CREATE, Method::POST),
    (GET, Method::GET),
    (UPDATE, Method::PUT),
    (DELETE, Method::DELETE),
    (LOGIN, Method::POST),
];
const CREATE: &str = "/org/create";
const GET: &str = "/org/get";
const UPDATE: &str = "/org/update";
const DELETE: &str = "/org/delete";
const LOGIN: &str = "/admin/login";

pub(super) fn routes(service: &Arc<Service>) -> Router<Arc<Service>> {
    let limited = |what| middleware::from_fn_with_state((Arc::clone(service), what), counted);
    Router::new()
        .route(CREATE, any(create).layer(limited(Limited::Create)))
        .route(GET, any(get))
        .route(UPDATE, any(update))
        .route(DELETE, any(delete))
        .route(LOGIN, any(login).layer(limited(Limited::Login)))
}

#[derive(OpenApi)]
#[openapi(paths(create, get, update, delete, login))]
struct Described;

/// These calls' part of the OpenAPI document.
pub(super) fn document() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

/// Answers what is no call: a slash at the end leads to the path without it.
pub(super) async fn not_found(uri: Uri) -> Response {
    let path = uri.path().trim_end_matches('/');
    if path.len() < uri.path().len() && PATHS.iter().any(|(known, _)| *known == path) {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(location) = HeaderValue::from_str(&format!("{path}{query}")) {
            return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)])
                .into_response();
        }
    }
    if uri.path().starts_with("/v1/") {
        return v1::no_call();
    }
    detail(StatusCode::NOT_FOUND, "Not Found")
}

/// `{"detail": …}`, as FastAPI answers what it refuses.
fn detail(status: StatusCode, what: &str) -> Response {
    answer::json(status, &json!({ "detail": what }))
}

/// Why a call was not done.
enum Refused {
    /// It has another method.
    Method(&'static str),
    /// There is no token where one is needed.
    NoToken,
    /// The body is no text.
    Unreadable,
    /// Something in the input is not as it must be.
    Input(Faults),
    /// As the operations say. With the field of the body that has the name.
    Tenancy(Box<Problem>, &'static str),
}

impl From<Faults> for Refused {
    fn from(faults: Faults) -> Self {
        Self::Input(faults)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Tenancy(Box::new(error.into()), NAME)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let challenge = |mut response: Response| {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
            response
        };
        match self {
            Self::Method(allowed) => {
                let mut response = detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
                response
            }
            Self::NoToken => challenge(detail(StatusCode::UNAUTHORIZED, "Not authenticated")),
            Self::Unreadable => {
                detail(StatusCode::BAD_REQUEST, "There was an error parsing the body")
            }
            Self::Input(faults) => faults.into_response(),
            Self::Tenancy(problem, name) => {
                if let Some(field) = problem.invalid {
                    let field = match field {
                        Field::Name => name,
                        Field::Email => EMAIL,
                        Field::Password => PASSWORD,
                        Field::Code => CODE,
                        Field::Reason => REASON,
                    };
                    let said = sentence(&problem.what, problem.help);
                    return Faults::from(Fault::value(field, &said)).into_response();
                }
                // What is taken was a bad request then.
                let status = match problem.status {
                    StatusCode::CONFLICT => StatusCode::BAD_REQUEST,
                    status => status,
                };
                let mut response = detail(status, &sentence(&problem.what, problem.help));
                if let Some(left) = problem.retry_after {
                    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                }
                if problem.asks_for_login { challenge(response) } else { response }
            }
        }
    }
}

/// What happened, and what to do, on one line.
fn sentence(what: &str, help: &str) -> String {
    if help.is_empty() { what.to_owned() } else { format!("{what}: {help}") }
}

type Answered = Result<Response, Refused>;

const NAME: &str = "organization_name";
const NEW_NAME: &str = "new_organization_name";
const EMAIL: &str = "email";
const PASSWORD: &str = "password";
const CODE: &str = "code";
const REASON: &str = "reason";

/// Splits a request, if it has the method of this call.
fn split(request: Request, method: &'static str) -> Result<(Parts, axum::body::Body), Refused> {
    if request.method().as_str() == method {
        Ok(request.into_parts())
    } else {
        Err(Refused::Method(method))
    }
}

#[derive(Serialize, ToSchema)]
struct Answer<'a, T> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a T>,
}

/// What is answered where all went well.
fn success<T: Serialize>(message: Option<&'static str>, data: Option<&T>) -> Response {
    answer::json(StatusCode::OK, &Answer { success: true, message, data })
}

impl Service {
    /// What a call needs, that is open or not.
    fn needed(&self, call: OpenCall) -> Required {
        if self.settings.open.contains(&call) { Required::Nothing } else { Required::Everything }
    }
}

/// Creates an organization with its first admin.
#[utoipa::path(
    post,
    path = "/org/create",
    tag = "FastAPI",
    operation_id = "create_org",
    request_body = CreateOrg,
    responses((status = 200, body = Answer<CreatedFields>, description = "The new organization")),
    security((), ("bearer" = []))
)]
async fn create(State(service): State<Arc<Service>>, request: Request) -> Answered {
    let (parts, body) = split(request, "POST")?;
    let mut body = Body::read(&parts, body).await?;
    let (name, email, password) = (body.text(NAME), body.text(EMAIL), body.secret(PASSWORD));
    body.check()?;
    let tenancy = service.tenancy_of(&parts, service.needed(OpenCall::Create)).await?;
    let org = tenancy.create(&NewOrganization { name, email, password }).await?;
    Ok(success(Some("Org created"), Some(&CreatedFields::from_org(&org))))
}

/// Gets an organization by its name.
#[utoipa::path(
    get,
    path = "/org/get",
    tag = "FastAPI",
    operation_id = "get_org",
    params(("organization_name" = String, Query, description = "The name")),
    responses((status = 200, body = Answer<ShownFields>, description = "The organization")),
    security((), ("bearer" = []))
)]
async fn get(State(service): State<Arc<Service>>, request: Request) -> Answered {
    let (parts, _) = split(request, "GET")?;
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let name = query.filter(|(key, _)| key == NAME).last().map(|(_, value)| value.into_owned());
    let name = name.ok_or_else(|| Faults::from(Fault::missing_in_query(NAME)))?;
    let tenancy = service.tenancy_of(&parts, service.needed(OpenCall::Get)).await?;
    let org = tenancy.named(&name).await?;
    Ok(success(None, Some(&ShownFields::from_org(&org))))
}

/// Changes an organization.
#[utoipa::path(
    put,
    path = "/org/update",
    tag = "FastAPI",
    operation_id = "update_org",
    request_body = UpdateOrg,
    responses((status = 200, body = Answer<CreatedFields>, description = "As it is now")),
    security((), ("bearer" = []))
)]
async fn update(State(service): State<Arc<Service>>, request: Request) -> Answered {
    let (parts, body) = split(request, "PUT")?;
    let mut body = Body::read(&parts, body).await?;
    let name = body.text(NAME);
    let new_name = body.optional_text(NEW_NAME);
    let (email, password) = (body.optional_text(EMAIL), body.optional_secret(PASSWORD));
    body.check()?;
    let renames_only = email.is_none() && password.is_none();
    let needed = match service.needed(OpenCall::UpdateName) {
        Required::Nothing if renames_only => Required::Nothing,
        Required::Nothing | Required::Writes | Required::Everything => Required::Writes,
    };
    if needed > Required::Nothing && bearer(&parts.headers).is_none() {
        return Err(Refused::NoToken);
    }
    let tenancy = service.tenancy_of(&parts, needed).await?;
    let org = tenancy.named_to_change(&name).await?;
    let edit = Edit { name: new_name, email, password };
    let org = tenancy.update(&org, &edit).await;
    let org = org.map_err(|error| Refused::Tenancy(Box::new(error.into()), NEW_NAME))?;
    Ok(success(Some("Org updated"), Some(&CreatedFields::from_org(&org))))
}

/// Deletes an organization: it is moved to the trash.
#[utoipa::path(
    delete,
    path = "/org/delete",
    tag = "FastAPI",
    operation_id = "delete_org",
    request_body = DeleteOrg,
    responses((status = 200, body = Done, description = "It is in the trash"))
)]
async fn delete(State(service): State<Arc<Service>>, request: Request) -> Answered {
    let (parts, body) = split(request, "DELETE")?;
    let body = Body::read(&parts, body).await?;
    if bearer(&parts.headers).is_none() {
        return Err(Refused::NoToken);
    }
    let mut body = body;
    let (name, reason) = (body.text(NAME), body.optional_text(REASON));
    body.check()?;
    let tenancy = service.tenancy_of(&parts, Required::Writes).await?;
    let tenancy = tenancy.because(reason.as_deref().unwrap_or_default());
    let org = tenancy.named_to_change(&name).await?;
    match service.settings.deletion {
        Deletion::Trash => tenancy.trash_and_release(&org).await?,
        Deletion::TrashReserved => tenancy.trash(&org).await?,
    };
    Ok(success(Some("Org deleted"), None::<&()>))
}

/// Logs in.
#[utoipa::path(
    post,
    path = "/admin/login",
    tag = "FastAPI",
    operation_id = "login_admin",
    request_body = AdminLogin,
    responses((status = 200, body = LoginFields, description = "The access token")),
    security(())
)]
async fn login(State(service): State<Arc<Service>>, request: Request) -> Answered {
    let (parts, body) = split(request, "POST")?;
    let mut body = Body::read(&parts, body).await?;
    let (email, password) = (body.text(EMAIL), body.secret(PASSWORD));
    let code = body.optional_secret(CODE);
    body.check()?;
    let tenancy = service.anonymous(&parts, Required::Nothing).in_session(None);
    let session = tenancy.login_with_code(&email, &password, code.as_ref()).await;
    service.metrics.login_ended(session.as_ref().map(drop));
    let session = session?;
    Ok(answer::json(StatusCode::OK, &LoginFields::from_session(&session)))
}

impl Body {
    /// As [`Body::text`], for what must not be seen.
    fn secret(&mut self, field: &'static str) -> Secret {
        Secret::from(self.text(field))
    }

    /// As [`Body::optional_text`], for what must not be seen.
    fn optional_secret(&mut self, field: &'static str) -> Option<Secret> {
        self.optional_text(field).map(Secret::from)
    }
}
