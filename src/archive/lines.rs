//! The documents of an archive as text: JSON Lines, each in canonical Extended JSON, which loses nothing.

use std::{
    fmt,
    io::{self, Read, Write},
};

use super::{Count, ReadError, Reader, spool::Counted};
use crate::document::{self, canonical};

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

/// Writes a line for each document of an archive, and does not flush what that is written to. The archive is read to its
/// end and compared with what was written: so many lines it has, and so many bytes of text.
///
/// # Errors
/// See [`LinesError`].
pub fn write_lines(archive: impl Read, text: &mut impl Write) -> Result<Count, LinesError> {
    let mut text = Counted { target: text, bytes: 0 };
    let mut reader = Reader::open(archive)?;
    while let Some(document) = reader.next_document()? {
        let mut line = Line { text: &mut text, failed: None };
        let written = canonical(&document, &mut line);
        if let Some(error) = line.failed {
            return Err(LinesError::Target(error));
        }
        let number = reader.count().count;
        written.map_err(|why| LinesError::Document { number, why })?;
        text.write_all(b"\n").map_err(LinesError::Target)?;
    }
    let count = reader.finish()?.contents.documents.count;
    Ok(Count { count, bytes: text.bytes })
}

/// A document may be many times as long as text: no line is kept.
struct Line<'a, W> {
    text: &'a mut W,
    failed: Option<io::Error>,
}

impl<W: Write> fmt::Write for Line<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.write_all(text.as_bytes()).map_err(|error| {
            self.failed = Some(error);
            fmt::Error
        })
    }
}
