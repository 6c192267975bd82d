//! What the person at the keyboard feels: the real program in a pseudo-terminal, from the key to the
//! moment the terminal has the bytes.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{
    data,
    support::pty::{Console, Received},
    table::{Table, Times, millis},
};

const NARROW: (u16, u16) = (80, 24);
const WIDE: (u16, u16) = (120, 40);
const STARTS: usize = 21;
const SUBMIT: &str = "\x13";

/// From starting the process to the first organizations on the screen.
pub fn start(table: &mut Table, file: &str, home: &Path) {
    let times = (0..STARTS).map(|_| {
        let begun = Instant::now();
        let mut console = Console::start(&["--file", file], NARROW, home);
        let shown = console.wait_until("the list", |received| has(received, data::FIRST));
        leave(&mut console);
        shown - begun
    });
    let times = Times::new(times.collect());
    let measured = format!("{}, slowest {}", millis(times.median()), millis(times.percentile(100)));
    let kept = times.median() <= Duration::from_millis(25);
    table.row("start to first frame, 100,000 organizations", "25 ms", &measured, kept);
}

/// From a key to its bytes: one row, one screen, and a filter that goes through everything.
pub fn keys(table: &mut Table, what: &str, arguments: &[&str], home: &Path) {
    let mut console = Console::start(arguments, WIDE, home);
    console.see(data::FIRST);
    let mut times = Vec::new();
    // To and fro: whoever is faster than the database comes to the end of what was read, and waits.
    for (there, back) in [("j", "k"), ("\x04", "\x15"), ("j", "k")] {
        for key in [there, back].repeat(100) {
            times.push(moved(&mut console, key));
        }
        moved(&mut console, "G");
        moved(&mut console, "k");
    }
    times.extend(filter(&mut console, "tenant 09"));
    let times = Times::new(times);
    let (half, most) = (times.percentile(50), times.percentile(99));
    let kept = half <= Duration::from_millis(1) && most <= Duration::from_millis(4);
    let measured = format!("p50 {}, p99 {}", millis(half), millis(most));
    table.row(what, "p50 1 ms, p99 4 ms", &measured, kept);
    leave(&mut console);
}

/// The same while every answer of the database takes two seconds.
pub fn keys_without_answers(table: &mut Table, uri: &str, database: &str, home: &Path) {
    let address = uri.trim_start_matches("mongodb://");
    let slow = crate::slow::Slow::to(address, Duration::from_secs(2));
    let uri = format!("mongodb://{}/?directConnection=true", slow.address);
    let mut console = Console::start(&["--uri", &uri, "--database", database], WIDE, home);
    console.see(data::FIRST);
    console.see("organizations");
    slow.delay();
    let mut times = Vec::new();
    for key in ["j", "k"].repeat(100) {
        times.push(moved(&mut console, key));
    }
    times.extend(filter(&mut console, "tenant 09"));
    let times = Times::new(times);
    let most = times.percentile(99);
    let measured = format!("p99 {}, slowest {}", millis(most), millis(times.percentile(100)));
    let kept = most <= Duration::from_millis(16);
    table.row("key to frame while the database takes 2 s", "p99 16 ms", &measured, kept);
    leave(&mut console);
}

/// What one row down costs on the wire.
pub fn bytes(table: &mut Table, file: &str, home: &Path) {
    let mut console = Console::start(&["--file", file], NARROW, home);
    console.see(data::FIRST);
    console.see("organizations");
    let costs = (0..15).map(|_| {
        let before = console.count();
        moved(&mut console, "j");
        console.count() - before
    });
    let most = costs.max().unwrap_or_default();
    table.row("cursor down by one at 80x24", "300 bytes", &format!("{most} bytes"), most <= 300);
    leave(&mut console);
}

