//! Where organizations are kept: one trait, two real implementations.
//!
//! **Invariant:** each method happens whole or not at all, also when the process is killed in the
//! middle; what a killed one began is settled by the next [`Store::recover`]. Both implementations pass
//! the same conformance suite (`tests/conformance`). Rules about who may do what are not here but in
//! `tenancy`; what is here is only that no two organizations ever hold the same [`Claim`].

mod action;
mod attempt;
mod audit;
mod deed;
mod error;
mod finding;
pub mod mongo;
mod page;
mod purge;
pub mod sqlite;
mod target;
mod upgrade;

use async_trait::async_trait;
use mongodb::bson::{Document, oid::ObjectId};

pub use action::Action;
pub use attempt::{Attempt, FREE_ATTEMPTS, LONGEST_WAIT, Line, SHORTEST_HOLD, hold_of, wait_after};
pub use audit::{
    AuditAt, AuditQuery, Difference, Entry, Head, Outcome, Settled, Tampering, Verification,
};
pub use deed::{AdminChange, AdminEdit, Change, Deed, NewAdmin, NewOrg, first_document};
pub use error::{Result, StoreError};
pub use finding::{Examination, Finding, Patience, Repair, Trouble, Watch, Watching, unwatched};
pub use page::{Count, Cursor, CursorKey, Page, PageAt, PageQuery, Shelf, Sort, SortKey};
pub use purge::{Purge, kept_by_the_clock};
pub use target::{Target, database_in, open};
pub use upgrade::{Progress, Upgrade, UpgradePlan, untold};

use crate::org::{Admin, Claim, Org};
use purge::Jump;

/// Somewhere organizations are kept.
#[async_trait]
pub trait Store: Send + Sync {
    /// What the title bar and error texts call this database.
    fn place(&self) -> &Place;

    /// Why this store can only be read, in a sentence, when it can; for example because records an
    /// older program wrote clash. Nothing is written then.
    fn only_readable_because(&self) -> Option<&str>;

    /// Who operates this console, as [`Access::operator`] says.
    fn operator(&self) -> &str;

    /// Makes everything ready that a write stands on, settles what was left half-done, and brings along what
    /// another program added. Reading and opening never do; every method that writes does so itself, and
    /// whoever calls it before hears earlier why nothing may be written.
    ///
    /// # Errors
    /// [`StoreError::NeedsUpgrade`] where nobody has agreed yet, [`StoreError::Refused`] where nothing may
    /// be written, or the database's.
    async fn prepare(&self) -> Result<()>;

    /// Whether somebody has yet to agree to an upgrade before anything can be written. Writes nothing.
    async fn needs_upgrade(&self) -> Result<bool>;

    /// What bringing the database up to date would add. Writes nothing.
    async fn upgrade_plan(&self) -> Result<UpgradePlan>;

    /// Brings the database up to date, by adding only, and notes that a person agreed to it, once for all
    /// consoles. Whoever stops waiting stops it: it goes on where it was the next time.
    ///
    /// # Errors
    /// As [`Store::prepare`], but never that nobody has agreed.
    async fn upgrade(&self, told: &Progress) -> Result<()>;

    /// Ends once the database cannot be reached any more, and says why; or where it is `lost`, once it can be
    /// again. A file does not go away.
    async fn link_changed(&self, _lost: bool) -> Option<StoreError> {
        std::future::pending().await
    }

    /// Settles what a killed or cut-off program left half-done, forward or back. Moves nothing between
    /// collections that other programs may use. Cheap when there is nothing. Returns how many
    /// organizations it did something about.
    async fn recover(&self) -> Result<u64>;

    /// Purges what has been in the trash for longer than it was to be kept, unless the clock that says
    /// so may be wrong: where the audit log says that nothing was done here for thirty days, or something
    /// in the future. With `believed` a person has seen both times. Opening never does it. Cheap when
    /// there is nothing; one that cannot be purged keeps no other one.
    async fn purge_expired(&self, believed: bool) -> Result<Purge>;

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
    async fn org_of_admin(&self, admin: &Admin) -> Result<Option<Org>>;

    /// The organization's admins, also of one in the trash: the one its record names first, then the
    /// others in the order in which they were added.
    async fn admins(&self, org: &Org) -> Result<Vec<Admin>>;

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

    /// Refuses an organization whose documents are in what cannot be moved, and so neither trashed nor
    /// purged. No file has such a thing.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] with what it is, or the database's.
    async fn ensure_movable(&self, _org: &Org) -> Result<()> {
        Ok(())
    }

    /// The identities of those of these organizations whose records name an admin that does not exist.
    async fn without_admin(&self, orgs: &[Org]) -> Result<Vec<ObjectId>>;

    /// Does a deed, and puts `entry` into the record, which says so: both or neither. The organization
    /// afterwards; none when it is gone. What was begun and had to be taken back is recorded too, by a
    /// second entry ([`Outcome::TakenBack`]); a refusal that nothing was begun for is not.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when any claim, or the collection itself, is somebody's already,
    /// [`StoreError::Changed`] when the record is no longer as in the deed, [`StoreError::Gone`] when
    /// there is none any more, [`StoreError::Busy`] while another change is under way; then nothing
    /// was changed. [`StoreError::OutcomeUnknown`] where nobody knows yet.
    async fn perform(&self, deed: &Deed, entry: &Entry) -> Result<Option<Org>>;

    /// What came of the operation on the organization that was recorded with this entry.
    async fn outcome(&self, org: ObjectId, entry: ObjectId) -> Result<Settled>;

    /// Puts an entry into the record at its end; once, however often it is tried.
    async fn record(&self, entry: &Entry) -> Result<()>;

    /// Entries of the record as they are stored.
    async fn entries(&self, query: &AuditQuery) -> Result<Vec<Document>>;

    /// Counts an attempt to log in with this e-mail, compared by [`crate::org::email_key`], whether
    /// anybody has it or not; and says whether its password may be looked at. Atomic: of many at
    /// once, no more are looked at than one after the other would be. Whoever asks again says with
    /// what it was put in line.
    async fn attempt(&self, email: &str, line: Option<Line>) -> Result<Attempt>;

    /// Takes the answer to an attempt that was granted: a right one clears the failures and answers how
    /// many there were, a wrong one is one more.
    async fn answer_attempt(&self, email: &str, granted: ObjectId, right: bool) -> Result<u64>;

    /// Forgets the failures with this e-mail, since whoever has it was known otherwise. Returns how
    /// many there were.
    async fn forget_attempts(&self, email: &str) -> Result<u64>;

    /// Goes through everything and says what does not belong together; with `fix` repairs what can be
    /// repaired without deleting any document, and purges as [`Store::purge_expired`] does. What another
    /// program may be at is watched before that, which takes minutes; dropped in the meantime, nothing
    /// was repaired.
    ///
    /// # Errors
    /// The database's; with `fix`, [`StoreError::Refused`] where nothing may be written, or where
    /// something is named that is nothing to be put into the quarantine.
    async fn go_through(&self, examination: &Examination<'_>) -> Result<Vec<Finding>>;

    /// As [`Store::go_through`], with nothing named and nobody who looks on.
    ///
    /// # Errors
    /// As [`Store::go_through`].
    async fn examine(&self, fix: bool) -> Result<Vec<Finding>> {
        self.go_through(&Examination::plain(fix)).await
    }
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
