//! One organization's whole life, on each kind of database.

use serde_json::{Value, json};

use crate::{
    support::{access::OwnDatabase, mongod},
    tool::{Home, OTHER_PASSWORD, PASSWORD},
};

/// From nothing to nothing.
fn whole_life(home: &Home) {
    let made = home.create("Acme Corp", "ada@acme.com");
    let fields: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["admin_email", "collection_name", "created_at", "organization_id", "organization_name"]
    );
    assert_eq!(made["organization_name"], "Acme Corp");
    assert_eq!(made["collection_name"], "org_acme_corp");
    assert_eq!(made["admin_email"], "ada@acme.com");
    assert_eq!(made["organization_id"].as_str().unwrap().len(), 24);
    let created_at = made["created_at"].as_str().unwrap();
    assert!(created_at.starts_with("20") && created_at.ends_with('Z'), "{created_at}");

    let mut shown = home.run(&["org", "get", "ACME corp"]).json();
    assert_eq!(shown["connection_details"]["collection"], "org_acme_corp");
    assert!(shown["connection_details"]["database"].is_string());
    for more in ["connection_details", "documents", "bytes", "indexes", "newest_document_at"] {
        assert!(shown.as_object_mut().unwrap().remove(more).is_some(), "{more}");
    }
    assert_eq!(shown, made);
    assert_eq!(home.list(), json!({ "organizations": [made], "next": null }));

    let login = |password: &str| {
        let login = ["admin", "login", "Ada@acme.com", "--password-stdin"];
        home.run_with(&login, password)
    };
    let logged_in = login(PASSWORD).json();
    assert_eq!(logged_in["token_type"], "bearer");
    assert_eq!(logged_in["access_token"].as_str().unwrap().split('.').count(), 3);
    assert_eq!(logged_in["organization_id"], made["organization_id"]);
    assert_eq!(logged_in["organization_name"], "Acme Corp");
    assert_eq!(logged_in["admin_id"].as_str().unwrap().len(), 24);
    assert_eq!(logged_in.as_object().unwrap().len(), 5);

    // A rename needs no login; the collection follows the name.
    let renamed = home.run(&["org", "update", "acme corp", "--name", "Apex"]).json();
    assert_eq!(renamed["organization_id"], made["organization_id"]);
    assert_eq!(renamed["collection_name"], "org_apex");
    assert_eq!(renamed["created_at"], made["created_at"]);
    home.run(&["org", "get", "acme corp"]).fails(3, "organization “acme corp” not found");

    // E-mail, password and name in one go; the login's password is the first line.
    let update = [
        "org",
        "update",
        "apex",
        "--name",
        "Apex Ltd.",
        "--email",
        "eve@apex.com",
        "--as",
        "ada@acme.com",
        "--password-stdin",
        "--new-password-stdin",
    ];
    let updated = home.run_with(&update, &format!("{PASSWORD}\r\n{OTHER_PASSWORD}\r\n")).json();
    assert_eq!(updated["organization_name"], "Apex Ltd.");
    assert_eq!(updated["collection_name"], "org_apex_ltd");
    assert_eq!(updated["admin_email"], "eve@apex.com");
    login(PASSWORD).fails(5, "wrong e-mail or password");

    let delete = [
        "org",
        "delete",
        "apex ltd.",
        "--as",
        "eve@apex.com",
        "--password-stdin",
        "--yes",
        "--now",
    ];
    home.run_with(&delete, PASSWORD).fails(5, "wrong e-mail or password");
    let deleted = home.run_with(&delete, OTHER_PASSWORD).json();
    assert_eq!(
        deleted,
        json!({
            "organization_id": made["organization_id"],
            "organization_name": "Apex Ltd.",
            "deleted": true,
        })
    );
    assert_eq!(home.list(), json!({ "organizations": [], "next": null }));
    // Everything it held is free again.
    home.create("Acme Corp", "eve@apex.com");
}

#[test]
fn a_whole_life_on_the_embedded_database() {
    let home = Home::new();
    whole_life(&home);
    assert!(home.database().is_file());
}

#[tokio::test]
async fn a_whole_life_on_a_standalone_mongodb() {
    let database = OwnDatabase::on(mongod::standalone(), "life").await;
    let home = Home::on(&database);
    whole_life(&home);
    // Nothing is kept anywhere else.
    assert!(!home.database().exists());
}

#[tokio::test]
async fn a_whole_life_on_a_replica_set() {
    let database = OwnDatabase::on(mongod::replica_set().await, "life").await;
    whole_life(&Home::on(&database));
}

