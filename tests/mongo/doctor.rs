//! The doctor beside the service at work: connecting moves nothing between collections, and a repair
//! only what nobody is at, whole and by its identity.

use std::{sync::Arc, time::Duration};
use tenantry::store::traits::*;

use mongodb::{
    IndexModel,
    bson::{Bson, DateTime, Document, doc, oid::ObjectId},
};
use tenantry::{
    org::{CollectionName, Org, OrgName},
    store::{
        Change, Examination, Finding, Inconsistency, ListScope, Patience, Repair, mongo::MongoStore,
    },
};

use tokio::sync::Notify;

use crate::support::operations::Operations as _;
use crate::{
    fixture::{HASH, Scratch, first_page, new_org},
    recovery::Saboteur,
    support::service::{CreateStep, RenameStep, Service},
};

pub fn named(name: &str) -> Change {
    let name = OrgName::parse(name).unwrap();
    Change {
        collection: Some(CollectionName::from_name(&name)),
        name: Some(name),
        ..Change::default()
    }
}

/// An organization of ours that was renamed: its collection was `org_acme` and is `org_globex`.
pub async fn renamed(store: &MongoStore) -> Org {
    let org = store.create(&new_org("Acme", "ada@acme.com")).await.unwrap();
    store.update(&org, &named("Globex")).await.unwrap()
}

/// Everything a console and the commands do that is not asked to change anything.
pub async fn look_at_everything(scratch: &Scratch) {
    let store = scratch.open().await;
    store.recover("tester@here").await.unwrap();
    store.catch_up("tester@here").await.unwrap();
    store.page(&first_page()).await.unwrap();
    store.examine("tester@here", false).await.unwrap();
}

/// What a doctor says who is as patient as in earnest about age, and not about waiting.
pub async fn fix(scratch: &Scratch, names: &[&str]) -> Vec<Finding> {
    let age = Duration::from_mins(10);
    let store = scratch.open().await.with_patience(Patience { watch: Duration::ZERO, age });
    fix_with(&store, names).await
}

pub async fn fix_with(store: &MongoStore, names: &[&str]) -> Vec<Finding> {
    let quarantine: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let wanted = Examination { quarantine: &quarantine, ..Examination::plain(true) };
    store.go_through("tester@here", &wanted).await.unwrap()
}

/// Says why each is not repaired.
pub fn failures(findings: &[Finding]) -> Vec<&str> {
    let mut failed = Vec::new();
    for finding in findings {
        if let Repair::Failed(why) = &finding.repair {
            failed.push(why.as_str());
        }
    }
    failed
}

#[tokio::test]
async fn connecting_moves_nothing_between_collections() {
    let scratch = Scratch::new("connect").await;
    renamed(&scratch.open().await).await;
    scratch.collection("org_acme").insert_one(doc! { "_id": "late" }).await.unwrap();
    let before = scratch.dump().await;
    look_at_everything(&scratch).await;
    scratch.open_impatiently().await.recover("tester@here").await.unwrap();
    assert_eq!(scratch.dump().await, before);
}

#[tokio::test]
async fn late_writes_go_to_the_quarantine_whole_and_never_into_a_collection_that_lives() {
    let scratch = Scratch::new("late_writes").await;
    let store = scratch.open().await;
    renamed(&store).await;
    let late = scratch.collection::<Document>("org_acme");
    late.insert_many((0..1_200).map(|n| doc! { "_id": n, "late": true })).await.unwrap();
    let index = IndexModel::builder().keys(doc! { "late": 1 }).build();
    late.create_index(index).await.unwrap();
    let before = scratch.dump().await;
    let inconsistency = Inconsistency::LateWrites {
        org: "Globex".into(),
        collection: "org_acme".into(),
        documents: 1_200,
    };
    let repair = Repair::Possible;
    assert_eq!(
        store.examine("tester@here", false).await,
        Ok(vec![Finding { inconsistency: inconsistency.clone(), repair }])
    );
    let found = fix(&scratch, &["org_acme"]).await;
    assert_eq!(found[0].inconsistency, inconsistency);
    let how = Repair::Done("renamed to quarantine_org_acme".into());
    assert_eq!(found[0].repair, how);
    let after = scratch.dump().await;
    assert_eq!(after["quarantine_org_acme"], before["org_acme"]);
    assert_eq!(after["quarantine_org_acme indexes"], before["org_acme indexes"]);
    assert_eq!(after["org_globex"], before["org_globex"]);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    // Again under the name that it had: numbered.
    let again = doc! { "_id": old_id() };
    late.insert_one(&again).await.unwrap();
    fix(&scratch, &[]).await;
    assert_eq!(scratch.documents("quarantine_org_acme_2").await, [again]);
    assert_eq!(scratch.dump().await["quarantine_org_acme"], before["org_acme"]);
}

