//! An upgrade whose writes come late: what another program, or another console, did to a record meanwhile
//! is as they left it. And one that is killed before each of its writes: the database can be read all the time,
//! and the next upgrade makes of it what one without interruption makes.

use bson::{Document, RawDocumentBuf, doc};
use tenantry::store::mongo::MongoStore;
use tenantry::store::traits::*;
use tenantry::store::{ListScope, PageQuery, no_progress};

use crate::{
    held::LEASE,
    operation::console,
    proxy::{Client, Command, Proxy},
    sample::{Patience, Place, open},
    server::Server,
    support::{
        hash, mongod::documents, operations::Operations as _, orgs::new_org, service::Service,
    },
};

/// Holds the upgrade's write to a collection, has `other` done, and lets the write arrive.
async fn late(server: &Server, place: &Place, on: &'static str, other: impl AsyncFn()) {
    place.clear().await;
    let service = Service::new(&place.db);
    for (name, email) in [("Acme", "ada@acme.com"), ("Globex", "dan@globex.com")] {
        service.create(name, email, &hash("old")).finish().await.unwrap();
    }
    let proxy = Proxy::before(server.address());
    let slow = console(&proxy.uri(), place, LEASE).await;
    let held = proxy.hold(Client::Waits, 0, move |sent| sent.is("update", on) && gives(sent));
    let upgrade = tokio::spawn(async move { slow.upgrade("tester@here", &no_progress).await });
    let held = held.await.unwrap();
    other().await;
    let before = place.holdings(on).await.documents;
    held.deliver().await;
    upgrade.await.unwrap().unwrap();
    let after = place.holdings(on).await.documents;
    // The other organization's record got its fields; that one did not.
    let unchanged = before.iter().filter(|record| after.contains(record)).count();
    assert_eq!((before.len(), unchanged), (after.len(), before.len() - 1), "{on}: {after:?}");
}

/// Whether a command gives records their fields, each on its own.
fn gives(sent: &Command) -> bool {
    let updates = sent.content.get_array("updates").unwrap();
    updates[0].as_document().is_some_and(|update| !update.contains_key("multi"))
}

