//! Every operation that writes, as a command line, and the file it begins with.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tenantry::store::traits::*;

use rusqlite::Connection;
use tenantry::{
    org::{CollectionName, Email, OrgName, PasswordHash, Role},
    store::{Change, ListScope, NewOrg},
};

use crate::support::{format_6, operations::Operations as _};
use crate::{
    fixture::{View, add_admin, documents, documents_in, new_org, open, view},
    tool::{Home, OTHER_PASSWORD, PASSWORD, PROGRAM},
};

/// One operation.
pub struct Case {
    /// Makes the file it begins with.
    pub begin: fn(&Path),
    /// What is typed.
    pub line: &'static [&'static str],
    /// Whether the next write does it where it was not done.
    pub settles: bool,
    /// Whether it is there to remove documents.
    pub removes: bool,
    /// Whether a password is hashed, which takes time.
    pub hashes: bool,
    /// What the record calls it, and of how many organizations it says so.
    pub recorded: (&'static str, usize),
}

const fn case(begin: fn(&Path), word: &'static str, line: &'static [&'static str]) -> Case {
    Case { begin, line, settles: false, removes: false, hashes: false, recorded: (word, 1) }
}

pub const MAKING: Case = Case {
    hashes: true,
    ..case(
        nothing,
        "create",
        &["org", "create", "Initech", "--email", "pat@initech.com", "--password-stdin"],
    )
};
pub const MIGRATING: Case =
    Case { settles: true, recorded: ("", 0), ..case(version_1, "", &["upgrade"]) };
pub const MIGRATING_FROM_2: Case =
    Case { settles: true, recorded: ("", 0), ..case(version_2, "", &["upgrade"]) };
pub const MIGRATING_FROM_6: Case =
    Case { settles: true, recorded: ("", 0), ..case(version_6, "", &["upgrade"]) };
pub const MIGRATING_FROM_7: Case =
    Case { settles: true, recorded: ("", 0), ..case(version_7, "", &["upgrade"]) };
pub const MIGRATING_FROM_10: Case =
    Case { settles: true, recorded: ("", 0), ..case(version_10, "", &["upgrade"]) };
pub const CREATING: Case = Case {
    hashes: true,
    ..case(
        two,
        "create",
        &["org", "create", "Initech", "--email", "pat@initech.com", "--password-stdin"],
    )
};
pub const RENAMING: Case = case(two, "update", &["org", "update", "acme corp", "--name", "Apex"]);
pub const CHANGING_THE_EMAIL: Case = case(
    two,
    "update",
    &["org", "update", "acme corp", "--email", "eve@x.com", "--as", ADA, "--password-stdin"],
);
pub const CHANGING_THE_PASSWORD: Case = Case {
    hashes: true,
    ..case(
        two,
        "update",
        &["org", "update", "acme corp", "--as", ADA, "--password-stdin", "--new-password-stdin"],
    )
};
pub const CHANGING_EVERYTHING: Case = Case {
    hashes: true,
    ..case(
        two,
        "update",
        &[
            "org",
            "update",
            "acme corp",
            "--name",
            "Apex",
            "--email",
            "eve@x.com",
            "--as",
            ADA,
            "--password-stdin",
            "--new-password-stdin",
        ],
    )
};
pub const TRASHING: Case =
    case(two, "trash", &["org", "delete", "acme corp", "--as", ADA, "--password-stdin", "--yes"]);
pub const DELETING: Case = Case {
    removes: true,
    ..case(
        two,
        "delete",
        &["org", "delete", "acme corp", "--as", ADA, "--password-stdin", "--yes", "--now"],
    )
};
pub const RESTORING: Case = case(trashed, "restore", &["org", "restore", "acme corp"]);
pub const RESTORING_UNDER_ANOTHER_NAME: Case =
    case(trashed, "restore", &["org", "restore", "acme corp", "--name", "Apex"]);
pub const PURGING: Case = Case {
    removes: true,
    ..case(
        trashed,
        "purge",
        &["org", "purge", "acme corp", "--as", ADA, "--password-stdin", "--yes"],
    )
};
pub const EXPIRING: Case = Case {
    settles: true,
    removes: true,
    recorded: ("purge", 2),
    ..case(expired, "", &["doctor", "--fix"])
};
pub const EXPIRED_BY_COMMAND: Case =
    Case { line: &["org", "purge", "--expired", "--yes"], ..EXPIRING };
pub const SUSPENDING: Case = case(two, "suspend", &["org", "suspend", "acme corp"]);
pub const REACTIVATING: Case = case(suspended, "reactivate", &["org", "reactivate", "acme corp"]);
pub const REPAIRING: Case = case(muddled, "repair", &["doctor", "--fix"]);

pub const ADDING_AN_ADMIN: Case = case(
    two,
    "add admin",
    &["admin", "add", "acme corp", "eve@acme.com", "--as", ADA, "--password-stdin"],
);
pub const ADDING_AN_OPERATOR: Case = Case {
    hashes: true,
    recorded: ("add operator", 1),
    ..case(two, "", &["operator", "add", "ops@example.com", "--password-stdin"])
};
pub const REMOVING_THE_FIRST_ADMIN: Case = case(
    with_three,
    "remove admin",
    &["admin", "remove", "acme corp", ADA, "--yes", "--as", ADA, "--password-stdin"],
);
pub const CHANGING_AN_ADMIN: Case = case(
    with_three,
    "change admin",
    &[
        "admin",
        "update",
        "acme corp",
        "eve@acme.com",
        "--role",
        "owner",
        "--email",
        "eva@acme.com",
        "--as",
        ADA,
        "--password-stdin",
    ],
);
pub const ISSUING_A_CODE: Case = case(two, "issue code", &["admin", "code", "acme corp", ADA]);

const ADA: &str = "ada@acme.com";

/// How many documents the organization has that things are done with.
const MANY: usize = 300;

impl Case {
    /// The file it begins with, to be copied; none where there is none yet.
    pub fn template(&self, directory: &Path) -> PathBuf {
        let path = directory.join("template.db");
        (self.begin)(&path);
        path
    }

    /// Does it, in a `shell` if one is given that says `exec \"$@\"` in the end, with variables more.
    pub fn run(&self, home: &Home, shell: Option<&str>, variables: &[(&str, &str)]) -> Output {
        run(home, self.line, shell, variables)
    }

    /// What is there before and after, when nothing comes in between.
    pub fn before_and_after(&self, template: &Path) -> (View, View) {
        let before =
            if template.exists() && !self.is_migration() { view(template) } else { View::new() };
        let home = home_with(template);
        let done = self.run(&home, None, &[]);
        assert!(done.status.success(), "{done:?}");
        let after = view(&home.database());
        if !self.removes {
            assert!(documents_in(&before) <= documents_in(&after), "{before:?} {after:?}");
            let sums = |view: &View| -> Vec<String> {
                let lines = view.iter().filter(|line| line.starts_with("collection "));
                lines.map(|line| line.split(' ').skip(2).collect::<Vec<_>>().join(" ")).collect()
            };
            let there = sums(&after);
            assert!(sums(&before).iter().all(|sum| there.contains(sum)), "{before:?} {after:?}");
        }
        (before, after)
    }

    fn is_migration(&self) -> bool {
        self.settles && !self.removes
    }

    /// Whether an examination finds something in the file it begins with.
    pub fn is_repair(&self) -> bool {
        self.line[0] == "doctor" && !self.settles
    }
}

/// A home with that file in it.
pub fn home_with(template: &Path) -> Home {
    let home = Home::new();
    if template.exists() {
        fs::create_dir_all(home.database().parent().unwrap()).unwrap();
        fs::copy(template, home.database()).unwrap();
    }
    home
}

/// Runs the program, with both passwords on standard input.
pub fn run(home: &Home, line: &[&str], shell: Option<&str>, variables: &[(&str, &str)]) -> Output {
    let mut command = match shell {
        None => Command::new(PROGRAM),
        Some(script) => {
            let mut command = Command::new("sh");
            command.args(["-c", script, "sh", PROGRAM]);
            command
        }
    };
    command
        .args(line)
        .env_clear()
        .envs(home.variables().iter().map(|(name, value)| (name, value)))
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A run that is refused at once never reads it.
    let _ =
        child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n{OTHER_PASSWORD}\n").as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{line:?}: {said}");
    output
}

