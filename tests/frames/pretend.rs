//! A console without a world: a list of organizations in place of the database, a fixed time, and
//! answers that come when the test wants them.

use std::time::{Duration, SystemTime};

use bson::{DateTime, oid::ObjectId};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, layout::Position};
use tenantry::{
    console::{
        app::{App, Arrived, Connected, Drawn, Effect, Given, Layer, Message, OrgAction, Pane},
        view,
    },
    org::{Admin, InTrash, Org, OrgState, PasswordPolicy, Strength},
    store::{ListScope, Place, PlaceKind, Required, Statistics},
    tenancy::{Error, NumberedEntry, Refusal, Result, Session},
    theme::Theme,
};

pub use crate::orgs::admin_of;
use crate::{
    list::{count_of, page_of},
    orgs, pretend_documents, pretend_sizes,
};

pub const HOUR: u64 = 3600;
pub const DAY: u64 = 24 * HOUR;

/// 2026-11-22 10:30 UTC.
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_mins(29_922_390)
}

pub fn org(number: u8, name: &str, email: &str, age: u64) -> Org {
    let created_at = DateTime::from_system_time(now() - Duration::from_secs(age));
    let id = [0x6b, 3, 0x59, 0x11, 0x44, 0xa4, 0x2d, 0xd2, 0x88, 0x92, 0x9a, number];
    Org { id: ObjectId::from_bytes(id), created_at, ..orgs::org(number, name, email) }
}

/// In the trash since then, for so many days.
pub fn in_trash(since: SystemTime, days: u64) -> OrgState {
    let until = DateTime::from_system_time(since + Duration::from_secs(days * DAY));
    OrgState::InTrash(InTrash { since: DateTime::from_system_time(since), until, released: false })
}

/// The customer list with some of them in the trash, the one that went there last first, and some
/// suspended.
pub fn with_trash() -> Vec<Org> {
    let ages = [("Sable Studio", 3 * HOUR), ("東京ソフト", 2 * DAY), ("Granite Peak", 29 * DAY)];
    let mut orgs = customers();
    let mut trash = Vec::new();
    for (name, age) in ages {
        let at = orgs.iter().position(|org| org.name.raw() == name).unwrap();
        let state = in_trash(now() - Duration::from_secs(age), 30);
        trash.push(Org { state, ..orgs.remove(at) });
    }
    for name in ["acme_industries", "Copperfield Logistics"] {
        let org = orgs.iter_mut().find(|org| org.name.raw() == name).unwrap();
        org.state = OrgState::Suspended;
    }
    trash.extend(orgs);
    trash
}

/// A believable customer list.
pub fn customers() -> Vec<Org> {
    [
        ("acme_corp", "ada@acme.example", 2 * DAY),
        ("acme_industries", "bob@acme-industries.example", 14 * DAY),
        ("acme_labs", "eve@labs.acme.example", 95 * DAY),
        ("Aurora Health", "mira.lindqvist@aurora.example", 5 * HOUR),
        ("Baker & Sons", "office@bakersons.example", 40 * DAY),
        ("Bright Harbor", "ops@brightharbor.example", 400 * DAY),
        ("Café Zürich", "hallo@cafe-zuerich.example", 3 * DAY),
        ("Copperfield Logistics", "d.copperfield@copperfield.example", 720 * DAY),
        ("Delta-Nine", "admin@delta9.example", 42),
        ("Evergreen Schools", "it@evergreen.example", 61 * DAY),
        ("Fjord Analytics", "kari@fjord.example", 9 * DAY),
        ("Granite Peak", "rocky@granite.example", 200 * DAY),
        ("Harvest Moon Foods", "farm@harvestmoon.example", 31 * DAY),
        ("Iron Bridge", "steel@ironbridge.example", 12 * 60),
        ("Juniper & Co.", "hello@juniper.example", 18 * DAY),
        ("Kestrel Robotics", "birds@kestrel.example", 77 * DAY),
        ("Lumen Optics", "light@lumen.example", 150 * DAY),
        ("Meridian Travel", "desk@meridian.example", 28 * DAY),
        ("Northwind Traders", "nancy@northwind.example", 1100 * DAY),
        ("O'Malley Brewing", "sean@omalley.example", 6 * DAY),
        ("Polaris Shipping", "star@polaris.example", 365 * DAY),
        ("Quartz Finance", "q@quartz.example", 55 * DAY),
        ("Redwood Legal", "clerk@redwood.example", 8 * DAY),
        ("Sable Studio", "art@sable.example", 24 * DAY),
        ("Tidal Energy", "waves@tidal.example", 301 * DAY),
        ("Umbra Security", "night@umbra.example", 10 * DAY),
        ("Vela Aerospace", "orbit@vela.example", 19 * HOUR),
        ("Willow Clinics", "care@willow.example", 88 * DAY),
        ("東京ソフト", "info@tokyo-soft.example", 4 * DAY),
        ("Zephyr Games", "play@zephyr.example", 130 * DAY),
    ]
    .iter()
    .zip(1..)
    .map(|((name, email, age), number)| org(number, name, email, *age))
    .collect()
}

