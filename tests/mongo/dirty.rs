//! Records and admins as another program may have left them: any field missing, of any other type, that
//! of another organization, or one of ours with something else in it. What was reachable before is
//! reachable after, byte for byte but for what was asked.

use bson::{Bson, DateTime, Document, RawDocumentBuf, doc, oid::ObjectId};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseResult, TestRunner},
};
use tenantry::store::traits::*;
use tenantry::{
    org::{CollectionName, OrgName},
    store::{Change, Examination, ListScope, Store},
};

use crate::support::operations::Operations as _;
use crate::{
    fixture::{Scratch, all},
    support::mongod::theirs,
};

/// How many databases are tried.
const CASES: u32 = 24;

const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

/// Where something is wrong, always of the first organization.
#[derive(Clone, Copy, Debug)]
enum Where {
    Record,
    Admin,
}

/// What is wrong.
#[derive(Clone, Debug)]
struct Dirt {
    at: Where,
    field: &'static str,
    /// None where the field is missing.
    value: Option<Bson>,
}

const RECORD_FIELDS: [&str; 22] = [
    "organization_name",
    "collection_name",
    "admin_id",
    "admin_email",
    "created_at",
    "connection_details",
    "pending",
    "trash",
    "suspended",
    "revision",
    "login_epoch",
    "former",
    "claims",
    "other_emails",
    "other_admins",
    "name_key",
    "look",
    "look_as_typed",
    "email_key",
    "created_key",
    "listing",
    "seen",
];

const ADMIN_FIELDS: [&str; 12] = [
    "email",
    "password",
    "created_at",
    "email_key",
    "seen",
    "organization_id",
    "role",
    "reset",
    "trash",
    "operation",
    "joining",
    "extra",
];

/// Values of every type, and some that look like ours.
fn values() -> Vec<Option<Bson>> {
    let long_ago = DateTime::from_millis(0);
    let oid = ObjectId::from_bytes([9; 12]);
    vec![
        None,
        Some(Bson::Null),
        Some("".into()),
        Some("Old Name Ltd".into()),
        Some("org_beta".into()),
        Some("beta@example.com".into()),
        Some(7.into()),
        Some(Bson::Int64(-1)),
        Some(0.5.into()),
        Some(true.into()),
        Some(false.into()),
        Some(oid.into()),
        Some(oid.to_hex().into()),
        Some(long_ago.into()),
        Some(vec![Bson::Null, "x".into()].into()),
        Some(Vec::<Bson>::new().into()),
        Some(Bson::Symbol("org_alpha".into())),
        Some(Document::new().into()),
        Some(doc! { "kind": "create", "at": long_ago }.into()),
        Some(doc! { "at": long_ago, "days": 0 }.into()),
        Some(doc! { "kind": "create", "at": long_ago, "id": oid }.into()),
        Some(doc! { "collection": "org_alpha", "email": "x@y.com" }.into()),
    ]
}

fn dirt() -> impl Strategy<Value = Dirt> {
    let place = prop_oneof![
        3 => select(&RECORD_FIELDS[..]).prop_map(|field| (Where::Record, field)),
        1 => select(&ADMIN_FIELDS[..]).prop_map(|field| (Where::Admin, field)),
    ];
    (place, select(values())).prop_map(|((at, field), value)| Dirt { at, field, value })
}

/// The collections of organizations, byte for byte. One that no record names any more, and that has
/// nothing but its first document, may be in the quarantine.
async fn holdings(scratch: &Scratch) -> Vec<(String, Vec<RawDocumentBuf>)> {
    let mut all = scratch.dump().await;
    let records = scratch.documents("organizations").await;
    if !records.iter().any(|record| record.to_string().contains("org_alpha")) {
        for name in ["org_alpha", "org_alpha indexes"] {
            if let Some(moved) = all.remove(&format!("quarantine_{name}")) {
                all.insert(name.to_owned(), moved);
            }
        }
    }
    all.into_iter().filter(|(name, _)| name.starts_with("org_")).collect()
}

/// The records and admins without what we add.
async fn people(scratch: &Scratch) -> Vec<Document> {
    let mut found = scratch.documents("organizations").await;
    found.extend(scratch.documents("admins").await);
    found.iter().map(theirs).collect()
}

fn rename(name: &str) -> Change {
    let name = OrgName::parse(name).unwrap();
    Change {
        collection: Some(CollectionName::from_name(&name)),
        name: Some(name),
        ..Change::default()
    }
}

#[tokio::test]
async fn the_later_of_two_that_clash_keeps_what_it_has() {
    for (field, value) in [("collection_name", "org_beta"), ("admin_email", "beta@example.com")] {
        let dirt = Dirt { at: Where::Record, field, value: Some(value.into()) };
        check(&[dirt]).await.unwrap();
    }
}

#[test]
fn dirty_records_keep_what_they_have_and_are_in_nobodys_way() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner =
        TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let cases = prop::collection::vec(dirt(), 1..3);
    runner.run(&cases, |dirt| runtime.block_on(check(&dirt))).unwrap();
}

