//! Suspended organizations as the service before this one sees them.

use bson::{Document, doc};
use tenantry::store::traits::*;
use tenantry::{
    org::{CollectionName, Org, OrgName, OrgState, PasswordHash, Secret},
    store::{Change, Inconsistency, Repair, mongo::MongoStore},
    tenancy::{Caller, Rules, Tenancy},
};

use crate::{
    fixture::{HASH, PASSWORD, Scratch, new_org},
    support::{
        operations::Operations as _,
        service::{CreateStep, Service},
    },
};

const ADA: &str = "ada@acme.com";
const OTHER: &str = "copper-meadow-17-thunder";

/// Whether the service lets somebody in.
async fn lets_in(scratch: &Scratch, email: &str, password: &str) -> bool {
    let right = |hash: &str| bcrypt::verify(password, hash).expect("a hash the service can check");
    Service::new(scratch).login(email, right).await.unwrap().is_some()
}

async fn with_acme(test: &str) -> (Scratch, MongoStore, Org) {
    let scratch = Scratch::new(test).await;
    let store = scratch.open().await;
    let acme = store.create(&new_org("Acme Corp", ADA)).await.unwrap();
    (scratch, store, acme)
}

async fn ada(scratch: &Scratch) -> Document {
    let admins = scratch.collection::<Document>("admins");
    admins.find_one(doc! { "email": ADA }).await.unwrap().expect("the e-mail stays")
}

/// As an older version left a suspended one, or the service when it wrote another password.
async fn overwrite(scratch: &Scratch, password: &str, waiting: bool) {
    let mut update = doc! { "$set": { "password": bcrypt::hash(password, 4).unwrap() } };
    if !waiting {
        update.insert("$unset", doc! { "suspended_password": "" });
    }
    let admins = scratch.collection::<Document>("admins");
    admins.update_one(doc! { "email": ADA }, update).await.unwrap();
}

#[tokio::test]
async fn the_service_lets_nobody_in_who_is_suspended_and_everybody_afterwards() {
    let (scratch, store, acme) = with_acme("suspension_service").await;
    let before = ada(&scratch).await;
    assert!(lets_in(&scratch, ADA, PASSWORD).await);
    let suspended = store.suspend(&acme, true).await.unwrap();
    assert!(!lets_in(&scratch, ADA, PASSWORD).await);
    // It gives the e-mail to nobody else.
    let mut other = Service::new(&scratch).create("Other", ADA, &HASH);
    assert!(!other.finish().await.unwrap());
    assert_eq!(other.next, CreateStep::Refused);
    // Nor does it let anybody in while it is in the trash, or back from there.
    let trashed = store.trash(&suspended, 30).await.unwrap();
    assert!(!lets_in(&scratch, ADA, PASSWORD).await);
    let back = store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(back.state, OrgState::Suspended);
    assert!(!lets_in(&scratch, ADA, PASSWORD).await);
    store.suspend(&back, false).await.unwrap();
    assert!(lets_in(&scratch, ADA, PASSWORD).await);
    let after = ada(&scratch).await;
    assert_eq!(after.get("password"), before.get("password"));
    assert!(!after.contains_key("suspended_password"));
}

#[tokio::test]
async fn a_password_that_is_set_while_suspended_waits_for_the_service_too() {
    let (scratch, store, acme) = with_acme("suspension_reset").await;
    store.suspend(&acme, true).await.unwrap();
    let tenancy =
        Tenancy::new(std::sync::Arc::new(store), Rules::default(), Caller::new("tester@here"))
            .unwrap();
    let acme = tenancy.named("Acme Corp").await.unwrap();
    let (_, code) = tenancy.issue_code(&acme, ADA).await.unwrap();
    let acme = tenancy.redeem(ADA, &code.code, &Secret::from(OTHER)).await.unwrap();
    for password in [PASSWORD, OTHER] {
        assert!(!lets_in(&scratch, ADA, password).await);
    }
    tenancy.reactivate(&acme).await.unwrap();
    assert!(!lets_in(&scratch, ADA, PASSWORD).await);
    assert!(lets_in(&scratch, ADA, OTHER).await);
}

