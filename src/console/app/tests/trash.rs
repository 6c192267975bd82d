//! To the trash and back, purging, suspending: what is asked, and how each can end.

use super::*;
use crate::{
    org::InTrash,
    store::{Count, Cursor},
};

pub(super) fn trashed(number: u8, name: &str) -> Org {
    let (since, until) = (-2 * 86_400_000, 30 * 86_400_000);
    let (since, until) = (DateTime::from_millis(since), DateTime::from_millis(until));
    Org {
        state: OrgState::InTrash(InTrash { since, until, released: false }),
        revision: 2,
        ..org(number, name)
    }
}

pub(super) fn suspended(number: u8, name: &str) -> Org {
    Org { state: OrgState::Suspended, revision: 2, ..org(number, name) }
}

/// A console that shows a trash with these rows.
pub(super) fn in_trash(rows: Vec<Org>) -> App {
    let mut app = console(page(orgs(3), false, false));
    let effects = press(&mut app, KeyCode::Char('t'));
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(rows, false, false))));
    app
}

pub(super) fn question(app: &App) -> &Question {
    match app.layers.last() {
        Some(Layer::Question(question)) => question,
        other => panic!("no question on top but {other:?}"),
    }
}

/// Answers the operation under way.
pub(super) fn done(
    app: &mut App,
    (generation, action, org): (Generation, OrgAction, Org),
    result: tenancy::Result<Option<Org>>,
) -> Vec<Effect> {
    app.update(Message::Done(generation, action, Box::new(org), result))
}

/// The operation among these effects.
pub(super) fn begun(effects: &[Effect]) -> (Generation, OrgAction, Org) {
    let found = effects.iter().rev().find_map(|effect| match effect {
        Effect::Do(generation, action, org, ..) => {
            Some((*generation, *action, org.as_ref().clone()))
        }
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing is done in {effects:?}"))
}

pub(super) fn read_again(app: &mut App, effects: &[Effect], org: Org) -> Vec<Effect> {
    let held = Statistics { documents: 1, bytes: 1, indexes: 1 };
    app.update(Message::Detail(generation!(effects, LoadDetail), Ok(Some((org, held)))))
}

pub(super) fn notice(app: &App) -> &Notice {
    &app.notice.as_ref().expect("something is said").1
}

#[test]
fn an_organization_goes_to_the_trash_with_a_login_and_one_key_and_its_session_ends() {
    let mut app = console(page(orgs(3), false, false));
    log_in(&mut app, &org(0, "org000"));
    let effects = press(&mut app, KeyCode::Char('d'));
    generation!(effects, LoadDetail);
    app.update(Message::Authorized(generation!(effects, Authorize), Ok(())));
    type_text(&mut app, "jq");
    assert_eq!(question(&app).asks, [Field::Reason], "no name is typed, since it can be undone");
    let effects = press(&mut app, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Do(_, OrgAction::Trash, _, _, Some(_))]), "{effects:?}");
    let effects = done(&mut app, begun(&effects), Ok(Some(trashed(0, "org000"))));
    assert!(app.layers.is_empty() && app.session.is_none());
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Logout(_))));
    let generation = generation!(effects, LoadPage);
    assert_eq!(notice(&app).what, "moved “org000” to the trash until 1970-01-31");
    assert!(notice(&app).help.contains("R restores it"));
    app.update(Message::Page(generation, Ok(page(orgs(3)[1..].to_vec(), false, false))));
    assert_eq!(app.list.selected().map(|org| org.name.raw()), Some("org001"), "the neighbour");
}

#[test]
fn without_a_login_the_trash_asks_for_one_and_goes_on() {
    let mut app = console(page(orgs(3), false, false));
    let asked = generation!(press(&mut app, KeyCode::Char('d')), Authorize);
    let refusal = Refusal::NoSession("org000".into());
    app.update(Message::Authorized(asked, Err(refusal.into())));
    assert!(matches!(app.layers[..], [Layer::Question(_), Layer::Login(_)]));
    let session = session(&app, &org(0, "org000"));
    let login = generation!(control(&mut app, 's'), Login);
    let effects = app.update(Message::LoggedIn(login, Ok(session)));
    app.update(Message::Authorized(generation!(effects, Authorize), Ok(())));
    let (_, action, of) = begun(&control(&mut app, 's'));
    assert_eq!((action, of.name.raw()), (OrgAction::Trash, "org000"));
}

