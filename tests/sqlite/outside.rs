//! Processes are killed from outside, at any instant of whole lives, one alone and two at once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tenantry::store::traits::*;

use bson::oid::ObjectId;
use tenantry::org::{Org, OrgState};
use tenantry::store::{ListScope, Outcome, sqlite::SqliteStore};

use crate::fixture::{all, assert_sound, audit_log, documents, file, new_org, on, open, renamed};
use crate::support::operations::Operations as _;

/// How many documents each organization is filled with.
const FILLED: usize = 40;

/// Runs the test `name` of this file once more in a process of its own, as a writer of `path`.
fn writer(name: &str, path: &Path, prefix: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("outside::{name}"), "--nocapture"])
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

/// A life after the other, and each says what was acknowledged. In the end, of every three
/// organizations one is active under another name, one suspended and one gone.
async fn live(path: &Path, prefix: &str, lives: usize) {
    let store = open(path).unwrap();
    for at in 0..lives {
        let name = format!("{prefix} {at}");
        let org = store.create(&new_org(&name)).await.unwrap();
        say("made", &name);
        store.insert_documents(org.collection.raw(), &documents(&name, FILLED)).await.unwrap();
        say("filled", &name);
        let org = store.suspend(&org, true).await.unwrap();
        say("suspended", &name);
        if at % 3 == 1 {
            continue;
        }
        let org = store.suspend(&org, false).await.unwrap();
        say("filled", &name);
        let org = store.trash(&org, 30).await.unwrap();
        say("trashed", &name);
        let moved = format!("moved {name}");
        let org = store.restore(&org, &renamed(&moved)).await.unwrap();
        say("filled", &moved);
        if at % 3 == 2 {
            continue;
        }
        let org = store.trash(&org, 30).await.unwrap();
        say("trashed", &moved);
        store.delete(&org).await.unwrap();
        say("gone", &moved);
    }
}

fn say(what: &str, name: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\n={what} {name}").unwrap();
    out.flush().unwrap();
}

/// What was acknowledged, in order, until the writer said that many things and was killed, or ended.
fn acknowledged(child: &mut Child, most: usize) -> Vec<(String, String)> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines.map_while(Result::ok).filter(|line| line.starts_with('='));
    let mut all = Vec::new();
    for line in said {
        if all.len() == most {
            child.kill().unwrap();
        }
        let (what, name) = line[1..].split_once(' ').unwrap();
        all.push((what.to_owned(), name.to_owned()));
    }
    all
}

/// The organizations as they must be after that: a name without `moved` and what it is like.
fn told(said: &[(String, String)]) -> BTreeMap<String, (String, String)> {
    let mut told = BTreeMap::new();
    for (what, name) in said {
        let first = name.strip_prefix("moved ").unwrap_or(name).to_owned();
        if what == "gone" {
            told.remove(&first);
        } else {
            told.insert(first, (what.clone(), name.clone()));
        }
    }
    told
}

/// The organizations as they are, the same way; each with all its documents or none.
async fn found(store: &SqliteStore, prefix: &str) -> BTreeMap<String, (String, String)> {
    let mut orgs = on(store, ListScope::Live).await.unwrap();
    orgs.extend(on(store, ListScope::Trash).await.unwrap());
    let mut found = BTreeMap::new();
    for org in orgs.iter().filter(|org| org.name.raw().contains(&format!("{prefix} "))) {
        let name = org.name.raw().to_owned();
        let first = name.strip_prefix("moved ").unwrap_or(&name).to_owned();
        let filled = filled(store, org, &first).await;
        let what = match org.state {
            OrgState::Active if filled => "filled",
            OrgState::Active => "made",
            OrgState::Suspended => "suspended",
            OrgState::InTrash(_) => "trashed",
        };
        let there = found.insert(first, (what.to_owned(), name));
        assert_eq!(there, None, "under two names");
    }
    found
}

async fn filled(store: &SqliteStore, org: &Org, first: &str) -> bool {
    let mut there = store.first_documents(org, 1000).await.unwrap();
    let initialized = there.iter().position(|document| document.contains_key("initialized"));
    there.remove(initialized.unwrap());
    assert!(there.is_empty() || there == documents(first, FILLED), "{org:?}: {there:?}");
    !there.is_empty()
}

