//! The journal: what is under way with an organization, kept in `pending` of its own document from the
//! reservation to the settlement. It holds all that finishing or undoing needs, so that another
//! console can do it after a crash.
//!
//! `pending.id` is the lease under which the operation is carried out, since `pending.at` (the server's
//! clock). Nobody else touches the operation until the lease has run out, and whoever takes it over
//! gives it another one in the same write that checks that, and keeps those before in
//! `pending.earlier`: their commands may still be on the way ([`super::fence`]).

use mongodb::bson::{
    Binary, Bson, DateTime, Document, deserialize_from_document, doc, oid::ObjectId,
    serialize_to_document,
};
use serde::{Deserialize, Serialize};

use super::{record::text, shape};
use crate::{org::StoredText, store::Entry};

/// An operation under way.
pub(super) struct Pending {
    /// Which organization.
    pub(super) org: ObjectId,
    /// The lease under which it is carried out.
    pub(super) id: ObjectId,
    /// The leases that it was carried out under before.
    pub(super) earlier: Vec<ObjectId>,
    /// Which kind, and what it needs.
    pub(super) step: Step,
    /// What goes into the record before anything is done; none in a journal of an older program, and where
    /// nobody asked for it.
    pub(super) entry: Option<Entry>,
    /// What goes into the record as well, once it is to be taken back. From then on it does not go on.
    pub(super) taken_back: Option<Entry>,
    /// The admins that it may write to, as they were before the lease was last seen to be ours: what is
    /// read later may be what came after somebody else has taken it over. Not stored.
    pub(super) admins: Vec<Document>,
}

/// Which kind of operation, as the journal calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    Update,
    /// An update that adds or removes an admin: an older program would not know that.
    Admin,
    Delete,
    Trash,
    Restore,
    Suspend,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Create,
        Self::Update,
        Self::Admin,
        Self::Delete,
        Self::Trash,
        Self::Restore,
        Self::Suspend,
    ];

    /// The word in `pending.kind`; never changes.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Admin => "admin",
            Self::Delete => "delete",
            Self::Trash => "trash",
            Self::Restore => "restore",
            Self::Suspend => "suspend",
        }
    }

    /// The kind that a journal names; none where a newer program wrote it.
    pub(super) fn of(pending: &Document) -> Option<Self> {
        let word = text(pending, "kind");
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What is to happen.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub(super) enum Step {
    /// An organization is being made.
    Create(Creation),
    /// An organization is being changed.
    Update(Edit),
    /// An organization is being removed.
    Delete(Deletion),
    /// An organization is moved to the trash.
    Trash(Shelving),
    /// An organization comes back from the trash.
    Restore(Return),
    /// An organization is suspended or reactivated.
    Suspend(Suspension),
}

/// Everything a new organization consists of.
#[derive(Serialize, Deserialize)]
pub(super) struct Creation {
    pub(super) organization_name: String,
    pub(super) collection_name: String,
    pub(super) admin_id: ObjectId,
    pub(super) admin_email: String,
    pub(super) password: String,
    pub(super) created_at: DateTime,
    pub(super) first_document_id: ObjectId,
}

/// What is different afterwards.
#[derive(Serialize, Deserialize)]
pub(super) struct Edit {
    /// The collection before.
    pub(super) from: String,
    /// The collection afterwards; the same when it stays.
    pub(super) to: String,
    /// Which collection that is, whatever its name; none when there was none.
    pub(super) uuid: Option<Binary>,
    /// The record's fields afterwards.
    pub(super) set: Document,
    /// The claims to go back to.
    pub(super) claims_before: Vec<String>,
    /// The claims to end with.
    pub(super) claims_after: Vec<String>,
    /// Which admin is added, removed or changed.
    pub(super) admin: Option<ObjectId>,
    /// The admin's fields afterwards.
    pub(super) admin_set: Document,
    /// The admin's fields before, of those that change; a change is made only while they are so. None in
    /// a journal of an older program, and where the admin is new.
    #[serde(default)]
    pub(super) admin_before: Option<Document>,
    /// The admin's fields that are gone afterwards.
    #[serde(default)]
    pub(super) admin_unset: Vec<String>,
    /// What becomes of the admin.
    #[serde(default)]
    pub(super) fate: Fate,
    /// Whether the admin is added only as long as the organization has no owner.
    #[serde(default)]
    pub(super) appoints: bool,
    /// The e-mails of the admins beside the first afterwards; none where they stay.
    #[serde(default)]
    pub(super) other_emails: Option<Vec<String>>,
    /// Those admins themselves; none where they stay.
    #[serde(default)]
    pub(super) other_admins: Option<Vec<ObjectId>>,
}

/// What becomes of the admin that an edit is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Fate {
    /// It is there before and afterwards.
    #[default]
    Stays,
    /// It is there afterwards only.
    Comes,
    /// It was there before only.
    Goes,
}

/// Whether an organization is suspended afterwards.
#[derive(Serialize, Deserialize)]
pub(super) struct Suspension {
    pub(super) suspended: bool,
    /// Whether it is so already, and only its admins' passwords are not where they belong.
    #[serde(default)]
    pub(super) renewed: bool,
    /// The admin whom the record names.
    #[serde(default)]
    pub(super) admin: Option<ObjectId>,
}

