//! The trash in front of the service before this one, what is written under old names, and the doctor.

use mongodb::{
    IndexModel,
    bson::{Bson, Document, RawDocumentBuf, doc, oid::ObjectId},
};
use tenantry::store::traits::*;
use tenantry::{
    org::{Claim, ClaimKind, Org, OrgName, OrgState},
    store::{Change, Examination, Inconsistency, ListScope, Repair, Store, StoreError},
};

use crate::support::operations::Operations as _;
use crate::{
    fixture::{Scratch, all, first_page, new_org},
    recovery::Saboteur,
};

/// Documents of the organization beside its first.
const DOCUMENTS: i32 = 20;

/// Everything about an organization's collection, byte for byte.
#[derive(Debug, PartialEq)]
struct Holdings {
    documents: Vec<RawDocumentBuf>,
    indexes: Vec<RawDocumentBuf>,
    options: Document,
}

async fn holdings(scratch: &Scratch, collection: &str) -> Holdings {
    let raw = scratch.collection::<RawDocumentBuf>(collection);
    let mut found = raw.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
    let mut documents = Vec::new();
    while found.advance().await.unwrap() {
        documents.push(found.current().to_owned());
    }
    let listed = scratch
        .run_command(doc! { "listCollections": 1, "filter": { "name": collection } })
        .await
        .unwrap();
    let listed = listed.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
    let options = listed[0].as_document().unwrap().get_document("options").unwrap().clone();
    Holdings { documents, indexes: scratch.indexes(collection).await, options }
}

/// An organization with documents, an index and a validator of its own.
async fn acme(scratch: &Scratch, store: &dyn Store) -> (Org, Holdings) {
    let org = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let collection = scratch.collection::<Document>("org_acme_corp");
    let documents = (0..DOCUMENTS).map(|n| doc! { "_id": n, "n": n });
    collection.insert_many(documents).await.unwrap();
    let options = mongodb::options::IndexOptions::builder().unique(true).sparse(true).build();
    let index = IndexModel::builder().keys(doc! { "n": 1 }).options(options).build();
    collection.create_index(index).await.unwrap();
    let validator = doc! { "collMod": "org_acme_corp", "validator": { "n": { "$ne": -1 } } };
    scratch.run_command(validator).await.unwrap();
    let holdings = holdings(scratch, "org_acme_corp").await;
    assert_eq!(holdings.documents.len(), 21);
    (org, holdings)
}

fn reborn() -> Change {
    let name = OrgName::parse("Acme Reborn").unwrap();
    let collection = Some(tenantry::org::CollectionName::from_name(&name));
    Change { name: Some(name), collection, ..Change::default() }
}

/// Whether the organization is as `now` says and whole, and nothing else is there.
async fn assert_whole(scratch: &Scratch, store: &dyn Store, now: &Org, had: &Holdings, at: &str) {
    assert_eq!(now.under_way, None, "{at}");
    let held = match now.state {
        OrgState::InTrash(_) => format!("trash_{}", now.id.to_hex()),
        OrgState::Active | OrgState::Suspended => now.collection.raw().to_owned(),
    };
    assert_eq!(&holdings(scratch, &held).await, had, "{at}");
    let collections = scratch.collections().await;
    assert_eq!(collections.len(), 3, "{at}: {collections:?}");
    let record = &scratch.documents("organizations").await[0];
    assert!(!record.contains_key("pending"), "{at}: {record}");
    // Its name, collection and e-mail, and what the name looks like.
    let looks = Claim::looks_of(now.name.raw()).len();
    assert_eq!(record.get_array("claims").unwrap().len(), 3 + looks, "{at}: {record}");
    let admin = store.admin_with_email("ada@acme.com").await.unwrap();
    let in_trash = store.admin_in_trash(now, "ada@acme.com").await.unwrap();
    assert_eq!(
        (admin.is_some(), in_trash.is_some()),
        (now.in_trash().is_none(), now.in_trash().is_some()),
        "{at}"
    );
    assert_eq!(scratch.documents("admins").await.len(), 1, "{at}");
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]), "{at}");
}

