//! The configuration file through the real binary.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::tool::{Home, PASSWORD, URI_PASSWORD};

const FILE: &str = ".config/tenantry/config.toml";

/// Someone with this configuration, which only they read.
fn with_config(text: &str) -> Home {
    let home = Home::new();
    let path = home.path(FILE);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    home
}

#[test]
fn a_configuration_is_written_once_found_and_in_order() {
    let home = Home::new();
    let path = home.path(FILE);
    assert_eq!(home.run(&["config", "path"]).out, format!("{}\n", path.display()));
    assert_eq!(home.run(&["config", "check"]).json()["file"], serde_json::Value::Null);
    let said = home.run(&["config", "init"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with(&format!("wrote {}\n", path.display())), "{said:?}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&path, "# mine\n").unwrap();
    home.run(&["config", "init"]).fails(2, "already exists");
    assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n");
    assert_eq!(home.run(&["config", "init", "--force"]).code, 0);
    assert_eq!(fs::read_to_string(home.path(&format!("{FILE}.old"))).unwrap(), "# mine\n");
    let checked = home.run(&["config", "check"]).json();
    assert_eq!(checked["file"], path.display().to_string());
    assert_eq!(checked["profiles"], serde_json::json!([]));
}

#[test]
fn everything_wrong_is_said_at_once_and_nothing_else_is_done_before_it_is_mended() {
    let home = with_config(
        "[profiles.a]\ndemo = true\nfile = \"x\"\n\n[keys]\nrefesh = \"R\"\nundo = \"q\"\n",
    );
    let said = home.run(&["config", "check"]);
    let path = home.path(FILE).display().to_string();
    assert_eq!(said.code, 2);
    assert_eq!(
        said.err.replace(&path, "FILE"),
        "\
tenantry: FILE:2:8: file and demo are mutually exclusive
  2 | demo = true
    |        ^^^^
  → keep one of them
tenantry: FILE:6:1: unknown command “refesh”; did you mean “refresh”?
  6 | refesh = \"R\"
    | ^^^^^^
  → `tenantry config init` lists all commands
tenantry: FILE:7:8: q is also bound to “quit” in the same place
  7 | undo = \"q\"
    |        ^^^
  → choose another key for one of them
"
    );
    home.run(&["org", "list"]).fails(2, "keep one of them");
    assert!(!home.database().exists());
    // What helps to mend it works, and what has nothing to do with it.
    assert_eq!(home.run(&["config", "path"]).code, 0);
    assert_eq!(home.run(&["--help"]).code, 0);
    let said = home.run(&["--config", "/dev/null", "--demo", "org", "list"]);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_check_reports_all_mistakes_of_every_kind() {
    let home = with_config(
        "[consle]\ntheme = \"dark\"\nmouse = 3\n\n[console]\ntheme = \"pink\"\nplain = [\n  1,\n]\n\n\
         [profiles.a]\nfile = \"a.db\"\nreadonly = true\npassword_score = 9\n\n[keys]\nundo = \"q\"\n",
    )
    .with("SECRET_KEY", "short")
    .with("TENANTRY_TRASH_DAYS", "many");
    let said = home.run(&["config", "check"]);
    assert_eq!(said.code, 2, "{said:?}");
    for mistake in [
        ":1:2: unknown field `consle`",
        ":6:9: unknown variant `pink`",
        ":7:9: invalid type",
        ":13:1: unknown field `readonly`",
        ":14:18: 9 cannot be",
        ":17:8: q is also bound to “quit”",
        "SECRET_KEY has 5 bytes",
        "TENANTRY_TRASH_DAYS is not a number",
    ] {
        assert!(said.err.contains(mistake), "{mistake} is not in\n{}", said.err);
    }
    assert_eq!(said.err.matches("\n  → ").count(), 8, "{}", said.err);
}

#[test]
fn what_the_service_would_refuse_is_reported() {
    let check = |home: &Home| home.run(&["config", "check"]);
    check(&with_config("[serve]\nlisten = \"127.0.0.1:8080\"\n")).json();
    let exposed = with_config("[serve]\nlisten = \"0.0.0.0:8080\"\n");
    check(&exposed).fails(2, "0.0.0.0:8080 can be reached from other machines, without TLS");
    // The database is used as before.
    assert_eq!(exposed.run(&["--demo", "org", "count"]).code, 0);
    let half = with_config("[serve]\ntls_cert = \"cert.pem\"\n");
    check(&half).fails(2, "only one of them is given");

    let home = with_config("[serve]\nkey_file = \"service.key\"\n");
    let key = home.path(FILE).with_file_name("service.key");
    check(&home).fails(2, "service.key: No such file");
    fs::write(&key, "tenantry_key\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    check(&home).fails(2, "other users can read or write it");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    check(&home).json();

    let tls =
        "[serve]\nlisten = \"0.0.0.0:8443\"\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n";
    let home = with_config(tls);
    check(&home).fails(2, "cert.pem`: No such file");
    let of = |name| home.path(FILE).with_file_name(name);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(of("cert.pem"), made.cert.pem()).unwrap();
    fs::write(of("key.pem"), "no key").unwrap();
    check(&home).fails(2, "cannot use the certificate in");
    fs::write(of("key.pem"), made.signing_key.serialize_pem()).unwrap();
    check(&home).json();
}

#[test]
fn profiles_are_databases_of_their_own_with_limits_of_their_own() {
    let home = with_config(
        "profile = \"one\"\n[profiles.one]\nfile = \"one.db\"\n[profiles.two]\nfile = \"two.db\"\n\
         [profiles.strict]\nfile = \"one.db\"\npassword_length = 40\n\
         [profiles.seen]\nfile = \"one.db\"\nread_only = true\n",
    );
    home.create("acme_corp", "ada@acme.com");
    assert!(home.path(".config/tenantry/one.db").exists());
    assert!(home.run(&["org", "get", "acme_corp", "--profile", "one"]).json().is_object());
    home.run(&["org", "get", "acme_corp", "--profile", "two"]).fails(2, "two.db");
    let named = Home::with(home, "TENANTRY_PROFILE", "two");
    named.create("other_corp", "bob@acme.com");
    named.run(&["org", "get", "acme_corp"]).fails(3, "acme_corp");
    let create = ["org", "create", "other", "--email", "o@x.com", "--password-stdin", "--profile"];
    let create = |profile| named.run_with(&[&create[..], &[profile]].concat(), PASSWORD);
    create("strict").fails(6, "too short: 24 of at least 40 characters");
    create("seen").fails(5, "read-only");
    create("tow").fails(2, "unknown profile “tow”: there are one, two, strict, seen");
    let checked = named.run(&["config", "check"]).json();
    assert_eq!(checked["opens"], "two");
    assert_eq!(checked["profiles"][3]["read_only"], true);
}

#[test]
fn where_a_database_is_can_come_from_a_variable_or_a_program_and_no_password_is_said() {
    let home = with_config(
        "[profiles.variable]\nuri_env = \"PLACE\"\n\
         [profiles.program]\nuri_command = [\"printenv\", \"PLACE\"]\n\
         [profiles.quiet]\nuri_command = [\"false\"]\n",
    );
    let list = |home: &Home, profile| home.run(&["org", "list", "--profile", profile]);
    list(&home, "variable").fails(2, "$PLACE must hold the connection string, and is not set");
    list(&home, "quiet").fails(2, "“false” failed (exit status: 1)");
    let place = format!("mongodb://ada:{URI_PASSWORD}@127.0.0.1:1/?serverSelectionTimeoutMS=200");
    let home = home.with("PLACE", &place);
    // Nothing listens there, and so it is said where it was looked for.
    list(&home, "variable").fails(7, "127.0.0.1:1");
    list(&home, "program").fails(7, "127.0.0.1:1");
    let said = home.run(&["config", "check", "--output", "table"]);
    assert!(said.out.contains("program: what printenv prints\n"), "{said:?}");
}

#[test]
fn a_connection_string_others_can_read_is_refused() {
    let text = format!("[profiles.a]\nuri = \"mongodb://ada:{URI_PASSWORD}@h\"\n");
    let home = with_config(&text);
    assert_eq!(home.run(&["config", "check"]).code, 0);
    fs::set_permissions(home.path(FILE), fs::Permissions::from_mode(0o644)).unwrap();
    home.run(&["config", "check"]).fails(2, "other users can read this file");
}