pub fn session(org: &Org, left: Duration) -> Session {
    Session::new("token".into(), &admin_of(org), org, now() + left)
}

pub struct Console {
    pub app: App,
    pub orgs: Vec<Org>,
    /// The admins of each beside the one its record names.
    pub others: Vec<Admin>,
    /// What was recorded of each; none for what there always is.
    pub entries: Option<Vec<NumberedEntry>>,
    pub connected: Connected,
    /// What was asked for and not answered yet.
    pub pending: Vec<Effect>,
    /// What waits for the database to go away, or to come back.
    pub watched: u64,
    /// What waits for changes.
    pub followed: u64,
}

impl Console {
    /// A console that has not connected yet.
    pub fn opening(width: u16, height: u16, place: Place, orgs: Vec<Org>) -> Self {
        let (app, pending) = App::new(place.clone(), now());
        let connected = Connected {
            upgrade: None,
            place,
            read_only: None,
            read_only_asked: false,
            required: Required::Nothing,
            has_operators: false,
            trash_days: 30,
            reason_required: false,
            mails: false,
            connection: "mongodb://ops@db1.example:27017/master_organization_db".into(),
            passwords: PasswordPolicy::default(),
            demo: None,
        };
        let others = Vec::new();
        let mut console =
            Self { app, orgs, others, entries: None, connected, pending, watched: 0, followed: 0 };
        console.send(Message::Resize(width, height));
        console
    }

    /// A console in front of these organizations.
    pub fn with(width: u16, height: u16, orgs: Vec<Org>) -> Self {
        let mut console = Self::opening(width, height, mongo(), orgs);
        console.answer_all();
        console
    }

    /// The same, which follows what others change.
    pub fn following(width: u16, height: u16, orgs: Vec<Org>) -> Self {
        let mut console = Self::opening(width, height, mongo(), orgs);
        console.app.live.on = true;
        console.answer_all();
        console
    }

    pub fn send(&mut self, message: Message) {
        // The runtime draws after each batch. Only what scrolls, and the mouse, depend on it.
        let scrolls = self.app.pane == Pane::Detail
            || matches!(
                self.app.layers.last(),
                Some(Layer::Log(_) | Layer::Audit(_) | Layer::Documents(_))
            )
            || matches!(message, Message::Mouse(_));
        if scrolls && matches!(message, Message::Key(_) | Message::Mouse(_)) {
            self.app.drawn = self.frame(&Theme::colourless()).0;
        }
        let effects = self.app.update(message);
        for effect in effects {
            if let Effect::Cancel(old) = effect {
                // What writes goes on to its end.
                self.pending.retain(|effect| {
                    generation(effect) != Some(old)
                        || matches!(
                            effect,
                            Effect::Create(..)
                                | Effect::Update(..)
                                | Effect::AddAdmin(..)
                                | Effect::Transfer(..)
                                | Effect::UpdateAdmin(..)
                                | Effect::Redeem(..)
                                | Effect::MailCode(..)
                                | Effect::Do(..)
                                | Effect::WriteDocument(..)
                        )
                });
            } else {
                self.pending.push(effect);
            }
        }
    }

