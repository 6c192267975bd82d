//! How long guessing takes: after a few wrong passwords an account waits, twice as long each time.
//!
//! Each attempt is counted where the organizations are kept, before its password is looked at and in
//! the same write that decides whether it is: parallel guesses share one count (a service that checked
//! first and counted afterwards was broken that way, GHSA-7h8m-vrxx-vr4m). An attempt whose answer is
//! not known yet takes one of the places that are left before the account waits; one too many waits in
//! line until there is a place, or until the account has to wait. A right password gives the place back,
//! a wrong one makes it a failure. Whoever never answers (killed, cut off) has it until a failure would
//! have been over as well, and from then on it is counted like one: a guess that is cut off is never the
//! cheaper one. An e-mail that nobody has is counted like any other.

use std::time::Duration;

use async_trait::async_trait;
use bson::{DateTime, oid::ObjectId};

use super::Result;

/// Attempts to log in, by e-mail, whether anybody has it or not; compared by [`crate::org::email_key`]. Waits are
/// measured by the clock of the database. An account that nobody has tried for thirty days is forgotten.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Counts an attempt, and says whether its password may be looked at. Atomic: of many at once, no more are
    /// looked at than one after the other would be. Whoever asks again says with what it was put in line.
    async fn attempt(&self, email: &str, line: Option<Line>) -> Result<Attempt>;

    /// Takes the answer to an attempt that was granted, once; how many failures there were before a right one.
    async fn answer_attempt(
        &self,
        email: &str,
        granted: ObjectId,
        result: AttemptResult,
    ) -> Result<u64>;

    /// Forgets the failures, since whoever has the e-mail was known otherwise. Returns how many there were.
    async fn forget_attempts(&self, email: &str) -> Result<u64>;
}

/// How many wrong passwords in a row there may be without any waiting, the last of which starts it.
pub const FREE_ATTEMPTS: i64 = 5;

/// The longest an account waits.
pub const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// The shortest time for which an attempt that never answers keeps its place: longer than any answer
/// takes.
pub const SHORTEST_HOLD: Duration = Duration::from_secs(10);

/// Whether a password may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It may; whoever does says here what came of it.
    Granted(ObjectId),
    /// Not before so long; more than zero.
    Wait(Duration),
    /// Not before another one was answered.
    InLine(Line),
}

/// What came of an attempt that was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// The account proved who they are: the failures are cleared.
    Right,
    /// A wrong password or code: one more failure.
    Wrong,
    /// A right password without the code that it needs: neither, or whoever knows the password could try codes for
    /// ever.
    Unfinished,
}

/// A place in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Until when the account last had to wait. Whoever is in line when it has to wait again has to
    /// wait as well, however long it takes to ask again.
    pub waited: DateTime,
    /// How long until the first of those who are being answered loses their place.
    pub left: Duration,
}

/// How long an account waits after so many passwords in a row that were looked at and wrong.
#[must_use]
pub fn wait_after(looked_at: i64) -> Duration {
    let doublings = looked_at.saturating_sub(FREE_ATTEMPTS);
    match u32::try_from(doublings) {
        Ok(doublings) if doublings < 32 => Duration::from_secs(1 << doublings).min(LONGEST_WAIT),
        Err(_) if doublings < 0 => Duration::ZERO,
        _ => LONGEST_WAIT,
    }
}

/// How long the attempt that would be the failure with this number has its place, if it never answers.
#[must_use]
pub fn hold_of(number: i64) -> Duration {
    wait_after(number).max(SHORTEST_HOLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_from_a_second_to_a_quarter_of_an_hour() {
        let waits = [0, 4, 5, 6, 7, 14, 15, 16, i64::MAX].map(|n| wait_after(n).as_secs());
        assert_eq!(waits, [0, 0, 1, 2, 4, 512, 900, 900, 900]);
        assert_eq!(wait_after(i64::MIN), Duration::ZERO);
    }

    #[test]
    fn whoever_never_answers_has_the_place_for_as_long_as_a_failure_takes_and_some_seconds() {
        assert_eq!([1, 5, 9, 16].map(|n| hold_of(n).as_secs()), [10, 10, 16, 900]);
    }
}
