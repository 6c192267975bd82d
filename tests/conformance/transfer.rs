//! Transferring an organization to another owner.

use bson::oid::ObjectId;
use tenantry::org::{Admin, Claim, ClaimKind, Email, OperatorRole, Org, Role};
use tenantry::store::{
    AuditAt, AuditFilter, NewAdmin, Operation, Outcome, Required, Result, Store, StoreError,
    Transfer,
};
use tenantry::tenancy::{Error, Refusal};

use crate::admins::{add, code};
use crate::attack::{Besieged, OTHER, secret};
use crate::fixture::{CREATED, Fixture, hash, new_org, renamed, with_acme};
use crate::operators::{OPS, operator, refused, require};
use crate::support::operations::Operations as _;

const ADA: &str = "ada@acme.com";
const BOB: &str = "bob@acme.com";
const EVE: &str = "eve@acme.com";
const ZOE: &str = "zoe@acme.com";

/// The only owners are those that there are now.
async fn to(store: &dyn Store, org: &Org, email: &str, removes: bool) -> Transfer {
    let admins = store.admins(org).await.unwrap();
    let there = admins.iter().find(|admin| admin.email.raw() == email);
    let new = there.is_none().then(|| NewAdmin {
        email: Email::parse(email).unwrap(),
        role: Role::Owner,
        password: hash("nobodys"),
        reset: code(),
        created_at: CREATED,
    });
    let to = there.map_or_else(ObjectId::new, |admin| admin.id);
    let owners = admins.iter().filter(|admin| admin.role == Role::Owner && admin.id != to);
    Transfer { to, new, owners: owners.map(|owner| owner.id).collect(), removes }
}

async fn done(store: &dyn Store, org: &Org, transfer: Transfer) -> Result<Org> {
    let operation = Operation::Transfer(Box::new(org.clone()), Box::new(transfer));
    store.perform(&operation, &store.entry("transfer", org)).await.map(|org| org.unwrap())
}

fn roles(admins: &[Admin]) -> Vec<(&str, Role)> {
    admins.iter().map(|admin| (admin.email.raw(), admin.role)).collect()
}

async fn free(store: &dyn Store, email: &str) -> bool {
    store.holder(&Claim::of_email(email)).await.unwrap().is_none()
}

/// Ada, who is the first, and bob own it; eve is an admin.
async fn with_three<F: Fixture>() -> (F, std::sync::Arc<dyn Store>, Org) {
    let (fixture, store, acme) = with_acme::<F>().await;
    let acme = add(&*store, &acme, BOB, Role::Owner).await.unwrap();
    let acme = add(&*store, &acme, EVE, Role::Admin).await.unwrap();
    (fixture, store, acme)
}

pub async fn one_admin_owns_it_afterwards_and_the_record_names_that_one<F: Fixture>() {
    use Role::{Admin, Owner};
    for removes in [false, true] {
        for email in [ADA, BOB, EVE, ZOE] {
            let (fixture, store, acme) = with_three::<F>().await;
            let before = store.admins(&acme).await.unwrap();
            let transfer = to(&*store, &acme, email, removes).await;
            let now = done(&*store, &acme, transfer).await.unwrap();
            assert_eq!(now.revision, acme.revision + 1);
            let store = fixture.open(false).await;
            let admins = store.admins(&now).await.unwrap();
            assert_eq!(roles(&admins)[0], (email, Owner), "{removes}");
            let mut all: Vec<(&str, Role)> = [(ADA, Owner), (BOB, Owner), (EVE, Admin)]
                .into_iter()
                .filter(|(other, role)| *other != email && !(removes && *role == Owner))
                .map(|(other, _)| (other, Admin))
                .chain([(email, Owner)])
                .collect();
            all.sort_unstable();
            let mut found = roles(&admins);
            found.sort_unstable();
            assert_eq!(found, all, "{email} {removes}");
            assert_eq!(
                (now.admin_id.raw(), now.admin_email.raw()),
                (&*admins[0].id.to_hex(), email)
            );
            for admin in &admins {
                assert_eq!(store.org_of_admin(admin).await.unwrap().as_ref(), Some(&now));
                assert_eq!(
                    store.admin_with_email(admin.email.raw()).await.unwrap().as_ref(),
                    Some(admin)
                );
                // Those who were there keep the password, and a code that waits.
                if let Some(was) = before.iter().find(|was| was.id == admin.id) {
                    assert_eq!((&was.password, &was.reset), (&admin.password, &admin.reset));
                }
            }
            for gone in before.iter().filter(|was| admins.iter().all(|now| now.id != was.id)) {
                assert_eq!(store.admin(gone.id).await, Ok(None));
                assert!(free(&*store, gone.email.raw()).await);
                store.create(&new_org(&gone.email.raw()[..3], gone.email.raw())).await.unwrap();
            }
            let taken = store.create(&new_org("Other", email)).await;
            assert!(matches!(taken, Err(StoreError::Taken { .. })), "{taken:?}");
            assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
            // It is renamed, trashed and restored like any other.
            let now = store.update(&now, &renamed("Acme Reborn")).await.unwrap();
            let trashed = store.trash(&now, 30).await.unwrap();
            let back = store.restore(&trashed, &tenantry::store::Change::default()).await.unwrap();
            assert_eq!(store.admins(&back).await.unwrap(), admins);
        }
    }
}

