//! What other programs keep in the same database: nothing that a record names is an orphan, nothing that
//! may be theirs is moved unless it is named, and nothing of theirs is taken for ours.

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use tenantry::store::traits::*;
use tenantry::store::{Change, Inconsistency, ListScope, Repair};

use crate::support::operations::Operations as _;
use crate::{
    doctor::{fix, named, old_id, renamed},
    fixture::{Scratch, first_page, new_org},
};

#[tokio::test]
async fn what_any_record_names_is_no_orphan() {
    let scratch = Scratch::new("named").await;
    let admins = scratch.collection::<Document>("admins");
    let orgs = scratch.collection::<Document>("organizations");
    let mut ids = Vec::new();
    for n in 0..6 {
        let id = old_id_of(n);
        let email = format!("ada{n}@acme.com");
        admins.insert_one(doc! { "_id": id, "email": email, "password": "x" }).await.unwrap();
        scratch
            .collection(&format!("org_{n}"))
            .insert_one(doc! { "_id": i32::from(n) })
            .await
            .unwrap();
        ids.push(id);
    }
    for record in [
        doc! { "_id": "a string", "organization_name": "0", "collection_name": "org_0",
        "admin_id": ids[0].to_hex(), "admin_email": "x@acme.com" },
        doc! { "organization_name": "1", "collection_name": "org_1", "admin_id": ids[1],
        "admin_email": "ada1@acme.com" },
        doc! { "organization_name": "2", "collection_name": "org_2",
        "admin_email": "ADA2@acme.com" },
        doc! { "organization_name": "3", "connection_details": { "collection": "org_3" },
        "admin_id": ids[3].to_hex().to_uppercase(), "admin_email": "ada3@acme.com" },
        doc! { "organization_name": "4", "collection_name": "org_other", "kept": ["org_4", ids[4]] },
        doc! { "_id": 5, "pending": { "kind": "new", "collection": "org_5", "admin": ids[5] } },
    ] {
        orgs.insert_one(record).await.unwrap();
    }
    let before = scratch.dump().await;
    let found = fix(&scratch, &[]).await;
    let orphan = |inconsistency: &Inconsistency| {
        matches!(
            inconsistency,
            Inconsistency::CollectionOfNobody { .. } | Inconsistency::AdminOfNobody { .. }
        )
    };
    assert!(found.iter().all(|found| !orphan(&found.inconsistency)), "{found:?}");
    for name in ["org_0", "org_1", "org_2", "org_3", "org_4", "org_5"] {
        assert_eq!(scratch.dump().await[name], before[name], "{name}");
    }
    assert_eq!(scratch.documents("admins").await.len(), 6);
    let unusable = |name: &str| Inconsistency::Unusable {
        record: name.into(),
        why: "its _id is not an ObjectId",
    };
    for name in ["0", "5"] {
        let by_hand = found.iter().find(|found| found.inconsistency == unusable(name)).unwrap();
        assert!(matches!(by_hand.repair, Repair::ByHand(_)), "{by_hand:?}");
    }
    // What is of another type is read.
    let store = scratch.open().await;
    let one = store.org_named("1", ListScope::Live).await.unwrap().unwrap();
    assert_eq!(one.admin_id.raw(), ids[1].to_hex());
    let three = store.org_named("3", ListScope::Live).await.unwrap().unwrap();
    assert_eq!(three.collection.raw(), "org_3");
    assert_eq!(store.statistics(&three).await.unwrap().documents, 1);
}

fn old_id_of(n: u8) -> ObjectId {
    let mut bytes = old_id().bytes();
    bytes[11] = n;
    ObjectId::from_bytes(bytes)
}

