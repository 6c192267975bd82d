//! What an attacker is given: an organization with a known password, and everything a session opens,
//! tried one by one.

use std::sync::{Arc, LazyLock};

use tenantry::org::{Org, Role, Secret};
use tenantry::store::{Attempt, AttemptResult, AuditAt, AuditFilter, NewOrg, Outcome, Store};
use tenantry::tenancy::{
    AdminChanges, Caller, Confirmation, Edit, Error, Refusal, Result, Rules, Session, Tenancy,
};

use crate::fixture::{CREATED, Fixture};
use crate::support::{operations::Operations as _, orgs};

pub const PASSWORD: &str = "violet-harbor-42-lantern";
pub const OTHER: &str = "copper-meadow-17-thunder";
/// What the console under attack signs with, known here to forge what no attacker could.
pub const KEY: &str = "a key of thirty-two bytes, or more";

/// At the lowest cost: what is tried here is no hashing.
static HASH: LazyLock<String> = LazyLock::new(|| bcrypt::hash(PASSWORD, 4).unwrap());

pub fn secret(text: &str) -> Secret {
    Secret::from(text)
}

pub fn tenancy(store: Arc<dyn Store>) -> Tenancy {
    let rules = Rules { secret_key: Some(secret(KEY)), ..Rules::default() };
    Tenancy::new(store, rules, Caller::new("tester@here")).unwrap()
}

pub async fn make(store: &dyn Store, name: &str, email: &str) -> Org {
    let new = NewOrg { created_at: CREATED, ..orgs::new_org(name, email, &HASH) };
    store.create(&new).await.unwrap()
}

/// A database under attack: two organizations, and a console on it.
pub struct Besieged<F> {
    pub fixture: F,
    pub store: Arc<dyn Store>,
    pub tenancy: Tenancy,
    pub acme: Org,
    pub globex: Org,
}

impl<F: Fixture> Besieged<F> {
    pub async fn new() -> Self {
        let fixture = F::fresh().await;
        let store = fixture.open(false).await;
        let acme = make(&*store, "Acme Corp", "ada@acme.com").await;
        let globex = make(&*store, "Globex", "kim@globex.com").await;
        let tenancy = tenancy(Arc::clone(&store));
        Self { fixture, store, tenancy, acme, globex }
    }

    pub async fn log_in(&self, email: &str) -> Session {
        self.tenancy.login(email, &secret(PASSWORD)).await.unwrap()
    }

    /// So many wrong passwords for an e-mail, as if they had been looked at: hashing each takes its time.
    pub async fn failed(&self, email: &str, times: usize) {
        for _ in 0..times {
            self.fixture.end_waits().await;
            let Attempt::Granted(place) = self.store.attempt(email, None).await.unwrap() else {
                panic!("{email:?} waits");
            };
            self.store.answer_attempt(email, place, AttemptResult::Wrong).await.unwrap();
        }
        self.fixture.end_waits().await;
    }

    /// Another admin, who has chosen [`PASSWORD`].
    pub async fn add(&mut self, email: &str, role: Role) {
        let owner = self.log_in("ada@acme.com").await;
        let added =
            self.tenancy.in_session(Some(owner.token())).add_admin(&self.acme, email, role).await;
        let (_, code) = added.unwrap();
        self.acme = self.tenancy.redeem(email, &code.code, &secret(PASSWORD)).await.unwrap();
    }

    /// Everything that only a session opens, tried with this token on an organization that is there:
    /// what each was refused for. Nothing is different afterwards.
    pub async fn try_all(&self, org: &Org, token: &str) -> Vec<Refusal> {
        let before = self.fixture.stored().await;
        let edit = |email: Option<&str>, password: Option<&str>| Edit {
            name: None,
            email: email.map(str::to_owned),
            password: password.map(secret),
        };
        let wish = |role, email: Option<&str>, password: Option<&str>| AdminChanges {
            role,
            email: email.map(str::to_owned),
            password: password.map(secret),
            resets_second_factor: false,
        };
        let (given, token) = (Confirmation::Given, Some(token));
        let first = org.admin_email.raw();
        let t = &self.tenancy;
        let new_email = edit(Some("evil@evil.com"), None);
        let answers: Vec<Result<()>> = vec![
            t.in_session(token).authorize(org).await,
            t.in_session(token).update(org, &new_email).await.map(drop),
            t.in_session(token).update(org, &edit(None, Some(OTHER))).await.map(drop),
            t.in_session(token).trash(org).await.map(drop),
            t.in_session(token).delete(org, &given).await,
            t.in_session(token).add_admin(org, "evil@evil.com", Role::Owner).await.map(drop),
            t.in_session(token).remove_admin(org, first).await.map(drop),
            t.in_session(token).transfer(org, "evil@evil.com", true).await.map(drop),
            t.in_session(token)
                .update_admin(org, first, &wish(Some(Role::Admin), None, None))
                .await
                .map(drop),
            t.in_session(token)
                .update_admin(org, first, &wish(None, Some("e@evil.com"), None))
                .await
                .map(drop),
            t.in_session(token)
                .update_admin(org, first, &wish(None, None, Some(OTHER)))
                .await
                .map(drop),
        ];
        assert_eq!(self.fixture.stored().await, before);
        let refusals = answers.into_iter().map(|answer| match answer {
            Err(Error::NotAllowed(refusal)) => refusal,
            // An organization that is in the trash says that first.
            Err(Error::InTrash(name)) => Refusal::Trashed(name),
            other => panic!("{other:?}"),
        });
        refusals.collect()
    }

    pub async fn is_shut_out(&self, org: &Org, token: &str, why: &Refusal) {
        for refusal in self.try_all(org, token).await {
            assert_eq!(&refusal, why);
        }
        // A console that asks hears the same, but for what only the wish is refused for.
        let lives = matches!(
            why,
            Refusal::OtherOrganization { .. }
                | Refusal::OwnersOnly(_)
                | Refusal::Role { .. }
                | Refusal::SecondFactorRequired
        );
        let asked = self.tenancy.in_session(Some(token)).ensure_session().await;
        assert_eq!(asked, if lives { Ok(()) } else { Err(Error::NotAllowed(why.clone())) });
    }

    /// The audit log from its first entry: it verifies, and no secret is in it.
    pub async fn audit_log(&self, secrets: &[&str]) -> Vec<(String, Outcome, String)> {
        assert_eq!(self.tenancy.verify(None).await.unwrap().tampering, None);
        let found = self
            .tenancy
            .audit(None, &AuditFilter::ALL, AuditAt::After(0), 10_000)
            .await
            .unwrap()
            .entries;
        let text = format!("{found:?}").to_lowercase();
        for secret in secrets.iter().chain(&[PASSWORD, OTHER, KEY]) {
            assert!(!text.contains(&secret.to_lowercase()), "a secret was recorded");
        }
        let short = found.into_iter().map(|recorded| {
            let entry = recorded.entry;
            (entry.action.code().to_owned(), entry.outcome, entry.reason.raw().to_owned())
        });
        short.collect()
    }
}