#[test]
fn a_login_nobody_can_have_is_not_asked_for() {
    let mut app = console(page(vec![suspended(0, "org000"), org(1, "org001")], false, false));
    log_in(&mut app, &org(1, "org001"));
    for key in ['d', 'D'] {
        let asked = generation!(press(&mut app, KeyCode::Char(key)), Authorize);
        let refusal = Refusal::Suspended("org000".into());
        app.update(Message::Authorized(asked, Err(refusal.into())));
        let said = question(&app).problem.as_ref().unwrap();
        assert!(said.what.contains("“org000” is suspended"), "{said:?}");
        assert_eq!(said.help, "reactivate it first");
        assert!(app.session.is_some(), "that of another organization stays");
        press(&mut app, KeyCode::Esc);
        assert!(app.layers.is_empty());
    }
    // Where it is the session's own organization, another login helps.
    press(&mut app, KeyCode::Char('G'));
    let asked = generation!(press(&mut app, KeyCode::Char('d')), Authorize);
    app.update(Message::Authorized(asked, Err(Refusal::Trashed("other".into()).into())));
    assert!(matches!(app.layers[..], [Layer::Question(_), Layer::Login(_)]));
    assert!(app.session.is_none());
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('g'));
    press(&mut app, KeyCode::Char('e'));
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, ".org");
    let generation = generation!(control(&mut app, 's'), Update);
    let refusal = Refusal::Suspended("org000".into());
    app.update(Message::Updated(generation, Err(refusal.into())));
    assert!(top_form(&app).problem.is_some());
    assert_eq!(top_form(&app).text(Field::Email), "org000@example.com.org", "nothing is lost");
}

#[test]
fn the_trash_is_a_list_of_its_own_and_is_left_as_it_was_entered() {
    let mut app = console(page(orgs(5), false, false));
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('j'));
    let effects = press(&mut app, KeyCode::Char('t'));
    let asked: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::LoadPage(_, query) => {
                Some((query.scope, query.sort.key, query.sort.descending))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        asked,
        [(ListScope::Trash, SortKey::Created, true)],
        "what was put there last first"
    );
    assert!(effects.iter().any(|e| matches!(e, Effect::Count(_, ListScope::Trash, None, _))));
    let rows = vec![trashed(7, "old"), trashed(8, "older")];
    let generation = generation!(effects, LoadPage);
    app.update(Message::Page(generation, Ok(page(rows, false, false))));
    assert_eq!(app.focus(), keymap::Place::Trash);
    for nothing in ['e', 'n', 'L', 's'] {
        assert!(press(&mut app, KeyCode::Char(nothing)).is_empty());
    }
    assert!(app.layers.is_empty(), "what is not offered does nothing");
    press(&mut app, KeyCode::Char('/'));
    let generation = generation!(type_text(&mut app, "old"), LoadPage);
    app.update(Message::Page(generation, Ok(page(vec![trashed(7, "old")], false, false))));
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    assert_eq!(
        (app.list.scope, app.list.search()),
        (ListScope::Trash, None),
        "first the filter goes"
    );
    let effects = press(&mut app, KeyCode::Esc);
    assert_eq!(app.list.scope, ListScope::Live);
    let generation = generation!(effects, LoadPage);
    app.update(Message::Page(generation, Ok(page(orgs(5), false, false))));
    assert_eq!(app.list.selected().map(|org| org.name.raw()), Some("org002"));
}

