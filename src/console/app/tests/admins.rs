//! Admins are added, changed and removed: with a login, without one, refused, late, and left at any
//! moment.

use super::*;
use crate::org::StoredText;

/// An admin of the first organization.
pub(super) fn admin(number: u8, email: &str, role: Role) -> Admin {
    Admin {
        id: ObjectId::from_bytes([number; 12]),
        email: email.into(),
        password: PasswordHash::stored(String::new()),
        created_at: DateTime::from_millis(0),
        role,
        organization: None,
        reset: None,
        second_factor: None,
    }
}

/// The first organization's admins: the one its record names, another owner, and one more.
fn three() -> Vec<Admin> {
    vec![
        admin(0, "org000@example.com", Role::Owner),
        admin(50, "grace@example.com", Role::Owner),
        admin(51, "linus@example.com", Role::Admin),
    ]
}

/// A console that looks at them, the second of them selected.
pub(super) fn among_admins() -> App {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Right);
    app.update(Message::Admins(generation!(effects, LoadAdmins), Ok(three())));
    press(&mut app, KeyCode::Char('j'));
    app
}

/// The same, logged in as the first of them.
fn as_owner() -> App {
    let mut app = among_admins();
    log_in(&mut app, &org(0, "org000"));
    app
}

fn later_org() -> Org {
    Org { revision: 2, ..org(0, "org000") }
}

pub(super) fn notice(app: &App) -> &Notice {
    &app.notice.as_ref().unwrap_or_else(|| panic!("nothing said: {app:?}")).1
}

pub(super) fn shown_code(app: &App) -> Option<(&str, &str)> {
    match app.layers.last() {
        Some(Layer::Code(Code::OneTime { issued, .. })) => {
            Some((issued.email.raw(), issued.code.reveal()))
        }
        _ => None,
    }
}

fn no_session() -> Error {
    Refusal::NoSession("org000".into()).into()
}

#[test]
fn admins_are_read_when_their_tab_is_opened_and_again_after_r() {
    let mut app = console(page(orgs(2), false, false));
    let effects = press(&mut app, KeyCode::Enter);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::LoadAdmins(..))));
    let first = generation!(press(&mut app, KeyCode::Right), LoadAdmins);
    assert!(app.next_tick().is_some(), "the wait shows itself");
    let second = generation!(press(&mut app, KeyCode::Char('r')), LoadAdmins);
    app.update(Message::Admins(first, Ok(Vec::new())));
    assert!(app.detail.admins.is_none(), "the late answer is dropped");
    app.update(Message::Admins(second, Ok(three())));
    assert_eq!(app.detail.admin().map(|admin| admin.email.raw()), Some("org000@example.com"));
    for (key, selected) in [('G', 2), ('j', 2), ('k', 1), ('g', 0), ('k', 0)] {
        press(&mut app, KeyCode::Char(key));
        assert_eq!(app.detail.selected(), selected, "{key}");
    }
    press(&mut app, KeyCode::Char('G'));
    press(&mut app, KeyCode::Char('r'));
    assert!(press(&mut app, KeyCode::Char('x')).is_empty(), "nobody is selected yet");
    assert!(app.layers.is_empty());
}

#[test]
fn a_tab_that_is_left_waits_no_longer_and_the_next_one_reads_its_own() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    let admins = generation!(press(&mut app, KeyCode::Right), LoadAdmins);
    let effects = press(&mut app, KeyCode::Right);
    assert!(effects.iter().any(|e| matches!(e, Effect::Cancel(old) if *old == admins)));
    let documents = generation!(effects, LoadDocuments);
    app.update(Message::Admins(admins, Ok(three())));
    assert!(app.detail.admins.is_none());
    app.update(Message::Documents(documents, Ok(vec!["{".into()])));
    generation!(press(&mut app, KeyCode::Left), LoadAdmins);
    later(&mut app, Duration::from_millis(100));
    press(&mut app, KeyCode::Esc);
    assert!(app.detail.unreadable.is_some() && !app.detail.reading.is_waiting());
    let effects = press(&mut app, KeyCode::Right);
    assert!(effects.is_empty() && app.detail.unreadable.is_none(), "those were read: {effects:?}");
    generation!(press(&mut app, KeyCode::Left), LoadAdmins);
}

