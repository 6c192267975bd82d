//! How a list is asked for: sorted, searched, one keyset page at a time.

use std::{cmp::Ordering, fmt};

use bson::{DateTime, oid::ObjectId};
use sha2::{Digest, Sha256};

use super::StoreError;
use crate::org::{ListScope, Org, Rank, Search, email_key, name_order, thousands};

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// As people read names: by [`name_order`].
    #[default]
    Name,
    /// By age; in the trash by the time there.
    Created,
    /// By the admin's e-mail, in lower case.
    Email,
}

/// An order of the list; ties are broken by `_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Backwards.
    pub descending: bool,
}

/// The place of one organization in a sorted list.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// The rank of the match, if the best come first.
    pub rank: Option<Rank>,
    /// What it is sorted by.
    pub key: CursorKey,
    /// What breaks a tie.
    pub id: ObjectId,
}

/// The sorted value of a [`Cursor`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CursorKey {
    /// Name or e-mail.
    Text(String),
    /// Creation.
    Time(DateTime),
}

impl Cursor {
    /// Where `org` stands in a list sorted by `key` alone.
    #[must_use]
    pub fn from_org(org: &Org, key: SortKey) -> Self {
        let key = match key {
            SortKey::Name => CursorKey::Text(name_order(org.name.raw())),
            SortKey::Created => {
                CursorKey::Time(org.in_trash().map_or(org.created_at, |in_trash| in_trash.since))
            }
            SortKey::Email => CursorKey::Text(email_key(org.admin_email.raw())),
        };
        Self { rank: None, key, id: org.id }
    }

    /// What two places of one list are compared by.
    pub(super) fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let keys = (&self.key, self.id).cmp(&(&other.key, other.id));
        self.rank.cmp(&other.rank).then(if descending { keys.reverse() } else { keys })
    }

    /// A word for a command line, read back by [`Cursor::decode`] for a page of the same list.
    #[must_use]
    pub fn encode(&self, of: &PageQuery) -> String {
        let (tag, key) = match &self.key {
            CursorKey::Text(text) => ('t', hex::encode(text.as_bytes())),
            CursorKey::Time(time) => ('d', time.timestamp_millis().to_string()),
        };
        let rank = self.rank.map_or('-', Rank::digit);
        format!("{}{}{rank}{tag}{key}", self.id.to_hex(), of.mark())
    }

    /// Reads what [`Cursor::encode`] wrote for the same list; `None` for anything else. Pages of another
    /// order, search or shelf would leave out what is between the two.
    #[must_use]
    pub fn decode(word: &str, of: &PageQuery) -> Option<Self> {
        let id = ObjectId::parse_str(word.get(..24)?).ok()?;
        let word = word.get(24..)?.strip_prefix(of.mark().as_str())?;
        let rank = match word.get(..1)? {
            "-" => None,
            digit => Some(Rank::ALL.into_iter().find(|rank| digit == rank.digit().to_string())?),
        };
        let key = word.get(2..)?;
        let key = match word.get(1..2)? {
            "t" => CursorKey::Text(String::from_utf8(hex::decode(key).ok()?).ok()?),
            "d" => CursorKey::Time(DateTime::from_millis(key.parse().ok()?)),
            _ => return None,
        };
        Some(Self { rank, key, id })
    }
}

impl PageQuery {
    /// The first page of a list in its default order: the best match first, and by name.
    #[must_use]
    pub fn first(scope: ListScope, search: Option<String>, limit: u32) -> Self {
        let (sort, at) = (Sort::default(), PageAt::First);
        Self { scope, search, best_first: true, sort, at, limit }
    }

    /// Whether matches are ranked, the best first.
    pub(super) fn ranks(&self, search: &Search) -> bool {
        self.best_first && search.has_words()
    }

    /// The position in this list of an organization that matches its search.
    #[must_use]
    pub fn place(&self, org: &Org) -> Cursor {
        let search = self.parsed();
        let rank = search.rank(org.id, &org.searchable()).filter(|_| self.ranks(&search));
        Cursor { rank, ..Cursor::from_org(org, self.sort.key) }
    }

    /// The parsed search.
    pub(super) fn parsed(&self) -> Search {
        Search::parse(self.search.as_deref().unwrap_or_default())
    }

    /// The same for all pages of one list, and for no other list.
    fn mark(&self) -> String {
        let place = match self.scope {
            ListScope::Live => "live",
            ListScope::Trash => "trash",
        };
        let key = match self.sort.key {
            SortKey::Name => "name",
            SortKey::Created => "created",
            SortKey::Email => "email",
        };
        let search = self.search.as_deref().map(|search| format!("/{search}")).unwrap_or_default();
        let best = if self.best_first { "best " } else { "" };
        let list = format!("{best}{place} {key} {}{search}", self.sort.descending);
        hex::encode(&Sha256::digest(list)[..4])
    }
}