#[test]
fn a_late_page_of_the_other_scope_is_dropped() {
    let mut app = console(page(orgs(5), false, false));
    let late = generation!(press(&mut app, KeyCode::Char('r')), LoadPage);
    let effects = press(&mut app, KeyCode::Char('t'));
    assert!(effects.iter().any(|e| matches!(e, Effect::Cancel(old) if *old == late)));
    app.update(Message::Page(late, Ok(page(orgs(5), false, false))));
    assert!(app.list.rows.is_empty(), "no organization is shown as one in the trash");
}

#[test]
fn one_key_brings_it_back_and_it_is_selected_among_the_others() {
    let mut app = in_trash(vec![trashed(7, "old"), trashed(8, "older")]);
    let effects = press(&mut app, KeyCode::Char('R'));
    let (generation, action, of) = begun(&effects);
    assert_eq!((action, of.name.raw()), (OrgAction::Restore, "old"));
    assert!(app.next_tick().is_some(), "it is waited for");
    assert!(press(&mut app, KeyCode::Char('R')).is_empty(), "and not asked for twice");
    let back = Org { revision: 3, ..org(7, "old") };
    let effects = done(&mut app, (generation, action, of), Ok(Some(back.clone())));
    let Some(Effect::LoadPage(_, query)) =
        effects.iter().find(|effect| matches!(effect, Effect::LoadPage(..)))
    else {
        panic!("{effects:?}")
    };
    assert_eq!(query.scope, ListScope::Trash, "the trash is read again");
    assert_eq!(notice(&app).what, "restored “old”");
    assert!(app.at_once.is_none());
    let effects = press(&mut app, KeyCode::Char('t'));
    let mut rows = orgs(3);
    rows.push(back.clone());
    let generation = generation!(effects, LoadPage);
    app.update(Message::Page(generation, Ok(page(rows, false, false))));
    assert_eq!(app.list.selected(), Some(&back));
}

#[test]
fn what_came_back_is_shown_even_where_a_filter_or_a_long_list_hid_it() {
    let mut app = console(page(orgs(100), false, true));
    press(&mut app, KeyCode::Char('/'));
    let generation = generation!(type_text(&mut app, "org0"), LoadPage);
    app.update(Message::Page(generation, Ok(page(orgs(100), false, true))));
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Char('t'));
    let rows = page(vec![trashed(200, "zebra")], false, false);
    app.update(Message::Page(generation!(effects, LoadPage), Ok(rows)));
    let begun = begun(&press(&mut app, KeyCode::Char('R')));
    done(&mut app, begun, Ok(Some(org(200, "zebra"))));
    let effects = press(&mut app, KeyCode::Esc);
    let Some(Effect::LoadPage(_, query)) =
        effects.iter().find(|effect| matches!(effect, Effect::LoadPage(..)))
    else {
        panic!("{effects:?}")
    };
    assert_eq!((query.scope, query.search.as_deref()), (ListScope::Live, None));
    let PageAt::After(Cursor { id, .. }) = &query.at else { panic!("{query:?}") };
    assert!(*id < org(200, "zebra").id, "the page begins with it");
}

#[test]
fn a_name_given_away_meanwhile_opens_a_form_for_another_one() {
    let mut app = in_trash(vec![trashed(7, "old")]);
    let first = begun(&press(&mut app, KeyCode::Char('R')));
    let taken =
        |what| Error::Taken { what, wanted: "old".into(), by: Some("Old".into()), in_trash: false };
    done(&mut app, first, Err(taken(ClaimKind::Name)));
    assert_eq!(question(&app).fields[0].text(), "old");
    let said = question(&app).fields[0].problem.as_ref().unwrap();
    assert_eq!(said.what, "name “old” is taken by “Old”");
    type_text(&mut app, "er!");
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Do(_, OrgAction::Restore, _, given, _)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(given.name.as_deref(), Some("older!"));
    let second = begun(&effects);
    done(&mut app, second, Err(Invalid::NameCharacter('!').into()));
    assert_eq!(question(&app).fields[0].text(), "older!", "nothing typed is lost");
    press(&mut app, KeyCode::Backspace);
    let third = begun(&control(&mut app, 's'));
    done(&mut app, third, Ok(Some(org(7, "older"))));
    assert!(app.layers.is_empty());
    assert_eq!(notice(&app).what, "restored “old” as “older”");
}