#[tokio::test]
async fn what_an_older_version_or_the_service_left_open_is_found_and_closed() {
    for (test, waiting) in [("suspension_older", false), ("suspension_overwritten", true)] {
        let (scratch, store, acme) = with_acme(test).await;
        let suspended = store.suspend(&acme, true).await.unwrap();
        let open = Inconsistency::NotLocked { org: "Acme Corp".into(), email: ADA.into() };
        // By the doctor.
        overwrite(&scratch, OTHER, waiting).await;
        assert!(lets_in(&scratch, ADA, OTHER).await);
        let found = store.examine("tester@here", false).await.unwrap();
        assert_eq!(found.iter().map(|one| &one.inconsistency).collect::<Vec<_>>(), [&open]);
        assert_eq!(found[0].repair, Repair::Possible);
        assert!(lets_in(&scratch, ADA, OTHER).await);
        let found = store.examine("tester@here", true).await.unwrap();
        assert_eq!(found.iter().map(|one| &one.inconsistency).collect::<Vec<_>>(), [&open]);
        assert!(found[0].repair.is_done(), "{found:?}");
        assert!(!lets_in(&scratch, ADA, OTHER).await);
        assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
        // By the next change.
        overwrite(&scratch, OTHER, waiting).await;
        let name = OrgName::parse("Globex").unwrap();
        let collection = Some(CollectionName::from_name(&name));
        let change = Change { collection, name: Some(name), ..Change::default() };
        let renamed = store.update(&suspended, &change).await.unwrap();
        assert!(!lets_in(&scratch, ADA, OTHER).await);
        // The newest one counts.
        store.suspend(&renamed, false).await.unwrap();
        assert!(lets_in(&scratch, ADA, OTHER).await);
    }
}

#[tokio::test]
async fn what_an_older_version_left_closed_is_found_and_opened() {
    let (scratch, store, acme) = with_acme("suspension_reactivated").await;
    store.suspend(&acme, true).await.unwrap();
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! {}, doc! { "$unset": { "suspended": "" } }).await.unwrap();
    let closed = Inconsistency::NotUnlocked { org: "Acme Corp".into(), email: ADA.into() };
    let found = store.examine("tester@here", false).await.unwrap();
    assert_eq!(found.iter().map(|one| &one.inconsistency).collect::<Vec<_>>(), [&closed]);
    assert!(store.examine("tester@here", true).await.unwrap()[0].repair.is_done());
    assert!(lets_in(&scratch, ADA, PASSWORD).await);
}

#[test]
fn the_service_can_check_the_hash_that_nobody_knows() {
    let hash = PasswordHash::nobodys();
    assert_eq!(bcrypt::verify(PASSWORD, hash.as_str()).ok(), Some(false));
    assert!(hash.as_str().starts_with("$2b$"));
}

#[tokio::test]
async fn what_another_program_calls_suspended_lets_nobody_in_here_and_is_not_taken_for_ours() {
    let (scratch, store, acme) = with_acme("suspension_foreign").await;
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! {}, doc! { "$set": { "suspended": "yes" } }).await.unwrap();
    let acme = store.org(acme.id).await.unwrap().unwrap();
    assert_eq!(acme.state, OrgState::Suspended);
    let before = ada(&scratch).await;
    for suspended in [true, false] {
        let refused = store.suspend(&acme, suspended).await.unwrap_err().to_string();
        assert!(refused.contains("“suspended”"), "{refused}");
    }
    assert_eq!(ada(&scratch).await, before);
    // A new password is one that the service finds.
    let password = PasswordHash::stored(bcrypt::hash(OTHER, 4).unwrap());
    let change = Change { password: Some(password), ..Change::default() };
    store.update(&acme, &change).await.unwrap();
    assert!(lets_in(&scratch, ADA, OTHER).await);
    assert!(!ada(&scratch).await.contains_key("suspended_password"));
    let found: Vec<_> = store
        .examine("tester@here", true)
        .await
        .unwrap()
        .into_iter()
        .map(|found| found.inconsistency)
        .collect();
    assert_eq!(found, [Inconsistency::ForeignField { of: "Acme Corp".into(), field: "suspended" }]);
    assert!(lets_in(&scratch, ADA, OTHER).await);
}
