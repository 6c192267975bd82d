//! The command line as it is typed: every flag and argument, with its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use mongodb::bson::DateTime;

use crate::{
    config::{ENVIRONMENT_HELP, Flags},
    org::{Role, earlier},
    store::{Cursor, Head, Sort, SortKey},
};

const EXAMPLES: &str = "\
Examples:
  tenantry                                          the console, on the embedded database
  tenantry --demo                                   the console, with sample organizations
  tenantry org create acme_corp --email ada@acme.com
  tenantry org list --search acme --sort -created
  MONGODB_URI=mongodb://db1.example tenantry        the console, on a MongoDB
  tenantry --profile staging                        the console, on what the configuration names

Exit codes: 0 done, 2 usage, 3 not found, 4 taken, 5 not allowed or wrong password,
6 invalid input, 7 database unreachable, 1 anything else.";

/// Run many organizations on one MongoDB, from the keyboard
///
/// Without a command the console opens. Without --uri, --file or --demo it is on an embedded
/// database in your data directory, and needs no server.
#[derive(Debug, Parser)]
#[command(
    name = "tenantry",
    version,
    long_version = concat!(env!("CARGO_PKG_VERSION"), env!("TENANTRY_BUILD")),
    max_term_width = 100,
    after_long_help = format!("{ENVIRONMENT_HELP}\n\n{EXAMPLES}"),
    after_help = EXAMPLES,
    disable_help_subcommand = true
)]
pub struct CommandLine {
    /// Which database, and how.
    #[command(flatten)]
    pub flags: Flags,
    /// What to do; the console when there is nothing.
    #[command(subcommand)]
    pub wanted: Option<Wanted>,
}

/// What can be done from the command line.
#[derive(Debug, Subcommand)]
pub enum Wanted {
    /// With a database.
    #[command(flatten)]
    Deed(Deed),
    /// Without one.
    #[command(flatten)]
    Aside(Aside),
}

/// What can be done without a screen.
#[derive(Debug, Subcommand)]
pub enum Deed {
    /// Create, look at, change and delete organizations
    #[command(subcommand)]
    Org(OrgDeed),
    /// Add, change and remove an organization's admins, log in, and set forgotten passwords
    #[command(subcommand)]
    Admin(AdminDeed),
    /// Show what was done and what was refused, and whether that was tampered with
    #[command(subcommand)]
    Audit(AuditDeed),
    /// Look for what does not belong together, and repair it
    ///
    /// Finds what a killed console left half-done, documents that were written under a name that a
    /// collection no longer has, collections and admins of nobody, and records that another program
    /// changed. Ends with 0 when nothing is left to do, otherwise with 1.
    #[command(after_help = "\
No repair deletes a document: what nobody owns is given a name that begins with lost_.

Examples:
  tenantry doctor
  tenantry doctor --fix --output json")]
    Doctor {
        /// Repair what can be repaired
        #[arg(long)]
        fix: bool,
    },
}

/// What can be done without any database.
#[derive(Debug, Subcommand)]
pub enum Aside {
    /// Write, check and find the configuration file
    #[command(subcommand)]
    Config(ConfigDeed),
    /// Print what completes this command line in a shell
    #[command(after_help = "\
Examples:
  tenantry completions bash > ~/.local/share/bash-completion/completions/tenantry
  tenantry completions zsh > ~/.zfunc/_tenantry           with ~/.zfunc in fpath
  tenantry completions fish > ~/.config/fish/completions/tenantry.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write those of all commands into a directory
    #[command(after_help = "\
Examples:
  tenantry man | man -l -
  tenantry man --into ~/.local/share/man/man1")]
    Man {
        /// The directory
        #[arg(long, value_name = "DIRECTORY", value_hint = clap::ValueHint::DirPath)]
        into: Option<PathBuf>,
    },
}

/// The shells that command lines can be completed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// The Bourne-again shell.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive shell.
    Fish,
}