/// What is wrong with a cursor of a list that is sorted by something else.
pub(super) fn other_order() -> StoreError {
    StoreError::Misconfigured {
        problem: "the cursor belongs to a list with another sort order".to_owned(),
        help: "start again without it",
    }
}

/// Which page.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PageAt {
    /// The first.
    #[default]
    First,
    /// The last.
    Last,
    /// The one that follows.
    After(Cursor),
    /// The one that precedes.
    Before(Cursor),
}

/// A wish for a page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageQuery {
    /// Of which organizations.
    pub scope: ListScope,
    /// The search, to be parsed by [`Search::parse`]; none for all. Never a pattern.
    pub search: Option<String>,
    /// Whether the best matches come first; then `sort` orders matches of equal rank.
    pub best_first: bool,
    /// The order.
    pub sort: Sort,
    /// Which page.
    pub at: PageAt,
    /// The most organizations on it.
    pub limit: u32,
}

/// A page, always in list order, whichever side it was reached from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The organizations.
    pub orgs: Vec<Org>,
    /// The position of each in the list, from the stored keys: another program may have changed a name without its
    /// key.
    pub places: Vec<Cursor>,
    /// If a search has no match: the organizations with the nearest names. Filled in by `tenancy`.
    pub nearest: Vec<Org>,
    /// Whether some precede them.
    pub more_before: bool,
    /// Whether some follow them.
    pub more_after: bool,
}

impl Page {
    /// A page of these.
    #[must_use]
    pub fn new(listed: Vec<(Cursor, Org)>, more_before: bool, more_after: bool) -> Self {
        let (places, orgs) = listed.into_iter().unzip();
        Self { orgs, places, nearest: Vec::new(), more_before, more_after }
    }

    /// The page after this one; none where this is the last.
    #[must_use]
    pub fn next(&self) -> Option<PageAt> {
        let last = self.places.last().filter(|_| self.more_after);
        last.cloned().map(PageAt::After)
    }
}

/// How many match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many were counted.
    pub counted: u64,
    /// Whether there may be more.
    pub or_more: bool,
    /// Whether it is only about so many: the database's own number, which a crash puts out.
    pub about: bool,
}

/// With a plus if there are more, with “about” if it is an estimate: `1,000+`.
impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.about { "about " } else { "" };
        let more = if self.or_more { "+" } else { "" };
        write!(formatter, "{about}{}{more}", thousands(self.counted))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_count_says_how_sure_it_is() {
        let count = |or_more, about| Count { counted: 1_000, or_more, about }.to_string();
        assert_eq!(count(false, false), "1,000");
        assert_eq!(count(true, false), "1,000+");
        assert_eq!(count(false, true), "about 1,000");
    }

    fn list(change: impl FnOnce(&mut PageQuery)) -> PageQuery {
        let mut query = PageQuery {
            scope: ListScope::Live,
            search: None,
            best_first: false,
            sort: Sort::default(),
            at: PageAt::First,
            limit: 10,
        };
        change(&mut query);
        query
    }

    #[test]
    fn a_cursor_belongs_to_one_list() {
        let cursor =
            Cursor { rank: None, key: CursorKey::Text("acme".into()), id: ObjectId::new() };
        let word = cursor.encode(&list(|_| ()));
        for other in [
            list(|query| query.sort.descending = true),
            list(|query| query.sort.key = SortKey::Email),
            list(|query| query.sort.key = SortKey::Created),
            list(|query| query.best_first = true),
            list(|query| query.search = Some("a".into())),
            list(|query| query.search = Some(String::new())),
            list(|query| query.scope = ListScope::Trash),
        ] {
            assert_eq!(Cursor::decode(&word, &other), None, "{other:?}");
        }
        let longer = list(|query| query.limit = 500);
        assert_eq!(Cursor::decode(&word, &longer), Some(cursor));
    }

    proptest! {
        #[test]
        fn a_cursor_survives_the_command_line(text in "\\PC*", millis in any::<i64>(), id in any::<[u8; 12]>()) {
            let query = list(|_| ());
            for (key, rank) in [
                (CursorKey::Text(text), None),
                (CursorKey::Time(DateTime::from_millis(millis)), Some(Rank::Words)),
            ] {
                let cursor = Cursor { rank, key, id: ObjectId::from_bytes(id) };
                prop_assert_eq!(Cursor::decode(&cursor.encode(&query), &query), Some(cursor));
            }
        }

        #[test]
        fn anything_else_is_no_cursor_and_no_panic(word in "\\PC*") {
            let query = list(|_| ());
            if let Some(cursor) = Cursor::decode(&word, &query) {
                prop_assert_eq!(cursor.encode(&query).len(), word.len());
            }
        }
    }
}