async fn check(dirt: &[Dirt]) -> TestCaseResult {
    let scratch = Scratch::new("dirty").await;
    for name in NAMES {
        let (collection, email) = (format!("org_{name}"), format!("{name}@example.com"));
        scratch.add_legacy(name, &collection, &email).await;
    }
    for Dirt { at, field, value } in dirt {
        let (collection, itself) = match at {
            Where::Record => {
                ("organizations", doc! { "connection_details.collection": "org_alpha" })
            }
            Where::Admin => ("admins", doc! { "email": "alpha@example.com" }),
        };
        let gone = || doc! { "$unset": { *field: "" } };
        let update = value.as_ref().map_or_else(gone, |value| doc! { "$set": { *field: value } });
        scratch.collection::<Document>(collection).update_one(itself, update).await.unwrap();
    }
    let (held, known) = (holdings(&scratch).await, people(&scratch).await);
    let foreign: Vec<Option<Bson>> = fields_of(&scratch, dirt).await;

    // Looking, connecting and repairing change nothing of theirs, and name no reason to be asked.
    let reader = scratch.open_with(true).await;
    prop_assert_eq!(all(&reader).await.len(), NAMES.len());
    reader.examine("tester@here", false).await.unwrap();
    for _ in 0..2 {
        let store = scratch.open_impatiently().await;
        let _ = store.recover("tester@here").await;
        let _ = store.catch_up("tester@here").await;
        prop_assert_eq!(all(&store).await.len(), NAMES.len());
        let _ = store.examine("tester@here", true).await;
        prop_assert!(holdings(&scratch).await == held);
        let now = people(&scratch).await;
        prop_assert!(now == known, "{now:?} {known:?}");
    }
    let after = fields_of(&scratch, dirt).await;
    for (Dirt { field, .. }, (before, after)) in dirt.iter().zip(foreign.iter().zip(after)) {
        let kept = before.is_none() || is_derived(field, before.as_ref()) || *before == after;
        prop_assert!(kept, "{field}: {before:?} {after:?}");
    }
    let store = scratch.open_impatiently().await;
    for name in &NAMES[1..] {
        let org = store.org_named(name, ListScope::Live).await.unwrap();
        let collection = org.map(|org| org.collection.raw().to_owned());
        prop_assert_eq!(collection, Some(format!("org_{name}")));
    }
    // Nothing that a record has can be taken by name either.
    for name in ["org_beta", "org_gamma", "beta@example.com", "gamma@example.com"] {
        let name = [name.to_owned()];
        let wanted = Examination { quarantine: &name, ..Examination::plain(true) };
        prop_assert!(store.go_through("tester@here", &wanted).await.is_err());
    }
    if store.only_readable_because().is_none() {
        operations(&scratch, &store, dirt).await?;
    }
    Ok(())
}

/// Whether the first organization says that it has what the second one has. Of two that clash the later one
/// is held back.
fn clashes(dirt: &[Dirt]) -> bool {
    let of_beta = [Some("org_beta".into()), Some("beta@example.com".into())];
    dirt.iter().any(|dirt| of_beta.contains(&dirt.value))
}

/// Whether it looks like what we derive from the service's fields, and so is brought up to date.
fn is_derived(field: &str, value: Option<&Bson>) -> bool {
    match field {
        "name_key" | "look" | "look_as_typed" | "email_key" => {
            matches!(value, Some(Bson::String(_)))
        }
        "created_key" => matches!(value, Some(Bson::DateTime(_))),
        "claims" | "other_emails" => matches!(value, Some(Bson::Array(all)) if all.is_empty()),
        "seen" => matches!(value, Some(Bson::Document(_))),
        "listing" => {
            matches!(value, Some(Bson::Document(listing)) if listing.get_str("key").is_ok())
        }
        _ => false,
    }
}

/// What the first organization's fields are that something is wrong with.
async fn fields_of(scratch: &Scratch, dirt: &[Dirt]) -> Vec<Option<Bson>> {
    let mut fields = Vec::new();
    for Dirt { at, field, .. } in dirt {
        let collection = match at {
            Where::Record => "organizations",
            Where::Admin => "admins",
        };
        fields.push(scratch.documents(collection).await[0].get(field).cloned());
    }
    fields
}

/// Each operation on each organization: done whole, or refused with nothing moved and nothing under way.
async fn operations(scratch: &Scratch, store: &dyn Store, dirt: &[Dirt]) -> TestCaseResult {
    let documents = async || {
        let mut sum = 0;
        for name in scratch.collections().await {
            if name.starts_with("org_") || name.starts_with("trash_") {
                sum += scratch.documents(&name).await.len();
            }
        }
        sum
    };
    let before = documents().await;
    for org in all(store).await {
        let held_back = org.name.raw() == "beta" && clashes(dirt);
        let clean = NAMES[1..].contains(&org.name.raw()) && !held_back;
        let new =
            format!("new {}", org.collection.raw().replace(|c: char| !c.is_alphanumeric(), " "));
        let done = store.update(&org, &rename(&new)).await;
        prop_assert!(done.is_ok() || !clean, "{done:?}");
        let org = store.org(org.id).await.unwrap().unwrap();
        prop_assert_eq!(org.under_way, None, "rename: {:?}", done);
        for suspended in [true, false] {
            let org = store.org(org.id).await.unwrap().unwrap();
            let done = store.suspend(&org, suspended).await;
            prop_assert!(done.is_ok() || !clean, "{done:?}");
        }
        let org = store.org(org.id).await.unwrap().unwrap();
        prop_assert_eq!(org.under_way, None);
        let trashed = store.trash(&org, 30).await;
        prop_assert!(trashed.is_ok() || !clean, "{trashed:?}");
        if let Ok(trashed) = trashed {
            let back = store.restore(&trashed, &Change::default()).await;
            prop_assert!(back.is_ok() || !clean, "{back:?}");
        }
        let org = store.org(org.id).await.unwrap().unwrap();
        prop_assert_eq!(org.under_way, None);
        prop_assert_eq!(documents().await, before, "{}", org.name.raw());
    }
    Ok(())
}
