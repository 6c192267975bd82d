//! The documents of organizations, as they are stored: to browse, to edit, to carry away.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use bson::{
    Bson, Document, RawDocument, RawDocumentBuf, Utf8Lossy, deserialize_from_slice, oid::ObjectId,
};

use super::{DocumentOrder, DocumentPlace, Entry, Result, SortField, Statistics, StoreError};
use crate::{
    document::filter::Filter,
    org::{OperationKind, Org},
};

/// The largest document that is looked into, in BSON bytes: far more than fits on a screen, and few
/// enough that a page of them, each of which may have 16 MB, fits into memory.
pub const DOCUMENT_MOST_BYTES: u32 = 128 * 1024;

/// The field of a larger one, and what is in it behind the number of its bytes.
pub(super) const TOO_LARGE: (&str, &str) = ("…", " bytes: too large to show");

/// How many bytes a document of a page has, where only its `_id` and that were read.
#[must_use]
pub fn bytes_if_too_large(document: &RawDocument) -> Option<u64> {
    let text = document.get_str(TOO_LARGE.0).ok()?;
    text.strip_suffix(TOO_LARGE.1)?.parse().ok()
}

/// Documents, read by keyset: the next page begins where the last one ended, whatever was inserted or deleted
/// meanwhile. They are in the order of their `_id`s, of whatever types those are, or of another field's values.
#[async_trait]
pub trait Documents: Send + Sync {
    /// One page of the organization's documents, byte for byte as they are stored; none where it has no
    /// collection. As fast at any depth.
    async fn documents(&self, org: &Org, query: &DocumentQuery) -> Result<DocumentPage>;

    /// The fields, other than the `_id`, that lead an index of the organization's collection: what documents can be
    /// sorted by, and what not although there is an index.
    async fn sort_fields(&self, org: &Org) -> Result<Vec<SortField>>;

    /// The document with this `_id`, byte for byte as it is stored; none where there is none.
    async fn document(&self, org: &Org, id: &Bson) -> Result<Option<RawDocumentBuf>>;

    /// How many documents match the filter, counted up to `most`.
    async fn count_documents(&self, org: &Org, filter: &Filter, most: u64) -> Result<u64>;

    /// How much is in the organization's collection; all zero when it has none.
    async fn statistics(&self, org: &Org) -> Result<Statistics>;

    /// Writes one document of the organization, byte for byte, where that is as it was read: the one that the
    /// organization has then, whatever its collection is called by now. `entry` gets into the audit log with it: both
    /// or neither.
    ///
    /// # Errors
    /// [`StoreError::DocumentChanged`], [`StoreError::DocumentGone`] or [`StoreError::DocumentExists`] where it is not
    /// as it was read; [`StoreError::Gone`] where there is no such organization any more, and [`StoreError::Changed`]
    /// where it is in the trash; [`StoreError::InTheWay`] where the collection does not take it, or is missing; then
    /// nothing was changed. [`StoreError::OutcomeUnknown`] where that is not known yet.
    async fn write_document(
        &self,
        org: ObjectId,
        write: &DocumentWrite,
        entry: &Entry,
    ) -> Result<()>;

    /// The first documents, as they are shown: the large ones by their `_id`s, and what is not UTF-8 replaced.
    async fn first_documents(&self, org: &Org, most: u32) -> Result<Vec<Document>> {
        let query = DocumentQuery { limit: most, ..DocumentQuery::default() };
        let page = self.documents(org, &query).await?;
        let read = |raw: &RawDocumentBuf| {
            let read = deserialize_from_slice::<Utf8Lossy<Document>>(raw.as_bytes());
            read.map(|read| read.0).map_err(|problem| StoreError::Other(problem.to_string()))
        };
        page.documents.iter().map(read).collect()
    }
}

/// Which documents are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentQuery {
    /// Only those that match.
    pub filter: Option<Filter>,
    /// In which order.
    pub order: DocumentOrder,
    /// Where the page is, in that order.
    pub at: DocumentAt,
    /// At most so many.
    pub limit: u32,
    /// How many documents were looked at for it so far.
    pub looked_at: LookedAt,
    /// Whether those of more than [`DOCUMENT_MOST_BYTES`] are read as well. Otherwise such a one comes as its
    /// `_id` and a field that says how large it is.
    pub whole: bool,
}

