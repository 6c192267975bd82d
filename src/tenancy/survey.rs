//! What all organizations come to: counted as they are read, so that nothing but the few that are named is kept of them.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use bson::DateTime;
use time::OffsetDateTime;

use super::{Error, Result, Tenancy};
use crate::{
    org::{OperationKind, Org},
    store::{
        AuditAt, AuditFilter, Count, ListScope, OpenFiles, Outcome, PageQuery, Size, SizeKey, Sort,
        SortKey, Statistics, StoreError,
    },
};

/// How many organizations are named for each reason.
pub const NAMED: usize = 10;
/// How many organizations are read at once.
const PAGE: u32 = 500;
/// About how many of them the database is asked at once: they show together.
const SIZES: usize = 100;
/// What finds the suspended ones.
const SUSPENDED: &str = "state:suspended";
/// How many entries of the audit log are read at once, and how often.
const ENTRIES: u32 = 500;
const PAGES_OF_ENTRIES: u32 = 20;

/// A part of what is read, as it is read.
#[derive(Debug)]
pub enum SurveyPart {
    /// How many organizations there are.
    Counts(Counts),
    /// How many logins failed, by the hour.
    FailedLogins(FailedLogins),
    /// How many files the server has open.
    OpenFiles(OpenFiles),
    /// Organizations, each with its size where that is known.
    Orgs(Vec<(Org, Option<Size>)>),
}

/// How many organizations there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On the list.
    pub live: Count,
    /// How many of those are suspended.
    pub suspended: Count,
    /// In the trash.
    pub trash: Count,
}

/// Failed logins of the last 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailedLogins {
    /// How many, the oldest hour first.
    pub hours: [u64; 24],
    /// Whether there were more than are counted.
    pub or_more: bool,
}

impl FailedLogins {
    /// Counts one that failed at this time, as of `now`.
    pub fn count(&mut self, at: DateTime, now: DateTime) {
        let ago = now.timestamp_millis().saturating_sub(at.timestamp_millis()).max(0) / 3_600_000;
        let hour = usize::try_from(ago).ok().and_then(|ago| self.hours.len().checked_sub(ago + 1));
        if let Some(hour) = hour.and_then(|hour| self.hours.get_mut(hour)) {
            *hour += 1;
        }
    }

    /// How many were counted.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.hours.iter().sum()
    }
}

/// An organization that is named, and its size.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The organization.
    pub org: Org,
    /// How much it holds.
    pub size: Size,
}

/// What the organizations that were read come to.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// How many there are, once known.
    pub counts: Option<Counts>,
    /// Failed logins, once known.
    pub failed_logins: Option<FailedLogins>,
    /// How many files the server has open, where that is known.
    pub open_files: Option<OpenFiles>,
    /// How many were read.
    pub read: u64,
    /// Of how many the size is not known.
    pub unknown: u64,
    /// What all others hold together.
    pub held: Statistics,
    /// The largest, by each part of a size, in the order of [`SizeKey::ALL`].
    largest: [Vec<Named>; SizeKey::ALL.len()],
    /// Those without a new document for longest, that one first.
    pub quietest: Vec<Named>,
    /// How many were created in which month, by its number.
    months: BTreeMap<i64, u64>,
}

impl Survey {
    /// Takes a part in.
    pub fn add(&mut self, part: SurveyPart) {
        match part {
            SurveyPart::Counts(counts) => self.counts = Some(counts),
            SurveyPart::FailedLogins(failed) => self.failed_logins = Some(failed),
            SurveyPart::OpenFiles(files) => self.open_files = Some(files),
            SurveyPart::Orgs(orgs) => {
                for (org, size) in orgs {
                    self.add_org(org, size);
                }
            }
        }
    }

    fn add_org(&mut self, org: Org, size: Option<Size>) {
        self.read += 1;
        *self.months.entry(month(org.created_at)).or_default() += 1;
        let Some(size) = size else {
            self.unknown += 1;
            return;
        };
        self.held.documents += size.held.documents;
        self.held.bytes += size.held.bytes;
        self.held.indexes += size.held.indexes;
        let named = Named { org, size };
        for (by, largest) in SizeKey::ALL.into_iter().zip(&mut self.largest) {
            if by.of(named.size).is_some_and(|of| of > 0) {
                name(largest, &named, |named| std::cmp::Reverse(by.of(named.size)));
            }
        }
        if named.size.newest.is_some() {
            name(&mut self.quietest, &named, |named| named.size.newest);
        }
    }

    /// How many were created in each of the last months, that of `now` last.
    #[must_use]
    pub fn created<const MONTHS: usize>(&self, now: DateTime) -> [u64; MONTHS] {
        let first = month(now).saturating_sub(i64::try_from(MONTHS).unwrap_or(0) - 1);
        std::array::from_fn(|at| {
            let month = first + i64::try_from(at).unwrap_or(0);
            self.months.get(&month).copied().unwrap_or_default()
        })
    }

    /// Those with the most of that, that one first.
    #[must_use]
    pub fn largest(&self, by: SizeKey) -> &[Named] {
        let at = SizeKey::ALL.iter().position(|key| *key == by);
        at.and_then(|at| self.largest.get(at)).map_or(&[], Vec::as_slice)
    }

    /// All that are named, in their order: the largest by that, and the quietest.
    #[must_use]
    pub fn named(&self, by: SizeKey) -> Vec<&Named> {
        self.largest(by).iter().chain(&self.quietest).collect()
    }
}

