//! What others change comes to show by itself, and takes nothing from under the hands.

use super::*;
use crate::store::Seen;

/// A console that shows these rows and keeps up, and the number of what it waits for.
fn live(rows: Page) -> (App, Generation) {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    app.live.on = true;
    app.update(Message::Resize(120, 30));
    let connected = Message::Connected(generation!(effects, Connect), Ok(connected()));
    let effects = app.update(connected);
    let follow = generation!(effects, Follow);
    app.update(Message::Page(generation!(effects, LoadPage), Ok(rows)));
    draw(&mut app);
    settle_detail(&mut app);
    let effects = app.update(Message::Changed(follow, Ok(Seen::default())));
    // What was there at first is what shows.
    assert!(matches!(effects[..], [Effect::Follow(..)]), "{effects:?}");
    (app, generation!(effects, Follow))
}

/// Answers what the details wait for.
fn settle_detail(app: &mut App) {
    let asked = app.detail.org.clone();
    if let (Some(generation), Some(org)) = (app.detail.loading.stop(), asked) {
        let _ = app.detail.loading.begin(generation, app.now);
        app.update(Message::Detail(generation, Ok(Some((org, Statistics::default())))));
    }
}

fn loads(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::LoadPage(..)))
}

#[test]
fn the_list_and_the_details_are_read_again_and_the_cursor_stays() {
    let (mut app, follow) = live(page(orgs(5), false, false));
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('j'));
    settle_detail(&mut app);
    let on = app.list.selected().unwrap().id;
    let effects = app.update(Message::Changed(follow, Ok(Seen::default())));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Follow(..))), "{effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::LoadDetail(_, id) if *id == on)));
    // Two are gone, and a new one is there.
    let mut now = orgs(5);
    now.remove(0);
    now.remove(0);
    now.push(org(9, "zulu"));
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(now, false, false))));
    assert_eq!(app.list.selected().unwrap().id, on);
    assert_eq!(app.list.rows.len(), 4);
    assert!(app.notice.is_none(), "{:?}", app.notice);
}

#[test]
fn a_page_that_comes_after_the_cursor_has_moved_does_not_take_it_back() {
    let (mut app, follow) = live(page(orgs(5), false, false));
    let effects = app.update(Message::Changed(follow, Ok(Seen::default())));
    let late = generation!(effects, LoadPage);
    settle_detail(&mut app);
    press(&mut app, KeyCode::Char('j'));
    settle_detail(&mut app);
    let effects = app.update(Message::Page(late, Ok(page(orgs(3), false, false))));
    assert_eq!((app.list.selected, app.list.rows.len()), (1, 5));
    // It is asked for again.
    let again = generation!(effects, LoadPage);
    app.update(Message::Page(again, Ok(page(orgs(3), false, false))));
    assert_eq!((app.list.selected, app.list.rows.len()), (1, 3));
}

#[test]
fn nothing_moves_while_somebody_types_or_selects() {
    let (mut app, follow) = live(page(orgs(5), false, false));
    // Selected.
    press(&mut app, KeyCode::Char(' '));
    settle_detail(&mut app);
    let effects = app.update(Message::Changed(follow, Ok(Seen::default())));
    assert!(!loads(&effects), "{effects:?}");
    let said = app.notice.as_ref().map(|(_, said)| said.what.as_str());
    assert_eq!(said, Some("organizations were changed elsewhere"));
    let follow = generation!(effects, Follow);
    let effects = press(&mut app, KeyCode::Esc);
    assert!(loads(&effects), "as soon as nothing is selected: {effects:?}");
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(5), false, false))));
    settle_detail(&mut app);
    // A form.
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "globex");
    let effects = app.update(Message::Changed(follow, Ok(Seen::default())));
    assert!(!loads(&effects), "{effects:?}");
    assert_eq!(top_form(&app).fields[0].text(), "globex");
    press(&mut app, KeyCode::Esc);
    let effects = press(&mut app, KeyCode::Esc);
    assert!(loads(&effects), "{effects:?}");
}

