//! Where organizations are kept: one trait for each concern, [`Store`] for all of them, two real implementations.
//!
//! **Invariant:** each method happens whole or not at all, also when the process is killed in the
//! middle; what a killed one began is settled by the next [`Maintenance::recover`]. Both implementations pass
//! the same conformance suite (`tests/conformance`). Rules about who may do what are not here but in
//! `tenancy`; what is here is only that no two organizations ever hold the same [`crate::org::Claim`].

mod admins;
mod admit;
#[cfg(test)]
mod arbitrary;
mod attempt;
mod audit;
mod changes;
mod document_order;
mod documents;
mod error;
mod export;
mod finding;
mod import;
mod inconsistency;
mod maintenance;
pub mod mongo;
mod operation;
mod operators;
mod organizations;
mod page;
mod purge;
mod search;
mod short_lived;
mod sizes;
pub mod sqlite;
mod target;
mod upgrade;

use bson::oid::ObjectId;

pub use admins::Admins;
pub use attempt::{
    Attempt, AttemptResult, Attempts, FREE_ATTEMPTS, LONGEST_WAIT, Line, SHORTEST_HOLD, hold_of,
    wait_after,
};
use audit::WHO;
pub use audit::{
    AuditAt, AuditFilter, AuditLog, AuditQuery, Difference, Entry, FilterFault, Head, Outcome,
    Part, Settled, Tampering, Verification, Within, parse_filter,
};
pub use changes::{Changes, News, Seen};
pub use document_order::{DocumentOrder, DocumentPlace, SortField, SortRefusal};
use document_order::{SORTED_BY, leader};
use documents::TOO_LARGE;
pub use documents::{
    DOCUMENT_MOST_BYTES, DocumentAt, DocumentPage, DocumentQuery, DocumentWrite, Documents,
    LookedAt, bytes_if_too_large,
};
pub use error::{Result, StoreError};
pub use export::{
    DocumentSink, DocumentSource, Exported, Exports, Piece, document_channel, documents_in,
};
use finding::of_imports;
pub use finding::{Examination, Finding, Patience, Repair, Watch, Watching, no_watch};
pub use import::{ImportedAdmin, ImportedOrg, Imports};
pub use inconsistency::Inconsistency;
pub use maintenance::Maintenance;
use operation::JournalKind;
pub use operation::{
    AdminChange, AdminEdit, Change, NewAdmin, NewOrg, Operation, Transfer, TrashTerms,
    first_document,
};
pub use operators::{Directory, Operators, Required};
pub use organizations::Organizations;
pub use page::{Count, Cursor, CursorKey, Page, PageAt, PageQuery, Sort, SortKey};
pub use purge::{Purge, kept_by_the_clock};
pub use short_lived::ShortLived;
pub use sizes::{OpenFiles, Size, SizeKey, Sizes};
pub use target::{Target, database_in, open};
pub use upgrade::{Progress, Upgrade, UpgradePlan, no_progress};

pub use crate::org::ListScope;
use purge::Jump;

/// Somewhere organizations are kept. It knows nobody: who does something is in the entry of an operation, or
/// is the `operator` (`user@host`) of whatever else may write on someone's behalf.
pub trait Store:
    Organizations
    + Admins
    + Documents
    + Sizes
    + Exports
    + Imports
    + AuditLog
    + Attempts
    + Operators
    + ShortLived
    + Changes
    + Maintenance
{
}

impl<T> Store for T where
    T: Organizations
        + Admins
        + Documents
        + Sizes
        + Exports
        + Imports
        + AuditLog
        + Attempts
        + Operators
        + ShortLived
        + Changes
        + Maintenance
{
}

/// The traits of a store, to be imported together where one store is used and not [`Store`].
pub mod traits {
    pub use super::{
        Admins as _, Attempts as _, AuditLog as _, Changes as _, Documents as _, Exports as _,
        Imports as _, Maintenance as _, Operators as _, Organizations as _, ShortLived as _,
        Sizes as _,
    };
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
    /// owns, an admin without an organization, an operator).
    pub org: Option<ObjectId>,
    /// What the organization is called, as stored; none where there is no organization.
    pub name: Option<crate::org::StoredText>,
    /// Whether that organization is in the trash.
    pub in_trash: bool,
    /// Whether it is an operator's e-mail.
    pub operator: bool,
}

impl Holder {
    /// What holds it belongs to no organization.
    pub(crate) const NOBODY: Self =
        Self { org: None, name: None, in_trash: false, operator: false };

    /// An operator has it.
    pub(crate) const OPERATOR: Self = Self { operator: true, ..Self::NOBODY };
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
