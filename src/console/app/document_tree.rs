//! One document as a tree that folds.

use std::fmt;

use bson::Bson;

use super::{
    App, Effect, Extent, Generation, Notice, Request, Severity, document_value::ValueChange,
    document_window::DocumentRow,
};
use crate::{
    document::{self, Fold, Path, RawValue, Step, Tree, WriteError},
    keymap::{Command, DocumentCommand, Motion, Place},
    tenancy::{Error, Result},
};

/// The most bytes of text that are made for the clipboard: more than any terminal takes.
const COPIED_MOST: usize = 256 * 1024;
/// The longest value that is changed on one line, in bytes: each of its characters fits in the field.
const VALUE_MOST: usize = 1000;

/// How many rows below a field stay free for what is wrong with it.
const BELOW_FIELD: usize = 3;

/// How many characters of a value are shown at most where it is shown whole.
pub const VIEWED_MOST: usize = 50_000;

/// A document that is open.
#[derive(Debug, Default)]
pub struct OpenDocument {
    /// Its `_id`: whatever row is selected below it meanwhile, this is the one that is read again and written.
    pub id: Bson,
    /// The same as text.
    pub name: String,
    /// Its rows; none until it was read.
    pub tree: Option<Tree>,
    /// The selected row.
    pub selected: usize,
    /// The first row on the screen.
    pub top: usize,
    /// The value of the selected row, while it is being changed.
    pub change: Option<ValueChange>,
    /// The value of the selected row, while it is shown whole.
    pub viewed: Option<ViewedValue>,
    /// The document, which is waited for.
    pub reading: Request,
    /// Why it could not be read.
    pub problem: Option<Notice>,
    /// Whether it was deleted while a value of it is being typed: what shows is as old as it was, and what is typed is
    /// inserted with it.
    pub(super) gone: bool,
}

/// A value that is shown whole.
#[derive(Debug)]
pub struct ViewedValue {
    /// Where it is.
    pub path: String,
    /// It in shell syntax, a line for each of its lines.
    pub lines: Vec<String>,
    /// How many bytes it has, where only the beginning of it is shown.
    pub cut: Option<usize>,
    /// The first row on the screen, of those that its lines need.
    pub top: usize,
}

impl ViewedValue {
    fn new(path: &Path, value: RawValue) -> Self {
        let text = value.brief(VIEWED_MOST);
        // What is whole ends in a quote, a bracket, a letter or a digit.
        let cut = text.ends_with('…').then_some(value.bytes().len());
        let (mut lines, mut line) = (Vec::new(), String::new());
        let mut escapes = false;
        for character in text.chars() {
            line.push(character);
            if escapes && character == 'n' {
                lines.push(std::mem::take(&mut line));
            }
            escapes = character == '\\' && !escapes;
        }
        lines.push(line);
        Self { path: path.to_string(), lines, cut, top: 0 }
    }
}

/// What enter does with the selected row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAction {
    /// Shows what is in it.
    Unfold,
    /// Shows it no longer.
    Fold,
    /// Changes its value.
    Change,
}

impl OpenDocument {
    /// One that is yet to be read.
    pub(super) fn new(row: &DocumentRow) -> Self {
        Self { id: row.id.clone(), name: row.name.clone(), ..Self::default() }
    }

    /// Where its keys are in the table of commands.
    pub(super) fn place(&self) -> Place {
        if self.change.is_some() { Place::DocumentValue } else { Place::OneDocument }
    }

    /// What enter does with the selected row; none where it does nothing.
    #[must_use]
    pub fn action(&self) -> Option<RowAction> {
        Some(match self.fold()? {
            Fold::Leaf if self.is_in_id() || self.typed_value().is_none() => return None,
            Fold::Leaf => RowAction::Change,
            Fold::Folded => RowAction::Unfold,
            Fold::Unfolded => RowAction::Fold,
        })
    }

    /// Whether the selected row is the `_id`, or in it: that cannot be changed.
    pub(super) fn is_in_id(&self) -> bool {
        let path = self.tree.as_ref().and_then(|tree| tree.path(self.selected));
        path.is_some_and(
            |path| matches!(path.steps()[..], [Step::Key { key, .. }, ..] if **key == *b"_id"),
        )
    }

    /// The value of the selected row as it is typed, where that fits on one line.
    pub(super) fn typed_value(&self) -> Option<String> {
        let value = self.tree.as_ref()?.value(self.selected)?;
        let short = value.bytes().len() <= 2 * VALUE_MOST;
        short.then(|| at_most(VALUE_MOST, |out| value.one_line(out)))?
    }

    fn fold(&self) -> Option<Fold> {
        Some(self.tree.as_ref()?.rows(self.selected, 1, 0).first()?.fold)
    }

    /// Every request it may be waiting for.
    pub(super) fn requests(&mut self) -> Vec<&mut Request> {
        let checking = self.change.as_mut().map(|change| &mut change.checking);
        [&mut self.reading].into_iter().chain(checking).collect()
    }

