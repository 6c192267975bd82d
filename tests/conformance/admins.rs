//! Organizations with several admins.

use bson::{DateTime, oid::ObjectId};
use tenantry::org::{Admin, Claim, ClaimKind, Email, Org, PasswordHash, ResetCode, Role};
use tenantry::store::{
    AdminChange, AdminEdit, Change, Inconsistency, ListScope, NewAdmin, Operation, Outcome,
    PageQuery, Repair, Result, Store, StoreError,
};
use tenantry::tenancy::{Confirmation, Error, Refusal};

use crate::attack::{Besieged, OTHER, secret};
use crate::fixture::{CREATED, Fixture, hash, new_org, renamed, with_acme, with_email};
use crate::support::operations::Operations as _;

async fn change(store: &dyn Store, org: &Org, change: AdminChange) -> Result<Org> {
    let operation = Operation::Admin(Box::new(org.clone()), Box::new(change));
    store.perform(&operation, &store.entry("change admin", org)).await.map(|org| org.unwrap())
}

pub fn code() -> ResetCode {
    ResetCode { hash: "c0de".repeat(16), until: DateTime::from_millis(1_800_000_000_000) }
}

fn new_admin(email: &str) -> NewAdmin {
    NewAdmin {
        email: Email::parse(email).unwrap(),
        role: Role::Admin,
        password: hash("nobodys"),
        reset: code(),
        created_at: CREATED,
    }
}

pub async fn add(store: &dyn Store, org: &Org, email: &str, role: Role) -> Result<Org> {
    // Later than the one before, whoever's clock it is by.
    let created_at = DateTime::from_millis(CREATED.timestamp_millis() + 1000 * org.revision);
    let new = NewAdmin { role, created_at, ..new_admin(email) };
    let what = AdminEdit::Add(new);
    change(store, org, AdminChange { admin: ObjectId::new(), what, successor: None }).await
}

async fn set(store: &dyn Store, org: &Org, admin: &Admin, what: AdminEdit) -> Result<Org> {
    change(store, org, AdminChange { admin: admin.id, what, successor: None }).await
}

fn emails(admins: &[Admin]) -> Vec<&str> {
    admins.iter().map(|admin| admin.email.raw()).collect()
}

async fn admin(store: &dyn Store, email: &str) -> Admin {
    store.admin_with_email(email).await.unwrap().unwrap_or_else(|| panic!("no {email}"))
}

/// An organization with ada, who is its first, bob, an owner, and eve, an admin.
async fn with_three<F: Fixture>() -> (F, std::sync::Arc<dyn Store>, Org) {
    let (fixture, store, acme) = with_acme::<F>().await;
    let acme = add(&*store, &acme, "bob@acme.com", Role::Owner).await.unwrap();
    let acme = add(&*store, &acme, "eve@acme.com", Role::Admin).await.unwrap();
    (fixture, store, acme)
}

const THREE: [&str; 3] = ["ada@acme.com", "bob@acme.com", "eve@acme.com"];

