//! An organization's whole life from the keyboard, on every database and size.

use std::time::Duration;

use crate::support::{access::OwnDatabase, mongod, pty::Console};

const NARROW: (u16, u16) = (80, 24);
const WIDE: (u16, u16) = (120, 40);
const PASSWORD: &str = "violet harbor lantern 42";
/// Empties the field that is being typed in.
const CLEAR: &str = "\x15";
const SUBMIT: &str = "\x13";

fn whole_life(arguments: &[&str], size: (u16, u16)) {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(arguments, size, home.path());
    console.see("No organizations.");
    console.see("0 organizations");

    console.send("n");
    console.see("New organization");
    console.send("acme_corp\r");
    console.send("ada@acme\r");
    console.see("Invalid e-mail address");
    console.send("\x1b[Z.com\r");
    console.send(&format!("{PASSWORD}\r"));
    console.see("Created “acme_corp”");
    console.see("1 organization");
    console.see("ada@acme.com");

    console.send("\r");
    console.see("org_acme_corp");
    console.send("\x1b[C\x1b[C");
    console.see("Org data goes here");
    console.send("\x1b[D\x1b[D\x1b");

    console.send("/");
    console.send("nothing like it");
    console.see("No match for");
    console.send(CLEAR);
    console.send("ACME");
    console.see("acme_corp");
    console.send("\r\x1b");
    console.see("/ filter");

    console.send("e");
    console.see("Edit acme_corp");
    console.send(CLEAR);
    console.send("Globex & Söhne");
    console.send(SUBMIT);
    console.see("Renamed “acme_corp” to “Globex & Söhne”");

    console.send("e");
    console.see("Edit Globex & Söhne");
    console.send("\t");
    console.send(CLEAR);
    console.send("eve@globex.com");
    console.send(SUBMIT);
    console.see("Log in as an admin of Globex & Söhne");
    console.send("not the password at all\r");
    console.see("Wrong e-mail or password");
    console.send(&format!("{PASSWORD}\r"));
    console.see("Updated “Globex & Söhne”");
    console.see("eve@globex.com");

    to_the_trash_and_back(&mut console);
    suspended_and_active_again(&mut console);

    console.send("D");
    console.see("Purge Globex & Söhne, skipping the trash?");
    console.see("1  document");
    console.send("globex\r");
    console.see("The name does not match");
    console.send(CLEAR);
    console.send("\x1b");
    console.see_no_more("Purge Globex & Söhne, skipping the trash?");
    purged(&mut console);

    console.send("q");
    assert_eq!(console.ends_within(Duration::from_secs(1)), 0);
    console.is_given_back();
    let bytes = console.bytes();
    assert!(
        !bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()),
        "the password was never on the screen"
    );
}

/// The name everything is done to from here on.
const NAME: &str = "Globex & Söhne";

fn to_the_trash_and_back(console: &mut Console) {
    // Its admin is logged in still.
    console.send("d");
    console.see(&format!("Move {NAME} to the trash?"));
    console.see("Kept for 30 days, until");
    console.see("1  document");
    console.send("\r");
    console.see(&format!("Moved “{NAME}” to the trash until"));
    console.see("No organizations.");
    console.see_no_more("eve@globex.com");

    // Its name stays its own.
    console.send(&format!("n{NAME}\t"));
    console.see("Restore or purge the one");
    console.send("\x1b");
    console.see("What you typed is not saved");
    console.send("\x1b");
    console.see_no_more("Restore or purge the one");

    console.send("t");
    console.see("1 in the trash");
    // The number may be there before the row.
    console.see("▌Globex & Söhne");
    console.see("eve@globex.com");
    console.send("\r");
    console.see("days left");
    console.send("\x1b[C\x1b[C");
    console.see("Org data goes here");
    console.send("\x1b[D\x1b[D");
    console.see("days left");
    console.send("\x1b");
    console.send("R");
    console.see(&format!("Restored “{NAME}”"));
    console.see("The trash is empty");
    console.send("t");
    console.see("1 organization");
    console.see("▌Globex & Söhne");
    console.send("\r\x1b[C\x1b[C");
    console.see("Org data goes here");
    console.send("\x1b[D\x1b[D\x1b");
    console.see("/ filter");
}

