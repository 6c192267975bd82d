//! The question before something is done to several organizations, how far it is, and to which of them it
//! could not be done.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Span,
};

use super::{
    Theme, format, heading,
    question::{as_number, doing},
    sheet::Sheet,
};
use crate::{
    console::{
        app::{App, Bulk, OrgAction},
        text,
    },
    keymap::Command,
    org::Org,
};

/// The most names, and the most columns of each: there may be thousands, of any length.
const NAMED: usize = 20;
const NAME: usize = 40;

pub(super) fn draw(
    app: &App,
    bulk: &Bulk,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let verb = match bulk.action {
        OrgAction::Suspend => "Suspend",
        OrgAction::Reactivate => "Reactivate",
        OrgAction::Trash => "Trash",
        OrgAction::Delete
        | OrgAction::Purge
        | OrgAction::Restore
        | OrgAction::Rename
        | OrgAction::RemoveAdmin(_)
        | OrgAction::IssueCode(_) => "Restore",
    };
    let asked = format!("{verb} {}?", organizations(bulk.count()));
    let area = heading(buffer, area, theme, &asked, "");
    let mut sheet = Sheet::new(theme, area);
    sheet.confirms = app.is_to_confirm();
    sheet.gap();
    let means = match bulk.action {
        OrgAction::Suspend => "Their admins cannot log in; active sessions end now.",
        OrgAction::Reactivate => "Their admins can log in again.",
        OrgAction::Trash => {
            "They can be restored with all their data while they are in the trash. Until then their \
             admins cannot log in."
        }
        OrgAction::Delete
        | OrgAction::Purge
        | OrgAction::Restore
        | OrgAction::Rename
        | OrgAction::RemoveAdmin(_)
        | OrgAction::IssueCode(_) => "All their data is restored, under the same names.",
    };
    sheet.text(means, Style::new());
    if bulk.submitting.is_waiting() {
        let over = bulk.done.len() + bulk.failed.len();
        let back = app.keymap.how(Command::Back);
        let stops = if bulk.stopping {
            "  stopping after this one".to_owned()
        } else {
            format!("  {back} to stop")
        };
        sheet.gap();
        sheet.line(vec![
            Span::raw(format!("{}… {over} of {}", doing(bulk.action), bulk.count())),
            Span::styled(stops, theme.faint),
        ]);
    } else if !bulk.done.is_empty() {
        sheet.gap();
        sheet.amount(&format::thousands(as_number(bulk.done.len())), "done");
    }
    if !bulk.failed.is_empty() {
        sheet.gap();
        for (_, said) in bulk.failed.iter().take(NAMED) {
            sheet.text(&text::sentence(&said.what), theme.bad);
        }
        if let Some(more @ 1..) = bulk.failed.len().checked_sub(NAMED) {
            sheet.text(&format!("and {} more", format::thousands(as_number(more))), theme.bad);
        }
    }
    if let Some(said) = &bulk.problem {
        sheet.gap();
        sheet.refusal(said);
    }
    if !bulk.left.is_empty() {
        sheet.gap();
        sheet.text(&names(bulk.left.iter()), theme.faint);
    }
    sheet.draw(buffer, area)
}

/// A number of organizations.
pub(super) fn organizations(number: usize) -> String {
    format::counted(as_number(number), "organization", "organizations")
}

fn names<'a>(orgs: impl ExactSizeIterator<Item = &'a Org>) -> String {
    let more = orgs.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("and {} more", format::thousands(as_number(more))));
    orgs.take(NAMED).map(name).chain(more).collect::<Vec<_>>().join(", ")
}

fn name(org: &Org) -> String {
    text::fit(&org.name.to_string(), NAME).into_owned()
}
