//! What comes of flags, environment and file.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use super::*;

impl Settings {
    fn target(self) -> Target {
        match self.database.source {
            Source::Known(target) => target,
            other => panic!("{other:?}"),
        }
    }
}

fn settings(flags: &Flags, variables: &[(&str, &str)]) -> Result<Settings, Error> {
    Settings::new(flags, |name| {
        let set = variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        set.or_else(|| (name == "HOME").then(|| "/nowhere".into()))
    })
}

fn flags(change: impl FnOnce(&mut Flags)) -> Flags {
    let mut flags = Flags::default();
    change(&mut flags);
    flags
}

const MONGO: (&str, &str) = ("MONGODB_URI", "mongodb://ada:s3cret-word@localhost");

#[test]
fn without_anything_named_the_file_in_the_data_directory_is_it() {
    let Target::File(path) = settings(&Flags::default(), &[]).unwrap().target() else {
        panic!("not a file");
    };
    assert!(path.ends_with("tenantry/tenantry.db"), "{}", path.display());
}

#[test]
fn a_variable_names_the_database_and_an_empty_one_does_not() {
    let target = settings(&Flags::default(), &[MONGO, ("TENANTRY_FILE", "")]).unwrap().target();
    let Target::Mongo { uri, database } = target else { panic!("not MongoDB") };
    assert_eq!((uri.reveal(), database.as_str()), (MONGO.1, DEFAULT_DATABASE));
    let target = settings(&Flags::default(), &[("TENANTRY_FILE", "/x.db")]).unwrap().target();
    assert!(matches!(target, Target::File(path) if path.ends_with("x.db")));
}

#[test]
fn a_flag_beats_every_variable() {
    let file = flags(|f| f.file = Some("a.db".into()));
    let variables = [MONGO, ("TENANTRY_FILE", "b.db")];
    let target = settings(&file, &variables).unwrap().target();
    assert!(matches!(target, Target::File(path) if path.ends_with("a.db")));
    let target = settings(&flags(|f| f.demo = true), &variables).unwrap().target();
    assert!(matches!(target, Target::Demo));
    let named = flags(|f| f.database = Some("mine".into()));
    let target = settings(&named, &[MONGO, ("TENANTRY_DATABASE", "theirs")]).unwrap().target();
    assert!(matches!(target, Target::Mongo { database, .. } if database == "mine"));
}

#[test]
fn the_database_in_the_path_of_a_connection_string_is_the_one() {
    let on = |settings: Result<Settings, Error>| match settings.unwrap().target() {
        Target::Mongo { database, .. } => database,
        other => panic!("{other:?}"),
    };
    let none = Flags::default();
    for (uri, database) in [
        ("mongodb://h/t1", "t1"),
        ("mongodb://ada:s3cret-word@h1,h2:27018/t%2D1?tls=true", "t-1"),
        ("mongodb+srv://ada:s3%2Fcret@h.example.com/t1?authSource=admin", "t1"),
        ("mongodb://h/?appName=x/y", DEFAULT_DATABASE),
        ("mongodb://h", DEFAULT_DATABASE),
    ] {
        assert_eq!(on(settings(&none, &[("MONGODB_URI", uri)])), database, "{uri}");
        let flag = flags(|f| f.uri = Some(uri.to_owned()));
        assert_eq!(on(settings(&flag, &[])), database, "{uri}");
    }
    // The same said twice is no contradiction.
    let both = flags(|f| (f.uri, f.database) = (Some("mongodb://h/t1".into()), Some("t1".into())));
    assert_eq!(on(settings(&both, &[])), "t1");
    // What is said nearer beats what is said further away.
    let nearer = flags(|f| f.uri = Some("mongodb://h/t1".into()));
    assert_eq!(on(settings(&nearer, &[("TENANTRY_DATABASE", "t2")])), "t1");
}

