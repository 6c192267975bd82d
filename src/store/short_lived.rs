//! Records that every instance of a service shares for a while: which sessions were logged out, which refresh token of a
//! family is the current one, which request was answered already.
//!
//! Each has a key, a value and an end. Whether that has come is asked of the database's clock, each time: one that has
//! ended counts as none, also where it was not removed yet.

use async_trait::async_trait;
use bson::{DateTime, Document};

use super::Result;

/// Records that end by themselves.
#[async_trait]
pub trait ShortLived: Send + Sync {
    /// Adds a record, unless there is one with this key that has not ended: then that one's value is answered, and
    /// nothing is changed. Of many at once exactly one adds.
    async fn claim(
        &self,
        key: &str,
        value: &Document,
        expires_at: DateTime,
    ) -> Result<Option<Document>>;

    /// The value under this key, if it has not ended. Writes nothing.
    async fn kept(&self, key: &str) -> Result<Option<Document>>;

    /// Puts another value and another end in the place of just this value; `false` where there is another one by now,
    /// or none that has not ended. Of many at once exactly one is told `true`, as long as their values differ.
    async fn replace(
        &self,
        key: &str,
        before: &Document,
        after: &Document,
        expires_at: DateTime,
    ) -> Result<bool>;

    /// Removes the record, if there is one.
    async fn forget(&self, key: &str) -> Result<()>;
}
