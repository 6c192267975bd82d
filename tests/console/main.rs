//! The console as its users meet it: the real program in a real pseudo-terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod admins;
mod budgets;
mod documents;
mod endings;
#[path = "../mongo/fixture.rs"]
#[allow(dead_code, reason = "made for another test target, which uses the rest")]
mod fixture;
mod hands;
mod hostile;
mod kept;
mod keyboard;
mod life;
mod live;
mod looks;
mod pictures;
mod profiles;
mod server;
#[path = "../support/mod.rs"]
mod support;
