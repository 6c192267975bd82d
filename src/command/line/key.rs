//! `tenantry key …`.

use clap::Subcommand;

use super::{Sure, operator::role};
use crate::org::OperatorRole;

/// What can be done with an operator's API keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create an API key for a program to act for you with
    #[command(after_help = "\
Prints the key once. It can do what its role allows, as long as yours does; it cannot trash, purge, transfer
or import organizations, manage admins, operators or keys, or issue one-time codes. The audit log names you
and the key.

Examples:
  tenantry key create ci --role viewer --as ada@example.com
  tenantry key create sign-up --role operator --days 365 --as ada@example.com")]
    Create {
        /// Its name: 1 to 40 letters, digits and _ - .
        name: String,
        /// What it may do at most
        #[arg(long, value_name = "ROLE", value_parser = role())]
        role: OperatorRole,
        /// After how many days it expires
        #[arg(
            long,
            value_name = "N",
            default_value_t = 90,
            value_parser = clap::value_parser!(u32).range(1..=3650)
        )]
        days: u32,
        /// It never expires
        #[arg(long, conflicts_with = "days")]
        no_expiry: bool,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// List your API keys; as a manager, everyone's
    List,
    /// Revoke an API key: it is refused from then on
    #[command(after_help = "\
A manager can revoke anyone's key, by its name or its id.

Example:
  tenantry key revoke ci --as ada@example.com")]
    Revoke {
        /// Its name or its id
        #[arg(value_name = "KEY")]
        key: String,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
}

impl KeyCommand {
    /// Whether it is meant, where it changes something; none where it changes nothing.
    pub(super) fn sure(&self) -> Option<&Sure> {
        match self {
            Self::List => None,
            Self::Create { sure, .. } | Self::Revoke { sure, .. } => Some(sure),
        }
    }
}
