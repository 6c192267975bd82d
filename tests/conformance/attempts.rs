//! Counting attempts to log in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bson::oid::ObjectId;
use tenantry::store::{
    Attempt, AttemptResult, FREE_ATTEMPTS, LONGEST_WAIT, Line, Store, StoreError, hold_of,
    wait_after,
};

use crate::fixture::{Fixture, with_acme};

const ADA: &str = "ada@acme.com";
const FREE: usize = 5;

async fn granted(store: &dyn Store, email: &str) -> ObjectId {
    match store.attempt(email, None).await.unwrap() {
        Attempt::Granted(place) => place,
        other => panic!("{other:?}"),
    }
}

async fn fails(store: &dyn Store, email: &str) {
    let place = granted(store, email).await;
    assert_eq!(store.answer_attempt(email, place, AttemptResult::Wrong).await, Ok(0));
}

async fn in_line(store: &dyn Store, email: &str, line: Option<Line>) -> Line {
    match store.attempt(email, line).await.unwrap() {
        Attempt::InLine(line) => line,
        other => panic!("{other:?}"),
    }
}

async fn waits(store: &dyn Store, email: &str, line: Option<Line>) -> Duration {
    match store.attempt(email, line).await.unwrap() {
        Attempt::Wait(left) => left,
        other => panic!("{other:?}"),
    }
}

fn millis(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap()
}

pub async fn of_fifty_at_once_exactly_the_free_ones_are_looked_at<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let stores = [store, fixture.open(false).await];
    assert_eq!(i64::try_from(FREE), Ok(FREE_ATTEMPTS));
    // An e-mail that nobody has is no different.
    for email in [ADA, "nobody@example.com"] {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..50 {
            let store = Arc::clone(&stores[number % 2]);
            tasks.spawn(async move { store.attempt(email, None).await.unwrap() });
        }
        // Nobody is answered, so nobody has to wait yet.
        let (mut places, mut lines) = (Vec::new(), Vec::new());
        for attempt in tasks.join_all().await {
            match attempt {
                Attempt::Granted(place) => places.push(place),
                Attempt::InLine(line) => lines.push(line),
                Attempt::Wait(left) => panic!("{left:?}"),
            }
        }
        assert_eq!((places.len(), lines.len()), (FREE, 50 - FREE));
        for place in places {
            in_line(&*stores[0], email, Some(lines[0])).await;
            assert_eq!(stores[1].answer_attempt(email, place, AttemptResult::Wrong).await, Ok(0));
        }
        for line in &lines {
            waits(&*stores[0], email, Some(*line)).await;
        }
        let failed = u64::try_from(FREE + lines.len()).unwrap();
        assert_eq!(stores[0].forget_attempts(email).await, Ok(failed));
        assert_eq!(stores[1].forget_attempts(email).await, Ok(0));
    }
}

pub async fn whoever_was_in_line_waits_with_the_others_also_when_that_is_over<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let mut places = Vec::new();
    for _ in 0..FREE {
        places.push(granted(&*store, ADA).await);
    }
    let line = in_line(&*store, ADA, None).await;
    for place in places {
        store.answer_attempt(ADA, place, AttemptResult::Wrong).await.unwrap();
    }
    // Just over: whoever comes now is looked at, who was there before is not.
    fixture.age_attempts(1000).await;
    assert!(waits(&*store, ADA, Some(line)).await <= Duration::from_secs(1));
    granted(&*store, ADA).await;
    in_line(&*store, ADA, None).await;
}

pub async fn the_wait_doubles_and_ends_by_itself<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let mut looked_at = 0;
    while wait_after(looked_at) < LONGEST_WAIT {
        fails(&*store, ADA).await;
        let began = Instant::now();
        looked_at += 1;
        let wait = wait_after(looked_at);
        if wait == Duration::ZERO {
            continue;
        }
        let left = waits(&*store, ADA, None).await;
        let least = wait.saturating_sub(began.elapsed() + Duration::from_millis(500));
        assert!((least..=wait).contains(&left), "{left:?} of {wait:?}");
        // Whoever is refused makes it no longer.
        assert!(waits(&*store, ADA, None).await <= left);
        fixture.age_attempts(millis(wait)).await;
    }
}

