//! Organizations: the list, each of them, what is claimed, and the operations on them.

use async_trait::async_trait;
use bson::oid::ObjectId;

use super::{Count, Entry, Holder, Operation, Page, PageQuery, Result, Settled};
use crate::org::{Claim, ListScope, Org};

/// Organizations, found and changed.
///
/// Each change is made to an organization as it was read: where it has changed since, nothing is done.
/// [`Org::revision`] counts the changes: it begins at 0, and each operation that is done adds one; a suspension
/// of one that is suspended already, and a reactivation of one that is active, change nothing and add nothing.
/// [`Org::login_epoch`] counts what ended all logins at once: each suspension and each move to the trash, and
/// nothing else.
///
/// A time that an operation or its entry brings (of a creation, of an entry, until when a code is good) is stored
/// as it is. When an organization went to the trash, and whether its time there, an account's wait or somebody's
/// turn is over, is by the clock of the database: of a file, by that of the machine.
#[async_trait]
pub trait Organizations: Send + Sync {
    /// One page of the list, in the order asked for, by keyset: as fast at any depth.
    /// An organization whose creation is still under way is not in it. A search of more than
    /// [`crate::org::SEARCH_MOST`] characters finds nothing.
    async fn page(&self, query: &PageQuery) -> Result<Page>;

    /// How many organizations on the list match, counting no further than `most`; none for a search that is too
    /// long.
    async fn count(&self, of: ListScope, search: Option<&str>, most: u64) -> Result<Count>;

    /// The organization with this identity, also one in the trash.
    async fn org(&self, id: ObjectId) -> Result<Option<Org>>;

    /// Those of these that are on this list, in any order.
    async fn present(&self, ids: &[ObjectId], on: ListScope) -> Result<Vec<ObjectId>>;

    /// The organization with this name on the list: the one stored exactly so, or else the one with
    /// the same [`crate::org::name_key`]. Of several in the trash, the one that was put there last.
    async fn org_named(&self, name: &str, from: ListScope) -> Result<Option<Org>>;

    /// Who holds a claim: the name of that organization as stored.
    async fn holder(&self, claim: &Claim) -> Result<Option<Holder>>;

    /// Refuses an organization whose documents are in what cannot be moved, and so neither trashed nor
    /// purged. No file has such a thing.
    ///
    /// # Errors
    /// [`super::StoreError::InTheWay`] with what it is, or the database's.
    async fn ensure_movable(&self, _org: &Org) -> Result<()> {
        Ok(())
    }

    /// Does an operation, and puts `entry` into the audit log, which says so: both or neither. The organization
    /// afterwards; none when it is gone. What was begun and had to be taken back is there too, by a
    /// second entry ([`super::Outcome::TakenBack`]); a refusal that nothing was begun for is not.
    ///
    /// # Errors
    /// [`super::StoreError::Taken`] when any claim, or the collection itself, is somebody's already,
    /// [`super::StoreError::Changed`] when the record is no longer as in the operation, or on another list,
    /// [`super::StoreError::Gone`] when there is none any more, [`super::StoreError::Busy`] while another change
    /// is under way; then nothing was changed. [`super::StoreError::OutcomeUnknown`] where nobody knows yet.
    async fn perform(&self, operation: &Operation, entry: &Entry) -> Result<Option<Org>>;

    /// What came of the operation on the organization that is in the audit log with this entry.
    async fn outcome(&self, org: ObjectId, entry: ObjectId) -> Result<Settled>;
}
