//! Second factors: a code is accepted once, whoever is first, and nothing gets around it.

use std::sync::Arc;

use bson::DateTime;
use tenantry::{
    org::{FactorKey, NewSecondFactor, OperationKind, Operator, OperatorRole, Secret},
    store::{AuditAt, AuditFilter, Outcome, Required},
    tenancy::{Confirmation, Error, OperatorChanges, Own, Refusal, Session},
};

use crate::attack::{Besieged, KEY, OTHER, PASSWORD, secret, tenancy};
use crate::fixture::Fixture;
use crate::operators::{OPS, operator, refused, require};
use crate::support::totp::code;

/// An operator who has a second factor, with the app's secret and the recovery codes, the last of which are followed by
/// the code that was used up by that, the one of the last half minute.
pub fn with_factor(email: &str, role: OperatorRole) -> (Operator, Secret, Vec<Secret>) {
    let new = NewSecondFactor::generate().unwrap();
    let app = new.base32();
    let mut operator = operator(email, role);
    let key = FactorKey::derive(&secret(KEY));
    let used = secret(&code(app.reveal(), -1));
    let confirmed = new.confirm(&used, DateTime::now(), operator.id, Some(&key)).unwrap();
    let (factor, mut codes) = confirmed.unwrap();
    codes.push(used);
    operator.second_factor = Some(factor);
    (operator, app, codes)
}

async fn besieged<F: Fixture>() -> (Besieged<F>, Secret, Vec<Secret>) {
    let siege = Besieged::<F>::new().await;
    let (ops, app, codes) = with_factor(OPS, OperatorRole::Manager);
    require(&*siege.store, Required::Nothing, vec![ops]).await;
    (siege, app, codes)
}

async fn login<F: Fixture>(siege: &Besieged<F>, code: &str) -> Result<Session, Error> {
    siege.tenancy.login_with_code(OPS, &secret(PASSWORD), Some(&secret(code))).await
}

/// Of four logins at once from two consoles with the same code, one succeeds; and the same with a recovery code. No secret
/// is stored or recorded as it is.
pub async fn assert_accepted_once<F: Fixture>(
    siege: &Besieged<F>,
    email: &'static str,
    app: &Secret,
    codes: &[Secret],
) {
    let consoles = [tenancy(Arc::clone(&siege.store)), tenancy(siege.fixture.open(false).await)];
    // One of the app, and a recovery code.
    for typed in [secret(&code(app.reveal(), 1)), codes[3].clone()] {
        let mut logins = tokio::task::JoinSet::new();
        for at in 0..4 {
            let (console, typed) = (consoles[at % 2].clone(), typed.clone());
            logins.spawn(async move {
                console.login_with_code(email, &secret(PASSWORD), Some(&typed)).await
            });
        }
        let answers = logins.join_all().await;
        let right = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(right, 1, "{answers:?}");
        for answer in answers.into_iter().filter_map(Result::err) {
            assert_eq!(answer, Error::WrongAuthenticationCode);
        }
        siege.fixture.end_waits().await;
    }
    let stored = format!("{:?}", siege.fixture.stored().await);
    let bare = app.reveal().replace(' ', "");
    let mut secrets: Vec<&str> = codes.iter().map(Secret::reveal).collect();
    secrets.push(&bare);
    assert!(secrets.iter().all(|secret| !stored.contains(secret)));
    siege.audit_log(&secrets).await;
}

pub async fn a_code_is_accepted_once_also_by_two_consoles_at_once<F: Fixture>() {
    let (siege, app, codes) = besieged::<F>().await;
    // The one that it was set up with, and none.
    let used = login(&siege, codes[10].reveal()).await;
    assert_eq!(used.unwrap_err(), Error::WrongAuthenticationCode);
    for empty in [None, Some(secret(""))] {
        let none = siege.tenancy.login_with_code(OPS, &secret(PASSWORD), empty.as_ref()).await;
        assert_eq!(none.unwrap_err(), Error::CodeRequired);
    }
    assert_accepted_once(&siege, OPS, &app, &codes).await;
    let now = siege.store.directory().await.unwrap();
    let factor = now.operators[0].second_factor.clone().unwrap();
    assert_eq!(factor.recovery_codes(), 9);
}

