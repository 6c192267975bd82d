//! What a command answers, as JSON for programs or as a table for people.

use std::fmt::Write as _;

use mongodb::bson::DateTime;
use serde::Serialize;

use super::{
    audit,
    table::{columns, pairs},
};
use crate::{
    config::Output,
    org::{Admin, Org, OrgState, Secret, StoredText, escaped, is_hidden, moment},
    store::{Cursor, Finding, Shelf, SortKey},
    tenancy::{Recorded, Session, Verified},
};

/// What a deed answers with.
pub(super) enum Answer {
    /// An organization was made or changed.
    Changed(Org),
    /// An organization is shown.
    Shown(Org),
    /// A page of the list.
    Listed { orgs: Vec<Org>, more: bool, key: SortKey, searched: bool, shelf: Shelf },
    /// An organization is in the trash, or gone.
    Deleted(Org),
    /// What an examination found.
    Examined(Vec<Finding>),
    /// A login.
    Login(Session),
    /// An organization's admins.
    Admins(Vec<Admin>),
    /// A one-time code for an admin.
    Code { org: Org, admin: Admin, code: Secret },
    /// Entries of the record.
    Recorded { entries: Vec<Recorded>, more: bool },
    /// What a verification of the record found.
    Verified(Verified),
}

/// The fields of the service before this program, with its names.
#[derive(Serialize)]
struct OrgFields<'a> {
    organization_id: String,
    organization_name: &'a StoredText,
    collection_name: &'a StoredText,
    admin_email: &'a StoredText,
    /// RFC 3339; null for a stored date outside the years that has.
    created_at: Option<String>,
    /// Only where it is not active.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(flatten)]
    in_trash: Option<TrashFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_details: Option<ConnectionFields<'a>>,
}

/// Both in RFC 3339.
#[derive(Serialize)]
struct TrashFields {
    deleted_at: Option<String>,
    restorable_until: Option<String>,
}

impl TrashFields {
    fn of(org: &Org) -> Option<Self> {
        org.in_trash().map(|time| Self {
            deleted_at: rfc3339(time.since),
            restorable_until: rfc3339(time.until),
        })
    }
}

#[derive(Serialize)]
struct ConnectionFields<'a> {
    database: &'a StoredText,
    collection: &'a StoredText,
}

#[derive(Serialize)]
struct ListFields<'a> {
    organizations: Vec<OrgFields<'a>>,
    next: Option<String>,
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
    admin_id: String,
    organization_id: String,
    organization_name: &'a StoredText,
}

impl<'a> OrgFields<'a> {
    fn of(org: &'a Org) -> Self {
        Self {
            organization_id: org.id.to_hex(),
            organization_name: &org.name,
            collection_name: &org.collection,
            admin_email: &org.admin_email,
            created_at: rfc3339(org.created_at),
            state: match org.state {
                OrgState::Active => None,
                OrgState::Suspended => Some("suspended"),
                OrgState::InTrash(_) => Some("in_trash"),
            },
            in_trash: TrashFields::of(org),
            connection_details: None,
        }
    }

