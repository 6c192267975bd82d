//! Looking after a database: opening it for writing, upgrading, recovering, purging, examining.

use async_trait::async_trait;

use super::{Examination, Finding, Place, Progress, Purge, Result, StoreError, UpgradePlan};

/// What keeps a database sound. Nothing but these methods and those that write does any of it: looking and
/// opening write nothing.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// What the title bar and error texts call this database.
    fn place(&self) -> &Place;

    /// Why this store can only be read, in a sentence, when it can; for example because records an
    /// older program wrote clash. Nothing is written then.
    fn only_readable_because(&self) -> Option<&str>;

    /// Whether there is a database, or will be one only with the first write. Writes nothing.
    async fn is_there(&self) -> Result<bool>;

    /// Makes everything ready that a write stands on, settles what was left half-done, and brings along what
    /// another program added. Reading and opening never do; every method that writes does so itself, and
    /// whoever calls it before hears earlier why nothing may be written.
    ///
    /// # Errors
    /// [`StoreError::NeedsUpgrade`] where nobody has agreed yet, [`StoreError::Refused`] where nothing may
    /// be written, or the database's.
    async fn prepare(&self, operator: &str) -> Result<()>;

    /// Whether somebody has yet to agree to an upgrade before anything can be written. Writes nothing.
    async fn needs_upgrade(&self) -> Result<bool>;

    /// What bringing the database up to date would add. Writes nothing.
    async fn upgrade_plan(&self) -> Result<UpgradePlan>;

    /// Brings the database up to date, by adding only, and notes that a person agreed to it, once for all
    /// consoles. Whoever stops waiting stops it: it goes on where it was the next time.
    ///
    /// # Errors
    /// As [`Maintenance::prepare`], but never that nobody has agreed.
    async fn upgrade(&self, operator: &str, told: &Progress) -> Result<()>;

    /// Ends once the database cannot be reached any more, and says why; or where it is `lost`, once it can be
    /// again. A file does not go away.
    async fn link_changed(&self, _lost: bool) -> Option<StoreError> {
        std::future::pending().await
    }

    /// Settles what a killed or cut-off program left half-done, forward or back. Moves nothing between
    /// collections that other programs may use. Cheap when there is nothing. Returns how many
    /// organizations it did something about. What was taken back has a further entry in the audit log, and so
    /// has what came of an operation whose outcome was unknown; a store that takes each operation whole, as a
    /// file does, has nothing to settle and appends nothing.
    async fn recover(&self, operator: &str) -> Result<u64>;

    /// Purges what has been in the trash for longer than it was to be kept, unless the clock that says
    /// so may be wrong: where the audit log says that nothing was done here for thirty days, or something
    /// in the future. With `believed` a person has seen both times. Opening never does it. Cheap when
    /// there is nothing; one that cannot be purged keeps no other one.
    async fn purge_expired(&self, operator: &str, believed: bool) -> Result<Purge>;

    /// Brings up to date what lists, searches and claims are made of, where another program has changed a
    /// record since. Goes through all records: nothing to wait for. Returns how many those were.
    async fn catch_up(&self, operator: &str) -> Result<u64>;

    /// Goes through everything and says what does not belong together; with `fix` repairs what can be
    /// repaired without deleting any document, and purges as [`Maintenance::purge_expired`] does. What another
    /// program may be at is watched before that, which takes minutes; dropped in the meantime, nothing
    /// was repaired.
    ///
    /// # Errors
    /// The database's; with `fix`, [`StoreError::Refused`] where nothing may be written, or where
    /// something is named that is nothing to be put into the quarantine.
    async fn go_through(
        &self,
        operator: &str,
        examination: &Examination<'_>,
    ) -> Result<Vec<Finding>>;

    /// As [`Maintenance::go_through`], with nothing named and nobody who looks on.
    ///
    /// # Errors
    /// As [`Maintenance::go_through`].
    async fn examine(&self, operator: &str, fix: bool) -> Result<Vec<Finding>> {
        self.go_through(operator, &Examination::plain(fix)).await
    }
}
