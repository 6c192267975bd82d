//! Selecting: one by one, so many at once, and everything between two rows.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::*;

const SPACE: KeyCode = KeyCode::Char(' ');

/// The names of what is selected, in the order it was selected.
pub(super) fn selection(app: &App) -> Vec<&str> {
    app.list.selection.iter().map(|org| org.name.raw()).collect()
}

fn shift(app: &mut App, code: KeyCode) -> Vec<Effect> {
    typed(app, code, KeyModifiers::SHIFT)
}

#[test]
fn a_count_before_space_selects_so_many_from_the_cursor_on() {
    let mut app = console(page(orgs(30), false, false));
    press(&mut app, KeyCode::Char('j'));
    type_text(&mut app, "15 ");
    assert_eq!(selection(&app).len(), 15);
    assert_eq!((selection(&app)[0], selection(&app)[14]), ("org001", "org015"));
    assert_eq!(app.list.selected, 16);
    // What is selected already stays so.
    press(&mut app, KeyCode::Char('k'));
    type_text(&mut app, "3 ");
    assert_eq!(selection(&app).len(), 17);
    type_text(&mut app, "99 ");
    assert_eq!((selection(&app).len(), app.list.selected), (29, 29));
}

#[test]
fn a_count_goes_on_in_rows_that_are_read_and_another_key_ends_it() {
    for interrupted in [false, true] {
        let mut app = console(page(orgs(100), false, true));
        let effects = type_text(&mut app, "120 ");
        assert_eq!(selection(&app).len(), 100);
        if interrupted {
            press(&mut app, KeyCode::Char('k'));
        }
        let more = (100..150).map(|n| org(n, &format!("org{n:03}"))).collect();
        app.update(Message::Page(generation!(effects, LoadPage), Ok(page(more, false, false))));
        assert_eq!(selection(&app).len(), if interrupted { 100 } else { 120 });
        if !interrupted {
            assert_eq!(app.list.selected().unwrap().name.raw(), "org120");
        }
    }
}

#[test]
fn a_range_follows_the_cursor_until_it_is_kept_or_left() {
    for keeps in [Some('v'), Some(' '), None] {
        let mut app = console(page(orgs(20), false, false));
        press(&mut app, SPACE);
        type_text(&mut app, "4jv2k");
        assert_eq!((app.list.range_rows(), app.list.selection_count()), (Some((3, 5)), 4));
        type_text(&mut app, "5j");
        assert_eq!(app.list.range_rows(), Some((5, 8)));
        assert_eq!(selection(&app), ["org000"], "nothing is kept yet");
        match keeps {
            Some(key) => press(&mut app, KeyCode::Char(key)),
            None => press(&mut app, KeyCode::Esc),
        };
        assert_eq!(app.list.range, None);
        assert_eq!(selection(&app).len(), if keeps.is_some() { 5 } else { 1 });
        assert_eq!(app.list.selected, 8, "the cursor stays");
    }
}

#[test]
fn what_is_done_is_done_to_the_range_too() {
    let mut app = console(page(orgs(20), false, false));
    type_text(&mut app, "v2js");
    assert!(matches!(app.layers.last(), Some(Layer::Bulk(bulk)) if bulk.count() == 3));
    assert_eq!(selection(&app).len(), 3);
    let mut app = console(page(orgs(20), false, false));
    type_text(&mut app, "v2jy");
    assert!(matches!(app.layers.last(), Some(Layer::Copy(orgs)) if orgs.len() == 3));
}

#[test]
fn shift_with_arrows_selects_what_it_passes_and_gives_back_what_it_returns_from() {
    let mut app = console(page(orgs(20), false, false));
    for code in [KeyCode::Down, KeyCode::Down, KeyCode::Down, KeyCode::Up] {
        shift(&mut app, code);
    }
    assert_eq!(app.list.range_rows(), Some((0, 2)));
    // Without shift it stays selected, and is not extended any further.
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Down);
    assert_eq!((selection(&app), app.list.range), (vec!["org000", "org001", "org002"], None));
    type_text(&mut app, "3");
    shift(&mut app, KeyCode::Down);
    assert_eq!(app.list.range_rows(), Some((4, 7)));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(selection(&app).is_empty() && app.list.range.is_none());
}

#[test]
fn a_range_outlives_the_rows_being_read_again_and_being_sorted() {
    for key in ['r', 'o'] {
        let mut app = console(page(orgs(20), false, false));
        let effects = type_text(&mut app, &format!("v4j{key}"));
        app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(20), false, false))));
        assert_eq!(selection(&app).len(), 5, "{key}");
    }
}

#[test]
fn a_range_that_cannot_reach_the_end_says_so_and_stays() {
    let mut app = console(page(orgs(100), false, true));
    let effects = type_text(&mut app, "vG");
    assert!(effects.is_empty(), "{effects:?}");
    assert!(app.list.range.is_some());
    let (_, said) = app.notice.as_ref().unwrap();
    assert_eq!(said.what, "the range cannot reach rows that are not loaded");
}

