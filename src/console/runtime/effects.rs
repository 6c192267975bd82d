//! Effects become tasks, and their ends become messages.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc::UnboundedSender,
    task::{AbortHandle, JoinSet},
};

use crate::{
    config::Database,
    console::{
        app::{Check, Connected, Deed, Effect, Generation, Given, Message, NewPassword},
        clipboard, documents,
    },
    org::{Org, Secret, StoredText},
    store::{Entry, Statistics, StoreError},
    tenancy::{Confirmation, Result, Session, Tenancy},
};

/// How many documents the details show.
const DOCUMENTS: u32 = 50;
/// How many entries of the record the details show.
const ENTRIES: u32 = 200;
/// How long a selection rests before its details are read: while a key is held down, none are.
const REST: Duration = Duration::from_millis(30);

/// How long it is until a database that did not answer is asked again what came of an operation.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

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
    pub(super) fn of(message: Message) -> Self {
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
            connecting: 0,
            answers,
            reads: HashMap::new(),
            writes: JoinSet::new(),
            bytes: Vec::new(),
        }
    }

    /// Begins everything that is wanted.
    pub(super) fn run(&mut self, effects: Vec<Effect>) {
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
            Effect::Switch(generation, name) => {
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
            Effect::Cancel(generation) => {
                if let Some(read) = self.reads.remove(&generation) {
                    read.abort();
                }
            }
            Effect::Generate { name, email } => {
                let made = self.database.rules.generate_password(&name, &email);
                self.answer(0, Message::Generated(made));
            }
            Effect::Logout(session) => {
                if let Some(tenancy) = &self.tenancy {
                    tenancy.logout(&session);
                }
            }
            Effect::Copy(what, text) => self.copy(what, text),
            // The loop does these itself.
            Effect::Quit | Effect::Shell | Effect::Redraw | Effect::Mouse(_) => {}
            effect @ (Effect::CatchUp(_)
            | Effect::Upgrade(_)
            | Effect::Watch(..)
            | Effect::LoadPage(..)
            | Effect::Count(..)
            | Effect::LoadDetail(..)
            | Effect::LoadDocuments(..)
            | Effect::LoadAdmins(..)
            | Effect::LoadActivity(..)
            | Effect::Check(..)
            | Effect::Judge(..)
            | Effect::Authorize(..)
            | Effect::Login(..)
            | Effect::Create(..)
            | Effect::Update(..)
            | Effect::AddAdmin(..)
            | Effect::UpdateAdmin(..)
            | Effect::Redeem(..)
            | Effect::Do(..)
            | Effect::FindOut(..)) => {
                if let Some(tenancy) = self.tenancy.clone() {
                    self.ask(tenancy, effect);
                }
            }
        }
    }

    fn ask(&mut self, tenancy: Arc<Tenancy>, effect: Effect) {
        match effect {
            Effect::CatchUp(generation) => self.read(generation, async move {
                let changed = tenancy.catch_up().await;
                let read_only = tenancy.read_only().map(str::to_owned);
                Message::CaughtUp(generation, changed, read_only)
            }),
            Effect::Upgrade(generation) => self.upgrade(generation, tenancy),
            Effect::Watch(generation, lost) => self.read(generation, async move {
                Message::Link(generation, tenancy.link_changed(lost).await)
            }),
            Effect::LoadPage(generation, query) => self.read(generation, async move {
                Message::Page(generation, tenancy.page(&query).await)
            }),
            Effect::Count(generation, of, search, most) => self.read(generation, async move {
                let count = tenancy.count(of, search.as_deref(), most).await;
                Message::Counted(generation, count)
            }),
            Effect::LoadDetail(generation, id) => self.read(generation, async move {
                tokio::time::sleep(REST).await;
                Message::Detail(generation, detail(&tenancy, id).await)
            }),
            Effect::LoadDocuments(generation, org) => self.read(generation, async move {
                tokio::time::sleep(REST).await;
                let documents = tenancy.documents(&org, DOCUMENTS).await;
                Message::Documents(generation, documents.map(|d| documents::lines(&d, DOCUMENTS)))
            }),
            Effect::LoadAdmins(generation, org) => self.read(generation, async move {
                tokio::time::sleep(REST).await;
                Message::Admins(generation, tenancy.admins(&org).await)
            }),
            Effect::LoadActivity(generation, org) => self.read(generation, async move {
                tokio::time::sleep(REST).await;
                Message::Activity(generation, tenancy.activity(&org, ENTRIES).await)
            }),
            Effect::Check(generation, check) => self.read(generation, async move {
                let field = check.field();
                Message::Checked(generation, field, checked(&tenancy, check).await)
            }),
            Effect::Judge(generation, NewPassword { password, name, email }) => {
                self.read(generation, async move {
                    let strength = tenancy.strength(&password, &name, &email).await;
                    Message::Judged(generation, strength)
                });
            }
            Effect::Authorize(generation, deed, org, admin, session) => {
                self.read(generation, async move {
                    let allowed = allowed(&tenancy, deed, &org, admin.as_ref(), session.as_ref());
                    Message::Authorized(generation, allowed.await)
                });
            }
            Effect::Login(generation, email, password) => self.read(generation, async move {
                Message::LoggedIn(generation, tenancy.login(&email, &password).await)
            }),
            Effect::Create(generation, wish) => self.write(generation, async move {
                Message::Created(generation, tenancy.create(&wish).await)
            }),
            Effect::Update(generation, org, edit, session) => self.write(generation, async move {
                let token = session.as_ref().map(Session::token);
                Message::Updated(generation, tenancy.update(&org, &edit, token).await)
            }),
            Effect::AddAdmin(generation, org, email, role, session) => {
                self.write(generation, async move {
                    let token = session.as_ref().map(Session::token);
                    let added = tenancy.add_admin(&org, &email, role, token).await;
                    Message::Added(generation, email.into(), added)
                });
            }
            Effect::UpdateAdmin(generation, org, email, wish, session) => {
                self.write(generation, async move {
                    let token = session.as_ref().map(Session::token);
                    let updated = tenancy.update_admin(&org, email.raw(), &wish, token).await;
                    Message::Updated(generation, updated)
                });
            }
            Effect::Redeem(generation, email, code, password) => {
                self.write(generation, async move {
                    let redeemed = tenancy.redeem(&email, &code, &password).await;
                    Message::Redeemed(generation, email.into(), redeemed)
                });
            }
            Effect::Do(generation, deed, org, given, session) => {
                self.write(generation, async move {
                    done(&tenancy, generation, deed, org, given, session.as_ref()).await
                });
            }
            Effect::FindOut(generation, entry) => {
                self.read(generation, async move { found_out(&tenancy, entry).await });
            }
            // These need no database, and were begun before one was asked for.
            Effect::Connect(_)
            | Effect::Switch(..)
            | Effect::Cancel(_)
            | Effect::Generate { .. }
            | Effect::Logout(_)
            | Effect::Copy(..)
            | Effect::Mouse(_)
            | Effect::Redraw
            | Effect::Shell
            | Effect::Quit => {}
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
            let _ = answers.send(Answer { bytes, ..Answer::of(message) });
        });
    }

    fn connect(&mut self, generation: Generation) {
        self.connecting = generation;
        let (database, answers) = (self.database.clone(), self.answers.clone());
        let task = tokio::spawn(async move {
            let (message, opened) = match database.open().await {
                Ok((opened, target)) => {
                    // Until somebody agreed to the upgrade, it is only looked at.
                    let awaited = opened.tenancy.awaited_upgrade().await;
                    let (upgrade, problem) = match awaited {
                        Ok(upgrade) => (upgrade, None),
                        Err(error) => (None, Some(format!("{error}; {}", error.help()))),
                    };
                    let unread = upgrade.as_ref().map(|_| StoreError::NeedsUpgrade.to_string());
                    let connected = Connected {
                        place: opened.tenancy.place().clone(),
                        read_only: opened
                            .tenancy
                            .read_only()
                            .map(str::to_owned)
                            .or(problem)
                            .or(unread),
                        read_only_asked: database.rules.read_only,
                        upgrade,
                        connection: target.connection(),
                        trash_days: opened.tenancy.trash_days(),
                        passwords: opened.tenancy.password_policy(),
                        demo: opened.demo.map(|a| (a.email.into(), Secret::from(a.password))),
                    };
                    (Message::Connected(generation, Ok(connected)), Some(Arc::new(opened.tenancy)))
                }
                Err(error) => (Message::Connected(generation, Err(error)), None),
            };
            // Nobody listens once the console is left.
            let _ = answers.send(Answer { opened, generation, ..Answer::of(message) });
        });
        self.reads.insert(generation, task.abort_handle());
    }

    /// Begun as what reads is, since whoever stops it loses nothing.
    fn upgrade(&mut self, generation: Generation, tenancy: Arc<Tenancy>) {
        let answers = self.answers.clone();
        self.read(generation, async move {
            let told = move |upgrade| {
                let _ = answers.send(Answer::of(Message::Upgrading(generation, upgrade)));
            };
            Message::Upgraded(generation, tenancy.upgrade(&told).await)
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
            let _ = answers.send(Answer { generation, ..Answer::of(message) });
        });
        self.reads.insert(generation, task.abort_handle());
    }

    fn write(
        &mut self,
        generation: Generation,
        work: impl Future<Output = Message> + Send + 'static,
    ) {
        let answers = self.answers.clone();
        self.writes.spawn(async move {
            let message = work.await;
            let _ = answers.send(Answer { generation, ..Answer::of(message) });
        });
    }

    fn answer(&self, generation: Generation, message: Message) {
        let _ = self.answers.send(Answer { generation, ..Answer::of(message) });
    }
}

