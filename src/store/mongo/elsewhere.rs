//! Records whose `connection_details` name another place than the organization's collection here. It may
//! be somebody's, and the record may be all that knows of it: then a person decides, and nothing is done
//! that would take it out of the record or make the organization vanish. Or the database is a copy of
//! another one: then nearly every record names that one, although the collections are here.

use std::collections::{BTreeMap, HashSet};

use mongodb::bson::{Bson, Document, doc, oid::ObjectId};

use super::{
    Inner, READ,
    connect::{list_collections, write_command},
    exact,
    field::{field_at, text},
    found::{Found, What},
    record, shape,
    watch::Mended,
};
use crate::{
    org::StoredText,
    store::{Inconsistency, Result, StoreError, inconsistency::in_place},
};

/// How many records are written at once, or looked for in another database.
const BATCH: u16 = 1_000;

/// Nine of ten records name the database of which this one is a copy: some are made here since.
const NEARLY_ALL: (usize, usize) = (9, 10);

const WHERE_IT_IS: &str = "find out where its documents are; if they are here, correct its \
                           connection_details with the program that wrote them";

/// Where a record says that its organization's documents are; none where it says nothing, or here.
pub(super) struct Elsewhere {
    /// None where it cannot be read. It is not shown then: there may be a password in it.
    place: Option<StoredText>,
    /// The database, where nothing else is different from what the service writes.
    database: Option<String>,
}

