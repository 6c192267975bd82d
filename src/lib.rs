//! Tenantry: a console for the people who run many organizations on one MongoDB.
//!
//! Arrows point one way: `org ← store ← tenancy ← console, command ← main`.

#[cfg(test)]
extern crate self as tenantry;

pub mod command;
pub mod config;
pub mod console;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod keymap;
pub mod org;
pub mod store;
pub mod tenancy;
pub mod theme;
