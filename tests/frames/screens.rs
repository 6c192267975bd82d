//! Every screen, as it is meant to look.

use std::{cell::Cell, io::Write, rc::Rc};

use crossterm::event::KeyCode;
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use tenantry::{
    console::{
        app::{Effect, Layer, Message},
        view,
    },
    org::{ClaimKind, Invalid},
    store::{Place, PlaceKind, Statistics, StoreError},
    tenancy::Error,
    theme::Theme,
};

use crate::{
    dump::{self, looks_like},
    pretend::{Console, DAY, customers, narrow, org, wide},
};

#[test]
fn empty() {
    looks_like!(Console::with(80, 24, Vec::new()), "empty");
    looks_like!(Console::with(120, 32, Vec::new()), "empty_wide");
}

#[test]
fn list_and_detail() {
    looks_like!(wide(), "list_and_detail");
    let mut console = wide();
    console.press(KeyCode::Enter);
    looks_like!(console, "detail_focused");
}

#[test]
fn list_narrow() {
    let mut console = narrow();
    looks_like!(console, "list_narrow");
    console.press(KeyCode::Char('G'));
    console.press(KeyCode::Char('o'));
    looks_like!(console, "list_reading_soon");
    console.wait(200);
    looks_like!(console, "list_reading");
    console.answer_all();
    looks_like!(console, "list_sorted");
}

#[test]
fn an_admin_that_is_gone() {
    let mut orgs = customers();
    orgs[0].admin_gone = true;
    looks_like!(Console::with(120, 32, orgs.clone()), "admin_gone");
    let mut console = Console::with(80, 24, orgs);
    looks_like!(console, "admin_gone_narrow");
    console.press(KeyCode::Char('L'));
    let Some(Layer::Login(login)) = console.app.layers.last() else { panic!("no login") };
    assert_eq!(login.fields[0].text(), "", "it is of no use there");
}

#[test]
fn detail_narrow() {
    let mut console = narrow();
    console.press(KeyCode::Enter);
    console.wait(100);
    looks_like!(console, "detail_counting");
    console.answer_all();
    looks_like!(console, "detail_narrow");
}

#[test]
fn documents() {
    let mut console = wide();
    console.press(KeyCode::Enter);
    console.press(KeyCode::Right);
    console.press(KeyCode::Right);
    console.wait(100);
    looks_like!(console, "documents_reading");
    console.answer_all();
    console.press(KeyCode::PageDown);
    looks_like!(console, "documents");
}

#[test]
fn an_organization_without_its_collection_says_so() {
    let acme = org(1, "acme_corp", "ada@acme.example", DAY);
    let mut console = Console::with(80, 24, vec![acme.clone()]);
    console.press(KeyCode::Char('r'));
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::LoadDetail(generation, _) => {
            Some(Message::Detail(*generation, Ok(Some((acme.clone(), Statistics::default())))))
        }
        _ => None,
    });
    let (buffer, _) = console.drawn(&Theme::sixteen());
    assert!(dump::text(&buffer).contains("documents     none; the collection does not exist"));
}

#[test]
fn a_long_line_of_a_document_is_shown_to_its_end() {
    let mut console = narrow();
    console.press(KeyCode::Enter);
    console.press(KeyCode::Right);
    console.press(KeyCode::Right);
    let note = format!("  note: \"{}the end\"", "all of it, ".repeat(20));
    console.answer(|effect| match effect {
        Effect::LoadDocuments(generation, _) => {
            let lines = (0..30).map(|n| format!("  n: {n}")).chain([note.clone(), "}".into()]);
            Some(Message::Documents(*generation, Ok(lines.collect())))
        }
        _ => None,
    });
    console.press(KeyCode::Char('G'));
    looks_like!(console, "documents_long_end");
}

#[test]
fn filter() {
    let mut console = narrow();
    console.press(KeyCode::Char('/'));
    console.type_text("acme");
    console.answer_all();
    looks_like!(console, "filter_typed");
    console.press(KeyCode::Enter);
    looks_like!(console, "filter_kept");
    console.press(KeyCode::Char('/'));
    console.send(Message::Paste("\u{202e}x".into()));
    console.answer_all();
    looks_like!(console, "filter_without_match");
}

#[test]
fn list_unreadable() {
    let mut console = narrow();
    console.press(KeyCode::Char('r'));
    console.answer(|effect| match effect {
        Effect::LoadPage(generation, _) => Some(Message::Page(
            *generation,
            Err(Error::Store(StoreError::Unreachable {
                address: "db1.example:27017".into(),
                problem: "no server answered within 5 s (tried once, connection reset by peer)"
                    .into(),
            })),
        )),
        _ => None,
    });
    looks_like!(console, "list_unreadable");
}

