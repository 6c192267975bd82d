//! The list: sorted, searched, by keyset.
//!
//! Sorted by our own fields, `name_key`, `created_key` and `email_key`, each with `_id` in its index.
//! A database that has records without them and may not be written is sorted by the service's
//! fields instead: as good as can be without indexes, and every record is there.

use mongodb::{
    Cursor as DriverCursor,
    bson::{Bson, DateTime, Document, doc, oid::ObjectId},
    options::Collation,
};

use super::{
    Inner, READ,
    read::{Record, unadopted},
    record, shape,
};
use crate::{
    org::{Org, email_key, name_key},
    store::page::other_order,
    store::{Count, Cursor, CursorKey, Page, PageAt, PageQuery, Result, Shelf, SortKey, untold},
};

/// A longer search finds nothing; the server refuses longer patterns.
const SEARCH_MOST: usize = 1_000;

/// Where a page begins, and in which direction it is read.
struct Side {
    /// In list order, or against it.
    forward: bool,
    /// The place it starts behind; none for the list's end.
    from: Option<(Bson, ObjectId)>,
}

impl Inner {
    pub(super) async fn page(&self, query: &PageQuery) -> Result<Page> {
        // What is in the trash always has our fields.
        let mut plain = query.shelf == Shelf::Trash || !self.has_unadopted().await?;
        if !plain && self.only_readable_because().is_none() {
            self.adopt(&untold).await?;
            plain = !self.has_unadopted().await?;
        }
        let key = query.sort.key;
        let side = match &query.at {
            PageAt::First => Side { forward: true, from: None },
            PageAt::Last => Side { forward: false, from: None },
            PageAt::After(cursor) => {
                Side { forward: true, from: Some(self.place_of(cursor, key, plain).await?) }
            }
            PageAt::Before(cursor) => {
                Side { forward: false, from: Some(self.place_of(cursor, key, plain).await?) }
            }
        };
        if query.search.as_ref().is_some_and(|text| text.chars().count() > SEARCH_MOST) {
            return Ok(Page::default());
        }
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let wanted = i64::from(query.limit) + 1;
        let (mut orgs, beyond) =
            futures_util::future::try_join(self.side(query, &side, wanted, false, plain), async {
                if side.from.is_none() {
                    return Ok(false);
                }
                Ok(!self.side(query, &side, 1, true, plain).await?.is_empty())
            })
            .await?;
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
        let plain = of == Shelf::Trash || !self.has_unadopted().await?;
        let counted = match (of, searched(search, of, plain)) {
            (Shelf::Live, None) => {
                let (all, trashed) = futures_util::future::try_join(
                    async { self.orgs.estimated_document_count().max_time(READ).await },
                    async { self.orgs.count_documents(in_trash).max_time(READ).await },
                )
                .await
                .map_err(say)?;
                all.saturating_sub(trashed)
            }
            (of, filter) => {
                let mut filter = filter.unwrap_or_default();
                match of {
                    Shelf::Live => filter.extend(shape::is_live()),
                    Shelf::Trash => filter.extend(shape::is_in_trash()),
                }
                let counted = self.orgs.count_documents(filter).limit(limit).max_time(READ).await;
                counted.map_err(say)?
            }
        };
        Ok(Count { counted: counted.min(most), or_more: counted > most })
    }

    /// Whether some records can only be sorted by the service's fields.
    async fn has_unadopted(&self) -> Result<bool> {
        let mut filter = unadopted();
        filter.insert("_id", doc! { "$type": "objectId" });
        Ok(self.find_one(&self.orgs, filter).await?.is_some())
    }

