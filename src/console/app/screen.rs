//! What the state knows of the screen: how it is parted, and when it changes by itself.

use std::time::Duration;

use super::{App, Layer, Notice, Pane};
use crate::{
    console::{columns::Columns, layout},
    keymap::Column,
    store::{ListScope, SortKey},
};

/// How many things that were not read yet show at once.
pub const UNREAD_SHOWN: usize = 3;
/// How often something that is waited for moves on the screen.
const SPIN: Duration = Duration::from_millis(100);

impl App {
    /// When the screen changes without anything happening: while something is waited for, once a second while a session
    /// runs, when what others have changed is marked no longer, and when an age is another. None: never.
    #[must_use]
    pub fn next_tick(&self) -> Option<Duration> {
        let waiting = self.connecting.is_waiting()
            || self.list.loading.is_waiting()
            || self.detail.loading.is_waiting()
            || self.detail.reading.is_waiting()
            || self.at_once.is_some()
            || self.layers.iter().any(Layer::is_waiting)
            || self.shows_running_job()
            || self.dashboard.loading.is_waiting() && self.layers.iter().any(Layer::is_dashboard);
        if waiting {
            return Some(SPIN);
        }
        let changes = [self.live.next_mark_end(), self.next_age()].into_iter().flatten().min();
        let changes = changes.map(|at| at.duration_since(self.now).unwrap_or_default());
        [self.next_session_tick(), changes].into_iter().flatten().min()
    }

    /// When the seconds of the session change next, or its minutes where each change is read aloud.
    fn next_session_tick(&self) -> Option<Duration> {
        let left = self.session.as_ref()?.expires_at.duration_since(self.now).unwrap_or_default();
        let step = if self.plain { Duration::from_mins(1) } else { Duration::from_secs(1) };
        let over = left.as_nanos() % step.as_nanos();
        Some(u64::try_from(over).ok().filter(|over| *over > 0).map_or(step, Duration::from_nanos))
    }

    /// The parts of the screen; none when it is too small.
    #[must_use]
    pub fn areas(&self) -> Option<layout::Areas> {
        let width = layout::notice_width(self.size.0);
        let lines = |said: &Notice| {
            let (what, help) = said.lines(width);
            what.len() + help.len()
        };
        let notice = self.notice.as_ref().map_or(0, |(_, said)| lines(said));
        let shown = self.unread.iter().take(UNREAD_SHOWN);
        let more = usize::from(self.unread.len() > UNREAD_SHOWN);
        let unread = shown.map(lines).sum::<usize>() + more;
        let notice = u16::try_from(notice + unread).unwrap_or(u16::MAX);
        // All are text to read, in lines as long as they come.
        let whole = self.plain
            || matches!(
                self.layers.last(),
                Some(Layer::Help(_) | Layer::Manual(_) | Layer::Log(_))
            )
            || self.layers.iter().any(|layer| {
                matches!(layer, Layer::Audit(_) | Layer::Documents(_) | Layer::Dashboard)
            });
        let divider = self.kept.divider;
        layout::areas(self.size, self.pane == Pane::Detail, notice, divider, whole)
    }

    /// The columns of a list of `width` cells.
    #[must_use]
    pub fn columns(&self, width: u16) -> Columns {
        // A screen reader is told what is suspended and selected in the place of the e-mail.
        let mut hidden =
            if self.plain { vec![Column::State, Column::Admins] } else { self.kept.hidden.clone() };
        let asked_for = |column: &Column| !self.plain && self.kept.shown.contains(column);
        hidden.extend(Column::SIZES.into_iter().filter(|column| !asked_for(column)));
        // All in the trash are in the same state, and no login is possible.
        if self.list.scope == ListScope::Trash {
            hidden.extend([Column::State, Column::Admins]);
        }
        Columns::new(width, &hidden, self.plain || self.list.sort.key == SortKey::Email)
    }
}
