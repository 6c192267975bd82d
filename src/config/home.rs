//! Where the configuration and the embedded database are, and how the configuration file is read.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Read},
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use directories::BaseDirs;
use rustix::fs::OFlags;

use super::{Environment, Error, Flags, file::File};

const HOME: &str = "HOME";
const CONFIG: &str = "TENANTRY_CONFIG";

/// More than any configuration has; a device would never end.
const MOST_BYTES: u64 = 1 << 20;

/// What this process was started with, and its user's home also where nothing sets HOME, as in a
/// system unit.
#[must_use]
pub fn from_process(name: &str) -> Option<OsString> {
    let set = env::var_os(name).filter(|value| !value.is_empty());
    set.or_else(|| {
        // What the password database says.
        let known = BaseDirs::new().filter(|_| name == HOME)?;
        Some(known.home_dir().as_os_str().to_owned())
    })
}

/// Where the configuration file is, or would be.
///
/// # Errors
/// Where it is named by nothing, and no home is known.
pub fn path(
    flags: &Flags,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, Error> {
    let environment = |name: &str| environment(name).filter(|value| !value.is_empty());
    match named_config(flags, &environment)? {
        Some(path) => Ok(path),
        None => usual_config(&environment),
    }
}

fn usual_config(environment: Environment<'_>) -> Result<PathBuf, Error> {
    in_home(environment, "XDG_CONFIG_HOME", ".config", "config.toml")
}

fn named_config(flags: &Flags, environment: Environment<'_>) -> Result<Option<PathBuf>, Error> {
    match &flags.config {
        Some(path) if path.as_os_str().is_empty() => Err(Error::Empty("--config")),
        Some(path) => Ok(Some(path.clone())),
        None => Ok(environment(CONFIG).map(PathBuf::from)),
    }
}

/// A file of ours in one of the directories that the XDG base directory specification names, on every
/// system: people look for the configuration of terminal programs there. `directories` has others on
/// macOS, where files that are there would no longer be found, and none for the log; and it asks the
/// process alone.
pub(super) fn in_home(
    environment: Environment<'_>,
    variable: &str,
    directory: &str,
    name: &str,
) -> Result<PathBuf, Error> {
    // The specification: a path that is not absolute is none.
    let base = environment(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.map_or_else(|| home(environment).map(|home| home.join(directory)), Ok)?;
    Ok(base.join("tenantry").join(name))
}

fn home(environment: Environment<'_>) -> Result<PathBuf, Error> {
    let home = environment(HOME).map(PathBuf::from).filter(|home| home.is_absolute());
    home.ok_or(Error::NoHome)
}

/// The path that is written where `~` is the home directory; others are looked for from `base`.
pub(super) fn written_path(
    environment: Environment<'_>,
    path: &Path,
    base: &Path,
) -> Result<PathBuf, Error> {
    Ok(match path.strip_prefix("~") {
        Ok(rest) => home(environment)?.join(rest),
        Err(_) => base.join(path),
    })
}

/// The configuration, and where it is. Who named a file wants that one; otherwise there need be none.
pub(super) fn read(
    flags: &Flags,
    environment: Environment<'_>,
) -> Result<(Option<PathBuf>, File), Error> {
    let named = named_config(flags, environment)?;
    let must = named.is_some();
    let path = named.map_or_else(|| usual_config(environment), Ok)?;
    let unreadable = |why: String| Error::Unreadable { path: path.clone(), why };
    // Opened without blocking: a FIFO may never have a writer.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let opened = fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(&path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must => {
            return Ok((None, File::default()));
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let metadata = file.metadata().map_err(|error| unreadable(error.to_string()))?;
    // /dev/null is none at all, and everybody's.
    if metadata.is_file() {
        let own = [0, rustix::process::geteuid().as_raw()].contains(&metadata.uid());
        if !own || metadata.mode() & 0o002 != 0 {
            return Err(Error::OthersWrite(path));
        }
    } else if !metadata.file_type().is_char_device() {
        return Err(unreadable("not a regular file".to_owned()));
    }
    let others_read = metadata.mode() & 0o044 != 0;
    let mut text = String::new();
    let read = file.by_ref().take(MOST_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(unreadable("the file is too large".to_owned()));
    }
    let parsed = File::parse(path.clone(), &text, others_read).map_err(Error::File)?;
    Ok((Some(path), parsed))
}
