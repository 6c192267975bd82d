//! `tenantry audit …`, and how entries, admins and codes are written.

use std::fmt::Write as _;

use bson::oid::ObjectId;
use serde::Serialize;

use super::{
    Answer, Failure,
    table::{UNKNOWN_WIDTH, columns, pairs},
};
use crate::{
    command::AuditCommand,
    org::{Admin, Org, Secret, StoredText, fit, rfc3339, timestamp},
    store::{AuditAt, AuditFilter},
    tenancy::{self, AuditPage, NumberedEntry, Tenancy, Verified},
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

/// The one answer beside a token that is a secret: nobody can ask for it again.
#[derive(Serialize)]
pub(super) struct CodeFields<'a> {
    admin_email: &'a StoredText,
    organization_name: &'a StoredText,
    code: &'a str,
    valid_until: Option<String>,
    /// Only where it was to be mailed.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<bool>,
}

impl<'a> CodeFields<'a> {
    pub(super) fn new(
        org: &'a Org,
        admin: &'a Admin,
        code: &'a Secret,
        sent: Option<&tenancy::Result<()>>,
    ) -> Self {
        Self {
            admin_email: &admin.email,
            organization_name: &org.name,
            code: code.reveal(),
            valid_until: admin.reset.as_ref().and_then(|reset| rfc3339(reset.until)),
            sent: sent.map(Result::is_ok),
        }
    }
}

pub(super) fn code_table(
    org: &Org,
    admin: &Admin,
    code: &Secret,
    sent: Option<&tenancy::Result<()>>,
) -> String {
    let until = admin.reset.as_ref().map_or_else(String::new, |reset| timestamp(reset.until));
    let mut text = pairs(
        &[
            ("organization", fit(&org.name.to_string(), UNKNOWN_WIDTH / 2).into_owned()),
            ("admin", admin.email.to_string()),
            ("code", code.reveal().to_owned()),
            ("valid until", until),
        ],
        None,
    );
    if let Some(Ok(())) = sent {
        text.push_str("  → it was mailed to that address\n");
    }
    text.push_str("  → it is not shown again; set a password with `tenantry admin redeem`\n");
    text
}

#[derive(Serialize)]
pub(super) struct AuditFields<'a> {
    entries: Vec<EntryFields<'a>>,
    /// For `--before`; null where nothing is left.
    next: Option<i64>,
}

#[derive(Serialize)]
struct EntryFields<'a> {
    number: i64,
    at: Option<String>,
    operator: &'a StoredText,
    /// Null where no operator was logged in.
    account: Option<&'a StoredText>,
    /// The API key it was done with.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a StoredText>,
    /// Null where nobody was logged in.
    admin: Option<&'a StoredText>,
    #[serde(rename = "deed")]
    action: &'a str,
    organization_id: Option<String>,
    organization_name: Option<&'a StoredText>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a StoredText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_reason: Option<&'a StoredText>,
    changes: Vec<ChangeFields<'a>>,
}

#[derive(Serialize)]
struct ChangeFields<'a> {
    field: &'a StoredText,
    from: &'a StoredText,
    to: &'a StoredText,
}

impl<'a> AuditFields<'a> {
    pub(super) fn from_page(AuditPage { entries, more }: &'a AuditPage) -> Self {
        let some = |text: &'a StoredText| Some(text).filter(|text| !text.raw().is_empty());
        let fields = |recorded: &'a NumberedEntry| {
            let entry = &recorded.entry;
            let change = |change: &'a crate::store::Difference| ChangeFields {
                field: &change.field,
                from: &change.from,
                to: &change.to,
            };
            EntryFields {
                number: recorded.number,
                at: rfc3339(entry.at),
                operator: &entry.operator,
                account: some(&entry.account),
                key: some(&entry.key),
                admin: some(&entry.admin),
                action: entry.action.code(),
                organization_id: entry.organization.map(ObjectId::to_hex),
                organization_name: some(&entry.name),
                outcome: entry.outcome.word(),
                reason: some(&entry.reason),
                given_reason: some(&entry.given_reason),
                changes: entry.changes.iter().map(change).collect(),
            }
        };
        let next = entries.last().filter(|_| *more).map(|last| last.number);
        Self { entries: entries.iter().map(fields).collect(), next }
    }
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

#[derive(Serialize)]
pub(super) struct VerifiedFields {
    sound: bool,
    /// How many entries are as they were written, from the first.
    entries: i64,
    head: String,
    problem: Option<String>,
}

impl VerifiedFields {
    pub(super) fn from_verified(verified: &Verified) -> Self {
        Self {
            sound: verified.tampering.is_none(),
            entries: verified.head.number,
            head: verified.head.to_string(),
            problem: verified.tampering.as_ref().map(ToString::to_string),
        }
    }
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
