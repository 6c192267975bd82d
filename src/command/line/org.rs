//! `tenantry org …`.

use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{Login, Sure, page_size};
use crate::store::{Sort, SortKey};

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
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Show one organization
    Get {
        /// Its name, in any case
        name: String,
    },
    /// List organizations: all of them, or a page at a time on a terminal and with --limit
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
        /// The order; with a - in front the other way round
        #[arg(
            long,
            value_name = "BY",
            default_value = "name",
            allow_hyphen_values = true,
            value_parser = sort()
        )]
        sort: Sort,
        /// The most on one page [default: 50 on a terminal, otherwise all]
        #[arg(long, value_name = "N", value_parser = page_size())]
        limit: Option<u32>,
        /// Begin after the page whose “next” this is
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
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
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
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
        /// Who does it.
        #[command(flatten)]
        login: Login,
        /// Past the trash, for good
        #[arg(long)]
        now: bool,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
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
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
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
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Keep an organization's admins from logging in, and end their sessions
    Suspend {
        /// Its name, in any case
        name: String,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Let a suspended organization's admins log in again
    Reactivate {
        /// Its name, in any case
        name: String,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
}

/// The words for orders, all of them said, so that shells complete them.
const ORDERS: [(&str, SortKey, bool); 6] = [
    ("name", SortKey::Name, false),
    ("-name", SortKey::Name, true),
    ("created", SortKey::Created, false),
    ("-created", SortKey::Created, true),
    ("email", SortKey::Email, false),
    ("-email", SortKey::Email, true),
];

fn sort() -> impl TypedValueParser<Value = Sort> {
    PossibleValuesParser::new(ORDERS.map(|(word, ..)| word)).try_map(|chosen| {
        let order = ORDERS.into_iter().find(|(word, ..)| *word == chosen);
        order.map(|(_, key, descending)| Sort { key, descending }).ok_or("this is no order")
    })
}
