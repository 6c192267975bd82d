//! `tenantry org import` and `tenantry org copy`.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Stdio, time::Duration};

use serde_json::Value;

use crate::tool::Home;

/// An archive of an organization in a database of its own.
fn archived() -> (Home, String) {
    let home = Home::new();
    home.create("Acme & Söhne", "ada@acme.com");
    home.run(&["org", "export", "acme & söhne", "--to", "acme"]).json();
    (home, "acme".to_owned())
}

#[test]
fn an_organization_comes_back_from_a_file_and_through_a_pipe() {
    let (home, archive) = archived();
    let had = home.run(&["org", "get", "acme & söhne"]).json();
    // Into a file that is not there yet.
    let into = |file: &str, line: &[&str]| home.run(&[line, &["--file", file]].concat());
    let said = into("other.db", &["org", "import", &archive]).json();
    assert_eq!(said["organization_id"], had["organization_id"]);
    assert_eq!((&said["kept_id"], &said["admins"]), (&true.into(), &1.into()));
    assert_eq!(said["code"], Value::Null);
    assert_eq!(into("other.db", &["org", "get", "acme & söhne"]).json(), had);
    // Its admin has the password that she had.
    let login = ["admin", "login", "ada@acme.com", "--password-stdin", "--file", "other.db"];
    home.run_with(&login, &format!("{}\n", crate::tool::PASSWORD)).json();

    let mut piped = home.command(&["org", "import", "-", "--file", "piped.db"]);
    let piped = piped.stdin(fs::File::open(home.path(&archive)).unwrap()).output().unwrap();
    assert_eq!(piped.status.code(), Some(0), "{piped:?}");
    assert_eq!(into("piped.db", &["org", "get", "acme & söhne"]).json(), had);
    assert!(!home.path("-").exists());
}

#[test]
fn what_is_taken_is_said_and_another_name_is_taken() {
    let (home, archive) = archived();
    home.run(&["org", "import", &archive]).fails(4, "name “Acme & Söhne” is taken");
    let named = ["org", "import", &archive, "--name", "acme two"];
    home.run(&named).fails(4, "e-mail ada@acme.com is taken");
    let said = home.run(&[&named[..], &["--email", "eve@acme.com", "--output", "table"]].concat());
    assert!(said.out.starts_with("imported “acme two”: 1 document, "), "{}", said.out);
    assert!(said.out.contains("→ its id is now "), "{}", said.out);
    assert!(said.out.contains("→ new ids for 1 admin\n"), "{}", said.out);

    let ownerless = ["org", "import", &archive, "--name", "three", "--without-admins"];
    home.run(&ownerless).fails(2, "needs an owner");
    let said = home.run(&[&ownerless[..], &["--email", "kim@acme.com"]].concat()).json();
    let code = said["code"].as_str().unwrap();
    let input = format!("{code}\n{}\n", crate::tool::OTHER_PASSWORD);
    home.run_with(&["admin", "redeem", "kim@acme.com", "--stdin"], &input);
    let login = ["admin", "login", "kim@acme.com", "--password-stdin"];
    home.run_with(&login, &format!("{}\n", crate::tool::OTHER_PASSWORD)).json();
    // Each is in the audit log, and so is what was refused.
    let log = home.run(&["audit", "list", "--action", "import"]).json();
    let results: Vec<_> =
        log["entries"].as_array().unwrap().iter().map(|entry| entry["result"].clone()).collect();
    assert_eq!(results, ["done", "done", "refused", "refused"]);
}

#[test]
fn an_archive_does_not_go_into_a_new_database_that_was_not_named() {
    let (home, archive) = archived();
    let archive = home.path(&archive);
    let archive = archive.to_str().unwrap();
    let other = Home::new();
    other.run(&["org", "import", archive]).fails(2, "no database at");
    assert!(!other.database().exists());
    other.run(&["org", "import", archive, "--file", "named.db"]).json();
}

#[test]
fn what_is_no_archive_is_refused_with_the_reason() {
    let (home, archive) = archived();
    home.run(&["org", "import", "nothing"]).fails(2, "cannot read nothing");
    fs::write(home.path("text"), "hunter2").unwrap();
    let text = home.run(&["org", "import", "text"]);
    text.fails(6, "not an organization exported by Tenantry");
    let whole = fs::read(home.path(&archive)).unwrap();
    fs::write(home.path("cut"), &whole[..whole.len() / 2]).unwrap();
    home.run(&["org", "import", "cut", "--name", "x"]).fails(6, "cut off");
    home.run(&["org", "import", &archive, "--read-only"]).fails(5, "read-only");
    // Why may quote what is in the file: it is not in the audit log.
    let log = home.run(&["audit", "list", "--action", "import"]);
    assert!(!log.out.contains("hunter2") && log.out.contains("could not be imported"));
}

