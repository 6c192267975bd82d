//! The documents of an organization, browsed.

use bson::{Bson, rawdoc};

use super::*;
use crate::{
    console::app::{DocumentRow, DocumentRows, DocumentsAnswer, DocumentsAsked},
    document::Tree,
    store::{DocumentAt, DocumentQuery},
};

/// Numbers as documents; those in the middle of a thousand have more on both sides.
pub(super) fn rows(numbers: std::ops::Range<i64>, more: bool) -> DocumentRows {
    let row = |n: i64| DocumentRow { id: n.into(), name: n.to_string(), ..DocumentRow::default() };
    DocumentRows { rows: numbers.map(row).collect(), more, ..DocumentRows::default() }
}

/// What is asked of the documents, and under which number.
pub(super) fn asked(effects: &[Effect]) -> Vec<(Generation, DocumentsAsked)> {
    let of = |effect: &Effect| match effect {
        Effect::Browse(generation, _, asked) => Some((*generation, asked.clone())),
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

pub(super) fn page_asked(effects: &[Effect]) -> (Generation, DocumentQuery) {
    asked(effects)
        .into_iter()
        .find_map(|(generation, asked)| match asked {
            DocumentsAsked::Page(query) => Some((generation, query)),
            DocumentsAsked::Count(_)
            | DocumentsAsked::SortFields
            | DocumentsAsked::One(..)
            | DocumentsAsked::Change { .. }
            | DocumentsAsked::Fetch(..)
            | DocumentsAsked::Read { .. }
            | DocumentsAsked::Merge { .. } => None,
        })
        .unwrap_or_else(|| panic!("no page: {effects:?}"))
}

pub(super) fn answer(app: &mut App, generation: Generation, page: DocumentRows) -> Vec<Effect> {
    app.update(Message::Browsed(generation, DocumentsAnswer::Page(Ok(page))))
}

pub(super) fn documents(app: &App) -> &Documents {
    match app.layers.last() {
        Some(Layer::Documents(documents)) => documents,
        other => panic!("{other:?}"),
    }
}

/// The id of the selected document.
fn selected(app: &App) -> i64 {
    let documents = documents(app);
    documents.rows[documents.selected].id.as_i64().unwrap()
}

/// A console that browses the first hundred of many.
pub(super) fn browsing() -> App {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Right);
    let effects = press(&mut app, KeyCode::Enter);
    let (generation, query) = page_asked(&effects);
    assert_eq!((query.at, query.limit, query.filter), (DocumentAt::First, 100, None));
    answer(&mut app, generation, rows(0..100, true));
    app
}

#[test]
fn they_are_read_ahead_in_both_directions_and_the_far_end_is_let_go() {
    let mut app = browsing();
    let mut next = 100;
    while next < 1000 {
        let effects = press(&mut app, KeyCode::PageDown);
        for (generation, asked) in asked(&effects) {
            let DocumentsAsked::Page(query) = asked else { panic!("{asked:?}") };
            assert_eq!(query.at, DocumentAt::After(Bson::from(next - 1).into()));
            answer(&mut app, generation, rows(next..next + 100, next < 900));
            next += 100;
        }
        assert_eq!(documents(&app).number(), Some(u64::try_from(selected(&app)).unwrap() + 1));
    }
    assert!(documents(&app).rows.len() <= 500);
    let first = documents(&app).rows[0].id.as_i64().unwrap();
    assert!(first > 0);
    for _ in 0..200 {
        let before = documents(&app).rows[0].id.as_i64().unwrap();
        let effects = press(&mut app, KeyCode::PageUp);
        for (generation, asked) in asked(&effects) {
            let DocumentsAsked::Page(query) = asked else { panic!("{asked:?}") };
            assert_eq!(query.at, DocumentAt::Before(Bson::from(before).into()));
            answer(&mut app, generation, rows(before - 100..before, before > 100));
        }
    }
    assert_eq!((selected(&app), documents(&app).number()), (0, Some(1)));
}

#[test]
fn the_selection_stays_on_its_document_however_many_come_before_it() {
    let mut app = browsing();
    for _ in 0..20 {
        press(&mut app, KeyCode::Char('j'));
    }
    assert_eq!((selected(&app), documents(&app).number()), (20, Some(21)));
    let effects = press(&mut app, KeyCode::Char('r'));
    let (generation, _) = page_asked(&effects);
    // A hundred and twenty were inserted before all of them: the first page no longer reaches it.
    let effects = answer(&mut app, generation, rows(-120..-20, true));
    let (generation, query) = page_asked(&effects);
    assert_eq!(query.at, DocumentAt::After(Bson::from(20_i64).into()));
    assert_eq!(selected(&app), 20, "until then it is as it was");
    let effects = answer(&mut app, generation, rows(21..121, true));
    assert_eq!((selected(&app), documents(&app).number()), (20, None));
    let (generation, query) = page_asked(&effects);
    assert_eq!(query.at, DocumentAt::Before(Bson::from(20_i64).into()));
    let effects = answer(&mut app, generation, rows(-80..20, true));
    assert_eq!(selected(&app), 20);
    assert!(asked(&effects).is_empty());
    // And `d` is of that one.
    let effects = press(&mut app, KeyCode::Char('d'));
    let fetched = |(_, asked): &(Generation, DocumentsAsked)| match asked {
        DocumentsAsked::Fetch(id, _) => id.as_i64(),
        _ => None,
    };
    assert_eq!(asked(&effects).iter().find_map(fetched), Some(20));
}

#[test]
fn what_may_no_longer_be_looked_at_goes_and_a_login_is_asked_for() {
    for open in [false, true] {
        let mut app = browsing();
        let effects = if open { press(&mut app, KeyCode::Enter) } else { Vec::new() };
        let refused = Error::NotAllowed(Refusal::OperatorsRequired);
        let answer = if open {
            (asked(&effects)[0].0, DocumentsAnswer::One(Err(refused)))
        } else {
            let (generation, _) = page_asked(&press(&mut app, KeyCode::Char('r')));
            (generation, DocumentsAnswer::Page(Err(refused)))
        };
        app.update(Message::Browsed(answer.0, answer.1));
        let Some(Layer::Login(login)) = app.layers.last() else { panic!("{:?}", app.layers) };
        assert!(login.of_operator && login.problem.is_some());
        let effects = control(&mut app, 's');
        let session = session(&app, &org(0, "org000"));
        let login = generation!(effects, Login);
        let effects = app.update(Message::LoggedIn(login, Ok(session)));
        assert!(documents(&app).rows.is_empty() && documents(&app).open.is_none());
        assert_eq!(page_asked(&effects).1.at, DocumentAt::First, "they are read again");
    }
}

#[test]
fn the_documents_of_one_in_the_trash_are_said_to_be_there() {
    let mut app = browsing();
    let (generation, _) = page_asked(&press(&mut app, KeyCode::Char('r')));
    let gone = Err(Error::InTrash("org000".into()));
    app.update(Message::Browsed(generation, DocumentsAnswer::Page(gone)));
    assert!(documents(&app).rows.is_empty());
    assert_eq!(documents(&app).problem.as_ref().unwrap().what, "“org000” is in the trash");
}

#[test]
fn the_next_document_is_selected_where_the_selected_one_is_gone() {
    let mut app = browsing();
    for _ in 0..20 {
        press(&mut app, KeyCode::Char('j'));
    }
    let (generation, _) = page_asked(&press(&mut app, KeyCode::Char('r')));
    let mut left = rows(-5..96, true);
    left.rows.retain(|row| !matches!(row.id.as_i64(), Some(20 | 21)));
    answer(&mut app, generation, left);
    assert_eq!(selected(&app), 22);
}

#[test]
fn a_position_that_others_have_moved_is_not_shown() {
    let mut app = browsing();
    for (more_before, top, number, shown) in [
        (false, 0, 900, true),
        (true, 0, 900, true),
        (false, 0, 901, true),
        (true, 0, 902, false),
        (false, 5, 903, false),
    ] {
        let window = app.browsed().unwrap();
        (window.before, window.more_before, window.top) = (Some(0), more_before, top);
        window.selected = top;
        let effects = press(&mut app, KeyCode::Char('r'));
        for (generation, asked) in asked(&effects) {
            if let DocumentsAsked::Count(_) = asked {
                app.update(Message::Browsed(generation, DocumentsAnswer::Count(Ok(number))));
            }
        }
        let position = documents(&app).number();
        assert_eq!(position.is_some(), shown, "{more_before} {number}");
    }
}

#[test]
fn a_refresh_far_down_reads_what_is_on_the_screen_and_keeps_the_selection() {
    let mut app = browsing();
    let mut next = 100;
    while selected(&app) < 250 {
        for (generation, _) in asked(&press(&mut app, KeyCode::PageDown)) {
            answer(&mut app, generation, rows(next..next + 100, true));
            next += 100;
        }
    }
    let (on, top) = (selected(&app), documents(&app).top);
    let above = documents(&app).rows[top - 1].id.clone();
    let (generation, query) = page_asked(&press(&mut app, KeyCode::Char('r')));
    assert_eq!(query.at, DocumentAt::After(above.clone().into()));
    let from = above.as_i64().unwrap() + 1;
    // The first one on the screen is gone.
    answer(&mut app, generation, rows(from + 1..from + 101, true));
    assert_eq!(selected(&app), on);
    assert_eq!(documents(&app).rows[top].id.as_i64(), Some(from + 1));
}

#[test]
fn the_last_ones_are_gone_to_at_once() {
    let mut app = browsing();
    let (generation, query) = page_asked(&press(&mut app, KeyCode::Char('G')));
    assert_eq!(query.at, DocumentAt::Last);
    answer(&mut app, generation, rows(904..1004, true));
    assert_eq!(selected(&app), 1003);
    let (generation, query) = page_asked(&press(&mut app, KeyCode::Char('g')));
    assert_eq!(query.at, DocumentAt::First);
    answer(&mut app, generation, rows(0..100, true));
    assert_eq!(selected(&app), 0);
}

#[test]
fn a_filter_is_applied_when_it_is_submitted_and_dropped_with_esc() {
    let mut app = browsing();
    assert!(asked(&press(&mut app, KeyCode::Char('/'))).is_empty());
    type_text(&mut app, "_id:7");
    let effects = press(&mut app, KeyCode::Enter);
    let (generation, query) = page_asked(&effects);
    assert!(query.filter.is_some());
    let counts = |asked: &DocumentsAsked| matches!(asked, DocumentsAsked::Count(Some(_)));
    assert!(asked(&effects).iter().any(|(_, asked)| counts(asked)));
    answer(&mut app, generation, rows(7..8, false));
    assert_eq!(selected(&app), 7);
    let effects = press(&mut app, KeyCode::Esc);
    assert_eq!(page_asked(&effects).1.filter, None);
    // And then the screen.
    answer(&mut app, page_asked(&effects).0, rows(0..100, true));
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
}

#[test]
fn what_cannot_be_understood_is_said_and_nothing_is_asked() {
    let mut app = browsing();
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "{ $where: 1 }");
    assert!(asked(&press(&mut app, KeyCode::Enter)).is_empty());
    assert!(documents(&app).fault.is_some() && documents(&app).typing);
    assert_eq!(documents(&app).filter.text(), "{ $where: 1 }");
    press(&mut app, KeyCode::Backspace);
    assert!(documents(&app).fault.is_none());
}

