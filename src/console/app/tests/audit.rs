//! The audit log on a screen of its own: read by pages, filtered as one types, and an entry in full.

use super::*;
use crate::{
    store::{AuditAt, AuditFilter, AuditQuery, Entry, Head, News, Outcome, Seen, parse_filter},
    tenancy::{AuditPage, NumberedEntry},
};

fn entry(number: i64) -> NumberedEntry {
    let entry = Entry::new("kim@bastion", "suspend").called(&format!("org{number}"));
    NumberedEntry { number, hash: format!("{number:064x}").into(), entry }
}

/// A page of these numbers, in their order, and what else there is.
fn entries(numbers: impl IntoIterator<Item = i64>, more: bool) -> (AuditPage, Option<Head>) {
    let entries: Vec<_> = numbers.into_iter().map(entry).collect();
    let head = entries.first().map(|first| Head { number: first.number, hash: "ab".repeat(32) });
    (AuditPage { entries, more }, head)
}

fn audit(app: &App) -> &Audit {
    let found = app.layers.iter().find_map(|layer| match layer {
        Layer::Audit(audit) => Some(audit),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no audit log but {:?}", app.layers))
}

fn selected(app: &App) -> i64 {
    audit(app).rows[audit(app).selected].number
}

/// The newest request for a page of the log.
fn asked(effects: &[Effect]) -> (Generation, &AuditQuery) {
    let asked = effects.iter().rev().find_map(|effect| match effect {
        Effect::LoadAudit(generation, query) => Some((*generation, query)),
        _ => None,
    });
    asked.unwrap_or_else(|| panic!("nothing was asked: {effects:?}"))
}

fn answer(app: &mut App, effects: &[Effect], numbers: std::ops::RangeInclusive<i64>, more: bool) {
    let (generation, query) = asked(effects);
    let forward = matches!(query.at, AuditAt::After(_));
    let newest = query.at == AuditAt::Newest;
    let (page, head) = if forward { entries(numbers, more) } else { entries(numbers.rev(), more) };
    let page = (page, head.filter(|_| newest));
    app.update(Message::Audit(generation, Ok(page)));
}

/// A console that shows the newest of a thousand entries.
fn opened() -> App {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('j'));
    let effects = press(&mut app, KeyCode::Char('A'));
    answer(&mut app, &effects, 901..=1000, true);
    app
}

fn filter(typed: &str, app: &App) -> AuditFilter {
    parse_filter(typed, DateTime::from_system_time(app.now)).unwrap()
}

#[test]
fn it_is_read_from_its_end_as_one_scrolls_and_esc_goes_back_to_the_list_as_it_was() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('j'));
    let effects = press(&mut app, KeyCode::Char('A'));
    let wanted = AuditQuery { filter: AuditFilter::ALL, at: AuditAt::Newest, limit: 100 };
    assert_eq!(asked(&effects).1, &wanted);
    answer(&mut app, &effects, 901..=1000, true);
    assert_eq!((selected(&app), app.focus()), (1000, keymap::Place::AuditLog));
    assert_eq!(audit(&app).head.as_ref().unwrap().short(), "1000:abababababab");
    let effects: Vec<_> = (0..4).flat_map(|_| press(&mut app, KeyCode::PageDown)).collect();
    assert_eq!(asked(&effects).1.at, AuditAt::Before(901));
    answer(&mut app, &effects, 801..=900, true);
    assert_eq!(audit(&app).rows.len(), 200);
    assert_eq!(audit(&app).head.as_ref().unwrap().number, 1000, "that of the log, not of the page");
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
    assert_eq!(app.list.selected().map(|org| org.name.raw()), Some("org001"));
    // The same key closes it too.
    press(&mut app, KeyCode::Char('A'));
    press(&mut app, KeyCode::Char('A'));
    assert!(app.layers.is_empty());
}

#[test]
fn of_a_long_log_only_what_is_near_is_held() {
    let mut app = opened();
    let mut oldest = 901;
    while oldest > 101 {
        let effects = press(&mut app, KeyCode::PageDown);
        if effects.iter().any(|effect| matches!(effect, Effect::LoadAudit(..))) {
            assert_eq!(asked(&effects).1.at, AuditAt::Before(oldest));
            answer(&mut app, &effects, oldest - 100..=oldest - 1, true);
            oldest -= 100;
        }
        assert!(audit(&app).rows.len() <= 600, "{}", audit(&app).rows.len());
    }
    let numbers = |app: &App| audit(app).rows.iter().map(|row| row.number).collect::<Vec<_>>();
    let first = numbers(&app)[0];
    assert!(first < 1000 && numbers(&app).is_sorted_by(|a, b| *a == b + 1), "{:?}", numbers(&app));
    // On the way back the newer ones are read again.
    let mut effects = Vec::new();
    while !effects.iter().any(|effect| matches!(effect, Effect::LoadAudit(..))) {
        effects = press(&mut app, KeyCode::PageUp);
    }
    assert_eq!(asked(&effects).1.at, AuditAt::After(first));
    let before = selected(&app);
    answer(&mut app, &effects, first + 1..=first + 100, true);
    assert_eq!((selected(&app), numbers(&app)[0]), (before, first + 100));
    assert!(numbers(&app).is_sorted_by(|a, b| *a == b + 1));
}

