//! Appending to the audit log: entries at its end, one after the other by however many consoles.
//!
//! An entry's number is its `_id`, so that two consoles cannot both append the same one: whoever comes
//! second reads the tail again. Its own identity is unique as well: what was appended by a console that
//! was killed before it could say so is not appended again by the one that settles it.
//!
//! Of many that append at once in one process, the one who gets to the end writes the entries of all who
//! have come by then, in one command. Each is answered once its own entry is durably there. Whoever is no
//! longer waited for takes its entry along, unless that is being written already; and where the one who
//! writes for all is cut off, each of the others goes on by itself.

use std::{
    sync::{Mutex as Lock, PoisonError},
    time::{Duration, Instant},
};

use mongodb::{
    bson::{Document, doc, oid::ObjectId},
    error::{Error, ErrorKind, IndexedWriteError},
};
use tokio::sync::{
    Mutex,
    oneshot::{self, error::TryRecvError},
};

use super::{Inner, audit::is_entry, error::code, exact::Exact, read::Record};
use crate::store::{Entry, Head, Result, StoreError};

/// How long a place at the end is tried for that others take each time.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many entries are written at once.
const AT_ONCE: usize = 100;

/// The audit log, its last entry where this console wrote that, and who waits to append.
pub(super) struct Audit {
    pub(super) entries: Exact<Record>,
    head: Mutex<Option<Head>>,
    waiting: Lock<Vec<Waiting>>,
}

/// An entry that somebody waits for.
struct Waiting {
    entry: Entry,
    /// Tells one waiter from another with the same entry.
    waiter: ObjectId,
    answer: oneshot::Sender<Result<()>>,
}

/// Takes an entry along when nobody waits for it any more.
struct Place<'a> {
    audit: &'a Audit,
    waiter: ObjectId,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.audit.waiting().retain(|waiting| waiting.waiter != self.waiter);
    }
}

impl Audit {
    pub(super) fn new(entries: Exact<Record>) -> Self {
        Self { entries, head: Mutex::new(None), waiting: Lock::default() }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who have waited longest.
    fn next_waiting(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        let many = waiting.len().min(AT_ONCE);
        waiting.drain(..many).collect()
    }
}

impl Inner {
    /// Puts an entry at the end, unless it is there already.
    pub(super) async fn append(&self, entry: &Entry) -> Result<()> {
        loop {
            let (answer, mut told) = oneshot::channel();
            let place = Place { audit: &self.audit, waiter: ObjectId::new() };
            let waiting = Waiting { entry: entry.clone(), waiter: place.waiter, answer };
            self.audit.waiting().push(waiting);
            let mut head = self.audit.head.lock().await;
            loop {
                match told.try_recv() {
                    Ok(done) => return done,
                    // Whoever was writing it was cut off: it may be there or not.
                    Err(TryRecvError::Closed) => break,
                    Err(TryRecvError::Empty) => {
                        let batch = self.audit.next_waiting();
                        self.append_all(&mut head, batch).await;
                    }
                }
            }
        }
    }

    /// Puts entries at the end, in their order, and answers whoever waits for each.
    async fn append_all(&self, cached: &mut Option<Head>, batch: Vec<Waiting>) {
        let entries = self.audit.entries.clone_with_type::<Document>();
        let mut left: std::collections::VecDeque<Waiting> = batch.into();
        let began = Instant::now();
        while !left.is_empty() {
            // None as long as it is not known what came of the write.
            let head = match cached.take() {
                Some(head) => Ok(head),
                None => self.tail().await,
            };
            let documents = head.and_then(|head| following(&head, &left));
            let documents = match documents {
                Ok(documents) => documents,
                Err(why) => return answer_all(left, &why),
            };
            let Err(error) = entries.insert_many(&documents).await else {
                *cached = documents.last().map(Head::from_document);
                return left.into_iter().for_each(|waiting| waiting.answer(Ok(())));
            };
            let Some((index, first)) = first_refused(&error) else {
                return answer_all(left, &self.errors.translate(&error));
            };
            // Those before it are there.
            for waiting in left.drain(..index.min(left.len())) {
                waiting.answer(Ok(()));
            }
            let before = index.checked_sub(1).and_then(|last| documents.get(last));
            let Some(refused) = left.front() else { return };
            if first.code != code::DUPLICATE_KEY {
                // The others may be let in.
                *cached = before.map(Head::from_document);
                let why = self.errors.translate(&error);
                left.pop_front().into_iter().for_each(|waiting| waiting.answer(Err(why.clone())));
                continue;
            }
            match self.is_appended(&refused.entry).await {
                Ok(true) => {
                    left.pop_front().into_iter().for_each(|waiting| waiting.answer(Ok(())));
                }
                Ok(false) => {
                    let number = documents.get(index).and_then(|one| one.get_i64("_id").ok());
                    *cached = match self.passed_over(number).await {
                        Ok(passed) => passed.zip(documents.get(index)).map(|(number, document)| {
                            let hash = document.get_str("previous").unwrap_or_default().to_owned();
                            Head { number, hash }
                        }),
                        Err(why) => return answer_all(left, &why),
                    };
                }
                Err(why) => return answer_all(left, &why),
            }
            if began.elapsed() > PATIENCE {
                let busy =
                    "no place at the end of the audit log (audit_log) could be had for ten seconds";
                return answer_all(left, &StoreError::Other(busy.into()));
            }
        }
    }

    async fn is_appended(&self, entry: &Entry) -> Result<bool> {
        let there = doc! { "entry": entry.id };
        Ok(self.find_one(&self.audit.entries, there).await?.is_some())
    }

    /// The number, where something else than an entry has it: the next one is taken, and a verification
    /// names this one.
    async fn passed_over(&self, number: Option<i64>) -> Result<Option<i64>> {
        let there = self.find_one(&self.audit.entries, doc! { "_id": number }).await?;
        Ok(number.filter(|_| there.is_some_and(|there| !is_entry(&there))))
    }
}

impl Waiting {
    /// It may be that nobody waits any more.
    fn answer(self, answer: Result<()>) {
        let _ = self.answer.send(answer);
    }
}

fn answer_all(all: impl IntoIterator<Item = Waiting>, why: &StoreError) {
    all.into_iter().for_each(|waiting| waiting.answer(Err(why.clone())));
}

/// The documents of the log that have these entries next.
fn following<'a>(
    head: &Head,
    entries: impl IntoIterator<Item = &'a Waiting>,
) -> Result<Vec<Document>> {
    let mut head = head.clone();
    let mut documents = Vec::new();
    for waiting in entries {
        let document = head.followed_by(&waiting.entry)?;
        head = Head::from_document(&document);
        documents.push(document);
    }
    Ok(documents)
}

/// Which of many the server refused first, and why; none where that is not what went wrong.
fn first_refused(error: &Error) -> Option<(usize, &IndexedWriteError)> {
    let ErrorKind::InsertMany(many) = error.kind.as_ref() else { return None };
    many.write_errors.as_ref()?.iter().map(|one| (one.index, one)).min_by_key(|(index, _)| *index)
}
