//! What the console looks like, screen by screen: states made by messages alone, drawn, and compared
//! with what is committed, text and styles both.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests are tests

mod admins;
mod audit;
mod columns;
mod connection;
mod dashboard;
mod document_edit;
mod document_tree;
mod documents;
mod dump;
mod form;
#[path = "../support/list.rs"]
mod list;
mod looks;
mod manual;
#[path = "../support/orgs.rs"]
mod orgs;
mod people;
mod pretend;
mod pretend_documents;
mod pretend_sizes;
mod properties;

mod reason;
mod screens;
mod second_factor;
mod selection;
mod trash;
mod words;