#[tokio::test]
async fn late_writes_into_the_trash_are_no_loss_and_the_organization_can_come_back() {
    let scratch = Scratch::new("late_trash").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("Acme", "ada@acme.com")).await.unwrap();
    let trashed = store.trash(&org, 30).await.unwrap();
    let late = doc! { "_id": old_id() };
    scratch.collection("org_acme").insert_one(late.clone()).await.unwrap();
    fix(&scratch, &[]).await;
    assert_eq!(scratch.documents("quarantine_org_acme").await, [late]);
    let back = store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(store.statistics(&back).await.unwrap().documents, 1);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

#[tokio::test]
async fn what_an_older_program_had_on_the_way_goes_to_the_quarantine() {
    let scratch = Scratch::new("on_the_way").await;
    let org = renamed(&scratch.open().await).await;
    let left = format!("straggler_{}_org_acme", org.id.to_hex());
    scratch.collection(&left).insert_one(doc! { "_id": "late" }).await.unwrap();
    look_at_everything(&scratch).await;
    assert_eq!(scratch.documents(&left).await, [doc! { "_id": "late" }]);
    let found = fix(&scratch, &[]).await;
    assert!(found.iter().all(|found| found.repair.is_done()), "{found:?}");
    let quarantined = scratch.documents(&format!("quarantine_{left}")).await;
    assert_eq!(quarantined, [doc! { "_id": "late" }]);
    assert_eq!(scratch.documents("org_globex").await.len(), 1);
}

/// What the doctor finds and repairs; once it watches, or where it need not watch, this happens.
async fn while_it_watches<T>(
    store: &MongoStore,
    happens: impl Future<Output = T>,
) -> (Vec<Finding>, T) {
    let watches = Arc::new(Notify::new());
    let told = Arc::clone(&watches);
    let tell = move |_| told.notify_one();
    let wanted = Examination { told: &tell, ..Examination::plain(true) };
    let looks = async {
        let found = store.go_through("tester@here", &wanted).await.unwrap();
        watches.notify_one();
        found
    };
    let then = async {
        watches.notified().await;
        happens.await
    };
    tokio::join!(looks, then)
}

#[tokio::test]
async fn what_is_written_to_while_it_is_watched_is_left_alone() {
    let scratch = Scratch::new("watched").await;
    let store = scratch.open().await;
    renamed(&store).await;
    let late = scratch.collection::<Document>("org_acme");
    late.insert_one(doc! { "_id": 1 }).await.unwrap();
    let watch = Duration::from_millis(700);
    let store = store.with_patience(Patience { watch, age: Duration::ZERO });
    let write = async {
        // Neither count nor size is different afterwards.
        late.update_one(doc! { "_id": 1 }, doc! { "$set": { "_id": 1 } }).await.unwrap();
    };
    let (found, ()) = while_it_watches(&store, write).await;
    assert_eq!(failures(&found), ["it was written to in the meantime"]);
    assert_eq!(scratch.documents("org_acme").await, [doc! { "_id": 1 }]);
    // Nobody is at it now.
    let found = fix_with(&store, &[]).await;
    assert!(found[0].repair.is_done(), "{found:?}");
}

