//! Every screen in every theme and every size class: what the styles are of in each, and the text where
//! that differs too.

use std::{cell::RefCell, fmt::Write as _, io::Write, rc::Rc};

use crossterm::event::KeyCode;
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    buffer::{Buffer, Cell},
    layout::Rect,
    style::Modifier,
};
use tenantry::{
    config::{Color, Profile},
    console::{
        app::{Arrived, Message},
        view,
    },
    store::StoreError,
    theme::{Background, Depth, Marks, Surroundings, Theme, ThemeChoice, ThemeSettings},
};

use crate::{
    dump,
    people::others,
    pretend::{Console, DAY, customers, org, with_trash},
};

/// Every theme there is, by name.
pub fn themes() -> Vec<(&'static str, Theme)> {
    let terminal = Surroundings::new(|name| match name {
        "TERM" => Some("xterm-256color".into()),
        "COLORTERM" => Some("truecolor".into()),
        "LANG" => Some("en_US.UTF-8".into()),
        _ => None,
    });
    let theme = |changes, background| {
        terminal
            .theme(ThemeSettings { theme: changes, ..ThemeSettings::default() }, Some(background))
    };
    let with = |looks| terminal.theme(looks, Some(Background::Dark));
    vec![
        ("dark", theme(ThemeChoice::Auto, Background::Dark)),
        ("light", theme(ThemeChoice::Auto, Background::Light)),
        ("contrast_dark", theme(ThemeChoice::Contrast, Background::Dark)),
        ("contrast_light", theme(ThemeChoice::Contrast, Background::Light)),
        ("none", theme(ThemeChoice::None, Background::Dark)),
        ("256", with(ThemeSettings { colors: Depth::Indexed, ..ThemeSettings::default() })),
        ("16", with(ThemeSettings { colors: Depth::Sixteen, ..ThemeSettings::default() })),
        ("ascii", with(ThemeSettings { marks: Marks::Ascii, ..ThemeSettings::default() })),
        ("plain", with(ThemeSettings { plain: true, ..ThemeSettings::default() })),
    ]
}

/// A console that knows which theme it is drawn in, as the runtime tells it.
fn told(mut console: Console, theme: &Theme) -> Console {
    console.app.plain = theme.plain;
    if theme.plain || theme.ascii {
        console.app.keymap = console.app.keymap.clone().spelled();
    }
    console
}

