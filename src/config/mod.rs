//! Flags, environment and configuration file become one [`Settings`] value, and nothing else reads any.
//!
//! A flag beats the environment, the environment beats the file, the file beats the default. The
//! environment comes in as a function, so that clap never knows a value it could print, and a test
//! needs no process of its own.

mod choice;
mod error;
mod file;
mod home;
mod mail;
mod problem;
mod serve;
mod source;
mod template;
#[cfg(test)]
mod tests;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use self::{
    choice::{Chosen, choose, flag_database},
    file::{FileProfile, Log, Where},
    home::{in_home, read, written_path},
    source::mongo,
};
pub use self::{
    error::Error,
    home::{from_process, path},
    problem::Problems,
    serve::{Deletion, Limits, LogForm, OpenCall, ServeFlags, ServeSettings, TlsFiles},
    source::{NamedDatabase, Source},
    template::template,
};
use crate::{
    keymap::Keymap,
    mail::MailSettings,
    org::{PasswordPolicy, Secret},
    store::{Place, Target},
    tenancy::{self, Caller, Opened, Rules, SECRET_KEY_LEAST_BYTES},
    theme::{ThemeChoice, ThemeSettings},
};

/// The database's name on a MongoDB server when none is given: the one the service before this
/// program used.
pub const DEFAULT_DATABASE: &str = "master_organization_db";

const URI: &str = "MONGODB_URI";
const DATABASE: &str = "TENANTRY_DATABASE";
const FILE: &str = "TENANTRY_FILE";
const PROFILE: &str = "TENANTRY_PROFILE";
const KEY: &str = "SECRET_KEY";
const LENGTH: &str = "TENANTRY_PASSWORD_LENGTH";
const SCORE: &str = "TENANTRY_PASSWORD_SCORE";
const TRASH: &str = "TENANTRY_TRASH_DAYS";

/// The fewest characters of a new password. bcrypt takes 72 bytes.
const PASSWORD_LENGTHS: (u32, u32) = (8, 72);
/// The lowest score of a new password, as zxcvbn has it.
const PASSWORD_SCORES: (u32, u32) = (0, 4);
/// How long the trash keeps what is moved there.
const TRASH_DAYS: (u32, u32) = (1, 3650);

/// What every environment variable does, for `--help`.
pub const ENVIRONMENT_HELP: &str = "\
Environment (flags override it, it overrides the configuration file; empty means unset):
  MONGODB_URI               as --uri; use it for one that holds a password
  TENANTRY_DATABASE         as --database
  TENANTRY_FILE             as --file
  TENANTRY_PROFILE          as --profile
  TENANTRY_CONFIG           as --config
  SECRET_KEY                signs logins, encrypts second factors; 32 bytes or more, random when unset
  TENANTRY_PASSWORD_LENGTH  minimum length of a new password, 8 to 72 (default 15)
  TENANTRY_PASSWORD_SCORE   its minimum zxcvbn score, 0 to 4 (default 2)
  TENANTRY_TRASH_DAYS       days that the trash keeps an organization, 1 to 3650 (default 30)
  NO_COLOR                  no colours, if set to anything";

/// The flags that say which database, and how.
#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::doc_markdown, reason = "these words are what --help prints")]
pub struct Flags {
    /// MongoDB connection string [env: MONGODB_URI]
    #[arg(long, help_heading = "Database", global = true, value_name = "mongodb://…")]
    pub uri: Option<String>,
    /// Database on that MongoDB [env: TENANTRY_DATABASE] [default: master_organization_db]
    #[arg(long, help_heading = "Database", global = true, value_name = "NAME")]
    pub database: Option<String>,
    /// File of the embedded database [env: TENANTRY_FILE] [default: in your data directory]
    #[arg(long, help_heading = "Database", global = true, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// A temporary database with sample organizations, discarded at exit
    #[arg(long, help_heading = "Database", global = true)]
    pub demo: bool,
    /// Profile from the configuration file [env: TENANTRY_PROFILE]
    #[arg(long, help_heading = "Database", global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Read-only mode: refuse every change
    #[arg(long, help_heading = "Database", global = true)]
    pub read_only: bool,
    /// Configuration file [env: TENANTRY_CONFIG] [default: ~/.config/tenantry/config.toml]
    #[arg(long, help_heading = "Configuration and output", global = true, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Output format [default: table on a terminal, json otherwise]
    #[arg(
        long,
        help_heading = "Configuration and output",
        global = true,
        value_enum,
        value_name = "FORM"
    )]
    pub output: Option<Output>,
    /// The console's colours [default: those that fit the terminal]
    #[arg(long, help_heading = "Console", value_enum, value_name = "THEME")]
    pub theme: Option<ThemeChoice>,
    /// The console for screen readers: one column, words instead of marks
    #[arg(long, help_heading = "Console")]
    pub plain: bool,
    /// Leave the mouse to the terminal
    #[arg(long, help_heading = "Console")]
    pub no_mouse: bool,
}

