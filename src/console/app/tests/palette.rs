//! The help is searched, and what is found is done.

use super::*;
use crate::{config::Profile, keymap::Keymap};

fn help(app: &App) -> &Help {
    match app.layers.last() {
        Some(Layer::Help(help)) => help,
        other => panic!("no help on top but {other:?}"),
    }
}

fn names(app: &App) -> Vec<String> {
    app.found(help(app)).iter().map(Choice::name).collect()
}

#[test]
fn a_few_letters_of_a_command_find_it_and_enter_does_it() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char(':'));
    for (typed, found) in [
        ("new", "new"),
        ("susp", "suspend"),
        ("ptab", "previous-tab"),
        ("next tab", "next-tab"),
        ("QUIT", "quit"),
        ("trash", "trash"),
        ("shtr", "show-trash"),
        // Keys are told apart by their case.
        ("o", "sort"),
        ("O", "reverse"),
        ("D", "purge-now"),
    ] {
        control(&mut app, 'u');
        type_text(&mut app, typed);
        assert_eq!(names(&app)[0], found, "{typed}");
    }
    control(&mut app, 'u');
    type_text(&mut app, "new");
    press(&mut app, KeyCode::Enter);
    assert!(matches!(top_form(&app).purpose, Purpose::Create));
}

#[test]
fn what_is_said_of_a_command_finds_it_too_after_those_that_are_called_so() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "password");
    assert_eq!(names(&app)[0], "edit");
}

#[test]
fn nothing_found_is_nothing_done() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "xyzzy");
    assert!(names(&app).is_empty());
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert_eq!(help(&app).search.text(), "xyzzy");
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
}

#[test]
fn what_was_done_last_stands_first_the_next_time() {
    let mut app = console(page(orgs(3), false, false));
    for typed in ["reverse", "sort", "reverse"] {
        press(&mut app, KeyCode::Char(':'));
        type_text(&mut app, typed);
        press(&mut app, KeyCode::Enter);
    }
    press(&mut app, KeyCode::Char(':'));
    assert_eq!(names(&app)[..2], ["reverse", "sort"]);
    // The help to be read has its own order.
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('?'));
    assert_eq!(names(&app)[0], "new");
}

#[test]
fn the_help_is_gone_through_searched_and_left() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('?'));
    press(&mut app, KeyCode::Char('j'));
    assert_eq!(help(&app).selected, 1);
    press(&mut app, KeyCode::Char('G'));
    let last = names(&app).len() - 1;
    assert_eq!(help(&app).selected, last);
    let rows = app.areas().unwrap().help_rows();
    assert_eq!(help(&app).scroll, app.help_lines(help(&app)).len() - rows);
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "purge");
    // What works elsewhere stands last, and is not done.
    assert_eq!(names(&app), ["purge-now", "purge"]);
    press(&mut app, KeyCode::Up);
    type_text(&mut app, "x");
    press(&mut app, KeyCode::Backspace);
    press(&mut app, KeyCode::Down);
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert_eq!(
        app.notice,
        Some((
            Severity::Warning,
            Notice {
                what: "“purge” does not work in the list".to_owned(),
                help: "it works in the trash".to_owned()
            }
        ))
    );
    control(&mut app, 'u');
    type_text(&mut app, "q");
    assert_eq!(names(&app)[0], "quit", "a key finds its command");
    assert!(matches!(press(&mut app, KeyCode::Enter)[..], [Effect::Quit]));
}

#[test]
fn a_command_is_run_at_once_only_where_it_is_clearly_meant() {
    for (typed, clear) in [
        ("suspend", true),
        ("susp", true),
        ("shtr", true),
        ("q", true),
        // Several begin like this, or one has the letters here and there.
        ("re", false),
        ("spnd", false),
        ("purge", false),
        ("", false),
    ] {
        let mut app = console(page(orgs(3), false, false));
        press(&mut app, KeyCode::Char(':'));
        type_text(&mut app, typed);
        press(&mut app, KeyCode::Enter);
        let stays = matches!(app.layers.last(), Some(Layer::Help(_)));
        assert_eq!(!stays, clear, "{typed}");
        if stays {
            let (_, said) = app.notice.clone().unwrap();
            assert!(said.help.contains("again to run"), "{said:?}");
            press(&mut app, KeyCode::Enter);
            assert!(!matches!(app.layers.last(), Some(Layer::Help(_))), "{typed}");
        }
    }
    // What was moved to is meant.
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "re");
    press(&mut app, KeyCode::Down);
    let second = names(&app)[1].clone();
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.recent.last(), Some(&second));
}

#[test]
fn no_letters_here_and_there_in_a_description_find_a_command() {
    let mut app = console(page(orgs(3), false, false));
    app.mouse = true;
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "theme");
    assert!(names(&app).is_empty(), "{:?}", names(&app));
    press(&mut app, KeyCode::Enter);
    assert!(app.mouse);
}

