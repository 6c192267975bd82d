//! Any sequence of operations, by consoles that are killed one after the other anywhere in the middle,
//! against a model in memory: what is stored is always what the model says after the last operation that was
//! acknowledged, or after the one that was under way.

use std::{
    any::Any,
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use mongodb::{
    Client,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde::{Deserialize, Serialize};
use tenantry::{
    failpoint,
    org::{CollectionName, Email, Org, OrgName, OrgState, PasswordHash},
    store::{
        Change, ListScope, NewOrg, PageAt, PageQuery, Result, Sort, Store, StoreError,
        mongo::MongoStore, sqlite::SqliteStore,
    },
};

use crate::support::hash;
use crate::support::operations::Operations as _;
use crate::{
    server::Server,
    support::access::OwnDatabase,
    tenants::{Act, Answer, FILL, Model, Request, Tenant, requests},
};

/// Which life a process of its own is to live.
const LIFE: &str = "TENANTRY_TEST_LIFE";

/// Where a database is, for a process that is told so.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Address {
    Mongo { uri: String, database: String },
    File(PathBuf),
}

impl Address {
    async fn open(&self) -> Result<Box<dyn Store>> {
        Ok(match self {
            Self::Mongo { uri, database } => {
                Box::new(MongoStore::open_with_lease(uri, database, false, Duration::ZERO).await?)
            }
            Self::File(path) => Box::new(SqliteStore::open(path, false)?),
        })
    }

    /// Where a console on it can be killed, and after how many times there at the most.
    fn places(&self) -> (Vec<String>, usize) {
        match self {
            Self::Mongo { database, .. } => {
                let both =
                    [failpoint::before_command(database), failpoint::after_command(database)];
                (both.into(), 150)
            }
            Self::File(_) => {
                (vec![failpoint::SQLITE_STEP.into(), failpoint::SQLITE_COMMITTED.into()], 4_000)
            }
        }
    }

    /// Puts documents into an organization's collection, as its own program would.
    async fn fill(&self, org: &Org, documents: Vec<Document>) -> Result<()> {
        match self {
            Self::Mongo { uri, database } => {
                let client = Client::with_uri_str(uri).await.unwrap();
                let concern = mongodb::options::WriteConcern::majority();
                let collection = client.database(database).collection(org.collection.raw());
                collection.insert_many(documents).write_concern(concern).await.unwrap();
                Ok(())
            }
            Self::File(path) => {
                let store = SqliteStore::open(path, false)?;
                store.insert_documents(org.collection.raw(), &documents).await
            }
        }
    }

    /// What is stored, after looking whether it is sound.
    async fn stored(&self, at: &str) -> BTreeSet<Tenant> {
        let store = self.open().await.unwrap();
        store.recover("tester@here").await.unwrap();
        assert_eq!(store.examine("tester@here", false).await.unwrap(), vec![], "{at}");
        let mut tenants = BTreeSet::new();
        for scope in [ListScope::Live, ListScope::Trash] {
            let query = PageQuery {
                scope,
                search: None,
                best_first: false,
                sort: Sort::default(),
                at: PageAt::First,
                limit: 50,
            };
            for org in store.page(&query).await.unwrap().orgs {
                let email = org.admin_email.raw();
                let admin = match scope {
                    ListScope::Live => store.admin_with_email(email).await.unwrap(),
                    ListScope::Trash => store.admin_in_trash(&org, email).await.unwrap(),
                };
                assert_eq!(admin.unwrap().id.to_hex(), org.admin_id.raw(), "{at}: {org:?}");
                assert_eq!(store.org_named(org.name.raw(), scope).await, Ok(Some(org.clone())));
                let documents = store.first_documents(&org, 10_000).await.unwrap();
                let ids: BTreeSet<i64> =
                    documents.iter().filter_map(|one| one.get_i64("_id").ok()).collect();
                // And the one that every collection begins with.
                assert_eq!(documents.len(), ids.len() + 1, "{at}: {org:?}");
                tenants.insert(Tenant {
                    name: org.name.raw().to_owned(),
                    email: email.to_owned(),
                    collection: org.collection.raw().to_owned(),
                    trashed: org.in_trash().is_some(),
                    // In the trash it is not looked at.
                    suspended: org.state == OrgState::Suspended,
                    documents: ids,
                });
            }
        }
        tenants
    }
}

async fn done(store: &dyn Store, address: &Address, act: &Act) -> Result<()> {
    let named = async |name: &str, scope| {
        store.org_named(name, scope).await.map(|org| org.unwrap_or_else(|| panic!("no {name}")))
    };
    let change = |name: &Option<String>, email: &Option<String>| {
        let name = name.as_ref().map(|name| OrgName::parse(name).unwrap());
        let collection = name.as_ref().map(CollectionName::from_name);
        let email = email.as_ref().map(|email| Email::parse(email).unwrap());
        Change { name, collection, email, password: None, undoes: false }
    };
    match act {
        Act::Create { name, email } => {
            let name = OrgName::parse(name).unwrap();
            let new = NewOrg {
                id: ObjectId::new(),
                collection: CollectionName::from_name(&name),
                name,
                admin_id: ObjectId::new(),
                email: Email::parse(email).unwrap(),
                password: PasswordHash::stored(hash("")),
                created_at: DateTime::now(),
            };
            store.create(&new).await.map(|_| ())
        }
        Act::Update { org, name, email } => {
            let org = named(org, ListScope::Live).await?;
            store.update(&org, &change(name, email)).await.map(|_| ())
        }
        Act::Delete { org, trashed } => {
            let scope = if *trashed { ListScope::Trash } else { ListScope::Live };
            store.delete(&named(org, scope).await?).await
        }
        Act::Trash { org } => {
            store.trash(&named(org, ListScope::Live).await?, 30).await.map(|_| ())
        }
        Act::Restore { org, name } => {
            let org = named(org, ListScope::Trash).await?;
            store.restore(&org, &change(name, &None)).await.map(|_| ())
        }
        Act::Suspend { org, suspended } => {
            let org = named(org, ListScope::Live).await?;
            store.suspend(&org, *suspended).await.map(|_| ())
        }
        Act::Fill { org, from } => {
            let org = named(org, ListScope::Live).await?;
            let documents = (*from..from + FILL).map(|id| doc! { "_id": id }).collect();
            address.fill(&org, documents).await
        }
    }
}

/// Lives the life this process was started for, saying each answer; false in the test's own process.
fn lived() -> bool {
    let Ok(life) = std::env::var(LIFE) else { return false };
    let _failpoints = failpoint::from_environment();
    let (address, deeds): (Address, Vec<Act>) = serde_json::from_str(&life).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.unwrap().block_on(async {
        let store = address.open().await.unwrap();
        for act in &deeds {
            let answer: Answer = match done(&*store, &address, act).await {
                Ok(()) => Ok(()),
                Err(StoreError::Taken { what, .. }) => Err(format!("{what:?}")),
                Err(other) => Err(other.to_string()),
            };
            let mut out = std::io::stdout();
            writeln!(out, "\n={}", serde_json::to_string(&answer).unwrap()).unwrap();
            out.flush().unwrap();
        }
    });
    true
}

/// What all the lives came to.
#[derive(Default)]
struct Sum {
    lives: AtomicUsize,
    killed: AtomicUsize,
    deeds: AtomicUsize,
    documents: AtomicUsize,
}

/// One sequence of wishes, lived by consoles that are killed at these times.
fn check(test: &str, address: &Address, requests: &[Request], kills: &[(usize, usize)], sum: &Sum) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut model = Model::default();
    let mut requests = requests.iter().peekable();
    let (places, most) = address.places();
    let mut kills = kills.iter();
    while requests.peek().is_some() {
        // What is left, as it would go if nobody were killed.
        let (mut states, mut answers, mut deeds) = (vec![model.clone()], Vec::new(), Vec::new());
        let mut used = Vec::new();
        for (at, request) in requests.clone().enumerate() {
            let mut next = states.last().unwrap().clone();
            let Some(act) = next.act(request) else { continue };
            answers.push(next.apply(&act));
            deeds.push(act);
            states.push(next);
            used.push(at + 1);
        }
        let kill = kills.next().map_or_else(String::new, |(place, n)| {
            let n =
                if places[place % 2] == failpoint::SQLITE_COMMITTED { n % 20 } else { n % most };
            format!("{}={n}*off->return", places[place % 2])
        });
        let life = serde_json::to_string(&(address, &deeds)).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(LIFE, life)
            .env("FAILPOINTS", &kill)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines =
            BufReader::new(child.stdout.take().unwrap()).lines().map_while(std::result::Result::ok);
        let said: Vec<Answer> =
            lines.filter_map(|line| serde_json::from_str(line.strip_prefix('=')?).ok()).collect();
        let whole = child.wait().unwrap().success();
        let at = format!("{deeds:#?}\nkilled at “{kill}” after {} of them", said.len());
        assert_eq!(said, answers[..said.len()], "{at}");
        assert!(!whole || said.len() == deeds.len(), "{at}");
        let stored = runtime.block_on(address.stored(&at));
        let reached = (said.len()..states.len().min(said.len() + 2))
            .find(|state| seen(&states[*state]) == stored);
        let Some(reached) = reached else {
            panic!("{at}\nstored: {stored:#?}\nexpected: {:#?}", states[said.len()].all());
        };
        sum.lives.fetch_add(1, Ordering::Relaxed);
        sum.killed.fetch_add(usize::from(!whole), Ordering::Relaxed);
        sum.deeds.fetch_add(reached, Ordering::Relaxed);
        let documents: usize = stored.iter().map(|tenant| tenant.documents.len() + 1).sum();
        sum.documents.fetch_add(documents, Ordering::Relaxed);
        model = states.swap_remove(reached);
        let through = if reached == 0 { 0 } else { used[reached - 1] };
        for _ in 0..if whole { usize::MAX } else { through } {
            if requests.next().is_none() {
                break;
            }
        }
    }
}

