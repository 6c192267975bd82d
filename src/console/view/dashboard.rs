//! The dashboard: figures and charts above, the organizations that are named below. Where they do not fit, it scrolls
//! with the selection.

use std::fmt::Write as _;

use bson::DateTime;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    widgets::{Sparkline, Widget},
};

use super::{Theme, below, format, heading, put, put_right, spinner};
use crate::{
    console::{
        app::{App, Dashboard, Drawn, HitTarget},
        text,
    },
    org::byte_size,
    store::{OpenFiles, SizeKey},
    tenancy::{Counts, Named, Survey},
};

/// The columns of a chart: as many as there are hours in a day, or months in two years.
const CHART: u16 = 24;
/// Where values begin.
const VALUES: u16 = 15;
/// From this width on, the two lists stand beside each other.
const BESIDE: u16 = 70;
/// The rows above the lists, where there is nothing to warn of.
const FIGURES: u16 = 7;

pub(super) fn draw(
    app: &App,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    let dashboard = &app.dashboard;
    let area = heading(buffer, area, theme, "Dashboard", &progress(app, dashboard, area.width));
    let survey = dashboard.survey.as_ref().filter(|_| area.area() > 0)?;
    let selected = dashboard.selected();
    let page = page(app, survey, selected, theme, area.width);
    // The row of the selection is in sight; with the first one, all above it.
    let row = page.rows.get(selected).filter(|_| selected > 0).map_or(0, |row| row.y + row.height);
    let first = row.saturating_sub(area.height);
    copy(&page.buffer, first, buffer, area);
    for (at, row) in page.rows.iter().enumerate() {
        if (first..first + area.height).contains(&row.y) {
            let shown = Rect { x: area.x + row.x, y: area.y + row.y - first, ..*row };
            drawn.add(shown, HitTarget::Choice(at));
        }
    }
    None
}

/// The same beside a list in which nothing is selected, as far as it was read.
pub(super) fn draw_beside(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let Some(survey) = app.dashboard.survey.as_ref().filter(|_| area.area() > 0) else { return };
    let progress = progress(app, &app.dashboard, area.width);
    let area = heading(buffer, area, theme, "Dashboard", &progress);
    copy(&page(app, survey, usize::MAX, theme, area.width).buffer, 0, buffer, area);
}

/// Copies the rows from `first` on, as far as there is room.
fn copy(page: &Buffer, first: u16, buffer: &mut Buffer, area: Rect) {
    for y in 0..area.height.min(page.area.height.saturating_sub(first)) {
        for x in 0..area.width {
            buffer[(area.x + x, area.y + y)] = page[(x, y + first)].clone();
        }
    }
}

/// How far it was read, and when.
fn progress(app: &App, dashboard: &Dashboard, width: u16) -> String {
    let (Some(survey), Some(begun)) = (&dashboard.survey, dashboard.begun) else {
        return String::new();
    };
    let of = match survey.counts {
        Some(counts) => format!("{} of {}", format::thousands(survey.read), counts.live),
        None => "reading…".to_owned(),
    };
    let ago = format::ago(DateTime::from_system_time(begun), app.now);
    match (dashboard.loading.is_waiting(), dashboard.cut_off) {
        (true, _) => match spinner(&dashboard.loading, app.now) {
            Some(turn) => format!("{of} {turn}"),
            None => of,
        },
        (false, true) if width < BESIDE => format!("cancelled at {of}"),
        (false, true) => format!("cancelled at {of} · {ago}"),
        (false, false) => format!("read {ago}"),
    }
}

/// All of it, as high as it needs to be; and where the organizations are that are named.
struct Page {
    buffer: Buffer,
    rows: Vec<Rect>,
}

