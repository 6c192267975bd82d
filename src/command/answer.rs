//! What a command answers, as JSON for programs or as a table for people.

use std::fmt::Write as _;

use serde::Serialize;

use super::{
    Failure, audit,
    code::{self, Mailed},
    configuration::Configured,
    key, operator, records, second_factor,
    sizes::{self, PageSizes, SizedFields},
    table::{UNKNOWN_WIDTH, pairs},
    upgrade::{self, UpgradeFields},
};
use crate::{
    config::Output,
    org::{
        Admin, Operator, Org, OrgFields, OrgState, Secret, StoredText, TrashFields, counted,
        escaped, fit, json_text, thousands, timestamp,
    },
    store::{
        Count, Cursor, Directory, Finding, ListScope, PageQuery, Place, PlaceKind, Purge, Size,
        UpgradePlan,
    },
    tenancy::{
        Account, ApiKeyFields, ApiKeysFields, AuditPage, AuditPageFields, IssuedCode,
        OperatorsFields, OwnedApiKey, Session, Verified, VerifiedFields,
    },
};

/// What an operation answers with.
pub(super) enum Answer {
    /// An organization was made or changed.
    Changed(Org),
    /// An organization is shown, with how much it holds, where that is known.
    Shown(Org, Option<Size>),
    /// Everything, which is written already.
    Written,
    /// The same, and the exit code of the worst.
    Told(u8),
    /// A page of the list, and where it was read.
    /// In a table it ends with how many there are in all.
    Listed {
        orgs: Vec<Org>,
        sizes: PageSizes,
        next: Option<Cursor>,
        query: PageQuery,
        total: Option<Count>,
        /// If none match: those with the nearest names.
        nearest: Vec<Org>,
        place: Place,
    },
    /// How many organizations there are, or match.
    Counted(Count),
    /// How many documents there are, or match.
    DocumentsCounted(u64),
    /// An organization is in the trash, or gone.
    Deleted(Org),
    /// What a purge of the trash came to.
    Purged(Purge),
    /// What an examination found.
    Examined { findings: Vec<Finding>, all: bool },
    /// A login.
    Login(Session),
    /// An organization's admins.
    Admins(Vec<Admin>),
    /// Operators.
    Operators(Directory),
    /// One operator alone.
    Operator(Operator),
    /// An API key that was just created, and its secret.
    NewKey(OwnedApiKey, Secret),
    /// API keys.
    Keys(Vec<OwnedApiKey>),
    /// An API key was revoked.
    Revoked(OwnedApiKey),
    /// The recovery codes of a second factor.
    RecoveryCodes(Vec<Secret>),
    /// A one-time code for an admin, and what came of the mail to them.
    Code { org: Org, issued: IssuedCode, mailed: Mailed },
    /// Entries of the record.
    Audit(AuditPage),
    /// What a verification of the record found.
    Verified(Verified),
    /// What a configuration in order has.
    Configured(Configured),
    /// What an upgrade adds, or what it left.
    Upgrade { plan: UpgradePlan, left: Option<u64> },
}

#[derive(Serialize)]
struct ListFields<'a> {
    organizations: Vec<SizedFields<'a>>,
    next: Option<String>,
}

#[derive(Serialize)]
struct DocumentsFields {
    documents: u64,
}

#[derive(Serialize)]
struct CountFields {
    organizations: u64,
    about: bool,
}

#[derive(Serialize)]
struct DeletedFields<'a> {
    organization_id: String,
    organization_name: &'a StoredText,
    deleted: bool,
    #[serde(flatten)]
    in_trash: Option<TrashFields>,
}

#[derive(Serialize)]
struct ExaminedFields {
    findings: Vec<FindingFields>,
}

#[derive(Serialize)]
struct FindingFields {
    code: &'static str,
    what: String,
    repaired: bool,
    /// How it was repaired, or what to do.
    how: String,
}

#[derive(Serialize)]
struct LoginFields<'a> {
    access_token: &'a str,
    token_type: &'static str,
    #[serde(flatten)]
    account: AccountFields<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AccountFields<'a> {
    Admin { admin_id: String, organization_id: String, organization_name: &'a StoredText },
    Operator { operator_id: String, email: &'a StoredText, role: &'static str },
}

impl<'a> AccountFields<'a> {
    fn from_account(account: &'a Account) -> Self {
        match account {
            Account::Admin { id, organization, organization_name, .. } => Self::Admin {
                admin_id: id.to_hex(),
                organization_id: organization.to_hex(),
                organization_name,
            },
            Account::Operator { id, email, role } => {
                Self::Operator { operator_id: id.to_hex(), email, role: role.word() }
            }
        }
    }
}

