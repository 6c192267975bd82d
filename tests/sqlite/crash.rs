//! The program is killed at each step of each operation, and started again: what it was told was done is
//! there, nothing is half-done, and the audit log says of what happened that it did, once, and of nothing
//! else.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use tenantry::store::traits::*;

use tenantry::failpoint::{SQLITE_COMMITTED, SQLITE_STEP, STEPS};
use tenantry::store::{Entry, Outcome, no_progress};

use crate::cases::{self, Case, home_with, run, wait};
use crate::fixture::{View, assert_sound, audit_log, documents_in, open, view};
use crate::tool::Home;

/// How many steps from the beginning and from the end are all tried, and how many between them.
const SPREAD: (usize, usize) = (10, 20);
/// The same where each run takes the time of a hash.
const THIN_SPREAD: (usize, usize) = (5, 8);

/// By fewer steps than this one run differs from another: where in an index a random id goes.
const DIFFERENCE: usize = 5;

/// What became of the runs that were cut off.
#[derive(Default)]
struct Tally {
    points: usize,
    undone: usize,
    done: usize,
    documents: usize,
}

fn killed_at_every_step(name: &str, case: &Case) {
    let directory = tempfile::tempdir().unwrap();
    let template = case.template(directory.path());
    let (before, after) = case.before_and_after(&template);
    let steps = steps(case, &template, &directory.path().join("steps"));
    assert!(steps > 20, "{name}: {steps}");

    let mut tally = Tally::default();
    for step in spread(steps, if case.hashes { THIN_SPREAD } else { SPREAD }) {
        let home = home_with(&template);
        let cut_off = format!("{SQLITE_STEP}={step}*off->return");
        let output = case.run(&home, None, &[("FAILPOINTS", &cut_off)]);
        let killed = output.status.signal() == Some(9);
        let through = output.status.success() && step + DIFFERENCE > steps;
        assert!(killed || through, "{name} at {step} of {steps}: {output:?}");
        let at = format!("{name} killed at step {step} of {steps}");
        settled(case, &home, (&before, &after), through, &at, &mut tally);
    }
    // A login is written too, before the operation; and a repair is recorded after it.
    let mut committed: Vec<Home> = Vec::new();
    loop {
        let home = home_with(&template);
        let cut_off = format!("{SQLITE_COMMITTED}={}*off->return", committed.len());
        let output = case.run(&home, None, &[("FAILPOINTS", &cut_off)]);
        if output.status.success() {
            break;
        }
        assert_eq!(output.status.signal(), Some(9), "{name}: {output:?}");
        committed.push(home);
    }
    let done = committed.len();
    assert!(done > 0, "{name}");
    for (number, home) in (1..).zip(&committed) {
        let at = format!("{name} killed after write {number} of {done}");
        settled(case, home, (&before, &after), number == done, &at, &mut tally);
    }

    assert!(tally.undone > 0 || case.settles, "{name}");
    println!(
        "{name}: {steps} steps; killed at {} of them, {} undone and {} done; {} documents found again",
        tally.points, tally.undone, tally.done, tally.documents
    );
}

/// The next start finds all of it or nothing, and goes on.
fn settled(
    case: &Case,
    home: &Home,
    (before, after): (&View, &View),
    done: bool,
    at: &str,
    tally: &mut Tally,
) {
    let path = home.database();
    // What comes before the first write; and then an examination.
    let (findings, entries) = wait(async {
        let store = open(&path).unwrap();
        store.upgrade("tester@here", &no_progress).await.unwrap();
        store.recover("tester@here").await.unwrap();
        store.purge_expired("tester@here", false).await.unwrap();
        (store.examine("tester@here", false).await.unwrap(), audit_log(&store).await)
    });
    let found = view(&path);
    recorded(case, &entries, found == *after, at);
    tally.points += 1;
    tally.documents += documents_in(&found);
    if found == *after {
        tally.done += 1;
    } else {
        assert!(!done && !case.settles && found == *before, "{at}: {found:#?}");
        tally.undone += 1;
    }
    assert_eq!(findings.is_empty(), found == *after || !case.is_repair(), "{at}: {findings:?}");
    // What a repair puts aside is nobody's.
    if !case.is_repair() {
        assert_sound(&path);
    }
    // Where each run takes the time of a hash, few are done again.
    if found != *after && (!case.hashes || tally.points % 8 == 1) {
        let again = case.run(home, None, &[]);
        assert!(again.status.success(), "{at}: {again:?}");
        assert_eq!(view(&path), *after, "{at}");
        recorded(case, &wait(async { audit_log(&open(&path).unwrap()).await }), true, at);
    } else if found == *after {
        let again = run(home, &["doctor"], None, &[]);
        assert!(again.status.success(), "{at}: {again:?}");
    }
}

