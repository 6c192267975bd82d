//! The list: sorted, searched, by keyset.
//!
//! Sorted and searched by our own fields: `listing` (see [`super::listing`]), `created_key` and `email_key`.
//! Records that lack them are merged in at their places ([`super::unlisted`]): reading brings nothing up to
//! date.

use std::collections::HashSet;

use mongodb::{
    Cursor as DriverCursor,
    bson::{Bson, DateTime, Document, doc, oid::ObjectId},
};

use super::{
    Inner, READ,
    by_admins::ByAdmins,
    field::field_at,
    listing::{sorted, text_of},
    read::Record,
    record, shape,
    unlisted::Wanted,
};
use crate::{
    org::{IdRange, Org, Rank, Search, grams},
    store::{
        Count, Cursor, CursorKey, ListScope, Page, PageQuery, Result, SortKey, StoreError,
        search::{self, Ranks, Rows, SORTED_MOST, Side, Walk},
    },
};

/// So many are counted one by one, and take no time. Of more, the server's own number is good enough to be
/// called about so many.
const COUNTED_MOST: u64 = 1_000;

/// The field with the indexed trigrams.
const GRAMS: &str = "listing.grams";

/// So many trigrams of a search are compared, to look up the rarest of them.
const GRAMS_MOST: usize = 12;

/// By which organization is its hundredth, a trigram is told to be rare or frequent.
const SAMPLE: u64 = 100;

impl Inner {
    pub(super) async fn page(&self, query: &PageQuery) -> Result<Page> {
        let (side, search) = (Side::from_query(query)?, query.parsed());
        if search.fault().is_some() {
            return Ok(Page::default());
        }
        let most = usize::try_from(query.limit).unwrap_or(usize::MAX).saturating_add(1);
        let by_admins = self.by_admins(query.scope, &search).await?;
        let by_admins = by_admins.as_ref();
        let list = List { inner: self, by_admins };
        let near = || search::near(&list, query, &search, &side, most);
        if self.were_all_listed(query.scope) {
            let ((near, beyond), more) =
                futures_util::future::try_join(near(), self.has_unlisted(query.scope)).await?;
            if !more {
                return Ok(side.page(query, near, beyond));
            }
        }
        // One after the other: an upgrade may give a record its listing meanwhile. So none is missed, and what
        // was read twice is shown once.
        let unlisted = if self.has_unlisted(query.scope).await? {
            let wanted = Wanted { query, search: &search, by_admins, side: &side, most };
            Some(self.unlisted_near(&wanted).await?)
        } else {
            None
        };
        let (mut near, mut beyond) = near().await?;
        if let Some((others, others_beyond)) = unlisted {
            beyond |= others_beyond;
            let listed: HashSet<ObjectId> = near.iter().map(|(_, org)| org.id).collect();
            near.extend(others.into_iter().filter(|(_, org)| !listed.contains(&org.id)));
            let descending = query.sort.descending;
            near.sort_by(|(a, _), (b, _)| {
                let order = a.compare(b, descending);
                if side.forward { order } else { order.reverse() }
            });
        }
        Ok(side.page(query, near, beyond))
    }

