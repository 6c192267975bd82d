//! Databases the old service left behind: used as they are, brought up to date by adding only, and
//! left alone when what they hold clashes.

use bson::{Bson, Document, doc, oid::ObjectId};
use tenantry::store::ListScope;
use tenantry::store::traits::*;
use tenantry::{
    org::{CollectionName, Email, OrgName, Secret},
    store::{Change, PageQuery, Sort, SortKey, StoreError},
};

use crate::fixture::{PASSWORD, Scratch, all, first_page, new_org};
use crate::support::{hash, operations::Operations as _};

/// Names that break our rules, as the service let them in.
pub const HOSTILE: [(&str, &str, &str); 7] = [
    ("acme_corp", "org_acme_corp", "Ada@Acme.COM"),
    ("line\nbreak\u{1b}[31m", "org_line_break", "bob@example.com"),
    ("\u{202e}txt.exe", "org_txt", "carol@example.com"),
    (
        "eighty characters, eighty characters, eighty characters, eighty characters, 80 ch",
        "org_eighty",
        "dora@example.com",
    ),
    ("  ", "org_", "eve@example.com"),
    ("$where", "org_$where", "frank@example.com"),
    ("аcme_corp", "org_acme_corp_2", "grace@example.com"),
];

pub async fn fixture(test: &str) -> Scratch {
    let scratch = Scratch::new(test).await;
    for (name, collection, email) in HOSTILE {
        // The server itself refuses a `$` in a collection's name.
        let collection = collection.replace('$', "s");
        scratch.add_legacy(name, &collection, email).await;
    }
    scratch.collection::<Document>("org_txt").drop().await.unwrap();
    scratch
}

#[tokio::test]
async fn a_database_of_the_service_lists_shows_and_logs_in() {
    let scratch = fixture("legacy_list").await;
    let store = scratch.open().await;
    assert_eq!(store.only_readable_because(), None);
    let orgs = all(&store).await;
    assert_eq!(orgs.len(), HOSTILE.len());
    for (name, _, email) in HOSTILE {
        let org = store.org_named(name, ListScope::Live).await.unwrap().unwrap();
        assert_eq!(org.name.raw(), name);
        assert_eq!(org.admin_email.raw(), email);
        assert_eq!(org.created_at.timestamp_millis(), 1_700_000_000_000);
        assert_eq!(org.connection.database.raw(), scratch.name());
        let admin = store.admin_with_email(&email.to_uppercase()).await.unwrap().unwrap();
        assert_eq!(admin.id.to_hex(), org.admin_id.raw());
        assert_eq!(store.org_of_admin(&admin).await.unwrap(), Some(org.clone()));
        assert_eq!(store.org(org.id).await.unwrap(), Some(org));
    }
    let admin = store.admin_with_email("ada@acme.com").await.unwrap().unwrap();
    assert!(admin.password.as_str().starts_with("$2b$12$"));
    assert!(admin.password.verify(&Secret::from(PASSWORD)));
    let with = store.org_named("ACME_corp", ListScope::Live).await.unwrap().unwrap();
    assert_eq!(store.statistics(&with).await.unwrap().documents, 1);
    let without = store.org_named("\u{202e}txt.exe", ListScope::Live).await.unwrap().unwrap();
    assert_eq!(store.statistics(&without).await.unwrap(), tenantry::store::Statistics::default());
    assert_eq!(store.first_documents(&without, 5).await.unwrap(), Vec::<Document>::new());
}

#[tokio::test]
async fn what_breaks_our_rules_can_be_renamed_edited_and_deleted() {
    let scratch = fixture("legacy_edit").await;
    let store = scratch.open().await;
    for (at, (name, _, _)) in HOSTILE.iter().enumerate() {
        let org = store.org_named(name, ListScope::Live).await.unwrap().unwrap();
        let mail = Change {
            email: Some(Email::parse(&format!("new{at}@example.com")).unwrap()),
            ..Change::default()
        };
        let org = store.update(&org, &mail).await.unwrap();
        let new = OrgName::parse(&format!("renamed {at}")).unwrap();
        let rename = Change {
            collection: Some(CollectionName::from_name(&new)),
            name: Some(new),
            ..Change::default()
        };
        let org = store.update(&org, &rename).await.unwrap();
        assert_eq!(org.name.raw(), format!("renamed {at}"));
        assert_eq!(org.collection.raw(), format!("org_renamed_{at}"));
        assert_eq!(org.connection.collection.raw(), format!("org_renamed_{at}"));
        assert_eq!(org.admin_email.raw(), format!("new{at}@example.com"));
        assert_eq!(org.revision, 2);
        assert!(store.admin_with_email(&format!("new{at}@example.com")).await.unwrap().is_some());
        store.delete(&org).await.unwrap();
    }
    assert_eq!(all(&store).await, vec![]);
    assert_eq!(scratch.documents("organizations").await, vec![]);
    assert_eq!(scratch.documents("admins").await, vec![]);
    let left = scratch.collections().await;
    assert_eq!(left, ["admins", "organizations"]);
}

