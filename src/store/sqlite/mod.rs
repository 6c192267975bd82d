//! The embedded database: organizations in one SQLite file, safe for several consoles at once.
//!
//! - `file` opens a file as far as this user may, and looks after it.
//! - `schema` makes the tables with the first write, or says why what is there cannot be used.
//! - `list` finds the pages of the list, `search` what can match a search; `listed` keeps what both need.
//! - `read` and `write` hold the other queries, `admins` those about admins, `claims` and `row` what they share; each
//!   method is one `transaction`.
//! - `operators` keeps the accounts of operators, `short_lived` what all instances share for a while.
//! - `purge` empties the trash of what was there for too long.
//! - `audit` keeps the audit log, `append` the queue of those who append to it, `attempt` counts attempts to log in.
//! - `examine` goes through everything.
//! - `document` turns documents into rows and back, `documents` reads them, `document_write` writes one, `export` reads
//!   all of them, `import` takes all of them in, `sizes` how much they are.
//! - `error` turns SQLite's errors into a person's.
//!
//! Every call runs to its end on a blocking thread, so a dropped future leaves no transaction open.
//! A read nobody waits for any more is interrupted, a write never is.

mod admins;
mod append;
mod attempt;
mod audit;
mod changes;
mod claims;
mod document;
mod document_write;
mod documents;
mod error;
mod examine;
mod export;
mod file;
mod found;
mod import;
mod list;
mod listed;
mod operators;
mod place;
mod purge;
mod read;
mod row;
mod schema;
mod search;
mod short_lived;
mod sizes;
#[cfg(test)]
mod tests;
mod transaction;
mod write;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bson::{DateTime, Document, oid::ObjectId};
use rusqlite::Transaction;
use tokio::sync::oneshot;

use super::{
    Admins, Attempt as LoginAttempt, AttemptResult, Attempts, AuditLog, AuditQuery, Changes, Count,
    Directory, Entry, Examination, Finding, Holder, Line, ListScope, Maintenance, News, Operation,
    Operators, Organizations, Page, PageQuery, Place, PlaceKind, Progress, Purge, Result, Seen,
    Settled, ShortLived, StoreError, UpgradePlan, of_imports,
};
use crate::org::{Admin, Claim, Org, SecondFactor, email_key};
use append::Appending;
use changes::Written;
use error::{Attempt, Fault};
use file::Open;

/// What `connection_details.database` says of organizations made here: the name the same records
/// have on a MongoDB server unless it is set otherwise.
pub const DATABASE: &str = "master_organization_db";

/// After how many of SQLite's steps a read looks whether somebody still waits for it: far
/// less than a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 1000;

/// Organizations in a SQLite file, or in memory.
#[derive(Debug)]
pub struct SqliteStore {
    open: Arc<Mutex<Open>>,
    place: Place,
    read_only: Option<String>,
    appending: Arc<Appending>,
    /// Tells what others write, once that was asked for.
    written: Arc<Written>,
}

impl SqliteStore {
    /// Opens the database in the file `path`, and writes nothing. The first write makes a missing file
    /// (mode 0600, missing directories 0700: it holds password hashes) and its tables, and brings an older
    /// one up to date. Blocks on the disk, and up to five seconds on another console.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the file is damaged, not ours, or of a newer version: then it is
    /// left as it is. [`StoreError::Misconfigured`] when it cannot be opened, or is to be only read and is
    /// not there. [`StoreError::Disk`] when there is no room even to look.
    pub fn open(path: &Path, read_only: bool) -> Result<Self> {
        let place = Self::place_of(path);
        let (open, read_only) =
            file::open(path, read_only).map_err(|fault| fault.into_error(&place))?;
        let open = Arc::new(Mutex::new(open));
        Ok(Self { open, place, read_only, appending: Arc::default(), written: Arc::default() })
    }

