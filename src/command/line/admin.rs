//! `tenantry admin …`.

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::Sure;
use crate::org::Role;

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
Needs the login of an owner. Where an organization has no owner left, one can be added without a login,
which is recorded. The code is good for an hour and is shown only this once.

Examples:
  tenantry admin add acme_corp bob@acme.com --as ada@acme.com
  tenantry admin add acme_corp eve@acme.com --role owner --as ada@acme.com
  tenantry admin add orphaned_corp eve@acme.com --role owner")]
    Add {
        /// The organization's name, in any case
        organization: String,
        /// The new admin's e-mail
        email: String,
        /// What the new admin may do: an owner decides who else is an admin, and deletes
        #[arg(long, value_name = "ROLE", default_value = "admin", value_parser = role())]
        role: Role,
        /// The e-mail of the owner to log in as
        #[arg(long = "as", value_name = "E-MAIL")]
        login: Option<String>,
        /// Read the login's password from the first line of standard input
        #[arg(long, requires = "login")]
        password_stdin: bool,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
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
        /// The new role
        #[arg(long, value_name = "ROLE", value_parser = role())]
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
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
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
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
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
        /// Read the code and then the new password from lines of standard input
        #[arg(long)]
        stdin: bool,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
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

/// With both words said, so that shells complete them.
fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(["owner", "admin"])
        .try_map(|word| Role::parse(&word).ok_or("this is no role"))
}
