//! What another program may write where an admin's rights are kept, and what it counts for here.

use std::sync::Arc;

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use tenantry::org::{Role, Secret};
use tenantry::store::{Finding, Inconsistency, Repair, Store};
use tenantry::tenancy::{Caller, Confirmation, Error, Refusal, Rules, Tenancy};

use crate::{fixture::Scratch, support::operations::Operations as _};

const ADA: &str = "ada@acme.com";
const PASSWORD: &str = "violet-harbor-42-lantern";

/// Everything that is no role: other words, other cases, other types.
fn odd() -> Vec<Bson> {
    let words = ["Admin", "OWNER", "Owner", "", " owner", "owner ", "owner\0", "root", "ownér"];
    let mut odd: Vec<Bson> = words.into_iter().map(Bson::from).collect();
    odd.extend([
        Bson::Null,
        true.into(),
        1.into(),
        0_i64.into(),
        1.5.into(),
        vec!["owner"].into(),
        doc! { "role": "owner" }.into(),
        Bson::Symbol("owner".into()),
        Bson::JavaScriptCode("owner".into()),
        ObjectId::new().into(),
        DateTime::MAX.into(),
        Bson::MaxKey,
        Bson::MinKey,
        Bson::Undefined,
    ]);
    odd
}

/// An organization of the old service, whose admin has a password that is checked quickly.
async fn with_acme(test: &str) -> (Scratch, Arc<dyn Store>, Tenancy) {
    let scratch = Scratch::new(test).await;
    scratch.add_legacy("acme", "org_acme", ADA).await;
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    set(&scratch, doc! { "password": hash }).await;
    let store: Arc<dyn Store> = Arc::new(scratch.open().await);
    let tenancy =
        Tenancy::new(Arc::clone(&store), Rules::default(), Caller::new("tester@here")).unwrap();
    (scratch, store, tenancy)
}

async fn set(scratch: &Scratch, fields: Document) {
    let admins = scratch.collection::<Document>("admins");
    admins.update_one(doc! {}, doc! { "$set": fields }).await.unwrap();
}

/// The findings about roles, with what is to be done about them.
fn about_roles(found: &[Finding]) -> Vec<&Finding> {
    found.iter().filter(|one| one.inconsistency.code() == "unknown_role").collect()
}

#[tokio::test]
async fn a_role_that_is_unknown_is_the_least_there_is_and_is_found() {
    let (scratch, store, tenancy) = with_acme("odd_roles").await;
    let admin = async || store.admin_with_email(ADA).await.unwrap().unwrap();
    // The old service's admins have no role, and may do everything.
    assert_eq!(admin().await.role, Role::Owner);
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    for role in odd() {
        set(&scratch, doc! { "role": role.clone() }).await;
        assert_eq!(admin().await.role, Role::Admin, "{role:?}");
        let org = tenancy.named("acme").await.unwrap();
        assert_eq!(store.admins(&org).await.unwrap()[0].role, Role::Admin, "{role:?}");
        for fix in [false, true] {
            let found = store.examine("tester@here", fix).await.unwrap();
            let [Finding { inconsistency: Inconsistency::UnknownRole { email, .. }, repair }] =
                &about_roles(&found)[..]
            else {
                panic!("{role:?} {found:?}")
            };
            assert_eq!(email.raw(), ADA);
            assert!(matches!(repair, Repair::ByHand(_)), "{repair:?}");
        }
        // Only a person knows what was meant.
        assert_eq!(scratch.documents("admins").await[0].get("role"), Some(&role));
    }
    for (word, role) in [("owner", Role::Owner), ("admin", Role::Admin)] {
        set(&scratch, doc! { "role": word }).await;
        assert_eq!(admin().await.role, role);
        assert_eq!(store.examine("tester@here", false).await, Ok(vec![]));
    }
}

