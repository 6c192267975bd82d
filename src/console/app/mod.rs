//! The console as plain state: messages in, effects out, nothing else. No I/O, no clock, no async.

mod admins;
mod ages;
mod audit;
mod audit_window;
mod back;
mod browsing;
mod bulk;
mod connection;
mod copying;
mod dashboard;
mod detail;
mod document_columns;
mod document_complete;
mod document_edit;
mod document_gone;
mod document_merge;
mod document_sort;
mod document_tree;
mod document_undo;
mod document_value;
mod document_window;
mod documents;
mod drawn;
mod field;
mod fit;
mod form;
mod help;
mod job;
mod jobs;
mod keys;
mod layer;
mod layer_keys;
mod list;
mod live;
mod manual;
mod message;
mod messages;
mod mouse;
mod org_action;
mod outcome;
mod paging;
mod profile;
mod question;
mod reason;
mod screen;
mod second_factor;
mod selection;
mod session;
mod sizes;
mod submit;
#[cfg(test)]
mod tests;
mod text_editor;
mod undo;
mod upgrade;

use std::time::SystemTime;

use crossterm::event::{KeyCode, KeyModifiers};

pub use admins::code_waits;
pub use audit::fields;
pub use audit_window::Audit;
pub use bulk::{BULK_MOST, Bulk};
pub use connection::{Connection, Lost, database_label};
pub use dashboard::Dashboard;
pub use detail::{Detail, Tab};
pub use document_columns::{COLUMN_GAP, FieldColumn, TableColumn, first_column};
pub use document_edit::{Changes, DocumentEdit, EDITED_MOST, EditStage};
pub use document_tree::{OpenDocument, RowAction, VIEWED_MOST, ViewedValue};
use document_undo::DocumentUndo;
pub use document_value::ValueChange;
pub use document_window::{DocumentRow, DocumentRows, Documents, Fetch};
pub use drawn::{Drawn, Extent, HitTarget};
pub use field::{Notice, Request, TextField};
pub use form::{Asked, Form, Purpose};
pub use help::{Choice, Help, HelpLine};
pub use job::{ExportTo, Failure, Job, JobNumber, organizations};
pub use keys::Count;
pub use layer::{Code, Layer};
pub use list::{Arrival, List, Select};
pub use live::Live;
pub use manual::{Manual, text_of};
pub use message::{
    Arrived, Check, Connected, DocumentsAnswer, DocumentsAsked, Effect, Fetched, Generation, Merge,
    Message, NewOwner, NewPassword, ReadText,
};
pub use messages::{LogEntry, MessageLog, Severity};
pub use mouse::Pointer;
pub use org_action::{Given, OrgAction};
use profile::Armed;
pub use profile::Sure;
pub use question::{AtOnce, Question};
pub use screen::UNREAD_SHOWN;
pub use selection::{Filtered, Range, Selection};
pub use session::Login;
pub use sizes::{Known, Sizes};
pub use undo::Undo;
pub use upgrade::AwaitedUpgrade;

use crate::{
    config::Profile,
    keymap::{self, Column, Keymap},
    org::Org,
    store::{ListScope, Place},
    tenancy::Session,
};

/// Which half of the screen the keys go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The list.
    #[default]
    List,
    /// The details.
    Detail,
}

/// How a person has set the console up, for the next time too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The column of the screen that list and details are parted at, where it was chosen.
    pub divider: Option<u16>,
    /// The columns of the list that do not show.
    pub hidden: Vec<Column>,
    /// Those of [`Column::SIZES`] that do.
    pub shown: Vec<Column>,
    /// Whether documents are a table.
    pub table: bool,
    /// The columns of that, as far as they were set up.
    pub columns: Vec<FieldColumn>,
}

