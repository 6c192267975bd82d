//! Guessing passwords and one-time codes.

use std::sync::Arc;
use std::time::Duration;

use tenantry::org::{Invalid, PasswordPolicy, Role, Secret};
use tenantry::store::{Attempt, FREE_ATTEMPTS, Outcome, hold_of};
use tenantry::tenancy::{AdminChanges, Confirmation, Edit, Error, NewOrganization, Refusal};

use crate::attack::{Besieged, OTHER, PASSWORD, make, secret, tenancy};
use crate::fixture::Fixture;

const ADA: &str = "ada@acme.com";

pub async fn fifty_wrong_passwords_at_once_are_counted_and_few_are_looked_at<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let consoles = [
        Arc::new(tenancy(siege.fixture.open(false).await)),
        Arc::new(tenancy(siege.fixture.open(false).await)),
    ];
    let began = std::time::Instant::now();
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..50_usize {
        let console = Arc::clone(&consoles[number % 2]);
        guesses.spawn(async move {
            console.login(ADA, &secret(&format!("guess {number}"))).await.err()
        });
    }
    let answers = guesses.join_all().await;
    let wrong = answers.iter().filter(|answer| **answer == Some(Error::WrongLogin)).count();
    let waiting = answers.iter().filter(|answer| matches!(answer, Some(Error::Waiting(_)))).count();
    assert_eq!(wrong + waiting, 50, "{answers:?}");
    // Exactly as many as one after the other; and on a machine on which all that took longer than the
    // first waits, one more for each of those.
    let waited = usize::try_from((began.elapsed().as_secs() + 1).ilog2()).unwrap();
    assert!((5..=5 + waited).contains(&wrong), "{wrong} were looked at in {:?}", began.elapsed());
    // The right one has to wait like any other, and then says how many there were.
    let right = async || siege.tenancy.login(ADA, &secret(PASSWORD)).await;
    assert!(matches!(right().await, Err(Error::Waiting(_))));
    siege.fixture.end_waits().await;
    assert_eq!(right().await.unwrap().failures, 51);
    assert_eq!(right().await.unwrap().failures, 0);
    // Whoever looks into the organization sees it.
    let seen = siege.tenancy.activity(&siege.acme, 1000).await.unwrap();
    let seen = seen.iter().filter(|recorded| recorded.entry.outcome == Outcome::Refused).count();
    assert_eq!(seen, 51);
    let log = siege.audit_log(&["guess 7"]).await;
    let refused = log.iter().filter(|entry| entry.1 == Outcome::Refused).count();
    assert_eq!(refused, 51);
}

pub async fn right_passwords_at_once_are_no_failures<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let consoles = [
        Arc::new(tenancy(siege.fixture.open(false).await)),
        Arc::new(tenancy(siege.fixture.open(false).await)),
    ];
    for round in 0..2 {
        let mut logins = tokio::task::JoinSet::new();
        for number in 0..6_usize {
            let console = Arc::clone(&consoles[number % 2]);
            logins.spawn(async move { console.login(ADA, &secret(PASSWORD)).await });
        }
        for login in logins.join_all().await {
            let session = login.unwrap_or_else(|error| panic!("{round}: {error}"));
            assert_eq!(session.failures, 0, "{round}");
        }
    }
    // Far more than there are places.
    let mut logins = tokio::task::JoinSet::new();
    for number in 0..40_usize {
        let console = Arc::clone(&consoles[number % 2]);
        logins.spawn(async move { console.login(ADA, &secret(PASSWORD)).await });
    }
    assert!(logins.join_all().await.iter().all(|login| login.as_ref().unwrap().failures == 0));
    assert!(siege.fixture.attempts().await.is_empty());
}

/// A wrong one among them is one, and told of once.
pub async fn of_right_and_wrong_passwords_at_once_only_the_wrong_ones_fail<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let console = Arc::new(tenancy(siege.fixture.open(false).await));
    let mut logins = tokio::task::JoinSet::new();
    for number in 0..9_usize {
        let console = Arc::clone(&console);
        let typed = if number % 3 == 0 { OTHER } else { PASSWORD };
        logins.spawn(async move { (typed, console.login(ADA, &secret(typed)).await) });
    }
    let mut told = 0;
    for (typed, login) in logins.join_all().await {
        match login {
            Ok(session) => {
                assert_eq!(typed, PASSWORD);
                told += session.failures;
            }
            Err(error) => assert_eq!((typed, error), (OTHER, Error::WrongLogin)),
        }
    }
    told += siege.tenancy.login(ADA, &secret(PASSWORD)).await.unwrap().failures;
    assert_eq!(told, 3);
}

