//! The columns of the list on wide screens, and those that were chosen.

use crossterm::event::KeyCode;
use tenantry::{console::app::Message, keymap::Column, org::OrgState, theme::Theme};

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
fn columns_of_sizes_are_filled_in_as_the_answers_come() {
    let asked_for = |width| {
        let mut console = console(width);
        console.app.kept.shown = Column::SIZES.to_vec();
        console.send(Message::Clock(console.app.now));
        console
    };
    let waiting = asked_for(80);
    looks_like!(waiting, "columns_sizes_waiting");
    for (width, name) in
        [(80, "columns_sizes_80x24"), (120, "columns_sizes_120x24"), (220, "columns_sizes_220x24")]
    {
        let mut console = asked_for(width);
        console.answer_all();
        looks_like!(console, name);
    }
}

#[test]
fn a_screen_of_eighty_columns_looks_the_same_whatever_is_chosen_of_the_columns_that_have_no_room() {
    let text = |console: &Console| dump::text(&console.drawn(&Theme::sixteen()).0);
    let before = text(&console(80));
    let mut chosen = console(80);
    chosen.app.kept.hidden = vec![Column::State, Column::Admins];
    assert_eq!(text(&chosen), before);
}
