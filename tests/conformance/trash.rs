//! The trash: what is moved there is gone for everybody, and comes back whole.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use bson::{DateTime, doc};
use tenantry::org::{Claim, ClaimKind, Org, OrgState, Role, Secret, timestamp};
use tenantry::store::{
    Change, Cursor, Examination, Finding, Inconsistency, ListScope, PageAt, PageQuery, Purge,
    Repair, Sort, SortKey, Statistics, StoreError,
};
use tenantry::tenancy::{Believe, Caller, Rules, Tenancy};

use crate::admins::add;
use crate::fixture::{Fixture, hash, new_org, renamed, with_acme, with_email};
use crate::support::operations::Operations as _;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn page(scope: ListScope, sort: Sort, at: PageAt, limit: u32) -> PageQuery {
    PageQuery { scope, search: None, best_first: false, sort, at, limit }
}

fn first(scope: ListScope) -> PageQuery {
    page(scope, Sort::default(), PageAt::First, 50)
}

pub async fn what_is_in_the_trash_is_only_found_there<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    let before = DateTime::now().timestamp_millis();
    let trashed = store.trash(&acme, 30).await.unwrap();
    let OrgState::InTrash(time) = trashed.state else { panic!("{trashed:?}") };
    assert_eq!(time.until.timestamp_millis() - time.since.timestamp_millis(), 30 * DAY);
    assert!((time.since.timestamp_millis() - before).abs() < 60_000, "{time:?}");
    assert_eq!(
        (&trashed.name, &trashed.collection, &trashed.admin_email, trashed.created_at),
        (&acme.name, &acme.collection, &acme.admin_email, acme.created_at)
    );
    assert_eq!(trashed.connection, acme.connection);

    assert_eq!(store.page(&first(ListScope::Live)).await.unwrap().orgs, vec![globex]);
    assert_eq!(store.page(&first(ListScope::Trash)).await.unwrap().orgs, vec![trashed.clone()]);
    for (scope, search, expected) in [
        (ListScope::Live, None, 1),
        (ListScope::Trash, None, 1),
        (ListScope::Live, Some("ACME"), 0),
        (ListScope::Trash, Some("ACME"), 1),
        (ListScope::Trash, Some("globex"), 0),
    ] {
        let counted = store.count(scope, search, 10).await.unwrap().counted;
        assert_eq!(counted, expected, "{scope:?} {search:?}");
        let query = PageQuery { search: search.map(str::to_owned), ..first(scope) };
        assert_eq!(store.page(&query).await.unwrap().orgs.len() as u64, expected);
    }
    assert_eq!(store.org_named("acme corp", ListScope::Live).await, Ok(None));
    assert_eq!(store.org_named("acme corp", ListScope::Trash).await, Ok(Some(trashed.clone())));
    assert_eq!(store.org_named("globex", ListScope::Trash).await, Ok(None));
    assert_eq!(store.org(acme.id).await, Ok(Some(trashed.clone())));
    assert_eq!(store.statistics(&trashed).await.unwrap().documents, 1);
    assert_eq!(store.first_documents(&trashed, 10).await.unwrap().len(), 1);
}

pub async fn it_keeps_what_it_claims<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    store.trash(&acme, 30).await.unwrap();
    for claim in Claim::of_name("Acme Corp", "org_acme_corp")
        .iter()
        .chain([&Claim::of_email("ada@acme.com")])
    {
        let holder = store.holder(claim).await.unwrap().unwrap();
        assert_eq!((holder.org, holder.in_trash), (Some(acme.id), true), "{claim}");
        assert_eq!(holder.name, Some("Acme Corp".into()));
    }
    let before = fixture.stored().await;
    for (name, email, what) in [
        ("ACME CORP", "new@acme.com", ClaimKind::Name),
        ("acme-corp", "new@acme.com", ClaimKind::Collection),
        ("Аcme Corp", "new@acme.com", ClaimKind::Look),
        ("Other", "ADA@acme.com", ClaimKind::Email),
    ] {
        let taken = StoreError::Taken { what, by: Some("Acme Corp".into()), in_trash: true };
        assert_eq!(store.create(&new_org(name, email)).await, Err(taken), "{name} {email}");
    }
    assert_eq!(fixture.stored().await, before);
}

