//! What is drawn at a place of the screen: where the mouse points.

use ratatui::layout::{Position, Rect};

use super::{Theme, below, detail, footer, form, list, login, question};
use crate::{
    console::{
        app::{App, Connection, Layer, Tab},
        text,
    },
    keymap::Command,
    store::SortKey,
};

/// What the mouse points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A row of the list, by its number among those that were read.
    Row(usize),
    /// The filter.
    Filter,
    /// The header of a column.
    Header(SortKey),
    /// The rest of the list.
    List,
    /// The line between list and details.
    Divider,
    /// A tab of the details.
    Tab(Tab),
    /// One of the admins, by its number.
    Admin(usize),
    /// The rest of the details.
    Detail,
    /// A command in the footer.
    Hint(Command),
    /// A command in the help, by its number among those found.
    Choice(usize),
    /// A field of what is on top, by its number.
    Field(usize),
    /// The rest of what is on top.
    Layer,
    /// What is said at the bottom.
    Notice,
}

/// What is drawn in this column and row; none where nothing is to be had.
#[must_use]
pub fn spot(app: &App, x: u16, y: u16) -> Option<Spot> {
    let areas = app.areas()?;
    let at = Position::new(x, y);
    let ready = matches!(app.connection, Connection::Ready(_));
    if areas.footer.contains(at) {
        let hints = footer::hints(app, areas.footer);
        let hint = hints.iter().find(|hint| within(hint.x, hint.width() - 2, x))?;
        return Some(Spot::Hint(hint.command));
    }
    if areas.notice.contains(at) {
        return Some(Spot::Notice);
    }
    if ready && areas.divider.contains(at) {
        return Some(Spot::Divider);
    }
    if let Some(layer) = app.layers.last() {
        let area = areas.layer();
        let first = below(area, 2);
        if let Layer::Help(help) = layer
            && first.contains(at)
        {
            let number = help.scroll + usize::from(y - first.y);
            return (number < app.found(help).len()).then_some(Spot::Choice(number));
        }
        return area.contains(at).then(|| in_fields(app, layer, first, at).unwrap_or(Spot::Layer));
    }
    if !ready {
        return None;
    }
    if areas.list.contains(at) {
        return Some(in_list(app, areas.list, x - areas.list.x, y - areas.list.y));
    }
    areas.detail.contains(at).then(|| in_detail(app, areas.detail, at))
}

fn in_fields(app: &App, layer: &Layer, area: Rect, at: Position) -> Option<Spot> {
    let theme = Theme::colourless();
    let sheet = match layer {
        Layer::Form(form) => form::sheet(app, form, &theme, area),
        Layer::Question(question) => question::sheet(app, question, &theme, area),
        Layer::Login(login) => login::sheet(app, login, &theme, area),
        Layer::Several(_)
        | Layer::Upgrade
        | Layer::Code(_)
        | Layer::Help(_)
        | Layer::Copy(_)
        | Layer::Log(_) => {
            return None;
        }
    };
    let y = area.contains(at).then(|| at.y - area.y)?;
    sheet.field_at(area, y).map(Spot::Field)
}

fn in_list(app: &App, area: Rect, x: u16, y: u16) -> Spot {
    match y {
        0 => Spot::Filter,
        1 if !app.list.rows.is_empty() => Spot::Header(list::sorted_by(app, area, x)),
        y => {
            let number = app.list.top + usize::from(y.saturating_sub(2));
            if y > 1 && number < app.list.rows.len() { Spot::Row(number) } else { Spot::List }
        }
    }
}

fn in_detail(app: &App, area: Rect, at: Position) -> Spot {
    if app.detail.org.is_none() {
        return Spot::Detail;
    }
    let (x, y) = (at.x - area.x, at.y - area.y);
    if y == 1 {
        let (written, _) = detail::written(app, &detail::extent(app), area);
        let tab = written.iter().find(|tab| within(tab.x, text::width(&tab.word), x));
        return tab.map_or(Spot::Detail, |written| Spot::Tab(written.tab));
    }
    if app.detail.tab == Tab::Admins && y >= 4 {
        let extent = detail::extent(app);
        let number = super::admins::first(app, extent.rows) + usize::from(y - 4);
        if number < extent.lines {
            return Spot::Admin(number);
        }
    }
    Spot::Detail
}

fn within(from: u16, width: usize, x: u16) -> bool {
    x >= from && usize::from(x - from) < width
}
