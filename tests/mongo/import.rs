//! Imports of what only a server has: options, indexes and validators, and what a killed console staged.

use std::{io::Cursor, sync::Arc, time::Duration};

use mongodb::bson::{DateTime, Document, RawDocumentBuf, doc, oid::ObjectId, rawdoc};
use tenantry::{
    archive::Collection,
    org::Org,
    store::mongo::MongoStore,
    store::{
        DocumentAt, DocumentQuery, DocumentSink, Finding, Inconsistency, Repair, StoreError,
        document_channel, sqlite::SqliteStore, traits::*,
    },
    tenancy::{Error, ExportTarget, Import, ImportWish, Result, Tenancy},
};

use crate::fixture::{Scratch, new_org};
use crate::support::{
    access::{ALL, actions},
    mongod::Mongod,
    operations::Operations as _,
};

async fn exported(tenancy: &Tenancy, org: &Org) -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("archive");
    let target = ExportTarget::File { path: path.clone(), text: false };
    tenancy.export(org, target, true, Arc::new(|_| {})).await.unwrap();
    std::fs::read(path).unwrap()
}

async fn import(tenancy: &Tenancy, archive: &[u8], wish: &ImportWish) -> Result<Import> {
    tenancy.import(Cursor::new(archive.to_vec()), wish, Arc::new(|_| {})).await
}

/// Beside the one that is there.
fn as_another() -> ImportWish {
    ImportWish {
        name: Some("another".into()),
        email: Some("kim@acme.com".into()),
        ..ImportWish::default()
    }
}

/// Options and indexes of every kind, and a document that the validator refuses.
async fn with_everything(scratch: &Scratch) -> Org {
    let store = scratch.open().await;
    let org = store.create(&new_org("acme_corp", "ada@acme.com")).await.unwrap();
    let past = DateTime::from_millis(DateTime::now().timestamp_millis() - 3_600_000);
    let documents =
        (0..20).map(|n| doc! { "_id": n, "n": n, "text": "a word", "at": past, "place": [n, 1] });
    scratch.collection("org_acme_corp").insert_many(documents).await.unwrap();
    let validator = doc! { "n": { "$ne": 7 }, "$expr": { "$lt": ["$n", 1_000] } };
    let changed = doc! {
        "collMod": "org_acme_corp", "validator": validator, "validationLevel": "moderate",
        "changeStreamPreAndPostImages": { "enabled": true },
    };
    scratch.run_command(changed).await.unwrap();
    let indexes = doc! {
        "createIndexes": "org_acme_corp",
        "indexes": [
            { "key": { "n": -1 }, "name": "by n", "unique": true, "sparse": true },
            { "key": { "text": "text" }, "name": "words", "default_language": "english" },
            { "key": { "text": 1 }, "name": "as read", "collation": { "locale": "de", "strength": 1 } },
            { "key": { "n": 1, "at": 1 }, "name": "some", "partialFilterExpression": { "n": { "$gt": 3 } } },
            { "key": { "place": "2d" }, "name": "near" },
            { "key": { "$**": 1 }, "name": "all", "hidden": true },
            { "key": { "at": 1 }, "name": "old", "expireAfterSeconds": 1_000_000 },
        ],
    };
    scratch.run_command(indexes).await.unwrap();
    org
}

