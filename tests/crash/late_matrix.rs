//! Every operation × every command of it, held beyond the lease × what happens meanwhile, once another
//! console has settled it. A fixed sample of that, or all of it where
//! `TENANTRY_TEST_WHOLE_MATRIX` is set.

use std::{collections::VecDeque, sync::Mutex};

use bson::oid::ObjectId;
use futures_util::future::join_all;
use tenantry::org::Role;

use crate::support::hash;
use crate::{
    held::{Case, Lane, Wanted, Which, case},
    matrix::{OneIn, steps},
    operation::{ACME, ADA, BOB, CAROL, DAN, EVE, GLOBEX, Operation, REBORN, What},
    proxy::{Client, Command},
    server::Server,
    world::{Tenant, World},
};

/// How many cases are under way at once: most of the time they wait for a lease.
const SIDE_BY_SIDE: usize = 12;

/// More commands than any operation has.
const MOST: usize = 80;

/// The variable that asks for all of it.
const WHOLE: &str = "TENANTRY_TEST_WHOLE_MATRIX";

/// Whether all cases are wanted, and not a sample of them.
pub fn is_whole() -> bool {
    std::env::var_os(WHOLE).is_some()
}

/// An operation, and what is done before it to the organization it is done to.
#[derive(Clone)]
pub struct Scenario {
    pub name: &'static str,
    pub before: Vec<What>,
    pub what: What,
}

impl Scenario {
    /// What is done first: a customer that nothing may happen to, and ours.
    pub fn before(&self, org: ObjectId) -> Vec<Operation> {
        let mut before = vec![What::create(GLOBEX, DAN, &hash("dan")).on(ObjectId::new())];
        before.extend(self.before.iter().map(|what| what.clone().on(org)));
        before
    }
}

/// Every kind of operation there is.
pub fn scenarios() -> Vec<Scenario> {
    let acme = || What::create(ACME, ADA, &hash("first"));
    let scenario = |name, before: &[What], what| {
        let before = [&[acme()], before].concat();
        Scenario { name, before, what }
    };
    let everything =
        What::Update { name: Some(REBORN), email: Some(EVE), password: Some(hash("second")) };
    let email = What::Update { name: None, email: Some(EVE), password: None };
    let change = |to, password: Option<&str>, role| {
        let password = password.map(str::to_owned);
        What::ChangeAdmin { email: BOB, to, password, role }
    };
    let back = |name| What::Restore { name };
    let bob = || What::add(BOB);
    let ownerless =
        What::ChangeAdmin { email: ADA, to: None, password: None, role: Some(Role::Admin) };
    vec![
        Scenario { name: "create", before: Vec::new(), what: acme() },
        scenario("rename", &[], What::rename(REBORN)),
        scenario("e-mail", &[], email),
        scenario("password", &[], What::password(&hash("second"))),
        scenario("everything", &[bob()], everything),
        scenario("delete", &[bob()], What::Delete),
        scenario("trash", &[bob()], What::Trash),
        scenario("purge", &[What::Trash], What::Delete),
        scenario("restore", &[bob(), What::Trash], back(None)),
        scenario("restore renamed", &[What::Trash], back(Some(REBORN))),
        scenario("suspend", &[], What::Suspend(true)),
        scenario("reactivate", &[What::Suspend(true)], What::Suspend(false)),
        scenario("add admin", &[], bob()),
        scenario("appoint owner", &[ownerless], What::appoint(BOB)),
        scenario("remove first", &[bob()], What::RemoveAdmin { email: ADA }),
        scenario("remove admin", &[bob()], What::RemoveAdmin { email: BOB }),
        scenario("transfer", &[bob()], What::transfer(CAROL, false)),
        scenario("transfer to an admin", &[bob()], What::transfer(BOB, false)),
        scenario("transfer and remove", &[bob()], What::transfer(CAROL, true)),
        scenario("admin's e-mail", &[bob()], change(Some(CAROL), None, None)),
        scenario("admin's password", &[bob()], change(None, Some(&hash("second")), None)),
        scenario("admin's role", &[bob()], change(None, None, Some(Role::Admin))),
    ]
}

/// What another console does once it has settled what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Makes our organization what it was.
    Back,
    /// Does what was held once more.
    Forth,
    /// Deletes it, and makes another one of the same name and e-mail.
    Recreate,
    /// Makes another organization of every name, and with an e-mail, that has become free.
    Occupy,
    /// Changes what can be changed once more: passwords, admins, and the state.
    Again,
}

pub const NEXT: [&[Next]; 10] = [
    &[Next::Back],
    &[Next::Recreate],
    &[Next::Occupy],
    &[Next::Again],
    &[],
    &[Next::Back, Next::Forth],
    &[Next::Occupy, Next::Back],
    &[Next::Again, Next::Back],
    &[Next::Back, Next::Occupy],
    &[Next::Recreate, Next::Again],
];

