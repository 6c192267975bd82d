//! The documents of an organization, as Extended JSON.

use std::{fmt, sync::Arc};

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bson::{Bson, RawDocument, RawDocumentBuf};
use percent_encoding::utf8_percent_encode;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answered, Called, ESCAPED, Refused, Service, answer, etag,
    input::{DocumentInput, Input, OrgId, Parameters},
};
use crate::{
    document::{self, UpdateError, filter::Filter},
    org::Org,
    store::{DocumentAt, DocumentQuery, DocumentWrite},
    tenancy::{self, id_text, place_text},
};

const ALL: &str = "/v1/organizations/{id}/documents";
const ONE: &str = "/v1/organizations/{id}/documents/{doc_id}";

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(list, insert))
        .routes(routes!(count))
        .routes(routes!(show, replace, change, remove))
}

/// Whether the body of a call with this path can be a document.
pub(in crate::http) fn takes_document(path: &str) -> bool {
    path == ALL || path == ONE
}

/// How many documents a page has, if nothing is said, and at the most.
const PAGE: u32 = 100;
const PAGE_MOST: u32 = 1000;
/// A page of so many bytes is not read on.
const PAGE_MOST_BYTES: usize = 16 * 1024 * 1024;
/// How many are read at once: first a few, then as many of the largest so far as there is room for.
const FIRST: u32 = 4;
const AT_ONCE: u32 = 500;
/// How many fields are changed by one call: the document is copied for each.
const CHANGES_MOST: usize = 100;

/// How documents are written.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// Relaxed Extended JSON: numbers and dates as other JSON has them.
    #[default]
    Relaxed,
    /// Canonical Extended JSON: every number with its type.
    Canonical,
}

impl Format {
    fn write(self, document: &RawDocument) -> Result<Box<RawValue>, Refused> {
        let mut text = String::new();
        match self {
            Self::Relaxed => document::relaxed(document, &mut text),
            Self::Canonical => document::canonical(document, &mut text),
        }
        .map_err(|error| failed(&error))?;
        RawValue::from_string(text).map_err(|error| failed(&error))
    }
}

/// The parameter of calls that answer with a document.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FormatParameters {
    /// `relaxed` (the default) or `canonical`.
    #[serde(default)]
    format: Format,
}

/// The parameters of the list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParameters {
    /// Only documents that match: conditions, or a query in shell syntax.
    filter: Option<String>,
    /// `_id`, or a field that an index begins with; descending with `-` in front.
    sort: Option<String>,
    /// The most documents of the page, 1 to 1000; 100 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the page before, or the `_id` of a document.
    after: Option<String>,
    /// `relaxed` (the default) or `canonical`.
    #[serde(default)]
    format: Format,
}

/// A page of documents.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentPage)]
struct ListFields {
    /// The documents, as Extended JSON: fewer than `limit` where they are large.
    #[schema(value_type = Vec<Object>)]
    documents: Vec<Box<RawValue>>,
    /// What `after` continues with; null at the end.
    next: Option<String>,
}

/// The parameter of the count.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CountParameters {
    /// Only documents that match.
    filter: Option<String>,
}

/// How many documents there are.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentCount)]
struct CountFields {
    /// Their number.
    documents: u64,
}

/// Changes of single fields.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DocumentChange)]
struct ChangeInput {
    /// Paths and their new values, as Extended JSON. A bare number keeps the type of the number it replaces.
    #[serde(default)]
    #[schema(value_type = Object)]
    set: Assignments,
    /// The paths of fields to remove.
    #[serde(default)]
    unset: Vec<String>,
}

/// An object's fields in their order.
#[derive(Default)]
struct Assignments(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Assignments {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Assignments;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of paths and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Assignments, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = map.next_entry()? {
                    all.push(one);
                }
                Ok(Assignments(all))
            }
        }
        from.deserialize_map(InOrder)
    }
}

/// What was asked for as a filter.
fn filter_of(text: Option<&str>) -> Result<Option<Filter>, Refused> {
    let parsed = text.map(|text| Filter::parse(text, document::parse)).transpose();
    parsed.map_err(|fault| {
        let help = "see `tenantry help documents`";
        Refused::unclear(&fault.to_string(), help)
    })
}

fn failed(problem: &impl ToString) -> Refused {
    tenancy::Error::Machine(problem.to_string()).into()
}

impl Called {
    /// The organization whose documents these are.
    async fn holder(&self, id: OrgId) -> Result<Org, Refused> {
        let org = self.tenancy.org(id.0).await?.ok_or_else(Refused::not_found)?;
        if org.in_trash().is_some() {
            return Err(tenancy::Error::InTrash(org.name).into());
        }
        Ok(org)
    }

