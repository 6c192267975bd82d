//! What is selected in the list is suspended, trashed, restored, purged and copied together: the question, and how
//! it goes.

use super::{
    operators::operators_session,
    selection::selection,
    trash::{begun, done, in_trash, notice, suspended, trashed},
    *,
};
use crate::org::{OperatorRole, UnderWay};

const SPACE: KeyCode = KeyCode::Char(' ');

fn bulk(app: &App) -> &Bulk {
    match app.layers.last() {
        Some(Layer::Bulk(bulk)) => bulk,
        other => panic!("nothing about several on top but {other:?}"),
    }
}

fn job(app: &App) -> &Job {
    app.jobs.last().expect("nothing was begun")
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
    assert_eq!(job(&app).done_count(), 1);
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
    // As it was read again.
    let (generation, action, org) = begun(&first);
    let changed = Org { revision: 7, ..org };
    let refused = Err(Error::Changed("org000".into()));
    let second = done(&mut app, (generation, action, changed), refused);
    let effects = succeed(&mut app, &second);
    let Failure { org, why, .. } = &job(&app).failed[0];
    assert_eq!(org.name.raw(), "org000");
    assert!(why.what.contains("changed"), "{why:?}");
    assert!(app.messages.iter().any(|entry| entry.said == *why), "it is in the log, too");
    assert_eq!(selection(&app), ["org000"]);
    generation!(effects, LoadPage);
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
    assert_eq!((job(&app).left.len(), job(&app).failed.len()), (2, 0));
    assert!(job(&app).problem.as_ref().unwrap().what.contains("db1"));
    assert_eq!(selection(&app), ["org000", "org002"], "in their order");
    // It is back.
    let first = press(&mut app, KeyCode::Enter);
    let second = succeed(&mut app, &first);
    succeed(&mut app, &second);
    assert_eq!(notice(&app).what, "suspended 2 organizations");
}

#[test]
fn cancelling_ends_it_after_the_one_under_way_and_the_rest_goes_on_with_the_same_key() {
    let mut app = with_selection();
    press(&mut app, KeyCode::Char('s'));
    let first = press(&mut app, KeyCode::Enter);
    assert!(press(&mut app, KeyCode::Char('x')).is_empty());
    let effects = succeed(&mut app, &first);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Do(..))), "{effects:?}");
    assert_eq!(job(&app).outcome(), "suspended 1 of 2; stopped, 1 unchanged");
    assert_eq!(selection(&app), ["org002"]);
    let second = press(&mut app, KeyCode::Enter);
    succeed(&mut app, &second);
    assert!(app.layers.is_empty());
    // All of them are undone together, also those from before it was stopped.
    press(&mut app, KeyCode::Char('u'));
    assert_eq!(bulk(&app).count(), 2);
}

#[test]
fn cancelling_twice_waits_no_longer_and_the_end_is_said_later() {
    let mut app = with_selection();
    press(&mut app, KeyCode::Char('s'));
    let first = press(&mut app, KeyCode::Enter);
    let second = succeed(&mut app, &first);
    type_text(&mut app, "xx");
    assert!(!job(&app).is_running());
    assert!(job(&app).failed[0].why.what.contains("may still complete"));
    press(&mut app, KeyCode::Esc);
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

#[test]
fn what_it_cannot_be_done_to_is_left_out_and_named_with_the_reason() {
    let mut rows = orgs(2);
    rows.push(suspended(2, "org002"));
    rows.push(Org { under_way: Some(UnderWay::Renaming), ..org(3, "org003") });
    let mut app = console(page(rows, false, false));
    type_text(&mut app, "4 s");
    assert_eq!(bulk(&app).count(), 2);
    let skipped: Vec<_> =
        bulk(&app).skipped.iter().map(|(org, why)| (org.name.raw(), why.as_str())).collect();
    assert_eq!(skipped, [("org002", "already suspended"), ("org003", "being renamed")]);
    let first = press(&mut app, KeyCode::Enter);
    assert_eq!(job(&app).skipped.len(), 2);
    let second = succeed(&mut app, &first);
    succeed(&mut app, &second);
    assert_eq!(notice(&app).what, "suspended 2 organizations");
    assert_eq!(selection(&app), ["org002", "org003"], "what was skipped stays selected");
}

#[test]
fn where_all_are_left_out_there_is_nothing_to_do() {
    let busy = Org { under_way: Some(UnderWay::Changing), ..org(0, "org000") };
    let mut app = console(page(vec![busy], false, false));
    type_text(&mut app, "1 s");
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert_eq!(bulk(&app).problem.as_ref().unwrap().what, "there is nothing to do");
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty() && app.jobs.is_empty());
}

