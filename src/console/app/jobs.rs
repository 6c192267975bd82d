//! The jobs of this session: begun, gone on with one organization after the other whatever else is looked at,
//! cancelled, listed, and reported.

use std::path::PathBuf;

use super::{
    App, Effect, ExportTo, Failure, Generation, Job, Layer, Notice, OrgAction, Pane, Severity,
    job::did, layer_keys::let_go, outcome::end_login,
};
use crate::{
    keymap::{Command, Motion, Place},
    org::{ListScope, Org},
    tenancy::{ArchiveProgress, Error, Result},
};

/// How many jobs that have ended are kept.
const KEPT: usize = 20;

impl App {
    /// The jobs, the newest first.
    #[must_use]
    pub fn jobs_newest_first(&self) -> impl ExactSizeIterator<Item = &Job> {
        self.jobs.iter().rev()
    }

    /// The job that is looked at: the one that is open, or the selected one of the list.
    #[must_use]
    pub fn job_shown(&self) -> Option<&Job> {
        let top = self.layers.last()?;
        if let Layer::Job(number) = top {
            return self.jobs.iter().find(|job| job.number == *number);
        }
        if let Layer::Jobs(selected) = top { self.jobs_newest_first().nth(*selected) } else { None }
    }

    /// Whether a job that goes on is looked at.
    #[must_use]
    pub fn shows_running_job(&self) -> bool {
        let listed = matches!(self.layers.last(), Some(Layer::Jobs(_)));
        let shown = self.job_shown().is_some_and(Job::is_running);
        shown || listed && self.jobs.iter().any(Job::is_running)
    }

    /// Begins a job and shows it.
    pub(super) fn begin_job(
        &mut self,
        action: OrgAction,
        orgs: Vec<Org>,
        skipped: Vec<(Org, String)>,
        (reason, to): (String, Option<ExportTo>),
    ) -> Vec<Effect> {
        let generation = self.next();
        // From now on the job has them.
        for org in &orgs {
            self.list.selection.remove(org.id);
        }
        let mut job = Job::new(generation, action, orgs, skipped);
        (job.reason, job.to) = (reason, to);
        let effects = job.begin(generation, self.now, self.session.as_ref());
        self.layers.push(Layer::Job(job.number));
        self.jobs.push(job);
        let over = self.jobs.len().saturating_sub(KEPT);
        let ended: Vec<_> = self
            .jobs
            .iter()
            .filter(|job| !job.is_running())
            .map(|job| job.number)
            .take(over)
            .collect();
        self.jobs.retain(|job| !ended.contains(&job.number));
        effects
    }

    /// The end of it for one of a job; none when it was not for one of a job.
    pub(super) fn job_stepped(
        &mut self,
        generation: Generation,
        read: &Org,
        result: &Result<Option<Org>>,
    ) -> Option<Vec<Effect>> {
        let at = self.jobs.iter().position(|job| job.waiting.awaits(generation))?;
        let next = self.next();
        let job = self.jobs.get_mut(at)?;
        let _ = job.waiting.stop();
        job.within = None;
        let before = job.left.pop_front()?;
        let action = job.action;
        let mut effects = Vec::new();
        match result {
            Ok(after) => {
                let after = after.as_ref().unwrap_or(&before).clone();
                effects.extend(end_login(&mut self.session, action, &after));
                self.list.selection.remove(after.id);
                if action.moves() {
                    self.list.remove(after.id);
                } else {
                    self.list.replace(&after);
                }
                job.done.push(after.clone());
                self.demo_follows(action, &after);
            }
            // It would be the same for each of the others.
            Err(error)
                if error.is_of_database()
                    || matches!(error, Error::NotAllowed(_) | Error::Unwritten { .. }) =>
            {
                job.left.push_front(before);
                let said = Notice::from(error);
                job.problem = Some(said.clone());
                job.stopping = true;
                self.note(Severity::Error, said);
            }
            Err(error) => {
                let mut why = Notice::from(error);
                if !why.what.contains(&before.name.to_string()) {
                    why.what = format!("“{}”: {}", before.name, why.what);
                }
                let gone =
                    matches!(error, Error::Gone(_) | Error::InTrash(_) | Error::NotInTrash(_));
                job.failed.push(Failure { org: read.clone(), why: why.clone(), gone });
                self.note(Severity::Error, why);
            }
        }
        let job = self.jobs.get_mut(at)?;
        if job.left.is_empty() || job.stopping {
            effects.extend(self.job_ended(at));
        } else {
            effects.extend(job.go_on(next, self.now, self.session.as_ref()));
        }
        Some(effects)
    }

