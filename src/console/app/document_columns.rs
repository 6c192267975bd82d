//! The documents as a table: which fields are its columns, in which order, and how wide.
//!
//! Columns come from what was read, the most frequent fields first. What a person has set up by hand comes before, and is
//! kept for the next time; it is by the names of fields, since organizations of one service have the same.

use super::{App, DocumentRow, Documents, Effect, Notice, Severity};
use crate::{
    console::text,
    keymap::{Command, DocumentCommand, TableCommand},
    org::escaped_short,
};

/// So many different fields are kept in mind.
const SEEN_MOST: usize = 200;
/// So many columns that were set up are kept.
const KEPT_MOST: usize = 100;
/// The cells of a column: at least, at most by itself, and at most by hand.
const NARROWEST: u16 = 4;
const WIDE: u16 = 35;
const WIDEST: u16 = 80;
/// By how many cells a key changes that.
const STEP: u16 = 4;
/// The space between columns.
pub const COLUMN_GAP: u16 = 2;

/// A column that was set up by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldColumn {
    /// The field, as it is shown.
    pub field: String,
    /// How many cells it has; none where that is as its values need.
    pub width: Option<u16>,
    /// Whether it does not show.
    pub hidden: bool,
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// The field, as it is shown.
    pub field: String,
    /// Its cells.
    pub width: u16,
}

/// The fields of the documents that were read.
#[derive(Debug, Default)]
pub(super) struct SeenFields(Vec<SeenField>);

#[derive(Debug)]
struct SeenField {
    name: String,
    count: usize,
    widest: usize,
}

impl SeenFields {
    pub(super) fn add(&mut self, rows: &[DocumentRow]) {
        for (number, (name, value)) in rows.iter().flat_map(|row| row.cells.iter().enumerate()) {
            // Almost always it stands where it stood in the last document.
            let here = self.0.get(number).is_some_and(|seen| seen.name == *name);
            let at =
                if here { Some(number) } else { self.0.iter().position(|seen| seen.name == *name) };
            let widest = text::width(value);
            if let Some(seen) = at.and_then(|at| self.0.get_mut(at)) {
                seen.count += 1;
                seen.widest = seen.widest.max(widest);
            } else if self.0.len() < SEEN_MOST {
                let widest = widest.max(text::width(name));
                self.0.push(SeenField { name: name.clone(), count: 1, widest });
            }
        }
    }

    /// All columns: first those that were set up, then the others, the most frequent ones first.
    fn columns(&self, kept: &[FieldColumn]) -> Vec<FieldColumn> {
        let is_seen = |column: &&FieldColumn| self.0.iter().any(|seen| seen.name == column.field);
        let mut columns: Vec<FieldColumn> = kept.iter().filter(is_seen).cloned().collect();
        let mut others: Vec<&SeenField> =
            self.0.iter().filter(|seen| kept.iter().all(|kept| kept.field != seen.name)).collect();
        others.sort_by_key(|seen| std::cmp::Reverse(seen.count));
        columns.extend(others.into_iter().map(|seen| FieldColumn {
            field: seen.name.clone(),
            width: None,
            hidden: false,
        }));
        columns
    }

    fn width(&self, column: &FieldColumn) -> u16 {
        let widest =
            self.0.iter().find(|seen| seen.name == column.field).map_or(0, |seen| seen.widest);
        let own = || u16::try_from(widest).unwrap_or(WIDE).clamp(NARROWEST, WIDE);
        column.width.map_or_else(own, |width| width.clamp(NARROWEST, WIDEST))
    }
}

impl Documents {
    /// The columns that show, where these were set up by hand, and which of them is selected.
    #[must_use]
    pub fn columns(&self, kept: &[FieldColumn]) -> (Vec<TableColumn>, usize) {
        let shown = self.seen.columns(kept).into_iter().filter(|column| !column.hidden);
        let columns: Vec<TableColumn> = shown
            .map(|column| TableColumn { width: self.seen.width(&column), field: column.field })
            .collect();
        let selected = self.column.min(columns.len().saturating_sub(1));
        (columns, selected)
    }
}

/// The first column that shows where there is room for so many cells and the selected one has to be seen.
#[must_use]
pub fn first_column(columns: &[TableColumn], selected: usize, room: u16) -> usize {
    let mut left = room;
    let before = columns.iter().take(selected + 1).rev().take_while(|column| {
        let fits = left >= column.width;
        left = left.saturating_sub(column.width + COLUMN_GAP);
        fits
    });
    (selected + 1).saturating_sub(before.count().max(1))
}

