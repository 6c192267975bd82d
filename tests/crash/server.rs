//! Servers that may be killed: a standalone one, a replica set of one node, and one of three.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mongodb::{
    Client,
    bson::{Document, doc},
    options::ClientOptions,
};

use crate::support::mongod::Mongod;

/// They have fail points of their own, and a journal in small files: one that starts reads the last of
/// them to its end, and at the usual size of a hundred megabytes that is half of what starting costs.
const FLAGS: [&str; 4] = [
    "--setParameter",
    "enableTestCommands=1",
    "--wiredTigerEngineConfigString",
    "log=(file_max=4MB)",
];

/// For consoles that come and go by the thousand: each connection is a thread of the server.
pub const FRUGAL: &str = "serverMonitoringMode=poll";

/// One server, or three that elect one of them.
#[derive(Clone)]
pub struct Server {
    nodes: Arc<Mutex<Vec<Mongod>>>,
    uri: String,
}

impl Server {
    pub fn standalone() -> Self {
        let node = Mongod::start(&FLAGS);
        let uri = format!("{}/?{FRUGAL}", node.uri());
        Self { nodes: Arc::new(Mutex::new(vec![node])), uri }
    }

    /// A replica set of so many nodes, with a primary.
    pub async fn replica_set(nodes: usize) -> Self {
        let flags = [&["--replSet", "crash"], &FLAGS[..]].concat();
        let nodes: Vec<Mongod> = (0..nodes).map(|_| Mongod::start(&flags)).collect();
        let members: Vec<Document> = (0..)
            .zip(&nodes)
            .map(|(at, node)| {
                doc! { "_id": at, "host": node.address() }
            })
            .collect();
        let hosts: Vec<String> = nodes.iter().map(Mongod::address).collect();
        let config = doc! {
            "_id": "crash",
            "members": members,
            // A death is noticed, and a new primary elected, in two seconds and not in ten.
            "settings": { "electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 200 },
        };
        let first = direct(&hosts[0]).await;
        let initiate = doc! { "replSetInitiate": config };
        first.database("admin").run_command(initiate).await.unwrap();
        let uri = format!("mongodb://{}/?replicaSet=crash", hosts.join(","));
        let server = Self { nodes: Arc::new(Mutex::new(nodes)), uri };
        server.has_primary().await;
        server
    }

    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Host and port of the first node.
    pub fn address(&self) -> String {
        self.nodes.lock().unwrap()[0].address()
    }

    /// Ends the server, or the primary of several, as a power cut would, and starts it again.
    pub async fn kill(&self) {
        let primary = self.primary().await;
        let mut nodes = self.nodes.lock().unwrap();
        let node = nodes.iter_mut().find(|node| node.address() == primary).unwrap();
        node.kill();
        node.restart();
    }

    /// Has the primary make room for another one.
    pub async fn step_down(&self) {
        let primary = direct(&self.primary().await).await;
        let step_down = doc! { "replSetStepDown": 5, "secondaryCatchUpPeriodSecs": 5 };
        primary.database("admin").run_command(step_down).await.unwrap();
    }

    /// Waits until there is a primary that a majority follows.
    pub async fn has_primary(&self) {
        let client = Client::with_uri_str(&self.uri).await.unwrap();
        let written = doc! { "insert": "probe", "documents": [{ "_id": 1 }], "writeConcern": { "w": "majority" } };
        loop {
            let database = client.database("probe");
            if database.run_command(written.clone()).await.is_ok() {
                database.drop().await.unwrap();
                return;
            }
        }
    }

    async fn primary(&self) -> String {
        let hosts: Vec<String> = {
            let nodes = self.nodes.lock().unwrap();
            nodes.iter().map(Mongod::address).collect()
        };
        loop {
            for host in &hosts {
                let admin = direct(host).await.database("admin");
                let hello = admin.run_command(doc! { "hello": 1 }).await;
                if hello.is_ok_and(|hello| hello.get_bool("isWritablePrimary").is_ok_and(|is| is)) {
                    return host.clone();
                }
            }
        }
    }
}

async fn direct(host: &str) -> Client {
    let mut options = ClientOptions::parse(format!("mongodb://{host}")).await.unwrap();
    options.direct_connection = Some(true);
    options.server_selection_timeout = Some(Duration::from_secs(5));
    Client::with_options(options).unwrap()
}
