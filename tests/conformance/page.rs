//! The list: sorted, searched, by keyset.

use std::sync::Arc;

use mongodb::bson::{DateTime, oid::ObjectId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenantry::org::{Org, email_key, name_key};
use tenantry::store::Shelf;
use tenantry::store::{
    Count, Cursor, NewOrg, Page, PageAt, PageQuery, Sort, SortKey, Store, StoreError,
};

use crate::fixture::{Fixture, new_org};
use crate::support::deeds::Deeds as _;

fn sorts() -> impl Iterator<Item = Sort> {
    [SortKey::Name, SortKey::Created, SortKey::Email]
        .into_iter()
        .flat_map(|key| [false, true].map(|descending| Sort { key, descending }))
}

fn query(sort: Sort, at: PageAt, limit: u32) -> PageQuery {
    PageQuery { shelf: Shelf::Live, search: None, sort, at, limit }
}

/// The identities in the order the list must have.
fn in_order(orgs: &[Org], sort: Sort) -> Vec<ObjectId> {
    let mut orgs: Vec<&Org> = orgs.iter().collect();
    orgs.sort_by(|a, b| {
        let by_key = match sort.key {
            SortKey::Name => name_key(a.name.raw()).cmp(&name_key(b.name.raw())),
            SortKey::Created => a.created_at.cmp(&b.created_at),
            SortKey::Email => email_key(a.admin_email.raw()).cmp(&email_key(b.admin_email.raw())),
        };
        by_key.then(a.id.cmp(&b.id))
    });
    if sort.descending {
        orgs.reverse();
    }
    orgs.iter().map(|org| org.id).collect()
}

fn ids(page: &Page) -> Vec<ObjectId> {
    page.orgs.iter().map(|org| org.id).collect()
}

/// Every page of the list, forwards from the first or backwards from the last; what the pages say of
/// their neighbours must be so.
async fn walk(
    store: &Arc<dyn Store>,
    sort: Sort,
    limit: u32,
    backwards: bool,
) -> Result<Vec<ObjectId>, StoreError> {
    let mut seen = Vec::new();
    let mut at = if backwards { PageAt::Last } else { PageAt::First };
    let mut first = true;
    loop {
        let page = store.page(&query(sort, at, limit)).await?;
        let (ahead, behind) = if backwards {
            (page.more_before, page.more_after)
        } else {
            (page.more_after, page.more_before)
        };
        assert_eq!(behind, !first, "{page:?}");
        assert!(page.orgs.len() == limit as usize || !ahead, "{page:?}");
        let edge = if backwards { page.orgs.first() } else { page.orgs.last() };
        let cursor = edge.map(|org| Cursor::of(org, sort.key));
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
                    let expected = in_order(&orgs, sort);
                    for backwards in [false, true] {
                        let seen = walk(&store, sort, limit, backwards).await.unwrap();
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
        let cursor = Cursor::of(&first.orgs[1], key);

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
        shelf: Shelf::Live,
        search: Some(search.to_owned()),
        ..query(Sort::default(), PageAt::First, 100)
    };
    let page = store.page(&page).await.unwrap();
    let count = store.count(Shelf::Live, Some(search), 100).await.unwrap();
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
        (".", vec!["a.b", "a_b c", "axb", "O'Brien", "Q", "R", "S"]),
        ("a.b", vec!["a.b"]),
        ("a_b", vec!["a_b c"]),
        ("%", vec!["axb"]),
        ("$", vec!["Q"]),
        ("^", vec!["Q"]),
        ("*", vec!["R"]),
        ("+", vec!["R"]),
        ("?", vec!["R"]),
        ("{1}", vec!["S"]),
        ("|", vec!["S"]),
        ("'", vec!["O'Brien"]),
        (".*", vec![]),
        ("\\", vec![]),
        ("\\.", vec![]),
        ("\"", vec![]),
        ("[ab]", vec![]),
        ("(a)", vec![]),
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
    for (name, email) in [
        ("Acme Corp", "Ada@one.com"),
        ("Globex", "ceo@ACME.com"),
        ("Straße", "x@two.com"),
        ("Initech", "y@two.com"),
    ] {
        store.create(&new_org(name, email)).await.unwrap();
    }
    assert_eq!(found(&store, "aCmE").await, ["Acme Corp", "Globex"]);
    assert_eq!(found(&store, "ADA@").await, ["Acme Corp"]);
    assert_eq!(found(&store, "STRASSE").await, ["Straße"]);
    assert_eq!(found(&store, "two.com").await, ["Initech", "Straße"]);
    assert_eq!(found(&store, "nobody").await, Vec::<String>::new());
    for sort in sorts() {
        let searched = |at| PageQuery {
            shelf: Shelf::Live,
            search: Some("acme".to_owned()),
            ..query(sort, at, 1)
        };
        let first = store.page(&searched(PageAt::First)).await.unwrap();
        assert!(!first.more_before && first.more_after, "{sort:?}");
        let cursor = Cursor::of(&first.orgs[0], sort.key);
        let second = store.page(&searched(PageAt::After(cursor))).await.unwrap();
        assert!(second.more_before && !second.more_after, "{sort:?}");
        assert_ne!(ids(&first), ids(&second), "{sort:?}");
    }
}

pub async fn a_count_stops_where_told<F: Fixture>() {
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    for at in 0..5 {
        let new = new_org(&format!("Acme {at}"), &format!("a{at}@acme.com"));
        store.create(&new).await.unwrap();
    }
    for search in [None, Some("acme")] {
        let count = async |most| store.count(Shelf::Live, search, most).await.unwrap();
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
    assert_eq!(store.count(Shelf::Live, None, 10).await.unwrap(), Count::default());
}
