//! The ways themselves: who is held up, what happens meanwhile, and what must be there in the end.

use std::{sync::Arc, time::Duration};
use tenantry::store::traits::*;

use bson::{DateTime, Document, doc, oid::ObjectId};
use tenantry::store::{Result, StoreError, mongo::MongoStore};
use tokio::{sync::oneshot, task::JoinHandle};

use super::{commands::*, new};
use crate::support::hash;
use crate::{
    held::{Case, Lane, Wanted, Which, case},
    late::{drops, inserts_documents, renames},
    operation::{
        ACME, ADA, DAN, EVE, GLOBEX, Operation, REBORN, Says, What, console, says, wrong_word,
    },
    proxy::{Client, Command, Held, Proxy},
    support::service::Service,
    world::World,
};

/// A lease that does not run out here for whoever has it: no step finds out by renewing it.
const OWN: Duration = Duration::from_mins(1);

/// Who the old service creates an organization for.
const UMA: &str = "uma@umbrella.com";

/// What there is before: a customer that nothing may happen to, and ours.
pub fn ours(org: ObjectId, before: &[What]) -> Vec<Operation> {
    let globex = What::create(GLOBEX, DAN, &hash("dan")).on(ObjectId::new());
    let acme = What::create(ACME, ADA, &hash("first")).on(org);
    let before = before.iter().map(|what| what.clone().on(org));
    [globex, acme].into_iter().chain(before).collect()
}

/// A command of A is held up, B settles what it finds, life goes on, and it arrives.
pub async fn held(
    lane: &Lane,
    before: &[What],
    what: What,
    (wanted, skip): (Wanted, usize),
    next: fn(ObjectId) -> Vec<Operation>,
) -> Case {
    let org = ObjectId::new();
    let next = async |world: &mut World| {
        lane.lives_on(world, &next(org)).await.map(|()| "what follows".to_owned())
    };
    let which = Which { client: Client::Starves, skip, wanted };
    let case = case(lane, &ours(org, before), &what.on(org), which, next).await;
    case.expect("there is such a command")
}

/// The same of a creation, with nothing that follows.
pub async fn created(lane: &Lane, wanted: Wanted) -> Case {
    let (before, operation) = creation();
    let which = Which { client: Client::Starves, skip: 0, wanted };
    let next = async |_: &mut World| Ok("nothing".to_owned());
    case(lane, &before, &operation, which, next).await.expect("there is such a command")
}

/// Ours is created beside another customer.
pub fn creation() -> (Vec<Operation>, Operation) {
    let globex = What::create(GLOBEX, DAN, &hash("dan")).on(ObjectId::new());
    (vec![globex], What::create(ACME, ADA, &hash("first")).on(ObjectId::new()))
}

/// The connection of A is cut while its command is on the way: it asks what came of it.
pub async fn cut(lane: &Lane, what: What, wanted: Wanted) -> Case {
    let org = ObjectId::new();
    let which = Which { client: Client::IsCut, skip: 0, wanted };
    let next = async |_: &mut World| Ok(String::new());
    case(lane, &ours(org, &[]), &what.on(org), which, next).await.expect("there is such a command")
}

/// A console whose commands can be held.
pub struct Slow {
    pub proxy: Proxy,
    store: Arc<MongoStore>,
}

impl Slow {
    pub async fn new(lane: &Lane) -> Self {
        let proxy = Proxy::before(lane.server.address());
        let store = console(&proxy.uri(), &lane.place, OWN).await;
        Self { proxy, store: Arc::new(store) }
    }

    pub fn does(&self, operation: &Operation) -> JoinHandle<Result<()>> {
        let (store, operation) = (Arc::clone(&self.store), operation.clone());
        tokio::spawn(async move { operation.run(&*store).await })
    }

