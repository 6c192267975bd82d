//! Searches of any kind, compared with a list in memory; and pages of them while another process changes the list.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use bson::{DateTime, oid::ObjectId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenantry::org::{Org, Role};
use tenantry::store::{
    Change, ListScope, NewOrg, PageAt, PageQuery, Sort, SortKey, Store, StoreError,
};

use crate::admins::add;
use crate::fixture::{Fixture, new_org, renamed};
use crate::support::list::{count_of, page_of};
use crate::support::operations::Operations as _;

/// An organization: its name, e-mail, id, the day it was created, and its state.
type Wish = (String, String, [u8; 12], i64, u8);

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    // Few letters, so that much matches; ids with few digits, so that texts can be ids as well.
    let id = prop::collection::vec(prop::sample::select(vec![0x00_u8, 0x0a, 0xa7]), 12);
    let wish = (
        "[ab7Äé京 .&]{1,7}",
        "[abc7]{1,3}",
        id.prop_map(|id| id.try_into().unwrap()),
        0..3_i64,
        0..6_u8,
    );
    prop::collection::vec(wish, 0..9)
}

fn searches() -> impl Strategy<Value = Vec<String>> {
    let filter = prop_oneof![
        Just("state:active".to_owned()),
        Just("state:suspended".to_owned()),
        "id:[0a7]{1,4}",
        "email:[ab7c]{1,2}",
        "created:[<>]?=?2024-01-0[1-3]",
        "admins:[<>]?=?[0-2]",
        Just("state:nonsense".to_owned()),
    ];
    let word = prop_oneof![4 => "[aAbB7äE京.\"*%]{1,3}", 1 => "[0a7]{6,8}"];
    let term = prop_oneof![5 => word, 2 => filter];
    let search = prop::collection::vec(term, 1..4).prop_map(|terms| terms.join(" "));
    prop::collection::vec(search, 12)
}

/// Makes them all, as far as they may be. Every third is suspended, every third in the trash.
async fn made(store: &Arc<dyn Store>, wishes: Vec<Wish>) -> Vec<Org> {
    let mut orgs = Vec::new();
    for (name, email, id, day, state) in wishes {
        if !name.chars().any(char::is_alphanumeric) {
            continue;
        }
        let new = NewOrg {
            id: ObjectId::from_bytes(id),
            created_at: DateTime::from_millis(1_704_067_200_000 + day * 86_400_000),
            ..new_org(&name, &format!("{email}@b7.com"))
        };
        let org = match store.create(&new).await {
            Ok(org) => org,
            Err(StoreError::Taken { .. }) => continue,
            Err(other) => panic!("{other:?}"),
        };
        orgs.push(match state {
            0 | 1 => store.suspend(&org, true).await.unwrap(),
            2 | 3 => store.trash(&org, 30).await.unwrap(),
            _ => org,
        });
    }
    orgs
}

/// Compares every page of a list with the list in memory.
async fn compare(store: &Arc<dyn Store>, orgs: &[Org], mut query: PageQuery) {
    for backwards in [false, true] {
        query.at = if backwards { PageAt::Last } else { PageAt::First };
        loop {
            let page = store.page(&query).await.unwrap();
            assert_eq!(page, page_of(orgs, &query), "{query:?}");
            let (edge, more) = if backwards {
                (page.places.first(), page.more_before)
            } else {
                (page.places.last(), page.more_after)
            };
            match edge.cloned().filter(|_| more) {
                Some(edge) if backwards => query.at = PageAt::Before(edge),
                Some(edge) => query.at = PageAt::After(edge),
                None => break,
            }
        }
    }
}

