//! What comes of a configuration file.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn any_text_is_a_configuration_or_has_problems_that_name_no_password(
        at in 0..400_usize,
        junk in "[\\[\\]=\"#.\n a-z]{0,12}|\\PC{0,8}",
        cut in 0..60_usize,
    ) {
        // Anything in place of a part of a good one.
        let begins: String = PROFILES.chars().take(at).collect();
        let goes_on: String = PROFILES.chars().skip(at + cut).collect();
        let text = format!("{begins}{junk}{goes_on}");
        for others_read in [false, true] {
            if let Err(problems) = crate::config::file::File::parse("config.toml".into(), &text, others_read) {
                prop_assert!(!problems.lines().contains("s3cret"), "{}", problems.lines());
                prop_assert!(!problems.to_string().contains("s3cret"), "{problems}");
            }
        }
    }
}

#[test]
fn a_profile_is_a_database_with_its_limits() {
    let profile = |name: &str| flags(|flags| flags.profile = Some(name.to_owned()));
    let (path, settings) = configured(PROFILES, &profile("the one"), &[("LATER", "mongodb://x")]);
    let settings = settings.unwrap();
    assert_eq!(settings.profiles.len(), 4);
    let database = settings.database;
    assert_eq!(database.production(), Some("the one"));
    assert!(database.rules.reason_required && !settings.profiles[0].rules.reason_required);
    assert_eq!(database.rules.passwords.least_characters, 20);
    assert_eq!((database.rules.trash_days, database.rules.passwords.least_score), (7, 2));
    let Source::Known(Target::Mongo { uri, database }) = database.source else { panic!("MongoDB") };
    assert_eq!(uri.reveal(), "mongodb://ops:s3cret-word@db1.example");
    assert_eq!(database, "orgs");
    let later = &settings.profiles[2];
    assert!(later.caller.read_only);
    assert!(
        matches!(&later.source, Source::Known(Target::Mongo { uri, .. }) if uri.reveal() == "mongodb://x")
    );
    let Source::Known(Target::File(file)) = &settings.profiles[0].source else { panic!("a file") };
    assert_eq!(file.parent(), path.parent(), "a file lies beside the configuration");
}

#[test]
fn what_is_said_nearer_beats_what_is_said_further_away() {
    let none = Flags::default();
    let (_, usual) = configured(PROFILES, &none, &[]);
    assert!(usual.unwrap().database.profile.is_some_and(|profile| profile.name == "local"));
    let (_, variable) = configured(PROFILES, &none, &[("TENANTRY_PROFILE", "later")]);
    assert!(variable.unwrap().database.profile.is_some_and(|profile| profile.name == "later"));
    let (_, variable) = configured(PROFILES, &none, &[("TENANTRY_FILE", "/x.db")]);
    assert!(variable.unwrap().database.profile.is_none());
    let flag = flags(|f| f.profile = Some("local".into()));
    let (_, flag) = configured(PROFILES, &flag, &[MONGO]);
    assert!(flag.unwrap().database.profile.is_some_and(|profile| profile.name == "local"));
    let one = flags(|f| (f.profile, f.database) = (Some("the one".into()), Some("mine".into())));
    let variables = [("TENANTRY_DATABASE", "theirs"), ("TENANTRY_PASSWORD_LENGTH", "30")];
    let database = configured(PROFILES, &one, &variables).1.unwrap().database;
    assert_eq!(database.rules.passwords.least_characters, 30);
    assert!(
        matches!(database.source, Source::Known(Target::Mongo { database, .. }) if database == "mine")
    );
    let on_file = flags(|f| (f.profile, f.database) = (Some("local".into()), Some("mine".into())));
    assert_eq!(configured(PROFILES, &on_file, &[]).1.unwrap_err(), Error::DatabaseWithoutServer);
    let empty = flags(|f| (f.profile, f.database) = (Some("the one".into()), Some(String::new())));
    assert_eq!(configured(PROFILES, &empty, &[]).1.unwrap_err(), Error::Empty("--database"));
    let two = flags(|f| (f.profile, f.demo) = (Some("local".into()), true));
    assert_eq!(
        configured(PROFILES, &two, &[]).1.unwrap_err(),
        Error::TwoFlags("--demo", "--profile")
    );
    let gone = flags(|f| f.profile = Some("gone".into()));
    let error = configured(PROFILES, &gone, &[]).1.unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown profile “gone”: there are local, the one, later, printed"
    );
}

#[tokio::test]
async fn a_program_prints_where_the_database_is_and_only_its_first_line_counts() {
    let printed = flags(|flags| flags.profile = Some("printed".into()));
    let source = configured(PROFILES, &printed, &[]).1.unwrap().database.source;
    assert_eq!(source.place().address, "what sh prints");
    let Target::Mongo { uri, database } = source.target().await.unwrap() else { panic!("MongoDB") };
    assert_eq!((uri.reveal(), database.as_str()), ("mongodb://db2.example", DEFAULT_DATABASE));
}