#[tokio::test]
async fn a_server_named_by_flags() {
    let database = OwnDatabase::on(mongod::standalone(), "flags").await;
    let (uri, name) = (&database.uri, database.name());
    let home = Home::new().with("MONGODB_URI", "mongodb://127.0.0.1:1");
    let home = home.with("TENANTRY_DATABASE", "other");
    let get = ["org", "get", "acme", "--uri", uri, "--database", name];
    home.run(&get).fails(3, "organization “acme” not found");
    Home::on(&database).create("acme", "ada@x.com");
    let shown = home.run(&get).json();
    assert_eq!(shown["connection_details"]["database"], name);
}

#[test]
fn a_whole_life_in_a_file_of_ones_own() {
    let home = Home::new();
    let home = {
        let file = home.path("elsewhere.db").display().to_string();
        home.with("TENANTRY_FILE", &file)
    };
    whole_life(&home);
    assert!(home.path("elsewhere.db").is_file());
    assert!(!home.database().exists());
}

#[test]
fn a_list_goes_on_where_the_page_before_ended_in_every_order() {
    let home = Home::new();
    for (name, email) in [("b", "y@x.com"), ("C", "x@x.com"), ("a", "z@x.com")] {
        home.create(name, email);
    }
    for (sort, order) in [
        ("name", ["a", "b", "C"]),
        ("-name", ["C", "b", "a"]),
        ("created", ["b", "C", "a"]),
        ("-created", ["a", "C", "b"]),
        ("email", ["C", "b", "a"]),
        ("-email", ["a", "b", "C"]),
    ] {
        let mut names = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mut list = vec!["org", "list", "--limit", "2", "--sort", sort];
            if let Some(cursor) = &after {
                list.extend(["--after", cursor]);
            }
            let page = home.run(&list).json();
            let rows = page["organizations"].as_array().unwrap();
            assert!(rows.len() <= 2);
            names.extend(
                rows.iter().map(|org| org["organization_name"].as_str().unwrap().to_owned()),
            );
            match &page["next"] {
                Value::String(next) => after = Some(next.clone()),
                next => {
                    assert!(next.is_null());
                    break;
                }
            }
        }
        assert_eq!(names, order, "{sort}");
    }
    let found = home.run(&["org", "list", "--search", "Y@X"]).json();
    assert_eq!(found["organizations"][0]["organization_name"], "b");
    assert_eq!(found["organizations"].as_array().unwrap().len(), 1);
    let none = home.run(&["org", "list", "--search", "s.*r"]).json();
    assert_eq!(none, json!({ "organizations": [], "next": null }));
    let refused = home.run(&["org", "list", "--search", ".*"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("punctuation is ignored"), "{}", refused.err);
}

#[test]
fn passwords_are_hashed_at_a_cost_that_only_tests_lower() {
    let home = Home::new().with(tenantry::failpoint::HASH_COST, "");
    home.create("Acme Corp", "ada@acme.com");
    assert!(home.rows().iter().any(|row| row.contains("$2b$12$")), "{:?}", home.rows());
}

#[test]
fn a_table_is_for_people() {
    let home = Home::new();
    let said = home.run(&["org", "list", "--output", "table"]);
    said.fails(2, "no database at");
    assert!(said.err.contains("tenantry org create"), "{}", said.err);
    home.create("北京", "li@bj.cn");
    home.create("acme_corp", "ada@acme.com");
    let table = home.run(&["org", "list", "--output", "table", "--limit", "1"]).out;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("name       admin         created"), "{table}");
    assert!(lines[1].starts_with("acme_corp  ada@acme.com  20"), "{table}");
    assert!(lines[1].ends_with("org_acme_corp  active"), "{table}");
    assert_eq!(lines[3], "1 of 2 organizations", "{table}");
    let next = lines[4].strip_prefix("more with --after ").unwrap_or_else(|| panic!("{table}"));
    let total = |more: &[&str]| {
        let listed = home.run(&[&["org", "list", "--output", "table"], more].concat()).out;
        listed.lines().last().unwrap().to_owned()
    };
    assert_eq!(total(&["--limit", "1", "--after", next]), "1 of 2 organizations");
    assert_eq!(total(&[]), "2 organizations");
    assert_eq!(total(&["--search", "acme"]), "1 matching organization");
    assert!(total(&["--search", "acme_crop"]).ends_with("; did you mean “acme_corp”?"));
    assert_eq!(total(&["--search", "acme", "--limit", "1"]), "1 matching organization");
    let shown = home.run(&["org", "get", "北京", "--output", "table"]).out;
    assert!(shown.contains("collection  org_bei_jing\n"), "{shown}");
}

