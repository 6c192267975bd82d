//! A file that has its name only once it is whole.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, TryLockError},
    io::{self, Seek as _, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{
        Access, AtFlags, FileType, Mode, OFlags, accessat, fstat, linkat, open, openat, statat,
        unlinkat,
    },
    io::Errno,
};

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Something is there already, be it a link that leads nowhere.
    #[error("{} already exists", .0.display())]
    Exists(PathBuf),
    /// Something else is writing the same file.
    #[error("another run is writing {}", .0.display())]
    Busy(PathBuf),
    /// An earlier run was killed before its file was whole.
    #[error("{} is left over from an interrupted run", .0.display())]
    Leftover(PathBuf),
    /// The path names no file.
    #[error("{} names no file", .0.display())]
    NoFile(PathBuf),
    /// The directory that it should be in is not there.
    #[error("the directory {} does not exist", .0.display())]
    NoDirectory(PathBuf),
    /// It cannot be written there.
    #[error("{} cannot be written: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

impl FileError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Exists(_) => "choose another name, or remove it",
            Self::NoFile(_) => "name a file or a directory",
            Self::Busy(_) => "wait until it is done, or choose another name",
            Self::Leftover(_) => "remove it, or choose another name",
            Self::NoDirectory(_) => "create it, or choose another directory",
            Self::Io { error, .. } => help_for(error),
        }
    }
}

/// What to do where a file cannot be written for this reason.
#[must_use]
pub fn help_for(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room, or choose another directory"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a directory that you may write to"
        }
        _ => "choose another name or directory",
    }
}

/// A file that is being written beside its place, under a name of its own, so that no half of it is ever taken for
/// all. Only its owner may read it. Dropped before [`NewFile::finish`], it is removed.
///
/// It never follows a symbolic link in the last part of its path, nor replaces what is there.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    name: OsString,
    partial: OsString,
    /// Everything happens in this one, whatever its path leads to meanwhile.
    directory: OwnedFd,
    file: File,
    finished: bool,
}

/// What a file is called until it is whole.
fn partial(path: &Path) -> PathBuf {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    partial.into()
}

impl NewFile {
    /// Begins one.
    ///
    /// # Errors
    /// When something of this name is there, or of its name while it is written; or it cannot be made.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let (directory, name) = free(path)?;
        let failed = |error: Errno| FileError::Io { path: path.to_owned(), error: error.into() };
        let partial_name = partial(Path::new(name)).into_os_string();
        // With EXCL, a link is not followed.
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = match openat(&directory, &partial_name, flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => File::from(file),
            Err(Errno::EXIST) if is_locked(&directory, &partial_name) => {
                return Err(FileError::Busy(partial(path)));
            }
            Err(Errno::EXIST) => return Err(FileError::Leftover(partial(path))),
            Err(error) => return Err(failed(error)),
        };
        // Only for what another run says; where a file system has no locks, it says the other.
        let _ = file.try_lock();
        Ok(Self {
            path: path.to_owned(),
            name: name.to_owned(),
            partial: partial_name,
            directory,
            file,
            finished: false,
        })
    }

    /// Whether one could be begun, as far as that is known without writing anything.
    ///
    /// # Errors
    /// When something of this name is there, or its directory is not, or cannot be written to.
    pub fn check(path: &Path) -> Result<(), FileError> {
        let (directory, _) = free(path)?;
        ensure_writable(&directory, above(path))
    }

    /// What was written so far, from its beginning. To write on afterwards is a mistake: both have one place.
    ///
    /// # Errors
    /// When there are too many open files, or the disk fails.
    pub fn read_back(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(file)
    }

    /// Where it is once it is whole.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes everything to the disk and gives the file its name.
    ///
    /// # Errors
    /// When the disk fails, or something got that name meanwhile; the file is removed then. It stays, and is whole,
    /// where only its directory cannot be written to the disk.
    pub fn finish(mut self) -> Result<(), FileError> {
        let failed = |error| FileError::Io { path: self.path.clone(), error };
        self.file.sync_all().map_err(failed)?;
        if !self.is_there() {
            let error = io::Error::other("it was removed or replaced while it was written");
            return Err(failed(error));
        }
        match rename(&self.directory, &self.partial, &self.name) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Err(FileError::Exists(self.path.clone())),
            Err(error) => return Err(failed(error.into())),
        }
        self.finished = true;
        // It has its name; whether that outlives a crash of the machine is what this decides.
        rustix::fs::fsync(&self.directory)
            .map_err(|error| FileError::Io { path: self.path.clone(), error: error.into() })
    }

    /// Whether the name it is written under is still its own.
    fn is_there(&self) -> bool {
        let there = statat(&self.directory, &self.partial, AtFlags::SYMLINK_NOFOLLOW);
        let (Ok(there), Ok(own)) = (there, fstat(&self.file)) else { return false };
        FileType::from_raw_mode(there.st_mode) == FileType::RegularFile
            && (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished && self.is_there() {
            // If it cannot be removed, the next run names it.
            let _ = unlinkat(&self.directory, &self.partial, AtFlags::empty());
        }
    }
}

/// Whether a file could be made in this directory, as far as that is known without writing anything.
///
/// # Errors
/// When it is not there, or cannot be written to.
pub fn check_directory(directory: &Path) -> Result<(), FileError> {
    let named = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    ensure_writable(&open_directory(named, named)?, named)
}

fn ensure_writable(directory: &OwnedFd, path: &Path) -> Result<(), FileError> {
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    accessat(directory, ".", wanted, AtFlags::EACCESS)
        .map_err(|error| FileError::Io { path: path.to_owned(), error: error.into() })
}

