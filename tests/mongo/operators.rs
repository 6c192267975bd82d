//! Operators beside what another program writes, and what a killed console leaves of them.

use bson::{DateTime, Document, doc, oid::ObjectId};
use tenantry::{
    org::{Operator, OperatorRole, PasswordHash},
    store::{
        AuditAt, AuditFilter, AuditQuery, Directory, Entry, Inconsistency, Repair, StoreError,
        mongo::MongoStore, traits::*,
    },
    tenancy::{Account, Caller, Rules, Tenancy},
};

use crate::{
    fixture::{Scratch, new_org},
    support::operations::Operations as _,
};

const OPS: &str = "ops@example.com";

fn operator(email: &str, password: &str) -> Operator {
    Operator {
        id: ObjectId::new(),
        email: email.into(),
        password: PasswordHash::stored(bcrypt::hash(password, 4).unwrap()),
        role: OperatorRole::Manager,
        disabled: false,
        created_at: DateTime::from_millis(7),
        last_login: None,
        second_factor: None,
        keys: Vec::new(),
    }
}

/// As a console leaves it that was killed after its first write.
async fn left_half_done(scratch: &Scratch, entry: &Entry) {
    let operators = vec![operator(OPS, "violet-harbor-42-lantern")];
    let mut left = Directory { revision: 1, operators, ..Directory::default() }.to_document();
    left.insert("_id", "operators");
    left.insert("joining", [OPS]);
    left.insert("entry", entry.to_document());
    scratch.db.collection::<Document>("tenantry").insert_one(left).await.unwrap();
}

async fn told(store: &MongoStore, entry: &Entry) -> usize {
    let all = AuditQuery { filter: AuditFilter::ALL, at: AuditAt::Newest, limit: 100 };
    let all = store.entries(&all).await.unwrap();
    all.iter().filter(|told| told.get_object_id("entry").unwrap() == entry.id).count()
}

#[tokio::test]
async fn what_a_killed_console_left_of_an_operator_is_finished_by_the_next_one() {
    let scratch = Scratch::new("operators_left").await;
    let store = scratch.open().await;
    store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let entry = Entry::new("killed@there", "add operator");
    left_half_done(&scratch, &entry).await;
    // Nobody can log in with it yet, and nobody else has the e-mail meanwhile.
    assert_eq!(store.directory().await.unwrap().operators, []);
    let taken = store.create(&new_org("Globex", OPS)).await;
    assert_eq!(taken, Err(StoreError::OperatorsEmail));
    assert_eq!(told(&store, &entry).await, 0);
    store.recover("tester@here").await.unwrap();
    let there = store.directory().await.unwrap();
    assert_eq!(there.operators.len(), 1);
    assert_eq!(told(&store, &entry).await, 1);
    store.recover("tester@here").await.unwrap();
    assert_eq!(store.directory().await.unwrap(), there);
    assert_eq!(told(&store, &entry).await, 1);
}

#[tokio::test]
async fn what_a_killed_console_left_goes_where_an_admin_has_the_email() {
    let scratch = Scratch::new("operators_undone").await;
    let store = scratch.open().await;
    store.create(&new_org("Acme Corp", OPS)).await.unwrap();
    let entry = Entry::new("killed@there", "add operator");
    left_half_done(&scratch, &entry).await;
    // Whoever writes next settles it first.
    let now = store.directory().await.unwrap();
    let other = operator("eve@example.com", "copper-meadow-17-thunder");
    let next = Directory { operators: vec![other], ..now };
    let late = store.write_directory(&next, &Entry::new("tester@here", "add operator")).await;
    assert_eq!(late, Err(StoreError::Changed));
    let settled = store.directory().await.unwrap();
    assert_eq!(settled.operators, []);
    assert_eq!(told(&store, &entry).await, 0);
    let next = Directory { revision: settled.revision, ..next };
    store.write_directory(&next, &Entry::new("tester@here", "add operator")).await.unwrap();
    let stored = scratch.documents("tenantry").await;
    let stored =
        stored.iter().find(|one| one.get_str("_id").is_ok_and(|id| id == "operators")).unwrap();
    assert!(!stored.contains_key("joining") && !stored.contains_key("entry"), "{stored}");
}

/// The service knows no operators. Only the operator's account is looked at.
#[tokio::test]
async fn an_admin_whom_the_service_gives_an_operators_email_is_a_finding_and_no_way_in() {
    let scratch = Scratch::new("operators_service").await;
    let store = scratch.open().await;
    store.create(&new_org("Acme Corp", "ada@acme.com")).await.unwrap();
    let accounts = Directory {
        operators: vec![operator(OPS, "violet-harbor-42-lantern")],
        ..Directory::default()
    };
    store.write_directory(&accounts, &Entry::new("tester@here", "add operator")).await.unwrap();
    let admin = ObjectId::new();
    let hash = bcrypt::hash("copper-meadow-17-thunder", 4).unwrap();
    let now = DateTime::now();
    let service = doc! { "_id": admin, "email": OPS, "password": hash, "created_at": now };
    scratch.db.collection::<Document>("admins").insert_one(service).await.unwrap();
    let record = doc! {
        "organization_name": "globex", "collection_name": "org_globex", "admin_id": admin.to_hex(),
        "admin_email": OPS, "created_at": now,
        "connection_details": { "database": scratch.db.name(), "collection": "org_globex" },
    };
    scratch.db.collection::<Document>("organizations").insert_one(record).await.unwrap();
    let initialized = doc! { "initialized": true };
    scratch.db.collection::<Document>("org_globex").insert_one(initialized).await.unwrap();
    let tenancy = Tenancy::new(std::sync::Arc::new(store), Rules::default(), Caller::new("t@h"));
    let tenancy = tenancy.unwrap();
    assert!(tenancy.login(OPS, &"copper-meadow-17-thunder".into()).await.is_err());
    let session = tenancy.login(OPS, &"violet-harbor-42-lantern".into()).await.unwrap();
    assert!(matches!(session.account, Account::Operator { .. }));
    let found = scratch.open().await.examine("tester@here", false).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|one| (one.inconsistency, one.repair)).collect();
    let [(Inconsistency::OperatorsEmail { email }, Repair::ByHand(_))] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(email.raw(), OPS);
}
