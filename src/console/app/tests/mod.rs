//! What a person does at the console, told to the state alone: messages in, effects out.

use std::time::{Duration, SystemTime};

use bson::{DateTime, oid::ObjectId};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::{
    console::view,
    org::{
        Admin, ClaimKind, Field, Invalid, OrgState, PasswordFault, PasswordHash, PasswordPolicy,
        Role, Secret, Strength,
    },
    orgs::admin_of,
    store::{ListScope, Page, PageAt, PlaceKind, Required, SortKey, Statistics, StoreError},
    tenancy::{self, Account, Error, IssuedCode, Refusal},
    theme::Theme,
};

fn place() -> Place {
    Place { kind: PlaceKind::Embedded, address: "tenantry.db".into(), database: String::new() }
}

/// One that is old enough that its age does not go on.
fn org(number: u8, name: &str) -> Org {
    let created_at = DateTime::from_millis(-100 * 24 * 3_600_000);
    Org { created_at, ..crate::orgs::org(number, name, &format!("{name}@example.com")) }
}

fn orgs(count: u8) -> Vec<Org> {
    (0..count).map(|n| org(n, &format!("org{n:03}"))).collect()
}

fn page(orgs: Vec<Org>, more_before: bool, more_after: bool) -> Page {
    let places =
        orgs.iter().map(|org| crate::store::Cursor::from_org(org, SortKey::Name)).collect();
    Page { orgs, places, nearest: Vec::new(), more_before, more_after }
}

/// A one-time code.
fn issued_code(email: &str, code: &str) -> IssuedCode {
    IssuedCode { email: email.into(), code: code.into(), until: DateTime::from_millis(3_600_000) }
}

/// The generation of the newest effect of a kind.
macro_rules! generation {
    ($effects:expr, $kind:ident) => {
        $effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
                Effect::$kind(generation, ..) => Some(*generation),
                _ => None,
            })
            .unwrap_or_else(|| panic!("no {} in {:?}", stringify!($kind), $effects))
    };
}

// Below the macro, which is only known from there on.
mod edit_conflicts;

fn connected() -> Connected {
    Connected {
        place: place(),
        read_only: None,
        read_only_asked: false,
        upgrade: None,
        required: Required::Nothing,
        has_operators: false,
        trash_days: 30,
        reason_required: false,
        mails: false,
        connection: "mongodb://ops@db1.example/m".into(),
        passwords: PasswordPolicy::default(),
        demo: None,
    }
}

/// A console that has connected and shows these rows, at 80x24.
fn console(rows: Page) -> App {
    console_sized(rows, 80, 24)
}

fn console_sized(rows: Page, width: u16, height: u16) -> App {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    let generation = generation!(effects, Connect);
    app.update(Message::Resize(width, height));
    let effects = app.update(Message::Connected(generation, Ok(connected())));
    app.update(Message::Page(generation!(effects, LoadPage), Ok(rows)));
    app
}

/// Draws it, as the runtime does after each batch of messages.
fn draw(app: &mut App) {
    let (width, height) = app.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut drawn = Drawn::default();
    terminal.draw(|frame| drawn = view::draw(app, &Theme::colourless(), frame)).unwrap();
    app.drawn = drawn;
}

fn typed(app: &mut App, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
    // No other key depends on what was drawn.
    if app.pane == Pane::Detail
        || matches!(app.layers.last(), Some(Layer::Log(_) | Layer::Audit(_)))
    {
        draw(app);
    }
    app.update(Message::Key(KeyEvent::new(code, modifiers)))
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    typed(app, code, KeyModifiers::NONE)
}

fn control(app: &mut App, letter: char) -> Vec<Effect> {
    typed(app, KeyCode::Char(letter), KeyModifiers::CONTROL)
}

fn type_text(app: &mut App, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|letter| press(app, KeyCode::Char(letter))).collect()
}

fn later(app: &mut App, by: Duration) {
    app.update(Message::Clock(app.now + by));
}

fn session(app: &App, of: &Org) -> Session {
    Session::new("token".into(), &admin_of(of), of, app.now + Duration::from_mins(30))
}

