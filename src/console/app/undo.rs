//! Taking back what was done last.

use mongodb::bson::oid::ObjectId;

use super::{App, AtOnce, Deed, Effect, Given, Layer, Mood, Request, Said, Several, cancel};
use crate::{org::Org, tenancy::Error};

/// What takes back the last move to the trash, suspension or rename.
#[derive(Clone, Debug)]
pub struct Undo {
    deed: Deed,
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

/// What takes a deed back.
fn back(deed: Deed) -> Option<Deed> {
    match deed {
        Deed::Trash => Some(Deed::Restore),
        Deed::Suspend => Some(Deed::Reactivate),
        Deed::Reactivate => Some(Deed::Suspend),
        Deed::Delete
        | Deed::Purge
        | Deed::Restore
        | Deed::Rename
        | Deed::RemoveAdmin(_)
        | Deed::IssueCode(_) => None,
    }
}

impl App {
    /// Remembers how to take back what was just done to an organization.
    pub(super) fn can_undo(&mut self, deed: Deed, before: &Org, now: Option<&Org>) {
        if let (Some(deed), Some(org)) = (back(deed), now) {
            self.undo = Some(Undo { deed, orgs: vec![org.clone()], before: None });
        } else if deed.admin().is_none() {
            self.undo.take_if(|undo| undo.is_about(before.id));
        }
    }

    /// The same for what was done to several at once.
    pub(super) fn can_undo_all(&mut self, deed: Deed, now: &[Org]) {
        if let (Some(deed), false) = (back(deed), now.is_empty()) {
            self.undo = Some(Undo { deed, orgs: now.to_vec(), before: None });
        } else {
            self.undo.take_if(|undo| now.iter().any(|org| undo.is_about(org.id)));
        }
    }

    /// Remembers what an organization was before it was renamed.
    pub(super) fn can_rename_back(&mut self, before: &Org, now: &Org) {
        if before.name != now.name {
            let (orgs, before) = (vec![now.clone()], Some(Box::new(before.clone())));
            self.undo = Some(Undo { deed: Deed::Rename, orgs, before });
        }
    }

    /// An organization is another one now, in this way: what is taken back is taken back from there.
    pub(super) fn undo_follows(&mut self, now: &Org) {
        let orgs = self.undo.iter_mut().flat_map(|undo| &mut undo.orgs);
        for org in orgs.filter(|org| org.id == now.id) {
            org.clone_from(now);
        }
    }

    /// A deed that takes something back failed: with a database that can be asked again, it can be too.
    pub(super) fn undo_failed(&mut self, deed: Deed, org: ObjectId, error: &Error) {
        if !matches!(error, Error::Store(_)) {
            self.undo.take_if(|undo| undo.deed == deed && undo.is_about(org));
        }
    }

    /// Takes back what was done last. How to is forgotten once that is done, or cannot be any more.
    pub(super) fn take_back(&mut self) -> Vec<Effect> {
        let Some(undo) = self.undo.clone() else {
            let what = "there is nothing to take back";
            let help = "the last move to the trash, suspension or rename can be, once";
            self.say(Mood::Good, Said { what: what.to_owned(), help: help.to_owned() });
            return Vec::new();
        };
        let [org] = &undo.orgs[..] else {
            self.layers.push(Layer::Several(Several::of(undo.deed, undo.orgs)));
            return Vec::new();
        };
        let given = Given { before: undo.before, ..Given::default() };
        self.begin_if_sure(undo.deed, org.clone(), given)
    }

    /// Does to an organization what needs no question.
    pub(super) fn begin(&mut self, deed: Deed, org: Org, given: Given) -> Vec<Effect> {
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
        self.at_once = Some(AtOnce { deed, org: org.id, waiting });
        let begun = Effect::Do(generation, deed, Box::new(org), given, None);
        effects.into_iter().chain([begun]).collect()
    }
}
