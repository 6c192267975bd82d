//! Bad input: each gets its clear words and its exit code, and changes nothing.

use std::net::TcpListener;

use bson::{Document, doc};

use crate::{
    support::{LESS_THAN_TWO_WAITS, Stopwatch, access::OwnDatabase, mongod},
    tool::{Home, OTHER_PASSWORD, PASSWORD, URI_PASSWORD},
};

fn create<'a>(name: &'a str, email: &'a str) -> [&'a str; 7] {
    ["org", "create", "--email", email, "--password-stdin", "--", name]
}

/// A home with one organization in it, and what its database holds.
fn acme() -> (Home, Vec<String>) {
    let home = Home::new();
    home.create("acme_corp", "ada@acme.com");
    let rows = home.rows();
    assert!(rows.iter().any(|row| row.contains("ada@acme.com")), "{rows:?}");
    (home, rows)
}

#[test]
fn names_that_cannot_be() {
    let (home, rows) = acme();
    let long = "x".repeat(64);
    for (name, words) in [
        ("", "the name is empty"),
        ("   ", "the name is empty"),
        ("\u{3000}", "the name is empty"),
        (long.as_str(), "the name is too long: 64 of at most 63"),
        ("a\u{7}b", "an invisible character (U+0007)"),
        ("a\u{1b}[2Jb", "an invisible character (U+001B)"),
        ("a\u{202e}b", "an invisible character (U+202E)"),
        ("a\u{200b}b", "an invisible character (U+200B)"),
        ("🦀🦀", "the name contains “🦀”"),
        ("a|b", "the name contains “|”"),
        ("...", "no letters or digits"),
    ] {
        home.run_with(&create(name, "bob@x.com"), PASSWORD).fails(6, words);
        home.run(&["org", "update", "acme_corp", &format!("--name={name}")]).fails(6, words);
    }
    assert_eq!(home.rows(), rows);
}

#[test]
fn what_is_refused_on_a_machine_without_a_database_makes_none() {
    let home = Home::new();
    for (name, email, password) in [
        ("...", "bob@x.com", PASSWORD),
        ("acme", "no e-mail", PASSWORD),
        ("acme", "bob@x.com", "short"),
    ] {
        home.run_with(&create(name, email), password).fails(6, "");
        assert!(!home.path("data").exists(), "{name} {email}");
    }
    home.create("acme", "bob@x.com");
    home.run_with(&create("...", "bob@x.com"), PASSWORD).fails(6, "");
    let audit = home.run(&["audit", "list"]).json();
    assert_eq!(audit["entries"][0]["result"], "refused", "{audit}");
}

#[tokio::test]
async fn a_server_without_a_database_is_left_without_one() {
    let database = OwnDatabase::on(mongod::standalone(), "fresh").await;
    let home = Home::on(&database);
    home.run_with(&create("...", "bob@x.com"), PASSWORD).fails(6, "");
    let there = database.db.list_collection_names().await.unwrap();
    assert_eq!(there, Vec::<String>::new());
}

/// Nothing is wrong with the command line, and nothing that it names is missing.
#[tokio::test]
async fn what_a_database_has_in_the_way_is_no_wrong_usage() {
    let database = OwnDatabase::on(mongod::standalone(), "in_the_way").await;
    let home = Home::on(&database);
    home.create("acme", "ada@acme.com");
    let elsewhere = doc! { "database": "other", "collection": "org_acme_2" };
    let set = doc! { "$set": { "connection_details": elsewhere } };
    let orgs = database.db.collection::<Document>("organizations");
    orgs.update_one(doc! {}, set).await.unwrap();
    home.run(&["org", "update", "acme", "--name", "globex"]).fails(1, "its record says");
}

#[test]
fn what_somebody_has_already() {
    let (home, rows) = acme();
    for (name, email, words) in [
        ("acme_corp", "bob@x.com", "name “acme_corp” is taken"),
        ("ACME_Corp", "bob@x.com", "name “ACME_Corp” is taken by “acme_corp”"),
        ("аcme_corp", "bob@x.com", "looks the same as the existing “acme_corp”"),
        ("Acme Corp", "bob@x.com", "would use the same collection as “acme_corp”"),
        ("other", "Ada@ACME.com", "e-mail Ada@ACME.com is taken by an admin of “acme_corp”"),
    ] {
        home.run_with(&create(name, email), PASSWORD).fails(4, words);
    }
    assert_eq!(home.rows(), rows);
    home.create("other", "bob@x.com");
    let rows = home.rows();
    home.run(&["org", "update", "other", "--name", "acme corp"])
        .fails(4, "use the same collection");
    let update = ["org", "update", "other", "--email", "ada@acme.com", "--as", "bob@x.com"];
    let update = [&update[..], &["--password-stdin"]].concat();
    home.run_with(&update, PASSWORD).fails(4, "e-mail ada@acme.com is taken");
    assert_eq!(home.rows(), rows);
}

