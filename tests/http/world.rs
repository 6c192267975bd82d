//! A database with an operator, who is a manager, and the service over it.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    client::{Answer, Request},
    serve::{PASSWORD, Plan, SECRET_KEY, Serve},
    support::{access::OwnDatabase, hash_cost, mongod},
};

pub const OPS: &str = "ops@example.com";

/// What every command says about who runs it.
pub const AS_OPS: [&str; 3] = ["--as", OPS, "--password-stdin"];

pub struct World {
    pub home: TempDir,
    pub serve: Serve,
    /// None where it is the embedded one.
    database: Option<OwnDatabase>,
}

impl World {
    /// On the embedded database.
    pub fn new() -> Self {
        Self::serving("")
    }

    /// The same, with these lines below `[serve]`.
    pub fn serving(lines: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let serve = Plan::file(&home.path().join("tenantry.db")).serving(lines).start();
        Self { serve, home, database: None }.with_operator()
    }

    /// One on each kind of database.
    pub async fn each(test: &str) -> [Self; 2] {
        let database = OwnDatabase::on(mongod::standalone(), test).await;
        let plan = Plan::on(&database.uri, database.name());
        [Self::new(), Self::on(database, &plan)]
    }

    /// On a MongoDB, as planned.
    pub fn on(database: OwnDatabase, plan: &Plan) -> Self {
        let (serve, home) = (plan.start(), tempfile::tempdir().unwrap());
        Self { serve, home, database: Some(database) }.with_operator()
    }

    fn with_operator(self) -> Self {
        self.command(&["operator", "add", OPS, "--role", "manager", "--password-stdin"]);
        self
    }

    pub fn file(&self) -> PathBuf {
        self.home.path().join("tenantry.db")
    }

    /// Runs a command on the same database, with the operator's password on standard input.
    pub fn command(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
        command.args(["--output", "json"]).env_clear();
        match &self.database {
            None => command.arg("--file").arg(self.file()),
            Some(own) => command.env("MONGODB_URI", &own.uri).env("TENANTRY_DATABASE", own.name()),
        };
        let mut child = command
            .args(arguments)
            .env("HOME", self.home.path())
            .env("SECRET_KEY", SECRET_KEY)
            .envs(hash_cost())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// The audit log as text.
    pub fn audit(&self) -> String {
        self.command(&[&["audit", "list", "--limit", "500"][..], &AS_OPS].concat()).to_string()
    }

    /// An API key of the operator's with this role.
    pub fn key(&self, role: &str) -> String {
        let made = self.command(
            &[&["key", "create", &format!("k-{role}"), "--role", role], &AS_OPS[..]].concat(),
        );
        made["key"].as_str().unwrap().to_owned()
    }

    pub fn send(&self, request: &Request) -> Answer {
        request.send(self.serve.address)
    }

    pub fn login(&self, email: &str) -> Value {
        let body = json!({ "email": email, "password": PASSWORD });
        self.send(&Request::new("POST", "/v1/login").json(&body)).expect(200)
    }

    pub fn token(&self, email: &str) -> String {
        self.login(email)["access_token"].as_str().unwrap().to_owned()
    }

    pub fn create(&self, token: &str, name: &str, email: &str) -> Value {
        let body = json!({ "organization_name": name, "email": email, "password": PASSWORD });
        self.send(&Request::new("POST", "/v1/organizations").json(&body).bearer(token)).expect(201)
    }

    /// The token of another operator, who is added for it.
    pub fn operator(&self, role: &str) -> String {
        let email = format!("{role}@example.com");
        let body = json!({ "email": email, "role": role, "password": PASSWORD });
        let add = Request::new("POST", "/v1/operators").json(&body).bearer(&self.token(OPS));
        self.send(&add).expect(201);
        self.token(&email)
    }
}

/// The id of an organization.
pub fn id(org: &Value) -> String {
    org["organization_id"].as_str().unwrap().to_owned()
}
