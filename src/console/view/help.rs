//! The help: the table of commands, for the place below it.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, below, heading, put};
use crate::console::{
    app::Help,
    keymap::{self, Place},
    text,
};

/// The columns of the keys and of the space behind them.
const KEYS: u16 = 16;

pub(super) fn draw(
    help: &Help,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let rows: Vec<_> = keymap::rows(help.about).collect();
    let height = usize::from(below(area, 2).height);
    let scroll = help.scroll.min(rows.len().saturating_sub(height));
    let right = if rows.len() > height {
        let to = (scroll + height).min(rows.len());
        format!("{}–{to} of {}", scroll + 1, rows.len())
    } else {
        String::new()
    };
    let area = heading(buffer, area, theme, &format!("Keys {}", place(help.about)), &right);
    for (y, row) in (0..area.height).zip(rows.iter().skip(scroll)) {
        let keys: Vec<_> = row.keys.iter().map(|key| key.words()).collect();
        put(buffer, area, 0, y, &keys.join(" "), theme.accent);
        let room = usize::from(area.width.saturating_sub(KEYS + 1));
        put(buffer, area, KEYS, y, &text::fit(row.does, room), Style::new());
    }
    None
}

fn place(about: Place) -> &'static str {
    match about {
        Place::Unconnected => "without a database",
        Place::List => "in the list",
        Place::Filter => "in the filter",
        Place::Detail => "in the details",
        Place::Form => "in the form",
        Place::Delete => "in the question",
        Place::Login => "in the login",
        Place::Help => "in the help",
    }
}
