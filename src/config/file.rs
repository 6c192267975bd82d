//! The configuration file: as it is written, and what is wrong with it, with line and column.

use std::{collections::BTreeMap, ops::Range, path::PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::{Color, mail::WrittenMail, problem::Problems, serve::WrittenServe};
use crate::{
    keymap::{Key, Keymap, Misbound},
    org::Secret,
    store::database_in,
    theme::{Depth, Marks, ThemeChoice},
};

/// The file, as it is written. It may hold passwords, and so cannot be shown.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    profile: Option<Spanned<String>>,
    #[serde(default)]
    console: Console,
    #[serde(default)]
    serve: WrittenServe,
    mail: Option<WrittenMail>,
    #[serde(default)]
    keys: BTreeMap<Spanned<String>, Spanned<Keys>>,
    #[serde(default)]
    profiles: BTreeMap<Spanned<String>, Spanned<WrittenProfile>>,
}

/// How the console is to be.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Console {
    pub theme: Option<ThemeChoice>,
    pub colors: Option<Depth>,
    pub marks: Option<Marks>,
    pub plain: Option<bool>,
    pub mouse: Option<bool>,
    pub live: Option<bool>,
    pub log: Option<Log>,
}

/// Where the log goes.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "write a path, or false for none")]
pub(super) enum Log {
    At(PathBuf),
    Kept(bool),
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "write a key, or a list of keys: \"x\" or [\"x\", \"^x\"]")]
enum Keys {
    One(String),
    Several(Vec<String>),
}