/// What the service answers a GET of this name with.
async fn service_finds(scratch: &Scratch, name: &str) -> Option<Document> {
    let orgs = scratch.collection::<Document>("organizations");
    orgs.find_one(doc! { "organization_name": name }).await.unwrap()
}

/// Whom the service finds for a login.
async fn service_logs_in(scratch: &Scratch, email: &str) -> Option<Document> {
    scratch.collection::<Document>("admins").find_one(doc! { "email": email }).await.unwrap()
}

#[tokio::test]
async fn to_the_service_an_organization_in_the_trash_is_gone_and_comes_back_as_it_was() {
    let scratch = Scratch::new("trash_gone").await;
    for (index, collection) in [("organization_name", "organizations"), ("email", "admins")] {
        let options = mongodb::options::IndexOptions::builder().unique(true).build();
        let index = IndexModel::builder().keys(doc! { index: 1 }).options(options).build();
        scratch.collection::<Document>(collection).create_index(index).await.unwrap();
    }
    for (name, email) in [("acme_corp", "ada@acme.com"), ("globex", "bob@globex.com")] {
        scratch.add_legacy(name, &format!("org_{name}"), email).await;
    }
    let store = scratch.open().await;
    let before = (scratch.documents("organizations").await, scratch.documents("admins").await);
    let mut trashed = Vec::new();
    for org in all(&store).await {
        trashed.push(store.trash(&org, 30).await.unwrap());
    }
    for (name, email) in [("acme_corp", "ada@acme.com"), ("globex", "bob@globex.com")] {
        assert_eq!(service_finds(&scratch, name).await, None);
        assert_eq!(service_logs_in(&scratch, email).await, None);
    }
    // Nor does it find the documents of one that it made itself just now.
    assert_eq!(scratch.documents("org_acme_corp").await, Vec::<Document>::new());
    for org in &trashed {
        store.restore(org, &Change::default()).await.unwrap();
    }
    let theirs = |records: Vec<Document>| -> Vec<Document> {
        records.iter().map(crate::support::mongod::theirs).collect()
    };
    assert_eq!(theirs(scratch.documents("organizations").await), theirs(before.0));
    assert_eq!(theirs(scratch.documents("admins").await), theirs(before.1));
}

