//! Being told of another console's changes, wherever the file is.

use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};

use tenantry::store::{ListScope, traits::*};
use tokio::time::timeout;

use crate::fixture::{file, made, new_org, open};
use crate::support::operations::Operations as _;

const SOON: Duration = Duration::from_secs(10);

/// A console that looks at `seen_at` is told of each organization that another one makes in `made_in`.
async fn assert_told(seen_at: &Path, made_in: &Path) {
    let looking = open(seen_at).unwrap();
    let mut seen = looking.changed(None).await.unwrap().seen;
    for (at, name) in ["Acme", "Globex", "Initech"].into_iter().enumerate() {
        let making = async {
            // So that it is waited for by then.
            tokio::time::sleep(Duration::from_millis(100)).await;
            made(made_in).await.create(&new_org(name)).await.unwrap();
        };
        let telling = async {
            loop {
                let news = timeout(SOON, looking.changed(Some(seen.clone()))).await;
                seen = news.unwrap().unwrap().seen;
                let count = looking.count(ListScope::Live, None, 10).await.unwrap().counted;
                if count > u64::try_from(at).unwrap() {
                    break;
                }
            }
        };
        tokio::join!(telling, making);
    }
}

#[tokio::test]
async fn changes_in_a_file_behind_a_link_are_told() {
    let (directory, path) = file();
    drop(made(&path).await);
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.db");
    symlink(&path, &link).unwrap();
    assert_told(&link, &path).await;
    drop(directory);
}

/// As on a new machine: the first console is opened before there is anything.
#[tokio::test]
async fn changes_in_a_file_whose_directory_is_made_later_are_told() {
    let (directory, _) = file();
    let path = directory.path().join("share").join("tenantry").join("tenantry.db");
    assert_told(&path, &path).await;
}

#[tokio::test]
async fn changes_in_a_file_whose_directory_is_made_anew_are_told() {
    let (directory, _) = file();
    let path = directory.path().join("tenantry").join("tenantry.db");
    fs::create_dir(directory.path().join("tenantry")).unwrap();
    let looking = open(&path).unwrap();
    let seen = looking.changed(None).await.unwrap().seen;
    let making = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        fs::remove_dir(directory.path().join("tenantry")).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        made(&path).await.create(&new_org("Acme")).await.unwrap();
    };
    let (told, ()) = tokio::join!(timeout(SOON, looking.changed(Some(seen))), making);
    told.unwrap().unwrap();
}

/// A file that is named without a directory.
#[tokio::test]
async fn changes_in_the_current_directory_are_waited_for() {
    let looking = open(Path::new("no-such-file.db")).unwrap();
    let seen = looking.changed(None).await.unwrap().seen;
    let waits = timeout(Duration::from_millis(50), looking.changed(Some(seen))).await;
    assert!(waits.is_err(), "{waits:?}");
}

/// Another program opens the file, and changes something only a while later.
#[tokio::test]
async fn a_change_that_comes_long_after_the_file_was_touched_is_told_at_once() {
    let (_directory, path) = file();
    let other = made(&path).await;
    let looking = open(&path).unwrap();
    let seen = looking.changed(None).await.unwrap().seen;
    let changing = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let touched = fs::File::options().write(true).open(&path).unwrap();
        touched.set_modified(std::time::SystemTime::now()).unwrap();
        // By now it is looked for seldom.
        tokio::time::sleep(Duration::from_millis(1_600)).await;
        other.create(&new_org("Acme")).await.unwrap();
        tokio::time::Instant::now()
    };
    let telling = async {
        timeout(SOON, looking.changed(Some(seen))).await.unwrap().unwrap();
        tokio::time::Instant::now()
    };
    let (changed, told) = tokio::join!(changing, telling);
    assert!(told < changed + Duration::from_secs(2), "{:?}", told - changed);
}
