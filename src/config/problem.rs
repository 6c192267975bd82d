//! What is wrong with the configuration file: where, what, and what to do. No password is repeated.

use std::{
    fmt::{self, Write as _},
    ops::Range,
    path::PathBuf,
};

use crate::org::{escaped, width, without_credentials};

/// All that is wrong with one file.
#[derive(Clone, PartialEq, Eq)]
pub struct Problems {
    path: PathBuf,
    text: String,
    all: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Problem {
    span: Range<usize>,
    what: String,
    help: String,
}

impl Problems {
    pub(super) fn new(path: PathBuf, text: &str) -> Self {
        Self { path, text: text.to_owned(), all: Vec::new() }
    }

    pub(super) fn add(
        &mut self,
        span: Range<usize>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.all.push(Problem { span, what: what.into(), help: help.into() });
    }

    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub(super) fn none(&mut self) -> Result<(), Self> {
        if self.all.is_empty() {
            return Ok(());
        }
        self.all.sort_by_key(|problem| problem.span.start);
        let all = std::mem::take(&mut self.all);
        Err(Self { path: self.path.clone(), text: self.text.clone(), all })
    }

    /// Where a problem is: line and column, both from one, the column in characters; the line, and
    /// what of it is meant.
    fn placed(&self, problem: &Problem) -> (usize, usize, &str, usize) {
        let bound = |at: usize| {
            let at = at.min(self.text.len());
            (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
        };
        let (start, end) = (bound(problem.span.start), bound(problem.span.end));
        let begin = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[begin..].lines().next().unwrap_or_default();
        let number = self.text[..begin].matches('\n').count() + 1;
        let column = self.text[begin..start].chars().count() + 1;
        let end = end.min(begin + line.len()).max(start);
        let length = self.text[start..end].chars().count().max(1);
        (number, column, line, length)
    }

    /// Each as lines for a terminal: where it is and what, the line itself, and what to do.
    #[must_use]
    pub fn lines(&self) -> String {
        let path = self.path.display().to_string();
        let mut out = String::new();
        for problem in &self.all {
            let (number, column, line, length) = self.placed(problem);
            let what = without_credentials(&problem.what);
            let _ =
                writeln!(out, "tenantry: {}:{number}:{column}: {}", escaped(&path), escaped(&what));
            // What looks like a secret is not shown, and then neither is where in it.
            let (shown, hidden) = shown(line);
            let shown: String = shown.replace('\t', " ");
            let margin = number.to_string().len();
            let _ = writeln!(out, "  {number} | {}", escaped(&shown));
            if !hidden || column <= shown.chars().count() {
                let length = if hidden { 1 } else { length };
                // Escaped characters before it move it to the right.
                let before: String = shown.chars().take(column - 1).collect();
                let before = width(&escaped(&before));
                let marks = "^".repeat(length);
                let _ = writeln!(out, "  {:margin$} | {:before$}{marks}", "", "");
            }
            let _ = writeln!(out, "  → {}", escaped(&without_credentials(&problem.help)));
        }
        out
    }
}

impl fmt::Debug for Problems {
    /// Without the file, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Problems {
    /// How many there are, and the first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let Some(problem) = self.all.first() else { return write!(f, "{path} is valid") };
        let (line, column, ..) = self.placed(problem);
        write!(f, "{path}:{line}:{column}: {}", without_credentials(&problem.what))?;
        match self.all.len() - 1 {
            0 => Ok(()),
            1 => f.write_str(", and one more thing"),
            more => write!(f, ", and {more} more things"),
        }
    }
}

/// As much of a line as holds no connection string.
fn shown(line: &str) -> (String, bool) {
    let secret = line.contains('@') || line.contains("://") || line.trim_start().starts_with("uri");
    match line.find('=') {
        Some(at) if secret => (format!("{}= …", &line[..at]), true),
        None if secret => ("…".to_owned(), true),
        _ => (line.to_owned(), false),
    }
}