pub async fn a_right_password_gives_its_place_back_and_clears_the_failures<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    for _ in 0..FREE - 1 {
        fails(&*store, ADA).await;
    }
    let place = granted(&*store, ADA).await;
    in_line(&*store, ADA, None).await;
    assert_eq!(store.answer_attempt(ADA, place, AttemptResult::Right).await, Ok(4));
    assert!(fixture.attempts().await.is_empty());
    // As many as ever at once, and none of them is a failure.
    for _ in 0..3 {
        let mut places = Vec::new();
        for _ in 0..FREE {
            places.push(granted(&*store, ADA).await);
        }
        in_line(&*store, ADA, None).await;
        for place in places {
            assert_eq!(store.answer_attempt(ADA, place, AttemptResult::Right).await, Ok(0));
        }
    }
    // What is being answered meanwhile stays where it is.
    let (one, other) = (granted(&*store, ADA).await, granted(&*store, ADA).await);
    fails(&*store, ADA).await;
    assert_eq!(store.answer_attempt(ADA, one, AttemptResult::Right).await, Ok(1));
    for _ in 0..FREE - 1 {
        fails(&*store, ADA).await;
    }
    in_line(&*store, ADA, None).await;
    store.answer_attempt(ADA, other, AttemptResult::Wrong).await.unwrap();
    waits(&*store, ADA, None).await;
}

pub async fn whoever_never_answers_has_no_cheaper_guess<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    // Killed one after the other: each costs at least what a failure would.
    for _ in 0..FREE {
        granted(&*store, ADA).await;
    }
    for number in FREE_ATTEMPTS + 1..FREE_ATTEMPTS + 8 {
        let hold = hold_of(number - 1);
        assert!(hold >= wait_after(number - 1) && hold >= Duration::from_secs(5));
        in_line(&*store, ADA, None).await;
        fixture.age_attempts(millis(hold) - 3000).await;
        in_line(&*store, ADA, None).await;
        fixture.age_attempts(3000).await;
        // Exactly one more; and if that fails it waits as long as if all before it had.
        let place = granted(&*store, ADA).await;
        in_line(&*store, ADA, None).await;
        if number == FREE_ATTEMPTS + 7 {
            store.answer_attempt(ADA, place, AttemptResult::Wrong).await.unwrap();
            let left = waits(&*store, ADA, None).await;
            let wait = wait_after(number);
            assert!(left <= wait && left > wait / 2, "{left:?} of {wait:?}");
            fixture.age_attempts(millis(wait)).await;
        }
    }
    // And none of them is told of as a failure: one was, and one waited.
    let place = granted(&*store, ADA).await;
    assert_eq!(store.answer_attempt(ADA, place, AttemptResult::Right).await, Ok(2));
    assert!(fixture.attempts().await.is_empty());
}

pub async fn an_answer_that_comes_late_counts_once<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let mut places = Vec::new();
    for _ in 0..FREE {
        places.push(granted(&*store, ADA).await);
    }
    fixture.age_attempts(millis(hold_of(FREE_ATTEMPTS))).await;
    let next = granted(&*store, ADA).await;
    for place in places {
        store.answer_attempt(ADA, place, AttemptResult::Wrong).await.unwrap();
    }
    in_line(&*store, ADA, None).await;
    store.answer_attempt(ADA, next, AttemptResult::Wrong).await.unwrap();
    let left = waits(&*store, ADA, None).await;
    let wait = wait_after(FREE_ATTEMPTS + 1);
    assert!(left <= wait && left > wait / 2, "{left:?} of {wait:?}");
}

pub async fn an_email_is_one_account_in_any_case_and_no_other<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let other = fixture.open(false).await;
    for email in [ADA, "ADA@acme.com", " Ada@Acme.com", ADA, ADA] {
        fails(&*store, email).await;
    }
    waits(&*other, "aDa@acme.com", None).await;
    granted(&*other, "bob@acme.com").await;
    // Whatever was typed as an e-mail, NUL and megabytes among it.
    for hostile in ["\0", "\u{202e}", "$where", &"x".repeat(3_000_000)] {
        fails(&*other, hostile).await;
        assert_eq!(other.forget_attempts(hostile).await, Ok(1));
    }
    assert_eq!(store.forget_attempts("ADA@ACME.COM").await, Ok(6));
    granted(&*other, ADA).await;
}

pub async fn what_was_typed_as_an_email_cannot_be_read_from_it<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    fails(&*store, "correct horse battery").await;
    let stored = fixture.attempts().await;
    assert_eq!(stored.len(), 1);
    assert!(!stored[0].contains("horse") && !stored[0].contains("correct"), "{stored:?}");
}

pub async fn where_nothing_may_be_written_none_is_granted<F: Fixture>() {
    let (fixture, _store, _) = with_acme::<F>().await;
    let reader = fixture.open(true).await;
    let refused = |done: bool| assert!(done);
    let asked = reader.attempt(ADA, None).await;
    refused(matches!(asked, Err(StoreError::Refused { .. })));
    let answered = reader.answer_attempt(ADA, ObjectId::new(), AttemptResult::Right).await;
    refused(matches!(answered, Err(StoreError::Refused { .. })));
    let forgotten = reader.forget_attempts(ADA).await;
    refused(matches!(forgotten, Err(StoreError::Refused { .. })));
    assert!(fixture.attempts().await.is_empty());
}
