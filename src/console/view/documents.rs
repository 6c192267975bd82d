//! The documents of an organization on a screen of their own: a line for each, or a table.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Line,
};

use super::{
    Theme, below, document_table, document_tree, format, heading, help, margin, put, sheet::Sheet,
    shell, spinner,
};
use crate::{
    console::{
        app::{App, Documents, Drawn, HitTarget, Notice},
        text,
    },
    keymap::Command,
    org::{escaped, escaped_short, thousands},
    store::DocumentOrder,
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
        return document_tree::draw(app, documents, open, theme, buffer, area, drawn);
    }
    let right = match spinner(&documents.loading, app.now) {
        Some(turn) => {
            let how = documents.progress(app.now, area.width);
            let how = how.as_deref().unwrap_or("loading…");
            format!("{} to cancel  {how} {turn}", app.keymap.how(Command::Back))
        }
        None => [order(documents), position(documents)].concat(),
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
    let rest = completing(documents, theme, buffer, rest);
    if let Some(fault) = &documents.fault {
        said(fault, theme.bad, theme, buffer, rest);
        return cursor;
    }
    if documents.rows.is_empty() {
        let rest = understood(documents, theme, buffer, rest);
        nothing(app, documents, theme, buffer, rest);
        return cursor;
    }
    let rest = understood(documents, theme, buffer, rest);
    if app.kept.table {
        document_table::draw(app, documents, theme, buffer, rest, drawn);
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

/// Writes the fields that a name in the filter can be. What is left below them.
fn completing(documents: &Documents, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Rect {
    let Some(completion) = documents.completion() else { return area };
    let mut x = 1;
    for (number, name) in completion.names().enumerate() {
        let style = if number == 0 { theme.selected } else { theme.faint };
        x = put(buffer, margin(area), x, 0, &escaped(name), style) + 2;
        if x >= area.width {
            break;
        }
    }
    below(area, 1)
}

/// Writes how the filter is understood. What is left below it.
fn understood(documents: &Documents, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Rect {
    let lines = documents.understood(area.width.into(), area.height.into());
    for (place, line) in area.rows().zip(&lines) {
        put(buffer, place, 1, 0, line, theme.faint);
    }
    below(area, u16::try_from(lines.len()).unwrap_or(u16::MAX))
}

/// What they are sorted by, where that was chosen.
fn order(documents: &Documents) -> String {
    if documents.order == DocumentOrder::default() {
        return String::new();
    }
    let arrow = if documents.order.descending { '↓' } else { '↑' };
    format!("by {} {arrow}  ", escaped_short(documents.order.word(), 30))
}

/// Which one is selected, of how many.
fn position(documents: &Documents) -> String {
    if documents.fault.is_some() {
        // Nothing was looked for.
        return String::new();
    }
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

/// Writes a notice. How many rows it takes.
pub(super) fn said(
    notice: &Notice,
    style: Style,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> u16 {
    let mut sheet = Sheet::new(theme, area);
    sheet.text(&text::sentence(&notice.what), style);
    if !notice.help.is_empty() {
        sheet.text(&text::sentence(&notice.help), theme.faint);
    }
    let height = sheet.height().min(area.height);
    sheet.draw(buffer, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area });
    height
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
        let clear = format!("press {} to clear the filter", app.keymap.how(Command::Back));
        let is_one = typed.chars().count() <= 30 && !typed.contains(char::is_whitespace);
        let word = if is_one { &typed } else { "word" };
        let help = if documents.has_bare_word() {
            format!("a word alone is an _id; write field:{word} to look in a field; {clear}")
        } else {
            clear
        };
        (Notice { what: format!("no document matches “{typed}”"), help }, Style::new())
    } else {
        (Notice::plain("no documents"), Style::new())
    };
    said(&notice, style, theme, buffer, area);
}

/// Writes a line from this column on.
pub(super) fn put_line(buffer: &mut Buffer, place: Rect, x: u16, line: &Line) {
    let room = Rect { x: place.x + x, width: place.width.saturating_sub(x), ..place };
    let room = room.intersection(buffer.area);
    if room.area() > 0 {
        buffer.set_line(room.x, room.y, line, room.width);
    }
}
