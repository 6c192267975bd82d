//! Attempts to log in, as the server counts them.

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use tenantry::store::traits::*;
use tenantry::store::{
    Attempt, AttemptResult, FREE_ATTEMPTS, LONGEST_WAIT, hold_of, mongo::MongoStore, wait_after,
};

use crate::fixture::Scratch;

const ADA: &str = "ada@acme.com";

async fn granted(store: &MongoStore) -> ObjectId {
    match store.attempt(ADA, None).await.unwrap() {
        Attempt::Granted(place) => place,
        other => panic!("{other:?}"),
    }
}

fn millis(stored: &Document, field: &str) -> u128 {
    stored.get_datetime(field).unwrap().timestamp_millis().try_into().unwrap()
}

#[tokio::test]
async fn the_server_has_everybody_wait_as_long_as_the_rule_says() {
    let scratch = Scratch::new("waits").await;
    let store = scratch.open().await;
    let attempts = scratch.collection::<Document>("login_attempts");
    for looked_at in (1..FREE_ATTEMPTS + 40).chain([1_000_000, i64::MAX - 1]) {
        let place = granted(&store).await;
        store.answer_attempt(ADA, place, AttemptResult::Wrong).await.unwrap();
        let over = doc! { "looked_at": looked_at - 1, "until": DateTime::from_millis(0) };
        attempts.update_one(doc! {}, doc! { "$set": over }).await.unwrap();
        let place = granted(&store).await;
        // As long it has its place.
        let stored = &scratch.documents("login_attempts").await[0];
        let held = stored.get_array("places").unwrap()[0].as_document().unwrap();
        let holds = millis(held, "until") - millis(stored, "at");
        assert_eq!(holds, hold_of(looked_at).as_millis(), "{looked_at}");
        store.answer_attempt(ADA, place, AttemptResult::Wrong).await.unwrap();
        let stored = &scratch.documents("login_attempts").await[0];
        assert_eq!(stored.get_i64("looked_at").unwrap(), looked_at);
        if looked_at >= FREE_ATTEMPTS {
            let waits = millis(stored, "until") - millis(stored, "at");
            assert_eq!(waits, wait_after(looked_at).as_millis(), "{looked_at}");
        }
        // Identities in hex may well have an "ada" in them.
        assert!(!stored.to_string().contains("ada@"), "{stored}");
        assert!(!stored.contains_key("held"), "{stored}");
        assert_eq!(store.forget_attempts(ADA).await, Ok(2));
    }
}

/// Whoever asks again while others are answered writes nothing: it may be many, and often.
#[tokio::test]
async fn who_is_in_line_changes_nothing() {
    let scratch = Scratch::new("in_line").await;
    let store = scratch.open().await;
    for _ in 0..FREE_ATTEMPTS {
        granted(&store).await;
    }
    let before = scratch.documents("login_attempts").await;
    for _ in 0..3 {
        assert!(matches!(store.attempt(ADA, None).await, Ok(Attempt::InLine(_))));
    }
    assert_eq!(scratch.documents("login_attempts").await, before);
}

/// What an older console kept, and what no console did.
#[tokio::test]
async fn an_account_that_another_program_wrote_lets_nobody_guess_more() {
    let scratch = Scratch::new("odd_accounts").await;
    let store = scratch.open().await;
    granted(&store).await;
    let attempts = scratch.collection::<Document>("login_attempts");
    let account = scratch.documents("login_attempts").await[0].get("_id").cloned().unwrap();
    let now = DateTime::now().timestamp_millis();
    let later = DateTime::from_millis(now + 3_000);
    let fields = async |fields: Document| {
        let mut stored = doc! { "_id": account.clone(), "at": DateTime::now() };
        stored.extend(fields);
        attempts.replace_one(doc! {}, stored).await.unwrap();
        store.attempt(ADA, None).await.unwrap()
    };
    // As version 0.1 counts.
    let old = doc! { "failures": 9_i64, "looked_at": 8_i64, "until": later };
    let Attempt::Wait(left) = fields(old).await else { panic!("granted") };
    assert!(left.as_millis() <= 3_000);
    let old = doc! { "failures": 9_i64, "looked_at": 8_i64, "until": DateTime::from_millis(0) };
    let Attempt::Granted(place) = fields(old).await else { panic!("refused") };
    assert_eq!(store.answer_attempt(ADA, place, AttemptResult::Right).await, Ok(9));
    attempts.insert_one(doc! { "_id": account.clone() }).await.unwrap();
    // A wait that is no time is the longest one, and a number that is none the largest.
    for odd in [Bson::Null, "x".into(), 1.into(), true.into(), doc! {}.into(), Bson::MaxKey] {
        let attempt = fields(doc! { "looked_at": 9_i64, "until": odd.clone() }).await;
        assert!(matches!(attempt, Attempt::Wait(_)), "{odd:?}: {attempt:?}");
        let over = DateTime::from_millis(0);
        let attempt = fields(doc! { "looked_at": odd.clone(), "until": over }).await;
        let Attempt::Granted(place) = attempt else { panic!("{odd:?}: {attempt:?}") };
        store.answer_attempt(ADA, place, AttemptResult::Wrong).await.unwrap();
        let Attempt::Wait(left) = store.attempt(ADA, None).await.unwrap() else { panic!() };
        assert!(left > LONGEST_WAIT / 2, "{odd:?}: {left:?}");
        // Nor do places that are none give any.
        let attempt =
            fields(doc! { "looked_at": 4_i64, "places": [odd.clone(), odd.clone()] }).await;
        assert!(matches!(attempt, Attempt::Granted(_)), "{odd:?}: {attempt:?}");
        assert!(matches!(store.attempt(ADA, None).await, Ok(Attempt::InLine(_))), "{odd:?}");
    }
    let attempt = fields(doc! { "looked_at": -100_i64 }).await;
    assert!(matches!(attempt, Attempt::Granted(_)));
    for _ in 1..FREE_ATTEMPTS {
        granted(&store).await;
    }
    assert!(matches!(store.attempt(ADA, None).await, Ok(Attempt::InLine(_))));
}