#[tokio::test]
async fn who_has_an_unknown_role_deletes_trashes_and_purges_nothing() {
    let (scratch, store, tenancy) = with_acme("odd_deletes").await;
    let owners = Err(Error::NotAllowed(Refusal::OwnersOnly("acme".into())));
    // There is an owner beside: otherwise that would be said.
    let acme = tenancy.named("acme").await.unwrap();
    let session = tenancy.login(ADA, &Secret::from(PASSWORD)).await.unwrap();
    let bob = tenancy
        .in_session(Some(session.token()))
        .add_admin(&acme, "bob@acme.com", Role::Owner)
        .await;
    bob.unwrap();
    for role in ["Admin", ""] {
        set(&scratch, doc! { "role": role }).await;
        let acme = tenancy.named("acme").await.unwrap();
        let session = tenancy.login(ADA, &Secret::from(PASSWORD)).await.unwrap();
        let token = Some(session.token());
        assert_eq!(
            tenancy.in_session(token).delete(&acme, &Confirmation::Given).await,
            owners,
            "{role:?}"
        );
        assert_eq!(tenancy.in_session(token).trash(&acme).await.map(drop), owners, "{role:?}");
        let added = tenancy.in_session(token).add_admin(&acme, "eve@acme.com", Role::Owner).await;
        assert_eq!(added.map(drop), owners, "{role:?}");
    }
    let acme = tenancy.named("acme").await.unwrap();
    set(&scratch, doc! { "role": "owner" }).await;
    let session = tenancy.login(ADA, &Secret::from(PASSWORD)).await.unwrap();
    let trashed = tenancy.in_session(Some(session.token())).trash(&acme).await.unwrap();
    set(&scratch, doc! { "role": "Owner" }).await;
    let given = Confirmation::Given;
    let purged = tenancy.purge(&trashed, &given, ADA, &Secret::from(PASSWORD), None).await;
    assert_eq!(purged, owners);
    // In the trash it is found as well, by the e-mail that the admin has there.
    let found = store.examine("tester@here", false).await.unwrap();
    let [Finding { inconsistency: Inconsistency::UnknownRole { email, .. }, .. }] =
        &about_roles(&found)[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!(email.raw(), ADA);
}

#[tokio::test]
async fn a_login_ends_with_whatever_is_written_where_logins_are_ended() {
    let (scratch, store, tenancy) = with_acme("odd_epochs").await;
    let orgs = scratch.collection::<Document>("organizations");
    let one: [Bson; 7] =
        [1.into(), 2_i64.into(), 1.0.into(), "q".into(), Bson::Null, vec![0].into(), true.into()];
    for epoch in one {
        orgs.update_one(doc! {}, doc! { "$unset": { "login_epoch": "" } }).await.unwrap();
        let acme = tenancy.named("acme").await.unwrap();
        let session = tenancy.login(ADA, &Secret::from(PASSWORD)).await.unwrap();
        assert_eq!(tenancy.in_session(Some(session.token())).authorize(&acme).await, Ok(()));
        let set = doc! { "$set": { "login_epoch": epoch.clone() } };
        orgs.update_one(doc! {}, set).await.unwrap();
        let ended = tenancy.in_session(Some(session.token())).authorize(&acme).await;
        assert_eq!(ended, Err(Error::NotAllowed(Refusal::LoggedOut)), "{epoch:?}");
    }
    // A number of another kind is no reason not to end them; what is none of ours is left alone.
    let acme = tenancy.named("acme").await.unwrap();
    let set = doc! { "$set": { "login_epoch": "q" } };
    orgs.update_one(doc! {}, set).await.unwrap();
    let refused = store.suspend(&acme, true).await.unwrap_err();
    assert!(refused.to_string().contains("“login_epoch”"), "{refused}");
    let set = doc! { "$set": { "login_epoch": 4 } };
    orgs.update_one(doc! {}, set).await.unwrap();
    let acme = tenancy.named("acme").await.unwrap();
    let session = tenancy.login(ADA, &Secret::from(PASSWORD)).await.unwrap();
    let suspended = store.suspend(&acme, true).await.unwrap();
    let acme = store.suspend(&suspended, false).await.unwrap();
    let ended = tenancy.in_session(Some(session.token())).authorize(&acme).await;
    assert_eq!(ended, Err(Error::NotAllowed(Refusal::LoggedOut)));
}
