//! The journal: what is under way with an organization, kept in `pending` of its own document from the
//! reservation to the settlement. It holds all that finishing or undoing needs, so that another
//! console can do it after a crash; each operation knows what that is ([`super::operation`]).
//!
//! `pending.id` is the lease under which the operation is carried out, since `pending.at` (the server's
//! clock). Nobody else touches the operation until the lease has run out, and whoever takes it over
//! gives it another one in the same write that checks that, and keeps those before in
//! `pending.earlier`: their commands may still be on the way.

use mongodb::bson::{Bson, Document, doc, oid::ObjectId};

use super::{field::text, shape};
use crate::{org::StoredText, store::Entry};

/// Under which lease an operation is carried out, on which organization, and what is in the audit log of it.
pub(super) struct Pending {
    /// Which organization.
    pub(super) org: ObjectId,
    /// The lease under which it is carried out.
    pub(super) id: ObjectId,
    /// The leases that it was carried out under before.
    pub(super) earlier: Vec<ObjectId>,
    /// Who asked for it.
    pub(super) by: String,
    /// What goes into the audit log before anything is done; none in a journal of an older program, and
    /// where nobody asked for it.
    pub(super) entry: Option<Entry>,
    /// What goes into the audit log as well, once it is to be taken back. From then on it does not go on.
    pub(super) taken_back: Option<Entry>,
    /// The admins that it may write to, as they were before the lease was last seen to be ours: what is
    /// read later may be what came after somebody else has taken it over. Not stored.
    pub(super) admins: Vec<Document>,
}

impl Pending {
    /// An operation that is about to begin.
    pub(super) fn new(org: ObjectId, entry: &Entry, admins: Vec<Document>) -> Self {
        let by = entry.operator.raw().to_owned();
        Self { entry: Some(entry.clone()), ..Self::without_entry(org, by, admins) }
    }

    /// One that has no entry in the audit log, since nobody asked for it.
    pub(super) fn without_entry(org: ObjectId, by: String, admins: Vec<Document>) -> Self {
        let (id, earlier) = (ObjectId::new(), Vec::new());
        Self { org, id, earlier, by, entry: None, taken_back: None, admins }
    }

    /// Reads the journal of a record; `None` when there is none.
    pub(super) fn from_record(record: &Document) -> Option<Self> {
        let pending = shape::pending(record)?;
        let entry = |field| pending.get_document(field).ok().map(Entry::from_document);
        let earlier = pending.get_array("earlier").into_iter().flatten();
        Some(Self {
            org: record.get_object_id("_id").ok()?,
            id: pending.get_object_id("id").ok()?,
            earlier: earlier.filter_map(Bson::as_object_id).collect(),
            by: text(pending, "by").to_owned(),
            entry: entry("entry"),
            taken_back: entry("taken_back"),
            admins: Vec::new(),
        })
    }

    /// Finds the record while the operation is still this one.
    pub(super) fn filter(&self) -> Document {
        doc! { "_id": self.org, "pending.id": self.id }
    }
}

/// Finds the record while it is as it was read, with nothing under way.
pub(super) fn unchanged(read: &Document, id: ObjectId) -> Document {
    let mut filter = doc! { "_id": id, "pending": { "$exists": false } };
    for field in ["organization_name", "collection_name", "admin_id", "admin_email", "revision"] {
        match read.get(field) {
            // What was not UTF-8 reads as U+FFFD and cannot be compared.
            Some(Bson::String(text)) if text.contains('\u{fffd}') => {}
            Some(value) => {
                filter.insert(field, doc! { "$eq": value.clone() });
            }
            None => {
                filter.insert(field, doc! { "$exists": false });
            }
        }
    }
    filter
}

/// Who is doing what is under way.
pub(super) fn by(record: &Document) -> StoredText {
    match shape::pending(record).map(|pending| text(pending, "by")) {
        Some(by) if !by.is_empty() => StoredText::from(by),
        _ => StoredText::from("someone else"),
    }
}

/// True of records whose lease has run out, by the server's clock.
pub(super) fn expired(lease: std::time::Duration) -> Document {
    let millis = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    doc! { "$expr": { "$lte": ["$pending.at", { "$subtract": ["$$NOW", millis] }] } }
}

/// The part of an update that stores claims. None at all must be a missing field: the unique index
/// would take two empty arrays for the same claim.
pub(super) fn set_claims(update: &mut Document, claims: &[String]) {
    set_or_unset(update, "claims", claims);
}

/// The part of an update that stores what may be none at all, which is a missing field.
pub(super) fn set_or_unset<T: Clone + Into<Bson>>(
    update: &mut Document,
    field: &str,
    values: &[T],
) {
    let (operator, value) = if values.is_empty() {
        ("$unset", Bson::from(""))
    } else {
        ("$set", Bson::Array(values.iter().cloned().map(Into::into).collect()))
    };
    match update.get_document_mut(operator) {
        Ok(fields) => {
            fields.insert(field, value);
        }
        Err(_) => {
            update.insert(operator, doc! { field: value });
        }
    }
}
