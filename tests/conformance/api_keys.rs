//! API keys: who a program is that has one, what it never may, and when it opens nothing.

use std::{sync::Arc, time::Duration};

use bson::DateTime;
use tenantry::{
    org::{OperationKind, Operator, OperatorRole, Secret},
    store::{AuditAt, AuditFilter, Directory, Entry, Outcome, Required, Store},
    tenancy::{
        API_KEYS_MOST, Caller, Edit, Error, NewOrganization, OperatorChanges, OwnedApiKey, Refusal,
        Tenancy, with_key,
    },
};

use crate::attack::{Besieged, OTHER, PASSWORD, secret, tenancy};
use crate::fixture::Fixture;
use crate::operators::{OPS, all, operator, refused, require};
use crate::second_factor::with_factor;
use crate::support::totp::code;

const BOSS: &str = "boss@example.com";

/// A database with a manager and one operator with this role, and a key of that one.
async fn with_one<F: Fixture>(
    role: OperatorRole,
    key: OperatorRole,
) -> (Besieged<F>, OwnedApiKey, Secret) {
    let siege = Besieged::<F>::new().await;
    let accounts = vec![operator(BOSS, OperatorRole::Manager), operator(OPS, role)];
    require(&*siege.store, Required::Nothing, accounts).await;
    let (key, text) = own(&siege, OPS).await.create_key("ci", key, None).await.unwrap();
    (siege, key, text)
}

async fn own<F: Fixture>(siege: &Besieged<F>, email: &str) -> Tenancy {
    let session = siege.log_in(email).await;
    siege.tenancy.in_session(Some(session.token()))
}

fn by<F>(siege: &Besieged<F>, key: &Secret) -> Tenancy {
    siege.tenancy.in_session(Some(key.reveal()))
}

/// Changes an operator past all rules.
async fn change(store: &dyn Store, email: &str, change: impl Fn(&mut Operator)) {
    let mut now = store.directory().await.unwrap();
    now.operators.iter_mut().filter(|own| own.email.raw() == email).for_each(change);
    store.write_directory(&now, &Entry::new("tester@here", "change operator")).await.unwrap();
}

fn new(name: &str, email: &str) -> NewOrganization {
    NewOrganization { name: name.into(), email: email.into(), password: secret(OTHER) }
}

pub async fn a_key_is_its_operator_with_the_lower_of_both_roles<F: Fixture>() {
    let (siege, owned, text) = with_one::<F>(OperatorRole::Manager, OperatorRole::Viewer).await;
    assert_eq!((owned.operator.raw(), owned.key.name.raw()), (OPS, "ci"));
    let viewer = by(&siege, &text);
    assert_eq!(viewer.ensure_session().await, Ok(()));
    assert!(viewer.named("Acme Corp").await.is_ok());
    let role = |role| Refusal::Role { role, least: OperatorRole::Operator };
    let brand_new = new("Brand New", "brand@new.com");
    assert_eq!(refused(viewer.create(&brand_new).await), role(OperatorRole::Viewer));
    let ops = own(&siege, OPS).await;
    let (_, text) = ops.create_key("deploy", OperatorRole::Operator, None).await.unwrap();
    by(&siege, &text).create(&brand_new).await.unwrap();
    // What is recorded names the operator and the key, also where it was refused.
    let filter = AuditFilter { operator: Some("deploy".into()), ..AuditFilter::ALL };
    let told = siege.tenancy.audit(None, &filter, AuditAt::Newest, 10).await.unwrap().entries;
    assert_eq!(told.len(), 1);
    let entry = &told[0].entry;
    assert_eq!((entry.account.raw(), entry.key.raw()), (OPS, "deploy"));
    assert_eq!((entry.shown_by().as_str(), entry.admin.raw()), ("ops@example.com, key deploy", ""));
    assert_eq!(entry.action, OperationKind::Create);
    let filter = AuditFilter { operator: Some("ci".into()), ..AuditFilter::ALL };
    let told = siege.tenancy.audit(None, &filter, AuditAt::Newest, 10).await.unwrap().entries;
    assert_eq!((told.len(), told[0].entry.outcome), (1, Outcome::Refused));
    // What the operator may no longer do, their keys may not either.
    change(&*siege.store, OPS, |own| own.role = OperatorRole::Viewer).await;
    let refused_now = refused(by(&siege, &text).suspend(&siege.acme).await);
    assert_eq!(refused_now, role(OperatorRole::Viewer));
    siege.audit_log(&[text.reveal(), &text.reveal()[28..92]]).await;
    let stored = format!("{:?}", siege.store.directory().await.unwrap());
    assert!(!stored.contains(&text.reveal()[28..92]));
}

