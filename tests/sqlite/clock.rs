//! A clock that is wrong, in a database that has only the host's: what is in the trash outlives it.

use std::path::Path;

use bson::DateTime;
use rusqlite::Connection;
use tenantry::org::timestamp;

use crate::cases::{run, sql, trashed, version_2};
use crate::tool::Home;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn home(begin: fn(&Path)) -> Home {
    let home = Home::new();
    std::fs::create_dir_all(home.database().parent().unwrap()).unwrap();
    begin(&home.database());
    home
}

/// What a clock that is so far ahead makes of the database, or one that is so far behind.
fn ahead(home: &Home, days: i64) {
    let ago = days * DAY;
    sql(
        &home.database(),
        &format!(
            "UPDATE audit_log SET at = at - {ago};
             UPDATE clock SET at = at - {ago};
             UPDATE organizations SET created_at = created_at - {ago},
                 trashed_at = trashed_at - {ago};"
        ),
    );
}

fn in_trash(home: &Home) -> i64 {
    let raw = Connection::open(home.database()).unwrap();
    let sql = "SELECT count(*) FROM organizations WHERE trashed_at IS NOT NULL";
    raw.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Looks, and writes again and again: the first thing that is done by a wrong clock is no alibi.
fn a_day_with_it(home: &Home) {
    for line in [
        &["org", "list"][..],
        &["org", "suspend", "globex"],
        &["org", "list"],
        &["org", "reactivate", "globex"],
        &["org", "suspend", "globex"],
        &["org", "reactivate", "globex"],
        &["admin", "code", "globex", "bob@globex.com"],
    ] {
        let done = run(home, line, None, &[]);
        assert!(done.status.success(), "{done:?}");
        assert_eq!(in_trash(home), 1, "{line:?}");
    }
}

#[test]
fn a_clock_a_year_ahead_empties_no_trash_before_a_person_has_seen_it() {
    let home = home(trashed);
    ahead(&home, 365);
    let now = DateTime::now();
    a_day_with_it(&home);
    let found = run(&home, &["doctor", "--output", "table"], None, &[]);
    assert_eq!(found.status.code(), Some(1));
    let said = String::from_utf8(found.stdout).unwrap();
    let then = DateTime::from_millis(now.timestamp_millis() - 365 * DAY);
    let day = |time| timestamp(time)[..10].to_owned();
    for time in [then, now] {
        assert!(said.contains(&day(time)), "{said}");
    }
    assert!(said.contains("1 organization stays in the trash"), "{said}");
    assert_eq!(in_trash(&home), 1);
    let fixed = run(&home, &["doctor", "--fix"], None, &[]);
    assert!(fixed.status.success(), "{fixed:?}");
    // Beside the answer, and before anything is gone.
    let said = String::from_utf8(fixed.stderr).unwrap();
    assert!(said.contains(&day(then)) && said.contains(&day(now)), "{said}");
    assert_eq!(in_trash(&home), 0);
    let found = run(&home, &["doctor"], None, &[]);
    assert!(found.status.success(), "{found:?}");
}

#[test]
fn what_a_person_has_seen_once_is_believed_from_then_on() {
    let home = home(trashed);
    ahead(&home, 365);
    assert!(run(&home, &["doctor", "--fix"], None, &[]).status.success());
    let delete = ["org", "delete", "globex", "--as", "bob@globex.com", "--password-stdin", "--yes"];
    assert!(run(&home, &delete, None, &[]).status.success());
    assert_eq!(in_trash(&home), 1);
    // A month in which something is done every other day.
    for _ in 0..16 {
        ahead(&home, 2);
        assert!(
            run(&home, &["admin", "login", "x@x.com", "--password-stdin"], None, &[]).status.code()
                == Some(5)
        );
    }
    assert_eq!(in_trash(&home), 0);
}

#[test]
fn a_clock_that_was_ahead_once_and_is_right_again_purges_nothing_unseen_either() {
    let home = home(trashed);
    ahead(&home, -365);
    // Put back: what it did is in the future now, and what is done now follows it.
    sql(&home.database(), "UPDATE organizations SET trashed_at = 0 WHERE trashed_at IS NOT NULL");
    a_day_with_it(&home);
    assert_eq!(run(&home, &["doctor"], None, &[]).status.code(), Some(1));
}

#[test]
fn an_older_file_says_by_its_organizations_when_something_was_last_done() {
    let home = home(version_2);
    // Made there, and long ago.
    sql(
        &home.database(),
        "UPDATE organizations SET created_at = 1000;
         UPDATE organizations SET trashed_at = 1000, trash_days = 1 WHERE name = 'Acme Corp'",
    );
    a_day_with_it(&home);
}
