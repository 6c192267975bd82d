//! Edits and deletions, how they are refused, and how they end when nobody waits any more.

use super::*;
use crate::store::{Entry, Settled};

#[test]
fn a_form_whose_operation_ends_well_after_all_closes_unless_something_else_was_typed() {
    for (more, open) in [("", 0), ("x", 1)] {
        let mut app = console(page(orgs(2), false, false));
        press(&mut app, KeyCode::Char('n'));
        type_text(&mut app, "acme");
        let generation = generation!(control(&mut app, 's'), Create);
        press(&mut app, KeyCode::Esc);
        assert!(top_form(&app).problem.is_some());
        type_text(&mut app, more);
        app.update(Message::Created(generation, Ok(org(9, "acme"))));
        assert_eq!(app.layers.len(), open);
        assert_eq!(app.notice.as_ref().unwrap().1.what, "created “acme”");
        assert!(open == 0 || top_form(&app).problem.is_none());
    }
    // And a refusal stands at its field.
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('n'));
    let generation = generation!(control(&mut app, 's'), Create);
    press(&mut app, KeyCode::Esc);
    app.update(Message::Created(generation, Err(Invalid::NameEmpty.into())));
    assert!(top_form(&app).problem.is_none() && top_form(&app).fields[0].problem.is_some());
}

#[test]
fn an_edit_goes_on_from_what_an_operation_nobody_waited_for_has_stored() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('e'));
    type_text(&mut app, "x");
    let generation = generation!(control(&mut app, 's'), Update);
    press(&mut app, KeyCode::Esc);
    type_text(&mut app, "y");
    let stored = Org { revision: 2, ..org(0, "org000x") };
    app.update(Message::Updated(generation, Ok(stored)));
    assert_eq!(top_form(&app).text(Field::Name), "org000xy");
    let effects = control(&mut app, 's');
    assert!(matches!(&effects[0], Effect::Update(_, org, ..) if org.revision == 2));
}

#[test]
fn a_deletion_that_ends_after_all_takes_its_question_and_its_own_session_only() {
    let mut app = console(page(orgs(2), false, false));
    let own = org(0, "org000");
    log_in(&mut app, &own);
    let ask = |app: &mut App| {
        press(app, KeyCode::Char('D'));
        let generation = generation!(press(app, KeyCode::Enter), Do);
        press(app, KeyCode::Esc);
        assert_eq!(app.layers.len(), 1);
        generation
    };
    let generation = ask(&mut app);
    // Another organization that was called the same.
    let namesake = Box::new(org(7, "org000"));
    app.abandoned.push(999);
    app.update(Message::Done(999, OrgAction::Delete, namesake, Ok(None)));
    assert!(app.session.is_some() && app.layers.len() == 1);
    app.update(Message::Done(generation, OrgAction::Delete, Box::new(own), Ok(None)));
    assert!(app.session.is_none() && app.layers.is_empty());
}

#[test]
fn a_deletion_refused_while_its_login_is_open_can_be_asked_for_again() {
    let mut app = console(page(orgs(2), false, false));
    let asked = generation!(press(&mut app, KeyCode::Char('D')), Authorize);
    let generation = generation!(press(&mut app, KeyCode::Enter), Do);
    let refusal = || Error::from(Refusal::NoSession("org000".into()));
    app.update(Message::Authorized(asked, Err(refusal())));
    app.update(Message::Done(
        generation,
        OrgAction::Delete,
        Box::new(org(0, "org000")),
        Err(refusal()),
    ));
    assert!(matches!(app.layers[..], [Layer::Question(_), Layer::Login(_)]));
    let session = session(&app, &org(0, "org000"));
    let login = generation!(control(&mut app, 's'), Login);
    app.update(Message::LoggedIn(login, Ok(session)));
    generation!(press(&mut app, KeyCode::Enter), Do);
}

