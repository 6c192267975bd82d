//! What was stored stays, and stays as it is.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{
    Binary, Bson, DateTime, Decimal128, Document, JavaScriptCodeWithScope, Regex, Timestamp, doc,
    oid::ObjectId,
};
use tenantry::store::Shelf;
use tenantry::store::{PageAt, PageQuery, Sort, StoreError};

use crate::fixture::{Fixture, new_org, renamed, with_acme};
use crate::support::deeds::Deeds as _;

pub async fn everything_is_there_after_opening_again<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    let acme = store.update(&acme, &renamed("Initech")).await.unwrap();
    let before = fixture.stored().await;
    let documents = store.documents(&acme, 10).await.unwrap();
    drop(store);
    let store = fixture.open(false).await;
    assert_eq!(store.recover().await.unwrap(), 0);
    assert_eq!(fixture.stored().await, before);
    assert_eq!(store.org(acme.id).await.unwrap().as_ref(), Some(&acme));
    assert_eq!(store.documents(&acme, 10).await.unwrap(), documents);
    assert_eq!(store.only_readable_because(), None);
}

pub async fn a_store_opened_read_only_reads_all_and_writes_nothing<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    drop(store);
    let before = fixture.stored().await;
    let store = fixture.open(true).await;
    assert!(store.only_readable_because().is_some());
    assert_eq!(store.recover().await.unwrap(), 0);
    assert_eq!(store.org_named("acme corp", Shelf::Live).await.unwrap().as_ref(), Some(&acme));
    assert_eq!(store.documents(&acme, 10).await.unwrap().len(), 1);
    assert_eq!(store.statistics(&acme).await.unwrap().documents, 1);
    assert!(store.admin_with_email("ada@acme.com").await.unwrap().is_some());
    assert_eq!(store.count(Shelf::Live, None, 10).await.unwrap().counted, 1);
    let all = PageQuery {
        shelf: Shelf::Live,
        search: None,
        sort: Sort::default(),
        at: PageAt::First,
        limit: 10,
    };
    assert_eq!(store.page(&all).await.unwrap().orgs, std::slice::from_ref(&acme));

    let refusals = [
        store.create(&new_org("Globex", "bob@globex.com")).await.err(),
        store.update(&acme, &renamed("Globex")).await.err(),
        store.delete(&acme).await.err(),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Some(StoreError::Refused { .. })), "{refusal:?}");
    }
    assert_eq!(fixture.stored().await, before);
}

/// One document for every type a document can hold.
fn of_every_type() -> Vec<Document> {
    let values: Vec<Bson> = vec![
        f64::MIN_POSITIVE.into(),
        (-0.0).into(),
        f64::INFINITY.into(),
        "text \0 with \u{202e} and 🦀".into(),
        doc! { "z": 1, "a": { "nested": [1, "two", { "three": 3 }] } }.into(),
        Bson::Array(vec![Bson::Null, true.into(), 1.into(), 1_i64.into()]),
        Binary { subtype: BinarySubtype::Generic, bytes: vec![0, 255, 1] }.into(),
        Binary { subtype: BinarySubtype::Uuid, bytes: vec![7; 16] }.into(),
        Binary { subtype: BinarySubtype::UserDefined(200), bytes: Vec::new() }.into(),
        ObjectId::from_bytes([9; 12]).into(),
        false.into(),
        DateTime::MIN.into(),
        DateTime::MAX.into(),
        Bson::Null,
        Regex { pattern: "^a.*".try_into().unwrap(), options: "im".try_into().unwrap() }.into(),
        Bson::JavaScriptCode("f()".to_owned()),
        Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope {
            code: "f(x)".to_owned(),
            scope: doc! { "x": 1 },
        }),
        i32::MIN.into(),
        Bson::Timestamp(Timestamp { time: 4_000_000_000, increment: 7 }),
        i64::MAX.into(),
        "1.50E+3".parse::<Decimal128>().unwrap().into(),
        Bson::Symbol("symbol".to_owned()),
        Bson::Undefined,
        Bson::MaxKey,
        Bson::MinKey,
    ];
    (0_i32..).zip(values).map(|(at, value)| doc! { "_id": at, "b": value, "a": at }).collect()
}

pub async fn documents_of_every_type_survive<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let documents = of_every_type();
    fixture.insert("org_acme_corp", documents.clone()).await;
    let acme = store.update(&acme, &renamed("Globex")).await.unwrap();
    let most = u32::try_from(documents.len()).unwrap();
    let kept = store.documents(&acme, most).await.unwrap();
    let bytes = |documents: &[Document]| -> Vec<Vec<u8>> {
        documents.iter().map(|document| document.to_vec().unwrap()).collect()
    };
    assert_eq!(bytes(&kept), bytes(&documents));
}