/// A console with everything of the list or the trash selected, and an operator of this role logged in.
fn with_operator(mut app: App, role: OperatorRole) -> App {
    app.session = Some(operators_session(&app, role));
    control(&mut app, 'a');
    app
}

/// Answers what is counted, hundred by hundred.
fn count(app: &mut App, mut effects: Vec<Effect>) -> usize {
    let mut counted = 0;
    while let Some(Effect::Measure(generation, orgs)) =
        effects.iter().find(|effect| matches!(effect, Effect::Measure(..)))
    {
        counted += orgs.len();
        let held = orgs.len() as u64;
        let held = Statistics { documents: held, bytes: 10 * held, indexes: 1 };
        effects = app.update(Message::Measured(*generation, Ok(held)));
    }
    counted
}

/// Lets the page that is waited for come.
fn read(app: &mut App, effects: &[Effect], rows: Vec<Org>, more: bool) -> Vec<Effect> {
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(rows, false, more))))
}

/// As many organizations as there may be.
fn many(range: std::ops::Range<u32>) -> Vec<Org> {
    let named = |n: u32| {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Org { id: ObjectId::from_bytes(bytes), ..org(1, &format!("org{n:05}")) }
    };
    range.map(named).collect()
}

#[test]
fn an_operator_purges_what_is_in_the_trash_once_the_number_of_them_is_typed() {
    let rows: Vec<_> = (0..3).map(|n| trashed(n, &format!("org{n:03}"))).collect();
    let mut app = with_operator(in_trash(rows.clone()), OperatorRole::Manager);
    let effects = press(&mut app, KeyCode::Char('d'));
    let effects = read(&mut app, &effects, rows, false);
    assert_eq!(count(&mut app, effects), 3);
    assert_eq!(bulk(&app).held.1.documents, 3);
    for wrong in ["", "2"] {
        type_text(&mut app, wrong);
        assert!(press(&mut app, KeyCode::Enter).is_empty());
        let said = bulk(&app).fields[1].problem.as_ref().unwrap();
        assert_eq!(said.what, "the number does not match");
        control(&mut app, 'u');
    }
    type_text(&mut app, "3");
    let mut effects = press(&mut app, KeyCode::Enter);
    for _ in 0..3 {
        let Some(Effect::Do(generation, OrgAction::Purge, org, given, Some(_))) =
            effects.iter().find(|effect| matches!(effect, Effect::Do(..)))
        else {
            panic!("{effects:?}");
        };
        assert_eq!(given.name.as_deref(), Some(org.name.raw()), "what is confirmed for each");
        let done = Message::Done(*generation, OrgAction::Purge, org.clone(), Ok(None));
        effects = app.update(done);
    }
    assert_eq!(notice(&app).what, "purged 3 organizations");
    assert!(app.undo.is_none() && notice(&app).help.is_empty());
}

#[test]
fn a_role_that_may_not_is_told_so_before_anything_is_asked() {
    for (role, key, app) in [
        (OperatorRole::Operator, 'd', in_trash(vec![trashed(0, "org000")])),
        (OperatorRole::Viewer, 'd', console(page(orgs(3), false, false))),
    ] {
        let mut app = with_operator(app, role);
        assert!(press(&mut app, KeyCode::Char(key)).is_empty());
        assert!(app.layers.is_empty());
        assert!(notice(&app).what.starts_with("this requires"), "{:?}", notice(&app));
    }
}

