//! Looking changes nothing: not one command that reads, and no console in which nothing was changed,
//! whatever waits for the next write. Everything there is, is listed before and after.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};
use tenantry::store::traits::*;

use clap::{CommandFactory, Parser};
use mongodb::{
    Client,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use tenantry::{
    command::{Command, CommandLine},
    store::ListScope,
};

use crate::{
    fixture::{Dump, Scratch, everything, new_org},
    support::{mongod::Mongod, operations::Operations as _, pty::Console},
    tool::{Home, PASSWORD},
};

/// The commands that look, each as it is typed; `doctor` and `upgrade` do where nothing more is said.
const LOOKING: [&[&str]; 32] = [
    &["org", "count"],
    &["org", "count", "--search", "a", "--trash"],
    &["org", "list"],
    &["org", "list", "--search", "D", "--sort", "-created", "--limit", "1"],
    &["org", "list", "--trash", "--sort", "email"],
    &["org", "list", "--sizes"],
    &["org", "list", "--sort", "-size", "--limit", "2"],
    &["org", "list", "--trash", "--output", "csv", "--fields", "bytes"],
    &["org", "get", "added"],
    &["org", "get", "nobody's"],
    &["org", "verify", "nothing.tar.zst"],
    &["doc", "list", "added"],
    &["doc", "list", "added", "--filter", "initialized:true", "--output", "canonical"],
    &["doc", "get", "added", "nothing"],
    &["doc", "count", "added", "--filter", "{ initialized: true }"],
    &["admin", "list", "added"],
    &["operator", "list"],
    &["key", "list"],
    &["audit", "list"],
    &["audit", "list", "--org", "added", "--since", "7d"],
    &[
        "audit",
        "list",
        "--operator",
        "a@b",
        "--action",
        "trash",
        "--result",
        "done",
        "--until",
        "1d",
    ],
    &["audit", "verify"],
    &["doctor"],
    &["doctor", "--all"],
    &["upgrade", "--dry-run"],
    &["config", "check"],
    &["config", "path"],
    &["completions", "bash"],
    &["man"],
    &["help", "search"],
    &["--version"],
    &["--help"],
];

/// The commands that write.
const WRITING: [&str; 34] = [
    "serve",
    "org create",
    "org update",
    "org trash",
    "org restore",
    "org purge",
    "org suspend",
    "org reactivate",
    // It is in the audit log.
    "org export",
    "org import",
    "org copy",
    "operator add",
    "operator update",
    "operator password",
    "operator remove",
    "operator require",
    "admin totp",
    "operator totp",
    "operator require-totp",
    "operator recover",
    "key create",
    "key revoke",
    // It counts the attempt.
    "admin login",
    "admin add",
    "admin update",
    "admin remove",
    "admin transfer",
    "admin code",
    "admin redeem",
    "config init",
    "doc insert",
    "doc replace",
    "doc update",
    "doc delete",
];

/// The words that every command begins with.
fn commands(of: &clap::Command, before: &str, all: &mut BTreeSet<String>) {
    for command in of.get_subcommands() {
        let words = format!("{before}{}", command.get_name());
        if command.has_subcommands() {
            commands(command, &format!("{words} "), all);
        } else {
            all.insert(words);
        }
    }
}

#[test]
fn every_command_either_looks_or_writes() {
    let mut all = BTreeSet::new();
    commands(&CommandLine::command(), "", &mut all);
    let looks = |words: &String| {
        LOOKING.iter().any(|line| format!("{} ", line.join(" ")).starts_with(&format!("{words} ")))
    };
    let writes = |words: &String| WRITING.contains(&words.as_str());
    for words in &all {
        assert!(looks(words) != writes(words), "“{words}” looks or writes: say which");
    }
    assert!(WRITING.iter().all(|words| all.contains(*words)), "{all:?}");
    for line in LOOKING {
        let Ok(line) = CommandLine::try_parse_from([&["tenantry"], line].concat()) else {
            continue;
        };
        if let Some(Command::Database(command)) = line.command {
            assert!(command.sure().is_none(), "{command:?} is asked for in production");
        }
    }
}

/// Runs everything that looks, with and without `--read-only`; `missing` is what a command ends with where
/// there is no database.
fn look(home: &Home, missing: Option<i32>) {
    for flags in [&[][..], &["--read-only"]] {
        for line in LOOKING {
            let said = home.run(&[flags, line].concat());
            let needs_none = ["config", "completions", "help", "man", "--version", "--help"];
            let codes = match (line, missing) {
                // Nobody logs in.
                (["org", "verify", ..] | ["key", "list"], _) => 2..=2,
                _ if needs_none.contains(&line[0]) => 0..=0,
                (_, Some(2)) => 2..=2,
                (["org", "get", "nobody's"], _) | (["doc", "get", ..], None) => 3..=3,
                _ if line.contains(&"added") => missing.map_or(0..=0, |code| code..=code),
                // It may find something.
                (["doctor", ..], _) => 0..=1,
                _ => 0..=0,
            };
            assert!(codes.contains(&said.code), "{line:?}: {said:?}");
        }
    }
}

/// The key, as no other one can begin.
const ESC: &str = "\x1b[27u";

/// Looks into every corner of a console and leaves it.
fn browse(arguments: &[&str], home: &Path, first: &str, asks: bool) {
    let mut console = Console::start(arguments, (120, 32), home);
    console.see(first);
    if asks {
        console.see("Another program created this");
        console.send(ESC);
        console.see_no_more("Another program created this");
    }
    drop(console.settled());
    // The list, both ways round; the help, the palette, the messages.
    for keys in ["jjGkgOO", "oo", "?", ESC, ":", ESC, "l", ESC, "r", "/e\r", "/\x15\r"] {
        console.send(keys);
    }
    drop(console.settled());
    // Each tab of each organization.
    for _ in 0..if first.starts_with("No") { 0 } else { 3 } {
        console.send("\r");
        for _ in 0..4 {
            drop(console.settled());
            console.send("\x1b[C");
        }
        console.send(ESC);
        console.send("j");
    }
    console.send("t");
    console.see("rash");
    drop(console.settled());
    console.send(ESC);
    console.send("q");
    assert_eq!(console.end().0, 0);
}

/// Every database of a server but those of the server itself.
type Listing = BTreeMap<String, (Vec<Document>, Dump)>;

async fn listing(client: &Client) -> Listing {
    let mut all = Listing::new();
    for name in client.list_database_names().await.unwrap() {
        if !["config", "local"].contains(&name.as_str()) {
            all.insert(name.clone(), everything(&client.database(&name)).await);
        }
    }
    all
}

/// A database of the service.
async fn legacy(server: &str) -> Scratch {
    let scratch = Scratch::on(server.to_owned(), "looking_legacy").await;
    scratch.add_legacy("added", "org_added", "Added@example.com").await;
    scratch.add_legacy("addеd", "org_addеd", "look@example.com").await;
    scratch.collection("org_of_nobody").insert_one(doc! { "_id": 1 }).await.unwrap();
    scratch
}

/// A database that was upgraded, in which a lot waits: an operation whose console is gone, and one whose
/// outcome nobody learned; what has been in the trash for too long; a record that the service has changed
/// since, and one that it has added.
async fn upgraded(server: &str) -> Scratch {
    let scratch = Scratch::on(server.to_owned(), "looking_upgraded").await;
    let store = scratch.open().await;
    for name in ["left", "overdue", "changed"] {
        store.create(&new_org(name, &format!("{name}@example.com"))).await.unwrap();
    }
    let overdue = store.org_named("overdue", ListScope::Live).await.unwrap().unwrap();
    store.trash(&overdue, 0).await.unwrap();
    let orgs = scratch.collection::<Document>("organizations");
    let long_ago = DateTime::from_millis(0);
    let pending = doc! { "id": ObjectId::new(), "at": long_ago, "kind": "suspend", "by": "x",
    "suspended": true };
    let left = doc! { "organization_name": "left" };
    orgs.update_one(left, doc! { "$set": { "pending": pending } }).await.unwrap();
    let rename = doc! { "$set": { "organization_name": "changed since" } };
    orgs.update_one(doc! { "organization_name": "changed" }, rename).await.unwrap();
    scratch.add_legacy("added", "org_added", "added@example.com").await;
    scratch
}

#[test]
fn nothing_that_looks_writes_to_a_server() {
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(key.path(), "0fThisTestAlone").unwrap();
    let server = Mongod::start(&["--keyFile", key.path().to_str().unwrap()]);
    let uri = format!("mongodb://__system:0fThisTestAlone@{}/?authSource=local", server.address());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (client, absent, legacy, upgraded) = runtime.block_on(async {
        let client = Client::with_uri_str(&uri).await.unwrap();
        let absent = Scratch::on(uri.clone(), "looking_absent").await;
        (client, absent, legacy(&uri).await, upgraded(&uri).await)
    });
    for may_write in [true, false] {
        for (scratch, first, asks) in [
            (&absent, "No organizations.", false),
            (&legacy, "2 organizations", true),
            (&upgraded, "3 organizations", false),
        ] {
            if !may_write {
                let read = doc! { "role": "read", "db": scratch.name() };
                let user = doc! { "updateUser": "ops", "roles": [read] };
                runtime.block_on(async { scratch.run_command(user).await }).unwrap();
            }
            let before = runtime.block_on(listing(&client));
            let home = Home::on(scratch);
            look(&home, first.starts_with("No").then_some(3));
            let arguments = ["--uri", &scratch.uri, "--database", scratch.name()];
            browse(&arguments, &home.path(""), first, asks);
            let after = runtime.block_on(listing(&client));
            assert_eq!(after, before, "{} {may_write}", scratch.name());
        }
    }
    // And one that writes is seen in the listing.
    runtime.block_on(async {
        let role = doc! { "updateUser": "ops", "roles": ["role"] };
        upgraded.run_command(role).await.unwrap();
    });
    let before = runtime.block_on(listing(&client));
    assert_eq!(Home::on(&upgraded).run(&["org", "suspend", "added"]).code, 0);
    assert_ne!(runtime.block_on(listing(&client)), before);
}

/// Everything below a directory: modes, times of change, and bytes.
fn files(directory: &Path) -> BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let Ok(entries) = fs::read_dir(directory) else { return all };
    for entry in entries {
        let path = entry.unwrap().path();
        let file = fs::metadata(&path).unwrap();
        if file.is_dir() {
            all.extend(files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            all.insert(path, (file.mode(), file.mtime(), file.mtime_nsec(), bytes));
        }
    }
    all
}

#[test]
fn nothing_that_looks_writes_to_an_embedded_database() {
    let home = Home::new();
    let data = home.path("data");
    // There is none: without a terminal that is an error, and a console shows an empty one.
    look(&home, Some(2));
    browse(&[], &home.path(""), "No organizations.", false);
    assert!(!data.exists());

    home.create("added", "added@example.com");
    home.create("overdue", "overdue@example.com");
    let delete =
        ["org", "delete", "overdue", "--as", "overdue@example.com", "--password-stdin", "--yes"];
    assert_eq!(home.run_with(&delete, PASSWORD).code, 0);
    let raw = rusqlite::Connection::open(home.database()).unwrap();
    raw.execute("UPDATE organizations SET trashed_at = 0 WHERE trashed_at > 0", []).unwrap();
    raw.execute("UPDATE collections SET documents = 7", []).unwrap();
    drop(raw);
    let before = files(&data);
    assert!(!before.is_empty());
    look(&home, None);
    browse(&[], &home.path(""), "1 organization", false);
    assert_eq!(files(&data), before);
    assert_eq!(home.run(&["org", "suspend", "added"]).code, 0);
    assert_ne!(files(&data), before);
}
