//! Bringing a database of the old service up to date: by adding only, once, and never by looking.

use std::sync::Arc;

use bson::{Document, doc, oid::ObjectId};
use tenantry::store::ListScope;
use tenantry::store::traits::*;
use tenantry::{
    org::Claim,
    store::{Cursor, PageAt, PageQuery, Sort, SortKey, Store, StoreError},
    tenancy::{Caller, Rules, Tenancy},
};

use crate::support::operations::Operations as _;
use crate::{
    fixture::{Scratch, all, first_page, new_org},
    legacy::{HOSTILE, fixture},
    support::{mongod::theirs, service::RECORD},
    validator::{only, set},
};

#[tokio::test]
async fn an_upgrade_adds_fields_and_indexes_and_changes_nothing_else() {
    let scratch = fixture("legacy_adopt").await;
    let before = scratch.dump().await;
    let orgs_before = scratch.documents("organizations").await;
    let admins_before = scratch.documents("admins").await;
    drop(scratch.open().await);
    let (orgs, admins) =
        (scratch.documents("organizations").await, scratch.documents("admins").await);
    assert_eq!(orgs.iter().map(theirs).collect::<Vec<_>>(), orgs_before);
    assert_eq!(admins.iter().map(theirs).collect::<Vec<_>>(), admins_before);
    let after = scratch.dump().await;
    for (name, documents) in before.iter().filter(|(name, _)| name.starts_with("org_")) {
        assert_eq!(after[name], *documents, "{name}");
    }
    // The first of two names that look alike has the look, the second goes without.
    let claims = |at: usize| orgs[at].get_array("claims").unwrap().len();
    assert_eq!((claims(0), claims(6)), (4, 3));
    // A second time there is nothing to do.
    drop(scratch.open().await);
    assert_eq!(scratch.dump().await, after);
}

#[tokio::test]
async fn a_validator_that_refuses_our_fields_is_named_and_everything_is_read() {
    let scratch = fixture("validator").await;
    set(&scratch, "organizations", only(&RECORD)).await;
    let store = scratch.open().await;
    assert_eq!(all(&store).await.len(), HOSTILE.len());
    let org = store.org_named("acme_corp", ListScope::Live).await.unwrap().unwrap();
    let refused = store.suspend(&org, true).await.unwrap_err();
    assert!(refused.to_string().contains("validator of the collection organizations"), "{refused}");
    assert!(refused.help().contains("name_key"), "{}", refused.help());
}

#[tokio::test]
async fn a_database_opened_for_reading_is_never_written() {
    let scratch = fixture("legacy_read_only").await;
    let before = scratch.dump().await;
    let store = scratch.open_with(true).await;
    assert!(store.only_readable_because().is_some());
    for key in [SortKey::Name, SortKey::Created, SortKey::Email] {
        for descending in [false, true] {
            let query = PageQuery { sort: Sort { key, descending }, limit: 50, ..first_page() };
            let whole = store.page(&query).await.unwrap().orgs;
            assert_eq!(whole.len(), HOSTILE.len());
            // Page by page, there and back again.
            let (mut there, mut back) = (vec![], vec![]);
            let mut at = PageAt::First;
            loop {
                let page = store.page(&PageQuery { at, limit: 2, ..query.clone() }).await.unwrap();
                there.extend(page.orgs);
                if !page.more_after {
                    break;
                }
                at = PageAt::After(Cursor::from_org(there.last().unwrap(), key));
            }
            let mut at = PageAt::Last;
            loop {
                let page = store.page(&PageQuery { at, limit: 2, ..query.clone() }).await.unwrap();
                back.splice(0..0, page.orgs);
                if !page.more_before {
                    break;
                }
                at = PageAt::Before(Cursor::from_org(&back[0], key));
            }
            assert_eq!(there, whole, "{key:?} {descending}");
            assert_eq!(back, whole, "{key:?} {descending}");
        }
    }
    let query = PageQuery { scope: ListScope::Live, search: Some("ACME".into()), ..first_page() };
    let found = store.page(&query).await.unwrap().orgs;
    let found: Vec<&str> = found.iter().map(|org| org.name.raw()).collect();
    // The other one, whose first letter is Cyrillic, by its collection.
    assert_eq!(found, ["acme_corp", "аcme_corp"]);
    assert_eq!(store.count(ListScope::Live, Some("ACME"), 10).await.unwrap().counted, 2);
    assert!(store.admin_with_email("ADA@acme.com").await.unwrap().is_some());
    assert!(store.holder(&Claim::of_email("ada@ACME.com")).await.unwrap().is_some());
    store.recover("tester@here").await.unwrap();
    let org = store.org_named("acme_corp", ListScope::Live).await.unwrap().unwrap();
    assert!(matches!(store.delete(&org).await, Err(StoreError::Refused { .. })));
    assert_eq!(scratch.dump().await, before);
}