/// What can be done with the configuration file.
#[derive(Debug, Subcommand)]
pub enum ConfigDeed {
    /// Write one with everything that can be set, commented
    Init {
        /// Also where there is one; that is kept beside it
        #[arg(long)]
        force: bool,
    },
    /// Say what is wrong with it, with line and column, or what is in it
    Check,
    /// Print where it is, or would be
    #[command(after_help = "\
Example:
  $EDITOR \"$(tenantry config path)\"")]
    Path,
}

/// What can be done with organizations.
#[derive(Debug, Subcommand)]
pub enum OrgDeed {
    /// Make an organization with its admin and its collection
    #[command(after_help = "\
Examples:
  tenantry org create acme_corp --email ada@acme.com
  pass show acme | tenantry org create acme_corp --email ada@acme.com --password-stdin")]
    Create {
        /// What people call it: 1 to 63 letters, digits, spaces and _ - . & '
        name: String,
        /// Its admin's e-mail
        #[arg(long, value_name = "E-MAIL")]
        email: String,
        /// Read the admin's password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Show one organization
    Get {
        /// Its name, in any case
        name: String,
    },
    /// List organizations, a page at a time
    #[command(after_help = "\
Examples:
  tenantry org list --search acme --sort -created
  tenantry org list --limit 100 --after CURSOR      the next page; “next” of the page before
  tenantry org list --trash --sort -created         what was deleted last")]
    List {
        /// Only those with this in their name or e-mail
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        search: Option<String>,
        /// Those in the trash instead; “created” is then when they were put there
        #[arg(long)]
        trash: bool,
        /// The order: name, created or email; with a - in front the other way round
        #[arg(
            long,
            value_name = "BY",
            default_value = "name",
            allow_hyphen_values = true,
            value_parser = sort
        )]
        sort: Sort,
        /// The most on one page
        #[arg(
            long,
            value_name = "N",
            default_value_t = 50,
            value_parser = clap::value_parser!(u32).range(1..=1000)
        )]
        limit: u32,
        /// Begin after the page whose “next” this is
        #[arg(long, value_name = "CURSOR", value_parser = cursor)]
        after: Option<Cursor>,
    },
    /// Change name, e-mail and password, together or alone
    #[command(after_help = "\
A new e-mail or password needs a login: say with --as who you are.

Examples:
  tenantry org update acme_corp --name 'Acme Corporation'
  tenantry org update acme_corp --email eve@acme.com --as ada@acme.com
  printf '%s\\n' \"$OLD\" \"$NEW\" |
    tenantry org update acme_corp --as ada@acme.com --password-stdin --new-password-stdin")]
    Update {
        /// Its name now, in any case
        name: String,
        /// Its new name
        #[arg(long = "name", value_name = "NAME")]
        new_name: Option<String>,
        /// Its admin's new e-mail
        #[arg(long, value_name = "E-MAIL")]
        email: Option<String>,
        /// Read the admin's new password from standard input, after the login's
        #[arg(long)]
        new_password_stdin: bool,
        /// The e-mail of the admin to log in as
        #[arg(long = "as", value_name = "E-MAIL")]
        login: Option<String>,
        /// Read the login's password from the first line of standard input
        #[arg(long, requires = "login")]
        password_stdin: bool,
    },
    /// Move an organization to the trash, or delete it at once
    #[command(after_help = "\
From the trash it can be restored with everything it had for 30 days (TENANTRY_TRASH_DAYS).
Its name and its e-mails stay its own until it is purged.

Examples:
  tenantry org delete acme_corp --as ada@acme.com
  pass show acme | tenantry org delete acme_corp --as ada@acme.com --password-stdin --yes
  tenantry org delete acme_corp --as ada@acme.com --now")]
    Delete {
        /// Its name, in any case
        name: String,
        /// The e-mail of the admin to log in as
        #[arg(long = "as", value_name = "E-MAIL")]
        login: String,
        /// Read the login's password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// Past the trash, for good
        #[arg(long)]
        now: bool,
        /// Do not ask whether it is meant
        #[arg(long)]
        yes: bool,
    },
    /// Bring an organization back from the trash with everything it had
    #[command(after_help = "\
