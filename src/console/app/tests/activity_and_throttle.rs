//! What was recorded of an organization, and what a login says about those before it.

use super::{admins::notice, *};
use crate::{store::Entry, tenancy::NumberedEntry};

fn entries(count: i64) -> Vec<NumberedEntry> {
    let entry = |number| NumberedEntry {
        number,
        hash: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef".into(),
        entry: Entry::new("ada@here", "suspend"),
    };
    (1..=count).rev().map(entry).collect()
}

#[test]
fn the_record_is_read_when_its_tab_is_opened_scrolls_and_is_read_again_after_an_operation() {
    let mut app = console_sized(page(orgs(5), false, false), 120, 40);
    let effects = press(&mut app, KeyCode::Left);
    let generation = generation!(effects, LoadActivity);
    app.update(Message::Activity(generation, Ok(entries(200))));
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('G'));
    let rows = app.areas().map(|areas| areas.detail_rows()).unwrap();
    assert_eq!(app.detail.scroll, 200 - (rows - 1), "one line says what is in the columns");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('s'));
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Do(generation, action, of, ..)] = &effects[..] else { panic!("{effects:?}") };
    let suspended = Org { revision: 2, state: OrgState::Suspended, ..org(0, "org000") };
    let effects = app.update(Message::Done(*generation, *action, of.clone(), Ok(Some(suspended))));
    generation!(effects, LoadActivity);
    app.update(Message::Activity(generation!(effects, LoadActivity), Ok(entries(201))));
    assert_eq!(app.detail.activity.as_ref().map(Vec::len), Some(201));
    // Another one has another record.
    let effects = press(&mut app, KeyCode::Char('j'));
    generation!(effects, LoadActivity);
    assert!(app.detail.activity.is_none());
}

#[test]
fn a_wait_that_was_stopped_or_failed_is_said_in_the_tab_and_nowhere_else() {
    let mut app = console_sized(page(orgs(5), false, false), 120, 40);
    let generation = generation!(press(&mut app, KeyCode::Left), LoadActivity);
    later(&mut app, Duration::from_millis(100));
    let effects = press(&mut app, KeyCode::Esc);
    assert!(effects.iter().any(|e| matches!(e, Effect::Cancel(old) if *old == generation)));
    app.update(Message::Activity(generation, Ok(entries(1))));
    assert!(app.detail.activity.is_none() && app.detail.unreadable.is_some());
    let generation = generation!(press(&mut app, KeyCode::Char('r')), LoadActivity);
    let gone = StoreError::Unreachable { address: "db1".into(), problem: "closed".into() };
    app.update(Message::Activity(generation, Err(gone.into())));
    assert!(app.detail.unreadable.as_ref().is_some_and(|said| said.what.contains("db1")));
    assert!(app.notice.is_none() && app.detail.problem.is_none());
}

#[test]
fn a_login_that_has_to_wait_says_how_long_and_takes_the_password_back() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('L'));
    type_text(&mut app, "guessed");
    let generation = generation!(press(&mut app, KeyCode::Enter), Login);
    let waiting = Error::Waiting(Duration::from_secs(64));
    app.update(Message::LoggedIn(generation, Err(waiting)));
    let Some(Layer::Login(login)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert_eq!((login.fields[1].text(), login.focus), ("", 1));
    let said = login.problem.as_ref().unwrap();
    assert!(said.what.ends_with("try again in 64 s") && said.help.contains("one-time code"));
}

#[test]
fn a_purge_that_has_to_wait_says_so_at_the_password_and_takes_it_back() {
    let mut question = Question::new(OrgAction::Purge, &org(0, "org000"));
    question.fields[2].set("guessed");
    let mut app = console(page(orgs(2), false, false));
    app.layers.push(Layer::Question(question));
    let effects = control(&mut app, 's');
    let Effect::Do(generation, action, of, ..) = &effects[0] else { panic!("{effects:?}") };
    let waiting = Err(Error::Waiting(Duration::from_secs(8)));
    app.update(Message::Done(*generation, *action, of.clone(), waiting));
    let Some(Layer::Question(question)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert_eq!((question.fields[2].text(), question.focus), ("", 2));
    assert!(question.fields[2].problem.is_some());
}

#[test]
fn logins_that_failed_before_stay_said_until_esc_whatever_else_is() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('L'));
    let generation = generation!(control(&mut app, 's'), Login);
    let mut guessed = session(&app, &orgs(1)[0]);
    guessed.failures = 3;
    app.update(Message::LoggedIn(generation, Ok(guessed)));
    let warning = || vec![Notice::plain("3 failed logins with this e-mail before this one")];
    assert_eq!(app.unread, warning());
    assert!(notice(&app).what.contains("logged in as"));
    press(&mut app, KeyCode::Char('j'));
    assert_eq!((app.unread.clone(), app.notice.is_none()), (warning(), true));
    assert_eq!(app.areas().map(|areas| areas.notice.height), Some(1), "it has a line of its own");
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.unread, []);
    // The next one without any says nothing.
    press(&mut app, KeyCode::Char('L'));
    log_in(&mut app, &org(0, "org000"));
    assert_eq!(app.unread, []);
}
