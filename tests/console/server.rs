//! What the console does with a MongoDB that goes away, and with a database of the service before it.

use bson::doc;

use crate::{
    fixture::{PASSWORD, Scratch},
    support::{
        LESS_THAN_A_WAIT, LESS_THAN_TWO_WAITS, Stopwatch,
        access::{self, OwnDatabase},
        mongod::{self, Mongod},
        pty::Console,
    },
};

const SIZE: (u16, u16) = (100, 30);
const SUBMIT: &str = "\x13";
const CLEAR: &str = "\x15";

#[test]
fn a_server_that_dies_under_a_form_loses_nothing_that_was_typed() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Mongod::start(&[]);
    let mut console = Console::start(&["--uri", &server.uri()], SIZE, home.path());
    console.see("No organizations.");
    console.send("nacme_corp\rada@acme.com\rviolet harbor lantern 42");
    console.see("•••");
    server.kill();
    let killed = Stopwatch::started();
    console.send(SUBMIT);
    console.see("Check that the database is");
    // Asked once, and not again for each thing that comes before and after.
    assert!(killed.elapsed() < LESS_THAN_TWO_WAITS, "{:?}", killed.elapsed());
    assert!(console.screen().contains("acme_corp") && console.screen().contains("ada@acme.com"));
    server.restart();
    console.send(SUBMIT);
    console.see("Created “acme_corp”");
    console.see("1 organization");
}

#[test]
fn a_console_that_lost_its_server_says_so_and_when_it_is_back() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Mongod::start(&[]);
    let mut console = Console::start(&["--uri", &server.uri()], SIZE, home.path());
    console.see("No organizations.");
    // No key is pressed.
    server.kill();
    console.see("lost since");
    console.see("Cannot reach");
    server.restart();
    console.see("Reconnected to the database");
    console.see_no_more("lost since");
    // One that says nothing any more is found out by whoever asks it something.
    server.freezes();
    let frozen = Stopwatch::started();
    console.send("r");
    console.see("no response");
    assert!(frozen.elapsed() < LESS_THAN_TWO_WAITS, "{:?}", frozen.elapsed());
    console.see("lost since");
    server.goes_on();
    console.see("Reconnected to the database");
    console.see_no_more("lost since");
}

#[test]
fn waiting_for_a_dead_server_can_be_left_at_once() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Mongod::start(&[]);
    let mut console = Console::start(&["--uri", &server.uri()], SIZE, home.path());
    console.see("No organizations.");
    server.kill();
    console.send("nacme\rada@acme.com\rviolet harbor lantern 42");
    console.send(SUBMIT);
    console.see("creating");
    console.send("\x1b");
    console.see("Cancelled");
    console.send("\x03");
    assert_eq!(console.ends_within(LESS_THAN_A_WAIT), 0);
    console.is_given_back();
}

#[test]
fn a_database_of_the_old_service_is_used_as_it_is() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scratch = runtime.block_on(async {
        let scratch = Scratch::on(mongod::standalone(), "console_legacy").await;
        scratch.add_legacy("acme_corp", "org_acme_corp", "Ada@Acme.COM").await;
        let evil = "\u{1b}]0;owned\u{7}\u{202e}evil";
        scratch.add_legacy(evil, "org_evil", "eve@example.com").await;
        drop(scratch.open().await);
        scratch
    });
    let home = tempfile::tempdir().unwrap();
    let arguments = ["--uri", &scratch.uri, "--database", scratch.db.name()];
    let mut console = Console::start(&arguments, SIZE, home.path());
    console.see("2 organizations");
    console.see("\\u{1b}]0;owned");
    assert!(!console.bytes().windows(4).any(|bytes| bytes == b"\x1b]0;"), "no title was set");

    // The one with the hostile name sorts first. It gets a name people can type …
    console.send("e");
    console.see("new password");
    console.send(CLEAR);
    console.send("harmless");
    console.send(SUBMIT);
    console.see("to “harmless”");
    // … and its admin, whom the old service made, deletes it past the trash.
    console.send("D");
    console.see("Log in as an admin of harmless");
    console.send(&format!("{PASSWORD}\r"));
    console.see("Type its name");
    console.send("harmless\r");
    console.see("Purged “harmless”");
    console.see("1 organization");
    console.send("q");
    assert_eq!(console.ends_within(LESS_THAN_A_WAIT), 0);

    runtime.block_on(async {
        let admins = scratch.collection::<bson::Document>("admins");
        assert_eq!(admins.count_documents(doc! {}).await.unwrap(), 1);
        let mut collections = scratch.db.list_collection_names().await.unwrap();
        collections.retain(|name| name.starts_with("org_"));
        assert_eq!(collections, ["org_acme_corp"]);
    });
}

#[test]
fn what_the_old_service_gave_away_meanwhile_comes_back_under_another_name() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scratch = runtime.block_on(async {
        let scratch = Scratch::on(mongod::standalone(), "console_given_away").await;
        scratch.add_legacy("acme", "org_acme", "ada@acme.com").await;
        drop(scratch.open().await);
        scratch
    });
    let home = tempfile::tempdir().unwrap();
    let arguments = ["--uri", &scratch.uri, "--database", scratch.db.name()];
    let mut console = Console::start(&arguments, SIZE, home.path());
    console.see("1 organization");
    // The number may be there before the row.
    console.see("▌acme");
    console.send("d");
    console.see("Log in as an admin of acme");
    console.send(&format!("{PASSWORD}\r"));
    console.see("Kept for 30 days");
    console.see("1  document");
    console.send("\r");
    console.see("Moved “acme” to the trash until");
    runtime.block_on(scratch.add_legacy("acme", "org_acme", "eve@acme.com"));
    console.send("t");
    console.see("1 in the trash");
    console.see("▌acme");
    console.send("R");
    console.see("Restore acme under another name");
    console.see("Choose another name");
    console.send("_before\r");
    console.see("Restored “acme” as “acme_before”");
    console.see("The trash is empty");
    console.send("\x1b");
    console.see("2 organizations");
    console.see("▌acme_before");
    // The other one is above it.
    console.send("k");
    console.see("eve@acme.com");
    console.send("q");
    assert_eq!(console.ends_within(LESS_THAN_A_WAIT), 0);
    let names = runtime.block_on(async { scratch.db.list_collection_names().await.unwrap() });
    for wanted in ["org_acme", "org_acme_before"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted} in {names:?}");
    }
    assert!(!names.iter().any(|name| name.starts_with("trash_")), "{names:?}");
}

#[tokio::test]
async fn what_the_databases_user_may_not_do_is_said_and_can_be_tried_again_once_granted() {
    let database = OwnDatabase::on(mongod::standalone(), "console_rights").await;
    let without = |action: &str| {
        let mut few = access::actions(access::ALL);
        few.retain(|other| other != action);
        few
    };
    database.grant(&without("find")).await;
    let home = tempfile::tempdir().unwrap();
    let arguments = ["--uri", &database.uri, "--database", database.name()];
    let mut console = Console::start(&arguments, SIZE, home.path());
    console.see("may not do “find”");
    console.see("tenantry help mongodb");
    database.grant(&without("insert")).await;
    console.send("r");
    console.see("No organizations.");
    console.send("nacme\rada@acme.com\rviolet harbor lantern 42");
    console.send(SUBMIT);
    console.see("“insert” on");
    console.see("--read-only");
    database.grant(&access::actions(access::ALL)).await;
    console.send(SUBMIT);
    console.see("Created “acme”");
}
