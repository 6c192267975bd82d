//! What a console finds half-done: it settles it forward or back, with whatever has come in the way
//! meanwhile. That nothing else is ever left, wherever an operation is cut off, is in `tests/crash`.

use mongodb::{
    Client,
    bson::{Binary, Bson, DateTime, Document, doc, oid::ObjectId},
    options::WriteConcern,
};
use tenantry::store::traits::*;
use tenantry::{
    org::{Claim, CollectionName, Email, Org, OrgName, OrgState, PasswordHash, UnderWay},
    store::{Change, Inconsistency, Operation, Repair, Settled, Store, StoreError},
};

use crate::support::hash;
use crate::support::operations::Operations as _;
use crate::{
    fixture::{Scratch, all, new_org},
    support::mongod::Mongod,
};

/// Every command a change can send.
const COMMANDS: [&str; 11] = [
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
];

pub struct Saboteur {
    pub server: Mongod,
    admin: mongodb::Database,
}

impl Saboteur {
    pub async fn start() -> Self {
        let server = Mongod::start(&["--setParameter", "enableTestCommands=1"]);
        let client = Client::with_uri_str(server.uri()).await.unwrap();
        Self { admin: client.database("admin"), server }
    }

    /// From the console's n-th command on, the connection is cut.
    pub async fn cut_after(&self, n: i32) {
        let data = doc! {
            "failCommands": COMMANDS.to_vec(), "appName": "tenantry", "closeConnection": true,
        };
        let cut = doc! { "configureFailPoint": "failCommand", "mode": { "skip": n }, "data": data };
        self.admin.run_command(cut).await.unwrap();
    }

    pub async fn mend(&self) {
        self.admin
            .run_command(doc! { "configureFailPoint": "failCommand", "mode": "off" })
            .await
            .unwrap();
    }

    pub async fn scratch(&self) -> Scratch {
        Scratch::on(self.server.uri(), "cut").await
    }
}

fn changed() -> Change {
    let name = OrgName::parse("Acme Reborn").unwrap();
    Change {
        collection: Some(CollectionName::from_name(&name)),
        name: Some(name),
        email: Some(Email::parse("new@acme.com").unwrap()),
        password: Some(PasswordHash::stored(hash("new"))),
        undoes: false,
    }
}

/// The database holds this organization whole, and nothing else.
async fn assert_whole(scratch: &Scratch, store: &dyn Store, name: &str, email: &str, at: &str) {
    let orgs = all(store).await;
    assert_eq!(orgs.len(), 1, "{at}: {orgs:?}");
    let org = &orgs[0];
    assert_eq!((org.name.raw(), org.admin_email.raw()), (name, email), "{at}");
    assert_eq!(org.state, OrgState::Active, "{at}");
    assert_eq!(org.connection.collection, org.collection, "{at}");
    let admins = scratch.documents("admins").await;
    assert_eq!(admins.len(), 1, "{at}");
    assert_eq!(admins[0].get_str("email").unwrap(), email, "{at}");
    assert_eq!(admins[0].get_object_id("_id").unwrap().to_hex(), org.admin_id.raw(), "{at}");
    assert_eq!(store.first_documents(org, 5).await.unwrap().len(), 1, "{at}");
    let collections = scratch.collections().await;
    assert_eq!(collections.len(), 3, "{at}: {collections:?}");
    let record = &scratch.documents("organizations").await[0];
    // Its name, collection and e-mail, and what the name looks like.
    let looks = Claim::looks_of(name).len();
    assert_eq!(record.get_array("claims").unwrap().len(), 3 + looks, "{at}: {record}");
    assert!(!record.contains_key("pending"), "{at}");
}

/// Nothing is left of any organization.
async fn assert_nothing(scratch: &Scratch, at: &str) {
    for collection in scratch.collections().await {
        assert!(["organizations", "admins"].contains(&collection.as_str()), "{at}: {collection}");
        assert_eq!(scratch.documents(&collection).await, Vec::<Document>::new(), "{at}");
    }
}