#[test]
fn a_paste_is_searched_for_and_does_nothing() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char(':'));
    app.update(Message::Paste("new\n".into()));
    assert_eq!((help(&app).search.text(), names(&app)[0].as_str()), ("new", "new"));
}

#[test]
fn in_a_form_f1_shows_its_keys_and_what_was_typed_stays() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    press(&mut app, KeyCode::F(1));
    assert_eq!(help(&app).about, keymap::Place::Form);
    assert!(names(&app).contains(&"generate".to_owned()));
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "next-field");
    press(&mut app, KeyCode::Enter);
    assert_eq!((top_form(&app).text(Field::Name), top_form(&app).focus), ("acme", 1));
}

#[test]
fn a_command_without_keys_is_found_and_other_keys_work() {
    let mut app = console(page(orgs(3), false, false));
    let choices = [("new".to_owned(), vec![]), ("palette".to_owned(), vec!["^p".parse().unwrap()])];
    app.keymap = Keymap::with(&choices).unwrap();
    press(&mut app, KeyCode::Char('n'));
    assert!(app.layers.is_empty());
    control(&mut app, 'p');
    type_text(&mut app, "new");
    press(&mut app, KeyCode::Enter);
    assert!(matches!(top_form(&app).purpose, Purpose::Create));
}

#[test]
fn without_a_database_the_palette_connects_again() {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    app.update(Message::Resize(80, 24));
    app.update(Message::Connected(generation!(effects, Connect), Err(Error::OneAtATime)));
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "retry");
    let effects = press(&mut app, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Connect(_)]), "{effects:?}");
}

#[test]
fn a_palette_that_was_opened_too_early_shows_what_can_be_done_once_the_database_is_open() {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    app.update(Message::Resize(80, 24));
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "s");
    // One letter is the beginning of too much to leave the console for.
    assert_eq!(names(&app)[0], "shell");
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    let effects = app.update(Message::Connected(generation!(effects, Connect), Ok(connected())));
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(3), false, false))));
    assert_eq!((help(&app).about, help(&app).moved), (keymap::Place::List, false));
    assert_eq!(names(&app)[0], "suspend");
}

#[test]
fn all_that_was_said_is_in_the_log_which_marks_it_as_read() {
    let mut app = console(page(orgs(3), false, false));
    app.update(Message::Paste("x".into()));
    app.say(Severity::Alert, Notice::plain("it went wrong meanwhile"));
    press(&mut app, KeyCode::Char('M'));
    assert!(matches!(app.layers.last(), Some(Layer::Log(0))));
    assert_eq!((app.unread.len(), app.notice.is_none()), (0, true));
    let said: Vec<_> = app.messages.iter().map(|entry| entry.said.what.as_str()).collect();
    assert_eq!(said[1], "it went wrong meanwhile");
    press(&mut app, KeyCode::Char('M'));
    assert!(app.layers.is_empty());
}

#[test]
fn the_log_keeps_the_newest_and_counts_all() {
    let mut app = console(page(orgs(3), false, false));
    for number in 0..1000 {
        app.say(Severity::Success, Notice::plain(format!("{number}")));
    }
    assert_eq!((app.messages.count(), app.messages.iter().count()), (1000, 500));
    let new: Vec<_> = app.messages.after(998).map(|entry| entry.said.what.as_str()).collect();
    assert_eq!(new, ["998", "999"]);
    assert_eq!(app.messages.after(1000).count(), 0);
}

#[test]
fn what_nobody_asked_for_stays_until_it_was_read_three_at_a_time() {
    let mut app = console(page(orgs(3), false, false));
    for number in 0..5 {
        app.say(Severity::Alert, Notice::plain(format!("failure {number}")));
    }
    press(&mut app, KeyCode::Char('j'));
    app.update(Message::Paste("x".into()));
    assert_eq!(app.unread.len(), 5);
    // Three, the word that there are more, and what is said now.
    assert_eq!(app.areas().unwrap().notice.height, 5);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.unread, [Notice::plain("failure 3"), Notice::plain("failure 4")]);
    press(&mut app, KeyCode::Esc);
    assert!(app.unread.is_empty());
    app.say(Severity::Alert, Notice::plain("again"));
    app.say(Severity::Alert, Notice::plain("again"));
    assert_eq!(app.unread.len(), 1, "the same is said once");
}

pub(super) fn profile(name: &str, production: bool) -> Profile {
    Profile { name: name.to_owned(), color: None, production, place: place() }
}

