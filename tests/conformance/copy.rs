//! Organizations that are copied to another database, or moved there.

use std::sync::Arc;

use bson::{RawDocumentBuf, doc};
use tenantry::{
    org::{OrgState, Role},
    store::{DocumentWrite, Entry, ListScope, Store, sqlite::SqliteStore},
    tenancy::{CopyError, CopyWatch, CopyWish, Error, ImportWish, Refusal, Tenancy},
};

use crate::attack::{Besieged, make, tenancy};
use crate::export::{insert_all, odd, sorted};
use crate::fixture::Fixture;
use crate::import::documents;

fn elsewhere() -> (Arc<dyn Store>, Tenancy) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    (Arc::clone(&store), tenancy(store))
}

fn unwatched() -> CopyWatch {
    CopyWatch { export: Arc::new(|_| {}), import: Arc::new(|_| {}) }
}

fn moved() -> CopyWish {
    CopyWish { moves: true, ..CopyWish::default() }
}

pub async fn a_copy_is_what_is_copied_and_leaves_it_as_it_was<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add("eve@acme.com", Role::Admin).await;
    let before = siege.fixture.stored().await;
    insert_all(&*siege.store, &siege.acme, &odd()).await;
    let (store, there) = elsewhere();
    let wish = CopyWish::default();
    let copied = siege.tenancy.copy(&siege.acme, &there, &wish, unwatched()).await.unwrap();
    let org = &copied.import.org;
    assert_eq!((org.id, &org.name, copied.trashed), (siege.acme.id, &siege.acme.name, None));
    assert!(
        sorted(&documents(&*store, org).await)
            == sorted(&documents(&*siege.store, &siege.acme).await)
    );
    assert_eq!(there.admins(org).await.unwrap().len(), 2);
    for document in odd() {
        let write = DocumentWrite::Delete(document);
        let entry = Entry::about("ada@here", write.kind(), &siege.acme);
        siege.store.write_document(siege.acme.id, &write, &entry).await.unwrap();
    }
    assert_eq!(siege.fixture.stored().await, before);

    // A second time it is taken there, which is said before anything is read.
    let again = siege.tenancy.copy(&siege.acme, &there, &wish, unwatched()).await;
    assert!(matches!(again, Err(CopyError::Target(Error::Taken { .. }))), "{again:?}");
    // And back, under another name.
    let back = ImportWish {
        name: Some("Acme Back".into()),
        email: Some("back@acme.com".into()),
        without_admins: true,
        ..ImportWish::default()
    };
    let back = CopyWish { import: back, moves: false };
    let copied = there.copy(org, &siege.tenancy, &back, unwatched()).await.unwrap();
    assert!(
        sorted(&documents(&*siege.store, &copied.import.org).await)
            == sorted(&documents(&*store, org).await)
    );
}

pub async fn what_is_moved_is_in_the_trash_and_active_elsewhere<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let (_, there) = elsewhere();
    // Without a login it would stay: that is said before anything is done.
    let before = siege.fixture.stored().await;
    let refused = siege.tenancy.copy(&siege.acme, &there, &moved(), unwatched()).await;
    assert!(
        matches!(refused, Err(CopyError::Source(Error::NotAllowed(Refusal::NoSession(_))))),
        "{refused:?}"
    );
    assert_eq!(siege.fixture.stored().await, before);
    let session = siege.log_in("ada@acme.com").await;
    let own = siege.tenancy.in_session(Some(session.token()));
    let moved = own.copy(&siege.acme, &there, &moved(), unwatched()).await.unwrap();
    assert_eq!(moved.import.org.state, OrgState::Active);
    let trashed = siege.store.org_named("Acme Corp", ListScope::Trash).await.unwrap().unwrap();
    assert_eq!(moved.trashed.unwrap().id, trashed.id);
    assert_eq!(siege.store.org_named("Acme Corp", ListScope::Live).await.unwrap(), None);
    let held = siege.store.statistics(&trashed).await.unwrap();
    assert_eq!(held.documents, moved.import.summary.contents.documents.count);
    there.login("ada@acme.com", &crate::attack::secret(crate::attack::PASSWORD)).await.unwrap();
}

pub async fn what_changes_while_it_is_moved_stays<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let (elsewhere, there) = elsewhere();
    let session = siege.log_in("ada@acme.com").await;
    let own = siege.tenancy.in_session(Some(session.token()));
    let (store, acme) = (Arc::clone(&siege.store), siege.acme.clone());
    let runtime = tokio::runtime::Handle::current();
    let late = move |_| {
        let document = RawDocumentBuf::try_from(&doc! { "_id": "late" }).unwrap();
        let write = DocumentWrite::Insert(document);
        let entry = Entry::about("eve@here", write.kind(), &acme);
        // It is told of the last document, and only once here.
        runtime.block_on(store.write_document(acme.id, &write, &entry)).unwrap();
    };
    let watch = CopyWatch { export: Arc::new(|_| {}), import: Arc::new(late) };
    let done = own.copy(&siege.acme, &there, &moved(), watch).await;
    assert!(matches!(done, Err(CopyError::Differs)), "{done:?}");
    // It is where it was, and as it was.
    let stays = siege.store.org(siege.acme.id).await.unwrap().unwrap();
    assert_eq!((stays.state, stays.in_trash()), (OrgState::Active, None));
    assert_eq!(elsewhere.count(ListScope::Live, None, 9).await.unwrap().counted, 1);

    // What cannot be there is not suspended here for it.
    let (other, there) = crate::copy::elsewhere();
    make(&*other, "Acme Corp", "kim@acme.com").await;
    let session = siege.log_in("ada@acme.com").await;
    let own = siege.tenancy.in_session(Some(session.token()));
    let done = own.copy(&stays, &there, &moved(), unwatched()).await;
    assert!(matches!(done, Err(CopyError::Target(Error::Taken { .. }))), "{done:?}");
    assert_eq!(siege.store.org(stays.id).await.unwrap(), Some(stays));
}
