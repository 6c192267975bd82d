//! Exports of what only a server can be: a snapshot that is not kept for long enough, a collection that is moved
//! meanwhile, options and indexes, and records that lead elsewhere.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use mongodb::bson::{Document, RawDocumentBuf, doc};
use tenantry::{
    archive::{Consistency, Front, NoSnapshot, Reader},
    org::{CollectionName, Org, OrgName},
    store::{Change, StoreError, traits::*},
    tenancy::{Error, Export, ExportTarget, Result, Tenancy},
};

use crate::fixture::{Scratch, new_org};
use crate::support::{
    access::{ALL, actions},
    mongod,
    mongod::Mongod,
    operations::Operations as _,
};

/// More than come at once.
const FILLER: i32 = 40;

async fn export(tenancy: &Tenancy, org: &Org, path: &Path) -> Result<Export> {
    tenancy
        .export(
            org,
            ExportTarget::File { path: path.to_owned(), text: false },
            true,
            Arc::new(|_| {}),
        )
        .await
}

fn read(path: &Path) -> (Front, Vec<RawDocumentBuf>) {
    let mut reader = Reader::open(std::fs::File::open(path).unwrap()).unwrap();
    let mut documents = Vec::new();
    while let Some(document) = reader.next_document().unwrap() {
        documents.push(document);
    }
    let front = reader.front().clone();
    reader.finish().unwrap();
    (front, documents)
}

