//! Names that another program stored to mislead whoever reads them: shown by all, acted out by none.

use serde_json::Value;
use tenantry::org::is_hidden;

use crate::tool::{Home, Outcome, PASSWORD};

/// Clears the screen, sets the clipboard, turns the line round, and hides.
const NAME: &str =
    "evil\u{1b}[2J\u{1b}]52;c;eA==\u{7}\u{9b}31m\u{202e}\u{200b}\r\n\u{7f}\u{e0041}corp";
const EMAIL: &str = "eve\u{1b}[31m\u{2066}@evil.example";

/// A home with an organization stored under [`NAME`], and another one.
fn evil() -> Home {
    let home = Home::new();
    home.create("evil_corp", "eve@evil.example");
    home.create("acme_corp", "ada@acme.com");
    let database = rusqlite::Connection::open(home.database()).unwrap();
    let changed = database
        .execute(
            "update organizations set name = ?1, name_key = ?2, admin_email = ?3 where name = ?4",
            [NAME, &tenantry::org::name_key(NAME), EMAIL, "evil_corp"],
        )
        .unwrap();
    assert_eq!(changed, 1);
    home
}

#[track_caller]
fn harmless(said: Outcome) -> Outcome {
    for text in [&said.out, &said.err] {
        let found = text.chars().find(|c| is_hidden(*c) && *c != '\n');
        assert_eq!(found, None, "{text:?}");
    }
    said
}

#[test]
fn a_table_writes_them_out() {
    let home = evil();
    let said = harmless(home.run(&["org", "list", "--output", "table"]));
    assert_eq!(said.out.lines().count(), 5, "{}", said.out);
    assert!(said.out.contains("evil\\u{1b}[2J"), "{}", said.out);
    let said = harmless(home.run(&["org", "get", NAME, "--output", "table"]));
    assert!(said.out.contains("\\u{202e}"), "{}", said.out);
}

#[test]
fn json_carries_them_whole_and_shows_nothing_hidden() {
    let home = evil();
    let said = harmless(home.run(&["org", "get", NAME]));
    let org: Value = said.json();
    assert_eq!(org["organization_name"], NAME);
    assert_eq!(org["admin_email"], EMAIL);
    let listed = harmless(home.run(&["org", "list", "--sort", "email"])).json();
    assert_eq!(listed["organizations"][1]["organization_name"], NAME);
}

#[test]
fn errors_write_them_out() {
    let home = evil();
    // Its collection is still its own: one with other letters gets another. And so is its e-mail.
    let create = |name, email| {
        let create = ["org", "create", name, "--email", email, "--password-stdin"];
        harmless(home.run_with(&create, PASSWORD))
    };
    let beside = create("Evil Corp", "bob@x.com").json();
    let collection = beside["collection_name"].as_str().unwrap();
    assert!(collection.starts_with("org_evil_corp_") && collection.len() == 22, "{collection}");
    create("other", "eve@evil.example").fails(4, "an admin of “evil\\u{1b}[2J");
    harmless(home.run(&["org", "get", "no\u{1b}[2J\u{202e}body"])).fails(3, "no\\u{1b}[2J");
    harmless(home.run(&["--no\u{1b}[2J\u{202e}flag"]));
}

#[test]
fn they_can_be_renamed_and_deleted() {
    let home = evil();
    let renamed = home.run(&["org", "update", NAME, "--name", "good_corp"]).json();
    assert_eq!(renamed["organization_name"], "good_corp");
    let delete =
        ["org", "delete", "good_corp", "--as", "eve@evil.example", "--password-stdin", "--yes"];
    assert_eq!(home.run_with(&delete, PASSWORD).json()["deleted"], true);
    assert_eq!(home.list()["organizations"].as_array().unwrap().len(), 1);
}