#[derive(Serialize)]
struct PurgedFields {
    purged: u64,
    findings: Vec<FindingFields>,
}

impl FindingFields {
    fn all(findings: &[Finding]) -> Vec<Self> {
        let fields = |finding: &Finding| Self {
            code: finding.inconsistency.code(),
            what: finding.inconsistency.to_string(),
            repaired: finding.repair.is_done(),
            how: finding.repair.to_string(),
        };
        findings.iter().map(fields).collect()
    }
}

impl Answer {
    /// The answer as text that ends with a line end; a table is no wider than `width`.
    pub(super) fn render(
        &self,
        output: Output,
        width: Option<usize>,
    ) -> Result<String, serde_json::Error> {
        match output {
            Output::Json => self.json(),
            // One object, one line. Lists are written by `stream`; other commands refuse CSV, TSV and names.
            Output::Ndjson
            | Output::Csv
            | Output::Tsv
            | Output::Name
            | Output::Canonical
            | Output::Shell => Ok(records::one_line(&self.json()?)),
            Output::Table => Ok(self.table(width.unwrap_or(UNKNOWN_WIDTH))),
        }
    }

    fn json(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Changed(org) => json_text(&OrgFields::from_org(org)),
            Self::Shown(org, size) => json_text(&SizedFields::shown(org, *size)),
            Self::Written | Self::Told(_) => Ok(String::new()),
            Self::Listed { orgs, sizes, .. } => json_text(&ListFields {
                organizations: sizes
                    .beside(orgs)
                    .map(|(org, size)| SizedFields::listed(org, size))
                    .collect(),
                next: self.next(),
            }),
            Self::Counted(count) => {
                json_text(&CountFields { organizations: count.counted, about: count.about })
            }
            Self::DocumentsCounted(documents) => {
                json_text(&DocumentsFields { documents: *documents })
            }
            Self::Deleted(org) => json_text(&DeletedFields {
                organization_id: org.id.to_hex(),
                organization_name: &org.name,
                deleted: true,
                in_trash: TrashFields::from_org(org),
            }),
            Self::Purged(purge) => json_text(&PurgedFields {
                purged: purge.purged,
                findings: FindingFields::all(&purge.findings),
            }),
            Self::Examined { findings, .. } => {
                json_text(&ExaminedFields { findings: FindingFields::all(findings) })
            }
            Self::Login(session) => json_text(&LoginFields {
                access_token: session.token(),
                token_type: "bearer",
                account: AccountFields::from_account(&session.account),
            }),
            Self::Admins(admins) => json_text(&audit::AdminsFields::from_admins(admins)),
            Self::Operators(all) => json_text(&OperatorsFields::from_directory(all)),
            Self::Operator(one) => json_text(&OperatorsFields::from_operator(one)),
            Self::NewKey(key, secret) => json_text(&ApiKeyFields::new(key, Some(secret))),
            Self::Keys(keys) => json_text(&ApiKeysFields::new(keys)),
            Self::Revoked(key) => json_text(&ApiKeyFields::new(key, None)),
            Self::RecoveryCodes(codes) => json_text(&second_factor::RecoveryFields::new(codes)),
            Self::Code { org, issued, mailed } => {
                json_text(&code::CodeFields::new(org, issued, mailed))
            }
            Self::Audit(page) => json_text(&AuditPageFields::from_page(page)),
            Self::Verified(verified) => json_text(&VerifiedFields::from_verified(verified)),
            Self::Configured(configured) => json_text(configured),
            Self::Upgrade { plan, left } => json_text(&UpgradeFields::from_plan(plan, *left)),
        }
    }

    fn table(&self, width: usize) -> String {
        match self {
            Self::Changed(org) => pairs(&summary(org), Some(width)),
            Self::Written | Self::Told(_) => String::new(),
            Self::Shown(org, size) => {
                let mut rows = summary(org);
                rows.extend(sizes::summary(*size));
                rows.push(("database", org.connection.database.to_string()));
                pairs(&rows, Some(width))
            }
            Self::Listed { orgs, query, place, nearest, .. } if orgs.is_empty() => {
                // A mistyped name of a database shows.
                let place = place_words(place);
                match (query.search.is_some(), query.scope) {
                    (true, _) => match nearest.first() {
                        Some(nearest) => {
                            format!("no match in {place}; did you mean “{}”?\n", nearest.name)
                        }
                        None => format!("no match in {place}\n"),
                    },
                    (false, ListScope::Live) => format!(
                        "no organizations in {place}\n  → create one with `tenantry org create NAME --email E-MAIL`\n"
                    ),
                    (false, ListScope::Trash) => format!("the trash of {place} is empty\n"),
                }
            }
            Self::Listed { orgs, sizes, query, total, .. } => {
                let mut text = sizes.table(query.scope, orgs, width);
                if let Some(total) = total {
                    text.push('\n');
                    text.push_str(&total_words(orgs.len(), *total, query));
                }
                if let Some(next) = self.next() {
                    text.push_str("more with --after ");
                    text.push_str(&next);
                    text.push('\n');
                }
                text
            }
            Self::Counted(count) if count.about => format!("about {}\n", count.counted),
            Self::Counted(count) => format!("{}\n", count.counted),
            Self::DocumentsCounted(documents) => format!("{documents}\n"),
            Self::Deleted(org) => match org.in_trash() {
                None => format!("purged “{}”\n", org.name),
                Some(time) => format!(
                    "moved “{}” to the trash\n  → restore it until {} with `tenantry org restore`\n",
                    org.name,
                    timestamp(time.until)
                ),
            },
            Self::Purged(purge) => {
                let purged = counted(purge.purged, "organization");
                format!("purged {purged}\n{}", findings_table(&purge.findings, LISTED))
            }
            Self::Examined { findings, .. } if findings.is_empty() => {
                "No problems found\n".to_owned()
            }
            Self::Examined { findings, all } => {
                let most = if *all { usize::MAX } else { LISTED };
                findings_table(findings, most)
            }
            // A token that was cut would be worth nothing.
            Self::Login(session) => {
                let mut rows = match &session.account {
                    Account::Admin { id, email, organization, organization_name } => vec![
                        (
                            "organization",
                            fit(&organization_name.to_string(), UNKNOWN_WIDTH / 2).into_owned(),
                        ),
                        ("organization id", organization.to_hex()),
                        ("admin", email.to_string()),
                        ("admin id", id.to_hex()),
                    ],
                    Account::Operator { id, email, role } => vec![
                        ("operator", email.to_string()),
                        ("role", role.to_string()),
                        ("operator id", id.to_hex()),
                    ],
                };
                rows.push(("token", session.token().to_owned()));
                pairs(&rows, None)
            }
            Self::Admins(admins) => audit::admins_table(admins, width),
            Self::Operators(all) => operator::table(all, width),
            Self::Operator(one) => operator::rows(std::slice::from_ref(one), width),
            Self::NewKey(key, secret) => key::new_table(key, secret),
            Self::Keys(keys) => key::table(keys, width),
            Self::Revoked(key) => key::revoked_table(key),
            Self::RecoveryCodes(codes) => second_factor::table(codes),
            Self::Code { org, issued, mailed } => code::table(org, issued, mailed),
            Self::Audit(page) => audit::audit_table(page, width),
            Self::Verified(verified) => audit::verified_table(verified),
            Self::Configured(configured) => configured.table(),
            Self::Upgrade { plan, left } => upgrade::table(plan, *left),
        }
    }

    /// What went wrong beside what is answered.
    pub(super) fn failure(self) -> Option<Failure> {
        if let Self::Code { mailed: Mailed::No(error), .. } = self {
            Some(error.into())
        } else {
            None
        }
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Examined { findings, .. } => {
                u8::from(!findings.iter().all(|finding| finding.repair.is_done()))
            }
            Self::Purged(purge) => u8::from(!purge.findings.is_empty()),
            Self::Told(code) => *code,
            Self::Verified(verified) => u8::from(verified.tampering.is_some()),
            Self::Upgrade { left, .. } => u8::from(left.is_some_and(|left| left > 0)),
            Self::Changed(_)
            | Self::Shown(..)
            | Self::Written
            | Self::Listed { .. }
            | Self::Counted(_)
            | Self::DocumentsCounted(_)
            | Self::Deleted(_)
            | Self::Login(_)
            | Self::Admins(_)
            | Self::Operators(_)
            | Self::Operator(_)
            | Self::NewKey(..)
            | Self::Keys(_)
            | Self::Revoked(_)
            | Self::RecoveryCodes(_)
            | Self::Code { .. }
            | Self::Audit(_)
            | Self::Configured(_) => 0,
        }
    }

    /// Where the next page begins; none when there is none.
    fn next(&self) -> Option<String> {
        match self {
            Self::Listed { next: Some(next), query, .. } => Some(next.encode(query)),
            Self::Changed(_)
            | Self::Shown(..)
            | Self::Written
            | Self::Told(_)
            | Self::Listed { .. }
            | Self::Counted(_)
            | Self::DocumentsCounted(_)
            | Self::Deleted(_)
            | Self::Purged(_)
            | Self::Examined { .. }
            | Self::Login(_)
            | Self::Admins(_)
            | Self::Operators(_)
            | Self::Operator(_)
            | Self::NewKey(..)
            | Self::Keys(_)
            | Self::Revoked(_)
            | Self::RecoveryCodes(_)
            | Self::Code { .. }
            | Self::Audit(_)
            | Self::Verified(_)
            | Self::Configured(_)
            | Self::Upgrade { .. } => None,
        }
    }
}