#[tokio::test]
async fn the_trash_gives_way_to_what_the_service_made_meanwhile() {
    let scratch = Scratch::new("trash_gives_way").await;
    let store = scratch.open().await;
    let (org, had) = acme(&scratch, &store).await;
    let trashed = store.trash(&org, 30).await.unwrap();
    let theirs = scratch.add_legacy("Acme Corp", "org_acme_corp", "eve@acme.com").await;
    // Neither a console that is open nor one that connects calls that a clash.
    for store in [store, scratch.open().await] {
        store.recover("tester@here").await.unwrap();
        assert_eq!(store.only_readable_because(), None);
        let found = store.org_named("acme corp", ListScope::Live).await.unwrap().unwrap();
        assert_eq!(found.id, theirs);
        assert_eq!(store.statistics(&found).await.unwrap().documents, 1);
        let found = store.org_named("acme corp", ListScope::Trash).await.unwrap().unwrap();
        assert_eq!(found.id, org.id);
        assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    }
    let store = scratch.open().await;
    let taken =
        StoreError::Taken { what: ClaimKind::Name, by: Some("Acme Corp".into()), in_trash: false };
    assert_eq!(store.restore(&trashed, &Change::default()).await, Err(taken));
    assert_eq!(holdings(&scratch, &format!("trash_{}", org.id.to_hex())).await, had);
    let back = store.restore(&trashed, &reborn()).await.unwrap();
    assert_eq!((back.id, back.name.raw()), (org.id, "Acme Reborn"));
    assert_eq!(holdings(&scratch, "org_acme_reborn").await, had);
    assert_eq!(scratch.documents("org_acme_corp").await.len(), 1);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

#[tokio::test]
async fn an_email_that_the_service_gave_away_meanwhile_keeps_one_in_the_trash() {
    let scratch = Scratch::new("trash_email").await;
    let options = mongodb::options::IndexOptions::builder().unique(true).build();
    let index = IndexModel::builder().keys(doc! { "email": 1 }).options(options).build();
    scratch.collection::<Document>("admins").create_index(index).await.unwrap();
    let store = scratch.open().await;
    let (org, had) = acme(&scratch, &store).await;
    let trashed = store.trash(&org, 30).await.unwrap();
    scratch.add_legacy("Globex", "org_globex", "ada@acme.com").await;
    let taken =
        StoreError::Taken { what: ClaimKind::Email, by: Some("Globex".into()), in_trash: false };
    assert_eq!(store.restore(&trashed, &Change::default()).await, Err(taken));
    assert_eq!(store.org(org.id).await, Ok(Some(trashed.clone())));
    assert_eq!(holdings(&scratch, &format!("trash_{}", org.id.to_hex())).await, had);
    // An admin without an organization has it: no claim says so, the service's own index does.
    let globex = store.org_named("globex", ListScope::Live).await.unwrap().unwrap();
    store.delete(&globex).await.unwrap();
    scratch.collection("admins").insert_one(doc! { "email": "ada@acme.com" }).await.unwrap();
    let taken = StoreError::Taken { what: ClaimKind::Email, by: None, in_trash: false };
    assert_eq!(store.restore(&trashed, &Change::default()).await, Err(taken));
    assert_eq!(store.org(org.id).await, Ok(Some(trashed.clone())));
    scratch
        .collection::<Document>("admins")
        .delete_one(doc! { "email": "ada@acme.com" })
        .await
        .unwrap();
    let back = store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(back.admin_email.raw(), "ada@acme.com");
    assert_eq!(holdings(&scratch, "org_acme_corp").await, had);
}

#[tokio::test]
async fn what_the_service_changed_meanwhile_is_found_and_unique_again() {
    let scratch = Scratch::new("stale").await;
    let store = scratch.open().await;
    let (org, _) = acme(&scratch, &store).await;
    store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    // The service renames in place and gives the admin another e-mail.
    let set = doc! { "organization_name": "Initech", "admin_email": "ada@initech.com" };
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! { "_id": org.id }, doc! { "$set": set }).await.unwrap();
    let admins = scratch.collection::<Document>("admins");
    let set = doc! { "$set": { "email": "ada@initech.com" } };
    admins.update_one(doc! { "email": "ada@acme.com" }, set).await.unwrap();
    let troubles: Vec<Inconsistency> = store
        .examine("tester@here", false)
        .await
        .unwrap()
        .into_iter()
        .map(|found| found.inconsistency)
        .collect();
    let stale = |org: &str| Inconsistency::Stale { org: org.into() };
    assert_eq!(troubles, [stale("Initech"), stale("ada@initech.com")]);

    // Whoever asks by what is stored now finds it at once, and not by what was.
    let found = store.org_named("Initech", ListScope::Live).await.unwrap().unwrap();
    assert_eq!((found.id, found.admin_email.raw()), (org.id, "ada@initech.com"));
    assert_eq!(store.org_named("Acme Corp", ListScope::Live).await, Ok(None));
    assert!(store.admin_with_email("ada@initech.com").await.unwrap().is_some());
    assert_eq!(store.admin_with_email("ada@acme.com").await, Ok(None));
    let taken = store.create(&new_org("Other", "ada@initech.com")).await;
    assert!(matches!(taken, Err(StoreError::Taken { what: ClaimKind::Email, .. })), "{taken:?}");

    // In any case, and in lists and claims, once a console has caught up.
    let store = scratch.look().await;
    assert_eq!(store.catch_up("tester@here").await, Ok(2));
    assert_eq!(store.catch_up("tester@here").await, Ok(0));
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    assert_eq!(store.org_named("initech", ListScope::Live).await.unwrap().unwrap().id, org.id);
    assert_eq!(store.org_named("acme corp", ListScope::Live).await, Ok(None));
    assert!(store.admin_with_email("ADA@initech.com").await.unwrap().is_some());
    assert_eq!(store.admin_with_email("ada@acme.com").await, Ok(None));
    let taken = store.create(&new_org("INITECH", "x@initech.com")).await;
    assert!(matches!(taken, Err(StoreError::Taken { what: ClaimKind::Name, .. })), "{taken:?}");
    store.create(&new_org("Acme", "ada@acme.com")).await.unwrap();
    // A change that makes two the same is a clash like any other: it is said, and the one that was changed
    // is held back.
    let set = doc! { "$set": { "organization_name": "globex" } };
    orgs.update_one(doc! { "_id": org.id }, set).await.unwrap();
    let store = scratch.look().await;
    assert_eq!(store.catch_up("tester@here").await, Ok(1));
    assert_eq!(store.only_readable_because(), None);
    let found = store.examine("tester@here", false).await.unwrap();
    assert!(
        found.iter().any(|found| matches!(found.inconsistency, Inconsistency::Clash(_))),
        "{found:?}"
    );
    assert_eq!(store.page(&first_page()).await.unwrap().orgs.len(), 3);
}