type Screen = (&'static str, fn(&mut Console));

/// How to get to every screen from the list.
const SCREENS: &[Screen] = &[
    ("list", |_| {}),
    ("details", |console| console.press(KeyCode::Enter)),
    ("admins", |console| {
        console.press(KeyCode::Enter);
        console.press(KeyCode::Right);
    }),
    ("documents", |console| {
        console.press(KeyCode::Enter);
        console.press(KeyCode::Right);
        console.press(KeyCode::Right);
    }),
    ("activity", |console| {
        console.press(KeyCode::Enter);
        console.press(KeyCode::Left);
    }),
    ("trash", |console| console.press(KeyCode::Char('t'))),
    ("filter", |console| console.type_text("/a")),
    ("form", |console| {
        console.type_text("nBluebird, Inc");
        console.press(KeyCode::Tab);
    }),
    ("question", |console| console.type_text("D")),
    ("login", |console| {
        console.press(KeyCode::Char('L'));
        console.press(KeyCode::Char('L'));
        console.type_text("some password");
    }),
    ("code", |console| {
        console.press(KeyCode::Enter);
        console.press(KeyCode::Right);
        console.answer_all();
        console.press(KeyCode::Char('c'));
        console.answer_all();
        console.press(KeyCode::Enter);
    }),
    ("help", |console| console.press(KeyCode::Char('?'))),
    ("palette", |console| console.type_text(":tras")),
    ("copy", |console| console.press(KeyCode::Char('y'))),
    ("said", |console| {
        let left = "no space left on device".to_owned();
        console.send(Message::Unlogged(left));
        console.send(Message::Copied("the name", Ok(Arrived::Known)));
    }),
    ("log", |console| {
        console.send(Message::Unlogged("no space left on device".to_owned()));
        console.press(KeyCode::Char('M'));
    }),
    ("production", |console| {
        let place = console.connected.place.clone();
        console.app.profile = Some(Profile {
            name: "live".to_owned(),
            color: Some(Color::Green),
            production: true,
            place,
        });
        console.press(KeyCode::Char('s'));
        console.press(KeyCode::Enter);
    }),
    ("unreachable", |console| {
        let place = console.connected.place.clone();
        let (width, height) = console.app.size;
        let (plain, keymap) = (console.app.plain, console.app.keymap.clone());
        *console = Console::opening(width, height, place, customers());
        (console.app.plain, console.app.keymap) = (plain, keymap);
        console.answer(|effect| {
            let error = StoreError::Unreachable {
                address: "db1.example:27017".into(),
                problem: "connection refused".into(),
            };
            let generation = crate::pretend::generation(effect)?;
            Some(Message::Connected(generation, Err(error.into())))
        });
    }),
];

fn screen((_, way): &Screen, size: (u16, u16), theme: &Theme) -> Console {
    let mut console = told(Console::with(size.0, size.1, with_trash()), theme);
    console.others = others();
    console.log_in();
    way(&mut console);
    console.answer_all();
    console
}

/// Each style on the frame, with the first words that have it.
fn legend(buffer: &Buffer) -> String {
    let mut styles: Vec<(String, Vec<String>)> = Vec::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let style = dump::style(buffer, x, y);
            let mut words = String::new();
            while x < buffer.area.width && dump::style(buffer, x, y) == style {
                words.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            let words = words.trim();
            let rule = words.chars().all(|c| "─━┬┴│ -=+|".contains(c));
            if style.is_empty() || words.is_empty() || rule && words.len() > 3 {
                continue;
            }
            let words: String = words.chars().take(24).collect();
            match styles.iter_mut().find(|(known, _)| *known == style) {
                Some((_, all)) if all.len() < 6 && !all.contains(&words) => all.push(words),
                Some(_) => {}
                None => styles.push((style, vec![words])),
            }
        }
    }
    styles.iter().fold(String::new(), |mut out, (style, words)| {
        let _ = writeln!(out, "  {style}: {}", words.join(" ¦ "));
        out
    })
}

macro_rules! as_committed {
    ($name:expr, $text:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
            insta::assert_snapshot!($name, $text);
        });
    };
}

#[test]
fn every_screen_in_every_theme() {
    for (name, theme) in themes() {
        let mut out = String::new();
        for way in SCREENS {
            let console = screen(way, dump::NARROW, &theme);
            let (buffer, cursor) = console.drawn(&theme);
            let _ = writeln!(out, "── {}", way.0);
            if theme.ascii || theme.plain {
                out.push_str(&dump::text(&buffer));
                let at = cursor.map_or("hidden".to_owned(), |at| format!("{},{}", at.x, at.y));
                let _ = writeln!(out, "  cursor {at}");
            } else {
                out.push_str(&legend(&buffer));
            }
        }
        as_committed!(format!("theme_{name}"), out);
    }
}

#[test]
fn every_screen_in_every_size_class() {
    for (width, height) in [dump::LEAST, dump::NARROW, dump::WIDE, (200, 60)] {
        let mut out = String::new();
        for way in SCREENS {
            let console = screen(way, (width, height), &Theme::sixteen());
            let (buffer, _) = console.drawn(&Theme::sixteen());
            let _ = writeln!(out, "── {}", way.0);
            out.push_str(&dump::text(&buffer));
        }
        as_committed!(format!("size_{width}x{height}"), out);
    }
}

