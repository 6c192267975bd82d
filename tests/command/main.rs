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
mod export;
#[path = "../mongo/fixture.rs"]
#[allow(dead_code, reason = "made for another test target, which uses the rest")]
mod fixture;
mod help;
mod hostile;
mod import;
mod keys;
mod life;
mod looking;
mod mail;
mod manual;
mod reason;
mod refused;
mod rights;
mod scripts;
mod settings;
mod sizes;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod tool;