/// What was told and what is there differ by no more than the step that was under way.
fn assert_kept(
    told: &BTreeMap<String, (String, String)>,
    found: &BTreeMap<String, (String, String)>,
) {
    let names: BTreeSet<&String> = told.keys().chain(found.keys()).collect();
    let different: Vec<_> =
        names.into_iter().filter(|name| told.get(*name) != found.get(*name)).collect();
    assert!(different.len() <= 1, "{different:?}: {told:?} {found:?}");
}

/// Of each operation that happened there is an entry, whoever was killed when, and of none that did not:
/// each but the first left the organization a revision older.
async fn assert_recorded(store: &SqliteStore) {
    let mut operations: BTreeMap<ObjectId, Vec<String>> = BTreeMap::new();
    for entry in audit_log(store).await {
        assert_eq!(entry.outcome, Outcome::Done);
        let operation = entry.action.code().to_owned();
        operations.entry(entry.organization.unwrap()).or_default().push(operation);
    }
    let mut left = 0;
    for (org, operations) in operations {
        assert_eq!(operations[0], "create");
        let gone = operations.last().unwrap() == "delete";
        let revision = store.org(org).await.unwrap().map(|org| org.revision);
        let recorded = i64::try_from(operations.len()).unwrap() - 1;
        assert_eq!(revision, (!gone).then_some(recorded), "{operations:?}");
        left += usize::from(!gone);
    }
    let there = all(store).await.unwrap().len() + on(store, ListScope::Trash).await.unwrap().len();
    assert_eq!(there, left);
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_and_the_rest_is_whole_or_not() {
    if let Some((path, prefix)) = as_writer() {
        return live(&path, &prefix, usize::MAX).await;
    }
    let (_directory, path) = file();
    let mut kept = 0;
    for round in 0..10 {
        let name = "what_was_acknowledged_survives_kill_9_and_the_rest_is_whole_or_not";
        let prefix = format!("round {round}");
        let mut child = writer(name, &path, &prefix);
        let said = acknowledged(&mut child, 11 + 7 * round);
        assert!(!child.wait().unwrap().success());

        let store = open(&path).unwrap();
        assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
        assert_sound(&path);
        assert_recorded(&store).await;
        let found = found(&store, &prefix).await;
        assert_kept(&told(&said), &found);
        kept += found.len();
    }
    println!("10 processes killed; {kept} organizations found again");
}

#[tokio::test]
async fn of_two_processes_that_are_killed_at_once_neither_loses_anything() {
    if let Some((path, prefix)) = as_writer() {
        return live(&path, &prefix, usize::MAX).await;
    }
    let (_directory, path) = file();
    for round in 0..6 {
        let name = "of_two_processes_that_are_killed_at_once_neither_loses_anything";
        let writers = ["left", "right"].map(|side| {
            let prefix = format!("{side} {round}");
            let mut child = writer(name, &path, &prefix);
            std::thread::spawn(move || {
                let said = acknowledged(&mut child, 9 + 5 * round);
                assert!(!child.wait().unwrap().success());
                (prefix, said)
            })
        });
        let ended = writers.map(|writer| writer.join().unwrap());
        let store = open(&path).unwrap();
        assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
        assert_sound(&path);
        assert_recorded(&store).await;
        for (prefix, said) in ended {
            assert_kept(&told(&said), &found(&store, &prefix).await);
        }
    }
}

#[tokio::test]
async fn two_processes_write_at_once() {
    if let Some((path, prefix)) = as_writer() {
        return live(&path, &prefix, 30).await;
    }
    // The file is new to both, so they also make it at once.
    let (_directory, path) = file();
    let writers = ["left", "right"].map(|side| {
        let mut child = writer("two_processes_write_at_once", &path, side);
        std::thread::spawn(move || {
            let said = acknowledged(&mut child, usize::MAX);
            assert!(child.wait().unwrap().success());
            said
        })
    });
    let ended = writers.map(|writer| writer.join().unwrap());
    let store = open(&path).unwrap();
    assert_sound(&path);
    assert_recorded(&store).await;
    for (side, said) in ["left", "right"].into_iter().zip(ended) {
        let found = found(&store, side).await;
        assert_eq!(found, told(&said));
        assert_eq!(found.len(), 20);
    }
}
