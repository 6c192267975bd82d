//! Which profile is open: what is confirmed where people depend on it, and how to go to another.

use super::{App, Effect, Given, Job, Layer, Notice, OrgAction, Severity};
use crate::{
    config::Profile,
    keymap::{self, Command},
    org::Org,
};

/// How sure somebody is of what is done in production.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sure {
    /// Nobody was asked.
    #[default]
    Unasked,
    /// It was said that this is production.
    Asked,
    /// It was wanted all the same.
    Sure,
}

/// What is done at once, once it is confirmed.
#[derive(Debug)]
pub(super) struct Armed {
    action: OrgAction,
    org: Org,
    given: Given,
}

impl App {
    /// Whether what is done here is done to people who depend on it.
    #[must_use]
    pub fn production(&self) -> Option<&Profile> {
        self.profile.as_ref().filter(|profile| profile.production)
    }

    /// Whether what the layer on top is for may be done: in production, only once it is confirmed.
    pub(super) fn sure_of_layer(&mut self) -> bool {
        let Some(asked) = self.asked_in_production() else { return true };
        let Some((sure, problem)) = self.layers.last_mut().and_then(confirmable) else {
            return true;
        };
        if *sure == Sure::Sure {
            return true;
        }
        *sure = Sure::Asked;
        *problem = Some(asked);
        false
    }

    /// Whether submitting what is on top asks once more before it is done.
    #[must_use]
    pub fn asks_again(&self) -> bool {
        let sure = match self.layers.last() {
            Some(Layer::Form(form)) => form.sure,
            Some(Layer::Question(question)) => question.sure,
            Some(Layer::Bulk(bulk)) => bulk.sure,
            Some(Layer::Edit(edit)) => edit.sure,
            Some(
                Layer::Login(_)
                | Layer::Upgrade
                | Layer::Code(_)
                | Layer::Help(_)
                | Layer::Copy(_)
                | Layer::Manual(_)
                | Layer::Log(_)
                | Layer::Dashboard
                | Layer::Audit(_)
                | Layer::Documents(_)
                | Layer::Jobs(_)
                | Layer::Job(_),
            )
            | None => return false,
        };
        self.production().is_some() && sure == Sure::Unasked
    }

    /// Does to an organization what needs no question, in production once it is confirmed.
    pub(super) fn begin_if_sure(
        &mut self,
        action: OrgAction,
        org: Org,
        given: Given,
    ) -> Vec<Effect> {
        let Some(asked) = self.asked_in_production() else { return self.begin(action, org, given) };
        self.say(Severity::Error, asked);
        self.armed = Some(Armed { action, org, given });
        Vec::new()
    }

    /// Whether what is to be done in production waits to be confirmed.
    #[must_use]
    pub fn is_to_confirm(&self) -> bool {
        match self.layers.last() {
            Some(Layer::Form(form)) => form.sure == Sure::Asked,
            Some(Layer::Question(question)) => question.sure == Sure::Asked,
            Some(Layer::Bulk(bulk)) => bulk.sure == Sure::Asked,
            Some(Layer::Edit(edit)) => edit.sure == Sure::Asked,
            Some(
                Layer::Login(_)
                | Layer::Upgrade
                | Layer::Code(_)
                | Layer::Help(_)
                | Layer::Copy(_)
                | Layer::Manual(_)
                | Layer::Log(_)
                | Layer::Dashboard
                | Layer::Audit(_)
                | Layer::Documents(_)
                | Layer::Jobs(_)
                | Layer::Job(_),
            ) => false,
            None => self.armed.is_some(),
        }
    }

    /// What is done at once, once it is confirmed.
    #[must_use]
    pub fn armed(&self) -> Option<OrgAction> {
        self.armed.as_ref().map(|armed| armed.action)
    }