fn page(app: &App, survey: &Survey, selected: usize, theme: &Theme, width: u16) -> Page {
    let rows = |list: &[Named]| u16::try_from(list.len()).unwrap_or(u16::MAX);
    let by = app.dashboard.by;
    let all = survey.largest(by);
    let (largest, quietest) = (rows(all), rows(&survey.quietest));
    let beside = width >= BESIDE;
    let lists = if beside { 1 + largest.max(quietest) } else { 3 + largest + quietest };
    let warning = survey.open_files.filter(|files| files.are_nearly_all());
    let figures_rows = FIGURES + u16::from(warning.is_some());
    let whole = Rect::new(0, 0, width, figures_rows + lists);
    let mut page = Page { buffer: Buffer::empty(whole), rows: Vec::new() };
    figures(app, survey, theme, &mut page.buffer, whole);
    if let Some(OpenFiles { open, most }) = warning {
        let row = Rect { height: 1, ..below(whole, FIGURES - 1) };
        let files = format!("{} of {}", format::thousands(open), format::thousands(most));
        put(&mut page.buffer, row, 1, 0, "open files", theme.faint);
        let words = format!("{files}: raise the server's limit before it ends");
        let words = text::fit(&words, width.saturating_sub(VALUES).into()).into_owned();
        put(&mut page.buffer, row, VALUES, 0, &words, theme.bad);
    }
    let half = if beside { (width - 3) / 2 } else { width };
    let left = Rect { width: half, height: 1 + largest, ..below(whole, figures_rows) };
    let right = if beside {
        Rect { x: half + 3, width: width - half - 3, height: 1 + quietest, ..left }
    } else {
        Rect { y: left.bottom() + 1, height: 1 + quietest, ..left }
    };
    let age = |named: &Named| {
        named.size.newest.map_or_else(String::new, |newest| format::age(newest, app.now))
    };
    let value = |named: &Named| {
        let held = named.size.held;
        match by {
            SizeKey::Bytes => (byte_size(held.bytes), Some(held.bytes)),
            SizeKey::Documents => (format::thousands(held.documents), Some(held.documents)),
            SizeKey::Indexes => (format::thousands(held.indexes), Some(held.indexes)),
            SizeKey::Newest => (age(named), None),
        }
    };
    let most = all.first().and_then(|named| value(named).1).unwrap_or(1).max(1);
    let largest = all.iter().map(|named| {
        let (words, number) = value(named);
        (named, words, number.map(|number| share(number, most)))
    });
    let quietest = survey.quietest.iter().map(|named| (named, age(named), None));
    let largest: Vec<_> = largest.collect();
    let quietest: Vec<_> = quietest.collect();
    let chosen = |from: usize| selected.checked_sub(from);
    let heading = match by {
        SizeKey::Bytes => ("largest", "size"),
        SizeKey::Documents => ("most documents", "documents"),
        SizeKey::Indexes => ("most indexes", "indexes"),
        SizeKey::Newest => ("newest document", "newest"),
    };
    list(&mut page, theme, left, heading, &largest, chosen(0));
    list(&mut page, theme, right, ("no new document for", "newest"), &quietest, chosen(all.len()));
    page
}

/// The figures and their charts.
fn figures(app: &App, survey: &Survey, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let states = survey.counts.map(|Counts { live, suspended, trash }| {
        let active = live.counted.saturating_sub(suspended.counted);
        [active, suspended.counted, trash.counted]
    });
    let all = states.unwrap_or_default().iter().sum();
    let [active, suspended, trash] = states.map_or([None; 3], |states| states.map(Some));
    for (y, (word, number, style)) in [
        ("active", active, theme.accent),
        ("suspended", suspended, theme.strong),
        ("in the trash", trash, theme.bad),
    ]
    .into_iter()
    .enumerate()
    {
        let y = u16::try_from(y).unwrap_or(0);
        put(buffer, area, 1, y, word, theme.faint);
        let number_at = Rect { width: VALUES + 9, ..area };
        let Some(number) = number else { continue };
        put_right(buffer, number_at, y, &format::thousands(number), Style::new());
        let room = area.width.saturating_sub(VALUES + 11).min(2 * CHART);
        let cells = bar_cells(number, all, room);
        put(buffer, area, VALUES + 11, y, &"█".repeat(cells), style);
    }
    put(buffer, area, 1, 3, "documents", theme.faint);
    let held = survey.held;
    let mut words = if survey.read == 0 {
        String::new()
    } else {
        format!("{} · {}", format::thousands(held.documents), byte_size(held.bytes))
    };
    if survey.unknown > 0 {
        let unknown = format::counted(survey.unknown, "organization", "organizations");
        // Writing to a string cannot fail.
        let _ = write!(words, " · {unknown} of unknown size");
    }
    put(buffer, area, VALUES, 3, &text::fit(&words, (area.width - VALUES).into()), Style::new());
    let created = survey.created::<{ CHART as usize }>(DateTime::from_system_time(app.now));
    let [.., month] = created;
    let caption = match survey.read {
        0 => String::new(),
        _ => format!("{} this month · last {CHART} months", format::thousands(month)),
    };
    chart(buffer, theme, Rect { y: 4, ..area }, "created", &created, &caption);
    let (hours, caption) = match survey.failed_logins {
        Some(failed) => {
            let more = if failed.or_more { "+" } else { "" };
            let sum = format::thousands(failed.sum());
            (failed.hours, format!("{sum}{more} in the last 24 hours"))
        }
        None => ([0; CHART as usize], String::new()),
    };
    chart(buffer, theme, Rect { y: 5, ..area }, "failed logins", &hours, &caption);
}

