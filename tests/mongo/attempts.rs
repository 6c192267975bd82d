//! Attempts to log in, as the server counts them.

use mongodb::bson::{DateTime, doc};
use tenantry::store::{Attempt, FREE_ATTEMPTS, Store, wait_after};

use crate::fixture::Scratch;

const ADA: &str = "ada@acme.com";

#[tokio::test]
async fn the_server_has_everybody_wait_as_long_as_the_rule_says() {
    let scratch = Scratch::new("waits").await;
    let store = scratch.open().await;
    let attempts = scratch.collection::<mongodb::bson::Document>("login_attempts");
    for looked_at in (1..FREE_ATTEMPTS + 40).chain([1_000_000, i64::MAX - 1]) {
        assert_eq!(store.attempt(ADA).await, Ok(Attempt::Granted), "{looked_at}");
        let over = doc! { "looked_at": looked_at - 1, "until": DateTime::from_millis(0) };
        attempts.update_one(doc! {}, doc! { "$set": over }).await.unwrap();
        assert_eq!(store.attempt(ADA).await, Ok(Attempt::Granted), "{looked_at}");
        let stored = &scratch.documents("login_attempts").await[0];
        assert_eq!(stored.get_i64("looked_at").unwrap(), looked_at);
        let time = |field| stored.get_datetime(field).unwrap().timestamp_millis();
        let waits = u128::try_from(time("until") - time("at")).unwrap();
        assert_eq!(waits, wait_after(looked_at).as_millis(), "{looked_at}");
        assert!(!stored.to_string().contains("ada"), "{stored}");
        assert!(store.forget_attempts(ADA).await.unwrap() > 0);
    }
}
