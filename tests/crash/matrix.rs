//! Every operation × every step of it × every fault. A fixed sample of that, or all of it where
//! `TENANTRY_TEST_WHOLE_MATRIX` is set.

use std::{panic, sync::Once};
use tenantry::store::{Result, StoreError, traits::*};

use futures_util::future::join_all;

use crate::{
    fault::{Fault, Trap},
    late_matrix::is_whole,
    operation::{Says, says},
    proxy::Proxy,
    sample::{
        CORE, DOCUMENTS, Patience, Place, Sample, Shape, assert_recorded, has_begun, look, open,
    },
    server::Server,
};

/// More steps than any operation has.
pub const MOST: usize = 80;

/// The steps that are taken, from that one on: where not the whole matrix is wanted, one in so many.
/// What one fault leaves out, others take.
pub fn steps(from: usize, sample: OneIn) -> impl Iterator<Item = usize> {
    let OneIn(every, first) = sample;
    if is_whole() { (from..).step_by(1) } else { (from + first..).step_by(every) }
}

/// So many steps, and which is the first.
#[derive(Clone, Copy)]
pub struct OneIn(pub usize, pub usize);

impl OneIn {
    pub const ALL: Self = Self(1, 0);
}

/// What came of all the cases of a fault.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    cases: usize,
    happened: usize,
    not: usize,
    documents: usize,
}

impl Tally {
    /// A case, and what was there after it.
    pub fn add(&mut self, sample: Sample, there: Option<Shape>) {
        self.cases += 1;
        if there == sample.after() {
            self.happened += 1;
        } else {
            self.not += 1;
        }
        if there.is_some() {
            let more = if sample.makes() { 0 } else { DOCUMENTS };
            self.documents += usize::try_from(more).unwrap() + 1;
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            cases: self.cases + other.cases,
            happened: self.happened + other.happened,
            not: self.not + other.not,
            documents: self.documents + other.documents,
        }
    }

    /// The sum of it all; with `both`, some must have happened and some not.
    pub fn say(&self, fault: &str, both: bool) {
        assert!(self.happened > 0 && (self.not > 0 || !both), "{fault}");
        println!(
            "{fault}: {} cases, {} happened, {} did not, {} documents found again",
            self.cases, self.happened, self.not, self.documents
        );
    }
}

/// Cuts each operation off at its steps until one goes through untouched. Most of the time is spent waiting
/// for a driver that looks for its server again, so the operations go side by side.
async fn everywhere<S: Future<Output = Server>>(
    fault: Fault,
    of_steps: OneIn,
    server: impl Fn() -> S,
) {
    be_quiet_about_dying();
    let (share, side_by_side) = sharing(fault);
    let lanes = CORE.chunks(share).map(|samples| {
        let server = server();
        async move {
            let (server, mut tally) = (server.await, Tally::default());
            if side_by_side {
                let cases =
                    samples.iter().map(|sample| at_every_step(&server, fault, of_steps, *sample));
                return join_all(cases).await.into_iter().fold(tally, Tally::and);
            }
            for sample in samples {
                tally = tally.and(at_every_step(&server, fault, of_steps, *sample).await);
            }
            tally
        }
    });
    let tally = join_all(lanes).await.into_iter().fold(Tally::default(), Tally::and);
    // A driver or a console that tries again, and a rival, bring everything to its end.
    let all = fault.is_a_rival() || matches!(fault, Fault::SteppedDown | Fault::AnswerLost);
    tally.say(&format!("{fault:?}"), !all);
}

/// How many operations have a server in common, and whether they use it at the same time. A server costs a
/// third of a second of the processor to start; one of three nodes, three times that.
fn sharing(fault: Fault) -> (usize, bool) {
    match fault {
        // These are set for whoever is on the server.
        Fault::NetworkGone | Fault::Refused | Fault::ServerKilled => (1, false),
        Fault::SteppedDown => (3, false),
        // These are of one proxy, or of one database.
        Fault::AnswerLost | Fault::Rival | Fault::ImpatientRival => (CORE.len(), true),
    }
}

async fn at_every_step(server: &Server, fault: Fault, of_steps: OneIn, sample: Sample) -> Tally {
    let proxy = Proxy::before(server.address());
    let uri = if fault == Fault::AnswerLost { proxy.uri() } else { server.uri().to_owned() };
    let place = Place::new(&uri, server).await;
    let mut tally = Tally::default();
    for n in steps(0, of_steps) {
        assert!(n < MOST, "{sample:?} {fault:?} never goes through");
        let (sprung, there) = one((server, &proxy), &place, fault, sample, n).await;
        tally.add(sample, there);
        if !sprung {
            break;
        }
    }
    tally
}