    /// Recovers what is under way, whose lease has run out by now.
    pub async fn recovers(&self, lane: &Lane) -> JoinHandle<Result<u64>> {
        let records = lane.place.db.collection::<Document>("organizations");
        let under_way = doc! { "pending": { "$exists": true } };
        let long_ago = doc! { "$set": { "pending.at": DateTime::from_millis(0) } };
        records.update_many(under_way, long_ago).await.unwrap();
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.recover("tester@here").await })
    }
}

/// What must come soon.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("it comes")
}

pub async fn caught(held: oneshot::Receiver<Held>) -> Held {
    soon(held).await.expect("the proxy holds it")
}

impl Case {
    fn of(command: &Command) -> Self {
        Self { title: command.to_string(), ..Self::default() }
    }

    async fn goes_on(&mut self, lane: &Lane, world: &mut World, next: &[Operation]) {
        let done = lane.lives_on(world, next).await;
        self.wrong("what follows", &done.err().unwrap_or_default());
    }

    async fn ends(&mut self, lane: &Lane, expected: &World) {
        let there = lane.settled_at_last().await;
        self.wrong("in the end", &expected.unlike(&there));
        self.documents = there.documents();
    }

    /// Whoever began it is not told that it was done, and the audit log does not say so either.
    async fn is_not_done(&mut self, lane: &Lane, operation: &Operation, answer: &Result<()>) {
        if says(answer) == Says::Done {
            self.wrong("the answer", "it is said to be done\n");
        }
        let word = operation.last_word(&lane.place).await;
        self.wrong("the audit log", &wrong_word(word.as_deref(), false).unwrap_or_default());
    }

    /// Neither the old service nor ours finds an admin.
    pub async fn is_hidden(&mut self, lane: &Lane, email: &str) {
        let service = Service::new(&lane.place.db);
        if service.finds(email).await.unwrap() {
            self.wrong("the old service", &format!("it finds {email}\n"));
        }
        let found = lane.other.admin_with_email(email).await.unwrap();
        let of = match &found {
            Some(admin) => lane.other.org_of_admin(admin).await.unwrap(),
            None => None,
        };
        if of.is_some() {
            self.wrong("ours", &format!("a login of {email} leads to {of:?}\n"));
        }
    }
}

/// B finds that A has not begun, and gives it up; A begins meanwhile, and what it then sends is held up
/// until B is through and what is `next` has happened.
pub async fn given_up(
    lane: &Lane,
    (before, operation): (Vec<Operation>, Operation),
    wanted: Wanted,
    next: &[Operation],
    after: &[Operation],
) -> Case {
    let mut world = lane.prepare(&before).await;
    let (a, b) = (Slow::new(lane).await, Slow::new(lane).await);
    let entry = a.proxy.hold(Client::Waits, 0, appends);
    let doing = a.does(&operation);
    let entry = caught(entry).await;
    let noting = b.proxy.hold(Client::Waits, 0, notes_back);
    let settling = b.recovers(lane).await;
    let noting = caught(noting).await;
    let held_one = a.proxy.hold(Client::Waits, 0, wanted);
    entry.deliver().await;
    let held_one = caught(held_one).await;
    noting.deliver().await;
    soon(settling).await.unwrap().unwrap();
    let mut case = Case::of(&held_one.command);
    case.goes_on(lane, &mut world, next).await;
    held_one.deliver().await;
    let answer = soon(doing).await.unwrap();
    case.is_not_done(lane, &operation, &answer).await;
    case.goes_on(lane, &mut world, after).await;
    case.ends(lane, &world).await;
    case
}

/// The same of what is done to ours.
pub async fn of_ours(
    lane: &Lane,
    before: &[What],
    what: What,
    wanted: Wanted,
    [next, after]: [fn(ObjectId) -> Vec<Operation>; 2],
) -> Case {
    let org = ObjectId::new();
    let begun = (ours(org, before), what.on(org));
    given_up(lane, begun, wanted, &next(org), &after(org)).await
}

