//! A window of an organization's documents around the selected one, read by their `_id`s.
//!
//! Never all of them: pages are read ahead in both directions as the selection nears an end of the window, and the far
//! end is let go.

use std::{collections::BTreeSet, time::SystemTime};

use bson::Bson;

use super::{
    TextField,
    document_columns::SeenFields,
    document_complete::Completion,
    document_tree::OpenDocument,
    field::{Notice, Request},
};
use crate::{
    console::text,
    document::filter::Filter,
    keymap::Place,
    org::{Org, thousands},
    store::{DocumentAt, DocumentOrder, DocumentPlace, SortField},
};

/// How many documents are kept.
const WINDOW: usize = 500;

/// A document in the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentRow {
    /// Its `_id`.
    pub id: Bson,
    /// The value of the field that it is sorted by; `null` where that is the `_id`.
    pub value: Bson,
    /// The same as text: of an `ObjectId`, its digits.
    pub name: String,
    /// The other fields, each with its value, as the table shows them; none of a document that is too large.
    pub cells: Vec<(String, String)>,
    /// The other fields in one line, as far as a wide screen shows them.
    pub line: String,
}

impl DocumentRow {
    /// Where it is in the order in which it was read.
    fn place(&self) -> DocumentPlace {
        DocumentPlace { value: self.value.clone(), id: self.id.clone() }
    }
}

/// Documents that follow each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentRows {
    /// The documents, in the order that was asked for.
    pub rows: Vec<DocumentRow>,
    /// Whether there are more in the direction in which they were read.
    pub more: bool,
    /// Whether no index helps to find what matches, where that is known.
    pub reads_all: bool,
    /// The paths of their fields.
    pub paths: Vec<String>,
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
    /// It follows the selected document, and takes the place of all other rows.
    Behind,
}

/// So many paths are kept in mind.
const PATHS_MOST: usize = 2_000;

/// What a document is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// To edit it.
    Edit,
    /// To edit it in the person's own editor.
    EditOutside,
    /// To insert another one like it.
    Duplicate,
    /// To ask whether it is to be deleted.
    Delete,
}

/// The screens that are wide enough to say of how many documents so many were looked at.
const ROOM_FOR_TOTAL: u16 = 80;

