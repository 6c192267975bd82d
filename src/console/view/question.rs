//! The questions: whether to delete, and who is there.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, heading, human, sheet::Sheet};
use crate::{
    console::{
        app::{App, Connection, Deletion, Login},
        text,
    },
    tenancy::confirmation_of,
};

pub(super) fn delete(
    app: &App,
    deletion: &Deletion,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let org = &deletion.org;
    let area = heading(buffer, area, theme, &format!("Delete {}?", org.name), "");
    let mut sheet = Sheet::new(theme, area);
    sheet.gap();
    sheet.text("This goes, for good:", Style::new());
    sheet.gap();
    if let Some(statistics) = deletion.statistics {
        let noun = if statistics.documents == 1 { "document" } else { "documents" };
        sheet.amount(&human::thousands(statistics.documents), noun);
        sheet.amount(&human::bytes(statistics.bytes), &format!("in {}", org.collection));
    } else if !sheet.wait(app, &app.detail.loading, "counting what goes") {
        sheet.amount("–", &format!("documents in {}", org.collection));
        if let Some(said) = &app.detail.problem {
            sheet.problem(said);
        }
    }
    sheet.amount("1", &format!("admin: {}", org.admin_email));
    sheet.gap();
    sheet.text("Type its name to delete it:", Style::new());
    for line in text::wrap(&confirmation_of(&org.name), usize::from(area.width).saturating_sub(15))
    {
        sheet.pair_styled("", &line, theme.strong);
    }
    let waiting = deletion.submitting.is_waiting();
    sheet.field(app, "name", &deletion.typed, !waiting, "");
    if let Some(said) = &deletion.problem {
        sheet.problem(said);
    }
    sheet.gap();
    sheet.wait(app, &deletion.authorizing, "asking whether you may");
    sheet.wait_or_leave(app, &deletion.submitting, "deleting");
    sheet.draw(buffer, area)
}

pub(super) fn login(
    app: &App,
    login: &Login,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let words = match &login.wanted {
        Some(name) => format!("Log in as an admin of {name}"),
        None => "Log in as an admin".to_owned(),
    };
    let area = heading(buffer, area, theme, &words, "");
    let mut sheet = Sheet::new(theme, area);
    // Why it opened comes without advice; what went wrong comes with it, and stands at the fields.
    let (why, wrong) = match &login.problem {
        Some(said) if said.help.is_empty() => (Some(said), None),
        other => (None, other.as_ref()),
    };
    if let Some(said) = why {
        sheet.gap();
        sheet.text(&said.what, Style::new());
    }
    let waiting = login.submitting.is_waiting();
    let [email, password] = &login.fields;
    sheet.gap();
    sheet.field(app, "e-mail", email, login.focus == 0 && !waiting, "");
    sheet.gap();
    sheet.field(app, "password", password, login.focus == 1 && !waiting, "");
    if let Some(said) = wrong {
        sheet.problem(said);
    }
    if let Connection::Ready(connected) = &app.connection
        && let Some((email, password)) = &connected.demo
    {
        sheet.gap();
        sheet.pair("demo login", &format!("{email} {}", password.reveal()));
    }
    sheet.gap();
    sheet.wait_or_leave(app, &login.submitting, "logging in");
    sheet.draw(buffer, area)
}
