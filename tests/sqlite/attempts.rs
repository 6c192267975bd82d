//! Attempts to log in, as only a file can show them: what is left of them in it, and a clock that is
//! not what it was.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use tenantry::store::traits::*;

use bson::DateTime;
use rusqlite::Connection;
use tenantry::store::{
    Attempt, AttemptResult, FREE_ATTEMPTS, LONGEST_WAIT, sqlite::SqliteStore, wait_after,
};

use crate::cases::sql;
use crate::fixture::{file, made, open};

const ADA: &str = "ada@acme.com";
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What is kept of the one account that somebody tried: failures, those that were looked at, and until
/// when it waits.
fn kept(path: &Path) -> (i64, i64, i64) {
    let raw = Connection::open(path).unwrap();
    let sql = "SELECT failures, looked_at, until FROM login_attempts";
    raw.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
}

fn accounts(path: &Path) -> usize {
    let raw = Connection::open(path).unwrap();
    raw.query_row("SELECT count(*) FROM login_attempts", [], |row| row.get(0)).unwrap()
}

async fn locked_out(store: &SqliteStore) {
    for _ in 0..FREE_ATTEMPTS {
        assert!(guess_once(store).await);
    }
}

/// Whether it was looked at, and wrong.
async fn guess_once(store: &SqliteStore) -> bool {
    let Attempt::Granted(place) = store.attempt(ADA, None).await.unwrap() else { return false };
    store.answer_attempt(ADA, place, AttemptResult::Wrong).await.unwrap();
    true
}

#[tokio::test]
async fn what_was_typed_as_an_email_is_nowhere_in_the_file() {
    let (directory, path) = file();
    let store = open(&path).unwrap();
    store.attempt("Correct Horse Battery", None).await.unwrap();
    store.attempt(ADA, None).await.unwrap();
    assert_eq!(accounts(&path), 2);
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap().to_ascii_lowercase();
        for typed in [&b"horse"[..], ADA.as_bytes()] {
            assert!(!bytes.windows(typed.len()).any(|window| window == typed));
        }
    }
}

#[tokio::test]
async fn a_clock_that_was_put_back_makes_nobody_wait_longer() {
    let (_directory, path) = file();
    let store = open(&path).unwrap();
    locked_out(&store).await;
    // A year ago by the clock of today.
    for (looked_at, longest) in [(FREE_ATTEMPTS, wait_after(FREE_ATTEMPTS)), (99, LONGEST_WAIT)] {
        sql(
            &path,
            &format!(
                "UPDATE login_attempts SET looked_at = {looked_at}, until = until + {0}, at = at + {0}",
                365 * DAY
            ),
        );
        let before = DateTime::now().timestamp_millis();
        let Ok(Attempt::Wait(left)) = store.attempt(ADA, None).await else { panic!("granted") };
        assert!(left <= longest, "{left:?}");
        // And it ends: what is kept is an end that comes.
        let (_, still, until) = kept(&path);
        assert_eq!(still, looked_at);
        let most = before + i64::try_from(longest.as_millis()).unwrap() + 5000;
        assert!((before..most).contains(&until), "{until} {before}");
        let Ok(Attempt::Wait(again)) = store.attempt(ADA, None).await else { panic!("granted") };
        assert!(again <= left && kept(&path).2 == until);
    }
    let ended = format!("UPDATE login_attempts SET until = {}", DateTime::now().timestamp_millis());
    sql(&path, &ended);
    assert!(guess_once(&store).await);
}

#[tokio::test]
async fn an_account_that_nobody_tried_for_thirty_days_is_forgotten() {
    let (_directory, path) = file();
    let store = made(&path).await;
    for (days, left) in [(29, 2), (31, 1)] {
        sql(&path, "DELETE FROM login_attempts");
        locked_out(&store).await;
        sql(&path, &format!("UPDATE login_attempts SET at = at - {}", days * DAY));
        store.attempt("bob@globex.com", None).await.unwrap();
        assert_eq!(accounts(&path), left, "{days} days");
    }
    assert_eq!(store.forget_attempts(ADA).await, Ok(0));
}

/// Whoever tries many e-mails does not make the next attempt slower.
#[tokio::test]
async fn what_is_forgotten_is_found_without_looking_at_every_account() {
    let (_directory, path) = file();
    drop(made(&path).await);
    let raw = Connection::open(&path).unwrap();
    let plan = "EXPLAIN QUERY PLAN DELETE FROM login_attempts WHERE at < 5";
    let plan: String = raw.query_row(plan, [], |row| row.get(3)).unwrap();
    assert!(plan.starts_with("SEARCH") && plan.contains("login_attempts_by_at"), "{plan}");
}

/// How often each of two processes guesses.
const EACH: usize = 25;

#[tokio::test]
async fn guesses_of_two_processes_share_one_count() {
    if let Some(path) = std::env::var_os("GUESS_FILE") {
        return guess_when_told(Path::new(&path)).await;
    }
    let (_directory, path) = file();
    let store = open(&path).unwrap();
    let name = "attempts::guesses_of_two_processes_share_one_count";
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("GUESS_FILE", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(other.stdout.take().unwrap());
    assert_eq!(said(&mut out), "ready");
    let began = Instant::now();
    other.stdin.take().unwrap().write_all(b"\n").unwrap();
    let granted = guess(&store).await + said(&mut out).parse::<i64>().unwrap();
    let took = began.elapsed();
    assert!(other.wait().unwrap().success());
    // Five at once, and one more for each wait that was over meanwhile.
    let waited = i64::from((took.as_secs() + 1).ilog2());
    let most = FREE_ATTEMPTS + waited;
    assert!((FREE_ATTEMPTS..=most).contains(&granted), "{granted} in {took:?}");
    // Who was in line is none, until there is an answer.
    assert!(kept(&path).0 <= 2 * i64::try_from(EACH).unwrap());
    assert!(kept(&path).0 >= granted);
}

/// What the other process does.
async fn guess_when_told(path: &Path) {
    let store = open(path).unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "\n=ready").unwrap();
    out.flush().unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    writeln!(out, "\n={}", guess(&store).await).unwrap();
    out.flush().unwrap();
}

/// How many of the attempts were granted.
async fn guess(store: &SqliteStore) -> i64 {
    let mut granted = 0;
    for _ in 0..EACH {
        granted += i64::from(guess_once(store).await);
    }
    granted
}

/// The next thing the other process says.
fn said(out: &mut impl BufRead) -> String {
    let mut lines = out.lines().map(Result::unwrap);
    lines.find_map(|line| line.strip_prefix('=').map(str::to_owned)).unwrap()
}
