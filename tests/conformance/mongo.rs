//! A standalone MongoDB server and a replica set, both started by `tests/run`; every fixture has a
//! database of its own, which the store opens as a user of the manual's role.

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use bson::{DateTime, Document, RawDocumentBuf, doc, oid::ObjectId};
use tenantry::org::Org;
use tenantry::store::{Patience, Store, mongo::MongoStore};

use crate::fixture::{Fixture, Stored};
use crate::support::{access::OwnDatabase, mongod};

/// Which server.
#[async_trait]
pub trait Server: Send + Sync + 'static {
    async fn uri() -> String;
}

pub struct Standalone;

#[async_trait]
impl Server for Standalone {
    async fn uri() -> String {
        mongod::standalone()
    }
}

pub struct ReplicaSet;

#[async_trait]
impl Server for ReplicaSet {
    async fn uri() -> String {
        mongod::replica_set().await
    }
}

/// A database on that server.
pub struct OnMongo<S: Server> {
    own: OwnDatabase,
    server: PhantomData<S>,
}

impl<S: Server> OnMongo<S> {
    async fn theirs(&self, collection: &str) -> Vec<Document> {
        let documents = mongod::documents(&self.own.db, collection).await;
        documents.iter().map(mongod::theirs).collect()
    }
}

#[async_trait]
impl<S: Server> Fixture for OnMongo<S> {
    const IN_STEPS: bool = true;

    async fn fresh() -> Self {
        Self { own: OwnDatabase::on(S::uri().await, "conforms").await, server: PhantomData }
    }

    fn address(&self) -> String {
        format!("{} {}", self.own.db.name(), self.own.uri)
    }

    async fn at(address: &str) -> Arc<dyn Store> {
        let (database, uri) = address.split_once(' ').unwrap();
        Arc::new(MongoStore::open(uri, database, false).await.unwrap())
    }

    async fn open(&self, read_only: bool) -> Arc<dyn Store> {
        Arc::new(
            MongoStore::open(&self.own.uri, self.own.db.name(), read_only)
                .await
                .unwrap()
                .with_patience(Patience::NONE),
        )
    }

    async fn insert(&self, collection: &str, documents: Vec<Document>) {
        self.own.db.collection(collection).insert_many(documents).await.unwrap();
    }

    async fn insert_raw(&self, collection: &str, document: RawDocumentBuf) {
        let raw = self.own.db.collection::<RawDocumentBuf>(collection);
        raw.insert_one(document).await.unwrap();
    }

    async fn age_trash(&self, org: ObjectId, milliseconds: i64) {
        let older = doc! { "$subtract": ["$trash.at", milliseconds] };
        let orgs = self.own.db.collection::<Document>("organizations");
        let aged =
            orgs.update_one(doc! { "_id": org }, vec![doc! { "$set": { "trash.at": older } }]);
        assert_eq!(aged.await.unwrap().matched_count, 1);
    }

    async fn swap_admins(&self, one: &Org, other: &Org) {
        let orgs = self.own.db.collection::<Document>("organizations");
        for (of, admin) in [(one, other), (other, one)] {
            let set = doc! { "$set": { "admin_id": admin.admin_id.raw() } };
            let swapped = orgs.update_one(doc! { "_id": of.id }, set).await;
            assert_eq!(swapped.unwrap().matched_count, 1);
        }
    }

    async fn age_audit_log(&self, milliseconds: i64) {
        let log = self.own.db.collection::<Document>("audit_log");
        let older = vec![doc! { "$set": { "at": { "$subtract": ["$at", milliseconds] } } }];
        assert!(log.update_many(doc! {}, older).await.unwrap().matched_count > 0);
    }

    async fn end_waits(&self) {
        let attempts = self.own.db.collection::<Document>("login_attempts");
        let over = doc! { "$set": { "until": DateTime::from_millis(0) } };
        attempts.update_many(doc! {}, over).await.unwrap();
    }

    async fn age_attempts(&self, milliseconds: i64) {
        let older = |time: &str| doc! { "$subtract": [time, milliseconds] };
        let place = doc! { "id": "$$place.id", "until": older("$$place.until") };
        let places = doc! { "$map": { "input": "$places", "as": "place", "in": place } };
        let older = vec![doc! { "$set": { "until": older("$until"), "places": places } }];
        let attempts = self.own.db.collection::<Document>("login_attempts");
        assert!(attempts.update_many(doc! {}, older).await.unwrap().matched_count > 0);
    }

    async fn attempts(&self) -> Vec<String> {
        let documents = mongod::documents(&self.own.db, "login_attempts").await;
        documents.iter().map(ToString::to_string).collect()
    }

    async fn remove_admin(&self, email: &str) {
        let admins = self.own.db.collection::<Document>("admins");
        assert_eq!(admins.delete_one(doc! { "email": email }).await.unwrap().deleted_count, 1);
    }

    async fn demote(&self, email: &str) {
        let admins = self.own.db.collection::<Document>("admins");
        let least = doc! { "$set": { "role": "admin" } };
        let changed = admins.update_one(doc! { "email": email }, least).await.unwrap();
        assert_eq!(changed.matched_count, 1);
    }

    async fn age_codes(&self, milliseconds: i64) {
        let older = doc! { "$subtract": ["$reset.until", milliseconds] };
        let older = vec![doc! { "$set": { "reset.until": older } }];
        let admins = self.own.db.collection::<Document>("admins");
        let coded = doc! { "reset": { "$exists": true } };
        assert!(admins.update_many(coded, older).await.unwrap().matched_count > 0);
    }

    async fn replace_entry(&self, number: i64, entry: Option<Document>) {
        let log = self.own.db.collection::<Document>("audit_log");
        log.delete_one(doc! { "_id": number }).await.unwrap();
        if let Some(entry) = entry {
            // Nor is it anywhere else.
            if let Ok(identity) = entry.get_object_id("entry") {
                log.delete_one(doc! { "entry": identity }).await.unwrap();
            }
            log.insert_one(entry).await.unwrap();
        }
    }

    async fn stored(&self) -> Stored {
        let mut stored = Stored {
            organizations: self.theirs("organizations").await,
            admins: self.theirs("admins").await,
            collections: std::collections::BTreeMap::new(),
        };
        for name in self.own.db.list_collection_names().await.unwrap() {
            let own = [
                "organizations",
                "admins",
                "audit_log",
                "login_attempts",
                "short_lived",
                "tenantry",
            ];
            if !own.contains(&name.as_str()) {
                let documents = mongod::documents(&self.own.db, &name).await;
                stored.collections.insert(name, documents);
            }
        }
        stored
    }
}