#[test]
fn an_e_mail_given_away_meanwhile_is_said_since_another_name_would_not_help() {
    let mut app = in_trash(vec![trashed(7, "old")]);
    let begun = begun(&press(&mut app, KeyCode::Char('R')));
    let taken = Error::Taken {
        what: ClaimKind::Email,
        wanted: "old@example.com".into(),
        by: Some("new".into()),
        in_trash: false,
    };
    done(&mut app, begun, Err(taken));
    assert!(app.layers.is_empty());
    assert_eq!(notice(&app).what, "e-mail old@example.com is taken by an admin of “new”");
    assert_eq!(notice(&app).help, "give that admin another e-mail, then restore it");
}

#[test]
fn a_restoration_that_takes_long_can_be_left_and_reports_all_the_same() {
    let mut app = in_trash(vec![trashed(7, "old")]);
    let first = begun(&press(&mut app, KeyCode::Char('R')));
    later(&mut app, Duration::from_millis(100));
    let effects = press(&mut app, KeyCode::Esc);
    assert!(effects.is_empty(), "what writes goes on: {effects:?}");
    assert_eq!(app.list.scope, ListScope::Trash, "esc stopped waiting and nothing else");
    assert_eq!(app.next_tick(), None);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.list.scope, ListScope::Live);
    let effects = done(&mut app, first.clone(), Ok(Some(org(7, "old"))));
    assert_eq!(notice(&app).what, "restored “old”");
    let Some(Effect::LoadPage(_, query)) =
        effects.iter().find(|effect| matches!(effect, Effect::LoadPage(..)))
    else {
        panic!("{effects:?}")
    };
    assert_eq!(query.scope, ListScope::Live, "what is shown is read again");
    app.notice = None;
    assert!(done(&mut app, first, Ok(Some(org(7, "old")))).is_empty(), "once");
    assert!(app.notice.is_none());
}

#[test]
fn two_can_come_back_at_once_and_each_is_reported() {
    let mut app = in_trash(vec![trashed(7, "old"), trashed(8, "older")]);
    let first = begun(&press(&mut app, KeyCode::Char('R')));
    press(&mut app, KeyCode::Char('j'));
    let second = begun(&press(&mut app, KeyCode::Char('R')));
    assert_ne!(first.2.id, second.2.id);
    done(&mut app, first, Ok(Some(org(7, "old"))));
    assert_eq!(notice(&app).what, "restored “old”");
    assert!(app.at_once.is_some(), "the other is still waited for");
    done(&mut app, second, Ok(Some(org(8, "older"))));
    assert_eq!(notice(&app).what, "restored “older”");
}

#[test]
fn purging_wants_an_admin_it_had_and_its_name_and_empties_only_a_wrong_password() {
    for key in ['d', 'D'] {
        let mut app = in_trash(vec![trashed(7, "old"), trashed(8, "older")]);
        let effects = press(&mut app, KeyCode::Char(key));
        generation!(effects, LoadDetail);
        let asks = |e: &Effect| matches!(e, Effect::Authorize(_, OrgAction::Purge, ..));
        assert!(effects.iter().any(asks), "whether it can be done at all");
        assert_eq!(question(&app).focus, 2, "the e-mail is there already, and the reason optional");
        type_text(&mut app, "wrong");
        press(&mut app, KeyCode::Enter);
        type_text(&mut app, "old");
        let effects = press(&mut app, KeyCode::Enter);
        let [Effect::Do(_, OrgAction::Purge, _, given, _)] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert_eq!(given.email, "old@example.com");
        assert_eq!(given.password.reveal(), "wrong");
        assert_eq!(given.name.as_deref(), Some("old"));
        let first = begun(&effects);
        done(&mut app, first, Err(Error::WrongLogin));
        let texts: Vec<_> = question(&app).fields.iter().map(TextField::text).collect();
        assert_eq!(texts, ["", "old@example.com", "", "old"]);
        assert_eq!(question(&app).focus, 2);
        type_text(&mut app, "right");
        let second = begun(&control(&mut app, 's'));
        done(&mut app, second, Err(Error::NotConfirmed));
        assert_eq!((question(&app).focus, question(&app).fields[2].text()), (3, "right"));
        let third = begun(&press(&mut app, KeyCode::Enter));
        let effects = done(&mut app, third, Ok(None));
        assert!(app.layers.is_empty());
        assert_eq!(notice(&app).what, "purged “old”");
        let generation = generation!(effects, LoadPage);
        app.update(Message::Page(generation, Ok(page(vec![trashed(8, "older")], false, false))));
        assert_eq!(app.list.selected().map(|org| org.name.raw()), Some("older"));
    }
}