#[test]
fn one_is_opened_in_full_and_a_late_page_changes_nothing() {
    let mut app = browsing();
    press(&mut app, KeyCode::Char('j'));
    let effects = press(&mut app, KeyCode::Enter);
    let [(generation, DocumentsAsked::One(id, None))] = &asked(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*id, Bson::from(1_i64));
    let tree = Tree::new(rawdoc! { "_id": 1_i64 }).unwrap();
    app.update(Message::Browsed(*generation, DocumentsAnswer::One(Ok(Box::new(tree)))));
    answer(&mut app, *generation, rows(500..600, true));
    assert_eq!(selected(&app), 1);
    let shown = documents(&app).open.as_ref().unwrap().tree.as_ref();
    assert_eq!(shown.map(Tree::len), Some(1));
    let effects = press(&mut app, KeyCode::Char('y'));
    let [Effect::Copy("the document", text)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(text.reveal(), "{\n  _id: Long(\"1\"),\n}");
    press(&mut app, KeyCode::Esc);
    assert!(documents(&app).open.is_none());
}

#[test]
fn a_slash_in_the_tab_opens_the_filter_and_nothing_that_is_typed_is_a_command() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Right);
    let effects = type_text(&mut app, "/ndq:1");
    page_asked(&effects);
    assert_eq!(app.focus(), keymap::Place::DocumentFilter);
    assert_eq!(documents(&app).filter.text(), "ndq:1");
}

