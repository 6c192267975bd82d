//! What each operation has to say for itself, and nothing else needs to know: one file implements it for
//! one operation.

use async_trait::async_trait;
use mongodb::bson::{Binary, Document, doc, oid::ObjectId};

use super::lease::{Lease, StepResult};
use crate::{
    org::Org,
    store::{
        Entry, JournalKind, Result, StoreError,
        mongo::{Inner, journal::Pending},
    },
};

/// An operation, as its journal keeps it.
#[async_trait]
pub(super) trait Steps: Send + Sync {
    /// What the journal calls it.
    fn kind(&self) -> JournalKind;

    /// What the journal keeps of it.
    fn content(&self) -> mongodb::bson::error::Result<Document>;

    /// Which fields of ours it writes. What another program keeps there stops it before it begins, so that
    /// it is not stuck half-way.
    fn writes(&self) -> Writes;

    /// Whether it takes out of the record where the organization's documents are, or the organization out
    /// of reach.
    fn loses_place(&self) -> bool;

    /// What it does to a collection.
    fn on_collection(&self) -> OnCollection<'_>;

    /// The admins that it may write to, once it is reserved.
    async fn admins(&self, store: &Inner, org: ObjectId) -> Result<Vec<ObjectId>>;

    /// Whether another program did the same while the operation lay there.
    async fn is_overtaken(&self, store: &Inner, org: ObjectId) -> Result<bool>;

    /// Takes it to its end: each step looks at what exists and can be done again, so that whoever takes the
    /// operation over starts from the first. What it writes outside the record is fenced
    /// ([`super::takeover`]). The organization afterwards; none when it is gone.
    async fn forward(
        &self,
        store: &Inner,
        pending: &Pending,
        lease: &mut Lease,
    ) -> StepResult<Option<Org>>;

    /// Takes back what its reservation, and what followed that, did; never what somebody else has taken
    /// over: then the answer is false. Not called where it only goes on ([`OnCollection`]).
    async fn undo(&self, store: &Inner, pending: &Pending) -> Result<bool>;

    /// Takes back a reservation that nothing followed; false where somebody else has taken it over.
    async fn release(&self, store: &Inner, pending: &Pending) -> Result<bool>;
}

/// The fields of ours that an operation writes.
pub(super) struct Writes {
    /// Those of the record.
    pub(super) record: &'static [&'static str],
    /// Those of each admin.
    pub(super) admins: &'static [&'static str],
}

/// What an operation does to a collection.
pub(super) enum OnCollection<'a> {
    /// Nothing.
    Nothing,
    /// Makes one.
    Makes,
    /// Moves this one, if there is one; once it has arrived, the operation only goes on.
    Moves { from: &'a str, to: &'a str, uuid: Option<&'a Binary> },
    /// Drops this one, if there is one; once it is about to be, the operation only goes on.
    Drops(Option<&'a Binary>),
}

/// An operation under way.
pub(super) struct Running {
    pub(super) pending: Pending,
    pub(super) steps: Box<dyn Steps>,
}

impl Running {
    /// One that is about to begin.
    pub(super) fn new(
        org: ObjectId,
        steps: impl Steps + 'static,
        entry: &Entry,
        admins: Vec<Document>,
    ) -> Self {
        Self { pending: Pending::new(org, entry, admins), steps: Box::new(steps) }
    }

    /// The update that writes the journal with a lease from now on, and `fields` of the record with it.
    pub(super) fn reservation(&self, mut fields: Document) -> Result<Document> {
        let content = self.steps.content().map_err(|error| StoreError::Other(error.to_string()))?;
        fields.insert("pending.kind", self.steps.kind().word());
        fields.insert("pending.by", &self.pending.by);
        fields.insert("pending.id", self.pending.id);
        if let Some(entry) = &self.pending.entry {
            fields.insert("pending.entry", entry.to_document());
        }
        for (field, value) in content {
            fields.insert(format!("pending.{field}"), value);
        }
        Ok(doc! { "$set": fields, "$currentDate": { "pending.at": true } })
    }
}
