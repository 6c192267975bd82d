//! The list of organizations, or of those in the trash: a window of rows around the selected one, read by keyset pages.
//!
//! Never all rows: pages are read ahead in both directions as the selection nears an end of the window,
//! and the far end is let go.

use std::collections::{HashMap, HashSet};

use bson::oid::ObjectId;

use super::{
    field::{Notice, Request, TextField},
    selection::{Range, Selection},
};
use crate::{
    org::Org,
    store::{Count, Cursor, ListScope, Page, PageAt, PageQuery, Sort, SortKey},
};

/// How many organizations are read at once.
pub const PAGE: u32 = 100;
/// How many rows are kept.
const WINDOW: usize = 1000;

/// What to do with the page that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It replaces the window, and this one is selected.
    Replace(Select),
    /// It follows the window.
    Append,
    /// It precedes the window.
    Prepend,
}

/// What is selected in a new window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// The first row.
    First,
    /// The last row.
    Last,
    /// This organization, or, if it is not there, the row in its place.
    Org(ObjectId),
}

/// The list.
#[derive(Debug)]
pub struct List {
    /// Of which organizations.
    pub scope: ListScope,
    /// The rows that were read.
    pub rows: Vec<Org>,
    /// The position of each row in the list, from the database.
    pub places: HashMap<ObjectId, Cursor>,
    /// The organizations with the nearest names, if the search has no match.
    pub nearest: Vec<Org>,
    /// Whether some precede them.
    pub more_before: bool,
    /// Whether some follow them.
    pub more_after: bool,
    /// The selected row.
    pub selected: usize,
    /// By how many rows more the selection moves as soon as they are read.
    pub owed: isize,
    /// The first row on the screen.
    pub top: usize,
    /// The selected organizations.
    pub selection: Selection,
    /// The rows that are being selected together.
    pub range: Option<Range>,
    /// How many more are selected as soon as they are read.
    pub to_select: usize,
    /// Which of the selected have left the list.
    pub finding_gone: Request,
    /// How many of them were deselected, and how that was said.
    pub deselected: Option<(usize, Notice)>,
    /// What is shown only.
    pub filter: TextField,
    /// Whether the filter is being typed.
    pub filtering: bool,
    /// The order.
    pub sort: Sort,
    /// How many there are in all.
    pub total: Option<Count>,
    /// How many match the filter.
    pub matching: Option<Count>,
    /// The page that is waited for.
    pub loading: Request,
    /// What to do with it.
    pub arrival: Arrival,
    /// The count that is waited for.
    pub counting: Request,
    /// Whether a page has ever arrived.
    pub loaded: bool,
    /// Why the last page did not arrive.
    pub problem: Option<Notice>,
}

impl List {
    /// A list that has read nothing yet.
    #[must_use]
    pub fn new(scope: ListScope) -> Self {
        Self {
            scope,
            rows: Vec::new(),
            places: HashMap::new(),
            nearest: Vec::new(),
            more_before: false,
            more_after: false,
            selected: 0,
            owed: 0,
            top: 0,
            selection: Selection::default(),
            range: None,
            to_select: 0,
            finding_gone: Request::default(),
            deselected: None,
            filter: TextField::default(),
            filtering: false,
            sort: Sort::default(),
            total: None,
            matching: None,
            loading: Request::default(),
            arrival: Arrival::Replace(Select::First),
            counting: Request::default(),
            loaded: false,
            problem: None,
        }
    }

