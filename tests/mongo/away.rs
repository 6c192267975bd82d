//! What is asked of a server that is away, or goes away: a person is told within five seconds, whatever it was.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mongodb::bson::doc;
use tenantry::{
    store::{PageAt, PageQuery, Shelf, Sort, StoreError},
    tenancy::{Edit, Error, NewOrganization, Refusal, Rules, Tenancy},
};

use crate::support::deeds::Deeds as _;
use crate::{fixture::Scratch, support::mongod::Mongod};

const PASSWORD: &str = "violet harbor lantern 42";

fn wish(name: &str) -> NewOrganization {
    NewOrganization {
        name: name.into(),
        email: format!("{name}@example.com"),
        password: PASSWORD.into(),
    }
}

fn first_page() -> PageQuery {
    let (shelf, sort, at) = (Shelf::Live, Sort::default(), PageAt::First);
    PageQuery { shelf, search: None, sort, at, limit: 10 }
}

/// Asks for one thing after the other while the server is away, each of which has to end with an error within five
/// seconds; what they said.
async fn asked(freezes: bool) -> Vec<Error> {
    let mut server = Mongod::start(&[]);
    let scratch = Scratch::on(server.uri(), "away").await;
    let tenancy = Tenancy::new(Arc::new(scratch.open().await), Rules::default()).unwrap();
    let org = tenancy.create(&wish("acme")).await.unwrap();
    let session = tenancy.login("acme@example.com", &PASSWORD.into()).await.unwrap();
    let rename = Edit { name: Some("acme two".into()), ..Edit::default() };
    let mut errors = Vec::new();
    for what in 0..6 {
        if freezes {
            server.freezes();
        } else {
            server.kill();
        }
        let begun = Instant::now();
        let error = match what {
            0 => tenancy.page(&first_page()).await.err(),
            1 => tenancy.create(&wish("globex")).await.err(),
            2 => tenancy.update(&org, &rename, None).await.err(),
            3 => tenancy.suspend(&org).await.err(),
            4 => tenancy.trash(&org, Some(session.token())).await.err(),
            _ => tenancy.login("acme@example.com", &PASSWORD.into()).await.err(),
        };
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "{what}: {took:?}");
        errors.push(error.unwrap_or_else(|| panic!("{what} was done")));
        if freezes {
            server.goes_on();
        } else {
            server.restart();
        }
        tenancy.page(&first_page()).await.unwrap();
    }
    errors
}

#[tokio::test]
async fn a_server_that_was_killed_is_reported_within_five_seconds_whatever_was_asked() {
    for error in asked(false).await {
        assert!(matches!(error, Error::Store(StoreError::Unreachable { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_any_more_is_reported_within_five_seconds_too() {
    for error in asked(true).await {
        assert!(matches!(error, Error::Store(StoreError::Unreachable { .. })), "{error:?}");
        assert!(error.to_string().contains("nothing answered"), "{error}");
    }
}

/// Whatever is slow is waited for, as long as the server says anything at all.
#[tokio::test]
async fn a_server_that_is_only_slow_is_waited_for() {
    let server = Mongod::start(&["--setParameter", "enableTestCommands=1"]);
    let scratch = Scratch::on(server.uri(), "slow").await;
    let tenancy = Tenancy::new(Arc::new(scratch.open().await), Rules::default()).unwrap();
    tenancy.create(&wish("acme")).await.unwrap();
    let slow = doc! {
        "configureFailPoint": "failCommand",
        "mode": { "times": 1 },
        "data": { "failCommands": ["find"], "blockConnection": true, "blockTimeMS": 6_000 },
    };
    scratch.db.client().database("admin").run_command(slow).await.unwrap();
    assert_eq!(tenancy.page(&first_page()).await.unwrap().orgs.len(), 1);
}

/// Whoever changed something is told that it may have been made, also where the server never answers again.
#[tokio::test]
async fn a_change_that_a_server_swallows_may_have_been_made() {
    let server = Mongod::start(&["--setParameter", "enableTestCommands=1"]);
    let scratch = Scratch::on(server.uri(), "swallows").await;
    let tenancy = Tenancy::new(Arc::new(scratch.open().await), Rules::default()).unwrap();
    let org = tenancy.create(&wish("acme")).await.unwrap();
    let admin = scratch.db.client().database("admin");
    let slow = doc! {
        "configureFailPoint": "failCommand",
        "mode": { "times": 1 },
        "data": { "failCommands": ["update"], "blockConnection": true, "blockTimeMS": 60_000 },
    };
    let before = admin.run_command(slow).await.unwrap();
    let rename = Edit { name: Some("acme two".into()), ..Edit::default() };
    let freezing = async {
        // Once the server has got the write.
        let entered = doc! {
            "waitForFailPoint": "failCommand",
            "timesEntered": before.get_i32("count").unwrap() + 1,
            "maxTimeMS": 10_000,
        };
        admin.run_command(entered).await.unwrap();
        server.freezes();
    };
    let begun = Instant::now();
    let (updated, ()) = tokio::join!(tenancy.update(&org, &rename, None), freezing);
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    let error = updated.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { .. }), "{error:?}");
    assert!(error.to_string().ends_with("the change may have been made"), "{error}");
    assert!(error.help().contains("tenantry audit list --org"), "{}", error.help());
}

/// A session that ends because its organization goes to the trash ends for that reason, also in the middle of
/// something else.
#[tokio::test]
async fn whoever_is_overtaken_by_the_trash_is_told_so() {
    let server = Mongod::start(&["--setParameter", "enableTestCommands=1"]);
    let scratch = Scratch::on(server.uri(), "overtaken").await;
    let tenancy = Tenancy::new(Arc::new(scratch.open().await), Rules::default()).unwrap();
    let org = tenancy.create(&wish("acme")).await.unwrap();
    let email = org.admin_email.raw();
    let session = tenancy.login(email, &wish("acme").password).await.unwrap();
    let token = Some(session.token());
    let admin = scratch.db.client().database("admin");
    // After it was seen that the organization is not in the trash, and before the admin is read.
    let slow = doc! {
        "configureFailPoint": "failCommand",
        "mode": { "times": 1 },
        "data": {
            "failCommands": ["find"], "namespace": format!("{}.admins", scratch.name()),
            "blockConnection": true, "blockTimeMS": 1_000,
        },
    };
    let other = scratch.open().await;
    let before = admin.run_command(slow).await.unwrap();
    let trashing = async {
        let entered = doc! {
            "waitForFailPoint": "failCommand",
            "timesEntered": before.get_i32("count").unwrap() + 1,
            "maxTimeMS": 10_000,
        };
        admin.run_command(entered).await.unwrap();
        other.trash(&org, 30).await.unwrap();
    };
    let (refused, ()) = tokio::join!(tenancy.authorize(&org, token), trashing);
    assert_eq!(refused, Err(Error::NotAllowed(Refusal::Trashed("acme".into()))));
}
