//! A standalone MongoDB server and a replica set, both started by `tests/run`; every fixture has a
//! database of its own, which the store opens as a user of the README's role.

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use mongodb::bson::{Document, doc, oid::ObjectId};
use tenantry::store::{Access, Store, mongo::MongoStore};

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
    async fn fresh() -> Self {
        Self { own: OwnDatabase::on(S::uri().await, "conforms").await, server: PhantomData }
    }

    fn address(&self) -> String {
        format!("{} {}", self.own.db.name(), self.own.uri)
    }

    async fn at(address: &str) -> Arc<dyn Store> {
        let (database, uri) = address.split_once(' ').unwrap();
        let access = Access { operator: "second@here".to_owned(), read_only: false };
        Arc::new(MongoStore::open(uri, database, &access).await.unwrap())
    }

    async fn open(&self, read_only: bool) -> Arc<dyn Store> {
        let access = Access { operator: "tester@here".to_owned(), read_only };
        Arc::new(MongoStore::open(&self.own.uri, self.own.db.name(), &access).await.unwrap())
    }

    async fn insert(&self, collection: &str, documents: Vec<Document>) {
        self.own.db.collection(collection).insert_many(documents).await.unwrap();
    }

    async fn age_trash(&self, org: ObjectId, milliseconds: i64) {
        let older = doc! { "$subtract": ["$trash.at", milliseconds] };
        let orgs = self.own.db.collection::<Document>("organizations");
        let aged =
            orgs.update_one(doc! { "_id": org }, vec![doc! { "$set": { "trash.at": older } }]);
        assert_eq!(aged.await.unwrap().matched_count, 1);
    }

    async fn stored(&self) -> Stored {
        let mut stored = Stored {
            organizations: self.theirs("organizations").await,
            admins: self.theirs("admins").await,
            collections: std::collections::BTreeMap::new(),
        };
        for name in self.own.db.list_collection_names().await.unwrap() {
            if !["organizations", "admins"].contains(&name.as_str()) {
                let documents = mongod::documents(&self.own.db, &name).await;
                stored.collections.insert(name, documents);
            }
        }
        stored
    }
}
