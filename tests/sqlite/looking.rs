//! Looking writes nothing: not the file, nor its tables, nor a newer format, nor what is beside it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tenantry::store::traits::*;

use rusqlite::Connection;
use tenantry::org::{name_order, searchable};
use tenantry::store::{
    Count, ListScope, PageAt, PageQuery, Sort, SortKey, UpgradePlan, no_progress,
    sqlite::SqliteStore,
};

use crate::cases::{run, sql, trashed, version_1, version_2, version_6, wait};
use crate::fixture::{WHOLE_AUDIT_LOG, all, assert_sound, file, new_org, on, open, opened, view};
use crate::support::{list::assert_ranked, operations::Operations as _};
use crate::tool::Home;

/// Everything in a directory: names, modes, times of change, and bytes.
fn listing(directory: &Path) -> Vec<(PathBuf, u32, i64, i64, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let file = fs::metadata(&path).unwrap();
            let bytes = fs::read(&path).unwrap();
            (path, file.mode(), file.mtime(), file.mtime_nsec(), bytes)
        })
        .collect();
    all.sort();
    all
}

/// Everything that can be looked at.
async fn look(store: &SqliteStore) {
    for scope in [ListScope::Live, ListScope::Trash] {
        for key in [SortKey::Name, SortKey::Created, SortKey::Email] {
            let sort = Sort { key, ..Sort::default() };
            let (search, at) = (Some("a".into()), PageAt::First);
            store
                .page(&PageQuery { scope, search, best_first: false, sort, at, limit: 10 })
                .await
                .unwrap();
        }
        store.count(scope, Some("c"), 100).await.unwrap();
        for org in on(store, scope).await.unwrap() {
            store.org(org.id).await.unwrap().unwrap();
            store.org_named(org.name.raw(), scope).await.unwrap().unwrap();
            store.admins(&org).await.unwrap();
            store.admin_with_email("ada@acme.com").await.unwrap();
            store.statistics(&org).await.unwrap();
            store.first_documents(&org, 5).await.unwrap();
        }
    }
    store.entries(&WHOLE_AUDIT_LOG).await.unwrap();
    store.examine("tester@here", false).await.unwrap();
    store.needs_upgrade().await.unwrap();
    store.upgrade_plan().await.unwrap();
    store.recover("tester@here").await.unwrap();
}

#[test]
fn looking_at_what_is_not_there_makes_nothing_and_the_first_write_makes_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/tenantry.db");
    wait(async {
        let (store, other) = (open(&path).unwrap(), open(&path).unwrap());
        look(&store).await;
        assert_eq!(store.count(ListScope::Live, None, 10).await, Ok(Count::default()));
        assert_eq!(store.examine("tester@here", true).await, Ok(vec![]));
        store.upgrade("tester@here", &no_progress).await.unwrap();
        assert!(!directory.path().join("a").exists());

        store.create(&new_org("Acme")).await.unwrap();
        assert_eq!(all(&other).await.unwrap().len(), 1);
        other.create(&new_org("Globex")).await.unwrap();
        assert_eq!(all(&store).await.unwrap().len(), 2);
    });
    assert_sound(&path);
}

#[test]
fn looking_at_an_empty_file_leaves_it_empty() {
    let (directory, path) = file();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let before = listing(directory.path());
    wait(async {
        for read_only in [false, true] {
            look(&opened(&path, read_only).unwrap()).await;
        }
        assert_eq!(listing(directory.path()), before);
        open(&path).unwrap().create(&new_org("Acme")).await.unwrap();
    });
    assert_sound(&path);
}

#[test]
fn looking_at_a_file_leaves_it_as_it_is_whatever_waits_in_it() {
    for (journal, mode) in [("wal", 0o600), ("delete", 0o644)] {
        let (directory, path) = file();
        trashed(&path);
        sql(&path, "UPDATE organizations SET trashed_at = 0 WHERE name = 'Acme Corp'");
        let raw = Connection::open(&path).unwrap();
        raw.pragma_update(None, "journal_mode", journal).unwrap();
        drop(raw);
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let before = listing(directory.path());
        for read_only in [false, true] {
            wait(async { look(&opened(&path, read_only).unwrap()).await });
            assert_eq!(listing(directory.path()), before, "{journal} {read_only}");
        }
    }
}

