//! Being told of changes by the server itself, where it does that.

use std::{sync::Arc, time::Duration};

use bson::{DateTime, Document, doc, oid::ObjectId};
use tenantry::store::traits::*;
use tokio::time::{sleep, timeout};

use crate::{
    fixture::{Scratch, new_org},
    support::{mongod, operations::Operations as _},
};

/// Less than it takes where the server is only asked now and then.
const AT_ONCE: Duration = Duration::from_secs(3);

/// The service before this one keeps no audit log.
#[tokio::test]
async fn a_replica_set_tells_at_once_what_the_old_service_does() {
    let scratch = Scratch::on(mongod::replica_set().await, "live").await;
    let store = Arc::new(scratch.open().await);
    store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let mut seen = store.changed(None).await.unwrap().seen;
    assert!(seen.is_told());
    let organizations = scratch.db.collection::<Document>("organizations");
    for number in 0..3 {
        let waiting = {
            let (store, seen) = (Arc::clone(&store), seen.clone());
            tokio::spawn(async move { store.changed(Some(seen)).await })
        };
        // With and without somebody who waits already.
        sleep(Duration::from_millis(150 * number)).await;
        let name = format!("Old {number}");
        let record = doc! {
            "organization_name": &name, "collection_name": format!("org_old_{number}"),
            "admin_id": ObjectId::new().to_hex(), "admin_email": format!("x{number}@old.com"),
            "created_at": DateTime::now(),
        };
        let id = organizations.insert_one(record).await.unwrap().inserted_id;
        let news = timeout(AT_ONCE, waiting).await.expect("at once").unwrap().unwrap();
        assert_eq!(news.orgs, Some(vec![id.as_object_id().unwrap()]));
        seen = news.seen;
        assert!(store.org_named(&name, tenantry::store::ListScope::Live).await.unwrap().is_some());
    }
    // While nothing happens, nothing is told, however long somebody waited for the last of a row.
    let quiet = timeout(Duration::from_secs(2), store.changed(Some(seen))).await;
    assert!(quiet.is_err(), "{quiet:?}");
}
