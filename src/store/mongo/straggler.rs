//! Documents that a writer put under the name an organization's collection had before.
//!
//! After any rename, a writer that still uses the old name makes the server re-create that collection.
//! What is in it is the organization's. It is renamed out of the writer's way first, which nothing can
//! get between, to a name that says whose it is; from there its documents are added to the
//! organization's own, and none is removed before it is there.

use std::collections::{HashMap, HashSet};

use mongodb::{
    Collection,
    bson::{Bson, Document, RawDocumentBuf, doc, oid::ObjectId},
    error::ErrorKind,
};

use super::{Inner, READ, collection::Renamed, error::code, record};
use crate::{
    org::{Claim, StoredText},
    store::{Result, StoreError},
};

/// Where stragglers are while they are moved; then the organization's identity and their old name.
const ON_THE_WAY: &str = "straggler_";

/// How many documents are moved at once.
const BATCH: i64 = 500;

/// A collection of stragglers.
pub(super) struct Straggler {
    /// Whose documents they are.
    pub(super) org: ObjectId,
    /// What that organization is called.
    pub(super) name: StoredText,
    /// Where they are.
    pub(super) collection: String,
}

impl Inner {
    /// Moves every straggler to where it belongs. Returns how many collections of them there were.
    pub(super) async fn move_stragglers(&self) -> Result<u64> {
        let mut moved = 0;
        for straggler in self.stragglers().await? {
            let (org, collection) = (straggler.org, straggler.collection);
            let on_the_way = if collection.starts_with(ON_THE_WAY) {
                collection
            } else {
                let on_the_way = format!("{ON_THE_WAY}{}_{collection}", org.to_hex());
                if let Some(uuid) = self.uuid_of(&collection).await? {
                    self.rename_collection(&collection, &on_the_way, &uuid).await?;
                }
                on_the_way
            };
            self.bring_home(org, &on_the_way).await?;
            moved += 1;
        }
        Ok(moved)
    }

    /// Collections under a name that an organization's collection had, and that nobody else has now;
    /// and those that were on the way already.
    pub(super) async fn stragglers(&self) -> Result<Vec<Straggler>> {
        let say = |error| self.words.of(&error);
        let mut owners: HashMap<String, (ObjectId, StoredText)> = HashMap::new();
        let filter = doc! { "former": { "$exists": true } };
        let mut found = self.orgs.find(filter).max_time(READ).await.map_err(say)?;
        while found.advance().await.map_err(say)? {
            let Ok(record) = found.deserialize_current() else { continue };
            let Some(org) = record::org(&record) else { continue };
            // While it is being moved, both names are its own.
            if org.under_way.is_some() {
                continue;
            }
            for name in record.get_array("former").into_iter().flatten().filter_map(Bson::as_str) {
                if record::is_ours(name) && record::held_in(&org).as_deref() != Some(name) {
                    owners.insert(name.to_owned(), (org.id, org.name.clone()));
                }
            }
        }
        // Nothing ever moved here, so there is nothing to ask the server for.
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<&String> = owners.keys().collect();
        let there = doc! { "$or": [
            { "name": { "$in": names } },
            { "name": { "$regex": format!("^{ON_THE_WAY}[0-9a-f]{{24}}_") } },
        ] };
        let mut stragglers = Vec::new();
        for collection in self.collection_names(there).await? {
            let on_the_way = collection.strip_prefix(ON_THE_WAY).and_then(|rest| rest.get(..24));
            if let Some(org) = on_the_way.and_then(|hex| ObjectId::parse_str(hex).ok()) {
                let name = self.org(org).await?.map(|org| org.name).unwrap_or_default();
                stragglers.push(Straggler { org, name, collection });
            } else if let Some((org, name)) = owners.get(&collection)
                && self.is_nobodys_but(&collection, *org).await?
            {
                stragglers.push(Straggler { org: *org, name: name.clone(), collection });
            }
        }
        Ok(stragglers)
    }

    /// Whether no organization has the collection, but for one that is called so in the trash.
    async fn is_nobodys_but(&self, collection: &str, org: ObjectId) -> Result<bool> {
        let claim = Claim::Collection(collection.to_owned());
        let claimed = doc! { "claims": claim.to_string(), "_id": { "$ne": org } };
        let recorded = doc! { "collection_name": collection };
        Ok(self.find_one(&self.orgs, claimed).await?.is_none()
            && self.find_one(&self.orgs, recorded).await?.is_none()
            && self.unadopted_holder(&claim, &org.into()).await?.is_none())
    }

