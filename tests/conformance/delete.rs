//! Deleting organizations.

use bson::doc;
use tenantry::org::Claim;
use tenantry::store::{Statistics, StoreError};

use crate::fixture::{Fixture, hash, new_org, with_acme, with_email};
use crate::support::operations::Operations as _;

pub async fn nothing_is_left<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    let mut expected = fixture.stored().await;
    expected.collections.remove("org_acme_corp");
    expected
        .organizations
        .retain(|record| record.get_str("organization_name").is_ok_and(|text| text == "Globex"));
    expected
        .admins
        .retain(|admin| admin.get_str("email").is_ok_and(|text| text == "bob@globex.com"));
    fixture.insert("org_acme_corp", (0..50).map(|at| doc! { "_id": at }).collect()).await;

    store.delete(&acme).await.unwrap();
    assert_eq!(fixture.stored().await, expected);
    assert_eq!(store.org(acme.id).await.unwrap(), None);
    assert_eq!(store.statistics(&acme).await.unwrap(), Statistics::default());
    let claims = Claim::of_name("Acme Corp", "org_acme_corp");
    for claim in claims.iter().chain([&Claim::of_email("ada@acme.com")]) {
        assert_eq!(store.holder(claim).await.unwrap(), None, "{claim}");
    }
}

pub async fn a_name_made_again_inherits_nothing<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    fixture.insert("org_acme_corp", vec![doc! { "_id": "secret" }]).await;
    store.delete(&old).await.unwrap();
    let mut again = new_org("Acme Corp", "ada@acme.com");
    again.password = hash("second");
    let new = store.create(&again).await.unwrap();
    assert_ne!((new.id, &new.admin_id), (old.id, &old.admin_id));
    assert_eq!(store.first_documents(&new, 10).await.unwrap().len(), 1);
    let admin = store.admin_with_email("ada@acme.com").await.unwrap().unwrap();
    assert_eq!((admin.id, admin.password), (again.admin_id, hash("second")));
    let stored = fixture.stored().await;
    assert_eq!((stored.organizations.len(), stored.admins.len()), (1, 1));
    assert_eq!(stored.collections["org_acme_corp"].len(), 1);
}

pub async fn only_once<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    store.delete(&acme).await.unwrap();
    // Whoever has the name now keeps it.
    store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let before = fixture.stored().await;
    assert_eq!(store.delete(&acme).await, Err(StoreError::Gone));
    assert_eq!(store.update(&acme, &with_email("b@acme.com")).await, Err(StoreError::Gone));
    assert_eq!(fixture.stored().await, before);
}

pub async fn a_stale_record_deletes_nothing<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    store.update(&old, &with_email("bob@acme.com")).await.unwrap();
    let before = fixture.stored().await;
    assert_eq!(store.delete(&old).await, Err(StoreError::Changed));
    assert_eq!(fixture.stored().await, before);
}
