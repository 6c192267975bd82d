//! `tenantry org …`.

use std::path::PathBuf;

use clap::{
    Args, Subcommand, ValueHint,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{super::sizes::SIZE_FIELDS, Sure, Why, page_size};
use crate::{
    org::OrgFields,
    store::{SizeKey, Sort, SortKey},
};

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListSort {
    /// By what every record has.
    Stored(Sort),
    /// By what each organization holds.
    Size(SizeSort),
}

impl ListSort {
    /// The order by what records have; none for one by size.
    #[must_use]
    pub fn stored(self) -> Option<Sort> {
        match self {
            Self::Stored(sort) => Some(sort),
            Self::Size(_) => None,
        }
    }
}

/// An order by size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeSort {
    /// By which part of it.
    pub key: SizeKey,
    /// Backwards.
    pub descending: bool,
}

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

/// What is exported, and where to.
#[derive(Debug, Args)]
pub struct Export {
    /// Names, case-insensitive, or ids, also of organizations in the trash; - reads them from standard input
    #[arg(id = "name", value_name = "NAME", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Export every organization that is not in the trash
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
    /// A file, an existing directory, or - for standard output [default: a file in this directory]
    #[arg(long, value_name = "FILE|DIR|-", value_hint = ValueHint::AnyPath)]
    pub to: Option<PathBuf>,
    /// Leave out the admins and their password hashes
    #[arg(long)]
    pub without_admins: bool,
    /// Write the documents as text as well: a file beside the archive, with one document per line
    #[arg(long)]
    pub jsonl: bool,
}

impl Export {
    /// Whether names come from standard input.
    #[must_use]
    pub fn are_on_stdin(&self) -> bool {
        self.names.iter().any(|name| name == "-")
    }
}

/// What is imported, and as what.
#[derive(Debug, Args)]
pub struct Import {
    /// The archive; - reads it from standard input
    // Its own id: `file` is the flag of every command that names the embedded database.
    #[arg(id = "archive", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Give it another name than the archive says
    #[arg(long = "name", value_name = "NEW")]
    pub new_name: Option<String>,
    /// Another e-mail for its first owner; with --without-admins, that of its only one
    #[arg(long, value_name = "E-MAIL")]
    pub email: Option<String>,
    /// Leave its admins out: the owner named with --email gets a one-time code
    #[arg(long)]
    pub without_admins: bool,
    /// Leave out the collection's indexes and options
    #[arg(long)]
    pub documents_only: bool,
    /// Who is asked.
    #[command(flatten)]
    pub sure: Sure,
}

/// What is copied, where to, and as what.
#[derive(Debug, Args)]
pub struct Copy {
    /// Name, case-insensitive, or id
    pub name: String,
    /// The profile of the database that it is copied to
    #[arg(long, value_name = "PROFILE")]
    pub to: String,
    /// Give the copy another name
    #[arg(long = "name", value_name = "NEW")]
    pub new_name: Option<String>,
    /// Another e-mail for the copy's first owner; with --without-admins, that of its only one
    #[arg(long, value_name = "E-MAIL")]
    pub email: Option<String>,
    /// Leave its admins out: the owner named with --email gets a one-time code
    #[arg(long)]
    pub without_admins: bool,
    /// Leave out the collection's indexes and options
    #[arg(long)]
    pub documents_only: bool,
    /// Suspend it meanwhile, compare both, and move it to the trash of its database
    #[arg(long = "move")]
    pub moves: bool,
    /// Why.
    #[command(flatten)]
    pub why: Why,
    /// Who is asked.
    #[command(flatten)]
    pub sure: Sure,
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
  tenantry org list --output csv --fields organization_name,admin_email
  tenantry org list --sort -size --limit 10         the largest"
    )]
    List {
        /// Find by name, admin e-mail, id or collection
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        search: Option<String>,
        /// List the trash; “created” then sorts by when each was trashed
        #[arg(long)]
        trash: bool,
        /// Sort key; prefix with - for descending [default: best match, then name]. By documents, size, indexes or
        /// newest, each organization that matches is measured first, which takes longer
        #[arg(long, value_name = "BY", allow_hyphen_values = true, value_parser = sort())]
        sort: Option<ListSort>,
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
            value_parser = PossibleValuesParser::new(OrgFields::NAMES.into_iter().chain(SIZE_FIELDS))
        )]
        fields: Vec<String>,
        /// Leave out the line with the names of the fields, with --output csv or tsv
        #[arg(long)]
        no_header: bool,
        /// Add how much each holds: documents, bytes, indexes, and the time of the newest document
        #[arg(long)]
        sizes: bool,
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
Its name and e-mail addresses stay reserved until it is purged, except with --release.

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
        /// Release its name and e-mail addresses: others can use them at once
        #[arg(long, conflicts_with = "now")]
        release: bool,
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
    /// Export organizations, each to an archive with its record, admins and documents
    #[command(after_help = "\
