//! Records and admins that another program left with a field missing, or with a value of another type.

use bson::{Bson, Document, doc, oid::ObjectId};
use tenantry::store::traits::*;
use tenantry::store::{Count, Inconsistency, ListScope, Repair};

use crate::support::operations::Operations as _;
use crate::{
    doctor::{fix, named},
    fixture::{Scratch, all, new_org},
};

#[tokio::test]
async fn each_field_of_a_record_that_cannot_be_read_is_a_finding_by_hand_that_names_both() {
    let values = [
        ("organization_name", vec![None, Some(Bson::Null), Some(7.into())]),
        ("collection_name", vec![Some(7.into()), Some(doc! { "x": 1 }.into())]),
        ("admin_id", vec![Some(7.into()), Some(Bson::Null), Some(vec!["x"].into())]),
        ("admin_email", vec![None, Some(true.into())]),
        ("created_at", vec![None, Some("2024-01-01".into()), Some(0.into())]),
    ];
    for (field, values) in values {
        for value in values {
            let scratch = Scratch::new("unreadable").await;
            let id = scratch.add_legacy("alpha", "org_alpha", "ada@alpha.com").await;
            let update = match &value {
                None => doc! { "$unset": { field: "" } },
                Some(value) => doc! { "$set": { field: value } },
            };
            let orgs = scratch.collection::<Document>("organizations");
            orgs.update_one(doc! {}, update).await.unwrap();
            let reader = scratch.open_with(true).await;
            for found in
                [reader.examine("tester@here", false).await.unwrap(), fix(&scratch, &[]).await]
            {
                let of = if field == "organization_name" { "" } else { "alpha" };
                let inconsistency = Inconsistency::UnreadableField { of: of.into(), id, field };
                let named = found.iter().find(|found| found.inconsistency == inconsistency);
                let named = named.unwrap_or_else(|| panic!("{field} {value:?}: {found:?}"));
                assert!(matches!(named.repair, Repair::ByHand(_)), "{named:?}");
                let words = named.inconsistency.to_string();
                assert!(words.contains(&id.to_hex()) && words.contains(field), "{words}");
                // It is said once: what follows from it is no other finding.
                let codes: Vec<_> = found.iter().map(|found| found.inconsistency.code()).collect();
                assert!(!codes.contains(&"email_disagrees"), "{field} {value:?}: {found:?}");
                assert!(!codes.contains(&"organization_without_admin"), "{field}: {found:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_and_may_name_a_collection_is_not_lost() {
    for value in [Bson::from(7), Bson::Symbol("org_else".into()), vec!["org_else"].into()] {
        let scratch = Scratch::new("unreadable_place").await;
        let id = scratch.add_legacy("alpha", "org_alpha", "ada@alpha.com").await;
        let orgs = scratch.collection::<Document>("organizations");
        let set = doc! { "$set": { "collection_name": &value } };
        orgs.update_one(doc! {}, set).await.unwrap();
        let store = scratch.open().await;
        let org = store.org(id).await.unwrap().unwrap();
        let before = scratch.dump().await;
        for refused in [
            store.update(&org, &named("Delta")).await.map(drop),
            store.trash(&org, 30).await.map(drop),
            store.delete(&org).await,
        ] {
            let words = refused.unwrap_err().to_string();
            assert!(words.contains("collection_name"), "{words}");
        }
        assert_eq!(scratch.dump().await["organizations"], before["organizations"], "{value}");
        assert_eq!(scratch.documents("org_alpha").await.len(), 1);
    }
}

#[tokio::test]
async fn an_admin_that_cannot_be_read_is_a_finding_by_hand() {
    let scratch = Scratch::new("unreadable_admin").await;
    let admins = scratch.collection::<Document>("admins");
    admins
        .insert_one(doc! { "_id": "root", "email": "root@x.com", "password": "x" })
        .await
        .unwrap();
    let id = ObjectId::new();
    admins.insert_one(doc! { "_id": id, "email": 7, "password": "x" }).await.unwrap();
    let before = scratch.dump().await;
    let found = scratch.open_with(true).await.examine("tester@here", false).await.unwrap();
    let by_hand = |inconsistency: &Inconsistency| {
        let found = found.iter().find(|found| found.inconsistency == *inconsistency);
        matches!(found.map(|found| &found.repair), Some(Repair::ByHand(_)))
    };
    let unusable =
        Inconsistency::Unusable { record: "root@x.com".into(), why: "its _id is not an ObjectId" };
    assert!(by_hand(&unusable), "{found:?}");
    let unreadable = Inconsistency::UnreadableField { of: "".into(), id, field: "email" };
    assert!(by_hand(&unreadable), "{found:?}");
    assert_eq!(scratch.dump().await, before);
}

#[tokio::test]
async fn what_names_the_same_in_another_way_is_read_and_no_finding() {
    let scratch = Scratch::new("readable").await;
    scratch.add_legacy("alpha", "org_alpha", "ada@alpha.com").await;
    let orgs = scratch.collection::<Document>("organizations");
    for field in ["collection_name", "admin_id"] {
        orgs.update_one(doc! {}, doc! { "$unset": { field: "" } }).await.unwrap();
        assert_eq!(
            scratch.open_with(true).await.examine("tester@here", false).await,
            Ok(vec![]),
            "{field}"
        );
    }
    let store = scratch.open().await;
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

#[tokio::test]
async fn as_many_are_counted_as_are_listed() {
    let scratch = Scratch::new("counted").await;
    let store = scratch.open().await;
    for name in ["alpha", "beta"] {
        store.create(&new_org(name, &format!("ada@{name}.com"))).await.unwrap();
    }
    let trashed = store.create(&new_org("gamma", "ada@gamma.com")).await.unwrap();
    store.trash(&trashed, 30).await.unwrap();
    scratch.add_legacy("delta", "org_delta", "ada@delta.com").await;
    let orgs = scratch.collection::<Document>("organizations");
    let strange = doc! { "_id": "a string", "organization_name": "0", "collection_name": "org_0" };
    orgs.insert_one(strange).await.unwrap();
    let listed = all(&store).await.len();
    assert_eq!(listed, 3);
    let counted = Count { counted: 3, or_more: false, about: false };
    assert_eq!(store.count(ListScope::Live, None, u64::MAX).await, Ok(counted));
}
