//! A corpus of hostile strings in every stored field, through every way out that is text: tables, JSON,
//! errors. What is on the screen of the console is in `tests/console`.

use bson::{DateTime, Document, RawDocumentBuf, doc, oid::ObjectId};
use rusqlite::Connection;
use serde_json::Value;

use crate::{
    support::{
        access::OwnDatabase,
        corpus::{entry, hostile, huge, is_harmless, plant},
        mongod, service,
    },
    tool::Home,
};

/// What shows everything that is stored.
const ALL: [&[&str]; 6] = [
    &["org", "list", "--limit", "1000"],
    &["org", "list", "--sort", "-email"],
    &["org", "list", "--trash"],
    &["audit", "list", "--limit", "1000"],
    &["audit", "verify"],
    &["doctor"],
];

/// Runs it in both outputs.
fn shown(home: &Home, lines: &[&[&str]]) -> usize {
    for line in lines {
        run(home, line, "table");
        run(home, line, "json");
    }
    lines.len() * 2
}

/// What shows one organization, and refusals that repeat what it is called. How many there were.
fn each(home: &Home, name: &str, email: &str) -> usize {
    // No program can be given an argument with a NUL, or one of megabytes.
    if [name, email].iter().any(|word| word.contains('\0') || word.len() > 100_000) {
        return 0;
    }
    let refused: [&[&str]; 5] = [
        &["org", "list", "--search", name],
        &["admin", "redeem", "--stdin", "--", email],
        &["org", "create", "--email", "new@acme.com", "--password-stdin", "--", name],
        &["org", "create", "--email", email, "--password-stdin", "--", "other name"],
        &["org", "restore", "--", name],
    ];
    for line in refused {
        run(home, line, "json");
    }
    run(home, &["admin", "code", "--", name, email], "table");
    refused.len() + 1 + shown(home, &[&["org", "get", "--", name], &["admin", "list", "--", name]])
}

/// Logins take a while each.
fn log_in(home: &Home) {
    for email in hostile().iter().filter(|email| !email.contains('\0')).step_by(6) {
        run(home, &["admin", "login", "--password-stdin", "--", email], "json");
    }
}

fn run(home: &Home, line: &[&str], output: &str) {
    let said = home.run_with(&[&["--output", output], line].concat(), "one\ntwo\n");
    for text in [&said.out, &said.err] {
        assert!(is_harmless(text), "{line:?}: {}", text.escape_debug());
    }
    if output == "json" && !said.out.is_empty() {
        let parsed = serde_json::from_str::<Value>(&said.out);
        assert!(parsed.is_ok(), "{line:?}: {said:?}");
    }
}

#[test]
fn no_stored_string_gets_out_of_a_file_alive() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    let database = Connection::open(home.database()).unwrap();
    for (text, number) in hostile().iter().zip(100..) {
        plant(&database, number, text);
    }
    log_in(&home);
    let tried: usize = hostile().iter().map(|text| each(&home, text, text)).sum();
    assert!(tried + shown(&home, &ALL) > 350, "{tried}");
    for field in ["name", "admin_email", "collection", "database"] {
        let sql = format!("UPDATE organizations SET {field} = ? WHERE row = 1");
        assert_eq!(database.execute(&sql, [huge()]), Ok(1));
        shown(&home, &ALL[..1]);
    }
}

/// The same document where a string, or a part of one, is not UTF-8: an overlong form, half a
/// surrogate, a lone continuation, and an escape sequence behind each.
fn not_utf8(document: &Document, marker: &str) -> Vec<RawDocumentBuf> {
    let raw = document.to_vec().unwrap();
    let broken: [&[u8]; 4] =
        [b"\xc0\x9b[2J", b"\xed\xa0\x80[J", b"\x9b31m\xff", b"\xf8\x88\x80\x9b]"];
    let spots: Vec<usize> = (0..raw.len() - marker.len())
        .filter(|at| raw[*at..].starts_with(marker.as_bytes()))
        .collect();
    let with = |bytes: &[u8]| {
        let mut raw = raw.clone();
        for at in &spots {
            raw[*at..*at + bytes.len()].copy_from_slice(bytes);
        }
        RawDocumentBuf::from_bytes(raw).unwrap()
    };
    broken.iter().map(|bytes| with(&bytes[..5])).collect()
}

fn record_of(admin: ObjectId, text: &str) -> Document {
    let mut record = service::record(text, (text, text), (admin, text), DateTime::MIN);
    record.extend(doc! { "created_at": text, "pending": { "kind": text, "by": text } });
    record
}

// Its own connection is looked after while a program is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_stored_string_gets_out_of_mongodb_alive() {
    let own = OwnDatabase::on(mongod::standalone(), "corpus").await;
    let home = Home::on(&own);
    home.create("acme", "ada@acme.com");
    let orgs = own.collection::<Document>("organizations");
    let admins = own.collection::<Document>("admins");
    let audit_log = own.collection::<Document>("audit_log");
    for (text, number) in hostile().iter().zip(100_i64..) {
        let admin = doc! {
            "_id": ObjectId::new(), "email": text, "password": text, "created_at": text,
            "role": text, "organization_id": text, "reset": { "code": text, "until": text },
        };
        orgs.insert_one(record_of(admin.get_object_id("_id").unwrap(), text)).await.unwrap();
        admins.insert_one(admin).await.unwrap();
        audit_log.insert_one(entry(number, text)).await.unwrap();
    }
    log_in(&home);
    let tried: usize = hostile().iter().map(|text| each(&home, text, text)).sum();
    assert!(tried + shown(&home, &ALL) > 350, "{tried}");
    let long = huge();
    for (name, email) in [(long.as_str(), "a@b.com"), ("huge", long.as_str())] {
        let huge = doc! { "organization_name": name, "admin_email": email };
        let id = orgs.insert_one(huge).await.unwrap().inserted_id;
        shown(&home, &ALL[..1]);
        orgs.delete_one(doc! { "_id": id }).await.unwrap();
    }
    orgs.delete_many(doc! { "organization_name": { "$ne": "acme" } }).await.unwrap();
    admins.delete_many(doc! { "email": { "$ne": "ada@acme.com" } }).await.unwrap();
    let marker = "brokenbroken";
    let raw_orgs = own.collection::<RawDocumentBuf>("organizations");
    let raw_log = own.collection::<RawDocumentBuf>("audit_log");
    let mut org = record_of(ObjectId::new(), marker);
    org.remove("pending");
    let entries = not_utf8(&entry(1_000_000, marker), marker);
    for (org, entry) in not_utf8(&org, marker).into_iter().zip(entries) {
        raw_orgs.insert_one(org).await.unwrap();
        raw_log.insert_one(entry).await.unwrap();
        let listed = home.run(&["org", "list"]).json();
        let listed = listed["organizations"].as_array().unwrap();
        let name = |org: &Value| org["organization_name"].as_str().unwrap().to_owned();
        let strange = listed.iter().map(name).find(|name| name != "acme").unwrap();
        assert!(strange.contains('\u{fffd}'), "{strange:?}");
        each(&home, &strange, &strange);
        shown(&home, &ALL);
        orgs.delete_many(doc! { "organization_name": { "$ne": "acme" } }).await.unwrap();
        audit_log.delete_many(doc! { "_id": 1_000_000 }).await.unwrap();
    }
}