/// Reads everything there is to read in a console or command.
async fn look_at_everything(store: &dyn Store) {
    for scope in [ListScope::Live, ListScope::Trash] {
        for search in [None, Some("acme".to_owned())] {
            let query = PageQuery { scope, search, ..first_page() };
            store.page(&query).await.unwrap();
            store.count(scope, query.search.as_deref(), 1_000).await.unwrap();
        }
    }
    for org in all(store).await {
        store.statistics(&org).await.unwrap();
        store.first_documents(&org, 5).await.unwrap();
        for admin in store.admins(&org).await.unwrap() {
            store.org_of_admin(&admin).await.unwrap();
        }
        store.holder(&Claim::of_email(org.admin_email.raw())).await.unwrap();
    }
    store.admin_with_email("ada@acme.com").await.unwrap();
    store.needs_upgrade().await.unwrap();
    store.upgrade_plan().await.unwrap();
    store.examine("tester@here", false).await.unwrap();
}

#[tokio::test]
async fn looking_writes_nothing_whatever_waits_for_the_next_write() {
    // There is no database at all.
    let absent = Scratch::new("look_absent").await;
    look_at_everything(&absent.look().await).await;
    let names = absent.client().list_database_names().await.unwrap();
    assert!(!names.contains(&absent.name().to_owned()), "{names:?}");

    // One of the old service, that nobody has agreed to anything in.
    let legacy = fixture("look_legacy").await;
    let before = legacy.everything().await;
    let store = legacy.look().await;
    look_at_everything(&store).await;
    let refused = store.create(&new_org("fresh", "fresh@example.com")).await;
    assert_eq!(refused, Err(StoreError::NeedsUpgrade));
    assert_eq!(store.attempt("ada@acme.com", None).await, Err(StoreError::NeedsUpgrade));
    assert_eq!(store.examine("tester@here", true).await, Err(StoreError::NeedsUpgrade));
    assert_eq!(legacy.everything().await, before);

    // One of ours: with an operation whose console is gone, something overdue in the trash, a record that
    // the old service has changed, and one that it has added.
    let ours = Scratch::new("look_ours").await;
    let store = ours.open().await;
    for name in ["left", "overdue", "changed"] {
        store.create(&new_org(name, &format!("{name}@example.com"))).await.unwrap();
    }
    let overdue = store.org_named("overdue", ListScope::Live).await.unwrap().unwrap();
    store.trash(&overdue, 0).await.unwrap();
    let orgs = ours.collection::<Document>("organizations");
    let long_ago = bson::DateTime::from_millis(0);
    let pending = doc! { "id": ObjectId::new(), "at": long_ago, "kind": "suspend", "by": "x",
    "suspended": true };
    let left = doc! { "organization_name": "left" };
    orgs.update_one(left, doc! { "$set": { "pending": pending } }).await.unwrap();
    let rename = doc! { "$set": { "organization_name": "changed since" } };
    orgs.update_one(doc! { "organization_name": "changed" }, rename).await.unwrap();
    ours.add_legacy("added", "org_added", "added@example.com").await;
    let before = ours.everything().await;
    let store = ours.look().await;
    look_at_everything(&store).await;
    assert_eq!(all(&store).await.len(), 3);
    assert_eq!(ours.everything().await, before);
    // The first write does all of that.
    store.create(&new_org("first", "first@example.com")).await.unwrap();
    let records = ours.documents("organizations").await;
    assert!(records.iter().all(|record| !record.contains_key("pending")), "{records:?}");
    let added = records.iter().find(|r| r.get_str("organization_name").is_ok_and(|n| n == "added"));
    let added = added.unwrap();
    assert_eq!(added.get_array("claims").unwrap().len(), 4);
}

