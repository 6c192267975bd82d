//! Who runs an organization, what is recorded of it, and guessing by many processes at once.

use std::process::Child;

use bson::{DateTime, Document, doc};
use serde_json::{Value, json};

use crate::{
    support::{access::OwnDatabase, mongod},
    tool::{Home, OTHER_PASSWORD, PASSWORD},
};

const ADA: [&str; 3] = ["--as", "ada@acme.com", "--password-stdin"];

fn line<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [words, more].concat()
}

fn roles(answer: &Value) -> Vec<(String, String)> {
    let admins = answer["admins"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    admins.map(|admin| (text(&admin["email"]), text(&admin["role"]))).collect()
}

fn pair(email: &str, role: &str) -> (String, String) {
    (email.to_owned(), role.to_owned())
}

/// Two admins more, a forgotten password, and the first one gone.
fn life_of_admins(home: &Home) {
    home.create("acme", "ada@acme.com");
    let listed = home.run(&["admin", "list", "ACME"]).json();
    assert_eq!(roles(&listed), [pair("ada@acme.com", "owner")]);
    assert_eq!(listed["admins"][0].as_object().unwrap().len(), 5);

    let add = line(&["admin", "add", "acme", "bob@acme.com"], &ADA);
    home.run_with(&add, OTHER_PASSWORD).fails(5, "wrong e-mail or password");
    let added = home.run_with(&add, PASSWORD).json();
    let code = added["code"].as_str().unwrap().to_owned();
    assert_eq!(code.replace('-', "").len(), 26);
    assert_eq!(
        (&added["admin_email"], &added["organization_name"]),
        (&json!("bob@acme.com"), &json!("acme"))
    );
    assert!(added["valid_until"].as_str().unwrap().ends_with('Z'));
    home.run_with(&add, PASSWORD).fails(4, "e-mail bob@acme.com is taken");
    // Nobody has the password yet.
    let login = |email| ["admin", "login", email, "--password-stdin"];
    home.run_with(&login("bob@acme.com"), PASSWORD).fails(5, "wrong");

    let redeem = ["admin", "redeem", "BOB@acme.com", "--stdin"];
    home.run_with(&redeem, &format!("{code}\nshort\n")).fails(6, "at least 15");
    home.run_with(&redeem, &format!("\n{PASSWORD}\n")).fails(6, "the one-time code is empty");
    home.run_with(&redeem, &format!("x{code}\n{PASSWORD}\n")).fails(5, "expired code");
    home.run_with(&redeem, &format!("{code}\n{PASSWORD}\n")).json();
    home.run_with(&redeem, &format!("{code}\n{OTHER_PASSWORD}\n")).fails(5, "expired code");
    // The login says that there was one before it that failed.
    let said = home.run_with(&login("ada@acme.com"), PASSWORD.get(1..).unwrap());
    assert_eq!(said.code, 5);
    let said = home.run_with(&login("ada@acme.com"), PASSWORD);
    assert_eq!(
        said.err,
        "tenantry: 1 failed login with this e-mail since the last successful one\n"
    );
    assert_eq!(home.run_with(&login("bob@acme.com"), PASSWORD).json()["organization_name"], "acme");

    // An admin is no owner.
    let bob = ["--as", "bob@acme.com", "--password-stdin"];
    let delete = line(&["org", "delete", "acme", "--yes"], &bob);
    home.run_with(&delete, PASSWORD).fails(5, "only an owner of “acme”");
    let remove = line(&["admin", "remove", "acme", "bob@acme.com", "--yes"], &bob);
    home.run_with(&remove, PASSWORD).fails(5, "only an owner of “acme”");
    // Only one's own password.
    let password = ["--new-password-stdin"];
    let others = line(&line(&["admin", "update", "acme", "bob@acme.com"], &ADA), &password);
    home.run_with(&others, &format!("{PASSWORD}\n{OTHER_PASSWORD}\n"))
        .fails(5, "only bob@acme.com");
    let own = line(&line(&["admin", "update", "acme", "bob@acme.com"], &bob), &password);
    home.run_with(&own, &format!("{PASSWORD}\n{OTHER_PASSWORD}\n")).json();
    home.run_with(&login("bob@acme.com"), OTHER_PASSWORD).json();

    let promote = line(&["admin", "update", "acme", "bob@acme.com", "--role", "owner"], &ADA);
    let promoted = home.run_with(&promote, PASSWORD).json();
    assert_eq!(roles(&promoted), [pair("ada@acme.com", "owner"), pair("bob@acme.com", "owner")]);
    let remove = line(&["admin", "remove", "acme", "ada@acme.com", "--yes"], &bob);
    let left = home.run_with(&remove, OTHER_PASSWORD).json();
    assert_eq!(roles(&left), [pair("bob@acme.com", "owner")]);
    let last = line(&["admin", "remove", "acme", "bob@acme.com", "--yes"], &bob);
    // Before anybody logs in or confirms.
    let demote = line(&["admin", "update", "acme", "bob@acme.com", "--role", "admin"], &bob);
    for wrong in ["a wrong password", OTHER_PASSWORD] {
        home.run_with(&last, wrong).fails(5, "the last owner");
        home.run_with(&demote, wrong).fails(5, "the last owner");
    }
    assert_eq!(home.run(&["org", "get", "acme"]).json()["admin_email"], "bob@acme.com");

    // Forgotten.
    home.run(&["admin", "code", "acme", "ada@acme.com"]).fails(3, "no admin ada@acme.com");
    let code = home.run(&["admin", "code", "acme", "bob@acme.com"]).json();
    let code = code["code"].as_str().unwrap();
    let redeem = ["admin", "redeem", "bob@acme.com", "--stdin"];
    home.run_with(&redeem, &format!("{code}\n{PASSWORD}\n")).json();
    home.run_with(&login("bob@acme.com"), PASSWORD).json();

    recorded(home);
}

/// What all that left in the audit log.
fn recorded(home: &Home) {
    let all = home.run(&["audit", "list", "--limit", "1000"]).json();
    let entries = all["entries"].as_array().unwrap();
    assert_eq!(all["next"], Value::Null);
    let first = entries.last().unwrap();
    assert_eq!((&first["number"], &first["action"]), (&json!(1), &json!("create")));
    assert_eq!(entries[0]["number"], entries.len());
    let count = |action: &str, result: &str| {
        entries.iter().filter(|e| e["action"] == action && e["result"] == result).count()
    };
    assert_eq!(count("add-admin", "done"), 1);
    assert_eq!(count("add-admin", "refused"), 1);
    assert_eq!(count("remove-admin", "done"), 1);
    assert_eq!(count("remove-admin", "refused"), 3);
    assert_eq!(count("change-admin", "refused"), 3);
    assert_eq!(count("issue-code", "done"), 1);
    assert_eq!(count("issue-code", "refused"), 1);
    assert_eq!(count("use-code", "done"), 2);
    assert_eq!(count("use-code", "refused"), 3);
    assert_eq!(count("change-admin", "done"), 2);
    for entry in entries {
        assert!(entry["operator"].as_str().unwrap().contains('@'), "{entry}");
        assert!(entry["at"].as_str().unwrap().ends_with('Z'), "{entry}");
        assert_eq!(entry["result"] == "done", entry["problem"].is_null(), "{entry}");
    }
    let text = all.to_string();
    assert!(!text.contains(PASSWORD) && !text.contains(OTHER_PASSWORD) && !text.contains("$2b$"));

    // In pages, and of one organization.
    let page = home.run(&["audit", "list", "--limit", "3"]).json();
    assert_eq!(page["entries"].as_array().unwrap()[..], entries[..3]);
    let before = page["next"].to_string();
    let next = home.run(&["audit", "list", "--limit", "3", "--before", &before]).json();
    assert_eq!(next["entries"].as_array().unwrap()[..], entries[3..6]);
    home.run(&["audit", "list", "--org", "nobody"]).fails(3, "organization “nobody” not found");
    let of = home.run(&["audit", "list", "--org", "Acme", "--limit", "1000"]).json();
    assert!(of["entries"].as_array().unwrap().iter().all(|e| e["organization_name"] == "acme"));
    assert_eq!(home.run(&["audit", "list", "--since", "2999-01-01"]).json()["entries"], json!([]));
    let since = home.run(&["audit", "list", "--since", "1d", "--limit", "1000"]).json();
    assert_eq!(since["entries"], all["entries"]);
    let since = home.run(&["audit", "list", "--since", "yesterday"]);
    assert!(since.code == 2 && since.err.contains("30m, 12h or 7d"), "{since:?}");

    let verified = home.run(&["audit", "verify"]).json();
    assert_eq!(verified["valid"], true);
    assert_eq!(verified["entries"], entries.len());
    let head = verified["head"].as_str().unwrap();
    assert_eq!(home.run(&["audit", "verify", "--head", head]).json(), verified);
    let table = home.run(&["audit", "verify", "--output", "table"]);
    assert!(
        table.out.contains(head) && table.out.contains("keep this head elsewhere"),
        "{table:?}"
    );
}

/// From one owner to the next: someone new, then back to who became an admin.
fn transferred(home: &Home) {
    home.create("acme", "ada@acme.com");
    let to = |email, more: &[&'static str]| {
        line(&line(&["admin", "transfer", "acme", email], more), &["--yes"])
    };
    home.run(&to("eve@acme.com", &[])).fails(5, "requires logging in to “acme”");
    home.run_with(&to("ada@acme.com", &ADA), PASSWORD).fails(5, "the only owner of “acme” already");
    home.run_with(&to("no e-mail", &ADA), PASSWORD).fails(6, "e-mail");
    let answer = home.run_with(&to("eve@acme.com", &ADA), PASSWORD).json();
    assert_eq!(answer["admin_email"], "eve@acme.com");
    let code = answer["code"].as_str().unwrap();
    let redeem = ["admin", "redeem", "eve@acme.com", "--stdin"];
    home.run_with(&redeem, &format!("{code}\n{OTHER_PASSWORD}\n")).json();
    let listed = roles(&home.run(&["admin", "list", "acme"]).json());
    assert_eq!(listed, [pair("eve@acme.com", "owner"), pair("ada@acme.com", "admin")]);
    home.run_with(&to("zoe@acme.com", &ADA), PASSWORD).fails(5, "only an owner of “acme”");
    let eve = ["--as", "eve@acme.com", "--password-stdin", "--remove"];
    let answer = home.run_with(&to("ada@acme.com", &eve), OTHER_PASSWORD).json();
    assert_eq!(roles(&answer), [pair("ada@acme.com", "owner")]);
    assert_eq!(home.run(&["org", "get", "acme"]).json()["admin_email"], "ada@acme.com");
    let told = home.run(&["audit", "list", "--action", "transfer", "--result", "done"]);
    let said = told.json();
    let entries = said["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1]["changes"][0]["to"], "eve@acme.com");
    assert_eq!(home.run(&["audit", "verify"]).json()["valid"], true);
    assert_eq!(home.run(&["doctor"]).json(), json!({ "findings": [] }));
}

#[test]
fn an_organization_is_transferred_on_the_embedded_database() {
    transferred(&Home::new());
}

#[tokio::test]
async fn an_organization_is_transferred_on_mongodb() {
    let database = OwnDatabase::on(mongod::standalone(), "transfer").await;
    transferred(&Home::on(&database));
}

#[test]
fn a_life_of_admins_on_the_embedded_database() {
    let home = Home::new();
    life_of_admins(&home);
    // Somebody who can write the file.
    let database = rusqlite::Connection::open(home.database()).unwrap();
    let head = home.run(&["audit", "verify"]).json()["head"].as_str().unwrap().to_owned();
    let number = head.split_once(':').unwrap().0.to_owned();
    database.execute("DELETE FROM audit_log WHERE number = ?", [&number]).unwrap();
    assert_eq!(home.run(&["audit", "verify"]).json()["valid"], true);
    let cut = home.run(&["audit", "verify", "--head", &head]);
    assert_eq!((cut.code, cut.err.as_str()), (1, ""));
    assert!(cut.out.contains("the log was truncated or recreated"), "{cut:?}");
    database.execute("DELETE FROM audit_log WHERE number = 7", []).unwrap();
    let removed = home.run(&["audit", "verify", "--output", "table"]);
    assert_eq!(removed.code, 1);
    assert!(
        removed.out.starts_with("entry 7 was removed\n  → the chain is intact up to entry 6"),
        "{removed:?}"
    );
}

// The driver watches its server beside what blocks here for a while.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_life_of_admins_on_a_standalone_mongodb() {
    let database = OwnDatabase::on(mongod::standalone(), "admins").await;
    let home = Home::on(&database);
    life_of_admins(&home);
    let log = database.collection::<Document>("audit_log");
    let edited = doc! { "$set": { "operator": "somebody@else" } };
    assert_eq!(log.update_one(doc! { "_id": 3 }, edited).await.unwrap().modified_count, 1);
    let found = home.run(&["audit", "verify"]);
    assert_eq!(found.code, 1);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!((&found["problem"], &found["entries"]), (&json!("entry 3 was edited"), &json!(2)));
}

#[tokio::test]
async fn a_life_of_admins_on_a_replica_set() {
    let database = OwnDatabase::on(mongod::replica_set().await, "admins").await;
    life_of_admins(&Home::on(&database));
}

const GUESSES: usize = 50;

/// So many processes that guess at once.
fn guess(home: &Home) {
    use std::io::Write;
    let login = ["admin", "login", "ada@acme.com", "--password-stdin"];
    let guesses: Vec<Child> = (0..GUESSES)
        .map(|number| {
            let mut child =
                home.command(&login).stdin(std::process::Stdio::piped()).spawn().unwrap();
            writeln!(child.stdin.take().unwrap(), "guess number {number}").unwrap();
            child
        })
        .collect();
    let (mut wrong, mut waiting) = (0, 0);
    for child in guesses {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{said}");
        wrong += usize::from(said.contains("wrong e-mail or password"));
        waiting += usize::from(said.contains("too many attempts"));
    }
    assert_eq!(wrong + waiting, GUESSES);
    // However slow the machine: five, and one more for each wait that was over meanwhile.
    assert!((5..=10).contains(&wrong), "{wrong} passwords were looked at");
}

/// The right password, once nobody has to wait any more.
fn then_log_in(home: &Home) {
    let login = ["admin", "login", "ada@acme.com", "--password-stdin"];
    let said = home.run_with(&login, PASSWORD);
    assert_eq!(said.code, 0, "{said:?}");
    let words = format!(
        "tenantry: {GUESSES} failed logins with this e-mail since the last successful one\n"
    );
    assert_eq!(said.err, words);
    let all = home.run(&["audit", "list", "--limit", "1000"]).json();
    let entries = all["entries"].as_array().unwrap();
    let refused = entries.iter().filter(|e| e["action"] == "log-in" && e["result"] == "refused");
    assert_eq!(refused.count(), GUESSES);
    assert_eq!(home.run(&["audit", "verify"]).json()["valid"], true);
}

#[test]
fn fifty_processes_guess_in_vain_on_the_embedded_database() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    guess(&home);
    let database = rusqlite::Connection::open(home.database()).unwrap();
    assert_eq!(database.execute("UPDATE login_attempts SET until = 0", []), Ok(1));
    drop(database);
    then_log_in(&home);
}

