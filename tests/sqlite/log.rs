//! The write-ahead log: a part of it that was written half when the power went, how large it gets, and
//! what it and the file still hold of what was deleted for good.

use std::fs;
use std::path::{Path, PathBuf};
use tenantry::store::traits::*;

use bson::doc;
use rusqlite::Connection;
use tenantry::store::{Change, ListScope};

use crate::cases::{run, two};
use crate::fixture::{
    View, assert_sound, documents, file, made, new_org, open, opened, renamed, view,
};
use crate::support::operations::Operations as _;
use crate::tool::Home;

fn log_of(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

fn length(path: &Path) -> usize {
    fs::metadata(path).map_or(0, |file| usize::try_from(file.len()).unwrap())
}

/// A log with a few operations in it, and how long it was, and what was there, after each of them.
async fn written(path: &Path) -> Vec<(usize, View)> {
    let store = open(path).unwrap();
    let mut states = vec![(length(&log_of(path)), view(path))];
    let org = store.create(&new_org("Acme")).await.unwrap();
    states.push((length(&log_of(path)), view(path)));
    store.insert_documents(org.collection.raw(), &documents("Acme", 40)).await.unwrap();
    states.push((length(&log_of(path)), view(path)));
    let org = store.update(&org, &renamed("Globex")).await.unwrap();
    states.push((length(&log_of(path)), view(path)));
    let org = store.trash(&org, 30).await.unwrap();
    states.push((length(&log_of(path)), view(path)));
    let org = store.restore(&org, &Change::default()).await.unwrap();
    states.push((length(&log_of(path)), view(path)));
    store.suspend(&org, true).await.unwrap();
    states.push((length(&log_of(path)), view(path)));
    // As a console that is killed leaves it.
    let copy = path.with_extension("copy");
    fs::copy(path, &copy).unwrap();
    fs::copy(log_of(path), path.with_extension("copy-wal")).unwrap();
    drop(store);
    fs::rename(&copy, path).unwrap();
    fs::rename(path.with_extension("copy-wal"), log_of(path)).unwrap();
    states
}

/// A page in the log, and what is written before it.
const FRAME: usize = 24 + 4096;

/// After a power failure the log has any beginning of what was written since it was last made sure of,
/// and behind it nothing, zeros, or anything else.
#[tokio::test]
async fn a_log_that_was_written_half_has_every_deed_that_is_whole_in_it() {
    let (directory, path) = file();
    let states = written(&path).await;
    assert!(
        states.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "nothing was taken out of the log"
    );
    let (whole, log) = (fs::read(&path).unwrap(), fs::read(log_of(&path)).unwrap());
    let mut tried = 0;
    let torn = directory.path().join("torn.db");
    let cuts = (32..=log.len()).step_by(FRAME).flat_map(|end| [end, end + 7, end + 24 + 2048]);
    for (at, cut) in cuts.filter(|cut| *cut <= log.len()).enumerate() {
        let mut half = log[..cut].to_vec();
        match at % 3 {
            0 => {}
            1 => half.resize(log.len(), 0),
            _ => half.extend(log[cut..].iter().map(|byte| byte ^ 0x5a)),
        }
        fs::write(&torn, &whole).unwrap();
        fs::write(log_of(&torn), half).unwrap();
        let _ = fs::remove_file(torn.with_extension("db-shm"));
        let store = open(&torn).unwrap();
        assert_eq!(store.examine("tester@here", false).await, Ok(vec![]), "cut at {cut}");
        drop(store);
        let found = view(&torn);
        let (_, wanted) = states.iter().rev().find(|(end, _)| *end <= cut).unwrap();
        assert_eq!(found, *wanted, "cut at {cut}");
        assert_sound(&torn);
        tried += 1;
    }
    assert!(tried > 50, "{tried}");
    println!("{tried} half-written logs, {} deeds in the whole one", states.len() - 1);
}

#[tokio::test]
async fn a_log_gives_its_room_back_while_several_consoles_stay_open() {
    let (_directory, path) = file();
    let (store, other, reader) =
        (made(&path).await, open(&path).unwrap(), opened(&path, true).unwrap());
    let org = store.create(&new_org("Acme")).await.unwrap();
    // Far more than fits into the log at once.
    let big = vec![doc! { "text": "x".repeat(100_000) }; 120];
    store.insert_documents(org.collection.raw(), &big).await.unwrap();
    assert!(length(&log_of(&path)) > 10_000_000);
    let mut most = 0;
    for at in 0..400 {
        let console = if at % 2 == 0 { &store } else { &other };
        let org = console.org_named("acme", ListScope::Live).await.unwrap().unwrap();
        console.suspend(&org, at % 2 == 0).await.unwrap();
        assert_eq!(reader.statistics(&org).await.unwrap().documents, 121);
        if at > 10 {
            most = most.max(length(&log_of(&path)));
        }
    }
    assert!(most < 5_000_000, "{most}");
}

/// How often these words are in some bytes.
fn often(words: &str, bytes: &[u8]) -> usize {
    bytes.windows(words.len()).filter(|window| *window == words.as_bytes()).count()
}

/// How often they are in the file and beside it.
fn held(path: &Path, words: &str) -> usize {
    let files = fs::read_dir(path.parent().unwrap()).unwrap();
    files.map(|file| often(words, &fs::read(file.unwrap().path()).unwrap())).sum()
}

/// How often they are in the audit log, which keeps who did what to which organization.
fn recorded(path: &Path, words: &str) -> usize {
    let raw = Connection::open(path).unwrap();
    let mut rows = raw.prepare("SELECT name, bson FROM audit_log").unwrap();
    let rows = rows.query_map([], |row| {
        let (name, bson): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        Ok(often(words, name.as_bytes()) + often(words, &bson))
    });
    rows.unwrap().map(Result::unwrap).sum()
}

#[test]
fn what_was_purged_is_nowhere_in_the_file_any_more_but_in_the_audit_log() {
    for line in [
        &[
            "org",
            "delete",
            "acme corp",
            "--as",
            "ada@acme.com",
            "--password-stdin",
            "--yes",
            "--now",
        ][..],
        &["org", "purge", "acme corp", "--as", "ada@acme.com", "--password-stdin", "--yes"],
    ] {
        let home = Home::new();
        let path = home.database();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        two(&path);
        // Another console stays open all the time, so that nobody closes the file last.
        let _other = opened(&path, true).unwrap();
        if line[1] == "purge" {
            let delete = ["org", "delete", "acme corp", "--as", "ada@acme.com"];
            let delete = [&delete[..], &["--password-stdin", "--yes"]].concat();
            assert!(run(&home, &delete, None, &[]).status.success());
        }
        let hash: String = Connection::open(&path)
            .unwrap()
            .query_row("SELECT password FROM admins WHERE email LIKE 'ada@%'", [], |row| row.get(0))
            .unwrap();
        let gone = ["Acme Corp 299", "acme_corp", "acme corp", &hash];
        for words in gone.iter().chain(&["Acme Corp", "ada@acme.com"]) {
            assert!(held(&path, words) > recorded(&path, words), "{words}");
        }
        let done = run(&home, line, None, &[]);
        assert!(done.status.success(), "{done:?}");
        for words in gone {
            assert_eq!(held(&path, words), 0, "{words}");
        }
        for words in ["Acme Corp", "ada@acme.com"] {
            assert_eq!(held(&path, words), recorded(&path, words), "{words}");
        }
        assert!(held(&path, "Globex 39") > 0);
    }
}
