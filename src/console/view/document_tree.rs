//! One document as a tree: a row for each value that is not folded away, and a field in place of the one that is being
//! changed.

use bson::spec::ElementType;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{
    Theme, below, document_edit::ID_MOST, documents, format, heading, margin, put, shell, spinner,
};
use crate::{
    console::{
        app::{
            App, Documents, Drawn, Extent, HitTarget, Notice, OpenDocument, VIEWED_MOST,
            ValueChange, ViewedValue,
        },
        text,
    },
    document::{Fold, Row},
    org::{byte_size, thousands},
};

/// By how many columns a row is further in than what it is in.
const INDENT: usize = 2;
/// The longest `_id` that is shown as a part of a command.
const NAME_MOST: usize = 60;
/// The columns of what shows whether a row folds.
const MARKER: u16 = 2;

pub(super) fn draw(
    app: &App,
    all: &Documents,
    open: &OpenDocument,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    if let Some(viewed) = &open.viewed {
        value(all, open, viewed, (theme, buffer), area, drawn);
        return None;
    }
    let right = if let Some(turn) = open.tree.as_ref().and(spinner(&open.reading, app.now)) {
        format!("loading… {turn}")
    } else if let Some(tree) = open.tree.as_ref().filter(|tree| !tree.is_empty()) {
        format!("{} of {}", number(open.selected + 1), number(tree.len()))
    } else {
        String::new()
    };
    let id = text::fit(&open.name, ID_MOST);
    let title = format!("Document {id} of {}", all.org.name);
    let rest = heading(buffer, area, theme, &title, &right);
    if let Some(problem) = &open.problem {
        documents::said(problem, theme.bad, theme, buffer, rest);
        return None;
    }
    let Some(tree) = &open.tree else {
        if let Some(turn) = spinner(&open.reading, app.now) {
            put(buffer, rest, 1, 0, &format!("{turn} loading the document…"), theme.faint);
        }
        return None;
    };
    if tree.is_empty() {
        put(buffer, rest, 1, 0, "{}", theme.faint);
        return None;
    }
    let rows = tree.rows(open.top, rest.height.into(), rest.width.into());
    let left = left_out(&rows, open.selected.saturating_sub(open.top), rest.width);
    let mut places = rest.rows();
    let mut cursor = None;
    for (row, at) in rows.iter().zip(open.top..) {
        let Some(place) = places.next() else { break };
        let selected = at == open.selected;
        drawn.add(place, HitTarget::TreeRow(at));
        if selected {
            put(buffer, place, 0, 0, "▌", theme.accent);
        }
        let indent = (row.depth * INDENT).saturating_sub(left);
        let x = 1 + u16::try_from(indent).unwrap_or(u16::MAX).min(place.width);
        if row.fold != Fold::Leaf {
            let marker = Rect { x: place.x + x, width: MARKER, ..place };
            drawn.add(marker.intersection(place), HitTarget::TreeMarker(at));
        }
        let change = open.change.as_ref().filter(|_| selected);
        let end = put_row(row, selected, theme, buffer, margin(place), x, change.is_none());
        if let Some(change) = change {
            cursor = Some(field(change, theme, buffer, margin(place), end));
            let under = below(rest, place.y + 1 - rest.y);
            let lines = under_field(app, change, theme, buffer, under, x + MARKER);
            for _ in 0..lines {
                places.next();
            }
        }
    }
    cursor
}

/// A value whole, in as many rows as it needs.
fn value(
    all: &Documents,
    open: &OpenDocument,
    viewed: &ViewedValue,
    (theme, buffer): (&Theme, &mut Buffer),
    area: Rect,
    drawn: &mut Drawn,
) {
    let cut = viewed.cut.map(|bytes| cut(all, open, bytes));
    let above = cut.as_ref().map_or(0, |cut| {
        let (what, help) = cut.lines(margin(area).width.saturating_sub(1).into());
        what.len() + help.len()
    });
    let room = usize::from(margin(area).width.saturating_sub(1));
    let rows: Vec<String> = viewed.lines.iter().flat_map(|line| text::folded(line, room)).collect();
    let height = usize::from(below(area, 2).height).saturating_sub(above).max(1);
    let extent = Extent::new(rows.len(), height);
    drawn.entry = extent;
    let top = viewed.top.min(extent.last);
    let right = if extent.last > 0 {
        let to = (top + height).min(rows.len());
        format!("{}–{} of {} lines", number(top + 1), number(to), number(rows.len()))
    } else {
        String::new()
    };
    let mut rest = heading(buffer, area, theme, &viewed.path, &right);
    if let Some(cut) = &cut {
        rest = below(rest, documents::said(cut, theme.bad, theme, buffer, rest));
    }
    for (place, row) in rest.rows().zip(rows.iter().skip(top)) {
        put(buffer, place, 1, 0, row, Style::new());
    }
}

