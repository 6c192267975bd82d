//! The file is moved, deleted or replaced while a console has it open.

use std::fs;
use std::path::Path;
use tenantry::store::traits::*;

use tenantry::store::{Result, StoreError, sqlite::SqliteStore};

use crate::fixture::{all, file, made, new_org, open, opened, view};
use crate::support::operations::Operations as _;

fn assert_missed<T: std::fmt::Debug>(outcome: Result<T>, path: &Path) {
    match outcome {
        Err(StoreError::Disk { problem, help }) => {
            assert!(problem.contains(&path.display().to_string()), "{problem}");
            assert!(problem.contains("was moved, deleted or replaced"), "{problem}");
            assert!(help.contains("nothing was changed"), "{help}");
        }
        other => panic!("{other:?}"),
    }
}

/// Nothing is read from, or written to, what nobody will find again.
async fn assert_useless(store: &SqliteStore, path: &Path) {
    assert_missed(all(store).await, path);
    assert_missed(store.create(&new_org("Lost")).await, path);
    assert_missed(store.examine("tester@here", true).await, path);
}

#[tokio::test]
async fn a_file_that_was_moved_away_takes_nothing_until_it_is_back() {
    let (directory, path) = file();
    let (store, reader) = (made(&path).await, opened(&path, true).unwrap());
    store.create(&new_org("Acme")).await.unwrap();
    let away = directory.path().join("away.db");
    fs::rename(&path, &away).unwrap();
    assert_useless(&store, &path).await;
    assert_missed(all(&reader).await, &path);
    assert!(!path.exists());
    fs::rename(&away, &path).unwrap();
    store.create(&new_org("Globex")).await.unwrap();
    assert_eq!(all(&reader).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_file_that_was_deleted_takes_nothing() {
    let (_directory, path) = file();
    let store = open(&path).unwrap();
    store.create(&new_org("Acme")).await.unwrap();
    fs::remove_file(&path).unwrap();
    assert_useless(&store, &path).await;
    drop(store);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_that_was_replaced_is_left_alone() {
    let (directory, path) = file();
    let other = directory.path().join("other.db");
    open(&other).unwrap().create(&new_org("Initech")).await.unwrap();
    let store = open(&path).unwrap();
    store.create(&new_org("Acme")).await.unwrap();
    let wanted = view(&other);
    // With what belongs to the old one, as whoever puts back a backup must.
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(format!("{}{suffix}", path.display())).unwrap();
    }
    fs::rename(&other, &path).unwrap();
    assert_useless(&store, &path).await;
    drop(store);
    assert_eq!(view(&path), wanted);
    open(&path).unwrap().create(&new_org("Globex")).await.unwrap();
}

#[tokio::test]
async fn a_link_leads_to_what_is_beside_the_file_itself() {
    let (directory, path) = file();
    let store = open(&path).unwrap();
    store.create(&new_org("Acme")).await.unwrap();
    fs::create_dir(directory.path().join("elsewhere")).unwrap();
    let link = directory.path().join("elsewhere/link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let reader = opened(&link, true).unwrap();
    assert_eq!(all(&reader).await.unwrap().len(), 1);
    open(&link).unwrap().create(&new_org("Globex")).await.unwrap();
    assert_eq!(all(&reader).await.unwrap().len(), 2);
    assert_eq!(fs::read_dir(directory.path().join("elsewhere")).unwrap().count(), 1);
}