    /// The newest request that `answer` has an answer for is answered so.
    pub fn answer(&mut self, answer: impl Fn(&Effect) -> Option<Message>) {
        let mut found = self.pending.iter().enumerate().rev();
        let (at, message) = found
            .find_map(|(at, effect)| Some((at, answer(effect)?)))
            .unwrap_or_else(|| panic!("nobody asked; pending: {:?}", self.pending));
        self.pending.remove(at);
        self.send(message);
    }

    /// Everything that was asked for is answered as a database without troubles would.
    pub fn answer_all(&mut self) {
        // Far more than anything asks for.
        let mut left = 1000;
        while !self.pending.is_empty() {
            left -= 1;
            assert!(left > 0, "it asks again and again: {:?}", self.pending);
            let effect = self.pending.remove(0);
            if let Some(message) = self.fine(&effect) {
                self.send(message);
            }
        }
    }

    /// The answer of a database without troubles.
    pub fn fine(&mut self, effect: &Effect) -> Option<Message> {
        Some(match effect {
            Effect::Connect(generation) => {
                Message::Connected(*generation, Ok(self.connected.clone()))
            }
            Effect::Watch(generation, _) => {
                self.watched = *generation;
                return None;
            }
            Effect::Follow(generation, _) => {
                self.followed = *generation;
                return None;
            }
            Effect::CatchUp(generation) => Message::CaughtUp(*generation, Ok(0), None),
            Effect::LoadPage(generation, query) => {
                Message::Page(*generation, Ok(page_of(&self.orgs, query)))
            }
            Effect::Count(generation, of, search, most) => {
                let count = count_of(&self.orgs, *of, search.as_deref(), *most);
                Message::Counted(*generation, Ok(count))
            }
            Effect::FindGone(generation, list, ids) => {
                let scope = |org: &Org| match org.in_trash() {
                    Some(_) => ListScope::Trash,
                    None => ListScope::Live,
                };
                let there = |id| self.orgs.iter().any(|org| org.id == id && scope(org) == *list);
                let gone = |id: &ObjectId| !there(*id);
                Message::Gone(*generation, Ok(ids.iter().copied().filter(gone).collect()))
            }
            Effect::Measure(generation, orgs) => {
                let count = orgs.len() as u64;
                let held =
                    Statistics { documents: 1_240 * count, bytes: 314_900 * count, indexes: 2 };
                Message::Measured(*generation, Ok(held))
            }
            Effect::LoadSizes(at, orgs) => pretend_sizes::sizes(*at, orgs),
            Effect::LoadDetail(generation, id) => {
                let org = self.orgs.iter().find(|org| org.id == *id).cloned();
                let held = Statistics { documents: 12_408, bytes: 3_149_000, indexes: 2 };
                Message::Detail(*generation, Ok(org.map(|org| (org, held))))
            }
            Effect::LoadDocuments(generation, _) => {
                let lines = (0..12).flat_map(|number| {
                    [
                        "{".to_owned(),
                        format!("  _id: ObjectId(\"6b03591144a42dd288929{number:03x}\"),"),
                        format!("  invoice: \"2026-{number:04}\","),
                        "  due: ISODate(\"2026-12-24T00:00:00Z\"),".to_owned(),
                        "  paid: true,".to_owned(),
                        "}".to_owned(),
                    ]
                });
                Message::Documents(*generation, Ok(lines.collect()))
            }
            Effect::Browse(generation, _, asked) => {
                Message::Browsed(*generation, pretend_documents::browsed(asked))
            }
            Effect::WriteDocument(at, org, write) => pretend_documents::written(*at, org, write),
            Effect::Check(at, check) => Message::Checked(*at, check.field(), Ok(())),
            Effect::Judge(generation, changes) => {
                let about = [changes.name.as_str(), changes.email.as_str()];
                let strength =
                    Strength::measure(&changes.password, PasswordPolicy::default(), &about);
                Message::Judged(*generation, Ok(strength))
            }
            Effect::Copy(what, _) => Message::Copied(what, Ok(Arrived::Known)),
            Effect::Generate { .. } => Message::Generated(Ok("7x2k9-qm4tz-c8w1r-hn5vp".into())),
            Effect::Authorize(generation, OrgAction::Purge, ..) => {
                Message::Authorized(*generation, Ok(()))
            }
            Effect::Authorize(generation, _, org, _, session) => {
                let own = session.as_ref().is_some_and(|s| s.account.is_for(org.id));
                let name = org.name.clone();
                let refusal = || match org.state {
                    OrgState::Suspended => Error::from(Refusal::Suspended(name)),
                    _ => Error::from(Refusal::NoSession(name)),
                };
                Message::Authorized(*generation, own.then_some(()).ok_or_else(refusal))
            }
            Effect::Login(generation, email, ..) => {
                let org = self.orgs.iter().find(|org| org.admin_email.raw() == email);
                let session = org.map(|org| session(org, Duration::from_secs(1781)));
                Message::LoggedIn(*generation, session.ok_or(Error::WrongLogin))
            }
            Effect::Create(generation, changes) => {
                Message::Created(*generation, Ok(org(200, &changes.name, &changes.email, 0)))
            }
            Effect::Update(generation, org, edit, _) => {
                let mut org = org.as_ref().clone();
                org.name = edit.name.clone().unwrap_or_default().into();
                org.revision += 1;
                Message::Updated(*generation, Ok(org))
            }
            Effect::Do(generation, action, org, given, _)
                if !matches!(action, OrgAction::IssueCode(_)) =>
            {
                Message::Done(*generation, *action, org.clone(), self.done(*action, org, given))
            }
            effect => return self.fine_about_admins(effect),
        })
    }

