//! Finding organizations and admins, and looking into collections.

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use tenantry::org::{Admin, Claim};
use tenantry::store::ListScope;
use tenantry::store::{DocumentAt, DocumentQuery, Statistics};

use crate::fixture::{CREATED, Fixture, hash, new_org, with_acme};
use crate::support::operations::Operations as _;

pub async fn what_is_on_a_list_is_told_from_what_is_not<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "kim@globex.com")).await.unwrap();
    let initech = store.create(&new_org("Initech", "bill@initech.com")).await.unwrap();
    store.trash(&globex, 30).await.unwrap();
    store.delete(&initech).await.unwrap();
    let all = [globex.id, initech.id, acme.id, ObjectId::new()];
    for (list, there) in [(ListScope::Live, acme.id), (ListScope::Trash, globex.id)] {
        assert_eq!(store.present(&all, list).await, Ok(vec![there]), "{list:?}");
        assert_eq!(store.present(&[], list).await, Ok(Vec::new()));
    }
}

pub async fn an_organization_is_found_by_name_in_any_case<F: Fixture>() {
    let (_fixture, store, org) = with_acme::<F>().await;
    for name in ["Acme Corp", "ACME CORP", "acme corp"] {
        assert_eq!(
            store.org_named(name, ListScope::Live).await.unwrap().as_ref(),
            Some(&org),
            "{name}"
        );
    }
    for name in ["Acme", "acme_corp", "", "Acme Corp%", ".*"] {
        assert_eq!(store.org_named(name, ListScope::Live).await.unwrap(), None, "{name}");
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
    let documents = store.first_documents(&org, 10).await.unwrap();
    assert_eq!(documents, (0..10).map(|at| doc! { "_id": at }).collect::<Vec<_>>());
    assert_eq!(store.first_documents(&org, 100).await.unwrap().len(), 21);

    store.delete(&org).await.unwrap();
    assert_eq!(store.first_documents(&org, 10).await.unwrap(), Vec::new());
}

pub async fn a_document_that_is_too_large_is_named_and_not_read<F: Fixture>() {
    let (fixture, store, org) = with_acme::<F>().await;
    let small = doc! { "_id": 1, "text": "x".repeat(1000) };
    let large = doc! { "_id": { "a": 2 }, "text": "x".repeat(10_000_000) };
    let bytes = large.to_vec().unwrap().len();
    fixture.insert("org_acme_corp", vec![small.clone(), large]).await;
    let documents = store.first_documents(&org, 2).await.unwrap();
    let named = doc! { "_id": { "a": 2 }, "…": format!("{bytes} bytes: too large to show") };
    assert_eq!(documents, [small, named]);
}

pub async fn documents_are_walked_both_ways_byte_for_byte<F: Fixture>() {
    let (fixture, store, org) = with_acme::<F>().await;
    // In the order of their identities, whatever their types; the first document's is among them.
    let ids: Vec<Bson> = vec![
        Bson::Null,
        (-5).into(),
        1.5.into(),
        7_i64.into(),
        "".into(),
        "Z".into(),
        "a".into(),
        doc! { "a": 1 }.into(),
        ObjectId::from_bytes([0; 12]).into(),
        ObjectId::from_bytes([255; 12]).into(),
        false.into(),
        DateTime::from_millis(-1).into(),
        DateTime::from_millis(1).into(),
    ];
    let large = "x".repeat(200_000);
    let inserted: Vec<Document> =
        ids.iter().map(|id| doc! { "z": &large, "_id": id, "a": 1_i64 }).collect();
    fixture.insert("org_acme_corp", inserted.into_iter().rev().collect()).await;
    let stored = &fixture.stored().await.collections["org_acme_corp"];
    let all: Vec<Vec<u8>> = stored.iter().map(|document| document.to_vec().unwrap()).collect();
    assert_eq!(all.len(), ids.len() + 1);
    let id_of =
        |raw: &bson::RawDocumentBuf| Bson::try_from(raw.get("_id").unwrap().unwrap()).unwrap();
    for backwards in [false, true] {
        let mut at = if backwards { DocumentAt::Last } else { DocumentAt::First };
        let mut walked: Vec<Vec<u8>> = Vec::new();
        loop {
            let query = DocumentQuery { at, limit: 3, whole: true, ..DocumentQuery::default() };
            let page = store.documents(&org, &query).await.unwrap();
            let bytes = page.documents.iter().map(|raw| raw.as_bytes().to_vec());
            let seen = walked.len();
            if backwards {
                walked.splice(0..0, bytes);
            } else {
                walked.extend(bytes);
            }
            assert_eq!(page.more, walked.len() < all.len());
            if !page.more {
                break;
            }
            assert_eq!(walked.len(), seen + 3);
            at = if backwards {
                DocumentAt::Before(id_of(page.documents.first().unwrap()).into())
            } else {
                DocumentAt::After(id_of(page.documents.last().unwrap()).into())
            };
        }
        assert!(walked == all, "backwards: {backwards}");
    }
    // What is behind an identity does not need a document that has it.
    let behind = DocumentAt::After(Bson::from(3).into());
    let query = DocumentQuery { at: behind, limit: 1, ..DocumentQuery::default() };
    let page = store.documents(&org, &query).await.unwrap();
    assert_eq!(id_of(&page.documents[0]), Bson::Int64(7));
    assert!(page.documents[0].as_bytes().len() < 200, "it is only named");
    let none = DocumentQuery { limit: 0, ..DocumentQuery::default() };
    assert_eq!(store.documents(&org, &none).await.unwrap().documents, Vec::new());
}