#[test]
fn an_import_that_is_interrupted_leaves_nothing() {
    let (home, archive) = archived();
    let whole = fs::read(home.path(&archive)).unwrap();
    let mut import = home.command(&["org", "import", "-", "--name", "x", "--email", "e@x.com"]);
    let mut child = import.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What stands in front of the documents is there, and not more.
    let mut pipe = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut pipe, &whole[..whole.len() - 1]).unwrap();
    let staged = || {
        let connection = rusqlite::Connection::open(home.database()).unwrap();
        let count = "SELECT count(*) FROM collections WHERE name LIKE 'import%'";
        connection.query_row(count, [], |row| row.get::<_, u32>(0)).unwrap()
    };
    while staged() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(130), "{done:?}");
    assert_eq!(staged(), 0);
    drop(pipe);
    home.run(&["doctor"]);
}

/// With two profiles, one of them in production.
fn with_profiles() -> Home {
    let home = Home::new();
    let config = home.path(".config/tenantry/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let profiles = "[profiles.old]\nfile = \"old.db\"\n\
                    [profiles.new]\nfile = \"new.db\"\n\
                    [profiles.live]\nfile = \"live.db\"\nproduction = true\n";
    fs::write(&config, profiles).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let home = home.with("TENANTRY_PROFILE", "old");
    home.create("acme", "ada@acme.com");
    home
}

#[test]
fn an_organization_is_copied_to_another_profile() {
    let home = with_profiles();
    let there = |line: &[&str], profile: &str| home.run(&[line, &["--profile", profile]].concat());
    let had = home.run(&["org", "get", "acme"]).json();
    let said = home.run(&["org", "copy", "acme", "--to", "new"]).json();
    assert_eq!((&said["profile"], &said["trashed"]), (&"new".into(), &false.into()));
    assert_eq!(there(&["org", "get", "acme"], "new").json(), had);
    assert_eq!(home.run(&["org", "get", "acme"]).json(), had);

    let again = home.run(&["org", "copy", "acme", "--to", "new"]);
    again.fails(4, "in “new”: name “acme” is taken");
    let unknown = home.run(&["org", "copy", "acme", "--to", "nowhere"]);
    unknown.fails(2, "unknown profile “nowhere”: there are old, new, live");
    home.run(&["org", "copy", "nothing", "--to", "new"]).fails(3, "not found");
    // Into production only where that is said.
    home.run(&["org", "copy", "acme", "--to", "live"]).fails(2, "“live” is production");
    home.run(&["org", "copy", "acme", "--to", "live", "--yes"]).json();

    let copied = ["org", "copy", "acme", "--to", "new", "--name", "two", "--output", "table"];
    let copied = home.run(&[&copied[..], &["--without-admins", "--email", "e@x.com"]].concat());
    assert!(copied.out.starts_with("copied to “new” as “two”: 1 document, "), "{}", copied.out);
    assert!(copied.out.contains("one-time code of e@x.com"), "{}", copied.out);
}

#[test]
fn an_organization_is_moved_and_its_old_place_is_the_trash() {
    let home = with_profiles();
    let moving = ["org", "copy", "acme", "--to", "new", "--move"];
    home.run(&moving).fails(2, "requires a login");
    let logged_in = [&moving[..], &["--as", "ada@acme.com", "--password-stdin"]].concat();
    home.run_with(&logged_in, "wrong\n").fails(5, "wrong e-mail or password");
    home.run(&["org", "get", "acme"]).json();
    let input = format!("{}\n", crate::tool::PASSWORD);
    let same = [&logged_in[..], &["--profile", "new"]].concat();
    home.run_with(&logged_in, &input).json();
    home.run(&["org", "get", "acme"]).fails(3, "in the trash");
    let there = home.run(&["org", "get", "acme", "--profile", "new"]).json();
    assert_eq!(there.get("state"), None, "only what is not active says so");
    home.run_with(&same, &input).fails(2, "in that database already");
}
