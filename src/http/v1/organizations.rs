//! Organizations and their admins.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

use super::{
    Answered, Called, Refused, Service, answer, ensure_unchanged, etag,
    input::{Input, OrgId, Parameters},
    once::Answers,
};
use crate::{
    http::limits::{Limited, counted},
    org::{Org, OrgFields, Search, Secret},
    store::{Cursor, ListScope, PageAt, PageQuery, Sort, SortKey},
    tenancy::{Confirmation, Edit, NewOrganization},
};

pub(super) fn routes(service: &Arc<Service>) -> OpenApiRouter<Arc<Service>> {
    let limited = |what| middleware::from_fn_with_state((Arc::clone(service), what), counted);
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(create).layer(limited(Limited::Create)))
        .routes(routes!(show, change, trash))
        .routes(routes!(restore))
        .routes(routes!(purge).layer(limited(Limited::Login)))
        .routes(routes!(suspend))
        .routes(routes!(reactivate))
}

/// How many organizations a page has, if nothing is said, and at the most.
const PAGE: u32 = 100;
const PAGE_MOST: u32 = 1000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParameters {
    /// As in the console: see `tenantry help search`.
    search: Option<String>,
    #[serde(default)]
    /// What is in the trash, in the place of what is not.
    trash: bool,
    /// `name`, `created` or `email`; descending with `-` in front.
    #[param(pattern = "^-?(name|created|email)$")]
    sort: Option<String>,
    /// 100, if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Names of fields, with commas between.
    fields: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OrganizationPage)]
struct ListFields {
    #[schema(value_type = Vec<OrgFields>)]
    organizations: Vec<Value>,
    /// The `after` of the next page; null on the last one.
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
        let unclear = |what: &str, help| Refused::unclear(what, help);
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

/// Lists organizations, a page at a time.
#[utoipa::path(
    get,
    path = "/v1/organizations",
    tag = "Organizations",
    params(ListParameters),
    responses((status = 200, body = ListFields, description = "A page of them"))
)]
async fn list(called: Called, Parameters(wanted): Parameters<ListParameters>) -> Answered {
    let query = wanted.query()?;
    let fields: Option<Vec<&str>> =
        wanted.fields.as_deref().map(|fields| fields.split(',').map(str::trim).collect());
    if fields.iter().flatten().any(|field| !OrgFields::NAMES.contains(field)) {
        let what = "fields names one that an organization does not have";
        let help = "see /docs for the fields of an organization";
        return Err(Refused::unclear(what, help));
    }
    let page = called.tenancy.page(&query).await?;
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
pub(super) fn answered(status: StatusCode, org: &Org) -> Response {
    let mut response = answer::json(status, &OrgFields::with_connection(org));
    response.extensions_mut().insert(Answers(org.id));
    answer::with_header(response, header::ETAG, &etag(org))
}

impl Called {
    /// The organization, which is as the client has read it where it says so.
    pub(super) async fn org(&self, id: OrgId) -> Result<Org, Refused> {
        let org = self.tenancy.org(id.0).await?.ok_or_else(Refused::not_found)?;
        ensure_unchanged(&self.headers, &org)?;
        Ok(org)
    }

    /// The same, of one that is not in the trash.
    pub(super) async fn live(&self, id: OrgId) -> Result<Org, Refused> {
        let org = self.org(id).await?;
        if org.in_trash().is_some() {
            return Err(crate::tenancy::Error::InTrash(org.name).into());
        }
        Ok(org)
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrganization)]
struct NewInput {
    #[schema(min_length = 1)]
    organization_name: String,
    #[schema(min_length = 1)]
    email: String,
    password: Secret,
}

/// Creates an organization with its first admin.
#[utoipa::path(
    post,
    path = "/v1/organizations",
    tag = "Organizations",
    request_body = NewInput,
    responses((status = 201, body = OrgFields, description = "The new organization"))
)]
async fn create(called: Called, Input(new): Input<NewInput>) -> Answered {
    let NewInput { organization_name: name, email, password } = new;
    let made = match called.interrupted {
        Some(id) => called.tenancy.settled_org(id).await?,
        None => None,
    };
    let org = match made {
        Some(org) => org,
        None => called.tenancy.create(&NewOrganization { name, email, password }).await?,
    };
    let place = format!("/v1/organizations/{}", org.id);
    Ok(answer::with_header(answered(StatusCode::CREATED, &org), header::LOCATION, &place))
}

