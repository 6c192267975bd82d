//! Records that end by themselves.

use std::{sync::Arc, time::Duration};

use bson::{DateTime, doc};
use tenantry::store::StoreError;
use tokio::{task::JoinSet, time::sleep};

use crate::fixture::{Fixture, with_acme};

/// So many milliseconds from now.
fn after(milliseconds: i64) -> DateTime {
    DateTime::from_millis(DateTime::now().timestamp_millis() + milliseconds)
}

pub async fn a_record_is_added_once_and_is_there_until_it_ends<F: Fixture>() {
    let fixture = F::fresh().await;
    let (store, other) = (fixture.open(false).await, fixture.open(false).await);
    assert_eq!(store.kept("a").await, Ok(None));
    // Also what an update would take for an expression.
    let value = doc! { "by": "$by", "n": 1_i64, "list": [{ "x": null }], "at": "$$NOW" };
    assert_eq!(store.claim("a", &value, after(60_000)).await, Ok(None));
    assert_eq!(
        other.claim("a", &doc! { "by": "other" }, after(60_000)).await,
        Ok(Some(value.clone()))
    );
    assert_eq!(other.kept("a").await, Ok(Some(value)));
    assert_eq!(other.claim("A", &doc! {}, after(60_000)).await, Ok(None));
    assert_eq!(other.forget("a").await, Ok(()));
    assert_eq!(other.forget("a").await, Ok(()));
    assert_eq!((store.kept("a").await, store.kept("A").await), (Ok(None), Ok(Some(doc! {}))));
}

pub async fn of_many_claims_of_one_key_at_once_exactly_one_adds<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let stores = [store, fixture.open(false).await];
    for round in 0..3 {
        let mut tasks = JoinSet::new();
        for number in 0..20 {
            let store = Arc::clone(&stores[usize::from(number % 2 == 0)]);
            let key = format!("key {round}");
            tasks.spawn(async move {
                (number, store.claim(&key, &doc! { "n": number }, after(60_000)).await.unwrap())
            });
        }
        let all = tasks.join_all().await;
        let added: Vec<i32> =
            all.iter().filter(|(_, there)| there.is_none()).map(|(number, _)| *number).collect();
        assert_eq!(added.len(), 1, "{all:?}");
        let there = Some(doc! { "n": added[0] });
        assert!(all.iter().all(|(_, answer)| answer.is_none() || *answer == there), "{all:?}");
    }
}

pub async fn a_value_is_replaced_only_where_it_is_just_that_one<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let other = fixture.open(false).await;
    let (one, two) = (doc! { "a": 1, "b": "x" }, doc! { "a": 2, "c": { "$gt": 1 } });
    assert_eq!(store.replace("k", &one, &two, after(60_000)).await, Ok(false));
    assert_eq!(store.claim("k", &one, after(60_000)).await, Ok(None));
    for else_than in [doc! { "a": 1 }, doc! { "b": "x", "a": 1 }, doc! {}] {
        assert_eq!(store.replace("k", &else_than, &two, after(60_000)).await, Ok(false));
    }
    assert_eq!(other.replace("k", &one, &two, after(60_000)).await, Ok(true));
    assert_eq!(store.replace("k", &one, &two, after(60_000)).await, Ok(false));
    assert_eq!(store.kept("k").await, Ok(Some(two.clone())));
    // The end is the new one's.
    assert_eq!(store.replace("k", &two, &one, after(-1)).await, Ok(true));
    assert_eq!(store.kept("k").await, Ok(None));
}

pub async fn of_many_replacements_at_once_exactly_one_is_done<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let stores = [Arc::clone(&store), fixture.open(false).await];
    store.claim("k", &doc! { "n": -1 }, after(60_000)).await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let store = Arc::clone(&stores[usize::from(number % 2 == 0)]);
        tasks.spawn(async move {
            let after_it = doc! { "n": number };
            (number, store.replace("k", &doc! { "n": -1 }, &after_it, after(60_000)).await.unwrap())
        });
    }
    let all = tasks.join_all().await;
    let done: Vec<i32> = all.iter().filter(|(_, done)| *done).map(|(number, _)| *number).collect();
    assert_eq!(done.len(), 1, "{all:?}");
    assert_eq!(store.kept("k").await, Ok(Some(doc! { "n": done[0] })));
}

pub async fn what_has_ended_is_none_and_can_be_claimed_again<F: Fixture>() {
    let (_fixture, store, _) = with_acme::<F>().await;
    let value = doc! { "n": 1 };
    assert_eq!(store.claim("past", &value, after(-1_000)).await, Ok(None));
    assert_eq!(store.kept("past").await, Ok(None));
    assert_eq!(store.replace("past", &value, &doc! {}, after(60_000)).await, Ok(false));
    assert_eq!(store.claim("soon", &value, after(300)).await, Ok(None));
    assert_eq!(store.kept("soon").await, Ok(Some(value)));
    sleep(Duration::from_millis(400)).await;
    assert_eq!(store.kept("soon").await, Ok(None));
    for key in ["past", "soon"] {
        assert_eq!(store.claim(key, &doc! { "n": 2 }, after(60_000)).await, Ok(None), "{key}");
        assert_eq!(store.kept(key).await, Ok(Some(doc! { "n": 2 })), "{key}");
    }
}

pub async fn where_nothing_may_be_written_records_are_only_read<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let value = doc! { "n": 1 };
    store.claim("k", &value, after(60_000)).await.unwrap();
    let reader = fixture.open(true).await;
    let refused = |error: StoreError| matches!(error, StoreError::Refused { .. });
    assert!(reader.claim("other", &value, after(60_000)).await.is_err_and(refused));
    assert!(reader.replace("k", &value, &doc! {}, after(60_000)).await.is_err_and(refused));
    assert!(reader.forget("k").await.is_err_and(refused));
    assert_eq!(reader.kept("k").await, Ok(Some(value)));
}
