//! MongoDB: standalone server, replica set or sharded cluster, as the connection string says.
//!
//! - `connect.rs` from the connection string to a client, `error.rs` the driver's errors in words,
//!   `privileges.rs` those of a user who may not do what is asked
//! - `store.rs` what a store is asked, handed to what does it
//! - `record.rs` documents and what they mean, `field.rs` one field, `read.rs` single look-ups, `documents.rs` an organization's documents, `list.rs` pages and counts, `listing.rs` what a record keeps for them
//! - `operation/` the operations, `journal.rs` what is written down about one under way, `collection.rs` the
//!   collections, `admins.rs` the admins, `password.rs` where a suspended one's password is
//! - `purge.rs` emptying the trash of what was there for too long
//! - `looks.rs` what names look like
//! - `role.rs` what an admin may do, `index.rs` indexes, `exact.rs` questions that no collation answers
//! - `upgrade.rs` what is done before the first write, and whether it may be; `migrate.rs` bringing records of
//!   the service before this one along, `clash.rs` those that cannot be, `unlisted.rs` listing them
//! - `documents.rs` reads the documents of organizations, `document_write.rs` writes one (`document_command.rs`: with what, `document_match.rs`: if it is as it was read, `document_refusal.rs`: why not)
//! - `export.rs` reads all of an organization, `sizes.rs` how much each holds
//! - `operators.rs` the accounts of operators, `short_lived.rs` what all instances share for a while
//! - `audit.rs` the audit log, `append.rs` what goes to its end, `attempt.rs` attempts to log in
//! - `examine.rs` going through everything: `look.rs` what does not belong together (`found.rs`), `seen.rs` what each record says, `named.rs` what any
//!   record names, `elsewhere.rs` what records name that is not here, `others.rs` the admins beside the first, `watch.rs` whether anybody is at it, `quarantine.rs` moving it away
//!   `validator.rs` what of ours a validator refuses
//! - `shape.rs` which fields are ours and which another program's, `link.rs` a server that is lost, or says nothing any more

mod admins;
mod append;
#[cfg(test)]
mod arbitrary;
mod attempt;
mod audit;
mod audit_filter;
mod by_admins;
mod by_name;
mod changes;
mod clash;
mod collection;
mod connect;
mod document_command;
mod document_match;
mod document_page;
mod document_refusal;
mod document_sort;
mod document_write;
mod documents;
mod elsewhere;
mod error;
mod exact;
mod examine;
mod export;
mod field;
mod found;
mod import;
mod index;
mod journal;
mod link;
mod list;
mod listing;
mod look;
mod looks;
mod migrate;
mod named;
mod operation;
mod operators;
mod others;
mod password;
mod privileges;
mod purge;
mod quarantine;
mod read;
mod record;
mod role;
mod seen;
mod shape;
mod short_lived;
mod sizes;
mod store;
mod unlisted;
mod upgrade;
mod validator;
mod watch;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, OnceLock, atomic::AtomicU64},
    time::{Duration, Instant},
};

use mongodb::Database;
use tokio::sync::OnceCell;

use self::{append::Audit, error::ErrorTranslator, exact::Exact, read::Record};
use super::{ListScope, Patience, Place, Result, StoreError};
pub(super) use connect::place;

/// The longest a read may take on the server.
const READ: Duration = Duration::from_secs(30);

/// How long an operation under way is left alone before somebody else finishes it.
const LEASE: Duration = Duration::from_secs(10);

/// Organizations in a MongoDB database.
pub struct MongoStore {
    inner: Arc<Inner>,
    patience: Patience,
}

struct Inner {
    place: Place,
    db: Database,
    orgs: Exact<Record>,
    admins: Exact<Record>,
    attempts: Exact<Record>,
    short_lived: Exact<Record>,
    audit: Audit,
    lease: Duration,
    errors: ErrorTranslator,
    /// How many questions were answered.
    answers: AtomicU64,
    only_readable: OnceLock<String>,
    /// That a person agreed to what every write needs.
    schema: Exact<Record>,
    /// Set once everything is made that a write stands on.
    ready: OnceCell<()>,
    /// Since when what was left half-done is known to be settled, for the next operation.
    prepared: Mutex<Option<Instant>>,
    /// Those who wait for an organization by its name.
    names: Mutex<by_name::Waiting>,
    /// The lists in which the last look found no record without a listing.
    listed: Mutex<HashSet<ListScope>>,
}

impl MongoStore {
    /// Connects, and writes nothing.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] for a connection string or database name that makes no sense,
    /// [`StoreError::Unreachable`] within five seconds, [`StoreError::Refused`] for a wrong password
    /// or a missing role.
    pub async fn open(uri: &str, database: &str, read_only: bool) -> Result<Self> {
        Self::open_with_lease(uri, database, read_only, LEASE).await
    }

    /// As [`MongoStore::open`], with another time after which an operation that somebody left is
    /// finished by somebody else.
    ///
    /// # Errors
    /// As [`MongoStore::open`].
    pub async fn open_with_lease(
        uri: &str,
        database: &str,
        read_only: bool,
        lease: Duration,
    ) -> Result<Self> {
        let (db, errors, only_readable) = connect::connect(uri, database, read_only).await?;
        let inner = Inner {
            place: errors.place().clone(),
            orgs: db.collection("organizations").into(),
            admins: db.collection("admins").into(),
            attempts: db.collection("login_attempts").into(),
            short_lived: db.collection(short_lived::COLLECTION).into(),
            audit: Audit::new(db.collection("audit_log").into()),
            schema: db.collection(upgrade::COLLECTION).into(),
            db,
            lease,
            errors,
            answers: AtomicU64::new(0),
            only_readable: OnceLock::new(),
            ready: OnceCell::new(),
            prepared: Mutex::new(None),
            names: Mutex::default(),
            listed: Mutex::default(),
        };
        if let Some(because) = only_readable {
            inner.only_readable(because);
        } else if read_only {
            inner.only_readable("it was opened read-only".into());
        } else {
            inner.look_for_newer().await?;
        }
        Ok(Self::from_inner(inner))
    }

    fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), patience: Patience::default() }
    }

    /// As patient as this before a repair.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Runs a change on a task of its own: it goes on to its end when the caller stops waiting.
    async fn whole<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        match tokio::spawn(change).await {
            Ok(done) => done,
            Err(error) => Err(StoreError::Other(format!("the change was cut off: {error}"))),
        }
    }
}

impl Inner {
    fn only_readable_because(&self) -> Option<&str> {
        self.only_readable.get().map(String::as_str)
    }

    /// From here on nothing is written. The first reason stays.
    fn only_readable(&self, because: String) {
        let _ = self.only_readable.set(because);
    }

    fn may_write(&self) -> Result<()> {
        match self.only_readable_because() {
            None => Ok(()),
            Some(because) => Err(StoreError::only_readable(because)),
        }
    }
}
