//! Documents that match a filter, one by its `_id`, and how many match.

use bson::{Bson, Document, RawDocumentBuf, doc, oid::ObjectId};
use tenantry::document::filter::Filter;
use tenantry::store::{DocumentAt, DocumentQuery};

use crate::fixture::{Fixture, with_acme};

fn filter(of: &Document) -> Filter {
    Filter::from_document(&RawDocumentBuf::try_from(of).unwrap()).unwrap()
}

fn ids(documents: &[RawDocumentBuf]) -> Vec<i32> {
    documents.iter().map(|document| document.get_i32("_id").unwrap()).collect()
}

pub async fn matching_documents_are_walked_both_ways_and_counted<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    // More than are looked at in a row, and few that match.
    let documents = (0..2500).map(|n| doc! { "_id": n, "third": n % 3 == 0, "n": i64::from(n) });
    fixture.insert("org_acme_corp", documents.collect()).await;
    let third = filter(&doc! { "third": true, "n": { "$gte": 1500 } });
    let wanted: Vec<i32> = (1500..2500).filter(|n| n % 3 == 0).collect();
    let all = u64::try_from(wanted.len()).unwrap();
    assert_eq!(store.count_documents(&acme, &third, u64::MAX).await.unwrap(), all);
    assert_eq!(store.count_documents(&acme, &third, 100).await.unwrap(), 100);
    for (first, backwards) in [(DocumentAt::First, false), (DocumentAt::Last, true)] {
        let mut query = DocumentQuery {
            filter: Some(third.clone()),
            at: first,
            limit: 50,
            ..DocumentQuery::default()
        };
        let mut walked = Vec::new();
        loop {
            let page = store.documents(&acme, &query).await.unwrap();
            let mut page_ids = ids(&page.documents);
            assert!(page_ids.len() == 50 || !page.more);
            if backwards {
                page_ids.reverse();
            }
            walked.extend(page_ids);
            let last = Bson::from(*walked.last().unwrap()).into();
            query.at = if backwards { DocumentAt::Before(last) } else { DocumentAt::After(last) };
            if !page.more {
                break;
            }
        }
        if backwards {
            walked.reverse();
        }
        assert_eq!(walked, wanted);
    }
    // None match, and there is no collection.
    let none = filter(&doc! { "n": "text" });
    let query = DocumentQuery { filter: Some(none.clone()), limit: 5, ..DocumentQuery::default() };
    assert_eq!(store.documents(&acme, &query).await.unwrap().documents, []);
    assert_eq!(store.count_documents(&acme, &none, u64::MAX).await.unwrap(), 0);
}

pub async fn a_document_is_found_by_its_id_of_whatever_type<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let regex = bson::Regex { pattern: "^a".try_into().unwrap(), options: "i".try_into().unwrap() };
    let all: Vec<Bson> = vec![
        7.into(),
        "7".into(),
        ObjectId::from_bytes([7; 12]).into(),
        doc! { "a": 1, "b": 2 }.into(),
        true.into(),
        bson::DateTime::from_millis(-7).into(),
        Bson::Null,
        bson::Binary { subtype: bson::spec::BinarySubtype::Uuid, bytes: vec![7; 16] }.into(),
    ];
    let documents: Vec<_> = (0_i32..).zip(&all).map(|(n, id)| doc! { "_id": id, "n": n }).collect();
    fixture.insert("org_acme_corp", documents.clone()).await;
    for (document, id) in documents.iter().zip(&all) {
        let found = store.document(&acme, id).await.unwrap().unwrap();
        assert_eq!(found.as_bytes(), document.to_vec().unwrap(), "{id}");
    }
    // Equal numbers are one `_id`, whatever their types; a pattern is none of what it matches.
    let seven = store.document(&acme, &7.0.into()).await.unwrap().unwrap();
    assert_eq!(seven.get_i32("n").unwrap(), 0);
    for absent in [8.into(), "a".into(), regex.into(), doc! { "b": 2, "a": 1 }.into()] {
        let absent: Bson = absent;
        assert_eq!(store.document(&acme, &absent).await.unwrap(), None, "{absent}");
    }
}

pub async fn a_filter_that_no_index_helps_is_known_from_its_first_page<F: Fixture>() {
    let (fixture, store, org) = with_acme::<F>().await;
    fixture.insert("org_acme_corp", (0..30).map(|n| doc! { "_id": n, "n": n }).collect()).await;
    let page = async |filter: Option<&str>, at: DocumentAt| {
        let filter = filter.map(|typed| Filter::parse(typed, tenantry::document::parse).unwrap());
        let query = DocumentQuery { at, limit: 5, filter, ..DocumentQuery::default() };
        store.documents(&org, &query).await.unwrap()
    };
    for at in [DocumentAt::First, DocumentAt::Last] {
        assert!(page(Some("n>3"), at.clone()).await.reads_all);
        assert!(!page(None, at).await.reads_all);
    }
    // The pages after it are of the same filter.
    assert!(!page(Some("n>3"), DocumentAt::After(Bson::from(9).into())).await.reads_all);
}
