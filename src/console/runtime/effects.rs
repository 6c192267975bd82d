//! Effects become exports, tasks, and their ends become messages.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::mpsc::UnboundedSender,
    task::{AbortHandle, JoinSet},
};

use super::{documents, exports, tasks};
use crate::{
    config::Database,
    console::{
        app::{Effect, Generation, Message},
        clipboard,
    },
    org::Secret,
    tenancy::{Session, Tenancy},
};

/// How long a selection rests before its details are read: while a key is held down, none are.
const REST: Duration = Duration::from_millis(30);

/// What a task ends with.
pub(super) struct Answer {
    message: Message,
    opened: Option<Arc<Tenancy>>,
    generation: Generation,
    /// For the terminal.
    bytes: Option<Vec<u8>>,
}

impl Answer {
    /// What no task ends with.
    pub(super) fn from_message(message: Message) -> Self {
        Self { message, opened: None, generation: 0, bytes: None }
    }
}

/// The tasks under way.
pub(super) struct Effects {
    /// Which one is open, or being opened.
    database: Database,
    /// Those that one can go to.
    profiles: Vec<Database>,
    tenancy: Option<Arc<Tenancy>>,
    /// Who is logged in: whatever is asked is asked by them.
    session: Option<Session>,
    /// What opens it: one that was opened for anybody else is not the one.
    connecting: Generation,
    answers: UnboundedSender<Answer>,
    /// What may be stopped when nobody waits for it any more: everything that does not write.
    reads: HashMap<Generation, AbortHandle>,
    /// What goes on to its end.
    writes: JoinSet<()>,
    /// What the terminal is still to be given.
    bytes: Vec<u8>,
}

impl Effects {
    pub(super) fn new(
        database: Database,
        profiles: Vec<Database>,
        answers: UnboundedSender<Answer>,
    ) -> Self {
        Self {
            database,
            profiles,
            tenancy: None,
            session: None,
            connecting: 0,
            answers,
            reads: HashMap::new(),
            writes: JoinSet::new(),
            bytes: Vec::new(),
        }
    }

    /// Begins everything that is wanted, by whoever is logged in.
    pub(super) fn run(&mut self, effects: Vec<Effect>, session: Option<&Session>) {
        self.session = session.cloned();
        for effect in effects {
            self.begin(effect);
        }
        while self.writes.try_join_next().is_some() {}
    }

    /// Takes the end of a task.
    pub(super) fn accept(&mut self, answer: Answer) -> Message {
        self.reads.remove(&answer.generation);
        if let Some(tenancy) = answer.opened.filter(|_| answer.generation == self.connecting) {
            self.tenancy = Some(tenancy);
        }
        self.bytes.extend(answer.bytes.into_iter().flatten());
        answer.message
    }

    /// What the terminal is to be given beside the next frame.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Lets what writes come to its end, for so long.
    pub(super) async fn finish(mut self, patience: Duration) {
        for read in self.reads.values() {
            read.abort();
        }
        let all = async { while self.writes.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(patience, all).await;
    }

    fn begin(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(generation) => self.connect(generation),
            Effect::Switch(generation, name) => self.switch(generation, &name),
            Effect::Cancel(generation) => {
                if let Some(read) = self.reads.remove(&generation) {
                    read.abort();
                }
            }
            Effect::Generate { name, email } => {
                let made = self.database.rules.generate_password(&name, &email);
                self.answer(0, Message::Generated(made));
            }
            Effect::NewSecondFactor => {
                self.answer(0, Message::NewSecondFactor(Tenancy::new_second_factor()));
            }
            Effect::Logout(session) => {
                if let Some(tenancy) = &self.tenancy {
                    tenancy.logout(&session);
                }
            }
            Effect::Copy(what, text) => self.copy(what, text),
            Effect::CheckDirectory(at, typed) => {
                self.read(at, exports::directory_checked(at, typed));
            }
            // The loop does these itself.
            Effect::Quit
            | Effect::Shell
            | Effect::Redraw
            | Effect::EditOutside(_)
            | Effect::Mouse(_) => {}
            effect @ (Effect::CatchUp(_)
            | Effect::LookForUpgrade(_)
            | Effect::Upgrade(_)
            | Effect::Watch(..)
            | Effect::Follow(..)
            | Effect::LoadPage(..)
            | Effect::FindGone(..)
            | Effect::Count(..)
            | Effect::Measure(..)
            | Effect::LoadSizes(..)
            | Effect::Survey(..)
            | Effect::LoadDetail(..)
            | Effect::LoadDocuments(..)
            | Effect::LoadAudit(..)
            | Effect::Browse(..)
            | Effect::LoadAdmins(..)
            | Effect::LoadActivity(..)
            | Effect::Check(..)
            | Effect::Judge(..)
            | Effect::Authorize(..)
            | Effect::Login(..)
            | Effect::CheckSession(..)
            | Effect::SetUpSecondFactor(..)
            | Effect::Create(..)
            | Effect::Update(..)
            | Effect::AddAdmin(..)
            | Effect::UpdateAdmin(..)
            | Effect::Transfer(..)
            | Effect::Redeem(..)
            | Effect::MailCode(..)
            | Effect::Do(..)
            | Effect::Export(..)
            | Effect::WriteDocument(..)
            | Effect::FindOut(..)) => {
                let token = self.session.as_ref().map(Session::token);
                if let Some(tenancy) = self.tenancy.as_ref().map(|all| all.in_session(token)) {
                    self.ask(Arc::new(tenancy), effect);
                }
            }
        }
    }

