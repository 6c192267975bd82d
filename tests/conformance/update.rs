//! Changing organizations.

use bson::{doc, oid::ObjectId};
use tenantry::org::{Claim, ClaimKind, CollectionName, Email, Org, OrgName, PasswordHash};
use tenantry::store::ListScope;
use tenantry::store::{Change, NewOrg, Store, StoreError};
use tenantry::tenancy::{Edit, Error};

use crate::attack::tenancy;
use crate::fixture::{Fixture, hash, new_org, renamed, with_acme, with_email};
use crate::support::operations::Operations as _;

async fn password(store: &dyn Store, org: &Org) -> PasswordHash {
    let admin = ObjectId::parse_str(org.admin_id.raw()).unwrap();
    store.admin(admin).await.unwrap().unwrap().password
}

pub async fn the_name_alone_can_change<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    let new = store.update(&old, &renamed("Globex")).await.unwrap();
    assert_eq!((new.id, &new.admin_id), (old.id, &old.admin_id));
    assert_eq!(new.name.raw(), "Globex");
    assert_eq!(new.collection.raw(), "org_globex");
    assert_eq!(new.connection.collection.raw(), "org_globex");
    assert_eq!(new.connection.database, old.connection.database);
    assert_eq!(new.admin_email, old.admin_email);
    assert_eq!(new.created_at, old.created_at);
    assert_ne!(new.revision, old.revision);
    assert_eq!(password(&*store, &new).await, hash("first"));
    assert_eq!(store.org_named("Globex", ListScope::Live).await.unwrap(), Some(new));
    assert_eq!(store.org_named("Acme Corp", ListScope::Live).await.unwrap(), None);
    let record = &fixture.stored().await.organizations[0];
    assert_eq!(record.get_str("organization_name").unwrap(), "Globex");
    assert_eq!(record.get_str("collection_name").unwrap(), "org_globex");
    let details = record.get_document("connection_details").unwrap();
    assert_eq!(details.get_str("collection").unwrap(), "org_globex");
}

pub async fn the_email_alone_can_change<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    let before = fixture.stored().await.collections;
    let new = store.update(&old, &with_email("Bob@acme.com")).await.unwrap();
    assert_eq!(new.admin_email.raw(), "Bob@acme.com");
    assert_eq!((&new.name, &new.collection), (&old.name, &old.collection));
    assert_eq!(store.admin_with_email("ada@acme.com").await.unwrap(), None);
    let admin = store.admin_with_email("bob@acme.com").await.unwrap().unwrap();
    assert_eq!(admin.id.to_hex(), old.admin_id.raw());
    assert_eq!(admin.password, hash("first"));
    let stored = fixture.stored().await;
    assert_eq!(stored.organizations[0].get_str("admin_email").unwrap(), "Bob@acme.com");
    assert_eq!(stored.admins[0].get_str("email").unwrap(), "Bob@acme.com");
    assert_eq!(stored.collections, before);
}

pub async fn the_password_alone_can_change<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    let before = fixture.stored().await;
    let change = Change { password: Some(hash("second")), ..Change::default() };
    let new = store.update(&old, &change).await.unwrap();
    assert_eq!(password(&*store, &new).await, hash("second"));
    let stored = fixture.stored().await;
    assert_eq!(stored.organizations, before.organizations);
    assert_eq!(stored.collections, before.collections);
    assert_eq!(stored.admins[0].get_str("password").unwrap(), hash("second").as_str());
}

pub async fn everything_can_change_at_once<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    let change = Change {
        email: Some(Email::parse("bob@globex.com").unwrap()),
        password: Some(hash("second")),
        ..renamed("Globex")
    };
    let new = store.update(&old, &change).await.unwrap();
    assert_eq!(store.org(old.id).await.unwrap(), Some(new.clone()));
    assert_eq!((new.name.raw(), new.admin_email.raw()), ("Globex", "bob@globex.com"));
    assert_eq!(password(&*store, &new).await, hash("second"));
    let stored = fixture.stored().await;
    assert_eq!(stored.organizations.len(), 1);
    assert_eq!(stored.admins.len(), 1);
    assert_eq!(stored.collections.keys().collect::<Vec<_>>(), ["org_globex"]);
}

pub async fn a_rename_moves_every_document<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    let many = (0..250).map(|at| doc! { "_id": at, "text": format!("document {at}") }).collect();
    fixture.insert("org_acme_corp", many).await;
    let before = fixture.stored().await.collections;
    let new = store.update(&old, &renamed("Globex")).await.unwrap();
    let after = fixture.stored().await.collections;
    assert_eq!(after.keys().collect::<Vec<_>>(), ["org_globex"]);
    assert_eq!(after["org_globex"], before["org_acme_corp"]);
    assert_eq!(store.statistics(&new).await.unwrap().documents, 251);
}

