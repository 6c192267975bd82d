//! What is done to several organizations at once: those that were marked in the list, one after the
//! other, each of them whole or not at all.

use std::{collections::VecDeque, time::SystemTime};

use super::{
    App, Deed, Effect, Generation, Layer, Mood, Pane, Request, Said, Sure, cancel, deed::Given,
    layer_keys::let_go, question::end_login,
};
use crate::{
    keymap::Command,
    org::{Org, OrgState},
    store::Shelf,
    tenancy::{Error, Result},
};

/// The question before it, how far it is, and what came of it.
#[derive(Debug)]
pub struct Several {
    /// What is done.
    pub deed: Deed,
    /// To which it is still to be done. While one is waited for, it is the first.
    pub left: VecDeque<Org>,
    /// To which it was done, as they are now.
    pub done: Vec<Org>,
    /// To which it could not be, and why, in words that name it.
    pub failed: Vec<(Org, Said)>,
    /// The answer that is waited for.
    pub submitting: Request,
    /// Whether it is to end with the one that is waited for.
    pub stopping: bool,
    /// Why it does not go on, or that it is done in production.
    pub problem: Option<Said>,
    /// Whether it is meant, in production.
    pub sure: Sure,
}

impl Several {
    /// The question whether to do this to these.
    #[must_use]
    pub fn of(deed: Deed, orgs: Vec<Org>) -> Self {
        Self {
            deed,
            left: orgs.into(),
            done: Vec::new(),
            failed: Vec::new(),
            submitting: Request::default(),
            stopping: false,
            problem: None,
            sure: Sure::default(),
        }
    }

    /// How many there are in all.
    #[must_use]
    pub fn count(&self) -> usize {
        self.left.len() + self.done.len() + self.failed.len()
    }
}

impl App {
    /// Marks the organization that is selected, or takes its mark away, and goes on to the next.
    pub(super) fn mark(&mut self) {
        // A key that is held must not take the mark away again while the next rows are being read.
        if self.list.more_after && self.list.selected + 1 == self.list.rows.len() {
            return;
        }
        if let Some(org) = self.list.selected().cloned() {
            if !self.list.unmark(org.id) {
                self.list.marked.push(org);
            }
            self.list.move_by(1);
        }
    }

    /// Those that what is done here is done to; none where it is to the one that is selected.
    #[must_use]
    pub fn marked(&self) -> &[Org] {
        if self.pane == Pane::List { &self.list.marked } else { &[] }
    }

    /// What a command does to those that are marked, and to which of them; none where nothing is, or
    /// where it is about something else.
    #[must_use]
    pub fn deed_for_marked(&self, command: Command) -> Option<(Deed, Vec<Org>)> {
        let marked = self.marked();
        let active = || marked.iter().filter(|org| org.state == OrgState::Active);
        match command {
            _ if marked.is_empty() => None,
            Command::Suspend if active().next().is_some() => {
                Some((Deed::Suspend, active().cloned().collect()))
            }
            Command::Suspend => Some((Deed::Reactivate, marked.to_vec())),
            Command::Restore => Some((Deed::Restore, marked.to_vec())),
            _ => None,
        }
    }

    /// Asks whether to do it to those that are marked; whether the command is for them.
    pub(super) fn ask_about_marked(&mut self, command: Command) -> bool {
        if let Some((deed, orgs)) = self.deed_for_marked(command) {
            self.layers.push(Layer::Several(Several::of(deed, orgs)));
            return true;
        }
        let refused = command.is_for_one() && !self.marked().is_empty();
        if refused {
            let what = "this is done to one organization at a time".to_owned();
            let help = format!("{} takes the marks away", self.keymap.how(Command::Back));
            self.say(Mood::Bad, Said { what, help });
        }
        refused
    }

    /// Stops it after the one that is waited for; or waits no longer for that either, and leaves.
    pub(super) fn stop_or_leave_several(&mut self) -> Vec<Effect> {
        let Some(Layer::Several(several)) = self.layers.last_mut() else { return Vec::new() };
        if several.submitting.is_waiting() && !several.stopping {
            several.stopping = true;
            return Vec::new();
        }
        let waited = several.submitting.stop();
        let (deed, done) = (several.deed, std::mem::take(&mut several.done));
        self.layers.pop();
        let Some(generation) = waited else { return Vec::new() };
        self.abandoned.push(generation);
        self.can_undo_all(deed, &done);
        self.say(Mood::Bad, let_go("how it ends will be said here"));
        self.refresh()
    }

