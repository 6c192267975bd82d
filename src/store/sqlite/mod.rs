//! The embedded database: organizations in one SQLite file, safe for several consoles at once.
//!
//! - `schema` opens a file, or says why it cannot be used, and makes the tables.
//! - `read` and `write` hold the queries; each method is one transaction.
//! - `examine` goes through everything.
//! - `document` turns documents into rows and back.
//! - `error` turns SQLite's errors into a person's.
//!
//! Every call runs to its end on a blocking thread, so a dropped future leaves no transaction open.
//! A read nobody waits for any more is interrupted, a write never is.

mod document;
mod error;
mod examine;
mod read;
mod schema;
mod write;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, oid::ObjectId};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{
    Access, Change, Count, Finding, Holder, NewOrg, Page, PageQuery, Place, PlaceKind, Result,
    Shelf, Statistics, Store, StoreError,
};
use crate::org::{Admin, Claim, Org, email_key};
use error::Attempt;

/// What `connection_details.database` says of organizations made here: the name the same records
/// have on a MongoDB server unless it is set otherwise.
pub const DATABASE: &str = "master_organization_db";

/// After how many of SQLite's steps a read looks whether somebody still waits for it: far
/// less than a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 1000;

/// Organizations in a SQLite file, or in memory.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Arc<Mutex<Connection>>,
    place: Place,
    read_only: Option<String>,
}

impl SqliteStore {
    /// Opens the database in the file `path`. Unless only reading is allowed, a missing file is made
    /// (mode 0600, missing directories 0700: it holds password hashes). Blocks on the disk, and up to
    /// five seconds on another console.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the file is damaged, not ours, or of a newer version: then it is
    /// left as it is. [`StoreError::Misconfigured`] when there is no such file or it cannot be opened.
    pub fn open(path: &Path, access: &Access) -> Result<Self> {
        let place = Self::place_of(path);
        let connection =
            schema::open(path, access.read_only).map_err(|fault| fault.into_error(&place))?;
        let read_only = if access.read_only {
            Some("it was opened for reading only".to_owned())
        } else if connection.is_readonly("main").unwrap_or(false) {
            Some(format!("this user may not write {}", place.address))
        } else {
            None
        };
        Ok(Self { connection: Arc::new(Mutex::new(connection)), place, read_only })
    }

    /// What the database in a file is called.
    #[must_use]
    pub fn place_of(path: &Path) -> Place {
        let address = schema::shown(path);
        Place { kind: PlaceKind::Embedded, address, database: String::new() }
    }

    /// What a database in memory is called.
    #[must_use]
    pub fn place_in_memory() -> Place {
        Place { kind: PlaceKind::Demo, address: "memory".to_owned(), database: String::new() }
    }

