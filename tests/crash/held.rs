//! A command that is held beyond its console's lease, while another console settles the operation and
//! life goes on; then it arrives. Whatever it is: nothing is different for it.

use std::time::Duration;
use tenantry::store::traits::*;

use bson::{Document, doc};
use tenantry::store::{Result, StoreError, mongo::MongoStore};

use crate::{
    late_matrix::is_whole,
    operation::{Operation, Says, What, console, says, wrong_word},
    proxy::{Client, Command, Held, Proxy},
    sample::Place,
    server::Server,
    support::until,
    world::World,
};

/// After so long, another console finishes what it finds under way.
pub const LEASE: Duration = Duration::from_millis(300);

/// Longer than any console that is not stuck takes for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// A database for one case after the other, and the console that lives on in it.
pub struct Lane {
    pub server: Server,
    pub place: Place,
    pub other: MongoStore,
}

impl Lane {
    pub async fn new(server: &Server) -> Self {
        let place = Place::new(server.uri(), server).await;
        let other = console(server.uri(), &place, LEASE).await;
        other.upgrade("tester@here", &tenantry::store::no_progress).await.unwrap();
        Self { server: server.clone(), place, other }
    }

    /// Makes what is there before a case.
    pub async fn prepare(&self, before: &[Operation]) -> World {
        self.place.clear_all_but("audit_log").await;
        let mut world = World::default();
        for operation in before {
            self.does(operation, &mut world).await.unwrap();
        }
        world
    }

    /// Has the console that lives on do something; what it makes is filled.
    pub async fn does(&self, operation: &Operation, world: &mut World) -> Result<()> {
        operation.run(&self.other).await?;
        world.apply(operation);
        if matches!(operation.what, What::Create { .. }) {
            world.fill(&self.place, operation.org).await;
        }
        Ok(())
    }

    /// The organizations that one operation after the other has made or changed, without looking.
    pub fn told(before: &[Operation]) -> World {
        let mut world = World::default();
        for operation in before {
            world.apply(operation);
        }
        world
    }

    /// Waits until whatever is under way may be taken over.
    pub async fn leases_are_over(&self) {
        leases_are_over(&self.place).await;
    }

    /// What is there, once the console that lives on has come by.
    pub async fn settled(&self) -> World {
        self.other.recover("tester@here").await.unwrap();
        World::look(&self.place, &self.other).await
    }

    /// What is there, once a console has come by that waits for nobody's lease.
    pub async fn settled_at_last(&self) -> World {
        let last = console(self.server.uri(), &self.place, Duration::ZERO).await;
        last.recover("tester@here").await.unwrap();
        World::look(&self.place, &last).await
    }

    /// Whether the operation is in the audit log: it was begun, or given up.
    async fn has_begun(&self, operation: &Operation) -> bool {
        let log = self.place.db.collection::<Document>("audit_log");
        log.find_one(doc! { "entry": operation.entry }).await.unwrap().is_some()
    }
}

/// Waits until nothing is under way whose lease has not run out, by the clock of the server.
pub async fn leases_are_over(place: &Place) {
    let orgs = place.db.collection::<Document>("organizations");
    let lease = i64::try_from(LEASE.as_millis()).unwrap();
    let since = doc! { "$subtract": ["$$NOW", lease] };
    let leased = doc! { "$expr": { "$gt": ["$pending.at", since] } };
    let over = async || orgs.find_one(leased.clone()).await.unwrap().is_none();
    until("the lease runs out", over).await;
}

/// A console with a command on its way that has not arrived.
pub struct Stuck {
    pub held: Held,
    client: Client,
    task: tokio::task::JoinHandle<Result<()>>,
    answer: Option<Result<()>>,
    proxy: Proxy,
}

/// What came of an operation of which a command was to be held.
pub enum Outcome {
    Stuck(Box<Stuck>),
    /// It has no such command.
    Through(Result<()>),
}

/// Begins an operation in a console of its own, and holds a command of it.
pub async fn begin(
    lane: &Lane,
    operation: &Operation,
    client: Client,
    skip: usize,
    wanted: impl Fn(&Command) -> bool + Send + 'static,
) -> Outcome {
    let proxy = Proxy::before(lane.server.address());
    let slow = console(&proxy.uri(), &lane.place, LEASE).await;
    let held = proxy.hold(client, skip, wanted);
    let mine = operation.clone();
    let mut task = tokio::spawn(async move { mine.run(&slow).await });
    let mut answer = None;
    let held = if matches!(client, Client::IsCut | Client::LosesAnswer) {
        // It may have an answer before anybody looks.
        let said = tokio::time::timeout(PATIENCE, &mut task).await.expect("it comes to an end");
        let said = said.unwrap();
        let mut held = held;
        match held.try_recv() {
            Ok(held) => {
                answer = Some(said);
                held
            }
            Err(_) => return Outcome::Through(said),
        }
    } else {
        tokio::select! {
            biased;
            held = held => held.unwrap(),
            said = &mut task => return Outcome::Through(said.unwrap()),
        }
    };
    Outcome::Stuck(Box::new(Stuck { held, client, task, answer, proxy }))
}

