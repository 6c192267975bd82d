//! What only the embedded database must do: lose nothing whenever it is cut off, whatever the disk does;
//! share its file with other consoles, leave alone what is not its own, and keep the file to its owner.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test they are the failure"
)]

mod crash;
mod deeds;
mod fixture;
mod foreign;
mod outside;
#[path = "../command/tool.rs"]
#[allow(dead_code)]
mod tool;
