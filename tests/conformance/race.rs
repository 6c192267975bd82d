//! Sixteen tasks of two processes over four names: every answer is true, and what is there in the end
//! is what was said to have happened.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bson::oid::ObjectId;
use serde::{Deserialize, Serialize};
use tenantry::org::{ClaimKind, Org, UnderWay};
use tenantry::store::{Change, ListScope, PageAt, PageQuery, Sort, Store, StoreError};

use crate::fixture::{Fixture, new_org, renamed};
use crate::support::operations::Operations as _;

/// The first two lead to one collection.
const NAMES: [&str; 4] = ["Acme Corp", "acme-corp", "Globex", "Initech"];
const TASKS: u64 = 8;
const DEEDS: u64 = 12;
const ROUNDS: u64 = 4;

/// Where the second process finds the database, and which round it is.
const AT: &str = "TENANTRY_TEST_RACE";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Create,
    Rename,
    Delete,
    Trash,
    Restore,
}

/// An operation that was tried: which organization, what it is called afterwards, and from when to when.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tried {
    kind: Kind,
    org: String,
    name: String,
    began: u128,
    ended: u128,
    answer: Answer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Answer {
    /// With the revision it has now; none when it is gone.
    Done(Option<i64>),
    Taken {
        name: bool,
        by: Option<String>,
        in_trash: bool,
    },
    Changed,
    Gone,
    Busy {
        what: Kind,
    },
    Other(String),
}

impl Tried {
    /// Whether it was going on while the other was, or any time before.
    fn began_before(&self, other: &Self) -> bool {
        self.began < other.ended
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.began_before(other) && other.began_before(self)
    }

    fn happened(&self) -> bool {
        matches!(self.answer, Answer::Done(_))
    }
}

pub async fn sixteen_tasks_of_two_processes_get_true_answers<F: Fixture>() {
    if let Ok(at) = std::env::var(AT) {
        let (round, address) = at.split_once(' ').unwrap();
        let store = F::at(address).await;
        let mut out = std::io::stdout();
        writeln!(out, "\n=ready").unwrap();
        out.flush().unwrap();
        let tried = tasks(store, round.parse::<u64>().unwrap() * 2 + 1).await;
        for tried in tried {
            writeln!(out, "\n={}", serde_json::to_string(&tried).unwrap()).unwrap();
        }
        out.flush().unwrap();
        return;
    }
    let fixture = F::fresh().await;
    let store = fixture.open(false).await;
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let mut second = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", std::thread::current().name().unwrap(), "--nocapture"])
            .env(AT, format!("{round} {}", fixture.address()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(second.stdout.take().unwrap()).lines();
        lines.find(|line| line.as_ref().is_ok_and(|line| line == "=ready")).unwrap().unwrap();
        let own = tasks(Arc::clone(&store), round * 2).await;
        let theirs: Vec<Tried> = lines
            .filter_map(|line| serde_json::from_str(line.unwrap().strip_prefix('=')?).ok())
            .collect();
        assert!(second.wait().unwrap().success());
        assert_eq!(theirs.len() as u64, TASKS * DEEDS);
        all.extend(own);
        all.extend(theirs);
        for tried in &all {
            assert!(is_true(tried, &all), "{tried:#?}\nis not true in {all:#?}");
        }
        holds(&fixture, &*store, &all).await;
    }
    let done = all.iter().filter(|tried| tried.happened()).count();
    let rivals = |one: &&Tried| {
        all.iter()
            .any(|other| other.org == one.org && other.began != one.began && one.overlaps(other))
    };
    let rivals = all.iter().filter(rivals);
    println!(
        "{} deeds raced, {} of them with one on the same organization, {done} happened",
        all.len(),
        rivals.count()
    );
    assert!(done > 16 && done < all.len());
}

/// Eight tasks of one process, each with its own will.
async fn tasks(store: Arc<dyn Store>, seed: u64) -> Vec<Tried> {
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut random = (seed * TASKS + task + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let mut tried = Vec::new();
                for operation in 0..DEEDS {
                    tried.push(one(&*store, &mut random, seed, task, operation).await);
                }
                tried
            })
        })
        .collect();
    let mut tried = Vec::new();
    for task in tasks {
        tried.extend(task.await.unwrap());
    }
    tried
}

