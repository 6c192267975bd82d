//! The service before this one at work on the same database, stopped between any two of its steps, and
//! there everything that ours does: looks, the doctor, and every operation. What the service says it
//! made is whole, what we said is so, and no document that anybody wrote is gone or somebody else's.

use std::{collections::BTreeSet, time::Duration};
use tenantry::store::traits::*;

use bson::{Document, doc, oid::ObjectId};
use tenantry::store::{
    Examination, ListScope, PageAt, PageQuery, Patience, Result, Sort, StoreError,
};

use crate::support::hash;
use crate::{
    held::{Case, LEASE, Lane},
    late_matrix::{Scenario, is_whole, scenarios, work_off},
    matrix::OneIn,
    operation::{ACME, ADA, DAN, GLOBEX, Operation, REBORN, Says, What, console, says},
    support::{
        mongod,
        service::{CreateStep, Creating, RenameStep, Renaming, Service},
    },
    world::World,
};

/// What ours was called before, and the collection that it had then.
const FORMER: &str = "Umbrella";

const UMA: &str = "uma@umbrella.com";

/// As many documents as are copied in a few batches.
const COPIED: i32 = 7;

/// What the service is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Create another customer of the name that ours had before.
    CreateFormer,
    /// Create another customer of the name that ours may want now.
    CreateWanted,
    /// Give its own customer the name that ours had before.
    RenameToFormer,
    /// Give its own customer the name that ours may want now.
    RenameToWanted,
}

const WORK: [Work; 4] =
    [Work::CreateFormer, Work::CreateWanted, Work::RenameToFormer, Work::RenameToWanted];

impl Work {
    /// How many steps the service takes for it.
    fn steps(self) -> usize {
        match self {
            Self::CreateFormer | Self::CreateWanted => 5,
            Self::RenameToFormer | Self::RenameToWanted => 7,
        }
    }
}

/// What is done to the database between two of its steps.
#[derive(Clone)]
enum Ours {
    /// A new console: what it does by itself, the list, and the doctor's look.
    Looks,
    /// `doctor --fix`.
    Fixes,
    Does(Box<Scenario>),
}

struct Beside {
    work: Work,
    /// How many steps the service has taken by then.
    steps: usize,
    ours: Ours,
}

impl Beside {
    fn name(&self) -> &'static str {
        match &self.ours {
            Ours::Looks => "a console that looks",
            Ours::Fixes => "the doctor",
            Ours::Does(scenario) => scenario.name,
        }
    }
}

/// The service, at work.
enum Worker {
    Creates(Box<Creating>),
    Renames(Box<Renaming>),
}

impl Worker {
    fn of(work: Work, lane: &Lane) -> Self {
        let service = Service { batch: 3, ..Service::new(&lane.place.db) };
        let create = |name| Self::Creates(Box::new(service.create(name, UMA, &hash("uma"))));
        let rename = |name| Self::Renames(Box::new(service.rename(GLOBEX, name)));
        match work {
            Work::CreateFormer => create(FORMER),
            Work::CreateWanted => create(REBORN),
            Work::RenameToFormer => rename(FORMER),
            Work::RenameToWanted => rename(REBORN),
        }
    }

    /// Whether it took a step. One that fails is the end of it, as an answer 500 is for the service.
    async fn step(&mut self) -> bool {
        let stepped = match self {
            Self::Creates(creating) => creating.step().await,
            Self::Renames(renaming) => renaming.step().await,
        };
        stepped.unwrap_or(false)
    }

    /// Where its documents are, once it has said that it was done.
    fn collection(&self) -> Option<&str> {
        match self {
            Self::Creates(creating) if creating.next == CreateStep::Done => {
                Some(&creating.collection)
            }
            Self::Renames(renaming) if renaming.next == RenameStep::Done => Some(&renaming.to),
            _ => None,
        }
    }

    fn email(&self) -> &'static str {
        match self {
            Self::Creates(_) => UMA,
            Self::Renames(_) => DAN,
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Creates(creating) => format!("{:?}", creating.next),
            Self::Renames(renaming) => format!("{:?}", renaming.next),
        }
    }
}

/// The service's own customer, as it made it, with a few documents.
async fn globex(lane: &Lane) -> Vec<String> {
    let service = Service::new(&lane.place.db);
    assert!(service.create(GLOBEX, DAN, &hash("dan")).finish().await.unwrap());
    let collection = lane.place.db.collection::<Document>("org_globex");
    let documents = (0..COPIED).map(|n| doc! { "_id": format!("{n} of {GLOBEX}") });
    collection.insert_many(documents).await.unwrap();
    documents_of(lane, "org_globex").await
}

async fn documents_of(lane: &Lane, collection: &str) -> Vec<String> {
    mongod::documents(&lane.place.db, collection).await.iter().map(ToString::to_string).collect()
}

/// Every document there is in any collection but our own.
async fn all_documents(lane: &Lane) -> BTreeSet<String> {
    let own = ["organizations", "admins", "audit_log", "login_attempts", "short_lived", "tenantry"];
    let mut all = BTreeSet::new();
    for name in lane.place.db.list_collection_names().await.unwrap() {
        if !own.contains(&name.as_str()) {
            all.extend(documents_of(lane, &name).await);
        }
    }
    all
}