    /// Does it to the organization, as long as that is what it was.
    fn done(&mut self, action: OrgAction, org: &Org, given: &Given) -> Result<Option<Org>> {
        let same = |stored: &&mut Org| (stored.id, stored.revision) == (org.id, org.revision);
        let Some(stored) = self.orgs.iter_mut().find(same) else {
            return Err(Error::Changed(org.name.clone()));
        };
        stored.revision += 1;
        stored.state = match action {
            OrgAction::Trash => in_trash(now(), u64::from(self.connected.trash_days)),
            OrgAction::Rename => {
                stored.name = given.name.clone().unwrap_or_default().into();
                stored.state
            }
            OrgAction::Suspend => OrgState::Suspended,
            OrgAction::Restore | OrgAction::Reactivate => OrgState::Active,
            OrgAction::RemoveAdmin(id) => {
                self.others.retain(|admin| admin.id != id);
                stored.state
            }
            OrgAction::IssueCode(_) | OrgAction::Export(_) => stored.state,
            OrgAction::Delete | OrgAction::Purge => {
                self.orgs.retain(|stored| stored.id != org.id);
                return Ok(None);
            }
        };
        Ok(Some(stored.clone()))
    }

    pub fn press(&mut self, code: KeyCode) {
        self.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    pub fn control(&mut self, letter: char) {
        self.send(Message::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)));
    }

    pub fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.press(KeyCode::Char(letter));
        }
    }

    /// Lets time go by.
    pub fn wait(&mut self, milliseconds: u64) {
        let later = self.app.now + Duration::from_millis(milliseconds);
        self.send(Message::Clock(later));
    }

    /// Goes down to this one on the list.
    pub fn select(&mut self, number: u8) {
        let wanted = org(number, "", "", 0).id;
        while self.app.list.selected().unwrap().id != wanted {
            let before = self.app.list.selected;
            self.press(KeyCode::Char('j'));
            assert!(self.app.list.selected > before, "{wanted} is not on the list");
        }
        self.answer_all();
    }

    /// Logs in as the admin of the selected organization.
    pub fn log_in(&mut self) {
        self.press(KeyCode::Char('L'));
        self.type_text("not looked at");
        self.press(KeyCode::Enter);
        self.answer_all();
        self.press(KeyCode::Esc);
    }

    /// What it looks like now, and where the terminal's cursor is, when it shows.
    pub fn drawn(&self, theme: &Theme) -> (Buffer, Option<Position>) {
        let terminal = self.frame(theme).1;
        let backend = terminal.backend();
        let cursor = backend.cursor_visible().then(|| backend.cursor_position());
        (backend.buffer().clone(), cursor)
    }

    fn frame(&self, theme: &Theme) -> (Drawn, Terminal<TestBackend>) {
        let (width, height) = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut drawn = Drawn::default();
        terminal.draw(|frame| drawn = view::draw(&self.app, theme, frame)).unwrap();
        (drawn, terminal)
    }
}

