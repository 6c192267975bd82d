//! Five consoles at once on a few names, doing anything, with commands that are held, answers that are
//! lost and consoles that are killed, all by chance. What was acknowledged is there, what was refused is
//! not, and every document that was written is found again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tenantry::store::traits::*;

use bson::{Binary, Bson, doc, oid::ObjectId};
use futures_util::future::join_all;
use tenantry::{
    org::{Org, OrgState},
    store::{Result, Settled, StoreError, Verification, mongo::MongoStore},
};
use tokio::task::JoinSet;

use crate::support::hash;
use crate::{
    held::{LEASE, leases_are_over},
    late_matrix::is_whole,
    operation::{Operation, Says, What, console, says},
    proxy::{Client, Command, Proxy},
    sample::Place,
    server::Server,
    support::mongod,
    world::{Tenant, World},
};

const WORKERS: u64 = 5;
const NAMES: [&str; 6] = ["Acme Corp", "Acme Reborn", "Globex", "Initech", "Umbrella", "Vandelay"];
const EMAILS: [&str; 9] = [
    "ada@x.com",
    "bob@x.com",
    "carol@x.com",
    "dan@x.com",
    "eve@x.com",
    "fay@x.com",
    "gus@x.com",
    "hal@x.com",
    "ivy@x.com",
];

/// What happens next is chosen by it; a run is begun again with the same choices by its seed.
struct Chance(AtomicU64);

impl Chance {
    fn of(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A number below that one (splitmix64).
    fn below(&self, most: u64) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }

