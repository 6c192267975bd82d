//! A disk that takes no more. The real program runs under a limit on the size of its files: once told
//! of it, as on a full disk, and once killed by it, in the middle of writing.

use std::os::unix::process::ExitStatusExt;
use std::process::Output;
use tenantry::store::traits::*;

use rusqlite::Connection;
use rustix::process::{Resource, Rlimit};
use tenantry::store::no_progress;

use crate::cases::{self, Case, home_with, run, two, wait};
use crate::fixture::{View, assert_sound, open, view};
use crate::support::pty::Console;
use crate::tool::{Home, PROGRAM};

/// Limits in blocks of 512 bytes: nothing at all, less than the index of the log needs (64), and on
/// up to where everything fits.
const LIMITS: [u32; 9] = [0, 9, 63, 64, 72, 96, 161, 240, 900];
/// Where the system kills a program that goes on regardless.
const DEADLY: [u32; 6] = [3, 64, 70, 83, 97, 130];

fn limited(blocks: u32) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"")
}

fn deadly(blocks: u32) -> String {
    // No core dumps.
    format!("ulimit -c 0; ulimit -f {blocks}; exec \"$@\"")
}

fn on_a_disk_that_takes_no_more(name: &str, case: &Case) {
    let directory = tempfile::tempdir().unwrap();
    let template = case.template(directory.path());
    let (before, after) = case.before_and_after(&template);
    let (mut failed, mut done, mut killed) = (0, 0, 0);
    for blocks in LIMITS {
        let home = home_with(&template);
        let at = format!("{name} with at most {blocks} blocks");
        let output = case.run(&home, Some(&limited(blocks)), &[]);
        // What is purged by itself is one thing of many that are mended, and counted by what is there.
        let wished = !(case.settles && case.removes);
        if !output.status.success() {
            if wished {
                assert_says_why(&output, blocks, &at);
                failed += 1;
            }
        } else if wished {
            done += 1;
        }
        if !before.is_empty() {
            let read = |line: &[&str]| {
                let read = run(&home, line, Some(&limited(blocks)), &[]);
                assert!(read.status.success(), "{at}: {read:?}");
                String::from_utf8(read.stdout).unwrap()
            };
            let listed = read(&["org", "list", "--trash"]) + &read(&["org", "list"]);
            if !wished {
                let waits = listed.contains("Acme Corp");
                *(if waits { &mut failed } else { &mut done }) += 1;
            } else if !output.status.success() {
                assert!(
                    listed.contains("Acme Corp") && listed.contains("Globex"),
                    "{at}: {listed}"
                );
            }
        }
        settled(case, &home, (&before, &after), wished && output.status.success(), &at);
    }
    for blocks in DEADLY {
        let home = home_with(&template);
        let at = format!("{name} killed at {blocks} blocks");
        let output = case.run(&home, Some(&deadly(blocks)), &[]);
        killed += usize::from(output.status.signal().is_some());
        settled(case, &home, (&before, &after), output.status.success(), &at);
    }
    assert!(failed > 2, "{name}: {failed}");
    assert!(killed > 0, "{name}");
    println!("{name}: {failed} failed whole, {done} fitted, {killed} killed while writing");
}

fn assert_says_why(output: &Output, blocks: u32, at: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{at}: {output:?}");
    let why = format!("files may have at most {} bytes here", blocks * 512);
    assert!(said.contains(&why), "{at}: {said}");
    assert!(said.contains("nothing was changed\n  → make room"), "{at}: {said}");
    assert_eq!(output.stdout, b"", "{at}");
}

