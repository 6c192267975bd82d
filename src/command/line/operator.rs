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
        /// Remove their second factor, if they lost it
        #[arg(long)]
        reset_totp: bool,
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
    /// Set up your second factor: an authenticator app (TOTP), with recovery codes
    #[command(after_help = "\
Shows a secret, and a QR code, for the app, and asks for the first code it shows. Then prints ten recovery
codes, each of which logs you in once without the app. Running it again replaces both.

Examples:
  tenantry operator totp --as ada@example.com
  printf '%s\\n' \"$PASSWORD\" \"$CODE\" |
    tenantry operator totp --remove --as ada@example.com --password-stdin --code-stdin")]
    Totp {
        /// Remove it instead
        #[arg(long)]
        remove: bool,
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
    /// Require a second factor of this role and the roles above it, or of none (off)
    #[command(after_help = "\
Requires a manager's login. Operators who have no second factor yet can still log in, but can only set one up.

Example:
  tenantry operator require-totp manager --as ada@example.com")]
    RequireTotp {
        /// viewer, operator, manager or off
        #[arg(value_name = "ROLE", value_parser = least_role())]
        from: LeastRole,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Make an operator a manager and set their password, without a login
    #[command(after_help = "\
For when no manager can log in any more. It needs only access to the database, sets the password,
enables the account, makes it a manager and removes its second factor. The audit log records it.

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
            | Self::Totp { sure, .. }
            | Self::RequireTotp { sure, .. }
            | Self::Remove { sure, .. }
            | Self::Require { sure, .. }
            | Self::Recover { sure, .. } => Some(sure),
        }
    }
}

/// The least role that something is asked of, if any.
#[derive(Clone, Copy, Debug)]
pub struct LeastRole(Option<OperatorRole>);

impl LeastRole {
    pub(in crate::command) fn role(self) -> Option<OperatorRole> {
        self.0
    }
}

/// No role.
const OFF: &str = "off";

fn least_role() -> impl TypedValueParser<Value = LeastRole> {
    let words = OperatorRole::ALL.map(OperatorRole::word).into_iter().chain([OFF]);
    PossibleValuesParser::new(words).try_map(|word| match OperatorRole::parse(&word) {
        None if word != OFF => Err("unknown role"),
        role => Ok(LeastRole(role)),
    })
}

/// With all words said, so that shells complete them.
pub(super) fn role() -> impl TypedValueParser<Value = OperatorRole> {
    PossibleValuesParser::new(OperatorRole::ALL.map(OperatorRole::word))
        .try_map(|word| OperatorRole::parse(&word).ok_or("unknown role"))
}

fn required() -> impl TypedValueParser<Value = Required> {
    PossibleValuesParser::new(Required::ALL.map(Required::word))
        .try_map(|word| Required::parse(&word).ok_or("unknown setting"))
}
