//! Checking the whole database for what is inconsistent, and repairing it.

use futures_util::future::BoxFuture;

use super::{Result, Tenancy};
use crate::{
    org::{OperationKind, StoredText},
    store::{Difference, Examination, Finding, Inconsistency, Repair, kept_by_the_clock},
};

/// How many of each kind that was repaired the audit log names.
const NAMED: usize = 3;

/// Shows a person why the clock is doubted, and answers whether it is right.
pub type Believe = dyn Fn(&Inconsistency) -> BoxFuture<'static, bool> + Send + Sync;

impl Tenancy {
    /// Goes through the whole database and says what does not belong together; where that is wanted,
    /// repairs what can be repaired without deleting any document. Where the clock keeps something in the
    /// trash that is overdue, `believe` is shown both times, and says whether it is purged all the same.
    ///
    /// # Errors
    /// [`super::Error::ReadOnly`] for a repair, or the database's.
    pub async fn examine(
        &self,
        wanted: &Examination<'_>,
        believe: &Believe,
    ) -> Result<Vec<Finding>> {
        if !wanted.fix {
            self.reading().await?;
            return Ok(self.store.go_through(&self.caller.operator, wanted).await?);
        }
        let mut entry = self.entry(OperationKind::Repair, None).await;
        let done = async {
            self.writable()?;
            self.ensure_may(&entry.action, None).await?;
            let mut found = self.store.go_through(&self.caller.operator, wanted).await?;
            let doubted = kept_by_the_clock(&found).cloned();
            if let Some(doubted) = doubted
                && believe(&doubted).await
            {
                let purge = self.store.purge_expired(&self.caller.operator, true).await?;
                let how = format!("clock confirmed; {} purged", purge.purged);
                for one in &mut found {
                    if matches!(one.inconsistency, Inconsistency::Clock { .. }) {
                        one.repair = Repair::Done(how.clone());
                    }
                }
                found.extend(purge.findings);
            }
            let mended: Vec<&Finding> = found.iter().filter(|one| one.repair.is_done()).collect();
            if !mended.is_empty() {
                entry.changes = repaired(&mended);
                self.store.append(&entry).await?;
            }
            Ok(found)
        }
        .await;
        self.recorded(&entry, done).await
    }
}

/// What was repaired, kind by kind: how many, and the first of them.
fn repaired(mended: &[&Finding]) -> Vec<Difference> {
    let mut kinds: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for one in mended {
        match kinds.iter_mut().find(|(code, _)| *code == one.inconsistency.code()) {
            Some((_, all)) => all.push(one),
            None => kinds.push((one.inconsistency.code(), vec![one])),
        }
    }
    let said = |(code, all): (&str, Vec<&Finding>)| {
        let first = all.iter().take(NAMED).map(|one| one.inconsistency.to_string());
        let first = first.collect::<Vec<_>>().join("; ");
        let more = match all.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let to = format!("{}: {first}{more}", all.len()).into();
        Difference { field: code.into(), from: StoredText::default(), to }
    };
    kinds.into_iter().map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_log_says_what_was_repaired_also_where_that_is_much() {
        let stale = |number| Finding {
            inconsistency: Inconsistency::Stale { org: format!("org {number}").into() },
            repair: Repair::Done("brought up to date".to_owned()),
        };
        let all: Vec<Finding> = (0..5).map(stale).collect();
        let said = repaired(&all.iter().collect::<Vec<_>>());
        let [change] = &said[..] else { panic!("{said:?}") };
        assert_eq!(change.field.raw(), all[0].inconsistency.code());
        let to = change.to.raw();
        assert!(to.starts_with("5: ") && to.ends_with("; and 2 more"), "{to}");
        assert!(to.contains("org 0") && to.contains("org 2") && !to.contains("org 3"), "{to}");
    }
}
