//! Records whose `connection_details` name another place than the organization's collection here: a copy of
//! a database, which the doctor repairs, or a place that is somebody's, which nothing may make unknown.

use bson::{Bson, Document, doc, oid::ObjectId};
use tenantry::store::traits::*;
use tenantry::store::{Change, Finding, Inconsistency, Repair, Result};

use crate::support::operations::Operations as _;
use crate::{
    doctor::{fix, named},
    fixture::Scratch,
};

/// So many organizations of the service, with this in the first one's `connection_details`.
async fn with_details(test: &str, details: Bson) -> (Scratch, ObjectId) {
    let scratch = Scratch::new(test).await;
    let mut ids = Vec::new();
    for name in ["alpha", "beta", "gamma"] {
        let (collection, email) = (format!("org_{name}"), format!("{name}@x.com"));
        ids.push(scratch.add_legacy(name, &collection, &email).await);
    }
    set(&scratch, ids[0], doc! { "connection_details": details }).await;
    (scratch, ids[0])
}

async fn set(scratch: &Scratch, org: ObjectId, fields: Document) {
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! { "_id": org }, doc! { "$set": fields }).await.unwrap();
}

async fn details_of(scratch: &Scratch, org: ObjectId) -> Bson {
    let records = scratch.documents("organizations").await;
    let record =
        records.iter().find(|record| record.get_object_id("_id").is_ok_and(|id| id == org));
    let record = record.unwrap();
    let of = record.get_document("trash").unwrap_or(record);
    of.get("connection_details").unwrap().clone()
}

/// Refused with the reason, and not in the middle.
fn refused<T: std::fmt::Debug>(done: Result<T>) {
    let words = done.unwrap_err().to_string();
    assert!(words.contains("nothing was done: its record says"), "{words}");
}

#[tokio::test]
async fn a_place_that_may_be_somebodys_is_a_finding_by_hand_and_nothing_makes_it_unknown() {
    let elsewhere = |database: &str, collection: &str| {
        Bson::from(doc! { "database": database, "collection": collection })
    };
    for (details, place) in [
        (elsewhere("tenants_eu", "org_alpha"), Some("tenants_eu.org_alpha")),
        (elsewhere("tenants_eu", "alpha"), Some("tenants_eu.alpha")),
        (elsewhere("", "org_alpha_2"), Some(".org_alpha_2")),
        (doc! { "database": 7, "collection": "org_alpha" }.into(), None),
        (doc! { "uri": "mongodb://root:s3cret@db2.example" }.into(), None),
        ("mongodb://root:s3cret@db2.example".into(), None),
        (vec!["tenants_eu"].into(), None),
    ] {
        let (scratch, id) = with_details("somebodys", details.clone()).await;
        let store = scratch.open().await;
        for found in [store.examine("tester@here", false).await.unwrap(), fix(&scratch, &[]).await]
        {
            let [Finding { inconsistency, repair: Repair::ByHand(_) }] = &found[..] else {
                panic!("{details}: {found:?}")
            };
            let place = place.map(|place| place.trim_start_matches('.').into());
            let expected = Inconsistency::Elsewhere { org: "alpha".into(), id, place };
            assert_eq!(*inconsistency, expected, "{details}");
            assert!(inconsistency.to_string().contains(&id.to_hex()), "{inconsistency}");
            assert!(!inconsistency.to_string().contains("s3cret"), "{inconsistency}");
        }
        let before = scratch.dump().await;
        let org = store.org(id).await.unwrap().unwrap();
        refused(store.update(&org, &named("Delta")).await);
        refused(store.trash(&org, 30).await);
        refused(store.delete(&org).await);
        let after = scratch.dump().await;
        for name in ["organizations", "admins", "org_alpha"] {
            assert_eq!(after[name], before[name], "{details}");
        }
        // What makes nothing unknown is done.
        store.suspend(&org, true).await.unwrap();
        let org = store.org(id).await.unwrap().unwrap();
        store.suspend(&org, false).await.unwrap();
        assert_eq!(details_of(&scratch, id).await, details);
    }
}

#[tokio::test]
async fn a_place_that_was_named_while_it_was_in_the_trash_is_not_lost_by_its_purge() {
    let (scratch, id) = with_details("purged", Bson::Null).await;
    let store = scratch.open().await;
    let org = store.org(id).await.unwrap().unwrap();
    let trashed = store.trash(&org, 0).await.unwrap();
    let details = doc! { "database": "tenants_eu", "collection": "org_alpha" };
    set(&scratch, id, doc! { "trash.connection_details": &details }).await;
    refused(store.delete(&trashed).await);
    refused(store.restore(&trashed, &named("Delta")).await);
    let purge = store.purge_expired("tester@here", true).await.unwrap();
    assert_eq!((purge.purged, purge.findings.len()), (0, 1));
    let back = store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(store.statistics(&back).await.unwrap().documents, 1);
    assert_eq!(details_of(&scratch, id).await, details.into());
}

