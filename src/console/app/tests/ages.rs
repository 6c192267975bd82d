//! Ages go on while the console is idle, and wake it seldom.

use super::*;

/// A console in front of organizations of these ages in seconds.
fn aged(ages: &[u64], width: u16) -> App {
    let named = |(number, age): (u8, &u64)| Org {
        created_at: DateTime::from_system_time(SystemTime::UNIX_EPOCH - Duration::from_secs(*age)),
        ..org(number, &format!("org{number:03}"))
    };
    let mut app =
        console_sized(page((0..).zip(ages).map(named).collect(), false, false), width, 24);
    let shown = app.detail.org.clone();
    if let (Some(generation), Some(org)) = (app.detail.loading.stop(), shown) {
        let _ = app.detail.loading.begin(generation, app.now);
        app.update(Message::Detail(generation, Ok(Some((org, Statistics::default())))));
    }
    app
}

/// How often an idle console wakes within this time.
fn wakes(app: &mut App, within: Duration) -> u32 {
    let end = app.now + within;
    let mut wakes = 0;
    while let Some(tick) = app.next_tick().filter(|tick| app.now + *tick < end) {
        later(app, tick.max(Duration::from_millis(1)));
        wakes += 1;
    }
    let rest = end.duration_since(app.now).unwrap_or_default();
    later(app, rest);
    wakes
}

#[test]
fn an_age_in_minutes_goes_on_with_each_minute_and_no_more_often_whatever_shows() {
    let minute = Duration::from_mins(1);
    let mut app = aged(&[90], 120);
    for _ in 0..3 {
        assert_eq!(app.next_tick(), Some(Duration::from_secs(30)));
        assert_eq!(wakes(&mut app, 10 * minute), 10);
    }
    let many: Vec<u64> = (0..20).map(|number| 60 + number * 7).collect();
    let woken = wakes(&mut aged(&many, 120), 30 * minute);
    assert!((29..=30).contains(&woken), "{woken}");
}

#[test]
fn ages_in_hours_wake_it_once_an_hour_and_older_ones_never() {
    let hour = Duration::from_hours(1);
    let many: Vec<u64> = (1..20).map(|number| 3_600 + number * 500).collect();
    let woken = wakes(&mut aged(&many, 120), 10 * hour);
    assert!((9..=10).contains(&woken), "{woken}");
    assert_eq!(aged(&[86_400, 40 * 86_400], 120).next_tick(), None);
    // A minute becomes an hour becomes a day, and then it sleeps.
    let woken = wakes(&mut aged(&[0], 120), Duration::from_hours(48));
    assert!((80..=84).contains(&woken), "{woken}");
}

#[test]
fn what_does_not_show_wakes_nothing() {
    // The help takes the place of list and details.
    let mut app = aged(&[90], 80);
    assert!(app.next_tick().is_some());
    press(&mut app, KeyCode::Char('?'));
    assert_eq!(app.next_tick(), None);
    press(&mut app, KeyCode::Esc);
    app.kept.hidden.push(keymap::Column::Age);
    assert_eq!(app.next_tick(), None);
    let mut app = aged(&[90], 80);
    app.plain = true;
    assert_eq!(app.next_tick(), None, "nothing is read aloud that changes by itself");
}
