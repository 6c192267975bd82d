//! The questions before something is done to an organization: what it means, what goes along, and what
//! has to be typed for it.

use std::time::Duration;

use bson::DateTime;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, format, heading, sheet::Sheet};
use crate::{
    console::{
        app::{App, Connection, Drawn, OrgAction, Question},
        text,
    },
    keymap::Command,
    org::{Field, byte_size, day},
    tenancy::confirmation_of,
};

/// With fewer rows, what is lost stands in the heading.
const SMALL: u16 = 10;

pub(super) fn draw(
    app: &App,
    question: &Question,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    let name = &question.org.name;
    // On a small screen there is no room below for what is lost.
    let small = area.height < SMALL;
    let with = question.statistics.filter(|_| small).map_or_else(String::new, |holds| {
        format!(" with {}", format::counted(holds.documents, "document", "documents"))
    });
    let admin = question.admin.clone().unwrap_or_default();
    let asked = match question.action {
        OrgAction::Trash if small => format!("Trash {name}{with}?"),
        OrgAction::Trash => format!("Move {name} to the trash?"),
        OrgAction::Delete if small => format!("Purge {name}{with} now?"),
        OrgAction::Delete => format!("Purge {name}, skipping the trash?"),
        OrgAction::Purge => format!("Purge {name}{with}?"),
        OrgAction::Restore => format!("Restore {name} under another name"),
        OrgAction::Rename => format!("Rename {name}?"),
        OrgAction::Suspend => format!("Suspend {name}?"),
        OrgAction::Reactivate => format!("Reactivate {name}?"),
        OrgAction::RemoveAdmin(_) => format!("Remove {admin}?"),
        OrgAction::IssueCode(_) => format!("Issue a one-time code for {admin}?"),
        OrgAction::Export(_) => format!("Export {name}?"),
    };
    let area = heading(buffer, area, theme, &asked, "");
    sheet(app, question, theme, area).draw_fields(buffer, area, drawn)
}

/// What is below the heading.
fn sheet<'a>(app: &App, question: &Question, theme: &'a Theme, area: Rect) -> Sheet<'a> {
    let (action, name) = (question.action, &question.org.name);
    let mut sheet = Sheet::new(theme, area);
    sheet.confirms = app.is_to_confirm();
    match action {
        OrgAction::Trash => {
            sheet.gap();
            sheet.text(&kept(app), Style::new());
            amounts(app, question, &mut sheet);
            sheet.gap();
            sheet.text(
                "Its name and e-mail addresses stay reserved until then. Its admins cannot log in.",
                theme.faint,
            );
        }
        OrgAction::Delete | OrgAction::Purge => {
            sheet.gap();
            sheet.text("This will be permanently deleted:", Style::new());
            amounts(app, question, &mut sheet);
            sheet.gap();
            let how = app.keymap.how(Command::ExportFirst);
            sheet.text(&format!("{how} exports it first, to an archive."), theme.faint);
        }
        OrgAction::Suspend => {
            sheet.gap();
            sheet.text("Its admins cannot log in; active sessions end now.", Style::new());
            sheet.gap();
            sheet.text(
                "Tokens of the FastAPI service stay valid for up to 30 minutes.",
                theme.faint,
            );
        }
        OrgAction::RemoveAdmin(id) => {
            sheet.gap();
            let own = app.session.as_ref().is_some_and(|session| session.account.is_admin(id));
            let what = if own {
                format!("This is you: your session in {name} ends now.")
            } else {
                format!("They can no longer log in to {name}; active sessions end now.")
            };
            sheet.text(&what, if own { theme.strong } else { Style::new() });
            sheet.gap();
            sheet.text(
                "The e-mail address becomes available again. Nothing else changes.",
                theme.faint,
            );
        }
        OrgAction::IssueCode(_) => {
            sheet.gap();
            sheet.text(
                "The code sets a new password. It is valid for one hour and shown once; issuing it is \
                 recorded. Earlier codes are no longer valid.",
                Style::new(),
            );
            sheet.gap();
            sheet.text("Send it over a private channel.", theme.faint);
        }
        OrgAction::Restore
        | OrgAction::Reactivate
        | OrgAction::Rename
        // It is asked for any number of them (`bulk.rs`).
        | OrgAction::Export(_) => {}
    }
    fields(app, question, theme, &mut sheet, usize::from(area.width));
    match &question.problem {
        Some(said) if question.asks.iter().all(|asked| *asked == Field::Reason) => {
            sheet.gap();
            sheet.refusal(said);
        }
        Some(said) => sheet.problem(said),
        None => {}
    }
    sheet.gap();
    sheet.wait(app, &question.authorizing, "checking permissions");
    sheet.wait_or_leave(app, &question.submitting, doing(action));
    sheet
}

/// What an operation is called while it is being done.
pub(super) fn doing(action: OrgAction) -> &'static str {
    match action {
        OrgAction::Trash => "moving to the trash",
        OrgAction::Delete | OrgAction::Purge => "purging",
        OrgAction::Restore => "restoring",
        OrgAction::Rename => "renaming",
        OrgAction::Suspend => "suspending",
        OrgAction::Reactivate => "reactivating",
        OrgAction::RemoveAdmin(_) => "removing",
        OrgAction::IssueCode(_) => "issuing a code",
        OrgAction::Export(_) => "exporting",
    }
}

/// For how long the trash keeps what is moved there now.
fn kept(app: &App) -> String {
    let Connection::Ready(connected) = &app.connection else { return String::new() };
    let days = u64::from(connected.trash_days);
    let until = DateTime::from_system_time(app.now + Duration::from_hours(24 * days));
    format!("Kept for {}, until {}:", format::counted(days, "day", "days"), day(until))
}

/// What goes along.
fn amounts(app: &App, question: &Question, sheet: &mut Sheet) {
    let org = &question.org;
    sheet.gap();
    if let Some(statistics) = question.statistics {
        let noun = if statistics.documents == 1 { "document" } else { "documents" };
        sheet.amount(&format::thousands(statistics.documents), noun);
        sheet.amount(&byte_size(statistics.bytes), &format!("in {}", org.collection));
    } else if !sheet.wait(app, &app.detail.loading, "counting documents") {
        sheet.amount("–", &format!("documents in {}", org.collection));
        if let Some(said) = &app.detail.problem {
            sheet.problem(said);
        }
    }
    let (number, words) = match question.admins {
        Some(1) => ("1".to_owned(), format!("admin: {}", org.admin_email)),
        Some(more @ 2..) => {
            let others = format::counted(as_number(more - 1), "other", "others");
            (
                format::thousands(as_number(more)),
                format!("admins: {} and {others}", org.admin_email),
            )
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
    for (at, (kind, field)) in question.asks.iter().zip(&question.fields).enumerate() {
        let label = match kind {
            Field::Name if question.action == OrgAction::Restore => {
                sheet.gap();
                "name"
            }
            Field::Name => {
                sheet.gap();
                sheet.text("Type its name to confirm:", Style::new());
                let name = confirmation_of(&question.org.name);
                for line in text::wrap(&name, width.saturating_sub(15)) {
                    sheet.pair_styled("", &line, theme.strong);
                }
                "name"
            }
            Field::Email => {
                sheet.gap();
                sheet.text("Log in as one of its owners:", Style::new());
                "e-mail"
            }
            Field::Password => "password",
            Field::Code => "code",
            Field::Reason => {
                sheet.gap();
                "reason"
            }
        };
        let hint = if *kind == Field::Reason { app.reason_hint() } else { "" };
        sheet.field(app, label, field, at == question.focus && !waiting, hint);
    }
}
