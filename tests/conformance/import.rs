//! Organizations that are imported: byte for byte as they were exported, whole or not at all.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

use bson::{RawDocumentBuf, doc, oid::ObjectId, rawdoc};
use tenantry::{
    document::parse,
    org::{OperationKind, OperatorRole, Org, Role},
    store::{
        DocumentQuery, ListScope, Outcome, Required, Store, document_channel, sqlite::SqliteStore,
    },
    tenancy::{Error, Import, ImportWish, Refusal, Result, Tenancy},
};

use crate::attack::{Besieged, PASSWORD, make, secret, tenancy};
use crate::export::{export_to, insert_all, odd, read, sorted};
use crate::fixture::{Fixture, with_acme};
use crate::operators::{operator, refused, require};
use crate::support::operations::Operations as _;

async fn import(tenancy: &Tenancy, path: &Path, wish: &ImportWish) -> Result<Import> {
    tenancy.import(fs::File::open(path).unwrap(), wish, Arc::new(|_| {})).await
}

pub async fn documents(store: &dyn Store, org: &Org) -> Vec<RawDocumentBuf> {
    let all = DocumentQuery { limit: 1_000, whole: true, ..DocumentQuery::default() };
    store.documents(org, &all).await.unwrap().documents
}

/// As another organization of the same database.
fn as_copy() -> ImportWish {
    ImportWish {
        name: Some("Acme Copy".into()),
        email: Some("ada@copy.com".into()),
        ..ImportWish::default()
    }
}

/// An archive of the organization, with some documents.
async fn exported<F: Fixture>(siege: &Besieged<F>) -> (tempfile::TempDir, PathBuf) {
    let some = ["{ _id: 1, t: Timestamp(0, 0), i: 5 }", "{ _id: 2, i: Long(5), d: 5.0, s: '5' }"];
    let some: Vec<_> = some.iter().map(|text| parse(text).unwrap()).collect();
    export_of(siege, &some).await
}

async fn export_of<F: Fixture>(
    siege: &Besieged<F>,
    some: &[RawDocumentBuf],
) -> (tempfile::TempDir, PathBuf) {
    insert_all(&*siege.store, &siege.acme, some).await;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("acme.tar.zst");
    export_to(&siege.tenancy, &siege.acme, &path, true).await.unwrap();
    (home, path)
}

pub async fn what_was_exported_and_purged_comes_back_as_it_was<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add("eve@acme.com", Role::Admin).await;
    siege.add("bob@acme.com", Role::Owner).await;
    let (_home, path) = exported(&siege).await;
    let before = siege.fixture.stored().await;
    let were = siege.tenancy.admins(&siege.acme).await.unwrap();
    siege.store.delete(&siege.acme).await.unwrap();

    let import = import(&siege.tenancy, &path, &ImportWish::default()).await.unwrap();
    assert_eq!(siege.fixture.stored().await, before);
    assert_eq!((import.org.id, import.kept_id, import.new_admin_ids), (siege.acme.id, true, 0));
    assert_eq!(import.admins, 3);
    let mut are = siege.tenancy.admins(&import.org).await.unwrap();
    for admin in &mut are {
        // Whether it says so or not.
        assert!(admin.organization.is_none_or(|own| own == import.org.id));
        admin.organization = None;
    }
    let were: Vec<_> = were
        .into_iter()
        .map(|mut admin| {
            admin.organization = None;
            admin
        })
        .collect();
    assert_eq!(are, were);
    // Each can log in, and is found.
    for email in ["ada@acme.com", "eve@acme.com", "bob@acme.com"] {
        siege.log_in(email).await;
        let query = tenantry::store::PageQuery {
            scope: ListScope::Live,
            search: Some(email.into()),
            best_first: false,
            sort: tenantry::store::Sort::default(),
            at: tenantry::store::PageAt::First,
            limit: 5,
        };
        let page = siege.tenancy.page(&query).await.unwrap();
        assert_eq!(page.orgs.iter().map(|org| org.id).collect::<Vec<_>>(), [siege.acme.id]);
    }
    assert_eq!(siege.tenancy.named("acme corp").await.unwrap(), import.org);
    // And it can be exported again: the same documents.
    let again = path.with_extension("again");
    let export = export_to(&siege.tenancy, &import.org, &again, true).await.unwrap();
    let (_, first, summary) = read(&path).unwrap();
    assert!(sorted(&read(&again).unwrap().1) == sorted(&first));
    assert_eq!(export.summary.contents, summary.contents);
    let told = siege.tenancy.activity(&import.org, 100).await.unwrap();
    let told = told.into_iter().find(|told| told.entry.action == OperationKind::Import).unwrap();
    let count = first.len();
    assert_eq!(
        (told.entry.outcome, told.entry.came_to()),
        (Outcome::Done, format!("admins 3, documents {count}"))
    );
    assert_eq!(siege.store.recover("tester@here").await.unwrap(), 0);
    assert_eq!(siege.store.examine("tester@here", false).await, Ok(vec![]));
}

