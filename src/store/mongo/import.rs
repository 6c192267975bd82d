//! Staging the documents of an import: a collection under the name that one lease has, which is on no list, filled
//! before there is an organization.
//!
//! A note beside the operators' document ([`super::upgrade::COLLECTION`]) says that a console is at it, and since when
//! by the server's clock; it is renewed as documents are written. The next recovery removes the collection of a note whose
//! time is over. Each insert names the collection by its identity, so that one that comes late changes nothing. From its
//! reservation on, the operation that makes the organization has the collection ([`super::operation`]): its lease is
//! the one that the documents were staged under.

use std::time::Duration;

use mongodb::bson::{
    Binary, Bson, Document, RawArrayBuf, RawBsonRef, RawDocument, RawDocumentBuf, Utf8Lossy, cstr,
    doc, oid::ObjectId, rawdoc,
};

use super::{
    Inner, READ,
    collection::{Listed, SINCE, lease_collection},
    connect::write_raw_command,
    document_command,
    document_refusal::refusal,
    error::{code, code_of},
};
use crate::{
    archive::Collection,
    document::has_empty_timestamp,
    org::StoredText,
    store::{
        DocumentSource, DocumentWrite, Inconsistency, Result, StoreError, documents_in,
        import::{BATCH, twice, unstaged},
    },
};

/// What the `_id` of a note begins with.
const PREFIX: &str = "import:";

/// As many documents a server takes at once, and fewer.
const AT_ONCE: usize = 50_000;

/// No more often than this, a note is renewed.
const RENEWED_AT_MOST: Duration = Duration::from_millis(300);

/// The options that a collection is made with again. Others are of servers that this version does not know, or decide
/// on how a server stores it.
const OPTIONS: [&str; 10] = [
    "capped",
    "size",
    "max",
    "validator",
    "validationLevel",
    "validationAction",
    "collation",
    "clusteredIndex",
    "expireAfterSeconds",
    "changeStreamPreAndPostImages",
];

/// The field of an index that makes documents go after a time.
const EXPIRES: &str = "expireAfterSeconds";

fn note_of(staged: ObjectId) -> Document {
    doc! { "_id": format!("{PREFIX}{}", staged.to_hex()) }
}

/// The options that no collection here gets, as they are shown.
pub(super) fn cannot_have(collection: &Collection) -> Vec<String> {
    let mut cannot = Vec::new();
    for option in &collection.options {
        let Ok((name, value)) = option else { return vec!["options that are damaged".to_owned()] };
        // It would be taken for what keeps others from a name.
        let is_placeholder = name == "validator"
            && value
                .as_document()
                .is_some_and(|validator| !matches!(validator.get(SINCE), Ok(None)));
        if !OPTIONS.contains(&name.as_str()) || is_placeholder {
            cannot.push(format!("option {}", StoredText::from(name.as_str())));
        }
    }
    cannot
}

impl Inner {
    /// Those of these ids that a record or an admin has.
    pub(super) async fn taken_ids(&self, ids: &[ObjectId]) -> Result<Vec<ObjectId>> {
        let mut taken = Vec::new();
        for collection in [&self.orgs, &self.admins] {
            self.each(collection, doc! { "_id": { "$in": ids } }, |record| {
                taken.extend(record.get_object_id("_id"));
            })
            .await?;
        }
        Ok(taken)
    }

    pub(super) async fn stage(
        &self,
        staged: ObjectId,
        collection: &Collection,
        documents: DocumentSource,
    ) -> Result<u64> {
        let now = vec![doc! { "$set": { "at": "$$NOW" } }];
        let noted = self.schema.update_one(note_of(staged), now).upsert(true).await;
        noted.map_err(|error| self.errors.translate(&error))?;
        // Also while it waits for a slow pipe, counts, or an index is built.
        let filled = tokio::select! {
            filled = self.fill(staged, collection, documents) => filled,
            lost = self.keep_staging(staged) => Err(lost),
        };
        match filled {
            // What was sent may still arrive: the note stays, for the next recovery.
            Err(gone @ StoreError::Unreachable { .. }) => Err(gone),
            Err(why) => {
                let _ = self.discard(staged).await;
                Err(why)
            }
            done => done,
        }
    }

