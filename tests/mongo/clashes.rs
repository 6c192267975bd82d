//! Names, e-mails and collections that clash in a database of the old service, or with what is written there: only
//! what clashes is held back.

use bson::{Document, doc};
use futures_util::future::join_all;
use tenantry::store::ListScope;
use tenantry::store::traits::*;
use tenantry::{
    org::{Claim, ClaimKind, CollectionName, Email, OrgName},
    store::{Change, StoreError},
};

use crate::fixture::{Scratch, all, new_org, shared};
use crate::legacy::{HOSTILE, fixture};
use crate::support::operations::Operations as _;

#[tokio::test]
async fn a_look_alike_that_is_there_already_can_be_edited_but_not_copied() {
    let scratch = fixture("legacy_look").await;
    let store = scratch.open().await;
    let second = store.org_named("аcme_corp", ListScope::Live).await.unwrap().unwrap();
    let change =
        Change { email: Some(Email::parse("gg@example.com").unwrap()), ..Change::default() };
    let second = store.update(&second, &change).await.unwrap();
    let first = store.org_named("acme_corp", ListScope::Live).await.unwrap().unwrap();
    store.delete(&first).await.unwrap();
    let again = store.create(&new_org("acme_corp", "new@example.com")).await;
    assert_eq!(
        again,
        Err(StoreError::Taken { what: ClaimKind::Look, by: Some(second.name), in_trash: false })
    );
}

#[tokio::test]
async fn records_of_an_older_version_are_compared_as_they_are_typed_too() {
    let scratch = Scratch::new("legacy_typed").await;
    let store = scratch.open().await;
    let older = async || {
        let record =
            doc! { "$unset": { "look_as_typed": "" }, "$pull": { "claims": "look:Paypal" } };
        let orgs = scratch.collection::<Document>("organizations");
        orgs.update_many(doc! {}, record).await.unwrap();
    };
    store.create(&new_org("Paypal", "ada@example.com")).await.unwrap();
    older().await;
    let look = Claim::Look("Paypal".into());
    let holder = store.holder(&look).await.unwrap();
    assert_eq!(holder.and_then(|holder| holder.name), Some("Paypal".into()));
    let alike = store.create(&new_org("PaypaI", "eve@example.com")).await;
    let refused =
        StoreError::Taken { what: ClaimKind::Look, by: Some("Paypal".into()), in_trash: false };
    assert_eq!(alike, Err(refused));
    // Two that are there already stay, and can be changed; the older one has the claim.
    let other = store.create(&new_org("Other", "eve@example.com")).await.unwrap();
    let called = doc! { "organization_name": "PaypaI", "name_key": "paypai", "look": "paypai",
    "seen.organization_name": "PaypaI", "claims.0": "name:paypai", "claims.1": "look:paypai" };
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! { "_id": other.id }, doc! { "$set": called }).await.unwrap();
    older().await;
    for (name, email) in [("PaypaI", "new@example.com"), ("Paypal", "ada2@example.com")] {
        let org = store.org_named(name, ListScope::Live).await.unwrap().unwrap();
        let mail = Change { email: Some(Email::parse(email).unwrap()), ..Change::default() };
        store.update(&org, &mail).await.unwrap();
    }
    for record in scratch.documents("organizations").await {
        let name = record.get_str("organization_name").unwrap();
        assert_eq!(record.get_str("look_as_typed").unwrap(), "Paypal", "{name}");
        let claims = record.get_array("claims").unwrap();
        assert_eq!(claims.contains(&"look:Paypal".into()), name == "Paypal", "{claims:?}");
    }
    let alike = store.create(&new_org("Paypa\u{406}", "third@example.com")).await;
    assert!(matches!(alike, Err(StoreError::Taken { what: ClaimKind::Look, .. })), "{alike:?}");
}