/// A drop that arrives when B has moved the collection on, and left a placeholder.
pub async fn moved_on(lane: &Lane, before: &[What]) -> Case {
    let org = ObjectId::new();
    let mut world = lane.prepare(&ours(org, before)).await;
    let operation = What::Delete.on(org);
    let (a, b) = (Slow::new(lane).await, Slow::new(lane).await);
    let drop = a.proxy.hold(Client::Starves, 0, drops);
    let _doing = a.does(&operation);
    let drop = caught(drop).await;
    let of_b = b.proxy.hold(Client::Starves, 0, drops);
    let _settling = b.recovers(lane).await;
    let of_b = caught(of_b).await;
    let mut case = Case::of(&drop.command);
    let of_a = drop.command.on.clone();
    drop.deliver().await;
    let there = lane.place.db.list_collection_names().await.unwrap();
    for name in [&of_a, &of_b.command.on] {
        if !there.contains(name) {
            case.wrong("when it arrives", &format!("{name} is gone\n"));
        }
    }
    of_b.deliver().await;
    world.apply(&operation);
    case.ends(lane, &world).await;
    if !lane.place.db.list_collection_names().await.unwrap().contains(&of_a) {
        case.wrong("in the end", "the placeholder is gone\n");
    }
    case
}

/// The second rename of a rename that B takes back, since another program's collection is in its way for
/// a while.
pub async fn in_the_way(lane: &Lane) -> Case {
    let org = ObjectId::new();
    let world = lane.prepare(&ours(org, &[])).await;
    let operation = What::rename(REBORN).on(org);
    let a = Slow::new(lane).await;
    let held_one = a.proxy.hold(Client::Starves, 1, renames);
    let _doing = a.does(&operation);
    let held_one = caught(held_one).await;
    let mut case = Case::of(&held_one.command);
    let foreign = lane.place.db.collection::<Document>("org_acme_reborn");
    foreign.insert_one(doc! { "of": "another program" }).await.unwrap();
    lane.settled_at_last().await;
    foreign.drop().await.unwrap();
    let there = World::look(&lane.place, &lane.other).await;
    case.wrong("before it arrives", &world.unlike(&there));
    held_one.deliver().await;
    case.is_not_done(lane, &operation, &Err(StoreError::Gone)).await;
    case.ends(lane, &world).await;
    case
}

/// A stops in the middle; who takes it over sleeps before it reads the marks of the admins, until B has
/// finished it and life has gone on.
pub async fn asleep(
    lane: &Lane,
    before: &[What],
    what: What,
    stops: Wanted,
    next: fn(ObjectId) -> Vec<Operation>,
) -> Case {
    let org = ObjectId::new();
    let mut world = lane.prepare(&ours(org, before)).await;
    let operation = what.on(org);
    let (a, sleeper) = (Slow::new(lane).await, Slow::new(lane).await);
    let stopped = a.proxy.hold(Client::Starves, 0, stops);
    let _doing = a.does(&operation);
    let _stopped = caught(stopped).await;
    let reads = sleeper.proxy.hold(Client::Waits, 0, reads_the_mark);
    let settling = sleeper.recovers(lane).await;
    let reads = caught(reads).await;
    let mut case = Case::of(&reads.command);
    world.apply(&operation);
    case.ends(lane, &world).await;
    case.goes_on(lane, &mut world, &next(org)).await;
    reads.deliver().await;
    soon(settling).await.unwrap().unwrap();
    case.ends(lane, &world).await;
    case
}

/// A creation of which a command is held up; B takes it back, since the old service makes the same, which
/// is gone again when the command arrives.
pub async fn taken_back_creation(lane: &Lane, wanted: Wanted) -> Case {
    let (before, operation) = creation();
    let mut world = lane.prepare(&before).await;
    let a = Slow::new(lane).await;
    let held_one = a.proxy.hold(Client::Starves, 0, wanted);
    let _doing = a.does(&operation);
    let held_one = caught(held_one).await;
    let mut case = Case::of(&held_one.command);
    let service = Service::new(&lane.place.db);
    assert!(service.create(ACME, UMA, &hash("uma")).finish().await.unwrap());
    lane.settled_at_last().await;
    assert!(service.delete(ACME).await.unwrap());
    let there = World::look(&lane.place, &lane.other).await;
    case.wrong("before it arrives", &world.unlike(&there));
    held_one.deliver().await;
    case.is_hidden(lane, ADA).await;
    case.is_not_done(lane, &operation, &Err(StoreError::Gone)).await;
    case.ends(lane, &world).await;
    case.goes_on(lane, &mut world, &[new(ACME, EVE)]).await;
    case.ends(lane, &world).await;
    case
}

