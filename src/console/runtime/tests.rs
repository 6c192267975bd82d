//! The runtime without a terminal: the state and its effects, on a real database.

use std::{path::Path, time::SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::effects::{Answer, Effects};
use crate::{
    config::{Database, Source},
    console::app::{App, Connection, Job, Message},
    org::{ListScope, OperatorRole, Org},
    orgs::new_org,
    store::{
        Entry, Operation, Organizations as _, PageQuery, SizeKey, Target, sqlite::SqliteStore,
    },
    tenancy::{Caller, Rules, Tenancy, open},
};

const OPERATOR: &str = "ops@example.com";
const PASSWORD: &str = "violet harbor lantern 42";

/// A console on a database.
struct Console {
    app: App,
    effects: Effects,
    answered: UnboundedReceiver<Answer>,
}

impl Console {
    fn open(path: &Path) -> Self {
        let database = Database {
            profile: None,
            source: Source::Known(Target::File(path.to_owned())),
            caller: Caller::new("ada@here"),
            rules: Rules::default(),
        };
        let (app, first) = App::new(database.source.place(), SystemTime::now());
        let (answers, answered) = unbounded_channel();
        let effects = Effects::new(database, Vec::new(), answers);
        let mut console = Self { app, effects, answered };
        console.effects.run(first, None);
        console.send(Message::Resize(120, 32));
        console
    }

    fn send(&mut self, message: Message) {
        let wanted = self.app.update(message);
        self.effects.run(wanted, self.app.session.as_ref());
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.send(Message::Key(KeyEvent::new(code, modifiers)));
    }

    fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.key(KeyCode::Char(letter), KeyModifiers::NONE);
        }
    }

    /// Takes answers until this is so.
    async fn until(&mut self, so: impl Fn(&App) -> bool) {
        while !so(&self.app) {
            let answer = self.answered.recv().await.unwrap();
            let message = self.effects.accept(answer);
            self.send(Message::Clock(SystemTime::now()));
            self.send(message);
        }
    }

    async fn log_in(&mut self) {
        self.type_text("L");
        self.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        self.type_text(OPERATOR);
        self.key(KeyCode::Tab, KeyModifiers::NONE);
        self.type_text(PASSWORD);
        self.key(KeyCode::Char('s'), KeyModifiers::CONTROL);
        self.until(|app| app.session.is_some()).await;
    }

    fn job(&self) -> &Job {
        self.app.jobs.last().unwrap()
    }
}

/// Another program's look at the same database.
async fn elsewhere(path: &Path) -> Tenancy {
    let target = Target::File(path.to_owned());
    open(&target, &Caller::new("eve@there"), Rules::default()).await.unwrap().tenancy
}

