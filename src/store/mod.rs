//! Where organizations are kept: one trait, two real implementations.
//!
//! **Invariant:** each method happens whole or not at all, also when the process is killed in the
//! middle; what a killed one began is settled by the next [`Store::recover`]. Both implementations pass
//! the same conformance suite (`tests/conformance`). Rules about who may do what are not here but in
//! `tenancy`; what is here is only that no two organizations ever hold the same [`Claim`].

mod error;
mod finding;
pub mod mongo;
mod page;
pub mod sqlite;
mod target;

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, oid::ObjectId};

pub use error::{Result, StoreError};
pub use finding::{Finding, Repair, Trouble};
pub use page::{Count, Cursor, CursorKey, Page, PageAt, PageQuery, Shelf, Sort, SortKey};
pub use target::{Target, open};

use crate::org::{Admin, Claim, CollectionName, Email, Org, OrgName, PasswordHash};

/// Somewhere organizations are kept.
#[async_trait]
pub trait Store: Send + Sync {
    /// What the title bar and error texts call this database.
    fn place(&self) -> &Place;

    /// Why this store can only be read, in a sentence, when it can; for example because records an
    /// older program wrote clash. Nothing is written then.
    fn only_readable_because(&self) -> Option<&str>;

    /// Settles what a killed or cut-off program left half-done, forward or back, moves what was
    /// written under an old name after a rename to where it belongs, and purges what has been in the
    /// trash for longer than it was to be kept. Cheap when there is nothing. Returns how many
    /// organizations it did something about.
    async fn recover(&self) -> Result<u64>;

    /// Brings up to date what lists, searches and claims are made of, where another program has changed a
    /// record since. Goes through all records: nothing to wait for. Returns how many those were.
    async fn catch_up(&self) -> Result<u64>;

    /// One page of the list, in the order asked for, by keyset: as fast at any depth.
    /// An organization whose creation is still under way is not in it.
    async fn page(&self, query: &PageQuery) -> Result<Page>;

    /// How many organizations on the shelf match, counting no further than `most`.
    async fn count(&self, of: Shelf, search: Option<&str>, most: u64) -> Result<Count>;

    /// The organization with this identity, also one in the trash.
    async fn org(&self, id: ObjectId) -> Result<Option<Org>>;

    /// The organization with this name on the shelf: the one stored exactly so, or else the one with
    /// the same [`crate::org::name_key`]. Of several in the trash, the one that was put there last.
    async fn org_named(&self, name: &str, from: Shelf) -> Result<Option<Org>>;

    /// The organization this admin belongs to; none when that is in the trash.
    async fn org_of_admin(&self, admin: ObjectId) -> Result<Option<Org>>;

    /// Who holds a claim: the name of that organization as stored.
    async fn holder(&self, claim: &Claim) -> Result<Option<Holder>>;

    /// The admin with this e-mail, compared by [`crate::org::email_key`]. Admins of an organization in
    /// the trash are not found.
    async fn admin_with_email(&self, email: &str) -> Result<Option<Admin>>;

    /// The admin with this identity. Admins of an organization in the trash are not found.
    async fn admin(&self, id: ObjectId) -> Result<Option<Admin>>;

    /// The admin with this e-mail among those of an organization in the trash.
    async fn admin_in_trash(&self, org: &Org, email: &str) -> Result<Option<Admin>>;

    /// How much is in the organization's collection; all zero when it has none.
    async fn statistics(&self, org: &Org) -> Result<Statistics>;

    /// The first `most` documents of the organization's collection, by `_id`. One of more than
    /// [`DOCUMENT_MOST_BYTES`] comes as its `_id` and a field that says so.
    async fn documents(&self, org: &Org, most: u32) -> Result<Vec<Document>>;

    /// Makes the organization, its admin, its collection and the collection's first document.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when any claim, or the collection itself, is somebody's already; then
    /// nothing was made.
    async fn create(&self, new: &NewOrg) -> Result<Org>;

    /// Changes name, collection and admin together. The documents move with the collection, with
    /// their `_id`s, indexes, options and validators.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the record is no longer as in `org`, [`StoreError::Gone`] when
    /// there is none any more, [`StoreError::Busy`] while
    /// another change is under way, [`StoreError::Taken`]; then nothing was changed.
    async fn update(&self, org: &Org, change: &Change) -> Result<Org>;

    /// Removes collection, admins and record, also of an organization in the trash.
    ///
    /// # Errors
    /// As [`Store::update`].
    async fn delete(&self, org: &Org) -> Result<()>;

