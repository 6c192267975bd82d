//! What programs that call the program rely on: errors as JSON, whole lists, times that sort.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::tool::{Home, URI_PASSWORD};

fn error(said: &crate::tool::Outcome) -> Value {
    let error: Value = serde_json::from_str(&said.err).unwrap_or_else(|_| panic!("{said:?}"));
    assert_eq!(error.as_object().unwrap().len(), 1, "{said:?}");
    assert_eq!(error["error"].as_object().unwrap().len(), 3, "{said:?}");
    error["error"].clone()
}

#[test]
fn an_error_is_json_where_that_is_asked_for() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    for (line, exit, code, message) in [
        (&["org", "get", "nobody"][..], 3, "not_found", "organization “nobody” not found"),
        (&["org", "update", "acme"], 2, "usage", "nothing to change"),
        (&["org", "update", "acme", "--name", "-"], 6, "invalid", "the name has no letter"),
        (&["--read-only", "org", "suspend", "acme"], 5, "read_only", "read-only"),
        (&["--uri", "mongodb://127.0.0.1:1", "org", "list"], 7, "unreachable", "127.0.0.1:1"),
        (&["org", "list", "--limit", "0"], 2, "usage", "--limit"),
        (&["--profile", "x", "org", "list"], 2, "usage", "profile"),
    ] {
        let said = home.run(&[line, &["--output", "json"]].concat());
        let error = error(&said);
        assert_eq!((said.code, said.out.as_str()), (exit, ""), "{said:?}");
        assert_eq!(error["code"], code, "{said:?}");
        assert!(error["message"].as_str().unwrap().contains(message), "{said:?}");
        assert!(error["help"].is_string());
    }
    let stray = home.run(&["--output=json", "admin", "login", "ada@acme.com", URI_PASSWORD]);
    assert_eq!((stray.code, &error(&stray)["code"]), (2, &Value::from("usage")));
}

#[test]
fn a_list_in_a_pipe_is_whole_and_the_same_as_one_page_of_all() {
    let home = Home::new();
    assert_eq!(home.run(&["org", "list"]).out, home.run(&["org", "list", "--limit", "9"]).out);
    home.create("acme", "ada@acme.com");
    assert_eq!(home.run(&["org", "list"]).out, home.run(&["org", "list", "--limit", "9"]).out);
    // As many as are more than a few pages.
    let raw = rusqlite::Connection::open(home.database()).unwrap();
    raw.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").unwrap();
    for x in 1..=1201 {
        let (id, name) = (format!("{x:012}").into_bytes(), format!("z{x:07}"));
        raw.execute(
            "INSERT INTO organizations (id, name, name_key, name_order, collection, admin_id,
                 admin_email, email_key, created_at, database, revision)
             VALUES (?1, ?2, ?2, ?3, 'org_' || ?2, ?1, ?2, ?2, 1700000000000, '', 0)",
            (id, &name, tenantry::org::name_order(&name)),
        )
        .unwrap();
    }
    raw.execute_batch("COMMIT").unwrap();
    let all = home.run(&["org", "list", "--sort", "-name"]).json();
    let names: Vec<&str> = all["organizations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|org| org["organization_name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 1202);
    assert!(names.is_sorted_by(|a, b| a > b) && all["next"].is_null());
    let table = home.run(&["--output", "table", "org", "list"]).out;
    assert_eq!(table.lines().count(), 1205, "one heading, and the total");
    assert!(table.ends_with("\n\n1,202 organizations\n"), "{}", table.len());
    let page = home.run(&["org", "list", "--limit", "1000"]).json();
    let next = page["next"].as_str().unwrap();
    let rest = home.run(&["org", "list", "--after", next]).json();
    assert_eq!(rest["organizations"].as_array().unwrap().len(), 202);
    // Times sort as text.
    let list = home.run(&["org", "list", "--sort", "created", "--search", "z"]).json();
    let times = list["organizations"].as_array().unwrap().iter();
    let times: Vec<&str> = times.map(|org| org["created_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted() && times.iter().all(|time| time.len() == 24), "{times:?}");
}

#[test]
fn the_audit_log_of_an_unknown_organization_is_not_found() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    home.run(&["org", "update", "acme", "--name", "apex"]).json();
    home.run(&["audit", "list", "--org", "nobody"]).fails(3, "organization “nobody” not found");
    for known in ["apex", "APEX", "acme"] {
        let found = home.run(&["audit", "list", "--org", known]).json();
        assert!(!found["entries"].as_array().unwrap().is_empty(), "{known}");
    }
    // Nothing of it since then is no reason to deny that there is one.
    let since = ["audit", "list", "--org", "acme", "--since", "2099-01-01"];
    assert_eq!(home.run(&since).json()["entries"], serde_json::json!([]));
}

