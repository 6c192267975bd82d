//! What others change comes to show by itself, and takes nothing from under the hands.

use super::{operators::operators_session, trash::begun, *};
use crate::{
    org::OperatorRole,
    store::{News, Seen},
};

/// A console that shows these rows and keeps up, and the number of what it waits for.
fn live(rows: Page) -> (App, Generation) {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    app.live.on = true;
    app.update(Message::Resize(120, 30));
    let connected = Message::Connected(generation!(effects, Connect), Ok(connected()));
    let effects = app.update(connected);
    let follow = generation!(effects, Follow);
    app.update(Message::Page(generation!(effects, LoadPage), Ok(rows.clone())));
    draw(&mut app);
    settle_detail(&mut app);
    let effects = app.update(Message::Changed(follow, Ok(News::default())));
    let follow = generation!(effects, Follow);
    // The first page may be older than the first look for changes.
    app.update(Message::Page(generation!(effects, LoadPage), Ok(rows)));
    settle_detail(&mut app);
    (app, follow)
}

/// The database is lost and comes back, as a console that follows sees it. What is waited for next.
fn lost_and_back(app: &mut App) -> Generation {
    let away = Error::Store(StoreError::Other("gone".into()));
    let effects = app.watch();
    app.update(Message::Link(generation!(effects, Watch), Some(away)));
    let effects = app.watch();
    let effects = app.update(Message::Link(generation!(effects, Watch), None));
    assert!(loads(&effects), "{effects:?}");
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(5), false, false))));
    settle_detail(app);
    effects
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::Follow(generation, None) => Some(*generation),
            _ => None,
        })
        .unwrap()
}

#[test]
fn what_was_changed_before_the_first_look_after_a_lost_connection_shows_also_beside_a_selection() {
    let (mut app, _) = live(page(orgs(5), false, false));
    press(&mut app, KeyCode::Char(' '));
    settle_detail(&mut app);
    let follow = lost_and_back(&mut app);
    let effects = app.update(Message::Changed(follow, Ok(News::default())));
    assert!(loads(&effects), "{effects:?}");
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(4), false, false))));
    assert_eq!(app.list.rows.len(), 4);
    assert!(app.list.has_selection());
}

#[test]
fn a_question_about_an_admin_who_was_removed_elsewhere_says_so_at_once() {
    let (mut app, mut follow) = live(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Right);
    let two = vec![admin_of(&orgs(1)[0]), admin_of(&orgs(2)[1])];
    app.update(Message::Admins(generation!(effects, LoadAdmins), Ok(two.clone())));
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('c'));
    assert!(!app.is_refused());
    let effects = changed(&mut app, &mut follow, News::default());
    let counts = generation!(effects, LoadAdmins);
    app.update(Message::Admins(counts, Ok(vec![two[0].clone()])));
    assert!(app.is_refused());
    let said = app.layers.last().unwrap().question().unwrap().problem.as_ref().unwrap();
    assert!(said.what.contains("has no admin"), "{said:?}");
}

#[test]
fn an_admin_who_was_removed_past_the_record_leaves_the_tab_which_stands_until_then() {
    let (mut app, mut follow) = live(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Right);
    let two = vec![admin_of(&orgs(1)[0]), admin_of(&orgs(2)[1])];
    app.update(Message::Admins(generation!(effects, LoadAdmins), Ok(two)));
    let effects = changed(&mut app, &mut follow, News::default());
    let reads = generation!(effects, LoadAdmins);
    assert_eq!(app.detail.admins.as_ref().unwrap().len(), 2, "nothing flickers");
    app.update(Message::Admins(reads, Ok(vec![admin_of(&orgs(1)[0])])));
    assert_eq!(app.detail.admins.as_ref().unwrap().len(), 1);
    // It is read once, not for ever.
    let effects = press(&mut app, KeyCode::Down);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::LoadAdmins(..))), "{effects:?}");
}

/// What is said at the bottom.
fn said(app: &App) -> &str {
    app.notice.as_ref().map_or("", |(_, said)| &said.what)
}