#[tokio::test]
async fn an_examination_says_and_mends_what_does_not_belong_together() {
    let scratch = Scratch::new("doctor").await;
    let store = scratch.open().await;
    let (org, _) = acme(&scratch, &store).await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    scratch.collection("org_lost").insert_one(doc! { "_id": "kept" }).await.unwrap();
    scratch.collection("quarantine_org_lost").insert_one(doc! { "_id": "older" }).await.unwrap();
    scratch.collection::<Document>("org_globex").drop().await.unwrap();
    let nobody = doc! { "_id": ObjectId::new(), "email": "nobody@acme.com", "password": "x" };
    scratch.collection::<Document>("admins").insert_one(&nobody).await.unwrap();
    let nobodys = scratch.collection::<Document>("admins");
    nobodys.delete_one(doc! { "email": "bob@globex.com" }).await.unwrap();
    let expected = [
        Inconsistency::NoCollection { org: "Globex".into(), collection: "org_globex".into() },
        Inconsistency::NoAdmin { org: "Globex".into() },
        Inconsistency::CollectionOfNobody { collection: "org_lost".into(), documents: 1 },
        Inconsistency::AdminOfNobody { email: "nobody@acme.com".into() },
    ];
    let before = scratch.dump().await;
    let found = store.examine("tester@here", false).await.unwrap();
    assert_eq!(found.iter().map(|found| found.inconsistency.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(scratch.dump().await, before);

    // What may be another program's is only moved when it is named.
    let found = store.examine("tester@here", true).await.unwrap();
    assert_eq!(found.iter().map(|found| found.inconsistency.clone()).collect::<Vec<_>>(), expected);
    assert!(matches!(found[0].repair, Repair::Done(_)), "{found:?}");
    assert_eq!(found[2].repair, Repair::ByName("org_lost".into()));
    assert_eq!(found[3].repair, Repair::ByName("nobody@acme.com".into()));
    assert_eq!(scratch.documents("org_lost").await, [doc! { "_id": "kept" }]);
    let names = ["org_lost", "Nobody@acme.com"].map(str::to_owned);
    let wanted = Examination { quarantine: &names, ..Examination::plain(true) };
    let found = store.go_through("tester@here", &wanted).await.unwrap();
    assert_eq!(
        found.iter().map(|found| found.inconsistency.clone()).collect::<Vec<_>>(),
        expected[1..]
    );
    assert!(matches!(found[0].repair, Repair::ByHand(_)), "{found:?}");
    for at in [1, 2] {
        assert!(matches!(found[at].repair, Repair::Done(_)), "{found:?}");
    }
    let quarantined = scratch.documents("quarantine_org_lost_2").await;
    assert_eq!(quarantined, [doc! { "_id": "kept" }]);
    let older = scratch.documents("quarantine_org_lost").await;
    assert_eq!(older, [doc! { "_id": "older" }]);
    let mut quarantined = scratch.documents("quarantine_admins").await;
    quarantined[0].remove("email_key");
    quarantined[0].remove("seen");
    assert_eq!(quarantined, [nobody]);
    assert_eq!(store.statistics(&globex).await.unwrap().documents, 0);
    let left = store.examine("tester@here", false).await.unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(store.statistics(&org).await.unwrap().documents, 21);
}

#[tokio::test]
async fn an_examination_settles_what_is_half_done_once_its_lease_is_over() {
    let saboteur = Saboteur::start().await;
    let scratch = saboteur.scratch().await;
    let store = scratch.open().await;
    let (org, had) = acme(&scratch, &store).await;
    // Cut off somewhere behind the reservation.
    let mut n = 0;
    loop {
        saboteur.cut_after(n).await;
        let cut = store.trash(&org, 30).await;
        saboteur.mend().await;
        assert!(cut.is_err());
        if scratch.documents("organizations").await[0].contains_key("pending") {
            break;
        }
        n += 1;
    }
    let patient = store.examine("tester@here", true).await.unwrap();
    let inconsistency = Inconsistency::HalfDone {
        org: "Acme Corp".into(),
        what: "a move to the trash",
        by: "tester@here".into(),
    };
    assert_eq!(patient.len(), 1, "{patient:?}");
    assert_eq!(patient[0].inconsistency, inconsistency);
    assert!(matches!(&patient[0].repair, Repair::Failed(why) if why.contains("ten seconds")));
    // One for whom the lease is over; opening would have settled it as well.
    let second = scratch.open_impatiently().await;
    let now = second.org(org.id).await.unwrap().unwrap();
    assert_whole(&scratch, &second, &now, &had, "settled").await;
}

#[tokio::test]
async fn an_admin_id_in_upper_case_is_the_same_admin() {
    let scratch = Scratch::new("upper").await;
    let id = scratch.add_legacy("acme", "org_acme", "ada@acme.com").await;
    let orgs = scratch.collection::<Document>("organizations");
    let record = orgs.find_one(doc! { "_id": id }).await.unwrap().unwrap();
    let upper = Bson::from(record.get_str("admin_id").unwrap().to_uppercase());
    orgs.update_one(doc! { "_id": id }, doc! { "$set": { "admin_id": upper } }).await.unwrap();
    let store = scratch.open().await;
    let admin = store.admin_with_email("ada@acme.com").await.unwrap().unwrap();
    let org = store.org_of_admin(&admin).await.unwrap().unwrap();
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    let trashed = store.trash(&org, 30).await.unwrap();
    assert!(store.admin_in_trash(&trashed, "ada@acme.com").await.unwrap().is_some());
    store.delete(&trashed).await.unwrap();
    assert_eq!(scratch.documents("admins").await, vec![]);
}

#[tokio::test]
async fn an_organization_whose_collection_lies_elsewhere_comes_back() {
    let scratch = Scratch::new("elsewhere").await;
    scratch.add_legacy("acme", "tenant_acme", "ada@acme.com").await;
    let store = scratch.open().await;
    let org = store.org_named("acme", ListScope::Live).await.unwrap().unwrap();
    let trashed = store.trash(&org, 30).await.unwrap();
    assert_eq!(scratch.documents("tenant_acme").await.len(), 1);
    let back = store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(back.collection.raw(), "tenant_acme");
    assert_eq!(scratch.documents("tenant_acme").await.len(), 1);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}