#[tokio::test]
async fn strange_records_are_listed_or_left_out_but_never_fail_the_list() {
    let scratch = Scratch::new("legacy_strange").await;
    let orgs = scratch.collection::<Document>("organizations");
    let empty = ObjectId::new();
    orgs.insert_one(doc! { "_id": empty }).await.unwrap();
    orgs.insert_one(doc! { "_id": ObjectId::new() }).await.unwrap();
    orgs.insert_one(doc! { "organization_name": 7, "admin_email": [], "created_at": "yesterday" })
        .await
        .unwrap();
    orgs.insert_one(doc! { "_id": "no id", "organization_name": "left out" }).await.unwrap();
    // Not UTF-8: "ab", where the b has its highest bit set.
    let mut raw = bson::serialize_to_vec(&doc! {
        "organization_name": "ab", "collection_name": "org_ab", "admin_email": "ab@example.com",
    })
    .unwrap();
    let at = raw.windows(3).position(|bytes| bytes == b"ab\0").unwrap();
    raw[at + 1] = 0xff;
    let raw = bson::RawDocumentBuf::from_bytes(raw).unwrap();
    scratch.collection::<bson::RawDocumentBuf>("organizations").insert_one(raw).await.unwrap();
    for read_only in [true, false] {
        let store = scratch.open_with(read_only).await;
        for key in [SortKey::Name, SortKey::Created, SortKey::Email] {
            let query = PageQuery { sort: Sort { key, descending: true }, ..first_page() };
            assert_eq!(store.page(&query).await.unwrap().orgs.len(), 4, "{key:?}");
        }
        let org = store.org(empty).await.unwrap().unwrap();
        assert_eq!(org.created_at.timestamp_millis(), empty.timestamp().timestamp_millis());
    }
    let store = scratch.open().await;
    for org in all(&store).await {
        store.delete(&org).await.unwrap();
    }
    assert_eq!(scratch.documents("organizations").await.len(), 1);
}

#[tokio::test]
async fn a_record_cannot_make_us_touch_a_collection_that_is_no_organizations() {
    let scratch = Scratch::new("legacy_malice").await;
    scratch.add_legacy("honest", "org_honest", "honest@example.com").await;
    let id = scratch.add_legacy("malice", "org_malice", "malice@example.com").await;
    scratch
        .collection::<Document>("organizations")
        .update_one(doc! { "_id": id }, doc! { "$set": { "collection_name": "admins" } })
        .await
        .unwrap();
    let store = scratch.open().await;
    let org = store.org_named("malice", ListScope::Live).await.unwrap().unwrap();
    assert_eq!(store.first_documents(&org, 5).await.unwrap(), Vec::<Document>::new());
    let name = OrgName::parse("renamed").unwrap();
    let rename = Change {
        collection: Some(CollectionName::from_name(&name)),
        name: Some(name),
        ..Change::default()
    };
    // Its connection_details name its own collection still, and would be lost.
    let before = scratch.dump().await;
    store.update(&org, &rename).await.unwrap_err();
    store.delete(&org).await.unwrap_err();
    for name in ["organizations", "admins", "org_malice"] {
        assert_eq!(scratch.dump().await[name], before[name]);
    }
    let same = doc! { "$set": { "connection_details.collection": "admins" } };
    scratch
        .collection::<Document>("organizations")
        .update_one(doc! { "_id": id }, same)
        .await
        .unwrap();
    let org = store.update(&org, &rename).await.unwrap();
    assert_eq!(scratch.documents("admins").await.len(), 2);
    store.delete(&org).await.unwrap();
    assert_eq!(scratch.documents("admins").await.len(), 1);
}

#[tokio::test]
async fn a_rename_moves_documents_indexes_and_validator_as_they_are() {
    let scratch = Scratch::new("legacy_rename").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("before", "ada@example.com")).await.unwrap();
    let collection = scratch.collection::<Document>("org_before");
    collection.insert_many((0..500).map(|n| doc! { "_id": n, "n": n % 7 })).await.unwrap();
    let index = mongodb::IndexModel::builder().keys(doc! { "n": -1 }).build();
    collection.create_index(index).await.unwrap();
    let validator = doc! { "$jsonSchema": { "bsonType": "object", "required": ["_id"] } };
    scratch.run_command(doc! { "collMod": "org_before", "validator": &validator }).await.unwrap();
    let (documents, indexes) =
        (scratch.documents("org_before").await, scratch.indexes("org_before").await);
    let name = OrgName::parse("after").unwrap();
    let rename = Change {
        collection: Some(CollectionName::from_name(&name)),
        name: Some(name),
        ..Change::default()
    };
    let renamed = store.update(&org, &rename).await.unwrap();
    assert_eq!(renamed.collection.raw(), "org_after");
    assert_eq!(scratch.documents("org_after").await, documents);
    assert_eq!(scratch.indexes("org_after").await, indexes);
    let answer = scratch
        .run_command(doc! { "listCollections": 1, "filter": { "name": { "$regex": "^org_" } } })
        .await
        .unwrap();
    let found = answer.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
    assert_eq!(found.len(), 1);
    let options = found[0].as_document().unwrap().get_document("options").unwrap();
    assert_eq!(options.get("validator"), Some(&Bson::Document(validator)));
    assert_eq!(store.update(&org, &rename).await, Err(StoreError::Changed));
}

