//! Validators that somebody gave our collections: what they refuse of ours is said, with its name, and
//! everything else goes on.

use bson::{Document, doc};
use tenantry::store::traits::*;
use tenantry::store::{Finding, Inconsistency, ListScope, Repair, Store, StoreError, no_progress};

use crate::fixture::{Scratch, all, new_org};
use crate::support::{
    operations::Operations as _,
    service::{ADMIN, RECORD},
};

/// These fields may be there, and no others.
pub fn only(fields: &[&str]) -> Document {
    let properties: Document = fields.iter().map(|f| ((*f).to_owned(), doc! {}.into())).collect();
    doc! { "$jsonSchema": { "properties": properties, "additionalProperties": false } }
}

pub async fn set(scratch: &Scratch, collection: &str, validator: Document) {
    let command = doc! { "collMod": collection, "validator": validator };
    scratch.run_command(command).await.unwrap();
}

/// The validators that are found: of which collections, and what they refuse.
async fn found(store: &dyn Store) -> Vec<(String, Vec<&'static str>)> {
    let findings = store.examine("tester@here", false).await.unwrap();
    let validators =
        findings.into_iter().filter_map(|Finding { inconsistency, repair }| match inconsistency {
            Inconsistency::Validator { collection, fields } => {
                assert!(
                    matches!(repair, Repair::ByHand(help) if help.contains("collMod")),
                    "{repair}"
                );
                Some((collection, fields))
            }
            _ => None,
        });
    validators.collect()
}

#[tokio::test]
async fn a_validator_that_allows_no_more_fields_is_a_finding_that_names_ours() {
    let scratch = Scratch::new("validator_closed").await;
    scratch.add_legacy("acme", "org_acme", "ada@example.com").await;
    set(&scratch, "organizations", only(&RECORD)).await;
    set(&scratch, "admins", only(&ADMIN)).await;
    let before = scratch.everything().await;
    let store = scratch.look().await;
    let refused = found(&store).await;
    let [(orgs, of_orgs), (admins, of_admins)] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!((orgs.as_str(), admins.as_str()), ("organizations", "admins"));
    for field in ["name_key", "claims", "seen", "pending", "trash", "suspended", "revision"] {
        assert!(of_orgs.contains(&field), "{field}: {of_orgs:?}");
    }
    for field in ["email_key", "seen", "role", "reset", "suspended_password"] {
        assert!(of_admins.contains(&field), "{field}: {of_admins:?}");
    }
    assert_eq!(scratch.everything().await, before);

    // It works as far as it can: whoever is there is listed, found, and can log in.
    store.upgrade("tester@here", &no_progress).await.unwrap();
    assert_eq!(all(&store).await.len(), 1);
    let admin = store.admin_with_email("ADA@example.com").await.unwrap().unwrap();
    assert_eq!(store.org_of_admin(&admin).await.unwrap().unwrap().name.raw(), "acme");
    assert!(store.attempt("ada@example.com", None).await.is_ok());
    // What cannot be is refused in words that lead to the finding.
    let refused = store.create(&new_org("fresh", "fresh@example.com")).await.unwrap_err();
    assert!(refused.to_string().contains("validator"), "{refused}");
    assert!(refused.help().contains("tenantry doctor"), "{}", refused.help());

    // Once that is allowed, all of it works.
    set(&scratch, "organizations", only(&[&RECORD[..], of_orgs].concat())).await;
    set(&scratch, "admins", only(&[&ADMIN[..], of_admins].concat())).await;
    assert_eq!(found(&store).await, []);
    store.upgrade("tester@here", &no_progress).await.unwrap();
    store.create(&new_org("fresh", "fresh@example.com")).await.unwrap();
    let org = store.org_named("acme", ListScope::Live).await.unwrap().unwrap();
    let org = store.suspend(&org, true).await.unwrap();
    store.trash(&org, 30).await.unwrap();
}

