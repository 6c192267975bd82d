//! Where an export goes, what its files are called, and that none is left which is not whole.

use std::{
    ffi::OsStr,
    fs,
    io::{self, BufWriter, Write},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bson::DateTime;

use super::{Result, export::Unwritten};
use crate::{
    archive::{FileError, Lines, LinesError, NewFile, WriteError, check_directory, write_lines},
    org::{COLLECTION_PREFIX, Org, rfc3339, slug},
};

/// Where an archive goes.
pub enum ExportTarget {
    /// To a new file. The directory that it is in has to have room for the documents once more, compressed.
    File {
        /// The file.
        path: PathBuf,
        /// Whether its documents are written as text as well: JSON Lines, in a second file of the same name, which ends
        /// in `.jsonl` instead.
        text: bool,
    },
    /// To a new file in a directory, with a name made of the organization's and the time, to which a number is added
    /// where it is taken.
    Directory {
        /// The directory; empty for the current one.
        path: PathBuf,
        /// As for a file.
        text: bool,
    },
    /// To something that is only written to: a pipe. Flushed at the end.
    Stream(Box<dyn Write + Send>),
}

impl ExportTarget {
    /// Refuses what could not be written, as far as that is known without writing anything: before anyone is asked for
    /// a password, and before anything is read.
    ///
    /// # Errors
    /// [`Error::Unwritten`](super::Error::Unwritten).
    pub fn check(&self) -> Result<()> {
        let checked = match self {
            Self::File { path, text } => {
                let text = text.then(|| text_beside(path));
                NewFile::check(path)
                    .and_then(|()| text.map_or(Ok(()), |text| NewFile::check(&text)))
            }
            Self::Directory { path, .. } => check_directory(path),
            Self::Stream(_) => Ok(()),
        };
        Ok(checked.map_err(Unwritten::File)?)
    }
}

/// What an archive's file ends in, where no other name is given.
const ENDING: &str = ".tenantry.tar.zst";
/// The text beside it.
const TEXT_ENDING: &str = ".jsonl";

/// The last number that is added to a name.
const NUMBERS_MOST: u32 = 1000;

/// How much text is written at once.
const BUFFER: usize = 256 * 1024;

/// The text beside an archive.
fn text_beside(archive: &Path) -> PathBuf {
    let name = archive.file_name().unwrap_or_default().as_bytes();
    let endings = [ENDING.as_bytes(), b".tar.zst"];
    let stem = endings.iter().find_map(|ending| name.strip_suffix(*ending)).unwrap_or(name);
    let mut text = OsStr::from_bytes(stem).to_owned();
    text.push(TEXT_ENDING);
    archive.with_file_name(text)
}

/// The files that are being written.
struct Files {
    archive: NewFile,
    text: Option<NewFile>,
}

impl Files {
    fn begin(archive: &Path, text: bool) -> std::result::Result<Self, FileError> {
        let text = text.then(|| text_beside(archive));
        let archive = NewFile::create(archive)?;
        Ok(Self { archive, text: text.map(|text| NewFile::create(&text)).transpose()? })
    }

    /// Begins the files of an archive if only a directory is named, or none: a number is added to a name that is taken,
    /// or is being written by another run. Nothing is replaced.
    fn begin_in(
        directory: &Path,
        org: &Org,
        now: DateTime,
        text: bool,
    ) -> std::result::Result<Self, FileError> {
        let name = file_name(org, now);
        let mut number = 1;
        loop {
            let file = match number {
                1 => format!("{name}{ENDING}"),
                _ => format!("{name}-{number}{ENDING}"),
            };
            let begun = Self::begin(&directory.join(file), text);
            match &begun {
                Err(FileError::Exists(_) | FileError::Busy(_) | FileError::Leftover(_))
                    if number < NUMBERS_MOST =>
                {
                    number += 1;
                }
                Ok(_)
                | Err(
                    FileError::Exists(_)
                    | FileError::Busy(_)
                    | FileError::Leftover(_)
                    | FileError::NoFile(_)
                    | FileError::NoDirectory(_)
                    | FileError::Io { .. },
                ) => return begun,
            }
        }
    }

    /// Gives both their names, or neither.
    fn finish(self) -> std::result::Result<(), FileError> {
        let text = match self.text {
            None => None,
            Some(text) => {
                let path = text.path().to_owned();
                text.finish()?;
                Some(path)
            }
        };
        self.archive.finish().inspect_err(|_| {
            // It was made just now, and nothing was replaced for it.
            if let Some(text) = text {
                let _ = fs::remove_file(text);
            }
        })
    }
}

/// What a file is called where no other name is given, without its ending: nothing of it is as another program stored it.
fn file_name(org: &Org, now: DateTime) -> String {
    let collection = org.collection.raw();
    let slug = slug(collection.strip_prefix(COLLECTION_PREFIX).unwrap_or(collection));
    let now = rfc3339(now).unwrap_or_default();
    let digits: String = now.chars().filter(char::is_ascii_digit).take(14).collect();
    let (day, time) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    format!("{slug}-{day}-{time}")
}

/// Where the files are once they are whole.
#[derive(Clone, Default)]
pub(super) struct Paths {
    /// None for a pipe.
    pub archive: Option<PathBuf>,
    pub text: Option<PathBuf>,
}

/// What is written to.
pub(super) struct Target {
    shared: Arc<Shared>,
    pub paths: Paths,
    /// None where it is a file.
    stream: Option<Box<dyn Write + Send>>,
}

/// What may be taken away from the thread that writes.
#[derive(Default)]
pub(super) struct Shared {
    given_up: AtomicBool,
    files: Mutex<Option<Files>>,
}

impl Shared {
    fn files(&self) -> MutexGuard<'_, Option<Files>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes to one of the files.
    fn write(
        &self,
        which: impl FnOnce(&mut Files) -> Option<&mut NewFile>,
        bytes: &[u8],
    ) -> io::Result<usize> {
        match self.files().as_mut().and_then(which) {
            Some(file) if !self.given_up.load(Ordering::Relaxed) => file.write(bytes),
            Some(_) | None => Err(given_up()),
        }
    }
}

fn given_up() -> io::Error {
    io::Error::other("the export was cancelled")
}

impl Target {
    /// Begins one, and says where its temporary file goes. What is given up makes no file, and one that is being made
    /// meanwhile is waited for and removed.
    pub fn open(target: ExportTarget, org: &Org, shared: Arc<Shared>) -> Result<(Self, PathBuf)> {
        let mut there = shared.files();
        if shared.given_up.load(Ordering::Relaxed) {
            return Err(Unwritten::GivenUp.into());
        }
        let begun = match target {
            ExportTarget::File { path, text } => Files::begin(&path, text),
            ExportTarget::Directory { path, text } => {
                Files::begin_in(&path, org, DateTime::now(), text)
            }
            ExportTarget::Stream(stream) => {
                drop(there);
                let target = Self { shared, paths: Paths::default(), stream: Some(stream) };
                return Ok((target, std::env::temp_dir()));
            }
        };
        let files = begun.map_err(Unwritten::File)?;
        let path = files.archive.path().to_owned();
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        let directory = above.unwrap_or(Path::new(".")).to_owned();
        let text = files.text.as_ref().map(|text| text.path().to_owned());
        *there = Some(files);
        drop(there);
        Ok((Self { shared, paths: Paths { archive: Some(path), text }, stream: None }, directory))
    }

    /// Writes the documents as text, where that is wanted, from the whole archive. How many lines and bytes.
    pub fn write_text(&mut self) -> std::result::Result<Option<Lines>, Unwritten> {
        let archive = match &*self.shared.files() {
            Some(Files { archive, text: Some(_) }) => archive.read_back(),
            Some(Files { text: None, .. }) | None => return Ok(None),
        };
        let archive = archive.map_err(WriteError::Target)?;
        let mut text = BufWriter::with_capacity(BUFFER, Text(&self.shared));
        let lines = write_lines(archive, &mut text)?;
        text.flush().map_err(LinesError::Target)?;
        Ok(Some(lines))
    }

    /// Gives the files their names. Who would take them away meanwhile comes too late, and waits.
    pub fn finish(mut self) -> std::result::Result<(), Unwritten> {
        if let Some(stream) = &mut self.stream {
            return Ok(stream.flush().map_err(WriteError::Target)?);
        }
        let mut files = self.shared.files();
        match files.take() {
            Some(whole) => Ok(whole.finish()?),
            None => Err(Unwritten::GivenUp),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Some(_) if self.shared.given_up.load(Ordering::Relaxed) => Err(given_up()),
            Some(stream) => stream.write(bytes),
            None => self.shared.write(|files| Some(&mut files.archive), bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file of the text.
struct Text<'a>(&'a Shared);

impl Write for Text<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(|files| files.text.as_mut(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes the target away when it is dropped. Files that are not whole are removed with it, even where the process ends
/// before the thread that begins or writes them; a pipe gets no more, and is not waited for.
#[derive(Default)]
pub(super) struct GivesUp(Arc<Shared>);

impl GivesUp {
    /// For the thread that begins the target.
    pub fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.0)
    }
}

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.given_up.store(true, Ordering::Relaxed);
        drop(self.0.files().take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orgs::org;

    #[test]
    fn a_file_has_a_safe_name_whatever_the_collection_is_called() {
        let now = DateTime::from_millis(1_795_882_368_123);
        let mut acme = org(1, "Acme & Söhne", "ada@acme.com");
        assert_eq!(file_name(&acme, now), "acme_sohne-20261128-161248");
        acme.collection = "../../etc/\u{1b}[2J".into();
        assert_eq!(file_name(&acme, now), "etc_2j-20261128-161248");
        acme.collection = "".into();
        assert_eq!(file_name(&acme, now), "unnamed-20261128-161248");
    }

    #[test]
    fn text_is_called_as_its_archive() {
        for (archive, text) in [
            ("out/acme-1.tenantry.tar.zst", "out/acme-1.jsonl"),
            ("/tmp/acme.tar.zst", "/tmp/acme.jsonl"),
            ("acme.v2", "acme.v2.jsonl"),
            ("acme.jsonl", "acme.jsonl.jsonl"),
        ] {
            assert_eq!(text_beside(Path::new(archive)), Path::new(text));
        }
    }

    #[test]
    fn a_name_that_is_taken_or_being_written_gets_a_number() {
        let home = tempfile::tempdir().unwrap();
        let (now, acme) = (DateTime::from_millis(1_795_882_368_123), org(1, "acme", "a@b.example"));
        let begin = |text| Files::begin_in(home.path(), &acme, now, text).unwrap();
        let ends = |files: &Files, end: &str| files.archive.path() == home.path().join(end);
        // Two that are written at once, and one that an earlier run left half written.
        let (one, two) = (begin(false), begin(false));
        assert!(ends(&one, "acme-20261128-161248.tenantry.tar.zst"));
        assert!(ends(&two, "acme-20261128-161248-2.tenantry.tar.zst"));
        let third = home.path().join("acme-20261128-161248-3.tenantry.tar.zst.partial");
        fs::write(third, "").unwrap();
        // A link that leads nowhere is there as well.
        let fourth = home.path().join("acme-20261128-161248-4.tenantry.tar.zst");
        std::os::unix::fs::symlink("nowhere", fourth).unwrap();
        assert!(ends(&begin(false), "acme-20261128-161248-5.tenantry.tar.zst"));
        one.finish().unwrap();
        drop(two);
        assert!(ends(&begin(false), "acme-20261128-161248-2.tenantry.tar.zst"));
        // Text has the number of its archive.
        fs::write(home.path().join("acme-20261128-161248-2.jsonl"), "").unwrap();
        let both = begin(true);
        assert!(ends(&both, "acme-20261128-161248-5.tenantry.tar.zst"));
        both.finish().unwrap();
        assert!(home.path().join("acme-20261128-161248-5.jsonl").exists());
    }

    #[test]
    fn what_is_given_up_before_its_files_begin_makes_none() {
        let home = tempfile::tempdir().unwrap();
        let gives_up = GivesUp::default();
        let shared = gives_up.shared();
        drop(gives_up);
        let to = ExportTarget::File { path: home.path().join("acme.tar.zst"), text: true };
        assert!(Target::open(to, &org(1, "acme", "a@b.example"), shared).is_err());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_given_up_while_its_files_begin_leaves_none() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("acme.tar.zst");
        for _ in 0..50 {
            let gives_up = GivesUp::default();
            let shared = gives_up.shared();
            let to = ExportTarget::File { path: path.clone(), text: true };
            let begins = std::thread::spawn(move || {
                drop(Target::open(to, &org(1, "acme", "a@b.example"), shared));
            });
            while !begins.is_finished() && fs::read_dir(home.path()).unwrap().count() == 0 {}
            // As where the process ends now: whether the other thread goes on makes no difference.
            drop(gives_up);
            assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
            begins.join().unwrap();
        }
    }

    #[test]
    fn both_files_get_their_names_or_neither_does() {
        let home = tempfile::tempdir().unwrap();
        for taken in ["acme.tar.zst", "acme.jsonl"] {
            let files = Files::begin(&home.path().join("acme.tar.zst"), true).unwrap();
            fs::write(home.path().join(taken), "mine").unwrap();
            assert!(matches!(files.finish(), Err(FileError::Exists(_))));
            let there = fs::read_dir(home.path()).unwrap();
            let there: Vec<_> = there.map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(there, [taken]);
            fs::remove_file(home.path().join(taken)).unwrap();
        }
    }
}