#[test]
fn new_form() {
    let mut console = wide();
    console.press(KeyCode::Char('n'));
    console.type_text("acme_corp");
    looks_like!(console, "new_form");
    console.press(KeyCode::Tab);
    console.answer(|effect| match effect {
        Effect::Check(generation, check) => Some(Message::Checked(
            *generation,
            check.field(),
            Err(Error::Taken {
                what: ClaimKind::Name,
                wanted: "acme_corp".into(),
                by: Some("acme_corp".into()),
                in_trash: false,
            }),
        )),
        _ => None,
    });
    console.type_text("ada@");
    console.press(KeyCode::Tab);
    console.answer(|effect| match effect {
        Effect::Check(generation, check) => Some(Message::Checked(
            *generation,
            check.field(),
            Err(Error::Invalid(Invalid::EmailMalformed)),
        )),
        _ => None,
    });
    console.answer_all();
    looks_like!(console, "new_form_password_rules");
    console.type_text("short-acme_corp");
    console.answer_all();
    looks_like!(console, "new_form_problems");
    console.send(Message::Resize(80, 24));
    looks_like!(console, "new_form_problems_narrow");
    console.send(Message::Resize(40, 10));
    looks_like!(console, "new_form_problems_least");
}

#[test]
fn made_password() {
    let mut console = narrow();
    console.press(KeyCode::Char('n'));
    console.type_text("Bluebird Bakery");
    console.press(KeyCode::Tab);
    console.type_text("jo@bluebird.example");
    console.control('g');
    console.answer_all();
    looks_like!(console, "made_password");
    console.control('s');
    console.wait(300);
    looks_like!(console, "creating");
    console.press(KeyCode::Esc);
    looks_like!(console, "creating_left");
    console.answer_all();
    looks_like!(console, "created_late");
}

#[test]
fn edit_form() {
    let mut console = wide();
    console.press(KeyCode::Char('e'));
    console.type_text("_2");
    looks_like!(console, "edit_form");
    console.control('s');
    console.wait(400);
    looks_like!(console, "edit_waiting");
    console.answer_all();
    looks_like!(console, "notice_good");
}

#[test]
fn delete() {
    let mut console = wide();
    console.press(KeyCode::Char('D'));
    console.wait(200);
    looks_like!(console, "delete_asking");
    console.answer_all();
    looks_like!(console, "login_with_reason");
    console.type_text("a wrong password");
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::Login(generation, ..) => {
            Some(Message::LoggedIn(*generation, Err(Error::WrongLogin)))
        }
        _ => None,
    });
    looks_like!(console, "login_wrong");
    console.send(Message::Resize(40, 10));
    looks_like!(console, "login_wrong_least");
    console.send(Message::Resize(120, 32));
    console.type_text("the right password");
    console.press(KeyCode::Enter);
    console.answer_all();
    console.type_text("acme");
    looks_like!(console, "delete_counts");
    console.send(Message::Resize(80, 24));
    looks_like!(console, "delete_counts_narrow");
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::Do(generation, action, org, ..) => {
            Some(Message::Done(*generation, *action, org.clone(), Err(Error::NotConfirmed)))
        }
        _ => None,
    });
    looks_like!(console, "delete_refused");
    console.send(Message::Resize(40, 10));
    looks_like!(console, "delete_refused_least");
}

#[test]
fn help() {
    let mut console = narrow();
    console.press(KeyCode::Char('?'));
    looks_like!(console, "help");
    console.press(KeyCode::Char('G'));
    looks_like!(console, "help_end");
    console.send(Message::Resize(120, 40));
    looks_like!(console, "help_wide");
    console.send(Message::Resize(40, 10));
    console.press(KeyCode::Char('g'));
    looks_like!(console, "help_least");
}

#[test]
fn manual() {
    let mut console = narrow();
    console.press(KeyCode::Char('?'));
    console.press(KeyCode::Char('m'));
    looks_like!(console, "manual_topics_80x24");
    console.send(Message::Resize(40, 10));
    looks_like!(console, "manual_topics_40x10");
    console.send(Message::Resize(120, 32));
    console.press(KeyCode::Char('/'));
    console.type_text("rate limit");
    looks_like!(console, "manual_search_120x32");
    console.press(KeyCode::Enter);
    looks_like!(console, "manual_page_120x32");
    console.send(Message::Resize(40, 10));
    looks_like!(console, "manual_page_40x10");
}

