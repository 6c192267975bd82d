//! The log: all that was said since the start, the newest at the end.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, below, format, heading, put};
use crate::console::app::{App, Drawn, Extent, Severity};

/// The columns of a time and of a mark, with the spaces behind them.
const TIME: u16 = 10;
const MARK: u16 = 2;

/// One line: of its entry the time and the severity, where it is the first.
struct Line {
    begins: Option<(String, Severity)>,
    text: String,
    help: bool,
}

fn all(app: &App, width: u16) -> Vec<Line> {
    let room = usize::from(width.saturating_sub(TIME + MARK + 1));
    let mut lines = Vec::new();
    for entry in app.messages.iter() {
        let (what, help) = entry.said.lines(room);
        for (at, text) in what.into_iter().enumerate() {
            let begins = (at == 0).then(|| (format::time_of_day(entry.at), entry.severity));
            lines.push(Line { begins, text, help: false });
        }
        lines.extend(help.into_iter().map(|text| Line { begins: None, text, help: true }));
    }
    lines
}

pub(super) fn draw(
    app: &App,
    under: usize,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    let lines = all(app, area.width);
    let height = usize::from(below(area, 2).height);
    drawn.messages = Extent::new(lines.len(), height);
    let to = lines.len().saturating_sub(under.min(lines.len().saturating_sub(height)));
    let from = to.saturating_sub(height);
    let right = if lines.len() > height {
        format!("{}–{to} of {}", from + 1, lines.len())
    } else {
        String::new()
    };
    let area = heading(buffer, area, theme, "Messages", &right);
    if lines.is_empty() {
        put(buffer, area, 0, 0, "Nothing yet.", theme.faint);
    }
    for (y, line) in (0..area.height).zip(&lines[from..to]) {
        if let Some((time, severity)) = &line.begins {
            put(buffer, area, 0, y, time, theme.faint);
            let (mark, style) = match severity {
                Severity::Success => ("✓", theme.accent),
                Severity::Warning => ("!", theme.strong),
                Severity::Error => ("✗", theme.bad),
                Severity::Alert => ("!", theme.bad),
            };
            put(buffer, area, TIME, y, mark, style);
        }
        let style = if line.help { theme.faint } else { Style::new() };
        put(buffer, area, TIME + MARK, y, &line.text, style);
    }
    None
}
