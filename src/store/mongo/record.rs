//! The documents of the master database and what they mean here: field names, and reading a record
//! leniently, since another program may have written anything.
//!
//! Fields of the service before this one: `organization_name`, `collection_name`, `admin_id`,
//! `admin_email`, `created_at`, `connection_details`. Ours beside them: `name_key`, `listing`
//! ([`super::listing`]), `email_key` and `created_key` (what lists are sorted and searched by), `look` and `look_as_typed` ([`super::looks`]), `claims` (what the organization keeps for itself,
//! under a unique index), `seen` (what those were derived from), `other_emails` (of the admins beside
//! the first, which the organization claims too), `other_admins` (those admins), `revision`, `login_epoch`, `suspended`, `former`
//! (names its collection had), `pending`, the journal ([`super::journal`]), and `trash`. An admin has
//! `email_key` and `seen` of ours, and `organization_id` and `role` where the record names another one
//! as the first, `reset` (the hash of a one-time code), `second_factor`, `operation` (the lease that last wrote to it),
//! `suspended_password` ([`super::password`]),
//! `trash`, and `joining` until the operation that adds it is settled.
//!
//! In the trash, the service's fields and the sorted keys are in `trash`, and `organization_name` is
//! the record's own `_id`: no name that is asked for is ever equal to it, so that the organization is
//! gone for the service, and no unique index that the service may have made is violated by two of
//! them. Its admin is hidden in the same way, by its e-mail.

use mongodb::bson::{Bson, DateTime, Document, doc, oid::ObjectId};

use super::{
    field::{number, stored, strings, text},
    listing,
    password::own_password,
    role::role,
    shape,
};
use crate::org::{
    Admin, COLLECTION_PREFIX, Claim, Connection, InTrash, Org, OrgState, PasswordHash, ResetCode,
    SecondFactor, StoredText, UnderWay, email_key, look_as_typed, name_key, name_look,
};
use crate::store::JournalKind;

/// Reads an organization; `None` when its `_id` is no `ObjectId` (no program of ours wrote that) or
/// when it is only being created. Whatever else is missing or of another type is empty.
pub(super) fn org(record: &Document) -> Option<Org> {
    let id = record.get_object_id("_id").ok()?;
    let under_way = match shape::pending(record).map(shape::kind) {
        None => None,
        Some(Some(JournalKind::Create)) => return None,
        Some(kind) => match kind.map_or(UnderWay::Changing, JournalKind::under_way) {
            UnderWay::Changing if renames(record) => Some(UnderWay::Renaming),
            under_way => Some(under_way),
        },
    };
    let trash = shape::trash(record);
    let state = match (trash, shape::is_suspended(record)) {
        (Some(trash), _) => {
            let released = stored_claims(record).is_empty();
            OrgState::InTrash(InTrash { released, ..in_trash(trash) })
        }
        (None, true) => OrgState::Suspended,
        (None, false) => OrgState::Active,
    };
    let revision = number(record, "revision");
    let other_emails = other_emails(record).into_iter().map(StoredText::from).collect();
    let login_epoch = login_epoch(record);
    let created_at = created_at(record, id);
    let record = trash.unwrap_or(record);
    let nowhere = Document::new();
    let connection = record.get_document("connection_details").unwrap_or(&nowhere);
    Some(Org {
        id,
        admin_gone: false,
        name: stored(record, "organization_name"),
        collection: StoredText::from(collection_in(record)),
        admin_id: match record.get("admin_id") {
            Some(Bson::ObjectId(id)) => StoredText::from(id.to_hex()),
            _ => stored(record, "admin_id"),
        },
        admin_email: stored(record, "admin_email"),
        other_emails,
        created_at,
        connection: Connection {
            database: stored(connection, "database"),
            collection: stored(connection, "collection"),
        },
        state,
        under_way,
        revision,
        login_epoch,
    })
}

/// Whether the edit that is under way gives it another name.
pub(super) fn renames(record: &Document) -> bool {
    let set = shape::pending(record).and_then(|pending| pending.get_document("set").ok());
    set.is_some_and(|set| set.contains_key("organization_name"))
}

fn in_trash(trash: &Document) -> InTrash {
    let since = trash.get_datetime("at").copied().unwrap_or(DateTime::MIN);
    let days = number(trash, "days");
    let until = since.timestamp_millis().saturating_add(days.saturating_mul(DAY));
    InTrash { since, until: DateTime::from_millis(until), released: false }
}

/// A day in milliseconds.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;