/// A creation under three leases: A loses the answer to its first document and goes on under a second one;
/// B, with the third, has moved the collection away when A looks, and not put the placeholder there.
pub async fn two_collections(lane: &Lane) -> Case {
    let (before, operation) = creation();
    let mut world = lane.prepare(&before).await;
    let (a, b) = (Slow::new(lane).await, Slow::new(lane).await);
    let first = a.proxy.hold(Client::LosesAnswer, 0, inserts_documents);
    let doing = a.does(&operation);
    caught(first).await;
    let looks = caught(a.proxy.hold(Client::Waits, 0, looks_for_both)).await;
    let second = looked_for(&looks.command)[0].clone();
    let name = second.clone();
    // The first one finds the collection there.
    let fences = b.proxy.hold(Client::Waits, 1, move |command| command.is("create", &name));
    let settling = b.recovers(lane).await;
    let fences = caught(fences).await;
    let settles = a.proxy.hold(Client::Waits, 0, settles);
    looks.deliver().await;
    let settles = caught(settles).await;
    let mut case = Case::of(&settles.command);
    fences.deliver().await;
    soon(settling).await.unwrap().unwrap();
    settles.deliver().await;
    let answer = soon(doing).await.unwrap();
    if says(&answer) == Says::NotDone {
        case.wrong("the answer", &format!("{answer:?}\n"));
    }
    world.apply(&operation);
    case.ends(lane, &world).await;
    case
}

/// B gives up what has no entry in the audit log, or stops in the middle of that; then the entry arrives.
pub async fn entry(lane: &Lane, what: What, stops: bool) -> Case {
    let org = ObjectId::new();
    let world = lane.prepare(&ours(org, &[])).await;
    let operation = what.on(org);
    let (a, b) = (Slow::new(lane).await, Slow::new(lane).await);
    let entry = a.proxy.hold(Client::Waits, 0, appends);
    let doing = a.does(&operation);
    let entry = caught(entry).await;
    let mut case = Case::of(&entry.command);
    let mut last = None;
    if stops {
        let unsetting = b.proxy.hold(Client::Starves, 0, unsets);
        let _settling = b.recovers(lane).await;
        last = Some(caught(unsetting).await);
    }
    case.ends(lane, &world).await;
    entry.deliver().await;
    let answer = soon(doing).await.unwrap();
    if let Some(last) = last {
        last.deliver().await;
    }
    case.is_not_done(lane, &operation, &answer).await;
    case.ends(lane, &world).await;
    case
}

/// Two take the same over, and one of them long after the other is through.
pub async fn both_take_over(lane: &Lane) -> Case {
    let org = ObjectId::new();
    let mut world = lane.prepare(&ours(org, &[])).await;
    let operation = What::rename(REBORN).on(org);
    let (a, other) = (Slow::new(lane).await, Slow::new(lane).await);
    let stopped = a.proxy.hold(Client::Starves, 0, renames);
    let _doing = a.does(&operation);
    let _stopped = caught(stopped).await;
    let takes = other.proxy.hold(Client::Waits, 0, takes_over);
    let settling = other.recovers(lane).await;
    let takes = caught(takes).await;
    let mut case = Case::of(&takes.command);
    world.apply(&operation);
    case.ends(lane, &world).await;
    case.goes_on(lane, &mut world, &[What::rename(ACME).on(org)]).await;
    takes.deliver().await;
    soon(settling).await.unwrap().unwrap();
    case.ends(lane, &world).await;
    case
}
