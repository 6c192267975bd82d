//! The details of the organization that is looked at: what they are, and how they are read.

use mongodb::bson::oid::ObjectId;

use super::{
    App, Effect, Generation, Layer, cancel,
    field::{Request, Said},
};
use crate::{
    org::Org,
    store::Statistics,
    tenancy::{Error, Result},
};

/// A side of an organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The record.
    #[default]
    Overview,
    /// The first documents.
    Documents,
}

/// The details of one organization.
#[derive(Debug, Default)]
pub struct Detail {
    /// Whose; as the list has it until it was read again.
    pub org: Option<Org>,
    /// What it holds, once known.
    pub statistics: Option<Statistics>,
    /// Why it could not be read.
    pub problem: Option<Said>,
    /// The answer that is waited for.
    pub loading: Request,
    /// Whom that answer is about.
    pub asked: Option<ObjectId>,
    /// Which side.
    pub tab: Tab,
    /// The first documents as lines, once read.
    pub documents: Option<Vec<String>>,
    /// The documents that are waited for.
    pub reading: Request,
    /// The first line on the screen.
    pub scroll: usize,
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
        let tab = self.detail.tab;
        self.detail = Detail { tab, ..Detail::default() };
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
                if let Some(Layer::Form(form)) = self.layers.last_mut()
                    && form.stale
                    && form.org.as_ref().is_some_and(|edited| edited.id == org.id)
                {
                    form.rebase(&org);
                }
                self.detail.statistics = Some(statistics);
                self.detail.org = Some(org.clone());
                self.question_follows(&org, statistics)
            }
            Ok(None) => {
                if let Some((id, name)) = asked.and_then(|id| Some((id, self.asked_about(id)?))) {
                    return self.overtaken(id, &Error::Gone(name));
                }
                self.detail.problem = Some(Said {
                    what: "this organization is gone: someone else deleted it".to_owned(),
                    help: "r reads the list again".to_owned(),
                });
                Vec::new()
            }
            Err(error) => {
                self.detail.problem = Some(Said::from(&error));
                Vec::new()
            }
        }
    }

    pub(super) fn documents(
        &mut self,
        generation: Generation,
        result: Result<Vec<String>>,
    ) -> Vec<Effect> {
        if self.detail.reading.answered(generation) {
            match result {
                Ok(lines) => self.detail.documents = Some(lines),
                Err(error) => self.detail.problem = Some(Said::from(&error)),
            }
        }
        Vec::new()
    }
}
