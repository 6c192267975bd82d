//! What a command answers, as JSON for programs or as a table for people.

use std::fmt::Write as _;

use serde::Serialize;

use super::table::{columns, pairs};
use crate::{
    config::Output,
    org::{Org, StoredText, is_hidden, moment},
    store::{Cursor, SortKey},
    tenancy::Session,
};

/// What a deed answers with.
pub(super) enum Answer {
    /// An organization was made or changed.
    Changed(Org),
    /// An organization is shown.
    Shown(Org),
    /// A page of the list.
    Listed { orgs: Vec<Org>, more: bool, key: SortKey, searched: bool },
    /// An organization is gone.
    Deleted(Org),
    /// A login.
    Login(Session),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_details: Option<ConnectionFields<'a>>,
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
            created_at: org.created_at.try_to_rfc3339_string().ok(),
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
            }),
            Self::Login(session) => json(&LoginFields {
                access_token: session.token(),
                token_type: "bearer",
                admin_id: session.admin_id.to_hex(),
                organization_id: session.organization_id.to_hex(),
                organization_name: &session.organization_name,
            }),
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
            Self::Listed { orgs, searched, .. } if orgs.is_empty() => if *searched {
                "nothing matches\n"
            } else {
                "no organizations\n  → make one with `tenantry org create NAME --email E-MAIL`\n"
            }
            .to_owned(),
            Self::Listed { orgs, .. } => {
                let rows: Vec<_> = orgs
                    .iter()
                    .map(|org| {
                        [
                            org.name.to_string(),
                            org.admin_email.to_string(),
                            moment(org.created_at),
                            org.collection.to_string(),
                        ]
                    })
                    .collect();
                let mut text = columns(&["name", "admin", "created", "collection"], &rows, width);
                if let Some(next) = self.next() {
                    text.push_str("\nmore with --after ");
                    text.push_str(&next);
                    text.push('\n');
                }
                text
            }
            Self::Deleted(org) => format!("deleted “{}”\n", org.name),
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
    vec![
        ("name", org.name.to_string()),
        ("id", org.id.to_hex()),
        ("collection", org.collection.to_string()),
        ("admin", org.admin_email.to_string()),
        ("created", moment(org.created_at)),
    ]
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
}
