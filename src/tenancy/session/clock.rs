//! A clock that never goes back. Anybody may set the wall clock, and that must not make a session longer.

use std::{
    sync::{Mutex, PoisonError},
    time::{Instant, SystemTime},
};

/// The wall clock and the one nobody can set, read together.
pub(super) type Reading = (Instant, SystemTime);

/// Tells the time; at least as much later each time as has passed.
pub(super) struct Clock {
    read: Box<dyn Fn() -> Reading + Send + Sync>,
    last: Mutex<Option<Reading>>,
}

impl Clock {
    /// The machine's.
    pub(super) fn system() -> Self {
        Self::reading(|| (Instant::now(), SystemTime::now()))
    }

    /// One that reads others.
    pub(super) fn reading(read: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        Self { read: Box::new(read), last: Mutex::new(None) }
    }

    /// The wall clock's time, or where that was put back, the time it would show otherwise. While the
    /// machine sleeps only the wall clock goes on.
    pub(super) fn now(&self) -> SystemTime {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, wall) = (self.read)();
        let now = last.map_or(wall, |(before, then)| {
            let passed = at.saturating_duration_since(before);
            wall.max(then.checked_add(passed).unwrap_or(then))
        });
        *last = Some((at, now));
        now
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::{Duration, UNIX_EPOCH},
    };

    use super::*;

    #[test]
    fn a_wall_clock_that_is_put_back_does_not_take_the_time_back() {
        let start = Instant::now();
        let shown = Arc::new(Mutex::new((start, UNIX_EPOCH)));
        let clock = Clock::reading({
            let shown = Arc::clone(&shown);
            move || *shown.lock().unwrap()
        });
        let after = |passed: u64, wall: u64| {
            let at = start + Duration::from_secs(passed);
            *shown.lock().unwrap() = (at, UNIX_EPOCH + Duration::from_secs(wall));
            clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs()
        };
        assert_eq!(after(0, 1_000), 1_000);
        assert_eq!(after(10, 1_010), 1_010);
        assert_eq!(after(20, 100), 1_020, "put back");
        assert_eq!(after(30, 110), 1_030, "goes on from there");
        assert_eq!(after(40, 5_000), 5_000, "put forward, or asleep");
        assert_eq!(after(50, 1_050), 5_010, "and back again");
        assert_eq!(after(50, 1_050), 5_010);
    }
}
