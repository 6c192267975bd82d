//! `tenantry key …`.

use bson::DateTime;

use super::{
    Answer, Failure, KeyCommand,
    ask::LogIn,
    table::{columns, pairs},
};
use crate::{
    org::{Secret, timestamp},
    tenancy::{OwnedApiKey, Tenancy},
};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Whether it writes.
pub(super) fn writes(command: &KeyCommand) -> bool {
    match command {
        KeyCommand::List => false,
        KeyCommand::Create { .. } | KeyCommand::Revoke { .. } => true,
    }
}

/// Checks the command line before a database is opened: every command about keys requires a login.
pub(super) fn check(login: &LogIn) -> Result<bool, Failure> {
    login.is_needed("name yourself with --as E-MAIL")?;
    Ok(true)
}

pub(super) async fn answer(
    tenancy: &Tenancy,
    command: KeyCommand,
    login: &mut LogIn,
) -> Result<Answer, Failure> {
    let tenancy = &login.session_of(tenancy).await?;
    match command {
        KeyCommand::Create { name, role, days, no_expiry, .. } => {
            let now = DateTime::now().timestamp_millis();
            let end = DateTime::from_millis(now.saturating_add(i64::from(days) * DAY));
            let (key, secret) =
                tenancy.create_key(&name, role, (!no_expiry).then_some(end)).await?;
            Ok(Answer::NewKey(key, secret))
        }
        KeyCommand::List => Ok(Answer::Keys(tenancy.keys().await?)),
        KeyCommand::Revoke { key, .. } => Ok(Answer::Revoked(tenancy.revoke_key(&key).await?)),
    }
}

/// A key that was just created. One that was cut would be worth nothing.
pub(super) fn new_table(owned: &OwnedApiKey, secret: &Secret) -> String {
    let OwnedApiKey { operator, key } = owned;
    let mut text = pairs(
        &[
            ("name", key.name.to_string()),
            ("operator", operator.to_string()),
            ("role", key.role.to_string()),
            ("expires", key.expires_at.map_or_else(|| "never".to_owned(), timestamp)),
            ("key", secret.reveal().to_owned()),
        ],
        None,
    );
    text.push_str("  → copy it now: it is not shown again\n");
    text
}

pub(super) fn revoked_table(owned: &OwnedApiKey) -> String {
    format!("revoked “{}” of {}\n", owned.key.name, owned.operator)
}

pub(super) fn table(keys: &[OwnedApiKey], width: usize) -> String {
    if keys.is_empty() {
        return "no API keys\n  → create one with `tenantry key create NAME --role ROLE`\n"
            .to_owned();
    }
    let now = DateTime::now();
    let rows: Vec<_> = keys
        .iter()
        .map(|OwnedApiKey { operator, key }| {
            let expires = match key.expires_at {
                None => "never".to_owned(),
                Some(_) if key.has_expired(now) => "expired".to_owned(),
                Some(end) => timestamp(end),
            };
            [
                key.name.to_string(),
                operator.to_string(),
                key.role.to_string(),
                expires,
                key.last_used.map_or_else(|| "never".to_owned(), timestamp),
                key.id.to_hex(),
            ]
        })
        .collect();
    columns(&["key", "operator", "role", "expires", "last used", "id"], &rows, width)
}
