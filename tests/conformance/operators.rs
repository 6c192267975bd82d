//! Operators: who has an account, what their role allows, and that nobody gets around it.

use std::sync::Arc;

use bson::{DateTime, oid::ObjectId};
use tenantry::{
    org::{OperationKind, Operator, OperatorRole, Org, PasswordHash, Role},
    store::{
        AuditAt, AuditFilter, Directory, Entry, Examination, Outcome, Required, Store, StoreError,
        no_progress, no_watch,
    },
    tenancy::{
        AdminChanges, Confirmation, Edit, Error, NewOrganization, OperatorChanges, Refusal, Result,
        Tenancy, least_role,
    },
};

use crate::attack::{Besieged, OTHER, PASSWORD, secret, tenancy};
use crate::fixture::{Fixture, new_org, with_acme, with_email};
use crate::support::operations::Operations as _;

pub const OPS: &str = "ops@example.com";

fn entry() -> Entry {
    Entry::new("tester@here", "add operator")
}

/// An account with [`PASSWORD`], at the lowest cost.
pub fn operator(email: &str, role: OperatorRole) -> Operator {
    Operator {
        id: ObjectId::new(),
        email: email.into(),
        password: PasswordHash::stored(bcrypt::hash(PASSWORD, 4).unwrap()),
        role,
        disabled: false,
        created_at: DateTime::from_millis(1_700_000_000_000),
        last_login: None,
        second_factor: None,
        keys: Vec::new(),
    }
}

fn directory(operators: Vec<Operator>) -> Directory {
    Directory { operators, ..Directory::default() }
}

/// Whatever is required, for these operators.
pub async fn require(store: &dyn Store, required: Required, operators: Vec<Operator>) {
    let now = store.directory().await.unwrap();
    let next = Directory { required, operators, ..now };
    store.write_directory(&next, &entry()).await.unwrap();
}

pub fn refused<T: std::fmt::Debug>(answer: Result<T>) -> Refusal {
    match answer {
        Err(Error::NotAllowed(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

pub async fn a_directory_is_written_whole_and_only_as_it_was_read<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let before = fixture.stored().await;
    assert_eq!(store.directory().await.unwrap(), Directory::default());
    assert_eq!(fixture.stored().await, before);
    let (one, other) = (entry(), entry());
    let first = directory(vec![operator(OPS, OperatorRole::Manager)]);
    store.write_directory(&first, &one).await.unwrap();
    let second = fixture.open(false).await;
    let written = second.directory().await.unwrap();
    assert_eq!(written.operators, first.operators);
    assert!(written.revision > 0);
    // Somebody has written it since that was read.
    let late = directory(vec![operator("eve@example.com", OperatorRole::Manager)]);
    assert_eq!(second.write_directory(&late, &other).await, Err(StoreError::Changed));
    assert_eq!(store.directory().await.unwrap(), written);
    let next = Directory { required: Required::Writes, ..written.clone() };
    second.write_directory(&next, &other).await.unwrap();
    assert_eq!(store.directory().await.unwrap().required, Required::Writes);
    // One entry for each that was done, and none for the one that was not.
    let told = tenancy(store).audit(None, &AuditFilter::ALL, AuditAt::Newest, 100).await;
    let told: Vec<_> = told.unwrap().entries.iter().map(|told| told.entry.id).collect();
    assert_eq!(told.iter().filter(|id| **id == one.id).count(), 1);
    assert_eq!(told.iter().filter(|id| **id == other.id).count(), 1);
}

pub async fn no_operator_has_the_email_of_an_admin<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let admins = directory(vec![operator("ADA@acme.com", OperatorRole::Manager)]);
    let taken = store.write_directory(&admins, &entry()).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })), "{taken:?}");
    assert_eq!(store.directory().await.unwrap().operators, []);
    let ops = directory(vec![operator(OPS, OperatorRole::Manager)]);
    let ops = Directory { revision: store.directory().await.unwrap().revision, ..ops };
    store.write_directory(&ops, &entry()).await.unwrap();
    let created = store.create(&new_org("Globex", "Ops@Example.com")).await;
    assert_eq!(created, Err(StoreError::OperatorsEmail));
    assert_eq!(store.update(&acme, &with_email(OPS)).await, Err(StoreError::OperatorsEmail));
    // Nothing of it stays: neither the name nor the account.
    store.create(&new_org("Globex", "kim@globex.com")).await.unwrap();
    assert_eq!(store.directory().await.unwrap().operators.len(), 1);
    // Admins keep their e-mails in the trash.
    let acme = store.trash(&store.org(acme.id).await.unwrap().unwrap(), 30).await.unwrap();
    let mut both = store.directory().await.unwrap();
    both.operators.push(operator(acme.admin_email.raw(), OperatorRole::Viewer));
    let taken = store.write_directory(&both, &entry()).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })), "{taken:?}");
}

