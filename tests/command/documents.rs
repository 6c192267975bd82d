//! Documents in commands: every byte of them, in every form, page by page, and filtered.

use mongodb::bson::{RawDocumentBuf, doc, oid::ObjectId};
use serde_json::json;
use tenantry::document;

use crate::{
    support::{access::OwnDatabase, mongod},
    tool::{Home, PASSWORD},
};

/// A document whose field stands there twice, in an order that nothing sorts, with numbers of three types.
fn odd() -> RawDocumentBuf {
    document::parse(
        r#"{ _id: "odd", z: 1, a: Long("1"), b: 1.0, a: "twice", ["$oid"]: ISODate("2026-11-20T10:30:00Z") }"#,
    )
    .unwrap()
}

async fn with_documents() -> (OwnDatabase, Home) {
    let database = OwnDatabase::on(mongod::standalone(), "documents").await;
    let home = Home::on(&database);
    home.create("acme", "ada@acme.com");
    let collection = database.db.collection::<RawDocumentBuf>("org_acme");
    collection.delete_many(doc! {}).await.unwrap();
    collection.insert_one(odd()).await.unwrap();
    let more = (0_i32..1200).map(|n| {
        let id = ObjectId::parse_str(format!("{n:024x}")).unwrap();
        RawDocumentBuf::try_from(&doc! { "_id": id, "n": n, "even": n % 2 == 0 }).unwrap()
    });
    collection.insert_many(more).await.unwrap();
    (database, home)
}

#[tokio::test]
async fn every_document_is_written_in_every_form_without_loss() {
    let (_database, home) = with_documents().await;
    let lines = |output: &str| {
        let said = home.run(&["doc", "list", "acme", "--output", output]);
        assert_eq!(said.code, 0, "{said:?}");
        said.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (shell, canonical) = (lines("shell"), lines("canonical"));
    assert_eq!((shell.len(), canonical.len()), (1201, 1201));
    let in_shell: Vec<_> = shell.iter().map(|line| document::parse(line).unwrap()).collect();
    assert_eq!(in_shell[0], odd());
    // Extended JSON takes the field that is called as one of its wrappers for one.
    assert!(document::parse(&canonical[0]).is_err(), "{}", canonical[0]);
    let in_json: Vec<_> =
        canonical[1..].iter().map(|line| document::parse(line).unwrap()).collect();
    assert_eq!(in_json, in_shell[1..]);
    // Relaxed Extended JSON is one object, or one on each line.
    let all = home.run(&["doc", "list", "acme"]).json();
    assert_eq!(all["documents"].as_array().unwrap().len(), 1201);
    assert_eq!(all["next"], json!(null));
    let ndjson: Vec<serde_json::Value> =
        lines("ndjson").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(ndjson), all["documents"]);
    home.run(&["doc", "list", "acme", "--output", "csv"]).fails(2, "no such output");
}

