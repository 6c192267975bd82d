//! Where an admin's password is. While its organization is suspended, `password` holds a hash that nobody
//! knows the password of, for the service before this one, and the admin's own waits in
//! `suspended_password` ([`super::operation`]).

use mongodb::bson::{Bson, DateTime, Document, doc};

use super::{field::text, shape};
use crate::org::PasswordHash;

/// The hash of an admin's own password, wherever it is.
pub(super) fn own_password(admin: &Document) -> Option<&Bson> {
    match shape::suspended_password(admin) {
        Some(waiting) if is_locked(admin) => Some(waiting),
        _ => admin.get("password"),
    }
}

/// Whether no password opens the account for another program.
pub(super) fn is_locked(admin: &Document) -> bool {
    text(admin, "password").trim() == PasswordHash::nobodys().as_str()
}

/// Whether an admin's password is not where it belongs.
pub(super) fn is_misplaced(admin: &Document, suspended: bool) -> bool {
    if suspended { !is_locked(admin) } else { shape::suspended_password(admin).is_some() }
}

/// The fields of an admin with a new password. What another program calls suspended locks nobody out of
/// it, so nothing waits either.
pub(super) fn with_password(record: &Document, password: &PasswordHash) -> Document {
    if shape::is_suspended_by_us(record) {
        return doc! {
            "password": PasswordHash::nobodys().as_str(),
            "suspended_password": { "at": DateTime::now(), "hash": password.as_str() },
        };
    }
    doc! { "password": password.as_str() }
}