/// A manager's key of a manager.
pub async fn no_key_does_what_needs_a_person<F: Fixture>() {
    let (siege, owned, text) = with_one::<F>(OperatorRole::Manager, OperatorRole::Manager).await;
    let key = by(&siege, &text);
    let before = siege.fixture.stored().await;
    let operators = siege.store.directory().await.unwrap().operators;
    // None of these is done.
    let email = Edit { email: Some("evil@evil.com".into()), ..Edit::default() };
    let own_password =
        OperatorChanges { password: Some(secret(OTHER)), ..OperatorChanges::default() };
    let factor = Tenancy::new_second_factor().unwrap();
    let refusals = [
        refused(key.update(&siege.acme, &email).await),
        refused(key.update_operator(OPS, &own_password).await),
        refused(key.recover_operators(OPS, &secret(OTHER)).await),
        refused(key.set_up_second_factor(&factor, &secret("000000")).await),
        refused(key.remove_second_factor().await),
        refused(key.require_second_factor(Some(OperatorRole::Manager)).await),
        refused(key.create_key("more", OperatorRole::Viewer, None).await),
        refused(key.keys().await),
        refused(key.revoke_key("ci").await),
        refused(key.redeem("ada@acme.com", &secret("code"), &secret(OTHER)).await),
        refused(key.purge_expired().await),
        refused(key.authorize(&siege.acme).await),
        refused(key.ensure_exportable(&siege.acme, true).await),
        refused(key.ensure_allowed(&OperationKind::Purge, &siege.acme).await),
    ];
    assert!(refusals.iter().all(|refusal| *refusal == Refusal::NotWithKey), "{refusals:?}");
    assert_eq!(key.ensure_exportable(&siege.acme, false).await, Ok(()));
    for operation in OperationKind::KNOWN {
        let allowed = key.ensure_may(&operation, None).await;
        let not_with_key = Err(Error::NotAllowed(Refusal::NotWithKey));
        assert_eq!(allowed == not_with_key, !with_key(&operation), "{operation}: {allowed:?}");
    }
    assert_eq!(siege.fixture.stored().await, before);
    let now = siege.store.directory().await.unwrap().operators;
    let same = |own: &Operator| (own.id, own.role, own.password.clone(), own.second_factor.clone());
    assert!(now.iter().map(same).eq(operators.iter().map(same)));
    assert_eq!(now[1].keys.iter().map(|key| key.id).collect::<Vec<_>>(), [owned.key.id]);
    for (operation, answer) in all(&key, &siege.acme).await {
        let was_refused = matches!(answer, Err(Error::NotAllowed(Refusal::NotWithKey)));
        assert_eq!(was_refused, !with_key(&operation), "{operation}: {answer:?}");
    }
    // Whoever has a key beside may still log in.
    assert!(key.login(OPS, &secret(PASSWORD)).await.is_ok());
}

/// Nothing at all is done or shown with it, whatever the database requires.
async fn opens_nothing<F: Fixture>(siege: &Besieged<F>, key: &Secret, why: &Refusal) {
    let before = siege.fixture.stored().await;
    for required in Required::ALL {
        let now = siege.store.directory().await.unwrap();
        require(&*siege.store, required, now.operators).await;
        // Whatever an earlier call was allowed.
        let _ = siege.tenancy.named("Acme Corp").await;
        let key = by(siege, key);
        assert_eq!(&refused(key.ensure_session().await), why);
        assert_eq!(&refused(key.named("Acme Corp").await), why, "{required:?}");
        assert_eq!(&refused(key.audit(None, &AuditFilter::ALL, AuditAt::Newest, 1).await), why);
        assert_eq!(&refused(key.create(&new("Brand New", "brand@new.com")).await), why);
        assert_eq!(&refused(key.suspend(&siege.acme).await), why);
        assert_eq!(&refused(key.trash(&siege.acme).await), why);
        assert_eq!(&refused(key.keys().await), why);
    }
    let now = siege.store.directory().await.unwrap();
    require(&*siege.store, Required::Nothing, now.operators).await;
    assert_eq!(siege.fixture.stored().await, before);
}

