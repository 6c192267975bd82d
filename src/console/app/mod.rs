//! The console as plain state: messages in, effects out, nothing else. No I/O, no clock, no async.

mod admins;
mod browsing;
mod connection;
mod copying;
mod deed;
mod deeds;
mod detail;
mod field;
mod form;
mod help;
mod keys;
mod layer;
mod layer_keys;
mod list;
mod message;
mod mouse;
mod profile;
mod question;
mod remark;
mod several;
mod shelf;
#[cfg(test)]
mod tests;
mod undo;
mod upgrade;

use std::time::{Duration, SystemTime};

use crossterm::event::{KeyCode, KeyModifiers};

pub use admins::code_waits;
pub use connection::Connection;
pub use copying::COPIED;
pub use deed::{Deed, Given};
pub use detail::{Detail, Tab};
pub use field::{Request, Said, TextField};
pub use form::{Asked, Form, Purpose};
pub use help::{Choice, Help};
pub use layer::{Code, Layer, Login};
pub use list::{Arrival, List, Select};
pub use message::{Arrived, Check, Connected, Effect, Generation, Message, NewPassword};
pub use mouse::Pointer;
use profile::Armed;
pub use profile::Sure;
pub use question::{AtOnce, Question};
pub use remark::{Mood, Remark, Remarks};
pub use several::Several;
pub use undo::Undo;
pub use upgrade::AwaitedUpgrade;

use crate::{
    config::Profile,
    console::layout,
    keymap::{self, Keymap},
    org::Org,
    store::{Place, Shelf},
    tenancy::Session,
};

/// How many things that were not read yet show at once.
pub const UNREAD_SHOWN: usize = 3;
/// How often something that is waited for moves on the screen.
const SPIN: Duration = Duration::from_millis(100);

/// Which half of the screen the keys go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The list.
    #[default]
    List,
    /// The details.
    Detail,
}

/// All of the console's state.
#[derive(Debug)]
pub struct App {
    /// The last known time.
    pub now: SystemTime,
    /// Columns and rows.
    pub size: (u16, u16),
    /// What keys mean.
    pub keymap: Keymap,
    /// What the database is called, also before it answers.
    pub place: Place,
    /// Whether it answered.
    pub connection: Connection,
    /// The answer of the database that is waited for.
    pub connecting: Request,
    /// The look for what another program has changed.
    pub catching_up: Request,
    /// Whether that is to be looked for, and noted, with the first thing that is written here.
    catches_up: bool,
    /// The upgrade that the operator must agree to before anything can be written.
    pub upgrade: Option<AwaitedUpgrade>,
    /// Why the database cannot be reached any more, while that is so.
    pub lost: Option<Said>,
    /// The end of that, or its beginning.
    watching: Request,
    /// The organizations, or those in the trash.
    pub list: List,
    /// The organizations, while the trash is shown.
    pub aside: Option<List>,
    /// What was made or came back meanwhile: selected when they are shown again.
    pub unseen: Option<Org>,
    /// The one that is looked at.
    pub detail: Detail,
    /// Where the keys go when nothing is on top.
    pub pane: Pane,
    /// What is on top, the topmost last.
    pub layers: Vec<Layer>,
    /// Who is logged in.
    pub session: Option<Session>,
    /// What is said at the bottom.
    pub notice: Option<(Mood, Said)>,
    /// What has to be noticed there, whatever else is said: until esc. The oldest first.
    pub unread: Vec<Said>,
    /// All that was said.
    pub remarks: Remarks,
    /// Which profile is open; none where none was named.
    pub profile: Option<Profile>,
    /// All there are.
    pub profiles: Vec<Profile>,
    /// What is done at once in production, once it is confirmed.
    armed: Option<Armed>,
    /// The key that asked for what is to be confirmed: it does not confirm it as well.
    asked_by: Option<(KeyCode, KeyModifiers)>,
    /// What takes back what was done last.
    pub undo: Option<Undo>,
    /// The names of the commands that were chosen by name, the last one last.
    pub recent: Vec<String>,
    /// Whether a screen reader reads it: one column, and nothing that moves by itself.
    pub plain: bool,
    /// Whether the mouse is the console's.
    pub mouse: bool,
    /// What the mouse has begun.
    pub pointer: Pointer,
    /// The column that list and details are parted at, where somebody chose it.
    pub split: Option<u16>,
    /// The deed that needed no question and is waited for.
    pub at_once: Option<AtOnce>,
    /// Deeds nobody waits for that still go on: they report when they end.
    pub abandoned: Vec<Generation>,
    last: Generation,
}

