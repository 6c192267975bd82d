//! Documents that are inserted, changed and deleted: byte for byte, only as they were read, and recorded.

use bson::{Bson, Document, RawDocument, RawDocumentBuf, Timestamp, doc};
use tenantry::document::parse;
use tenantry::org::{OperationKind, Org};
use tenantry::store::{
    AuditAt, AuditFilter, AuditQuery, DocumentQuery, DocumentWrite, Entry, Outcome, Settled, Store,
    StoreError,
};

use crate::fixture::{Fixture, new_org, renamed, with_acme};
use crate::support::operations::Operations as _;

fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

fn shell(text: &str) -> RawDocumentBuf {
    parse(text).unwrap()
}

fn replace(before: &RawDocument, after: &RawDocument) -> DocumentWrite {
    DocumentWrite::Replace { before: before.to_owned(), after: after.to_owned() }
}

fn entry(org: &Org, write: &DocumentWrite) -> Entry {
    Entry::about("ada@here", write.kind(), org)
}

async fn write(store: &dyn Store, org: &Org, write: &DocumentWrite) -> Result<(), StoreError> {
    store.write_document(org.id, write, &entry(org, write)).await
}

async fn one(store: &dyn Store, org: &Org, id: impl Into<Bson>) -> Option<RawDocumentBuf> {
    store.document(org, &id.into()).await.unwrap()
}

async fn recorded(store: &dyn Store, org: &Org) -> Vec<(OperationKind, Outcome)> {
    let filter = AuditFilter::of(Some(org.id), "");
    let query = AuditQuery { filter, at: AuditAt::After(0), limit: 100 };
    let entries = store.entries(&query).await.unwrap();
    let entries = entries.iter().map(Entry::from_document);
    entries.map(|entry| (entry.action, entry.outcome)).skip(1).collect()
}

pub async fn a_document_is_inserted_changed_and_deleted_and_each_is_recorded<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let (first, second) =
        (raw(&doc! { "_id": 7, "a": 1 }), raw(&doc! { "_id": 7, "a": 2_i64, "b": "x" }));
    let before = store.statistics(&acme).await.unwrap();

    write(&*store, &acme, &DocumentWrite::Insert(first.clone())).await.unwrap();
    assert_eq!(one(&*store, &acme, 7).await.as_ref(), Some(&first));
    write(&*store, &acme, &replace(&first, &second)).await.unwrap();
    assert_eq!(one(&*store, &acme, 7).await.as_ref(), Some(&second));
    let now = store.statistics(&acme).await.unwrap();
    let added = u64::try_from(second.as_bytes().len()).unwrap();
    assert_eq!((now.documents, now.bytes), (before.documents + 1, before.bytes + added));
    let deletion = DocumentWrite::Delete(second.clone());
    write(&*store, &acme, &deletion).await.unwrap();
    assert_eq!(one(&*store, &acme, 7).await, None);
    assert_eq!(store.statistics(&acme).await.unwrap(), before);

    // What undoes each of them.
    write(&*store, &acme, &deletion.undo()).await.unwrap();
    write(&*store, &acme, &replace(&first, &second).undo()).await.unwrap();
    assert_eq!(one(&*store, &acme, 7).await.as_ref(), Some(&first));
    write(&*store, &acme, &DocumentWrite::Insert(first).undo()).await.unwrap();

    let done = |kinds: &[OperationKind]| -> Vec<_> {
        kinds.iter().map(|kind| (kind.clone(), Outcome::Done)).collect()
    };
    let kinds = [
        OperationKind::InsertDocument,
        OperationKind::ChangeDocument,
        OperationKind::DeleteDocument,
    ];
    let kinds = [kinds.clone(), kinds].concat();
    assert_eq!(recorded(&*store, &acme).await, done(&kinds));
}