pub async fn what_is_taken_refuses_an_import_and_nothing_is_written<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let (_home, path) = exported(&siege).await;
    let before = siege.fixture.stored().await;
    let own = ImportWish::default();
    let taken = import(&siege.tenancy, &path, &own).await.unwrap_err();
    assert_eq!(taken.to_string(), "name “Acme Corp” is taken");
    let renamed = ImportWish { name: Some("Acme Copy".into()), ..own.clone() };
    let taken = import(&siege.tenancy, &path, &renamed).await.unwrap_err();
    assert_eq!(taken.to_string(), "e-mail ada@acme.com is taken by an admin of “Acme Corp”");
    let invalid = ImportWish { name: Some("\u{202e}".into()), ..own.clone() };
    assert!(matches!(import(&siege.tenancy, &path, &invalid).await, Err(Error::Invalid(_))));
    let ownerless = ImportWish { without_admins: true, ..as_copy() };
    let ownerless = ImportWish { email: None, ..ownerless };
    let refused = import(&siege.tenancy, &path, &ownerless).await.unwrap_err();
    assert!(refused.to_string().contains("needs an owner"), "{refused}");
    assert_eq!(siege.fixture.stored().await, before);

    // Under another name with another e-mail it can be beside the first.
    let copy = import(&siege.tenancy, &path, &as_copy()).await.unwrap();
    assert_eq!(copy.org.collection.raw(), "org_acme_copy");
    assert_eq!(copy.org.admin_email.raw(), "ada@copy.com");
    assert_eq!((copy.kept_id, copy.new_admin_ids), (false, 1));
    assert_eq!(copy.org.created_at, siege.acme.created_at);
    assert!(
        sorted(&documents(&*siege.store, &copy.org).await)
            == sorted(&documents(&*siege.store, &siege.acme).await)
    );
    siege.log_in("ada@copy.com").await;
    let after = siege.fixture.stored().await;
    assert!(before.organizations.iter().all(|org| after.organizations.contains(org)));
    assert!(before.admins.iter().all(|admin| after.admins.contains(admin)));
    assert_eq!(after.collections.len(), before.collections.len() + 1);
    // A second time all of that is taken too.
    let again = import(&siege.tenancy, &path, &as_copy()).await;
    assert!(matches!(again, Err(Error::Taken { .. })), "{again:?}");
    assert_eq!(siege.fixture.stored().await, after);
}

