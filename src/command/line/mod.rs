//! The command line as it is typed: every flag and argument, with its help.

mod admin;
mod audit;
mod doc;
mod key;
mod local;
mod operator;
mod org;

use std::ffi::OsString;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, builder::TypedValueParser};

pub use self::{
    admin::{AdminCommand, Send},
    audit::AuditCommand,
    doc::{DocCommand, One},
    key::KeyCommand,
    local::{ConfigCommand, LocalCommand, Shell},
    operator::OperatorCommand,
    org::{BulkNames, Copy, Export, Import, ListSort, OrgCommand, SizeSort},
};
use crate::{
    config::{ENVIRONMENT_HELP, Flags, ServeFlags},
    manual,
};

const EXAMPLES: &str = "\
Examples:
  tenantry                                          the console, on the embedded database
  tenantry --demo                                   the console, with sample organizations
  tenantry org create acme_corp --email ada@acme.com
  tenantry org list --search acme --sort -created
  MONGODB_URI=mongodb://db1.example tenantry        the console, on MongoDB
  tenantry --profile staging                        the console, on the profile “staging”

Exit codes: 0 done, 2 usage, 3 not found, 4 taken, 5 not allowed or wrong password,
6 invalid input, 7 database unreachable, 1 anything else.";

/// What the manual has.
fn topics() -> String {
    format!("Topics (`tenantry help TOPIC` shows one):\n{}", manual::contents())
}

/// Manage many organizations on one MongoDB, from the keyboard
///
/// Without a command, the console opens. Without --uri, --file or --demo, it uses an embedded database
/// in your data directory and needs no server.
#[derive(Debug, Parser)]
#[command(
    name = "tenantry",
    version,
    long_version = concat!(env!("CARGO_PKG_VERSION"), env!("TENANTRY_BUILD")),
    max_term_width = 100,
    after_long_help = format!("{}\n\n{ENVIRONMENT_HELP}\n\n{EXAMPLES}", topics()),
    after_help = format!("{}\n\n{EXAMPLES}", topics()),
    disable_help_subcommand = true
)]
pub struct CommandLine {
    /// Which database, and how.
    #[command(flatten)]
    pub flags: Flags,
    /// Who does it.
    #[command(flatten)]
    pub login: Login,
    /// What to do; the console when there is nothing.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What needs no database, and so lists no flag that names one.
const WITHOUT_DATABASE: [&[&str]; 4] = [&["org", "verify"], &["completions"], &["man"], &["help"]];

impl CommandLine {
    /// The program as clap knows it. A flag of every command is listed where it means something.
    #[must_use]
    pub fn program() -> clap::Command {
        let mut program = Self::command();
        let meant =
            |flag: &&clap::Arg| matches!(flag.get_help_heading(), Some("Database" | "Login"));
        let flags = program.get_arguments().filter(|flag| flag.is_global_set()).filter(meant);
        // clap does not override arguments that a subcommand already has. The flags are still accepted.
        let hidden: Vec<_> = flags.map(|flag| flag.clone().hide(true)).collect();
        for words in WITHOUT_DATABASE {
            program = below(program, words, &hidden);
        }
        program
    }

    /// Reads what was typed.
    ///
    /// # Errors
    /// What is wrong with it; help and version, too.
    pub fn read<I, W>(words: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = W>,
        W: Into<OsString> + Clone,
    {
        let mut program = Self::program();
        let mut matches = program.try_get_matches_from_mut(words)?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut program))
    }
}

/// Gives a command further arguments, which is some commands below another one.
fn below(command: clap::Command, words: &[&str], arguments: &[clap::Arg]) -> clap::Command {
    match words {
        [] => command.args(arguments),
        [word, words @ ..] => {
            command.mut_subcommand(*word, |command| below(command, words, arguments))
        }
    }
}

/// Who does it.
#[derive(Clone, Debug, Default, Args)]
pub struct Login {
    /// The e-mail of the operator or owner to log in as
    #[arg(
        long = "as",
        help_heading = "Login",
        global = true,
        value_name = "E-MAIL",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub account: Option<String>,
    /// Read passwords from standard input, one per line: the login's first
    #[arg(long, help_heading = "Login", global = true)]
    pub password_stdin: bool,
    /// Read the authentication code from standard input too: the line after the login's password
    #[arg(long, help_heading = "Login", global = true, requires = "password_stdin")]
    pub code_stdin: bool,
}

/// What can be done from the command line.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// With a database.
    #[command(flatten)]
    Database(DatabaseCommand),
    /// Serve the same operations over HTTP
    ///
    /// Answers the clients of the FastAPI service. Needs a key in the environment to sign sessions with, except with
    /// --demo.
    #[command(after_help = "\
Examples:
  tenantry serve --demo
  SECRET_KEY=… MONGODB_URI=mongodb://db1.example tenantry serve
  tenantry serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem")]
    Serve(ServeFlags),
    /// Without one.
    #[command(flatten)]
    Local(LocalCommand),
}

