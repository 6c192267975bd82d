//! What only the embedded database must do: survive kill -9 and other consoles, leave alone what is
//! not its own, and keep its file to its owner.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test they are the failure")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use mongodb::bson::{DateTime, doc, oid::ObjectId};
use rusqlite::Connection;
use tenantry::org::{CollectionName, Email, Org, OrgName, PasswordHash};
use tenantry::store::Shelf;
use tenantry::store::{
    Access, Change, NewOrg, PageAt, PageQuery, PlaceKind, Result, Sort, Store, StoreError,
    sqlite::SqliteStore,
};

fn open(path: &Path) -> Result<SqliteStore> {
    opened(path, false)
}

fn opened(path: &Path, read_only: bool) -> Result<SqliteStore> {
    SqliteStore::open(path, &Access { operator: "tester@here".to_owned(), read_only })
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tenantry.db");
    (directory, path)
}

fn new_org(name: &str) -> NewOrg {
    let name = OrgName::parse(name).unwrap();
    let collection = CollectionName::of(&name);
    NewOrg {
        id: ObjectId::new(),
        admin_id: ObjectId::new(),
        email: Email::parse(&format!("{}@acme.com", collection.as_str())).unwrap(),
        password: PasswordHash::stored("$2b$12$".to_owned()),
        created_at: DateTime::now(),
        collection,
        name,
    }
}

fn renamed(name: &str) -> Change {
    let name = OrgName::parse(name).unwrap();
    Change { collection: Some(CollectionName::of(&name)), name: Some(name), ..Change::default() }
}

async fn all(store: &SqliteStore) -> Result<Vec<Org>> {
    let query = PageQuery {
        shelf: Shelf::Live,
        search: None,
        sort: Sort::default(),
        at: PageAt::First,
        limit: 1_000_000,
    };
    store.page(&query).await.map(|page| page.orgs)
}

