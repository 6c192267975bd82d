//! What shells complete beside the words of the command line: names of organizations and of profiles. They
//! ask this program, which looks only, answers within [`PATIENCE`] and is silent where it cannot.

use std::{
    ffi::{OsStr, OsString},
    time::Duration,
};

use clap::{Arg, Command, CommandFactory, FromArgMatches};
use clap_complete::{
    ArgValueCompleter, CompleteEnv, CompletionCandidate,
    env::{Bash, EnvCompleter, Fish, Zsh},
};

use super::{CommandLine, Failure, configuration::say, line::Shell};
use crate::{
    config::{self, Flags, Settings},
    manual::TOPICS,
    org::escaped,
    store::{ListScope, PageQuery},
};

/// The environment variable by which a shell says that it asks, and which shell that is.
const ASKED: &str = "TENANTRY_COMPLETE";
/// The longest wait for names.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many names are offered at the most.
const MOST: u32 = 100;

/// Answers a shell that asks what could be typed next, and ends the program; does nothing if none asks.
pub fn answer_shell() {
    // What completes takes the variable away.
    let bash = std::env::var_os(ASKED).is_some_and(|shell| shell == "bash");
    let command = move || with_names(CommandLine::command(), None, bash);
    CompleteEnv::with_factory(command).var(ASKED).complete();
}

/// Prints what makes a shell ask.
pub(super) fn registration(shell: Shell) -> Result<(), Failure> {
    let shell: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
    };
    let mut text = Vec::new();
    shell
        .write_registration(ASKED, "tenantry", "tenantry", "tenantry", &mut text)
        .map_err(|error| Failure::io("cannot write the completions", &error))?;
    say(&text)
}

/// The command line with what completes its names. `of` is the list that a command's `NAME` is on; only Bash
/// does not quote by itself what it is given.
fn with_names(command: Command, of: Option<ListScope>, bash: bool) -> Command {
    let named = command.get_name() == "org";
    let command = command.mut_args(|arg| match (arg.get_id().as_str(), of) {
        ("profile", _) => {
            arg.add(ArgValueCompleter::new(move |typed: &OsStr| profiles(typed, bash)))
        }
        ("words", _) => arg.add(ArgValueCompleter::new(move |typed: &OsStr| helped(typed, bash))),
        ("organization", _) => named_on(arg, ListScope::Live, bash),
        ("name", Some(of)) => named_on(arg, of, bash),
        _ => arg,
    });
    command.mut_subcommands(|command| {
        let of = match command.get_name() {
            "restore" | "purge" => Some(ListScope::Trash),
            // A new name is not in the database yet.
            "create" => None,
            _ => Some(ListScope::Live),
        };
        with_names(command, of.filter(|_| named), bash)
    })
}

fn named_on(arg: Arg, of: ListScope, bash: bool) -> Arg {
    arg.add(ArgValueCompleter::new(move |typed: &OsStr| names(of, typed, bash).unwrap_or_default()))
}

/// The flags among the words typed so far.
fn flags() -> Option<Flags> {
    let words: Vec<OsString> =
        std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let matches = CommandLine::command().ignore_errors(true).try_get_matches_from(words).ok()?;
    Flags::from_arg_matches(&matches).ok()
}

/// What `tenantry help` explains: topics and commands.
fn helped(typed: &OsStr, bash: bool) -> Vec<CompletionCandidate> {
    let topics = TOPICS.iter().map(|topic| (topic.name.to_owned(), Some(topic.answers.to_owned())));
    let program = CommandLine::command();
    let commands = program.get_subcommands().map(|command| {
        (command.get_name().to_owned(), command.get_about().map(ToString::to_string))
    });
    candidates(commands.chain(topics), typed, bash).unwrap_or_default()
}

fn profiles(typed: &OsStr, bash: bool) -> Vec<CompletionCandidate> {
    // The one that is being typed is none yet.
    let flags = flags().map(|flags| Flags { profile: None, ..flags });
    let settings = flags.and_then(|flags| Settings::new(&flags, config::from_process).ok());
    let known = settings.into_iter().flat_map(|settings| settings.profiles);
    let known = known.filter_map(|known| Some((known.profile?.name, None)));
    candidates(known, typed, bash).unwrap_or_default()
}

fn names(of: ListScope, typed: &OsStr, bash: bool) -> Option<Vec<CompletionCandidate>> {
    // To look writes nothing, and this is never more.
    let flags = Flags { read_only: true, ..flags()? };
    let database = Settings::new(&flags, config::from_process).ok()?.database;
    let typed_name = unquoted(typed.to_str()?)?;
    let search = Some(typed_name).filter(|name| !name.is_empty());
    let query = PageQuery::first(of, search, MOST);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let look = async {
        let tenancy = database.open().await.ok()?.0.tenancy;
        Some(tenancy.page(&query).await.ok()?.orgs)
    };
    let found = runtime.block_on(async { tokio::time::timeout(PATIENCE, look).await });
    // A connection that does not come must not keep the shell.
    runtime.shutdown_background();
    let orgs = found.ok()??;
    let known = orgs.iter().map(|org| (org.name.raw().into(), Some(org.admin_email.to_string())));
    candidates(known, typed, bash)
}

/// The names that begin with what was typed, or else those that do so in another case, each with a word about
/// it. One with hidden characters is left out: it cannot be seen what it types.
fn candidates(
    known: impl Iterator<Item = (String, Option<String>)>,
    typed: &OsStr,
    bash: bool,
) -> Option<Vec<CompletionCandidate>> {
    let typed = unquoted(typed.to_str()?)?;
    let visible = known.filter(|(name, _)| escaped(name) == *name);
    let in_any_case = |(name, _): &(String, Option<String>)| {
        name.to_lowercase().starts_with(&typed.to_lowercase())
    };
    let mut found: Vec<_> = visible.filter(in_any_case).collect();
    if found.iter().any(|(name, _)| name.starts_with(&typed)) {
        found.retain(|(name, _)| name.starts_with(&typed));
    }
    let candidates = found.into_iter().map(|(name, about)| {
        let name = if bash { quoted(&name) } else { name };
        CompletionCandidate::new(name).help(about.map(Into::into))
    });
    Some(candidates.collect())
}

/// A word as Bash reads it back: each character with a meaning of its own is escaped.
fn quoted(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        let plain = character.is_alphanumeric() || "_-.,+/:@".contains(character);
        if character.is_ascii() && !plain {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// What was typed, without the backslashes; none within quotation marks, where nothing is completed.
fn unquoted(typed: &str) -> Option<String> {
    if typed.contains(['"', '\'']) && !typed.contains("\\'") {
        return None;
    }
    let mut characters = typed.chars();
    let mut out = String::new();
    while let Some(character) = characters.next() {
        out.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_does_anything_in_a_shell_that_completes_it() {
        for name in [
            "acme_corp",
            "Acme, Inc.",
            "$(reboot)",
            "a`b`",
            "O'Brien & Sons",
            "a;b|c>d",
            "北京 №5",
            "-rf",
        ] {
            let quoted = quoted(name);
            let output = std::process::Command::new("bash")
                .args(["-c", &format!("printf %s {quoted}")])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), name, "{quoted}");
            assert_eq!(unquoted(&quoted).as_deref(), Some(name));
        }
    }
}