/// An organization with some megabytes of documents.
async fn with_filler(scratch: &Scratch) -> Org {
    let store = scratch.open().await;
    let org = store.create(&new_org("acme_corp", "ada@acme.com")).await.unwrap();
    let filler = (0..FILLER).map(|n| doc! { "_id": n, "text": "x".repeat(900_000) });
    let collection = scratch.collection::<Document>("org_acme_corp");
    for document in filler {
        collection.insert_one(document).await.unwrap();
    }
    org
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_expires_is_tried_again_once_and_then_given_up() {
    // One that keeps no time for longer than it must.
    let window = "minSnapshotHistoryWindowInSeconds=0";
    let server = Mongod::start(&["--replSet", "rs0", "--setParameter", window]);
    let uri = format!("{}/?replicaSet=rs0", server.uri().trim_end_matches('/'));
    mongod::initiate(&uri).await;
    let scratch = Scratch::on(uri, "export").await;
    let org = with_filler(&scratch).await;
    let tenancy = scratch.tenancy().await;
    let home = tempfile::tempdir().unwrap();
    // While it is quick, it is of one time.
    let quick = export(&tenancy, &org, &home.path().join("quick")).await.unwrap();
    assert!(matches!(quick.manifest.consistency, Consistency::Snapshot { .. }));

    let beside = scratch.collection::<Document>("beside");
    let writing = tokio::spawn(async move {
        loop {
            beside.insert_one(doc! {}).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let counts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&counts);
    let slow = Arc::new(move |progress: tenantry::tenancy::ArchiveProgress| {
        seen.lock().unwrap().push(progress.documents);
        // Longer than the server's batch is waited for.
        std::thread::sleep(Duration::from_millis(40));
    });
    let path = home.path().join("slow");
    let export = tenancy
        .export(&org, ExportTarget::File { path: path.clone(), text: false }, true, slow)
        .await
        .unwrap();
    writing.abort();
    let reason = NoSnapshot::Expired;
    assert_eq!(export.manifest.consistency, Consistency::None { reason });
    // It began three times, and what came before does not count.
    let begun = counts.lock().unwrap().iter().filter(|count| **count == 0).count();
    assert_eq!(begun, 3);
    assert_eq!(read(&path).1.len(), usize::try_from(FILLER).unwrap() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_is_renamed_meanwhile_is_exported_whole() {
    for uri in [mongod::standalone(), mongod::replica_set().await] {
        let scratch = Scratch::on(uri, "export").await;
        let org = with_filler(&scratch).await;
        let store = Arc::new(scratch.open().await);
        let tenancy = scratch.tenancy().await;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("acme");
        let (reached, mut wait) = tokio::sync::mpsc::unbounded_channel();
        let slow = Arc::new(move |progress: tenantry::tenancy::ArchiveProgress| {
            let _ = reached.send(progress.documents);
            std::thread::sleep(Duration::from_millis(10));
        });
        let (renamed, renaming) = (org.clone(), Arc::clone(&store));
        let rename = tokio::spawn(async move {
            while wait.recv().await.is_some_and(|documents| documents < 3) {}
            let name = OrgName::parse("globex").unwrap();
            let collection = Some(CollectionName::from_name(&name));
            let change = Change { name: Some(name), collection, ..Change::default() };
            renaming.update(&renamed, &change).await.unwrap();
            // Another one has its name, and another collection its collection's.
            renaming.create(&new_org("acme_corp", "eve@acme.com")).await.unwrap();
        });
        let export = tenancy
            .export(&org, ExportTarget::File { path: path.clone(), text: false }, true, slow)
            .await;
        rename.await.unwrap();
        let export = export.unwrap();
        let (front, documents) = read(&path);
        assert_eq!(export.org.id, org.id);
        assert_eq!(documents.len(), usize::try_from(FILLER).unwrap() + 1);
        let named = front.organization.get_str("organization_name").unwrap();
        assert_eq!(front.collection.name.raw(), format!("org_{named}"));
    }
}

#[tokio::test]
async fn options_and_indexes_are_exported_as_the_server_has_them() {
    let scratch = Scratch::new("export").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("acme_corp", "ada@acme.com")).await.unwrap();
    scratch
        .run_command(doc! { "collMod": "org_acme_corp", "validator": { "n": { "$ne": 7 } } })
        .await
        .unwrap();
    let index = doc! {
        "createIndexes": "org_acme_corp",
        "indexes": [{ "key": { "n": -1 }, "name": "by n", "unique": true, "sparse": true }],
    };
    scratch.run_command(index).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("acme");
    let tenancy = scratch.tenancy().await;
    let export = export(&tenancy, &org, &path).await.unwrap();
    let reason = NoSnapshot::Standalone;
    assert_eq!(export.manifest.consistency, Consistency::None { reason });
    assert_eq!(export.manifest.source.server_version.unwrap().raw(), "6.0.5");
    let (front, _) = read(&path);
    let validator = front.collection.options.get_document("validator").unwrap();
    assert_eq!(Document::try_from(validator).unwrap(), doc! { "n": { "$ne": 7 } });
    assert_eq!(front.collection.indexes, scratch.indexes("org_acme_corp").await);
    assert!(front.collection.uuid.is_some());
}

#[tokio::test]
async fn what_leads_elsewhere_is_refused_and_not_exported_as_nothing() {
    let scratch = Scratch::new("export").await;
    let id = scratch.add_legacy("acme_corp", "org_acme_corp", "ada@acme.com").await;
    let store = scratch.open().await;
    let tenancy = scratch.tenancy().await;
    let home = tempfile::tempdir().unwrap();
    let orgs = scratch.collection::<Document>("organizations");
    let exported = async |name: &str| {
        let org = store.org(id).await.unwrap().unwrap();
        export(&tenancy, &org, &home.path().join(name)).await
    };
    exported("good").await.unwrap();
    for set in [
        doc! { "connection_details": { "database": "other", "collection": "org_acme_corp" } },
        doc! { "collection_name": "users", "connection_details": { "collection": "users" } },
    ] {
        orgs.update_one(doc! { "_id": id }, doc! { "$set": set.clone() }).await.unwrap();
        let refused = exported("refused").await;
        let Err(Error::Store(StoreError::InTheWay { problem, .. })) = refused else {
            panic!("{set}: {refused:?}");
        };
        assert!(problem.starts_with("nothing was done: its record"), "{problem}");
    }
    // A view has no documents of its own; and where there is no collection, there are none.
    let right = doc! { "collection_name": "org_acme_corp", "connection_details": { "collection": "org_acme_corp" } };
    orgs.update_one(doc! { "_id": id }, doc! { "$set": right }).await.unwrap();
    scratch.collection::<Document>("org_acme_corp").drop().await.unwrap();
    exported("none").await.unwrap();
    assert_eq!(read(&home.path().join("none")).1.len(), 0);
    let view = doc! { "create": "org_acme_corp", "viewOn": "admins", "pipeline": [] };
    scratch.run_command(view).await.unwrap();
    let refused = exported("view").await;
    let Err(Error::Store(StoreError::InTheWay { problem, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert!(problem.contains("is a view"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_meanwhile_leaves_nothing_and_says_so() {
    let mut server = Mongod::start(&[]);
    let scratch = Scratch::on(server.uri(), "export").await;
    let org = with_filler(&scratch).await;
    let tenancy = scratch.tenancy().await;
    let home = tempfile::tempdir().unwrap();
    let (reached, wait) = std::sync::mpsc::channel();
    let slow = Arc::new(move |progress: tenantry::tenancy::ArchiveProgress| {
        let _ = reached.send(progress.documents);
        std::thread::sleep(Duration::from_millis(10));
    });
    let killing = std::thread::spawn(move || {
        while wait.recv().is_ok_and(|documents| documents < 2) {}
        server.kill();
        server
    });
    let target = ExportTarget::File { path: home.path().join("acme"), text: false };
    let died = tenancy.export(&org, target, true, slow).await;
    let Err(Error::Store(StoreError::Unreachable { .. })) = died else { panic!("{died:?}") };
    assert_eq!(home.path().read_dir().unwrap().count(), 0);
    killing.join().unwrap().restart();
}

#[tokio::test]
async fn a_right_that_an_export_lacks_is_named() {
    let scratch = Scratch::new("export").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("acme_corp", "ada@acme.com")).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    for lacking in ["listIndexes", "listCollections"] {
        let mut rest = actions(ALL);
        rest.retain(|action| action != lacking);
        scratch.grant(&actions(ALL)).await;
        let tenancy = scratch.tenancy().await;
        scratch.grant(&rest).await;
        let refused = export(&tenancy, &org, &home.path().join("acme")).await;
        let Err(Error::Store(StoreError::Refused { problem, .. })) = refused else {
            panic!("{lacking}: {refused:?}");
        };
        assert!(problem.contains(&format!("may not do “{lacking}”")), "{problem}");
    }
    assert_eq!(home.path().read_dir().unwrap().count(), 0);
}