fn log_in(app: &mut App, of: &Org) {
    let session = session(app, of);
    press(app, KeyCode::Char('L'));
    let effects = control(app, 's');
    app.update(Message::LoggedIn(generation!(effects, Login), Ok(session)));
}

fn top_form(app: &App) -> &Form {
    match app.layers.last() {
        Some(Layer::Form(form)) => form,
        other => panic!("no form on top but {other:?}"),
    }
}

mod actions;
mod activity_and_throttle;
mod admins;
mod ages;
mod audit;
mod bulk;
mod columns;
mod connection;
mod copying;
mod dashboard;
mod document_complete;
mod document_edit;
mod document_sort;
mod document_table;
mod document_tree;
mod documents;
mod export;
mod form;
mod jobs;
mod live;
mod manual;
mod mouse;
mod one_time_codes;
mod operators;
mod palette;
mod question_conflicts;
mod reason;
mod secrets;
mod selection;
mod sizes;
mod tabs;
mod transfer;
mod trash;
mod undo;
mod walk;

#[test]
fn opening_says_so_and_a_failure_offers_to_try_again() {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    assert!(matches!(app.connection, Connection::Opening));
    assert!(app.next_tick().is_some());
    let error = StoreError::Unreachable { address: "db1:27017".into(), problem: "refused".into() };
    app.update(Message::Connected(generation!(effects, Connect), Err(error.into())));
    let Connection::Failed(said) = &app.connection else { panic!("{:?}", app.connection) };
    assert_eq!(said.what, "cannot reach db1:27017: refused");
    assert_eq!(app.next_tick(), None);
    let effects = press(&mut app, KeyCode::Char('r'));
    assert!(matches!(effects[..], [Effect::Connect(_)]));
    assert!(matches!(app.connection, Connection::Opening));
}

#[test]
fn waiting_for_the_database_can_be_left_and_its_late_answer_is_dropped() {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    let generation = generation!(effects, Connect);
    let effects = press(&mut app, KeyCode::Esc);
    assert!(matches!(effects[..], [Effect::Cancel(cancelled)] if cancelled == generation));
    app.update(Message::Connected(generation, Ok(connected())));
    assert!(matches!(app.connection, Connection::Failed(_)));
}

#[test]
fn the_list_is_read_by_pages_as_the_selection_nears_its_end() {
    let mut app = console(page(orgs(100), false, true));
    assert!(!app.list.loading.is_waiting(), "far from the end nothing more is read");
    let effects: Vec<_> = (0..4).flat_map(|_| press(&mut app, KeyCode::PageDown)).collect();
    let generation = generation!(effects, LoadPage);
    let [Effect::LoadPage(_, query)] = &effects[..] else { panic!("{effects:?}") };
    let last = &orgs(100)[99];
    assert_eq!(query.at, PageAt::After(crate::store::Cursor::from_org(last, SortKey::Name)));
    let more = (100..150).map(|n| org(n, &format!("org{n:03}"))).collect();
    app.update(Message::Page(generation, Ok(page(more, true, false))));
    assert_eq!(app.list.rows.len(), 150);
    press(&mut app, KeyCode::Char('G'));
    assert_eq!(app.list.selected().map(|org| org.name.raw()), Some("org149"));
    assert!(!app.list.loading.is_waiting());
}

#[test]
fn the_end_of_a_long_list_is_read_at_once_and_then_backwards() {
    let mut app = console(page(orgs(100), false, true));
    let effects = press(&mut app, KeyCode::Char('G'));
    let [Effect::LoadPage(generation, query)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(query.at, PageAt::Last);
    let last: Vec<_> = (200..=255).map(|n| org(n, &format!("org{n:03}"))).collect();
    app.update(Message::Page(*generation, Ok(page(last, true, false))));
    assert_eq!(app.list.selected().map(|org| org.name.raw()), Some("org255"));
    let effects: Vec<_> = (0..2).flat_map(|_| press(&mut app, KeyCode::PageUp)).collect();
    let before: Vec<_> = (100..200).map(|n| org(n, &format!("org{n:03}"))).collect();
    let selected = app.list.selected().cloned();
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(before, true, true))));
    assert_eq!(app.list.selected().cloned(), selected, "the selection stays on its row");
    assert_eq!(app.list.rows.len(), 156);
}

