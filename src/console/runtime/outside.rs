//! A text in the person's own editor: `$VISUAL`, or else `$EDITOR`. It has the terminal until it ends.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File, Permissions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    console::{
        input::{self, Reader},
        shutdown::Endings,
        suspend::Suspends,
        terminal::Terminal,
    },
    org::escaped_short,
};

/// What the directory of a file is called, before a part by chance; and the file.
const PREFIX: &str = "tenantry-edit-";
const FILE: &str = "document.js";

/// For how long what a killed console left is kept.
const KEPT: Duration = Duration::from_hours(24);

/// What came of it: the text as it was saved, or why there is none.
pub(super) type Edited<T = String> = Result<T, String>;

/// Lets the person edit this text, and comes back with it. The file it is in for that time is theirs alone, and gone
/// afterwards.
///
/// # Errors
/// When the terminal cannot be left or taken again.
pub(super) async fn edit(
    terminal: &mut Terminal,
    typed: &mut Reader,
    (endings, suspends): (&mut Endings, &mut Suspends),
    text: &str,
) -> io::Result<Edited> {
    let words = match editor() {
        Ok(words) => words,
        Err(why) => return Ok(Err(why)),
    };
    let file = match written(text) {
        Ok(file) => file,
        Err(error) => return Ok(Err(format!("cannot write a temporary file: {error}"))),
    };
    terminal.leave()?;
    typed.stop();
    let ran = run(&words, &file.path(), (endings, suspends)).await;
    *typed = input::read()?;
    terminal.enter()?;
    Ok(match ran {
        Ok(()) => fs::read_to_string(file.path())
            .map_err(|error| format!("cannot read what the editor saved: {error}")),
        Err(why) => Err(why),
    })
}

/// The words of the command that is set.
fn editor() -> Result<Vec<String>, String> {
    let set = ["VISUAL", "EDITOR"].into_iter().find_map(|name| {
        let value = env::var(name).ok().filter(|value| !value.trim().is_empty())?;
        Some((name, value))
    });
    let Some((name, value)) = set else {
        return Err("neither VISUAL nor EDITOR is set".to_owned());
    };
    match shell_words::split(&value) {
        Ok(words) if !words.is_empty() => Ok(words),
        Ok(_) | Err(_) => Err(format!("{name} is not a command: {}", escaped_short(&value, 60))),
    }
}

/// A text in a file, in a directory of its own that is locked as long as this process is there.
struct Written {
    directory: TempDir,
    /// Unlocked when it is dropped, or this process is killed.
    _lock: Option<File>,
}

impl Written {
    fn path(&self) -> PathBuf {
        self.directory.path().join(FILE)
    }
}

/// A file of this person alone, in memory where the system has such a place. What a console that was killed left there
/// long ago is removed.
fn written(text: &str) -> io::Result<Written> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.and_then(|place| written_in(&place, text).ok());
    runtime.map_or_else(|| written_in(&env::temp_dir(), text), Ok)
}

fn written_in(place: &Path, text: &str) -> io::Result<Written> {
    sweep(place, SystemTime::now());
    let mut builder = tempfile::Builder::new();
    let directory =
        builder.prefix(PREFIX).permissions(Permissions::from_mode(0o700)).tempdir_in(place)?;
    // Where a file system has no locks, it stays for a day at least.
    let lock = File::open(directory.path()).ok().filter(|lock| lock.try_lock().is_ok());
    let written = Written { directory, _lock: lock };
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(written.path())?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    Ok(written)
}

/// Removes what consoles of this person left here that were killed while an editor was open. It may be all there is of
/// what was typed, so it stays for a day.
fn sweep(place: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(place) else { return };
    let own = rustix::process::geteuid().as_raw();
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(OsStr::to_str);
        let is_own = |found: &fs::Metadata| found.is_dir() && found.uid() == own;
        if !name.is_some_and(|name| name.starts_with(PREFIX))
            || !path.symlink_metadata().as_ref().is_ok_and(is_own)
        {
            continue;
        }
        let saved = fs::metadata(path.join(FILE)).and_then(|file| file.modified());
        let is_old = |saved: SystemTime| now.duration_since(saved).is_ok_and(|age| age >= KEPT);
        let is_free = File::open(&path).is_ok_and(|lock| lock.try_lock().is_ok());
        if saved.is_ok_and(is_old) && is_free {
            // What cannot be removed now may be at the next time.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Runs the editor until it ends; why there is nothing of it otherwise.
async fn run(
    words: &[String],
    file: &Path,
    (endings, suspends): (&mut Endings, &mut Suspends),
) -> Edited<()> {
    let (program, arguments) = words.split_first().ok_or("no editor is set")?;
    let shown = || escaped_short(program, 60);
    let started = Command::new(program).args(arguments).arg(file).spawn();
    let mut editor = started.map_err(|error| format!("cannot start {}: {error}", shown()))?;
    loop {
        tokio::select! {
            ended = editor.wait() => return match ended {
                Ok(status) if status.success() => Ok(()),
                Ok(status) => Err(format!("{} ended with {status}; nothing was changed", shown())),
                Err(error) => Err(format!("cannot wait for {}: {error}", shown())),
            },
            // Both stop together, and go on together.
            () = suspends.next() => {
                suspends.stop().map_err(|error| format!("cannot stop: {error}"))?;
            }
            _ = endings.next() => return Err("the console was ended".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_console_left_is_removed_after_a_day_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let open = written_in(home.path(), "{ a: 1 }").unwrap();
        assert_eq!(fs::read_to_string(open.path()).unwrap(), "{ a: 1 }\n");
        assert_eq!(fs::metadata(open.path()).unwrap().permissions().mode() & 0o777, 0o600);
        let left = |name: &str| {
            let directory = home.path().join(name);
            fs::create_dir(&directory).unwrap();
            fs::write(directory.join(FILE), "").unwrap();
            directory
        };
        let (left, other) = (left("tenantry-edit-killed"), left("tenantry-other"));
        let now = SystemTime::now();
        sweep(home.path(), now + KEPT - Duration::from_mins(5));
        assert!(left.exists(), "it may be all there is of what was typed");
        sweep(home.path(), now + KEPT + Duration::from_mins(5));
        assert!(!left.exists() && other.exists() && open.path().exists());
        let path = open.path();
        drop(open);
        assert!(!path.parent().unwrap().exists());
    }
}
