//! Organizations with a view or a time-series collection where their collection should be. The server
//! renames neither, and drops either by its name alone: so it is said, and what would need that is refused.

use std::time::{Duration, Instant};

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use tenantry::store::traits::*;
use tenantry::{
    org::{Email, Org, OrgName, OrgState},
    store::{Change, Inconsistency, ListScope, Repair, Result, Store, StoreError},
};

use crate::support::operations::Operations as _;
use crate::{
    doctor::{fix, named},
    fixture::{Scratch, all, new_org},
};

/// One organization of the service whose collection is this instead, with three documents.
async fn with(kind: &str) -> (Scratch, ObjectId) {
    let scratch = Scratch::new("views").await;
    let id = scratch.add_legacy("alpha", "org_alpha", "ada@alpha.com").await;
    scratch.collection::<Document>("org_alpha").drop().await.unwrap();
    let documents = (0..3).map(|n| doc! { "n": n, "at": DateTime::from_millis(n) });
    let (create, into) = if kind == "a view" {
        (doc! { "create": "org_alpha", "viewOn": "shared", "pipeline": [] }, "shared")
    } else {
        (doc! { "create": "org_alpha", "timeseries": { "timeField": "at" } }, "org_alpha")
    };
    scratch.run_command(create).await.unwrap();
    scratch.collection(into).insert_many(documents).await.unwrap();
    (scratch, id)
}

fn refused<T: std::fmt::Debug>(done: Result<T>, kind: &str) {
    let words = done.unwrap_err().to_string();
    assert_eq!(
        words,
        format!("nothing was done: org_alpha is {kind}, which cannot be moved safely")
    );
}

async fn now(store: &dyn Store, id: ObjectId) -> Org {
    store.org(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_it_is_is_said_and_all_works_that_needs_not_move_it() {
    for kind in ["a view", "a time-series collection"] {
        let (scratch, id) = with(kind).await;
        let store = scratch.open().await;
        let before = scratch.list_collection_names().await.unwrap().len();
        for found in [
            store.examine("tester@here", false).await.unwrap(),
            fix(&scratch, &[]).await,
            fix(&scratch, &[]).await,
        ] {
            let inconsistency = Inconsistency::NoPlainCollection {
                org: "alpha".into(),
                collection: "org_alpha".into(),
                kind,
            };
            assert_eq!(
                found.iter().map(|found| &found.inconsistency).collect::<Vec<_>>(),
                [&inconsistency]
            );
            assert!(matches!(found[0].repair, Repair::ByHand(_)), "{found:?}");
        }
        let org = now(&store, id).await;
        let statistics = store.statistics(&org).await.unwrap();
        assert_eq!(statistics.documents, 3, "{kind}");
        assert_eq!(store.sizes(std::slice::from_ref(&org)).await.unwrap(), [None], "{kind}");
        assert_eq!(store.first_documents(&org, 10).await.unwrap().len(), 3, "{kind}");

        refused(store.update(&org, &named("Delta")).await, kind);
        refused(store.ensure_movable(&org).await.map(|()| org.clone()), kind);
        refused(store.trash(&org, 30).await, kind);
        refused(store.delete(&org).await, kind);
        assert_eq!(now(&store, id).await, org);

        let same = Change { name: Some(OrgName::parse("Alpha").unwrap()), ..Change::default() };
        let org = store.update(&org, &same).await.unwrap();
        let email = Some(Email::parse("eve@alpha.com").unwrap());
        let org = store.update(&org, &Change { email, ..Change::default() }).await.unwrap();
        let org = store.suspend(&org, true).await.unwrap();
        let org = store.suspend(&org, false).await.unwrap();
        assert_eq!(org.state, OrgState::Active);
        assert_eq!(all(&store).await, [org]);
        scratch.collection::<Document>("audit_log").drop().await.unwrap();
        assert!(scratch.list_collection_names().await.unwrap().len() <= before);
    }
}

#[tokio::test]
async fn no_other_organization_gets_its_name_and_none_is_stuck_on_the_way() {
    for kind in ["a view", "a time-series collection"] {
        let (scratch, _) = with(kind).await;
        // Nobody's by now.
        for name in ["organizations", "admins"] {
            scratch.collection::<Document>(name).drop().await.unwrap();
        }
        let store = scratch.open().await;
        let taken = |done: Result<Org>| {
            assert!(matches!(done, Err(StoreError::Taken { by: None, .. })), "{kind}: {done:?}");
        };
        taken(store.create(&new_org("Alpha", "ada@alpha.com")).await);
        let org = store.create(&new_org("Beta", "bob@beta.com")).await.unwrap();
        taken(store.update(&org, &named("Alpha")).await);
        assert_eq!(now(&store, org.id).await, org);
        let trashed = store.trash(&org, 30).await.unwrap();
        taken(store.restore(&trashed, &named("Alpha")).await);
        let back = store.restore(&trashed, &Change::default()).await.unwrap();
        assert_eq!(store.org_named("Beta", ListScope::Live).await, Ok(Some(back)));
        assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    }
}

#[tokio::test]
async fn a_cancelled_read_stops_on_the_server() {
    let scratch = Scratch::new("views_stopped").await;
    scratch.add_legacy("alpha", "org_alpha", "ada@alpha.com").await;
    scratch.collection::<Document>("org_alpha").drop().await.unwrap();
    // To look for what is in it takes the server half a minute: a millisecond a document, and none is shown.
    let many = doc! { "$filter": {
        "input": { "$range": [0, 20_000] },
        "cond": { "$lt": ["$$this", 0] },
    } };
    let pipeline = [doc! { "$match": { "$expr": { "$gt": [{ "$size": many }, 0] } } }];
    let view = doc! { "create": "org_alpha", "viewOn": "shared", "pipeline": pipeline.to_vec() };
    scratch.run_command(view).await.unwrap();
    scratch.collection("shared").insert_many((0..30_000).map(|n| doc! { "n": n })).await.unwrap();
    let store = scratch.open().await;
    let alpha = all(&store).await.remove(0);
    let admin = scratch.client().database("admin");
    let running = async || {
        let all = admin.run_command(doc! { "currentOp": 1, "active": true }).await.unwrap();
        let all = all.get_array("inprog").unwrap();
        let own = |op: &&Bson| op.to_string().contains(r#""aggregate": "org_alpha""#);
        (all.iter().filter(own).count(), format!("{all:?}"))
    };
    let begun = Instant::now();
    let read = tokio::spawn(async move { store.first_documents(&alpha, 50).await });
    loop {
        let (count, all) = running().await;
        if count > 0 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20) && !read.is_finished(), "{all}");
    }
    let stopped = Instant::now();
    read.abort();
    while running().await.0 > 0 {
        assert!(stopped.elapsed() < Duration::from_secs(5), "it goes on");
    }
}
