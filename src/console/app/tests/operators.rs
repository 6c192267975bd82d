//! Operators: the login that a database requires, and what their session opens.

use super::*;
use crate::org::{NewSecondFactor, Operator, OperatorRole};

pub(super) fn operators_session(app: &App, role: OperatorRole) -> Session {
    let operator = Operator {
        id: ObjectId::from_bytes([9; 12]),
        email: "ops@example.com".into(),
        password: PasswordHash::nobodys(),
        role,
        disabled: false,
        created_at: DateTime::from_millis(0),
        last_login: None,
        second_factor: None,
        keys: Vec::new(),
    };
    Session::of_operator("token".into(), &operator, app.now + Duration::from_mins(30))
}

pub(super) fn log_in_operator(app: &mut App, role: OperatorRole) {
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

/// Where even looking needs a login, who comes next sees nothing of what was read in the session before.
#[test]
fn what_needs_a_login_to_be_seen_goes_with_the_session() {
    let logs_out: fn(&mut App) -> Vec<Effect> = |app| press(app, KeyCode::Char('L'));
    let expires: fn(&mut App) -> Vec<Effect> =
        |app| app.update(Message::Clock(app.now + Duration::from_hours(1)));
    let is_refused: fn(&mut App) -> Vec<Effect> = |app| {
        let effects = press(app, KeyCode::Char('r'));
        let refused = Error::NotAllowed(Refusal::OperatorsRequired);
        app.update(Message::Page(generation!(effects, LoadPage), Err(refused)))
    };
    for (required_here, end, stays) in [
        (Required::Everything, logs_out, 0),
        (Required::Everything, expires, 0),
        (Required::Writes, logs_out, 3),
        // It was made necessary after this console was opened.
        (Required::Nothing, is_refused, 0),
    ] {
        let (mut app, _) = required(required_here);
        app.update(Message::Resize(120, 30));
        app.layers.clear();
        app.session = Some(operators_session(&app, OperatorRole::Viewer));
        app.session.as_mut().unwrap().expires_at = app.now + Duration::from_mins(30);
        let effects = app.first_page();
        let rows = page(orgs(3), false, false);
        app.update(Message::Page(generation!(effects, LoadPage), Ok(rows)));
        assert_eq!(app.list.rows.len(), 3);
        let effects = end(&mut app);
        assert_eq!(app.list.rows.len(), stays, "{required_here:?} {effects:?}");
        if stays == 0 {
            assert!(app.detail.org.is_none() && app.list.problem.is_some());
        }
    }
}

fn top_login(app: &App) -> &Login {
    match app.layers.last() {
        Some(Layer::Login(login)) => login,
        other => panic!("no login on top but {other:?}"),
    }
}

#[test]
fn the_help_ends_with_what_each_role_may() {
    let mut app = console(page(orgs(1), false, false));
    press(&mut app, KeyCode::Char('?'));
    press(&mut app, KeyCode::Char('G'));
    let Some(Layer::Help(help)) = app.layers.last() else { panic!("{:?}", app.layers) };
    let lines = app.help_lines(help);
    let Some(HelpLine::Choice(at, last)) = lines.last() else { panic!("no help") };
    assert_eq!(
        (*at, last.keys().as_str(), last.does().as_str()),
        (help.selected, "manager", "import organizations")
    );
    // There is nothing to do with it, and it is no command.
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert!(matches!(app.layers.last(), Some(Layer::Help(_))));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char(':'));
    let Some(Layer::Help(help)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert!(app.found(help).iter().all(|choice| !matches!(choice, Choice::Right(..))));
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
    assert_eq!(question.asks, [Field::Reason, Field::Name]);
    assert_eq!(Question::new(OrgAction::Purge, &trashed).asks.len(), 4);
}

/// An operator types e-mail and password; what the database answers without a code.
fn asked_for_a_code() -> App {
    let mut app = console(page(orgs(1), false, false));
    press(&mut app, KeyCode::Char('L'));
    press(&mut app, KeyCode::BackTab);
    control(&mut app, 'u');
    type_fields(&mut app, &["ops@example.com", "violet"]);
    let effects = control(&mut app, 's');
    app.update(Message::LoggedIn(generation!(effects, Login), Err(Error::CodeRequired)));
    app
}

fn login_effect(effects: &[Effect]) -> (Generation, &str, &str, Option<&str>) {
    match effects {
        [Effect::Login(generation, email, password, code)] => {
            (*generation, email, password.reveal(), code.as_ref().map(Secret::reveal))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_login_asks_for_the_code_once_the_password_is_right() {
    let mut app = asked_for_a_code();
    assert_eq!((top_login(&app).focus, top_login(&app).problem.clone()), (2, None));
    type_text(&mut app, "123 456");
    let effects = press(&mut app, KeyCode::Enter);
    let (at, email, password, code) = login_effect(&effects);
    assert_eq!((email, password, code), ("ops@example.com", "violet", Some("123 456")));
    // A wrong one is asked for anew, and nothing else is.
    app.update(Message::LoggedIn(at, Err(Error::WrongAuthenticationCode)));
    let login = top_login(&app);
    assert_eq!((login.focus, login.fields[2].text()), (2, ""));
    assert_eq!(login.fields[1].text(), "violet");
    assert_eq!(login.problem.as_ref().unwrap().what, "wrong or used code");
    type_text(&mut app, "654321");
    let effects = press(&mut app, KeyCode::Enter);
    assert_eq!(login_effect(&effects).3, Some("654321"));
    let session = operators_session(&app, OperatorRole::Manager);
    app.update(Message::LoggedIn(generation!(effects, Login), Ok(session)));
    assert!(app.layers.is_empty() && app.session.is_some());

    // The password was changed in between: both are asked for again, and the code only after it.
    let mut app = asked_for_a_code();
    type_text(&mut app, "123456");
    let effects = press(&mut app, KeyCode::Enter);
    app.update(Message::LoggedIn(generation!(effects, Login), Err(Error::WrongLogin)));
    let login = top_login(&app);
    assert_eq!((login.fields.len(), login.focus, login.fields[1].text()), (2, 1, ""));
}

/// Runs a command by its name.
fn run(app: &mut App, name: &str) -> Vec<Effect> {
    press(app, KeyCode::Char(':'));
    type_text(app, name);
    press(app, KeyCode::Enter)
}

fn secret_of(app: &App) -> Option<&str> {
    match app.layers.last() {
        Some(Layer::Code(Code::Recovery { codes, .. })) => codes.first().map(Secret::reveal),
        _ => None,
    }
}

#[test]
fn a_second_factor_is_set_up_in_the_session_and_its_recovery_codes_are_shown_once() {
    let mut app = console(page(orgs(1), false, false));
    let effects = run(&mut app, "second-factor");
    assert!(effects.is_empty());
    let said = app.notice.as_ref().map(|(_, said)| said.what.clone());
    assert_eq!(said.as_deref(), Some("a second factor is for your own account"));
    log_in_operator(&mut app, OperatorRole::Viewer);
    let effects = run(&mut app, "second-factor");
    assert!(matches!(effects[..], [Effect::NewSecondFactor]), "{effects:?}");
    let new = NewSecondFactor::generate().unwrap();
    app.update(Message::NewSecondFactor(Ok(new)));
    type_text(&mut app, "000000");
    let effects = press(&mut app, KeyCode::Enter);
    let at = generation!(effects, SetUpSecondFactor);
    app.update(Message::SecondFactor(at, Err(Error::WrongFirstCode)));
    let Some(Layer::Form(form)) = app.layers.last() else { panic!("no form") };
    assert_eq!(form.fields[0].problem.as_ref().unwrap().what, "wrong code");
    assert_eq!(form.fields[0].text(), "", "the next one is another one");
    type_text(&mut app, "123456");
    let effects = press(&mut app, KeyCode::Enter);
    let Effect::SetUpSecondFactor(at, _, code, session) = &effects[0] else {
        panic!("{effects:?}");
    };
    assert_eq!((code.reveal(), session.as_ref().map(Session::token)), ("123456", Some("token")));
    // Their session goes on as another one.
    let next = operators_session(&app, OperatorRole::Manager);
    let codes = vec!["aaaa-bbbb".into(), "cccc-dddd".into()];
    app.update(Message::SecondFactor(*at, Ok((next, codes))));
    assert_eq!(secret_of(&app), Some("aaaa-bbbb"));
    // They cannot be had again.
    press(&mut app, KeyCode::Esc);
    assert_eq!(secret_of(&app), Some("aaaa-bbbb"));
    let said = app.notice.as_ref().map(|(_, said)| said.what.clone());
    assert_eq!(said.as_deref(), Some("the recovery codes are not shown again"));
    let effects = press(&mut app, KeyCode::Char('y'));
    let [Effect::Copy("the recovery codes", copied)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(copied.reveal(), "aaaa-bbbb\ncccc-dddd\n");
    press(&mut app, KeyCode::Enter);
    assert!(app.layers.is_empty());
    let account = app.session.as_ref().map(|session| session.account.clone());
    let Some(Account::Operator { role: OperatorRole::Manager, .. }) = account else {
        panic!("{account:?}");
    };
}

#[test]
fn where_a_role_requires_a_second_factor_it_is_set_up_where_that_shows() {
    let refused = || Error::NotAllowed(Refusal::SecondFactorRequired);
    // What is looked at, where that needs a login.
    let (mut app, _) = required(Required::Everything);
    type_fields(&mut app, &["ops@example.com", "violet"]);
    let effects = control(&mut app, 's');
    let session = operators_session(&app, OperatorRole::Viewer);
    let effects = app.update(Message::LoggedIn(generation!(effects, Login), Ok(session)));
    let effects = app.update(Message::Page(generation!(effects, LoadPage), Err(refused())));
    assert!(matches!(effects[..], [Effect::NewSecondFactor]), "{effects:?}");
    app.update(Message::NewSecondFactor(Ok(NewSecondFactor::generate().unwrap())));
    type_text(&mut app, "123456");
    let effects = press(&mut app, KeyCode::Enter);
    let session = operators_session(&app, OperatorRole::Viewer);
    let codes = vec!["aaaa-bbbb".into()];
    let at = generation!(effects, SetUpSecondFactor);
    let effects = app.update(Message::SecondFactor(at, Ok((session, codes))));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::LoadPage(..))), "{effects:?}");
    // And what is typed in a form stays.
    let mut app = console(page(orgs(1), false, false));
    log_in_operator(&mut app, OperatorRole::Operator);
    press(&mut app, KeyCode::Char('n'));
    type_fields(&mut app, &["globex", "kim@globex.com", "violet harbor lantern 42"]);
    let effects = control(&mut app, 's');
    let effects = app.update(Message::Created(generation!(effects, Create), Err(refused())));
    assert!(matches!(effects[..], [Effect::NewSecondFactor]), "{effects:?}");
    app.update(Message::NewSecondFactor(Ok(NewSecondFactor::generate().unwrap())));
    press(&mut app, KeyCode::Esc);
    let Some(Layer::Form(form)) = app.layers.last() else { panic!("no form") };
    assert_eq!(form.fields[0].text(), "globex");
}