/// That these organizations have changed.
fn news(numbers: &[u8]) -> News {
    let orgs = numbers.iter().map(|number| org(*number, "").id).collect();
    News { seen: Seen::default(), orgs: Some(orgs) }
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
    let effects = app.update(Message::Changed(follow, Ok(News::default())));
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
    let effects = app.update(Message::Changed(follow, Ok(News::default())));
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
    let effects = app.update(Message::Changed(follow, Ok(News::default())));
    assert!(!loads(&effects), "{effects:?}");
    assert_eq!(said(&app), "organizations were changed elsewhere");
    let follow = generation!(effects, Follow);
    let effects = press(&mut app, KeyCode::Esc);
    assert!(loads(&effects), "as soon as nothing is selected: {effects:?}");
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(5), false, false))));
    settle_detail(&mut app);
    // A form.
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "globex");
    let effects = app.update(Message::Changed(follow, Ok(News::default())));
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
    let effects = app.update(Message::Changed(follow, Ok(News::default())));
    assert!(!loads(&effects), "{effects:?}");
    let gone = Message::Gone(generation!(effects, FindGone), Ok(vec![orgs(1)[0].id]));
    let effects = app.update(gone);
    assert!(loads(&effects), "nothing is selected any more: {effects:?}");
    assert_eq!(said(&app), "1 organization is no longer in the list");
}

#[test]
fn details_of_what_others_take_away_are_left() {
    for left in [1, 0] {
        let (mut app, follow) = live(page(orgs(2), false, false));
        press(&mut app, KeyCode::Enter);
        assert_eq!(app.pane, Pane::Detail);
        let effects = app.update(Message::Changed(follow, Ok(News::default())));
        let rows = orgs(2).into_iter().skip(1).take(left).collect();
        app.update(Message::Page(generation!(effects, LoadPage), Ok(page(rows, false, false))));
        assert_eq!((app.pane, app.list.rows.len()), (Pane::List, left));
        assert_eq!(said(&app), "“org000” is no longer in the list");
    }
}

#[test]
fn a_form_says_at_once_that_its_organization_was_changed_or_deleted() {
    for deleted in [false, true] {
        let (mut app, follow) = live(page(orgs(2), false, false));
        press(&mut app, KeyCode::Char('e'));
        type_text(&mut app, "2");
        let effects = app.update(Message::Changed(follow, Ok(News::default())));
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
    let effects = app.update(Message::Changed(follow, Ok(News::default())));
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

/// Another change, and the number of what is waited for next.
fn changed(app: &mut App, follow: &mut Generation, news: News) -> Vec<Effect> {
    let effects = app.update(Message::Changed(*follow, Ok(news)));
    *follow = generation!(effects, Follow);
    effects
}

#[test]
fn how_many_were_changed_goes_up_in_place_and_each_counts_once() {
    let (mut app, mut follow) = live(page(orgs(9), false, false));
    press(&mut app, KeyCode::Char(' '));
    settle_detail(&mut app);
    let messages = app.messages.count();
    changed(&mut app, &mut follow, news(&[3]));
    assert_eq!(said(&app), "1 organization was changed elsewhere");
    assert_eq!(app.notice.as_ref().unwrap().1.help, "press r to show them");
    changed(&mut app, &mut follow, news(&[4, 3]));
    changed(&mut app, &mut follow, news(&[5, 4]));
    assert_eq!(said(&app), "3 organizations were changed elsewhere");
    assert_eq!(app.messages.count(), messages + 1, "it is one message");
    // Nothing of organizations, and what a database that does not tell may have changed.
    changed(&mut app, &mut follow, news(&[]));
    let asked = News { seen: Seen::up_to(0, false), orgs: None };
    changed(&mut app, &mut follow, asked);
    assert_eq!(said(&app), "3 organizations were changed elsewhere");
    // Once another key was pressed it is said anew, with all of them.
    press(&mut app, KeyCode::Char('j'));
    settle_detail(&mut app);
    assert_eq!(said(&app), "");
    changed(&mut app, &mut follow, news(&[6]));
    assert_eq!(
        (said(&app), app.messages.count()),
        ("4 organizations were changed elsewhere", messages + 2)
    );
    let effects = press(&mut app, KeyCode::Char('r'));
    assert!(loads(&effects) && said(&app).is_empty());
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(9), false, false))));
    settle_detail(&mut app);
    changed(&mut app, &mut follow, news(&[7]));
    assert_eq!(said(&app), "1 organization was changed elsewhere");
}

#[test]
fn where_it_is_not_known_how_many_no_number_is_said() {
    let (mut app, mut follow) = live(page(orgs(9), false, false));
    press(&mut app, KeyCode::Char('/'));
    changed(&mut app, &mut follow, news(&[3]));
    assert_eq!(said(&app), "1 organization was changed elsewhere");
    assert_eq!(app.notice.as_ref().unwrap().1.help, "press enter, then r to show them");
    changed(&mut app, &mut follow, News::default());
    assert_eq!(said(&app), "organizations were changed elsewhere");
}