#[test]
fn e_mails_that_are_none() {
    let (home, rows) = acme();
    for email in ["ada", "ada@", "ada@acme", "a b@c.com", "a@b@c.com", "a\u{202e}@b.com"] {
        home.run_with(&create("other", email), PASSWORD).fails(6, "invalid e-mail address");
    }
    home.run_with(&create("other", " "), PASSWORD).fails(6, "the e-mail is empty");
    assert_eq!(home.rows(), rows);
}

#[test]
fn passwords_that_protect_nothing() {
    let (home, rows) = acme();
    let long = "word-salad ".repeat(7);
    for (password, words) in [
        ("", "password too short: 0 of at least 15 characters"),
        (
            "bobby12\n",
            "password too short: 7 of at least 15 characters; contains “bobby”; too easy to \
             guess",
        ),
        ("password12345678", "password too easy to guess"),
        (long.as_str(), "password too long: 77 of at most 72 bytes"),
        ("violet-Other_Org-42-lantern", "password contains “other_org”"),
        ("violet-BOBBY-harbor-lantern", "password contains “bobby”"),
    ] {
        let input = format!("{password}\n");
        home.run_with(&create("other_org", "bobby@x.com"), &input).fails(6, words);
        if password.len() > 4 {
            let said = home.run_with(&create("other_org", "bobby@x.com"), &input).err;
            assert!(!said.contains(password.trim_end()), "{said}");
        }
    }
    let update = ["org", "update", "acme_corp", "--as", "ada@acme.com", "--password-stdin"];
    let update = [&update[..], &["--new-password-stdin"]].concat();
    let input = format!("{PASSWORD}\nviolet-acme_corp-42-lantern\n");
    home.run_with(&update, &input).fails(6, "password contains “acme_corp”");
    let input = format!("{PASSWORD}\n");
    home.run_with(&update, &input).fails(2, "standard input ended before the new password");
    assert_eq!(home.rows(), rows);
}

#[test]
fn organizations_that_are_not_there() {
    let (home, rows) = acme();
    let words = "organization “nobody” not found";
    home.run(&["org", "get", "nobody"]).fails(3, words);
    home.run(&["org", "update", "nobody", "--name", "x"]).fails(3, words);
    let delete = ["org", "delete", "nobody", "--as", "ada@acme.com", "--password-stdin", "--yes"];
    home.run_with(&delete, PASSWORD).fails(3, words);
    assert_eq!(home.rows(), rows);
}

#[test]
fn what_needs_the_login_of_an_admin_of_that_organization() {
    let (home, _) = acme();
    home.create("other", "bob@x.com");
    let rows = home.rows();
    let wrong = "wrong e-mail or password";
    let login = |email| ["admin", "login", email, "--password-stdin"];
    home.run_with(&login("ada@acme.com"), OTHER_PASSWORD).fails(5, wrong);
    home.run_with(&login("nobody@acme.com"), PASSWORD).fails(5, wrong);

    let update = ["org", "update", "acme_corp", "--email", "eve@acme.com"];
    let said = home.run(&update);
    said.fails(5, "this requires logging in to “acme_corp”");
    said.fails(5, "--as E-MAIL");
    let new_password = ["org", "update", "acme_corp", "--new-password-stdin"];
    home.run_with(&new_password, OTHER_PASSWORD).fails(5, "this requires logging in");

    let foreign = "bob@x.com is an admin of “other”, not of “acme_corp”";
    let as_bob = ["--as", "bob@x.com", "--password-stdin"];
    home.run_with(&[&update[..], &as_bob].concat(), PASSWORD).fails(5, foreign);
    let delete = [&["org", "delete", "acme_corp", "--yes"][..], &as_bob].concat();
    home.run_with(&delete, PASSWORD).fails(5, foreign);
    home.run_with(&delete, OTHER_PASSWORD).fails(5, wrong);
    assert_eq!(home.rows(), rows);
}

#[test]
fn everything_that_writes_when_opened_read_only() {
    let (home, _) = acme();
    let rows = home.all_rows();
    let words = "read-only mode";
    let read_only = |line: &[&str]| {
        home.run_with(&[&["--read-only"], line].concat(), &format!("{PASSWORD}\n{PASSWORD}\n"))
    };
    read_only(&create("other", "bob@x.com")).fails(5, words);
    read_only(&["org", "update", "acme_corp", "--name", "x"]).fails(5, words);
    let delete =
        ["org", "delete", "acme_corp", "--as", "ada@acme.com", "--password-stdin", "--yes"];
    read_only(&delete).fails(5, words);
    // An attempt that cannot be counted is none.
    read_only(&["admin", "login", "ada@acme.com", "--password-stdin"]).fails(5, words);
    read_only(&["admin", "code", "acme_corp", "ada@acme.com"]).fails(5, words);
    read_only(&["admin", "redeem", "ada@acme.com", "--stdin"]).fails(5, words);
    read_only(&["audit", "list"]).json();
    read_only(&["audit", "verify"]).json();
    read_only(&["org", "get", "acme_corp"]).json();
    assert_eq!(home.all_rows(), rows);
}

