//! Names of fields in the filter of documents, and how far a long one is.

use std::time::Duration;

use super::{
    documents::{answer, browsing, documents, page_asked, rows},
    *,
};
use crate::console::app::{DocumentRows, DocumentsAnswer};

/// A console with a filter to be typed, that has read documents with these fields.
fn filtering(paths: &[&str]) -> App {
    let mut app = browsing();
    let (generation, _) = page_asked(&press(&mut app, KeyCode::Char('r')));
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    answer(&mut app, generation, DocumentRows { paths, ..rows(0..100, true) });
    press(&mut app, KeyCode::Char('/'));
    app
}

fn typed(app: &App) -> &str {
    documents(app).filter.text()
}

#[test]
fn tab_goes_through_the_fields_that_begin_so_and_back() {
    let mut app = filtering(&["_id", "total", "totals.net", "paid"]);
    type_text(&mut app, "paid:true to");
    press(&mut app, KeyCode::Tab);
    assert_eq!(typed(&app), "paid:true total");
    let names: Vec<&str> = documents(&app).completion().unwrap().names().collect();
    assert_eq!(names, ["total", "totals.net"]);
    press(&mut app, KeyCode::Tab);
    assert_eq!(typed(&app), "paid:true totals.net");
    press(&mut app, KeyCode::Tab);
    assert_eq!(typed(&app), "paid:true total");
    press(&mut app, KeyCode::BackTab);
    assert_eq!(typed(&app), "paid:true totals.net");
    // What is typed next is text, and ends it.
    type_text(&mut app, ">5");
    assert_eq!(typed(&app), "paid:true totals.net>5");
    assert!(documents(&app).completion().is_none());
    press(&mut app, KeyCode::Tab);
    assert_eq!(typed(&app), "paid:true totals.net>5");
    let said = app.notice.as_ref().map(|(_, said)| said.what.as_str());
    assert_eq!(said, Some("only names of fields are completed"));
}

#[test]
fn a_field_that_was_not_read_is_not_invented() {
    let mut app = filtering(&["total"]);
    type_text(&mut app, "x");
    press(&mut app, KeyCode::Tab);
    assert_eq!(typed(&app), "x");
    let said = app.notice.as_ref().map(|(_, said)| said.what.clone()).unwrap();
    assert_eq!(said, "none of the documents that were read has a field “x…”");
}

#[test]
fn a_long_filter_says_how_many_documents_it_has_looked_at_or_for_how_long() {
    let mut app = filtering(&[]);
    type_text(&mut app, "total>5");
    let (generation, query) = page_asked(&press(&mut app, KeyCode::Enter));
    assert_eq!(query.looked_at.number(), 0);
    let at = |app: &mut App, seconds| {
        app.update(Message::Clock(app.now + Duration::from_secs(seconds)));
        documents(app).progress(app.now, 80)
    };
    assert_eq!(at(&mut app, 0), None);
    assert_eq!(at(&mut app, 3).as_deref(), Some("3 s"));
    app.update(Message::Browsed(generation, DocumentsAnswer::LookedAt(120_000)));
    assert_eq!(at(&mut app, 1).as_deref(), Some("120,000 searched"));
    // Of another request it says nothing.
    app.update(Message::Browsed(generation + 1, DocumentsAnswer::LookedAt(7)));
    assert_eq!(at(&mut app, 1).as_deref(), Some("120,000 searched"));
    answer(&mut app, generation, rows(0..1, false));
    assert_eq!(at(&mut app, 1), None);
}
