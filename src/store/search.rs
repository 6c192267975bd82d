//! Finding a page of a list, the same way on every database: a few matches are read and sorted here; for many,
//! the list is walked in its order until the page is full.
//!
//! Either alone would be slow: a walk reads everything if there is no match, and sorting half a million matches
//! takes as long. If the best matches come first, each rank is a list of its own, one after the other.

use std::{cmp::Ordering, collections::HashMap};

use bson::oid::ObjectId;

use super::{
    Cursor, CursorKey, Page, PageAt, PageQuery, Result, SortKey, StoreError, page::other_order,
};
use crate::org::{Org, Rank, Search};

/// The most matches that are sorted here.
pub(super) const SORTED_MOST: usize = 1_000;

/// Where a page begins, and in which direction it is read.
pub(super) struct Side {
    /// In list order, or against it.
    pub(super) forward: bool,
    /// The place it starts behind; none for the list's end.
    pub(super) from: Option<Cursor>,
}

impl Side {
    pub(super) fn from_query(query: &PageQuery) -> Result<Self> {
        let (forward, from) = match &query.at {
            PageAt::First => (true, None),
            PageAt::Last => (false, None),
            PageAt::After(cursor) => (true, Some(cursor.clone())),
            PageAt::Before(cursor) => (false, Some(cursor.clone())),
        };
        let ranks = query.ranks(&query.parsed());
        let fits = from.as_ref().is_none_or(|cursor| {
            matches!(cursor.key, CursorKey::Time(_)) == (query.sort.key == SortKey::Created)
                && cursor.rank.is_some() == ranks
        });
        if fits { Ok(Self { forward, from }) } else { Err(other_order()) }
    }

    /// Whether a place is behind where this begins, or that place itself.
    pub(super) fn is_behind(&self, query: &PageQuery, place: &Cursor) -> bool {
        self.from.as_ref().is_some_and(|from| {
            let order = place.compare(from, query.sort.descending);
            if self.forward { order.is_le() } else { order.is_ge() }
        })
    }

    /// Makes a page of the organizations on this side, nearest first, with one more than the page holds if there
    /// is one; `beyond` says whether there are any on the other side.
    pub(super) fn page(
        &self,
        query: &PageQuery,
        mut near: Vec<(Cursor, Org)>,
        beyond: bool,
    ) -> Page {
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = near.len() > limit;
        near.truncate(limit);
        if self.forward {
            Page::new(near, beyond, more)
        } else {
            near.reverse();
            Page::new(near, more, beyond)
        }
    }
}

/// Which of the organizations that pass the filters are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ranks {
    /// All of them.
    All,
    /// Those that match at this rank or better.
    UpTo(Rank),
    /// Those that match at exactly this rank.
    Only(Rank),
}

impl Ranks {
    /// The rank that all of them have, if there is one.
    fn rank(self) -> Option<Rank> {
        match self {
            Self::All | Self::UpTo(_) => None,
            Self::Only(rank) => Some(rank),
        }
    }

    /// The worst rank that is wanted, and the best that is not: a match of that rank is excluded.
    pub(super) fn within(self) -> (Option<Rank>, Option<Rank>) {
        match self {
            Self::All => (None, None),
            Self::UpTo(rank) => (Some(rank), None),
            Self::Only(rank) => (Some(rank), rank.better()),
        }
    }
}

/// A walk along a list, in its order or against it.
pub(super) struct Walk<'a> {
    pub(super) query: &'a PageQuery,
    pub(super) search: &'a Search,
    pub(super) ranks: Ranks,
    /// Whether the sorted values ascend on the way.
    pub(super) up: bool,
    /// Where it begins, and whether that place belongs to it.
    pub(super) from: Option<(&'a Cursor, bool)>,
    /// How many it shows at the most.
    pub(super) most: usize,
}

/// What a database does for a list.
pub(super) trait Rows {
    /// What can go wrong.
    type Error: From<StoreError>;

