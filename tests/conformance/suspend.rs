//! Suspending and reactivating, and going through everything.

use bson::doc;
use tenantry::org::{Org, OrgState, Role};
use tenantry::store::{Change, Examination, Inconsistency, Repair, StoreError};
use tenantry::tenancy::{Error, Refusal};

use crate::attack::{Besieged, OTHER, PASSWORD, secret};
use crate::fixture::{Fixture, hash, new_org, renamed, with_acme};
use crate::support::operations::Operations as _;

pub async fn suspending_and_reactivating_change_nothing_else<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let before = fixture.stored().await;
    let suspended = store.suspend(&acme, true).await.unwrap();
    assert!(suspended.revision > acme.revision);
    // So that no login from before comes back to life once it is reactivated.
    assert!(suspended.login_epoch > acme.login_epoch);
    let Org { revision, login_epoch, .. } = suspended;
    let expected = Org { state: OrgState::Suspended, revision, login_epoch, ..acme.clone() };
    assert_eq!(suspended, expected);
    assert_eq!(store.org(acme.id).await, Ok(Some(suspended.clone())));
    let now = fixture.stored().await;
    assert_eq!((now.organizations, now.collections), (before.organizations, before.collections));
    let admin = store.admin_with_email("ada@acme.com").await.unwrap().unwrap();
    assert_eq!(admin.password, hash("first"));
    // Twice is once.
    assert_eq!(store.suspend(&suspended, true).await, Ok(suspended.clone()));
    assert_eq!(store.suspend(&acme, true).await, Err(StoreError::Changed));
    // It can be renamed all the same, and stays suspended.
    let renamed = store.update(&suspended, &renamed("Globex")).await.unwrap();
    assert_eq!(renamed.state, OrgState::Suspended);
    let active = store.suspend(&renamed, false).await.unwrap();
    assert_eq!((active.state, active.name.raw()), (OrgState::Active, "Globex"));
    assert_eq!(active.login_epoch, suspended.login_epoch);
    assert_eq!(store.suspend(&active, false).await, Ok(active.clone()));
    assert_eq!(fixture.open(true).await.org(acme.id).await, Ok(Some(active)));
}

pub async fn a_suspended_one_comes_back_from_the_trash_suspended<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let suspended = store.suspend(&acme, true).await.unwrap();
    let trashed = store.trash(&suspended, 30).await.unwrap();
    assert!(trashed.in_trash().is_some());
    let back = store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(back.state, OrgState::Suspended);
}

pub async fn an_examination_finds_nothing_in_a_sound_database_and_writes_nothing<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    let initech = store.create(&new_org("Initech", "eve@initech.com")).await.unwrap();
    store.update(&acme, &renamed("Acme Reborn")).await.unwrap();
    store.trash(&globex, 30).await.unwrap();
    store.suspend(&initech, true).await.unwrap();
    let before = fixture.stored().await;
    for fix in [false, true] {
        assert_eq!(store.examine("tester@here", fix).await, Ok(vec![]));
    }
    let reader = fixture.open(true).await;
    assert_eq!(reader.examine("tester@here", false).await, Ok(vec![]));
    assert!(matches!(reader.examine("tester@here", true).await, Err(StoreError::Refused { .. })));
    assert_eq!(fixture.stored().await, before);
}

pub async fn what_nobody_owns_is_put_aside_and_said<F: Fixture>() {
    let (fixture, store, _acme) = with_acme::<F>().await;
    fixture.insert("org_nobodys", vec![doc! { "_id": 1 }, doc! { "_id": 2 }]).await;
    let before = fixture.stored().await;
    let inconsistency =
        Inconsistency::CollectionOfNobody { collection: "org_nobodys".into(), documents: 2 };
    let found = store.examine("tester@here", false).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].inconsistency, inconsistency);
    assert!(!found[0].repair.is_done(), "{found:?}");
    assert_eq!(fixture.stored().await, before);

    let named = |name: &str| vec![name.to_owned()];
    let wanted = named("org_of_acme");
    let wanted = Examination { quarantine: &wanted, ..Examination::plain(true) };
    let refused = store.go_through("tester@here", &wanted).await.unwrap_err();
    assert!(
        refused.to_string().contains("“org_of_acme” is not an orphaned collection or admin"),
        "{refused}"
    );
    assert_eq!(fixture.stored().await, before);
    let wanted = named("org_nobodys");
    let wanted = Examination { quarantine: &wanted, ..Examination::plain(true) };
    let found = store.go_through("tester@here", &wanted).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let Repair::Done(how) = &found[0].repair else { panic!("{found:?}") };
    assert!(how.contains("quarantine_org_nobodys"), "{how}");
    let after = fixture.stored().await;
    let (kept, was) = ("quarantine_org_nobodys", "org_nobodys");
    assert_eq!(after.collections[kept], before.collections[was]);
    assert_eq!(after.collections.len(), before.collections.len());
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    // The name it had is free.
    store.create(&new_org("Nobodys", "bob@acme.com")).await.unwrap();
}

pub async fn a_password_that_is_set_while_suspended_waits<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add("bob@acme.com", Role::Admin).await;
    let t = &siege.tenancy;
    let mut acme = t.suspend(&siege.acme).await.unwrap();
    let refused = Some(Error::NotAllowed(Refusal::Suspended("Acme Corp".into())));
    for email in ["ada@acme.com", "bob@acme.com"] {
        assert_eq!(t.login(email, &secret(PASSWORD)).await.err(), refused);
        let (coded, code) = t.issue_code(&acme, email).await.unwrap();
        assert_eq!(coded.state, OrgState::Suspended);
        acme = t.redeem(email, &code.code, &secret(OTHER)).await.unwrap();
        assert_eq!(acme.state, OrgState::Suspended);
        assert_eq!(t.login(email, &secret(PASSWORD)).await.err(), Some(Error::WrongLogin));
        assert_eq!(t.login(email, &secret(OTHER)).await.err(), refused);
    }
    assert_eq!(siege.store.examine("tester@here", false).await, Ok(vec![]));
    t.reactivate(&acme).await.unwrap();
    for email in ["ada@acme.com", "bob@acme.com"] {
        t.login(email, &secret(OTHER)).await.unwrap();
    }
    assert_eq!(siege.store.examine("tester@here", false).await, Ok(vec![]));
}