/// A login that is killed takes a place and no more: the others wait for it, and then are let in.
pub async fn a_login_that_was_killed_keeps_others_waiting_and_is_no_failure<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    for _ in 0..5 {
        assert!(matches!(siege.store.attempt(ADA, None).await, Ok(Attempt::Granted(_))));
    }
    let console = Arc::new(tenancy(siege.fixture.open(false).await));
    let login = {
        let console = Arc::clone(&console);
        tokio::spawn(async move { console.login(ADA, &secret(PASSWORD)).await })
    };
    // Whoever stops waiting leaves the line, and nothing behind.
    let other = secret(OTHER);
    let early = console.login(ADA, &other);
    assert!(tokio::time::timeout(Duration::from_millis(300), early).await.is_err());
    assert!(!login.is_finished());
    let hold = hold_of(FREE_ATTEMPTS).as_millis();
    siege.fixture.age_attempts(hold.try_into().unwrap()).await;
    assert_eq!(login.await.unwrap().unwrap().failures, 0);
    assert!(siege.fixture.attempts().await.is_empty());
}

/// Whoever goes away while their password is looked at has it counted all the same.
pub async fn a_guess_that_nobody_waits_for_is_counted<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let other = secret(OTHER);
    for _ in 0..5 {
        let guess = siege.tenancy.login(ADA, &other);
        // Long enough to be begun, and given up at any instant after that.
        let _ = tokio::time::timeout(Duration::from_millis(1), guess).await;
    }
    let began = std::time::Instant::now();
    loop {
        match siege.tenancy.login(ADA, &secret(OTHER)).await {
            Err(Error::Waiting(_)) => break,
            Err(Error::WrongLogin) => {}
            other => panic!("{other:?}"),
        }
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}

pub async fn a_login_says_the_same_of_everybody<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add("bob@acme.com", Role::Admin).await;
    let session = siege.log_in("kim@globex.com").await;
    let trashed =
        siege.tenancy.in_session(Some(session.token())).trash(&siege.globex).await.unwrap();
    // A slip is no attempt.
    for _ in 0..9 {
        let answer = siege.tenancy.login(ADA, &secret("")).await;
        assert_eq!(answer.err(), Some(Invalid::PasswordEmpty.into()));
    }
    // A password among them, typed in the wrong field.
    let nobodys = ["nobody@acme.com", "", "\0", "$ne", OTHER];
    for email in [ADA, "bob@acme.com", "kim@globex.com"].into_iter().chain(nobodys) {
        siege.failed(email, 8).await;
        let answer = siege.tenancy.login(email, &secret(OTHER)).await;
        assert_eq!(answer.err(), Some(Error::WrongLogin), "{email:?}");
        // Sixteen seconds: nothing takes as long here.
        let answer = siege.tenancy.login(email, &secret(OTHER)).await;
        assert!(matches!(answer, Err(Error::Waiting(_))), "{email:?}");
    }
    // Purging is logging in too.
    let given = Confirmation::Given;
    let wrong = secret(OTHER);
    for email in ["kim@globex.com", "who@globex.com"] {
        siege.failed(email, 8).await;
        let answer = siege.tenancy.purge(&trashed, &given, email, &wrong, None).await;
        assert_eq!(answer, Err(Error::WrongLogin), "{email}");
        let answer = siege.tenancy.purge(&trashed, &given, email, &secret(PASSWORD), None).await;
        assert!(matches!(answer, Err(Error::Waiting(_))), "{email}");
    }
    siege.fixture.end_waits().await;
    siege.tenancy.purge(&trashed, &given, "kim@globex.com", &secret(PASSWORD), None).await.unwrap();
    siege.audit_log(&[]).await;
}