pub async fn several_are_found_each_by_itself_and_all_in_order<F: Fixture>() {
    let (fixture, _, acme) = with_three::<F>().await;
    let store = fixture.open(false).await;
    let admins = store.admins(&acme).await.unwrap();
    assert_eq!(emails(&admins), THREE);
    let roles: Vec<Role> = admins.iter().map(|admin| admin.role).collect();
    assert_eq!(roles, [Role::Owner, Role::Owner, Role::Admin]);
    let codes: Vec<Option<ResetCode>> = admins.iter().map(|admin| admin.reset.clone()).collect();
    assert_eq!(codes, [None, Some(code()), Some(code())]);
    for known in &admins {
        assert_eq!(&admin(&*store, &known.email.raw().to_uppercase()).await, known);
        assert_eq!(store.admin(known.id).await.unwrap().as_ref(), Some(known));
        assert_eq!(store.org_of_admin(known).await.unwrap().as_ref(), Some(&acme));
    }
    assert_eq!(acme.admin_id.raw(), admins[0].id.to_hex());
    assert_eq!(acme.admin_email.raw(), "ada@acme.com");
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

pub async fn their_emails_are_nobody_elses<F: Fixture>() {
    let (fixture, store, acme) = with_three::<F>().await;
    let globex = store.create(&new_org("Globex", "kim@globex.com")).await.unwrap();
    let before = fixture.stored().await;
    let taken = |by: &str| {
        Err(StoreError::Taken { what: ClaimKind::Email, by: Some(by.into()), in_trash: false })
    };
    for email in ["bob@acme.com", "EVE@acme.com"] {
        assert_eq!(store.create(&new_org("Other", email)).await, taken("Acme Corp"));
        assert_eq!(add(&*store, &globex, email, Role::Admin).await, taken("Acme Corp"));
        assert_eq!(store.update(&globex, &with_email(email)).await, taken("Acme Corp"));
        let holder = store.holder(&Claim::of_email(email)).await.unwrap().unwrap();
        assert_eq!(holder.org, Some(acme.id));
    }
    assert_eq!(add(&*store, &acme, "kim@globex.com", Role::Admin).await, taken("Globex"));
    // Within the organization too.
    assert_eq!(add(&*store, &acme, "ada@acme.com", Role::Admin).await, taken("Acme Corp"));
    let eve = admin(&*store, "eve@acme.com").await;
    let email = Some(Email::parse("bob@acme.com").unwrap());
    let to_bobs = AdminEdit::Set { role: None, email, password: None, reset: None };
    assert_eq!(set(&*store, &acme, &eve, to_bobs).await, taken("Acme Corp"));
    assert_eq!(store.update(&acme, &with_email("bob@acme.com")).await, taken("Acme Corp"));
    assert_eq!(fixture.stored().await, before);
    assert_eq!(store.admins(&acme).await.unwrap().len(), 3);
    // Also after everything else about the organization was different once.
    let acme = store.org(acme.id).await.unwrap().unwrap();
    let acme = store.update(&acme, &renamed("Acme Reborn")).await.unwrap();
    let acme = store.update(&acme, &with_email("new@acme.com")).await.unwrap();
    let again = store.create(&new_org("Other", "bob@acme.com")).await;
    assert_eq!(again.map(|_| ()), taken("Acme Reborn").map(|_: Org| ()));
    let admins = store.admins(&acme).await.unwrap();
    assert_eq!(emails(&admins), ["new@acme.com", "bob@acme.com", "eve@acme.com"]);
    store.create(&new_org("Other", "ada@acme.com")).await.unwrap();
}

pub async fn whoever_is_removed_is_gone_and_the_email_is_free<F: Fixture>() {
    let (_fixture, store, acme) = with_three::<F>().await;
    let bob = admin(&*store, "bob@acme.com").await;
    let acme = set(&*store, &acme, &bob, AdminEdit::Remove).await.unwrap();
    assert_eq!(emails(&store.admins(&acme).await.unwrap()), ["ada@acme.com", "eve@acme.com"]);
    assert_eq!(store.admin(bob.id).await, Ok(None));
    assert_eq!(store.admin_with_email("bob@acme.com").await, Ok(None));
    assert_eq!(store.holder(&Claim::of_email("bob@acme.com")).await, Ok(None));
    store.create(&new_org("Bobs", "bob@acme.com")).await.unwrap();
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
}

pub async fn when_the_first_goes_an_owner_takes_its_place<F: Fixture>() {
    for removed in [true, false] {
        let (fixture, store, acme) = with_three::<F>().await;
        let ada = admin(&*store, "ada@acme.com").await;
        let bob = admin(&*store, "bob@acme.com").await;
        let role = Some(Role::Admin);
        let what = if removed {
            AdminEdit::Remove
        } else {
            AdminEdit::Set { role, email: None, password: None, reset: None }
        };
        let successor = Some(bob.clone());
        let acme =
            change(&*store, &acme, AdminChange { admin: ada.id, what, successor }).await.unwrap();
        assert_eq!(acme.admin_id.raw(), bob.id.to_hex());
        assert_eq!(acme.admin_email.raw(), "bob@acme.com");
        let admins = store.admins(&acme).await.unwrap();
        let holder = store.holder(&Claim::of_email("ada@acme.com")).await.unwrap();
        if removed {
            assert_eq!(emails(&admins), ["bob@acme.com", "eve@acme.com"]);
            assert_eq!(holder, None);
        } else {
            assert_eq!(emails(&admins), ["bob@acme.com", "ada@acme.com", "eve@acme.com"]);
            assert_eq!(admins[1].role, Role::Admin);
            assert_eq!(admins[1].password, ada.password);
            assert_eq!(holder.unwrap().org, Some(acme.id));
        }
        // The list sorts and searches by the e-mail of the first.
        let record = &fixture.stored().await.organizations[0];
        assert_eq!(record.get_str("admin_email").unwrap(), "bob@acme.com");
        assert_eq!(record.get_str("admin_id").unwrap(), bob.id.to_hex());
        assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    }
}

pub async fn whom_the_record_names_leaves_only_to_a_successor<F: Fixture>() {
    let (fixture, store, acme) = with_three::<F>().await;
    let (ada, bob) = (admin(&*store, "ada@acme.com").await, admin(&*store, "bob@acme.com").await);
    let eve = admin(&*store, "eve@acme.com").await;
    let before = fixture.stored().await;
    let email = Some(Email::parse("new@acme.com").unwrap());
    let renamed = AdminEdit::Set { role: None, email, password: None, reset: None };
    for what in [AdminEdit::Remove, renamed] {
        assert_eq!(set(&*store, &acme, &ada, what).await, Err(StoreError::Changed));
    }
    assert_eq!(fixture.stored().await, before);
    // Nobody follows one whom the record does not name.
    let removal = AdminChange { admin: eve.id, what: AdminEdit::Remove, successor: Some(bob) };
    let acme = change(&*store, &acme, removal).await.unwrap();
    assert_eq!(acme.admin_id.raw(), ada.id.to_hex());
    assert_eq!(acme.admin_email.raw(), "ada@acme.com");
}

pub async fn role_email_password_and_code_change_together_or_alone<F: Fixture>() {
    let (_fixture, store, acme) = with_three::<F>().await;
    let eve = admin(&*store, "eve@acme.com").await;
    let (role, password) = (Some(Role::Owner), Some(hash("eves")));
    let email = Some(Email::parse("eva@acme.com").unwrap());
    let what = AdminEdit::Set { role, email, password, reset: None };
    let acme = set(&*store, &acme, &eve, what).await.unwrap();
    let expected = Admin {
        email: "eva@acme.com".into(),
        role: Role::Owner,
        password: hash("eves"),
        // A new password takes the code away.
        reset: None,
        ..eve.clone()
    };
    assert_eq!(admin(&*store, "eva@acme.com").await, expected);
    assert_eq!(store.holder(&Claim::of_email("eve@acme.com")).await, Ok(None));
    let again = AdminEdit::Set { role: None, email: None, password: None, reset: Some(code()) };
    let acme = set(&*store, &acme, &eve, again).await.unwrap();
    assert_eq!(store.admin(eve.id).await.unwrap().unwrap().reset, Some(code()));
    // The first one too, and by the change that makes its password another.
    let ada = admin(&*store, "ada@acme.com").await;
    let coded = AdminEdit::Set { role: None, email: None, password: None, reset: Some(code()) };
    let acme = set(&*store, &acme, &ada, coded).await.unwrap();
    assert_eq!(admin(&*store, "ada@acme.com").await.reset, Some(code()));
    let password = Change { password: Some(hash("adas")), ..Change::default() };
    let acme = store.update(&acme, &password).await.unwrap();
    let expected = Admin { password: hash("adas"), ..ada };
    assert_eq!(admin(&*store, "ada@acme.com").await, expected);
    let kept = store.update(&acme, &renamed("Globex")).await.unwrap();
    assert_eq!(store.admins(&kept).await.unwrap().len(), 3);
}

pub async fn a_stale_record_changes_no_admin<F: Fixture>() {
    let (fixture, store, old) = with_three::<F>().await;
    store.update(&old, &renamed("Globex")).await.unwrap();
    let bob = admin(&*store, "bob@acme.com").await;
    let before = fixture.stored().await;
    let role = Some(Role::Admin);
    let demoted = AdminEdit::Set { role, email: None, password: None, reset: None };
    assert_eq!(set(&*store, &old, &bob, AdminEdit::Remove).await, Err(StoreError::Changed));
    assert_eq!(set(&*store, &old, &bob, demoted).await, Err(StoreError::Changed));
    assert_eq!(add(&*store, &old, "kim@acme.com", Role::Admin).await, Err(StoreError::Changed));
    assert_eq!(fixture.stored().await, before);
}

/// So that no two owners can remove each other.
pub async fn of_two_changes_of_admins_at_once_exactly_one_succeeds<F: Fixture>() {
    let (fixture, store, acme) = with_three::<F>().await;
    let other = fixture.open(false).await;
    let ada = admin(&*store, "ada@acme.com").await;
    let bob = admin(&*store, "bob@acme.com").await;
    let successor = Some(bob.clone());
    let without_ada = AdminChange { admin: ada.id, what: AdminEdit::Remove, successor };
    let without_bob = AdminChange { admin: bob.id, what: AdminEdit::Remove, successor: None };
    let (one, two) =
        tokio::join!(change(&*store, &acme, without_ada), change(&*other, &acme, without_bob));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    let acme = store.org(acme.id).await.unwrap().unwrap();
    let admins = store.admins(&acme).await.unwrap();
    assert_eq!(admins.len(), 2);
    assert_eq!(acme.admin_id.raw(), admins[0].id.to_hex());
    assert_eq!(admins[0].role, Role::Owner);
}

pub async fn all_of_them_go_to_the_trash_and_come_back<F: Fixture>() {
    let (fixture, store, acme) = with_three::<F>().await;
    let before = fixture.stored().await;
    let admins = store.admins(&acme).await.unwrap();
    let trashed = store.trash(&acme, 30).await.unwrap();
    for known in &admins {
        assert_eq!(store.admin_with_email(known.email.raw()).await, Ok(None));
        assert_eq!(store.admin(known.id).await, Ok(None));
        assert_eq!(store.org_of_admin(known).await, Ok(None));
        let there = store.admin_in_trash(&trashed, known.email.raw()).await.unwrap();
        assert_eq!(there.map(|there| (there.id, there.role)), Some((known.id, known.role)));
        assert!(store.create(&new_org("Other", known.email.raw())).await.is_err());
    }
    assert_eq!(emails(&store.admins(&trashed).await.unwrap()), THREE);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    let back = store.restore(&trashed, &Change::default()).await.unwrap();
    assert_eq!(store.admins(&back).await.unwrap(), admins);
    assert_eq!(fixture.stored().await, before);
    for known in &admins {
        assert_eq!(store.org_of_admin(known).await.unwrap().as_ref(), Some(&back));
    }
}

pub async fn all_of_them_are_deleted_with_it<F: Fixture>() {
    for trashed in [false, true] {
        let (fixture, store, mut acme) = with_three::<F>().await;
        if trashed {
            acme = store.trash(&acme, 30).await.unwrap();
        }
        store.delete(&acme).await.unwrap();
        let stored = fixture.stored().await;
        assert!(stored.organizations.is_empty() && stored.admins.is_empty(), "{stored:?}");
        for email in THREE {
            assert_eq!(store.holder(&Claim::of_email(email)).await, Ok(None));
            store
                .create(&new_org(&format!("org of {email}").replace('@', " "), email))
                .await
                .unwrap();
        }
    }
}

pub async fn a_password_nobody_can_log_in_with_is_a_finding<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    let password = PasswordHash::stored("correct horse battery".to_owned());
    let change = Change { password: Some(password), ..Change::default() };
    store.update(&acme, &change).await.unwrap();
    let found = store.examine("tester@here", true).await.unwrap();
    let inconsistency = Inconsistency::UnusablePassword { email: "ada@acme.com".into() };
    assert_eq!(found.iter().map(|one| &one.inconsistency).collect::<Vec<_>>(), [&inconsistency]);
    assert!(matches!(found[0].repair, Repair::ByHand(_)), "{found:?}");
    assert!(!found[0].inconsistency.to_string().contains("horse"), "{found:?}");
}

