//! The most dangerous ways that the model of the protocol knows, each led on a real server. Some are in
//! `late` or `replies` under a name of their own.

pub mod commands;
pub mod ways;

use std::{collections::VecDeque, fmt::Write as _, panic::AssertUnwindSafe, sync::Mutex};

use bson::oid::ObjectId;
use futures_util::{FutureExt as _, future::join_all};

use self::{commands::*, ways::*};
use crate::support::hash;
use crate::{
    held::{Case, Lane},
    late::{self, deletes_admins, inserts_admins, inserts_documents, renames, updates_admins},
    operation::{ACME, ADA, BOB, EVE, Operation, REBORN, What},
    replies,
    server::Server,
    support::traces::Trace,
};

/// Ways side by side: most of the time each waits for a lease.
const SIDE_BY_SIDE: usize = 8;

/// Where a trace is led.
enum Led {
    /// By these tests.
    By(&'static [fn()]),
    Here(Vec<Case>),
}

/// Leads one. Whoever adds a trace says here how, or by which test.
#[expect(clippy::too_many_lines, reason = "an arm for each trace")]
async fn lead(lane: &Lane, trace: Trace) -> Led {
    Led::Here(match trace {
        Trace::DropAfterNewCustomer => {
            return Led::By(&[
                late::a_late_drop_of_a_deletion_spares_a_new_customer_of_that_name,
                late::a_late_drop_of_a_purge_spares_a_new_customer_of_that_name,
            ]);
        }
        Trace::DeletionAfterSameName => {
            let same_name = |_| vec![new(ACME, ADA)];
            let renamed = |org| vec![What::rename(REBORN).on(org), new(ACME, EVE)];
            vec![
                held(lane, &[], What::Delete, (renames, 0), same_name).await,
                held(lane, &[What::Trash], What::Delete, (renames, 0), same_name).await,
                of_ours(lane, &[], What::Delete, renames, [renamed, nothing]).await,
            ]
        }
        Trace::DropOfPlaceholder => {
            vec![moved_on(lane, &[]).await, moved_on(lane, &[What::Trash]).await]
        }
        Trace::RenameAfterSameName => {
            let next = |org| vec![What::Trash.on(org), new(ACME, EVE)];
            vec![held(lane, &[], What::rename(REBORN), (renames, 0), next).await]
        }
        Trace::RenameAfterBack => {
            return Led::By(&[late::a_late_rename_moves_nothing_that_was_renamed_back]);
        }
        Trace::SecondRename => {
            let further = |org| vec![What::rename("Acme Third").on(org)];
            vec![
                held(lane, &[], What::rename(REBORN), (renames, 1), nothing).await,
                held(lane, &[], What::rename(REBORN), (renames, 1), further).await,
                in_the_way(lane).await,
            ]
        }
        Trace::SettlingAfterBack => {
            let back = |org| vec![What::rename(ACME).on(org)];
            vec![held(lane, &[], What::rename(REBORN), (settles, 0), back).await]
        }
        Trace::TrashGivenUp => {
            vec![of_ours(lane, &[], What::Trash, renames, [nothing, nothing]).await]
        }
        Trace::TrashAfterRestore => {
            return Led::By(&[
                late::a_late_rename_to_the_trash_takes_nothing_from_a_restored_organization,
            ]);
        }
        Trace::HidingAfterRestore => {
            return Led::By(&[
                late::a_late_step_of_a_move_to_the_trash_hides_no_admin_of_a_living_organization,
            ]);
        }
        Trace::TrashAsleep => {
            let back = |org| vec![What::Restore { name: None }.on(org)];
            let again = |org| vec![What::Trash.on(org)];
            let restore = What::Restore { name: None };
            vec![
                asleep(lane, &[], What::Trash, renames, back).await,
                // There the admins come before the collection, which has a fence of its own.
                asleep(lane, &[What::Trash], restore, renames, again).await,
            ]
        }
        Trace::RestoreAfterTrash => {
            return Led::By(&[late::a_late_rename_of_a_restoration_leaves_the_trash_as_it_is]);
        }
        Trace::ShowingAfterTrash => {
            return Led::By(&[late::a_late_step_of_a_restoration_shows_no_admin_of_the_trash]);
        }
        Trace::FirstDocumentFinished => {
            vec![created(lane, inserts_documents).await]
        }
        Trace::FirstDocumentTakenBack => {
            vec![
                given_up(lane, creation(), inserts_documents, &[new(ACME, EVE)], &[]).await,
                taken_back_creation(lane, inserts_documents).await,
            ]
        }
        Trace::CreationMoves => vec![taken_back_creation(lane, renames).await],
        Trace::TwoCollections => vec![two_collections(lane).await],
        Trace::NewAdminTakenBack => {
            vec![
                given_up(lane, creation(), inserts_admins, &[], &[]).await,
                taken_back_creation(lane, inserts_admins).await,
            ]
        }
        Trace::RemovedAdminInserted => {
            return Led::By(&[late::an_owner_who_was_removed_does_not_come_back]);
        }
        Trace::GivenUpAdminRestored => {
            let restored = |org| vec![What::Trash.on(org), What::Restore { name: None }.on(org)];
            vec![
                of_ours(lane, &[], What::add(BOB), inserts_admins, [restored, nothing]).await,
                of_ours(lane, &[], What::add(BOB), inserts_admins, [nothing, restored]).await,
            ]
        }
        Trace::ShowingAfterSettling => {
            let removed = |org| vec![What::RemoveAdmin { email: BOB }.on(org)];
            let trash = |org| vec![What::Trash.on(org)];
            let mut cases = Vec::new();
            for next in [removed, trash] {
                let mut case = held(lane, &[], What::add(BOB), (updates_admins, 0), next).await;
                case.is_hidden(lane, BOB).await;
                cases.push(case);
            }
            cases
        }
        Trace::RemovalTakenBack => {
            let remove = What::RemoveAdmin { email: BOB };
            vec![of_ours(lane, &[What::add(BOB)], remove, deletes_admins, [nothing, nothing]).await]
        }
        Trace::OlderPassword => return Led::By(&[late::an_older_password_never_holds]),
        Trace::PasswordAsleep => {
            let newer = |org| vec![What::password(&hash("newer")).on(org)];
            vec![asleep(lane, &[], What::password(&hash("older")), updates_admins, newer).await]
        }
        Trace::Reservation => {
            let mut cases = Vec::new();
            for what in [What::rename(REBORN), What::Trash, What::Delete] {
                cases.push(cut(lane, what, reserves).await);
            }
            cases
        }
        Trace::Entry => {
            let mut cases = Vec::new();
            for what in [What::Trash, What::Delete, What::rename(REBORN)] {
                for stops in [false, true] {
                    cases.push(entry(lane, what.clone(), stops).await);
                }
            }
            cases
        }
        Trace::TakingOver => vec![both_take_over(lane).await],
        Trace::AnswerOfSettling => {
            return Led::By(&[replies::whoever_gets_no_answer_is_told_the_truth_in_the_end]);
        }
    })
}

fn new(name: &'static str, email: &'static str) -> Operation {
    What::create(name, email, &hash("new")).on(ObjectId::new())
}

fn nothing(_: ObjectId) -> Vec<Operation> {
    Vec::new()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_most_dangerous_ways_of_the_model_lose_nothing_on_a_real_server() {
    let server = Server::standalone();
    let traces = Mutex::new(VecDeque::from(Trace::ALL.to_vec()));
    let wrong = Mutex::new(String::new());
    let workers = (0..SIDE_BY_SIDE).map(async |_| {
        let lane = Lane::new(&server).await;
        loop {
            let Some(trace) = traces.lock().unwrap().pop_front() else { break };
            let name = format!("{trace:?}: {}", trace.words());
            // One that does not even come to that keeps no other from being led.
            match AssertUnwindSafe(lead(&lane, trace)).catch_unwind().await {
                Err(_) => writeln!(wrong.lock().unwrap(), "{name}\n  panicked").unwrap(),
                Ok(Led::By(tests)) => println!("{name}\n  led by {} other tests", tests.len()),
                Ok(Led::Here(cases)) => {
                    println!("{name}\n  led {} times", cases.len());
                    for case in cases.into_iter().filter(|case| !case.wrong.is_empty()) {
                        writeln!(wrong.lock().unwrap(), "{name}\n{}:\n{}", case.title, case.wrong)
                            .unwrap();
                    }
                }
            }
        }
    });
    join_all(workers).await;
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "\n{wrong}");
}