pub async fn a_code_is_good_once<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let (_, code) = siege.tenancy.issue_code(&siege.acme, ADA).await.unwrap();
    // A password that will not do uses nothing up.
    let weak = siege.tenancy.redeem(ADA, &code.code, &secret("short")).await;
    assert!(matches!(weak, Err(Error::Invalid(_))));
    let typed = Secret::from(format!(" {} ", code.code.reveal().to_uppercase().replace('-', " ")));
    siege.tenancy.redeem(ADA, &typed, &secret(OTHER)).await.unwrap();
    for password in [OTHER, PASSWORD] {
        let again = siege.tenancy.redeem(ADA, &code.code, &secret(password)).await;
        assert_eq!(again.err(), Some(Error::WrongCode));
    }
    siege.tenancy.login(ADA, &secret(OTHER)).await.unwrap();
    // Whoever looks into the organization sees it.
    let seen = siege.tenancy.activity(&siege.acme, 1000).await.unwrap();
    let refused = seen.iter().filter(|r| r.entry.outcome == Outcome::Refused).count();
    assert_eq!(refused, 3);
    let log = siege.audit_log(&[code.code.reveal(), &code.code.reveal().replace('-', "")]).await;
    let of = |operation: &str| {
        log.iter().filter(|entry| entry.0 == operation).map(|e| e.1).collect::<Vec<_>>()
    };
    assert_eq!(of("issue code"), [Outcome::Done]);
    let refused = Outcome::Refused;
    assert_eq!(of("use code"), [refused, Outcome::Done, refused, refused]);
}

pub async fn of_two_uses_of_a_code_at_once_exactly_one_succeeds<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let other = tenancy(siege.fixture.open(false).await);
    let (_, code) = siege.tenancy.issue_code(&siege.acme, ADA).await.unwrap();
    let (one, two) = (secret(OTHER), secret("marble-tundra-93-whistle"));
    let (first, second) = tokio::join!(
        siege.tenancy.redeem(ADA, &code.code, &one),
        other.redeem(ADA, &code.code, &two)
    );
    let (first, second) = (first.is_ok(), second.is_ok());
    assert_ne!(first, second);
    let (good, bad) = if first { (one, two) } else { (two, one) };
    siege.tenancy.login(ADA, &good).await.unwrap();
    assert_eq!(siege.tenancy.login(ADA, &bad).await.err(), Some(Error::WrongLogin));
}

pub async fn a_code_that_is_late_guessed_or_anothers_opens_nothing<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add("bob@acme.com", Role::Admin).await;
    let (acme, code) = siege.tenancy.issue_code(&siege.acme, ADA).await.unwrap();
    let (_, of_kim) = siege.tenancy.issue_code(&siege.globex, "kim@globex.com").await.unwrap();
    let before = siege.fixture.stored().await;
    let text = code.code.reveal().to_owned();
    // Nothing typed is a slip, and no guess.
    for nothing in ["", " "] {
        let answer = siege.tenancy.redeem(ADA, &secret(nothing), &secret(OTHER)).await;
        assert_eq!(answer.err(), Some(Error::Invalid(Invalid::CodeEmpty)));
    }
    let mut guesses = vec![
        "-".to_owned(),
        text[1..].to_owned(),
        format!("{text}0"),
        text.chars().rev().collect(),
        PASSWORD.to_owned(),
        "\0".repeat(1000),
        "x".repeat(1_000_000),
    ];
    for at in [0, 12, text.len() - 1] {
        for other in ['0', '1', 'z'] {
            let mut near: Vec<char> = text.chars().collect();
            if near[at] != other {
                near[at] = other;
                guesses.push(near.into_iter().collect());
            }
        }
    }
    let made = || Secret::generate(PasswordPolicy::default(), &[]).unwrap();
    guesses.extend((0..100).map(|_| made().reveal().to_owned()));
    for guess in &guesses {
        let answer = siege.tenancy.redeem(ADA, &secret(guess), &secret(OTHER)).await;
        assert_eq!(answer.err(), Some(Error::WrongCode), "{guess}");
    }
    for (email, code) in [
        ("bob@acme.com", &code),
        ("kim@globex.com", &code),
        (ADA, &of_kim),
        ("nobody@acme.com", &code),
        ("", &code),
    ] {
        let answer = siege.tenancy.redeem(email, &code.code, &secret(OTHER)).await;
        assert_eq!(answer.err(), Some(Error::WrongCode), "{email}");
    }
    assert_eq!(siege.fixture.stored().await, before);
    // A newer one takes its place.
    let (_, newer) = siege.tenancy.issue_code(&acme, ADA).await.unwrap();
    let answer = siege.tenancy.redeem(ADA, &code.code, &secret(OTHER)).await;
    assert_eq!(answer.err(), Some(Error::WrongCode));
    // And after an hour it is over.
    siege.fixture.age_codes(3_600_001).await;
    for (email, code) in [(ADA, &newer), ("kim@globex.com", &of_kim)] {
        let answer = siege.tenancy.redeem(email, &code.code, &secret(OTHER)).await;
        assert_eq!(answer.err(), Some(Error::WrongCode), "{email}");
    }
    siege.log_in(ADA).await;
}

