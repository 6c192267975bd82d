//! The pictures the README shows, made from the real state and the real view. They are compared with
//! what is committed, so that none goes stale; `TENANTRY_UPDATE_PICTURES=1` makes them anew.

use std::{fmt::Write as _, path::Path};

use crossterm::event::KeyCode;
use ratatui::{
    buffer::{Buffer, Cell, CellWidth},
    layout::Position,
    style::{Color, Modifier},
};
use tenantry::console::theme::Theme;

use crate::people::others;
use crate::pretend::{Console, customers, with_trash};

const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 19.0;
const MARGIN: f32 = 16.0;
const BACKGROUND: &str = "#16181d";
const TEXT: &str = "#d7dae0";

/// A frame as a picture of a terminal.
fn svg(buffer: &Buffer, cursor: Option<Position>) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (place(columns, WIDTH) + MARGIN, place(rows, HEIGHT) + MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', \
         monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let cell = &buffer[(x, y)];
            let mut end = x + cell.symbol().cell_width().max(1);
            // Ends stay where they are whatever font is there: a run is as wide as its cells.
            while end < columns && !wide(cell) && runs_on(cell, &buffer[(end, y)]) {
                end += 1;
            }
            run(&mut out, buffer, x, end, y);
            x = end;
        }
    }
    if let Some(at) = cursor {
        let (x, y) = (place(at.x, WIDTH), place(at.y, HEIGHT) + 1.0);
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{WIDTH}\" height=\"17\" fill=\"{TEXT}\"/>"
        );
    }
    out.push_str("</svg>\n");
    out
}

fn place(cells: u16, size: f32) -> f32 {
    f32::from(cells).mul_add(size, MARGIN)
}

fn wide(cell: &Cell) -> bool {
    cell.symbol().cell_width() > 1
}

/// Whether one element can show both: the same style, and either both rules or both text.
fn runs_on(cell: &Cell, next: &Cell) -> bool {
    let rule = |cell: &Cell| "─━│┬┴▌▏".contains(cell.symbol()).then(|| cell.symbol().to_owned());
    (cell.fg, cell.modifier) == (next.fg, next.modifier) && rule(cell) == rule(next) && !wide(next)
}

fn run(out: &mut String, buffer: &Buffer, from: u16, to: u16, y: u16) {
    let cell = &buffer[(from, y)];
    let text: String = (from..to).map(|x| buffer[(x, y)].symbol()).collect();
    let modifier = cell.modifier;
    let colour = match cell.fg {
        Color::Cyan => "#56c8d8",
        Color::Red => "#f07178",
        _ => TEXT,
    };
    let faint = if modifier.contains(Modifier::DIM) { " opacity=\"0.5\"" } else { "" };
    let (left, right) = (place(from, WIDTH), place(to, WIDTH));
    let (top, bottom) = (place(y, HEIGHT), place(y, HEIGHT) + HEIGHT);
    let (across, down) = (f32::midpoint(left, right), f32::midpoint(top, bottom));
    let mut line = |path: String, thick: f32| {
        let _ = writeln!(
            out,
            "<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"{thick}\"{faint}/>"
        );
    };
    let level = format!("M{left:.1} {down:.1}H{right:.1}");
    match cell.symbol() {
        "─" => line(level, 1.0),
        "━" => line(level, 2.0),
        "│" => line(format!("M{across:.1} {top:.1}V{bottom:.1}"), 1.0),
        "┬" => line(format!("{level}M{across:.1} {down:.1}V{bottom:.1}"), 1.0),
        "┴" => line(format!("{level}M{across:.1} {top:.1}V{down:.1}"), 1.0),
        "▏" => line(format!("M{:.1} {:.1}V{:.1}", left + 1.5, top + 1.0, bottom - 1.0), 1.5),
        "▌" => line(format!("M{:.1} {top:.1}V{bottom:.1}", left + WIDTH / 4.0), WIDTH / 2.0),
        _ => {
            if text.trim().is_empty() {
                return;
            }
            let bold = if modifier.contains(Modifier::BOLD) { " font-weight=\"700\"" } else { "" };
            let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let (base, length) = (bottom - 5.0, right - left);
            let _ = writeln!(
                out,
                "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{length:.1}\" \
                 lengthAdjust=\"spacingAndGlyphs\" fill=\"{colour}\"{faint}{bold} \
                 xml:space=\"preserve\">{safe}</text>"
            );
        }
    }
}

fn is_current(console: &Console, name: &str) {
    let (buffer, cursor) = console.drawn(&Theme::sixteen());
    let picture = svg(&buffer, cursor);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    if std::env::var_os("TENANTRY_UPDATE_PICTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &picture).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        picture == committed,
        "assets/{name} shows an older console: look at it after TENANTRY_UPDATE_PICTURES=1 cargo test"
    );
}

fn console() -> Console {
    let mut console = Console::with(120, 32, customers());
    console.log_in();
    console
}

#[test]
fn the_console() {
    is_current(&console(), "console.svg");
}

#[test]
fn creating() {
    let mut console = console();
    console.press(KeyCode::Char('n'));
    console.type_text("Bluebird Bakery");
    console.press(KeyCode::Tab);
    console.type_text("jo@bluebird.example");
    console.control('g');
    console.answer_all();
    is_current(&console, "create.svg");
}

#[test]
fn deleting() {
    let mut console = console();
    console.press(KeyCode::Char('d'));
    console.answer_all();
    is_current(&console, "delete.svg");
}

#[test]
fn the_trash() {
    let mut console = Console::with(120, 32, with_trash());
    console.press(KeyCode::Char('t'));
    console.answer_all();
    is_current(&console, "trash.svg");
}

/// The details of the first, with this tab in sight.
fn looked_into(tab: usize) -> Console {
    let mut console = console();
    console.others = others();
    console.press(KeyCode::Enter);
    for _ in 0..tab {
        console.press(KeyCode::Right);
    }
    console.answer_all();
    console
}

#[test]
fn the_admins() {
    is_current(&looked_into(1), "admins.svg");
}

#[test]
fn the_record() {
    is_current(&looked_into(3), "activity.svg");
}
