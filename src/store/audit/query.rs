//! Which entries of the audit log are asked for.

use bson::{DateTime, oid::ObjectId};

/// Which entries.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditQuery {
    /// Only those about the organization with this identity or exactly this name.
    pub of: Option<(Option<ObjectId>, String)>,
    /// Only those from this time on.
    pub since: Option<DateTime>,
    /// From where, and in which order.
    pub at: AuditAt,
    /// The most entries.
    pub limit: u32,
}

/// From where entries are read, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAt {
    /// Those after this number, the oldest first.
    After(i64),
    /// Those before this number, the newest first.
    Before(i64),
    /// The newest first.
    Newest,
}
