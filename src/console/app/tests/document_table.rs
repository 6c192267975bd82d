//! The documents as a table.

use super::{
    documents::{answer, browsing, documents, page_asked, rows},
    *,
};
use crate::console::app::{DocumentRow, FieldColumn};

/// A console that shows a table of three fields.
fn table() -> App {
    let mut app = browsing();
    let (generation, _) = page_asked(&press(&mut app, KeyCode::Char('r')));
    let mut page = rows(0..100, true);
    for row in &mut page.rows {
        let cells = [("number", "\"R-1000\""), ("total", "5"), ("paid", "true")];
        *row = DocumentRow {
            cells: cells.map(|(field, value)| (field.into(), value.into())).to_vec(),
            ..row.clone()
        };
    }
    answer(&mut app, generation, page);
    press(&mut app, KeyCode::Char('t'));
    assert!(app.kept.table);
    app
}

fn columns(app: &App) -> Vec<(String, u16)> {
    let (columns, _) = documents(app).columns(&app.kept.columns);
    columns.into_iter().map(|column| (column.field, column.width)).collect()
}

fn fields(app: &App) -> Vec<String> {
    columns(app).into_iter().map(|(field, _)| field).collect()
}

#[test]
fn a_key_switches_between_table_and_list() {
    let mut app = table();
    assert_eq!(app.focus(), keymap::Place::AllDocuments);
    press(&mut app, KeyCode::Char('t'));
    assert!(!app.kept.table);
    // What is for the table says how to get there.
    press(&mut app, KeyCode::Char('-'));
    let said = app.notice.as_ref().map(|(_, said)| said.what.as_str());
    assert_eq!(said, Some("press t to show the documents as a table"));
    assert_eq!(app.kept.columns, []);
}

#[test]
fn columns_are_moved_sized_and_hidden_by_hand_and_that_is_kept() {
    let mut app = table();
    assert_eq!(columns(&app), [("number".into(), 8), ("total".into(), 5), ("paid".into(), 4)]);
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Char('['));
    assert_eq!(fields(&app), ["total", "number", "paid"]);
    press(&mut app, KeyCode::Char('>'));
    assert_eq!(columns(&app)[0], ("total".into(), 9));
    press(&mut app, KeyCode::Char('<'));
    press(&mut app, KeyCode::Char('<'));
    assert_eq!(columns(&app)[0], ("total".into(), 4));
    press(&mut app, KeyCode::Char(']'));
    assert_eq!(fields(&app), ["number", "total", "paid"]);
    press(&mut app, KeyCode::Char('-'));
    assert_eq!(fields(&app), ["number", "paid"]);
    let said = app.notice.as_ref().map(|(_, said)| said.what.clone());
    assert_eq!(said.as_deref(), Some("the total column is hidden"));
    // Those of other organizations stay as they were set up.
    let other = FieldColumn { field: "other".to_owned(), width: Some(9), hidden: true };
    app.kept.columns.push(other.clone());
    press(&mut app, KeyCode::Char('>'));
    assert!(app.kept.columns.contains(&other));
    press(&mut app, KeyCode::Char('*'));
    assert_eq!(app.kept.columns, []);
    assert_eq!(fields(&app), ["number", "total", "paid"]);
}

#[test]
fn the_last_column_can_be_hidden_and_shown_again() {
    let mut app = table();
    for left in [2, 1, 0, 0] {
        press(&mut app, KeyCode::Char('-'));
        assert_eq!(columns(&app).len(), left);
    }
    press(&mut app, KeyCode::Char(']'));
    press(&mut app, KeyCode::Char('*'));
    assert_eq!(columns(&app).len(), 3);
}

#[test]
fn the_selected_document_stays_above_the_lower_edge() {
    let mut app = table();
    press(&mut app, KeyCode::Char('t'));
    let list = app.document_rows();
    for _ in 0..list {
        press(&mut app, KeyCode::Down);
    }
    press(&mut app, KeyCode::Char('t'));
    let documents = documents(&app);
    assert!(documents.selected - documents.top < list - 1, "the header takes a row");
}
