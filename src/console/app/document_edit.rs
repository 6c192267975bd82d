//! A document that is being changed: its text in an editor, then the difference, and what someone else made of it
//! meanwhile. Nothing that was typed is lost to an error: the text stays until it is saved or discarded.

use std::time::SystemTime;

use bson::RawDocumentBuf;

use super::{
    App, Effect, Generation, Layer, Notice, Request, Severity, Sure, cancel,
    document_gone::deleted,
    document_value::ValueChange,
    document_window::Fetch,
    message::{DocumentsAsked, Fetched, ReadText},
    text_editor::TextEditor,
};
use crate::{
    document::{ConflictLine, Line},
    keymap::{Command, DocumentCommand, Place},
    org::Org,
    store::DocumentWrite,
    tenancy::{Error, Result},
};

/// How many bytes of BSON the editor takes.
pub const EDITED_MOST: usize = 1024 * 1024;

/// What the editor begins with for a new document.
const TEMPLATE: &str = "{\n  \n}";

/// A document that is being changed.
#[derive(Debug)]
pub struct DocumentEdit {
    /// Whose.
    pub org: Box<Org>,
    /// As it was read; none where it is a new one.
    pub before: Option<RawDocumentBuf>,
    /// Its text.
    pub editor: TextEditor,
    /// How far it is.
    pub stage: EditStage,
    /// What is wrong, or what has happened to it meanwhile.
    pub problem: Option<Notice>,
    /// What the text comes to, which is waited for.
    pub checking: Request,
    /// The write that is waited for.
    pub writing: Request,
    /// Whether it is meant, in production.
    pub sure: Sure,
    /// Whether it comes from the person's own editor, and nothing was typed here since.
    outside: bool,
    /// Whether it is one value, typed in a field below.
    pub(super) in_place: bool,
    /// Whether leaving was asked for once, while something is not saved.
    leaving: bool,
}

/// How far a change of a document is.
#[derive(Debug)]
pub enum EditStage {
    /// The text is being typed.
    Typing,
    /// It is asked whether to write this.
    Asking(Changes),
    /// Someone else changed the same.
    Conflict {
        /// What both changed.
        conflicts: Vec<ConflictLine>,
        /// The first one on the screen.
        top: usize,
    },
}

/// What is about to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The write.
    pub write: DocumentWrite,
    /// What is different then.
    pub lines: Vec<Line>,
    /// The first line on the screen.
    pub top: usize,
}

impl DocumentEdit {
    fn new(org: &Org, before: Option<RawDocumentBuf>, text: &str) -> Self {
        Self {
            org: Box::new(org.clone()),
            before,
            editor: TextEditor::new(text),
            stage: EditStage::Typing,
            problem: None,
            checking: Request::default(),
            writing: Request::default(),
            sure: Sure::Unasked,
            outside: false,
            in_place: false,
            leaving: false,
        }
    }

    /// The question whether to save a value that was typed in its place.
    pub(super) fn of_value(org: &Org, changes: Changes) -> Self {
        let stage = EditStage::Asking(changes);
        Self { stage, in_place: true, ..Self::new(org, None, "") }
    }

    /// Where its keys are in the table of commands.
    #[must_use]
    pub(super) fn place(&self) -> Place {
        match self.stage {
            EditStage::Typing => Place::DocumentEditor,
            EditStage::Asking(_) => Place::DocumentChange,
            EditStage::Conflict { .. } => Place::DocumentConflict,
        }
    }

    /// Whether it is a deletion that is asked about.
    #[must_use]
    pub fn deletes(&self) -> bool {
        matches!(&self.stage, EditStage::Asking(Changes { write: DocumentWrite::Delete(_), .. }))
    }

    /// The word for what is asked.
    #[must_use]
    pub fn action_word(&self) -> &'static str {
        match &self.stage {
            EditStage::Typing | EditStage::Conflict { .. } => "save",
            EditStage::Asking(changes) => match changes.write {
                DocumentWrite::Insert(_) => "insert",
                DocumentWrite::Replace { .. } => "save",
                DocumentWrite::Delete(_) => "delete",
            },
        }
    }

    /// Whether something was typed that is not saved.
    fn is_unsaved(&self) -> bool {
        self.editor.is_changed()
    }

    /// Whether esc would stop something.
    #[must_use]
    pub fn waits(&self, now: SystemTime) -> bool {
        [&self.checking, &self.writing].iter().any(|request| request.shown_wait(now).is_some())
    }

    /// The requests it may be waiting for.
    pub(super) fn requests(&mut self) -> Vec<&mut Request> {
        vec![&mut self.checking, &mut self.writing]
    }

    /// How many lines are shown of what is asked, and the first of them.
    fn scrolled(&mut self) -> Option<(usize, &mut usize)> {
        match &mut self.stage {
            EditStage::Typing => None,
            EditStage::Asking(Changes { lines, top, .. }) => Some((lines.len(), top)),
            EditStage::Conflict { conflicts, top } => Some((conflicts.len(), top)),
        }
    }
}

