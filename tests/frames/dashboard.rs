//! The dashboard: filled in as it is read, in every size, and with whatever is stored.

use crossterm::event::KeyCode;
use tenantry::{console::app::Message, store::OpenFiles, tenancy::SurveyPart, theme::Theme};

use crate::{
    dump::{LEAST, NARROW, looks_like, looks_like_at},
    pretend::{Console, DAY, customers, org, with_trash},
    pretend_sizes,
};

const SIZES: &[(u16, u16)] = &[LEAST, NARROW, (120, 40)];

/// In front of the dashboard, which was read.
fn opened(width: u16, height: u16) -> Console {
    let mut console = Console::with(width, height, with_trash());
    console.press(KeyCode::Char('S'));
    console.answer_all();
    console
}

#[test]
fn it_shows_what_all_organizations_come_to() {
    looks_like_at(&mut opened(80, 24), "dashboard", SIZES);
    let mut console = opened(80, 24);
    for _ in 0..12 {
        console.press(KeyCode::Char('j'));
    }
    console.wait(25 * 60 * 1000);
    looks_like_at(&mut console, "dashboard_moved", SIZES);
}

#[test]
fn the_largest_are_those_with_the_most_of_what_is_asked_for() {
    let mut console = opened(80, 24);
    for by in ["documents", "indexes", "newest"] {
        console.press(KeyCode::Char('o'));
        looks_like!(console, format!("dashboard_{by}"));
    }
}

#[test]
fn a_server_that_nears_its_limit_of_open_files_is_said() {
    for (width, height) in SIZES.iter().copied() {
        let mut console = Console::with(width, height, with_trash());
        console.press(KeyCode::Char('S'));
        let at = pretend_sizes::survey(&mut console, 9);
        let (before, _) = console.drawn(&Theme::sixteen());
        let most = 64_000;
        console
            .send(Message::Surveyed(at, SurveyPart::OpenFiles(OpenFiles { open: 51_200, most })));
        assert_eq!(console.drawn(&Theme::sixteen()).0, before, "four fifths are fine");
        console
            .send(Message::Surveyed(at, SurveyPart::OpenFiles(OpenFiles { open: 51_201, most })));
        looks_like!(console, format!("dashboard_files_{width}x{height}"));
    }
}

#[test]
fn it_is_filled_in_as_it_is_read() {
    let mut console = Console::with(80, 24, with_trash());
    console.press(KeyCode::Char('S'));
    looks_like!(console, "dashboard_asked");
    let at = pretend_sizes::survey(&mut console, 9);
    console.wait(300);
    looks_like!(console, "dashboard_reading");
    console.press(KeyCode::Esc);
    looks_like!(console, "dashboard_cancelled");
    // A late end changes nothing.
    console.send(Message::SurveyEnded(at, Ok(())));
    looks_like!(console, "dashboard_cancelled");
}

#[test]
fn it_is_told_apart_without_colours_lines_and_other_letters() {
    let console = opened(80, 24);
    looks_like!(console, "dashboard_no_color", &Theme::colourless());
    looks_like!(console, "dashboard_ascii", &Theme { ascii: true, ..Theme::sixteen() });
    looks_like!(console, "dashboard_plain", &Theme { plain: true, ..Theme::colourless() });
}

#[test]
fn what_is_stored_is_written_out() {
    let orgs = vec![
        org(1, "\u{1b}[2J\u{1b}]0;owned\u{7}", "a\u{202e}moc.live@b.example", DAY),
        org(2, "", "", DAY),
        org(3, "line\nbreak\ttab\u{0}", "\u{feff}@x.example", DAY),
        org(4, &"long ".repeat(60), &"x".repeat(300), DAY),
        org(5, "東京ソフト東京ソフト東京ソフト東京ソフト東京ソフト", "a@x.example", 900 * DAY),
    ];
    let mut console = Console::with(80, 24, orgs);
    console.press(KeyCode::Char('S'));
    console.answer_all();
    looks_like_at(&mut console, "dashboard_hostile", &[LEAST, NARROW]);
}

#[test]
fn it_stands_beside_a_list_in_which_nothing_is_selected() {
    let mut console = Console::with(140, 30, customers());
    console.press(KeyCode::Char('S'));
    console.answer_all();
    console.press(KeyCode::Esc);
    console.press(KeyCode::Char('/'));
    console.type_text("nothing like it");
    console.answer_all();
    looks_like!(console, "dashboard_beside");
}
