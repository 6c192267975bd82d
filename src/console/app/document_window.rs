//! A window of an organization's documents around the selected one, read by their `_id`s.
//!
//! Never all of them: pages are read ahead in both directions as the selection nears an end of the window, and the far
//! end is let go.

use bson::Bson;

use super::{
    TextField,
    field::{Notice, Request},
};
use crate::{document::filter::Filter, keymap::Place, org::Org, store::DocumentAt};

/// How many documents are kept.
const WINDOW: usize = 500;

/// A document in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentRow {
    /// Its `_id`.
    pub id: Bson,
    /// The same as text: of an `ObjectId`, its digits.
    pub name: String,
    /// The other fields in one line, as far as a wide screen shows them.
    pub line: String,
}

/// Documents that follow each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentRows {
    /// The documents, in the order of their `_id`s.
    pub rows: Vec<DocumentRow>,
    /// Whether there are more in the direction in which they were read.
    pub more: bool,
}

/// What to do with the page that is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is the first one.
    #[default]
    First,
    /// It is the last one.
    Last,
    /// It follows the window.
    After,
    /// It precedes the window.
    Before,
    /// It takes the place of all rows but so many first ones.
    Again(usize),
}

/// A document that is open.
#[derive(Debug, Default)]
pub struct OpenDocument {
    /// Its lines; none until it was read.
    pub lines: Option<Vec<String>>,
    /// The first line on the screen.
    pub top: usize,
    /// The document, which is waited for.
    pub reading: Request,
    /// Why it could not be read.
    pub problem: Option<Notice>,
}

/// The documents of an organization, as far as they are looked at.
#[derive(Debug)]
pub struct Documents {
    /// Whose.
    pub org: Box<Org>,
    /// The filter, as it is typed.
    pub filter: TextField,
    /// Whether the filter is being typed.
    pub typing: bool,
    /// Why it cannot be understood.
    pub fault: Option<Notice>,
    /// The documents that were read, in their order.
    pub rows: Vec<DocumentRow>,
    /// The selected one.
    pub selected: usize,
    /// The first one on the screen.
    pub top: usize,
    /// How many there are before the first row, where that is known.
    pub before: Option<u64>,
    /// How many there are, or match, once counted.
    pub count: Option<u64>,
    /// Their number, which is waited for.
    pub counting: Request,
    /// The page that is waited for.
    pub loading: Request,
    /// Whether a page has ever arrived.
    pub loaded: bool,
    /// Why the last page did not arrive.
    pub problem: Option<Notice>,
    /// The document that is open.
    pub open: Option<OpenDocument>,
    /// By how many rows more the selection moves as soon as they are read.
    pub(super) owed: isize,
    /// What the documents must be like, as it was submitted last.
    pub(super) wanted: Option<Filter>,
    /// What to do with the page that is waited for.
    pub(super) arrival: Arrival,
    /// Whether documents precede the rows, and others follow them.
    pub(super) more_before: bool,
    pub(super) more_after: bool,
}

impl Documents {
    pub(super) fn of(org: &Org) -> Self {
        Self {
            org: Box::new(org.clone()),
            filter: TextField::default(),
            typing: false,
            fault: None,
            rows: Vec::new(),
            selected: 0,
            top: 0,
            before: None,
            count: None,
            counting: Request::default(),
            loading: Request::default(),
            loaded: false,
            problem: None,
            open: None,
            owed: 0,
            wanted: None,
            arrival: Arrival::First,
            more_before: false,
            more_after: false,
        }
    }

    /// Where its keys are in the table of commands.
    #[must_use]
    pub(super) fn place(&self) -> Place {
        match (&self.open, self.typing) {
            (Some(_), _) => Place::OneDocument,
            (None, true) => Place::DocumentFilter,
            (None, false) => Place::AllDocuments,
        }
    }