/// What is written, and how often a thread wakes, while nobody does anything.
pub fn idle(table: &mut Table, what: &str, arguments: &[&str], home: &Path) {
    const WATCHED: Duration = Duration::from_secs(20);
    let mut console = Console::start(arguments, WIDE, home);
    console.see(data::FIRST);
    moved(&mut console, "j");
    // Threads that are kept ready for ten seconds after their last work are no part of being idle.
    thread::sleep(Duration::from_secs(12));
    let (bytes, woken) = (console.count(), switches(&console));
    thread::sleep(WATCHED);
    let (bytes, woken) = (console.count() - bytes, switches(&console) - woken);
    #[expect(clippy::cast_precision_loss, reason = "far fewer than that")]
    let rate = woken as f64 / WATCHED.as_secs_f64();
    let measured = format!("{bytes} bytes, {rate:.2} wake-ups a second");
    table.row(what, "0 · 0", &measured, bytes == 0 && woken == 0);
    leave(&mut console);
}

/// What it keeps in memory after a while: scrolled, jumped, sorted, filtered, a form filled in.
pub fn memory(table: &mut Table, what: &str, most: u64, arguments: &[&str], home: &Path) {
    let mut console = Console::start(arguments, WIDE, home);
    console.see(data::FIRST);
    for (key, times) in [("\x04", 60), ("G", 1), ("\x15", 60), ("g", 1)] {
        for _ in 0..times {
            moved(&mut console, key);
            // As a reader would: long enough for the details.
            // Those on the server have no collections.
            console.wait_until("what it holds", |received| {
                let screen = received.screen();
                screen.contains(" index") || screen.contains("does not exist")
            });
        }
    }
    filter(&mut console, "00001");
    console.send("\r\x1b");
    console.see("/ filter");
    for order in ["age ↑", "admin ↑", "name ↑"] {
        console.send("o");
        console.see(order);
    }
    let after_looking = resident(&console);
    console.send("n");
    console.see("New organization");
    console.send(&format!("zebra\rzoe@zebra.example\rviolet harbor lantern 42{SUBMIT}"));
    console.see("Created");
    let after_a_create = resident(&console);
    let measured = format!(
        "{} after scrolling, {} after a create",
        megabytes(after_looking),
        megabytes(after_a_create)
    );
    let kept = after_looking.max(after_a_create) * 1_024 <= most * 1_000_000;
    table.row(what, &format!("{most} MB"), &measured, kept);
    leave(&mut console);
}

/// Presses a key that selects another row; how long until that is on its way to the screen.
fn moved(console: &mut Console, key: &str) -> Duration {
    let before = selected(&console.screen());
    let sent = Instant::now();
    console.send(key);
    let shown =
        console.wait_until("another row", |received| selected(&received.screen()) != before);
    shown.saturating_duration_since(sent)
}

/// Types a filter; how long each letter took to appear.
fn filter(console: &mut Console, text: &str) -> Vec<Duration> {
    console.send("/");
    console.see_no_more("/ filter");
    let mut typed = String::new();
    let mut times = Vec::new();
    for letter in text.chars() {
        typed.push(letter);
        let sent = Instant::now();
        console.send(&letter.to_string());
        let shown = console
            .wait_until("the letter", |received| received.screen().contains(&format!("/ {typed}")));
        times.push(shown.saturating_duration_since(sent));
    }
    times
}

fn leave(console: &mut Console) {
    console.send("\x03");
    console.ends_within(Duration::from_secs(5));
}

fn has(received: &Received, words: &str) -> bool {
    received.bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

fn selected(screen: &str) -> Option<String> {
    let row = screen.lines().find(|line| line.starts_with('▌'))?;
    // What is right of the list follows later.
    Some(row.chars().take(20).collect())
}

/// Resident memory in units of 1,024 bytes.
fn resident(console: &Console) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", console.pid.as_raw_pid()));
    number(&status.unwrap_or_default(), "VmRSS:")
}

/// How often its threads gave up the processor of their own accord.
fn switches(console: &Console) -> u64 {
    let tasks = format!("/proc/{}/task", console.pid.as_raw_pid());
    let tasks = fs::read_dir(tasks).expect("the process is there").flatten();
    tasks
        .map(|task| fs::read_to_string(task.path().join("status")).unwrap_or_default())
        .map(|status| number(&status, "voluntary_ctxt_switches:"))
        .sum()
}

fn number(status: &str, field: &str) -> u64 {
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "far less than that")]
fn megabytes(kibibytes: u64) -> String {
    format!("{:.1} MB", kibibytes as f64 * 1.024 / 1_000.0)
}
