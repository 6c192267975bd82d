//! What was done to the selected organization and what was refused, in words, the newest first.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Theme, below, detail, human, margin, put};
use crate::{
    console::{app::App, text},
    org::{StoredText, moment},
    store::{Difference, Entry, Outcome},
    tenancy::Recorded,
};

/// From this many columns on each line says when in full; below, how long ago.
const MOMENTS_FROM: usize = 60;
/// The columns of a moment, and of an age.
const MOMENT: usize = 16;
const AGE: usize = 4;
/// How many rows an entry's words may fill: those of another program may be of any length.
const ROWS_MOST: usize = 8;

pub(super) fn draw(app: &App, first: usize, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let Some(entries) = &app.detail.activity else {
        detail::unread(app, theme, buffer, area, "reading what was recorded…");
        return;
    };
    if entries.is_empty() {
        let room = usize::from(margin(area).width);
        let nothing = "Nothing was recorded about it yet.";
        put(buffer, area, 0, 0, &text::fit(nothing, room), theme.faint);
        return;
    }
    let room = usize::from(margin(area).width);
    let Columns { when, who, what } = Columns::of(room);
    let head = if when == AGE { "ago" } else { "time (UTC)" };
    let header = format!("{}  {}  what", text::filled(head, when), text::filled("who", who));
    put(buffer, area, 0, 0, &header, theme.faint);
    let area = below(area, 1);
    let mut rows = area.rows();
    for Recorded { entry, .. } in entries.iter().skip(first) {
        let at = if when == AGE {
            human::age(entry.at, app.now)
        } else {
            moment(entry.at).trim_end_matches(" UTC").to_owned()
        };
        let by = if entry.admin.raw().is_empty() { &entry.operator } else { &entry.admin };
        let begin =
            format!("{}  {}  ", text::filled(&at, when), text::filled(&by.to_string(), who));
        let mut begin = Some(Span::styled(begin, theme.faint));
        for (line, row) in lines(entry, theme, what).into_iter().zip(&mut rows) {
            let indent = || Span::raw(" ".repeat(room.saturating_sub(what)));
            let spans = std::iter::once(begin.take().unwrap_or_else(indent)).chain(line);
            buffer.set_line(row.x, row.y, &spans.collect::<Line>(), row.width);
        }
    }
}

/// How wide the columns are.
struct Columns {
    when: usize,
    who: usize,
    what: usize,
}

impl Columns {
    fn of(room: usize) -> Self {
        let when = if room < MOMENTS_FROM { AGE } else { MOMENT };
        let who = (room / 4).clamp(10, 32);
        Self { when, who, what: room.saturating_sub(when + who + 4) }
    }
}

/// How many rows an entry needs where there is so much room.
pub(super) fn height(entry: &Entry, room: usize) -> usize {
    // Styles take no room.
    lines(entry, &Theme::colourless(), Columns::of(room).what).len()
}

/// What an entry says, in as many lines as that needs; of very much only so much.
fn lines(entry: &Entry, theme: &Theme, room: usize) -> Vec<Vec<Span<'static>>> {
    let mut left = room * ROWS_MOST;
    let parts = said(entry, theme).into_iter().map(|(part, style)| {
        let shown = text::fit(&part, left).into_owned();
        left -= text::width(&shown);
        (shown, style)
    });
    text::wrap_styled(&parts.collect::<Vec<_>>(), room)
}

/// What an entry says: what was done; or what was wanted, what came of it, and why.
fn said(entry: &Entry, theme: &Theme) -> Vec<(String, Style)> {
    let (done, wanted) = words(entry);
    let style = match entry.outcome {
        Outcome::Done => return vec![(done, Style::new())],
        Outcome::TakenBack => theme.strong,
        Outcome::Refused | Outcome::Failed | Outcome::Unknown | Outcome::Foreign => theme.bad,
    };
    let mut parts = vec![(format!("{wanted} "), Style::new()), (entry.outcome.to_string(), style)];
    if !entry.reason.raw().is_empty() {
        parts.push((format!(": {}", entry.reason), style));
    }
    parts
}

/// What was done, and what was wanted where it was not.
fn words(entry: &Entry) -> (String, String) {
    let about_admin = |change: &&Difference| change.field.raw() == "admin";
    let admin = entry.changes.iter().find(about_admin).map(|change| {
        let whom = if change.to.raw().is_empty() { &change.from } else { &change.to };
        whom.to_string()
    });
    let of = |words: &str| match &admin {
        Some(admin) => format!("{words} {admin}"),
        None => words.to_owned(),
    };
    let others = entry.changes.iter().filter(|change| !about_admin(change));
    let changed = others.map(difference).collect::<Vec<_>>().join(", ");
    let and = |words: String| match changed.as_str() {
        "" => words,
        changed => format!("{words}, {changed}"),
    };
    let (done, wanted) = match entry.deed.raw() {
        "create" if admin.is_none() => ("created".to_owned(), "creation"),
        "create" => (of("created with admin"), "creation"),
        // What changed says it all.
        "update" if !changed.is_empty() => return (changed, "change".to_owned()),
        "update" => ("changed".to_owned(), "change"),
        "delete" => ("deleted for good".to_owned(), "deletion"),
        "trash" => ("moved to the trash".to_owned(), "move to the trash"),
        "restore" => ("restored from the trash".to_owned(), "restoration"),
        "purge" => ("purged from the trash".to_owned(), "purge"),
        "suspend" => ("suspended".to_owned(), "suspension"),
        "reactivate" => ("reactivated".to_owned(), "reactivation"),
        "repair" => ("repaired".to_owned(), "repair"),
        "log in" => ("logged in".to_owned(), "login"),
        "authorize" => ("permission asked for".to_owned(), "permission"),
        "add admin" => (of("added admin"), "adding an admin"),
        "remove admin" => (of("removed admin"), "removing an admin"),
        "change admin" => (of("changed admin"), "changing an admin"),
        "issue code" => (of("one-time code for"), "one-time code"),
        "use code" => ("one-time code used".to_owned(), "use of a one-time code"),
        _ => {
            let deed = entry.deed.to_string();
            return (and(of(&deed)), deed);
        }
    };
    (and(done), wanted.to_owned())
}

fn difference(change: &Difference) -> String {
    let Difference { field, from, to } = change;
    let empty = |text: &StoredText| text.raw().is_empty();
    match (empty(from), empty(to)) {
        (false, false) if field.raw() == "name" => format!("renamed {from} → {to}"),
        (false, false) => format!("{field} {from} → {to}"),
        (true, true) => format!("{field} changed"),
        (true, false) => format!("{field} {to}"),
        (false, true) => format!("{field} {from} gone"),
    }
}