impl Keys {
    fn all(&self) -> &[String] {
        match self {
            Self::One(key) => std::slice::from_ref(key),
            Self::Several(keys) => keys,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenProfile {
    uri: Option<Spanned<String>>,
    uri_env: Option<Spanned<String>>,
    uri_command: Option<Spanned<Vec<String>>>,
    file: Option<Spanned<PathBuf>>,
    demo: Option<Spanned<bool>>,
    database: Option<Spanned<String>>,
    #[serde(default)]
    read_only: bool,
    color: Option<Color>,
    #[serde(default)]
    production: bool,
    reason_required: Option<Spanned<bool>>,
    password_length: Option<Spanned<i64>>,
    password_score: Option<Spanned<i64>>,
    trash_days: Option<Spanned<i64>>,
}

/// Where a profile has its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// A MongoDB with this connection string.
    Uri(Secret),
    /// One whose connection string is in this variable.
    Variable(String),
    /// One whose connection string this program prints.
    Command(Vec<String>),
    /// A file.
    File(PathBuf),
    /// In memory.
    Demo,
}

/// One profile, of which everything can be.
#[derive(Debug)]
pub(super) struct FileProfile {
    pub name: String,
    pub place: Where,
    pub database: Option<String>,
    pub read_only: bool,
    pub color: Option<Color>,
    pub production: bool,
    pub reason_required: bool,
    pub password_length: Option<u32>,
    pub password_score: Option<u32>,
    pub trash_days: Option<u32>,
}

/// The file, of which everything can be.
#[derive(Debug, Default)]
pub(super) struct File {
    pub profile: Option<String>,
    pub console: Console,
    pub serve: WrittenServe,
    pub mail: Option<WrittenMail>,
    pub keymap: Keymap,
    /// How many commands have other keys than those of the table.
    pub rebound: usize,
    /// As they are in the file.
    pub profiles: Vec<FileProfile>,
}

impl File {
    /// Takes the text of the file at `path`, which others than its owner can read or cannot.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(path: PathBuf, text: &str, others_read: bool) -> Result<Self, Problems> {
        let mut problems = Problems::new(path, text);
        let written = written(text, &mut problems);
        let (keymap, rebound) = keymap(&written.keys, &mut problems);
        let mut profiles: Vec<_> = written.profiles.iter().collect();
        profiles.sort_by_key(|(name, _)| name.span().start);
        if let Some(profile) = &written.profile
            && profiles.iter().all(|(name, _)| name.as_ref() != profile.as_ref())
        {
            let names: Vec<_> = profiles.iter().map(|(name, _)| name.as_ref().as_str()).collect();
            let what = format!("unknown profile “{}”", profile.as_ref());
            problems.add(profile.span(), what, known(&names));
        }
        let profiles = profiles
            .into_iter()
            .filter_map(|(name, written)| profile(name, written, others_read, &mut problems))
            .collect();
        if let Some(mail) = &written.mail {
            mail.check(&mut problems);
        }
        problems.none()?;
        Ok(Self {
            profile: written.profile.map(Spanned::into_inner),
            console: written.console,
            serve: written.serve,
            mail: written.mail,
            keymap,
            rebound,
            profiles,
        })
    }
}

/// What is written, but for what cannot be understood: each of that is a problem, and is left out.
fn written(text: &str, problems: &mut Problems) -> Written {
    let mut rest = text.to_owned();
    // Each time round something is left out.
    loop {
        let error = match toml::from_str(&rest) {
            Ok(written) => return written,
            Err(error) => error,
        };
        let span = error.span().unwrap_or_default();
        let (what, help) = explained(error.message());
        problems.add(span.clone(), what, help);
        let no_toml = toml::from_str::<toml::Table>(&rest).is_err();
        let left = without(&rest, span.start);
        // What follows a line that is no TOML may only look wrong because of it.
        if no_toml || left == rest {
            return Written::default();
        }
        rest = left;
    }
}

/// A text in which all has its place still, without what stands at `at`: a table, or a key with its value.
fn without(text: &str, at: usize) -> String {
    let at = at.min(text.len());
    let from =
        text.as_bytes()[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let line_ends = text.as_bytes()[from..].iter().enumerate();
    let ends = line_ends.filter(|(_, byte)| **byte == b'\n').map(|(end, _)| from + end);
    let table = text[from..].trim_start().starts_with('[');
    for end in ends.chain([text.len()]) {
        let left = blanked(text, from, end);
        // A table goes with what is in it, a value with all of its lines.
        let next = text[end..].trim_start();
        let whole = if table { next.is_empty() || next.starts_with('[') } else { true };
        if whole && toml::from_str::<toml::Table>(&left).is_ok() {
            return left;
        }
    }
    text.to_owned()
}

fn blanked(text: &str, from: usize, to: usize) -> String {
    let blank = text[from..to].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' });
    let blank: String = blank.collect();
    [&text[..from], &blank, &text[to..]].concat()
}

/// Which profiles there are, as what to do.
fn known(names: &[&str]) -> String {
    if names.is_empty() {
        return "none are defined: add one as [profiles.NAME]".to_owned();
    }
    format!("the profiles are {}", names.join(", "))
}

/// What the parser says, in two parts where it has two.
fn explained(message: &str) -> (String, String) {
    let message = message.trim();
    // serde: “unknown field `x`, expected one of `a`, `b`”.
    match message.split_once(", expected ") {
        Some((what, expected)) => {
            let meant = near(what, expected).map(|near| format!("is `{near}` meant? "));
            (what.to_owned(), format!("{}write {expected}", meant.unwrap_or_default()))
        }
        None => match message.lines().collect::<Vec<_>>().as_slice() {
            [what, rest @ ..] if !rest.is_empty() => ((*what).to_owned(), rest.join(", ")),
            _ if message.starts_with("write ") => ("invalid value".to_owned(), message.to_owned()),
            _ => (message.to_owned(), "fix the syntax; see toml.io".into()),
        },
    }
}

/// Of the names that were expected the one that may have been meant.
fn near(what: &str, expected: &str) -> Option<String> {
    let quoted = |text: &str| -> Vec<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let given = quoted(what).pop()?;
    let names = quoted(expected);
    let (distance, near) =
        names.iter().map(|name| (strsim::levenshtein(name, &given), name)).min()?;
    (distance <= 2).then(|| near.clone())
}

fn keymap(
    written: &BTreeMap<Spanned<String>, Spanned<Keys>>,
    problems: &mut Problems,
) -> (Keymap, usize) {
    let mut written: Vec<_> = written.iter().collect();
    written.sort_by_key(|(name, _)| name.span().start);
    let mut chosen = Vec::new();
    for (name, keys) in &written {
        let mut parsed = Vec::new();
        for key in keys.as_ref().all() {
            match key.parse::<Key>() {
                Ok(key) => parsed.push(key),
                Err(no_key) => {
                    problems.add(keys.span(), format!("unknown key “{key}”"), no_key.help());
                }
            }
        }
        chosen.push((name.as_ref().clone(), parsed));
    }
    match Keymap::with(&chosen) {
        Ok(keymap) => (keymap, chosen.len()),
        Err(wrong) => {
            for (number, misbound) in wrong {
                let (name, keys) = written[number];
                let span = match misbound {
                    Misbound::Unknown { .. } => name.span(),
                    Misbound::Clash { .. } | Misbound::Types { .. } | Misbound::NoWayOut { .. } => {
                        keys.span()
                    }
                };
                problems.add(span, misbound.to_string(), misbound.help());
            }
            (Keymap::default(), 0)
        }
    }
}

fn profile(
    name: &Spanned<String>,
    written: &Spanned<WrittenProfile>,
    others_read: bool,
    problems: &mut Problems,
) -> Option<FileProfile> {
    let before = problems.count();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let text = name.as_ref();
    if text.trim() != text
        || text.is_empty()
        || text.chars().count() > 40
        || !text.chars().all(fits)
    {
        let help = "use 1 to 40 letters, digits, spaces and - _ .";
        problems.add(name.span(), "invalid profile name", help);
    }
    let WrittenProfile { database, read_only, color, production, .. } = written.as_ref();
    let place = place(name, written.as_ref(), problems);
    if let Some(database) = database {
        let server = matches!(place, Some(Where::Uri(_) | Where::Variable(_) | Where::Command(_)));
        if place.is_some() && !server {
            let help = "remove it: only MongoDB profiles take a database";
            problems.add(database.span(), "this profile is not on a MongoDB", help);
        } else if database.as_ref().is_empty() {
            problems.add(database.span(), "this is empty", "give it a value, or remove it");
        } else if let Some(Where::Uri(uri)) = &place
            && let Some(path) = database_in(uri).filter(|path| path != database.as_ref())
        {
            problems.add(
                database.span(),
                format!("the connection string names “{path}”, another database"),
                "keep one; the database that holds the users belongs in ?authSource=",
            );
        }
    }
    if let (Some(uri), true) = (&written.as_ref().uri, others_read)
        && uri.as_ref().contains('@')
    {
        problems.add(
            uri.span(),
            "other users can read this file, and it holds a connection string with credentials",
            "run `chmod 600` on it, or use uri_env or uri_command instead of uri",
        );
    }
    let reason_required = written.as_ref().reason_required.as_ref();
    if let Some(required) = reason_required.filter(|required| *required.as_ref() && !production) {
        let help = "add production = true, or remove it";
        problems.add(required.span(), "a reason is only required in production", help);
    }
    let reason_required = reason_required.is_some_and(|required| *required.as_ref());
    let mut limit =
        |number: &Option<Spanned<i64>>, range| number_in(number.as_ref(), range, problems);
    let written = written.as_ref();
    let password_length = limit(&written.password_length, super::PASSWORD_LENGTHS);
    let password_score = limit(&written.password_score, super::PASSWORD_SCORES);
    let trash_days = limit(&written.trash_days, super::TRASH_DAYS);
    (problems.count() == before).then_some(())?;
    Some(FileProfile {
        name: text.clone(),
        place: place?,
        database: database.as_ref().map(|database| database.as_ref().clone()),
        read_only: *read_only,
        color: *color,
        production: *production,
        reason_required,
        password_length,
        password_score,
        trash_days,
    })
}

fn number_in(
    number: Option<&Spanned<i64>>,
    range: (u32, u32),
    problems: &mut Problems,
) -> Option<u32> {
    let number = number?;
    let fits = u32::try_from(*number.as_ref()).ok();
    let fits = fits.filter(|number| (range.0..=range.1).contains(number));
    if fits.is_none() {
        let help = format!("write a number from {} to {}", range.0, range.1);
        problems.add(number.span(), format!("{} cannot be", number.as_ref()), help);
    }
    fits
}

/// The one place a profile names.
fn place(
    name: &Spanned<String>,
    written: &WrittenProfile,
    problems: &mut Problems,
) -> Option<Where> {
    let mut named: Vec<(&str, Range<usize>, Where)> = Vec::new();
    let mut empty = None;
    if let Some(uri) = &written.uri {
        empty = empty.or(uri.as_ref().is_empty().then(|| uri.span()));
        named.push(("uri", uri.span(), Where::Uri(Secret::from(uri.as_ref().clone()))));
    }
    if let Some(variable) = &written.uri_env {
        let text = variable.as_ref();
        empty = empty.or(text.is_empty().then(|| variable.span()));
        if text.contains(['=', '$', '\0']) {
            let help = "write its name alone, without $";
            problems.add(variable.span(), "invalid variable name", help);
        }
        named.push(("uri_env", variable.span(), Where::Variable(text.clone())));
    }
    if let Some(command) = &written.uri_command {
        let words = command.as_ref();
        empty = empty.or(words.first().is_none_or(String::is_empty).then(|| command.span()));
        named.push(("uri_command", command.span(), Where::Command(words.clone())));
    }
    if let Some(file) = &written.file {
        empty = empty.or(file.as_ref().as_os_str().is_empty().then(|| file.span()));
        named.push(("file", file.span(), Where::File(file.as_ref().clone())));
    }
    if let Some(demo) = written.demo.as_ref().filter(|demo| *demo.as_ref()) {
        named.push(("demo", demo.span(), Where::Demo));
    }
    if let Some(span) = empty {
        problems.add(span, "this is empty", "give it a value, or remove it");
        return None;
    }
    let mut named = named.into_iter();
    let Some((first, _, place)) = named.next() else {
        problems.add(
            name.span(),
            format!("the profile “{}” names no database", name.as_ref()),
            "add uri, uri_env, uri_command, file or demo",
        );
        return None;
    };
    if let Some((second, span, _)) = named.next() {
        let what = format!("{first} and {second} are mutually exclusive");
        problems.add(span, what, "keep one of them");
        return None;
    }
    Some(place)
}
