//! An organization's documents on a screen of their own: read as one scrolls, filtered, and one in full.

use super::{
    App, Effect, Extent, Generation, Layer, Notice, Severity, cancel,
    document_window::{Arrival, DocumentRows, Documents, OpenDocument},
    message::{DocumentsAnswer, DocumentsAsked},
};
use crate::{
    document::{self, filter::Filter},
    keymap::{Command, Motion},
    store::DocumentQuery,
    tenancy::{Error, Result},
};

/// How many documents are read at once.
const PAGE: u32 = 100;

impl App {
    /// The documents, also below a login that they need.
    fn browsed(&mut self) -> Option<&mut Documents> {
        self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Documents(documents) => Some(&mut **documents),
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
            | Layer::Log(_) => None,
        })
    }

    /// How many documents show at once.
    fn document_rows(&self) -> usize {
        self.areas().map_or(1, |areas| areas.help_rows())
    }

    /// Shows the documents of the organization that is looked at.
    pub(super) fn browse_documents(&mut self) -> Vec<Effect> {
        let Some(org) = self.chosen().cloned() else { return Vec::new() };
        let mut documents = Documents::of(&org);
        let holds = self.detail.org.as_ref().filter(|shown| shown.id == org.id);
        documents.count = holds.and(self.detail.statistics.as_ref()).map(|holds| holds.documents);
        self.layers.push(Layer::Documents(Box::new(documents)));
        self.load_documents(Arrival::First)
    }

    fn load_documents(&mut self, arrival: Arrival) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(documents) = self.browsed() else { return Vec::new() };
        let mut effects = cancel(documents.loading.begin(generation, now));
        documents.arrival = arrival;
        let (filter, at) = (documents.wanted.clone(), documents.at(arrival));
        let query = DocumentQuery { filter, at, limit: PAGE, whole: false };
        let asked = DocumentsAsked::Page(query);
        effects.push(Effect::Browse(generation, documents.org.clone(), asked));
        if documents.problem.take().is_some() {
            // What was said about the last attempt is no longer true.
            self.notice = None;
        }
        effects
    }

    /// Counts all documents, or those that match.
    fn count_documents(&mut self) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(documents) = self.browsed() else { return Vec::new() };
        documents.count = None;
        let mut effects = cancel(documents.counting.begin(generation, now));
        let (org, filter) = (documents.org.clone(), documents.wanted.clone());
        effects.push(Effect::Browse(generation, org, DocumentsAsked::Count(filter)));
        effects
    }

    /// What was asked of the documents.
    pub(super) fn documents_answered(
        &mut self,
        generation: Generation,
        answer: DocumentsAnswer,
    ) -> Vec<Effect> {
        match answer {
            DocumentsAnswer::Page(result) => return self.document_page(generation, result),
            DocumentsAnswer::Count(result) => self.documents_counted(generation, result),
            DocumentsAnswer::One(result) => self.document(generation, result),
        }
        Vec::new()
    }

    fn documents_counted(&mut self, generation: Generation, result: Result<u64>) {
        let Some(documents) = self.browsed() else { return };
        if documents.counting.answered(generation) {
            // Without their number the rows are as right as with it.
            documents.count = result.ok();
        }
    }

    /// Reads the documents again where they stand, and one that is open.
    pub(super) fn refresh_documents(&mut self) -> Vec<Effect> {
        let mut effects = self.read_document();
        let again = self.browsed().map(|documents| documents.again());
        effects.extend(again.map(|again| self.load_documents(again)).unwrap_or_default());
        effects.extend(self.count_documents());
        effects
    }

    /// Shows what matches the filter as it is typed, from the beginning.
    fn filter_documents(&mut self) -> Vec<Effect> {
        let Some(documents) = self.browsed() else { return Vec::new() };
        let typed = documents.filter.text().trim();
        documents.wanted = if typed.is_empty() {
            None
        } else {
            match Filter::parse(typed, document::parse) {
                Ok(filter) => Some(filter),
                Err(fault) => {
                    documents.fault = Some(Notice::plain(fault.to_string()));
                    return Vec::new();
                }
            }
        };
        (documents.fault, documents.typing) = (None, false);
        documents.rows.clear();
        (documents.selected, documents.top, documents.loaded) = (0, 0, false);
        (documents.more_before, documents.more_after, documents.before) = (false, false, None);
        let mut effects = self.load_documents(Arrival::First);
        effects.extend(self.count_documents());
        effects
    }

    /// Reads ahead, and keeps the selection in sight.
    pub(super) fn settle_documents(&mut self) -> Vec<Effect> {
        let height = self.document_rows();
        let Some(documents) = self.browsed() else { return Vec::new() };
        documents.scroll(height);
        let ahead = documents.ahead(height);
        ahead.map(|arrival| self.load_documents(arrival)).unwrap_or_default()
    }

    fn document_page(
        &mut self,
        generation: Generation,
        result: Result<DocumentRows>,
    ) -> Vec<Effect> {
        let retry = format!("press {} to retry", self.keymap.how(Command::Refresh));
        let Some(documents) = self.browsed() else { return Vec::new() };
        if !documents.loading.answered(generation) {
            return Vec::new();
        }
        match result {
            Ok(page) => documents.arrived(page),
            Err(error) => {
                documents.failed(Notice::from(&error));
                let shows = documents.rows.is_empty();
                if let Error::NotAllowed(refusal) = &error
                    && refusal.is_an_operators()
                {
                    self.ask_operator_to_log_in(refusal);
                } else if !shows {
                    let help = format!("{}; {retry}", error.help());
                    self.say(Severity::Error, Notice { what: error.to_string(), help });
                }
            }
        }
        Vec::new()
    }

    /// Reads the selected document in full, where one is open.
    fn read_document(&mut self) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(documents) = self.browsed() else { return Vec::new() };
        let id = documents.rows.get(documents.selected).map(|row| row.id.clone());
        let (Some(open), Some(id)) = (&mut documents.open, id) else { return Vec::new() };
        open.problem = None;
        let mut effects = cancel(open.reading.begin(generation, now));
        let asked = DocumentsAsked::One(id);
        effects.push(Effect::Browse(generation, documents.org.clone(), asked));
        effects
    }

    fn document(&mut self, generation: Generation, result: Result<Vec<String>>) {
        let Some(open) = self.browsed().and_then(|documents| documents.open.as_mut()) else {
            return;
        };
        if !open.reading.answered(generation) {
            return;
        }
        match result {
            Ok(lines) => open.lines = Some(lines),
            Err(error) => open.problem = Some(Notice::from(&error)),
        }
    }

    pub(super) fn documents_command(&mut self, command: Command) -> Vec<Effect> {
        if command == Command::Refresh {
            return self.refresh_documents();
        }
        if let Command::Move(motion) = command {
            return self.move_in_documents(motion);
        }
        if command == Command::Accept {
            return self.filter_documents();
        }
        let Some(documents) = self.browsed() else { return Vec::new() };
        if command == Command::Filter {
            documents.typing = true;
        } else if command == Command::Open && !documents.rows.is_empty() {
            documents.open = Some(OpenDocument::default());
            return self.read_document();
        } else if command == Command::CopyDocument {
            let lines = documents.open.as_ref().and_then(|open| open.lines.as_ref());
            let Some(lines) = lines else { return Vec::new() };
            return vec![Effect::Copy("the document", lines.join("\n").into())];
        }
        Vec::new()
    }

    fn move_in_documents(&mut self, motion: Motion) -> Vec<Effect> {
        let height = self.document_rows();
        let Extent { rows, last, .. } = self.drawn.entry;
        let steps = (self.steps(motion, rows), self.steps(motion, height));
        let Some(documents) = self.browsed() else { return Vec::new() };
        if let Some(OpenDocument { top, .. }) = &mut documents.open {
            *top = (*top).min(last).saturating_add_signed(steps.0).min(last);
        } else if motion == Motion::First && documents.more_before {
            return self.load_documents(Arrival::First);
        } else if motion == Motion::Last && documents.more_after {
            return self.load_documents(Arrival::Last);
        } else {
            documents.move_by(steps.1);
        }
        Vec::new()
    }

    /// Selects the document of this row; whether it is there.
    pub(super) fn select_document(&mut self, row: usize) -> bool {
        let Some(documents) = self.browsed().filter(|documents| row < documents.rows.len()) else {
            return false;
        };
        documents.selected = row;
        true
    }

    /// Closes the document, stops waiting, or drops the filter; none where nothing of that is on top.
    pub(super) fn back_in_documents(&mut self) -> Option<Vec<Effect>> {
        let now = self.now;
        let retry = format!("press {} to retry", self.keymap.how(Command::Refresh));
        let Some(Layer::Documents(documents)) = self.layers.last_mut() else { return None };
        if let Some(open) = &mut documents.open {
            let stopped = cancel(open.reading.stop());
            documents.open = None;
            return Some(stopped);
        }
        if documents.loading.shown_wait(now).is_some() {
            let mut stopped = cancel(documents.loading.stop());
            stopped.extend(cancel(documents.counting.stop()));
            documents.failed(Notice { what: "cancelled".to_owned(), help: retry });
            return Some(stopped);
        }
        let typing = std::mem::take(&mut documents.typing);
        let is_typed = !documents.filter.text().is_empty();
        documents.fault = None;
        if !is_typed && documents.wanted.is_none() {
            return typing.then(Vec::new);
        }
        documents.filter.set("");
        if documents.wanted.is_none() {
            return Some(Vec::new());
        }
        Some(self.filter_documents())
    }
}