/// Puts a journal into a record as if somebody had stopped right after the reservation.
async fn stop_in(scratch: &Scratch, org: &Org, kind: &str, content: Document) {
    let mut pending = doc! {
        "kind": kind, "id": ObjectId::new(), "by": "gone@there", "at": DateTime::now(),
    };
    pending.extend(content);
    scratch
        .collection::<Document>("organizations")
        .update_one(doc! { "_id": org.id }, doc! { "$set": { "pending": pending } })
        .await
        .unwrap();
}

async fn uuid(scratch: &Scratch, collection: &str) -> Bson {
    let answer = scratch
        .run_command(doc! { "listCollections": 1, "filter": { "name": collection } })
        .await
        .unwrap();
    let batch = answer.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
    let info = batch[0].as_document().unwrap().get_document("info").unwrap();
    let uuid: Binary = match info.get("uuid") {
        Some(Bson::Binary(uuid)) => uuid.clone(),
        other => panic!("no uuid: {other:?}"),
    };
    Bson::Binary(uuid)
}

async fn an_edit_stopped(scratch: &Scratch) -> Org {
    let store = scratch.open().await;
    let org = store.create(&new_org("old", "ada@acme.com")).await.unwrap();
    let content = doc! {
        "from": "org_old", "to": "org_new", "uuid": uuid(scratch, "org_old").await,
        "set": {
            "organization_name": "new", "name_key": "new", "look": "new",
            "collection_name": "org_new",
            "connection_details": { "database": scratch.name(), "collection": "org_new" },
        },
        "claims_before": ["name:old", "look:old", "collection:org_old", "email:ada@acme.com"],
        "claims_after": ["name:new", "look:new", "collection:org_new", "email:ada@acme.com"],
        "admin": null, "admin_set": {},
    };
    stop_in(scratch, &org, "update", content).await;
    org
}

#[tokio::test]
async fn what_is_under_way_is_left_alone_until_its_lease_runs_out() {
    let scratch = Scratch::new("lease").await;
    let org = an_edit_stopped(&scratch).await;
    let patient = scratch.open().await;
    assert_eq!(patient.recover("tester@here").await, Ok(0));
    assert_eq!(patient.org(org.id).await.unwrap().unwrap().under_way, Some(UnderWay::Renaming));
    assert_eq!(
        patient.delete(&org).await,
        Err(StoreError::Busy { what: UnderWay::Renaming, by: "gone@there".into() })
    );
    // The one who waits no longer finishes it first; then it is no longer what was read.
    let impatient = scratch.open_impatiently().await;
    assert_eq!(impatient.delete(&org).await, Err(StoreError::Changed));
    assert_eq!(impatient.org(org.id).await.unwrap().unwrap().name.raw(), "new");
}

#[tokio::test]
async fn stragglers_at_the_old_name_are_left_and_what_moved_is_not_moved_again() {
    let scratch = Scratch::new("stragglers").await;
    let org = an_edit_stopped(&scratch).await;
    let name = scratch.name();
    let rename =
        doc! { "renameCollection": format!("{name}.org_old"), "to": format!("{name}.org_new") };
    scratch.client().database("admin").run_command(rename).await.unwrap();
    scratch.collection("org_old").insert_one(doc! { "_id": "late" }).await.unwrap();
    let moved = scratch.documents("org_new").await;
    let store = scratch.open_impatiently().await;
    let now = store.org(org.id).await.unwrap().unwrap();
    assert_eq!((now.name.raw(), now.collection.raw()), ("new", "org_new"));
    assert_eq!(scratch.documents("org_new").await, moved);
    assert_eq!(scratch.documents("org_old").await, [doc! { "_id": "late" }]);
}

#[tokio::test]
async fn an_edit_whose_target_became_somebody_elses_goes_back() {
    let scratch = Scratch::new("foreign_target").await;
    let org = an_edit_stopped(&scratch).await;
    scratch.collection("org_new").insert_one(doc! { "_id": "theirs" }).await.unwrap();
    let store = scratch.open_impatiently().await;
    assert_eq!(store.org(org.id).await.unwrap(), Some(org.clone()));
    assert_eq!(scratch.documents("org_new").await, [doc! { "_id": "theirs" }]);
    assert_eq!(scratch.documents("org_old").await.len(), 1);
    store.delete(&org).await.unwrap();
    assert_eq!(scratch.collections().await.len(), 3);
}