pub async fn a_rename_within_the_slug_moves_nothing<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    let before = fixture.stored().await.collections;
    let new = store.update(&old, &renamed("acme-corp")).await.unwrap();
    assert_eq!(new.name.raw(), "acme-corp");
    assert_eq!(new.collection, old.collection);
    assert_eq!(fixture.stored().await.collections, before);
    assert_eq!(store.org_named("Acme Corp", ListScope::Live).await.unwrap(), None);
}

pub async fn a_rename_to_its_own_name_in_another_case_works<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    let before = fixture.stored().await.collections;
    let change =
        Change { email: Some(Email::parse("ADA@acme.com").unwrap()), ..renamed("ACME CORP") };
    let new = store.update(&old, &change).await.unwrap();
    assert_eq!((new.name.raw(), new.admin_email.raw()), ("ACME CORP", "ADA@acme.com"));
    assert_eq!(fixture.stored().await.collections, before);
    assert_eq!(store.org_named("acme corp", ListScope::Live).await.unwrap(), Some(new));
}

pub async fn what_is_taken_is_refused_and_nothing_changes<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    fixture.insert("org_ownerless", vec![doc! { "_id": 1 }]).await;
    let before = fixture.stored().await;
    for (change, kind) in [
        (renamed("ACME corp"), ClaimKind::Name),
        (renamed("\u{430}cme corp"), ClaimKind::Look),
        (renamed("Acme_Corp"), ClaimKind::Collection),
        (with_email("ADA@acme.com"), ClaimKind::Email),
    ] {
        let answer = store.update(&globex, &change).await;
        assert_eq!(
            answer,
            Err(StoreError::Taken { what: kind, by: Some("Acme Corp".into()), in_trash: false })
        );
        assert_eq!(fixture.stored().await, before);
    }
    let answer = store.update(&globex, &renamed("Ownerless")).await;
    assert!(
        matches!(answer, Err(StoreError::Taken { what: ClaimKind::Collection, .. })),
        "{answer:?}"
    );
    assert_eq!(fixture.stored().await, before);
    assert_eq!(store.org(globex.id).await.unwrap(), Some(globex));
}

pub async fn a_stale_record_changes_nothing<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    store.update(&old, &with_email("bob@acme.com")).await.unwrap();
    let before = fixture.stored().await;
    for change in [renamed("Globex"), with_email("eve@acme.com")] {
        assert_eq!(store.update(&old, &change).await, Err(StoreError::Changed));
    }
    assert_eq!(fixture.stored().await, before);
}

pub async fn of_two_updates_at_once_exactly_one_succeeds<F: Fixture>() {
    let (fixture, store, old) = with_acme::<F>().await;
    let other = fixture.open(false).await;
    let changes = (renamed("Globex"), renamed("Initech"));
    let (one, two) = tokio::join!(store.update(&old, &changes.0), other.update(&old, &changes.1));
    for answer in [&one, &two] {
        assert!(
            matches!(answer, Ok(_) | Err(StoreError::Changed | StoreError::Busy { .. })),
            "{answer:?}"
        );
    }
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    let winner = one.or(two).unwrap();
    let stored = fixture.stored().await;
    assert_eq!(stored.collections.keys().collect::<Vec<_>>(), [winner.collection.raw()]);
    assert_eq!(store.org(old.id).await.unwrap(), Some(winner));
}

pub async fn names_left_behind_are_free_again<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    // They swap names and e-mails by way of a third.
    let away = Change { email: Some(Email::parse("c@c.com").unwrap()), ..renamed("Third") };
    let acme = store.update(&acme, &away).await.unwrap();
    let to_acme =
        Change { email: Some(Email::parse("ada@acme.com").unwrap()), ..renamed("Acme Corp") };
    let globex = store.update(&globex, &to_acme).await.unwrap();
    let to_globex =
        Change { email: Some(Email::parse("bob@globex.com").unwrap()), ..renamed("Globex") };
    let acme = store.update(&acme, &to_globex).await.unwrap();
    assert_eq!(store.org_named("globex", ListScope::Live).await.unwrap(), Some(acme));
    assert_eq!(store.org_named("acme corp", ListScope::Live).await.unwrap(), Some(globex));
    let collections = fixture.stored().await.collections;
    assert_eq!(collections.keys().collect::<Vec<_>>(), ["org_acme_corp", "org_globex"]);
}