#[test]
fn what_was_changed_here_is_no_news() {
    let (mut app, mut follow) = live(page(orgs(9), false, false));
    app.session = Some(operators_session(&app, OperatorRole::Operator));
    type_text(&mut app, "2 s");
    let effects = press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char(' '));
    // While it is under way, and once it is done.
    changed(&mut app, &mut follow, news(&[0]));
    changed(&mut app, &mut follow, News::default());
    let (generation, action, org) = begun(&effects);
    let effects =
        app.update(Message::Done(generation, action, Box::new(org.clone()), Ok(Some(org))));
    changed(&mut app, &mut follow, news(&[0]));
    assert_eq!(said(&app), "");
    changed(&mut app, &mut follow, news(&[0, 8]));
    assert_eq!(said(&app), "1 organization was changed elsewhere");
    let (generation, action, org) = begun(&effects);
    app.update(Message::Done(generation, action, Box::new(org.clone()), Ok(Some(org))));
    // After a while it is another change.
    press(&mut app, KeyCode::Char(' '));
    later(&mut app, Duration::from_mins(1));
    changed(&mut app, &mut follow, news(&[0]));
    assert_eq!(said(&app), "2 organizations were changed elsewhere");
}

/// What one does oneself is told as well, perhaps before its answer. It says by itself that it ends a session.
#[test]
fn a_session_that_ends_with_what_is_done_here_is_not_reported_as_ended_elsewhere() {
    let checks = |effects: &[Effect]| {
        effects.iter().any(|effect| matches!(effect, Effect::CheckSession(..)))
    };
    let (mut app, mut follow) = live(page(orgs(9), false, false));
    log_in(&mut app, &org(0, "org000"));
    let session = app.session.clone().unwrap();
    press(&mut app, KeyCode::Char('s'));
    let asked = changed(&mut app, &mut follow, news(&[3]));
    assert!(checks(&asked), "{asked:?}");
    let (generation, action, org) = begun(&press(&mut app, KeyCode::Enter));
    let effects = changed(&mut app, &mut follow, news(&[0]));
    assert!(!checks(&effects), "{effects:?}");
    // The answer to the look before it comes only now.
    let ended = Error::NotAllowed(Refusal::Suspended("org000".into()));
    app.update(Message::SessionChecked(session, Err(ended)));
    assert!(app.session.is_some() && app.unread.is_empty());
    let suspended = Org { state: OrgState::Suspended, revision: 2, ..org.clone() };
    let done = Message::Done(generation, action, Box::new(org), Ok(Some(suspended)));
    let effects = app.update(done);
    assert!(app.session.is_none() && app.unread.is_empty(), "{:?}", app.unread);
    assert!(!checks(&effects), "{effects:?}");
    // The session of another organization continues, and is checked once the operation is done.
    let (mut app, mut follow) = live(page(orgs(9), false, false));
    log_in(&mut app, &orgs(9)[1]);
    press(&mut app, KeyCode::Char('s'));
    let (generation, action, org) = begun(&press(&mut app, KeyCode::Enter));
    changed(&mut app, &mut follow, news(&[0]));
    let done = Message::Done(generation, action, Box::new(org.clone()), Ok(Some(org)));
    let effects = app.update(done);
    assert!(checks(&effects), "{effects:?}");
}

#[test]
fn what_is_recorded_of_no_organization_reads_no_list() {
    let (mut app, mut follow) = live(page(orgs(9), false, false));
    let effects = changed(&mut app, &mut follow, news(&[]));
    assert!(!loads(&effects), "{effects:?}");
    let effects = changed(&mut app, &mut follow, news(&[3]));
    assert!(loads(&effects), "{effects:?}");
}

/// The organizations that are marked, and whether a wake-up is due.
fn marked(app: &App) -> Vec<u8> {
    (0..=255).filter(|number| app.live.is_marked(org(*number, "").id)).collect()
}

