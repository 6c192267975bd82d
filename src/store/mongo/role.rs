//! What an admin may do, as it is stored; and those of whom that cannot be said.

use mongodb::bson::{Bson, Document, doc};

use super::{Inner, READ, field::text, shape};
use crate::{
    org::{Role, StoredText},
    store::{Inconsistency, Result},
};

/// What there is to say of an unknown role: only a person knows what was meant.
pub(super) const BY_HAND: &str =
    "set the field `role` of this document in `admins` to \"owner\" or \"admin\"";

/// As many characters of another value are shown.
const MOST: usize = 100;

/// An admin's role. The service before this one had no such field, and its admins may do everything;
/// whatever else is no role of ours is the least one.
pub(super) fn role(admin: &Document) -> Role {
    match admin.get("role") {
        None => Role::Owner,
        Some(role) => role.as_str().and_then(Role::parse).unwrap_or(Role::Admin),
    }
}

impl Inner {
    /// The admins whose role is unknown.
    pub(super) async fn unknown_roles(&self) -> Result<Vec<Inconsistency>> {
        let say = |error| self.errors.translate(&error);
        let known = [Role::Owner, Role::Admin].map(Role::word).to_vec();
        // By type as well: to a filter, a list or a symbol with such a word in it is the same.
        let is = |kind: &str| doc! { "$eq": [{ "$type": "$role" }, kind] };
        let role = doc! { "$and": [is("string"), { "$in": ["$role", known] }] };
        let filter = doc! { "$expr": { "$not": [{ "$or": [is("missing"), role] }] } };
        let mut found = self.admins.find(filter).max_time(READ).await.map_err(say)?;
        let mut unknown = Vec::new();
        while found.advance().await.map_err(say)? {
            let Ok(admin) = found.deserialize_current() else { continue };
            let email = shape::hidden(&admin).unwrap_or(&admin);
            let email = StoredText::from(text(email, "email"));
            let role = match admin.get("role") {
                Some(Bson::String(word)) => format!("“{word}”"),
                Some(other) => other.to_string().chars().take(MOST).collect(),
                None => continue,
            };
            unknown.push(Inconsistency::UnknownRole { email, role: role.into() });
        }
        Ok(unknown)
    }
}