pub async fn every_byte_of_a_document_is_kept<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let deep = format!("{{ _id: \"deep\", a: {}1{} }}", "[".repeat(178), "]".repeat(178));
    for text in [
        // What an ordinary insert or replacement would change or refuse.
        "{ _id: 1, t: Timestamp(0, 0), n: 5 }",
        "{ _id: 2, $set: 1, [\"$oid\"]: 2, \"a.b\": 3, \"\": 4 }",
        "{ _id: 3, a: 1, a: 2, inner: { b: 1, b: 2 } }",
        "{ _id: 4, text: InvalidUtf8(\"a\\xff\"), [InvalidUtf8(\"k\\xfe\")]: 1 }",
        "{ _id: 5, l: Long(\"5\"), d: 5.0, i: 5, z: -0.0, x: Decimal128(\"5.00\"), nan: NaN }",
        "{ _id: 6, u: undefined, m: MinKey(), s: Symbol(\"s\"), c: Code(\"x\", { y: 1 }) }",
        "{ _id: { a: 1, b: [ 2 ] }, r: /a/im, l: ArrayWithKeys({ x: 1 }) }",
        &deep,
    ] {
        let Ok(document) = parse(text) else { panic!("{text}: {:?}", parse(text)) };
        let id: Bson = document.get("_id").unwrap().unwrap().try_into().unwrap();
        write(&*store, &acme, &DocumentWrite::Insert(document.clone())).await.unwrap();
        assert_eq!(one(&*store, &acme, id.clone()).await.as_ref(), Some(&document), "{text}");
        let smaller = raw(&doc! { "_id": id.clone() });
        write(&*store, &acme, &replace(&document, &smaller)).await.unwrap();
        write(&*store, &acme, &replace(&smaller, &document)).await.unwrap();
        assert_eq!(one(&*store, &acme, id.clone()).await.as_ref(), Some(&document), "{text}");
        write(&*store, &acme, &DocumentWrite::Delete(document)).await.unwrap();
        assert_eq!(one(&*store, &acme, id).await, None, "{text}");
    }
}

pub async fn what_is_not_as_it_was_read_is_not_overwritten<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let stored = shell("{ _id: 1, n: 5, big: Long(\"9\"), list: [ 1, 2 ] }");
    write(&*store, &acme, &DocumentWrite::Insert(stored.clone())).await.unwrap();
    let wanted = shell("{ _id: 1, mine: true }");
    // Also where only a type is another one, or the order.
    for read in [
        "{ _id: 1, n: 6, big: Long(\"9\"), list: [ 1, 2 ] }",
        "{ _id: 1, n: 5, big: 9.0, list: [ 1, 2 ] }",
        "{ _id: 1, n: Long(\"5\"), big: 9, list: [ 1, 2 ] }",
        "{ _id: 1, big: Long(\"9\"), n: 5, list: [ 1, 2 ] }",
        "{ _id: 1, n: 5, big: Long(\"9\"), list: [ 2, 1 ] }",
        "{ _id: 1 }",
    ] {
        let read = shell(read);
        let changed = write(&*store, &acme, &replace(&read, &wanted)).await;
        assert_eq!(changed, Err(StoreError::DocumentChanged));
        let deleted = write(&*store, &acme, &DocumentWrite::Delete(read)).await;
        assert_eq!(deleted, Err(StoreError::DocumentChanged));
    }
    let again = write(&*store, &acme, &DocumentWrite::Insert(stored.clone())).await;
    assert_eq!(again, Err(StoreError::DocumentExists));
    let absent = shell("{ _id: 2 }");
    let gone = write(&*store, &acme, &DocumentWrite::Delete(absent.clone())).await;
    assert_eq!(gone, Err(StoreError::DocumentGone));
    let gone = write(&*store, &acme, &replace(&absent, &shell("{ _id: 2, a: 1 }"))).await;
    assert_eq!(gone, Err(StoreError::DocumentGone));
    assert_eq!(one(&*store, &acme, 1).await, Some(stored));
    // Nothing of that was done, and nothing is recorded as done.
    assert_eq!(recorded(&*store, &acme).await, [(OperationKind::InsertDocument, Outcome::Done)]);
}

pub async fn a_document_is_written_to_the_organization_whatever_it_is_called_by_now<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let first = raw(&doc! { "_id": 1, "t": Timestamp { time: 0, increment: 0 } });
    let renamed = store.update(&acme, &renamed("Globex")).await.unwrap();
    // Another one has its name, and so its old collection.
    let other = store.create(&new_org("Acme Corp", "eve@acme.com")).await.unwrap();
    write(&*store, &acme, &DocumentWrite::Insert(first.clone())).await.unwrap();
    assert_eq!(one(&*store, &renamed, 1).await, Some(first.clone()));
    assert_eq!(one(&*store, &other, 1).await, None);

    let trashed = store.trash(&renamed, 30).await.unwrap();
    let refused = write(&*store, &acme, &DocumentWrite::Delete(first.clone())).await;
    assert_eq!(refused, Err(StoreError::Changed));
    store.delete(&trashed).await.unwrap();
    let refused = write(&*store, &acme, &DocumentWrite::Insert(first)).await;
    assert_eq!(refused, Err(StoreError::Gone));
    let all = DocumentQuery { limit: 10, ..DocumentQuery::default() };
    assert_eq!(store.documents(&other, &all).await.unwrap().documents.len(), 1);
}