/// Where the organization's documents are now; none where they are in no collection that an
/// organization can have. A record that names another one, by mistake or malice, must not make us
/// read, move or drop it.
pub(super) fn held_in(org: &Org) -> Option<String> {
    let collection = org.collection.raw();
    match org.in_trash() {
        _ if !is_ours(collection) => None,
        Some(_) => Some(trash_collection(org.id)),
        None => Some(collection.to_owned()),
    }
}

/// Where the documents of an organization in the trash are.
pub(super) fn trash_collection(org: ObjectId) -> String {
    format!("{TRASH_PREFIX}{}", org.to_hex())
}

/// Which collections hold what is in the trash.
pub(super) const TRASH_PREFIX: &str = "trash_";

/// Whether an admin is hidden: with its organization in the trash, or before it is one at all.
pub(super) fn is_hidden_admin(record: &Document) -> bool {
    shape::hidden(record).is_some()
}

/// Reads an admin; `None` when its `_id` is no `ObjectId`, or when it is hidden.
pub(super) fn admin(record: &Document) -> Option<Admin> {
    if is_hidden_admin(record) { None } else { read_admin(record, record) }
}

/// Reads an admin, hidden or not.
pub(super) fn any_admin(record: &Document) -> Option<Admin> {
    admin(record).or_else(|| admin_in_trash(record))
}

/// Reads an admin whose organization is in the trash.
pub(super) fn admin_in_trash(record: &Document) -> Option<Admin> {
    read_admin(record, shape::hidden(record)?)
}

fn read_admin(record: &Document, email: &Document) -> Option<Admin> {
    let id = record.get_object_id("_id").ok()?;
    Some(Admin {
        id,
        email: stored(email, "email"),
        password: password(record),
        created_at: created_at(record, id),
        role: role(record),
        organization: record.get_object_id("organization_id").ok(),
        reset: reset(record),
        second_factor: SecondFactor::from_field(record.get("second_factor")),
    })
}

/// The hash of an admin's password, which other programs keep as text or as bytes.
fn password(record: &Document) -> PasswordHash {
    let hash = match own_password(record) {
        Some(Bson::String(hash)) => hash.clone(),
        Some(Bson::Binary(hash)) => String::from_utf8_lossy(&hash.bytes).into_owned(),
        _ => String::new(),
    };
    PasswordHash::stored(hash)
}

/// The admin whom an organization's record names by identity.
pub(super) fn first_admin(record: &Document) -> Option<ObjectId> {
    match shape::trash(record).unwrap_or(record).get("admin_id")? {
        Bson::ObjectId(id) => Some(*id),
        Bson::String(hex) => ObjectId::parse_str(hex).ok(),
        _ => None,
    }
}

/// The admins beside the first whom a record lists; none where an older program wrote it, which listed
/// only their e-mails.
pub(super) fn other_admins(record: &Document) -> Option<Vec<ObjectId>> {
    let listed = record.get_array("other_admins").ok()?;
    Some(listed.iter().filter_map(Bson::as_object_id).collect())
}

/// Whether a record lists this admin beside the first.
pub(super) fn lists(record: &Document, admin: &Admin) -> bool {
    if let Some(listed) = other_admins(record) {
        return listed.contains(&admin.id);
    }
    let own = record.get_object_id("_id").ok();
    own.is_some()
        && admin.organization == own
        && other_emails(record).contains(&email_key(admin.email.raw()))
}

/// The one-time code that was handed out to an admin and not used yet.
fn reset(record: &Document) -> Option<ResetCode> {
    let reset = record.get_document("reset").ok()?;
    let until = *reset.get_datetime("until").ok()?;
    Some(ResetCode { hash: text(reset, "code").to_owned(), until })
}

/// What a document is called in a sentence: its name, also when it is only being created.
pub(super) fn called(record: &Document) -> StoredText {
    let record = shape::trash(record).unwrap_or(record);
    match (text(record, "organization_name"), shape::pending(record)) {
        ("", Some(pending)) => stored(pending, "organization_name"),
        (name, _) => StoredText::from(name),
    }
}

/// The collection that a record names: in its own field, or where that is missing in what the service
/// tells clients to connect with.
pub(super) fn collection_in(record: &Document) -> &str {
    match text(record, "collection_name") {
        "" => record.get_document("connection_details").map_or("", |c| text(c, "collection")),
        name => name,
    }
}

/// What the record would keep for itself if nobody else had it. What is missing is not claimed.
pub(super) fn claims(record: &Document) -> Vec<Claim> {
    let (name, collection) = (text(record, "organization_name"), collection_in(record));
    let email = text(record, "admin_email");
    let mut claims = Vec::with_capacity(5);
    if !name.is_empty() {
        claims.push(Claim::Name(name_key(name)));
        claims.extend(Claim::looks_of(name));
    }
    if can_be(collection) {
        claims.push(Claim::Collection(collection.to_owned()));
    }
    if !email.is_empty() {
        claims.push(Claim::of_email(email));
    }
    claims.extend(other_emails(record).into_iter().map(Claim::Email));
    claims
}

