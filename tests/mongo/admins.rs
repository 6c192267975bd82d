//! Several admins, beside the service before this one, which knows the first of them only.

use bson::{DateTime, Document, doc, oid::ObjectId};
use tenantry::org::{ClaimKind, Email, Org, PasswordHash, ResetCode, Role};
use tenantry::store::traits::*;
use tenantry::store::{
    AdminChange, AdminEdit, Change, Inconsistency, ListScope, NewAdmin, Operation, PageAt,
    PageQuery, Repair, Sort, SortKey, StoreError, mongo::MongoStore,
};

use crate::support::hash;
use crate::{
    fixture::{HASH, Scratch, all, first_page, new_org},
    support::{mongod, operations::Operations as _},
};

async fn change(store: &MongoStore, org: &Org, change: AdminChange) -> Org {
    let operation = Operation::Admin(Box::new(org.clone()), Box::new(change));
    store.perform(&operation, &store.entry("change admin", org)).await.unwrap().unwrap()
}

async fn add(store: &MongoStore, org: &Org, email: &str, role: Role) -> Org {
    let what = AdminEdit::Add(NewAdmin {
        email: Email::parse(email).unwrap(),
        role,
        password: PasswordHash::nobodys(),
        reset: ResetCode { hash: "c0de".into(), until: DateTime::from_millis(7) },
        created_at: DateTime::from_millis(1_700_000_000_000 + org.revision),
    });
    change(store, org, AdminChange { admin: ObjectId::new(), what, successor: None }).await
}

async fn with_three(test: &str) -> (Scratch, MongoStore, Org) {
    let scratch = Scratch::new(test).await;
    let store = scratch.open().await;
    let acme = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let acme = add(&store, &acme, "bob@acme.com", Role::Owner).await;
    let acme = add(&store, &acme, "eve@acme.com", Role::Admin).await;
    (scratch, store, acme)
}

#[tokio::test]
async fn an_admin_is_stored_as_the_service_stored_one_and_our_fields_beside_it() {
    let (scratch, store, acme) = with_three("admins_stored").await;
    let bob = store.admin_with_email("bob@acme.com").await.unwrap().unwrap();
    let stored = scratch.documents("admins").await;
    let stored = stored.iter().find(|admin| admin.get_object_id("_id").unwrap() == bob.id).unwrap();
    assert_eq!(stored.get_str("email").unwrap(), "bob@acme.com");
    // Nobody's, and still one that the service can check a password against.
    assert!(stored.get_str("password").unwrap().starts_with("$2b$"));
    assert!(stored.get_datetime("created_at").is_ok());
    assert_eq!(stored.get_object_id("organization_id").unwrap(), acme.id);
    assert_eq!(stored.get_str("role").unwrap(), "owner");
    let reset = doc! { "code": "c0de", "until": DateTime::from_millis(7) };
    assert_eq!(stored.get_document("reset").unwrap(), &reset);
    // To the service the organization is as it was.
    let record = &scratch.documents("organizations").await[0];
    assert_eq!(record.get_str("admin_email").unwrap(), "ada@acme.com");
    assert_eq!(record.get_str("admin_id").unwrap(), acme.admin_id.raw());
}

#[tokio::test]
async fn a_record_that_the_service_changes_keeps_the_others_emails() {
    let (scratch, store, acme) = with_three("admins_changed").await;
    let set = doc! { "$set": { "organization_name": "Renamed", "admin_email": "new@acme.com" } };
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! { "_id": acme.id }, set).await.unwrap();
    let admins = scratch.collection::<Document>("admins");
    let set = doc! { "$set": { "email": "new@acme.com" } };
    admins.update_one(doc! { "email": "ada@acme.com" }, set).await.unwrap();
    assert!(store.catch_up("tester@here").await.unwrap() > 0);
    for email in ["new@acme.com", "bob@acme.com", "eve@acme.com"] {
        let taken = store.create(&new_org("Other", email)).await;
        let what = ClaimKind::Email;
        let by = Some("Renamed".into());
        assert_eq!(taken, Err(StoreError::Taken { what, by, in_trash: false }), "{email}");
    }
    store.create(&new_org("Other", "ada@acme.com")).await.unwrap();
    assert_eq!(store.admins(&acme).await.unwrap().len(), 3);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

