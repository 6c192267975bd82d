//! `tenantry org export` and `tenantry org verify`.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use bson::doc;
use serde_json::Value;
use tenantry::store::sqlite::SqliteStore;

use crate::tool::{Home, Outcome};

const ENDING: &str = ".tenantry.tar.zst";

/// Two organizations.
fn two() -> Home {
    let home = Home::new();
    home.create("Acme & Söhne", "ada@acme.com");
    home.create("globex", "kim@globex.com");
    fs::create_dir(home.path("out")).unwrap();
    home
}

/// The archives in a directory, by name.
fn archives(directory: &Path) -> Vec<String> {
    let there = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.contains(".tar.zst"));
    names.sort();
    names
}

fn lines(outcome: &Outcome) -> Vec<Value> {
    outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn exported(home: &Home) -> (Value, PathBuf) {
    let said = home.run(&["org", "export", "globex"]).json();
    let path = home.path(said["file"].as_str().unwrap());
    (said, path)
}

#[test]
fn an_organization_is_exported_to_a_file_of_its_own_and_verified() {
    let home = two();
    let said = home.run(&["org", "export", "acme & söhne"]).json();
    let file = said["file"].as_str().unwrap();
    assert!(file.starts_with("acme_sohne-2") && file.ends_with(ENDING), "{file}");
    assert_eq!(archives(&home.path("")), [file]);
    let mode = fs::metadata(home.path(file)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!((&said["documents"], &said["admins"]), (&1.into(), &1.into()));
    assert_eq!(said["consistency"]["kind"], "transaction");

    for deep in [&[][..], &["--deep"]] {
        let checked = home.run(&[&["org", "verify", file], deep].concat()).json();
        assert_eq!(checked["valid"], true);
        assert_eq!(checked["deep"], !deep.is_empty());
        assert_eq!(checked["organization_name"], "Acme & Söhne");
        for field in ["organization_id", "documents", "bytes", "admins", "archive_bytes"] {
            assert_eq!(checked[field], said[field], "{field}");
        }
        assert_eq!(checked["documents_sha256"], said["documents_sha256"]);
    }
    // For people.
    let table = home.run(&["org", "verify", file, "--output", "table"]);
    for shown in
        ["Acme & Söhne", "embedded database", "as of one time", "second factors", "valid: "]
    {
        assert!(table.out.contains(shown), "{}", table.out);
    }
    let said = home.run(&[
        "org",
        "export",
        "globex",
        "--without-admins",
        "--to",
        "a",
        "--output",
        "table",
    ]);
    assert!(said.out.starts_with("exported “globex”: 1 document, "), "{}", said.out);
    assert!(said.out.contains(", without admins\n  → a ("), "{}", said.out);
    let checked = home.run(&["org", "verify", "a"]).json();
    assert_eq!(checked["admins"], Value::Null);
    assert_eq!(checked["left_out"].as_array().unwrap().last().unwrap(), "admins");
}

#[test]
fn an_archive_goes_through_a_pipe() {
    let home = two();
    let piped = home.command(&["org", "export", "globex", "--to", "-"]).output().unwrap();
    let said = String::from_utf8(piped.stderr).unwrap();
    assert_eq!(piped.status.code(), Some(0), "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["file"], Value::Null);
    assert_eq!(said["archive_bytes"], piped.stdout.len());
    assert_eq!(archives(&home.path("")), Vec::<String>::new());

    fs::write(home.path("kept"), &piped.stdout).unwrap();
    let mut verify = home.command(&["org", "verify", "-"]);
    let input = fs::File::open(home.path("kept")).unwrap();
    let checked = verify.stdin(input).output().unwrap();
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(checked["documents_sha256"], said["documents_sha256"]);
}

#[test]
fn several_are_exported_one_after_the_other() {
    let home = two();
    home.run(&["org", "export", "--all", "--to", "nowhere"]).fails(2, "not an existing directory");
    let all = home.run(&["org", "export", "--all", "--to", "out"]);
    assert_eq!(all.code, 0, "{all:?}");
    let told = lines(&all);
    let names: Vec<_> = told.iter().map(|line| line["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Acme & Söhne", "globex"]);
    assert!(told.iter().all(|line| line["result"] == "done" && line["documents"] == 1));
    let files = archives(&home.path("out"));
    assert_eq!(files.len(), 2);
    for file in &files {
        home.run(&["org", "verify", &format!("out/{file}"), "--deep"]).json();
    }
    fs::create_dir(home.path("next")).unwrap();
    // Whatever comes of one, the others are exported; the exit code is that of the worst.
    let some =
        home.run(&["org", "export", "nothing", "globex", "--to", "next", "--output", "table"]);
    assert_eq!(some.code, 3, "{some:?}");
    assert!(some.out.contains("✗ “nothing”: "), "{}", some.out);
    assert!(some.out.ends_with("\n1 exported, 1 failed\n"), "{}", some.out);
    // Within a second, a file would have the same name.
    fs::create_dir(home.path("later")).unwrap();
    let piped = home.run_with(&["org", "export", "-", "--to", "later"], "globex\n\nnothing\n");
    let results: Vec<_> = lines(&piped).into_iter().map(|line| line["result"].clone()).collect();
    assert_eq!((piped.code, results), (3, vec!["done".into(), "failed".into()]));
    for wrong in [&["--all", "--to", "-"][..], &["a", "b", "--to", "-"], &["--all", "a"], &[]] {
        assert_eq!(home.run(&[&["org", "export"], wrong].concat()).code, 2, "{wrong:?}");
    }
}

#[test]
fn documents_are_written_as_text_beside_their_archive() {
    let home = two();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = SqliteStore::open(&home.database(), false).unwrap();
    let documents = [doc! { "_id": 1, "n": 5_i64, "text": "one\nline \u{2028}" }];
    runtime.block_on(store.insert_documents("org_globex", &documents)).unwrap();
    drop(store);
    let said = home.run(&["org", "export", "globex", "--jsonl", "--to", "out"]).json();
    let text = said["jsonl_file"].as_str().unwrap();
    assert_eq!(said["file"].as_str().unwrap().replace(ENDING, ".jsonl"), text);
    let mode = fs::metadata(home.path(text)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(home.path(text)).unwrap();
    assert_eq!(said["jsonl_bytes"], text.len());
    assert_eq!(said["jsonl_inexact"], 0);
    // As `doc list` writes them, in whatever order.
    let listed = home.run(&["doc", "list", "globex", "--output", "canonical"]);
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.split_terminator('\n').map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&text), sorted(&listed.out));
    assert_eq!(said["documents"], sorted(&text).len());

    // What Extended JSON cannot say is counted.
    let store = SqliteStore::open(&home.database(), false).unwrap();
    let documents = [doc! { "_id": 2, "inner": { "$oid": "none" } }];
    runtime.block_on(store.insert_documents("org_globex", &documents)).unwrap();
    drop(store);
    // For people, and several.
    let shown = home.run(&["org", "export", "globex", "--jsonl", "--to", "g", "--output", "table"]);
    assert!(shown.out.contains("\n  → g.jsonl (3 lines, "), "{}", shown.out);
    assert!(shown.out.contains("\n  → 1 line cannot be read back exactly"), "{}", shown.out);
    fs::create_dir(home.path("all")).unwrap();
    let all = home.run(&["org", "export", "--all", "--jsonl", "--to", "all"]);
    let files: Vec<_> = lines(&all).iter().map(|one| one["jsonl_file"].clone()).collect();
    assert!(
        files.len() == 2 && files.iter().all(|file| home.path(file.as_str().unwrap()).exists())
    );
    // Without it, there is none.
    let (said, _) = exported(&home);
    assert_eq!((&said["jsonl_file"], &said["jsonl_bytes"]), (&Value::Null, &Value::Null));

    // Standard output takes one of the two.
    let piped = home.run(&["org", "export", "globex", "--jsonl", "--to", "-"]);
    piped.fails(2, "--jsonl writes a file beside the archive, and standard output has none");
    // What is there stays, and then there is no archive either.
    fs::write(home.path("mine.jsonl"), "mine").unwrap();
    let taken = ["org", "export", "globex", "--jsonl", "--to", "mine.tar.zst"];
    home.run(&taken).fails(1, "mine.jsonl already exists");
    assert_eq!(fs::read(home.path("mine.jsonl")).unwrap(), b"mine");
    assert_eq!(archives(&home.path("")), [exported_name(&said)]);
}

fn exported_name(said: &Value) -> &str {
    said["file"].as_str().unwrap()
}

#[test]
fn where_it_goes_is_looked_at_before_anything_else() {
    let home = two();
    fs::write(home.path("mine"), "mine").unwrap();
    let before = home.run(&["audit", "list"]).json()["entries"].as_array().unwrap().len();
    for (to, why) in [
        ("nowhere/acme", "the directory nowhere does not exist"),
        ("mine/acme", "mine/acme cannot be written: Not a directory"),
        ("mine", "mine already exists"),
    ] {
        // Whatever is to be exported: it was not looked for.
        home.run(&["org", "export", "nothing", "--to", to]).fails(1, why);
    }
    // Without a database, too.
    let other = Home::new();
    other.run(&["org", "export", "globex", "--to", "nowhere/acme"]).fails(1, "does not exist");
    assert!(!other.database().exists());
    assert_eq!(home.run(&["audit", "list"]).json()["entries"].as_array().unwrap().len(), before);
}

#[test]
fn one_in_the_trash_is_exported_by_name_and_not_with_all() {
    let home = two();
    let trash = ["org", "trash", "globex", "--as", "kim@globex.com", "--password-stdin", "--yes"];
    assert_eq!(home.run_with(&trash, crate::tool::PASSWORD).code, 0);
    let all = home.run(&["org", "export", "--all", "--to", "out"]);
    assert_eq!(lines(&all).len(), 1);
    let (said, path) = exported(&home);
    assert_eq!(said["documents"], 1);
    assert!(path.exists());
}

#[test]
fn what_is_there_stays_and_what_is_no_archive_is_refused() {
    let home = two();
    fs::write(home.path("mine"), "mine").unwrap();
    home.run(&["org", "export", "globex", "--to", "mine"]).fails(1, "already exists");
    assert_eq!(fs::read(home.path("mine")).unwrap(), b"mine");
    home.run(&["org", "export", "nothing"]).fails(3, "not found");

    home.run(&["org", "verify", "mine"]).fails(6, "not an organization exported by Tenantry");
    home.run(&["org", "verify", "nowhere"]).fails(2, "cannot read nowhere");
    let (_, path) = exported(&home);
    let whole = fs::read(&path).unwrap();
    fs::write(home.path("cut"), &whole[..whole.len() - 20]).unwrap();
    let cut = home.run(&["org", "verify", "cut"]);
    assert_eq!(cut.code, 6, "{cut:?}");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0x10;
    fs::write(home.path("damaged"), damaged).unwrap();
    let damaged = home.run(&["org", "verify", "damaged", "--output", "json"]);
    assert_eq!(damaged.code, 6, "{damaged:?}");
    let error: Value = serde_json::from_str(&damaged.err).unwrap();
    assert_eq!(error["error"]["code"], "invalid");

    // No database is needed for that, nor made by it.
    let other = Home::new();
    fs::write(other.path("archive"), &whole).unwrap();
    assert_eq!(other.run(&["org", "verify", "archive"]).json()["valid"], true);
    assert!(!other.database().exists());
}

/// As many documents as take a while.
fn filled() -> Home {
    let home = two();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = SqliteStore::open(&home.database(), false).unwrap();
    for n in 0..6 {
        let documents: Vec<_> =
            (0..10).map(|m| doc! { "_id": n * 10 + m, "text": "x".repeat(2_000_000) }).collect();
        runtime.block_on(store.insert_documents("org_globex", &documents)).unwrap();
    }
    home
}

/// Begins an export, and sends a signal once its file is there. Its exit code.
fn ended_by(home: &Home, signal: rustix::process::Signal) -> Option<i32> {
    let mut export = home.command(&["org", "export", "globex", "--to", "out/globex.tar.zst"]);
    let mut export = export.stdout(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while archives(&home.path("out")).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20) && export.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    let pid = rustix::process::Pid::from_child(&export);
    rustix::process::kill_process(pid, signal).unwrap();
    export.wait().unwrap().code()
}

#[test]
fn an_interrupted_export_leaves_nothing_and_a_killed_one_nothing_that_looks_whole() {
    let home = filled();
    assert_eq!(ended_by(&home, rustix::process::Signal::INT), Some(130));
    assert_eq!(archives(&home.path("out")), Vec::<String>::new());
    assert_eq!(ended_by(&home, rustix::process::Signal::KILL), None);
    assert_eq!(archives(&home.path("out")), ["globex.tar.zst.partial"]);
    let again = ["org", "export", "globex", "--to", "out/globex.tar.zst"];
    home.run(&again).fails(1, "left over from an interrupted run");
    fs::remove_file(home.path("out/globex.tar.zst.partial")).unwrap();
    assert_eq!(home.run(&again).json()["documents"], 61);
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let home = two();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = SqliteStore::open(&home.database(), false).unwrap();
    // Nothing that could be compressed much.
    let mut noise = 1_u64;
    let mut byte = || {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        noise.to_le_bytes()[0]
    };
    let bytes: Vec<u8> = (0..3_000_000).map(|_| byte()).collect();
    let binary = bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes };
    let document = doc! { "_id": 1, "noise": binary };
    runtime.block_on(store.insert_documents("org_globex", &[document])).unwrap();
    drop(store);
    let shell = "trap '' XFSZ; ulimit -f 2000; exec \"$@\"";
    let program = crate::tool::PROGRAM;
    let line = ["-c", shell, "sh", program, "org", "export", "globex", "--to", "out"];
    let full = home.other("sh", &line).output().unwrap();
    let said = String::from_utf8(full.stderr).unwrap();
    assert_eq!(full.status.code(), Some(1), "{said}");
    assert!(said.contains("the temporary file for the documents failed"), "{said}");
    assert_eq!(archives(&home.path("out")), Vec::<String>::new());
    let told = home.run(&["audit", "list", "--org", "globex"]).json();
    assert_eq!(told["entries"][0]["action"], "export");
    assert_eq!(told["entries"][0]["result"], "failed");
}
