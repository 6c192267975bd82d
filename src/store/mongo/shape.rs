//! Which fields of a record or an admin are ours. Another program may have fields of the same names;
//! theirs are told from ours by their whole shape, here and nowhere else. What is not ours is never
//! read, never overwritten, and no reason to hide or remove anything.

use mongodb::bson::{Bson, Document, doc, oid::ObjectId};

use super::field::text;
use crate::store::{JournalKind, StoreError};

/// The journal of what is under way; none where there is none, or where somebody else wrote the field.
pub(super) fn pending(record: &Document) -> Option<&Document> {
    let pending = record.get_document("pending").ok()?;
    let ours = pending.get_object_id("id").is_ok()
        && pending.get_datetime("at").is_ok()
        && pending.get_str("kind").is_ok();
    // What is only being created has nothing of the service's yet: a record that has may be anything,
    // but it is not a reservation that could be given up.
    let whole =
        kind(pending) != Some(JournalKind::Create) || !record.contains_key("organization_name");
    (ours && whole).then_some(pending)
}

/// The kind of operation that a journal names; none where a newer program wrote it.
pub(super) fn kind(pending: &Document) -> Option<JournalKind> {
    JournalKind::from_word(text(pending, "kind"))
}

/// What an organization in the trash had; none where it is not in the trash.
pub(super) fn trash(record: &Document) -> Option<&Document> {
    let trash = record.get_document("trash").ok()?;
    let ours = trash.get_datetime("at").is_ok()
        && trash.get("days").is_some_and(is_number)
        && trash.get_str("by").is_ok();
    ours.then_some(trash)
}

/// What an admin of an organization in the trash had; none where the admin is not hidden.
pub(super) fn hidden(admin: &Document) -> Option<&Document> {
    admin.get_document("trash").ok().filter(|trash| trash.contains_key("email"))
}

/// Whether an organization is suspended. What cannot be understood means the least right.
pub(super) fn is_suspended(record: &Document) -> bool {
    !matches!(record.get("suspended"), None | Some(Bson::Null | Bson::Boolean(false)))
}

/// Whether we have suspended it, or another console.
pub(super) fn is_suspended_by_us(record: &Document) -> bool {
    record.contains_key("suspended") && is_ours(record, "suspended")
}

/// The hash of an admin's password that waits until its organization is reactivated.
pub(super) fn suspended_password(admin: &Document) -> Option<&Bson> {
    let waiting = admin.get_document("suspended_password").ok()?;
    waiting.get_datetime("at").ok()?;
    waiting.get("hash")
}

/// The names that its collection had; none where somebody else wrote the field.
pub(super) fn former(record: &Document) -> Vec<&str> {
    match record.get("former") {
        Some(value) if is_ours(record, "former") => {
            value.as_array().into_iter().flatten().filter_map(Bson::as_str).collect()
        }
        _ => Vec::new(),
    }
}

/// A filter of one field: it is this, and no array that has one of these.
pub(super) fn is(kind: &str) -> Document {
    doc! { "$type": kind, "$not": { "$type": "array" } }
}

/// A filter: it is in our trash.
pub(super) fn is_in_trash() -> Document {
    doc! {
        "trash": is("object"),
        "trash.at": is("date"),
        "trash.days": { "$type": ["int", "long"], "$not": { "$type": "array" } },
        "trash.by": is("string"),
    }
}

/// A filter: our journal says that something is under way.
fn is_pending() -> Document {
    doc! {
        "pending": is("object"),
        "pending.id": is("objectId"),
        "pending.at": is("date"),
        "pending.kind": is("string"),
        "$or": [
            { "pending.kind": { "$ne": JournalKind::Create.word() } },
            { "organization_name": { "$exists": false } },
        ],
    }
}

/// A filter: it is not in our trash, and not only being created.
pub(super) fn is_live() -> Document {
    let mut created = is_pending();
    created.insert("pending.kind", JournalKind::Create.word());
    doc! { "$nor": [is_in_trash(), created] }
}

