//! Reading the list: page by page, filtered, counted, and of one of two scopes, the organizations or
//! those in the trash.

use super::{
    App, Arrival, Effect, Generation, List, Notice, Pane, Select, Severity, cancel, list::PAGE,
};
use crate::{
    keymap::Command,
    org::{Org, Search},
    store::{Count, ListScope, Page, PageAt, Sort, SortKey},
    tenancy::{Error, Refusal, Result},
};

/// Counting goes no further than this while a filter is typed.
const COUNT_MOST: u64 = 1000;

impl App {
    /// Shows the trash, what was put there last on top; or the organizations again, as they were left.
    pub(super) fn switch_scope(&mut self) -> Vec<Effect> {
        let mut effects = cancel(self.list.loading.stop());
        effects.extend(cancel(self.list.counting.stop()));
        effects.extend(cancel(self.list.finding_gone.stop()));
        effects.extend(self.forget_detail());
        if self.list.problem.is_some() {
            // It was about the list that is left.
            self.notice = None;
        }
        self.pane = Pane::List;
        if let Some(live) = self.aside.take() {
            self.list = live;
            effects.extend(match self.unseen.take() {
                Some(org) => self.show(&org),
                None => self.refresh(),
            });
        } else {
            let newest = Sort { key: SortKey::Created, descending: true };
            let trash = List { sort: newest, ..List::new(ListScope::Trash) };
            self.list.filtering = false;
            self.aside = Some(std::mem::replace(&mut self.list, trash));
            effects.extend(self.load(Arrival::Replace(Select::First), PageAt::First));
            effects.extend(self.count());
        }
        effects
    }

    pub(super) fn load(&mut self, arrival: Arrival, at: PageAt) -> Vec<Effect> {
        let generation = self.next();
        let mut effects = cancel(self.list.loading.begin(generation, self.now));
        self.list.arrival = arrival;
        if self.list.problem.take().is_some() {
            // What was said about the last attempt is no longer true.
            self.notice = None;
        }
        effects.push(Effect::LoadPage(generation, self.list.query(at)));
        effects
    }

    pub(super) fn count(&mut self) -> Vec<Effect> {
        let generation = self.next();
        let mut effects = cancel(self.list.counting.begin(generation, self.now));
        let search = self.list.search();
        let most = if search.is_some() { COUNT_MOST } else { u64::MAX };
        effects.push(Effect::Count(generation, self.list.scope, search, most));
        effects
    }

    /// Only what matches the filter is counted again: until that is dropped, nothing is said of all.
    fn forget_total(&mut self) {
        if self.list.search().is_some() {
            self.list.total = None;
        }
    }

