//! `tenantry config …`: writes the configuration file, says where it is, and whether it is in order.

use std::{
    fmt::Write as _,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, OpenOptionsExt},
    },
    path::Path,
};

use serde::Serialize;

use super::{Failure, table::pairs};
use crate::{
    config::{self, Database, Settings, Source},
    org::{counted, escaped},
    store::PlaceKind,
};

/// Prints where the configuration is, as it is: for programs too.
pub(super) fn say_path(path: &Path) -> Result<(), Failure> {
    say(&[path.as_os_str().as_bytes(), b"\n"].concat())
}

/// Writes a configuration there.
pub(super) fn init(path: &Path, force: bool) -> Result<(), Failure> {
    let shown = escaped(&path.display().to_string()).into_owned();
    let failed = |error: &io::Error| Failure::io(&format!("cannot write {shown}"), error);
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|e| failed(&e))?;
    }
    let mut kept = None;
    if force && path.exists() {
        let mut old = path.as_os_str().to_owned();
        old.push(".old");
        fs::rename(path, &old).map_err(|error| failed(&error))?;
        kept = Some(old);
    }
    // It may come to hold a connection string: for nobody else to read.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match file.and_then(|mut file| file.write_all(config::template().as_bytes())) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Failure::usage(
                format!("{shown} already exists"),
                "edit it, or replace it with --force, which keeps a copy",
            ));
        }
        other => other.map_err(|error| failed(&error))?,
    }
    let mut said = format!("wrote {shown}\n");
    if let Some(kept) = kept {
        let _ = writeln!(said, "the previous file is {}", escaped(&kept.to_string_lossy()));
    }
    said.push_str("uncomment what you want to change; `tenantry config check` checks the file\n");
    say(said.as_bytes())
}

pub(super) fn say(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::io("cannot write the output", &error)),
    }
}

/// What there is in a configuration that is in order.
#[derive(Serialize)]
pub(super) struct Configured {
    file: Option<String>,
    /// What is opened when nothing else is said.
    opens: String,
    profiles: Vec<ConfiguredProfile>,
    /// How many commands have keys of their own.
    keys: usize,
}

#[derive(Serialize)]
struct ConfiguredProfile {
    name: String,
    database: String,
    production: bool,
    read_only: bool,
    /// What will keep it from being opened.
    problem: Option<String>,
}

impl Configured {
    pub(super) fn from_settings(settings: &Settings) -> Self {
        Self {
            file: settings.file.as_ref().map(|path| path.display().to_string()),
            opens: match &settings.database.profile {
                Some(profile) => profile.name.clone(),
                None => whereabouts(&settings.database),
            },
            profiles: settings
                .profiles
                .iter()
                .filter_map(ConfiguredProfile::from_database)
                .collect(),
            keys: settings.rebound,
        }
    }

    pub(super) fn table(&self) -> String {
        let mut rows = Vec::new();
        let file = self.file.as_deref().unwrap_or("none; `tenantry config init` writes one");
        rows.push(("file", file.to_owned()));
        rows.push(("opens", self.opens.clone()));
        for (number, profile) in self.profiles.iter().enumerate() {
            let mut words = format!("{}: {}", profile.name, profile.database);
            for (mark, set) in
                [(", production", profile.production), (", read-only", profile.read_only)]
            {
                words.push_str(if set { mark } else { "" });
            }
            if let Some(problem) = &profile.problem {
                let _ = write!(words, " ({problem})");
            }
            rows.push((if number == 0 { "profiles" } else { "" }, words));
        }
        let keys = counted(self.keys as u64, "command");
        rows.push(("keys", format!("{keys} rebound")));
        let rows: Vec<_> =
            rows.into_iter().map(|(key, value)| (key, escaped(&value).into_owned())).collect();
        pairs(&rows, None)
    }
}

impl ConfiguredProfile {
    fn from_database(database: &Database) -> Option<Self> {
        let profile = database.profile.as_ref()?;
        Some(Self {
            name: profile.name.clone(),
            database: whereabouts(database),
            production: profile.production,
            read_only: database.caller.read_only,
            problem: match &database.source {
                Source::Unknown { why, .. } => Some(why.to_string()),
                Source::Known(_) | Source::Command { .. } => None,
            },
        })
    }
}

fn whereabouts(database: &Database) -> String {
    let place = database.source.place();
    match place.kind {
        // It is only known once it is opened.
        PlaceKind::Mongo if place.database.is_empty() => place.address,
        PlaceKind::Mongo => format!("{}/{}", place.address, place.database),
        PlaceKind::Embedded => place.address,
        PlaceKind::Demo => "a demo, discarded at exit".to_owned(),
    }
}
