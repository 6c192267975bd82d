//! The question before something is done to several organizations: what it means, to how many and which of them,
//! and which are left out.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, format, heading, question::as_number, sheet::Sheet};
use crate::{
    console::{
        app::{App, Bulk, Drawn, OrgAction, organizations},
        text,
    },
    keymap::Command,
    org::{Org, byte_size},
};

/// The most names, and the most columns of each: there may be thousands, of any length.
pub(super) const NAMED: usize = 20;
const NAME: usize = 40;
/// The most that are left out that are named with the reason.
const SKIPPED: usize = 5;

pub(super) fn draw(
    app: &App,
    bulk: &Bulk,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    let verb = verb(bulk.action);
    let asked = if bulk.reading.is_waiting() {
        format!("{verb} all that match?")
    } else {
        let past = if bulk.action == OrgAction::Delete { ", skipping the trash" } else { "" };
        if let ([org], OrgAction::Export(_)) = (&bulk.orgs[..], bulk.action) {
            format!("{verb} {}?", name(org))
        } else {
            format!("{verb} {}{past}?", organizations(bulk.count()))
        }
    };
    let area = heading(buffer, area, theme, &asked, "");
    let mut sheet = Sheet::new(theme, area);
    sheet.confirms = app.is_to_confirm();
    sheet.gap();
    means(bulk.action, (app.exports_admins(), bulk.count() == 1), theme, &mut sheet);
    if bulk.reading.is_waiting() {
        sheet.gap();
        let found = format::thousands(as_number(bulk.orgs.len()));
        sheet.wait(app, &bulk.reading, &format!("reading what matches: {found}"));
    } else {
        holds(app, bulk, &mut sheet);
        if !bulk.orgs.is_empty() {
            sheet.gap();
            sheet.text(&names(bulk.orgs.iter()), theme.faint);
        }
        skipped(bulk, theme, &mut sheet);
        if let (Some(directory), false) = (bulk.directory(), bulk.orgs.is_empty()) {
            sheet.gap();
            sheet.field(app, "directory", directory, true, "it must exist");
        }
        if let ([reason, field], false) = (&bulk.fields[..], bulk.orgs.is_empty()) {
            sheet.gap();
            sheet.field(app, "reason", reason, bulk.focus == 0, app.reason_hint());
            sheet.gap();
            let count = format::thousands(as_number(bulk.count()));
            sheet.text(&format!("Type {count} to confirm:"), Style::new());
            sheet.field(app, "number", field, bulk.focus == 1, "");
        }
    }
    if matches!(bulk.action, OrgAction::Delete | OrgAction::Purge) {
        sheet.gap();
        let how = app.keymap.how(Command::ExportFirst);
        sheet.text(&format!("{how} exports them first, to archives."), theme.faint);
    }
    if let Some(said) = &bulk.problem {
        sheet.gap();
        sheet.refusal(said);
    }
    sheet.draw_fields(buffer, area, drawn)
}

/// What is done, as it begins a sentence.
pub(super) fn verb(action: OrgAction) -> &'static str {
    match action {
        OrgAction::Suspend => "Suspend",
        OrgAction::Reactivate => "Reactivate",
        OrgAction::Trash => "Trash",
        OrgAction::Delete | OrgAction::Purge => "Purge",
        OrgAction::Export(_) => "Export",
        OrgAction::Restore
        | OrgAction::Rename
        | OrgAction::RemoveAdmin(_)
        | OrgAction::IssueCode(_) => "Restore",
    }
}

/// What it means for them.
fn means(action: OrgAction, (admins, one): (bool, bool), theme: &Theme, sheet: &mut Sheet) {
    let (means, style) = match action {
        OrgAction::Suspend => {
            ("Their admins cannot log in; active sessions end now.", Style::new())
        }
        OrgAction::Reactivate => ("Their admins can log in again.", Style::new()),
        OrgAction::Trash => (
            "They can be restored with all their data while they are in the trash. Meanwhile, their \
             admins cannot log in.",
            Style::new(),
        ),
        OrgAction::Delete | OrgAction::Purge => {
            ("They will be permanently deleted, with all their data.", theme.bad)
        }
        OrgAction::Export(_) if admins => (
            if one {
                "An archive with its record, its admins and their password hashes, and all its documents. Only you can \
                 read the file."
            } else {
                "An archive for each, with its record, its admins and their password hashes, and all its documents. Only \
                 you can read the files."
            },
            Style::new(),
        ),
        OrgAction::Export(_) => (
            if one {
                "An archive with its record and all its documents, without its admins: only a manager may export those."
            } else {
                "An archive for each, with its record and all its documents, without its admins: only a manager may export \
                 those."
            },
            Style::new(),
        ),
        OrgAction::Restore
        | OrgAction::Rename
        | OrgAction::RemoveAdmin(_)
        | OrgAction::IssueCode(_) => {
            ("All their data is restored, under the same names.", Style::new())
        }
    };
    sheet.text(means, style);
}

/// What they hold, as far as it was counted.
fn holds(app: &App, bulk: &Bulk, sheet: &mut Sheet) {
    if !bulk.action.counts() || bulk.orgs.is_empty() {
        return;
    }
    sheet.gap();
    let (counted, held) = bulk.held;
    let noun = if held.documents == 1 { "document" } else { "documents" };
    if counted > 0 {
        sheet.amount(&format::thousands(held.documents), noun);
        sheet.amount(&byte_size(held.bytes), "of data");
    }
    let (counted, count) = (as_number(counted), as_number(bulk.count()));
    if counted < count {
        let of = format!("of {}", format::thousands(count));
        let words = format!("counting documents: {} {of}", format::thousands(counted));
        if !sheet.wait(app, &bulk.counting, &words) {
            sheet.amount(&format::thousands(counted), &format!("{of} counted"));
        }
    }
}

/// Which are left out, and why.
fn skipped(bulk: &Bulk, theme: &Theme, sheet: &mut Sheet) {
    let Some(more) = bulk.skipped.len().checked_sub(SKIPPED) else {
        return list(bulk, theme, sheet);
    };
    list(bulk, theme, sheet);
    if more > 0 {
        sheet.text(&format!("and {} more", format::thousands(as_number(more))), theme.faint);
    }
}

fn list(bulk: &Bulk, theme: &Theme, sheet: &mut Sheet) {
    if bulk.skipped.is_empty() {
        return;
    }
    sheet.gap();
    sheet.text(&format!("Skipped: {}", organizations(bulk.skipped.len())), theme.strong);
    for (org, why) in bulk.skipped.iter().take(SKIPPED) {
        sheet.text(&format!("“{}”: {why}", name(org)), theme.faint);
    }
}

/// The first names, and how many more there are.
pub(super) fn names<'a>(orgs: impl ExactSizeIterator<Item = &'a Org>) -> String {
    let more = orgs.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("and {} more", format::thousands(as_number(more))));
    orgs.take(NAMED).map(name).chain(more).collect::<Vec<_>>().join(", ")
}

pub(super) fn name(org: &Org) -> String {
    text::fit(&org.name.to_string(), NAME).into_owned()
}