fn all_claims() -> Vec<Claim> {
    let mut claims = Claim::of_name("Acme Corp", "org_acme_corp");
    claims.extend(["ada@acme.com", "bob@acme.com"].map(Claim::of_email));
    claims
}

pub async fn what_is_released_can_be_used_by_others_at_once<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let acme = add(&*store, &acme, "bob@acme.com", Role::Owner).await.unwrap();
    fixture.insert("org_acme_corp", vec![doc! { "_id": 1, "of": "the old one" }]).await;
    let trashed = store.trash_and_release(&acme).await.unwrap();
    assert!(trashed.in_trash().is_some_and(|trash| trash.released), "{trashed:?}");
    assert_eq!(
        (&trashed.name, &trashed.collection, &trashed.admin_email, &trashed.other_emails),
        (&acme.name, &acme.collection, &acme.admin_email, &acme.other_emails)
    );
    for claim in all_claims() {
        assert_eq!(store.holder(&claim).await, Ok(None), "{claim}");
    }
    // The same name with the same e-mail: each has its own documents and admins.
    let again = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    assert_eq!(store.statistics(&trashed).await.unwrap().documents, 2);
    assert_eq!(store.statistics(&again).await.unwrap().documents, 1);
    assert_eq!(store.admins(&trashed).await.unwrap().len(), 2);
    assert_eq!(store.admins(&again).await.unwrap().len(), 1);
    assert_eq!(store.org_named("acme corp", ListScope::Live).await, Ok(Some(again.clone())));
    assert_eq!(store.org_named("acme corp", ListScope::Trash).await, Ok(Some(trashed.clone())));
    let found = store.examine("tester@here", false).await;
    assert_eq!(found, Ok(vec![]));
    // Purging the old one leaves the new one.
    store.delete(&trashed).await.unwrap();
    assert_eq!(store.statistics(&again).await.unwrap().documents, 1);
    assert_eq!(store.org(again.id).await, Ok(Some(again)));
}

pub async fn what_was_released_comes_back_where_nobody_has_it<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let acme = add(&*store, &acme, "bob@acme.com", Role::Owner).await.unwrap();
    fixture.insert("org_acme_corp", vec![doc! { "_id": 1, "of": "the old one" }]).await;
    let before = fixture.stored().await;
    let trashed = store.trash_and_release(&acme).await.unwrap();
    let org = store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(fixture.stored().await, before);
    for claim in all_claims() {
        let holder = store.holder(&claim).await.unwrap().unwrap();
        assert_eq!(holder.org, Some(acme.id), "{claim}");
    }
    assert_eq!(store.statistics(&org).await.unwrap().documents, 2);

    // Somebody has the name by now, and then the e-mail as well.
    let trashed = store.trash_and_release(&org).await.unwrap();
    let again = store.create(&new_org("acme corp", "eve@acme.com")).await.unwrap();
    let taken =
        |what, by: &str| Err(StoreError::Taken { what, by: Some(by.into()), in_trash: false });
    let stored = fixture.stored().await;
    let refused = store.restore(&trashed, &Change::default()).await;
    assert_eq!(refused, taken(ClaimKind::Name, "acme corp"));
    let other = store.create(&new_org("Other", "bob@acme.com")).await.unwrap();
    let refused = store.restore(&trashed, &renamed("Globex")).await;
    assert_eq!(refused, taken(ClaimKind::Email, "Other"));
    store.delete(&other).await.unwrap();
    assert_eq!(fixture.stored().await, stored);
    let org = store.restore(&trashed, &renamed("Globex")).await.unwrap();
    assert_eq!((org.name.raw(), org.collection.raw()), ("Globex", "org_globex"));
    assert_eq!(store.statistics(&org).await.unwrap().documents, 2);
    assert_eq!(store.statistics(&again).await.unwrap().documents, 1);
    let found = store.examine("tester@here", false).await;
    assert_eq!(found, Ok(vec![]));
}