Examples:
  tenantry org restore acme_corp
  tenantry org restore acme_corp --name 'Acme 2'    where its name is another one's by now")]
    Restore {
        /// Its name, in any case
        name: String,
        /// The name it is to have
        #[arg(long = "name", value_name = "NAME")]
        new_name: Option<String>,
    },
    /// Delete an organization that is in the trash, for good
    #[command(after_help = "\
Examples:
  tenantry org purge acme_corp --as ada@acme.com
  pass show acme | tenantry org purge acme_corp --as ada@acme.com --password-stdin --yes")]
    Purge {
        /// Its name, in any case
        name: String,
        /// The e-mail of an admin it had
        #[arg(long = "as", value_name = "E-MAIL")]
        login: String,
        /// Read that admin's password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// Do not ask for the name to be typed
        #[arg(long)]
        yes: bool,
    },
    /// Keep an organization's admins from logging in, and end their sessions
    Suspend {
        /// Its name, in any case
        name: String,
    },
    /// Let a suspended organization's admins log in again
    Reactivate {
        /// Its name, in any case
        name: String,
    },
}

/// What can be done with and by admins.
#[derive(Debug, Subcommand)]
pub enum AdminDeed {
    /// Check e-mail and password, and print a token
    #[command(after_help = "\
After five wrong passwords in a row the next has to wait, a second at first and up to 15 minutes.")]
    Login {
        /// The admin's e-mail
        email: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List an organization's admins
    List {
        /// The organization's name, in any case
        organization: String,
    },
    /// Add an admin, who chooses a password with the one-time code that is printed
    #[command(after_help = "\
Needs the login of an owner. The code is good for an hour and is shown only this once.

Examples:
  tenantry admin add acme_corp bob@acme.com --as ada@acme.com
  tenantry admin add acme_corp eve@acme.com --role owner --as ada@acme.com")]
    Add {
        /// The organization's name, in any case
        organization: String,
        /// The new admin's e-mail
        email: String,
        /// What the new admin may do: an owner decides who else is an admin, and deletes
        #[arg(long, value_name = "ROLE", default_value = "admin", value_parser = role)]
        role: Role,
        /// Who does it.
        #[command(flatten)]
        login: Login,
    },
    /// Change an admin's role or e-mail, or one's own password
    #[command(after_help = "\
Needs the login of an owner, or for one's own e-mail and password one's own.

Examples:
  tenantry admin update acme_corp bob@acme.com --role owner --as ada@acme.com
  printf '%s\\n' \"$OLD\" \"$NEW\" |
    tenantry admin update acme_corp bob@acme.com --as bob@acme.com --password-stdin --new-password-stdin")]
    Update {
        /// The organization's name, in any case
        organization: String,
        /// The admin's e-mail now
        email: String,
        /// The new role: owner or admin
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Option<Role>,
        /// The new e-mail
        #[arg(long = "email", value_name = "E-MAIL")]
        new_email: Option<String>,
        /// Read one's own new password from standard input, after the login's
        #[arg(long)]
        new_password_stdin: bool,
        /// Who does it.
        #[command(flatten)]
        login: Login,
    },
    /// Remove an admin: no login any more, and the sessions end
    #[command(after_help = "\
Needs the login of an owner. The last owner cannot be removed.

Example:
  tenantry admin remove acme_corp bob@acme.com --as ada@acme.com")]
    Remove {
        /// The organization's name, in any case
        organization: String,
        /// The admin's e-mail
        email: String,
        /// Do not ask whether it is meant
        #[arg(long)]
        yes: bool,
        /// Who does it.
        #[command(flatten)]
        login: Login,
    },
    /// Print a one-time code for an admin who has no password or has forgotten it
    #[command(after_help = "\
The code is good for an hour, once, and is shown only this once. An earlier one counts no longer.
Whoever asked for it is recorded.

Example:
  tenantry admin code acme_corp ada@acme.com")]
    Code {
        /// The organization's name, in any case
        organization: String,
        /// The admin's e-mail
        email: String,
    },
    /// Set a new password with a one-time code
    #[command(after_help = "\
Examples:
  tenantry admin redeem ada@acme.com
  printf '%s\\n' \"$CODE\" \"$NEW\" | tenantry admin redeem ada@acme.com --stdin")]
    Redeem {
        /// The admin's e-mail
        email: String,
        /// Read the code and then the new password from lines of standard input
        #[arg(long)]
        stdin: bool,
    },
}