/// Whoever knows the password guesses at codes no faster than at passwords, and asking without a code forgets nothing.
pub async fn codes_are_guessed_no_faster_than_passwords<F: Fixture>() {
    let (siege, app, _) = besieged::<F>().await;
    for _ in 0..4 {
        let wrong = login(&siege, "000000").await;
        assert_eq!(wrong.unwrap_err(), Error::WrongAuthenticationCode);
        let none = siege.tenancy.login(OPS, &secret(PASSWORD)).await;
        assert_eq!(none.unwrap_err(), Error::CodeRequired);
    }
    assert_eq!(login(&siege, "000000").await.unwrap_err(), Error::WrongAuthenticationCode);
    // Not even a right one is looked at now.
    let waits = login(&siege, &code(app.reveal(), 0)).await;
    assert!(matches!(waits, Err(Error::Waiting(_))), "{waits:?}");
    siege.fixture.end_waits().await;
    let session = login(&siege, &code(app.reveal(), 0)).await.unwrap();
    assert_eq!(session.failures, 6);
    // A wrong password says nothing of a second factor.
    let wrong = siege.tenancy.login_with_code(OPS, &secret(OTHER), Some(&secret("000000"))).await;
    assert_eq!(wrong.unwrap_err(), Error::WrongLogin);
    let told = siege.audit_log(&[]).await;
    let refused = told.iter().filter(|told| told.0 == "log in" && told.1 == Outcome::Refused);
    assert_eq!(refused.count(), 7);
}

/// Setting up, replacing and removing it; and every other session ends with it.
pub async fn a_factor_is_set_up_with_a_right_code_and_ends_the_sessions_without_it<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let accounts = vec![
        operator("boss@example.com", OperatorRole::Manager),
        operator(OPS, OperatorRole::Operator),
    ];
    require(&*siege.store, Required::Nothing, accounts).await;
    let t = &siege.tenancy;
    let new = NewSecondFactor::generate().unwrap();
    let app = new.base32();
    let right = secret(&code(app.reveal(), 0));
    assert_eq!(refused(t.set_up_second_factor(&new, &right).await), Refusal::OperatorsRequired);
    let (elsewhere, here) = (siege.log_in(OPS).await, siege.log_in(OPS).await);
    let own = t.in_session(Some(here.token()));
    let before = siege.store.directory().await.unwrap();
    let wrong = own.set_up_second_factor(&new, &secret("000000")).await;
    assert_eq!(wrong.unwrap_err(), Error::WrongFirstCode);
    assert_eq!(siege.store.directory().await.unwrap(), before);
    let (session, codes) = own.set_up_second_factor(&new, &right).await.unwrap();
    assert_eq!(codes.len(), 10);
    // Spent, and no session without it goes on.
    assert_eq!(login(&siege, right.reveal()).await.unwrap_err(), Error::WrongAuthenticationCode);
    for ended in [&elsewhere, &here] {
        let ended = t.in_session(Some(ended.token()));
        assert_eq!(refused(ended.suspend(&siege.acme).await), Refusal::OperatorChanged);
    }
    let acme = t.in_session(Some(session.token())).suspend(&siege.acme).await.unwrap();
    assert_eq!(t.login(OPS, &secret(PASSWORD)).await.unwrap_err(), Error::CodeRequired);
    let session = login(&siege, codes[0].reveal()).await.unwrap();
    let own = t.in_session(Some(session.token()));
    own.reactivate(&acme).await.unwrap();
    // Its own is not what a manager resets of others.
    let reset = OperatorChanges { resets_second_factor: true, ..OperatorChanges::default() };
    assert!(matches!(refused(own.update_operator(OPS, &reset).await), Refusal::Role { .. }));
    let Own::Operator(removed) = own.remove_second_factor().await.unwrap() else { panic!("ops") };
    assert_eq!(removed.second_factor, None);
    assert!(t.login(OPS, &secret(PASSWORD)).await.is_ok());
    assert_eq!(refused(own.remove_second_factor().await), Refusal::OperatorChanged);
    siege.audit_log(&[app.reveal(), codes[0].reveal(), right.reveal()]).await;
}