#[tokio::test]
async fn a_program_that_fails_is_named_and_no_password_is_repeated() {
    let source = |script: &str| Source::Command {
        words: ["sh", "-c", script].map(str::to_owned).to_vec(),
        database: None,
    };
    for (script, said) in [
        (
            "echo 'no key for mongodb://ada:s3cret-word@h' >&2; exit 3",
            "“sh” failed (exit status: 3): no key for mongodb://h",
        ),
        ("exit 1", "“sh” failed (exit status: 1)"),
        ("true", "sh printed no connection string"),
        ("echo; echo mongodb://h", "sh printed no connection string"),
        ("printf '\\377'", "sh printed no connection string"),
    ] {
        assert_eq!(source(script).target().await.unwrap_err().to_string(), said, "{script}");
    }
    let gone = Source::Command { words: vec!["/no/such".to_owned()], database: None };
    let error = gone.target().await.unwrap_err().to_string();
    assert!(error.starts_with("cannot start /no/such: "), "{error}");
    let later = flags(|flags| flags.profile = Some("later".to_owned()));
    let unset = configured(PROFILES, &later, &[]).1.unwrap().database.source;
    let error = unset.target().await.unwrap_err().to_string();
    assert_eq!(error, "$LATER must hold the connection string, and is not set");
}

#[tokio::test]
async fn a_program_nobody_waits_for_any_more_is_ended_with_what_it_started() {
    let home = tempfile::tempdir().unwrap();
    let fifo = home.path().join("alive");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
        .unwrap();
    // A grandchild holds the other end open for as long as it lives.
    let script = format!("(exec 3>'{}'; echo x >&3; sleep 600) & wait", fifo.display());
    let source = Source::Command {
        words: ["sh", "-c", &script].map(str::to_owned).to_vec(),
        database: None,
    };
    let asked = tokio::spawn(async move { source.target().await.map(|_| ()) });
    let alive = tokio::task::spawn_blocking(move || {
        use std::io::Read;
        let mut file = fs::File::open(fifo).unwrap();
        let mut byte = [0; 2];
        file.read_exact(&mut byte).unwrap();
        file
    });
    let mut alive = alive.await.unwrap();
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    // Reads the end of the file once nobody holds the other end: the test hangs if they live.
    let ended = tokio::task::spawn_blocking(move || {
        use std::io::Read;
        alive.read(&mut [0; 8]).unwrap()
    });
    assert_eq!(ended.await.unwrap(), 0);
}

#[test]
fn what_is_wrong_has_line_and_column_and_what_to_do() {
    let keys = "[keys]\nrefresh = \"q\"\nbck = \"x\"\nhelp = \"hyper-x\"\n";
    for (text, expected) in [
        (
            "[console]\ntheme = \"drak\"\n",
            "tenantry: FILE:2:9: unknown variant `drak`\n  2 | theme = \"drak\"\n    |         ^^^^^^\n  \
             → is `dark` meant? write one of `auto`, `dark`, `light`, `contrast`, `none`\n",
        ),
        (
            "[console]\ncolour = \"16\"\n",
            "tenantry: FILE:2:1: unknown field `colour`\n  2 | colour = \"16\"\n    | ^^^^^^\n  \
             → is `colors` meant? write one of `theme`, `colors`, `marks`, `plain`, `mouse`, `live`, `log`\n",
        ),
        (
            "profile = \"gone\"\n[profiles.a]\ndemo = true\n",
            "tenantry: FILE:1:11: unknown profile “gone”\n  1 | profile = \"gone\"\n    |           \
             ^^^^^^\n  → the profiles are a\n",
        ),
        (
            "[profiles.a]\ndatabase = \"x\"\n",
            "tenantry: FILE:1:11: the profile “a” names no database\n  1 | \
             [profiles.a]\n    |           ^\n  → add uri, uri_env, uri_command, file or demo\n",
        ),
        (
            "[profiles.a]\nfile = \"x\"\ndemo = true\ntrash_days = 0\n",
            "tenantry: FILE:3:8: file and demo are mutually exclusive\n  3 | demo = true\n    |        ^^^^\n  \
             → keep one of them\ntenantry: FILE:4:14: 0 cannot be\n  4 | trash_days = 0\n    |              \
             ^\n  → write a number from 1 to 3650\n",
        ),
        (keys, "tenantry: FILE:2:11: q is also bound to “quit” in the same place\n"),
    ] {
        let said = said_of(text);
        assert!(said.starts_with(expected), "{said}\n{expected}");
    }
    let said = said_of(keys);
    assert!(said.contains("FILE:3:1: unknown command “bck”; did you mean “back”?"), "{said}");
    assert!(said.contains("FILE:4:8: unknown key “hyper-x”\n"), "{said}");
}

