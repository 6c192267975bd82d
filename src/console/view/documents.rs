//! The documents of an organization on a screen of their own: a line for each, and one in full.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Line,
};

use super::{
    Theme, detail, format, heading, help, margin, put, put_right, sheet::Sheet, shell, spinner,
};
use crate::{
    console::{
        app::{App, Documents, Drawn, HitTarget, Notice, OpenDocument},
        text,
    },
    keymap::Command,
    org::{escaped_short, thousands},
};

/// The most columns of an `_id`: the digits of an `ObjectId`.
const NAME_MOST: usize = 24;

pub(super) fn draw(
    app: &App,
    documents: &Documents,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    if let Some(open) = &documents.open {
        one(app, documents, open, theme, buffer, area, drawn);
        return None;
    }
    let right = match spinner(&documents.loading, app.now) {
        Some(turn) => format!("{} to cancel  loading… {turn}", app.keymap.how(Command::Back)),
        None => position(documents),
    };
    let searching = documents.typing || !documents.filter.text().is_empty();
    let title = format!("Documents of {}", documents.org.name);
    let rest = heading(buffer, area, theme, if searching { "" } else { &title }, &right);
    let words = ("/ ", "field:value total>5 or { \"a.b\": 1 }");
    let cursor = searching
        .then(|| {
            let field = &documents.filter;
            help::search(field, documents.typing, words, theme, buffer, area, &right)
        })
        .flatten();
    if let Some(fault) = &documents.fault {
        said(fault, theme.bad, theme, buffer, rest);
        return cursor;
    }
    if documents.rows.is_empty() {
        nothing(app, documents, theme, buffer, rest);
        return cursor;
    }
    let rows = documents.rows.iter().enumerate().skip(documents.top);
    let shown = rows.clone().take(rest.height.into()).map(|(_, row)| text::width(&row.name));
    let name = shown.max().unwrap_or(0).min(NAME_MOST).min(usize::from(rest.width) / 3);
    for (place, (at, row)) in rest.rows().zip(rows) {
        drawn.add(place, HitTarget::Document(at));
        let selected = at == documents.selected;
        if selected {
            put(buffer, place, 0, 0, "▌", theme.accent);
        }
        let style = if selected { theme.selected } else { theme.faint };
        let x = put(buffer, place, 1, 0, &text::filled(&row.name, name), style);
        let room = margin(place).width.saturating_sub(x + 1);
        let shown = text::fit(&row.line, room.into());
        if selected {
            put(buffer, place, x + 2, 0, &shown, theme.selected);
        } else {
            put_line(buffer, place, x + 2, &shell::line(&shown, theme));
        }
    }
    cursor
}

/// Which one is selected, of how many.
fn position(documents: &Documents) -> String {
    let noun = if documents.is_filtered() { " matching" } else { "" };
    match (documents.number(), documents.count) {
        (Some(number), Some(count)) if number <= count => {
            format!("{} of {}{noun}", thousands(number), thousands(count))
        }
        (_, Some(count)) => format!("{}{noun}", format::counted(count, "document", "documents")),
        (Some(number), None) => format!("{}{noun}", thousands(number)),
        (None, None) => String::new(),
    }
}

fn said(notice: &Notice, style: Style, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let mut sheet = Sheet::new(theme, area);
    sheet.text(&text::sentence(&notice.what), style);
    if !notice.help.is_empty() {
        sheet.text(&text::sentence(&notice.help), theme.faint);
    }
    sheet.draw(buffer, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area });
}

/// What stands where the documents would: why there are none, and what to press.
fn nothing(app: &App, documents: &Documents, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let (notice, style) = if let Some(problem) = &documents.problem {
        let retry = format!("press {} to retry", app.keymap.how(Command::Refresh));
        let help =
            if problem.help.is_empty() { retry } else { format!("{}; {retry}", problem.help) };
        (Notice { what: problem.what.clone(), help }, theme.bad)
    } else if !documents.loaded || documents.loading.is_waiting() {
        // The line above says that it is being read.
        return;
    } else if documents.is_filtered() {
        let typed = escaped_short(documents.filter.text().trim(), 60);
        let help = format!("press {} to clear the filter", app.keymap.how(Command::Back));
        (Notice { what: format!("no document matches “{typed}”"), help }, Style::new())
    } else {
        (Notice::plain("no documents"), Style::new())
    };
    said(&notice, style, theme, buffer, area);
}

/// One document in full.
fn one(
    app: &App,
    documents: &Documents,
    open: &OpenDocument,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) {
    let title = format!("A document of {}", documents.org.name);
    let rest = heading(buffer, area, theme, &title, "");
    if let Some(problem) = &open.problem {
        return said(problem, theme.bad, theme, buffer, rest);
    }
    let Some(lines) = &open.lines else {
        if let Some(turn) = spinner(&open.reading, app.now) {
            put(buffer, rest, 1, 0, &format!("{turn} loading the document…"), theme.faint);
        }
        return;
    };
    let (height, room) = (usize::from(rest.height), usize::from(margin(rest).width));
    let rows = |at: usize| text::folded(&lines[at], room).len();
    let extent = detail::tall_extent(lines.len(), height, open.top, rows);
    drawn.entry = extent;
    let top = open.top.min(extent.last);
    if extent.last > 0 {
        let to = (top + height).min(extent.lines);
        let shown = format!("{}–{to} of {} lines", top + 1, extent.lines);
        put_right(buffer, margin(area), 0, &shown, theme.faint);
    }
    let folded = lines.iter().skip(top).flat_map(|line| text::folded(line, room));
    for (place, line) in rest.rows().zip(folded) {
        let line: &str = &line;
        put_line(buffer, place, 1, &shell::line(line, theme));
    }
}

/// Writes a line from this column on.
fn put_line(buffer: &mut Buffer, place: Rect, x: u16, line: &Line) {
    let room = Rect { x: place.x + x, width: place.width.saturating_sub(x), ..place };
    let room = room.intersection(buffer.area);
    if room.area() > 0 {
        buffer.set_line(room.x, room.y, line, room.width);
    }
}
