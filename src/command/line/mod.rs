//! The command line as it is typed: every flag and argument, with its help.

mod admin;
mod aside;
mod audit;
mod org;

use clap::{Args, Parser, Subcommand, builder::TypedValueParser};

pub use self::{
    admin::{AdminDeed, Login},
    aside::{Aside, ConfigDeed, Shell},
    audit::AuditDeed,
    org::OrgDeed,
};
use crate::config::{ENVIRONMENT_HELP, Flags};

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
No repair deletes a document: orphaned collections and admins are moved to quarantine, to a collection
whose name begins with quarantine_. They are watched for two minutes first; whatever is written to in
that time or is younger than ten minutes is left alone.

Examples:
  tenantry doctor
  tenantry doctor --fix --output json
  tenantry doctor --fix --quarantine org_left_over --quarantine nobody@example.com")]
    Doctor {
        /// Repair what can be repaired
        #[arg(long)]
        fix: bool,
        /// List every finding, also where there are many of one kind
        #[arg(long)]
        all: bool,
        /// Also move this orphaned collection, or the orphaned admin with this e-mail, to quarantine,
        /// although another program may use it; can be repeated
        #[arg(long, value_name = "NAME", requires = "fix")]
        quarantine: Vec<String>,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Bring a database that another program wrote up to date, by adding only
    ///
    /// Every write needs it, and nothing else does. It adds fields and indexes, changes nothing that is
    /// there, and the other program goes on working. It can be stopped, and goes on the next time.
    #[command(after_help = "\
Examples:
  tenantry upgrade --dry-run
  tenantry upgrade --yes")]
    Upgrade {
        /// Only show what would be added
        #[arg(long, conflicts_with = "yes")]
        dry_run: bool,
        /// Upgrade without being asked
        #[arg(long)]
        yes: bool,
    },
}

/// Whether it is meant.
#[derive(Debug, Args)]
pub struct Sure {
    /// Do not ask whether it is meant
    #[arg(long)]
    pub yes: bool,
}

impl Deed {
    /// Whether it is meant, where it changes something; none where it only reads.
    #[must_use]
    pub fn sure(&self) -> Option<&Sure> {
        match self {
            Self::Org(
                OrgDeed::Create { sure, .. }
                | OrgDeed::Update { sure, .. }
                | OrgDeed::Delete { sure, .. }
                | OrgDeed::Restore { sure, .. }
                | OrgDeed::Purge { sure, .. }
                | OrgDeed::Suspend { sure, .. }
                | OrgDeed::Reactivate { sure, .. },
            )
            | Self::Admin(
                AdminDeed::Add { sure, .. }
                | AdminDeed::Update { sure, .. }
                | AdminDeed::Remove { sure, .. }
                | AdminDeed::Code { sure, .. }
                | AdminDeed::Redeem { sure, .. },
            )
            | Self::Doctor { fix: true, sure, .. } => Some(sure),
            // A login counts its attempt, and changes nothing else.
            Self::Org(OrgDeed::Get { .. } | OrgDeed::List { .. })
            | Self::Admin(AdminDeed::Login { .. } | AdminDeed::List { .. })
            | Self::Audit(_)
            // An upgrade asks by itself, whatever the profile.
            | Self::Upgrade { .. }
            | Self::Doctor { fix: false, .. } => None,
        }
    }
}

/// How much a page may hold.
fn page_size() -> impl TypedValueParser<Value = u32> {
    clap::value_parser!(u32).range(1..=1000)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::store::{Sort, SortKey};

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
