//! The list: sorted, searched, by keyset.

use std::sync::Arc;

use bson::{DateTime, oid::ObjectId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenantry::org::{Org, SEARCH_MOST};
use tenantry::store::ListScope;
use tenantry::store::{
    Change, Count, Cursor, NewOrg, Page, PageAt, PageQuery, Sort, SortKey, Store, StoreError,
};

use crate::fixture::{Fixture, new_org, renamed, with_acme};
use crate::support::list::{count_of, page_of};
use crate::support::operations::Operations as _;

fn sorts() -> impl Iterator<Item = Sort> {
    [SortKey::Name, SortKey::Created, SortKey::Email]
        .into_iter()
        .flat_map(|key| [false, true].map(|descending| Sort { key, descending }))
}

fn query(sort: Sort, at: PageAt, limit: u32) -> PageQuery {
    PageQuery { scope: ListScope::Live, search: None, best_first: false, sort, at, limit }
}

fn ids(page: &Page) -> Vec<ObjectId> {
    page.orgs.iter().map(|org| org.id).collect()
}

/// Every page of the list, forwards from the first or backwards from the last; what the pages say of
/// their neighbours must be so.
async fn walk(
    store: &Arc<dyn Store>,
    orgs: &[Org],
    sort: Sort,
    limit: u32,
    backwards: bool,
) -> Result<Vec<ObjectId>, StoreError> {
    let mut seen = Vec::new();
    let mut at = if backwards { PageAt::Last } else { PageAt::First };
    let mut first = true;
    loop {
        let query = query(sort, at, limit);
        let page = store.page(&query).await?;
        // What the console's tests put in the place of a store answers the same.
        assert_eq!(page, page_of(orgs, &query), "{query:?}");
        let (ahead, behind) = if backwards {
            (page.more_before, page.more_after)
        } else {
            (page.more_after, page.more_before)
        };
        assert_eq!(behind, !first, "{page:?}");
        assert!(page.orgs.len() == limit as usize || !ahead, "{page:?}");
        let edge = if backwards { page.orgs.first() } else { page.orgs.last() };
        let cursor = edge.map(|org| Cursor::from_org(org, sort.key));
        if backwards {
            seen.splice(0..0, ids(&page));
        } else {
            seen.extend(ids(&page));
        }
        match cursor.filter(|_| ahead) {
            Some(cursor) if backwards => at = PageAt::Before(cursor),
            Some(cursor) => at = PageAt::After(cursor),
            None => return Ok(seen),
        }
        first = false;
    }
}

pub async fn every_order_visits_each_once_in_both_directions<F: Fixture>() {
    // Three moments of creation make ties; identities are in no order.
    let orgs = prop::collection::btree_map(
        "[a-cA-C]{1,3}",
        (0..3_i64, any::<[u8; 12]>(), "[a-c]{1,3}"),
        0..12,
    );
    let inputs = (orgs, 1..6_u32);
    let mut runner =
        TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let handle = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        runner.run(&inputs, |(wishes, limit)| {
            handle.block_on(async {
                let fixture = F::fresh().await;
                let store = fixture.open(false).await;
                let mut orgs = Vec::new();
                for (name, (moment, id, email)) in wishes {
                    let new = NewOrg {
                        id: ObjectId::from_bytes(id),
                        created_at: DateTime::from_millis(1_700_000_000_000 + moment),
                        ..new_org(&name, &format!("{email}@acme.com"))
                    };
                    match store.create(&new).await {
                        Ok(org) => orgs.push(org),
                        Err(StoreError::Taken { .. }) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
                for sort in sorts() {
                    let expected = ids(&page_of(&orgs, &query(sort, PageAt::First, 100)));
                    for backwards in [false, true] {
                        let seen = walk(&store, &orgs, sort, limit, backwards).await.unwrap();
                        prop_assert_eq!(&seen, &expected, "{:?}", sort);
                    }
                }
                Ok(())
            })
        })
    })
    .unwrap();
}

pub async fn pages_stay_right_while_others_insert_and_delete<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    let mut made = Vec::new();
    for name in ["b", "d", "f", "h"] {
        made.push(store.create(&new_org(name, &format!("{name}@acme.com"))).await.unwrap());
    }
    for key in [SortKey::Name, SortKey::Email] {
        let sort = Sort { key, descending: false };
        let first = store.page(&query(sort, PageAt::First, 2)).await.unwrap();
        assert_eq!(ids(&first), [made[0].id, made[1].id]);
        let cursor = Cursor::from_org(&first.orgs[1], key);

        // The organization at the cursor goes; one before it and one behind it come.
        store.delete(&made[1]).await.unwrap();
        let before = store.create(&new_org("c", "c@acme.com")).await.unwrap();
        let behind = store.create(&new_org("e", "e@acme.com")).await.unwrap();

        let next = store.page(&query(sort, PageAt::After(cursor.clone()), 2)).await.unwrap();
        assert_eq!(ids(&next), [behind.id, made[2].id]);
        assert!(next.more_before && next.more_after);
        let back = store.page(&query(sort, PageAt::Before(cursor), 2)).await.unwrap();
        assert_eq!(ids(&back), [made[0].id, before.id]);
        assert!(!back.more_before && back.more_after);

        store.delete(&before).await.unwrap();
        store.delete(&behind).await.unwrap();
        made[1] = store.create(&new_org("d", "d@acme.com")).await.unwrap();
    }
}

