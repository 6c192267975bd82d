//! The log file: all that was said to the person, for whoever asks later. Never anything typed.

use std::{
    convert::Infallible,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

use bson::DateTime;

use super::app::{LogEntry, Severity};
use crate::org::{escaped, rfc3339};

/// How long it grows before it is put aside, once: twice this is all it ever takes.
const MOST_BYTES: u64 = 1 << 20;

/// Writes entrys to a file, on a thread of its own: a disk that hangs keeps no key waiting.
pub(super) struct LogFile(Option<Writer>);

struct Writer {
    messages: Sender<LogEntry>,
    /// Nothing ever comes through it: it is closed when all is written.
    ended: Receiver<Infallible>,
}

impl LogFile {
    /// A log in this file, or none. `failed` is told, once, why it cannot be written.
    pub(super) fn new(path: Option<PathBuf>, failed: impl FnOnce(String) + Send + 'static) -> Self {
        let Some(path) = path else { return Self(None) };
        let (sender, messages) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let writer = thread::Builder::new().name("log".to_owned()).spawn(move || {
            let _end = end;
            if let Err(error) = write_all(&path, &messages) {
                failed(format!("{}: {error}", escaped(&path.display().to_string())));
            }
        });
        Self(writer.ok().map(|_| Writer { messages: sender, ended }))
    }

    /// Writes one, if there is a log.
    pub(super) fn write(&self, entry: &LogEntry) {
        if let Some(writer) = &self.0 {
            // The writer has said why it stopped.
            let _ = writer.messages.send(entry.clone());
        }
    }

    /// Waits until all is written, but no longer than this.
    pub(super) fn finish(self, patience: Duration) {
        if let Some(Writer { messages, ended }) = self.0 {
            drop(messages);
            // It is written, or the disk hangs.
            let _ = ended.recv_timeout(patience);
        }
    }
}

fn write_all(path: &Path, messages: &Receiver<LogEntry>) -> io::Result<()> {
    // Nothing said is no file.
    let Ok(first) = messages.recv() else { return Ok(()) };
    if let Some(directory) = path.parent() {
        // As the file: for nobody else.
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let mut file = open(path)?;
    let mut next = Some(first);
    while let Some(entry) = next {
        if file.metadata()?.len() >= MOST_BYTES {
            let mut aside = path.as_os_str().to_owned();
            aside.push(".1");
            fs::rename(path, aside)?;
            file = open(path)?;
        }
        // One write a line: several consoles may share the file.
        file.write_all(line(&entry).as_bytes())?;
        next = messages.recv().ok();
    }
    Ok(())
}

/// For nobody else to read: it names organizations and people.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn line(entry: &LogEntry) -> String {
    let at = rfc3339(DateTime::from_system_time(entry.at)).unwrap_or_default();
    let level = match entry.severity {
        Severity::Success => "info ",
        Severity::Warning => "warn ",
        Severity::Error => "error",
        Severity::Alert => "alert",
    };
    let what = escaped(&entry.said.what);
    let arrow = if entry.said.help.is_empty() { "" } else { "  → " };
    let of = escaped(&entry.of);
    format!("{at} {level} [{of}] {what}{arrow}{}\n", escaped(&entry.said.help))
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, time::SystemTime};

    use super::*;
    use crate::console::app::Notice;

    fn entry(what: &str) -> LogEntry {
        let said = Notice { what: what.to_owned(), help: "try again".to_owned() };
        let at = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        LogEntry { at, of: "staging\u{7}".to_owned(), severity: Severity::Error, said }
    }

    /// Writes them and waits for the writer's end; what it failed with.
    fn written(path: &Path, messages: impl IntoIterator<Item = LogEntry>) -> Option<String> {
        let (failed, told) = mpsc::channel();
        let log = LogFile::new(Some(path.to_owned()), move |why| {
            let _ = failed.send(why);
        });
        for entry in messages {
            log.write(&entry);
        }
        log.finish(Duration::from_secs(20));
        told.try_recv().ok()
    }

    #[test]
    fn each_entry_is_a_line_that_only_its_owner_reads() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state/tenantry.log");
        assert_eq!(written(&path, [entry("it failed\n\u{1b}[2J"), entry("again")]), None);
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "2027-01-15T08:00:00.000Z error [staging\\u{7}] it failed\\u{a}\\u{1b}[2J  → try again\n\
             2027-01-15T08:00:00.000Z error [staging\\u{7}] again  → try again\n"
        );
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
    }

    #[test]
    fn nothing_said_is_no_file() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("tenantry.log");
        assert_eq!(written(&path, []), None);
        assert!(!path.exists());
    }

    #[test]
    fn a_long_log_is_put_aside_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("tenantry.log");
        let long = "x".repeat(1 << 18);
        assert_eq!(written(&path, (0..11).map(|_| entry(&long))), None);
        let size = |path: &Path| fs::metadata(path).unwrap().len();
        let aside = home.path().join("tenantry.log.1");
        assert!(size(&aside) >= MOST_BYTES && size(&aside) < 2 * MOST_BYTES);
        assert!(size(&path) < MOST_BYTES);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_cannot_be_written_is_told_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file/tenantry.log");
        fs::write(home.path().join("file"), "").unwrap();
        let why = written(&path, [entry("a"), entry("b")]).unwrap();
        assert!(why.contains("tenantry.log"), "{why}");
    }
}