/// In ASCII no byte is anything else; for a screen reader the cursor always is where one reads on.
#[test]
fn what_is_promised_of_ascii_and_plain_holds_on_every_screen() {
    for (name, theme) in themes() {
        for way in SCREENS {
            for size in [dump::LEAST, dump::NARROW, dump::WIDE] {
                let (buffer, cursor) = screen(way, size, &theme).drawn(&theme);
                if theme.ascii {
                    let other = buffer.content().iter().find(|cell| !cell.symbol().is_ascii());
                    assert_eq!(other, None, "{name} {} {size:?}", way.0);
                }
                if theme.plain {
                    assert!(cursor.is_some(), "{name} {} {size:?}", way.0);
                    let drawn = |cell: &Cell| cell.symbol().chars().any(|c| "─━│┬┴▌●".contains(c));
                    assert_eq!(buffer.content().iter().find(|cell| drawn(cell)), None);
                }
            }
        }
    }
}

/// Whatever the theme, the selected row is told from all others by more than its colour.
#[test]
fn the_selection_is_visible_without_colours() {
    for (name, theme) in themes() {
        let mut console = told(Console::with(80, 24, customers()), &theme);
        console.press(KeyCode::Char('j'));
        let (buffer, _) = console.drawn(&theme);
        let marked = |y: u16| {
            let mark = buffer[(0, y)].symbol() != " ";
            let weight = buffer[(1, y)].modifier.intersects(Modifier::REVERSED | Modifier::BOLD);
            (mark, weight)
        };
        assert_eq!(marked(5), (true, true), "{name}");
        assert_eq!([marked(4), marked(6)], [(false, false); 2], "{name}");
    }
}

/// Whoever works in production sees it without seeing colours.
#[test]
fn production_stands_out_in_every_theme() {
    for (name, theme) in themes() {
        for size in [dump::LEAST, dump::NARROW, dump::WIDE] {
            let mut console = told(Console::with(size.0, size.1, customers()), &theme);
            let place = console.app.place.clone();
            let mut drawn = |production| {
                let (name, color) = ("eu-1".to_owned(), Some(Color::Green));
                console.app.profile =
                    Some(Profile { name, color, production, place: place.clone() });
                let (buffer, _) = console.drawn(&theme);
                let row: String = (0..size.0).map(|x| buffer[(x, 0)].symbol()).collect();
                let before = row.split("eu-1").next().unwrap().chars().count();
                (row, buffer[(u16::try_from(before).unwrap(), 0)].clone())
            };
            let (row, cell) = drawn(true);
            assert!(cell.modifier.contains(Modifier::REVERSED | Modifier::BOLD), "{name} {row}");
            assert_eq!(row.contains("production"), theme.plain, "{row}");
            assert!(row.contains("db1"), "{row}");
            let (row, cell) = drawn(false);
            assert!(!cell.modifier.contains(Modifier::REVERSED), "{name} {row}");
        }
    }
}

/// For a screen reader the cursor follows what is selected and what is scrolled to.
#[test]
fn the_cursor_stands_where_reading_begins() {
    let (_, plain) = themes().into_iter().find(|(name, _)| *name == "plain").unwrap();
    let mut console = told(Console::with(200, 24, customers()), &plain);
    let at = |console: &Console| {
        let (buffer, cursor) = console.drawn(&plain);
        let at = cursor.unwrap();
        (at.x..buffer.area.width).map(|x| buffer[(x, at.y)].symbol()).collect::<String>()
    };
    assert!(at(&console).starts_with(">acme_corp "), "{}", at(&console));
    console.press(KeyCode::Char('j'));
    console.press(KeyCode::Enter);
    console.answer_all();
    assert!(at(&console).starts_with("Overview, tab 1 of 4"), "{}", at(&console));
    console.press(KeyCode::Right);
    console.answer_all();
    assert!(at(&console).starts_with(">bob@acme-industries"), "{}", at(&console));
    console.press(KeyCode::Right);
    console.answer_all();
    console.press(KeyCode::Char('j'));
    assert!(at(&console).starts_with("  _id"), "{}", at(&console));
    // One column, however wide it is.
    let areas = console.app.areas().unwrap();
    assert_eq!((areas.list.area(), areas.divider.area()), (0, 0));
}

