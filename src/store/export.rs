//! An organization as it is carried away: its record, its admins, its collection and every document, as they were at
//! one time where the database can say that. The channel that the documents go through is that of an import as well.

use async_trait::async_trait;
use bson::{RawDocument, RawDocumentBuf, doc, oid::ObjectId};
use tokio::sync::mpsc;

use super::{Result, StoreError};
use crate::{
    archive::{Collection, Consistency, Source},
    org::{Admin, Org},
};

/// Documents go through the channel in pieces of about so many bytes. A larger document is a piece of its own.
const PIECE: usize = 1024 * 1024;

/// How many pieces wait in the channel: each may have 16 MB.
const WAITING: usize = 1;

/// Reading everything of an organization.
#[async_trait]
pub trait Exports: Send + Sync {
    /// Reads an organization, on either list, for an archive; its documents, byte for byte, go to `documents`. Writes
    /// nothing. In a replica set and in the embedded database all of it is as it was at one time. Where a server keeps
    /// that time for too short, it begins again once, and then reads what is there.
    ///
    /// # Errors
    /// [`StoreError::Gone`] where there is none, [`StoreError::Busy`] while something is under way with it,
    /// [`StoreError::Changed`] where it got another name or was deleted meanwhile, [`StoreError::InTheWay`] where its
    /// documents are elsewhere or fewer or more were read than there are, or the database's.
    async fn export(&self, org: ObjectId, documents: DocumentSink) -> Result<Exported>;
}

/// What was read of an organization beside its documents.
pub struct Exported {
    /// The organization as it was.
    pub org: Org,
    /// Its record: the fields of the service before this program, and `suspended` where it is that.
    pub organization: RawDocumentBuf,
    /// Its admins with their hashes and roles, the one its record names first; no second factors and no codes.
    pub admins: Vec<RawDocumentBuf>,
    /// Its collection.
    pub collection: Collection,
    /// The database.
    pub source: Source,
    /// What holds between any two parts of all that.
    pub consistency: Consistency,
    /// How many documents were read.
    pub documents: u64,
}

/// What goes through the channel.
#[derive(Debug)]
pub enum Piece {
    /// The documents begin here. What came before does not count.
    Begin,
    /// Documents, one after another, each whole.
    Documents(Vec<u8>),
}

/// Where documents go.
pub struct DocumentSink {
    to: mpsc::Sender<Piece>,
    pending: Vec<u8>,
    count: u64,
}

/// Where they come from. There are no more once every sink is dropped.
pub struct DocumentSource {
    pieces: mpsc::Receiver<Piece>,
    /// What did not fit into the last batch.
    held: Option<Vec<u8>>,
}

/// A channel for the documents of an export, which holds a few megabytes, or a few documents where those are larger.
#[must_use]
pub fn document_channel() -> (DocumentSink, DocumentSource) {
    let (to, from) = mpsc::channel(WAITING);
    (
        DocumentSink { to, pending: Vec::new(), count: 0 },
        DocumentSource { pieces: from, held: None },
    )
}

impl DocumentSource {
    /// The next piece; none where there are no more. Blocks until then.
    pub fn next_piece(&mut self) -> Option<Piece> {
        self.pieces.blocking_recv()
    }

    /// The next documents, one after another, each whole: no more than `most` bytes, unless the first of them alone has
    /// more; none where there are no more.
    pub(super) async fn next_batch(&mut self, most: usize) -> Option<Vec<u8>> {
        let mut batch = match self.held.take() {
            Some(held) => held,
            None => self.next_documents().await?,
        };
        while let Some(documents) = self.next_documents().await {
            if batch.len() + documents.len() > most {
                self.held = Some(documents);
                break;
            }
            batch.extend(documents);
        }
        Some(batch)
    }

    async fn next_documents(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.pieces.recv().await? {
                // What is imported does not begin again.
                Piece::Begin => {}
                Piece::Documents(documents) if documents.is_empty() => {}
                Piece::Documents(documents) => return Some(documents),
            }
        }
    }
}

