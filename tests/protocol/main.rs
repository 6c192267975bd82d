//! The protocol by which an operation is fenced, searched through: every interleaving.

#![allow(missing_docs)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test that cannot go on fails.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Everything is small.

mod console;
mod legacy;
mod mends;
mod progress;
mod rules;
mod scenario;
mod search;
mod server;
mod state;
mod trace;
mod whole;
mod without;
mod wrong;