/// Each at once with the other, from two consoles.
pub async fn an_email_becomes_an_operators_or_an_admins_and_never_both<F: Fixture>() {
    let fixture = F::fresh().await;
    let stores = [fixture.open(false).await, fixture.open(false).await];
    stores[0].create(&new_org("First", "first@example.com")).await.unwrap();
    let mut both_lost = 0;
    for number in 0..12 {
        let email = format!("x{number}@example.com");
        let adds = async {
            let mut all = stores[0].directory().await.unwrap();
            all.operators.push(operator(&email, OperatorRole::Manager));
            stores[0].write_directory(&all, &entry()).await
        };
        let new = new_org(&format!("Org {number}"), &email);
        let (added, created) = tokio::join!(adds, stores[1].create(&new));
        let operators = stores[1].directory().await.unwrap();
        let is_operator = operators.with_email(&email).is_some();
        let is_admin = stores[0].admin_with_email(&email).await.unwrap().is_some();
        assert!(!(is_operator && is_admin), "{email}");
        assert_eq!(
            (added.is_ok(), created.is_ok()),
            (is_operator, is_admin),
            "{added:?} {created:?}"
        );
        both_lost += usize::from(!is_operator && !is_admin);
    }
    assert!(both_lost < 12);
}

/// Everything that can be done to an organization, in its own words and each once.
pub async fn all(tenancy: &Tenancy, org: &Org) -> Vec<(OperationKind, Result<()>)> {
    let new = NewOrganization {
        name: "Brand New".into(),
        email: "brand@new.com".into(),
        password: secret(OTHER),
    };
    let edit = Edit { name: Some("Acme Two".into()), ..Edit::default() };
    let role = AdminChanges { role: Some(Role::Admin), ..AdminChanges::default() };
    let told = no_watch;
    let examination = Examination { fix: true, quarantine: &[], told: &told };
    let believe = |_: &_| -> futures_util::future::BoxFuture<'static, bool> {
        Box::pin(std::future::ready(false))
    };
    let first = org.admin_email.raw();
    vec![
        (OperationKind::Create, tenancy.create(&new).await.map(drop)),
        (OperationKind::Update, tenancy.update(org, &edit).await.map(drop)),
        (OperationKind::Suspend, tenancy.suspend(org).await.map(drop)),
        (OperationKind::Reactivate, tenancy.reactivate(org).await.map(drop)),
        (OperationKind::IssueCode, tenancy.issue_code(org, first).await.map(drop)),
        (OperationKind::Trash, tenancy.trash(org).await.map(drop)),
        (OperationKind::Delete, tenancy.delete(org, &Confirmation::Given).await),
        (
            OperationKind::AddAdmin,
            tenancy.add_admin(org, "eve@acme.com", Role::Owner).await.map(drop),
        ),
        (OperationKind::RemoveAdmin, tenancy.remove_admin(org, "bob@acme.com").await.map(drop)),
        (OperationKind::ChangeAdmin, tenancy.update_admin(org, first, &role).await.map(drop)),
        (OperationKind::Transfer, tenancy.transfer(org, "zoe@acme.com", true).await.map(drop)),
        (OperationKind::Repair, tenancy.examine(&examination, &believe).await.map(drop)),
        (OperationKind::Upgrade, tenancy.upgrade(&no_progress).await.map(drop)),
        (
            OperationKind::AddOperator,
            tenancy.add_operator("new@example.com", None, &secret(OTHER)).await.map(drop),
        ),
        (
            OperationKind::ChangeOperator,
            tenancy
                .update_operator(
                    "viewer@example.com",
                    &OperatorChanges { disabled: Some(true), ..OperatorChanges::default() },
                )
                .await
                .map(drop),
        ),
        (
            OperationKind::RemoveOperator,
            tenancy.remove_operator("viewer@example.com").await.map(drop),
        ),
        (OperationKind::RequireOperators, tenancy.require_operators(Required::Everything).await),
    ]
}