pub async fn a_key_that_is_not_valid_opens_nothing<F: Fixture>() {
    let (siege, _, text) = with_one::<F>(OperatorRole::Manager, OperatorRole::Manager).await;
    let ops = own(&siege, OPS).await;
    let (_, other) = ops.create_key("other", OperatorRole::Manager, None).await.unwrap();
    // Mistyped; and with the identity of one and the secret of the other.
    let mistyped = secret(&text.reveal().replace(&text.reveal()[40..41], "_"));
    let crossed = format!("{}{}", &text.reveal()[..28], &other.reveal()[28..]);
    for wrong in [mistyped, secret(&crossed), secret("tnt_")] {
        opens_nothing(&siege, &wrong, &Refusal::KeyNotValid).await;
    }
    ops.revoke_key("CI").await.unwrap();
    opens_nothing(&siege, &text, &Refusal::KeyNotValid).await;
    assert_eq!(by(&siege, &other).ensure_session().await, Ok(()));
    let soon = DateTime::from_millis(DateTime::now().timestamp_millis() + 2_000);
    let (_, short) = ops.create_key("short", OperatorRole::Manager, Some(soon)).await.unwrap();
    let called = by(&siege, &short);
    assert_eq!(called.ensure_session().await, Ok(()));
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    // Also for a call that began before.
    assert_eq!(refused(called.suspend(&siege.acme).await), Refusal::KeyExpired("short".into()));
    opens_nothing(&siege, &short, &Refusal::KeyExpired("short".into())).await;
}

pub async fn a_key_works_as_long_as_its_operator_may_log_in<F: Fixture>() {
    let (siege, _, text) = with_one::<F>(OperatorRole::Manager, OperatorRole::Viewer).await;
    let called = by(&siege, &text);
    assert_eq!(called.ensure_session().await, Ok(()));
    change(&*siege.store, OPS, |own| own.disabled = true).await;
    assert_eq!(refused(called.ensure_session().await), Refusal::Disabled);
    opens_nothing(&siege, &text, &Refusal::Disabled).await;
    change(&*siege.store, OPS, |own| own.disabled = false).await;
    // The operator's role needs a second factor, though the key's would not.
    let now = siege.store.directory().await.unwrap();
    let next = Directory { second_factor_from: Some(OperatorRole::Manager), ..now };
    siege.store.write_directory(&next, &Entry::new("a@b", "require login")).await.unwrap();
    opens_nothing(&siege, &text, &Refusal::SecondFactorRequired).await;
    let (factor, app, _) = with_factor(OPS, OperatorRole::Manager);
    change(&*siege.store, OPS, |own| {
        (own.id, own.second_factor) = (factor.id, factor.second_factor.clone());
    })
    .await;
    assert_eq!(
        called
            .called_by(Caller::new("a@b").with_session(Some(text.reveal())))
            .ensure_session()
            .await,
        Ok(())
    );
    let typed = secret(&code(app.reveal(), 0));
    let session = siege.tenancy.login_with_code(OPS, &secret(PASSWORD), Some(&typed)).await;
    let ops = siege.tenancy.in_session(Some(session.unwrap().token()));
    assert_eq!(ops.keys().await.unwrap().len(), 1);
    let mut now = siege.store.directory().await.unwrap();
    now.operators.retain(|own| own.email.raw() != OPS);
    siege.store.write_directory(&now, &Entry::new("a@b", "remove operator")).await.unwrap();
    opens_nothing(&siege, &text, &Refusal::KeyNotValid).await;
}

