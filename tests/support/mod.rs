//! What the tests of several files share. Each file uses a part of it.
#![allow(dead_code, missing_docs)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test that cannot go on fails.

pub mod access;
pub mod corpus;
pub mod deeds;
pub mod mongod;
pub mod pty;
pub mod service;
pub mod traces;

/// The text of a hash that can be told by its word, and that nobody knows the password of.
pub fn hash(word: &str) -> String {
    format!("$2b$12${word:.<53}")
}