    /// Moves the organization to the trash, to be kept there for `days`. It keeps its claims, its
    /// documents with everything, and its admins; only [`Store::restore`] and [`Store::delete`] can
    /// follow. A suspended one comes back suspended.
    ///
    /// # Errors
    /// As [`Store::update`].
    async fn trash(&self, org: &Org, days: u32) -> Result<Org>;

    /// Brings the organization back from the trash with everything it had; under another name, and so
    /// in another collection, where `change` has them (its other fields are not looked at).
    ///
    /// # Errors
    /// As [`Store::update`]; [`StoreError::Taken`] where another program gave away meanwhile what the
    /// organization had.
    async fn restore(&self, org: &Org, change: &Change) -> Result<Org>;

    /// Suspends or reactivates the organization; nothing when it is so already.
    ///
    /// # Errors
    /// As [`Store::update`].
    async fn suspend(&self, org: &Org, suspended: bool) -> Result<Org>;

    /// Goes through everything and says what does not belong together; with `fix` repairs what can be
    /// repaired without deleting any document.
    ///
    /// # Errors
    /// The database's; with `fix`, [`StoreError::Refused`] where nothing may be written.
    async fn examine(&self, fix: bool) -> Result<Vec<Finding>>;
}

/// As whom a store is opened, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// `user@host`: who is recorded as doing things.
    pub operator: String,
    /// Nothing may be written, not even indexes or recovery.
    pub read_only: bool,
}

/// What a database is called in front of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which kind it is.
    pub kind: PlaceKind,
    /// Host and port, or the file; never user or password.
    pub address: String,
    /// The database's name on a MongoDB server; empty otherwise.
    pub database: String,
}

/// Which kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// A MongoDB server.
    Mongo,
    /// A SQLite file.
    Embedded,
    /// A SQLite database in memory, gone at exit.
    Demo,
}

/// An organization about to be.
#[derive(Clone, Debug)]
pub struct NewOrg {
    /// Its identity.
    pub id: ObjectId,
    /// Its name.
    pub name: OrgName,
    /// Its collection.
    pub collection: CollectionName,
    /// Its first admin's identity.
    pub admin_id: ObjectId,
    /// Its first admin's e-mail.
    pub email: Email,
    /// Its first admin's hash.
    pub password: PasswordHash,
    /// Now.
    pub created_at: DateTime,
}

impl NewOrg {
    /// Everything it will keep for itself, in the order in which a clash is reported.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        let mut claims = Claim::of_name(self.name.as_str(), self.collection.as_str()).to_vec();
        claims.push(Claim::of_email(self.email.as_str()));
        claims
    }
}

/// What is to be different; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The new name.
    pub name: Option<OrgName>,
    /// The new collection; only ever with a new name.
    pub collection: Option<CollectionName>,
    /// The admin's new e-mail.
    pub email: Option<Email>,
    /// The admin's new hash.
    pub password: Option<PasswordHash>,
}

impl Change {
    /// The claims the organization holds once the change is made, in the order in which a clash is
    /// reported.
    #[must_use]
    pub fn claims_of(&self, org: &Org) -> Vec<Claim> {
        let name = self.name.as_ref().map_or(org.name.raw(), OrgName::as_str);
        let collection =
            self.collection.as_ref().map_or(org.collection.raw(), CollectionName::as_str);
        let email = self.email.as_ref().map_or(org.admin_email.raw(), Email::as_str);
        let mut claims = Claim::of_name(name, collection).to_vec();
        claims.push(Claim::of_email(email));
        claims
    }
}

/// Who holds a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    /// The organization; none when what holds it belongs to no organization (a collection nobody
    /// owns, an admin without an organization).
    pub org: Option<ObjectId>,
    /// What the organization is called, as stored; none where there is no organization.
    pub name: Option<crate::org::StoredText>,
    /// Whether that organization is in the trash.
    pub in_trash: bool,
}

/// How much an organization holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Documents.
    pub documents: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Indexes of the collection.
    pub indexes: u64,
}

/// The largest document that is looked into, in BSON bytes: far more than fits on a screen, and few
/// enough that a page of them, each of which may have 16 MB, fits into memory.
pub const DOCUMENT_MOST_BYTES: u32 = 128 * 1024;

/// The field of a larger one, and what is in it behind the number of its bytes.
const TOO_LARGE: (&str, &str) = ("…", " bytes: too large to be shown");

/// The first document of every organization's collection, as the service before this one wrote it.
#[must_use]
pub fn first_document(created_at: DateTime) -> Document {
    mongodb::bson::doc! {
        "_id": ObjectId::new(),
        "initialized": true,
        "created_at": created_at,
        "note": "Org data goes here",
    }
}
