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
}
