//! Which columns of the list show, and what is kept of that.

use super::*;
use crate::keymap::Column;

/// Runs a command by its name.
fn run(app: &mut App, name: &str) {
    press(app, KeyCode::Char(':'));
    type_text(app, name);
    press(app, KeyCode::Enter);
    assert!(app.layers.is_empty(), "{name} was not run");
}

fn shown(app: &App) -> Vec<Column> {
    let columns = app.columns(app.areas().unwrap().list.width);
    Column::ALL.into_iter().filter(|column| columns.shows(*column)).collect()
}

/// Those that show where there is room and nothing was chosen.
const UNCHOSEN: [Column; 4] = [Column::State, Column::Email, Column::Admins, Column::Age];

fn said(app: &App) -> String {
    app.notice.as_ref().map(|(_, said)| said.what.clone()).unwrap_or_default()
}

#[test]
fn columns_are_hidden_and_shown_by_name() {
    let mut app = console_sized(page(orgs(5), false, false), 200, 40);
    assert_eq!(shown(&app), UNCHOSEN);
    for (name, column) in [
        ("column-state", Column::State),
        ("column-email", Column::Email),
        ("column-admins", Column::Admins),
        ("column-age", Column::Age),
    ] {
        run(&mut app, name);
        assert!(!shown(&app).contains(&column), "{name}");
        assert_eq!(said(&app), format!("the {} column is hidden", column.word()));
        assert_eq!(app.kept.hidden, [column]);
        run(&mut app, name);
        assert_eq!(shown(&app), UNCHOSEN, "{name}");
        assert_eq!(app.kept, Kept::default());
    }
}

#[test]
fn columns_of_sizes_are_shown_by_name_and_hidden_again() {
    let mut app = console(page(orgs(5), false, false));
    for (name, column) in [
        ("column-documents", Column::Documents),
        ("column-size", Column::Size),
        ("column-newest", Column::Newest),
    ] {
        run(&mut app, name);
        assert!(shown(&app).contains(&column), "{name}");
        assert_eq!(app.kept, Kept { shown: vec![column], ..Kept::default() });
        run(&mut app, name);
        assert!(!shown(&app).contains(&column), "{name}");
        assert_eq!(app.kept, Kept::default());
    }
    app.size = (50, 24);
    app.kept.shown = vec![Column::Documents];
    run(&mut app, "column-size");
    assert_eq!(
        said(&app),
        "the size column shows in a list of 59 columns or more; this one has 50"
    );
}

#[test]
fn a_column_without_room_is_not_hidden_but_said_to_need_more() {
    let mut app = console(page(orgs(5), false, false));
    assert_eq!(shown(&app), [Column::Email, Column::Age]);
    run(&mut app, "column-state");
    assert_eq!(
        said(&app),
        "the state column shows in a list of 86 columns or more; this one has 80"
    );
    assert_eq!(app.kept.hidden, []);
    // Without the e-mail there is room.
    run(&mut app, "column-email");
    assert_eq!(shown(&app), [Column::State, Column::Admins, Column::Age]);
    run(&mut app, "column-email");
    assert_eq!(shown(&app), [Column::Email, Column::Age]);
}

#[test]
fn all_in_the_trash_are_in_one_state_and_nobody_logs_in() {
    let mut app = console_sized(page(orgs(5), false, false), 200, 40);
    press(&mut app, KeyCode::Char('t'));
    assert_eq!(shown(&app), [Column::Email, Column::Age]);
    run(&mut app, "column-state");
    assert_eq!(said(&app), "the state column does not show here");
    assert_eq!(app.kept, Kept::default());
}

#[test]
fn a_screen_reader_has_the_columns_that_it_had() {
    let mut app = console_sized(page(orgs(5), false, false), 200, 40);
    app.plain = true;
    app.kept.hidden = Column::ALL.to_vec();
    assert_eq!(shown(&app), [Column::Email, Column::Age]);
}

#[test]
fn keys_and_the_mouse_move_the_divider_that_is_kept() {
    let mut app = console_sized(page(orgs(5), false, false), 140, 40);
    assert_eq!(app.kept.divider, None);
    press(&mut app, KeyCode::Char('>'));
    assert_eq!(app.kept.divider, Some(74));
    press(&mut app, KeyCode::Char('<'));
    assert_eq!(app.kept.divider, Some(70));
    // More of the list is more columns.
    for _ in 0..6 {
        press(&mut app, KeyCode::Char('>'));
    }
    assert_eq!(shown(&app), UNCHOSEN);
}