/// What is said of a filter that no index helps.
const READS_ALL: &str = "no index helps this filter: every document is read";

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
    /// How many there were when they were last counted.
    pub(super) counted: Option<u64>,
    /// How many there are without a filter, where that is known.
    pub(super) total: Option<u64>,
    /// How many were looked at so far for the page that is waited for, where the database says so.
    pub(super) looked_at: u64,
    /// The name of a field that is being completed in the filter.
    pub(super) completing: Option<Completion>,
    /// Their number, which is waited for.
    pub counting: Request,
    /// The page that is waited for.
    pub loading: Request,
    /// Whether a page has ever arrived.
    pub loaded: bool,
    /// Why the last page did not arrive.
    pub problem: Option<Notice>,
    /// The selected document, which is waited for to do something with it.
    pub fetching: Request,
    /// The fields of those that were read.
    pub(super) seen: SeenFields,
    /// The column of the table that is selected.
    pub(super) column: usize,
    /// The paths of the fields seen so far, for completion.
    pub(super) paths: BTreeSet<String>,
    /// In which order they are read.
    pub order: DocumentOrder,
    /// What they can be sorted by, once that was asked.
    pub sort_fields: Option<Vec<SortField>>,
    /// That, which is waited for.
    pub sorting: Request,
    /// The document that is open.
    pub open: Option<OpenDocument>,
    /// By how many rows more the selection moves as soon as they are read.
    pub(super) owed: isize,
    /// How the filter that was submitted last is understood, as a query; empty where it is one, or where there is none.
    pub(super) understood: String,
    /// Whether no index helps to find what matches it.
    pub(super) reads_all: bool,
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
            counted: None,
            total: None,
            looked_at: 0,
            completing: None,
            counting: Request::default(),
            loading: Request::default(),
            loaded: false,
            problem: None,
            fetching: Request::default(),
            seen: SeenFields::default(),
            column: 0,
            paths: BTreeSet::new(),
            order: DocumentOrder::default(),
            sort_fields: None,
            sorting: Request::default(),
            open: None,
            owed: 0,
            understood: String::new(),
            reads_all: false,
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
            (Some(open), _) => open.place(),
            (None, true) => Place::DocumentFilter,
            (None, false) => Place::AllDocuments,
        }
    }

    /// Whether leaving was asked for once, while a value that was typed is not saved.
    pub(super) fn leaving(&mut self) -> Option<&mut bool> {
        Some(&mut self.open.as_mut()?.change.as_mut()?.leaving)
    }

    /// The `_id` of the document that is open, or else of the selected one.
    pub(super) fn id(&self) -> Option<Bson> {
        let open = self.open.as_ref().map(|open| &open.id);
        open.or_else(|| Some(&self.rows.get(self.selected)?.id)).cloned()
    }

    /// How the filter is understood, in lines above the documents on a screen that has so many columns and rows.
    #[must_use]
    pub fn understood(&self, width: usize, rows: usize) -> Vec<String> {
        if self.fault.is_some() {
            return Vec::new();
        }
        let mut lines = Vec::new();
        if !self.understood.is_empty() {
            lines = text::folded(&self.understood, width.saturating_sub(2).max(1));
            lines.truncate((rows / 6).clamp(1, 3));
        }
        if self.reads_all && self.is_filtered() {
            lines.push(READS_ALL.to_owned());
        }
        lines
    }

    /// How far the page is that is waited for, on a screen that has so many columns: how many documents were looked at, or
    /// else how many seconds that takes.
    #[must_use]
    pub fn progress(&self, now: SystemTime, width: u16) -> Option<String> {
        let waited = self.loading.shown_wait(now)?.as_secs();
        if self.looked_at == 0 {
            return (waited > 0).then(|| format!("{waited} s"));
        }
        let looked_at = thousands(self.looked_at);
        let total = self.total.filter(|total| *total >= self.looked_at && width >= ROOM_FOR_TOTAL);
        Some(match total {
            Some(total) => format!("{looked_at} of {} searched", thousands(total)),
            None => format!("{looked_at} searched"),
        })
    }

    /// Whether a word without a field was typed, which is looked for among the `_id`s.
    #[must_use]
    pub fn has_bare_word(&self) -> bool {
        let by_id = |filter: &Filter| filter.fields().iter().any(|field| field == "_id");
        let bare = self.wanted.as_ref().is_some_and(by_id);
        bare && !self.understood.is_empty() && !self.filter.text().contains("_id")
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
        let place = |row: Option<&DocumentRow>| row.map(DocumentRow::place);
        match arrival {
            Arrival::First => DocumentAt::First,
            Arrival::Last => DocumentAt::Last,
            Arrival::After => place(self.rows.last()).map_or(DocumentAt::First, DocumentAt::After),
            Arrival::Before => {
                place(self.rows.first()).map_or(DocumentAt::First, DocumentAt::Before)
            }
            Arrival::Again(kept) => {
                let last = kept.checked_sub(1).and_then(|last| self.rows.get(last));
                place(last).map_or(DocumentAt::First, DocumentAt::After)
            }
            Arrival::Behind => {
                place(self.rows.get(self.selected)).map_or(DocumentAt::First, DocumentAt::After)
            }
        }
    }

    /// The page that shows the rows on the screen again as they are now.
    pub(super) fn again(&self) -> Arrival {
        Arrival::Again(self.top.max(usize::from(self.more_before)))
    }

    /// The `_id`s of the selected one and of those that follow it.
    fn selected_and_after(&self) -> Vec<Bson> {
        self.rows.iter().skip(self.selected).map(|row| row.id.clone()).collect()
    }

    /// Whether the rows that are read again end before the selected one, since others were inserted before it.
    pub(super) fn lost_from_sight(&self, page: &DocumentRows) -> bool {
        let Arrival::Again(kept) = self.arrival else { return false };
        let reaches = |id: &Bson| page.rows.iter().any(|row| row.id == *id);
        page.more && self.selected >= kept && !self.selected_and_after().iter().any(reaches)
    }

    /// Takes their number. Where others came or went, it is no longer known how many are before the first row, unless
    /// that one was read again as well.
    pub(super) fn has_counted(&mut self, number: Option<u64>) {
        let keeps_first = self.more_before || self.top > 0;
        if keeps_first && self.counted.is_some_and(|counted| Some(counted) != number) {
            (self.before, self.more_before) = (None, true);
        }
        (self.count, self.counted) = (number, number);
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
    pub(super) fn arrived(&mut self, page: DocumentRows) {
        let DocumentRows { rows, more, reads_all, paths } = page;
        self.loaded = true;
        self.seen.add(&rows);
        let room = PATHS_MOST.saturating_sub(self.paths.len());
        self.paths.extend(paths.into_iter().take(room));
        match self.arrival {
            Arrival::First | Arrival::Last => self.reads_all = reads_all,
            Arrival::After | Arrival::Before | Arrival::Again(_) | Arrival::Behind => {}
        }
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
                let behind = self.selected_and_after();
                self.rows.truncate(kept);
                self.rows.extend(rows);
                self.more_after = more;
                // The selected one, or where it is gone the next one that is still there.
                let at = |id: &Bson| self.rows.iter().position(|row| row.id == *id);
                self.selected = behind.iter().find_map(at).unwrap_or(self.selected);
            }
            Arrival::Behind => {
                self.rows = self.rows.drain(..).skip(self.selected).take(1).chain(rows).collect();
                // Those before it are read as well, now that it is the first one.
                (self.more_before, self.more_after) = (true, more);
                (self.selected, self.top, self.before) = (0, 0, None);
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
