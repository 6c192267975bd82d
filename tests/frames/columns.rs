//! The columns of the list on wide screens, and those that were chosen.

use crossterm::event::KeyCode;
use tenantry::{keymap::Column, org::OrgState, theme::Theme};

use crate::{
    dump::{self, looks_like},
    pretend::{Console, customers, with_trash},
};

/// Some suspended, one with several admins, one without any.
fn console(width: u16) -> Console {
    let mut orgs = customers();
    for at in [1, 7] {
        orgs[at].state = OrgState::Suspended;
    }
    orgs[2].other_emails = (0..11).map(|at| format!("a{at}@acme.example").into()).collect();
    orgs[4].admin_gone = true;
    Console::with(width, 24, orgs)
}

#[test]
fn a_wide_screen_has_more_columns() {
    looks_like!(console(200), "columns_wide");
    let mut chosen = console(120);
    chosen.app.kept.hidden = vec![Column::Email];
    looks_like!(chosen, "columns_without_emails");
    let mut fewer = console(200);
    fewer.app.kept.hidden = vec![Column::State, Column::Age];
    looks_like!(fewer, "columns_fewer");
    let mut trash = Console::with(200, 24, with_trash());
    trash.press(KeyCode::Char('t'));
    trash.answer_all();
    looks_like!(trash, "columns_trash");
}

#[test]
fn a_screen_of_eighty_columns_looks_the_same_whatever_is_chosen_of_the_columns_that_have_no_room() {
    let text = |console: &Console| dump::text(&console.drawn(&Theme::sixteen()).0);
    let before = text(&console(80));
    let mut chosen = console(80);
    chosen.app.kept.hidden = vec![Column::State, Column::Admins];
    assert_eq!(text(&chosen), before);
}
