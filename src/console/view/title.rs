//! The title bar: which program, which database and where, and how many organizations it has.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

use super::{Theme, margin, put, put_right, spinner};
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
        let current = if app.lost.is_some() { ", out of date" } else { "" };
        let words = format!("{total} {noun}{current}");
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
    let read_only = matches!(&app.connection, Connection::Ready(c) if c.read_only.is_some());
    let mark = if read_only { "  read-only" } else { "" };
    let lost = if app.lost.is_some() { "  not connected" } else { "" };
    let left = usize::from(room.width.saturating_sub(x + 1));
    let left = left.saturating_sub(mark.len() + lost.len());
    let words = match app.place.kind {
        PlaceKind::Embedded => {
            let path = escaped(&app.place.address);
            format!("embedded  {}", text::fit_end(&path, left.saturating_sub(10)))
        }
        PlaceKind::Mongo | PlaceKind::Demo => {
            text::fit(&database_label(&app.place), left).into_owned()
        }
    };
    x = put(buffer, room, x + 1, 0, &words, Style::new());
    x = put(buffer, room, x, 0, mark, theme.accent);
    put(buffer, room, x, 0, lost, theme.bad);
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
