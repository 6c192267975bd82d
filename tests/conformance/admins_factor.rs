//! The second factors of admins: a code is accepted once, and nothing but another owner or a manager lifts one.

use std::time::Duration;

use tenantry::{
    org::{NewSecondFactor, OperatorRole, Role, Secret},
    store::{AuditAt, AuditFilter, ListScope, Outcome, Required},
    tenancy::{AdminChanges, Confirmation, Error, Own, Refusal, Session},
};

use crate::attack::{Besieged, OTHER, PASSWORD, secret};
use crate::fixture::Fixture;
use crate::operators::{OPS, operator, refused, require};
use crate::second_factor::assert_accepted_once;
use crate::support::totp::code;

const ADA: &str = "ada@acme.com";

/// Ada, an owner of Acme, has set one up: her session, the app's secret, and the recovery codes.
async fn besieged<F: Fixture>() -> (Besieged<F>, Session, Secret, Vec<Secret>) {
    let mut siege = Besieged::<F>::new().await;
    let elsewhere = siege.log_in(ADA).await;
    let here = siege.log_in(ADA).await;
    let own = siege.tenancy.in_session(Some(here.token()));
    let new = NewSecondFactor::generate().unwrap();
    let app = new.base32();
    let before = siege.fixture.stored().await;
    let wrong = own.set_up_second_factor(&new, &secret("000000")).await;
    assert_eq!(wrong.unwrap_err(), Error::WrongFirstCode);
    assert_eq!(siege.fixture.stored().await, before);
    let first = secret(&code(app.reveal(), 0));
    let (session, codes) = own.set_up_second_factor(&new, &first).await.unwrap();
    siege.acme = siege.tenancy.named("Acme Corp").await.unwrap();
    for ended in [elsewhere, here] {
        siege.is_shut_out(&siege.acme, ended.token(), &Refusal::AdminChanged).await;
    }
    assert_eq!(
        siege.tenancy.in_session(Some(session.token())).authorize(&siege.acme).await,
        Ok(())
    );
    let used = login(&siege, first.reveal()).await;
    assert_eq!(used.unwrap_err(), Error::WrongAuthenticationCode);
    (siege, session, app, codes)
}

async fn login<F: Fixture>(siege: &Besieged<F>, code: &str) -> Result<Session, Error> {
    siege.tenancy.login_with_code(ADA, &secret(PASSWORD), Some(&secret(code))).await
}

pub async fn an_admins_code_is_accepted_once_also_by_two_consoles_at_once<F: Fixture>() {
    let (siege, _, app, codes) = besieged::<F>().await;
    let none = siege.tenancy.login(ADA, &secret(PASSWORD)).await;
    assert_eq!(none.unwrap_err(), Error::CodeRequired);
    // Another admin logs in as ever.
    siege.log_in("kim@globex.com").await;
    assert_accepted_once(&siege, ADA, &app, &codes).await;
    let admin = siege.store.admin_with_email(ADA).await.unwrap().unwrap();
    assert_eq!(admin.second_factor.unwrap().recovery_codes(), 9);
    let told = siege.audit_log(&[]).await;
    assert!(told.iter().any(|told| told.0 == "change admin"));
}

/// A login uses up a code. That is stored with the admin, and changes no organization.
pub async fn a_login_with_a_code_is_no_news_of_an_organization<F: Fixture>() {
    let (siege, _, app, _) = besieged::<F>().await;
    let looking = siege.fixture.open(false).await;
    let seen = looking.changed(None).await.unwrap().seen;
    login(&siege, &code(app.reveal(), 1)).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(12), looking.changed(Some(seen))).await;
    assert_eq!(told.unwrap().unwrap().orgs, Some(Vec::new()));
}

/// Neither a one-time code, another password, another name, nor the trash lifts it; and a purge asks for it.
pub async fn nothing_done_to_an_organization_lifts_an_admins_factor<F: Fixture>() {
    let (mut siege, session, app, codes) = besieged::<F>().await;
    let t = siege.tenancy.clone();
    let (_, one_time) = t.issue_code(&siege.acme, ADA).await.unwrap();
    siege.acme = t.redeem(ADA, &one_time.code, &secret(OTHER)).await.unwrap();
    assert_eq!(t.login(ADA, &secret(OTHER)).await.unwrap_err(), Error::CodeRequired);
    siege.is_shut_out(&siege.acme, session.token(), &Refusal::AdminChanged).await;
    let typed = secret(&code(app.reveal(), 1));
    let session = t.login_with_code(ADA, &secret(OTHER), Some(&typed)).await.unwrap();
    let own = t.in_session(Some(session.token()));
    let password = Some(secret(PASSWORD));
    let changes = AdminChanges { password, ..AdminChanges::default() };
    siege.acme = own.update_admin(&siege.acme, ADA, &changes).await.unwrap();
    assert_eq!(t.login(ADA, &secret(PASSWORD)).await.unwrap_err(), Error::CodeRequired);
    let session = login(&siege, codes[0].reveal()).await.unwrap();
    let trashed = t.in_session(Some(session.token())).trash(&siege.acme).await.unwrap();
    siege.acme = t.restore(&trashed, None).await.unwrap();
    assert_eq!(t.login(ADA, &secret(PASSWORD)).await.unwrap_err(), Error::CodeRequired);
    let session = login(&siege, codes[1].reveal()).await.unwrap();
    let trashed = t.in_session(Some(session.token())).trash(&siege.acme).await.unwrap();
    let purge = async |code: Option<&Secret>| {
        t.purge(&trashed, &Confirmation::Given, ADA, &secret(PASSWORD), code).await
    };
    assert_eq!(purge(None).await, Err(Error::CodeRequired));
    let wrong = purge(Some(&secret("000000"))).await;
    assert_eq!(wrong, Err(Error::WrongAuthenticationCode));
    assert_eq!(siege.store.count(ListScope::Trash, None, 10).await.unwrap().counted, 1);
    purge(Some(&codes[2])).await.unwrap();
    assert_eq!(siege.store.count(ListScope::Trash, None, 10).await.unwrap().counted, 0);
    // Nothing of it is left.
    let left = format!("{:?}", siege.fixture.stored().await);
    assert!(!left.contains("last_step"), "{left}");
    siege.audit_log(&[app.reveal(), codes[0].reveal(), typed.reveal()]).await;
}

