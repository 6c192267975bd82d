//! Organizations and their admins: as a store answers them, and as one is asked to make them.

#![allow(dead_code, missing_docs, reason = "each user takes a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use bson::{DateTime, oid::ObjectId};
use tenantry::{
    org::{
        Admin, CollectionName, Connection, Email, Org, OrgName, OrgState, PasswordHash, Role,
        StoredText, slug,
    },
    store::NewOrg,
};

/// When [`new_org`] is made.
pub const CREATED: DateTime = DateTime::from_millis(1_760_000_000_000);

/// An active organization; its number makes its identity and its first admin's.
pub fn org(number: u8, name: &str, email: &str) -> Org {
    let collection: StoredText = format!("org_{}", slug(name)).into();
    Org {
        id: ObjectId::from_bytes([number; 12]),
        name: name.into(),
        collection: collection.clone(),
        admin_id: ObjectId::from_bytes([number; 12]).to_hex().into(),
        admin_email: email.into(),
        created_at: DateTime::from_millis(0),
        connection: Connection { database: "master_organization_db".into(), collection },
        state: OrgState::Active,
        under_way: None,
        other_emails: Vec::new(),
        admin_gone: false,
        login_epoch: 0,
        revision: 1,
    }
}

/// The admin whom the record names.
pub fn admin_of(org: &Org) -> Admin {
    Admin {
        id: ObjectId::parse_str(org.admin_id.raw()).unwrap(),
        email: org.admin_email.clone(),
        password: PasswordHash::nobodys(),
        created_at: org.created_at,
        role: Role::Owner,
        organization: None,
        reset: None,
        second_factor: None,
    }
}

/// An organization about to be, with a hash in the place of its admin's password.
pub fn new_org(name: &str, email: &str, hash: &str) -> NewOrg {
    let name = OrgName::parse(name).unwrap();
    NewOrg {
        id: ObjectId::new(),
        collection: CollectionName::from_name(&name),
        name,
        admin_id: ObjectId::new(),
        email: Email::parse(email).unwrap(),
        password: PasswordHash::stored(hash.to_owned()),
        created_at: CREATED,
    }
}
