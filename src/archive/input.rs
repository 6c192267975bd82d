//! The bytes of an archive as they come out of zstd, each read with the place where it should be.

use std::io::{self, BufReader, Chain, Cursor, Read};

use sha2::{Digest as _, Sha256};
use zstd::Decoder;

use super::{
    Member, Place, ReadError,
    error::shown,
    tar::{BLOCK, Found, Header, Kind, padding},
};

/// The most memory that zstd takes, as the power of two that its window may have: 8 MB, which is what its levels up
/// to 19 use.
const WINDOW_MOST: u32 = 23;
/// How much is looked at to see what a file is.
const HEAD: u64 = 512;
/// So many empty bytes may follow the end: more than any record of `tar` has by itself.
const FILLING_MOST: usize = 1 << 20;
/// How much memory is taken before anything was read for it.
pub(super) const AHEAD: usize = 64 * 1024;

type Result<T> = std::result::Result<T, ReadError>;

/// An archive's decompressed bytes.
pub(super) struct Input<R: Read> {
    bytes: BufReader<Decoder<'static, BufReader<Source<R>>>>,
}

/// What was looked at already, and the rest.
type Source<R> = Watched<Chain<Cursor<Vec<u8>>, R>>;

/// The source, which remembers whether it was at fault.
struct Watched<R> {
    source: R,
    failed: bool,
    bytes: u64,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer);
        match &read {
            Ok(read) => self.bytes += *read as u64,
            Err(error) => self.failed = error.kind() != io::ErrorKind::Interrupted,
        }
        read
    }
}

impl<R: Read> Input<R> {
    /// Looks at what it is, and begins.
    pub fn open(mut source: R) -> Result<Self> {
        let mut head = Vec::new();
        source.by_ref().take(HEAD).read_to_end(&mut head).map_err(ReadError::Source)?;
        if let Some(other) = what_else(&head) {
            return Err(ReadError::NotAnArchive(other.to_owned()));
        }
        let source = Watched { source: Cursor::new(head).chain(source), failed: false, bytes: 0 };
        let mut decoder = Decoder::new(source).map_err(ReadError::Source)?;
        decoder.window_log_max(WINDOW_MOST).map_err(ReadError::Source)?;
        Ok(Self { bytes: BufReader::with_capacity(AHEAD, decoder) })
    }

    /// How many bytes were taken from the source.
    pub fn taken(&self) -> u64 {
        self.source().bytes
    }

    fn source(&self) -> &Source<R> {
        self.bytes.get_ref().get_ref().get_ref()
    }

    /// Reads at most so many bytes; none at the end of the archive.
    fn some(&mut self, buffer: &mut [u8], at: Place) -> Result<usize> {
        loop {
            match self.bytes.read(buffer) {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.source().failed => {
                    return Err(ReadError::Source(error));
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(ReadError::CutOff { at });
                }
                Err(error) => {
                    return Err(ReadError::Damaged { at, what: format!("zstd says: {error}") });
                }
            }
        }
    }

