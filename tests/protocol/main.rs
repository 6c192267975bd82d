//! The protocol by which the MongoDB store fences an operation, searched through: every interleaving.
//!
//! Two consoles, A and B, work on few organizations, one command at a time. Between any two commands
//! anything else may happen. A console may stop for ever or be slow at any time; a lease may run out at
//! any time; one command of a console may be *late*: its sender sees no answer, and it arrives at any
//! later time, or never. Names are used again. The service before this one may be at work beside them.
//!
//! `state` says what there is, `server` what a command does, `console`, `progress` and `look` what a
//! console does next, `rules` what must be true, `search` goes through it all, `scenario` says from
//! where and how far. In `whole` nothing goes wrong; in `without` one thing that keeps it so (`mends`)
//! is taken out, and the search finds what is lost.
//!
//! # What each step relies on
//!
//! - Whoever takes over fences *every* earlier lease first, also where it only gives up. Only a
//!   placeholder ends the fencing of a name; where what was there has just gone, it is tried again.
//! - A mark of an admin counts only if the lease was held after it was read: a fresh operation reads it
//!   before the reservation, everybody else renews the lease after marking and before writing.
//! - That an operation goes back is in the record before the audit log has anything of it.
//! - A creation may have made several collections. One too many is dropped, under the name of a lease
//!   only; what is at the customer's name and has the first document is the creation's own.
//! - A new admin is there, hidden, before the collection gets the customer's name: from then on nothing
//!   can refuse.
//! - A restoration shows only whom the record lists; who goes to the trash is not joining any more.
//! - For an answer the record is read first, then the audit log; whoever never sent its entry says
//!   “not done” without asking.
//! - Where there is no collection, no command about one is sent: there is no UUID to name.
//! - Nothing moves or goes that another record names as well.
//!
//! # The most dangerous ways
//!
//! They are in `tests/support/traces.rs`. `without` says which of its searches finds each, and
//! `tests/crash/traces.rs` leads a real server each of them.

#![allow(missing_docs)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test that cannot go on fails.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Everything is small.

mod console;
mod legacy;
mod look;
mod mends;
mod progress;
mod rules;
mod scenario;
mod search;
mod server;
mod state;
mod trace;
#[path = "../support/traces.rs"]
mod traces;
mod whole;
mod without;
mod wrong;
