//! The record: what is in it, that it has no gap, and that tampering shows.

use std::sync::Arc;

use mongodb::bson::{DateTime, Document, oid::ObjectId};
use tenantry::store::{
    AuditAt, AuditQuery, Deed, Entry, Head, Outcome, Store, StoreError, Tampering, Verification,
};

use crate::fixture::{Fixture, new_org, renamed, with_acme, with_email};
use crate::support::deeds::Deeds as _;

const ALL: AuditQuery = AuditQuery { of: None, since: None, at: AuditAt::After(0), limit: 10_000 };

async fn record(store: &dyn Store) -> Vec<Document> {
    store.entries(&ALL).await.unwrap()
}

async fn verify(store: &dyn Store) -> Result<Head, Tampering> {
    let mut verification = Verification::default();
    for document in &record(store).await {
        verification.next(document)?;
    }
    Ok(verification.head().clone())
}

fn deeds(record: &[Document]) -> Vec<(String, Outcome)> {
    record
        .iter()
        .map(Entry::of)
        .map(|entry| (entry.action.code().to_owned(), entry.outcome))
        .collect()
}

fn done(deeds: &[&str]) -> Vec<(String, Outcome)> {
    deeds.iter().map(|deed| ((*deed).to_owned(), Outcome::Done)).collect()
}

pub async fn each_deed_is_recorded_with_it_and_no_refusal_is<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let reborn = store.update(&acme, &renamed("Acme Reborn")).await.unwrap();
    assert_eq!(store.update(&acme, &with_email("b@acme.com")).await, Err(StoreError::Changed));
    assert_eq!(store.delete(&acme).await, Err(StoreError::Changed));
    assert!(store.create(&new_org("Other", "ada@acme.com")).await.is_err());
    let suspended = store.suspend(&reborn, true).await.unwrap();
    let trashed = store.trash(&suspended, 30).await.unwrap();
    let back = store.restore(&trashed, &renamed("Globex")).await.unwrap();
    store.delete(&back).await.unwrap();
    assert_eq!(store.delete(&back).await, Err(StoreError::Gone));
    let stored = record(&*fixture.open(true).await).await;
    let expected = ["create", "update", "suspend", "trash", "restore", "delete"];
    assert_eq!(deeds(&stored), done(&expected));
    for (document, number) in stored.iter().zip(1_i64..) {
        assert_eq!(document.get_i64("_id").unwrap(), number);
        let entry = Entry::of(document);
        assert_eq!(entry.operator.raw(), "tester@here");
        assert_eq!(entry.organization, Some(acme.id));
    }
    assert_eq!(verify(&*store).await.unwrap().number, 6);
}

pub async fn an_entry_is_stored_as_it_is_and_once<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let hostile = "\x1b]52;c;ZXZpbA==\x07\u{202e}\0$where";
    let entry = Entry::about(store.operator(), "log in", &acme)
        .of_admin(hostile)
        .with("name", hostile, "")
        .ended(Outcome::Refused, hostile);
    let other = fixture.open(false).await;
    for store in [&store, &store, &other, &store] {
        store.record(&entry).await.unwrap();
    }
    let stored = record(&*other).await;
    assert_eq!(stored.len(), 2);
    // Its time is kept in milliseconds.
    assert_eq!(Entry::of(&stored[1]), entry);
    // A deed that was recorded is not done under the same entry a second time without anybody seeing.
    assert_eq!(verify(&*store).await.unwrap(), Head::of(&stored[1]));
}

