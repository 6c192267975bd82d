//! The budgets this program promises, measured and printed as one table: `cargo bench`.
//!
//! - `felt` what a person at the keyboard feels, in the real program
//! - `stored` what depends on how much is stored, `data` the databases for it
//! - `carried` exports and imports, beside the plain driver
//! - `service` the HTTP service, beside the one before it
//! - `slow` a database that takes its time, `table` what is printed
//!
//! Words after `cargo bench --` choose rows: `embedded`, `mongodb`, or only the `search` of both, the `archives`, or
//! the `service`. The MongoDB server is $MONGOD, the `mongod` on the PATH, or the one `tests/run` has fetched; without
//! any, its rows say so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod carried;
mod data;
mod felt;
mod service;
mod slow;
mod stored;
#[path = "../../tests/support/mod.rs"]
mod support;
mod table;

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tenantry::store::{Maintenance as _, Store, mongo::MongoStore, sqlite::SqliteStore};
use tokio::runtime::Runtime;

use self::{support::mongod::Mongod, table::Table};

const MANY: u32 = 1_000_000;
const SOME: u32 = 100_000;
const DATABASE: &str = "budgets";

/// How long a search may take among so many and among very many.
const SEARCH_SOME: Duration = Duration::from_millis(20);
const SEARCH_MANY: Duration = Duration::from_millis(100);

fn main() {
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let chosen = |what: &str| words.is_empty() || words.iter().any(|word| word == what);
    let mut table = Table::new();
    if chosen("embedded") {
        embedded(&mut table);
    }
    if chosen("mongodb") {
        match program() {
            Some(program) => mongodb(&mut table, program),
            None => eprintln!(
                "no MongoDB server was found for its rows: set MONGOD, or run tests/run once, which \
                 fetches one"
            ),
        }
    }
    if words.iter().any(|word| word == "search") {
        searched(&mut table);
    }
    if chosen("archives")
        && let Some(program) = program()
    {
        archives(&mut table, &program);
    }
    if chosen("service")
        && let Some(program) = program()
    {
        let server = Mongod::start_program(program, &[]);
        service::rows(&mut table, &server.uri(), fastapi());
    }
    println!();
    table.print();
}

/// The rows of exports and imports.
fn archives(table: &mut Table, program: &Path) {
    let runtime = Runtime::new().expect("a runtime");
    let documents = i32::try_from(MANY).expect("a million");
    let alone = Mongod::start_program(program.to_owned(), &[]);
    runtime.block_on(carried::archives(
        table,
        "1,000,000 documents, standalone",
        &alone.uri(),
        documents,
    ));
    drop(alone);
    let member = Mongod::start_program(program.to_owned(), &["--replSet", "rs0"]);
    runtime.block_on(async {
        let uri = format!("{}/?replicaSet=rs0", member.uri().trim_end_matches('/'));
        support::mongod::initiate(&uri).await;
        carried::archives(table, "1,000,000 documents, replica set", &uri, documents).await;
    });
}

/// The rows of searches, alone.
fn searched(table: &mut Table) {
    let (home, runtime) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
    for (count, budget, words) in [(SOME, SEARCH_SOME, "100,000"), (MANY, SEARCH_MANY, "1,000,000")]
    {
        let file = home.path().join(words);
        data::file(&file, count);
        let what = format!("the index of {words}, embedded");
        runtime.block_on(stored::index(table, &what, &file));
        let store = SqliteStore::open(&file, false).unwrap();
        let what = format!("search among {words}, embedded");
        runtime.block_on(stored::searches(table, &what, &store, budget));
        drop(store);
        // The next one takes as much room again.
        std::fs::remove_file(&file).unwrap();
        let Some(program) = program() else { continue };
        let server = Mongod::start_program(program, &[]);
        let what = format!("search among {words}, MongoDB");
        runtime.block_on(async {
            data::server(&server.uri(), DATABASE, count).await;
            let store = MongoStore::open(&server.uri(), DATABASE, false).await.unwrap();
            let begun = std::time::Instant::now();
            store.upgrade("tester@here", &tenantry::store::no_progress).await.unwrap();
            eprintln!("  its indexes took {:.1?}", begun.elapsed());
            stored::searches(table, &what, &store, budget).await;
        });
    }
}

