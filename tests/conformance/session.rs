//! Sessions that are forged, and sessions that are held open while what they stand on goes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use tenantry::org::{OrgState, Role};
use tenantry::store::{AuditAt, AuditFilter, Outcome};
use tenantry::tenancy::{AdminChanges, Caller, Confirmation, Edit, Error, Refusal, Rules, Tenancy};

use crate::attack::{Besieged, KEY, OTHER, PASSWORD, make, secret};
use crate::fixture::Fixture;

fn claims(token: &str) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&["tenantry-session"]);
    let key = DecodingKey::from_secret(KEY.as_bytes());
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

fn signed(claims: &Value, algorithm: Algorithm, key: &str) -> String {
    let key = EncodingKey::from_secret(key.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

/// The payload of one token under the signature of another.
fn spliced(payload: &str, signature: &str) -> String {
    let (header, rest) = signature.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    format!("{header}.{}.{signature}", payload.split('.').nth(1).unwrap())
}

pub async fn a_forged_token_opens_nothing<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let session = siege.log_in("ada@acme.com").await;
    let sound = claims(session.token());
    let with = |field: &str, value: Value| {
        let mut claims = sound.clone();
        claims[field] = value;
        claims
    };
    let without = |field: &str| {
        let mut claims = sound.clone();
        claims.as_object_mut().unwrap().remove(field);
        claims
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // {"alg":"none","typ":"JWT"}, and with other letters large.
    let nones = ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOb05lIiwidHlwIjoiSldUIn0"];
    let payload = session.token().split('.').nth(1).unwrap();
    let signature = session.token().rsplit('.').next().unwrap();
    let mut forged: Vec<String> = Vec::new();
    for none in nones {
        forged.push(format!("{none}.{payload}."));
        forged.push(format!("{none}.{payload}"));
        forged.push(format!("{none}.{payload}.{signature}"));
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        forged.push(signed(&sound, algorithm, KEY));
    }
    for key in ["", "secret", "another key of thirty-two bytes or more", &KEY[1..]] {
        forged.push(signed(&sound, Algorithm::HS256, key));
    }
    for (field, value) in [
        ("organization_id", json!(siege.globex.id.to_hex())),
        ("admin_id", json!(siege.globex.admin_id.raw())),
        ("exp", json!(now + 1_000_000)),
        ("epoch", json!(7)),
        ("jti", json!("another")),
        ("aud", json!("everybody")),
    ] {
        let changed =
            signed(&with(field, value), Algorithm::HS256, "not the key, but long enough for one");
        forged.push(spliced(&changed, session.token()));
    }
    // By the key itself, which nobody else has: what is in it must be right all the same.
    for claims in [
        with("iss", json!("somebody")),
        with("aud", json!("everybody")),
        with("admin_id", json!("nobody")),
        with("password", json!("0000")),
        without("exp"),
        without("iss"),
        without("aud"),
        without("jti"),
        without("epoch"),
    ] {
        forged.push(signed(&claims, Algorithm::HS256, KEY));
    }
    forged.push(String::new());
    forged.push("..".to_owned());
    forged.push(session.token()[1..].to_owned());
    forged.push(format!("{}=", session.token()));
    forged.push(format!("{} ", session.token()));
    forged.push("\0\u{1b}]0;x\u{7}.".repeat(200_000));
    for token in &forged {
        for refusal in siege.try_all(&siege.acme, token).await {
            let expected = matches!(refusal, Refusal::Foreign | Refusal::AdminChanged);
            assert!(expected, "{refusal:?} for {}", &token[..token.len().min(300)]);
        }
    }
    let expired = signed(&with("exp", json!(now - 1)), Algorithm::HS256, KEY);
    siege.is_shut_out(&siege.acme, &expired, &Refusal::Expired).await;
    // A console with another key: what each run has when none is set.
    let other =
        Tenancy::new(siege.fixture.open(false).await, Rules::default(), Caller::new("tester@here"))
            .unwrap();
    let answer = other.in_session(Some(session.token())).authorize(&siege.acme).await;
    assert_eq!(answer, Err(Error::NotAllowed(Refusal::Foreign)));
    // And the real one is good, after all that.
    assert_eq!(
        siege.tenancy.in_session(Some(session.token())).authorize(&siege.acme).await,
        Ok(())
    );
    let log = siege.audit_log(&[session.token(), signature]).await;
    let refused = log.iter().filter(|(_, outcome, _)| *outcome == Outcome::Refused).count();
    assert_eq!(refused, (forged.len() + 1) * 11 + 1);
}

pub async fn a_session_ends_with_its_time<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let rules = Rules { session: Duration::ZERO, ..Rules::default() };
    let tenancy =
        Tenancy::new(siege.fixture.open(false).await, rules, Caller::new("tester@here")).unwrap();
    let session = tenancy.login("ada@acme.com", &secret(PASSWORD)).await.unwrap();
    let answer = tenancy.in_session(Some(session.token())).authorize(&siege.acme).await;
    assert_eq!(answer, Err(Error::NotAllowed(Refusal::Expired)));
}

pub async fn a_session_goes_through_a_rename_and_ends_with_the_logout<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    let session = siege.log_in("ada@acme.com").await;
    let edit = Edit { name: Some("Acme Reborn".to_owned()), ..Edit::default() };
    siege.acme = siege.tenancy.update(&siege.acme, &edit).await.unwrap();
    assert_eq!(
        siege.tenancy.in_session(Some(session.token())).authorize(&siege.acme).await,
        Ok(())
    );
    let other = siege.log_in("ada@acme.com").await;
    siege.tenancy.logout(&session);
    siege.is_shut_out(&siege.acme, session.token(), &Refusal::LoggedOut).await;
    // That one only.
    assert_eq!(siege.tenancy.in_session(Some(other.token())).authorize(&siege.acme).await, Ok(()));
}

