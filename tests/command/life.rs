//! One organization's whole life, on each kind of database.

use serde_json::{Value, json};

use crate::{
    support::mongod,
    tool::{Home, OTHER_PASSWORD, PASSWORD},
};

/// From nothing to nothing.
fn whole_life(home: &Home) {
    assert_eq!(home.list(), json!({ "organizations": [], "next": null }));

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
    shown.as_object_mut().unwrap().remove("connection_details");
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
    home.run(&["org", "get", "acme corp"]).fails(3, "there is no organization “acme corp”");

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
    login(PASSWORD).fails(5, "the e-mail or the password is wrong");

    let delete =
        ["org", "delete", "apex ltd.", "--as", "eve@apex.com", "--password-stdin", "--yes"];
    home.run_with(&delete, PASSWORD).fails(5, "the e-mail or the password is wrong");
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

/// A home that names a database of one test on a MongoDB server.
fn on_mongodb(uri: &str, test: &str) -> Home {
    let database = mongod::database_name(test);
    Home::new().with("MONGODB_URI", uri).with("TENANTRY_DATABASE", &database)
}

#[test]
fn a_whole_life_on_a_standalone_mongodb() {
    let home = on_mongodb(&mongod::standalone(), "life");
    whole_life(&home);
    // Nothing is kept anywhere else.
    assert!(!home.database().exists());
}

#[tokio::test]
async fn a_whole_life_on_a_replica_set() {
    whole_life(&on_mongodb(&mongod::replica_set().await, "life"));
}

#[test]
fn a_server_named_by_flags() {
    let (uri, database) = (mongod::standalone(), mongod::database_name("flags"));
    let home = on_mongodb("mongodb://127.0.0.1:1", "other");
    let get = ["org", "get", "acme", "--uri", &uri, "--database", &database];
    home.run(&get).fails(3, "there is no organization “acme”");
    let home = home.with("MONGODB_URI", &uri).with("TENANTRY_DATABASE", &database);
    home.create("acme", "ada@x.com");
    let shown = home.run(&get).json();
    assert_eq!(shown["connection_details"]["database"], database.as_str());
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
    let none = home.run(&["org", "list", "--search", ".*"]).json();
    assert_eq!(none, json!({ "organizations": [], "next": null }));
}

#[test]
fn a_table_is_for_people() {
    let home = Home::new();
    let empty = home.run(&["org", "list", "--output", "table"]);
    assert!(empty.out.contains("tenantry org create"), "{}", empty.out);
    home.create("北京", "li@bj.cn");
    home.create("acme_corp", "ada@acme.com");
    let table = home.run(&["org", "list", "--output", "table", "--limit", "1"]).out;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("name       admin         created"), "{table}");
    assert!(lines[1].starts_with("acme_corp  ada@acme.com  20"), "{table}");
    assert!(lines[1].ends_with("org_acme_corp"), "{table}");
    assert!(lines[3].starts_with("more with --after "), "{table}");
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
    home.run(&["--demo", "org", "get", "Apex"]).fails(3, "there is no organization “Apex”");
    assert!(!home.database().exists());
}
