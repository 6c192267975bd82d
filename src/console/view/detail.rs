//! The details of the selected organization: its record and its first documents, and the tabs above all
//! that is said of it.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    SUSPENDED, Theme, activity, admins, below, human, margin, put, put_right, question::doing,
    sheet::Sheet, spinner,
};
use crate::{
    console::{
        app::{App, Connection, Pane, Tab},
        keymap::Command,
        text,
    },
    org::{Org, OrgState, escaped, moment},
};

pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let Some(org) = &app.detail.org else { return };
    if area.area() == 0 {
        return;
    }
    let begun = app.at_once.as_ref().filter(|begun| begun.org == org.id);
    let begun = begun.and_then(|begun| Some((spinner(&begun.waiting, app.now)?, begun.deed)));
    let (mark, word, style) = match (begun, org.under_way, org.state) {
        (Some((turn, deed)), ..) => (turn, format!("{}…", doing(deed)), theme.accent),
        (None, Some(what), _) => ('○', what.to_string(), theme.strong),
        (None, None, OrgState::Active) => ('●', "active".to_owned(), theme.accent),
        (None, None, OrgState::Suspended) => (SUSPENDED, "suspended".to_owned(), theme.strong),
        (None, None, OrgState::InTrash(_)) => ('×', "in the trash".to_owned(), theme.bad),
    };
    let right = margin(area);
    let from = put_right(buffer, right, 0, &word, Style::new()).saturating_sub(2);
    put(buffer, right, from, 0, &mark.to_string(), style);
    let name = org.name.to_string();
    let room = usize::from(from.saturating_sub(2));
    put(buffer, area, 0, 0, &text::fit(&name, room), theme.strong);
    tabs(app, theme, buffer, area);
    let body = below(area, 3);
    match app.detail.tab {
        Tab::Overview => overview(app, org, theme, buffer, body),
        Tab::Admins => admins::draw(app, theme, buffer, body),
        Tab::Documents => documents(app, theme, buffer, body),
        Tab::Activity => activity::draw(app, theme, buffer, body),
    }
}

/// A tab as it is written, and the column it begins in.
pub(super) struct Written {
    pub(super) tab: Tab,
    pub(super) word: String,
    pub(super) x: u16,
}

/// The tabs as they are written, the columns they take, and the room for words behind them. Where there
/// is no room for both they move together; where there is none even so, the other tabs give up their
/// ends.
pub(super) fn written(app: &App, area: Rect) -> (Vec<Written>, usize) {
    let (_, short) = in_sight(app).unwrap_or_default();
    if app.plain {
        // Read from left to right, a row of tabs does not say which is open.
        let tab = app.detail.tab;
        let at = Tab::ALL.iter().position(|other| *other == tab).unwrap_or(0) + 1;
        let word = format!("{}, tab {at} of {}", self::word(tab), Tab::ALL.len());
        let room = usize::from(margin(area).width).saturating_sub(text::width(&word));
        return (vec![Written { tab, word, x: 0 }], room);
    }
    let shown = |tab: Tab, most: usize| {
        let here = app.detail.tab == tab;
        text::fit(word(tab), if here { usize::MAX } else { most }).into_owned()
    };
    let room = usize::from(margin(area).width);
    let columns = |gap: usize, most: usize| -> usize {
        Tab::ALL.iter().map(|tab| text::width(&shown(*tab, most)) + gap).sum()
    };
    let fits = |(gap, most): &(usize, usize)| columns(*gap, *most) + text::width(&short) <= room;
    let ways = [(3, usize::MAX), (2, usize::MAX), (1, 4), (1, 2)];
    let (gap, most) = ways.into_iter().find(fits).unwrap_or((1, 2));
    let mut x = 0;
    let written = Tab::ALL.map(|tab| {
        let written = Written { tab, word: shown(tab, most), x };
        x += u16::try_from(text::width(&written.word) + gap).unwrap_or(0);
        written
    });
    (written.into(), room.saturating_sub(columns(gap, most)))
}

/// The tabs, and which lines of the one that is looked at are in sight.
fn tabs(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    super::rule(buffer, area, 2, theme);
    let focused = app.pane == Pane::Detail;
    let (written, left) = written(app, area);
    for Written { tab, word, x } in written {
        if app.detail.tab == tab {
            let style = if focused { theme.selected } else { theme.strong };
            put(buffer, area, x, 1, &word, style);
            let line = "━".repeat(word.len());
            put(buffer, area, x, 2, &line, if focused { theme.accent } else { theme.faint });
        } else {
            put(buffer, area, x, 1, &word, theme.faint);
        }
    }
    let (long, short) = in_sight(app).unwrap_or_default();
    let words = [long, short].into_iter().find(|words| text::width(words) <= left);
    put_right(buffer, margin(area), 1, &words.unwrap_or_default(), theme.faint);
}

fn word(tab: Tab) -> &'static str {
    match tab {
        Tab::Overview => "Overview",
        Tab::Admins => "Admins",
        Tab::Documents => "Documents",
        Tab::Activity => "Activity",
    }
}