#[tokio::test]
async fn a_password_is_not_reported_changed_when_its_admin_is_gone() {
    let scratch = Scratch::new("legacy_admin_gone").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("acme", "ada@example.com")).await.unwrap();
    scratch.collection::<Document>("admins").delete_many(doc! {}).await.unwrap();
    let password = Change {
        password: Some(tenantry::org::PasswordHash::stored(hash("new"))),
        ..Change::default()
    };
    assert_eq!(store.update(&org, &password).await, Err(StoreError::Changed));
    assert_eq!(store.org(org.id).await.unwrap(), Some(org));
}

#[tokio::test]
async fn a_number_of_admins_is_found_before_an_upgrade() {
    let scratch = Scratch::new("legacy_counted").await;
    for name in ["kept", "gone", "none"] {
        scratch.add_legacy(name, &format!("org_{name}"), &format!("{name}@example.com")).await;
    }
    let admins = scratch.collection::<Document>("admins");
    admins.delete_one(doc! { "email": "gone@example.com" }).await.unwrap();
    // One that never had any.
    let orgs = scratch.collection::<Document>("organizations");
    let unset = doc! { "$unset": { "admin_id": "", "admin_email": "" } };
    orgs.update_one(doc! { "organization_name": "none" }, unset).await.unwrap();
    let before = scratch.dump().await;
    let store = scratch.look().await;
    for (search, found) in [
        ("admins:0", vec!["gone", "none"]),
        ("admins:0 org", vec!["gone", "none"]),
        ("admins:1", vec!["kept"]),
        ("admins:>1", vec![]),
        ("admins:<2 gone", vec!["gone"]),
    ] {
        let query = PageQuery { search: Some(search.to_owned()), ..first_page() };
        let page = store.page(&query).await.unwrap();
        let names: Vec<&str> = page.orgs.iter().map(|org| org.name.raw()).collect();
        assert_eq!(names, found, "{search}");
        let counted = store.count(query.scope, Some(search), 10).await.unwrap();
        assert_eq!(counted.counted, found.len() as u64, "{search}");
    }
    assert_eq!(scratch.dump().await, before);
}

#[tokio::test]
async fn a_record_of_megabytes_keeps_nobody_out_and_can_be_put_right() {
    let scratch = Scratch::new("legacy_huge").await;
    let names = ["a".repeat(7_000_000), "\u{202e}".repeat(4_000_000)];
    for (at, name) in names.iter().enumerate() {
        let (collection, email) = (format!("org_huge_{at}"), format!("huge{at}@example.com"));
        scratch.add_legacy(name, &collection, &email).await;
    }
    let store = scratch.open().await;
    assert_eq!(store.only_readable_because(), None);
    store.create(&new_org("small", "small@example.com")).await.unwrap();
    for key in [SortKey::Name, SortKey::Created, SortKey::Email] {
        let query = PageQuery { sort: Sort { key, descending: false }, ..first_page() };
        assert_eq!(store.page(&query).await.unwrap().orgs.len(), 3, "{key:?}");
    }
    for (at, org) in all(&store).await.iter().filter(|o| o.name.raw() != "small").enumerate() {
        let email = Email::parse(&format!("new{at}@example.com")).unwrap();
        let mail = Change { email: Some(email), ..Change::default() };
        let org = store.update(org, &mail).await.unwrap();
        let name = OrgName::parse(&format!("right {at}")).unwrap();
        let rename = Change {
            collection: Some(CollectionName::from_name(&name)),
            name: Some(name),
            ..Change::default()
        };
        let org = store.update(&org, &rename).await.unwrap();
        assert_eq!(store.statistics(&org).await.unwrap().documents, 1);
        store.delete(&org).await.unwrap();
    }
    assert_eq!(all(&store).await.len(), 1);
}

#[tokio::test]
async fn an_address_that_was_stored_in_another_spelling_logs_in_with_each_and_stays_taken() {
    let scratch = Scratch::new("legacy_spelling").await;
    scratch.add_legacy("Bücher", "org_bucher", "bob@xn--bcher-kva.example").await;
    let tenancy = scratch.tenancy().await;
    for email in ["bob@xn--bcher-kva.example", "bob@bücher.example"] {
        tenancy.login(email, &Secret::from(PASSWORD)).await.unwrap();
        let taken = tenancy.check_email(email, None).await;
        assert!(matches!(taken, Err(tenantry::tenancy::Error::Taken { .. })), "{email}: {taken:?}");
    }
}
