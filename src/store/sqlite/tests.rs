//! What can only be seen from within: a read that is given up, and a disk that is full.

use std::time::Duration;

use super::*;
use crate::org::{CollectionName, Email, OrgName, PasswordHash, slug};
use crate::store::{Change, NewOrg};
use operations::Operations as _;

#[path = "../../../tests/support/operations.rs"]
mod operations;

/// How the database answers a query: a line a step.
pub(super) fn plan_of(
    connection: &rusqlite::Connection,
    sql: &str,
    values: Vec<rusqlite::types::Value>,
) -> Vec<String> {
    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = plan.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
    steps.map(|step| step.unwrap()).collect()
}

#[tokio::test]
async fn a_read_nobody_waits_for_does_not_hold_up_the_next_call() {
    let store = SqliteStore::in_memory().unwrap();
    let endless = store.read(|tx| {
        let sql =
            "WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x FROM n) SELECT max(x) FROM n";
        Ok(tx.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert!(tokio::time::timeout(Duration::from_millis(50), endless).await.is_err());
    assert_eq!(store.count(ListScope::Live, None, 10).await, Ok(Count::default()));
}

/// A cached statement adds up its steps: one that takes a few only is asked as well whether anybody waits, now and then.
#[tokio::test]
async fn a_change_is_told_however_often_it_was_looked() {
    let store = SqliteStore::in_memory().unwrap();
    for look in 0..500 {
        store.count(ListScope::Live, None, 10).await.unwrap();
        let seen = store.changed(None).await;
        assert!(seen.is_ok(), "look {look}: {seen:?}");
    }
}

#[tokio::test]
async fn a_write_nobody_waits_for_is_never_half_done() {
    let store = SqliteStore::in_memory().unwrap();
    let documents = vec![bson::doc! { "a": 1 }; 5000];
    let insert = store.insert_documents("org_acme", &documents);
    assert!(tokio::time::timeout(Duration::ZERO, insert).await.is_err());
    let count = store.read(|tx| read::statistics(tx, "org_acme")).await.unwrap().documents;
    assert!([0, 5000].contains(&count), "{count}");
}

fn connected<T>(store: &SqliteStore, work: impl FnOnce(&rusqlite::Connection) -> T) -> T {
    let mut open = store.open.lock().unwrap();
    let Ok(connection) = open.for_writing() else { panic!("no connection") };
    work(connection)
}

/// Leaves room for that many pages more than there are.
fn room(connection: &rusqlite::Connection, pages: u32) {
    let now: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let sql = format!("PRAGMA max_page_count = {}", (now + pages).max(1));
    connection.query_row(&sql, [], |_| Ok(())).unwrap();
}

/// Every row there is.
fn rows(connection: &rusqlite::Connection) -> Vec<String> {
    let mut rows = Vec::new();
    for table in [
        "sqlite_schema",
        "organizations",
        "admins",
        "claims",
        "looks",
        "collections",
        "documents",
        "audit_log",
        "login_attempts",
        "short_lived",
    ] {
        let Ok(mut all) = connection.prepare(&format!("SELECT * FROM {table}")) else { continue };
        let columns = all.column_count();
        let mut all = all.query([]).unwrap();
        while let Some(row) = all.next().unwrap() {
            let cells: Vec<rusqlite::types::Value> =
                (0..columns).map(|at| row.get_unwrap(at)).collect();
            rows.push(format!("{table} {cells:?}"));
        }
    }
    rows
}

/// A hash that takes many pages.
fn big() -> PasswordHash {
    PasswordHash::stored("$".repeat(40_000))
}

fn new_org(name: &str) -> NewOrg {
    let email = format!("{}@acme.com", slug(name));
    NewOrg { password: big(), ..crate::orgs::new_org(name, &email, "") }
}

/// Does something again and again with a page more of room, until it works: before that, nothing is
/// changed, and why is said. How often it did not.
async fn with_more_and_more_room<T: std::fmt::Debug>(
    store: &SqliteStore,
    operation: impl AsyncFn(&SqliteStore) -> Result<T>,
) -> (u32, T) {
    let before = connected(store, rows);
    for pages in 0.. {
        connected(store, |connection| room(connection, pages));
        match operation(store).await {
            Ok(done) => {
                connected(store, |connection| room(connection, 1_000_000));
                return (pages, done);
            }
            Err(StoreError::Disk { problem, help }) => {
                assert!(problem.contains("the disk it is on is full; nothing was changed"));
                assert!(help.contains("make room"));
            }
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(connected(store, rows), before);
    }
    panic!("it never works");
}

#[tokio::test]
async fn on_a_full_disk_every_change_fails_whole_and_works_once_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("tenantry.db"), false).unwrap();
    let new = new_org("Acme");
    let (often, org) =
        with_more_and_more_room(&store, async |store| store.create(&new).await).await;
    assert!(often > 5, "{often}");

    let documents = vec![bson::doc! { "text": "x".repeat(3000) }; 30];
    let insert = async |store: &SqliteStore| store.insert_documents("org_acme", &documents).await;
    let (often, ()) = with_more_and_more_room(&store, insert).await;
    assert!(often > 5, "{often}");

    let name = OrgName::parse(&"a".repeat(63)).unwrap();
    let change = Change {
        collection: Some(CollectionName::from_name(&name)),
        email: Some(Email::parse(&format!("{0}@{0}.com", "e".repeat(60))).unwrap()),
        password: Some(PasswordHash::stored("$".repeat(90_000))),
        name: Some(name),
        undoes: false,
    };
    let update = async |store: &SqliteStore| store.update(&org, &change).await;
    let (often, org) = with_more_and_more_room(&store, update).await;
    assert!(often > 5, "{often}");

    // These may find room in the pages that are there.
    let suspend = async |store: &SqliteStore| store.suspend(&org, true).await;
    let (_, org) = with_more_and_more_room(&store, suspend).await;
    let trash = async |store: &SqliteStore| store.trash(&org, 30).await;
    let (_, org) = with_more_and_more_room(&store, trash).await;
    let restore = async |store: &SqliteStore| store.restore(&org, &Change::default()).await;
    let (_, org) = with_more_and_more_room(&store, restore).await;

    connected(&store, |connection| {
        let nobody = "INSERT INTO admins (id, email, email_key, password, created_at) \
                      VALUES (x'01', 'no@body.com', 'no@body.com', ?, 0)";
        connection.execute(nobody, ["$".repeat(40_000)]).unwrap();
    });
    let repair = async |store: &SqliteStore| store.examine("tester@here", true).await;
    let (often, found) = with_more_and_more_room(&store, repair).await;
    // What fills the pages here is no password anybody can use.
    let is_filling = |found: &Finding| found.inconsistency.code() == "unusable_password";
    let is_settled = |found: &Finding| found.repair.is_done() || is_filling(found);
    assert!(often > 0 && found.iter().all(is_settled), "{often} {found:?}");

    let delete = async |store: &SqliteStore| store.delete(&org).await;
    with_more_and_more_room(&store, delete).await;
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

#[test]
fn on_a_full_disk_no_file_is_made_by_half() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tenantry.db");
    let mut connection = rusqlite::Connection::open(&path).unwrap();
    for pages in 0.. {
        room(&connection, pages);
        if schema::prepare(&mut connection, &path, true).is_ok() {
            assert!(pages > 5, "{pages}");
            return;
        }
        assert_eq!(rows(&connection), Vec::<String>::new());
    }
}

/// What was acknowledged is on the disk, and what is deleted for good is overwritten.
#[test]
fn a_file_is_kept_with_care() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("a/tenantry.db"), false).unwrap();
    connected(&store, |connection| {
        let set = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        // Full: the log is made sure of before anybody is told.
        assert_eq!(set("synchronous"), Ok(2));
        assert_eq!(set("foreign_keys"), Ok(1));
        assert_eq!(set("secure_delete"), Ok(1));
    });
}
