//! A one-time code, large enough to be read out: the only time it is shown.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Span,
};

use super::{Theme, heading, sheet::Sheet};
use crate::{console::app::Code, console::text};

pub(super) fn draw(
    code: &Code,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let words = format!("One-time code for {}", code.email);
    let area = heading(buffer, area, theme, &words, "");
    let mut sheet = Sheet::new(theme, area);
    sheet.gap();
    // In groups with room between them, as many on a line as fit.
    let groups = code.code.reveal().replace('-', "   ");
    let indent = if text::width(&groups) + 4 <= usize::from(area.width) { 2 } else { 0 };
    for line in groups_in(code.code.reveal(), usize::from(area.width).saturating_sub(indent + 1)) {
        let line = format!("{}{line}", " ".repeat(indent));
        sheet.line(vec![Span::styled(line, theme.selected)]);
    }
    sheet.gap();
    sheet.text("Good for an hour, and once. It is shown only here and only now.", Style::new());
    sheet.gap();
    let used = format!(
        "With it {} sets a password: ^o in the login, or tenantry admin redeem {}",
        code.email, code.email
    );
    sheet.text(&used, theme.faint);
    sheet.draw(buffer, area)
}

/// The groups of a code with spaces between them, in lines of at most `most` columns.
fn groups_in(code: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for group in code.split('-') {
        match lines.last_mut() {
            Some(line) if line.len() + 3 + group.len() <= most => {
                line.push_str("   ");
                line.push_str(group);
            }
            _ => lines.push(group.to_owned()),
        }
    }
    lines
}