/// An organization as another program may have made it: neither name nor collection could be chosen today.
fn as_another_made_it(like: &Org) -> NewOrg {
    let like = Org { name: "Globex/EU".into(), collection: "org_Globex".into(), ..like.clone() };
    NewOrg {
        name: OrgName::had_by(&like),
        collection: CollectionName::had_by(&like),
        ..new_org("Globex", "bob@globex.com")
    }
}

pub async fn undoing_a_rename_gives_back_exactly_what_was<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let before = store.create(&as_another_made_it(&acme)).await.unwrap();
    fixture.insert("org_Globex", vec![doc! { "_id": 1 }]).await;
    let tenancy = tenancy(store.clone());
    let stored = fixture.stored().await;
    let rename = Edit { name: Some("Initech".to_owned()), ..Edit::default() };
    let renamed = tenancy.update(&before, &rename).await.unwrap();
    assert_eq!(renamed.collection.raw(), "org_initech");
    let undone = tenancy.undo_rename(&renamed, &before).await.unwrap();
    assert_eq!((undone.name.raw(), undone.collection.raw()), ("Globex/EU", "org_Globex"));
    assert_eq!(fixture.stored().await, stored);
    assert_eq!(store.org_named("globex/eu", ListScope::Live).await.unwrap(), Some(undone.clone()));
    // And what it has is its own again.
    for claim in Claim::of_name("Globex/EU", "org_Globex") {
        let holder = store.holder(&claim).await.unwrap();
        assert_eq!(holder.and_then(|holder| holder.org), Some(undone.id), "{claim}");
    }
}

pub async fn a_look_alike_is_undone_like_any_other<F: Fixture>() {
    let (fixture, store, _) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    // As two have it that another program made, of which the older one claims the look.
    let look_alike = Org { name: "\u{430}cme c\u{43e}rp".into(), ..globex.clone() };
    let name = Some(OrgName::had_by(&look_alike));
    let alike = Change { name, undoes: true, ..Change::default() };
    let before = store.update(&globex, &alike).await.unwrap();
    let stored = fixture.stored().await;
    let tenancy = tenancy(store.clone());
    let rename = Edit { name: Some("Initech".to_owned()), ..Edit::default() };
    let renamed = tenancy.update(&before, &rename).await.unwrap();
    let undone = tenancy.undo_rename(&renamed, &before).await.unwrap();
    assert_eq!((&undone.name, &undone.collection), (&before.name, &before.collection));
    assert_eq!(fixture.stored().await, stored);
}

pub async fn an_undo_takes_nothing_from_anybody<F: Fixture>() {
    let (fixture, store, before) = with_acme::<F>().await;
    let tenancy = tenancy(store.clone());
    let rename = Edit { name: Some("Initech".to_owned()), ..Edit::default() };
    let renamed = tenancy.update(&before, &rename).await.unwrap();
    store.create(&new_org("ACME corp", "bob@acme.com")).await.unwrap();
    let stored = fixture.stored().await;
    let taken = tenancy.undo_rename(&renamed, &before).await;
    let Err(Error::Taken { what: ClaimKind::Name, by, .. }) = taken else { panic!("{taken:?}") };
    assert_eq!(by, Some("ACME corp".into()));
    let stale = Org { revision: renamed.revision - 1, ..renamed };
    let stale = tenancy.undo_rename(&stale, &Org { name: "Other".into(), ..before }).await;
    assert!(matches!(stale, Err(Error::Changed(_))), "{stale:?}");
    assert_eq!(fixture.stored().await, stored);
}

pub async fn each_change_is_counted_and_each_end_of_all_logins<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let counts = |org: &Org| (org.revision, org.login_epoch);
    assert_eq!(counts(&acme), (0, 0));
    let acme = store.update(&acme, &renamed("Initech")).await.unwrap();
    assert_eq!(counts(&acme), (1, 0));
    let acme = store.suspend(&acme, true).await.unwrap();
    assert_eq!(counts(&acme), (2, 1));
    // It is so already.
    let acme = store.suspend(&acme, true).await.unwrap();
    assert_eq!(counts(&acme), (2, 1));
    let acme = store.suspend(&acme, false).await.unwrap();
    assert_eq!(counts(&acme), (3, 1));
    let acme = store.suspend(&acme, false).await.unwrap();
    assert_eq!(counts(&acme), (3, 1));
    let acme = store.trash(&acme, 30).await.unwrap();
    assert_eq!(counts(&acme), (4, 2));
    let acme = store.restore(&acme, &Change::default()).await.unwrap();
    assert_eq!(counts(&acme), (5, 2));
    assert_eq!(store.org(acme.id).await.unwrap().as_ref().map(counts), Some((5, 2)));
}