#[tokio::test]
async fn an_index_of_the_services_own_on_emails_is_never_in_the_way() {
    let (scratch, store, acme) = with_three("admins_unique").await;
    let unique = mongodb::options::IndexOptions::builder().unique(true).build();
    // One there is already, of the same field; this is another one.
    let index = mongodb::IndexModel::builder().keys(doc! { "email": -1 }).options(unique).build();
    scratch.collection::<Document>("admins").create_index(index).await.unwrap();
    let globex = store.create(&new_org("Globex", "kim@globex.com")).await.unwrap();
    let globex = add(&store, &globex, "joe@globex.com", Role::Admin).await;
    // Both at once in the trash.
    let acme = store.trash(&acme, 30).await.unwrap();
    let globex = store.trash(&globex, 30).await.unwrap();
    let back = store.restore(&acme, &Change::default()).await.unwrap();
    assert_eq!(store.admins(&back).await.unwrap().len(), 3);
    store.delete(&globex).await.unwrap();
    assert_eq!(scratch.documents("admins").await.len(), 3);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

#[tokio::test]
async fn admins_whose_organization_the_service_deleted_are_put_aside() {
    let (scratch, store, acme) = with_three("admins_left").await;
    // As the service deletes: the record, its collection, and the one admin it names.
    scratch
        .collection::<Document>("organizations")
        .delete_one(doc! { "_id": acme.id })
        .await
        .unwrap();
    scratch.collection::<Document>("org_acme_corp").drop().await.unwrap();
    scratch
        .collection::<Document>("admins")
        .delete_one(doc! { "email": "ada@acme.com" })
        .await
        .unwrap();
    let bob = store.admin_with_email("bob@acme.com").await.unwrap().unwrap();
    assert_eq!(store.org_of_admin(&bob).await, Ok(None));
    let found = store.examine("tester@here", false).await.unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    for finding in &found {
        assert!(
            matches!(finding.inconsistency, Inconsistency::AdminOfNobody { .. }),
            "{finding:?}"
        );
        assert_eq!(finding.repair, Repair::Possible);
    }
    let mended = store.examine("tester@here", true).await.unwrap();
    assert!(mended.iter().all(|finding| finding.repair.is_done()), "{mended:?}");
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    store.create(&new_org("Bobs", "bob@acme.com")).await.unwrap();
}

#[tokio::test]
async fn an_admin_whose_e_mail_another_program_gave_away_is_named_and_can_be_found_once_it_is_free()
{
    let scratch = Scratch::new("hidden").await;
    let store = scratch.open().await;
    let acme = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    // An organization of an hour ago whose admin is yet to be shown, and a stranger with that e-mail.
    let hour = bson::DateTime::now().timestamp_millis() / 1000 - 3600;
    let old = ObjectId::from_parts(u32::try_from(hour).unwrap(), [7; 5], [1; 3]);
    let admins = scratch.collection::<Document>("admins");
    admins.delete_many(doc! {}).await.unwrap();
    admins
        .insert_one(doc! {
            "_id": old, "email": old, "email_key": old, "trash": { "email": "ada@acme.com" },
            "joining": acme.id, "operation": ObjectId::new(), "password": hash("x"),
        })
        .await
        .unwrap();
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! {}, doc! { "$set": { "admin_id": old.to_hex() } }).await.unwrap();
    let stranger = doc! { "_id": ObjectId::new(), "email": "ada@acme.com", "password": "x" };
    admins.insert_one(&stranger).await.unwrap();
    let unique = mongodb::options::IndexOptions::builder().unique(true).build();
    admins.drop_index("email_1").await.unwrap();
    let index = mongodb::IndexModel::builder().keys(doc! { "email": 1 }).options(unique);
    admins.create_index(index.build()).await.unwrap();
    store.recover("tester@here").await.unwrap();
    let codes = |findings: Vec<tenantry::store::Finding>| -> Vec<&'static str> {
        findings.iter().map(|finding| finding.inconsistency.code()).collect()
    };
    let found = codes(store.examine("tester@here", false).await.unwrap());
    assert!(found.contains(&"hidden_admin"), "{found:?}");
    admins.delete_one(stranger).await.unwrap();
    store.recover("tester@here").await.unwrap();
    assert_eq!(codes(store.examine("tester@here", false).await.unwrap()), [""; 0]);
    assert_eq!(store.admin_with_email("ada@acme.com").await.unwrap().unwrap().id, old);
}

#[tokio::test]
async fn an_admin_who_claims_an_organization_that_does_not_list_them_is_left_to_a_person() {
    let (scratch, store, acme) = with_three("admins_unlisted").await;
    let stray = doc! {
        "_id": ObjectId::new(), "email": "mal@acme.com", "password": &*HASH, "role": "owner",
        "organization_id": acme.id,
    };
    scratch.collection::<Document>("admins").insert_one(&stray).await.unwrap();
    let before = scratch.documents("admins").await;
    let inconsistency =
        Inconsistency::UnlistedAdmin { org: "Acme Corp".into(), email: "mal@acme.com".into() };
    for fix in [false, true, true] {
        let found = scratch.open().await.examine("tester@here", fix).await.unwrap();
        let found: Vec<_> =
            found.iter().filter(|found| found.inconsistency.code() == "unlisted_admin").collect();
        let [found] = found[..] else { panic!("{found:?}") };
        assert_eq!(found.inconsistency, inconsistency);
        assert!(matches!(found.repair, Repair::ByHand(_)), "{found:?}");
    }
    let mut after = scratch.documents("admins").await;
    assert_eq!(after.len(), before.len());
    // Nor is it let in: whose admin somebody is the record says.
    let mal = store.admin_with_email("mal@acme.com").await.unwrap().unwrap();
    assert_eq!(store.org_of_admin(&mal).await, Ok(None));
    after.retain(|admin| admin["_id"] == stray["_id"]);
    assert_eq!(mongod::theirs(&after[0]), mongod::theirs(&stray));
}