/// Waits for what a store does.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn nothing(_path: &Path) {}

/// Two organizations. Their hashes are of the lowest cost, so that a login takes no time.
pub fn two(path: &Path) {
    wait(async {
        let store = open(path).unwrap();
        for (name, email, many) in [("Acme Corp", ADA, MANY), ("Globex", "bob@globex.com", 40)] {
            let name = OrgName::parse(name).unwrap();
            let new = NewOrg {
                collection: CollectionName::from_name(&name),
                email: Email::parse(email).unwrap(),
                password: PasswordHash::stored(bcrypt::hash(PASSWORD, 4).unwrap()),
                name,
                ..new_org("any")
            };
            let org = store.create(&new).await.unwrap();
            let documents = documents(org.name.raw(), many);
            store.insert_documents(org.collection.raw(), &documents).await.unwrap();
        }
    });
}

/// The first of them has two admins more, an owner and one who is none.
pub fn with_three(path: &Path) {
    two(path);
    wait(async {
        let store = open(path).unwrap();
        let org = store.org_named("acme corp", ListScope::Live).await.unwrap().unwrap();
        let org = add_admin(&store, &org, "bob@acme.com", Role::Owner).await;
        add_admin(&store, &org, "eve@acme.com", Role::Admin).await;
    });
}