#[test]
fn purging_asks_for_the_code_of_a_second_factor_once_it_is_needed() {
    let mut app = in_trash(vec![trashed(7, "old")]);
    press(&mut app, KeyCode::Char('d'));
    type_text(&mut app, "violet");
    press(&mut app, KeyCode::Enter);
    type_text(&mut app, "old");
    let first = begun(&press(&mut app, KeyCode::Enter));
    done(&mut app, first, Err(Error::CodeRequired));
    let texts = |app: &App| -> Vec<String> {
        question(app).fields.iter().map(|field| field.text().to_owned()).collect()
    };
    assert_eq!(texts(&app), ["", "old@example.com", "violet", "", "old"]);
    assert_eq!(question(&app).asks[question(&app).focus], Field::Code);
    type_text(&mut app, "000000");
    let second = begun(&control(&mut app, 's'));
    done(&mut app, second, Err(Error::WrongAuthenticationCode));
    assert_eq!(texts(&app), ["", "old@example.com", "violet", "", "old"]);
    assert_eq!(question(&app).asks[question(&app).focus], Field::Code);
    type_text(&mut app, "123456");
    let effects = control(&mut app, 's');
    let [Effect::Do(_, OrgAction::Purge, _, given, _)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let code = given.code.as_ref().map(Secret::reveal);
    assert_eq!(
        (given.email.as_str(), given.password.reveal(), code),
        ("old@example.com", "violet", Some("123456"))
    );
    assert_eq!(given.name.as_deref(), Some("old"));
}

#[test]
fn suspending_asks_and_ends_only_its_own_session_and_reactivating_does_not_ask() {
    for (logged_in, stays) in [(0, false), (1, true)] {
        let mut app = console(page(orgs(3), false, false));
        log_in(&mut app, &orgs(3)[logged_in]);
        assert!(press(&mut app, KeyCode::Char('s')).is_empty(), "nothing happens unasked");
        let first = begun(&press(&mut app, KeyCode::Enter));
        done(&mut app, first, Ok(Some(suspended(0, "org000"))));
        assert!(app.layers.is_empty());
        assert_eq!(app.session.is_some(), stays);
        assert_eq!(app.list.selected().map(|org| org.state), Some(OrgState::Suspended));
        assert!(notice(&app).help.contains("press s to reactivate it"));
        let second = begun(&press(&mut app, KeyCode::Char('s')));
        assert_eq!((second.1, second.2.revision), (OrgAction::Reactivate, 2));
        done(&mut app, second, Ok(Some(Org { revision: 3, ..org(0, "org000") })));
        assert_eq!(app.list.selected().map(|org| org.state), Some(OrgState::Active));
        assert_eq!(app.session.is_some(), stays);
    }
}

#[test]
fn what_is_suspended_right_after_it_was_suspended_is_what_is_stored_now() {
    let mut app = console_sized(page(orgs(2), false, false), 120, 40);
    press(&mut app, KeyCode::Char('s'));
    let first = begun(&press(&mut app, KeyCode::Enter));
    let effects = done(&mut app, first, Ok(Some(suspended(0, "org000"))));
    generation!(effects, LoadDetail);
    assert_eq!(app.detail.org.as_ref().map(|org| org.revision), Some(2));
}

#[test]
fn where_only_reading_is_possible_all_of_it_is_refused_and_the_trash_can_be_looked_at() {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    app.update(Message::Resize(80, 24));
    let read_only = Some("read-only mode".to_owned());
    let connected = Connected { read_only, read_only_asked: true, ..connected() };
    let effects = app.update(Message::Connected(generation!(effects, Connect), Ok(connected)));
    let generation = generation!(effects, LoadPage);
    app.update(Message::Page(generation, Ok(page(orgs(3), false, false))));
    let refuses = |app: &mut App, keys: &[char]| {
        for key in keys {
            app.notice = None;
            assert!(press(app, KeyCode::Char(*key)).is_empty(), "{key}");
            assert!(app.layers.is_empty());
            assert_eq!(notice(app).what, "read-only mode");
        }
        app.notice = None;
    };
    refuses(&mut app, &['n', 'e', 'd', 'D', 's']);
    let effects = press(&mut app, KeyCode::Char('t'));
    let generation = generation!(effects, LoadPage);
    app.update(Message::Page(generation, Ok(page(vec![trashed(7, "old")], false, false))));
    refuses(&mut app, &['R', 'd', 'D']);
}

#[test]
fn what_is_made_while_the_trash_is_shown_is_selected_afterwards() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    let generation = generation!(control(&mut app, 's'), Create);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('t'));
    let effects = app.update(Message::Created(generation, Ok(org(9, "acme"))));
    assert!(
        matches!(&effects[..], [Effect::CatchUp(_)]),
        "the trash is none of its business: {effects:?}"
    );
    let effects = press(&mut app, KeyCode::Char('t'));
    let mut rows = orgs(3);
    rows.push(org(9, "acme"));
    let generation = generation!(effects, LoadPage);
    app.update(Message::Page(generation, Ok(page(rows, false, false))));
    assert_eq!(app.list.selected().map(|org| org.name.raw()), Some("acme"));
}

