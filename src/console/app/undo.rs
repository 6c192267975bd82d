//! Taking back what was done last.

use std::collections::HashSet;

use bson::oid::ObjectId;

use super::{App, AtOnce, Effect, Given, Notice, OrgAction, Request, Severity, cancel};
use crate::{org::Org, tenancy::Error};

/// What undoes the last move to the trash, suspension or rename.
#[derive(Clone, Debug)]
pub struct Undo {
    action: OrgAction,
    /// As they are now: more than one where it was done to several at once.
    orgs: Vec<Org>,
    /// As it was before it was renamed.
    before: Option<Box<Org>>,
}

impl Undo {
    fn is_about(&self, id: ObjectId) -> bool {
        self.orgs.iter().any(|org| org.id == id)
    }
}

/// What takes an operation back.
fn back(action: OrgAction) -> Option<OrgAction> {
    match action {
        OrgAction::Trash => Some(OrgAction::Restore),
        OrgAction::Suspend => Some(OrgAction::Reactivate),
        OrgAction::Reactivate => Some(OrgAction::Suspend),
        OrgAction::Delete
        | OrgAction::Purge
        | OrgAction::Restore
        | OrgAction::Rename
        | OrgAction::RemoveAdmin(_)
        | OrgAction::IssueCode(_)
        | OrgAction::Export(_) => None,
    }
}

impl App {
    /// Remembers how to undo what was just done to an organization.
    pub(super) fn can_undo(&mut self, action: OrgAction, before: &Org, now: Option<&Org>) {
        if let (Some(action), Some(org)) = (back(action), now) {
            self.undo = Some(Undo { action, orgs: vec![org.clone()], before: None });
        } else if action.admin().is_none() {
            self.undo.take_if(|undo| undo.is_about(before.id));
        }
    }

    /// The same for what was done to several at once.
    pub(super) fn can_undo_all(&mut self, action: OrgAction, now: Vec<Org>) {
        if let (Some(action), false) = (back(action), now.is_empty()) {
            self.undo = Some(Undo { action, orgs: now, before: None });
        } else {
            let now: HashSet<_> = now.iter().map(|org| org.id).collect();
            self.undo.take_if(|undo| undo.orgs.iter().any(|org| now.contains(&org.id)));
        }
    }

    /// Remembers what an organization was before it was renamed.
    pub(super) fn can_rename_back(&mut self, before: &Org, now: &Org) {
        if before.name != now.name {
            let (orgs, before) = (vec![now.clone()], Some(Box::new(before.clone())));
            self.undo = Some(Undo { action: OrgAction::Rename, orgs, before });
        }
    }

    /// An organization is another one now, in this way: what is undone is undone from there.
    pub(super) fn undo_follows(&mut self, now: &Org) {
        let orgs = self.undo.iter_mut().flat_map(|undo| &mut undo.orgs);
        for org in orgs.filter(|org| org.id == now.id) {
            org.clone_from(now);
        }
    }

    /// An operation that takes something back failed: with a database that can be asked again, it can be too.
    pub(super) fn undo_failed(&mut self, action: OrgAction, org: ObjectId, error: &Error) {
        if !matches!(error, Error::Store(_)) {
            self.undo.take_if(|undo| undo.action == action && undo.is_about(org));
        }
    }

    /// Undoes what was done last. How to is forgotten once that is done, or cannot be any more.
    pub(super) fn undo_last(&mut self) -> Vec<Effect> {
        let Some(undo) = self.undo.clone() else {
            let what = "nothing to undo";
            let help = "you can undo the last trash, suspend, reactivate or rename";
            self.say(Severity::Warning, Notice { what: what.to_owned(), help: help.to_owned() });
            return Vec::new();
        };
        let [org] = &undo.orgs[..] else {
            return self.ask_about(undo.action, undo.orgs);
        };
        let given = Given { before: undo.before, ..Given::default() };
        self.begin_if_sure(undo.action, org.clone(), given)
    }

    /// Does to an organization what needs no question.
    pub(super) fn begin(&mut self, action: OrgAction, org: Org, given: Given) -> Vec<Effect> {
        if let Some(before) = &mut self.at_once {
            if before.org == org.id {
                return Vec::new();
            }
            // It goes on, and reports.
            self.abandoned.extend(before.waiting.stop());
        }
        let generation = self.next();
        let mut waiting = Request::default();
        let effects = cancel(waiting.begin(generation, self.now));
        self.at_once = Some(AtOnce { action, org: org.id, waiting });
        let begun = Effect::Do(generation, action, Box::new(org), given, None);
        effects.into_iter().chain([begun]).collect()
    }
}