pub async fn of_two_changes_of_one_document_at_once_exactly_one_succeeds<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let other = fixture.open(false).await;
    let mut stored = raw(&doc! { "_id": 1, "n": 0 });
    write(&*store, &acme, &DocumentWrite::Insert(stored.clone())).await.unwrap();
    for n in 1..=10 {
        let (mine, theirs) =
            (raw(&doc! { "_id": 1, "n": n }), raw(&doc! { "_id": 1, "n": i64::from(n) }));
        let (one_write, other_write) = (replace(&stored, &mine), replace(&stored, &theirs));
        let done =
            tokio::join!(write(&*store, &acme, &one_write), write(&*other, &acme, &other_write),);
        stored = match done {
            (Ok(()), Err(StoreError::DocumentChanged)) => mine,
            (Err(StoreError::DocumentChanged), Ok(())) => theirs,
            done => panic!("{done:?}"),
        };
        assert_eq!(one(&*store, &acme, 1).await.as_ref(), Some(&stored));
    }
}

pub async fn what_came_of_a_write_is_found_by_its_entry<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let insertion = DocumentWrite::Insert(raw(&doc! { "_id": 1 }));
    let done = entry(&acme, &insertion);
    store.write_document(acme.id, &insertion, &done).await.unwrap();
    assert_eq!(store.outcome(acme.id, done.id).await.unwrap(), Settled::Done);
    let refused = entry(&acme, &insertion);
    store.write_document(acme.id, &insertion, &refused).await.unwrap_err();
    assert_eq!(store.outcome(acme.id, refused.id).await.unwrap(), Settled::NotBegun);
}

pub async fn a_large_document_is_written_or_refused_with_a_reason<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let of =
        |n: i32, fill: &str| raw(&doc! { "_id": 1, "text": fill.repeat(15 * 1024 * 1024), "n": n });
    let (first, second, other) = (of(1, "x"), of(2, "x"), of(2, "y"));
    write(&*store, &acme, &DocumentWrite::Insert(first.clone())).await.unwrap();
    assert_eq!(one(&*store, &acme, 1).await.as_ref(), Some(&first));
    // Both do not fit into one command; what is different does.
    write(&*store, &acme, &replace(&first, &second)).await.unwrap();
    assert_eq!(one(&*store, &acme, 1).await.as_ref(), Some(&second));
    let replaced = write(&*store, &acme, &replace(&second, &other)).await;
    let now = if F::IN_STEPS {
        assert!(matches!(replaced, Err(StoreError::InTheWay { .. })), "{replaced:?}");
        second
    } else {
        replaced.unwrap();
        other
    };
    assert_eq!(one(&*store, &acme, 1).await.as_ref(), Some(&now));
    write(&*store, &acme, &DocumentWrite::Delete(now)).await.unwrap();
    assert_eq!(one(&*store, &acme, 1).await, None);
}

pub async fn single_fields_of_an_odd_document_change_and_nothing_else<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    // No server takes it as a whole; it comes from elsewhere.
    let text = |fields: &str| {
        shell(&format!(
            "{{ _id: 1, $set: 1, r: 1, r: Long(\"2\"), at: {{ k: 1, k: 2 }}, {fields} }}"
        ))
    };
    let stored = text("n: 5, list: [ 1, { a: 1 } ]");
    fixture.insert_raw("org_acme_corp", stored.clone()).await;
    let after = text("n: 6.5, list: [ 1, { a: \"b\", c: 1 } ], new: true");
    write(&*store, &acme, &replace(&stored, &after)).await.unwrap();
    assert_eq!(one(&*store, &acme, 1).await.as_ref(), Some(&after));
    write(&*store, &acme, &replace(&after, &stored)).await.unwrap();
    assert_eq!(one(&*store, &acme, 1).await.as_ref(), Some(&stored));
}
