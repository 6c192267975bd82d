//! `tenantry doc …`.

use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::page_size;

const FILTERS: &str = "\
A filter is one or more conditions, all of which must match, or a query in shell syntax:
  total>5 paid:true                                   numbers, true, false and null are meant as such
  address.city:\"New York\"                             a dot leads into a document or an array
  _id:6b03591144a42dd288929a18                        or the id alone
  number:INV-2026-*                                   begins with
  '{ total: { $gt: 5 }, \"address.city\": \"Oslo\" }'     a query";

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
  tenantry doc list acme_corp --limit 100 --after ID    the next page: ID is the last one's _id")
    )]
    List {
        /// The organization's name, case-insensitive, or id
        organization: String,
        /// Only documents that match
        #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
        filter: Option<String>,
        /// Sort by _id, ascending or descending
        #[arg(
            long,
            value_name = "BY",
            default_value = "_id",
            allow_hyphen_values = true,
            action = clap::ArgAction::Set,
            value_parser = descending()
        )]
        sort: bool,
        /// Maximum number of documents [default: 20 on a terminal, otherwise all]
        #[arg(long, value_name = "N", value_parser = page_size())]
        limit: Option<u32>,
        /// Only documents after the one with this _id
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
}

/// Whether the order is descending.
fn descending() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["_id", "-_id"]).map(|by| by.starts_with('-'))
}
