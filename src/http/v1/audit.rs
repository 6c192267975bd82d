//! The audit log.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use bson::{DateTime, oid::ObjectId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answered, Called, Refused, Service, answer, input::Parameters};
use crate::{
    org::{OperationKind, StoredText, earlier, rfc3339},
    store::{AuditAt, AuditFilter, Difference, Head, Outcome},
    tenancy::NumberedEntry,
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

fn unclear(what: &str, help: &'static str) -> Refused {
    Refused::new(StatusCode::UNPROCESSABLE_ENTITY, what, help)
}

fn time(typed: Option<&str>) -> Result<Option<DateTime>, Refused> {
    let help = "try 2026-11-20, 2026-11-20T10:30:00Z, 30m, 12h or 7d";
    let read = |typed| earlier(typed, DateTime::now()).ok_or_else(|| unclear("unknown time", help));
    typed.map(read).transpose()
}

impl ListParameters {
    fn filter(&self) -> Result<AuditFilter, Refused> {
        let help = "see `tenantry audit list --help`";
        let action = |typed: &str| {
            let known = |one: &OperationKind| [&*one.typed(), one.code()].contains(&typed);
            let found = OperationKind::KNOWN.into_iter().find(known);
            found.ok_or_else(|| unclear("unknown action", help))
        };
        let result = |typed: &str| {
            let known = |one: &Outcome| [&*one.typed(), one.word()].contains(&typed);
            let found = Outcome::ALL.into_iter().find(known);
            found.ok_or_else(|| unclear("unknown result", help))
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

/// A page of the audit log, the newest entry first.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditPage)]
struct ListFields<'a> {
    /// The entries.
    entries: Vec<EntryFields<'a>>,
    /// What `before` continues with; null at the end.
    next: Option<i64>,
}

/// An entry: an operation, a login or a refusal.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct EntryFields<'a> {
    /// Its number.
    number: i64,
    /// When, in RFC 3339.
    at: Option<String>,
    /// Who, as `user@host`, or `http@` and the client's address.
    operator: &'a StoredText,
    /// The operator who was logged in; null where none was.
    account: Option<&'a StoredText>,
    /// The name of the API key it was done with; null where it was none.
    key: Option<&'a StoredText>,
    /// The admin who was logged in; null where none was.
    admin: Option<&'a StoredText>,
    /// What was done, such as `trash`.
    action: String,
    /// The id of the organization it is about; null where it is about none.
    organization_id: Option<String>,
    /// What that was called then.
    organization_name: Option<&'a StoredText>,
    /// `done`, `refused`, `failed`, `unknown`, `taken-back` or `not-readable`.
    result: String,
    /// Why it was not done; null where it was.
    problem: Option<&'a StoredText>,
    /// Why it was done, as they said; null where they did not.
    reason: Option<&'a StoredText>,
    /// What is different since; never a secret.
    changes: Vec<ChangeFields<'a>>,
}

/// What is different since.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditChange)]
struct ChangeFields<'a> {
    /// Which field.
    field: &'a StoredText,
    /// What it was; empty where there was none, or where it is a secret.
    from: &'a StoredText,
    /// What it is; likewise.
    to: &'a StoredText,
}

impl<'a> EntryFields<'a> {
    fn from_entry(NumberedEntry { number, entry, .. }: &'a NumberedEntry) -> Self {
        let some = |text: &'a StoredText| Some(text).filter(|text| !text.raw().is_empty());
        let change =
            |Difference { field, from, to }: &'a Difference| ChangeFields { field, from, to };
        Self {
            number: *number,
            at: rfc3339(entry.at),
            operator: &entry.operator,
            account: some(&entry.account),
            key: some(&entry.key),
            admin: some(&entry.admin),
            action: entry.action.typed(),
            organization_id: entry.organization.map(ObjectId::to_hex),
            organization_name: some(&entry.name),
            result: entry.outcome.typed(),
            problem: some(&entry.reason),
            reason: some(&entry.given_reason),
            changes: entry.changes.iter().map(change).collect(),
        }
    }
}

/// Lists the audit log, the newest entry first, a page at a time.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "Audit log",
    params(ListParameters),
    responses((status = 200, body = ListFields, description = "A page of it"))
)]
async fn list(called: Called, Parameters(wanted): Parameters<ListParameters>) -> Answered {
    let filter = wanted.filter()?;
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MOST).contains(&limit) {
        let what = "limit is not a number from 1 to 1000";
        return Err(unclear(what, "correct it, or leave it out"));
    }
    let at = wanted.before.map_or(AuditAt::Newest, AuditAt::Before);
    let page = called.tenancy.audit(wanted.organization.as_deref(), &filter, at, limit).await?;
    let fields = ListFields {
        entries: page.entries.iter().map(EntryFields::from_entry).collect(),
        next: page.entries.last().filter(|_| page.more).map(|last| last.number),
    };
    Ok(answer::json(StatusCode::OK, &fields))
}

/// What is known of the log's end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VerifyParameters {
    /// A head that was answered earlier and kept elsewhere: with it, a log that was cut or rebuilt is found too.
    head: Option<String>,
}

/// What a verification found.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditVerification)]
struct VerifiedFields {
    /// Whether nothing was edited, inserted or removed.
    valid: bool,
    /// How many entries are as they were written, from the first.
    entries: i64,
    /// The last of them: number and hash.
    head: String,
    /// What was done to the one behind it; null where nothing was.
    problem: Option<String>,
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
        Head::parse(typed).ok_or_else(|| unclear("this is no head of the audit log", help))
    });
    let verified = called.tenancy.verify(kept.transpose()?.as_ref()).await?;
    let fields = VerifiedFields {
        valid: verified.tampering.is_none(),
        entries: verified.head.number,
        head: verified.head.to_string(),
        problem: verified.tampering.as_ref().map(ToString::to_string),
    };
    Ok(answer::json(StatusCode::OK, &fields))
}