#[test]
fn the_demonstration_has_its_samples_and_keeps_nothing() {
    let home = Home::new();
    let page = home.run(&["--demo", "org", "list", "--limit", "1000"]).json();
    assert_eq!(page["organizations"].as_array().unwrap().len(), 36);
    let update = ["--demo", "org", "update", "acme_corp", "--name", "Apex"];
    assert_eq!(home.run(&update).json()["collection_name"], "org_apex");
    home.run(&["--demo", "org", "get", "Apex"]).fails(3, "organization “Apex” not found");
    assert!(!home.database().exists());
}

/// Into the trash and out of it, suspended and back, and gone for good.
fn life_with_trash(home: &Home) {
    let made = home.create("Acme Corp", "ada@acme.com");
    home.create("Globex", "bob@globex.com");
    let login = |password: &str| {
        home.run_with(&["admin", "login", "ada@acme.com", "--password-stdin"], password)
    };

    let suspended = home.run(&["org", "suspend", "acme corp"]).json();
    assert_eq!(suspended["state"], "suspended");
    // Only whoever knows the password is told.
    login(OTHER_PASSWORD).fails(5, "wrong e-mail or password");
    login(PASSWORD).fails(5, "“Acme Corp” is suspended");
    let delete =
        ["org", "delete", "acme corp", "--as", "ada@acme.com", "--password-stdin", "--yes"];
    home.run_with(&delete, PASSWORD).fails(5, "“Acme Corp” is suspended");
    assert_eq!(home.run(&["org", "get", "acme corp"]).json()["state"], "suspended");
    assert_eq!(home.run(&["org", "reactivate", "acme corp"]).json(), made);
    login(PASSWORD).json();

    let deleted = home.run_with(&delete, PASSWORD).json();
    assert_eq!(deleted["deleted"], true);
    assert!(deleted["restorable_until"].as_str().unwrap().ends_with('Z'), "{deleted}");
    home.run(&["org", "get", "acme corp"]).fails(3, "“Acme Corp” is in the trash");
    home.run(&["org", "suspend", "acme corp"]).fails(3, "“Acme Corp” is in the trash");
    home.run(&["org", "update", "acme corp", "--name", "x"]).fails(3, "is in the trash");
    home.run_with(&delete, PASSWORD).fails(3, "is in the trash");
    login(PASSWORD).fails(5, "wrong e-mail or password");
    assert_eq!(home.list()["organizations"].as_array().unwrap().len(), 1);
    let trash = home.run(&["org", "list", "--trash"]).json();
    assert_eq!(trash["organizations"].as_array().unwrap().len(), 1, "{trash}");
    assert_eq!(trash["organizations"][0]["organization_id"], made["organization_id"]);
    assert_eq!(trash["organizations"][0]["restorable_until"], deleted["restorable_until"]);
    let create = ["org", "create", "ACME corp", "--email", "new@acme.com", "--password-stdin"];
    home.run_with(&create, PASSWORD).fails(4, "taken by “Acme Corp” in the trash");

    home.run(&["org", "restore", "nothing"]).fails(3, "“nothing” is not in the trash");
    let taken = home.run(&["org", "restore", "acme corp", "--name", "globex"]);
    taken.fails(4, "taken by “Globex”");
    taken.fails(4, "restore it under another name with --name");
    assert_eq!(home.run(&["org", "restore", "acme corp"]).json(), made);
    login(PASSWORD).json();

    home.run_with(&delete, PASSWORD).json();
    let restored = home.run(&["org", "restore", "acme corp", "--name", "Apex"]).json();
    assert_eq!(restored["collection_name"], "org_apex");
    assert_eq!(restored["organization_id"], made["organization_id"]);

    let delete = ["org", "delete", "apex", "--as", "ada@acme.com", "--password-stdin", "--yes"];
    home.run_with(&delete, PASSWORD).json();
    let purge = |email: &str, password: &str| {
        let line = ["org", "purge", "apex", "--as", email, "--password-stdin", "--yes"];
        home.run_with(&line, password)
    };
    for (email, password) in [
        ("ada@acme.com", OTHER_PASSWORD),
        ("bob@globex.com", PASSWORD),
        ("nobody@acme.com", PASSWORD),
    ] {
        purge(email, password).fails(5, "wrong e-mail or password");
    }
    let purged = purge("ada@acme.com", PASSWORD).json();
    assert_eq!(purged["organization_name"], "Apex");
    assert_eq!(purged["restorable_until"], Value::Null);
    home.run(&["org", "get", "apex"]).fails(3, "organization “apex” not found");
    purge("ada@acme.com", PASSWORD).fails(3, "organization “apex” is not in the trash");

    let line = ["org", "delete", "globex", "--as", "bob@globex.com", "--password-stdin"];
    home.run_with(&[&line[..], &["--yes", "--now"]].concat(), PASSWORD).json();
    let trash = home.run(&["org", "list", "--trash"]).json();
    assert_eq!(trash, json!({ "organizations": [], "next": null }));
    assert_eq!(home.run(&["doctor"]).json(), json!({ "findings": [] }));
}

