//! `tenantry admin …`.

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{Sure, Why};
use crate::org::Role;

/// Whether a code is mailed.
#[derive(Debug, Args)]
pub struct Send {
    /// Mail the one-time code to that e-mail address as well; needs a mail server in the configuration file
    #[arg(long)]
    pub send: bool,
}

/// What can be done with and by admins.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Log in with e-mail and password, and print a token
    #[command(after_help = "\
After five wrong passwords in a row, the e-mail address is locked for 1 second, then longer each time,
up to 15 minutes.")]
    Login {
        /// The admin's e-mail
        email: String,
    },
    /// List an organization's admins
    List {
        /// The organization's name, case-insensitive
        organization: String,
    },
    /// Add an admin, and print a one-time code to set the password with
    #[command(after_help = "\
Requires an owner's login. If an organization has no owner left, one can be added without a login, which
is recorded. The code works once, for one hour, and is not shown again.

Examples:
  tenantry admin add acme_corp bob@acme.com --as ada@acme.com
  tenantry admin add acme_corp eve@acme.com --role owner --as ada@acme.com
  tenantry admin add orphaned_corp eve@acme.com --role owner")]
    Add {
        /// The organization's name, case-insensitive
        organization: String,
        /// The new admin's e-mail
        email: String,
        /// Role of the new admin; owners also manage admins, and can trash and purge
        #[arg(long, value_name = "ROLE", default_value = "admin", value_parser = role())]
        role: Role,
        /// How it is handed over.
        #[command(flatten)]
        send: Send,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Change an admin's role or e-mail, or your own password
    #[command(after_help = "\
Requires an owner's login. To change your own e-mail or password, log in as yourself: only you can
change your password.

Examples:
  tenantry admin update acme_corp bob@acme.com --role owner --as ada@acme.com
  printf '%s\\n' \"$OLD\" \"$NEW\" |
    tenantry admin update acme_corp bob@acme.com --as bob@acme.com --password-stdin --new-password-stdin")]
    Update {
        /// The organization's name, case-insensitive
        organization: String,
        /// Current e-mail of the admin
        email: String,
        /// New role
        #[arg(long, value_name = "ROLE", value_parser = role())]
        role: Option<Role>,
        /// New e-mail
        #[arg(long = "email", value_name = "E-MAIL")]
        new_email: Option<String>,
        /// Read your own new password from standard input, after the login password
        #[arg(long)]
        new_password_stdin: bool,
        /// Remove their second factor, if they lost it
        #[arg(long)]
        reset_totp: bool,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Set up your second factor: an authenticator app (TOTP), with recovery codes
    #[command(after_help = "\
Shows a secret, and a QR code, for the app, and asks for the first code it shows. Then prints ten recovery
codes, each of which logs you in once without the app. Running it again replaces both. The FastAPI service
does not ask for codes.

Examples:
  tenantry admin totp --as ada@acme.com
  printf '%s\\n' \"$PASSWORD\" \"$CODE\" |
    tenantry admin totp --remove --as ada@acme.com --password-stdin --code-stdin")]
    Totp {
        /// Remove it instead
        #[arg(long)]
        remove: bool,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Remove an admin: they can no longer log in, and their sessions end
    #[command(after_help = "\
Requires an owner's login. The last owner cannot be removed.

Example:
  tenantry admin remove acme_corp bob@acme.com --as ada@acme.com")]
    Remove {
        /// The organization's name, case-insensitive
        organization: String,
        /// The admin's e-mail
        email: String,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Transfer an organization to another owner
    #[command(after_help = "\
Requires the login of an owner or a manager. If an organization has no owner left, no login is needed. An
admin of the organization keeps the password; anyone else gets a one-time code, which works once, for
one hour, and is not shown again. The previous owners become admins, or are removed with --remove.

Examples:
  tenantry admin transfer acme_corp eve@acme.com --as ada@acme.com
  tenantry admin transfer acme_corp eve@acme.com --remove --as ops@example.com")]
    Transfer {
        /// The organization's name, case-insensitive
        organization: String,
        /// The new owner's e-mail
        email: String,
        /// Remove the previous owners: they can no longer log in, and their sessions end
        #[arg(long)]
        remove: bool,
        /// How the code is handed over.
        #[command(flatten)]
        send: Send,
        /// Why.
        #[command(flatten)]
        why: Why,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Issue a one-time code for an admin who has no password or forgot it
    #[command(after_help = "\
The code works once, for one hour, and is not shown again. It replaces any earlier code. The audit log
records who issued it.

Examples:
  tenantry admin code acme_corp ada@acme.com
  tenantry admin code acme_corp ada@acme.com --send")]
    Code {
        /// The organization's name, case-insensitive
        organization: String,
        /// The admin's e-mail
        email: String,
        /// How it is handed over.
        #[command(flatten)]
        send: Send,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Set a new password with a one-time code
    #[command(after_help = "\
Examples:
  tenantry admin redeem ada@acme.com
  printf '%s\\n' \"$CODE\" \"$NEW\" | tenantry admin redeem ada@acme.com --stdin")]
    Redeem {
        /// The admin's e-mail
        email: String,
        /// Read the code and then the new password from standard input, one per line
        #[arg(long)]
        stdin: bool,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
}

impl AdminCommand {
    /// Why it is done, where that is asked for.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Transfer { why, .. } => Some(why.said()),
            Self::Login { .. }
            | Self::List { .. }
            | Self::Add { .. }
            | Self::Update { .. }
            | Self::Totp { .. }
            | Self::Remove { .. }
            | Self::Code { .. }
            | Self::Redeem { .. } => None,
        }
    }

    /// Whether it is meant, where it changes something; none where it changes nothing.
    pub(super) fn sure(&self) -> Option<&Sure> {
        match self {
            Self::Add { sure, .. }
            | Self::Update { sure, .. }
            | Self::Totp { sure, .. }
            | Self::Remove { sure, .. }
            | Self::Transfer { sure, .. }
            | Self::Code { sure, .. }
            | Self::Redeem { sure, .. } => Some(sure),
            // A login counts its attempt, and changes nothing else.
            Self::Login { .. } | Self::List { .. } => None,
        }
    }
}

/// With both words said, so that shells complete them.
fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(["owner", "admin"])
        .try_map(|word| Role::parse(&word).ok_or("unknown role"))
}
