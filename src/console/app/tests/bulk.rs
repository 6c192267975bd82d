//! What is selected in the list is suspended, restored and copied together.

use super::{
    selection::selection,
    trash::{begun, done, in_trash, notice, suspended, trashed},
    *,
};

const SPACE: KeyCode = KeyCode::Char(' ');

fn bulk(app: &App) -> &Bulk {
    match app.layers.last() {
        Some(Layer::Bulk(bulk)) => bulk,
        other => panic!("nothing about several on top but {other:?}"),
    }
}

/// A console with five organizations, the first and the third of them selected.
fn with_selection() -> App {
    let mut app = console(page(orgs(5), false, false));
    press(&mut app, SPACE);
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, SPACE);
    assert_eq!(selection(&app), ["org000", "org002"]);
    app
}

/// Lets the operation under way succeed; what comes next.
fn succeed(app: &mut App, effects: &[Effect]) -> Vec<Effect> {
    let (generation, action, org) = begun(effects);
    let state = if action == OrgAction::Suspend { OrgState::Suspended } else { OrgState::Active };
    let now = Org { state, revision: org.revision + 1, ..org.clone() };
    done(app, (generation, action, org), Ok(Some(now)))
}

fn fail(app: &mut App, effects: &[Effect], error: Error) -> Vec<Effect> {
    done(app, begun(effects), Err(error))
}

fn unreachable() -> Error {
    let (address, problem) = ("db1".to_owned(), "no answer".to_owned());
    Error::Store(StoreError::Unreachable { address, problem })
}

#[test]
fn a_mark_is_set_and_taken_away_with_the_same_key_and_all_of_them_with_esc() {
    let mut app = with_selection();
    assert_eq!(app.list.selected, 3, "each goes on to the next");
    press(&mut app, KeyCode::Char('k'));
    press(&mut app, SPACE);
    assert_eq!(selection(&app), ["org000"]);
    press(&mut app, KeyCode::Esc);
    assert!(selection(&app).is_empty());
}

#[test]
fn a_held_key_marks_row_after_row_and_waits_for_those_that_are_being_read() {
    let mut app = console(page(orgs(60), false, true));
    let effects: Vec<_> = (0..100).flat_map(|_| press(&mut app, SPACE)).collect();
    assert_eq!(selection(&app).len(), 59, "the last one is not selected and deselected in turn");
    let more = (60..90).map(|n| org(n, &format!("org{n:03}"))).collect();
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(more, false, false))));
    for _ in 0..31 {
        press(&mut app, SPACE);
    }
    assert_eq!(selection(&app).len(), 90);
}

#[test]
fn what_is_selected_is_suspended_one_after_the_other_and_back_again_with_undo() {
    let mut app = with_selection();
    log_in(&mut app, &org(2, "org002"));
    assert!(press(&mut app, KeyCode::Char('s')).is_empty());
    assert_eq!((bulk(&app).action, bulk(&app).count()), (OrgAction::Suspend, 2));
    let first = press(&mut app, KeyCode::Enter);
    assert_eq!(begun(&first).2.name.raw(), "org000");
    assert!(press(&mut app, KeyCode::Enter).is_empty(), "it is under way");
    let second = succeed(&mut app, &first);
    assert_eq!(begun(&second).2.name.raw(), "org002");
    assert_eq!(bulk(&app).done.len(), 1);
    let effects = succeed(&mut app, &second);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Logout(_))), "{effects:?}");
    assert!(app.session.is_none() && app.layers.is_empty() && selection(&app).is_empty());
    assert_eq!(notice(&app).what, "suspended 2 organizations");
    assert!(app.list.rows.iter().filter(|org| org.state == OrgState::Suspended).count() == 2);
    // Back again, after a question: it is more than one.
    assert!(press(&mut app, KeyCode::Char('u')).is_empty());
    assert_eq!(bulk(&app).action, OrgAction::Reactivate);
    let first = press(&mut app, KeyCode::Enter);
    assert_eq!(begun(&first).2.revision, 2, "as it is now");
    let second = succeed(&mut app, &first);
    succeed(&mut app, &second);
    assert_eq!(notice(&app).what, "reactivated 2 organizations");
}

#[test]
fn only_those_that_are_active_are_suspended_and_none_that_are_means_reactivate() {
    let mut rows = orgs(2);
    rows.push(suspended(2, "org002"));
    let mut app = console(page(rows, false, false));
    for _ in 0..3 {
        press(&mut app, SPACE);
    }
    press(&mut app, KeyCode::Char('s'));
    assert_eq!((bulk(&app).action, bulk(&app).count()), (OrgAction::Suspend, 2));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('G'));
    press(&mut app, SPACE);
    press(&mut app, KeyCode::Char('s'));
    assert_eq!((bulk(&app).action, bulk(&app).count()), (OrgAction::Reactivate, 1));
    let effects = press(&mut app, KeyCode::Enter);
    succeed(&mut app, &effects);
    assert_eq!(notice(&app).what, "reactivated “org002”");
}

#[test]
fn those_that_could_not_be_are_named_with_the_reason_stay_selected_and_can_be_tried_again() {
    let mut app = with_selection();
    press(&mut app, KeyCode::Char('s'));
    let first = press(&mut app, KeyCode::Enter);
    let second = fail(&mut app, &first, Error::Changed("org000".into()));
    let effects = succeed(&mut app, &second);
    let (org, said) = &bulk(&app).failed[0];
    assert_eq!(org.name.raw(), "org000");
    assert!(said.what.contains("changed"), "{said:?}");
    assert!(app.messages.iter().any(|entry| entry.said == *said), "it is in the log, too");
    assert_eq!(selection(&app), ["org000"]);
    // As it was read again.
    let changed = Org { revision: 7, ..org.clone() };
    let mut rows = orgs(5);
    rows[0] = changed;
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(rows, false, false))));
    let again = press(&mut app, KeyCode::Enter);
    assert_eq!(begun(&again).2.revision, 7);
    succeed(&mut app, &again);
    assert!(app.layers.is_empty() && selection(&app).is_empty());
    assert_eq!(notice(&app).what, "suspended 2 organizations");
}