An archive is NAME-YYYYMMDD-HHMMSS.tenantry.tar.zst, which only you can read. It has the password
hashes of the admins, unless --without-admins leaves them out; never second factors or codes.
With --jsonl, NAME-YYYYMMDD-HHMMSS.jsonl has the documents in canonical Extended JSON.

Examples:
  tenantry org export acme_corp
  tenantry org export acme_corp --jsonl
  tenantry org export acme_corp --to - | age -r RECIPIENT > acme_corp.age
  tenantry org export --all --to backups/ --without-admins")]
    Export(Export),
    /// Import an organization from an archive, completely or not at all
    #[command(after_help = "\
Ids stay where they are free, and are new otherwise. Names, e-mails and collections that are taken
refuse the import. Second factors do not come along: no archive has them.

Examples:
  tenantry org import acme_corp-20261128-161248.tenantry.tar.zst
  tenantry org import acme_corp.tenantry.tar.zst --name acme_copy --email ada@acme.example
  age -d -i KEY acme_corp.age | tenantry org import -
  tenantry org import acme_corp.tenantry.tar.zst --without-admins --email eve@acme.example")]
    Import(Import),
    /// Copy an organization to another database, or move it there
    #[command(after_help = "\
A copy is an export and an import without a file: the same rules hold, and the same rights are needed.
To move it needs a login as well, since it goes to the trash.

Examples:
  tenantry org copy acme_corp --to staging
  tenantry org copy acme_corp --to staging --name acme_test --without-admins --email eve@acme.example
  tenantry --profile old org copy acme_corp --to new --move --as ada@acme.example")]
    Copy(Copy),
    /// Check that an archive is complete and undamaged; needs no database
    #[command(after_help = "\
Examples:
  tenantry org verify acme_corp-20261128-161248.tenantry.tar.zst
  age -d -i KEY acme_corp.age | tenantry org verify - --deep")]
    Verify {
        /// The archive; - reads it from standard input
        #[arg(id = "archive", value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Read every value of every document as well
        #[arg(long)]
        deep: bool,
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
            | Self::Reactivate { .. }
            | Self::Export(_)
            | Self::Import(_)
            | Self::Copy(Copy { moves: false, .. })
            | Self::Verify { .. } => None,
            Self::Copy(Copy { why, .. }) | Self::Trash { why, .. } | Self::Purge { why, .. } => Some(why.said()),
        }
    }

    /// Whether it is meant, where it changes something; none where it only reads.
    pub(super) fn sure(&self) -> Option<&Sure> {
        match self {
            Self::Create { sure, .. }
            | Self::Update { sure, .. }
            | Self::Import(Import { sure, .. })
            | Self::Copy(Copy { sure, .. }) => Some(sure),
            Self::Trash { names, sure, .. }
            | Self::Restore { names, sure, .. }
            | Self::Purge { names, sure, .. }
            | Self::Suspend { names, sure, .. }
            | Self::Reactivate { names, sure, .. } => Some(sure).filter(|_| !names.dry_run),
            Self::Get { .. }
            | Self::List { .. }
            | Self::Count { .. }
            | Self::Export(_)
            | Self::Verify { .. } => None,
        }
    }
}

/// The words for orders.
const ORDERS: [(&str, ListSort); 7] = [
    ("name", stored(SortKey::Name)),
    ("created", stored(SortKey::Created)),
    ("email", stored(SortKey::Email)),
    ("documents", size(SizeKey::Documents)),
    ("size", size(SizeKey::Bytes)),
    ("indexes", size(SizeKey::Indexes)),
    ("newest", size(SizeKey::Newest)),
];

const fn stored(key: SortKey) -> ListSort {
    ListSort::Stored(Sort { key, descending: false })
}

const fn size(key: SizeKey) -> ListSort {
    ListSort::Size(SizeSort { key, descending: false })
}

fn sort() -> impl TypedValueParser<Value = ListSort> {
    // All of them are said, so that shells complete them.
    let words = ORDERS.iter().flat_map(|(word, _)| [(*word).to_owned(), format!("-{word}")]);
    PossibleValuesParser::new(words).try_map(|chosen| {
        let (word, descending) = match chosen.strip_prefix('-') {
            Some(word) => (word, true),
            None => (&chosen[..], false),
        };
        let order = ORDERS.iter().find(|(known, _)| *known == word).map(|(_, order)| *order);
        match order.ok_or("unknown sort key")? {
            ListSort::Stored(sort) => Ok(ListSort::Stored(Sort { descending, ..sort })),
            ListSort::Size(sort) => Ok::<_, &str>(ListSort::Size(SizeSort { descending, ..sort })),
        }
    })
}
