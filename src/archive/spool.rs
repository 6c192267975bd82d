//! Writing: the documents first, into a temporary file; then everything in its order.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, Write},
    path::Path,
};

use bson::{RawDocument, RawDocumentBuf};
use sha2::{Digest as _, Sha256};
use zstd::Encoder;

use super::{
    ADMINS_MOST, Contents, Count, DOCUMENT_MOST, Front, Member, Summary, WriteError,
    digests::Digests,
    manifest,
    tar::{BLOCK, header, padding},
};

/// How much is compressed. The next levels save a thirtieth and take half as long again, on a processor that a
/// database's driver needs.
const LEVEL: i32 = 1;
/// How many bytes of documents are hashed and compressed at once.
const BUFFER: usize = 256 * 1024;

/// The documents of an archive that is being written, compressed, in a temporary file that has no name and is gone
/// with this, however the program ends.
pub struct Spool {
    compressed: Encoder<'static, File>,
    pending: Vec<u8>,
    digest: Sha256,
    count: Count,
}

impl Spool {
    /// Begins one. The temporary file is in this directory, which needs room for the documents once more, compressed.
    ///
    /// # Errors
    /// When no file can be made there.
    pub fn new(directory: &Path) -> Result<Self, WriteError> {
        let begun = tempfile::tempfile_in(directory).and_then(|file| {
            let mut compressed = encoder(file)?;
            // It compresses in a thread of its own while this one hashes.
            compressed.multithread(1)?;
            Ok(compressed)
        });
        Ok(Self {
            compressed: begun.map_err(WriteError::Spool)?,
            pending: Vec::with_capacity(BUFFER),
            digest: Sha256::new(),
            count: Count::default(),
        })
    }

    /// How many documents there are so far.
    #[must_use]
    pub fn count(&self) -> Count {
        self.count
    }

    /// Adds a document behind the others.
    ///
    /// # Errors
    /// When it is larger than any server stores, or the temporary file takes no more.
    pub fn push(&mut self, document: &RawDocument) -> Result<(), WriteError> {
        let bytes = document.as_bytes();
        within(Member::Documents, bytes.len(), DOCUMENT_MOST as u64)?;
        if self.pending.len() + bytes.len() > BUFFER {
            self.drain()?;
        }
        self.pending.extend_from_slice(bytes);
        self.count.add(bytes.len());
        Ok(())
    }

    fn drain(&mut self) -> Result<(), WriteError> {
        // The other thread compresses the last ones meanwhile.
        self.compressed.write_all(&self.pending).map_err(WriteError::Spool)?;
        self.digest.update(&self.pending);
        self.pending.clear();
        // A large document is no reason to keep its memory.
        self.pending.shrink_to(BUFFER);
        Ok(())
    }

    /// Writes the archive, and does not flush what it is written to.
    ///
    /// # Errors
    /// When something in front of the documents is too large, too many or not to be written as JSON, before anything is
    /// written. When the temporary file cannot be read back, or the target takes no more.
    pub fn finish(mut self, front: &Front, target: &mut impl Write) -> Result<Summary, WriteError> {
        self.drain()?;
        let documents = self.compressed.finish().and_then(|mut file| {
            file.rewind()?;
            Ok(file)
        });
        let documents = documents.map_err(WriteError::Spool)?;

        let admins = front.admins.as_deref();
        let count = admins.map_or(0, <[_]>::len);
        if count > ADMINS_MOST {
            return Err(WriteError::TooMany { member: Member::Admins, count, most: ADMINS_MOST });
        }
        let contents = Contents { admins: admins.map(total), documents: self.count };
        let manifest = manifest::write(&front.manifest, contents).map_err(WriteError::Json)?;
        let metadata = front.collection.write()?;
        let members = members(front, &manifest, &metadata);
        let mut digests = Digests::default();
        for (member, pieces) in &members {
            within(*member, length(pieces), member.most())?;
            let digest = pieces.iter().fold(Sha256::new(), Sha256::chain_update);
            digests.add(*member, length(pieces) as u64, digest);
        }
        let documents_sha256 = digests.add(Member::Documents, self.count.bytes, self.digest);
        let digests = digests.write(contents).map_err(WriteError::Json)?;

        let time = front.manifest.created_at.timestamp_millis() / 1000;
        let time = u64::try_from(time).unwrap_or(0);
        let mut target = Counted { target, bytes: 0 };
        // Frames of zstd one after another are one stream.
        let beginning = frame(&mut target, |frame| {
            for (member, pieces) in &members {
                put(frame, *member, pieces, time)?;
            }
            frame.write_all(&header(Member::Documents.name(), self.count.bytes, time))
        });
        beginning.map_err(WriteError::Target)?;
        copy(documents, &mut target)?;
        let end = frame(&mut target, |frame| {
            frame.write_all(&[0; BLOCK][..padding(self.count.bytes)])?;
            put(frame, Member::Digests, &[&digests], time)?;
            frame.write_all(&[0; 2 * BLOCK])
        });
        end.map_err(WriteError::Target)?;
        Ok(Summary { contents, documents_sha256, archive_bytes: target.bytes })
    }
}

/// How much all of them are.
fn total(documents: &[RawDocumentBuf]) -> Count {
    let mut total = Count::default();
    for document in documents {
        total.add(document.as_bytes().len());
    }
    total
}

fn length(pieces: &[&[u8]]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}

fn within(member: Member, bytes: usize, most: u64) -> Result<(), WriteError> {
    let bytes = bytes as u64;
    if bytes <= most { Ok(()) } else { Err(WriteError::TooLarge { member, bytes, most }) }
}

/// The members in front of the documents, each in pieces.
fn members<'a>(
    front: &'a Front,
    manifest: &'a [u8],
    metadata: &'a [u8],
) -> Vec<(Member, Vec<&'a [u8]>)> {
    let mut members = vec![
        (Member::Manifest, vec![manifest]),
        (Member::Organization, vec![front.organization.as_bytes()]),
    ];
    if let Some(admins) = &front.admins {
        members.push((Member::Admins, admins.iter().map(|admin| admin.as_bytes()).collect()));
    }
    members.push((Member::Metadata, vec![metadata]));
    members
}

fn encoder<W: Write>(target: W) -> io::Result<Encoder<'static, W>> {
    let mut encoder = Encoder::new(target, LEVEL)?;
    encoder.include_checksum(true)?;
    Ok(encoder)
}

/// Writes one frame of zstd.
fn frame<W: Write>(
    target: &mut W,
    write: impl FnOnce(&mut Encoder<&mut W>) -> io::Result<()>,
) -> io::Result<()> {
    let mut frame = encoder(target)?;
    write(&mut frame)?;
    frame.finish()?;
    Ok(())
}

/// Writes one member: its header, itself, and what is missing to a whole block.
fn put(to: &mut impl Write, member: Member, pieces: &[&[u8]], time: u64) -> io::Result<()> {
    let length = length(pieces) as u64;
    to.write_all(&header(member.name(), length, time))?;
    for piece in pieces {
        to.write_all(piece)?;
    }
    to.write_all(&[0; BLOCK][..padding(length)])
}

/// As [`io::copy`], and says which of the two failed.
fn copy(mut from: File, to: &mut impl Write) -> Result<(), WriteError> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => to.write_all(&buffer[..read]).map_err(WriteError::Target)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(WriteError::Spool(error)),
        }
    }
}

/// Counts what is written.
struct Counted<'a, W> {
    target: &'a mut W,
    bytes: u64,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.target.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}
