//! What happens at a step: the console's n-th command to the database.

use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use mongodb::{
    Database,
    bson::{Document, doc},
};
use tenantry::{
    failpoint,
    org::Org,
    store::{NewOrg, Result},
};

use crate::{
    proxy::Proxy,
    sample::{Patience, Place, Sample, new_org, open},
    server::Server,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// From here on no command reaches the server.
    NetworkGone,
    /// From here on the server refuses everything.
    Refused,
    /// The server does it, and the connection is cut before it can say so.
    AnswerLost,
    /// The server is killed, and comes back at once.
    ServerKilled,
    /// The primary makes room for another one.
    SteppedDown,
    /// Another console does the same thing to its end, leaving alone what it finds under way.
    Rival,
    /// The same, finishing what it finds under way.
    ImpatientRival,
}

impl Fault {
    /// Whether what is done in the end may have been somebody else's doing.
    pub fn is_a_rival(self) -> bool {
        matches!(self, Self::Rival | Self::ImpatientRival)
    }
}

/// A fault that waits for its step.
pub struct Trap<'a> {
    fault: Fault,
    database: String,
    admin: Database,

    proxy: &'a Proxy,
    hits: Arc<AtomicUsize>,
    n: usize,
    hit: i64,
    /// What came of the other console's operation.
    pub rival: Arc<Mutex<Option<Result<()>>>>,
}

/// All commands that an operation can send.
const COMMANDS: [&str; 12] = [
    "insert",
    "update",
    "delete",
    "findAndModify",
    "create",
    "drop",
    "renameCollection",
    "find",
    "aggregate",
    "listCollections",
    "getMore",
    "count",
];

impl<'a> Trap<'a> {
    /// Sets it for the console's n-th command from now, counted from zero.
    pub async fn set(
        fault: Fault,
        n: usize,
        (server, proxy): (&'a Server, &'a Proxy),
        place: &Place,
        (sample, org): (Sample, Option<&Org>),
    ) -> Self {
        let database = place.db.name().to_owned();
        let hits = Arc::new(AtomicUsize::new(0));
        let rival = Arc::default();
        let admin = place.db.client().database("admin");
        let mut trap = Self { fault, database, admin, proxy, hits, n, hit: 0, rival };
        match fault {
            Fault::NetworkGone => trap.fail_commands(doc! { "closeConnection": true }).await,
            Fault::Refused => trap.fail_commands(doc! { "errorCode": 13 }).await,
            Fault::AnswerLost => proxy.keep_answer(i64::try_from(n).unwrap()),
            Fault::ServerKilled => {
                let server = server.clone();
                trap.at_step(move || {
                    elsewhere({
                        let server = server.clone();
                        async move { server.kill().await }
                    });
                });
            }
            Fault::SteppedDown => {
                let server = server.clone();
                trap.at_step(move || {
                    elsewhere({
                        let server = server.clone();
                        async move { server.step_down().await }
                    });
                });
            }
            Fault::Rival | Fault::ImpatientRival => {
                let patience = match fault {
                    Fault::Rival => Patience::OfConsoles,
                    _ => Patience::None,
                };
                let (uri, db, org) = (place.uri.clone(), place.db.name().to_owned(), org.cloned());
                let rival = Arc::clone(&trap.rival);
                trap.at_step(move || {
                    let (uri, db, org, rival) =
                        (uri.clone(), db.clone(), org.clone(), Arc::clone(&rival));
                    elsewhere(async move {
                        let new: NewOrg = new_org();
                        let outcome = match open(&uri, &db, patience).await {
                            Ok(store) => sample.run(&store, &new, org.as_ref()).await,
                            Err(error) => Err(error),
                        };
                        *rival.lock().unwrap() = Some(outcome);
                    });
                });
            }
        }
        trap
    }

    /// Once, at the n-th time that the console comes by.
    fn at_step(&self, then: impl Fn() + Send + Sync + 'static) {
        let (hits, n) = (Arc::clone(&self.hits), self.n);
        failpoint::at(&failpoint::before_command(&self.database), move || {
            if hits.fetch_add(1, Ordering::SeqCst) == n {
                then();
            }
        })
        .unwrap();
    }

    /// The server's own fail point, for consoles only.
    async fn fail_commands(&mut self, how: Document) {
        let mut data = doc! { "failCommands": COMMANDS.to_vec(), "appName": "tenantry" };
        data.extend(how);
        let mode = doc! { "skip": i32::try_from(self.n).unwrap() };
        self.hit = self.configure(doc! { "mode": mode, "data": data }).await;
    }

    /// Answers how often it has hit anybody so far.
    async fn configure(&self, how: Document) -> i64 {
        let mut command = doc! { "configureFailPoint": "failCommand" };
        command.extend(how);
        let answer = self.admin.run_command(command).await.unwrap();
        answer.get_i64("count").or_else(|_| answer.get_i32("count").map(i64::from)).unwrap()
    }

    /// Takes it away; whether it caught anything.
    pub async fn sprung(&self) -> bool {
        failpoint::nothing_at(&failpoint::before_command(&self.database));
        match self.fault {
            Fault::NetworkGone | Fault::Refused => {
                self.configure(doc! { "mode": "off" }).await > self.hit
            }
            Fault::AnswerLost => self.proxy.stop(),
            _ => self.hits.load(Ordering::SeqCst) > self.n,
        }
    }
}

/// Runs to its end on a thread of its own: where a step is hit, nothing can be awaited.
fn elsewhere(work: impl Future<Output = ()> + Send + 'static) {
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(work);
    });
    thread.join().unwrap();
}
