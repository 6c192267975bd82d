//! What the server has to look at, by its own profiler: no question reads more than it answers with,
//! however many organizations there are.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tenantry::store::traits::*;

use bson::{Document, doc};
use tenantry::store::{DocumentAt, DocumentQuery, Entry, ListScope, mongo::MongoStore};
use tenantry::tenancy::{Caller, Rules, Tenancy};
use tenantry::{
    org::{Claim, Secret},
    store::{Count, Cursor, PageAt, PageQuery, Sort, SortKey},
};

use crate::fixture::{Scratch, first_page, new_org};
use crate::support::{list::assert_ranked, operations::Operations as _};

const MANY: u32 = 5_000;

/// Records of the old service, without the collections: only the master database counts here.
async fn many(test: &str) -> Scratch {
    let scratch = Scratch::new(test).await;
    let (mut orgs, mut admins) = (Vec::new(), Vec::new());
    for n in 0..MANY {
        let admin = bson::oid::ObjectId::new();
        admins.push(doc! { "_id": admin, "email": format!("a{n}@example.com"), "password": "" });
        orgs.push(doc! {
            "organization_name": format!("tenant {n:05}"),
            "collection_name": format!("org_tenant_{n:05}"),
            "admin_id": admin.to_hex(),
            "admin_email": format!("a{n}@example.com"),
            "created_at": bson::DateTime::from_millis(i64::from(n / 10)),
        });
    }
    scratch.collection("organizations").insert_many(orgs).await.unwrap();
    scratch.collection("admins").insert_many(admins).await.unwrap();
    scratch
}

/// What the console's commands since the last call looked at, one line each.
async fn looked_at(scratch: &Scratch) -> Vec<(i64, String)> {
    scratch.run_command(doc! { "profile": 0 }).await.unwrap();
    let seen = scratch.documents("system.profile").await;
    scratch.collection::<Document>("system.profile").drop().await.unwrap();
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    let number = |entry: &Document, field: &str| match entry.get(field) {
        Some(bson::Bson::Int32(number)) => i64::from(*number),
        Some(bson::Bson::Int64(number)) => *number,
        _ => 0,
    };
    seen.iter()
        .filter(|entry| entry.get_str("appName").is_ok_and(|name| name == "tenantry"))
        .map(|entry| {
            let most = number(entry, "keysExamined").max(number(entry, "docsExamined"));
            (most, format!("{:?} {:?}", entry.get("planSummary"), entry.get("command")))
        })
        .collect()
}

#[tokio::test]
async fn no_question_reads_more_than_it_answers_with() {
    let scratch = many("cost").await;
    let store = scratch.open().await;
    let middle = store.org_named("tenant 02500", ListScope::Live).await.unwrap().unwrap();
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    for key in [SortKey::Name, SortKey::Created, SortKey::Email] {
        for descending in [false, true] {
            let cursor = Cursor::from_org(&middle, key);
            for at in [
                PageAt::First,
                PageAt::Last,
                PageAt::After(cursor.clone()),
                PageAt::Before(cursor.clone()),
            ] {
                let query = PageQuery {
                    sort: Sort { key, descending },
                    at: at.clone(),
                    limit: 20,
                    ..first_page()
                };
                let page = store.page(&query).await.unwrap();
                assert_eq!(page.orgs.len(), 20);
                assert_eq!(store.without_admin(&page.orgs).await.unwrap(), []);
                let seen = looked_at(&scratch).await;
                assert!(seen.len() >= 2, "{seen:?}");
                for (most, what) in seen {
                    assert!(most <= 45, "{key:?} {descending} {at:?}: {most} in {what}");
                }
            }
        }
    }
    store.org_named("TENANT 00007", ListScope::Live).await.unwrap().unwrap();
    assert_eq!(store.org_named("nobody", ListScope::Live).await.unwrap(), None);
    assert_eq!(store.admin_with_email("nobody@example.com").await.unwrap(), None);
    let admin = store.admin_with_email("A7@example.com").await.unwrap().unwrap();
    store.org_of_admin(&admin).await.unwrap().unwrap();
    store.holder(&Claim::Look("nothing".into())).await.unwrap();
    let about = Count { counted: u64::from(MANY), or_more: false, about: true };
    assert_eq!(store.count(ListScope::Live, None, 1_000_000).await, Ok(about));
    let new = store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
    store.delete(&new).await.unwrap();
    let seen = looked_at(&scratch).await;
    assert!(seen.len() > 20, "{seen:?}");
    for (most, what) in seen {
        assert!(most <= 5, "{most} in {what}");
    }
    // Nor does a console that connects and settles what is left.
    let console = scratch.look().await;
    console.recover("tester@here").await.unwrap();
    console.purge_expired("tester@here", false).await.unwrap();
    for (most, what) in looked_at(&scratch).await {
        assert!(most <= 5, "{most} in {what}");
    }
}

