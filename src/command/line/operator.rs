//! `tenantry operator …`.

use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::Sure;
use crate::{org::OperatorRole, store::Required};

/// What can be done with and by operators.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// List the operators, and whether the database requires them to log in
    List,
    /// Add an operator: the first one, a manager, without a login
    #[command(after_help = "\
Viewers look; operators also create, edit, suspend, trash and restore organizations, and issue one-time
codes; managers also purge, manage an organization's admins, and manage operators.

Examples:
  tenantry operator add ada@example.com
  tenantry operator add bob@example.com --role viewer --as ada@example.com
  printf '%s\\n' \"$ADAS\" \"$BOBS\" |
    tenantry operator add bob@example.com --as ada@example.com --password-stdin")]
    Add {
        /// The new operator's e-mail
        email: String,
        /// Role of the new operator [default: manager for the first, otherwise operator]
        #[arg(long, value_name = "ROLE", value_parser = role())]
        role: Option<OperatorRole>,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Change an operator's role, or disable or enable them
    #[command(after_help = "\
Requires a manager's login. The last manager who can log in stays one.

Examples:
  tenantry operator update bob@example.com --role manager --as ada@example.com
  tenantry operator update bob@example.com --disable --as ada@example.com")]
    Update {
        /// The operator's e-mail
        email: String,
        /// New role
        #[arg(long, value_name = "ROLE", value_parser = role())]
        role: Option<OperatorRole>,
        /// They can no longer log in, and their sessions end
        #[arg(long)]
        disable: bool,
        /// They can log in again
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Change your own password
    #[command(after_help = "\
Examples:
  tenantry operator password --as ada@example.com
  printf '%s\\n' \"$OLD\" \"$NEW\" | tenantry operator password --as ada@example.com --password-stdin")]
    Password {
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Remove an operator: they can no longer log in, and their sessions end
    Remove {
        /// The operator's e-mail
        email: String,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Say whether operators must log in: for changes (on), for everything (all), or not (off)
    #[command(after_help = "\
Requires a manager's login, and applies to everyone who opens this database. Owners can still log in to
change their own organization.

Example:
  tenantry operator require on --as ada@example.com")]
    Require {
        /// off, on or all
        #[arg(value_parser = required())]
        what: Required,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Make an operator a manager and set their password, without a login
    #[command(after_help = "\
For when no manager can log in any more. It needs only access to the database, sets the password,
enables the account and makes it a manager. The audit log records it.

Example:
  tenantry operator recover ada@example.com")]
    Recover {
        /// The operator's e-mail
        email: String,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
}

impl OperatorCommand {
    /// Whether it is meant, where it changes something; none where it changes nothing.
    pub(super) fn sure(&self) -> Option<&Sure> {
        match self {
            Self::List => None,
            Self::Add { sure, .. }
            | Self::Update { sure, .. }
            | Self::Password { sure }
            | Self::Remove { sure, .. }
            | Self::Require { sure, .. }
            | Self::Recover { sure, .. } => Some(sure),
        }
    }
}

/// With all words said, so that shells complete them.
fn role() -> impl TypedValueParser<Value = OperatorRole> {
    PossibleValuesParser::new(OperatorRole::ALL.map(OperatorRole::word))
        .try_map(|word| OperatorRole::parse(&word).ok_or("unknown role"))
}

fn required() -> impl TypedValueParser<Value = Required> {
    PossibleValuesParser::new(Required::ALL.map(Required::word))
        .try_map(|word| Required::parse(&word).ok_or("unknown setting"))
}
