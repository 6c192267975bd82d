//! The documents of an archive as text: JSON Lines, each in canonical Extended JSON, which keeps every type.

use std::io::{self, Read, Write};

use super::{Count, ReadError, Reader};
use crate::document::{self, canonical, parse};

/// How much of a line's memory is kept for the next one.
const KEPT: usize = 1024 * 1024;

/// Why the documents are not written as text.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    /// The archive is not as it was written.
    #[error("the archive cannot be read back: {0}")]
    Archive(#[from] ReadError),
    /// A document is none that text can say.
    #[error("document {number} cannot be written as text: {why}")]
    Document {
        /// Which of them.
        number: u64,
        /// Why.
        #[source]
        why: document::WriteError,
    },
    /// The text cannot be written to where it should go.
    #[error("the text cannot be written: {0}")]
    Target(#[source] io::Error),
}

/// What was written as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many lines, and how many bytes of text.
    pub count: Count,
    /// How many of them are read back as another document: Extended JSON cannot say it, as with a field called `$oid`.
    pub inexact: u64,
}

/// Writes a line for each document of an archive, and does not flush what that is written to. The archive is read to its
/// end and compared with what was written; each line is read back and compared with its document.
///
/// # Errors
/// See [`LinesError`].
pub fn write_lines(archive: impl Read, text: &mut impl Write) -> Result<Lines, LinesError> {
    let mut reader = Reader::open(archive)?;
    let (mut lines, mut line) = (Lines::default(), String::new());
    while let Some(document) = reader.next_document()? {
        let number = reader.count().count;
        line.clear();
        line.shrink_to(KEPT);
        canonical(&document, &mut line).map_err(|why| LinesError::Document { number, why })?;
        let is_exact = parse(&line).is_ok_and(|read| read.as_bytes() == document.as_bytes());
        lines.inexact += u64::from(!is_exact);
        line.push('\n');
        text.write_all(line.as_bytes()).map_err(LinesError::Target)?;
        lines.count.add(line.len());
    }
    reader.finish()?;
    Ok(lines)
}
