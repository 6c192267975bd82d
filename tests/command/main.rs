//! The real binary without a screen: a whole life on each database, every refusal with its words and
//! its exit code, prompts in a pseudo-terminal, and secrets and hostile names that never get out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails panics"
)]

mod admins;
mod bulk;
mod configuration;
mod corpus;
mod documents;
#[path = "../mongo/fixture.rs"]
#[allow(dead_code, reason = "made for another test target, which uses the rest")]
mod fixture;
mod help;
mod hostile;
mod life;
mod looking;
mod manual;
mod reason;
mod refused;
mod rights;
mod scripts;
mod settings;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod tool;
