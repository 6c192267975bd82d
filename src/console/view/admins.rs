//! Who runs the selected organization: a line for each admin, one of them selected.

use bson::DateTime;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Theme, below, detail, format, margin, put};
use crate::{
    console::{
        app::{App, Drawn, HitTarget, Pane, code_waits},
        text,
    },
    org::{Admin, day, timestamp},
};

/// The columns of a role, of a second factor, of a day, of an age, and of until when a code can be used.
const ROLE: usize = 5;
const FACTOR: usize = 4;
const DAY: usize = 10;
const AGE: usize = 5;
const UNTIL: usize = 10;
/// The columns between two of them.
const APART: usize = 2;
/// From this many columns on there is room for the day each was added, and for how long ago.
const DAYS_FROM: usize = 60;
const AGES_FROM: usize = 44;

/// Where the columns begin.
struct Columns {
    email: usize,
    /// Zero if no admin has one.
    factor: usize,
    added: usize,
    until: usize,
}

impl Columns {
    fn for_width(room: usize, admins: &[Admin]) -> Self {
        let has_factors = admins.iter().any(|admin| admin.second_factor.is_some());
        let factor = if has_factors { FACTOR } else { 0 };
        let and_space = |columns| if columns == 0 { 0 } else { columns + APART };
        let added = match room {
            DAYS_FROM.. => DAY,
            AGES_FROM.. => AGE,
            _ => 0,
        };
        let rest = APART + ROLE + and_space(factor) + and_space(added) + APART + UNTIL;
        Self { email: room.saturating_sub(1 + rest), factor, added, until: UNTIL }
    }

    /// Where what is behind the e-mail begins.
    fn rest_at(&self) -> u16 {
        u16::try_from(1 + self.email).unwrap_or(u16::MAX)
    }

    /// The e-mail, and what is behind it.
    fn line(&self, email: &str, [role, factor, added, until]: [&str; 4]) -> [String; 2] {
        let apart = " ".repeat(APART);
        let mut rest = format!("{apart}{}", text::filled(role, ROLE));
        for (words, columns) in [(factor, self.factor), (added, self.added)] {
            if columns > 0 {
                rest = format!("{rest}{apart}{}", text::filled(words, columns));
            }
        }
        [text::filled(email, self.email), format!("{rest}{apart}{}", text::fit(until, self.until))]
    }
}

pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect, drawn: &mut Drawn) {
    let Some(admins) = &app.detail.admins else {
        detail::unread(app, theme, buffer, area, "loading admins…");
        return;
    };
    if admins.is_empty() {
        put(buffer, area, 1, 0, "No admins, so no one can log in.", theme.faint);
        return;
    }
    let columns = Columns::for_width(margin(area).width.into(), admins);
    let [email, rest] = columns.line("e-mail", ["role", "2FA", "added", "code until"]);
    put(buffer, area, 1, 0, &email, theme.faint);
    put(buffer, area, columns.rest_at(), 0, &rest, theme.faint);
    let area = below(area, 1);
    let first = first(app, area.height.into());
    for (y, (at, admin)) in (0..area.height).zip(admins.iter().enumerate().skip(first)) {
        let row = Rect { y: area.y + y, height: 1, ..area };
        drawn.add(row, HitTarget::Admin(admin.id));
        draw_admin(app, admin, at == app.detail.selected(), theme, buffer, row, &columns);
    }
}

fn draw_admin(
    app: &App,
    admin: &Admin,
    selected: bool,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    columns: &Columns,
) {
    let focused = app.pane == Pane::Detail;
    let added = match columns.added {
        AGE => format::age(admin.created_at, app.now),
        _ => day(admin.created_at),
    };
    let until = admin.reset.as_ref().filter(|_| code_waits(admin, app.now));
    let until = until.map(|reset| time(reset.until)).unwrap_or_default();
    let factor = if admin.second_factor.is_some() { "TOTP" } else { "" };
    let words = [admin.role.word(), factor, &added, &until];
    let [email, rest] = columns.line(&admin.email.to_string(), words);
    let style = match (selected, focused) {
        (true, true) => theme.selected,
        (true, false) => theme.strong,
        (false, _) => Style::new(),
    };
    if selected {
        put(buffer, area, 0, 0, "▌", if focused { theme.accent } else { theme.faint });
    }
    put(buffer, area, 1, 0, &email, style);
    put(buffer, area, columns.rest_at(), 0, &rest, Style::new());
}

/// The time of a moment that is within the hour: `19:40 UTC`.
fn time(moment_of: DateTime) -> String {
    let whole = timestamp(moment_of);
    whole.split_once(' ').map_or(whole.clone(), |(_, time)| time.to_owned())
}

/// The first admin in sight: the selected one always is.
pub(super) fn first(app: &App, rows: usize) -> usize {
    (app.detail.selected() + 1).saturating_sub(rows.max(1))
}
