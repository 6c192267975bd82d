//! The audit log: what is in it, that it has no gap, and that tampering shows.

use std::sync::Arc;

use bson::{DateTime, Document, oid::ObjectId};
use tenantry::store::{
    AuditAt, AuditFilter, AuditQuery, Entry, Head, Operation, Outcome, Store, StoreError,
    Tampering, Verification,
};

use crate::fixture::{Fixture, new_org, renamed, with_acme, with_email};
use crate::support::operations::Operations as _;

const ALL: AuditQuery =
    AuditQuery { filter: AuditFilter::ALL, at: AuditAt::After(0), limit: 10_000 };

async fn stored(store: &dyn Store) -> Vec<Document> {
    store.entries(&ALL).await.unwrap()
}

async fn verify(store: &dyn Store) -> Result<Head, Tampering> {
    let mut verification = Verification::default();
    for document in &stored(store).await {
        verification.next(document)?;
    }
    Ok(verification.head().clone())
}

fn operations(entries: &[Document]) -> Vec<(String, Outcome)> {
    entries
        .iter()
        .map(Entry::from_document)
        .map(|entry| (entry.action.code().to_owned(), entry.outcome))
        .collect()
}

fn done(operations: &[&str]) -> Vec<(String, Outcome)> {
    operations.iter().map(|operation| ((*operation).to_owned(), Outcome::Done)).collect()
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
    let stored = stored(&*fixture.open(true).await).await;
    let expected = ["create", "update", "suspend", "trash", "restore", "delete"];
    assert_eq!(operations(&stored), done(&expected));
    for (document, number) in stored.iter().zip(1_i64..) {
        assert_eq!(document.get_i64("_id").unwrap(), number);
        let entry = Entry::from_document(document);
        assert_eq!(entry.operator.raw(), "tester@here");
        assert_eq!(entry.organization, Some(acme.id));
    }
    assert_eq!(verify(&*store).await.unwrap().number, 6);
}

pub async fn an_entry_is_stored_as_it_is_and_once<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let hostile = "\x1b]52;c;ZXZpbA==\x07\u{202e}\0$where";
    let entry = Entry::about("tester@here", "log in", &acme)
        .of_admin(hostile)
        .with("name", hostile, "")
        .ended(Outcome::Refused, hostile);
    let other = fixture.open(false).await;
    for store in [&store, &store, &other, &store] {
        store.append(&entry).await.unwrap();
    }
    let stored = stored(&*other).await;
    assert_eq!(stored.len(), 2);
    // Its time is kept in milliseconds.
    assert_eq!(Entry::from_document(&stored[1]), entry);
    // An operation that was recorded is not done under the same entry a second time without anybody seeing.
    assert_eq!(verify(&*store).await.unwrap(), Head::from_document(&stored[1]));
}

