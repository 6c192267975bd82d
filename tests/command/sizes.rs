//! How much organizations hold, in `org get` and `org list`.

use bson::{doc, oid::ObjectId};
use serde_json::{Value, json};
use tenantry::store::sqlite::SqliteStore;

use crate::tool::Home;

/// Two organizations; what each holds is the document it begins with.
fn two() -> Home {
    let home = Home::new();
    home.create("Acme, Inc.", "ada@acme.com");
    home.create("Globex", "hank@globex.com");
    home
}

fn is_a_size(org: &Value) {
    assert_eq!(org["documents"], 1, "{org}");
    assert_eq!(org["indexes"], 1, "{org}");
    assert!(org["bytes"].as_u64().is_some_and(|bytes| (50..500).contains(&bytes)), "{org}");
    let newest = org["newest_document_at"].as_str().unwrap();
    assert!(newest.starts_with("20") && newest.ends_with('Z'), "{org}");
}

#[test]
fn one_organization_is_shown_with_its_size() {
    let home = two();
    is_a_size(&home.run(&["org", "get", "globex"]).json());
    let shown = home.run(&["org", "get", "globex", "--output", "table"]).out;
    assert!(shown.contains("\ndocuments   1 · ") && shown.contains(" B · 1 index\n"), "{shown}");
    assert!(shown.contains("\nnewest      20"), "{shown}");
}

#[test]
fn a_list_has_sizes_where_they_are_asked_for() {
    let home = two();
    for limit in [&[][..], &["--limit", "2"]] {
        let plain = [&["org", "list"], limit].concat();
        let listed = home.run(&plain).json();
        assert_eq!(listed["organizations"][0].get("documents"), None, "{listed}");
        for sizes in home.run(&[&plain[..], &["--sizes"]].concat()).json()["organizations"]
            .as_array()
            .unwrap()
        {
            is_a_size(sizes);
        }
    }
    let lines = home.run(&["org", "list", "--sizes", "--output", "ndjson"]).out;
    assert_eq!(lines.lines().count(), 2);
    lines.lines().for_each(|line| is_a_size(&serde_json::from_str(line).unwrap()));
    let table = home.run(&["org", "list", "--sizes", "--output", "table"]).out;
    let heading = table.lines().next().unwrap();
    assert!(heading.contains("documents  size"), "{table}");
}

#[test]
fn a_list_is_sorted_by_what_each_holds() {
    let home = two();
    home.create("initech", "bill@initech.com");
    let store = SqliteStore::open(&home.database(), false).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let large = [doc! { "_id": 1, "text": "x".repeat(10_000) }];
    // Of another second than what was created just now.
    let later = ObjectId::parse_str("7fffffff0000000000000000").unwrap();
    let many = [doc! { "_id": later }, doc! { "_id": 5 }];
    runtime.block_on(store.insert_documents("org_globex", &large)).unwrap();
    runtime.block_on(store.insert_documents("org_initech", &many)).unwrap();
    drop(store);
    let names = |more: &[&str]| {
        let listed = home.run(&[&["org", "list", "--output", "name", "--sort"], more].concat());
        assert_eq!(listed.code, 0, "{listed:?}");
        listed.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&["-size"]), ["Globex", "initech", "Acme, Inc."]);
    assert_eq!(names(&["size", "--limit", "2"]), ["Acme, Inc.", "initech"]);
    assert_eq!(names(&["-documents"]), ["initech", "Globex", "Acme, Inc."]);
    // Of one size: by name.
    assert_eq!(names(&["-indexes"]), ["Acme, Inc.", "Globex", "initech"]);
    assert_eq!(names(&["-newest", "--limit", "1"]), ["initech"]);
    assert_eq!(names(&["-size", "--search", "e", "--limit", "1"]), ["Globex"]);

    // What it was sorted by is shown, and there is no other page.
    let listed = home.run(&["org", "list", "--sort", "-size", "--limit", "1"]).json();
    assert_eq!(listed["next"], Value::Null);
    assert_eq!(listed["organizations"].as_array().unwrap().len(), 1);
    assert_eq!(listed["organizations"][0]["documents"], 2);
    let csv = home.run(&["org", "list", "--sort", "-size", "--output", "csv"]).out;
    assert!(csv.lines().next().unwrap().ends_with("bytes,indexes,newest_document_at"), "{csv}");
    let one = ["org", "list", "--sort", "-size", "--output", "csv", "--fields", "documents"];
    assert_eq!(home.run(&one).out, "documents\n2\n3\n1\n");
    let table = home.run(&["org", "list", "--sort", "-size", "--limit", "2", "--output", "table"]);
    assert!(table.out.contains("documents  size"), "{}", table.out);
    assert!(table.out.ends_with("\n2 of 3 organizations\n"), "{}", table.out);
    let after = ["org", "list", "--sort", "size", "--after", "x"];
    home.run(&after).fails(2, "a list sorted by size has no further pages");
    assert_eq!(home.run(&["org", "list", "--sort", "bytes"]).code, 2);
}

#[test]
fn a_field_of_a_size_is_asked_for_by_its_name() {
    let home = two();
    let list = |more: &[&str]| home.run(&[&["org", "list", "--output"], more].concat()).out;
    let cells = list(&["csv", "--fields", "organization_name,documents,indexes"]);
    assert_eq!(cells, "organization_name,documents,indexes\n\"Acme, Inc.\",1,1\nGlobex,1,1\n");
    let line = list(&["ndjson", "--fields", "documents", "--search", "globex"]);
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), json!({ "documents": 1 }));
    let heading = list(&["tsv", "--fields", "bytes,state", "--sizes"]);
    assert_eq!(
        heading.lines().next().unwrap(),
        "bytes\tstate\tdocuments\tindexes\tnewest_document_at"
    );
    assert!(!list(&["csv"]).contains("bytes"));
    // Names alone are read without asking for anything else.
    assert_eq!(list(&["name", "--sizes"]), "Acme, Inc.\nGlobex\n");
}
