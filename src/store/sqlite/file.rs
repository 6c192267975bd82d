//! The file itself: opened as far as this user may, made by the first write, and looked after.
//!
//! Looking changes nothing. Where there is no file, or nothing in it, an empty database in memory stands for
//! it; an older one that cannot be read as it is is looked at through a copy that is brought up to date. The first
//! write opens it anew.
//!
//! A database nobody may write beside has no write-ahead log to be read through. SQLite reads such a
//! file only when it is told that nothing changes it (`immutable`). Somebody else may, so whoever reads
//! it so looks before and after each read whether it is still the same, and opens it again otherwise.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::{
    ffi::OsStrExt,
    fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use rustix::{
    fs::{Access, access},
    io::Errno,
};

use super::{
    error::Attempt,
    place::{is_in_place, moved, shown},
    schema::{self, Found, PATIENCE},
};
use crate::store::StoreError;

/// An open database. Until the first write it only looks.
#[derive(Debug)]
pub(super) struct Open {
    connection: Connection,
    /// Where the file is, or will be; nothing for a database in memory.
    path: PathBuf,
    read_only: bool,
    seen: Seen,
}

/// What the connection leads to.
#[derive(Debug)]
enum Seen {
    /// The file itself, to be written.
    ToWrite,
    /// The file itself, only to be read.
    ToRead,
    /// What was in the file at one moment, and what the file was like then; and its format, where that is an
    /// older one.
    AsOf(Stamp, Option<i32>),
}

/// Inode, size and time of change, of the file and of what waits beside it. Nothing where there is no file.
type Stamp = Option<[(u64, u64, i64, i64); 2]>;

impl Open {
    /// A new database that is gone with its connection.
    pub(super) fn in_memory() -> Attempt<Self> {
        let (connection, path) = (schema::in_memory()?, PathBuf::new());
        Ok(Self { connection, path, read_only: false, seen: Seen::ToWrite })
    }

    /// One more connection to the file, only to be read.
    pub(super) fn beside(path: &Path) -> Attempt<Self> {
        Self::to_look(path, true)
    }

    /// Where the file is, or will be; empty for a database in memory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the interrupt handler of the last read, which would otherwise interrupt the next statement.
    pub(super) fn interrupt_never(&mut self) -> Attempt<()> {
        Ok(self.connection.progress_handler(0, None::<fn() -> bool>)?)
    }

    /// The connection to what is in the file now.
    pub(super) fn connection(&mut self) -> Attempt<&mut Connection> {
        if !self.was_steady() {
            if stamp(&self.path).is_none() {
                return Err(moved(&shown(&self.path)));
            }
            *self = Self::to_look(&self.path, self.read_only)?;
        }
        is_in_place(&self.connection)?;
        Ok(&mut self.connection)
    }

    /// The connection to write with. The first time, makes the file where there is none, and the tables, and
    /// brings older ones up to date.
    pub(super) fn for_writing(&mut self) -> Attempt<&mut Connection> {
        self.connection()?;
        if !matches!(self.seen, Seen::ToWrite) {
            make(&self.path).map_err(|problem| StoreError::Misconfigured {
                problem: format!("cannot create {}: {problem}", shown(&self.path)),
                help: "name another file with --file",
            })?;
            (self.connection, _) = connected(&canonical(&self.path), Way::Write)?;
            self.seen = Seen::ToWrite;
        }
        if let Some(path) = self.connection.path().filter(|path| !path.is_empty()) {
            keep_from_others(Path::new(path));
        }
        self.connection()
    }

    /// Whether there is a file, or a database in memory.
    pub(super) fn is_there(&mut self) -> Attempt<bool> {
        self.connection()?;
        Ok(match self.seen {
            Seen::AsOf(stamp, _) => stamp.is_some(),
            Seen::ToWrite | Seen::ToRead => true,
        })
    }

    /// The format of the file, where it is an older one.
    pub(super) fn older_format(&mut self) -> Attempt<Option<i32>> {
        self.connection()?;
        Ok(match self.seen {
            Seen::AsOf(_, format) => format,
            Seen::ToWrite | Seen::ToRead => None,
        })
    }

    /// Whether what was just read was in the file at one moment.
    pub(super) fn was_steady(&self) -> bool {
        match &self.seen {
            Seen::AsOf(then, _) => stamp(&self.path) == *then,
            Seen::ToWrite | Seen::ToRead => true,
        }
    }

    /// Opens a file so that nothing is written to it.
    fn to_look(path: &Path, read_only: bool) -> Attempt<Self> {
        // What cannot be looked for is not missing.
        if fs::metadata(path).is_err_and(|problem| problem.kind() == ErrorKind::NotFound) {
            let (connection, path) = (schema::in_memory()?, path.to_owned());
            return Ok(Self { connection, path, read_only, seen: Seen::AsOf(None, None) });
        }
        let file = canonical(path);
        let way = match (unwritable(&file), read_only) {
            (Some(_), _) if pending(&file) => Way::Read,
            (Some(_), _) => Way::Frozen,
            // Another console is at work, or was killed.
            (None, true) if beside(&file, "-wal").exists() => Way::Read,
            (None, _) => Way::Promise,
        };
        match Self::looked(path, read_only, way) {
            // Even to be looked at, a database needs a little room beside it, unless nothing changes it.
            Err(fault) if fault.is_no_room() && !pending(&file) => {
                Self::looked(path, read_only, Way::Frozen).map_err(|_| fault)
            }
            done => done,
        }
    }