pub async fn a_code_goes_with_its_admin_and_with_another_password<F: Fixture>() {
    let mut siege = Besieged::<F>::new().await;
    siege.add("bob@acme.com", Role::Owner).await;
    let bob = siege.log_in("bob@acme.com").await;
    let (acme, code) = siege.tenancy.issue_code(&siege.acme, ADA).await.unwrap();
    let acme = siege.tenancy.in_session(Some(bob.token())).remove_admin(&acme, ADA).await.unwrap();
    let answer = siege.tenancy.redeem(ADA, &code.code, &secret(OTHER)).await;
    assert_eq!(answer.err(), Some(Error::WrongCode));
    let (acme, code) = siege.tenancy.issue_code(&acme, "bob@acme.com").await.unwrap();
    let own =
        tenantry::tenancy::AdminChanges { password: Some(secret(OTHER)), ..Default::default() };
    siege
        .tenancy
        .in_session(Some(bob.token()))
        .update_admin(&acme, "bob@acme.com", &own)
        .await
        .unwrap();
    let answer = siege.tenancy.redeem("bob@acme.com", &code.code, &secret(PASSWORD)).await;
    assert_eq!(answer.err(), Some(Error::WrongCode));
    assert_eq!(
        siege.tenancy.in_session(Some(bob.token())).authorize(&acme).await.err(),
        Some(Error::NotAllowed(Refusal::AdminChanged))
    );
}

pub async fn whoever_is_kept_waiting_by_others_gets_in_with_a_code<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    for _ in 0..9 {
        siege.fixture.end_waits().await;
        assert!(siege.tenancy.login(ADA, &secret(OTHER)).await.is_err());
    }
    assert!(matches!(siege.tenancy.login(ADA, &secret(PASSWORD)).await, Err(Error::Waiting(_))));
    let (_, code) = siege.tenancy.issue_code(&siege.acme, ADA).await.unwrap();
    siege.tenancy.redeem(ADA, &code.code, &secret(OTHER)).await.unwrap();
    siege.tenancy.login(ADA, &secret(OTHER)).await.unwrap();
}

pub async fn a_password_is_the_same_however_its_accents_are_encoded<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let (composed, apart) = ("citr\u{f3}n-harbor-42-lantern", "citro\u{301}n-harbor-42-lantern");
    let longest = format!("violet-harbor-42-lantern-{}z", "\u{e9}".repeat(23));
    assert_eq!(longest.len(), 72);
    for (name, set, typed) in
        [("One", composed, apart), ("Two", apart, composed), ("Three", &longest, &longest)]
    {
        let (name, email) = (name.to_owned(), format!("{name}@accents.com"));
        let wish = NewOrganization { name, email: email.clone(), password: secret(set) };
        siege.tenancy.create(&wish).await.unwrap();
        siege.tenancy.login(&email, &secret(typed)).await.unwrap();
        let wrong = siege.tenancy.login(&email, &secret(&typed.replace('4', "5"))).await;
        assert_eq!(wrong.err(), Some(Error::WrongLogin));
        // One attempt, in however many forms it was looked at.
        assert_eq!(siege.tenancy.login(&email, &secret(set)).await.unwrap().failures, 1);
    }
}

