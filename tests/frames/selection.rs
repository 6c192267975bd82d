//! What is selected in the list, and what is done to it.

use std::time::Duration;

use bson::{DateTime, oid::ObjectId};
use crossterm::event::KeyCode;
use tenantry::{
    console::app::{Effect, Message},
    org::{Operator, OperatorRole, Org, OrgState, PasswordHash},
    tenancy::{Error, Result, Session},
    theme::Theme,
};

use crate::{
    dump::looks_like,
    pretend::{Console, customers, now, with_trash},
};

#[test]
fn what_is_selected_and_what_is_done_to_it() {
    let mut console = Console::with(120, 32, customers());
    for _ in 0..3 {
        console.press(KeyCode::Char(' '));
    }
    console.answer_all();
    looks_like!(console, "selected_120x32");
    looks_like!(console, "selected_no_color", &Theme::colourless());
    console.press(KeyCode::Char('s'));
    looks_like!(console, "selected_asking_120x32");
    console.press(KeyCode::Enter);
    let answer = |console: &mut Console, result: fn(&Org) -> Result<Option<Org>>| {
        console.answer(|effect| match effect {
            Effect::Do(generation, action, org, ..) => {
                Some(Message::Done(*generation, *action, org.clone(), result(org)))
            }
            _ => None,
        });
    };
    answer(&mut console, |org| Ok(Some(Org { state: OrgState::Suspended, ..org.clone() })));
    looks_like!(console, "selected_under_way_120x32");
    answer(&mut console, |org| Err(Error::Changed(org.name.clone())));
    console.press(KeyCode::Char('x'));
    looks_like!(console, "selected_cancelling_120x32");
    answer(&mut console, |org| Err(Error::Gone(org.name.clone())));
    console.answer_all();
    looks_like!(console, "selected_failed_120x32");
    let mut console = Console::with(80, 24, customers());
    console.press(KeyCode::Char(' '));
    console.press(KeyCode::Char(' '));
    looks_like!(console, "selected_80x24");
    looks_like!(console, "selected_plain", &Theme { plain: true, ..Theme::colourless() });
    console.press(KeyCode::Char('y'));
    looks_like!(console, "selected_copying_80x24");
}

/// With the list or the trash of these, and an operator logged in.
fn with_operator(width: u16, height: u16) -> Console {
    with_operator_who_is(OperatorRole::Manager, width, height)
}

fn with_operator_who_is(role: OperatorRole, width: u16, height: u16) -> Console {
    let mut console = Console::with(width, height, with_trash());
    let operator = Operator {
        id: ObjectId::from_bytes([9; 12]),
        email: "ops@example.com".into(),
        password: PasswordHash::nobodys(),
        role,
        disabled: false,
        created_at: DateTime::from_system_time(now()),
        last_login: None,
        second_factor: None,
        keys: Vec::new(),
    };
    let until = now() + Duration::from_secs(1781);
    console.app.session = Some(Session::of_operator("token".into(), &operator, until));
    console
}

/// What the role does not allow is not offered.
#[test]
fn the_footer_offers_what_the_role_allows() {
    let footer = |role| {
        let console = with_operator_who_is(role, 120, 32);
        let (buffer, _) = console.drawn(&Theme::colourless());
        let last = buffer.content().chunks(120).next_back().unwrap();
        last.iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
    };
    let (viewer, operator) = (footer(OperatorRole::Viewer), footer(OperatorRole::Operator));
    for offered in ["n new", "e edit", "d trash"] {
        assert!(!viewer.contains(offered), "{viewer}");
        assert!(operator.contains(offered), "{operator}");
    }
    assert!(viewer.contains("/ filter"), "{viewer}");
}

#[test]
fn a_range_and_all_that_match_are_selected() {
    let mut console = Console::with(80, 24, customers());
    console.type_text("2jv4j");
    looks_like!(console, "selecting_range_80x24");
    let mut console = Console::with(120, 32, customers());
    console.control('a');
    console.press(KeyCode::Char(' '));
    console.answer_all();
    looks_like!(console, "selected_all_120x32");
    console.press(KeyCode::Char('s'));
    console.wait(200);
    looks_like!(console, "selected_all_reading_120x32");
}

#[test]
fn what_takes_them_away_asks_for_their_number() {
    for (width, height) in [(120, 32), (80, 24), (40, 10)] {
        let mut console = with_operator(width, height);
        console.control('a');
        console.press(KeyCode::Char('d'));
        console.answer_all();
        looks_like!(console, format!("bulk_trash_asking_{width}x{height}"));
        console.type_text("2");
        console.press(KeyCode::Enter);
        looks_like!(console, format!("bulk_trash_wrong_{width}x{height}"));
    }
    let mut console = with_operator(120, 32);
    console.press(KeyCode::Char('t'));
    console.answer_all();
    console.control('a');
    console.press(KeyCode::Char('d'));
    console.answer_all();
    looks_like!(console, "bulk_purge_asking_120x32");
    console.press(KeyCode::Esc);
    console.press(KeyCode::Esc);
    console.press(KeyCode::Char('t'));
    console.answer_all();
    console.control('a');
    console.press(KeyCode::Char('s'));
    console.answer_all();
    looks_like!(console, "bulk_suspend_skipping_120x32");
}

#[test]
fn an_export_asks_where_to_and_says_how_far_it_is() {
    for (width, height) in [(120, 32), (80, 24), (40, 10)] {
        let mut console = with_operator(width, height);
        console.press(KeyCode::Char('x'));
        console.answer_all();
        looks_like!(console, format!("export_asking_{width}x{height}"));
    }
}

#[test]
fn jobs_are_listed_with_their_pace_while_something_else_is_looked_at() {
    for (width, height) in [(120, 32), (80, 24), (40, 10)] {
        let mut console = Console::with(width, height, customers());
        console.press(KeyCode::Char('J'));
        looks_like!(console, format!("jobs_none_{width}x{height}"));
        console.press(KeyCode::Esc);
        console.type_text("3 s");
        console.press(KeyCode::Enter);
        console.answer_all();
        console.type_text("20 s");
        console.press(KeyCode::Enter);
        for number in 0..8 {
            console.wait(400);
            console.answer(|effect| match effect {
                Effect::Do(generation, action, org, ..) => {
                    let result = match number {
                        3 => Err(Error::Changed(org.name.clone())),
                        _ => Ok(Some(Org { state: OrgState::Suspended, ..org.as_ref().clone() })),
                    };
                    Some(Message::Done(*generation, *action, org.clone(), result))
                }
                _ => None,
            });
        }
        looks_like!(console, format!("job_running_{width}x{height}"));
        console.press(KeyCode::Esc);
        looks_like!(console, format!("job_in_background_{width}x{height}"));
        console.press(KeyCode::Char('q'));
        looks_like!(console, format!("job_quitting_{width}x{height}"));
        console.press(KeyCode::Esc);
        console.press(KeyCode::Char('J'));
        looks_like!(console, format!("jobs_{width}x{height}"));
        console.answer_all();
        looks_like!(console, format!("jobs_ended_{width}x{height}"));
        console.press(KeyCode::Enter);
        looks_like!(console, format!("job_report_{width}x{height}"));
    }
}
