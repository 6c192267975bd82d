//! The list: the filter, a header, and the rows that are in sight. No other row costs anything.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Modifier, Style},
};

use super::{
    SUSPENDED, Theme, below, format, margin, put, put_right,
    question::{as_number, doing},
    spinner,
};
use crate::{
    console::{
        app::{App, Drawn, HitTarget, Pane},
        columns::{ADMINS, Columns},
        text,
    },
    keymap::{Column, Command},
    org::{Org, OrgState, Rank, Search, byte_size},
    store::{ListScope, Sort, SortKey},
};

/// The columns that end with a number, but for the age, which is called otherwise in the trash.
const NUMBERS: [Column; 4] = [Column::Admins, Column::Documents, Column::Size, Column::Newest];

/// Shared by all rows: the columns, and the search to highlight.
struct Shared {
    columns: Columns,
    search: Search,
    /// The first and the last row of the range.
    range: Option<(usize, usize)>,
}

impl Shared {
    fn new(app: &App, area: Rect) -> Self {
        let search = app.list.search().map(|search| Search::parse(&search)).unwrap_or_default();
        Self { columns: app.columns(area.width), search, range: app.list.range_rows() }
    }
}

/// The part of a row that ends where a column of numbers does.
fn ending(area: Rect, columns: Columns, column: Column) -> Rect {
    Rect { width: margin(area).width.saturating_sub(columns.behind(column)), ..area }
}

pub(super) fn draw(
    app: &App,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    if area.area() == 0 {
        return None;
    }
    drawn.add(area, HitTarget::List);
    drawn.add(Rect { height: 1, ..area }, HitTarget::Filter);
    let cursor = filter(app, theme, buffer, area);
    let rows = below(area, 2);
    if app.list.rows.is_empty() {
        nothing(app, theme, buffer, below(rows, 1));
        return cursor;
    }
    let shared = Shared::new(app, area);
    header(app, theme, buffer, Rect { height: 1, ..below(area, 1) }, &shared, drawn);
    let visible = app.list.rows.iter().enumerate().skip(app.list.top);
    for (y, (at, org)) in (0..rows.height).zip(visible) {
        drawn.add(Rect { height: 1, ..below(rows, y) }, HitTarget::Row(org.id));
        row(app, org, at, theme, buffer, below(rows, y), &shared);
    }
    cursor
}

