//! Undoing the last write to a document, as long as nothing came after it.

use bson::oid::ObjectId;

use super::{App, Effect, Generation, Layer, Notice, Request, Severity, cancel};
use crate::{
    keymap::{Command, Place},
    org::Org,
    store::DocumentWrite,
};

/// How to undo the last write to a document.
#[derive(Debug)]
pub(super) struct DocumentUndo {
    /// Whose it is.
    org: ObjectId,
    write: DocumentWrite,
    undoing: Request,
}

impl DocumentUndo {
    fn new(org: &Org, write: DocumentWrite) -> Self {
        Self { org: org.id, write, undoing: Request::default() }
    }
}

impl App {
    /// Undoes the last write to a document of the organization that is looked at.
    pub(super) fn undo_document(&mut self) -> Vec<Effect> {
        let generation = self.next();
        let Some(org) = self.browsed_org() else { return Vec::new() };
        let undo = self.document_undo.take_if(|undo| undo.org == org.id);
        let Some(mut undo) = undo else {
            let help = "you can undo the last change of a document".to_owned();
            self.say(Severity::Warning, Notice { what: "nothing to undo".to_owned(), help });
            return Vec::new();
        };
        let mut effects = cancel(undo.undoing.begin(generation, self.now));
        let write = undo.write.undo();
        self.document_undo = Some(undo);
        effects.push(Effect::WriteDocument(generation, Box::new(org), Box::new(write)));
        effects
    }

    /// Whether there is a write to undo of the organization that is looked at.
    #[must_use]
    pub fn undoes_document(&self) -> bool {
        let looked_at = self.layers.iter().find_map(|layer| match layer {
            Layer::Documents(documents) => Some(documents.org.id),
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
            | Layer::Edit(_)
            | Layer::Log(_)
            | Layer::Dashboard => None,
        });
        self.document_undo.as_ref().is_some_and(|undo| looked_at == Some(undo.org))
    }

    /// Whether this is what u has begun; it is not offered again then.
    pub(super) fn undoing_document(&mut self, generation: Generation) -> bool {
        self.document_undo.take_if(|undo| undo.undoing.answered(generation)).is_some()
    }

    /// Says what was written, and remembers how to undo it.
    pub(super) fn say_written(&mut self, org: &Org, write: &DocumentWrite, undone: bool) {
        let undo = self.keymap.how_in(Place::AllDocuments, Command::Undo);
        let (done, before) = match write {
            DocumentWrite::Insert(_) => ("inserted the document", "the deletion"),
            DocumentWrite::Replace { .. } => ("saved the document", "the edit"),
            DocumentWrite::Delete(_) => ("deleted the document", "the insert"),
        };
        let (what, help) = if undone {
            (format!("undid {before}"), String::new())
        } else {
            self.document_undo = Some(DocumentUndo::new(org, write.clone()));
            (done.to_owned(), format!("press {undo} to undo"))
        };
        self.say(Severity::Success, Notice { what, help });
    }
}
