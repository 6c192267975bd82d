//! Which organizations are selected, and how: one by one, so many from the cursor on, all between two rows, or all
//! that match the filter.

use std::collections::{BTreeMap, HashMap, HashSet};

use bson::oid::ObjectId;

use super::{App, Effect, Generation, List, Notice, Pane, Severity, cancel, organizations};
use crate::{
    keymap::{Command, Motion},
    org::{Org, OrgState},
    tenancy::Result,
};

/// The selected organizations: those that were picked, or all that match the filter but for those.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Whether all are selected but for the picked.
    all: bool,
    /// The picked, as they were read last, in the order they were picked.
    orgs: BTreeMap<u64, Org>,
    numbers: HashMap<ObjectId, u64>,
    last: u64,
}

impl Selection {
    /// Whether it is one of them.
    #[must_use]
    pub fn contains(&self, org: ObjectId) -> bool {
        self.numbers.contains_key(&org) != self.all
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.all && self.orgs.is_empty()
    }

    /// What all that match the filter are selected without; none where only the picked are.
    #[must_use]
    pub fn filtered(&self) -> Option<Filtered> {
        self.all.then(|| Filtered { without: self.numbers.keys().copied().collect() })
    }

    /// How many were picked.
    #[must_use]
    pub fn picked(&self) -> usize {
        self.orgs.len()
    }

    /// The picked.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Org> + Clone {
        self.orgs.values()
    }

    /// Selects one.
    pub fn add(&mut self, org: &Org) {
        if self.contains(org.id) {
            return;
        }
        self.toggle(org);
    }

    /// Selects one, or deselects it.
    pub fn toggle(&mut self, org: &Org) {
        if let Some(number) = self.numbers.remove(&org.id) {
            self.orgs.remove(&number);
        } else {
            self.last += 1;
            self.numbers.insert(org.id, self.last);
            self.orgs.insert(self.last, org.clone());
        }
    }

    /// The picked, as far as it is known whether they have left the list: of all that match a filter nothing is.
    fn ids(&self) -> Vec<ObjectId> {
        if self.all { Vec::new() } else { self.numbers.keys().copied().collect() }
    }

    /// What one was picked for is done, or it has left the list.
    pub fn remove(&mut self, org: ObjectId) {
        if !self.all
            && let Some(number) = self.numbers.remove(&org)
        {
            self.orgs.remove(&number);
        }
    }

    /// Selects what is not selected of all that match the filter, and deselects what is.
    pub fn invert(&mut self) {
        self.all = !self.all;
    }

    /// Deselects all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What is done to the selected organizations is done to them as they are now.
    pub fn follow(&mut self, org: &Org) {
        let number = self.numbers.get(&org.id);
        if let Some(other) = number.and_then(|number| self.orgs.get_mut(number)) {
            other.clone_from(org);
        }
    }
}

/// All that match the filter, but for these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filtered {
    /// What is not selected.
    pub without: HashSet<ObjectId>,
}

/// The rows from one to the cursor, while they are being chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where it began.
    anchor: ObjectId,
    /// Whether it lasts only as long as shift is held.
    held: bool,
}

impl List {
    /// The first and the last row of the range; none where there is none.
    #[must_use]
    pub fn range_rows(&self) -> Option<(usize, usize)> {
        let anchor = self.range?.anchor;
        let at = self.rows.iter().position(|org| org.id == anchor)?;
        Some((at.min(self.selected), at.max(self.selected)))
    }

    /// How many were picked, those in the range too.
    #[must_use]
    pub fn selection_count(&self) -> usize {
        let range = self.range_rows().map_or(&[][..], |(from, to)| &self.rows[from..=to]);
        let added = range.iter().filter(|org| !self.selection.contains(org.id)).count();
        self.selection.picked() + added
    }

    /// Begins a range at the cursor, where none is begun.
    fn begin_range(&mut self, held: bool) {
        if self.range.is_none() {
            self.range = self.selected().map(|org| Range { anchor: org.id, held });
        }
    }

    /// The rows of the range stay selected, and it ends.
    pub(super) fn keep_range(&mut self) {
        if let Some((from, to)) = self.range_rows() {
            for org in &self.rows[from..=to] {
                self.selection.add(org);
            }
        }
        self.range = None;
    }

    /// Whether anything is selected.
    #[must_use]
    pub fn has_selection(&self) -> bool {
        !self.selection.is_empty() || self.range.is_some()
    }

    /// Whether one that is selected is active, as far as that was read.
    #[must_use]
    pub fn selects_active(&self) -> bool {
        let mut picked = self.selection.iter();
        self.selection.all || picked.any(|org| org.state == OrgState::Active)
    }

    /// Leaves the range, or where there is none, the selection; whether there was any.
    pub(super) fn leave_selection(&mut self) -> bool {
        let range = self.range.take().is_some();
        let some = range || !self.selection.is_empty();
        if !range {
            self.selection.clear();
        }
        some
    }

    /// Another filter: what was selected by the one before is not any more.
    pub(super) fn leave_filtered_selection(&mut self) {
        if self.selection.all {
            self.selection.clear();
        }
    }

