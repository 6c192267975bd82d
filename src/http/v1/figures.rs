//! What goes through many organizations: how many there are, how much they hold, and what is inconsistent.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use axum::{extract::State, http::StatusCode};
use bson::DateTime;
use serde::{Deserialize, Serialize};
use tokio::sync::SemaphorePermit;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answered, Called, Refused, Service, answer,
    input::{OrgId, Parameters},
};
use crate::{
    org::{Search, StoredText},
    store::{Count, Examination, Finding, ListScope, OpenFiles, SizeKey, StoreError},
    tenancy::{Believe, Error, Named, SizeFields, Survey},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(doctor))
        .routes(routes!(dashboard))
        .routes(routes!(count))
        .routes(routes!(size))
}

impl Service {
    /// The place of a call that goes through the whole database, also once its client has gone.
    ///
    /// # Errors
    /// The refusal, while another one has it.
    pub(super) fn only_place(&self) -> Result<SemaphorePermit<'_>, Refused> {
        let busy = |_| Refused::busy("the whole database is being read for another request");
        self.whole.try_acquire().map_err(busy)
    }
}

/// What is inconsistent.
#[derive(Serialize, ToSchema)]
#[schema(as = Examination)]
struct ExaminedFields {
    /// Everything that was found; empty where all is well.
    findings: Vec<FindingFields>,
}

/// Something that is inconsistent.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
struct FindingFields {
    /// The word for its kind.
    code: &'static str,
    /// What it is.
    what: String,
    /// What to do about it.
    how: String,
}

/// Looks for what is inconsistent. Repairs nothing.
#[utoipa::path(
    get,
    path = "/v1/doctor",
    tag = "Figures",
    responses((status = 200, body = ExaminedFields, description = "What was found"))
)]
async fn doctor(State(service): State<Arc<Service>>, called: Called) -> Answered {
    let _place = service.only_place()?;
    let believe: &Believe = &|_| Box::pin(async { false });
    let found = called.tenancy.examine(&Examination::plain(false), believe).await?;
    let fields = |Finding { inconsistency, repair }: &Finding| FindingFields {
        code: inconsistency.code(),
        what: inconsistency.to_string(),
        how: repair.to_string(),
    };
    let findings = found.iter().map(fields).collect();
    Ok(answer::json(StatusCode::OK, &ExaminedFields { findings }))
}

/// How many organizations there are.
#[derive(Serialize, ToSchema)]
#[schema(as = OrganizationCount)]
struct CountFields {
    /// Their number.
    organizations: u64,
    /// Whether that is an estimate.
    about: bool,
}

impl CountFields {
    fn of(count: Count) -> Self {
        Self { organizations: count.counted, about: count.about }
    }
}

/// Which organizations are counted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CountParameters {
    /// Only those that match, as in the list.
    search: Option<String>,
    /// Those in the trash.
    #[serde(default)]
    trash: bool,
}

/// Counts organizations.
#[utoipa::path(
    get,
    path = "/v1/organizations/count",
    tag = "Figures",
    params(CountParameters),
    responses((status = 200, body = CountFields, description = "How many there are"))
)]
async fn count(called: Called, Parameters(wanted): Parameters<CountParameters>) -> Answered {
    let search = wanted.search.as_deref();
    if let Some(fault) = Search::parse(search.unwrap_or_default()).fault() {
        let help = "see `tenantry help search`";
        return Err(Refused::unclear(&fault.to_string(), help));
    }
    let of = if wanted.trash { ListScope::Trash } else { ListScope::Live };
    let count = called.tenancy.count(of, search, u64::MAX).await?;
    Ok(answer::json(StatusCode::OK, &CountFields::of(count)))
}

