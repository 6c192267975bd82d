//! The picture of the state. Draws, and changes nothing.
//!
//! A screen is a title, a rule, list and details, a rule, what is said, and the footer; what is on top
//! takes the place of the details, so that the list stays in sight where there is room for both.

mod activity;
mod admins;
mod audit;
mod bulk;
mod code;
mod connection;
mod copy;
mod dashboard;
mod detail;
mod document_edit;
mod document_table;
mod document_tree;
mod documents;
mod footer;
mod form;
mod format;
mod help;
mod hints;
mod job;
mod list;
mod log;
mod login;
mod manual;
mod question;
mod second_factor;
mod sheet;
mod shell;
mod symbols;
mod title;
mod upgrade;
mod works_now;

use std::time::{Duration, SystemTime};

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{
    app::{App, Connection, Drawn, HitTarget, Layer, Request},
    layout, text,
};
use crate::theme::Theme;

/// Shows in one cell that an organization is suspended.
const SUSPENDED: char = '◌';

/// Draws the state onto a frame, and says what is where on it.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame) -> Drawn {
    let mut drawn = Drawn::of(app);
    let Some(areas) = app.areas() else {
        too_small(frame.buffer_mut());
        symbols::adapt(theme, frame.buffer_mut());
        return drawn;
    };
    let buffer = frame.buffer_mut();
    title::draw(app, theme, buffer, areas.title);
    footer::rules(app, theme, buffer, &areas);
    let cursor = if matches!(app.connection, Connection::Ready(_)) {
        let layer = app.layers.last();
        let mut typed = None;
        if layer.is_none() || areas.divider.width > 0 {
            typed = list::draw(app, theme, buffer, areas.list, &mut drawn);
        }
        if layer.is_none() {
            detail::draw(app, theme, buffer, areas.detail, &mut drawn);
        }
        for y in areas.divider.y..areas.divider.bottom() {
            put(buffer, areas.divider, 0, y - areas.divider.y, "│", theme.line);
        }
        match layer {
            Some(layer) => draw_layer(app, layer, theme, buffer, areas.layer(), &mut drawn),
            None => typed,
        }
    } else {
        let width = areas.title.width;
        let height = areas.lower_rule.y.saturating_sub(areas.rule.y + 1);
        let body = Rect::new(2, areas.rule.y + 1, width.saturating_sub(4), height);
        match app.layers.last() {
            Some(layer) => draw_layer(app, layer, theme, buffer, areas.layer(), &mut drawn),
            None => connection::draw(app, theme, buffer, body),
        }
    };
    if matches!(app.connection, Connection::Ready(_)) {
        drawn.add(areas.divider, HitTarget::Divider);
    }
    footer::draw(app, theme, buffer, &areas, &mut drawn);
    let area = buffer.area;
    // A screen reader reads where the cursor is.
    let cursor = cursor.or_else(|| theme.plain.then(|| read_from(app, buffer, &areas)));
    symbols::adapt(theme, buffer);
    if let Some(cursor) = cursor.filter(|cursor| area.contains(*cursor)) {
        frame.set_cursor_position(cursor);
    }
    drawn
}

fn draw_layer(
    app: &App,
    layer: &Layer,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    drawn.cover(area, HitTarget::Layer);
    match layer {
        Layer::Form(form) => form::draw(app, form, theme, buffer, area, drawn),
        Layer::Question(question) => question::draw(app, question, theme, buffer, area, drawn),
        Layer::Login(login) => login::draw(app, login, theme, buffer, area, drawn),
        Layer::Upgrade => upgrade::draw(app, theme, buffer, area),
        Layer::Code(code) => code::draw(app, code, theme, buffer, area),
        Layer::Help(help) => help::draw(app, help, theme, buffer, area, drawn),
        Layer::Bulk(bulk) => bulk::draw(app, bulk, theme, buffer, area, drawn),
        Layer::Copy(orgs) => copy::draw(app, orgs, theme, buffer, area),
        Layer::Manual(manual) => manual::draw(app, manual, theme, buffer, area, drawn),
        Layer::Dashboard => dashboard::draw(app, theme, buffer, area, drawn),
        Layer::Jobs(selected) => job::draw_list(app, *selected, theme, buffer, area, drawn),
        Layer::Job(_) => app.job_shown().and_then(|job| job::draw(app, job, theme, buffer, area)),
        Layer::Log(below) => log::draw(app, *below, theme, buffer, area, drawn),
        Layer::Audit(audit) => audit::draw(app, audit, theme, buffer, area, drawn),
        Layer::Documents(all) => documents::draw(app, all, theme, buffer, area, drawn),
        Layer::Edit(edit) => document_edit::draw(app, edit, theme, buffer, area),
    }
}

