//! Being told that somebody has changed something.

use async_trait::async_trait;
use mongodb::change_stream::event::ResumeToken;

use super::Result;

/// What others change.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Ends once something was changed after `seen`, by this program or another, and says what is seen then; at once
    /// where nothing was seen yet. Where the database cannot tell, it ends also now and then: something may have been
    /// changed. Writes nothing, and while nothing happens does next to nothing.
    async fn changed(&self, seen: Option<Seen>) -> Result<Seen>;
}

/// How far somebody has seen the changes of a database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The number of the last entry in the audit log: each operation of this program has one.
    pub(super) head: i64,
    /// Where the server's own stream of changes goes on, where there is one.
    pub(super) resume: Option<ResumeToken>,
}
