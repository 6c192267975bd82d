//! What the server has to look at, by its own profiler: no question reads more than it answers with,
//! however many organizations there are.

use std::sync::{Arc, Mutex};

use mongodb::bson::{Document, doc};
use tenantry::store::{Access, Shelf, mongo::MongoStore};
use tenantry::{
    org::Claim,
    store::{Count, Cursor, PageAt, PageQuery, Sort, SortKey, Store},
};

use crate::fixture::{Scratch, first_page, new_org};
use crate::support::deeds::Deeds as _;

const MANY: u32 = 5_000;

/// Records of the old service, without the collections: only the master database counts here.
async fn many(test: &str) -> Scratch {
    let scratch = Scratch::new(test).await;
    let (mut orgs, mut admins) = (Vec::new(), Vec::new());
    for n in 0..MANY {
        let admin = mongodb::bson::oid::ObjectId::new();
        admins.push(doc! { "_id": admin, "email": format!("a{n}@example.com"), "password": "" });
        orgs.push(doc! {
            "organization_name": format!("tenant {n:05}"),
            "collection_name": format!("org_tenant_{n:05}"),
            "admin_id": admin.to_hex(),
            "admin_email": format!("a{n}@example.com"),
            "created_at": mongodb::bson::DateTime::from_millis(i64::from(n / 10)),
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
        Some(mongodb::bson::Bson::Int32(number)) => i64::from(*number),
        Some(mongodb::bson::Bson::Int64(number)) => *number,
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
    let middle = store.org_named("tenant 02500", Shelf::Live).await.unwrap().unwrap();
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    for key in [SortKey::Name, SortKey::Created, SortKey::Email] {
        for descending in [false, true] {
            let cursor = Cursor::of(&middle, key);
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
    store.org_named("TENANT 00007", Shelf::Live).await.unwrap().unwrap();
    assert_eq!(store.org_named("nobody", Shelf::Live).await.unwrap(), None);
    assert_eq!(store.admin_with_email("nobody@example.com").await.unwrap(), None);
    let admin = store.admin_with_email("A7@example.com").await.unwrap().unwrap();
    store.org_of_admin(&admin).await.unwrap().unwrap();
    store.holder(&Claim::Look("nothing".into())).await.unwrap();
    let about = Count { counted: u64::from(MANY), or_more: false, about: true };
    assert_eq!(store.count(Shelf::Live, None, 1_000_000).await, Ok(about));
    let new = store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
    store.delete(&new).await.unwrap();
    let seen = looked_at(&scratch).await;
    assert!(seen.len() > 20, "{seen:?}");
    for (most, what) in seen {
        assert!(most <= 5, "{most} in {what}");
    }
    // Nor does a console that connects and settles what is left.
    let console = scratch.look().await;
    console.recover().await.unwrap();
    console.purge_expired(false).await.unwrap();
    for (most, what) in looked_at(&scratch).await {
        assert!(most <= 5, "{most} in {what}");
    }
}

#[tokio::test]
async fn who_waits_for_many_records_to_be_brought_up_to_date_is_told_how_far_it_is() {
    let scratch = many("progress").await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let access = Access { operator: "ops@here".into(), read_only: false };
    for _ in 0..2 {
        let tell = Arc::clone(&told);
        let tell = move |upgrade| tell.lock().unwrap().push(upgrade);
        let store = MongoStore::open(&scratch.uri, scratch.name(), &access).await.unwrap();
        store.upgrade(&tell).await.unwrap();
    }
    // The second time there was nothing to do.
    let told = told.lock().unwrap();
    assert!(told.is_sorted_by_key(|upgrade| upgrade.percent), "{told:?}");
    assert_eq!(told.iter().filter(|upgrade| upgrade.percent == 100).count(), 1, "{told:?}");
    assert_eq!(told.len(), 2 * MANY as usize / 1_000, "{told:?}");
    assert!(told.iter().all(|upgrade| upgrade.records == u64::from(2 * MANY)), "{told:?}");
}
