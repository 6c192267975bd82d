//! Dates as people read them.

use mongodb::bson::DateTime;
use time::OffsetDateTime;

/// A moment: `2026-11-20 10:30 UTC`; for one that no calendar reaches, its milliseconds.
#[must_use]
pub fn moment(time: DateTime) -> String {
    match OffsetDateTime::from_unix_timestamp(time.timestamp_millis().div_euclid(1000)) {
        Ok(t) => format!(
            "{:04}-{:02}-{:02} {:02}:{:02} UTC",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute()
        ),
        Err(_) => format!("{} ms after 1970", time.timestamp_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_short_and_one_no_calendar_has_is_no_panic() {
        assert_eq!(moment(DateTime::from_millis(-1)), "1969-12-31 23:59 UTC");
        assert_eq!(moment(DateTime::from_millis(1_795_170_600_000)), "2026-11-20 10:30 UTC");
        for extreme in [DateTime::MIN, DateTime::MAX] {
            assert!(moment(extreme).ends_with("ms after 1970"));
        }
    }
}
