//! The help: the table of commands, for the place below it, as a list to choose from and to search.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, below, heading, margin, put, put_right};
use crate::{
    console::{
        app::{App, Help},
        text,
    },
    keymap::Place,
    org::escaped,
};

/// The most columns the keys take with the space behind them, and the width from which they may.
const KEYS: u16 = 16;
const ROOMY: u16 = 60;
/// The columns of a command's name, and the width from which there is room for it.
const NAME: u16 = 18;
const SPACIOUS: u16 = 90;
/// A name further away than this from the words it names would not be found.
const MOST: u16 = 100;

pub(super) fn draw(
    app: &App,
    help: &Help,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let found = app.found(help);
    let height = usize::from(below(area, 2).height);
    let scroll = help.scroll.min(found.len().saturating_sub(height));
    let right = if found.len() > height {
        let to = (scroll + height).min(found.len());
        format!("{}–{to} of {}", scroll + 1, found.len())
    } else {
        String::new()
    };
    let searching = help.typing || !help.search.text().is_empty();
    let title = if searching { String::new() } else { format!("Keys {}", place(help.about)) };
    let top = area;
    let area = heading(buffer, area, theme, &title, &right);
    let cursor = searching.then(|| search(help, theme, buffer, top, &right)).flatten();
    if found.is_empty() {
        put(buffer, area, 2, 0, "No command is called that here.", Style::new());
        return cursor;
    }
    let area = Rect { width: area.width.min(MOST), ..area };
    let widest = found.iter().map(|choice| text::width(&choice.keys())).max().unwrap_or(0);
    let keys = match u16::try_from(widest + 2) {
        Ok(needed) if area.width < ROOMY => needed.min(KEYS),
        _ => KEYS,
    };
    let name = if area.width < SPACIOUS { 0 } else { NAME };
    for (y, (at, choice)) in (0..area.height).zip(found.iter().enumerate().skip(scroll)) {
        let selected = at == help.selected;
        if selected {
            put(buffer, area, 0, y, "▌", theme.accent);
        }
        put(buffer, area, 1, y, &choice.keys(), theme.accent);
        let room = usize::from(area.width.saturating_sub(keys + name + 2));
        let style = if selected { theme.selected } else { Style::new() };
        put(buffer, area, keys + 1, y, &text::fit(&choice.does(), room), style);
        if name > 0 {
            put_right(buffer, margin(area), y, &escaped(&choice.name()), theme.faint);
        }
    }
    cursor
}

/// What is searched for, in place of the heading.
fn search(
    help: &Help,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    right: &str,
) -> Option<Position> {
    let x = put(buffer, area, 0, 0, ": ", theme.accent);
    let room = usize::from(area.width).saturating_sub(text::width(right) + 5).max(1);
    let cursor = if help.typing { help.search.input.cursor() } else { 0 };
    let (shown, at) = text::window(help.search.text(), cursor, room, false);
    if shown.is_empty() {
        put(buffer, area, x + 1, 0, "what to do?", theme.faint);
    }
    put(buffer, area, x, 0, &shown, theme.strong);
    let at = u16::try_from(at).unwrap_or(u16::MAX);
    help.typing.then(|| Position::new(area.x + x + at, area.y))
}

fn place(about: Place) -> &'static str {
    match about {
        Place::Unconnected => "without a database",
        Place::List => "in the list",
        Place::Filter => "in the filter",
        Place::Detail => "in the details",
        Place::Admins => "among the admins",
        Place::Documents => "among the documents",
        Place::Activity => "in the activity",
        Place::Form => "in the form",
        Place::Trash => "in the trash",
        Place::Trashed => "in the details of the trash",
        Place::TrashedAdmins => "among the admins in the trash",
        Place::Question => "in the question",
        Place::Login => "in the login",
        Place::Upgrade => "at the upgrade",
        Place::Code => "at the code",
        Place::Production => "before a change in production",
        Place::Help | Place::Palette => "in the help",
        Place::Copying => "while copying",
        Place::Log => "in the log",
    }
}