    /// Reads the list again where it stands, and what is looked at.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        let behind = self.live.behind;
        self.live.caught_up();
        self.forget_total();
        let (arrival, at) = self.list.again();
        let mut effects = self.load(arrival, at);
        if behind {
            self.show_changes();
        }
        effects.extend(self.count());
        effects.extend(self.forget_sizes());
        effects.extend(self.forget_detail());
        effects.extend(self.follow());
        effects.extend(self.find_gone());
        effects
    }

    pub(super) fn page(&mut self, generation: Generation, result: Result<Page>) -> Vec<Effect> {
        let result = match self.bulk_page(generation, result) {
            Ok(effects) => return effects,
            Err(result) => result,
        };
        if !self.list.loading.answered(generation) {
            return Vec::new();
        }
        match result {
            Ok(page) => {
                self.renew(generation, page);
                self.open_found();
            }
            Err(error) => {
                self.list.problem = Some(Notice::from(&error));
                if error == Error::NotAllowed(Refusal::OperatorsRequired) {
                    return self.required_meanwhile();
                }
                if error == Error::NotAllowed(Refusal::SecondFactorRequired) {
                    return self.ask_operator_to_log_in(&Refusal::SecondFactorRequired);
                }
                let again = self.keymap.how(Command::Refresh);
                self.say(
                    Severity::Error,
                    Notice {
                        what: error.to_string(),
                        help: format!("{}; press {again} to retry", error.help()),
                    },
                );
            }
        }
        Vec::new()
    }

    /// Takes a page. Where the organization whose details are shown has left the list, they are left too: keys must not
    /// act on the one in its place.
    pub(super) fn arrived(&mut self, page: Page) {
        let open = self.list.selected().filter(|_| self.pane == Pane::Detail).cloned();
        let stays = |org: &Org| self.list.arrival == Arrival::Replace(Select::Org(org.id));
        let open = open.filter(stays);
        self.list.arrived(page);
        if let Some(org) = open
            && self.list.selected().is_none_or(|selected| selected.id != org.id)
        {
            self.pane = Pane::List;
            let what = format!("“{}” is no longer in the {}", org.name, self.list.scope_word());
            self.say(Severity::Warning, Notice::plain(what));
        }
    }

    pub(super) fn counted(&mut self, generation: Generation, result: &Result<Count>) {
        if self.list.counting.answered(generation)
            && let Ok(count) = result
        {
            match self.list.search() {
                Some(_) => self.list.matching = Some(*count),
                None => self.list.total = Some(*count),
            }
        }
    }

    /// The filter is another one: the list begins anew.
    pub(super) fn refilter(&mut self) -> Vec<Effect> {
        self.list.leave_filtered_selection();
        self.list.matching = None;
        // These were for another filter.
        self.list.nearest.clear();
        let mut effects = self.load(Arrival::Replace(Select::First), PageAt::First);
        effects.extend(self.count());
        effects
    }

    /// Filters by the nearest name, if the filter has no match.
    pub(super) fn take_nearest(&mut self) -> Vec<Effect> {
        let nearest = self.list.nearest.first().filter(|_| self.list.rows.is_empty());
        let Some(name) = nearest.map(|org| org.name.raw().to_owned()) else { return Vec::new() };
        self.list.filter.set(&name);
        self.refilter()
    }

    pub(super) fn drop_filter(&mut self) -> Vec<Effect> {
        if self.list.search().is_none() {
            return Vec::new();
        }
        self.list.leave_filtered_selection();
        let selected = self.list.selected().cloned();
        self.list.filter.set("");
        self.list.matching = None;
        let (arrival, at) = match &selected {
            Some(org) => self.list.from(org),
            None => (Arrival::Replace(Select::First), PageAt::First),
        };
        let mut effects = self.load(arrival, at);
        effects.extend(self.count());
        effects
    }

    /// The order is another one: what the cursor is on stays there. Nothing was chosen yet where it is on the
    /// very first row, and whoever sorts wants to see the top.
    pub(super) fn resort(&mut self) -> Vec<Effect> {
        let top = self.list.selected == 0 && !self.list.more_before;
        let (arrival, at) = match self.list.selected().filter(|_| !top).cloned() {
            Some(org) => self.list.from(&org),
            None => (Arrival::Replace(Select::First), PageAt::First),
        };
        self.load(arrival, at)
    }

    /// Brings an organization that was just written into the list and selects it.
    pub(super) fn show(&mut self, org: &Org) -> Vec<Effect> {
        if self.list.scope == ListScope::Trash {
            self.unseen = Some(org.clone());
            return Vec::new();
        }
        // At once: whoever goes on editing before the list was read again edits what is stored now.
        self.list.replace(org);
        self.go_to(org)
    }

    /// Reads the list around an organization that is on it, and selects it.
    pub(super) fn go_to(&mut self, org: &Org) -> Vec<Effect> {
        let search = self.list.search().map(|search| Search::parse(&search));
        if search.is_some_and(|search| search.find(org, &org.searchable()).is_none()) {
            self.list.leave_filtered_selection();
            self.list.filter.set("");
        }
        self.forget_total();
        let (arrival, at) = if self.list.rows.len() < PAGE as usize && !self.list.more_before {
            (Arrival::Replace(Select::Org(org.id)), PageAt::First)
        } else {
            self.list.from(org)
        };
        let mut effects = self.load(arrival, at);
        effects.extend(self.count());
        effects.extend(self.forget_detail());
        effects
    }
}
