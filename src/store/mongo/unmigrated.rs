//! Reading what lacks our fields: records that the service before this one wrote, before anybody agreed
//! to bring them up to date, or since the last write.
//!
//! Each has its place in the list all the same. Their keys are computed here as they are read, by the
//! same functions as those that are stored, and only as many are kept as a page holds. So a page of a
//! database without any of our fields or indexes costs one pass over its records, whatever its order.

use std::{borrow::Cow, collections::BTreeMap};

use mongodb::bson::{DateTime, Document, RawDocument, RawDocumentBuf, doc, oid::ObjectId};

use super::{
    Inner, READ,
    list::{Side, field},
    read::{Record, unadopted},
    record, shape,
};
use crate::{
    org::{Org, email_key, name_key},
    store::{Cursor, CursorKey, PageQuery, Result, Shelf, SortKey},
};

/// Which records of a list are wanted.
pub(super) struct Wanted<'a> {
    pub(super) query: &'a PageQuery,
    pub(super) side: &'a Side,
    /// How many at the most.
    pub(super) most: usize,
}

/// What is searched for: a part of a name or of an e-mail, each as it is compared.
pub(super) struct Search(Option<(String, String)>);

impl Search {
    pub(super) fn of(search: Option<&str>) -> Self {
        let search = search.map(|search| (name_key(search), email_key(search)));
        // Nothing but spaces is no search.
        Self(search.filter(|(name, _)| !name.is_empty()))
    }

    /// The filter on records that have our fields; none for no search.
    pub(super) fn filter(&self, of: Shelf) -> Option<Document> {
        let (name, email) = self.0.as_ref()?;
        let part = |key, text: &str| doc! { field(of, key): { "$regex": pattern(text) } };
        Some(doc! { "$or": [part(SortKey::Name, name), part(SortKey::Email, email)] })
    }

    fn finds(&self, record: &RawDocument) -> bool {
        self.0.as_ref().is_none_or(|(name, email)| {
            name_key(&text(record, "organization_name")).contains(name)
                || email_key(&text(record, "admin_email")).contains(email)
        })
    }
}

impl Inner {
    /// Whether some organizations lack our fields.
    pub(super) async fn has_unmigrated(&self) -> Result<bool> {
        Ok(self.find_one(&self.orgs, unmigrated()).await?.is_some())
    }

    /// Those without our fields on one side of a place; and whether there are any on the other side or at
    /// the place itself.
    pub(super) async fn unmigrated_near(
        &self,
        wanted: &Wanted<'_>,
        search: &Search,
    ) -> Result<(Vec<Org>, bool)> {
        let Wanted { query, side, most } = wanted;
        let ascends = side.ascends(query);
        let from = side.from.as_ref().map(Cursor::place);
        let (mut near, mut beyond) = (BTreeMap::<(CursorKey, ObjectId), Org>::new(), false);
        self.each_unmigrated(|record, id| {
            if !search.finds(record) {
                return;
            }
            let place = (key_of(record, id, query.sort.key), id);
            let is_behind = from
                .as_ref()
                .is_some_and(|from| if ascends { place <= *from } else { place >= *from });
            if is_behind {
                beyond = beyond || is_listed(record);
                return;
            }
            let farthest = if ascends { near.last_key_value() } else { near.first_key_value() };
            let is_farther =
                farthest.is_some_and(
                    |(farthest, _)| if ascends { place > *farthest } else { place < *farthest },
                );
            if near.len() == *most && is_farther {
                return;
            }
            let Some(org) = whole(record).as_ref().and_then(record::org) else { return };
            near.insert(place, org);
            if near.len() > *most {
                if ascends {
                    near.pop_last()
                } else {
                    near.pop_first()
                };
            }
        })
        .await?;
        Ok((near.into_values().collect(), beyond))
    }

    /// How many of those without our fields match.
    pub(super) async fn count_unmigrated(&self, search: &Search) -> Result<u64> {
        let mut counted = 0;
        self.each_unmigrated(|record, _| {
            counted += u64::from(search.finds(record) && is_listed(record));
        })
        .await?;
        Ok(counted)
    }

    /// Shows every organization without our fields, as far as it is listed.
    async fn each_unmigrated(&self, mut then: impl FnMut(&RawDocument, ObjectId)) -> Result<()> {
        let say = |error| self.words.of(&error);
        let orgs = self.orgs.clone_with_type::<RawDocumentBuf>();
        let fields: Document = LISTED.iter().map(|field| ((*field).to_owned(), 1.into())).collect();
        let found =
            orgs.find(unmigrated()).projection(fields).batch_size(BATCH).max_time(READ).await;
        let mut found = found.map_err(say)?;
        while found.advance().await.map_err(say)? {
            let record = found.current();
            if let Ok(id) = record.get_object_id("_id") {
                then(record, id);
            }
        }
        Ok(())
    }
}

/// Finds those that are listed although they lack our fields.
fn unmigrated() -> Document {
    let mut filter = unadopted();
    filter.insert("_id", doc! { "$type": "objectId" });
    filter.extend(shape::is_live());
    filter
}

/// How many records come at once.
const BATCH: u32 = 5_000;

/// What an organization in a list is made of.
const LISTED: [&str; 11] = [
    "organization_name",
    "collection_name",
    "admin_id",
    "admin_email",
    "created_at",
    "connection_details",
    "suspended",
    "revision",
    "login_epoch",
    "pending",
    "trash",
];

/// What it is sorted by, as [`Cursor::of`] says of what is read of it.
fn key_of(record: &RawDocument, id: ObjectId, key: SortKey) -> CursorKey {
    match key {
        SortKey::Name => CursorKey::Text(name_key(&text(record, "organization_name"))),
        SortKey::Email => CursorKey::Text(email_key(&text(record, "admin_email"))),
        SortKey::Created => {
            let created: Option<DateTime> = record.get_datetime("created_at").ok();
            CursorKey::Time(created.unwrap_or_else(|| id.timestamp()))
        }
    }
}

fn is_listed(record: &RawDocument) -> bool {
    whole(record).as_ref().and_then(record::org).is_some()
}

/// A string; what is not UTF-8 in it as it is read elsewhere, and the empty one where there is none.
fn text<'a>(record: &'a RawDocument, field: &str) -> Cow<'a, str> {
    match record.get_str(field) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(
            whole(record).map_or_else(String::new, |r| record::text(&r, field).to_owned()),
        ),
    }
}

fn whole(record: &RawDocument) -> Option<Document> {
    mongodb::bson::deserialize_from_slice::<Record>(record.as_bytes()).ok().map(|record| record.0)
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
