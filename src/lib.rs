//! Tenantry: a console for the people who run many organizations on one MongoDB.
//!
//! # Rooms
//! Arrows point one way: what is further down uses what is above it, never the other way round. A test
//! reads the `use` lines.
//!
//! | room | what is in it | what it uses |
//! |---|---|---|
//! | [`org`] | what things are: names, e-mails, passwords, roles, as types that cannot be wrong | |
//! | [`document`] | one document as text and back, what changed in it, and filters: what of it matches | `org` |
//! | [`archive`] | an exported organization: the format of its file, written and read | `org`, `document` |
//! | [`store`] | where organizations are kept: a trait for each concern and [`store::Store`] for all, its two databases ([`store::mongo`], [`store::sqlite`]) | `org`, `document`, `archive` |
//! | [`secret_file`] | secrets that are in files of their own | `org` |
//! | [`mail`] | a one-time code on its way to its admin | `org`, `secret_file` |
//! | [`tenancy`] | what can be done, and by whom: every rule, once | `org`, `document`, `archive`, `store`, `mail` |
//! | [`keymap`] | the table of the console's commands and their keys | `org` |
//! | [`manual`] | the pages of the manual, and how they look on a terminal | `org` |
//! | [`theme`] | the console's colours and marks | |
//! | [`config`] | flags, environment and configuration file become one value | all above but `manual` and `document` |
//! | [`command`] | the operations without a screen | all above |
//! | [`console`] | the operations on a screen | all above but `command` |
//! | [`http`] | the operations for programs | `org`, `document`, `store`, `tenancy`, `config` |
//!
//! `main` chooses between the last three. `failpoint` is where tests kill the program.
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
//!   `tenancy/session/attempts.rs` counts attempts, `tenancy/session/shared.rs` is about sessions that several instances share
//!   and refresh tokens); passwords are hashed through the queue in
//!   `tenancy/hashing.rs`; admins, roles and one-time codes are in `tenancy/admins.rs`.
//! - Operators are one document (`store/operators.rs`), managed in `tenancy/operators.rs`; what each role may do is the
//!   table in `tenancy/rights.rs`. Their API keys are in that document too: `org/api_key.rs` is what one looks like,
//!   `tenancy/api_keys.rs` manages them, `tenancy/session/key.rs` knows a caller by one, and what a key never does is a
//!   table beside the roles'. What ends by itself and all instances share is `store/short_lived.rs`.
//! - Transferring an organization: `tenancy/transfer.rs`, `store/mongo/operation/transfer.rs`, `store/sqlite/admins.rs`.
//!   Why something is done: `org/reason.rs`, required by [`tenancy::Rules::reason`], typed in `console/app/reason.rs`.
//! - What others stored is an [`org::StoredText`], whose `Display` escapes it (`org/text.rs`); connection
//!   strings lose their secrets in `org/connection_string.rs`.
//! - Filters of documents: `document/filter`. What a query may have is in `document/filter/read.rs`, what a typed line
//!   means in `document/filter/guess.rs`, and the server's rules in `document/filter/matching.rs`. The embedded database
//!   looks for what matches in `store/sqlite/documents.rs`; the console's screen of documents is `console/app/documents.rs`.
//! - The order of documents is a [`store::DocumentOrder`]; what MongoDB is asked for a page of it, in
//!   `store/mongo/document_page.rs`.
//! - A document is changed in `tenancy/documents.rs` (what can be, and what is recorded), `store/mongo/document_write.rs` with
//!   the command in `store/mongo/document_command.rs`, and `store/sqlite/document_write.rs`. In the console the editor and
//!   the questions behind it are `console/app/document_edit.rs`, the tree `console/app/document_tree.rs`, and one value in
//!   its place `console/app/document_value.rs`; what someone else changed or deleted meanwhile is `console/app/document_merge.rs`
//!   and `console/app/document_gone.rs`; the person's own editor is run in `console/runtime/outside.rs`.
//! - How a document is written and read as text: `document/shell.rs` and `document/json.rs` write, `document/parse.rs`
//!   reads; a constructor of the shell is a row in `document/call.rs`, one of Extended JSON in `document/wrapper.rs`.
//! - What changed between two documents is in `document/difference.rs`, what two changes come to in `document/merge.rs`;
//!   which element of an array became which, in `document/align.rs`. The rows of a document that folds are
//!   `document/tree.rs`; one value changed in place is `document/replace.rs`. In the console these are
//!   `console/app/document_tree.rs` and `console/app/document_value.rs`.
//! - The file of an export: `archive/mod.rs` names its members, `archive/spool.rs` writes it, `archive/reader.rs` reads
//!   it. What its first member says is in `archive/manifest.rs`. What is read for it, and as of when, is in
//!   `store/export.rs`, `store/mongo/export.rs` and `store/sqlite/export.rs`; `tenancy/export.rs` writes it.
//! - An import stages the documents first: `store/mongo/import.rs`, `store/sqlite/import.rs`. The organization is made of them
//!   by `store/mongo/operation/import.rs`, and in the embedded database by one transaction. What is allowed is in
//!   `tenancy/import.rs`, and a copy to another database in `tenancy/copy.rs`.
//! - How much organizations hold is asked of many at once in `store/sizes.rs`, `store/mongo/sizes.rs` and
//!   `store/sqlite/sizes.rs`; commands say it in `command/sizes.rs`.
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
//! - The calls of the HTTP service are in `http/fastapi` and `http/v1`, their errors' statuses in `http/problem.rs`. Who
//!   sent a request is in `http/client.rs`, how often an address may ask in `http/limits.rs`, and the page for one-time
//!   codes in `http/redeem.rs`. Connections, TLS and the end are `http/server.rs`, how
//!   much of a body is read of whom is `http/body.rs`, and archives are streamed in `http/v1/archives.rs`.
//! - Sessions that several instances share, and refresh tokens: `tenancy/session/shared.rs`, kept with
//!   `store/short_lived.rs`. API keys: `tenancy/api_keys.rs`; what they may not do is in `tenancy/rights.rs`.
//! - A word of the footer is in `keymap/table.rs`, or where it depends on the state in `console/view/hints.rs`.
//!
//! # What to touch
//! The compiler names each place that is still missing, unless it says otherwise.
//!
//! - **A key or a command of the console**: a variant in `keymap/command.rs`, its row in
//!   `keymap/table.rs`, what it does in `console/app/browsing.rs`, or in `console/app/layer_keys.rs` for
//!   something above the list. Footer, help, palette and configuration follow from the row.
//! - **A column of the list**: a variant of [`keymap::Column`], how it fits in `console/columns.rs`, and what it shows in
//!   `console/view/list.rs`. What is kept of the choice is in `console/kept.rs`. When sizes are asked for is
//!   `console/app/sizes.rs`; the dashboard is `console/app/dashboard.rs`, its figures are read by
//!   `tenancy/survey.rs`.
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

pub mod archive;
pub mod command;
pub mod config;
pub mod console;
pub mod document;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod http;
pub mod keymap;
pub mod mail;
pub mod manual;
pub mod org;
pub mod secret_file;
pub mod store;
pub mod tenancy;
pub mod theme;

#[cfg(test)]
mod map;
#[cfg(test)]
#[path = "../tests/support/orgs.rs"]
mod orgs;
