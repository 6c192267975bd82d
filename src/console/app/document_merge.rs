//! A change of a document that someone else has changed as well: both are put together, or shown side by side.

use super::{
    App, Effect, Generation, Notice, Sure, cancel,
    document_edit::{Changes, EditStage},
    message::{DocumentsAsked, Merge},
};
use crate::{
    keymap::{Command, DocumentCommand, Place},
    store::DocumentWrite,
    tenancy::{Error, Result},
};

impl App {
    /// Reads what someone else made of it, and puts both together.
    pub(super) fn merge_document(&mut self) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(edit) = self.edited() else { return Vec::new() };
        let EditStage::Asking(Changes { write, .. }) = &edit.stage else { return Vec::new() };
        let Some(original) = write.before().cloned() else { return Vec::new() };
        let asked = DocumentsAsked::Merge { original, mine: write.after().cloned() };
        let mut effects = cancel(edit.checking.begin(generation, now));
        effects.push(Effect::Browse(generation, edit.org.clone(), asked));
        effects
    }

    /// What both changes come to.
    pub(super) fn document_merged(
        &mut self,
        generation: Generation,
        result: Result<Merge>,
    ) -> Vec<Effect> {
        let edits = Command::Document(DocumentCommand::Edit);
        let again = self.keymap.how_in(Place::DocumentConflict, edits);
        let Some(edit) = self.edited() else { return Vec::new() };
        if !edit.checking.answered(generation) {
            return Vec::new();
        }
        edit.sure = Sure::Unasked;
        let what = "someone else changed this document meanwhile".to_owned();
        match result {
            Err(Error::NoSuchDocument(_)) => return self.edited_is_gone(),
            Err(error) if edit.in_place => {
                self.back_to_value(Some(Notice::from(&error)));
            }
            Err(error) => {
                if !edit.deletes() {
                    edit.stage = EditStage::Typing;
                }
                edit.problem = Some(Notice::from(&error));
            }
            Ok(Merge { theirs, changes, text, conflicts }) => {
                edit.before = Some(theirs);
                if !edit.in_place {
                    edit.editor.replace(&text);
                }
                let help = match (conflicts.is_empty(), &changes.write) {
                    (false, _) if edit.in_place => {
                        "go back to the value, which is yours, and save it again".to_owned()
                    }
                    (false, _) => format!("press {again} to go back to the text, which has yours"),
                    (true, DocumentWrite::Delete(_)) => "this is what it is now".to_owned(),
                    (true, DocumentWrite::Insert(_) | DocumentWrite::Replace { .. }) => {
                        "your changes do not overlap: these are added to it".to_owned()
                    }
                };
                edit.stage = if conflicts.is_empty() {
                    EditStage::Asking(changes)
                } else {
                    EditStage::Conflict { conflicts, top: 0 }
                };
                edit.problem = Some(Notice { what, help });
                if edit.in_place {
                    // The tree below shows theirs then.
                    return self.read_document();
                }
            }
        }
        Vec::new()
    }
}
