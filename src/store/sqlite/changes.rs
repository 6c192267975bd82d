//! Waiting for a change: the operating system says when the write-ahead log is written, so that nothing is asked
//! meanwhile.

use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::{SqliteStore, audit, file::Open};
use crate::store::{Result, Seen, StoreError};

impl SqliteStore {
    pub(super) async fn changed(&self, seen: Option<Seen>) -> Result<Seen> {
        // Before the first look, and for good: what is written between two waits is not missed.
        let written = self.written.get_or_try_init(|| self.watch()).await?;
        let mut looks = LOOKS.len();
        loop {
            let head = self.run(|open| Open::connection(open).and_then(audit::last_number)).await?;
            let now = Seen { head, resume: None };
            if seen.as_ref() != Some(&now) {
                return Ok(now);
            }
            if let Some(pause) = LOOKS.get(looks) {
                tokio::time::sleep(*pause).await;
                looks += 1;
            } else {
                written.next().await;
                looks = 0;
            }
        }
    }

    async fn watch(&self) -> Result<Written> {
        let path = self.run(|open| Ok(open.path().to_owned())).await?;
        Written::watch(path).await
    }
}

/// How long to wait before each look at what was written: it can be read only once it is on the disk.
const LOOKS: [Duration; 4] = [
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
];

/// Tells when a database's files are written.
#[derive(Debug)]
pub(super) struct Written {
    told: Arc<Notify>,
    /// None for a database in memory, which nobody else has.
    _watcher: Option<RecommendedWatcher>,
}

impl Written {
    async fn watch(path: PathBuf) -> Result<Self> {
        let told = Arc::new(Notify::new());
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Self { told, _watcher: None });
        };
        let mut log = OsString::from(name);
        log.push("-wal");
        let (name, directory, teller) = (name.to_owned(), directory.to_owned(), Arc::clone(&told));
        let begun = tokio::task::spawn_blocking(move || {
            let on_event = move |event: notify::Result<notify::Event>| {
                // Reading opens and closes files as well.
                let writes = |event: &notify::Event| {
                    !matches!(event.kind, EventKind::Access(_))
                        && event.paths.iter().any(|path| {
                            path.file_name().is_some_and(|file| file == name || file == log)
                        })
                };
                // Where the system cannot tell any more, it is looked.
                if event.as_ref().map_or(true, writes) {
                    teller.notify_one();
                }
            };
            let mut watcher = notify::recommended_watcher(on_event)?;
            watcher.watch(&directory, RecursiveMode::NonRecursive)?;
            notify::Result::Ok(watcher)
        });
        let other = |problem: String| StoreError::Other(problem);
        let watcher = begun.await.map_err(|problem| other(problem.to_string()))?;
        let watcher = watcher.map_err(|problem| other(problem.to_string()))?;
        Ok(Self { told, _watcher: Some(watcher) })
    }

    /// Ends with the next write.
    async fn next(&self) {
        self.told.notified().await;
    }
}