#[test]
fn a_deletion_that_fails_under_its_login_says_so_below_it() {
    let mut app = console(page(orgs(2), false, false));
    let asked = generation!(press(&mut app, KeyCode::Char('D')), Authorize);
    let generation = generation!(press(&mut app, KeyCode::Enter), Do);
    app.update(Message::Authorized(asked, Err(Refusal::NoSession("org000".into()).into())));
    let gone = StoreError::Unreachable { address: "db1".into(), problem: "closed".into() };
    app.update(Message::Done(
        generation,
        OrgAction::Delete,
        Box::new(org(0, "org000")),
        Err(gone.into()),
    ));
    let [Layer::Question(deletion), Layer::Login(_)] = &app.layers[..] else {
        panic!("{:?}", app.layers)
    };
    assert!(deletion.problem.as_ref().unwrap().what.contains("cannot reach db1"));
}

#[test]
fn a_stored_name_of_megabytes_does_not_stand_in_the_way_of_an_edit() {
    let huge = Org { name: "x".repeat(10_000_000).into(), ..org(1, "acme") };
    let mut app = console(page(vec![huge], false, false));
    press(&mut app, KeyCode::Char('e'));
    assert!(top_form(&app).text(Field::Name).len() < 2000);
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, "x");
    let effects = control(&mut app, 's');
    let Effect::Update(_, _, edit, _) = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(edit.name.as_ref().map(String::len), Some(10_000_000), "the name stays as it is");
}

#[test]
fn an_operation_that_is_no_longer_waited_for_still_reports() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    let generation = generation!(control(&mut app, 's'), Create);
    press(&mut app, KeyCode::Esc);
    assert_eq!(top_form(&app).text(Field::Name), "acme", "the form is still there");
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
    let effects = app.update(Message::Created(generation, Ok(org(9, "acme"))));
    assert_eq!(app.notice.as_ref().unwrap().1.what, "created “acme”");
    generation!(effects, LoadPage);
}

#[test]
fn an_edit_that_needs_a_login_asks_for_it_and_goes_on() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('e'));
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, ".org");
    let effects = control(&mut app, 's');
    let Effect::Update(generation, _, edit, None) = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(edit.email.as_deref(), Some("org000@example.com.org"));
    let refusal = Error::NotAllowed(Refusal::NoSession("org000".into()));
    app.update(Message::Updated(*generation, Err(refusal)));
    let Some(Layer::Login(login)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert_eq!(login.fields[0].text(), "org000@example.com", "the admin's e-mail is suggested");
    assert!(login.problem.as_ref().unwrap().what.contains("logging in to “org000”"));
    assert_eq!(login.focus, 1);

    type_text(&mut app, "wrong");
    let generation = generation!(press(&mut app, KeyCode::Enter), Login);
    app.update(Message::LoggedIn(generation, Err(Error::WrongLogin)));
    type_text(&mut app, "right");
    let effects = press(&mut app, KeyCode::Enter);
    let Effect::Login(generation, email, password, None) = &effects[0] else {
        panic!("{effects:?}")
    };
    assert_eq!((email.as_str(), password.reveal()), ("org000@example.com", "right"));
    let session = session(&app, &orgs(1)[0]);
    let effects = app.update(Message::LoggedIn(*generation, Ok(session)));
    let [Effect::Update(generation, _, edit, Some(_))] = &effects[..] else {
        panic!("what was wanted goes on: {effects:?}")
    };
    assert_eq!(edit.email.as_deref(), Some("org000@example.com.org"));
    app.update(Message::Updated(*generation, Ok(org(0, "org000"))));
    assert!(app.layers.is_empty());
}

#[test]
fn an_edit_without_a_difference_is_not_sent() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('e'));
    assert!(control(&mut app, 's').is_empty());
    assert_eq!(top_form(&app).problem.as_ref().unwrap().what, "no changes to save");
}

