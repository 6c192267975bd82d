//! The question whether the older service's database is to be upgraded: what that adds, and what stays.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Theme, heading, human, sheet::Sheet};
use crate::{
    console::app::{App, AwaitedUpgrade},
    keymap::{Command, Place},
};

pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let upgrade = app.upgrade.as_ref()?;
    let area = heading(buffer, area, theme, "Upgrade this database?", "");
    let mut sheet = Sheet::new(theme, area);
    sheet.gap();
    if upgrade.running.is_waiting() {
        running(app, upgrade, &mut sheet);
    } else {
        asked(app, upgrade, theme, &mut sheet);
    }
    sheet.draw(buffer, area)
}

fn asked(
    app: &App,
    AwaitedUpgrade { plan, .. }: &AwaitedUpgrade,
    theme: &Theme,
    sheet: &mut Sheet<'_>,
) {
    sheet.text(
        "Another program created it. Before anything can be changed here, its records need a few \
         more fields and indexes. Nothing they have is changed, and the other program keeps working.",
        Style::new(),
    );
    sheet.gap();
    for (number, one, many) in [
        (plan.organizations, "organization gets fields", "organizations get fields"),
        (plan.admins, "admin gets fields", "admins get fields"),
        (plan.missing_indexes() as u64, "index is created", "indexes are created"),
    ] {
        sheet.amount(&human::thousands(number), if number == 1 { one } else { many });
    }
    sheet.gap();
    let (upgrade, back) =
        (app.keymap.how_in(Place::Upgrade, Command::Accept), app.keymap.how(Command::Back));
    sheet.text(
        &format!("{upgrade} upgrades it while you work. {back} only looks: nothing is written."),
        theme.faint,
    );
    sheet.gap();
    for (what, all) in [("fields", &plan.fields), ("indexes", &plan.indexes)] {
        for (collection, names) in all {
            sheet.pair_styled(what, &format!("{collection}: {}", names.join(" · ")), theme.faint);
        }
    }
}

fn running(app: &App, upgrade: &AwaitedUpgrade, sheet: &mut Sheet<'_>) {
    let far = upgrade.progress.map_or_else(
        || "It is running.".to_owned(),
        |progress| {
            let records = human::thousands(progress.records);
            format!("It is running: {} % of {records} records.", progress.percent)
        },
    );
    sheet.text(&far, Style::new());
    sheet.gap();
    let (stop, back) =
        (app.keymap.how_in(Place::Upgrade, Command::Accept), app.keymap.how(Command::Back));
    sheet.text(&format!("{stop} stops it, and loses nothing. {back} lets it go on."), Style::new());
}