#[tokio::test]
async fn another_programs_collections_and_admins_are_only_moved_when_they_are_named() {
    let scratch = Scratch::new("platform").await;
    scratch.collection("org_settings").insert_one(doc! { "_id": "theme" }).await.unwrap();
    let platform = doc! { "_id": old_id(), "email": "root@platform.com", "password": "x" };
    scratch.collection("admins").insert_one(platform).await.unwrap();
    let found = fix(&scratch, &[]).await;
    let repairs: Vec<_> = found.iter().map(|found| found.repair.clone()).collect();
    let by_name = |name: &str| Repair::ByName(name.into());
    assert_eq!(repairs, [by_name("org_settings"), by_name("root@platform.com")]);
    assert_eq!(scratch.documents("org_settings").await.len(), 1);
    assert_eq!(scratch.documents("admins").await.len(), 1);
    let found = fix(&scratch, &["org_settings"]).await;
    assert!(found[0].repair.is_done() && !found[1].repair.is_done(), "{found:?}");
    fix(&scratch, &["root@platform.com"]).await;
    assert_eq!(scratch.documents("quarantine_org_settings").await, [doc! { "_id": "theme" }]);
    assert_eq!(scratch.documents("quarantine_admins").await.len(), 1);
    assert_eq!(scratch.open().await.examine("tester@here", false).await, Ok(vec![]));
}

#[tokio::test]
async fn foreign_fields_are_findings_and_neither_hide_nor_remove_anything() {
    let scratch = Scratch::new("foreign").await;
    for (n, (field, value)) in foreign_fields().into_iter().enumerate() {
        let id = scratch
            .add_legacy(&format!("foreign {n}"), &format!("org_{n}"), &format!("f{n}@x.com"))
            .await;
        let orgs = scratch.collection::<Document>("organizations");
        orgs.update_one(doc! { "_id": id }, doc! { "$set": { field: value } }).await.unwrap();
    }
    let admins = scratch.collection::<Document>("admins");
    let hidden = doc! { "$set": { "trash": false } };
    admins.update_one(doc! { "email": "f0@x.com" }, hidden).await.unwrap();
    let records = scratch.documents("organizations").await;
    let found = fix(&scratch, &[]).await;
    let store = scratch.open().await;
    assert_eq!(store.page(&first_page()).await.unwrap().orgs.len(), records.len());
    for (n, (field, value)) in foreign_fields().into_iter().enumerate() {
        let name = format!("foreign {n}");
        let inconsistency = Inconsistency::ForeignField { of: name.as_str().into(), field };
        let named = found.iter().find(|found| found.inconsistency == inconsistency);
        let named = named.unwrap_or_else(|| panic!("{field}: {found:?}"));
        assert!(matches!(named.repair, Repair::ByHand(_)), "{named:?}");
        let org = store.org_named(&name, ListScope::Live).await.unwrap().unwrap();
        let now = scratch.documents("organizations").await;
        let now = now.iter().find(|r| r.get_str("organization_name").unwrap() == name).unwrap();
        assert_eq!(now.get(field), Some(&value), "{field}");
        // Whatever is known before anything moves.
        let renamed = store.update(&org, &named_after(&name)).await;
        let collection = match &renamed {
            Ok(_) => format!("org_after_foreign_{n}"),
            Err(refused) => {
                assert!(refused.to_string().contains(field), "{field}: {refused}");
                format!("org_{n}")
            }
        };
        assert_eq!(scratch.documents(&collection).await.len(), 1, "{field}: {renamed:?}");
        let org = store.org(org.id).await.unwrap().unwrap();
        assert_eq!((org.under_way, org.collection.raw()), (None, &*collection), "{field}");
    }
    let admin = store.admin_with_email("f0@x.com").await.unwrap();
    assert!(admin.is_some());
}

fn named_after(name: &str) -> Change {
    named(&format!("after {name}"))
}

fn foreign_fields() -> Vec<(&'static str, Bson)> {
    vec![
        ("revision", "v3".into()),
        ("former", "Old Name Ltd".into()),
        ("login_epoch", "q".into()),
        ("pending", Bson::Null),
        ("pending", doc! { "kind": "create", "at": DateTime::from_millis(0) }.into()),
        ("suspended", false.into()),
        ("trash", false.into()),
        ("trash", doc! { "at": DateTime::from_millis(0) }.into()),
        ("claims", "x".into()),
        ("seen", 1.into()),
        ("name_key", 7.into()),
        ("listing", "first".into()),
        ("other_emails", "x@x.com".into()),
    ]
}

