//! The program is killed at each step of each deed, and started again: what it was told was done is
//! there, nothing is half-done, and the record says of what happened that it did, once, and of nothing
//! else.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use tenantry::failpoint::{SQLITE_COMMITTED, SQLITE_STEP, STEPS};
use tenantry::store::{Entry, Outcome, Store, untold};

use crate::deeds::{self, Deed, home_with, run, wait};
use crate::fixture::{View, assert_sound, documents_in, open, record, view};
use crate::tool::Home;

/// How many steps from the beginning and from the end are all tried, and how many between them.
const SPREAD: (usize, usize) = (10, 20);
/// The same where each run takes the time of a hash.
const THIN_SPREAD: (usize, usize) = (5, 8);

/// What became of the runs that were cut off.
#[derive(Default)]
struct Tally {
    points: usize,
    undone: usize,
    done: usize,
    documents: usize,
}

fn killed_at_every_step(name: &str, deed: &Deed) {
    let directory = tempfile::tempdir().unwrap();
    let template = deed.template(directory.path());
    let (before, after) = deed.before_and_after(&template);
    let steps = steps(deed, &template, &directory.path().join("steps"));
    assert!(steps > 20, "{name}: {steps}");

    let mut tally = Tally::default();
    for step in spread(steps, if deed.hashes { THIN_SPREAD } else { SPREAD }) {
        let home = home_with(&template);
        let cut_off = format!("{SQLITE_STEP}={step}*off->return");
        let output = deed.run(&home, None, &[("FAILPOINTS", &cut_off)]);
        assert_eq!(output.status.signal(), Some(9), "{name} at {step} of {steps}: {output:?}");
        let at = format!("{name} killed at step {step} of {steps}");
        settled(deed, &home, (&before, &after), false, &at, &mut tally);
    }
    // A login is written too, before the deed; and a repair is recorded after it.
    let mut committed: Vec<Home> = Vec::new();
    loop {
        let home = home_with(&template);
        let cut_off = format!("{SQLITE_COMMITTED}={}*off->return", committed.len());
        let output = deed.run(&home, None, &[("FAILPOINTS", &cut_off)]);
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
        settled(deed, home, (&before, &after), number == done, &at, &mut tally);
    }

    assert!(tally.undone > 0 || deed.settles, "{name}");
    println!(
        "{name}: {steps} steps; killed at {} of them, {} undone and {} done; {} documents found again",
        tally.points, tally.undone, tally.done, tally.documents
    );
}

/// The next start finds all of it or nothing, and goes on.
fn settled(
    deed: &Deed,
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
        store.upgrade(&untold).await.unwrap();
        store.recover().await.unwrap();
        store.purge_expired(false).await.unwrap();
        (store.examine(false).await.unwrap(), record(&store).await)
    });
    let found = view(&path);
    recorded(deed, &entries, found == *after, at);
    tally.points += 1;
    tally.documents += documents_in(&found);
    if found == *after {
        tally.done += 1;
    } else {
        assert!(!done && !deed.settles && found == *before, "{at}: {found:#?}");
        tally.undone += 1;
    }
    assert_eq!(findings.is_empty(), found == *after || !deed.is_repair(), "{at}: {findings:?}");
    // What a repair puts aside is nobody's.
    if !deed.is_repair() {
        assert_sound(&path);
    }
    // Where each run takes the time of a hash, few are done again.
    if found != *after && (!deed.hashes || tally.points % 8 == 1) {
        let again = deed.run(home, None, &[]);
        assert!(again.status.success(), "{at}: {again:?}");
        assert_eq!(view(&path), *after, "{at}");
        recorded(deed, &wait(async { record(&open(&path).unwrap()).await }), true, at);
    } else if found == *after {
        let again = run(home, &["doctor"], None, &[]);
        assert!(again.status.success(), "{at}: {again:?}");
    }
}

/// The record says exactly what happened since the fixture was made.
fn recorded(deed: &Deed, entries: &[Entry], happened: bool, at: &str) {
    let (word, organizations) = deed.recorded;
    let since: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.operator.raw() != "tester@here" || by_itself(entry))
        .collect();
    assert!(since.iter().all(|entry| entry.outcome == Outcome::Done), "{at}: {since:?}");
    let (own, others): (Vec<&Entry>, Vec<&Entry>) =
        since.iter().partition(|entry| entry.action.code() == word);
    assert!(others.iter().all(|entry| entry.action.code() == "log in"), "{at}: {others:?}");
    if deed.is_repair() && happened {
        // It is many small things; that they were mended is recorded when they are.
        assert!(own.len() <= 1, "{at}: {own:?}");
        return;
    }
    let wanted = if happened { organizations } else { 0 };
    assert_eq!(own.len(), wanted, "{at}: {own:?}");
    let about: BTreeSet<_> = own.iter().filter_map(|entry| entry.organization).collect();
    assert_eq!(about.len(), if deed.is_repair() { 0 } else { wanted }, "{at}: {own:?}");
}

/// Whether the store did it unasked, whoever had it open.
fn by_itself(entry: &Entry) -> bool {
    entry.reason.raw() == "its time in the trash was over"
}

/// At how many steps a run of the deed can be cut off.
fn steps(deed: &Deed, template: &Path, number: &Path) -> usize {
    let home = home_with(template);
    let done = deed.run(&home, None, &[(STEPS, number.to_str().unwrap())]);
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
    ($($test:ident: $deed:ident,)+) => {
        $(#[test]
        fn $test() {
            killed_at_every_step(stringify!($test), &deeds::$deed);
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
    suspending: SUSPENDING,
    reactivating: REACTIVATING,
    repairing: REPAIRING,
    bringing_a_file_of_version_2_up_to_date: MIGRATING_FROM_2,
    adding_an_admin: ADDING_AN_ADMIN,
    removing_the_first_admin: REMOVING_THE_FIRST_ADMIN,
    changing_an_admin: CHANGING_AN_ADMIN,
    issuing_a_code: ISSUING_A_CODE,
}