    async fn fill(
        &self,
        staged: ObjectId,
        collection: &Collection,
        mut documents: DocumentSource,
    ) -> Result<u64> {
        let name = lease_collection(staged);
        self.make_staged(&name, collection).await?;
        let uuid = self.uuid_of(&name).await?.ok_or_else(unstaged)?;
        let (later, now): (Vec<_>, Vec<_>) =
            wanted_indexes(collection).partition(|index| !matches!(index.get(EXPIRES), Ok(None)));
        self.make_indexes(&name, &now).await?;
        let mut target = Target { name: &name, uuid: &uuid, bypass: false };
        let mut written = 0;
        while let Some(batch) = documents.next_batch(BATCH).await {
            let batch: Vec<&RawDocument> = documents_in(&batch).collect();
            for batch in batch.chunks(AT_ONCE) {
                self.insert_staged(&mut target, batch).await?;
                written += batch.len() as u64;
            }
        }
        let there = self.count_all(&name).await?;
        if there != written {
            return Err(StoreError::InTheWay {
                problem: format!("{written} documents were written, and {there} are there"),
                help: "a capped collection keeps fewer than were written; otherwise try again",
            });
        }
        // Only now: what is over is removed at any time, and it would seem that something was missing.
        self.make_indexes(&name, &later).await?;
        Ok(written)
    }

    async fn make_staged(&self, name: &str, collection: &Collection) -> Result<()> {
        let mut command = rawdoc! { "create": name };
        for option in &collection.options {
            let (key, value) = option.map_err(|error| StoreError::Other(error.to_string()))?;
            command.append(key, value);
        }
        match write_raw_command(&self.db, command).await {
            Ok(_) => Ok(()),
            Err(error) if code_of(&error) == Some(code::UNAUTHORIZED) && is_capped(collection) => {
                Err(may_not("convertToCapped", "it is capped"))
            }
            Err(error) => Err(self.refused_with(&error, "the collection's options")),
        }
    }

