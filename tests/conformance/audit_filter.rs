//! Filters of the audit log: one meaning in every database, whatever other programs have put into it.

use std::sync::Arc;

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use tenantry::store::{
    AuditAt, AuditFilter, AuditQuery, DOCUMENT_MOST_BYTES, Entry, Outcome, Part, Store, Within,
    parse_filter,
};

use crate::fixture::{Fixture, with_acme};

/// Entries of every kind, the last of them by another program; all about one organization or none.
async fn of_every_kind<F: Fixture>() -> (F, Arc<dyn Store>) {
    let (fixture, store, acme) = with_acme::<F>().await;
    let at =
        |seconds: i64, entry: Entry| Entry { at: DateTime::from_millis(seconds * 1000), ..entry };
    let other = || Entry::new("kim@bastion", "log in");
    for entry in [
        at(2, Entry::about("kim@bastion", "trash", &acme).of_operator("ops@example.com")),
        at(3, other().of_admin("Ada@Acme.com").ended(Outcome::Refused, "wrong")),
        at(4, Entry::about("root@db1", "suspend", &acme).ended(Outcome::TakenBack, "gone")),
        at(5, other().called("Müller (İzmir) [x]\\d+").of_operator("ops@example.com")),
        at(6, Entry::about("tester@here", "promote", &acme)),
        at(7, Entry::about("tester@here", "restore", &acme).called("$where \u{1b}[2J.*")),
    ] {
        store.append(&entry).await.unwrap();
    }
    let (list, symbol) = (doc! { "$literal": 1 }, Bson::Symbol("ops@example.com".to_owned()));
    let (time, large) = (DateTime::from_millis(4_000), DOCUMENT_MOST_BYTES as usize);
    for (number, foreign) in (8_i64..).zip([
        doc! {},
        doc! { "account": ["ops@example.com"], "outcome": ["done"], "deed": ["trash"], "at": [time] },
        doc! { "account": symbol, "outcome": Bson::Symbol("done".into()), "at": 4_000_i64 },
        doc! { "account": list, "outcome": 1, "deed": 2, "organization_name": ["Acme Corp"] },
        doc! { "operator": "ops@example.com", "outcome": "great", "deed": "trash", "at": time },
        doc! { "admin": "ops@example.com", "outcome": "done", "organization_id": acme.id.to_hex() },
        doc! { "operator": "x".repeat(large), "outcome": "done", "deed": "trash", "at": time },
        doc! { "organization_name": "", "organization_id": [acme.id], "at": null, "outcome": null },
    ]) {
        let mut entry = doc! { "_id": number, "entry": ObjectId::new() };
        entry.extend(foreign);
        fixture.replace_entry(number, Some(entry)).await;
    }
    (fixture, store)
}

fn parts(parts: &[(Within, &str)]) -> AuditFilter {
    let parts = parts.iter().map(|(within, text)| Part::new(*within, text)).collect();
    AuditFilter { parts, ..AuditFilter::ALL }
}

async fn numbers(store: &dyn Store, filter: &AuditFilter, at: AuditAt, limit: u32) -> Vec<i64> {
    let query = AuditQuery { filter: filter.clone(), at, limit };
    let found = store.entries(&query).await.unwrap();
    found.iter().map(|document| document.get_i64("_id").unwrap()).collect()
}

