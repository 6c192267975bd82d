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