fn embedded(table: &mut Table) {
    let home = tempfile::tempdir().expect("a directory");
    let path = |name: &str| home.path().join(name);
    let some = path("some.db");
    data::file(&some, SOME);
    felt::start(table, some.to_str().expect("a path"), home.path());

    let many = path("many.db");
    data::file(&many, MANY);
    let file = many.to_str().expect("a path");
    let arguments = ["--file", file];
    felt::keys(table, "key to bytes, 1,000,000 organizations", &arguments, home.path());
    felt::bytes(table, file, home.path());
    felt::idle(table, "idle, embedded", &arguments, home.path());
    felt::memory(table, "resident memory, embedded", 20, &arguments, home.path());

    let runtime = Runtime::new().expect("a runtime");
    let store = SqliteStore::open(&some, false).expect("it opens");
    let what = "search among 100,000, embedded";
    runtime.block_on(stored::searches(table, what, &store, SEARCH_SOME));
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&many, false).expect("it opens"));
    runtime.block_on(async {
        let what = "search among 1,000,000, embedded";
        stored::searches(table, what, &*store, SEARCH_MANY).await;
        let what = "a page at any depth of 1,000,000, embedded";
        stored::pages(table, what, &*store, MANY).await;
        let orgs = stored::to_rename(&*store).await;
        data::add_documents(&many, orgs[1].collection.raw(), MANY);
        let what = "rename of 1,000,000 documents against 1, embedded";
        stored::renames(table, what, &*store, orgs).await;
        stored::hashing(table, "embedded", Arc::clone(&store)).await;
        stored::guessing(table, "embedded", store).await;
    });
}

fn mongodb(table: &mut Table, program: PathBuf) {
    let server = Mongod::start_program(program, &[]);
    let (uri, home) = (server.uri(), tempfile::tempdir().expect("a directory"));
    let runtime = Runtime::new().expect("a runtime");
    let store: Arc<dyn Store> = runtime.block_on(async {
        data::server(&uri, DATABASE, MANY).await;
        let opened = MongoStore::open(&uri, DATABASE, false).await;
        Arc::new(opened.expect("it opens"))
    });
    let arguments = ["--uri", &uri, "--database", DATABASE];
    let what = "key to bytes, 1,000,000 organizations, MongoDB";
    felt::keys(table, what, &arguments, home.path());
    felt::keys_without_answers(table, &uri, DATABASE, home.path());
    felt::idle(table, "idle, MongoDB", &arguments, home.path());
    felt::memory(table, "resident memory, MongoDB", 40, &arguments, home.path());
    runtime.block_on(async {
        let what = "search among 1,000,000, MongoDB";
        stored::searches(table, what, &*store, SEARCH_MANY).await;
        let what = "a page at any depth of 1,000,000, MongoDB";
        stored::pages(table, what, &*store, MANY).await;
        let orgs = stored::to_rename(&*store).await;
        let collection = orgs[1].collection.raw();
        data::add_documents_on_server(&uri, DATABASE, collection, MANY).await;
        let what = "rename of 1,000,000 documents against 1, MongoDB";
        stored::renames(table, what, &*store, orgs).await;
        stored::hashing(table, "MongoDB", Arc::clone(&store)).await;
        stored::guessing(table, "MongoDB", store).await;
        let inserted = data::service(&uri, "service", SOME).await;
        let store = MongoStore::open(&uri, "service", false).await.expect("it opens");
        stored::upgrade(table, &store, inserted).await;
        let what = "search among 100,000, MongoDB";
        stored::searches(table, what, &store, SEARCH_SOME).await;
    });
}

/// A MongoDB server's program: named, on the PATH, or fetched by `tests/run` into `target/`.
fn program() -> Option<PathBuf> {
    if let Some(named) = env::var_os("MONGOD").or_else(|| env::var_os("TENANTRY_TEST_MONGOD")) {
        return Some(named.into());
    }
    let on_the_path = env::var_os("PATH")
        .into_iter()
        .flat_map(|path| env::split_paths(&path).collect::<Vec<_>>())
        .map(|directory| directory.join("mongod"));
    let fetched = target().map(|target| target.join("mongod-6.0.5/mongod"));
    on_the_path.chain(fetched).find(|program| program.is_file())
}

/// The packages of the FastAPI service, where `tests/run` has fetched them.
fn fastapi() -> Option<PathBuf> {
    let named = env::var_os("TENANTRY_TEST_FASTAPI").map(PathBuf::from);
    let fetched = target().map(|target| target.join("fastapi-0.165.0"));
    named.into_iter().chain(fetched).find(|packages| packages.is_dir())
}

/// Where everything is built.
fn target() -> Option<PathBuf> {
    // target/release/deps/budgets-…
    let bench = env::current_exe().ok()?;
    Some(bench.parent()?.parent()?.parent()?.to_owned())
}
