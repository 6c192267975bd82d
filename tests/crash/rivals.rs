//! Two consoles on the same organization, the second with something *else* in mind: at every command of
//! the first one it comes in between, once leaving alone what it finds under way and once finishing it.
//! Whatever came of both, it is what would have come of one after the other.

use std::time::Duration;

use bson::oid::ObjectId;

use crate::{
    held::{Case, Lane, Outcome, Wanted, begin},
    late_matrix::{NEXT, Next, Scenario, is_whole, scenarios, turn, work_off},
    matrix::OneIn,
    operation::{Operation, Says, What, console, says, wrong_word},
    proxy::{Client, Command},
    world::World,
};

/// The other console finishes what it finds under way, or leaves it alone.
const LEASES: [Duration; 2] = [Duration::ZERO, Duration::from_secs(10)];

/// One operation, and another console that comes in between.
struct Meeting {
    at: usize,
    scenario: Scenario,
    /// For how long the other one leaves alone what it finds under way: one after the other.
    leases: &'static [Duration],
    wanted: Wanted,
    next: Option<&'static [Next]>,
}

async fn meet(lane: &Lane, meeting: &Meeting, skip: usize) -> Option<Case> {
    let Meeting { at, scenario, leases, wanted, next } = meeting;
    let (lease, next) = (turn(leases, skip, *at), next.unwrap_or(NEXT[(skip + at) % NEXT.len()]));
    let org = ObjectId::new();
    let world = lane.prepare(&scenario.before(org)).await;
    let operation = scenario.what.clone().on(org);
    let stuck = match begin(lane, &operation, Client::Waits, skip, *wanted).await {
        Outcome::Stuck(stuck) => stuck,
        Outcome::Through(said) => {
            assert_eq!(said, Ok(()), "{operation:?}");
            return None;
        }
    };
    let title = format!("{lease:?}, {skip}: {}, then {next:?}", stuck.held.command);
    let mut case = Case { title, ..Case::default() };
    let rival = console(lane.server.uri(), &lane.place, lease).await;
    let mut all = Vec::new();
    for next in next {
        // It does not know what became of the first one, and finds out, unless that is half-done.
        let there = World::look(&lane.place, &rival).await;
        let now = if there.beside.is_empty() { there } else { world.clone() };
        for other in next.operations(&now, org, &world, &scenario.what) {
            let said = other.run(&rival).await;
            if said.is_ok() && matches!(other.what, What::Create { .. }) {
                Lane::told(std::slice::from_ref(&other)).fill(&lane.place, other.org).await;
            }
            all.push((other, said));
        }
    }
    let (_, answer) = stuck.arrives().await;
    let answer = answer.unwrap();
    let there = lane.settled_at_last().await;
    let done: Vec<&Operation> =
        all.iter().filter(|(_, said)| said.is_ok()).map(|(other, _)| other).collect();
    let with = one_after_the_other(&world, &done, Some(&operation));
    let without = one_after_the_other(&world, &done, None);
    let expected = match says(&answer) {
        Says::Done => with.clone(),
        Says::NotDone => without.clone(),
        Says::Nothing => [with.clone(), without.clone()].concat(),
    };
    if !expected.contains(&there) {
        let unlike = expected.first().map(|expected| expected.unlike(&there)).unwrap_or_default();
        case.wrong(&format!("{answer:?}, and of the other {all:?}"), &format!("{unlike}\n"));
    }
    // Where both are the same in the end, the log alone knows.
    for (operation, may_have) in [(&operation, (with.contains(&there), without.contains(&there)))]
        .into_iter()
        .chain(all.iter().map(|(other, said)| (other, (said.is_ok(), said.is_err()))))
    {
        let said = operation.last_word(&lane.place).await;
        let lies = |happened| wrong_word(said.as_deref(), happened);
        let lie = match may_have {
            (true, false) => lies(true),
            (false, true) => lies(false),
            _ => None,
        };
        case.wrong("the audit log", &lie.unwrap_or_default());
    }
    case.documents = there.documents();
    Some(case)
}

/// What may be there: the others in their order, and this one anywhere among them.
fn one_after_the_other(
    before: &World,
    others: &[&Operation],
    operation: Option<&Operation>,
) -> Vec<World> {
    let places = if operation.is_some() { others.len() + 1 } else { 1 };
    let in_order = |place: usize| {
        let mut all = others.to_vec();
        all.splice(place..place, operation);
        let mut world = before.clone();
        for one in all {
            if !world.allows(one) {
                return None;
            }
            world.apply(one);
            let is_the_others = operation.is_none_or(|operation| operation.org != one.org);
            if matches!(one.what, What::Create { .. }) && is_the_others {
                world.tenants.get_mut(&one.org).unwrap().is_filled(one.org);
            }
        }
        Some(world)
    };
    (0..places).filter_map(in_order).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_consoles_come_to_what_one_after_the_other_would() {
    let mut meetings = Vec::new();
    for (at, scenario) in scenarios().into_iter().enumerate() {
        let each: &[&'static [Duration]] =
            if is_whole() { &[&LEASES[..1], &LEASES[1..]] } else { &[&LEASES] };
        for leases in each.iter().copied() {
            let meeting = |wanted: Wanted, next| {
                let scenario = scenario.clone();
                Meeting { at, scenario, leases, wanted, next }
            };
            meetings.push(meeting(Command::writes, None));
            if is_whole() {
                meetings.push(meeting(Command::reads, None));
                meetings.extend(NEXT[..5].iter().map(|next| meeting(Command::writes, Some(next))));
            }
        }
    }
    work_off(meetings, |meeting| meeting.scenario.name, |_| OneIn::ALL, meet).await;
}
