//! The login: who is there.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, heading, sheet::Sheet};
use crate::{
    console::{
        app::{App, Drawn, Login},
        text,
    },
    org::StoredText,
};

pub(super) fn draw(
    app: &App,
    login: &Login,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    let words = match &login.wanted {
        Some(name) if !login.of_operator => format!("Log in as an admin of {name}"),
        Some(_) | None => "Log in".to_owned(),
    };
    let area = heading(buffer, area, theme, &words, "");
    sheet(app, login, theme, area).draw_fields(buffer, area, drawn)
}

/// What is below the heading.
fn sheet<'a>(app: &App, login: &Login, theme: &'a Theme, area: Rect) -> Sheet<'a> {
    let mut sheet = Sheet::new(theme, area);
    // Why it opened comes without advice; what went wrong comes with it, and stands at the fields.
    let (why, wrong) = match &login.problem {
        Some(said) if said.help.is_empty() => (Some(said), None),
        other => (None, other.as_ref()),
    };
    if let Some(said) = why {
        sheet.gap();
        sheet.text(&text::sentence(&said.what), Style::new());
    }
    let waiting = login.submitting.is_waiting();
    let labels = [("e-mail", ""), ("password", ""), ("code", "or a recovery code")];
    for (at, ((label, hint), field)) in labels.into_iter().zip(&login.fields).enumerate() {
        sheet.gap();
        sheet.field(app, label, field, login.focus == at && !waiting, hint);
    }
    if let Some(said) = wrong {
        sheet.problem(said);
    }
    // Where another organization's login is wanted, it would be refused.
    let fits = |email: &StoredText| {
        login.wanted.is_none() || app.chosen().is_none_or(|org| org.admin_email == *email)
    };
    if let Some((email, password)) = app.demo_login().filter(|(email, _)| fits(email)) {
        sheet.gap();
        sheet.pair("demo login", &format!("{email} {}", password.reveal()));
    }
    sheet.gap();
    sheet.wait_or_leave(app, &login.submitting, "logging in");
    sheet
}