async fn options(scratch: &Scratch, collection: &str) -> Document {
    let listed = doc! { "listCollections": 1, "filter": { "name": collection } };
    let answer = scratch.run_command(listed).await.unwrap();
    let batch = answer.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
    batch[0].as_document().unwrap().get_document("options").unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn options_and_indexes_come_along() {
    let scratch = Scratch::new("import").await;
    let org = with_everything(&scratch).await;
    let tenancy = scratch.tenancy().await;
    let archive = exported(&tenancy, &org).await;
    // The role of the manual is not enough for a document that the validator refuses.
    let refused = import(&tenancy, &archive, &as_another()).await.unwrap_err();
    assert!(refused.to_string().contains("may not do “bypassDocumentValidation”"), "{refused}");
    scratch.grant(&[actions(ALL), vec!["bypassDocumentValidation".to_owned()]].concat()).await;
    let (indexes, had) =
        (scratch.indexes("org_acme_corp").await, options(&scratch, "org_acme_corp").await);
    assert_eq!(indexes.len(), 8);
    scratch.open().await.delete(&org).await.unwrap();
    let imported = import(&tenancy, &archive, &ImportWish::default()).await.unwrap();
    let is = scratch.indexes("org_acme_corp").await;
    // In which order they are is the server's affair.
    let by_name = |indexes: Vec<RawDocumentBuf>| {
        let mut all: Vec<Document> =
            indexes.iter().map(|index| Document::try_from(&**index).unwrap()).collect();
        all.sort_by_key(|index| index.get_str("name").unwrap().to_owned());
        all
    };
    assert_eq!(by_name(is), by_name(indexes));
    assert_eq!(options(&scratch, "org_acme_corp").await, had);
    assert_eq!(imported.summary.contents.documents.count, 21);
    let refused = scratch.collection("org_acme_corp").insert_one(doc! { "n": 7 }).await;
    assert!(refused.unwrap_err().to_string().contains("validation"));

    // Without them, where that is wished.
    let bare = ImportWish {
        name: Some("bare".into()),
        email: Some("eve@acme.com".into()),
        documents_only: true,
        ..ImportWish::default()
    };
    let imported = import(&tenancy, &archive, &bare).await.unwrap();
    assert_eq!(scratch.indexes("org_bare").await.len(), 1);
    assert_eq!(options(&scratch, "org_bare").await, doc! {});
    assert_eq!(imported.left_out.len(), 4 + 7, "{:?}", imported.left_out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capped_and_a_clustered_collection_stay_what_they_are() {
    let scratch = Scratch::new("import").await;
    let store = scratch.open().await;
    let tenancy = scratch.tenancy().await;
    for (name, made) in [
        ("capped", doc! { "capped": true, "size": 65_536, "max": 30 }),
        (
            "clustered",
            doc! {
                "clusteredIndex": { "key": { "_id": 1 }, "unique": true },
                "collation": { "locale": "en", "strength": 2 },
            },
        ),
    ] {
        let org = store.create(&new_org(name, &format!("{name}@acme.com"))).await.unwrap();
        let collection = format!("org_{name}");
        scratch.collection::<Document>(&collection).drop().await.unwrap();
        let mut create = doc! { "create": &collection };
        create.extend(made);
        scratch.run_command(create).await.unwrap();
        let documents = (0..40).map(|n| doc! { "_id": n });
        scratch.collection(&collection).insert_many(documents).await.unwrap();
        let had = options(&scratch, &collection).await;
        let there = if name == "capped" { 30 } else { 40 };
        assert_eq!(store.statistics(&org).await.unwrap().documents, there);
        let mut query = DocumentQuery { limit: 7, ..DocumentQuery::default() };
        let mut walked = 0;
        loop {
            let page = store.documents(&org, &query).await.unwrap();
            walked += page.documents.len();
            if !page.more {
                break;
            }
            let last = page.documents.last().unwrap().get("_id").unwrap().unwrap();
            query.at = DocumentAt::After(bson::Bson::try_from(last).unwrap().into());
        }
        assert_eq!(walked as u64, there, "{name}");
        let archive = exported(&tenancy, &org).await;
        if name == "capped" {
            let refused = import(&tenancy, &archive, &as_another()).await.unwrap_err();
            assert!(refused.to_string().contains("may not do “convertToCapped”"), "{refused}");
            scratch.grant(&[actions(ALL), vec!["convertToCapped".to_owned()]].concat()).await;
        }
        store.delete(&org).await.unwrap();
        import(&tenancy, &archive, &ImportWish::default()).await.unwrap();
        assert_eq!(options(&scratch, &collection).await, had);
    }
}

/// An empty archive's collection.
fn collection(options: RawDocumentBuf, indexes: Vec<RawDocumentBuf>) -> Collection {
    Collection { name: "org_acme_corp".into(), uuid: None, options, indexes }
}

fn send(documents: Vec<RawDocumentBuf>, mut sink: DocumentSink) {
    std::thread::spawn(move || {
        for document in documents {
            sink.push_blocking(document.as_bytes()).unwrap();
        }
        let _ = sink.flush_blocking();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_refuses_is_said_and_leaves_nothing() {
    let scratch = Scratch::new("import").await;
    let store = scratch.open().await;
    store.create(&new_org("other", "eve@acme.com")).await.unwrap();
    let before = scratch.collections().await;
    let refused = async |collection: Collection, documents: Vec<RawDocumentBuf>| {
        let (sink, source) = document_channel();
        send(documents, sink);
        let why = store.stage(ObjectId::new(), &collection, source).await.unwrap_err();
        assert!(matches!(why, StoreError::InTheWay { .. }), "{why:?}");
        assert_eq!(scratch.collections().await, before, "{why}");
        why.to_string()
    };
    let index = rawdoc! { "v": 2, "key": { "a": "nonsense" }, "name": "a" };
    let why = refused(collection(rawdoc! {}, vec![index]), Vec::new()).await;
    assert!(why.contains("the collection's indexes"), "{why}");
    let unreadable = rawdoc! { "validator": { "$nonsense": 1 } };
    let why = refused(collection(unreadable, Vec::new()), Vec::new()).await;
    assert!(why.contains("the collection's options"), "{why}");
    let twice = vec![rawdoc! { "_id": 1 }, rawdoc! { "_id": 1.0 }];
    let why = refused(collection(rawdoc! {}, Vec::new()), twice).await;
    assert!(why.contains("the same _id"), "{why}");
    let arrays = vec![rawdoc! { "_id": [1] }];
    let why = refused(collection(rawdoc! {}, Vec::new()), arrays).await;
    assert!(why.contains("refuses one of the documents"), "{why}");

    // What would be taken for something of ours, or is of another server, is not even tried.
    let cannot = |options: RawDocumentBuf| store.cannot_have(&collection(options, Vec::new()));
    assert_eq!(cannot(rawdoc! { "storageEngine": {} }), ["option storageEngine"]);
    assert_eq!(
        cannot(rawdoc! { "validator": { "tenantry_placeholder": 1 } }),
        ["option validator"]
    );
    assert_eq!(cannot(rawdoc! { "capped": true, "size": 4096 }), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_database_says_what_it_cannot_have() {
    let scratch = Scratch::new("import").await;
    let org = with_everything(&scratch).await;
    let archive = exported(&scratch.tenancy().await, &org).await;
    let store = Arc::new(SqliteStore::in_memory().unwrap());
    let caller = tenantry::tenancy::Caller::new("tester@here");
    let there = Tenancy::new(store, tenantry::tenancy::Rules::default(), caller).unwrap();
    let Err(Error::NotImported { problem, help }) =
        import(&there, &archive, &ImportWish::default()).await
    else {
        panic!("it was imported");
    };
    assert!(problem.contains("option validator") && problem.contains("more"), "{problem}");
    assert!(help.contains("--documents-only"));
    let wish = ImportWish { documents_only: true, ..ImportWish::default() };
    let imported = import(&there, &archive, &wish).await.unwrap();
    assert_eq!(imported.summary.contents.documents.count, 21);
    assert!(imported.left_out.contains(&"index by n".to_owned()));
}

/// Every collection, also what is staged.
async fn listed(scratch: &Scratch) -> Vec<String> {
    let mut names = scratch.list_collection_names().await.unwrap();
    names.sort();
    names
}

/// Staged by a console that is dead before it was done.
async fn abandoned(scratch: &Scratch) -> ObjectId {
    let store = Arc::new(scratch.open_impatiently().await);
    let staged = ObjectId::new();
    let (mut sink, source) = document_channel();
    let staging = tokio::spawn(async move {
        store.stage(staged, &collection(rawdoc! {}, Vec::new()), source).await
    });
    let sink = tokio::task::spawn_blocking(move || {
        for n in 0..60 {
            let document =
                RawDocumentBuf::try_from(&doc! { "_id": n, "text": "x".repeat(200_000) });
            sink.push_blocking(document.unwrap().as_bytes()).unwrap();
        }
        sink
    });
    let sink = sink.await.unwrap();
    // It has written some, and waits for more.
    let name = format!("lease_{}", staged.to_hex());
    while scratch.collection::<Document>(&name).count_documents(doc! {}).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    staging.abort();
    drop(sink);
    staged
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_console_staged_is_removed_by_the_next_one() {
    let scratch = Scratch::new("import").await;
    scratch.open().await.create(&new_org("other", "eve@acme.com")).await.unwrap();
    let before = listed(&scratch).await;
    let staged = abandoned(&scratch).await;
    // While its time is not over, it is someone's work.
    let patient = scratch.open().await;
    assert_eq!(patient.recover("eve@here").await.unwrap(), 0);
    assert_eq!(patient.examine("eve@here", true).await, Ok(vec![]));
    assert_eq!(listed(&scratch).await.len(), before.len() + 1);
    // Looking removes nothing.
    assert_eq!(scratch.look().await.examine("eve@here", false).await, Ok(vec![]));
    assert_eq!(listed(&scratch).await.len(), before.len() + 1);
    // It is named, with where it is.
    let looking =
        MongoStore::open_with_lease(&scratch.uri, scratch.name(), true, Duration::ZERO).await;
    let found = looking.unwrap().examine("eve@here", false).await.unwrap();
    let [Finding { inconsistency: Inconsistency::Staged { collection, .. }, repair }] = &found[..]
    else {
        panic!("{found:?}")
    };
    assert!(
        listed(&scratch).await.iter().any(|name| format!("{name:?}").contains(collection.raw()))
    );
    assert_eq!(*repair, Repair::Possible);
    let next = scratch.open_impatiently().await;
    next.recover("eve@here").await.unwrap();
    assert_eq!(listed(&scratch).await, before);
    let notes = scratch.collection::<Document>("tenantry");
    let note = notes.count_documents(doc! { "_id": format!("import:{staged}") }).await.unwrap();
    assert_eq!(note, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_pipe_is_waited_for_however_long() {
    let scratch = Scratch::new("import").await;
    scratch.open().await.create(&new_org("other", "eve@acme.com")).await.unwrap();
    let lease = Duration::from_millis(900);
    let open = || MongoStore::open_with_lease(&scratch.uri, scratch.name(), false, lease);
    let (slow, other) = (open().await.unwrap(), open().await.unwrap());
    let (mut sink, source) = document_channel();
    let staged = ObjectId::new();
    let staging = tokio::spawn(async move {
        slow.stage(staged, &collection(rawdoc! {}, Vec::new()), source).await
    });
    let notes = scratch.collection::<Document>("tenantry");
    let mut seen = std::collections::BTreeSet::new();
    // Longer than its time, without a document.
    while seen.len() < 5 {
        let note = notes.find_one(doc! { "_id": format!("import:{staged}") }).await.unwrap();
        seen.extend(note.and_then(|note| note.get_datetime("at").ok().copied()));
        assert_eq!(other.recover("eve@here").await.unwrap(), 0);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::task::spawn_blocking(move || {
        sink.push_blocking(rawdoc! { "_id": 1 }.as_bytes()).unwrap();
        sink.flush_blocking().unwrap();
    })
    .await
    .unwrap();
    assert_eq!(staging.await.unwrap(), Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_was_taken_for_dead_cannot_go_on() {
    let scratch = Scratch::new("import").await;
    let slow = Arc::new(scratch.open_impatiently().await);
    slow.create(&new_org("other", "eve@acme.com")).await.unwrap();
    let before = listed(&scratch).await;
    let (mut sink, source) = document_channel();
    let staged = ObjectId::new();
    let staging = tokio::spawn(async move {
        slow.stage(staged, &collection(rawdoc! {}, Vec::new()), source).await
    });
    let name = format!("lease_{}", staged.to_hex());
    while !listed(&scratch).await.contains(&name) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    scratch.open_impatiently().await.recover("eve@here").await.unwrap();
    assert_eq!(listed(&scratch).await, before);
    tokio::task::spawn_blocking(move || {
        // It may have noticed already.
        let _ = sink.push_blocking(rawdoc! { "_id": 1 }.as_bytes());
        let _ = sink.flush_blocking();
    })
    .await
    .unwrap();
    let why = staging.await.unwrap().unwrap_err();
    assert!(why.to_string().contains("this console was too slow"), "{why}");
    assert_eq!(listed(&scratch).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_the_middle_of_an_import_has_nothing_of_it() {
    let server = Mongod::start(&[]);
    let scratch = Scratch::on(server.uri().clone(), "import").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("acme_corp", "ada@acme.com")).await.unwrap();
    let filler = (0..100).map(|n| doc! { "_id": n, "text": "x".repeat(200_000) });
    scratch.collection("org_acme_corp").insert_many(filler).await.unwrap();
    let tenancy = scratch.tenancy().await;
    let archive = exported(&tenancy, &org).await;
    let server = std::sync::Mutex::new(Some(server));
    let wish = ImportWish {
        name: Some("copy".into()),
        email: Some("eve@acme.com".into()),
        ..ImportWish::default()
    };
    let killing = Arc::new(move |progress: tenantry::tenancy::ArchiveProgress| {
        if progress.documents > 0 {
            drop(server.lock().unwrap().take());
        }
    });
    let done = tenancy.import(Cursor::new(archive), &wish, killing).await;
    assert!(matches!(done, Err(Error::Store(StoreError::Unreachable { .. }))), "{done:?}");
}
