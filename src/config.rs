//! Flags and environment become one [`Settings`] value, and nothing else reads either.
//!
//! A flag beats the environment, the environment beats the default. The environment comes in as a
//! function, so that clap never knows a value it could print, and a test needs no process of its own.

use std::{ffi::OsString, ops::RangeInclusive, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};

use crate::{
    org::{PASSWORD_MOST_BYTES, PasswordPolicy, Secret},
    store::{Access, Finding, Place, Target},
    tenancy::{self, Opened, Rules, SECRET_KEY_LEAST_BYTES},
};

/// The database's name on a MongoDB server when none is given: the one the service before this
/// program used.
pub const DEFAULT_DATABASE: &str = "master_organization_db";

const URI: &str = "MONGODB_URI";
const DATABASE: &str = "TENANTRY_DATABASE";
const FILE: &str = "TENANTRY_FILE";
const KEY: &str = "SECRET_KEY";
const LENGTH: &str = "TENANTRY_PASSWORD_LENGTH";
const SCORE: &str = "TENANTRY_PASSWORD_SCORE";
const TRASH: &str = "TENANTRY_TRASH_DAYS";

/// What every environment variable does, for `--help`.
pub const ENVIRONMENT_HELP: &str = "\
Environment (a flag beats it; an empty variable counts as unset):
  MONGODB_URI               as --uri; the place for one that holds a password
  TENANTRY_DATABASE         as --database
  TENANTRY_FILE             as --file
  SECRET_KEY                signs logins; 32 bytes or more, random for each run when unset
  TENANTRY_PASSWORD_LENGTH  the fewest characters of a new password, 8 to 72 (default 15)
  TENANTRY_PASSWORD_SCORE   its lowest zxcvbn score, 0 to 4 (default 2)
  TENANTRY_TRASH_DAYS       how long the trash keeps what is moved there, 1 to 3650 (default 30)";

/// The flags that say which database, and how.
#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::doc_markdown, reason = "these words are what --help prints")]
pub struct Flags {
    /// A MongoDB's connection string [env: MONGODB_URI]
    #[arg(long, global = true, value_name = "mongodb://…")]
    pub uri: Option<String>,
    /// The database on that MongoDB [env: TENANTRY_DATABASE] [default: master_organization_db]
    #[arg(long, global = true, value_name = "NAME")]
    pub database: Option<String>,
    /// The embedded database's file [env: TENANTRY_FILE] [default: in your data directory]
    #[arg(long, global = true, value_name = "PATH")]
    pub file: Option<PathBuf>,
    /// A throw-away database with sample organizations, gone at exit
    #[arg(long, global = true)]
    pub demo: bool,
    /// Refuse everything that writes
    #[arg(long, global = true)]
    pub read_only: bool,
    /// How a command answers [default: table on a terminal, json otherwise]
    #[arg(long, global = true, value_enum, value_name = "FORM")]
    pub output: Option<Output>,
}

/// How a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// One JSON object
    Json,
    /// Aligned columns, for people
    Table,
}

/// A database with a name of its own, and how it is told from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What it is called.
    pub name: String,
    /// What it is marked with.
    pub color: Option<Color>,
    /// Whether people depend on it: it is red, and every change is asked about twice.
    pub production: bool,
    /// What its database is called, as far as that is known before it is opened.
    pub place: Place,
}

/// What a profile is marked with: one of the terminal's own colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// Red, as production is.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Blue.
    Blue,
    /// Magenta.
    Magenta,
    /// Cyan.
    Cyan,
}

/// Everything that can be set, after flags and environment were read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which database.
    pub target: Target,
    /// Who opens it, and whether only to read.
    pub access: Access,
    /// What new passwords must be like, and how logins are signed.
    pub rules: Rules,
    /// How a command answers; `None` leaves it to where the answer goes.
    pub output: Option<Output>,
}

