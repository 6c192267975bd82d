//! What was stored stays, and stays as it is.

use bson::spec::BinarySubtype;
use bson::{
    Binary, Bson, DateTime, Decimal128, Document, JavaScriptCodeWithScope, Regex, Timestamp, doc,
    oid::ObjectId,
};
use tenantry::org::{Email, ResetCode, Role};
use tenantry::store::ListScope;
use tenantry::store::{
    AdminChange, AdminEdit, AuditAt, AuditFilter, AuditQuery, Entry, NewAdmin, Operation, PageAt,
    PageQuery, Sort, StoreError, TrashTerms,
};

use crate::fixture::{CREATED, Fixture, hash, new_org, renamed, with_acme};
use crate::support::operations::Operations as _;

pub async fn everything_is_there_after_opening_again<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    let acme = store.update(&acme, &renamed("Initech")).await.unwrap();
    let before = fixture.stored().await;
    let documents = store.first_documents(&acme, 10).await.unwrap();
    drop(store);
    let store = fixture.open(false).await;
    assert_eq!(store.recover("tester@here").await.unwrap(), 0);
    assert_eq!(fixture.stored().await, before);
    assert_eq!(store.org(acme.id).await.unwrap().as_ref(), Some(&acme));
    assert_eq!(store.first_documents(&acme, 10).await.unwrap(), documents);
    assert_eq!(store.only_readable_because(), None);
}

pub async fn a_time_is_the_operations_own_or_the_databases<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let until = DateTime::from_millis(CREATED.timestamp_millis() + 1);
    let new = NewAdmin {
        email: Email::parse("bob@acme.com").unwrap(),
        role: Role::Owner,
        password: hash("second"),
        reset: ResetCode { hash: "c0de".into(), until },
        created_at: CREATED,
    };
    let change = AdminChange { admin: ObjectId::new(), what: AdminEdit::Add(new), successor: None };
    // Years ago, as the operations and their entries say.
    let entry = |what: &str| Entry { at: CREATED, ..Entry::about("tester@here", what, &acme) };
    let added = Operation::Admin(Box::new(acme.clone()), Box::new(change));
    let acme = store.perform(&added, &entry("add admin")).await.unwrap().unwrap();
    let trashed = Operation::Trash(Box::new(acme.clone()), TrashTerms::reserved(30));
    let trashed = store.perform(&trashed, &entry("trash")).await.unwrap().unwrap();
    assert_eq!(trashed.created_at, CREATED);
    let admins = store.admins(&trashed).await.unwrap();
    assert_eq!(admins.iter().map(|admin| admin.created_at).collect::<Vec<_>>(), [CREATED; 2]);
    assert_eq!(admins[1].reset.as_ref().map(|code| code.until), Some(until));
    let all = AuditQuery { filter: AuditFilter::ALL, at: AuditAt::After(1), limit: 10 };
    let log = store.entries(&all).await.unwrap();
    let times: Vec<_> = log.iter().map(|entry| *entry.get_datetime("at").unwrap()).collect();
    assert_eq!(times, [CREATED; 2]);
    // When it went to the trash, what it says does not count.
    let since = trashed.in_trash().unwrap().since;
    assert!(since.timestamp_millis() - CREATED.timestamp_millis() > YEAR, "{since}");
}

/// In milliseconds.
const YEAR: i64 = 365 * 24 * 60 * 60 * 1000;

pub async fn a_store_opened_read_only_reads_all_and_writes_nothing<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    drop(store);
    let before = fixture.stored().await;
    let store = fixture.open(true).await;
    assert!(store.only_readable_because().is_some());
    assert_eq!(store.recover("tester@here").await.unwrap(), 0);
    assert_eq!(store.org_named("acme corp", ListScope::Live).await.unwrap().as_ref(), Some(&acme));
    assert_eq!(store.first_documents(&acme, 10).await.unwrap().len(), 1);
    assert_eq!(store.statistics(&acme).await.unwrap().documents, 1);
    assert!(store.admin_with_email("ada@acme.com").await.unwrap().is_some());
    assert_eq!(store.count(ListScope::Live, None, 10).await.unwrap().counted, 1);
    let all = PageQuery {
        scope: ListScope::Live,
        search: None,
        best_first: false,
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
    let kept = store.first_documents(&acme, most).await.unwrap();
    let bytes = |documents: &[Document]| -> Vec<Vec<u8>> {
        documents.iter().map(|document| document.to_vec().unwrap()).collect()
    };
    assert_eq!(bytes(&kept), bytes(&documents));
}
