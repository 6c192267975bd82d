//! What a purge of the trash comes to: how many went, and what stands in the way.
//!
//! What has been in the trash for longer than it was to be kept goes for good, and how long that is a
//! clock says. One that is a year ahead would empty the trash. So the clock is asked for an alibi: the
//! audit log, which says when something was last done here. Where that is in the future, or long ago,
//! nothing goes until a person has seen both times (`tenantry doctor --fix`).

use std::time::Duration;

use bson::DateTime;

use super::{Finding, Inconsistency, Repair, StoreError};
use crate::org::{Org, timestamp};

/// The longest time between two entries of the audit log, or since the last one, over which a clock is
/// believed.
pub(super) const LONGEST_GAP: Duration = Duration::from_hours(30 * 24);

/// By so much entries may be out of order: each has the time at which it was begun.
pub(super) const DISORDER: Duration = Duration::from_mins(5);

/// What a purge came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purge {
    /// How many organizations are gone.
    pub purged: u64,
    /// What kept others in the trash.
    pub findings: Vec<Finding>,
}

impl Purge {
    /// Notes what came of one.
    pub(super) fn note(&mut self, org: &Org, done: Result<(), StoreError>) {
        match done {
            Ok(()) => self.purged += 1,
            // Another console was faster, or somebody has just restored it.
            Err(StoreError::Changed | StoreError::Gone | StoreError::Busy { .. }) => {}
            Err(error) => self.findings.push(Finding {
                inconsistency: Inconsistency::Overdue { org: org.name.clone() },
                repair: Repair::Failed(error.to_string()),
            }),
        }
    }
}

/// Two times between which a clock may have been set: what the audit log said last, and what came next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) from: DateTime,
    pub(super) to: DateTime,
}

impl Jump {
    /// Where it is too far from one time to the next, in either direction.
    pub(super) fn between(from: DateTime, to: DateTime) -> Option<Self> {
        let over = to.timestamp_millis().saturating_sub(from.timestamp_millis());
        let longest = i64::try_from(LONGEST_GAP.as_millis()).unwrap_or(i64::MAX);
        let disorder = i64::try_from(DISORDER.as_millis()).unwrap_or(i64::MAX);
        (over > longest || over < -disorder).then_some(Self { from, to })
    }

    /// What there is to say of so many organizations that stay in the trash for it.
    pub(super) fn finding(self, organizations: usize) -> Finding {
        let (from, to) = (timestamp(self.from), timestamp(self.to));
        let organizations = organizations.try_into().unwrap_or(u64::MAX);
        let inconsistency = Inconsistency::Clock { organizations, from, to };
        Finding { inconsistency, repair: Repair::Possible }
    }
}

/// What is said of the clock, where the trash keeps something because of it.
#[must_use]
pub fn kept_by_the_clock(findings: &[Finding]) -> Option<&Inconsistency> {
    let troubles = findings.iter().map(|finding| &finding.inconsistency);
    troubles.into_iter().find(|inconsistency| matches!(inconsistency, Inconsistency::Clock { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_believed_over_thirty_days_and_not_backwards() {
        let day = 24 * 60 * 60 * 1000;
        let jump = |over| Jump::between(DateTime::from_millis(0), DateTime::from_millis(over));
        for believed in [0, 1, day, 30 * day, -1, -299_000] {
            assert_eq!(jump(believed), None, "{believed}");
        }
        for odd in [30 * day + 1, 365 * day, i64::MAX, -301_000, -day, i64::MIN + 1] {
            assert!(jump(odd).is_some(), "{odd}");
        }
    }
}
