//! Prompts, as a person at a terminal meets them.

use bson::{DateTime, Document, doc, oid::ObjectId};
use rustix::process::Signal;

use crate::{
    support::{access::OwnDatabase, mongod, pty::Console, totp::code},
    tool::{Home, OTHER_PASSWORD, PASSWORD, PROGRAM},
};

/// The program in a pseudo-terminal of 80x24.
struct Session(Console);

impl Session {
    fn begin(home: &Home, arguments: &[&str]) -> Self {
        let variables: Vec<(&str, &str)> =
            home.variables().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Self(Console::run(PROGRAM.as_ref(), arguments, &variables, (80, 24), &home.path("")))
    }

    /// Waits until `words` are on the screen.
    #[track_caller]
    fn see(&self, words: &str) {
        self.0.see(words);
    }

    fn type_in(&mut self, keys: &str) {
        self.0.send(keys);
    }

    /// Whether the terminal shows what is typed, and does all else as before.
    fn echoes(&self) -> bool {
        self.0.is_plain()
    }

    /// Waits for the end; answers with the exit code and all that was on the screen.
    fn end(self) -> (i32, String) {
        let (code, screen) = self.0.end();
        assert!(self.echoes(), "the terminal was not restored");
        for secret in [PASSWORD, OTHER_PASSWORD] {
            assert!(!screen.contains(secret), "{screen}");
        }
        (code, screen)
    }
}

#[test]
fn a_new_password_is_asked_twice_and_never_seen() {
    let home = Home::new();
    let create = ["org", "create", "acme_corp", "--email", "ada@acme.com"];
    let mut session = Session::begin(&home, &create);
    session.see("New password: ");
    assert!(!session.echoes());
    // One that the rules refuse is not asked for again, but said, and another one is asked for.
    session.type_in("short\r");
    // Typed ahead, it is not shown either.
    session.type_in("short\r");
    session.see("too easy to guess");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("Again: ");
    session.type_in(&format!("{PASSWORD}\r"));
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    // On a terminal the answer is a table.
    assert!(screen.contains("collection  org_acme_corp"), "{screen}");

    let mut session = Session::begin(&home, &["admin", "login", "ada@acme.com"]);
    session.see("Password of ada@acme.com: ");
    session.type_in(&format!("{PASSWORD}\r"));
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("organization     acme_corp"), "{screen}");
}

#[test]
fn two_different_passwords_make_nothing() {
    let home = Home::new();
    let create = ["org", "create", "acme_corp", "--email", "ada@acme.com"];
    let mut session = Session::begin(&home, &create);
    session.see("New password: ");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("Again: ");
    session.type_in(&format!("{OTHER_PASSWORD}\r"));
    let (code, screen) = session.end();
    assert_eq!(code, 6, "{screen}");
    assert!(screen.contains("the passwords do not match"), "{screen}");
    assert!(!home.database().exists());
}

#[test]
fn nobody_thinks_of_a_password_for_a_name_that_is_taken() {
    let home = Home::new();
    home.create("acme_corp", "ada@acme.com");
    let create = ["org", "create", "Acme Corp", "--email", "bob@x.com"];
    let (code, screen) = Session::begin(&home, &create).end();
    assert_eq!(code, 4, "{screen}");
    assert!(!screen.contains("assword"), "{screen}");
}

#[test]
fn a_password_is_changed_at_the_terminal() {
    let home = Home::new();
    home.create("acme_corp", "ada@acme.com");
    let update = ["org", "update", "acme_corp", "--new-password-stdin", "--as", "ada@acme.com"];
    let mut session = Session::begin(&home, &update);
    session.see("Password of ada@acme.com: ");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("Password rules: at least 15 characters");
    session.see("New password: ");
    session.type_in(&format!("{OTHER_PASSWORD}\r"));
    session.see("Again: ");
    session.type_in(&format!("{OTHER_PASSWORD}\r"));
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    home.run_with(&["admin", "login", "ada@acme.com", "--password-stdin"], PASSWORD)
        .fails(5, "wrong");
}

