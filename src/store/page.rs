//! How a list is asked for: sorted, searched, one keyset page at a time.

use mongodb::bson::{DateTime, oid::ObjectId};

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

    /// A word for a command line, read back by [`Cursor::decode`].
    #[must_use]
    pub fn encode(&self) -> String {
        let (tag, key) = match &self.key {
            CursorKey::Text(text) => ('t', hex(text.as_bytes())),
            CursorKey::Time(time) => ('d', time.timestamp_millis().to_string()),
        };
        format!("{}{tag}{key}", self.id.to_hex())
    }

    /// Reads what [`Cursor::encode`] wrote; `None` for anything else.
    #[must_use]
    pub fn decode(word: &str) -> Option<Self> {
        let id = ObjectId::parse_str(word.get(..24)?).ok()?;
        let key = word.get(25..)?;
        let key = match word.get(24..25)? {
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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_survives_the_command_line(text in "\\PC*", millis in any::<i64>(), id in any::<[u8; 12]>()) {
            for key in [CursorKey::Text(text), CursorKey::Time(DateTime::from_millis(millis))] {
                let cursor = Cursor { key, id: ObjectId::from_bytes(id) };
                prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
            }
        }

        #[test]
        fn anything_else_is_no_cursor_and_no_panic(word in "\\PC*") {
            if let Some(cursor) = Cursor::decode(&word) {
                prop_assert_eq!(cursor.encode().len(), word.len());
            }
        }
    }
}