    /// One of them, which is as the client has read it where it says so.
    async fn document(&self, org: &Org, id: &str) -> Result<RawDocumentBuf, Refused> {
        let document = self.tenancy.document_typed(org, id).await?;
        let now = etag::of_document(&document);
        etag::ensure_match(&self.headers, &now, "the document was changed since it was read")?;
        Ok(document)
    }

    /// Inserts one, unless an earlier call with the same `Idempotency-Key` did.
    async fn inserted(
        &self,
        org: &Org,
        document: RawDocumentBuf,
    ) -> Result<DocumentWrite, Refused> {
        if let Some(id) = self.interrupted
            && let Ok(made) = self.tenancy.document(org, &Bson::ObjectId(id)).await
        {
            return Ok(DocumentWrite::Insert(made));
        }
        Ok(self.tenancy.write_document(org, &DocumentWrite::Insert(document)).await?)
    }

    /// Puts another one in its place.
    async fn put(
        &self,
        org: &Org,
        (before, after): (RawDocumentBuf, RawDocumentBuf),
        format: Format,
    ) -> Answered {
        let change = DocumentWrite::Replace { before, after };
        written(StatusCode::OK, &self.tenancy.write_document(org, &change).await?, format)
    }
}

/// A document, with what tells this state of it from another.
fn answered(status: StatusCode, document: &RawDocument, format: Format) -> Answered {
    let response = answer::json(status, &format.write(document)?);
    Ok(answer::with_header(response, header::ETAG, &etag::of_document(document)))
}

/// What was written.
fn written(status: StatusCode, write: &DocumentWrite, format: Format) -> Answered {
    match write.after() {
        Some(document) => answered(status, document, format),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Lists the documents of an organization, a page at a time.
#[utoipa::path(
    get,
    path = "/v1/organizations/{id}/documents",
    tag = "Documents",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), ListParameters),
    responses((status = 200, body = ListFields, description = "A page of them"))
)]
async fn list(
    called: Called,
    id: OrgId,
    Parameters(wanted): Parameters<ListParameters>,
) -> Answered {
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MOST).contains(&limit) {
        let what = "limit is not a number from 1 to 1000";
        let help = "correct it, or leave it out";
        return Err(Refused::unclear(what, help));
    }
    let filter = filter_of(wanted.filter.as_deref())?;
    let org = called.holder(id).await?;
    let tenancy = &called.tenancy;
    let order = tenancy.order_typed(&org, wanted.sort.as_deref().unwrap_or("_id")).await?;
    let at = match &wanted.after {
        None => DocumentAt::First,
        Some(after) => DocumentAt::After(tenancy.place_typed(&org, &order, after).await?),
    };
    let mut query = DocumentQuery { filter, order, at, whole: true, ..DocumentQuery::default() };
    let (mut documents, mut left, mut bytes, mut largest) = (Vec::new(), limit, 0, 1);
    query.limit = FIRST;
    let next = loop {
        query.limit = query.limit.min(left);
        let page = tenancy.document_page(&org, &query).await?;
        let last = page.documents.last().filter(|_| page.more);
        let last = last.map(|document| query.order.place(document)).transpose();
        let last = last.map_err(tenancy::Error::from)?;
        for document in &page.documents {
            let size = document.as_bytes().len();
            (bytes, largest) = (bytes + size, largest.max(size));
            documents.push(wanted.format.write(document)?);
        }
        left = left.saturating_sub(query.limit);
        let Some(place) = last else { break None };
        if left == 0 || bytes >= PAGE_MOST_BYTES {
            break Some(place_text(&query.order, &place)?);
        }
        query.at = DocumentAt::After(place);
        let fit = PAGE_MOST_BYTES.saturating_sub(bytes) / largest;
        query.limit = u32::try_from(fit).unwrap_or(u32::MAX).clamp(1, AT_ONCE);
    };
    Ok(answer::json(StatusCode::OK, &ListFields { documents, next }))
}

/// Counts the documents of an organization.
#[utoipa::path(
    get,
    path = "/v1/organizations/{id}/documents/count",
    tag = "Documents",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), CountParameters),
    responses((status = 200, body = CountFields, description = "How many there are"))
)]
async fn count(
    called: Called,
    id: OrgId,
    Parameters(wanted): Parameters<CountParameters>,
) -> Answered {
    let filter = filter_of(wanted.filter.as_deref())?;
    let org = called.holder(id).await?;
    let documents = called.tenancy.count_documents(&org, filter.as_ref()).await?;
    Ok(answer::json(StatusCode::OK, &CountFields { documents }))
}