impl App {
    /// Switches between table and list, or sets up the table.
    pub(super) fn table_command(&mut self, command: TableCommand) -> Vec<Effect> {
        if command == TableCommand::Toggle {
            self.kept.table = !self.kept.table;
            return Vec::new();
        }
        let table = Command::Document(DocumentCommand::Table(TableCommand::Toggle));
        let table = self.keymap.how(table);
        if !self.kept.table {
            let what = format!("press {table} to show the documents as a table");
            self.say(Severity::Warning, Notice::plain(what));
            return Vec::new();
        }
        let kept = std::mem::take(&mut self.kept.columns);
        let (now, said) = match self.browsed() {
            Some(documents) => documents.set_up(&kept, command),
            None => (None, None),
        };
        self.kept.columns = now.unwrap_or(kept);
        if let Some(field) = said {
            let reset = Command::Document(DocumentCommand::Table(TableCommand::Reset));
            let help = format!("press {} to show all columns again", self.keymap.how(reset));
            let what = format!("the {} column is hidden", escaped_short(&field, 40));
            self.say(Severity::Success, Notice { what, help });
        }
        Vec::new()
    }
}

impl Documents {
    /// What is kept of the columns from now on, where that changes, and which one was hidden.
    fn set_up(
        &mut self,
        kept: &[FieldColumn],
        command: TableCommand,
    ) -> (Option<Vec<FieldColumn>>, Option<String>) {
        let mut all = self.seen.columns(kept);
        let shown: Vec<usize> = (0..all.len()).filter(|at| !all[*at].hidden).collect();
        let last = shown.len().saturating_sub(1);
        self.column = self.column.min(last);
        let Some(at) = shown.get(self.column).copied() else {
            return ((command == TableCommand::Reset).then(Vec::new), None);
        };
        let width = self.seen.width(&all[at]);
        let mut hidden = None;
        match command {
            TableCommand::Toggle => return (None, None),
            TableCommand::Next => {
                self.column = (self.column + 1).min(last);
                return (None, None);
            }
            TableCommand::Previous => {
                self.column = self.column.saturating_sub(1);
                return (None, None);
            }
            TableCommand::Reset => {
                self.column = 0;
                return (Some(Vec::new()), None);
            }
            TableCommand::Narrow => all[at].width = Some(width.saturating_sub(STEP).max(NARROWEST)),
            TableCommand::Widen => all[at].width = Some((width + STEP).min(WIDEST)),
            TableCommand::Hide => {
                all[at].hidden = true;
                hidden = Some(all[at].field.clone());
            }
            TableCommand::MoveLeft | TableCommand::MoveRight => {
                let to = if command == TableCommand::MoveLeft {
                    self.column.checked_sub(1)
                } else {
                    Some(self.column + 1)
                };
                let Some((to, place)) = to.and_then(|to| Some((to, *shown.get(to)?))) else {
                    return (None, None);
                };
                let moved = all.remove(at);
                all.insert(place, moved);
                self.column = to;
            }
        }
        // Those of other organizations stay.
        let elsewhere = kept.iter().filter(|kept| all.iter().all(|one| one.field != kept.field));
        let elsewhere: Vec<FieldColumn> = elsewhere.cloned().collect();
        all.extend(elsewhere);
        all.truncate(KEPT_MOST);
        (Some(all), hidden)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(&str, &str)]) -> DocumentRow {
        let cells = cells.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        DocumentRow { cells, ..DocumentRow::default() }
    }

    fn column(field: &str, width: u16) -> TableColumn {
        TableColumn { field: field.to_owned(), width }
    }

    #[test]
    fn columns_are_the_most_frequent_fields_and_as_wide_as_their_values() {
        let mut seen = SeenFields::default();
        seen.add(&[
            row(&[("rare", "1"), ("number", "\"R-1\"")]),
            row(&[("number", "\"R-1000\""), ("total", "5")]),
            row(&[("total", &"x".repeat(60))]),
        ]);
        let names = |kept: &[FieldColumn]| -> Vec<(String, u16)> {
            let all = seen.columns(kept);
            all.iter().map(|column| (column.field.clone(), seen.width(column))).collect()
        };
        let pair = |name: &str, width| (name.to_owned(), width);
        assert_eq!(names(&[]), [pair("number", 8), pair("total", WIDE), pair("rare", NARROWEST)]);
        // What was set up comes first, where the documents have it.
        let kept =
            |field: &str, width| FieldColumn { field: field.to_owned(), width, hidden: false };
        let kept = [kept("absent", None), kept("rare", Some(200))];
        assert_eq!(names(&kept), [pair("rare", WIDEST), pair("number", 8), pair("total", WIDE)]);
    }

    #[test]
    fn the_selected_column_is_always_seen() {
        let columns = [column("a", 10), column("b", 10), column("c", 20), column("d", 10)];
        assert_eq!(first_column(&columns, 0, 5), 0);
        assert_eq!(first_column(&columns, 1, 22), 0);
        assert_eq!(first_column(&columns, 1, 21), 1);
        assert_eq!(first_column(&columns, 2, 22), 2);
        assert_eq!(first_column(&columns, 3, 44), 1);
        assert_eq!(first_column(&columns, 3, 3), 3);
        assert_eq!(first_column(&[], 0, 3), 0);
    }
}