pub async fn a_role_allows_what_the_table_says_and_nothing_else<F: Fixture>() {
    let emails = ["viewer@example.com", "operator@example.com", "manager@example.com"];
    for (role, email) in OperatorRole::ALL.into_iter().zip(emails) {
        for required in Required::ALL {
            let siege = Besieged::<F>::new().await;
            let accounts = OperatorRole::ALL.into_iter().zip(emails);
            let accounts = accounts.map(|(role, email)| operator(email, role)).collect();
            require(&*siege.store, required, accounts).await;
            let session = siege.log_in(email).await;
            let own = siege.tenancy.in_session(Some(session.token()));
            let stored = siege.fixture.stored().await;
            for (operation, answer) in all(&own, &siege.acme).await {
                let may = role >= least_role(&operation).unwrap();
                let was_refused = matches!(answer, Err(Error::NotAllowed(Refusal::Role { .. })));
                assert_eq!(was_refused, !may, "{role} {operation} {required:?}: {answer:?}");
            }
            if role == OperatorRole::Viewer {
                // But for the entries of the refusals.
                assert_eq!(siege.fixture.stored().await, stored);
                assert_eq!(own.named("Acme Corp").await.unwrap().id, siege.acme.id);
            }
            // What was recorded names the account, and the user and host beside it.
            let told = siege.tenancy.in_session(Some(session.token()));
            let told = told.activity(&siege.acme, 100).await.unwrap_or_default();
            for told in told.iter().filter(|told| told.entry.action != OperationKind::Create) {
                assert_eq!(told.entry.account.raw(), email, "{told:?}");
                assert_eq!(told.entry.operator.raw(), "tester@here");
                assert_eq!(told.entry.admin.raw(), "");
            }
        }
    }
}

pub async fn where_operators_are_required_nobody_else_writes<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let ops = || vec![operator(OPS, OperatorRole::Manager)];
    require(&*siege.store, Required::Writes, ops()).await;
    let stored = siege.fixture.stored().await;
    for (operation, answer) in all(&siege.tenancy, &siege.acme).await {
        assert!(matches!(answer, Err(Error::NotAllowed(_))), "{operation}: {answer:?}");
    }
    assert_eq!(siege.fixture.stored().await, stored);
    // Looking needs no account.
    assert!(siege.tenancy.named("Acme Corp").await.is_ok());
    // An owner runs their own organization, and no other.
    let owner = siege.log_in("ada@acme.com").await;
    let own = siege.tenancy.in_session(Some(owner.token()));
    let edit = Edit { name: Some("Acme Two".into()), ..Edit::default() };
    let acme = own.update(&siege.acme, &edit).await.unwrap();
    let other = refused(own.update(&siege.globex, &edit).await);
    assert!(matches!(other, Refusal::OtherOrganization { .. }), "{other:?}");
    let new = NewOrganization {
        name: "Brand New".into(),
        email: "brand@new.com".into(),
        password: secret(OTHER),
    };
    // They are logged in, and not as who may.
    assert_eq!(refused(own.create(&new).await), Refusal::OperatorsOnly);
    assert!(own.trash(&acme).await.is_ok());
    // And where looking needs one, nobody looks without.
    require(&*siege.store, Required::Everything, ops()).await;
    let fresh = tenancy(siege.fixture.open(false).await);
    assert_eq!(refused(fresh.named("Globex").await), Refusal::OperatorsRequired);
    assert_eq!(refused(fresh.activity(&siege.globex, 10).await), Refusal::OperatorsRequired);
    // An admin looks at their own organization, and at no other.
    let kim = fresh.login("kim@globex.com", &secret(PASSWORD)).await.unwrap();
    let kim = fresh.in_session(Some(kim.token()));
    assert_eq!(kim.named("globex").await.unwrap().id, siege.globex.id);
    assert!(kim.activity(&siege.globex, 10).await.is_ok());
    assert!(kim.org(siege.globex.id).await.unwrap().is_some());
    let others = [
        kim.named("Acme Two").await.map(drop),
        kim.named("Nothing").await.map(drop),
        kim.org(siege.acme.id).await.map(drop),
        kim.admins(&siege.acme).await.map(drop),
        kim.activity(&siege.acme, 10).await.map(drop),
        kim.audit(None, &AuditFilter::ALL, AuditAt::Newest, 10).await.map(drop),
        kim.head().await.map(drop),
        kim.operators().await.map(drop),
        kim.count(tenantry::store::ListScope::Live, None, 10).await.map(drop),
    ];
    for other in others {
        assert_eq!(refused(other), Refusal::OperatorsOnly);
    }
    let session = fresh.login(OPS, &secret(PASSWORD)).await.unwrap();
    assert!(fresh.in_session(Some(session.token())).named("Globex").await.is_ok());
}

