//! Reading the audit log: its entries, and what came of operations that are in it.

use mongodb::bson::{Bson, Document, RawDocument, RawDocumentBuf, doc, oid::ObjectId};

use super::{Inner, READ, audit_filter};
use crate::store::{
    AuditAt, AuditQuery, DOCUMENT_MOST_BYTES, Entry, Head, Outcome, Result, Settled, StoreError,
};

/// How many unknown outcomes are looked at, the newest first.
const UNKNOWN: i64 = 100;

impl Inner {
    /// The last entry about an operation whose entry this is: that one itself, or what came of
    /// it. One that only says that nobody knows is none.
    pub(super) async fn last_about(&self, entry: ObjectId) -> Result<Option<Entry>> {
        let about = doc! {
            "$or": [{ "entry": entry }, { "of": entry }],
            "outcome": { "$ne": Outcome::Unknown.word() },
        };
        let last = self.audit.entries.find_one(about).sort(doc! { "_id": -1 }).max_time(READ).await;
        Ok(last
            .map_err(|error| self.errors.translate(&error))?
            .map(|last| Entry::from_document(&last)))
    }

    /// Says in the audit log what came of operations whose outcome was unknown, as far as it is known by
    /// now.
    pub(super) async fn settle_unknown(&self) -> Result<()> {
        let say = |error| self.errors.translate(&error);
        let unknown = doc! { "outcome": Outcome::Unknown.word() };
        let newest = doc! { "_id": -1 };
        let found = self.audit.entries.find(unknown).sort(newest).limit(UNKNOWN).max_time(READ);
        let mut found = found.await.map_err(say)?;
        let mut unknown: Vec<(Entry, ObjectId, ObjectId)> = Vec::new();
        while found.advance().await.map_err(say)? {
            let entry = found.deserialize_current().ok().map(|found| Entry::from_document(&found));
            let asked = entry.and_then(|entry| Some((entry.organization?, entry.of?, entry)));
            unknown.extend(asked.map(|(org, of, entry)| (entry, org, of)));
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let asked: Vec<ObjectId> = unknown.iter().map(|(_, _, of)| *of).collect();
        let later = doc! { "of": { "$in": asked }, "outcome": { "$ne": Outcome::Unknown.word() } };
        let mut found = self.audit.entries.find(later).max_time(READ).await.map_err(say)?;
        while found.advance().await.map_err(say)? {
            let Ok(later) = found.deserialize_current() else { continue };
            let known = Entry::from_document(&later).of;
            unknown.retain(|(_, _, of)| known != Some(*of));
        }
        for (entry, org, of) in unknown {
            match self.settled(org, of).await? {
                Settled::Done => self.append(&entry.followed(Outcome::Done, "")).await?,
                Settled::NotBegun => {
                    let never = "it did not take effect";
                    self.append(&entry.followed(Outcome::Failed, never)).await?;
                }
                Settled::TakenBack(_) | Settled::UnderWay => {}
            }
        }
        Ok(())
    }

    /// The last entry, whoever wrote it.
    pub(super) async fn tail(&self) -> Result<Head> {
        // Nothing that is no entry of ours is followed; see `is_entry`.
        let ours = doc! {
            "_id": { "$type": "long" },
            "entry": { "$type": "objectId" },
            "hash": { "$type": "string" },
        };
        let entries = self.audit.entries.clone_with_type::<RawDocumentBuf>();
        let last = entries.find_one(ours).sort(doc! { "_id": -1 }).max_time(READ).await;
        let last = last.map_err(|error| self.errors.translate(&error))?;
        let head = last.map_or_else(Head::default, |last| Head::from_document(&stored(&last)));
        if head.number == i64::MAX {
            let last =
                "the last entry of the audit log (audit_log) has a number that none can follow";
            return Err(StoreError::Other(last.into()));
        }
        Ok(head)
    }

    pub(super) async fn entries(&self, query: &AuditQuery) -> Result<Vec<Document>> {
        // A limit of zero would mean none to the server.
        let Some(mut asked) = audit_filter::asked(&query.filter).filter(|_| query.limit > 0) else {
            return Ok(Vec::new());
        };
        let (range, direction) = match query.at {
            // From the very first there is: also one that somebody put in front of the first.
            AuditAt::After(..=0) => (doc! { "$gte": i64::MIN }, 1),
            AuditAt::After(number) => (doc! { "$gt": number }, 1),
            AuditAt::Before(number) => (doc! { "$lt": number }, -1),
            AuditAt::Newest => (doc! { "$gte": i64::MIN }, -1),
        };
        asked.insert("_id", range);
        let large = doc! { "$gt": [{ "$bsonSize": "$$ROOT" }, i64::from(DOCUMENT_MOST_BYTES)] };
        let mut pipeline = vec![
            doc! { "$match": asked },
            doc! { "$sort": { "_id": direction } },
            doc! { "$replaceWith": { "$cond": [large, { "_id": "$_id" }, "$$ROOT"] } },
        ];
        // What the server finds beyond the filter is made up for by what follows.
        if query.filter.is_empty() {
            pipeline.insert(2, doc! { "$limit": i64::from(query.limit) });
        }
        let say = |error| self.errors.translate(&error);
        let found = self.audit.entries.aggregate(pipeline).batch_size(query.limit).max_time(READ);
        let mut found = found.await.map_err(say)?.with_type::<RawDocumentBuf>();
        let most = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        while entries.len() < most && found.advance().await.map_err(say)? {
            let entry = stored(found.current());
            if query.filter.admits(&entry) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}

/// Whether a document has the shape of an entry.
pub(super) fn is_entry(document: &Document) -> bool {
    document.get_i64("_id").is_ok()
        && document.get_object_id("entry").is_ok()
        && document.get_str("hash").is_ok()
}

/// The document that exactly these bytes are; nothing but its number where there is none, as with text
/// that is not UTF-8 or a field that is there twice: a verification takes it for edited then.
fn stored(raw: &RawDocument) -> Document {
    if let Ok(document) = Document::try_from(raw)
        && document.to_vec().is_ok_and(|bytes| bytes == raw.as_bytes())
    {
        return document;
    }
    let number = raw.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
    doc! { "_id": number }
}
