//! Ages go on while nothing happens: when the next one on the screen is another.
//!
//! An idle console sleeps, so this is seldom: not twice in a minute for ages in minutes, nor in an hour for those in hours,
//! and not at all for those in days. Ages below a minute have no number.

use std::time::{Duration, SystemTime};

use bson::DateTime;

use super::{App, Layer, Tab};
use crate::console::layout::Areas;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

impl App {
    /// When an age on the screen changes next, as far as that is worth a wake-up. A screen reader is told nothing that
    /// changes by itself.
    pub(super) fn next_age(&self) -> Option<SystemTime> {
        let areas = self.areas().filter(|_| !self.plain)?;
        let listed = self.listed_times(&areas);
        let dashboard = self.dashboard.begun.filter(|_| self.shows_dashboards_age());
        let dashboard = dashboard.map(DateTime::from_system_time);
        let times = listed.into_iter().flatten().chain(self.detail_times(&areas)).chain(dashboard);
        times.filter_map(|at| self.changes_at(at)).min()
    }

    fn shows_dashboards_age(&self) -> bool {
        self.layers.last().is_some_and(Layer::is_dashboard) || self.list.rows.is_empty()
    }

    /// When the age of something of this time changes; not before a unit of it has passed since the last change.
    fn changes_at(&self, at: DateTime) -> Option<SystemTime> {
        let age = self.now.duration_since(at.to_system_time()).unwrap_or_default();
        let unit = match age {
            age if age < HOUR => MINUTE,
            age if age < DAY => HOUR,
            _ => return None,
        };
        let over = Duration::from_secs(age.as_secs() % unit.as_secs());
        let next = (self.now + unit).checked_sub(over)?;
        Some(self.aged.map_or(next, |aged| next.max(aged + unit)))
    }

    /// The times whose ages the list shows, where it does.
    fn listed_times(&self, areas: &Areas) -> Option<impl Iterator<Item = DateTime>> {
        let shows = self.layers.is_empty() || areas.divider.width > 0;
        let columns = self.columns(areas.list.width);
        let rows = self.list.rows.iter().skip(self.list.top).take(areas.list_rows());
        let times = rows.flat_map(move |org| {
            let since = org.in_trash().map_or(org.created_at, |kept| kept.since);
            let newest = self.sizes.of(org.id).and_then(|known| known.size?.newest);
            [Some(since).filter(|_| columns.age), newest.filter(|_| columns.newest)]
        });
        shows.then(|| times.flatten())
    }

    /// The times whose ages the details show.
    fn detail_times(&self, areas: &Areas) -> impl Iterator<Item = DateTime> {
        let shows = self.layers.is_empty() && areas.detail.area() > 0;
        let org = self.detail.org.as_ref().filter(|_| shows && self.detail.tab == Tab::Overview);
        org.into_iter().flat_map(|org| {
            let kept = org.in_trash().map(|kept| kept.since);
            kept.into_iter().chain([org.created_at])
        })
    }
}
