//! A window of the audit log's entries around the selected one, read by their numbers.
//!
//! Never the whole log: pages are read ahead in both directions as the selection nears an end of the window, and the
//! far end is let go.

use super::{
    TextField,
    field::{Notice, Request},
};
use crate::{
    keymap::Place,
    store::{AuditAt, AuditFilter, FilterFault, Head},
    tenancy::{AuditPage, NumberedEntry},
};

/// How many entries are kept.
const WINDOW: usize = 500;

/// What to do with the page that is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is the newest, and this number stays selected.
    #[default]
    Newest,
    /// It is the newest, and the entry with this number stays selected.
    Kept(i64),
    /// It is the oldest.
    Oldest,
    /// It begins with the entry of the first number; that of the second stays selected.
    From(i64, i64),
    /// It follows the window.
    Older,
    /// It precedes the window.
    Newer,
}

impl Arrival {
    /// From where it is read, and in which order.
    pub(super) fn at(self, rows: &[NumberedEntry]) -> AuditAt {
        match self {
            Self::Newest | Self::Kept(_) => AuditAt::Newest,
            Self::Oldest => AuditAt::After(i64::MIN),
            Self::From(first, _) => AuditAt::Before(first.saturating_add(1)),
            Self::Older => rows.last().map_or(AuditAt::Newest, |row| AuditAt::Before(row.number)),
            Self::Newer => rows.first().map_or(AuditAt::Newest, |row| AuditAt::After(row.number)),
        }
    }
}

/// The audit log, as far as it is looked at.
#[derive(Debug, Default)]
pub struct Audit {
    /// What is shown only.
    pub filter: TextField,
    /// Whether the filter is being typed.
    pub typing: bool,
    /// Why it cannot be understood.
    pub fault: Option<FilterFault>,
    /// The entries that were read, the newest first.
    pub rows: Vec<NumberedEntry>,
    /// The selected one.
    pub selected: usize,
    /// The first one on the screen.
    pub top: usize,
    /// The last entry of the whole log.
    pub head: Option<Head>,
    /// The number of the last entry there is, as far as changes are followed.
    pub(super) newest: i64,
    /// The same when the log was last read for it, or was refreshed.
    pub(super) followed: i64,
    /// The page that is waited for.
    pub loading: Request,
    /// Whether a page has ever arrived.
    pub loaded: bool,
    /// Why the last page did not arrive.
    pub problem: Option<Notice>,
    /// The entry that is open, and its first line on the screen.
    pub open: Option<(NumberedEntry, usize)>,
    /// By how many rows more the selection moves as soon as they are read.
    pub(super) owed: isize,
    /// What entries must be like, as it was understood last.
    pub(super) wanted: AuditFilter,
    /// What to do with the page that is waited for.
    pub(super) arrival: Arrival,
    /// Whether newer ones precede the rows, and older ones follow them.
    pub(super) more_newer: bool,
    pub(super) more_older: bool,
    /// Whether the rows are those of an earlier filter.
    pub(super) stale: bool,
}

impl Audit {
    /// Where its keys are in the table of commands.
    #[must_use]
    pub(super) fn place(&self) -> Place {
        match (&self.open, self.typing) {
            (Some(_), _) => Place::AuditEntry,
            (None, true) => Place::AuditFilter,
            (None, false) => Place::AuditLog,
        }
    }