pub async fn a_damaged_archive_leaves_nothing<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let (_home, path) = exported(&siege).await;
    let before = siege.fixture.stored().await;
    let whole = fs::read(&path).unwrap();
    for (what, bytes) in [
        ("cut off at its end", whole[..whole.len() - 1].to_vec()),
        ("cut off in the middle", whole[..whole.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("something else", b"hunter2 is no archive".repeat(100)),
        ("with something behind it", [&whole[..], b"x"].concat()),
    ] {
        let read = io::Cursor::new(bytes);
        let done = siege.tenancy.import(read, &as_copy(), Arc::new(|_| {})).await;
        let Err(Error::NotImported { problem, .. }) = done else { panic!("{what}: {done:?}") };
        assert!(!problem.contains("hunter2"), "{problem}");
        assert_eq!(siege.fixture.stored().await, before, "{what}");
    }
    assert_eq!(siege.store.recover("tester@here").await.unwrap(), 0);
}

/// Stops in the middle, until it is let go on.
struct Halting {
    archive: io::Cursor<Vec<u8>>,
    at: u64,
    reached: Option<tokio::sync::oneshot::Sender<()>>,
    go_on: mpsc::Receiver<()>,
}

impl Read for Halting {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.archive.position() >= self.at
            && let Some(reached) = self.reached.take()
        {
            let _ = reached.send(());
            let _ = self.go_on.recv();
        }
        let most = into.len().min(4096);
        self.archive.read(&mut into[..most])
    }
}

pub async fn a_cancelled_import_leaves_nothing<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let random = |n: i32| {
        let mut bytes = vec![0; 100_000];
        getrandom(&mut bytes);
        doc! { "_id": n, "bytes": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes } }
    };
    siege.fixture.insert("org_acme_corp", (0..200).map(random).collect()).await;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("acme.tar.zst");
    export_to(&siege.tenancy, &siege.acme, &path, true).await.unwrap();
    let before = siege.fixture.stored().await;
    let whole = fs::read(&path).unwrap();
    for part in [1, 2, 3] {
        let (reached, wait) = tokio::sync::oneshot::channel();
        let (go_on, halted) = mpsc::channel();
        let at = whole.len() as u64 * part / 4;
        let archive = io::Cursor::new(whole.clone());
        let source = Halting { archive, at, reached: Some(reached), go_on: halted };
        let wish = as_copy();
        let importing = siege.tenancy.import(source, &wish, Arc::new(|_| {}));
        tokio::select! {
            done = importing => panic!("{done:?}"),
            _ = wait => {}
        }
        siege.tenancy.cleaned_up().await;
        assert_eq!(siege.fixture.stored().await, before, "{part}");
        drop(go_on);
    }
    assert_eq!(siege.store.recover("tester@here").await.unwrap(), 0);
    // What cancelled ones left is in nobody's way.
    import(&siege.tenancy, &path, &as_copy()).await.unwrap();
}

fn getrandom(bytes: &mut [u8]) {
    fs::File::open("/dev/urandom").unwrap().read_exact(bytes).unwrap();
}

pub async fn what_is_being_imported_is_seen_by_nobody<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let before = fixture.stored().await;
    let (mut sink, source) = document_channel();
    let (staged, other) = (ObjectId::new(), fixture.open(false).await);
    let collection = tenantry::archive::Collection {
        name: acme.collection.clone(),
        uuid: None,
        options: rawdoc! {},
        indexes: Vec::new(),
    };
    let staging = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.stage(staged, &collection, source).await })
    };
    let fill = tokio::task::spawn_blocking(move || {
        // More than is held back anywhere.
        for n in 0..200 {
            let document = doc! { "_id": n, "text": "x".repeat(100_000) };
            let document = RawDocumentBuf::try_from(&document).unwrap();
            sink.push_blocking(document.as_bytes()).unwrap();
        }
        sink
    });
    let mut sink = fill.await.unwrap();
    assert_eq!(other.examine("eve@here", false).await, Ok(vec![]));
    assert_eq!(other.recover("eve@here").await.unwrap(), 0);
    assert_eq!(other.examine("eve@here", true).await, Ok(vec![]));
    let count = other.count(ListScope::Live, None, 10).await.unwrap();
    assert_eq!(count.counted, 1);
    // Others write meanwhile.
    make(&*other, "Globex", "kim@globex.com").await;
    tokio::task::spawn_blocking(move || sink.flush_blocking().unwrap()).await.unwrap();
    assert_eq!(staging.await.unwrap(), Ok(200));
    store.discard(staged).await.unwrap();
    store.discard(staged).await.unwrap();
    let after = fixture.stored().await;
    assert_eq!(after.collections.len(), before.collections.len() + 1);
}

