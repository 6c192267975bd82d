//! A user of the database who may do less than an operation takes.

use serde_json::json;

use crate::{
    support::{
        access::{ALL, OwnDatabase, READING, actions},
        mongod,
    },
    tool::{Home, PASSWORD},
};

#[tokio::test]
async fn what_the_user_may_not_do_is_named_with_what_to_do_about_it() {
    let database = OwnDatabase::on(mongod::standalone(), "few_rights").await;
    let home = Home::on(&database);
    home.create("acme", "ada@acme.com");
    let mut few = actions(ALL);
    few.retain(|action| action != "insert");
    database.grant(&few).await;
    let create = ["org", "create", "globex", "--email", "bob@globex.com", "--password-stdin"];
    let said = home.run_with(&create, PASSWORD);
    said.fails(5, &format!("may not do “insert” on {}\n", database.name()));
    said.fails(5, "→ grant it that (`tenantry help mongodb` has the role), or open it");
    // What cannot be recorded is not done.
    let said = home.run(&["org", "suspend", "acme"]);
    said.fails(5, "it was not done, since it could not be recorded");
    said.fails(5, &format!("may not do “insert” on {}\n", database.name()));
    assert_eq!(home.run(&["org", "get", "acme"]).json().get("state"), None);
    database.grant(&actions(ALL)).await;
    home.run_with(&create, PASSWORD).json();
}

#[tokio::test]
async fn a_user_of_the_role_for_reading_reads_with_read_only() {
    let database = OwnDatabase::on(mongod::standalone(), "reader").await;
    let home = Home::on(&database);
    let made = home.create("acme", "ada@acme.com");
    database.grant(&actions(READING)).await;
    // Looking needs no right to write, and nobody has to say that nothing is written.
    assert_eq!(home.run(&["org", "list"]).json()["organizations"], json!([made]));
    home.run(&["org", "suspend", "acme"]).fails(5, "or open it with --read-only");
    let read = |line: &[&str]| home.run(&[&["--read-only"], line].concat()).json();
    let list = json!({ "organizations": [made], "next": null });
    assert_eq!(read(&["org", "list"]), list);
    assert_eq!(read(&["org", "list", "--search", "ACM"]), list);
    assert_eq!(read(&["org", "list", "--trash"])["organizations"], json!([]));
    assert_eq!(read(&["org", "get", "acme"])["organization_id"], made["organization_id"]);
    assert_eq!(read(&["doctor"]), json!({ "findings": [] }));
}