/// A terminal's wire.
#[derive(Clone, Default)]
struct Wire(Rc<RefCell<Vec<u8>>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn wired((width, height): (u16, u16)) -> (Terminal<CrosstermBackend<Wire>>, Wire) {
    let (wire, area) = (Wire::default(), Viewport::Fixed(Rect::new(0, 0, width, height)));
    let backend = CrosstermBackend::new(wire.clone());
    (Terminal::with_options(backend, TerminalOptions { viewport: area }).unwrap(), wire)
}

/// A cursor move stays cheap where colours take the most bytes.
#[test]
fn a_move_stays_within_the_budget_in_every_theme() {
    for (name, theme) in themes() {
        let mut console = told(Console::with(80, 24, customers()), &theme);
        let (mut terminal, wire) = wired(dump::NARROW);
        terminal.draw(|frame| drop(view::draw(&console.app, &theme, frame))).unwrap();
        for _ in 0..5 {
            wire.0.borrow_mut().clear();
            console.press(KeyCode::Char('j'));
            terminal.draw(|frame| drop(view::draw(&console.app, &theme, frame))).unwrap();
            let moved = wire.0.borrow().len();
            assert!((1..=300).contains(&moved), "{moved} bytes in {name}");
        }
    }
}

/// In a terminal, whatever it thinks of the width of a name, columns begin where they begin.
#[test]
fn columns_line_up_beside_names_of_every_script() {
    let names = [
        "acme",
        "株式会社東京ソフトウェア開発研究所本社",
        "Cafe\u{301} Zu\u{308}rich n\u{303}\u{323}",
        "👍🏽🇩🇪🇯🇵 🦀🦀",
        "👩\u{200d}👩\u{200d}👧 family",
        "1\u{fe0f}\u{20e3} ❤\u{fe0f} keycap",
        "हिन्दी संगठन",
        "שלום עולם",
        "ﾊﾟﾝﾀﾞ",
        "한국 각",
        "ไทยแลนด์",
        "α½…“”–",
    ];
    let orgs = names.iter().zip(1..).map(|(name, number)| org(number, name, name, 9 * DAY));
    for (width, height) in [dump::NARROW, dump::WIDE] {
        let mut console = Console::with(width, height, orgs.clone().collect());
        let (mut terminal, wire) = wired((width, height));
        let mut shown = vt100::Parser::new(height, width, 0);
        for _ in 0..names.len() {
            terminal
                .draw(|frame| drop(view::draw(&console.app, &Theme::sixteen(), frame)))
                .unwrap();
            shown.process(&std::mem::take(&mut *wire.0.borrow_mut()));
            let areas = console.app.areas().unwrap();
            let cell = |x: u16, y: u16| {
                shown.screen().cell(y, x).map_or(String::new(), |cell| cell.contents().to_owned())
            };
            for y in areas.divider.y..areas.divider.bottom() {
                assert_eq!(cell(areas.divider.x, y), "│", "{width} {y}");
            }
            for (row, name) in (4..).zip(names) {
                let end = areas.list.width;
                let age: String = (end - 4..end).map(|x| cell(x, row)).collect();
                assert_eq!(age.trim(), "9d", "{name}");
                assert_eq!(cell(end - 3, row), "9", "{name}");
            }
            console.press(KeyCode::Char('j'));
            console.answer_all();
        }
    }
}

/// Each size there is, in one theme after the other: nothing panics, and what is too small says so.
#[test]
fn every_size_is_drawn_in_every_theme() {
    let themes = themes();
    let mut console = Console::with(80, 24, customers());
    for width in 1..=200 {
        for height in (1..=60).filter(|height| width < 45 || (width + height) % 13 == 0) {
            console.send(Message::Resize(width, height));
            let (_, theme) = &themes[usize::from(width + height) % themes.len()];
            console.app.plain = theme.plain;
            console.press(if height % 2 == 0 { KeyCode::Enter } else { KeyCode::Esc });
            let (buffer, _) = console.drawn(theme);
            let first: String =
                (0..width.min(8)).map(|x| buffer[(x, 0)].symbol().to_owned()).collect();
            let wanted = if width < 40 || height < 10 { "tenantry" } else { " tenantr" };
            assert!(wanted.starts_with(&first), "{width}x{height}: {first:?}");
        }
    }
}
