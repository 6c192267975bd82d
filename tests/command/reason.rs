//! Why something is done, said with the command, required in production, and read again.

use crate::tool::{Home, PASSWORD};

const OPS: [&str; 4] = ["--as", "ops@example.com", "--password-stdin", "--yes"];

/// Two organizations and a manager, in a production profile that wants a reason or not.
fn home(required: bool) -> Home {
    let home = Home::new();
    let config = home.path(".config/tenantry/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    let text = format!(
        "[profiles.live]\nfile = \"live.db\"\nproduction = true\nreason_required = {required}\n"
    );
    std::fs::write(config, text).unwrap();
    let home = home.with("TENANTRY_PROFILE", "live");
    for (name, email) in [("acme", "ada@acme.com"), ("globex", "kim@globex.com")] {
        let create = ["org", "create", name, "--email", email, "--password-stdin", "--yes"];
        assert_eq!(home.run_with(&create, PASSWORD).code, 0);
    }
    let add = ["operator", "add", "ops@example.com", "--password-stdin", "--yes"];
    assert_eq!(home.run_with(&add, PASSWORD).code, 0);
    home
}

fn line<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [words, &OPS].concat()
}

#[test]
fn a_reason_is_recorded_and_read_in_every_form() {
    let home = home(false);
    let evil = "left us\u{1b}[2J\u{202e}";
    let trash = line(&["org", "trash", "acme", "globex", "--reason", evil]);
    assert_eq!(home.run_with(&trash, PASSWORD).code, 0);
    assert_eq!(home.run_with(&line(&["org", "purge", "acme"]), PASSWORD).code, 0);
    let list = ["audit", "list", "--action", "trash"];
    let said = home.run(&list).json();
    let entries = said["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry["reason"] == evil), "{said}");
    let purged = home.run(&["audit", "list", "--action", "purge"]).json();
    assert!(purged["entries"][0]["reason"].is_null());
    let table = home.run(&[&list[..], &["--output", "table"]].concat()).out;
    assert!(table.contains("reason given: left us\\u{1b}[2J\\u{202e}"), "{table}");
    assert!(!table.contains('\u{1b}'), "{table}");
    assert_eq!(home.run(&["audit", "verify"]).json()["valid"], true);
}

#[test]
fn where_a_reason_is_required_the_command_says_so_before_anything_else() {
    let home = home(true);
    let before = home.list();
    let words = "this profile requires a reason for this\n  → say why: in the reason field, or with --reason TEXT";
    let long = "x".repeat(201);
    for command in [
        &["org", "trash", "acme"][..],
        &["org", "trash", "acme", "--now"],
        &["org", "trash", "acme", "globex"],
        &["org", "purge", "acme", "--reason", "  "],
        &["admin", "transfer", "acme", "eve@acme.com"],
    ] {
        home.run_with(&line(command), "a wrong password").fails(6, words);
    }
    home.run_with(&line(&["org", "trash", "acme", "--reason", &long]), "a wrong password")
        .fails(6, "the reason is too long: 201 of at most 200 characters");
    assert_eq!(home.list(), before);
    // What is only looked at needs none, and neither does what takes nothing away.
    let dry = line(&["org", "trash", "acme", "globex", "--dry-run"]);
    assert_eq!(home.run_with(&dry, PASSWORD).code, 0);
    assert_eq!(home.run(&["org", "purge", "--expired", "--yes"]).code, 0);
    let transfer = ["admin", "transfer", "acme", "eve@acme.com", "--reason", "sold"];
    assert_eq!(home.run_with(&line(&transfer), PASSWORD).json()["admin_email"], "eve@acme.com");
    let trash = ["org", "trash", "acme", "globex", "--reason", "ticket 4711"];
    assert_eq!(home.run_with(&line(&trash), PASSWORD).code, 0);
}

#[test]
fn a_reason_is_only_required_in_production() {
    let home = Home::new();
    let config = home.path(".config/tenantry/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(config, "[profiles.live]\nfile = \"x.db\"\nreason_required = true\n").unwrap();
    let said = home.run(&["config", "check"]);
    said.fails(2, "a reason is only required in production");
    said.fails(2, "add production = true, or remove it");
}