async fn detail(
    tenancy: &Tenancy,
    id: mongodb::bson::oid::ObjectId,
) -> Result<Option<(Org, Statistics)>> {
    let Some(org) = tenancy.org(id).await? else { return Ok(None) };
    let statistics = tenancy.statistics(&org).await?;
    Ok(Some((org, statistics)))
}

async fn done(
    tenancy: &Tenancy,
    generation: Generation,
    deed: Deed,
    org: Box<Org>,
    given: Given,
    session: Option<&Session>,
) -> Message {
    let token = session.map(Session::token);
    let Given { name, email, password, before } = given;
    let typed = |name: Option<String>| Confirmation::Typed(name.unwrap_or_default());
    let result = match deed {
        Deed::Trash => tenancy.trash(&org, token).await.map(Some),
        Deed::Restore => tenancy.restore(&org, name.as_deref()).await.map(Some),
        Deed::Rename => {
            tenancy.undo_rename(&org, before.as_deref().unwrap_or(&org)).await.map(Some)
        }
        Deed::Suspend => tenancy.suspend(&org).await.map(Some),
        Deed::Reactivate => tenancy.reactivate(&org).await.map(Some),
        Deed::Delete => tenancy.delete(&org, &typed(name), token).await.map(|()| None),
        Deed::Purge => tenancy.purge(&org, &typed(name), &email, &password).await.map(|()| None),
        Deed::RemoveAdmin(_) => tenancy.remove_admin(&org, &email, token).await.map(Some),
        Deed::IssueCode(_) => {
            let issued = tenancy.issue_code(&org, &email).await;
            return Message::Coded(generation, deed, org, email.into(), issued);
        }
    };
    Message::Done(generation, deed, org, result)
}