#[test]
fn command_lines_that_make_no_sense() {
    let (home, rows) = acme();
    let no_terminal = "no terminal to ask for the password on";
    home.run(&["org", "create", "other", "--email", "bob@x.com"]).fails(2, no_terminal);
    home.run(&["admin", "login", "ada@acme.com"]).fails(2, no_terminal);
    let delete = ["org", "delete", "acme_corp", "--as", "ada@acme.com"];
    home.run(&[&delete[..], &["--yes"]].concat()).fails(2, no_terminal);
    home.run_with(&[&delete[..], &["--password-stdin"]].concat(), PASSWORD)
        .fails(2, "no terminal to confirm the operation on");
    home.run(&["org", "update", "acme_corp"]).fails(2, "nothing to change");
    let not_of_it = "--after is not a “next” cursor of this list";
    home.run(&["org", "list", "--after", "junk"]).fails(2, not_of_it);
    let demo = |flags: &[&str]| home.run(&[&["--demo", "org", "list"][..], flags].concat());
    let first = demo(&["--limit", "2"]).json();
    let next = first["next"].as_str().unwrap();
    for other in [
        &["--sort", "-name"][..],
        &["--sort", "email"],
        &["--sort", "created"],
        &["--search", "a"],
        &["--trash"],
    ] {
        demo(&[other, &["--after", next]].concat()).fails(2, not_of_it);
    }
    for line in [
        &["org", "list", "--sort", "bytes"][..],
        &["org", "list", "--limit", "0"],
        &["org", "create", "other"],
        &["org", "update", "acme_corp", "--name", "x", "--password-stdin"],
        &["--no-such-flag"],
    ] {
        let said = home.run(line);
        assert_eq!(said.code, 2, "{line:?}: {said:?}");
        assert!(said.err.starts_with("tenantry: ") && said.err.contains("--help"), "{said:?}");
    }
    assert_eq!(home.rows(), rows);
}

#[test]
fn a_damaged_file() {
    let home = Home::new();
    let file = home.path("damaged.db");
    std::fs::write(&file, b"this is no database, and it is long enough to be looked at".repeat(99))
        .unwrap();
    let before = std::fs::read(&file).unwrap();
    let said = home.run(&["org", "list", "--file", &file.display().to_string()]);
    said.fails(1, "damaged.db");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn connection_strings_that_do_not_parse() {
    for uri in [
        format!("mongodb://ada:{URI_PASSWORD}@"),
        format!("http://ada:{URI_PASSWORD}@localhost"),
        format!("mongodb://ada:{URI_PASSWORD}@localhost:99999999/"),
        format!("ada:{URI_PASSWORD}@localhost"),
        format!("mongodb://ada:{URI_PASSWORD}@localhost/?tls=perhaps"),
    ] {
        let said = Home::new().with("MONGODB_URI", &uri).run(&["org", "list"]);
        said.fails(2, "tenantry: ");
    }
}

#[test]
fn a_server_that_is_not_there_within_five_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let uri = format!("mongodb://ada:{URI_PASSWORD}@{address}/");
    let home = Home::new().with("MONGODB_URI", &uri);
    // Somebody listens, and never says a word.
    let begun = Stopwatch::started();
    home.run(&["org", "list"]).fails(7, &address);
    assert!(begun.elapsed() < LESS_THAN_TWO_WAITS, "{:?}", begun.elapsed());
    // Nobody listens.
    drop(listener);
    let begun = Stopwatch::started();
    home.run(&["org", "list"]).fails(7, &address);
    assert!(begun.elapsed() < LESS_THAN_TWO_WAITS, "{:?}", begun.elapsed());
}

#[test]
fn a_look_alike_is_refused_whatever_stands_between_its_letters() {
    let home = Home::new();
    home.create("acme_corp", "ada@acme.com");
    let create = |name: &str| {
        let create = ["org", "create", name, "--email", "eve@acme.com", "--password-stdin"];
        home.run_with(&create, crate::tool::PASSWORD)
    };
    // With a Cyrillic а.
    for name in ["\u{430}cme_corp", "\u{430}cme corp", "\u{430}cme-corp!"] {
        create(name).fails(4, "acme_corp");
    }
    // Other letters are another name.
    assert_eq!(create("acmé corp").code, 0);
}

#[test]
fn help_that_cannot_be_written_is_a_failure() {
    let home = Home::new();
    for arguments in
        [&["--help"][..], &["org", "--help"], &["--version"], &["help"], &["help", "org"]]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = home.command(arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
    // A command without its subcommand shows the help, and is a wrong command line.
    let said = home.run(&["org"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.starts_with("Create, list, change"), "{}", said.err);
}