/// The e-mails of the admins beside the first, as they are compared.
pub(super) fn other_emails(record: &Document) -> Vec<String> {
    strings(record, "other_emails")
}

/// The claims as they are stored.
pub(super) fn stored_claims(record: &Document) -> Vec<String> {
    strings(record, "claims")
}

/// Our derived fields, but for the claims: a function of the service's fields, and of the other admins' e-mails.
pub(super) fn derived(record: &Document) -> Document {
    let name = text(record, "organization_name");
    let mut fields = Document::new();
    fields.insert("name_key", name_key(name));
    fields.insert("look", name_look(name));
    fields.insert("look_as_typed", look_as_typed(name));
    fields.insert("email_key", email_key(text(record, "admin_email")));
    fields.insert("listing", listing_of(record));
    if let Ok(id) = record.get_object_id("_id") {
        fields.insert("created_key", created_at(record, id));
    }
    fields
}

/// The listing of a record, computed from its other fields.
pub(super) fn listing_of(record: &Document) -> Document {
    let others = other_emails(record);
    let record = shape::trash(record).unwrap_or(record);
    let emails = [text(record, "admin_email")].into_iter().chain(others.iter().map(String::as_str));
    listing::listing(text(record, "organization_name"), collection_in(record), emails)
}

/// The fields of an organization that ours are derived from, but for those that never change.
pub(super) const SEEN: [&str; 3] = ["organization_name", "collection_name", "admin_email"];

/// The field of an admin that ours is derived from.
pub(super) const SEEN_OF_ADMIN: [&str; 1] = ["email"];

/// Larger values are not kept a second time, and not compared.
pub(super) const SEEN_MOST_BYTES: i32 = 16 * 1024;

/// An expression: what our fields are derived from, as it is now. Kept as `seen`; where that differs
/// later, another program has changed the record. By the server, so that not a byte is different.
pub(super) fn seen_now(fields: &[&str]) -> Document {
    let mut seen = Document::new();
    for field in fields {
        seen.insert(*field, doc! { "$cond": [is_small(fields), format!("${field}"), "$$REMOVE"] });
    }
    seen
}

/// An expression: whether another program has changed the record since.
pub(super) fn is_stale(fields: &[&str]) -> Document {
    let changed = |field: &&str| doc! { "$ne": [format!("${field}"), format!("$seen.{field}")] };
    doc! { "$and": [is_small(fields), { "$or": fields.iter().map(changed).collect::<Vec<_>>() }] }
}

fn is_small(fields: &[&str]) -> Document {
    let all: Document =
        fields.iter().map(|field| ((*field).to_owned(), Bson::from(format!("${field}")))).collect();
    doc! { "$lt": [{ "$bsonSize": all }, SEEN_MOST_BYTES] }
}

/// Counts what ended all logins. Another program may have written another kind of number, or none: it
/// is another epoch all the same, or logins would go on that it ended.
fn login_epoch(record: &Document) -> i64 {
    match record.get("login_epoch") {
        Some(Bson::Double(number)) => number.to_bits().cast_signed(),
        Some(Bson::Int64(_) | Bson::Int32(_)) | None => number(record, "login_epoch"),
        Some(_) => i64::MIN,
    }
}

/// Whether the collection is one an organization can have. A record that names another one, by
/// mistake or malice, must not make us read, move or drop it.
pub(super) fn is_ours(collection: &str) -> bool {
    collection.starts_with(COLLECTION_PREFIX)
}

/// Whether it is one that an organization has, or has in the trash.
pub(super) fn is_held(collection: &str) -> bool {
    is_ours(collection) || collection.starts_with(TRASH_PREFIX)
}

/// Whether a collection can have this name at all; nothing is claimed by one that cannot.
pub(super) fn can_be(collection: &str) -> bool {
    (1..=255).contains(&collection.len())
}

fn created_at(record: &Document, id: ObjectId) -> DateTime {
    record.get_datetime("created_at").copied().unwrap_or_else(|_| id.timestamp())
}

/// Which admin a document is.
pub(super) fn id_of(admin: &Document) -> Option<ObjectId> {
    admin.get_object_id("_id").ok()
}

/// The admin whom the organization's record names by identity.
pub(super) fn first_of(org: &Org) -> Option<ObjectId> {
    ObjectId::parse_str(org.admin_id.raw()).ok()
}
