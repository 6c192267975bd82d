//! Dates as people read them.

use bson::DateTime;
use time::OffsetDateTime;

/// A moment: `2026-11-20 10:30 UTC`; for one that no calendar reaches, its milliseconds.
#[must_use]
pub fn timestamp(time: DateTime) -> String {
    written(time, |t| format!("{} {:02}:{:02} UTC", date(t), t.hour(), t.minute()))
}

/// The day of a moment, in UTC: `2026-11-20`; for one that no calendar reaches, its milliseconds.
#[must_use]
pub fn day(time: DateTime) -> String {
    written(time, date)
}

/// A moment as somebody types it: a day (its beginning, in UTC), a time in RFC 3339, or how long before
/// `now` it was (`30m`, `12h`, `7d`). None for anything else.
#[must_use]
pub fn earlier(typed: &str, now: DateTime) -> Option<DateTime> {
    let typed = typed.trim();
    let units = [("m", 60_000), ("h", 3_600_000), ("d", 86_400_000_i64)];
    for (unit, millis) in units {
        if let Some(number) = typed.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok())
        {
            let ago = i64::from(number).checked_mul(millis)?;
            return Some(DateTime::from_millis(now.timestamp_millis().checked_sub(ago)?));
        }
    }
    if typed.len() == "2026-11-20".len() {
        return DateTime::parse_rfc3339_str(format!("{typed}T00:00:00Z")).ok();
    }
    DateTime::parse_rfc3339_str(typed.replacen(' ', "T", 1)).ok()
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
    fn a_time_is_typed_as_a_day_a_moment_or_how_long_ago() {
        let now = DateTime::from_millis(1_795_170_600_000);
        let is = |typed: &str| earlier(typed, now).map(timestamp);
        for (typed, meant) in [
            ("2026-11-20", "2026-11-20 00:00 UTC"),
            ("2026-11-19T08:15:00Z", "2026-11-19 08:15 UTC"),
            ("2026-11-19 08:15:00+01:00", "2026-11-19 07:15 UTC"),
            ("30m", "2026-11-20 10:00 UTC"),
            ("12h", "2026-11-19 22:30 UTC"),
            ("7d", "2026-11-13 10:30 UTC"),
        ] {
            assert_eq!(is(typed).as_deref(), Some(meant), "{typed}");
        }
        for typed in ["", "d", "-1d", "7w", "4294967296d", "yesterday", "2026-13-40", "2026-11-2x"]
        {
            assert_eq!(is(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_moment_is_short_and_one_no_calendar_has_is_no_panic() {
        assert_eq!(timestamp(DateTime::from_millis(-1)), "1969-12-31 23:59 UTC");
        assert_eq!(timestamp(DateTime::from_millis(1_795_170_600_000)), "2026-11-20 10:30 UTC");
        assert_eq!(day(DateTime::from_millis(1_795_170_600_000)), "2026-11-20");
        for extreme in [DateTime::MIN, DateTime::MAX] {
            assert!(timestamp(extreme).ends_with("ms after 1970"));
            assert!(day(extreme).ends_with("ms after 1970"));
        }
    }
}