#[test]
fn only_the_newest_filter_counts() {
    let mut app = console(page(orgs(5), false, false));
    press(&mut app, KeyCode::Char('/'));
    let first = generation!(type_text(&mut app, "q"), LoadPage);
    let effects = type_text(&mut app, "j");
    let second = generation!(effects, LoadPage);
    assert!(effects.iter().any(|e| matches!(e, Effect::Cancel(old) if *old == first)));
    app.update(Message::Page(first, Ok(page(orgs(3), false, false))));
    assert_eq!(app.list.rows.len(), 5, "the late answer is dropped");
    app.update(Message::Page(second, Ok(page(orgs(1), false, false))));
    assert_eq!(app.list.rows.len(), 1);
    assert_eq!(app.list.search().as_deref(), Some("qj"), "letters are text, q does not quit");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.focus(), keymap::Place::List);
    let effects = press(&mut app, KeyCode::Esc);
    assert_eq!(app.list.search(), None);
    let loaded = effects.iter().find_map(|effect| match effect {
        Effect::LoadPage(_, query) => Some(query.search.clone()),
        _ => None,
    });
    assert_eq!(loaded, Some(None), "{effects:?}");
}

#[test]
fn enter_filters_by_the_nearest_name_while_it_is_the_nearest() {
    let mut app = console(page(orgs(5), false, false));
    press(&mut app, KeyCode::Char('/'));
    let effects = type_text(&mut app, "glboex");
    let none = || Page { nearest: vec![org(9, "Globex")], ..page(Vec::new(), false, false) };
    let asked = |effects: &[Effect]| {
        let last = effects.iter().rev().find_map(|effect| match effect {
            Effect::LoadPage(generation, _) => Some(*generation),
            _ => None,
        });
        last.unwrap()
    };
    app.update(Message::Page(asked(&effects), Ok(none())));
    // Another letter: it was the nearest to another text.
    let effects = type_text(&mut app, "q");
    assert!(app.list.nearest.is_empty());
    app.update(Message::Page(asked(&effects), Ok(none())));
    let effects = press(&mut app, KeyCode::Enter);
    assert_eq!(app.list.search().as_deref(), Some("Globex"));
    asked(&effects);
}

#[test]
fn sorting_cycles_and_turns_round() {
    let mut app = console(page(orgs(5), false, false));
    let effects = press(&mut app, KeyCode::Char('o'));
    let Effect::LoadPage(_, query) = &effects[effects.len() - 1] else { panic!("{effects:?}") };
    assert_eq!((query.sort.key, query.sort.descending), (SortKey::Created, true));
    press(&mut app, KeyCode::Char('O'));
    assert_eq!((app.list.sort.key, app.list.sort.descending), (SortKey::Created, false));
    press(&mut app, KeyCode::Char('o'));
    assert_eq!(app.list.sort.key, SortKey::Email);
    press(&mut app, KeyCode::Char('o'));
    assert_eq!(app.list.sort, crate::store::Sort::default());
}

#[test]
fn details_follow_the_selection_where_both_show_and_only_there() {
    let mut narrow = console(page(orgs(5), false, false));
    assert!(press(&mut narrow, KeyCode::Char('j')).is_empty(), "80 columns show no details");
    let effects = press(&mut narrow, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::LoadDetail(_, id)] if id == orgs(5)[1].id));

    let mut wide = console_sized(page(orgs(5), false, false), 120, 40);
    let effects = press(&mut wide, KeyCode::Char('j'));
    let first = generation!(effects, LoadDetail);
    let effects = press(&mut wide, KeyCode::Char('j'));
    assert!(effects.iter().any(|e| matches!(e, Effect::Cancel(old) if *old == first)));
    let statistics = Statistics { documents: 7, bytes: 9, indexes: 1 };
    let answer = Ok(Some((orgs(5)[1].clone(), statistics)));
    wide.update(Message::Detail(first, answer));
    assert_eq!(wide.detail.statistics, None, "the late answer is about another one");
    let answer = Ok(Some((orgs(5)[2].clone(), statistics)));
    wide.update(Message::Detail(generation!(effects, LoadDetail), answer));
    assert_eq!(wide.detail.statistics, Some(statistics));
}