#[test]
fn a_long_range_keeps_its_rows_however_many_are_read() {
    let many = |from: u32| -> Vec<Org> {
        let named = |n: u32| {
            let mut bytes = [0; 12];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            Org { id: ObjectId::from_bytes(bytes), ..org(1, &format!("org{n:05}")) }
        };
        (from..from + 100).map(named).collect()
    };
    let mut app = console(page(many(0), false, true));
    press(&mut app, KeyCode::Char('v'));
    for round in 1..15 {
        let effects = type_text(&mut app, "99j");
        app.update(Message::Page(
            generation!(effects, LoadPage),
            Ok(page(many(round * 100), true, true)),
        ));
    }
    press(&mut app, KeyCode::Char('v'));
    assert_eq!(selection(&app).len(), 14 * 99 + 1);
}

#[test]
fn shift_click_selects_all_from_the_cursor_to_the_row() {
    let mut app = console(page(orgs(20), false, false));
    press(&mut app, KeyCode::Char('m'));
    draw(&mut app);
    let row = HitTarget::Row(org(6, "").id);
    let (x, y) = (0..24).map(|y| (5, y)).find(|(x, y)| app.drawn.hit(*x, *y) == Some(row)).unwrap();
    let click = |app: &mut App, modifiers| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        app.update(Message::Mouse(MouseEvent { kind, column: x, row: y, modifiers }));
    };
    click(&mut app, KeyModifiers::SHIFT);
    assert_eq!(app.list.range_rows(), Some((0, 6)));
    press(&mut app, KeyCode::Up);
    assert_eq!(selection(&app).len(), 7);
}

#[test]
fn what_has_left_the_list_leaves_the_selection_and_that_is_said_once() {
    let mut app = console(page(orgs(20), false, false));
    type_text(&mut app, "5 ");
    // Whatever reads the list again looks for them.
    let asked =
        |effects: &[Effect]| match effects.iter().rev().find(|e| matches!(e, Effect::FindGone(..)))
        {
            Some(Effect::FindGone(generation, ListScope::Live, ids)) => (*generation, ids.len()),
            _ => panic!("{effects:?}"),
        };
    let (late, count) = asked(&press(&mut app, KeyCode::Char('r')));
    assert_eq!(count, 5);
    let (first, _) = asked(&press(&mut app, KeyCode::Char('r')));
    app.update(Message::Gone(late, Ok(vec![org(4, "").id])));
    assert_eq!(selection(&app).len(), 5, "a late answer is dropped");
    let messages = app.messages.count();
    app.update(Message::Gone(first, Ok(vec![org(1, "").id, org(9, "").id])));
    assert_eq!(selection(&app), ["org000", "org002", "org003", "org004"]);
    let said = |app: &App| app.notice.as_ref().map(|(_, said)| said.clone()).unwrap();
    assert_eq!(said(&app).what, "1 organization is no longer in the list");
    assert_eq!(said(&app).help, "it was deselected");
    // More of them: the same message.
    let effects = app.find_gone();
    let gone = [0, 2, 3].map(|number| org(number, "").id);
    app.update(Message::Gone(asked(&effects).0, Ok(gone.to_vec())));
    assert_eq!(
        (said(&app).what.as_str(), app.messages.count()),
        ("4 organizations are no longer in the list", messages + 1)
    );
    assert_eq!(said(&app).help, "they were deselected");
    // None of them, or no answer: nothing is said.
    let effects = press(&mut app, KeyCode::Char('r'));
    app.update(Message::Gone(asked(&effects).0, Ok(Vec::new())));
    let effects = press(&mut app, KeyCode::Char('r'));
    let away = Error::Store(StoreError::Other("gone".into()));
    app.update(Message::Gone(asked(&effects).0, Err(away)));
    assert_eq!((selection(&app), app.notice.is_none()), (vec!["org004"], true));
}

#[test]
fn of_all_that_match_none_is_looked_for() {
    let mut app = console(page(orgs(20), false, false));
    control(&mut app, 'a');
    press(&mut app, SPACE);
    let effects = press(&mut app, KeyCode::Char('r'));
    assert!(!effects.iter().any(|e| matches!(e, Effect::FindGone(..))), "{effects:?}");
}

#[test]
fn the_other_list_is_not_asked_about_what_was_selected_in_this_one() {
    let mut app = console(page(orgs(20), false, false));
    type_text(&mut app, "2 ");
    let looks = |effects: &[Effect]| generation!(effects, FindGone);
    let effects = press(&mut app, KeyCode::Char('r'));
    let left = looks(&effects);
    let effects = press(&mut app, KeyCode::Char('t'));
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Cancel(old) if *old == left)),
        "{effects:?}"
    );
    let effects = press(&mut app, KeyCode::Char('t'));
    app.update(Message::Gone(looks(&effects), Ok(vec![org(0, "").id])));
    assert_eq!(selection(&app), ["org001"]);
}
