//! How a list is asked for: sorted, searched, one keyset page at a time.

use mongodb::bson::{DateTime, oid::ObjectId};
use sha2::{Digest, Sha256};

use super::StoreError;
use crate::org::{Org, email_key, hex, name_key};

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// By [`name_key`].
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
    /// Where `org` stands in a list sorted by `key`.
    #[must_use]
    pub fn of(org: &Org, key: SortKey) -> Self {
        let key = match key {
            SortKey::Name => CursorKey::Text(name_key(org.name.raw())),
            SortKey::Created => {
                CursorKey::Time(org.in_trash().map_or(org.created_at, |in_trash| in_trash.since))
            }
            SortKey::Email => CursorKey::Text(email_key(org.admin_email.raw())),
        };
        Self { key, id: org.id }
    }

    /// What the places of one list are compared by.
    pub(super) fn place(&self) -> (CursorKey, ObjectId) {
        (self.key.clone(), self.id)
    }

    /// A word for a command line, read back by [`Cursor::decode`] for a page of the same list.
    #[must_use]
    pub fn encode(&self, of: &PageQuery) -> String {
        let (tag, key) = match &self.key {
            CursorKey::Text(text) => ('t', hex(text.as_bytes())),
            CursorKey::Time(time) => ('d', time.timestamp_millis().to_string()),
        };
        format!("{}{}{tag}{key}", self.id.to_hex(), of.mark())
    }

    /// Reads what [`Cursor::encode`] wrote for the same list; `None` for anything else. Pages of another
    /// order, search or shelf would leave out what is between the two.
    #[must_use]
    pub fn decode(word: &str, of: &PageQuery) -> Option<Self> {
        let id = ObjectId::parse_str(word.get(..24)?).ok()?;
        let word = word.get(24..)?.strip_prefix(of.mark().as_str())?;
        let key = word.get(1..)?;
        let key = match word.get(..1)? {
            "t" => {
                let bytes: Option<Vec<u8>> = (0..key.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(key.get(at..at + 2)?, 16).ok())
                    .collect();
                CursorKey::Text(String::from_utf8(bytes?).ok()?)
            }
            "d" => CursorKey::Time(DateTime::from_millis(key.parse().ok()?)),
            _ => return None,
        };
        Some(Self { key, id })
    }
}

impl PageQuery {
    /// The same for all pages of one list, and for no other list.
    fn mark(&self) -> String {
        let place = match self.shelf {
            Shelf::Live => "live",
            Shelf::Trash => "trash",
        };
        let key = match self.sort.key {
            SortKey::Name => "name",
            SortKey::Created => "created",
            SortKey::Email => "email",
        };
        let search = self.search.as_deref().map(|search| format!("/{search}")).unwrap_or_default();
        let list = format!("{place} {key} {}{search}", self.sort.descending);
        hex(&Sha256::digest(list)[..4])
    }
}

/// What is wrong with a cursor of a list that is sorted by something else.
pub(super) fn other_order() -> StoreError {
    StoreError::Misconfigured {
        problem: "that cursor belongs to a list in another order".to_owned(),
        help: "begin again without it",
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

/// Which organizations a list is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shelf {
    /// Those that are not in the trash.
    #[default]
    Live,
    /// Those in the trash. [`SortKey::Created`] sorts them by when they were put there.
    Trash,
}

/// A wish for a page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageQuery {
    /// Of which organizations.
    pub shelf: Shelf,
    /// Part of a name or e-mail, in any case; none for all. Never a pattern.
    pub search: Option<String>,
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
    /// Whether some precede them.
    pub more_before: bool,
    /// Whether some follow them.
    pub more_after: bool,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(change: impl FnOnce(&mut PageQuery)) -> PageQuery {
        let mut query = PageQuery {
            shelf: Shelf::Live,
            search: None,
            sort: Sort::default(),
            at: PageAt::First,
            limit: 10,
        };
        change(&mut query);
        query
    }

    #[test]
    fn a_cursor_belongs_to_one_list() {
        let cursor = Cursor { key: CursorKey::Text("acme".into()), id: ObjectId::new() };
        let word = cursor.encode(&list(|_| ()));
        for other in [
            list(|query| query.sort.descending = true),
            list(|query| query.sort.key = SortKey::Email),
            list(|query| query.sort.key = SortKey::Created),
            list(|query| query.search = Some("a".into())),
            list(|query| query.search = Some(String::new())),
            list(|query| query.shelf = Shelf::Trash),
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
            for key in [CursorKey::Text(text), CursorKey::Time(DateTime::from_millis(millis))] {
                let cursor = Cursor { key, id: ObjectId::from_bytes(id) };
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
