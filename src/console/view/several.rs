//! The question before something is done to several organizations, how far it is, and to which of them it
//! could not be done.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Span,
};

use super::{
    Theme, heading, human,
    question::{as_number, doing},
    sheet::Sheet,
};
use crate::{
    console::{
        app::{App, Deed, Several},
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
    several: &Several,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let verb = match several.deed {
        Deed::Suspend => "Suspend",
        Deed::Reactivate => "Reactivate",
        Deed::Trash
        | Deed::Delete
        | Deed::Purge
        | Deed::Restore
        | Deed::Rename
        | Deed::RemoveAdmin(_)
        | Deed::IssueCode(_) => "Restore",
    };
    let asked = format!("{verb} {}?", organizations(several.count()));
    let area = heading(buffer, area, theme, &asked, "");
    let mut sheet = Sheet::new(theme, area);
    sheet.gap();
    let means = match several.deed {
        Deed::Suspend => "Their admins cannot log in, and those who are logged in are out.",
        Deed::Reactivate => "Their admins can log in again.",
        Deed::Trash
        | Deed::Delete
        | Deed::Purge
        | Deed::Restore
        | Deed::Rename
        | Deed::RemoveAdmin(_)
        | Deed::IssueCode(_) => {
            "They come back with everything they had, called what they were called."
        }
    };
    sheet.text(means, Style::new());
    if several.submitting.is_waiting() {
        let over = several.done.len() + several.failed.len();
        let back = app.keymap.how(Command::Back);
        let stops = if several.stopping {
            "  stopping after this one".to_owned()
        } else {
            format!("  {back} stops it")
        };
        sheet.gap();
        sheet.line(vec![
            Span::raw(format!("{}… {over} of {}", doing(several.deed), several.count())),
            Span::styled(stops, theme.faint),
        ]);
    } else if !several.done.is_empty() {
        sheet.gap();
        sheet.amount(&human::thousands(as_number(several.done.len())), "done");
    }
    if !several.failed.is_empty() {
        sheet.gap();
        for (_, said) in several.failed.iter().take(NAMED) {
            sheet.text(&said.what, theme.bad);
        }
        if let Some(more @ 1..) = several.failed.len().checked_sub(NAMED) {
            sheet.text(&format!("and {}", human::thousands(as_number(more))), theme.bad);
        }
    }
    if let Some(said) = &several.problem {
        sheet.gap();
        sheet.refusal(said);
    }
    if !several.left.is_empty() {
        sheet.gap();
        sheet.text(&names(several.left.iter()), theme.faint);
    }
    sheet.draw(buffer, area)
}

/// A number of organizations.
pub(super) fn organizations(number: usize) -> String {
    human::counted(as_number(number), "organization", "organizations")
}

fn names<'a>(orgs: impl ExactSizeIterator<Item = &'a Org>) -> String {
    let more = orgs.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("and {} more", human::thousands(as_number(more))));
    orgs.take(NAMED).map(name).chain(more).collect::<Vec<_>>().join(", ")
}

fn name(org: &Org) -> String {
    text::fit(&org.name.to_string(), NAME).into_owned()
}
