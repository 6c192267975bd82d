//! What a kind of database offers to be tested, and what all cases share.

use crate::support::{operations::Operations as _, orgs};
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bson::{DateTime, Document, RawDocumentBuf, oid::ObjectId};
use tenantry::org::{CollectionName, Email, Org, OrgName, PasswordHash};
use tenantry::store::{Change, NewOrg, Store};

/// An empty database of its own, gone when dropped.
#[async_trait]
pub trait Fixture: Send + Sync + Sized + 'static {
    /// Whether an operation takes more than one write, so that its outcome can be unknown.
    const IN_STEPS: bool;

    /// A new one.
    async fn fresh() -> Self;

    /// Where it is, for another process.
    fn address(&self) -> String;

    /// A console on what is there.
    async fn at(address: &str) -> Arc<dyn Store>;

    /// One more console on it.
    async fn open(&self, read_only: bool) -> Arc<dyn Store>;

    /// Puts documents into a collection, past the store.
    async fn insert(&self, collection: &str, documents: Vec<Document>);

    /// Puts one document into a collection, byte for byte, past the store.
    async fn insert_raw(&self, collection: &str, document: RawDocumentBuf);

    /// Makes the time an organization has been in the trash longer, past the store.
    async fn age_trash(&self, org: ObjectId, milliseconds: i64);

    /// Puts the times in the audit log so much further into the past, past the store.
    async fn age_audit_log(&self, milliseconds: i64);

    /// Ends every wait after wrong passwords, past the store.
    async fn end_waits(&self);

    /// Makes the waits and the places of those who are being answered older, past the store.
    async fn age_attempts(&self, milliseconds: i64);

    /// What is stored about attempts to log in, as text, read past the store.
    async fn attempts(&self) -> Vec<String>;

    /// Removes an admin, past the store.
    async fn remove_admin(&self, email: &str);

    /// Takes away that an admin is an owner, past the store.
    async fn demote(&self, email: &str);

    /// Makes every one-time code older, past the store.
    async fn age_codes(&self, milliseconds: i64);

    /// Makes each of two organizations name the other one's admin, past the store.
    async fn swap_admins(&self, one: &Org, other: &Org);

    /// Puts something else in the place of an entry of the audit log, or nothing, past the store.
    async fn replace_entry(&self, number: i64, entry: Option<Document>);

    /// All that is stored, but the audit log and the attempts; read past the store.
    async fn stored(&self) -> Stored;
}

/// What is in a database. Documents are in the order of their `_id`s.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The records, in the service's fields; a store's own fields may be left out.
    pub organizations: Vec<Document>,
    /// The admins, likewise.
    pub admins: Vec<Document>,
    /// Every collection but those of the database itself.
    pub collections: BTreeMap<String, Vec<Document>>,
}

pub const CREATED: DateTime = DateTime::from_millis(1_700_000_000_123);

/// An organization about to be; nobody knows its password.
pub fn new_org(name: &str, email: &str) -> NewOrg {
    NewOrg { created_at: CREATED, ..orgs::new_org(name, email, &crate::support::hash("first")) }
}

/// A hash that can be told by its word.
pub fn hash(word: &str) -> PasswordHash {
    PasswordHash::stored(crate::support::hash(word))
}

/// A change of the name, and the collection with it.
pub fn renamed(name: &str) -> Change {
    let name = OrgName::parse(name).unwrap();
    Change {
        collection: Some(CollectionName::from_name(&name)),
        name: Some(name),
        ..Change::default()
    }
}

pub fn with_email(email: &str) -> Change {
    Change { email: Some(Email::parse(email).unwrap()), ..Change::default() }
}

/// A database with one organization, and a console on it.
pub async fn with_acme<F: Fixture>() -> (F, Arc<dyn Store>, Org) {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    let org = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    (fixture, store, org)
}