impl Next {
    pub fn operations(
        self,
        now: &World,
        org: ObjectId,
        before: &World,
        held: &What,
    ) -> Vec<Operation> {
        let ours = now.tenants.get(&org);
        match self {
            Self::Back => match (ours, before.tenants.get(&org)) {
                (Some(ours), Some(before)) => back(ours, before, org),
                (Some(_), None) => vec![What::Trash.on(org)],
                (None, _) => Vec::new(),
            },
            Self::Forth => {
                let what = match held {
                    What::Create { .. } => What::create(ACME, ADA, &hash("third")),
                    What::AddAdmin { email, appoints: false, .. } => What::add(email),
                    What::AddAdmin { email, appoints: true, .. } => What::appoint(email),
                    What::Transfer { email, removes, .. } => What::transfer(email, *removes),
                    other => other.clone(),
                };
                let id = if matches!(what, What::Create { .. }) { ObjectId::new() } else { org };
                vec![what.on(id)]
            }
            Self::Recreate => {
                let name = ours.map_or(ACME, |ours| known(&ours.name));
                let email = ours.map_or(ADA, |ours| known(ours.first()));
                let new = What::create(name, email, &hash("new")).on(ObjectId::new());
                vec![What::Delete.on(org), new]
            }
            Self::Occupy => {
                let is_free = |email: &&str| {
                    now.tenants.values().all(|tenant| !tenant.admins.contains_key(*email))
                };
                let mut emails = [ADA, EVE, BOB, CAROL, "frank@x.com"].into_iter().filter(is_free);
                let new = |name| {
                    What::create(name, emails.next().unwrap(), &hash("new")).on(ObjectId::new())
                };
                let is_taken = |name: &str| now.tenants.values().any(|t| t.name == name);
                [ACME, REBORN].into_iter().filter(|name| !is_taken(name)).map(new).collect()
            }
            Self::Again => match ours {
                Some(ours) if ours.in_trash => vec![What::Restore { name: None }.on(org)],
                Some(ours) => {
                    let mut all = vec![What::password(&hash("again"))];
                    match ours.admins.get(BOB) {
                        // Somebody has to own it.
                        Some(bob) if bob.is_first || ours.owners() == 1 => {}
                        Some(_) => all.push(What::RemoveAdmin { email: BOB }),
                        None => all.push(What::add(BOB)),
                    }
                    all.push(What::Suspend(!ours.suspended));
                    all.into_iter().map(|what| what.on(org)).collect()
                }
                None => vec![What::create(REBORN, ADA, &hash("new")).on(ObjectId::new())],
            },
        }
    }
}

/// What makes an organization what it was.
fn back(now: &Tenant, before: &Tenant, org: ObjectId) -> Vec<Operation> {
    let mut all = Vec::new();
    let name = Some(known(&before.name)).filter(|name| *name != now.name);
    if now.in_trash && !before.in_trash {
        all.push(What::Restore { name });
    } else if before.in_trash && !now.in_trash {
        all.push(What::Trash);
    } else if !now.in_trash {
        if now.suspended != before.suspended {
            all.push(What::Suspend(before.suspended));
        }
        let is = |tenant: &Tenant| tenant.admins[tenant.first()].clone();
        let (first, was) = (is(now), is(before));
        if first.id == was.id {
            let email = Some(known(before.first())).filter(|email| *email != now.first());
            let password = Some(was.password).filter(|was| *was != first.password);
            if name.is_some() || email.is_some() || password.is_some() {
                all.push(What::Update { name, email, password });
            }
        }
        for (email, admin) in &now.admins {
            match before.admins.iter().find(|(_, was)| was.id == admin.id) {
                None => all.push(What::RemoveAdmin { email: known(email) }),
                Some((was, before)) if !admin.is_first && (was != email || before != admin) => {
                    all.push(What::ChangeAdmin {
                        email: known(email),
                        to: Some(known(was)).filter(|was| was != email),
                        password: Some(before.password.clone()),
                        role: Some(before.role),
                    });
                }
                Some(_) => {}
            }
        }
        for (email, admin) in &before.admins {
            if now.admins.values().all(|now| now.id != admin.id) {
                all.push(What::add(known(email)));
            }
        }
    }
    all.into_iter().map(|what| what.on(org)).collect()
}

/// The same text, of those that there are.
pub fn known(text: &str) -> &'static str {
    let all = [ACME, REBORN, GLOBEX, ADA, EVE, BOB, CAROL, DAN];
    all.into_iter().find(|known| *known == text).unwrap_or_else(|| panic!("{text}"))
}