/// Whether somebody named nothing there.
fn is_nothing(value: Option<&Bson>) -> bool {
    match value {
        None | Some(Bson::Null) => true,
        Some(Bson::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

/// What a record names, where that is not its collection in this database.
pub(super) fn elsewhere(record: &Document, here: &str) -> Option<Elsewhere> {
    let record = shape::trash(record).unwrap_or(record);
    let details = record.get("connection_details").filter(|details| !is_nothing(Some(details)))?;
    let unreadable = Some(Elsewhere { place: None, database: None });
    let Some(details) = details.as_document() else { return unreadable };
    let ours = ["database", "collection"];
    let is_readable = |field: &&str| {
        is_nothing(details.get(field)) || matches!(details.get(field), Some(Bson::String(_)))
    };
    if !ours.iter().all(is_readable) || details.keys().any(|key| !ours.contains(&key.as_str())) {
        return unreadable;
    }
    let [database, collection] = ours.map(|field| text(details, field));
    let own = record::collection_in(record);
    let same_collection = collection.is_empty() || collection == own;
    if same_collection && (database.is_empty() || database == here) {
        return None;
    }
    let place = match (database, collection) {
        ("", collection) => collection.to_owned(),
        (database, "") => database.to_owned(),
        (database, collection) => format!("{database}.{collection}"),
    };
    let whole = same_collection && !collection.is_empty();
    let database = whole.then(|| database.to_owned());
    Some(Elsewhere { place: Some(place.into()), database })
}

/// Refuses a record that names another place, where that would be taken out of it, or the organization out
/// of reach.
pub(super) fn refuse_elsewhere(record: &Document, here: &str) -> Result<()> {
    let of = shape::trash(record).unwrap_or(record);
    let place = match (of.get("collection_name"), elsewhere(record, here)) {
        (None | Some(Bson::Null | Bson::String(_)), None) => return Ok(()),
        (_, Some(elsewhere)) => in_place(elsewhere.place.as_ref()),
        (_, None) => {
            "that its documents are elsewhere, but its collection_name cannot be read".into()
        }
    };
    Err(StoreError::InTheWay {
        problem: format!("nothing was done: its record says {place}"),
        help: "run `tenantry doctor`: it says how to resolve this",
    })
}

/// Of all records, those that name another place.
#[derive(Default)]
pub(super) struct Places {
    /// How many name any place at all.
    named: usize,
    /// By the database they name, where it may have been copied.
    copies: BTreeMap<String, Vec<Placed>>,
    others: Vec<Placed>,
}

/// One of them.
struct Placed {
    id: ObjectId,
    org: StoredText,
    collection: String,
    place: Option<StoredText>,
}

impl Placed {
    fn by_hand(self) -> Found {
        let inconsistency =
            Inconsistency::Elsewhere { org: self.org, id: self.id, place: self.place };
        Found { inconsistency, what: What::ByHand(WHERE_IT_IS) }
    }
}

impl Places {
    /// Notes a record; whether it names another place. `is_here` is whether its collection is in this
    /// database.
    pub(super) fn note(&mut self, record: &Document, here: &str, is_here: bool) -> bool {
        let of = shape::trash(record).unwrap_or(record);
        self.named += usize::from(!is_nothing(of.get("connection_details")));
        let Some(Elsewhere { place, database }) = elsewhere(record, here) else { return false };
        let Ok(id) = record.get_object_id("_id") else { return false };
        let collection = record::collection_in(of).to_owned();
        let placed = Placed { id, org: record::called(record), collection, place };
        match database.filter(|_| is_here) {
            Some(database) => self.copies.entry(database).or_default().push(placed),
            None => self.others.push(placed),
        }
        true
    }
}

impl Inner {
    /// Which of them are a copy's, and which a person has to look at.
    pub(super) async fn look_at_places(&self, places: Places) -> Result<Vec<Found>> {
        let mut found: Vec<Found> = places.others.into_iter().map(Placed::by_hand).collect();
        for (database, placed) in places.copies {
            let (most, of) = NEARLY_ALL;
            if placed.len() * of >= places.named * most
                && !self.is_somebodys(&database, &placed).await?
            {
                let records = placed.len() as u64;
                let inconsistency =
                    Inconsistency::Copied { from: database.as_str().into(), records };
                found.push(Found { inconsistency, what: What::Copied(database) });
            } else {
                found.extend(placed.into_iter().map(Placed::by_hand));
            }
        }
        Ok(found)
    }

    /// Whether another database has collections of these names, and is not the one that was copied: that
    /// has the same records. Where this user may not look, several records must say the same: a single one
    /// may mean what it says.
    async fn is_somebodys(&self, database: &str, placed: &[Placed]) -> Result<bool> {
        let other = self.db.client().database(database);
        let placed = &placed[..placed.len().min(usize::from(BATCH))];
        let ids: Vec<ObjectId> = placed.iter().map(|placed| placed.id).collect();
        let orgs = other.collection::<Document>(self.orgs.name());
        let same = orgs.find_one(doc! { "_id": { "$in": ids } }).max_time(READ).await;
        match self.unless_away(same)? {
            None => return Ok(placed.len() < 2),
            Some(Some(_)) => return Ok(false),
            Some(None) => {}
        }
        let names: Vec<&str> = placed.iter().map(|placed| placed.collection.as_str()).collect();
        let filter = doc! { "name": { "$in": names } };
        let there = list_collections(&other, filter).await;
        Ok(self.unless_away(there)?.is_some_and(|there| !there.is_empty()))
    }

    /// What the server refuses is nothing; where there is no server, that is said.
    fn unless_away<T>(&self, answer: mongodb::error::Result<T>) -> Result<Option<T>> {
        match answer.map_err(|error| self.errors.translate(&error)) {
            Ok(answer) => Ok(Some(answer)),
            Err(gone @ StoreError::Unreachable { .. }) => Err(gone),
            Err(_) => Ok(None),
        }
    }

    /// Makes the records that name a database of which this one is a copy name this one. Each as long as it
    /// says what was read.
    pub(super) async fn bring_home(&self, database: &str) -> Mended<String> {
        let say = |error| self.errors.translate(&error);
        let there: HashSet<String> = self.collections_there().await?.into_keys().collect();
        let named = |field: &str| doc! { format!("{field}.database"): database };
        let mut last = ObjectId::from_bytes([0; 12]);
        loop {
            let filter = doc! {
                "_id": { "$gt": last, "$type": "objectId" },
                "$or": [named("connection_details"), named("trash.connection_details")],
            };
            let found = self.orgs.find(filter).sort(doc! { "_id": 1 }).limit(i64::from(BATCH));
            let mut found = found.max_time(READ).await.map_err(say)?;
            let (mut updates, mut read) = (Vec::new(), 0);
            while found.advance().await.map_err(say)? {
                let Ok(record) = found.deserialize_current() else { continue };
                let Ok(id) = record.0.get_object_id("_id") else { continue };
                (last, read) = (id, read + 1);
                updates.extend(self.at_home(&record.0, id, database, &there));
            }
            if read == 0 {
                return Ok("their connection_details name this database".to_owned());
            }
            if updates.is_empty() {
                continue;
            }
            let command = doc! {
                "update": self.orgs.name(), "updates": updates, "ordered": false,
            };
            let answer = write_command(&self.db, command).await.map_err(say)?;
            if let Ok(errors) = answer.get_array("writeErrors") {
                let refused = self.errors.of_updates(errors);
                let first = errors.first().and_then(Bson::as_document);
                let first = StoredText::from(first.map_or("", |error| text(error, "errmsg")));
                return Err(refused.unwrap_or_else(|| StoreError::Other(first.to_string())).into());
            }
        }
    }

    /// The update of one record; none where that is not of the copy, or its collection is not here.
    fn at_home(
        &self,
        record: &Document,
        id: ObjectId,
        database: &str,
        there: &HashSet<String>,
    ) -> Option<Document> {
        let org = record::org(record).filter(|org| org.under_way.is_none())?;
        let held = record::held_in(&org).unwrap_or_else(|| org.collection.raw().to_owned());
        let named = elsewhere(record, self.db.name())?.database?;
        if named != database || !there.contains(&held) {
            return None;
        }
        let field = match org.in_trash() {
            Some(_) => "trash.connection_details",
            None => "connection_details",
        };
        let before = field_at(record, field)?;
        let set = doc! { "$set": { format!("{field}.database"): self.db.name() } };
        let same = doc! { "_id": id, "pending": { "$exists": false }, field: { "$eq": before } };
        Some(exact::update(same, set))
    }
}
