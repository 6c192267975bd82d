//! With all that the protocol does, nothing goes wrong.

use std::time::Instant;

use crate::{
    mends::Mends,
    scenario::{Bounds, FOLLOWED, FURTHER, RIVALS, Scenario},
    state::{Kind, Legacy, Life},
};

/// Searches them all, and says how much that was.
fn nothing_is_wrong(what: &str, scenarios: &[Scenario], bounds: Bounds) {
    let since = Instant::now();
    let (mut states, mut steps, mut ends) = (0, 0, 0);
    for scenario in scenarios {
        let done = scenario.model(Mends::ALL, bounds, None).search();
        if let Some(wrong) = done.wrong {
            panic!("{scenario:?}: {wrong}");
        }
        states += done.states;
        steps += done.steps;
        ends += done.ends;
    }
    println!(
        "{what}: {} scenarios, {states} states, {steps} steps between them, {ends} ends, {:?}",
        scenarios.len(),
        since.elapsed(),
    );
}

#[test]
fn collections_are_where_they_belong_when_one_command_is_late() {
    nothing_is_wrong("collections, one late command", &Scenario::all(true), FOLLOWED);
}

#[test]
fn admins_are_as_they_should_be_when_one_command_is_late() {
    nothing_is_wrong("admins, one late command", &Scenario::all(false), FOLLOWED);
}

#[test]
fn collections_are_where_they_belong_when_two_take_over_from_each_other() {
    nothing_is_wrong("collections, two late commands", &Scenario::all(true), RIVALS);
}

#[test]
fn admins_are_as_they_should_be_when_two_take_over_from_each_other() {
    let mut scenarios = Scenario::all(false);
    // With a second admin they are three times as many: see below.
    scenarios.retain(|scenario| !scenario.second || scenario.kind == Kind::RemoveAdmin);
    nothing_is_wrong("admins, two late commands", &scenarios, RIVALS);
}

/// Whatever the old service does to itself by a rename beside ours, we move and drop nothing of others.
#[test]
fn nothing_of_the_old_service_is_taken_while_it_is_at_work() {
    let create = |name| Legacy::Create { step: 0, name };
    let rename = Legacy::Rename { step: 0, from: 0, to: 1 };
    let beside = |legacy| {
        let with = move |scenario| Scenario { legacy, ..scenario };
        Scenario::all(true).into_iter().map(with).collect::<Vec<_>>()
    };
    let bounds = Bounds { operations: [1, 1], leases: [1, 2], ..FOLLOWED };
    for (what, legacy) in [("create", create(1)), ("rename", rename)] {
        nothing_is_wrong(&format!("beside the old service's {what}"), &beside(legacy), bounds);
    }
    let recreate =
        Scenario { legacy: create(0), ..Scenario::collections(Kind::Delete, Life::Live) };
    nothing_is_wrong("beside the old service's create after a deletion", &[recreate], bounds);
}

/// Some sixty million states: minutes with `--release`, far longer without. For when the protocol changes.
#[test]
#[ignore = "takes many minutes, and only a change of the protocol can make it fail: then run it with --ignored"]
fn further() {
    for bounds in FURTHER {
        nothing_is_wrong("collections, further", &Scenario::all(true), bounds);
        nothing_is_wrong("admins, further", &Scenario::all(false), bounds);
    }
}
