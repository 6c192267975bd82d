//! What only the embedded database must do: lose nothing whenever it is cut off, whatever the disk does;
//! share its file with other consoles, leave alone what is not its own, and keep the file to its owner.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test they are the failure"
)]

mod admins;
mod attempts;
mod audit;
mod cases;
mod clock;
#[cfg(feature = "failpoints")]
mod crash;
mod damage;
mod disk;
mod fixture;
mod foreign;
#[cfg(feature = "failpoints")]
mod import;
mod live;
mod log;
mod looking;
mod moved;
mod outside;
mod relevance;
mod ruled;
#[path = "../support/mod.rs"]
mod support;
#[path = "../command/tool.rs"]
#[allow(dead_code, reason = "made for another test target, which uses the rest")]
mod tool;
mod uncommitted;
mod unwritable;
