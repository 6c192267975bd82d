//! Two consoles on one database: what one does, the other shows.

use std::{path::Path, sync::Arc};

use crate::{
    fixture::Scratch,
    support::{mongod, operations::Operations as _, orgs::new_org, pty::Console, service::Service},
};
use tenantry::org::{CollectionName, Org, OrgName, OrgState};
use tenantry::store::{
    Change, ListScope, Operation, PageAt, PageQuery, Sort, Store, mongo::MongoStore,
    sqlite::SqliteStore,
};
use tokio::task::JoinSet;

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

/// Creates, renames, suspends and trashes, each task past every console and through a store of its own.
async fn sixteen_tasks_write(stores: Vec<Arc<dyn Store>>) {
    let mut tasks = JoinSet::new();
    for (number, store) in stores.into_iter().enumerate() {
        tasks.spawn(async move {
            let named = |name: &str| new_org(name, &format!("{name}@example.com"), "$2b$12$");
            let mut org = store.create(&named(&format!("task{number:02}"))).await.unwrap();
            if number % 3 == 0 {
                let name = OrgName::parse(&format!("renamed{number:02}")).unwrap();
                let collection = Some(CollectionName::from_name(&name));
                let change = Change { name: Some(name), collection, ..Change::default() };
                org = store.update(&org, &change).await.unwrap();
            }
            if number % 2 == 0 {
                org = store.suspend(&org, true).await.unwrap();
            }
            if number % 5 == 0 {
                store.trash(&org, 30).await.unwrap();
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

/// What the service before this one does meanwhile.
async fn the_old_service_writes(service: Service) {
    for number in 0..4 {
        let (name, email) = (format!("service{number}"), format!("s{number}@example.com"));
        assert!(service.create(&name, &email, "$2b$12$").finish().await.unwrap());
    }
    assert!(service.rename("service1", "service9").finish().await.unwrap());
    assert!(service.delete("service2").await.unwrap());
}

/// The names in the list on a screen, and whether each is suspended.
fn rows(screen: &str) -> Vec<(String, bool)> {
    let listed = screen.lines().skip_while(|line| !line.contains("name")).skip(1);
    let listed = listed.take_while(|line| !line.starts_with('─'));
    let names = listed.filter(|line| line.contains('@')).map(|line| {
        let name = line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        (name.split_whitespace().next().unwrap_or_default().to_owned(), line.contains('◌'))
    });
    names.collect()
}

/// The same as the database has it.
async fn stored(store: &dyn Store, search: Option<&str>) -> Vec<(String, bool)> {
    let query = PageQuery {
        scope: ListScope::Live,
        search: search.map(str::to_owned),
        best_first: true,
        sort: Sort::default(),
        at: PageAt::First,
        limit: 100,
    };
    let page = store.page(&query).await.unwrap();
    let row = |org: &Org| (org.name.raw().to_owned(), org.state == OrgState::Suspended);
    page.orgs.iter().map(row).collect()
}

/// Two consoles, in one of which a filter is being typed, end up with what is stored. The cursor, and what is typed, stay.
async fn two_consoles_show_what_is_stored(
    [looking, mut filtering]: [Console; 2],
    stores: Vec<Arc<dyn Store>>,
    service: Option<Service>,
) {
    let store = Arc::clone(&stores[0]);
    // One that matches from the beginning: where none does, enter takes the nearest name.
    create(&*store, "taskmaster").await;
    for console in [&looking, &filtering] {
        console.see("▌middle");
        console.see(" taskmaster");
    }
    filtering.send("/task");
    filtering.see("/ task");
    let service = async {
        if let Some(service) = service {
            the_old_service_writes(service).await;
        }
    };
    tokio::join!(sixteen_tasks_write(stores), service);
    filtering.see("/ task");
    filtering.send("\r");
    let (all, matching) = (stored(&*store, None).await, stored(&*store, Some("task")).await);
    assert!(all.len() > 12 && matching.len() > 6, "{all:?}");
    looking.wait_until("the list is what is stored", |received| rows(&received.screen()) == all);
    looking.see("▌middle");
    filtering.wait_until("the matches are what is stored", |received| {
        rows(&received.screen()) == matching
    });
}

const TALL: (u16, u16) = (80, 40);

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_tasks_in_one_file() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("live.db");
    let open = || -> Arc<dyn Store> { Arc::new(SqliteStore::open(&file, false).unwrap()) };
    create(&*open(), "middle").await;
    let start = || Console::start(&["--file", file.to_str().unwrap()], TALL, home.path());
    let stores = (0..16).map(|_| open()).collect();
    two_consoles_show_what_is_stored([start(), start()], stores, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_tasks_and_the_old_service_on_a_replica_set() {
    tasks_and_service(mongod::replica_set().await, "live_tasks").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_tasks_and_the_old_service_on_a_standalone_server() {
    tasks_and_service(mongod::standalone(), "live_tasks_alone").await;
}

async fn tasks_and_service(server: String, name: &str) {
    let scratch = Scratch::on(server, name).await;
    let mut stores: Vec<Arc<dyn Store>> = Vec::new();
    for _ in 0..16 {
        stores.push(Arc::new(MongoStore::open(&scratch.uri, scratch.name(), false).await.unwrap()));
    }
    create(&*stores[0], "middle").await;
    let home = tempfile::tempdir().unwrap();
    let uri = ["--uri", scratch.uri.as_str(), "--database", scratch.name()];
    let start = || Console::start(&uri, TALL, home.path());
    let service = Some(Service::new(&scratch.db));
    two_consoles_show_what_is_stored([start(), start()], stores, service).await;
}
