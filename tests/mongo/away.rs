//! What is asked of a server that is away, or goes away: a person is told within five seconds, whatever it was.

use bson::doc;
use futures_util::{FutureExt as _, future::BoxFuture, future::join_all};
use tenantry::{
    store::{ListScope, PageAt, PageQuery, Sort, StoreError},
    tenancy::{Edit, Error, NewOrganization, Refusal},
};

use crate::support::operations::Operations as _;
use crate::{
    fixture::Scratch,
    support::{LESS_THAN_TWO_WAITS, Stopwatch, mongod::Mongod},
};

const PASSWORD: &str = "violet harbor lantern 42";

fn wish(name: &str) -> NewOrganization {
    NewOrganization {
        name: name.into(),
        email: format!("{name}@example.com"),
        password: PASSWORD.into(),
    }
}

fn first_page() -> PageQuery {
    let (scope, sort, at) = (ListScope::Live, Sort::default(), PageAt::First);
    PageQuery { scope, search: None, best_first: false, sort, at, limit: 10 }
}

/// Asks for everything at once while the server is away, each in a console of its own. Each has to end with an error
/// within five seconds, and its console goes on once the server does; what they said.
async fn asked(freezes: bool) -> Vec<Error> {
    let mut server = Mongod::start(&[]);
    let scratch = Scratch::on(server.uri(), "away").await;
    let [looks, creates, renames, suspends, trashes, logs_in] =
        join_all((0..6).map(async |_| scratch.tenancy().await)).await.try_into().ok().unwrap();
    let org = looks.create(&wish("acme")).await.unwrap();
    let session = trashes.login("acme@example.com", &PASSWORD.into()).await.unwrap();
    if freezes {
        server.freezes();
    } else {
        server.kill();
    }
    let (new, query) = (wish("globex"), first_page());
    let rename = Edit { name: Some("acme two".into()), ..Edit::default() };
    let (password, in_session) = (PASSWORD.into(), trashes.in_session(Some(session.token())));
    let begun = Stopwatch::started();
    let ends = async |what: &str, asked: BoxFuture<'_, Option<Error>>| {
        let error = asked.await;
        assert!(begun.elapsed() < LESS_THAN_TWO_WAITS, "{what}: {:?}", begun.elapsed());
        error.unwrap_or_else(|| panic!("{what} was done"))
    };
    let errors = join_all([
        ends("look", async { looks.page(&query).await.err() }.boxed()),
        ends("create", async { creates.create(&new).await.err() }.boxed()),
        ends("rename", async { renames.update(&org, &rename).await.err() }.boxed()),
        ends("suspend", async { suspends.suspend(&org).await.err() }.boxed()),
        ends("trash", async { in_session.trash(&org).await.err() }.boxed()),
        ends("log in", async { logs_in.login("acme@example.com", &password).await.err() }.boxed()),
    ])
    .await;
    if freezes {
        server.goes_on();
    } else {
        server.restart();
    }
    let all = [&looks, &creates, &renames, &suspends, &trashes, &logs_in];
    for page in join_all(all.map(|tenancy| tenancy.page(&query))).await {
        assert_eq!(page.unwrap().orgs, std::slice::from_ref(&org));
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
        assert!(error.to_string().contains("no response"), "{error}");
    }
}

/// Whatever is slow is waited for, as long as the server says anything at all.
#[tokio::test]
async fn a_server_that_is_only_slow_is_waited_for() {
    let server = Mongod::start(&["--setParameter", "enableTestCommands=1"]);
    let scratch = Scratch::on(server.uri(), "slow").await;
    let tenancy = scratch.tenancy().await;
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
    let tenancy = scratch.tenancy().await;
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
    let begun = Stopwatch::started();
    let (updated, ()) = tokio::join!(tenancy.update(&org, &rename), freezing);
    assert!(begun.elapsed() < LESS_THAN_TWO_WAITS, "{:?}", begun.elapsed());
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
    let tenancy = scratch.tenancy().await;
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
    let in_session = tenancy.in_session(token);
    let (refused, ()) = tokio::join!(in_session.authorize(&org), trashing);
    assert_eq!(refused, Err(Error::NotAllowed(Refusal::Trashed("acme".into()))));
}