#[test]
fn another_profile_is_gone_to_with_nothing_of_the_one_before() {
    let mut app = console(page(orgs(3), false, false));
    app.profiles = vec![profile("staging", false), profile("prod", true)];
    app.profile = Some(profile("staging", false));
    log_in(&mut app, &org(0, "org000"));
    let late = press(&mut app, KeyCode::Char('r'));
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "profile");
    assert_eq!(names(&app), ["profile prod"], "not the one that is open");
    let effects = press(&mut app, KeyCode::Enter);
    assert!(matches!(effects[0], Effect::Logout(_)));
    let generation = generation!(effects, Switch);
    assert!(app.list.rows.is_empty() && app.session.is_none() && app.undo.is_none());
    assert_eq!(app.profile, Some(profile("prod", true)));
    // What was asked of the one before comes too late.
    app.update(Message::Page(generation!(late, LoadPage), Ok(page(orgs(9), false, false))));
    assert!(app.list.rows.is_empty());
    let effects = app.update(Message::Connected(generation, Ok(connected())));
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(2), false, false))));
    assert_eq!(app.list.rows.len(), 2);
    // What was said before is in the log still.
    assert!(app.messages.count() > 0);
}

#[test]
fn nobody_goes_to_another_profile_while_something_is_being_done() {
    let mut app = console(page(orgs(3), false, false));
    app.profiles = vec![profile("prod", true)];
    app.abandoned.push(77);
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "prod");
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert_eq!(app.list.rows.len(), 3);
}

fn in_production() -> App {
    let mut app = console(page(orgs(3), false, false));
    app.profile = Some(profile("prod", true));
    app
}

/// Holds a key down; what came of it.
fn hold(app: &mut App, code: KeyCode) -> Vec<Effect> {
    (0..20).flat_map(|_| press(app, code)).collect()
}

#[test]
fn in_production_a_form_is_sent_with_another_key_and_what_is_typed_after_a_refusal_asks_again() {
    let mut app = in_production();
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    for _ in 0..20 {
        assert!(control(&mut app, 's').is_empty(), "a held key confirms nothing");
    }
    assert_eq!(top_form(&app).problem.as_ref().unwrap().what, "“prod” is production");
    // Nothing is typed there.
    type_text(&mut app, "x");
    app.update(Message::Paste("y".into()));
    assert_eq!(top_form(&app).text(Asked::Name), "acme");
    press(&mut app, KeyCode::Esc);
    assert_eq!(top_form(&app).problem, None);
    type_text(&mut app, "y");
    assert_eq!(top_form(&app).text(Asked::Name), "acmey");
    assert!(control(&mut app, 's').is_empty());
    let effects = press(&mut app, KeyCode::Char('y'));
    app.update(Message::Created(generation!(effects, Create), Err(Error::OneAtATime)));
    // Nothing is different since: it was meant.
    let effects = control(&mut app, 's');
    app.update(Message::Created(generation!(effects, Create), Err(Error::OneAtATime)));
    type_text(&mut app, "z");
    assert!(control(&mut app, 's').is_empty());
}

#[test]
fn in_production_a_question_is_answered_with_another_key() {
    let mut app = in_production();
    press(&mut app, KeyCode::Char('s'));
    assert!(app.asks_again());
    assert!(hold(&mut app, KeyCode::Enter).is_empty());
    assert!(!app.asks_again());
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty(), "cancelled is cancelled");
    press(&mut app, KeyCode::Char('s'));
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    let effects = press(&mut app, KeyCode::Char('y'));
    assert!(matches!(effects[..], [Effect::Do(_, OrgAction::Suspend, ..)]), "{effects:?}");
}

#[test]
fn in_production_what_is_done_at_once_takes_another_key() {
    let mut app = in_production();
    app.list.rows[0].state = crate::org::OrgState::Suspended;
    press(&mut app, KeyCode::Char('r'));
    assert!(hold(&mut app, KeyCode::Char('s')).is_empty());
    assert!(app.notice.is_some());
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.notice, None);
    let copying = press(&mut app, KeyCode::Char('y'));
    assert!(copying.is_empty() && matches!(app.layers.pop(), Some(Layer::Copy(_))));
    press(&mut app, KeyCode::Char('s'));
    let effects = press(&mut app, KeyCode::Char('y'));
    assert!(matches!(effects[..], [Effect::Do(_, OrgAction::Reactivate, ..)]), "{effects:?}");
    assert_eq!(app.notice, None, "what asked is answered");
}

#[test]
fn in_production_no_key_confirms_what_it_asked_for_itself() {
    let mut app = in_production();
    let key = |text: &str| vec![text.parse().unwrap()];
    let chosen = [("suspend".to_owned(), key("y")), ("copy".to_owned(), key("c"))];
    app.keymap = keymap::Keymap::with(&chosen).unwrap();
    app.list.rows[0].state = crate::org::OrgState::Suspended;
    press(&mut app, KeyCode::Char('r'));
    assert!(hold(&mut app, KeyCode::Char('y')).is_empty());
}