/// Who does it.
#[derive(Debug, Args)]
pub struct Login {
    /// The e-mail of the admin to log in as
    #[arg(long = "as", value_name = "E-MAIL")]
    pub login: String,
    /// Read the login's password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
}

/// What can be asked of the record.
#[derive(Debug, Subcommand)]
pub enum AuditDeed {
    /// Show what was done, by whom, and what was refused; the newest first
    #[command(after_help = "\
Examples:
  tenantry audit list --since 7d
  tenantry audit list --org acme_corp --since 2026-11-20T10:30:00Z --output json
  tenantry audit list --before 1204                 the page behind that entry")]
    List {
        /// Only what was done to the organization with this name, now or then
        #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
        org: Option<String>,
        /// Only from then on: a day, a time in RFC 3339, or so long ago (30m, 12h, 7d)
        #[arg(long, value_name = "TIME", value_parser = since)]
        since: Option<DateTime>,
        /// The most entries
        #[arg(
            long,
            value_name = "N",
            default_value_t = 50,
            value_parser = clap::value_parser!(u32).range(1..=1000)
        )]
        limit: u32,
        /// Only those before the entry with this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<i64>,
    },
    /// Check that no entry was edited, inserted or removed; prints the head
    #[command(after_help = "\
Whoever can write the database can cut the record's end, or make all of it again. Keep the head it
prints somewhere else, and check against it the next time. Ends with 1 when something is wrong.

Examples:
  tenantry audit verify
  tenantry audit verify --head 1204:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")]
    Verify {
        /// A head that was printed earlier
        #[arg(long, value_name = "HEAD", value_parser = head)]
        head: Option<Head>,
    },
}

fn sort(word: &str) -> Result<Sort, String> {
    let (descending, key) = word.strip_prefix('-').map_or((false, word), |key| (true, key));
    let key = match key {
        "name" => SortKey::Name,
        "created" => SortKey::Created,
        "email" => SortKey::Email,
        _ => return Err("try name, created or email, or one of them with a - in front".to_owned()),
    };
    Ok(Sort { key, descending })
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "try owner or admin".to_owned())
}

fn head(word: &str) -> Result<Head, String> {
    Head::parse(word).ok_or_else(|| "this is no head that “audit verify” printed".to_owned())
}

fn since(word: &str) -> Result<DateTime, String> {
    earlier(word, DateTime::now())
        .ok_or_else(|| "try 2026-11-20, 2026-11-20T10:30:00Z, 30m, 12h or 7d".to_owned())
}

fn cursor(word: &str) -> Result<Cursor, String> {
    Cursor::decode(word).ok_or_else(|| "this is no “next” of a page".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_sort_that_begins_with_a_dash_is_a_value() {
        let line = ["tenantry", "org", "list", "--sort", "-email", "--search", "-x"];
        let parsed = CommandLine::try_parse_from(line).unwrap();
        let Some(Wanted::Deed(Deed::Org(OrgDeed::List { sort, search, .. }))) = parsed.wanted
        else {
            panic!("no list");
        };
        assert_eq!(sort, Sort { key: SortKey::Email, descending: true });
        assert_eq!(search.as_deref(), Some("-x"));
    }

    #[test]
    fn flags_may_follow_the_command() {
        let line = ["tenantry", "org", "list", "--demo", "--output", "json"];
        let flags = CommandLine::try_parse_from(line).unwrap().flags;
        assert!(flags.demo && flags.output == Some(crate::config::Output::Json));
    }
}
