//! The embedded database, in a file of its own.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bson::{DateTime, Document, RawDocumentBuf, doc, oid::ObjectId};
use rusqlite::{Connection, OpenFlags, Params, Row, types::Value};
use tempfile::TempDir;
use tenantry::org::Org;
use tenantry::store::{Entry, Store, sqlite::SqliteStore};

use crate::fixture::{Fixture, Stored};
use crate::support::service;

/// A file in a directory that goes with it.
pub struct SqliteFile {
    directory: TempDir,
}

impl SqliteFile {
    fn path(&self) -> PathBuf {
        self.directory.path().join("tenantry.db")
    }

    /// Past the store.
    fn execute(&self, sql: &str, values: impl Params) -> usize {
        Connection::open(self.path()).unwrap().execute(sql, values).unwrap()
    }

    fn store(&self, read_only: bool) -> SqliteStore {
        SqliteStore::open(&self.path(), read_only).unwrap()
    }
}

#[async_trait]
impl Fixture for SqliteFile {
    const IN_STEPS: bool = false;

    async fn fresh() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    fn address(&self) -> String {
        self.path().display().to_string()
    }

    async fn at(address: &str) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(address.as_ref(), false).unwrap())
    }

    async fn open(&self, read_only: bool) -> Arc<dyn Store> {
        Arc::new(self.store(read_only))
    }

    async fn insert(&self, collection: &str, documents: Vec<Document>) {
        self.store(false).insert_documents(collection, &documents).await.unwrap();
    }

    async fn insert_raw(&self, collection: &str, document: RawDocumentBuf) {
        self.store(false).insert_documents(collection, &[doc! { "_id": 1 }]).await.unwrap();
        let inserted = self.execute(
            "UPDATE documents SET bson = ? WHERE bson = ?",
            (document.as_bytes(), doc! { "_id": 1 }.to_vec().unwrap()),
        );
        assert_eq!(inserted, 1);
    }

    async fn age_trash(&self, org: ObjectId, milliseconds: i64) {
        let aged = self.execute(
            "UPDATE organizations SET trashed_at = trashed_at - ? WHERE id = ?",
            (milliseconds, org.bytes()),
        );
        assert_eq!(aged, 1);
    }

    async fn age_audit_log(&self, milliseconds: i64) {
        assert!(self.execute("UPDATE audit_log SET at = at - ?", [milliseconds]) > 0);
    }

    async fn end_waits(&self) {
        self.execute("UPDATE login_attempts SET until = 0", ());
    }

    async fn age_attempts(&self, milliseconds: i64) {
        let raw = Connection::open(self.path()).unwrap();
        let mut accounts = raw.prepare("SELECT account, places FROM login_attempts").unwrap();
        let accounts = accounts.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let accounts: Vec<(Vec<u8>, Vec<u8>)> = accounts.map(Result::unwrap).collect();
        assert!(!accounts.is_empty());
        for (account, mut places) in accounts {
            for place in places.chunks_mut(20) {
                let until = i64::from_be_bytes(place[12..].try_into().unwrap()) - milliseconds;
                place[12..].copy_from_slice(&until.to_be_bytes());
            }
            self.execute(
                "UPDATE login_attempts SET until = until - ?, places = ? WHERE account = ?",
                (milliseconds, places, account),
            );
        }
    }

    async fn attempts(&self) -> Vec<String> {
        let connection = Connection::open(self.path()).unwrap();
        let mut statement = connection.prepare("SELECT * FROM login_attempts").unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let values = (0..columns).map(|column| row.get_unwrap::<_, Value>(column));
            // Bytes as the text they may be.
            let shown = values.map(|value| match value {
                Value::Blob(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                other => format!("{other:?}"),
            });
            Ok(shown.collect::<Vec<_>>().join(" "))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    async fn remove_admin(&self, email: &str) {
        let raw = Connection::open(self.path()).unwrap();
        raw.pragma_update(None, "foreign_keys", false).unwrap();
        assert_eq!(raw.execute("DELETE FROM admins WHERE email = ?", [email]).unwrap(), 1);
    }

    async fn demote(&self, email: &str) {
        assert_eq!(self.execute("UPDATE admins SET owner = 0 WHERE email = ?", [email]), 1);
    }

    async fn age_codes(&self, milliseconds: i64) {
        let aged = self.execute(
            "UPDATE admins SET reset_until = reset_until - ? WHERE reset_until IS NOT NULL",
            [milliseconds],
        );
        assert!(aged > 0);
    }

    async fn swap_admins(&self, one: &Org, other: &Org) {
        let raw = Connection::open(self.path()).unwrap();
        raw.pragma_update(None, "foreign_keys", false).unwrap();
        let id = |org: &Org| ObjectId::parse_str(org.admin_id.raw()).unwrap().bytes();
        for (of, admin) in [(one, [0; 12]), (other, id(one)), (one, id(other))] {
            let sql = "UPDATE organizations SET admin_id = ? WHERE id = ?";
            assert_eq!(raw.execute(sql, (admin, of.id.bytes())).unwrap(), 1);
        }
    }

    async fn replace_entry(&self, number: i64, entry: Option<Document>) {
        let Some(entry) = entry else {
            self.execute("DELETE FROM audit_log WHERE number = ?", [number]);
            return;
        };
        let fields = Entry::from_document(&entry);
        let changed = self.execute(
            "INSERT OR REPLACE INTO audit_log (number, entry, organization, name, at, bson) \
             VALUES (?, ?, ?, ?, ?, ?)",
            (
                number,
                fields.id.bytes(),
                fields.organization.map(|id| id.bytes()),
                entry.get_str("organization_name").ok(),
                entry.get_datetime("at").ok().map(|at| at.timestamp_millis()),
                entry.to_vec().unwrap(),
            ),
        );
        assert_eq!(changed, 1);
    }

    async fn stored(&self) -> Stored {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(self.path(), flags).unwrap();
        let all = |sql: &str, document: fn(&Row) -> Document| -> Vec<Document> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| Ok(document(row))).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let names: Vec<String> = {
            let mut statement = connection.prepare("SELECT name FROM collections").unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let collections = names.into_iter().map(|name| {
            let sql = format!(
                "SELECT bson FROM documents JOIN collections c ON c.row = collection \
                 WHERE name = '{name}' ORDER BY key"
            );
            let documents = all(&sql, |row| {
                let bson: Vec<u8> = row.get_unwrap(0);
                Document::from_reader(bson.as_slice()).unwrap()
            });
            (name, documents)
        });
        Stored {
            organizations: all("SELECT * FROM organizations ORDER BY id", |row| {
                let text = |column: &str| row.get_unwrap::<_, String>(column);
                let admin = (id(row, "admin_id"), &*text("admin_email"));
                let at = DateTime::from_millis(row.get_unwrap("created_at"));
                let held_in = (&*text("database"), &*text("collection"));
                let mut record = doc! { "_id": id(row, "id") };
                record.extend(service::record(&text("name"), held_in, admin, at));
                record
            }),
            admins: all("SELECT * FROM admins ORDER BY id", |row| {
                let text = |column: &str| row.get_unwrap::<_, String>(column);
                let at = DateTime::from_millis(row.get_unwrap("created_at"));
                let mut admin = doc! { "_id": id(row, "id") };
                admin.extend(service::admin(&text("email"), &text("password"), at));
                admin
            }),
            collections: collections.collect(),
        }
    }
}

fn id(row: &Row, column: &str) -> ObjectId {
    ObjectId::from_bytes(row.get_unwrap(column))
}