    /// Whether something is waited for.
    pub(super) fn is_waiting(&self) -> bool {
        let checking = self.change.as_ref().is_some_and(|change| change.checking.is_waiting());
        checking || self.reading.is_waiting()
    }

    /// Brings the selected row onto a screen of `height` rows.
    pub(super) fn scroll(&mut self, height: usize) {
        let Some(tree) = &self.tree else { return };
        let below = if self.change.is_some() { BELOW_FIELD } else { 0 };
        let height = height.max(1);
        self.selected = self.selected.min(tree.len().saturating_sub(1));
        let least = (self.selected + 1).saturating_sub(height.saturating_sub(below).max(1));
        self.top = self.top.clamp(least, self.selected.max(least));
        // No empty rows below while there are some above.
        self.top = self.top.min((tree.len() + below).saturating_sub(height).max(least));
    }

    /// Takes the document as it is now: what was unfolded and selected stays so, as far as it is still there.
    fn arrived(&mut self, tree: Tree) {
        (self.problem, self.gone) = (None, false);
        let Some(before) = &self.tree else {
            self.tree = Some(tree);
            return;
        };
        if before.document() == tree.document() {
            // What was folded since it was asked for stays so too.
            return;
        }
        let own = self.change.as_ref().map(|change| change.path.clone());
        let path = own.or_else(|| before.path(self.selected));
        let row = path.as_ref().and_then(|path| tree.row(path));
        self.viewed = None;
        // It stays in the same place of the screen.
        let above = self.selected.saturating_sub(self.top);
        self.selected = row.unwrap_or(self.selected);
        self.top = self.selected.saturating_sub(above);
        if let Some(change) = &mut self.change {
            change.compare(before, &tree);
        }
        self.tree = Some(tree);
    }

    /// Shows the value of the selected row whole, or no longer.
    fn view(&mut self) {
        let shown = self.viewed.take().is_some();
        let Some(tree) = self.tree.as_ref().filter(|_| !shown) else { return };
        let (path, value) = (tree.path(self.selected), tree.value(self.selected));
        self.viewed = path.zip(value).map(|(path, value)| ViewedValue::new(&path, value));
    }

    /// Folds or unfolds the selected row; whether it is one that folds.
    fn toggle(&mut self) -> bool {
        let row = self.selected;
        self.tree.as_mut().is_some_and(|tree| tree.toggle(row))
    }

    /// Shows what is in the selected row; where that shows, goes into it.
    fn unfold(&mut self) {
        match self.fold() {
            Some(Fold::Folded) => {
                self.toggle();
            }
            Some(Fold::Unfolded) => self.selected += 1,
            Some(Fold::Leaf) | None => {}
        }
    }

    /// Folds the selected row; where there is nothing to fold, goes to what it is in.
    fn fold_or_leave(&mut self) {
        if self.fold() == Some(Fold::Unfolded) {
            self.toggle();
        } else if let Some(parent) = self.tree.as_ref().and_then(|tree| tree.parent(self.selected))
        {
            self.selected = parent;
        }
    }

    /// Folds or unfolds everything; the selection stays on its row, or what that is folded into.
    fn fold_all(&mut self, fold: fn(&mut Tree)) {
        let Some(tree) = &mut self.tree else { return };
        let path = tree.path(self.selected);
        fold(tree);
        self.selected = path.and_then(|path| tree.row(&path)).unwrap_or(0);
    }
}

