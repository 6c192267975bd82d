//! How much the pretended organizations hold.

use std::time::Duration;

use bson::DateTime;
use tenantry::{
    console::app::{Effect, Message},
    org::{Org, OrgState},
    store::{Count, Size, Statistics},
    tenancy::{Counts, FailedLogins, SurveyPart},
};

use crate::pretend::{Console, now};

/// The answer to a question about these.
pub fn sizes(generation: u64, orgs: &[Org]) -> Message {
    Message::Sizes(generation, Ok(orgs.iter().map(size_of).collect()))
}

/// How much it holds: each another amount, and one of them nothing that is known.
fn size_of(org: &Org) -> Option<Size> {
    let number = u64::from(org.id.bytes()[11]);
    let documents = number.pow(3) * 17 % 1_250_000;
    let held = Statistics { documents, bytes: documents * 254, indexes: 1 + number % 3 };
    let newest = DateTime::from_system_time(now() - Duration::from_secs(number.pow(4) * 60));
    (number % 7 != 6).then_some(Size { held, newest: Some(newest).filter(|_| documents > 0) })
}

/// What goes through all organizations, as far as `most` of them: the newest first, as it is asked for.
pub fn survey(console: &mut Console, most: usize) -> u64 {
    let asked = |effect: &Effect| match effect {
        Effect::Survey(generation, _) => Some(*generation),
        _ => None,
    };
    let at = console.pending.iter().rev().find_map(asked).unwrap();
    parts(console, at, most);
    at
}

/// The parts of it.
pub fn parts(console: &mut Console, at: u64, most: usize) {
    let (trash, mut live): (Vec<Org>, Vec<Org>) =
        console.orgs.iter().cloned().partition(|org| org.in_trash().is_some());
    let count = |orgs: &[Org]| Count { counted: orgs.len() as u64, ..Count::default() };
    let mut failed = FailedLogins::default();
    for (hour, number) in [(0, 1), (3, 2), (9, 7), (10, 31), (11, 12), (17, 4), (23, 3)] {
        failed.hours[hour] = number;
    }
    let suspended: Vec<Org> =
        live.iter().filter(|org| org.state == OrgState::Suspended).cloned().collect();
    let counts = Counts { live: count(&live), suspended: count(&suspended), trash: count(&trash) };
    console.send(Message::Surveyed(at, SurveyPart::Counts(counts)));
    console.send(Message::Surveyed(at, SurveyPart::FailedLogins(failed)));
    live.sort_by_key(|org| std::cmp::Reverse(org.created_at));
    live.truncate(most);
    let orgs = live.into_iter().map(|org| {
        let size = size_of(&org);
        (org, size)
    });
    console.send(Message::Surveyed(at, SurveyPart::Orgs(orgs.collect())));
}
