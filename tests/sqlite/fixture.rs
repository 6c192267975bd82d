//! What the tests of the embedded database share: a file, the store on it, and what is in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tenantry::store::traits::*;

use crate::support::{hash, orgs};
use bson::{DateTime, Document, doc, oid::ObjectId};
use rusqlite::{Connection, Row, types::Value};
use sha2::{Digest, Sha256};
use tenantry::org::{
    CollectionName, Email, Operator, Org, OrgName, PasswordHash, ResetCode, Role, slug,
};
use tenantry::store::{
    AdminChange, AdminEdit, AuditAt, AuditFilter, AuditQuery, Change, Directory, Entry, Head,
    ListScope, NewAdmin, NewOrg, Operation, PageAt, PageQuery, Result, Sort, Tampering,
    Verification, sqlite::SqliteStore,
};

/// An open store on a new file, with nothing in it.
pub async fn made(path: &Path) -> SqliteStore {
    let store = open(path).unwrap();
    store.prepare("tester@here").await.unwrap();
    store
}

pub fn open(path: &Path) -> Result<SqliteStore> {
    opened(path, false)
}

pub fn opened(path: &Path, read_only: bool) -> Result<SqliteStore> {
    SqliteStore::open(path, read_only)
}

pub fn file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tenantry.db");
    (directory, path)
}

pub fn new_org(name: &str) -> NewOrg {
    let email = format!("org_{}@acme.com", slug(name));
    NewOrg { created_at: DateTime::now(), ..orgs::new_org(name, &email, &hash("")) }
}

/// One more admin, who has a code and no password.
pub async fn add_admin(store: &SqliteStore, org: &Org, email: &str, role: Role) -> Org {
    let new = NewAdmin {
        email: Email::parse(email).unwrap(),
        role,
        password: PasswordHash::stored(hash("")),
        reset: ResetCode { hash: "c0de".repeat(16), until: DateTime::now() },
        created_at: DateTime::now(),
    };
    let what = AdminEdit::Add(new);
    let change = AdminChange { admin: ObjectId::new(), what, successor: None };
    let operation = Operation::Admin(Box::new(org.clone()), Box::new(change));
    let entry = Entry::about("tester@here", "add admin", org);
    store.perform(&operation, &entry).await.unwrap().unwrap()
}

/// Every entry of the audit log, as it is stored.
pub const WHOLE_AUDIT_LOG: AuditQuery =
    AuditQuery { filter: AuditFilter::ALL, at: AuditAt::After(0), limit: 1_000_000 };

/// What was done to the audit log, or its head.
pub fn verified(entries: &[Document]) -> std::result::Result<Head, Tampering> {
    let mut verification = Verification::default();
    for document in entries {
        verification.next(document)?;
    }
    Ok(verification.head().clone())
}

/// The audit log, which is as it was written.
pub async fn audit_log(store: &SqliteStore) -> Vec<Entry> {
    let entries = store.entries(&WHOLE_AUDIT_LOG).await.unwrap();
    assert_eq!(
        verified(&entries).map(|head| head.number),
        Ok(i64::try_from(entries.len()).unwrap())
    );
    entries.iter().map(Entry::from_document).collect()
}

pub fn renamed(name: &str) -> Change {
    let name = OrgName::parse(name).unwrap();
    Change {
        collection: Some(CollectionName::from_name(&name)),
        name: Some(name),
        ..Change::default()
    }
}

pub async fn all(store: &SqliteStore) -> Result<Vec<Org>> {
    on(store, ListScope::Live).await
}

pub async fn on(store: &SqliteStore, scope: ListScope) -> Result<Vec<Org>> {
    let at = PageAt::First;
    let query = PageQuery {
        scope,
        search: None,
        best_first: false,
        sort: Sort::default(),
        at,
        limit: 1_000_000,
    };
    store.page(&query).await.map(|page| page.orgs)
}

/// Documents of every size, the same each time.
pub fn documents(of: &str, count: usize) -> Vec<Document> {
    (0..count)
        .map(|at| {
            let text = format!("{of} {at} ").repeat(1 + at % 19);
            doc! { "_id": i64::try_from(at).unwrap(), "of": of, "text": text }
        })
        .collect()
}

/// Everything in a file that no run makes anew, line by line: what two of them are compared by.
pub type View = BTreeSet<String>;

