//! Live updates: changes by others show up without moving the cursor, and wait while the person types or selects.

use bson::oid::ObjectId;

use super::{App, Connection, Effect, Generation, Layer, Notice, Severity, cancel, list::List};
use crate::{keymap::Command, store::Seen, tenancy::Result};

/// The state of live updates.
#[derive(Debug, Default)]
pub struct Live {
    /// Whether it does.
    pub on: bool,
    /// The next change, which is waited for.
    following: super::Request,
    /// How far changes were seen.
    seen: Option<Seen>,
    /// Whether something has changed that does not show yet.
    pub behind: bool,
    /// The page that is read again by itself, and how the list stood when it was asked for.
    renewing: Option<(Generation, Standing)>,
}

/// Where the list stands: what is selected, and how far it is scrolled.
type Standing = (Option<ObjectId>, usize);

fn standing(list: &List) -> Standing {
    (list.selected().map(|org| org.id), list.top)
}

impl App {
    /// Waits for what others change, unless that is done already.
    pub(super) fn follow(&mut self) -> Vec<Effect> {
        let ready = matches!(self.connection, Connection::Ready(_)) && self.lost.is_none();
        if !self.live.on || !ready || self.live.following.is_waiting() {
            return Vec::new();
        }
        let generation = self.next();
        let mut effects = cancel(self.live.following.begin(generation, self.now));
        effects.push(Effect::Follow(generation, self.live.seen.clone()));
        effects
    }

    /// Another database is opened: nothing of it was seen.
    pub(super) fn follow_another(&mut self) -> Vec<Effect> {
        let effects = cancel(self.live.following.stop());
        self.live = Live { on: self.live.on, ..Live::default() };
        effects
    }

    /// Something was changed, by this console or another. Where that could not be waited for, it is tried again.
    pub(super) fn changed(&mut self, generation: Generation, seen: Result<Seen>) -> Vec<Effect> {
        if !self.live.following.answered(generation) {
            return Vec::new();
        }
        let Ok(seen) = seen else {
            // What is missed until then is read then.
            (self.live.seen, self.live.behind) = (None, true);
            return self.follow();
        };
        let was_first = self.live.seen.replace(seen).is_none();
        let mut effects = self.follow();
        if !was_first {
            effects.extend(self.look_at_what_is_open());
            effects.extend(self.check_session());
            effects.extend(self.find_gone());
            if !self.live.behind && self.layers.is_empty() && self.is_choosing() {
                let help = format!("press {} to refresh", self.keymap.how(Command::Refresh));
                let what = "organizations were changed elsewhere".to_owned();
                self.say(Severity::Warning, Notice { what, help });
            }
            self.live.behind = true;
        }
        effects
    }

    /// Reads the organization of the open form or question again, so that a conflict shows at once.
    fn look_at_what_is_open(&mut self) -> Vec<Effect> {
        let open = match self.layers.last() {
            Some(Layer::Form(form)) => form.org().map(|org| org.id),
            Some(Layer::Question(question)) => Some(question.org.id),
            Some(
                Layer::Bulk(_)
                | Layer::Login(_)
                | Layer::Upgrade
                | Layer::Code(_)
                | Layer::Help(_)
                | Layer::Copy(_)
                | Layer::Jobs(_)
                | Layer::Job(_)
                | Layer::Audit(_)
                | Layer::Manual(_)
                | Layer::Log(_),
            )
            | None => None,
        };
        let waits = self.layers.last().is_some_and(Layer::is_submitting);
        open.filter(|_| !waits).map(|id| self.load_detail(id)).unwrap_or_default()
    }

    /// Whether the person is filtering or has a selection: the list must not move then.
    fn is_choosing(&self) -> bool {
        self.list.filtering || self.list.has_selection()
    }

    /// Reads again what has changed, as soon as nothing is in the way.
    pub(super) fn catch_up_with_others(&mut self) -> Vec<Effect> {
        let reads = self.list.loading.is_waiting() || self.detail.loading.is_waiting();
        let is_free = self.layers.is_empty() && !self.is_choosing() && !reads && self.list.loaded;
        if !self.live.behind || !is_free {
            return Vec::new();
        }
        self.live.behind = false;
        let (arrival, at) = self.list.again();
        let mut effects = self.load(arrival, at);
        self.live.renewing = Some((self.last, standing(&self.list)));
        effects.extend(self.count());
        if let Some(shown) = self.detail.org.as_ref().map(|org| org.id) {
            effects.extend(self.load_detail(shown));
        }
        effects
    }

    /// Whether a page that was read by itself comes too late: the cursor has moved on, and would jump back.
    pub(super) fn is_overtaken(&mut self, generation: Generation) -> bool {
        let asked = self.live.renewing.take_if(|(renewing, _)| *renewing == generation);
        let overtaken = asked.is_some_and(|(_, stood)| stood != standing(&self.list));
        self.live.behind |= overtaken;
        overtaken
    }
}