/// A server.
fn mongo() -> Place {
    Place {
        kind: PlaceKind::Mongo,
        address: "db1.example:27017".into(),
        database: "master_organization_db".into(),
    }
}

/// An embedded database.
pub fn embedded() -> Place {
    Place {
        kind: PlaceKind::Embedded,
        address: "~/.local/share/tenantry/tenantry.db".into(),
        database: String::new(),
    }
}

/// With many customers, on a wide screen.
pub fn wide() -> Console {
    Console::with(120, 32, customers())
}

/// The same on a narrow one.
pub fn narrow() -> Console {
    Console::with(80, 24, customers())
}

/// The generation a request waits under.
pub fn generation(effect: &Effect) -> Option<u64> {
    match effect {
        Effect::Connect(generation)
        | Effect::Switch(generation, _)
        | Effect::CatchUp(generation)
        | Effect::LookForUpgrade(generation)
        | Effect::Upgrade(generation)
        | Effect::Watch(generation, _)
        | Effect::Follow(generation, _)
        | Effect::LoadPage(generation, ..)
        | Effect::FindGone(generation, ..)
        | Effect::Count(generation, ..)
        | Effect::Measure(generation, ..)
        | Effect::LoadSizes(generation, ..)
        | Effect::Survey(generation, ..)
        | Effect::LoadDetail(generation, ..)
        | Effect::LoadDocuments(generation, ..)
        | Effect::Browse(generation, ..)
        | Effect::LoadAdmins(generation, ..)
        | Effect::LoadActivity(generation, ..)
        | Effect::LoadAudit(generation, ..)
        | Effect::AddAdmin(generation, ..)
        | Effect::UpdateAdmin(generation, ..)
        | Effect::Transfer(generation, ..)
        | Effect::Redeem(generation, ..)
        | Effect::MailCode(generation, ..)
        | Effect::CheckDirectory(generation, ..)
        | Effect::Check(generation, ..)
        | Effect::Judge(generation, ..)
        | Effect::Authorize(generation, ..)
        | Effect::Login(generation, ..)
        | Effect::CheckSession(generation, _)
        | Effect::SetUpSecondFactor(generation, ..)
        | Effect::Create(generation, ..)
        | Effect::Update(generation, ..)
        | Effect::Do(generation, ..)
        | Effect::Export(generation, ..)
        | Effect::WriteDocument(generation, ..)
        | Effect::FindOut(generation, ..)
        | Effect::Cancel(generation) => Some(*generation),
        Effect::Generate { .. }
        | Effect::NewSecondFactor
        | Effect::Logout(_)
        | Effect::Copy(..)
        | Effect::EditOutside(_)
        | Effect::Mouse(_)
        | Effect::Shell
        | Effect::Redraw
        | Effect::Quit => None,
    }
}