/// The directory that a file is in.
fn above(path: &Path) -> &Path {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    above.unwrap_or(Path::new("."))
}

/// Opens the directory of a file.
fn open_directory(directory: &Path, file: &Path) -> Result<OwnedFd, FileError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match open(directory, flags, Mode::empty()) {
        Err(Errno::NOENT) => Err(FileError::NoDirectory(directory.to_owned())),
        opened => {
            opened.map_err(|error| FileError::Io { path: file.to_owned(), error: error.into() })
        }
    }
}

/// The directory of a file and its name there, which nothing has yet.
fn free(path: &Path) -> Result<(OwnedFd, &OsStr), FileError> {
    let name = path.file_name().ok_or_else(|| FileError::NoFile(path.to_owned()))?;
    let directory = open_directory(above(path), path)?;
    match statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => Ok((directory, name)),
        Ok(_) => Err(FileError::Exists(path.to_owned())),
        Err(error) => Err(FileError::Io { path: path.to_owned(), error: error.into() }),
    }
}

/// Whether a file is being written by another run; the lock ends with that, however it ends.
fn is_locked(directory: &OwnedFd, name: &OsStr) -> bool {
    // Nothing is waited for, should it be a pipe.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = openat(directory, name, flags, Mode::empty()) else { return false };
    matches!(File::from(file).try_lock(), Err(TryLockError::WouldBlock))
}

/// Renames a file where nothing has the new name.
fn rename(directory: &OwnedFd, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{RenameFlags, renameat_with};

        match renameat_with(directory, from, directory, to, RenameFlags::NOREPLACE) {
            // Not every file system can do it.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            done => return done,
        }
    }
    link(directory, from, to)
}

/// The same in two steps, each of which leaves a whole file.
fn link(directory: &OwnedFd, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    linkat(directory, from, directory, to, AtFlags::empty())?;
    unlinkat(directory, from, AtFlags::empty())
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let there = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> =
            there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("acme.tar.zst");
        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"all of it").unwrap();
        assert_eq!(names(home.path()), ["acme.tar.zst.partial"]);
        file.finish().unwrap();
        assert_eq!(names(home.path()), ["acme.tar.zst"]);
        assert_eq!(fs::read(&path).unwrap(), b"all of it");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_not_finished_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let mut file = NewFile::create(&home.path().join("a")).unwrap();
        file.write_all(b"half of").unwrap();
        drop(file);
        assert_eq!(names(home.path()), Vec::<String>::new());
    }

    #[test]
    fn nothing_that_is_there_is_touched() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::write(at("a"), b"old").unwrap();
        symlink(at("nowhere"), at("b")).unwrap();
        for name in ["a", "b"] {
            let error = NewFile::create(&at(name)).unwrap_err();
            assert!(matches!(&error, FileError::Exists(path) if *path == at(name)), "{error}");
        }
        symlink(at("nowhere"), at("c.partial")).unwrap();
        let error = NewFile::create(&at("c")).unwrap_err();
        assert!(matches!(&error, FileError::Leftover(path) if *path == at("c.partial")));

        // What comes there only meanwhile.
        let file = NewFile::create(&at("d")).unwrap();
        fs::write(at("d"), b"new").unwrap();
        let error = file.finish().unwrap_err();
        assert!(matches!(error, FileError::Exists(_)), "{error}");
        assert_eq!(fs::read(at("d")).unwrap(), b"new");
        assert_eq!(names(home.path()), ["a", "b", "c.partial", "d"]);
    }

    #[test]
    fn a_file_that_is_being_written_is_told_from_one_that_was() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a");
        let file = NewFile::create(&path).unwrap();
        let error = NewFile::create(&path).unwrap_err();
        assert!(matches!(&error, FileError::Busy(busy) if *busy == partial(&path)), "{error}");
        drop(file);
        fs::write(partial(&path), b"half of").unwrap();
        let error = NewFile::create(&path).unwrap_err();
        assert!(matches!(&error, FileError::Leftover(left) if *left == partial(&path)), "{error}");
        assert_eq!(fs::read(partial(&path)).unwrap(), b"half of");
    }

    #[test]
    fn the_partial_file_of_another_run_stays() {
        let home = tempfile::tempdir().unwrap();
        let file = NewFile::create(&home.path().join("a")).unwrap();
        fs::remove_file(home.path().join("a.partial")).unwrap();
        let other = NewFile::create(&home.path().join("a")).unwrap();
        let error = file.finish().unwrap_err();
        assert!(error.to_string().ends_with("removed or replaced while it was written"), "{error}");
        assert_eq!(names(home.path()), ["a.partial"]);
        other.finish().unwrap();
        assert_eq!(names(home.path()), ["a"]);
    }

    #[test]
    fn where_a_file_system_cannot_rename_so_a_link_does() {
        let home = tempfile::tempdir().unwrap();
        let file = NewFile::create(&home.path().join("a")).unwrap();
        link(&file.directory, &file.partial, &file.name).unwrap();
        assert_eq!(names(home.path()), ["a"]);
        fs::write(home.path().join("a.partial"), b"new").unwrap();
        assert_eq!(link(&file.directory, &file.partial, &file.name), Err(Errno::EXIST));
    }

    #[test]
    fn a_path_without_a_file_is_refused() {
        for path in ["/", "..", "/nowhere/a"] {
            NewFile::create(Path::new(path)).unwrap_err();
        }
    }
}