/// The audit log says exactly what happened since the fixture was made.
fn recorded(case: &Case, entries: &[Entry], happened: bool, at: &str) {
    let (word, organizations) = case.recorded;
    let since: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.operator.raw() != "tester@here" || by_itself(entry))
        .collect();
    assert!(since.iter().all(|entry| entry.outcome == Outcome::Done), "{at}: {since:?}");
    let (own, others): (Vec<&Entry>, Vec<&Entry>) =
        since.iter().partition(|entry| entry.action.code() == word);
    assert!(others.iter().all(|entry| entry.action.code() == "log in"), "{at}: {others:?}");
    if case.is_repair() && happened {
        // It is many small things; that they were mended is recorded when they are.
        assert!(own.len() <= 1, "{at}: {own:?}");
        return;
    }
    let wanted = if happened { organizations } else { 0 };
    assert_eq!(own.len(), wanted, "{at}: {own:?}");
    let about: BTreeSet<_> = own.iter().filter_map(|entry| entry.organization).collect();
    // An operator belongs to no organization.
    let about_none = case.is_repair() || word.ends_with("operator");
    assert_eq!(about.len(), if about_none { 0 } else { wanted }, "{at}: {own:?}");
}

/// Whether the store did it unasked, whoever had it open.
fn by_itself(entry: &Entry) -> bool {
    entry.reason.raw() == "its time in the trash had expired"
}

/// At how many steps a run of the operation can be cut off.
fn steps(case: &Case, template: &Path, number: &Path) -> usize {
    let home = home_with(template);
    let done = case.run(&home, None, &[(STEPS, number.to_str().unwrap())]);
    assert!(done.status.success(), "{done:?}");
    fs::read_to_string(number).unwrap().parse().unwrap()
}

/// The first and the last steps, and some between them.
fn spread(steps: usize, (edge, between): (usize, usize)) -> BTreeSet<usize> {
    (0..edge)
        .chain(steps - edge..steps)
        .chain((0..between).map(|at| edge + at * (steps - 2 * edge) / between))
        .collect()
}

macro_rules! killed {
    ($($test:ident: $case:ident,)+) => {
        $(#[test]
        fn $test() {
            killed_at_every_step(stringify!($test), &cases::$case);
        })+
    };
}

killed! {
    making_the_file: MAKING,
    bringing_an_older_file_up_to_date: MIGRATING,
    creating: CREATING,
    renaming: RENAMING,
    changing_the_email: CHANGING_THE_EMAIL,
    changing_the_password: CHANGING_THE_PASSWORD,
    changing_everything: CHANGING_EVERYTHING,
    moving_to_the_trash: TRASHING,
    deleting: DELETING,
    restoring: RESTORING,
    restoring_under_another_name: RESTORING_UNDER_ANOTHER_NAME,
    purging: PURGING,
    purging_what_was_in_the_trash_for_too_long: EXPIRING,
    purging_what_is_overdue: EXPIRED_BY_COMMAND,
    suspending: SUSPENDING,
    reactivating: REACTIVATING,
    repairing: REPAIRING,
    bringing_a_file_of_version_2_up_to_date: MIGRATING_FROM_2,
    bringing_a_file_of_version_6_up_to_date: MIGRATING_FROM_6,
    bringing_a_file_of_version_7_up_to_date: MIGRATING_FROM_7,
    bringing_a_file_of_version_10_up_to_date: MIGRATING_FROM_10,
    adding_an_operator: ADDING_AN_OPERATOR,
    adding_an_admin: ADDING_AN_ADMIN,
    removing_the_first_admin: REMOVING_THE_FIRST_ADMIN,
    changing_an_admin: CHANGING_AN_ADMIN,
    issuing_a_code: ISSUING_A_CODE,
}
