//! Databases the old service left behind: used as they are, brought up to date by adding only, and
//! left alone when what they hold clashes.

use mongodb::bson::{Bson, Document, doc, oid::ObjectId};
use tenantry::store::Shelf;
use tenantry::{
    org::{Claim, CollectionName, Email, OrgName, Secret},
    store::{Change, Cursor, PageAt, PageQuery, Sort, SortKey, Store, StoreError},
};

use crate::support::{deeds::Deeds as _, hash};
use crate::{
    fixture::{PASSWORD, Scratch, all, first_page, new_org},
    support::mongod::theirs,
};

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
        let org = store.org_named(name, Shelf::Live).await.unwrap().unwrap();
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
    let with = store.org_named("ACME_corp", Shelf::Live).await.unwrap().unwrap();
    assert_eq!(store.statistics(&with).await.unwrap().documents, 1);
    let without = store.org_named("\u{202e}txt.exe", Shelf::Live).await.unwrap().unwrap();
    assert_eq!(store.statistics(&without).await.unwrap(), tenantry::store::Statistics::default());
    assert_eq!(store.documents(&without, 5).await.unwrap(), Vec::<Document>::new());
}

#[tokio::test]
async fn adoption_adds_fields_and_indexes_and_changes_nothing_else() {
    let scratch = fixture("legacy_adopt").await;
    let before = scratch.dump().await;
    let orgs_before = scratch.documents("organizations").await;
    let admins_before = scratch.documents("admins").await;
    drop(scratch.open().await);
    let (orgs, admins) =
        (scratch.documents("organizations").await, scratch.documents("admins").await);
    assert_eq!(orgs.iter().map(theirs).collect::<Vec<_>>(), orgs_before);
    assert_eq!(admins.iter().map(theirs).collect::<Vec<_>>(), admins_before);
    let after = scratch.dump().await;
    for (name, documents) in before.iter().filter(|(name, _)| name.starts_with("org_")) {
        assert_eq!(after[name], *documents, "{name}");
    }
    // The first of two names that look alike has the look, the second goes without.
    let claims = |at: usize| orgs[at].get_array("claims").unwrap().len();
    assert_eq!((claims(0), claims(6)), (4, 3));
    // A second time there is nothing to do.
    drop(scratch.open().await);
    assert_eq!(scratch.dump().await, after);
}

