//! Organizations that are exported: byte for byte, as of one time where there is one, recorded, and whole or not at all.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bson::{Bson, Document, RawDocumentBuf, doc, oid::ObjectId};
use tenantry::{
    archive::{Consistency, Front, LeftOut, ReadError, Reader, Summary, verify},
    document::parse,
    org::{OperationKind, OperatorRole, Org},
    store::{DocumentWrite, Entry, Outcome, Required, Store},
    tenancy::{Error, Export, ExportTarget, Refusal, Result, Tenancy},
};

use crate::attack::{Besieged, tenancy};
use crate::fixture::{Fixture, with_acme};
use crate::operators::{operator, refused, require};
use crate::support::operations::Operations as _;

/// Documents with everything that text or a careless copy would lose.
pub fn odd() -> Vec<RawDocumentBuf> {
    let deep = format!("{{ _id: \"deep\", a: {}1{} }}", "[".repeat(178), "]".repeat(178));
    let texts = [
        "{ _id: 1, t: Timestamp(0, 0), n: 5 }",
        "{ _id: 2, $set: 1, [\"$oid\"]: 2, \"a.b\": 3, \"\": 4 }",
        "{ _id: 3, a: 1, a: 2, inner: { b: 1, b: 2 } }",
        "{ _id: 4, text: InvalidUtf8(\"a\\xff\"), [InvalidUtf8(\"k\\xfe\")]: 1 }",
        "{ _id: 5, l: Long(\"9007199254740993\"), d: 5.0, i: 5, z: -0.0, x: Decimal128(\"5.00\"), nan: NaN }",
        "{ _id: 6, u: undefined, m: MinKey(), s: Symbol(\"s\"), c: Code(\"x\", { y: 1 }) }",
        "{ _id: { a: 1, b: [ 2 ] }, r: /a/im, l: ArrayWithKeys({ x: 1 }) }",
        "{ _id: ISODate(\"1969-12-31T23:59:59.999Z\"), b: BinData(4, \"AAAAAAAAAAAAAAAAAAAAAA==\") }",
        &deep,
    ];
    let mut odd: Vec<RawDocumentBuf> = texts
        .iter()
        .map(|text| parse(text).unwrap_or_else(|error| panic!("{text}: {error}")))
        .collect();
    // Nearly as large as any.
    let large = doc! { "_id": "large", "text": "x".repeat(16 * 1024 * 1024 - 200) };
    odd.push(RawDocumentBuf::try_from(&large).unwrap());
    odd
}

pub async fn insert_all(store: &dyn Store, org: &Org, documents: &[RawDocumentBuf]) {
    for document in documents {
        let write = DocumentWrite::Insert(document.clone());
        let entry = Entry::about("ada@here", write.kind(), org);
        store.write_document(org.id, &write, &entry).await.unwrap();
    }
}

pub async fn text_beside_an_archive_has_every_document_exactly_or_says_so<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    insert_all(&*store, &acme, &odd()).await;
    let home = tempfile::tempdir().unwrap();
    let tenancy = tenancy(store);
    let path = home.path().join("acme.tar.zst");
    let target = ExportTarget::File { path: path.clone(), text: true };
    let export = tenancy.export(&acme, target, false, Arc::new(|_| {})).await.unwrap();
    let (_, documents, summary) = read(&path).unwrap();
    let (text, lines) = export.text.unwrap();
    assert_eq!(text, home.path().join("acme.jsonl"));
    let meta = fs::metadata(&text).unwrap();
    assert_eq!((meta.permissions().mode() & 0o777, meta.len()), (0o600, lines.count.bytes));
    assert_eq!(lines.count.count, summary.contents.documents.count);
    // In the order of the archive, each byte for byte; but for a field that has another meaning in Extended JSON, bytes
    // that are no text, and an array with keys of its own.
    let text = fs::read_to_string(&text).unwrap();
    assert!(text.ends_with('\n'));
    let read: Vec<_> = text.split_terminator('\n').map(|line| parse(line).ok()).collect();
    assert_eq!(read.len(), documents.len());
    let inexact = read.iter().zip(&documents).filter(|(read, one)| read.as_ref() != Some(*one));
    assert_eq!((inexact.count(), lines.inexact), (3, 3));
    assert_eq!(names(home.path()).len(), 2);
}

