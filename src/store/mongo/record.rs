//! The documents of the master database and what they mean here: field names, and reading a record
//! leniently, since another program may have written anything.
//!
//! Fields of the service before this one: `organization_name`, `collection_name`, `admin_id`,
//! `admin_email`, `created_at`, `connection_details`. Ours beside them: `name_key`, `email_key` and
//! `created_key` (what lists are sorted by), `look`, `claims` (what the organization keeps for itself,
//! under a unique index), `revision`, and `pending`, the journal ([`super::journal`]).

use mongodb::bson::{Bson, DateTime, Document, oid::ObjectId};

use crate::org::{
    Admin, COLLECTION_PREFIX, Claim, Connection, Org, OrgState, PasswordHash, StoredText, UnderWay,
    email_key, name_key, name_look,
};

/// Reads an organization; `None` when its `_id` is no `ObjectId` (no program of ours wrote that) or
/// when it is only being created. Whatever else is missing or of another type is empty.
pub(super) fn org(record: &Document) -> Option<Org> {
    let id = record.get_object_id("_id").ok()?;
    let kind = record.get_document("pending").ok().map(|pending| text(pending, "kind"));
    let under_way = match kind {
        None => None,
        Some("create") => return None,
        Some("delete") => Some(UnderWay::Deleting),
        Some(_) => Some(UnderWay::Changing),
    };
    let nowhere = Document::new();
    let connection = record.get_document("connection_details").unwrap_or(&nowhere);
    Some(Org {
        id,
        name: stored(record, "organization_name"),
        collection: stored(record, "collection_name"),
        admin_id: stored(record, "admin_id"),
        admin_email: stored(record, "admin_email"),
        created_at: created_at(record, id),
        connection: Connection {
            database: stored(connection, "database"),
            collection: stored(connection, "collection"),
        },
        state: OrgState::Active,
        under_way,
        revision: revision(record),
    })
}

/// Reads an admin; `None` when its `_id` is no `ObjectId`.
pub(super) fn admin(record: &Document) -> Option<Admin> {
    let id = record.get_object_id("_id").ok()?;
    Some(Admin {
        id,
        email: stored(record, "email"),
        password: PasswordHash::stored(text(record, "password").to_owned()),
        created_at: created_at(record, id),
    })
}

/// What a document is called in a sentence: its name, also when it is only being created.
pub(super) fn called(record: &Document) -> StoredText {
    match (text(record, "organization_name"), record.get_document("pending")) {
        ("", Ok(pending)) => stored(pending, "organization_name"),
        (name, _) => StoredText::from(name),
    }
}

/// What the record would keep for itself if nobody else had it. What is missing is not claimed.
pub(super) fn claims(record: &Document) -> Vec<Claim> {
    let (name, collection) = (text(record, "organization_name"), text(record, "collection_name"));
    let email = text(record, "admin_email");
    let mut claims = Vec::with_capacity(4);
    if !name.is_empty() {
        claims.push(Claim::Name(name_key(name)));
        claims.push(Claim::Look(name_look(name)));
    }
    if can_be(collection) {
        claims.push(Claim::Collection(collection.to_owned()));
    }
    if !email.is_empty() {
        claims.push(Claim::of_email(email));
    }
    claims
}

/// The claims as they are stored.
pub(super) fn stored_claims(record: &Document) -> Vec<String> {
    let claims = record.get_array("claims").map(Vec::as_slice).unwrap_or_default();
    claims.iter().filter_map(Bson::as_str).map(str::to_owned).collect()
}

/// Our derived fields, but for the claims: a function of the service's fields alone.
pub(super) fn derived(record: &Document) -> Document {
    let name = text(record, "organization_name");
    let mut fields = Document::new();
    fields.insert("name_key", name_key(name));
    fields.insert("look", name_look(name));
    fields.insert("email_key", email_key(text(record, "admin_email")));
    if let Ok(id) = record.get_object_id("_id") {
        fields.insert("created_key", created_at(record, id));
    }
    fields
}

/// How often this program changed the record.
pub(super) fn revision(record: &Document) -> i64 {
    match record.get("revision") {
        Some(Bson::Int64(revision)) => *revision,
        Some(Bson::Int32(revision)) => i64::from(*revision),
        _ => 0,
    }
}

/// A string, or the empty one when there is none.
pub(super) fn text<'a>(record: &'a Document, field: &str) -> &'a str {
    record.get_str(field).unwrap_or_default()
}

/// Whether the collection is one an organization can have. A record that names another one, by
/// mistake or malice, must not make us read, move or drop it.
pub(super) fn is_ours(collection: &str) -> bool {
    collection.starts_with(COLLECTION_PREFIX)
}

/// Whether a collection can have this name at all; nothing is claimed by one that cannot.
pub(super) fn can_be(collection: &str) -> bool {
    (1..=255).contains(&collection.len())
}

fn stored(record: &Document, field: &str) -> StoredText {
    StoredText::from(text(record, field))
}

fn created_at(record: &Document, id: ObjectId) -> DateTime {
    record.get_datetime("created_at").copied().unwrap_or_else(|_| id.timestamp())
}