pub async fn restoring_gives_everything_back<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    fixture
        .insert("org_acme_corp", (0..500).map(|at| doc! { "_id": at, "x": "y" }).collect())
        .await;
    let before = fixture.stored().await;
    let statistics = store.statistics(&acme).await.unwrap();
    let admin = store.admin_with_email("ada@acme.com").await.unwrap();
    let mut org = acme.clone();
    for _ in 0..2 {
        let trashed = store.trash(&org, 30).await.unwrap();
        assert_eq!(store.statistics(&trashed).await.unwrap(), statistics);
        org = store.restore(&trashed, &Change::default()).await.unwrap();
        assert_eq!(fixture.stored().await, before);
    }
    assert!(org.revision > acme.revision);
    // Everything but the logins that were open when it went.
    assert!(org.login_epoch > acme.login_epoch);
    let Org { revision, login_epoch, .. } = org;
    assert_eq!(org, Org { revision, login_epoch, ..acme.clone() });
    assert_eq!(store.statistics(&org).await.unwrap(), statistics);
    assert_eq!(store.admin_with_email("ada@acme.com").await.unwrap(), admin);
    assert_eq!(store.org_of_admin(&admin.unwrap()).await.unwrap(), Some(org.clone()));
    assert_eq!(store.org_named("acme corp", ListScope::Live).await.unwrap(), Some(org.clone()));
    assert_eq!(store.page(&first(ListScope::Live)).await.unwrap().orgs, vec![org.clone()]);
    assert_eq!(store.count(ListScope::Trash, None, 10).await.unwrap().counted, 0);
    // And it is an organization like any other.
    let org = store.update(&org, &renamed("Globex")).await.unwrap();
    store.delete(&org).await.unwrap();
    assert_eq!(fixture.stored().await.organizations, vec![]);
}

pub async fn restoring_under_another_name_moves_everything<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    fixture.insert("org_acme_corp", vec![doc! { "_id": "kept" }]).await;
    let trashed = store.trash(&acme, 30).await.unwrap();
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    let before = fixture.stored().await;
    let taken =
        StoreError::Taken { what: ClaimKind::Name, by: Some("Globex".into()), in_trash: false };
    assert_eq!(store.restore(&trashed, &renamed("GLOBEX")).await, Err(taken));
    assert_eq!(fixture.stored().await, before);
    assert_eq!(store.org(acme.id).await, Ok(Some(trashed.clone())));

    let back = store.restore(&trashed, &renamed("Acme Reborn")).await.unwrap();
    assert_eq!((back.id, back.name.raw()), (acme.id, "Acme Reborn"));
    assert_eq!(back.collection.raw(), "org_acme_reborn");
    assert_eq!(back.connection.collection.raw(), "org_acme_reborn");
    let stored = fixture.stored().await;
    assert_eq!(stored.collections["org_acme_reborn"].len(), 2);
    assert_eq!(stored.collections.len(), 2);
    // The old name is free.
    let again = store.create(&new_org("Acme Corp", "new@acme.com")).await.unwrap();
    assert_eq!(store.first_documents(&again, 10).await.unwrap().len(), 1);
    assert_eq!(store.org(globex.id).await, Ok(Some(globex)));
}

pub async fn a_name_made_again_after_a_purge_inherits_nothing<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    fixture.insert("org_acme_corp", vec![doc! { "_id": "secret" }]).await;
    let trashed = store.trash(&acme, 30).await.unwrap();
    store.delete(&trashed).await.unwrap();
    let stored = fixture.stored().await;
    assert_eq!((stored.organizations, stored.admins), (vec![], vec![]));
    assert!(stored.collections.is_empty(), "{:?}", stored.collections);
    assert_eq!(store.org(acme.id).await, Ok(None));
    assert_eq!(store.statistics(&trashed).await.unwrap(), Statistics::default());
    let mut again = new_org("Acme Corp", "ada@acme.com");
    again.password = hash("second");
    let new = store.create(&again).await.unwrap();
    assert_eq!(store.first_documents(&new, 10).await.unwrap().len(), 1);
    let admin = store.admin_with_email("ada@acme.com").await.unwrap().unwrap();
    assert_eq!(admin.password, hash("second"));
    assert_eq!(store.restore(&trashed, &Change::default()).await, Err(StoreError::Gone));
}

