//! What is not ours is left alone, what is ours is kept to its owner, and only reading leaves no trace.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tenantry::store::traits::*;

use bson::doc;
use rusqlite::Connection;
use tenantry::store::{ListScope, PlaceKind, StoreError, sqlite::SqliteStore};

use crate::fixture::{all, documents, file, made, new_org, open, opened};
use crate::support::operations::Operations as _;

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
    let store = open(path).unwrap();
    for at in 0..20 {
        let org = store.create(&new_org(&format!("acme {at}"))).await.unwrap();
        store.insert_documents(org.collection.raw(), &documents("acme", 20)).await.unwrap();
    }
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
                        outcomes
                            .extend(store.org_named(org.name.raw(), ListScope::Live).await.err());
                        outcomes.extend(store.admin_with_email(org.admin_email.raw()).await.err());
                        outcomes.extend(store.statistics(org).await.err());
                        outcomes.extend(store.first_documents(org, 100).await.err());
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

#[tokio::test]
async fn a_newer_file_is_refused_and_says_so() {
    let (_directory, path) = file();
    drop(made(&path).await);
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 12).unwrap();
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
    let writer = made(&path).await;
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

/// None of them takes what another one is making for somebody else's.
#[test]
fn many_consoles_make_the_same_file_at_once() {
    for _ in 0..60 {
        let (_directory, path) = file();
        let consoles: Vec<_> = (0..4)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || open(&path).map(|_| ()))
            })
            .collect();
        for console in consoles {
            assert_eq!(console.join().unwrap(), Ok(()));
        }
    }
}

#[tokio::test]
async fn a_document_that_is_there_already_keeps_all_of_them_out() {
    let store = SqliteStore::in_memory().unwrap();
    let org = store.create(&new_org("Acme")).await.unwrap();
    store.insert_documents("org_acme", &[doc! { "_id": 1 }]).await.unwrap();
    let twice = store.insert_documents("org_acme", &[doc! { "_id": 2 }, doc! { "_id": 1.0 }]).await;
    assert!(matches!(twice, Err(StoreError::Other(_))), "{twice:?}");
    assert_eq!(store.statistics(&org).await.unwrap().documents, 2);
    assert_eq!(store.first_documents(&org, 10).await.unwrap().len(), 2);
}