#[test]
fn a_deletion_shows_what_goes_and_wants_the_name() {
    let home = Home::new();
    home.create("acme_corp", "ada@acme.com");
    let rows = home.rows();
    let delete = ["org", "delete", "ACME_corp", "--as", "ada@acme.com", "--now"];
    let delete_typing = |name: &str| {
        let mut session = Session::begin(&home, &delete);
        session.see("Password of ada@acme.com: ");
        session.type_in(&format!("{PASSWORD}\r"));
        session.see("Type acme_corp to purge it: ");
        assert!(session.echoes());
        session.type_in(name);
        session.end()
    };
    let (code, screen) = delete_typing("acme_corq\r");
    assert_eq!(code, 6, "{screen}");
    assert!(screen.contains("the name does not match"), "{screen}");
    assert!(screen.contains("org_acme_corp with 1 document of "), "{screen}");
    let (code, screen) = delete_typing("\u{4}");
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("nothing was done"), "{screen}");
    assert_eq!(home.rows(), rows);
    let (code, screen) = delete_typing("acme_corp\r");
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("purged “acme_corp”"), "{screen}");
    home.run(&["org", "get", "acme_corp"]).fails(3, "not found");
}

#[test]
fn a_move_to_the_trash_is_asked_about_and_says_how_to_take_it_back() {
    let home = Home::new();
    home.create("acme_corp", "ada@acme.com");
    let rows = home.rows();
    let delete = ["org", "delete", "acme_corp", "--as", "ada@acme.com"];
    let answer = |answer: &str| {
        let mut session = Session::begin(&home, &delete);
        session.see("Password of ada@acme.com: ");
        session.type_in(&format!("{PASSWORD}\r"));
        session.see("to the trash, where it can be restored for 30 days? [y/N]");
        session.type_in(answer);
        session.end()
    };
    for no in ["\r", "n\r", "\u{4}"] {
        let (code, screen) = answer(no);
        assert_eq!(code, 1, "{screen}");
        assert!(screen.contains("nothing was done"), "{screen}");
        assert_eq!(home.rows(), rows);
    }
    let (code, screen) = answer("y\r");
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("moved “acme_corp” to the trash"), "{screen}");
    assert!(screen.contains("tenantry org restore"), "{screen}");
    let purge = ["org", "purge", "acme_corp", "--as", "ada@acme.com"];
    let mut session = Session::begin(&home, &purge);
    session.see("Password of ada@acme.com: ");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("Type acme_corp to purge it: ");
    session.type_in("acme_corp\r");
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("purged “acme_corp”"), "{screen}");
}

#[test]
fn ctrl_c_at_a_prompt_ends_it_and_the_terminal_echoes_again() {
    let home = Home::new();
    let create = ["org", "create", "acme_corp", "--email", "ada@acme.com"];
    let mut session = Session::begin(&home, &create);
    session.see("New password: ");
    assert!(!session.echoes());
    // One that the rules refuse is not asked for again, but said, and another one is asked for.
    session.type_in("short\r");
    session.see("15 characters");
    session.see("New password: ");
    session.type_in("violet-har\u{3}");
    let (code, screen) = session.end();
    assert_eq!(code, 130, "{screen}");
    assert!(!screen.contains("violet-har"), "{screen}");
    assert!(!home.database().exists());
}

#[test]
fn a_signal_at_a_prompt_leaves_a_terminal_that_echoes() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let session = Session::begin(&Home::new(), &["--demo", "admin", "login", "a@b.example"]);
        session.see("Password of a@b.example: ");
        assert!(!session.echoes());
        session.0.signal(signal);
        assert_eq!(session.end().0, code);
    }
}