/// What is wrong with a flag or a variable. Values of secrets are never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two flags name a database each.
    #[error("{0} and {1} name a database each")]
    TwoFlags(&'static str, &'static str),
    /// Two variables name a database each, and no flag decides.
    #[error("{URI} and {FILE} are both set, and each names a database")]
    TwoVariables,
    /// `--database` where there is none to choose.
    #[error("--database chooses a database on a MongoDB, and none is named")]
    DatabaseWithoutServer,
    /// A flag with nothing in it.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A variable that is no text.
    #[error("{0} is not valid UTF-8")]
    NotText(&'static str),
    /// A variable that is no number, or one too small or too large.
    #[error("{0} is no number from {1} to {2}")]
    NoNumber(&'static str, u32, u32),
    /// The signing key could be guessed.
    #[error("{KEY} has {0} bytes; at least {SECRET_KEY_LEAST_BYTES} are needed")]
    KeyTooShort(usize),
    /// Nowhere to keep the default file.
    #[error("no home directory is known, so there is no place for the embedded database")]
    NoHome,
}

impl Error {
    /// What the person can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::TwoFlags(..) => "keep one of them",
            Self::TwoVariables => "unset one of them, or decide with --uri or --file",
            Self::DatabaseWithoutServer => "name the server with --uri or MONGODB_URI",
            Self::Empty(_) => "give it a value, or leave it out",
            Self::NotText(_) | Self::NoNumber(..) => "correct it, or unset it",
            Self::KeyTooShort(_) => "make one with `openssl rand -hex 32`, or unset it",
            Self::NoHome => "set HOME, or name a file with --file",
        }
    }
}

impl Settings {
    /// Reads flags first, then the variables that `environment` answers.
    ///
    /// # Errors
    /// The first thing that is wrong or unclear.
    pub fn new(
        flags: &Flags,
        environment: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Self, Error> {
        let environment = |name| environment(name).filter(|value| !value.is_empty());
        Ok(Self {
            target: target(flags, &environment)?,
            access: Access { operator: operator(), read_only: flags.read_only },
            rules: Rules {
                passwords: passwords(&environment)?,
                secret_key: secret_key(&environment)?,
                read_only: flags.read_only,
                trash_days: number(&environment, TRASH, 1..=3650)?.unwrap_or(30),
                ..Rules::default()
            },
            output: flags.output,
        })
    }

    /// Goes through the database they name.
    ///
    /// # Errors
    /// As [`tenancy::examine`].
    pub async fn examine(&self, fix: bool) -> tenancy::Result<Vec<Finding>> {
        tenancy::examine(&self.target, &self.access, self.rules.clone(), fix).await
    }

    /// Opens the database they name.
    ///
    /// # Errors
    /// As [`tenancy::open`].
    pub async fn open(&self) -> tenancy::Result<Opened> {
        tenancy::open(&self.target, &self.access, self.rules.clone()).await
    }
}

type Environment<'a> = &'a dyn Fn(&'static str) -> Option<OsString>;

fn text(environment: Environment<'_>, name: &'static str) -> Result<Option<String>, Error> {
    environment(name).map(|value| value.into_string().map_err(|_| Error::NotText(name))).transpose()
}

fn target(flags: &Flags, environment: Environment<'_>) -> Result<Target, Error> {
    let named =
        [("--uri", flags.uri.is_some()), ("--file", flags.file.is_some()), ("--demo", flags.demo)];
    let mut named = named.iter().filter(|(_, given)| *given).map(|(flag, _)| *flag);
    let flag = named.next();
    if let (Some(one), Some(other)) = (flag, named.next()) {
        return Err(Error::TwoFlags(one, other));
    }
    // Only a flag can contradict a flag: the environment is often set once for everything.
    let (uri, file) = match flag {
        Some(_) => (flags.uri.clone(), flags.file.clone()),
        None => (text(environment, URI)?, environment(FILE).map(PathBuf::from)),
    };
    match (uri, file) {
        (Some(_), Some(_)) => Err(Error::TwoVariables),
        (Some(uri), None) if uri.is_empty() => Err(Error::Empty("--uri")),
        (Some(uri), None) => {
            let database = match &flags.database {
                Some(name) if name.is_empty() => return Err(Error::Empty("--database")),
                Some(name) => name.clone(),
                None => text(environment, DATABASE)?.unwrap_or_else(|| DEFAULT_DATABASE.to_owned()),
            };
            Ok(Target::Mongo { uri: Secret::from(uri), database })
        }
        _ if flags.database.is_some() => Err(Error::DatabaseWithoutServer),
        (None, Some(file)) if file.as_os_str().is_empty() => Err(Error::Empty("--file")),
        (None, Some(file)) => Ok(Target::File(file)),
        (None, None) if flags.demo => Ok(Target::Demo),
        (None, None) => default_file().map(Target::File).ok_or(Error::NoHome),
    }
}

/// `tenantry.db` in the user's data directory (`~/.local/share/tenantry` on Linux).
fn default_file() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "tenantry")?;
    Some(directories.data_dir().join("tenantry.db"))
}

