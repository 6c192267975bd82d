//! Faults that were seen: one command of a console arrives long after another one has settled the
//! operation and life has gone on. Each of them destroyed, leaked or brought back something.

use std::{fmt::Write as _, sync::Arc};
use tenantry::store::traits::*;

use bson::{DateTime, Document, oid::ObjectId};
use tenantry::{
    org::{ResetCode, Role, Secret},
    store::{Examination, Patience, StoreError},
    tenancy::{Caller, Confirmation, Rules, Tenancy},
};

use crate::support::hash;
use crate::{
    held::{LEASE, Lane, Wanted, Which, case},
    operation::{ACME, ADA, BOB, DAN, EVE, Operation, REBORN, What, console},
    proxy::{Client, Command, Proxy},
    sample::PASSWORD,
    server::Server,
    traces::{
        commands::settles,
        ways::{Slow, caught, soon},
    },
    world::{World, is_news},
};

const NEW_PASSWORD: &str = "copper-meadow-77-thimble";

/// An organization that another customer has, and ours.
struct Ours {
    org: ObjectId,
    before: Vec<Operation>,
}

impl Ours {
    fn active() -> Self {
        let org = ObjectId::new();
        let globex = What::create("Globex", DAN, &hash("dan")).on(ObjectId::new());
        Self { org, before: vec![globex, What::create(ACME, ADA, &hash("first")).on(org)] }
    }

    fn and(mut self, what: What) -> Self {
        self.before.push(what.on(self.org));
        self
    }
}