impl App {
    /// The document that is being changed, also below a login that it needs.
    pub(super) fn edited(&mut self) -> Option<&mut DocumentEdit> {
        self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Edit(edit) => Some(&mut **edit),
            Layer::Form(_)
            | Layer::Question(_)
            | Layer::Bulk(_)
            | Layer::Login(_)
            | Layer::Upgrade
            | Layer::Code(_)
            | Layer::Help(_)
            | Layer::Copy(_)
            | Layer::Jobs(_)
            | Layer::Job(_)
            | Layer::Manual(_)
            | Layer::Audit(_)
            | Layer::Documents(_)
            | Layer::Log(_)
            | Layer::Dashboard => None,
        })
    }

    /// Whether a document or a value was typed that is not saved.
    pub(super) fn has_unsaved_document(&self) -> bool {
        self.layers.iter().any(|layer| match layer {
            Layer::Edit(edit) => edit.is_unsaved(),
            Layer::Documents(documents) => {
                let open = documents.open.as_ref().and_then(|open| open.change.as_ref());
                open.is_some_and(ValueChange::is_changed)
            }
            Layer::Form(_)
            | Layer::Question(_)
            | Layer::Bulk(_)
            | Layer::Login(_)
            | Layer::Upgrade
            | Layer::Code(_)
            | Layer::Help(_)
            | Layer::Copy(_)
            | Layer::Jobs(_)
            | Layer::Job(_)
            | Layer::Manual(_)
            | Layer::Audit(_)
            | Layer::Dashboard
            | Layer::Log(_) => false,
        })
    }

    /// Begins a new document.
    pub(super) fn new_document(&mut self) -> Vec<Effect> {
        let Some(org) = self.browsed_org() else { return Vec::new() };
        let mut edit = DocumentEdit::new(&org, None, TEMPLATE);
        edit.editor.go_to(2, 3);
        self.layers.push(Layer::Edit(Box::new(edit)));
        Vec::new()
    }

    /// The selected document was read, to do this with it.
    pub(super) fn fetched(&mut self, fetch: Fetch, result: Result<Fetched>) -> Vec<Effect> {
        let Some(org) = self.browsed_org() else { return Vec::new() };
        let Fetched { document, text } = match result {
            Ok(fetched) => fetched,
            Err(Error::NoSuchDocument(_)) => {
                self.say(Severity::Warning, Notice::plain(deleted(&org)));
                return self.refresh_documents();
            }
            Err(Error::NotAllowed(refusal)) if refusal.is_an_operators() => {
                return self.may_not_look(&refusal);
            }
            Err(error) => {
                self.say(Severity::Error, Notice::from(&error));
                return Vec::new();
            }
        };
        let edit = match fetch {
            Fetch::Edit => {
                let Some(text) = text else {
                    let outside = Command::Document(DocumentCommand::EditOutside);
                    let outside = self.keymap.how_in(Place::AllDocuments, outside);
                    let what = "the document is too large for the editor here".to_owned();
                    let help = format!(
                        "press {outside} to edit it in your own editor, or change single fields with \
                         `tenantry doc update`"
                    );
                    self.say(Severity::Warning, Notice { what, help });
                    return Vec::new();
                };
                DocumentEdit::new(&org, Some(document), &text)
            }
            Fetch::EditOutside => {
                let edit = DocumentEdit::new(&org, Some(document), "");
                self.layers.push(Layer::Edit(Box::new(edit)));
                return vec![Effect::EditOutside(text.unwrap_or_default())];
            }
            Fetch::Duplicate => {
                let Some(text) = text else {
                    let what = "the document is too large for the editor".to_owned();
                    let help = "insert a copy with `tenantry doc get` and `doc insert`".to_owned();
                    self.say(Severity::Warning, Notice { what, help });
                    return Vec::new();
                };
                DocumentEdit::new(&org, None, &text)
            }
            Fetch::Delete => {
                let mut edit = DocumentEdit::new(&org, Some(document.clone()), "");
                let write = DocumentWrite::Delete(document);
                edit.stage = EditStage::Asking(Changes { write, lines: Vec::new(), top: 0 });
                edit
            }
        };
        self.layers.push(Layer::Edit(Box::new(edit)));
        Vec::new()
    }

    /// The person's own editor has ended: what it saved is read as if it had been typed here.
    pub(super) fn edited_outside(
        &mut self,
        result: std::result::Result<String, String>,
    ) -> Vec<Effect> {
        let Some(Layer::Edit(edit)) = self.layers.last_mut() else { return Vec::new() };
        match result {
            Ok(text) => {
                edit.editor.replace(text.trim_end());
                edit.outside = true;
                self.check_document()
            }
            Err(why) => {
                let before = edit.before.as_ref().map(|before| before.as_bytes().len());
                self.layers.pop();
                let edits = Command::Document(DocumentCommand::Edit);
                let here = self.keymap.how_in(Place::AllDocuments, edits);
                let help = if before.is_some_and(|bytes| bytes > EDITED_MOST) {
                    "change single fields of it with `tenantry doc update`".to_owned()
                } else {
                    format!("press {here} to edit it here")
                };
                self.say(Severity::Error, Notice { what: why, help });
                Vec::new()
            }
        }
    }

    /// Does what is asked for in the editor, or in one of the questions behind it.
    pub(super) fn edit_command(&mut self, command: Command) -> Vec<Effect> {
        if let Command::Move(motion) = command {
            let height = self.edit_rows();
            let steps = self.steps(motion, height);
            let Some(edit) = self.edited() else { return Vec::new() };
            edit.leaving = false;
            match edit.scrolled() {
                None => edit.editor.move_by(motion, height),
                Some((lines, top)) => {
                    let last = lines.saturating_sub(height);
                    *top = (*top).min(last).saturating_add_signed(steps).min(last);
                }
            }
            return Vec::new();
        }
        if command == Command::Submit {
            return self.check_document();
        }
        if command == Command::Accept {
            return self.accept_document();
        }
        if command == Command::Document(DocumentCommand::Edit)
            && !self.back_to_value(None)
            && let Some(edit) = self.edited().filter(|edit| !edit.deletes())
        {
            (edit.stage, edit.problem) = (EditStage::Typing, None);
        }
        Vec::new()
    }

    /// How many lines of the text, or of a difference, show at once.
    pub(super) fn edit_rows(&self) -> usize {
        self.areas().map_or(1, |areas| areas.help_rows())
    }

    /// Keeps the cursor in sight.
    pub(super) fn settle_edit(&mut self) {
        let height = self.edit_rows();
        let width = usize::from(self.size.0).saturating_sub(2);
        if let Some(edit) = self.edited() {
            edit.editor.scroll(
                height.saturating_sub(usize::from(edit.problem.is_some())).max(1),
                width.max(1),
            );
        }
    }

    /// Reads what was typed, to show what would be saved.
    pub(super) fn check_document(&mut self) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(edit) = self.edited().filter(|edit| !edit.writing.is_waiting()) else {
            return Vec::new();
        };
        edit.leaving = false;
        edit.problem = None;
        let mut effects = cancel(edit.checking.begin(generation, now));
        let (before, text) = (edit.before.clone(), edit.editor.text());
        let asked = DocumentsAsked::Read { before, text };
        effects.push(Effect::Browse(generation, edit.org.clone(), asked));
        effects
    }

    /// What the text comes to.
    pub(super) fn document_read(&mut self, generation: Generation, read: ReadText) -> Vec<Effect> {
        let production = self.production().is_some();
        let Some(edit) = self.edited() else { return Vec::new() };
        if !edit.checking.answered(generation) {
            return Vec::new();
        }
        match read {
            ReadText::Fault(fault) => {
                edit.editor.go_to(fault.line, fault.column);
                edit.problem = Some(Notice::plain(fault.to_string()));
            }
            // The person's own editor was left without a change.
            ReadText::Unchanged if edit.outside => {
                self.layers.pop();
                self.say(Severity::Success, Notice::plain("no changes to save"));
            }
            ReadText::Unchanged => {
                let back = self.keymap.how(Command::Back);
                let help = format!("change it, or press {back} to leave");
                let what = "no changes to save".to_owned();
                if let Some(edit) = self.edited() {
                    edit.problem = Some(Notice { what, help });
                }
            }
            ReadText::Changed(changes) => {
                let inserts = matches!(changes.write, DocumentWrite::Insert(_));
                edit.stage = EditStage::Asking(changes);
                edit.sure = Sure::Unasked;
                // There is nothing to compare a new one with.
                if inserts && !production {
                    return self.accept_document();
                }
            }
            ReadText::Failed(error) => edit.problem = Some(Notice::from(&error)),
        }
        Vec::new()
    }

    /// Writes what was asked about; in production, once it is confirmed.
    pub(super) fn accept_document(&mut self) -> Vec<Effect> {
        if !self.sure_of_layer() {
            return Vec::new();
        }
        let (generation, now) = (self.next(), self.now);
        let Some(edit) = self.edited().filter(|edit| !edit.writing.is_waiting()) else {
            return Vec::new();
        };
        let EditStage::Asking(changes) = &edit.stage else { return Vec::new() };
        edit.problem = None;
        let (org, write) = (edit.org.clone(), changes.write.clone());
        let mut effects = cancel(edit.writing.begin(generation, now));
        effects.push(Effect::WriteDocument(generation, org, Box::new(write)));
        effects
    }

    /// A document was written, or not.
    pub(super) fn document_written(
        &mut self,
        generation: Generation,
        org: &Org,
        result: Result<DocumentWrite>,
    ) -> Vec<Effect> {
        let awaited = self.edited().is_some_and(|edit| edit.writing.answered(generation));
        let undoing = self.undoing_document(generation);
        let error = match result {
            Ok(write) => {
                if awaited {
                    if self.edited().is_some_and(|edit| edit.in_place) {
                        self.value_saved();
                    }
                    self.layers.retain(|layer| !matches!(layer, Layer::Edit(_)));
                }
                self.close_deleted(&write);
                self.say_written(org, &write, undoing);
                return self.refresh_written(org);
            }
            Err(error) => error,
        };
        if !awaited {
            // It was begun with u, or is no longer waited for: only a message can tell.
            if !matches!(error, Error::OutcomeUnknown { .. }) || undoing {
                self.say(Severity::Error, Notice::from(&error));
            }
            return Vec::new();
        }
        match &error {
            Error::DocumentChanged(_) => return self.merge_document(),
            Error::NoSuchDocument(_) => return self.edited_is_gone(),
            Error::NotAllowed(refusal) if refusal.is_an_operators() => {
                return self.ask_operator_to_log_in(refusal);
            }
            error => {
                let problem = Notice::from(error);
                if !self.back_to_value(Some(problem))
                    && let Some(edit) = self.edited()
                {
                    if !edit.deletes() {
                        edit.stage = EditStage::Typing;
                    }
                    edit.problem = Some(Notice::from(error));
                }
            }
        }
        Vec::new()
    }

    /// Leaves what is asked, or the editor: what is not saved only at the second time. None where no document is being
    /// changed on top.
    pub(super) fn back_in_edit(&mut self) -> Option<Vec<Effect>> {
        let Some(Layer::Edit(edit)) = self.layers.last_mut() else { return None };
        if let Some(generation) = edit.writing.stop() {
            self.abandoned.push(generation);
            let help = "the result will be shown below".to_owned();
            edit.problem =
                Some(Notice { what: "cancelled; the change may still be saved".to_owned(), help });
            return Some(vec![Effect::Cancel(generation)]);
        }
        let stopped = cancel(edit.checking.stop());
        if !stopped.is_empty() {
            return Some(stopped);
        }
        let asks = !matches!(edit.stage, EditStage::Typing) && !edit.deletes();
        if edit.in_place {
            self.back_to_value(None);
            return Some(Vec::new());
        }
        if asks {
            (edit.stage, edit.problem) = (EditStage::Typing, None);
            return Some(Vec::new());
        }
        let changed = matches!(edit.stage, EditStage::Typing) && edit.is_unsaved();
        if changed && !std::mem::replace(&mut edit.leaving, true) {
            self.ask_to_discard();
            return Some(Vec::new());
        }
        self.layers.pop();
        Some(Vec::new())
    }

    /// Takes a paste in the editor. A whole document takes the place of a template in which nothing was typed.
    pub(super) fn paste_in_editor(&mut self, text: &str) {
        let is_document = text.trim_start().starts_with('{');
        self.type_in_editor(|editor| {
            if is_document && editor.text() == TEMPLATE {
                editor.replace("");
            }
            editor.paste(text)
        });
    }

    /// Takes a key in the editor.
    pub(super) fn type_in_editor(&mut self, take: impl FnOnce(&mut TextEditor) -> bool) {
        let Some(Layer::Edit(edit)) = self.layers.last_mut() else { return };
        if !matches!(edit.stage, EditStage::Typing) || edit.writing.is_waiting() {
            return;
        }
        if std::mem::take(&mut edit.leaving) {
            self.notice = None;
        }
        let Some(Layer::Edit(edit)) = self.layers.last_mut() else { return };
        if take(&mut edit.editor) {
            (edit.problem, edit.outside) = (None, false);
        }
    }
}
