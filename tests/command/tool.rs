//! A user with an empty home who runs the real binary.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{access::OwnDatabase, hash_cost, smtp::MAIL_PASSWORD};

/// The binary under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_tenantry");
/// A password that passes.
pub const PASSWORD: &str = "violet-harbor-42-lantern";
/// Another one.
pub const OTHER_PASSWORD: &str = "copper-meadow-77-thimble";
/// What a connection string in a test has for a password.
pub use crate::support::access::USER_PASSWORD as URI_PASSWORD;
/// What `SECRET_KEY` is in every run.
const SECRET_KEY: &str = "k3y-of-at-least-thirty-two-bytes-in-all";

/// What never is on standard output or standard error, whatever happens.
const SECRETS: [&str; 6] =
    [PASSWORD, OTHER_PASSWORD, URI_PASSWORD, MAIL_PASSWORD, SECRET_KEY, "$2b$"];

/// Someone's home directory, and the environment they set.
pub struct Home {
    directory: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run said.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Home {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut variables = vec![
            ("HOME".into(), directory.path().display().to_string()),
            ("XDG_DATA_HOME".into(), directory.path().join("data").display().to_string()),
            ("USER".into(), "tester".into()),
            ("LANG".into(), "C.UTF-8".into()),
            ("SECRET_KEY".into(), SECRET_KEY.into()),
        ];
        variables.extend(hash_cost().map(|(name, cost)| (name.to_owned(), cost)));
        Self { directory, variables }
    }

    /// The same, with this database named.
    pub fn on(database: &OwnDatabase) -> Self {
        Self::new().with("MONGODB_URI", &database.uri).with("TENANTRY_DATABASE", database.name())
    }

    /// The same user, with a variable more (or another value of one).
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.into(), value.into()));
        self
    }

    /// A path in this home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where the embedded database lies when nothing else is said.
    pub fn database(&self) -> PathBuf {
        self.path("data").join("tenantry").join("tenantry.db")
    }

    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// The program, with this environment and no other, and nobody at a terminal.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.other(PROGRAM, arguments)
    }

    /// Another program, with the same environment.
    pub fn other(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(arguments, "")
    }

    /// Runs with `input` on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A run that is refused at once never reads it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = Outcome {
            code: output.status.code().expect("ended by a signal"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        for secret in SECRETS {
            let all = format!("{}{}", said.out, said.err);
            assert!(!all.contains(secret), "{arguments:?} shows a secret:\n{all}");
        }
        assert!(!said.err.contains("panicked"), "{arguments:?}:\n{}", said.err);
        said
    }

    /// Makes an organization with [`PASSWORD`].
    pub fn create(&self, name: &str, email: &str) -> Value {
        let arguments = ["org", "create", "--email", email, "--password-stdin", "--", name];
        self.run_with(&arguments, &format!("{PASSWORD}\n")).json()
    }

    /// Everything a list shows.
    pub fn list(&self) -> Value {
        self.run(&["org", "list", "--limit", "1000"]).json()
    }

    /// Every row of every table of the embedded database, in words, but for the audit log and the
    /// attempts to log in, which grow by every refusal.
    pub fn rows(&self) -> Vec<String> {
        let grows =
            |row: &String| row.starts_with("audit_log") || row.starts_with("login_attempts");
        self.all_rows().into_iter().filter(|row| !grows(row)).collect()
    }

    /// Every row of every table of the embedded database, in words.
    pub fn all_rows(&self) -> Vec<String> {
        let database = rusqlite::Connection::open(self.database()).unwrap();
        let names = "select name from sqlite_schema where type = 'table' order by name";
        let mut names = database.prepare(names).unwrap();
        let names: Vec<String> =
            names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let mut all = Vec::new();
        for name in names {
            let mut rows = database.prepare(&format!("select * from \"{name}\"")).unwrap();
            let width = rows.column_count();
            let mut rows = rows.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let cells: Vec<_> = (0..width)
                    .map(|at| row.get::<_, rusqlite::types::Value>(at).unwrap())
                    .collect();
                all.push(format!("{name}: {cells:?}"));
            }
        }
        all
    }
}

impl Outcome {
    /// The JSON of a run that went well. What a login says beside it of earlier ones that failed is
    /// looked at where it is what the test is about.
    #[track_caller]
    pub fn json(&self) -> Value {
        let notice = self.err.ends_with(" with this e-mail since the last successful one\n");
        assert!(self.err.is_empty() || notice && self.err.lines().count() == 1, "{self:?}");
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// Checks that the run failed with `code`, said `words`, and said what to do.
    #[track_caller]
    pub fn fails(&self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.starts_with("tenantry: "), "{self:?}");
        assert!(self.err.contains(words), "{words:?} is not in {}", self.err);
        assert!(self.err.contains("\n  → "), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
    }
}