/// How much of a value is shown, and how to have all of it.
fn cut(all: &Documents, open: &OpenDocument, bytes: usize) -> Notice {
    let bytes = byte_size(u64::try_from(bytes).unwrap_or(u64::MAX));
    let name = all.org.name.to_string();
    let org = if name == all.org.name.raw() { name } else { all.org.id.to_hex() };
    let id = if open.name.len() < NAME_MOST { shell_words::quote(&open.name) } else { "ID".into() };
    let get = format!("tenantry doc get {} {id}", shell_words::quote(&org));
    Notice {
        what: format!("only the first {} characters of {bytes} are shown", number(VIEWED_MOST)),
        help: format!("all of it: {get}"),
    }
}

fn number(number: usize) -> String {
    thousands(u64::try_from(number).unwrap_or(u64::MAX))
}

/// How many columns of indentation do not show, so that the selected row begins in the left half.
fn left_out(rows: &[Row], selected: usize, width: u16) -> usize {
    let depth = rows.get(selected).map_or(0, |row| row.depth);
    (depth * INDENT).saturating_sub(usize::from(width) / 2)
}

/// Writes a row, its value only where that is wanted. The column after it.
fn put_row(
    row: &Row,
    selected: bool,
    theme: &Theme,
    buffer: &mut Buffer,
    place: Rect,
    x: u16,
    with_value: bool,
) -> u16 {
    let marker = match row.fold {
        Fold::Leaf => "  ",
        Fold::Folded => "▸ ",
        Fold::Unfolded => "▾ ",
    };
    let styled = |style| if selected { theme.selected } else { style };
    let holds = holds(row);
    let count = if holds.is_empty() { String::new() } else { format!("{holds}  ") };
    let mut spans = vec![
        Span::styled(marker, styled(theme.faint)),
        Span::styled(text::fit(&row.key, place.width.into()).into_owned(), styled(theme.accent)),
        Span::styled(": ", styled(theme.faint)),
    ];
    if with_value {
        spans.push(Span::styled(count, styled(theme.faint)));
        let used: usize = spans.iter().map(|span| text::width(&span.content)).sum();
        let room = usize::from(place.width.saturating_sub(x)).saturating_sub(used);
        let value = match row.fold {
            Fold::Unfolded => "".into(),
            Fold::Leaf | Fold::Folded => text::fit(&row.value, room),
        };
        if selected {
            spans.push(Span::styled(value.into_owned(), theme.selected));
        } else {
            spans.extend(shell::line(&value, theme).spans);
        }
    }
    let line = Line::from(spans);
    let end = x.saturating_add(u16::try_from(line.width()).unwrap_or(u16::MAX));
    documents::put_line(buffer, place, x, &line);
    end.min(place.width)
}

/// How much is in what folds.
fn holds(row: &Row) -> String {
    let count = u64::try_from(row.children).unwrap_or(u64::MAX);
    match (row.fold, row.kind) {
        (Fold::Leaf, _) => String::new(),
        (Fold::Folded | Fold::Unfolded, ElementType::Array) => {
            format::counted(count, "element", "elements")
        }
        (Fold::Folded | Fold::Unfolded, _) => format::counted(count, "field", "fields"),
    }
}

/// The field that a value is typed in, from this column on; where the cursor is.
fn field(
    change: &ValueChange,
    theme: &Theme,
    buffer: &mut Buffer,
    place: Rect,
    x: u16,
) -> Position {
    let x = x.min(place.width / 2);
    let room = usize::from(place.width.saturating_sub(x)).max(1);
    let (shown, at) = text::window(change.field.text(), change.field.input.cursor(), room, false);
    put(buffer, place, x, 0, &" ".repeat(room), Style::new());
    put(buffer, place, x, 0, &shown, theme.strong);
    Position::new(place.x + x + u16::try_from(at).unwrap_or(u16::MAX), place.y)
}

/// What is wrong with what was typed, that it is being looked at, or of which type it is, below it. How many rows that takes.
fn under_field(
    app: &App,
    change: &ValueChange,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    x: u16,
) -> usize {
    let x = x.min(area.width / 2);
    let area = Rect { x: area.x + x, width: area.width.saturating_sub(x + 1), ..area };
    let mut lines: Vec<(String, Style)> = Vec::new();
    if let Some(turn) = spinner(&change.checking, app.now) {
        lines.push((format!("{turn} comparing…"), theme.faint));
    } else if let Some(problem) = &change.field.problem {
        let (what, help) = problem.lines(area.width.into());
        lines.extend(what.into_iter().map(|line| (line, theme.bad)));
        lines.extend(help.into_iter().map(|line| (line, theme.faint)));
    } else if let Some((is, was)) = change.types() {
        let line = if is == was { is.to_owned() } else { format!("{is}, before: {was}") };
        lines.push((line, theme.faint));
    }
    for (place, (line, style)) in area.rows().zip(&lines) {
        put(buffer, place, 0, 0, line, *style);
    }
    lines.len()
}
