//! A form that is left with something typed in it.

use crossterm::event::KeyCode;

use crate::{
    dump::{LEAST, NARROW, WIDE, looks_like_at},
    pretend::narrow,
};

#[test]
fn esc_asks_before_it_discards_what_was_typed() {
    let mut console = narrow();
    console.press(KeyCode::Char('n'));
    console.type_text("acme_north");
    console.press(KeyCode::Esc);
    looks_like_at(&mut console, "form_leaving", &[LEAST, NARROW, WIDE]);
}
