//! The budgets that are counts: bytes a key costs, and what an idle console does.

use std::{fs, thread, time::Duration};

use crate::support::pty::Console;

#[test]
fn moving_the_cursor_by_one_costs_few_bytes() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(&["--demo"], (80, 24), home.path());
    // Not before the list and the move before this one are drawn whole.
    console.wait_until("the list", |received| selected(&received.screen()).is_some());
    let first = selected_line(&console);
    console.send("j");
    console.wait_until("a move", |received| selected(&received.screen()) != first);
    let before = selected_line(&console);
    drop(console.settled());
    let bytes = console.count();
    console.send("j");
    console.wait_until("the move", |received| selected(&received.screen()) != before);
    let cost = console.count() - bytes;
    assert!(cost <= 300, "{cost} bytes for one row down");
}

/// Whoever is idle sleeps: no bytes, no wake-ups.
#[test]
fn an_idle_console_does_nothing_at_all() {
    let home = tempfile::tempdir().unwrap();
    let console = Console::start(&["--demo"], (120, 40), home.path());
    console.see("documents");
    console.wait_until("the end of all waits", |received| received.screen().contains("index"));
    // Once changes are looked for, the list is read once more.
    drop(console.settled());
    let (bytes, switches) = (console.count(), switches(&console));
    // Nothing can be waited for where nothing is to happen.
    thread::sleep(Duration::from_secs(3));
    assert_eq!(
        console.count(),
        bytes,
        "an idle console writes nothing: {:?}",
        String::from_utf8_lossy(&console.bytes()[bytes..])
    );
    let woken = self::switches(&console) - switches;
    assert!(woken <= 3, "{woken} wake-ups in three idle seconds");
}

fn selected_line(console: &Console) -> Option<String> {
    selected(&console.screen())
}

fn selected(screen: &str) -> Option<String> {
    screen.lines().find(|line| line.starts_with('▌')).map(str::to_owned)
}

/// How often its threads gave up the processor of their own accord.
fn switches(console: &Console) -> u64 {
    let tasks = format!("/proc/{}/task", console.pid.as_raw_pid());
    let of = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
            .and_then(|count| count.trim().parse::<u64>().ok())
            .unwrap_or(0)
    };
    fs::read_dir(tasks).unwrap().flatten().map(of).sum()
}
