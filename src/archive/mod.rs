//! The file that an organization is exported to: `NAME.tar.zst`, a tar file compressed with zstd.
//!
//! | member | what is in it |
//! |---|---|
//! | `manifest.json` | the format's number, origin, time, counts and omissions: [`Manifest`] |
//! | `organization.bson` | the organization's record |
//! | `admins.bson` | its admins, one after another; missing in an export without them |
//! | `documents.metadata.json` | the collection's options and indexes as mongodump writes them: [`Collection`] |
//! | `documents.bson` | its documents, one after another, byte for byte |
//! | `digests.json` | size and SHA-256 of each of the others, and that all was written |
//!
//! They stand in this order, each once, and nothing else does. `tar --zstd -xf` extracts them; `bsondump` reads the
//! `.bson` files and `mongorestore` the documents, whose indexes it finds beside them.
//!
//! # Writing
//! What stands in front of the documents is known only behind them: how many there are, and whether they
//! were read at one time. So a [`Spool`] compresses them into a temporary file without a name; only when all are
//! there does [`Spool::finish`] write the archive. An export that fails leaves nothing at its target, also where
//! that is a pipe. A [`NewFile`] is a target that has its name only once it is whole.
//!
//! # Reading
//! A [`Reader`] reads front to back, so from a pipe as well, in the same memory however large the archive is. It
//! trusts nothing: no size, no name, no order. [`verify()`] reads everything and keeps nothing; [`write_lines()`] writes
//! the documents as text.

mod digests;
mod error;
mod input;
mod lines;
mod manifest;
mod metadata;
mod new_file;
mod reader;
mod spool;
mod tar;
#[cfg(test)]
mod tests;
mod verify;

pub use error::{Place, ReadError, WriteError};
pub use lines::{Lines, LinesError, write_lines};
pub use manifest::{Consistency, Identity, LeftOut, Manifest, NoSnapshot, Source, SourceKind};
pub use metadata::Collection;
pub use new_file::{FileError, NewFile, check_directory, help_for};
pub use reader::Reader;
pub use spool::Spool;
pub use verify::verify;

use bson::RawDocumentBuf;
use serde::{Deserialize, Serialize};

use crate::document;

/// What the manifest calls the format.
const FORMAT: &str = "tenantry-organization";
/// The newest format that this version reads, and the one it writes.
pub const FORMAT_VERSION: u64 = 1;
/// The version of this program, for [`Manifest::program_version`].
pub const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");

/// How many bytes a document may have: what a server adds for itself included.
const DOCUMENT_MOST: usize = document::SIZE_MOST + 16 * 1024;

/// How many admins an archive may have: they are read into memory, and so is each that a forged one claims.
const ADMINS_MOST: usize = 50_000;
/// How many indexes a collection may have, for the same reason. A server makes 64.
const INDEXES_MOST: usize = 1000;

/// What stands in front of the documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Front {
    /// Where the archive is from and what it leaves out.
    pub manifest: Manifest,
    /// The organization's record.
    pub organization: RawDocumentBuf,
    /// Its admins; none in an archive without them.
    pub admins: Option<Vec<RawDocumentBuf>>,
    /// Its collection's options and indexes.
    pub collection: Collection,
}

/// How much is in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The admins; none in an archive without them.
    pub admins: Option<Count>,
    /// The documents.
    pub documents: Count,
}

/// So many documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub count: u64,
    /// How many bytes of BSON they have together.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, bytes: usize) {
        self.count += 1;
        self.bytes += bytes as u64;
    }
}

/// What was written, or what was read and found whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How much is in it.
    pub contents: Contents,
    /// SHA-256 of the documents, one after another.
    pub documents_sha256: [u8; 32],
    /// How many bytes the archive has.
    pub archive_bytes: u64,
}

/// A member of an archive. They stand in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// What is in the archive.
    Manifest,
    /// The organization's record.
    Organization,
    /// Its admins.
    Admins,
    /// The collection's options and indexes.
    Metadata,
    /// The documents.
    Documents,
    /// Size and digest of each of the others.
    Digests,
}

impl Member {
    /// All of them.
    const ALL: [Self; 6] = [
        Self::Manifest,
        Self::Organization,
        Self::Admins,
        Self::Metadata,
        Self::Documents,
        Self::Digests,
    ];

    /// What it is called in the archive.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest.json",
            Self::Organization => "organization.bson",
            Self::Admins => "admins.bson",
            Self::Metadata => "documents.metadata.json",
            Self::Documents => "documents.bson",
            Self::Digests => "digests.json",
        }
    }

    /// How many bytes it may have; the documents as many as they are.
    fn most(self) -> u64 {
        match self {
            Self::Manifest | Self::Digests => 1024 * 1024,
            Self::Organization => DOCUMENT_MOST as u64,
            // Those are of some hundred bytes each.
            Self::Admins => 16 * 1024 * 1024,
            // A server keeps options and indexes in one document; as text they are longer.
            Self::Metadata => 32 * 1024 * 1024,
            Self::Documents => u64::MAX,
        }
    }
}