#[test]
fn admins_that_cannot_be_read_say_why_and_are_read_again_with_r() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    let generation = generation!(press(&mut app, KeyCode::Right), LoadAdmins);
    let gone = StoreError::Unreachable { address: "db1".into(), problem: "closed".into() };
    assert!(app.update(Message::Admins(generation, Err(gone.into()))).is_empty());
    assert!(app.detail.unreadable.as_ref().is_some_and(|said| said.what.contains("db1")));
    generation!(press(&mut app, KeyCode::Char('r')), LoadAdmins);
}

#[test]
fn an_admin_is_added_after_a_login_and_the_code_is_shown_until_it_is_left() {
    for leave in [KeyCode::Enter, KeyCode::Esc] {
        let mut app = among_admins();
        press(&mut app, KeyCode::Char('a'));
        type_text(&mut app, "eve@example.com");
        let effects = press(&mut app, KeyCode::Enter);
        assert!(
            matches!(&effects[..], [Effect::Check(_, Check::Email(email, None))] if email == "eve@example.com"),
            "an e-mail that another admin of it has is taken as well: {effects:?}"
        );
        type_text(&mut app, " no letters here");
        assert_eq!(top_form(&app).role(), Role::Owner, "four spaces, and one more");
        press(&mut app, KeyCode::Left);
        let effects = press(&mut app, KeyCode::Enter);
        let [Effect::AddAdmin(generation, org, email, Role::Admin, None)] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert_eq!((org.name.raw(), email.as_str()), ("org000", "eve@example.com"));
        app.update(Message::Added(*generation, "eve@example.com".into(), Err(no_session())));
        let Some(Layer::Login(login)) = app.layers.last() else { panic!("{:?}", app.layers) };
        assert_eq!(login.fields[0].text(), "org000@example.com", "the first owner is suggested");
        let login = generation!(control(&mut app, 's'), Login);
        let session = session(&app, &orgs(1)[0]);
        let effects = app.update(Message::LoggedIn(login, Ok(session)));
        let [Effect::AddAdmin(generation, .., Some(_))] = &effects[..] else {
            panic!("what was wanted goes on: {effects:?}")
        };
        let added = Ok((later_org(), issued_code("eve@example.com", "aaaaaa-bbbbbb")));
        let effects = app.update(Message::Added(*generation, "eve@example.com".into(), added));
        generation!(effects, LoadAdmins);
        assert_eq!(shown_code(&app), Some(("eve@example.com", "aaaaaa-bbbbbb")));
        assert!(app.notice.is_none() && !format!("{app:?}").contains("aaaaaa"));
        type_text(&mut app, "qxjd");
        assert!(shown_code(&app).is_some(), "nothing else takes it away");
        press(&mut app, leave);
        assert!(app.layers.is_empty());
        let mut four = three();
        four.push(admin(52, "eve@example.com", Role::Admin));
        app.update(Message::Admins(generation!(effects, LoadAdmins), Ok(four)));
        assert_eq!(app.detail.selected(), 3, "the new one is selected");
    }
}

#[test]
fn where_no_owner_is_left_one_key_and_no_login_add_one() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Enter);
    let generation = generation!(press(&mut app, KeyCode::Right), LoadAdmins);
    let admins = vec![admin(51, "linus@example.com", Role::Admin)];
    app.update(Message::Admins(generation, Ok(admins)));
    press(&mut app, KeyCode::Char('a'));
    type_text(&mut app, "eve@example.com");
    let effects = control(&mut app, 's');
    let [Effect::AddAdmin(generation, _, _, Role::Owner, None)] = &effects[..] else {
        panic!("{effects:?}")
    };
    // Another role cannot be the first one: that is said beside it, and no login is asked for.
    let refused = Err(Error::NoOwner("org000".into()));
    app.update(Message::Added(*generation, "eve@example.com".into(), refused));
    assert!(top_form(&app).fields[1].problem.is_some() && top_form(&app).focus == 1);
}