    pub(super) async fn count(
        &self,
        of: ListScope,
        search: Option<&str>,
        most: u64,
    ) -> Result<Count> {
        let say = |error| self.errors.translate(&error);
        let search = Search::parse(search.unwrap_or_default());
        if search.fault().is_some() {
            return Ok(Count::default());
        }
        let limit = most.saturating_add(1).min(u64::from(u32::MAX));
        let in_trash = shape::is_in_trash();
        let counted = match of {
            ListScope::Live if search.is_empty() => {
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
            ListScope::Trash if search.is_empty() => {
                let counted = self.orgs.count_documents(in_trash).limit(limit).max_time(READ);
                counted.await.map_err(say)?
            }
            ListScope::Live | ListScope::Trash => {
                let by_admins = self.by_admins(of, &search).await?;
                let by_admins = by_admins.as_ref();
                let counted = async {
                    let ranks = Ranks::UpTo(Rank::Anywhere);
                    let by_index = self.by_index(of, &search, ranks).await?;
                    let filter = looked_up(of, &search, ranks, by_index, by_admins);
                    let counted = self.orgs.count_documents(filter).limit(limit).max_time(READ);
                    counted.await.map_err(say)
                };
                let unlisted = async {
                    if !self.has_unlisted(of).await? {
                        return Ok(0);
                    }
                    self.count_unlisted(of, &search, by_admins).await
                };
                let (counted, more) = futures_util::future::try_join(counted, unlisted).await?;
                counted + more
            }
        };
        Ok(Count { counted: counted.min(most), or_more: counted > most, about: false })
    }

    /// The condition that finds what can match by the index of trigrams: the rarest trigram of all texts. With more
    /// of them, the server would try each before it chose one. None if the list has no such index, or the search no
    /// text.
    async fn by_index(
        &self,
        scope: ListScope,
        search: &Search,
        ranks: Ranks,
    ) -> Result<Option<Document>> {
        let needles = ranks.within().0.map(|rank| search.needles(rank)).unwrap_or_default();
        let texts = needles.iter().chain(&search.filter().emails);
        let Some(longest) = texts.clone().max_by_key(|text| text.chars().count()) else {
            return Ok(None);
        };
        if scope == ListScope::Trash {
            return Ok(None);
        }
        let mut whole: Vec<String> = texts.flat_map(|text| grams(text)).collect();
        whole.retain(|gram| gram.chars().count() == 3);
        whole.sort_unstable();
        whole.dedup();
        whole.truncate(GRAMS_MOST);
        if whole.is_empty() {
            return Ok(Some(doc! { GRAMS: { "$regex": format!("^{}", pattern(longest)) } }));
        }
        let sampled = async |gram: String| Result::Ok((self.sample(&gram).await?, gram));
        let sampled = whole.into_iter().map(sampled);
        let sampled: Vec<_> = futures_util::future::try_join_all(sampled).await?;
        // The rarest are those that fewer than a hundred have.
        let rarest = sampled.into_iter().max_by_key(|(at, _)| (at.is_none(), *at));
        Ok(rarest.map(|(_, gram)| doc! { GRAMS: gram }))
    }

    /// The hundredth organization with a trigram, in the order in which they were created: the later that was, the
    /// rarer the trigram.
    async fn sample(&self, gram: &str) -> Result<Option<ObjectId>> {
        let say = |error| self.errors.translate(&error);
        let found = self.orgs.find(doc! { GRAMS: gram }).projection(doc! { "_id": 1 });
        let mut found = found.skip(SAMPLE - 1).limit(1).max_time(READ).await.map_err(say)?;
        if !found.advance().await.map_err(say)? {
            return Ok(None);
        }
        Ok(found.deserialize_current().ok().and_then(|record| record.get_object_id("_id").ok()))
    }

    pub(super) async fn orgs_in(&self, mut found: DriverCursor<Record>) -> Result<Vec<Org>> {
        let mut orgs = Vec::new();
        while found.advance().await.map_err(|error| self.errors.translate(&error))? {
            let record = found.deserialize_current().ok();
            orgs.extend(record.and_then(|record| record::org(&record)));
        }
        Ok(orgs)
    }
}

/// A list, narrowed to as many admins as are wanted.
struct List<'a> {
    inner: &'a Inner,
    by_admins: Option<&'a ByAdmins>,
}

impl Rows for List<'_> {
    type Error = StoreError;

    async fn all(
        &self,
        query: &PageQuery,
        search: &Search,
        ranks: Ranks,
    ) -> Result<Option<Vec<(Cursor, String)>>> {
        let say = |error| self.inner.errors.translate(&error);
        let by_index = self.inner.by_index(query.scope, search, ranks).await?;
        let filter = looked_up(query.scope, search, ranks, by_index, self.by_admins);
        let (key, text) = (sorted(query.scope, query.sort.key), text_of(query.scope));
        let limit = i64::try_from(SORTED_MOST).unwrap_or(i64::MAX).saturating_add(1);
        let shown = doc! { key: 1, text: 1 };
        let found =
            self.inner.orgs.find(filter).projection(shown).limit(limit).max_time(READ).await;
        let (mut found, mut all) = (found.map_err(say)?, Vec::new());
        while found.advance().await.map_err(say)? {
            if all.len() == SORTED_MOST {
                return Ok(None);
            }
            let Ok(record) = found.deserialize_current() else { continue };
            let Some(place) = place(&record, key) else { continue };
            let text = field_at(&record, text).and_then(Bson::as_str).unwrap_or_default();
            all.push((place, text.to_owned()));
        }
        Ok(Some(all))
    }

    async fn walk(&self, walk: Walk<'_>) -> Result<Vec<(Cursor, Org)>> {
        let say = |error| self.inner.errors.translate(&error);
        let (filter, sort) = walked(&walk, self.by_admins);
        let limit = i64::try_from(walk.most).unwrap_or(i64::MAX);
        let field = sorted(walk.query.scope, walk.query.sort.key);
        let found = self.inner.orgs.find(filter).sort(sort).limit(limit).max_time(READ).await;
        let (mut found, mut listed) = (found.map_err(say)?, Vec::new());
        while found.advance().await.map_err(say)? {
            let Ok(record) = found.deserialize_current() else { continue };
            listed.extend(place(&record, field).zip(record::org(&record)));
        }
        Ok(listed)
    }

    async fn orgs(&self, ids: &[ObjectId]) -> Result<Vec<Org>> {
        let say = |error| self.inner.errors.translate(&error);
        let these = self.inner.orgs.find(doc! { "_id": { "$in": ids.to_vec() } });
        let found = these.max_time(READ).await;
        self.inner.orgs_in(found.map_err(say)?).await
    }
}

/// The position of a record in a list that is sorted by this field.
fn place(record: &Document, field: &str) -> Option<Cursor> {
    let key = match field_at(record, field)? {
        Bson::String(text) => CursorKey::Text(text.clone()),
        Bson::DateTime(time) => CursorKey::Time(*time),
        _ => return None,
    };
    Some(Cursor { rank: None, key, id: record.get_object_id("_id").ok()? })
}

