//! One-time codes: issued, shown once, and used in the login.

use super::{
    admins::{among_admins, notice, shown_code},
    *,
};

/// A question for a code, answered.
fn issued(app: &mut App) -> (Generation, OrgAction, Box<Org>) {
    assert!(press(app, KeyCode::Char('c')).is_empty(), "it needs no login");
    let effects = press(app, KeyCode::Enter);
    let [Effect::Do(generation, action @ OrgAction::IssueCode(_), org, given, _)] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(given.email, "grace@example.com");
    (*generation, *action, org.clone())
}

fn code() -> (Org, IssuedCode) {
    let issued = issued_code("grace@example.com", "aaaaaa-bbbbbb");
    (Org { revision: 2, ..org(0, "org000") }, issued)
}

fn coded(
    generation: Generation,
    action: OrgAction,
    org: Box<Org>,
    result: tenancy::Result<(Org, IssuedCode)>,
) -> Message {
    Message::Coded(generation, action, org, "grace@example.com".into(), result)
}

#[test]
fn a_code_is_shown_once_after_a_question() {
    let mut app = among_admins();
    let (generation, action, org) = issued(&mut app);
    let effects = app.update(coded(generation, action, org.clone(), Ok(code())));
    generation!(effects, LoadAdmins);
    assert_eq!(shown_code(&app), Some(("grace@example.com", "aaaaaa-bbbbbb")));
    assert!(app.notice.is_none(), "the code has all the room there is");
    assert!(!format!("{app:?}").contains("aaaaaa"));
    // The same answer once more shows nothing.
    press(&mut app, KeyCode::Enter);
    assert!(app.update(coded(generation, action, org, Ok(code()))).is_empty());
    assert!(app.layers.is_empty() && app.notice.is_none());
}

/// A code that is shown, where codes can be mailed or cannot.
fn shown(mails: bool) -> App {
    let mut app = among_admins();
    let Connection::Ready(connected) = &mut app.connection else { panic!("not connected") };
    connected.mails = mails;
    let (generation, action, org) = issued(&mut app);
    app.update(coded(generation, action, org, Ok(code())));
    app
}

#[test]
fn a_code_is_mailed_where_mail_is_set_up_and_stays_on_the_screen() {
    let mut app = shown(false);
    assert!(press(&mut app, KeyCode::Char('s')).is_empty());
    for sent in [true, false] {
        let mut app = shown(true);
        let effects = press(&mut app, KeyCode::Char('s'));
        let [Effect::MailCode(at, org, IssuedCode { email, code: mailed, .. }, _)] = &effects[..]
        else {
            panic!("{effects:?}")
        };
        assert_eq!((email.raw(), mailed.reveal()), ("grace@example.com", "aaaaaa-bbbbbb"));
        assert_eq!(org.id, code().0.id);
        assert!(!format!("{effects:?}").contains("aaaaaa"));
        assert!(press(&mut app, KeyCode::Char('s')).is_empty(), "once is enough");
        let result = if sent { Ok(()) } else { Err(Error::NoMail) };
        app.update(Message::Mailed(*at, email.clone(), result));
        let said = &notice(&app).what;
        assert_eq!(said == "mailed the one-time code to grace@example.com", sent, "{said}");
        assert_eq!(said.contains("mail is not set up"), !sent, "{said}");
        assert_eq!(shown_code(&app), Some(("grace@example.com", "aaaaaa-bbbbbb")));
        // It can be tried again.
        generation!(press(&mut app, KeyCode::Char('s')), MailCode);
    }
}

#[test]
fn leaving_while_a_code_is_mailed_leaves_the_code_on_the_screen() {
    let mut app = shown(true);
    let mailing = generation!(press(&mut app, KeyCode::Char('s')), MailCode);
    assert!(press(&mut app, KeyCode::Esc).is_empty(), "the mail goes on");
    assert_eq!(shown_code(&app), Some(("grace@example.com", "aaaaaa-bbbbbb")));
    assert!(notice(&app).help.contains("the code stays"), "{:?}", notice(&app));
    app.update(Message::Mailed(mailing, "grace@example.com".into(), Ok(())));
    assert_eq!(notice(&app).what, "mailed the one-time code to grace@example.com");
    assert!(app.abandoned.is_empty());
    press(&mut app, KeyCode::Esc);
    assert_eq!(shown_code(&app), None);
}