    /// The organizations on one side of a place, nearest first; with `behind`, those on the other
    /// side and the one at the place itself.
    async fn side(
        &self,
        query: &PageQuery,
        side: &Side,
        limit: i64,
        behind: bool,
        plain: bool,
    ) -> Result<Vec<Org>> {
        let up = (side.forward != behind) != query.sort.descending;
        let field = field(query.shelf, query.sort.key, plain);
        let direction = if up { 1 } else { -1 };
        let sort = doc! { field: direction, "_id": direction };
        let search = searched(query.search.as_deref(), query.shelf, plain).unwrap_or_default();
        let filter = match &side.from {
            None => {
                let mut filter = search;
                filter.insert(field, doc! { "$gte": least(query.sort.key) });
                filter
            }
            Some((value, id)) => {
                let (far, near) = match (up, behind) {
                    (true, false) => ("$gt", "$gt"),
                    (true, true) => ("$gt", "$gte"),
                    (false, false) => ("$lt", "$lt"),
                    (false, true) => ("$lt", "$lte"),
                };
                let (mut beyond, mut tied) = (search.clone(), search);
                beyond.insert(field, doc! { far: value });
                tied.insert(field, doc! { "$eq": value });
                tied.insert("_id", doc! { near: id });
                doc! { "$or": [beyond, tied] }
            }
        };
        let found = if plain {
            self.orgs.find(filter).sort(sort).limit(limit).max_time(READ).await
        } else {
            let pipeline = [
                doc! { "$match": { "_id": { "$type": "objectId" } } },
                doc! { "$match": shape::is_live() },
                doc! { "$addFields": { field: legacy_value(query.sort.key) } },
                doc! { "$match": filter },
                doc! { "$sort": sort },
                doc! { "$limit": limit },
            ];
            self.orgs
                .aggregate(pipeline)
                .collation(Collation::builder().locale("en").strength(CASE_ALIKE).build())
                .allow_disk_use(false)
                .max_time(READ)
                .with_type::<Record>()
                .await
        };
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

    /// What a cursor's key is called in the field the list is sorted by.
    async fn place_of(
        &self,
        cursor: &Cursor,
        key: SortKey,
        plain: bool,
    ) -> Result<(Bson, ObjectId)> {
        let stored = match (&cursor.key, key, plain) {
            (CursorKey::Time(time), SortKey::Created, _) => Bson::DateTime(*time),
            (CursorKey::Time(_), ..) | (_, SortKey::Created, _) => return Err(other_order()),
            (CursorKey::Text(text), _, true) => Bson::String(text.clone()),
            (CursorKey::Text(text), _, false) => {
                // The key is folded, the field is not: go on from what that record has.
                let org = self.org(cursor.id).await?;
                Bson::String(match (org, key) {
                    (Some(org), SortKey::Email) => org.admin_email.raw().to_owned(),
                    (Some(org), _) => org.name.raw().to_owned(),
                    (None, _) => text.clone(),
                })
            }
        };
        Ok((stored, cursor.id))
    }
}

/// Letters of either case sort together.
const CASE_ALIKE: mongodb::options::CollationStrength =
    mongodb::options::CollationStrength::Secondary;

fn field(shelf: Shelf, key: SortKey, plain: bool) -> &'static str {
    match (shelf, key) {
        _ if !plain => "tenantry_sort",
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

fn legacy_value(key: SortKey) -> Document {
    let (field, kind, otherwise) = match key {
        SortKey::Name => ("$organization_name", "string", Bson::from("")),
        SortKey::Email => ("$admin_email", "string", Bson::from("")),
        SortKey::Created => ("$created_at", "date", doc! { "$toDate": "$_id" }.into()),
    };
    doc! { "$cond": [{ "$eq": [{ "$type": field }, kind] }, field, otherwise] }
}

/// The filter for a search; none for no search.
fn searched(search: Option<&str>, shelf: Shelf, plain: bool) -> Option<Document> {
    let search = search?;
    let part = |text: &str, options: &str| doc! { "$regex": pattern(text), "$options": options };
    let (name, email) = (name_key(search), email_key(search));
    if name.is_empty() {
        return None;
    }
    let (names, emails) = (field(shelf, SortKey::Name, true), field(shelf, SortKey::Email, true));
    let mut wanted = vec![doc! { names: part(&name, "") }, doc! { emails: part(&email, "") }];
    if !plain {
        wanted.push(doc! { "organization_name": part(search, "i") });
        wanted.push(doc! { "admin_email": part(search, "i") });
    }
    Some(doc! { "$or": wanted })
}

/// A pattern that matches the text itself and nothing else.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        if character == '\0' {
            pattern.push_str("\\x00");
            continue;
        }
        if character.is_ascii() && !character.is_ascii_alphanumeric() {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}