/// All of the console's state.
#[derive(Debug)]
pub struct App {
    /// The last known time.
    pub now: SystemTime,
    /// When an age on the screen has last changed by itself.
    aged: Option<SystemTime>,
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
    /// The look for an upgrade to offer.
    looking_for_upgrade: Request,
    /// The upgrade that the operator must agree to before anything can be written, or may.
    pub upgrade: Option<AwaitedUpgrade>,
    /// Why the database cannot be reached any more, while that is so.
    pub lost: Option<Lost>,
    /// The end of that, or its beginning.
    watching: Request,
    /// How what others change comes to show here.
    pub live: Live,
    /// The organizations, or those in the trash.
    pub list: List,
    /// The organizations, while the trash is shown.
    pub aside: Option<List>,
    /// What was made or came back meanwhile: selected when they are shown again.
    pub unseen: Option<Org>,
    /// How much they hold, as far as that was asked.
    pub sizes: Sizes,
    /// The dashboard, as far as it was read.
    pub dashboard: Dashboard,
    /// The one that is looked at.
    pub detail: Detail,
    /// Where the keys go when nothing is on top.
    pub pane: Pane,
    /// What is on top, the topmost last.
    pub layers: Vec<Layer>,
    /// Who is logged in.
    pub session: Option<Session>,
    /// What is said at the bottom.
    pub notice: Option<(Severity, Notice)>,
    /// What has to be noticed there, whatever else is said: until esc. The oldest first.
    pub unread: Vec<Notice>,
    /// All that was said.
    pub messages: MessageLog,
    /// Whether the login of a demonstration does not work now.
    demo_ended: bool,
    /// Which profile is open; none where none was named.
    pub profile: Option<Profile>,
    /// All there are.
    pub profiles: Vec<Profile>,
    /// What is done at once in production, once it is confirmed.
    armed: Option<Armed>,
    /// The key that asked for what is to be confirmed: it does not confirm it as well.
    asked_by: Option<(KeyCode, KeyModifiers)>,
    /// What undoes what was done last.
    pub undo: Option<Undo>,
    /// The same of a document.
    document_undo: Option<DocumentUndo>,
    /// The names of the commands that were chosen by name, the last one last.
    pub recent: Vec<String>,
    /// What the last frame showed.
    pub drawn: Drawn,
    /// Whether a screen reader reads it: one column, and nothing that moves by itself.
    pub plain: bool,
    /// Whether the mouse is the console's.
    pub mouse: bool,
    /// The count that is being typed.
    pub count: Count,
    /// What the mouse has begun.
    pub pointer: Pointer,
    /// How the person has set it up.
    pub kept: Kept,
    /// The operation that needed no question and is waited for.
    pub at_once: Option<AtOnce>,
    /// Abandoned operations that are still running: they report when they end.
    pub abandoned: Vec<Generation>,
    /// The bulk operations that were begun, the newest last.
    pub jobs: Vec<Job>,
    /// Whether quitting was asked for while one of them is running.
    quitting: bool,
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
            aged: None,
            size: (0, 0),
            keymap: Keymap::default(),
            place,
            connection: Connection::Opening,
            connecting: Request::default(),
            catching_up: Request::default(),
            looking_for_upgrade: Request::default(),
            catches_up: false,
            upgrade: None,
            lost: None,
            watching: Request::default(),
            live: Live::default(),
            list: List::new(ListScope::Live),
            aside: None,
            unseen: None,
            sizes: Sizes::default(),
            dashboard: Dashboard::default(),
            detail: Detail::default(),
            pane: Pane::default(),
            layers: Vec::new(),
            session: None,
            notice: None,
            unread: Vec::new(),
            messages: MessageLog::default(),
            demo_ended: false,
            profile: None,
            profiles: Vec::new(),
            armed: None,
            asked_by: None,
            undo: None,
            document_undo: None,
            recent: Vec::new(),
            drawn: Drawn::default(),
            plain: false,
            mouse: false,
            count: Count::default(),
            pointer: Pointer::default(),
            kept: Kept::default(),
            at_once: None,
            abandoned: Vec::new(),
            jobs: Vec::new(),
            quitting: false,
            last: 0,
        }
    }

    /// The only thing that changes the state.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        let unknown = message.unknown();
        let catches_up = self.has_written(&message) && std::mem::take(&mut self.catches_up);
        let mut effects = match message {
            Message::Clock(now) => self.clock(now),
            Message::Key(event) => self.key(event),
            Message::Paste(text) => self.paste(text.reveal()),
            Message::Mouse(event) => self.mouse(event),
            Message::Resize(width, height) => self.resized(width, height),
            Message::Connected(generation, result) => self.connected(generation, result),
            Message::Upgradable(generation, result) => {
                self.upgradable(generation, result);
                Vec::new()
            }
            Message::Upgrading(generation, upgrade) => {
                self.upgrading(generation, upgrade);
                Vec::new()
            }
            Message::Upgraded(generation, result) => self.upgraded(generation, result),
            Message::CaughtUp(at, result, read_only) => self.caught_up(at, &result, read_only),
            Message::Link(generation, why) => self.linked(generation, why.as_ref()),
            Message::Changed(generation, seen) => self.changed(generation, seen),
            Message::Page(generation, result) => self.page(generation, result),
            Message::Gone(generation, result) => self.deselect_gone(generation, result),
            Message::DirectoryChecked(at, result) => self.directory_checked(at, &result),
            Message::Exporting(generation, progress) => self.exporting(generation, progress),
            Message::ExportedTo(generation, file) => self.exported_to(generation, file),
            Message::Measured(generation, result) => self.measured(generation, &result),
            Message::Sizes(generation, result) => self.sized(generation, result),
            Message::Surveyed(generation, part) => {
                self.surveyed(generation, part);
                Vec::new()
            }
            Message::SurveyEnded(generation, result) => self.survey_ended(generation, result),
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
            Message::Activity(generation, result) => self.activity(generation, result),
            Message::Audit(generation, result) => self.audit_page(generation, result),
            Message::Browsed(generation, answer) => self.documents_answered(generation, answer),
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
            Message::Unlogged(why) => self.unlogged(&why),
            Message::Generated(result) => self.generated(result),
            Message::Authorized(generation, result) => self.authorized(generation, result),
            Message::LoggedIn(generation, result) => self.logged_in(generation, result),
            Message::SessionChecked(session, result) => self.session_checked(&session, result),
            Message::NewSecondFactor(result) => self.ask_for_second_factor(result),
            Message::SecondFactor(generation, result) => self.second_factor(generation, result),
            Message::Created(generation, result) => self.created(generation, result),
            Message::Updated(generation, result) => self.updated(generation, result),
            Message::Added(generation, email, result) => self.added(generation, &email, result),
            Message::Transferred(at, email, result) => self.transferred(at, &email, result),
            Message::Mailed(generation, email, result) => self.mailed(generation, &email, &result),
            Message::Coded(generation, action, org, email, result) => {
                self.coded(generation, action, &org, &email, result)
            }
            Message::Redeemed(at, email, result) => self.redeemed(at, &email, result),
            Message::Done(generation, action, org, result) => {
                self.done(generation, action, &org, result)
            }
            Message::DocumentWritten(at, org, result) => self.document_written(at, &org, result),
            Message::EditedOutside(result) => self.edited_outside(result),
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
        effects.extend(self.make_sure_of_session());
        effects.extend(self.catch_up_with_others());
        self.settle(&mut effects);
        effects
    }

    /// The terminal has another size; what is read of the manual stays where it is.
    fn resized(&mut self, width: u16, height: u16) -> Vec<Effect> {
        let read = self.letters_above();
        self.size = (width, height);
        self.go_to_letter(read);
        Vec::new()
    }

    /// Whether something was written here: that is no news.
    fn has_written(&mut self, message: &Message) -> bool {
        let written = message.written();
        if let Some(org) = written {
            self.live.add_own(org, self.now);
            self.sizes.forget(org);
            self.dashboard.outdated = true;
        }
        written.is_some()
    }

    /// Where the keys go now.
    #[must_use]
    pub fn focus(&self) -> keymap::Place {
        if self.is_to_confirm() {
            return keymap::Place::Production;
        }
        match (self.layers.last(), &self.connection, self.pane, self.list.scope) {
            (Some(layer), ..) => layer.place(),
            (None, Connection::Opening | Connection::Failed(_), ..) => keymap::Place::Unconnected,
            (None, Connection::Ready(_), ..) if self.list.filtering => keymap::Place::Filter,
            (None, Connection::Ready(_), Pane::List, ListScope::Live) => keymap::Place::List,
            (None, Connection::Ready(_), Pane::List, ListScope::Trash) => keymap::Place::Trash,
            (None, Connection::Ready(_), Pane::Detail, _) => {
                match (self.detail.tab, self.list.scope) {
                    (Tab::Overview, ListScope::Live) => keymap::Place::Detail,
                    (Tab::Overview, ListScope::Trash) => keymap::Place::Trashed,
                    (Tab::Admins, ListScope::Live) => keymap::Place::Admins,
                    (Tab::Admins, ListScope::Trash) => keymap::Place::TrashedAdmins,
                    (Tab::Documents, _) => keymap::Place::Documents,
                    (Tab::Activity, _) => keymap::Place::Activity,
                }
            }
        }
    }

    fn next(&mut self) -> Generation {
        self.last += 1;
        self.last
    }

    /// What follows from any change: rows are read ahead, and the details follow the selection.
    fn settle(&mut self, effects: &mut Vec<Effect>) {
        if self.list.rows.is_empty() {
            // There are no details to be in.
            self.pane = Pane::List;
        }
        let Some(areas) = self.areas() else { return };
        if !matches!(self.connection, Connection::Ready(_)) {
            return;
        }
        effects.extend(self.settle_audit());
        effects.extend(self.settle_documents());
        self.settle_edit();
        let height = areas.list_rows();
        if height > 0 {
            self.list.scroll(height);
            if let Some((arrival, at)) = self.list.wanted(height) {
                effects.extend(self.load(arrival, at));
            }
        }
        effects.extend(self.settle_sizes(&areas));
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