/// An account that is disabled, removed, demoted or given another password ends what it was logged in for at once.
pub async fn a_session_ends_with_the_account_it_was_opened_with<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let manager = operator("boss@example.com", OperatorRole::Manager);
    let ops = operator(OPS, OperatorRole::Operator);
    let other = PasswordHash::stored(bcrypt::hash(OTHER, 4).unwrap());
    for (what, after, why) in [
        ("disabled", Some(Operator { disabled: true, ..ops.clone() }), Refusal::OperatorChanged),
        ("removed", None, Refusal::OperatorChanged),
        ("password", Some(Operator { password: other, ..ops.clone() }), Refusal::OperatorChanged),
        (
            "demoted",
            Some(Operator { role: OperatorRole::Viewer, ..ops.clone() }),
            Refusal::Role { role: OperatorRole::Viewer, least: OperatorRole::Operator },
        ),
    ] {
        require(&*siege.store, Required::Nothing, vec![manager.clone(), ops.clone()]).await;
        let session = siege.log_in(OPS).await;
        let own = siege.tenancy.in_session(Some(session.token()));
        assert_eq!(own.authorize(&siege.acme).await, Ok(()), "{what}");
        let accounts = [manager.clone()].into_iter().chain(after).collect();
        require(&*siege.store, Required::Nothing, accounts).await;
        assert_eq!(refused(own.suspend(&siege.acme).await), why, "{what}");
        if why == Refusal::OperatorChanged {
            siege.is_shut_out(&siege.acme, session.token(), &why).await;
        }
    }
    let session = siege.log_in("boss@example.com").await;
    siege.tenancy.logout(&session);
    let own = siege.tenancy.in_session(Some(session.token()));
    assert_eq!(refused(own.authorize(&siege.acme).await), Refusal::LoggedOut);
}