#[tokio::test]
async fn a_creation_with_something_foreign_in_the_way_takes_back_only_its_own() {
    let scratch = Scratch::new("foreign_create").await;
    drop(scratch.open().await);
    let orgs = scratch.collection::<Document>("organizations");
    let admin = ObjectId::new();
    let reservation = doc! {
        "_id": ObjectId::new(),
        "claims": ["name:acme", "look:acrne", "collection:org_acme", "email:ada@acme.com"],
        "pending": {
            "kind": "create", "id": ObjectId::new(), "by": "gone@there", "at": DateTime::now(),
            "organization_name": "acme", "collection_name": "org_acme", "admin_id": admin,
            "admin_email": "ada@acme.com", "password": hash("x"), "created_at": DateTime::now(),
            "first_document_id": ObjectId::new(),
        },
    };
    orgs.insert_one(&reservation).await.unwrap();
    let patient = scratch.open().await;
    assert_eq!(all(&patient).await, vec![]);
    let taken = patient.create(&new_org("acme", "other@acme.com")).await;
    assert!(matches!(taken, Err(StoreError::Taken { ref by, .. }) if *by == Some("acme".into())));
    // Meanwhile somebody else's documents, and this operation's own admin.
    scratch.collection("org_acme").insert_one(doc! { "_id": "theirs" }).await.unwrap();
    scratch
        .collection("admins")
        .insert_one(doc! { "_id": admin, "email": "ada@acme.com", "email_key": "ada@acme.com" })
        .await
        .unwrap();
    drop(scratch.open_impatiently().await);
    assert_eq!(scratch.documents("organizations").await, vec![]);
    assert_eq!(scratch.documents("admins").await, vec![]);
    assert_eq!(scratch.documents("org_acme").await, [doc! { "_id": "theirs" }]);
    // The same with the old service's organization in the way.
    scratch.collection::<Document>("org_acme").drop().await.unwrap();
    orgs.insert_one(&reservation).await.unwrap();
    let theirs = scratch.add_legacy("Acme", "org_acme", "eve@acme.com").await;
    let store = scratch.open_impatiently().await;
    store.recover("tester@here").await.unwrap();
    assert_eq!(all(&store).await.iter().map(|org| org.id).collect::<Vec<_>>(), [theirs]);
    assert_eq!(store.statistics(&all(&store).await[0]).await.unwrap().documents, 1);
}