#[test]
fn what_others_have_changed_is_marked_for_a_moment_and_costs_one_wake_up() {
    let (mut app, mut follow) = live(page(orgs(100), false, true));
    let effects = changed(&mut app, &mut follow, news(&[1, 3]));
    // One is renamed, one is new, one is gone, and the last was only not read before.
    let mut rows = orgs(101);
    rows[1].name = "renamed".into();
    rows[1].revision += 1;
    rows.remove(3);
    rows.insert(2, org(200, "new"));
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(rows.clone(), false, true))));
    settle_detail(&mut app);
    assert_eq!(marked(&app), [1, 200]);
    assert_eq!(app.next_tick(), Some(Duration::from_secs(5)));
    later(&mut app, Duration::from_secs(3));
    assert_eq!((marked(&app).len(), app.next_tick()), (2, Some(Duration::from_secs(2))));
    // Others have their own time.
    let effects = changed(&mut app, &mut follow, news(&[0]));
    rows[0].revision += 1;
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(rows, false, true))));
    settle_detail(&mut app);
    assert_eq!(marked(&app), [0, 1, 200]);
    later(&mut app, Duration::from_secs(2));
    assert_eq!((marked(&app), app.next_tick()), (vec![0], Some(Duration::from_secs(3))));
    later(&mut app, Duration::from_secs(3));
    assert_eq!((marked(&app).len(), app.next_tick()), (0, None));
}

#[test]
fn what_is_read_for_other_reasons_or_was_changed_here_is_not_marked() {
    for plain in [false, true] {
        let (mut app, mut follow) = live(page(orgs(5), false, false));
        app.plain = plain;
        let mut rows = orgs(5);
        rows[1].revision += 1;
        let effects = press(&mut app, KeyCode::Char('r'));
        app.update(Message::Page(
            generation!(effects, LoadPage),
            Ok(page(rows.clone(), false, false)),
        ));
        settle_detail(&mut app);
        assert!(marked(&app).is_empty());
        // Asked for, while something was selected.
        press(&mut app, KeyCode::Char(' '));
        settle_detail(&mut app);
        changed(&mut app, &mut follow, news(&[2]));
        rows[2].revision += 1;
        let effects = press(&mut app, KeyCode::Char('r'));
        app.update(Message::Page(
            generation!(effects, LoadPage),
            Ok(page(rows.clone(), false, false)),
        ));
        settle_detail(&mut app);
        assert_eq!(marked(&app), if plain { vec![] } else { vec![2] });
        press(&mut app, KeyCode::Esc);
        app.live.add_own(rows[3].id, app.now);
        let effects = changed(&mut app, &mut follow, news(&[3]));
        rows[3].revision += 1;
        app.update(Message::Page(generation!(effects, LoadPage), Ok(page(rows, false, false))));
        settle_detail(&mut app);
        assert!(!marked(&app).contains(&3));
    }
}

#[test]
fn documents_that_someone_else_changed_are_read_again_but_not_while_a_filter_is_typed() {
    let (mut app, mut follow) = live(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Right);
    let effects = press(&mut app, KeyCode::Enter);
    let reads = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::Browse(..)));
    assert!(reads(&effects));
    let org = app.browsed_org().unwrap().id.bytes()[11];
    assert!(reads(&changed(&mut app, &mut follow, news(&[org]))));
    assert!(!reads(&changed(&mut app, &mut follow, news(&[org + 1]))));
    // A change of one's own just before hides no one else's.
    let own = app.browsed_org().unwrap().id;
    app.live.add_own(own, app.now);
    assert!(reads(&changed(&mut app, &mut follow, news(&[org]))));
    press(&mut app, KeyCode::Char('/'));
    assert!(!reads(&changed(&mut app, &mut follow, news(&[org]))));
}

#[test]
fn documents_in_their_tab_are_read_again_once_someone_else_changed_them() {
    let (mut app, mut follow) = live(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Right);
    let effects = press(&mut app, KeyCode::Right);
    let lines = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>();
    app.update(Message::Documents(generation!(effects, LoadDocuments), Ok(lines(100))));
    press(&mut app, KeyCode::Char('j'));
    let scrolled = app.detail.scroll;
    let mut effects = changed(&mut app, &mut follow, news(&[0]));
    effects.extend(
        app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(2), false, false)))),
    );
    let read = generation!(effects, LoadDocuments);
    assert_eq!((app.detail.documents.as_deref(), scrolled), (Some(&lines(100)[..]), 1));
    app.update(Message::Documents(read, Ok(lines(99))));
    assert_eq!((app.detail.documents.as_ref().unwrap().len(), app.detail.scroll), (99, 1));
    // Those of a tab that does not show are read when it is opened.
    settle_detail(&mut app);
    press(&mut app, KeyCode::Right);
    changed(&mut app, &mut follow, news(&[0]));
    assert!(app.detail.documents.is_none());
}