#[tokio::test]
async fn of_records_that_clash_only_the_later_one_is_held_back_until_nothing_is_in_its_way() {
    for (test, name, collection, email, says) in [
        ("clash_name", "ACME_corp", "org_other", "x@example.com", "the same name"),
        ("clash_collection", "Acme-Corp", "org_acme_corp", "x@example.com", "the same collection"),
        ("clash_email", "another", "org_another", "ada@acme.com", "the same e-mail"),
    ] {
        let scratch = fixture(test).await;
        let later = scratch.add_legacy(name, collection, email).await;
        let store = scratch.open().await;
        assert_eq!(store.only_readable_because(), None, "{test}");
        assert_eq!(all(&store).await.len(), HOSTILE.len() + 1, "{test}");
        let held_back = store.org(later).await.unwrap().unwrap();
        assert_eq!(store.org_named(name, ListScope::Live).await.unwrap().unwrap().name.raw(), name);
        // Both are named by identity, by what refuses and by the doctor.
        let first = store.org_named("acme_corp", ListScope::Live).await.unwrap().unwrap();
        let refused = store.suspend(&held_back, true).await.unwrap_err();
        assert!(matches!(refused, StoreError::HeldBack(_)), "{test}: {refused:?}");
        let found = store.examine("tester@here", false).await.unwrap();
        let found = found.iter().find(|one| one.inconsistency.code() == "clash").unwrap();
        for said in [refused.to_string(), found.inconsistency.to_string()] {
            let named = [&first, &held_back].map(|org| said.contains(&org.id.to_hex()));
            assert!(said.contains(says) && named == [true, true], "{test}: {said}");
        }
        // Everything else works.
        store.create(&new_org("fresh", "fresh@example.com")).await.unwrap();
        let other = store.org_named("  ", ListScope::Live).await.unwrap().unwrap();
        store.suspend(&other, true).await.unwrap();
        // The other program resolves it, and the next write brings it along.
        let orgs = scratch.collection::<Document>("organizations");
        let free = doc! { "organization_name": "free", "collection_name": "org_free",
        "admin_email": "free@example.com" };
        orgs.update_one(doc! { "_id": later }, doc! { "$set": free }).await.unwrap();
        let resolved = store.org(later).await.unwrap().unwrap();
        store.suspend(&resolved, true).await.unwrap();
        let record = orgs.find_one(doc! { "_id": later }).await.unwrap().unwrap();
        assert_eq!(record.get_array("claims").unwrap().len(), 4, "{test}");
    }
}

#[tokio::test]
async fn the_collection_that_two_records_name_is_not_dropped_with_either() {
    let scratch = fixture("clash_drop").await;
    let later = scratch.add_legacy("Acme-Corp", "org_acme_corp", "x@example.com").await;
    let store = scratch.open().await;
    for org in [later, all(&store).await.iter().find(|o| o.name.raw() == "acme_corp").unwrap().id] {
        let org = store.org(org).await.unwrap().unwrap();
        let refused = store.delete(&org).await;
        assert!(matches!(refused, Err(StoreError::Taken { .. })), "{refused:?}");
    }
    assert_eq!(scratch.documents("org_acme_corp").await.len(), 2);
}

#[tokio::test]
async fn organizations_the_service_adds_meanwhile_are_found_and_respected() {
    let scratch = Scratch::new("legacy_meanwhile").await;
    let store = scratch.open().await;
    store.create(&new_org("ours", "ours@example.com")).await.unwrap();
    let id = scratch.add_legacy("Theirs", "org_theirs", "Theirs@example.com").await;
    assert_eq!(store.org_named("Theirs", ListScope::Live).await.unwrap().unwrap().id, id);
    assert_eq!(store.org_named("theirs", ListScope::Live).await.unwrap().unwrap().id, id);
    assert!(store.admin_with_email("theirs@EXAMPLE.com").await.unwrap().is_some());
    for (claim, name) in [
        (Claim::of_email("THEIRS@example.com"), "Theirs"),
        (Claim::Collection("org_theirs".into()), "Theirs"),
        (Claim::Name("theirs".into()), "Theirs"),
        (Claim::Name("ours".into()), "ours"),
    ] {
        let holder = store.holder(&claim).await.unwrap().unwrap();
        assert_eq!(holder.name, Some(name.into()), "{claim}");
    }
    let taken = store.create(&new_org("THEIRS", "other@example.com")).await;
    assert!(matches!(taken, Err(StoreError::Taken { what: ClaimKind::Name, .. })), "{taken:?}");
    let taken = store.create(&new_org("other", "theirs@example.com")).await;
    assert!(matches!(taken, Err(StoreError::Taken { what: ClaimKind::Email, .. })), "{taken:?}");
    scratch.add_legacy("Later", "org_later", "later@example.com").await;
    assert_eq!(all(&store).await.len(), 3);
}