fn filter(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let (list, right) = (&app.list, margin(area));
    let begun = app.at_once.as_ref();
    let begun = begun.and_then(|begun| Some((spinner(&begun.waiting, app.now)?, begun.action)));
    let from = if let Some((turn, action)) = begun {
        put_right(buffer, right, 0, &format!("{}… {turn}", doing(action)), theme.faint)
    } else if let Some(turn) = spinner(&list.loading, app.now) {
        put_right(buffer, right, 0, &format!("loading… {turn}"), theme.faint)
    } else {
        let mut words = Vec::new();
        let selected = list.selection_count();
        if list.selection.filtered().is_some() {
            words.push(match selected {
                0 => "all selected".to_owned(),
                some => format!("all but {} selected", format::thousands(as_number(some))),
            });
        } else if selected > 0 {
            words.push(format!("{} selected", format::thousands(as_number(selected))));
        }
        if let (Some(_), Some(count)) = (list.search(), list.matching) {
            let of = list.total.map(|total| format!(" of {total}"));
            words.push(format!("{count}{}", of.unwrap_or_default()));
        }
        if words.is_empty() {
            right.width
        } else {
            put_right(buffer, right, 0, &words.join(" · "), theme.faint)
        }
    };
    let x = match list.scope {
        ListScope::Live => 1,
        ListScope::Trash => put(buffer, area, 1, 0, "Trash", theme.bad) + 2,
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

fn header(
    app: &App,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    shared: &Shared,
    drawn: &mut Drawn,
) {
    let (sort, columns) = (app.list.sort, shared.columns);
    // Newest first is the age going up.
    let arrow = |key: SortKey| match (sort.key == key, sort.descending == (key == SortKey::Created))
    {
        (false, _) => "",
        (true, true) => " ↑",
        (true, false) => " ↓",
    };
    let words = |word: &str, key| format!("{word}{}", arrow(key));
    let name = if shared.search.has_words() && sort == Sort::default() {
        // The rank comes first, the name breaks ties.
        text::fit("name (best match first)", columns.name.into()).into_owned()
    } else {
        words("name", SortKey::Name)
    };
    put(buffer, area, 1, 0, &name, theme.faint);
    if columns.state {
        put(buffer, area, columns.state_at(), 0, "state", theme.faint);
    }
    if columns.email > 0 {
        put(buffer, area, columns.email_at(), 0, &words("admin", SortKey::Email), theme.faint);
    }
    let age = match app.list.scope {
        ListScope::Live => "age",
        ListScope::Trash => "trashed",
    };
    let mut free = area.width;
    if columns.age {
        let words = words(age, SortKey::Created);
        free = put_right(buffer, margin(area), 0, &words, theme.faint);
        drawn.add(area, HitTarget::Header(SortKey::Created));
    }
    for column in NUMBERS.into_iter().filter(|column| columns.shows(*column)) {
        let column_area = ending(area, columns, column);
        // The word over the age may be wider than that.
        if column_area.width < free {
            put_right(buffer, column_area, 0, column.word(), theme.faint);
        }
    }
    // Nothing is sorted by what stands between.
    let before_age = ending(area, columns, Column::Newest).width + 1;
    drawn.add(Rect { width: before_age, ..area }, HitTarget::List);
    if columns.email > 0 {
        let admins = if columns.admins { ADMINS } else { 0 };
        let emails = (ending(area, columns, Column::Admins).width + 1).saturating_sub(admins);
        drawn.add(Rect { width: emails, ..area }, HitTarget::Header(SortKey::Email));
    }
    if columns.state {
        drawn.add(Rect { width: columns.email_at(), ..area }, HitTarget::List);
    }
    let name = columns.state_at().min(area.width);
    drawn.add(Rect { width: name, ..area }, HitTarget::Header(SortKey::Name));
}

fn row(
    app: &App,
    org: &Org,
    at: usize,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    shared: &Shared,
) {
    let (columns, search) = (shared.columns, &shared.search);
    let focused = app.pane == Pane::List && app.layers.is_empty();
    let selected = at == app.list.selected;
    let name = match org.name.to_string() {
        name if name.trim().is_empty() => "(no name)".to_owned(),
        name => name,
    };
    let suspended = org.state == OrgState::Suspended;
    // Only while some are selected, that has a column.
    let some = shared.range.is_some() || !app.list.selection.is_empty();
    let column = some && !theme.plain;
    let in_range = shared.range.is_some_and(|(from, to)| (from..=to).contains(&at));
    let chosen = in_range || app.list.selection.contains(org.id);
    let x = if column { 3 } else { 1 };
    let marked = suspended && !columns.state;
    let left = usize::from(x - 1) + usize::from(marked);
    let elsewhere = found_in(org, search);
    let name = match &elsewhere {
        // Without a column for e-mails, beside the name.
        Some(found) if columns.email == 0 => format!("{name} · {found}"),
        Some(_) | None => name,
    };
    let name = text::fit(&name, usize::from(columns.name).saturating_sub(left));
    let news = app.live.is_marked(org.id);
    let style = match (selected, focused) {
        (true, true) => theme.selected,
        (true, false) => theme.strong,
        (false, _) if news => theme.accent,
        // What is being changed or removed is on its way.
        (false, _) if org.under_way.is_some() || suspended => theme.faint,
        (false, _) => Style::new(),
    };
    if selected {
        put(buffer, area, 0, 0, "▌", if focused { theme.accent } else { theme.faint });
    }
    if chosen && column {
        put(buffer, area, 1, 0, "✓", theme.accent);
    }
    if news {
        put(buffer, area, area.width.saturating_sub(1), 0, "•", theme.accent);
    }
    put(buffer, area, x, 0, &name, style);
    mark(buffer, area, x, &name, search);
    if marked {
        put(buffer, area, columns.state_at() - 2, 0, &SUSPENDED.to_string(), theme.strong);
    }
    if columns.state {
        let (word, style) =
            if suspended { ("suspended", theme.strong) } else { ("active", theme.faint) };
        put(buffer, area, columns.state_at(), 0, word, style);
    }
    // The first admin has a rule of its own, which also says if it is missing.
    let elsewhere = elsewhere.filter(|found| *found != org.admin_email.to_string());
    let mut admin = elsewhere.unwrap_or_else(|| org.shown_admin());
    if suspended && theme.plain {
        admin.insert_str(0, "suspended, ");
    }
    if chosen && theme.plain {
        admin.insert_str(0, "selected, ");
    }
    let admin = text::fit(&admin, columns.email.into());
    put(buffer, area, columns.email_at(), 0, &admin, theme.faint);
    mark(buffer, area, columns.email_at(), &admin, search);
    if columns.admins {
        let (count, area) = (org.admins(), ending(area, columns, Column::Admins));
        let style = if count == 0 { theme.bad } else { Style::new() };
        put_right(buffer, area, 0, &format::thousands(count.into()), style);
    }
    for column in Column::SIZES.into_iter().filter(|column| columns.shows(*column)) {
        let (cell, style) = match size_in(app, org, column) {
            Some(cell) => (cell, Style::new()),
            None => ("–".to_owned(), theme.faint),
        };
        put_right(buffer, ending(area, columns, column), 0, &cell, style);
    }
    if columns.age {
        let since = org.in_trash().map_or(org.created_at, |kept| kept.since);
        put_right(buffer, margin(area), 0, &format::age(since, app.now), Style::new());
    }
}

/// What a column says of how much an organization holds: nothing before that is known, and none where it cannot be.
fn size_in(app: &App, org: &Org, column: Column) -> Option<String> {
    let Some(known) = app.sizes.of(org.id) else { return Some(String::new()) };
    let size = known.size?;
    match column {
        Column::Documents => Some(format::thousands(size.held.documents)),
        Column::Size => Some(byte_size(size.held.bytes)),
        Column::Newest => size.newest.map(|newest| format::age(newest, app.now)),
        Column::State | Column::Email | Column::Admins | Column::Age => None,
    }
}

/// Underlines the matches in a text that was just written.
fn mark(buffer: &mut Buffer, area: Rect, x: u16, shown: &str, search: &Search) {
    let columns = |to: usize| {
        let width = text::width(shown.get(..to).unwrap_or_default());
        x.saturating_add(u16::try_from(width).unwrap_or(u16::MAX))
    };
    for found in search.marks(shown) {
        let (from, to) = (columns(found.start), columns(found.end).min(area.width));
        let found = Rect { x: area.x + from, width: to.saturating_sub(from), height: 1, ..area };
        let style = Style::new().add_modifier(Modifier::UNDERLINED);
        buffer.set_style(found.intersection(area).intersection(buffer.area), style);
    }
}

/// What matched, if it is not the name: an admin's e-mail, the collection, or the id.
fn found_in(org: &Org, search: &Search) -> Option<String> {
    let shows = |text: &str| !search.marks(text).is_empty();
    if search.is_empty() || shows(org.name.raw()) {
        return None;
    }
    let id = org.id.to_hex();
    let has_id = |rank| search.ids_at(rank).is_some_and(|ids| ids.contains(org.id));
    let others = [&org.admin_email].into_iter().chain(&org.other_emails);
    let found =
        others.chain([&org.collection]).find(|text| shows(text.raw())).map(ToString::to_string);
    found.or_else(|| has_id(Rank::Beginning).then_some(id))
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
        let x = put(buffer, area, 2, y, "Press ", theme.faint);
        let x = put(buffer, area, x, y, &key, theme.accent.patch(theme.strong));
        put(buffer, area, x + 1, y, does, theme.faint);
    };
    if let Some(problem) = &list.problem {
        if app.needs_login() {
            said(&text::sentence(&problem.what), Command::Login, "to log in");
        } else {
            said(&text::sentence(&problem.what), Command::Refresh, "to retry");
        }
    } else if !list.loaded || list.loading.is_waiting() {
        // The filter line says that it is being read.
    } else if let Some(search) = list.search() {
        let fault = Search::parse(&search).fault();
        let search = crate::org::escaped_short(&search, 60);
        match (fault, list.nearest.as_slice()) {
            (Some(fault), _) => {
                said(&text::sentence(&fault.to_string()), Command::Back, "to clear the filter");
            }
            (None, []) => {
                said(&format!("No match for “{search}”"), Command::Back, "to clear the filter");
            }
            (None, [nearest, others @ ..]) => {
                let near = [nearest].into_iter().chain(others);
                let near: Vec<_> = near.map(|org| format!("“{}”", org.name)).collect();
                let what = format!("No match for “{search}”. The nearest: {}", near.join(", "));
                said(&what, Command::Open, &format!("to show “{}”", nearest.name));
            }
        }
    } else if list.scope == ListScope::Trash {
        said("The trash is empty.", Command::ToggleTrash, "to show the organizations");
    } else {
        let trash = app.keymap.how(Command::ToggleTrash);
        let does = format!("to create one, or {trash} to show the trash");
        said("No organizations.", Command::New, &does);
    }
}