#[test]
fn deleting_for_good_wants_a_login_of_that_organization_and_the_name() {
    let mut app = console(page(orgs(3), false, false));
    let effects = press(&mut app, KeyCode::Char('D'));
    let counted = generation!(effects, LoadDetail);
    let asked = generation!(effects, Authorize);
    let refusal = Refusal::OtherOrganization {
        admin: "bob@globex.com".into(),
        of: "globex".into(),
        wanted: "org000".into(),
    };
    app.update(Message::Authorized(asked, Err(refusal.into())));
    let Some(Layer::Login(login)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert_eq!(
        login.problem.as_ref().unwrap().what,
        "bob@globex.com is an admin of “globex”, not of “org000”"
    );
    let statistics = Statistics { documents: 12, bytes: 3400, indexes: 1 };
    app.update(Message::Detail(counted, Ok(Some((org(0, "org000"), statistics)))));
    let session = session(&app, &orgs(1)[0]);
    let generation = generation!(press(&mut app, KeyCode::Enter), Login);
    let effects = app.update(Message::LoggedIn(generation, Ok(session)));
    app.update(Message::Authorized(generation!(effects, Authorize), Ok(())));
    let Some(Layer::Question(deletion)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert_eq!(deletion.statistics, Some(statistics));

    type_text(&mut app, "org00");
    let effects = press(&mut app, KeyCode::Enter);
    let Effect::Do(generation, OrgAction::Delete, _, given, Some(_)) = &effects[0] else {
        panic!("{effects:?}")
    };
    assert_eq!(given.name.as_deref(), Some("org00"));
    let gone = Box::new(org(0, "org000"));
    app.update(Message::Done(
        *generation,
        OrgAction::Delete,
        gone.clone(),
        Err(Error::NotConfirmed),
    ));
    type_text(&mut app, "0");
    let effects = press(&mut app, KeyCode::Enter);
    let generation = generation!(effects, Do);
    let effects = app.update(Message::Done(generation, OrgAction::Delete, gone, Ok(None)));
    assert!(app.layers.is_empty());
    assert!(app.session.is_none(), "its admin's session ends with it");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Logout(_))));
    generation!(effects, LoadPage);
}

#[test]
fn leaving_the_login_leaves_the_deletion_it_was_for() {
    let mut app = console(page(orgs(3), false, false));
    let asked = generation!(press(&mut app, KeyCode::Char('D')), Authorize);
    let refusal = Refusal::NoSession("org000".into());
    app.update(Message::Authorized(asked, Err(refusal.into())));
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
}

#[test]
fn an_edit_right_after_an_edit_starts_from_what_is_stored_now() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = console_sized(page(orgs(2), false, false), width, height);
        press(&mut app, KeyCode::Char('e'));
        type_text(&mut app, "x");
        let generation = generation!(control(&mut app, 's'), Update);
        let changed = Org { revision: 2, ..org(0, "org000x") };
        app.update(Message::Updated(generation, Ok(changed.clone())));
        press(&mut app, KeyCode::Char('e'));
        assert_eq!(top_form(&app).org(), Some(&changed), "at {width}x{height}");
    }
}

#[test]
fn what_another_console_finished_is_said_to_be_its() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    let generation = generation!(control(&mut app, 's'), Create);
    let entry = Box::new(Entry::new("ada@here", "create").called("acme"));
    let message = Message::Created(generation, Err(Error::DoneByAnother { entry }));
    let effects = app.update(message);
    let problem = top_form(&app).problem.as_ref().unwrap();
    assert_eq!(problem.what, "another console took over and finished it");
    assert!(matches!(effects.last(), Some(Effect::FindOut(..))), "it is read again");
}

#[test]
fn what_nobody_knows_the_outcome_of_is_found_out_without_being_asked_for() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    let generation = generation!(control(&mut app, 's'), Create);
    let why = StoreError::Unreachable { address: "db1".into(), problem: "closed".into() };
    let entry = Box::new(Entry::new("ada@here", "create").called("acme"));
    let unknown = Error::OutcomeUnknown { entry, why };
    let effects = app.update(Message::Created(generation, Err(unknown)));
    let problem = top_form(&app).problem.as_ref().unwrap();
    assert!(problem.what.contains("the change may have been made"), "{problem:?}");
    let Some(Effect::FindOut(_, entry)) = effects.into_iter().last() else { panic!("not asked") };
    let effects = app.update(Message::FoundOut(entry, Settled::Done));
    assert_eq!(app.unread.last().unwrap().what, "“acme”: creation was completed");
    assert_eq!(top_form(&app).text(Field::Name), "acme", "nothing typed is lost");
    generation!(effects, LoadPage);
}