#[tokio::test]
async fn what_belongs_to_nobody_stands_in_the_way_and_stays() {
    let scratch = Scratch::new("legacy_orphans").await;
    let store = scratch.open().await;
    scratch.collection("org_lost").insert_one(doc! { "_id": 1, "precious": true }).await.unwrap();
    scratch.collection("admins").insert_one(doc! { "email": "Lost@example.com" }).await.unwrap();
    scratch.create_collection("org_empty").await.unwrap();
    let before = (scratch.documents("org_lost").await, scratch.documents("organizations").await);
    for (name, email, what) in [
        ("lost", "new@example.com", ClaimKind::Collection),
        ("empty", "new@example.com", ClaimKind::Collection),
        ("found", "lost@example.com", ClaimKind::Email),
    ] {
        let taken = store.create(&new_org(name, email)).await;
        assert_eq!(taken, Err(StoreError::Taken { what, by: None, in_trash: false }));
    }
    let found = store.create(&new_org("found", "found@example.com")).await.unwrap();
    let name = OrgName::parse("lost").unwrap();
    let rename = Change {
        collection: Some(CollectionName::from_name(&name)),
        name: Some(name),
        ..Change::default()
    };
    assert!(matches!(
        store.update(&found, &rename).await,
        Err(StoreError::Taken { what: ClaimKind::Collection, .. })
    ));
    assert_eq!(store.org(found.id).await.unwrap(), Some(found.clone()));
    store.delete(&found).await.unwrap();
    let left = scratch.collections().await;
    assert_eq!(left, ["admins", "org_empty", "org_lost", "organizations"]);
    assert_eq!(
        (scratch.documents("org_lost").await, scratch.documents("organizations").await),
        before
    );
}

#[tokio::test]
async fn of_consoles_that_race_for_a_name_one_wins() {
    let scratch = Scratch::new("race").await;
    let stores = [shared(scratch.open().await), shared(scratch.open().await)];
    for round in 0..10 {
        let name = format!("race {round}");
        let tries = (0..6).map(|at| {
            let store = stores[at % 2].clone();
            let new = new_org(&name, &format!("r{round}a{at}@example.com"));
            async move { store.create(&new).await }
        });
        let ends = join_all(tries).await;
        let won = ends.iter().filter(|end| end.is_ok()).count();
        assert_eq!(won, 1, "{ends:?}");
        for end in ends.iter().filter(|end| end.is_err()) {
            let Err(StoreError::Taken { what: ClaimKind::Name, by, .. }) = end else {
                panic!("{end:?}");
            };
            assert_eq!(*by, Some(name.as_str().into()));
        }
    }
    assert_eq!(scratch.documents("admins").await.len(), 10);
    assert_eq!(scratch.documents("organizations").await.len(), 10);
}

#[tokio::test]
async fn an_index_of_the_old_service_that_refuses_an_admin_refuses_the_creation() {
    let scratch = Scratch::new("legacy_index").await;
    // Only one admin can lack a telephone.
    let unique = mongodb::IndexModel::builder()
        .keys(doc! { "telephone": 1 })
        .options(mongodb::options::IndexOptions::builder().unique(true).build())
        .build();
    scratch.collection::<Document>("admins").create_index(unique).await.unwrap();
    let store = scratch.open().await;
    let first = store.create(&new_org("first", "first@example.com")).await.unwrap();
    let second = store.create(&new_org("second", "second@example.com")).await;
    assert!(matches!(second, Err(StoreError::Taken { .. })), "{second:?}");
    assert_eq!(all(&store).await, [first]);
    assert_eq!(scratch.documents("admins").await.len(), 1);
    assert!(!scratch.collections().await.contains(&"org_second".to_owned()));
}
