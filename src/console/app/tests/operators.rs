//! Operators: the login that a database requires, and what their session opens.

use super::*;
use crate::org::{Operator, OperatorRole};

pub(super) fn operators_session(app: &App, role: OperatorRole) -> Session {
    let operator = Operator {
        id: ObjectId::from_bytes([9; 12]),
        email: "ops@example.com".into(),
        password: PasswordHash::nobodys(),
        role,
        disabled: false,
        created_at: DateTime::from_millis(0),
        last_login: None,
    };
    Session::of_operator("token".into(), &operator, app.now + Duration::from_mins(30))
}

fn log_in_operator(app: &mut App, role: OperatorRole) {
    let session = operators_session(app, role);
    press(app, KeyCode::Char('L'));
    control(app, 'u');
    type_fields(app, &["ops@example.com", "violet"]);
    let effects = control(app, 's');
    app.update(Message::LoggedIn(generation!(effects, Login), Ok(session)));
}

/// Types into one field after the other.
fn type_fields(app: &mut App, texts: &[&str]) {
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            press(app, KeyCode::Tab);
        }
        type_text(app, text);
    }
}

/// A console that has connected to a database that requires this, and what that asks for.
fn required(required: Required) -> (App, Vec<Effect>) {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    let connected = Connected { required, ..connected() };
    let effects = app.update(Message::Connected(generation!(effects, Connect), Ok(connected)));
    (app, effects)
}

fn top_login(app: &App) -> &Login {
    match app.layers.last() {
        Some(Layer::Login(login)) => login,
        other => panic!("no login on top but {other:?}"),
    }
}

#[test]
fn a_database_that_requires_a_login_opens_with_it() {
    for (what, reads) in [(Required::Writes, true), (Required::Everything, false)] {
        let (mut app, effects) = required(what);
        let loads = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::LoadPage(..)));
        assert_eq!(loads(&effects), reads, "{what:?}");
        let said = top_login(&app).problem.as_ref().unwrap();
        assert_eq!(said.what, "this database requires operators to log in");
        type_fields(&mut app, &["ops@example.com", "violet"]);
        let effects = control(&mut app, 's');
        let session = operators_session(&app, OperatorRole::Viewer);
        let effects = app.update(Message::LoggedIn(generation!(effects, Login), Ok(session)));
        assert!(app.layers.is_empty());
        // What could not be looked at before.
        assert_eq!(loads(&effects), !reads, "{what:?}");
    }
    assert!(required(Required::Nothing).0.layers.is_empty());
}

#[test]
fn a_form_that_needs_an_operator_keeps_what_was_typed_and_goes_on_after_the_login() {
    let mut app = console(page(orgs(1), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_fields(&mut app, &["globex", "kim@globex.com", "violet harbor lantern 42"]);
    let effects = control(&mut app, 's');
    let refused = Error::NotAllowed(Refusal::OperatorsRequired);
    app.update(Message::Created(generation!(effects, Create), Err(refused)));
    assert_eq!(top_login(&app).fields[0].text(), "");
    type_fields(&mut app, &["ops@example.com", "violet"]);
    let effects = control(&mut app, 's');
    let session = operators_session(&app, OperatorRole::Operator);
    let effects = app.update(Message::LoggedIn(generation!(effects, Login), Ok(session)));
    let Some(Effect::Create(_, new)) = effects.iter().find(|e| matches!(e, Effect::Create(..)))
    else {
        panic!("{effects:?}");
    };
    assert_eq!((new.name.as_str(), new.email.as_str()), ("globex", "kim@globex.com"));
}

#[test]
fn where_there_are_operators_no_admins_login_is_suggested() {
    for (has_operators, email) in [(false, "org000@example.com"), (true, "")] {
        let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
        let connected = Connected { has_operators, ..connected() };
        let effects = app.update(Message::Connected(generation!(effects, Connect), Ok(connected)));
        let rows = page(orgs(1), false, false);
        app.update(Message::Page(generation!(effects, LoadPage), Ok(rows)));
        press(&mut app, KeyCode::Char('L'));
        let login = top_login(&app);
        assert_eq!(login.fields[0].text(), email);
        // What is known need not be typed.
        assert_eq!(login.focus, usize::from(!has_operators));
    }
}

#[test]
fn a_role_that_is_too_low_is_said_where_another_account_can_log_in() {
    let mut app = console(page(orgs(1), false, false));
    log_in_operator(&mut app, OperatorRole::Viewer);
    let effects = press(&mut app, KeyCode::Char('d'));
    let (role, least) = (OperatorRole::Viewer, OperatorRole::Operator);
    let refused = Error::NotAllowed(Refusal::Role { role, least });
    app.update(Message::Authorized(generation!(effects, Authorize), Err(refused)));
    let said = top_login(&app).problem.as_ref().unwrap();
    assert_eq!(said.what, "this requires an operator, and you are a viewer");
    // Whoever is logged in stays so.
    assert!(app.session.is_some());
    let mut app = console(page(orgs(1), false, false));
    log_in_operator(&mut app, OperatorRole::Manager);
    let effects = press(&mut app, KeyCode::Char('d'));
    let gone = Error::NotAllowed(Refusal::OperatorChanged);
    app.update(Message::Authorized(generation!(effects, Authorize), Err(gone)));
    assert!(app.session.is_none());
}

#[test]
fn an_operator_trashes_many_at_once_and_purges_without_anybodys_password() {
    let mut app = console(page(orgs(3), false, false));
    type_text(&mut app, "  ");
    assert_eq!(app.list.selection.picked(), 2);
    press(&mut app, KeyCode::Char('d'));
    assert!(app.layers.is_empty(), "it needs a login of each");
    log_in_operator(&mut app, OperatorRole::Manager);
    press(&mut app, KeyCode::Char('d'));
    assert!(matches!(app.layers.last(), Some(Layer::Bulk(bulk)) if bulk.count() == 2));
    type_text(&mut app, "2");
    let effects = press(&mut app, KeyCode::Enter);
    let [.., Effect::Do(generation, OrgAction::Trash, first, _, Some(_))] = &effects[..] else {
        panic!("{effects:?}");
    };
    let effects = app.update(Message::Done(
        *generation,
        OrgAction::Trash,
        first.clone(),
        Ok(Some(first.as_ref().clone())),
    ));
    assert!(effects.iter().any(|e| matches!(e, Effect::Do(_, OrgAction::Trash, ..))));
    // The session is nobody's of theirs, and stays.
    assert!(app.session.is_some());

    let trashed = org(7, "gone");
    let question = Question::of_operator(OrgAction::Purge, &trashed);
    assert_eq!(question.asks, [Field::Name]);
    assert_eq!(Question::new(OrgAction::Purge, &trashed).asks.len(), 3);
}
