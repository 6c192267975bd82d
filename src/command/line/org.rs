//! `tenantry org …`.

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{super::records::FIELDS, Sure, Why, page_size};
use crate::store::{Sort, SortKey};

/// The organizations that something is done to.
#[derive(Debug, Args)]
pub struct BulkNames {
    /// Names, case-insensitive, or ids; - reads them from standard input, one per line
    #[arg(id = "name", value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What can be done with organizations.
#[derive(Debug, Subcommand)]
pub enum OrgCommand {
    /// Create an organization with its admin and its collection
    #[command(after_help = "\
Examples:
  tenantry org create acme_corp --email ada@acme.com
  pass show acme | tenantry org create acme_corp --email ada@acme.com --password-stdin")]
    Create {
        /// Display name: 1 to 63 letters, digits, spaces and _ - . , & ' ( ) / + # !
        name: String,
        /// E-mail of its admin
        #[arg(long, value_name = "E-MAIL")]
        email: String,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Show one organization
    #[command(alias = "show")]
    Get {
        /// Name, case-insensitive, or id
        name: String,
    },
    /// List organizations (a page at a time on a terminal or with --limit)
    #[command(
        alias = "ls",
        after_help = "\
Examples:
  tenantry org list --search acme --sort -created
  tenantry org list --limit 100 --after CURSOR      the next page: CURSOR is “next” of this one
  tenantry org list --trash --sort -created         most recently trashed
  tenantry org list --search 'state:suspended created:<2026-01-01'
  tenantry org list --output csv --fields organization_name,admin_email"
    )]
    List {
        /// Find by name, admin e-mail, id or collection
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        search: Option<String>,
        /// List the trash; “created” then sorts by when each was trashed
        #[arg(long)]
        trash: bool,
        /// Sort key; prefix with - for descending [default: best match, then name]
        #[arg(long, value_name = "BY", allow_hyphen_values = true, value_parser = sort())]
        sort: Option<Sort>,
        /// Organizations per page [default: 50 on a terminal, otherwise all]
        #[arg(long, value_name = "N", value_parser = page_size())]
        limit: Option<u32>,
        /// Cursor from the previous page's “next”
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
        /// Write only these fields, with --output csv, tsv or ndjson
        #[arg(
            long,
            value_name = "FIELD,…",
            value_delimiter = ',',
            value_parser = PossibleValuesParser::new(FIELDS)
        )]
        fields: Vec<String>,
        /// Leave out the line with the names of the fields, with --output csv or tsv
        #[arg(long)]
        no_header: bool,
    },
    /// Count organizations, all of them or those that match
    Count {
        /// As for `org list`
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        search: Option<String>,
        /// Count the trash
        #[arg(long)]
        trash: bool,
    },
    /// Change the name, e-mail and password, together or separately
    #[command(after_help = "\
A new e-mail or password requires a login: name the admin with --as.

Examples:
  tenantry org update acme_corp --name 'Acme Corporation'
  tenantry org update acme_corp --email eve@acme.com --as ada@acme.com
  printf '%s\\n' \"$OLD\" \"$NEW\" |
    tenantry org update acme_corp --as ada@acme.com --password-stdin --new-password-stdin")]
    Update {
        /// Current name, case-insensitive
        name: String,
        /// New name
        #[arg(long = "name", value_name = "NAME")]
        new_name: Option<String>,
        /// New e-mail of its admin
        #[arg(long, value_name = "E-MAIL")]
        email: Option<String>,
        /// Read the admin's new password from standard input, after the login password
        #[arg(long)]
        new_password_stdin: bool,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Move organizations to the trash, or purge them at once
    #[command(
        aliases = ["delete", "rm"],
        after_help = "\
It can be restored with all its data for 30 days (TENANTRY_TRASH_DAYS).
Its name and e-mail addresses stay reserved until it is purged.

Examples:
  tenantry org trash acme_corp --as ada@acme.com
  pass show acme | tenantry org trash acme_corp --as ada@acme.com --password-stdin --yes
  tenantry org trash acme_corp --as ada@acme.com --now --reason 'ticket 4711'
  tenantry org list --search 'test created:<2026-01-01' --output name |
    tenantry org trash - --as ops@example.com --dry-run"
    )]
    Trash {
        /// Which ones.
        #[command(flatten)]
        names: BulkNames,
        /// Skip the trash: purge it (delete permanently)
        #[arg(long)]
        now: bool,
        /// Why.
        #[command(flatten)]
        why: Why,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Restore organizations from the trash with all their data
    #[command(after_help = "\
Examples:
  tenantry org restore acme_corp
  tenantry org restore acme_corp --name 'Acme 2'    if its name has been taken")]
    Restore {
        /// Which ones.
        #[command(flatten)]
        names: BulkNames,
        /// Restore it under this name
        #[arg(long = "name", value_name = "NAME")]
        new_name: Option<String>,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Purge organizations in the trash, or all whose time there is over (delete permanently)
    #[command(after_help = "\
--expired needs no login: the first change by anyone purges them as well.

Examples:
  tenantry org purge --expired
  tenantry org purge acme_corp --as ada@acme.com
  pass show acme | tenantry org purge acme_corp --as ada@acme.com --password-stdin --yes")]
    Purge {
        /// Which ones.
        #[command(flatten)]
        names: BulkNames,
        /// Purge those that were to be kept until now
        #[arg(long, conflicts_with_all = ["name", "dry_run", "reason"])]
        expired: bool,
        /// Why.
        #[command(flatten)]
        why: Why,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Suspend organizations: their admins cannot log in, and their sessions end
    #[command(after_help = "\
Examples:
  tenantry org suspend acme_corp
  tenantry org suspend acme_corp globex initech")]
    Suspend {
        /// Which ones.
        #[command(flatten)]
        names: BulkNames,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Reactivate suspended organizations
    Reactivate {
        /// Which ones.
        #[command(flatten)]
        names: BulkNames,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
}

impl OrgCommand {
    /// Why it is done, where that is asked for.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            // Nothing is done.
            Self::Trash { names: BulkNames { dry_run: true, .. }, .. }
            | Self::Purge { names: BulkNames { dry_run: true, .. }, .. }
            // Their time is over: that is why.
            | Self::Purge { expired: true, .. }
            | Self::Create { .. }
            | Self::Get { .. }
            | Self::List { .. }
            | Self::Count { .. }
            | Self::Update { .. }
            | Self::Restore { .. }
            | Self::Suspend { .. }
            | Self::Reactivate { .. } => None,
            Self::Trash { why, .. } | Self::Purge { why, .. } => Some(why.said()),
        }
    }

    /// Whether it is meant, where it changes something; none where it only reads.
    pub(super) fn sure(&self) -> Option<&Sure> {
        match self {
            Self::Create { sure, .. } | Self::Update { sure, .. } => Some(sure),
            Self::Trash { names, sure, .. }
            | Self::Restore { names, sure, .. }
            | Self::Purge { names, sure, .. }
            | Self::Suspend { names, sure, .. }
            | Self::Reactivate { names, sure, .. } => Some(sure).filter(|_| !names.dry_run),
            Self::Get { .. } | Self::List { .. } | Self::Count { .. } => None,
        }
    }
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
        order.map(|(_, key, descending)| Sort { key, descending }).ok_or("unknown sort key")
    })
}
