//! The real program, killed with -9 before and after each command it sends, or where not the whole matrix is
//! wanted, before one in twelve of them and after another one in twelve.

use std::{
    io::Write,
    os::unix::process::ExitStatusExt,
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tenantry::store::traits::*;

use tenantry::failpoint;

use crate::{
    matrix::{MOST, OneIn, Tally, recover_and_die, steps},
    sample::{PASSWORD, Place, SAMPLES, Sample, archive, assert_recorded, has_begun, look},
    server::Server,
    support::{hash_cost, mongod},
};

const NEW_PASSWORD: &str = "copper-meadow-77-thimble";

/// When the program is killed.
#[derive(Clone, Copy, Debug)]
enum When {
    Before,
    After,
}

/// A user who runs the program on a database.
struct User {
    home: tempfile::TempDir,
    uri: String,
    database: String,
}

impl User {
    fn of(place: &Place) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home, uri: place.uri.clone(), database: place.db.name().to_owned() }
    }

    /// Runs the program, to be killed where `failpoints` says.
    fn run(&self, line: &[&str], input: &[u8], failpoints: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .args(line)
            .env_clear()
            .envs(hash_cost())
            .env("HOME", self.home.path())
            .env("MONGODB_URI", &self.uri)
            .env("TENANTRY_DATABASE", &self.database)
            .env("FAILPOINTS", failpoints)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that is killed at once never reads it.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    fn kill_at(&self, sample: Sample, when: When, n: usize) -> Output {
        let place = match when {
            When::Before => failpoint::before_command(&self.database),
            When::After => failpoint::after_command(&self.database),
        };
        let (line, input) = line_of(sample);
        self.run(&line, &input, &format!("{place}={n}*off->return"))
    }
}

/// The command that does an operation, and what it reads.
fn line_of(sample: Sample) -> (Vec<&'static str>, Vec<u8>) {
    if sample == Sample::EditDocument {
        let line = vec!["doc", "replace", "Acme Corp", "0"];
        return (line, b"{ n: \"edited\" }\n".to_vec());
    }
    if sample == Sample::Import {
        return (vec!["org", "import", "-"], archive());
    }
    let of_admins = matches!(sample, Sample::AddAdmin | Sample::RemoveFirst | Sample::Transfer);
    let mut line = vec![if of_admins { "admin" } else { "org" }];
    line.extend(match sample {
        Sample::AddAdmin => ["add", "Acme Corp"],
        Sample::RemoveFirst => ["remove", "Acme Corp"],
        Sample::Transfer => ["transfer", "Acme Corp"],
        Sample::Create => ["create", "Acme Corp"],
        Sample::Rename | Sample::Credentials | Sample::Everything => ["update", "Acme Corp"],
        Sample::Delete | Sample::Trash | Sample::Release => ["delete", "Acme Corp"],
        Sample::Restore | Sample::RestoreRenamed | Sample::RestoreReleased => {
            ["restore", "Acme Corp"]
        }
        Sample::Purge => ["purge", "Acme Corp"],
        Sample::Suspend => ["suspend", "Acme Corp"],
        Sample::Reactivate => ["reactivate", "Acme Corp"],
        Sample::EditDocument | Sample::Import => unreachable!("it has another line"),
    });
    if matches!(sample, Sample::Rename | Sample::Everything | Sample::RestoreRenamed) {
        line.extend(["--name", "Acme Reborn"]);
    }
    let login = ["--as", "ada@acme.com", "--password-stdin"];
    match sample {
        Sample::Create => line.extend(["--email", "ada@acme.com", "--password-stdin"]),
        Sample::Credentials | Sample::Everything => {
            line.extend(login);
            line.extend(["--email", "eve@acme.com", "--new-password-stdin"]);
        }
        Sample::Delete => {
            line.extend(login);
            line.extend(["--yes", "--now"]);
        }
        Sample::AddAdmin => {
            line.extend(["bob@acme.com", "--role", "owner"]);
            line.extend(login);
        }
        Sample::RemoveFirst => {
            line.push("ada@acme.com");
            line.extend(login);
            line.push("--yes");
        }
        Sample::Transfer => {
            line.extend(["bob@acme.com", "--remove"]);
            line.extend(login);
            line.push("--yes");
        }
        Sample::Trash | Sample::Release | Sample::Purge => {
            line.extend(login);
            line.push("--yes");
            line.extend((sample == Sample::Release).then_some("--release"));
        }
        _ => {}
    }
    (line, format!("{PASSWORD}\n{NEW_PASSWORD}\n").into_bytes())
}