async fn sets(place: &Place, on: &str, field: &str) {
    let (filter, set) = if on == "admins" {
        (doc! { "email": "ada@acme.com" }, doc! { field: "new@acme.com" })
    } else {
        (doc! { "organization_name": "Acme" }, doc! { field: "new" })
    };
    let records = place.db.collection::<Document>(on);
    let done = records.update_one(filter, doc! { "$set": set }).await.unwrap();
    assert_eq!(done.modified_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_comes_late_leaves_what_another_program_changed_as_it_is() {
    let server = Server::standalone();
    let place = Place::new(server.uri(), &server).await;
    for (on, field) in [
        ("organizations", "organization_name"),
        ("organizations", "collection_name"),
        ("organizations", "admin_email"),
        ("organizations", "name_key"),
        ("organizations", "claims"),
        ("organizations", "listing"),
        ("organizations", "seen"),
        ("organizations", "trash"),
        ("organizations", "pending"),
        ("admins", "email"),
        ("admins", "email_key"),
        ("admins", "seen"),
    ] {
        late(&server, &place, on, async || sets(&place, on, field).await).await;
    }
}

const NAMES: [&str; 3] = ["Acme", "Globex", "Initech"];

/// A database of the service that was there first.
async fn of_the_service(place: &Place) {
    let service = Service::new(&place.db);
    for name in NAMES {
        service.create(name, &format!("{name}@x.com"), &hash("old")).finish().await.unwrap();
    }
}

/// A database as the first version of this program left it: nothing in it is there for searches.
async fn of_version_1(place: &Place) {
    let store = open(&place.uri, place.db.name(), Patience::None).await.unwrap();
    let mut orgs = Vec::new();
    for name in NAMES {
        let new = new_org(name, &format!("{name}@x.com"), &hash("old"));
        orgs.push(store.create(&new).await.unwrap());
    }
    store.trash(&orgs[0], 30).await.unwrap();
    store.suspend(&orgs[1], true).await.unwrap();
    let organizations = place.db.collection::<Document>("organizations");
    let unset = doc! { "$unset": { "listing": "", "trash.listing": "" } };
    organizations.update_many(doc! {}, unset).await.unwrap();
    for index in organizations.list_index_names().await.unwrap() {
        if index.contains("listing") {
            organizations.drop_index(index).await.unwrap();
        }
    }
    let schema = place.db.collection::<Document>("tenantry");
    let first = doc! { "$set": { "version": 1 } };
    assert_eq!(schema.update_one(doc! {}, first).await.unwrap().modified_count, 1);
}

/// What an upgrade is to leave behind: the records, the admins, and the names of the indexes.
async fn upgraded(place: &Place) -> (Vec<RawDocumentBuf>, Vec<RawDocumentBuf>, Vec<String>) {
    let [orgs, admins] = [place.holdings("organizations").await, place.holdings("admins").await];
    let mut indexes: Vec<String> =
        orgs.indexes.iter().map(|index| index.get_str("name").unwrap().to_owned()).collect();
    indexes.sort();
    (orgs.documents, admins.documents, indexes)
}

/// The names of all organizations, found by a text that each of their e-mails has.
async fn found(place: &Place) -> Vec<String> {
    found_by(&console(&place.uri, place, LEASE).await).await
}

async fn found_by(store: &MongoStore) -> Vec<String> {
    let mut names = Vec::new();
    for scope in [ListScope::Live, ListScope::Trash] {
        let query = PageQuery::first(scope, Some("x com".to_owned()), 10);
        let page = store.page(&query).await.unwrap();
        names.extend(page.orgs.iter().map(|org| org.name.raw().to_owned()));
    }
    names.sort();
    names
}

async fn killed_before_each_write(server: &Server, place: &Place, begin: impl AsyncFn(&Place)) {
    place.clear().await;
    begin(place).await;
    let collections = ["organizations", "admins", "tenantry"];
    let mut at_first = Vec::new();
    for name in collections {
        at_first.push(documents(&place.db, name).await);
    }
    let old_indexes = place.holdings("organizations").await.indexes;
    let restore = async || {
        for (name, documents) in collections.iter().zip(&at_first) {
            let collection = place.db.collection::<Document>(name);
            collection.drop().await.unwrap();
            if !documents.is_empty() {
                collection.insert_many(documents).await.unwrap();
            }
        }
        let is_ours = |index: &&Document| index.get_str("name").is_ok_and(|name| name != "_id_");
        for index in old_indexes.iter().filter(is_ours) {
            let command = doc! { "createIndexes": "organizations", "indexes": [index.clone()] };
            place.db.run_command(command).await.unwrap();
        }
    };
    open(&place.uri, place.db.name(), Patience::None).await.unwrap();
    let wanted = upgraded(place).await;
    // Each is there for searches, where it is.
    for org in documents(&place.db, "organizations").await {
        let listed = org.get_document("trash").unwrap_or(&org).get_document("listing");
        assert!(listed.is_ok_and(|listing| listing.get_str("key").is_ok()), "{org}");
    }
    let mut writes = 0;
    loop {
        restore().await;
        assert_ne!(upgraded(place).await, wanted);
        let proxy = Proxy::before(server.address());
        let killed = console(&proxy.uri(), place, LEASE).await;
        let held = proxy.hold(Client::Starves, writes, Command::writes);
        let mut upgrade =
            tokio::spawn(async move { killed.upgrade("tester@here", &no_progress).await });
        let held = tokio::select! {
            held = held => Some(held.unwrap()),
            done = &mut upgrade => {
                done.unwrap().unwrap();
                None
            }
        };
        let command = held.as_ref().map(|held| &held.command);
        assert_eq!(found(place).await, NAMES, "{writes}: {command:?}");
        upgrade.abort();
        open(&place.uri, place.db.name(), Patience::None).await.unwrap();
        assert_eq!(upgraded(place).await, wanted, "{writes}");
        assert_eq!(found(place).await, NAMES, "{writes}");
        if held.is_none() {
            break;
        }
        writes += 1;
    }
    assert!(writes > 3, "{writes}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_is_killed_is_read_as_before_and_done_by_the_next() {
    let server = Server::standalone();
    let place = Place::new(server.uri(), &server).await;
    killed_before_each_write(&server, &place, of_the_service).await;
    killed_before_each_write(&server, &place, of_version_1).await;
}

/// Holds each of a search's reads in turn, and upgrades everything before it arrives. Returns how many reads
/// there were.
async fn upgraded_before_each_read(
    server: &Server,
    place: &Place,
    begin: impl AsyncFn(&Place),
) -> usize {
    let mut reads = 0;
    loop {
        place.clear().await;
        begin(place).await;
        let proxy = Proxy::before(server.address());
        let reader = console(&proxy.uri(), place, LEASE).await;
        let held = proxy.hold(Client::Waits, reads, Command::reads);
        let mut search = tokio::spawn(async move { found_by(&reader).await });
        tokio::select! {
            held = held => {
                let held = held.unwrap();
                open(&place.uri, place.db.name(), Patience::None).await.unwrap();
                let command = format!("{:?}", held.command);
                held.deliver().await;
                assert_eq!(search.await.unwrap(), NAMES, "{reads}: {command}");
            }
            names = &mut search => {
                assert_eq!(names.unwrap(), NAMES);
                return reads;
            }
        }
        reads += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_during_an_upgrade_finds_each_organization_once() {
    let server = Server::standalone();
    let place = Place::new(server.uri(), &server).await;
    assert!(upgraded_before_each_read(&server, &place, of_the_service).await > 3);
    assert!(upgraded_before_each_read(&server, &place, of_version_1).await > 3);
}
