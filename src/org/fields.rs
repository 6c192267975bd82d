//! Organizations as JSON, for programs: what commands answer with, and what is copied.

use std::fmt::Write as _;

use bson::DateTime;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{Org, OrgState, StoredText, is_hidden};

/// An organization with the fields of the service before this program, and their names.
#[derive(Serialize, ToSchema)]
#[schema(as = Organization)]
pub struct OrgFields<'a> {
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

/// Since when and until when it is in the trash, both in RFC 3339.
#[derive(Serialize, ToSchema)]
#[schema(as = InTrash)]
pub struct TrashFields {
    deleted_at: Option<String>,
    restorable_until: Option<String>,
}

impl TrashFields {
    /// None for what is not there.
    #[must_use]
    pub fn from_org(org: &Org) -> Option<Self> {
        org.in_trash().map(|time| Self {
            deleted_at: rfc3339(time.since),
            restorable_until: rfc3339(time.until),
        })
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Connection)]
struct ConnectionFields<'a> {
    database: &'a StoredText,
    collection: &'a StoredText,
}

impl<'a> OrgFields<'a> {
    /// Their names, without those of how to connect to it.
    pub const NAMES: [&'static str; 8] = [
        "organization_id",
        "organization_name",
        "collection_name",
        "admin_email",
        "created_at",
        "state",
        "deleted_at",
        "restorable_until",
    ];

    /// All but how to connect to it.
    #[must_use]
    pub fn from_org(org: &'a Org) -> Self {
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
            in_trash: TrashFields::from_org(org),
            connection_details: None,
        }
    }

    /// All of them.
    #[must_use]
    pub fn with_connection(org: &'a Org) -> Self {
        let connection_details = Some(ConnectionFields {
            database: &org.connection.database,
            collection: &org.connection.collection,
        });
        Self { connection_details, ..Self::from_org(org) }
    }
}

/// A time as RFC 3339 has it, always with three decimals, so that times sort as text. None for what
/// RFC 3339 cannot say: years before 0 and after 9999.
#[must_use]
pub fn rfc3339(time: DateTime) -> Option<String> {
    let millis = time.timestamp_millis();
    let at = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).ok()?;
    (0..=9999).contains(&at.year()).then(|| {
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            millis.rem_euclid(1000)
        )
    })
}

/// JSON on lines of its own. It carries stored text raw; what a terminal or an eye could be led
/// astray by is written as `\u…`, which every reader of JSON turns back.
///
/// # Errors
/// When it cannot be said in JSON: never, for fields of ours.
pub fn json_text(value: &impl Serialize) -> Result<String, serde_json::Error> {
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
        let text = json_text(&StoredText::from(stored)).unwrap();
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

    #[test]
    fn a_time_has_three_decimals_whatever_they_are() {
        for (millis, written) in [
            (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
            (1_700_000_000_120, "2023-11-14T22:13:20.120Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(DateTime::from_millis(millis)).as_deref(), Some(written));
        }
    }
}
