//! How much organizations hold. Three commands a collection, none of which depends on how much is in it. With ten
//! thousand collections, `$collStats` takes three to six times as long as the three together: it goes through all
//! counters of the storage engine.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, future::BoxFuture, stream};
use mongodb::bson::{Bson, Document, doc};

use super::{
    Inner,
    connect::read_command,
    documents::{is_missing, number},
    error::{code, code_of},
    record,
};
use crate::{
    org::Org,
    store::{OpenFiles, Result, Size, Statistics},
};

/// How many collections are asked about at once. The client has eight connections: two are left for what a person
/// does meanwhile.
const AT_ONCE: usize = 6;

/// How long one command may take. Only a server in trouble needs more than a millisecond.
const MOST: Duration = Duration::from_secs(5);

impl Inner {
    pub(super) async fn sizes(&self, orgs: &[Org]) -> Result<Vec<Option<Size>>> {
        let each: Vec<BoxFuture<'_, _>> =
            orgs.iter().map(|org| Box::pin(self.size(org)) as BoxFuture<'_, _>).collect();
        stream::iter(each).buffered(AT_ONCE).try_collect().await
    }

    pub(super) async fn open_files(&self) -> Result<Option<OpenFiles>> {
        match self.files().await {
            Ok(files) => Ok(files),
            // Also where a service has other commands than a server: no more depends on it.
            Err(error) if code_of(&error).is_some() => Ok(None),
            Err(error) => Err(self.errors.translate(&error)),
        }
    }

    /// None where the server says neither, as one that is not on Linux or has another storage engine.
    async fn files(&self) -> mongodb::error::Result<Option<OpenFiles>> {
        let most = i64::try_from(MOST.as_millis()).unwrap_or(i64::MAX);
        let admin = self.db.client().database("admin");
        let host = read_command(&admin, doc! { "hostInfo": 1, "maxTimeMS": most }).await?;
        // The rest of it is not read.
        let status = doc! {
            "serverStatus": 1, "maxTimeMS": most,
            "locks": 0, "metrics": 0, "repl": 0, "tcmalloc": 0, "transactions": 0,
        };
        let status = read_command(&admin, status).await?;
        let engine =
            status.get_document("wiredTiger").and_then(|all| all.get_document("connection"));
        let files = |of: &Document, field| Some(number(of, field)).filter(|number| *number > 0);
        let open = engine.ok().and_then(|engine| files(engine, "files currently open"));
        // 6.0 has it one level deeper than is documented.
        let extra = host.get_document("extra").ok();
        let extra = extra.map(|extra| extra.get_document("extra").unwrap_or(extra));
        let most = extra.and_then(|extra| files(extra, "maxOpenFiles"));
        Ok(open.zip(most).map(|(open, most)| OpenFiles { open, most }))
    }

    async fn size(&self, org: &Org) -> Result<Option<Size>> {
        let Some(collection) = record::held_in(org) else { return Ok(None) };
        match self.size_of(&collection).await {
            Ok(size) => Ok(Some(size)),
            Err(error) if is_missing(&error) || is_too_slow(&error) => Ok(None),
            Err(error) => Err(self.errors.translate(&error)),
        }
    }

    async fn size_of(&self, collection: &str) -> mongodb::error::Result<Size> {
        let most = i64::try_from(MOST.as_millis()).unwrap_or(i64::MAX);
        // Of a missing collection this is an error, while its data would only have no bytes.
        let indexes = doc! { "listIndexes": collection, "maxTimeMS": most };
        let indexes = match read_command(&self.db, indexes).await {
            Ok(indexes) => first_batch(&indexes).count() as u64,
            // A role that is only for reading may not have it.
            Err(error) if code_of(&error) == Some(code::UNAUTHORIZED) => {
                self.storage(collection, MOST).await?.indexes
            }
            Err(error) => return Err(error),
        };
        // As an estimate it is what the server has counted; otherwise it would read the collection.
        let namespace = format!("{}.{collection}", self.db.name());
        let data = doc! { "dataSize": namespace, "estimate": true, "maxTimeMS": most };
        let data = read_command(&self.db, data).await?;
        let held = Statistics {
            documents: number(&data, "numObjects"),
            bytes: number(&data, "size"),
            indexes,
        };
        // The greatest `_id`: one step into its index.
        let last = doc! {
            "find": collection,
            "projection": { "_id": 1 },
            "sort": { "_id": -1 },
            "limit": 1,
            "singleBatch": true,
            "maxTimeMS": most,
        };
        let last = read_command(&self.db, last).await?;
        let id = first_batch(&last).next().and_then(Bson::as_document);
        let newest = id.and_then(|last| last.get_object_id("_id").ok()).map(|id| id.timestamp());
        Ok(Size { held, newest })
    }
}

fn first_batch(answer: &Document) -> impl Iterator<Item = &Bson> {
    let batch = answer.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
    batch.into_iter().flatten()
}

fn is_too_slow(error: &mongodb::error::Error) -> bool {
    code_of(error) == Some(code::MAX_TIME_EXPIRED)
}