#[test]
fn a_code_that_is_refused_says_why_in_its_question() {
    let mut app = among_admins();
    let (generation, action, org) = issued(&mut app);
    let gone = Error::NoSuchAdmin { email: "grace@example.com".into(), organization: "x".into() };
    app.update(coded(generation, action, org.clone(), Err(gone)));
    let Some(Layer::Question(question)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert!(question.problem.as_ref().is_some_and(|said| said.what.contains("has no admin")));
    let generation = generation!(press(&mut app, KeyCode::Enter), Do);
    let changed = Err(Error::Changed("org000".into()));
    let effects = app.update(coded(generation, action, org.clone(), changed));
    generation!(effects, LoadDetail);
    let generation = generation!(press(&mut app, KeyCode::Enter), Do);
    let effects = app.update(coded(generation, action, org, Err(Error::Gone("org000".into()))));
    assert!(app.layers.is_empty());
    generation!(effects, LoadPage);
}

#[test]
fn a_code_that_comes_late_is_shown_only_where_its_question_is_still_open() {
    for left in [false, true] {
        let mut app = among_admins();
        let (generation, action, org) = issued(&mut app);
        let effects = press(&mut app, KeyCode::Esc);
        assert!(matches!(effects[..], [Effect::Cancel(_)]), "it goes on: {effects:?}");
        if left {
            press(&mut app, KeyCode::Esc);
        }
        app.update(coded(generation, action, org, Ok(code())));
        assert_eq!(shown_code(&app).is_some(), !left);
        if left {
            assert_eq!(notice(&app).what, "issued a one-time code for grace@example.com");
            assert!(notice(&app).help.contains("press c to issue another"));
        }
        assert!(!format!("{app:?}").contains("aaaaaa"));
    }
}

#[test]
fn a_late_code_is_not_shown_for_a_question_that_was_asked_anew() {
    let mut app = among_admins();
    let (generation, action, org) = issued(&mut app);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('c'));
    let second = generation!(press(&mut app, KeyCode::Enter), Do);
    app.update(coded(generation, action, org.clone(), Ok(code())));
    assert_eq!(shown_code(&app), None, "the second one makes the first worthless");
    let newer = Ok((
        Org { revision: 3, ..super::org(0, "org000") },
        issued_code("grace@example.com", "cccccc-dddddd"),
    ));
    app.update(coded(second, action, org, newer));
    assert_eq!(shown_code(&app), Some(("grace@example.com", "cccccc-dddddd")));
}

/// The login, wanted for a removal, with the form for a code above it.
fn using_a_code() -> App {
    let mut app = among_admins();
    let asked = generation!(press(&mut app, KeyCode::Char('x')), Authorize);
    app.update(Message::Authorized(asked, Err(Refusal::NoSession("org000".into()).into())));
    type_text(&mut app, "forgotten");
    control(&mut app, 'o');
    app
}