pub async fn export_to(tenancy: &Tenancy, org: &Org, path: &Path, admins: bool) -> Result<Export> {
    tenancy
        .export(
            org,
            ExportTarget::File { path: path.to_owned(), text: false },
            admins,
            Arc::new(|_| {}),
        )
        .await
}

pub fn read(path: &Path) -> std::result::Result<(Front, Vec<RawDocumentBuf>, Summary), ReadError> {
    let mut reader = Reader::open(fs::File::open(path).unwrap())?;
    let mut documents = Vec::new();
    while let Some(document) = reader.next_document()? {
        documents.push(document);
    }
    let front = reader.front().clone();
    Ok((front, documents, reader.finish()?))
}

/// In an order that does not depend on where they were.
pub fn sorted(documents: &[RawDocumentBuf]) -> Vec<Vec<u8>> {
    let mut all: Vec<_> = documents.iter().map(|document| document.as_bytes().to_vec()).collect();
    all.sort();
    all
}

fn names(directory: &Path) -> Vec<String> {
    let there = fs::read_dir(directory).unwrap();
    there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

async fn recorded(tenancy: &Tenancy, org: &Org) -> Vec<(Outcome, String)> {
    let told = tenancy.activity(org, 100).await.unwrap();
    let told = told.into_iter().filter(|told| told.entry.action == OperationKind::Export);
    told.map(|told| (told.entry.outcome, told.entry.came_to())).collect()
}

pub async fn every_byte_of_an_organization_is_exported<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let acme = &siege.acme;
    let before = siege.store.documents(acme, &all(10)).await.unwrap().documents;
    let stored = siege.fixture.stored().await;
    let home = tempfile::tempdir().unwrap();
    export_to(&siege.tenancy, acme, &home.path().join("first"), true).await.unwrap();
    fs::remove_file(home.path().join("first")).unwrap();
    assert_eq!(siege.fixture.stored().await, stored);

    let odd = odd();
    insert_all(&*siege.store, acme, &odd).await;
    let path = home.path().join("acme.tar.zst");
    let export = export_to(&siege.tenancy, acme, &path, true).await.unwrap();

    assert_eq!(names(home.path()), ["acme.tar.zst"]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let (front, documents, summary) = read(&path).unwrap();
    assert!(sorted(&documents) == sorted(&[before, odd].concat()));
    assert_eq!((summary, &front.manifest), (export.summary, &export.manifest));
    verify(fs::File::open(&path).unwrap(), true).unwrap();

    let record = Document::try_from(&*front.organization).unwrap();
    assert_eq!(
        record,
        stored
            .organizations
            .iter()
            .find(|own| own.get("_id") == Some(&acme.id.into()))
            .unwrap()
            .clone()
    );
    let admins = front.admins.unwrap();
    let [ada] = &admins[..] else { panic!("{admins:?}") };
    let mut ada = Document::try_from(&**ada).unwrap();
    assert_eq!(ada.remove("role"), Some("owner".into()));
    assert_eq!(Some(&ada), stored.admins.iter().find(|own| own.get("_id") == ada.get("_id")));
    assert_eq!(front.collection.name.raw(), "org_acme_corp");
    assert_eq!(front.collection.indexes.len(), 1);
    assert!(front.manifest.left_out.contains(&LeftOut::SecondFactors));
    let count = documents.len();
    let told = |count| (Outcome::Done, format!("admins included, documents {count}"));
    assert_eq!(recorded(&siege.tenancy, acme).await, [told(count), told(1)]);
}

fn all(limit: u32) -> tenantry::store::DocumentQuery {
    tenantry::store::DocumentQuery { limit, whole: true, ..Default::default() }
}

pub async fn an_export_without_admins_has_none<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("acme.tar.zst");
    export_to(&siege.tenancy, &siege.acme, &path, false).await.unwrap();
    let (front, documents, _) = read(&path).unwrap();
    assert_eq!((front.admins, documents.len()), (None, 1));
    assert!(front.manifest.left_out.contains(&LeftOut::Admins));
    // Nor is there a hash anywhere else in it.
    let mut tar = Vec::new();
    zstd::stream::copy_decode(fs::File::open(&path).unwrap(), &mut tar).unwrap();
    assert!(!tar.windows(4).any(|bytes| bytes == b"$2b$"));
}