#[test]
fn the_oldest_and_the_newest_are_gone_to_at_once() {
    let mut app = opened();
    let effects = press(&mut app, KeyCode::Char('G'));
    assert_eq!(asked(&effects).1.at, AuditAt::After(i64::MIN));
    answer(&mut app, &effects, 1..=100, true);
    assert_eq!(selected(&app), 1);
    let effects = press(&mut app, KeyCode::Char('g'));
    assert_eq!(asked(&effects).1.at, AuditAt::Newest);
    answer(&mut app, &effects, 901..=1000, true);
    assert_eq!(selected(&app), 1000);
    // A count is of the rows of the log.
    type_text(&mut app, "12j");
    assert_eq!((selected(&app), app.list.owed), (988, 0));
}

#[test]
fn it_is_filtered_as_one_types_and_only_the_newest_filter_counts() {
    let mut app = opened();
    press(&mut app, KeyCode::Char('/'));
    let first = asked(&type_text(&mut app, "q")).0;
    let effects = type_text(&mut app, "j");
    assert!(effects.iter().any(|e| matches!(e, Effect::Cancel(old) if *old == first)));
    app.update(Message::Audit(first, Ok(entries([1], false))));
    assert_eq!(audit(&app).rows.len(), 100, "the late answer is dropped");
    let effects = type_text(&mut app, " result:refused");
    assert_eq!(asked(&effects).1.filter, filter("qj result:refused", &app));
    answer(&mut app, &effects, 500..=502, false);
    assert_eq!(audit(&app).rows.len(), 3);
    app.update(Message::Paste(" operator:kim\n".into()));
    assert_eq!(audit(&app).filter.text(), "qj result:refused operator:kim");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.focus(), keymap::Place::AuditLog);
    // What was selected stays, with all that happened around it.
    press(&mut app, KeyCode::Char('j'));
    assert_eq!(selected(&app), 501);
    let effects = press(&mut app, KeyCode::Esc);
    let wanted = AuditQuery { filter: AuditFilter::ALL, at: AuditAt::Before(502), limit: 100 };
    assert_eq!(asked(&effects).1, &wanted);
    answer(&mut app, &effects, 402..=501, true);
    assert_eq!(selected(&app), 501);
    assert!(!audit(&app).is_filtered() && matches!(app.layers[..], [Layer::Audit(_)]));
}

#[test]
fn a_filter_that_cannot_be_understood_says_why_and_asks_nothing() {
    let mut app = opened();
    press(&mut app, KeyCode::Char('/'));
    let before = asked(&type_text(&mut app, "x ")).0;
    let effects = type_text(&mut app, "since:y");
    assert!(effects.iter().any(|e| matches!(e, Effect::Cancel(old) if *old == before)));
    let fault = audit(&app).fault.as_ref().unwrap().to_string();
    assert!(fault.contains("since: with a day") && audit(&app).rows.is_empty(), "{fault}");
    app.update(Message::Audit(before, Ok(entries([1], false))));
    assert!(audit(&app).rows.is_empty());
    press(&mut app, KeyCode::Backspace);
    assert!(audit(&app).fault.is_some(), "nothing is a time either");
    let effects = type_text(&mut app, "7d");
    assert_eq!(asked(&effects).1.filter, filter("x since:7d", &app));
    // Esc drops it and asks for everything.
    let effects = press(&mut app, KeyCode::Esc);
    assert_eq!(asked(&effects).1.filter, AuditFilter::ALL);
    assert!(audit(&app).fault.is_none() && !audit(&app).typing);
}

