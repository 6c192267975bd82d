//! The list: sorted, searched, by keyset.
//!
//! Sorted by our own fields, `name_key`, `created_key` and `email_key`, each with `_id` in its index.
//! Records that lack them are merged in at their places ([`super::unmigrated`]): reading brings nothing up
//! to date.

use mongodb::{
    Cursor as DriverCursor,
    bson::{Bson, DateTime, doc},
};

use super::{
    Inner, READ,
    read::Record,
    record, shape,
    unmigrated::{Search, Wanted},
};
use crate::{
    org::Org,
    store::page::other_order,
    store::{Count, Cursor, CursorKey, Page, PageAt, PageQuery, Result, Shelf, SortKey},
};

/// A longer search finds nothing; the server refuses longer patterns.
const SEARCH_MOST: usize = 1_000;

/// So many are counted one by one, and take no time. Of more, the server's own number is good enough to be
/// called about so many.
const COUNTED_MOST: u64 = 1_000;

/// Where a page begins, and in which direction it is read.
pub(super) struct Side {
    /// In list order, or against it.
    pub(super) forward: bool,
    /// The place it starts behind; none for the list's end.
    pub(super) from: Option<Cursor>,
}

impl Side {
    fn of(query: &PageQuery) -> Result<Self> {
        let (forward, from) = match &query.at {
            PageAt::First => (true, None),
            PageAt::Last => (false, None),
            PageAt::After(cursor) => (true, Some(cursor.clone())),
            PageAt::Before(cursor) => (false, Some(cursor.clone())),
        };
        let fits = from.as_ref().is_none_or(|cursor| {
            matches!(cursor.key, CursorKey::Time(_)) == (query.sort.key == SortKey::Created)
        });
        if fits { Ok(Self { forward, from }) } else { Err(other_order()) }
    }

    /// Whether the sorted values ascend in the direction it is read in.
    pub(super) fn ascends(&self, query: &PageQuery) -> bool {
        self.forward != query.sort.descending
    }
}

impl Inner {
    pub(super) async fn page(&self, query: &PageQuery) -> Result<Page> {
        let side = Side::of(query)?;
        if query.search.as_ref().is_some_and(|text| text.chars().count() > SEARCH_MOST) {
            return Ok(Page::default());
        }
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let wanted = i64::from(query.limit) + 1;
        let search = query.search.as_deref();
        let (mut orgs, mut beyond, unmigrated) = futures_util::future::try_join3(
            self.side(query, &side, wanted, false),
            async {
                if side.from.is_none() {
                    return Ok(false);
                }
                Ok(!self.side(query, &side, 1, true).await?.is_empty())
            },
            async {
                // What is in the trash always has our fields.
                if query.shelf == Shelf::Trash || !self.has_unmigrated().await? {
                    return Ok(None);
                }
                let wanted = Wanted { query, side: &side, most: limit.saturating_add(1) };
                self.unmigrated_near(&wanted, &Search::of(search)).await.map(Some)
            },
        )
        .await?;
        if let Some((near, others_beyond)) = unmigrated {
            beyond |= others_beyond;
            let key = query.sort.key;
            orgs.extend(near);
            orgs.sort_by_cached_key(|org| Cursor::of(org, key).place());
            if !side.ascends(query) {
                orgs.reverse();
            }
        }
        let more = orgs.len() > limit;
        orgs.truncate(limit);
        Ok(if side.forward {
            Page { orgs, more_before: beyond, more_after: more }
        } else {
            orgs.reverse();
            Page { orgs, more_before: more, more_after: beyond }
        })
    }