#[tokio::test]
async fn whoever_stops_waiting_has_had_nothing_done() {
    let scratch = Scratch::new("cancelled").await;
    let store = scratch.open().await;
    renamed(&store).await;
    scratch.collection("org_acme").insert_one(doc! { "_id": 1 }).await.unwrap();
    let before = scratch.dump().await;
    let watch = Duration::from_mins(10);
    let store = store.with_patience(Patience { watch, age: Duration::ZERO });
    let stopped =
        tokio::time::timeout(Duration::from_secs(1), store.examine("tester@here", true)).await;
    assert!(stopped.is_err());
    assert_eq!(scratch.dump().await, before);
}

#[tokio::test]
async fn a_server_that_was_restarted_while_it_was_watched_has_forgotten_the_writes() {
    let saboteur = Saboteur::start().await;
    let mut server = saboteur.server;
    let scratch = Scratch::on(server.uri(), "restarted").await;
    let store = scratch.open().await;
    renamed(&store).await;
    scratch.collection("org_acme").insert_one(doc! { "_id": 1 }).await.unwrap();
    store.create(&new_org("Bare", "bob@bare.com")).await.unwrap();
    scratch.collection::<Document>("org_bare").drop().await.unwrap();
    let gone = doc! {
        "_id": old_id(), "email": "eve@gone.com", "role": "owner", "organization_id": old_id(),
    };
    scratch.collection("admins").insert_one(gone).await.unwrap();
    let watch = Duration::from_secs(3);
    let store = store.with_patience(Patience { watch, age: Duration::ZERO });
    let restart = async {
        server.kill();
        server.restart();
    };
    let (found, ()) = while_it_watches(&store, restart).await;
    let why = failures(&found);
    assert!(why.len() == 3 && why.iter().all(|why| why.contains("was restarted")), "{found:?}");
    assert_eq!(scratch.documents("org_acme").await, [doc! { "_id": 1 }]);
    assert_eq!(scratch.documents("admins").await.len(), 3);
    assert!(!scratch.collections().await.contains(&"org_bare".to_owned()));
}

#[tokio::test]
async fn what_has_no_age_that_anybody_knows_is_only_moved_when_it_is_named() {
    let scratch = Scratch::new("ageless").await;
    let store = scratch.open().await;
    renamed(&store).await;
    let late = scratch.collection::<Document>("org_acme");
    late.insert_one(doc! { "_id": "no ObjectId" }).await.unwrap();
    for found in [fix(&scratch, &[]).await, fix(&scratch, &[]).await] {
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(matches!(found[0].inconsistency, Inconsistency::LateWrites { .. }), "{found:?}");
        assert_eq!(found[0].repair, Repair::ByName("org_acme".into()));
    }
    assert_eq!(scratch.documents("org_acme").await.len(), 1);
    let found = fix(&scratch, &["org_acme"]).await;
    assert!(found.len() == 1 && found[0].repair.is_done(), "{found:?}");
    assert_eq!(scratch.documents("quarantine_org_acme").await.len(), 1);
}

#[tokio::test]
async fn what_is_younger_than_ten_minutes_is_left_alone() {
    let scratch = Scratch::new("young").await;
    let service = Service::new(&scratch.db);
    // The service is killed before it writes the record.
    let mut creating = service.create("Young", "young@acme.com", &HASH);
    creating.until(CreateStep::InsertRecord).await.unwrap();
    let old = doc! {
        "_id": old_id(), "initialized": true, "created_at": DateTime::now(),
        "note": "Org data goes here",
    };
    scratch.collection("org_old").insert_one(old).await.unwrap();
    let found = fix(&scratch, &["young@acme.com"]).await;
    let why = failures(&found);
    assert!(why.len() == 2 && why.iter().all(|why| why.contains("younger")), "{found:?}");
    assert_eq!(scratch.documents("org_young").await.len(), 1);
    assert_eq!(scratch.documents("quarantine_org_old").await.len(), 1);
    assert!(creating.finish().await.unwrap());
    let right = |hash: &str| hash == &**HASH;
    let org = service.login("young@acme.com", right).await.unwrap().unwrap();
    assert_eq!(org.get_str("organization_name").unwrap(), "Young");
}