#[test]
fn how_many_there_are_is_not_said_from_before_a_change_that_was_made_under_a_filter() {
    let mut app = console(page(orgs(2), false, false));
    let generation = generation!(app.refresh(), Count);
    let six = Count { counted: 6, or_more: false, about: false };
    app.update(Message::Counted(generation, Ok(six)));
    assert_eq!(app.list.total, Some(six));
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "x");
    assert_eq!(app.list.total, Some(six), "nothing was changed");
    press(&mut app, KeyCode::Enter);
    app.refresh();
    assert_eq!(app.list.total, None);
}

#[test]
fn what_would_be_refused_whatever_is_answered_is_not_offered() {
    let mut app = console(page(vec![suspended(0, "org000"), org(1, "org001")], false, false));
    let asked = generation!(press(&mut app, KeyCode::Char('d')), Authorize);
    app.update(Message::Authorized(asked, Err(Refusal::Suspended("org000".into()).into())));
    assert!(app.is_refused());
    press(&mut app, KeyCode::Esc);
    // A database that does not answer may do so the next time.
    press(&mut app, KeyCode::Char('j'));
    let asked = generation!(press(&mut app, KeyCode::Char('d')), Authorize);
    let away = StoreError::Unreachable { address: "h".into(), problem: "gone".into() };
    app.update(Message::Authorized(asked, Err(away.into())));
    assert!(!app.is_refused());
}

#[test]
fn what_an_organization_holds_that_is_gone_is_asked_for_once() {
    let mut app = console(page(orgs(2), false, false));
    log_in(&mut app, &orgs(1)[0]);
    let effects = press(&mut app, KeyCode::Char('d'));
    let mut asked = generation!(effects, LoadDetail);
    for time in 0..2 {
        let effects = app.update(Message::Detail(asked, Ok(None)));
        assert!(app.is_refused());
        let again = effects.iter().find_map(|effect| match effect {
            Effect::LoadDetail(generation, _) => Some(*generation),
            _ => None,
        });
        match again {
            // What the list below looks at, once.
            Some(generation) if time == 0 => asked = generation,
            Some(_) => panic!("it is asked again: {effects:?}"),
            None => return,
        }
    }
}
