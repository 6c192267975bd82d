//! An organization that comes from an archive: its documents first, where no list shows them, then all of it at once.

use async_trait::async_trait;
use bson::{DateTime, oid::ObjectId};

use super::{DocumentSource, Result, StoreError};
use crate::{
    archive::Collection,
    org::{Claim, CollectionName, Email, OrgName, PasswordHash, ResetCode, Role},
};

/// Documents are written in batches of about so many bytes. A larger document is a batch of its own.
pub(super) const BATCH: usize = 4 * 1024 * 1024;

/// Taking in what [`super::Operation::Import`] makes an organization from.
#[async_trait]
pub trait Imports: Send + Sync {
    /// What of a collection this database cannot have, in words; empty where it can have all of it, as far as can be
    /// told before it is asked.
    fn cannot_have(&self, collection: &Collection) -> Vec<String>;

    /// Those of these ids that an organization or an admin has, whatever state it is in.
    ///
    /// # Errors
    /// The database's.
    async fn taken_ids(&self, ids: &[ObjectId]) -> Result<Vec<ObjectId>>;

    /// Stages documents: makes a collection with options and indexes under a reserved name, which no organization has,
    /// and puts the documents into it, byte for byte, until there are no more. Answers how many those were. Where it
    /// fails, nothing is left; what a killed program left is removed by the next [`super::Maintenance::recover`].
    ///
    /// # Errors
    /// [`StoreError::InTheWay`] where the database refuses an option, an index or a document, or the database's.
    async fn stage(
        &self,
        staged: ObjectId,
        collection: &Collection,
        documents: DocumentSource,
    ) -> Result<u64>;

    /// Removes what was staged, unless an organization was made of it; nothing where there is nothing.
    ///
    /// # Errors
    /// The database's. It is removed by the next recovery then.
    async fn discard(&self, staged: ObjectId) -> Result<()>;
}

/// An organization about to be, with documents that are staged.
#[derive(Clone, Debug)]
pub struct ImportedOrg {
    /// Under which id the documents were staged.
    pub staged: ObjectId,
    /// How many those are.
    pub documents: u64,
    /// Its identity.
    pub id: ObjectId,
    /// Its name.
    pub name: OrgName,
    /// Its collection.
    pub collection: CollectionName,
    /// Since when it exists.
    pub created_at: DateTime,
    /// Whether it is suspended.
    pub suspended: bool,
    /// The owner whom its record names.
    pub first: ImportedAdmin,
    /// Its other admins.
    pub others: Vec<ImportedAdmin>,
}

/// An admin of it.
#[derive(Clone, Debug)]
pub struct ImportedAdmin {
    /// The admin's identity.
    pub id: ObjectId,
    /// The e-mail.
    pub email: Email,
    /// What the admin may do.
    pub role: Role,
    /// The hash.
    pub password: PasswordHash,
    /// A one-time code, where one was issued with it.
    pub reset: Option<ResetCode>,
    /// Since when.
    pub created_at: DateTime,
}

impl ImportedOrg {
    /// Everything it will keep for itself, in the order in which a clash is reported.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        let mut claims = Claim::of_name(self.name.as_str(), self.collection.as_str());
        claims.extend(self.admins().map(|admin| Claim::of_email(admin.email.as_str())));
        claims
    }

    /// All of its admins, the first one first.
    pub fn admins(&self) -> impl Iterator<Item = &ImportedAdmin> {
        [&self.first].into_iter().chain(&self.others)
    }
}

/// That what was staged is not there any more.
pub(super) fn unstaged() -> StoreError {
    StoreError::TakenBack("its documents were removed, since this console was too slow".into())
}

/// That two documents have one `_id`.
pub(super) fn twice() -> StoreError {
    StoreError::InTheWay {
        problem: "two of the documents have the same _id".into(),
        help: "no database can have both: change one of them where they come from",
    }
}