#[test]
fn documents_are_read_when_their_tab_is_opened() {
    let mut app = console_sized(page(orgs(5), false, false), 120, 40);
    press(&mut app, KeyCode::Right);
    let effects = press(&mut app, KeyCode::Right);
    let generation = generation!(effects, LoadDocuments);
    let lines = (0..100).map(|n| n.to_string()).collect();
    app.update(Message::Documents(generation, Ok(lines)));
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('G'));
    let rows = app.areas().map(|a| a.detail_rows()).unwrap();
    assert_eq!(app.detail.scroll, 100 - rows);
    press(&mut app, KeyCode::Tab);
    let effects = press(&mut app, KeyCode::Char('j'));
    assert_eq!(app.detail.scroll, 0);
    generation!(effects, LoadDocuments);
}

#[test]
fn a_session_counts_down_ends_and_is_logged_out_of() {
    let mut app = console(page(orgs(3), false, false));
    assert_eq!(app.next_tick(), None, "without a session nothing ticks");
    log_in(&mut app, &orgs(1)[0]);
    assert!(app.next_tick().unwrap() <= Duration::from_secs(1));
    later(&mut app, Duration::from_mins(29));
    assert!(app.session.is_some());
    later(&mut app, Duration::from_mins(1));
    assert!(app.session.is_none());
    assert!(app.unread[0].what.contains("has expired"));
    assert_eq!(app.next_tick(), None);

    let start = app.now;
    log_in(&mut app, &orgs(1)[0]);
    assert!(app.session.as_ref().unwrap().expires_at > start);
    let effects = press(&mut app, KeyCode::Char('L'));
    assert!(matches!(effects[..], [Effect::Logout(_)]));
    assert!(app.session.is_none());
}

#[test]
fn a_paste_is_text_and_never_a_command() {
    let mut app = console(page(orgs(3), false, false));
    let effects = app.update(Message::Paste("ndq\n/x".into()));
    assert!(effects.is_empty() && app.layers.is_empty());
    press(&mut app, KeyCode::Char('n'));
    app.update(Message::Paste("ac\u{202e}me\r\n".into()));
    assert_eq!(top_form(&app).text(Field::Name), "ac\u{202e}me");
    assert_eq!(top_form(&app).focus, 0, "a pasted line end does not move on");
    app.update(Message::Paste("x".repeat(1_000_000).into()));
    assert!(top_form(&app).text(Field::Name).chars().count() <= 1024);
}

#[test]
fn sorting_keeps_what_the_cursor_is_on_and_at_the_very_top_shows_the_top() {
    for key in ['o', 'O'] {
        let mut app = console(page(orgs(30), false, false));
        let effects = press(&mut app, KeyCode::Char(key));
        assert_eq!(app.list.arrival, Arrival::Replace(Select::First));
        let mut orgs = orgs(30);
        orgs.reverse();
        app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs, false, false))));
        for _ in 0..7 {
            press(&mut app, KeyCode::Char('j'));
        }
        let on = app.list.selected().unwrap().id;
        press(&mut app, KeyCode::Char(key));
        assert_eq!(app.list.arrival, Arrival::Replace(Select::Org(on)));
    }
}

#[test]
fn opening_where_the_details_did_not_show_begins_with_the_overview() {
    for (width, tab) in [(80, Tab::Overview), (120, Tab::Documents)] {
        let mut app = console_sized(page(orgs(3), false, false), width, 30);
        app.detail.tab = Tab::Documents;
        press(&mut app, KeyCode::Enter);
        assert_eq!((app.pane, app.detail.tab), (Pane::Detail, tab));
    }
}

