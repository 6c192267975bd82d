//! What is done to several organizations at once: those that were selected in the list, one after the
//! other, each of them whole or not at all.

use std::{collections::VecDeque, time::SystemTime};

use super::{
    App, Effect, Generation, Layer, Notice, OrgAction, Request, Severity, Sure, cancel,
    layer_keys::let_go, org_action::Given, outcome::end_login,
};
use crate::{
    keymap::Command,
    org::{OperationKind, Org, OrgState},
    store::ListScope,
    tenancy::{Error, Result, Session},
};

/// The question before it, how far it is, and what came of it.
#[derive(Debug)]
pub struct Bulk {
    /// What is done.
    pub action: OrgAction,
    /// To which it is still to be done. While one is waited for, it is the first.
    pub left: VecDeque<Org>,
    /// To which it was done, as they are now.
    pub done: Vec<Org>,
    /// To which it could not be, and why, in words that name it.
    pub failed: Vec<(Org, Notice)>,
    /// The answer that is waited for.
    pub submitting: Request,
    /// Whether it is to end with the one that is waited for.
    pub stopping: bool,
    /// Why it does not go on, or that it is done in production.
    pub problem: Option<Notice>,
    /// Whether it is meant, in production.
    pub sure: Sure,
}

impl Bulk {
    /// The question whether to do this to these.
    #[must_use]
    pub fn new(action: OrgAction, orgs: Vec<Org>) -> Self {
        Self {
            action,
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
    /// What a command does to the selected organizations, and to which of them; none where nothing is, or
    /// where it is about something else.
    #[must_use]
    pub fn action_for_selection(&self, command: Command) -> Option<(OrgAction, Vec<Org>)> {
        let operation = command.operation().filter(|_| self.has_selection())?;
        let all = self.list.selection.iter();
        let active = || all.clone().filter(|org| org.state == OrgState::Active);
        match operation {
            OperationKind::Suspend if active().next().is_some() => {
                Some((OrgAction::Suspend, active().cloned().collect()))
            }
            OperationKind::Suspend | OperationKind::Reactivate => {
                Some((OrgAction::Reactivate, all.cloned().collect()))
            }
            OperationKind::Restore => Some((OrgAction::Restore, all.cloned().collect())),
            // One login is enough for all of them.
            OperationKind::Trash if self.is_operator() => {
                Some((OrgAction::Trash, all.cloned().collect()))
            }
            OperationKind::Create
            | OperationKind::Update
            | OperationKind::Trash
            | OperationKind::Purge
            | OperationKind::Delete
            | OperationKind::AddAdmin
            | OperationKind::AppointOwner
            | OperationKind::RemoveAdmin
            | OperationKind::ChangeAdmin
            | OperationKind::IssueCode
            | OperationKind::RedeemCode
            | OperationKind::LogIn
            | OperationKind::Authorize
            | OperationKind::Repair
            | OperationKind::AddOperator
            | OperationKind::ChangeOperator
            | OperationKind::RemoveOperator
            | OperationKind::RequireOperators
            | OperationKind::RecoverOperators
            | OperationKind::Upgrade
            | OperationKind::Foreign(_) => None,
        }
    }

    /// Asks whether to do it to the selected organizations; whether the command is for them.
    pub(super) fn ask_about_selection(&mut self, command: Command) -> bool {
        if let Some((action, orgs)) = self.action_for_selection(command) {
            self.layers.push(Layer::Bulk(Bulk::new(action, orgs)));
            return true;
        }
        let refused = command.is_for_one() && self.has_selection();
        if refused {
            let what = "this works on one organization at a time".to_owned();
            let help = format!("press {} to clear the selection", self.keymap.how(Command::Back));
            self.say(Severity::Error, Notice { what, help });
        }
        refused
    }

    /// Stops it after the one that is waited for; or waits no longer for that either, and leaves.
    pub(super) fn stop_or_leave_bulk(&mut self) -> Vec<Effect> {
        let Some(Layer::Bulk(bulk)) = self.layers.last_mut() else { return Vec::new() };
        if bulk.submitting.is_waiting() && !bulk.stopping {
            bulk.stopping = true;
            return Vec::new();
        }
        let waited = bulk.submitting.stop();
        let (action, done) = (bulk.action, std::mem::take(&mut bulk.done));
        self.layers.pop();
        let Some(generation) = waited else { return Vec::new() };
        self.abandoned.push(generation);
        self.can_undo_all(action, &done);
        self.say(Severity::Error, let_go("the result will be shown here"));
        self.refresh()
    }

    /// Does it to the next one; to those that it could not be done to before, where no other is left.
    pub(super) fn go_on(&mut self, generation: Generation) -> Vec<Effect> {
        let now = self.now;
        let Some(Layer::Bulk(bulk)) = self.layers.last_mut() else { return Vec::new() };
        if bulk.left.is_empty() {
            // As they were read last.
            let now = |org: Org| {
                let read = self.list.selection.iter().find(|read| read.id == org.id);
                read.cloned().unwrap_or(org)
            };
            bulk.left.extend(bulk.failed.drain(..).map(|(org, _)| now(org)));
        }
        bulk.problem = None;
        bulk.stopping = false;
        begin(bulk, generation, now, self.session.as_ref())
    }

    /// The end of it for one of several; none when it was not for one of several.
    pub(super) fn done_to_one(
        &mut self,
        generation: Generation,
        result: &Result<Option<Org>>,
    ) -> Option<Vec<Effect>> {
        let at = self.layers.iter().position(
            |layer| matches!(layer, Layer::Bulk(bulk) if bulk.submitting.awaits(generation)),
        )?;
        let (next, now) = (self.next(), self.now);
        let Some(Layer::Bulk(bulk)) = self.layers.get_mut(at) else { return None };
        let _ = bulk.submitting.stop();
        let before = bulk.left.pop_front()?;
        let mut effects = Vec::new();
        let (mut why, mut changed) = (None, None);
        match result {
            Ok(after) => {
                let after = after.as_ref().unwrap_or(&before).clone();
                effects.extend(end_login(&mut self.session, bulk.action, &after));
                self.list.selection.remove(after.id);
                self.list.replace(&after);
                changed = Some((bulk.action, after.clone()));
                bulk.done.push(after);
            }
            // It would be the same for each of the others.
            Err(error @ (Error::Store(_) | Error::ReadOnly(_))) => {
                bulk.left.push_front(before);
                bulk.problem = Some(Notice::from(error));
                bulk.stopping = true;
                why.clone_from(&bulk.problem);
            }
            Err(error) => {
                let mut said = Notice::from(error);
                if !said.what.contains(&before.name.to_string()) {
                    said.what = format!("“{}”: {}", before.name, said.what);
                }
                why = Some(said.clone());
                bulk.failed.push((before, said));
            }
        }
        if bulk.left.is_empty() || bulk.stopping {
            effects.extend(self.stopped(at));
        } else {
            effects.extend(begin(bulk, next, now, self.session.as_ref()));
        }
        if let Some((action, org)) = changed {
            self.demo_follows(action, &org);
        }
        if let Some(said) = why {
            self.note(Severity::Error, said);
        }
        Some(effects)
    }

    /// It has come to an end, to all of them or not: what was done can be undone together.
    pub(super) fn stopped(&mut self, at: usize) -> Vec<Effect> {
        let Some(Layer::Bulk(bulk)) = self.layers.get_mut(at) else { return Vec::new() };
        let (action, done) = (bulk.action, bulk.done.clone());
        bulk.stopping = false;
        let all = bulk.left.is_empty() && bulk.failed.is_empty();
        if !all && bulk.problem.is_none() {
            let what = match bulk.left.len() {
                0 => format!("{} of {} failed", bulk.failed.len(), bulk.count()),
                left => format!("stopped; {left} of {} unchanged", bulk.count()),
            };
            bulk.problem = Some(Notice::plain(what));
        }
        self.can_undo_all(action, &done);
        if all {
            self.layers.remove(at);
            let undo = self.keymap.how(Command::Undo);
            let (what, help) = match action {
                OrgAction::Suspend => ("suspended", format!("press {undo} to undo")),
                OrgAction::Reactivate => ("reactivated", format!("press {undo} to undo")),
                OrgAction::Trash => ("trashed", format!("press {undo} to undo")),
                OrgAction::Delete
                | OrgAction::Purge
                | OrgAction::Restore
                | OrgAction::Rename
                | OrgAction::RemoveAdmin(_)
                | OrgAction::IssueCode(_) => ("restored", String::new()),
            };
            let who = match &done[..] {
                [org] => format!("“{}”", org.name),
                all => format!("{} organizations", all.len()),
            };
            self.say(Severity::Success, Notice { what: format!("{what} {who}"), help });
        }
        match self.list.scope {
            // There are fewer now.
            ListScope::Live if action == OrgAction::Trash => self.refresh(),
            ListScope::Live => {
                let (arrival, at) = self.list.again();
                let mut effects = self.load(arrival, at);
                effects.extend(self.forget_detail());
                effects
            }
            ListScope::Trash => self.refresh(),
        }
    }
}

fn begin(
    bulk: &mut Bulk,
    generation: Generation,
    now: SystemTime,
    session: Option<&Session>,
) -> Vec<Effect> {
    let Some(org) = bulk.left.front().cloned() else { return Vec::new() };
    let mut effects = cancel(bulk.submitting.begin(generation, now));
    let (given, session) = (Given::default(), session.cloned());
    effects.push(Effect::Do(generation, bulk.action, Box::new(org), given, session));
    effects
}