    fn with_connection(org: &'a Org) -> Self {
        let connection_details = Some(ConnectionFields {
            database: &org.connection.database,
            collection: &org.connection.collection,
        });
        Self { connection_details, ..Self::of(org) }
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
            Output::Table => Ok(self.table(width)),
        }
    }

    fn json(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Changed(org) => json(&OrgFields::of(org)),
            Self::Shown(org) => json(&OrgFields::with_connection(org)),
            Self::Listed { orgs, .. } => json(&ListFields {
                organizations: orgs.iter().map(OrgFields::of).collect(),
                next: self.next(),
            }),
            Self::Deleted(org) => json(&DeletedFields {
                organization_id: org.id.to_hex(),
                organization_name: &org.name,
                deleted: true,
                in_trash: TrashFields::of(org),
            }),
            Self::Examined(findings) => json(&ExaminedFields {
                findings: findings
                    .iter()
                    .map(|finding| FindingFields {
                        code: finding.trouble.code(),
                        what: finding.trouble.to_string(),
                        repaired: finding.repair.is_done(),
                        how: finding.repair.to_string(),
                    })
                    .collect(),
            }),
            Self::Login(session) => json(&LoginFields {
                access_token: session.token(),
                token_type: "bearer",
                admin_id: session.admin_id.to_hex(),
                organization_id: session.organization_id.to_hex(),
                organization_name: &session.organization_name,
            }),
            Self::Admins(admins) => json(&audit::AdminsFields::of(admins)),
            Self::Code { org, admin, code } => json(&audit::CodeFields::of(org, admin, code)),
            Self::Recorded { entries, more } => json(&audit::RecordFields::of(entries, *more)),
            Self::Verified(verified) => json(&audit::VerifiedFields::of(verified)),
        }
    }

    fn table(&self, width: Option<usize>) -> String {
        match self {
            Self::Changed(org) => pairs(&summary(org), width),
            Self::Shown(org) => {
                let mut rows = summary(org);
                rows.push(("database", org.connection.database.to_string()));
                pairs(&rows, width)
            }
            Self::Listed { orgs, searched, shelf, .. } if orgs.is_empty() => match (searched, shelf) {
                (true, _) => "nothing matches\n",
                (false, Shelf::Live) => {
                    "no organizations\n  → make one with `tenantry org create NAME --email E-MAIL`\n"
                }
                (false, Shelf::Trash) => "the trash is empty\n",
            }
            .to_owned(),
            Self::Listed { orgs, shelf, .. } => {
                let (fourth, fifth) = match shelf {
                    Shelf::Live => ("created", "collection"),
                    Shelf::Trash => ("deleted", "restorable until"),
                };
                let rows: Vec<_> = orgs
                    .iter()
                    .map(|org| {
                        [
                            org.name.to_string(),
                            org.admin_email.to_string(),
                            moment(org.in_trash().map_or(org.created_at, |time| time.since)),
                            org.in_trash()
                                .map_or_else(|| org.collection.to_string(), |t| moment(t.until)),
                        ]
                    })
                    .collect();
                let mut text = columns(&["name", "admin", fourth, fifth], &rows, width);
                if let Some(next) = self.next() {
                    text.push_str("\nmore with --after ");
                    text.push_str(&next);
                    text.push('\n');
                }
                text
            }
            Self::Deleted(org) => match org.in_trash() {
                None => format!("deleted “{}”\n", org.name),
                Some(time) => format!(
                    "moved “{}” to the trash\n  → until {} it comes back with `tenantry org restore`\n",
                    org.name,
                    moment(time.until)
                ),
            },
            Self::Examined(findings) if findings.is_empty() => "nothing is wrong\n".to_owned(),
            Self::Examined(findings) => {
                findings.iter().fold(String::new(), |mut text, finding| {
                    // Writing to a string cannot fail.
                    let _ = writeln!(
                        text,
                        "{}\n  → {}",
                        escaped(&finding.trouble.to_string()),
                        escaped(&finding.repair.to_string())
                    );
                    text
                })
            }
            // A token that was cut would be worth nothing.
            Self::Login(session) => pairs(
                &[
                    ("organization", session.organization_name.to_string()),
                    ("organization id", session.organization_id.to_hex()),
                    ("admin", session.admin_email.to_string()),
                    ("admin id", session.admin_id.to_hex()),
                    ("token", session.token().to_owned()),
                ],
                None,
            ),
            Self::Admins(admins) => audit::admins_table(admins, width),
            Self::Code { org, admin, code } => audit::code_table(org, admin, code),
            Self::Recorded { entries, more } => audit::record_table(entries, *more, width),
            Self::Verified(verified) => audit::verified_table(verified),
        }
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Examined(findings) => {
                u8::from(!findings.iter().all(|finding| finding.repair.is_done()))
            }
            Self::Verified(verified) => u8::from(verified.tampering.is_some()),
            _ => 0,
        }
    }

    /// Where the next page begins; none when there is none.
    fn next(&self) -> Option<String> {
        match self {
            Self::Listed { orgs, more: true, key, .. } => {
                orgs.last().map(|org| Cursor::of(org, *key).encode())
            }
            _ => None,
        }
    }
}

fn summary(org: &Org) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("name", org.name.to_string()),
        ("id", org.id.to_hex()),
        ("collection", org.collection.to_string()),
        ("admin", org.admin_email.to_string()),
        ("created", moment(org.created_at)),
    ];
    if org.state == OrgState::Suspended {
        rows.push(("state", "suspended".to_owned()));
    }
    rows
}

/// None for what RFC 3339 cannot say (years before 0 and after 9999), where the driver would name
/// the nearest date that it can.
pub(super) fn rfc3339(time: DateTime) -> Option<String> {
    let written = time.try_to_rfc3339_string().ok()?;
    let read = DateTime::parse_rfc3339_str(&written).ok()?;
    (read == time).then_some(written)
}

/// JSON on lines of its own. It carries stored text raw; what a terminal or an eye could be led
/// astray by is written as `\u…`, which every reader of JSON turns back.
fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let plain = serde_json::to_string_pretty(value)?;
    let mut safe = String::with_capacity(plain.len() + 1);
    for character in plain.chars() {
        // Hidden characters are only ever inside strings, except the line ends between values.
        if is_hidden(character) && character != '\n' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    safe.push('\n');
    Ok(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_what_is_stored_and_shows_nothing_hidden() {
        let stored = "a\x1b[2J\u{9b}31m\u{202e}\u{7f}\u{e0041}\n日本\\\"";
        let text = json(&StoredText::from(stored)).unwrap();
        assert!(!text.trim_end().chars().any(is_hidden), "{text}");
        assert!(text.contains("日本"));
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), stored);
    }

    #[test]
    fn a_date_rfc_3339_cannot_say_is_none() {
        for impossible in [DateTime::MAX, DateTime::MIN, DateTime::from_millis(-63_000_000_000_000)]
        {
            assert_eq!(rfc3339(impossible), None);
        }
    }
}
