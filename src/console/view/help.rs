//! The help: the table of commands, for the place below it.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, below, heading, put};
use crate::console::{
    app::Help,
    keymap::{self, Place, Row},
    text,
};

/// The most columns the keys take with the space behind them, and the width from which they may.
const KEYS: u16 = 16;
const ROOMY: u16 = 60;

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
    let keys = |row: &Row| row.keys.iter().map(|key| key.words()).collect::<Vec<_>>().join(" ");
    let widest = rows.iter().map(|row| text::width(&keys(row))).max().unwrap_or(0);
    let column = match u16::try_from(widest + 2) {
        Ok(needed) if area.width < ROOMY => needed.min(KEYS),
        _ => KEYS,
    };
    for (y, row) in (0..area.height).zip(rows.iter().skip(scroll)) {
        put(buffer, area, 0, y, &keys(row), theme.accent);
        let room = usize::from(area.width.saturating_sub(column + 1));
        put(buffer, area, column, y, &text::fit(row.does, room), Style::new());
    }
    None
}

fn place(about: Place) -> &'static str {
    match about {
        Place::Unconnected => "without a database",
        Place::List => "in the list",
        Place::Filter => "in the filter",
        Place::Detail => "in the details",
        Place::Admins => "among the admins",
        Place::Form => "in the form",
        Place::Trash => "in the trash",
        Place::Trashed => "in the details of the trash",
        Place::Question => "in the question",
        Place::Login => "in the login",
        Place::Code => "at the code",
        Place::Help => "in the help",
    }
}