pub async fn a_session_of_another_organization_opens_nothing<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let session = siege.log_in("kim@globex.com").await;
    let why = Refusal::OtherOrganization {
        admin: "kim@globex.com".into(),
        of: "Globex".into(),
        wanted: "Acme Corp".into(),
    };
    siege.is_shut_out(&siege.acme, session.token(), &why).await;
}

pub async fn a_session_ends_when_its_admin_is_removed<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add("bob@acme.com", Role::Owner).await;
    let (ada, bob) = (siege.log_in("ada@acme.com").await, siege.log_in("bob@acme.com").await);
    let t = &siege.tenancy;
    // The first one too, by another owner.
    siege.acme =
        t.in_session(Some(bob.token())).remove_admin(&siege.acme, "ada@acme.com").await.unwrap();
    siege.is_shut_out(&siege.acme, ada.token(), &Refusal::AdminChanged).await;
    assert_eq!(
        siege.tenancy.login("ada@acme.com", &secret(PASSWORD)).await.err(),
        Some(Error::WrongLogin)
    );
    assert_eq!(siege.tenancy.in_session(Some(bob.token())).authorize(&siege.acme).await, Ok(()));
    // Nor does it open an organization of the same e-mail that is made afterwards.
    let again = make(&*siege.store, "Adas", "ada@acme.com").await;
    siege.is_shut_out(&again, ada.token(), &Refusal::AdminChanged).await;
}

pub async fn a_session_ends_when_the_password_changes<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    let (one, two) = (siege.log_in("ada@acme.com").await, siege.log_in("ada@acme.com").await);
    let edit = Edit { password: Some(secret(OTHER)), ..Edit::default() };
    siege.acme =
        siege.tenancy.in_session(Some(one.token())).update(&siege.acme, &edit).await.unwrap();
    for session in [one, two] {
        siege.is_shut_out(&siege.acme, session.token(), &Refusal::AdminChanged).await;
    }
    let session = siege.tenancy.login("ada@acme.com", &secret(OTHER)).await.unwrap();
    let (acme, code) = siege.tenancy.issue_code(&siege.acme, "ada@acme.com").await.unwrap();
    // A code changes nothing yet.
    assert_eq!(siege.tenancy.in_session(Some(session.token())).authorize(&acme).await, Ok(()));
    siege.acme = siege.tenancy.redeem("ada@acme.com", &code.code, &secret(PASSWORD)).await.unwrap();
    siege.is_shut_out(&siege.acme, session.token(), &Refusal::AdminChanged).await;
}

