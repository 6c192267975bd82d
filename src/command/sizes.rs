//! How much organizations hold, as commands say it.

use serde::Serialize;

use super::{
    Failure,
    answer::{heading, rows},
    table::columns,
};
use crate::{
    org::{Org, OrgFields, byte_size, thousands, timestamp},
    store::{ListScope, Size},
    tenancy::{SizeFields, Tenancy},
};

/// The fields of a size, in their order.
pub(super) const SIZE_FIELDS: [&str; 4] = ["documents", "bytes", "indexes", "newest_document_at"];

/// An organization with how much it holds, where that was asked for.
#[derive(Serialize)]
pub(super) struct SizedFields<'a> {
    #[serde(flatten)]
    org: OrgFields<'a>,
    #[serde(flatten)]
    size: Option<SizeFields>,
}

impl<'a> SizedFields<'a> {
    /// As it stands in a list.
    pub(super) fn listed(org: &'a Org, size: Option<SizeFields>) -> Self {
        Self { org: OrgFields::from_org(org), size }
    }

    /// As it is shown alone.
    pub(super) fn shown(org: &'a Org, size: Option<Size>) -> Self {
        Self { org: OrgFields::with_connection(org), size: Some(SizeFields::from_size(size)) }
    }
}

/// The rows of a table about one organization.
pub(super) fn summary(size: Option<Size>) -> Vec<(&'static str, String)> {
    let Some(Size { held, newest }) = size else {
        return vec![("documents", "unknown".to_owned())];
    };
    let noun = if held.indexes == 1 { "index" } else { "indexes" };
    let mut rows = vec![(
        "documents",
        format!(
            "{} · {} · {} {noun}",
            thousands(held.documents),
            byte_size(held.bytes),
            thousands(held.indexes)
        ),
    )];
    rows.extend(newest.map(|newest| ("newest", timestamp(newest))));
    rows
}

/// The cells of a table of many.
fn cells(size: Option<Size>) -> [String; 3] {
    let Some(Size { held, newest }) = size else {
        return ["unknown".to_owned(), String::new(), String::new()];
    };
    let newest = newest.map(timestamp).unwrap_or_default();
    [thousands(held.documents), byte_size(held.bytes), newest]
}

/// The sizes of the organizations of a page.
#[derive(Default)]
pub(super) struct PageSizes(Option<Vec<Option<Size>>>);

impl PageSizes {
    /// What is known already.
    pub(super) fn known(sizes: Vec<Option<Size>>) -> Self {
        Self(Some(sizes))
    }

    /// Asks for them, where they are wanted.
    pub(super) async fn read(
        tenancy: &Tenancy,
        orgs: &[Org],
        wanted: bool,
    ) -> Result<Self, Failure> {
        Ok(Self(if wanted { Some(tenancy.sizes(orgs).await?) } else { None }))
    }

    /// The organizations with their sizes; none where none were asked for.
    pub(super) fn beside<'a>(
        &self,
        orgs: &'a [Org],
    ) -> impl Iterator<Item = (&'a Org, Option<SizeFields>)> {
        let size = |at| self.0.as_ref().map(|sizes| sizes.get(at).copied().flatten());
        let fields = move |at| size(at).map(SizeFields::from_size);
        orgs.iter().enumerate().map(move |(at, org)| (org, fields(at)))
    }

    /// The organizations as a table: with their sizes in the place of their collections.
    pub(super) fn table(&self, scope: ListScope, orgs: &[Org], room: usize) -> String {
        let (heading, rows) = (heading(scope), rows(orgs));
        let Some(sizes) = &self.0 else { return columns(&heading, &rows, room) };
        let with_sizes = |[name, admin, since, _, state]: [String; 5], size: &Option<Size>| {
            let [documents, bytes, newest] = cells(*size);
            [name, admin, documents, bytes, newest, since, state]
        };
        let [name, admin, since, _, state] = heading;
        let heading = [name, admin, "documents", "size", "newest document", since, state];
        let rows: Vec<_> =
            rows.into_iter().zip(sizes).map(|(row, size)| with_sizes(row, size)).collect();
        columns(&heading, &rows, room)
    }
}