/// Every search alone and with text: by an index, and nothing but a page of it is sorted.
#[tokio::test]
async fn no_search_goes_through_everything() {
    let scratch = many("searched").await;
    let store = scratch.open().await;
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    let half = i64::from(MANY) / 2;
    for (search, most) in [
        // Frequent: the page is full soon.
        ("tenant", 2_200),
        ("t", 2_200),
        ("te", 2_200),
        ("tenant 0", 2_200),
        // Rare, and nowhere.
        ("02500", 600),
        ("tenant 02500", 600),
        ("a2500@example.com", 600),
        ("zq", 5),
        ("z", 5),
        ("zebra", 5),
        ("tenant zebra", 5),
        ("state:suspended", 5),
        ("state:suspended tenant", 5),
        ("created:>2100-01-01", 5),
        ("created:<1990-01-01 tenant", 2_200),
        ("id:ffffff", 5),
        ("id:ffffff tenant", 5),
        ("email:zebra", 5),
    ] {
        for best_first in [true, false] {
            let query = PageQuery {
                search: Some(search.to_owned()),
                best_first,
                limit: 20,
                ..first_page()
            };
            let page = store.page(&query).await.unwrap();
            let seen = looked_at(&scratch).await;
            assert!(seen.len() >= 2, "{seen:?}");
            for (read, what) in seen {
                // Which trigram is the rarest is told by the hundredth organization with each.
                let most = if what.contains("\"skip\"") { 100 } else { most };
                assert!(read <= most && read < half, "{search} {best_first}: {read} in {what}");
                assert!(!what.contains("COLLSCAN") && !what.contains("SORT"), "{search}: {what}");
            }
            assert!(most < 1_000 || page.orgs.len() == 20, "{search}");
        }
    }
}

/// How many admins there are is not stored: an index tells who has several, and another who names an admin that may be
/// gone. Neither reads a record of an organization that is not found.
#[tokio::test]
async fn a_number_of_admins_is_told_by_indexes() {
    let scratch = many("admins_counted").await;
    let store = scratch.open().await;
    let orgs = scratch.collection::<Document>("organizations");
    let admins = scratch.collection::<Document>("admins");
    for n in [7, 70, 700] {
        let gone = admins.delete_one(doc! { "email": format!("a{n}@example.com") }).await;
        assert_eq!(gone.unwrap().deleted_count, 1);
    }
    let two = orgs.find_one(doc! { "organization_name": "tenant 00008" }).await.unwrap().unwrap();
    let (org, other) = (two.get_object_id("_id").unwrap(), bson::oid::ObjectId::new());
    let email = "other@example.com";
    admins.insert_one(doc! { "_id": other, "email": email, "organization_id": org }).await.unwrap();
    let listed = doc! { "$set": { "other_admins": [other], "other_emails": [email] } };
    orgs.update_one(doc! { "_id": org }, listed).await.unwrap();
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    let all = i64::from(MANY);
    for (search, found, keys) in [
        ("admins:0", 3, all + 1),
        ("admins:0 tenant", 3, all + 1),
        ("admins:0 00700", 1, all + 1),
        ("admins:1", 20, all + 1),
        ("admins:1 tenant", 20, all + 1),
        ("admins:>1", 1, 10),
        ("admins:>1 tenant", 1, 10),
        ("admins:>1 00700", 0, 10),
        ("admins:<2", 20, 2_200),
        ("admins:3", 0, 10),
    ] {
        let query = PageQuery { search: Some(search.to_owned()), limit: 20, ..first_page() };
        assert_eq!(store.page(&query).await.unwrap().orgs.len(), found, "{search}");
        scratch.run_command(doc! { "profile": 0 }).await.unwrap();
        for asked in scratch.documents("system.profile").await {
            if asked.get_str("appName").is_ok_and(|name| name == "tenantry") {
                let plan = asked.get_str("planSummary").unwrap_or_default();
                assert!(!plan.contains("COLLSCAN"), "{search}: {asked}");
                assert!(!asked.contains_key("hasSortStage"), "{search}: {asked}");
            }
        }
        for (read, what) in looked_at(&scratch).await {
            let most = if what.contains("\"skip\"") { 100 } else { keys };
            assert!(read <= most, "{search}: {read} in {what}");
        }
    }
}

