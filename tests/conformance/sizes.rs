//! How much organizations hold, asked of many at once.

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use tenantry::store::{Size, Statistics};

use crate::fixture::{Fixture, new_org, with_acme};
use crate::support::operations::Operations as _;

/// An identity that was made so many seconds after 1970.
fn made_at(seconds: u32) -> ObjectId {
    ObjectId::from_parts(seconds, [0; 5], [0; 3])
}

pub async fn sizes_are_of_what_is_stored<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "hank@globex.com")).await.unwrap();
    // After the year 2100, so that none is newer.
    let newest = 4_200_000_000;
    let more = [1, newest, 2].map(|at| doc! { "_id": made_at(at), "text": "x".repeat(100) });
    fixture.insert("org_globex", more.to_vec()).await;
    fixture
        .insert("org_acme_corp", vec![doc! { "_id": "text, which is before any identity" }])
        .await;

    let sizes = store.sizes(&[globex.clone(), acme.clone(), globex.clone()]).await.unwrap();
    let collections = fixture.stored().await.collections;
    for (size, name, documents) in
        [(sizes[0], "org_globex", 4), (sizes[1], "org_acme_corp", 2), (sizes[2], "org_globex", 4)]
    {
        let bytes = |document: &Document| document.to_vec().unwrap().len() as u64;
        let bytes = collections[name].iter().map(bytes).sum();
        assert_eq!(size.unwrap().held, Statistics { documents, bytes, indexes: 1 }, "{name}");
    }
    let newest = DateTime::from_millis(i64::from(newest) * 1000);
    assert_eq!(sizes[0].unwrap().newest, Some(newest));
    // That of the document every organization begins with.
    let first = collections["org_acme_corp"].iter().find_map(|one| one.get_object_id("_id").ok());
    assert_eq!(sizes[1].unwrap().newest, Some(first.unwrap().timestamp()));
    assert_eq!(store.sizes(&[]).await.unwrap(), []);
}

pub async fn a_greatest_id_that_is_no_object_id_has_no_time<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    // Both are after every identity.
    for id in [Bson::Boolean(true), Bson::DateTime(DateTime::now())] {
        fixture.insert("org_acme_corp", vec![doc! { "_id": id }]).await;
        let [Some(size)] = store.sizes(std::slice::from_ref(&acme)).await.unwrap()[..] else {
            panic!("it is unknown")
        };
        assert_eq!(size.newest, None);
        assert!(size.held.documents > 1);
    }
}

pub async fn what_is_in_the_trash_has_a_size_and_what_is_gone_has_none<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "hank@globex.com")).await.unwrap();
    let before = store.sizes(&[acme.clone(), globex.clone()]).await.unwrap();
    let trashed = store.trash(&globex, 30).await.unwrap();
    store.delete(&acme).await.unwrap();
    let after = store.sizes(&[acme, trashed]).await.unwrap();
    assert_eq!(after, [None, before[1]]);
    assert_eq!(after[1].map(|Size { held, .. }| held.documents), Some(1));
}