#[test]
fn a_database_that_is_gone_is_asked_once_and_not_for_each() {
    let mut app = with_selection();
    press(&mut app, KeyCode::Char('s'));
    let first = press(&mut app, KeyCode::Enter);
    let effects = fail(&mut app, &first, unreachable());
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Do(..))), "{effects:?}");
    assert_eq!((bulk(&app).left.len(), bulk(&app).failed.len()), (2, 0));
    assert!(bulk(&app).problem.as_ref().unwrap().what.contains("db1"));
    // It is back.
    let first = press(&mut app, KeyCode::Enter);
    let second = succeed(&mut app, &first);
    succeed(&mut app, &second);
    assert_eq!(notice(&app).what, "suspended 2 organizations");
}

#[test]
fn esc_stops_after_the_one_under_way_and_the_rest_goes_on_with_the_same_key() {
    let mut app = with_selection();
    press(&mut app, KeyCode::Char('s'));
    let first = press(&mut app, KeyCode::Enter);
    assert!(press(&mut app, KeyCode::Esc).is_empty());
    let effects = succeed(&mut app, &first);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Do(..))), "{effects:?}");
    assert_eq!(bulk(&app).problem.as_ref().unwrap().what, "stopped; 1 of 2 unchanged");
    assert_eq!(selection(&app), ["org002"]);
    let second = press(&mut app, KeyCode::Enter);
    succeed(&mut app, &second);
    assert!(app.layers.is_empty());
    // All of them are undone together, also those from before it was stopped.
    press(&mut app, KeyCode::Char('u'));
    assert_eq!(bulk(&app).count(), 2);
}

#[test]
fn a_second_esc_waits_no_longer_and_the_end_is_said_later() {
    let mut app = with_selection();
    press(&mut app, KeyCode::Char('s'));
    let first = press(&mut app, KeyCode::Enter);
    let second = succeed(&mut app, &first);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
    succeed(&mut app, &second);
    assert_eq!(notice(&app).what, "suspended “org002”");
    assert!(selection(&app).is_empty());
}

#[test]
fn in_production_it_is_asked_twice() {
    let mut app = with_selection();
    app.profile = Some(palette::profile("prod", true));
    press(&mut app, KeyCode::Char('s'));
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert_eq!(bulk(&app).problem.as_ref().unwrap().what, "“prod” is production");
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    let first = press(&mut app, KeyCode::Char('y'));
    let second = succeed(&mut app, &first);
    succeed(&mut app, &second);
    assert!(app.layers.is_empty(), "and not for each of them");
}

#[test]
fn what_needs_a_login_for_each_is_done_to_one_at_a_time() {
    for key in ['e', 'd', 'D'] {
        let mut app = with_selection();
        assert!(press(&mut app, KeyCode::Char(key)).is_empty());
        assert!(app.layers.is_empty());
        assert_eq!(notice(&app).what, "this works on one organization at a time");
        assert_eq!(notice(&app).help, "press esc to clear the selection");
    }
    // What is looked into is one.
    let mut app = with_selection();
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Char('s'));
    assert_eq!(trash::question(&app).org.name.raw(), "org003");
}

#[test]
fn what_is_selected_in_the_trash_comes_back_together() {
    let mut app = in_trash(vec![trashed(7, "acme"), trashed(8, "baker")]);
    press(&mut app, SPACE);
    press(&mut app, SPACE);
    assert!(press(&mut app, KeyCode::Char('R')).is_empty());
    let first = press(&mut app, KeyCode::Enter);
    let second = succeed(&mut app, &first);
    let effects = succeed(&mut app, &second);
    assert_eq!(notice(&app).what, "restored 2 organizations");
    generation!(effects, LoadPage);
    // A selection is of one scope.
    press(&mut app, SPACE);
    press(&mut app, KeyCode::Char('t'));
    assert!(selection(&app).is_empty());
}

#[test]
fn what_is_selected_is_copied_line_by_line() {
    let mut app = with_selection();
    press(&mut app, KeyCode::Char('y'));
    let effects = press(&mut app, KeyCode::Char('e'));
    let [Effect::Copy("the e-mails", text)] = &effects[..] else { panic!("{effects:?}") };
    let text = text.reveal();
    assert_eq!(text, "org000@example.com\norg002@example.com");
    press(&mut app, KeyCode::Char('y'));
    let effects = press(&mut app, KeyCode::Char('j'));
    let [Effect::Copy("the JSON", text)] = &effects[..] else { panic!("{effects:?}") };
    let text = text.reveal();
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(json[1]["organization_name"], "org002");
}

#[test]
fn nothing_is_done_where_nothing_may_be_written() {
    let mut app = with_selection();
    let Connection::Ready(connected) = &mut app.connection else { panic!("not connected") };
    connected.read_only = Some("it was opened read-only".into());
    assert!(press(&mut app, KeyCode::Char('s')).is_empty());
    assert!(app.layers.is_empty());
    press(&mut app, KeyCode::Char('y'));
    assert!(matches!(app.layers[..], [Layer::Copy(_)]), "but copied");
}