/// More matches than are sorted at once come in the same order, page by page, in both directions.
#[tokio::test]
async fn what_is_found_of_many_comes_in_order_the_best_first() {
    let scratch = many("ranked").await;
    let store = scratch.open().await;
    assert_ranked(&store, MANY as usize, &["tenant", "0 tenant", "a4", "te"]).await;
}

/// Every console asks this once, behind its first page.
#[tokio::test]
async fn that_there_is_nothing_to_upgrade_is_told_without_reading_what_is_there() {
    let scratch = many("offered_cost").await;
    let store = Arc::new(scratch.open().await);
    let tenancy = Tenancy::new(store, Rules::default(), Caller::new("tester@here")).unwrap();
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    assert_eq!(tenancy.offered_upgrade().await.unwrap(), None);
    let seen = looked_at(&scratch).await;
    assert!(seen.len() >= 4, "{seen:?}");
    for (read, what) in seen {
        assert!(read < 10, "{read} in {what}");
    }
}

/// How many questions an operation asks before it begins, in a console that has worked before.
#[tokio::test]
async fn what_was_left_half_done_is_looked_for_once_an_operation() {
    let scratch = Scratch::new("prepared").await;
    let store = Arc::new(scratch.open().await);
    let tenancy =
        Tenancy::new(store.clone(), Rules::default(), Caller::new("tester@here")).unwrap();
    let acme = store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
    let acme = tenancy.suspend(&acme).await.unwrap();
    let looks_for_leftovers = |seen: &[(i64, String)]| {
        seen.iter().filter(|(_, what)| what.contains("$pending.at")).count()
    };
    // What is left of writes to documents is in nobody's way: an operation does not ask for it.
    let looks_for_writes =
        |seen: &[(i64, String)]| seen.iter().filter(|(_, what)| what.contains("document:")).count();
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    let acme = tenancy.reactivate(&acme).await.unwrap();
    let seen = looked_at(&scratch).await;
    assert_eq!((looks_for_leftovers(&seen), looks_for_writes(&seen)), (1, 0), "{seen:?}");
    // A store that is used without that looks for itself.
    let another = scratch.look().await;
    another.suspend(&acme, true).await.unwrap();
    let seen = looked_at(&scratch).await;
    assert_eq!(looks_for_leftovers(&seen), 1, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_appends_at_once_are_few_writes() {
    let scratch = Scratch::new("appends").await;
    let store = Arc::new(scratch.open().await);
    store.append(&Entry::new("tester@here", "log in")).await.unwrap();
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.append(&Entry::new("tester@here", "log in")).await });
    }
    for appended in tasks.join_all().await {
        assert_eq!(appended, Ok(()));
    }
    let seen = looked_at(&scratch).await;
    let writes = seen.iter().filter(|(_, what)| what.contains("\"insert\": String(\"audit_log"));
    let writes = writes.count();
    assert!((1..=16).contains(&writes), "{writes}: {seen:?}");
    assert_eq!(scratch.documents("audit_log").await.len(), 65);
}

#[tokio::test]
async fn who_waits_for_many_records_to_be_brought_up_to_date_is_told_how_far_it_is() {
    let scratch = many("progress").await;
    let told = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..2 {
        let tell = Arc::clone(&told);
        let tell = move |upgrade| tell.lock().unwrap().push(upgrade);
        let store = MongoStore::open(&scratch.uri, scratch.name(), false).await.unwrap();
        store.upgrade("tester@here", &tell).await.unwrap();
    }
    // The second time there was nothing to do.
    let told = told.lock().unwrap();
    assert!(told.is_sorted_by_key(|upgrade| upgrade.percent), "{told:?}");
    assert_eq!(told.iter().filter(|upgrade| upgrade.percent == 100).count(), 1, "{told:?}");
    assert_eq!(told.len(), 2 * MANY as usize / 1_000, "{told:?}");
    assert!(told.iter().all(|upgrade| upgrade.records == u64::from(2 * MANY)), "{told:?}");
}

