//! Why something is trashed, purged or transferred: typed or not, required or not, for one and for several.

use super::{
    admins::{among_admins, notice},
    operators::log_in_operator,
    *,
};
use crate::org::{OperatorRole, REASON_MOST};

/// A production profile that requires a reason.
fn requires(app: &mut App) {
    let Connection::Ready(connected) = &mut app.connection else { panic!() };
    connected.reason_required = true;
}

fn reason_of(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|effect| match effect {
        Effect::Do(_, _, _, given, _) => Some(given.reason.as_str()),
        Effect::Transfer(_, _, to, _) => Some(to.reason.as_str()),
        _ => None,
    })
}

fn question(app: &App) -> &Question {
    match app.layers.last() {
        Some(Layer::Question(question)) => question,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reason_is_typed_in_the_question_and_may_be_left_out() {
    for typed in ["", "ticket 4711"] {
        let mut app = console(page(orgs(2), false, false));
        log_in(&mut app, &org(0, "org000"));
        press(&mut app, KeyCode::Char('d'));
        type_text(&mut app, typed);
        let effects = press(&mut app, KeyCode::Enter);
        assert_eq!(reason_of(&effects), Some(typed), "{effects:?}");
    }
    // Where a name is to be typed, that is where one begins.
    let mut app = console(page(orgs(2), false, false));
    log_in(&mut app, &org(0, "org000"));
    press(&mut app, KeyCode::Char('D'));
    type_text(&mut app, "org000");
    press(&mut app, KeyCode::Up);
    type_text(&mut app, "a mistake");
    let effects = control(&mut app, 's');
    assert_eq!(reason_of(&effects), Some("a mistake"));
}

#[test]
fn where_it_is_required_the_question_cannot_be_confirmed_without() {
    let mut app = console(page(orgs(2), false, false));
    requires(&mut app);
    log_in(&mut app, &org(0, "org000"));
    press(&mut app, KeyCode::Char('D'));
    assert_eq!(question(&app).focus, 0, "it begins with the reason");
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, "org000");
    assert_eq!(reason_of(&press(&mut app, KeyCode::Enter)), None);
    let said = question(&app).fields[0].problem.as_ref().unwrap();
    assert_eq!(said.what, "this profile requires a reason for this");
    assert_eq!(said.help, "say why: in the reason field, or with --reason TEXT");
    assert_eq!((question(&app).focus, question(&app).fields[1].text()), (0, "org000"));
    type_text(&mut app, "ticket 4711");
    assert_eq!(reason_of(&control(&mut app, 's')), Some("ticket 4711"));

    let mut app = among_admins();
    requires(&mut app);
    log_in(&mut app, &org(0, "org000"));
    press(&mut app, KeyCode::Char('T'));
    type_text(&mut app, "zoe@example.com");
    assert!(control(&mut app, 's').is_empty());
    assert!(top_form(&app).fields[2].problem.is_some() && top_form(&app).focus == 2);
    type_text(&mut app, "sold");
    assert_eq!(reason_of(&control(&mut app, 's')), Some("sold"));
}

#[test]
fn one_that_is_too_long_says_the_limit_and_is_not_sent() {
    let mut app = console(page(orgs(2), false, false));
    log_in(&mut app, &org(0, "org000"));
    press(&mut app, KeyCode::Char('d'));
    app.update(Message::Paste("x".repeat(REASON_MOST + 1).as_str().into()));
    assert_eq!(reason_of(&press(&mut app, KeyCode::Enter)), None);
    let said = question(&app).fields[0].problem.as_ref().unwrap();
    assert_eq!(said.what, "the reason is too long: 201 of at most 200 characters");
    press(&mut app, KeyCode::Backspace);
    assert!(reason_of(&press(&mut app, KeyCode::Enter)).is_some());
}

#[test]
fn several_are_trashed_for_one_reason() {
    for required in [false, true] {
        let mut app = console(page(orgs(3), false, false));
        if required {
            requires(&mut app);
        }
        log_in_operator(&mut app, OperatorRole::Manager);
        press(&mut app, KeyCode::Char(' '));
        press(&mut app, KeyCode::Char(' '));
        press(&mut app, KeyCode::Char('d'));
        if required {
            press(&mut app, KeyCode::Tab);
            type_text(&mut app, "2");
            assert_eq!(reason_of(&press(&mut app, KeyCode::Enter)), None);
        } else {
            press(&mut app, KeyCode::Up);
        }
        type_text(&mut app, "test data");
        press(&mut app, KeyCode::Tab);
        if !required {
            type_text(&mut app, "2");
        }
        let effects = press(&mut app, KeyCode::Enter);
        assert_eq!(reason_of(&effects), Some("test data"), "{required} {effects:?}");
        let (generation, first) = match &effects[..] {
            [.., Effect::Do(generation, OrgAction::Trash, org, ..)] => (*generation, org.clone()),
            other => panic!("{other:?}"),
        };
        let done = Ok(Some(first.as_ref().clone()));
        let effects = app.update(Message::Done(generation, OrgAction::Trash, first, done));
        assert_eq!(reason_of(&effects), Some("test data"), "also for the next");
    }
}

#[test]
fn what_only_reads_or_comes_back_asks_for_none() {
    let mut app = console(page(orgs(2), false, false));
    requires(&mut app);
    press(&mut app, KeyCode::Char('s'));
    assert_eq!(question(&app).asks, []);
    let effects = press(&mut app, KeyCode::Enter);
    let generation = generation!(effects, Do);
    let now = Org { state: OrgState::Suspended, revision: 2, ..org(0, "org000") };
    let before = Box::new(org(0, "org000"));
    app.update(Message::Done(generation, OrgAction::Suspend, before, Ok(Some(now))));
    assert_eq!(notice(&app).what, "suspended “org000”");
}
