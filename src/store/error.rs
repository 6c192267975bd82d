//! What can go wrong where organizations are kept, in words for a person.

use crate::org::{ClaimKind, StoredText};

/// The result of a store's method.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a store did not do what was asked. Nothing was changed, except where a variant says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody has it already.
    #[error("it is taken by {by}")]
    Taken {
        /// What is taken.
        what: ClaimKind,
        /// Who has it, as stored.
        by: StoredText,
    },
    /// The record is gone or no longer as it was when it was read.
    #[error("it was changed or deleted by someone else in the meantime")]
    Changed,
    /// Another change of the same organization is under way.
    #[error("it is being changed by {0} right now")]
    Busy(StoredText),
    /// The server did not answer. What was asked may or may not have happened; it is settled on the
    /// next connection.
    #[error("{address} cannot be reached: {problem}")]
    Unreachable {
        /// Where.
        address: String,
        /// What was tried and what came back.
        problem: String,
    },
    /// The server refused the console's own user.
    #[error("the database refuses: {0}")]
    Refused(String),
    /// The address, file name or connection string makes no sense.
    #[error("{0}")]
    Misconfigured(String),
    /// The file is no database of ours, or a damaged one.
    #[error("{0}")]
    Damaged(String),
    /// Anything else, in the database's own words.
    #[error("the database reports: {0}")]
    Other(String),
}
