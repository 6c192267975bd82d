//! Being told of changes: by whomever they are made, once for each, and not while nothing happens.

use std::{sync::Arc, time::Duration};

use tenantry::store::{Entry, News, Outcome, Seen, Store};
use tokio::time::{Instant, timeout};

use crate::fixture::{Fixture, new_org, with_acme};
use crate::support::operations::Operations as _;

/// By when a change has to be told.
const SOON: Duration = Duration::from_secs(12);

/// The next change after `seen`, which is waited for in a task of its own.
fn next(store: &Arc<dyn Store>, seen: &Seen) -> tokio::task::JoinHandle<News> {
    let (store, seen) = (Arc::clone(store), seen.clone());
    tokio::spawn(async move { store.changed(Some(seen)).await.unwrap() })
}

pub async fn a_change_of_another_console_is_told<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let other = fixture.open(false).await;
    let before = fixture.stored().await;
    let mut seen = store.changed(None).await.unwrap().seen;
    assert_eq!(fixture.stored().await, before, "to look writes nothing");
    // One that is made before anybody waits, and one that is made while somebody does.
    let globex = other.create(&new_org("Globex", "kim@globex.com")).await.unwrap();
    seen = timeout(SOON, store.changed(Some(seen))).await.unwrap().unwrap().seen;
    let waiting = next(&store, &seen);
    tokio::time::sleep(Duration::from_millis(300)).await;
    other.suspend(&globex, true).await.unwrap();
    seen = timeout(SOON, waiting).await.unwrap().unwrap().seen;
    // Its own as well.
    let waiting = next(&store, &seen);
    store.suspend(&acme, true).await.unwrap();
    timeout(SOON, waiting).await.unwrap().unwrap();
}

/// Whoever changes many does it in a row: what is told is told once all of it can be read.
pub async fn what_is_told_can_be_read<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let other = fixture.open(false).await;
    let mut seen = store.changed(None).await.unwrap().seen;
    let creating = tokio::spawn(async move {
        for number in 0..10 {
            let new = new_org(&format!("Org {number}"), &format!("x{number}@example.com"));
            other.create(&new).await.unwrap();
        }
    });
    let began = Instant::now();
    loop {
        seen = timeout(SOON, store.changed(Some(seen))).await.unwrap().unwrap().seen;
        let count = store.count(tenantry::store::ListScope::Live, None, 100).await.unwrap();
        if count.counted == 11 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{count:?}");
    }
    creating.await.unwrap();
}

/// Which organizations were changed is told, and none where none was.
pub async fn what_was_changed_is_named<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let other = fixture.open(false).await;
    let first = store.changed(None).await.unwrap();
    assert_eq!(first.orgs, None);
    let mut seen = first.seen;
    // In as many steps as it takes.
    let named = |news: News| {
        let mut orgs = news.orgs.unwrap();
        orgs.sort();
        orgs.dedup();
        (news.seen, orgs)
    };
    let globex = other.create(&new_org("Globex", "kim@globex.com")).await.unwrap();
    let suspended = other.suspend(&acme, true).await.unwrap();
    let mut wanted = vec![acme.id, globex.id];
    wanted.sort();
    let mut all = std::collections::BTreeSet::new();
    while all.len() < wanted.len() {
        let (next, orgs) = named(timeout(SOON, store.changed(Some(seen))).await.unwrap().unwrap());
        all.extend(orgs);
        seen = next;
    }
    assert_eq!(all.into_iter().collect::<Vec<_>>(), wanted);
    // What is only recorded changes none; what goes away has changed.
    let refused = Entry::about("eve@there", "trash", &acme).ended(Outcome::Refused, "no");
    other.append(&refused).await.unwrap();
    let (next, orgs) = named(timeout(SOON, store.changed(Some(seen))).await.unwrap().unwrap());
    assert_eq!(orgs, Vec::new());
    other.delete(&suspended).await.unwrap();
    let (_, orgs) = named(timeout(SOON, store.changed(Some(next))).await.unwrap().unwrap());
    assert_eq!(orgs, vec![acme.id]);
}