/// The names a search finds, in order; the count of it must agree.
async fn found(store: &Arc<dyn Store>, search: &str) -> Vec<String> {
    let page = PageQuery {
        scope: ListScope::Live,
        search: Some(search.to_owned()),
        ..query(Sort::default(), PageAt::First, 100)
    };
    let page = store.page(&page).await.unwrap();
    let count = store.count(ListScope::Live, Some(search), 100).await.unwrap();
    assert_eq!(
        count,
        Count { counted: page.orgs.len() as u64, or_more: false, about: false },
        "{search}"
    );
    page.orgs.iter().map(|org| org.name.raw().to_owned()).collect()
}

pub async fn a_search_is_literal<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    for (name, email) in [
        ("a.b", "one@acme.com"),
        ("a_b c", "two@acme.com"),
        ("axb", "per%cent@acme.com"),
        ("Q", "d$ol^lar@acme.com"),
        ("R", "s*tar+p?@acme.com"),
        ("S", "brace{1}|pipe@acme.com"),
        ("O'Brien", "three@acme.com"),
    ] {
        store.create(&new_org(name, email)).await.unwrap();
    }
    for (search, names) in [
        // What is between the words makes no difference, and means nothing else.
        ("a.b", vec!["a_b c", "a.b"]),
        ("a_b", vec!["a_b c", "a.b"]),
        ("a%b", vec!["a_b c", "a.b"]),
        ("axb", vec!["axb"]),
        ("per%cent", vec!["axb"]),
        ("d$ol^lar", vec!["Q"]),
        ("s*tar", vec!["R"]),
        ("{1}", vec!["S"]),
        ("o'brien", vec!["O'Brien"]),
        ("OBRIEN", vec!["O'Brien"]),
        ("a.*b", vec!["a_b c", "a.b"]),
        ("s.*r", vec![]),
        (".", vec![]),
        ("%", vec![]),
        ("_", vec![]),
        (".*", vec![]),
        ("\\", vec![]),
        ("\\.", vec![]),
        ("\"", vec![]),
        ("[ab]", vec![]),
        ("' OR 1=1 --", vec![]),
        ("{\"$ne\":null}", vec![]),
        ("\0", vec![]),
    ] {
        assert_eq!(found(&store, search).await, names, "{search:?}");
    }
}