impl Stuck {
    /// Lets the command arrive. What the server says to it, and what the console says in the end,
    /// where it says anything.
    pub async fn arrives(self) -> (Document, Option<Result<()>>) {
        let Self { held, client, task, answer, proxy, .. } = self;
        let said = held.deliver().await;
        let answer = match client {
            Client::IsCut | Client::LosesAnswer => answer,
            Client::Waits => {
                let end = tokio::time::timeout(PATIENCE, task).await;
                Some(end.expect("it comes to an end").unwrap())
            }
            Client::Starves => None,
        };
        drop(proxy);
        (said, answer)
    }
}

/// Which commands count.
pub type Wanted = fn(&Command) -> bool;

/// What is held: how many commands before it are not, and which ones count.
#[derive(Clone, Copy)]
pub struct Which {
    pub client: Client,
    pub skip: usize,
    pub wanted: Wanted,
}

/// A case, from beginning to end; none where the operation has no such command.
pub async fn case(
    lane: &Lane,
    before: &[Operation],
    operation: &Operation,
    Which { client, skip, wanted }: Which,
    next: impl AsyncFnOnce(&mut World) -> std::result::Result<String, String>,
) -> Option<Case> {
    let world = lane.prepare(before).await;
    let stuck = match begin(lane, operation, client, skip, wanted).await {
        Outcome::Stuck(stuck) => stuck,
        Outcome::Through(said) => {
            assert_eq!(said, Ok(()), "{operation:?}");
            let there = lane.settled().await;
            let wrong = world.and(operation).unlike(&there);
            assert!(wrong.is_empty(), "{operation:?} with nothing held:\n{wrong}");
            return None;
        }
    };
    let command = stuck.held.command.to_string();
    let mut case = Case { title: format!("{client:?}, {skip}: {command}"), ..Case::default() };
    lane.leases_are_over().await;
    let done = world.clone().and(operation);
    let there = lane.settled().await;
    let began = lane.has_begun(operation).await;
    let happened = there == done;
    if !happened && there != world {
        case.wrong("settled", &format!("neither done nor not:\n{}", done.unlike(&there)));
        let _ = stuck.arrives().await;
        return Some(case);
    }
    let mut now = there;
    match next(&mut now).await {
        Ok(what) => case.title = format!("{}, then {what}", case.title),
        Err(why) => case.wrong("what follows", &why),
    }
    if is_whole() {
        // What is wrong by now is so in the end.
        let there = World::look(&lane.place, &lane.other).await;
        case.wrong("before it arrives", &now.unlike(&there));
    }
    let (server, answer) = stuck.arrives().await;
    let there = lane.settled_at_last().await;
    // What had not begun may begin now, where its console still waits, and all is as it read it.
    let begins = !began && answer == Some(Ok(())) && now.allows(operation);
    let expected = if begins { now.clone().and(operation) } else { now.clone() };
    let unlike = expected.unlike(&there);
    case.wrong(&format!("after it arrived (the server said {server})"), &unlike);
    let true_to_it = match answer.as_ref().map(says) {
        Some(Says::Done) => happened || begins,
        Some(Says::NotDone) => !happened,
        Some(Says::Nothing) if answer == Some(Err(StoreError::Gone)) => {
            !there.tenants.contains_key(&operation.org)
        }
        Some(Says::Nothing) | None => true,
    };
    if !true_to_it {
        case.wrong("the answer", &format!("it happened: {happened}, and it says {answer:?}"));
    }
    let said = operation.last_word(&lane.place).await;
    let lie = wrong_word(said.as_deref(), happened || begins);
    case.wrong("the audit log", &lie.unwrap_or_default());
    case.documents = there.documents();
    Some(case)
}

/// What came of a case.
#[derive(Default)]
pub struct Case {
    pub title: String,
    pub wrong: String,
    pub documents: usize,
}

impl Case {
    pub fn wrong(&mut self, when: &str, what: &str) {
        if !what.is_empty() {
            use std::fmt::Write as _;
            writeln!(self.wrong, "  {when}:\n{what}").unwrap();
        }
    }
}

impl Lane {
    /// Has the console that lives on do one after the other, as far as that can be now: then it must
    /// succeed.
    pub async fn lives_on(
        &self,
        world: &mut World,
        operations: &[Operation],
    ) -> std::result::Result<(), String> {
        for operation in operations {
            if !world.allows(operation) {
                continue;
            }
            let done = self.does(operation, world).await;
            done.map_err(|error| format!("    {:?} was refused: {error}\n", operation.what))?;
        }
        Ok(())
    }
}