#[tokio::test]
async fn only_what_a_validator_really_refuses_is_named() {
    let scratch = Scratch::new("validator_some").await;
    let store = scratch.open().await;
    store.create(&new_org("acme", "ada@example.com")).await.unwrap();
    let is_number = doc! { "$jsonSchema": { "properties": { "role": { "bsonType": "int" } } } };
    set(&scratch, "admins", is_number.clone()).await;
    set(&scratch, "organizations", doc! { "suspended": { "$exists": false } }).await;
    let refused =
        [("organizations".to_owned(), vec!["suspended"]), ("admins".to_owned(), vec!["role"])];
    assert_eq!(found(&store).await, refused);

    // An operation that comes upon it half-way is undone, and says so.
    let org = store.org_named("acme", ListScope::Live).await.unwrap().unwrap();
    let said = store.suspend(&org, true).await.unwrap_err();
    assert!(said.help().contains("tenantry doctor"), "{said:?}");
    let records = scratch.documents("organizations").await;
    assert!(records.iter().all(|record| !record.contains_key("pending")), "{records:?}");
    store.create(&new_org("globex", "bob@example.com")).await.unwrap();

    // What is only logged is not refused, and what wants other fields of everybody does not want ours.
    let warns = doc! { "collMod": "admins", "validationAction": "warn" };
    scratch.run_command(warns).await.unwrap();
    let off = doc! { "collMod": "organizations", "validationLevel": "off" };
    scratch.run_command(off).await.unwrap();
    assert_eq!(found(&store).await, []);
    let size = doc! { "$expr": { "$lt": [{ "$size": { "$objectToArray": "$$ROOT" } }, 100] } };
    scratch
        .run_command(doc! { "collMod": "organizations", "validationLevel": "strict" })
        .await
        .unwrap();
    set(&scratch, "organizations", size).await;
    assert_eq!(found(&store).await, []);
    // No single field is too many, and all together are.
    let size = doc! { "$expr": { "$lt": [{ "$size": { "$objectToArray": "$$ROOT" } }, 18] } };
    set(&scratch, "organizations", size).await;
    let refused = found(&store).await;
    assert!(matches!(&refused[..], [(_, fields)] if fields.len() > 10), "{refused:?}");
}

#[tokio::test]
async fn a_validator_of_what_is_only_ours_is_found_as_well() {
    let scratch = Scratch::new("validator_ours").await;
    scratch.add_legacy("acme", "org_acme", "ada@example.com").await;
    for name in ["audit_log", "login_attempts", "short_lived", "tenantry"] {
        scratch.create_collection(name).validator(only(&["_id", "at"])).await.unwrap();
    }
    let store = scratch.look().await;
    let names: Vec<String> = found(&store).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["audit_log", "login_attempts", "short_lived", "tenantry"]);
    let refused = store.upgrade("tester@here", &no_progress).await.unwrap_err();
    assert!(matches!(refused, StoreError::InTheWay { .. }), "{refused:?}");
    assert!(refused.help().contains("tenantry doctor"), "{}", refused.help());
}

/// In the trash a record has none of the service's fields.
#[tokio::test]
async fn the_trash_is_refused_before_it_begins_where_a_validator_would_refuse_it() {
    let scratch = Scratch::new("validator_trash").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("acme", "ada@example.com")).await.unwrap();
    for (collection, field) in [("organizations", "organization_name"), ("admins", "email")] {
        let is_text = doc! { "bsonType": "string" };
        let validator =
            doc! { "$jsonSchema": { "required": [field], "properties": { field: is_text } } };
        set(&scratch, collection, validator).await;
        let before = scratch.dump().await;
        let refused = store.trash(&org, 30).await.unwrap_err();
        assert!(
            refused.to_string().contains(&format!("collection {collection} refuses")),
            "{refused}"
        );
        let after = scratch.dump().await;
        for name in ["organizations", "admins", "org_acme"] {
            assert_eq!(after[name], before[name], "{collection}: {name}");
        }
        set(&scratch, collection, doc! {}).await;
    }
    store.trash(&org, 30).await.unwrap();
}

/// A version before this one did not know all fields of this one, and nor did whoever allowed them.
#[tokio::test]
async fn a_field_that_came_later_and_is_refused_keeps_no_operation_from_the_others() {
    let scratch = Scratch::new("validator_later").await;
    let store = scratch.open().await;
    store.create(&new_org("acme", "ada@example.com")).await.unwrap();
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! {}, doc! { "$unset": { "look_as_typed": "" } }).await.unwrap();
    set(&scratch, "organizations", doc! { "look_as_typed": { "$exists": false } }).await;
    let store = scratch.open().await;
    let org = store.org_named("acme", ListScope::Live).await.unwrap().unwrap();
    store.suspend(&org, true).await.unwrap();
    assert_eq!(found(&store).await, [("organizations".to_owned(), vec!["look_as_typed"])]);
}
