//! What can be done with a document before a database is asked.

pub mod filter;
