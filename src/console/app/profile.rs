//! Which profile is open: what is asked twice where people depend on it, and how to go to another.

use mongodb::bson::oid::ObjectId;

use super::{App, Deed, Effect, Layer, Mood, Said};
use crate::{config::Profile, console::keymap::Command};

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

impl App {
    /// Whether what is done here is done to people who depend on it.
    #[must_use]
    pub fn production(&self) -> Option<&Profile> {
        self.profile.as_ref().filter(|profile| profile.production)
    }

    /// Whether what the layer on top is for may be done: in production, only the second time.
    pub(super) fn sure_of_layer(&mut self) -> bool {
        let Some(name) = self.production().map(|profile| profile.name.clone()) else { return true };
        let back = self.keymap.how(Command::Back);
        let (sure, problem) = match self.layers.last_mut() {
            Some(Layer::Form(form)) => (&mut form.sure, &mut form.problem),
            Some(Layer::Question(question)) => (&mut question.sure, &mut question.problem),
            Some(Layer::Several(several)) => (&mut several.sure, &mut several.problem),
            _ => return true,
        };
        if *sure == Sure::Unasked {
            *sure = Sure::Asked;
            *problem = Some(asked(&name, &format!("the same key again does it, {back} leaves")));
            return false;
        }
        *sure = Sure::Sure;
        true
    }

    /// The same for what is done at once.
    pub(super) fn sure_of(&mut self, deed: Deed, org: ObjectId) -> bool {
        let before = self.armed.take();
        let Some(name) = self.production().map(|profile| profile.name.clone()) else { return true };
        if before == Some((deed, org)) {
            // What asked is answered.
            self.notice = None;
            return true;
        }
        self.armed = Some((deed, org));
        self.say(Mood::Bad, asked(&name, "the same key again does it"));
        false
    }

    /// Another key was pressed: whoever was asked whether they are sure was not.
    pub(super) fn no_longer_sure(&mut self, command: Option<Command>) {
        let at_once = matches!(
            command,
            Some(Command::Restore | Command::Suspend | Command::Undo | Command::Run)
        );
        if !at_once {
            self.armed = None;
        }
        if matches!(command, Some(Command::Accept | Command::Submit)) {
            return;
        }
        let sure = match self.layers.last_mut() {
            Some(Layer::Form(form)) => Some((&mut form.sure, &mut form.problem)),
            Some(Layer::Question(question)) => Some((&mut question.sure, &mut question.problem)),
            Some(Layer::Several(several)) => Some((&mut several.sure, &mut several.problem)),
            _ => None,
        };
        if let Some((sure, problem)) = sure
            && *sure != Sure::Unasked
        {
            if *sure == Sure::Asked {
                *problem = None;
            }
            *sure = Sure::Unasked;
        }
    }

    /// Goes to another profile: another database, with nothing of this one's.
    pub(super) fn switch(&mut self, name: &str) -> Vec<Effect> {
        if self.at_once.is_some() || !self.abandoned.is_empty() {
            self.say(
                Mood::Bad,
                Said {
                    what: "something is still being done here".to_owned(),
                    help: "go to another profile when it has ended".to_owned(),
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
        self.remarks = before.remarks;
        self.unread = before.unread;
        self.recent = before.recent;
        self.mouse = before.mouse;
        self.plain = before.plain;
        self.split = before.split;
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

fn asked(name: &str, help: &str) -> Said {
    Said { what: format!("“{name}” is production"), help: help.to_owned() }
}
