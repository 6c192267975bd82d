//! Two consoles on one database: what one does, the other shows.

use std::path::Path;

use crate::{
    fixture::Scratch,
    support::{mongod, orgs::new_org, pty::Console},
};
use tenantry::store::{Operation, Store, mongo::MongoStore, sqlite::SqliteStore};

const SIZE: (u16, u16) = (100, 24);

/// Creates an organization past every console, and suspends it.
async fn create(store: &dyn Store, name: &str) {
    let entry = tenantry::store::Entry::new("eve@elsewhere", "create");
    let new = new_org(name, &format!("{name}@example.com"), "$2b$12$");
    let org = store.perform(&Operation::Create(Box::new(new)), &entry).await.unwrap().unwrap();
    let entry = tenantry::store::Entry::new("eve@elsewhere", "suspend");
    store.perform(&Operation::Suspend(Box::new(org), true), &entry).await.unwrap();
}

/// Shows what the other makes, before and behind the cursor, which stays on its organization. What is typed stays.
async fn shows_what_the_other_makes(mut console: Console, other: &dyn Store) {
    console.see("▌middle");
    create(other, "aardvark").await;
    console.see("2 organizations");
    console.see(" aardvark");
    console.see("▌middle");
    console.send("n");
    console.see("New organization");
    console.send("half a na");
    create(other, "zebra").await;
    console.see("half a na");
    console.send("\x1b\x1b");
    console.see("3 organizations");
    console.see(" zebra");
    console.see("▌middle");
    console.send("q");
    assert_eq!(console.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_file() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("live.db");
    let other = SqliteStore::open(&file, false).unwrap();
    create(&other, "middle").await;
    let named: &Path = &file;
    let console = Console::start(&["--file", named.to_str().unwrap()], SIZE, home.path());
    shows_what_the_other_makes(console, &other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_one_replica_set() {
    let scratch = Scratch::on(mongod::replica_set().await, "live_console").await;
    let other = MongoStore::open(&scratch.uri, scratch.name(), false).await.unwrap();
    create(&other, "middle").await;
    let home = tempfile::tempdir().unwrap();
    let uri = ["--uri", scratch.uri.as_str(), "--database", scratch.name()];
    let console = Console::start(&uri, SIZE, home.path());
    shows_what_the_other_makes(console, &other).await;
}
