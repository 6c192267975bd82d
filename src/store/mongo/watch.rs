//! Whether another program is at something: two looks with a while in between.

use std::time::Duration;

use mongodb::bson::{Binary, Bson, DateTime, Document, doc, oid::ObjectId};

use super::{
    Inner, READ,
    connect::read_command,
    error::{code, code_of},
};
use crate::store::{Patience, Result, StoreError, Watch, Watching};

/// The server, as far as it matters.
#[derive(Clone, Debug)]
pub(super) struct Server {
    /// Which process answers: another one after each start.
    process: Option<Bson>,
    /// What time it has.
    pub(super) now: DateTime,
}

impl Server {
    /// Whether it is the same process, which has counted every write.
    pub(super) fn is_still(&self, before: &Self) -> bool {
        self.process.is_some() && self.process == before.process
    }

    /// Whether something was made a moment ago.
    pub(super) fn is_young(&self, id: ObjectId, patience: Patience) -> bool {
        let age = i64::try_from(patience.age.as_millis()).unwrap_or(i64::MAX);
        let made = id.timestamp().timestamp_millis();
        age > 0 && made > self.now.timestamp_millis().saturating_sub(age)
    }
}

/// What was done to a collection so far: equal twice, nobody wrote to it in between.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Activity {
    uuid: Option<Binary>,
    /// For each server that has a part of it: which, how many writes, documents and bytes.
    parts: Vec<(String, i64, i64, i64)>,
    newest: Option<ObjectId>,
}

impl Activity {
    /// Whether something in it was made a moment ago.
    pub(super) fn is_young(&self, server: &Server, patience: Patience) -> bool {
        self.newest.is_some_and(|id| server.is_young(id, patience))
    }

    /// Whether it holds the same, whatever was counted: a rename begins a new count.
    pub(super) fn holds_as_much_as(&self, other: &Self) -> bool {
        let content = |activity: &Self| -> Vec<(i64, i64)> {
            activity.parts.iter().map(|(_, _, count, size)| (*count, *size)).collect()
        };
        content(self) == content(other)
    }

    /// Which collection it is.
    pub(super) fn uuid(&self) -> Option<&Binary> {
        self.uuid.as_ref()
    }
}

impl Inner {
    pub(super) async fn server(&self) -> Result<Server> {
        let said = read_command(&self.db, doc! { "hello": 1 }).await;
        let said = said.map_err(|error| self.errors.translate(&error))?;
        let version = said.get_document("topologyVersion").ok();
        let silent = |_| StoreError::Other("the server does not say what time it is".into());
        Ok(Server {
            process: version.and_then(|version| version.get("processId")).cloned(),
            now: said.get_datetime("localTime").copied().map_err(silent)?,
        })
    }

    /// The server's clock.
    pub(super) async fn server_time(&self) -> Result<DateTime> {
        Ok(self.server().await?.now)
    }

    /// None where there is no such collection.
    pub(super) async fn activity(&self, collection: &str) -> Result<Option<Activity>> {
        let uuid = self.uuid_of(collection).await?;
        let statistics = doc! { "latencyStats": {}, "storageStats": {} };
        let command = doc! {
            "aggregate": collection,
            "pipeline": [{ "$collStats": statistics }],
            "cursor": {},
            "maxTimeMS": i64::try_from(READ.as_millis()).unwrap_or(i64::MAX),
        };
        let answer = match read_command(&self.db, command).await {
            Ok(answer) => answer,
            Err(error) if code_of(&error) == Some(code::NAMESPACE_NOT_FOUND) => return Ok(None),
            Err(error) => return Err(self.errors.translate(&error)),
        };
        let number = |document: Option<&Document>, field: &str| {
            document.and_then(|document| document.get(field)).map_or(0, |value| match value {
                Bson::Int32(number) => i64::from(*number),
                Bson::Int64(number) => *number,
                #[expect(clippy::cast_possible_truncation, reason = "saturates")]
                Bson::Double(number) => *number as i64,
                _ => 0,
            })
        };
        let batch = answer.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
        let mut parts: Vec<_> = batch
            .into_iter()
            .flatten()
            .filter_map(Bson::as_document)
            .map(|part| {
                let storage = part.get_document("storageStats").ok();
                let latency = part.get_document("latencyStats").ok();
                let writes = latency.and_then(|latency| latency.get_document("writes").ok());
                (
                    part.get_str("host").unwrap_or_default().to_owned(),
                    number(writes, "ops"),
                    number(storage, "count"),
                    number(storage, "size"),
                )
            })
            .collect();
        parts.sort();
        Ok(Some(Activity { uuid, parts, newest: self.newest_in(collection).await? }))
    }

    /// The newest identity in it, where the newest is one that says when it was made.
    pub(super) async fn newest_in(&self, collection: &str) -> Result<Option<ObjectId>> {
        let ids = self.db.collection::<Document>(collection);
        let newest = ids
            .find_one(doc! { "_id": { "$type": "objectId" } })
            .projection(doc! { "_id": 1 })
            .sort(doc! { "_id": -1 })
            .max_time(READ)
            .await;
        let newest = newest.map_err(|error| self.errors.translate(&error))?;
        Ok(newest.and_then(|document| document.get_object_id("_id").ok()))
    }

    /// Waits, and tells how long it still takes.
    pub(super) async fn wait(&self, things: usize, patience: Patience, told: &Watching) {
        const TOLD: Duration = Duration::from_secs(1);
        let mut left = patience.watch;
        while !left.is_zero() {
            told(Watch { things, left });
            let step = left.min(TOLD);
            tokio::time::sleep(step).await;
            left -= step;
        }
    }
}

/// Why something is not repaired.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unmended {
    /// Somebody may be at it, or it changed in the meantime.
    #[error("{0}")]
    LeftAlone(&'static str),
    /// It was tried.
    #[error("{0}")]
    Failed(#[from] StoreError),
}

/// What comes of a repair.
pub(super) type Mended<T> = std::result::Result<T, Unmended>;