/// Gets a document.
#[utoipa::path(
    get,
    path = "/v1/organizations/{id}/documents/{doc_id}",
    tag = "Documents",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), ("doc_id" = String, Path, description = "The _id of the document, as it is typed"), FormatParameters),
    responses((status = 200, body = Object, description = "The document, as Extended JSON"))
)]
async fn show(
    called: Called,
    id: OrgId,
    Path((_, doc_id)): Path<(String, String)>,
    Parameters(FormatParameters { format }): Parameters<FormatParameters>,
) -> Answered {
    let org = called.holder(id).await?;
    answered(StatusCode::OK, &called.tenancy.document_typed(&org, &doc_id).await?, format)
}

/// Inserts a document.
#[utoipa::path(
    post,
    path = "/v1/organizations/{id}/documents",
    tag = "Documents",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), FormatParameters),
    request_body = Object,
    responses((status = 201, body = Object, description = "The document, as it is stored"))
)]
async fn insert(
    called: Called,
    id: OrgId,
    Parameters(FormatParameters { format }): Parameters<FormatParameters>,
    DocumentInput(document): DocumentInput,
) -> Answered {
    let org = called.holder(id).await?;
    let insertion = called.inserted(&org, document).await?;
    let typed = id_text(&insertion.id().map_err(tenancy::Error::from)?)?;
    let response = written(StatusCode::CREATED, &insertion, format)?;
    let typed = utf8_percent_encode(&typed, ESCAPED);
    let place = format!("/v1/organizations/{}/documents/{typed}", org.id);
    Ok(answer::with_header(response, header::LOCATION, &place))
}

/// Replaces a document.
#[utoipa::path(
    put,
    path = "/v1/organizations/{id}/documents/{doc_id}",
    tag = "Documents",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), ("doc_id" = String, Path, description = "The _id of the document, as it is typed"), FormatParameters),
    request_body = Object,
    responses((status = 200, body = Object, description = "The document, as it is stored"))
)]
async fn replace(
    called: Called,
    id: OrgId,
    Path((_, doc_id)): Path<(String, String)>,
    Parameters(FormatParameters { format }): Parameters<FormatParameters>,
    DocumentInput(after): DocumentInput,
) -> Answered {
    let org = called.holder(id).await?;
    let before = called.document(&org, &doc_id).await?;
    called.put(&org, (before, after), format).await
}

/// Changes single fields of a document.
#[utoipa::path(
    patch,
    path = "/v1/organizations/{id}/documents/{doc_id}",
    tag = "Documents",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), ("doc_id" = String, Path, description = "The _id of the document, as it is typed"), FormatParameters),
    request_body = ChangeInput,
    responses((status = 200, body = Object, description = "The document, as it is stored"))
)]
async fn change(
    called: Called,
    id: OrgId,
    Path((_, doc_id)): Path<(String, String)>,
    Parameters(FormatParameters { format }): Parameters<FormatParameters>,
    Input(input): Input<ChangeInput>,
) -> Answered {
    let fields = input.set.0.len() + input.unset.len();
    if !(1..=CHANGES_MOST).contains(&fields) {
        let help = "name 1 to 100 fields in set and unset; for more, replace the document with PUT";
        let what = if fields == 0 { "nothing to change" } else { "too many fields at once" };
        return Err(Refused::unclear(what, help));
    }
    let org = called.holder(id).await?;
    let before = called.document(&org, &doc_id).await?;
    let read = before.clone();
    // Large ones take long.
    let after = spawn_blocking(move || changed(&read, &input)).await.map_err(|e| failed(&e))?;
    let after = after.map_err(|fault| tenancy::Error::InvalidDocument(fault.to_string()))?;
    called.put(&org, (before, after), format).await
}

fn changed(before: &RawDocument, input: &ChangeInput) -> Result<RawDocumentBuf, UpdateError> {
    let mut after = before.to_owned();
    for (path, value) in &input.set.0 {
        after = document::set_typed(&after, path, value.get())?;
    }
    for path in &input.unset {
        after = document::unset(&after, path)?;
    }
    Ok(after)
}

/// Deletes a document.
#[utoipa::path(
    delete,
    path = "/v1/organizations/{id}/documents/{doc_id}",
    tag = "Documents",
    params(("id" = String, Path, description = "The id of the organization: 24 hexadecimal digits"), ("doc_id" = String, Path, description = "The _id of the document, as it is typed")),
    responses((status = 204, description = "It is gone"))
)]
async fn remove(
    called: Called,
    id: OrgId,
    Path((_, doc_id)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let org = called.holder(id).await?;
    let before = called.document(&org, &doc_id).await?;
    let deletion = called.tenancy.write_document(&org, &DocumentWrite::Delete(before)).await?;
    written(StatusCode::NO_CONTENT, &deletion, Format::default())
}