/// An identity that was given an hour ago.
pub fn old_id() -> ObjectId {
    let an_hour_ago = DateTime::now().timestamp_millis() / 1000 - 3600;
    ObjectId::from_parts(u32::try_from(an_hour_ago).unwrap(), [7; 5], [1; 3])
}

#[tokio::test]
async fn the_services_creation_is_never_in_anybodys_way() {
    for step in [
        CreateStep::LookForEmail,
        CreateStep::Fill,
        CreateStep::InsertAdmin,
        CreateStep::InsertRecord,
        CreateStep::Done,
    ] {
        let scratch = Scratch::new("creating").await;
        // The new tenant's collection has a name that another tenant's had.
        renamed(&scratch.open().await).await;
        let service = Service::new(&scratch.db);
        let mut creating = service.create("Acme", "new@acme.com", &HASH);
        creating.until(step).await.unwrap();
        let before = scratch.dump().await;
        look_at_everything(&scratch).await;
        // Records get our fields; everything else is as it was.
        let after = scratch.dump().await;
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
        fix(&scratch, &[]).await;
        let mine = |name: &str| name.starts_with("org_");
        for (name, documents) in before.iter().filter(|(name, _)| mine(name)) {
            assert_eq!(&scratch.dump().await[name], documents, "{step:?} {name}");
        }
        assert!(creating.finish().await.unwrap(), "{step:?}");
        look_at_everything(&scratch).await;
        fix(&scratch, &[]).await;
        assert_eq!(scratch.documents("org_acme").await.len(), 1, "{step:?}");
        assert_eq!(scratch.documents("org_globex").await.len(), 1, "{step:?}");
        let store = scratch.open().await;
        for name in ["Acme", "Globex"] {
            let org = store.org_named(name, ListScope::Live).await.unwrap().unwrap();
            assert_eq!(store.statistics(&org).await.unwrap().documents, 1, "{step:?}");
        }
        let right = |hash: &str| hash == &**HASH;
        assert!(service.login("new@acme.com", right).await.unwrap().is_some(), "{step:?}");
    }
}

#[tokio::test]
async fn the_services_rename_is_never_in_anybodys_way() {
    for stop in 0..9 {
        let scratch = Scratch::new("renaming").await;
        renamed(&scratch.open().await).await;
        scratch.add_legacy("Umbrella", "org_umbrella", "eve@umbrella.com").await;
        let documents = scratch.collection("org_umbrella");
        let many = (0..250).map(|n| doc! { "_id": old_id(), "n": n });
        let many = many.map(|mut one| {
            one.insert("_id", Bson::from(one.get_i32("n").unwrap()));
            one
        });
        documents.insert_many(many).await.unwrap();
        scratch.open().await;
        // To a name that another tenant's collection had.
        let mut renaming = Service::new(&scratch.db).rename("Umbrella", "Acme");
        for _ in 0..stop {
            renaming.step().await.unwrap();
        }
        let before = scratch.dump().await;
        let at = format!("{stop} {:?}", renaming.next);
        look_at_everything(&scratch).await;
        // A record that has changed is caught up with.
        if renaming.next != RenameStep::DropOld && renaming.next != RenameStep::Done {
            assert_eq!(scratch.dump().await, before, "{at}");
        }
        // While the doctor watches, the service goes on.
        let watch = Duration::from_millis(500);
        let age = Duration::from_mins(10);
        let store = scratch.open().await.with_patience(Patience { watch, age });
        let (_, renamed) = while_it_watches(&store, renaming.finish()).await;
        assert!(renamed.unwrap(), "{at}");
        look_at_everything(&scratch).await;
        fix(&scratch, &[]).await;
        assert_eq!(scratch.documents("org_acme").await.len(), 251, "{at}");
        let collections = scratch.collections().await;
        assert_eq!(collections, ["admins", "org_acme", "org_globex", "organizations"], "{at}");
    }
}