/// Where the selection is, or what is on top begins; in the details their tab, or what was scrolled to.
fn read_from(app: &App, buffer: &Buffer, areas: &layout::Areas) -> Position {
    let area = areas.layer().intersection(buffer.area);
    let rows = areas.rule.y..areas.lower_rule.y;
    let cursor = rows.rev().find_map(|y| {
        let mut columns = 0..area.right().min(4);
        columns.find(|x| buffer[(*x, y)].symbol() == "▌").map(|x| Position::new(x, y))
    });
    cursor.unwrap_or_else(|| {
        match (app.layers.is_empty() && areas.detail.area() > 0, app.detail.scroll) {
            (true, 0) => below(area, 1).as_position(),
            (true, _) => below(area, 3).as_position(),
            (false, _) => area.as_position(),
        }
    })
}

fn too_small(buffer: &mut Buffer) {
    let area = buffer.area;
    let (width, height) = layout::LEAST;
    let sentence =
        format!("tenantry needs {width}x{height}, this is {}x{}", area.width, area.height);
    for (y, line) in (0..area.height).zip(text::wrap(&sentence, area.width.into())) {
        put(buffer, area, 0, y, &line, Style::new());
    }
}

/// Writes one line at a place of an area and no further than its edge; the column after it.
fn put(buffer: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(buffer.area);
    if x >= area.width || y >= area.height {
        return x;
    }
    // What was there before is gone, its style too.
    let style = Style::reset().patch(style);
    let (end, _) = buffer.set_stringn(area.x + x, area.y + y, text, (area.width - x).into(), style);
    end - area.x
}

/// Writes one line that ends at the right edge of an area; the column it begins in.
fn put_right(buffer: &mut Buffer, area: Rect, y: u16, text: &str, style: Style) -> u16 {
    let columns = u16::try_from(text::width(text)).unwrap_or(u16::MAX);
    let x = area.width.saturating_sub(columns);
    put(buffer, area, x, y, text, style);
    x
}

/// A heading with a rule below it; the area that is left.
fn heading(buffer: &mut Buffer, area: Rect, theme: &Theme, heading: &str, right: &str) -> Rect {
    let from = put_right(buffer, margin(area), 0, right, theme.faint);
    let room = usize::from(from).saturating_sub(usize::from(!right.is_empty()) * 2);
    put(buffer, area, 0, 0, &text::fit(heading, room), theme.strong);
    rule(buffer, area, 1, theme);
    below(area, 2)
}

fn rule(buffer: &mut Buffer, area: Rect, y: u16, theme: &Theme) {
    put(buffer, area, 0, y, &"─".repeat(area.width.into()), theme.line);
}

/// An area without its first rows.
fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// An area with one column left free at its right edge.
fn margin(area: Rect) -> Rect {
    Rect { width: area.width.saturating_sub(1), ..area }
}

/// One cell that moves while something is waited for; none before that is worth showing.
fn spinner(request: &Request, now: SystemTime) -> Option<char> {
    request.shown_wait(now).map(turned)
}

fn turned(waited: Duration) -> char {
    const TURNS: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
    TURNS[usize::try_from(waited.as_millis() / 100 % 10).unwrap_or(0)]
}
