//! `tenantry key`: a key is printed once, and kept as nothing that opens anything.

use serde_json::json;

use crate::tool::{Home, OTHER_PASSWORD, PASSWORD};

const OPS: &str = "ops@example.com";
const LOGIN: [&str; 3] = ["--as", OPS, "--password-stdin"];

#[test]
fn a_key_is_created_listed_and_revoked() {
    let home = Home::new();
    home.run_with(&["operator", "add", OPS, "--password-stdin"], PASSWORD).json();
    let key = |line: &[&str]| home.run_with(&[&["key"], line, &LOGIN].concat(), PASSWORD);
    let made = key(&["create", "ci", "--role", "viewer"]).json();
    let text = made["key"].as_str().unwrap();
    assert!(text.starts_with("tnt_") && text.len() == 100, "{text}");
    assert_eq!((&made["name"], &made["role"]), (&json!("ci"), &json!("viewer")));
    assert_eq!(made["operator"], OPS);
    assert!(made["expires_at"].is_string() && made["last_used"].is_null(), "{made}");
    let lasting = key(&["create", "lasting", "--role", "manager", "--no-expiry"]).json();
    assert!(lasting["expires_at"].is_null(), "{lasting}");
    let listed = key(&["list"]).json();
    let names: Vec<_> = listed["keys"].as_array().unwrap().iter().map(|key| &key["name"]).collect();
    assert_eq!(names, ["ci", "lasting"]);
    assert!(listed["keys"][0].get("key").is_none());
    let table = key(&["list", "--output", "table"]);
    assert!(table.out.starts_with("key      operator         role     expires"), "{}", table.out);
    // Neither it nor its secret is anywhere in the database.
    let rows = home.all_rows().join("\n");
    assert!(!rows.contains(text) && !rows.contains(&text[28..92]));
    key(&["create", "CI", "--role", "viewer"]).fails(4, "you already have an API key “CI”");
    key(&["create", "a b", "--role", "viewer"]).fails(6, "the key's name must have");
    assert_eq!(key(&["revoke", "ci"]).json()["key_id"], made["key_id"]);
    key(&["revoke", "ci"]).fails(3, "no API key is called “ci”");
    let said = key(&["revoke", lasting["key_id"].as_str().unwrap(), "--output", "table"]);
    assert_eq!(said.out, format!("revoked “lasting” of {OPS}\n"));
    assert_eq!(key(&["list", "--output", "table"]).out.lines().next(), Some("no API keys"));
}

#[test]
fn a_key_needs_the_login_of_whose_it_is() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    let create = ["key", "create", "ci", "--role", "viewer"];
    for line in [&create[..], &["key", "list"], &["key", "revoke", "ci"]] {
        home.run(line).fails(2, "this requires a login");
        let admin = [line, &["--as", "ada@acme.com", "--password-stdin"]].concat();
        home.run_with(&admin, PASSWORD).fails(5, "this requires a login as an operator");
    }
    home.run_with(&["operator", "add", OPS, "--password-stdin"], PASSWORD).json();
    let boss = ["--as", OPS, "--password-stdin", "--yes"];
    let viewer = ["operator", "add", "bob@example.com", "--role", "viewer"];
    let both = format!("{PASSWORD}\n{OTHER_PASSWORD}\n");
    home.run_with(&[&viewer[..], &boss].concat(), &both).json();
    let bob = ["--as", "bob@example.com", "--password-stdin"];
    let above = ["key", "create", "ci", "--role", "operator"];
    let said = home.run_with(&[&above[..], &bob].concat(), OTHER_PASSWORD);
    said.fails(5, "this requires an operator, and you are a viewer");
    for days in ["0", "3651", "soon"] {
        let line = [&create[..], &["--days", days], &LOGIN].concat();
        assert_eq!(home.run_with(&line, PASSWORD).code, 2, "{days}");
    }
}