/// As the service before this one reads it: the record names an admin by identity and e-mail who is there.
pub async fn what_is_stored_is_what_the_service_reads<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let transfer = to(&*store, &acme, ZOE, true).await;
    done(&*store, &acme, transfer).await.unwrap();
    let stored = fixture.stored().await;
    let ([record], [admin]) = (&stored.organizations[..], &stored.admins[..]) else {
        panic!("{stored:?}")
    };
    assert_eq!(record.get_str("admin_email").unwrap(), ZOE);
    let id = admin.get_object_id("_id").unwrap();
    assert_eq!(record.get_str("admin_id").unwrap(), id.to_hex());
    assert_eq!(admin.get_str("email").unwrap(), ZOE);
    assert_eq!(admin.get_str("password").unwrap(), hash("nobodys").as_str());
    assert_eq!(admin.get_datetime("created_at").unwrap(), &CREATED);
}

pub async fn what_has_changed_since_it_was_read_is_not_transferred<F: Fixture>() {
    let (fixture, store, acme) = with_three::<F>().await;
    let before = fixture.stored().await;
    let good = to(&*store, &acme, ZOE, true).await;
    let other_owners = Transfer { owners: good.owners[..1].to_vec(), ..good.clone() };
    let missing = Transfer { new: None, ..good.clone() };
    let eve = to(&*store, &acme, EVE, true).await;
    let again = Transfer { new: good.new.clone(), ..eve };
    for wrong in [other_owners, missing, again] {
        assert_eq!(
            done(&*store, &acme, wrong.clone()).await,
            Err(StoreError::Changed),
            "{wrong:?}"
        );
    }
    assert_eq!(fixture.stored().await, before);
    store.update(&acme, &renamed("Globex")).await.unwrap();
    assert_eq!(done(&*store, &acme, good).await, Err(StoreError::Changed));
}

pub async fn of_two_transfers_at_once_exactly_one_is_done<F: Fixture>() {
    for removes in [false, true] {
        let (fixture, store, acme) = with_three::<F>().await;
        let other = fixture.open(false).await;
        let (to_zoe, to_eve) =
            (to(&*store, &acme, ZOE, removes).await, to(&*store, &acme, EVE, removes).await);
        let (one, two) = tokio::join!(done(&*store, &acme, to_zoe), done(&*other, &acme, to_eve));
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
        let acme = store.org(acme.id).await.unwrap().unwrap();
        let winner = if one.is_ok() { ZOE } else { EVE };
        let admins = store.admins(&acme).await.unwrap();
        let owners: Vec<&str> = roles(&admins)
            .into_iter()
            .filter_map(|(email, role)| (role == Role::Owner).then_some(email))
            .collect();
        assert_eq!(owners, [winner]);
        assert_eq!(free(&*store, ZOE).await, winner != ZOE);
        assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    }
}

