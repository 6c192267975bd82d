//! Undoing what was done last.

use super::{copying::notice, *};
use crate::org::{InTrash, OrgState};

fn answer(app: &mut App, effects: &[Effect], now: Org) -> Vec<Effect> {
    let Some(Effect::Do(generation, action, org, ..)) =
        effects.iter().find(|effect| matches!(effect, Effect::Do(..)))
    else {
        panic!("nothing is done: {effects:?}")
    };
    app.update(Message::Done(*generation, *action, org.clone(), Ok(Some(now))))
}

fn in_trash(org: &Org) -> Org {
    let kept = InTrash {
        since: DateTime::from_millis(0),
        until: DateTime::from_millis(1),
        released: false,
    };
    Org { state: OrgState::InTrash(kept), revision: org.revision + 1, ..org.clone() }
}

#[test]
fn u_brings_back_what_just_went_to_the_trash() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('d'));
    let trashed = in_trash(&org(0, "org000"));
    let effects = control(&mut app, 's');
    answer(&mut app, &effects, trashed.clone());
    assert!(notice(&app).help.starts_with("press u to undo"));
    let effects = press(&mut app, KeyCode::Char('u'));
    let Some(Effect::Do(_, OrgAction::Restore, org, given, None)) = effects.last() else {
        panic!("{effects:?}")
    };
    assert_eq!((org.as_ref(), &given.name), (&trashed, &None));
    answer(&mut app, &effects, orgs(1).remove(0));
    press(&mut app, KeyCode::Char('u'));
    assert_eq!(notice(&app).what, "nothing to undo");
}

#[test]
fn u_reactivates_and_suspends_again() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('s'));
    let effects = control(&mut app, 's');
    let suspended = Org { state: OrgState::Suspended, revision: 2, ..org(0, "org000") };
    answer(&mut app, &effects, suspended);
    let effects = press(&mut app, KeyCode::Char('u'));
    assert!(
        matches!(effects.last(), Some(Effect::Do(_, OrgAction::Reactivate, ..))),
        "{effects:?}"
    );
    answer(&mut app, &effects, Org { revision: 3, ..org(0, "org000") });
    let effects = press(&mut app, KeyCode::Char('u'));
    assert!(matches!(effects.last(), Some(Effect::Do(_, OrgAction::Suspend, ..))), "{effects:?}");
}

fn rename(app: &mut App, name: &str, revision: i64) {
    press(app, KeyCode::Char('e'));
    control(app, 'u');
    type_text(app, name);
    let effects = control(app, 's');
    let mut now = org(0, name);
    now.revision = revision;
    app.update(Message::Updated(generation!(effects, Update), Ok(now)));
}

#[test]
fn u_gives_the_old_name_back_also_after_another_edit() {
    let mut app = console(page(orgs(3), false, false));
    rename(&mut app, "globex", 2);
    // The same name again is no rename: what is undone is the one before, from what is there now.
    press(&mut app, KeyCode::Char('e'));
    type_text(&mut app, "\t");
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, "x");
    let effects = control(&mut app, 's');
    let mut now = org(0, "globex");
    now.revision = 3;
    app.update(Message::Updated(generation!(effects, Update), Ok(now)));
    let effects = press(&mut app, KeyCode::Char('u'));
    let Some(Effect::Do(_, OrgAction::Rename, org, given, _)) = effects.last() else {
        panic!("{effects:?}")
    };
    let before = given.before.as_deref().map(|before| before.name.raw());
    assert_eq!((org.revision, before), (3, Some("org000")));
}

#[test]
fn u_is_refused_like_any_other_operation_where_nothing_can_be_written() {
    let mut app = console(page(orgs(3), false, false));
    rename(&mut app, "globex", 2);
    let Connection::Ready(connected) = &mut app.connection else { panic!("connected") };
    connected.read_only = Some("it was asked for".to_owned());
    assert!(press(&mut app, KeyCode::Char('u')).is_empty());
    assert_eq!(app.notice.as_ref().map(|(severity, _)| *severity), Some(Severity::Error));
    assert!(app.undo.is_some());
}

#[test]
fn u_can_be_tried_again_where_the_database_was_away_and_not_where_it_cannot_be_any_more() {
    let mut app = console(page(orgs(3), false, false));
    rename(&mut app, "globex", 2);
    let failed = |app: &mut App, error: Error| {
        let effects = press(app, KeyCode::Char('u'));
        // Pressed twice it is done once.
        assert!(press(app, KeyCode::Char('u')).is_empty());
        let Some(Effect::Do(generation, action, org, ..)) = effects.last() else {
            panic!("{effects:?}")
        };
        app.update(Message::Done(*generation, *action, org.clone(), Err(error)));
    };
    let away = || StoreError::Unreachable { address: "h".into(), problem: "gone".into() };
    failed(&mut app, away().into());
    failed(&mut app, away().into());
    failed(&mut app, Error::Changed("globex".into()));
    assert!(app.undo.is_none());
}

#[test]
fn what_is_said_names_the_keys_that_were_chosen() {
    let mut app = console(page(orgs(3), false, false));
    app.keymap = Keymap::with(&[
        ("refresh".to_owned(), vec!["f5".parse().unwrap()]),
        ("back".to_owned(), vec!["f9".parse().unwrap()]),
    ])
    .unwrap();
    let effects = press(&mut app, KeyCode::F(5));
    let failed = Err(Error::Machine("no".to_owned()));
    app.update(Message::Page(generation!(effects, LoadPage), failed));
    assert!(notice(&app).help.ends_with("; press F5 to retry"), "{:?}", notice(&app));
    press(&mut app, KeyCode::Char('e'));
    control(&mut app, 's');
    assert_eq!(
        top_form(&app).problem.as_ref().unwrap().help,
        "change a field, or press F9 to cancel"
    );
}