/// How many findings of one kind people are shown.
const LISTED: usize = 20;

/// Findings, and what becomes of each. Of one kind at most so many; the others are counted.
fn findings_table(findings: &[Finding], most: usize) -> String {
    let mut text = String::new();
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for Finding { inconsistency, repair } in findings {
        let at = seen.iter().position(|(code, _)| *code == inconsistency.code());
        let at = at.unwrap_or_else(|| {
            seen.push((inconsistency.code(), 0));
            seen.len() - 1
        });
        seen[at].1 += 1;
        if seen[at].1 <= most {
            let (what, how) = (inconsistency.to_string(), repair.to_string());
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}\n  → {}", escaped(&what), escaped(&how));
        }
    }
    for (code, count) in seen.into_iter().filter(|(_, count)| *count > most) {
        let _ = writeln!(text, "{} more: {code}\n  → --all lists them", count - most);
    }
    text
}

/// How many of how many are listed: the last line of a table.
pub(super) fn total_words(listed: usize, total: Count, query: &PageQuery) -> String {
    let listed = u64::try_from(listed).unwrap_or(u64::MAX);
    let whole = total == Count { counted: listed, ..Count::default() };
    let of = if whole { String::new() } else { format!("{} of ", thousands(listed)) };
    let matching = if query.search.is_some() { "matching " } else { "" };
    let noun = if whole && listed == 1 { "organization" } else { "organizations" };
    let scope = match query.scope {
        ListScope::Live => "",
        ListScope::Trash => " in the trash",
    };
    format!("{of}{total} {matching}{noun}{scope}\n")
}

