//! What only MongoDB has: databases of the service before this one, recovery of a cut-off operation,
//! connections that fail, and users who may do little. What every store has is in `tests/conformance`.

#![allow(missing_docs)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test that cannot go on fails.

mod support;

#[path = "mongo/admins.rs"]
mod admins;
#[path = "mongo/attempts.rs"]
mod attempts;
#[path = "mongo/audit.rs"]
mod audit;
#[path = "mongo/away.rs"]
mod away;
#[path = "mongo/clashes.rs"]
mod clashes;
#[path = "mongo/collation.rs"]
mod collation;
#[path = "mongo/connection.rs"]
mod connection;
#[path = "mongo/cost.rs"]
mod cost;
#[path = "mongo/dirty.rs"]
mod dirty;
#[path = "mongo/doctor.rs"]
mod doctor;
#[path = "mongo/elsewhere.rs"]
mod elsewhere;
#[path = "mongo/export.rs"]
mod export;
#[path = "mongo/files.rs"]
mod files;
#[path = "mongo/filter.rs"]
mod filter;
#[path = "mongo/filter_made.rs"]
mod filter_made;
#[path = "mongo/fixture.rs"]
mod fixture;
#[path = "mongo/foreign.rs"]
mod foreign;
#[path = "mongo/import.rs"]
mod import;
#[path = "mongo/legacy.rs"]
mod legacy;
#[path = "mongo/live.rs"]
mod live;
#[path = "mongo/operators.rs"]
mod operators;
#[path = "mongo/privilege.rs"]
mod privilege;
#[path = "mongo/recovery.rs"]
mod recovery;
#[path = "mongo/roles.rs"]
mod roles;
#[path = "mongo/sort.rs"]
mod sort;
#[path = "mongo/suspension.rs"]
mod suspension;
#[path = "mongo/trash.rs"]
mod trash;
#[path = "mongo/unreadable.rs"]
mod unreadable;
#[path = "mongo/upgrade.rs"]
mod upgrade;
#[path = "mongo/validator.rs"]
mod validator;
#[path = "mongo/views.rs"]
mod views;
