//! Sessions that hold for all instances of a service, and refresh tokens.

use std::{sync::Arc, time::Duration};

use bson::DateTime;
use tenantry::{
    org::{Operator, OperatorRole, Org},
    store::{AuditAt, AuditFilter, Entry, Outcome, Required, Store},
    tenancy::{Caller, Error, RefreshableSession, Refusal, Result, Rules, Tenancy},
};

use crate::attack::{Besieged, KEY, OTHER, PASSWORD, secret};
use crate::fixture::Fixture;
use crate::operators::{OPS, operator, refused, require};

const ADA: &str = "ada@acme.com";

/// One of several instances with the same key.
fn instance(store: Arc<dyn Store>) -> Tenancy {
    let key = Some(secret(KEY));
    let rules = Rules { secret_key: key, shared_sessions: true, ..Rules::default() };
    Tenancy::new(store, rules, Caller::new("serve@here")).unwrap()
}

/// A database with a manager, and two instances on it.
async fn two<F: Fixture>() -> (Besieged<F>, [Tenancy; 2]) {
    let siege = Besieged::<F>::new().await;
    let ops = vec![operator(OPS, OperatorRole::Manager)];
    require(&*siege.store, Required::Nothing, ops).await;
    let instances = [instance(Arc::clone(&siege.store)), instance(siege.fixture.open(false).await)];
    (siege, instances)
}

async fn log_in(instance: &Tenancy, email: &str) -> RefreshableSession {
    instance.login_for_refresh(email, &secret(PASSWORD), None).await.unwrap()
}

/// A call with this session to one instance.
async fn call(instance: &Tenancy, login: &RefreshableSession, org: &Org) -> Result<()> {
    let called = instance.in_session(Some(login.session.token()));
    called.ensure_session().await?;
    called.authorize(org).await
}

pub async fn a_log_out_holds_for_every_instance_and_after_a_restart<F: Fixture>() {
    let (siege, [one, other]) = two::<F>().await;
    let acme = &siege.acme;
    for email in [ADA, OPS] {
        let session = one.login(email, &secret(PASSWORD)).await.unwrap();
        let stays = one.login(email, &secret(PASSWORD)).await.unwrap();
        let call = |instance: &Tenancy, token: &str| {
            let called = instance.in_session(Some(token));
            async move { called.authorize(acme).await }
        };
        assert_eq!(call(&other, session.token()).await, Ok(()));
        assert_eq!(one.in_session(Some(session.token())).end_session().await, Ok(()));
        let restarted = instance(siege.fixture.open(false).await);
        for instance in [&one, &other, &restarted] {
            assert_eq!(refused(call(instance, session.token()).await), Refusal::LoggedOut);
            let called = instance.in_session(Some(session.token()));
            assert_eq!(refused(called.ensure_session().await), Refusal::LoggedOut);
            assert_eq!(called.end_session().await, Ok(()), "once more");
            assert_eq!(call(instance, stays.token()).await, Ok(()));
        }
        // A console does not ask.
        assert_eq!(call(&siege.tenancy, session.token()).await, Ok(()));
    }
    assert_eq!(one.end_session().await, Ok(()), "without a session");
}

pub async fn a_login_goes_on_with_refresh_tokens_and_is_not_recent<F: Fixture>() {
    let (siege, [one, other]) = two::<F>().await;
    for email in [ADA, OPS] {
        let first = log_in(&one, email).await;
        assert_eq!(call(&other, &first, &siege.acme).await, Ok(()));
        let second = other.refresh(&first.refresh_token).await.unwrap();
        let third = one.refresh(&second.refresh_token).await.unwrap();
        for login in [&first, &second, &third] {
            assert_eq!(call(&one, login, &siege.acme).await, Ok(()));
            assert_eq!(login.session.account, first.session.account);
            // The end is that of the login.
            assert_eq!(login.refresh_until, first.refresh_until);
        }
        assert_ne!(first.session.token(), second.session.token());
        let texts = [&first, &second, &third].map(|login| login.refresh_token.reveal());
        assert!(texts[0] != texts[1] && texts[1] != texts[2]);
        let shown = format!("{first:?}");
        assert!(!shown.contains(texts[0]) && !shown.contains(first.session.token()), "{shown}");
        siege.audit_log(&texts).await;
        let left = first.refresh_until.duration_since(std::time::SystemTime::now()).unwrap();
        assert!(left > Duration::from_hours(29 * 24) && left <= Duration::from_hours(30 * 24));
    }
    // Of each login there is one entry, and none of a refresh.
    let told = siege.audit_log(&[]).await;
    assert_eq!(told.iter().filter(|told| told.0 == "log in").count(), 2);
}

