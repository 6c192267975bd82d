//! A second factor that is being set up: its secret, as text and as a QR code.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
};

use super::{Theme, put, sheet::Sheet};
use crate::{console::app::App, org::NewSecondFactor};

/// Light modules around a QR code, so that a camera finds it.
const MARGIN: usize = 2;

/// What to do, and the secret.
pub(super) fn instructions(app: &App, new: &NewSecondFactor, sheet: &mut Sheet) {
    sheet.gap();
    sheet.text("Add this account to your authenticator app:", Style::new());
    sheet.gap();
    sheet.pair("account", &format!("Tenantry: {}", email(app)));
    sheet.pair("secret", new.base32().reveal());
}

/// The QR code, where it fits.
pub(super) fn draw_qr(
    app: &App,
    new: &NewSecondFactor,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) {
    let Some(qr) = new.qr(&email(app)).filter(|_| draws(theme)) else { return };
    let is_light = |x: usize, y: usize| {
        let module = || qr.get(y.checked_sub(MARGIN)?)?.get(x.checked_sub(MARGIN)?);
        !module().copied().unwrap_or(false)
    };
    let size = qr.len() + 2 * MARGIN;
    let (columns, rows) = (size, size.div_ceil(2));
    if columns > usize::from(area.width) || rows > usize::from(area.height) {
        let missing = rows.saturating_sub(area.height.into());
        let words = match missing {
            0 => String::new(),
            more => format!("(with {more} more rows, a QR code shows here)"),
        };
        put(buffer, area, 0, 0, &words, theme.faint);
        return;
    }
    // Black on white whatever the terminal's colours are.
    let style = Style::new().fg(Color::White).bg(Color::Black);
    for (line, y) in (0_u16..).zip((0..size).step_by(2)) {
        let cells = (0..size).map(|x| match (is_light(x, y), is_light(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        put(buffer, area, 0, line, &cells.collect::<String>(), style);
    }
}

/// Whether there are the characters for it, and somebody to see it.
fn draws(theme: &Theme) -> bool {
    !theme.ascii && !theme.plain
}

/// Whose it is.
fn email(app: &App) -> String {
    app.session.as_ref().map(|s| s.account.email().raw().to_owned()).unwrap_or_default()
}
