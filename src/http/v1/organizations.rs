//! Organizations and their admins.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Answered, Called, Refused, Service, answer, ensure_unchanged, etag,
    input::{Input, OrgId, Parameters},
};
use crate::{
    http::limits::{Limited, counted},
    org::{Admin, Org, OrgFields, Role, Search, Secret, StoredText},
    store::{Cursor, ListScope, PageAt, PageQuery, Sort, SortKey},
    tenancy::{Confirmation, Edit, Error, NewOrganization, Tenancy},
};

pub(super) fn routes(service: &Arc<Service>) -> Router<Arc<Service>> {
    let limited = |what| middleware::from_fn_with_state((Arc::clone(service), what), counted);
    Router::new()
        .route("/v1/organizations", get(list).merge(post(create).layer(limited(Limited::Create))))
        .route("/v1/organizations/{id}", get(show).patch(change).delete(trash))
        .route("/v1/organizations/{id}/restore", post(restore))
        .route("/v1/organizations/{id}/purge", post(purge).layer(limited(Limited::Login)))
        .route("/v1/organizations/{id}/suspend", post(suspend))
        .route("/v1/organizations/{id}/reactivate", post(reactivate))
        .route("/v1/organizations/{id}/transfer", post(transfer))
        .route("/v1/organizations/{id}/admins", get(admins).post(add_admin))
        .route("/v1/organizations/{id}/admins/{email}", axum::routing::delete(remove_admin))
        .route("/v1/organizations/{id}/admins/{email}/code", post(issue_code))
}

/// How many organizations a page has, if nothing is said, and at the most.
const PAGE: u32 = 100;
const PAGE_MOST: u32 = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListParameters {
    search: Option<String>,
    #[serde(default)]
    trash: bool,
    /// `name`, `created` or `email`; descending with `-` in front.
    sort: Option<String>,
    limit: Option<u32>,
    after: Option<String>,
    /// Names of fields, with commas between.
    fields: Option<String>,
}

#[derive(Serialize)]
struct ListFields {
    organizations: Vec<Value>,
    next: Option<String>,
}

fn sort(word: &str) -> Option<Sort> {
    let (word, descending) = word.strip_prefix('-').map_or((word, false), |word| (word, true));
    let key = match word {
        "name" => SortKey::Name,
        "created" => SortKey::Created,
        "email" => SortKey::Email,
        _ => return None,
    };
    Some(Sort { key, descending })
}

impl ListParameters {
    fn query(&self) -> Result<PageQuery, Refused> {
        let unclear = |what: &str, help| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, what, help);
        if let Some(fault) = Search::parse(self.search.as_deref().unwrap_or_default()).fault() {
            return Err(unclear(&fault.to_string(), "see `tenantry help search`"));
        }
        let sort = match self.sort.as_deref().map(sort) {
            None => None,
            Some(Some(sort)) => Some(sort),
            Some(None) => {
                let help = "sort by name, created or email; with - in front for descending";
                return Err(unclear("unknown sort key", help));
            }
        };
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MOST).contains(&limit) {
            return Err(unclear(
                "limit is not a number from 1 to 1000",
                "correct it, or leave it out",
            ));
        }
        let mut query = PageQuery {
            scope: if self.trash { ListScope::Trash } else { ListScope::Live },
            search: self.search.clone(),
            best_first: sort.is_none(),
            sort: sort.unwrap_or_default(),
            at: PageAt::First,
            limit,
        };
        if let Some(word) = &self.after {
            let cursor = Cursor::decode(word, &query).ok_or_else(|| {
                let help = "use the same search, sort and trash as for the page it came from";
                unclear("after is not a “next” of this list", help)
            })?;
            query.at = PageAt::After(cursor);
        }
        Ok(query)
    }
}

/// `GET /v1/organizations`.
async fn list(called: Called, Parameters(wanted): Parameters<ListParameters>) -> Answered {
    let query = wanted.query()?;
    let page = called.tenancy.page(&query).await?;
    let fields: Option<Vec<&str>> =
        wanted.fields.as_deref().map(|fields| fields.split(',').map(str::trim).collect());
    let shown = |org: &Org| {
        let mut value = serde_json::to_value(OrgFields::from_org(org)).unwrap_or_default();
        if let (Some(fields), Some(all)) = (&fields, value.as_object_mut()) {
            all.retain(|name, _| fields.contains(&name.as_str()));
        }
        value
    };
    let next = page.places.last().filter(|_| page.more_after).map(|last| last.encode(&query));
    let organizations = page.orgs.iter().map(shown).collect();
    Ok(answer::json(StatusCode::OK, &ListFields { organizations, next }))
}