pub async fn entries_are_found_by_who_what_result_and_time<F: Fixture>() {
    let (_fixture, store) = of_every_kind::<F>().await;
    let filter = |typed: &str| parse_filter(typed, DateTime::from_millis(10_000)).unwrap();
    let by = |name: &str| AuditFilter { operator: Some(name.to_owned()), ..AuditFilter::ALL };
    let time = |millis: i64| Some(DateTime::from_millis(millis));
    for (filter, found) in [
        (by("ops@example.com"), &[2, 5, 12, 13][..]),
        (by("OPS@example.com"), &[2, 5, 12, 13]),
        (by("kim@bastion"), &[2, 3, 5]),
        (by("Ada@Acme.com"), &[3]),
        (by("kim"), &[]),
        (filter("action:trash"), &[2, 12]),
        (filter("action:log-in"), &[3, 5]),
        (filter("result:refused"), &[3]),
        (filter("result:taken-back"), &[4]),
        (filter("result:not-readable"), &[8, 9, 10, 11, 12, 14, 15]),
        (filter("result:refused result:taken-back"), &[3, 4]),
        (filter("operator:KIM"), &[2, 3, 5]),
        (filter("org:acme"), &[1, 2, 4, 6]),
        (filter("müller"), &[5]),
        (filter("MÜLLER [X] \\D+"), &[5]),
        (filter("İzmir"), &[5]),
        (filter(".*"), &[7]),
        (filter("$WHERE"), &[7]),
        (filter("restored"), &[7]),
        (filter("promote"), &[6]),
        (filter("ops@ trash"), &[2, 12]),
        (filter("operator:kim action:log-in result:refused"), &[3]),
        (AuditFilter { since: time(4_000), until: time(6_000), ..AuditFilter::ALL }, &[4, 5, 12]),
        (AuditFilter { until: time(4_000), ..AuditFilter::ALL }, &[2, 3]),
        (AuditFilter::of(None, "Acme Corp"), &[1, 2, 4, 6]),
    ] {
        let all = numbers(&*store, &filter, AuditAt::After(0), 1000).await;
        assert_eq!(all, found, "{filter:?}");
    }
}

pub async fn any_filter_finds_what_it_lets_through_page_by_page<F: Fixture>() {
    let (_fixture, store) = of_every_kind::<F>().await;
    let all = AuditQuery { filter: AuditFilter::ALL, at: AuditAt::After(0), limit: 1000 };
    let log = store.entries(&all).await.unwrap();
    assert!(log.len() > 12, "{}", log.len());
    let acme = log[0].get_object_id("organization_id").unwrap();
    let time = |millis: i64| Some(DateTime::from_millis(millis));
    let of = [None, Some((Some(acme), "Acme Corp".to_owned())), Some((Some(acme), String::new()))];
    let operators = [None, Some("kim@bastion"), Some("OPS@example.com")];
    let actions = [&[][..], &["trash"], &["log in", "promote"]];
    let outcomes =
        [&[][..], &[Outcome::Done], &[Outcome::Foreign], &[Outcome::Foreign, Outcome::Refused]];
    let times =
        [(None, None), (time(3_000), None), (None, time(6_000)), (time(4_000), time(7_000))];
    let texts = [
        &[][..],
        &[(Within::Anything, "")],
        &[(Within::Anything, "T")],
        &[(Within::Organization, "acme"), (Within::Operator, "m@B")],
    ];
    let mut found = 0;
    let mut at = 0_usize;
    for of in &of {
        for operator in operators {
            for actions in actions {
                for outcomes in outcomes {
                    for (since, until) in times {
                        // Each pair of two is there; all together would take long.
                        at += 1;
                        for texts in [texts[at % 4], texts[(at / 4) % 4]] {
                            let filter = AuditFilter {
                                of: of.clone(),
                                operator: operator.map(str::to_owned),
                                actions: actions.iter().map(|code| (*code).into()).collect(),
                                outcomes: outcomes.to_vec(),
                                since,
                                until,
                                ..parts(texts)
                            };
                            found += each_way(&*store, &filter, &log).await;
                        }
                    }
                }
            }
        }
    }
    assert!(found > 300, "{found}");
}

/// Reads all that a filter lets through, forward at once and backward by pages of two; how many there are.
async fn each_way(store: &dyn Store, filter: &AuditFilter, log: &[Document]) -> usize {
    let admitted = log.iter().filter(|entry| filter.admits(entry));
    let mut wanted: Vec<i64> = admitted.map(|entry| entry.get_i64("_id").unwrap()).collect();
    assert_eq!(numbers(store, filter, AuditAt::After(0), 1000).await, wanted, "{filter:?}");
    wanted.reverse();
    let mut read = numbers(store, filter, AuditAt::Newest, 2).await;
    while read.len() % 2 == 0 && read.len() < wanted.len() {
        let before = AuditAt::Before(read.last().copied().unwrap_or(i64::MAX));
        let next = numbers(store, filter, before, 2).await;
        assert!(!next.is_empty(), "{filter:?}: {read:?}");
        read.extend(next);
    }
    assert_eq!(read, wanted, "{filter:?}");
    wanted.len()
}
