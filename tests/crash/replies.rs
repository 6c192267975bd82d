//! The server does what it was asked and the answer is lost: of every command of every operation. Nobody
//! is told that it was not done when it was, or that it was done when it was not, and in the end the
//! audit log says what happened.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tenantry::store::traits::*;

use bson::{DateTime, Document, doc, oid::ObjectId};
use futures_util::future::join_all;
use tenantry::{
    org::{Org, ResetCode, Role, Secret},
    tenancy::{AdminChanges, Caller, Confirmation, Edit, Error, NewOrganization, Rules, Tenancy},
};

use crate::{
    held::{LEASE, Lane, Wanted},
    late_matrix::{Scenario, is_whole, scenarios},
    operation::{ADA, BOB, Operation, Says, What, console, says, wrong_word},
    proxy::{Client, Command, Proxy},
    sample::PASSWORD,
    server::Server,
    support::mongod,
    world::{Login, Tenant, World},
};

const NEW_PASSWORD: &str = "copper-meadow-77-thimble";

/// Operations side by side: each waits for the disk most of the time.
const SIDE_BY_SIDE: usize = 12;

/// What is to be done, through the rules.
#[derive(Clone, Copy)]
enum Attempted<'a> {
    Of(&'a What),
    /// A new one-time code for an admin.
    IssueCode,
    /// Its use.
    Redeem(&'a Secret),
}

fn rules() -> Rules {
    let key = "one key for every console that a test has".to_owned();
    Rules { secret_key: Some(Secret::from(key)), ..Rules::default() }
}

/// Does it as an operator is told to do it.
async fn does(
    tenancy: &Tenancy,
    attempted: Attempted<'_>,
    org: Option<&Org>,
    token: Option<&str>,
) -> Result<(), Error> {
    let secret = |text: &str| Secret::from(text.to_owned());
    let owned = |text: Option<&'static str>| text.map(str::to_owned);
    let what = match attempted {
        Attempted::Of(what) => what,
        Attempted::IssueCode => {
            return tenancy.issue_code(org.unwrap(), BOB).await.map(|_| ());
        }
        Attempted::Redeem(code) => {
            return tenancy.redeem(BOB, code, &secret(NEW_PASSWORD)).await.map(|_| ());
        }
    };
    if let What::Create { name, email, .. } = what {
        let (name, email) = ((*name).to_owned(), (*email).to_owned());
        let wish = NewOrganization { name, email, password: secret(NEW_PASSWORD) };
        return tenancy.create(&wish).await.map(|_| ());
    }
    let org = org.unwrap();
    match what {
        What::Create { .. } => unreachable!("done above"),
        What::Update { name, email, password } => {
            let password = password.as_ref().map(|_| secret(NEW_PASSWORD));
            let edit = Edit { name: owned(*name), email: owned(*email), password };
            tenancy.in_session(token).update(org, &edit).await.map(|_| ())
        }
        What::Delete if org.in_trash().is_some() => {
            tenancy.purge(org, &Confirmation::Given, ADA, &secret(PASSWORD), None).await
        }
        What::Delete => tenancy.in_session(token).delete(org, &Confirmation::Given).await,
        What::Trash => tenancy.in_session(token).trash(org).await.map(|_| ()),
        What::Restore { name } => tenancy.restore(org, *name).await.map(|_| ()),
        What::Suspend(true) => tenancy.suspend(org).await.map(|_| ()),
        What::Suspend(false) => tenancy.reactivate(org).await.map(|_| ()),
        What::AddAdmin { email, .. } => {
            tenancy.in_session(token).add_admin(org, email, Role::Owner).await.map(|_| ())
        }
        What::RemoveAdmin { email } => {
            tenancy.in_session(token).remove_admin(org, email).await.map(|_| ())
        }
        What::Transfer { email, removes, .. } => {
            tenancy.in_session(token).transfer(org, email, *removes).await.map(|_| ())
        }
        What::ChangeAdmin { email, to, role, .. } => {
            let wish = AdminChanges { role: *role, email: owned(*to), ..AdminChanges::default() };
            tenancy.in_session(token).update_admin(org, email, &wish).await.map(|_| ())
        }
    }
}

/// What can be compared: identities are made by the rules, and hashes are never the same twice.
fn told(world: &World, before: &World) -> Vec<Tenant> {
    let known = |admin: &Login| {
        let mut all = before.tenants.values().flat_map(|tenant| tenant.admins.values());
        all.any(|was| was.password == admin.password)
    };
    let mut tenants: Vec<Tenant> = world.tenants.values().cloned().collect();
    for tenant in &mut tenants {
        for admin in tenant.admins.values_mut() {
            if !known(admin) {
                "new".clone_into(&mut admin.password);
            }
            admin.id = ObjectId::from_bytes([0; 12]);
        }
    }
    tenants.sort_by(|one, other| one.name.cmp(&other.name));
    tenants
}

/// An operation, done again and again with another answer lost each time.
struct Losing<'a> {
    lane: Lane,
    /// A console that loses nothing.
    direct: Tenancy,
    scenario: &'a Scenario,
    attempted: Attempted<'a>,
    wrong: String,
}