#[test]
fn a_table_is_ascii_where_the_locale_is_not_utf_8() {
    let home = Home::new();
    home.create("Öl & Söhne", "ada@acme.com");
    for (locale, ascii) in [("C", true), ("en_US.ISO-8859-1", true), ("en_US.UTF-8", false)] {
        for line in [&["org", "list"][..], &["org", "get", "öl & söhne"], &["config", "check"]] {
            let mut command = home.command(&[line, &["--output", "table"]].concat());
            let said = command.env("LC_ALL", locale).output().unwrap();
            let out = String::from_utf8(said.stdout).unwrap();
            assert!(said.status.success(), "{out}");
            assert!(!ascii || out.is_ascii(), "{locale}: {out}");
            assert!(line[0] != "org" || out.contains("\\u{d6}l") == ascii, "{locale}: {out}");
        }
    }
}

#[test]
fn a_database_that_others_can_read_is_tightened_by_the_first_write() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    let mode = || fs::metadata(home.database()).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(home.database(), fs::Permissions::from_mode(0o644)).unwrap();
    home.run(&["org", "list"]).json();
    assert_eq!(mode(), 0o644, "looking changes nothing");
    home.run(&["org", "suspend", "acme"]).json();
    assert_eq!(mode(), 0o640);
}

#[test]
fn a_list_is_written_as_other_programs_read_it() {
    let home = Home::new();
    home.create("Acme, Inc.", "ada@acme.com");
    home.create("Müller", "eve@acme.com");
    let out = |line: &[&str]| {
        let done = home.run(line);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{line:?}");
        done.out
    };
    let list = |more: &[&str]| out(&[&["org", "list", "--output"], more].concat());
    assert_eq!(list(&["name"]), "Acme, Inc.\nMüller\n");
    let fields = "organization_name,admin_email,state";
    assert_eq!(
        list(&["csv", "--fields", fields]),
        "organization_name,admin_email,state\n\"Acme, Inc.\",ada@acme.com,active\nMüller,eve@acme.com,active\n"
    );
    let bare = list(&["tsv", "--fields", "organization_name,state", "--no-header"]);
    assert_eq!(bare, "Acme, Inc.\tactive\nMüller\tactive\n");
    let lines = list(&["ndjson", "--search", "muller"]);
    let line: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!((lines.lines().count(), &line["organization_name"]), (1, &"Müller".into()));
    assert_eq!(list(&["name", "--limit", "1", "--sort", "-name"]), "Müller\n");
    assert_eq!(home.run(&["org", "count"]).json()["organizations"], 2);
    assert_eq!(out(&["org", "count", "--search", "acme inc", "--output", "table"]), "1\n");
    assert_eq!(home.run(&["org", "ls"]).out, home.run(&["org", "list"]).out);
    let one = out(&["org", "show", "müller", "--output", "ndjson"]);
    assert_eq!((one.lines().count(), one.contains("\"organization_name\": \"Müller\"")), (1, true));
    // What an output does not have is said before a database is asked.
    home.run(&["org", "get", "müller", "--output", "csv"])
        .fails(2, "only `org list` has this output");
    home.run(&["org", "list", "--fields", "state"]).fails(2, "--fields needs");
    home.run(&["org", "list", "--output", "name", "--no-header"]).fails(2, "--no-header needs");
    let unknown = home.run(&["org", "list", "--output", "csv", "--fields", "x"]);
    assert!(unknown.code == 2 && unknown.err.contains("admin_email"), "{unknown:?}");
}

#[test]
fn an_organization_is_named_by_its_name_or_else_by_its_id() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    let id =
        home.run(&["org", "get", "acme"]).json()["organization_id"].as_str().unwrap().to_owned();
    assert_eq!(home.run(&["org", "get", &id]).json()["organization_name"], "acme");
    assert_eq!(home.run(&["org", "suspend", &id]).json()["state"], "suspended");
    // A name that is also the id of another organization: reading takes the name, writing refuses.
    home.create(&id, "eve@acme.com");
    assert_eq!(home.run(&["org", "get", &id]).json()["organization_name"], id.as_str());
    home.run(&["org", "suspend", &id])
        .fails(6, "the name of one organization and the id of another");
    home.run(&["org", "suspend", "acne"]).fails(3, "did you mean “acme”?");
}