/// What is in the file, looked at past the program; nothing where its tables were not made yet.
pub fn view(path: &Path) -> View {
    let mut view = View::new();
    if !is_made(path) {
        return view;
    }
    let raw = Connection::open(path).unwrap();
    let mut add = |sql: &str, line: fn(&Row) -> String| {
        let mut statement = raw.prepare(sql).unwrap();
        for row in statement.query_map([], |row| Ok(line(row))).unwrap() {
            assert!(view.insert(row.unwrap()), "{sql} has one twice");
        }
    };
    add(
        "SELECT name, name_key, collection, admin_email, email_key, suspended, login_epoch, revision, \
         trashed_at IS NOT NULL, trash_days FROM organizations",
        |row| format!("organization {}", cells(row, 0..10)),
    );
    // Of a hash, what says whether it is the one of the fixture.
    add(
        "SELECT email, a.email_key, substr(password, 1, 7), name, owner, reset_code IS NOT NULL, \
         reset_until IS NOT NULL FROM admins AS a LEFT JOIN organizations AS o ON o.id = organization",
        |row| format!("admin {}", cells(row, 0..7)),
    );
    add("SELECT claim, name FROM claims JOIN organizations ON row = org", |row| {
        format!("claim {}", cells(row, 0..2))
    });
    add("SELECT look, name FROM looks JOIN organizations ON row = org", |row| {
        format!("look {}", cells(row, 0..2))
    });
    let directory = Directory::from_document(&operators(&raw));
    for Operator { email, role, disabled, .. } in directory.operators {
        view.insert(format!("operator {email} {role} {disabled} {:?}", directory.required));
    }
    let mut collections = raw.prepare("SELECT row, name FROM collections").unwrap();
    let collections = collections.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    for (row, name) in collections.map(|row| row.unwrap()) {
        let (count, sum) = contents(&raw, row);
        let name: String = name;
        view.insert(format!("collection {name} {count} {sum}"));
    }
    view
}

/// What is stored of them; nothing where there never was one.
fn operators(raw: &Connection) -> Document {
    let stored = raw.query_row("SELECT bson FROM operators", [], |row| row.get::<_, Vec<u8>>(0));
    stored.map_or_else(
        |_| Directory::default().to_document(),
        |bson| Document::from_reader(bson.as_slice()).unwrap(),
    )
}

/// How many documents, and a sum over every byte of them.
fn contents(raw: &Connection, collection: i64) -> (usize, String) {
    let sql = "SELECT key, bson FROM documents WHERE collection = ? ORDER BY key";
    let mut statement = raw.prepare(sql).unwrap();
    let mut rows = statement.query([collection]).unwrap();
    let (mut count, mut sum) = (0, Sha256::new());
    while let Some(row) = rows.next().unwrap() {
        count += 1;
        let bson: Vec<u8> = row.get(1).unwrap();
        // The first document is another one in each run.
        if !Document::from_reader(bson.as_slice()).unwrap().contains_key("initialized") {
            sum.update(row.get::<_, Vec<u8>>(0).unwrap());
            sum.update(bson);
        }
    }
    (count, format!("{:x?}", sum.finalize().as_slice()).replace(' ', ""))
}

fn cells(row: &Row, columns: std::ops::Range<usize>) -> String {
    let cells: Vec<String> = columns
        .map(|at| match row.get::<_, Value>(at).unwrap() {
            Value::Text(text) => format!("{text:?}"),
            other => format!("{other:?}"),
        })
        .collect();
    cells.join(" ")
}

/// How many documents a view has.
pub fn documents_in(view: &View) -> usize {
    let collections = view.iter().filter_map(|line| line.strip_prefix("collection "));
    collections.map(|line| line.split(' ').nth(1).unwrap().parse::<usize>().unwrap()).sum()
}

/// Whether the tables were made: opening makes none.
fn is_made(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

/// Nothing in the file contradicts anything else in it.
pub fn assert_sound(path: &Path) {
    if !is_made(path) {
        return;
    }
    let raw = Connection::open(path).unwrap();
    let count = |sql: &str| raw.query_row(sql, [], |row| row.get::<_, usize>(0)).unwrap();
    let check: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    assert_eq!(count("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    let orgs = count("SELECT count(*) FROM organizations");
    let admins = count("SELECT count(*) FROM admins");
    assert_eq!(count("SELECT count(*) FROM collections"), orgs);
    assert_eq!(count("SELECT count(*) FROM claims"), 2 * orgs + admins);
    assert_eq!(count("SELECT count(DISTINCT org) FROM looks"), orgs);
    let joined = "SELECT count(*) FROM organizations AS o JOIN admins AS a ON a.id = admin_id \
                  JOIN collections AS c ON c.name = collection \
                  WHERE a.email = admin_email AND a.email_key = o.email_key \
                  AND a.organization = o.id AND owner";
    assert_eq!(count(joined), orgs);
    let claimed = "SELECT count(*) FROM admins AS a JOIN organizations AS o ON o.id = organization \
                   JOIN claims ON org = row AND claim = 'email:' || a.email_key";
    assert_eq!(count(claimed), admins);
    let miscounted = "SELECT count(*) FROM collections WHERE (documents, bytes) <> (SELECT count(*), \
                      ifnull(sum(length(bson)), 0) FROM documents WHERE collection = row)";
    assert_eq!(count(miscounted), 0);
}
