//! What the last frame showed, as far as the state needs it: how far things scroll, and what the mouse
//! points at. The view hands it back, the runtime puts it here.
//!
//! Several messages may come between two frames. A click is about what was seen, so targets name what they
//! are, not where it was; and what covers the screen meanwhile is not clicked through.

use bson::oid::ObjectId;
use ratatui::layout::{Position, Rect};

use super::{App, Layer, Tab};
use crate::{
    keymap::{Command, Place},
    store::SortKey,
};

/// What the mouse points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitTarget {
    /// A row of the list.
    Row(ObjectId),
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
    /// One of the admins.
    Admin(ObjectId),
    /// An entry of the audit log, by its number.
    Entry(i64),
    /// A document, by its row.
    Document(usize),
    /// A row of the document that is open.
    TreeRow(usize),
    /// What folds and unfolds such a row.
    TreeMarker(usize),
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

/// How far something scrolls: by lines, each of which may need several rows of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many lines there are.
    pub lines: usize,
    /// How many of them are in sight. Where they are higher above, as many as would be there.
    pub rows: usize,
    /// The last one that may be the first in sight: no emptiness shows below the last line.
    pub last: usize,
}

impl Extent {
    /// Of lines that need one row each.
    #[must_use]
    pub fn new(lines: usize, rows: usize) -> Self {
        Self { lines, rows, last: lines.saturating_sub(rows) }
    }
}

/// What a frame showed.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// What was on top.
    top: Option<Place>,
    /// The tab that was looked at, and how far it scrolls.
    tab: Option<(Tab, Extent)>,
    /// How far the messages scroll.
    pub messages: Extent,
    /// How far an entry of the audit log scrolls.
    pub entry: Extent,
    /// Whether something was turned by a page since: how far the next one goes, the next frame shows, since
    /// lines are of different heights.
    pub turned: bool,
    /// What is where, what lies above last.
    targets: Vec<(Rect, HitTarget)>,
}

impl Drawn {
    /// A frame of this state that shows nothing yet.
    #[must_use]
    pub fn of(app: &App) -> Self {
        Self { top: app.top(), ..Self::default() }
    }

    /// Something was drawn there, above what was drawn before.
    pub fn add(&mut self, area: Rect, target: HitTarget) {
        self.targets.push((area, target));
    }

    /// Something on top is drawn there, and takes the mouse from all that was drawn until now.
    pub fn cover(&mut self, area: Rect, target: HitTarget) {
        self.targets.clear();
        self.add(area, target);
    }

    /// A tab was drawn.
    pub fn add_tab(&mut self, tab: Tab, extent: Extent) {
        self.tab = Some((tab, extent));
    }

    /// What was drawn in this column and row; none where nothing is to be had.
    #[must_use]
    pub fn hit(&self, x: u16, y: u16) -> Option<HitTarget> {
        let at = Position::new(x, y);
        let mut above_first = self.targets.iter().rev();
        above_first.find(|(area, _)| area.contains(at)).map(|(_, target)| *target)
    }

    /// How far a tab scrolls; not at all while it was not seen.
    #[must_use]
    pub(super) fn extent(&self, tab: Tab) -> Extent {
        let seen = self.tab.filter(|(seen, _)| *seen == tab);
        seen.map(|(_, extent)| extent).unwrap_or_default()
    }
}

impl App {
    /// What is on top.
    fn top(&self) -> Option<Place> {
        self.layers.last().map(Layer::place)
    }

    /// What the mouse points at, as it was seen last; none where something else is on top by now.
    pub(super) fn pointed_at(&self, x: u16, y: u16) -> Option<HitTarget> {
        if self.drawn.top == self.top() { self.drawn.hit(x, y) } else { None }
    }
}