    /// A job has come to an end, to all of them or not: what was done can be undone together, and what was not is
    /// selected again.
    fn job_ended(&mut self, at: usize) -> Vec<Effect> {
        let Some(job) = self.jobs.get_mut(at) else { return Vec::new() };
        job.stopping = false;
        let (number, action, all) = (job.number, job.action, job.not_done().next().is_none());
        let (failed, what) = (job.failed.len(), job.outcome());
        let to = job.written_to().map(|to| format!(" to {to}")).unwrap_or_default();
        let done = job.settle();
        let one = if let [org] = &done[..] { Some(org.name.clone()) } else { None };
        let problem = job.problem.clone();
        if to.is_empty() {
            self.can_undo_all(action, done);
        }
        if self.list.scope == action.scope() && !self.list.has_selection() {
            self.select_not_done(at);
        }
        let shown = matches!(self.layers.last(), Some(Layer::Job(top)) if *top == number);
        if all && failed == 0 {
            if shown {
                self.layers.pop();
            }
            let help = match action {
                OrgAction::Suspend | OrgAction::Reactivate | OrgAction::Trash => {
                    format!("press {} to undo", self.keymap.how(Command::Undo))
                }
                OrgAction::Delete
                | OrgAction::Purge
                | OrgAction::Restore
                | OrgAction::Rename
                | OrgAction::RemoveAdmin(_)
                | OrgAction::IssueCode(_)
                | OrgAction::Export(_) => String::new(),
            };
            let one = one.map(|name| format!("{} “{name}”", did(action)));
            let what = format!("{}{to}", one.unwrap_or(what));
            self.say(Severity::Success, Notice { what, help });
        } else if !shown {
            let what = problem.map_or_else(|| what.clone(), |why| format!("{what}: {}", why.what));
            self.say(Severity::Alert, Notice { what, help: self.how_to_see_jobs() });
        } else {
            self.note(Severity::Warning, Notice::plain(what));
        }
        match self.list.scope {
            // Nothing is different.
            _ if matches!(action, OrgAction::Export(_)) => Vec::new(),
            ListScope::Live if !action.moves() => {
                let (arrival, at) = self.list.again();
                let mut effects = self.load(arrival, at);
                effects.extend(self.forget_detail());
                effects.extend(self.find_gone());
                effects
            }
            // There are fewer now, or more.
            ListScope::Live | ListScope::Trash => self.refresh(),
        }
    }

    /// Selects what a job did not do.
    fn select_not_done(&mut self, at: usize) {
        let Some(job) = self.jobs.get(at) else { return };
        for org in job.not_done() {
            self.list.selection.add(org);
        }
    }

    /// How far the export is that a job waits for.
    pub(super) fn exporting(
        &mut self,
        generation: Generation,
        progress: ArchiveProgress,
    ) -> Vec<Effect> {
        let now = self.now;
        if let Some(job) = self.jobs.iter_mut().find(|job| job.waiting.awaits(generation)) {
            let since = job.within.map_or(now, |(_, since)| since);
            job.within = Some((progress, since));
        }
        Vec::new()
    }