pub fn trashed(path: &Path) {
    two(path);
    wait(async {
        let store = open(path).unwrap();
        let org = store.org_named("acme corp", ListScope::Live).await.unwrap().unwrap();
        store.trash(&org, 30).await.unwrap();
    });
}

/// Both have been in the trash for too long.
fn expired(path: &Path) {
    trashed(path);
    wait(async {
        let store = open(path).unwrap();
        let org = store.org_named("globex", ListScope::Live).await.unwrap().unwrap();
        store.trash(&org, 30).await.unwrap();
    });
    sql(path, "UPDATE organizations SET trashed_at = 0");
}

pub fn suspended(path: &Path) {
    two(path);
    wait(async {
        let store = open(path).unwrap();
        let org = store.org_named("acme corp", ListScope::Live).await.unwrap().unwrap();
        store.suspend(&org, true).await.unwrap();
    });
}

/// Everything an examination knows how to repair.
pub fn muddled(path: &Path) {
    two(path);
    wait(async {
        let store = open(path).unwrap();
        let org = store.create(&new_org("Initech")).await.unwrap();
        let name = OrgName::parse("Initrode").unwrap();
        let change = Change { name: Some(name), ..Change::default() };
        store.update(&org, &change).await.unwrap();
        store.insert_documents("org_of_nobody", &documents("nobody", 25)).await.unwrap();
        store
            .insert_documents("quarantine_org_of_nobody", &documents("somebody", 5))
            .await
            .unwrap();
    });
    sql(
        path,
        "INSERT INTO admins (id, email, email_key, password, created_at)
             VALUES (x'0102030405060708090a0b0c', 'no@body.com', 'no@body.com', '-', 0);
         UPDATE claims SET claim = 'name:stale' WHERE claim = 'name:acme corp';
         UPDATE organizations SET name_key = 'stale' WHERE name = 'Globex';
         UPDATE admins SET email_key = 'stale' WHERE email = 'bob@globex.com';
         UPDATE collections SET documents = 7, bytes = 7 WHERE name = 'org_globex';
         DELETE FROM documents WHERE collection =
             (SELECT row FROM collections WHERE name = 'org_initech');
         DELETE FROM collections WHERE name = 'org_initech';",
    );
}

/// The same two organizations, as version 1 of the file had them.
pub fn version_1(path: &Path) {
    let made = path.with_extension("made");
    two(&made);
    Connection::open(path).unwrap().execute_batch(VERSION_1).unwrap();
    older(path, &made, "");
}

/// One of them is in the trash and the other suspended, as version 2 of the file had them.
pub fn version_2(path: &Path) {
    let made = path.with_extension("made");
    trashed(&made);
    sql(&made, "UPDATE organizations SET suspended = 1, login_epoch = 1 WHERE name = 'Globex'");
    let tables = VERSION_1.replace("user_version = 1", "user_version = 2").replace(
        "    revision INTEGER NOT NULL\n",
        "    revision INTEGER NOT NULL,
             suspended INTEGER NOT NULL DEFAULT 0,
             login_epoch INTEGER NOT NULL DEFAULT 0,
             trashed_at INTEGER, -- milliseconds since 1970; null when it is not in the trash
             trash_days INTEGER\n",
    );
    let (tables, after) = tables.split_once("CREATE INDEX organizations_by_name").unwrap();
    let (_, rest) = after.split_once("CREATE TABLE admins").unwrap();
    let raw = Connection::open(path).unwrap();
    raw.execute_batch(&format!("{tables}CREATE TABLE admins{rest}{INDEXES_2}")).unwrap();
    older(path, &made, ", suspended, login_epoch, trashed_at, trash_days");
}