impl App {
    /// A console for a database that is yet to be opened, and the effect that opens it.
    #[must_use]
    pub fn new(place: Place, now: SystemTime) -> (Self, Vec<Effect>) {
        let mut app = Self::unconnected(place, now);
        let effects = app.connect();
        (app, effects)
    }

    fn unconnected(place: Place, now: SystemTime) -> Self {
        Self {
            now,
            size: (0, 0),
            keymap: Keymap::default(),
            place,
            connection: Connection::Opening,
            connecting: Request::default(),
            catching_up: Request::default(),
            catches_up: false,
            upgrade: None,
            lost: None,
            watching: Request::default(),
            list: List::of(Shelf::Live),
            aside: None,
            unseen: None,
            detail: Detail::default(),
            pane: Pane::default(),
            layers: Vec::new(),
            session: None,
            notice: None,
            unread: Vec::new(),
            remarks: Remarks::default(),
            profile: None,
            profiles: Vec::new(),
            armed: None,
            asked_by: None,
            undo: None,
            recent: Vec::new(),
            plain: false,
            mouse: false,
            pointer: Pointer::default(),
            split: None,
            at_once: None,
            abandoned: Vec::new(),
            last: 0,
        }
    }

    /// The only thing that changes the state.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        let unknown = message.unknown();
        let catches_up = message.has_written() && std::mem::take(&mut self.catches_up);
        let mut effects = match message {
            Message::Clock(now) => self.clock(now),
            Message::Key(event) => self.key(event),
            Message::Paste(text) => self.paste(text.reveal()),
            Message::Mouse(event) => self.mouse(event),
            Message::Resize(width, height) => {
                self.size = (width, height);
                Vec::new()
            }
            Message::Connected(generation, result) => self.connected(generation, result),
            Message::Upgrading(generation, upgrade) => {
                self.upgrading(generation, upgrade);
                Vec::new()
            }
            Message::Upgraded(generation, result) => self.upgraded(generation, result),
            Message::CaughtUp(generation, result, read_only) => {
                self.caught_up(generation, &result, read_only)
            }
            Message::Link(generation, why) => self.linked(generation, why.as_ref()),
            Message::Page(generation, result) => self.page(generation, result),
            Message::Counted(generation, result) => {
                self.counted(generation, &result);
                Vec::new()
            }
            Message::Detail(generation, result) => self.detail(generation, result),
            Message::Documents(generation, result) => {
                self.documents(generation, result);
                Vec::new()
            }
            Message::Admins(generation, result) => {
                if !self.counted_admins(generation, &result) {
                    self.admins(generation, result);
                }
                Vec::new()
            }
            Message::Activity(generation, result) => {
                self.activity(generation, result);
                Vec::new()
            }
            Message::Checked(generation, field, result) => {
                self.checked(generation, field, &result);
                Vec::new()
            }
            Message::Judged(generation, result) => {
                self.judged(generation, result);
                Vec::new()
            }
            Message::Copied(what, sent) => {
                self.was_copied(what, sent);
                Vec::new()
            }
            Message::Unlogged(why) => {
                let what = format!("the log cannot be written: {why}");
                let help = "what is said is kept here only, until you leave".to_owned();
                self.say(Mood::Unread, Said { what, help });
                Vec::new()
            }
            Message::Generated(result) => self.generated(result),
            Message::Authorized(generation, result) => self.authorized(generation, result),
            Message::LoggedIn(generation, result) => self.logged_in(generation, result),
            Message::Created(generation, result) => self.created(generation, result),
            Message::Updated(generation, result) => self.updated(generation, result),
            Message::Added(generation, email, result) => self.added(generation, &email, result),
            Message::Coded(generation, deed, org, email, result) => {
                self.coded(generation, deed, &org, &email, result)
            }
            Message::Redeemed(generation, email, result) => {
                self.redeemed(generation, &email, result)
            }
            Message::Done(generation, deed, org, result) => {
                self.done(generation, deed, &org, result)
            }
            Message::FoundOut(entry, settled) => self.found_out(&entry, settled),
        };
        if catches_up {
            let generation = self.next();
            effects.extend(cancel(self.catching_up.begin(generation, self.now)));
            effects.push(Effect::CatchUp(generation));
        }
        if let Some(entry) = unknown {
            effects.push(Effect::FindOut(self.next(), entry));
        }
        effects.extend(self.judge());
        self.settle(&mut effects);
        effects
    }

    /// Where the keys go now.
    #[must_use]
    pub fn focus(&self) -> keymap::Place {
        if self.is_to_confirm() {
            return keymap::Place::Production;
        }
        match (self.layers.last(), &self.connection, self.pane, self.list.shelf) {
            (Some(layer), ..) => layer.place(),
            (None, Connection::Opening | Connection::Failed(_), ..) => keymap::Place::Unconnected,
            (None, Connection::Ready(_), ..) if self.list.filtering => keymap::Place::Filter,
            (None, Connection::Ready(_), Pane::List, Shelf::Live) => keymap::Place::List,
            (None, Connection::Ready(_), Pane::List, Shelf::Trash) => keymap::Place::Trash,
            (None, Connection::Ready(_), Pane::Detail, _) => {
                match (self.detail.tab, self.list.shelf) {
                    (Tab::Overview, Shelf::Live) => keymap::Place::Detail,
                    (Tab::Overview, Shelf::Trash) => keymap::Place::Trashed,
                    (Tab::Admins, Shelf::Live) => keymap::Place::Admins,
                    (Tab::Admins, Shelf::Trash) => keymap::Place::TrashedAdmins,
                    (Tab::Documents, _) => keymap::Place::Documents,
                    (Tab::Activity, _) => keymap::Place::Activity,
                }
            }
        }
    }

    /// When the screen changes without anything happening: while something is waited for, and once a
    /// second while a session runs. None: never.
    #[must_use]
    pub fn next_tick(&self) -> Option<Duration> {
        let waiting = self.connecting.is_waiting()
            || self.list.loading.is_waiting()
            || self.detail.loading.is_waiting()
            || self.detail.reading.is_waiting()
            || self.at_once.is_some()
            || self.layers.iter().any(Layer::is_waiting);
        if waiting {
            return Some(SPIN);
        }
        let left = self.session.as_ref()?.expires_at.duration_since(self.now).unwrap_or_default();
        // When the seconds on the screen change next, or the minutes where each change is read aloud.
        let step = if self.plain { Duration::from_mins(1) } else { Duration::from_secs(1) };
        let over = left.as_nanos() % step.as_nanos();
        Some(u64::try_from(over).ok().filter(|over| *over > 0).map_or(step, Duration::from_nanos))
    }

    /// The parts of the screen; none when it is too small.
    #[must_use]
    pub fn areas(&self) -> Option<layout::Areas> {
        let width = layout::notice_width(self.size.0);
        let lines = |said: &Said| {
            let (what, help) = said.lines(width);
            what.len() + help.len()
        };
        let notice = self.notice.as_ref().map_or(0, |(_, said)| lines(said));
        let shown = self.unread.iter().take(UNREAD_SHOWN);
        let more = usize::from(self.unread.len() > UNREAD_SHOWN);
        let unread = shown.map(lines).sum::<usize>() + more;
        let notice = u16::try_from(notice + unread).unwrap_or(u16::MAX);
        // Both are text to read, in lines as long as they come.
        let whole =
            self.plain || matches!(self.layers.last(), Some(Layer::Help(_) | Layer::Log(_)));
        layout::areas(self.size, self.pane == Pane::Detail, notice, self.split, whole)
    }

    fn next(&mut self) -> Generation {
        self.last += 1;
        self.last
    }

    fn clock(&mut self, now: SystemTime) -> Vec<Effect> {
        self.now = now;
        if self.session.as_ref().is_some_and(|session| session.expires_at <= now)
            && let Some(session) = self.session.take()
        {
            self.say(
                Mood::Unread,
                Said {
                    what: format!("the login of {} has ended", session.admin_email),
                    help: "log in again when something needs it".to_owned(),
                },
            );
        }
        Vec::new()
    }

    /// What follows from any change: rows are read ahead, and the details follow the selection.
    fn settle(&mut self, effects: &mut Vec<Effect>) {
        let Some(areas) = self.areas() else { return };
        if !matches!(self.connection, Connection::Ready(_)) {
            return;
        }
        let height = areas.list_rows();
        if height > 0 {
            self.list.scroll(height);
            if let Some((arrival, at)) = self.list.wanted(height) {
                effects.extend(self.load(arrival, at));
            }
        }
        if let Some(id) = self.uncounted() {
            effects.extend(self.load_detail(id));
        }
        if areas.detail.area() == 0 {
            return;
        }
        let selected = self.list.selected().map(|org| (org.id, org.revision));
        let shown = self.detail.org.as_ref().map(|org| (org.id, org.revision));
        if selected.map(|(id, _)| id) != shown.map(|(id, _)| id) {
            effects.extend(self.forget_detail());
            if shown.is_some() {
                self.detail.selected = 0;
            }
            self.detail.org = self.list.selected().cloned();
            if let Some((id, _)) = selected {
                effects.extend(self.load_detail(id));
            }
        }
        effects.extend(self.read_tab());
    }
}

fn cancel(generation: Option<Generation>) -> Vec<Effect> {
    generation.map(Effect::Cancel).into_iter().collect()
}