    /// Deselects all.
    pub(super) fn clear_selection(&mut self) {
        self.range = None;
        self.selection.clear();
    }

    /// Whatever else is done: shift is no longer held.
    pub(super) fn release_range(&mut self) {
        if self.range.is_some_and(|range| range.held) {
            self.keep_range();
        }
    }

    /// Extends the range to this row with shift held; the cursor goes there.
    pub(super) fn extend_range_to(&mut self, row: usize) {
        self.begin_range(true);
        self.selected = row;
    }

    /// Selects so many from the cursor on, which goes to the next one; on as soon as more is read.
    fn select_next(&mut self, count: usize) {
        let to = self.selected.saturating_add(count).min(self.rows.len());
        for org in &self.rows[self.selected.min(to)..to] {
            self.selection.add(org);
        }
        self.to_select = count.saturating_sub(to.saturating_sub(self.selected));
        if to == self.rows.len() && self.to_select == 0 {
            self.owed = isize::from(self.more_after);
        }
        self.selected = to.min(self.rows.len().saturating_sub(1));
    }

    /// Goes on with that, now that there is more behind the cursor.
    pub(super) fn select_on(&mut self) {
        let left = std::mem::take(&mut self.to_select);
        if left > 0 && self.selected + 1 < self.rows.len() {
            self.selected += 1;
            self.select_next(left);
        }
    }
}

impl App {
    /// Does what selects.
    pub(super) fn select_by(&mut self, command: Command) {
        if self.list.rows.is_empty() && self.list.problem.is_some() {
            // The list failed to load, so there is nothing to select.
            return;
        }
        if let Command::Extend(motion) = command {
            self.extend_range(motion);
        } else if command == Command::SelectAll {
            self.list.clear_selection();
            self.list.selection.invert();
        } else if command == Command::InvertSelection {
            self.list.keep_range();
            self.list.selection.invert();
        } else if self.list.range.is_some() {
            self.list.keep_range();
        } else if command == Command::SelectRange {
            self.list.begin_range(false);
        } else {
            self.select();
        }
    }

    /// Selects the organization under the cursor, or deselects it, and goes on to the next; with a count,
    /// selects so many.
    fn select(&mut self) {
        let count = usize::try_from(self.count.times).unwrap_or(usize::MAX);
        if count > 0 {
            self.list.select_next(count);
            return;
        }
        // A key that is held must not deselect it again while the next rows are being read.
        if self.list.more_after && self.list.selected + 1 == self.list.rows.len() {
            return;
        }
        if let Some(org) = self.list.selected().cloned() {
            self.list.selection.toggle(&org);
            self.list.move_by(1);
        }
    }

    /// Moves the cursor and selects what it passes.
    fn extend_range(&mut self, motion: Motion) {
        let Some(areas) = self.areas() else { return };
        self.list.begin_range(true);
        self.list.move_by(self.steps(motion, areas.list_rows()));
    }

    /// Asks which of the selected organizations have left the list: another console, or a job that was cancelled, may
    /// have moved them.
    pub(super) fn find_gone(&mut self) -> Vec<Effect> {
        let ids = self.list.selection.ids();
        if ids.is_empty() {
            return Vec::new();
        }
        let generation = self.next();
        let mut effects = cancel(self.list.finding_gone.begin(generation, self.now));
        effects.push(Effect::FindGone(generation, self.list.scope, ids));
        effects
    }

    /// Deselects those, and says how many they are.
    pub(super) fn deselect_gone(
        &mut self,
        generation: Generation,
        result: Result<Vec<ObjectId>>,
    ) -> Vec<Effect> {
        let (true, Ok(gone)) = (self.list.finding_gone.answered(generation), result) else {
            return Vec::new();
        };
        let picked = self.list.selection.picked();
        for org in gone {
            self.list.selection.remove(org);
        }
        let count = picked - self.list.selection.picked();
        if count == 0 {
            return Vec::new();
        }
        let before = self.list.deselected.take().filter(|(_, said)| self.shows(said));
        let count = before.as_ref().map_or(0, |(before, _)| *before) + count;
        let list = self.list.scope_word();
        let (are, were) = if count == 1 { ("is", "it was") } else { ("are", "they were") };
        let what = format!("{} {are} no longer in the {list}", organizations(count));
        let said = Notice { what, help: format!("{were} deselected") };
        self.say_instead(before.as_ref().map(|(_, said)| said), said.clone());
        self.list.deselected = Some((count, said));
        Vec::new()
    }

    /// A motion would go beyond what is read, with a range begun.
    pub(super) fn say_range_ends(&mut self) {
        let what = "the range cannot reach rows that are not loaded".to_owned();
        let (down, up) = (Motion::PageDown, Motion::PageUp);
        let how = |motion| self.keymap.how(Command::Move(motion));
        let help = format!("move there with {} and {}", how(down), how(up));
        self.say(Severity::Warning, Notice { what, help });
    }

    /// Whether what is done here is done to the selected organizations.
    #[must_use]
    pub fn has_selection(&self) -> bool {
        self.pane == Pane::List && self.list.has_selection()
    }
}