impl Losing<'_> {
    /// Until it goes through with nothing lost. How many answers that were.
    async fn each_answer(&mut self) -> usize {
        let mut lost = 0;
        while self.lose(lost).await {
            lost += 1;
        }
        lost
    }

    /// Whether there was such an answer.
    async fn lose(&mut self, skip: usize) -> bool {
        let org = ObjectId::new();
        let before = self.lane.prepare(&self.scenario.before(org)).await;
        let head = head(&self.lane).await;
        let there = self.lane.other.org(org).await.unwrap();
        let token = match &there {
            Some(org) if org.in_trash().is_none() => {
                let session = self.direct.login(ADA, &Secret::from(PASSWORD)).await;
                session.map(|session| session.token().to_owned()).ok()
            }
            _ => None,
        };
        let proxy = Proxy::before(self.lane.server.address());
        let store = console(&proxy.uri(), &self.lane.place, LEASE).await;
        let tenancy = Tenancy::new(Arc::new(store), rules(), Caller::new("cut@here")).unwrap();
        let wanted: Wanted = if is_whole() { |_| true } else { Command::writes };
        let mut lost = proxy.hold(Client::LosesAnswer, skip, wanted);
        let answer = does(&tenancy, self.attempted, there.as_ref(), token.as_deref()).await;
        let Ok(lost) = lost.try_recv() else {
            assert_eq!(answer, Ok(()), "{}", self.scenario.name);
            return false;
        };
        self.lane.leases_are_over().await;
        let lies = self.lies(org, &before, head, &answer).await;
        let at = format!("{}, {skip}: {} is not answered", self.scenario.name, lost.command);
        self.wrong.extend(lies.iter().map(|lie| format!("{at}: {lie}\n")));
        true
    }

    /// What is not as it was said.
    async fn lies(
        &self,
        org: ObjectId,
        before: &World,
        head: i64,
        answer: &Result<(), Error>,
    ) -> Vec<String> {
        let done = match self.attempted {
            Attempted::Of(what) => before.clone().and(&what.clone().on(org)),
            Attempted::IssueCode => before.clone(),
            Attempted::Redeem(_) => before.clone().and(&redeemed(org)),
        };
        let there = self.lane.settled().await;
        let mut lies: Vec<String> =
            there.beside.iter().map(|beside| format!("beside: {beside}")).collect();
        let (there, done, was) = (told(&there, before), told(&done, before), told(before, before));
        let happened = match self.attempted {
            // What is there looks the same afterwards.
            Attempted::IssueCode => code_of_bob(&self.lane).await != code_before(self.scenario),
            _ => there == done,
        };
        if there != done && there != was {
            lies.push(format!("neither done nor not: {there:?}"));
        }
        let says = match answer {
            Ok(()) | Err(Error::DoneByAnother { .. }) => Says::Done,
            Err(Error::Store(error)) => says(&Err(error.clone())),
            Err(_) => Says::NotDone,
        };
        if says == if happened { Says::NotDone } else { Says::Done } {
            lies.push(format!("happened: {happened}, and it says {answer:?}"));
        }
        lies.extend(wrong_word(last_word(&self.lane, head).await.as_deref(), happened));
        lies
    }
}