pub async fn a_search_finds_names_and_emails_in_any_case<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    let mut orgs = Vec::new();
    for (name, email) in [
        ("Acme Corp", "Ada@one.com"),
        ("Globex", "ceo@ACME.com"),
        ("Straße", "x@two.com"),
        ("Initech", "y@two.com"),
    ] {
        orgs.push(store.create(&new_org(name, email)).await.unwrap());
    }
    assert_eq!(found(&store, "aCmE").await, ["Acme Corp", "Globex"]);
    assert_eq!(found(&store, "ADA@").await, ["Acme Corp"]);
    assert_eq!(found(&store, "STRASSE").await, ["Straße"]);
    assert_eq!(found(&store, "two.com").await, ["Initech", "Straße"]);
    assert_eq!(found(&store, "nobody").await, Vec::<String>::new());
    // What the console's tests put in the place of a store finds the same.
    for search in ["aCmE", "ADA@", "STRASSE", "two.com", "nobody", " ", "."] {
        let counted = store.count(ListScope::Live, Some(search), 1).await.unwrap();
        assert_eq!(counted, count_of(&orgs, ListScope::Live, Some(search), 1), "{search:?}");
        let query = query(Sort::default(), PageAt::First, 2);
        let query = PageQuery { search: Some(search.to_owned()), ..query };
        assert_eq!(store.page(&query).await.unwrap(), page_of(&orgs, &query), "{search:?}");
    }
    for sort in sorts() {
        let searched = |at| PageQuery {
            scope: ListScope::Live,
            search: Some("acme".to_owned()),
            ..query(sort, at, 1)
        };
        let first = store.page(&searched(PageAt::First)).await.unwrap();
        assert!(!first.more_before && first.more_after, "{sort:?}");
        let cursor = Cursor::from_org(&first.orgs[0], sort.key);
        let second = store.page(&searched(PageAt::After(cursor))).await.unwrap();
        assert!(second.more_before && !second.more_after, "{sort:?}");
        assert_ne!(ids(&first), ids(&second), "{sort:?}");
    }
}

/// What a list holds of which the best come first, a page of `limit` after the other, in one direction.
async fn all_of(store: &Arc<dyn Store>, query: &PageQuery, backwards: bool) -> Vec<String> {
    let (mut seen, mut query) = (Vec::new(), query.clone());
    query.at = if backwards { PageAt::Last } else { PageAt::First };
    loop {
        let page = store.page(&query).await.unwrap();
        let names = page.orgs.iter().map(|org| org.name.raw().to_owned());
        let (edge, more) = if backwards {
            seen.splice(0..0, names);
            (page.orgs.first(), page.more_before)
        } else {
            seen.extend(names);
            (page.orgs.last(), page.more_after)
        };
        match edge.filter(|_| more) {
            Some(org) if backwards => query.at = PageAt::Before(query.place(org)),
            Some(org) => query.at = PageAt::After(query.place(org)),
            None => return seen,
        }
    }
}