pub async fn an_owner_transfers_it_and_is_none_any_more<F: Fixture>() {
    for removes in [false, true] {
        let mut siege = Besieged::<F>::new().await;
        let ada = siege.log_in(ADA).await;
        let own = siege.tenancy.in_session(Some(ada.token()));
        assert_eq!(
            refused(siege.tenancy.transfer(&siege.acme, ZOE, removes).await),
            Refusal::NoSession("Acme Corp".into())
        );
        let before = siege.fixture.stored().await;
        for (email, why) in [("kim@globex.com", true), ("no e-mail", false), (ADA, false)] {
            let answer = own.transfer(&siege.acme, email, removes).await;
            let taken = matches!(answer, Err(Error::Taken { what: ClaimKind::Email, .. }));
            assert_eq!(taken, why, "{email}: {answer:?}");
            let ahead = siege.tenancy.ensure_transferable(&siege.acme, email).await;
            assert_eq!(ahead.err(), answer.err(), "{email}");
        }
        let only = Error::OnlyOwner { email: ADA.into(), organization: "Acme Corp".into() };
        assert_eq!(own.transfer(&siege.acme, "ADA@acme.com", removes).await.err(), Some(only));
        assert_eq!(siege.fixture.stored().await, before);

        let (acme, code) = own.transfer(&siege.acme, "Zoe@acme.com", removes).await.unwrap();
        siege.acme = acme;
        let why =
            if removes { Refusal::AdminChanged } else { Refusal::OwnersOnly("Acme Corp".into()) };
        siege.is_shut_out(&siege.acme, ada.token(), &why).await;
        assert_eq!(
            siege.tenancy.login(ADA, &secret(crate::attack::PASSWORD)).await.is_ok(),
            !removes
        );
        siege.tenancy.redeem(ZOE, &code.unwrap().code, &secret(OTHER)).await.unwrap();
        let zoe = siege.tenancy.login(ZOE, &secret(OTHER)).await.unwrap();
        let acme = siege.tenancy.org(siege.acme.id).await.unwrap().unwrap();
        siege.tenancy.in_session(Some(zoe.token())).trash(&acme).await.unwrap();

        // One entry says all of it.
        let told = siege.tenancy.activity(&acme, 50).await.unwrap();
        let done: Vec<_> = told
            .iter()
            .map(|told| &told.entry)
            .filter(|entry| entry.action.code() == "transfer" && entry.outcome == Outcome::Done)
            .collect();
        let [entry] = done[..] else { panic!("{done:?}") };
        assert_eq!(entry.admin.raw(), ADA);
        let became = if removes {
            "former owner ada@acme.com removed"
        } else {
            "former owner ada@acme.com → admin"
        };
        assert_eq!(entry.came_to(), format!("owner Zoe@acme.com, {became}"));
        assert_eq!(siege.tenancy.verify(None).await.unwrap().tampering, None);
    }
}

pub async fn an_admin_becomes_the_owner_and_keeps_the_password<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add(BOB, Role::Admin).await;
    let (ada, bob) = (siege.log_in(ADA).await, siege.log_in(BOB).await);
    let trash = siege.tenancy.in_session(Some(bob.token())).trash(&siege.acme).await;
    assert_eq!(refused(trash), Refusal::OwnersOnly("Acme Corp".into()));
    let own = siege.tenancy.in_session(Some(bob.token())).transfer(&siege.acme, BOB, true).await;
    assert_eq!(refused(own), Refusal::OwnersOnly("Acme Corp".into()));
    let own = siege.tenancy.in_session(Some(ada.token()));
    let (acme, code) = own.transfer(&siege.acme, "BOB@acme.com", true).await.unwrap();
    assert_eq!(code, None);
    assert_eq!(acme.admin_email.raw(), BOB);
    siege.tenancy.in_session(Some(bob.token())).trash(&acme).await.unwrap();
}