    pub(super) async fn count(&self, of: Shelf, search: Option<&str>, most: u64) -> Result<Count> {
        let say = |error| self.words.of(&error);
        if search.is_some_and(|text| text.chars().count() > SEARCH_MOST) {
            return Ok(Count::default());
        }
        let limit = most.saturating_add(1).min(u64::from(u32::MAX));
        let in_trash = shape::is_in_trash();
        let search = Search::of(search);
        let counted = match (of, search.filter(of)) {
            (Shelf::Live, None) => {
                let (all, trashed) = futures_util::future::try_join(
                    async { self.orgs.estimated_document_count().max_time(READ).await },
                    async { self.orgs.count_documents(in_trash).max_time(READ).await },
                )
                .await
                .map_err(say)?;
                let about = all.saturating_sub(trashed);
                if about > COUNTED_MOST {
                    let counted = about.min(most);
                    return Ok(Count { counted, or_more: about > most, about: true });
                }
                let mut live = shape::is_live();
                live.insert("_id", doc! { "$type": "objectId" });
                let limit = limit.min(COUNTED_MOST + 1);
                self.orgs.count_documents(live).limit(limit).max_time(READ).await.map_err(say)?
            }
            (of, filter) => {
                let mut filter = filter.unwrap_or_default();
                match of {
                    Shelf::Live => filter.extend(shape::is_live()),
                    Shelf::Trash => filter.extend(shape::is_in_trash()),
                }
                let counted = async {
                    let counted = self.orgs.count_documents(filter).limit(limit).max_time(READ);
                    counted.await.map_err(say)
                };
                let unmigrated = async {
                    if of == Shelf::Trash || !self.has_unmigrated().await? {
                        return Ok(0);
                    }
                    self.count_unmigrated(&search).await
                };
                let (counted, more) = futures_util::future::try_join(counted, unmigrated).await?;
                counted + more
            }
        };
        Ok(Count { counted: counted.min(most), or_more: counted > most, about: false })
    }

    /// The organizations with our fields on one side of a place, nearest first; with `behind`, those on
    /// the other side and the one at the place itself.
    async fn side(
        &self,
        query: &PageQuery,
        side: &Side,
        limit: i64,
        behind: bool,
    ) -> Result<Vec<Org>> {
        let up = side.ascends(query) != behind;
        let field = field(query.shelf, query.sort.key);
        let direction = if up { 1 } else { -1 };
        let sort = doc! { field: direction, "_id": direction };
        let search = Search::of(query.search.as_deref()).filter(query.shelf).unwrap_or_default();
        let filter = match &side.from {
            None => {
                let mut filter = search;
                filter.insert(field, doc! { "$gte": least(query.sort.key) });
                filter
            }
            Some(Cursor { key, id }) => {
                let (far, near) = match (up, behind) {
                    (true, false) => ("$gt", "$gt"),
                    (true, true) => ("$gt", "$gte"),
                    (false, false) => ("$lt", "$lt"),
                    (false, true) => ("$lt", "$lte"),
                };
                let value = match key {
                    CursorKey::Text(text) => Bson::from(text.as_str()),
                    CursorKey::Time(time) => Bson::DateTime(*time),
                };
                let (mut beyond, mut tied) = (search.clone(), search);
                beyond.insert(field, doc! { far: &value });
                tied.insert(field, doc! { "$eq": value });
                tied.insert("_id", doc! { near: id });
                doc! { "$or": [beyond, tied] }
            }
        };
        let found = self.orgs.find(filter).sort(sort).limit(limit).max_time(READ).await;
        self.orgs_in(found.map_err(|error| self.words.of(&error))?).await
    }

    pub(super) async fn orgs_in(&self, mut found: DriverCursor<Record>) -> Result<Vec<Org>> {
        let mut orgs = Vec::new();
        while found.advance().await.map_err(|error| self.words.of(&error))? {
            let record = found.deserialize_current().ok();
            orgs.extend(record.and_then(|record| record::org(&record)));
        }
        Ok(orgs)
    }
}

pub(super) fn field(shelf: Shelf, key: SortKey) -> &'static str {
    match (shelf, key) {
        (Shelf::Live, SortKey::Name) => "name_key",
        (Shelf::Live, SortKey::Created) => "created_key",
        (Shelf::Live, SortKey::Email) => "email_key",
        (Shelf::Trash, SortKey::Name) => "trash.name_key",
        (Shelf::Trash, SortKey::Created) => "trash.at",
        (Shelf::Trash, SortKey::Email) => "trash.email_key",
    }
}

/// The smallest value of the sorted field: records that are only being created have none.
fn least(key: SortKey) -> Bson {
    match key {
        SortKey::Name | SortKey::Email => Bson::String(String::new()),
        SortKey::Created => Bson::DateTime(DateTime::MIN),
    }
}