/// What a database is called in a sentence. Safe to show.
fn place_words(place: &Place) -> String {
    match place.kind {
        PlaceKind::Mongo => escaped(&format!("{}/{}", place.address, place.database)).into_owned(),
        PlaceKind::Embedded => escaped(&place.address).into_owned(),
        PlaceKind::Demo => "the demo".to_owned(),
    }
}

/// What stands above a list of organizations.
pub(super) fn heading(scope: ListScope) -> [&'static str; 5] {
    match scope {
        ListScope::Live => ["name", "admin", "created", "collection", "state"],
        ListScope::Trash => ["name", "admin", "trashed", "restorable until", "state"],
    }
}

/// Organizations in a list.
pub(super) fn rows(orgs: &[Org]) -> Vec<[String; 5]> {
    let row = |org: &Org| {
        [
            org.name.to_string(),
            org.shown_admin(),
            timestamp(org.in_trash().map_or(org.created_at, |time| time.since)),
            org.in_trash().map_or_else(|| org.collection.to_string(), |time| timestamp(time.until)),
            state(org).to_owned(),
        ]
    };
    orgs.iter().map(row).collect()
}

fn summary(org: &Org) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("name", org.name.to_string()),
        ("id", org.id.to_hex()),
        ("collection", org.collection.to_string()),
        ("admin", org.shown_admin()),
    ];
    if org.admin_gone {
        rows.push(("", "no longer exists; logins with this e-mail fail".to_owned()));
    }
    rows.push(("created", timestamp(org.created_at)));
    rows.push(("state", state(org).to_owned()));
    rows
}

fn state(org: &Org) -> &'static str {
    match org.state {
        OrgState::Active => "active",
        OrgState::Suspended => "suspended",
        OrgState::InTrash(_) => "in trash",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Inconsistency, Repair};

    #[test]
    fn many_findings_of_one_kind_are_summed_up_unless_all_are_asked_for() {
        let found = |number| Finding {
            inconsistency: Inconsistency::Stale { org: format!("org {number}").into() },
            repair: Repair::Possible,
        };
        let findings: Vec<Finding> = (0..1000).map(found).collect();
        let table = |all| Answer::Examined { findings: findings.clone(), all }.table(UNKNOWN_WIDTH);
        assert_eq!(table(true).lines().count(), 2000);
        let short = table(false);
        assert_eq!(short.lines().count(), 2 * LISTED + 2, "{short}");
        assert!(short.contains("980 more: stale\n  → --all lists them\n"), "{short}");
    }
}