    fn looked(path: &Path, read_only: bool, way: Way) -> Attempt<Self> {
        let then = stamp(path);
        let (connection, found) = connected(&canonical(path), way)?;
        let (connection, seen) = match found {
            Found::Ours if way == Way::Frozen => (connection, Seen::AsOf(then, None)),
            Found::Ours => (connection, Seen::ToRead),
            Found::Older(format) if format >= schema::READABLE => {
                (connection, Seen::AsOf(then, Some(format)))
            }
            Found::Older(format) => {
                (schema::copy_up_to_date(&connection)?, Seen::AsOf(then, Some(format)))
            }
            Found::Empty => (schema::in_memory()?, Seen::AsOf(then, None)),
        };
        Ok(Self { connection, path: path.to_owned(), read_only, seen })
    }
}

fn stamp(path: &Path) -> Stamp {
    let of = |file: fs::Metadata| (file.ino(), file.len(), file.mtime(), file.mtime_nsec());
    let file = fs::metadata(path).ok()?;
    let path = canonical(path);
    let beside = ["-wal", "-journal"].map(|suffix| beside(&path, suffix).metadata().ok());
    let waits = beside.into_iter().flatten().find(|file| file.len() > 0);
    Some([of(file), waits.map(of).unwrap_or_default()])
}

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Write,
    /// A connection that may only read leaves `-wal` and `-shm` behind, unless they are there already.
    /// One that only promises to, tidies up.
    Promise,
    Read,
    Frozen,
}

/// Opens the file, and writes nothing to it. Says why it can only be read, when it can.
pub(super) fn open(path: &Path, read_only: bool) -> Attempt<(Open, Option<String>)> {
    let there = path.exists();
    if read_only && !there {
        return Err(StoreError::Misconfigured {
            problem: format!(
                "there is no file {}, and --read-only does not create one",
                shown(path)
            ),
            help: "check its name, or start once without --read-only",
        }
        .into());
    }
    let open = Open::to_look(path, read_only)?;
    let asked = read_only.then(|| "it was opened read-only".to_owned());
    Ok((open, asked.or_else(|| there.then(|| unwritable(&canonical(path))).flatten())))
}

/// SQLite puts what belongs to a file beside the file itself, wherever a link to it is.
pub(super) fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A connection to a file that is there, and what was found in it.
fn connected(path: &Path, way: Way) -> Attempt<(Connection, Found)> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let mut connection = match way {
        Way::Frozen => Connection::open_with_flags(
            immutable(path),
            flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        )?,
        Way::Read => Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        Way::Write | Way::Promise => {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)?
        }
    };
    connection.pragma_update(None, "query_only", way != Way::Write)?;
    // While two consoles make the same file, SQLite does not wait but reports at once that it is busy
    // when one of them changes the journal mode.
    let until = Instant::now() + PATIENCE;
    loop {
        match schema::prepare(&mut connection, path, way == Way::Write) {
            Err(fault) if fault.is_busy() && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done.map(|found| (connection, found)),
        }
    }
}

/// Takes the file, and what is beside it, from all but its owner and its group, which somebody has chosen: it
/// holds password hashes. Older versions, and whoever copied it, may have left it readable for everybody.
/// Another user's cannot be changed, and stays.
fn keep_from_others(path: &Path) {
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        let Ok(there) = file.metadata() else { continue };
        if there.mode() & 0o007 != 0 && there.uid() == rustix::process::geteuid().as_raw() {
            let _ = fs::set_permissions(&file, Permissions::from_mode(there.mode() & 0o770));
        }
    }
}

/// The path as SQLite is told that nothing changes the file.
fn immutable(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(*byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(uri, "%{byte:02x}")),
        }
    }
    uri + "?immutable=1"
}

/// Why this user may not write the file, or what SQLite keeps beside it.
fn unwritable(path: &Path) -> Option<String> {
    let directory = directory(path);
    [path, directory].into_iter().find_map(|place| match access(place, Access::WRITE_OK) {
        Err(Errno::ROFS) => Some(format!("{} is on a read-only file system", shown(place))),
        Err(Errno::ACCESS | Errno::PERM) => {
            Some(format!("this user has no permission to write {}", shown(place)))
        }
        _ => None,
    })
}

/// Whether there are changes beside the file that are not in it yet.
fn pending(path: &Path) -> bool {
    let length = |suffix| beside(path, suffix).metadata().map_or(0, |file| file.len());
    length("-wal") > 0 || length("-journal") > 0
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|at| !at.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn make(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    make_directory(directory(path))?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(problem) if problem.kind() != ErrorKind::AlreadyExists => Err(problem),
        _ => Ok(()),
    }
}

/// Makes a directory and those above it; whoever pulls the plug afterwards finds them again. (SQLite
/// sees to that for what is in it.)
fn make_directory(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let above = directory(path);
    make_directory(above)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Err(problem) if problem.kind() != ErrorKind::AlreadyExists => return Err(problem),
        // Where a directory cannot be made sure of, nothing more can be done for it.
        _ => drop(File::open(above).and_then(|above| above.sync_all())),
    }
    Ok(())
}

/// Takes out of the write-ahead log what was taken out of the file. Another console that reads right
/// now is not waited for: whoever closes the file last does it too.
pub(super) fn forget_log(connection: &Connection) -> Attempt<()> {
    connection.busy_timeout(Duration::ZERO)?;
    let done = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(PATIENCE)?;
    Ok(done?)
}
