//! Where a database is, or how that is found out.

use std::{path::PathBuf, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
    time::timeout,
};

use crate::{
    org::{Secret, escaped_short},
    store::{Place, PlaceKind, StoreError, Target},
    tenancy,
};

/// How long a program may take to print a connection string.
const PATIENCE: Duration = Duration::from_secs(10);
/// No connection string is longer.
const MOST_BYTES: u64 = 64 * 1024;

/// Where a database is.
#[derive(Clone, Debug)]
pub enum Source {
    /// It is known.
    Known(Target),
    /// A program prints the connection string of its MongoDB, each time it is opened.
    Command {
        /// The program and its arguments; no shell sees them.
        words: Vec<String>,
        /// The database on it.
        database: String,
    },
    /// A variable was to have the connection string, and has none.
    Unset {
        /// The variable.
        variable: String,
        /// The database on it.
        database: String,
    },
}

impl Source {
    /// What it is called in front of people, as far as that is known before it is opened.
    #[must_use]
    pub fn place(&self) -> Place {
        let (address, database) = match self {
            Self::Known(target) => return target.place(),
            Self::Command { words, database } => {
                let program = words.first().map_or("", String::as_str);
                (format!("what {program} prints"), database)
            }
            Self::Unset { variable, database } => (format!("${variable}"), database),
        };
        Place { kind: PlaceKind::Mongo, address, database: database.clone() }
    }

    /// Chooses another database on the same MongoDB; none where it is on none.
    #[must_use]
    pub(super) fn on(&mut self, name: &str) -> Option<()> {
        match self {
            Self::Known(Target::Mongo { database, .. })
            | Self::Command { database, .. }
            | Self::Unset { database, .. } => {
                name.clone_into(database);
                Some(())
            }
            Self::Known(Target::File(_) | Target::Demo) => None,
        }
    }

    /// Where it is, in the end. Starts the program that says so, where there is one.
    ///
    /// # Errors
    /// Where nothing says it.
    pub async fn target(&self) -> tenancy::Result<Target> {
        match self {
            Self::Known(target) => Ok(target.clone()),
            Self::Unset { variable, .. } => Err(unknown(
                format!("${variable} is to have the connection string, and is not set"),
                "set it before the program starts",
            )),
            Self::Command { words, database } => {
                let uri = printed(words).await?;
                Ok(Target::Mongo { uri, database: database.clone() })
            }
        }
    }
}

fn unknown(problem: String, help: &'static str) -> tenancy::Error {
    StoreError::Misconfigured { problem, help }.into()
}

/// The first line that a program prints. It cannot ask anybody: the terminal is the console's.
async fn printed(words: &[String]) -> tenancy::Result<Secret> {
    const HELP: &str = "try it by hand; it has to print the connection string, and ask nobody";
    let Some((program, arguments)) = words.split_first() else {
        return Err(unknown("there is no program to start".to_owned(), HELP));
    };
    let name = escaped_short(program, 60);
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Not in front: who reads the terminal from there is stopped.
        .process_group(0)
        .spawn()
        .map_err(|error| unknown(format!("{name} cannot be started: {error}"), HELP))?;
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    let (out, complaint) = (child.stdout.take(), child.stderr.take());
    let all = async { tokio::join!(child.wait(), text(out), text(complaint)) };
    let Ok((status, out, complaint)) = timeout(PATIENCE, all).await else {
        let seconds = PATIENCE.as_secs();
        return Err(unknown(format!("{name} did not end within {seconds} seconds"), HELP));
    };
    group.0 = None;
    let status = status.map_err(|error| unknown(format!("{name} is lost: {error}"), HELP))?;
    if !status.success() {
        let complaint = String::from_utf8_lossy(&complaint);
        let said = complaint.trim().lines().last().unwrap_or_default();
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let said = super::without_passwords(&said);
        return Err(unknown(
            format!("{name} failed ({status}){}", escaped_short(&said, 300)),
            HELP,
        ));
    }
    let uri = String::from_utf8(out).ok().map(Secret::from);
    let line = uri.as_ref().and_then(|uri| uri.reveal().lines().next()).map(str::trim);
    match line {
        Some(line) if !line.is_empty() => Ok(Secret::from(line.to_owned())),
        _ => Err(unknown(format!("{name} printed no connection string"), HELP)),
    }
}

async fn text(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read so far is all there is.
        let _ = pipe.take(MOST_BYTES).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Ends a program and what it started, when nobody waits for it any more.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // It is gone already when it came to its end.
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        }
    }
}

/// `tenantry.db` in the user's data directory (`~/.local/share/tenantry` on Linux).
pub(super) fn default_file() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "tenantry")?;
    Some(directories.data_dir().join("tenantry.db"))
}