pub async fn an_organization_is_exported_as_it_would_be_restored<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let tenancy = tenancy(Arc::clone(&store));
    let home = tempfile::tempdir().unwrap();
    let record = |path: &Path| {
        let (front, documents, _) = read(path).unwrap();
        assert_eq!(documents.len(), 1);
        let admins = front.admins.unwrap();
        assert_eq!(admins[0].get_str("email").unwrap(), "ada@acme.com");
        // That of the admin, where the service is given another one meanwhile.
        let hash = admins[0].get_str("password").unwrap();
        assert_eq!(hash, crate::support::hash("first"));
        Document::try_from(&*front.organization).unwrap()
    };
    let path = home.path().join("suspended");
    let suspended = store.suspend(&acme, true).await.unwrap();
    export_to(&tenancy, &suspended, &path, true).await.unwrap();
    let wanted = record(&path);
    assert_eq!(wanted.get("suspended"), Some(&Bson::Boolean(true)));
    assert_eq!(wanted.get_str("organization_name").unwrap(), "Acme Corp");

    let trashed = store.trash(&suspended, 30).await.unwrap();
    let path = home.path().join("trashed");
    // Whatever was read of it before.
    export_to(&tenancy, &acme, &path, true).await.unwrap();
    assert_eq!(record(&path), wanted);

    store.delete(&trashed).await.unwrap();
    let gone = export_to(&tenancy, &acme, &home.path().join("gone"), true).await;
    assert_eq!(gone.unwrap_err(), Error::Gone("Acme Corp".into()));
    assert_eq!(names(home.path()).len(), 2);
}

