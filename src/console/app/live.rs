//! Live updates: changes by others show up without moving the cursor, and wait while the person types or
//! selects.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, SystemTime},
};

use bson::oid::ObjectId;

use super::{
    App, Connection, Effect, Generation, Layer, Notice, cancel, list::List, organizations,
};
use crate::{
    keymap::{Command, Place},
    store::{News, Page, Seen},
    tenancy::Result,
};

/// For how long a change that is told is taken for the one that was made here.
const OWN: Duration = Duration::from_secs(15);

/// For how long something that others have changed is marked.
const MARK: Duration = Duration::from_secs(5);

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
    /// Which organizations that is, as far as others have changed them.
    changed: HashSet<ObjectId>,
    /// Whether there are more than those.
    more: bool,
    /// How that was said.
    said: Option<Notice>,
    /// What was changed here, and when.
    own: HashMap<ObjectId, SystemTime>,
    /// Whether the session may have ended with that.
    session_unsure: bool,
    /// Whether the first look for changes is the first since the database was opened, or came back: the list is read
    /// once more then, also where something is typed or selected.
    reads_again: bool,
    /// The page that shows what has changed.
    renewing: Option<Renewal>,
    /// Which organizations in the list others have changed, until when that is marked.
    marks: HashMap<ObjectId, SystemTime>,
}

/// The page that shows what has changed.
#[derive(Debug)]
struct Renewal {
    generation: Generation,
    /// How the list stood when the page was asked for, where it is read by itself.
    stood: Option<Standing>,
}

impl Live {
    /// An organization was changed here: that is no news.
    pub(super) fn add_own(&mut self, org: ObjectId, now: SystemTime) {
        self.changed.remove(&org);
        self.own.insert(org, now);
    }

    /// Whether the database tells of changes, or has to be asked now and then; none where they are not followed.
    #[must_use]
    pub fn is_told(&self) -> Option<bool> {
        self.seen.as_ref().filter(|_| self.on).map(Seen::is_told)
    }

    /// The number of the last entry in the audit log, as far as changes were seen.
    pub(super) fn head(&self) -> Option<i64> {
        self.seen.as_ref().map(Seen::head)
    }

    /// Whether an organization in the list was changed elsewhere a moment ago.
    #[must_use]
    pub fn is_marked(&self, org: ObjectId) -> bool {
        self.marks.contains_key(&org)
    }

    /// When the next mark goes.
    pub(super) fn next_mark_end(&self) -> Option<SystemTime> {
        self.marks.values().min().copied()
    }

    /// Marks go with the time.
    pub(super) fn clock(&mut self, now: SystemTime) {
        self.marks.retain(|_, until| *until > now);
    }

    /// Everything is read again.
    pub(super) fn caught_up(&mut self) {
        self.behind = false;
        self.changed.clear();
        self.more = false;
    }
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

    /// The database can be reached again: what was changed meanwhile has not been seen.
    pub(super) fn follow_again(&mut self) -> Vec<Effect> {
        let mut effects = cancel(self.live.following.stop());
        (self.live.seen, self.live.reads_again) = (None, true);
        effects.extend(self.follow());
        effects
    }

    /// Another database is opened: nothing of it was seen.
    pub(super) fn follow_another(&mut self) -> Vec<Effect> {
        let effects = cancel(self.live.following.stop());
        self.live = Live { on: self.live.on, reads_again: true, ..Live::default() };
        effects
    }

    /// Something was changed, by this console or another. Where that could not be waited for, it is tried again.
    pub(super) fn changed(&mut self, generation: Generation, news: Result<News>) -> Vec<Effect> {
        if !self.live.following.answered(generation) {
            return Vec::new();
        }
        let Ok(News { seen, orgs }) = news else {
            // What is missed until then is read then.
            (self.live.seen, self.live.behind) = (None, true);
            return self.follow();
        };
        let reads_again = std::mem::take(&mut self.live.reads_again);
        let (told, head) = (seen.is_told(), seen.head());
        let before = self.live.seen.replace(seen);
        let mut effects = self.follow();
        let Some(before) = before else {
            // What was read before may be older than what is seen from now on.
            self.live.behind = true;
            if reads_again && self.is_choosing() {
                effects.extend(self.refresh());
            }
            return effects;
        };
        effects.extend(self.look_at_what_is_open());
        effects.extend(self.look_at_documents(orgs.as_deref().unwrap_or_default()));
        orgs.iter().flatten().for_each(|org| self.sizes.forget(*org));
        self.dashboard.outdated = true;
        self.live.session_unsure = true;
        let selects = |org: &ObjectId| self.list.selection.contains(*org);
        if orgs.as_ref().is_none_or(|orgs| orgs.iter().any(selects)) {
            effects.extend(self.find_gone());
        }
        // A database that does not tell may have changed in what it keeps no log of.
        let perhaps = orgs.is_none() && !told && before.head() == head;
        self.are_changed(orgs, perhaps);
        effects
    }

    /// These organizations have changed, or where that is not known, some; or `perhaps` not even that.
    fn are_changed(&mut self, orgs: Option<Vec<ObjectId>>, perhaps: bool) {
        self.live.behind |= orgs.as_ref().is_none_or(|orgs| !orgs.is_empty());
        let now = self.now;
        self.live.own.retain(|_, at| now.duration_since(*at).is_ok_and(|age| age < OWN));
        if let Some(mut orgs) = orgs {
            orgs.retain(|org| !self.is_own(*org));
            if orgs.is_empty() {
                return;
            }
            self.live.changed.extend(orgs);
        } else if perhaps || self.is_writing() {
            return;
        } else {
            self.live.more = true;
        }
        if self.layers.is_empty() && self.is_choosing() {
            self.say_changed();
        }
    }