pub async fn a_session_ends_with_a_suspension_and_does_not_come_back<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    let session = siege.log_in("ada@acme.com").await;
    siege.acme = siege.tenancy.suspend(&siege.acme).await.unwrap();
    let suspended = Refusal::Suspended("Acme Corp".into());
    siege.is_shut_out(&siege.acme, session.token(), &suspended).await;
    let answer = siege.tenancy.login("ada@acme.com", &secret(PASSWORD)).await;
    assert_eq!(answer.err(), Some(Error::NotAllowed(suspended)));
    siege.acme = siege.tenancy.reactivate(&siege.acme).await.unwrap();
    siege.is_shut_out(&siege.acme, session.token(), &Refusal::LoggedOut).await;
}

pub async fn a_session_ends_with_the_trash_and_does_not_come_back<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    let session = siege.log_in("ada@acme.com").await;
    let token = session.token();
    siege.acme = siege.tenancy.in_session(Some(token)).trash(&siege.acme).await.unwrap();
    siege.is_shut_out(&siege.acme, token, &Refusal::Trashed("Acme Corp".into())).await;
    siege.acme = siege.tenancy.restore(&siege.acme, None).await.unwrap();
    siege.is_shut_out(&siege.acme, token, &Refusal::LoggedOut).await;
    // Purged, and made again under the same name and e-mail.
    let session = siege.log_in("ada@acme.com").await;
    let trashed = siege.tenancy.in_session(Some(session.token())).trash(&siege.acme).await.unwrap();
    let given = Confirmation::Given;
    siege.tenancy.purge(&trashed, &given, "ada@acme.com", &secret(PASSWORD), None).await.unwrap();
    let again = make(&*siege.store, "Acme Corp", "ada@acme.com").await;
    for token in [token, session.token()] {
        siege.is_shut_out(&again, token, &Refusal::AdminChanged).await;
    }
}

pub async fn a_session_ends_with_its_organization_also_when_that_is_made_again<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let session = siege.log_in("ada@acme.com").await;
    let given = Confirmation::Given;
    siege.tenancy.in_session(Some(session.token())).delete(&siege.acme, &given).await.unwrap();
    let again = make(&*siege.store, "Acme Corp", "ada@acme.com").await;
    siege.is_shut_out(&again, session.token(), &Refusal::AdminChanged).await;
}

pub async fn whoever_is_an_owner_no_more_is_none_at_once<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add("bob@acme.com", Role::Owner).await;
    let (ada, bob) = (siege.log_in("ada@acme.com").await, siege.log_in("bob@acme.com").await);
    let wish = AdminChanges { role: Some(Role::Admin), ..AdminChanges::default() };
    let t = &siege.tenancy;
    siege.acme = t
        .in_session(Some(ada.token()))
        .update_admin(&siege.acme, "bob@acme.com", &wish)
        .await
        .unwrap();
    let only = Refusal::OwnersOnly("Acme Corp".into());
    siege.is_shut_out(&siege.acme, bob.token(), &only).await;
    // Their own e-mail and password are still theirs.
    let own = AdminChanges { email: Some("rob@acme.com".to_owned()), ..AdminChanges::default() };
    let acme = siege
        .tenancy
        .in_session(Some(bob.token()))
        .update_admin(&siege.acme, "bob@acme.com", &own)
        .await;
    siege.acme = acme.unwrap();
    let own = AdminChanges { password: Some(secret(OTHER)), ..AdminChanges::default() };
    let acme = siege
        .tenancy
        .in_session(Some(bob.token()))
        .update_admin(&siege.acme, "rob@acme.com", &own)
        .await;
    siege.acme = acme.unwrap();
    siege.is_shut_out(&siege.acme, bob.token(), &Refusal::AdminChanged).await;
    siege.tenancy.login("rob@acme.com", &secret(OTHER)).await.unwrap();
    // An owner changes nobody's password but their own.
    let t = &siege.tenancy;
    let answer =
        t.in_session(Some(ada.token())).update_admin(&siege.acme, "rob@acme.com", &own).await;
    assert_eq!(answer.err(), Some(Error::NotAllowed(Refusal::OwnPassword("rob@acme.com".into()))));
}