#[test]
fn what_others_take_away_leaves_the_selection_and_the_list_follows_again() {
    let (mut app, follow) = live(page(orgs(5), false, false));
    press(&mut app, KeyCode::Char(' '));
    settle_detail(&mut app);
    let effects = app.update(Message::Changed(follow, Ok(Seen::default())));
    assert!(!loads(&effects), "{effects:?}");
    let gone = Message::Gone(generation!(effects, FindGone), Ok(vec![orgs(1)[0].id]));
    let effects = app.update(gone);
    assert!(loads(&effects), "nothing is selected any more: {effects:?}");
    let said = app.notice.as_ref().map(|(_, said)| said.what.as_str());
    assert_eq!(said, Some("1 organization is no longer in the list"));
}

#[test]
fn details_of_what_others_take_away_are_left() {
    for left in [1, 0] {
        let (mut app, follow) = live(page(orgs(2), false, false));
        press(&mut app, KeyCode::Enter);
        assert_eq!(app.pane, Pane::Detail);
        let effects = app.update(Message::Changed(follow, Ok(Seen::default())));
        let rows = orgs(2).into_iter().skip(1).take(left).collect();
        app.update(Message::Page(generation!(effects, LoadPage), Ok(page(rows, false, false))));
        assert_eq!((app.pane, app.list.rows.len()), (Pane::List, left));
        let said = app.notice.as_ref().map(|(_, said)| said.what.as_str());
        assert_eq!(said, Some("“org000” is no longer in the list"));
    }
}

#[test]
fn a_form_says_at_once_that_its_organization_was_changed_or_deleted() {
    for deleted in [false, true] {
        let (mut app, follow) = live(page(orgs(2), false, false));
        press(&mut app, KeyCode::Char('e'));
        type_text(&mut app, "2");
        let effects = app.update(Message::Changed(follow, Ok(Seen::default())));
        let mut now = org(0, "renamed");
        now.revision += 1;
        let now = (!deleted).then(|| (now, Statistics::default()));
        app.update(Message::Detail(generation!(effects, LoadDetail), Ok(now)));
        let said = match app.layers.last() {
            Some(Layer::Form(form)) => form.problem.clone().map(|said| said.what),
            _ => app.notice.clone().map(|(_, said)| said.what),
        };
        let said = said.unwrap_or_default();
        let words = if deleted { "deleted" } else { "renamed" };
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn where_it_cannot_be_waited_for_it_is_tried_again() {
    let (mut app, follow) = live(page(orgs(2), false, false));
    let lost = Error::Store(StoreError::Other("gone".into()));
    let effects = app.update(Message::Changed(follow, Err(lost)));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Follow(_, None))), "{effects:?}");
    assert!(loads(&effects), "what was missed is read: {effects:?}");
    // And where it is switched off, never.
    let mut app = console(page(orgs(2), false, false));
    let effects = press(&mut app, KeyCode::Char('r'));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Follow(..))), "{effects:?}");
}

#[test]
fn a_session_that_was_ended_elsewhere_ends_here() {
    let (mut app, follow) = live(page(orgs(2), false, false));
    let own = orgs(1).remove(0);
    log_in(&mut app, &own);
    let effects = app.update(Message::Changed(follow, Ok(Seen::default())));
    let check = effects.iter().find_map(|effect| match effect {
        Effect::CheckSession(_, session) => Some(session.clone()),
        _ => None,
    });
    let asked = check.unwrap();
    // The database that does not answer ends nothing.
    let away = Error::Store(StoreError::Other("gone".into()));
    app.update(Message::SessionChecked(asked.clone(), Err(away)));
    app.update(Message::SessionChecked(asked.clone(), Ok(())));
    assert!(app.session.is_some());
    let refused = || Error::NotAllowed(Refusal::AdminChanged);
    let effects = app.update(Message::SessionChecked(asked.clone(), Err(refused())));
    assert!(app.session.is_none());
    assert!(matches!(effects[..], [Effect::Logout(_)]), "{effects:?}");
    // One that is another by then goes on.
    let mut next = session(&app, &own);
    next = Session::new("another".into(), &admin_of(&own), &own, next.expires_at);
    app.session = Some(next);
    app.update(Message::SessionChecked(asked, Err(refused())));
    assert!(app.session.is_some());
}