async fn all(tenancy: &Tenancy, scope: ListScope) -> Vec<Org> {
    tenancy.page(&PageQuery::first(scope, None, 10_000)).await.unwrap().orgs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_trash_of_a_thousand_skips_what_was_changed_since_and_reports_exactly_that() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tenantry.db");
    let store = SqliteStore::open(&path, false).unwrap();
    let entry = Entry::new("ada@here", "create");
    for number in 0..1000 {
        let name = format!("org {number:04}");
        let new = new_org(&name, &format!("admin{number}@example.com"), "not a hash");
        store.perform(&Operation::Create(Box::new(new)), &entry).await.unwrap();
    }
    let other = elsewhere(&path).await;
    let role = Some(OperatorRole::Manager);
    other.add_operator(OPERATOR, role, &PASSWORD.to_owned().into()).await.unwrap();

    let mut console = Console::open(&path);
    console.until(|app| matches!(app.connection, Connection::Ready(_)) && app.list.loaded).await;
    console.log_in().await;
    console.key(KeyCode::Char('a'), KeyModifiers::CONTROL);
    console.type_text("d");
    let asked = |app: &App| {
        matches!(app.layers.last(), Some(crate::console::app::Layer::Bulk(bulk))
            if bulk.held.0 == 1000)
    };
    console.until(asked).await;
    // Twenty are changed while the question is open, and one that matches comes too late.
    let before = all(&other, ListScope::Live).await;
    let changed: Vec<Org> = before.iter().step_by(50).cloned().collect();
    for org in &changed {
        other.suspend(org).await.unwrap();
    }
    let late = new_org("org late", "late@example.com", "not a hash");
    store.perform(&Operation::Create(Box::new(late)), &entry).await.unwrap();

    console.type_text("1000");
    console.key(KeyCode::Enter, KeyModifiers::NONE);
    // Ended in the middle, and gone on with.
    console.until(|app| app.jobs[0].over() >= 300).await;
    console.type_text("x");
    console.until(|app| !app.jobs[0].is_running()).await;
    let ended = console.job();
    let (over, left) = (ended.over(), ended.left.len());
    assert!((300..1000).contains(&over) && over + left == 1000);
    let trashed = all(&other, ListScope::Trash).await.len();
    assert_eq!(trashed, ended.done_count(), "it says where it was");
    console.key(KeyCode::Enter, KeyModifiers::NONE);
    console.until(|app| !app.jobs[0].is_running()).await;

    let job = console.job();
    let failed: Vec<_> = job.failed.iter().map(|failure| failure.org.id).collect();
    assert_eq!(failed, changed.iter().map(|org| org.id).collect::<Vec<_>>());
    assert_eq!(job.outcome(), "trashed 980 of 1,000; 20 failed");
    assert_eq!(job.report().lines().count(), 21);
    let mut live = all(&other, ListScope::Live).await;
    live.retain(|org| org.name.raw() != "org late");
    assert_eq!(live.iter().map(|org| org.id).collect::<Vec<_>>(), failed);
    assert_eq!(all(&other, ListScope::Trash).await.len(), 980);
    assert_eq!(console.app.list.selection.picked(), 20);
    // Seen as they are now, they can be trashed after all.
    console.key(KeyCode::Enter, KeyModifiers::NONE);
    console.until(|app| !app.jobs[0].is_running()).await;
    assert_eq!(console.job().outcome(), "trashed 1,000 organizations");
    assert_eq!(all(&other, ListScope::Trash).await.len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_comes_to_what_there_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tenantry.db");
    let store = SqliteStore::open(&path, false).unwrap();
    let entry = Entry::new("ada@here", "create");
    let documents: Vec<_> = (0..5).map(|at| bson::doc! { "_id": at }).collect();
    for number in 0..120 {
        let name = format!("org {number:03}");
        let new = new_org(&name, &format!("admin{number}@example.com"), "not a hash");
        store.perform(&Operation::Create(Box::new(new)), &entry).await.unwrap();
    }
    store.insert_documents("org_org_077", &documents).await.unwrap();
    let other = elsewhere(&path).await;
    let before = all(&other, ListScope::Live).await;
    for org in &before[..3] {
        other.suspend(org).await.unwrap();
    }
    for _ in 0..2 {
        other.login("nobody@example.com", &PASSWORD.to_owned().into()).await.unwrap_err();
    }

    let mut console = Console::open(&path);
    console.until(|app| matches!(app.connection, Connection::Ready(_)) && app.list.loaded).await;
    console.type_text("S");
    console.until(|app| !app.dashboard.loading.is_waiting()).await;
    let survey = console.app.dashboard.survey.as_ref().unwrap();
    let counts = survey.counts.unwrap();
    assert_eq!([counts.live, counts.suspended, counts.trash].map(|of| of.counted), [120, 3, 0]);
    assert_eq!((survey.read, survey.unknown, survey.held.documents), (120, 0, 125));
    assert_eq!(survey.largest(SizeKey::Bytes)[0].org.name.raw(), "org 077");
    assert_eq!(survey.failed_logins.unwrap().sum(), 2);
    assert!(!console.app.dashboard.cut_off && console.app.notice.is_none());

    console.key(KeyCode::Enter, KeyModifiers::NONE);
    let opened = |app: &App| app.detail.org.as_ref().is_some_and(|o| o.name.raw() == "org 077");
    console.until(opened).await;
}
