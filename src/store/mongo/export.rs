//! Everything of an organization, read for an archive: in a replica set or a sharded cluster as it was at one cluster
//! time.
//!
//! The first read, of the record, says which time that is; the others ask for the same. A server keeps it for some
//! minutes only. What was read no longer belongs together once that is over, or once the collection has been moved
//! since: then all of it is read again.

use futures_util::future::try_join;
use mongodb::{
    Cursor,
    bson::{Binary, Bson, Document, RawDocumentBuf, Timestamp, doc, oid::ObjectId},
};

use super::{
    Inner, READ,
    connect::{read_command, read_cursor},
    elsewhere::refuse_elsewhere,
    error::{code, code_of},
    journal, record, shape,
};
use crate::{
    archive::{Collection, Consistency, NoSnapshot, Source, SourceKind},
    org::{Admin, Org},
    store::{
        DocumentSink, Exported, Result, StoreError,
        export::{admin_of, ensure_complete, record_of},
    },
};

/// The wire version of MongoDB 5.0, the first that reads as of a time outside a transaction.
const SNAPSHOTS: i32 = 13;

/// How many documents come at once. A server sends at most 16 MB.
const READ_AT_ONCE: i32 = 4_000;

/// Why reading does not go on.
enum Ended {
    /// What is read now would not belong to what was read before.
    Outdated,
    /// Anything else.
    Failed(StoreError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

type Reading<T> = std::result::Result<T, Ended>;

/// As of when something is read.
#[derive(Clone, Copy, Debug)]
enum AsOf {
    /// The last time that a majority has, which the answer names.
    Last,
    /// This time.
    Time(Timestamp),
    /// None: each read sees what is there.
    Now,
}

impl AsOf {
    fn read_concern(self) -> Document {
        match self {
            Self::Last => doc! { "level": "snapshot" },
            Self::Time(time) => doc! { "level": "snapshot", "atClusterTime": time },
            Self::Now => doc! { "level": "majority" },
        }
    }
}

/// A collection as it is listed.
struct There {
    uuid: Option<Binary>,
    options: RawDocumentBuf,
    indexes: Vec<RawDocumentBuf>,
}

impl Inner {
    pub(super) async fn export(
        &self,
        org: ObjectId,
        mut documents: DocumentSink,
    ) -> Result<Exported> {
        let source = self.source().await?;
        let mut without = self.without_snapshot().await?;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.export_once(org, without, &source, &mut documents).await {
                Ok(exported) => return Ok(exported),
                Err(Ended::Failed(why)) => return Err(why),
                Err(Ended::Outdated) if tries < 2 => {}
                // Without a snapshot there is no time limit.
                Err(Ended::Outdated) if without.is_none() => without = Some(NoSnapshot::Expired),
                Err(Ended::Outdated) => return Err(StoreError::Changed),
            }
        }
    }

    /// What the manifest says of the server.
    async fn source(&self) -> Result<Source> {
        let answer = read_command(&self.db, doc! { "buildInfo": 1 }).await;
        let answer = answer.map_err(|error| self.errors.translate(&error))?;
        let server_version = answer.get_str("version").ok().map(Into::into);
        Ok(Source { kind: SourceKind::Mongodb, server_version })
    }

    /// Why the server has no snapshot to read from, if so.
    async fn without_snapshot(&self) -> Result<Option<NoSnapshot>> {
        let hello = read_command(&self.db, doc! { "hello": 1 }).await;
        let hello = hello.map_err(|error| self.errors.translate(&error))?;
        let sharded = hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid");
        Ok(match hello.get_i32("maxWireVersion") {
            _ if !sharded && !hello.contains_key("setName") => Some(NoSnapshot::Standalone),
            Ok(version) if version >= SNAPSHOTS => None,
            Ok(_) | Err(_) => Some(NoSnapshot::Unsupported),
        })
    }

    async fn export_once(
        &self,
        id: ObjectId,
        without: Option<NoSnapshot>,
        source: &Source,
        documents: &mut DocumentSink,
    ) -> Reading<Exported> {
        documents.begin().await?;
        let as_of = if without.is_some() { AsOf::Now } else { AsOf::Last };
        let (record, time) = self.record_as_of(id, as_of).await?;
        let (as_of, consistency) = match (without, time) {
            (Some(reason), _) => (AsOf::Now, Consistency::None { reason }),
            (None, Some(time)) => (AsOf::Time(time), Consistency::Snapshot { cluster_time: time }),
            // A server that says it can and does not.
            (None, None) => (AsOf::Now, Consistency::None { reason: NoSnapshot::Unsupported }),
        };
        // One that is only being created is not there yet.
        let org = record::org(&record).ok_or(StoreError::Gone)?;
        if let Some(what) = org.under_way {
            return Err(StoreError::Busy { what, by: journal::by(&record) }.into());
        }
        refuse_elsewhere(&record, self.db.name())?;
        let held = held_for_export(&org)?;
        let there = self.listed_for_export(held.as_deref()).await?;
        let admins = self.admins_as_of(&record, &org, as_of).await?;
        if let (Some(held), Some(_)) = (&held, &there) {
            self.send(held, as_of, documents).await?;
        }
        documents.flush().await?;

        // Had the collection been moved, another one might have had its name meanwhile, or none.
        let now = self.record_as_of(id, AsOf::Now).await?.0;
        let now = record::org(&now).and_then(|org| record::held_in(&org));
        let uuid = self.listed_for_export(held.as_deref()).await?.and_then(|there| there.uuid);
        let before = there.as_ref().and_then(|there| there.uuid.clone());
        if now != held || uuid != before {
            return Err(Ended::Outdated);
        }
        let There { uuid, options, indexes } = there.unwrap_or_else(There::nothing);
        Ok(Exported {
            organization: record_of(&org, shape::is_suspended(&record))?,
            admins: admins.iter().map(admin_of).collect::<Result<_>>()?,
            collection: Collection {
                name: org.collection.clone(),
                uuid: uuid.and_then(|uuid| uuid.to_uuid().ok()),
                options,
                indexes,
            },
            source: source.clone(),
            consistency,
            documents: documents.count(),
            org,
        })
    }

    /// The record, and as of which time it was read, where the server says so.
    async fn record_as_of(
        &self,
        id: ObjectId,
        as_of: AsOf,
    ) -> Reading<(Document, Option<Timestamp>)> {
        let mut command = find(self.orgs.name(), doc! { "_id": id }, as_of);
        command.extend(doc! { "limit": 1, "singleBatch": true, "maxTimeMS": most() });
        let answer = read_command(&self.db, command).await.map_err(|error| self.ended(&error))?;
        let cursor = answer.get_document("cursor").ok();
        let time = cursor.and_then(|cursor| cursor.get_timestamp("atClusterTime").ok());
        let batch = cursor.and_then(|cursor| cursor.get_array("firstBatch").ok());
        let record = batch.and_then(|batch| batch.first()).and_then(Bson::as_document);
        Ok((record.ok_or(StoreError::Gone)?.clone(), time))
    }

    /// The admins whom the record lists, the one it names first.
    async fn admins_as_of(&self, record: &Document, org: &Org, as_of: AsOf) -> Reading<Vec<Admin>> {
        let first = self.first_admin(org).await?;
        let mut command = find(self.admins.name(), super::admins::may_be_of(org.id, first), as_of);
        command.insert("maxTimeMS", most());
        let mut found = read_cursor(&self.db, command).await.map_err(|error| self.ended(&error))?;
        let mut admins = Vec::new();
        while found.advance().await.map_err(|error| self.ended(&error))? {
            let read = mongodb::bson::deserialize_from_slice::<super::read::Record>(
                found.current().as_bytes(),
            );
            admins.extend(read.ok().and_then(|record| record::any_admin(&record.0)));
        }
        admins.retain(|admin| first == Some(admin.id) || record::lists(record, admin));
        admins.sort_by_key(|admin| (first != Some(admin.id), admin.created_at, admin.id));
        Ok(admins)
    }

    /// The collection of this name with its options and indexes, byte for byte.
    async fn listed_for_export(&self, name: Option<&str>) -> Reading<Option<There>> {
        let Some(name) = name else { return Ok(None) };
        let say = |error| Ended::Failed(self.errors.translate(&error));
        let command = doc! { "listCollections": 1, "filter": { "name": name } };
        let mut found = read_cursor(&self.db, command).await.map_err(say)?;
        if !found.advance().await.map_err(say)? {
            return Ok(None);
        }
        let listed = found.current();
        let kind = listed.get_str("type").unwrap_or("collection");
        if kind != "collection" {
            return Err(StoreError::InTheWay {
                problem: format!(
                    "nothing was done: {} is a {kind}, and only collections can be exported",
                    crate::org::StoredText::from(name)
                ),
                help: "put its documents into a collection of that name in its place, then try again",
            }
            .into());
        }
        let uuid =
            listed.get_document("info").ok().and_then(|info| info.get("uuid").ok().flatten());
        let uuid = uuid.and_then(|uuid| match Bson::try_from(uuid) {
            Ok(Bson::Binary(uuid)) => Some(uuid),
            Ok(_) | Err(_) => None,
        });
        let options = listed.get_document("options").map(ToOwned::to_owned);
        let options = options.unwrap_or_default();
        let indexes = match read_cursor(&self.db, doc! { "listIndexes": name }).await {
            Ok(found) => self.all(found).await?,
            // It went in between.
            Err(error) if code_of(&error) == Some(code::NAMESPACE_NOT_FOUND) => {
                return Err(Ended::Outdated);
            }
            Err(error) => return Err(say(error)),
        };
        Ok(Some(There { uuid, options, indexes }))
    }

    async fn all(&self, mut found: Cursor<Document>) -> Reading<Vec<RawDocumentBuf>> {
        let mut all = Vec::new();
        while found.advance().await.map_err(|error| self.ended(&error))? {
            all.push(found.current().to_owned());
        }
        Ok(all)
    }

    /// Sends every document, and counts them.
    async fn send(
        &self,
        collection: &str,
        as_of: AsOf,
        documents: &mut DocumentSink,
    ) -> Reading<()> {
        let counting = self.count_as_of(collection, as_of);
        let reading = self.send_all(collection, as_of, documents);
        let there = try_join(counting, reading).await?.0;
        let read = documents.count();
        match as_of {
            // Without a snapshot, others may insert and delete meanwhile.
            AsOf::Now if read != there && self.count_as_of(collection, as_of).await? != there => {
                Ok(())
            }
            AsOf::Now | AsOf::Last | AsOf::Time(_) => Ok(ensure_complete(read, there)?),
        }
    }

    /// Reads every document in the order in which they are stored. There is no time limit: only a server that stops
    /// answering ends it.
    async fn send_all(
        &self,
        collection: &str,
        as_of: AsOf,
        documents: &mut DocumentSink,
    ) -> Reading<()> {
        let mut command = find(collection, doc! {}, as_of);
        command.extend(doc! { "batchSize": READ_AT_ONCE, "hint": { "$natural": 1 } });
        let mut found = read_cursor(&self.db, command).await.map_err(|error| self.ended(&error))?;
        while found.advance().await.map_err(|error| self.ended(&error))? {
            documents.push(found.current()).await?;
        }
        Ok(())
    }

    /// How many documents there are: counted, since what a server believes may be wrong.
    async fn count_as_of(&self, collection: &str, as_of: AsOf) -> Reading<u64> {
        let count = doc! { "$count": "n" };
        let all = doc! { "$match": super::documents::every() };
        let command = doc! {
            "aggregate": collection,
            "pipeline": [all, count],
            "cursor": {},
            "readConcern": as_of.read_concern(),
        };
        let mut found = read_cursor(&self.db, command).await.map_err(|error| self.ended(&error))?;
        if !found.advance().await.map_err(|error| self.ended(&error))? {
            return Ok(0);
        }
        let count = found.current().get("n").ok().flatten();
        let count = count.and_then(|n| n.as_i32().map(i64::from).or_else(|| n.as_i64()));
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    /// How many documents there are now, by what a majority has.
    pub(super) async fn count_all(&self, collection: &str) -> Result<u64> {
        match self.count_as_of(collection, AsOf::Now).await {
            Ok(count) => Ok(count),
            Err(Ended::Failed(why)) => Err(why),
            Err(Ended::Outdated) => Err(StoreError::Changed),
        }
    }

    fn ended(&self, error: &mongodb::error::Error) -> Ended {
        match code_of(error) {
            Some(code) if code::OUTDATED.contains(&code) => Ended::Outdated,
            Some(_) | None => Ended::Failed(self.errors.translate(error)),
        }
    }
}

impl There {
    /// Where there is no collection.
    fn nothing() -> Self {
        Self { uuid: None, options: RawDocumentBuf::new(), indexes: Vec::new() }
    }
}

/// The collection that an organization's documents are in; none where it has none.
fn held_for_export(org: &Org) -> Result<Option<String>> {
    let held = record::held_in(org);
    if held.is_none() && !org.collection.raw().is_empty() {
        return Err(StoreError::InTheWay {
            problem: format!(
                "nothing was done: its record names the collection {}, which no organization can have",
                org.collection
            ),
            help: "run `tenantry doctor`: it says how to resolve this",
        });
    }
    Ok(held)
}

/// A question for documents as of a time.
fn find(collection: &str, filter: Document, as_of: AsOf) -> Document {
    doc! {
        "find": collection,
        "filter": filter,
        "collation": { "locale": "simple" },
        "readConcern": as_of.read_concern(),
    }
}

fn most() -> i64 {
    i64::try_from(READ.as_millis()).unwrap_or(i64::MAX)
}
