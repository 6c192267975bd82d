//! `tenantry audit …`.

use clap::Subcommand;
use mongodb::bson::DateTime;

use super::page_size;
use crate::{org::earlier, store::Head};

/// What can be asked of the record.
#[derive(Debug, Subcommand)]
pub enum AuditDeed {
    /// Show what was done, by whom, and what was refused; the newest first
    #[command(after_help = "\
Examples:
  tenantry audit list --since 7d
  tenantry audit list --org acme_corp --since 2026-11-20T10:30:00Z --output json
  tenantry audit list --before 1204                 the page behind that entry")]
    List {
        /// Only what was done to the organization with this name, now or then
        #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
        org: Option<String>,
        /// Only from then on: a day, a time in RFC 3339, or so long ago (30m, 12h, 7d)
        #[arg(long, value_name = "TIME", value_parser = since)]
        since: Option<DateTime>,
        /// The most entries
        #[arg(
            long,
            value_name = "N",
            default_value_t = 50,
            value_parser = page_size()
        )]
        limit: u32,
        /// Only those before the entry with this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<i64>,
    },
    /// Check that no entry was edited, inserted or removed; prints the head
    #[command(after_help = "\
Whoever can write the database can cut the record's end, or make all of it again. Keep the head it
prints somewhere else, and check against it the next time. Ends with 1 when something is wrong.

Examples:
  tenantry audit verify
  tenantry audit verify --head 1204:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")]
    Verify {
        /// A head that was printed earlier
        #[arg(long, value_name = "HEAD", value_parser = head)]
        head: Option<Head>,
    },
}

fn head(word: &str) -> Result<Head, String> {
    Head::parse(word).ok_or_else(|| "this is no head that “audit verify” printed".to_owned())
}

fn since(word: &str) -> Result<DateTime, String> {
    earlier(word, DateTime::now())
        .ok_or_else(|| "try 2026-11-20, 2026-11-20T10:30:00Z, 30m, 12h or 7d".to_owned())
}
