//! Real MongoDB servers: the two that `tests/run` starts for everybody, and ones of a test's own that
//! it may kill.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use mongodb::{
    Client, Database,
    bson::{Document, doc},
    options::ClientOptions,
};
use tempfile::TempDir;

/// The standalone server of this run, as the user who may do everything.
pub fn standalone() -> String {
    variable("TENANTRY_TEST_STANDALONE")
}

/// The replica set of this run, with a primary, as the user who may do everything.
pub async fn replica_set() -> String {
    let uri = variable("TENANTRY_TEST_REPLICA_SET");
    initiate(&uri).await;
    uri
}

/// The fields this program adds to the service's.
const OURS: [&str; 15] = [
    "name_key",
    "look",
    "look_as_typed",
    "email_key",
    "created_key",
    "listing",
    "claims",
    "seen",
    "revision",
    "login_epoch",
    "pending",
    "suspended",
    "suspended_password",
    "former",
    "operation",
];

/// A record without our fields.
pub fn theirs(record: &Document) -> Document {
    let mut record = record.clone();
    for field in OURS {
        record.remove(field);
    }
    record
}

/// All documents of a collection, by `_id`.
pub async fn documents(db: &Database, collection: &str) -> Vec<Document> {
    let collection = db.collection::<Document>(collection);
    let mut found = collection.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
    let mut documents = Vec::new();
    while found.advance().await.unwrap() {
        documents.push(found.deserialize_current().unwrap());
    }
    documents
}

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run the suite with tests/run"))
}

/// Makes a started node the primary of its set; does nothing when it is already.
pub async fn initiate(uri: &str) {
    let mut options = ClientOptions::parse(uri).await.expect("the test's own URI parses");
    let name = options.repl_set_name.take().expect("the URI names the set");
    options.direct_connection = Some(true);
    let host = options.hosts[0].to_string();
    let admin = Client::with_options(options).expect("a client").database("admin");
    let config = doc! { "_id": name, "members": [{ "_id": 0, "host": host }] };
    let answer = admin.run_command(doc! { "replSetInitiate": config }).await;
    if let Err(error) = answer {
        // 23: it is initiated already, by another test.
        assert!(error.to_string().contains("Error code 23 "), "{error}");
    }
    // The server answers once its state differs from this one that no server ever had, or after a
    // moment: awaited, not slept.
    loop {
        let hello = admin.run_command(doc! { "hello": 1 }).await.expect("the node answers");
        if hello.get_bool("isWritablePrimary").unwrap_or(false) {
            return;
        }
        let version = hello.get_document("topologyVersion").expect("a topology version").clone();
        let wait: Document = doc! { "hello": 1, "topologyVersion": version, "maxAwaitTimeMS": 500 };
        admin.run_command(wait).await.expect("the node answers");
    }
}

/// A server of a test's own; killed when dropped.
pub struct Mongod {
    child: Child,
    program: PathBuf,
    port: u16,
    flags: Vec<String>,
    data: TempDir,
}

impl Mongod {
    /// Starts one and waits until it takes connections.
    pub fn start(flags: &[&str]) -> Self {
        Self::start_program(variable("TENANTRY_TEST_MONGOD").into(), flags)
    }

    /// The same, where no `tests/run` has said which program that is.
    pub fn start_program(program: PathBuf, flags: &[&str]) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        // Between choosing a free port and using it, somebody else may take it.
        for _ in 0..3 {
            let port = free_port();
            if let Some(child) = spawn(&program, port, &flags, &data) {
                return Self { child, program, port, flags, data };
            }
        }
        panic!("mongod {flags:?} does not start");
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `mongodb://` and the address.
    pub fn uri(&self) -> String {
        format!("mongodb://{}", self.address())
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server's own process");
        self.child.wait().expect("the server's own process");
    }

    /// Has it say nothing more, as one behind a cut line; [`Mongod::goes_on`] ends that.
    pub fn freezes(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// Has it go on, and answer what it was asked meanwhile.
    pub fn goes_on(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("the server's own process"), signal)
            .expect("it gets a signal");
    }

    /// Starts it again on its data and port, after a [`Mongod::kill`].
    pub fn restart(&mut self) {
        self.child =
            spawn(&self.program, self.port, &self.flags, &self.data).expect("mongod starts again");
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of the loopback interface nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// `None` when it ends before it takes connections.
fn spawn(program: &Path, port: u16, flags: &[String], data: &TempDir) -> Option<Child> {
    let mut child = Command::new(program)
        .args(["--bind_ip", "127.0.0.1", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"])
        .args(["--setParameter", "diagnosticDataCollectionEnabled=false"])
        .args(["--port", &port.to_string(), "--dbpath"])
        .arg(data.path())
        .args(flags)
        .stdout(Stdio::piped())
        .spawn()
        .expect("mongod runs");
    let mut log = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while log.read_line(&mut line).is_ok_and(|read| read > 0) {
        if line.contains("Waiting for connections") {
            // It would block on a full pipe, and die of a closed one.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return Some(child);
        }
        line.clear();
    }
    let _ = child.wait();
    None
}