    fn of_these<T: Copy>(&self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn time(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

/// An operation that was tried, and what its console was told.
struct Tried {
    operation: Operation,
    says: Says,
    answer: String,
    is_gone: bool,
    /// The organization as it was read before, and as it was answered.
    before: Option<Org>,
    after: Option<Org>,
}

impl Tried {
    /// The admin who is there only for it.
    fn adds(&self) -> Option<ObjectId> {
        match &self.operation.what {
            What::Create { admin, .. } | What::AddAdmin { admin, .. } => Some(*admin),
            _ => None,
        }
    }
}

/// What all workers have done so far.
#[derive(Default)]
struct History {
    tried: Vec<Tried>,
    /// Which documents were written for which organization.
    written: BTreeMap<ObjectId, BTreeSet<String>>,
    held: usize,
}

impl History {
    fn orgs(&self) -> Vec<ObjectId> {
        let created = self.tried.iter().filter(|tried| tried.before.is_none());
        created.map(|tried| tried.operation.org).collect()
    }
}

/// A database on which all of it happens.
struct Round {
    server: Server,
    place: Place,
    history: Mutex<History>,
    until: Instant,
}

impl Round {
    /// One console after the other, until the time is over.
    async fn work(&self, chance: &Chance) {
        let steady = console(self.server.uri(), &self.place, LEASE).await;
        let mut late = JoinSet::new();
        while Instant::now() < self.until {
            if chance.below(8) == 0 {
                let orgs = self.history.lock().unwrap().orgs();
                if !orgs.is_empty() {
                    self.write_documents(&steady, chance.of_these(&orgs), chance).await;
                }
                continue;
            }
            let Some((operation, before)) = self.choose(&steady, chance).await else { continue };
            let (answer, held) = if chance.below(2) == 0 {
                self.run_badly(&operation, before.as_ref(), chance, &mut late).await
            } else {
                (Some(operation.run_on(&steady, before.as_ref()).await), false)
            };
            let says = match &answer {
                Some(Ok(_)) => Says::Done,
                Some(Err(error)) => says(&Err(error.clone())),
                None => Says::Nothing,
            };
            let words = format!("{answer:?}");
            let is_gone = matches!(answer, Some(Err(StoreError::Gone)));
            let after = answer.and_then(|answer| answer.ok().flatten());
            let says = match says {
                // Whoever does not know asks.
                Says::Nothing if !is_gone => self.asked(&steady, &operation).await,
                says => says,
            };
            if let (What::Create { .. }, Some(org)) = (&operation.what, &after) {
                self.write_documents(&steady, org.id, chance).await;
            }
            let tried = Tried { operation, says, answer: words, is_gone, before, after };
            let mut history = self.history.lock().unwrap();
            history.held += usize::from(held);
            history.tried.push(tried);
        }
        // All that is still held arrives.
        late.join_all().await;
    }

    /// What a console says that is asked what came of an operation.
    async fn asked(&self, store: &MongoStore, operation: &Operation) -> Says {
        match store.outcome(operation.org, operation.entry).await.unwrap() {
            Settled::Done => Says::Done,
            Settled::TakenBack(_) => Says::NotDone,
            // Also what has not begun may begin, while its reservation is on its way.
            Settled::UnderWay | Settled::NotBegun => Says::Nothing,
        }
    }

    /// Something that may be possible now.
    async fn choose(
        &self,
        store: &MongoStore,
        chance: &Chance,
    ) -> Option<(Operation, Option<Org>)> {
        let orgs = self.history.lock().unwrap().orgs();
        let password = || hash(&ObjectId::new().to_hex()[8..]);
        let (name, email) = (chance.of_these(&NAMES), chance.of_these(&EMAILS));
        if orgs.is_empty() || chance.below(4) == 0 {
            let what = What::create(name, email, &password());
            return Some((what.on(ObjectId::new()), None));
        }
        // Those that are there, with luck.
        let recent = &orgs[orgs.len().saturating_sub(8)..];
        let org = store.org(chance.of_these(recent)).await.ok()??;
        let maybe = |chosen, of| (chance.below(of) == 0).then_some(chosen);
        let what = match chance.below(12) {
            _ if org.in_trash().is_some() => match chance.below(4) {
                0 => What::Delete,
                n => What::Restore { name: (n == 1).then_some(name) },
            },
            0..=4 => What::Update {
                name: maybe(name, 2),
                email: maybe(email, 4),
                password: Some(password()),
            },
            5 | 6 => What::Trash,
            7 => What::Delete,
            8 => What::Suspend(org.state != OrgState::Suspended),
            9 | 10 => What::add(email),
            _ => What::RemoveAdmin { email },
        };
        Some((what.on(org.id), Some(org)))
    }

    /// In a console of its own, to which something happens.
    async fn run_badly(
        &self,
        operation: &Operation,
        before: Option<&Org>,
        chance: &Chance,
        late: &mut JoinSet<()>,
    ) -> (Option<Result<Option<Org>>>, bool) {
        let proxy = Proxy::before(self.server.address());
        let store = console(&proxy.uri(), &self.place, LEASE).await;
        let clients = [Client::Waits, Client::Starves, Client::IsCut, Client::LosesAnswer];
        let client = chance.of_these(&clients);
        let skip = usize::try_from(chance.below(7)).unwrap();
        let mut held = proxy.hold(client, skip, Command::writes);
        let (mine, org) = (operation.clone(), before.cloned());
        let mut task = tokio::spawn(async move { mine.run_on(&store, org.as_ref()).await });
        let caught = tokio::select! {
            biased;
            caught = &mut held => caught.unwrap(),
            said = &mut task => match held.try_recv() {
                // It was told so at once, and its command is still on its way.
                Ok(caught) if client == Client::IsCut => {
                    let after = chance.time(0, 1200);
                    late.spawn(async move {
                        tokio::time::sleep(after).await;
                        caught.deliver().await;
                        drop(proxy);
                    });
                    return (Some(said.unwrap()), true);
                }
                caught => return (Some(said.unwrap()), caught.is_ok()),
            },
        };
        if client == Client::LosesAnswer {
            return (Some(task.await.unwrap()), true);
        }
        // Some arrive in time, most do not, and a few never.
        let after = chance.time(0, 1500);
        let arrives = client == Client::Waits || chance.below(5) > 0;
        let delivery = async move {
            tokio::time::sleep(after).await;
            if arrives {
                caught.deliver().await;
            }
        };
        if client == Client::Starves {
            late.spawn(async move {
                delivery.await;
                // Whoever still waits for an answer is told that there is none.
                drop(proxy);
                let _ = task.await;
            });
            return (None, true);
        }
        let delivery = tokio::spawn(delivery);
        let said = task.await.unwrap();
        late.spawn(async move {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            // A server at work takes its time to answer what has come late.
            delivery.await.unwrap();
            drop(proxy);
        });
        (Some(said), true)
    }

    /// Puts a few documents where the organization has its own, whatever it is called by then.
    async fn write_documents(&self, store: &MongoStore, id: ObjectId, chance: &Chance) {
        for _ in 0..=chance.below(4) {
            let name = ObjectId::new().to_hex();
            for _ in 0..3 {
                let Some((collection, uuid)) = self.whereabouts(store, id).await else { continue };
                // Only into that one: it may have another name by now.
                let insert = doc! {
                    "insert": collection, "documents": [{ "_id": &name }], "collectionUUID": uuid,
                    "writeConcern": { "w": "majority", "j": true },
                };
                if self.place.db.run_command(insert).await.is_ok() {
                    let mut history = self.history.lock().unwrap();
                    history.written.entry(id).or_default().insert(name);
                    break;
                }
            }
        }
    }

    /// Which collection is an organization's; none where that cannot be said now.
    async fn whereabouts(&self, store: &MongoStore, id: ObjectId) -> Option<(String, Binary)> {
        let org = store.org(id).await.ok()??;
        let collection = match org.in_trash() {
            Some(_) => format!("trash_{id}"),
            None => org.collection.raw().to_owned(),
        };
        let listed = doc! { "listCollections": 1, "filter": { "name": &collection } };
        let listed = self.place.db.run_command(listed).await.ok()?;
        let batch = listed.get_document("cursor").ok()?.get_array("firstBatch").ok()?;
        let info = batch.first()?.as_document()?.get_document("info").ok()?;
        let Some(Bson::Binary(uuid)) = info.get("uuid") else { return None };
        // It had that name all the time.
        let now = store.org(id).await.ok()??;
        (now == org && org.under_way.is_none()).then(|| (collection, uuid.clone()))
    }

    /// What is wrong in the end.
    async fn judge(&self) -> Vec<String> {
        leases_are_over(&self.place).await;
        let last = console(self.server.uri(), &self.place, Duration::ZERO).await;
        last.recover("tester@here").await.unwrap();
        let there = World::look(&self.place, &last).await;
        let mut wrong: Vec<String> =
            there.beside.iter().map(|beside| format!("beside: {beside}")).collect();
        let mut verification = Verification::default();
        for entry in mongod::documents(&self.place.db, "audit_log").await {
            if let Err(tampering) = verification.next(&entry) {
                wrong.push(format!("the audit log: {tampering}"));
                break;
            }
        }
        let history = self.history.lock().unwrap();
        for id in history.orgs() {
            let of_it: Vec<&Tried> =
                history.tried.iter().filter(|tried| tried.operation.org == id).collect();
            let tenant = there.tenants.get(&id);
            let written = history.written.get(&id).cloned().unwrap_or_default();
            let lies = existence(&of_it, tenant.is_some())
                .into_iter()
                .chain(tenant.into_iter().flat_map(|tenant| contents(&of_it, tenant, &written)));
            let lies: Vec<String> = lies.collect();
            if lies.is_empty() {
                continue;
            }
            wrong.push(format!("{id}: {}", lies.join("; ")));
            wrong.extend(of_it.iter().map(|tried| {
                let before = tried.before.as_ref().map(|org| org.revision);
                format!("    from {before:?}: {:?}: {}", tried.operation.what, tried.answer)
            }));
        }
        wrong
    }
}

/// Whether it may be there, or gone.
fn existence(tried: &[&Tried], is_there: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for one in tried {
        let lie = match (&one.operation.what, one.says) {
            _ if one.is_gone => is_there,
            (What::Create { .. }, Says::NotDone) | (What::Delete, Says::Done) => is_there,
            (What::Create { .. }, Says::Done) => {
                let may_be_gone = |other: &&Tried| {
                    other.operation.what == What::Delete && other.says != Says::NotDone
                };
                !is_there && !tried.iter().any(may_be_gone)
            }
            _ => false,
        };
        if lie {
            wrong.push(format!("there: {is_there}, after {:?} was {:?}", one.operation, one.says));
        }
    }
    wrong
}

/// Whether it is what was acknowledged last, and has what was written.
fn contents(tried: &[&Tried], there: &Tenant, written: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let found: Vec<&str> = there.documents.iter().map(String::as_str).collect();
    let expected: Vec<&str> = written.iter().map(String::as_str).chain(["the first"]).collect();
    if found != expected {
        wrong.push(format!("{expected:?} written, {found:?} found"));
    }
    for (email, admin) in &there.admins {
        if !admin.is_found {
            wrong.push(format!("{email} cannot log in"));
        }
        let added = tried.iter().find(|one| one.adds() == Some(admin.id));
        if added.is_none_or(|one| one.says == Says::NotDone) {
            wrong.push(format!("{email} was never added"));
        }
    }
    let sets = |one: &&&Tried| match &one.operation.what {
        What::Create { password, .. } | What::Update { password: Some(password), .. } => {
            there.admins.values().any(|admin| admin.password == *password)
        }
        _ => false,
    };
    if tried.iter().filter(sets).any(|one| one.says == Says::NotDone) {
        wrong.push("a password that was refused holds".to_owned());
    }
    // The last that was acknowledged, unless something came after it that nobody knows the end of, or
    // that another console finished: what is there then was not said.
    let acknowledged = tried.iter().filter_map(|one| one.after.as_ref());
    let Some(last) = acknowledged.max_by_key(|org| org.revision) else { return wrong };
    let came_after = |one: &&Tried| {
        let before = one.before.as_ref().map_or(-1, |org| org.revision);
        one.says != Says::NotDone && one.after.is_none() && before >= last.revision
    };
    if !tried.iter().any(came_after) {
        let told = |org: &Org| {
            let first = org.admin_email.raw().to_owned();
            (org.name.raw().to_owned(), first, org.in_trash().is_some())
        };
        let found = (there.name.clone(), there.first().to_owned(), there.in_trash);
        if told(last) != found {
            wrong.push(format!("{:?} was acknowledged last, {found:?} found", told(last)));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_happens_what_was_acknowledged_is_there() {
    let seed = match std::env::var("TENANTRY_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => u64::from_be_bytes(ObjectId::new().bytes()[4..].try_into().unwrap()),
    };
    println!("TENANTRY_TEST_SEED={seed}");
    let server = Server::standalone();
    let (rounds, length) = if is_whole() { (12, 8) } else { (3, 6) };
    let (mut operations, mut held, mut documents) = (0, 0, 0);
    for n in 0..rounds {
        let round = Round {
            server: server.clone(),
            place: Place::new(server.uri(), &server).await,
            history: Mutex::default(),
            until: Instant::now() + Duration::from_secs(length),
        };
        let chances: Vec<Chance> =
            (0..WORKERS).map(|worker| Chance::of(seed ^ (n * WORKERS + worker) << 32)).collect();
        join_all(chances.iter().map(|chance| round.work(chance))).await;
        let wrong = round.judge().await;
        let history = round.history.lock().unwrap();
        operations += history.tried.len();
        held += history.held;
        documents += history.written.values().map(BTreeSet::len).sum::<usize>();
        assert!(wrong.is_empty(), "seed {seed}, round {n}:\n{}", wrong.join("\n"));
    }
    println!("{operations} operations, {held} of them cut off, {documents} documents written");
}
