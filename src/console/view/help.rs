//! The help: the table of commands, for the place below it, as a list to choose from and to search.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, below, heading, margin, put, put_right};
use crate::{
    console::{
        app::{App, Choice, Drawn, Help, HelpLine, HitTarget, TextField},
        text,
    },
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
    drawn: &mut Drawn,
) -> Option<Position> {
    let lines = app.help_lines(help);
    let height = usize::from(below(area, 2).height);
    let scroll = help.scroll.min(lines.len().saturating_sub(height));
    let right = if lines.len() > height {
        let to = (scroll + height).min(lines.len());
        format!("{}–{to} of {}", scroll + 1, lines.len())
    } else {
        String::new()
    };
    let searching = help.typing || !help.search.text().is_empty();
    let title = if searching { String::new() } else { format!("Keys {}", help.about.words()) };
    let top = area;
    let area = heading(buffer, area, theme, &title, &right);
    let cursor = searching.then(|| {
        let words = (": ", "type a command");
        search(&help.search, help.typing, words, theme, buffer, top, &right)
    });
    let cursor = cursor.flatten();
    if lines.is_empty() {
        put(buffer, area, 2, 0, "No matching command", Style::new());
        return cursor;
    }
    let whole = area;
    let area = Rect { width: area.width.min(MOST), ..area };
    let choices = || {
        lines.iter().filter_map(|line| match line {
            HelpLine::Choice(_, choice) => Some(choice),
            HelpLine::Heading(_) => None,
        })
    };
    let widest = choices().map(|choice| text::width(&choice.keys())).max().unwrap_or(0);
    let keys = match u16::try_from(widest + 2) {
        Ok(needed) if area.width < ROOMY => needed.min(KEYS),
        _ => KEYS,
    };
    let name = if area.width < SPACIOUS { 0 } else { NAME };
    for (y, line) in (0..area.height).zip(lines.iter().skip(scroll)) {
        let (at, choice) = match line {
            HelpLine::Heading(group) => {
                put(buffer, area, 1, y, group.words(), theme.strong);
                continue;
            }
            HelpLine::Choice(at, choice) => (*at, choice),
        };
        drawn.add(Rect { y: area.y + y, height: 1, ..whole }, HitTarget::Choice(at));
        let selected = at == help.selected;
        if selected {
            put(buffer, area, 0, y, "▌", theme.accent);
        }
        let danger = choice.is_dangerous();
        put(buffer, area, 1, y, &choice.keys(), if danger { theme.bad } else { theme.accent });
        let room = usize::from(area.width.saturating_sub(keys + name + 2));
        let style = match (selected, choice) {
            (true, _) => theme.selected,
            (false, Choice::Elsewhere(..)) => theme.faint,
            (false, _) if danger => theme.bad,
            (false, Choice::Command(_) | Choice::Profile(_) | Choice::Right(..)) => Style::new(),
        };
        let mark = if danger { "! " } else { "" };
        let does = format!("{mark}{}", choice.does());
        put(buffer, area, keys + 1, y, &text::fit(&does, room), style);
        if name > 0 {
            put_right(buffer, margin(area), y, &escaped(&choice.name()), theme.faint);
        }
    }
    cursor
}

/// What is searched for, in place of the heading, with a mark before it and what to type while it is empty.
pub(super) fn search(
    field: &TextField,
    typing: bool,
    (mark, hint): (&str, &str),
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    right: &str,
) -> Option<Position> {
    let x = put(buffer, area, 0, 0, mark, theme.accent);
    let room = usize::from(area.width).saturating_sub(text::width(right) + 5).max(1);
    let cursor = if typing { field.input.cursor() } else { 0 };
    let (shown, at) = text::window(field.text(), cursor, room, false);
    if shown.is_empty() {
        put(buffer, area, x + 1, 0, &text::fit(hint, room), theme.faint);
    }
    put(buffer, area, x, 0, &shown, theme.strong);
    let at = u16::try_from(at).unwrap_or(u16::MAX);
    typing.then(|| Position::new(area.x + x + at, area.y))
}
