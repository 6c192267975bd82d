//! The question whether the older service's database is to be upgraded: what that adds, and what stays.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, format, heading, sheet::Sheet};
use crate::{
    console::app::{App, AwaitedUpgrade},
    keymap::{Command, Place},
    store::UpgradePlan,
};

pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let upgrade = app.upgrade.as_ref()?;
    let area = heading(buffer, area, theme, "Upgrade this database?", "");
    let mut sheet = Sheet::new(theme, area);
    if upgrade.running.is_waiting() {
        running(app, upgrade, &mut sheet);
    } else {
        asked(app, upgrade, theme, &mut sheet, true);
        if sheet.lines_in(area.height.into()) > usize::from(area.height) {
            sheet = Sheet::new(theme, area);
            asked(app, upgrade, theme, &mut sheet, false);
        }
    }
    sheet.draw(buffer, area)
}

fn asked(
    app: &App,
    AwaitedUpgrade { plan, .. }: &AwaitedUpgrade,
    theme: &Theme,
    sheet: &mut Sheet<'_>,
    in_full: bool,
) {
    sheet.gap();
    sheet.text(
        if plan.asks {
            "Another program created this database. Before Tenantry can change anything, it has to add \
             a few fields and indexes. Existing data stays as it is, and the other program keeps working."
        } else {
            "Another program, or an earlier version of Tenantry, wrote some of these records. For fast \
             searches they get a few more fields. Existing data stays as it is; earlier versions of \
             Tenantry can only read the database from then on."
        },
        Style::new(),
    );
    sheet.gap();
    for (number, one, many) in [
        (plan.organizations, "organization gets fields", "organizations get fields"),
        (plan.admins, "admin gets fields", "admins get fields"),
        (plan.missing_indexes() as u64, "index is created", "indexes are created"),
    ] {
        sheet.amount(&format::thousands(number), if number == 1 { one } else { many });
    }
    sheet.gap();
    let (upgrade, back) =
        (app.keymap.how_in(Place::Upgrade, Command::Accept), app.keymap.how(Command::Back));
    sheet.text(
        &format!("Press {upgrade} to upgrade in the background, or {back} {}.", otherwise(plan)),
        theme.faint,
    );
    sheet.gap();
    for (what, all) in [("fields", &plan.fields), ("indexes", &plan.indexes)] {
        for (collection, names) in all {
            // Named where there is room for all of them.
            let names = if in_full { names.join(" · ") } else { names.len().to_string() };
            sheet.pair_styled(what, &format!("{collection}: {names}"), theme.faint);
        }
    }
}

/// What happens if the upgrade is declined.
fn otherwise(plan: &UpgradePlan) -> &'static str {
    if plan.asks { "to stay read-only" } else { "to go on without" }
}

fn running(app: &App, upgrade: &AwaitedUpgrade, sheet: &mut Sheet<'_>) {
    sheet.gap();
    let far = upgrade.progress.map_or_else(
        || "Upgrade in progress.".to_owned(),
        |progress| {
            let records = format::thousands(progress.records);
            format!("Upgrade in progress: {} % of {records} records.", progress.percent)
        },
    );
    sheet.text(&far, Style::new());
    sheet.gap();
    let (stop, back) =
        (app.keymap.how_in(Place::Upgrade, Command::Accept), app.keymap.how(Command::Back));
    sheet.text(
        &format!(
            "Press {stop} to stop it: completed changes are kept. Press {back} to let it continue."
        ),
        Style::new(),
    );
}