/// How many documents were looked at so far to find what matches a filter. It grows while a page is read, and only where
/// that is known: in the embedded database. It is no part of what is asked for.
#[derive(Clone, Debug, Default)]
pub struct LookedAt(Arc<AtomicU64>);

impl LookedAt {
    /// So many.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, documents: u64) {
        self.0.fetch_add(documents, Ordering::Relaxed);
    }
}

impl PartialEq for LookedAt {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Where a page of documents is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DocumentAt {
    /// At the beginning.
    #[default]
    First,
    /// At the end.
    Last,
    /// Behind the document that is there, whether it still is or not.
    After(DocumentPlace),
    /// Before it.
    Before(DocumentPlace),
}

impl DocumentAt {
    /// Whether the page is read from its end.
    pub(super) fn is_backwards(&self) -> bool {
        match self {
            Self::First | Self::After(_) => false,
            Self::Last | Self::Before(_) => true,
        }
    }
}

impl DocumentQuery {
    /// Whether it is read against the order of values.
    pub(super) fn is_against_values(&self) -> bool {
        self.at.is_backwards() != self.order.descending
    }

    /// From where it is read; none where that is an end.
    pub(super) fn from(&self) -> Option<&DocumentPlace> {
        match &self.at {
            DocumentAt::First | DocumentAt::Last => None,
            DocumentAt::After(place) | DocumentAt::Before(place) => Some(place),
        }
    }
}

/// A page of documents, in the order that was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentPage {
    /// They themselves.
    pub documents: Vec<RawDocumentBuf>,
    /// Whether there are more in the direction in which they were read.
    pub more: bool,
    /// Whether no index helps to find what matches the filter, so that every document is read for it. Only the first page
    /// from either end says so, and only where the database does.
    pub reads_all: bool,
}

impl DocumentPage {
    /// What was read in a direction, one more than the page may have where there is one.
    pub(super) fn from_read(mut documents: Vec<RawDocumentBuf>, query: &DocumentQuery) -> Self {
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = documents.len() > limit;
        documents.truncate(limit);
        if query.at.is_backwards() {
            documents.reverse();
        }
        Self { documents, more, reads_all: false }
    }
}

/// What is written to a document of an organization. Nothing is done where it is not as it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum DocumentWrite {
    /// A new one, with an `_id`.
    Insert(RawDocumentBuf),
    /// Another one in its place, with the same `_id`.
    Replace {
        /// As it was read.
        before: RawDocumentBuf,
        /// As it is to be.
        after: RawDocumentBuf,
    },
    /// None any more. As it was read.
    Delete(RawDocumentBuf),
}

impl DocumentWrite {
    /// As it was read; none where there was none.
    #[must_use]
    pub fn before(&self) -> Option<&RawDocumentBuf> {
        match self {
            Self::Insert(_) => None,
            Self::Replace { before, .. } | Self::Delete(before) => Some(before),
        }
    }

    /// As it is to be; none where there is to be none.
    #[must_use]
    pub fn after(&self) -> Option<&RawDocumentBuf> {
        match self {
            Self::Insert(after) | Self::Replace { after, .. } => Some(after),
            Self::Delete(_) => None,
        }
    }

    /// The `_id`.
    ///
    /// # Errors
    /// [`StoreError::Other`] where the document has none that can be read.
    pub fn id(&self) -> Result<Bson> {
        let (Self::Insert(document)
        | Self::Replace { after: document, .. }
        | Self::Delete(document)) = self;
        let id = document.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
        id.ok_or_else(|| StoreError::Other("the document has no _id that can be read".into()))
    }

    /// What undoes it, as long as nothing comes after it.
    #[must_use]
    pub fn undo(&self) -> Self {
        match self {
            Self::Insert(document) => Self::Delete(document.clone()),
            Self::Replace { before, after } => {
                Self::Replace { before: after.clone(), after: before.clone() }
            }
            Self::Delete(document) => Self::Insert(document.clone()),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Insert(_) => OperationKind::InsertDocument,
            Self::Replace { .. } => OperationKind::ChangeDocument,
            Self::Delete(_) => OperationKind::DeleteDocument,
        }
    }
}
