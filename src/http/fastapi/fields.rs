//! What the FastAPI service answered with.

use bson::DateTime;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    org::{Org, StoredText},
    tenancy::{Account, Session},
};

/// An organization, as it was answered after a change.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedOrg)]
pub(super) struct CreatedFields<'a> {
    organization_id: String,
    organization_name: &'a StoredText,
    collection_name: &'a StoredText,
    admin_email: &'a StoredText,
    created_at: Option<String>,
}

impl<'a> CreatedFields<'a> {
    pub(super) fn from_org(org: &'a Org) -> Self {
        Self {
            organization_id: org.id.to_hex(),
            organization_name: &org.name,
            collection_name: &org.collection,
            admin_email: &org.admin_email,
            created_at: isoformat(org.created_at),
        }
    }
}

/// An organization, as it was shown.
#[derive(Serialize, ToSchema)]
#[schema(as = ShownOrg)]
pub(super) struct ShownFields<'a> {
    #[serde(flatten)]
    org: CreatedFields<'a>,
    connection_details: ConnectionFields<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConnectionDetails)]
struct ConnectionFields<'a> {
    database: &'a StoredText,
    collection: &'a StoredText,
}

impl<'a> ShownFields<'a> {
    pub(super) fn from_org(org: &'a Org) -> Self {
        let connection_details = ConnectionFields {
            database: &org.connection.database,
            collection: &org.connection.collection,
        };
        Self { org: CreatedFields::from_org(org), connection_details }
    }
}

/// A login.
#[derive(Serialize, ToSchema)]
#[schema(as = AdminToken)]
pub(super) struct LoginFields<'a> {
    access_token: &'a str,
    token_type: &'static str,
    #[serde(flatten)]
    account: AccountFields<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = AdminAccount)]
enum AccountFields<'a> {
    Admin {
        admin_id: String,
        organization_id: String,
        organization_name: &'a StoredText,
    },
    /// The FastAPI service had none.
    Operator {
        operator_id: String,
        email: &'a StoredText,
        role: &'static str,
    },
}

impl<'a> LoginFields<'a> {
    pub(super) fn from_session(session: &'a Session) -> Self {
        let account = match &session.account {
            Account::Admin { id, organization, organization_name, .. } => AccountFields::Admin {
                admin_id: id.to_hex(),
                organization_id: organization.to_hex(),
                organization_name,
            },
            Account::Operator { id, email, role } => {
                AccountFields::Operator { operator_id: id.to_hex(), email, role: role.word() }
            }
        };
        Self { access_token: session.token(), token_type: "bearer", account }
    }
}

/// A time as Python's `datetime.isoformat` has it: UTC without saying so, with microseconds where there are any. None
/// for years that it does not know.
fn isoformat(time: DateTime) -> Option<String> {
    let millis = time.timestamp_millis();
    let at = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).ok()?;
    let (date, clock) = (at.date(), at.time());
    (1..=9999).contains(&date.year()).then(|| {
        let seconds = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            date.year(),
            u8::from(date.month()),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second()
        );
        match millis.rem_euclid(1000) {
            0 => seconds,
            millis => format!("{seconds}.{millis:03}000"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_python() {
        let shown = |millis| isoformat(DateTime::from_millis(millis));
        assert_eq!(shown(1_733_999_400_000).as_deref(), Some("2024-12-12T10:30:00"));
        assert_eq!(shown(1_733_999_400_528).as_deref(), Some("2024-12-12T10:30:00.528000"));
        assert_eq!(shown(-1).as_deref(), Some("1969-12-31T23:59:59.999000"));
        assert_eq!(shown(i64::MAX), None);
        assert_eq!(shown(i64::MIN), None);
    }
}
