//! One document as a tree, and one of its values changed in place.

use crossterm::event::KeyCode;
use tenantry::theme::Theme;

use crate::{
    documents::opened,
    dump::{LEAST, NARROW, looks_like, looks_like_at},
    pretend::Console,
};

const SIZES: &[(u16, u16)] = &[LEAST, NARROW, (140, 40)];

/// The second document of the first organization.
fn one() -> Console {
    let mut console = opened();
    console.press(KeyCode::Char('j'));
    console.press(KeyCode::Enter);
    console.answer_all();
    console
}

#[test]
fn a_document_as_a_tree() {
    let mut console = one();
    looks_like_at(&mut console, "document_open", SIZES);
    console.press(KeyCode::Char('G'));
    looks_like_at(&mut console, "document_end", &[NARROW]);
    console.press(KeyCode::Char('-'));
    looks_like_at(&mut console, "document_folded", &[LEAST, NARROW]);
    console.type_text("5gl");
    console.press(KeyCode::Right);
    looks_like_at(&mut console, "document_unfolded", &[NARROW]);
    looks_like!(console, "document_plain", &Theme { plain: true, ..Theme::colourless() });
    looks_like!(console, "document_ascii", &Theme { ascii: true, ..Theme::sixteen() });
}

#[test]
fn a_value_is_changed_in_place() {
    let mut console = one();
    console.type_text("8j");
    console.press(KeyCode::Enter);
    looks_like_at(&mut console, "document_value", SIZES);
    console.control('u');
    console.type_text("'Lon\u{202e}don', x");
    console.press(KeyCode::Enter);
    looks_like_at(&mut console, "document_value_wrong", &[LEAST, NARROW]);
    console.control('u');
    console.type_text("[\"London\", Long(7)]");
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "document_value_asked", &[LEAST, NARROW]);
    console.press(KeyCode::Esc);
    console.control('u');
    console.type_text("5");
    console.press(KeyCode::Enter);
    console.wait(300);
    looks_like!(console, "document_value_waits");
}

#[test]
fn a_long_value_is_shown_whole() {
    let mut console = one();
    console.type_text("12jv");
    looks_like_at(&mut console, "document_value_whole", &[LEAST, NARROW]);
    console.press(KeyCode::Char('v'));
    looks_like!(console, "document_value_closed");
}

#[test]
fn deep_down_the_selected_row_stays_in_sight() {
    let mut console = opened();
    console.press(KeyCode::Enter);
    let levels = 100;
    let text = format!("{}1{}", "{ a: ".repeat(levels), " }".repeat(levels));
    console.answer(|effect| crate::pretend_documents::one_read(effect, &text));
    console.type_text("*G");
    looks_like_at(&mut console, "document_deep", &[LEAST, NARROW]);
}