/// A filter: it is not in our trash, and nothing is under way.
pub(super) fn is_idle() -> Document {
    doc! { "$nor": [is_in_trash(), is_pending()] }
}

/// A filter: these fields, which are derived from the service's, are missing or ours, so that they can be
/// written.
pub(super) fn derivable(fields: &[&str]) -> Document {
    let ours = fields.iter().map(|field| {
        let kind = match *field {
            "seen" => doc! { *field: is("object") },
            "listing" => doc! {
                *field: is("object"), "listing.key": is("string"), "listing.text": is("string"),
            },
            "created_key" => doc! { *field: is("date") },
            "claims" => doc! { *field: {
                "$type": "array", "$not": { "$elemMatch": { "$not": { "$type": "string" } } },
            } },
            _ => doc! { *field: is("string") },
        };
        doc! { "$or": [{ *field: { "$exists": false } }, kind] }
    });
    doc! { "$and": ours.collect::<Vec<_>>() }
}

/// Every field of ours in a record.
pub(super) const FIELDS: [&str; 16] = [
    "pending",
    "trash",
    "suspended",
    "revision",
    "login_epoch",
    "former",
    "claims",
    "other_emails",
    "other_admins",
    "name_key",
    "look",
    "look_as_typed",
    "email_key",
    "created_key",
    "listing",
    "seen",
];

/// Every field of ours in an admin.
pub(super) const ADMIN_FIELDS: [&str; 10] = [
    "email_key",
    "seen",
    "organization_id",
    "role",
    "reset",
    "second_factor",
    "trash",
    "operation",
    "joining",
    "suspended_password",
];

/// The fields of a record that somebody else wrote, although they have names of ours.
pub(super) fn foreign(record: &Document) -> Vec<&'static str> {
    FIELDS.into_iter().filter(|field| !is_ours(record, field)).collect()
}

/// The fields of an admin that somebody else wrote.
pub(super) fn foreign_of_admin(admin: &Document) -> Vec<&'static str> {
    ADMIN_FIELDS.into_iter().filter(|field| !is_ours_of_admin(admin, field)).collect()
}