#[test]
fn the_list_that_cannot_be_read_keeps_its_rows_and_offers_to_read_again() {
    let mut app = console(page(orgs(3), false, false));
    let generation = generation!(press(&mut app, KeyCode::Char('r')), LoadPage);
    let gone = StoreError::Unreachable { address: "db1".into(), problem: "closed".into() };
    app.update(Message::Page(generation, Err(gone.into())));
    assert_eq!(app.list.rows.len(), 3);
    assert!(app.notice.as_ref().unwrap().1.help.contains("press r to retry"));
    assert_eq!(app.next_tick(), None, "it is not tried again by itself");
    let generation = generation!(press(&mut app, KeyCode::Char('r')), LoadPage);
    app.update(Message::Page(generation, Ok(page(orgs(4), false, false))));
    assert_eq!(app.list.rows.len(), 4);
    assert!(app.notice.is_none(), "what was said is no longer true");
}

#[test]
fn reading_that_takes_long_can_be_stopped() {
    let mut app = console(page(orgs(3), false, false));
    let generation = generation!(press(&mut app, KeyCode::Char('r')), LoadPage);
    assert_eq!(app.list.loading.shown_wait(app.now), None);
    later(&mut app, Duration::from_millis(100));
    assert!(app.list.loading.shown_wait(app.now).is_some());
    let effects = press(&mut app, KeyCode::Esc);
    assert!(matches!(effects[..], [Effect::Cancel(cancelled)] if cancelled == generation));
    assert_eq!(app.list.rows.len(), 3);
}

#[test]
fn help_is_about_where_it_was_opened_and_any_place_can_be_left_for_good() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('?'));
    let Some(Layer::Help(help)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert_eq!(help.about, keymap::Place::List);
    assert!(matches!(control(&mut app, 'c')[..], [Effect::Quit]));
    press(&mut app, KeyCode::Char('q'));
    assert!(app.layers.is_empty(), "q leaves the help, not the console");
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "?");
    assert_eq!(top_form(&app).text(Field::Name), "?");
    assert!(matches!(control(&mut app, 'z')[..], [Effect::Shell]));
    assert!(matches!(control(&mut app, 'c')[..], [Effect::Quit]));
}

#[test]
fn an_empty_database_has_nothing_to_edit_or_delete() {
    let mut app = console(Page::default());
    for key in ['e', 'd', 'D', 's'] {
        assert!(press(&mut app, KeyCode::Char(key)).is_empty());
    }
    assert!(app.layers.is_empty());
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.pane, Pane::List);
}

#[test]
fn esc_and_a_key_right_after_it_are_two_keys() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('?'));
    let at_once = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
    assert!(matches!(app.update(Message::Key(at_once))[..], [Effect::Quit]));
    press(&mut app, KeyCode::Enter);
    let capital = KeyModifiers::ALT | KeyModifiers::SHIFT;
    app.update(Message::Key(KeyEvent::new(KeyCode::Char('G'), capital)));
    assert_eq!((app.pane, app.list.selected), (Pane::List, 2), "a capital letter too");
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "ac");
    assert!(app.update(Message::Key(at_once)).is_empty());
    assert_eq!(top_form(&app).text(Field::Name), "ac", "a form is not left by accident");
    let both = KeyModifiers::ALT | KeyModifiers::CONTROL;
    let at_once = app.update(Message::Key(KeyEvent::new(KeyCode::Char('c'), both)));
    assert!(matches!(at_once[..], [Effect::Quit]), "esc and ^c at once still quit");
}

#[test]
fn a_check_the_database_could_not_answer_is_asked_again_and_blames_no_field() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    let generation = generation!(press(&mut app, KeyCode::Tab), Check);
    let gone = StoreError::Unreachable { address: "db1".into(), problem: "closed".into() };
    app.update(Message::Checked(generation, Field::Name, Err(gone.into())));
    assert_eq!(top_form(&app).fields[0].problem, None);
    press(&mut app, KeyCode::BackTab);
    generation!(press(&mut app, KeyCode::Tab), Check);
}