pub async fn consoles_append_at_once_without_a_gap<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let consoles = [store, fixture.open(false).await, fixture.open(false).await];
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..12_usize {
        let (store, acme) = (Arc::clone(&consoles[number % 3]), acme.clone());
        tasks.spawn(async move {
            for turn in 0..5 {
                let entry = Entry::about("tester@here", format!("{number} {turn}").as_str(), &acme);
                store.append(&entry).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let stored = stored(&*consoles[0]).await;
    assert_eq!(stored.len(), 61);
    assert_eq!(verify(&*consoles[1]).await.unwrap().number, 61);
    for number in 0..12 {
        let own =
            stored.iter().map(Entry::from_document).map(|entry| entry.action.code().to_owned());
        let own: Vec<String> = own.filter(|d| d.starts_with(&format!("{number} "))).collect();
        let expected: Vec<String> = (0..5).map(|turn| format!("{number} {turn}")).collect();
        assert_eq!(own, expected, "each in its own order");
    }
}

pub async fn of_sixty_four_appends_at_once_each_is_there_once<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let entries: Vec<Entry> = (0..64)
        .map(|number| Entry::about("tester@here", format!("{number}").as_str(), &acme))
        .collect();
    let mut tasks = tokio::task::JoinSet::new();
    // Every fourth is appended twice, and every eighth by somebody who does not wait for it.
    for (number, entry) in entries.iter().enumerate() {
        for again in 0..if number % 4 == 0 { 2 } else { 1 } {
            let (store, entry) = (Arc::clone(&store), entry.clone());
            tasks.spawn(async move {
                let mut appending = Box::pin(store.append(&entry));
                if number % 8 == 0 && again == 1 {
                    let _ = futures_util::poll!(&mut appending);
                    return;
                }
                appending.await.unwrap();
                let found =
                    AuditQuery { filter: AuditFilter::ALL, at: AuditAt::After(0), limit: 1000 };
                let found = store.entries(&found).await.unwrap();
                // Whoever is answered finds its entry there.
                assert!(found.iter().any(|found| Entry::from_document(found).id == entry.id));
            });
        }
    }
    tasks.join_all().await;
    let other = fixture.open(false).await;
    let stored = stored(&*other).await;
    let mut ids: Vec<_> = stored.iter().map(|found| Entry::from_document(found).id).collect();
    ids.sort();
    let mut expected: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    expected.extend(ids.iter().filter(|id| !entries.iter().any(|entry| entry.id == **id)));
    expected.sort();
    assert_eq!((ids.len(), &ids), (65, &expected), "the creation, and each once");
    assert_eq!(verify(&*other).await.unwrap().number, 65);
}

async fn ten<F: Fixture>() -> (F, Arc<dyn Store>, Vec<Document>) {
    let (fixture, store, acme) = with_acme::<F>().await;
    for number in 2..=10 {
        store
            .append(&Entry::about("tester@here", format!("deed {number}").as_str(), &acme))
            .await
            .unwrap();
    }
    let log = stored(&*store).await;
    assert_eq!(log.len(), 10);
    (fixture, store, log)
}

pub async fn an_entry_that_was_edited_is_named<F: Fixture>() {
    let (fixture, store, log) = ten::<F>().await;
    for at in [0, 4, 9] {
        let number = log[at].get_i64("_id").unwrap();
        for field in ["operator", "outcome", "at", "previous", "hash", "organization_name"] {
            let mut edited = log[at].clone();
            edited.insert(field, "somebody else");
            fixture.replace_entry(number, Some(edited)).await;
            assert_eq!(verify(&*store).await, Err(Tampering::Edited(number)), "{field}");
        }
        fixture.replace_entry(number, Some(log[at].clone())).await;
    }
    assert_eq!(verify(&*store).await.unwrap(), Head::from_document(&log[9]));
}

pub async fn an_entry_that_was_removed_inserted_or_swapped_is_named<F: Fixture>() {
    let (fixture, store, log) = ten::<F>().await;
    fixture.replace_entry(5, None).await;
    assert_eq!(verify(&*store).await, Err(Tampering::Removed(5)));
    // In its place, one that is sound by itself.
    let forged =
        Head::from_document(&log[3]).followed_by(&Entry::new("eve@there", "delete")).unwrap();
    fixture.replace_entry(5, Some(forged)).await;
    assert_eq!(verify(&*store).await, Err(Tampering::Inserted(6)));
    let with = |document: &Document, number: i64| {
        let mut document = document.clone();
        document.insert("_id", number);
        document
    };
    fixture.replace_entry(5, Some(with(&log[5], 5))).await;
    fixture.replace_entry(6, Some(with(&log[4], 6))).await;
    assert_eq!(verify(&*store).await, Err(Tampering::Edited(5)));
    for at in [4, 5] {
        fixture.replace_entry(log[at].get_i64("_id").unwrap(), Some(log[at].clone())).await;
    }
    assert!(verify(&*store).await.is_ok());
    fixture.replace_entry(1, None).await;
    assert_eq!(verify(&*store).await, Err(Tampering::Removed(1)));
}

pub async fn a_tail_that_was_cut_shows_against_a_head_kept_elsewhere<F: Fixture>() {
    let (fixture, store, log) = ten::<F>().await;
    let tenancy = tenantry::tenancy::Tenancy::new(
        store,
        tenantry::tenancy::Rules::default(),
        tenantry::tenancy::Caller::new("tester@here"),
    );
    let tenancy = tenancy.unwrap();
    let (middle, head) = (Head::from_document(&log[6]), Head::from_document(&log[9]));
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
        last = Head::from_document(&forged);
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
    store.append(&late).await.unwrap();
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
    let since = AuditFilter { since: Some(late.at), ..AuditFilter::ALL };
    assert_eq!(found(AuditQuery { filter: since, ..ALL }).await, [3]);
    let of = |id: Option<ObjectId>, name: &str| AuditFilter::of(id, name);
    let id = Some(globex.id);
    assert_eq!(found(AuditQuery { filter: of(id, ""), ..ALL }).await, [2, 3]);
    assert_eq!(found(AuditQuery { filter: of(id, "Globex"), ..ALL }).await, [2, 3]);
    assert_eq!(found(AuditQuery { filter: of(None, "Acme Corp"), ..ALL }).await, [1, 4]);
    assert_eq!(found(AuditQuery { filter: of(None, "acme.*"), ..ALL }).await, [0_i64; 0]);
    assert_eq!(found(AuditQuery { filter: of(None, ""), ..ALL }).await, [0_i64; 0]);
}

pub async fn a_recovery_says_once_what_came_of_what_was_unknown<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let done = Entry::about("tester@here", "suspend", &acme);
    store.perform(&Operation::Suspend(Box::new(acme.clone()), true), &done).await.unwrap();
    let other = fixture.open(false).await;
    // Nothing is said of what is known.
    assert_eq!(other.recover("other@there").await, Ok(0));
    assert_eq!(stored(&*store).await.len(), 2);
    let never = Entry::about("tester@here", "update", &acme);
    for entry in [&done, &never] {
        store.append(&entry.followed(Outcome::Unknown, "the server is gone")).await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(other.recover("other@there").await, Ok(0), "no organization was touched");
        let appended = stored(&*store).await.split_off(4);
        let mut said: Vec<_> = appended
            .iter()
            .map(Entry::from_document)
            .map(|entry| (entry.of, entry.outcome.word(), entry.operator.raw().to_owned()))
            .collect();
        said.sort();
        let mut expected = Vec::new();
        if F::IN_STEPS {
            let says = |of: &Entry, outcome: Outcome| {
                (Some(of.id), outcome.word(), "tester@here".to_owned())
            };
            expected = vec![says(&done, Outcome::Done), says(&never, Outcome::Failed)];
        }
        assert_eq!(said, expected);
    }
    assert!(verify(&*store).await.is_ok());
}

pub async fn where_nothing_may_be_written_nothing_is_recorded<F: Fixture>() {
    let (fixture, store, acme) = with_acme::<F>().await;
    let reader = fixture.open(true).await;
    let entry = Entry::about("tester@here", "suspend", &acme);
    assert!(matches!(reader.append(&entry).await, Err(StoreError::Refused { .. })));
    let operation = Operation::Suspend(Box::new(acme), true);
    assert!(matches!(reader.perform(&operation, &entry).await, Err(StoreError::Refused { .. })));
    assert_eq!(stored(&*store).await.len(), 1);
}
