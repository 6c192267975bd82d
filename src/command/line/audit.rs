//! `tenantry audit …`.

use bson::DateTime;
use clap::Subcommand;

use super::page_size;
use crate::{org::earlier, store::Head};

/// What can be asked of the audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List operations, logins and refusals, newest first
    #[command(after_help = "\
Examples:
  tenantry audit list --since 7d
  tenantry audit list --org acme_corp --since 2026-11-20T10:30:00Z --output json
  tenantry audit list --before 1204                 the page before that entry")]
    List {
        /// Only operations on the organization with this name, current or former
        #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
        org: Option<String>,
        /// Only entries since a day, an RFC 3339 time, or an age (30m, 12h, 7d)
        #[arg(long, value_name = "TIME", value_parser = since)]
        since: Option<DateTime>,
        /// Maximum number of entries
        #[arg(
            long,
            value_name = "N",
            default_value_t = 50,
            value_parser = page_size()
        )]
        limit: u32,
        /// Only entries before this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<i64>,
    },
    /// Verify that no entry was edited, inserted or removed, and print the head
    #[command(after_help = "\
A user with write access to the database can truncate or rebuild the audit log. Keep the printed head
elsewhere, and pass it with --head next time. Exits with 1 on tampering.

Examples:
  tenantry audit verify
  tenantry audit verify --head 1204:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")]
    Verify {
        /// A head printed earlier
        #[arg(long, value_name = "HEAD", value_parser = head)]
        head: Option<Head>,
    },
}

fn head(word: &str) -> Result<Head, String> {
    Head::parse(word).ok_or_else(|| "not a head printed by “audit verify”".to_owned())
}

fn since(word: &str) -> Result<DateTime, String> {
    earlier(word, DateTime::now())
        .ok_or_else(|| "try 2026-11-20, 2026-11-20T10:30:00Z, 30m, 12h or 7d".to_owned())
}
