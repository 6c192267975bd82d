//! Batched look-up of organizations by name. A caller that arrives while a query is under way waits for the next one,
//! which answers all waiting callers together. So every answer is read after it was asked for, and a crowd of readers
//! costs the server one query at a time instead of one each.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mongodb::bson::doc;
use tokio::sync::oneshot;

use super::{Inner, READ, record};
use crate::{org::Org, store::Result};

/// How many names are asked for at once.
const NAMES_AT_ONCE: usize = 100;

/// A name, and the caller that waits for its organization.
type Asked = (String, oneshot::Sender<Result<Option<Org>>>);

/// The waiting callers.
#[derive(Default)]
pub(super) struct Waiting {
    asked: Vec<Asked>,
    /// Whether a task is querying for them.
    is_asking: bool,
}

fn locked(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The task that queries for them. If it ends early, they get an error, and the next caller starts another one.
struct Asking {
    inner: Arc<Inner>,
    is_done: bool,
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.is_done {
            *locked(&self.inner.names) = Waiting::default();
        }
    }
}

impl Inner {
    /// The organization that is stored with exactly this name, whatever our fields say of it: another program may have
    /// changed it since.
    pub(super) async fn named_exactly(self: &Arc<Self>, name: &str) -> Result<Option<Org>> {
        let (tell, told) = oneshot::channel();
        let begins = {
            let mut waiting = locked(&self.names);
            waiting.asked.push((name.to_owned(), tell));
            !std::mem::replace(&mut waiting.is_asking, true)
        };
        if begins {
            let asking = Asking { inner: Arc::clone(self), is_done: false };
            tokio::spawn(asking.answer());
        }
        told.await.unwrap_or_else(|_| Err(self.errors.silent()))
    }

    /// The organizations that are stored with exactly these names, by name.
    async fn with_names(&self, names: BTreeSet<&str>) -> Result<HashMap<String, Org>> {
        let say = |error| self.errors.translate(&error);
        let names: Vec<&str> = names.into_iter().collect();
        let filter = doc! { "organization_name": { "$in": names } };
        let mut cursor = self.orgs.find(filter).max_time(READ).await.map_err(say)?;
        let mut found = HashMap::new();
        while cursor.advance().await.map_err(say)? {
            let org = cursor.deserialize_current().ok().and_then(|record| record::org(&record.0));
            if let Some(org) = org.filter(|org| org.in_trash().is_none()) {
                found.entry(org.name.raw().to_owned()).or_insert(org);
            }
        }
        Ok(found)
    }
}

impl Asking {
    async fn answer(mut self) {
        loop {
            let asked: Vec<Asked> = {
                let mut waiting = locked(&self.inner.names);
                if waiting.asked.is_empty() {
                    // Under the same lock: the next caller starts another task.
                    waiting.is_asking = false;
                    self.is_done = true;
                    return;
                }
                let most = waiting.asked.len().min(NAMES_AT_ONCE);
                waiting.asked.drain(..most).collect()
            };
            let names = asked.iter().map(|(name, _)| name.as_str()).collect();
            let found = self.inner.with_names(names).await;
            for (name, tell) in asked {
                let answer = found.as_ref().map(|found| found.get(&name).cloned());
                // A caller may have given up.
                let _ = tell.send(answer.map_err(Clone::clone));
            }
        }
    }
}