fn passwords(environment: Environment<'_>) -> Result<PasswordPolicy, Error> {
    let standard = PasswordPolicy::default();
    let most = u8::try_from(PASSWORD_MOST_BYTES).unwrap_or(u8::MAX);
    let length = number(environment, LENGTH, 8..=most)?;
    let score = number(environment, SCORE, 0..=4)?;
    Ok(PasswordPolicy {
        least_characters: length.map_or(standard.least_characters, usize::from),
        least_score: score.unwrap_or(standard.least_score),
    })
}

fn number<T: FromStr + PartialOrd + Copy + Into<u32>>(
    environment: Environment<'_>,
    name: &'static str,
    range: RangeInclusive<T>,
) -> Result<Option<T>, Error> {
    let Some(value) = text(environment, name)? else { return Ok(None) };
    let number = value.trim().parse().ok().filter(|number| range.contains(number));
    let (least, most) = ((*range.start()).into(), (*range.end()).into());
    number.map(Some).ok_or(Error::NoNumber(name, least, most))
}

fn secret_key(environment: Environment<'_>) -> Result<Option<Secret>, Error> {
    let key = text(environment, KEY)?.map(Secret::from);
    match key {
        Some(key) if key.reveal().len() < SECRET_KEY_LEAST_BYTES => {
            Err(Error::KeyTooShort(key.reveal().len()))
        }
        key => Ok(key),
    }
}