/// Which lines are in sight, in more words and in fewer; none where all are.
fn in_sight(app: &App) -> Option<(String, String)> {
    let (lines, rows) = lines(app);
    if lines <= rows {
        return None;
    }
    let first = match app.detail.tab {
        Tab::Admins => admins::first(app, rows),
        _ => scrolled(app, lines, rows),
    };
    let (from, to) = (first + 1, (first + rows).min(lines));
    let noun = match app.detail.tab {
        Tab::Overview | Tab::Documents => "lines",
        Tab::Admins => "admins",
        Tab::Activity => "entries",
    };
    Some((format!("{from}–{to} of {lines} {noun}"), format!("{from}–{to}/{lines}")))
}

/// How many lines the tab that is looked at has, and how many of them show at once.
pub(super) fn lines(app: &App) -> (usize, usize) {
    let rows = app.areas().map_or(0, |areas| areas.detail_rows());
    let of = |some: Option<usize>| some.unwrap_or(0);
    // Those with columns have a line that says what is in them.
    match app.detail.tab {
        Tab::Overview => (overview_lines(app), rows),
        Tab::Documents => (of(app.detail.documents.as_ref().map(Vec::len)), rows),
        Tab::Admins => (of(app.detail.admins.as_ref().map(Vec::len)), rows.saturating_sub(1)),
        Tab::Activity => (of(app.detail.activity.as_ref().map(Vec::len)), rows.saturating_sub(1)),
    }
}

/// The first line in sight: a screen that grew shows no emptiness below the last one.
pub(super) fn scrolled(app: &App, lines: usize, rows: usize) -> usize {
    app.detail.scroll.min(lines.saturating_sub(rows))
}

fn overview(app: &App, org: &Org, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let sheet = record(app, org, theme, area);
    let rows = usize::from(area.height);
    let scroll = scrolled(app, sheet.lines_in(rows), rows);
    sheet.scrolled(scroll).draw(buffer, area);
}

/// How many lines the record takes where it is drawn.
fn overview_lines(app: &App) -> usize {
    let (Some(org), Some(areas)) = (&app.detail.org, app.areas()) else { return 0 };
    let area = below(areas.detail, 3);
    // Styles take no room.
    record(app, org, &Theme::colourless(), area).lines_in(area.height.into())
}

fn record<'a>(app: &App, org: &Org, theme: &'a Theme, area: Rect) -> Sheet<'a> {
    let detail = &app.detail;
    let mut sheet = Sheet::new(theme, area);
    sheet.gap();
    sheet.pair("id", &org.id.to_hex());
    sheet.pair("collection", &org.collection.to_string());
    sheet.pair("admin", &org.admin_email.to_string());
    if let Connection::Ready(connected) = &app.connection
        && let Some((email, password)) = &connected.demo
        && *email == org.admin_email
    {
        // The one password that is no secret: without it nobody could try what needs a login.
        sheet.pair("password", password.reveal());
    }
    let ago = |time| format!("{} · {}", moment(time), human::ago(time, app.now));
    if let Some(kept) = org.in_trash() {
        let left = human::left(kept.until, app.now);
        let left = left.as_deref().unwrap_or("over: the next console that opens purges it");
        sheet.pair("in the trash", &ago(kept.since));
        sheet.pair("kept until", &format!("{} · {left}", moment(kept.until)));
    }
    sheet.pair("created", &ago(org.created_at));
    match detail.statistics {
        Some(statistics) => sheet.pair(
            "documents",
            &format!(
                "{} · {} · {}",
                human::thousands(statistics.documents),
                human::bytes(statistics.bytes),
                human::counted(statistics.indexes, "index", "indexes")
            ),
        ),
        None => match spinner(&detail.loading, app.now) {
            Some(turn) => sheet.pair("documents", &format!("{turn} counting…")),
            None => sheet.pair_styled("documents", "–", theme.faint),
        },
    }
    let (database, collection) = (&org.connection.database, &org.connection.collection);
    if !collection.raw().is_empty() {
        sheet.pair("connection", &format!("{database} / {collection}"));
    }
    if let Some(said) = &detail.problem {
        sheet.gap();
        sheet.problem(said);
    }
    sheet
}

fn documents(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let detail = &app.detail;
    let room = usize::from(margin(area).width);
    if let Some(lines) = &detail.documents {
        if lines.is_empty() {
            put(buffer, area, 0, 0, "No documents.", theme.faint);
        }
        let scroll = scrolled(app, lines.len(), area.height.into());
        for (y, line) in (0..area.height).zip(lines.iter().skip(scroll)) {
            put(buffer, area, 0, y, &text::fit(&escaped(line), room), Style::new());
        }
    } else {
        unread(app, theme, buffer, area, "reading the first documents…");
    }
}

/// What stands where a tab shows nothing yet: why, or that it is being read.
pub(super) fn unread(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect, reading: &str) {
    if let Some(said) = &app.detail.unreadable {
        let mut sheet = Sheet::new(theme, area);
        sheet.text(&said.what, theme.bad);
        if !said.help.is_empty() {
            sheet.text(&said.help, theme.faint);
        }
        sheet.draw(buffer, area);
    } else if let Some(turn) = spinner(&app.detail.reading, app.now) {
        let x = put(buffer, area, 0, 0, &turn.to_string(), theme.accent);
        let x = put(buffer, area, x + 1, 0, reading, Style::new());
        let stops = format!("  {} stops waiting", app.keymap.how(Command::Back));
        put(buffer, area, x, 0, &stops, theme.faint);
    }
}