/// Text that takes no more when it has so many bytes.
pub(super) struct Short {
    text: String,
    most: usize,
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.len() + text.len() > self.most {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

/// What is written, where it has no more than so many bytes.
pub(super) fn at_most(
    most: usize,
    write: impl FnOnce(&mut Short) -> std::result::Result<(), WriteError>,
) -> Option<String> {
    let mut short = Short { text: String::new(), most };
    write(&mut short).ok().map(|()| short.text)
}

impl App {
    /// The document that is open.
    pub(super) fn opened(&mut self) -> Option<&mut OpenDocument> {
        self.browsed()?.open.as_mut()
    }

    /// Does what is of the tree; none where that is not.
    pub(super) fn tree_command(&mut self, command: Command) -> Option<Vec<Effect>> {
        let changing = self.opened()?.change.is_some();
        let viewing = self.opened()?.viewed.is_some();
        if let Command::Move(motion) = command {
            if viewing {
                self.move_in_value(motion);
            } else {
                self.move_in_tree(motion);
            }
        } else if changing && matches!(command, Command::Accept | Command::Submit) {
            return Some(self.check_value());
        } else if command == Command::Open {
            return Some(self.open_row());
        } else if let Command::Document(command) = command {
            let open = self.opened()?;
            match command {
                DocumentCommand::View => open.view(),
                // The tree does not show.
                DocumentCommand::Toggle
                | DocumentCommand::Unfold
                | DocumentCommand::Fold
                | DocumentCommand::UnfoldAll
                | DocumentCommand::FoldAll
                    if viewing => {}
                DocumentCommand::Toggle => {
                    open.toggle();
                }
                DocumentCommand::Unfold => open.unfold(),
                DocumentCommand::Fold => open.fold_or_leave(),
                DocumentCommand::UnfoldAll => open.fold_all(Tree::unfold_all),
                DocumentCommand::FoldAll => open.fold_all(Tree::fold_all),
                DocumentCommand::Copy => return Some(self.copy_document()),
                DocumentCommand::CopyValue => return Some(self.copy_value()),
                DocumentCommand::CopyPath => return Some(self.copy_path()),
                DocumentCommand::New
                | DocumentCommand::Edit
                | DocumentCommand::EditOutside
                | DocumentCommand::Duplicate
                | DocumentCommand::Table(_)
                | DocumentCommand::Delete => return None,
            }
        } else {
            return None;
        }
        Some(Vec::new())
    }

    fn move_in_tree(&mut self, motion: Motion) {
        let steps = self.steps(motion, self.document_rows());
        let Some(open) = self.opened().filter(|open| open.change.is_none()) else { return };
        let last = open.tree.as_ref().map_or(0, |tree| tree.len().saturating_sub(1));
        open.selected = open.selected.saturating_add_signed(steps).min(last);
    }

    /// Scrolls the value that is shown whole.
    fn move_in_value(&mut self, motion: Motion) {
        let Extent { rows, last, .. } = self.drawn.entry;
        let steps = self.steps(motion, rows);
        if let Some(viewed) = self.opened().and_then(|open| open.viewed.as_mut()) {
            viewed.top = viewed.top.min(last).saturating_add_signed(steps).min(last);
        }
    }

    /// Selects a row of the document; whether it is there.
    pub(super) fn select_row(&mut self, row: usize) -> bool {
        let Some(open) = self.opened().filter(|open| open.change.is_none()) else { return false };
        let there = open.tree.as_ref().is_some_and(|tree| row < tree.len());
        if there {
            open.selected = row;
        }
        there
    }

    /// Folds or unfolds the selected row, or changes its value.
    fn open_row(&mut self) -> Vec<Effect> {
        let free = |open: &&mut OpenDocument| open.change.is_none() && open.viewed.is_none();
        let Some(open) = self.opened().filter(free) else { return Vec::new() };
        match open.action() {
            Some(RowAction::Unfold | RowAction::Fold) => {
                open.toggle();
            }
            // Where it cannot be changed, that is said.
            Some(RowAction::Change) | None => self.change_value(),
        }
        Vec::new()
    }

    /// The document was read.
    pub(super) fn document(
        &mut self,
        generation: Generation,
        result: Result<Box<Tree>>,
    ) -> Vec<Effect> {
        let retry = format!("press {} to retry", self.keymap.how(Command::Refresh));
        let Some(open) = self.opened() else { return Vec::new() };
        if !open.reading.answered(generation) {
            return Vec::new();
        }
        match result {
            Ok(tree) => open.arrived(*tree),
            Err(Error::NoSuchDocument(_)) => self.document_gone(),
            Err(Error::NotAllowed(refusal)) if refusal.is_an_operators() => {
                return self.may_not_look(&refusal);
            }
            Err(error) if open.tree.is_none() => open.problem = Some(Notice::from(&error)),
            // What shows is as old as it was, and what was typed stays.
            Err(error) => {
                let help = format!("{}; {retry}", error.help());
                self.say(Severity::Error, Notice { what: error.to_string(), help });
            }
        }
        Vec::new()
    }

    /// Copies the document in shell syntax.
    fn copy_document(&mut self) -> Vec<Effect> {
        let tree = self.opened().and_then(|open| open.tree.as_ref());
        let Some(tree) = tree else { return Vec::new() };
        let text = at_most(COPIED_MOST, |out| document::pretty(tree.document(), out));
        self.copy_short("the document", text)
    }

    /// Copies the value of the selected row in shell syntax.
    fn copy_value(&mut self) -> Vec<Effect> {
        let value = self.opened().and_then(|open| open.tree.as_ref()?.value(open.selected));
        let Some(value) = value else { return Vec::new() };
        let text = at_most(COPIED_MOST, |out| value.one_line(out));
        self.copy_short("the value", text)
    }

    /// Copies where the selected row is.
    fn copy_path(&mut self) -> Vec<Effect> {
        let path = self.opened().and_then(|open| open.tree.as_ref()?.path(open.selected));
        let path = path.map(|path| path.to_string());
        path.map(|path| Effect::Copy("the path", path.into())).into_iter().collect()
    }

    fn copy_short(&mut self, what: &'static str, text: Option<String>) -> Vec<Effect> {
        if let Some(text) = text {
            return vec![Effect::Copy(what, text.into())];
        }
        let help = "write the document to a file with `tenantry doc get`".to_owned();
        let what = format!("cannot copy {what}: it is too large for a terminal");
        self.say(Severity::Warning, Notice { what, help });
        Vec::new()
    }
}