    async fn make_indexes(&self, name: &str, indexes: &[&RawDocument]) -> Result<()> {
        if indexes.is_empty() {
            return Ok(());
        }
        let mut specifications = RawArrayBuf::new();
        for index in indexes {
            let mut specification = RawDocumentBuf::new();
            for field in *index {
                let (key, value) = field.map_err(|error| StoreError::Other(error.to_string()))?;
                // Where the index was.
                if key != "ns" {
                    specification.append(key, value);
                }
            }
            specifications.push(specification);
        }
        let mut command = rawdoc! { "createIndexes": name };
        command.append(cstr!("indexes"), specifications);
        match write_raw_command(&self.db, command).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused_with(&error, "the collection's indexes")),
        }
    }

    /// What a server says of what it was asked to make.
    fn refused_with(&self, error: &mongodb::error::Error, what: &str) -> StoreError {
        match self.errors.translate(error) {
            StoreError::Other(problem) => StoreError::InTheWay {
                problem: format!("this server refuses {what}: {problem}"),
                help: "import the documents alone, with --documents-only",
            },
            why => why,
        }
    }

    /// Renews the note; an error where this console was too slow.
    async fn still_staging(&self, staged: ObjectId) -> Result<()> {
        let now = vec![doc! { "$set": { "at": "$$NOW" } }];
        let renewed = self.schema.update_one(note_of(staged), now).await;
        let renewed = renewed.map_err(|error| self.errors.translate(&error))?;
        if renewed.matched_count > 0 { Ok(()) } else { Err(unstaged()) }
    }

    /// Renews the note again and again. Ends only where that cannot be: where this console was too slow, or the server is
    /// gone.
    async fn keep_staging(&self, staged: ObjectId) -> StoreError {
        loop {
            tokio::time::sleep((self.lease / 3).max(RENEWED_AT_MOST)).await;
            if let Err(lost) = self.still_staging(staged).await {
                return lost;
            }
        }
    }

    async fn insert_staged(
        &self,
        target: &mut Target<'_>,
        documents: &[&RawDocument],
    ) -> Result<()> {
        let mut ordinary = Vec::with_capacity(documents.len());
        for document in documents {
            let touched = has_empty_timestamp(document);
            if touched.map_err(|error| StoreError::Other(error.to_string()))? {
                self.insert_exactly(target, document).await?;
            } else {
                ordinary.push(*document);
            }
        }
        let mut left = &ordinary[..];
        while !left.is_empty() {
            let mut command = rawdoc! { "insert": target.name };
            let mut batch = RawArrayBuf::new();
            for document in left {
                batch.push(*document);
            }
            command.append(cstr!("documents"), batch);
            command.append(cstr!("collectionUUID"), target.uuid.clone());
            match self.write_staged(target, command).await? {
                Written::All => break,
                // Those before it are there.
                Written::UpTo(invalid) => left = left.get(invalid..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    /// Inserts a document that a server would change.
    async fn insert_exactly(&self, target: &mut Target<'_>, document: &RawDocument) -> Result<()> {
        let write = DocumentWrite::Insert(document.to_owned());
        let command = document_command::command((target.name, target.uuid), &write.id()?, &write)?;
        match self.write_staged(target, command.clone()).await? {
            Written::All => Ok(()),
            Written::UpTo(_) => self.write_staged(target, command).await.map(drop),
        }
    }

    /// Sends a command that names the collection by its identity. Where a document is older than the validator, or was
    /// let through where it comes from, it is let through from then on: that takes a right of its own.
    async fn write_staged(
        &self,
        target: &mut Target<'_>,
        mut command: RawDocumentBuf,
    ) -> Result<Written> {
        if target.bypass {
            command.append(cstr!("bypassDocumentValidation"), true);
        }
        let answer = write_raw_command(&self.db, command).await;
        let answer = answer.map_err(|error| match code_of(&error) {
            Some(code::COLLECTION_UUID_MISMATCH | code::NAMESPACE_NOT_FOUND) => unstaged(),
            Some(code::UNAUTHORIZED) if target.bypass => {
                may_not("bypassDocumentValidation", "its validator refuses one of the documents")
            }
            _ => self.errors.translate(&error),
        })?;
        let refused = answer.get_array("writeErrors").ok().and_then(|all| all.first());
        let Some(refused) = refused.and_then(Bson::as_document) else { return Ok(Written::All) };
        if refused.get_i32("code").is_ok_and(|why| why == code::DOCUMENT_REFUSED) && !target.bypass
        {
            target.bypass = true;
            let at = refused.get_i32("index").ok().and_then(|at| usize::try_from(at).ok());
            return Ok(Written::UpTo(at.unwrap_or_default()));
        }
        Err(match refusal(refused, &self.errors) {
            StoreError::DocumentExists => twice(),
            // The collection is another one, or none any more.
            StoreError::Changed => unstaged(),
            StoreError::Other(problem) => StoreError::InTheWay {
                problem: format!("this server refuses one of the documents: {problem}"),
                help: "change it where it comes from, then export and import again",
            },
            why => why,
        })
    }

    /// Whether an operation has what was staged.
    async fn is_in_a_journal(&self, staged: ObjectId) -> Result<bool> {
        let journal = doc! {
            "pending.at": { "$type": "date" },
            "$or": [{ "pending.id": staged }, { "pending.earlier": staged }],
        };
        Ok(self.find_one(&self.orgs, journal).await?.is_some())
    }

    /// Renews the note for the operation that is to have what was staged, and answers which collection that is.
    pub(super) async fn claim_staged(&self, staged: ObjectId) -> Result<Binary> {
        self.still_staging(staged).await?;
        self.uuid_of(&lease_collection(staged)).await?.ok_or_else(unstaged)
    }

    /// Forgets that something was staged, which an operation has by now.
    pub(super) async fn forget_staged(&self, staged: ObjectId) -> Result<()> {
        let gone = self.schema.delete_one(note_of(staged)).await;
        gone.map(drop).map_err(|error| self.errors.translate(&error))
    }

    pub(super) async fn discard(&self, staged: ObjectId) -> Result<()> {
        if !self.is_in_a_journal(staged).await? {
            self.drop_staged(staged).await?;
        }
        self.forget_staged(staged).await
    }

    async fn drop_staged(&self, staged: ObjectId) -> Result<()> {
        let name = lease_collection(staged);
        match self.listed_at(&name).await? {
            Some(Listed::Collection { uuid, placeholder: None }) => {
                self.drop_collection(&name, &uuid).await
            }
            Some(Listed::Collection { .. } | Listed::Other(_)) | None => Ok(()),
        }
    }

    /// The notes of imports that nobody goes on with.
    fn over(&self) -> Document {
        let millis = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
        doc! { "$expr": { "$lte": ["$at", { "$subtract": ["$$NOW", millis] }] } }
    }

    /// What consoles that were killed have staged.
    pub(super) async fn left_by_imports(&self) -> Result<Vec<Inconsistency>> {
        let mut left = Vec::new();
        for (staged, _) in self.staged(self.over()).await? {
            let name = lease_collection(staged);
            let is_there = matches!(
                self.listed_at(&name).await?,
                Some(Listed::Collection { placeholder: None, .. })
            );
            if is_there && !self.is_in_a_journal(staged).await? {
                let held = self.storage(&name, READ).await.unwrap_or_default();
                left.push(Inconsistency::Staged {
                    collection: name.into(),
                    documents: held.documents,
                });
            }
        }
        Ok(left)
    }

    /// Removes what consoles that were killed have staged: of how many those were.
    pub(super) async fn settle_imports(&self) -> Result<u64> {
        let mut settled = 0;
        for (staged, at) in self.staged(self.over()).await? {
            // A console that was only slow finds its note gone afterwards; until then, no other one does the same.
            let mut mine = note_of(staged);
            mine.insert("at", at);
            let now = vec![doc! { "$set": { "at": "$$NOW" } }];
            let taken = self.schema.update_one(mine, now).await;
            if taken.map_err(|error| self.errors.translate(&error))?.matched_count == 0 {
                continue;
            }
            if !self.is_in_a_journal(staged).await? {
                // A command that makes it may still arrive.
                if !self.put_placeholder(&lease_collection(staged)).await? {
                    self.drop_staged(staged).await?;
                }
                settled += 1;
            }
            self.forget_staged(staged).await?;
        }
        Ok(settled)
    }

    /// The collections that imports are filling.
    pub(super) async fn staged_collections(&self) -> Result<Vec<String>> {
        let staged = self.staged(Document::new()).await?;
        Ok(staged.into_iter().map(|(staged, _)| lease_collection(staged)).collect())
    }

    /// What is staged, and when each was last written to.
    async fn staged(&self, mut notes: Document) -> Result<Vec<(ObjectId, Bson)>> {
        notes.insert("_id", doc! { "$gte": PREFIX, "$lt": "import;" });
        let say = |error| self.errors.translate(&error);
        let mut found = self.schema.find(notes).max_time(READ).await.map_err(say)?;
        let mut staged = Vec::new();
        while found.advance().await.map_err(say)? {
            let Ok(Utf8Lossy(note)) = found.deserialize_current() else { continue };
            let id = note.get_str("_id").ok().and_then(|id| id.strip_prefix(PREFIX));
            let Some(id) = id.and_then(|id| ObjectId::parse_str(id).ok()) else { continue };
            staged.push((id, note.get("at").cloned().unwrap_or(Bson::Null)));
        }
        Ok(staged)
    }
}

/// Where documents are staged.
struct Target<'a> {
    name: &'a str,
    uuid: &'a Binary,
    /// Whether they need not pass its validator.
    bypass: bool,
}

/// How many documents of a command are written.
enum Written {
    All,
    /// Those before this one, which the validator refuses.
    UpTo(usize),
}

fn is_capped(collection: &Collection) -> bool {
    collection.options.get_bool("capped").unwrap_or_default()
}

/// What the user lacks, and why that is needed.
fn may_not(action: &str, why: &str) -> StoreError {
    StoreError::InTheWay {
        problem: format!(
            "the collection cannot be made as it was: {why}, and the user in the connection string may not do “{action}”"
        ),
        help: "grant it that action on this database, or import with --documents-only",
    }
}

/// The indexes that are to be made: that of `_id` is there.
fn wanted_indexes(collection: &Collection) -> impl Iterator<Item = &RawDocument> {
    let is_of_id = |index: &RawDocument| {
        let key = index.get_document("key").map(|key| key.iter().collect::<Vec<_>>());
        matches!(key.as_deref(), Ok([Ok((name, RawBsonRef::Int32(1)))]) if name.as_str() == "_id")
            || index.get_str("name").is_ok_and(|name| name == "_id_")
    };
    collection.indexes.iter().map(|index| &**index).filter(move |index| !is_of_id(index))
}