/// What an operator may is no password of anybody's: a session deletes, and changes no password.
pub async fn an_operator_deletes_a_customers_organization_and_knows_no_password<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    // Without operators it needs the customer's login, as ever.
    let edit = Edit { password: Some(secret(OTHER)), ..Edit::default() };
    assert!(matches!(refused(siege.tenancy.trash(&siege.acme).await), Refusal::NoSession(_)));
    let boss = operator(OPS, OperatorRole::Manager);
    require(&*siege.store, Required::Nothing, vec![boss]).await;
    assert!(matches!(refused(siege.tenancy.trash(&siege.acme).await), Refusal::NoLogin(_)));
    let session = siege.log_in(OPS).await;
    let own = siege.tenancy.in_session(Some(session.token()));
    // Whose login it is, is for a manager to change.
    let clerk = operator("clerk@example.com", OperatorRole::Operator);
    let boss = siege.store.directory().await.unwrap().operators.remove(0);
    require(&*siege.store, Required::Nothing, vec![boss, clerk]).await;
    let clerk = siege.log_in("clerk@example.com").await;
    let email = Edit { email: Some("eve@evil.com".into()), ..Edit::default() };
    let clerk = siege.tenancy.in_session(Some(clerk.token()));
    assert!(matches!(refused(clerk.update(&siege.acme, &email).await), Refusal::Role { .. }));
    let acme = own.suspend(&siege.acme).await.unwrap();
    assert!(matches!(refused(own.update(&acme, &edit).await), Refusal::OwnPassword(_)));
    // A suspended one as well: nobody could log in to it.
    own.ensure_deletable(&acme).await.unwrap();
    let trashed = own.trash(&acme).await.unwrap();
    let wrong =
        own.purge(&trashed, &Confirmation::Typed("Acme".into()), "", &secret(""), None).await;
    assert_eq!(wrong, Err(Error::NotConfirmed));
    own.purge(&trashed, &Confirmation::Given, "", &secret(""), None).await.unwrap();
    assert_eq!(siege.store.org(acme.id).await.unwrap(), None);
    // Or with e-mail and password, as an owner would.
    let globex = own.trash(&siege.globex).await.unwrap();
    let purged =
        siege.tenancy.purge(&globex, &Confirmation::Given, OPS, &secret(PASSWORD), None).await;
    assert_eq!(purged, Ok(()));
    assert_eq!(siege.tenancy.verify(None).await.unwrap().tampering, None);
}

pub async fn the_last_manager_stays_and_the_first_operator_is_one<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let t = &siege.tenancy;
    let password = secret(OTHER);
    let first = t.add_operator("Boss@Example.com", Some(OperatorRole::Viewer), &password).await;
    assert_eq!(first, Err(Error::FirstIsManager));
    assert_eq!(t.require_operators(Required::Writes).await, Err(Error::NoOperators));
    let nobody = t.recover_operators("boss@example.com", &password).await;
    assert!(matches!(nobody, Err(Error::NoSuchOperator(_))), "{nobody:?}");
    let admins = t.add_operator("ada@acme.com", None, &password).await;
    assert!(matches!(admins, Err(Error::Taken { .. })), "{admins:?}");
    let weak = t.add_operator("boss@example.com", None, &secret("boss@example.com 1")).await;
    assert!(matches!(weak, Err(Error::Invalid(_))), "{weak:?}");
    let first = t.add_operator("Boss@Example.com", None, &password).await.unwrap();
    assert_eq!(first.role, OperatorRole::Manager);
    // From then on it takes a manager.
    let second = t.add_operator("eve@example.com", None, &password).await;
    assert_eq!(refused(second), Refusal::ManagersOnly);
    let owner = siege.log_in("ada@acme.com").await;
    let owner = t.in_session(Some(owner.token()));
    let second = owner.add_operator("eve@example.com", None, &password).await;
    assert_eq!(refused(second), Refusal::ManagersOnly);
    let boss = t.login("boss@example.com", &password).await.unwrap();
    let boss = t.in_session(Some(boss.token()));
    let demoted =
        OperatorChanges { role: Some(OperatorRole::Operator), ..OperatorChanges::default() };
    let disabled = OperatorChanges { disabled: Some(true), ..OperatorChanges::default() };
    let last = Error::LastManager("Boss@Example.com".into());
    assert_eq!(boss.update_operator("boss@example.com", &demoted).await, Err(last.clone()));
    assert_eq!(boss.update_operator("boss@example.com", &disabled).await, Err(last.clone()));
    assert_eq!(boss.remove_operator("boss@example.com").await, Err(last.clone()));
    let eve = boss.add_operator("eve@example.com", None, &password).await.unwrap();
    assert_eq!(eve.role, OperatorRole::Operator);
    // Not an enabled manager, and so no help.
    assert_eq!(boss.update_operator("boss@example.com", &demoted).await, Err(last));
    // Nobody chooses a password for somebody else.
    let chosen = OperatorChanges { password: Some(secret(PASSWORD)), ..OperatorChanges::default() };
    let others = boss.update_operator("eve@example.com", &chosen).await;
    assert_eq!(others, Err(Error::OperatorsOwnPassword("eve@example.com".into())));
    let session = t.login("eve@example.com", &password).await.unwrap();
    let own = t.in_session(Some(session.token()));
    own.update_operator("eve@example.com", &chosen).await.unwrap();
    assert_eq!(refused(own.suspend(&siege.acme).await), Refusal::OperatorChanged);
    assert!(t.login("eve@example.com", &secret(PASSWORD)).await.is_ok());
    // After losing everything: whoever reaches the database, and it is recorded.
    boss.require_operators(Required::Everything).await.unwrap();
    let recovered = t.recover_operators("eve@example.com", &secret(OTHER)).await.unwrap();
    assert_eq!((recovered.role, recovered.disabled), (OperatorRole::Manager, false));
    let told = boss.audit(None, &AuditFilter::ALL, AuditAt::Newest, 1).await.unwrap();
    assert_eq!(told.entries[0].entry.action, OperationKind::RecoverOperators);
    assert_eq!(told.entries[0].entry.outcome, Outcome::Done);
    let head = boss.head().await.unwrap();
    assert_eq!((told.more, told.entries[0].hash.raw()), (true, head.hash.as_str()));
    assert_eq!(boss.verify(Some(&head)).await.unwrap().head, head);
}