#[test]
fn an_admin_whose_e_mail_is_taken_is_refused_beside_it_and_nothing_typed_is_lost() {
    let mut app = as_owner();
    press(&mut app, KeyCode::Char('a'));
    type_text(&mut app, "linus@example.com");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char(' '));
    let generation = generation!(control(&mut app, 's'), AddAdmin);
    let taken = Error::Taken {
        what: ClaimKind::Email,
        wanted: "linus@example.com".into(),
        by: Some("org000".into()),
        in_trash: false,
    };
    app.update(Message::Added(generation, "linus@example.com".into(), Err(taken)));
    let form = top_form(&app);
    assert!(form.fields[0].problem.is_some() && form.focus == 0);
    assert_eq!((form.text(Field::Email), form.role()), ("linus@example.com", Role::Owner));
    // What another console changed meanwhile does not stand in the way.
    let generation = generation!(control(&mut app, 's'), AddAdmin);
    let changed = Err(Error::Changed("org000".into()));
    let effects = app.update(Message::Added(generation, "linus@example.com".into(), changed));
    let held = Statistics { documents: 1, bytes: 1, indexes: 1 };
    let detail = generation!(effects, LoadDetail);
    app.update(Message::Detail(detail, Ok(Some((later_org(), held)))));
    assert_eq!(top_form(&app).text(Field::Email), "linus@example.com");
    let effects = control(&mut app, 's');
    assert!(matches!(&effects[..], [Effect::AddAdmin(_, org, ..)] if org.revision == 2));
}

#[test]
fn whoever_stops_waiting_for_an_admin_sees_the_code_only_while_the_form_is_as_it_was() {
    for (more, left) in [("", false), ("x", false), ("", true)] {
        let mut app = as_owner();
        press(&mut app, KeyCode::Char('a'));
        type_text(&mut app, "eve@example.com");
        let generation = generation!(control(&mut app, 's'), AddAdmin);
        press(&mut app, KeyCode::Esc);
        type_text(&mut app, more);
        if left {
            press(&mut app, KeyCode::Esc);
        }
        let added = Ok((later_org(), issued_code("eve@example.com", "aaaaaa-bbbbbb")));
        app.update(Message::Added(generation, "eve@example.com".into(), added));
        let seen = more.is_empty() && !left;
        assert_eq!(shown_code(&app).is_some(), seen, "{more:?} {left}");
        if !seen {
            assert_eq!(notice(&app).what, "added eve@example.com to the admins of “org000”");
            assert!(notice(&app).help.contains("press c to issue another"));
            assert!(!format!("{app:?}").contains("aaaaaa"));
        }
    }
}

#[test]
fn an_admin_is_removed_after_a_question() {
    let mut app = as_owner();
    let last =
        Error::LastOwner { email: "grace@example.com".into(), organization: "org000".into() };
    let effects = press(&mut app, KeyCode::Char('x'));
    let [Effect::Authorize(asked, OrgAction::RemoveAdmin(_), _, Some(admin), Some(_))] =
        &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(admin.raw(), "grace@example.com");
    app.update(Message::Authorized(*asked, Err(last.clone())));
    let Some(Layer::Question(question)) = app.layers.last() else { panic!("{:?}", app.layers) };
    let said = question.problem.as_ref().map(|said| said.what.as_str());
    assert_eq!(
        said,
        Some("cannot remove or demote grace@example.com, the last owner of “org000”"),
        "before it is confirmed"
    );
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Do(generation, action, org, given, Some(_))] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*action, OrgAction::RemoveAdmin(three()[1].id));
    assert_eq!(given.email, "grace@example.com");
    app.update(Message::Done(*generation, *action, org.clone(), Err(last)));
    let Some(Layer::Question(question)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert!(question.problem.as_ref().is_some_and(|said| said.what.contains("the last owner")));
    let generation = generation!(press(&mut app, KeyCode::Enter), Do);
    let effects =
        app.update(Message::Done(generation, *action, org.clone(), Ok(Some(later_org()))));
    assert!(app.layers.is_empty());
    assert!(app.session.is_some(), "it was somebody else");
    assert_eq!(notice(&app).what, "removed grace@example.com from “org000”");
    generation!(effects, LoadAdmins);
    assert_eq!(app.chosen().map(|org| org.revision), Some(2));
}

#[test]
fn removing_whoever_is_logged_in_ends_their_session() {
    let mut app = as_owner();
    press(&mut app, KeyCode::Char('g'));
    press(&mut app, KeyCode::Char('d'));
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Do(generation, action, org, ..)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(
        *action,
        OrgAction::RemoveAdmin(three()[0].id),
        "d removes what is selected, here too"
    );
    let effects =
        app.update(Message::Done(*generation, *action, org.clone(), Ok(Some(later_org()))));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Logout(_))));
    assert!(app.session.is_none());
}