/// What can be done without a screen.
#[derive(Debug, Subcommand)]
pub enum DatabaseCommand {
    /// Create, list, change, trash and purge organizations
    #[command(subcommand)]
    Org(OrgCommand),
    /// List, show, count and change the documents of an organization
    #[command(subcommand)]
    Doc(DocCommand),
    /// Manage operators: accounts for the people who run this
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Manage API keys: how programs act for an operator
    #[command(subcommand)]
    Key(KeyCommand),
    /// Manage an organization's admins, log in, and reset passwords
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Read the audit log, and verify its integrity
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Check consistency, and repair with --fix
    ///
    /// Finds incomplete operations of killed consoles, documents written to a collection's former name,
    /// orphaned collections and admins, and records that another program changed. Exits with 0 when
    /// nothing is left to do, otherwise with 1.
    #[command(after_help = "\
Repairs never delete documents: orphaned collections and admins are moved to quarantine, to a
collection whose name begins with quarantine_. They are watched for two minutes first; anything
written to in that time, or younger than ten minutes, is left alone.

Examples:
  tenantry doctor
  tenantry doctor --fix --output json
  tenantry doctor --fix --quarantine org_left_over --quarantine nobody@example.com")]
    Doctor {
        /// Repair what can be repaired automatically
        #[arg(long)]
        fix: bool,
        /// List every finding, even when there are many of one kind
        #[arg(long)]
        all: bool,
        /// Also move this orphaned collection, or the orphaned admin with this e-mail, to quarantine,
        /// even if another program may use it; repeatable
        #[arg(long, value_name = "NAME", requires = "fix")]
        quarantine: Vec<String>,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Upgrade a database written by the FastAPI service (only adds to it)
    ///
    /// Required before the first write; reading works without it. It adds fields and indexes, changes no
    /// existing value, and the service keeps working. It can be cancelled and resumes next time.
    #[command(after_help = "\
Examples:
  tenantry upgrade --dry-run
  tenantry upgrade --yes")]
    Upgrade {
        /// Show what would be added, and change nothing
        #[arg(long, conflicts_with = "yes")]
        dry_run: bool,
        /// Upgrade without asking for confirmation
        #[arg(long)]
        yes: bool,
    },
}

/// Whether it is meant.
#[derive(Debug, Args)]
pub struct Sure {
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
}

/// Why.
#[derive(Debug, Args)]
pub struct Why {
    /// Why you do it, for the audit log; at most 200 characters
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

impl Why {
    fn said(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }
}

impl DatabaseCommand {
    /// Why it is done, empty where that was not said; none where it is not asked for.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Org(command) => command.reason(),
            Self::Admin(command) => command.reason(),
            Self::Doc(_)
            | Self::Operator(_)
            | Self::Key(_)
            | Self::Audit(_)
            | Self::Doctor { .. }
            | Self::Upgrade { .. } => None,
        }
    }

    /// Whether it is meant, where it changes something; none where it only reads.
    #[must_use]
    pub fn sure(&self) -> Option<&Sure> {
        match self {
            Self::Org(command) => command.sure(),
            Self::Admin(command) => command.sure(),
            Self::Operator(command) => command.sure(),
            Self::Key(command) => command.sure(),
            Self::Doc(command) => command.sure(),
            Self::Doctor { fix: true, sure, .. } => Some(sure),
            // An upgrade asks by itself, whatever the profile.
            Self::Audit(_) | Self::Upgrade { .. } | Self::Doctor { fix: false, .. } => None,
        }
    }
}

/// How much a page may hold.
fn page_size() -> impl TypedValueParser<Value = u32> {
    clap::value_parser!(u32).range(1..=1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Sort, SortKey};

    #[test]
    fn the_line_is_sound() {
        CommandLine::command().debug_assert();
        CommandLine::program().debug_assert();
    }

    #[test]
    fn what_needs_no_database_lists_no_flag_that_names_one_and_takes_it_all_the_same() {
        let help = |words: &[&str]| {
            let words = [&["tenantry"], words, &["--help"]].concat();
            CommandLine::read(words).unwrap_err().to_string()
        };
        for words in WITHOUT_DATABASE {
            let help = help(words);
            for flag in ["--uri", "--profile", "--read-only", "--as"] {
                assert!(!help.contains(flag), "{words:?}: {help}");
            }
            assert!(help.contains("--output"), "{words:?}: {help}");
        }
        assert!(help(&["org", "list"]).contains("--uri"));
        for line in
            [["--profile", "x", "org", "verify", "y"], ["org", "verify", "y", "--profile", "x"]]
        {
            let read = CommandLine::read(["tenantry"].into_iter().chain(line)).unwrap();
            assert_eq!(read.flags.profile.as_deref(), Some("x"));
        }
    }

    #[test]
    fn no_argument_takes_the_place_of_a_flag_of_every_command() {
        fn arguments(command: &clap::Command, flags: &[&str]) {
            for below in command.get_subcommands() {
                for argument in below.get_arguments() {
                    let id = argument.get_id().as_str();
                    assert!(!flags.contains(&id), "{}: {id}", below.get_name());
                }
                arguments(below, flags);
            }
        }
        let line = CommandLine::command();
        let flags = line.get_arguments().filter(|argument| argument.is_global_set());
        let flags: Vec<_> = flags.map(|flag| flag.get_id().as_str()).collect();
        assert!(flags.contains(&"file"));
        arguments(&line, &flags);
    }

    #[test]
    fn a_sort_that_begins_with_a_dash_is_a_value() {
        let line = ["tenantry", "org", "list", "--sort", "-email", "--search", "-x"];
        let parsed = CommandLine::try_parse_from(line).unwrap();
        let Some(Command::Database(DatabaseCommand::Org(OrgCommand::List {
            sort, search, ..
        }))) = parsed.command
        else {
            panic!("no list");
        };
        let by_email = Sort { key: SortKey::Email, descending: true };
        assert_eq!(sort, Some(ListSort::Stored(by_email)));
        assert_eq!(search.as_deref(), Some("-x"));
    }

    #[test]
    fn flags_may_follow_the_command() {
        let line = ["tenantry", "org", "list", "--demo", "--output", "json"];
        let flags = CommandLine::try_parse_from(line).unwrap().flags;
        assert!(flags.demo && flags.output == Some(crate::config::Output::Json));
    }
}
