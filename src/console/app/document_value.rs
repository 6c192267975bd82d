//! One value of a document, changed in its place in the tree.

use bson::spec::ElementType;

use super::{
    App, Effect, Generation, Layer, Notice, Request, Severity, TextField, cancel,
    document_edit::{Changes, DocumentEdit, EDITED_MOST},
    message::DocumentsAsked,
};
use crate::{
    document::{self, Path, RawValue, RawValueBuf, SyntaxError, Tree, type_name},
    keymap::{Command, DocumentCommand, Place},
    store::DocumentWrite,
};

/// A value that is being changed.
#[derive(Debug)]
pub struct ValueChange {
    /// The value in shell syntax, as it is typed, and what is wrong with it.
    pub field: TextField,
    /// The changed document, which is waited for.
    pub checking: Request,
    /// Where it is.
    pub(super) path: Path,
    /// The value as it was when the field was opened, as it is typed; and its type.
    before: String,
    was: ElementType,
    /// Whether leaving was asked for once, while something is not saved.
    pub(super) leaving: bool,
}

impl ValueChange {
    fn new(path: Path, text: String, was: ElementType) -> Self {
        let (field, checking) = (TextField::with(&text), Request::default());
        Self { field, checking, path, before: text, was, leaving: false }
    }

    /// The value that is typed: a bare number is of the type of the number that it replaces, where that can hold it.
    fn value(&self) -> Result<RawValueBuf, SyntaxError> {
        document::parse_value_like(self.was, self.field.text())
    }

    /// Whether another text is typed than there was.
    pub(super) fn is_changed(&self) -> bool {
        self.field.text() != self.before
    }

    /// The type that it has once it is saved, and the type that it had; none where it is no value yet.
    #[must_use]
    pub fn types(&self) -> Option<(&'static str, &'static str)> {
        let kind = self.value().ok()?.as_raw().kind();
        Some((type_name(kind), type_name(self.was)))
    }

    /// The document was read again: says whether someone else has changed this value in it.
    pub(super) fn compare(&mut self, before: &Tree, after: &Tree) {
        let [was, is] = [before, after].map(|tree| value_at(tree, &self.path));
        if was == is {
            return;
        }
        self.field.problem = Some(match is {
            Some(value) => Notice {
                what: format!("someone else changed it to {}", value.brief(60)),
                help: "save it again to replace that".to_owned(),
            },
            None => Notice::plain("someone else removed it from the document"),
        });
    }
}

fn value_at<'a>(tree: &'a Tree, path: &Path) -> Option<RawValue<'a>> {
    // The bytes were BSON when the tree was made.
    document::value_at(tree.document(), path).ok().flatten()
}

impl App {
    /// Opens a field with the value of the selected row, where that can be changed.
    pub(super) fn change_value(&mut self) {
        let edit = Command::Document(DocumentCommand::Edit);
        let [edits, outside, duplicates] =
            [DocumentCommand::Edit, DocumentCommand::EditOutside, DocumentCommand::Duplicate]
                .map(|command| self.keymap.how_in(Place::OneDocument, Command::Document(command)));
        let refused = self.read_only().or_else(|| self.role_forbids(edit));
        let Some(open) = self.opened() else { return };
        let Some(tree) = &open.tree else { return };
        let Some(path) = tree.path(open.selected) else { return };
        let Some(was) = tree.value(open.selected).map(RawValue::kind) else { return };
        let fits = tree.document().as_bytes().len() <= EDITED_MOST;
        let (is_id, text) = (open.is_in_id(), open.typed_value());
        let refused = refused.or_else(|| {
            is_id.then(|| Notice {
                what: "the _id of a document cannot be changed".to_owned(),
                help: format!("press {duplicates} to insert a copy with another _id"),
            })
        });
        let refused = refused.or_else(|| {
            text.is_none().then(|| Notice {
                what: "the value is too long to be changed on one line".to_owned(),
                help: if fits {
                    format!("press {edits} to edit the document")
                } else {
                    format!("press {outside} to edit the document in your own editor")
                },
            })
        });
        match (refused, text) {
            (None, Some(text)) => {
                open.change = Some(ValueChange::new(path, text, was));
            }
            (Some(refused), _) => self.say(Severity::Warning, refused),
            (None, None) => {}
        }
    }

    /// Reads the value that was typed, and asks for the document with it.
    pub(super) fn check_value(&mut self) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(documents) = self.browsed() else { return Vec::new() };
        let Some(open) = &mut documents.open else { return Vec::new() };
        let (Some(tree), Some(change)) = (&open.tree, &mut open.change) else { return Vec::new() };
        if change.checking.is_waiting() {
            return Vec::new();
        }
        let value = match change.value() {
            Ok(value) => value,
            Err(fault) => {
                change.field.go_to(fault.column.saturating_sub(1));
                let what = format!("column {}: {}", fault.column, fault.message);
                change.field.problem = Some(Notice::plain(what));
                return Vec::new();
            }
        };
        if !open.gone && value_at(tree, &change.path) == Some(value.as_raw()) {
            open.change = None;
            return Vec::new();
        }
        change.field.problem = None;
        let mut effects = cancel(change.checking.begin(generation, now));
        let (before, path) = (tree.shared_document(), change.path.clone());
        let asked = DocumentsAsked::Change { before, path, value };
        effects.push(Effect::Browse(generation, documents.org.clone(), asked));
        effects
    }

    /// Asks whether the document is to be saved with the value that was typed; or says why that cannot be.
    pub(super) fn value_checked(
        &mut self,
        generation: Generation,
        result: std::result::Result<Changes, Notice>,
    ) {
        let Some(documents) = self.browsed() else { return };
        let org = documents.org.clone();
        let Some(open) = &mut documents.open else { return };
        let Some(change) = &mut open.change else { return };
        if !change.checking.answered(generation) {
            return;
        }
        match result {
            Ok(mut changes) => {
                if let (true, Some(after)) = (open.gone, changes.write.after()) {
                    (changes.write, changes.lines) =
                        (DocumentWrite::Insert(after.clone()), Vec::new());
                }
                self.layers.push(Layer::Edit(Box::new(DocumentEdit::of_value(&org, changes))));
            }
            Err(problem) => change.field.problem = Some(problem),
        }
    }

    /// From the question whether to save a value back to the field it was typed in. Whether there is one.
    pub(super) fn back_to_value(&mut self, problem: Option<Notice>) -> bool {
        if !matches!(self.layers.last(), Some(Layer::Edit(edit)) if edit.in_place) {
            return false;
        }
        self.layers.pop();
        if let Some(change) = self.opened().and_then(|open| open.change.as_mut())
            && problem.is_some()
        {
            change.field.problem = problem;
        }
        true
    }

    /// The value was saved.
    pub(super) fn value_saved(&mut self) {
        if let Some(open) = self.opened() {
            (open.change, open.gone) = (None, false);
        }
    }

    /// Closes the value that is shown whole; or stops waiting, or drops what was typed, that only at the second time.
    /// None where no value is shown or being changed.
    pub(super) fn back_in_tree(&mut self) -> Option<Vec<Effect>> {
        let open = self.opened()?;
        if open.viewed.take().is_some() {
            return Some(Vec::new());
        }
        let change = open.change.as_mut()?;
        let stopped = cancel(change.checking.stop());
        if !stopped.is_empty() {
            return Some(stopped);
        }
        if change.is_changed() && !std::mem::replace(&mut change.leaving, true) {
            self.ask_to_discard();
            return Some(Vec::new());
        }
        open.change = None;
        if open.gone {
            self.document_gone();
        }
        Some(Vec::new())
    }
}
