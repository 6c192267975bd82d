//! The manual is looked up: its topics, a search, a page.

use super::*;

fn manual(app: &App) -> &Manual {
    match app.layers.last() {
        Some(Layer::Manual(manual)) => manual,
        other => panic!("no manual on top but {other:?}"),
    }
}

fn name(app: &App) -> Option<&'static str> {
    manual(app).page.map(|(topic, _)| topic.name)
}

/// The first line of the page on the screen.
fn top(app: &App) -> usize {
    manual(app).page.unwrap().1
}

/// A console with the manual open, from the help.
fn reader() -> App {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('?'));
    press(&mut app, KeyCode::Char('m'));
    app
}

#[test]
fn a_topic_is_opened_and_each_esc_goes_one_step_back() {
    let mut app = reader();
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Enter);
    assert_eq!(name(&app), Some("console"));
    press(&mut app, KeyCode::Esc);
    assert_eq!((name(&app), manual(&app).selected), (None, 1));
    press(&mut app, KeyCode::Esc);
    assert!(matches!(app.layers[..], [Layer::Help(_)]));
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
}

#[test]
fn the_palette_opens_it_too() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "manual");
    press(&mut app, KeyCode::Enter);
    assert!(matches!(app.layers[..], [Layer::Manual(_)]));
}

#[test]
fn a_page_scrolls_to_its_end_and_no_further() {
    let mut app = reader();
    press(&mut app, KeyCode::Enter);
    let lines = app.page_of(manual(&app).page.unwrap().0).len();
    let height = app.areas().unwrap().help_rows();
    assert!(lines > height * 2, "{lines} lines in {height}");
    press(&mut app, KeyCode::Char('k'));
    assert_eq!(top(&app), 0);
    press(&mut app, KeyCode::PageDown);
    assert_eq!(top(&app), height);
    press(&mut app, KeyCode::Char('G'));
    assert_eq!(top(&app), lines - height);
    press(&mut app, KeyCode::Char('j'));
    assert_eq!(top(&app), lines - height);
    press(&mut app, KeyCode::Char('g'));
    assert_eq!(top(&app), 0);
}

#[test]
fn a_search_finds_pages_and_leads_from_match_to_match() {
    let mut app = reader();
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "One-Time bcrypt");
    let found: Vec<_> = manual(&app).found().iter().map(|topic| topic.name).collect();
    assert_eq!(found, ["security"]);
    control(&mut app, 'u');
    type_text(&mut app, "quarantine");
    let found = manual(&app).found();
    let at = found.iter().position(|topic| topic.name == "repair").unwrap();
    (0..at).for_each(|_| drop(press(&mut app, KeyCode::Down)));
    press(&mut app, KeyCode::Enter);
    assert_eq!(name(&app), Some("repair"));
    let matches = app.matches();
    assert!(matches.len() > 2 && top(&app) == matches[0], "{matches:?}");
    press(&mut app, KeyCode::Char('n'));
    assert_eq!(top(&app), matches[1]);
    press(&mut app, KeyCode::Char('G'));
    press(&mut app, KeyCode::Enter);
    assert_eq!(top(&app), matches[0], "after the last comes the first");
    // From a page it goes back to the topics, with what was typed; esc clears that, and keeps the topic.
    press(&mut app, KeyCode::Char('/'));
    assert!(manual(&app).typing && manual(&app).search.text() == "quarantine");
    press(&mut app, KeyCode::Esc);
    assert!(!manual(&app).typing && manual(&app).search.text().is_empty());
    assert_eq!(manual(&app).found()[manual(&app).selected].name, "repair");
}

#[test]
fn a_search_is_of_words_from_their_beginning_and_shows_all_of_them_first() {
    let mut app = reader();
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "rate limiting");
    let found: Vec<_> = manual(&app).found().iter().map(|topic| topic.name).collect();
    assert_eq!(found, ["admins"], "“separately” has no “rate”");
    press(&mut app, KeyCode::Enter);
    let page = app.page_of(manual(&app).page.unwrap().0);
    assert_eq!(text_of(&page[top(&app)]), "Rate limiting");
}

#[test]
fn another_size_keeps_what_is_read() {
    let mut app = reader();
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "rate limiting");
    press(&mut app, KeyCode::Enter);
    for size in [(60, 24), (140, 24), (40, 12), (100, 30)] {
        app.update(Message::Resize(size.0, size.1));
        let page = app.page_of(manual(&app).page.unwrap().0);
        let height = app.areas().unwrap().help_rows();
        let at = page.iter().position(|line| text_of(line) == "Rate limiting").unwrap();
        assert!((top(&app)..top(&app) + height).contains(&at), "{size:?}: {at}, {}", top(&app));
    }
}

#[test]
fn nothing_found_opens_nothing() {
    let mut app = reader();
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "xyzzy");
    assert!(manual(&app).found().is_empty());
    press(&mut app, KeyCode::Enter);
    assert_eq!(name(&app), None);
    app.update(Message::Paste("q".into()));
    assert_eq!(manual(&app).search.text(), "xyzzyq");
}