    /// Whether something is typed to filter by.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.filter.text().trim().is_empty()
    }

    /// How many entries are newer than what was read of the log.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        let read = self.head.as_ref().map_or(self.newest, |head| head.number.max(self.followed));
        u64::try_from(self.newest.saturating_sub(read)).unwrap_or(0)
    }

    /// Whether new entries show by themselves: the cursor is on the newest, and nothing is typed or open.
    pub(super) fn follows(&self) -> bool {
        let at_top = self.selected == 0 && !self.more_newer && !self.typing && self.open.is_none();
        let reads = self.loading.is_waiting() || self.problem.is_some() || self.fault.is_some();
        at_top && self.loaded && !reads && self.unseen() > 0
    }

    /// Moves the selection by some rows: within the window at once, and on as soon as more is read.
    pub(super) fn move_by(&mut self, rows: isize) {
        let before = self.selected;
        let last = self.rows.len().saturating_sub(1);
        self.selected = before.saturating_add_signed(rows).min(last);
        if if rows > 0 { self.more_older } else { self.more_newer } {
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
        if self.loading.is_waiting() || self.problem.is_some() || self.fault.is_some() {
            return None;
        }
        if self.more_older && self.selected + 2 * height >= self.rows.len() {
            return Some(Arrival::Older);
        }
        let first = self.rows.first().filter(|_| self.more_newer && self.selected < 2 * height)?;
        // Behind a number that no program of ours gives, all would come.
        Some(if first.number > 0 { Arrival::Newer } else { Arrival::Kept(first.number) })
    }

    /// The page that shows the window again as it stands.
    pub(super) fn again(&self) -> Arrival {
        let rows = (self.rows.get(self.top), self.rows.get(self.selected));
        match rows {
            // Who looks at the newest wants to see what is newer by now.
            (Some(_), Some(_)) if self.selected == 0 && !self.more_newer => Arrival::Newest,
            (Some(_), Some(selected)) if self.top == 0 && !self.more_newer => {
                Arrival::Kept(selected.number)
            }
            (Some(top), Some(selected)) => Arrival::From(top.number, selected.number),
            (None, _) | (_, None) => Arrival::Newest,
        }
    }

    /// Takes the page that was waited for.
    pub(super) fn arrived(&mut self, mut page: AuditPage, head: Option<Head>) {
        self.loaded = true;
        self.stale = false;
        self.head = head.or(self.head.take());
        let more = page.more;
        if matches!(self.arrival, Arrival::Oldest | Arrival::Newer) {
            page.entries.reverse();
        }
        match self.arrival {
            Arrival::Newest | Arrival::Kept(_) | Arrival::Oldest | Arrival::From(..) => {
                let place = self.selected.saturating_sub(self.top);
                self.rows = page.entries;
                self.more_newer = match self.arrival {
                    Arrival::From(..) => true,
                    Arrival::Oldest => more,
                    Arrival::Newest | Arrival::Kept(_) | Arrival::Older | Arrival::Newer => false,
                };
                self.more_older = more && self.arrival != Arrival::Oldest;
                self.top = 0;
                self.selected = match self.arrival {
                    Arrival::Kept(number) | Arrival::From(_, number) => {
                        self.rows.iter().position(|row| row.number == number).unwrap_or(place)
                    }
                    Arrival::Oldest => self.rows.len().saturating_sub(1),
                    Arrival::Newest | Arrival::Older | Arrival::Newer => 0,
                };
            }
            Arrival::Older => {
                self.rows.extend(page.entries);
                self.more_older = more;
                let excess = self.rows.len().saturating_sub(WINDOW).min(self.top);
                if excess > 0 {
                    self.rows.drain(..excess);
                    self.selected -= excess;
                    self.top -= excess;
                    self.more_newer = true;
                }
            }
            Arrival::Newer => {
                let arrived = page.entries.len();
                self.rows.splice(0..0, page.entries);
                self.selected += arrived;
                self.top += arrived;
                self.more_newer = more;
                if self.rows.len() > WINDOW {
                    self.rows.truncate(WINDOW.max(self.selected + 1));
                    self.more_older = true;
                }
            }
        }
        let owed = std::mem::take(&mut self.owed);
        if self.arrival != Arrival::Oldest {
            self.move_by(owed);
        }
    }

    /// The page did not arrive: what shows must not look like what was asked for.
    pub(super) fn failed(&mut self, problem: Notice) {
        if self.stale {
            self.rows.clear();
            (self.more_newer, self.more_older) = (false, false);
        }
        self.problem = Some(problem);
    }
}
