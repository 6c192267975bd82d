//! The admins of an organization: who they are, their one-time codes, and who owns it.

use std::sync::Arc;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answered, Called, Service, answer,
    input::{Input, OrgId, Parameters},
};
use crate::{
    org::{Admin, Org, OrgFields, Role, StoredText, rfc3339},
    tenancy::{Error, IssuedCode, Tenancy},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(transfer))
        .routes(routes!(admins, add_admin))
        .routes(routes!(remove_admin))
        .routes(routes!(issue_code))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Transfer)]
struct TransferInput {
    email: String,
    /// Whether the owners before are removed; otherwise they become admins.
    #[serde(default)]
    remove: bool,
    #[serde(default)]
    reason: String,
    /// Mail a one-time code as well.
    #[serde(default)]
    send: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TransferredOrganization)]
struct TransferFields<'a> {
    #[serde(flatten)]
    organization: OrgFields<'a>,
    /// The one-time code of a new owner: shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// When that code stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    #[serde(flatten)]
    mail: MailFields,
}

/// Transfers an organization to another owner.
#[utoipa::path(
    post,
    path = "/v1/organizations/{id}/transfer",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    request_body = TransferInput,
    responses((status = 200, body = TransferFields, description = "The organization, with the one-time code of a new owner"))
)]
async fn transfer(called: Called, id: OrgId, Input(input): Input<TransferInput>) -> Answered {
    let org = called.live(id).await?;
    let tenancy = called.tenancy.because(&input.reason);
    can_send(input.send, &tenancy)?;
    let (org, issued) = tenancy.transfer(&org, &input.email, input.remove).await?;
    let mail = match &issued {
        Some(issued) => MailFields::send(input.send, &tenancy, &org, issued).await,
        None => MailFields::default(),
    };
    let code = issued.as_ref().map(|issued| issued.code.reveal());
    let valid_until = issued.as_ref().and_then(|issued| rfc3339(issued.until));
    let organization = OrgFields::from_org(&org);
    let fields = TransferFields { organization, code, valid_until, mail };
    Ok(answer::json(StatusCode::OK, &fields))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Admin)]
struct AdminFields<'a> {
    admin_id: String,
    email: &'a StoredText,
    role: &'static str,
    second_factor: bool,
    created_at: Option<String>,
}

impl<'a> AdminFields<'a> {
    fn from_admin(admin: &'a Admin) -> Self {
        Self {
            admin_id: admin.id.to_hex(),
            email: &admin.email,
            role: admin.role.word(),
            second_factor: admin.second_factor.is_some(),
            created_at: rfc3339(admin.created_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Admins)]
struct AdminsFields<'a> {
    admins: Vec<AdminFields<'a>>,
}

/// Lists the admins of an organization.
#[utoipa::path(
    get,
    path = "/v1/organizations/{id}/admins",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    responses((status = 200, body = AdminsFields, description = "Its admins"))
)]
async fn admins(called: Called, id: OrgId) -> Answered {
    let org = called.org(id).await?;
    let admins = called.tenancy.admins(&org).await?;
    let admins = admins.iter().map(AdminFields::from_admin).collect();
    Ok(answer::json(StatusCode::OK, &AdminsFields { admins }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAdmin)]
struct AdminInput {
    email: String,
    #[serde(default)]
    owner: bool,
    /// Mail the one-time code as well.
    #[serde(default)]
    send: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OneTimeCode)]
struct CodeFields<'a> {
    email: &'a StoredText,
    /// Shown once.
    code: &'a str,
    /// When it stops working.
    valid_until: Option<String>,
    #[serde(flatten)]
    mail: MailFields,
}

impl<'a> CodeFields<'a> {
    /// Mails the code first, where that is wanted.
    async fn send(send: bool, tenancy: &Tenancy, org: &Org, issued: &'a IssuedCode) -> Self {
        let mail = MailFields::send(send, tenancy, org, issued).await;
        let IssuedCode { email, code, until } = issued;
        Self { email, code: code.reveal(), valid_until: rfc3339(*until), mail }
    }
}

/// What came of the mail with a one-time code; nothing where none was wanted.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Mail)]
struct MailFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<bool>,
    /// Why not. The code is good all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail_problem: Option<String>,
}

impl MailFields {
    /// Mails the code, where that is wanted.
    async fn send(send: bool, tenancy: &Tenancy, org: &Org, issued: &IssuedCode) -> Self {
        if !send {
            return Self::default();
        }
        let mailed = tenancy.mail_code(org, issued).await;
        let mail_problem = mailed.as_ref().err().map(ToString::to_string);
        Self { sent: Some(mailed.is_ok()), mail_problem }
    }
}

/// Refuses where a code was to be mailed and cannot be, before it is issued.
fn can_send(send: bool, tenancy: &Tenancy) -> Result<(), Error> {
    if send { tenancy.ensure_mails() } else { Ok(()) }
}

/// Whether a code is mailed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SendQuery {
    /// Mail the code as well.
    #[serde(default)]
    send: bool,
}

/// Adds an admin.
#[utoipa::path(
    post,
    path = "/v1/organizations/{id}/admins",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    request_body = AdminInput,
    responses((status = 201, body = CodeFields, description = "The one-time code with which the new admin sets a password"))
)]
async fn add_admin(called: Called, id: OrgId, Input(input): Input<AdminInput>) -> Answered {
    let org = called.live(id).await?;
    let role = if input.owner { Role::Owner } else { Role::Admin };
    can_send(input.send, &called.tenancy)?;
    let (org, issued) = called.tenancy.add_admin(&org, &input.email, role).await?;
    let fields = CodeFields::send(input.send, &called.tenancy, &org, &issued).await;
    Ok(answer::json(StatusCode::CREATED, &fields))
}

/// Removes an admin.
#[utoipa::path(
    delete,
    path = "/v1/organizations/{id}/admins/{email}",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), ("email" = String, Path, description = "The e-mail address of the admin")),
    responses((status = 204, description = "The admin is removed"))
)]
async fn remove_admin(
    called: Called,
    id: OrgId,
    Path((_, email)): Path<(String, String)>,
) -> Answered {
    let org = called.live(id).await?;
    called.tenancy.remove_admin(&org, &email).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Issues a one-time code, with which the admin sets a new password.
#[utoipa::path(
    post,
    path = "/v1/organizations/{id}/admins/{email}/code",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), ("email" = String, Path, description = "The e-mail address of the admin"), SendQuery),
    responses((status = 200, body = CodeFields, description = "The one-time code"))
)]
async fn issue_code(
    called: Called,
    id: OrgId,
    Path((_, email)): Path<(String, String)>,
    Parameters(SendQuery { send }): Parameters<SendQuery>,
) -> Answered {
    let org = called.live(id).await?;
    can_send(send, &called.tenancy)?;
    let (org, issued) = called.tenancy.issue_code(&org, &email).await?;
    let fields = CodeFields::send(send, &called.tenancy, &org, &issued).await;
    Ok(answer::json(StatusCode::OK, &fields))
}
