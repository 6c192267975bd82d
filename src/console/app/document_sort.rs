//! In which order documents are read: by `_id`, or by a field that an index begins with.

use super::{
    App, Effect, Generation, Notice, Severity, cancel,
    document_columns::SeenFields,
    document_window::{Arrival, Documents},
    message::DocumentsAsked,
};
use crate::{
    keymap::Command,
    org::escaped_short,
    store::{DocumentOrder, SortField},
    tenancy::Result,
};

/// So many fields that cannot be sorted by are named.
const NAMED: usize = 3;

impl App {
    /// Sorts by the next field; which there are is asked the first time.
    pub(super) fn sort_documents(&mut self) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(documents) = self.browsed() else { return Vec::new() };
        if documents.sort_fields.is_some() {
            return self.sort_by_next_field();
        }
        let mut effects = cancel(documents.sorting.begin(generation, now));
        let org = documents.org.clone();
        effects.push(Effect::Browse(generation, org, DocumentsAsked::SortFields));
        effects
    }

    /// What documents can be sorted by.
    pub(super) fn sort_fields_answered(
        &mut self,
        generation: Generation,
        result: Result<Vec<SortField>>,
    ) -> Vec<Effect> {
        let Some(documents) = self.browsed() else { return Vec::new() };
        if !documents.sorting.answered(generation) {
            return Vec::new();
        }
        match result {
            Ok(fields) => {
                documents.sort_fields = Some(fields);
                self.sort_by_next_field()
            }
            Err(error) => {
                self.say(Severity::Error, Notice::from(&error));
                Vec::new()
            }
        }
    }

    fn sort_by_next_field(&mut self) -> Vec<Effect> {
        let reverse = self.keymap.how(Command::Reverse);
        let Some(documents) = self.browsed() else { return Vec::new() };
        let fields = documents.sort_fields.as_deref().unwrap_or_default();
        let orders: Vec<DocumentOrder> =
            fields.iter().filter_map(|field| field.order(false)).collect();
        let now = documents.order.field();
        let at = orders.iter().position(|order| order.field() == now).map_or(0, |at| at + 1);
        let refused: Vec<String> = fields
            .iter()
            .filter_map(|field| Some((field, field.refused?)))
            .take(NAMED)
            .map(|(field, why)| format!("not by {}: {why}", escaped_short(&field.field, 40)))
            .collect();
        if orders.is_empty() {
            let what = "sorted by _id: no index begins with another field".to_owned();
            let help = format!("press {reverse} to reverse the order");
            let what = if refused.is_empty() { what } else { refused.join("; ") };
            self.say(Severity::Warning, Notice { what, help });
            return Vec::new();
        }
        documents.order = orders.into_iter().nth(at).unwrap_or_else(|| DocumentOrder::by_id(false));
        // Once in a round.
        if at == 0 && !refused.is_empty() {
            self.say(Severity::Warning, Notice::plain(refused.join("; ")));
        }
        self.read_sorted()
    }

    /// Reads the same documents in the opposite order.
    pub(super) fn reverse_documents(&mut self) -> Vec<Effect> {
        let Some(documents) = self.browsed() else { return Vec::new() };
        documents.order.descending = !documents.order.descending;
        self.read_sorted()
    }

    fn read_sorted(&mut self) -> Vec<Effect> {
        if let Some(documents) = self.browsed() {
            documents.clear();
        }
        self.load_documents(Arrival::First)
    }
}

impl Documents {
    /// Lets go of what was read: it is to be read anew from the beginning.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.seen = SeenFields::default();
        (self.selected, self.top, self.loaded, self.owed) = (0, 0, false, 0);
        (self.more_before, self.more_after, self.before) = (false, false, None);
        self.counted = None;
    }
}
