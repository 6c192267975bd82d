//! The documents of an organization, and how much there is of them.

use std::time::Duration;

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};

use super::{
    Inner, READ,
    connect::read_command,
    error::{code, code_of},
    record,
};
use crate::{
    document::filter::Filter,
    org::Org,
    store::{Result, Statistics},
};

/// So many documents are counted one by one, in some hundredths of a second.
const COUNTED_MOST: i64 = 100_000;

impl Inner {
    pub(super) async fn statistics(&self, org: &Org) -> Result<Statistics> {
        let nothing = Statistics::default();
        let Some(collection) = record::held_in(org) else { return Ok(nothing) };
        let mut sum = match self.storage(&collection, READ).await {
            Ok(sum) => sum,
            // It has no storage of its own.
            Err(error) if code_of(&error) == Some(code::NOT_ON_A_VIEW) => nothing,
            Err(error) if is_missing(&error) => return Ok(nothing),
            Err(error) => return Err(self.errors.translate(&error)),
        };
        sum.documents = match self.counted(&collection, sum.documents).await {
            Ok(counted) => counted,
            // It went in between.
            Err(error) if is_missing(&error) => 0,
            Err(error) => return Err(self.errors.translate(&error)),
        };
        Ok(sum)
    }

    /// What the server believes that a collection has, of all shards.
    pub(super) async fn storage(
        &self,
        collection: &str,
        most: Duration,
    ) -> mongodb::error::Result<Statistics> {
        let command = doc! {
            "aggregate": collection,
            "pipeline": [{ "$collStats": { "storageStats": {} } }],
            "cursor": {},
            "maxTimeMS": i64::try_from(most.as_millis()).unwrap_or(i64::MAX),
        };
        let answer = read_command(&self.db, command).await?;
        let shards =
            answer.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
        let mut sum = Statistics::default();
        for shard in shards.into_iter().flatten().filter_map(Bson::as_document) {
            let Ok(storage) = shard.get_document("storageStats") else { continue };
            sum.documents += number(storage, "count");
            sum.bytes += number(storage, "size");
            sum.indexes = sum.indexes.max(number(storage, "nindexes"));
        }
        Ok(sum)
    }

    /// How many documents a collection has, where the server believes that there are so many: what it
    /// believes may be wrong for good after it was killed. Counted one by one as far as nobody waits
    /// for that; beyond, the larger of the two.
    pub(super) async fn counted(
        &self,
        collection: &str,
        estimate: u64,
    ) -> std::result::Result<u64, mongodb::error::Error> {
        // Without a condition the server would say again what it believes.
        let command = doc! {
            "count": collection,
            "query": every(),
            "limit": COUNTED_MOST,
            "maxTimeMS": i64::try_from(READ.as_millis()).unwrap_or(i64::MAX),
        };
        let counted = number(&read_command(&self.db, command).await?, "n");
        let is_all = counted < COUNTED_MOST.unsigned_abs();
        Ok(if is_all { counted } else { counted.max(estimate) })
    }

    pub(super) async fn document(&self, org: &Org, id: &Bson) -> Result<Option<RawDocumentBuf>> {
        let Some(collection) = record::held_in(org) else { return Ok(None) };
        let collection = self.db.collection::<RawDocumentBuf>(&collection);
        // As an operand of its own: a regular expression would be looked for by what it matches.
        match collection.find_one(doc! { "_id": { "$eq": id } }).max_time(READ).await {
            Err(error) if is_missing(&error) => Ok(None),
            found => found.map_err(|error| self.errors.translate(&error)),
        }
    }

    pub(super) async fn count_documents(
        &self,
        org: &Org,
        filter: &Filter,
        most: u64,
    ) -> Result<u64> {
        let Some(collection) = record::held_in(org).filter(|_| most > 0) else { return Ok(0) };
        let command = doc! {
            "count": collection,
            "query": filter.to_document(),
            "limit": i64::try_from(most).unwrap_or(i64::MAX),
            "maxTimeMS": i64::try_from(READ.as_millis()).unwrap_or(i64::MAX),
        };
        match read_command(&self.db, command).await {
            Err(error) if is_missing(&error) => Ok(0),
            answer => {
                answer.map(|answer| number(&answer, "n")).map_err(|e| self.errors.translate(&e))
            }
        }
    }
}

/// A condition that every document meets, and that the server answers with the index of the identities alone. Of a
/// clustered collection none is at or after `MinKey`, to a server (6.0.5).
pub(super) fn every() -> Document {
    doc! { "_id": { "$not": { "$lt": Bson::MinKey } } }
}

pub(super) fn is_missing(error: &mongodb::error::Error) -> bool {
    matches!(
        code_of(error),
        Some(code::NAMESPACE_NOT_FOUND | code::INVALID_NAMESPACE | code::NOT_ON_A_VIEW)
    )
}

pub(super) fn number(document: &Document, field: &str) -> u64 {
    match document.get(field) {
        Some(Bson::Int32(number)) => u64::try_from(*number).unwrap_or(0),
        Some(Bson::Int64(number)) => u64::try_from(*number).unwrap_or(0),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        Some(Bson::Double(number)) => *number as u64,
        _ => 0,
    }
}