/// One line: what it is, how it went, and in words.
fn chart(buffer: &mut Buffer, theme: &Theme, area: Rect, word: &str, data: &[u64], caption: &str) {
    put(buffer, area, 1, 0, word, theme.faint);
    let chart = Rect { x: area.x + VALUES, width: CHART, height: 1, ..area };
    let most = data.iter().copied().max().unwrap_or(0).max(1);
    let sparkline = Sparkline::default().data(data).max(most).style(theme.accent);
    sparkline.render(chart.intersection(buffer.area), buffer);
    let at = VALUES + CHART + 2;
    let room = usize::from(area.width.saturating_sub(at));
    // No part of a number.
    let caption = if text::width(caption) <= room {
        caption
    } else {
        caption.split(' ').next().unwrap_or_default()
    };
    put(buffer, area, at, 0, caption, theme.faint);
}

/// A list of those that are named, with a heading.
fn list(
    page: &mut Page,
    theme: &Theme,
    area: Rect,
    (heading, value): (&str, &str),
    rows: &[(&Named, String, Option<u64>)],
    selected: Option<usize>,
) {
    let buffer = &mut page.buffer;
    put(buffer, area, 1, 0, heading, theme.faint);
    put_right(buffer, area, 0, value, theme.faint);
    for (at, (named, value, bar)) in rows.iter().enumerate() {
        let y = u16::try_from(at).unwrap_or(u16::MAX).saturating_add(1);
        let row = Rect { height: 1, ..below(area, y) };
        page.rows.push(row);
        let chosen = selected == Some(at);
        let end = put_right(buffer, row, 0, value, Style::new());
        // Beside the widest value.
        let from = end.min(row.width.saturating_sub(10));
        let bars = if bar.is_some() && row.width >= 34 { 9 } else { 0 };
        if let Some(bar) = bar.filter(|_| bars > 0) {
            let cells = bar_cells(bar, 100, bars - 1);
            put(buffer, row, from.saturating_sub(bars), 0, &"█".repeat(cells), theme.accent);
        }
        let name = match named.org.name.to_string() {
            name if name.trim().is_empty() => "(no name)".to_owned(),
            name => name,
        };
        let room = usize::from(from.saturating_sub(bars + 2));
        let style = if chosen { theme.selected } else { Style::new() };
        if chosen {
            put(buffer, row, 0, 0, "▌", theme.accent);
        }
        put(buffer, row, 1, 0, &text::fit(&name, room), style);
    }
}

/// So many hundredths.
fn share(part: u64, of: u64) -> u64 {
    u64::try_from(u128::from(part) * 100 / u128::from(of.max(1))).unwrap_or(100)
}

/// The cells of a bar: one at least where there is anything.
fn bar_cells(part: u64, of: u64, room: u16) -> usize {
    let cells = u128::from(part) * u128::from(room) / u128::from(of.max(1));
    usize::try_from(cells).unwrap_or(0).clamp(usize::from(part > 0), usize::from(room).max(1))
}