pub async fn any_search_finds_what_a_list_in_memory_finds<F: Fixture>() {
    let lists = prop::collection::vec((any::<bool>(), any::<bool>(), 0..3_u8, 1..4_u32), 12);
    let inputs = (wishes(), searches(), lists);
    let config = Config { cases: 16, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let handle = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        runner.run(&inputs, |(wishes, searches, lists)| {
            handle.block_on(async {
                let fixture = F::fresh().await;
                let store = fixture.open(false).await;
                let orgs = made(&store, wishes).await;
                for (search, (best_first, descending, key, limit)) in searches.iter().zip(lists) {
                    let key = [SortKey::Name, SortKey::Created, SortKey::Email][usize::from(key)];
                    for scope in [ListScope::Live, ListScope::Trash] {
                        let query = PageQuery {
                            scope,
                            search: Some(search.clone()),
                            best_first,
                            sort: Sort { key, descending },
                            at: PageAt::First,
                            limit,
                        };
                        compare(&store, &orgs, query).await;
                        let counted = store.count(scope, Some(search), 3).await.unwrap();
                        assert_eq!(counted, count_of(&orgs, scope, Some(search), 3), "{search}");
                    }
                }
                Ok(())
            })
        })
    })
    .unwrap();
}

/// The names on a list, in order; the count of it must agree.
async fn names(store: &Arc<dyn Store>, scope: ListScope, search: &str) -> Vec<String> {
    let query = PageQuery::first(scope, Some(search.to_owned()), 2);
    let mut names = Vec::new();
    for backwards in [false, true] {
        let ids = paged(store, query.clone(), backwards).await;
        names.clear();
        for id in &ids {
            names.push(store.org(*id).await.unwrap().unwrap().name.raw().to_owned());
        }
        let counted = store.count(scope, Some(search), 100).await.unwrap();
        assert_eq!(counted.counted, ids.len() as u64, "{search}");
    }
    names
}

pub async fn a_number_of_admins_finds_those_who_have_as_many<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    let made = async |name: &str, others: usize| {
        let domain = name.replace(' ', "-");
        let first = format!("first@{domain}.com");
        let mut org = store.create(&new_org(name, &first)).await.unwrap();
        for at in 0..others {
            let email = format!("other{at}@{domain}.com");
            org = add(&*store, &org, &email, Role::Owner).await.unwrap();
        }
        org
    };
    let mut trashed = Vec::new();
    for (name, others) in [("none", 0), ("one", 0), ("two", 1), ("three", 2)] {
        made(name, others).await;
        trashed.push(made(&format!("bin {name}"), others).await);
    }
    // Its first is gone, and one of its others.
    made("left", 1).await;
    made("lost", 3).await;
    let emails = ["first@none.com", "first@left.com", "first@lost.com", "other1@lost.com"];
    for email in emails {
        fixture.remove_admin(email).await;
    }
    for org in &trashed {
        store.trash(org, 30).await.unwrap();
    }
    for (search, found) in [
        ("admins:0", vec!["none"]),
        ("admins:1", vec!["left", "one"]),
        ("admins:2", vec!["lost", "two"]),
        ("admins:3", vec!["three"]),
        ("admins:4", vec![]),
        ("admins:>0", vec!["left", "lost", "one", "three", "two"]),
        ("admins:>=2", vec!["lost", "three", "two"]),
        ("admins:>1 admins:<3", vec!["lost", "two"]),
        ("admins:>2", vec!["three"]),
        ("admins:<2", vec!["left", "none", "one"]),
        ("admins:<=2", vec!["left", "lost", "none", "one", "two"]),
        ("admins:<1", vec!["none"]),
        ("admins:<0", vec![]),
        ("admins:>=0", vec!["left", "lost", "none", "one", "three", "two"]),
        // With text and with other filters.
        ("admins:>1 t", vec!["three", "two", "lost"]),
        ("admins:1 on", vec!["one"]),
        ("one admins:0", vec!["none"]),
        ("admins:<2 email:left", vec!["left"]),
        ("admins:2 state:suspended", vec![]),
        ("admins:2 state:active", vec!["lost", "two"]),
        ("admins:none", vec![]),
    ] {
        assert_eq!(names(&store, ListScope::Live, search).await, found, "{search}");
    }
    for (search, found) in [
        ("admins:0", vec![]),
        ("admins:1", vec!["bin none", "bin one"]),
        ("admins:>1", vec!["bin three", "bin two"]),
        ("admins:<3 two", vec!["bin two"]),
    ] {
        assert_eq!(names(&store, ListScope::Trash, search).await, found, "{search}");
    }
    fixture.remove_admin("first@one.com").await;
    assert_eq!(names(&store, ListScope::Live, "admins:0").await, ["none", "one"]);
    assert_eq!(names(&store, ListScope::Live, "admins:1").await, ["left"]);
}