#[test]
fn a_removal_asks_for_the_login_of_an_owner_and_leaving_that_leaves_it() {
    let mut app = among_admins();
    let asked = generation!(press(&mut app, KeyCode::Char('x')), Authorize);
    app.update(Message::Authorized(asked, Err(no_session())));
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
    // One who is no owner stays logged in until an owner is.
    let mut app = as_owner();
    let asked = generation!(press(&mut app, KeyCode::Char('x')), Authorize);
    let refusal = Refusal::OwnersOnly("org000".into());
    app.update(Message::Authorized(asked, Err(refusal.into())));
    assert!(matches!(app.layers[..], [Layer::Question(_), Layer::Login(_)]));
    assert!(app.session.is_some());
    let login = generation!(control(&mut app, 's'), Login);
    let session = session(&app, &orgs(1)[0]);
    let effects = app.update(Message::LoggedIn(login, Ok(session)));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Logout(_))), "one at a time");
    generation!(effects, Authorize);
}

#[test]
fn a_removal_nobody_waits_for_still_reports_and_takes_no_other_question_along() {
    let mut app = as_owner();
    press(&mut app, KeyCode::Char('x'));
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Do(generation, action, org, ..)] = &effects[..] else { panic!("{effects:?}") };
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('x'));
    app.update(Message::Done(*generation, *action, org.clone(), Ok(Some(later_org()))));
    let [Layer::Question(question)] = &app.layers[..] else { panic!("{:?}", app.layers) };
    assert_eq!(question.admin.as_ref().map(StoredText::raw), Some("linus@example.com"));
    assert_eq!(question.org.revision, 2, "and that goes on from what is stored now");
    assert_eq!(notice(&app).what, "removed grace@example.com from “org000”");
}

#[test]
fn an_admin_is_changed_by_what_is_different_only() {
    let mut app = as_owner();
    press(&mut app, KeyCode::Char('e'));
    assert_eq!(top_form(&app).fields.len(), 2, "nobody chooses a password for somebody else");
    assert!(control(&mut app, 'g').is_empty(), "so none is made either");
    assert!(control(&mut app, 's').is_empty());
    assert_eq!(top_form(&app).problem.as_ref().unwrap().what, "no changes to save");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Right);
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::UpdateAdmin(generation, _, email, changes, Some(_))] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(email.raw(), "grace@example.com");
    assert_eq!((changes.role, &changes.email), (Some(Role::Admin), &None));
    assert!(changes.password.is_none());
    let last = Error::LastOwner { email: email.clone(), organization: "org000".into() };
    app.update(Message::Updated(*generation, Err(last)));
    assert!(top_form(&app).fields[1].problem.is_some(), "it is about the role");
    let generation = generation!(press(&mut app, KeyCode::Enter), UpdateAdmin);
    let effects = app.update(Message::Updated(generation, Ok(later_org())));
    assert_eq!(notice(&app).what, "updated grace@example.com");
    assert!(app.layers.is_empty() && app.session.is_some());
    generation!(effects, LoadAdmins);
}

#[test]
fn ones_own_password_is_changed_with_the_e_mail_and_ends_the_session() {
    let mut app = as_owner();
    press(&mut app, KeyCode::Char('g'));
    press(&mut app, KeyCode::Char('e'));
    control(&mut app, 'g');
    let effects = app.update(Message::Generated(Ok("walnut-harbor-58-lantern".into())));
    let [Effect::Check(_, Check::Password(NewPassword { name, email, .. })), Effect::Judge(..)] =
        &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((name.as_str(), email.as_str()), ("org000", "org000@example.com"));
    let effects = control(&mut app, 's');
    let [Effect::UpdateAdmin(generation, _, _, changes, Some(_))] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(changes.password.is_some() && changes.email.is_none() && changes.role.is_none());
    let effects = app.update(Message::Updated(*generation, Ok(later_org())));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Logout(_))));
    assert!(app.session.is_none());
    assert!(notice(&app).what.contains("log in again with the new password"));
}

