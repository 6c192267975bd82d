//! How long guessing takes: after a few wrong passwords an account waits, twice as long each time.
//!
//! Each attempt is counted where the organizations are kept, before its password is looked at and in
//! the same write that decides whether it is: parallel guesses share one count (a service that checked
//! first and counted afterwards was broken that way, GHSA-7h8m-vrxx-vr4m). Whoever has to wait is
//! counted as well, but makes the waiting no longer. An e-mail that nobody has is counted like any
//! other.

use std::time::Duration;

/// How many wrong passwords in a row there may be without any waiting, the last of which starts it.
pub const FREE_ATTEMPTS: i64 = 5;

/// The longest an account waits.
pub const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// Whether a password may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It may.
    Granted,
    /// Not before so long; more than zero.
    Wait(Duration),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_from_a_second_to_a_quarter_of_an_hour() {
        let waits = [0, 4, 5, 6, 7, 14, 15, 16, i64::MAX].map(|n| wait_after(n).as_secs());
        assert_eq!(waits, [0, 0, 1, 2, 4, 512, 900, 900, 900]);
        assert_eq!(wait_after(i64::MIN), Duration::ZERO);
    }
}