/// How many commands a console sends before it does anything.
async fn to_connect(place: &Place, sample: Sample) -> usize {
    sample.prepare(place, &place.console().await.unwrap()).await;
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    let before = failpoint::before_command(place.db.name());
    failpoint::at(&before, move || {
        counted.fetch_add(1, Ordering::SeqCst);
    })
    .unwrap();
    place.console().await.unwrap().recover("tester@here").await.unwrap();
    failpoint::nothing_at(&before);
    place.clear().await;
    hits.load(Ordering::SeqCst)
}

async fn killed_everywhere(when: When, of_steps: OneIn) {
    let server = Server::standalone();
    let place = Place::new(server.uri(), &server).await;
    let user = User::of(&place);
    let mut tally = Tally::default();
    for sample in SAMPLES {
        // Half-done indexes are for the one that makes them; from there on, connecting is the same for all.
        let first = match sample {
            // It sends less than a recovery does.
            Sample::Create | Sample::EditDocument | Sample::Import => 0,
            _ => to_connect(&place, sample).await,
        };
        for n in steps(first, of_steps) {
            let store = place.console().await.unwrap();
            let (_, _, had) = sample.prepare(&place, &store).await;
            if sample.makes() {
                // The first one that comes makes the indexes as well.
                drop(store);
                place.db.drop().await.unwrap();
            }
            assert!(n < MOST * 2, "{sample:?} {when:?} never goes through");
            let output = user.kill_at(sample, when, n);
            let killed = output.status.signal() == Some(9);
            let at = format!("{sample:?} {when:?} {n}: {output:?}");
            assert!(killed || output.status.success(), "{at}");
            let begun = has_begun(&place, sample, &at).await;
            recover_and_die(&place, n % 9).await;
            let second = place.impatient().await.unwrap();
            second.recover("tester@here").await.unwrap();
            let there = look(&place, &second, &had, &at).await;
            if sample.goes_on() {
                assert_eq!(there, if begun { sample.after() } else { sample.before() }, "{at}");
            }
            assert_recorded(&place, sample, there == sample.after(), &at).await;
            place.clear().await;
            tally.add(sample, there);
            if !killed {
                assert_eq!(there, sample.after(), "{at}");
                break;
            }
        }
    }
    tally.say(&format!("kill -9 {when:?}"), true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_killed_before_a_step() {
    killed_everywhere(When::Before, OneIn(12, 0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_killed_after_a_step() {
    killed_everywhere(When::After, OneIn(12, 6)).await;
}

/// What a killed console left is somebody's work until its time is over; then the next one that comes
/// by finishes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_program_left_is_said_and_settled_by_the_next_one() {
    let server = Server::standalone();
    let place = Place::new(server.uri(), &server).await;
    let user = User::of(&place);
    let mut n = to_connect(&place, Sample::Rename).await;
    let (store, had) = loop {
        let store = place.console().await.unwrap();
        let (_, org, had) = Sample::Rename.prepare(&place, &store).await;
        let output = user.kill_at(Sample::Rename, When::After, n);
        assert_eq!(output.status.signal(), Some(9), "{n}: {output:?}");
        // What was only reserved is given up, what is in the log is finished.
        let log = mongod::documents(&place.db, "audit_log").await;
        let org = store.org(org.unwrap().id).await.unwrap().unwrap();
        if org.under_way.is_some() && log.len() > 1 {
            break (store, had);
        }
        place.clear().await;
        n += 1;
    };
    let killed = Instant::now();
    let said = |line: &[&str]| {
        let output = user.run(line, format!("{PASSWORD}\n").as_bytes(), "");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    };
    let operator = whoami::username().unwrap();
    let (code, words) = said(&["org", "suspend", "Acme Corp"]);
    let busy = format!("is being renamed by {operator}@");
    assert!(code == 1 && words.contains(&busy), "{code} {words}");
    let (code, words) = said(&["doctor", "--output", "table"]);
    // Without a locale, tables are ASCII.
    let begun = format!("\"Acme Corp\": incomplete operation: a rename by {operator}@");
    assert!(code == 1 && words.contains(&begun), "{code} {words}");
    let (code, words) = said(&["doctor", "--fix", "--output", "table"]);
    assert!(code == 1 && words.contains("try again in ten seconds"), "{code} {words}");
    // Looking settles nothing, however late; of those that may write none but the last one touches it.
    while said(&["org", "get", "Acme Reborn"]).0 != 0 {
        said(&["doctor", "--fix"]);
        assert!(killed.elapsed() < Duration::from_secs(40), "it is never settled");
    }
    assert!(killed.elapsed() > Duration::from_secs(5), "{:?}", killed.elapsed());
    assert_eq!(look(&place, &store, &had, "settled").await, Sample::Rename.after());
    assert_eq!(said(&["doctor", "--output", "table"]), (0, "No problems found\n".to_owned()));
}