pub async fn keys_are_created_listed_and_revoked_by_whom_they_belong_to<F: Fixture>() {
    let (siege, owned, _) = with_one::<F>(OperatorRole::Operator, OperatorRole::Viewer).await;
    let (boss, ops) = (own(&siege, BOSS).await, own(&siege, OPS).await);
    let (viewer, manager) = (OperatorRole::Viewer, OperatorRole::Manager);
    let above = refused(ops.create_key("more", manager, None).await);
    assert_eq!(above, Refusal::Role { role: OperatorRole::Operator, least: manager });
    assert_eq!(
        ops.create_key("CI", viewer, None).await.unwrap_err(),
        Error::KeyNameTaken("CI".into())
    );
    for name in ["", "a b", "a/b"] {
        assert!(matches!(ops.create_key(name, viewer, None).await, Err(Error::Invalid(_))));
    }
    let nobody = refused(siege.tenancy.create_key("more", viewer, None).await);
    assert_eq!(nobody, Refusal::OperatorsOnly);
    let admin = own(&siege, "ada@acme.com").await;
    assert_eq!(refused(admin.create_key("more", viewer, None).await), Refusal::OperatorsOnly);
    assert_eq!(refused(admin.keys().await), Refusal::OperatorsOnly);
    assert_eq!(refused(siege.tenancy.revoke_key("ci").await), Refusal::OperatorsOnly);
    // The same name is another operator's, too.
    let (bosses, _) = boss.create_key("ci", manager, None).await.unwrap();
    assert_eq!(ops.keys().await.unwrap(), std::slice::from_ref(&owned));
    assert_eq!(boss.keys().await.unwrap(), [bosses.clone(), owned.clone()]);
    let id = bosses.key.id.to_hex();
    assert_eq!(ops.revoke_key(&id).await.unwrap_err(), Error::NoSuchKey(id.as_str().into()));
    // One's own first.
    assert_eq!(boss.revoke_key("ci").await.unwrap(), bosses);
    assert_eq!(boss.revoke_key("ci").await.unwrap(), owned);
    assert_eq!(boss.revoke_key("ci").await.unwrap_err(), Error::NoSuchKey("ci".into()));
    let (by_id, _) = ops.create_key("by-id", viewer, None).await.unwrap();
    assert_eq!(boss.revoke_key(&by_id.key.id.to_hex()).await.unwrap(), by_id);
    assert_eq!(boss.keys().await.unwrap(), []);
    for number in 0..API_KEYS_MOST {
        ops.create_key(&format!("key-{number}"), viewer, None).await.unwrap();
    }
    assert_eq!(ops.create_key("one-more", viewer, None).await.unwrap_err(), Error::TooManyKeys);
    let told = siege.audit_log(&[]).await;
    let count = |action: &str, outcome| {
        told.iter().filter(|told| told.0 == action && told.1 == outcome).count()
    };
    assert_eq!(count("create key", Outcome::Done), API_KEYS_MOST + 3);
    assert_eq!(count("revoke key", Outcome::Done), 3);
    assert!(count("create key", Outcome::Refused) >= 7);
}

pub async fn when_a_key_was_used_is_noted_and_changes_nothing_else<F: Fixture>() {
    let (siege, owned, text) = with_one::<F>(OperatorRole::Manager, OperatorRole::Viewer).await;
    let used = async || siege.store.directory().await.unwrap().operators[1].keys[0].last_used;
    let reader = Caller::new("a@b").with_read_only(true).with_session(Some(text.reveal()));
    let reader = siege.tenancy.called_by(reader);
    assert!(reader.named("Acme Corp").await.is_ok());
    siege.tenancy.cleaned_up().await;
    assert_eq!(used().await, None);
    let (read, began) = (siege.store.directory().await.unwrap(), DateTime::now());
    by(&siege, &text).named("Acme Corp").await.unwrap();
    siege.tenancy.cleaned_up().await;
    let first = used().await;
    assert!(first.is_some_and(|at| at >= began), "{first:?}");
    // Whoever has read it before can write it all the same.
    let entry = Entry::new("tester@here", "change operator");
    siege.store.write_directory(&read, &entry).await.unwrap();
    assert_eq!(used().await, None);
    // Not again within the hour; nor by another instance, once it is noted.
    by(&siege, &text).named("Acme Corp").await.unwrap();
    siege.tenancy.cleaned_up().await;
    assert_eq!(used().await, None);
    let other = tenancy(Arc::clone(&siege.store)).in_session(Some(text.reveal()));
    other.named("Acme Corp").await.unwrap();
    other.cleaned_up().await;
    let second = used().await;
    assert!(second >= first);
    let third = tenancy(Arc::clone(&siege.store)).in_session(Some(text.reveal()));
    third.named("Acme Corp").await.unwrap();
    third.cleaned_up().await;
    assert_eq!(used().await, second);
    // One that is gone is noted nowhere.
    own(&siege, OPS).await.revoke_key("ci").await.unwrap();
    siege.store.note_key_use(owned.key.id, began).await.unwrap();
    assert_eq!(siege.store.directory().await.unwrap().operators[1].keys, []);
}
