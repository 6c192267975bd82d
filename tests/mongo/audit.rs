//! The audit log, where only a server can be in its way: it refuses an entry, or others are at its end.

use bson::{Document, doc};
use tenantry::store::traits::*;
use tenantry::store::{
    AuditAt, AuditFilter, AuditQuery, Change, Entry, Outcome, Store, StoreError, Verification,
};

use crate::{
    fixture::{Scratch, new_org},
    support::operations::Operations as _,
};

async fn entries(store: &dyn Store) -> Vec<Document> {
    let all = AuditQuery { filter: AuditFilter::ALL, at: AuditAt::After(0), limit: 1000 };
    store.entries(&all).await.unwrap()
}

fn is_sound(entries: &[Document]) {
    let mut verification = Verification::default();
    for entry in entries {
        verification.next(entry).unwrap();
    }
}

/// A validator that lets nothing in stands for whatever keeps a server from taking an entry.
async fn lets_in(scratch: &Scratch, anything: bool) {
    let validator = if anything {
        doc! {}
    } else {
        doc! { "never": true }
    };
    scratch.run_command(doc! { "collMod": "audit_log", "validator": validator }).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done_and_leaves_nothing_half_done() {
    let scratch = Scratch::new("unrecorded").await;
    let store = scratch.open().await;
    let acme = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    let globex = store.trash(&globex, 30).await.unwrap();
    let before = scratch.dump().await;
    lets_in(&scratch, false).await;
    let name = tenantry::org::OrgName::parse("Acme Reborn").unwrap();
    let collection = Some(tenantry::org::CollectionName::from_name(&name));
    let renamed = Change { name: Some(name), collection, ..Change::default() };
    for (operation, answer) in [
        ("create", store.create(&new_org("Initech", "eve@initech.com")).await.map(drop)),
        ("update", store.update(&acme, &renamed).await.map(drop)),
        ("suspend", store.suspend(&acme, true).await.map(drop)),
        ("trash", store.trash(&acme, 30).await.map(drop)),
        ("delete", store.delete(&acme).await),
        ("restore", store.restore(&globex, &Change::default()).await.map(drop)),
        ("purge", store.delete(&globex).await),
    ] {
        let error = answer.unwrap_err();
        assert!(error.to_string().contains("could not be recorded"), "{operation}: {error}");
        assert_eq!(scratch.dump().await, before, "{operation}");
    }
    assert!(store.append(&store.entry("log in", &acme)).await.is_err());
    lets_in(&scratch, true).await;
    store.create(&new_org("Initech", "eve@initech.com")).await.unwrap();
    store.delete(&acme).await.unwrap();
    let log = entries(&store).await;
    is_sound(&log);
    let operations: Vec<_> =
        log.iter().map(|entry| Entry::from_document(entry).action.code().to_owned()).collect();
    assert_eq!(operations, ["create", "create", "trash", "create", "delete"]);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

#[tokio::test]
async fn what_is_taken_back_after_it_was_recorded_is_recorded_as_that() {
    let scratch = Scratch::new("taken_back").await;
    let store = scratch.open().await;
    // The old service may have made an index of its own, of which nothing is known beforehand.
    let admins = scratch.collection::<Document>("admins");
    let unique = mongodb::options::IndexOptions::builder().unique(true).build();
    let index = mongodb::IndexModel::builder().keys(doc! { "created_at": 1 }).options(unique);
    admins.create_index(index.build()).await.unwrap();
    let first = new_org("Acme Corp", "ada@acme.com");
    store.create(&first).await.unwrap();
    let mut second = new_org("Globex", "bob@globex.com");
    second.created_at = first.created_at;
    let refused = store.create(&second).await;
    assert!(matches!(refused, Err(StoreError::Taken { .. })), "{refused:?}");
    let log = entries(&store).await;
    is_sound(&log);
    let told: Vec<_> = log.iter().map(Entry::from_document).map(|e| (e.name, e.outcome)).collect();
    let (acme, globex) = ("Acme Corp".into(), "Globex".into());
    let done = Outcome::Done;
    assert_eq!(told, [(acme, done), (globex, done), ("Globex".into(), Outcome::TakenBack)]);
    assert_eq!(store.org(second.id).await, Ok(None));
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

#[tokio::test]
async fn an_entry_that_another_console_puts_in_between_is_followed() {
    let scratch = Scratch::new("in_between").await;
    let (one, two) = (scratch.open().await, scratch.open().await);
    let acme = one.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    for turn in 0..10 {
        // Each believes that the last one it wrote is the end.
        let store = if turn % 2 == 0 { &two } else { &one };
        store.append(&store.entry("log in", &acme)).await.unwrap();
    }
    let log = entries(&one).await;
    assert_eq!(log.len(), 11);
    is_sound(&log);
}

#[tokio::test]
async fn what_another_program_puts_into_the_audit_log_stops_nothing_and_is_named() {
    let scratch = Scratch::new("foreign_entries").await;
    let store = scratch.open().await;
    let acme = store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let log = scratch.collection::<Document>("audit_log");
    // Where the next ones would be, of every kind of number; and at the end of all numbers.
    for foreign in [
        doc! { "_id": 2, "entry": 2 },
        doc! { "_id": 3.0, "entry": 3 },
        doc! { "_id": i64::MAX, "entry": 4 },
    ] {
        log.insert_one(foreign).await.unwrap();
    }
    for (store, suspended) in [(&store, true), (&scratch.open().await, false)] {
        let now = store.org(acme.id).await.unwrap().unwrap();
        store.suspend(&now, suspended).await.unwrap();
    }
    let log = entries(&store).await;
    let operations: Vec<_> =
        log.iter().map(|entry| Entry::from_document(entry).action.code().to_owned()).collect();
    assert_eq!(operations, ["create", "", "", "suspend", "suspend", ""]);
    // A page that ends with one of them is followed by the next.
    let rules = tenantry::tenancy::Rules::default();
    let caller = tenantry::tenancy::Caller::new("tester@here");
    let tenancy =
        tenantry::tenancy::Tenancy::new(std::sync::Arc::new(store), rules, caller).unwrap();
    let (mut numbers, mut at) = (Vec::new(), AuditAt::Newest);
    loop {
        let page = tenancy.audit(None, &AuditFilter::ALL, at, 1).await.unwrap();
        numbers.extend(page.entries.iter().map(|entry| entry.number));
        if !page.more {
            break;
        }
        at = AuditAt::Before(*numbers.last().unwrap());
    }
    assert_eq!(numbers, [i64::MAX, 5, 4, 3, 2, 1]);
    let mut verification = Verification::default();
    let tampering = log.iter().find_map(|entry| verification.next(entry).err());
    assert_eq!(tampering, Some(tenantry::store::Tampering::Edited(2)));
}