/// What ours does; for an operation, whether it was done.
async fn act(lane: &Lane, ours: &Ours, org: ObjectId) -> Option<(Operation, Result<()>)> {
    let store = console(lane.server.uri(), &lane.place, LEASE).await;
    match ours {
        Ours::Looks => {
            store.recover("tester@here").await.unwrap();
            store.catch_up("tester@here").await.unwrap();
            let (scope, sort, at) = (ListScope::Live, Sort::default(), PageAt::First);
            let query = PageQuery { scope, search: None, best_first: false, sort, at, limit: 50 };
            store.page(&query).await.unwrap();
            store.examine("tester@here", false).await.unwrap();
            None
        }
        Ours::Fixes => {
            let patience = Patience { watch: Duration::ZERO, age: Duration::from_mins(10) };
            let store = store.with_patience(patience);
            store.go_through("tester@here", &Examination::plain(true)).await.unwrap();
            None
        }
        Ours::Does(scenario) => {
            let operation = scenario.what.clone().on(org);
            let said = operation.run(&store).await;
            Some((operation, said))
        }
    }
}

/// At one step of the service, once.
async fn one(lane: &Lane, beside: &Beside, skip: usize) -> Option<Case> {
    let Beside { work, steps, ours } = beside;
    if skip > 0 {
        return None;
    }
    let org = ObjectId::new();
    lane.place.clear_all_but("audit_log").await;
    let theirs = globex(lane).await;
    let mut world = World::default();
    let before = match ours {
        Ours::Does(scenario) => scenario.before.clone(),
        _ => vec![What::create(ACME, ADA, &hash("first"))],
    };
    for what in before {
        if let What::Create { admin, email, password, .. } = what {
            // It was called otherwise first.
            let create = What::Create { admin, name: FORMER, email, password };
            lane.does(&create.on(org), &mut world).await.unwrap();
            lane.does(&What::rename(ACME).on(org), &mut world).await.unwrap();
        } else {
            lane.does(&what.on(org), &mut world).await.unwrap();
        }
    }
    let mut worker = Worker::of(*work, lane);
    for _ in 0..*steps {
        assert!(worker.step().await, "{work:?} has no step {steps}");
    }
    let title = format!("{work:?}, before {}", worker.next());
    let mut case = Case { title, ..Case::default() };
    let written = all_documents(lane).await;
    let our_own = documents_of(lane, &world.held_in(org)).await;
    let said = act(lane, ours, org).await;
    while worker.step().await {}
    let there = World::look(&lane.place, &lane.other).await;
    let deletes = said.as_ref().is_some_and(|(operation, _)| operation.what == What::Delete);
    let found = all_documents(lane).await;
    let is_deleted = |document: &&String| deletes && our_own.contains(document);
    let lost: Vec<&String> = written.difference(&found).filter(|d| !is_deleted(d)).collect();
    if !lost.is_empty() {
        case.wrong("nobody deleted", &format!("{lost:?}\n"));
    }
    let (mut expected, mut contended) = (vec![world.clone()], false);
    if let Some((operation, said)) = &said {
        contended = wants_what_it_wants(*work, &operation.what) && says(said) == Says::Done;
        let done = || world.clone().and(operation);
        expected = match says(said) {
            Says::Done => vec![done()],
            Says::NotDone => vec![world.clone()],
            Says::Nothing => vec![world.clone(), done()],
        };
    }
    if !contended {
        let mine = there.tenants.get(&org);
        if expected.iter().all(|expected| expected.tenants.get(&org) != mine) {
            case.wrong("ours", &format!("    {said:?}: {mine:?}\n"));
        }
        case.wrong("theirs", &of_the_service(lane, &worker, &theirs).await.unwrap_or_default());
    }
    case.documents = there.documents();
    Some(case)
}

/// Whether ours takes the name that the service has looked for already. It would take another look of
/// the service to keep them apart, and then nothing is promised but that no document is gone.
fn wants_what_it_wants(work: Work, what: &What) -> bool {
    let wants = |name: Option<&str>| name == Some(REBORN);
    matches!(work, Work::CreateWanted | Work::RenameToWanted)
        && match what {
            What::Update { name, .. } | What::Restore { name } => wants(*name),
            _ => false,
        }
}

/// What is wrong with what the service says it has done.
async fn of_the_service(lane: &Lane, worker: &Worker, theirs: &[String]) -> Option<String> {
    let collection = worker.collection()?;
    let found = documents_of(lane, collection).await;
    let is_whole = match worker {
        Worker::Creates(_) => found.len() == 1 && found[0].contains("initialized"),
        Worker::Renames(_) => found == theirs,
    };
    if !is_whole {
        return Some(format!("    in {collection} there is {found:?}\n"));
    }
    let service = Service::new(&lane.place.db);
    let org = service.login(worker.email(), |_| true).await.unwrap();
    let leads_to = org.as_ref().and_then(|org| org.get_str("collection_name").ok());
    if leads_to != Some(collection) {
        return Some(format!("    its login leads to {leads_to:?}\n"));
    }
    // For us too.
    let found = lane.other.admin_with_email(worker.email()).await.unwrap();
    let of = match found {
        Some(admin) => lane.other.org_of_admin(&admin).await,
        None => Err(StoreError::Gone),
    };
    match of {
        Ok(Some(org)) if org.collection.raw() == collection => None,
        of => Some(format!("    our login leads to {of:?}\n")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_beside_the_old_service() {
    let acts = [Ours::Looks, Ours::Fixes]
        .into_iter()
        .chain(scenarios().into_iter().map(|scenario| Ours::Does(Box::new(scenario))));
    let mut all = Vec::new();
    for (at, ours) in acts.enumerate() {
        for work in WORK {
            let steps = 0..work.steps();
            // A sample takes a third of them, but for who only looks.
            let of_sample = |steps: &usize| is_whole() || at < 2 || (at + steps).is_multiple_of(3);
            let beside = |steps| Beside { work, steps, ours: ours.clone() };
            all.extend(steps.filter(of_sample).map(beside));
        }
    }
    work_off(all, Beside::name, |_| OneIn::ALL, one).await;
}
