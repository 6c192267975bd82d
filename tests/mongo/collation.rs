//! Collections that whoever made them gave a collation, in which `résumé`, `Resume` and `resume` are one:
//! which names and e-mails are the same is decided by our rules, and by nothing else.

use mongodb::{
    bson::{Document, doc},
    options::{Collation, CollationStrength},
};
use tenantry::store::traits::*;
use tenantry::{
    org::{Claim, ClaimKind},
    store::{Cursor, ListScope, PageAt, PageQuery, Sort, SortKey, StoreError, UpgradePlan},
};

use crate::fixture::{Scratch, all, first_page, new_org};
use crate::support::operations::Operations as _;

async fn scratch(test: &str) -> Scratch {
    let scratch = Scratch::new(test).await;
    let loose = Collation::builder().locale("en").strength(CollationStrength::Primary).build();
    for name in ["organizations", "admins"] {
        scratch.create_collection(name).collation(loose.clone()).await.unwrap();
    }
    scratch
}

/// Names that are one to the collation, each with a collection and an e-mail of its own.
const NAMES: [(&str, &str, &str); 4] = [
    ("resume", "org_resume", "resume@example.com"),
    ("résumé", "org_resume_2", "résumé@example.com"),
    ("resümee", "org_resumee", "resümee@example.com"),
    ("resumee", "org_resumee_2", "resumee@example.com"),
];

#[tokio::test]
async fn what_differs_by_our_rules_is_not_the_same_whatever_the_collation_says() {
    let scratch = scratch("collation_create").await;
    let store = scratch.open().await;
    // Another slug, and an accent in the e-mail.
    let first = store.create(&new_org("résumé a", "rené@example.com")).await.unwrap();
    for (claim, holder) in [
        (Claim::Name("resume a".into()), None),
        (Claim::of_email("rene@example.com"), None),
        (Claim::Name("résumé a".into()), Some(first.id)),
        (Claim::of_email("RENÉ@example.com"), Some(first.id)),
    ] {
        let found = store.holder(&claim).await.unwrap();
        assert_eq!(found.and_then(|holder| holder.org), holder, "{claim}");
    }
    assert_eq!(store.org_named("resume a", ListScope::Live).await.unwrap(), None);
    assert_eq!(store.admin_with_email("rene@example.com").await.unwrap(), None);
    // Its collection is the same, and that is what is said.
    let taken = store.create(&new_org("resume a", "other@example.com")).await;
    let taken = matches!(&taken, Err(StoreError::Taken { what: ClaimKind::Collection, by: Some(by), .. })
        if by.raw() == "résumé a");
    assert!(taken);
    store.create(&new_org("other", "rene@example.com")).await.unwrap();
    assert!(store.admin_with_email("rene@example.com").await.unwrap().is_some());
    assert_eq!(store.upgrade_plan().await, Ok(UpgradePlan::nothing()));
    assert_eq!(store.examine("tester@here", false).await.unwrap(), []);
}

#[tokio::test]
async fn records_of_the_service_are_brought_along_and_found_each_by_its_own_name() {
    let scratch = scratch("collation_legacy").await;
    for (name, collection, email) in NAMES {
        scratch.add_legacy(name, collection, email).await;
    }
    for upgraded in [false, true] {
        let store = if upgraded { scratch.open().await } else { scratch.look().await };
        for (name, collection, email) in NAMES {
            let org = store.org_named(name, ListScope::Live).await.unwrap().unwrap();
            assert_eq!((org.name.raw(), org.collection.raw()), (name, collection), "{upgraded}");
            let admin = store.admin_with_email(email).await.unwrap().unwrap();
            assert_eq!(store.org_of_admin(&admin).await.unwrap(), Some(org));
        }
        // Each page begins where the one before it ended.
        for key in [SortKey::Name, SortKey::Email] {
            let sort = Sort { key, descending: false };
            let query = PageQuery { sort, limit: 1, ..first_page() };
            let mut found = Vec::new();
            let mut at = PageAt::First;
            loop {
                let page = store.page(&PageQuery { at, ..query.clone() }).await.unwrap();
                found.extend(page.orgs.iter().map(|org| org.name.raw().to_owned()));
                if !page.more_after {
                    break;
                }
                at = PageAt::After(Cursor::from_org(&page.orgs[0], key));
            }
            let expected = match key {
                // As people read them.
                SortKey::Name => ["resume", "résumé", "resumee", "resümee"],
                SortKey::Created | SortKey::Email => ["resume", "resumee", "resümee", "résumé"],
            };
            assert_eq!(found, expected, "{upgraded} {key:?}");
        }
        if upgraded {
            assert_eq!(store.examine("tester@here", false).await.unwrap(), []);
        }
    }
    let records = scratch.documents("organizations").await;
    assert!(records.iter().all(|record| record.contains_key("claims")), "{records:?}");
}

/// The service renames one to what the collation takes for the same.
#[tokio::test]
async fn a_change_that_the_collation_does_not_see_is_seen() {
    let scratch = scratch("collation_stale").await;
    let store = scratch.open().await;
    store.create(&new_org("acme", "ada@example.com")).await.unwrap();
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_one(doc! {}, doc! { "$set": { "organization_name": "acmé" } }).await.unwrap();
    assert_eq!(store.catch_up("tester@here").await, Ok(1));
    store.prepare("tester@here").await.unwrap();
    let found = store.org_named("acmé", ListScope::Live).await.unwrap().unwrap();
    assert_eq!(all(&store).await, [found]);
    assert_eq!(store.org_named("acme", ListScope::Live).await.unwrap(), None);
}

/// Every question is answered by an index, which has to have the collation of the question.
#[tokio::test]
async fn an_index_with_the_collation_of_the_collection_is_none_of_ours() {
    let scratch = scratch("collation_index").await;
    // As an earlier version made it.
    let before = doc! { "key": { "name_key": 1, "_id": 1 }, "name": "name_key_1__id_1" };
    let command = doc! { "createIndexes": "organizations", "indexes": [before] };
    scratch.run_command(command).await.unwrap();
    let store = scratch.open().await;
    store.create(&new_org("acme", "ada@example.com")).await.unwrap();
    assert_eq!(store.upgrade_plan().await, Ok(UpgradePlan::nothing()));
    for filter in [doc! { "claims": "name:acme" }, doc! { "name_key": "acme" }] {
        let find = doc! { "find": "organizations", "filter": &filter,
        "collation": { "locale": "simple" } };
        let plan = scratch.run_command(doc! { "explain": find }).await.unwrap();
        let plan = plan.get_document("queryPlanner").unwrap().get("winningPlan").unwrap();
        assert!(plan.to_string().contains("IXSCAN"), "{filter}: {plan}");
    }
}
