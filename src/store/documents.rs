//! The documents of organizations, as they are stored: to browse, to edit, to carry away.

use async_trait::async_trait;
use bson::{Bson, Document, RawDocumentBuf, Utf8Lossy, deserialize_from_slice};

use super::{Result, Statistics, StoreError};
use crate::{document::filter::Filter, org::Org};

/// The largest document that is looked into, in BSON bytes: far more than fits on a screen, and few
/// enough that a page of them, each of which may have 16 MB, fits into memory.
pub const DOCUMENT_MOST_BYTES: u32 = 128 * 1024;

/// The field of a larger one, and what is in it behind the number of its bytes.
pub(super) const TOO_LARGE: (&str, &str) = ("…", " bytes: too large to show");

/// Documents, read by keyset: the next page begins where the last one ended, whatever was inserted or deleted
/// meanwhile. They are in the order of their `_id`s, of whatever types those are.
#[async_trait]
pub trait Documents: Send + Sync {
    /// One page of the organization's documents, byte for byte as they are stored; none where it has no
    /// collection. As fast at any depth.
    async fn documents(&self, org: &Org, query: &DocumentQuery) -> Result<DocumentPage>;

    /// The document with this `_id`, byte for byte as it is stored; none where there is none.
    async fn document(&self, org: &Org, id: &Bson) -> Result<Option<RawDocumentBuf>>;

    /// How many documents match the filter, counted up to `most`.
    async fn count_documents(&self, org: &Org, filter: &Filter, most: u64) -> Result<u64>;

    /// How much is in the organization's collection; all zero when it has none.
    async fn statistics(&self, org: &Org) -> Result<Statistics>;

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
    /// Where the page is.
    pub at: DocumentAt,
    /// At most so many.
    pub limit: u32,
    /// Whether those of more than [`DOCUMENT_MOST_BYTES`] are read as well. Otherwise such a one comes as its
    /// `_id` and a field that says how large it is.
    pub whole: bool,
}

/// Where a page of documents is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DocumentAt {
    /// At the beginning.
    #[default]
    First,
    /// At the end.
    Last,
    /// Behind the document with this `_id`, whether that is still there or not.
    After(Bson),
    /// Before it.
    Before(Bson),
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

/// A page of documents, in the order of their `_id`s.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentPage {
    /// They themselves.
    pub documents: Vec<RawDocumentBuf>,
    /// Whether there are more in the direction in which they were read.
    pub more: bool,
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
        Self { documents, more }
    }
}