#[test]
fn all_that_match_are_read_when_the_question_opens_and_exactly_those_are_done() {
    let mut app = console(page(orgs(100), false, true));
    control(&mut app, 'a');
    press(&mut app, KeyCode::Char(' '));
    assert!(!app.list.selection.contains(org(0, "").id), "all but the first");
    assert!(app.list.selection.contains(org(1, "").id));
    let effects = press(&mut app, KeyCode::Char('s'));
    let [.., Effect::LoadPage(_, query)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((query.limit, &query.at), (1000, &PageAt::First));
    assert!(press(&mut app, KeyCode::Enter).is_empty(), "they are not read yet");
    let effects = read(&mut app, &effects, orgs(100), true);
    let last = crate::store::Cursor::from_org(&orgs(100)[99], SortKey::Name);
    let [Effect::LoadPage(_, query)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(query.at, PageAt::After(last));
    // One that was renamed meanwhile comes again.
    let rest = vec![org(99, "org099x"), org(100, "org100"), suspended(101, "org101")];
    read(&mut app, &effects, rest, false);
    assert_eq!((bulk(&app).count(), bulk(&app).skipped.len()), (100, 1));
    press(&mut app, KeyCode::Enter);
    assert!(app.list.selection.is_empty(), "the job has them");
    assert_eq!(job(&app).count(), 100);
}

#[test]
fn more_than_can_be_kept_are_refused_and_reading_them_can_be_left() {
    let mut app = console(page(orgs(100), false, true));
    control(&mut app, 'a');
    let mut effects = press(&mut app, KeyCode::Char('s'));
    let most = u32::try_from(BULK_MOST).unwrap();
    for from in (0..=most).step_by(1000) {
        effects = read(&mut app, &effects, many(from..from + 1000), true);
    }
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(bulk(&app).problem.as_ref().unwrap().what, "more than 25,000 match");
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty() && app.list.selection.filtered().is_some());
    let effects = press(&mut app, KeyCode::Char('s'));
    let waited = generation!(effects, LoadPage);
    let left = press(&mut app, KeyCode::Esc);
    assert!(left.iter().any(|effect| matches!(effect, Effect::Cancel(of) if *of == waited)));
    assert!(app.layers.is_empty());
}

#[test]
fn the_selection_is_inverted_among_all_that_match_and_ends_with_the_filter() {
    let mut app = with_selection();
    press(&mut app, KeyCode::Char('i'));
    let selected = |app: &App| {
        let all = app.list.rows.iter().filter(|org| app.list.selection.contains(org.id));
        all.map(|org| org.name.raw().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(selected(&app), ["org001", "org003", "org004"]);
    press(&mut app, KeyCode::Char('i'));
    assert_eq!(selected(&app), ["org000", "org002"]);
    press(&mut app, KeyCode::Char('i'));
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "x");
    assert!(app.list.selection.is_empty());
    // What was picked is not of a filter.
    let mut app = with_selection();
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "x");
    assert_eq!(selection(&app).len(), 2);
}

#[test]
fn all_of_a_list_that_is_not_loaded_cannot_be_copied() {
    for (more, copies) in [(false, true), (true, false)] {
        let mut app = console(page(orgs(100), false, more));
        control(&mut app, 'a');
        press(&mut app, KeyCode::Char('y'));
        assert_eq!(matches!(app.layers[..], [Layer::Copy(ref all)] if all.len() == 100), copies);
    }
}

#[test]
fn a_manager_purges_what_is_selected_skipping_the_trash() {
    let mut app = with_selection();
    app.session = Some(operators_session(&app, OperatorRole::Manager));
    press(&mut app, KeyCode::Char('D'));
    assert_eq!((bulk(&app).action, bulk(&app).count()), (OrgAction::Delete, 2));
    assert!(press(&mut app, KeyCode::Enter).is_empty(), "the number is typed");
    type_text(&mut app, "2");
    let effects = press(&mut app, KeyCode::Enter);
    let [.., Effect::Do(_, OrgAction::Delete, org, given, _)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((org.name.raw(), given.name.as_deref()), ("org000", Some("org000")));
    let effects = done(&mut app, begun(&effects), Ok(None));
    let effects = done(&mut app, begun(&effects), Ok(None));
    assert_eq!(notice(&app).what, "purged 2 organizations");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Count(..))), "{effects:?}");
    assert_eq!(app.list.rows.len(), 3);
}

#[test]
fn others_than_a_manager_do_not_skip_the_trash() {
    for role in [None, Some(OperatorRole::Operator)] {
        let mut app = with_selection();
        app.session = role.map(|role| operators_session(&app, role));
        press(&mut app, KeyCode::Char('D'));
        assert!(app.layers.is_empty());
        let said = match role {
            None => "this works on one organization at a time",
            Some(_) => "this requires a manager, and you are an operator",
        };
        assert_eq!(notice(&app).what, said);
    }
}