/// The filter and the order of a walk.
fn walked(walk: &Walk, by_admins: Option<&ByAdmins>) -> (Document, Document) {
    let (scope, key) = (walk.query.scope, walk.query.sort.key);
    let field = sorted(scope, key);
    let direction = if walk.up { 1 } else { -1 };
    // Records that are only being created have none.
    let mut all = vec![doc! { field: { "$gte": least(key) } }];
    all.extend(found(scope, walk.search, walk.ranks, None));
    all.extend(by_admins.map(ByAdmins::condition));
    if let Some((Cursor { key, id, .. }, included)) = walk.from {
        let (far, near) = match (walk.up, included) {
            (true, false) => ("$gt", "$gt"),
            (true, true) => ("$gt", "$gte"),
            (false, false) => ("$lt", "$lt"),
            (false, true) => ("$lt", "$lte"),
        };
        let value = match key {
            CursorKey::Text(text) => Bson::from(text.as_str()),
            CursorKey::Time(time) => Bson::DateTime(*time),
        };
        // Each branch repeats all conditions, so that the server can walk the index for both.
        let (mut beyond, mut tied) = (all.clone(), all);
        beyond.push(doc! { field: { far: &value } });
        tied.push(doc! { field: { "$eq": value }, "_id": { near: id } });
        all = vec![doc! { "$or": [all_of(beyond), all_of(tied)] }];
    }
    (all_of(all), doc! { field: direction, "_id": direction })
}

fn all_of(conditions: Vec<Document>) -> Document {
    if conditions.is_empty() {
        Document::new()
    } else {
        doc! { "$and": conditions }
    }
}

/// The filter for a look-up rather than a walk along the list, with what [`Inner::by_index`] answers.
fn looked_up(
    scope: ListScope,
    search: &Search,
    ranks: Ranks,
    by_index: Option<Document>,
    by_admins: Option<&ByAdmins>,
) -> Document {
    let mut all = vec![doc! { sorted(scope, SortKey::Name): { "$gte": "" } }];
    all.extend(found(scope, search, ranks, by_index));
    all.extend(by_admins.map(ByAdmins::condition));
    all_of(all)
}

/// The conditions for the filters and ranks of a search; all of them have to hold. `by_index` finds what may match.
fn found(
    scope: ListScope,
    search: &Search,
    ranks: Ranks,
    by_index: Option<Document>,
) -> Vec<Document> {
    let text = text_of(scope);
    let filter = search.filter();
    let mut all = Vec::new();
    if let Some(ids) = filter.ids {
        all.push(within(ids));
    }
    match (filter.suspended, scope) {
        (None, _) => {}
        // Trashed organizations are neither.
        (Some(_), ListScope::Trash) => all.push(doc! { "_id": { "$in": [] } }),
        (Some(true), ListScope::Live) => {
            all.push(doc! { "suspended": { "$exists": true, "$nin": [null, false] } });
        }
        (Some(false), ListScope::Live) => all.push(doc! { "suspended": { "$in": [null, false] } }),
    }
    let created = match scope {
        ListScope::Live => "created_key",
        ListScope::Trash => "created_at",
    };
    if let Some(from) = filter.from {
        all.push(doc! { created: { "$gte": from } });
    }
    if let Some(before) = filter.before {
        all.push(doc! { created: { "$lt": before } });
    }
    for part in &filter.emails {
        all.push(doc! { text: { "$regex": format!("\\x01[\\s\\S]*{}", pattern(part)) } });
    }
    let (worst, but_not) = ranks.within();
    let needles = worst.map(|rank| search.needles(rank)).unwrap_or_default();
    let mut named: Vec<Document> = needles.iter().map(|part| contains(text, part)).collect();
    named.extend(by_index);
    match worst.and_then(|rank| search.ids_at(rank)) {
        None => all.extend(named),
        Some(ids) => all.push(doc! { "$or": [all_of(named), within(ids)] }),
    }
    if let Some(rank) = but_not {
        let named = search.needles(rank).iter().map(|part| contains(text, part)).collect();
        let mut none = vec![all_of(named)];
        none.extend(search.ids_at(rank).map(within));
        all.push(doc! { "$nor": none });
    }
    all
}

fn within(ids: IdRange) -> Document {
    doc! { "_id": { "$gte": ids.first, "$lte": ids.last } }
}

fn contains(field: &str, part: &str) -> Document {
    doc! { field: { "$regex": pattern(part) } }
}

/// The smallest value of the sorted field: records that are only being created have none.
fn least(key: SortKey) -> Bson {
    match key {
        SortKey::Name | SortKey::Email => Bson::String(String::new()),
        SortKey::Created => Bson::DateTime(DateTime::MIN),
    }
}

/// A pattern that matches the text itself and nothing else.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        match character {
            '\n' => pattern.push_str("\\n"),
            '\t' => pattern.push_str("\\t"),
            character => {
                if character.is_ascii() && !character.is_ascii_alphanumeric() {
                    pattern.push('\\');
                }
                pattern.push(character);
            }
        }
    }
    pattern
}
