//! A file that this user may not write: the console opens it all the same, writes nothing, and says why.
//!
//! Modes do not count for root, so for root these tests run the program as somebody else.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tenantry::store::traits::*;

use tempfile::TempDir;
use tenantry::store::Store;

use crate::cases::{sql, two, version_2, wait};
use crate::fixture::{new_org, open, view};
use crate::support::operations::Operations as _;
use crate::support::pty::Console;
use crate::tool::{PASSWORD, PROGRAM};

/// Somebody who owns nothing here.
const NOBODY: u32 = 65_534;

/// A directory with a database in it, and the program where anybody can run it.
struct Place {
    directory: TempDir,
    program: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("tenantry");
        fs::hard_link(PROGRAM, &program)
            .or_else(|_| fs::copy(PROGRAM, &program).map(drop))
            .unwrap();
        fs::create_dir(directory.path().join("kept")).unwrap();
        let place = Self { directory, program };
        two(&place.file());
        mode(place.directory.path(), 0o755);
        place
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("kept").join("some #1?.db")
    }

    /// Lets nobody write the file, or the directory it is in.
    fn lock(&self, file: u32, directory: u32) {
        for entry in fs::read_dir(self.directory.path().join("kept")).unwrap() {
            let entry = entry.unwrap().path();
            mode(&entry, file);
            // Whoever only reads it is in its group: what is for everybody ends with the first write.
            if is_root() {
                chown(&entry, None, Some(NOBODY)).unwrap();
            }
        }
        mode(&self.directory.path().join("kept"), directory);
    }

    fn run(&self, line: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command.args(line).env_clear().env("TENANTRY_FILE", self.file()).env("HOME", "/nowhere");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes());
        child.wait_with_output().unwrap()
    }

    fn console(&self) -> Console {
        let (file, nobody) = (self.file().display().to_string(), NOBODY.to_string());
        let program = self.program.display().to_string();
        let mut line = vec![program.as_str(), "--file", file.as_str()];
        if is_root() {
            let other = ["setpriv", "--reuid", &nobody, "--regid", &nobody, "--clear-groups"];
            line.splice(0..0, other);
        }
        Console::run(line[0].as_ref(), &line[1..], &[], (100, 30), self.directory.path())
    }

    /// Every file there is, with its bytes.
    fn bytes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let kept = fs::read_dir(self.directory.path().join("kept")).unwrap();
        let mut files: Vec<_> = kept
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(&path).unwrap()))
            .collect();
        files.sort();
        files
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // So that it can be removed by its owner.
        mode(&self.directory.path().join("kept"), 0o755);
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

const WRITING: [&[&str]; 11] = [
    &["org", "create", "Initech", "--email", "pat@initech.com", "--password-stdin"],
    &["org", "update", "globex", "--name", "Apex"],
    &["org", "suspend", "globex"],
    &["org", "reactivate", "globex"],
    &["org", "delete", "globex", "--as", "bob@globex.com", "--password-stdin", "--yes"],
    &["org", "delete", "globex", "--as", "bob@globex.com", "--password-stdin", "--yes", "--now"],
    &["org", "restore", "acme corp"],
    &["org", "purge", "acme corp", "--as", "ada@acme.com", "--password-stdin", "--yes"],
    &["doctor", "--fix"],
    &["admin", "code", "globex", "bob@globex.com"],
    // Attempts are counted, or there are none.
    &["admin", "login", "bob@globex.com", "--password-stdin"],
];

/// All can be looked at, nothing can be done, the reason is said, and nothing is written.
fn can_only_be_read(place: &Place, reason: &str) {
    let before = place.bytes();
    for line in [
        &["org", "list"][..],
        &["org", "list", "--trash"],
        &["org", "get", "globex"],
        &["admin", "list", "globex"],
        &["audit", "list"],
        &["audit", "verify"],
        &["doctor"],
        &["--read-only", "org", "get", "globex"],
    ] {
        let done = place.run(line);
        assert!(done.status.success(), "{line:?}: {done:?}");
    }
    // What has been in the trash for too long is still there: nobody tried to purge it.
    let trash = String::from_utf8(place.run(&["org", "list", "--trash"]).stdout).unwrap();
    assert!(trash.contains("Acme Corp"), "{trash}");
    for line in WRITING {
        let refused = place.run(line);
        assert_eq!(refused.status.code(), Some(5), "{line:?}: {refused:?}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(
            said.starts_with(&format!("tenantry: this user has no permission to write {reason}")),
            "{said}"
        );
        assert!(said.contains("\n  → you can still list, search and open"), "{said}");
    }
    assert_eq!(place.bytes(), before);
}

fn with_old_trash() -> Place {
    let place = Place::new();
    wait(async {
        let store = open(&place.file()).unwrap();
        let org = store.org_of_admin(&admin(&store).await).await.unwrap().unwrap();
        store.trash(&org, 30).await.unwrap();
    });
    sql(&place.file(), "UPDATE organizations SET trashed_at = 0 WHERE trashed_at > 0");
    place
}

