//! Why something is done: recorded where it is said, and required where the rules want it.

use std::sync::Arc;

use tenantry::org::{Field, Invalid, OperationKind, OperatorRole, REASON_MOST, Secret};
use tenantry::store::{AuditAt, AuditFilter, Outcome, Part, Required, Within};
use tenantry::tenancy::{Caller, Confirmation, Error, Rules, Tenancy};

use crate::attack::{Besieged, PASSWORD, secret};
use crate::fixture::Fixture;
use crate::operators::{OPS, operator, require};

const EVIL: &str = "\u{1b}[2J ticket \u{202e}4711\n";

fn requiring<F: Fixture>(siege: &Besieged<F>) -> Tenancy {
    let rules = Rules { reason_required: true, ..Rules::default() };
    Tenancy::new(Arc::clone(&siege.store), rules, Caller::new("tester@here")).unwrap()
}

async fn besieged<F: Fixture>() -> Besieged<F> {
    let siege = Besieged::<F>::new().await;
    let ops = vec![operator(OPS, OperatorRole::Manager)];
    require(&*siege.store, Required::Nothing, ops).await;
    siege
}

pub async fn a_reason_is_recorded_with_what_takes_away_or_transfers<F: Fixture>() {
    let siege = besieged::<F>().await;
    let session = siege.log_in(OPS).await;
    let own = siege.tenancy.in_session(Some(session.token()));
    // Before the first, and between: entries without one.
    let acme = own.suspend(&siege.acme).await.unwrap();
    let (acme, _) = own.because(EVIL).transfer(&acme, "zoe@acme.com", false).await.unwrap();
    let acme = own.because("  left us ").trash(&acme).await.unwrap();
    let acme = own.because("not recorded here").restore(&acme, None).await.unwrap();
    let acme = own.trash(&acme).await.unwrap();
    let (given, none) = (Confirmation::Given, Secret::default());
    own.because("asked for it").purge(&acme, &given, "", &none, None).await.unwrap();
    own.because("a mistake").delete(&siege.globex, &given).await.unwrap();

    let all = siege.tenancy.audit(None, &AuditFilter::ALL, AuditAt::After(0), 1000).await.unwrap();
    let told: Vec<_> = all
        .entries
        .iter()
        .filter(|told| !told.entry.given_reason.raw().is_empty())
        .map(|told| (told.entry.action.clone(), told.entry.given_reason.raw().to_owned()))
        .collect();
    let expected = [
        (OperationKind::Transfer, EVIL.trim()),
        (OperationKind::Trash, "left us"),
        (OperationKind::Purge, "asked for it"),
        (OperationKind::Delete, "a mistake"),
    ];
    assert_eq!(told, expected.map(|(kind, why)| (kind, why.to_owned())));
    assert_eq!(siege.tenancy.verify(None).await.unwrap().tampering, None);
    // It is found by its words, and hides nothing on its way out.
    let parts = vec![Part::new(Within::Anything, "ASKED for")];
    let filter = AuditFilter { parts, ..AuditFilter::ALL };
    let found = siege.tenancy.audit(None, &filter, AuditAt::Newest, 10).await.unwrap();
    assert_eq!(found.entries.len(), 1);
    let said = all.entries.iter().map(|told| told.entry.came_to()).collect::<String>();
    assert!(said.contains("reason given: ") && !said.contains(['\u{1b}', '\u{202e}']), "{said}");
}

pub async fn where_a_reason_is_required_nothing_is_done_without_one<F: Fixture>() {
    let siege = besieged::<F>().await;
    let tenancy = requiring(&siege);
    let session = tenancy.login(OPS, &secret(PASSWORD)).await.unwrap();
    let own = tenancy.in_session(Some(session.token()));
    let (given, none) = (Confirmation::Given, Secret::default());
    let trashed = own.because("first").trash(&siege.globex).await.unwrap();
    let before = siege.fixture.stored().await;
    for typed in ["", " \t "] {
        let own = own.because(typed);
        let refused = [
            own.trash(&siege.acme).await.err(),
            own.delete(&siege.acme, &given).await.err(),
            own.purge(&trashed, &given, "", &none, None).await.err(),
            own.transfer(&siege.acme, "zoe@acme.com", false).await.err(),
        ];
        for error in refused {
            assert_eq!(error, Some(Error::ReasonRequired));
        }
    }
    let long = "x".repeat(REASON_MOST + 1);
    let error = own.because(&long).trash(&siege.acme).await.unwrap_err();
    assert_eq!(error, Error::Invalid(Invalid::ReasonTooLong(REASON_MOST + 1)));
    assert_eq!(error.field(), Some(Field::Reason));
    assert_eq!(siege.fixture.stored().await, before);
    // Other operations take none.
    let acme = own.suspend(&siege.acme).await.unwrap();
    let acme = own.reactivate(&acme).await.unwrap();
    // What is refused for something else keeps nothing of what was typed.
    let wrong = Confirmation::Typed("Acme".into());
    let typed = own.because("perhaps a password").delete(&acme, &wrong).await;
    assert_eq!(typed, Err(Error::NotConfirmed));
    let told = tenancy.activity(&acme, 1).await.unwrap().remove(0).entry;
    assert_eq!((told.outcome, told.given_reason.raw()), (Outcome::Refused, ""));
    own.because("it goes").trash(&acme).await.unwrap();
}