/// Says how much an organization holds.
#[utoipa::path(
    get,
    path = "/v1/organizations/{id}/size",
    tag = "Figures",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits")),
    responses((status = 200, body = SizeFields, description = "How much"))
)]
async fn size(called: Called, id: OrgId) -> Answered {
    let org = called.tenancy.org(id.0).await?.ok_or_else(Refused::not_found)?;
    let size = SizeFields::from_size(called.tenancy.size(&org).await?);
    Ok(answer::json(StatusCode::OK, &size))
}

/// How many months the dashboard goes back.
const MONTHS: usize = 12;

/// What all organizations come to.
#[derive(Serialize, ToSchema)]
#[schema(as = Dashboard)]
struct DashboardFields<'a> {
    /// How many there are, beside those in the trash.
    organizations: u64,
    /// How many of those are suspended.
    suspended: u64,
    /// How many are in the trash.
    in_trash: u64,
    /// How many documents they hold together.
    documents: u64,
    /// The bytes of those.
    bytes: u64,
    /// How many indexes they have.
    indexes: u64,
    /// Of how many organizations the size is not known.
    unknown_sizes: u64,
    /// How many were created in each of the last twelve months, this one last.
    created_by_month: [u64; MONTHS],
    /// How many logins failed in each of the last 24 hours, this one last; null where that may not be read.
    failed_logins_by_hour: Option<[u64; 24]>,
    /// How many data files the server has open, and how many files it may open; null where that is not known.
    open_files: Option<FilesFields>,
    /// The ten largest, the largest first.
    largest: Vec<NamedFields<'a>>,
    /// The ten without a new document for longest, that one first.
    quietest: Vec<NamedFields<'a>>,
}

/// How many files the server has open.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenFiles)]
struct FilesFields {
    /// How many of its data files: one for each collection, and for each index.
    open: u64,
    /// How many files it may open.
    most: u64,
}

/// An organization and how much it holds.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedSize)]
struct NamedFields<'a> {
    /// Its id.
    organization_id: String,
    /// Its name.
    organization_name: &'a StoredText,
    /// How much it holds.
    #[serde(flatten)]
    size: SizeFields,
}

impl<'a> NamedFields<'a> {
    fn all(named: &'a [Named]) -> Vec<Self> {
        let fields = |Named { org, size }: &'a Named| Self {
            organization_id: org.id.to_hex(),
            organization_name: &org.name,
            size: SizeFields::from_size(Some(*size)),
        };
        named.iter().map(fields).collect()
    }
}

/// Sums up all organizations.
#[utoipa::path(
    get,
    path = "/v1/dashboard",
    tag = "Figures",
    responses((status = 200, body = DashboardFields, description = "What they come to"))
)]
async fn dashboard(State(service): State<Arc<Service>>, called: Called) -> Answered {
    let _place = service.only_place()?;
    let survey = Mutex::new(Survey::default());
    let told = |part| survey.lock().unwrap_or_else(PoisonError::into_inner).add(part);
    match called.tenancy.survey(SystemTime::now(), told).await {
        // What may not be read is null.
        Ok(()) | Err(Error::Store(StoreError::Refused { .. })) => {}
        Err(error) => return Err(error.into()),
    }
    let survey = survey.into_inner().unwrap_or_else(PoisonError::into_inner);
    let counts = survey.counts.unwrap_or_default();
    let fields = DashboardFields {
        organizations: counts.live.counted,
        suspended: counts.suspended.counted,
        in_trash: counts.trash.counted,
        documents: survey.held.documents,
        bytes: survey.held.bytes,
        indexes: survey.held.indexes,
        unknown_sizes: survey.unknown,
        created_by_month: survey.created(DateTime::now()),
        failed_logins_by_hour: survey.failed_logins.map(|failed| failed.hours),
        open_files: survey.open_files.map(|OpenFiles { open, most }| FilesFields { open, most }),
        largest: NamedFields::all(survey.largest(SizeKey::Bytes)),
        quietest: NamedFields::all(&survey.quietest),
    };
    Ok(answer::json(StatusCode::OK, &fields))
}
