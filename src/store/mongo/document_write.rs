//! Writing one document of an organization, and what is left of that when the console is killed.
//!
//! A document and the audit log cannot be written together without transactions, so it is written down first what is
//! about to be done: a document beside the operators' ([`super::upgrade::COLLECTION`]), with fingerprints of what was
//! there and of what is to be there. Then the entry gets into the audit log, the document is written, and the note goes.
//! Whoever finds a note whose time is over looks at the document: it tells by its fingerprint what came of it.
//!
//! The write names the collection by its identity, since an organization may be renamed at any time, and the document
//! by all that was read of it ([`super::document_command`]).

use std::time::Instant;

use mongodb::bson::{
    Binary, Bson, Document, RawDocument, RawDocumentBuf, Utf8Lossy, doc, oid::ObjectId,
};
use sha2::{Digest, Sha256};

use super::{
    Inner, READ,
    connect::write_raw_command,
    document_command,
    document_refusal::refusal,
    error::{code, code_of},
    journal,
    operation::{ANSWERED_WITHIN, FINDING_OUT},
    record,
};
use crate::store::{DocumentWrite, Entry, Outcome, Result, StoreError};

/// What the `_id` of a note begins with.
const PREFIX: &str = "document:";

/// A write that is about to be done.
struct Note {
    entry: Entry,
    collection: String,
    uuid: Binary,
    /// The document's `_id`.
    id: Bson,
    /// The fingerprints of what was there, and of what is to be; none where that is no document.
    before: Option<String>,
    after: Option<String>,
}

/// What a document tells of a write to it.
enum Found {
    /// It was not done, or has not arrived.
    Before,
    /// It was done.
    After,
    /// Something else was written since.
    Other,
}

impl Note {
    fn key(entry: ObjectId) -> String {
        format!("{PREFIX}{}", entry.to_hex())
    }

    fn to_document(&self) -> Document {
        let note = doc! {
            "collection": &self.collection,
            "uuid": self.uuid.clone(),
            "document": self.id.clone(),
            "before": self.before.clone(),
            "after": self.after.clone(),
            "entry": self.entry.to_document(),
        };
        // By the server's clock; and nothing that is in the entry is taken for an expression.
        doc! { "$mergeObjects": [{ "$literal": note }, { "_id": "$_id", "at": "$$NOW" }] }
    }

    fn from_document(note: &Document) -> Option<Self> {
        let Bson::Binary(uuid) = note.get("uuid")? else { return None };
        Some(Self {
            entry: Entry::from_document(note.get_document("entry").ok()?),
            collection: note.get_str("collection").ok()?.to_owned(),
            uuid: uuid.clone(),
            id: note.get("document")?.clone(),
            before: note.get_str("before").ok().map(str::to_owned),
            after: note.get_str("after").ok().map(str::to_owned),
        })
    }
}

impl Inner {
    pub(super) async fn write_document(
        &self,
        org: ObjectId,
        write: &DocumentWrite,
        entry: &Entry,
    ) -> Result<()> {
        let (collection, uuid) = self.collection_of(org).await?;
        let note = Note {
            entry: entry.clone(),
            collection,
            uuid,
            id: write.id()?,
            before: write.before().map(|document| fingerprint(document)),
            after: write.after().map(|document| fingerprint(document)),
        };
        // Exactly: what the server compares is the same for it where only the type of a number is another one.
        self.is_as_read(&note).await?;
        let target = (note.collection.as_str(), &note.uuid);
        let command = document_command::command(target, &note.id, write)?;
        let began = Instant::now();
        self.note(&note).await?;
        match self.append(entry).await {
            Ok(()) => {}
            Err(gone @ StoreError::Unreachable { .. }) => return Err(StoreError::unknown(gone)),
            Err(why) => {
                self.drop_note(&note).await?;
                return Err(why);
            }
        }
        // After a while somebody may have settled it.
        if began.elapsed() >= self.lease / 2
            && !self.renew(&note).await.map_err(StoreError::unknown)?
        {
            return Err(StoreError::TakenBack("this console was too slow".into()));
        }
        let done = match self.write_one(&command).await {
            Err(gone @ StoreError::Unreachable { .. }) => {
                self.find_out_about(&note, &command, began, gone).await
            }
            done => done,
        };
        if let Err(why) = &done {
            if let StoreError::OutcomeUnknown(_) = why {
                return done;
            }
            self.append(&entry.followed(Outcome::TakenBack, &why.to_string()))
                .await
                .map_err(StoreError::unknown)?;
        }
        match self.drop_note(&note).await {
            // Somebody has taken this console for dead, and recorded that it was not done.
            Ok(false) if done.is_ok() => self.append(&entry.followed(Outcome::Done, "")).await?,
            // The next recovery finds what was done, which is in the audit log already.
            Ok(_) | Err(_) => {}
        }
        done
    }