/// What the model says of the use of a code.
fn redeemed(org: ObjectId) -> Operation {
    let password = Some("new".to_owned());
    What::ChangeAdmin { email: BOB, to: None, password, role: None }.on(org)
}

async fn code_of_bob(lane: &Lane) -> Option<String> {
    let admins = lane.place.db.collection::<Document>("admins");
    let bob = admins.find_one(doc! { "email": BOB }).await.unwrap()?;
    Some(bob.get_document("reset").ok()?.get_str("code").unwrap().to_owned())
}

fn code_before(scenario: &Scenario) -> Option<String> {
    scenario.before.iter().find_map(|what| match what {
        What::AddAdmin { reset, .. } => Some(reset.clone()),
        _ => None,
    })
}

/// The number of the last entry.
async fn head(lane: &Lane) -> i64 {
    let entries = mongod::documents(&lane.place.db, "audit_log").await;
    entries.last().map_or(0, |entry| entry.get_i64("_id").unwrap())
}

/// What came of the operation, as the last entry behind that one says.
async fn last_word(lane: &Lane, head: i64) -> Option<String> {
    let entries = mongod::documents(&lane.place.db, "audit_log").await;
    let of_it = |entry: &&Document| {
        entry.get_i64("_id").unwrap() > head && entry.get_str("deed").unwrap() != "log in"
    };
    let last = entries.iter().rfind(of_it)?;
    Some(last.get_str("outcome").unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
pub async fn whoever_gets_no_answer_is_told_the_truth_in_the_end() {
    let server = Server::standalone();
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let (code, reset) = ResetCode::issue(DateTime::now()).unwrap();
    let mut scenarios = scenarios();
    // Nobody chooses a password for another admin; whoever redeems a code does.
    scenarios.retain(|scenario| scenario.name != "admin's password");
    let with_code = |name| {
        let add = What::AddAdmin {
            admin: ObjectId::new(),
            email: BOB,
            reset: reset.hash.clone(),
            appoints: false,
        };
        let before = vec![What::create(crate::operation::ACME, ADA, ""), add];
        Scenario { name, before, what: What::Trash }
    };
    scenarios.extend([with_code("issue code"), with_code("use code")]);
    for scenario in &mut scenarios {
        for what in &mut scenario.before {
            if let What::Create { password, .. } = what {
                password.clone_from(&hash);
            }
        }
    }
    let next = AtomicUsize::new(0);
    let lanes = (0..SIDE_BY_SIDE).map(async |_| {
        let (mut answers, mut wrong) = (0, String::new());
        while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            let attempted = match scenario.name {
                "issue code" => Attempted::IssueCode,
                "use code" => Attempted::Redeem(&code),
                _ => Attempted::Of(&scenario.what),
            };
            let lane = Lane::new(&server).await;
            let store = console(server.uri(), &lane.place, LEASE).await;
            let direct =
                Tenancy::new(Arc::new(store), rules(), Caller::new("direct@here")).unwrap();
            let mut losing = Losing { lane, direct, scenario, attempted, wrong: String::new() };
            answers += losing.each_answer().await;
            wrong += &losing.wrong;
        }
        (answers, wrong)
    });
    let (answers, wrong): (Vec<usize>, Vec<String>) = join_all(lanes).await.into_iter().unzip();
    println!("{} answers lost", answers.iter().sum::<usize>());
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{} are wrong:\n{wrong}", wrong.lines().count());
}
