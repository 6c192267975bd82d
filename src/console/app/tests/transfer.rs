//! An organization is transferred: to an admin of it or to a new one, with a login, without one, refused, and left.

use super::{
    admins::{admin, among_admins, notice, shown_code},
    *,
};

/// A console logged in as the first of three admins, the form open for the one that is selected.
fn transferring(down: usize) -> App {
    let mut app = among_admins();
    log_in(&mut app, &org(0, "org000"));
    for _ in 0..down {
        press(&mut app, KeyCode::Char('j'));
    }
    assert!(press(&mut app, KeyCode::Char('T')).is_empty());
    app
}

fn to(effects: &[Effect]) -> (Generation, &str, bool) {
    let [Effect::Transfer(generation, org, NewOwner { email, removes, .. }, _)] = effects else {
        panic!("{effects:?}")
    };
    assert_eq!(org.name.raw(), "org000");
    (*generation, email, *removes)
}

fn of(email: &str) -> Org {
    Org { revision: 2, admin_email: email.into(), ..org(0, "org000") }
}

#[test]
fn an_owner_transfers_it_to_someone_new_who_gets_a_code() {
    let mut app = transferring(0);
    assert_eq!(top_form(&app).text(Field::Email), "", "an owner is not suggested");
    type_text(&mut app, "zoe@example.com");
    let effects = press(&mut app, KeyCode::Enter);
    assert!(
        matches!(&effects[..], [Effect::Check(_, Check::Email(email, Some(_)))] if email == "zoe@example.com"),
        "an admin of it may have the e-mail: {effects:?}"
    );
    press(&mut app, KeyCode::Enter);
    type_text(&mut app, "ticket 4711");
    let effects = press(&mut app, KeyCode::Enter);
    let (generation, email, removes) = to(&effects);
    assert_eq!((email, removes), ("zoe@example.com", false));
    assert!(matches!(&effects[0], Effect::Transfer(_, _, to, _) if to.reason == "ticket 4711"));
    let done = Ok((of("zoe@example.com"), Some(issued_code("zoe@example.com", "aaaaaa-bbbbbb"))));
    let effects = app.update(Message::Transferred(generation, "zoe@example.com".into(), done));
    assert_eq!(shown_code(&app), Some(("zoe@example.com", "aaaaaa-bbbbbb")));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Logout(_))));
    assert!(app.session.is_none(), "the owner before is logged out");
    generation!(effects, LoadAdmins);
    assert!(!format!("{app:?}").contains("aaaaaa"));
}

#[test]
fn an_admin_of_it_is_suggested_and_needs_no_code() {
    let mut app = transferring(1);
    assert_eq!(top_form(&app).text(Field::Email), "linus@example.com");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char(' '));
    let effects = control(&mut app, 's');
    let (generation, email, removes) = to(&effects);
    assert_eq!((email, removes), ("linus@example.com", true));
    let done = Ok((of("linus@example.com"), None));
    let effects = app.update(Message::Transferred(generation, "linus@example.com".into(), done));
    assert!(app.layers.is_empty());
    assert_eq!(notice(&app).what, "transferred “org000” to linus@example.com");
    let loaded = generation!(effects, LoadAdmins);
    app.update(Message::Admins(loaded, Ok(vec![admin(51, "linus@example.com", Role::Owner)])));
    assert_eq!(app.detail.selected(), 0, "the owner is selected");
    assert_eq!(app.chosen().map(|org| org.admin_email.raw()), Some("linus@example.com"));
}

#[test]
fn a_transfer_without_a_login_asks_for_one_and_goes_on() {
    let mut app = among_admins();
    press(&mut app, KeyCode::Char('T'));
    type_text(&mut app, "zoe@example.com");
    let effects = control(&mut app, 's');
    let (generation, ..) = to(&effects);
    let refusal = Refusal::NoSession("org000".into());
    app.update(Message::Transferred(generation, "zoe@example.com".into(), Err(refusal.into())));
    assert!(matches!(app.layers[..], [Layer::Form(_), Layer::Login(_)]), "{:?}", app.layers);
    let login = generation!(control(&mut app, 's'), Login);
    let session = session(&app, &orgs(1)[0]);
    let effects = app.update(Message::LoggedIn(login, Ok(session)));
    assert_eq!(to(&effects).1, "zoe@example.com");
}

#[test]
fn a_transfer_that_is_refused_says_so_beside_the_e_mail_and_keeps_what_was_typed() {
    let mut app = transferring(0);
    type_text(&mut app, "org000@example.com");
    let effects = control(&mut app, 's');
    let (generation, ..) = to(&effects);
    let only =
        Error::OnlyOwner { email: "org000@example.com".into(), organization: "org000".into() };
    app.update(Message::Transferred(generation, "org000@example.com".into(), Err(only)));
    let form = top_form(&app);
    let said = form.fields[0].problem.as_ref().map(|said| said.what.as_str());
    assert_eq!(said, Some("org000@example.com is the only owner of “org000” already"));
    assert_eq!((form.focus, form.text(Field::Email)), (0, "org000@example.com"));
}

#[test]
fn a_code_that_arrives_after_the_form_was_left_is_not_shown() {
    let mut app = transferring(0);
    type_text(&mut app, "zoe@example.com");
    let effects = control(&mut app, 's');
    let (generation, ..) = to(&effects);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    let done = Ok((of("zoe@example.com"), Some(issued_code("zoe@example.com", "aaaaaa-bbbbbb"))));
    app.update(Message::Transferred(generation, "zoe@example.com".into(), done));
    assert_eq!(shown_code(&app), None);
    assert_eq!(notice(&app).what, "transferred “org000” to zoe@example.com");
    assert!(notice(&app).help.contains("press c to issue another"));
    assert!(app.session.is_none() && !format!("{app:?}").contains("aaaaaa"));
}

#[test]
fn one_without_any_admin_is_transferred_from_its_empty_tab() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Right);
    app.update(Message::Admins(generation!(effects, LoadAdmins), Ok(Vec::new())));
    press(&mut app, KeyCode::Char('T'));
    type_text(&mut app, "zoe@example.com");
    assert_eq!(to(&control(&mut app, 's')).1, "zoe@example.com");
}
