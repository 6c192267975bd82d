//! The details of the selected organization: its record and its first documents, and the tabs above all
//! that is said of it.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    SUSPENDED, Theme, activity, admins, below, dashboard, format, margin, put, put_right,
    question::doing, sheet::Sheet, spinner,
};
use crate::{
    console::{
        app::{App, Drawn, Extent, HitTarget, Pane, Tab},
        text,
    },
    keymap::Command,
    org::{Org, OrgState, byte_size, timestamp},
    store::Statistics,
};

pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect, drawn: &mut Drawn) {
    drawn.add(area, HitTarget::Detail);
    let Some(org) = app.detail.org.as_ref().filter(|_| area.area() > 0) else {
        return dashboard::draw_beside(app, theme, buffer, area);
    };
    let begun = app.at_once.as_ref().filter(|begun| begun.org == org.id);
    let begun = begun.and_then(|begun| Some((spinner(&begun.waiting, app.now)?, begun.action)));
    let (mark, word, style) = match (begun, org.under_way, org.state) {
        (Some((turn, action)), ..) => (turn, format!("{}…", doing(action)), theme.accent),
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
    let extent = extent(app);
    drawn.add_tab(app.detail.tab, extent);
    tabs(app, &extent, theme, buffer, area, drawn);
    let (body, first) = (below(area, 3), app.detail.scroll.min(extent.last));
    match app.detail.tab {
        Tab::Overview => {
            record(app, org, theme, body).scrolled(first).draw(buffer, body);
        }
        Tab::Admins => admins::draw(app, theme, buffer, body, drawn),
        Tab::Documents => documents(app, first, theme, buffer, body),
        Tab::Activity => activity::draw(app, first, theme, buffer, body),
    }
}

/// A tab as it is written, and the column it begins in.
struct Written {
    tab: Tab,
    word: String,
    x: u16,
}

/// The tabs as they are written, the columns they take, and the room for words behind them. Where there
/// is no room for both they move together; where there is none even so, the other tabs give up their
/// ends.
fn written(app: &App, extent: &Extent, area: Rect) -> (Vec<Written>, usize) {
    let (_, short) = in_sight(app, extent).unwrap_or_default();
    if app.plain {
        // Read from left to right, a row of tabs does not say which is open.
        let tab = app.detail.tab;
        let at = Tab::ALL.iter().position(|other| *other == tab).unwrap_or(0) + 1;
        let word = format!("{}, tab {at} of {}", tab.word(), Tab::ALL.len());
        let room = usize::from(margin(area).width).saturating_sub(text::width(&word));
        return (vec![Written { tab, word, x: 0 }], room);
    }
    let shown = |tab: Tab, most: usize| {
        let here = app.detail.tab == tab;
        text::fit(tab.word(), if here { usize::MAX } else { most }).into_owned()
    };
    let room = usize::from(margin(area).width);
    let columns = |gap: usize, most: usize| -> usize {
        Tab::ALL.iter().map(|tab| text::width(&shown(*tab, most)) + gap).sum()
    };
    let fits = |(gap, most): &(usize, usize)| columns(*gap, *most) + text::width(&short) <= room;
    let ways = [(3, usize::MAX), (2, usize::MAX), (1, 4), (1, 2)];
    let (gap, most) = ways.into_iter().find(fits).unwrap_or((1, 2));
    let mut x = 0;
    let written = Tab::ALL.iter().map(|&tab| {
        let written = Written { tab, word: shown(tab, most), x };
        x += u16::try_from(text::width(&written.word) + gap).unwrap_or(0);
        written
    });
    (written.collect(), room.saturating_sub(columns(gap, most)))
}

/// The tabs, and which lines of the one that is looked at are in sight.
fn tabs(
    app: &App,
    extent: &Extent,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) {
    super::rule(buffer, area, 2, theme);
    let focused = app.pane == Pane::Detail;
    let (written, left) = written(app, extent, area);
    for Written { tab, word, x } in written {
        let columns = u16::try_from(text::width(&word)).unwrap_or(u16::MAX);
        let place = Rect { x: area.x + x, y: area.y + 1, width: columns, height: 1 };
        drawn.add(place, HitTarget::Tab(tab));
        if app.detail.tab == tab {
            let style = if focused { theme.selected } else { theme.strong };
            put(buffer, area, x, 1, &word, style);
            let line = "━".repeat(word.len());
            put(buffer, area, x, 2, &line, if focused { theme.accent } else { theme.faint });
        } else {
            put(buffer, area, x, 1, &word, theme.faint);
        }
    }
    let (long, short) = in_sight(app, extent).unwrap_or_default();
    let words = [long, short].into_iter().find(|words| text::width(words) <= left);
    put_right(buffer, margin(area), 1, &words.unwrap_or_default(), theme.faint);
}

/// Which lines are in sight, in more words and in fewer; none where all are.
fn in_sight(app: &App, extent: &Extent) -> Option<(String, String)> {
    let Extent { lines, rows, last } = *extent;
    // With no room for any, there is nothing to say of which.
    if rows == 0 || lines <= rows {
        return None;
    }
    let first = match app.detail.tab {
        Tab::Admins => admins::first(app, rows),
        Tab::Overview | Tab::Documents | Tab::Activity => app.detail.scroll.min(last),
    };
    let (from, to) = (first + 1, (first + rows).min(lines));
    let noun = match app.detail.tab {
        Tab::Overview | Tab::Documents => "lines",
        Tab::Admins => "admins",
        Tab::Activity => "entries",
    };
    Some((format!("{from}–{to} of {lines} {noun}"), format!("{from}–{to}/{lines}")))
}

/// Of lines that need so many rows each; `first` is the one in sight.
pub(super) fn tall_extent(
    lines: usize,
    rows: usize,
    first: usize,
    height: impl Fn(usize) -> usize,
) -> Extent {
    // Never more of them than rows are asked how high they are.
    let fit = |of: &mut dyn Iterator<Item = usize>| {
        let mut left = rows;
        of.take_while(|at| {
            let fits = left.checked_sub(height(*at));
            left = fits.unwrap_or(0);
            fits.is_some()
        })
        .count()
    };
    let last = lines - fit(&mut (0..lines).rev()).max(1).min(lines);
    let first = first.min(last);
    let (above, below) = (fit(&mut (0..first).rev()), fit(&mut (first..lines)));
    let rows = if above < first { above.min(below) } else { below };
    Extent { lines, rows: rows.max(1), last }
}

/// How far the tab that is looked at scrolls.
fn extent(app: &App) -> Extent {
    let Some(areas) = app.areas() else { return Extent::new(0, 0) };
    let rows = areas.detail_rows();
    let (detail, room) = (&app.detail, usize::from(margin(areas.detail).width));
    // Those with columns have a line that says what is in them.
    let below_header = rows.saturating_sub(1);
    match detail.tab {
        Tab::Overview => Extent::new(overview_lines(app), rows),
        Tab::Admins => Extent::new(detail.admins.as_ref().map_or(0, Vec::len), below_header),
        Tab::Documents => {
            let lines = detail.documents.as_deref().unwrap_or_default();
            let height = |at: usize| text::folded(&lines[at], room).len();
            tall_extent(lines.len(), rows, detail.scroll, height)
        }
        Tab::Activity => {
            let entries = detail.activity.as_deref().unwrap_or_default();
            let height = |at: usize| activity::height(&entries[at].entry, room);
            tall_extent(entries.len(), below_header, detail.scroll, height)
        }
    }
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
    sheet.pair("admin", &org.shown_admin());
    if org.admin_gone {
        sheet.pair_styled("", "no longer exists: this e-mail cannot log in", theme.faint);
    }
    if let Some((email, password)) = app.demo_login()
        && *email == org.admin_email
    {
        // The one password that is no secret: without it nobody could try what needs a login.
        sheet.pair("password", password.reveal());
    }
    let ago = |time| format!("{} · {}", timestamp(time), format::ago(time, app.now));
    if let Some(kept) = org.in_trash() {
        let left = format::left(kept.until, app.now);
        let left = left.as_deref().unwrap_or("expired; the next change purges it");
        sheet.pair("in the trash", &ago(kept.since));
        sheet.pair("kept until", &format!("{} · {left}", timestamp(kept.until)));
    }
    sheet.pair("created", &ago(org.created_at));
    match detail.statistics {
        // Every collection that there is has one.
        Some(Statistics { indexes: 0, .. }) => {
            sheet.pair("documents", "none; the collection does not exist");
        }
        Some(statistics) => sheet.pair(
            "documents",
            &format!(
                "{} · {} · {}",
                format::thousands(statistics.documents),
                byte_size(statistics.bytes),
                format::counted(statistics.indexes, "index", "indexes")
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

fn documents(app: &App, first: usize, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let detail = &app.detail;
    let room = usize::from(margin(area).width);
    if let Some(lines) = &detail.documents {
        if lines.is_empty() {
            put(buffer, area, 0, 0, "No documents.", theme.faint);
        }
        let folded = lines.iter().skip(first).flat_map(|line| text::folded(line, room));
        for (y, line) in (0..area.height).zip(folded) {
            put(buffer, area, 0, y, &line, Style::new());
        }
    } else {
        unread(app, theme, buffer, area, "loading documents…");
    }
}

/// What stands where a tab shows nothing yet: why, or that it is being read.
pub(super) fn unread(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect, reading: &str) {
    if let Some(said) = &app.detail.unreadable {
        let mut sheet = Sheet::new(theme, area);
        sheet.text(&text::sentence(&said.what), theme.bad);
        if !said.help.is_empty() {
            sheet.text(&text::sentence(&said.help), theme.faint);
        }
        sheet.draw(buffer, area);
    } else if let Some(turn) = spinner(&app.detail.reading, app.now) {
        let x = put(buffer, area, 0, 0, &turn.to_string(), theme.accent);
        let x = put(buffer, area, x + 1, 0, reading, Style::new());
        let stops = format!("  {} to cancel", app.keymap.how(Command::Back));
        put(buffer, area, x, 0, &stops, theme.faint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_scrolls_until_its_last_line_is_in_sight_however_high_lines_are() {
        let extent = |heights: &[usize], rows, first| {
            let Extent { lines, rows, last } =
                tall_extent(heights.len(), rows, first, |at| heights[at]);
            (lines, rows, last)
        };
        assert_eq!(extent(&[], 3, 0), (0, 1, 0));
        assert_eq!(extent(&[1, 1], 3, 0), (2, 2, 0));
        assert_eq!(extent(&[1, 1, 1, 1], 3, 0), (4, 3, 1));
        assert_eq!(extent(&[1, 3, 1, 2], 3, 0), (4, 1, 2), "the second shows in part");
        assert_eq!(extent(&[1, 3, 1, 2], 3, 9), (4, 1, 2), "nor is one skipped on the way up");
        assert_eq!(extent(&[9, 9], 3, 0), (2, 1, 1), "one that is too high shows its beginning");
    }
}
