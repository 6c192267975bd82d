//! A walk through a list that is longer than what is kept of it, from end to end and back.

#[path = "../../../../tests/support/list.rs"]
mod stored;

use self::stored::page_of;
use super::*;

/// A list three times as long as what is kept of it, by name.
fn long_list() -> Vec<Org> {
    let id = |n: u32| {
        ObjectId::from_bytes([[0; 8].as_slice(), &n.to_be_bytes()].concat().try_into().unwrap())
    };
    (0..3_000).map(|n| Org { id: id(n), ..org(0, &format!("org{n:04}")) }).collect()
}

/// Presses keys, and answers what is asked for until nothing more is.
fn step(app: &mut App, key: char, all: &[Org]) {
    let mut effects = press(app, KeyCode::Char(key));
    while let Some(effect) = effects.pop() {
        if let Effect::LoadPage(generation, query) = effect {
            effects.extend(app.update(Message::Page(generation, Ok(page_of(all, &query)))));
        }
    }
}

fn type_keys(app: &mut App, keys: &str, all: &[Org]) {
    for key in keys.chars() {
        step(app, key, all);
    }
}

#[test]
fn a_long_walk_visits_each_row_once_and_keeps_only_a_window_of_them() {
    let all = long_list();
    let mut app = console(page_of(&all, &List::new(ListScope::Live).query(PageAt::First)));
    let (mut seen, mut most, mut least) = ((0, 0), 0, usize::MAX);
    let down = 1..all.len();
    let up = (0..all.len() - 1).rev();
    for (key, at) in down.map(|at| ('j', at)).chain(up.map(|at| ('k', at))) {
        step(&mut app, key, &all);
        assert_eq!(app.list.selected(), Some(&all[at]), "{key} to {at}");
        // What is kept is a part of the list, with nothing left out.
        let first = at - app.list.selected;
        let kept = app.list.rows.len();
        if (first, kept) != seen {
            assert!(app.list.rows[..] == all[first..first + kept], "{key} to {at}");
            seen = (first, kept);
        }
        let more = (app.list.more_before, app.list.more_after);
        assert_eq!(more, (first > 0, first + kept < all.len()), "{key} to {at}");
        (most, least) = (most.max(kept), least.min(kept));
    }
    assert!(most <= 1_100, "{most} rows were kept");
    assert!(least >= 100, "only {least} rows were kept");
}

#[test]
fn a_count_moves_that_far_also_over_rows_that_are_read_only_then() {
    let all = long_list();
    let mut app = console(page_of(&all, &List::new(ListScope::Live).query(PageAt::First)));
    let selected = |app: &App| app.list.selected().map(|org| org.name.to_string());
    for (keys, at) in [
        ("10j", 10),
        ("3k", 7),
        ("2000j", 2007),
        ("1500k", 507),
        ("40G", 39),
        ("1200gg", 1199),
        ("5", 1199),
        ("gg", 4),
        ("gg", 0),
        ("9999j", 2999),
        ("9999k", 0),
        ("012j", 12),
        ("2G", 1),
        // A count belongs to the motion that follows, and to nothing else.
        ("7o", 0),
        ("j", 1),
    ] {
        type_keys(&mut app, keys, &all);
        if keys == "7o" {
            app.list.sort = crate::store::Sort::default();
            step(&mut app, 'r', &all);
            step(&mut app, 'g', &all);
            continue;
        }
        assert_eq!(selected(&app), Some(format!("org{at:04}")), "{keys}");
    }
}

#[test]
fn a_count_is_one_motion_however_large_it_is() {
    let all = long_list();
    let mut app = console(page_of(&all, &List::new(ListScope::Live).query(PageAt::First)));
    type_keys(&mut app, ":manual", &all);
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Enter);
    let top = |app: &App| match app.layers.last() {
        Some(Layer::Manual(Manual { page: Some((_, top)), .. })) => *top,
        other => panic!("no page but {other:?}"),
    };
    type_keys(&mut app, "3j", &all);
    assert_eq!(top(&app), 3);
    // Each motion lays the page out again: thousands of them would take seconds.
    type_keys(&mut app, "9999j", &all);
    let end = top(&app);
    assert!(end > 3 && app.count.typed.is_none());
    type_keys(&mut app, "G", &all);
    assert_eq!(top(&app), end);
}

#[test]
fn esc_forgets_a_count_and_nothing_else() {
    let all = long_list();
    let mut app = console(page_of(&all, &List::new(ListScope::Live).query(PageAt::First)));
    type_keys(&mut app, "/org\r", &all);
    press(&mut app, KeyCode::Enter);
    type_keys(&mut app, "12", &all);
    assert_eq!(app.count.typed, Some(12));
    press(&mut app, KeyCode::Esc);
    assert_eq!((app.count.typed, app.list.search().as_deref()), (None, Some("org")));
    step(&mut app, 'j', &all);
    assert_eq!(app.list.selected, 1);
    // In a field digits are text.
    type_keys(&mut app, "n12", &all);
    assert_eq!((app.count.typed, app.layers.len()), (None, 1));
}

#[test]
fn h_and_l_move_between_list_and_details() {
    let all = long_list();
    let first = List::new(ListScope::Live).query(PageAt::First);
    let mut app = console_sized(page_of(&all, &first), 120, 32);
    step(&mut app, 'l', &all);
    assert_eq!(app.pane, Pane::Detail);
    step(&mut app, 'l', &all);
    assert_eq!((app.pane, &app.notice), (Pane::Detail, &None), "there is nothing further right");
    step(&mut app, 'h', &all);
    assert_eq!(app.pane, Pane::List);
    let before = app.areas().unwrap().list.width;
    type_keys(&mut app, ">>", &all);
    assert_eq!(app.areas().unwrap().list.width, before + 8);
    type_keys(&mut app, "<", &all);
    assert_eq!(app.areas().unwrap().list.width, before + 4);
}
