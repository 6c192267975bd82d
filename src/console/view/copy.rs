//! What can be copied of an organization, or of several: each with its key and what would be copied.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Span,
};

use super::{Theme, heading, sheet::Sheet};
use crate::{
    console::{
        app::{App, organizations},
        text,
    },
    keymap::Command,
    org::{Org, escaped_short},
};

/// The columns of a key and of what it copies.
const KEY: usize = 4;
const WHAT: usize = 23;

pub(super) fn draw(
    app: &App,
    orgs: &[Org],
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let of = match orgs {
        [org] => org.name.to_string(),
        orgs => organizations(orgs.len()),
    };
    let area = heading(buffer, area, theme, &format!("Copy from {of}"), "");
    let mut sheet = Sheet::new(theme, area);
    sheet.gap();
    let room = usize::from(area.width).saturating_sub(KEY + WHAT + 1);
    for bound in app.keymap.all() {
        let Command::CopyPart(part) = bound.row.command else { continue };
        let Some((what, text)) = app.copied(part, orgs) else { continue };
        // JSON has lines, of which the first says nothing.
        let whole = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let key = bound.first().unwrap_or_default();
        let shown = text::fit(&escaped_short(&whole, 200), room).into_owned();
        sheet.line(vec![
            Span::styled(text::filled(&key, KEY), theme.accent),
            Span::styled(text::filled(what, WHAT), Style::new()),
            Span::styled(shown, theme.faint),
        ]);
    }
    sheet.gap();
    sheet.text("Copies to your own terminal's clipboard, also over SSH.", theme.faint);
    sheet.draw(buffer, area)
}