pub async fn its_admins_are_found_for_purging_only<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let admin = store.admin_with_email("ada@acme.com").await.unwrap().unwrap();
    assert_eq!(store.admin_in_trash(&acme, "ada@acme.com").await, Ok(None));
    let trashed = store.trash(&acme, 30).await.unwrap();
    assert_eq!(store.admin_with_email("ada@acme.com").await, Ok(None));
    assert_eq!(store.admin(admin.id).await, Ok(None));
    assert_eq!(store.org_of_admin(&admin).await, Ok(None));
    assert_eq!(store.admin_in_trash(&trashed, "ADA@acme.com").await, Ok(Some(admin.clone())));
    assert_eq!(store.admin_in_trash(&trashed, "bob@acme.com").await, Ok(None));
    store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(store.admin(admin.id).await, Ok(Some(admin)));
    assert_eq!(store.admin_in_trash(&trashed, "ada@acme.com").await, Ok(None));
}

pub async fn a_stale_record_moves_nothing<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    let now = store.update(&old, &with_email("bob@acme.com")).await.unwrap();
    let before = fixture.stored().await;
    assert_eq!(store.trash(&old, 30).await, Err(StoreError::Changed));
    assert_eq!(store.suspend(&old, true).await, Err(StoreError::Changed));
    assert_eq!(fixture.stored().await, before);
    let trashed = store.trash(&now, 30).await.unwrap();
    let back = store.restore(&trashed, &Change::default()).await.unwrap();
    let again = store.trash(&back, 30).await.unwrap();
    // What was seen in the trash before is not what is there now.
    assert_eq!(store.restore(&trashed, &Change::default()).await, Err(StoreError::Changed));
    assert_eq!(store.delete(&trashed).await, Err(StoreError::Changed));
    store.restore(&again, &Change::default()).await.unwrap();
    assert_eq!(fixture.stored().await, before);
}

pub async fn it_can_only_be_restored_or_purged<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    assert_eq!(store.restore(&acme, &Change::default()).await, Err(StoreError::Changed));
    let trashed = store.trash(&acme, 30).await.unwrap();
    let before = fixture.stored().await;
    for org in [&acme, &trashed] {
        assert_eq!(store.update(org, &renamed("Globex")).await, Err(StoreError::Changed));
        assert_eq!(store.trash(org, 30).await, Err(StoreError::Changed));
        assert_eq!(store.suspend(org, true).await, Err(StoreError::Changed));
    }
    assert_eq!(store.delete(&acme).await, Err(StoreError::Changed));
    assert_eq!(fixture.stored().await, before);
}

pub async fn of_many_deeds_at_once_exactly_one_succeeds<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let second = fixture.open(false).await;
    let trashed = tokio::join!(
        store.trash(&acme, 30),
        second.trash(&acme, 30),
        async { second.update(&acme, &renamed("Globex")).await },
        store.suspend(&acme, true),
    );
    let done = [&trashed.0, &trashed.1, &trashed.2, &trashed.3];
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
    let refused = |done: &&&Result<_, StoreError>| {
        matches!(done, Ok(_) | Err(StoreError::Changed | StoreError::Busy { .. }))
    };
    assert!(done.iter().all(|done| refused(&done)), "{done:?}");
    let org = store.org(acme.id).await.unwrap().unwrap();
    let org = if org.in_trash().is_none() { store.trash(&org, 30).await.unwrap() } else { org };
    let change = Change::default();
    let (restored, purged) = tokio::join!(store.restore(&org, &change), second.delete(&org));
    assert!(restored.is_ok() != purged.is_ok(), "{restored:?} {purged:?}");
    let there = store.org(acme.id).await.unwrap();
    assert_eq!(there.is_some(), restored.is_ok());
    assert_eq!(fixture.stored().await.collections.len(), usize::from(restored.is_ok()));
}

