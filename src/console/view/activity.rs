//! What was done to the selected organization and what was refused, in words, the newest first.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Theme, below, detail, format, margin, put};
use crate::{
    console::{app::App, text},
    org::{OperationKind, StoredText, timestamp},
    store::{Difference, Entry, Outcome},
    tenancy::NumberedEntry,
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
        detail::unread(app, theme, buffer, area, "loading activity…");
        return;
    };
    if entries.is_empty() {
        let room = usize::from(margin(area).width);
        let nothing = "No activity yet.";
        put(buffer, area, 0, 0, &text::fit(nothing, room), theme.faint);
        return;
    }
    let room = usize::from(margin(area).width);
    let Columns { when, who, what } = Columns::for_width(room);
    let head = if when == AGE { "ago" } else { "time (UTC)" };
    let header = format!("{}  {}  action", text::filled(head, when), text::filled("by", who));
    put(buffer, area, 0, 0, &header, theme.faint);
    let area = below(area, 1);
    let mut rows = area.rows();
    for NumberedEntry { entry, .. } in entries.iter().skip(first) {
        let at = if when == AGE {
            format::age(entry.at, app.now)
        } else {
            timestamp(entry.at).trim_end_matches(" UTC").to_owned()
        };
        let begin =
            format!("{}  {}  ", text::filled(&at, when), text::filled(&entry.shown_by(), who));
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
    fn for_width(room: usize) -> Self {
        let when = if room < MOMENTS_FROM { AGE } else { MOMENT };
        let who = (room / 4).clamp(10, 32);
        Self { when, who, what: room.saturating_sub(when + who + 4) }
    }
}

/// How many rows an entry needs where there is so much room.
pub(super) fn height(entry: &Entry, room: usize) -> usize {
    // Styles take no room.
    lines(entry, &Theme::colourless(), Columns::for_width(room).what).len()
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

/// What an entry says, in a line of so much room.
pub(super) fn line(entry: &Entry, theme: &Theme, room: usize) -> Vec<Span<'static>> {
    let mut left = room;
    let parts = said(entry, theme).into_iter().map(|(part, style)| {
        let shown = text::fit(&part, left).into_owned();
        left -= text::width(&shown);
        Span::styled(shown, style)
    });
    parts.collect()
}

/// What an entry says: what was done; or what was wanted, what came of it, and why.
fn said(entry: &Entry, theme: &Theme) -> Vec<(String, Style)> {
    let (done, wanted) = words(entry);
    let style = match entry.outcome {
        Outcome::Done => {
            let why = entry.why().map(|why| (format!(", {why}"), theme.faint));
            return std::iter::once((done, Style::new())).chain(why).collect();
        }
        Outcome::TakenBack => theme.strong,
        Outcome::Refused | Outcome::Failed | Outcome::Unknown | Outcome::Foreign => theme.bad,
    };
    let mut parts = vec![(format!("{wanted} "), Style::new()), (entry.outcome.to_string(), style)];
    if !entry.reason.raw().is_empty() {
        parts.push((format!(": {}", entry.reason), style));
    }
    parts.extend(entry.why().map(|why| (format!(", {why}"), theme.faint)));
    parts
}

/// What was done, and what was wanted where it was not.
fn words(entry: &Entry) -> (String, String) {
    let about_admin = |change: &&Difference| change.field.raw() == "admin";
    let admin = entry.changes.iter().find(about_admin).map(|change| {
        let whom = if change.to.raw().is_empty() { &change.from } else { &change.to };
        whom.to_string()
    });
    let others = entry.changes.iter().filter(|change| !about_admin(change));
    let changed = others.map(difference).collect::<Vec<_>>().join(", ");
    let and = |words: String| match changed.as_str() {
        "" => words,
        changed => format!("{words}, {changed}"),
    };
    let (done, noun) = (entry.action.done(), entry.action.noun().into_owned());
    let done = match (&entry.action, &admin) {
        // What changed says it all.
        (OperationKind::Update, None) if !changed.is_empty() => return (changed, noun),
        (OperationKind::Create, Some(admin)) => format!("{done} with admin {admin}"),
        (_, Some(admin)) => format!("{done} {admin}"),
        (_, None) => done.into_owned(),
    };
    (and(done), noun)
}

fn difference(change: &Difference) -> String {
    let Difference { field, from, to } = change;
    let empty = |text: &StoredText| text.raw().is_empty();
    match (empty(from), empty(to)) {
        (false, false) if field.raw() == "name" => format!("renamed {from} → {to}"),
        (false, false) => format!("{field} {from} → {to}"),
        (true, true) => format!("{field} changed"),
        (true, false) => format!("{field} {to}"),
        (false, true) => format!("{field} {from} removed"),
    }
}