#[test]
fn ones_own_e_mail_is_the_sessions_from_then_on() {
    let mut app = among_admins();
    let grace = Session::new(
        "token".into(),
        &three()[1],
        &org(0, "org000"),
        app.now + Duration::from_mins(30),
    );
    app.session = Some(grace);
    press(&mut app, KeyCode::Char('e'));
    control(&mut app, 'u');
    type_text(&mut app, "hopper@example.com");
    let generation = generation!(control(&mut app, 's'), UpdateAdmin);
    app.update(Message::Updated(generation, Ok(later_org())));
    let session = app.session.as_ref().unwrap();
    assert_eq!(session.account.email().raw(), "hopper@example.com");
}

#[test]
fn where_nothing_may_be_written_no_form_and_no_question_opens() {
    let mut app = among_admins();
    let Connection::Ready(connected) = &mut app.connection else { panic!() };
    connected.read_only = Some("read-only mode".into());
    for key in ['a', 'e', 'x', 'd', 'c', 'L'] {
        app.notice = None;
        assert!(press(&mut app, KeyCode::Char(key)).is_empty());
        assert!(app.layers.is_empty(), "{key}");
        assert_eq!(notice(&app).what, "read-only mode", "{key}");
    }
}

#[test]
fn what_someone_else_made_of_an_organization_is_read_again_in_its_tabs() {
    let mut app = among_admins();
    let held = Statistics { documents: 1, bytes: 1, indexes: 1 };
    let generation = app.load_detail(org(0, "org000").id);
    let detail = generation!(generation, LoadDetail);
    let effects = app.update(Message::Detail(detail, Ok(Some((later_org(), held)))));
    generation!(effects, LoadAdmins);
}

#[test]
fn whoever_is_asked_about_an_organization_sees_how_many_admins_go_along() {
    let mut app = console(page(orgs(2), false, false));
    let effects = press(&mut app, KeyCode::Char('d'));
    let (detail, counted) = (generation!(effects, LoadDetail), generation!(effects, LoadAdmins));
    app.update(Message::Admins(counted, Ok(three())));
    let of = |app: &App| match app.layers.last() {
        Some(Layer::Question(question)) => question.admins,
        other => panic!("{other:?}"),
    };
    assert_eq!(of(&app), Some(3));
    assert!(app.detail.admins.is_none(), "they are counted, not shown");
    // Somebody else has changed it: they are counted again.
    let held = Statistics { documents: 1, bytes: 1, indexes: 1 };
    let effects = app.update(Message::Detail(detail, Ok(Some((later_org(), held)))));
    let counted = generation!(effects, LoadAdmins);
    app.update(Message::Admins(counted, Ok(three()[1..].to_vec())));
    assert_eq!(of(&app), Some(2));
    // Whoever leaves it waits for nothing.
    let mut app = console(page(orgs(2), false, false));
    let counted = generation!(press(&mut app, KeyCode::Char('d')), LoadAdmins);
    let effects = press(&mut app, KeyCode::Esc);
    assert!(effects.iter().any(|e| matches!(e, Effect::Cancel(old) if *old == counted)));
}

#[test]
fn an_admin_who_is_no_owner_purges_nothing_and_is_told_so_in_the_question() {
    let mut app = console(page(orgs(2), false, false));
    app.layers.push(Layer::Question(Question::new(OrgAction::Purge, &org(0, "org000"))));
    let effects = control(&mut app, 's');
    let generation = generation!(effects, Do);
    let refused = Err(Refusal::OwnersOnly("org000".into()).into());
    app.update(Message::Done(generation, OrgAction::Purge, Box::new(org(0, "org000")), refused));
    let [Layer::Question(question)] = &app.layers[..] else { panic!("{:?}", app.layers) };
    assert_eq!(question.focus, 1);
    assert!(question.fields[1].problem.as_ref().is_some_and(|s| s.what.contains("only an owner")));
}

#[test]
fn an_owner_who_chooses_anothers_password_stays_logged_in_and_is_asked_for_that_ones_login() {
    let mut app = as_owner();
    app.pane = Pane::List;
    press(&mut app, KeyCode::Char('e'));
    press(&mut app, KeyCode::BackTab);
    type_text(&mut app, "walnut harbor 58 lantern");
    let generation = generation!(control(&mut app, 's'), Update);
    let refused = Refusal::OwnPassword("org000@example.com".into());
    app.update(Message::Updated(generation, Err(refused.into())));
    let [Layer::Form(_), Layer::Login(login)] = &app.layers[..] else { panic!("{:?}", app.layers) };
    assert_eq!(login.fields[0].text(), "org000@example.com");
    assert!(app.session.is_some());
}