    /// What the database in a file is called.
    #[must_use]
    pub fn place_of(path: &Path) -> Place {
        let address = place::shown(path);
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
        let open = Open::in_memory().map_err(|fault| fault.into_error(&place))?;
        let open = Arc::new(Mutex::new(open));
        Ok(Self {
            open,
            place,
            read_only: None,
            appending: Arc::default(),
            written: Arc::default(),
        })
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
        work: impl Fn(&Transaction) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        let waited_for = Waited::default();
        let gone = Arc::clone(&waited_for.gone);
        self.run(move |open| {
            loop {
                let gone = Arc::clone(&gone);
                let look = move || gone.load(Ordering::Relaxed);
                let connection = open.connection()?;
                connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(look))?;
                let answer = connection.transaction().map_err(Fault::from).and_then(|tx| work(&tx));
                if open.was_steady() {
                    return answer;
                }
            }
        })
        .await
    }

    /// One change, whole or not at all.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        self.writable()?;
        self.run(move |open| transaction::whole(open.for_writing()?, work)).await
    }

    /// Takes what was removed for good out of the log as well, as far as that can be done now. It is
    /// removed already, so nothing can fail here.
    async fn forget_log(&self) {
        let _ = self.run(|open| file::forget_log(open.connection()?)).await;
    }

    fn writable(&self) -> Result<()> {
        match &self.read_only {
            Some(reason) => Err(StoreError::only_readable(reason)),
            None => Ok(()),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Open) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        let open = Arc::clone(&self.open);
        let done = tokio::task::spawn_blocking(move || {
            // A panic while the lock was held has rolled its transaction back: nothing is poisoned.
            let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
            open.interrupt_never()?;
            work(&mut open)
        });
        match done.await {
            Ok(outcome) => outcome.map_err(|fault| fault.into_error(&self.place)),
            Err(problem) => Err(StoreError::Other(problem.to_string())),
        }
    }
}