/// An organization, with what tells this state of it from another.
fn answered(status: StatusCode, org: &Org) -> Response {
    let mut response = answer::json(status, &OrgFields::with_connection(org));
    if let Ok(tag) = HeaderValue::from_str(&etag(org)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

impl Called {
    /// The organization, which is as the client has read it where it says so.
    async fn org(&self, id: OrgId) -> Result<Org, Refused> {
        let org = self.tenancy.org(id.0).await?.ok_or_else(Refused::not_found)?;
        ensure_unchanged(&self.headers, &org)?;
        Ok(org)
    }

    /// The same, of one that is not in the trash.
    async fn live(&self, id: OrgId) -> Result<Org, Refused> {
        let org = self.org(id).await?;
        if org.in_trash().is_some() {
            return Err(crate::tenancy::Error::InTrash(org.name).into());
        }
        Ok(org)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewInput {
    organization_name: String,
    email: String,
    password: Secret,
}

/// `POST /v1/organizations`.
async fn create(called: Called, Input(new): Input<NewInput>) -> Answered {
    let NewInput { organization_name: name, email, password } = new;
    let org = called.tenancy.create(&NewOrganization { name, email, password }).await?;
    let mut response = answered(StatusCode::CREATED, &org);
    if let Ok(place) = HeaderValue::from_str(&format!("/v1/organizations/{}", org.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// `GET /v1/organizations/{id}`.
async fn show(called: Called, id: OrgId) -> Answered {
    let org = called.tenancy.org(id.0).await?.ok_or_else(Refused::not_found)?;
    Ok(answered(StatusCode::OK, &org))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeInput {
    organization_name: Option<String>,
    /// Of the first admin.
    email: Option<String>,
    /// Of the first admin, by themself.
    password: Option<Secret>,
}

/// `PATCH /v1/organizations/{id}`.
async fn change(called: Called, id: OrgId, Input(input): Input<ChangeInput>) -> Answered {
    let org = called.live(id).await?;
    let ChangeInput { organization_name: name, email, password } = input;
    let org = called.tenancy.update(&org, &Edit { name, email, password }).await?;
    Ok(answered(StatusCode::OK, &org))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrashParameters {
    #[serde(default)]
    reason: String,
    /// Whether others can use its name and e-mail addresses at once.
    #[serde(default)]
    release: bool,
}

/// `DELETE /v1/organizations/{id}`: to the trash.
async fn trash(
    called: Called,
    id: OrgId,
    Parameters(wanted): Parameters<TrashParameters>,
) -> Answered {
    let org = called.live(id).await?;
    let tenancy = called.tenancy.because(&wanted.reason);
    let org = if wanted.release {
        tenancy.trash_and_release(&org).await
    } else {
        tenancy.trash(&org).await
    };
    Ok(answered(StatusCode::OK, &org?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestoreInput {
    /// Another name, where its own is taken.
    organization_name: Option<String>,
}

/// `POST /v1/organizations/{id}/restore`.
async fn restore(called: Called, id: OrgId, Input(input): Input<RestoreInput>) -> Answered {
    let org = called.org(id).await?;
    let org = called.tenancy.restore(&org, input.organization_name.as_deref()).await?;
    Ok(answered(StatusCode::OK, &org))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PurgeInput {
    /// The name, as it is shown: that it is meant.
    confirm: String,
    #[serde(default)]
    reason: String,
    /// Of an owner, whose session ended with the trash; an operator needs none of these.
    #[serde(default)]
    email: String,
    password: Option<Secret>,
    code: Option<Secret>,
}

/// `POST /v1/organizations/{id}/purge`: what is in the trash.
async fn purge(called: Called, id: OrgId, Input(input): Input<PurgeInput>) -> Answered {
    let org = called.org(id).await?;
    let tenancy = called.tenancy.because(&input.reason);
    let PurgeInput { confirm, email, password, code, .. } = input;
    let (confirmed, password) = (Confirmation::Typed(confirm), password.unwrap_or_default());
    tenancy.purge(&org, &confirmed, &email, &password, code.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /v1/organizations/{id}/suspend`.
async fn suspend(called: Called, id: OrgId) -> Answered {
    let org = called.live(id).await?;
    Ok(answered(StatusCode::OK, &called.tenancy.suspend(&org).await?))
}

/// `POST /v1/organizations/{id}/reactivate`.
async fn reactivate(called: Called, id: OrgId) -> Answered {
    let org = called.live(id).await?;
    Ok(answered(StatusCode::OK, &called.tenancy.reactivate(&org).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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

#[derive(Serialize)]
struct TransferFields<'a> {
    #[serde(flatten)]
    organization: OrgFields<'a>,
    /// The one-time code of a new owner: shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(flatten)]
    mail: MailFields,
}

/// `POST /v1/organizations/{id}/transfer`.
async fn transfer(called: Called, id: OrgId, Input(input): Input<TransferInput>) -> Answered {
    let org = called.live(id).await?;
    let tenancy = called.tenancy.because(&input.reason);
    can_send(input.send, &tenancy)?;
    let (org, code) = tenancy.transfer(&org, &input.email, input.remove).await?;
    let mail = match &code {
        Some(code) => MailFields::send(input.send, &tenancy, &org, &input.email, code).await,
        None => MailFields::default(),
    };
    let code = code.as_ref().map(Secret::reveal);
    let fields = TransferFields { organization: OrgFields::from_org(&org), code, mail };
    Ok(answer::json(StatusCode::OK, &fields))
}

#[derive(Serialize)]
struct AdminFields<'a> {
    admin_id: String,
    email: &'a StoredText,
    role: &'static str,
    has_second_factor: bool,
    created_at: Option<String>,
}

impl<'a> AdminFields<'a> {
    fn from_admin(admin: &'a Admin) -> Self {
        Self {
            admin_id: admin.id.to_hex(),
            email: &admin.email,
            role: admin.role.word(),
            has_second_factor: admin.second_factor.is_some(),
            created_at: crate::org::rfc3339(admin.created_at),
        }
    }
}

#[derive(Serialize)]
struct AdminsFields<'a> {
    admins: Vec<AdminFields<'a>>,
}

/// `GET /v1/organizations/{id}/admins`.
async fn admins(called: Called, id: OrgId) -> Answered {
    let org = called.org(id).await?;
    let admins = called.tenancy.admins(&org).await?;
    let admins = admins.iter().map(AdminFields::from_admin).collect();
    Ok(answer::json(StatusCode::OK, &AdminsFields { admins }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdminInput {
    email: String,
    #[serde(default)]
    owner: bool,
    /// Mail the one-time code as well.
    #[serde(default)]
    send: bool,
}

#[derive(Serialize)]
struct CodeFields<'a> {
    email: &'a str,
    /// Shown once.
    code: &'a str,
    #[serde(flatten)]
    mail: MailFields,
}

/// What came of the mail with a one-time code; nothing where none was wanted.
#[derive(Default, Serialize)]
struct MailFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<bool>,
    /// Why not. The code is good all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail_problem: Option<String>,
}

impl MailFields {
    /// Mails the code, where that is wanted.
    async fn send(send: bool, tenancy: &Tenancy, org: &Org, email: &str, code: &Secret) -> Self {
        if !send {
            return Self::default();
        }
        let mailed = tenancy.mail_code(org, email, code).await;
        let mail_problem = mailed.as_ref().err().map(ToString::to_string);
        Self { sent: Some(mailed.is_ok()), mail_problem }
    }
}

/// Refuses where a code was to be mailed and cannot be, before it is issued.
fn can_send(send: bool, tenancy: &Tenancy) -> Result<(), Error> {
    if send { tenancy.ensure_mails() } else { Ok(()) }
}

/// Whether a code is mailed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendQuery {
    #[serde(default)]
    send: bool,
}

/// `POST /v1/organizations/{id}/admins`.
async fn add_admin(called: Called, id: OrgId, Input(input): Input<AdminInput>) -> Answered {
    let org = called.live(id).await?;
    let role = if input.owner { Role::Owner } else { Role::Admin };
    can_send(input.send, &called.tenancy)?;
    let (org, code) = called.tenancy.add_admin(&org, &input.email, role).await?;
    let email = input.email.trim();
    let mail = MailFields::send(input.send, &called.tenancy, &org, email, &code).await;
    let fields = CodeFields { email, code: code.reveal(), mail };
    Ok(answer::json(StatusCode::CREATED, &fields))
}

/// `DELETE /v1/organizations/{id}/admins/{email}`.
async fn remove_admin(
    called: Called,
    id: OrgId,
    Path((_, email)): Path<(String, String)>,
) -> Answered {
    let org = called.live(id).await?;
    called.tenancy.remove_admin(&org, &email).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /v1/organizations/{id}/admins/{email}/code`: a new one-time code.
async fn issue_code(
    called: Called,
    id: OrgId,
    Path((_, email)): Path<(String, String)>,
    Parameters(SendQuery { send }): Parameters<SendQuery>,
) -> Answered {
    let org = called.live(id).await?;
    can_send(send, &called.tenancy)?;
    let (org, code) = called.tenancy.issue_code(&org, &email).await?;
    let mail = MailFields::send(send, &called.tenancy, &org, &email, &code).await;
    Ok(answer::json(StatusCode::OK, &CodeFields { email: &email, code: code.reveal(), mail }))
}
