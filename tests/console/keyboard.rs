//! What terminals send that is no key, and a screen that something else has written on.

use std::time::Duration;

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