#[tokio::test]
async fn another_database_than_that_in_the_path_is_refused_wherever_it_is_said() {
    let path = "mongodb://ada:s3cret-word@h/t1";
    let other = flags(|f| f.database = Some("t2".into()));
    let said = |error: &Error| {
        assert!(!format!("{error:?}{error}").contains("s3cret"), "{error:?}");
        assert!(error.help().contains("authSource"), "{}", error.help());
        error.to_string()
    };
    let error = settings(&other, &[("MONGODB_URI", path)]).unwrap_err();
    assert_eq!(
        said(&error),
        "--database names the database “t2”, and the connection string names “t1”"
    );
    let both = flags(|f| (f.uri, f.database) = (Some(path.into()), Some("t2".into())));
    settings(&both, &[]).unwrap_err();
    let variables = [("MONGODB_URI", path), ("TENANTRY_DATABASE", "t2")];
    let error = settings(&Flags::default(), &variables).unwrap_err();
    assert!(said(&error).starts_with("TENANTRY_DATABASE names"), "{error}");
    // In a profile: beside the string at once, beside a variable or a program when it is opened.
    let said_of_file = said_of("[profiles.a]\nuri = \"mongodb://h/t1\"\ndatabase = \"t2\"\n");
    assert!(said_of_file.contains("FILE:3:12: the connection string names “t1”"), "{said_of_file}");
    let text = "[profiles.a]\nuri_env = \"LATER\"\ndatabase = \"t2\"\n\
                [profiles.b]\nuri_command = [\"echo\", \"mongodb://h/t1\"]\ndatabase = \"t2\"\n\
                [profiles.c]\nuri_command = [\"echo\", \"mongodb://h/t1\"]\n\
                [profiles.d]\nuri = \"mongodb://h/t1\"\n";
    let named = |name: &str, database: Option<&str>| {
        let database = database.map(str::to_owned);
        let flags = flags(|f| (f.profile, f.database) = (Some(name.to_owned()), database));
        configured(text, &flags, &[("LATER", path)]).1
    };
    for name in ["a", "b"] {
        let error = named(name, None).unwrap().database.source.target().await.unwrap_err();
        let error = error.to_string();
        assert!(error.ends_with("“t2”, and the connection string names “t1”"), "{error}");
    }
    let target = named("c", None).unwrap().database.source.target().await.unwrap();
    assert!(matches!(target, Target::Mongo { database, .. } if database == "t1"));
    let flag = named("c", Some("t2")).unwrap().database.source.target().await.unwrap_err();
    assert!(flag.to_string().contains("“t1”"), "{flag}");
    said(&named("d", Some("t2")).unwrap_err());
    assert_eq!(named("d", Some("t1")).unwrap().database.source.place().database, "t1");
}

#[test]
fn one_home_is_home_to_every_file_and_without_one_none_is_skipped() {
    let nowhere = |flags: &Flags, variables: &[(&str, &str)]| {
        Settings::new(flags, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    };
    let none = Flags::default();
    assert_eq!(nowhere(&none, &[]).unwrap_err(), Error::NoHome);
    assert_eq!(nowhere(&none, &[MONGO]).unwrap_err(), Error::NoHome);
    assert_eq!(nowhere(&none, &[("HOME", "relative")]).unwrap_err(), Error::NoHome);
    let config = ("TENANTRY_CONFIG", "/dev/null");
    assert_eq!(nowhere(&none, &[config]).unwrap_err(), Error::NoHome);
    nowhere(&none, &[config, MONGO]).unwrap();
    let home = tempfile::tempdir().unwrap();
    let at = home.path().join(".config/tenantry");
    fs::create_dir_all(&at).unwrap();
    fs::write(at.join("config.toml"), "[console]\nlog = \"~/said.log\"\n").unwrap();
    let found = settings(&none, &[("HOME", home.path().to_str().unwrap())]).unwrap();
    assert_eq!(found.console.log, Some(home.path().join("said.log")));
    let Target::File(file) = found.target() else { panic!("a file") };
    assert!(file.starts_with(home.path()), "{}", file.display());
    let found = settings(&none, &[("XDG_DATA_HOME", "/data")]).unwrap().target();
    assert!(
        matches!(found, Target::File(file) if file.as_os_str() == "/data/tenantry/tenantry.db")
    );
    // As it is where nothing sets HOME: a system unit.
    assert!(from_process("HOME").is_some_and(|home| std::path::Path::new(&home).is_absolute()));
}

#[test]
fn what_is_no_file_is_no_configuration_and_nothing_waits_for_it() {
    let home = tempfile::tempdir().unwrap();
    let fifo = home.path().join("config.toml");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
        .unwrap();
    let named = flags(|flags| flags.config = Some(fifo));
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(settings(&named, &[]).unwrap_err().to_string()));
    let error =
        ended.recv_timeout(std::time::Duration::from_secs(20)).expect("nothing is waited for");
    assert!(error.ends_with("cannot be read: it is not a file"), "{error}");
}

