//! The documents of an organization on a screen of their own.

use crossterm::event::KeyCode;
use tenantry::{
    console::app::{DocumentRows, DocumentsAnswer, Effect, Message},
    store::StoreError,
    tenancy::Error,
};

use crate::{
    dump::{LEAST, looks_like_at},
    pretend::{Console, customers},
};

const SIZES: &[(u16, u16)] = &[LEAST, (80, 24), (140, 40)];

/// The documents of the first organization.
fn opened() -> Console {
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

#[test]
fn one_document_in_full() {
    let mut console = opened();
    console.press(KeyCode::Char('j'));
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "document_open", SIZES);
    console.press(KeyCode::Char('G'));
    looks_like_at(&mut console, "document_end", &[(80, 24)]);
}
