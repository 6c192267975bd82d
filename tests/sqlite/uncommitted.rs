//! What is written and not committed is seen by nobody: not while its writer is at it, and not when it was
//! killed there.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use tenantry::store::traits::*;

use bson::{Document, doc};
use rusqlite::{Connection, ErrorCode};
use tenantry::failpoint::{self, SQLITE_STEP};
use tenantry::org::Org;
use tenantry::store::{ListScope, Statistics, sqlite::SqliteStore};

use crate::cases::wait;
use crate::fixture::{View, all, assert_sound, file, made, new_org, open, opened, view};
use crate::support::operations::Operations as _;

/// The file, for a writer in a process of its own, and the step at which it stops.
const FILE: &str = "WRITER_FILE";
const STOP: &str = "WRITER_STOP";

/// More than a transaction keeps in memory: some of it is in the log before it is committed.
fn large() -> Vec<Document> {
    (0..600).map(|id| doc! { "_id": id, "text": "x".repeat(10_000) }).collect()
}

/// Deletes the organization, and stops at a step of that for as long as it is left alive.
fn write_as_told() -> bool {
    let Some(path) = std::env::var_os(FILE) else { return false };
    let stop: usize = std::env::var(STOP).unwrap().parse().unwrap();
    wait(async {
        let store = open(&PathBuf::from(path)).unwrap();
        let org = store.org_named("Acme", ListScope::Live).await.unwrap().unwrap();
        let taken = std::sync::Arc::new(AtomicUsize::new(0));
        let steps = std::sync::Arc::clone(&taken);
        failpoint::at(SQLITE_STEP, move || {
            if steps.fetch_add(1, Ordering::SeqCst) == stop {
                say("stops");
                loop {
                    std::thread::park();
                }
            }
        })
        .unwrap();
        store.delete(&org).await.unwrap();
        say(&taken.load(Ordering::SeqCst).to_string());
    });
    true
}

fn say(what: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\n={what}").unwrap();
    out.flush().unwrap();
}

/// A process that deletes the organization, and what it says.
fn writer(path: &Path, stop: usize) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "uncommitted::what_is_not_committed_is_seen_by_nobody", "--nocapture"])
        .env(FILE, path)
        .env(STOP, stop.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

fn said(out: &mut impl BufRead) -> String {
    let mut lines = out.lines().map_while(Result::ok);
    lines.find_map(|line| line.strip_prefix('=').map(str::to_owned)).unwrap()
}

/// What a console shows.
async fn seen(store: &SqliteStore) -> (Vec<Org>, Vec<Statistics>, usize) {
    let orgs = all(store).await.unwrap();
    let (mut held, mut admins) = (Vec::new(), 0);
    for org in &orgs {
        held.push(store.statistics(org).await.unwrap());
        admins += store.admins(org).await.unwrap().len();
    }
    (orgs, held, admins)
}

/// Whether somebody is in the middle of a write.
fn is_being_written(path: &Path) -> bool {
    let raw = Connection::open(path).unwrap();
    raw.busy_timeout(std::time::Duration::ZERO).unwrap();
    match raw.execute_batch("BEGIN IMMEDIATE") {
        Ok(()) => false,
        Err(error) => {
            assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy), "{error}");
            true
        }
    }
}

fn log_length(path: &Path) -> u64 {
    fs::metadata(path.with_extension("db-wal")).map_or(0, |log| log.len())
}

/// Two organizations, one of them with a lot in it, and nothing waiting in the log.
fn begin() -> (tempfile::TempDir, PathBuf, View) {
    let (directory, path) = file();
    wait(async {
        let store = made(&path).await;
        store.create(&new_org("Globex")).await.unwrap();
        let org = store.create(&new_org("Acme")).await.unwrap();
        store.insert_documents(org.collection.raw(), &large()).await.unwrap();
    });
    let before = view(&path);
    (directory, path, before)
}

#[test]
fn what_is_not_committed_is_seen_by_nobody() {
    if write_as_told() {
        return;
    }
    let (_directory, path, _) = begin();
    let (mut child, mut out) = writer(&path, usize::MAX);
    let steps: usize = said(&mut out).parse().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(wait(all(&open(&path).unwrap())).unwrap().len(), 1);

    let mut spilled = 0;
    for stop in [steps / 10, steps / 2, steps - steps / 10] {
        let (_directory, path, before) = begin();
        let at = format!("at {stop} of {steps}");
        // Some that are open already; others look for the first time meanwhile.
        let [writing, reading] = [false, true].map(|read_only| opened(&path, read_only).unwrap());
        let told = wait(seen(&writing));
        assert_eq!((told.0.len(), told.2), (2, 2), "{at}");
        assert_eq!(wait(seen(&reading)), told, "{at}");
        let (mut child, mut out) = writer(&path, stop);
        assert_eq!(said(&mut out), "stops", "{at}");
        assert!(is_being_written(&path), "{at}");
        spilled += u32::from(log_length(&path) > 1_000_000);
        for read_only in [false, true] {
            assert_eq!(wait(seen(&opened(&path, read_only).unwrap())), told, "{at}");
        }
        for store in [&writing, &reading] {
            assert_eq!(wait(seen(store)), told, "{at}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_being_written(&path), "{at}");
        for read_only in [true, false] {
            assert_eq!(wait(seen(&opened(&path, read_only).unwrap())), told, "{at}, killed");
        }
        assert_eq!(view(&path), before, "{at}, killed");
        wait(writing.create(&new_org("Initech"))).unwrap();
        assert_eq!(wait(seen(&reading)).0.len(), 3, "{at}, killed");
        assert_sound(&path);
    }
    assert!(spilled > 0, "nothing was in the log that was not committed");
}
