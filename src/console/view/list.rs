//! The list: the filter, a header, and the rows that are in sight. No other row costs anything.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{
    SUSPENDED, Theme, below, human, margin, put, put_right,
    question::{as_number, doing},
    spinner,
};
use crate::{
    console::{
        app::{App, Pane},
        text,
    },
    keymap::Command,
    org::{Org, OrgState},
    store::{Shelf, SortKey},
};

/// The columns of an age and of the space before it.
const AGE: u16 = 7;
/// With less room than this for both, names have it for themselves: they are what organizations are told
/// apart by, and the details say the rest.
const BOTH: usize = 45;

/// What the list is sorted by where its header is clicked in this column.
pub(super) fn sorted_by(app: &App, area: Rect, x: u16) -> SortKey {
    let columns = Columns::of(app, area);
    if x < columns.admin_at() {
        SortKey::Name
    } else if columns.admin > 0 && x + AGE < area.width {
        SortKey::Email
    } else {
        SortKey::Created
    }
}

/// Where the columns begin, and how wide they are.
struct Columns {
    name: usize,
    /// None where e-mails do not show.
    admin: usize,
}

impl Columns {
    fn of(app: &App, area: Rect) -> Self {
        let room = usize::from(area.width.saturating_sub(AGE + 4));
        // To a screen reader the e-mail's place also says what is suspended and marked.
        if room < BOTH && app.list.sort.key != SortKey::Email && !app.plain {
            return Self { name: room + 2, admin: 0 };
        }
        let name = if room < 60 { room * 3 / 5 } else { room * 11 / 20 };
        Self { name, admin: room - name }
    }

    fn admin_at(&self) -> u16 {
        u16::try_from(self.name + 3).unwrap_or(u16::MAX)
    }
}

pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    if area.area() == 0 {
        return None;
    }
    let cursor = filter(app, theme, buffer, area);
    let rows = below(area, 2);
    if app.list.rows.is_empty() {
        nothing(app, theme, buffer, below(rows, 1));
        return cursor;
    }
    let columns = Columns::of(app, area);
    header(app, theme, buffer, below(area, 1), &columns);
    let visible = app.list.rows.iter().enumerate().skip(app.list.top);
    for (y, (at, org)) in (0..rows.height).zip(visible) {
        row(app, org, at == app.list.selected, theme, buffer, below(rows, y), &columns);
    }
    cursor
}

fn filter(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let (list, right) = (&app.list, margin(area));
    let begun = app.at_once.as_ref();
    let begun = begun.and_then(|begun| Some((spinner(&begun.waiting, app.now)?, begun.deed)));
    let from = if let Some((turn, deed)) = begun {
        put_right(buffer, right, 0, &format!("{}… {turn}", doing(deed)), theme.faint)
    } else if let Some(turn) = spinner(&list.loading, app.now) {
        put_right(buffer, right, 0, &format!("reading… {turn}"), theme.faint)
    } else {
        let mut words = Vec::new();
        if !list.marked.is_empty() {
            words.push(format!("{} marked", human::thousands(as_number(list.marked.len()))));
        }
        if let (Some(_), Some(count)) = (list.search(), list.matching) {
            let of = list.total.map(|total| format!(" of {}", human::count(total)));
            words.push(format!("{}{}", human::count(count), of.unwrap_or_default()));
        }
        if words.is_empty() {
            right.width
        } else {
            put_right(buffer, right, 0, &words.join(" · "), theme.faint)
        }
    };
    let x = match list.shelf {
        Shelf::Live => 1,
        Shelf::Trash => put(buffer, area, 1, 0, "Trash", theme.bad) + 2,
    };
    let idle = !list.filtering && list.search().is_none();
    if idle {
        put(buffer, area, x, 0, "/ filter", theme.faint);
        return None;
    }
    let x = put(buffer, area, x, 0, "/ ", theme.accent);
    let room = usize::from(from.saturating_sub(x + 2)).max(1);
    let at = if list.filtering { list.filter.input.cursor() } else { 0 };
    let (shown, at) = text::window(list.filter.text(), at, room, false);
    put(buffer, area, x, 0, &shown, theme.strong);
    let at = u16::try_from(at).unwrap_or(u16::MAX);
    list.filtering.then(|| Position::new(area.x + x + at, area.y))
}