#[tokio::test]
async fn no_empty_collection_is_made_for_an_organization_that_is_elsewhere() {
    let details = doc! { "database": "tenants_eu", "collection": "org_alpha" };
    let (scratch, id) = with_details("not_here", details.into()).await;
    scratch.collection::<Document>("org_alpha").drop().await.unwrap();
    let found = fix(&scratch, &[]).await;
    let [
        Finding {
            inconsistency: Inconsistency::Elsewhere { id: of, .. },
            repair: Repair::ByHand(_),
        },
    ] = &found[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!(*of, id);
    assert!(!scratch.collections().await.contains(&"org_alpha".to_owned()));
    let store = scratch.open().await;
    let org = store.org(id).await.unwrap().unwrap();
    assert_eq!(store.sizes(&[org]).await.unwrap(), [None]);
}

/// As if it was copied from a database of that name: the details are as they were there.
async fn copied(test: &str, from: &str, organizations: usize) -> Scratch {
    let scratch = Scratch::new(test).await;
    for n in 0..organizations {
        let (name, email) = (format!("tenant {n}"), format!("{n}@x.com"));
        let collection = format!("org_tenant_{n}");
        let id = scratch.add_legacy(&name, &collection, &email).await;
        set(&scratch, id, doc! { "connection_details.database": from }).await;
    }
    scratch
}

#[tokio::test]
async fn a_copy_of_a_database_is_a_finding_that_is_repaired() {
    let scratch = copied("copy", "production", 12).await;
    // One was made here since.
    scratch.add_legacy("new", "org_new", "new@x.com").await;
    let store = scratch.open().await;
    let org = store.org_named("tenant 0", tenantry::store::ListScope::Live).await.unwrap().unwrap();
    refused(store.trash(&org, 30).await);
    let inconsistency = Inconsistency::Copied { from: "production".into(), records: 12 };
    let possible = Finding { inconsistency: inconsistency.clone(), repair: Repair::Possible };
    assert_eq!(store.examine("tester@here", false).await.unwrap(), [possible]);
    let before = scratch.documents("organizations").await;
    let found = fix(&scratch, &[]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].inconsistency, inconsistency);
    assert!(found[0].repair.is_done(), "{found:?}");
    // Nothing else is different.
    let expected: Vec<Document> = before
        .into_iter()
        .map(|mut record| {
            let details = record.get_document_mut("connection_details").unwrap();
            details.insert("database", scratch.name());
            record
        })
        .collect();
    assert_eq!(scratch.documents("organizations").await, expected);
    assert_eq!(store.examine("tester@here", false).await.unwrap(), []);
    store.trash(&org, 30).await.unwrap();
}

#[tokio::test]
async fn what_is_in_the_trash_of_a_copy_is_repaired_too() {
    let scratch = copied("copied_trash", "production", 2).await;
    for record in scratch.documents("organizations").await {
        let id = record.get_object_id("_id").unwrap();
        set(&scratch, id, doc! { "connection_details.database": scratch.name() }).await;
        let store = scratch.open().await;
        store.trash(&store.org(id).await.unwrap().unwrap(), 30).await.unwrap();
        set(&scratch, id, doc! { "trash.connection_details.database": "production" }).await;
    }
    let found = fix(&scratch, &[]).await;
    assert!(found.len() == 1 && found[0].repair.is_done(), "{found:?}");
    for record in scratch.documents("organizations").await {
        let id = record.get_object_id("_id").unwrap();
        let details = details_of(&scratch, id).await;
        assert_eq!(details.as_document().unwrap()["database"], Bson::from(scratch.name()));
    }
}

#[tokio::test]
async fn a_database_that_has_the_collections_and_not_the_records_is_no_original() {
    let other = Scratch::new("other_place").await;
    let scratch = copied("moved", other.name(), 2).await;
    // As the test's own user, who may look there.
    let server = crate::support::mongod::standalone();
    let open = async || {
        let store = tenantry::store::mongo::MongoStore::open(&server, scratch.name(), false);
        let store = store.await.unwrap().with_patience(tenantry::store::Patience::NONE);
        store.upgrade("tester@here", &tenantry::store::no_progress).await.unwrap();
        store
    };
    other.collection::<Document>("org_tenant_1").insert_one(doc! { "_id": 1 }).await.unwrap();
    let before = scratch.documents("organizations").await;
    let found = open().await.examine("tester@here", true).await.unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    for found in &found {
        assert!(matches!(found.inconsistency, Inconsistency::Elsewhere { .. }), "{found:?}");
        assert!(matches!(found.repair, Repair::ByHand(_)), "{found:?}");
    }
    let details = |records: &[Document]| -> Vec<Bson> {
        records.iter().map(|record| record["connection_details"].clone()).collect()
    };
    assert_eq!(details(&scratch.documents("organizations").await), details(&before));
    // The original beside its copy has the same records.
    other.collection::<Document>("organizations").insert_many(&before).await.unwrap();
    let found = open().await.examine("tester@here", true).await.unwrap();
    assert!(found.len() == 1 && found[0].repair.is_done(), "{found:?}");
}
