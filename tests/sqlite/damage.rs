//! What an examination finds in a file that another program or a bad disk was at, and what it mends.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::cases::{muddled, run, sql, two};
use crate::fixture::{View, assert_sound, documents_in, view};
use crate::tool::Home;

fn home(begin: fn(&Path)) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.database().parent().unwrap()).unwrap();
    begin(&home.database());
    home
}

/// The exit code of an examination, and each finding's code and whether it was repaired.
fn examined(home: &Home, line: &[&str]) -> (Option<i32>, Vec<(String, bool)>) {
    let output = run(home, line, None, &[]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = said["findings"].as_array().unwrap().iter().map(|finding| {
        let code = finding["code"].as_str().unwrap().to_owned();
        (code, finding["repaired"].as_bool().unwrap())
    });
    (output.status.code(), findings.collect())
}

/// The sums over the documents of each collection, whatever it is called.
fn sums(view: &View) -> Vec<String> {
    let mut sums: Vec<String> = view
        .iter()
        .filter_map(|line| line.strip_prefix("collection "))
        .map(|line| line.split(' ').skip(1).collect::<Vec<_>>().join(" "))
        .collect();
    sums.sort();
    sums
}

#[test]
fn everything_that_does_not_belong_together_is_found_and_mended_without_losing_a_document() {
    let home = home(muddled);
    let path = home.database();
    let before = view(&path);
    let codes = [
        "miscounted",
        "collection_without_organization",
        "admin_without_organization",
        "stale",
        "stale",
        "organization_without_collection",
    ];
    let all = |repaired: bool| codes.map(|code| (code.to_owned(), repaired)).to_vec();
    assert_eq!(examined(&home, &["doctor"]), (Some(1), all(false)));
    assert_eq!(view(&path), before);

    assert_eq!(examined(&home, &["doctor", "--fix"]), (Some(0), all(true)));
    assert_eq!(examined(&home, &["doctor"]), (Some(0), vec![]));
    let after = view(&path);
    assert_eq!(documents_in(&after), documents_in(&before));
    let (sums_before, mut sums_after) = (sums(&before), sums(&after));
    // The new collection of the organization that had none.
    let made = sums_after.iter().position(|sum| sum.starts_with("0 ")).unwrap();
    sums_after.remove(made);
    assert_eq!(sums_after, sums_before);
    // `quarantine_org_of_nobody` is somebody else's.
    let raw = Connection::open(&path).unwrap();
    let lost = "SELECT name FROM collections WHERE name LIKE 'quarantine_%' ORDER BY name";
    let mut lost = raw.prepare(lost).unwrap();
    let lost: Vec<String> =
        lost.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(lost, ["quarantine_org_of_nobody", "quarantine_org_of_nobody_2"]);
    let admin: String =
        raw.query_row("SELECT email FROM quarantine_admins", [], |row| row.get(0)).unwrap();
    assert_eq!(admin, "no@body.com");
    // What could not be found or logged in to can be again.
    for line in [
        &["org", "get", "globex"][..],
        &["admin", "login", "bob@globex.com", "--password-stdin"],
        &["org", "update", "acme corp", "--name", "Apex"],
    ] {
        let done = run(&home, line, None, &[]);
        assert!(done.status.success(), "{done:?}");
    }
}

#[test]
fn two_records_that_say_the_same_are_left_to_a_person() {
    let home = home(two);
    sql(&home.database(), "UPDATE organizations SET name = 'ACME corp' WHERE name = 'Globex'");
    let before = view(&home.database());
    let found = (Some(1), vec![("stale".to_owned(), false)]);
    assert_eq!(examined(&home, &["doctor"]), found);
    assert_eq!(examined(&home, &["doctor", "--fix"]), found);
    assert_eq!(view(&home.database()), before);
}

/// Puts garbage on a page of documents that belong to nobody in the trash.
fn damage(path: &Path) {
    let file = fs::read(path).unwrap();
    let holds = |page: &[u8], words: &[u8]| page.windows(words.len()).any(|part| part == words);
    let mut pages = file.chunks(4096);
    let page = pages.position(|page| holds(page, b"Globex 30 ") && !holds(page, b"Acme Corp "));
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[0xa5; 4096], page.unwrap() as u64 * 4096).unwrap();
}

#[test]
fn a_damaged_file_is_said_to_be_and_nothing_is_written() {
    let home = home(two);
    let path = home.database();
    // Something in it has been in the trash for too long as well.
    sql(&path, "UPDATE organizations SET trashed_at = 0, trash_days = 1 WHERE name = 'Acme Corp'");
    damage(&path);
    let before = fs::read(&path).unwrap();
    for line in [&["doctor"][..], &["doctor", "--fix"], &["--read-only", "doctor"]] {
        let (code, findings) = examined(&home, line);
        assert_eq!(code, Some(1));
        assert!(!findings.is_empty());
        assert!(
            findings.iter().all(|found| *found == ("damage".to_owned(), false)),
            "{findings:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), before, "{line:?}");
    }
    // What can be read still is, and what was in the trash is kept for whoever saves it.
    let list = run(&home, &["org", "list", "--trash"], None, &[]);
    assert!(String::from_utf8(list.stdout).unwrap().contains("Acme Corp"));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_counter_that_is_wrong_is_counted_again() {
    let home = home(two);
    sql(&home.database(), "UPDATE collections SET documents = documents + 1");
    let code = |repaired| ("miscounted".to_owned(), repaired);
    assert_eq!(examined(&home, &["doctor"]), (Some(1), vec![code(false), code(false)]));
    assert_eq!(examined(&home, &["doctor", "--fix"]), (Some(0), vec![code(true), code(true)]));
    assert_sound(&home.database());
}
