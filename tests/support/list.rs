//! A list in memory: what a store answers to whoever asks for a page of these organizations. That it is the
//! same is tested against one.

#![allow(dead_code, missing_docs, reason = "each user takes a part of it")]

use std::cmp::Ordering;

use tenantry::{
    org::{Org, Search},
    store::{Count, Cursor, ListScope, Organizations, Page, PageAt, PageQuery, Sort},
};

/// The page of these organizations that a query asks for.
pub fn page_of(orgs: &[Org], query: &PageQuery) -> Page {
    let found = matching(orgs, query.scope, query.search.as_deref());
    let mut list: Vec<(Cursor, Org)> =
        found.into_iter().map(|org| (query.place(&org), org)).collect();
    let compare = |a: &Cursor, b: &Cursor| {
        let keys = (&a.key, a.id).cmp(&(&b.key, b.id));
        a.rank.cmp(&b.rank).then(if query.sort.descending { keys.reverse() } else { keys })
    };
    list.sort_by(|(a, _), (b, _)| compare(a, b));
    // How many precede what is asked for.
    let before = |of: &Cursor, itself: bool| {
        let precedes = |(place, _): &&(Cursor, Org)| match compare(place, of) {
            Ordering::Equal => itself,
            order => order == Ordering::Less,
        };
        list.iter().filter(precedes).count()
    };
    let limit = query.limit as usize;
    let (from, to) = match &query.at {
        PageAt::First => (0, limit),
        PageAt::Last => (list.len().saturating_sub(limit), list.len()),
        PageAt::After(cursor) => (before(cursor, true), before(cursor, true) + limit),
        PageAt::Before(cursor) => {
            (before(cursor, false).saturating_sub(limit), before(cursor, false))
        }
    };
    let to = to.min(list.len());
    Page::new(list[from..to].to_vec(), from > 0, to < list.len())
}

/// How many of these organizations match, counting no further than that.
pub fn count_of(orgs: &[Org], scope: ListScope, search: Option<&str>, most: u64) -> Count {
    let found = matching(orgs, scope, search).len() as u64;
    Count { counted: found.min(most), or_more: found > most, about: false }
}

fn matching(orgs: &[Org], scope: ListScope, search: Option<&str>) -> Vec<Org> {
    let search = Search::parse(search.unwrap_or_default());
    let is_found = |org: &&Org| {
        let (there, text) =
            (org.in_trash().is_some() == (scope == ListScope::Trash), org.searchable());
        let found = search.find(org, &text).is_some();
        there && search.fault().is_none() && found
    };
    orgs.iter().filter(is_found).cloned().collect()
}

/// Walks a store's list of `count` organizations for each search, in both directions and orders, and compares
/// every page with the list in memory.
pub async fn assert_ranked(store: &impl Organizations, count: usize, searches: &[&str]) {
    let first = |limit| PageQuery {
        scope: ListScope::Live,
        search: None,
        best_first: false,
        sort: Sort::default(),
        at: PageAt::First,
        limit,
    };
    let (mut orgs, mut query) = (Vec::new(), first(1_000));
    loop {
        let page = store.page(&query).await.unwrap();
        orgs.extend(page.orgs.iter().cloned());
        match page.next() {
            Some(next) => query.at = next,
            None => break,
        }
    }
    assert_eq!(orgs.len(), count);
    for search in searches {
        for (best_first, descending, backwards) in
            [(true, false, false), (true, true, true), (false, true, false), (false, false, true)]
        {
            let mut query = PageQuery {
                search: Some((*search).to_owned()),
                best_first,
                sort: Sort { descending, ..Sort::default() },
                at: if backwards { PageAt::Last } else { PageAt::First },
                ..first(900)
            };
            loop {
                let page = store.page(&query).await.unwrap();
                assert_eq!(page, page_of(&orgs, &query), "{query:?}");
                let edge = if backwards { page.places.first() } else { page.places.last() };
                let more = if backwards { page.more_before } else { page.more_after };
                match edge.cloned().filter(|_| more) {
                    Some(edge) if backwards => query.at = PageAt::Before(edge),
                    Some(edge) => query.at = PageAt::After(edge),
                    None => break,
                }
            }
        }
    }
}