pub async fn the_last_owner_cannot_go<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add("bob@acme.com", Role::Admin).await;
    let ada = siege.log_in("ada@acme.com").await;
    let token = Some(ada.token());
    let wish = |role| AdminChanges { role: Some(role), ..AdminChanges::default() };
    let last = Error::LastOwner { email: "ada@acme.com".into(), organization: "Acme Corp".into() };
    let before = siege.fixture.stored().await;
    let t = &siege.tenancy;
    // Also before anybody logs in for it.
    assert_eq!(t.ensure_removable(&siege.acme, "ada@acme.com").await.err(), Some(last.clone()));
    let demoted = t.ensure_changeable(&siege.acme, "ada@acme.com", &wish(Role::Admin)).await;
    assert_eq!(demoted, Err(last.clone()));
    assert_eq!(t.ensure_deletable(&siege.acme).await, Ok(()));
    assert_eq!(
        t.in_session(token).remove_admin(&siege.acme, "ada@acme.com").await.err(),
        Some(last.clone())
    );
    let demoted =
        t.in_session(token).update_admin(&siege.acme, "ada@acme.com", &wish(Role::Admin)).await;
    assert_eq!(demoted.err(), Some(last));
    assert_eq!(siege.fixture.stored().await, before);
    // Once there is another one, it can.
    let acme = t
        .in_session(token)
        .update_admin(&siege.acme, "bob@acme.com", &wish(Role::Owner))
        .await
        .unwrap();
    let acme =
        t.in_session(token).update_admin(&acme, "ada@acme.com", &wish(Role::Admin)).await.unwrap();
    assert_eq!(acme.admin_email.raw(), "bob@acme.com");
    let only = Refusal::OwnersOnly("Acme Corp".into());
    assert_eq!(t.in_session(token).authorize(&acme).await, Err(Error::NotAllowed(only)));
    let roles = t.admins(&acme).await.unwrap();
    let roles: Vec<_> = roles.iter().map(|admin| (admin.email.raw(), admin.role)).collect();
    assert_eq!(roles, [("bob@acme.com", Role::Owner), ("ada@acme.com", Role::Admin)]);
}

pub async fn callers_of_one_console_are_told_apart_and_share_nothing_of_each_other<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let ada = siege.tenancy.called_by(Caller::new("ada@here"));
    let bob = siege.tenancy.called_by(Caller::new("bob@there"));
    let session = ada.login("ada@acme.com", &secret(PASSWORD)).await.unwrap();
    // A session is its caller's alone.
    let ada = ada.in_session(Some(session.token()));
    assert!(matches!(bob.trash(&siege.acme).await, Err(Error::NotAllowed(Refusal::NoSession(_)))));
    let reader = ada.called_by(Caller::new("eve@here").with_read_only(true));
    let reader = reader.in_session(Some(session.token()));
    assert!(matches!(reader.trash(&siege.acme).await, Err(Error::ReadOnly(_))));
    let globex = bob.suspend(&siege.globex).await.unwrap();
    assert_eq!(globex.state, OrgState::Suspended);
    ada.trash(&siege.acme).await.unwrap();
    let entries = siege.tenancy.audit(None, &AuditFilter::ALL, AuditAt::Newest, 10).await;
    let entries = entries.unwrap().entries;
    let did: Vec<_> = entries
        .iter()
        .map(|one| (one.entry.operator.raw(), one.entry.action.code(), one.entry.outcome))
        .collect();
    assert_eq!(
        did[..4],
        [
            ("ada@here", "trash", Outcome::Done),
            ("bob@there", "suspend", Outcome::Done),
            ("bob@there", "trash", Outcome::Refused),
            ("ada@here", "log in", Outcome::Done),
        ]
    );
}