/// Runs the test `name` once more in a process of its own, as the writer of `path`.
fn writer(name: &str, path: &Path, prefix: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("WRITER_FILE", path)
        .env("WRITER_PREFIX", prefix)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The file and the prefix of names, in a process that [`writer`] started.
fn as_writer() -> Option<(PathBuf, String)> {
    Some((std::env::var_os("WRITER_FILE")?.into(), std::env::var("WRITER_PREFIX").unwrap()))
}

/// A life after the other: created, filled, renamed, every third deleted; says each acknowledgement.
async fn live(path: &Path, prefix: &str, lives: usize) {
    let store = open(path).unwrap();
    let say = |what: &str, name: &str| {
        let mut out = std::io::stdout();
        writeln!(out, "\n={what} {name}").unwrap();
        out.flush().unwrap();
    };
    for at in 0..lives {
        let name = format!("{prefix} {at}");
        let org = store.create(&new_org(&name)).await.unwrap();
        say("made", &name);
        let documents: Vec<_> = (0..20).map(|id| doc! { "_id": id, "of": &name }).collect();
        store.insert_documents(org.collection.raw(), &documents).await.unwrap();
        let moved = format!("moved {name}");
        let org = store.update(&org, &renamed(&moved)).await.unwrap();
        say("moved", &moved);
        if at % 3 == 0 {
            store.delete(&org).await.unwrap();
            say("gone", &moved);
        }
    }
}

/// Every record has its admin, its collection and its documents, and there is nothing beside.
async fn assert_whole(store: &SqliteStore, path: &Path) {
    let orgs = all(store).await.unwrap();
    for org in &orgs {
        let admin = ObjectId::parse_str(org.admin_id.raw()).unwrap();
        assert!(store.admin(admin).await.unwrap().is_some(), "{org:?}");
        let documents = store.documents(org, 100).await.unwrap();
        assert!([1, 21].contains(&documents.len()), "{org:?}: {}", documents.len());
        let counted = store.statistics(org).await.unwrap().documents;
        assert_eq!(counted, documents.len() as u64);
    }
    let raw = Connection::open(path).unwrap();
    let count = |sql: &str| raw.query_row(sql, [], |row| row.get::<_, usize>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM admins"), orgs.len());
    assert_eq!(count("SELECT count(*) FROM collections"), orgs.len());
    assert_eq!(count("SELECT count(*) FROM claims"), 4 * orgs.len());
    let check: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_and_the_rest_is_whole_or_not() {
    if let Some((path, prefix)) = as_writer() {
        return live(&path, &prefix, usize::MAX).await;
    }
    let (_directory, path) = file();
    for round in 0..8 {
        let name = "what_was_acknowledged_survives_kill_9_and_the_rest_is_whole_or_not";
        let mut child = writer(name, &path, &format!("round {round}"));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last = BTreeSet::new();
        for (at, line) in
            lines.map_while(std::result::Result::ok).filter(|l| l.starts_with('=')).enumerate()
        {
            if at == 11 + 7 * round {
                child.kill().unwrap();
            }
            let (what, name) = line[1..].split_once(' ').unwrap();
            match what {
                "made" => assert!(last.insert(name.to_owned())),
                "moved" => {
                    last.remove(name.strip_prefix("moved ").unwrap());
                    last.insert(name.to_owned());
                }
                _ => assert!(last.remove(name)),
            }
        }
        assert!(!child.wait().unwrap().success());

        let store = open(&path).unwrap();
        assert_whole(&store, &path).await;
        let prefix = format!("round {round} ");
        let stored: BTreeSet<String> = all(&store)
            .await
            .unwrap()
            .iter()
            .map(|org| org.name.raw().to_owned())
            .filter(|name| name.contains(&prefix))
            .collect();
        // Only the step under way when the kill came may differ, and with a rename that is two names.
        let different = stored.symmetric_difference(&last).count();
        assert!(different <= 2, "{stored:?} {last:?}");
    }
}

#[tokio::test]
async fn two_processes_write_at_once() {
    if let Some((path, prefix)) = as_writer() {
        return live(&path, &prefix, 60).await;
    }
    // The file is new to both, so they also make it at once.
    let (_directory, path) = file();
    let writers: Vec<Child> =
        ["left", "right"].map(|prefix| writer("two_processes_write_at_once", &path, prefix)).into();
    for child in writers {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let store = open(&path).unwrap();
    assert_eq!(all(&store).await.unwrap().len(), 2 * 40);
    assert_whole(&store, &path).await;
}

/// Opening is refused for damage, in words that name the file, and the file stays as it is.
fn assert_refused(path: &Path, words: &str) {
    let before = fs::read(path).unwrap();
    for read_only in [false, true] {
        match opened(path, read_only) {
            Err(StoreError::Damaged { problem: text, help }) => {
                assert!(text.contains(words), "{text}");
                assert!(text.contains(&path.display().to_string()), "{text}");
                assert!(help.contains("--file"), "{help}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(fs::read(path).unwrap(), before);
    }
}

async fn filled(path: &Path) {
    live(path, "acme", 20).await;
}

#[tokio::test]
async fn damaged_files_are_refused_and_left_alone() {
    let (_directory, path) = file();
    filled(&path).await;
    let whole = fs::read(&path).unwrap();

    fs::write(&path, b"name,email\nacme,ada@acme.com\n".repeat(40)).unwrap();
    assert_refused(&path, "damaged");
    for length in [2, 99, 512, 4096, whole.len() / 2, whole.len() - 4096] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_refused(&path, "damaged");
    }
    let mut page = whole.clone();
    page[100..4096].fill(0xa5);
    fs::write(&path, &page).unwrap();
    assert_refused(&path, "damaged");
}

#[tokio::test]
async fn garbage_pages_are_reported_and_never_a_panic() {
    let (_directory, path) = file();
    filled(&path).await;
    let whole = fs::read(&path).unwrap();
    let mut reported = 0;
    for page in 1..whole.len() / 4096 {
        for garbage in [0x00, 0xff, 0x41] {
            let mut damaged = whole.clone();
            damaged[page * 4096..][..4096].fill(garbage);
            fs::write(&path, &damaged).unwrap();
            let Ok(store) = opened(&path, true) else {
                reported += 1;
                continue;
            };
            let mut outcomes = Vec::new();
            match all(&store).await {
                Err(error) => outcomes.push(error),
                Ok(orgs) => {
                    for org in &orgs {
                        outcomes.extend(store.org(org.id).await.err());
                        outcomes.extend(store.org_named(org.name.raw(), Shelf::Live).await.err());
                        outcomes.extend(store.admin_with_email(org.admin_email.raw()).await.err());
                        outcomes.extend(store.statistics(org).await.err());
                        outcomes.extend(store.documents(org, 100).await.err());
                    }
                }
            }
            for error in &outcomes {
                assert!(matches!(error, StoreError::Damaged { .. }), "page {page}: {error:?}");
            }
            reported += usize::from(!outcomes.is_empty());
            drop(store);
            assert_eq!(fs::read(&path).unwrap(), damaged);
        }
    }
    assert!(reported > 10, "{reported}");
}

#[test]
fn a_database_of_another_program_is_refused() {
    let (_directory, path) = file();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE places (url TEXT); INSERT INTO places VALUES ('x');")
        .unwrap();
    drop(other);
    assert_refused(&path, "another program");
    fs::write(&path, "x").unwrap();
    assert_refused(&path, "another program");
    fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "application_id", 7).unwrap();
    drop(other);
    assert_refused(&path, "another program");
}

#[test]
fn a_newer_file_is_refused_and_says_so() {
    let (_directory, path) = file();
    drop(open(&path).unwrap());
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 9).unwrap();
    drop(newer);
    assert_refused(&path, "newer");
}

#[tokio::test]
async fn file_and_directories_are_the_owners_alone() {
    let (directory, _) = file();
    let path = directory.path().join("a/b/tenantry.db");
    let store = open(&path).unwrap();
    store.create(&new_org("Acme")).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for made in ["a", "a/b"] {
        assert_eq!(mode(&directory.path().join(made)), 0o700, "{made}");
    }
    for file in ["tenantry.db", "tenantry.db-wal", "tenantry.db-shm"] {
        assert_eq!(mode(&path.with_file_name(file)), 0o600, "{file}");
    }
    drop(store);
}

#[tokio::test]
async fn read_only_leaves_no_trace() {
    let (directory, path) = file();
    let missing = opened(&path, true);
    assert!(matches!(missing, Err(StoreError::Misconfigured { .. })), "{missing:?}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);

    filled(&path).await;
    let before = fs::read(&path).unwrap();
    let store = opened(&path, true).unwrap();
    assert!(!all(&store).await.unwrap().is_empty());
    let refused = store.insert_documents("org_acme", &[doc! {}]).await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    drop(store);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_reader_sees_what_another_console_writes_meanwhile() {
    let (_directory, path) = file();
    let writer = open(&path).unwrap();
    let reader = opened(&path, true).unwrap();
    assert_eq!(all(&reader).await.unwrap().len(), 0);
    writer.create(&new_org("Acme")).await.unwrap();
    assert_eq!(all(&reader).await.unwrap().len(), 1);
}

#[test]
fn a_path_is_said_with_nothing_hidden_in_it() {
    let (directory, _) = file();
    let path = directory.path().join("\u{1b}[2J\u{202e}.db");
    let error = opened(&path, true).unwrap_err().to_string();
    assert!(error.contains("\\u{1b}[2J\\u{202e}.db"), "{error}");
    assert!(!error.chars().any(tenantry::org::is_hidden), "{error:?}");
}

#[test]
fn what_is_no_file_is_said_in_words() {
    let (directory, path) = file();
    fs::write(&path, "").unwrap();
    assert!(matches!(opened(&path, true), Err(StoreError::Misconfigured { .. })));
    open(&path).unwrap();
    for wrong in [directory.path().to_owned(), path.join("below")] {
        for read_only in [false, true] {
            match opened(&wrong, read_only) {
                Err(StoreError::Misconfigured { problem: text, .. }) => {
                    assert!(text.contains(&wrong.display().to_string()), "{text}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_demo_is_made_in_memory_and_at_once() {
    let store = SqliteStore::in_memory().unwrap();
    assert_eq!(store.place().kind, PlaceKind::Demo);
    for at in 0..40 {
        let org = store.create(&new_org(&format!("Acme {at}"))).await.unwrap();
        store.insert_documents(org.collection.raw(), &[doc! { "a": 1 }]).await.unwrap();
        assert_eq!(store.statistics(&org).await.unwrap().documents, 2);
    }
    assert_eq!(all(&store).await.unwrap().len(), 40);
}

#[tokio::test]
async fn a_document_that_is_there_already_keeps_all_of_them_out() {
    let store = SqliteStore::in_memory().unwrap();
    let org = store.create(&new_org("Acme")).await.unwrap();
    store.insert_documents("org_acme", &[doc! { "_id": 1 }]).await.unwrap();
    let twice = store.insert_documents("org_acme", &[doc! { "_id": 2 }, doc! { "_id": 1.0 }]).await;
    assert!(matches!(twice, Err(StoreError::Other(_))), "{twice:?}");
    assert_eq!(store.statistics(&org).await.unwrap().documents, 2);
    assert_eq!(store.documents(&org, 10).await.unwrap().len(), 2);
}
