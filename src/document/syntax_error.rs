//! What is wrong with a text, and where.

/// Text that is not a document: what was expected, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SyntaxError {
    /// The line, from 1 on.
    pub line: usize,
    /// The character within the line, from 1 on.
    pub column: usize,
    /// In plain words; nothing in it is unsafe to show.
    pub message: String,
}

impl SyntaxError {
    pub(super) fn new(text: &str, fault: Fault) -> Self {
        let before = text.get(..fault.at).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + line.chars().count(),
            message: fault.message,
        }
    }
}

/// What is wrong at a byte of the text.
pub(super) struct Fault {
    pub at: usize,
    pub message: String,
}

pub(super) type Parsed<T> = Result<T, Fault>;

impl Fault {
    pub fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}
