//! Listing records without a listing: those that the FastAPI service wrote before an upgrade or since the last
//! write, and those of an earlier version of ours.
//!
//! They are merged into the list at their places. Their keys are computed as they are read, by the same functions
//! as stored keys, and only as many are kept as a page holds: a page of a database without our fields and indexes
//! costs one pass over its records, in any order. Records of an earlier version get a listing with an upgrade, or
//! a thousand of them with each write.

use std::sync::PoisonError;

use mongodb::bson::{Bson, Document, RawDocument, RawDocumentBuf, doc};

use super::{
    Inner, READ,
    by_admins::ByAdmins,
    connect::write_command,
    error::code,
    field::{field_at, text},
    listing::sorted,
    read::Record,
    record, shape,
};
use crate::{
    org::{Org, Rank, Search},
    store::{Cursor, ListScope, PageQuery, Result, SortKey, StoreError, search::Side},
};

/// Which records of a list are wanted.
pub(super) struct Wanted<'a> {
    pub(super) query: &'a PageQuery,
    pub(super) search: &'a Search,
    pub(super) by_admins: Option<&'a ByAdmins>,
    pub(super) side: &'a Side,
    /// How many at the most.
    pub(super) most: usize,
}

impl Inner {
    /// Whether some organizations of a list lack the fields.
    pub(super) async fn has_unlisted(&self, scope: ListScope) -> Result<bool> {
        let some = self.find_one(&self.orgs, unlisted(scope)).await?.is_some();
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if some {
            listed.remove(&scope);
        } else {
            listed.insert(scope);
        }
        Ok(some)
    }

    /// Whether the last look found none that lack the fields.
    pub(super) fn were_all_listed(&self, scope: ListScope) -> bool {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).contains(&scope)
    }

    /// Those without the fields on one side of a place; and whether there are any on the other side or at
    /// the place itself.
    pub(super) async fn unlisted_near(
        &self,
        wanted: &Wanted<'_>,
    ) -> Result<(Vec<(Cursor, Org)>, bool)> {
        let Wanted { query, search, by_admins, side, most } = wanted;
        let descending = query.sort.descending;
        // The nearest first.
        let (mut near, mut beyond) = (Vec::<(Cursor, Org)>::new(), false);
        self.each_found(query.scope, search, *by_admins, |org, rank| {
            let rank = Some(rank).filter(|_| query.ranks(search));
            let place = Cursor { rank, ..Cursor::from_org(&org, query.sort.key) };
            if side.is_behind(query, &place) {
                beyond = true;
                return;
            }
            let at = near.partition_point(|(other, _)| {
                let order = other.compare(&place, descending);
                if side.forward { order.is_lt() } else { order.is_gt() }
            });
            if at < *most {
                near.insert(at, (place, org));
                near.truncate(*most);
            }
        })
        .await?;
        Ok((near, beyond))
    }

    /// How many of those without the fields match.
    pub(super) async fn count_unlisted(
        &self,
        scope: ListScope,
        search: &Search,
        by_admins: Option<&ByAdmins>,
    ) -> Result<u64> {
        let mut counted = 0;
        self.each_found(scope, search, by_admins, |_, _| counted += 1).await?;
        Ok(counted)
    }

    /// The number of our records without a listing.
    pub(super) async fn how_many_lack_listings(&self) -> Result<u64> {
        let mut lack = 0;
        for of in [ListScope::Live, ListScope::Trash] {
            let counted = self.orgs.count_documents(lacking(of)).max_time(READ).await;
            lack += counted.map_err(|error| self.errors.translate(&error))?;
        }
        Ok(lack)
    }

    /// Gives up to so many thousands of records of an older version their listings.
    pub(super) async fn complete_listings(
        &self,
        of: ListScope,
        batches: usize,
        wrote: impl Fn(usize),
    ) -> Result<()> {
        for _ in 0..batches {
            let batch = self.without_listing(of).await?;
            let updates: Vec<_> = batch.iter().map(|record| completed(of, record)).collect();
            if updates.is_empty() || !self.write_listings(&updates).await? {
                return Ok(());
            }
            wrote(updates.len());
        }
        Ok(())
    }

    async fn without_listing(&self, of: ListScope) -> Result<Vec<Document>> {
        let say = |error| self.errors.translate(&error);
        let found = self.orgs.find(lacking(of)).limit(BATCH).max_time(READ);
        let (mut found, mut batch) = (found.await.map_err(say)?, Vec::new());
        while found.advance().await.map_err(say)? {
            batch.extend(found.deserialize_current().ok().map(|record| record.0));
        }
        Ok(batch)
    }

    /// Whether any was written: a validator may refuse them all.
    async fn write_listings(&self, updates: &[Document]) -> Result<bool> {
        let command = doc! { "update": self.orgs.name(), "updates": updates, "ordered": false };
        let answer =
            write_command(&self.db, command).await.map_err(|e| self.errors.translate(&e))?;
        let errors = answer.get_array("writeErrors").into_iter().flatten();
        for error in errors.filter_map(Bson::as_document) {
            if error.get_i32("code").ok() != Some(code::DOCUMENT_REFUSED) {
                return Err(StoreError::Other(text(error, "errmsg").to_owned()));
            }
        }
        Ok(answer.get_i32("nModified").unwrap_or_default() > 0)
    }

    /// Shows every organization of a list that lacks the fields and is found.
    async fn each_found(
        &self,
        scope: ListScope,
        search: &Search,
        by_admins: Option<&ByAdmins>,
        mut then: impl FnMut(Org, Rank),
    ) -> Result<()> {
        // Which of its admins exist is not in the record.
        let search = search.with_any_admins();
        let say = |error| self.errors.translate(&error);
        let orgs = self.orgs.clone_with_type::<RawDocumentBuf>();
        let fields: Document = LISTED.iter().map(|field| ((*field).to_owned(), 1.into())).collect();
        let found = orgs
            .find(unlisted(scope))
            .projection(fields)
            .batch_size(READ_AT_ONCE)
            .max_time(READ)
            .await;
        let mut found = found.map_err(say)?;
        while found.advance().await.map_err(say)? {
            let org = whole(found.current()).as_ref().and_then(record::org);
            let Some(org) = org.filter(|org| by_admins.is_none_or(|by| by.contains(org.id))) else {
                continue;
            };
            if let Some(rank) = search.find(&org, &org.searchable()) {
                then(org, rank);
            }
        }
        Ok(())
    }
}

