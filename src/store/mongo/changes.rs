//! Waiting for a change: the server's own stream where it has one, otherwise a look now and then.

use std::{collections::HashSet, time::Duration};

use futures_util::StreamExt as _;
use mongodb::{
    bson::{Document, doc, oid::ObjectId},
    change_stream::event::ChangeStreamEvent,
};
use tokio::time::{Instant, sleep, timeout};

use super::{Inner, error::code_of};
use crate::store::{
    News, Result, Seen,
    changes::{changed_by, entries_after},
};

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
    pub(super) async fn changed(&self, seen: Option<Seen>) -> Result<News> {
        let of =
            [self.orgs.name(), self.admins.name(), self.audit.entries.name(), self.schema.name()];
        let of = doc! { "$match": { "ns.coll": { "$in": of.to_vec() } } };
        // What was changed is read anew: nothing but which organizations those are is asked of the stream.
        let short = doc! { "$project": { "operationType": 1, "ns": 1, "documentKey": 1 } };
        let resume = seen.as_ref().and_then(|seen| seen.resume.clone());
        let resumed = resume.is_some();
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
                        Ok(News { seen: Seen::up_to(head, true), orgs: None })
                    }
                    _ => Err(self.errors.translate(&error)),
                };
            }
        };
        let opened_at = stream.resume_token();
        let head = self.tail().await?.number;
        let Some(seen) = seen else {
            let seen = Seen { head, resume: opened_at, told: true };
            return Ok(News { seen, orgs: None });
        };
        // Of what came before the stream was opened nothing is told.
        let known = resumed || seen.head == head;
        let mut row = Row::default();
        // Each event says where the stream goes on after it. Asked itself, it panics once a wait was given up.
        let mut resume = seen.resume.or(opened_at);
        if seen.head == head
            && let Some(event) = stream.next().await
        {
            let event = event.map_err(|error| self.errors.translate(&error))?;
            row.add(self, &event);
            resume = Some(event.id);
        }
        // The others of the same row.
        let until = Instant::now() + TOGETHER;
        while let Ok(Some(event)) = timeout(until - Instant::now(), stream.next()).await {
            let event = event.map_err(|error| self.errors.translate(&error))?;
            row.add(self, &event);
            resume = Some(event.id);
        }
        let (before, head) = (seen.head, self.tail().await?.number);
        let orgs = match row.changed() {
            Changed::Orgs(orgs) => Some(orgs),
            // A login uses up a code, and is recorded.
            Changed::Admins if head != before => self.recorded_since(before).await,
            Changed::Admins | Changed::Unknown => None,
        };
        let seen = Seen { head, resume, told: true };
        Ok(News { seen, orgs: orgs.filter(|_| known) })
    }

    /// The same where the server does not tell.
    async fn looked(&self, seen: Option<Seen>) -> Result<News> {
        let began = Instant::now();
        let before = seen.map(|seen| seen.head);
        loop {
            let head = self.tail().await?.number;
            let is_another = before != Some(head);
            if is_another || began.elapsed() >= MAYBE {
                let orgs = match before.filter(|_| is_another) {
                    Some(before) => self.recorded_since(before).await,
                    None => None,
                };
                return Ok(News { seen: Seen::up_to(head, false), orgs });
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Which organizations were changed since this entry of the audit log, as far as the log tells.
    async fn recorded_since(&self, head: i64) -> Option<Vec<ObjectId>> {
        self.entries(&entries_after(head)).await.ok().as_deref().and_then(changed_by)
    }
}

/// What a row of changes was made to.
enum Changed {
    /// These organizations; none where only the log or the settings were written.
    Orgs(Vec<ObjectId>),
    /// Admins, and no organization.
    Admins,
    /// That is not known.
    Unknown,
}

/// What the changes of a row were made to.
#[derive(Debug, Default)]
struct Row {
    orgs: HashSet<ObjectId>,
    /// Whether an admin was changed, of whichever organization.
    admins: bool,
    /// Whether it is not known of some what they were made to.
    unknown: bool,
}

impl Row {
    fn add(&mut self, inner: &Inner, event: &ChangeStreamEvent<Document>) {
        let of = event.ns.as_ref().and_then(|ns| ns.coll.as_deref()).unwrap_or_default();
        if of == inner.orgs.name() {
            let key = event.document_key.as_ref();
            match key.and_then(|key| key.get_object_id("_id").ok()) {
                Some(org) => {
                    self.orgs.insert(org);
                }
                None => self.unknown = true,
            }
        } else if of == inner.admins.name() {
            self.admins = true;
        }
    }

    /// An operation that changes an admin changes the organization too.
    fn changed(self) -> Changed {
        match (self.unknown, self.admins && self.orgs.is_empty()) {
            (true, _) => Changed::Unknown,
            (false, true) => Changed::Admins,
            (false, false) => Changed::Orgs(self.orgs.into_iter().collect()),
        }
    }
}
