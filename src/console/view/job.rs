//! The jobs: the list of them, and one of them, with how far it is and what was not done.

use std::time::Duration;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Span,
};

use super::{
    Theme,
    bulk::{NAMED, name, names, verb},
    format, heading, margin, put, put_right,
    question::as_number,
    sheet::Sheet,
};
use crate::{
    console::{
        app::{App, Drawn, HitTarget, Job, organizations},
        text,
    },
    keymap::{Command, Place},
    org::byte_size,
};

/// The list of jobs, the newest first.
pub(super) fn draw_list(
    app: &App,
    selected: usize,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    let area = heading(buffer, area, theme, "Jobs", "");
    let jobs = app.jobs_newest_first();
    if jobs.len() == 0 {
        put(buffer, area, 0, 0, "No bulk operations yet in this session.", theme.faint);
    }
    let first = (selected + 1).saturating_sub(area.height.into());
    for (y, (at, job)) in (0..area.height).zip(jobs.enumerate().skip(first)) {
        let row = Rect { y: area.y + y, height: 1, ..area };
        drawn.add(row, HitTarget::Choice(at));
        let style = if at == selected { theme.selected } else { Style::new() };
        if at == selected {
            put(buffer, row, 0, 0, "▌", theme.accent);
        }
        let (mark, colour) = mark(job, theme);
        put(buffer, row, 1, 0, mark, colour);
        let right = pace(app, job).unwrap_or_default();
        let end = put_right(buffer, margin(row), 0, &right, theme.faint);
        let room = usize::from(end.saturating_sub(4));
        put(buffer, row, 3, 0, &text::fit(&job.outcome(), room), style);
    }
    None
}

fn mark(job: &Job, theme: &Theme) -> (&'static str, Style) {
    if job.is_running() {
        ("●", theme.accent)
    } else if job.failed.is_empty() && job.left.is_empty() {
        ("✓", theme.accent)
    } else {
        ("✗", theme.bad)
    }
}

/// How fast it goes, and how long the rest takes.
fn pace(app: &App, job: &Job) -> Option<String> {
    if !job.is_running() {
        return None;
    }
    if let Some((rate, left)) = job.pace_within(app.now) {
        return Some(format!("{}/s · {} left", byte_size(rate), duration(left)));
    }
    let rate = job.rate(app.now)?;
    let rate = if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") };
    let left = job.time_left(app.now)?;
    Some(format!("{rate} · {} left", duration(left)))
}

fn duration(left: Duration) -> String {
    let seconds = left.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

/// One of them.
pub(super) fn draw(
    app: &App,
    job: &Job,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let title = format!("{} {}", verb(job.action), organizations(job.count()));
    let area = heading(buffer, area, theme, &title, &pace(app, job).unwrap_or_default());
    let mut sheet = Sheet::new(theme, area);
    sheet.gap();
    let how = |command| app.keymap.how_in(Place::Job, command);
    if job.is_running() {
        let hint = if job.stopping {
            "  ending after this one".to_owned()
        } else {
            format!("  {} to cancel", how(Command::CancelJob))
        };
        sheet.line(vec![Span::raw(job.progress()), Span::styled(hint, theme.faint)]);
        if job.stopping {
            let wait = format!("{} again to wait no longer", how(Command::CancelJob));
            sheet.text(&wait, theme.faint);
        } else {
            let back = how(Command::Back);
            sheet.text(&format!("{back} leaves it running in the background"), theme.faint);
        }
    } else {
        sheet.text(&text::sentence(&job.outcome()), Style::new());
    }
    if let Some(said) = &job.problem {
        sheet.gap();
        sheet.problem(said);
    }
    if !job.failed.is_empty() {
        sheet.gap();
        for failure in job.failed.iter().take(NAMED) {
            sheet.text(&text::sentence(&failure.why.what), theme.bad);
        }
        more(job.failed.len(), theme.bad, &mut sheet);
    }
    if !job.left.is_empty() {
        sheet.gap();
        let what = if job.is_running() { "Next: " } else { "Unchanged: " };
        sheet.text(&format!("{what}{}", names(job.left.iter())), theme.faint);
    }
    if !job.skipped.is_empty() {
        sheet.gap();
        sheet.text(&format!("Skipped: {}", organizations(job.skipped.len())), theme.faint);
        for (org, why) in job.skipped.iter().take(NAMED) {
            sheet.text(&format!("“{}”: {why}", name(org)), theme.faint);
        }
        more(job.skipped.len(), theme.faint, &mut sheet);
    }
    sheet.draw(buffer, area)
}

/// How many more there are than are named.
fn more(count: usize, style: Style, sheet: &mut Sheet) {
    if let Some(more @ 1..) = count.checked_sub(NAMED) {
        sheet.text(&format!("and {} more", format::thousands(as_number(more))), style);
    }
}