pub async fn another_owner_or_a_manager_resets_an_admins_factor<F: Fixture>() {
    let (mut siege, session, app, codes) = besieged::<F>().await;
    let t = siege.tenancy.clone();
    let own = t.in_session(Some(session.token()));
    for (email, role) in [("eve@acme.com", Role::Owner), ("bob@acme.com", Role::Admin)] {
        let (_, one_time) = own.add_admin(&siege.acme, email, role).await.unwrap();
        siege.acme = t.redeem(email, &one_time.code, &secret(PASSWORD)).await.unwrap();
    }
    let reset = AdminChanges { resets_second_factor: true, ..AdminChanges::default() };
    let bob = siege.log_in("bob@acme.com").await;
    let by_bob = t.in_session(Some(bob.token())).update_admin(&siege.acme, ADA, &reset).await;
    assert!(matches!(refused(by_bob), Refusal::OwnersOnly(_)));
    let by_nobody = t.update_admin(&siege.acme, ADA, &reset).await;
    assert!(matches!(refused(by_nobody), Refusal::NoSession(_)));
    // One's own is replaced or removed after a login with it, and not reset.
    assert_eq!(own.update_admin(&siege.acme, ADA, &reset).await, Err(Error::OwnSecondFactor));
    let eve = siege.log_in("eve@acme.com").await;
    let eve = t.in_session(Some(eve.token()));
    siege.acme = eve.update_admin(&siege.acme, ADA, &reset).await.unwrap();
    let none = Error::NoSecondFactor(ADA.into());
    assert_eq!(eve.update_admin(&siege.acme, ADA, &reset).await, Err(none));
    siege.is_shut_out(&siege.acme, session.token(), &Refusal::AdminChanged).await;
    siege.log_in(ADA).await;
    // Bob, who is not the one whom the record names, the same; and a manager resets his.
    let own = t.in_session(Some(bob.token()));
    let new = NewSecondFactor::generate().unwrap();
    let first = secret(&code(new.base32().reveal(), 0));
    let (session, _) = own.set_up_second_factor(&new, &first).await.unwrap();
    let own = t.in_session(Some(session.token()));
    let Own::Admin(bob, acme) = own.remove_second_factor().await.unwrap() else { panic!("bob") };
    assert_eq!((bob.second_factor, acme.name.raw()), (None, "Acme Corp"));
    let bob = siege.log_in("bob@acme.com").await;
    assert!(!bob.has_second_factor);
    let own = t.in_session(Some(bob.token()));
    let none = Error::NoSecondFactor("bob@acme.com".into());
    assert_eq!(own.remove_second_factor().await, Err(none));
    let typed = secret(&code(new.base32().reveal(), 0));
    let (bob, _) = own.set_up_second_factor(&new, &typed).await.unwrap();
    assert!(bob.has_second_factor);
    let boss = operator(OPS, OperatorRole::Manager);
    require(&*siege.store, Required::Nothing, vec![boss]).await;
    let boss = siege.log_in(OPS).await;
    let boss = t.in_session(Some(boss.token()));
    siege.acme = t.named("Acme Corp").await.unwrap();
    boss.update_admin(&siege.acme, "bob@acme.com", &reset).await.unwrap();
    siege.log_in("bob@acme.com").await;
    siege.audit_log(&[app.reveal(), codes[0].reveal(), first.reveal()]).await;
    // Whoever was refused in a session is named.
    let log = t.audit(None, &AuditFilter::ALL, AuditAt::Newest, 200).await.unwrap();
    let refused = |why: &str| -> Vec<&str> {
        let entries = log.entries.iter().map(|numbered| &numbered.entry);
        let such = entries
            .filter(|entry| entry.outcome == Outcome::Refused && entry.reason.raw().contains(why));
        such.map(|entry| entry.admin.raw()).collect()
    };
    assert_eq!(refused("has no second factor"), ["bob@acme.com", "eve@acme.com"]);
    assert_eq!(refused("only an owner"), ["bob@acme.com"]);
    assert_eq!(refused("requires logging in"), [""]);
}
