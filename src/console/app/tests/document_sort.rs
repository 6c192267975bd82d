//! The order of documents, chosen by a key.

use super::{
    documents::{answer, asked, browsing, documents, page_asked, rows},
    *,
};
use crate::{
    console::app::{DocumentsAnswer, DocumentsAsked},
    store::{DocumentAt, SortField, SortRefusal},
};

fn led(field: &str, refused: Option<SortRefusal>) -> SortField {
    SortField { field: field.to_owned(), refused }
}

/// Presses `o`, and answers what is asked for the first time.
fn sort(app: &mut App, fields: Vec<SortField>) -> Vec<Effect> {
    let effects = press(app, KeyCode::Char('o'));
    let [(generation, DocumentsAsked::SortFields)] = &asked(&effects)[..] else {
        panic!("{effects:?}")
    };
    app.update(Message::Browsed(*generation, DocumentsAnswer::SortFields(Ok(fields))))
}

fn said(app: &App) -> String {
    app.notice
        .as_ref()
        .map(|(_, said)| format!("{} · {}", said.what, said.help))
        .unwrap_or_default()
}

#[test]
fn the_key_goes_through_what_an_index_begins_with_and_back_to_the_id() {
    let mut app = browsing();
    let fields =
        vec![led("total", None), led("tags", Some(SortRefusal::Arrays)), led("city", None)];
    let mut effects = sort(&mut app, fields);
    assert!(said(&app).starts_with("not by tags: it holds arrays"), "{}", said(&app));
    for (word, descending) in [
        ("total", false),
        ("total", true),
        ("city", false),
        ("_id", false),
        ("_id", true),
        ("total", false),
    ] {
        let (generation, query) = page_asked(&effects);
        assert_eq!((query.order.word(), query.order.descending), (word, descending));
        assert_eq!(query.at, DocumentAt::First);
        assert!(documents(&app).rows.is_empty());
        answer(&mut app, generation, rows(0..100, true));
        // Reversed where the next one is the same.
        let key = if [("total", false), ("_id", false)].contains(&(word, descending)) {
            'O'
        } else {
            'o'
        };
        effects = press(&mut app, KeyCode::Char(key));
    }
}

#[test]
fn where_no_index_begins_with_another_field_that_is_said() {
    let mut app = browsing();
    assert!(asked(&sort(&mut app, Vec::new())).is_empty());
    assert_eq!(
        said(&app),
        "sorted by _id: no index begins with another field · press O to reverse the order"
    );
    assert_eq!(documents(&app).rows.len(), 100);
    let (_, query) = page_asked(&press(&mut app, KeyCode::Char('O')));
    assert!(query.order.descending);
}

#[test]
fn the_next_page_is_behind_the_value_and_the_id() {
    let mut app = browsing();
    let (generation, _) = page_asked(&sort(&mut app, vec![led("total", None)]));
    let mut page = rows(0..100, true);
    page.rows[99].value = 12.into();
    answer(&mut app, generation, page);
    let mut effects = press(&mut app, KeyCode::PageDown);
    while asked(&effects).is_empty() {
        effects = press(&mut app, KeyCode::PageDown);
    }
    let DocumentAt::After(place) = page_asked(&effects).1.at else { panic!("{effects:?}") };
    assert_eq!((place.value, place.id), (12.into(), 99_i64.into()));
}
