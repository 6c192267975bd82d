//! Documents that are inserted, edited and deleted in the console: the editor, the difference, and what others did.

use crossterm::event::KeyCode;
use tenantry::{
    console::app::{Effect, Message},
    tenancy::Error,
};

use crate::{
    dump::{LEAST, looks_like_at},
    pretend::{Console, customers},
};

const SIZES: &[(u16, u16)] = &[LEAST, (80, 24), (140, 40)];

/// The documents of the first organization, the second one of them selected.
fn opened() -> Console {
    let mut console = Console::with(80, 24, customers());
    console.press(KeyCode::Enter);
    console.press(KeyCode::Right);
    console.press(KeyCode::Right);
    console.answer_all();
    console.press(KeyCode::Enter);
    console.answer_all();
    console.press(KeyCode::Char('j'));
    console
}

/// The second one being edited.
fn editing() -> Console {
    let mut console = opened();
    console.press(KeyCode::Char('e'));
    console.answer_all();
    console
}

/// Its total is 99 now, and it has one field more; the difference is shown.
fn changed() -> Console {
    let mut console = editing();
    for _ in 0..4 {
        console.press(KeyCode::Down);
    }
    console.press(KeyCode::End);
    for _ in 0.."120.5,".len() {
        console.press(KeyCode::Backspace);
    }
    console.type_text("99, note: \"late\",");
    console.control('s');
    console.answer_all();
    console
}

#[test]
fn a_document_is_edited() {
    let mut console = editing();
    looks_like_at(&mut console, "document_edit", SIZES);
    console.control('s');
    console.answer_all();
    looks_like_at(&mut console, "document_edit_unchanged", &[(80, 24)]);
    looks_like_at(&mut changed(), "document_difference", SIZES);
    let mut console = changed();
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "document_saved", &[(80, 24)]);
}

#[test]
fn what_is_no_document_says_where() {
    let mut console = editing();
    console.press(KeyCode::Down);
    console.type_text("oops ");
    console.control('s');
    console.answer_all();
    looks_like_at(&mut console, "document_edit_fault", SIZES);
    console.press(KeyCode::Esc);
    looks_like_at(&mut console, "document_edit_discard", &[LEAST, (80, 24)]);
}

#[test]
fn a_document_is_inserted_and_duplicated() {
    let mut console = opened();
    console.press(KeyCode::Char('n'));
    looks_like_at(&mut console, "document_new", &[LEAST, (80, 24)]);
    let mut console = opened();
    console.press(KeyCode::Char('c'));
    console.answer_all();
    looks_like_at(&mut console, "document_duplicate", &[(80, 24)]);
}

#[test]
fn a_document_is_deleted_after_a_question() {
    let mut console = opened();
    console.press(KeyCode::Char('d'));
    console.answer_all();
    looks_like_at(&mut console, "document_delete", SIZES);
}

/// Saves, where someone else has changed it meanwhile.
fn overtaken(console: &mut Console) {
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::WriteDocument(generation, org, _) => {
            let changed = Error::DocumentChanged(org.name.clone());
            Some(Message::DocumentWritten(*generation, org.clone(), Err(changed)))
        }
        _ => None,
    });
    console.answer_all();
}

#[test]
fn what_someone_else_changed_is_not_lost() {
    // Theirs has another total as well.
    let mut console = changed();
    overtaken(&mut console);
    looks_like_at(&mut console, "document_conflict", SIZES);
    console.press(KeyCode::Char('e'));
    looks_like_at(&mut console, "document_conflict_text", &[(80, 24)]);
    // Only a note: both changes go together.
    let mut console = editing();
    console.press(KeyCode::Down);
    console.type_text("note: 1, ");
    console.control('s');
    console.answer_all();
    overtaken(&mut console);
    looks_like_at(&mut console, "document_merged", &[LEAST, (80, 24)]);
    // A deletion shows what would go now.
    let mut console = opened();
    console.press(KeyCode::Char('d'));
    console.answer_all();
    overtaken(&mut console);
    looks_like_at(&mut console, "document_delete_overtaken", &[(80, 24)]);
}