#[tokio::test]
async fn a_newer_versions_journal_says_so() {
    let scratch = Scratch::new("newer").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("Acme", "ada@acme.com")).await.unwrap();
    let pending = doc! { "kind": "teleport", "id": ObjectId::new(), "by": "x@y",
    "at": DateTime::from_millis(0), "to": "org_elsewhere" };
    let set = doc! { "$set": { "pending": pending } };
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! { "_id": org.id }, set).await.unwrap();
    scratch.collection("org_elsewhere").insert_one(doc! { "_id": 1 }).await.unwrap();
    let before = scratch.dump().await;
    let found = fix(&scratch, &[]).await;
    let [found] = &found[..] else { panic!("{found:?}") };
    let words = found.inconsistency.to_string();
    assert!(words.contains("an operation of a newer Tenantry"), "{words}");
    assert!(matches!(&found.repair, Repair::ByHand(help) if help.contains("newer")), "{found:?}");
    assert_eq!(scratch.dump().await, before);
}

#[tokio::test]
async fn whose_admin_is_whose_is_said_where_records_and_admins_disagree() {
    let scratch = Scratch::new("whose").await;
    for name in ["a", "b", "c", "d", "e"] {
        let (collection, email) = (format!("org_{name}"), format!("{name}@x.com"));
        scratch.add_legacy(name, &collection, &email).await;
    }
    let orgs = scratch.collection::<Document>("organizations");
    let records = scratch.documents("organizations").await;
    let admin = |at: usize| records[at].get_str("admin_id").unwrap().to_owned();
    for (of, is) in [("a", admin(1)), ("b", admin(0)), ("d", admin(2))] {
        let set = doc! { "$set": { "admin_id": is } };
        orgs.update_one(doc! { "organization_name": of }, set).await.unwrap();
    }
    let set = doc! { "$set": { "admin_email": "other@x.com" } };
    orgs.update_one(doc! { "organization_name": "e" }, set).await.unwrap();
    let before = scratch.dump().await;
    let access_only = scratch.open_with(true).await;
    let found = access_only.examine("tester@here", false).await.unwrap();
    assert_eq!(scratch.dump().await, before);
    let troubles: Vec<_> = found.iter().map(|found| &found.inconsistency).collect();
    let swapped = Inconsistency::SwappedAdmins { one: "a".into(), other: "b".into() };
    assert!(troubles.contains(&&swapped), "{troubles:?}");
    let (one, other, email) = ("c".into(), "d".into(), "c@x.com".into());
    let shared = Inconsistency::SharedAdmin { one, other, email };
    assert!(troubles.contains(&&shared), "{troubles:?}");
    let disagree = Inconsistency::EmailDisagrees {
        org: "e".into(),
        in_record: "other@x.com".into(),
        in_admin: "e@x.com".into(),
    };
    assert!(troubles.contains(&&disagree), "{troubles:?}");
    fix(&scratch, &[]).await;
    assert_eq!(scratch.documents("admins").await.len(), 5);
    let now = scratch.documents("organizations").await;
    for (now, record) in now.iter().zip(scratch_records(&before)) {
        assert_eq!(crate::support::mongod::theirs(now), record);
    }
}

fn scratch_records(
    dump: &std::collections::BTreeMap<String, Vec<bson::RawDocumentBuf>>,
) -> Vec<Document> {
    dump["organizations"].iter().map(|raw| Document::try_from(raw.as_ref()).unwrap()).collect()
}

