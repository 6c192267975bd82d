//! `tenantry audit …`.

use bson::DateTime;
use clap::{
    Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

use super::page_size;
use crate::{
    org::{OperationKind, earlier},
    store::{Head, Outcome},
};

/// What can be asked of the audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List operations, logins and refusals, newest first
    #[command(after_help = "\
Examples:
  tenantry audit list --since 7d
  tenantry audit list --org acme_corp --since 2026-11-20T10:30:00Z --output json
  tenantry audit list --operator ops@example.com --result refused
  tenantry audit list --action purge --since 2026-11-01 --until 2026-12-01
  tenantry audit list --before 1204                 the page before that entry")]
    List {
        /// Only operations on the organization with this name, current or former
        #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
        org: Option<String>,
        /// Only what this account, user@host or logged-in admin did; exactly this one
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        operator: Option<String>,
        /// Only this action
        #[arg(long, value_name = "CODE", value_parser = action())]
        action: Option<OperationKind>,
        /// Only entries with this result
        #[arg(long, value_name = "RESULT", value_parser = result())]
        result: Option<Outcome>,
        /// Only entries since a day, an RFC 3339 time, or an age (30m, 12h, 7d); that time included
        #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
        since: Option<DateTime>,
        /// Only entries until then; that time excluded: a day is its beginning
        #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
        until: Option<DateTime>,
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

fn time(word: &str) -> Result<DateTime, String> {
    earlier(word, DateTime::now())
        .ok_or_else(|| "try 2026-11-20, 2026-11-20T10:30:00Z, 30m, 12h or 7d".to_owned())
}

/// With all codes said, so that shells complete them: without spaces, and as JSON has them.
fn action() -> impl TypedValueParser<Value = OperationKind> {
    let value =
        |action: &OperationKind| PossibleValue::new(action.typed()).alias(action.code().to_owned());
    PossibleValuesParser::new(OperationKind::KNOWN.iter().map(value).collect::<Vec<_>>())
        .map(|typed| OperationKind::from(typed.replace('-', " ").as_str()))
}

fn result() -> impl TypedValueParser<Value = Outcome> {
    let value = |outcome: Outcome| PossibleValue::new(outcome.typed()).alias(outcome.word());
    PossibleValuesParser::new(Outcome::ALL.map(value)).try_map(|typed| {
        let found =
            Outcome::ALL.into_iter().find(|outcome| outcome.typed() == typed.replace(' ', "-"));
        found.ok_or("unknown result")
    })
}

#[cfg(test)]
mod tests {
    use clap::{Parser as _, error::ErrorKind};

    use super::*;
    use crate::command::{Command, CommandLine, DatabaseCommand};

    fn listed(flags: &[&str]) -> Result<AuditCommand, clap::Error> {
        let line = [&["tenantry", "audit", "list"], flags].concat();
        CommandLine::try_parse_from(line).map(|line| match line.command {
            Some(Command::Database(DatabaseCommand::Audit(command))) => command,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn actions_and_results_are_typed_without_spaces_or_as_they_are_stored() {
        for wanted in OperationKind::KNOWN {
            for typed in [wanted.typed(), wanted.code().to_owned()] {
                let Ok(AuditCommand::List { action, .. }) = listed(&["--action", &typed]) else {
                    panic!("{typed}")
                };
                assert_eq!(action.as_ref(), Some(&wanted), "{typed}");
            }
        }
        for wanted in Outcome::ALL {
            for typed in [wanted.typed(), wanted.word().to_owned()] {
                let Ok(AuditCommand::List { result, .. }) = listed(&["--result", &typed]) else {
                    panic!("{typed}")
                };
                assert_eq!(result, Some(wanted), "{typed}");
            }
        }
    }

    #[test]
    fn an_action_that_is_not_known_is_refused_with_the_nearest() {
        for (flags, nearest) in
            [(["--action", "supsend"], "suspend"), (["--result", "refuse"], "refused")]
        {
            let error = listed(&flags).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue);
            assert!(error.to_string().contains(&format!("'{nearest}'")), "{error}");
        }
    }
}