/// What came of an operation, asked until the database answers.
async fn found_out(tenancy: &Tenancy, entry: Box<Entry>) -> Message {
    loop {
        if let Ok(Some(settled)) = tenancy.outcome(&entry).await {
            return Message::FoundOut(entry, settled);
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}

/// Whether it can be done, as far as looking shows, and whether the session allows it.
async fn allowed(
    tenancy: &Tenancy,
    deed: Deed,
    org: &Org,
    admin: Option<&StoredText>,
    session: Option<&Session>,
) -> Result<()> {
    match (deed, admin) {
        (Deed::RemoveAdmin(_), Some(admin)) => {
            tenancy.ensure_removable(org, admin.raw()).await?;
        }
        (Deed::Trash | Deed::Delete | Deed::Purge, _) => tenancy.ensure_deletable(org).await?,
        (
            Deed::RemoveAdmin(_)
            | Deed::Restore
            | Deed::Rename
            | Deed::Suspend
            | Deed::Reactivate
            | Deed::IssueCode(_),
            _,
        ) => {}
    }
    if deed.wants_session() {
        tenancy.authorize(org, session.map(Session::token)).await?;
    }
    Ok(())
}

async fn checked(tenancy: &Tenancy, check: Check) -> Result<()> {
    match check {
        Check::Name(name, org) => tenancy.check_name(&name, org.as_deref()).await,
        Check::Email(email, org) => tenancy.check_email(&email, org.as_deref()).await,
        Check::Password(NewPassword { password, name, email }) => {
            tenancy.check_password(&password, &name, &email).await
        }
    }
}