pub async fn an_operators_login_is_guessed_no_faster_than_an_admins<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let off = Operator { disabled: true, ..operator("off@example.com", OperatorRole::Manager) };
    let ops = operator(OPS, OperatorRole::Manager);
    require(&*siege.store, Required::Nothing, vec![ops, off]).await;
    siege.failed(OPS, 5).await;
    let wrong = siege.tenancy.login("OPS@example.com", &secret(OTHER)).await;
    assert_eq!(wrong.unwrap_err(), Error::WrongLogin);
    let waits = siege.tenancy.login(OPS, &secret(PASSWORD)).await;
    assert!(matches!(waits, Err(Error::Waiting(_))), "{waits:?}");
    siege.fixture.end_waits().await;
    let session = siege.log_in(OPS).await;
    // The one that had to wait is counted as well.
    assert_eq!(session.failures, 7);
    let now = siege.store.directory().await.unwrap();
    assert!(now.with_email(OPS).unwrap().last_login.is_some());
    // That an account is disabled is for whoever knows its password.
    let wrong = siege.tenancy.login("off@example.com", &secret(OTHER)).await;
    assert_eq!(wrong.unwrap_err(), Error::WrongLogin);
    let right = siege.tenancy.login("off@example.com", &secret(PASSWORD)).await;
    assert_eq!(refused(right), Refusal::Disabled);
    siege.audit_log(&[]).await;
}

/// Sixteen managers at once: each change is made of what was there, and none is lost.
pub async fn of_many_changes_at_once_none_is_lost<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let names: Vec<String> = (0..6).map(|n| format!("m{n}@example.com")).collect();
    let accounts = names.iter().map(|email| operator(email, OperatorRole::Manager)).collect();
    require(&*siege.store, Required::Nothing, accounts).await;
    let stores = [Arc::clone(&siege.store), siege.fixture.open(false).await];
    let mut tasks = tokio::task::JoinSet::new();
    for (number, email) in names.clone().into_iter().enumerate() {
        let (own, next) =
            (tenancy(Arc::clone(&stores[number % 2])), names[(number + 1) % 6].clone());
        tasks.spawn(async move {
            let session = own.login(&email, &secret(PASSWORD)).await;
            let Ok(session) = session else { return session.map(drop) };
            let demoted =
                OperatorChanges { role: Some(OperatorRole::Viewer), ..OperatorChanges::default() };
            let own = own.in_session(Some(session.token()));
            own.update_operator(&next, &demoted).await.map(drop)
        });
    }
    let answers = tasks.join_all().await;
    let after = siege.store.directory().await.unwrap();
    let managers = after.operators.iter().filter(|own| own.is_enabled_manager()).count();
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(managers, 6 - done, "{answers:?}");
    assert!(managers >= 1);
    let told = siege.audit_log(&[]).await;
    let changes = |told: &&(String, Outcome, String)| told.0 == "change operator";
    let told = told.iter().filter(changes).filter(|told| told.1 == Outcome::Done).count();
    assert_eq!(told, done);
}