#[test]
fn a_configuration_that_others_write_is_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    fs::write(&path, "[profiles.a]\nuri_command = [\"sh\", \"-c\", \"touch ran\"]\n").unwrap();
    let named = flags(|flags| flags.config = Some(path.clone()));
    for (mode, followed) in [(0o602, false), (0o666, false), (0o664, true), (0o600, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let read = settings(&named, &[]);
        assert_eq!(read.is_ok(), followed, "{mode:o}");
        if let Err(error) = read {
            assert_eq!(error, Error::OthersWrite(path.clone()));
        }
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    let both = flags(|f| (f.file, f.uri) = (Some("a".into()), Some("mongodb://h".into())));
    assert_eq!(settings(&both, &[]).unwrap_err(), Error::TwoFlags("--uri", "--file"));
    let both = flags(|f| (f.file, f.demo) = (Some("a".into()), true));
    assert_eq!(settings(&both, &[]).unwrap_err(), Error::TwoFlags("--file", "--demo"));
    let variables = [MONGO, ("TENANTRY_FILE", "b.db")];
    let error = settings(&Flags::default(), &variables).unwrap_err();
    assert_eq!(error, Error::TwoVariables("MONGODB_URI", "TENANTRY_FILE"));
    assert!(!error.to_string().contains("s3cret-word"));
    let named = flags(|f| f.database = Some("mine".into()));
    assert_eq!(settings(&named, &[]).unwrap_err(), Error::DatabaseWithoutServer);
}

#[test]
fn a_short_key_is_refused_without_being_repeated() {
    let error = settings(&Flags::default(), &[("SECRET_KEY", "hunter2")]).unwrap_err();
    assert_eq!(error, Error::KeyTooShort(7));
    assert!(!format!("{error}{}", error.help()).contains("hunter2"));
    let key = "0123456789abcdef0123456789abcdef";
    let settings = settings(&Flags::default(), &[("SECRET_KEY", key)]).unwrap();
    assert_eq!(settings.database.rules.secret_key.as_ref().map(Secret::reveal), Some(key));
    assert!(!format!("{settings:?}").contains(key));
}

#[test]
fn the_limits_of_passwords_are_settings() {
    let variables = [("TENANTRY_PASSWORD_LENGTH", "20"), ("TENANTRY_PASSWORD_SCORE", "4")];
    let rules = settings(&Flags::default(), &variables).unwrap().database.rules;
    assert_eq!(rules.passwords, PasswordPolicy { least_characters: 20, least_score: 4 });
    for (name, value) in [
        ("TENANTRY_PASSWORD_LENGTH", "7"),
        ("TENANTRY_PASSWORD_LENGTH", "73"),
        ("TENANTRY_PASSWORD_LENGTH", "many"),
        ("TENANTRY_PASSWORD_SCORE", "5"),
        ("TENANTRY_PASSWORD_SCORE", "-1"),
    ] {
        let error = settings(&Flags::default(), &[(name, value)]).unwrap_err();
        assert!(matches!(error, Error::NoNumber(which, ..) if which == name), "{error}");
    }
}

#[test]
fn the_operator_is_user_and_host_and_read_only_reaches_store_and_rules() {
    let read_only = flags(|f| f.read_only = true);
    let settings = settings(&read_only, &[("USER", "mallory"), ("LOGNAME", "eve")]).unwrap();
    let (user, host) = settings.database.access.operator.split_once('@').unwrap();
    // Whoever runs the tests is called something, and by none of the variables.
    assert!(!user.is_empty() && !host.is_empty());
    assert!(!["mallory", "eve"].contains(&user));
    assert!(settings.database.access.read_only && settings.database.rules.read_only);
}

/// A configuration file with this text, and what comes of it.
fn configured(
    text: &str,
    flags: &Flags,
    variables: &[(&str, &str)],
) -> (PathBuf, Result<Settings, Error>) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let mut variables = variables.to_vec();
    let named = path.to_str().unwrap().to_owned();
    variables.push(("TENANTRY_CONFIG", &named));
    (path, settings(flags, &variables))
}

/// What is said about a file that is wrong, without the path in front.
fn said_of(text: &str) -> String {
    let (path, result) = configured(text, &Flags::default(), &[]);
    let Err(Error::File(problems)) = result else { panic!("in order: {text}") };
    problems.lines().replace(path.to_str().unwrap(), "FILE")
}

const PROFILES: &str = r#"
profile = "local"

[profiles.local]
file = "here.db"