/// Fills in the form and submits it.
fn redeemed(app: &mut App) -> Generation {
    type_text(app, "AAAAAA bbbbbb");
    press(app, KeyCode::Tab);
    type_text(app, "walnut harbor 58 lantern");
    let effects = press(app, KeyCode::Enter);
    let [Effect::Redeem(generation, email, code, password)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(email, "org000@example.com");
    assert_eq!((code.reveal(), password.reveal()), ("AAAAAA bbbbbb", "walnut harbor 58 lantern"));
    *generation
}

#[test]
fn a_code_is_used_in_the_login_and_what_wanted_that_still_waits() {
    let mut app = using_a_code();
    let generation = redeemed(&mut app);
    let later = Org { revision: 2, ..org(0, "org000") };
    app.update(Message::Redeemed(generation, "org000@example.com".into(), Ok(later)));
    let [Layer::Question(question), Layer::Login(login)] = &app.layers[..] else {
        panic!("{:?}", app.layers)
    };
    assert_eq!(question.org.revision, 2, "it asks about what is stored now");
    assert_eq!((login.fields[0].text(), login.fields[1].text()), ("org000@example.com", ""));
    assert_eq!(login.focus, 1);
    assert_eq!(notice(&app).what, "set a new password for org000@example.com; log in with it");
    type_text(&mut app, "walnut harbor 58 lantern");
    let login = generation!(press(&mut app, KeyCode::Enter), Login);
    let session = session(&app, &orgs(1)[0]);
    let effects = app.update(Message::LoggedIn(login, Ok(session)));
    generation!(effects, Authorize);
}

#[test]
fn a_refused_code_or_password_stands_at_its_field_and_nothing_typed_is_lost() {
    let mut app = using_a_code();
    let generation = redeemed(&mut app);
    let email = || "org000@example.com".into();
    app.update(Message::Redeemed(generation, email(), Err(Error::WrongCode)));
    let form = top_form(&app);
    assert!(form.fields[1].problem.is_some() && form.focus == 1);
    let generation = generation!(control(&mut app, 's'), Redeem);
    let short = Error::Invalid(Invalid::Password(vec![PasswordFault::Guessable]));
    app.update(Message::Redeemed(generation, email(), Err(short)));
    let form = top_form(&app);
    assert!(form.fields[2].problem.is_some() && form.focus == 2);
    let generation = generation!(control(&mut app, 's'), Redeem);
    let closed = Error::from(Refusal::Suspended("org000".into()));
    app.update(Message::Redeemed(generation, email(), Err(closed)));
    let form = top_form(&app);
    assert!(form.problem.as_ref().is_some_and(|said| said.what.contains("suspended")));
    let typed: Vec<_> = form.fields.iter().map(TextField::text).collect();
    assert_eq!(typed, ["org000@example.com", "AAAAAA bbbbbb", "walnut harbor 58 lantern"]);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    let Some(Layer::Login(login)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert_eq!(login.fields[1].text(), "forgotten", "the login is as it was left");
}

#[test]
fn a_code_whose_use_nobody_waits_for_reports_all_the_same() {
    let mut app = using_a_code();
    let generation = redeemed(&mut app);
    press(&mut app, KeyCode::Esc);
    assert!(top_form(&app).problem.is_some());
    for _ in 0..2 {
        press(&mut app, KeyCode::Esc);
    }
    assert!(app.layers.is_empty());
    let message = Message::Redeemed(generation, "org000@example.com".into(), Ok(org(0, "org000")));
    app.update(message);
    assert!(notice(&app).what.contains("set a new password"));
}

#[test]
fn a_new_password_ends_the_session_that_was_opened_with_the_old_one() {
    let mut app = among_admins();
    log_in(&mut app, &org(0, "org000"));
    app.layers.push(Layer::Login(Login::new("ORG000@example.com", None)));
    control(&mut app, 'o');
    let generation = generation!(control(&mut app, 's'), Redeem);
    let message = Message::Redeemed(generation, "ORG000@example.com".into(), Ok(org(0, "org000")));
    let effects = app.update(message);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Logout(_))));
    assert!(app.session.is_none());
}

#[test]
fn a_password_for_a_code_is_made_checked_and_shown_like_any_other() {
    let mut app = using_a_code();
    assert!(matches!(control(&mut app, 'g')[..], [Effect::Generate { .. }]));
    let effects = app.update(Message::Generated(Ok("abcde-fghjk".into())));
    let [Effect::Check(generation, Check::Password(NewPassword { email, .. })), Effect::Judge(..)] =
        &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(email, "org000@example.com");
    assert!(top_form(&app).fields[2].revealed);
    let short =
        Error::Invalid(Invalid::Password(vec![PasswordFault::TooShort { is: 11, least: 15 }]));
    app.update(Message::Checked(*generation, Field::Password, Err(short)));
    assert!(top_form(&app).fields[2].problem.is_some());
    press(&mut app, KeyCode::BackTab);
    control(&mut app, 'r');
    assert!(top_form(&app).fields[1].revealed, "the one that is typed in is shown");
}

#[test]
fn a_code_cannot_be_used_where_nothing_may_be_written() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('L'));
    let Connection::Ready(connected) = &mut app.connection else { panic!() };
    connected.read_only = Some("records in it clash".into());
    control(&mut app, 'o');
    let Some(Layer::Login(login)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert!(login.problem.as_ref().is_some_and(|said| said.what.contains("clash")));
}

#[test]
fn a_code_that_was_not_typed_is_said_at_its_field() {
    let mut app = using_a_code();
    let generation = redeemed(&mut app);
    let empty = Err(Invalid::CodeEmpty.into());
    app.update(Message::Redeemed(generation, "org000@example.com".into(), empty));
    let form = top_form(&app);
    let at = form.at(Asked::Code).unwrap();
    assert_eq!((form.focus, form.fields[at].problem.is_some()), (at, true));
}