/// Names one where it is among the first.
fn name<K: Ord>(all: &mut Vec<Named>, one: &Named, key: impl Fn(&Named) -> K) {
    let at = all.partition_point(|other| key(other) <= key(one));
    if at < NAMED {
        all.insert(at, one.clone());
        all.truncate(NAMED);
    }
}

/// The number of a month: one more for each.
fn month(at: DateTime) -> i64 {
    let date = OffsetDateTime::from_unix_timestamp(at.timestamp_millis().div_euclid(1000));
    date.map_or(0, |date| i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1)
}

impl Tenancy {
    /// Goes through all organizations, a page at a time, and tells what was read as soon as it is. What this user may
    /// not read is left out, and said at the end.
    ///
    /// # Errors
    /// The database's.
    pub async fn survey(&self, now: SystemTime, told: impl Fn(SurveyPart)) -> Result<()> {
        told(SurveyPart::Counts(Counts {
            live: self.count(ListScope::Live, None, u64::MAX).await?,
            suspended: self.count(ListScope::Live, Some(SUSPENDED), u64::MAX).await?,
            trash: self.count(ListScope::Trash, None, u64::MAX).await?,
        }));
        let mut refused = None;
        match failed_logins(self, now).await {
            Ok(failed) => told(SurveyPart::FailedLogins(failed)),
            Err(error) => note(&mut refused, error)?,
        }
        if let Some(files) = self.store.open_files().await? {
            told(SurveyPart::OpenFiles(files));
        }
        // The newest first: what is created now has the same months to fill as what was before.
        let sort = Sort { key: SortKey::Created, descending: true };
        let mut query = PageQuery { sort, ..PageQuery::first(ListScope::Live, None, PAGE) };
        query.best_first = false;
        let mut knows_sizes = true;
        loop {
            let page = self.page(&query).await?;
            let next = page.next();
            for orgs in page.orgs.chunks(SIZES) {
                let mut sizes = vec![None; orgs.len()];
                if knows_sizes {
                    match self.sizes(orgs).await {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orgs;

    fn at(text: &str) -> DateTime {
        DateTime::parse_rfc3339_str(format!("{text}T12:00:00Z")).unwrap()
    }

    fn one(number: u8, created: &str, bytes: u64, newest: Option<&str>) -> (Org, Option<Size>) {
        let org = orgs::org(number, &format!("org{number}"), "a@b.example");
        let held = Statistics { documents: bytes / 10, bytes, indexes: 1 };
        let size = Size { held, newest: newest.map(at) };
        (Org { created_at: at(created), ..org }, Some(size))
    }

    #[test]
    fn organizations_are_counted_by_month_and_size() {
        let mut survey = Survey::default();
        let unknown = (one(4, "1999-01-01", 0, None).0, None);
        survey.add(SurveyPart::Orgs(vec![
            one(1, "2026-11-01", 100, Some("2026-11-02")),
            one(3, "2026-11-30", 70, None),
        ]));
        survey.add(SurveyPart::Orgs(vec![one(2, "2025-12-31", 30, Some("2026-01-01")), unknown]));
        assert_eq!((survey.read, survey.unknown), (4, 1));
        assert_eq!(survey.held, Statistics { documents: 20, bytes: 200, indexes: 3 });
        assert_eq!(survey.created(at("2026-11-15")), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(survey.created(at("2026-12-15")), [2, 0]);
        let names = |all: &[Named]| all.iter().map(|n| n.org.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(survey.largest(SizeKey::Bytes)), ["org1", "org3", "org2"]);
        assert_eq!(names(survey.largest(SizeKey::Newest)), ["org1", "org2"]);
        assert_eq!(names(&survey.quietest), ["org2", "org1"]);
    }

    #[test]
    fn only_the_first_ten_are_named_in_whatever_order_they_come() {
        let mut survey = Survey::default();
        for number in (0..100_u32).map(|at| u8::try_from(at * 37 % 100).unwrap()) {
            let newest = Some(if number < 50 { "2026-01-02" } else { "2026-01-01" });
            let one = one(number, "2026-01-01", u64::from(number), newest);
            survey.add(SurveyPart::Orgs(vec![one]));
        }
        let largest = survey.largest(SizeKey::Bytes).iter();
        let bytes: Vec<u64> = largest.map(|named| named.size.held.bytes).collect();
        assert_eq!(bytes, (90..100).rev().collect::<Vec<_>>());
        assert_eq!(survey.quietest.len(), NAMED);
        assert!(survey.quietest.iter().all(|named| named.size.newest == Some(at("2026-01-01"))));
        assert_eq!(survey.named(SizeKey::Documents).len(), 2 * NAMED);
    }

    #[test]
    fn failed_logins_are_counted_by_the_hour() {
        let mut failed = FailedLogins::default();
        let now = DateTime::from_millis(100 * 3_600_000);
        for minutes_ago in [-5, 0, 59, 60, 23 * 60 + 59, 24 * 60, 1_000_000] {
            failed.count(DateTime::from_millis(now.timestamp_millis() - minutes_ago * 60_000), now);
        }
        assert_eq!((failed.hours[23], failed.hours[22], failed.hours[0]), (3, 1, 1));
        assert_eq!(failed.sum(), 5);
    }
}