/// Gets an organization.
#[utoipa::path(
    get,
    path = "/v1/organizations/{id}",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    responses((status = 200, body = OrgFields, description = "The organization", headers(("ETag" = String, description = "What tells this state of it from another"))))
)]
async fn show(called: Called, id: OrgId) -> Answered {
    let org = called.tenancy.org(id.0).await?.ok_or_else(Refused::not_found)?;
    Ok(answered(StatusCode::OK, &org))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganizationChange)]
struct ChangeInput {
    organization_name: Option<String>,
    /// Of the first admin.
    email: Option<String>,
    /// Of the first admin, by themself.
    password: Option<Secret>,
}

/// Changes the name of an organization, or the e-mail address or password of its first admin.
#[utoipa::path(
    patch,
    path = "/v1/organizations/{id}",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    request_body = ChangeInput,
    responses((status = 200, body = OrgFields, description = "As it is now", headers(("ETag" = String, description = "What tells this state of it from another"))))
)]
async fn change(called: Called, id: OrgId, Input(input): Input<ChangeInput>) -> Answered {
    let org = called.live(id).await?;
    let ChangeInput { organization_name: name, email, password } = input;
    let org = called.tenancy.update(&org, &Edit { name, email, password }).await?;
    Ok(answered(StatusCode::OK, &org))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TrashParameters {
    #[serde(default)]
    reason: String,
    /// Whether others can use its name and e-mail addresses at once.
    #[serde(default)]
    release: bool,
}

/// Moves an organization to the trash.
#[utoipa::path(
    delete,
    path = "/v1/organizations/{id}",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), TrashParameters),
    responses((status = 200, body = OrgFields, description = "As it is in the trash", headers(("ETag" = String, description = "What tells this state of it from another"))))
)]
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

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Restoration)]
struct RestoreInput {
    /// Another name, where its own is taken.
    organization_name: Option<String>,
}

/// Restores an organization from the trash.
#[utoipa::path(
    post,
    path = "/v1/organizations/{id}/restore",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    request_body = RestoreInput,
    responses((status = 200, body = OrgFields, description = "The organization, back from the trash", headers(("ETag" = String, description = "What tells this state of it from another"))))
)]
async fn restore(called: Called, id: OrgId, Input(input): Input<RestoreInput>) -> Answered {
    let org = called.org(id).await?;
    let org = called.tenancy.restore(&org, input.organization_name.as_deref()).await?;
    Ok(answered(StatusCode::OK, &org))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Purge)]
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

/// Deletes an organization that is in the trash, for good.
#[utoipa::path(
    post,
    path = "/v1/organizations/{id}/purge",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    request_body = PurgeInput,
    responses((status = 204, description = "It and everything it had is gone"))
)]
async fn purge(called: Called, id: OrgId, Input(input): Input<PurgeInput>) -> Answered {
    let org = called.org(id).await?;
    let tenancy = called.tenancy.because(&input.reason);
    let PurgeInput { confirm, email, password, code, .. } = input;
    let (confirmed, password) = (Confirmation::Typed(confirm), password.unwrap_or_default());
    tenancy.purge(&org, &confirmed, &email, &password, code.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Suspends an organization: its admins cannot log in.
#[utoipa::path(
    post,
    path = "/v1/organizations/{id}/suspend",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    responses((status = 200, body = OrgFields, description = "The suspended organization", headers(("ETag" = String, description = "What tells this state of it from another"))))
)]
async fn suspend(called: Called, id: OrgId) -> Answered {
    let org = called.live(id).await?;
    Ok(answered(StatusCode::OK, &called.tenancy.suspend(&org).await?))
}

/// Ends the suspension of an organization.
#[utoipa::path(
    post,
    path = "/v1/organizations/{id}/reactivate",
    tag = "Organizations",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    responses((status = 200, body = OrgFields, description = "The active organization", headers(("ETag" = String, description = "What tells this state of it from another"))))
)]
async fn reactivate(called: Called, id: OrgId) -> Answered {
    let org = called.live(id).await?;
    Ok(answered(StatusCode::OK, &called.tenancy.reactivate(&org).await?))
}