pub async fn an_address_is_the_same_however_it_is_spelled<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let spellings =
        ["bob@xn--bcher-kva.example", "Bob@b\u{fc}cher.example", "ｂｏｂ@BU\u{308}CHER.example"];
    let new = |email: &str| NewOrganization {
        name: format!("Of {}", email.len()),
        email: email.to_owned(),
        password: secret(PASSWORD),
    };
    let made = siege.tenancy.create(&new(spellings[0])).await.unwrap();
    assert_eq!(made.admin_email.raw(), "bob@b\u{fc}cher.example");
    for email in spellings {
        let taken = siege.tenancy.create(&new(email)).await;
        assert!(matches!(taken, Err(Error::Taken { .. })), "{email}: {taken:?}");
        let taken = siege.tenancy.check_email(email, None).await;
        assert!(matches!(taken, Err(Error::Taken { .. })), "{email}: {taken:?}");
        assert!(siege.tenancy.admin_of(&made, email).await.is_ok(), "{email}");
        let wrong = siege.tenancy.login(email, &secret("wrong")).await;
        assert_eq!(wrong.err(), Some(Error::WrongLogin), "{email}");
    }
    // Whichever is typed, the attempts are counted together.
    let session = siege.tenancy.login(spellings[2], &secret(PASSWORD)).await.unwrap();
    assert_eq!(session.failures, 3);
}

pub async fn what_was_typed_for_an_email_is_not_recorded<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let session = siege.log_in(ADA).await;
    let (acme, token) = (&siege.acme, Some(session.token()));
    let t = &siege.tenancy;
    let wish = AdminChanges { role: Some(Role::Admin), ..AdminChanges::default() };
    assert!(t.issue_code(acme, OTHER).await.is_err());
    assert!(t.in_session(token).remove_admin(acme, OTHER).await.is_err());
    assert!(t.in_session(token).update_admin(acme, OTHER, &wish).await.is_err());
    assert!(t.in_session(token).add_admin(acme, OTHER, Role::Admin).await.is_err());
    assert!(t.login(OTHER, &secret(PASSWORD)).await.is_err());
    let new = AdminChanges { email: Some(OTHER.to_owned()), ..AdminChanges::default() };
    assert!(t.in_session(token).update_admin(acme, ADA, &new).await.is_err());
    let edit = Edit { email: Some(OTHER.to_owned()), ..Edit::default() };
    assert!(t.in_session(token).update(acme, &edit).await.is_err());
    // Neither what was recorded of each nor why it was refused has it.
    let log = siege.audit_log(&[OTHER]).await;
    assert_eq!(log.iter().filter(|entry| entry.1 == Outcome::Refused).count(), 7);
    t.issue_code(acme, "Ada@ACME.com").await.unwrap();
    let last = t.activity(acme, 1).await.unwrap().remove(0).entry;
    let named = last.changes.iter().find(|change| change.field.raw() == "admin").unwrap();
    assert_eq!(named.to.raw(), ADA);
}

pub async fn what_was_typed_for_a_name_is_not_recorded_where_it_is_refused<F: Fixture>() {
    let siege = Besieged::<F>::new().await;
    let t = &siege.tenancy;
    let create = async |name: &str, email: &str, password: &str| {
        let (name, email) = (name.to_owned(), email.to_owned());
        t.create(&NewOrganization { name, email, password: secret(password) }).await
    };
    assert!(create(OTHER, "no address", PASSWORD).await.is_err());
    assert!(create(OTHER, ADA, PASSWORD).await.is_err());
    assert!(create(OTHER, "new@acme.com", OTHER).await.is_err());
    assert!(create(&format!("{OTHER}§"), "new@acme.com", PASSWORD).await.is_err());
    let rename = async |name: &str| {
        let edit = Edit { name: Some(name.to_owned()), ..Edit::default() };
        t.update(&siege.acme, &edit).await
    };
    assert!(rename(&format!("{OTHER}§")).await.is_err());
    let edit =
        Edit { name: Some(OTHER.to_owned()), email: Some(ADA.to_uppercase()), password: None };
    assert!(t.update(&siege.acme, &edit).await.is_err());
    let log = siege.audit_log(&[OTHER, "§"]).await;
    assert_eq!(log.iter().filter(|entry| entry.1 == Outcome::Refused).count(), 6);
    // Somebody has it already, in other letters.
    make(&*siege.store, "Silver Birch", "other@acme.com").await;
    assert!(create("silver-birch", "new@acme.com", PASSWORD).await.is_err());
    assert!(rename("silver-birch").await.is_err());
    siege.audit_log(&["silver-birch"]).await;
}
