//! Where a database is, or how that is found out.

use std::{process::Stdio, time::Duration};

use rustix::process::{Pid, Signal};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
    time::timeout,
};

use super::{DEFAULT_DATABASE, Error};
use crate::{
    org::{Secret, escaped_short},
    store::{Place, PlaceKind, StoreError, Target, database_in},
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
        /// The database on it, where one is named beside that string.
        database: Option<NamedDatabase>,
    },
    /// A variable was to have the connection string.
    Unknown {
        /// The variable.
        variable: String,
        /// Why it is not known: it is not set, or names another database than what is beside it.
        why: Error,
    },
}

/// The name of a database on a MongoDB, and what gave it.
#[derive(Clone, Debug)]
pub struct NamedDatabase {
    /// Its name.
    pub name: String,
    /// The flag, the variable or the profile's line.
    pub by: &'static str,
}

/// A MongoDB with this connection string, and the database that its path names; where it names none,
/// what is named beside it, or the usual one.
///
/// # Errors
/// [`Error::OtherDatabase`] where both name one, and not the same.
pub(super) fn mongo(uri: Secret, beside: Option<&NamedDatabase>) -> Result<Target, Error> {
    let database = match (database_in(&uri), beside) {
        (Some(path), Some(beside)) if path != beside.name => {
            let NamedDatabase { name, by } = beside.clone();
            return Err(Error::OtherDatabase { by, name, path });
        }
        (Some(name), _) => name,
        (None, Some(beside)) => beside.name.clone(),
        (None, None) => DEFAULT_DATABASE.to_owned(),
    };
    Ok(Target::Mongo { uri, database })
}

impl Source {
    /// What it is called in front of people, as far as that is known before it is opened.
    #[must_use]
    pub fn place(&self) -> Place {
        let (address, database) = match self {
            Self::Known(target) => return target.place(),
            Self::Command { words, database } => {
                let program = words.first().map_or("", String::as_str);
                let database = database.as_ref().map(|database| database.name.clone());
                (format!("what {program} prints"), database.unwrap_or_default())
            }
            Self::Unknown { variable, .. } => (format!("${variable}"), String::new()),
        };
        Place { kind: PlaceKind::Mongo, address, database }
    }

    /// Chooses another database on the same MongoDB.
    ///
    /// # Errors
    /// Where it is on none, or its connection string names another.
    pub(super) fn on(&mut self, named: NamedDatabase) -> Result<(), Error> {
        match self {
            Self::Known(Target::Mongo { uri, .. }) => {
                *self = Self::Known(mongo(uri.clone(), Some(&named))?);
            }
            Self::Command { database, .. } => *database = Some(named),
            // What is wrong there is said when it is opened.
            Self::Unknown { .. } => {}
            Self::Known(Target::File(_) | Target::Demo) => {
                return Err(Error::DatabaseWithoutServer);
            }
        }
        Ok(())
    }

    /// Where it is, in the end. Starts the program that says so, where there is one.
    ///
    /// # Errors
    /// Where nothing says it.
    pub async fn target(&self) -> tenancy::Result<Target> {
        let wrong = |why: &Error| unknown(why.to_string(), why.help());
        match self {
            Self::Known(target) => Ok(target.clone()),
            Self::Unknown { why, .. } => Err(wrong(why)),
            Self::Command { words, database } => {
                mongo(printed(words).await?, database.as_ref()).map_err(|why| wrong(&why))
            }
        }
    }
}

fn unknown(problem: String, help: &'static str) -> tenancy::Error {
    StoreError::Misconfigured { problem, help }.into()
}

/// The first line that a program prints. It cannot ask anybody: the terminal is the console's.
async fn printed(words: &[String]) -> tenancy::Result<Secret> {
    const HELP: &str = "run it by hand; it must print the connection string without prompting";
    let Some((program, arguments)) = words.split_first() else {
        return Err(unknown("the command is empty".to_owned(), HELP));
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
        .map_err(|error| unknown(format!("cannot start {name}: {error}"), HELP))?;
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    let (out, complaint) = (child.stdout.take(), child.stderr.take());
    let all = async { tokio::join!(child.wait(), text(out), text(complaint)) };
    let Ok((status, out, complaint)) = timeout(PATIENCE, all).await else {
        let seconds = PATIENCE.as_secs();
        return Err(unknown(format!("{name} did not end within {seconds} seconds"), HELP));
    };
    group.0 = None;
    let status =
        status.map_err(|error| unknown(format!("cannot wait for {name}: {error}"), HELP))?;
    if !status.success() {
        let complaint = String::from_utf8_lossy(&complaint);
        let said = complaint.trim().lines().last().unwrap_or_default();
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let said = crate::org::without_credentials(&said);
        return Err(unknown(
            format!("“{name}” failed ({status}){}", escaped_short(&said, 300)),
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