#[test]
fn no_password_in_the_file_is_ever_repeated() {
    for text in [
        "uri = \"mongodb://ada:s3cret-word@h\"\n",
        "[profiles.a]\nuri = \"mongodb://ada:s3cret-word@h\"\ndemo = true\n",
        "[profiles.a]\nuri = \"mongodb://ada:s3cret-word@h\n",
        "[profiles.a]\nread_only = \"mongodb://ada:s3cret-word@h\"\n",
        "[profiles.a]\ncolor = \"mongodb://ada:s3cret-word@h\"\n",
        "[profiles.a]\nuri = { a = \"mongodb://ada:s3cret-word@h\" }\n",
        "[profiles.a]\nuri = \"mongodb://ada:s3cret-word@h\"\nuri = \"x\"\n",
        "[profiles.a]\nuri = mongodb://ada:s3cret-word@h\n",
    ] {
        let said = said_of(text);
        assert!(!said.contains("s3cret"), "{said}");
        let (_, error) = configured(text, &Flags::default(), &[]);
        assert!(!error.unwrap_err().to_string().contains("s3cret"), "{text}");
    }
    let (_, settings) = configured(PROFILES, &Flags::default(), &[]);
    assert!(!format!("{settings:?}").contains("s3cret"));
    let wrong = format!("{PROFILES}\n[keys]\nno-such = 'x'\n");
    let (_, settings) = configured(&wrong, &Flags::default(), &[]);
    assert!(!format!("{:?}", settings.unwrap_err()).contains("s3cret"));
}

#[test]
fn a_connection_string_with_a_user_is_for_its_owner_only() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    fs::write(&path, "[profiles.a]\nuri = \"mongodb://ada:s3cret-word@h\"\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let named = flags(|flags| flags.config = Some(path.clone()));
    let Err(Error::File(problems)) = settings(&named, &[]) else { panic!("taken") };
    assert!(problems.lines().contains("other users can read this file"), "{}", problems.lines());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    settings(&named, &[]).unwrap();
}

#[test]
fn a_file_that_was_named_has_to_be_there_and_the_usual_one_need_not() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path().to_str().unwrap();
    assert!(settings(&Flags::default(), &[("HOME", at)]).unwrap().file.is_none());
    let named = flags(|flags| flags.config = Some(home.path().join("gone.toml")));
    assert!(matches!(settings(&named, &[]).unwrap_err(), Error::Unreadable { .. }));
    let endless = flags(|flags| flags.config = Some("/dev/zero".into()));
    assert!(matches!(settings(&endless, &[]).unwrap_err(), Error::Unreadable { .. }));
    let usual = home.path().join(".config/tenantry");
    fs::create_dir_all(&usual).unwrap();
    fs::write(usual.join("config.toml"), "[console]\nmouse = false\nlog = false\n").unwrap();
    let found = settings(&Flags::default(), &[("HOME", at)]).unwrap();
    assert_eq!(found.file, Some(usual.join("config.toml")));
    assert!(!found.console.mouse && found.console.log.is_none());
    let elsewhere = settings(&Flags::default(), &[("HOME", at), ("XDG_CONFIG_HOME", "/nowhere")]);
    assert!(elsewhere.unwrap().file.is_none());
}

#[test]
fn the_file_that_init_writes_changes_nothing_and_names_everything() {
    let (_, as_written) = configured(&template(), &Flags::default(), &[]);
    let as_written = as_written.unwrap();
    assert!(as_written.profiles.is_empty() && as_written.rebound == 0);
    // With every # before a setting taken away, everything in it is one, as it is without the file.
    let all: String = template()
        .lines()
        .map(|line| {
            let setting = line.trim_start_matches("# ");
            let is_one = setting.starts_with('[')
                || setting.split_once(" =").is_some_and(|(name, _)| {
                    name.trim_end()
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-'))
                });
            // A profile has one place.
            let second = setting.starts_with("uri_env");
            if is_one && !second { format!("{setting}\n") } else { format!("{line}\n") }
        })
        .collect();
    let (_, settings) = configured(&all, &Flags::default(), &[("HOME", "/home/ada")]);
    let settings = settings.unwrap_or_else(|error| match error {
        Error::File(problems) => panic!("{}", problems.lines()),
        error => panic!("{error}"),
    });
    assert_eq!(settings.profiles.len(), 3);
    assert_eq!(settings.rebound, crate::keymap::COMMANDS.len());
    let keys = |keymap: &Keymap| format!("{keymap:?}");
    assert_eq!(keys(&settings.console.keymap), keys(&Keymap::default()));
    assert_eq!(settings.console.looks, ThemeSettings::default());
    assert_eq!(settings.profiles[2].rules.trash_days, Rules::default().trash_days);
    assert_eq!(
        settings.console.log,
        Some(PathBuf::from("/home/ada/.local/state/tenantry/tenantry.log"))
    );
}