    /// An empty database in memory, gone when dropped. It can always be written, or nothing could
    /// ever be put into it.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn in_memory() -> Result<Self> {
        let place = Self::place_in_memory();
        let connection = schema::in_memory().map_err(|fault| fault.into_error(&place))?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), place, read_only: None })
    }

    /// Puts documents into a collection, all or none, and makes the collection when it is missing;
    /// a document without `_id` is given one. What a MongoDB server does for everybody who can reach
    /// it; here this is the only door.
    ///
    /// # Errors
    /// [`StoreError::Other`] when an `_id` is there already, [`StoreError::Refused`] when nothing may
    /// be written.
    pub async fn insert_documents(&self, collection: &str, documents: &[Document]) -> Result<()> {
        let collection = collection.to_owned();
        let documents = documents.to_vec();
        self.write(move |tx| write::insert_documents(tx, &collection, documents)).await
    }

    /// One read, of one moment. Stops soon after the future is dropped.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        let waited_for = Waited::default();
        let gone = Arc::clone(&waited_for.gone);
        self.run(move |connection| {
            let look = move || gone.load(Ordering::Relaxed);
            connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(look))?;
            work(&connection.transaction()?)
        })
        .await
    }

    /// One change, whole or not at all.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        if let Some(reason) = &self.read_only {
            return Err(StoreError::only_readable(reason));
        }
        self.run(move |connection| {
            connection.progress_handler(0, None::<fn() -> bool>)?;
            #[cfg(feature = "failpoints")]
            connection.progress_handler(
                1,
                Some(|| {
                    crate::failpoint::reached(crate::failpoint::SQLITE_STEP);
                    false
                }),
            )?;
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&tx)?;
            tx.commit()?;
            #[cfg(feature = "failpoints")]
            crate::failpoint::reached(crate::failpoint::SQLITE_COMMITTED);
            Ok(done)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        let connection = Arc::clone(&self.connection);
        let done = tokio::task::spawn_blocking(move || {
            // A panic while the lock was held has rolled its transaction back: nothing is poisoned.
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        match done.await {
            Ok(outcome) => outcome.map_err(|fault| fault.into_error(&self.place)),
            Err(problem) => Err(StoreError::Other(problem.to_string())),
        }
    }
}

/// Lives as long as somebody waits for a read.
#[derive(Default)]
struct Waited {
    gone: Arc<AtomicBool>,
}

impl Drop for Waited {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn place(&self) -> &Place {
        &self.place
    }

    fn only_readable_because(&self) -> Option<&str> {
        self.read_only.as_deref()
    }

    /// Nothing is ever half-done here: SQLite rolls a killed console's transaction back by itself.
    async fn recover(&self) -> Result<u64> {
        let now = DateTime::now().timestamp_millis();
        // Writing begins only where there is something to write: every console comes by here.
        if self.read_only.is_some() || self.read(move |tx| read::expired(tx, now)).await?.is_empty()
        {
            return Ok(0);
        }
        self.write(move |tx| write::purge_expired(tx, now)).await
    }

    /// No other program writes here.
    async fn catch_up(&self) -> Result<u64> {
        Ok(0)
    }

    async fn page(&self, query: &PageQuery) -> Result<Page> {
        let query = query.clone();
        self.read(move |tx| read::page(tx, &query)).await
    }

    async fn count(&self, of: Shelf, search: Option<&str>, most: u64) -> Result<Count> {
        let search = search.map(str::to_owned);
        self.read(move |tx| read::count(tx, of, search.as_deref(), most)).await
    }

    async fn org(&self, id: ObjectId) -> Result<Option<Org>> {
        self.read(move |tx| read::org_where(tx, "id = ?", id.bytes())).await
    }

    async fn org_named(&self, name: &str, from: Shelf) -> Result<Option<Org>> {
        let name = name.to_owned();
        self.read(move |tx| read::org_named(tx, &name, from)).await
    }

    async fn org_of_admin(&self, admin: ObjectId) -> Result<Option<Org>> {
        self.read(move |tx| {
            read::org_where(tx, "admin_id = ? AND trashed_at IS NULL", admin.bytes())
        })
        .await
    }

    async fn holder(&self, claim: &Claim) -> Result<Option<Holder>> {
        let claim = claim.clone();
        self.read(move |tx| read::holder(tx, &claim)).await
    }

    async fn admin_with_email(&self, email: &str) -> Result<Option<Admin>> {
        let key = email_key(email);
        self.read(move |tx| read::admin_where(tx, "email_key = ?", key)).await
    }

    async fn admin(&self, id: ObjectId) -> Result<Option<Admin>> {
        self.read(move |tx| read::admin_where(tx, "id = ?", id.bytes())).await
    }

    async fn admin_in_trash(&self, org: &Org, email: &str) -> Result<Option<Admin>> {
        let (id, email) = (org.id, email.to_owned());
        self.read(move |tx| read::admin_in_trash(tx, id, &email)).await
    }

    /// Documents and bytes are counted as they are written, so this reads one row.
    async fn statistics(&self, org: &Org) -> Result<Statistics> {
        let collection = org.collection.clone();
        self.read(move |tx| read::statistics(tx, collection.raw())).await
    }

    async fn documents(&self, org: &Org, most: u32) -> Result<Vec<Document>> {
        let collection = org.collection.clone();
        self.read(move |tx| read::documents(tx, collection.raw(), most)).await
    }

    async fn create(&self, new: &NewOrg) -> Result<Org> {
        let new = new.clone();
        self.write(move |tx| write::create(tx, &new)).await
    }

    async fn update(&self, org: &Org, change: &Change) -> Result<Org> {
        let (org, change) = (org.clone(), change.clone());
        self.write(move |tx| write::update(tx, &org, &change)).await
    }

    async fn delete(&self, org: &Org) -> Result<()> {
        let org = org.clone();
        self.write(move |tx| write::delete(tx, &org)).await
    }

    async fn trash(&self, org: &Org, days: u32) -> Result<Org> {
        let org = org.clone();
        let now = DateTime::now().timestamp_millis();
        self.write(move |tx| write::trash(tx, &org, days, now)).await
    }

    async fn restore(&self, org: &Org, change: &Change) -> Result<Org> {
        let (org, change) = (org.clone(), change.clone());
        self.write(move |tx| write::restore(tx, &org, &change)).await
    }

    async fn suspend(&self, org: &Org, suspended: bool) -> Result<Org> {
        let org = org.clone();
        self.write(move |tx| write::suspend(tx, &org, suspended)).await
    }

    async fn examine(&self, fix: bool) -> Result<Vec<Finding>> {
        if fix {
            self.recover().await?;
            return self.write(|tx| examine::examine(tx, true)).await;
        }
        self.read(|tx| examine::examine(tx, false)).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_read_nobody_waits_for_does_not_hold_up_the_next_call() {
        let store = SqliteStore::in_memory().unwrap();
        let endless = store.read(|tx| {
            let sql =
                "WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x FROM n) SELECT max(x) FROM n";
            Ok(tx.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        });
        assert!(tokio::time::timeout(Duration::from_millis(50), endless).await.is_err());
        assert_eq!(store.count(Shelf::Live, None, 10).await, Ok(Count::default()));
    }

    #[tokio::test]
    async fn a_write_nobody_waits_for_is_never_half_done() {
        let store = SqliteStore::in_memory().unwrap();
        let documents = vec![mongodb::bson::doc! { "a": 1 }; 5000];
        let insert = store.insert_documents("org_acme", &documents);
        assert!(tokio::time::timeout(Duration::ZERO, insert).await.is_err());
        let count = store.read(|tx| read::statistics(tx, "org_acme")).await.unwrap().documents;
        assert!([0, 5000].contains(&count), "{count}");
    }
}