async fn admin(store: &impl Store) -> tenantry::org::Admin {
    store.admin_with_email("ada@acme.com").await.unwrap().unwrap()
}

#[test]
fn a_file_that_may_not_be_written() {
    let place = with_old_trash();
    // Anybody may make files beside it, which nobody should be misled to do.
    place.lock(0o444, 0o777);
    can_only_be_read(&place, &place.file().display().to_string());
}

#[test]
fn a_directory_that_may_not_be_written() {
    let place = with_old_trash();
    place.lock(0o666, 0o555);
    can_only_be_read(&place, &format!("{}\n", place.file().parent().unwrap().display()));
}

#[test]
fn neither_file_nor_directory() {
    let place = with_old_trash();
    place.lock(0o444, 0o555);
    can_only_be_read(&place, &place.file().display().to_string());
}

#[test]
fn what_another_console_has_only_in_the_log_is_seen() {
    let place = with_old_trash();
    let store = open(&place.file()).unwrap();
    place.lock(0o444, 0o755);
    let seen = |name: &str| {
        let list = place.run(&["org", "list"]);
        assert!(list.status.success(), "{list:?}");
        String::from_utf8(list.stdout).unwrap().contains(name)
    };
    assert!(seen("Globex") && !seen("Initech"));
    // It is in the log only.
    wait(store.create(&new_org("Initech"))).unwrap();
    assert!(seen("Initech"));
    let refused = place.run(WRITING[1]);
    assert_eq!(refused.status.code(), Some(5), "{refused:?}");
    drop(store);
    assert!(seen("Initech"));
}

#[test]
fn the_log_a_killed_console_left_is_read() {
    let place = Place::new();
    let mut killed = Command::new(PROGRAM);
    killed.args(["org", "update", "globex", "--name", "Apex"]).stdout(Stdio::null());
    killed.env("TENANTRY_FILE", place.file()).env("FAILPOINTS", "sqlite.committed=return");
    assert!(!killed.status().unwrap().success());
    let log = place.bytes().into_iter().find(|(path, _)| path.ends_with("some #1?.db-wal"));
    assert!(log.is_some_and(|(_, bytes)| !bytes.is_empty()));
    for directory in [0o755, 0o555] {
        place.lock(0o444, directory);
        for flags in [&[][..], &["--read-only"]] {
            let got = place.run(&[flags, &["org", "get", "apex"]].concat());
            assert!(got.status.success(), "{got:?}");
        }
    }
    // By whoever may write it as well, and then without one.
    place.lock(0o644, 0o755);
    let view = view(&place.file());
    assert!(view.iter().any(|line| line.starts_with("organization \"Apex\"")), "{view:?}");
}

#[test]
fn an_older_file_is_read_and_cannot_be_brought_up_to_date() {
    let place = Place::new();
    fs::remove_file(place.file()).unwrap();
    version_2(&place.file());
    place.lock(0o444, 0o555);
    let before = place.bytes();
    let list = place.run(&["org", "list"]);
    assert!(String::from_utf8(list.stdout).unwrap().contains("Globex"));
    for line in [WRITING[1], &["upgrade"]] {
        let refused = place.run(line);
        assert_eq!(refused.status.code(), Some(5), "{refused:?}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.starts_with("tenantry: this user has no permission to write"), "{said}");
    }
    assert_eq!(place.bytes(), before);
}

#[test]
fn the_console_says_that_it_only_reads_and_sees_what_others_write() {
    let place = with_old_trash();
    place.lock(0o444, 0o555);
    let mut console = place.console();
    console.see("Globex");
    console.see("read-only");
    console.see("This user has no permission to write");
    // Somebody who may writes: into the log, and when it is closed into the file.
    place.lock(0o644, 0o755);
    let store = open(&place.file()).unwrap();
    wait(store.create(&new_org("Initech"))).unwrap();
    console.send("r");
    console.see("Initech");
    wait(store.create(&new_org("Initrode"))).unwrap();
    drop(store);
    console.send("r");
    console.see("Initrode");
    wait(open(&place.file()).unwrap().create(&new_org("Hooli"))).unwrap();
    console.send("r");
    console.see("Hooli");
    console.send("q");
    assert_eq!(console.end().0, 0);
}

/// As above, but nobody is at work when the console looks: the file alone is another one.
#[test]
fn the_console_sees_what_others_wrote_and_closed() {
    let place = with_old_trash();
    place.lock(0o444, 0o555);
    let mut console = place.console();
    console.see("Globex");
    place.lock(0o644, 0o755);
    wait(open(&place.file()).unwrap().create(&new_org("Initech"))).unwrap();
    console.send("r");
    console.see("Initech");
    console.send("q");
    assert_eq!(console.end().0, 0);
}
