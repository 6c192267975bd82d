//! The dashboard: what all organizations come to, filled in as it is read, and kept until it is read again.

use std::time::SystemTime;

use bson::oid::ObjectId;

use super::{App, Effect, Generation, Layer, Notice, Pane, Severity, cancel, field::Request};
use crate::{
    keymap::Command,
    org::Org,
    store::{ListScope, SizeKey},
    tenancy::{Error, Named, Result, Survey, SurveyPart},
};

/// What the dashboard shows.
#[derive(Debug, Default)]
pub struct Dashboard {
    /// What was read until now; none where nothing was.
    pub survey: Option<Survey>,
    /// When that was begun.
    pub begun: Option<SystemTime>,
    /// Whether it was cut off.
    pub cut_off: bool,
    /// What is waited for.
    pub loading: Request,
    /// What the largest have the most of.
    pub by: SizeKey,
    /// Which of those that are named is selected.
    pub selected: usize,
    /// Which one is opened once the list shows it.
    opening: Option<ObjectId>,
    /// Whether something was changed since, here or by others.
    pub(super) outdated: bool,
}

impl Dashboard {
    /// Which of those that are named is selected, by number; one of those there are.
    #[must_use]
    pub fn selected(&self) -> usize {
        self.selected.min(self.named().len().saturating_sub(1))
    }

    /// The organizations that are named.
    #[must_use]
    pub fn named(&self) -> Vec<&Named> {
        self.survey.as_ref().map_or_else(Vec::new, |survey| survey.named(self.by))
    }

    fn chosen(&self) -> Option<&Org> {
        self.named().get(self.selected()).map(|named| &named.org)
    }

    /// What is selected stays so, wherever it is by now.
    fn stay_at(&mut self, chosen: Option<ObjectId>) {
        let named = self.named();
        let moved = named.iter().position(|named| Some(named.org.id) == chosen);
        let is_there = |now: &&Named| Some(now.org.id) == chosen;
        let stays = named.get(self.selected).is_some_and(is_there);
        if let Some(moved) = moved.filter(|_| self.selected > 0 && !stays) {
            self.selected = moved;
        }
    }
}

impl App {
    /// Shows the dashboard, as it was read before where it was; or leaves it.
    pub(super) fn show_dashboard(&mut self) -> Vec<Effect> {
        if self.layers.iter().any(Layer::is_dashboard) {
            return self.leave_dashboard();
        }
        self.layers.push(Layer::Dashboard);
        match self.dashboard.survey {
            Some(_) if !self.dashboard.outdated => Vec::new(),
            Some(_) | None => self.survey(),
        }
    }

    /// Reads it, from the beginning.
    fn survey(&mut self) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let mut effects = cancel(self.dashboard.loading.begin(generation, now));
        self.dashboard.survey = Some(Survey::default());
        self.dashboard.begun = Some(now);
        self.dashboard.selected = 0;
        self.dashboard.cut_off = false;
        self.dashboard.outdated = false;
        effects.push(Effect::Survey(generation, now));
        effects
    }

    pub(super) fn forget_dashboard(&mut self) -> Vec<Effect> {
        let waited = self.dashboard.loading.stop();
        self.dashboard = Dashboard::default();
        cancel(waited)
    }

    pub(super) fn surveyed(&mut self, generation: Generation, part: SurveyPart) {
        if !self.dashboard.loading.awaits(generation) {
            return;
        }
        if let SurveyPart::Orgs(orgs) = &part {
            // The list need not ask about these.
            let sizes = orgs.iter().map(|(org, size)| (org.id, *size));
            self.sizes.note(sizes, self.now);
        }
        let chosen = self.dashboard.chosen().map(|org| org.id);
        let Some(survey) = &mut self.dashboard.survey else { return };
        survey.add(part);
        self.dashboard.stay_at(chosen);
    }

    pub(super) fn survey_ended(
        &mut self,
        generation: Generation,
        result: Result<()>,
    ) -> Vec<Effect> {
        if !self.dashboard.loading.answered(generation) {
            return Vec::new();
        }
        let Err(error) = result else { return Vec::new() };
        let survey = self.dashboard.survey.as_ref();
        let all = |survey: &Survey| {
            survey.counts.is_some_and(|counts| survey.read >= counts.live.counted)
        };
        self.dashboard.cut_off = !survey.is_some_and(all);
        if let Error::NotAllowed(refusal) = &error
            && refusal.is_an_operators()
        {
            return self.ask_operator_to_log_in(refusal);
        }
        let retry = self.keymap.how(Command::Refresh);
        let help = format!("{}; press {retry} to retry", error.help());
        self.say(Severity::Error, Notice { what: error.to_string(), help });
        Vec::new()
    }

    pub(super) fn dashboard_command(&mut self, command: Command) -> Vec<Effect> {
        if command == Command::Refresh {
            return self.survey();
        }
        if command == Command::Dashboard {
            return self.leave_dashboard();
        }
        if command == Command::Sort {
            let chosen = self.dashboard.chosen().map(|org| org.id);
            self.dashboard.by = self.dashboard.by.next();
            self.dashboard.stay_at(chosen);
            return Vec::new();
        }
        if let Command::Move(motion) = command {
            let rows = self.areas().map_or(1, |areas| areas.help_rows());
            let named = self.dashboard.named().len();
            let selected =
                self.dashboard.selected().saturating_add_signed(self.steps(motion, rows));
            self.dashboard.selected = selected.min(named.saturating_sub(1));
            return Vec::new();
        }
        if matches!(command, Command::Open | Command::Run) {
            return self.open_named();
        }
        Vec::new()
    }

    /// Leaves the dashboard, goes to the organization in the list, and opens it there.
    fn open_named(&mut self) -> Vec<Effect> {
        let Some(org) = self.dashboard.chosen().cloned() else { return Vec::new() };
        let mut effects = self.leave_dashboard();
        if self.list.scope == ListScope::Trash {
            effects.extend(self.switch_scope());
        }
        // Only then: until it shows, keys act on what is selected now.
        self.pane = Pane::List;
        self.dashboard.opening = Some(org.id);
        effects.extend(self.go_to(&org));
        effects
    }

    /// The list was read: what was to be opened is, where it is there.
    pub(super) fn open_found(&mut self) {
        let Some(opening) = self.dashboard.opening.take() else { return };
        if self.list.selected().is_some_and(|org| org.id == opening) {
            self.pane = Pane::Detail;
        } else {
            let what = "that organization is no longer in the list";
            self.say(Severity::Warning, Notice::plain(what));
        }
    }

    /// What is under way is waited for no longer, since nothing shows it.
    fn leave_dashboard(&mut self) -> Vec<Effect> {
        self.layers.retain(|layer| !layer.is_dashboard());
        self.stop_survey()
    }

    fn stop_survey(&mut self) -> Vec<Effect> {
        let stopped = self.dashboard.loading.stop();
        self.dashboard.cut_off |= stopped.is_some();
        cancel(stopped)
    }

    /// Stops reading, or leaves; none where it is not on top.
    pub(super) fn back_in_dashboard(&mut self) -> Option<Vec<Effect>> {
        if !self.layers.last().is_some_and(Layer::is_dashboard) {
            return None;
        }
        let reads = self.dashboard.loading.is_waiting();
        Some(if reads { self.stop_survey() } else { self.leave_dashboard() })
    }
}