#[test]
fn a_life_with_the_trash_on_the_embedded_database() {
    life_with_trash(&Home::new());
}

#[tokio::test]
async fn a_life_with_the_trash_on_a_mongodb() {
    let database = OwnDatabase::on(mongod::standalone(), "trash").await;
    life_with_trash(&Home::on(&database));
}

#[test]
fn what_may_only_be_read_refuses_every_deed() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    home.create("globex", "bob@globex.com");
    let delete = ["org", "delete", "globex", "--as", "bob@globex.com", "--password-stdin", "--yes"];
    home.run_with(&delete, PASSWORD).json();
    let before = home.all_rows();
    for line in [
        &["org", "suspend", "acme"][..],
        &["org", "reactivate", "acme"],
        &["org", "delete", "acme", "--as", "ada@acme.com", "--password-stdin", "--yes"],
        &["org", "delete", "acme", "--as", "ada@acme.com", "--password-stdin", "--yes", "--now"],
        &["org", "restore", "globex"],
        &["org", "purge", "globex", "--as", "bob@globex.com", "--password-stdin", "--yes"],
        &["doctor", "--fix"],
    ] {
        home.run_with(&[&["--read-only"], line].concat(), PASSWORD).fails(5, "read-only");
    }
    assert_eq!(home.run(&["--read-only", "doctor"]).json(), json!({ "findings": [] }));
    assert_eq!(home.all_rows(), before);
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_and_ends_with_it() {
    let database = OwnDatabase::on(mongod::standalone(), "doctor").await;
    let home = Home::on(&database).with("FAILPOINTS_PATIENCE", "50");
    home.create("acme", "ada@acme.com");
    let orphan = database.collection("org_\u{1b}[2Jorphan");
    orphan.insert_one(bson::doc! { "_id": 1 }).await.unwrap();
    let said = home.run(&["doctor"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{said:?}");
    let found: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(found["findings"][0]["code"], "collection_without_organization");
    assert_eq!(found["findings"][0]["repaired"], false);
    let table = home.run(&["doctor", "--output", "table"]);
    assert!(table.out.contains("org_\\u{1b}[2Jorphan (1 document)"), "{table:?}");
    // It may be another program's, so it has to be named.
    let by_name = "`tenantry doctor --fix --quarantine 'org_\\u{1b}[2Jorphan'` moves it";
    assert!(table.out.contains(by_name), "{table:?}");
    let left = home.run(&["doctor", "--fix"]);
    let left: Value = serde_json::from_str(&left.out).unwrap();
    assert_eq!(left["findings"][0]["repaired"], false, "{left}");
    let alone = home.run(&["doctor", "--quarantine", "org_x"]);
    assert!(alone.code == 2 && alone.err.contains("--fix"), "{alone:?}");
    let owned = home.run(&["doctor", "--fix", "--quarantine", "org_acme"]);
    assert!(owned.code == 2 && owned.err.contains("not an orphaned collection"), "{owned:?}");
    let fixed = home.run(&["doctor", "--fix", "--quarantine", "org_\u{1b}[2Jorphan"]).json();
    assert_eq!(fixed["findings"][0]["repaired"], true, "{fixed}");

    // Late writes are only looked at without --fix, whoever connects meanwhile.
    home.run(&["org", "update", "acme", "--name", "globex"]).json();
    let late = database.collection("org_acme");
    let old = bson::oid::ObjectId::from_bytes([1; 12]);
    late.insert_many([bson::doc! { "_id": 7 }, bson::doc! { "_id": old }]).await.unwrap();
    for _ in 0..2 {
        let said = home.run(&["doctor", "--output", "table"]);
        assert_eq!(said.code, 1, "{said:?}");
        let words =
            "2 documents in org_acme, a former collection of “globex”\n  → `tenantry doctor";
        assert!(said.out.starts_with(words), "{said:?}");
    }
    let fixed = home.run(&["doctor", "--fix"]).json();
    let [found] = &fixed["findings"].as_array().unwrap()[..] else { panic!("{fixed}") };
    assert_eq!((&found["code"], &found["repaired"]), (&json!("stragglers"), &json!(true)));
    assert_eq!(found["how"], "repaired: renamed to quarantine_org_acme");
    let moved = database.collection::<bson::Document>("quarantine_org_acme");
    assert_eq!(moved.count_documents(bson::doc! {}).await.unwrap(), 2);
    let sound = home.run(&["doctor", "--output", "table"]);
    assert_eq!((sound.code, sound.out.as_str()), (0, "No problems found\n"));
}
