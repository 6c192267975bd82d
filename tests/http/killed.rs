//! Two instances on one MongoDB, one of which is killed under load: what was acknowledged is there, and nothing is done twice
//! for clients that repeat what they got no answer to.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mongodb::{
    Client, Database,
    bson::{DateTime, Document, doc},
};
use rustix::process::Signal;
use serde_json::json;

use crate::{
    client::Request,
    serve::{PASSWORD, Plan},
    support::{access::OwnDatabase, mongod},
    world::{OPS, World},
};

const CREATIONS: usize = 40;
const CLIENTS: usize = 4;
/// After so many answers one instance is killed.
const KILLED_AFTER: usize = 10;

/// What clients create whose instances are killed.
struct Clients<'a> {
    token: &'a str,
    next: AtomicUsize,
    /// The ids that were answered, by name.
    made: Mutex<BTreeMap<String, String>>,
}

impl Clients<'_> {
    fn request(&self, n: usize) -> Request {
        let body = json!({
            "organization_name": format!("tenant {n:02}"),
            "email": format!("tenant{n}@example.com"),
            "password": PASSWORD,
        });
        Request::new("POST", "/v1/organizations")
            .json(&body)
            .bearer(self.token)
            .header("Idempotency-Key", &format!("creation {n}"))
    }
}

/// A minute passes for requests that nobody is at any more.
async fn a_minute_passes(database: &Database) {
    let ended = doc! { "$set": { "value.leased_until": DateTime::MIN } };
    let leased = doc! { "value.leased_until": { "$gt": DateTime::MIN } };
    database.collection::<Document>("short_lived").update_many(leased, ended).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_is_killed_under_load_and_nothing_is_lost_or_done_twice() {
    let own = OwnDatabase::on(mongod::standalone(), "killed").await;
    let database = Client::with_uri_str(&own.uri).await.unwrap().database(own.name());
    let plan = Plan::on(&own.uri, own.name())
        .with("FAILPOINTS_PATIENCE", "200")
        .serving("limits = { create = 0 }");
    let world = World::on(own, &plan);
    let instances = [&world.serve, &plan.start()];
    let token = world.token(OPS);
    let clients = Clients { token: &token, next: AtomicUsize::new(0), made: Mutex::default() };
    let runtime = tokio::runtime::Handle::current();
    let create = || {
        while let n @ 0..CREATIONS = clients.next.fetch_add(1, Ordering::Relaxed) {
            let (request, began) = (clients.request(n), Instant::now());
            for turn in n.. {
                assert!(began.elapsed() < Duration::from_secs(30), "{n} is never done");
                // Whoever gets no answer asks the other one.
                let Ok(answer) = request.try_send(instances[turn % 2].address) else { continue };
                if answer.status == 409 {
                    runtime.block_on(a_minute_passes(&database));
                    continue;
                }
                let org = answer.expect(201);
                let id = org["organization_id"].as_str().unwrap().to_owned();
                clients.made.lock().unwrap().insert(format!("tenant {n:02}"), id);
                break;
            }
        }
    };
    tokio::task::block_in_place(|| {
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(create);
            }
            while clients.made.lock().unwrap().len() < KILLED_AFTER {
                thread::yield_now();
            }
            instances[0].signal(Signal::KILL);
        });
        let made = clients.made.lock().unwrap();
        assert_eq!(made.len(), CREATIONS);
        let list = Request::get("/v1/organizations?limit=1000").bearer(&token);
        let list = list.send(instances[1].address).expect(200);
        let there: Vec<(String, String)> = list["organizations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|org| {
                let text = |field: &str| org[field].as_str().unwrap().to_owned();
                (text("organization_name"), text("organization_id"))
            })
            .collect();
        assert_eq!(there, made.clone().into_iter().collect::<Vec<_>>());
        // Whoever repeats it once more is told the same.
        for n in 0..CREATIONS {
            let again = clients.request(n).send(instances[1].address).expect(201);
            assert_eq!(again["organization_id"], made[&format!("tenant {n:02}")]);
        }
    });
}