/// Holds each of the commands that are meant, one after the other, and lets each arrive when `next` has
/// happened.
async fn each(
    ours: &Ours,
    what: What,
    wanted: fn(&Command) -> bool,
    next: impl AsyncFn(&Lane, &mut World) -> Result<(), String>,
    after: impl AsyncFn(&Lane),
) {
    let server = Server::standalone();
    let lane = Lane::new(&server).await;
    let mut wrong = String::new();
    for skip in 0.. {
        let operation = what.clone().on(ours.org);
        let which = Which { client: Client::Starves, skip, wanted };
        let next = async |world: &mut World| {
            next(&lane, world).await.map(|()| "what was to follow".to_owned())
        };
        let Some(case) = case(&lane, &ours.before, &operation, which, next).await else {
            assert!(skip > 0, "there is no such command");
            break;
        };
        println!("{}: {}", case.title, if case.wrong.is_empty() { "nothing" } else { "wrong" });
        if !case.wrong.is_empty() {
            writeln!(wrong, "{}:\n{}", case.title, case.wrong).unwrap();
        }
        after(&lane).await;
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Whatever the doctor does about it, it does no more harm, and there is nothing for it to do.
async fn doctor(lane: &Lane) {
    let before = World::look(&lane.place, &lane.other).await;
    let found = lane.other.examine("tester@here", true).await.unwrap();
    let found = found.iter().filter(|found| is_news(found));
    let found: Vec<_> =
        found.map(|found| format!("{}: {}", found.inconsistency, found.repair)).collect();
    if !found.is_empty() {
        println!("  the doctor: {found:?}");
    }
    let after = World::look(&lane.place, &lane.other).await;
    let unlike = before.unlike(&after);
    if !unlike.is_empty() {
        println!("  the doctor made of it:\n{unlike}");
    }
    assert!(found.is_empty(), "{found:?}");
}

pub fn renames(command: &Command) -> bool {
    command.name == "renameCollection"
}

pub fn drops(command: &Command) -> bool {
    command.name == "drop"
}

pub fn updates_admins(command: &Command) -> bool {
    command.is("update", "admins") || command.is("findAndModify", "admins")
}

pub fn inserts_admins(command: &Command) -> bool {
    command.is("insert", "admins")
}

pub fn deletes_admins(command: &Command) -> bool {
    command.is("delete", "admins")
}

pub fn inserts_documents(command: &Command) -> bool {
    let own = ["organizations", "admins", "audit_log"];
    command.name == "insert" && !own.contains(&command.on.as_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub async fn a_late_drop_of_a_deletion_spares_a_new_customer_of_that_name() {
    let next = async |lane: &Lane, world: &mut World| {
        let new = What::create(ACME, ADA, &hash("new")).on(ObjectId::new());
        lane.lives_on(world, &[new]).await
    };
    each(&Ours::active(), What::Delete, drops, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub async fn a_late_drop_of_a_purge_spares_a_new_customer_of_that_name() {
    let next = async |lane: &Lane, world: &mut World| {
        let new = What::create(ACME, ADA, &hash("new")).on(ObjectId::new());
        lane.lives_on(world, &[new]).await
    };
    each(&Ours::active().and(What::Trash), What::Delete, drops, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_rename_leaves_another_customer_its_documents() {
    let ours = Ours::active();
    let next = async |lane: &Lane, world: &mut World| {
        // Its old name is somebody else's by now, and so is the collection of that name.
        let further = What::rename("Acme Third").on(ours.org);
        let new = What::create(ACME, EVE, &hash("new")).on(ObjectId::new());
        lane.lives_on(world, &[further, new]).await
    };
    each(&ours, What::rename(REBORN), renames, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub async fn a_late_rename_moves_nothing_that_was_renamed_back() {
    let ours = Ours::active();
    let next = async |lane: &Lane, world: &mut World| {
        lane.lives_on(world, &[What::rename(ACME).on(ours.org)]).await
    };
    each(&ours, What::rename(REBORN), renames, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub async fn a_late_step_of_a_move_to_the_trash_hides_no_admin_of_a_living_organization() {
    let ours = Ours::active();
    let next = async |lane: &Lane, world: &mut World| {
        lane.lives_on(world, &[What::Restore { name: None }.on(ours.org)]).await
    };
    each(&ours, What::Trash, updates_admins, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub async fn a_late_rename_to_the_trash_takes_nothing_from_a_restored_organization() {
    let ours = Ours::active();
    let next = async |lane: &Lane, world: &mut World| {
        lane.lives_on(world, &[What::Restore { name: None }.on(ours.org)]).await
    };
    each(&ours, What::Trash, renames, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub async fn a_late_step_of_a_restoration_shows_no_admin_of_the_trash() {
    let ours = Ours::active().and(What::Trash);
    let next = async |lane: &Lane, world: &mut World| {
        lane.lives_on(world, &[What::Trash.on(ours.org)]).await
    };
    each(&ours, What::Restore { name: None }, updates_admins, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub async fn a_late_rename_of_a_restoration_leaves_the_trash_as_it_is() {
    let ours = Ours::active().and(What::Trash);
    let next = async |lane: &Lane, world: &mut World| {
        lane.lives_on(world, &[What::Trash.on(ours.org)]).await
    };
    each(&ours, What::Restore { name: None }, renames, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub async fn an_owner_who_was_removed_does_not_come_back() {
    let ours = Ours::active();
    let (code, reset) = ResetCode::issue(DateTime::now()).unwrap();
    let add =
        What::AddAdmin { admin: ObjectId::new(), email: BOB, reset: reset.hash, appoints: false };
    let next = async |lane: &Lane, world: &mut World| {
        lane.lives_on(world, &[What::RemoveAdmin { email: BOB }.on(ours.org)]).await
    };
    let after = async |lane: &Lane| {
        let store = console(lane.server.uri(), &lane.place, LEASE).await;
        let tenancy =
            Tenancy::new(Arc::new(store), Rules::default(), Caller::new("bob@here")).unwrap();
        let password = Secret::from(NEW_PASSWORD.to_owned());
        let redeemed = tenancy.redeem(BOB, &code, &password).await;
        println!("  the code: {:?}", redeemed.as_ref().map(|org| org.name.raw()));
        let Ok(org) = redeemed else { return };
        let session = tenancy.login(BOB, &password).await.unwrap();
        let gone =
            tenancy.in_session(Some(session.token())).delete(&org, &Confirmation::Given).await;
        panic!("whoever was removed redeemed the code, and deletes: {gone:?}");
    };
    each(&ours, add, inserts_admins, next, after).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub async fn an_older_password_never_holds() {
    let ours = Ours::active();
    let newer = bcrypt::hash(PASSWORD, 4).unwrap();
    let older = bcrypt::hash(NEW_PASSWORD, 4).unwrap();
    let next = async |lane: &Lane, world: &mut World| {
        lane.lives_on(world, &[What::password(&newer).on(ours.org)]).await
    };
    let after = async |lane: &Lane| {
        let store = console(lane.server.uri(), &lane.place, LEASE).await;
        let tenancy =
            Tenancy::new(Arc::new(store), Rules::default(), Caller::new("ada@here")).unwrap();
        for (password, is_valid) in [(NEW_PASSWORD, false), (PASSWORD, true)] {
            let login = tenancy.login(ADA, &Secret::from(password.to_owned())).await;
            assert_eq!(login.is_ok(), is_valid, "{password}: {login:?}");
        }
    };
    each(&ours, What::password(&older), updates_admins, next, after).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_change_of_another_admin_undoes_no_later_one() {
    let ours = Ours::active().and(What::add(BOB));
    let change = |to, password: &str, role| What::ChangeAdmin {
        email: BOB,
        to,
        password: Some(password.to_owned()),
        role,
    };
    let next = async |lane: &Lane, world: &mut World| {
        let email = What::ChangeAdmin { email: EVE, to: Some(BOB), password: None, role: None };
        let rest = change(None, &hash("newer"), Some(Role::Owner));
        lane.lives_on(world, &[email.on(ours.org), rest.on(ours.org)]).await
    };
    let older = change(Some(EVE), &hash("older"), Some(Role::Admin));
    each(&ours, older, updates_admins, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_first_document_gets_into_no_other_customers_collection() {
    let ours = Ours { org: ObjectId::new(), before: Vec::new() };
    let next = async |lane: &Lane, world: &mut World| {
        let mut operations = Vec::new();
        if world.tenants.contains_key(&ours.org) {
            operations.push(What::Delete.on(ours.org));
        }
        operations.push(What::create(ACME, EVE, &hash("new")).on(ObjectId::new()));
        lane.lives_on(world, &operations).await
    };
    let create = What::create(ACME, ADA, &hash("first"));
    each(&ours, create, inserts_documents, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_admin_of_a_creation_takes_no_e_mail_from_another_customer() {
    let ours = Ours { org: ObjectId::new(), before: Vec::new() };
    let next = async |lane: &Lane, world: &mut World| {
        let mut operations = Vec::new();
        if world.tenants.contains_key(&ours.org) {
            operations.push(What::Delete.on(ours.org));
        }
        operations.push(What::create(REBORN, ADA, &hash("new")).on(ObjectId::new()));
        lane.lives_on(world, &operations).await
    };
    let create = What::create(ACME, ADA, &hash("first"));
    each(&ours, create, inserts_admins, next, doctor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_delete_of_an_admin_takes_nobody_who_was_added_again() {
    let ours = Ours::active().and(What::add(BOB));
    let next = async |lane: &Lane, world: &mut World| {
        lane.lives_on(world, &[What::add(BOB).on(ours.org)]).await
    };
    let remove = What::RemoveAdmin { email: BOB };
    each(&ours, remove, deletes_admins, next, doctor).await;
}

/// Whichever of its inserts it was held up at, and whether the other console is through by then or only has taken
/// the creation over: it learns who did it, and takes nothing back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_that_another_console_finishes_is_said_to_be_done_by_that_one() {
    let server = Server::standalone();
    let lane = Lane::new(&server).await;
    for (wanted, is_through) in [
        (inserts_admins as Wanted, true),
        (inserts_admins, false),
        (inserts_documents, true),
        (inserts_documents, false),
    ] {
        let mut world = lane.prepare(&[]).await;
        let operation = What::create(ACME, ADA, &hash("first")).on(ObjectId::new());
        let (slow, other) = (Slow::new(&lane).await, Slow::new(&lane).await);
        let held_one = slow.proxy.hold(Client::Waits, 0, wanted);
        let creating = slow.does(&operation);
        let held_one = caught(held_one).await;
        world.apply(&operation);
        let at = format!("{}, is through: {is_through}", held_one.command);
        let settling = other.proxy.hold(Client::Waits, 0, settles);
        let recovering = other.recovers(&lane).await;
        let settling = caught(settling).await;
        if is_through {
            settling.deliver().await;
            soon(recovering).await.unwrap().unwrap();
            held_one.deliver().await;
        } else {
            held_one.deliver().await;
            settling.deliver().await;
            soon(recovering).await.unwrap().unwrap();
        }
        let answer = soon(creating).await.unwrap();
        assert_eq!(answer, Err(StoreError::DoneByAnother), "{at}");
        assert_eq!(world.unlike(&lane.settled_at_last().await), "", "{at}");
    }
}

/// The doctor makes an empty collection where one is missing. Late, it blocks no name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_repair_of_a_missing_collection_takes_no_name_from_a_new_customer() {
    let server = Server::standalone();
    let lane = Lane::new(&server).await;
    // The first rename only asks whether it may.
    for (step, skip) in [("create", 0), ("renameCollection", 1)] {
        let ours = Ours::active();
        let mut world = lane.prepare(&ours.before).await;
        lane.place.db.collection::<Document>("org_acme_corp").drop().await.unwrap();
        let proxy = Proxy::before(server.address());
        let doctor = console(&proxy.uri(), &lane.place, LEASE).await;
        let doctor = doctor.with_patience(Patience::NONE);
        let held = proxy.hold(Client::Starves, skip, move |sent| sent.name == step);
        tokio::spawn(
            async move { doctor.go_through("tester@here", &Examination::plain(true)).await },
        );
        let command = held.await.unwrap();
        let new = What::create(ACME, ADA, &hash("new")).on(ObjectId::new());
        if step == "create" {
            lane.lives_on(&mut world, &[What::Delete.on(ours.org)]).await.unwrap();
            command.deliver().await;
            lane.lives_on(&mut world, &[new]).await.unwrap();
        } else {
            lane.lives_on(&mut world, &[What::Delete.on(ours.org), new]).await.unwrap();
            command.deliver().await;
        }
        let there = lane.settled_at_last().await;
        assert_eq!(world.unlike(&there), "", "{step}");
        // It is seen, and said to be nobody's.
        let other = console(server.uri(), &lane.place, LEASE).await;
        let other = other.with_patience(Patience::NONE);
        let found = other.go_through("tester@here", &Examination::plain(true)).await.unwrap();
        assert!(found.len() == 1 && found[0].repair.is_done(), "{found:?}");
        let left = lane.other.examine("tester@here", false).await.unwrap();
        assert_eq!(left, vec![]);
    }
}
