//! A document that was deleted while it is open or being changed: what was typed for it stays.

use super::{App, Effect, Layer, Notice, Severity, document_edit::EditStage};
use crate::{
    keymap::{Command, Place},
    org::Org,
    store::DocumentWrite,
};

/// What is said of a document that is no longer there.
pub(super) fn deleted(org: &Org) -> String {
    format!("this document of “{}” was deleted meanwhile", org.name)
}

impl App {
    /// The document that is open was deleted. A value that is being typed stays, and the document as it was read with it.
    pub(super) fn document_gone(&mut self) {
        let save = self.keymap.how_in(Place::DocumentValue, Command::Accept);
        let back = self.keymap.how_in(Place::OneDocument, Command::Back);
        let Some(documents) = self.browsed() else { return };
        let Some(open) = &mut documents.open else { return };
        let what = deleted(&documents.org);
        if let Some(change) = &mut open.change {
            let help = format!("your value stays here; {save} inserts the document again with it");
            change.field.problem = Some(Notice { what, help });
            open.gone = true;
        } else {
            let help = format!("press {back} to go back to the documents");
            (open.tree, open.viewed, open.gone) = (None, None, false);
            open.problem = Some(Notice { what, help });
        }
    }

    /// A document was written: where it was deleted, it is open no longer; a value of it that is being typed stays.
    pub(super) fn close_deleted(&mut self, write: &DocumentWrite) {
        let deletes = matches!(write, DocumentWrite::Delete(_));
        let Some(id) = write.id().ok().filter(|_| deletes) else { return };
        let Some(documents) = self.browsed() else { return };
        let open = documents.open.as_ref().filter(|open| open.id == id);
        match open.map(|open| open.change.is_some()) {
            Some(true) => self.document_gone(),
            Some(false) => documents.open = None,
            None => {}
        }
    }

    /// The document that is being changed was deleted. What was typed stays, to be inserted as a new one.
    pub(super) fn edited_is_gone(&mut self) -> Vec<Effect> {
        let Some(edit) = self.edited() else { return Vec::new() };
        let what = deleted(&edit.org);
        if edit.in_place {
            self.back_to_value(None);
            self.document_gone();
        } else if edit.deletes() {
            self.layers.retain(|layer| !matches!(layer, Layer::Edit(_)));
            self.say(Severity::Warning, Notice::plain(what));
        } else {
            let help = "save it again to insert it as a new document".to_owned();
            (edit.stage, edit.before) = (EditStage::Typing, None);
            edit.problem = Some(Notice { what, help });
            return Vec::new();
        }
        self.refresh_documents()
    }
}
