//! How much organizations hold, asked of many at once.

use async_trait::async_trait;
use bson::DateTime;

use super::{Result, Statistics};
use crate::org::Org;

/// How much is in an organization's collection, as the database itself has counted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Documents, bytes and indexes. A MongoDB server that was killed may count wrong until the collection is
    /// validated; [`super::Documents::statistics`] counts a small collection again.
    pub held: Statistics,
    /// The time in the greatest `_id`, where that is an `ObjectId`: that of the newest document, as long as drivers
    /// make them.
    pub newest: Option<DateTime>,
}

/// A part of a size, which organizations can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SizeKey {
    /// The bytes of the documents.
    #[default]
    Bytes,
    /// The number of documents.
    Documents,
    /// The number of indexes.
    Indexes,
    /// The time of the newest document.
    Newest,
}

impl SizeKey {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bytes, Self::Documents, Self::Indexes, Self::Newest];

    /// What sizes are compared by; none where it is not known.
    #[must_use]
    pub fn of(self, Size { held, newest }: Size) -> Option<i128> {
        Some(match self {
            Self::Bytes => held.bytes.into(),
            Self::Documents => held.documents.into(),
            Self::Indexes => held.indexes.into(),
            Self::Newest => newest?.timestamp_millis().into(),
        })
    }

    /// The next one, and after the last one the first.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Bytes => Self::Documents,
            Self::Documents => Self::Indexes,
            Self::Indexes => Self::Newest,
            Self::Newest => Self::Bytes,
        }
    }
}

/// How many files a database server has open. Each collection is one, and each of its indexes another; a server that may
/// open no more of them ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// How many of its data files are open.
    pub open: u64,
    /// How many files its operating system lets it open.
    pub most: u64,
}

impl OpenFiles {
    /// Whether more than four fifths of them are open: connections take some of the rest.
    #[must_use]
    pub fn are_nearly_all(self) -> bool {
        self.open > self.most / 5 * 4
    }
}

/// The sizes of organizations.
#[async_trait]
pub trait Sizes: Send + Sync {
    /// The size of each of these, in their order. None where it is not known: where the organization has no
    /// collection here, or a view or a time-series collection in its place, or where the database takes too long to
    /// say. Reads no documents but the last one's `_id`; dropping the future ends it.
    ///
    /// # Errors
    /// The database's; [`super::StoreError::Refused`] where this user may not ask for sizes.
    async fn sizes(&self, orgs: &[Org]) -> Result<Vec<Option<Size>>>;

    /// How many files the server has open. None where there is no server, or where it does not say that to this user.
    ///
    /// # Errors
    /// The database's.
    async fn open_files(&self) -> Result<Option<OpenFiles>>;
}
