//! A second factor that is being set up: its secret, as text and as a QR code.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
};

use super::{Theme, put, sheet::Sheet};
use crate::{
    console::{app::App, text},
    org::{NewSecondFactor, StoredText},
    tenancy::{FASTAPI_ASKS_FOR_NONE, REPLACES},
};

/// What to do, and the secret: right above the field for its first code, since that has to be in sight with it.
pub(super) fn instructions(app: &App, new: &NewSecondFactor, theme: &Theme, sheet: &mut Sheet) {
    sheet.gap();
    if app.session.as_ref().is_some_and(|session| session.has_second_factor) {
        sheet.text(REPLACES, theme.bad);
    }
    if !app.is_operator() {
        sheet.text(FASTAPI_ASKS_FOR_NONE, theme.faint);
    }
    sheet.text("Add this account to your authenticator app:", Style::new());
    sheet.gap();
    sheet.pair("account", &format!("Tenantry: {}", email(app).unwrap_or(&StoredText::default())));
    sheet.keep_from_here();
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
    let Some(qr) = email(app).and_then(|email| new.qr(email.raw())).filter(|_| draws(theme)) else {
        return;
    };
    let columns = qr.first().map_or(0, |line| text::width(line));
    let missing = qr.len().saturating_sub(area.height.into());
    if columns > usize::from(area.width) || missing > 0 {
        let words = match missing {
            0 => String::new(),
            more => format!("(with {more} more rows, a QR code shows here)"),
        };
        put(buffer, area, 0, 0, &words, theme.faint);
        return;
    }
    // White on black, whatever the terminal's colours are.
    let style = Style::new().fg(Color::White).bg(Color::Black);
    for (y, line) in (0..).zip(&qr) {
        put(buffer, area, 0, y, line, style);
    }
}

/// Whether there are the characters for it, and somebody to see it.
fn draws(theme: &Theme) -> bool {
    !theme.ascii && !theme.plain
}

/// Whose it is.
fn email(app: &App) -> Option<&StoredText> {
    app.session.as_ref().map(|session| session.account.email())
}
