//! Pulling the plug: every operation, cut off at every single step, in every way. Afterwards it has happened
//! whole or not at all, and nothing has to be cleared up by hand.
//!
//! `sample` says what is done and what must be there before and after it, `fault` how it is cut off,
//! `server` brings the servers that are killed for it. What cuts off is `tenantry::failpoint`.

#![allow(missing_docs)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test that cannot go on fails.

mod beside;
mod fault;
mod held;
mod late;
mod late_matrix;
mod matrix;
mod mixed;
mod model;
mod operation;
mod program;
mod proxy;
mod replies;
mod rivals;
mod sample;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod tenants;
mod traces;
mod upgrades;
mod world;
