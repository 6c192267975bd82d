//! What comes of flags, environment and file.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use super::*;

mod file;

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
reason_required = true
password_length = 20
trash_days = 7

[profiles.later]
uri_env = "LATER"
read_only = true
color = "yellow"

[profiles.printed]
uri_command = ["sh", "-c", "echo mongodb://db2.example; echo more"]
"#;

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
    assert!(
        error.starts_with("cannot read ") && error.ends_with(": not a regular file"),
        "{error}"
    );
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
fn the_operator_is_user_and_host_and_read_only_go_with_each_call() {
    let read_only = flags(|f| f.read_only = true);
    let settings = settings(&read_only, &[("USER", "mallory"), ("LOGNAME", "eve")]).unwrap();
    let (user, host) = settings.database.caller.operator.split_once('@').unwrap();
    // The user who runs the tests has a name, although no variable says it.
    assert!(!user.is_empty() && !host.is_empty());
    assert!(!["mallory", "eve"].contains(&user));
    assert!(settings.database.caller.read_only);
}
