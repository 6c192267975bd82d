//! What was found not to belong together, and what a repair needs to know about it.

use mongodb::bson::{Document, oid::ObjectId};

use super::named::Candidate;
use crate::store::Inconsistency;

/// What there is to say when nobody can log in to an organization.
pub(super) const NO_ADMIN: &str = "transfer it to another owner with `tenantry admin transfer`, or restore its admin from a backup";

/// A finding, and what a repair needs to know about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) inconsistency: Inconsistency,
    pub(super) what: What,
}

/// What a repair needs to know.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// Settled by whatever is done when a console connects.
    OnConnecting,
    /// A collection that is nobody's; `sure` where it can only be ours.
    Collection { candidate: Candidate, sure: bool },
    /// An organization's collection is missing.
    NoCollection { record: Document, collection: String },
    /// An admin who is nobody's.
    Admin { candidate: Candidate, admin: Document, sure: bool },
    /// The e-mails that a record lists are not those of its admins.
    OtherEmails(ObjectId),
    /// Records name that database, of which this one is a copy.
    Copied(String),
    /// Only a person can.
    ByHand(&'static str),
}