/// Output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// One JSON object
    Json,
    /// Aligned columns, for people
    Table,
    /// One JSON object per line
    Ndjson,
    /// Comma-separated values, of `org list`
    Csv,
    /// Tab-separated values, of `org list`
    Tsv,
    /// Names alone, of `org list`
    Name,
    /// Canonical Extended JSON, a document per line, of `doc list` and `doc get`
    Canonical,
    /// MongoDB's shell syntax, of `doc list` and `doc get`
    Shell,
}

/// A database with a name of its own, and how it is told from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What it is called.
    pub name: String,
    /// What it is marked with.
    pub color: Option<Color>,
    /// Whether people depend on it: it is red, and every change is confirmed.
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

/// How the console is to be.
#[derive(Clone, Debug, Default)]
pub struct ConsoleSettings {
    /// What it looks like.
    pub looks: ThemeSettings,
    /// Whether the mouse is the console's when it starts.
    pub mouse: bool,
    /// Whether the console shows what others change by itself.
    pub live: bool,
    /// The file that everything said is kept in; none where there is to be none.
    pub log: Option<PathBuf>,
    /// The file that the console keeps in how a person has set it up; none where no home is known.
    pub kept: Option<PathBuf>,
    /// What keys mean.
    pub keymap: Keymap,
}

/// A database, and how it is opened.
#[derive(Clone, Debug)]
pub struct Database {
    /// The profile that describes it; none where none does.
    pub profile: Option<Profile>,
    /// Where it is.
    pub source: Source,
    /// Who opens it, and whether only to read.
    pub caller: Caller,
    /// What new passwords must be like, and how logins are signed.
    pub rules: Rules,
}

/// Everything that can be set, after flags, environment and file were read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which database.
    pub database: Database,
    /// Whether a flag, a variable or the file names it.
    pub is_named: bool,
    /// Those of all profiles, as they are in the file.
    pub profiles: Vec<Database>,
    /// How the console is to be.
    pub console: ConsoleSettings,
    /// Output format; `None` leaves it to where the answer goes.
    pub output: Option<Output>,
    /// The configuration file, where there is one.
    pub file: Option<PathBuf>,
    /// How many commands have other keys than those of the table.
    pub rebound: usize,
    serve: serve::WrittenServe,
}

impl Database {
    /// Opens it, and writes nothing. Gives it with where it was found.
    ///
    /// # Errors
    /// As [`tenancy::open`], and where it is not known where it is.
    pub async fn open(&self) -> tenancy::Result<(Opened, Target)> {
        let target = self.source.target().await?;
        let opened = tenancy::open(&target, &self.caller, self.rules.clone()).await?;
        Ok((opened, target))
    }

    /// The name of its profile, where people depend on it.
    #[must_use]
    pub fn production(&self) -> Option<&str> {
        let profile = self.profile.as_ref().filter(|profile| profile.production);
        profile.map(|profile| profile.name.as_str())
    }
}