    /// What it is called where something has left it.
    pub(super) fn scope_word(&self) -> &'static str {
        match self.scope {
            ListScope::Live => "list",
            ListScope::Trash => "trash",
        }
    }

    /// The selected organization.
    #[must_use]
    pub fn selected(&self) -> Option<&Org> {
        self.rows.get(self.selected)
    }

    /// The text that is filtered by; none when all are shown.
    #[must_use]
    pub fn search(&self) -> Option<String> {
        let text = self.filter.text().trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The wish for a page.
    #[must_use]
    pub fn query(&self, at: PageAt) -> PageQuery {
        PageQuery {
            scope: self.scope,
            search: self.search(),
            // A chosen order overrides the ranking.
            best_first: self.sort == Sort::default(),
            sort: self.sort,
            at,
            limit: PAGE,
        }
    }

    /// Moves the selection by some rows: within the window at once, and on as soon as more is read.
    pub fn move_by(&mut self, rows: isize) {
        let last = self.rows.len().saturating_sub(1);
        let before = self.selected;
        self.selected = before.saturating_add_signed(rows).min(last);
        let more = if rows > 0 { self.more_after } else { self.more_before };
        if more {
            let moved = self.selected.cast_signed().saturating_sub(before.cast_signed());
            self.owed = self.owed.saturating_add(rows.saturating_sub(moved));
        }
    }

    /// Which page to read ahead now, for a screen of `height` rows.
    #[must_use]
    pub fn wanted(&self, height: usize) -> Option<(Arrival, PageAt)> {
        if self.loading.is_waiting() || self.problem.is_some() {
            return None;
        }
        if self.more_after && self.selected + 2 * height >= self.rows.len() {
            let last = self.rows.last()?;
            return Some((Arrival::Append, PageAt::After(self.place(last))));
        }
        if self.more_before && self.selected < 2 * height {
            let first = self.rows.first()?;
            return Some((Arrival::Prepend, PageAt::Before(self.place(first))));
        }
        None
    }

    /// The page that shows the window again as it stands, with the same row selected.
    #[must_use]
    pub fn again(&self) -> (Arrival, PageAt) {
        match (self.rows.get(self.top), self.selected()) {
            (Some(top), Some(selected)) if self.more_before || self.top > 0 => {
                let at = self.before(self.place(top));
                (Arrival::Replace(Select::Org(selected.id)), at)
            }
            (_, Some(selected)) => (Arrival::Replace(Select::Org(selected.id)), PageAt::First),
            (_, None) => (Arrival::Replace(Select::First), PageAt::First),
        }
    }

    /// The page that begins with `org`, which is selected.
    #[must_use]
    pub fn from(&self, org: &Org) -> (Arrival, PageAt) {
        let at = self.before(self.query(PageAt::First).place(org));
        (Arrival::Replace(Select::Org(org.id)), at)
    }

    /// Where one of the rows stands.
    fn place(&self, org: &Org) -> Cursor {
        let place = self.places.get(&org.id).cloned();
        place.unwrap_or_else(|| self.query(PageAt::First).place(org))
    }

    /// The page after the place just before `cursor`: the one that begins with it.
    fn before(&self, cursor: Cursor) -> PageAt {
        let mut bytes = cursor.id.bytes();
        for byte in bytes.iter_mut().rev() {
            let (next, carried) = if self.sort.descending {
                byte.overflowing_add(1)
            } else {
                byte.overflowing_sub(1)
            };
            *byte = next;
            if !carried {
                return PageAt::After(Cursor { id: ObjectId::from_bytes(bytes), ..cursor });
            }
        }
        // Nothing can precede the least of all identities.
        PageAt::First
    }

    /// Takes the page that was waited for.
    pub fn arrived(&mut self, page: Page) {
        self.loaded = true;
        self.problem = None;
        for org in &page.orgs {
            self.selection.follow(org);
        }
        self.nearest = page.nearest;
        if let Arrival::Replace(_) = self.arrival {
            self.places.clear();
        }
        self.places.extend(page.places.into_iter().map(|place| (place.id, place)));
        match self.arrival {
            Arrival::Replace(select) => {
                // It is of the rows that were there.
                self.keep_range();
                let place = self.selected.saturating_sub(self.top);
                self.rows = page.orgs;
                self.more_before = page.more_before;
                self.more_after = page.more_after;
                let last = self.rows.len().saturating_sub(1);
                self.selected = match select {
                    Select::First => 0,
                    Select::Last => last,
                    Select::Org(id) => {
                        let found = self.rows.iter().position(|org| org.id == id);
                        found.unwrap_or(place).min(last)
                    }
                };
                self.top = 0;
            }
            Arrival::Append => {
                self.rows.extend(page.orgs);
                self.more_after = page.more_after;
                let excess = self.rows.len().saturating_sub(WINDOW).min(self.top);
                // A range needs all of its rows.
                if excess > 0 && self.range.is_none() {
                    self.rows.drain(..excess);
                    self.selected -= excess;
                    self.top -= excess;
                    self.more_before = true;
                }
            }
            Arrival::Prepend => {
                let arrived = page.orgs.len();
                self.rows.splice(0..0, page.orgs);
                self.selected += arrived;
                self.top += arrived;
                self.more_before = page.more_before;
                if self.rows.len() > WINDOW && self.range.is_none() {
                    self.rows.truncate(WINDOW.max(self.selected + 1));
                    self.more_after = true;
                }
            }
        }
        let owed = std::mem::take(&mut self.owed);
        if self.arrival != Arrival::Replace(Select::Last) {
            self.move_by(owed);
            self.select_on();
        }
        if self.places.len() > 2 * WINDOW {
            let kept: HashSet<_> = self.rows.iter().map(|org| org.id).collect();
            self.places.retain(|id, _| kept.contains(id));
        }
    }

    /// Which rows of a page that takes the place of the window were changed since, or are new.
    pub(super) fn changed_in(&self, page: &Page) -> impl Iterator<Item = ObjectId> {
        let before: HashMap<_, _> = self.rows.iter().map(|org| (org.id, org)).collect();
        let last = page.orgs.iter().rposition(|org| before.contains_key(&org.id));
        let changed = page.orgs.iter().enumerate().filter(move |(at, org)| {
            match before.get(&org.id) {
                Some(before) => before != org,
                // Behind the last row it may only not have been read.
                None => !self.more_after || last.is_some_and(|last| *at < last),
            }
        });
        changed.map(|(_, org)| org.id)
    }

    /// Puts what was read again in the place of the row it was read for.
    pub fn replace(&mut self, org: &Org) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.id == org.id) {
            row.clone_from(org);
        }
        self.selection.follow(org);
    }

    /// It is on another list now, or gone: its row goes, and the cursor stays on its own.
    pub(super) fn remove(&mut self, org: ObjectId) {
        // The last row says where reading goes on, and a range needs all of its rows.
        if self.rows.len() < 2 || self.range.is_some() {
            return;
        }
        let Some(at) = self.rows.iter().position(|row| row.id == org) else { return };
        self.rows.remove(at);
        if at < self.selected || self.selected == self.rows.len() {
            self.selected = self.selected.saturating_sub(1);
        }
        if at < self.top {
            self.top -= 1;
        }
    }

    /// Brings the selected row onto a screen of `height` rows.
    pub fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        if self.selected < self.top {
            self.top = self.selected;
        } else if self.selected >= self.top + height {
            self.top = self.selected + 1 - height;
        }
        // No empty rows below while there are some above.
        self.top = self.top.min(self.rows.len().saturating_sub(height));
    }

    /// The next thing to sort by: name, newest first, e-mail.
    pub fn sort_by_next(&mut self) {
        self.sort_by(match self.sort.key {
            SortKey::Name => SortKey::Created,
            SortKey::Created => SortKey::Email,
            SortKey::Email => SortKey::Name,
        });
    }

    /// Sorts by this: the newest first, the rest by the alphabet.
    pub fn sort_by(&mut self, key: SortKey) {
        self.sort = Sort { key, descending: key == SortKey::Created };
    }
}