pub async fn a_suspended_organization_comes_back_suspended<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let suspended = siege.store.suspend(&siege.acme, true).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("acme.tar.zst");
    export_to(&siege.tenancy, &suspended, &path, true).await.unwrap();
    let before = siege.fixture.stored().await;
    siege.store.delete(&suspended).await.unwrap();
    let org = import(&siege.tenancy, &path, &ImportWish::default()).await.unwrap().org;
    assert_eq!(siege.fixture.stored().await, before);
    assert_eq!(org.state, suspended.state);
    let refusal = refused(siege.tenancy.login("ada@acme.com", &secret(PASSWORD)).await);
    assert!(matches!(refusal, Refusal::Suspended(_)), "{refusal:?}");
    siege.store.suspend(&org, false).await.unwrap();
    siege.log_in("ada@acme.com").await;
}

pub async fn an_organization_without_admins_gets_an_owner_with_a_code<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let (_home, path) = exported(&siege).await;
    let wish = ImportWish { without_admins: true, ..as_copy() };
    let import = import(&siege.tenancy, &path, &wish).await.unwrap();
    let code = import.code.unwrap();
    let admins = siege.tenancy.admins(&import.org).await.unwrap();
    let [owner] = &admins[..] else { panic!("{admins:?}") };
    assert_eq!((owner.email.raw(), owner.role), ("ada@copy.com", Role::Owner));
    let chosen = secret("quartz meadow 71 sailing");
    siege.tenancy.redeem("ada@copy.com", &code.code, &chosen).await.unwrap();
    siege.tenancy.login("ada@copy.com", &chosen).await.unwrap();
}

pub async fn it_takes_a_manager_to_import<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let (_home, path) = exported(&siege).await;
    let emails = ["viewer@example.com", "operator@example.com", "manager@example.com"];
    let accounts = OperatorRole::ALL.into_iter().zip(emails).map(|(role, of)| operator(of, role));
    require(&*siege.store, Required::Writes, accounts.collect()).await;
    let before = siege.fixture.stored().await;
    let refusal = refused(import(&siege.tenancy, &path, &as_copy()).await);
    assert_eq!(refusal, Refusal::OperatorsRequired);
    let owner = siege.log_in("ada@acme.com").await;
    let own = siege.tenancy.in_session(Some(owner.token()));
    refused(import(&own, &path, &as_copy()).await);
    for (role, email) in OperatorRole::ALL.into_iter().zip(emails) {
        let session = siege.log_in(email).await;
        let own = siege.tenancy.in_session(Some(session.token()));
        assert_eq!(siege.fixture.stored().await, before);
        let done = import(&own, &path, &as_copy()).await;
        if role < OperatorRole::Manager {
            let least = OperatorRole::Manager;
            assert_eq!(refused(done), Refusal::Role { role, least });
        } else {
            done.unwrap();
        }
    }
    let read_only = tenancy(siege.fixture.open(true).await);
    let done = import(&read_only, &path, &as_copy()).await;
    assert!(matches!(done, Err(Error::ReadOnly(_))), "{done:?}");
}

pub async fn every_byte_goes_to_another_database_and_comes_back<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let (home, path) = export_of(&siege, &odd()).await;
    let before = documents(&*siege.store, &siege.acme).await;
    let embedded: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let there = tenancy(Arc::clone(&embedded));
    let org = import(&there, &path, &ImportWish::default()).await.unwrap().org;
    assert_eq!(org.id, siege.acme.id);
    assert!(sorted(&documents(&*embedded, &org).await) == sorted(&before));
    let back = home.path().join("back.tar.zst");
    export_to(&there, &org, &back, true).await.unwrap();
    siege.store.delete(&siege.acme).await.unwrap();
    let org = import(&siege.tenancy, &back, &ImportWish::default()).await.unwrap().org;
    assert_eq!((org.id, org.collection.raw()), (siege.acme.id, "org_acme_corp"));
    assert_eq!(org.connection, siege.acme.connection);
    assert!(sorted(&documents(&*siege.store, &org).await) == sorted(&before));
}