async fn one(
    (server, proxy): (&Server, &Proxy),
    place: &Place,
    fault: Fault,
    sample: Sample,
    n: usize,
) -> (bool, Option<Shape>) {
    let store = place.console().await.unwrap();
    let (new, org, had) = sample.prepare(place, &store).await;
    let trap = Trap::set(fault, n, (server, proxy), place, (sample, org.as_ref())).await;
    let outcome = sample.run(&store, &new, org.as_ref()).await;
    let sprung = trap.sprung().await;
    let rival = trap.rival.lock().unwrap().take();
    let at = format!("{sample:?} {fault:?} at {n}: {outcome:?}, rival {rival:?}");

    if sprung && matches!(fault, Fault::ServerKilled | Fault::SteppedDown) {
        server.has_primary().await;
    }
    let begun = has_begun(place, sample, &at).await;
    recover_and_die(place, n % 9).await;
    let second = place.impatient().await.unwrap_or_else(|error| panic!("{at}: {error}"));
    second.recover("tester@here").await.unwrap_or_else(|error| panic!("{at}: {error}"));
    let there = look(place, &second, &had, &at).await;
    let (before, after) = (sample.before(), sample.after());
    if sample.goes_on() && (begun || !may_go_on(&outcome)) {
        assert_eq!(there, if begun { after } else { before }, "{at}");
    }
    assert_recorded(place, sample, there == after, &at).await;
    if let Some(rival) = &rival {
        // Whoever was told that it was done did it, and only one did.
        let done = [&outcome, rival].into_iter().filter(|done| says(done) == Says::Done).count();
        assert_eq!((done, there), (1, after), "{at}");
    } else if says(&outcome) == Says::Done {
        assert_eq!(there, after, "{at}");
    } else if says(&outcome) == Says::NotDone {
        assert_eq!(there, before, "{at}");
    }
    if !sprung {
        assert_eq!(outcome, Ok(()), "{at}");
    }
    if there == before {
        // And it can be done now.
        let records = crate::support::mongod::documents(&place.db, "organizations").await;
        let org = match records.first() {
            Some(record) => second.org(record.get_object_id("_id").unwrap()).await.unwrap(),
            None => None,
        };
        sample
            .run(&second, &new, org.as_ref())
            .await
            .unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(look(place, &second, &had, &at).await, after, "{at}");
        assert_recorded(place, sample, true, &at).await;
    }
    place.clear().await;
    (sprung, there)
}

/// Whether the console may still be at it: it answers once the server has been silent for long, and its operation
/// goes on to its end. It may begin only after the audit log was looked at.
fn may_go_on(outcome: &Result<()>) -> bool {
    let silent = |why: &StoreError| why.to_string().contains("no response");
    matches!(outcome, Err(StoreError::OutcomeUnknown(why)) if silent(why))
}

/// What a console dies of, so that nobody is told where.
const DIES: &str = "the console dies";

/// A console that settles what it finds is killed while it does.
pub async fn recover_and_die(place: &Place, n: usize) {
    let hits = std::sync::atomic::AtomicUsize::new(0);
    let name = tenantry::failpoint::before_command(place.db.name());
    tenantry::failpoint::at(&name, move || {
        assert!(hits.fetch_add(1, std::sync::atomic::Ordering::SeqCst) != n, "{DIES}");
    })
    .unwrap();
    let (uri, database) = (place.uri.clone(), place.db.name().to_owned());
    let died = tokio::spawn(async move {
        if let Ok(store) = open(&uri, &database, Patience::None).await {
            let _ = store.recover("tester@here").await;
        }
    });
    let _ = died.await;
    tenantry::failpoint::nothing_at(&name);
}

fn be_quiet_about_dying() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let dies = info.payload_as_str().is_some_and(|words| words == DIES);
            if !dies {
                hook(info);
            }
        }));
    });
}

macro_rules! matrix {
    ($($test:ident: $fault:expr, $sample:expr, $server:expr;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
        async fn $test() {
            everywhere($fault, $sample, $server).await;
        })+
    };
}

// Just after a step is just before the next one, for all but the console: see `program`.
matrix! {
    a_network_that_goes: Fault::NetworkGone, OneIn(4, 0), async || Server::standalone();
    a_server_that_refuses: Fault::Refused, OneIn(4, 1), async || Server::standalone();
    an_answer_that_is_lost: Fault::AnswerLost, OneIn(4, 2), async || Server::standalone();
    an_answer_that_a_replica_set_lost: Fault::AnswerLost, OneIn(4, 3), || Server::replica_set(1);
    a_server_that_is_killed: Fault::ServerKilled, OneIn(8, 0), async || Server::standalone();
    a_primary_that_steps_down: Fault::SteppedDown, OneIn(12, 1), || Server::replica_set(3);
    another_console: Fault::Rival, OneIn(4, 0), || Server::replica_set(1);
    an_impatient_console: Fault::ImpatientRival, OneIn(4, 2), async || Server::standalone();
}