pub async fn a_manager_transfers_any_organization_and_no_lower_role<F: Fixture>() {
    let emails = ["viewer@example.com", "operator@example.com", OPS];
    let siege = Besieged::<F>::new().await;
    let accounts = OperatorRole::ALL.into_iter().zip(emails);
    let accounts = accounts.map(|(role, email)| operator(email, role)).collect();
    require(&*siege.store, Required::Nothing, accounts).await;
    for email in &emails[..2] {
        let session = siege.log_in(email).await;
        let own = siege.tenancy.in_session(Some(session.token()));
        let answer = refused(own.transfer(&siege.acme, ZOE, false).await);
        assert!(matches!(answer, Refusal::Role { least: OperatorRole::Manager, .. }), "{answer:?}");
    }
    let session = siege.log_in(OPS).await;
    let own = siege.tenancy.in_session(Some(session.token()));
    // Suspended, its owner could not.
    let acme = siege.tenancy.in_session(Some(session.token())).suspend(&siege.acme).await.unwrap();
    for email in emails {
        let answer = own.transfer(&acme, email, false).await.err();
        assert_eq!(answer, Some(Error::OperatorsEmail(email.into())));
    }
    let (acme, code) = own.transfer(&acme, ZOE, false).await.unwrap();
    let acme = own.reactivate(&acme).await.unwrap();
    siege.tenancy.redeem(ZOE, &code.unwrap().code, &secret(OTHER)).await.unwrap();
    siege.tenancy.login(ZOE, &secret(OTHER)).await.unwrap();
    siege.log_in(ADA).await;
    assert_eq!(siege.store.examine("tester@here", false).await, Ok(vec![]));
    let all = siege.tenancy.audit(None, &AuditFilter::ALL, AuditAt::Newest, 1000).await.unwrap();
    let done = |told: &&tenantry::tenancy::NumberedEntry| {
        told.entry.action.code() == "transfer" && told.entry.outcome == Outcome::Done
    };
    let told: Vec<_> = all.entries.iter().filter(done).collect();
    assert_eq!((told.len(), told[0].entry.account.raw()), (1, OPS));
    let acme = siege.tenancy.org(acme.id).await.unwrap().unwrap();
    let trashed = own.trash(&acme).await.unwrap();
    assert_eq!(
        own.transfer(&trashed, BOB, false).await.err(),
        Some(Error::InTrash("Acme Corp".into()))
    );
}

pub async fn one_whose_owner_is_gone_is_transferred_without_a_login<F: Fixture>() {
    for (email, admins) in [
        (ZOE, vec![(ZOE, Role::Owner), (BOB, Role::Admin)]),
        (BOB, vec![(BOB, Role::Owner)]),
        ("ADA@acme.com", vec![("ADA@acme.com", Role::Owner), (BOB, Role::Admin)]),
    ] {
        let mut siege = Besieged::<F>::new().await;
        siege.add(BOB, Role::Admin).await;
        siege.fixture.remove_admin(ADA).await;
        let (acme, code) = siege.tenancy.transfer(&siege.acme, email, false).await.unwrap();
        assert_eq!(code.is_some(), email != BOB);
        assert_eq!(acme.admin_email.raw(), email);
        let acme = siege.tenancy.org(acme.id).await.unwrap().unwrap();
        assert!(!acme.admin_gone);
        assert_eq!(roles(&siege.store.admins(&acme).await.unwrap()), admins);
        assert_eq!(free(&*siege.store, ADA).await, !email.eq_ignore_ascii_case(ADA));
        assert_eq!(siege.store.examine("tester@here", false).await, Ok(vec![]));
        // From now on it has an owner.
        let again = siege.tenancy.transfer(&acme, EVE, false).await;
        assert_eq!(refused(again), Refusal::NoSession("Acme Corp".into()));
    }
    // The only admin, of whom not even the record is there.
    let siege = Besieged::<F>::new().await;
    siege.fixture.remove_admin(ADA).await;
    let (acme, code) = siege.tenancy.transfer(&siege.acme, ZOE, true).await.unwrap();
    siege.tenancy.redeem(ZOE, &code.unwrap().code, &secret(OTHER)).await.unwrap();
    assert_eq!(siege.store.admins(&acme).await.unwrap().len(), 1);
}