    /// The organization's collection, which it has had from one look to the next.
    async fn collection_of(&self, org: ObjectId) -> Result<(String, Binary)> {
        let held = async || -> Result<(String, i64)> {
            let found = self.find_one(&self.orgs, doc! { "_id": org }).await?;
            let found = found.ok_or(StoreError::Gone)?;
            // One that is only being created is not there yet.
            let org = record::org(&found).ok_or(StoreError::Gone)?;
            if let Some(what) = org.under_way {
                return Err(StoreError::Busy { what, by: journal::by(&found) });
            }
            if org.in_trash().is_some() {
                return Err(StoreError::Changed);
            }
            let held = record::held_in(&org).ok_or_else(no_collection)?;
            Ok((held, org.revision))
        };
        let before = held().await?;
        let uuid = self.uuid_of(&before.0).await?.ok_or_else(no_collection)?;
        if held().await? == before { Ok((before.0, uuid)) } else { Err(StoreError::Changed) }
    }

    /// Refuses a write to a document that is no longer as it was read.
    async fn is_as_read(&self, note: &Note) -> Result<()> {
        let now = self.document_in(note).await?;
        match (now, &note.before) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(StoreError::DocumentExists),
            (None, Some(_)) => Err(StoreError::DocumentGone),
            (Some(now), Some(before)) if fingerprint(&now) == *before => Ok(()),
            (Some(_), Some(_)) => Err(StoreError::DocumentChanged),
        }
    }

    /// The document in the collection of that name.
    async fn document_in(&self, note: &Note) -> Result<Option<RawDocumentBuf>> {
        let collection = self.db.collection::<RawDocumentBuf>(&note.collection);
        let found = collection.find_one(doc! { "_id": { "$eq": &note.id } });
        let found = found.collation(super::exact::simple()).max_time(READ).await;
        found.map_err(|error| self.errors.translate(&error))
    }

    async fn note(&self, note: &Note) -> Result<()> {
        let update = vec![doc! { "$replaceWith": note.to_document() }];
        let key = doc! { "_id": Note::key(note.entry.id) };
        let noted = self.schema.update_one(key, update).upsert(true).await;
        noted.map(drop).map_err(|error| self.errors.translate(&error))
    }

    /// Whether the note is still there; it counts from now on.
    async fn renew(&self, note: &Note) -> Result<bool> {
        let now = vec![doc! { "$set": { "at": "$$NOW" } }];
        let renewed = self.schema.update_one(doc! { "_id": Note::key(note.entry.id) }, now).await;
        Ok(renewed.map_err(|error| self.errors.translate(&error))?.matched_count > 0)
    }

    /// Whether the note was there.
    async fn drop_note(&self, note: &Note) -> Result<bool> {
        let gone = self.schema.delete_one(doc! { "_id": Note::key(note.entry.id) }).await;
        Ok(gone.map_err(|error| self.errors.translate(&error))?.deleted_count > 0)
    }

    /// The one command.
    async fn write_one(&self, command: &RawDocumentBuf) -> Result<()> {
        let answer = write_raw_command(&self.db, command.clone()).await;
        let answer = answer.map_err(|error| match code_of(&error) {
            Some(code::COLLECTION_UUID_MISMATCH | code::NAMESPACE_NOT_FOUND) => StoreError::Changed,
            _ => self.errors.translate(&error),
        })?;
        let refused = answer.get_array("writeErrors").ok().and_then(|all| all.first());
        if let Some(refused) = refused.and_then(Bson::as_document) {
            return Err(refusal(refused, &self.errors));
        }
        if answer.get_i32("n").is_ok_and(|written| written > 0) {
            Ok(())
        } else {
            Err(StoreError::DocumentChanged)
        }
    }

    /// What came of a write that was not answered; done once more where it has not arrived.
    async fn find_out_about(
        &self,
        note: &Note,
        command: &RawDocumentBuf,
        began: Instant,
        gone: StoreError,
    ) -> Result<()> {
        let left = ANSWERED_WITHIN.saturating_sub(began.elapsed()).max(FINDING_OUT);
        let found = async {
            match self.came_of_write(note).await? {
                Found::After => Ok(()),
                Found::Other => Err(StoreError::unknown(gone.clone())),
                Found::Before => match self.write_one(command).await {
                    // The first one has arrived in between.
                    Err(StoreError::DocumentChanged | StoreError::DocumentExists) => {
                        match self.came_of_write(note).await? {
                            Found::After => Ok(()),
                            Found::Before | Found::Other => Err(StoreError::unknown(gone.clone())),
                        }
                    }
                    done => done,
                },
            }
        };
        match tokio::time::timeout(left, found).await {
            Ok(Err(StoreError::Unreachable { .. })) | Err(_) => Err(StoreError::unknown(gone)),
            Ok(done) => done,
        }
    }

    /// What a document tells of a write to it, wherever its collection is by now.
    async fn came_of_write(&self, note: &Note) -> Result<Found> {
        let by_identity = doc! { "info.uuid": note.uuid.clone() };
        let Some(collection) = self.listed_by(by_identity).await?.into_keys().next() else {
            return Ok(Found::Other);
        };
        let collection = self.db.collection::<RawDocumentBuf>(&collection);
        let found = collection.find_one(doc! { "_id": { "$eq": &note.id } });
        let found = found.collation(super::exact::simple()).max_time(READ).await;
        let now = found.map_err(|error| self.errors.translate(&error))?;
        let now = now.map(|document| fingerprint(&document));
        Ok(match now {
            now if now == note.after => Found::After,
            now if now == note.before => Found::Before,
            _ => Found::Other,
        })
    }

    /// Whether a write is about to be done that has this entry.
    pub(super) async fn is_noted(&self, entry: ObjectId) -> Result<bool> {
        Ok(self.find_one(&self.schema, doc! { "_id": Note::key(entry) }).await?.is_some())
    }

    /// Settles what consoles that were killed left of writes to documents: how many those were.
    pub(super) async fn settle_writes(&self) -> Result<u64> {
        let millis = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
        let over = doc! { "$lte": ["$at", { "$subtract": ["$$NOW", millis] }] };
        let notes = doc! {
            "_id": { "$gte": PREFIX, "$lt": "document;" },
            "$expr": over,
        };
        let say = |error| self.errors.translate(&error);
        let mut found = self.schema.find(notes).max_time(READ).await.map_err(say)?;
        let mut settled = 0;
        while found.advance().await.map_err(say)? {
            let Ok(Utf8Lossy(note)) = found.deserialize_current() else { continue };
            let Some(note) = Note::from_document(&note) else { continue };
            if self.last_about(note.entry.id).await?.is_some() {
                match self.came_of_write(&note).await? {
                    Found::After => {}
                    Found::Before => {
                        let why = "the console that began it stopped before it was written";
                        self.append(&note.entry.followed(Outcome::TakenBack, why)).await?;
                    }
                    Found::Other => {
                        let why =
                            "the console that began it stopped, and the document was changed since";
                        self.append(&note.entry.ended(Outcome::Unknown, why)).await?;
                    }
                }
                settled += 1;
            }
            self.drop_note(&note).await?;
        }
        Ok(settled)
    }
}

fn fingerprint(document: &RawDocument) -> String {
    hex::encode(Sha256::digest(document.as_bytes()))
}

fn no_collection() -> StoreError {
    StoreError::InTheWay {
        problem: "the organization has no collection".into(),
        help: "create it with `db.createCollection` in mongosh, then try again",
    }
}