/// Who runs this console: the user's name on this machine's name, `ada@workstation`. As the operating
/// system has it, and not a variable that anybody can set: it is recorded with every deed.
fn operator() -> String {
    let user = whoami::username()
        .unwrap_or_else(|_| format!("uid {}", rustix::process::geteuid().as_raw()));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{user}@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(flags: &Flags, variables: &[(&str, &str)]) -> Result<Settings, Error> {
        Settings::new(flags, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    fn flags(change: impl FnOnce(&mut Flags)) -> Flags {
        let mut flags = Flags::default();
        change(&mut flags);
        flags
    }

    const MONGO: (&str, &str) = ("MONGODB_URI", "mongodb://ada:s3cret-word@localhost");

    #[test]
    fn without_anything_named_the_file_in_the_data_directory_is_it() {
        let Target::File(path) = settings(&Flags::default(), &[]).unwrap().target else {
            panic!("not a file");
        };
        assert!(path.ends_with("tenantry/tenantry.db"), "{}", path.display());
    }

    #[test]
    fn a_variable_names_the_database_and_an_empty_one_does_not() {
        let target = settings(&Flags::default(), &[MONGO, ("TENANTRY_FILE", "")]).unwrap().target;
        let Target::Mongo { uri, database } = target else { panic!("not MongoDB") };
        assert_eq!((uri.reveal(), database.as_str()), (MONGO.1, DEFAULT_DATABASE));
        let target = settings(&Flags::default(), &[("TENANTRY_FILE", "/x.db")]).unwrap().target;
        assert!(matches!(target, Target::File(path) if path.ends_with("x.db")));
    }

    #[test]
    fn a_flag_beats_every_variable() {
        let file = flags(|f| f.file = Some("a.db".into()));
        let variables = [MONGO, ("TENANTRY_FILE", "b.db")];
        let target = settings(&file, &variables).unwrap().target;
        assert!(matches!(target, Target::File(path) if path.ends_with("a.db")));
        let target = settings(&flags(|f| f.demo = true), &variables).unwrap().target;
        assert!(matches!(target, Target::Demo));
        let named = flags(|f| f.database = Some("mine".into()));
        let target = settings(&named, &[MONGO, ("TENANTRY_DATABASE", "theirs")]).unwrap().target;
        assert!(matches!(target, Target::Mongo { database, .. } if database == "mine"));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let both = flags(|f| (f.file, f.uri) = (Some("a".into()), Some("mongodb://h".into())));
        assert_eq!(settings(&both, &[]).unwrap_err(), Error::TwoFlags("--uri", "--file"));
        let both = flags(|f| (f.file, f.demo) = (Some("a".into()), true));
        assert_eq!(settings(&both, &[]).unwrap_err(), Error::TwoFlags("--file", "--demo"));
        let variables = [MONGO, ("TENANTRY_FILE", "b.db")];
        let error = settings(&Flags::default(), &variables).unwrap_err();
        assert_eq!(error, Error::TwoVariables);
        assert!(!error.to_string().contains("s3cret-word"));
        let named = flags(|f| f.database = Some("mine".into()));
        assert_eq!(settings(&named, &[]).unwrap_err(), Error::DatabaseWithoutServer);
    }

    #[test]
    fn a_short_key_is_refused_without_being_repeated() {
        let error = settings(&Flags::default(), &[("SECRET_KEY", "hunter2")]).unwrap_err();
        assert_eq!(error, Error::KeyTooShort(7));
        assert!(!format!("{error}{}", error.help()).contains("hunter2"));
        let key = "0123456789abcdef0123456789abcdef";
        let settings = settings(&Flags::default(), &[("SECRET_KEY", key)]).unwrap();
        assert_eq!(settings.rules.secret_key.as_ref().map(Secret::reveal), Some(key));
        assert!(!format!("{settings:?}").contains(key));
    }

    #[test]
    fn the_limits_of_passwords_are_settings() {
        let variables = [("TENANTRY_PASSWORD_LENGTH", "20"), ("TENANTRY_PASSWORD_SCORE", "4")];
        let rules = settings(&Flags::default(), &variables).unwrap().rules;
        assert_eq!(rules.passwords, PasswordPolicy { least_characters: 20, least_score: 4 });
        for (name, value) in [
            ("TENANTRY_PASSWORD_LENGTH", "7"),
            ("TENANTRY_PASSWORD_LENGTH", "73"),
            ("TENANTRY_PASSWORD_LENGTH", "many"),
            ("TENANTRY_PASSWORD_SCORE", "5"),
            ("TENANTRY_PASSWORD_SCORE", "-1"),
        ] {
            let error = settings(&Flags::default(), &[(name, value)]).unwrap_err();
            assert!(matches!(error, Error::NoNumber(which, ..) if which == name), "{error}");
        }
    }

    #[test]
    fn the_operator_is_user_and_host_and_read_only_reaches_store_and_rules() {
        let read_only = flags(|f| f.read_only = true);
        let settings = settings(&read_only, &[("USER", "mallory"), ("LOGNAME", "eve")]).unwrap();
        let (user, host) = settings.access.operator.split_once('@').unwrap();
        // Whoever runs the tests is called something, and by none of the variables.
        assert!(!user.is_empty() && !host.is_empty());
        assert!(!["mallory", "eve"].contains(&user));
        assert!(settings.access.read_only && settings.rules.read_only);
    }
}
