//! A database exactly as the service before this one wrote it, and what tests compare databases by.

use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{Arc, LazyLock},
};

use mongodb::{
    Database,
    bson::{DateTime, Document, RawDocumentBuf, doc, oid::ObjectId},
};
use tenantry::{
    org::{CollectionName, Email, Org, OrgName, PasswordHash},
    store::{Access, NewOrg, PageQuery, Patience, Store, mongo::MongoStore},
};

use crate::support::{access::OwnDatabase, mongod};

/// A password with the hash the service made of it: cost 12, made once.
pub const PASSWORD: &str = "a password of the old days";
pub static HASH: LazyLock<String> =
    LazyLock::new(|| bcrypt::hash(PASSWORD, 12).expect("bcrypt hashes"));

/// A database of one test, dropped at its end. The stores open it as a user of the README's role; what
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
        let access = Access { operator: "tester@here".into(), read_only };
        let store = MongoStore::open(&self.uri, self.name(), &access)
            .await
            .expect("the store opens")
            .with_patience(Patience::NONE);
        if !read_only {
            upgraded(&store).await;
        }
        store
    }

    /// One that nobody has agreed to anything in, and that may write.
    pub async fn look(&self) -> MongoStore {
        let access = Access { operator: "tester@here".into(), read_only: false };
        MongoStore::open(&self.uri, self.name(), &access).await.expect("the store opens")
    }

    /// A store for which every lease has run out.
    pub async fn open_impatiently(&self) -> MongoStore {
        let access = Access { operator: "second@here".into(), read_only: false };
        let lease = std::time::Duration::ZERO;
        let store = MongoStore::open_with_lease(&self.uri, self.name(), &access, lease)
            .await
            .expect("the store opens")
            .with_patience(Patience::NONE);
        upgraded(&store).await;
        store
    }

    /// The collections, but those of the console itself: the record, the attempts to log in, and the
    /// placeholders that fence off whoever lost a lease, which are empty.
    pub async fn collections(&self) -> Vec<String> {
        let mut names = self.list_collection_names().await.unwrap();
        names.retain(|name| !["audit_log", "login_attempts", "tenantry"].contains(&name.as_str()));
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
        let admin = self
            .collection("admins")
            .insert_one(doc! { "email": email, "password": &*HASH, "created_at": now })
            .await
            .unwrap();
        let admin = admin.inserted_id.as_object_id().unwrap();
        self.collection(collection)
            .insert_one(
                doc! { "initialized": true, "created_at": now, "note": "Org data goes here" },
            )
            .await
            .unwrap();
        let inserted = self
            .collection("organizations")
            .insert_one(doc! {
                "organization_name": name,
                "collection_name": collection,
                "admin_id": admin.to_hex(),
                "admin_email": email,
                "created_at": now,
                "connection_details": { "database": self.name(), "collection": collection },
            })
            .await
            .unwrap();
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
        store.upgrade(&tenantry::store::untold).await.expect("the database can be upgraded");
    }
}

/// A new organization with a name that has a collection of the same shape.
pub fn new_org(name: &str, email: &str) -> NewOrg {
    let name = OrgName::parse(name).unwrap();
    NewOrg {
        id: ObjectId::new(),
        collection: CollectionName::of(&name),
        name,
        admin_id: ObjectId::new(),
        email: Email::parse(email).unwrap(),
        password: PasswordHash::stored(HASH.clone()),
        created_at: DateTime::from_millis(1_760_000_000_000),
    }
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
            tenantry::store::PageAt::After(tenantry::store::Cursor::of(last, query.sort.key));
    }
}

pub fn first_page() -> PageQuery {
    PageQuery {
        shelf: tenantry::store::Shelf::Live,
        search: None,
        sort: tenantry::store::Sort::default(),
        at: tenantry::store::PageAt::First,
        limit: 50,
    }
}

/// A second store on the same database, for races.
pub fn shared(store: MongoStore) -> Arc<dyn Store> {
    Arc::new(store)
}
