//! An import that is killed: whole or not at all, and what it left is removed once its time is over.

use std::{os::unix::process::ExitStatusExt as _, path::Path};

use bson::{RawDocumentBuf, doc, oid::ObjectId, rawdoc};
use rusqlite::Connection;
use tenantry::{
    archive::Collection,
    store::{ListScope, Repair, document_channel, no_progress, traits::*},
};

use crate::cases::{home_with, run, sql, two, version_7, wait};
use crate::fixture::{assert_sound, file, made, open, view};

/// How many collections and documents are staged.
fn staged(path: &Path) -> (u64, u64) {
    let count = "SELECT count(*), ifnull(sum(held), 0) FROM collections LEFT JOIN \
                 (SELECT collection, count(*) AS held FROM documents GROUP BY collection) \
                 ON collection = row WHERE name LIKE 'import%'";
    let raw = Connection::open(path).unwrap();
    raw.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

/// Whoever staged it is taken for dead.
const LONG_AGO: &str = "UPDATE imports SET at = at - 61000";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_console_staged_is_removed_after_a_minute() {
    let (_directory, path) = file();
    let before = {
        made(&path).await;
        view(&path)
    };
    let (mut sink, source) = document_channel();
    let slow = open(&path).unwrap();
    let staging = tokio::spawn(async move {
        let bare = Collection {
            name: "org_x".into(),
            uuid: None,
            options: rawdoc! {},
            indexes: Vec::new(),
        };
        slow.stage(ObjectId::new(), &bare, source).await
    });
    let sink = tokio::task::spawn_blocking(move || {
        for n in 0..25_000 {
            let document = RawDocumentBuf::try_from(&doc! { "_id": n, "text": "x".repeat(500) });
            sink.push_blocking(document.unwrap().as_bytes()).unwrap();
        }
        sink
    });
    let mut sink = sink.await.unwrap();
    let there = staged(&path);
    assert!(there.0 == 1 && there.1 > 0, "{there:?}");
    let next = open(&path).unwrap();
    assert_eq!(next.recover("eve@here").await, Ok(0));
    assert_eq!(staged(&path).0, 1);
    assert_eq!(next.examine("eve@here", true).await, Ok(vec![]));
    sql(&path, LONG_AGO);
    // Looking removes nothing, and names it.
    let found = next.examine("eve@here", false).await.unwrap();
    let said: Vec<String> = found.iter().map(|one| one.inconsistency.to_string()).collect();
    assert!(
        said.len() == 1 && said[0].contains(" of an interrupted import in import_"),
        "{said:?}"
    );
    assert_eq!(found[0].repair, Repair::Possible);
    assert_eq!(staged(&path).0, 1);
    let found = next.examine("eve@here", true).await.unwrap();
    assert!(found.len() == 1 && found[0].repair.is_done(), "{found:?}");
    assert_eq!(next.recover("eve@here").await, Ok(0));
    assert_eq!(staged(&path), (0, 0));
    assert_eq!(view(&path), before);
    // One that was only slow cannot go on.
    tokio::task::spawn_blocking(move || {
        let _ = sink.push_blocking(rawdoc! { "_id": -1 }.as_bytes());
        let _ = sink.flush_blocking();
    })
    .await
    .unwrap();
    let why = staging.await.unwrap().unwrap_err();
    assert!(why.to_string().contains("this console was too slow"), "{why}");
    assert_eq!(view(&path), before);
    assert_sound(&path);
}

#[test]
fn the_program_killed_in_an_import_has_all_or_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let template = directory.path().join("template");
    two(&template);
    let home = home_with(&template);
    let archive = home.path("archive");
    let export = ["org", "export", "globex", "--to", archive.to_str().unwrap()];
    let done = run(&home, &export, None, &[]);
    assert!(done.status.success(), "{done:?}");
    let line = ["org", "import", archive.to_str().unwrap(), "--name", "x", "--email", "e@x.com"];
    let (mut whole, mut nothing) = (0, 0);
    for step in 0.. {
        // Each of the first, where little happens in one; then fewer.
        let home = home_with(&template);
        let before = view(&home.database());
        let cut_off = format!("{}={}*off->return", tenantry::failpoint::SQLITE_STEP, step * 7);
        let output = run(&home, &line, None, &[("FAILPOINTS", &cut_off)]);
        let killed = output.status.signal() == Some(9);
        assert!(killed || output.status.success(), "{step}: {output:?}");
        sql(&home.database(), "CREATE TABLE IF NOT EXISTS imports (collection, at)");
        sql(&home.database(), LONG_AGO);
        let there = wait(async {
            let store = open(&home.database()).unwrap();
            store.recover("eve@here").await.unwrap();
            assert_eq!(store.examine("eve@here", false).await, Ok(vec![]), "{step}");
            store.org_named("x", ListScope::Live).await.unwrap().is_some()
        });
        assert_eq!(staged(&home.database()), (0, 0), "{step}");
        assert_sound(&home.database());
        if there {
            whole += 1;
        } else {
            assert_eq!(view(&home.database()), before, "{step}");
            nothing += 1;
        }
        if !killed {
            assert!(there, "{step}");
            break;
        }
    }
    assert!(whole >= 1 && nothing > 5, "{whole} {nothing}");
}

#[test]
fn a_file_of_before_takes_an_import() {
    let (_directory, path) = file();
    version_7(&path);
    wait(async {
        let store = open(&path).unwrap();
        // Nothing is to be removed, and nothing is written to find that out.
        assert_eq!(store.recover("eve@here").await, Ok(0));
        store.upgrade("eve@here", &no_progress).await.unwrap();
        assert_eq!(store.recover("eve@here").await, Ok(0));
    });
    assert_sound(&path);
}