pub async fn it_is_purged_when_its_time_is_over_and_not_before<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    let acme = store.trash(&acme, 30).await.unwrap();
    let globex = store.trash(&globex, 31).await.unwrap();
    for org in [&acme, &globex] {
        fixture.age_trash(org.id, 30 * DAY - 600_000).await;
    }
    let before = fixture.stored().await;
    assert_eq!(
        fixture.open(false).await.purge_expired("tester@here", false).await,
        Ok(Purge::default())
    );
    assert_eq!(fixture.stored().await, before);
    for org in [&acme, &globex] {
        fixture.age_trash(org.id, 600_000).await;
    }
    let aged = fixture.stored().await;
    let reader = fixture.open(true).await;
    assert_eq!(reader.purge_expired("tester@here", false).await, Ok(Purge::default()));
    assert_eq!(fixture.stored().await, aged);
    // A console that opens, settles and looks purges nothing.
    let other = fixture.open(false).await;
    assert_eq!(other.recover("tester@here").await, Ok(0));
    assert_eq!(other.examine("tester@here", false).await, Ok(vec![]));
    assert_eq!(fixture.stored().await, aged);
    let purge = Purge { purged: 1, findings: Vec::new() };
    assert_eq!(store.purge_expired("tester@here", false).await, Ok(purge));
    assert_eq!(store.org(acme.id).await, Ok(None));
    assert!(store.org(globex.id).await.unwrap().is_some());
    assert_eq!(fixture.stored().await.collections.len(), 1);
    assert_eq!(store.purge_expired("tester@here", false).await, Ok(Purge::default()));
}

pub async fn the_first_write_of_a_console_purges_and_nothing_before_it<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    for org in [&acme, &globex] {
        store.trash(org, 30).await.unwrap();
        fixture.age_trash(org.id, 31 * DAY).await;
    }
    let there = async |of: &Org| store.org(of.id).await.unwrap().is_some();
    let console = async || {
        Tenancy::new(fixture.open(false).await, Rules::default(), Caller::new("tester@here"))
            .unwrap()
    };
    let first = console().await;
    first.page(&page(ListScope::Trash, Sort::default(), PageAt::First, 9)).await.unwrap();
    first.statistics(&acme).await.unwrap();
    first.catch_up().await.unwrap();
    first.check_name("Initech", None).await.unwrap();
    first.examine(&Examination::plain(false), &|_| panic!()).await.unwrap();
    assert!(there(&acme).await && there(&globex).await);
    // What is restored may be just what is overdue.
    let back = first.restore(&first.named_in_trash("Globex").await.unwrap(), None).await.unwrap();
    assert!(there(&acme).await);
    first.suspend(&back).await.unwrap();
    assert!(!there(&acme).await && there(&globex).await);
    // Once is enough.
    let back = first.reactivate(&first.named("Globex").await.unwrap()).await.unwrap();
    store.trash(&back, 30).await.unwrap();
    fixture.age_trash(globex.id, 31 * DAY).await;
    let initech = store.create(&new_org("Initech", "pat@initech.com")).await.unwrap();
    let initech = first.suspend(&initech).await.unwrap();
    assert!(there(&globex).await);
    // A login is a write too; and a repair does it however much was written before.
    let second = console().await;
    second.login("nobody@acme.com", &Secret::from("x")).await.unwrap_err();
    assert!(!there(&globex).await);
    store.trash(&initech, 30).await.unwrap();
    fixture.age_trash(initech.id, 31 * DAY).await;
    second.examine(&Examination::plain(true), &|_| panic!()).await.unwrap();
    assert!(!there(&initech).await);
}

