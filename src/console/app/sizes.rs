//! How much organizations hold: asked about the rows on the screen, once they rest, and kept for a while.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, SystemTime},
};

use bson::oid::ObjectId;

use super::{App, Effect, Generation, Notice, Severity, cancel, field::Request};
use crate::{
    console::layout::Areas,
    store::Size,
    tenancy::{Error, Result},
};

/// How long an answer is believed.
const BELIEVED: Duration = Duration::from_mins(5);

/// How many answers are kept before those are dropped that no row needs.
const MOST: usize = 10_000;

/// What the database said of one organization.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// Its size; none where the database does not know it.
    pub size: Option<Size>,
    /// When that was said.
    pub at: SystemTime,
}

/// How much organizations hold, as far as that was asked.
#[derive(Debug, Default)]
pub struct Sizes {
    known: HashMap<ObjectId, Known>,
    /// About whom is asked.
    asked: Vec<ObjectId>,
    loading: Request,
    /// That it cannot be asked, and since when: it is not asked again at once.
    failed: Option<SystemTime>,
}

impl Sizes {
    /// What is known of one; none where that was not answered yet.
    #[must_use]
    pub fn of(&self, org: ObjectId) -> Option<Known> {
        self.known.get(&org).copied()
    }

    /// What was answered about one may no longer be true.
    pub(super) fn forget(&mut self, org: ObjectId) {
        self.known.remove(&org);
    }

    fn is_to_be_asked(&self, org: ObjectId, now: SystemTime) -> bool {
        self.known.get(&org).is_none_or(|known| is_old(known.at, now))
    }

    /// Notes what was answered.
    pub(super) fn note(
        &mut self,
        answers: impl IntoIterator<Item = (ObjectId, Option<Size>)>,
        at: SystemTime,
    ) {
        let known = answers.into_iter().map(|(org, size)| (org, Known { size, at }));
        self.known.extend(known);
    }
}

fn is_old(at: SystemTime, now: SystemTime) -> bool {
    now.duration_since(at).is_ok_and(|age| age >= BELIEVED)
}

impl App {
    /// Asks about the rows on the screen that nothing is known of, where a column shows it. One question at a time:
    /// while the list moves, most rows are never asked about.
    pub(super) fn settle_sizes(&mut self, areas: &Areas) -> Vec<Effect> {
        let shows = self.layers.is_empty() || areas.divider.width > 0;
        if !shows
            || !self.columns(areas.list.width).has_sizes()
            || self.sizes.loading.is_waiting()
            || self.sizes.failed.is_some_and(|at| !is_old(at, self.now))
        {
            return Vec::new();
        }
        let rows = self.list.rows.iter().skip(self.list.top).take(areas.list_rows());
        let orgs: Vec<_> =
            rows.filter(|org| self.sizes.is_to_be_asked(org.id, self.now)).cloned().collect();
        if orgs.is_empty() {
            return Vec::new();
        }
        let generation = self.next();
        self.sizes.asked = orgs.iter().map(|org| org.id).collect();
        let mut effects = cancel(self.sizes.loading.begin(generation, self.now));
        effects.push(Effect::LoadSizes(generation, orgs));
        effects
    }

    /// The answer.
    pub(super) fn sized(
        &mut self,
        generation: Generation,
        result: Result<Vec<Option<Size>>>,
    ) -> Vec<Effect> {
        if !self.sizes.loading.answered(generation) {
            return Vec::new();
        }
        let asked = std::mem::take(&mut self.sizes.asked);
        match result {
            Ok(sizes) => {
                self.sizes.note(asked.into_iter().zip(sizes), self.now);
                if self.sizes.known.len() > MOST {
                    let kept: HashSet<_> = self.list.rows.iter().map(|org| org.id).collect();
                    self.sizes.known.retain(|org, _| kept.contains(org));
                }
            }
            Err(error) => {
                self.sizes.failed = Some(self.now);
                // That the database is gone is said anyway.
                if !matches!(error, Error::Store(crate::store::StoreError::Unreachable { .. })) {
                    self.say(Severity::Error, Notice::from(&error));
                }
            }
        }
        Vec::new()
    }

    /// All are asked about again.
    pub(super) fn forget_sizes(&mut self) -> Vec<Effect> {
        let waited = self.sizes.loading.stop();
        self.sizes = Sizes::default();
        cancel(waited)
    }
}