    /// The places of all matches, in any order and without a rank, each with its searchable text; none if they are
    /// too many to be read: about [`SORTED_MOST`], or what a database reads in no time.
    async fn all(
        &self,
        query: &PageQuery,
        search: &Search,
        ranks: Ranks,
    ) -> std::result::Result<Option<Vec<(Cursor, String)>>, Self::Error>;

    /// The organizations along a walk, in its order, each with its place, without a rank.
    async fn walk(&self, walk: Walk<'_>) -> std::result::Result<Vec<(Cursor, Org)>, Self::Error>;

    /// The organizations with these ids that still exist, in any order.
    async fn orgs(&self, ids: &[ObjectId]) -> std::result::Result<Vec<Org>, Self::Error>;
}

/// Up to `most` organizations on one side of a place, nearest first; and whether there are any on the other
/// side.
pub(super) async fn near<R: Rows>(
    rows: &R,
    query: &PageQuery,
    search: &Search,
    side: &Side,
    most: usize,
) -> std::result::Result<(Vec<(Cursor, Org)>, bool), R::Error> {
    if search.fault().is_some() {
        return Ok((Vec::new(), false));
    }
    let list = List { rows, query, search };
    let from = side.from.as_ref();
    if !search.is_empty()
        && let Some(all) = rows.all(query, search, list.whole()).await?
    {
        let ranks = query.ranks(search);
        let ranked = |(place, text): (Cursor, String)| {
            let rank = search.rank(place.id, &text).filter(|_| ranks);
            Cursor { rank, ..place }
        };
        let all = all.into_iter().map(ranked).collect();
        let (places, behind) = list.sorted(all, from.map(|from| (from, false)), side.forward);
        return Ok((list.read(places, most).await?, behind > 0));
    }
    // If the best come first, each rank is a list of its own.
    let lists: Vec<Ranks> =
        if query.ranks(search) { Rank::ALL.map(Ranks::Only).into() } else { vec![list.whole()] };
    let here = match from.and_then(|from| from.rank) {
        Some(rank) => lists.iter().position(|list| *list == Ranks::Only(rank)).unwrap_or_default(),
        None if side.forward => 0,
        None => lists.len() - 1,
    };
    let (before, from_here) = lists.split_at(here);
    let before: Vec<Ranks> = before.iter().rev().copied().collect();
    let after: Vec<Ranks> = from_here.iter().skip(1).copied().collect();
    let here = from_here.first().copied().unwrap_or(Ranks::All);
    let (ahead, behind) = if side.forward { (after, before) } else { (before, after) };

    let mut near = list.side(here, from.map(|from| (from, false)), side.forward, most).await?;
    for ranks in ahead {
        if near.len() >= most {
            break;
        }
        near.extend(list.side(ranks, None, side.forward, most - near.len()).await?);
    }
    let mut beyond = false;
    if from.is_some() {
        beyond =
            !list.side(here, from.map(|from| (from, true)), !side.forward, 1).await?.is_empty();
        for ranks in behind {
            beyond = beyond || !list.side(ranks, None, !side.forward, 1).await?.is_empty();
        }
    }
    Ok((near, beyond))
}

/// A list and its search.
struct List<'a, R> {
    rows: &'a R,
    query: &'a PageQuery,
    search: &'a Search,
}