    /// The names of collections that meet a filter of `listCollections`.
    pub(super) async fn collection_names(&self, filter: Document) -> Result<Vec<String>> {
        let names = self.db.list_collection_names().filter(filter).await;
        names.map_err(|error| self.words.of(&error))
    }

    /// Adds each document to the organization's own and removes it here. What cannot be added, because
    /// another document has its `_id`, stays, and is put aside with the whole collection.
    async fn bring_home(&self, org: ObjectId, from: &str) -> Result<()> {
        let say = |error: mongodb::error::Error| self.words.of(&error);
        let there: Collection<RawDocumentBuf> = self.db.collection(from);
        let home = self.org(org).await?.and_then(|org| record::held_in(&org));
        let Some(home) = home else { return self.put_aside(from).await.map(|_| ()) };
        let home: Collection<RawDocumentBuf> = self.db.collection(&home);
        let mut after = None::<mongodb::bson::RawBson>;
        let mut left = false;
        loop {
            let filter = match &after {
                Some(id) => {
                    doc! { "_id": { "$gt": Bson::try_from(id.clone()).unwrap_or(Bson::MinKey) } }
                }
                None => Document::new(),
            };
            let mut found =
                there.find(filter).sort(doc! { "_id": 1 }).limit(BATCH).await.map_err(say)?;
            let mut batch = Vec::new();
            while found.advance().await.map_err(say)? {
                batch.push(found.current().to_owned());
            }
            let Some(last) = batch.last() else { break };
            after = last.get("_id").ok().flatten().map(Into::into);
            let added = home.insert_many(&batch).ordered(false).await;
            if let Err(error) = added
                && !is_only_duplicates(&error)
            {
                return Err(say(error));
            }
            left |= !self.remove_equal(&there, &home, &batch).await?;
            if after.is_none() {
                break;
            }
        }
        if left {
            return self.put_aside(from).await.map(|_| ());
        }
        // Nobody writes under this name, so it is as empty as it was found.
        there.drop().await.map_err(say)
    }

    /// Removes from one collection what is in the other in the same words; whether that was all.
    async fn remove_equal(
        &self,
        there: &Collection<RawDocumentBuf>,
        home: &Collection<RawDocumentBuf>,
        batch: &[RawDocumentBuf],
    ) -> Result<bool> {
        let say = |error: mongodb::error::Error| self.words.of(&error);
        let ids = |batch: &[&RawDocumentBuf]| -> Vec<Bson> {
            let id = |document: &&RawDocumentBuf| {
                document.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok())
            };
            batch.iter().filter_map(id).collect()
        };
        let all: Vec<&RawDocumentBuf> = batch.iter().collect();
        let mut found = home.find(doc! { "_id": { "$in": ids(&all) } }).await.map_err(say)?;
        let mut arrived = HashSet::new();
        while found.advance().await.map_err(say)? {
            arrived.insert(found.current().as_bytes().to_vec());
        }
        let equal: Vec<&RawDocumentBuf> =
            batch.iter().filter(|document| arrived.contains(document.as_bytes())).collect();
        // Another console may be moving the same ones: what it removed first has arrived as well.
        there.delete_many(doc! { "_id": { "$in": ids(&equal) } }).await.map_err(say)?;
        Ok(equal.len() == batch.len())
    }

    /// Gives a collection that is nobody's a name that says so, and answers it.
    pub(super) async fn put_aside(&self, collection: &str) -> Result<String> {
        let mut aside = format!("lost_{collection}");
        let mut number = 1_u32;
        let uuid = self.uuid_of(collection).await?.ok_or(StoreError::Changed)?;
        loop {
            match self.rename_collection(collection, &aside, &uuid).await? {
                Renamed::Done => return Ok(aside),
                Renamed::Taken => {
                    number += 1;
                    aside = format!("lost_{collection}_{number}");
                }
                Renamed::Missing => return Err(StoreError::Changed),
            }
        }
    }
}

/// Whether an insert failed only where an `_id` was there already.
fn is_only_duplicates(error: &mongodb::error::Error) -> bool {
    match error.kind.as_ref() {
        ErrorKind::InsertMany(many) => {
            many.write_concern_error.is_none()
                && many.write_errors.iter().flatten().all(|one| one.code == code::DUPLICATE_KEY)
        }
        _ => false,
    }
}