/// The model as it can be seen: suspension is not, in the trash.
fn seen(model: &Model) -> BTreeSet<Tenant> {
    let mut all: Vec<Tenant> = model.all().into_iter().collect();
    for tenant in &mut all {
        tenant.suspended &= !tenant.trashed;
    }
    all.into_iter().collect()
}

fn holds(test: &str, cases: u32, fresh: impl Fn() -> (Address, Box<dyn Any>)) {
    let sum = Sum::default();
    let lives = (
        prop::collection::vec(requests(), 10..40),
        prop::collection::vec((0..2_usize, 0..100_000_usize), 1..5),
    );
    let config = ProptestConfig {
        cases,
        max_shrink_iters: 30,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&lives, |(requests, kills)| {
            let (address, _own) = fresh();
            check(test, &address, &requests, &kills, &sum);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let of = |number: &AtomicUsize| number.load(Ordering::Relaxed);
    assert!(of(&sum.killed) > 0);
    println!(
        "{test}: {} lives, {} of them killed, {} deeds, {} documents found again",
        of(&sum.lives),
        of(&sum.killed),
        of(&sum.deeds),
        of(&sum.documents)
    );
}

#[test]
fn any_lives_on_the_embedded_database() {
    if lived() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let number = AtomicUsize::new(0);
    holds("model::any_lives_on_the_embedded_database", 48, || {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let path = directory.path().join(format!("{number}.db"));
        (Address::File(path), Box::new(()))
    });
}

#[test]
fn any_lives_on_a_mongodb() {
    if lived() {
        return;
    }
    let server = Server::standalone();
    holds("model::any_lives_on_a_mongodb", 20, || {
        let own = OwnDatabase::on(server.uri().to_owned(), "model");
        let own = tokio::runtime::Runtime::new().unwrap().block_on(own);
        let address = Address::Mongo { uri: own.uri.clone(), database: own.name().to_owned() };
        (address, Box::new(own))
    });
}