fn suspended_and_active_again(console: &mut Console) {
    console.send("s");
    console.see(&format!("Suspend {NAME}?"));
    console.send("\r");
    console.see(&format!("Suspended “{NAME}”"));
    console.see("◌");
    console.send("L");
    console.see("redeem a code");
    console.send(&format!("{PASSWORD}\r"));
    console.see("Reactivate it first");
    console.send("\x1b");
    console.see_no_more("Reactivate it first");
    console.send("s");
    console.see(&format!("Reactivated “{NAME}”"));
    console.see_no_more("◌");
    console.send("L");
    console.see("redeem a code");
    console.send(&format!("{PASSWORD}\r"));
    console.see("Logged in as eve@globex.com");
}

fn purged(console: &mut Console) {
    console.send("d");
    console.see(&format!("Move {NAME} to the trash?"));
    console.send(SUBMIT);
    console.see(&format!("Moved “{NAME}” to the trash until"));
    console.send("t");
    console.see("1 in the trash");
    // The number may be there before the row.
    console.see("▌Globex & Söhne");
    console.send("d");
    console.see(&format!("Purge {NAME}?"));
    console.send("not the password at all\r");
    console.send(&format!("{NAME}\r"));
    console.see("Wrong e-mail or password");
    console.send(PASSWORD);
    console.send(SUBMIT);
    console.see(&format!("Purged “{NAME}”"));
    console.see("The trash is empty");
    console.send("\x1b");
    console.see("No organizations.");
}

#[test]
fn a_whole_life_on_the_embedded_database_narrow() {
    whole_life(&[], NARROW);
}

#[test]
fn a_whole_life_on_the_embedded_database_wide() {
    whole_life(&[], WIDE);
}

#[tokio::test]
async fn a_whole_life_on_a_standalone_server_narrow() {
    let database = OwnDatabase::on(mongod::standalone(), "life").await;
    whole_life(&["--uri", &database.uri, "--database", database.name()], NARROW);
}

#[tokio::test]
async fn a_whole_life_on_a_replica_set_wide() {
    let database = OwnDatabase::on(mongod::replica_set().await, "life").await;
    whole_life(&["--uri", &database.uri, "--database", database.name()], WIDE);
}

#[test]
fn a_demo_is_full_at_once_and_says_whom_to_log_in_as() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(&["--demo"], NARROW, home.path());
    console.see("36 organizations");
    console.see("demo login");
    console.send("q");
    assert_eq!(console.ends_within(Duration::from_secs(1)), 0);
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "it leaves nothing behind");
}

#[test]
fn a_server_that_is_not_there_is_said_and_tried_again() {
    let home = tempfile::tempdir().unwrap();
    let port = mongod::free_port();
    let uri = format!("mongodb://127.0.0.1:{port}");
    let mut console = Console::start(&["--uri", &uri], NARROW, home.path());
    console.see("127.0.0.1");
    console.see("Cannot reach");
    console.see("r retry");
    // A refusal is there at once: what is to be waited for takes the connection and says nothing.
    let _silent = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    console.send("r");
    console.see_no_more("Cannot reach");
    console.send("\x1b");
    console.see("Cancelled");
    console.send("q");
    assert_eq!(console.ends_within(Duration::from_secs(1)), 0);
}

#[test]
fn two_consoles_on_one_file_see_each_others_work() {
    let home = tempfile::tempdir().unwrap();
    let mut one = Console::start(&[], NARROW, home.path());
    one.see("No organizations.");
    let mut two = Console::start(&[], NARROW, home.path());
    two.see("No organizations.");
    one.send("nacme\rada@acme.com\r");
    one.send(&format!("{PASSWORD}\r"));
    one.see("Created “acme”");
    two.send("r");
    two.see("ada@acme.com");
    two.send("nAcme\rbob@acme.com\r");
    two.see("Name “Acme” is taken by “acme”");
}

#[test]
fn any_size_is_drawn_and_a_storm_of_sizes_is_survived() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(&["--demo"], WIDE, home.path());
    console.see("36 organizations");
    for size in [(1, 1), (39, 9), (40, 10), (200, 60), (80, 2), (2, 80), (100, 30)] {
        console.resize(size.0, size.1);
    }
    console.see("36 organizations");
    console.send("?");
    console.see("Keys in the list");
    console.send("\x1bq");
    assert_eq!(console.ends_within(Duration::from_secs(1)), 0);
}
