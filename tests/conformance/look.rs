//! Finding organizations and admins, and looking into collections.

use mongodb::bson::{doc, oid::ObjectId};
use tenantry::org::{Admin, Claim};
use tenantry::store::Shelf;
use tenantry::store::Statistics;

use crate::fixture::{CREATED, Fixture, hash, with_acme};
use crate::support::deeds::Deeds as _;

pub async fn an_organization_is_found_by_name_in_any_case<F: Fixture>() {
    let (_fixture, store, org) = with_acme::<F>().await;
    for name in ["Acme Corp", "ACME CORP", "acme corp"] {
        assert_eq!(
            store.org_named(name, Shelf::Live).await.unwrap().as_ref(),
            Some(&org),
            "{name}"
        );
    }
    for name in ["Acme", "acme_corp", "", "Acme Corp%", ".*"] {
        assert_eq!(store.org_named(name, Shelf::Live).await.unwrap(), None, "{name}");
    }
}

pub async fn an_organization_is_found_by_its_admin<F: Fixture>() {
    let (_fixture, store, org) = with_acme::<F>().await;
    let admin = ObjectId::parse_str(org.admin_id.raw()).unwrap();
    let admin = store.admin(admin).await.unwrap().unwrap();
    assert_eq!(store.org_of_admin(&admin).await.unwrap(), Some(org.clone()));
    let nobody = Admin { id: org.id, ..admin.clone() };
    assert_eq!(store.org_of_admin(&nobody).await.unwrap(), None);
    assert_eq!(store.org(admin.id).await.unwrap(), None);
}

pub async fn an_admin_is_found_by_email_in_any_case<F: Fixture>() {
    let (_fixture, store, org) = with_acme::<F>().await;
    let admin = store.admin_with_email("ADA@Acme.com").await.unwrap().unwrap();
    assert_eq!(admin.id.to_hex(), org.admin_id.raw());
    assert_eq!(admin.email.raw(), "ada@acme.com");
    assert_eq!(admin.password, hash("first"));
    assert_eq!(admin.created_at, CREATED);
    assert_eq!(store.admin(admin.id).await.unwrap(), Some(admin));
    assert_eq!(store.admin_with_email("bob@acme.com").await.unwrap(), None);
    assert_eq!(store.admin(org.id).await.unwrap(), None);
}

pub async fn holders_of_claims_are_named<F: Fixture>() {
    let (fixture, store, org) = with_acme::<F>().await;
    for claim in Claim::of_name("acme corp", "org_acme_corp")
        .iter()
        .chain([&Claim::of_email("ADA@acme.com")])
    {
        let holder = store.holder(claim).await.unwrap().unwrap();
        assert_eq!(holder.org, Some(org.id), "{claim}");
        assert_eq!(holder.name, Some("Acme Corp".into()), "{claim}");
    }
    for claim in
        Claim::of_name("globex", "org_globex").iter().chain([&Claim::of_email("bob@acme.com")])
    {
        assert_eq!(store.holder(claim).await.unwrap(), None, "{claim}");
    }
    fixture.insert("org_globex", vec![doc! { "_id": 1 }]).await;
    let ownerless = store.holder(&Claim::Collection("org_globex".to_owned())).await.unwrap();
    assert_eq!(ownerless.map(|holder| holder.org), Some(None));
}

pub async fn statistics_are_of_what_is_stored<F: Fixture>() {
    let (fixture, store, org) = with_acme::<F>().await;
    fixture.insert("org_acme_corp", (0..99).map(|at| doc! { "_id": at }).collect()).await;
    let documents = &fixture.stored().await.collections["org_acme_corp"];
    let bytes = documents.iter().map(|document| document.to_vec().unwrap().len() as u64).sum();
    let statistics = store.statistics(&org).await.unwrap();
    assert_eq!(statistics, Statistics { documents: 100, bytes, indexes: 1 });

    store.delete(&org).await.unwrap();
    assert_eq!(store.statistics(&org).await.unwrap(), Statistics::default());
}

pub async fn documents_come_by_identity_and_no_more_than_asked<F: Fixture>() {
    let (fixture, store, org) = with_acme::<F>().await;
    fixture.insert("org_acme_corp", (0..20).rev().map(|at| doc! { "_id": at }).collect()).await;
    let documents = store.documents(&org, 10).await.unwrap();
    assert_eq!(documents, (0..10).map(|at| doc! { "_id": at }).collect::<Vec<_>>());
    assert_eq!(store.documents(&org, 100).await.unwrap().len(), 21);

    store.delete(&org).await.unwrap();
    assert_eq!(store.documents(&org, 10).await.unwrap(), Vec::new());
}

pub async fn a_document_that_is_too_large_is_named_and_not_read<F: Fixture>() {
    let (fixture, store, org) = with_acme::<F>().await;
    let small = doc! { "_id": 1, "text": "x".repeat(1000) };
    let large = doc! { "_id": { "a": 2 }, "text": "x".repeat(10_000_000) };
    let bytes = large.to_vec().unwrap().len();
    fixture.insert("org_acme_corp", vec![small.clone(), large]).await;
    let documents = store.documents(&org, 2).await.unwrap();
    let named = doc! { "_id": { "a": 2 }, "…": format!("{bytes} bytes: too large to be shown") };
    assert_eq!(documents, [small, named]);
}