pub async fn a_clock_that_the_audit_log_does_not_bear_out_purges_nothing_unseen<F: Fixture>() {
    // Nothing was done for 31 days; or a month was done by a clock that was put back since.
    for days in [31, 365, -1, -400] {
        let (fixture, store, acme) = with_acme::<F>().await;
        store.trash(&acme, 30).await.unwrap();
        fixture.age_trash(acme.id, 31 * DAY).await;
        fixture.age_audit_log(days * DAY).await;
        let tenancy =
            Tenancy::new(fixture.open(false).await, Rules::default(), Caller::new("tester@here"))
                .unwrap();
        assert_eq!(store.purge_expired("tester@here", false).await.unwrap().purged, 0, "{days}");
        let found = tenancy.examine(&Examination::plain(false), &|_| panic!()).await.unwrap();
        let [
            Finding {
                inconsistency: inconsistency @ Inconsistency::Clock { .. },
                repair: Repair::Possible,
            },
        ] = &found[..]
        else {
            panic!("{days}: {found:?}")
        };
        let now = DateTime::now().timestamp_millis();
        for time in [now - days * DAY, now] {
            // To the minute; one may have gone by.
            let near = [0, 60_000].map(|ago| timestamp(DateTime::from_millis(time - ago)));
            let said = inconsistency.to_string();
            assert!(near.iter().any(|time| said.contains(time)), "{days}: {said} {near:?}");
        }
        let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
        fixture.age_audit_log(days * DAY).await;
        tenancy.suspend(&globex).await.unwrap();
        assert!(store.org(acme.id).await.unwrap().is_some(), "{days}");
        // Whoever is shown both times may say that the clock is wrong, or right.
        fixture.age_audit_log(days * DAY).await;
        for right in [false, true] {
            let asked = Arc::new(AtomicU32::new(0));
            let count = Arc::clone(&asked);
            let believe: &Believe = &move |shown: &Inconsistency| {
                assert!(matches!(shown, Inconsistency::Clock { organizations: 1, .. }), "{shown}");
                count.fetch_add(1, Ordering::Relaxed);
                Box::pin(std::future::ready(right))
            };
            let found = tenancy.examine(&Examination::plain(true), believe).await.unwrap();
            assert_eq!(asked.load(Ordering::Relaxed), 1);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].repair.is_done(), right, "{found:?}");
            assert_eq!(store.org(acme.id).await.unwrap().is_none(), right, "{days}");
        }
        assert_eq!(
            tenancy.examine(&Examination::plain(false), &|_| panic!()).await,
            Ok(vec![]),
            "{days}"
        );
    }
}

pub async fn pages_of_the_trash_visit_each_once<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    let mut expected = Vec::new();
    for at in 0..7_i64 {
        let new = new_org(&format!("Org {}", (at * 3) % 7), &format!("a{at}@acme.com"));
        let org = store.create(&new).await.unwrap();
        if at == 2 {
            continue;
        }
        store.trash(&org, 30).await.unwrap();
        fixture.age_trash(org.id, (at % 4) * DAY).await;
        expected.push(store.org(org.id).await.unwrap().unwrap());
    }
    for key in [SortKey::Name, SortKey::Created, SortKey::Email] {
        for descending in [false, true] {
            let sort = Sort { key, descending };
            let mut sorted = expected.clone();
            sorted.sort_by_key(|org| match key {
                SortKey::Name => (org.name.raw().to_owned(), 0, org.id),
                SortKey::Email => (org.admin_email.raw().to_owned(), 0, org.id),
                SortKey::Created => {
                    (String::new(), org.in_trash().unwrap().since.timestamp_millis(), org.id)
                }
            });
            if descending {
                sorted.reverse();
            }
            let mut visited = Vec::new();
            let mut at = PageAt::First;
            loop {
                let page = store.page(&page(ListScope::Trash, sort, at, 2)).await.unwrap();
                visited.extend(page.orgs);
                if !page.more_after {
                    break;
                }
                at = PageAt::After(Cursor::from_org(visited.last().unwrap(), key));
            }
            assert_eq!(visited, sorted, "{sort:?}");
            let before = PageAt::Before(Cursor::from_org(&sorted[3], key));
            let page = store.page(&page(ListScope::Trash, sort, before, 2)).await.unwrap();
            assert_eq!(page.orgs, sorted[1..3]);
            assert!(page.more_before && page.more_after);
        }
    }
}