    fn ask(&mut self, tenancy: Arc<Tenancy>, effect: Effect) {
        match effect {
            Effect::CatchUp(at) => self.read(at, tasks::catch_up(tenancy, at)),
            Effect::LookForUpgrade(at) => self
                .read(at, async move { Message::Upgradable(at, tenancy.offered_upgrade().await) }),
            Effect::Upgrade(at) => self.upgrade(at, tenancy),
            Effect::Watch(at, lost) => {
                self.read(at, async move { Message::Link(at, tenancy.link_changed(lost).await) });
            }
            Effect::Follow(at, seen) => {
                self.read(at, async move { tasks::changed(&tenancy, at, seen).await });
            }
            Effect::LoadPage(at, query) => {
                self.read(at, async move { Message::Page(at, tenancy.page(&query).await) });
            }
            Effect::FindGone(at, list, ids) => {
                self.read(at, async move { Message::Gone(at, tenancy.gone(ids, list).await) });
            }
            Effect::Count(at, of, search, most) => self.read(at, async move {
                Message::Counted(at, tenancy.count(of, search.as_deref(), most).await)
            }),
            Effect::Measure(at, orgs) => self.read(at, tasks::measured(tenancy, at, orgs)),
            Effect::Survey(at, now) => self.survey(at, tenancy, now),
            Effect::LoadSizes(at, orgs) => self.load(at, tasks::sizes(tenancy, at, orgs)),
            Effect::LoadDetail(at, id) => self.load(at, tasks::detail(tenancy, at, id)),
            Effect::LoadDocuments(at, org) => self.load(at, tasks::documents(tenancy, at, org)),
            Effect::Browse(at, org, asked) => {
                self.load(at, documents::browsed(tenancy, at, org, asked, self.told()));
            }
            Effect::LoadAdmins(at, org) => {
                self.load(at, async move { Message::Admins(at, tenancy.admins(&org).await) });
            }
            Effect::LoadActivity(at, org) => self.load(at, async move {
                Message::Activity(at, tenancy.activity(&org, tasks::ENTRIES).await)
            }),
            Effect::LoadAudit(at, query) => self
                .read(at, async move { Message::Audit(at, tasks::audit(&tenancy, &query).await) }),
            Effect::Check(at, check) => self.read(at, async move {
                Message::Checked(at, check.field(), tasks::checked(&tenancy, check).await)
            }),
            Effect::Judge(at, new) => self.read(at, tasks::judged(tenancy, at, new)),
            Effect::Authorize(at, action, org, admin, session) => {
                self.read(at, tasks::asked_first(tenancy, at, (action, org, admin), session));
            }
            Effect::Login(at, email, password, code) => {
                self.read(at, tasks::log_in(tenancy, at, email, password, code));
            }
            Effect::CheckSession(at, s) => self.read(at, tasks::session_checked(tenancy, s)),
            Effect::SetUpSecondFactor(at, new, code, session) => {
                self.write(at, tasks::set_up(tenancy, at, new, code, session));
            }
            Effect::Create(at, new) => {
                self.write(at, async move { Message::Created(at, tenancy.create(&new).await) });
            }
            Effect::Update(at, org, edit, session) => self.write(at, async move {
                let updated = tasks::updated(&tenancy, &org, &edit, session.as_ref());
                Message::Updated(at, updated.await)
            }),
            Effect::AddAdmin(at, org, email, role, session) => {
                self.write(at, tasks::added(tenancy, at, org, (email, role), session));
            }
            Effect::UpdateAdmin(at, org, email, edit, session) => self.write(at, async move {
                let edit = (email.raw(), &edit);
                let updated = tasks::admin_updated(&tenancy, &org, edit, session.as_ref());
                Message::Updated(at, updated.await)
            }),
            Effect::Transfer(at, org, to, session) => self.write(at, async move {
                tasks::transferred(&tenancy, at, &org, to, session.as_ref()).await
            }),
            Effect::MailCode(at, org, to, session) => {
                self.write(at, tasks::mailed(tenancy, at, org, to, session));
            }
            Effect::Redeem(at, email, code, password) => {
                self.write(at, tasks::redeemed(tenancy, at, email, code, password));
            }
            Effect::Do(at, action, org, given, session) => self.write(at, async move {
                tasks::done(&tenancy, at, action, org, given, session.as_ref()).await
            }),
            Effect::Export(at, action, org, to, session) => {
                let told = self.told();
                self.read(at, exports::exported(tenancy, at, (action, org), to, session, told));
            }
            Effect::WriteDocument(at, org, write) => {
                self.write(at, documents::written(tenancy, at, org, write));
            }
            Effect::FindOut(at, entry) => self.read(at, tasks::found_out(tenancy, entry)),
            // These need no database, and were begun before one was asked for.
            Effect::Connect(_)
            | Effect::Switch(..)
            | Effect::Cancel(_)
            | Effect::Generate { .. }
            | Effect::CheckDirectory(..)
            | Effect::NewSecondFactor
            | Effect::Logout(_)
            | Effect::Copy(..)
            | Effect::EditOutside(_)
            | Effect::Mouse(_)
            | Effect::Redraw
            | Effect::Shell
            | Effect::Quit => {}
        }
    }

