//! The documents of an organization on a screen of their own.

use crossterm::event::KeyCode;
use tenantry::{
    console::app::{DocumentRows, DocumentsAnswer, Effect, Message},
    store::StoreError,
    tenancy::Error,
    theme::Theme,
};

use crate::{
    dump::{LEAST, looks_like, looks_like_at},
    pretend::{Console, customers},
};

const SIZES: &[(u16, u16)] = &[LEAST, (80, 24), (140, 40)];

/// The documents of the first organization.
pub fn opened() -> Console {
    let mut console = Console::with(80, 24, customers());
    console.press(KeyCode::Enter);
    console.press(KeyCode::Right);
    console.press(KeyCode::Right);
    console.answer_all();
    console.press(KeyCode::Enter);
    console.answer_all();
    console
}

/// The same, with this answer to every page.
fn answered(answer: impl Fn() -> Result<DocumentRows, Error>) -> Console {
    let mut console = Console::with(80, 24, customers());
    console.press(KeyCode::Enter);
    console.press(KeyCode::Right);
    console.press(KeyCode::Right);
    console.answer_all();
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::Browse(generation, ..) => {
            Some(Message::Browsed(*generation, DocumentsAnswer::Page(answer())))
        }
        _ => None,
    });
    console
}

#[test]
fn the_documents_of_an_organization() {
    let mut console = opened();
    looks_like_at(&mut console, "documents_all", SIZES);
    console.press(KeyCode::Char('G'));
    console.answer_all();
    looks_like_at(&mut console, "documents_last", SIZES);
    looks_like_at(&mut answered(|| Ok(DocumentRows::default())), "documents_none", &[LEAST]);
    let lost = || Err(Error::Store(StoreError::Other("the server went away".into())));
    looks_like_at(&mut answered(lost), "documents_failed", &[LEAST, (80, 24)]);
}

#[test]
fn they_are_sorted_by_what_an_index_begins_with() {
    let mut console = opened();
    console.press(KeyCode::Char('o'));
    console.answer_all();
    console.answer_all();
    looks_like_at(&mut console, "documents_sorted", SIZES);
    console.press(KeyCode::Char('O'));
    console.answer_all();
    looks_like_at(&mut console, "documents_reversed", &[(80, 24)]);
}

#[test]
fn they_are_a_table_whose_columns_are_set_up_by_hand() {
    let mut console = opened();
    console.press(KeyCode::Char('t'));
    looks_like_at(&mut console, "documents_table", SIZES);
    for _ in 0..5 {
        console.press(KeyCode::Right);
    }
    looks_like_at(&mut console, "documents_table_right", SIZES);
    for key in ['[', '<', '<'] {
        console.press(KeyCode::Char(key));
    }
    console.press(KeyCode::Left);
    console.press(KeyCode::Char('-'));
    looks_like_at(&mut console, "documents_table_set_up", &[(80, 24), (140, 40)]);
}

#[test]
fn a_table_without_colours_still_shows_what_is_selected() {
    let mut console = opened();
    console.press(KeyCode::Char('t'));
    console.press(KeyCode::Down);
    console.press(KeyCode::Right);
    looks_like!(console, "documents_table_no_color", &Theme::colourless());
}

#[test]
fn names_of_fields_are_completed_in_the_filter() {
    let mut console = opened();
    console.press(KeyCode::Char('/'));
    console.type_text("paid:true c");
    console.press(KeyCode::Tab);
    console.press(KeyCode::Tab);
    looks_like_at(&mut console, "documents_complete", &[LEAST, (80, 24)]);
}

#[test]
fn they_are_filtered() {
    let mut console = opened();
    console.press(KeyCode::Char('/'));
    looks_like_at(&mut console, "documents_filter", SIZES);
    console.type_text("paid:true");
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "documents_filtered", SIZES);
    console.press(KeyCode::Char('/'));
    console.type_text(" total>");
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "documents_filter_wrong", &[LEAST, (80, 24)]);
}
