//! A one-time code, large enough to be read out, or recovery codes: the only time they are shown.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Span,
};

use super::{Theme, heading, sheet::Sheet};
use crate::{
    console::{
        app::{App, Code},
        text,
    },
    keymap::Command,
    org::{Secret, StoredText},
};

pub(super) fn draw(
    app: &App,
    shown: &Code,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let (code, email) = match shown {
        Code::OneTime { issued, .. } => (&issued.code, &issued.email),
        Code::Recovery { codes, .. } => return recovery(app, codes, theme, buffer, area),
    };
    let words = format!("One-time code for {email}");
    let area = heading(buffer, area, theme, &words, "");
    let mut sheet = Sheet::new(theme, area);
    sheet.gap();
    for line in groups_in(code.reveal(), usize::from(area.width).saturating_sub(1)) {
        sheet.line(vec![Span::styled(line, theme.selected)]);
    }
    sheet.gap();
    let copy = app.keymap.how(Command::CopyCode);
    sheet.text(
        &format!("Valid for one hour. Copy it now ({copy}): it is not shown again."),
        Style::new(),
    );
    if let Code::OneTime { sending, .. } = shown
        && app.mails()
        && !sheet.wait(app, sending, "mailing it")
    {
        let send = app.keymap.how(Command::SendCode);
        sheet.text(&format!("{send} mails it to that address."), Style::new());
    }
    sheet.gap();
    let how = app.keymap.how(Command::UseCode);
    let used =
        format!("To redeem it: {how} in the login, or tenantry admin redeem {}", argument(email));
    sheet.text(&used, theme.faint);
    sheet.draw(buffer, area)
}

/// The recovery codes of a second factor.
fn recovery(
    app: &App,
    codes: &[Secret],
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let code = codes.first().map_or(1, |code| text::width(code.reveal()));
    let (columns, apart) = match usize::from(area.width).checked_sub(2 * code) {
        Some(apart @ 1..) => (2, apart.min(3)),
        Some(0) | None => (1, 0),
    };
    let rows: Vec<_> = codes.chunks(columns).collect();
    // Where the codes need its room, there is no heading.
    let area = if usize::from(area.height) >= rows.len() + 2 {
        heading(buffer, area, theme, "Second factor set up: recovery codes", "")
    } else {
        area
    };
    let mut sheet = Sheet::new(theme, area);
    let copy = app.keymap.how(Command::CopyCode);
    sheet.gap();
    // Above what may not fit.
    sheet.text(&format!("Copy them now ({copy}): they are not shown again."), Style::new());
    sheet.text("Each logs you in once if you lose your authenticator app.", theme.faint);
    sheet.gap();
    sheet.keep_from_here();
    for row in rows {
        let row: Vec<_> = row.iter().map(Secret::reveal).collect();
        sheet.line(vec![Span::styled(row.join(&" ".repeat(apart)), theme.selected)]);
    }
    sheet.keep_until_here();
    sheet.draw(buffer, area)
}

/// An e-mail in a line that somebody may paste into a shell: only where that makes nothing else of it.
fn argument(email: &StoredText) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@._+-".contains(c);
    let raw = email.raw();
    if raw.chars().all(plain) && !raw.starts_with('-') { raw } else { "E-MAIL" }
}

/// The groups of a code as they are typed and copied, as many as fit, in lines of at most `most` columns.
fn groups_in(code: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for group in code.split('-') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + group.len() <= most => {
                line.push('-');
                line.push_str(group);
            }
            _ => lines.push(group.to_owned()),
        }
    }
    lines
}
