//! The audit log: what was done, what was refused, and how it shows that it was tampered with.

mod chain;
mod entry;
mod query;
mod typed;

use async_trait::async_trait;
use bson::Document;

pub use chain::{Head, Tampering, Verification};
pub use entry::{Difference, Entry, Outcome, Settled};
pub(in crate::store) use query::WHO;
pub use query::{AuditAt, AuditFilter, AuditQuery, Part, Within};
pub use typed::{FilterFault, parse_filter};

use super::Result;

/// The audit log: entries with numbers from 1 on and without a gap, each of which has the hash of the one before
/// ([`Head::followed_by`]). An operation's entry gets there by [`super::Organizations::perform`].
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Puts an entry at the end; once, however often it is tried, and by whomever. The answer comes once it is
    /// durably there. Of many that append at once nobody waits for more than one write before its own.
    async fn append(&self, entry: &Entry) -> Result<()>;

    /// Entries as they are stored, in the order asked for. Of one that cannot be read, or is larger than any
    /// that we write, nothing but its number: a verification takes it for edited.
    async fn entries(&self, query: &AuditQuery) -> Result<Vec<Document>>;
}
