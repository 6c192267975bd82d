//! The details of the organization that is looked at: what they are, and how they are read.

use bson::oid::ObjectId;

use super::{
    App, Effect, Generation, Layer, cancel,
    field::{Notice, Request},
};
use crate::{
    keymap::Command,
    org::{Admin, Org},
    store::Statistics,
    tenancy::{Error, NumberedEntry, Result},
};

/// The tabs, what each is called, and the list of all of them, which no tab is missing from.
macro_rules! tabs {
    ($($(#[$attribute:meta])* $name:ident: $word:literal,)*) => {
        /// A side of an organization.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum Tab {
            $($(#[$attribute])* $name,)*
        }

        impl Tab {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What it is called.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

tabs! {
    /// The record.
    #[default]
    Overview: "Overview",
    /// Who runs it.
    Admins: "Admins",
    /// The first documents.
    Documents: "Documents",
    /// What was done to it, and what was refused.
    Activity: "Activity",
}

impl Tab {
    /// The one so many further on, round and round.
    #[must_use]
    pub(super) fn moved(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

/// The details of one organization.
#[derive(Debug, Default)]
pub struct Detail {
    /// Whose; as the list has it until it was read again.
    pub org: Option<Org>,
    /// What it holds, once known.
    pub statistics: Option<Statistics>,
    /// Why it could not be read.
    pub problem: Option<Notice>,
    /// Why what its tab shows could not be read.
    pub unreadable: Option<Notice>,
    /// The answer that is waited for.
    pub loading: Request,
    /// Whom that answer is about.
    pub asked: Option<ObjectId>,
    /// Which side.
    pub tab: Tab,
    /// The first documents as lines, once read.
    pub documents: Option<Vec<String>>,
    /// Its admins, once read.
    pub admins: Option<Vec<Admin>>,
    /// Which of them is selected, where there are so many.
    pub selected: usize,
    /// The newest of what was recorded about it, once read.
    pub activity: Option<Vec<NumberedEntry>>,
    /// What the tab shows and is waited for.
    pub reading: Request,
    /// Whether what the tab shows may have changed since it was read.
    pub outdated: bool,
    /// The first line on the screen.
    pub scroll: usize,
}

impl Detail {
    /// Which admin is selected, by number; one of those there are.
    #[must_use]
    pub fn selected(&self) -> usize {
        self.selected.min(self.admins.as_ref().map_or(0, Vec::len).saturating_sub(1))
    }

    /// The admin that is selected.
    #[must_use]
    pub fn admin(&self) -> Option<&Admin> {
        self.admins.as_ref()?.get(self.selected())
    }

    /// Whether what the tab shows is still to be read.
    fn unread(&self) -> bool {
        let unread = match self.tab {
            Tab::Overview => false,
            Tab::Admins => self.admins.is_none(),
            Tab::Documents => self.documents.is_none(),
            Tab::Activity => self.activity.is_none(),
        };
        (unread || self.outdated) && self.unreadable.is_none() && !self.reading.is_waiting()
    }
}

impl App {
    /// The organization that is looked at: the newest that was read of it.
    #[must_use]
    pub fn chosen(&self) -> Option<&Org> {
        let selected = self.list.selected()?;
        let shown = self.detail.org.as_ref();
        let newer = shown.filter(|o| o.id == selected.id && o.revision >= selected.revision);
        Some(newer.unwrap_or(selected))
    }

    pub(super) fn load_detail(&mut self, id: ObjectId) -> Vec<Effect> {
        let generation = self.next();
        let mut effects = cancel(self.detail.loading.begin(generation, self.now));
        self.detail.asked = Some(id);
        effects.push(Effect::LoadDetail(generation, id));
        effects
    }

    /// Makes the details be read again.
    pub(super) fn forget_detail(&mut self) -> Vec<Effect> {
        let mut effects = cancel(self.detail.loading.stop());
        effects.extend(cancel(self.detail.reading.stop()));
        let Detail { tab, selected, .. } = self.detail;
        self.detail = Detail { tab, selected, ..Detail::default() };
        effects
    }

    /// The details may have changed: the open tab stays as it is until it was read again, and the others are read when
    /// they are opened.
    pub(super) fn detail_may_have_changed(&mut self) {
        let Detail { tab, documents, admins, activity, outdated, .. } = &mut self.detail;
        if *tab != Tab::Documents {
            *documents = None;
        }
        if *tab != Tab::Admins {
            *admins = None;
        }
        if *tab != Tab::Activity {
            *activity = None;
        }
        *outdated = *tab != Tab::Overview;
    }

    /// Shows another tab, from its beginning. What the one before waited for is waited for no longer.
    pub(super) fn turn_to(&mut self, tab: Tab) -> Vec<Effect> {
        self.detail.tab = tab;
        self.detail.scroll = 0;
        self.detail.outdated = false;
        self.detail.unreadable = None;
        cancel(self.detail.reading.stop())
    }

    /// Reads what the tab shows, where that is not read yet or may have changed.
    pub(super) fn read_tab(&mut self) -> Vec<Effect> {
        let Some(org) = self.detail.org.clone().filter(|_| self.detail.unread()) else {
            return Vec::new();
        };
        self.detail.outdated = false;
        let (generation, org) = (self.next(), Box::new(org));
        let mut effects = cancel(self.detail.reading.begin(generation, self.now));
        effects.extend(match self.detail.tab {
            Tab::Overview => None,
            Tab::Admins => Some(Effect::LoadAdmins(generation, org)),
            Tab::Documents => Some(Effect::LoadDocuments(generation, org)),
            Tab::Activity => Some(Effect::LoadActivity(generation, org)),
        });
        effects
    }

    pub(super) fn detail(
        &mut self,
        generation: Generation,
        result: Result<Option<(Org, Statistics)>>,
    ) -> Vec<Effect> {
        if !self.detail.loading.answered(generation) {
            return Vec::new();
        }
        let asked = self.detail.asked.take();
        match result {
            Ok(Some((org, statistics))) => {
                self.list.replace(&org);
                // While it is being saved, that may be what has changed.
                if let Some(Layer::Form(form)) = self.layers.last_mut()
                    && !form.submitting.is_waiting()
                    && form.org().is_some_and(|edited| {
                        edited.id == org.id && (form.stale || edited.revision != org.revision)
                    })
                {
                    form.rebase(&org);
                }
                let shown = self.detail.org.as_ref();
                if shown.is_some_and(|shown| shown.revision != org.revision) {
                    // Whoever changed it may have changed these.
                    self.detail.admins = None;
                    self.detail.activity = None;
                }
                self.detail.statistics = Some(statistics);
                self.detail.org = Some(org.clone());
                self.question_follows(&org, statistics)
            }
            Ok(None) => {
                if let Some((id, name)) = asked.and_then(|id| Some((id, self.asked_about(id)?))) {
                    return self.asked_in_vain(id, &Error::Gone(name));
                }
                if let Some(Layer::Form(form)) = self.layers.last_mut()
                    && let Some(org) = form.org().filter(|org| Some(org.id) == asked)
                {
                    // What was typed stays, to be copied.
                    form.problem = Some(Notice::from(&Error::Gone(org.name.clone())));
                }
                self.detail.problem = Some(Notice {
                    what: "someone else deleted this organization".to_owned(),
                    help: format!(
                        "press {} to refresh the list",
                        self.keymap.how(Command::Refresh)
                    ),
                });
                Vec::new()
            }
            Err(error) => {
                self.detail.problem = Some(Notice::from(&error));
                Vec::new()
            }
        }
    }

    pub(super) fn documents(&mut self, generation: Generation, result: Result<Vec<String>>) {
        if let Some(lines) = self.tab_read(generation, result) {
            self.detail.documents = Some(lines);
        }
    }

    pub(super) fn admins(&mut self, generation: Generation, result: Result<Vec<Admin>>) {
        if let Some(admins) = self.tab_read(generation, result) {
            self.detail.admins = Some(admins);
        }
    }

    pub(super) fn activity(
        &mut self,
        generation: Generation,
        result: Result<Vec<NumberedEntry>>,
    ) -> Vec<Effect> {
        if let Some(entries) = self.tab_read(generation, result) {
            self.detail.activity = Some(entries);
        }
        Vec::new()
    }

    /// What a tab waits for, if this is that.
    fn tab_read<T>(&mut self, generation: Generation, result: Result<T>) -> Option<T> {
        if !self.detail.reading.answered(generation) {
            return None;
        }
        result.map_err(|error| self.detail.unreadable = Some(Notice::from(&error))).ok()
    }
}
