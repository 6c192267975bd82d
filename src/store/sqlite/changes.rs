//! Waiting for a change: the operating system says when the write-ahead log is written, so that nothing is asked
//! meanwhile.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::{SqliteStore, audit, error::Attempt, file};
use crate::store::{
    AuditLog as _, News, Result, Seen, StoreError,
    changes::{changed_by, entries_after},
};

impl SqliteStore {
    pub(super) async fn changed(&self, seen: Option<Seen>) -> Result<News> {
        let mut looks = LOOKS.len();
        let before = seen.map(|seen| seen.head);
        loop {
            let written = Arc::clone(&self.written);
            let head = self.run(move |open| {
                // Before each look, and for good: what is written between two waits is not missed.
                written.watch(open.path())?;
                let last = open.connection().and_then(audit::last_number);
                // A directory that was removed is not watched any more, even if it is there again.
                last.inspect_err(|_| written.unwatch())
            });
            let head = head.await?;
            if before != Some(head) {
                let orgs = match before {
                    Some(before) => {
                        let entries = self.entries(&entries_after(before)).await;
                        entries.ok().as_deref().and_then(changed_by)
                    }
                    None => None,
                };
                return Ok(News { seen: Seen::up_to(head, true), orgs });
            }
            if let Some(pause) = LOOKS.get(looks) {
                // A write in the pause is looked for from the start: the one before may have been no change.
                match tokio::time::timeout(*pause, self.written.next()).await {
                    Ok(()) => {
                        tokio::time::sleep(LOOKS[0]).await;
                        looks = 0;
                    }
                    Err(_) => looks += 1,
                }
            } else {
                self.written.next().await;
                looks = 0;
            }
        }
    }
}

/// How long to wait before each look at what was written: it can be read only once it is on the disk.
const LOOKS: [Duration; 5] = [
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(4),
];

/// Tells when a database's files are written.
#[derive(Debug, Default)]
pub(super) struct Written {
    told: Arc<Notify>,
    /// The directory that is watched.
    watched: Mutex<Option<(PathBuf, RecommendedWatcher)>>,
}

impl Written {
    /// Watches the files of the database at `path`; if their directory is missing, its nearest parent. Does nothing for a
    /// database in memory. Blocks.
    fn watch(&self, path: &Path) -> Attempt<()> {
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        let (directory, names) = watched(path);
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.as_ref().is_some_and(|(at, _)| *at == directory) {
            return Ok(());
        }
        let (told, at) = (Arc::clone(&self.told), directory.clone());
        let on_event = move |event: notify::Result<Event>| {
            // Where the system cannot tell any more, it is looked.
            if event.as_ref().map_or(true, |event| is_write(event, &at, &names)) {
                told.notify_one();
            }
        };
        let begun = notify::recommended_watcher(on_event).and_then(|mut watcher| {
            watcher.watch(&directory, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        let begun = begun.map_err(|problem| StoreError::Other(problem.to_string()))?;
        *watched = Some((directory, begun));
        Ok(())
    }

    fn unwatch(&self) {
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Ends with the next write.
    async fn next(&self) {
        self.told.notified().await;
    }
}

/// The directory to watch for the database at `path`, and the names in it that tell of a write.
fn watched(path: &Path) -> (PathBuf, Vec<OsString>) {
    let file = file::canonical(path);
    let (mut directory, name) = (file::directory(&file), file.file_name().unwrap_or_default());
    if directory.exists() {
        let log = [name, "-wal".as_ref()].into_iter().collect();
        return (directory.to_owned(), vec![name.to_owned(), log]);
    }
    let mut missing = directory.file_name();
    directory = file::directory(directory);
    while !directory.exists() {
        (missing, directory) = (directory.file_name(), file::directory(directory));
    }
    (directory.to_owned(), missing.map(OsStr::to_owned).into_iter().collect())
}

/// Whether one of these was written, or the directory itself removed; reading opens and closes files as well.
fn is_write(event: &Event, directory: &Path, names: &[OsString]) -> bool {
    let is_meant = |path: &PathBuf| {
        path == directory || names.iter().any(|name| path.file_name() == Some(name))
    };
    event.need_rescan()
        || !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(is_meant)
}