pub async fn where_no_owner_is_left_one_can_be_appointed_and_nowhere_else<F: Fixture>() {
    for gone in [true, false] {
        let mut siege = Besieged::<F>::new().await;
        siege.add("bob@acme.com", Role::Admin).await;
        let appoint = async |siege: &Besieged<F>, role| {
            siege.tenancy.add_admin(&siege.acme, "eve@acme.com", role).await
        };
        // As long as there is an owner: neither by the rules nor by the store alone.
        let before = siege.fixture.stored().await;
        let refused = appoint(&siege, Role::Owner).await.err();
        assert_eq!(refused, Some(Error::NotAllowed(Refusal::NoSession("Acme Corp".into()))));
        let new = NewAdmin { role: Role::Owner, ..new_admin("eve@acme.com") };
        let what = AdminEdit::Appoint(new);
        let change = AdminChange { admin: ObjectId::new(), what, successor: None };
        let entry = siege.store.entry("appoint owner", &siege.acme);
        let operation = Operation::Admin(Box::new(siege.acme.clone()), Box::new(change));
        assert_eq!(siege.store.perform(&operation, &entry).await, Err(StoreError::Changed));
        assert_eq!(siege.fixture.stored().await, before);

        if gone {
            siege.fixture.remove_admin("ada@acme.com").await;
        } else {
            siege.fixture.demote("ada@acme.com").await;
        }
        let none = Error::NoOwner("Acme Corp".into());
        assert_eq!(siege.tenancy.authorize(&siege.acme).await, Err(none.clone()));
        let bob = siege.log_in("bob@acme.com").await;
        let deleted = siege
            .tenancy
            .in_session(Some(bob.token()))
            .delete(&siege.acme, &Confirmation::Given)
            .await;
        assert_eq!(deleted, Err(none.clone()));
        assert_eq!(appoint(&siege, Role::Admin).await.err(), Some(none));
        let taken = siege.tenancy.add_admin(&siege.acme, "kim@globex.com", Role::Owner).await;
        assert!(matches!(taken, Err(Error::Taken { what: ClaimKind::Email, .. })), "{taken:?}");

        let (acme, code) = appoint(&siege, Role::Owner).await.unwrap();
        let acme =
            siege.tenancy.redeem("eve@acme.com", &code.code, &secret(OTHER)).await.map(|_| acme);
        let acme = siege.tenancy.org(acme.unwrap().id).await.unwrap().unwrap();
        let first = if gone { "eve@acme.com" } else { "ada@acme.com" };
        assert_eq!(acme.admin_email.raw(), first);
        let admins = siege.store.admins(&acme).await.unwrap();
        let mut admins = emails(&admins);
        admins.sort_unstable();
        let all = ["ada@acme.com", "bob@acme.com", "eve@acme.com"];
        assert_eq!(admins, all[usize::from(gone)..]);
        let log = siege.tenancy.activity(&acme, 10).await.unwrap();
        let named = |word: &str| log.iter().find(|one| one.entry.action.code() == word).cloned();
        let appointed = named("appoint owner").unwrap().entry;
        assert_eq!(appointed.outcome, Outcome::Done);
        assert!(appointed.admin.raw().is_empty() && !appointed.operator.raw().is_empty());
        // From now on it is like any other.
        siege.acme = acme;
        let refused = siege.tenancy.add_admin(&siege.acme, "x@acme.com", Role::Owner).await;
        assert!(matches!(refused, Err(Error::NotAllowed(Refusal::NoSession(_)))), "{refused:?}");
        assert_eq!(siege.store.examine("tester@here", false).await, Ok(vec![]));
        let eve = siege.tenancy.login("eve@acme.com", &secret(OTHER)).await.unwrap();
        let given = Confirmation::Given;
        siege.tenancy.in_session(Some(eve.token())).delete(&siege.acme, &given).await.unwrap();
    }
}

