//! The protocol by which the MongoDB store fences an operation, searched through: every interleaving.
//!
//! Two consoles, A and B, work on few organizations, one command at a time. Between any two commands
//! anything else may happen. A console may stop for ever or be slow at any time; a lease may run out at
//! any time; one command of a console may be *late*: its sender sees no answer, and it arrives at any
//! later time, or never. Names are used again. The service before this one may be at work beside them.
//!
//! `state` says what there is, `server` what a command does, `console`, `progress` and `look` what a
//! console does next, `rules` what must be true, `search` goes through it all, `scenario` says from
//! where and how far. In `whole` nothing goes wrong; in `without` one thing that keeps it so (`mends`)
//! is taken out, and the search finds what is lost.
//!
//! # What each step relies on
//!
//! - Whoever takes over fences *every* earlier lease first, also where it only gives up. Only a
//!   placeholder ends the fencing of a name; where what was there has just gone, it is tried again.
//! - A mark of an admin counts only if the lease was held after it was read: a fresh operation reads it
//!   before the reservation, everybody else renews the lease after marking and before writing.
//! - That an operation goes back is in the record before the audit log has anything of it.
//! - A creation may have made several collections. One too many is dropped, under the name of a lease
//!   only; what is at the customer's name and has the first document is the creation's own.
//! - A new admin is there, hidden, before the collection gets the customer's name: from then on nothing
//!   can refuse.
//! - A restoration shows only whom the record lists; who goes to the trash is not joining any more.
//! - For an answer the record is read first, then the audit log; whoever never sent its entry says
//!   “not done” without asking.
//! - Where there is no collection, no command about one is sent: there is no UUID to name.
//! - Nothing moves or goes that another record names as well.
//!
//! # The most dangerous ways, to be replayed on a real server
//!
//! Each begins with an operation of A, of which one command is held up. “B” is another console that finds
//! the lease run out, unless A goes on with a new lease, which comes to the same.
//!
//! | operation | held up | meanwhile | what must not be when it arrives |
//! |---|---|---|---|
//! | delete, purge | drop | B finishes; a new customer of the same name is created | its collection is gone |
//! | delete, purge | rename to the lease | B finishes or takes back; same name again | any collection at that name moves |
//! | delete, purge | drop | B has moved the collection on to its own lease | the placeholder is gone (then hold up the first rename as well) |
//! | rename | first rename | B finishes; same name again; ours goes to the trash | the new customer's collection moves |
//! | rename | first rename | B finishes; renamed back (same UUID) | the living collection moves |
//! | rename | second rename | B takes over and finishes or takes back | a placeholder, or the collection, is at `to` |
//! | rename | settling write | B settles; renamed back | the record has the name again |
//! | trash | first rename | B gives up (not begun when B looked, begun when A acts) | the living collection moves |
//! | trash | first or second rename | B finishes; restored (same UUID) | the documents are in the trash |
//! | trash | hiding the admin | B finishes; restored | a living organization's admin is hidden |
//! | trash | *nothing*: A sleeps before it reads the mark | B finishes; restored | the same: the mark is the restoration's |
//! | restore | first rename | B finishes; to the trash again | the documents are out of the trash |
//! | restore | showing the admin | B finishes; to the trash again | the old service finds the admin |
//! | create | first document | B takes over and finishes | a second collection, or a document in the customer's |
//! | create | first document | B takes back; same name by another | a foreign first document |
//! | create | second rename | B takes back; same name by another | a placeholder or foreign first document at the name |
//! | create | first document (arrives before B fences) | A, slow, has a second lease and B a third | one collection is left at a name without record |
//! | create | inserting the admin | B takes back | the old service finds it |
//! | admin add | inserting the admin | B finishes; the admin is removed | it is valid, or the old service finds it |
//! | admin add | inserting the admin | B takes back; to the trash; restored | the restoration shows it |
//! | admin add | showing the admin | settled; removed, or to the trash | the old service finds it |
//! | admin remove | deleting the admin | B takes back | a listed admin is gone |
//! | password | the update | B finishes; a second password | the first one holds |
//! | password | *nothing*: A sleeps before it reads the mark | B finishes; a second password | the same |
//! | any | reservation | A asks; it arrives; B gives it up | A says “done” |
//! | any | entry in the audit log | B gives up (also: and stops half-way) | it is carried out, or A says “done” |
//! | any | taking over | another takes over | both act |
//! | any | settling write, then its answer only | B finds it done | A says “not done” |

#![allow(missing_docs)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)] // A test that cannot go on fails.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Everything is small.

mod console;
mod legacy;
mod look;
mod mends;
mod progress;
mod rules;
mod scenario;
mod search;
mod server;
mod state;
mod trace;
mod whole;
mod without;
mod wrong;
