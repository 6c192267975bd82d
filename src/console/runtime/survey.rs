//! Goes through all organizations for the dashboard, a page at a time, and says what was read as soon as it is.

use std::time::{Duration, SystemTime};

use bson::DateTime;

use crate::{
    console::survey::{Counts, FailedLogins, SurveyPart},
    org::OperationKind,
    store::{AuditAt, AuditFilter, ListScope, Outcome, PageQuery, Sort, SortKey, StoreError},
    tenancy::{Error, Result, Tenancy},
};

/// How many organizations are read at once.
const PAGE: u32 = 500;
/// About how many of them the database is asked at once: they show together.
const SIZES: usize = 100;
/// What finds the suspended ones.
const SUSPENDED: &str = "state:suspended";
/// How many entries of the audit log are read at once, and how often.
const ENTRIES: u32 = 500;
const PAGES_OF_ENTRIES: u32 = 20;

/// Reads all of it. What this user may not read is left out, and said at the end.
pub(super) async fn read(
    tenancy: &Tenancy,
    now: SystemTime,
    told: impl Fn(SurveyPart),
) -> Result<()> {
    told(SurveyPart::Counts(Counts {
        live: tenancy.count(ListScope::Live, None, u64::MAX).await?,
        suspended: tenancy.count(ListScope::Live, Some(SUSPENDED), u64::MAX).await?,
        trash: tenancy.count(ListScope::Trash, None, u64::MAX).await?,
    }));
    let mut refused = None;
    match failed_logins(tenancy, now).await {
        Ok(failed) => told(SurveyPart::FailedLogins(failed)),
        Err(error) => note(&mut refused, error)?,
    }
    // The newest first: what is created now has the same months to fill as what was before.
    let sort = Sort { key: SortKey::Created, descending: true };
    let mut query = PageQuery { sort, ..PageQuery::first(ListScope::Live, None, PAGE) };
    query.best_first = false;
    let mut knows_sizes = true;
    loop {
        let page = tenancy.page(&query).await?;
        let next = page.next();
        for orgs in page.orgs.chunks(SIZES) {
            let mut sizes = vec![None; orgs.len()];
            if knows_sizes {
                match tenancy.sizes(orgs).await {
                    Ok(known) => sizes = known,
                    Err(error) => {
                        note(&mut refused, error)?;
                        knows_sizes = false;
                    }
                }
            }
            told(SurveyPart::Orgs(orgs.iter().cloned().zip(sizes).collect()));
        }
        match next {
            Some(next) => query.at = next,
            None => return refused.map_or(Ok(()), Err),
        }
    }
}

/// Notes the first refusal of the database; every other error ends the reading.
fn note(refused: &mut Option<Error>, error: Error) -> Result<()> {
    match error {
        Error::Store(StoreError::Refused { .. }) => {
            refused.get_or_insert(error);
            Ok(())
        }
        error => Err(error),
    }
}

async fn failed_logins(tenancy: &Tenancy, now: SystemTime) -> Result<FailedLogins> {
    let since = now - Duration::from_hours(24);
    let filter = AuditFilter {
        actions: vec![OperationKind::LogIn],
        outcomes: vec![Outcome::Refused],
        since: Some(DateTime::from_system_time(since)),
        ..AuditFilter::ALL
    };
    let (mut failed, mut at) = (FailedLogins::default(), AuditAt::Newest);
    for _ in 0..PAGES_OF_ENTRIES {
        let page = tenancy.audit(None, &filter, at, ENTRIES).await?;
        let now = DateTime::from_system_time(now);
        page.entries.iter().for_each(|one| failed.count(one.entry.at, now));
        match page.entries.last() {
            Some(last) if page.more => at = AuditAt::Before(last.number),
            Some(_) | None => return Ok(failed),
        }
    }
    failed.or_more = true;
    Ok(failed)
}