pub async fn a_refresh_token_that_is_used_again_ends_all_of_its_login<F: Fixture>() {
    let (siege, [one, other]) = two::<F>().await;
    for email in [ADA, OPS] {
        let (first, beside) = (log_in(&one, email).await, log_in(&one, email).await);
        let second = one.refresh(&first.refresh_token).await.unwrap();
        let third = one.refresh(&second.refresh_token).await.unwrap();
        assert_eq!(refused(other.refresh(&first.refresh_token).await), Refusal::UsedAgain);
        for login in [&first, &second, &third] {
            assert_eq!(refused(call(&one, login, &siege.acme).await), Refusal::LoggedOut);
            assert_eq!(refused(one.refresh(&login.refresh_token).await), Refusal::LoggedOut);
        }
        assert_eq!(call(&one, &beside, &siege.acme).await, Ok(()));
        let filter = AuditFilter { operator: Some(email.into()), ..AuditFilter::ALL };
        let told = siege.tenancy.audit(None, &filter, AuditAt::Newest, 50).await.unwrap().entries;
        let mut again = told.iter().map(|told| &told.entry);
        let again = again.find(|entry| entry.reason.raw().contains("used before")).unwrap();
        assert_eq!((again.outcome, again.action.code()), (Outcome::Refused, "log in"));
        let is_acmes = again.organization == Some(siege.acme.id);
        assert_eq!(is_acmes, email == ADA);
    }
}

pub async fn of_two_refreshes_at_once_both_get_the_same_token<F: Fixture>() {
    let (siege, instances) = two::<F>().await;
    let mut login = log_in(&instances[0], ADA).await;
    for _ in 0..5 {
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..6 {
            let (instance, token) = (instances[at % 2].clone(), login.refresh_token.clone());
            tasks.spawn(async move { instance.refresh(&token).await.unwrap() });
        }
        let all = tasks.join_all().await;
        for one in &all {
            assert_eq!(one.refresh_token, all[0].refresh_token);
            assert_eq!(call(&instances[0], one, &siege.acme).await, Ok(()));
        }
        login = all.into_iter().next().unwrap();
    }
}

pub async fn a_token_that_was_just_used_is_answered_as_before_and_not_later<F: Fixture>() {
    let (siege, [one, other]) = two::<F>().await;
    let first = log_in(&one, ADA).await;
    let second = one.refresh(&first.refresh_token).await.unwrap();
    // The answer was lost.
    let again = other.refresh(&first.refresh_token).await.unwrap();
    assert_eq!(again.refresh_token, second.refresh_token);
    assert_eq!(call(&one, &again, &siege.acme).await, Ok(()));
    // Later it is theft.
    let key = format!("login {}", &first.refresh_token.reveal()[4..28]);
    let now = siege.store.kept(&key).await.unwrap().unwrap();
    let mut earlier = now.clone();
    let used = now.get_datetime("used_at").unwrap().timestamp_millis();
    earlier.insert("used_at", DateTime::from_millis(used - 11_000));
    let end = *now.get_datetime("end").unwrap();
    assert_eq!(siege.store.replace(&key, &now, &earlier, end).await, Ok(true));
    assert_eq!(refused(other.refresh(&first.refresh_token).await), Refusal::UsedAgain);
    assert_eq!(refused(one.refresh(&second.refresh_token).await), Refusal::LoggedOut);
    // What is stored opens nothing.
    let kept = now.to_string();
    for login in [&first, &second] {
        assert!(!kept.contains(&login.refresh_token.reveal()[28..92]), "{kept}");
    }
}