    fn switch(&mut self, generation: Generation, name: &str) {
        for (_, read) in self.reads.drain() {
            read.abort();
        }
        self.tenancy = None;
        let named = |one: &&Database| one.profile.as_ref().is_some_and(|p| p.name == name);
        if let Some(database) = self.profiles.iter().find(named) {
            self.database = database.clone();
            self.connect(generation);
        }
    }

    /// On a thread of its own, since tmux may be asked.
    fn copy(&mut self, what: &'static str, text: Secret) {
        let answers = self.answers.clone();
        tokio::task::spawn_blocking(move || {
            let (bytes, sent) = match clipboard::sequence(text.reveal()) {
                Ok((bytes, arrived)) => (Some(bytes), Ok(arrived)),
                Err(refused) => (None, Err(refused)),
            };
            let message = Message::Copied(what, sent);
            // Nobody listens once the console is left.
            let _ = answers.send(Answer { bytes, ..Answer::from_message(message) });
        });
    }

    fn connect(&mut self, generation: Generation) {
        self.connecting = generation;
        let (database, answers) = (self.database.clone(), self.answers.clone());
        let task = tokio::spawn(async move {
            let (connected, opened) = tasks::opened(&database).await;
            let message = Message::Connected(generation, connected);
            // Nobody listens once the console is left.
            let _ = answers.send(Answer { opened, generation, ..Answer::from_message(message) });
        });
        self.reads.insert(generation, task.abort_handle());
    }

    /// Begun as what reads is, since whoever stops it loses nothing.
    fn upgrade(&mut self, generation: Generation, tenancy: Arc<Tenancy>) {
        let answers = self.answers.clone();
        self.read(generation, async move {
            let told = move |upgrade| {
                let _ = answers.send(Answer::from_message(Message::Upgrading(generation, upgrade)));
            };
            Message::Upgraded(generation, tenancy.upgrade(&told).await)
        });
    }

    /// Each part is told as it is known.
    fn survey(&mut self, generation: Generation, tenancy: Arc<Tenancy>, now: SystemTime) {
        let answers = self.answers.clone();
        self.read(generation, async move {
            let told = |part| {
                let part = Message::Surveyed(generation, part);
                let _ = answers.send(Answer::from_message(part));
            };
            Message::SurveyEnded(generation, tenancy.survey(now, told).await)
        });
    }

    /// As [`Effects::read`], once the selection rests.
    fn load(
        &mut self,
        generation: Generation,
        work: impl Future<Output = Message> + Send + 'static,
    ) {
        self.read(generation, async move {
            tokio::time::sleep(REST).await;
            work.await
        });
    }

    fn read(
        &mut self,
        generation: Generation,
        work: impl Future<Output = Message> + Send + 'static,
    ) {
        let answers = self.answers.clone();
        let task = tokio::spawn(async move {
            let message = work.await;
            let _ = answers.send(Answer { generation, ..Answer::from_message(message) });
        });
        self.reads.insert(generation, task.abort_handle());
    }

    /// What a task tells before its end.
    fn told(&self) -> impl Fn(Message) + Send + Sync + use<> {
        let answers = self.answers.clone();
        move |message| {
            let _ = answers.send(Answer::from_message(message));
        }
    }

    fn write(
        &mut self,
        generation: Generation,
        work: impl Future<Output = Message> + Send + 'static,
    ) {
        let answers = self.answers.clone();
        self.writes.spawn(async move {
            let message = work.await;
            let _ = answers.send(Answer { generation, ..Answer::from_message(message) });
        });
    }

    fn answer(&self, generation: Generation, message: Message) {
        let _ = self.answers.send(Answer { generation, ..Answer::from_message(message) });
    }
}
