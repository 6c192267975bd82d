//! Waiting for a change: the server's own stream where it has one, otherwise a look now and then.

use std::time::Duration;

use futures_util::StreamExt as _;
use mongodb::{
    bson::{Document, doc},
    change_stream::event::ChangeStreamEvent,
};
use tokio::time::{Instant, sleep, timeout};

use super::{Inner, error::code_of};
use crate::store::{Result, Seen};

/// How long the server holds a question that it has no answer to: the driver asks again then.
const HOLDS: Duration = Duration::from_mins(1);

/// How much is waited for once something was changed: who changes many does it in a row.
const TOGETHER: Duration = Duration::from_millis(200);

/// How often a server without a stream of changes is asked for the last number of the audit log.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// After how long something may have been changed there by a program that keeps no audit log.
const MAYBE: Duration = Duration::from_secs(10);

/// The server has no stream of changes: it stands alone.
const ONLY_ON_REPLICA_SETS: i32 = 40_573;

/// This user may not read it.
const UNAUTHORIZED: i32 = 13;

/// What was seen is too long ago for the stream to go on there.
const HISTORY_LOST: i32 = 286;

impl Inner {
    pub(super) async fn changed(&self, seen: Option<Seen>) -> Result<Seen> {
        let of =
            [self.orgs.name(), self.admins.name(), self.audit.entries.name(), self.schema.name()];
        let of = doc! { "$match": { "ns.coll": { "$in": of.to_vec() } } };
        // What was changed is read anew: nothing but that there was a change is asked of the stream.
        let short = doc! { "$project": { "operationType": 1, "ns": 1 } };
        let resume = seen.as_ref().and_then(|seen| seen.resume.clone());
        let watch = self.db.watch().pipeline([of, short]).max_await_time(HOLDS);
        let opened = match resume {
            Some(token) => watch.resume_after(token).await,
            None => watch.await,
        };
        let mut stream = match opened {
            Ok(stream) => stream.with_type::<ChangeStreamEvent<Document>>(),
            Err(error) => {
                return match code_of(&error) {
                    Some(ONLY_ON_REPLICA_SETS | UNAUTHORIZED) => self.looked(seen).await,
                    Some(HISTORY_LOST) => {
                        let head = self.tail().await?.number;
                        Ok(Seen { head, resume: None })
                    }
                    _ => Err(self.errors.translate(&error)),
                };
            }
        };
        let opened_at = stream.resume_token();
        let head = self.tail().await?.number;
        let Some(seen) = seen else { return Ok(Seen { head, resume: opened_at }) };
        // Each event says where the stream goes on after it. Asked itself, it panics once a wait was given up.
        let mut resume = seen.resume.or(opened_at);
        if seen.head == head
            && let Some(event) = stream.next().await
        {
            resume = Some(event.map_err(|error| self.errors.translate(&error))?.id);
        }
        // The others of the same row.
        let until = Instant::now() + TOGETHER;
        while let Ok(Some(event)) = timeout(until - Instant::now(), stream.next()).await {
            resume = Some(event.map_err(|error| self.errors.translate(&error))?.id);
        }
        Ok(Seen { head: self.tail().await?.number, resume })
    }

    /// The same where the server does not tell.
    async fn looked(&self, seen: Option<Seen>) -> Result<Seen> {
        let began = Instant::now();
        loop {
            let now = Seen { head: self.tail().await?.number, resume: None };
            if seen.as_ref().is_none_or(|seen| seen.head != now.head) || began.elapsed() >= MAYBE {
                return Ok(now);
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }
}
