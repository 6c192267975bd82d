//! Dates as people read them.

use mongodb::bson::DateTime;
use time::OffsetDateTime;

/// A moment: `2026-11-20 10:30 UTC`; for one that no calendar reaches, its milliseconds.
#[must_use]
pub fn moment(time: DateTime) -> String {
    written(time, |t| format!("{} {:02}:{:02} UTC", date(t), t.hour(), t.minute()))
}

/// The day of a moment, in UTC: `2026-11-20`; for one that no calendar reaches, its milliseconds.
#[must_use]
pub fn day(time: DateTime) -> String {
    written(time, date)
}

fn written(time: DateTime, form: impl FnOnce(OffsetDateTime) -> String) -> String {
    let millis = time.timestamp_millis();
    OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000))
        .map_or_else(|_| format!("{millis} ms after 1970"), form)
}

fn date(time: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_short_and_one_no_calendar_has_is_no_panic() {
        assert_eq!(moment(DateTime::from_millis(-1)), "1969-12-31 23:59 UTC");
        assert_eq!(moment(DateTime::from_millis(1_795_170_600_000)), "2026-11-20 10:30 UTC");
        assert_eq!(day(DateTime::from_millis(1_795_170_600_000)), "2026-11-20");
        for extreme in [DateTime::MIN, DateTime::MAX] {
            assert!(moment(extreme).ends_with("ms after 1970"));
            assert!(day(extreme).ends_with("ms after 1970"));
        }
    }
}