pub async fn a_log_out_ends_the_login_and_nothing_else<F: Fixture>() {
    let (siege, [one, other]) = two::<F>().await;
    // By the session, and by the refresh token.
    for by_session in [true, false] {
        let (login, beside) = (log_in(&one, ADA).await, log_in(&one, ADA).await);
        let next = one.refresh(&login.refresh_token).await.unwrap();
        if by_session {
            other.in_session(Some(next.session.token())).end_session().await.unwrap();
        } else {
            other.end_family(&next.refresh_token).await.unwrap();
            other.end_family(&next.refresh_token).await.unwrap();
        }
        for login in [&login, &next] {
            assert_eq!(refused(call(&one, login, &siege.acme).await), Refusal::LoggedOut);
            assert_eq!(refused(one.refresh(&login.refresh_token).await), Refusal::LoggedOut);
        }
        assert_eq!(call(&one, &beside, &siege.acme).await, Ok(()));
        assert!(other.refresh(&beside.refresh_token).await.is_ok());
    }
    let token = log_in(&one, ADA).await.refresh_token;
    let reader = one.called_by(Caller::new("a@b").with_read_only(true));
    assert!(matches!(reader.refresh(&token).await, Err(Error::ReadOnly(_))));
    assert!(matches!(reader.end_family(&token).await, Err(Error::ReadOnly(_))));
}

async fn change(store: &dyn Store, change: impl Fn(&mut Operator)) {
    let mut now = store.directory().await.unwrap();
    now.operators.iter_mut().for_each(change);
    store.write_directory(&now, &Entry::new("tester@here", "change operator")).await.unwrap();
}

pub async fn a_refresh_ends_with_what_ends_a_session<F: Fixture>() {
    let (siege, [one, _]) = two::<F>().await;
    let ends = async |login: &RefreshableSession, why: Refusal| {
        assert_eq!(refused(one.refresh(&login.refresh_token).await), why);
        // Also where it would be as it was again.
        assert_eq!(refused(one.refresh(&login.refresh_token).await), Refusal::LoggedOut);
        assert_eq!(refused(call(&one, login, &siege.acme).await), Refusal::LoggedOut);
    };
    let login = log_in(&one, OPS).await;
    change(&*siege.store, |own| own.disabled = true).await;
    ends(&login, Refusal::OperatorChanged).await;
    change(&*siege.store, |own| own.disabled = false).await;
    let login = log_in(&one, OPS).await;
    let hash = bcrypt::hash(OTHER, 4).unwrap();
    change(&*siege.store, |own| own.password = tenantry::org::PasswordHash::stored(hash.clone()))
        .await;
    ends(&login, Refusal::OperatorChanged).await;
    let login = log_in(&one, ADA).await;
    let acme = siege.tenancy.suspend(&siege.acme).await.unwrap();
    let name = || acme.name.clone();
    assert_eq!(refused(one.refresh(&login.refresh_token).await), Refusal::Suspended(name()));
    let acme = siege.tenancy.reactivate(&acme).await.unwrap();
    assert_eq!(refused(one.refresh(&login.refresh_token).await), Refusal::LoggedOut);
    // Suspended and reactivated in between: by its count of such ends.
    let login = log_in(&one, ADA).await;
    let acme = siege.tenancy.suspend(&acme).await.unwrap();
    let acme = siege.tenancy.reactivate(&acme).await.unwrap();
    ends(&login, Refusal::LoggedOut).await;
    let login = log_in(&one, ADA).await;
    let own = one.in_session(Some(login.session.token()));
    own.trash(&acme).await.unwrap();
    ends(&login, Refusal::Trashed(acme.name.clone())).await;
}

pub async fn a_token_that_was_made_up_ends_nothing<F: Fixture>() {
    let (siege, [one, _]) = two::<F>().await;
    let login = log_in(&one, ADA).await;
    let text = login.refresh_token.reveal();
    let rules = Rules { secret_key: Some(secret(&KEY.replace('a', "b"))), ..Rules::default() };
    let foreign = Tenancy::new(Arc::clone(&siege.store), rules, Caller::new("a@b")).unwrap();
    let others = foreign.login_for_refresh(ADA, &secret(PASSWORD), None).await.unwrap();
    let others = others.refresh_token.reveal();
    let made_up = [
        format!("{}{}", &text[..28], &others[28..]),
        format!("{}{}", &text[..92], "0".repeat(32)),
        others.to_owned(),
        String::new(),
        login.session.token().to_owned(),
    ];
    for made_up in made_up {
        let made_up = secret(&made_up);
        assert_eq!(refused(one.refresh(&made_up).await), Refusal::Foreign);
        assert_eq!(refused(one.end_family(&made_up).await), Refusal::Foreign);
    }
    assert_eq!(call(&one, &login, &siege.acme).await, Ok(()));
    // Nor is one a session.
    let called = one.in_session(Some(text));
    assert_eq!(refused(called.ensure_session().await), Refusal::Foreign);
    assert!(one.refresh(&login.refresh_token).await.is_ok());
}