/// Finds the records of an older version: ours, but without a listing.
fn lacking(of: ListScope) -> Document {
    let (ours, listing, mut filter) = match of {
        ListScope::Live => ("name_key", "listing", shape::is_idle()),
        ListScope::Trash => ("trash.name_key", "trash.listing", shape::is_in_trash()),
    };
    filter.insert(ours, doc! { "$gte": "" });
    if of == ListScope::Live {
        // Another program may use one of these names; every version of ours wrote all of them.
        for field in ["look", "email_key"] {
            filter.insert(field, shape::is("string"));
        }
    }
    filter.insert(listing, doc! { "$exists": false });
    // No string, in the one way that the index on it can answer.
    filter.insert(format!("{listing}.key"), doc! { "$not": { "$gte": "" } });
    filter
}

/// The update of a record, unless the fields behind its listing have changed.
fn completed(of: ListScope, record: &Document) -> Document {
    let mut filter = lacking(of);
    filter.insert("_id", record.get("_id"));
    let prefix = match of {
        ListScope::Live => "",
        ListScope::Trash => "trash.",
    };
    for field in record::SEEN {
        let field = format!("{prefix}{field}");
        // What was not UTF-8 reads as U+FFFD and cannot be compared.
        let value = field_at(record, &field).and_then(Bson::as_str);
        if let Some(value) = value.filter(|value| !value.contains('\u{fffd}')) {
            filter.insert(field, doc! { "$eq": value });
        }
    }
    let others = record.get("other_emails").cloned().unwrap_or(Bson::Null);
    filter.insert("other_emails", doc! { "$eq": others });
    let set = doc! { format!("{prefix}listing"): record::listing_of(record) };
    doc! { "q": filter, "u": { "$set": set } }
}

/// Finds those that are on a list although they lack the fields.
fn unlisted(scope: ListScope) -> Document {
    // No string, in the one way that the index on it can answer.
    let mut filter = doc! { sorted(scope, SortKey::Name): { "$not": { "$gte": "" } } };
    filter.insert("_id", doc! { "$type": "objectId" });
    filter.extend(match scope {
        ListScope::Live => shape::is_live(),
        ListScope::Trash => shape::is_in_trash(),
    });
    filter
}

/// How many records come at once.
const READ_AT_ONCE: u32 = 5_000;

/// How many are written at once.
const BATCH: i64 = 1_000;

/// What an organization in a list is made of.
const LISTED: [&str; 12] = [
    "organization_name",
    "collection_name",
    "admin_id",
    "admin_email",
    "other_emails",
    "created_at",
    "connection_details",
    "suspended",
    "revision",
    "login_epoch",
    "pending",
    "trash",
];

fn whole(record: &RawDocument) -> Option<Document> {
    mongodb::bson::deserialize_from_slice::<Record>(record.as_bytes()).ok().map(|record| record.0)
}
