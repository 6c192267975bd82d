//! The operators' accounts: one document, written by compare-and-set.
//!
//! What such a write is not done with in one go is kept in the document itself: the entry that is to be in the audit
//! log, and the accounts whose e-mail is not known to be free yet. Until it is, they are not there for anybody, but
//! nobody else can have that e-mail either: whoever reserves one looks here afterwards ([`Inner::holder_otherwise`]).
//! Whoever comes next finishes it.

use mongodb::bson::{Bson, DateTime, Document, doc, oid::ObjectId};

use super::{
    Inner,
    error::{code, code_of},
};
use crate::{
    org::{Claim, email_key},
    store::{Directory, Entry, Result, StoreError, admit},
};

/// The document of the collection [`super::upgrade::COLLECTION`].
const OPERATORS: &str = "operators";

/// E-mails that are not known to be free yet.
const JOINING: &str = "joining";

/// What is not in the audit log yet.
const ENTRY: &str = "entry";

impl Inner {
    /// Those that are there for certain.
    pub(super) async fn directory(&self) -> Result<Directory> {
        let found = self.find_one(&self.schema, doc! { "_id": OPERATORS }).await?;
        Ok(found.map_or_else(Directory::default, |found| joined(&found)))
    }

    /// Whether an operator has this e-mail, as it is compared, or is about to.
    pub(super) async fn is_an_operators(&self, email: &str) -> Result<bool> {
        let found = self.find_one(&self.schema, doc! { "_id": OPERATORS }).await?;
        let all = found.map(|found| Directory::from_document(&found));
        Ok(all.is_some_and(|all| all.with_email(email).is_some()))
    }

    pub(super) async fn write_directory(&self, new: &Directory, entry: &Entry) -> Result<()> {
        self.ensure_prepared(entry.operator.raw()).await?;
        let before = self.settle_directory().await?;
        if before.revision != new.revision {
            return Err(StoreError::Changed);
        }
        let joining = new.new_emails(&before);
        let mut written = new.next()?.to_document();
        written.insert(ENTRY, entry.to_document());
        if !joining.is_empty() {
            written.insert(JOINING, &joining);
        }
        if before == Directory::default() {
            written.insert("_id", OPERATORS);
            let inserted = self.schema.clone_with_type::<Document>().insert_one(&written).await;
            match inserted {
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {
                    return Err(StoreError::Changed);
                }
                inserted => inserted.map_err(|error| self.errors.translate(&error))?,
            };
        } else {
            let as_read = doc! { "revision": before.revision, ENTRY: Bson::Null };
            if !self.set_directory(as_read, doc! { "$set": written }).await? {
                return Err(StoreError::Changed);
            }
        }
        // From here on it is done, whoever settles it.
        let after = self.settle_directory().await.map_err(StoreError::unknown)?;
        for email in joining {
            if after.with_email(&email).is_none() {
                let claim = Claim::Email(email);
                let holder = self.holder(&claim).await?;
                admit::unclaimed(&claim, holder, None)?;
                // Whoever had it has given it up in between, or somebody has removed the account.
                return Err(StoreError::Changed);
            }
        }
        Ok(())
    }

    /// Without another revision: whoever writes the directory at the same time may take it back.
    pub(super) async fn note_key_use(&self, key: ObjectId, at: DateTime) -> Result<()> {
        self.may_write()?;
        let filter = doc! { "_id": OPERATORS, "operators.keys._id": key };
        // Most operators have no keys at all.
        let noted = doc! { "$set": { "operators.$[owner].keys.$[key].last_used": at } };
        let places = [doc! { "owner.keys._id": key }, doc! { "key._id": key }];
        let noted = self.schema.update_one(filter, noted).array_filters(places).await;
        noted.map(drop).map_err(|error| self.errors.translate(&error))
    }

    /// Finishes a write that was begun: the accounts whose e-mail an admin has go again, and the entry of what was
    /// done gets into the audit log. The directory then.
    pub(super) async fn settle_directory(&self) -> Result<Directory> {
        loop {
            let Some(found) = self.find_one(&self.schema, doc! { "_id": OPERATORS }).await? else {
                return Ok(Directory::default());
            };
            let all = Directory::from_document(&found);
            let Ok(entry) = found.get_document(ENTRY).map(Entry::from_document) else {
                return Ok(all);
            };
            let as_read = doc! { "revision": all.revision, "entry.entry": entry.id };
            let joining = joining(&found);
            if joining.is_empty() {
                self.append(&entry).await?;
                self.set_directory(as_read, doc! { "$unset": { ENTRY: "" } }).await?;
                return Ok(all);
            }
            let next = joined(&found).next()?;
            let mut is_free = true;
            for email in joining {
                // It finds the account itself last of all.
                let holder = self.holder(&Claim::Email(email)).await?;
                is_free &= holder.is_none_or(|holder| holder.operator);
            }
            let settled = if is_free {
                doc! { "$set": { "revision": next.revision }, "$unset": { JOINING: "" } }
            } else {
                doc! { "$set": next.to_document(), "$unset": { JOINING: "", ENTRY: "" } }
            };
            self.set_directory(as_read, settled).await?;
        }
    }

    /// Whether it still was as it was read.
    async fn set_directory(&self, as_read: Document, update: Document) -> Result<bool> {
        let mut filter = doc! { "_id": OPERATORS };
        filter.extend(as_read);
        let done = self.schema.update_one(filter, update).await;
        Ok(done.map_err(|error| self.errors.translate(&error))?.matched_count == 1)
    }
}

fn joining(found: &Document) -> Vec<String> {
    let emails = found.get_array(JOINING).map(Vec::as_slice).unwrap_or_default();
    emails.iter().filter_map(Bson::as_str).map(str::to_owned).collect()
}

/// Without the accounts whose e-mail is not known to be free yet.
fn joined(found: &Document) -> Directory {
    let (mut directory, joining) = (Directory::from_document(found), joining(found));
    directory.operators.retain(|own| !joining.contains(&email_key(own.email.raw())));
    directory
}