#[tokio::test]
async fn what_breaks_our_rules_can_be_renamed_edited_and_deleted() {
    let scratch = fixture("legacy_edit").await;
    let store = scratch.open().await;
    for (at, (name, _, _)) in HOSTILE.iter().enumerate() {
        let org = store.org_named(name, Shelf::Live).await.unwrap().unwrap();
        let mail = Change {
            email: Some(Email::parse(&format!("new{at}@example.com")).unwrap()),
            ..Change::default()
        };
        let org = store.update(&org, &mail).await.unwrap();
        let new = OrgName::parse(&format!("renamed {at}")).unwrap();
        let rename = Change {
            collection: Some(CollectionName::of(&new)),
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
async fn a_validator_that_refuses_our_fields_is_named_and_everything_is_read() {
    let scratch = fixture("validator").await;
    let theirs = [
        "_id",
        "organization_name",
        "collection_name",
        "admin_id",
        "admin_email",
        "created_at",
        "connection_details",
    ];
    let properties: Document = theirs.iter().map(|f| ((*f).to_owned(), doc! {}.into())).collect();
    let schema =
        doc! { "$jsonSchema": { "properties": properties, "additionalProperties": false } };
    let command = doc! { "collMod": "organizations", "validator": schema };
    scratch.run_command(command).await.unwrap();
    let store = scratch.open().await;
    assert_eq!(all(&store).await.len(), HOSTILE.len());
    let org = store.org_named("acme_corp", Shelf::Live).await.unwrap().unwrap();
    let refused = store.suspend(&org, true).await.unwrap_err();
    assert!(refused.to_string().contains("validator of the collection organizations"), "{refused}");
    assert!(refused.help().contains("name_key"), "{}", refused.help());
}

#[tokio::test]
async fn a_database_opened_for_reading_is_never_written() {
    let scratch = fixture("legacy_read_only").await;
    let before = scratch.dump().await;
    let store = scratch.open_with(true).await;
    assert!(store.only_readable_because().is_some());
    for key in [SortKey::Name, SortKey::Created, SortKey::Email] {
        for descending in [false, true] {
            let query = PageQuery { sort: Sort { key, descending }, limit: 50, ..first_page() };
            let whole = store.page(&query).await.unwrap().orgs;
            assert_eq!(whole.len(), HOSTILE.len());
            // Page by page, there and back again.
            let (mut there, mut back) = (vec![], vec![]);
            let mut at = PageAt::First;
            loop {
                let page = store.page(&PageQuery { at, limit: 2, ..query.clone() }).await.unwrap();
                there.extend(page.orgs);
                if !page.more_after {
                    break;
                }
                at = PageAt::After(Cursor::of(there.last().unwrap(), key));
            }
            let mut at = PageAt::Last;
            loop {
                let page = store.page(&PageQuery { at, limit: 2, ..query.clone() }).await.unwrap();
                back.splice(0..0, page.orgs);
                if !page.more_before {
                    break;
                }
                at = PageAt::Before(Cursor::of(&back[0], key));
            }
            assert_eq!(there, whole, "{key:?} {descending}");
            assert_eq!(back, whole, "{key:?} {descending}");
        }
    }
    let query = PageQuery { shelf: Shelf::Live, search: Some("ACME".into()), ..first_page() };
    assert_eq!(store.page(&query).await.unwrap().orgs.len(), 1);
    assert_eq!(store.count(Shelf::Live, Some("ACME"), 10).await.unwrap().counted, 1);
    assert!(store.admin_with_email("ADA@acme.com").await.unwrap().is_some());
    assert!(store.holder(&Claim::of_email("ada@ACME.com")).await.unwrap().is_some());
    store.recover().await.unwrap();
    let org = store.org_named("acme_corp", Shelf::Live).await.unwrap().unwrap();
    assert!(matches!(store.delete(&org).await, Err(StoreError::Refused { .. })));
    assert_eq!(scratch.dump().await, before);
}

/// Reads everything there is to read in a console or command.
async fn look_at_everything(store: &dyn Store) {
    for shelf in [Shelf::Live, Shelf::Trash] {
        for search in [None, Some("acme".to_owned())] {
            let query = PageQuery { shelf, search, ..first_page() };
            store.page(&query).await.unwrap();
            store.count(shelf, query.search.as_deref(), 1_000).await.unwrap();
        }
    }
    for org in all(store).await {
        store.statistics(&org).await.unwrap();
        store.documents(&org, 5).await.unwrap();
        for admin in store.admins(&org).await.unwrap() {
            store.org_of_admin(&admin).await.unwrap();
        }
        store.holder(&Claim::of_email(org.admin_email.raw())).await.unwrap();
    }
    store.admin_with_email("ada@acme.com").await.unwrap();
    store.needs_upgrade().await.unwrap();
    store.upgrade_plan().await.unwrap();
    store.examine(false).await.unwrap();
}

#[tokio::test]
async fn looking_writes_nothing_whatever_waits_for_the_next_write() {
    // There is no database at all.
    let absent = Scratch::new("look_absent").await;
    look_at_everything(&absent.look().await).await;
    let names = absent.client().list_database_names().await.unwrap();
    assert!(!names.contains(&absent.name().to_owned()), "{names:?}");

    // One of the old service, that nobody has agreed to anything in.
    let legacy = fixture("look_legacy").await;
    let before = legacy.everything().await;
    let store = legacy.look().await;
    look_at_everything(&store).await;
    let refused = store.create(&new_org("fresh", "fresh@example.com")).await;
    assert_eq!(refused, Err(StoreError::NeedsUpgrade));
    assert_eq!(store.attempt("ada@acme.com", None).await, Err(StoreError::NeedsUpgrade));
    assert_eq!(store.examine(true).await, Err(StoreError::NeedsUpgrade));
    assert_eq!(legacy.everything().await, before);

    // One of ours: with an operation whose console is gone, something overdue in the trash, a record that
    // the old service has changed, and one that it has added.
    let ours = Scratch::new("look_ours").await;
    let store = ours.open().await;
    for name in ["left", "overdue", "changed"] {
        store.create(&new_org(name, &format!("{name}@example.com"))).await.unwrap();
    }
    let overdue = store.org_named("overdue", Shelf::Live).await.unwrap().unwrap();
    store.trash(&overdue, 0).await.unwrap();
    let orgs = ours.collection::<Document>("organizations");
    let long_ago = mongodb::bson::DateTime::from_millis(0);
    let pending = doc! { "id": ObjectId::new(), "at": long_ago, "kind": "suspend", "by": "x",
    "suspended": true };
    let left = doc! { "organization_name": "left" };
    orgs.update_one(left, doc! { "$set": { "pending": pending } }).await.unwrap();
    let rename = doc! { "$set": { "organization_name": "changed since" } };
    orgs.update_one(doc! { "organization_name": "changed" }, rename).await.unwrap();
    ours.add_legacy("added", "org_added", "added@example.com").await;
    let before = ours.everything().await;
    let store = ours.look().await;
    look_at_everything(&store).await;
    assert_eq!(all(&store).await.len(), 3);
    assert_eq!(ours.everything().await, before);
    // The first write does all of that.
    store.create(&new_org("first", "first@example.com")).await.unwrap();
    let records = ours.documents("organizations").await;
    assert!(records.iter().all(|record| !record.contains_key("pending")), "{records:?}");
    let added = records.iter().find(|r| r.get_str("organization_name").is_ok_and(|n| n == "added"));
    let added = added.unwrap();
    assert_eq!(added.get_array("claims").unwrap().len(), 4);
}

#[tokio::test]
async fn what_the_service_adds_later_has_its_place_in_every_list_at_once() {
    let scratch = Scratch::new("look_merged").await;
    let store = scratch.open().await;
    for name in ["b", "d", "F"] {
        store.create(&new_org(name, &format!("{name}@example.com"))).await.unwrap();
    }
    for name in ["A", "c", "É", "g"] {
        let email = format!("{name}@example.com");
        scratch.add_legacy(name, &format!("org_{}", email.len()), &email).await;
    }
    let before = scratch.everything().await;
    let names = |orgs: &[tenantry::org::Org]| -> Vec<String> {
        orgs.iter().map(|org| org.name.raw().to_owned()).collect()
    };
    for key in [SortKey::Name, SortKey::Email] {
        for descending in [false, true] {
            let query = PageQuery { sort: Sort { key, descending }, limit: 50, ..first_page() };
            let mut wanted = ["A", "b", "c", "d", "F", "g", "É"];
            if descending {
                wanted.reverse();
            }
            let whole = store.page(&query).await.unwrap();
            assert_eq!(names(&whole.orgs), wanted, "{key:?} {descending}");
            for limit in [1, 2, 3] {
                let (mut there, mut back) = (vec![], vec![]);
                let mut at = PageAt::First;
                loop {
                    let page = store.page(&PageQuery { at, limit, ..query.clone() }).await.unwrap();
                    assert_eq!(page.more_before, !there.is_empty());
                    there.extend(page.orgs);
                    if !page.more_after {
                        break;
                    }
                    at = PageAt::After(Cursor::of(there.last().unwrap(), key));
                }
                let mut at = PageAt::Last;
                loop {
                    let page = store.page(&PageQuery { at, limit, ..query.clone() }).await.unwrap();
                    assert_eq!(page.more_after, !back.is_empty());
                    back.splice(0..0, page.orgs);
                    if !page.more_before {
                        break;
                    }
                    at = PageAt::Before(Cursor::of(&back[0], key));
                }
                assert_eq!(there, whole.orgs, "{key:?} {descending} {limit}");
                assert_eq!(back, whole.orgs, "{key:?} {descending} {limit}");
            }
        }
    }
    let query = PageQuery { search: Some("é".into()), ..first_page() };
    assert_eq!(names(&store.page(&query).await.unwrap().orgs), ["É"]);
    assert_eq!(store.count(Shelf::Live, Some("EXAMPLE.com"), 50).await.unwrap().counted, 7);
    assert_eq!(scratch.everything().await, before);
}

#[tokio::test]
async fn an_upgrade_is_agreed_to_once_and_a_newer_one_is_only_read() {
    let scratch = fixture("agreed").await;
    let store = scratch.look().await;
    let plan = store.upgrade_plan().await.unwrap();
    assert!(plan.asks && store.needs_upgrade().await.unwrap());
    assert_eq!((plan.organizations, plan.admins), (7, 7));
    assert!(plan.missing_indexes() > 20, "{plan:?}");
    store.upgrade(&tenantry::store::untold).await.unwrap();
    let plan = store.upgrade_plan().await.unwrap();
    assert_eq!(plan, tenantry::store::UpgradePlan::nothing());
    // Nobody is asked again, whatever the service adds.
    scratch.add_legacy("later", "org_later", "later@example.com").await;
    let other = scratch.look().await;
    assert!(!other.needs_upgrade().await.unwrap());
    other.create(&new_org("fresh", "fresh@example.com")).await.unwrap();
    // Nor in one that a version before this document upgraded.
    let schema = scratch.collection::<Document>("tenantry");
    schema.drop().await.unwrap();
    assert!(!scratch.look().await.needs_upgrade().await.unwrap());
    scratch.look().await.create(&new_org("second", "second@example.com")).await.unwrap();

    let newer = doc! { "$set": { "version": 1_000 } };
    schema.update_one(doc! {}, newer).await.unwrap();
    let before = scratch.everything().await;
    let store = scratch.look().await;
    let because = store.only_readable_because().unwrap_or_default().to_owned();
    assert!(because.contains("newer Tenantry"), "{because}");
    look_at_everything(&store).await;
    assert!(store.create(&new_org("third", "third@example.com")).await.is_err());
    assert!(store.upgrade(&tenantry::store::untold).await.is_err());
    assert_eq!(scratch.everything().await, before);
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
    let mut raw = mongodb::bson::serialize_to_vec(&doc! {
        "organization_name": "ab", "collection_name": "org_ab", "admin_email": "ab@example.com",
    })
    .unwrap();
    let at = raw.windows(3).position(|bytes| bytes == b"ab\0").unwrap();
    raw[at + 1] = 0xff;
    let raw = mongodb::bson::RawDocumentBuf::from_bytes(raw).unwrap();
    scratch
        .collection::<mongodb::bson::RawDocumentBuf>("organizations")
        .insert_one(raw)
        .await
        .unwrap();
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
    let org = store.org_named("malice", Shelf::Live).await.unwrap().unwrap();
    assert_eq!(store.documents(&org, 5).await.unwrap(), Vec::<Document>::new());
    let name = OrgName::parse("renamed").unwrap();
    let rename = Change {
        collection: Some(CollectionName::of(&name)),
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
        collection: Some(CollectionName::of(&name)),
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
            collection: Some(CollectionName::of(&name)),
            name: Some(name),
            ..Change::default()
        };
        let org = store.update(&org, &rename).await.unwrap();
        assert_eq!(store.statistics(&org).await.unwrap().documents, 1);
        store.delete(&org).await.unwrap();
    }
    assert_eq!(all(&store).await.len(), 1);
}
