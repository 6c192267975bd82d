//! A frame as text that a person can read and compare: what it says, and below that every run of cells
//! that is not in the terminal's own style.

use std::fmt::Write as _;

use ratatui::{
    buffer::{Buffer, CellWidth},
    layout::Position,
    style::{Color, Modifier},
};
use tenantry::{console::app::Message, theme::Theme};

use crate::pretend::Console;

/// Compares the screen with the committed one.
macro_rules! looks_like {
    ($console:expr, $name:expr) => {
        looks_like!($console, $name, &Theme::sixteen())
    };
    ($console:expr, $name:expr, $theme:expr) => {
        let (buffer, cursor) = $console.drawn($theme);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
            insta::assert_snapshot!($name, crate::dump::dump(&buffer, cursor));
        });
    };
}
pub(crate) use looks_like;

/// A frame at each of these sizes, named after it.
pub fn looks_like_at(console: &mut Console, name: &str, sizes: &[(u16, u16)]) {
    for (width, height) in sizes {
        console.send(Message::Resize(*width, *height));
        console.answer_all();
        looks_like!(console, format!("{name}_{width}x{height}"));
    }
}

pub const LEAST: (u16, u16) = (40, 10);
pub const NARROW: (u16, u16) = (80, 24);
pub const WIDE: (u16, u16) = (120, 32);

/// What a frame says, without its styles.
pub fn text(buffer: &Buffer) -> String {
    (0..buffer.area.height).fold(String::new(), |mut out, y| {
        let _ = writeln!(out, "{}", line(buffer, y).trim_end());
        out
    })
}

pub fn dump(buffer: &Buffer, cursor: Option<Position>) -> String {
    let mut out = text(buffer);
    match cursor {
        Some(at) => writeln!(out, "cursor {},{}", at.x, at.y),
        None => writeln!(out, "cursor hidden"),
    }
    .unwrap();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let style = style(buffer, x, y);
            match runs.last_mut() {
                Some((_, end, last)) if *end == x && *last == style => *end = x + 1,
                _ if style.is_empty() => {}
                _ => runs.push((x, x + 1, style)),
            }
        }
        if !runs.is_empty() {
            let _ = write!(out, "{y:>2}");
            for (from, to, style) in runs {
                let _ = write!(out, "  {from}-{} {style}", to - 1);
            }
            out.push('\n');
        }
    }
    out
}

/// One row as text. The cell behind a wide character is part of it.
fn line(buffer: &Buffer, y: u16) -> String {
    let mut out = String::new();
    let mut x = 0;
    while x < buffer.area.width {
        let symbol = buffer[(x, y)].symbol();
        out.push_str(symbol);
        x += symbol.cell_width().max(1);
    }
    out
}

pub fn style(buffer: &Buffer, x: u16, y: u16) -> String {
    let cell = &buffer[(x, y)];
    let mut words = Vec::new();
    if cell.fg != Color::Reset {
        words.push(format!("{:?}", cell.fg).to_lowercase());
    }
    if cell.bg != Color::Reset {
        words.push(format!("on-{:?}", cell.bg).to_lowercase());
    }
    for (modifier, word) in
        [(Modifier::BOLD, "bold"), (Modifier::DIM, "dim"), (Modifier::REVERSED, "reversed")]
    {
        if cell.modifier.contains(modifier) {
            words.push(word.to_owned());
        }
    }
    words.join("+")
}