/// The documents of a piece, which has each of them whole.
pub fn documents_in(mut bytes: &[u8]) -> impl Iterator<Item = &RawDocument> {
    std::iter::from_fn(move || {
        let length = i32::from_le_bytes(*bytes.first_chunk()?);
        let (document, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
        bytes = rest;
        RawDocument::from_bytes(document).ok()
    })
}

impl DocumentSink {
    /// How many documents were pushed since the beginning.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Begins, or begins again.
    pub(super) async fn begin(&mut self) -> Result<()> {
        let begin = self.fresh();
        self.to.send(begin).await.map_err(|_| given_up())
    }

    /// Adds a document.
    pub(super) async fn push(&mut self, document: &RawDocument) -> Result<()> {
        match self.add(document.as_bytes()) {
            Some(piece) => self.to.send(piece).await.map_err(|_| given_up()),
            None => Ok(()),
        }
    }

    /// Hands over what is left.
    pub(super) async fn flush(&mut self) -> Result<()> {
        let rest = self.take();
        self.to.send(rest).await.map_err(|_| given_up())
    }

    /// As [`DocumentSink::begin`], on a thread that may block.
    pub(super) fn begin_blocking(&mut self) -> Result<()> {
        let begin = self.fresh();
        self.to.blocking_send(begin).map_err(|_| given_up())
    }

    /// Adds a document, on a thread that may block.
    ///
    /// # Errors
    /// When the other end is gone.
    pub fn push_blocking(&mut self, document: &[u8]) -> Result<()> {
        match self.add(document) {
            Some(piece) => self.to.blocking_send(piece).map_err(|_| given_up()),
            None => Ok(()),
        }
    }

    /// Hands over what is left, on a thread that may block.
    ///
    /// # Errors
    /// When the other end is gone.
    pub fn flush_blocking(&mut self) -> Result<()> {
        let rest = self.take();
        self.to.blocking_send(rest).map_err(|_| given_up())
    }

    fn fresh(&mut self) -> Piece {
        self.pending.clear();
        self.count = 0;
        Piece::Begin
    }

    /// What was pushed before, where this one does not fit beside it any more.
    fn add(&mut self, document: &[u8]) -> Option<Piece> {
        let full = !self.pending.is_empty() && self.pending.len() + document.len() > PIECE;
        let piece = full.then(|| self.take());
        if self.pending.is_empty() {
            self.pending.reserve_exact(PIECE.max(document.len()));
        }
        self.pending.extend_from_slice(document);
        self.count += 1;
        piece
    }

    fn take(&mut self) -> Piece {
        Piece::Documents(std::mem::take(&mut self.pending))
    }
}

/// The other end of the channel is gone, and knows why.
fn given_up() -> StoreError {
    StoreError::Other("it was cancelled".to_owned())
}

/// Refuses an export of which something is missing.
pub(super) fn ensure_complete(read: u64, there: u64) -> Result<()> {
    if read == there {
        return Ok(());
    }
    Err(StoreError::InTheWay {
        problem: format!(
            "the export is not complete: {read} documents were read, {there} are there"
        ),
        help: "try again; if it is the same, run `tenantry doctor`",
    })
}

/// The record of an organization as an archive has it: the fields of the service before this program, and `suspended`
/// where it is that. One in the trash is as it would be restored.
pub(super) fn record_of(org: &Org, suspended: bool) -> Result<RawDocumentBuf> {
    let mut record = doc! {
        "_id": org.id,
        "organization_name": org.name.raw(),
        "collection_name": org.collection.raw(),
        "admin_id": org.admin_id.raw(),
        "admin_email": org.admin_email.raw(),
        "created_at": org.created_at,
        "connection_details": {
            "database": org.connection.database.raw(),
            "collection": org.connection.collection.raw(),
        },
    };
    if suspended {
        record.insert("suspended", true);
    }
    encoded(&record)
}

/// An admin as an archive has it.
pub(super) fn admin_of(admin: &Admin) -> Result<RawDocumentBuf> {
    encoded(&doc! {
        "_id": admin.id,
        "email": admin.email.raw(),
        "password": admin.password.as_str(),
        "created_at": admin.created_at,
        "role": admin.role.word(),
    })
}

fn encoded(document: &bson::Document) -> Result<RawDocumentBuf> {
    RawDocumentBuf::try_from(document).map_err(|error| StoreError::Other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use bson::rawdoc;

    use super::*;

    #[tokio::test]
    async fn documents_come_in_pieces_that_are_not_large_and_keep_their_order() {
        let (mut sink, mut source) = document_channel();
        let documents: Vec<_> = [300_000, 700_000, 400_000, 3_000_000, 1, 1]
            .iter()
            .map(|length| rawdoc! { "text": "x".repeat(*length) })
            .collect();
        let reading = tokio::task::spawn_blocking(move || {
            let mut pieces = Vec::new();
            while let Some(piece) = source.next_piece() {
                pieces.push(piece);
            }
            pieces
        });
        sink.begin().await.unwrap();
        sink.push(&documents[0]).await.unwrap();
        sink.begin().await.unwrap();
        for document in &documents {
            sink.push(document).await.unwrap();
        }
        assert_eq!(sink.count(), 6);
        sink.flush().await.unwrap();
        drop(sink);
        let mut pieces = reading.await.unwrap().into_iter();
        assert!(matches!(pieces.next(), Some(Piece::Begin)));
        assert!(matches!(pieces.next(), Some(Piece::Begin)));
        let mut all = Vec::new();
        let mut sizes = Vec::new();
        for piece in pieces {
            let Piece::Documents(bytes) = piece else { panic!("it began again") };
            sizes.push(bytes.len());
            all.extend(bytes);
        }
        let wanted: Vec<u8> = documents.iter().flat_map(|d| d.as_bytes().to_vec()).collect();
        assert!(all == wanted);
        assert_eq!(sizes.iter().filter(|size| **size > PIECE).count(), 1, "{sizes:?}");
    }

    #[tokio::test]
    async fn a_closed_channel_ends_the_export() {
        let (mut sink, source) = document_channel();
        drop(source);
        assert_eq!(sink.begin().await, Err(given_up()));
    }
}
