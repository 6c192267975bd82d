//! The audit log on a screen of its own: a line for each entry, and an entry in full.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Line,
};

use super::{
    Theme, activity, below, format, heading, help, margin, put, put_right, sheet::Sheet, spinner,
};
use crate::{
    console::{
        app::{App, Audit, Drawn, Extent, HitTarget, fields},
        text,
    },
    keymap::Command,
    org::{escaped_short, timestamp},
    tenancy::NumberedEntry,
};

/// From this many columns on each line says when in full; below, how long ago, and not to which organization.
const ROOMY: usize = 60;
/// From this many on it also has the entry's number.
const SPACIOUS: usize = 100;
/// The columns of a time, of an age and of a number.
const TIME: usize = 16;
const AGE: usize = 4;
const NUMBER: usize = 8;

pub(super) fn draw(
    app: &App,
    audit: &Audit,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    if let Some((entry, top)) = &audit.open {
        open(entry, *top, theme, buffer, area, drawn);
        return None;
    }
    let right = match (spinner(&audit.loading, app.now), &audit.head) {
        (Some(turn), _) => format!("{} to cancel  loading… {turn}", app.keymap.how(Command::Back)),
        (None, Some(_)) if audit.unseen() > 0 => new_entries(app, audit),
        (None, Some(head)) => format!("head {}", head.short()),
        (None, None) => String::new(),
    };
    let searching = audit.typing || audit.is_filtered();
    let rest = heading(buffer, area, theme, if searching { "" } else { "Audit log" }, &right);
    let words = ("/ ", "words, operator: action: result: since: until: org:");
    let cursor = searching
        .then(|| help::search(&audit.filter, audit.typing, words, theme, buffer, area, &right))
        .flatten();
    if audit.rows.is_empty() {
        nothing(app, audit, theme, buffer, rest);
        return cursor;
    }
    let columns = Columns::for_width(usize::from(margin(rest).width));
    header(&columns, theme, buffer, rest);
    let rest = below(rest, 1);
    let rows = audit.rows.iter().enumerate().skip(audit.top);
    for (place, (at, entry)) in rest.rows().zip(rows) {
        drawn.add(place, HitTarget::Entry(entry.number));
        row(app, entry, at == audit.selected, &columns, theme, buffer, place);
    }
    cursor
}

/// How many entries are new, and how they show; where text is typed, that is left first.
fn new_entries(app: &App, audit: &Audit) -> String {
    let count = format::counted(audit.unseen(), "new entry", "new entries");
    if audit.typing {
        return count;
    }
    format!("{count}; press {}", app.keymap.how(Command::Refresh))
}

/// How wide the columns are; nothing for one that does not show.
struct Columns {
    number: usize,
    when: usize,
    who: usize,
    org: usize,
    what: usize,
}

impl Columns {
    fn for_width(room: usize) -> Self {
        let number = if room < SPACIOUS { 0 } else { NUMBER };
        let when = if room < ROOMY { AGE } else { TIME };
        let who = (room / 5).clamp(10, 32);
        let org = if room < ROOMY { 0 } else { (room / 5).clamp(10, 28) };
        // One for the mark, and two behind each that shows.
        let used = 1 + number + when + 2 + who + 2 + if org > 0 { org + 2 } else { 0 };
        let used = used + if number > 0 { 2 } else { 0 };
        Self { number, when, who, org, what: room.saturating_sub(used) }
    }

    /// What stands in front of what was done.
    fn begin(&self, number: &str, when: &str, who: &str) -> String {
        let number = match self.number {
            0 => String::new(),
            width => format!("{number:>width$}  "),
        };
        format!("{number}{}  {}  ", text::filled(when, self.when), text::filled(who, self.who))
    }

    fn org(&self, name: &str) -> String {
        if self.org > 0 { format!("{}  ", text::filled(name, self.org)) } else { String::new() }
    }
}

fn header(columns: &Columns, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let when = if columns.when == AGE { "ago" } else { "time (UTC)" };
    let begin = columns.begin("number", when, "by");
    let line = format!("{begin}{}action", columns.org("organization"));
    put(buffer, area, 1, 0, &text::fit(&line, margin(area).width.into()), theme.faint);
}

fn row(
    app: &App,
    NumberedEntry { number, entry, .. }: &NumberedEntry,
    selected: bool,
    columns: &Columns,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) {
    let when = match (columns.when, entry.at) {
        (_, bson::DateTime::MIN) => "unknown".to_owned(),
        (AGE, at) => format::age(at, app.now),
        (_, at) => timestamp(at).trim_end_matches(" UTC").to_owned(),
    };
    let style = if selected { theme.selected } else { Style::new() };
    if selected {
        put(buffer, area, 0, 0, "▌", theme.accent);
    }
    let begin = columns.begin(&number.to_string(), &when, &entry.shown_by());
    let x = put(buffer, area, 1, 0, &begin, theme.faint);
    let x = put(buffer, area, x, 0, &columns.org(&entry.name.to_string()), style);
    let rest = Rect { x: area.x + x, width: area.width.saturating_sub(x), ..area };
    let said = Line::from(activity::line(entry, theme, columns.what)).style(style);
    let rest = rest.intersection(buffer.area);
    if rest.area() > 0 {
        buffer.set_line(rest.x, rest.y, &said, rest.width);
    }
}

/// What stands where the entries would: why there are none, and what to press.
fn nothing(app: &App, audit: &Audit, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let clear = || format!("Press {} to clear the filter.", app.keymap.how(Command::Back));
    let (what, help) = if let Some(fault) = &audit.fault {
        (text::sentence(&fault.to_string()).into_owned(), clear())
    } else if let Some(problem) = &audit.problem {
        let retry = app.how_to_retry_audit();
        let help =
            if problem.help.is_empty() { retry } else { format!("{}; {retry}", problem.help) };
        (text::sentence(&problem.what).into_owned(), format!("{}.", text::sentence(&help)))
    } else if !audit.loaded || audit.loading.is_waiting() {
        // The line above says that it is being read.
        return;
    } else if audit.is_filtered() {
        let typed = escaped_short(audit.filter.text().trim(), 60);
        (format!("No entry matches “{typed}”"), clear())
    } else {
        ("The audit log has no entries yet.".to_owned(), String::new())
    };
    let mut sheet = Sheet::new(theme, area);
    sheet.text(&what, if audit.problem.is_some() { theme.bad } else { Style::new() });
    if !help.is_empty() {
        sheet.text(&help, theme.faint);
    }
    sheet.draw(buffer, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area });
}

/// An entry in full.
fn open(
    entry: &NumberedEntry,
    top: usize,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) {
    let title = format!("Entry {} of the audit log", entry.number);
    let rest = heading(buffer, area, theme, &title, "");
    let mut sheet = Sheet::new(theme, rest);
    for (label, value) in fields(entry) {
        sheet.pair(label, &value);
    }
    let height = usize::from(rest.height);
    let extent = Extent::new(sheet.lines_in(height), height);
    drawn.entry = extent;
    let top = top.min(extent.last);
    if extent.last > 0 {
        let shown = format!("{}–{} of {}", top + 1, (top + height).min(extent.lines), extent.lines);
        put_right(buffer, margin(area), 0, &shown, theme.faint);
    }
    sheet.scrolled(top).draw(buffer, rest);
}