fn header(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect, columns: &Columns) {
    let sort = app.list.sort;
    // Newest first is the age going up.
    let arrow = |key: SortKey| match (sort.key == key, sort.descending == (key == SortKey::Created))
    {
        (false, _) => "",
        (true, true) => " ↑",
        (true, false) => " ↓",
    };
    let words = |word: &str, key| format!("{word}{}", arrow(key));
    put(buffer, area, 1, 0, &words("name", SortKey::Name), theme.faint);
    if columns.admin > 0 {
        put(buffer, area, columns.admin_at(), 0, &words("admin", SortKey::Email), theme.faint);
    }
    let age = match app.list.shelf {
        Shelf::Live => "age",
        Shelf::Trash => "trashed",
    };
    put_right(buffer, margin(area), 0, &words(age, SortKey::Created), theme.faint);
}

fn row(
    app: &App,
    org: &Org,
    selected: bool,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    columns: &Columns,
) {
    let focused = app.pane == Pane::List && app.layers.is_empty();
    let name = match org.name.to_string() {
        name if name.trim().is_empty() => "(no name)".to_owned(),
        name => name,
    };
    let suspended = org.state == OrgState::Suspended;
    // Only while there are marks, they have a column.
    let marks = !app.list.marked.is_empty() && !theme.plain;
    let (marked, x) = (app.list.is_marked(org.id), if marks { 3 } else { 1 });
    let left = usize::from(x - 1) + usize::from(suspended);
    let name = text::fit(&name, columns.name.saturating_sub(left));
    let style = match (selected, focused) {
        (true, true) => theme.selected,
        (true, false) => theme.strong,
        // What is being changed or removed is on its way.
        (false, _) if org.under_way.is_some() || suspended => theme.faint,
        (false, _) => Style::new(),
    };
    if selected {
        put(buffer, area, 0, 0, "▌", if focused { theme.accent } else { theme.faint });
    }
    if marked && marks {
        put(buffer, area, 1, 0, "✓", theme.accent);
    }
    put(buffer, area, x, 0, &name, style);
    if suspended {
        put(buffer, area, columns.admin_at() - 2, 0, &SUSPENDED.to_string(), theme.strong);
    }
    let mut admin = org.shown_admin();
    if suspended && theme.plain {
        admin.insert_str(0, "suspended, ");
    }
    if marked && theme.plain {
        admin.insert_str(0, "marked, ");
    }
    put(buffer, area, columns.admin_at(), 0, &text::fit(&admin, columns.admin), theme.faint);
    let since = org.in_trash().map_or(org.created_at, |kept| kept.since);
    put_right(buffer, margin(area), 0, &human::age(since, app.now), Style::new());
}

/// What stands where the rows would: why there are none, and what to press.
fn nothing(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let list = &app.list;
    let mut said = |what: &str, command: Command, does: &str| {
        let room = usize::from(margin(area).width.saturating_sub(2));
        let lines = text::wrap(what, room);
        let mut y = 0;
        for line in lines {
            put(buffer, area, 2, y, &line, Style::new());
            y += 1;
        }
        let key = app.keymap.how(command);
        let x = put(buffer, area, 2, y, &key, theme.accent.patch(theme.strong));
        put(buffer, area, x + 1, y, does, theme.faint);
    };
    if let Some(problem) = &list.problem {
        said(&problem.what, Command::Refresh, "reads it again");
    } else if !list.loaded || list.loading.is_waiting() {
        // The filter line says that it is being read.
    } else if let Some(search) = list.search() {
        let search = crate::org::escaped_short(&search, 60);
        said(
            &format!("No name and no e-mail has “{search}” in it."),
            Command::Back,
            "shows all again",
        );
    } else if list.shelf == Shelf::Trash {
        said("The trash is empty.", Command::Shelf, "shows the organizations again");
    } else {
        said("No organizations yet.", Command::New, "makes the first one");
    }
}
