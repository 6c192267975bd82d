//! The audit log.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use bson::DateTime;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answered, Called, Refused, Service, answer, input::Parameters};
use crate::{
    org::{OperationKind, earlier},
    store::{AuditAt, AuditFilter, Head, Outcome},
    tenancy::{AuditPageFields, VerifiedFields},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(verify))
}

/// How many entries a page has, if nothing is said, and at the most.
const PAGE: u32 = 50;
const PAGE_MOST: u32 = 1000;

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParameters {
    /// About the organization that has this name now or had it.
    organization: Option<String>,
    /// By exactly this account, `user@host`, admin or API key.
    operator: Option<String>,
    /// With this action, such as `trash`.
    action: Option<String>,
    /// With this result, such as `refused`.
    result: Option<String>,
    /// From this time on: a day, an RFC 3339 time, or an age such as `30m`, `12h`, `7d`.
    since: Option<String>,
    /// Before this time.
    until: Option<String>,
    /// The most entries, 1 to 1000; 50 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Before the entry with this number: the `next` of the page before.
    before: Option<i64>,
}

fn time(typed: Option<&str>) -> Result<Option<DateTime>, Refused> {
    let help = "try 2026-11-20, 2026-11-20T10:30:00Z, 30m, 12h or 7d";
    let read = |typed| {
        earlier(typed, DateTime::now()).ok_or_else(|| Refused::unclear("unknown time", help))
    };
    typed.map(read).transpose()
}

impl ListParameters {
    fn filter(&self) -> Result<AuditFilter, Refused> {
        let help = "see `tenantry audit list --help`";
        let action = |typed: &str| {
            let known = |one: &OperationKind| [&*one.typed(), one.code()].contains(&typed);
            let found = OperationKind::KNOWN.into_iter().find(known);
            found.ok_or_else(|| Refused::unclear("unknown action", help))
        };
        let result = |typed: &str| {
            let known = |one: &Outcome| [&*one.typed(), one.word()].contains(&typed);
            let found = Outcome::ALL.into_iter().find(known);
            found.ok_or_else(|| Refused::unclear("unknown result", help))
        };
        Ok(AuditFilter {
            operator: self.operator.clone(),
            actions: self.action.as_deref().map(action).transpose()?.into_iter().collect(),
            outcomes: self.result.as_deref().map(result).transpose()?.into_iter().collect(),
            since: time(self.since.as_deref())?,
            until: time(self.until.as_deref())?,
            ..AuditFilter::ALL
        })
    }
}

/// Lists the audit log, the newest entry first, a page at a time.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "Audit log",
    params(ListParameters),
    responses((status = 200, body = AuditPageFields, description = "A page of it"))
)]
async fn list(called: Called, Parameters(wanted): Parameters<ListParameters>) -> Answered {
    let filter = wanted.filter()?;
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MOST).contains(&limit) {
        let what = "limit is not a number from 1 to 1000";
        return Err(Refused::unclear(what, "correct it, or leave it out"));
    }
    let at = wanted.before.map_or(AuditAt::Newest, AuditAt::Before);
    let page = called.tenancy.audit(wanted.organization.as_deref(), &filter, at, limit).await?;
    Ok(answer::json(StatusCode::OK, &AuditPageFields::from_page(&page)))
}

/// What is known of the log's end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VerifyParameters {
    /// A head that was answered earlier and kept elsewhere: with it, a log that was cut or rebuilt is found too.
    head: Option<String>,
}

/// Verifies that no entry of the audit log was edited, inserted or removed.
#[utoipa::path(
    get,
    path = "/v1/audit/verify",
    tag = "Audit log",
    params(VerifyParameters),
    responses((status = 200, body = VerifiedFields, description = "What was found"))
)]
async fn verify(
    State(service): State<Arc<Service>>,
    called: Called,
    Parameters(wanted): Parameters<VerifyParameters>,
) -> Answered {
    let _place = service.only_place()?;
    let kept = wanted.head.as_deref().map(|typed| {
        let help = "send the head that an earlier verification answered";
        Head::parse(typed).ok_or_else(|| Refused::unclear("this is no head of the audit log", help))
    });
    let verified = called.tenancy.verify(kept.transpose()?.as_ref()).await?;
    Ok(answer::json(StatusCode::OK, &VerifiedFields::from_verified(&verified)))
}