/// What was done in this transaction, once it is in the audit log too.
fn logged<T>(tx: &Transaction, entry: &Entry, done: Attempt<T>) -> Attempt<T> {
    let done = done?;
    audit::append(tx, entry)?;
    Ok(done)
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
impl Organizations for SqliteStore {
    async fn page(&self, query: &PageQuery) -> Result<Page> {
        let query = query.clone();
        self.read(move |tx| list::page(tx, &query)).await
    }

    async fn count(&self, of: ListScope, search: Option<&str>, most: u64) -> Result<Count> {
        let search = search.map(str::to_owned);
        self.read(move |tx| list::count(tx, of, search.as_deref(), most)).await
    }

    async fn org(&self, id: ObjectId) -> Result<Option<Org>> {
        self.read(move |tx| read::org_where(tx, "id = ?", id.bytes())).await
    }

    async fn present(&self, ids: &[ObjectId], on: ListScope) -> Result<Vec<ObjectId>> {
        let ids = ids.to_vec();
        self.read(move |tx| read::present(tx, &ids, on)).await
    }

    async fn org_named(&self, name: &str, from: ListScope) -> Result<Option<Org>> {
        let name = name.to_owned();
        self.read(move |tx| read::org_named(tx, &name, from)).await
    }

    async fn holder(&self, claim: &Claim) -> Result<Option<Holder>> {
        let claim = claim.clone();
        self.read(move |tx| read::holder(tx, &claim)).await
    }

    async fn perform(&self, operation: &Operation, entry: &Entry) -> Result<Option<Org>> {
        let (operation, entry) = (operation.clone(), entry.clone());
        let now = DateTime::now().timestamp_millis();
        let done =
            self.write(move |tx| logged(tx, &entry, write::perform(tx, &operation, now))).await?;
        if done.is_none() {
            self.forget_log().await;
        }
        Ok(done)
    }

    async fn outcome(&self, _: ObjectId, entry: ObjectId) -> Result<Settled> {
        self.read(move |tx| audit::outcome(tx, entry)).await
    }
}

#[async_trait]
impl Admins for SqliteStore {
    async fn admins(&self, org: &Org) -> Result<Vec<Admin>> {
        let org = org.id;
        self.read(move |tx| admins::admins(tx, org)).await
    }

    async fn org_of_admin(&self, admin: &Admin) -> Result<Option<Org>> {
        let admin = admin.id;
        self.read(move |tx| admins::org_of_admin(tx, admin)).await
    }

    async fn admin_with_email(&self, email: &str) -> Result<Option<Admin>> {
        let key = email_key(email);
        self.read(move |tx| admins::admin_where(tx, "email_key = ?", &key)).await
    }

    async fn admin(&self, id: ObjectId) -> Result<Option<Admin>> {
        self.read(move |tx| admins::admin_where(tx, "id = ?", id.bytes())).await
    }

    async fn admin_in_trash(&self, org: &Org, email: &str) -> Result<Option<Admin>> {
        let (id, email) = (org.id, email.to_owned());
        self.read(move |tx| admins::admin_in_trash(tx, id, &email)).await
    }

    async fn spend_second_factor(&self, admin: &Admin, spent: &SecondFactor) -> Result<bool> {
        let (admin, spent) = (admin.clone(), spent.clone());
        self.write(move |tx| admins::spend_second_factor(tx, &admin, &spent)).await
    }

    /// None: what a record names for an admin is a key of theirs.
    async fn without_admin(&self, _orgs: &[Org]) -> Result<Vec<ObjectId>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl AuditLog for SqliteStore {
    async fn append(&self, entry: &Entry) -> Result<()> {
        self.writable()?;
        let (answer, told) = oneshot::channel();
        self.appending.push(entry.clone(), answer);
        let (appending, place) = (Arc::clone(&self.appending), self.place.clone());
        self.run(move |open| {
            appending.write(|entries| {
                let written = open.for_writing().and_then(|connection| {
                    transaction::whole(connection, |tx| {
                        entries.iter().try_for_each(|entry| audit::append(tx, entry))
                    })
                });
                written.map_err(|fault| fault.into_error(&place))
            });
            Ok(())
        })
        .await?;
        told.await.unwrap_or_else(|_| Err(StoreError::Other("the append was cut off".into())))
    }

    async fn entries(&self, query: &AuditQuery) -> Result<Vec<Document>> {
        let query = query.clone();
        self.read(move |tx| audit::entries(tx, &query)).await
    }
}

#[async_trait]
impl Attempts for SqliteStore {
    async fn attempt(&self, email: &str, line: Option<Line>) -> Result<LoginAttempt> {
        let email = email.to_owned();
        let now = || DateTime::now().timestamp_millis();
        self.write(move |tx| attempt::count(tx, &email, line, now())).await
    }

    async fn answer_attempt(
        &self,
        email: &str,
        granted: ObjectId,
        result: AttemptResult,
    ) -> Result<u64> {
        let email = email.to_owned();
        let now = || DateTime::now().timestamp_millis();
        self.write(move |tx| attempt::answer(tx, &email, granted, result, now())).await
    }

    async fn forget_attempts(&self, email: &str) -> Result<u64> {
        let email = email.to_owned();
        let now = || DateTime::now().timestamp_millis();
        self.write(move |tx| attempt::forget(tx, &email, None, now())).await
    }
}

#[async_trait]
impl Operators for SqliteStore {
    async fn directory(&self) -> Result<Directory> {
        self.read(|tx| read::directory(tx)).await
    }

    async fn write_directory(&self, directory: &Directory, entry: &Entry) -> Result<()> {
        let (directory, entry) = (directory.clone(), entry.clone());
        self.write(move |tx| operators::write(tx, &directory, &entry)).await
    }

    async fn note_key_use(&self, key: ObjectId, at: DateTime) -> Result<()> {
        self.write(move |tx| operators::note_key_use(tx, key, at)).await
    }
}

#[async_trait]
impl ShortLived for SqliteStore {
    async fn claim(
        &self,
        key: &str,
        value: &Document,
        expires_at: DateTime,
    ) -> Result<Option<Document>> {
        let (key, value) = (key.to_owned(), value.clone());
        let now = || DateTime::now().timestamp_millis();
        self.write(move |tx| short_lived::claim(tx, &key, &value, expires_at, now())).await
    }

    async fn kept(&self, key: &str) -> Result<Option<Document>> {
        let (key, now) = (key.to_owned(), DateTime::now().timestamp_millis());
        self.read(move |tx| short_lived::kept(tx, &key, now)).await
    }

    async fn replace(
        &self,
        key: &str,
        before: &Document,
        after: &Document,
        expires_at: DateTime,
    ) -> Result<bool> {
        let (key, before, after) = (key.to_owned(), before.clone(), after.clone());
        let now = || DateTime::now().timestamp_millis();
        self.write(move |tx| short_lived::replace(tx, &key, (&before, &after), expires_at, now()))
            .await
    }

    async fn forget(&self, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.write(move |tx| short_lived::forget(tx, &key)).await
    }
}

#[async_trait]
impl Changes for SqliteStore {
    async fn changed(&self, seen: Option<Seen>) -> Result<News> {
        self.changed(seen).await
    }
}

#[async_trait]
impl Maintenance for SqliteStore {
    fn place(&self) -> &Place {
        &self.place
    }

    fn only_readable_because(&self) -> Option<&str> {
        self.read_only.as_deref()
    }

    async fn is_there(&self) -> Result<bool> {
        self.run(Open::is_there).await
    }

    async fn prepare(&self, _: &str) -> Result<()> {
        self.writable()?;
        self.run(|open| open.for_writing().map(drop)).await
    }

    /// No other program writes here.
    async fn needs_upgrade(&self) -> Result<bool> {
        Ok(false)
    }

    async fn upgrade_plan(&self) -> Result<UpgradePlan> {
        let older = self.run(Open::older_format).await?;
        let formats = older.map(|older| (older, schema::VERSION));
        Ok(UpgradePlan { formats, ..UpgradePlan::nothing() })
    }

    async fn upgrade(&self, _: &str, _: &Progress) -> Result<()> {
        self.writable()?;
        self.run(|open| match open.older_format()? {
            Some(_) => open.for_writing().map(drop),
            None => Ok(()),
        })
        .await
    }

    /// SQLite rolls a killed console's transaction back by itself. Only an import has more than one.
    async fn recover(&self, _: &str) -> Result<u64> {
        if self.read_only.is_some() { Ok(0) } else { self.settle_imports().await }
    }

    async fn purge_expired(&self, operator: &str, believed: bool) -> Result<Purge> {
        let purge = self.purge(operator, believed).await?;
        // What is left of these only takes room.
        let _ = self.settle_imports().await;
        Ok(purge)
    }

    /// No other program writes here.
    async fn catch_up(&self, _: &str) -> Result<u64> {
        Ok(0)
    }

    /// Looks at everything before it begins to write: that takes as long as the file is large, and
    /// nobody has to wait for it.
    async fn go_through(
        &self,
        operator: &str,
        examination: &Examination<'_>,
    ) -> Result<Vec<Finding>> {
        let fix = examination.fix;
        if fix {
            self.writable()?;
        }
        let damages = self.read(|tx| examine::damages(tx)).await?;
        if !damages.is_empty() {
            // Writing to it could only make it worse.
            return Ok(damages);
        }
        let left = self.left_by_imports().await?;
        let mut kept: Vec<Finding> = if fix {
            self.settle_imports().await?;
            self.purge(operator, false).await?.findings
        } else {
            self.kept_by_the_clock().await?.into_iter().collect()
        };
        let after = if fix { Some(self.left_by_imports().await?) } else { None };
        kept.extend(of_imports(left, after.as_deref()));
        let mut found = self.read(|tx| examine::examine(tx, false)).await?;
        // No other program has this file, so all that is found is ours, named or not.
        for name in examination.quarantine.iter().filter(|_| fix) {
            if !found.iter().any(|finding| finding.inconsistency.is_called(name)) {
                return Err(StoreError::nothing_to_quarantine(name));
            }
        }
        if fix && !found.is_empty() {
            found = self.write(|tx| examine::examine(tx, true)).await?;
        }
        found.extend(kept);
        Ok(found)
    }
}