#[test]
fn an_entry_is_opened_in_full_scrolls_and_is_copied() {
    let mut app = opened();
    let long = (0..40).fold(Entry::new("kim@bastion", "update"), |entry, at| {
        entry.with(&format!("field {at}"), "old", "new")
    });
    let long = long.of_operator("ops@example.com").ended(Outcome::Failed, "gone");
    let effects = press(&mut app, KeyCode::Char('r'));
    let hash = "ab".repeat(32);
    let entry = NumberedEntry { number: 7, hash: hash.clone().into(), entry: long };
    let found = AuditPage { entries: vec![entry], more: false };
    app.update(Message::Audit(asked(&effects).0, Ok((found, None))));
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.focus(), keymap::Place::AuditEntry);
    let effects = press(&mut app, KeyCode::Char('y'));
    let [Effect::Copy("the entry", text)] = &effects[..] else { panic!("{effects:?}") };
    for part in ["ops@example.com", "kim@bastion", "failed", "field 39 old → new", hash.as_str()]
    {
        assert!(text.reveal().contains(part), "{}", text.reveal());
    }
    let top = |app: &App| audit(app).open.as_ref().unwrap().1;
    // Also by its name.
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "copy-entry");
    assert!(matches!(press(&mut app, KeyCode::Enter)[..], [Effect::Copy("the entry", _)]));
    press(&mut app, KeyCode::Char('G'));
    let end = top(&app);
    assert!(end > 20);
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('k'));
    assert_eq!(top(&app), end - 1);
    press(&mut app, KeyCode::Esc);
    assert_eq!((app.focus(), selected(&app)), (keymap::Place::AuditLog, 7));
}

#[test]
fn waiting_shows_and_can_be_cancelled() {
    let mut app = opened();
    press(&mut app, KeyCode::Char('/'));
    let generation = asked(&type_text(&mut app, "x")).0;
    assert!(app.next_tick().is_some());
    later(&mut app, Duration::from_millis(100));
    let effects = press(&mut app, KeyCode::Esc);
    assert!(matches!(effects[..], [Effect::Cancel(old)] if old == generation));
    assert_eq!(audit(&app).problem.as_ref().unwrap().what, "cancelled");
    assert!(audit(&app).rows.is_empty(), "they are of no filter that shows");
    assert_eq!((audit(&app).filter.text(), app.next_tick()), ("x", None));
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Char('r'));
    assert_eq!(asked(&effects).1.filter, filter("x", &app));
    answer(&mut app, &effects, 901..=1000, true);
    // What shows stays where more of it was waited for, and that is said.
    press(&mut app, KeyCode::Char('r'));
    later(&mut app, Duration::from_millis(100));
    press(&mut app, KeyCode::Esc);
    assert_eq!(audit(&app).rows.len(), 100);
    let said = &app.notice.as_ref().unwrap().1;
    assert_eq!((said.what.as_str(), said.help.as_str()), ("cancelled", "press r to retry"));
}

#[test]
fn what_cannot_be_read_says_why_and_keeps_what_was_typed_and_what_shows() {
    let gone = || StoreError::Unreachable { address: "db1".into(), problem: "closed".into() };
    let mut app = opened();
    let effects = press(&mut app, KeyCode::Char('r'));
    app.update(Message::Audit(asked(&effects).0, Err(gone().into())));
    assert_eq!(audit(&app).rows.len(), 100);
    let said = &app.notice.as_ref().unwrap().1;
    assert!(said.what.contains("db1") && said.help.ends_with("press r to retry"), "{said:?}");
    press(&mut app, KeyCode::Char('/'));
    let effects = type_text(&mut app, "acme");
    assert!(app.notice.is_none(), "it was about the last attempt");
    app.update(Message::Audit(asked(&effects).0, Err(gone().into())));
    assert_eq!(audit(&app).filter.text(), "acme");
    assert!(audit(&app).rows.is_empty() && audit(&app).problem.is_some() && audit(&app).typing);
    // Nothing is asked again by itself.
    assert!(press(&mut app, KeyCode::Down).is_empty());
}

#[test]
fn a_refresh_stays_where_it_is_and_at_the_top_shows_what_is_new() {
    let mut app = opened();
    let effects = press(&mut app, KeyCode::Char('r'));
    answer(&mut app, &effects, 903..=1002, true);
    assert_eq!(selected(&app), 1002);
    type_text(&mut app, "5j");
    let effects = press(&mut app, KeyCode::Char('r'));
    assert_eq!(asked(&effects).1.at, AuditAt::Newest);
    answer(&mut app, &effects, 904..=1003, true);
    assert_eq!(selected(&app), 997);
    type_text(&mut app, "40j");
    let (on, top) = (selected(&app), audit(&app).rows[audit(&app).top].number);
    let effects = press(&mut app, KeyCode::Char('r'));
    assert_eq!(asked(&effects).1.at, AuditAt::Before(top + 1));
    answer(&mut app, &effects, top - 99..=top, true);
    assert_eq!((selected(&app), audit(&app).rows[audit(&app).top].number), (on, top));
}