pub async fn an_export_is_of_one_time_where_there_is_one<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let pair = |n: i64| {
        ["a", "z"].map(|id| RawDocumentBuf::try_from(&doc! { "_id": id, "n": n }).unwrap())
    };
    let filler = |n: i32| doc! { "_id": n, "text": "x".repeat(100_000) };
    let filler: Vec<_> = (0..100).map(|n| RawDocumentBuf::try_from(&filler(n)).unwrap()).collect();
    let [first, last] = pair(0);
    insert_all(&*store, &acme, &[first]).await;
    insert_all(&*store, &acme, &filler).await;
    insert_all(&*store, &acme, &[last]).await;

    // First the first document, then the last one, again and again.
    let (writer, org) = (Arc::clone(&store), acme.clone());
    let written = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&written);
    let writing = tokio::spawn(async move {
        for n in 0.. {
            for (before, after) in pair(n).into_iter().zip(pair(n + 1)) {
                let write = DocumentWrite::Replace { before, after };
                let entry = Entry::about("eve@here", write.kind(), &org);
                writer.write_document(org.id, &write, &entry).await.unwrap();
            }
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let home = tempfile::tempdir().unwrap();
    let tenancy = tenancy(store);
    for attempt in 0..3 {
        let path = home.path().join(format!("{attempt}"));
        let (seen, first) = (Arc::clone(&written), AtomicU64::new(u64::MAX));
        // So slow that the writer comes in between.
        let slow = Arc::new(move |_| {
            let now = seen.load(Ordering::Relaxed);
            let begun = first.fetch_min(now, Ordering::Relaxed).min(now);
            for _ in 0..40 {
                if seen.load(Ordering::Relaxed) > begun + 2 {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let target = ExportTarget::File { path: path.clone(), text: false };
        let export = tenancy.export(&acme, target, true, slow).await.unwrap();
        let (_, documents, _) = read(&path).unwrap();
        let number = |id: &str| {
            let is =
                |document: &&RawDocumentBuf| document.get_str("_id").is_ok_and(|own| own == id);
            documents.iter().find(is).unwrap().get_i64("n").unwrap()
        };
        let ahead = number("a") - number("z");
        match export.manifest.consistency {
            Consistency::Snapshot { .. } | Consistency::Transaction => {
                assert!((0..=1).contains(&ahead), "{ahead}");
            }
            Consistency::None { .. } => {}
        }
        assert_eq!(documents.len(), 103);
    }
    writing.abort();
}

/// The first document and the others.
const ALL: u64 = 51;

pub async fn a_cancelled_export_leaves_nothing<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let filler = |n: i32| doc! { "_id": n, "text": "x".repeat(100_000) };
    fixture.insert("org_acme_corp", (0..50).map(filler).collect()).await;
    let home = tempfile::tempdir().unwrap();
    let tenancy = tenancy(Arc::clone(&store));
    for at in [1, 20, ALL] {
        let path = home.path().join("acme.tar.zst");
        // With or without text.
        let text = at > 1;
        let (reached, mut wait) = tokio::sync::mpsc::unbounded_channel();
        let told = Arc::new(move |progress: tenantry::tenancy::ArchiveProgress| {
            if progress.documents >= at {
                let _ = reached.send(());
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let export =
            tenancy.export(&acme, ExportTarget::File { path: path.clone(), text }, true, told);
        tokio::select! {
            done = export => panic!("{done:?}"),
            _ = wait.recv() => {}
        }
        // At once, and also once the thread that wrote it is done.
        assert_eq!(names(home.path()), Vec::<String>::new());
        while wait.recv().await.is_some() {}
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(names(home.path()), Vec::<String>::new());
    }
    // Only of the one that was given up in the last moment it is recorded that it was read.
    let told = recorded(&tenancy, &acme).await;
    assert!(told.len() <= 1, "{told:?}");
    // An existing file stays, and the log says that nothing was written.
    let path = home.path().join("taken");
    fs::write(&path, "mine").unwrap();
    let taken = export_to(&tenancy, &acme, &path, true).await.unwrap_err();
    assert!(
        matches!(&taken, Error::Unwritten { problem, .. } if problem.contains("already exists")),
        "{taken}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    let told = recorded(&tenancy, &acme).await;
    let [(Outcome::Failed, said), ..] = &told[..] else { panic!("{told:?}") };
    assert!(said.starts_with("failed: the archive could not be written"), "{said}");
}

pub async fn who_may_export_what_is_said_by_the_role<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let emails = ["viewer@example.com", "operator@example.com", "manager@example.com"];
    let accounts =
        || OperatorRole::ALL.into_iter().zip(emails).map(|(role, of)| operator(of, role));
    let home = tempfile::tempdir().unwrap();
    let path = || home.path().join(ObjectId::new().to_hex());
    let (acme, tenancy) = (&siege.acme, &siege.tenancy);
    for required in [Required::Nothing, Required::Writes] {
        require(&*siege.store, required, accounts().collect()).await;
        for (role, email) in OperatorRole::ALL.into_iter().zip(emails) {
            let session = siege.log_in(email).await;
            let own = tenancy.in_session(Some(session.token()));
            for (admins, least) in [(false, OperatorRole::Operator), (true, OperatorRole::Manager)]
            {
                let done = export_to(&own, acme, &path(), admins).await;
                assert_eq!(done.is_ok(), role >= least, "{role} {admins} {required:?}: {done:?}");
                if role < least {
                    assert_eq!(refused(done), Refusal::Role { role, least });
                }
            }
        }
    }
    // Without an account, and with that of an owner: their own, and no hashes.
    let refusal = refused(export_to(tenancy, acme, &path(), false).await);
    assert_eq!(refusal, Refusal::OperatorsRequired);
    let owner = siege.log_in("ada@acme.com").await;
    let own = tenancy.in_session(Some(owner.token()));
    export_to(&own, acme, &path(), false).await.unwrap();
    assert_eq!(refused(export_to(&own, acme, &path(), true).await), Refusal::ManagersOnly);
    let other = refused(export_to(&own, &siege.globex, &path(), false).await);
    assert!(matches!(other, Refusal::OtherOrganization { .. }), "{other:?}");
    // Each is in the audit log.
    let told = recorded(tenancy, acme).await;
    let refused = told.iter().filter(|(outcome, _)| *outcome == Outcome::Refused).count();
    assert_eq!((told.len(), refused), (12 + 3, 6 + 2));
    // And where nothing can be recorded, nothing is exported.
    let read_only = crate::attack::tenancy(siege.fixture.open(true).await);
    let done = export_to(&read_only, acme, &path(), false).await;
    assert!(matches!(done, Err(Error::ReadOnly(_))), "{done:?}");
}
