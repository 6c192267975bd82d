//! The audit log in a file that somebody tampers with, and what it says of what the program does by itself.

use std::path::Path;
use tenantry::store::traits::*;

use bson::{Bson, Document, doc};
use rusqlite::Connection;
use tenantry::store::{
    AuditAt, AuditQuery, Entry, Head, ListScope, Outcome, Purge, StoreError, Tampering,
    sqlite::SqliteStore,
};

use crate::cases::{run, sql, trashed};
use crate::fixture::{
    WHOLE_AUDIT_LOG, audit_log, file, new_org, open, opened, renamed, verified, view,
};
use crate::support::operations::Operations as _;
use crate::tool::Home;

/// A file with a record of nine entries, of which every other one is about one of two organizations.
async fn nine(path: &Path) -> SqliteStore {
    let store = open(path).unwrap();
    let acme = store.create(&new_org("Acme")).await.unwrap();
    let globex = store.create(&new_org("Globex")).await.unwrap();
    for number in 3..=9 {
        let org = if number % 2 == 0 { &globex } else { &acme };
        store
            .append(&Entry::about("ada@here", format!("deed {number}").as_str(), org))
            .await
            .unwrap();
    }
    assert_eq!(audit_log(&store).await.len(), 9);
    store
}

/// What somebody does to the file, and what was done then.
type Case = (&'static str, Box<dyn Fn(&Connection)>, Tampering);

/// Something else in the place of the fourth entry.
fn instead(name: &'static str, other: impl Fn(Vec<u8>) -> Vec<u8> + 'static) -> Case {
    let tamper = move |raw: &Connection| {
        let stored = "SELECT bson FROM audit_log WHERE number = 4";
        let bson = raw.query_row(stored, [], |row| row.get(0)).unwrap();
        let update = "UPDATE audit_log SET bson = ? WHERE number = 4";
        assert_eq!(raw.execute(update, [other(bson)]), Ok(1));
    };
    (name, Box::new(tamper), Tampering::Edited(4))
}

/// The fourth entry with another value in a field.
fn with(name: &'static str, field: &'static str, value: impl Into<Bson>) -> Case {
    let value = value.into();
    instead(name, move |bson| {
        let mut document = Document::from_reader(bson.as_slice()).unwrap();
        document.insert(field, value.clone());
        document.to_vec().unwrap()
    })
}

/// Documents in documents, as deep as they go into one entry.
fn deep() -> Vec<u8> {
    let mut bson = doc! {}.to_vec().unwrap();
    for _ in 0..15_000 {
        let length = i32::try_from(bson.len() + 8).unwrap().to_le_bytes();
        bson = [&length[..], b"\x03a\0", &bson, b"\0"].concat();
    }
    bson
}

fn no_text(mut bson: Vec<u8>) -> Vec<u8> {
    let operation = bson.windows(5).position(|word| word == b"deed\0").unwrap();
    bson[operation + 9] = 0xff;
    bson
}

/// Things done to the fourth entry, as it is stored.
fn edits() -> Vec<Case> {
    vec![
        with("other text", "deed", "none"),
        with("one field more", "x", 1),
        with("another number", "_id", 5_i64),
        with("a number of another type", "_id", 4_i32),
        with("far too much", "deed", "x".repeat(10_000_000)),
        instead("something behind it", |bson| [bson, vec![0]].concat()),
        instead("an end that is missing", |bson| bson[..bson.len() - 1].to_vec()),
        instead("nothing", |_| Vec::new()),
        instead("no document", |_| b"hello there".to_vec()),
        instead("what is no text", no_text),
        instead("documents in documents", |_| deep()),
    ]
}

/// The same entry, hidden from whoever looks for it; entries taken out, moved and put in.
const MOVES: [(&str, Tampering); 15] = [
    ("UPDATE audit_log SET organization = NULL WHERE number = 4", Tampering::Edited(4)),
    ("UPDATE audit_log SET name = 'Acme' WHERE number = 4", Tampering::Edited(4)),
    ("UPDATE audit_log SET name = CAST(x'ff' AS TEXT) WHERE number = 4", Tampering::Edited(4)),
    ("UPDATE audit_log SET at = 0 WHERE number = 4", Tampering::Edited(4)),
    ("UPDATE audit_log SET entry = x'00' WHERE number = 4", Tampering::Edited(4)),
    (
        "UPDATE audit_log SET number = -1 WHERE number = 4;
         UPDATE audit_log SET number = 4 WHERE number = 5;
         UPDATE audit_log SET number = 5 WHERE number = -1;",
        Tampering::Edited(4),
    ),
    ("DELETE FROM audit_log WHERE number = 4", Tampering::Removed(4)),
    ("DELETE FROM audit_log WHERE number = 1", Tampering::Removed(1)),
    ("DELETE FROM audit_log WHERE number < 9", Tampering::Removed(1)),
    (
        "DELETE FROM audit_log WHERE number = 4;
         UPDATE audit_log SET number = -number WHERE number > 4;
         UPDATE audit_log SET number = -number - 1 WHERE number < 0;",
        Tampering::Edited(4),
    ),
    ("UPDATE audit_log SET number = 12 WHERE number = 4", Tampering::Removed(4)),
    (
        "INSERT INTO audit_log SELECT 0, x'01', organization, name, at, bson FROM audit_log
         WHERE number = 4",
        Tampering::Edited(1),
    ),
    ("INSERT INTO audit_log VALUES (-7, x'01', NULL, NULL, NULL, x'')", Tampering::Edited(1)),
    (
        "INSERT INTO audit_log SELECT 10, x'01', organization, name, at, bson FROM audit_log
         WHERE number = 4",
        Tampering::Edited(10),
    ),
    ("INSERT INTO audit_log VALUES (12, x'01', NULL, NULL, NULL, x'')", Tampering::Removed(10)),
];

/// An entry in place of the fourth that is sound by itself, by somebody who knows how.
fn forge(raw: &Connection) {
    let before: Vec<u8> =
        raw.query_row("SELECT bson FROM audit_log WHERE number = 3", [], |row| row.get(0)).unwrap();
    let head = Head::from_document(&Document::from_reader(before.as_slice()).unwrap());
    let entry = Entry::new("eve@there", "nothing");
    let bson = head.followed_by(&entry).unwrap().to_vec().unwrap();
    raw.execute(
        "UPDATE audit_log SET (entry, organization, name, at, bson) = (?, NULL, '', ?, ?) \
         WHERE number = 4",
        (entry.id.bytes(), entry.at.timestamp_millis(), bson),
    )
    .unwrap();
}

fn cases() -> Vec<Case> {
    let moves = MOVES.map(|(sql, tampering)| -> Case {
        (sql, Box::new(move |raw: &Connection| raw.execute_batch(sql).unwrap()), tampering)
    });
    let forged: Case = ("another in its place", Box::new(forge), Tampering::Inserted(5));
    edits().into_iter().chain(moves).chain([forged]).collect()
}

#[tokio::test]
async fn whatever_somebody_does_to_the_audit_log_is_named_and_hides_nothing() {
    for (name, tamper, tampering) in cases() {
        let (_directory, path) = file();
        let store = nine(&path).await;
        let raw = Connection::open(&path).unwrap();
        tamper(&raw);
        let rows: usize =
            raw.query_row("SELECT count(*) FROM audit_log", [], |row| row.get(0)).unwrap();
        let last: i64 =
            raw.query_row("SELECT max(number) FROM audit_log", [], |row| row.get(0)).unwrap();
        for reader in [&store, &opened(&path, true).unwrap()] {
            let found = reader.entries(&WHOLE_AUDIT_LOG).await.unwrap();
            assert_eq!(verified(&found), Err(tampering.clone()), "{name}");
            assert_eq!(found.len(), rows, "{name}");
            let newest = AuditQuery { at: AuditAt::Newest, ..WHOLE_AUDIT_LOG };
            assert_eq!(reader.entries(&newest).await.unwrap().len(), rows, "{name}");
        }
        // Nothing stops whoever works with it meanwhile, and it does not make the audit log sound again.
        let initech = store.create(&new_org("Initech")).await.unwrap();
        store.suspend(&initech, true).await.unwrap();
        let found = store.entries(&WHOLE_AUDIT_LOG).await.unwrap();
        assert_eq!(verified(&found), Err(tampering), "{name}");
        let numbers: Vec<i64> =
            found.iter().rev().take(2).map(|entry| entry.get_i64("_id").unwrap()).collect();
        assert_eq!(numbers, [last + 2, last + 1], "{name}");
    }
}

#[tokio::test]
async fn the_doctor_finds_nothing_wrong_with_an_audit_log_and_changes_nothing_in_it() {
    let (_directory, path) = file();
    let store = nine(&path).await;
    let before = store.entries(&WHOLE_AUDIT_LOG).await.unwrap();
    assert_eq!(store.examine("tester@here", true).await, Ok(vec![]));
    assert_eq!(store.entries(&WHOLE_AUDIT_LOG).await.unwrap(), before);
}

#[tokio::test]
async fn an_entry_is_kept_byte_for_byte_as_it_was_hashed() {
    let (_directory, path) = file();
    let store = nine(&path).await;
    let mut head = Head::default();
    let raw = Connection::open(&path).unwrap();
    let mut rows = raw.prepare("SELECT bson FROM audit_log ORDER BY number").unwrap();
    let rows = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    for (bson, stored) in rows.zip(store.entries(&WHOLE_AUDIT_LOG).await.unwrap()) {
        let wanted = head.followed_by(&Entry::from_document(&stored)).unwrap();
        assert_eq!(bson.unwrap(), wanted.to_vec().unwrap());
        assert!(
            matches!(stored["at"], Bson::DateTime(_)) && matches!(stored["_id"], Bson::Int64(_))
        );
        head = Head::from_document(&wanted);
    }
    assert_eq!(head.number, 9);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let (_directory, path) = file();
    let store = nine(&path).await;
    let acme = store.org_named("acme", ListScope::Live).await.unwrap().unwrap();
    let before = view(&path);
    let hidden = "ALTER TABLE audit_log RENAME TO elsewhere";
    for (sabotage, undo) in [
        (hidden, "ALTER TABLE elsewhere RENAME TO audit_log"),
        (
            "INSERT INTO audit_log VALUES (9223372036854775807, x'', NULL, NULL, NULL, x'')",
            "DELETE FROM audit_log WHERE number > 9",
        ),
        (
            "CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN SELECT raise(ABORT, 'no'); END",
            "DROP TRIGGER full",
        ),
    ] {
        sql(&path, sabotage);
        assert!(store.update(&acme, &renamed("Globex Two")).await.is_err(), "{sabotage}");
        assert!(store.create(&new_org("Initech")).await.is_err(), "{sabotage}");
        assert!(store.delete(&acme).await.is_err(), "{sabotage}");
        let trash = store.trash(&acme, 30).await;
        assert!(
            matches!(trash, Err(StoreError::Other(_) | StoreError::Damaged { .. })),
            "{trash:?}"
        );
        assert_eq!(view(&path), before, "{sabotage}");
        sql(&path, undo);
        assert_eq!(audit_log(&store).await.len(), 9, "{sabotage}");
    }
    store.delete(&acme).await.unwrap();
    assert_eq!(audit_log(&store).await.len(), 10);
}

#[tokio::test]
async fn what_is_purged_because_its_time_is_over_is_recorded_with_the_reason() {
    let (_directory, path) = file();
    let store = nine(&path).await;
    let acme = store.org_named("acme", ListScope::Live).await.unwrap().unwrap();
    let acme = store.trash(&acme, 30).await.unwrap();
    assert_eq!(store.purge_expired("tester@here", false).await, Ok(Purge::default()));
    sql(&path, "UPDATE organizations SET trashed_at = 0 WHERE trashed_at > 0");
    let other = open(&path).unwrap();
    let (one, two) = tokio::join!(
        store.purge_expired("tester@here", false),
        other.purge_expired("tester@here", false)
    );
    assert_eq!(one.unwrap().purged + two.unwrap().purged, 1);
    let last = audit_log(&store).await.pop().unwrap();
    let wanted = Entry {
        id: last.id,
        at: last.at,
        reason: "its time in the trash had expired".into(),
        ..Entry::about("tester@here", "purge", &acme)
    };
    assert_eq!(last, wanted);
    assert_eq!(last.outcome, Outcome::Done);
    assert_eq!(audit_log(&store).await.len(), 11);
}

/// The audit log outlives what it is about, also for whoever asks by the name it had.
#[test]
fn what_was_done_to_what_is_gone_is_found_by_its_name() {
    let home = Home::new();
    std::fs::create_dir_all(home.database().parent().unwrap()).unwrap();
    trashed(&home.database());
    let purge = ["org", "purge", "acme corp", "--as", "ada@acme.com", "--password-stdin", "--yes"];
    assert!(run(&home, &purge, None, &[]).status.success());
    let listed = run(&home, &["audit", "list", "--org", "Acme Corp"], None, &[]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    for operation in ["create", "trash", "purge"] {
        assert!(listed.contains(&format!("\"{operation}\"")), "{listed}");
    }
    let sound = run(&home, &["audit", "verify"], None, &[]);
    assert!(sound.status.success(), "{sound:?}");
    sql(&home.database(), "UPDATE audit_log SET bson = x'' WHERE number = 2");
    let edited = run(&home, &["audit", "verify"], None, &[]);
    assert!(!edited.status.success(), "{edited:?}");
    let said = [edited.stdout, edited.stderr].concat();
    assert!(String::from_utf8(said).unwrap().contains("entry 2 was edited"));
}