#[tokio::test]
async fn a_page_of_documents_costs_the_same_at_any_depth() {
    let scratch = Scratch::new("documents").await;
    let store = scratch.open().await;
    let acme = store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
    let documents: Vec<Document> = (0..MANY).map(|at| doc! { "_id": i64::from(at) }).collect();
    scratch.collection("org_acme").insert_many(documents).await.unwrap();
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    let middle = bson::Bson::Int64(i64::from(MANY / 2));
    for at in [
        DocumentAt::First,
        DocumentAt::Last,
        DocumentAt::After(middle.clone().into()),
        DocumentAt::Before(middle.into()),
    ] {
        for whole in [false, true] {
            let query =
                DocumentQuery { at: at.clone(), limit: 20, whole, ..DocumentQuery::default() };
            let page = store.documents(&acme, &query).await.unwrap();
            assert_eq!(page.documents.len(), 20);
            for (most, what) in looked_at(&scratch).await {
                assert!(most <= 25, "{at:?}: {most} in {what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_looks_up_names_asks_the_server_a_few_times() {
    let scratch = Scratch::new("crowd").await;
    let store = Arc::new(scratch.open().await);
    for n in 0..3 {
        let new = new_org(&format!("org {n}"), &format!("a{n}@example.com"));
        store.create(&new).await.unwrap();
    }
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    let crowd: Vec<_> = (0..300)
        .map(|at| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let name = format!("org {}", at % 3);
                let org = store.org_named(&name, ListScope::Live).await.unwrap().unwrap();
                assert_eq!(org.name.raw(), name);
            })
        })
        .collect();
    for one in crowd {
        one.await.unwrap();
    }
    scratch.run_command(doc! { "profile": 0 }).await.unwrap();
    let asked = scratch.documents("system.profile").await;
    let asked = asked
        .iter()
        .filter(|asked| asked.get_str("ns").is_ok_and(|ns| ns.ends_with(".organizations")));
    let asked = asked.count();
    assert!((1..100).contains(&asked), "{asked} questions for 300 names");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_is_turned_away_asks_the_server_nothing() {
    let scratch = Scratch::new("turned_away").await;
    let store = Arc::new(scratch.open().await);
    let tenancy =
        Tenancy::new(store.clone(), Rules::default(), Caller::new("tester@here")).unwrap();
    store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
    let before = reads_of_organizations(&scratch).await;
    let crowd: Vec<_> = (0..400)
        .map(|at| {
            let tenancy = tenancy.clone();
            let wrong = Secret::from("copper-meadow-77-thimble");
            tokio::spawn(
                async move { tenancy.login(&format!("nobody{at}@example.com"), &wrong).await },
            )
        })
        .collect();
    let turned_away = async {
        let is_away = |one: &&tokio::task::JoinHandle<_>| one.is_finished();
        while crowd.iter().filter(is_away).count() < 300 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), turned_away).await.unwrap();
    crowd.iter().for_each(tokio::task::JoinHandle::abort);
    let asked = reads_of_organizations(&scratch).await - before;
    // Four questions before each of those who are let in, and a few after a wrong password.
    let let_in = 64 + std::thread::available_parallelism().unwrap().get();
    let most = i64::try_from(let_in * 12).unwrap();
    assert!((1..most).contains(&asked), "{asked} questions");
}

/// How often the organizations were read: the profiler keeps no more than a megabyte.
async fn reads_of_organizations(scratch: &Scratch) -> i64 {
    let stages = [doc! { "$collStats": { "latencyStats": {} } }];
    let orgs = scratch.collection::<Document>("organizations");
    let mut said = orgs.aggregate(stages).await.unwrap();
    assert!(said.advance().await.unwrap());
    let said = said.deserialize_current().unwrap();
    let reads = said.get_document("latencyStats").unwrap().get_document("reads").unwrap();
    reads.get_i64("ops").unwrap()
}