async fn one(store: &dyn Store, random: &mut u64, seed: u64, task: u64, operation: u64) -> Tried {
    let mut roll = |sides: u64| {
        // xorshift64: the same race each time, as far as races go.
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        *random % sides
    };
    let name = NAMES[usize::try_from(roll(4)).unwrap()];
    let other = NAMES[usize::try_from(roll(4)).unwrap()];
    let wish = roll(10);
    let began = now();
    let live = store.org_named(name, ListScope::Live).await.unwrap();
    let trashed = match live {
        Some(_) => None,
        None => store.org_named(name, ListScope::Trash).await.unwrap(),
    };
    let email = format!("{seed}.{task}.{operation}@example.com");
    let (kind, org, called, answer) = match (live, trashed) {
        (None, None) => {
            let new = new_org(name, &email);
            let made = store.create(&new).await;
            (Kind::Create, new.id, name, made.map(|org| Some(org.revision)))
        }
        (Some(org), _) if wish < 5 => {
            let renamed = store.update(&org, &renamed(other)).await;
            (Kind::Rename, org.id, other, renamed.map(|org| Some(org.revision)))
        }
        (Some(org), _) if wish < 8 => {
            let trashed = store.trash(&org, 30).await;
            (Kind::Trash, org.id, name, trashed.map(|org| Some(org.revision)))
        }
        (None, Some(org)) if wish < 5 => {
            let restored = store.restore(&org, &Change::default()).await;
            (Kind::Restore, org.id, name, restored.map(|org| Some(org.revision)))
        }
        (Some(org), _) | (None, Some(org)) => {
            (Kind::Delete, org.id, name, store.delete(&org).await.map(|()| None))
        }
    };
    let answer = match answer {
        Ok(revision) => Answer::Done(revision),
        Err(StoreError::Taken { what, by, in_trash }) => Answer::Taken {
            name: what != ClaimKind::Email,
            by: by.map(|by| by.raw().to_owned()),
            in_trash,
        },
        Err(StoreError::Changed) => Answer::Changed,
        Err(StoreError::Gone) => Answer::Gone,
        Err(StoreError::Busy { what, .. }) => Answer::Busy {
            what: match what {
                UnderWay::Renaming | UnderWay::Changing => Kind::Rename,
                UnderWay::Deleting => Kind::Delete,
                UnderWay::Trashing => Kind::Trash,
                UnderWay::Restoring => Kind::Restore,
            },
        },
        Err(other) => Answer::Other(other.to_string()),
    };
    Tried { kind, org: org.to_hex(), name: called.to_owned(), began, ended: now(), answer }
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}

/// Whether there is something among all that was tried that makes the answer true.
fn is_true(tried: &Tried, all: &[Tried]) -> bool {
    let others = || all.iter().filter(|other| other.org != tried.org || other.began != tried.began);
    let same = || others().filter(|other| other.org == tried.org);
    match &tried.answer {
        Answer::Done(_) => true,
        // Somebody was, or was about to be, called so, and in the trash if that was said, and had not
        // been made something else before this one asked.
        Answer::Taken { name, by: Some(by), in_trash } => {
            let past = |other: &Tried, later: &Tried| {
                let undone = later.kind == Kind::Delete
                    || later.name != *by
                    || (*in_trash && later.kind == Kind::Restore);
                later.org == other.org
                    && later.happened()
                    && undone
                    && later.began > other.ended
                    && later.ended < tried.began
            };
            let was_so =
                |other: &&Tried| other.name == *by && (!in_trash || other.kind == Kind::Trash);
            *name
                && others()
                    .filter(was_so)
                    .filter(|other| other.began_before(tried))
                    .any(|other| !all.iter().any(|later| past(other, later)))
        }
        // What it said it was busy with was going on.
        Answer::Busy { what } => same().any(|other| other.kind == *what && other.overlaps(tried)),
        Answer::Changed => same().any(|other| {
            other.happened() && other.began_before(tried) && other.ended > tried.began
        }),
        Answer::Gone => same().any(|other| {
            other.kind == Kind::Delete && other.happened() && other.began_before(tried)
        }),
        Answer::Taken { by: None, .. } | Answer::Other(_) => false,
    }
}

/// What is there is what happened, and nothing is left of what did not.
async fn holds<F: Fixture>(fixture: &F, store: &dyn Store, all: &[Tried]) {
    let mut expected: BTreeMap<String, (i64, String, bool)> = BTreeMap::new();
    let mut gone = HashSet::new();
    for tried in all {
        match tried.answer {
            Answer::Done(Some(revision)) => {
                let now = (revision, tried.name.clone(), tried.kind == Kind::Trash);
                let latest = expected.entry(tried.org.clone()).or_insert_with(|| now.clone());
                // A rename to the name it has already changes nothing, and so has no revision.
                if now.0 > latest.0 {
                    *latest = now;
                }
            }
            Answer::Done(None) => {
                assert!(gone.insert(tried.org.clone()), "{} went twice", tried.org);
            }
            _ => {}
        }
    }
    expected.retain(|org, _| !gone.contains(org));
    let mut there: Vec<Org> = Vec::new();
    for scope in [ListScope::Live, ListScope::Trash] {
        let query = PageQuery {
            scope,
            search: None,
            best_first: false,
            sort: Sort::default(),
            at: PageAt::First,
            limit: 50,
        };
        there.extend(store.page(&query).await.unwrap().orgs);
    }
    let found: BTreeMap<String, (i64, String, bool)> = there
        .iter()
        .map(|org| {
            let now = (org.revision, org.name.raw().to_owned(), org.in_trash().is_some());
            (org.id.to_hex(), now)
        })
        .collect();
    assert_eq!(found, expected, "{all:#?}");
    for org in &there {
        assert_eq!(store.first_documents(org, 10).await.unwrap().len(), 1, "{org:?}");
        assert_eq!(
            store.org(ObjectId::parse_str(org.id.to_hex()).unwrap()).await,
            Ok(Some(org.clone()))
        );
    }
    let stored = fixture.stored().await;
    assert_eq!(stored.organizations.len(), there.len());
    assert_eq!(stored.admins.len(), there.len());
    assert_eq!(stored.collections.len(), there.len());
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}
