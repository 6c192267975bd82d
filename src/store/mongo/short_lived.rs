//! Records that end by themselves: by the server's clock, and removed by an index of its own.

use mongodb::{
    bson::{DateTime, Document, doc, oid::ObjectId},
    options::ReturnDocument,
};

use super::{
    Inner,
    error::{code, code_of},
};
use crate::store::{Result, StoreError};

/// Where they are.
pub(super) const COLLECTION: &str = "short_lived";

/// What is kept of each.
pub(super) const FIELDS: [&str; 3] = ["value", "expires_at", "added_by"];

/// Who is noted as agreeing where such a record is the very first write to an empty database: it is nobody's.
const NOBODY: &str = "";

/// How often a record is added that the first one of another instance came in the way of.
const TRIES: u32 = 10;

impl Inner {
    pub(super) async fn claim(
        &self,
        key: &str,
        value: &Document,
        expires_at: DateTime,
    ) -> Result<Option<Document>> {
        self.ready(NOBODY).await?;
        let own = ObjectId::new();
        let is_live = doc! { "$and": [
            { "$eq": [{ "$type": "$expires_at" }, "date"] }, { "$gt": ["$expires_at", "$$NOW"] },
        ] };
        let unless = |there: &str, new: Document| doc! { "$cond": ["$live", there, new] };
        let added = vec![
            doc! { "$set": { "live": is_live } },
            doc! { "$set": {
                "value": unless("$value", doc! { "$literal": value }),
                "expires_at": unless("$expires_at", doc! { "$literal": expires_at }),
                "added_by": unless("$added_by", doc! { "$literal": own }),
            } },
            doc! { "$unset": "live" },
        ];
        for _ in 0..TRIES {
            let claimed = self
                .short_lived
                .find_one_and_update(doc! { "_id": key }, added.clone())
                .upsert(true)
                .return_document(ReturnDocument::After)
                .await;
            match claimed {
                Ok(record) => {
                    let record = record.map(|record| record.0).unwrap_or_default();
                    let is_own = record.get_object_id("added_by").is_ok_and(|by| by == own);
                    return Ok(if is_own { None } else { Some(value_of(&record)) });
                }
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {}
                Err(error) => return Err(self.errors.translate(&error)),
            }
        }
        Err(StoreError::Changed)
    }

    pub(super) async fn kept(&self, key: &str) -> Result<Option<Document>> {
        let found = self.find_one(&self.short_lived, live(key)).await?;
        Ok(found.map(|record| value_of(&record)))
    }

    pub(super) async fn replace(
        &self,
        key: &str,
        before: &Document,
        after: &Document,
        expires_at: DateTime,
    ) -> Result<bool> {
        self.ready(NOBODY).await?;
        let mut as_read = live(key);
        as_read.insert("value", doc! { "$eq": before });
        let update = doc! { "$set": { "value": after, "expires_at": expires_at } };
        let replaced = self.short_lived.update_one(as_read, update).await;
        Ok(replaced.map_err(|error| self.errors.translate(&error))?.matched_count == 1)
    }

    pub(super) async fn forget_record(&self, key: &str) -> Result<()> {
        self.ready(NOBODY).await?;
        let forgotten = self.short_lived.delete_one(doc! { "_id": key }).await;
        forgotten.map(drop).map_err(|error| self.errors.translate(&error))
    }
}

/// Finds the record with this key that has not ended.
fn live(key: &str) -> Document {
    doc! { "_id": key, "expires_at": { "$type": "date" }, "$expr": { "$gt": ["$expires_at", "$$NOW"] } }
}

fn value_of(record: &Document) -> Document {
    record.get_document("value").cloned().unwrap_or_default()
}
