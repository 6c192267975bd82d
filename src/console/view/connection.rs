//! Before there is a database: opening it, and what to do when that failed.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Span,
};

use super::{Theme, below, sheet::Sheet};
use crate::{
    console::{
        app::{App, Connection, database_label},
        text,
    },
    keymap::{Command, Place},
};

pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let area = below(area, 1);
    let mut sheet = Sheet::new(theme, area);
    match &app.connection {
        Connection::Failed(said) => {
            sheet.text("Cannot open the database", theme.strong);
            sheet.gap();
            sheet.pair("database", &database_label(&app.place));
            sheet.pair_styled("problem", &text::sentence(&said.what), theme.bad);
            if !said.help.is_empty() {
                sheet.pair("what to do", &text::sentence(&said.help));
            }
            sheet.gap();
            let key = |command| {
                Span::styled(app.keymap.how_in(Place::Unconnected, command), theme.strong)
            };
            let does = |words: &'static str| Span::styled(words, theme.faint);
            sheet.line(vec![
                key(Command::Retry),
                does(" retry   "),
                key(Command::Quit),
                does(" quit"),
            ]);
        }
        Connection::Opening | Connection::Ready(_) => {
            if sheet.wait_or_leave(app, &app.connecting, "opening the database") {
                sheet.gap();
                sheet.text(&database_label(&app.place), Style::new());
            }
        }
    }
    sheet.draw(buffer, area)
}
