//! `tenantry doc …`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::{Sure, page_size};

const FILTERS: &str = "\
A filter is one or more conditions, all of which must match, or a query in shell syntax:
  total>5 paid:true                                   numbers, true, false and null are meant as such
  address.city:\"New York\"                             a dot leads into a document or an array
  _id:6b03591144a42dd288929a18                        or the id alone
  number:INV-2026-*                                   begins with
  '{ total: { $gt: 5 }, \"address.city\": \"Oslo\" }'     a query";

const DOCUMENTS: &str = "\
Documents are in shell syntax or Extended JSON: one, or one on each line.";

/// Which document something is done to.
#[derive(Debug, Args)]
pub struct One {
    /// The organization's name, case-insensitive, or id
    pub organization: String,
    /// Its _id: 24 hex digits, a text, a number, or a value in shell syntax
    #[arg(allow_hyphen_values = true)]
    pub id: String,
    /// Only if the document is still as in this file, as `doc get` wrote it
    #[arg(long, value_name = "FILE")]
    pub if_unchanged: Option<PathBuf>,
    /// Who is asked.
    #[command(flatten)]
    pub sure: Sure,
}

/// What can be done with the documents of an organization.
#[derive(Debug, Subcommand)]
pub enum DocCommand {
    /// List documents (a page at a time on a terminal or with --limit)
    #[command(
        alias = "ls",
        after_help = format!("{FILTERS}\n\n\
Examples:
  tenantry doc list acme_corp --filter 'paid:false total>=100'
  tenantry doc list acme_corp --output canonical > acme_corp.ndjson
  tenantry doc list acme_corp --sort=-total --limit 10
  tenantry doc list acme_corp --limit 100 --after ID    the next page: ID is the last one's _id")
    )]
    List {
        /// The organization's name, case-insensitive, or id
        organization: String,
        /// Only documents that match
        #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
        filter: Option<String>,
        /// Sort by _id or by a field that an index begins with; prefix with - for descending
        #[arg(long, value_name = "FIELD", default_value = "_id", allow_hyphen_values = true)]
        sort: String,
        /// Maximum number of documents [default: 20 on a terminal, otherwise all]
        #[arg(long, value_name = "N", value_parser = page_size())]
        limit: Option<u32>,
        /// Only documents after the one with this _id, or after the `next` of the page before
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        after: Option<String>,
    },
    /// Show one document
    #[command(alias = "show")]
    Get {
        /// The organization's name, case-insensitive, or id
        organization: String,
        /// Its _id: 24 hex digits, a text, a number, or a value in shell syntax
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// Count documents, all of them or those that match
    #[command(after_help = FILTERS)]
    Count {
        /// The organization's name, case-insensitive, or id
        organization: String,
        /// Only documents that match
        #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
        filter: Option<String>,
    },
    /// Insert documents from standard input
    #[command(after_help = format!("{DOCUMENTS} One without an _id gets one.\n\n\
Examples:
  echo '{{ number: \"INV-1\", total: 120.5 }}' | tenantry doc insert acme_corp
  tenantry doc insert acme_corp < invoices.ndjson"))]
    Insert {
        /// The organization's name, case-insensitive, or id
        organization: String,
        /// No file is read; what is typed here says so.
        #[arg(hide = true)]
        input: Option<String>,
        /// Who is asked.
        #[command(flatten)]
        sure: Sure,
    },
    /// Replace a document by the one from standard input
    #[command(after_help = "\
Examples:
  tenantry doc get acme_corp ID --output canonical > before.json
  tenantry doc replace acme_corp ID --if-unchanged before.json < after.json")]
    Replace {
        /// Which.
        #[command(flatten)]
        one: One,
        /// No file is read; what is typed here says so.
        #[arg(hide = true)]
        input: Option<String>,
    },
    /// Change fields of a document, and nothing else of it
    #[command(group = ArgGroup::new("changes").args(["set", "unset"]).required(true).multiple(true), after_help = "\
A path leads through documents and arrays: address.city, items[2].price, [\"a.b\"]. A value is in shell syntax, or
else text; text that begins as a value does needs double quotes. A bare number keeps the type of the number it replaces.

Examples:
  tenantry doc update acme_corp ID --set paid=true --set 'total=NumberDecimal(\"120.50\")'
  tenantry doc update acme_corp ID --set address.city=Oslo --unset address.country")]
    Update {
        /// Which.
        #[command(flatten)]
        one: One,
        /// A field and its new value; repeatable
        #[arg(long, value_name = "PATH=VALUE", allow_hyphen_values = true)]
        set: Vec<String>,
        /// A field to remove; repeatable
        #[arg(long, value_name = "PATH", allow_hyphen_values = true)]
        unset: Vec<String>,
    },
    /// Delete a document
    Delete {
        /// Which.
        #[command(flatten)]
        one: One,
    },
}

impl DocCommand {
    /// Whether it is meant, where it changes something; none where it only reads.
    pub(super) fn sure(&self) -> Option<&Sure> {
        match self {
            Self::List { .. } | Self::Get { .. } | Self::Count { .. } => None,
            Self::Insert { sure, .. } => Some(sure),
            Self::Replace { one, .. } | Self::Update { one, .. } | Self::Delete { one } => {
                Some(&one.sure)
            }
        }
    }
}