    /// Whether something is being written here that may be what has changed.
    fn is_writing(&self) -> bool {
        self.jobs.iter().any(super::Job::is_running) || self.is_waiting_for_one()
    }

    /// Whether an operation on one organization is under way here.
    fn is_waiting_for_one(&self) -> bool {
        let submits = self.layers.last().is_some_and(Layer::is_submitting);
        submits || self.at_once.is_some() || !self.abandoned.is_empty()
    }

    /// Asks whether the session still counts, once nothing is under way here that ends it by itself.
    pub(super) fn make_sure_of_session(&mut self) -> Vec<Effect> {
        if !self.live.session_unsure || self.is_waiting_for_one() {
            return Vec::new();
        }
        self.live.session_unsure = false;
        self.check_session()
    }

    /// Whether what was told of the session has to be asked again: an operation of this console may be why it ended.
    pub(super) fn is_told_too_early(&mut self) -> bool {
        self.live.session_unsure |= self.is_waiting_for_one();
        self.live.session_unsure
    }

    /// Whether an organization was changed here a moment ago, or is being changed.
    fn is_own(&self, org: ObjectId) -> bool {
        let next =
            |job: &super::Job| job.is_running() && job.left.front().is_some_and(|o| o.id == org);
        self.live.own.contains_key(&org)
            || self.at_once.as_ref().is_some_and(|begun| begun.org == org)
            || self.submits_for() == Some(org)
            || self.jobs.iter().any(next)
    }

    /// Whose change was submitted and is waited for.
    fn submits_for(&self) -> Option<ObjectId> {
        let submits = self.layers.last().is_some_and(Layer::is_submitting);
        self.open_org().filter(|_| submits)
    }

    /// Says how many organizations were changed elsewhere, in the place of how many there were before.
    fn say_changed(&mut self) {
        let what = match (self.live.more, self.live.changed.len()) {
            (false, 1) => "1 organization was changed elsewhere".to_owned(),
            (false, count) => format!("{} were changed elsewhere", organizations(count)),
            (true, _) => "organizations were changed elsewhere".to_owned(),
        };
        let refresh = self.keymap.how(Command::Refresh);
        let help = if self.list.filtering {
            let keep = self.keymap.how_in(Place::Filter, Command::Accept);
            format!("press {keep}, then {refresh} to show them")
        } else {
            format!("press {refresh} to show them")
        };
        let said = Notice { what, help };
        let before = self.live.said.take();
        self.say_instead(before.as_ref(), said.clone());
        self.live.said = Some(said);
    }

    /// The organization of the open form or question.
    fn open_org(&self) -> Option<ObjectId> {
        match self.layers.last() {
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
                | Layer::Documents(_)
                | Layer::Edit(_)
                | Layer::Manual(_)
                | Layer::Log(_)
                | Layer::Dashboard,
            )
            | None => None,
        }
    }

    /// Reads the organization of the open form or question again, so that a conflict shows at once.
    fn look_at_what_is_open(&mut self) -> Vec<Effect> {
        let waits = self.layers.last().is_some_and(Layer::is_submitting);
        let Some(open) = self.open_org().filter(|_| !waits) else { return Vec::new() };
        let mut effects = self.load_detail(open);
        if self.layers.last().and_then(Layer::question).is_some_and(|q| q.admin.is_some()) {
            effects.extend(self.count_admins(open));
        }
        effects
    }

    /// Reads the documents on their own screen again, where any of that organization was changed; not while something is
    /// typed there. That it was changed here a moment ago does not say that someone else has not changed it since.
    fn look_at_documents(&mut self, orgs: &[ObjectId]) -> Vec<Effect> {
        let looks = matches!(self.focus(), Place::AllDocuments | Place::OneDocument);
        let Some(org) = self.browsed_org().map(|org| org.id).filter(|_| looks) else {
            return Vec::new();
        };
        if orgs.contains(&org) { self.refresh_documents() } else { Vec::new() }
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
        self.live.caught_up();
        let (arrival, at) = self.list.again();
        let mut effects = self.load(arrival, at);
        let stood = Some(standing(&self.list));
        self.live.renewing = Some(Renewal { generation: self.last, stood });
        effects.extend(self.count());
        if let Some(shown) = self.detail.org.as_ref().map(|org| org.id) {
            effects.extend(self.load_detail(shown));
            // Not every change of an admin is one of the record.
            self.detail_may_have_changed();
        }
        effects
    }

    /// The page that is waited for shows what has changed: the person asked for it.
    pub(super) fn show_changes(&mut self) {
        self.live.renewing = Some(Renewal { generation: self.last, stood: None });
    }

    /// Takes a page of the list, where it does not come too late: when it was read by itself and the cursor has moved on,
    /// that would jump back. Marks what others have changed.
    pub(super) fn renew(&mut self, generation: Generation, page: Page) {
        let renewal = self.live.renewing.take_if(|renewal| renewal.generation == generation);
        let stood = renewal.as_ref().and_then(|renewal| renewal.stood);
        if stood.is_some_and(|stood| stood != standing(&self.list)) {
            self.live.behind = true;
            return;
        }
        if renewal.is_some() && !self.plain {
            let changed = self.list.changed_in(&page).filter(|org| !self.is_own(*org));
            let until = self.now + MARK;
            let marks: Vec<_> = changed.map(|org| (org, until)).collect();
            self.live.marks.extend(marks);
        }
        self.arrived(page);
    }
}
