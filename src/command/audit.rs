//! `tenantry audit …`, and how entries, admins and codes are written.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Answer, Failure, table::columns};
use crate::{
    command::AuditCommand,
    org::{Admin, StoredText, rfc3339, timestamp},
    store::{AuditAt, AuditFilter},
    tenancy::{AuditPage, NumberedEntry, Tenancy, Verified},
};

pub(super) async fn answer(tenancy: &Tenancy, command: AuditCommand) -> Result<Answer, Failure> {
    match command {
        AuditCommand::List { org, operator, action, result, since, until, limit, before } => {
            let at = before.map_or(AuditAt::Newest, AuditAt::Before);
            let filter = AuditFilter {
                operator,
                actions: action.into_iter().collect(),
                outcomes: result.into_iter().collect(),
                since,
                until,
                ..AuditFilter::ALL
            };
            Ok(Answer::Audit(tenancy.audit(org.as_deref(), &filter, at, limit).await?))
        }
        AuditCommand::Verify { head } => Ok(Answer::Verified(tenancy.verify(head.as_ref()).await?)),
    }
}

#[derive(Serialize)]
pub(super) struct AdminsFields<'a> {
    admins: Vec<AdminFields<'a>>,
}

#[derive(Serialize)]
struct AdminFields<'a> {
    admin_id: String,
    email: &'a StoredText,
    role: &'static str,
    created_at: Option<String>,
    second_factor: bool,
    /// Only while a one-time code can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    code_until: Option<String>,
}

impl<'a> AdminsFields<'a> {
    pub(super) fn from_admins(admins: &'a [Admin]) -> Self {
        let fields = |admin: &'a Admin| AdminFields {
            admin_id: admin.id.to_hex(),
            email: &admin.email,
            role: admin.role.word(),
            created_at: rfc3339(admin.created_at),
            second_factor: admin.second_factor.is_some(),
            code_until: admin.reset.as_ref().and_then(|reset| rfc3339(reset.until)),
        };
        Self { admins: admins.iter().map(fields).collect() }
    }
}

pub(super) fn admins_table(admins: &[Admin], width: usize) -> String {
    let rows: Vec<_> = admins
        .iter()
        .map(|admin| {
            [
                admin.email.to_string(),
                admin.role.to_string(),
                timestamp(admin.created_at),
                if admin.second_factor.is_some() { "totp" } else { "" }.to_owned(),
                admin.reset.as_ref().map_or_else(String::new, |reset| timestamp(reset.until)),
            ]
        })
        .collect();
    columns(&["admin", "role", "added", "second factor", "code until"], &rows, width)
}

pub(super) fn audit_table(AuditPage { entries, more }: &AuditPage, width: usize) -> String {
    if entries.is_empty() {
        return "no entries\n".to_owned();
    }
    let rows: Vec<_> = entries
        .iter()
        .map(|NumberedEntry { number, entry, .. }| {
            let by = if entry.by() == &entry.operator {
                entry.operator.to_string()
            } else {
                format!("{} ({})", entry.shown_by(), entry.operator)
            };
            [
                number.to_string(),
                timestamp(entry.at).replace(" UTC", ""),
                by,
                entry.action.to_string(),
                entry.name.to_string(),
                entry.came_to(),
            ]
        })
        .collect();
    let heading = ["number", "when (UTC)", "operator", "action", "organization", "result"];
    let mut text = columns(&heading, &rows, width);
    if let Some(last) = entries.last().filter(|_| *more) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\nmore with --before {}", last.number);
    }
    text
}

pub(super) fn verified_table(verified: &Verified) -> String {
    let Verified { head, tampering } = verified;
    match tampering {
        None => format!(
            "{} entries, chain intact\nhead {head}\n  → keep this head elsewhere: `tenantry audit verify --head HEAD` then also \
             detects a truncated or rebuilt log\n",
            head.number
        ),
        Some(tampering) => format!(
            "{tampering}\n  → the chain is intact up to entry {} (head {head})\n",
            head.number
        ),
    }
}