#[tokio::test]
async fn they_are_sorted_by_a_field_that_an_index_begins_with() {
    let (database, home) = with_documents().await;
    home.run(&["doc", "list", "acme", "--sort", "even"])
        .fails(6, "cannot sort by even: no index begins with it");
    let index = doc! { "key": { "even": 1 }, "name": "even" };
    let command = doc! { "createIndexes": "org_acme", "indexes": [index] };
    database.db.run_command(command).await.unwrap();
    for (sort, ids) in [
        ("even", [json!(null), json!(1), json!(3)]),
        ("-even", [json!(1198), json!(1196), json!(1194)]),
    ] {
        let mut after: Option<String> = None;
        let mut walked = Vec::new();
        loop {
            let mut line = vec!["doc", "list", "acme", "--sort", sort, "--limit", "500"];
            if let Some(after) = &after {
                line.extend(["--after", after]);
            }
            let page = home.run(&line).json();
            walked.extend(page["documents"].as_array().unwrap().clone());
            after = page["next"].as_str().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(walked.len(), 1201, "{sort}");
        let first: Vec<_> = walked.iter().take(3).map(|one| one["n"].clone()).collect();
        assert_eq!(first, ids, "{sort}");
    }
    // An _id alone is a place as well.
    let one = home.run(&[
        "doc",
        "list",
        "acme",
        "--sort",
        "even",
        "--after",
        "0000000000000000000004af",
        "--limit",
        "1",
    ]);
    assert_eq!(one.json()["documents"][0]["n"], 0);
    home.run(&["doc", "list", "acme", "--sort", "even", "--after", "none"])
        .fails(3, "no such document");
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended_in_both_orders() {
    let (_database, home) = with_documents().await;
    for sort in ["_id", "-_id"] {
        let mut after: Option<String> = None;
        let mut walked = Vec::new();
        loop {
            let mut line = vec!["doc", "list", "acme", "--sort", sort, "--limit", "500"];
            if let Some(after) = &after {
                line.extend(["--after", after]);
            }
            let page = home.run(&line).json();
            walked.extend(page["documents"].as_array().unwrap().clone());
            after = page["next"].as_str().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(walked.len(), 1201, "{sort}");
        let first = if sort == "_id" { 0 } else { 1200 };
        assert_eq!(walked[first]["_id"], "odd", "{sort}");
    }
}

#[tokio::test]
async fn one_is_found_by_its_id_and_many_by_a_filter() {
    let (_database, home) = with_documents().await;
    let id = "000000000000000000000007";
    for typed in [id, "ObjectId(\"000000000000000000000007\")"] {
        assert_eq!(home.run(&["doc", "get", "acme", typed]).json()["n"], 7);
    }
    assert_eq!(home.run(&["doc", "get", "acme", "odd"]).json()["z"], 1);
    home.run(&["doc", "get", "acme", "nothing"]).fails(3, "“acme” has no such document");
    for (filter, count) in [
        ("even:true", 600),
        ("n>=1190 even:false", 5),
        ("{ n: { $in: [1, 2, 5000] } }", 2),
        ("a:twice", 0),
        ("a:1", 1),
        (id, 1),
    ] {
        let said = home.run(&["doc", "count", "acme", "--filter", filter]).json();
        assert_eq!(said["documents"], count, "{filter}");
        let listed = home.run(&["doc", "list", "acme", "--filter", filter]).json();
        assert_eq!(listed["documents"].as_array().unwrap().len(), count, "{filter}");
    }
    home.run(&["doc", "count", "acme", "--filter", "{ $where: 1 }"])
        .fails(2, "$where cannot be used");
    home.run(&["doc", "count", "acme", "--filter", "n>"])
        .fails(2, "line 1, column 2: a value is missing");
}

#[test]
fn where_looking_requires_a_login_documents_do_too() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    let add = ["operator", "add", "ops@example.com", "--password-stdin"];
    home.run_with(&add, PASSWORD);
    let login = ["--as", "ops@example.com", "--password-stdin"];
    let require = [&["operator", "require", "all", "--yes"][..], &login].concat();
    assert_eq!(home.run_with(&require, PASSWORD).code, 0);
    for line in
        [&["doc", "list", "acme"][..], &["doc", "count", "acme"], &["doc", "get", "acme", "7"]]
    {
        home.run(line).fails(5, "requires operators to log in");
    }
    let count = [&["doc", "count", "acme"][..], &login].concat();
    assert_eq!(home.run_with(&count, PASSWORD).json()["documents"], 1);
}

fn tell(outcome: &crate::tool::Outcome) -> serde_json::Value {
    assert_eq!(outcome.code, 0, "{outcome:?}");
    serde_json::from_str(outcome.out.lines().next().unwrap()).unwrap()
}

#[tokio::test]
async fn documents_are_inserted_replaced_changed_and_deleted() {
    let (_database, home) = with_documents().await;
    let get = |id: &str| home.run(&["doc", "get", "acme", id, "--output", "shell"]).out;

    let two = "{ _id: \"a\", n: 1 }\n\n{ \"_id\": { \"$numberLong\": \"5\" } }\n";
    let inserted = home.run_with(&["doc", "insert", "acme"], two);
    assert_eq!(tell(&inserted)["_id"], json!("a"));
    assert_eq!(inserted.out.lines().count(), 2);
    assert_eq!(get("Long(\"5\")"), "{ _id: Long(\"5\") }\n");
    home.run_with(&["doc", "insert", "acme"], "{ _id: \"a\" }").fails(4, "_id already");
    let three = "{ _id: 8001 }\n{ _id: \"a\" }\n{ _id: 8002 }\n{ _id: 8003 }\n";
    let refused = home.run_with(&["doc", "insert", "acme"], three);
    assert_eq!(refused.code, 4, "{refused:?}");
    let told: Vec<serde_json::Value> =
        refused.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&told[0]["_id"], &told[0]["inserted"]), (&json!(8001), &json!(true)));
    assert_eq!((&told[1]["_id"], &told[1]["inserted"]), (&json!("a"), &json!(false)));
    assert_eq!((&told[1]["not_tried"], told.len()), (&json!(2), 2));
    let table =
        home.run_with(&["doc", "insert", "acme", "--output", "table"], "{ _id: 8001 }\n{}\n");
    assert_eq!(table.out, "Not inserted: document 8001; not tried: 1 more document\n");
    assert_eq!(home.run(&["doc", "delete", "acme", "8001", "--yes"]).code, 0);
    home.run_with(&["doc", "insert", "acme"], "{ n: 1 }\n{ n: }\n").fails(6, "line 2, column 6");
    home.run_with(&["doc", "insert", "acme"], "").fails(6, "expected");
    assert_eq!(home.run_with(&["doc", "insert", "acme", "-"], "{ _id: \"dash\" }").code, 0);
    let file = home.run_with(&["doc", "insert", "acme", "new.json"], "{ }");
    file.fails(2, "standard input");
    assert!(file.err.contains("doc insert ORGANIZATION < FILE"), "{file:?}");
    let file = home.run_with(&["doc", "replace", "acme", "a", "new.json"], "{ }");
    file.fails(2, "standard input");
    home.run_with(&["doc", "insert", "nobody"], "{ }").fails(3, "not found");

    let set = ["doc", "update", "acme", "a", "--set", "n=2", "--set", "x.y=z", "--set", "l=[1]"];
    assert_eq!(tell(&home.run(&set))["changed"], json!(["n", "x", "l"]));
    assert_eq!(get("a"), "{ _id: \"a\", n: 2, x: { y: \"z\" }, l: [1] }\n");
    let unset = ["doc", "update", "acme", "a", "--unset", "x.y", "--set", "l[0]=7"];
    assert_eq!(tell(&home.run(&unset))["changed"], json!(["x.y", "l[0]"]));
    home.run(&["doc", "update", "acme", "a", "--set", "l[3]=7"]).fails(6, "l[3]");
    home.run(&["doc", "update", "acme", "a", "--set", "n"]).fails(2, "has no value");
    home.run(&["doc", "update", "acme", "a", "--set", "_id=b"]).fails(6, "_id");
    // What is not touched stays, byte for byte: twice the same field, and the order.
    assert_eq!(
        tell(&home.run(&["doc", "update", "acme", "odd", "--set", "z=2"]))["changed"],
        json!(["z"])
    );
    let now = document::parse(get("odd").trim()).unwrap();
    assert_eq!(now.as_bytes().len(), odd().as_bytes().len());
    assert_eq!(document::difference(&odd(), &now).unwrap().len(), 1);

    let kept = home.path("kept.json");
    std::fs::write(&kept, get("a")).unwrap();
    let replace = ["doc", "replace", "acme", "a", "--if-unchanged", kept.to_str().unwrap()];
    assert_eq!(tell(&home.run_with(&replace, "{ n: 9 }"))["changed"], json!(["n", "x", "l"]));
    home.run_with(&replace, "{ n: 10 }").fails(1, "changed by someone else");
    assert_eq!(get("a"), "{ _id: \"a\", n: 9 }\n");
    home.run_with(&["doc", "replace", "acme", "a"], "{ _id: \"b\" }").fails(6, "cannot be changed");
    let missing = ["doc", "replace", "acme", "a", "--if-unchanged", "no/such/file"];
    let missing = home.run_with(&missing, "{ n: 10 }");
    missing.fails(2, "cannot read no/such/file");
    assert!(missing.err.contains("`tenantry doc get`"), "{missing:?}");
    let usage = home.run(&["doc", "update", "acme", "a"]);
    assert!(usage.err.contains("<--set <PATH=VALUE>|--unset <PATH>>"), "{usage:?}");

    home.run(&["doc", "delete", "acme", "a"]).fails(2, "--yes");
    assert_eq!(tell(&home.run(&["doc", "delete", "acme", "a", "--yes"]))["deleted"], json!(true));
    home.run(&["doc", "delete", "acme", "a", "--yes"]).fails(3, "no such document");
    home.run(&["--read-only", "doc", "delete", "acme", "odd", "--yes"]).fails(5, "read-only");

    // Who did it, to which document, and which fields; no value.
    let entries = home.run(&["audit", "list", "--org", "acme", "--output", "json"]).out;
    for told in ["insert-document", "change-document", "delete-document", "x.y", "\"l[0]\""] {
        assert!(entries.contains(told), "{told}: {entries}");
    }
    assert!(!entries.contains("\"z\"\n") && !entries.contains(": \"7\""), "{entries}");
}

#[tokio::test]
async fn a_validator_and_a_unique_index_say_what_they_refuse() {
    let (database, home) = with_documents().await;
    let validator =
        doc! { "$jsonSchema": { "properties": { "n": { "bsonType": "int", "minimum": 0 } } } };
    database.db.run_command(doc! { "collMod": "org_acme", "validator": validator }).await.unwrap();
    let unique = mongodb::options::IndexOptions::builder().unique(true).sparse(true).build();
    let index = mongodb::IndexModel::builder().keys(doc! { "n": 1 }).options(unique).build();
    database.db.collection::<RawDocumentBuf>("org_acme").create_index(index).await.unwrap();
    let insert = |text: &str| home.run_with(&["doc", "insert", "acme"], text);
    insert("{ n: -1 }").fails(1, "n: { \"minimum\": 0 }");
    insert("{ n: 7 }").fails(1, "a unique index has another document with this n");
}