/// As version 2, but as version 6 of the file had them.
pub fn version_6(path: &Path) {
    let made = path.with_extension("made");
    trashed(&made);
    sql(&made, "UPDATE organizations SET suspended = 1, login_epoch = 1 WHERE name = 'Globex'");
    fs::copy(&made, path).unwrap();
    format_6::downgrade(&Connection::open(path).unwrap());
}

/// The same as version 7 of the file had it.
pub fn version_7(path: &Path) {
    let made = path.with_extension("made");
    trashed(&made);
    fs::copy(&made, path).unwrap();
    format_6::downgrade_to_7(&Connection::open(path).unwrap());
}

/// The same as version 10 of the file had it.
pub fn version_10(path: &Path) {
    let made = path.with_extension("made");
    trashed(&made);
    fs::copy(&made, path).unwrap();
    format_6::downgrade_to_10(&Connection::open(path).unwrap());
}

fn older(path: &Path, made: &Path, more: &str) {
    let raw = Connection::open(path).unwrap();
    raw.execute("ATTACH ? AS made", [made.display().to_string()]).unwrap();
    raw.execute_batch(&format!(
        "INSERT INTO admins SELECT id, email, email_key, password, created_at FROM made.admins;
         INSERT INTO organizations SELECT row, id, name, name_key, collection, admin_id, admin_email,
             email_key, created_at, database, revision{more} FROM made.organizations;
         INSERT INTO claims SELECT * FROM made.claims;
         INSERT INTO claims SELECT 'look:' || name_key, row FROM made.organizations;
         INSERT INTO collections SELECT * FROM made.collections;
         INSERT INTO documents SELECT * FROM made.documents;"
    ))
    .unwrap();
}

const VERSION_1: &str = "
PRAGMA journal_mode = wal;
PRAGMA application_id = 0x546e7479;
PRAGMA user_version = 1;
CREATE TABLE organizations (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    collection TEXT NOT NULL,
    admin_id BLOB NOT NULL UNIQUE REFERENCES admins (id),
    admin_email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    database TEXT NOT NULL,
    revision INTEGER NOT NULL
) STRICT;
CREATE INDEX organizations_by_name ON organizations (name_key, id, email_key);
CREATE INDEX organizations_by_created ON organizations (created_at, id, name_key, email_key);
CREATE INDEX organizations_by_email ON organizations (email_key, id, name_key);

CREATE TABLE admins (
    id BLOB PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX admins_by_email ON admins (email_key);

CREATE TABLE claims (
    claim TEXT PRIMARY KEY,
    org INTEGER NOT NULL REFERENCES organizations (row) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_by_org ON claims (org);

CREATE TABLE collections (
    row INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    documents INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE documents (
    collection INTEGER NOT NULL REFERENCES collections (row),
    key BLOB NOT NULL, -- sorts as _id does
    bson BLOB NOT NULL,
    UNIQUE (collection, key)
) STRICT;
";

const INDEXES_2: &str = "
CREATE INDEX organizations_by_name ON organizations (name_key, id, email_key)
    WHERE trashed_at IS NULL;
CREATE INDEX organizations_by_created ON organizations (created_at, id, name_key, email_key)
    WHERE trashed_at IS NULL;
CREATE INDEX organizations_by_email ON organizations (email_key, id, name_key)
    WHERE trashed_at IS NULL;
CREATE INDEX trash_by_name ON organizations (name_key, id, email_key)
    WHERE trashed_at IS NOT NULL;
CREATE INDEX trash_by_created ON organizations (trashed_at, id, name_key, email_key)
    WHERE trashed_at IS NOT NULL;
CREATE INDEX trash_by_email ON organizations (email_key, id, name_key)
    WHERE trashed_at IS NOT NULL;
";

/// Changes a file past the program.
pub fn sql(path: &Path, statements: &str) {
    Connection::open(path).unwrap().execute_batch(statements).unwrap();
}