#[tokio::test]
async fn collections_of_operations_are_left_to_their_operations() {
    let scratch = Scratch::new("leases").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("Acme", "ada@acme.com")).await.unwrap();
    let (lease, earlier, over) = (ObjectId::new(), ObjectId::new(), old_id());
    let pending = doc! { "kind": "teleport", "id": lease, "by": "x@y", "earlier": [earlier],
    "at": DateTime::from_millis(0) };
    let set = doc! { "$set": { "pending": pending } };
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! { "_id": org.id }, set).await.unwrap();
    for id in [lease, earlier, over] {
        let name = format!("lease_{}", id.to_hex());
        scratch.collection(&name).insert_one(doc! { "_id": 1 }).await.unwrap();
    }
    let placeholder = format!("lease_{}", ObjectId::new().to_hex());
    let since = doc! { "$exists": false, "$gte": DateTime::now() };
    let create = doc! { "create": &placeholder, "validator": { "tenantry_placeholder": since } };
    scratch.run_command(create).await.unwrap();
    let before = scratch.dump().await;
    let found = fix(&scratch, &[]).await;
    assert_eq!(found.len(), 2, "{found:?}");
    let over = format!("lease_{}", over.to_hex());
    let inconsistency =
        Inconsistency::CollectionOfNobody { collection: over.as_str().into(), documents: 1 };
    assert_eq!(found[1].inconsistency, inconsistency);
    assert!(found[1].repair.is_done());
    let mut expected = before.clone();
    for end in ["", " indexes"] {
        let moved = expected.remove(&format!("{over}{end}")).unwrap();
        expected.insert(format!("quarantine_{over}{end}"), moved);
    }
    assert_eq!(scratch.dump().await, expected);
}

#[tokio::test]
async fn one_that_cannot_be_repaired_keeps_no_other_from_being_repaired() {
    let scratch = Scratch::new("one_fails").await;
    let store = scratch.open().await;
    renamed(&store).await;
    let org = store.create(&new_org("Acme", "bob@acme.com")).await.unwrap();
    store.update(&org, &named("Initech")).await.unwrap();
    // Too long a name to be put into the quarantine.
    let name = format!("org_{}", "x".repeat(255 - scratch.name().len() - 5));
    scratch.collection(&name).insert_one(doc! { "_id": 1 }).await.unwrap();
    scratch.collection("org_acme").insert_one(doc! { "_id": old_id() }).await.unwrap();
    let found = fix(&scratch, &[&name]).await;
    assert_eq!(found.len(), 2, "{found:?}");
    let (done, failed): (Vec<_>, Vec<_>) = found.iter().partition(|one| one.repair.is_done());
    assert!(matches!(done[0].inconsistency, Inconsistency::LateWrites { .. }), "{done:?}");
    assert!(matches!(&failed[0].repair, Repair::Failed(why) if !why.is_empty()), "{failed:?}");
    assert_eq!(scratch.documents("quarantine_org_acme").await.len(), 1);
}

#[tokio::test]
async fn what_another_program_calls_its_trash_is_never_purged() {
    let scratch = Scratch::new("foreign_trash").await;
    let id = scratch.add_legacy("acme", "org_acme", "ada@acme.com").await;
    // So that the audit log speaks for the clock.
    scratch.open().await.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    for trash in [
        doc! { "at": DateTime::from_millis(0) },
        doc! { "at": DateTime::from_millis(0), "days": 0 },
        doc! { "at": DateTime::from_millis(0), "days": 1, "by": 7 },
    ] {
        let set = doc! { "$set": { "trash": &trash } };
        let orgs = scratch.collection::<Document>("organizations");
        orgs.update_one(doc! { "_id": id }, set).await.unwrap();
        scratch.open().await.recover("tester@here").await.unwrap();
        fix(&scratch, &[]).await;
        let records = scratch.documents("organizations").await;
        let record = records.iter().find(|record| record.get_object_id("_id").unwrap() == id);
        let record = record.unwrap_or_else(|| panic!("{trash}: {records:?}"));
        assert_eq!(record.get_document("trash").unwrap(), &trash);
        assert_eq!(scratch.documents("org_acme").await.len(), 1, "{trash}");
    }
}
