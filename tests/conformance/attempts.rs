//! Counting attempts to log in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tenantry::store::{Attempt, FREE_ATTEMPTS, LONGEST_WAIT, Store, StoreError, wait_after};

use crate::fixture::{Fixture, with_acme};

const ADA: &str = "ada@acme.com";

/// Tries so many times at once; how many were granted.
async fn at_once(stores: &[Arc<dyn Store>], attempts: usize, email: &'static str) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..attempts {
        let store = Arc::clone(&stores[number % stores.len()]);
        tasks.spawn(async move { store.attempt(email).await.unwrap() });
    }
    let all = tasks.join_all().await;
    all.into_iter().filter(|attempt| *attempt == Attempt::Granted).count()
}

pub async fn fifty_at_once_are_counted_as_exactly_fifty<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let stores = [store, fixture.open(false).await];
    // An e-mail that nobody has is no different.
    for email in [ADA, "nobody@example.com"] {
        let granted = at_once(&stores, 50, email).await;
        let free = usize::try_from(FREE_ATTEMPTS).unwrap();
        // While it took longer than the first waits, one more each.
        assert!((free..=free + 3).contains(&granted), "{granted} were looked at");
        assert_eq!(stores[0].forget_attempts(email).await, Ok(50));
        assert_eq!(stores[1].forget_attempts(email).await, Ok(0));
    }
}

pub async fn the_wait_doubles_and_ends_by_itself<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let mut looked_at = 0;
    while wait_after(looked_at) < LONGEST_WAIT {
        let began = Instant::now();
        assert_eq!(store.attempt(ADA).await, Ok(Attempt::Granted), "{looked_at}");
        looked_at += 1;
        let wait = wait_after(looked_at);
        if wait == Duration::ZERO {
            continue;
        }
        match store.attempt(ADA).await.unwrap() {
            Attempt::Wait(left) => {
                let least = wait.saturating_sub(began.elapsed() + Duration::from_millis(100));
                assert!((least..=wait).contains(&left), "{left:?} of {wait:?}");
                // Whoever is refused makes it no longer.
                if let Attempt::Wait(again) = store.attempt(ADA).await.unwrap() {
                    assert!(again <= left, "{again:?} {left:?}");
                } else {
                    assert!(began.elapsed() >= wait, "not before it is over");
                    looked_at += 1;
                }
            }
            Attempt::Granted => {
                assert!(began.elapsed() >= wait, "not before it is over");
                looked_at += 1;
            }
        }
        fixture.end_waits().await;
    }
}

pub async fn an_email_is_one_account_in_any_case_and_no_other<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let other = fixture.open(false).await;
    for email in [ADA, "ADA@acme.com", " Ada@Acme.com", ADA, ADA] {
        assert_eq!(store.attempt(email).await, Ok(Attempt::Granted));
    }
    assert!(matches!(other.attempt("aDa@acme.com").await, Ok(Attempt::Wait(_))));
    assert_eq!(other.attempt("bob@acme.com").await, Ok(Attempt::Granted));
    // Whatever was typed as an e-mail, NUL and megabytes among it.
    for hostile in ["\0", "\u{202e}", "$where", &"x".repeat(3_000_000)] {
        assert_eq!(other.attempt(hostile).await, Ok(Attempt::Granted));
        assert_eq!(other.forget_attempts(hostile).await, Ok(1));
    }
    assert_eq!(store.forget_attempts("ADA@ACME.COM").await, Ok(6));
    assert_eq!(other.attempt(ADA).await, Ok(Attempt::Granted));
}

pub async fn what_was_typed_as_an_email_cannot_be_read_from_it<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    store.attempt("correct horse battery").await.unwrap();
    let stored = fixture.attempts().await;
    assert_eq!(stored.len(), 1);
    assert!(!stored[0].contains("horse") && !stored[0].contains("correct"), "{stored:?}");
}

pub async fn where_nothing_may_be_written_none_is_granted<F: Fixture>() {
    let (fixture, _store, _) = with_acme::<F>().await;
    let reader = fixture.open(true).await;
    assert!(matches!(reader.attempt(ADA).await, Err(StoreError::Refused { .. })));
    assert!(matches!(reader.forget_attempts(ADA).await, Err(StoreError::Refused { .. })));
    assert!(fixture.attempts().await.is_empty());
}