/// One operation, and for every command of it one way after the other to treat its console, and one thing
/// after the other that is next.
struct Task {
    at: usize,
    scenario: Scenario,
    clients: &'static [Client],
    wanted: Wanted,
    /// Which of those.
    of_steps: OneIn,
    next: Option<&'static [Next]>,
}

/// Whose turn it is at a step, so that over all operations each meets everything that is next.
pub fn turn<T: Copy>(all: &[T], step: usize, at: usize) -> T {
    all[(step + at / 2) % all.len()]
}

async fn one(lane: &Lane, task: &Task, skip: usize) -> Option<Case> {
    let Task { at, scenario, clients, wanted, of_steps, next } = task;
    // Every client and all that is next have their turn also where not every command has.
    let turns = skip / of_steps.0;
    let client = turn(clients, turns, *at);
    let next = next.unwrap_or(NEXT[(turns + at) % NEXT.len()]);
    let org = ObjectId::new();
    let before = scenario.before(org);
    let world = Lane::told(&before);
    let operation = scenario.what.clone().on(org);
    let then = async |now: &mut World| {
        for next in next {
            let operations = next.operations(now, org, &world, &scenario.what);
            lane.lives_on(now, &operations).await?;
        }
        Ok(format!("{next:?}"))
    };
    let which = Which { client, skip, wanted: *wanted };
    case(lane, &before, &operation, which, then).await
}

#[derive(Default)]
pub struct Tally {
    cases: usize,
    documents: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, scenario: &str, case: &Case) {
        self.cases += 1;
        self.documents += case.documents;
        if !case.wrong.is_empty() {
            self.wrong.push(format!("{scenario}: {}\n{}", case.title, case.wrong));
        }
    }
}

/// Takes the tasks one after the other, several at once: each for those commands that it has a part in, until
/// there is no such command.
pub async fn work_off<T>(
    tasks: Vec<T>,
    name: impl Fn(&T) -> &'static str,
    of_steps: impl Fn(&T) -> OneIn,
    case: impl AsyncFn(&Lane, &T, usize) -> Option<Case>,
) {
    let server = Server::standalone();
    let (tasks, tally) = (Mutex::new(VecDeque::from(tasks)), Mutex::new(Tally::default()));
    let workers = (0..SIDE_BY_SIDE).map(async |_| {
        let lane = Lane::new(&server).await;
        loop {
            let Some(task) = tasks.lock().unwrap().pop_front() else { break };
            for skip in steps(0, of_steps(&task)) {
                assert!(skip < MOST, "{} never goes through", name(&task));
                let Some(case) = case(&lane, &task, skip).await else { break };
                tally.lock().unwrap().add(name(&task), &case);
            }
        }
    });
    join_all(workers).await;
    let Tally { cases, documents, wrong } = tally.into_inner().unwrap();
    println!("{cases} commands held, {documents} documents found again");
    let shown: Vec<&str> = wrong.iter().take(30).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} of {cases} are wrong:\n{}", wrong.len(), shown.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_lost_its_lease_changes_nothing() {
    // A console that goes on may also have slept over what it read: what it does next is what it would
    // have done before.
    let reads = if is_whole() { Command::reads } else { reads_admins };
    let kinds: &[(&'static [Client], Wanted)] = if is_whole() {
        &[
            (&[Client::Waits], Command::writes),
            (&[Client::Waits], reads),
            (&[Client::Starves], Command::writes),
            (&[Client::IsCut], Command::writes),
        ]
    } else {
        // No connection is cut: `replies` does that.
        &[(&[Client::Waits, Client::Starves], Command::writes), (&[Client::Waits], reads)]
    };
    let mut tasks = Vec::new();
    for (n, scenario) in scenarios().into_iter().enumerate() {
        for (m, (clients, wanted)) in kinds.iter().copied().enumerate() {
            let at = n + 3 * m;
            // Of two scenarios, each takes the commands that the other leaves out.
            let of_steps = if is_whole() { OneIn::ALL } else { OneIn(2, at % 2) };
            let task = |next| {
                let scenario = scenario.clone();
                Task { at, scenario, clients, wanted, of_steps, next }
            };
            // Of what it only read, there is a lot, and of cut connections `replies` has more: one
            // thing that is next after the other.
            if is_whole() && clients != [Client::IsCut] && m != 1 {
                tasks.extend(NEXT.map(Some).map(task));
            } else {
                tasks.push(task(None));
            }
        }
    }
    work_off(tasks, |task| task.scenario.name, |task| task.of_steps, one).await;
}

fn reads_admins(command: &Command) -> bool {
    command.reads() && command.on == "admins"
}