/// Without the limit, all of it or nothing is there, and the operation can be done.
fn settled(case: &Case, home: &Home, (before, after): (&View, &View), done: bool, at: &str) {
    let path = home.database();
    let findings = wait(async {
        let store = open(&path).unwrap();
        store.upgrade("tester@here", &no_progress).await.unwrap();
        store.recover("tester@here").await.unwrap();
        store.purge_expired("tester@here", false).await.unwrap();
        store.examine("tester@here", false).await.unwrap()
    });
    let found = view(&path);
    if found != *after {
        assert!(!done && !case.settles && found == *before, "{at}: {found:#?}");
        if !case.hashes {
            let again = case.run(home, None, &[]);
            assert!(again.status.success(), "{at}: {again:?}");
            assert_eq!(view(&path), *after, "{at}");
        }
    }
    assert_eq!(findings.is_empty(), found == *after || !case.is_repair(), "{at}: {findings:?}");
    if !case.is_repair() {
        assert_sound(&path);
    }
}

macro_rules! full {
    ($($test:ident: $case:ident,)+) => {
        $(#[test]
        fn $test() {
            on_a_disk_that_takes_no_more(stringify!($test), &cases::$case);
        })+
    };
}

full! {
    making_the_file: MAKING,
    bringing_an_older_file_up_to_date: MIGRATING,
    creating: CREATING,
    renaming: RENAMING,
    moving_to_the_trash: TRASHING,
    deleting: DELETING,
    restoring_under_another_name: RESTORING_UNDER_ANOTHER_NAME,
    purging: PURGING,
    purging_what_was_in_the_trash_for_too_long: EXPIRING,
    suspending: SUSPENDING,
    repairing: REPAIRING,
}

fn rename(home: &Home, from: &str, to: &str, shell: Option<&str>) -> Output {
    run(home, &["org", "update", from, "--name", to], shell, &[])
}

/// As long as somebody reads what was there before, the log cannot begin anew.
#[test]
fn a_log_that_cannot_be_emptied_grows_until_it_is_full_and_loses_nothing() {
    let home = Home::new();
    let path = home.database();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    two(&path);
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM organizations;").unwrap();
    let shell = limited(400);
    let log = || path.with_extension("db-wal").metadata().map_or(0, |file| file.len());
    let (mut name, mut renames) = ("acme corp".to_owned(), 0);
    let full = loop {
        let next = format!("Acme {renames}");
        let output = rename(&home, &name, &next, Some(&shell));
        if !output.status.success() {
            break output;
        }
        renames += 1;
        name = next;
        assert!(renames < 100, "{}", log());
    };
    assert_says_why(&full, 400, "the log");
    assert!(renames > 1 && log() > 150_000, "{renames} {}", log());
    // What was acknowledged can be read, there and by whoever may only read.
    for flags in [&["org", "get"][..], &["--read-only", "org", "get"]] {
        let read = run(&home, &[flags, &[name.as_str()]].concat(), Some(&shell), &[]);
        assert!(read.status.success(), "{read:?}");
    }
    drop(reader);
    let done = rename(&home, &name, "Acme Corp", None);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(log(), 0);
    assert_sound(&path);
}

#[test]
fn a_console_that_had_no_room_goes_on_once_there_is_some() {
    let home = Home::new();
    let path = home.database();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    two(&path);
    let script = "trap '' XFSZ; ulimit -S -f 0; exec \"$@\"";
    let line = ["-c", script, "sh", PROGRAM, "--file", path.to_str().unwrap()];
    let mut console = Console::run("sh".as_ref(), &line, &[], (100, 30), &home.path(""));
    // There is not even room for what is kept beside a file while it is open.
    console.see("Acme Corp");
    console.see("Globex");
    console.send("e");
    console.see("Edit Acme Corp");
    console.send("\x15Apex\x13");
    console.see("most 0 bytes here");
    let unlimited = Rlimit { current: None, maximum: None };
    rustix::process::prlimit(Some(console.pid), Resource::Fsize, unlimited).unwrap();
    console.send("\x13");
    console.see("Renamed “Acme Corp” to “Apex”");
    console.send("q");
    assert_eq!(console.end().0, 0);
    assert_sound(&path);
    assert!(view(&path).iter().any(|line| line.starts_with("organization \"Apex\"")));
}