#[tokio::test]
async fn what_the_service_adds_later_has_its_place_in_every_list_at_once() {
    let scratch = Scratch::new("look_merged").await;
    let store = scratch.open().await;
    for name in ["b", "d", "F"] {
        store.create(&new_org(name, &format!("{name}@example.com"))).await.unwrap();
    }
    for name in ["A", "c", "É", "g"] {
        let email = format!("{name}@example.com");
        scratch.add_legacy(name, &format!("org_{}", email.len()), &email).await;
    }
    let before = scratch.everything().await;
    let names = |orgs: &[tenantry::org::Org]| -> Vec<String> {
        orgs.iter().map(|org| org.name.raw().to_owned()).collect()
    };
    for key in [SortKey::Name, SortKey::Email] {
        for descending in [false, true] {
            let query = PageQuery { sort: Sort { key, descending }, limit: 50, ..first_page() };
            let mut wanted = match key {
                // As people read them.
                SortKey::Name => ["A", "b", "c", "d", "É", "F", "g"],
                SortKey::Created | SortKey::Email => ["A", "b", "c", "d", "F", "g", "É"],
            };
            if descending {
                wanted.reverse();
            }
            let whole = store.page(&query).await.unwrap();
            assert_eq!(names(&whole.orgs), wanted, "{key:?} {descending}");
            for limit in [1, 2, 3] {
                let (mut there, mut back) = (vec![], vec![]);
                let mut at = PageAt::First;
                loop {
                    let page = store.page(&PageQuery { at, limit, ..query.clone() }).await.unwrap();
                    assert_eq!(page.more_before, !there.is_empty());
                    there.extend(page.orgs);
                    if !page.more_after {
                        break;
                    }
                    at = PageAt::After(Cursor::from_org(there.last().unwrap(), key));
                }
                let mut at = PageAt::Last;
                loop {
                    let page = store.page(&PageQuery { at, limit, ..query.clone() }).await.unwrap();
                    assert_eq!(page.more_after, !back.is_empty());
                    back.splice(0..0, page.orgs);
                    if !page.more_before {
                        break;
                    }
                    at = PageAt::Before(Cursor::from_org(&back[0], key));
                }
                assert_eq!(there, whole.orgs, "{key:?} {descending} {limit}");
                assert_eq!(back, whole.orgs, "{key:?} {descending} {limit}");
            }
        }
    }
    let query = PageQuery { search: Some("é".into()), best_first: true, ..first_page() };
    assert_eq!(names(&store.page(&query).await.unwrap().orgs)[0], "É");
    assert_eq!(store.count(ListScope::Live, Some("EXAMPLE.com"), 50).await.unwrap().counted, 7);
    assert_eq!(scratch.everything().await, before);
}

#[tokio::test]
async fn an_upgrade_is_agreed_to_once_and_a_newer_one_is_only_read() {
    let scratch = fixture("agreed").await;
    let store = scratch.look().await;
    let plan = store.upgrade_plan().await.unwrap();
    assert!(plan.asks && store.needs_upgrade().await.unwrap());
    assert_eq!((plan.organizations, plan.admins), (7, 7));
    assert!(plan.missing_indexes() > 20, "{plan:?}");
    store.upgrade("tester@here", &tenantry::store::no_progress).await.unwrap();
    let plan = store.upgrade_plan().await.unwrap();
    assert_eq!(plan, tenantry::store::UpgradePlan::nothing());
    // Nobody is asked again, whatever the service adds.
    scratch.add_legacy("later", "org_later", "later@example.com").await;
    let other = scratch.look().await;
    assert!(!other.needs_upgrade().await.unwrap());
    other.create(&new_org("fresh", "fresh@example.com")).await.unwrap();
    // Nor in one that a version before this document upgraded.
    let schema = scratch.collection::<Document>("tenantry");
    schema.drop().await.unwrap();
    assert!(!scratch.look().await.needs_upgrade().await.unwrap());
    scratch.look().await.create(&new_org("second", "second@example.com")).await.unwrap();

    let newer = doc! { "$set": { "version": 1_000 } };
    schema.update_one(doc! {}, newer).await.unwrap();
    let before = scratch.everything().await;
    let store = scratch.look().await;
    let because = store.only_readable_because().unwrap_or_default().to_owned();
    assert!(because.contains("newer Tenantry"), "{because}");
    look_at_everything(&store).await;
    assert!(store.create(&new_org("third", "third@example.com")).await.is_err());
    assert!(store.upgrade("tester@here", &tenantry::store::no_progress).await.is_err());
    assert_eq!(scratch.everything().await, before);
}

#[tokio::test]
async fn records_of_an_earlier_version_are_offered_an_upgrade_and_written_all_the_same() {
    let scratch = Scratch::new("offered").await;
    let store = scratch.open().await;
    let acme = store.create(&new_org("acme", "ada@example.com")).await.unwrap();
    store.create(&new_org("globex", "kim@example.com")).await.unwrap();
    let tenancy = scratch.tenancy().await;
    assert_eq!(tenancy.offered_upgrade().await.unwrap(), None);
    // As version 0.1 wrote them.
    let orgs = scratch.collection::<Document>("organizations");
    orgs.update_many(doc! {}, doc! { "$unset": { "listing": 1 } }).await.unwrap();
    let plan = tenancy.offered_upgrade().await.unwrap().unwrap();
    assert_eq!((plan.asks, plan.records()), (false, 2));
    tenancy.ensure_upgraded().await.unwrap();
    let read_only = scratch.open_with(true).await;
    let looking = Tenancy::new(Arc::new(read_only), Rules::default(), Caller::new("tester@here"));
    assert_eq!(looking.unwrap().offered_upgrade().await.unwrap(), None);
    tenancy.upgrade(&tenantry::store::no_progress).await.unwrap();
    assert_eq!(tenancy.offered_upgrade().await.unwrap(), None);
    tenancy.suspend(&acme).await.unwrap();
}