pub async fn consoles_append_at_once_without_a_gap<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let consoles = [store, fixture.open(false).await, fixture.open(false).await];
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..12_usize {
        let (store, acme) = (Arc::clone(&consoles[number % 3]), acme.clone());
        tasks.spawn(async move {
            for turn in 0..5 {
                let entry =
                    Entry::about(store.operator(), format!("{number} {turn}").as_str(), &acme);
                store.record(&entry).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let stored = record(&*consoles[0]).await;
    assert_eq!(stored.len(), 61);
    assert_eq!(verify(&*consoles[1]).await.unwrap().number, 61);
    for number in 0..12 {
        let own = stored.iter().map(Entry::of).map(|entry| entry.action.code().to_owned());
        let own: Vec<String> = own.filter(|d| d.starts_with(&format!("{number} "))).collect();
        let expected: Vec<String> = (0..5).map(|turn| format!("{number} {turn}")).collect();
        assert_eq!(own, expected, "each in its own order");
    }
}

async fn ten<F: Fixture>() -> (F, Arc<dyn Store>, Vec<Document>) {
    let (fixture, store, acme) = with_acme::<F>().await;
    for number in 2..=10 {
        store
            .record(&Entry::about("tester@here", format!("deed {number}").as_str(), &acme))
            .await
            .unwrap();
    }
    let record = record(&*store).await;
    assert_eq!(record.len(), 10);
    (fixture, store, record)
}

pub async fn an_entry_that_was_edited_is_named<F: Fixture>() {
    let (fixture, store, record) = ten::<F>().await;
    for at in [0, 4, 9] {
        let number = record[at].get_i64("_id").unwrap();
        for field in ["operator", "outcome", "at", "previous", "hash", "organization_name"] {
            let mut edited = record[at].clone();
            edited.insert(field, "somebody else");
            fixture.replace_entry(number, Some(edited)).await;
            assert_eq!(verify(&*store).await, Err(Tampering::Edited(number)), "{field}");
        }
        fixture.replace_entry(number, Some(record[at].clone())).await;
    }
    assert_eq!(verify(&*store).await.unwrap(), Head::of(&record[9]));
}

pub async fn an_entry_that_was_removed_inserted_or_swapped_is_named<F: Fixture>() {
    let (fixture, store, record) = ten::<F>().await;
    fixture.replace_entry(5, None).await;
    assert_eq!(verify(&*store).await, Err(Tampering::Removed(5)));
    // In its place, one that is sound by itself.
    let forged = Head::of(&record[3]).followed_by(&Entry::new("eve@there", "delete")).unwrap();
    fixture.replace_entry(5, Some(forged)).await;
    assert_eq!(verify(&*store).await, Err(Tampering::Inserted(6)));
    let with = |document: &Document, number: i64| {
        let mut document = document.clone();
        document.insert("_id", number);
        document
    };
    fixture.replace_entry(5, Some(with(&record[5], 5))).await;
    fixture.replace_entry(6, Some(with(&record[4], 6))).await;
    assert_eq!(verify(&*store).await, Err(Tampering::Edited(5)));
    for at in [4, 5] {
        fixture.replace_entry(record[at].get_i64("_id").unwrap(), Some(record[at].clone())).await;
    }
    assert!(verify(&*store).await.is_ok());
    fixture.replace_entry(1, None).await;
    assert_eq!(verify(&*store).await, Err(Tampering::Removed(1)));
}

pub async fn a_tail_that_was_cut_shows_against_a_head_kept_elsewhere<F: Fixture>() {
    let (fixture, store, record) = ten::<F>().await;
    let tenancy = tenantry::tenancy::Tenancy::new(store, tenantry::tenancy::Rules::default());
    let tenancy = tenancy.unwrap();
    let (middle, head) = (Head::of(&record[6]), Head::of(&record[9]));
    for kept in [&middle, &head] {
        let verified = tenancy.verify(Some(kept)).await.unwrap();
        assert_eq!((verified.head, verified.tampering), (head.clone(), None));
    }
    for number in [8, 9, 10] {
        fixture.replace_entry(number, None).await;
    }
    let verified = tenancy.verify(Some(&head)).await.unwrap();
    assert_eq!(verified.tampering, Some(Tampering::OtherHead(10)));
    assert_eq!(verified.head, middle);
    // By itself it looks whole; and up to there it is.
    assert_eq!(tenancy.verify(None).await.unwrap().tampering, None);
    assert_eq!(tenancy.verify(Some(&middle)).await.unwrap().tampering, None);
    // Made again from there on, by somebody who knows how.
    let mut last = middle;
    for _ in 0..3 {
        let forged = last.followed_by(&Entry::new("eve@there", "nothing")).unwrap();
        last = Head::of(&forged);
        fixture.replace_entry(last.number, Some(forged)).await;
    }
    assert_eq!(tenancy.verify(None).await.unwrap().tampering, None);
    let verified = tenancy.verify(Some(&head)).await.unwrap();
    assert_eq!(verified.tampering, Some(Tampering::OtherHead(10)));
}

pub async fn entries_are_found_by_organization_time_and_order<F: Fixture>() {
    let (_fixture, store, acme) = with_acme::<F>().await;
    let globex = store.create(&new_org("Globex", "bob@globex.com")).await.unwrap();
    let mut late = Entry::about("tester@here", "late", &globex);
    late.at = DateTime::from_millis(DateTime::now().timestamp_millis() + 3_600_000);
    store.record(&late).await.unwrap();
    store.update(&acme, &renamed("Acme Reborn")).await.unwrap();
    let found = async |query: AuditQuery| {
        let found = store.entries(&query).await.unwrap();
        found.iter().map(|document| document.get_i64("_id").unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(found(ALL).await, [1, 2, 3, 4]);
    assert_eq!(found(AuditQuery { limit: 2, ..ALL }).await, [1, 2]);
    assert_eq!(found(AuditQuery { at: AuditAt::After(2), ..ALL }).await, [3, 4]);
    assert_eq!(found(AuditQuery { at: AuditAt::Newest, limit: 3, ..ALL }).await, [4, 3, 2]);
    assert_eq!(found(AuditQuery { at: AuditAt::Before(3), ..ALL }).await, [2, 1]);
    assert_eq!(found(AuditQuery { since: Some(late.at), ..ALL }).await, [3]);
    let of = |id: Option<ObjectId>, name: &str| Some((id, name.to_owned()));
    let id = Some(globex.id);
    assert_eq!(found(AuditQuery { of: of(id, ""), ..ALL }).await, [2, 3]);
    assert_eq!(found(AuditQuery { of: of(id, "Globex"), ..ALL }).await, [2, 3]);
    assert_eq!(found(AuditQuery { of: of(None, "Acme Corp"), ..ALL }).await, [1, 4]);
    assert_eq!(found(AuditQuery { of: of(None, "acme.*"), ..ALL }).await, [0_i64; 0]);
    assert_eq!(found(AuditQuery { of: of(None, ""), ..ALL }).await, [0_i64; 0]);
}

pub async fn where_nothing_may_be_written_nothing_is_recorded<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let reader = fixture.open(true).await;
    let entry = Entry::about("tester@here", "suspend", &acme);
    assert!(matches!(reader.record(&entry).await, Err(StoreError::Refused { .. })));
    let deed = Deed::Suspend(Box::new(acme), true);
    assert!(matches!(reader.perform(&deed, &entry).await, Err(StoreError::Refused { .. })));
    assert_eq!(record(&*store).await.len(), 1);
}