#[test]
fn where_looking_needs_a_login_that_is_asked_for_and_then_it_is_read() {
    let mut app = opened();
    let effects = press(&mut app, KeyCode::Char('r'));
    let refused = Error::NotAllowed(Refusal::OperatorsRequired);
    let effects = app.update(Message::Audit(asked(&effects).0, Err(refused)));
    assert!(effects.is_empty());
    let Some(Layer::Login(login)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert!(login.of_operator && login.problem.is_some());
    let effects = control(&mut app, 's');
    let session = session(&app, &org(0, "org000"));
    let effects = app.update(Message::LoggedIn(generation!(effects, Login), Ok(session)));
    answer(&mut app, &effects, 901..=1000, true);
    assert!(matches!(app.layers[..], [Layer::Audit(_)]) && audit(&app).problem.is_none());
}

#[test]
fn a_connection_that_came_back_reads_it_again() {
    let mut app = opened();
    let (mut again, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    again.update(Message::Resize(80, 24));
    let effects = again.update(Message::Connected(generation!(effects, Connect), Ok(connected())));
    let watch = generation!(effects, Watch);
    std::mem::swap(&mut again.layers, &mut app.layers);
    let effects = again.update(Message::Link(watch, None));
    assert_eq!(asked(&effects).1.at, AuditAt::Newest);
}

#[test]
fn the_mouse_selects_opens_and_scrolls() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut app = opened();
    app.mouse = true;
    let event = |kind, row| {
        Message::Mouse(MouseEvent { kind, column: 5, row, modifiers: KeyModifiers::NONE })
    };
    let click = event(MouseEventKind::Down(MouseButton::Left), 7);
    draw(&mut app);
    app.update(click);
    assert_eq!((selected(&app), app.focus()), (998, keymap::Place::AuditLog));
    draw(&mut app);
    app.update(event(MouseEventKind::Down(MouseButton::Left), 7));
    assert_eq!(app.focus(), keymap::Place::AuditEntry);
    press(&mut app, KeyCode::Esc);
    draw(&mut app);
    app.update(event(MouseEventKind::ScrollDown, 7));
    assert_eq!(selected(&app), 995);
}

/// What has changed is told: the last entry has this number now.
fn told(app: &mut App, follow: &mut Generation, head: i64) -> Vec<Effect> {
    let news = News { seen: Seen::up_to(head, true), orgs: Some(Vec::new()) };
    let effects = app.update(Message::Changed(*follow, Ok(news)));
    *follow = generation!(effects, Follow);
    effects
}

/// The same as [`opened`], which follows what others change.
fn following() -> (App, Generation) {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    app.live.on = true;
    app.update(Message::Resize(80, 24));
    let connected = Message::Connected(generation!(effects, Connect), Ok(connected()));
    let effects = app.update(connected);
    let mut follow = generation!(effects, Follow);
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(3), false, false))));
    told(&mut app, &mut follow, 1000);
    let effects = press(&mut app, KeyCode::Char('A'));
    answer(&mut app, &effects, 901..=1000, true);
    (app, follow)
}

#[test]
fn new_entries_appear_at_the_top_while_the_cursor_is_there() {
    let (mut app, mut follow) = following();
    let effects = told(&mut app, &mut follow, 1002);
    assert_eq!(asked(&effects).1.at, AuditAt::Newest);
    answer(&mut app, &effects, 903..=1002, true);
    assert_eq!((selected(&app), audit(&app).unseen()), (1002, 0));
    // What is told is read once, whatever comes of it.
    let effects = told(&mut app, &mut follow, 1003);
    answer(&mut app, &effects, 903..=1002, true);
    assert!(!audit(&app).loading.is_waiting());
    assert!(told(&mut app, &mut follow, 1003).iter().all(|e| !matches!(e, Effect::LoadAudit(..))));
}

#[test]
fn elsewhere_in_the_log_or_while_typing_new_entries_are_only_counted() {
    for reads in ["j", "/x", "enter"] {
        let (mut app, mut follow) = following();
        match reads {
            "enter" => drop(press(&mut app, KeyCode::Enter)),
            keys => {
                let effects = type_text(&mut app, keys);
                if keys == "/x" {
                    answer(&mut app, &effects, 990..=1000, false);
                }
            }
        }
        let effects = told(&mut app, &mut follow, 1003);
        assert!(effects.iter().all(|e| !matches!(e, Effect::LoadAudit(..))), "{reads}");
        assert_eq!(audit(&app).unseen(), 3, "{reads}");
        if reads == "j" {
            let effects = press(&mut app, KeyCode::Char('r'));
            answer(&mut app, &effects, 904..=1003, true);
            assert_eq!((selected(&app), audit(&app).unseen()), (999, 0), "the cursor stays");
        }
    }
}