impl<R: Rows> List<'_, R> {
    /// All matches, of any rank.
    fn whole(&self) -> Ranks {
        if self.search.has_words() { Ranks::UpTo(Rank::Anywhere) } else { Ranks::All }
    }

    /// The matches of these ranks from a place on, in list order or against it. The flag says whether the place
    /// itself is included.
    async fn side(
        &self,
        ranks: Ranks,
        from: Option<(&Cursor, bool)>,
        forward: bool,
        most: usize,
    ) -> std::result::Result<Vec<(Cursor, Org)>, R::Error> {
        let (query, search) = (self.query, self.search);
        // All matches together are known to be too many.
        if ranks != self.whole()
            && let Some(all) = self.rows.all(query, search, ranks).await?
        {
            let ranked = |(place, _)| Cursor { rank: ranks.rank(), ..place };
            let all = all.into_iter().map(ranked).collect();
            return self.read(self.sorted(all, from, forward).0, most).await;
        }
        let up = forward != query.sort.descending;
        let mut found = self.rows.walk(Walk { query, search, ranks, up, from, most }).await?;
        for (place, _) in &mut found {
            place.rank = ranks.rank();
        }
        Ok(found)
    }

    /// The places from a place on, nearest first; and how many are on the other side.
    fn sorted(
        &self,
        mut places: Vec<Cursor>,
        from: Option<(&Cursor, bool)>,
        forward: bool,
    ) -> (Vec<Cursor>, usize) {
        let compare = |a: &Cursor, b: &Cursor| {
            let order = a.compare(b, self.query.sort.descending);
            if forward { order } else { order.reverse() }
        };
        places.sort_by(compare);
        let behind = places.partition_point(|place| {
            from.is_some_and(|(from, included)| match compare(place, from) {
                Ordering::Less => true,
                Ordering::Equal => !included,
                Ordering::Greater => false,
            })
        });
        (places.split_off(behind), behind)
    }

    /// The organizations at the first of these places that still exist.
    async fn read(
        &self,
        places: Vec<Cursor>,
        most: usize,
    ) -> std::result::Result<Vec<(Cursor, Org)>, R::Error> {
        let (mut places, mut found) = (places.into_iter(), Vec::new());
        // Read on if one was deleted meanwhile: a page that is not full would end the list.
        while found.len() < most {
            let some: Vec<Cursor> = places.by_ref().take(most - found.len()).collect();
            if some.is_empty() {
                break;
            }
            let ids: Vec<ObjectId> = some.iter().map(|place| place.id).collect();
            let orgs = self.rows.orgs(&ids).await?.into_iter().map(|org| (org.id, org));
            let mut orgs: HashMap<ObjectId, Org> = orgs.collect();
            found.extend(some.into_iter().filter_map(|place| {
                let org = orgs.remove(&place.id)?;
                Some((place, org))
            }));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{orgs, store::ListScope};

    /// Organizations, one of which is deleted just when it is read.
    struct Going(Mutex<Vec<Org>>);

    impl Rows for Going {
        type Error = StoreError;

        async fn all(
            &self,
            query: &PageQuery,
            _: &Search,
            _: Ranks,
        ) -> Result<Option<Vec<(Cursor, String)>>> {
            let all = self.0.lock().unwrap();
            let listed =
                all.iter().map(|org| (Cursor::from_org(org, query.sort.key), org.searchable()));
            Ok(Some(listed.collect()))
        }

        async fn walk(&self, _: Walk<'_>) -> Result<Vec<(Cursor, Org)>> {
            Ok(Vec::new())
        }

        async fn orgs(&self, ids: &[ObjectId]) -> Result<Vec<Org>> {
            let mut all = self.0.lock().unwrap();
            all.retain(|org| org.name.raw() != "acme 2");
            Ok(all.iter().filter(|org| ids.contains(&org.id)).cloned().collect())
        }
    }

    #[tokio::test]
    async fn one_that_goes_while_a_page_is_read_does_not_end_the_list() {
        let all = (1..=5).map(|n| orgs::org(n, &format!("acme {n}"), "ada@acme.com"));
        let rows = Going(Mutex::new(all.collect()));
        let query = PageQuery::first(ListScope::Live, Some("acme".to_owned()), 2);
        let side = Side::from_query(&query).unwrap();
        let (near, beyond) = near(&rows, &query, &query.parsed(), &side, 3).await.unwrap();
        let page = side.page(&query, near, beyond);
        let names: Vec<&str> = page.orgs.iter().map(|org| org.name.raw()).collect();
        assert_eq!((names, page.more_after), (vec!["acme 1", "acme 3"], true));
    }
}
