//! The file itself: made where there is none, opened as far as this user may, and looked after.
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

use rusqlite::{Connection, FileControl, OpenFlags};
use rustix::{
    fs::{Access, access},
    io::Errno,
};

use super::{
    error::{Attempt, Fault},
    schema::{self, PATIENCE},
};
use crate::org::escaped;
use crate::store::StoreError;

/// An open database.
#[derive(Debug)]
pub(super) struct Open {
    connection: Connection,
    /// Where it is read as a file that nothing changes.
    frozen: Option<Frozen>,
}

/// A file, and what it was like when it was opened.
#[derive(Debug)]
struct Frozen {
    path: PathBuf,
    then: Stamp,
}

/// Inode, size and time of change, and whether changes wait beside it. Nothing where there is no file.
type Stamp = Option<(u64, u64, i64, i64, bool)>;

impl Open {
    /// A new database that is gone with its connection.
    pub(super) fn in_memory() -> Attempt<Self> {
        Ok(Self { connection: schema::in_memory()?, frozen: None })
    }

    /// The connection to what is in the file now.
    pub(super) fn connection(&mut self) -> Attempt<&mut Connection> {
        if let Some(frozen) = self.frozen.take_if(|frozen| !frozen.is_as_it_was()) {
            *self = Self::for_reading(&frozen.path).inspect_err(|_| self.frozen = Some(frozen))?;
        }
        is_in_place(&self.connection)?;
        Ok(&mut self.connection)
    }

    /// The connection to write with: where there was no room for one, there may be by now.
    pub(super) fn for_writing(&mut self) -> Attempt<&mut Connection> {
        if let Some(frozen) = &self.frozen {
            let connection = connected(&frozen.path, Way::Write)?;
            *self = Self { connection, frozen: None };
        }
        if let Some(path) = self.connection.path().filter(|path| !path.is_empty()) {
            keep_from_others(Path::new(path));
        }
        self.connection()
    }

    /// Whether what was just read was in the file at one moment.
    pub(super) fn was_steady(&self) -> bool {
        self.frozen.as_ref().is_none_or(Frozen::is_as_it_was)
    }

    /// Opens what this user may not write, or what there is no room beside.
    fn for_reading(path: &Path) -> Attempt<Self> {
        if pending(path) {
            let connection = connected(path, Way::Read)?;
            return Ok(Self { connection, frozen: None });
        }
        let frozen = Frozen { path: path.to_owned(), then: stamp(path) };
        Ok(Self { connection: connected(path, Way::Frozen)?, frozen: Some(frozen) })
    }
}

impl Frozen {
    fn is_as_it_was(&self) -> bool {
        stamp(&self.path) == self.then
    }
}

fn stamp(path: &Path) -> Stamp {
    let file = fs::metadata(path).ok()?;
    Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec(), pending(path)))
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

/// Opens the file, and makes it and its tables when it is new and may be written. Says why it can only
/// be read, when it can.
pub(super) fn open(path: &Path, read_only: bool) -> Attempt<(Open, Option<String>)> {
    if !read_only {
        make(path).map_err(|problem| StoreError::Misconfigured {
            problem: format!("{} cannot be made: {problem}", shown(path)),
            help: "name another file with --file",
        })?;
    } else if !path.exists() {
        return Err(StoreError::Misconfigured {
            problem: format!("there is no file {}, and with --read-only none is made", shown(path)),
            help: "check its name, or start once without --read-only",
        }
        .into());
    }
    // SQLite puts what belongs to a file beside the file itself, wherever a link to it is.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let asked = read_only.then(|| "it was opened for reading only".to_owned());
    if let Some(reason) = unwritable(path) {
        return Ok((Open::for_reading(path)?, asked.or(Some(reason))));
    }
    let way = match read_only {
        false => Way::Write,
        // Another console is at work, or was killed.
        true if beside(path, "-wal").exists() => Way::Read,
        true => Way::Promise,
    };
    match connected(path, way) {
        Ok(connection) => Ok((Open { connection, frozen: None }, asked)),
        // Even to be looked at, a database needs a little room beside it, unless nothing changes it.
        Err(fault) if fault.is_no_room() && !pending(path) => match Open::for_reading(path) {
            Ok(open) => Ok((open, asked)),
            Err(_) => Err(fault),
        },
        Err(fault) => Err(fault),
    }
}

fn connected(path: &Path, way: Way) -> Attempt<Connection> {
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
        match schema::prepare(&mut connection, path) {
            Err(fault) if fault.is_busy() && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done.map(|()| connection),
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
        Err(Errno::ROFS) => Some(format!("{} can only be read where it is", shown(place))),
        Err(Errno::ACCESS | Errno::PERM) => {
            Some(format!("this user may not write {}", shown(place)))
        }
        _ => None,
    })
}

/// Whether there are changes beside the file that are not in it yet.
fn pending(path: &Path) -> bool {
    let length = |suffix| beside(path, suffix).metadata().map_or(0, |file| file.len());
    length("-wal") > 0 || length("-journal") > 0
}

/// The path in a sentence, with nothing hidden in it.
pub(super) fn shown(path: &Path) -> String {
    escaped(&path.display().to_string()).into_owned()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn directory(path: &Path) -> &Path {
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

/// Refuses a file that is no longer where it was opened: what is written to it nobody finds again.
pub(super) fn is_in_place(connection: &Connection) -> Attempt<()> {
    let Some(path) = connection.path().filter(|path| !path.is_empty()) else { return Ok(()) };
    let mut moved = 0;
    connection.file_control(Some("main"), FileControl::HasMoved(&mut moved))?;
    if moved == 0 {
        return Ok(());
    }
    Err(Fault::Answer(StoreError::Disk {
        problem: format!("{} was moved, deleted or replaced while it was open", escaped(path)),
        help: "put it back, or start again with what is there now; nothing was changed",
    }))
}

/// Takes out of the write-ahead log what was taken out of the file. Another console that reads right
/// now is not waited for: whoever closes the file last does it too.
pub(super) fn forget_log(connection: &Connection) -> Attempt<()> {
    connection.busy_timeout(Duration::ZERO)?;
    let done = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(PATIENCE)?;
    Ok(done?)
}
