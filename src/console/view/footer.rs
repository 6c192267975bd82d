//! The bottom: what is said, who is logged in, and the keys that work now ([`hints`]); and the rules that part the
//! screen.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Theme, format, hints, margin, put, put_right};
use crate::console::{
    app::{App, Connection, Drawn, HitTarget, Layer, Severity, UNREAD_SHOWN},
    layout::{self, Areas},
    text,
};

/// The rules below the title and above the bottom, met by the line between list and details. The
/// lower one says, in a demo, whom to log in as while nobody is.
pub(super) fn rules(app: &App, theme: &Theme, buffer: &mut Buffer, areas: &Areas) {
    let ready = matches!(app.connection, Connection::Ready(_));
    for (area, junction) in [(areas.rule, "┬"), (areas.lower_rule, "┴")] {
        super::rule(buffer, area, 0, theme);
        if ready && areas.divider.width > 0 {
            put(buffer, area, areas.divider.x, 0, junction, theme.line);
        }
    }
    if let Some((email, password)) = app.demo_login()
        && app.session.is_none()
        // The login itself says it.
        && !matches!(app.layers.last(), Some(Layer::Login(_)))
    {
        let area = areas.lower_rule;
        let (email, password) = (email.to_string(), password.reveal());
        let long = " to trash or purge, or to change admins, log in as ";
        let short = " demo login ";
        let needed = |words: &str| words.len() + text::width(&email) + password.len() + 4;
        let room = usize::from(area.width.saturating_sub(3));
        let Some(words) = [long, short, " "].into_iter().find(|words| needed(words) <= room) else {
            return;
        };
        let x = put(buffer, area, 1, 0, words, theme.faint);
        let x = put(buffer, area, x, 0, &email, Style::new());
        let x = put(buffer, area, x, 0, " ", theme.faint);
        let x = put(buffer, area, x, 0, password, Style::new());
        put(buffer, area, x, 0, " ", theme.faint);
    }
}

pub(super) fn draw(
    app: &App,
    theme: &Theme,
    buffer: &mut Buffer,
    areas: &Areas,
    drawn: &mut Drawn,
) {
    notice(app, theme, buffer, areas.notice);
    drawn.add(areas.notice, HitTarget::Notice);
    session(app, theme, buffer, areas.footer);
    hints::draw(app, theme, buffer, areas.footer, drawn);
}

fn notice(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let width = layout::notice_width(area.width);
    let mut y = 0;
    let mut say = |symbol: &str, colour: Style, lines: Vec<String>, style: Style| {
        put(buffer, area, 1, y, symbol, colour);
        for line in lines {
            put(buffer, area, 3, y, &line, style);
            y += 1;
        }
    };
    for said in app.unread.iter().take(UNREAD_SHOWN) {
        let said = if app.plain { &said.after("Attention: ") } else { said };
        let (what, help) = said.lines(width);
        say("!", theme.bad, what, theme.strong);
        say("", theme.faint, help, theme.faint);
    }
    if let Some(more) = app.unread.len().checked_sub(UNREAD_SHOWN).filter(|more| *more > 0) {
        say("", theme.faint, vec![format!("and {more} more")], theme.faint);
    }
    if let Some((severity, said)) = &app.notice {
        let kind = match severity {
            Severity::Success => "",
            Severity::Warning => "Note: ",
            Severity::Error if app.armed().is_some() => "Confirm: ",
            Severity::Error | Severity::Alert => "Error: ",
        };
        // A screen reader reads no mark.
        let said = if app.plain { &said.after(kind) } else { said };
        let (what, help) = said.lines(width);
        match severity {
            Severity::Success => say("✓", theme.accent, what, Style::new()),
            Severity::Warning => say("!", theme.strong, what, Style::new()),
            Severity::Error | Severity::Alert => say("✗", theme.bad, what, theme.bad),
        }
        say("", theme.faint, help, theme.faint);
    }
}

/// At the right: a count that is being typed, and who is logged in for how long.
fn session(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let mut right = margin(area);
    if let Some(count) = app.count.typed {
        right.width = put_right(buffer, right, 0, &count.to_string(), theme.strong);
        right.width = right.width.saturating_sub(2);
    }
    let Some((email, clock)) = session_words(app, area) else { return };
    right.width = put_right(buffer, right, 0, &clock, theme.accent).saturating_sub(1);
    put_right(buffer, right, 0, &email, Style::new());
}

/// Who is logged in and for how long, as far as there is room.
pub(super) fn session_words(app: &App, area: Rect) -> Option<(String, String)> {
    let session = app.session.as_ref()?;
    let left = session.expires_at.duration_since(app.now).unwrap_or_default();
    let email = session.account.email().to_string();
    // What can be done now matters more on a small screen than who does it.
    let small = area.width < 60 && !app.layers.is_empty();
    let room = if small { 0 } else { usize::from(area.width / 3) };
    let clock = if app.plain { format::minutes(left) } else { format::clock(left) };
    Some((text::fit(&email, room).into_owned(), clock))
}
