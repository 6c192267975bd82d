//! What is selected in the list, and what is done to it.

use crossterm::event::KeyCode;
use tenantry::{
    console::app::{Effect, Message},
    org::{Org, OrgState},
    tenancy::{Error, Result},
    theme::Theme,
};

use crate::{
    dump::looks_like,
    pretend::{Console, customers},
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
    console.press(KeyCode::Esc);
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
