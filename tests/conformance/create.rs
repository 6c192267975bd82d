//! Making organizations.

use bson::{Bson, doc};
use tenantry::org::ClaimKind;
use tenantry::store::StoreError;

use crate::fixture::{CREATED, Fixture, hash, new_org, with_acme};
use crate::support::operations::Operations as _;

pub async fn a_created_organization_is_stored_as_the_service_stored_it<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    let new = new_org("Acme Corp", "Ada@acme.com");
    let org = store.create(&new).await.unwrap();

    let stored = fixture.stored().await;
    let [record] = &stored.organizations[..] else { panic!("{stored:?}") };
    assert_eq!(record.get("_id"), Some(&Bson::ObjectId(new.id)));
    assert_eq!(record.get_str("organization_name").unwrap(), "Acme Corp");
    assert_eq!(record.get_str("collection_name").unwrap(), "org_acme_corp");
    assert_eq!(record.get_str("admin_id").unwrap(), new.admin_id.to_hex().as_str());
    assert_eq!(record.get_str("admin_email").unwrap(), "Ada@acme.com");
    assert_eq!(record.get_datetime("created_at").unwrap(), &CREATED);
    let details = doc! {
        "database": org.connection.database.raw(),
        "collection": "org_acme_corp",
    };
    assert_eq!(record.get_document("connection_details").unwrap(), &details);
    assert!(!org.connection.database.raw().is_empty());

    let [admin] = &stored.admins[..] else { panic!("{stored:?}") };
    assert_eq!(admin.get("_id"), Some(&Bson::ObjectId(new.admin_id)));
    assert_eq!(admin.get_str("email").unwrap(), "Ada@acme.com");
    assert_eq!(admin.get_str("password").unwrap(), hash("first").as_str());
    assert_eq!(admin.get_datetime("created_at").unwrap(), &CREATED);

    assert_eq!(stored.collections.len(), 1, "{stored:?}");
    let [first] = &stored.collections["org_acme_corp"][..] else { panic!("{stored:?}") };
    let mut first = first.clone();
    assert!(matches!(first.remove("_id"), Some(Bson::ObjectId(_))));
    let rest = doc! { "initialized": true, "created_at": CREATED, "note": "Org data goes here" };
    assert_eq!(first, rest);

    assert_eq!(org.id, new.id);
    assert_eq!(org.name.raw(), "Acme Corp");
    assert_eq!(org.created_at, CREATED);
    assert_eq!(store.org(new.id).await.unwrap(), Some(org));
}

/// Creating `name` for `email` beside Acme Corp (`org_acme_corp`, `ada@acme.com`) is refused for `what`.
async fn refused<F: Fixture>(name: &str, email: &str, what: ClaimKind) {
    let (fixture, store, _) = with_acme::<F>().await;
    let before = fixture.stored().await;
    let answer = store.create(&new_org(name, email)).await;
    assert_eq!(
        answer,
        Err(StoreError::Taken { what, by: Some("Acme Corp".into()), in_trash: false })
    );
    assert_eq!(fixture.stored().await, before);
}

pub async fn a_name_that_is_taken_in_another_case_is_refused<F: Fixture>() {
    refused::<F>("ACME corp", "bob@acme.com", ClaimKind::Name).await;
}

pub async fn a_name_with_more_spaces_is_the_same<F: Fixture>() {
    refused::<F>("Acme  Corp", "bob@acme.com", ClaimKind::Name).await;
}

pub async fn a_name_that_looks_the_same_is_refused<F: Fixture>() {
    refused::<F>("\u{430}cme corp", "bob@acme.com", ClaimKind::Look).await;
}

pub async fn a_name_that_looks_the_same_in_one_case_is_refused<F: Fixture>() {
    let (_fixture, store, _) = with_acme::<F>().await;
    store.create(&new_org("Paypal", "bob@paypal.com")).await.unwrap();
    let look =
        StoreError::Taken { what: ClaimKind::Look, by: Some("Paypal".into()), in_trash: false };
    for alike in ["PaypaI", "paypaI", "Paypa\u{406}"] {
        let answer = store.create(&new_org(alike, "eve@evil.com")).await;
        assert_eq!(answer, Err(look.clone()), "{alike}");
    }
    // What looks the same in capitals only is another name.
    store.create(&new_org("IBM", "a@ibm.com")).await.unwrap();
    store.create(&new_org("LBM", "a@lbm.com")).await.unwrap();
}

pub async fn a_collection_that_is_taken_is_refused<F: Fixture>() {
    for name in ["acme-corp", "ACME_Corp", "acme.corp", "Acme & Corp"] {
        refused::<F>(name, "bob@acme.com", ClaimKind::Collection).await;
    }
}

pub async fn an_email_that_is_taken_in_another_case_is_refused<F: Fixture>() {
    refused::<F>("Globex", "ADA@acme.com", ClaimKind::Email).await;
}

pub async fn a_collection_nobody_owns_is_not_taken_over<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    fixture.insert("org_acme_corp", vec![doc! { "_id": 1 }]).await;
    let before = fixture.stored().await;
    let answer = store.create(&new_org("Acme Corp", "ada@acme.com")).await;
    assert!(
        matches!(answer, Err(StoreError::Taken { what: ClaimKind::Collection, .. })),
        "{answer:?}"
    );
    assert_eq!(fixture.stored().await, before);
}

/// Creates `names` at once, each from a console of its own; returns how many succeeded.
async fn race<F: Fixture>(fixture: &F, names: Vec<(String, String)>) -> usize {
    let mut racers = Vec::new();
    for (name, email) in names {
        let store = fixture.open(false).await;
        racers.push(tokio::spawn(async move { store.create(&new_org(&name, &email)).await }));
    }
    let mut made = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => made += 1,
            // The loser either sees the winner's claim or the winner at it.
            Err(StoreError::Taken { .. } | StoreError::Busy { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    made
}

pub async fn of_two_creates_at_once_exactly_one_succeeds<F: Fixture>() {
    let fixture = F::fresh().await;
    let names = (0..2).map(|at| ("Acme".to_owned(), format!("ada{at}@acme.com"))).collect();
    assert_eq!(race(&fixture, names).await, 1);
    let stored = fixture.stored().await;
    assert_eq!(stored.organizations.len(), 1);
    assert_eq!(stored.admins.len(), 1);
    assert_eq!(stored.collections["org_acme"].len(), 1);
}

pub async fn of_sixteen_creates_over_four_names_exactly_four_succeed<F: Fixture>() {
    let fixture = F::fresh().await;
    let names =
        (0..16).map(|at| (format!("Acme {}", at % 4), format!("ada{at}@acme.com"))).collect();
    assert_eq!(race(&fixture, names).await, 4);
    let stored = fixture.stored().await;
    assert_eq!(stored.organizations.len(), 4);
    assert_eq!(stored.admins.len(), 4);
    assert_eq!(stored.collections.len(), 4);
    assert!(stored.collections.values().all(|documents| documents.len() == 1), "{stored:?}");
}