    /// It is meant, in production too.
    pub(super) fn confirm(&mut self) -> Vec<Effect> {
        if let Some((sure, _)) = self.layers.last_mut().and_then(confirmable) {
            *sure = Sure::Sure;
            return self.submit();
        }
        let Some(Armed { action, org, given }) = self.armed.take() else { return Vec::new() };
        // What asked is answered.
        self.notice = None;
        self.begin(action, org, given)
    }

    /// It is not meant: a form keeps what was typed; a question is cancelled with it.
    pub(super) fn leave_production(&mut self) -> Vec<Effect> {
        let asked = matches!(self.layers.last(), Some(Layer::Question(_) | Layer::Bulk(_)));
        if let Some((sure, problem)) = self.layers.last_mut().and_then(confirmable) {
            *sure = Sure::Unasked;
            *problem = None;
        } else if self.armed.take().is_some() {
            self.notice = None;
        }
        if asked { self.back() } else { Vec::new() }
    }

    /// Something else was done to what was confirmed: that is asked anew.
    pub(super) fn no_longer_sure(&mut self) {
        if let Some((sure, _)) = self.layers.last_mut().and_then(confirmable)
            && *sure == Sure::Sure
        {
            *sure = Sure::Unasked;
        }
    }

    fn asked_in_production(&self) -> Option<Notice> {
        let name = &self.production()?.name;
        let how = |command| self.keymap.how_in(keymap::Place::Production, command);
        Some(Notice {
            what: format!("“{name}” is production"),
            help: format!(
                "press {} to confirm, {} to cancel",
                how(Command::Confirm),
                how(Command::Back)
            ),
        })
    }

    /// Goes to another profile: another database, with nothing of this one's.
    pub(super) fn switch(&mut self, name: &str) -> Vec<Effect> {
        let running = self.jobs.iter().any(Job::is_running);
        if running || self.at_once.is_some() || !self.abandoned.is_empty() {
            self.say(
                Severity::Error,
                Notice {
                    what: "an operation is still running here".to_owned(),
                    help: "switch profiles once it has finished".to_owned(),
                },
            );
            return Vec::new();
        }
        let Some(profile) = self.profiles.iter().find(|profile| profile.name == name).cloned()
        else {
            return Vec::new();
        };
        let mut effects: Vec<_> = self.session.take().map(Effect::Logout).into_iter().collect();
        let fresh = Self::unconnected(profile.place.clone(), self.now);
        let before = std::mem::replace(self, fresh);
        // What is of the person and not of the database stays; numbers go on, so that what was asked of
        // the one before is late.
        self.size = before.size;
        self.keymap = before.keymap;
        self.messages = before.messages;
        self.unread = before.unread;
        self.recent = before.recent;
        self.mouse = before.mouse;
        self.drawn = before.drawn;
        self.plain = before.plain;
        self.kept = before.kept;
        self.profiles = before.profiles;
        self.last = before.last;
        if let Some(mut upgrade) = before.upgrade {
            effects.extend(super::cancel(upgrade.running.stop()));
        }
        let generation = self.next();
        effects.extend(super::cancel(self.connecting.begin(generation, self.now)));
        effects.push(Effect::Switch(generation, profile.name.clone()));
        self.profile = Some(profile);
        effects
    }
}

/// What a layer says of production, and where; none where it changes nothing.
fn confirmable(layer: &mut Layer) -> Option<(&mut Sure, &mut Option<Notice>)> {
    match layer {
        Layer::Form(form) => Some((&mut form.sure, &mut form.problem)),
        Layer::Question(question) => Some((&mut question.sure, &mut question.problem)),
        Layer::Bulk(bulk) => Some((&mut bulk.sure, &mut bulk.problem)),
        Layer::Edit(edit) => Some((&mut edit.sure, &mut edit.problem)),
        Layer::Login(_)
        | Layer::Upgrade
        | Layer::Code(_)
        | Layer::Help(_)
        | Layer::Copy(_)
        | Layer::Manual(_)
        | Layer::Log(_)
        | Layer::Dashboard
        | Layer::Audit(_)
        | Layer::Documents(_)
        | Layer::Jobs(_)
        | Layer::Job(_) => None,
    }
}