    /// Does it to the next one; to those that it could not be done to before, where no other is left.
    pub(super) fn go_on(&mut self, generation: Generation) -> Vec<Effect> {
        let now = self.now;
        let Some(Layer::Several(several)) = self.layers.last_mut() else { return Vec::new() };
        if several.left.is_empty() {
            // As they were read last.
            let now = |org: Org| {
                let marked = self.list.marked.iter().find(|marked| marked.id == org.id);
                marked.cloned().unwrap_or(org)
            };
            several.left.extend(several.failed.drain(..).map(|(org, _)| now(org)));
        }
        several.problem = None;
        several.stopping = false;
        begin(several, generation, now)
    }

    /// The end of it for one of several; none when it was not for one of several.
    pub(super) fn done_to_one(
        &mut self,
        generation: Generation,
        result: &Result<Option<Org>>,
    ) -> Option<Vec<Effect>> {
        let at = self.layers.iter().position(|layer| {
            matches!(layer, Layer::Several(several) if several.submitting.awaits(generation))
        })?;
        let (next, now) = (self.next(), self.now);
        let Some(Layer::Several(several)) = self.layers.get_mut(at) else { return None };
        let _ = several.submitting.stop();
        let before = several.left.pop_front()?;
        let mut effects = Vec::new();
        let mut why = None;
        match result {
            Ok(after) => {
                let after = after.as_ref().unwrap_or(&before).clone();
                effects.extend(end_login(&mut self.session, several.deed, &after));
                self.list.unmark(after.id);
                self.list.replace(&after);
                several.done.push(after);
            }
            // It would be the same for each of the others.
            Err(error @ (Error::Store(_) | Error::ReadOnly(_))) => {
                several.left.push_front(before);
                several.problem = Some(Said::from(error));
                several.stopping = true;
                why.clone_from(&several.problem);
            }
            Err(error) => {
                let mut said = Said::from(error);
                if !said.what.contains(&before.name.to_string()) {
                    said.what = format!("“{}”: {}", before.name, said.what);
                }
                why = Some(said.clone());
                several.failed.push((before, said));
            }
        }
        if several.left.is_empty() || several.stopping {
            effects.extend(self.stopped(at));
        } else {
            effects.extend(begin(several, next, now));
        }
        if let Some(said) = why {
            self.note(Mood::Bad, said);
        }
        Some(effects)
    }

    /// It has come to an end, to all of them or not: what was done can be taken back together.
    pub(super) fn stopped(&mut self, at: usize) -> Vec<Effect> {
        let Some(Layer::Several(several)) = self.layers.get_mut(at) else { return Vec::new() };
        let (deed, done) = (several.deed, several.done.clone());
        several.stopping = false;
        let all = several.left.is_empty() && several.failed.is_empty();
        if !all && several.problem.is_none() {
            let what = match several.left.len() {
                0 => "it could not be done to all of them".to_owned(),
                left => format!("stopped; {left} of {} are as they were", several.count()),
            };
            several.problem = Some(Said::plain(what));
        }
        self.can_undo_all(deed, &done);
        if all {
            self.layers.remove(at);
            let undo = self.keymap.how(Command::Undo);
            let (what, help) = match deed {
                Deed::Suspend => ("suspended", format!("{undo} takes it back")),
                Deed::Reactivate => ("active again", format!("{undo} takes it back")),
                Deed::Trash
                | Deed::Delete
                | Deed::Purge
                | Deed::Restore
                | Deed::Rename
                | Deed::RemoveAdmin(_)
                | Deed::IssueCode(_) => ("back with everything they had", String::new()),
            };
            let who = match &done[..] {
                [org] => format!("“{}” is", org.name),
                all => format!("{} organizations are", all.len()),
            };
            self.say(Mood::Good, Said { what: format!("{who} {what}"), help });
        }
        match self.list.shelf {
            Shelf::Live => {
                let (arrival, at) = self.list.again();
                let mut effects = self.load(arrival, at);
                effects.extend(self.forget_detail());
                effects
            }
            Shelf::Trash => self.refresh(),
        }
    }
}

fn begin(several: &mut Several, generation: Generation, now: SystemTime) -> Vec<Effect> {
    let Some(org) = several.left.front().cloned() else { return Vec::new() };
    let mut effects = cancel(several.submitting.begin(generation, now));
    effects.push(Effect::Do(generation, several.deed, Box::new(org), Given::default(), None));
    effects
}