pub async fn a_gone_owners_email_can_be_the_new_ones_or_anybody_elses<F: Fixture>() {
    for again in [true, false] {
        let siege = Besieged::<F>::new().await;
        siege.fixture.remove_admin("ada@acme.com").await;
        let email = if again { "ADA@acme.com" } else { "eve@acme.com" };
        let added = siege.tenancy.add_admin(&siege.acme, email, Role::Owner).await;
        let (acme, code) = added.unwrap();
        assert_eq!(acme.admin_email.raw(), email);
        siege.tenancy.redeem(email, &code.code, &secret(OTHER)).await.unwrap();
        siege.tenancy.login(email, &secret(OTHER)).await.unwrap();
        let other = siege.store.create(&new_org("Other", "ada@acme.com")).await;
        assert_eq!(other.is_ok(), !again, "{other:?}");
    }
}

pub async fn two_organizations_with_each_others_admin_are_left_to_a_person<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    fixture.swap_admins(&acme, &globex).await;
    let before = fixture.stored().await;
    let swapped = Inconsistency::SwappedAdmins { one: "Acme Corp".into(), other: "Globex".into() };
    for fix in [false, true, true] {
        let found = store.examine("tester@here", fix).await.unwrap();
        assert_eq!(found.iter().map(|one| &one.inconsistency).collect::<Vec<_>>(), [&swapped]);
        assert!(matches!(found[0].repair, Repair::ByHand(_)), "{found:?}");
        // Nobody gets the e-mail of somebody else, whose password would open another organization.
        assert_eq!(fixture.stored().await, before);
    }
}

pub async fn each_of_their_emails_is_searched<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let found = async |text: &str| {
        let query = PageQuery::first(ListScope::Live, Some(text.to_owned()), 5);
        store.page(&query).await.unwrap().orgs.len()
    };
    assert_eq!(found("eve@elsewhere.example").await, 0);
    let acme = add(&*store, &acme, "Eve@Elsewhere.example", Role::Owner).await.unwrap();
    assert_eq!(found("eve@elsewhere.example").await, 1);
    assert_eq!(found("email:elsewhere acme").await, 1);
    let eve = store.admin_with_email("eve@elsewhere.example").await.unwrap().unwrap();
    let email = Some(Email::parse("mallory@elsewhere.example").unwrap());
    let what = AdminEdit::Set { role: None, email, password: None, reset: None };
    let changed = AdminChange { admin: eve.id, what, successor: None };
    let acme = change(&*store, &acme, changed).await.unwrap();
    assert_eq!((found("eve@elsewhere").await, found("mallory@elsewhere").await), (0, 1));
    let removed = AdminChange { admin: eve.id, what: AdminEdit::Remove, successor: None };
    change(&*store, &acme, removed).await.unwrap();
    assert_eq!(found("elsewhere").await, 0);
}