[profiles."the one"]
uri = "mongodb://ops:s3cret-word@db1.example"
database = "orgs"
production = true
password_length = 20
trash_days = 7

[profiles.later]
uri_env = "LATER"
read_only = true
color = "yellow"

[profiles.printed]
uri_command = ["sh", "-c", "echo mongodb://db2.example; echo more"]
"#;

#[test]
fn a_profile_is_a_database_with_its_limits() {
    let profile = |name: &str| flags(|flags| flags.profile = Some(name.to_owned()));
    let (path, settings) = configured(PROFILES, &profile("the one"), &[("LATER", "mongodb://x")]);
    let settings = settings.unwrap();
    assert_eq!(settings.profiles.len(), 4);
    let database = settings.database;
    assert_eq!(database.production(), Some("the one"));
    assert_eq!(database.rules.passwords.least_characters, 20);
    assert_eq!((database.rules.trash_days, database.rules.passwords.least_score), (7, 2));
    let Source::Known(Target::Mongo { uri, database }) = database.source else { panic!("MongoDB") };
    assert_eq!(uri.reveal(), "mongodb://ops:s3cret-word@db1.example");
    assert_eq!(database, "orgs");
    let later = &settings.profiles[2];
    assert!(later.access.read_only && later.rules.read_only);
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
        "there is no profile “gone”: there are local, the one, later, printed"
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
            "sh failed (exit status: 3): no key for mongodb://h",
        ),
        ("exit 1", "sh failed (exit status: 1)"),
        ("true", "sh printed no connection string"),
        ("echo; echo mongodb://h", "sh printed no connection string"),
        ("printf '\\377'", "sh printed no connection string"),
    ] {
        assert_eq!(source(script).target().await.unwrap_err().to_string(), said, "{script}");
    }
    let gone = Source::Command { words: vec!["/no/such".to_owned()], database: None };
    let error = gone.target().await.unwrap_err().to_string();
    assert!(error.starts_with("/no/such cannot be started: "), "{error}");
    let later = flags(|flags| flags.profile = Some("later".to_owned()));
    let unset = configured(PROFILES, &later, &[]).1.unwrap().database.source;
    let error = unset.target().await.unwrap_err().to_string();
    assert_eq!(error, "$LATER is to have the connection string, and is not set");
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
             → is `colors` meant? write one of `theme`, `colors`, `marks`, `plain`, `mouse`, `log`\n",
        ),
        (
            "profile = \"gone\"\n[profiles.a]\ndemo = true\n",
            "tenantry: FILE:1:11: there is no profile “gone”\n  1 | profile = \"gone\"\n    |           \
             ^^^^^^\n  → the profiles are a\n",
        ),
        (
            "[profiles.a]\ndatabase = \"x\"\n",
            "tenantry: FILE:1:11: the profile “a” says nowhere what its database is\n  1 | \
             [profiles.a]\n    |           ^\n  → write uri, uri_env, uri_command, file or demo below it\n",
        ),
        (
            "[profiles.a]\nfile = \"x\"\ndemo = true\ntrash_days = 0\n",
            "tenantry: FILE:3:8: file and demo name a database each\n  3 | demo = true\n    |        ^^^^\n  \
             → keep one of them\ntenantry: FILE:4:14: 0 cannot be\n  4 | trash_days = 0\n    |              \
             ^\n  → write a number from 1 to 3650\n",
        ),
        (
            keys,
            "tenantry: FILE:2:11: q is the key of “quit” as well, and both work in the same place\n",
        ),
    ] {
        let said = said_of(text);
        assert!(said.starts_with(expected), "{said}\n{expected}");
    }
    let said = said_of(keys);
    assert!(said.contains("FILE:3:1: there is no command “bck”; is “back” meant?"), "{said}");
    assert!(said.contains("FILE:4:8: “hyper-x” is no key\n"), "{said}");
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
    assert!(problems.lines().contains("others can read this file"), "{}", problems.lines());
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
    assert_eq!(settings.rebound, crate::console::keymap::COMMANDS.len());
    let keys = |keymap: &Keymap| format!("{keymap:?}");
    assert_eq!(keys(&settings.console.keymap), keys(&Keymap::default()));
    assert_eq!(settings.console.looks, Looks::default());
    assert_eq!(settings.profiles[2].rules.trash_days, Rules::default().trash_days);
    assert_eq!(
        settings.console.log,
        Some(PathBuf::from("/home/ada/.local/state/tenantry/tenantry.log"))
    );
}