/// A field with a name of ours that somebody else wrote, and that an operation would write as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another program uses its field “{0}”, which Tenantry needs")]
pub(super) struct InTheWay(pub(super) &'static str);

impl From<InTheWay> for StoreError {
    fn from(field: InTheWay) -> Self {
        let help = "rename or remove that field with the program that wrote it, then try again";
        Self::InTheWay { problem: format!("nothing was done: {field}"), help }
    }
}

/// Refuses what another program keeps in a field of a record that is to be written.
pub(super) fn writable(record: &Document, written: &[&'static str]) -> Result<(), InTheWay> {
    none_foreign(written, |field| is_ours(record, field))
}

/// As [`writable`], of an admin.
pub(super) fn writable_admin(admin: &Document, written: &[&'static str]) -> Result<(), InTheWay> {
    none_foreign(written, |field| is_ours_of_admin(admin, field))
}

fn none_foreign(written: &[&'static str], is_ours: impl Fn(&str) -> bool) -> Result<(), InTheWay> {
    match written.iter().find(|field| !is_ours(field)) {
        Some(field) => Err(InTheWay(field)),
        None => Ok(()),
    }
}

/// Whether a field is missing or has the shape that we give it.
pub(super) fn is_ours(record: &Document, field: &str) -> bool {
    let Some(value) = record.get(field) else { return true };
    match field {
        "pending" => pending(record).is_some(),
        "trash" => trash(record).is_some(),
        "suspended" => value.as_document().is_some_and(|suspended| {
            suspended.get_datetime("at").is_ok() && suspended.get_str("by").is_ok()
        }),
        "revision" | "login_epoch" => is_number(value),
        "former" | "claims" | "other_emails" => {
            value.as_array().is_some_and(|all| all.iter().all(|one| one.as_str().is_some()))
        }
        "other_admins" => {
            value.as_array().is_some_and(|all| all.iter().all(|one| one.as_object_id().is_some()))
        }
        "created_key" => value.as_datetime().is_some(),
        "seen" => value.as_document().is_some(),
        "listing" => value.as_document().is_some_and(|listing| {
            listing.get_str("key").is_ok() && listing.get_str("text").is_ok()
        }),
        _ => value.as_str().is_some(),
    }
}

pub(super) fn is_ours_of_admin(admin: &Document, field: &str) -> bool {
    let Some(value) = admin.get(field) else { return true };
    match field {
        "seen" | "second_factor" => value.as_document().is_some(),
        "organization_id" | "operation" | "joining" => value.as_object_id().is_some(),
        "reset" => value.as_document().is_some_and(|reset| {
            reset.get_str("code").is_ok() && reset.get_datetime("until").is_ok()
        }),
        "trash" => hidden(admin).is_some(),
        "suspended_password" => suspended_password(admin).is_some(),
        // Hidden, an admin has its own identity there.
        "email_key" => value.as_str().is_some() || value.as_object_id().is_some(),
        _ => value.as_str().is_some(),
    }
}

fn is_number(value: &Bson) -> bool {
    matches!(value, Bson::Int32(_) | Bson::Int64(_))
}

/// The identity of an admin as a record has it: as the service's text, in either case, or as what it
/// really is.
pub(super) fn id_in(record: &Document, field: &str) -> Option<ObjectId> {
    match record.get(field)? {
        Bson::ObjectId(id) => Some(*id),
        Bson::String(text) | Bson::Symbol(text) => ObjectId::parse_str(text.trim()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::DateTime;

    use super::*;

    fn at() -> DateTime {
        DateTime::from_millis(1)
    }

    #[test]
    fn what_another_program_wrote_is_told_from_ours() {
        for (field, foreign, ours) in [
            ("pending", Bson::Null, doc! { "id": ObjectId::new(), "at": at(), "kind": "x" }.into()),
            (
                "pending",
                doc! { "kind": "create" }.into(),
                doc! { "id": ObjectId::new(), "at": at(), "kind": "update" }.into(),
            ),
            ("trash", false.into(), doc! { "at": at(), "days": 3_i64, "by": "x" }.into()),
            ("trash", doc! { "at": at() }.into(), doc! { "at": at(), "days": 3, "by": "x" }.into()),
            ("suspended", false.into(), doc! { "at": at(), "by": "x" }.into()),
            ("revision", "v3".into(), Bson::from(3_i64)),
            ("login_epoch", "q".into(), Bson::from(3)),
            ("former", "Old Name Ltd".into(), vec!["org_old"].into()),
            ("claims", vec![Bson::from(1)].into(), vec!["name:x"].into()),
            ("other_admins", vec!["x"].into(), vec![ObjectId::new()].into()),
        ] {
            let with = |value: &Bson| doc! { "organization_name": "x", field: value };
            assert_eq!(super::foreign(&with(&foreign)), [field], "{foreign}");
            assert_eq!(super::foreign(&with(&ours)), [""; 0], "{ours}");
        }
    }

    #[test]
    fn a_record_with_a_name_is_no_reservation_of_a_creation() {
        let pending = doc! { "id": ObjectId::new(), "at": at(), "kind": "create" };
        assert!(super::pending(&doc! { "pending": &pending }).is_some());
        assert!(super::pending(&doc! { "pending": &pending, "organization_name": "x" }).is_none());
    }

    #[test]
    fn what_cannot_be_understood_is_suspended() {
        for (value, suspended) in [
            (Bson::Null, false),
            (false.into(), false),
            (true.into(), true),
            ("yes".into(), true),
            (doc! { "at": at(), "by": "x" }.into(), true),
        ] {
            assert_eq!(is_suspended(&doc! { "suspended": &value }), suspended, "{value}");
        }
        assert!(!is_suspended(&doc! {}));
    }
}
