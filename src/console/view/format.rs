//! Numbers and times as people read them.

use std::time::SystemTime;

use bson::DateTime;

pub(super) use crate::org::thousands;

/// A number with its noun: `1 index`, `2 indexes`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

const AGES: [(u64, &str, &str); 5] = [
    (31_536_000, "y", "year"),
    (2_592_000, "mo", "month"),
    (86_400, "d", "day"),
    (3_600, "h", "hour"),
    (60, "m", "minute"),
];

fn largest(created: DateTime, now: SystemTime) -> Option<(u64, &'static str, &'static str)> {
    let age = now.duration_since(created.to_system_time()).map_or(0, |age| age.as_secs());
    AGES.iter()
        .find(|(unit, ..)| age >= *unit)
        .map(|(unit, short, long)| (age / unit, *short, *long))
}

/// How old: `now`, `5m`, `3h`, `14d`, `3mo`, `2y`; at most four columns for a century.
pub(super) fn age(created: DateTime, now: SystemTime) -> String {
    largest(created, now).map_or_else(|| "now".to_owned(), |(n, short, _)| format!("{n}{short}"))
}

/// How long ago, in words: `2 days ago`.
pub(super) fn ago(created: DateTime, now: SystemTime) -> String {
    match largest(created, now) {
        Some((1, _, unit)) => format!("1 {unit} ago"),
        Some((number, _, unit)) => format!("{} {unit}s ago", thousands(number)),
        None => "just now".to_owned(),
    }
}

/// How long it still is, in words: `28 days left`; nothing once it is over. What has begun counts whole.
pub(super) fn left(until: DateTime, now: SystemTime) -> Option<String> {
    let seconds = until.to_system_time().duration_since(now).ok()?.as_secs();
    let (unit, name) = match seconds {
        0 => return None,
        1..3_600 => (60, "minute"),
        3_600..86_400 => (3_600, "hour"),
        _ => (86_400, "day"),
    };
    Some(format!("{} left", counted(seconds.div_ceil(unit), name, &format!("{name}s"))))
}

/// A time of the day, in UTC as every other time on the screen.
pub(super) fn time_of_day(at: SystemTime) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The same without seconds: `10:42 UTC`.
pub(super) fn hour(at: SystemTime) -> String {
    let time = time_of_day(at);
    format!("{} UTC", time.get(..5).unwrap_or(&time))
}

/// How long is left, in minutes that have begun: `30 min`.
pub(super) fn minutes(left: std::time::Duration) -> String {
    format!("{} min", left.as_secs().div_ceil(60))
}

/// A span as minutes and seconds: `29:41`.
pub(super) fn clock(left: std::time::Duration) -> String {
    // A second that has begun counts whole, so that a fresh half hour says 30:00.
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_runs_behind_is_no_panic() {
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(age(DateTime::from_millis(5000), now), "now");
        assert_eq!(ago(DateTime::from_millis(-86_400_000), now), "1 day ago");
        assert!(!ago(DateTime::MIN, now).is_empty());
    }

    #[test]
    fn what_is_left_counts_what_has_begun_and_ends() {
        let at = |seconds: i64| DateTime::from_millis(seconds * 1000);
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(left(at(29 * 86_400), now).as_deref(), Some("29 days left"));
        assert_eq!(left(at(30 * 86_400 - 1), now).as_deref(), Some("30 days left"));
        assert_eq!(left(at(3_650 * 86_400), now).as_deref(), Some("3,650 days left"));
        assert_eq!(left(at(7_201), now).as_deref(), Some("3 hours left"));
        assert_eq!(left(at(1), now).as_deref(), Some("1 minute left"));
        assert_eq!(left(at(0), now), None);
        assert_eq!(left(at(-5), now), None);
    }

    #[test]
    fn one_thing_is_not_several() {
        assert_eq!(counted(1, "index", "indexes"), "1 index");
        assert_eq!(counted(0, "index", "indexes"), "0 indexes");
    }

    #[test]
    fn ages_take_the_largest_unit() {
        let day = 86_400;
        let of = |seconds: u64| {
            age(DateTime::from_millis(0), SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        };
        let ages = [0, 1, 59, 60, 3600, day, 29 * day, 30 * day, 364 * day, 365 * day].map(of);
        assert_eq!(ages, ["now", "now", "now", "1m", "1h", "1d", "29d", "1mo", "12mo", "1y"]);
    }

    #[test]
    fn a_session_counts_down_in_seconds() {
        assert_eq!(clock(Duration::from_secs(1781)), "29:41");
        assert_eq!(clock(Duration::from_millis(1_799_500)), "30:00");
        assert_eq!(clock(Duration::ZERO), "00:00");
    }
}
