//! The service under test.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{client::Request, support::hash_cost};

/// What sessions are signed with.
pub const SECRET_KEY: &str = "k3y-of-at-least-thirty-two-bytes-in-all";
/// A password that passes.
pub const PASSWORD: &str = "violet-harbor-42-lantern";
/// Another one.
pub const OTHER_PASSWORD: &str = "copper-meadow-77-thimble";

/// What is never in a log.
const SECRETS: [&str; 4] = [PASSWORD, OTHER_PASSWORD, SECRET_KEY, "$2b$"];

/// How it is started.
pub struct Plan {
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    configuration: String,
}

impl Plan {
    /// On a MongoDB.
    pub fn on(uri: &str, database: &str) -> Self {
        let plan = Self::demo().with("MONGODB_URI", uri).with("TENANTRY_DATABASE", database);
        Self { arguments: Vec::new(), ..plan }
    }

    /// On sample organizations.
    pub fn demo() -> Self {
        let mut variables = vec![("SECRET_KEY".to_owned(), SECRET_KEY.to_owned())];
        variables.extend(hash_cost().map(|(name, cost)| (name.to_owned(), cost)));
        Self { arguments: vec!["--demo".to_owned()], variables, configuration: String::new() }
    }

    /// On the embedded database in this file.
    pub fn file(file: &std::path::Path) -> Self {
        let arguments = vec!["--file".to_owned(), file.display().to_string()];
        Self { arguments, ..Self::demo() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// With these lines below `[serve]`.
    pub fn serving(mut self, lines: &str) -> Self {
        self.configuration = format!("[serve]\n{lines}\n");
        self
    }

    pub fn flags(mut self, flags: &[&str]) -> Self {
        self.arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// The program and its home, not started yet.
    pub fn command(&self) -> (Command, TempDir) {
        let home = tempfile::tempdir().unwrap();
        let configuration = home.path().join("config.toml");
        fs::write(&configuration, &self.configuration).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
        command
            .arg("serve")
            .args(&self.arguments)
            .env_clear()
            .env("HOME", home.path())
            .env("TENANTRY_CONFIG", configuration)
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        (command, home)
    }

    /// Starts it, on a port that is free, and waits until it listens.
    pub fn start(&self) -> Serve {
        let (mut command, home) = self.command();
        if !self.arguments.iter().any(|flag| flag == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.args(["--log", "json"]);
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("it listens").unwrap();
            let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            let is_there = said["message"] == "listening";
            log.lock().unwrap().push(line);
            if is_there {
                let url = said["url"].as_str().unwrap();
                break url.split_once("://").unwrap().1.parse().unwrap();
            }
        };
        let kept = Arc::clone(&log);
        let reader = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Serve { child, address, log, reader: Some(reader), _home: home }
    }
}

/// It, while it runs. Ended when it is dropped.
pub struct Serve {
    child: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<thread::JoinHandle<()>>,
    _home: TempDir,
}

impl Serve {
    /// What it has said of all that was answered: lines come in the order they were written, and the last is of a
    /// request made here.
    pub fn log(&self) -> Vec<String> {
        let last = Request::get("/healthz").send(self.address);
        self.wait_for_line(last.header("x-request-id").unwrap());
        self.lines()
    }

    /// Waits for a line with this in it.
    pub fn wait_for_line(&self, part: &str) {
        self.wait_for_line_with(&[part]);
    }

    /// Waits for a line with each of these in it.
    pub fn wait_for_line_with(&self, parts: &[&str]) {
        let began = Instant::now();
        let is_it = |line: &String| parts.iter().all(|part| line.contains(part));
        while !self.lines().iter().any(is_it) {
            assert!(began.elapsed() < Duration::from_secs(30), "{parts:?}: {:?}", self.lines());
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it has ended by itself.
    pub fn ended(mut self) -> (ExitStatus, Vec<String>) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < Duration::from_secs(40), "it does not end");
            thread::sleep(Duration::from_millis(5));
        };
        self.reader.take().unwrap().join().unwrap();
        (status, self.lines())
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if thread::panicking() {
            return;
        }
        for line in self.log.lock().unwrap().iter() {
            for secret in SECRETS {
                // Samples have a password that everybody may know.
                let is_sample = line.contains("sample organizations");
                assert!(is_sample || !line.contains(secret), "the log shows a secret: {line}");
            }
            assert!(!line.contains("panicked"), "{line}");
        }
    }
}
