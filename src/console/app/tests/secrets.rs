//! Secrets that are shown only once can be copied and never print; the demo's login is filled in.

use super::*;
use crate::tenancy::Refusal;

const MADE: &str = "7x2k9-qm4tz-c8w1r-hn5vp";

fn copied(effects: &[Effect]) -> (&'static str, &str) {
    let [Effect::Copy(what, text)] = effects else { panic!("{effects:?}") };
    assert!(!format!("{effects:?}").contains(text.reveal()), "it is printed");
    (what, text.reveal())
}

#[test]
fn a_one_time_code_is_copied_and_stays_in_sight() {
    let mut app = console(page(orgs(3), false, false));
    app.layers.push(Layer::Code(Code::OneTime {
        issued: issued_code("eve@example.com", MADE),
        org: Box::new(org(0, "org000")),
        sending: Request::default(),
    }));
    assert_eq!(copied(&press(&mut app, KeyCode::Char('y'))), ("the code", MADE));
    assert!(matches!(app.layers.last(), Some(Layer::Code(_))));
}

#[test]
fn a_generated_password_is_copied_from_wherever_one_is_typed() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('n'));
    assert!(control(&mut app, 'y').is_empty(), "there is none yet");
    control(&mut app, 'g');
    app.update(Message::Generated(Ok(MADE.into())));
    press(&mut app, KeyCode::Tab);
    assert_eq!(copied(&control(&mut app, 'y')), ("the password", MADE));
    assert_eq!(top_form(&app).text(Asked::Password), MADE);
}

#[test]
fn the_login_of_a_demonstration_is_filled_in_and_a_deletion_takes_few_keys() {
    let mut app = console(page(orgs(3), false, false));
    let of = org(0, "org000");
    if let Connection::Ready(connected) = &mut app.connection {
        connected.demo = Some((of.admin_email.clone(), MADE.into()));
    }
    let mut keys = 0;
    let mut key = |app: &mut App, code| {
        keys += 1;
        press(app, code)
    };
    let effects = key(&mut app, KeyCode::Char('D'));
    let refused = Refusal::NoSession(of.name.clone());
    app.update(Message::Authorized(generation!(effects, Authorize), Err(refused.into())));
    let effects = key(&mut app, KeyCode::Enter);
    let [Effect::Login(generation, email, password, None)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((email.as_str(), password.reveal()), ("org000@example.com", MADE));
    let opened = session(&app, &of);
    app.update(Message::LoggedIn(*generation, Ok(opened)));
    for letter in "org000".chars() {
        key(&mut app, KeyCode::Char(letter));
    }
    let effects = key(&mut app, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Do(_, OrgAction::Delete, ..)]), "{effects:?}");
    assert!(keys < 30, "{keys} keys");
    // The demo knows no other password.
    app.layers.clear();
    app.session = None;
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('L'));
    let Some(Layer::Login(login)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert_eq!(login.fields[1].text(), "");
}

/// The login that a demonstration of these three names.
fn demo() -> (App, Org) {
    let mut app = console(page(orgs(3), false, false));
    let of = org(0, "org000");
    if let Connection::Ready(connected) = &mut app.connection {
        connected.demo = Some((of.admin_email.clone(), MADE.into()));
    }
    (app, of)
}

#[test]
fn a_demonstration_names_its_login_only_while_that_works() {
    let does = |app: &mut App, of: &Org, action: OrgAction| {
        let effects = app.begin(action, of.clone(), Given::default());
        let generation = generation!(effects, Do);
        let now = (action != OrgAction::Delete).then(|| of.clone());
        app.update(Message::Done(generation, action, Box::new(of.clone()), Ok(now)));
        app.demo_login().is_some()
    };
    let (mut app, of) = demo();
    assert!(does(&mut app, &org(1, "org001"), OrgAction::Trash), "that was another one");
    assert!(!does(&mut app, &of, OrgAction::Trash));
    assert!(does(&mut app, &of, OrgAction::Restore));
    assert!(!does(&mut app, &of, OrgAction::Suspend));
    assert!(does(&mut app, &of, OrgAction::Reactivate));
    assert!(!does(&mut app, &of, OrgAction::Delete));

    // The password is another one: changed here, or by somebody else.
    let (mut app, of) = demo();
    press(&mut app, KeyCode::Char('e'));
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, "lantern-harbor-42");
    let effects = control(&mut app, 's');
    app.update(Message::Updated(generation!(effects, Update), Ok(of)));
    assert!(app.demo_login().is_none());
    let (mut app, _) = demo();
    press(&mut app, KeyCode::Char('L'));
    let effects = press(&mut app, KeyCode::Enter);
    app.update(Message::LoggedIn(generation!(effects, Login), Err(Error::WrongLogin)));
    assert!(app.demo_login().is_none());
    // A slip says nothing about it.
    let (mut app, _) = demo();
    press(&mut app, KeyCode::Char('L'));
    type_text(&mut app, "x");
    let effects = press(&mut app, KeyCode::Enter);
    app.update(Message::LoggedIn(generation!(effects, Login), Err(Error::WrongLogin)));
    assert!(app.demo_login().is_some());
}