    /// Where the archive is that a job has waited for.
    pub(super) fn exported_to(&mut self, generation: Generation, file: PathBuf) -> Vec<Effect> {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.waiting.awaits(generation)) {
            job.file = Some(file);
        }
        Vec::new()
    }

    /// Goes on with the job that is open, or tries again what failed where nothing else is left.
    fn continue_job(&mut self) -> Vec<Effect> {
        let generation = self.next();
        let Some(number) = self.job_shown().map(|job| job.number) else { return Vec::new() };
        let now = self.now;
        let Some(job) = self.jobs.iter_mut().find(|job| job.number == number) else {
            return Vec::new();
        };
        if job.is_running() {
            return Vec::new();
        }
        for org in job.not_done() {
            self.list.selection.remove(org.id);
        }
        job.begin(generation, now, self.session.as_ref())
    }

    /// Ends the job after the one that is waited for; or waits no longer for that either.
    fn cancel_job(&mut self) -> Vec<Effect> {
        let Some(number) = self.job_shown().map(|job| job.number) else { return Vec::new() };
        let Some(at) = self.jobs.iter().position(|job| job.number == number) else {
            return Vec::new();
        };
        let job = &mut self.jobs[at];
        if job.to.is_some() {
            // It leaves nothing, so it ends at once.
            let Some(generation) = job.waiting.stop() else { return Vec::new() };
            job.within = None;
            let mut effects = vec![Effect::Cancel(generation)];
            effects.extend(self.job_ended(at));
            return effects;
        }
        if !job.is_running() || !std::mem::replace(&mut job.stopping, true) {
            job.stopping &= job.is_running();
            return Vec::new();
        }
        let Some(generation) = job.waiting.stop() else { return Vec::new() };
        if let Some(org) = job.left.pop_front() {
            let why = let_go("the result will be shown below");
            job.failed.push(Failure { org, why, gone: true });
        }
        self.abandoned.push(generation);
        self.job_ended(at)
    }

    /// Shows the jobs, from one of them too; or leaves the list of them.
    pub(super) fn show_jobs(&mut self) -> Vec<Effect> {
        if let Some(Layer::Job(number)) = self.layers.last() {
            let at = self.jobs_newest_first().position(|job| job.number == *number);
            self.layers.pop();
            if !matches!(self.layers.last(), Some(Layer::Jobs(_))) {
                self.layers.push(Layer::Jobs(at.unwrap_or(0)));
            }
        } else if let Some(Layer::Jobs(_)) = self.layers.last() {
            self.layers.pop();
        } else {
            // What leads here was read.
            let help = self.how_to_see_jobs();
            self.unread.retain(|said| said.help != help);
            self.layers.push(Layer::Jobs(0));
        }
        Vec::new()
    }

    fn how_to_see_jobs(&self) -> String {
        format!("{} shows the jobs", self.keymap.how(Command::Jobs))
    }

    /// Does what keys mean in the list of jobs, and in one of them.
    pub(super) fn job_command(&mut self, command: Command) -> Vec<Effect> {
        if let Command::Move(motion) = command {
            self.move_in_jobs(motion);
            return Vec::new();
        }
        if command == Command::CancelJob {
            return self.cancel_job();
        }
        if command == Command::Select {
            return self.select_again();
        }
        if command == Command::Accept {
            return self.continue_job();
        }
        let Some(job) = self.job_shown() else { return Vec::new() };
        if command == Command::Copy {
            return vec![Effect::Copy("the report", job.report().into())];
        }
        if command == Command::Run {
            let number = job.number;
            self.layers.push(Layer::Job(number));
        }
        Vec::new()
    }

    fn move_in_jobs(&mut self, motion: Motion) {
        let last = self.jobs.len().saturating_sub(1);
        let steps = self.steps(motion, last.max(1));
        if let Some(Layer::Jobs(selected)) = self.layers.last_mut() {
            *selected = selected.saturating_add_signed(steps).min(last);
        }
    }

    /// Selects what the job that is looked at did not do, and nothing else, where those organizations are.
    fn select_again(&mut self) -> Vec<Effect> {
        let Some(job) = self.job_shown().filter(|job| !job.is_running()) else {
            return Vec::new();
        };
        let (number, scope) = (job.number, job.action.scope());
        if job.not_done().next().is_none() {
            self.say(Severity::Warning, Notice::plain("nothing is left to select"));
            return Vec::new();
        }
        self.layers.clear();
        self.pane = Pane::List;
        let mut effects = if self.list.scope == scope { Vec::new() } else { self.switch_scope() };
        self.list.clear_selection();
        if let Some(at) = self.jobs.iter().position(|job| job.number == number) {
            self.select_not_done(at);
        }
        // What it did not do may be done by now, elsewhere.
        effects.extend(self.find_gone());
        effects
    }

    /// Leaves the job that is on top: it goes on where it is running, and that is said.
    pub(super) fn leave_job(&mut self) -> Vec<Effect> {
        let running = self.job_shown().filter(|job| job.is_running()).map(Job::progress_of_all);
        self.layers.pop();
        let listed = matches!(self.layers.last(), Some(Layer::Jobs(_)));
        if let Some(progress) = running.filter(|_| !listed) {
            let what = format!("{progress} in the background");
            let help = self.how_to_see_jobs();
            self.say(Severity::Success, Notice { what, help });
        }
        Vec::new()
    }

    /// Quits; while a job is running, after the same was asked for twice.
    pub(super) fn quit(&mut self, place: Place) -> Vec<Effect> {
        let running: Vec<String> =
            self.jobs.iter().filter(|job| job.is_running()).map(Job::progress).collect();
        if running.is_empty() {
            if self.has_unsaved_document() && !std::mem::replace(&mut self.quitting, true) {
                let how = self.keymap.how_in(place, Command::Quit);
                let what = "what you typed is not saved".to_owned();
                let help = format!("press {how} again to quit and discard it");
                self.say(Severity::Warning, Notice { what, help });
                return Vec::new();
            }
            return vec![Effect::Quit];
        }
        let what = format!("still {}", running.join(", "));
        if std::mem::replace(&mut self.quitting, true) {
            let what = format!("quit while {}", running.join(", "));
            self.note(Severity::Warning, Notice::plain(what));
            return vec![Effect::Quit];
        }
        let how = self.keymap.how_in(place, Command::Quit);
        let help = format!("press {how} again to quit: it ends after the current organization");
        self.say(Severity::Warning, Notice { what, help });
        Vec::new()
    }
}
