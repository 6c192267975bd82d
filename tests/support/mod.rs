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