#[tokio::test]
async fn fifty_processes_guess_in_vain_on_mongodb() {
    let database = OwnDatabase::on(mongod::replica_set().await, "guess").await;
    let home = Home::on(&database);
    home.create("acme", "ada@acme.com");
    guess(&home);
    let attempts = database.collection::<Document>("login_attempts");
    let over = doc! { "$set": { "until": DateTime::from_millis(0) } };
    assert_eq!(attempts.update_many(doc! {}, over).await.unwrap().matched_count, 1);
    then_log_in(&home);
}

#[tokio::test]
async fn an_e_mail_that_cannot_log_in_any_more_says_so_and_so_does_what_needs_a_login() {
    let database = OwnDatabase::on(mongod::standalone(), "gone").await;
    let home = Home::on(&database);
    home.create("acme", "ada@acme.com");
    home.create("globex", "bob@globex.com");
    let admins = database.collection::<Document>("admins");
    admins.delete_one(doc! { "email": "ada@acme.com" }).await.unwrap();
    let list = home.run(&["org", "list", "--output", "table"]).out;
    assert!(list.contains("(missing) ada@acme.com") && list.contains("  bob@globex.com"), "{list}");
    let get = home.run(&["org", "get", "acme", "--output", "table"]).out;
    assert!(get.contains("(missing) ada@acme.com\n"), "{get}");
    assert!(get.contains("no longer exists; logins with this e-mail fail\n"), "{get}");
    // A program sees what is stored.
    let get = home.run(&["org", "get", "acme"]).json();
    assert_eq!(get["admin_email"], "ada@acme.com");
    assert_eq!(get.as_object().unwrap().len(), 6 + 4);
    let delete = line(&["org", "delete", "acme", "--yes"], &ADA);
    home.run_with(&delete, PASSWORD).fails(5, "“acme” has no owner");
    home.run(&["org", "suspend", "globex"]).json();
    let delete = ["org", "delete", "globex", "--yes", "--as", "bob@globex.com"];
    let delete = line(&delete, &["--password-stdin"]);
    home.run_with(&delete, "a wrong password").fails(5, "“globex” is suspended");
}
