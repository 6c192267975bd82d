//! Which database is meant, where a flag, a variable and the file can all name one.

use std::path::PathBuf;

use super::{
    DATABASE, Environment, Error, FILE, Flags, PROFILE, URI, in_home,
    source::{NamedDatabase, mongo},
    text,
};
use crate::{
    org::Secret,
    store::{Target, database_in},
};

/// What names a database.
pub(super) enum Chosen {
    Profile(String),
    Target(Target),
    /// The file that is used where nothing is named.
    Usual(Target),
}

/// Which database is meant: a flag decides, then a variable, then the file, where `usual` is its profile.
///
/// # Errors
/// Where two name one each, or one names nothing.
pub(super) fn choose(
    flags: &Flags,
    environment: Environment<'_>,
    usual: Option<String>,
) -> Result<Chosen, Error> {
    let named = [
        ("--uri", flags.uri.is_some()),
        ("--file", flags.file.is_some()),
        ("--demo", flags.demo),
        ("--profile", flags.profile.is_some()),
    ];
    let mut named = named.iter().filter(|(_, given)| *given).map(|(flag, _)| *flag);
    let flag = named.next();
    if let (Some(one), Some(other)) = (flag, named.next()) {
        return Err(Error::TwoFlags(one, other));
    }
    // Only a flag can contradict a flag: the environment is often set once for everything.
    let (uri, file, profile) = match flag {
        Some(_) => (flags.uri.clone(), flags.file.clone(), flags.profile.clone()),
        None => (
            text(environment, URI)?,
            environment(FILE).map(PathBuf::from),
            text(environment, PROFILE)?,
        ),
    };
    match (uri, file, profile) {
        (Some(_), Some(_), _) => Err(Error::TwoVariables(URI, FILE)),
        (Some(_), _, Some(_)) => Err(Error::TwoVariables(URI, PROFILE)),
        (_, Some(_), Some(_)) => Err(Error::TwoVariables(FILE, PROFILE)),
        (Some(uri), ..) if uri.is_empty() => Err(Error::Empty("--uri")),
        (Some(uri), ..) => {
            let uri = Secret::from(uri);
            let beside = match flag_database(flags)? {
                Some(named) => Some(named),
                // The string of a flag is nearer than a variable.
                None if flag.is_some() && database_in(&uri).is_some() => None,
                None => {
                    text(environment, DATABASE)?.map(|name| NamedDatabase { name, by: DATABASE })
                }
            };
            Ok(Chosen::Target(mongo(uri, beside.as_ref())?))
        }
        (.., Some(profile)) if profile.is_empty() => Err(Error::Empty("--profile")),
        (.., Some(profile)) => Ok(Chosen::Profile(profile)),
        (None, None, None) if flag.is_none() && usual.is_some() => {
            Ok(Chosen::Profile(usual.unwrap_or_default()))
        }
        _ if flags.database.is_some() => Err(Error::DatabaseWithoutServer),
        (_, Some(file), _) if file.as_os_str().is_empty() => Err(Error::Empty("--file")),
        (_, Some(file), _) => Ok(Chosen::Target(Target::File(file))),
        _ if flags.demo => Ok(Chosen::Target(Target::Demo)),
        _ => {
            let file = in_home(environment, "XDG_DATA_HOME", DATA, "tenantry.db")?;
            Ok(Chosen::Usual(Target::File(file)))
        }
    }
}

/// Where data is kept below the home directory.
const DATA: &str =
    if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };

/// The database that `--database` names.
pub(super) fn flag_database(flags: &Flags) -> Result<Option<NamedDatabase>, Error> {
    let by = "--database";
    match &flags.database {
        Some(name) if name.is_empty() => Err(Error::Empty(by)),
        Some(name) => Ok(Some(NamedDatabase { name: name.clone(), by })),
        None => Ok(None),
    }
}
