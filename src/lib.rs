//! Tenantry: a console for the people who run many organizations on one MongoDB.
//!
//! # Rooms
//! Arrows point one way: what is further down uses what is above it, never the other way round. A test
//! reads the `use` lines.
//!
//! | room | what is in it | what it uses |
//! |---|---|---|
//! | [`org`] | what things are: names, e-mails, passwords, roles, as types that cannot be wrong | |
//! | [`document`] | one document as text and back, and filters: what of it matches | `org` |
//! | [`store`] | where organizations are kept: a trait for each concern and [`store::Store`] for all, its two databases ([`store::mongo`], [`store::sqlite`]) | `org`, `document` |
//! | [`tenancy`] | what can be done, and by whom: every rule, once | `org`, `document`, `store` |
//! | [`keymap`] | the table of the console's commands and their keys | `org` |
//! | [`manual`] | the pages of the manual, and how they look on a terminal | `org` |
//! | [`theme`] | the console's colours and marks | |
//! | [`config`] | flags, environment and configuration file become one value | all above but `manual` and `document` |
//! | [`command`] | the operations without a screen | all above |
//! | [`console`] | the operations on a screen | all above but `command` |
//!
//! `main` chooses between the last two. `failpoint` is where tests kill the program.
//!
//! # From a key to the database and back
//! `console::input` makes keys of the terminal's bytes; `console::runtime` hands them to the state,
//! `console::app`, as messages. The state asks [`keymap`] which command a key is where one is, changes,
//! and answers with effects. `console::runtime` runs each effect as a task on [`tenancy`], which checks
//! the rules and calls the [`store::Store`]. What comes back is a message again. After all messages that
//! have queued up, `console::view` draws the state once and hands back what is where, which the state reads
//! for the mouse and for what scrolls; `console::terminal` writes what is different.
//!
//! # Where to look
//! - Logins and sessions: `tenancy/session` (`tenancy/session/tokens.rs` signs and verifies,
//!   `tenancy/session/attempts.rs` counts attempts); passwords are hashed through the queue in
//!   `tenancy/hashing.rs`; admins, roles and one-time codes are in `tenancy/admins.rs`.
//! - Operators are one document (`store/operators.rs`), managed in `tenancy/operators.rs`; what each role may do is the
//!   table in `tenancy/rights.rs`.
//! - Transferring an organization: `tenancy/transfer.rs`, `store/mongo/operation/transfer.rs`, `store/sqlite/admins.rs`.
//!   Why something is done: `org/reason.rs`, required by [`tenancy::Rules::reason`], typed in `console/app/reason.rs`.
//! - What others stored is an [`org::StoredText`], whose `Display` escapes it (`org/text.rs`); connection
//!   strings lose their secrets in `org/connection_string.rs`.
//! - Filters of documents: `document/filter`. What a query may have is in `document/filter/read.rs`, what a typed line
//!   means in `document/filter/guess.rs`, and the server's rules in `document/filter/matching.rs`. The embedded database
//!   looks for what matches in `store/sqlite/documents.rs`; the console's screen of documents is `console/app/documents.rs`.
//! - How a document is written and read as text: `document/shell.rs` and `document/json.rs` write, `document/parse.rs`
//!   reads; a constructor of the shell is a row in `document/call.rs`, one of Extended JSON in `document/wrapper.rs`.
//! - What a search matches, and its rank: `org/search`. How a page of matches is found: `store/search.rs`; on
//!   MongoDB with the fields of `store/mongo/listing.rs`, in the embedded database with the index of
//!   `store/sqlite/search.rs`. The sort key of a name: `org/order.rs`.
//! - What is known of each operation, with its code in the audit log, is in `org/operation.rs`; on MongoDB a rename is
//!   `store/mongo/operation/update.rs`, and `store/mongo/operation/back.rs` undoes what was interrupted.
//! - Which entries of the audit log a filter lets through is in `store/audit/query.rs`, how it is typed in
//!   `store/audit/typed.rs`, what MongoDB is asked in `store/mongo/audit_filter.rs`. The console's screen of it is
//!   `console/app/audit.rs`.
//! - Bulk operations: the question is `console/app/bulk.rs`, what goes on behind it `console/app/jobs.rs` and
//!   `console/app/job.rs`, and which organizations are selected `console/app/selection.rs`.
//! - A word of the footer is in `keymap/table.rs`, or where it depends on the state in `console/view/hints.rs`.
//!
//! # What to touch
//! The compiler names each place that is still missing, unless it says otherwise.
//!
//! - **A key or a command of the console**: a variant in `keymap/command.rs`, its row in
//!   `keymap/table.rs`, what it does in `console/app/browsing.rs`, or in `console/app/layer_keys.rs` for
//!   something above the list. Footer, help, palette and configuration follow from the row.
//! - **A column of the list**: a variant of [`keymap::Column`], how it fits in `console/columns.rs`, and what it shows in
//!   `console/view/list.rs`. What is kept of the choice is in `console/kept.rs`.
//! - **An operation**: its variant of [`store::Operation`] (`store/operation.rs`) and of [`org::OperationKind`]
//!   (`org/operation.rs`: who may, what it writes, what undoes it); its rule in `tenancy`; in `store/sqlite/write.rs` one transaction; for MongoDB a
//!   file in `store/mongo/operation` with what its journal keeps, what reserves it, its steps forward and its
//!   way back, which `store/mongo/operation/mod.rs` names; its words in `command/line/org.rs` and what runs
//!   them in `command/org.rs`; in the console its row in the key table. The conformance suite and the crash
//!   matrix (`tests/crash/operation.rs`) have a list each.
//! - **A stored field**: `store/mongo/record.rs` (and `store/mongo/migrate.rs` where it is derived from the
//!   FastAPI service's fields, `store/mongo/shape.rs` where another program may have one of that name),
//!   `store/sqlite/schema.rs` with a new format, and `store/mongo/read.rs` and `store/sqlite/read.rs`. The
//!   corpus of older databases is in `tests/support/corpus.rs`.
//! - **A rule**: `tenancy` alone (who calls is its [`tenancy::Caller`]), and its [`tenancy::Error`] or
//!   [`tenancy::Refusal`] with what to do.
//! - **A page of the manual**: its file in assets/manual, its line in `manual/mod.rs` and in the README's table (a
//!   test says so), and its line in the `pages!` of `tests/command/manual.rs`, which runs its commands.
//! - **A tab**: its line in the `tabs!` of `console/app/detail.rs`, which also loads what it shows; its place
//!   in `keymap/place.rs` and in the `BROWSING` of `keymap/table.rs` (a test says so), which
//!   `console/app/mod.rs` and `console/app/keys.rs` name; the effect and the message that load it in
//!   `console/app/message.rs` and `console/runtime/effects.rs`; how far it scrolls in
//!   `console/view/detail.rs`, and a file in `console/view` that draws it.

#[cfg(test)]
extern crate self as tenantry;

pub mod command;
pub mod config;
pub mod console;
pub mod document;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod keymap;
pub mod manual;
pub mod org;
pub mod store;
pub mod tenancy;
pub mod theme;

#[cfg(test)]
mod map;
#[cfg(test)]
#[path = "../tests/support/orgs.rs"]
mod orgs;
