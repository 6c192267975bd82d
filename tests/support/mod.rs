//! What the tests of several files share. Each file uses a part of it.
#![allow(dead_code, missing_docs)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test that cannot go on fails.

use std::{
    sync::{
        Once,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub mod access;
pub mod corpus;
pub mod format_6;
pub mod list;
pub mod mongod;
pub mod operations;
pub mod orgs;
pub mod pty;
pub mod service;
pub mod smtp;
pub mod totp;
pub mod traces;

/// At which cost the program hashes passwords, for an environment that has nothing else of this one.
#[cfg(feature = "failpoints")]
pub fn hash_cost() -> Option<(&'static str, String)> {
    use tenantry::failpoint::HASH_COST;
    std::env::var(HASH_COST).ok().map(|cost| (HASH_COST, cost))
}

/// What is measured hashes as people's passwords are hashed.
#[cfg(not(feature = "failpoints"))]
pub fn hash_cost() -> Option<(&'static str, String)> {
    None
}

/// For how long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that says nothing is waited for once: four and a half seconds, and what a busy machine adds. Whoever
/// waits twice takes longer than this.
pub const LESS_THAN_TWO_WAITS: Duration = Duration::from_millis(8_900);

/// Who does not wait for it at all.
pub const LESS_THAN_A_WAIT: Duration = Duration::from_millis(4_400);

/// How long something took, without the time in which the machine stood still: that says nothing about the program.
pub struct Stopwatch(u64);

/// How often it is looked whether the machine runs.
const LOOK: Duration = Duration::from_millis(20);

/// How many milliseconds this process has run. Of a longer pause than one between two looks, on a busy machine, only
/// that much is counted.
fn ran() -> u64 {
    static RAN: AtomicU64 = AtomicU64::new(0);
    static COUNTS: Once = Once::new();
    COUNTS.call_once(|| {
        std::thread::spawn(|| {
            loop {
                let slept = Instant::now();
                std::thread::sleep(LOOK);
                let passed = slept.elapsed().min(10 * LOOK).as_millis();
                RAN.fetch_add(u64::try_from(passed).unwrap(), Ordering::Relaxed);
            }
        });
    });
    RAN.load(Ordering::Relaxed)
}

impl Stopwatch {
    pub fn started() -> Self {
        Self(ran())
    }

    pub fn elapsed(&self) -> Duration {
        Duration::from_millis(ran() - self.0)
    }
}

/// Waits until it is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The text of a hash that can be told by its word, and that nobody knows the password of.
pub fn hash(word: &str) -> String {
    format!("$2b$12${word:.<53}")
}
