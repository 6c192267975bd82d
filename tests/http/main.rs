//! The HTTP service: the real binary on a real port, asked by clients that know nothing of it. Beside it the FastAPI
//! service in whose place it is, so that what one answers is what the other does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails panics"
)]

mod archives;
mod around;
mod attack;
mod client;
mod differential;
mod documents;
mod fastapi;
mod figures;
mod killed;
mod life;
mod limits;
mod mail;
mod once;
mod open;
mod openapi;
mod people;
mod redeem;
mod serve;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod v1;
mod world;