type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl Settings {
    /// Reads flags first, then the variables that `environment` answers, then the file.
    ///
    /// # Errors
    /// The first thing that is wrong or unclear; of the file everything.
    pub fn new(
        flags: &Flags,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Error> {
        let environment = |name: &str| environment(name).filter(|value| !value.is_empty());
        let (path, file) = read(flags, &environment)?;
        let base = path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let mail = file.mail.as_ref().map(|mail| mail.settings(base, &environment)).transpose()?;
        let common = Common {
            mail,
            caller: Caller::new(operator()).with_read_only(flags.read_only),
            secret_key: secret_key(&environment)?,
            length: number(&environment, LENGTH, PASSWORD_LENGTHS)?,
            score: number(&environment, SCORE, PASSWORD_SCORES)?,
            trash_days: number(&environment, TRASH, TRASH_DAYS)?,
        };
        let profiles = file.profiles.iter().map(|one| common.described(one, base, &environment));
        let profiles = profiles.collect::<Result<Vec<_>, _>>()?;
        let mut is_named = true;
        let database = match choose(flags, &environment, file.profile)? {
            Chosen::Profile(name) => {
                let named = profiles
                    .iter()
                    .find(|one| one.profile.as_ref().is_some_and(|p| p.name == name));
                let Some(named) = named else {
                    let known = profiles.iter().filter_map(|one| one.profile.as_ref());
                    let known = known.map(|profile| profile.name.clone()).collect();
                    return Err(Error::NoProfile { name, known });
                };
                let mut database = named.clone();
                if let Some(named) = flag_database(flags)? {
                    database.source.on(named)?;
                }
                database
            }
            Chosen::Target(target) => common.database(Source::Known(target), None, None),
            Chosen::Usual(target) => {
                is_named = false;
                common.database(Source::Known(target), None, None)
            }
        };
        Ok(Self {
            database,
            is_named,
            profiles,
            console: console(flags, &environment, &file.console, file.keymap)?,
            output: flags.output,
            file: path,
            rebound: file.rebound,
            serve: file.serve,
        })
    }

    /// How the HTTP service is to be.
    ///
    /// # Errors
    /// What is wrong or unclear about that.
    pub fn serving(
        &self,
        flags: &ServeFlags,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<ServeSettings, Error> {
        let base = self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        ServeSettings::new(flags, &self.serve, base, &environment)
    }
}

/// All that is wrong or unclear, where [`Settings::new`] ends at the first; and what `[serve]` says, as the service
/// would refuse it, and a password for the mail server that cannot be read.
#[must_use]
pub fn problems(flags: &Flags, environment: impl Fn(&str) -> Option<OsString>) -> Vec<Error> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    let read = read(flags, &set);
    let chosen = read.as_ref().ok().and_then(|(_, file)| file.profile.clone());
    let mut all: Vec<Error> = [
        read.err(),
        secret_key(&set).err(),
        number(&set, LENGTH, PASSWORD_LENGTHS).err(),
        number(&set, SCORE, PASSWORD_SCORES).err(),
        number(&set, TRASH, TRASH_DAYS).err(),
        choose(flags, &set, chosen).err(),
    ]
    .into_iter()
    .flatten()
    .collect();
    if all.is_empty() {
        match Settings::new(flags, &environment) {
            Ok(settings) => {
                let mail = settings.database.rules.mail.as_ref();
                all.extend(mail.and_then(|mail| mail::check_password(mail).err()));
                all.extend(settings.serving(&ServeFlags::default(), environment).err());
            }
            Err(error) => all.push(error),
        }
    }
    all
}

/// What is the same for every database.
struct Common {
    caller: Caller,
    mail: Option<MailSettings>,
    secret_key: Option<Secret>,
    length: Option<u32>,
    score: Option<u32>,
    trash_days: Option<u32>,
}

impl Common {
    fn database(
        &self,
        source: Source,
        profile: Option<Profile>,
        limits: Option<&FileProfile>,
    ) -> Database {
        let read_only = self.caller.read_only || limits.is_some_and(|limits| limits.read_only);
        let standard = PasswordPolicy::default();
        let limit = |set: Option<u32>, written: fn(&FileProfile) -> Option<u32>| {
            set.or_else(|| limits.and_then(written))
        };
        let length = limit(self.length, |limits| limits.password_length);
        let length = length.and_then(|length| usize::try_from(length).ok());
        let is_demo = matches!(source, Source::Known(Target::Demo));
        let score = limit(self.score, |limits| limits.password_score);
        Database {
            profile,
            source,
            caller: self.caller.clone().with_read_only(read_only),
            rules: Rules {
                passwords: PasswordPolicy {
                    least_characters: length.unwrap_or(standard.least_characters),
                    least_score: score
                        .and_then(|score| u8::try_from(score).ok())
                        .unwrap_or(standard.least_score),
                },
                secret_key: self.secret_key.clone(),
                trash_days: limit(self.trash_days, |limits| limits.trash_days).unwrap_or(30),
                reason_required: limits
                    .is_some_and(|limits| limits.production && limits.reason_required),
                // Whose addresses its samples have is not known.
                mail: self.mail.clone().filter(|_| !is_demo),
                ..Rules::default()
            },
        }
    }

    /// A profile's database; files are looked for from where the configuration is.
    fn described(
        &self,
        written: &FileProfile,
        base: &Path,
        environment: Environment<'_>,
    ) -> Result<Database, Error> {
        let named = written.database.clone();
        let named = named.map(|name| NamedDatabase { name, by: "its profile" });
        let source = match &written.place {
            Where::Uri(uri) => Source::Known(mongo(uri.clone(), named.as_ref())?),
            Where::Variable(variable) => {
                let uri = environment(variable).and_then(|uri| uri.into_string().ok());
                let unset = || Error::VariableUnset(variable.clone());
                let target =
                    uri.ok_or_else(unset).and_then(|uri| mongo(uri.into(), named.as_ref()));
                // Only opening this profile fails, not loading the file.
                target.map_or_else(
                    |why| Source::Unknown { variable: variable.clone(), why },
                    Source::Known,
                )
            }
            Where::Command(words) => Source::Command { words: words.clone(), database: named },
            Where::File(path) => {
                Source::Known(Target::File(written_path(environment, path, base)?))
            }
            Where::Demo => Source::Known(Target::Demo),
        };
        let profile = Profile {
            name: written.name.clone(),
            color: written.color,
            production: written.production,
            place: source.place(),
        };
        Ok(self.database(source, Some(profile), Some(written)))
    }
}

fn console(
    flags: &Flags,
    environment: Environment<'_>,
    written: &file::Console,
    keymap: Keymap,
) -> Result<ConsoleSettings, Error> {
    Ok(ConsoleSettings {
        looks: ThemeSettings {
            theme: flags.theme.or(written.theme).unwrap_or_default(),
            colors: written.colors.unwrap_or_default(),
            marks: written.marks.unwrap_or_default(),
            plain: flags.plain || written.plain.unwrap_or_default(),
        },
        mouse: !flags.no_mouse && written.mouse.unwrap_or(true),
        live: written.live.unwrap_or(true),
        log: match &written.log {
            Some(Log::Kept(false)) => None,
            Some(Log::At(path)) => Some(written_path(environment, path, Path::new(""))?),
            Some(Log::Kept(true)) | None => {
                // Where no home is known and everything else is named, there is no log.
                in_home(environment, "XDG_STATE_HOME", ".local/state", "tenantry.log").ok()
            }
        },
        kept: in_home(environment, "XDG_STATE_HOME", ".local/state", "console.json").ok(),
        keymap,
    })
}

fn text(environment: Environment<'_>, name: &'static str) -> Result<Option<String>, Error> {
    environment(name).map(|value| value.into_string().map_err(|_| Error::NotText(name))).transpose()
}

fn number(
    environment: Environment<'_>,
    name: &'static str,
    (least, most): (u32, u32),
) -> Result<Option<u32>, Error> {
    let Some(value) = text(environment, name)? else { return Ok(None) };
    let number = value.trim().parse().ok().filter(|number| (least..=most).contains(number));
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
/// system has it, and not a variable that anybody can set: it is recorded with every operation.
fn operator() -> String {
    let user = whoami::username()
        .unwrap_or_else(|_| format!("uid {}", rustix::process::geteuid().as_raw()));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{user}@{host}")
}
