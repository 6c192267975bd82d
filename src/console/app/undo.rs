//! Taking back what was done last.

use mongodb::bson::oid::ObjectId;

use super::{App, AtOnce, Deed, Effect, Given, Mood, Request, Said, cancel};
use crate::{
    org::{Org, StoredText},
    tenancy::Error,
};

/// What takes back the last move to the trash, suspension or rename.
#[derive(Clone, Debug)]
pub struct Undo {
    deed: Deed,
    /// As it is now.
    org: Org,
    /// What it was called.
    name: Option<StoredText>,
}

impl App {
    /// Remembers how to take back what was just done to an organization.
    pub(super) fn can_undo(&mut self, deed: Deed, before: &Org, now: Option<&Org>) {
        let back = match deed {
            Deed::Trash => Some(Deed::Restore),
            Deed::Suspend => Some(Deed::Reactivate),
            Deed::Reactivate => Some(Deed::Suspend),
            _ => None,
        };
        if let (Some(deed), Some(org)) = (back, now) {
            self.undo = Some(Undo { deed, org: org.clone(), name: None });
        } else if deed.admin().is_none() {
            self.undo.take_if(|undo| undo.org.id == before.id);
        }
    }

    /// Remembers what an organization was called before it was renamed.
    pub(super) fn can_rename_back(&mut self, before: &StoredText, now: &Org) {
        if *before != now.name {
            let (org, name) = (now.clone(), Some(before.clone()));
            self.undo = Some(Undo { deed: Deed::Rename, org, name });
        }
    }

    /// An organization is another one now, in this way: what is taken back is taken back from there.
    pub(super) fn undo_follows(&mut self, now: &Org) {
        if let Some(undo) = self.undo.as_mut().filter(|undo| undo.org.id == now.id) {
            undo.org = now.clone();
        }
    }

    /// A deed that takes something back failed: with a database that can be asked again, it can be too.
    pub(super) fn undo_failed(&mut self, deed: Deed, org: ObjectId, error: &Error) {
        if !matches!(error, Error::Store(_)) {
            self.undo.take_if(|undo| undo.deed == deed && undo.org.id == org);
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
        if !self.sure_of(undo.deed, undo.org.id) {
            return Vec::new();
        }
        let given = Given { name: undo.name.map(|name| name.raw().to_owned()), ..Given::default() };
        self.begin(undo.deed, undo.org, given)
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