    /// Fills the buffer.
    fn all(&mut self, buffer: &mut [u8], at: impl Fn(usize) -> Place) -> Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.some(&mut buffer[filled..], at(filled))? {
                0 => return Err(ReadError::CutOff { at: at(filled) }),
                read => filled += read,
            }
        }
        Ok(())
    }

    /// Reads a header, which has to be this member's.
    pub fn member(&mut self, member: Member) -> Result<Open> {
        let at = Place::Header(member);
        let foreign = |what: String| match member {
            Member::Manifest => Err(ReadError::NotAnArchive(what)),
            Member::Organization
            | Member::Admins
            | Member::Metadata
            | Member::Documents
            | Member::Digests => Err(ReadError::Damaged { at, what }),
        };
        let mut block = [0; BLOCK];
        match self.all(&mut block, |_| at) {
            // Too short for a tar file, and not the beginning of one of ours.
            Err(ReadError::CutOff { .. })
                if !block.starts_with(&member.name().as_bytes()[..1]) && block[0] != 0 =>
            {
                return foreign("it holds no tar file".to_owned());
            }
            read => read?,
        }
        let Header { name, size, kind } = match super::tar::read(&block) {
            Found::Header(header) => header,
            Found::End => return foreign("no member is here".to_owned()),
            Found::Neither(what) => return foreign(what.to_owned()),
        };
        let kind = match kind {
            Kind::File if name == member.name() => None,
            Kind::File => Some("file"),
            Kind::Other(kind) => Some(kind),
        };
        match (kind, member) {
            (None, _) => {}
            (Some(kind), Member::Manifest) => {
                return foreign(format!("it begins with the {kind} {}", shown(&name)));
            }
            (Some(kind), _) => {
                return Err(ReadError::UnexpectedMember { kind, name, expected: member.name() });
            }
        }
        if size > member.most() {
            let what = format!("it says {size} bytes; at most {} are read", member.most());
            return Err(ReadError::Damaged { at, what });
        }
        Ok(Open { member, size, read: 0, digest: Sha256::new() })
    }

    /// Reads what stands behind the last member: two empty blocks and nothing else.
    pub fn end(&mut self) -> Result<()> {
        let damaged = |what: &str| ReadError::Damaged { at: Place::End, what: what.to_owned() };
        let mut blocks = [0; 2 * BLOCK];
        self.all(&mut blocks, |_| Place::End)?;
        if blocks.iter().any(|byte| *byte != 0) {
            return Err(damaged("something follows the last member"));
        }
        // Other programs fill up their last record with empty blocks.
        let mut behind = 0;
        loop {
            let mut block = [0; BLOCK];
            match self.some(&mut block, Place::End)? {
                0 if behind % BLOCK == 0 => return Ok(()),
                read if read > 0 && behind < FILLING_MOST && block == [0; BLOCK] => behind += read,
                _ => return Err(damaged("something follows")),
            }
        }
    }
}

/// What a file is that is not compressed with zstd; none where it is.
fn what_else(head: &[u8]) -> Option<&'static str> {
    match head {
        [] => Some("it is empty"),
        // A cut one says so below.
        head if b"\x28\xb5\x2f\xfd".starts_with(&head[..head.len().min(4)]) => None,
        [b'P', b'K', 3 | 5, ..] => Some("it is a ZIP file"),
        [0x1f, 0x8b, ..] => Some("it is compressed with gzip"),
        [0xfd, b'7', b'z', ..] => Some("it is compressed with xz"),
        head if head.get(257..262) == Some(b"ustar") => {
            Some("it is a tar file that is not compressed with zstd")
        }
        _ => Some("it is not compressed with zstd"),
    }
}

/// A member that is being read.
pub(super) struct Open {
    pub member: Member,
    pub size: u64,
    pub read: u64,
    digest: Sha256,
}

impl Open {
    /// How many bytes are still to come.
    pub fn left(&self) -> u64 {
        self.size - self.read
    }

    /// Fills the buffer.
    pub fn exactly(&mut self, input: &mut Input<impl Read>, buffer: &mut [u8]) -> Result<()> {
        let (member, read) = (self.member, self.read);
        input.all(buffer, |filled| Place::Byte { member, at: read + filled as u64 })?;
        self.digest.update(&*buffer);
        self.read += buffer.len() as u64;
        Ok(())
    }

    /// Reads so many bytes behind the buffer. It grows as they come and not before, however many are announced.
    pub fn append(
        &mut self,
        input: &mut Input<impl Read>,
        count: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<()> {
        debug_assert!(count <= self.left());
        let mut left = count;
        while left > 0 {
            let begin = buffer.len();
            let next = usize::try_from(left).unwrap_or(AHEAD).min(AHEAD.max(begin));
            buffer.resize(begin + next, 0);
            self.exactly(input, &mut buffer[begin..])?;
            left -= next as u64;
        }
        Ok(())
    }

    /// Reads all of it.
    pub fn whole(&mut self, input: &mut Input<impl Read>) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.append(input, self.left(), &mut bytes)?;
        Ok(bytes)
    }

    /// Reads what is missing to a whole block, and hands back the digest.
    pub fn close(self, input: &mut Input<impl Read>) -> Result<Sha256> {
        let Self { member, size, read, digest } = self;
        debug_assert_eq!(read, size);
        let at = Place::Byte { member, at: size };
        let mut rest = [0; BLOCK];
        let rest = &mut rest[..padding(size)];
        input.all(rest, |_| at)?;
        if rest.iter().any(|byte| *byte != 0) {
            let what = "something stands between it and the next member".to_owned();
            return Err(ReadError::Damaged { at, what });
        }
        Ok(digest)
    }
}