/// A reset is a manager's, and recovery is the way in for whoever has the database; nothing else lifts a factor.
pub async fn only_a_manager_or_a_recovery_lifts_it<F: Fixture>() {
    let (siege, app, _) = besieged::<F>().await;
    let t = &siege.tenancy;
    let (eve, eves, _) = with_factor("eve@example.com", OperatorRole::Manager);
    let mut accounts = siege.store.directory().await.unwrap().operators;
    accounts.push(eve);
    require(&*siege.store, Required::Nothing, accounts).await;
    // A trashed organization is purged with e-mail and password: not without the code.
    let session = login(&siege, &code(app.reveal(), 0)).await.unwrap();
    let boss = t.in_session(Some(session.token()));
    let globex = boss.trash(&siege.globex).await.unwrap();
    let purged = t.purge(&globex, &Confirmation::Given, OPS, &secret(PASSWORD), None).await;
    assert_eq!(purged, Err(Error::CodeRequired));
    let log = t.audit(None, &AuditFilter::ALL, AuditAt::Newest, 1).await.unwrap();
    assert_eq!(log.entries[0].entry.action, OperationKind::Trash, "half a login is no refusal");
    // Another password does not lift it.
    let password = Some(secret(OTHER));
    let changes = OperatorChanges { password, ..OperatorChanges::default() };
    boss.update_operator(OPS, &changes).await.unwrap();
    assert_eq!(t.login(OPS, &secret(OTHER)).await.unwrap_err(), Error::CodeRequired);
    let typed = secret(&code(eves.reveal(), 0));
    let eve = t.login_with_code("eve@example.com", &secret(PASSWORD), Some(&typed)).await.unwrap();
    let eve = t.in_session(Some(eve.token()));
    let reset = OperatorChanges { resets_second_factor: true, ..OperatorChanges::default() };
    assert_eq!(eve.update_operator("eve@example.com", &reset).await, Err(Error::OwnSecondFactor));
    eve.update_operator(OPS, &reset).await.unwrap();
    let none = Error::NoSecondFactor(OPS.into());
    assert_eq!(eve.update_operator(OPS, &reset).await, Err(none));
    assert!(t.login(OPS, &secret(OTHER)).await.is_ok());
    t.recover_operators("eve@example.com", &secret(OTHER)).await.unwrap();
    assert!(t.login("eve@example.com", &secret(OTHER)).await.is_ok());
    let told = siege.audit_log(&[app.reveal(), eves.reveal()]).await;
    assert!(told.iter().any(|told| told.0 == "recover operator"));
}

/// Where a role requires one, who has none sets one up and does nothing else.
pub async fn a_role_that_requires_one_does_nothing_without<F: Fixture>() {
    let (siege, app, _) = besieged::<F>().await;
    let t = &siege.tenancy;
    let mut accounts = siege.store.directory().await.unwrap().operators;
    accounts.push(operator("op@example.com", OperatorRole::Operator));
    accounts.push(operator("viewer@example.com", OperatorRole::Viewer));
    require(&*siege.store, Required::Everything, accounts).await;
    let nobody = t.require_second_factor(Some(OperatorRole::Operator)).await;
    assert_eq!(refused(nobody), Refusal::ManagersOnly);
    let boss = login(&siege, &code(app.reveal(), 0)).await.unwrap();
    let boss = t.in_session(Some(boss.token()));
    let before = siege.log_in("op@example.com").await;
    boss.require_second_factor(Some(OperatorRole::Operator)).await.unwrap();
    assert_eq!(refused(boss.remove_second_factor().await), Refusal::SecondFactorRequired);
    // A session from before as well as a new one.
    for session in [before, siege.log_in("op@example.com").await] {
        let own = t.in_session(Some(session.token()));
        let why = Refusal::SecondFactorRequired;
        assert_eq!(refused(own.named("Acme Corp").await), why);
        siege.is_shut_out(&siege.acme, session.token(), &why).await;
        assert_eq!(refused(own.operators().await), why);
    }
    let viewer = siege.log_in("viewer@example.com").await;
    assert!(t.in_session(Some(viewer.token())).named("Acme Corp").await.is_ok());
    let own = siege.log_in("op@example.com").await;
    let own = t.in_session(Some(own.token()));
    let new = NewSecondFactor::generate().unwrap();
    let typed = secret(&code(new.base32().reveal(), 0));
    let (session, _) = own.set_up_second_factor(&new, &typed).await.unwrap();
    let own = t.in_session(Some(session.token()));
    assert!(own.suspend(&siege.acme).await.is_ok());
    let told = boss.audit(None, &AuditFilter::ALL, AuditAt::Newest, 50).await.unwrap().entries;
    let set = told.iter().find(|told| told.entry.action == OperationKind::RequireOperators);
    let set = set.unwrap();
    assert_eq!(set.entry.changes[0].field.raw(), "second factor");
    assert_eq!(set.entry.changes[0].to.raw(), "operator");
}

/// Without the key that it was encrypted with, no code says anything, and none is counted.
pub async fn a_factor_of_another_key_is_refused_and_says_why<F: Fixture>() {
    let (siege, app, codes) = besieged::<F>().await;
    let rules = tenantry::tenancy::Rules::default();
    let caller = tenantry::tenancy::Caller::new("tester@here");
    let store = Arc::clone(&siege.store);
    let other = tenantry::tenancy::Tenancy::new(store, rules, caller).unwrap();
    for _ in 0..7 {
        let typed = secret(&code(app.reveal(), 0));
        let refused = other.login_with_code(OPS, &secret(PASSWORD), Some(&typed)).await;
        assert_eq!(refused.unwrap_err(), Error::FactorUnreadable(OPS.into()));
    }
    let session = other.login_with_code(OPS, &secret(PASSWORD), Some(&codes[9])).await;
    assert_eq!(session.unwrap().failures, 0);
}
