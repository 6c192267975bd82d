//! Who waits to append to the audit log: of many at once, the one whose turn it is to write appends the
//! entries of all who have come by then, in one transaction, and so with one wait for the disk. Whoever is
//! dropped meanwhile has its entry written all the same.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot::Sender;

use crate::store::{Entry, Result};

/// The entries that wait, in the order in which they came, and whom to tell.
#[derive(Debug, Default)]
pub(super) struct Appending(Mutex<Vec<(Entry, Sender<Result<()>>)>>);

impl Appending {
    pub(super) fn push(&self, entry: Entry, answer: Sender<Result<()>>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((entry, answer));
    }

    /// Writes all that wait, in one go; where that fails each by itself, so that none fails for another. Nothing
    /// where somebody else has written them.
    pub(super) fn write(&self, mut write: impl FnMut(&[Entry]) -> Result<()>) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let (entries, answers): (Vec<Entry>, Vec<_>) = waiting.into_iter().unzip();
        if entries.is_empty() {
            return;
        }
        let together = write(&entries);
        for (entry, answer) in entries.iter().zip(answers) {
            let done = match &together {
                Err(_) if entries.len() > 1 => write(std::slice::from_ref(entry)),
                together => together.clone(),
            };
            // It may be that nobody waits any more.
            let _ = answer.send(done);
        }
    }
}
