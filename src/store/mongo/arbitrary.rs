//! Documents that any program may have written: reading them neither panics nor gives more rights than a
//! well-formed one would.

use proptest::prelude::*;

use super::{elsewhere, journal, password, read, record, role};
use crate::{
    org::{Role, is_hidden},
    store::arbitrary::any_document,
};

const RECORD: &[&str] = &[
    "_id",
    "organization_name",
    "collection_name",
    "admin_id",
    "admin_email",
    "created_at",
    "connection_details",
    "database",
    "collection",
    "pending",
    "kind",
    "id",
    "at",
    "by",
    "entry",
    "earlier",
    "trash",
    "since",
    "until",
    "days",
    "suspended",
    "revision",
    "login_epoch",
    "former",
    "claims",
    "other_emails",
    "other_admins",
    "seen",
];

const ADMIN: &[&str] = &[
    "_id",
    "email",
    "password",
    "created_at",
    "organization_id",
    "role",
    "reset",
    "hash",
    "until",
    "trash",
    "operation",
    "joining",
    "seen",
];

const WORDS: &[&str] =
    &["owner", "admin", "update", "create", "acme", "org_acme", "6b03591144a42dd288929abe", ""];

fn can_be_shown(text: &str) -> bool {
    !text.chars().any(|character| character.is_control() || is_hidden(character))
}

proptest! {
    #[test]
    fn any_record_is_read_as_something(record in any_document(RECORD, WORDS)) {
        if let Some(org) = record::org(&record) {
            for text in [&org.name, &org.collection, &org.admin_email, &org.admin_id] {
                prop_assert!(can_be_shown(&text.to_string()), "{text:?}");
            }
        }
        let _ = (record::claims(&record), record::stored_claims(&record));
        let _ = (record::other_emails(&record), record::other_admins(&record));
        let _ = (record::first_admin(&record), record::renames(&record));
        let _ = (read::holder_in(&record), elsewhere::elsewhere(&record, "here"));
        prop_assert!(can_be_shown(&journal::by(&record).to_string()));
        let _ = record::derived(&record);
        let _ = journal::Pending::from_record(&record);
    }

    #[test]
    fn any_admin_is_read_as_something_and_an_unknown_role_is_the_least(
        admin in any_document(ADMIN, WORDS),
    ) {
        let owner = match admin.get("role") {
            None => true,
            Some(role) => role.as_str() == Some("owner"),
        };
        prop_assert_eq!(role::role(&admin) == Role::Owner, owner);
        for read in [record::admin(&admin), record::any_admin(&admin), record::admin_in_trash(&admin)]
            .into_iter()
            .flatten()
        {
            prop_assert!(can_be_shown(&read.email.to_string()));
            prop_assert_eq!(read.role == Role::Owner, owner);
        }
        let _ = (password::own_password(&admin), password::is_locked(&admin));
        let _ = (password::is_misplaced(&admin, true), record::is_hidden_admin(&admin));
    }
}
