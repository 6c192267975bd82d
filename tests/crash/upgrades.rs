//! An upgrade whose writes come late: what another program, or another console, did to a record meanwhile
//! is as they left it.

use mongodb::bson::{Document, doc};
use tenantry::store::{Store, untold};

use crate::{
    deed::Place,
    held::LEASE,
    operation::console,
    proxy::{Client, Command, Proxy},
    server::Server,
    support::{hash, service::Service},
};

/// Holds the upgrade's write to a collection, has `other` done, and lets the write arrive.
async fn late(server: &Server, place: &Place, on: &'static str, other: impl AsyncFn()) {
    place.clear().await;
    let service = Service::new(&place.db);
    for (name, email) in [("Acme", "ada@acme.com"), ("Globex", "dan@globex.com")] {
        service.create(name, email, &hash("old")).finish().await.unwrap();
    }
    let proxy = Proxy::before(server.address());
    let slow = console(&proxy.uri(), place, "slow@here", LEASE).await;
    let held = proxy.hold(Client::Waits, 0, move |sent| sent.is("update", on) && gives(sent));
    let upgrade = tokio::spawn(async move { slow.upgrade(&untold).await });
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