/// Where the other process finds the database.
const AT: &str = "TENANTRY_TEST_CHANGES";

/// How many organizations nobody touches, and how many come, move and go.
const STAY: usize = 24;
const MOVE: usize = 6;

fn named(at: usize) -> String {
    // Some begin with the text that is searched for, some have it as a word, and some within one.
    match at % 3 {
        0 => format!("dental {at:02}"),
        1 => format!("{at:02} dental"),
        _ => format!("{at:02} accidental"),
    }
}

/// Creates, renames, trashes, restores and deletes organizations, until nobody reads what it says any more.
async fn change(store: Arc<dyn Store>) {
    let mut out = std::io::stdout();
    for round in 0.. {
        let mut orgs = Vec::new();
        for at in 0..MOVE {
            let name = named(100 + at * 7);
            orgs.push(store.create(&new_org(&name, &format!("m{at}@move.com"))).await.unwrap());
        }
        for (at, org) in orgs.iter_mut().enumerate() {
            // From one end of the list, and of the ranks, to another.
            let name = named(200 - at * 5 + round % 3);
            *org = store.update(org, &renamed(&name)).await.unwrap();
            *org = store.trash(org, 30).await.unwrap();
            if at % 2 == 0 {
                *org = store.restore(org, &Change::default()).await.unwrap();
            }
        }
        for org in &orgs {
            store.delete(org).await.unwrap();
        }
        if writeln!(out, "\n=round {round}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// The ids of a list, page by page.
async fn paged(store: &Arc<dyn Store>, mut query: PageQuery, backwards: bool) -> Vec<ObjectId> {
    let mut seen = Vec::new();
    query.at = if backwards { PageAt::Last } else { PageAt::First };
    loop {
        let page = store.page(&query).await.unwrap();
        let ids = page.orgs.iter().map(|org| org.id);
        let (edge, more) = if backwards {
            seen.extend(ids.rev());
            (page.places.first(), page.more_before)
        } else {
            seen.extend(ids);
            (page.places.last(), page.more_after)
        };
        match edge.cloned().filter(|_| more) {
            Some(edge) if backwards => query.at = PageAt::Before(edge),
            Some(edge) => query.at = PageAt::After(edge),
            None => break,
        }
    }
    if backwards {
        seen.reverse();
    }
    seen
}

pub async fn what_stays_is_seen_once_while_another_process_changes_the_list<F: Fixture>() {
    if let Ok(address) = std::env::var(AT) {
        change(F::at(&address).await).await;
        return;
    }
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    let mut stay = Vec::new();
    for at in 0..STAY {
        let org = store.create(&new_org(&named(at), &format!("s{at}@stay.com"))).await.unwrap();
        stay.push(if at % 4 == 0 { store.trash(&org, 30).await.unwrap() } else { org });
    }
    let ids: BTreeSet<ObjectId> = stay.iter().map(|org| org.id).collect();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", std::thread::current().name().unwrap(), "--nocapture"])
        .env(AT, fixture.address())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    let mut a_round = || {
        let round = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("=round")));
        round.unwrap().unwrap();
    };
    a_round();
    for (search, best_first) in [(None, false), (Some("dental"), true), (Some("dent"), false)] {
        for scope in [ListScope::Live, ListScope::Trash] {
            for (key, descending) in [(SortKey::Name, false), (SortKey::Email, true)] {
                for backwards in [false, true] {
                    let query = PageQuery {
                        scope,
                        search: search.map(str::to_owned),
                        best_first,
                        sort: Sort { key, descending },
                        at: PageAt::First,
                        limit: 2,
                    };
                    let whole = PageQuery { limit: 1_000, ..query.clone() };
                    let wanted: Vec<ObjectId> =
                        page_of(&stay, &whole).orgs.iter().map(|org| org.id).collect();
                    let mut seen = paged(&store, query.clone(), backwards).await;
                    seen.retain(|id| ids.contains(id));
                    assert_eq!(seen, wanted, "{query:?} {backwards}");
                }
            }
        }
    }
    // It was at work all the time.
    a_round();
    other.kill().unwrap();
    other.wait().unwrap();
}
