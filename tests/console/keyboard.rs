//! What terminals send that is no key, and a screen that something else has written on.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use bson::{Bson, Document};
use tenantry::store::sqlite::SqliteStore;

use crate::support::pty::Console;

fn demo(home: &tempfile::TempDir) -> Console {
    let console = Console::start(&["--demo"], (80, 24), home.path());
    console.see("▌");
    console
}

#[test]
fn a_report_nobody_asked_for_leaves_the_keyboard_as_it_is() {
    for report in ["\x1b[?997;1n", "\x1b[?2026;2$y", "\x1b[3;1;1t", "\x1bP1$r0m\x1b\\", "\x1b[?9"] {
        let home = tempfile::tempdir().unwrap();
        let mut console = demo(&home);
        console.send(report);
        console.send("\x03");
        assert_eq!(console.ends_within(Duration::from_secs(2)), 0, "after {report:?}");
        console.is_given_back();
    }
}

#[test]
fn a_late_answer_is_never_typed_into_a_form() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo(&home);
    console.send("n");
    console.see("New organization");
    console.send("a");
    for answer in ["\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\", "\x1b[?62;22c", "\x1b[?997;2n", "\x1b[9;7R"]
    {
        let (first, second) = answer.split_at(5);
        console.send(first);
        drop(console.settled());
        console.send(second);
    }
    console.send("cme");
    console.see("▏acme ");
    console.send("\x03");
    assert_eq!(console.end().0, 0);
}

#[test]
fn the_screen_is_drawn_anew_when_asked_wherever_one_is() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo(&home);
    for (keys, words) in [
        ("", "▌"),
        ("n", "New organization"),
        ("\x1b", "▌"),
        ("?", "Keys in"),
        ("\x1b/", "enter keep"),
    ] {
        console.send(keys);
        console.see(words);
        let before = console.settled().bytes.len();
        console.send("\x0c");
        console.wait_until("everything anew", |received| {
            let since = String::from_utf8_lossy(&received.bytes[before..]);
            since.contains("\x1b[2J") && since.contains("tenantry") && since.contains("────────")
        });
        console.see(words);
    }
    console.send("\x03");
    assert_eq!(console.end().0, 0);
}

#[test]
fn a_terminal_that_does_not_know_its_size_has_the_usual_one() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo(&home);
    let before = console.settled().bytes.len();
    console.forget_size();
    console.wait_until("everything anew", |received| received.bytes.len() > before + 1000);
    console.see("36 organizations");
    console.see("? help");
    console.send("q");
    assert_eq!(console.end().0, 0);
}

/// How far a page goes depends on how high the lines are that it begins with.
#[tokio::test]
async fn pages_that_are_turned_in_one_go_skip_no_line() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("t.db").display().to_string();
    let create = ["--file", &file, "org", "create", "acme", "--email", "a@b.example"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(create)
        .arg("--password-stdin")
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"quiet harbor lantern 42\n").unwrap();
    assert!(child.wait().unwrap().success());
    // A page of low lines, and then high ones.
    let fields = (0..60).map(|number| {
        let length = if number < 20 { 5 } else { 300 };
        (format!("f{number:02}"), Bson::from("x".repeat(length)))
    });
    let store = SqliteStore::open(file.as_ref(), false).unwrap();
    store.insert_documents("org_acme", &[fields.collect::<Document>()]).await.unwrap();
    drop(store);
    let after = |keys: &[&str]| {
        let mut console = Console::start(&["--file", &file], (80, 24), home.path());
        console.see("acme");
        console.send("\r");
        console.see("documents");
        console.send("]]");
        console.see("f00");
        for keys in keys {
            console.send(keys);
            drop(console.settled());
        }
        let screen = console.screen();
        console.send("\x03");
        console.end();
        screen.lines().map(str::trim_end).map(str::to_owned).collect::<Vec<_>>()
    };
    let page = "\x1b[6~";
    let one_by_one = after(&[page, page, page]);
    assert_eq!(after(&[&page.repeat(3)]), one_by_one);
}