/// What goes.
#[derive(Serialize, Deserialize)]
pub(super) struct Deletion {
    /// The collection.
    pub(super) collection: String,
    /// Which collection that is: one made later under its name is not ours to drop.
    pub(super) uuid: Option<Binary>,
    /// The admin.
    pub(super) admin: Option<ObjectId>,
}

/// What goes into the trash.
#[derive(Serialize, Deserialize)]
pub(super) struct Shelving {
    /// The collection before.
    pub(super) from: String,
    /// The collection in the trash.
    pub(super) to: String,
    /// Which collection that is, whatever its name; none when there is none to move.
    pub(super) uuid: Option<Binary>,
    /// The admin.
    pub(super) admin: Option<ObjectId>,
    /// For how long it is kept.
    pub(super) days: i64,
}

/// What comes out of the trash.
#[derive(Serialize, Deserialize)]
pub(super) struct Return {
    /// The collection in the trash.
    pub(super) from: String,
    /// The collection afterwards.
    pub(super) to: String,
    /// Which collection that is, whatever its name; none when there is none to move.
    pub(super) uuid: Option<Binary>,
    /// The admin.
    pub(super) admin: Option<ObjectId>,
    /// The record's fields that are not as they were, and ours.
    pub(super) set: Document,
    /// The claims to go back to.
    pub(super) claims_before: Vec<String>,
    /// The claims to end with.
    pub(super) claims_after: Vec<String>,
}

impl Step {
    /// Which kind it is.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Create(_) => Kind::Create,
            Self::Update(edit) => match edit.fate {
                Fate::Stays => Kind::Update,
                Fate::Comes | Fate::Goes => Kind::Admin,
            },
            Self::Delete(_) => Kind::Delete,
            Self::Trash(_) => Kind::Trash,
            Self::Restore(_) => Kind::Restore,
            Self::Suspend(_) => Kind::Suspend,
        }
    }
}

impl Pending {
    /// An operation that is about to begin.
    pub(super) fn new(org: ObjectId, step: Step, entry: &Entry, admins: Vec<Document>) -> Self {
        let (id, earlier) = (ObjectId::new(), Vec::new());
        Self { org, id, earlier, step, entry: Some(entry.clone()), taken_back: None, admins }
    }

    /// One that nothing is recorded of, since nobody asked for it.
    pub(super) fn unrecorded(org: ObjectId, step: Step, admins: Vec<Document>) -> Self {
        let (id, earlier) = (ObjectId::new(), Vec::new());
        Self { org, id, earlier, step, entry: None, taken_back: None, admins }
    }

    /// Reads the journal of a record; `None` when there is none or a newer program wrote it.
    pub(super) fn of(record: &Document) -> Option<Self> {
        let pending = shape::pending(record)?;
        let content = pending.clone();
        let step = match Kind::of(pending)? {
            Kind::Create => Step::Create(deserialize_from_document(content).ok()?),
            Kind::Update | Kind::Admin => Step::Update(deserialize_from_document(content).ok()?),
            Kind::Delete => Step::Delete(deserialize_from_document(content).ok()?),
            Kind::Trash => Step::Trash(deserialize_from_document(content).ok()?),
            Kind::Restore => Step::Restore(deserialize_from_document(content).ok()?),
            Kind::Suspend => Step::Suspend(deserialize_from_document(content).ok()?),
        };
        let entry = |field| pending.get_document(field).ok().map(Entry::of);
        let earlier = pending.get_array("earlier").into_iter().flatten();
        Some(Self {
            org: record.get_object_id("_id").ok()?,
            id: pending.get_object_id("id").ok()?,
            earlier: earlier.filter_map(Bson::as_object_id).collect(),
            step,
            entry: entry("entry"),
            taken_back: entry("taken_back"),
            admins: Vec::new(),
        })
    }

    /// The update that writes the journal with a lease from now on, and `fields` of the record with it.
    pub(super) fn reservation(&self, by: &str, mut fields: Document) -> Result<Document, String> {
        let content = match &self.step {
            Step::Create(content) => serialize_to_document(content),
            Step::Update(content) => serialize_to_document(content),
            Step::Delete(content) => serialize_to_document(content),
            Step::Trash(content) => serialize_to_document(content),
            Step::Restore(content) => serialize_to_document(content),
            Step::Suspend(content) => serialize_to_document(content),
        };
        fields.insert("pending.kind", self.step.kind().word());
        fields.insert("pending.by", by);
        fields.insert("pending.id", self.id);
        if let Some(entry) = &self.entry {
            fields.insert("pending.entry", entry.to_document());
        }
        for (field, value) in content.map_err(|error| error.to_string())? {
            fields.insert(format!("pending.{field}"), value);
        }
        Ok(doc! { "$set": fields, "$currentDate": { "pending.at": true } })
    }

    /// Finds the record while the operation is still this one.
    pub(super) fn filter(&self) -> Document {
        doc! { "_id": self.org, "pending.id": self.id }
    }
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