#[test]
fn a_filter_that_no_index_helps_says_so() {
    let mut app = browsing();
    type_text(&mut app, "/n>5");
    let (generation, _) = page_asked(&press(&mut app, KeyCode::Enter));
    answer(&mut app, generation, DocumentRows { reads_all: true, ..rows(6..20, true) });
    let lines = documents(&app).understood(78, 22);
    assert_eq!(lines[1], "no index helps this filter: every document is read");
    // Of all of them nothing is to be found.
    press(&mut app, KeyCode::Esc);
    assert!(documents(&app).understood(78, 22).is_empty());
}

#[test]
fn a_filter_says_how_it_is_understood() {
    let understood = |typed: &str| {
        let mut app = browsing();
        type_text(&mut app, "/");
        type_text(&mut app, typed);
        press(&mut app, KeyCode::Enter);
        (documents(&app).understood(78, 22).concat(), documents(&app).has_bare_word())
    };
    assert_eq!(understood("a:'x'"), ("→ { a: { $eq: \"x\" } }".to_owned(), false));
    assert_eq!(understood("R-1"), ("→ { _id: { $eq: \"R-1\" } }".to_owned(), true));
    assert_eq!(understood("_id:R-1"), ("→ { _id: { $eq: \"R-1\" } }".to_owned(), false));
    assert_eq!(understood("{ _id: 1 }"), (String::new(), false));
}
