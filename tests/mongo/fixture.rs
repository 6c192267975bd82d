//! A database exactly as the service before this one wrote it, and what tests compare databases by.

use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{Arc, LazyLock},
};
use tenantry::store::traits::*;

use mongodb::{
    Database,
    bson::{DateTime, Document, RawDocumentBuf, doc, oid::ObjectId},
};
use tenantry::{
    org::Org,
    store::{NewOrg, PageQuery, Patience, Store, mongo::MongoStore},
    tenancy::{Caller, Rules, Tenancy},
};

use crate::support::{access::OwnDatabase, mongod, orgs, service};

/// A password with the hash the service made of it: cost 12, made once.
pub const PASSWORD: &str = "a password of the old days";
pub static HASH: LazyLock<String> =
    LazyLock::new(|| bcrypt::hash(PASSWORD, 12).expect("bcrypt hashes"));

/// A database of one test, dropped at its end. The stores open it as a user of the manual's role; what
/// is done past them may be anything.
pub struct Scratch(OwnDatabase);

impl Scratch {
    /// On the standalone server of this run.
    pub async fn new(test: &str) -> Self {
        Self::on(mongod::standalone(), test).await
    }

    pub async fn on(server: String, test: &str) -> Self {
        Self(OwnDatabase::on(server, test).await)
    }

    /// One in a database that is brought up to date.
    pub async fn open(&self) -> MongoStore {
        self.open_with(false).await
    }

    pub async fn open_with(&self, read_only: bool) -> MongoStore {
        let store = MongoStore::open(&self.uri, self.name(), read_only)
            .await
            .expect("the store opens")
            .with_patience(Patience::NONE);
        if !read_only {
            upgraded(&store).await;
        }
        store
    }

    /// The rules, on such a store.
    pub async fn tenancy(&self) -> Tenancy {
        Tenancy::new(Arc::new(self.open().await), Rules::default(), Caller::new("tester@here"))
            .expect("the rules hold")
    }

    /// One that nobody has agreed to anything in, and that may write.
    pub async fn look(&self) -> MongoStore {
        MongoStore::open(&self.uri, self.name(), false).await.expect("the store opens")
    }

    /// A store for which every lease has run out.
    pub async fn open_impatiently(&self) -> MongoStore {
        let lease = std::time::Duration::ZERO;
        let store = MongoStore::open_with_lease(&self.uri, self.name(), false, lease)
            .await
            .expect("the store opens")
            .with_patience(Patience::NONE);
        upgraded(&store).await;
        store
    }

    /// The collections, but those of the console itself: the audit log, the attempts to log in, and the
    /// placeholders that fence off whoever lost a lease, which are empty.
    pub async fn collections(&self) -> Vec<String> {
        let mut names = self.list_collection_names().await.unwrap();
        let own = ["audit_log", "login_attempts", "short_lived", "tenantry"];
        names.retain(|name| !own.contains(&name.as_str()));
        for placeholder in names.extract_if(.., |name| name.starts_with("lease_")) {
            assert_eq!(self.documents(&placeholder).await, Vec::<Document>::new(), "{placeholder}");
        }
        names.sort();
        names
    }

    /// Every document of every collection, byte for byte, and every collection's indexes.
    pub async fn dump(&self) -> Dump {
        dump(self).await
    }

    /// As [`Scratch::dump`], with every option and the identity of each collection, and the databases.
    pub async fn everything(&self) -> (Vec<String>, Vec<Document>, Dump) {
        let own = self.client().list_database_names().await.unwrap();
        let own = own.into_iter().filter(|name| name == self.name()).collect();
        let (collections, dump) = everything(self).await;
        (own, collections, dump)
    }

    /// A collection's indexes as the server describes them.
    pub async fn indexes(&self, collection: &str) -> Vec<RawDocumentBuf> {
        indexes(self, collection).await
    }

    pub async fn documents(&self, collection: &str) -> Vec<Document> {
        mongod::documents(self, collection).await
    }

    /// Adds an organization in the service's four writes.
    pub async fn add_legacy(&self, name: &str, collection: &str, email: &str) -> ObjectId {
        let now = DateTime::from_millis(1_700_000_000_000);
        let admins = self.collection("admins");
        let admin = admins.insert_one(service::admin(email, &HASH, now)).await.unwrap();
        let admin = admin.inserted_id.as_object_id().unwrap();
        self.collection(collection).insert_one(service::first_document(now)).await.unwrap();
        let record = service::record(name, (self.name(), collection), (admin, email), now);
        let inserted = self.collection("organizations").insert_one(record).await.unwrap();
        inserted.inserted_id.as_object_id().unwrap()
    }
}

impl Deref for Scratch {
    type Target = OwnDatabase;

    fn deref(&self) -> &OwnDatabase {
        &self.0
    }
}

/// Documents and indexes by collection.
pub type Dump = BTreeMap<String, Vec<RawDocumentBuf>>;

/// Everything in a database: each collection with its options and its identity, its documents, its indexes.
pub async fn everything(db: &Database) -> (Vec<Document>, Dump) {
    let mut found = db.list_collections().await.unwrap();
    let mut collections = Vec::new();
    while found.advance().await.unwrap() {
        collections.push(Document::try_from(found.current()).unwrap());
    }
    collections.sort_by_key(ToString::to_string);
    (collections, dump(db).await)
}

async fn dump(db: &Database) -> Dump {
    let mut dump = BTreeMap::new();
    for name in db.list_collection_names().await.unwrap() {
        let collection = db.collection::<RawDocumentBuf>(&name);
        let mut found = collection.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
        let mut documents = Vec::new();
        while found.advance().await.unwrap() {
            documents.push(found.current().to_owned());
        }
        dump.insert(format!("{name} indexes"), indexes(db, &name).await);
        dump.insert(name, documents);
    }
    dump
}

async fn indexes(db: &Database, collection: &str) -> Vec<RawDocumentBuf> {
    let answer = db.run_command(doc! { "listIndexes": collection }).await.unwrap();
    let batch = answer.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
    batch
        .iter()
        .map(|index| RawDocumentBuf::try_from(index.as_document().unwrap()).unwrap())
        .collect()
}

/// Somebody has agreed to the upgrade; where nothing may be written, that says so itself.
async fn upgraded(store: &MongoStore) {
    if store.only_readable_because().is_none() {
        store
            .upgrade("tester@here", &tenantry::store::no_progress)
            .await
            .expect("the database can be upgraded");
    }
}

/// A new organization with a name that has a collection of the same shape.
pub fn new_org(name: &str, email: &str) -> NewOrg {
    orgs::new_org(name, email, &HASH)
}

/// The whole list, in pages of three.
pub async fn all(store: &dyn Store) -> Vec<Org> {
    let mut query = PageQuery { limit: 3, ..first_page() };
    let mut orgs = Vec::new();
    loop {
        let page = store.page(&query).await.unwrap();
        orgs.extend(page.orgs);
        if !page.more_after {
            return orgs;
        }
        let last = orgs.last().unwrap();
        query.at =
            tenantry::store::PageAt::After(tenantry::store::Cursor::from_org(last, query.sort.key));
    }
}

pub fn first_page() -> PageQuery {
    PageQuery {
        scope: tenantry::store::ListScope::Live,
        search: None,
        best_first: false,
        sort: tenantry::store::Sort::default(),
        at: tenantry::store::PageAt::First,
        limit: 50,
    }
}

/// A second store on the same database, for races.
pub fn shared(store: MongoStore) -> Arc<dyn Store> {
    Arc::new(store)
}
