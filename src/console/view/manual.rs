//! The manual: its topics to choose from and to search, and a page.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Modifier, Style},
};

use super::{Theme, below, heading, help, put};
use crate::{
    console::{
        app::{App, Drawn, HitTarget, Manual, text_of},
        text,
    },
    manual::{Kind, Line, Topic},
};

/// The columns of a topic's title with the space behind it.
const TITLE: u16 = 22;
/// The width from which what it answers stands beside it.
const ROOMY: u16 = 72;

pub(super) fn draw(
    app: &App,
    manual: &Manual,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    match manual.page {
        Some((topic, top)) => {
            page(app, manual, (topic, top), theme, buffer, area);
            None
        }
        None => topics(manual, theme, buffer, area, drawn),
    }
}

fn topics(
    manual: &Manual,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    let found = manual.found();
    let right = part(manual.scroll, usize::from(below(area, 2).height), found.len());
    let searching = manual.typing || !manual.search.text().is_empty();
    let top = area;
    let area = heading(buffer, area, theme, if searching { "" } else { "Manual" }, &right);
    let cursor = if searching {
        let words = ("/ ", "search the manual");
        help::search(&manual.search, manual.typing, words, theme, buffer, top, &right)
    } else {
        None
    };
    if found.is_empty() {
        put(buffer, area, 2, 0, "No page has these words", Style::new());
    }
    for (y, (at, topic)) in (0..area.height).zip(found.iter().enumerate().skip(manual.scroll)) {
        drawn.add(Rect { y: area.y + y, height: 1, ..area }, HitTarget::Choice(at));
        let selected = at == manual.selected;
        if selected {
            put(buffer, area, 0, y, "▌", theme.accent);
        }
        let style = if selected { theme.selected } else { Style::new() };
        if area.width < ROOMY {
            put(buffer, area, 2, y, &text::fit(topic.title(), (area.width - 3).into()), style);
            continue;
        }
        put(buffer, area, 2, y, topic.title(), style);
        let room = usize::from(area.width.saturating_sub(TITLE + 3));
        put(buffer, area, TITLE + 2, y, &text::fit(topic.answers, room), theme.faint);
    }
    cursor
}

fn page(
    app: &App,
    manual: &Manual,
    (topic, top): (&Topic, usize),
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) {
    let lines = app.page_of(topic);
    let height = usize::from(below(area, 2).height);
    let top = top.min(lines.len().saturating_sub(height));
    let right = part(top, height, lines.len());
    let area = heading(buffer, area, theme, topic.title(), &right);
    for (y, line) in (0..area.height).zip(lines.iter().skip(top)) {
        let mut x = 0;
        for span in line {
            let style = match span.kind {
                Kind::Text => Style::new(),
                Kind::Heading | Kind::Strong => theme.strong,
                Kind::Code => theme.accent,
            };
            x = put(buffer, area, x, y, &span.text, style);
        }
        mark(manual, line, buffer, Rect { y: area.y + y, height: 1, ..area });
    }
}

/// Underlines what the search found in a line.
fn mark(manual: &Manual, line: &Line, buffer: &mut Buffer, area: Rect) {
    let text = text_of(line);
    let columns = |to: usize| {
        u16::try_from(text::width(text.get(..to).unwrap_or_default())).unwrap_or(u16::MAX)
    };
    for (from, to) in manual.marks(&text) {
        let (from, to) = (columns(from).min(area.width), columns(to).min(area.width));
        let found = Rect { x: area.x + from, width: to.saturating_sub(from), ..area };
        let style = Style::new().add_modifier(Modifier::UNDERLINED);
        buffer.set_style(found.intersection(buffer.area), style);
    }
}

/// Which of the lines show, where not all do.
fn part(from: usize, height: usize, of: usize) -> String {
    if of > height {
        format!("{}–{} of {of}", from + 1, (from + height).min(of))
    } else {
        String::new()
    }
}
