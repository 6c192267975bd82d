//! What programs that call the program rely on: errors as JSON, whole lists, times that sort.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::tool::{Home, URI_PASSWORD};

fn error(said: &crate::tool::Said) -> Value {
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
        (&["org", "get", "nobody"][..], 3, "not_found", "there is no organization “nobody”"),
        (&["org", "update", "acme"], 2, "usage", "there is nothing to change"),
        (&["org", "update", "acme", "--name", "-"], 6, "invalid", "the name has no letter"),
        (&["--read-only", "org", "suspend", "acme"], 5, "not_allowed", "read-only"),
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
    raw.execute_batch(
        "PRAGMA foreign_keys = OFF;
         WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1201)
         INSERT INTO organizations (id, name, name_key, collection, admin_id, admin_email, email_key,
             created_at, database, revision)
         SELECT CAST(printf('%012d', x) AS BLOB), printf('z%07d', x), printf('z%07d', x), 'org_' || x,
             CAST(printf('%012d', x) AS BLOB), 'e' || x, 'e' || x, 1700000000000 + x, '', 0 FROM n;",
    )
    .unwrap();
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
    assert_eq!(table.lines().count(), 1203, "one heading");
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
    home.run(&["audit", "list", "--org", "nobody"]).fails(3, "there is no organization “nobody”");
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
