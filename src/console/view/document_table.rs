//! The documents of an organization as a table: a row for each, a column for each field.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Theme, below, documents::put_line, margin, put, shell};
use crate::{
    console::{
        app::{App, COLUMN_GAP, Documents, Drawn, HitTarget, first_column},
        text,
    },
    org::escaped,
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
) {
    let (columns, selected) = documents.columns(&app.kept.columns);
    let inside = margin(area);
    let widest = documents.rows.iter().map(|row| text::width(&row.name)).max().unwrap_or(0);
    let name = widest.clamp(3, NAME_MOST).min((usize::from(area.width) / 3).max(3));
    let from = u16::try_from(name).unwrap_or(u16::MAX) + 1 + COLUMN_GAP;
    let first = first_column(&columns, selected, inside.width.saturating_sub(from));
    // Where each column begins, as far as there is room for a part of it.
    let mut x = from;
    let mut shown = Vec::new();
    for (at, column) in columns.iter().enumerate().skip(first) {
        let room = inside.width.saturating_sub(x);
        if room < column.width.min(4) {
            break;
        }
        let width = column.width.min(room);
        shown.push((x, width, at, column));
        x = x.saturating_add(width + COLUMN_GAP);
    }
    let sorted = documents.order.field();
    let arrow = if documents.order.descending { " ↓" } else { " ↑" };
    let header = |name: &str, is_sorted: bool, width: usize| {
        let arrow = if is_sorted { arrow } else { "" };
        let room = width.saturating_sub(text::width(arrow));
        format!("{}{arrow}", text::fit(name, room))
    };
    let by_id = sorted.is_none() && documents.order.descending;
    put(buffer, inside, 1, 0, &header("_id", by_id, name), theme.faint);
    for (x, width, at, column) in &shown {
        let is_sorted = sorted.is_some_and(|sorted| *escaped(sorted) == column.field);
        let style = if *at == selected { theme.selected } else { theme.faint };
        put(buffer, inside, *x, 0, &header(&column.field, is_sorted, usize::from(*width)), style);
    }
    if first > 0 {
        put(buffer, inside, from - COLUMN_GAP, 0, "‹", theme.faint);
    }
    if shown.len() + first < columns.len() {
        put(buffer, area, inside.width, 0, "›", theme.faint);
    }
    let rows = documents.rows.iter().enumerate().skip(documents.top);
    for (place, (number, row)) in below(area, 1).rows().zip(rows) {
        drawn.add(place, HitTarget::Document(number));
        let is_selected = number == documents.selected;
        if is_selected {
            put(buffer, place, 0, 0, "▌", theme.accent);
        }
        let style = if is_selected { theme.selected } else { theme.faint };
        put(buffer, place, 1, 0, &text::filled(&row.name, name), style);
        if row.cells.is_empty() {
            let room = usize::from(margin(place).width.saturating_sub(from));
            put(buffer, place, from, 0, &text::fit(&row.line, room), Style::new());
        }
        for (x, width, _, column) in &shown {
            let value = row.cells.iter().find(|(field, _)| *field == column.field);
            let Some((_, value)) = value else { continue };
            let value = text::fit(value, usize::from(*width));
            if is_selected {
                put(buffer, place, *x, 0, &value, theme.selected);
            } else {
                put_line(buffer, place, *x, &shell::line(&value, theme));
            }
        }
    }
}