#[tokio::test]
async fn a_record_that_another_program_changed_is_one_finding_and_not_two() {
    let (scratch, store, acme) = with_three("admins_stale").await;
    let set = doc! { "$set": { "organization_name": "Renamed" } };
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! { "_id": acme.id }, set).await.unwrap();
    let admins = scratch.collection::<Document>("admins");
    admins.delete_one(doc! { "email": "bob@acme.com" }).await.unwrap();
    let stale = Inconsistency::Stale { org: "Renamed".into() };
    let troubles = |found: Vec<tenantry::store::Finding>| -> Vec<Inconsistency> {
        found.into_iter().map(|found| found.inconsistency).collect()
    };
    assert_eq!(
        troubles(store.examine("tester@here", false).await.unwrap()),
        std::slice::from_ref(&stale)
    );
    let found = store.examine("tester@here", true).await.unwrap();
    assert!(found.iter().all(|found| found.repair.is_done()), "{found:?}");
    assert_eq!(troubles(found), [stale]);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

/// How a record names its first admin.
type Named = fn(&Org) -> Document;

#[tokio::test]
async fn whose_first_admin_is_gone_is_known_however_the_record_names_them() {
    let scratch = Scratch::new("admins_gone").await;
    let store = scratch.open().await;
    let orgs = scratch.collection::<Document>("organizations");
    let admins = scratch.collection::<Document>("admins");
    let mut gone = Vec::new();
    // How the record names its first admin; whether it is in the trash.
    let ways: [(&str, Named, bool); 5] = [
        ("hex", |org| doc! { "$set": { "admin_id": org.admin_id.raw() } }, false),
        ("upper", |org| doc! { "$set": { "admin_id": org.admin_id.raw().to_uppercase() } }, false),
        ("id", |org| doc! { "$set": { "admin_id": id(org) } }, false),
        ("email", |_| doc! { "$unset": { "admin_id": "" } }, false),
        ("trash", |org| doc! { "$set": { "other": org.admin_id.raw() } }, true),
    ];
    for (way, named, trashed) in ways {
        for (what, removed) in [("kept", false), ("gone", true)] {
            let email = format!("Ada@{way}{what}.com");
            let mut org = store.create(&new_org(&format!("{way} {what}"), &email)).await.unwrap();
            let admin = id(&org);
            orgs.update_one(doc! { "_id": org.id }, named(&org)).await.unwrap();
            if trashed {
                org = store.trash(&org, 30).await.unwrap();
            }
            if removed {
                let done = admins.delete_one(doc! { "_id": admin }).await.unwrap();
                assert_eq!(done.deleted_count, 1);
                gone.push(org.id);
            }
        }
    }
    let id_that_is_none = doc! { "$set": { "admin_id": "nobody" } };
    let strange = store.create(&new_org("strange", "eve@x.com")).await.unwrap();
    orgs.update_one(doc! { "_id": strange.id }, id_that_is_none).await.unwrap();
    gone.push(strange.id);
    let mut read = all(&store).await;
    read.extend(store.page(&in_trash()).await.unwrap().orgs);
    assert_eq!(read.len(), 11);
    let mut found = store.without_admin(&read).await.unwrap();
    found.sort();
    gone.sort();
    assert_eq!(found, gone);
    // A search for them finds the same, and the others have one.
    for (search, wanted) in [("admins:0", true), ("admins:1", false), ("admins:>1", true)] {
        let mut found = Vec::new();
        for list in [first_page(), in_trash()] {
            let query = PageQuery { search: Some(search.to_owned()), ..list };
            found.extend(store.page(&query).await.unwrap().orgs.iter().map(|org| org.id));
        }
        found.sort();
        let mut ids: Vec<ObjectId> = read.iter().map(|org| org.id).collect();
        ids.retain(|id| search != "admins:>1" && gone.contains(id) == wanted);
        ids.sort();
        assert_eq!(found, ids, "{search}");
    }
}

fn id(org: &Org) -> ObjectId {
    ObjectId::parse_str(org.admin_id.raw()).unwrap()
}

fn in_trash() -> PageQuery {
    let sort = Sort { key: SortKey::Name, descending: false };
    PageQuery {
        scope: ListScope::Trash,
        search: None,
        best_first: false,
        sort,
        at: PageAt::First,
        limit: 50,
    }
}