pub async fn the_best_match_comes_first<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    for (name, email) in [
        ("Accidental Ltd", "a@one.com"),
        ("South Dental", "b@one.com"),
        ("Dental 10", "c@one.com"),
        ("Dental 9", "d@one.com"),
        ("DÉNTAL", "e@one.com"),
        ("Zahnarzt", "dental@two.com"),
        ("Müller", "f@one.com"),
    ] {
        store.create(&new_org(name, email)).await.unwrap();
    }
    let search = |text: &str, limit| PageQuery {
        search: Some(text.to_owned()),
        best_first: true,
        ..query(Sort::default(), PageAt::First, limit)
    };
    for limit in [1, 2, 100] {
        for backwards in [false, true] {
            let found = all_of(&store, &search("dental", limit), backwards).await;
            let best =
                ["DÉNTAL", "Dental 9", "Dental 10", "Zahnarzt", "South Dental", "Accidental Ltd"];
            assert_eq!(found, best, "{limit} {backwards}");
        }
    }
    for (text, names) in [
        ("muller", vec!["Müller"]),
        ("dental south", vec!["South Dental"]),
        ("ltd dent", vec!["Accidental Ltd"]),
        ("org_south_dental", vec!["South Dental"]),
        ("email:two", vec!["Zahnarzt"]),
        ("email:dental two", vec!["Zahnarzt"]),
        ("email:south two", vec![]),
        ("email:dental zahn", vec!["Zahnarzt"]),
        ("zq", vec![]),
        ("state:suspended", vec![]),
        ("state:active south", vec!["South Dental"]),
        ("created:>2020-01-01 south", vec!["South Dental"]),
        ("created:<2020-01-01", vec![]),
        ("state:nonsense", vec![]),
    ] {
        assert_eq!(all_of(&store, &search(text, 2), false).await, names, "{text}");
        let counted = store.count(ListScope::Live, Some(text), 100).await.unwrap();
        assert_eq!(counted.counted, names.len() as u64, "{text}");
    }
    let zahnarzt = store.org_named("Zahnarzt", ListScope::Live).await.unwrap().unwrap();
    let id = zahnarzt.id.to_hex();
    assert_eq!(all_of(&store, &search(&id, 2), false).await, ["Zahnarzt"]);
    assert_eq!(all_of(&store, &search(&format!("id:{id}"), 2), false).await, ["Zahnarzt"]);
    assert!(all_of(&store, &search(&id[..8], 2), false).await.contains(&"Zahnarzt".to_owned()));

    // What it is called, who its admins are and where it is: each change is found at once.
    let renamed = store.update(&zahnarzt, &renamed("Dentist")).await.unwrap();
    assert_eq!(all_of(&store, &search("dentist", 2), false).await, ["Dentist"]);
    assert_eq!(all_of(&store, &search("zahnarzt", 2), false).await, Vec::<String>::new());
    let trashed = store.trash(&renamed, 30).await.unwrap();
    assert_eq!(all_of(&store, &search("dentist", 2), false).await, Vec::<String>::new());
    let trash = PageQuery { scope: ListScope::Trash, ..search("dentist", 2) };
    assert_eq!(all_of(&store, &trash, false).await, ["Dentist"]);
    store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(all_of(&store, &search("dentist", 2), true).await, ["Dentist"]);
}

pub async fn a_count_stops_where_told<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    for at in 0..5 {
        let new = new_org(&format!("Acme {at}"), &format!("a{at}@acme.com"));
        store.create(&new).await.unwrap();
    }
    for search in [None, Some("acme")] {
        let count = async |most| store.count(ListScope::Live, search, most).await.unwrap();
        assert_eq!(count(4).await, Count { counted: 4, or_more: true, about: false });
        assert_eq!(count(5).await, Count { counted: 5, or_more: false, about: false });
        assert_eq!(count(u64::MAX).await, Count { counted: 5, or_more: false, about: false });
    }
}

pub async fn an_empty_database_has_an_empty_page<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    for sort in sorts() {
        for at in [PageAt::First, PageAt::Last] {
            assert_eq!(store.page(&query(sort, at, 10)).await.unwrap(), Page::default());
        }
    }
    assert_eq!(store.count(ListScope::Live, None, 10).await.unwrap(), Count::default());
}

pub async fn a_search_that_is_too_long_finds_nothing<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let search = |length: usize| Some("a".repeat(length));
    let found = async |search: Option<String>| {
        let query = PageQuery {
            scope: ListScope::Live,
            search: search.clone(),
            best_first: false,
            sort: Sort::default(),
            at: PageAt::First,
            limit: 5,
        };
        let page = store.page(&query).await.unwrap();
        let count = store.count(ListScope::Live, search.as_deref(), 5).await.unwrap();
        assert_eq!((count.counted, count.or_more), (page.orgs.len() as u64, false));
        page.orgs.len()
    };
    assert_eq!(acme.name.raw(), "Acme Corp");
    assert_eq!(found(search(1)).await, 1);
    for length in [SEARCH_MOST, SEARCH_MOST + 1, 100_000] {
        assert_eq!(found(search(length)).await, 0, "{length}");
    }
}
