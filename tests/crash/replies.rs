//! The server does what it was asked and the answer is lost: of every command of every operation. Nobody
//! is told that it was not done when it was, or that it was done when it was not, and in the end the
//! audit log says what happened.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::join_all;
use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use tenantry::{
    org::{Org, ResetCode, Role, Secret},
    store::Store,
    tenancy::{AdminWish, Confirmation, Edit, Error, NewOrganization, Rules, Tenancy},
};

use crate::{
    deed::PASSWORD,
    held::{LEASE, Lane},
    late_matrix::{Scenario, is_whole, scenarios},
    operation::{ADA, BOB, DAN, GLOBEX, Operation, Says, What, console, says, wrong_word},
    proxy::{Client, Command, Proxy},
    server::Server,
    support::mongod,
    world::{Login, Tenant, World},
};

const NEW_PASSWORD: &str = "copper-meadow-77-thimble";

/// Operations side by side: each waits for the disk most of the time.
const SIDE_BY_SIDE: usize = 12;

/// What is to be done, through the rules.
#[derive(Clone, Copy)]
enum Deed<'a> {
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
    deed: Deed<'_>,
    org: Option<&Org>,
    token: Option<&str>,
) -> Result<(), Error> {
    let secret = |text: &str| Secret::from(text.to_owned());
    let owned = |text: &Option<&'static str>| text.map(str::to_owned);
    let what = match deed {
        Deed::Of(what) => what,
        Deed::IssueCode => {
            return tenancy.issue_code(org.unwrap(), BOB).await.map(|_| ());
        }
        Deed::Redeem(code) => {
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
            let edit = Edit { name: owned(name), email: owned(email), password };
            tenancy.update(org, &edit, token).await.map(|_| ())
        }
        What::Delete if org.in_trash().is_some() => {
            tenancy.purge(org, &Confirmation::Given, ADA, &secret(PASSWORD)).await
        }
        What::Delete => tenancy.delete(org, &Confirmation::Given, token).await,
        What::Trash => tenancy.trash(org, token).await.map(|_| ()),
        What::Restore { name } => tenancy.restore(org, *name).await.map(|_| ()),
        What::Suspend(true) => tenancy.suspend(org).await.map(|_| ()),
        What::Suspend(false) => tenancy.reactivate(org).await.map(|_| ()),
        What::AddAdmin { email, .. } => {
            tenancy.add_admin(org, email, Role::Owner, token).await.map(|_| ())
        }
        What::RemoveAdmin { email } => tenancy.remove_admin(org, email, token).await.map(|_| ()),
        What::ChangeAdmin { email, to, role, .. } => {
            let wish = AdminWish { role: *role, email: owned(to), password: None };
            tenancy.update_admin(org, email, &wish, token).await.map(|_| ())
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

/// One of them, until it goes through with nothing lost.
async fn each_answer(server: &Server, scenario: &Scenario, deed: Deed<'_>) -> (usize, String) {
    let lane = Lane::new(server).await;
    let store = console(server.uri(), &lane.place, "direct@here", LEASE).await;
    let direct = Tenancy::new(Arc::new(store), rules()).unwrap();
    let wanted: fn(&Command) -> bool = if is_whole() { |_| true } else { Command::writes };
    let mut wrong = String::new();
    for skip in 0.. {
        let org = ObjectId::new();
        let mut before = vec![What::create(GLOBEX, DAN, "$2b$04$dan").on(ObjectId::new())];
        before.extend(scenario.before.iter().map(|what| what.clone().on(org)));
        let before = lane.prepare(&before).await;
        let head = head(&lane).await;
        let there = lane.other.org(org).await.unwrap();
        let token = match &there {
            Some(org) if org.in_trash().is_none() => direct
                .login(ADA, &Secret::from(PASSWORD.to_owned()))
                .await
                .map(|session| session.token().to_owned())
                .ok(),
            _ => None,
        };
        let done = match deed {
            Deed::Of(what) => before.clone().and(&what.clone().on(org)),
            Deed::IssueCode => before.clone(),
            Deed::Redeem(_) => before.clone().and(&redeemed(org)),
        };
        let proxy = Proxy::before(server.address());
        let store = console(&proxy.uri(), &lane.place, "cut@here", LEASE).await;
        let tenancy = Tenancy::new(Arc::new(store), rules()).unwrap();
        let mut lost = proxy.hold(Client::LosesAnswer, skip, wanted);
        let answer = does(&tenancy, deed, there.as_ref(), token.as_deref()).await;
        let Ok(lost) = lost.try_recv() else {
            assert_eq!(answer, Ok(()), "{}", scenario.name);
            return (skip, wrong);
        };
        let at = format!("{}, {skip}: {} is not answered", scenario.name, lost.command);
        if is_under_way(&lane).await {
            tokio::time::sleep(LEASE + LEASE / 3).await;
        }
        let there = lane.settled().await;
        if !there.beside.is_empty() {
            wrong += &format!("{at}: beside: {:?}\n", there.beside);
        }
        let (there, done) = (told(&there, &before), told(&done, &before));
        let was = told(&before, &before);
        let mut happened = there == done;
        if deed_is_invisible(deed) {
            happened = code_of_bob(&lane).await != code_before(scenario);
        } else if !happened && there != was {
            wrong += &format!("{at}: neither done nor not: {there:?}\n");
        }
        let says = match &answer {
            Ok(()) => Says::Done,
            Err(Error::Store(error)) => says(&Err(error.clone())),
            Err(_) => Says::NotDone,
        };
        let is_true = match says {
            Says::Done => happened,
            Says::NotDone => !happened,
            Says::Nothing => true,
        };
        if !is_true {
            wrong += &format!("{at}: happened: {happened}, and it says {answer:?}\n");
        }
        let word = last_word(&lane, head).await;
        if let Some(lie) = wrong_word(word.as_deref(), happened) {
            wrong += &format!("{at}: {lie}\n");
        }
    }
    unreachable!("it goes through in the end")
}

/// What the model says of the use of a code.
fn redeemed(org: ObjectId) -> Operation {
    let password = Some("new".to_owned());
    What::ChangeAdmin { email: BOB, to: None, password, role: None }.on(org)
}

/// Whether what is there looks the same afterwards.
fn deed_is_invisible(deed: Deed) -> bool {
    matches!(deed, Deed::IssueCode)
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

async fn is_under_way(lane: &Lane) -> bool {
    let orgs = lane.place.db.collection::<Document>("organizations");
    orgs.find_one(doc! { "pending": { "$exists": true } }).await.unwrap().is_some()
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
async fn whoever_gets_no_answer_is_told_the_truth_in_the_end() {
    let server = Server::standalone();
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let (code, reset) = ResetCode::issue(DateTime::now()).unwrap();
    let mut scenarios = scenarios();
    // Nobody chooses a password for another admin; whoever redeems a code does.
    scenarios.retain(|scenario| scenario.name != "admin's password");
    let with_code = |name| {
        let add = What::AddAdmin { admin: ObjectId::new(), email: BOB, reset: reset.hash.clone() };
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
            let deed = match scenario.name {
                "issue code" => Deed::IssueCode,
                "use code" => Deed::Redeem(&code),
                _ => Deed::Of(&scenario.what),
            };
            let (more, worse) = each_answer(&server, scenario, deed).await;
            answers += more;
            wrong += &worse;
        }
        (answers, wrong)
    });
    let (answers, wrong): (Vec<usize>, Vec<String>) = join_all(lanes).await.into_iter().unzip();
    println!("{} answers lost", answers.iter().sum::<usize>());
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{} are wrong:\n{wrong}", wrong.lines().count());
}