#[test]
fn a_file_of_an_older_version_is_looked_at_as_it_is_and_brought_up_to_date_by_a_write() {
    for (version, begin) in [(1, version_1 as fn(&Path)), (2, version_2), (6, version_6)] {
        let (directory, path) = file();
        begin(&path);
        // What it was made from.
        let made = path.with_extension("made");
        let wanted = view(&made);
        let before = listing(directory.path());
        wait(async {
            for read_only in [false, true] {
                let store = opened(&path, read_only).unwrap();
                look(&store).await;
                assert_eq!(
                    store.upgrade_plan().await,
                    Ok(UpgradePlan { formats: Some((version, 11)), ..UpgradePlan::nothing() })
                );
                assert_eq!(store.examine("tester@here", false).await, Ok(vec![]), "{version}");
                let there = all(&store).await.unwrap().len()
                    + on(&store, ListScope::Trash).await.unwrap().len();
                assert_eq!(there, 2, "{version}");
            }
        });
        assert_eq!(listing(directory.path()), before, "{version}");

        // Another console, of the older version, goes on writing.
        let store = open(&path).unwrap();
        wait(async { look(&store).await });
        sql(
            &path,
            "UPDATE organizations SET name = 'Apex', name_key = 'apex' WHERE name = 'Globex'",
        );
        let seen = wait(store.org_named("apex", ListScope::Live)).unwrap();
        assert!(seen.is_some(), "{version}");
        sql(
            &path,
            "UPDATE organizations SET name = 'Globex', name_key = 'globex' WHERE name = 'Apex'",
        );

        // What asks for an upgrade brings it up to date, and so does a write.
        let other = open(&path).unwrap();
        wait(async {
            look(&other).await;
            store.upgrade("tester@here", &no_progress).await.unwrap();
            assert_eq!(store.upgrade_plan().await, Ok(UpgradePlan::nothing()));
            assert_eq!(other.upgrade_plan().await, Ok(UpgradePlan::nothing()));
        });
        assert_eq!(view(&path), wanted, "{version}");
        wait(other.create(&new_org("Initech"))).unwrap();
        assert_eq!(wait(all(&store)).unwrap().len(), wait(all(&other)).unwrap().len());
        drop((store, other));
        assert_sound(&path);

        let (_directory, path) = file();
        begin(&path);
        wait(async { open(&path).unwrap().create(&new_org("Initech")).await.unwrap() });
        assert_sound(&path);
    }
}

#[test]
fn an_older_file_that_is_gone_takes_nothing() {
    let (_directory, path) = file();
    version_2(&path);
    let store = open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let said = wait(all(&store)).unwrap_err().to_string();
    assert!(said.contains("was moved, deleted or replaced"), "{said}");
    assert!(wait(store.create(&new_org("Lost"))).is_err());
    assert!(!path.exists());
}

#[test]
fn the_commands_say_what_a_write_would_bring_an_older_file_to() {
    let home = Home::new();
    fs::create_dir_all(home.database().parent().unwrap()).unwrap();
    version_2(&home.database());
    let before = listing(home.database().parent().unwrap());
    let dry = run(&home, &["upgrade", "--dry-run", "--output", "table"], None, &[]);
    assert_eq!(
        String::from_utf8(dry.stdout).unwrap(),
        "The upgrade, or the first change, converts the file from format 2 to 11.\n"
    );
    let listed = run(&home, &["org", "list"], None, &[]);
    assert!(String::from_utf8(listed.stdout).unwrap().contains("Globex"));
    assert_eq!(listing(home.database().parent().unwrap()), before);
    let done = run(&home, &["upgrade", "--output", "table"], None, &[]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert_eq!(said, "upgraded the file from format 2 to 11\n");
    let again = run(&home, &["upgrade", "--output", "table"], None, &[]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), "the database is up to date\n");
    let wanted = home.database().with_extension("made");
    assert_eq!(view(&home.database()), view(&wanted));
}

/// More matches than are sorted at once come in the same order, page by page, in both directions.
#[test]
fn what_is_found_of_many_comes_in_order_the_best_first() {
    let (_directory, path) = file();
    wait(async {
        open(&path).unwrap().prepare("tester@here").await.unwrap();
    });
    let mut raw = Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let tx = raw.transaction().unwrap();
    for n in 0..3_000 {
        // Some begin with the text, some have it as a word, and some within one.
        let name = match n % 3 {
            0 => format!("tenant {n:04}"),
            1 => format!("{n:04} Tenant"),
            _ => format!("subtenant {n:04}"),
        };
        let (id, email) = (format!("{n:012}").into_bytes(), format!("a{n}@example.com"));
        tx.execute(
            "INSERT INTO organizations (id, name, name_key, name_order, searchable, collection, admin_id,
                 admin_email, email_key, created_at, database, revision)
             VALUES (?1, ?2, ?2, ?3, ?4, 'org_' || ?5, ?1, ?5, ?5, 0, '', 0)",
            (&id, &name, name_order(&name), searchable(&name, &format!("org_{email}"), [email.as_str()]), &email),
        )
        .unwrap();
    }
    tx.commit().unwrap();
    wait(async {
        let store = open(&path).unwrap();
        assert_ranked(&store, 3_000, &["tenant", "te", "1 tenant", "example"]).await;
    });
}
