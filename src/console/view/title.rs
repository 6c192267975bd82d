//! The title bar: which program, which database and where, how it is connected, and how many organizations it has.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

use super::{Theme, format, margin, put, put_right, spinner};
use crate::{
    config::{self, Profile},
    console::{
        app::{App, Connection, database_label},
        text,
    },
    org::escaped,
    store::{ListScope, PlaceKind},
};

pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let mut room = margin(area);
    let progress = app.upgrade.as_ref().and_then(|upgrade| upgrade.progress);
    if let Some(progress) = progress {
        let words = format!("upgrading {} %", progress.percent);
        room.width = put_right(buffer, room, 0, &words, theme.accent).saturating_sub(2);
    } else if let Some(job) = app.jobs_newest_first().find(|job| job.is_running()) {
        room.width = put_right(buffer, room, 0, &job.progress(), theme.accent).saturating_sub(2);
    } else if let Some(total) = app.list.total {
        let noun = match (app.list.scope, total.counted) {
            (ListScope::Trash, _) => "in the trash",
            (ListScope::Live, 1) => "organization",
            (ListScope::Live, _) => "organizations",
        };
        let words = format!("{total} {noun}");
        // Where the database is matters more than how much is in it.
        if usize::from(area.width) >= 60 {
            room.width = put_right(buffer, room, 0, &words, theme.faint).saturating_sub(2);
        }
    }
    let mut x = put(buffer, room, 1, 0, "tenantry", theme.strong);
    let (mark, style) = match &app.connection {
        Connection::Opening => (spinner(&app.connecting, app.now).unwrap_or('○'), theme.faint),
        Connection::Failed(_) => ('●', theme.bad),
        Connection::Ready(_) if app.lost.is_some() => ('○', theme.bad),
        Connection::Ready(_) if app.live.is_told() == Some(false) => ('◐', theme.accent),
        Connection::Ready(_) => ('●', theme.accent),
    };
    x = put(buffer, room, x + 2, 0, &mark.to_string(), style);
    if let Some(profile) = &app.profile {
        let name = text::fit(&profile.name, usize::from(room.width / 3));
        // A badge where it matters that nobody overlooks it.
        let name = match (profile.production, theme.plain) {
            (true, true) => format!(" {name} production "),
            (true, false) => format!(" {name} "),
            (false, _) => name.into_owned(),
        };
        x = put(buffer, room, x + 1, 0, &name, of_profile(profile, theme)) + 1;
    }
    let left = usize::from(room.width.saturating_sub(x + 1));
    let place = match app.place.kind {
        PlaceKind::Embedded => format!("embedded  {}", escaped(&app.place.address)),
        PlaceKind::Mongo | PlaceKind::Demo => database_label(&app.place),
    };
    // Where the database is matters more than what the dot says too.
    let ways = states(app, theme);
    let columns = |words: &[(String, Style)]| -> usize {
        words.iter().map(|(word, _)| text::width(word) + 2).sum()
    };
    let fits = |words: &&Vec<_>| text::width(&place) + columns(words) <= left;
    let Some(words) = ways.iter().find(fits).or(ways.last()) else { return };
    let left = left.saturating_sub(columns(words));
    let place = match app.place.kind {
        PlaceKind::Embedded => {
            let path = escaped(&app.place.address);
            format!("embedded  {}", text::fit_end(&path, left.saturating_sub(10)))
        }
        PlaceKind::Mongo | PlaceKind::Demo => text::fit(&place, left).into_owned(),
    };
    x = put(buffer, room, x + 1, 0, &place, Style::new());
    for (word, style) in words {
        x = put(buffer, room, x + 2, 0, word, *style);
    }
}

/// What the connection is in words: all of them, and what is left of them where there is less room.
fn states(app: &App, theme: &Theme) -> [Vec<(String, Style)>; 2] {
    let word = |word: &str, style| Some((word.to_owned(), style));
    let (long, short) = match (&app.connection, &app.lost, app.live.is_told()) {
        (Connection::Opening, ..) => (word("connecting", theme.faint), None),
        (Connection::Failed(_), ..) => (word("not connected", theme.bad), None),
        (Connection::Ready(_), Some(lost), _) => {
            let since = format!("lost since {}", format::hour(lost.since));
            (word(&since, theme.bad), word("lost", theme.bad))
        }
        (Connection::Ready(_), None, Some(true)) => (word("live", theme.accent), None),
        (Connection::Ready(_), None, Some(false)) => (word("polling", theme.strong), None),
        (Connection::Ready(_), None, None) => (None, None),
    };
    let read_only = matches!(&app.connection, Connection::Ready(c) if c.read_only.is_some());
    let read_only = || if read_only { word("read-only", theme.accent) } else { None };
    [long, short].map(|state| state.into_iter().chain(read_only()).collect())
}

/// How a profile is marked, on themes with colours in its own.
fn of_profile(profile: &Profile, theme: &Theme) -> Style {
    if profile.production {
        return theme.bad.add_modifier(Modifier::BOLD | Modifier::REVERSED);
    }
    let color = match profile.color {
        Some(_) if theme.accent.fg.is_none() => None,
        Some(config::Color::Red) => Some(Color::Red),
        Some(config::Color::Green) => Some(Color::Green),
        Some(config::Color::Yellow) => Some(Color::Yellow),
        Some(config::Color::Blue) => Some(Color::Blue),
        Some(config::Color::Magenta) => Some(Color::Magenta),
        Some(config::Color::Cyan) => Some(Color::Cyan),
        None => None,
    };
    color.map_or(theme.strong, |color| theme.strong.fg(color))
}
