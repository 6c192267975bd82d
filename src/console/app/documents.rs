//! An organization's documents on a screen of their own: read as one scrolls, filtered, and one in full.

use super::{
    App, Effect, Generation, Layer, Notice, Severity, cancel,
    document_tree::OpenDocument,
    document_window::{Arrival, DocumentRows, Documents, Fetch},
    message::{DocumentsAnswer, DocumentsAsked},
};
use crate::{
    document::{self, filter::Filter},
    keymap::{Command, DocumentCommand, Motion},
    org::Org,
    store::DocumentQuery,
    tenancy::{Error, Result},
};

/// How many documents are read at once.
const PAGE: u32 = 100;

/// How many characters are shown of how a filter is understood.
const UNDERSTOOD_MOST: usize = 400;

impl App {
    /// The documents, also below a login that they need.
    pub(super) fn browsed(&mut self) -> Option<&mut Documents> {
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
            | Layer::Edit(_)
            | Layer::Log(_)
            | Layer::Dashboard => None,
        })
    }

    /// How many rows of a document show at once.
    pub(super) fn document_rows(&self) -> usize {
        self.areas().map_or(1, |areas| areas.help_rows())
    }

    /// How many documents show at once.
    fn listed_rows(&mut self) -> usize {
        let (rows, width) = (self.document_rows(), usize::from(self.size.0));
        let header = usize::from(self.kept.table);
        let above = self.browsed().map_or(0, |documents| documents.understood(width, rows).len());
        let above = above + header;
        rows.saturating_sub(above).max(1)
    }

    /// Shows the documents of the organization that is looked at.
    pub(super) fn browse_documents(&mut self) -> Vec<Effect> {
        let Some(org) = self.chosen().cloned() else { return Vec::new() };
        let mut documents = Documents::of(&org);
        let holds = self.detail.org.as_ref().filter(|shown| shown.id == org.id);
        documents.count = holds.and(self.detail.statistics.as_ref()).map(|holds| holds.documents);
        documents.total = documents.count;
        let counts = documents.count.is_none();
        self.layers.push(Layer::Documents(Box::new(documents)));
        let mut effects = self.load_documents(Arrival::First);
        if counts {
            effects.extend(self.count_documents());
        }
        effects
    }

    /// Shows the documents of the organization that is looked at, with their filter to be typed.
    pub(super) fn filter_all_documents(&mut self) -> Vec<Effect> {
        let effects = self.browse_documents();
        if let Some(documents) = self.browsed() {
            documents.typing = true;
        }
        effects
    }

    pub(super) fn load_documents(&mut self, arrival: Arrival) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(documents) = self.browsed() else { return Vec::new() };
        let mut effects = cancel(documents.loading.begin(generation, now));
        documents.arrival = arrival;
        let (filter, at) = (documents.wanted.clone(), documents.at(arrival));
        let order = documents.order.clone();
        let query = DocumentQuery { filter, order, at, limit: PAGE, ..DocumentQuery::default() };
        documents.looked_at = 0;
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
            DocumentsAnswer::LookedAt(number) => {
                if let Some(documents) = self.browsed().filter(|all| all.loading.awaits(generation))
                {
                    documents.looked_at = number;
                }
            }
            DocumentsAnswer::SortFields(result) => {
                return self.sort_fields_answered(generation, result);
            }
            DocumentsAnswer::Count(result) => self.documents_counted(generation, result),
            DocumentsAnswer::One(result) => return self.document(generation, result),
            DocumentsAnswer::Fetched(fetch, result) => {
                let awaited = |documents: &mut Documents| documents.fetching.answered(generation);
                if self.browsed().is_some_and(awaited) {
                    return self.fetched(fetch, result);
                }
            }
            DocumentsAnswer::Change(result) => self.value_checked(generation, result),
            DocumentsAnswer::Read(read) => return self.document_read(generation, read),
            DocumentsAnswer::Merged(result) => return self.document_merged(generation, result),
        }
        Vec::new()
    }

    fn documents_counted(&mut self, generation: Generation, result: Result<u64>) {
        let Some(documents) = self.browsed() else { return };
        if documents.counting.answered(generation) {
            // Without their number the rows are as right as with it.
            documents.has_counted(result.ok());
            if !documents.is_filtered() {
                documents.total = documents.count;
            }
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
        (documents.wanted, documents.understood) = if typed.is_empty() {
            (None, String::new())
        } else {
            match Filter::parse(typed, document::parse) {
                // A query is what it says.
                Ok(filter) if typed.starts_with('{') => (Some(filter), String::new()),
                Ok(filter) => {
                    let understood = format!("→ {}", filter.brief(UNDERSTOOD_MOST));
                    (Some(filter), understood)
                }
                Err(fault) => {
                    documents.fault = Some(Notice::plain(fault.to_string()));
                    return Vec::new();
                }
            }
        };
        (documents.fault, documents.typing) = (None, false);
        documents.clear();
        let mut effects = self.load_documents(Arrival::First);
        effects.extend(self.count_documents());
        effects
    }

    /// Reads ahead, and keeps the selection in sight.
    pub(super) fn settle_documents(&mut self) -> Vec<Effect> {
        let (height, rows) = (self.listed_rows(), self.document_rows());
        let Some(documents) = self.browsed() else { return Vec::new() };
        documents.scroll(height);
        if let Some(open) = &mut documents.open {
            open.scroll(rows);
        }
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
            Ok(page) if documents.lost_from_sight(&page) => {
                return self.load_documents(Arrival::Behind);
            }
            Ok(page) => documents.arrived(page),
            Err(error) => {
                if matches!(error, Error::InTrash(_) | Error::Gone(_)) {
                    // They are there no longer.
                    documents.clear();
                    documents.count = None;
                }
                documents.failed(Notice::from(&error));
                let shows = documents.rows.is_empty();
                if let Error::NotAllowed(refusal) = &error
                    && refusal.is_an_operators()
                {
                    return self.may_not_look(refusal);
                } else if !shows {
                    let help = format!("{}; {retry}", error.help());
                    self.say(Severity::Error, Notice { what: error.to_string(), help });
                }
            }
        }
        Vec::new()
    }

    /// Reads the document that is open in full.
    pub(super) fn read_document(&mut self) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(documents) = self.browsed() else { return Vec::new() };
        let Some(open) = &mut documents.open else { return Vec::new() };
        let folds = open.tree.as_ref().map(|tree| Box::new(tree.folds()));
        let mut effects = cancel(open.reading.begin(generation, now));
        let asked = DocumentsAsked::One(open.id.clone(), folds);
        effects.push(Effect::Browse(generation, documents.org.clone(), asked));
        effects
    }

    /// Reads the document that is open, or else the selected one, to do something with it.
    fn fetch_document(&mut self, fetch: Fetch) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(documents) = self.browsed() else { return Vec::new() };
        let Some(id) = documents.id() else { return Vec::new() };
        let mut effects = cancel(documents.fetching.begin(generation, now));
        let asked = DocumentsAsked::Fetch(id, fetch);
        effects.push(Effect::Browse(generation, documents.org.clone(), asked));
        effects
    }

    /// The organization whose documents are looked at.
    pub(super) fn browsed_org(&mut self) -> Option<Org> {
        self.browsed().map(|documents| (*documents.org).clone())
    }

    /// Reads again what a write has changed.
    pub(super) fn refresh_written(&mut self, org: &Org) -> Vec<Effect> {
        if self.detail.org.as_ref().is_some_and(|shown| shown.id == org.id) {
            self.detail_may_have_changed();
        }
        if self.browsed().is_some_and(|documents| documents.org.id == org.id) {
            self.refresh_documents()
        } else {
            Vec::new()
        }
    }

    pub(super) fn documents_command(&mut self, command: Command) -> Vec<Effect> {
        if command == Command::Refresh {
            return self.refresh_documents();
        }
        if let Some(effects) = self.tree_command(command) {
            return effects;
        }
        if let Command::Move(motion) = command {
            return self.move_in_documents(motion);
        }
        if command == Command::Accept {
            return self.filter_documents();
        }
        if command == Command::Sort {
            return self.sort_documents();
        }
        if let Command::NextField | Command::PreviousField = command {
            return self.complete_field(command == Command::NextField);
        }
        if command == Command::Reverse {
            return self.reverse_documents();
        }
        if command.writes()
            && let Some(refused) = self.read_only().or_else(|| self.role_forbids(command))
        {
            self.say(Severity::Warning, refused);
            return Vec::new();
        }
        if command == Command::Undo {
            return self.undo_document();
        }
        if let Command::Document(command) = command {
            return match command {
                DocumentCommand::New => self.new_document(),
                DocumentCommand::Edit => self.fetch_document(Fetch::Edit),
                DocumentCommand::EditOutside => self.fetch_document(Fetch::EditOutside),
                DocumentCommand::Duplicate => self.fetch_document(Fetch::Duplicate),
                DocumentCommand::Delete => self.fetch_document(Fetch::Delete),
                DocumentCommand::Table(command) => self.table_command(command),
                // These are of the document that is open.
                DocumentCommand::Copy
                | DocumentCommand::View
                | DocumentCommand::CopyValue
                | DocumentCommand::CopyPath
                | DocumentCommand::Toggle
                | DocumentCommand::Unfold
                | DocumentCommand::Fold
                | DocumentCommand::UnfoldAll
                | DocumentCommand::FoldAll => Vec::new(),
            };
        }
        let Some(documents) = self.browsed() else { return Vec::new() };
        if command == Command::Filter {
            documents.typing = true;
        } else if command == Command::Open
            && let Some(row) = documents.rows.get(documents.selected)
        {
            documents.open = Some(OpenDocument::new(row));
            return self.read_document();
        }
        Vec::new()
    }

    fn move_in_documents(&mut self, motion: Motion) -> Vec<Effect> {
        let height = self.listed_rows();
        let steps = self.steps(motion, height);
        let Some(documents) = self.browsed() else { return Vec::new() };
        if motion == Motion::First && documents.more_before {
            return self.load_documents(Arrival::First);
        }
        if motion == Motion::Last && documents.more_after {
            return self.load_documents(Arrival::Last);
        }
        documents.move_by(steps);
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

    fn close_document(&mut self) -> Option<Vec<Effect>> {
        let mut open = self.browsed()?.open.take()?;
        Some(cancel(open.reading.stop()))
    }

    /// Closes the document, stops waiting, or drops the filter; none where nothing of that is on top.
    pub(super) fn back_in_documents(&mut self) -> Option<Vec<Effect>> {
        let now = self.now;
        let retry = format!("press {} to retry", self.keymap.how(Command::Refresh));
        let Some(Layer::Documents(documents)) = self.layers.last_mut() else { return None };
        let mut fetching = cancel(documents.fetching.stop());
        fetching.extend(cancel(documents.sorting.stop()));
        if !fetching.is_empty() {
            return Some(fetching);
        }
        if documents.open.is_some() {
            return self.back_in_tree().or_else(|| self.close_document());
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