    /// Whether the rows are those that match a filter.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.wanted.is_some()
    }

    /// The number of the selected one, from one on, where that is known.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let selected = u64::try_from(self.selected).ok()?;
        self.rows.get(self.selected)?;
        Some(self.before? + selected + 1)
    }

    /// From where a page is read.
    pub(super) fn at(&self, arrival: Arrival) -> DocumentAt {
        let id = |row: Option<&DocumentRow>| row.map(|row| row.id.clone());
        match arrival {
            Arrival::First => DocumentAt::First,
            Arrival::Last => DocumentAt::Last,
            Arrival::After => id(self.rows.last()).map_or(DocumentAt::First, DocumentAt::After),
            Arrival::Before => id(self.rows.first()).map_or(DocumentAt::First, DocumentAt::Before),
            Arrival::Again(kept) => {
                let last = kept.checked_sub(1).and_then(|last| self.rows.get(last));
                id(last).map_or(DocumentAt::First, DocumentAt::After)
            }
        }
    }

    /// The page that shows the rows on the screen again as they are now.
    pub(super) fn again(&self) -> Arrival {
        Arrival::Again(self.top.max(usize::from(self.more_before)))
    }

    /// Moves the selection by some rows: within the window at once, and on as soon as more is read.
    pub(super) fn move_by(&mut self, rows: isize) {
        let before = self.selected;
        let last = self.rows.len().saturating_sub(1);
        self.selected = before.saturating_add_signed(rows).min(last);
        if if rows > 0 { self.more_after } else { self.more_before } {
            let moved = self.selected.cast_signed().saturating_sub(before.cast_signed());
            self.owed = self.owed.saturating_add(rows.saturating_sub(moved));
        }
    }

    /// Brings the selected row onto a screen of `height` rows.
    pub(super) fn scroll(&mut self, height: usize) {
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        let least = (self.selected + 1).saturating_sub(height.max(1));
        self.top = self.top.clamp(least, self.selected.max(least));
        // No empty rows below while there are some above.
        self.top = self.top.min(self.rows.len().saturating_sub(height.max(1)));
    }

    /// Which page to read ahead now, for a screen of `height` rows.
    pub(super) fn ahead(&self, height: usize) -> Option<Arrival> {
        if self.loading.is_waiting() || self.problem.is_some() || self.rows.is_empty() {
            return None;
        }
        if self.more_after && self.selected + 2 * height >= self.rows.len() {
            return Some(Arrival::After);
        }
        (self.more_before && self.selected < 2 * height).then_some(Arrival::Before)
    }

    /// Takes the page that was waited for.
    pub(super) fn arrived(&mut self, DocumentRows { rows, more }: DocumentRows) {
        self.loaded = true;
        let arrived = rows.len();
        let as_u64 = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        match self.arrival {
            Arrival::First => {
                self.rows = rows;
                (self.more_before, self.more_after) = (false, more);
                (self.selected, self.top, self.before) = (0, 0, Some(0));
            }
            Arrival::Last => {
                self.rows = rows;
                (self.more_before, self.more_after) = (more, false);
                (self.selected, self.top) = (arrived.saturating_sub(1), 0);
                self.before = if more {
                    self.count.and_then(|count| count.checked_sub(as_u64(arrived)))
                } else {
                    Some(0)
                };
            }
            Arrival::After => {
                self.rows.extend(rows);
                self.more_after = more;
                let excess = self.rows.len().saturating_sub(WINDOW).min(self.top);
                if excess > 0 {
                    self.rows.drain(..excess);
                    self.selected -= excess;
                    self.top -= excess;
                    self.more_before = true;
                    self.before = self.before.map(|before| before + as_u64(excess));
                }
            }
            Arrival::Before => {
                self.rows.splice(0..0, rows);
                self.selected += arrived;
                self.top += arrived;
                self.more_before = more;
                let before = self.before.and_then(|before| before.checked_sub(as_u64(arrived)));
                self.before = if more { before } else { Some(0) };
                if self.rows.len() > WINDOW {
                    self.rows.truncate(WINDOW.max(self.selected + 1));
                    self.more_after = true;
                }
            }
            Arrival::Again(kept) => {
                let selected = self.rows.get(self.selected).map(|row| row.id.clone());
                self.rows.truncate(kept);
                self.rows.extend(rows);
                self.more_after = more;
                let at = selected.and_then(|id| self.rows.iter().position(|row| row.id == id));
                self.selected = at.unwrap_or(self.selected);
            }
        }
        let owed = std::mem::take(&mut self.owed);
        if self.arrival != Arrival::Last {
            self.move_by(owed);
        }
    }

    /// The page did not arrive.
    pub(super) fn failed(&mut self, problem: Notice) {
        self.problem = Some(problem);
    }
}