#[tokio::test]
async fn a_deletion_drops_the_collection_it_meant_and_no_later_one() {
    let scratch = Scratch::new("recreated").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
    let content = doc! {
        "collection": "org_acme", "uuid": uuid(&scratch, "org_acme").await, "admin": null,
    };
    stop_in(&scratch, &org, "delete", content).await;
    assert_eq!(store.org(org.id).await.unwrap().unwrap().under_way, Some(UnderWay::Deleting));
    scratch.collection::<Document>("org_acme").drop().await.unwrap();
    scratch.collection("org_acme").insert_one(doc! { "_id": "later" }).await.unwrap();
    let store = scratch.open_impatiently().await;
    assert_eq!(store.org(org.id).await.unwrap(), None);
    assert_eq!(scratch.documents("org_acme").await, [doc! { "_id": "later" }]);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_killed_server() {
    let mut server = Mongod::start(&[]);
    let scratch = Scratch::on(server.uri(), "killed").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let org = store.update(&org, &changed()).await.unwrap();
    server.kill();
    server.restart();
    let store = scratch.open().await;
    assert_eq!(store.org(org.id).await.unwrap(), Some(org.clone()));
    assert_whole(&scratch, &store, "Acme Reborn", "new@acme.com", "after the kill").await;
    store.delete(&org).await.unwrap();
    server.kill();
    server.restart();
    assert_nothing(&scratch, "after the second kill").await;
}

#[tokio::test]
async fn what_a_killed_server_believes_of_its_collections_is_counted() {
    let mut server = Mongod::start(&[]);
    let scratch = Scratch::on(server.uri(), "counted").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let orphan = scratch.collection::<Document>("org_orphan");
    let first = tenantry::store::first_document(DateTime::now());
    orphan.insert_one(first).await.unwrap();
    scratch.client().database("admin").run_command(doc! { "fsync": 1 }).await.unwrap();
    // The journal has these; the number of documents is only written now and then.
    for collection in ["org_orphan", org.collection.raw()] {
        let new = (0..900).map(|n| doc! { "n": n });
        let kept = WriteConcern::builder().journal(true).build();
        let all = scratch.collection::<Document>(collection);
        all.insert_many(new).write_concern(kept).await.unwrap();
    }
    server.kill();
    server.restart();
    assert_eq!(orphan.estimated_document_count().await.unwrap(), 1, "nothing to see otherwise");
    let store = scratch.open().await;
    assert_eq!(store.statistics(&org).await.unwrap().documents, 901);
    let found = store.examine("tester@here", false).await.unwrap();
    let collection = "org_orphan".into();
    let inconsistency = Inconsistency::CollectionOfNobody { collection, documents: 901 };
    let finding =
        found.iter().find(|finding| finding.inconsistency == inconsistency).expect("it is found");
    assert_eq!(finding.repair, Repair::ByName("org_orphan".into()), "nobody knows whose it is");
}

#[tokio::test]
async fn a_caller_that_stops_waiting_does_not_stop_the_change() {
    let scratch = Scratch::new("dropped").await;
    let store = scratch.open().await;
    let new = new_org("Acme Corp", "ada@acme.com");
    {
        // Polled once, so that it has begun, and dropped.
        let create = store.create(&new);
        let mut create = std::pin::pin!(create);
        assert!(futures_util::poll!(create.as_mut()).is_pending());
    }
    loop {
        // The admin can be found only after that.
        if store.admin_with_email("ada@acme.com").await.unwrap().is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_whole(&scratch, &store, "Acme Corp", "ada@acme.com", "dropped").await;
}

#[tokio::test]
async fn a_placeholder_goes_after_a_day_and_takes_no_document_before_that() {
    let scratch = Scratch::new("placeholders").await;
    drop(scratch.open().await);
    let name = |id: ObjectId| format!("lease_{}", id.to_hex());
    let (old, young) = (name(ObjectId::new()), name(ObjectId::new()));
    let day = 24 * 60 * 60 * 1000;
    for (name, age) in [(&old, day + 60_000), (&young, day - 60_000)] {
        let since = DateTime::from_millis(DateTime::now().timestamp_millis() - age);
        let validator = doc! { "tenantry_placeholder": { "$exists": false, "$gte": since } };
        scratch.run_command(doc! { "create": name, "validator": validator }).await.unwrap();
        assert!(scratch.collection::<Document>(name).insert_one(doc! {}).await.is_err());
    }
    scratch.open().await.purge_expired("tester@here", false).await.unwrap();
    let left = scratch.list_collection_names().await.unwrap();
    assert!(!left.contains(&old) && left.contains(&young), "{left:?}");
}

#[tokio::test]
async fn what_was_not_done_is_not_done_in_the_audit_log_either() {
    let saboteur = Saboteur::start().await;
    let scratch = saboteur.scratch().await;
    let store = scratch.open().await;
    let acme = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    // The server has written the entry, and does not know whether a majority has.
    let data = doc! {
        "failCommands": ["insert"], "appName": "tenantry",
        "namespace": format!("{}.audit_log", scratch.name()),
        "writeConcernError": { "code": 79, "errmsg": "UnknownReplWriteConcern" },
    };
    let once = doc! { "configureFailPoint": "failCommand", "mode": { "times": 1 }, "data": data };
    saboteur.admin.run_command(once).await.unwrap();
    let entry = store.entry("update", &acme);
    let operation = Operation::Update(Box::new(acme.clone()), changed());
    let done = store.perform(&operation, &entry).await;
    let error = done.unwrap_err().to_string();
    assert!(error.contains("could not be recorded"), "{error}");
    assert_whole(&scratch, &store, "Acme Corp", "ada@acme.com", "not done").await;
    let settled = store.outcome(acme.id, entry.id).await.unwrap();
    assert!(matches!(settled, Settled::TakenBack(_)), "{settled:?}");
}