#[test]
fn a_table_fits_the_terminal() {
    let home = Home::new();
    home.create(&"long-name-".repeat(6), "somebody.with.a.long.address@organization.example");
    let (code, screen) = Session::begin(&home, &["org", "list"]).end();
    assert_eq!(code, 0);
    assert!(screen.contains('…'), "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
}

/// With an organization, in a profile that is production.
fn in_production() -> Home {
    let home = Home::new();
    let config = home.path(".config/tenantry/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(config, "[profiles.live]\nfile = \"live.db\"\nproduction = true\n").unwrap();
    let home = home.with("TENANTRY_PROFILE", "live");
    let create = ["org", "create", "acme_corp", "--email", "ada@acme.com", "--password-stdin"];
    let mut sure = create.to_vec();
    sure.push("--yes");
    home.run_with(&create, PASSWORD).fails(2, "“live” is production");
    assert_eq!(home.run_with(&sure, PASSWORD).code, 0);
    home
}

#[test]
fn in_production_whatever_writes_wants_yes_where_nobody_can_be_asked() {
    let home = in_production();
    let before = home.list();
    for command in [
        "org update acme_corp --name acme_two",
        "org restore acme_corp",
        "org suspend acme_corp",
        "org reactivate acme_corp",
        "org delete acme_corp --as ada@acme.com --password-stdin",
        "org purge acme_corp --as ada@acme.com --password-stdin",
        "admin add acme_corp bob@acme.com --as ada@acme.com --password-stdin",
        "admin update acme_corp ada@acme.com --email eve@acme.com --as ada@acme.com --password-stdin",
        "admin remove acme_corp ada@acme.com --as ada@acme.com --password-stdin",
        "admin transfer acme_corp eve@acme.com --as ada@acme.com --password-stdin",
        "admin code acme_corp ada@acme.com",
        "admin redeem ada@acme.com --stdin",
        "doctor --fix",
    ] {
        let arguments: Vec<_> = command.split(' ').collect();
        let run = home.run_with(&arguments, PASSWORD);
        assert_eq!(run.code, 2, "{command}: {}", run.err);
        assert!(run.err.contains("add --yes"), "{command}: {}", run.err);
    }
    assert_eq!(home.list(), before);
    for reads in [
        "org list",
        "org get acme_corp",
        "org suspend acme_corp --dry-run",
        "admin list acme_corp",
        "audit list",
        "doctor",
    ] {
        let run = home.run(&reads.split(' ').collect::<Vec<_>>());
        assert_eq!(run.code, 0, "{reads}: {}", run.err);
    }
    assert_eq!(home.run(&["org", "suspend", "acme_corp", "--yes"]).code, 0);
}

#[test]
fn in_production_whatever_writes_asks_a_person() {
    let home = in_production();
    let suspend = ["org", "suspend", "acme_corp"];
    for (typed, wanted) in [("y\r", 1), ("\r", 1), ("\u{4}", 1), ("live\r", 0)] {
        let mut session = Session::begin(&home, &suspend);
        session.see("This is production. Type live to continue: ");
        session.type_in(typed);
        let (code, screen) = session.end();
        assert_eq!(code, wanted, "{screen}");
        assert_eq!(screen.contains("nothing was done"), wanted == 1, "{screen}");
    }
}

#[test]
fn in_production_a_deletion_is_asked_about_twice() {
    let home = in_production();
    let delete = ["org", "delete", "acme_corp", "--as", "ada@acme.com"];
    let mut session = Session::begin(&home, &delete);
    session.see("This is production. Type live to continue: ");
    session.type_in("y\r");
    let (code, screen) = session.end();
    assert_eq!(code, 1, "{screen}");
    let mut session = Session::begin(&home, &delete);
    session.see("This is production. Type live to continue: ");
    session.type_in("live\r");
    session.see("Password of ada@acme.com: ");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("[y/N]");
    session.type_in("y\r");
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    assert!(!home.database().exists());
}

/// A database of the service with so many organizations.
async fn of_the_service(test: &str, count: u32) -> OwnDatabase {
    let database = OwnDatabase::on(mongod::standalone(), test).await;
    let orgs = (0..count).map(|n| {
        doc! {
            "organization_name": format!("tenant {n:04}"),
            "collection_name": format!("org_tenant_{n:04}"),
            "admin_id": ObjectId::new().to_hex(),
            "admin_email": format!("a{n}@example.com"),
            "created_at": DateTime::from_millis(0),
        }
    });
    database.db.collection::<Document>("organizations").insert_many(orgs).await.unwrap();
    database
}

#[tokio::test]
async fn how_far_a_database_of_the_service_is_brought_up_to_date_is_said_and_taken_away_again() {
    let database = of_the_service("upgrade", 1_500).await;
    let home = Home::on(&database);
    // Every command that writes says what is to be done first; those that look do not.
    home.run(&["org", "suspend", "tenant 0000"]).fails(1, "run `tenantry upgrade` once");
    let list = ["org", "list", "--limit", "1"];
    assert_eq!(home.run(&list).json()["organizations"][0]["organization_name"], "tenant 0000");
    home.run(&["upgrade"]).fails(2, "add --yes");
    let plan = home.run(&["upgrade", "--dry-run"]).json();
    assert_eq!((&plan["upgraded"], &plan["organizations"]), (&false.into(), &1_500.into()));
    let console = Session::begin(&home, &["upgrade", "--yes"]).0;
    assert_eq!(console.end().0, 0);
    let (screen, bytes) = (console.screen(), console.bytes());
    let told = String::from_utf8_lossy(&bytes);
    for percent in ["66 %", "100 %"] {
        assert!(told.contains(&format!("1,500 records upgraded: {percent}")), "{told}");
    }
    assert!(!screen.contains('%'), "{screen}");
    let said = "upgraded 1,500 organizations and 0 admins, and added 30 indexes";
    assert!(screen.contains(said), "{screen}");
    let again = home.run(&["upgrade"]).json();
    assert_eq!((&again["upgraded"], &again["organizations"]), (&true.into(), &0.into()));
    // To a program nothing of it is said.
    let quiet = Home::on(&of_the_service("quiet", 1_500).await).run(&["upgrade", "--yes"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
    let upgraded = quiet.json();
    assert_eq!((&upgraded["organizations"], &upgraded["held_back"]), (&1_500.into(), &0.into()));
}

/// A mistyped name must not make a database.
#[tokio::test]
async fn an_upgrade_of_a_database_that_is_not_there_creates_nothing() {
    let database = OwnDatabase::on(mongod::standalone(), "upgrade_absent").await;
    let home = Home::on(&database);
    for command in [&["upgrade", "--dry-run"][..], &["upgrade"], &["upgrade", "--yes"]] {
        assert_eq!(home.run(command).json()["upgraded"], false);
    }
    let said = home.run(&["--output", "table", "upgrade"]).out;
    assert!(said.contains("this database is empty"), "{said}");
    assert_eq!(database.db.list_collection_names().await.unwrap(), Vec::<String>::new());
}

#[test]
fn a_second_factor_is_set_up_at_the_terminal_and_asked_for_from_then_on() {
    let home = Home::new();
    home.run_with(&["operator", "add", "ops@example.com", "--password-stdin"], PASSWORD).json();
    let mut session = Session::begin(&home, &["operator", "totp", "--as", "ops@example.com"]);
    session.see("Password of ops@example.com: ");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("Code the app shows now: ");
    let shown = session.0.screen();
    let secret = shown.lines().find_map(|line| line.trim().strip_prefix("secret   ")).unwrap();
    let secret = secret.trim().to_owned();
    // A wrong one is asked for again.
    session.type_in("000000\r");
    session.see("wrong code");
    session.see("Code the app shows now: ");
    session.type_in(&format!("{}\r", code(&secret, 0)));
    let (status, screen) = session.end();
    assert_eq!(status, 0, "{screen}");
    let mut recovery = screen.lines().map(str::trim).filter(|line| line.len() == 19);
    let (recovery, other) = (recovery.next().unwrap(), recovery.next().unwrap());
    let list = home.run(&["operator", "list"]).json();
    assert_eq!(list["operators"][0]["second_factor"], true);
    assert_eq!(list["operators"][0]["recovery_codes"], 10);

    let create =
        ["org", "create", "acme_corp", "--email", "ada@acme.com", "--as", "ops@example.com"];
    let mut session = Session::begin(&home, &create);
    session.see("Password of ops@example.com: ");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("Authentication code: ");
    let used = code(&secret, 1);
    session.type_in(&format!("{used}\r"));
    session.see("New password: ");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("Again: ");
    session.type_in(&format!("{PASSWORD}\r"));
    let (status, screen) = session.end();
    assert_eq!(status, 0, "{screen}");

    // In a script it is the line after the password, and one that is missing is said.
    let suspend = ["org", "suspend", "acme_corp", "--as", "ops@example.com", "--password-stdin"];
    home.run_with(&suspend, PASSWORD).fails(2, "add --code-stdin");
    let coded = [&suspend[..], &["--code-stdin"]].concat();
    home.run_with(&coded, &format!("{PASSWORD}\n{used}\n")).fails(5, "wrong or used code");
    home.run_with(&coded, &format!("{PASSWORD}\n{recovery}\n")).json();
    let alone = home.run_with(&["org", "list", "--code-stdin"], "");
    assert!(alone.code == 2 && alone.err.contains("--password-stdin"), "{alone:?}");
    home.run_with(&["operator", "totp", "--as", "ops@example.com", "--password-stdin"], PASSWORD)
        .fails(2, "no terminal to show the secret on");
    let remove = ["operator", "totp", "--remove", "--as", "ops@example.com"];
    let remove = [&remove[..], &["--password-stdin", "--code-stdin"]].concat();
    let left = home.run_with(&remove, &format!("{PASSWORD}\n{other}\n")).json();
    assert_eq!(left["operators"][0]["second_factor"], false);
    // What the database requires is not said there.
    assert_eq!(left.get("required"), None);
}

#[test]
fn an_admins_second_factor_is_asked_for_also_where_they_purge() {
    let home = Home::new();
    home.create("acme_corp", "ada@acme.com");
    let mut session = Session::begin(&home, &["admin", "totp", "--as", "ada@acme.com"]);
    session.see("Password of ada@acme.com: ");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("does not ask for codes");
    session.see("Code the app shows now: ");
    let shown = session.0.screen();
    let secret = shown.lines().find_map(|line| line.trim().strip_prefix("secret   ")).unwrap();
    let secret = secret.trim().to_owned();
    session.type_in(&format!("{}\r", code(&secret, 0)));
    let (status, screen) = session.end();
    assert_eq!(status, 0, "{screen}");
    let mut recovery = screen.lines().map(str::trim).filter(|line| line.len() == 19);
    let (first, second) = (recovery.next().unwrap(), recovery.next().unwrap());
    let list = home.run(&["admin", "list", "acme_corp"]).json();
    assert_eq!(list["admins"][0]["second_factor"], true);

    home.run_with(&["admin", "login", "ada@acme.com", "--password-stdin"], PASSWORD)
        .fails(2, "add --code-stdin");
    let trash = ["org", "trash", "acme_corp", "--as", "ada@acme.com", "--yes"];
    let trash = [&trash[..], &["--password-stdin", "--code-stdin"]].concat();
    home.run_with(&trash, &format!("{PASSWORD}\n{first}\n")).json();
    let mut session = Session::begin(&home, &["org", "purge", "acme_corp", "--as", "ada@acme.com"]);
    session.see("Password of ada@acme.com: ");
    session.type_in(&format!("{PASSWORD}\r"));
    session.see("to purge it: ");
    session.type_in("acme_corp\r");
    session.see("Authentication code: ");
    session.type_in(&format!("{second}\r"));
    let (status, screen) = session.end();
    assert_eq!(status, 0, "{screen}");
    assert!(screen.contains("purged"), "{screen}");
}
