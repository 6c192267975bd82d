//! The questions before something is done to an organization: what it means, what goes along, and what
//! has to be typed for it.

use std::time::Duration;

use mongodb::bson::DateTime;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, heading, human, sheet::Sheet};
use crate::{
    console::{
        app::{App, Connection, Deed, Question},
        text,
    },
    org::{Field, day},
    tenancy::confirmation_of,
};

pub(super) fn draw(
    app: &App,
    question: &Question,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let name = &question.org.name;
    let admin = question.admin.clone().unwrap_or_default();
    let asked = match question.deed {
        Deed::Trash => format!("Move {name} to the trash?"),
        Deed::Delete => format!("Delete {name}?"),
        Deed::Purge => format!("Purge {name}?"),
        Deed::Restore => format!("Restore {name} under another name"),
        Deed::Rename => format!("Rename {name}?"),
        Deed::Suspend => format!("Suspend {name}?"),
        Deed::Reactivate => format!("Reactivate {name}?"),
        Deed::RemoveAdmin(_) => format!("Remove {admin}?"),
        Deed::IssueCode(_) => format!("One-time code for {admin}?"),
    };
    let area = heading(buffer, area, theme, &asked, "");
    sheet(app, question, theme, area).draw(buffer, area)
}

/// What is below the heading.
pub(super) fn sheet<'a>(app: &App, question: &Question, theme: &'a Theme, area: Rect) -> Sheet<'a> {
    let (deed, name) = (question.deed, &question.org.name);
    let mut sheet = Sheet::new(theme, area);
    match deed {
        Deed::Trash => {
            sheet.gap();
            sheet.text(&kept(app), Style::new());
            amounts(app, question, &mut sheet);
            sheet.gap();
            sheet.text(
                "Its name and its e-mails stay its own until then, and nobody can log in to it.",
                theme.faint,
            );
        }
        Deed::Delete | Deed::Purge => {
            sheet.gap();
            sheet.text("This goes, for good:", Style::new());
            amounts(app, question, &mut sheet);
        }
        Deed::Suspend => {
            sheet.gap();
            sheet.text(
                "Its admins cannot log in, and those who are logged in are out.",
                Style::new(),
            );
            sheet.gap();
            sheet.text(
                "Tokens of the older service last up to 30 minutes. All else stays.",
                theme.faint,
            );
        }
        Deed::RemoveAdmin(id) => {
            sheet.gap();
            let own = app.session.as_ref().is_some_and(|session| session.admin_id == id);
            let what = if own {
                format!("This is you: your login to {name} ends with it.")
            } else {
                format!(
                    "They cannot log in to {name} any more; where they are logged in, that ends."
                )
            };
            sheet.text(&what, if own { theme.strong } else { Style::new() });
            sheet.gap();
            sheet.text("Everything else stays as it is. The e-mail is free again.", theme.faint);
        }
        Deed::IssueCode(_) => {
            sheet.gap();
            sheet.text(
                "For a new password, within an hour. It is shown once, and that it was made is \
                 recorded. An earlier code counts no longer.",
                Style::new(),
            );
            sheet.gap();
            sheet.text("Hand it over where nobody else reads it.", theme.faint);
        }
        Deed::Restore | Deed::Reactivate | Deed::Rename => {}
    }
    fields(app, question, theme, &mut sheet, usize::from(area.width));
    match &question.problem {
        Some(said) if question.fields.is_empty() => {
            sheet.gap();
            sheet.refusal(said);
        }
        Some(said) => sheet.problem(said),
        None => {}
    }
    sheet.gap();
    sheet.wait(app, &question.authorizing, "asking whether you may");
    sheet.wait_or_leave(app, &question.submitting, doing(deed));
    sheet
}

/// What a deed is called while it is being done.
pub(super) fn doing(deed: Deed) -> &'static str {
    match deed {
        Deed::Trash => "moving to the trash",
        Deed::Delete => "deleting",
        Deed::Purge => "purging",
        Deed::Restore => "restoring",
        Deed::Rename => "renaming",
        Deed::Suspend => "suspending",
        Deed::Reactivate => "reactivating",
        Deed::RemoveAdmin(_) => "removing",
        Deed::IssueCode(_) => "making a code",
    }
}

/// For how long the trash keeps what is moved there now.
fn kept(app: &App) -> String {
    let Connection::Ready(connected) = &app.connection else { return String::new() };
    let days = u64::from(connected.trash_days);
    let until = DateTime::from_system_time(app.now + Duration::from_hours(24 * days));
    format!("Kept for {}, until {}:", human::counted(days, "day", "days"), day(until))
}

/// What goes along.
fn amounts(app: &App, question: &Question, sheet: &mut Sheet) {
    let org = &question.org;
    sheet.gap();
    if let Some(statistics) = question.statistics {
        let noun = if statistics.documents == 1 { "document" } else { "documents" };
        sheet.amount(&human::thousands(statistics.documents), noun);
        sheet.amount(&human::bytes(statistics.bytes), &format!("in {}", org.collection));
    } else if !sheet.wait(app, &app.detail.loading, "counting what goes") {
        sheet.amount("–", &format!("documents in {}", org.collection));
        if let Some(said) = &app.detail.problem {
            sheet.problem(said);
        }
    }
    let (number, words) = match question.admins {
        Some(1) => ("1".to_owned(), format!("admin: {}", org.admin_email)),
        Some(more @ 2..) => {
            let others = human::counted(as_number(more - 1), "other", "others");
            (human::thousands(as_number(more)), format!("admins: {} and {others}", org.admin_email))
        }
        Some(0) => ("0".to_owned(), "admins".to_owned()),
        None => ("–".to_owned(), format!("admins, {} among them", org.admin_email)),
    };
    sheet.amount(&number, &words);
}

pub(super) fn as_number(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// What has to be typed.
fn fields(app: &App, question: &Question, theme: &Theme, sheet: &mut Sheet, width: usize) {
    let waiting = question.submitting.is_waiting();
    for (at, (kind, field)) in question.deed.asks_for().iter().zip(&question.fields).enumerate() {
        let label = match kind {
            Field::Name if question.deed == Deed::Restore => {
                sheet.gap();
                "name"
            }
            Field::Name => {
                sheet.gap();
                sheet.text("Type its name to delete it:", Style::new());
                let name = confirmation_of(&question.org.name);
                for line in text::wrap(&name, width.saturating_sub(15)) {
                    sheet.pair_styled("", &line, theme.strong);
                }
                "name"
            }
            Field::Email => {
                sheet.gap();
                sheet.text("With the login of one of its owners:", Style::new());
                "e-mail"
            }
            Field::Password => "password",
        };
        sheet.field(app, label, field, at == question.focus && !waiting, "");
    }
}