#[test]
fn notice_bad() {
    let mut console = narrow();
    console.log_in();
    console.wait(1_800_000);
    looks_like!(console, "notice_bad");
}

#[test]
fn session() {
    let mut console = narrow();
    console.log_in();
    console.wait(1000);
    looks_like!(console, "session");
}

fn demo(width: u16, height: u16) -> Console {
    let place = Place { kind: PlaceKind::Demo, address: String::new(), database: String::new() };
    let mut console = Console::opening(width, height, place, customers());
    console.connected.demo = Some(("ada@acme.example".into(), "w4kz7-m2qxp-9rt3c-hn8vb".into()));
    console.answer_all();
    console
}

#[test]
fn demo_shows_whom_to_log_in_as() {
    looks_like!(demo(120, 32), "demo_wide");
    looks_like!(demo(40, 10), "demo_least");
    let mut console = demo(80, 24);
    looks_like!(console, "demo");
    console.press(KeyCode::Char('d'));
    console.answer_all();
    looks_like!(console, "demo_login");
}

#[test]
fn hostile_names() {
    let mut orgs = vec![
        org(1, "\u{1b}[2J\u{1b}]0;owned\u{7}", "a\u{202e}moc.live@b.example", DAY),
        org(2, "", "", DAY),
        org(3, "line\nbreak\ttab\u{0}", "\u{feff}@x.example", DAY),
        org(4, &"long ".repeat(60), &"x".repeat(300), DAY),
    ];
    orgs[0].collection = "org_\u{9b}31m".into();
    let mut console = Console::with(120, 32, orgs);
    console.select(1);
    looks_like!(console, "hostile_names");
    console.press(KeyCode::Char('e'));
    looks_like!(console, "hostile_names_edit");
}

#[test]
fn wide_names() {
    let orgs = vec![
        org(1, "株式会社東京ソフトウェア開発研究所本社", "日本@例え.example", DAY),
        org(2, "Cafe\u{301} Zu\u{308}rich", "e\u{301}@x.example", DAY),
        org(3, "👍🏽🇩🇪 emoji 🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", "x@x.example", DAY),
        org(4, "हिन्दी संगठन", "x@x.example", DAY),
        org(5, "שלום עולם", "x@x.example", DAY),
        org(6, "ﾊﾟﾝﾀﾞ", "x@x.example", DAY),
    ];
    let mut console = Console::with(120, 32, orgs);
    console.select(1);
    looks_like!(console, "wide_names");
    console.press(KeyCode::Char('n'));
    console.send(Message::Paste(
        "株式会社東京ソフトウェア開発研究所本社と支社の皆さん、こんにちは".into(),
    ));
    looks_like!(console, "wide_names_typed");
}

#[test]
fn tiny() {
    for (width, height) in [(1, 1), (39, 9)] {
        let console = Console::with(width, height, customers());
        let name = format!("tiny_{width}x{height}");
        looks_like!(console, name);
    }
    let mut console = Console::with(40, 10, customers());
    looks_like!(console, "tiny_40x10");
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like!(console, "tiny_40x10_detail");
    for _ in 0..9 {
        console.press(KeyCode::Char('j'));
    }
    looks_like!(console, "tiny_40x10_detail_end");
    // No key is swallowed by having gone too far.
    console.press(KeyCode::Char('k'));
    assert_eq!(console.app.detail.scroll, 5);
}

#[test]
fn without_colour_the_selection_still_shows() {
    looks_like!(wide(), "no_color", &Theme::colourless());
    let (buffer, _) = wide().drawn(&Theme::colourless());
    for cell in &buffer.content {
        assert_eq!((cell.fg, cell.bg), Default::default(), "no colour anywhere");
    }
}

/// Counts what is written to it.
#[derive(Clone, Default)]
struct Counter(Rc<Cell<usize>>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The budget of a cursor move at 80x24.
#[test]
fn a_move_down_by_one_writes_at_most_300_bytes() {
    let (mut console, written) = (narrow(), Counter::default());
    let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
    let backend = CrosstermBackend::new(written.clone());
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
    let theme = Theme::sixteen();
    terminal.draw(|frame| drop(view::draw(&console.app, &theme, frame))).unwrap();
    for _ in 0..10 {
        let before = written.0.get();
        console.press(KeyCode::Char('j'));
        terminal.draw(|frame| drop(view::draw(&console.app, &theme, frame))).unwrap();
        let moved = written.0.get() - before;
        assert!((1..=300).contains(&moved), "{moved} bytes");
    }
}
